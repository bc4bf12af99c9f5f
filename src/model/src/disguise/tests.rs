//! Who and where are replaced, and what is kept stays whole.

use std::sync::Arc;

use super::*;
use crate::annotation::Annotation;
use crate::finding::{Analysis, Finding, FindingId, Question, Severity};
use crate::process::Process;
use crate::series::SeriesKey;
use crate::time::Span;

/// Numbers in the order of the text, so that answers can be written down.
fn plain(text: &str) -> [u8; 32] {
    let mut order = [0; 32];
    for (to, from) in order.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    order
}

/// Both walks over some values.
fn both<T>(rules: Rules, mut walk: impl FnMut(&mut Disguise) -> T) -> (T, Disguise) {
    let mut disguise = Disguise::new(rules);
    disguise.machine("web-1");
    disguise.machine("web-10");
    walk(&mut disguise);
    disguise.number(&plain).unwrap();
    (walk(&mut disguise), disguise)
}

fn text(text: &str) -> String {
    both(Rules::default(), |it| it.text(text)).0
}

#[test]
fn identities_are_replaced_by_their_shape() {
    #[rustfmt::skip]
    let cases = [
        ("link to 10.1.2.3:5432 lost", "link to ip4-1:5432 lost"),
        ("127.0.0.1 and 0.0.0.0 say nothing", "127.0.0.1 and 0.0.0.0 say nothing"),
        ("from 2001:db8::17%eth0 via ::1", "from ip6-1%eth0 via ::1"),
        ("eth0 52:54:00:ab:CD:ef up", "eth0 mac-1 up"),
        ("at 12:30:45 on 2026-11-23T10:00:00Z", "at 12:30:45 on 2026-11-23T10:00:00Z"),
        ("mail Jane.Doe@example.org now", "mail mail-1 now"),
        ("ssh jane@build-7 uptime", "ssh user-1@host-1 uptime"),
        ("getty@tty1.service", "getty@tty1.service"),
        ("/home/jane/bin/run and ~jane/x", "/home/user-1/bin/run and ~user-1/x"),
        ("GET https://shop.example.com/a?b=c ok", "GET url-1 ok"),
        ("GET /login?next=/cart 200", "GET url-1 200"),
        ("GET /orders/{id}", "GET /orders/{id}"),
        ("on web-1.example.com, not web-10", "on host-1, not host-2"),
        ("xweb-1 and web-11 are others", "xweb-1 and web-11 are others"),
        ("db7.corp.internal is up", "host-3 is up"),
        ("SELECT name FROM people WHERE id = 7", "sql-1"),
        ("system.disk.io of sda, cpu=0, state=user", "system.disk.io of sda, cpu=0, state=user"),
        ("user=jane host=build-7 server:alpha", "user=user-1 host=host-2 server:host-1"),
        ("ip-10-0-0-12 joined", "host-1 joined"),
        ("libfoo.so.1.2, main.rs, 6.1.0-28", "libfoo.so.1.2, main.rs, 6.1.0-28"),
    ];
    for (line, expected) in cases {
        // Machines of the session take the first numbers where others come after.
        let got = text(line);
        assert_eq!(relabeled(&got), relabeled(expected), "{line}");
    }
}

/// Tokens without their numbers: which number comes first is the order's business.
fn relabeled(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '-') {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        match words::is_token(bare, std::iter::empty()) {
            true => out.push_str(&format!(
                "{}{}",
                bare.trim_end_matches(|c: char| c.is_ascii_digit()),
                &word[bare.len()..]
            )),
            false => out.push_str(word),
        }
    }
    out
}

#[test]
fn one_identity_has_one_token_wherever_it_stands() {
    let walk = |it: &mut Disguise| {
        let key = SeriesKey::new(
            "web-1",
            "system.cpu.time",
            [
                ("instance".to_owned(), "web-1.example.com:9100".to_owned()),
                ("cpu".to_owned(), "0".to_owned()),
            ],
        );
        let process = Process {
            name: "java".to_owned(),
            command: "/usr/bin/java -jar shop.jar --user jane --db 10.0.0.7".to_owned(),
            cgroup: "/user.slice/user-1000.slice/user@1000.service".to_owned(),
            user_id: Some(1_000),
            ..Process::default()
        };
        (
            it.series_key(&key).to_string(),
            it.process(&process),
            it.text("WEB-1 asks 10.0.0.7 as jane; jane's notes"),
            it.attribute("db.user", "jane"),
        )
    };
    let ((key, process, note, user), disguise) = both(Rules::default(), walk);
    let host = key.split('/').next().unwrap().to_owned();
    assert!(host.starts_with("host-"), "{key}");
    assert_eq!(
        key,
        format!("{host}/system.cpu.time{{cpu=0,instance={host}:9100}}")
    );
    assert_eq!(process.command, "java command-1");
    assert_eq!(process.user_id, Some(1_000_000_001));
    assert_eq!(
        process.cgroup,
        "/user.slice/user-1000000001.slice/user@1000000001.service"
    );
    assert_eq!(user, "user-1");
    assert_eq!(note, format!("{host} asks ip4-1 as user-1; user-1's notes"));
    let originals: Vec<String> = disguise.originals().into_iter().map(|it| it.1).collect();
    for original in ["web-1", "jane", "10.0.0.7"] {
        assert!(originals.iter().any(|it| it == original), "{original}");
    }
    assert!(
        disguise
            .leftovers("jane at 10.0.0.7")
            .contains(&Category::Addresses)
    );
    assert!(disguise.leftovers(&note).is_empty());
}

