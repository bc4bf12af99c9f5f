//! Planted canaries: who and where stand in every field that a session can hold, and in
//! nothing that is made of the session once it was shared.
//!
//! The session is written with the store, so that a new field of its types breaks the
//! build here until somebody says what a canary in it looks like. The harness is tested
//! itself: a share that keeps a category lets its canaries through, and they are found.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Output;

use model::annotation::Annotation;
use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::event::{Event, EventKind};
use model::finding::{Analysis, Expected, Finding, FindingId, Kept, Question, Said, Severity};
use model::label::Label;
use model::report::{ChartPin, Draft, Item, Rows, Shape, TablePin};
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::trace;
use model::unit::Unit;
use serde_json::Value;
use store::session::Session;

use crate::binary::{json, kymo, program, run, skipped};

/// What must not go out. Each is planted by a field or by a text that tells what it is,
/// and again bare where nothing tells.
const CANARIES: &[(&str, &str)] = &[
    ("host", "canary-web-77"),
    ("host by its domain", "canary-db-78.corp.internal"),
    ("user", "canaryjane"),
    ("user in a path", "canaryhome"),
    ("IPv4", "198.51.100.77"),
    ("IPv6", "2001:db8:77::abcd"),
    ("MAC", "52:54:00:77:ab:cd"),
    ("e-mail", "canary.mail@example.org"),
    ("command line", "--canary-option=/srv/canary77"),
    ("URL", "https://canary-shop.example.com/pay?card=canary4242"),
    ("SQL", "canary_customers"),
    ("password", "Canary-Passw0rd-77"),
    ("token", "ghp_canary77canary77canary77canary77"),
    ("setting like an environment", "canaryEnv77Secret"),
    ("pattern of one's own", "CANARY-CUSTOMER-77"),
];

const PATTERN: &str = r"customer=CANARY-CUSTOMER-\d+";

const START: i64 = 1_770_000_000 * SECOND_NS;

/// A sentence with every canary, each by what tells of it.
fn told() -> String {
    "canaryjane@canary-web-77 saw 198.51.100.77, 2001:db8:77::abcd and 52:54:00:77:ab:cd from /home/canaryhome/x, mailed canary.mail@example.org and canary-db-78.corp.internal about https://canary-shop.example.com/pay?card=canary4242 with password=Canary-Passw0rd-77 and ghp_canary77canary77canary77canary77 of CANARY-CUSTOMER-77".to_owned()
}

/// The same where nothing tells of those that have no shape of their own.
fn bare() -> String {
    format!(
        "bare canaryjane and canaryhome on canary-web-77, Canary-Passw0rd-77 and canaryEnv77Secret; {}",
        told()
    )
}

const STATEMENT: &str = "SELECT card FROM canary_customers WHERE name = 'Canary-Passw0rd-77'";

