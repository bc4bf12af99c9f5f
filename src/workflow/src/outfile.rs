//! Writes a file so that it is there whole or not at all, and never over a recording.
//!
//! Start at [`replace`], and at [`spare`] before long work.

use std::io::{Read, Write};
use std::path::Path;

use crate::problem::{Problem, Sort};

/// Writes a file beside itself and renames it, so that it is there whole or not at all.
pub(crate) fn replace(out: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let what = || format!("could not write {}", out.display());
    let wrong = |why: &str| Problem {
        what: what(),
        why: why.to_owned(),
        what_to_do: "a path that ends in a file name".to_owned(),
        sort: Sort::Usage,
    };
    let name = out.file_name().ok_or_else(|| wrong("it names no file"))?;
    spare(out, &[])?;
    let beside = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let beside = out.with_file_name(beside);
    let written = write_new(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, out))
        .and_then(|()| sync_folder(out));
    written.map_err(|error| {
        // The part is ours; where it cannot be removed, the first trouble is still the one to tell.
        let removed = std::fs::remove_file(&beside);
        let left = removed.is_err() && beside.exists();
        let advice = match left {
            true => format!("a folder you may write to, and remove {}", beside.display()),
            false => "a folder that exists and that you may write to".to_owned(),
        };
        Problem::from_error(what(), &error, Sort::of_io(&error)).advise(advice)
    })
}

/// First bytes of what holds recordings: an archive, a table of Parquet, a sealed file.
const RECORDINGS: [&[u8]; 3] = [b"PK\x03\x04", b"PAR1", b"age-encryption.org/"];

/// Refuses to write an answer over one of its inputs, a recording or a device.
///
/// # Errors
///
/// `out` is there and is one of these.
pub fn spare(out: &Path, inputs: &[&Path]) -> Result<(), Problem> {
    let refused = |why: &str, what_to_do: &str| {
        Err(Problem {
            what: format!("could not write {}", out.display()),
            why: why.to_owned(),
            what_to_do: what_to_do.to_owned(),
            sort: Sort::Usage,
        })
    };
    if out.as_os_str() == "-" {
        return refused("answers go to files", "the path of a file");
    }
    let Ok(there) = std::fs::metadata(out) else {
        return Ok(());
    };
    // A device or pipe must never be renamed over.
    if !there.is_file() {
        return refused("it is no regular file", "a path that ends in a file name");
    }
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    if inputs.iter().any(|it| real(it) == real(out)) {
        return refused("it is the input", "another file for the answer");
    }
    let mut first = Vec::new();
    let read = std::fs::File::open(out).and_then(|it| it.take(32).read_to_end(&mut first));
    match read.is_ok() && RECORDINGS.iter().any(|it| first.starts_with(it)) {
        true => refused(
            "it is a recording or another archive, which no answer replaces",
            "another file for the answer",
        ),
        false => Ok(()),
    }
}

/// Creates a file that was not there, so that no link of a stranger is followed.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if std::fs::symlink_metadata(path).is_ok() {
        std::fs::remove_file(path)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_never_replace_recordings_and_inputs() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        for (name, bytes, spared) in [
            ("session.kymo", &b"PK\x03\x04 and more"[..], true),
            ("table.parquet", b"PAR1", true),
            ("sealed.kymo.age", b"age-encryption.org/v1\n", true),
            ("input.csv", b"time,cpu\n", true),
            ("report.html", b"<!doctype html>", false),
            ("empty", b"", false),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes)?;
            let input = folder.path().join(".").join("input.csv");
            assert_eq!(spare(&path, &[&input]).is_err(), spared, "{name}");
            if name != "input.csv" {
                assert_eq!(replace(&path, b"answer").is_err(), spared, "{name}");
            }
            let now = std::fs::read(&path)?;
            assert_eq!(now == bytes, spared, "{name}");
        }
        assert!(spare(&folder.path().join("new"), &[]).is_ok());
        Ok(())
    }
}
