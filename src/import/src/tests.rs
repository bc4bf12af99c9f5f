//! Files by example: each fixture has its answer in `fixtures/expected.txt`.

use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use expect_test::expect_file;
use model::time::Moment;

use super::*;

/// What reading gave, in a few lines; errors with their causes.
fn told(result: &Result<Imported, ImportError>) -> String {
    let imported = match result {
        Ok(imported) => imported,
        Err(error) => {
            let cause = std::error::Error::source(error);
            return format!(
                "error: {error}{}\n",
                cause.map_or(String::new(), |it| format!(": {it}"))
            );
        }
    };
    let mut text = String::new();
    let mut line = |it: &str| text += &format!("{it}\n");
    match &imported.content {
        Content::Table(table) => table_told(table, &mut line),
        Content::Recording(recording) => {
            line(&format!(
                "format {}, times {:?}",
                imported.format, imported.times
            ));
            recording_told(recording, &mut line);
        }
    }
    for note in &imported.notes {
        line(&format!("note: {note}"));
    }
    if let Some(damage) = &imported.damage {
        line(&format!("damage: {damage}"));
    }
    text
}

fn table_told(table: &Table, line: &mut impl FnMut(&str)) {
    let rows = table.at.len();
    line(&format!("time column {:?}, {rows} rows", table.time_column));
    line(&format!("at {:?}", &table.at[..rows.min(7)]));
    for TableColumn { header, values, .. } in &table.columns {
        assert_eq!(values.len(), rows, "{header}");
        line(&format!("{header:?} {:?}", &values[..rows.min(7)]));
    }
}

fn recording_told(recording: &Recording, line: &mut impl FnMut(&str)) {
    for column in &recording.columns {
        let count = column.at.len();
        assert_eq!(column.values.len(), count, "{}", column.series.key);
        assert!(
            column.at.is_sorted_by(|a, b| a < b),
            "{}",
            column.series.key
        );
        let moment = |at: Option<&i64>| at.map_or(String::new(), |at| Moment(*at).to_string());
        line(&format!(
            "{} [{}] {:?} {count} from {} to {}: {:?}",
            column.series.key,
            column.series.unit.code(),
            column.series.kind,
            moment(column.at.first()),
            moment(column.at.last()),
            &column.values[..count.min(5)]
        ));
    }
    for (series, rows) in &recording.histograms {
        let count: u64 = rows.iter().map(|row| row.histogram.count).sum();
        line(&format!(
            "{} [{}] {} rows, {count} observations",
            series.key,
            series.unit.code(),
            rows.len()
        ));
        for row in rows.iter().take(3) {
            line(&format!(
                "  {} over {} ns: {} observed, mean {:.6}, p99 {:.6}, active {:.4}",
                row.at,
                row.width_ns,
                row.histogram.count,
                row.histogram.mean(),
                row.histogram.quantile(0.99).map_or(f64::NAN, |it| it.value),
                row.active()
            ));
        }
    }
    for (host, span) in recording.spans.iter().take(5) {
        line(&format!(
            "span {host} {} {} {:?} {}",
            span.service, span.name, span.kind, span.duration_ns
        ));
    }
    for (host, event) in recording.events.iter().take(5) {
        line(&format!("event {host} {} {}", event.at, event.line()));
    }
}

fn from_bytes(bytes: &[u8]) -> Result<Imported, ImportError> {
    from_named("x.csv", bytes)
}

fn packed(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text)?;
    encoder.finish()
}