fn attributes() -> Vec<(String, String)> {
    let pairs = [
        ("host.name", "canary-web-77"),
        ("server.address", "canary-db-78.corp.internal"),
        ("client.address", "198.51.100.77"),
        ("user.name", "canaryjane"),
        (
            "url.full",
            "https://canary-shop.example.com/pay?card=canary4242",
        ),
        ("db.query.text", STATEMENT),
        (
            "process.command_line",
            "/srv/run --canary-option=/srv/canary77 -v",
        ),
        ("api.token", "ghp_canary77canary77canary77canary77"),
        ("label", "CANARY-CUSTOMER-77"),
        (
            "note",
            "mac 52:54:00:77:ab:cd and 2001:db8:77::abcd by canary.mail@example.org in /home/canaryhome/x",
        ),
    ];
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn finding(series: &str, statement: String) -> Finding {
    let series = vec![series.to_owned()];
    let span = Span {
        from: Moment(START),
        to: Moment(START + 60 * SECOND_NS),
    };
    let parameters = vec![("about".to_owned(), bare())];
    let question = Question {
        analysis: Analysis::Anomaly,
        series: &series,
        span,
        parameters: &parameters,
    };
    Finding {
        id: FindingId::of(&question),
        analysis: Analysis::Anomaly,
        kind: "step".to_owned(),
        host: "canary-web-77".to_owned(),
        series: series.clone(),
        span,
        places: vec![span],
        statement,
        severity: Severity::Warning,
        effect: None,
        evidence: 0.9,
        weight: 0.5,
        coverage: 1.0,
        learned: None,
        parameters,
        supports: vec![bare()],
        against: vec![told()],
    }
}

/// A report that somebody began, with canaries in all that it says.
fn draft(name: &str) -> Draft {
    Draft {
        schema: model::report::SCHEMA,
        kind: "performance".to_owned(),
        title: bare(),
        author: "canaryjane".to_owned(),
        scope: bare(),
        window: None,
        hosts: vec!["canary-web-77".to_owned(), "canary-web-*".to_owned()],
        items: vec![
            Item::Heading(bare()),
            Item::Text(bare()),
            Item::Chart(ChartPin {
                title: bare(),
                series: vec![name.to_owned()],
                shape: Shape::Lines,
                window: None,
            }),
            Item::Table(TablePin {
                title: bare(),
                of: Rows::Statistics(vec![name.to_owned()]),
                window: None,
            }),
        ],
    }
}

fn series(metric: &str) -> Series {
    Series {
        key: SeriesKey::new("canary-web-77", metric, attributes()),
        unit: Unit::new("1"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    }
}

/// A session with canaries in every field that an import, an analysis and a person fill.
fn planted(home: &Path) -> PathBuf {
    let out = home.join("canary.kymo");
    let at: Vec<i64> = (0..300).map(|it| START + it * SECOND_NS).collect();
    let values: Vec<f64> = (0..300)
        .map(|it| if it < 200 { 1.0 } else { 9.0 } + f64::from(it % 7) / 10.0)
        .collect();
    let metrics = ["system.cpu.utilization", "shop.orders.CANARY-CUSTOMER-77"];
    let columns = metrics.iter().map(|metric| Column {
        series: series(metric),
        at: at.clone().into(),
        values: values.clone().into(),
    });
    let event = |kind, subject: &str, after: String| Event {
        at: Moment(START + 9 * SECOND_NS),
        kind,
        subject: subject.to_owned(),
        before: bare(),
        after,
        text: bare(),
    };
    let span = trace::Span {
        trace: trace::TraceId(7),
        id: trace::SpanId(8),
        parent: None,
        service: "shop".into(),
        name: "GET /pay?card=canary4242".into(),
        kind: trace::SpanKind::Server,
        start: Moment(START + SECOND_NS),
        duration_ns: 1_000_000,
        status: trace::Status::Ok,
        attributes: attributes()
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect(),
    };
    let source = store::ingest::Source {
        title: bare(),
        created: Moment(START),
        columns: columns.collect(),
        histograms: Vec::new(),
        spans: vec![("canary-web-77".to_owned(), span)],
        events: vec![
            (
                "canary-web-77".to_owned(),
                event(
                    EventKind::Setting,
                    "env CANARY_SECRET",
                    "canaryEnv77Secret".to_owned(),
                ),
            ),
            (
                "canary-web-77".to_owned(),
                event(EventKind::Log, "db", STATEMENT.to_owned()),
            ),
        ],
    };
    store::ingest::ingest(source, &out).expect("it is written");
    let (session, _) = Session::open(&out).expect("it opens");
    let note = Annotation {
        id: 1,
        span: Span::default(),
        text: format!("{}\n{STATEMENT}", bare()),
        color: 1,
    };
    session.set_annotations(vec![note]).expect("it is kept");
    let label = Label {
        tags: vec!["canary-web-77".to_owned()],
        note: bare(),
        build: "1.2-canaryjane".to_owned(),
    };
    session.set_label(label).expect("it is kept");
    let name = session.series()[0].key.to_string();
    let kept = Kept {
        kymo: "0.1.0".to_owned(),
        findings: vec![finding(&name, bare())],
        expected: vec![Expected {
            series: "canary-web-*/*".to_owned(),
            span: Span::default(),
            reason: bare(),
        }],
        pinned: vec![finding(&name, bare())],
        drafts: vec![draft(&name)],
        live: Some(Said {
            span: Span::default(),
            findings: vec![finding(&name, told())],
        }),
    };
    session.keep(kept).expect("it is kept");
    out
}

/// Canaries that stand in some bytes, as they are or escaped.
fn found(bytes: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let plain = text
        .replace("\\\"", "\"")
        .replace("\\/", "/")
        .replace("&#x2f;", "/")
        .replace("&amp;", "&");
    let hits = CANARIES.iter().filter(|(_, canary)| {
        let canary = canary.to_lowercase();
        text.contains(&canary) || plain.contains(&canary)
    });
    hits.map(|(what, _)| *what).collect()
}

/// Canaries in every file below a folder, packed tables unpacked by an export.
fn found_below(folder: &Path) -> BTreeMap<String, Vec<&'static str>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let named = found(path.to_string_lossy().as_bytes());
        if path.is_dir() {
            all.extend(found_below(&path));
            continue;
        }
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|mut it| it.read_to_end(&mut bytes))
            .expect("it is read");
        let hits = [named, found(&bytes)].concat();
        if !hits.is_empty() {
            all.insert(path.display().to_string(), hits);
        }
    }
    all
}

