//! Files by example: each fixture has its answer in `fixtures/expected.txt`.

use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use expect_test::expect_file;

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
    line(&format!(
        "time column {:?}, {} rows",
        imported.time_column,
        imported.at.len()
    ));
    line(&format!(
        "at {:?}",
        &imported.at[..imported.at.len().min(7)]
    ));
    for (name, values) in &imported.columns {
        assert_eq!(values.len(), imported.at.len(), "{name}");
        line(&format!("{name:?} {:?}", &values[..values.len().min(7)]));
    }
    for note in &imported.notes {
        line(&format!("note: {note}"));
    }
    if let Some(damage) = &imported.damage {
        line(&format!("damage: {damage}"));
    }
    text
}

fn from_bytes(bytes: &[u8]) -> Result<Imported, ImportError> {
    read_from(Path::new("x.csv"), bytes, &mut |_| Flow::Continue)
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
    names.retain(|name| name != "expected.txt");
    names.sort();
    assert!(names.len() > 10, "fixtures are missing");
    let mut text = String::new();
    for name in names {
        let file = std::fs::File::open(folder.join(&name))?;
        let result = read_from(Path::new(&name), file, &mut |_| Flow::Continue);
        writeln!(text, "== {name}\n{}", told(&result)).map_err(std::io::Error::other)?;
    }
    expect_file!["../fixtures/expected.txt"].assert_eq(&text);
    Ok(())
}

#[test]
fn any_prefix_of_a_file_reads_or_says_why() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["good.csv", "good.csv.gz", "truncated.csv", "semicolon.csv"] {
        let whole = std::fs::read(folder.join(name))?;
        for length in 0..whole.len() {
            if let Err(error) = from_bytes(&whole[..length]) {
                assert!(
                    error.to_string().ends_with("x.csv"),
                    "{name} {length}: {error}"
                );
            }
        }
        for place in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[place] ^= 0x10;
            if let Ok(imported) = from_bytes(&flipped) {
                assert!(
                    imported
                        .columns
                        .iter()
                        .all(|(_, it)| it.len() == imported.at.len())
                );
            }
        }
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
    let read_it = |path: &Path, flow| read(path, &mut |_| flow);
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
    let done = read(&path, &mut |progress| {
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