#[test]
fn every_fixture_reads_as_expected() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut names: Vec<_> = std::fs::read_dir(&folder)?
        .map(|entry| entry.map(|it| it.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()?;
    // A binary file needs the program that wrote it, and has a test of its own.
    let other = ["README.md", "sar.sa"];
    names.retain(|name| !name.starts_with("expected") && !other.contains(&name.as_str()));
    names.sort();
    assert!(names.len() > 10, "fixtures are missing");
    let mut text = String::new();
    for name in names {
        let file = std::fs::File::open(folder.join(&name))?;
        let result = read_from(Path::new(&name), file, &How::default(), &mut |_| {
            Flow::Continue
        });
        if let Ok(imported) = &result {
            let known = FORMATS.iter().any(|it| it.name == imported.format);
            assert!(known, "{name}: {}", imported.format);
        }
        writeln!(text, "== {name}\n{}", told(&result)).map_err(std::io::Error::other)?;
    }
    expect_file!["../fixtures/expected.txt"].assert_eq(&text);
    Ok(())
}

/// Reads under the fixture's own name, so that names in errors and services are its own.
fn from_named(name: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
    read_from(Path::new(name), bytes, &How::default(), &mut |_| {
        Flow::Continue
    })
}

/// The fixtures of tools: name and content.
fn of_tools() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let bytes = std::fs::read(entry.path())?;
        let table = sniff(&bytes).is_none_or(|it| it.name == "CSV" || it.name == "sar");
        if !table && !name.starts_with("expected") && name != "README.md" {
            all.push((name, bytes));
        }
    }
    all.sort();
    assert!(all.len() > 20, "fixtures are missing");
    Ok(all)
}

#[test]
fn one_format_alone_takes_a_file_of_a_tool() -> std::io::Result<()> {
    for (name, bytes) in of_tools()? {
        let head = &bytes[..bytes.len().min(64 << 10)];
        let taking = FORMATS.iter().filter(|it| (it.sniff)(head));
        let names: Vec<&str> = taking.map(|it| it.name).collect();
        let others = names.iter().filter(|it| **it != "CSV").count();
        assert_eq!(others, 1, "{name}: {names:?}");
    }
    Ok(())
}

fn reads_or_says_why(name: &str, bytes: &[u8]) {
    match from_named(name, bytes) {
        Ok(imported) => {
            told(&Ok(imported));
        }
        Err(error) => assert!(error.to_string().ends_with(name), "{name}: {error}"),
    }
}

#[test]
fn any_prefix_of_a_table_reads_or_says_why() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["good.csv", "good.csv.gz", "truncated.csv", "semicolon.csv"] {
        let whole = std::fs::read(folder.join(name))?;
        for length in 0..whole.len() {
            reads_or_says_why(name, &whole[..length]);
        }
        for place in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[place] ^= 0x10;
            reads_or_says_why(name, &flipped);
        }
    }
    Ok(())
}

/// Files of tools are longer: prefixes and flipped bytes are spread over them, with a
/// stride that falls on all parts of a line.
#[test]
fn damaged_files_of_tools_read_or_say_why() -> std::io::Result<()> {
    const CUTS: usize = 12;
    const FLIPS: usize = 24;
    for (name, whole) in of_tools()? {
        for cut in 0..CUTS {
            reads_or_says_why(&name, &whole[..whole.len() * cut / CUTS]);
        }
        let mut flipped = whole.clone();
        for flip in 0..FLIPS {
            let place = (whole.len() * flip / FLIPS + flip * 7) % whole.len();
            flipped[place] ^= [0x10, 0x01, 0x80][flip % 3];
            reads_or_says_why(&name, &flipped);
            flipped[place] = whole[place];
        }
    }
    Ok(())
}

/// What two thirds of each file give, and what a few spoiled bytes in the middle do.
#[test]
fn what_comes_before_damage_is_kept() -> std::io::Result<()> {
    let mut text = String::new();
    for (name, whole) in of_tools()? {
        let cut = &whole[..whole.len() * 2 / 3];
        let mut spoiled = whole.clone();
        let middle = whole.len() / 2;
        spoiled[middle..middle + 3].copy_from_slice(b"\"{\\");
        for (what, bytes) in [("cut", cut), ("spoiled", &spoiled)] {
            let line = match from_named(&name, bytes) {
                Err(error) => format!("error: {error}"),
                Ok(it) => {
                    let Content::Recording(recording) = &it.content else {
                        panic!("{name} became a table");
                    };
                    let rows = recording.columns.iter().map(|it| it.at.len());
                    let counts = recording.histograms.iter().flat_map(|(_, rows)| rows);
                    let observed: u64 = counts.map(|row| row.histogram.count).sum();
                    let skipped = it.notes.iter().filter(|it| it.starts_with("skipped"));
                    let skipped: Vec<&str> = skipped.map(String::as_str).collect();
                    format!(
                        "{} values, {observed} observations; {}; damage: {}",
                        rows.sum::<usize>(),
                        skipped.join("; "),
                        it.damage.as_deref().unwrap_or("none")
                    )
                }
            };
            writeln!(text, "{name} {what}: {line}").map_err(std::io::Error::other)?;
        }
    }
    expect_file!["../fixtures/expected-damaged.txt"].assert_eq(&text);
    Ok(())
}

