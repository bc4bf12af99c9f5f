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
        ("up{exported_instance=\"db-prod:9100\"} 1", "up{exported_instance=\"host-1:9100\"} 1"),
        ("{\"user\": \"jdoe\", \"n\": 1}", "{\"user\": \"user-1\", \"n\": 1}"),
        ("real_user.name=jdoe kubernetes_node=n7", "real_user.name=user-1 kubernetes_node=host-1"),
        ("cpu.mode=user numa_node=node0 peer=pricing", "cpu.mode=user numa_node=node0 peer=pricing"),
        ("boot d6829610-c003-4d69-bc9e-f8e6054be20a", "boot id-1"),
        ("kubepods-pod0ff6f3c1_5d5c_4d3c_9a9a_66a1f6f2f9f1.slice", "kubepods-podid-1.slice"),
    ];
    for (line, expected) in cases {
        // Machines of the session take the first numbers where others come after.
        let got = text(line);
        assert_eq!(relabeled(&got), relabeled(expected), "{line}");
    }
}

#[test]
fn numbers_of_accounts_are_replaced_where_something_tells_of_them() {
    #[rustfmt::skip]
    let cases = [
        ("mount /run/user/1001", "mount /run/user/1000000001"),
        ("uid=1001(jane) gid=1001(jane)", "uid=1000000001(user-1) gid=1000000001(user-1)"),
        ("by uid 1001, pid 1001", "by uid 1000000001, pid 1001"),
        ("rw,user_id=0,resuid=65534,uid=65534", "rw,user_id=0,resuid=65534,uid=65534"),
        ("/user.slice/user-1001.slice/user@1001.service", "/user.slice/user-1000000001.slice/user@1000000001.service"),
        ("--user 1001 in /home/1001/x", "--user 1000000001 in /home/1000000001/x"),
        ("uid=1668400123 of a directory", "uid=1000000001 of a directory"),
    ];
    for (line, expected) in cases {
        let (written, disguise) = both(Rules::default(), |it| it.text(line));
        assert_eq!(written, expected);
        assert!(disguise.leftovers(&written).is_empty(), "{written}");
    }
    let (written, _) = both(Rules::default(), |it| it.attribute("user.id", "1001"));
    assert_eq!(written, "1000000001");
}

#[test]
fn names_like_tokens_are_replaced_and_no_token_is_called_like_one() {
    let walk = |it: &mut Disguise| {
        (
            it.text("/home/user-1/job and /home/user-1042/job"),
            it.attribute("server.address", "host-2"),
            it.text("upstream host-2 timed out, host-3 did not, user-1042 waits"),
        )
    };
    let ((paths, server, text), disguise) = both(Rules::default(), walk);
    assert_eq!(paths, "/home/user-2/job and /home/user-3/job");
    // The machines web-1 and web-10 have numbers too.
    let number = server.strip_prefix("host-").expect("a token");
    assert!(["1", "4", "5"].contains(&number), "{server}");
    assert_eq!(
        text,
        format!("upstream {server} timed out, host-3 did not, user-3 waits")
    );
    let hidden: Vec<String> = disguise.originals().into_iter().map(|it| it.1).collect();
    for name in ["user-1", "user-1042", "host-2"] {
        assert!(hidden.iter().any(|it| it == name), "{name} in {hidden:?}");
    }
    assert!(
        disguise
            .leftovers("/home/user-1042/job")
            .contains(&Category::Users)
    );
    assert!(disguise.leftovers(&paths).is_empty());
}

#[test]
fn patterns_of_one_label_do_not_share_tokens() {
    let pattern = |word: &'static str| Pattern {
        label: "host".to_owned(),
        find: Arc::new(move |text| {
            let found = text.match_indices(word);
            found.map(|(at, it)| at..at + it.len()).collect()
        }),
    };
    let rules = Rules {
        keep: Vec::new(),
        patterns: vec![pattern("Alpha"), pattern("Beta")],
    };
    let (written, _) = both(rules, |it| it.text("web-1 Alpha Beta web-10"));
    let mut tokens: Vec<&str> = written.split(' ').collect();
    tokens.sort_unstable();
    assert_eq!(tokens, ["host-1", "host-2", "host-3", "host-4"]);
}