fn quiet(output: &Output, what: &str) {
    for bytes in [&output.stdout, &output.stderr] {
        let hits = found(bytes);
        assert!(
            hits.is_empty(),
            "{what}: {hits:?}\n{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

/// Everything that can be made of a session, in a folder of its own.
fn products(home: &Path, session: &Path) -> PathBuf {
    let made = home.join("made");
    std::fs::create_dir_all(&made).expect("a folder");
    let session = session.to_str().expect("plain");
    for (_, name, _) in report::FORMATS {
        let out = made.join(format!("report.{name}"));
        let arguments = ["report", session, "--format", name, "--out"];
        quiet(&run(kymo(home).args(arguments).arg(&out), 0), name);
    }
    for format in ["csv", "parquet", "prometheus"] {
        let out = made.join(format);
        let arguments = ["export", session, "--format", format, "--out"];
        quiet(&run(kymo(home).args(arguments).arg(&out), 0), format);
    }
    for command in [
        "analyze",
        "info",
        "services",
        "verify",
        "bottleneck",
        "changes",
        "anomalies",
    ] {
        let output = run(kymo(home).args([command, session, "--json"]), 0);
        quiet(&output, command);
        assert!(json(&output).is_object());
        quiet(&run(kymo(home).args([command, session]), 0), command);
    }
    made
}

fn shared(home: &Path, session: &Path, more: &[&str]) -> (PathBuf, Output) {
    let out = home.join("shared.kymo");
    let mut command = kymo(home);
    command.arg("share").arg(session).arg("--out").arg(&out);
    command.args(["--pattern", PATTERN, "--description", "for the canary"]);
    let output = run(command.args(more), 0);
    (out, output)
}

#[test]
fn no_canary_goes_out() {
    let home = tempfile::tempdir().expect("a folder");
    let session = planted(home.path());
    let planted = std::fs::read(&session).expect("it is read");
    assert!(!found(&planted).is_empty(), "documents are plain text");
    let (out, output) = shared(home.path(), &session, &[]);
    quiet(&output, "share");
    let fence = home.path().join("fence");
    std::fs::create_dir(&fence).expect("a folder");
    let session = fence.join("shared.kymo");
    std::fs::rename(&out, &session).expect("it is moved");
    let made = products(&fence, &session);
    assert!(made.is_dir());
    let hits = found_below(&fence);
    assert!(hits.is_empty(), "{hits:#?}");
    let (opened, _) = Session::open(&session).expect("it opens");
    let kept = opened.kept().expect("findings");
    assert!(kept.analyzed() && !kept.findings.is_empty());
    assert_eq!(kept.pinned.len(), 1);
    assert_eq!(kept.pinned[0].id, kept.pinned[0].own_id());
    assert_eq!(kept.live.expect("said").findings.len(), 1);
    assert_eq!(opened.annotations().len(), 1);
    let said = opened.shared().expect("what was taken out");
    assert_eq!(said.description, "for the canary");
    assert!(said.counts.len() >= 7, "{said:?}");
}

#[test]
fn one_machine_is_one_token_and_another_file_has_another_mapping() {
    let home = tempfile::tempdir().expect("a folder");
    let session = planted(home.path());
    let (out, _) = shared(home.path(), &session, &[]);
    let (opened, _) = Session::open(&out).expect("it opens");
    let host = opened.hosts()[0].name.clone();
    assert!(host.starts_with("host-"), "{host}");
    for series in opened.series() {
        assert_eq!(series.key.host, host);
        assert_eq!(series.key.attribute("host.name"), Some(host.as_str()));
        assert_ne!(series.key.attribute("server.address"), Some(host.as_str()));
    }
    assert_eq!(opened.series()[0].key.metric, "system.cpu.utilization");
    let mut mappings = std::collections::HashSet::new();
    for number in 0..12 {
        std::fs::remove_file(&out).expect("it is removed");
        let (out, _) = shared(home.path(), &session, &[]);
        let (opened, _) = Session::open(&out).expect("it opens");
        let (series, hosts) = (opened.series(), opened.hosts());
        let other = series[0].key.attribute("server.address").map(str::to_owned);
        mappings.insert((hosts[0].name.clone(), other));
        if mappings.len() > 1 {
            return;
        }
        assert!(number < 11, "twelve files with one mapping: {mappings:?}");
    }
}

#[test]
fn a_redactor_that_forgets_something_is_caught_by_this_harness() {
    let home = tempfile::tempdir().expect("a folder");
    let session = planted(home.path());
    // What is kept on purpose is what a redactor would forget.
    for (category, what) in [
        ("hosts", "host"),
        ("users", "user"),
        ("addresses", "IPv4"),
        ("sql", "SQL"),
    ] {
        let (out, _) = shared(home.path(), &session, &["--keep", category]);
        let bytes = std::fs::read(&out).expect("it is read");
        let tables = home.path().join(category);
        let arguments = ["--format", "csv", "--out"];
        run(
            kymo(home.path())
                .arg("export")
                .arg(&out)
                .args(arguments)
                .arg(&tables),
            0,
        );
        let mut hits = found(&bytes);
        hits.extend(found_below(&tables).into_values().flatten());
        assert!(hits.contains(&what), "{category}: {hits:?}");
        std::fs::remove_file(&out).expect("it is removed");
    }
}

#[test]
fn a_preview_tells_examples_and_writes_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let session = planted(home.path());
    let mut command = kymo(home.path());
    command
        .arg("share")
        .arg(&session)
        .args(["--preview", "--json", "--pattern", PATTERN]);
    let preview = json(&run(&mut command, 0));
    let replaced = preview["replaced"].as_array().expect("categories");
    let of = |name: &str| replaced.iter().find(|it| it["category"] == name).cloned();
    for category in [
        "hosts",
        "users",
        "addresses",
        "commands",
        "urls",
        "sql",
        "secrets",
        "custom",
    ] {
        let count: Value = of(category).unwrap_or_default();
        assert!(
            count["identities"].as_u64() > Some(0),
            "{category}: {count}"
        );
        assert!(
            count["examples"][0][1]
                .as_str()
                .is_some_and(|it| it.contains('-')),
            "{count}"
        );
    }
    let files = std::fs::read_dir(home.path()).expect("a folder").flatten();
    let sessions = files.filter(|it| it.path().extension().is_some_and(|it| it == "kymo"));
    assert_eq!(sessions.count(), 1);
    assert_eq!(preview["series_of"], 2);
}

#[test]
fn wrong_requests_are_refused_and_leave_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let session = planted(home.path());
    let out = home.path().join("x.kymo");
    let share = |more: &[&str], code| {
        let mut command = kymo(home.path());
        command.arg("share").arg(&session).arg("--out").arg(&out);
        run(command.args(more), code);
        assert!(!out.exists(), "{more:?}");
    };
    share(&["--pattern", "a(b"], 2);
    share(&["--pattern", "x*"], 2);
    share(&["--keep", "secrets"], 2);
    share(&["--recipient", "age1nonsense"], 2);
    share(&["--passphrase"], 2);
    share(&["--from", "2001-01-01", "--to", "2001-01-02"], 2);
    share(&["--sign", "/nowhere/key"], 3);
    std::fs::write(&out, "there").expect("it is written");
    run(
        kymo(home.path())
            .arg("share")
            .arg(&session)
            .arg("--out")
            .arg(&out),
        2,
    );
    assert_eq!(std::fs::read(&out).expect("it is read"), b"there");
}

#[test]
fn locked_files_open_with_age_and_those_of_age_open_here() {
    let home = tempfile::tempdir().expect("a folder");
    let session = planted(home.path());
    let place = |name: &str| home.path().join(name);
    let locked = place("locked.age");
    let mut command = kymo(home.path());
    command.env("KYMO_PASSPHRASE", "open sesame");
    command
        .arg("share")
        .arg(&session)
        .arg("--out")
        .arg(&locked)
        .arg("--passphrase");
    run(command.args(["--pattern", PATTERN]), 0);
    let told = run(kymo(home.path()).arg("info").arg(&locked), 9);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(
        told.contains("encrypted") && told.contains("kymo unlock"),
        "{told}"
    );
    let unlock = |from: &Path, to: &Path, more: &[&str], code: i32| {
        let mut command = kymo(home.path());
        command.env("KYMO_PASSPHRASE", "open sesame");
        command.arg("unlock").arg(from).arg("--out").arg(to);
        run(command.args(more), code)
    };
    unlock(&locked, &place("plain.kymo"), &[], 0);
    run(kymo(home.path()).arg("verify").arg(place("plain.kymo")), 0);
    let mut wrong = kymo(home.path());
    wrong.env("KYMO_PASSPHRASE", "open barley");
    run(
        wrong
            .arg("unlock")
            .arg(&locked)
            .arg("--out")
            .arg(place("no.kymo")),
        9,
    );
    // A flipped byte of the payload is told, and nothing is left.
    let mut bytes = std::fs::read(&locked).expect("it is read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(place("torn.age"), &bytes).expect("it is written");
    unlock(&place("torn.age"), &place("no.kymo"), &[], 9);
    assert!(!place("no.kymo").exists());
    let (Some(age), Some(keygen)) = (program("age"), program("age-keygen")) else {
        skipped("age (Debian package age)");
        return;
    };
    let secret = place("key.txt");
    let made = run(
        std::process::Command::new(&keygen).arg("-o").arg(&secret),
        0,
    );
    let made = String::from_utf8_lossy(&made.stderr).into_owned();
    let recipient = made.trim().rsplit(' ').next().expect("a key").to_owned();
    let ours = place("ours.age");
    let mut command = kymo(home.path());
    command.arg("share").arg(&session).arg("--out").arg(&ours);
    run(
        command.args(["--recipient", &recipient, "--pattern", PATTERN]),
        0,
    );
    let mut theirs = std::process::Command::new(&age);
    theirs
        .args(["-d", "-i"])
        .arg(&secret)
        .arg("-o")
        .arg(place("by-age.kymo"))
        .arg(&ours);
    run(&mut theirs, 0);
    run(kymo(home.path()).arg("verify").arg(place("by-age.kymo")), 0);
    for armor in ["-e", "-a"] {
        let made = place(&format!("age{armor}.age"));
        let mut command = std::process::Command::new(&age);
        command
            .args([armor, "-r", &recipient, "-o"])
            .arg(&made)
            .arg(&session);
        run(&mut command, 0);
        let out = place(&format!("opened{armor}.kymo"));
        unlock(
            &made,
            &out,
            &["--identity", secret.to_str().expect("plain")],
            0,
        );
        assert_eq!(std::fs::read(&out).ok(), std::fs::read(&session).ok());
        unlock(&made, &place("no.kymo"), &[], 9);
    }
}

#[test]
fn a_signature_is_that_of_minisign() {
    let home = tempfile::tempdir().expect("a folder");
    let session = planted(home.path());
    let Some(minisign) = program("minisign") else {
        skipped("minisign (Debian package minisign)");
        return;
    };
    let place = |name: &str| home.path().join(name);
    let make = |name: &str| {
        let mut command = std::process::Command::new(&minisign);
        command
            .args(["-G", "-W", "-p"])
            .arg(place(&format!("{name}.pub")));
        run(command.arg("-s").arg(place(&format!("{name}.key"))), 0);
    };
    make("mine");
    make("other");
    let key = place("mine.key");
    let (out, _) = shared(
        home.path(),
        &session,
        &["--sign", key.to_str().expect("plain")],
    );
    let verify = |key: &str, code| {
        let mut command = kymo(home.path());
        command
            .arg("verify")
            .arg(&out)
            .arg("--json")
            .arg("--key")
            .arg(place(key));
        json(&run(&mut command, code))
    };
    let signed = verify("mine.pub", 0);
    assert!(signed["signed"].is_string(), "{signed}");
    assert!(
        verify("other.pub", 1)["problems"][0]
            .as_str()
            .is_some_and(|it| it.contains("not"))
    );
    let head = signed["head"].as_str().expect("a head").to_owned();
    run(
        kymo(home.path())
            .arg("verify")
            .arg(&out)
            .args(["--head", &head]),
        0,
    );
    run(
        kymo(home.path())
            .arg("verify")
            .arg(&out)
            .args(["--head", "00"]),
        1,
    );
    // Members are stored, so the signature and what it is of can be cut out as they are.
    let bytes = std::fs::read(&out).expect("it is read");
    let cut = |from: &str, to: &str| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let start = text.rfind(from).expect("it is there");
        let end = start + text[start..].find(to).expect("its end") + to.len();
        text[start..end].to_owned()
    };
    let chain = cut("kymo chain 1\n", &format!("head {head}\n"));
    let signature = cut("untrusted comment:", "==\n");
    std::fs::write(place("chain.txt"), chain).expect("it is written");
    let lines = signature.lines().count();
    assert!(lines >= 2, "{signature}");
    let whole = {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let start = text.rfind("untrusted comment:").expect("it is there");
        let four: Vec<&str> = text[start..].split('\n').take(4).collect();
        // What follows the member is the directory of the archive.
        let last = four[3]
            .split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)))
            .next();
        format!("{}\n{}\n", four[..3].join("\n"), last.unwrap_or_default())
    };
    std::fs::write(place("chain.txt.minisig"), whole).expect("it is written");
    let mut command = std::process::Command::new(&minisign);
    command
        .arg("-V")
        .arg("-m")
        .arg(place("chain.txt"))
        .arg("-p")
        .arg(place("mine.pub"));
    run(&mut command, 0);
    // Notes of whoever got it end what was signed.
    let (opened, _) = Session::open(&out).expect("it opens");
    opened.set_annotations(Vec::new()).expect("they are kept");
    assert!(
        verify("mine.pub", 1)["problems"][0]
            .as_str()
            .is_some_and(|it| it.contains("not signed"))
    );
}