/// The program may be missing or of another version where tests run.
#[test]
fn a_binary_file_of_sar_reads_or_says_what_to_install() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let whole = std::fs::read(folder.join("sar.sa"))?;
    assert!(sniff(&whole).is_some_and(|it| it.name == "sar"));
    match from_named("sar.sa", &whole) {
        Ok(imported) => {
            let busy = |imported: &Imported| {
                let Content::Recording(recording) = &imported.content else {
                    panic!("a table");
                };
                let mut columns = recording.columns.iter();
                let name = "vm/system.cpu.utilization";
                columns
                    .find(|it| it.series.key.to_string() == name)
                    .map(|it| it.values.to_vec())
            };
            let json = std::fs::read(folder.join("sar.sadf.json"))?;
            let json = from_named("sar.sadf.json", &json).map_err(std::io::Error::other)?;
            assert!(busy(&imported).is_some_and(|it| it.len() == 3));
            assert_eq!(busy(&imported), busy(&json));
            assert_eq!((imported.format, imported.damage), ("sar", None));
            // sadf reads what is whole and says nothing of the rest.
            let cut = told(&from_named("sar.sa", &whole[..whole.len() * 2 / 3]));
            assert!(cut.contains("note: read 1 sample\n"), "{cut}");
            let cut = told(&from_named("sar.sa", &whole[..100]));
            assert!(cut.contains("sadf could not read it"), "{cut}");
        }
        Err(error) => assert!(error.to_string().contains("sysstat"), "{error}"),
    }
    Ok(())
}

#[test]
fn bombs_stop_early() -> std::io::Result<()> {
    let header = b"time,v\n";
    let bombs = [
        (
            "4 MiB",
            packed(&[header, vec![b'\n'; 16 << 20].as_slice()].concat())?,
        ),
        (
            "400 times",
            packed(&[&header[..], &b",\n".repeat(8 << 20)].concat())?,
        ),
        (
            "4 MiB",
            [&header[..], b"1,\"", &b"a\n".repeat(8 << 20)].concat(),
        ),
        ("4 MiB", vec![b'7'; 16 << 20]),
        ("columns", vec![b','; 1 << 20]),
    ];
    for (expected, bytes) in bombs {
        match from_bytes(&bytes) {
            Err(ImportError::TooLarge { limit, .. }) => {
                assert!(limit.contains(expected), "{limit}");
            }
            other => panic!("{expected}: {}", told(&other)),
        }
    }
    Ok(())
}

#[test]
fn what_is_no_file_is_refused_and_cancel_stops() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let read_it = |path: &Path, flow| read(path, &How::default(), &mut |_| flow);
    let missing = read_it(&folder.path().join("none.csv"), Flow::Continue);
    assert!(matches!(missing, Err(ImportError::Read { .. })));
    let not_a_file = read_it(folder.path(), Flow::Continue);
    assert!(matches!(
        not_a_file,
        Err(ImportError::NotAFile {
            found: "a folder",
            ..
        })
    ));
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "v\n1\n2\n")?;
    assert!(matches!(
        read_it(&path, Flow::Cancel),
        Err(ImportError::Cancelled { .. })
    ));
    let mut last = Progress::default();
    let done = read(&path, &How::default(), &mut |progress| {
        last = progress;
        Flow::Continue
    });
    assert!(done.is_ok());
    assert_eq!(
        last,
        Progress {
            read_bytes: 6,
            total_bytes: 6,
            rows: 2
        }
    );
    Ok(())
}

