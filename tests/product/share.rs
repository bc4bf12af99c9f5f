//! Sessions as people have them go out: the shipped ones, those of applications, those of
//! people who are called like words of Kymo's own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::annotation::Annotation;
use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::event::{Event, EventKind};
use model::finding::Kept;
use model::histogram::{Histogram, Row};
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use store::ingest::{Source, ingest};
use store::session::Session;

use crate::binary::{kymo, run};
use crate::layers::root;

const START: i64 = 1_770_000_000 * SECOND_NS;

fn share(home: &Path, session: &Path, more: &[&str], code: i32) -> (PathBuf, String) {
    let out = home.join("shared.kymo");
    let mut command = kymo(home);
    command.arg("share").arg(session).arg("--out").arg(&out);
    let output = run(command.args(more), code);
    (out, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A session of a machine of this name, whose load steps up.
fn stepping(host: &str, attributes: &[(&str, &str)]) -> Source {
    let owned = |it: &(&str, &str)| (it.0.to_owned(), it.1.to_owned());
    let series = |metric, kind| Series {
        key: SeriesKey::new(host, metric, attributes.iter().map(owned)),
        unit: Unit::new("1"),
        kind,
        polarity: Polarity::Neutral,
    };
    let at = |second: i64| START + second * SECOND_NS;
    let value = |it: i64| if it < 200 { 0.2 } else { 0.9 } + (it % 7) as f64 / 100.0;
    let mut histogram = Histogram::default();
    histogram.record(0.1);
    let row = Row {
        at: Moment(at(1)),
        width_ns: SECOND_NS,
        active_s: 0.1,
        histogram,
    };
    Source {
        title: "session".to_owned(),
        created: Moment(START),
        columns: vec![Column {
            series: series("system.cpu.utilization", Kind::Gauge),
            at: (0..300).map(at).collect::<Vec<_>>().into(),
            values: (0..300).map(value).collect::<Vec<_>>().into(),
        }],
        histograms: vec![(
            series("service.request.duration", Kind::Histogram),
            vec![row],
        )],
        spans: Vec::new(),
        events: Vec::new(),
    }
}

/// Writes it as one that was analyzed, with a note.
fn written(home: &Path, source: Source, note: &str) -> PathBuf {
    let out = home.join("session.kymo");
    drop(std::fs::remove_file(&out));
    ingest(source, &out).expect("it is written");
    let (session, _) = Session::open(&out).expect("it opens");
    let note = Annotation {
        id: 1,
        span: Span::default(),
        text: note.to_owned(),
        color: 1,
    };
    session.set_annotations(vec![note]).expect("it is kept");
    let kept = Kept {
        kymo: "0.1.0".to_owned(),
        ..Kept::default()
    };
    session.keep(kept).expect("it is kept");
    out
}

fn opened(path: &Path) -> Session {
    Session::open(path).expect("it opens").0
}

#[test]
fn every_shipped_session_can_be_shared() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = std::fs::read_dir(root().join("sessions")).expect("a folder");
    let paths = folder.flatten().map(|it| it.path());
    let mut count = 0;
    for path in paths.filter(|it| it.extension().is_some_and(|it| it == "kymo")) {
        let (out, _) = share(home.path(), &path, &[], 0);
        assert!(!opened(&out).series().is_empty(), "{}", path.display());
        std::fs::remove_file(&out).expect("it is removed");
        count += 1;
    }
    assert!(count > 5, "{count}");
}

#[test]
fn a_session_of_an_application_can_be_shared() {
    let home = tempfile::tempdir().expect("a folder");
    let attributes = [
        ("peer", "pricing"),
        ("server", "alpha"),
        ("peer.hostname", "canary-7"),
        ("uname", "jdoe"),
        ("service.name", "shop"),
        (
            "service.instance.id",
            "280cca0e-9471-4a56-b6ab-4a3f5bcc808d",
        ),
    ];
    let source = stepping("web", &attributes);
    let session = written(home.path(), source, "host-1 of jdoe at uid=1001");
    let (out, _) = share(home.path(), &session, &[], 0);
    let shared = opened(&out);
    let of = |key: &str| shared.series()[0].key.attribute(key).map(str::to_owned);
    assert_eq!(of("peer").as_deref(), Some("pricing"));
    for (key, label) in [
        ("server", "host-"),
        ("uname", "user-"),
        ("service.instance.id", "id-"),
    ] {
        assert!(of(key).is_some_and(|it| it.starts_with(label)), "{key}");
    }
    let note = shared.annotations()[0].text.clone();
    assert!(!note.contains("jdoe") && !note.contains("1001"), "{note}");
}

#[test]
fn people_may_be_called_like_words_of_ours() {
    let home = tempfile::tempdir().expect("a folder");
    let session = written(home.path(), stepping("a", &[]), "plain");
    let (out, _) = share(home.path(), &session, &[], 0);
    let kept = opened(&out).kept().expect("findings");
    assert!(!kept.findings.is_empty());
    let statements = kept.findings.iter().map(|it| it.statement.clone());
    let said: String = statements.collect::<Vec<_>>().join(" ");
    let metrics = model::catalog::ALL.iter();
    let vocabulary = metrics.map(|it| format!(" {} {}", it.name, it.attributes.join(" ")));
    let text = said + &vocabulary.collect::<String>();
    let words = text.split(|c: char| !c.is_ascii_lowercase());
    let words: BTreeSet<&str> = words.chain(["may", "vm", "by", "net"]).collect();
    let homes = words.iter().map(|it| format!("/home/{it}/job"));
    let note: String = homes.collect::<Vec<_>>().join(" ");
    std::fs::remove_file(&out).expect("it is removed");
    let mut source = stepping("vm", &[]);
    let event = Event {
        at: Moment(START + 9 * SECOND_NS),
        kind: EventKind::Setting,
        subject: "vm.swappiness".to_owned(),
        before: "60".to_owned(),
        after: "10".to_owned(),
        text: "vm.swappiness of vm".to_owned(),
    };
    source.events = vec![("vm".to_owned(), event)];
    let session = written(home.path(), source, &note);
    let (out, _) = share(home.path(), &session, &[], 0);
    let shared = opened(&out);
    assert!(!shared.kept().expect("findings").findings.is_empty());
    let note = shared.annotations()[0].text.clone();
    assert!(!note.contains("/home/may/"), "{note}");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_written() {
    let home = tempfile::tempdir().expect("a folder");
    let session = written(home.path(), stepping("web-1", &[("cpu", "0")]), "plain");
    for (more, says) in [
        (["--pattern", "cpu"], "system.cpu.utilization"),
        (["--pattern", ".*"], "empty text"),
        (["--pattern", "sampl.s"], "narrower"),
        (["--series", "nomatch*"], "no series matches nomatch*"),
    ] {
        let (out, said) = share(home.path(), &session, &more, 2);
        assert!(said.contains(says), "{said}");
        assert!(!out.exists(), "{more:?}");
    }
    let folder = home.path().join("nodir");
    let mut command = kymo(home.path());
    command.arg("share").arg(&session).arg("--out");
    run(command.arg(folder.join("q.kymo")), 3);
    assert!(!folder.exists());
}
