//! The index of a library: what was known of its sessions when they were last looked at.
//!
//! One file a library in the user's cache folder. It may be deleted at any time; one that
//! cannot be read, or is of another version, counts for nothing.
//!
//! Start at [`read`] and [`write`].

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::scan::{Stamp, hex};
use super::{Entry, Looked};
use crate::outfile::replace;
use crate::problem::{Problem, Sort};

/// Version of the file; another one is not read.
const VERSION: u32 = 1;

/// A larger index is none of ours: 100,000 sessions at 2 kB.
const SIZE_MAX_BYTES: u64 = 256 << 20;

/// What is known, by path.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashMap<PathBuf, (Stamp, Entry)>,
}

#[derive(Serialize, Deserialize)]
struct File<E> {
    version: u32,
    kymo: String,
    entries: Vec<(Stamp, E)>,
}

impl Index {
    /// What is known of a session that has this stamp still.
    pub(super) fn get(&self, path: &Path, stamp: &Stamp) -> Option<&Entry> {
        let (known, entry) = self.entries.get(path)?;
        (known == stamp && *stamp != Stamp::default()).then_some(entry)
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// The folder of indexes of this user; `None` keeps none.
///
/// # Source
///
/// XDG Base Directory Specification: what can be made again.
pub(super) fn usual() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from)?;
        path.is_absolute().then_some(path)
    };
    let cache = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("LOCALAPPDATA"))
        .or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("kymo"))
}

/// The index file of a library.
pub(super) fn file(cache: &Path, root: &Path) -> PathBuf {
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    cache.join(format!("library-{}.json", hex(&digest[..8])))
}

/// Reads an index; what cannot be read is empty.
pub(super) fn read(path: &Path) -> Index {
    let text = std::fs::File::open(path).and_then(|file| {
        let mut text = Vec::new();
        file.take(SIZE_MAX_BYTES).read_to_end(&mut text)?;
        Ok(text)
    });
    let file = text.ok().and_then(|text| parsed(&text));
    let entries = file.map_or_else(Vec::new, |it| it.entries).into_iter();
    Index {
        entries: entries.map(|it| (it.1.path.clone(), it)).collect(),
    }
}

fn parsed(text: &[u8]) -> Option<File<Entry>> {
    let file: File<Entry> = serde_json::from_slice(text).ok()?;
    // Another build may conclude otherwise from the same manifest.
    let ours = file.version == VERSION && file.kymo == env!("CARGO_PKG_VERSION");
    ours.then_some(file)
}

/// Writes an index whole or not at all.
///
/// # Errors
///
/// The disk refuses.
pub(super) fn write(path: &Path, looked: &[Looked]) -> Result<(), Problem> {
    let what = || format!("could not keep the index {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Problem::from_error(what(), &error, Sort::of_io(&error)))?;
    }
    let file = File {
        version: VERSION,
        kymo: env!("CARGO_PKG_VERSION").to_owned(),
        entries: looked
            .iter()
            .map(|(stamp, entry, _)| (stamp.clone(), entry))
            .collect(),
    };
    let text = serde_json::to_vec(&file)
        .map_err(|error| Problem::from_error(what(), &error, Sort::Bug))?;
    replace(path, &text)
}