#[test]
fn others_formats_are_named() {
    for (bytes, expected) in [
        (&b"PAR1...."[..], "Parquet"),
        (b"PK\x03\x04....", "ZIP"),
        (b"{\"a\":1}", "JSON"),
        (b"\xff\xfea\0", "UTF-16"),
        (b"", "empty"),
    ] {
        let text = told(&from_bytes(bytes));
        assert!(text.contains(expected) && text.contains("CSV"), "{text}");
    }
}

#[test]
fn a_table_is_read_as_it_is_said_to_be() {
    let long = include_bytes!("../fixtures/long.csv");
    let columns = ["when=time", "value=value", "zone=skip"];
    let mut how = How {
        zone: TimeZone::get("Europe/Berlin").ok(),
        ..How::default()
    };
    how.table.long = true;
    for column in columns {
        how.table.set(how::As::parse(column).expect("HEADER=ROLE"));
    }
    let said = read_from(Path::new("long.csv"), &long[..], &how, &mut |_| {
        Flow::Continue
    });
    expect_test::expect![[r#"
        format CSV, times Local
        web-1/latency [ms] Gauge 2 from 2026-01-31T12:00:00Z to 2026-01-31T12:00:01Z: [12.5, 13.5]
        web-1/requests [{request}/s] Gauge 1 from 2026-01-31T12:00:00Z to 2026-01-31T12:00:00Z: [100.0]
        web-2/latency [ms] Gauge 1 from 2026-01-31T12:00:00Z to 2026-01-31T12:00:00Z: [15.0]
        note: read 9 rows as 3 series (long form: time when, name metric, host server, unit unit, value value)
        note: times without a zone were taken as those of Europe/Berlin
        note: left out 1 value because a later row tells the same series at the same time: another column may tell them apart
        note: skipped 1 cell because of no number in it, first in line 7 ("much")
        note: skipped 1 row because of no time, first in line 9
        note: skipped 1 cell because of an infinite value, first in line 10 ("inf")
        note: column "when" was read as dates and times without a zone
    "#]].assert_eq(&told(&said));
    // Whole numbers in a column of times are what they are said to be.
    let mut how = How::default();
    how.table.set(how::As {
        kind: Some(model::catalog::Kind::Counter),
        unit: Some(model::unit::Unit::new("By")),
        ..how::As::new("b", how::Role::Value)
    });
    how.table.count = Some(how::Count::Milliseconds);
    how.table.delimiter = Some(b'|');
    let text = "time|a,c|b\n1500|1|2\n2500|3|4\n";
    let said = read_from(Path::new("x"), text.as_bytes(), &how, &mut |_| {
        Flow::Continue
    });
    let Ok(Content::Table(table)) = said.map(|it| it.content) else {
        panic!("no table");
    };
    assert_eq!(table.at, [1_500_000_000, 2_500_000_000]);
    let series = &table.columns[1].series;
    assert_eq!(
        (series.key.to_string(), series.unit.code(), series.kind),
        ("b".to_owned(), "By", model::catalog::Kind::Counter)
    );
    // What is said of a column that is not there is told, with those that are.
    how.table.set(how::As::new("d", how::Role::Value));
    let wrong = read_from(Path::new("x"), text.as_bytes(), &how, &mut |_| {
        Flow::Continue
    });
    assert!(matches!(wrong, Err(ImportError::Said { why, .. }) if why.ends_with("time, a,c, b")));
}

#[test]
fn what_looks_like_a_secret_does_not_get_into_a_recording() {
    let text = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"GET /home","startTimeUnixNano":"1770000000000000000","endTimeUnixNano":"1770000000500000000","attributes":[{"key":"db.password","value":{"stringValue":"hunter2"}},{"key":"db.query.text","value":{"stringValue":"select 1 from t where name = 'hunter2'"}},{"key":"url.full","value":{"stringValue":"http://me:hunter2@host/x"}}]}]}]}]}"#;
    let read = from_named("x.json", text.as_bytes());
    let Ok(Content::Recording(recording)) = read.map(|it| it.content) else {
        panic!("no recording");
    };
    let (_, span) = recording.spans.first().expect("a span");
    let told = format!("{span:?}");
    assert!(told.contains("url.full") && told.contains("***"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}
