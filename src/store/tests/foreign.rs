//! Files of pandas and pyarrow, and what is left of them when they are cut or spoiled.

use std::error::Error;
use std::path::{Path, PathBuf};

use store::foreign::{Foreign, ForeignError, Form, Holds};

type Outcome = Result<(), Box<dyn Error>>;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

fn read(name: &str, rows: Option<usize>) -> Result<Foreign, Box<dyn Error>> {
    let path = fixture(name);
    let form = Form::of(&path).ok_or("no form")?;
    Ok(Foreign::read(&path, form, rows)?)
}

#[test]
fn arrow_files_and_streams_give_what_was_written() -> Outcome {
    for (name, form) in [
        ("wide-zstd.feather", Form::Arrow),
        ("wide.arrow", Form::Arrow),
        ("wide.arrows", Form::ArrowStream),
    ] {
        let file = read(name, None)?;
        assert_eq!(file.form(), form, "{name}");
        assert_eq!(file.rows(), 40, "{name}");
        assert_eq!(file.headers(), ["when", "cpu", "reads", "note"], "{name}");
        let holds: Vec<Holds> = (0..4).map(|it| file.holds(it)).collect();
        assert_eq!(
            holds,
            [Holds::Times, Holds::Numbers, Holds::Numbers, Holds::Words]
        );
        let (at, zoned) = file.times(0, None).ok_or("no times")?;
        assert!(zoned);
        assert_eq!(at[1], Some(1_769_860_801_000_000_000), "{name}");
        let cpu = file.numbers(1).ok_or("no numbers")?;
        assert!(cpu[5].is_nan());
        assert_eq!(cpu[1], 0.199, "{name}");
        assert_eq!(file.numbers(2).ok_or("no numbers")?[39], 117.0);
        assert_eq!(file.text(3, 7).as_deref(), Some("x"));
        let few = read(name, Some(3))?;
        assert_eq!(few.rows(), 3, "{name}");
    }
    Ok(())
}

#[test]
fn long_tables_have_their_words() -> Outcome {
    for name in ["long.parquet", "long.feather"] {
        let file = read(name, None)?;
        assert_eq!(
            file.headers(),
            ["time", "host", "metric", "unit", "zone", "value"],
            "{name}"
        );
        assert_eq!(file.text(2, 1).as_deref(), Some("requests"), "{name}");
        let (at, zoned) = file.times(0, None).ok_or("no times")?;
        assert!(!zoned, "{name}");
        assert_eq!(at[4], Some(1_769_860_801_000_000_000), "{name}");
    }
    Ok(())
}

/// A small generator, so that every run spoils the same bytes.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn damaged_files_are_told_and_never_panic() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    for name in [
        "wide-zstd.feather",
        "wide.arrow",
        "wide.arrows",
        "long.feather",
        "long.parquet",
    ] {
        let whole = std::fs::read(fixture(name))?;
        let form = Form::of(&fixture(name)).ok_or("no form")?;
        let mut refused = 0;
        for turn in 0..200 {
            let mut bytes = whole.clone();
            if turn % 4 == 0 {
                bytes.truncate(next(&mut seed) as usize % whole.len());
            } else {
                for _ in 0..=turn % 5 {
                    let place = next(&mut seed) as usize % bytes.len();
                    bytes[place] = next(&mut seed) as u8;
                }
            }
            let path = folder.path().join("damaged");
            std::fs::write(&path, &bytes)?;
            match Foreign::read(&path, form, None) {
                Ok(file) => {
                    for place in 0..file.headers().len() {
                        file.numbers(place);
                        file.times(place, None);
                        file.text(place, 0);
                    }
                }
                Err(ForeignError::Format { why, .. }) => {
                    assert!(!why.is_empty());
                    refused += 1;
                }
                Err(ForeignError::Limit { .. }) => refused += 1,
                Err(error) => return Err(error.into()),
            }
        }
        assert!(refused > 20, "{name}: {refused}");
    }
    Ok(())
}

#[test]
fn what_promises_more_than_it_holds_is_refused_before_it_is_unpacked() -> Outcome {
    let whole = std::fs::read(fixture("wide-zstd.feather"))?;
    // A buffer of a compressed batch begins with its length unpacked: 40 times 8 bytes.
    let told = 320_i64.to_le_bytes();
    let place = whole
        .windows(8)
        .position(|it| it == told)
        .ok_or("no compressed buffer")?;
    let mut bomb = whole;
    bomb[place..place + 8].copy_from_slice(&(1_i64 << 45).to_le_bytes());
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bomb.arrow");
    std::fs::write(&path, bomb)?;
    let refused = Foreign::read(&path, Form::Arrow, None);
    assert!(
        matches!(refused, Err(ForeignError::Limit { .. })),
        "{refused:?}"
    );
    Ok(())
}
