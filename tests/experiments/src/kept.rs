//! Predictions as they were before the change: kept, hashed and on the disk.
//!
//! * In: what was predicted.
//! * Out: a file each, and a line each in `predictions.jsonl`.
//! * Never: changes a line that is there.
//!
//! Start at [`keep`].

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    file: &'a str,
    sha256: String,
    by: &'a str,
}

/// Keeps a prediction; it is on the disk when this returns.
pub(crate) fn keep(out: &Path, name: &str, (by, text): (&str, &str)) -> Result<(), String> {
    let file = format!("{name}.prediction.json");
    write(&out.join(&file), text.as_bytes(), false)?;
    let line = Line {
        at: jiff::Timestamp::now().to_string(),
        file: &file,
        sha256: sha256(text.as_bytes()),
        by,
    };
    let line = serde_json::to_string(&line).map_err(|it| it.to_string())?;
    let all = out.join("predictions.jsonl");
    write(&all, format!("{line}\n").as_bytes(), true)
}

fn write(path: &Path, bytes: &[u8], append: bool) -> Result<(), String> {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    match append {
        true => options.append(true),
        false => options.truncate(true),
    };
    let file = options.open(path);
    let written = file.and_then(|mut it| {
        it.write_all(bytes)?;
        it.sync_all()
    });
    written.map_err(|it| format!("{}: {it}", path.display()))
}

fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|it| format!("{it:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_sha256sum() {
        let wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), wanted);
    }
}
