//! Alerts that nobody answered to: kept in a file until somebody does.
//!
//! A line of JSON each, the oldest first, at most [`LETTERS_MAX`]: what is older is
//! forgotten. The file is held for as long as it takes to read or write it.
//!
//! Start at [`take`] and [`put`].

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Alerts that are kept: a rule that fires each minute does so for an hour and a half.
const LETTERS_MAX: usize = 100;

/// Bytes of the file that are read, at most.
const SIZE_MAX_BYTES: u64 = 4 << 20;

/// An alert as it is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Letter {
    /// Id of its rule.
    pub(super) rule: String,
    /// What is posted, JSON.
    pub(super) body: String,
}

/// Takes out everything that is kept.
pub(super) fn take(path: &Path) -> io::Result<Vec<Letter>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut file = opened(path)?;
    let letters = read(&mut file)?;
    file.set_len(0)?;
    Ok(letters)
}

/// Keeps these after those that are kept already.
pub(super) fn put(path: &Path, letters: &[Letter]) -> io::Result<()> {
    if letters.is_empty() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = opened(path)?;
    let mut all = read(&mut file)?;
    all.extend_from_slice(letters);
    let mut text = String::new();
    for letter in &all[all.len().saturating_sub(LETTERS_MAX)..] {
        text.push_str(&serde_json::to_string(letter)?);
        text.push('\n');
    }
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// What cannot be read as a letter is none.
fn read(file: &mut File) -> io::Result<Vec<Letter>> {
    let mut bytes = Vec::new();
    file.take(SIZE_MAX_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let letters = text.lines().map(serde_json::from_str);
    Ok(letters.filter_map(Result::ok).collect())
}

/// Opens the file for its owner only, and waits until nobody else reads or writes it.
fn opened(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    match file.lock() {
        // Some file systems know no locks; then nobody is kept out.
        Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(error),
        _ => Ok(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_in_order_and_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/untold.jsonl");
        assert!(take(&path).unwrap().is_empty());
        for number in 0..LETTERS_MAX + 3 {
            let letter = Letter {
                rule: number.to_string(),
                body: "{}".to_owned(),
            };
            put(&path, &[letter]).unwrap();
        }
        let letters = take(&path).unwrap();
        assert_eq!(letters.len(), LETTERS_MAX);
        assert_eq!(letters[0].rule, "3");
        assert!(take(&path).unwrap().is_empty());
    }
}