#[test]
fn keys_tell_of_an_identity_by_their_last_parts() {
    #[rustfmt::skip]
    let cases = [
        ("exported_instance", "db-prod:9100", "host-"), ("peer.hostname", "alpha", "host-"),
        ("kubernetes_node", "alpha", "host-"), ("agentHostname", "alpha", "host-"),
        ("process.real_user.name", "jdoe", "user-"), ("app.user.name", "jdoe", "user-"),
        ("userName", "jdoe", "user-"), ("contact.email", "j@example.org", "mail-"),
        ("container.id", "7e388214c2b5", "id-"),
        ("service.instance.id", "280cca0e-9471-4a56-b6ab-4a3f5bcc808d", "id-"),
        ("cpu.mode", "user", "user"), ("numa.node", "node0", "node0"), ("node", "0", "0"),
        ("db.instance", "shop", "shop"), ("peer", "pricing", "pricing"), ("state", "user", "user"),
        ("user_agent.name", "curl", "curl"), ("host.type", "large", "large"),
    ];
    for (key, value, expected) in cases {
        let (written, _) = both(Rules::default(), |it| it.attribute(key, value));
        assert!(
            written.starts_with(expected),
            "{key}={value} became {written}"
        );
        assert_eq!(
            written == value,
            expected == value,
            "{key}={value} became {written}"
        );
    }
}

#[test]
fn what_goes_over_several_lines_goes_as_a_whole() {
    let key = "see\n-----BEGIN RSA PRIVATE KEY-----\nMIIEow1BAAK\nqW9x7rT2\n-----END RSA PRIVATE KEY-----\nend";
    let sql = "this:\nSELECT *\nFROM customers\n  WHERE ssn='078-05-1120'\n\nend";
    let tail = "UPDATE people SET a = 1\nWHERE ssn='078-05-1120';\nend";
    for (text, expected) in [
        (key, "see\n***\nend"),
        (sql, "this:\nsql-1'\n\nend"),
        (tail, "sql-1\nend"),
        (
            "please select\none of them from (a)\nb",
            "please select\none of them from (a)\nb",
        ),
    ] {
        let (written, disguise) = both(Rules::default(), |it| it.text(text));
        assert_eq!(written, expected);
        assert!(disguise.leftovers(&written).is_empty(), "{written}");
        let left = disguise.leftovers(text);
        assert_eq!(left.is_empty(), text == expected, "{text}: {left:?}");
    }
}

#[test]
fn names_of_settings_stay_and_their_values_do_not() {
    let id = "46df07c0313816782d3624617d3d40d9";
    let settings: std::collections::BTreeMap<String, String> = [
        ("vm.swappiness".to_owned(), "60 on vm"),
        ("class/net/jane0/mtu".to_owned(), "1500"),
        ("class/net/wg-jane/mtu".to_owned(), "1500"),
        ("mount /home/jane".to_owned(), "ext4 rw,uid=1001"),
        (
            "kernel.random.boot_id".to_owned(),
            "d6829610-c003-4d69-bc9e-f8e6054be20a",
        ),
        (format!("cgroup /box/{id} cpu.max"), "max"),
    ]
    .map(|(key, value)| (key, value.to_owned()))
    .into();
    let walk = |it: &mut Disguise| {
        it.machine("vm");
        (
            it.settings(&settings),
            it.text("vm.swappiness of vm in a45c1d; vm.swappiness."),
        )
    };
    let ((written, text), disguise) = both(Rules::default(), walk);
    let host = written["vm.swappiness"]
        .strip_prefix("60 on ")
        .expect("a value");
    assert!(host.starts_with("host-"), "{host}");
    assert_eq!(
        text,
        format!("vm.swappiness of {host} in a45c1d; vm.swappiness.")
    );
    for key in [
        "class/net/jane0/mtu",
        "class/net/wg-user-1/mtu",
        "mount /home/user-1",
    ] {
        assert!(written.contains_key(key), "{key} in {written:?}");
    }
    assert!(written["kernel.random.boot_id"].starts_with("id-"));
    assert!(!format!("{written:?}").contains(id));
    assert!(disguise.stays(b"\x0d\0\0\0vm.swappiness9", &(4..6)));
    assert!(!disguise.stays(b"vm.example", &(0..2)));
}

#[test]
fn the_name_of_a_program_stands_before_its_token() {
    let (written, _) = both(Rules::default(), |it| {
        it.command("nginx: master process -c /etc/x")
    });
    assert_eq!(written, "nginx command-1");
}

#[test]
fn small_words_are_no_names_to_be_looked_for() {
    let walk = |it: &mut Disguise| {
        it.machine("a");
        (it.text("/home/by/job runs by the way"), it.host_name("a"))
    };
    let ((text, host), disguise) = both(Rules::default(), walk);
    assert_eq!(text, "/home/user-1/job runs by the way");
    assert!(host.starts_with("host-"));
    let hidden = disguise.originals();
    assert!(
        !hidden.iter().any(|it| it.1 == "a" || it.1 == "by"),
        "{hidden:?}"
    );
}

/// Tokens without their numbers: which number comes first is the order's business.
fn relabeled(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '-') {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let token = bare.rsplit_once('-').is_some_and(|(label, number)| {
            words::is_label(label) && number.bytes().all(|it| it.is_ascii_digit())
        });
        match token {
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
