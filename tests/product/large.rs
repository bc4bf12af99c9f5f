//! A session larger than memory: every command opens it and does its work.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use store::ingest::Source;
use store::session::Session;

use crate::binary::{kymo_under, program, run, skipped};
use crate::layers::root;

/// Rows of each series: eleven hours at one a second.
const ROWS: usize = 40_000;

/// Series of an application, beside those of the machine.
const OWN_SERIES: usize = 360;

/// Half a day of the series of a real recording and more, with values that no
/// compression shrinks. Returns ten minutes in the middle.
fn write(out: &Path) -> Span {
    let example = root().join("sessions/quiet.kymo");
    let (example, _) = Session::open(&example).expect("the example opens");
    let start = example.span().from.0;
    let at: Arc<[i64]> = (0..ROWS as i64)
        .map(|row| start + row * SECOND_NS)
        .collect();
    let mut dice = 11_u64;
    let mut roll = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (dice >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut columns = Vec::new();
    let gauge = |number: usize| Series {
        key: SeriesKey::new(
            example.hosts()[0].name.as_str(),
            "application.gauge",
            [("number".to_owned(), number.to_string())],
        ),
        unit: Unit::new("1"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    };
    let own = (0..OWN_SERIES).map(gauge);
    for series in example.series().iter().cloned().chain(own) {
        let mut sum = 0.0;
        let values = (0..ROWS).map(|_| match series.kind {
            Kind::Counter => {
                sum += roll();
                sum
            }
            Kind::Gauge | Kind::Histogram => roll(),
        });
        columns.push(Column {
            values: values.collect(),
            at: Arc::clone(&at),
            series,
        });
    }
    let source = Source {
        title: "half a day".to_owned(),
        columns,
        ..Source::default()
    };
    store::ingest::ingest(source, out).expect("it is written");
    let from = Moment(at[ROWS / 2]);
    Span::between(from, from.plus_ns(600 * SECOND_NS))
}

/// Most memory that a command may ask for; the session is twice as large.
const LIMIT_BYTES: u64 = 96 << 20;

/// Series that a window shows at once.
const SHOWN: usize = 24;

/// A command that may ask for so many bytes of memory.
fn limited(prlimit: &Path, bytes: u64, home: &Path) -> Command {
    let limit = format!("--data={bytes}");
    // It works the processors hard; tests that watch a clock or a window go first.
    kymo_under(prlimit, &[&limit, "nice"], home)
}

#[test]
fn a_session_larger_than_memory_can_be_used() {
    let Some(prlimit) = program("prlimit") else {
        skipped("prlimit");
        return;
    };
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let session = home.join("large.kymo");
    let minutes = write(&session);
    let size = std::fs::metadata(&session).expect("it is there").len();
    assert!(size > LIMIT_BYTES * 3 / 2, "only {size} bytes");

    // Where the limit does not bite, this test proves nothing.
    let mut starved = limited(&prlimit, 16 << 20, home);
    let starved = starved.arg("info").arg(&session).output();
    assert!(!starved.expect("it starts").status.success());

    let command = |arguments: &[&str]| {
        let mut command = limited(&prlimit, LIMIT_BYTES, home);
        command.args(arguments);
        run(&mut command, 0);
    };
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let input = text(session.clone());
    let out = |name: &str| text(home.join(name));
    let (from, to) = (minutes.from.to_string(), minutes.to.to_string());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            command(&["info", &input]);
            command(&["verify", &input]);
            let report = out("large.html");
            command(&["report", &input, "--format", "html", "--out", &report]);
        });
        let trimmed = out("short.kymo");
        command(&[
            "trim", &input, "--from", &from, "--to", &to, "--out", &trimmed,
        ]);
        for format in ["parquet", "csv"] {
            let folder = out(format);
            command(&["export", &input, "--format", format, "--out", &folder]);
        }
        let output = Command::new(&prlimit)
            .arg(format!("--data={LIMIT_BYTES}"))
            .arg(env!("CARGO_BIN_EXE_viewer"))
            .args([&input, &SHOWN.to_string()])
            .output()
            .expect("the viewer starts");
        let shown = String::from_utf8_lossy(&output.stdout).trim().parse();
        assert_eq!(shown, Ok(SHOWN * ROWS), "{output:?}");
    });
}