/// A recording of this machine with a program on it whose arguments are canaries.
#[test]
fn a_recording_of_this_machine_names_nobody() {
    let home = tempfile::tempdir().expect("a folder");
    let session = home.path().join("machine.kymo");
    let mut program = std::process::Command::new("sh")
        .args(["-c", "sleep 60; true", "canary"])
        .args([
            "--user=canaryjane",
            "--host=canary-web-77",
            "--peer",
            "198.51.100.77",
        ])
        .args([
            "/home/canaryhome/x",
            "canary.mail@example.org",
            "--canary-option=/srv/canary77",
        ])
        .args([
            "https://canary-shop.example.com/pay?card=canary4242",
            STATEMENT,
        ])
        .spawn()
        .expect("a shell");
    let mut record = kymo(home.path());
    record.args([
        "record",
        "--for",
        "3s",
        "--title",
        "by canaryjane on canary-web-77",
    ]);
    record
        .args(["--agent-arguments", "--name canary-web-77", "--out"])
        .arg(&session);
    let recorded = record.output();
    program
        .kill()
        .and_then(|()| program.wait())
        .expect("it ends");
    assert!(recorded.expect("it records").status.success());
    let tables = home.path().join("before");
    let export = |from: &Path, to: &Path| {
        run(
            kymo(home.path())
                .arg("export")
                .arg(from)
                .args(["--format", "csv", "--out"])
                .arg(to),
            0,
        );
    };
    export(&session, &tables);
    let before: Vec<&str> = found_below(&tables).into_values().flatten().collect();
    for what in ["host", "user", "IPv4", "command line"] {
        assert!(
            before.contains(&what),
            "{what} was not recorded: {before:?}"
        );
    }
    run(kymo(home.path()).arg("analyze").arg(&session), 0);
    let (out, output) = shared(home.path(), &session, &[]);
    quiet(&output, "share");
    let fence = home.path().join("fence");
    std::fs::create_dir(&fence).expect("a folder");
    let session = fence.join("shared.kymo");
    std::fs::rename(&out, &session).expect("it is moved");
    products(&fence, &session);
    let hits = found_below(&fence);
    assert!(hits.is_empty(), "{hits:#?}");
    let (opened, _) = Session::open(&session).expect("it opens");
    let names: Vec<String> = opened.series().iter().map(|it| it.key.column()).collect();
    assert!(
        names
            .iter()
            .any(|it| it == "system.cpu.time{cpu=0,state=user}"),
        "{names:?}"
    );
}