#[test]
fn a_secret_is_taken_out_also_where_no_key_tells_of_it() {
    let walk = |it: &mut Disguise| {
        (
            it.attribute("api.token", "s3cret-Canary-77"),
            it.text("login --password hunter2x77 now"),
            it.prose("it said hunter2x77 and s3cret-Canary-77 aloud"),
        )
    };
    let ((value, line, prose), _) = both(Rules::default(), walk);
    assert!(value.starts_with("secret-"), "{value}");
    assert_eq!(line, "login --password *** now");
    assert!(
        !prose.contains("hunter2x77") && !prose.contains("s3cret"),
        "{prose}"
    );
}

#[test]
fn the_order_decides_on_numbers_and_what_is_kept_stays() {
    let reversed = |text: &str| plain(text).map(|it| 255 - it);
    let tokens = |order: &dyn Fn(&str) -> [u8; 32]| {
        let mut disguise = Disguise::new(Rules::default());
        disguise.machine("alpha");
        disguise.machine("beta");
        disguise.number(order).unwrap();
        disguise.text("alpha beta")
    };
    assert_eq!(tokens(&plain), "host-1 host-2");
    assert_eq!(tokens(&reversed), "host-2 host-1");
    let keep = Rules {
        keep: vec![Category::Hosts, Category::Sql],
        ..Rules::default()
    };
    let line = "web-1 at 10.0.0.1: SELECT a FROM b";
    let (kept, _) = both(keep, |it| it.text(line));
    assert_eq!(kept, "web-1 at ip4-1: SELECT a FROM b");
}

#[test]
fn patterns_of_ones_own_have_tokens_of_their_own() {
    let find = |text: &str| -> Vec<Range<usize>> {
        let found = text.match_indices("ACME");
        found
            .map(|(at, word)| at..at + word.len() + 2)
            .filter(|it| it.end <= text.len())
            .collect()
    };
    let rules = Rules {
        keep: Vec::new(),
        patterns: vec![Pattern {
            label: "customer".to_owned(),
            find: Arc::new(find),
        }],
    };
    let (written, disguise) = both(rules, |it| it.text("ACME-7 and ACME-8, ACME-7"));
    assert_eq!(written, "customer-1 and customer-2, customer-1");
    assert!(disguise.leftovers("ACME-9").contains(&Category::Custom));
}

#[test]
fn a_finding_names_the_question_that_it_now_is() {
    let series = vec!["web-1/system.cpu.time{cpu=0}".to_owned()];
    let question = Question {
        analysis: Analysis::Anomaly,
        series: &series,
        span: Span::default(),
        parameters: &[],
    };
    let finding = Finding {
        id: FindingId::of(&question),
        analysis: Analysis::Anomaly,
        kind: "step".to_owned(),
        host: "web-1".to_owned(),
        series: series.clone(),
        span: Span::default(),
        places: Vec::new(),
        statement: "auth on web-1 rose to 12.5 % where cpu=0 is {state=user}".to_owned(),
        severity: Severity::Note,
        effect: None,
        evidence: 0.5,
        weight: 0.5,
        coverage: 1.0,
        learned: None,
        parameters: vec![("unit".to_owned(), "requests/s".to_owned())],
        supports: Vec::new(),
        against: Vec::new(),
    };
    let (written, _) = both(Rules::default(), |it| it.finding(&finding));
    let host = written.host.clone();
    assert_eq!(written.id, written.own_id());
    assert_ne!(written.id, finding.id);
    assert_eq!(written.series, [format!("{host}/system.cpu.time{{cpu=0}}")]);
    assert_eq!(
        written.statement,
        format!("auth on {host} rose to 12.5 % where cpu=0 is {{state=user}}")
    );
    assert_eq!(written.parameters[0].1, "requests/s");
}

#[test]
fn a_note_keeps_its_lines() {
    let note = Annotation {
        id: 1,
        span: Span::default(),
        text: "first  on web-1\n\nsecond by mail to a.b@example.org".to_owned(),
        color: 0,
    };
    let (written, _) = both(Rules::default(), |it| it.annotation(&note));
    assert!(
        written.text.starts_with("first  on host-"),
        "{}",
        written.text
    );
    assert!(
        written.text.ends_with("\n\nsecond by mail to mail-1"),
        "{}",
        written.text
    );
}

#[test]
fn any_text_is_survived() {
    for text in [
        "",
        "@",
        "://",
        "ß@ß://[",
        "?=",
        "/home/",
        "~",
        "é=é",
        "user=",
        "[::",
        "a\u{0}b",
        "--user ",
        "ip-",
        "ip-1-2-3-4",
        "…://…?…=…@…",
    ] {
        let (written, disguise) = both(Rules::default(), |it| it.text(text));
        assert!(
            disguise.leftovers(&written).is_empty(),
            "{text:?} → {written:?}"
        );
    }
}
