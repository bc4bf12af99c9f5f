//! Finds the sessions below a folder, and tells cheaply whether one changed.
//!
//! A file is a session by its name, a folder by its manifest; what is inside a session
//! folder is none. Links to folders are not followed, so there are no circles.
//!
//! Start at [`below`].

use std::fs::{self, File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::problem::{Problem, Sort};
use crate::stored;

/// Folders within folders that are looked into.
const DEPTH_MAX: usize = 12;

/// Sessions of one library: a session an hour for eleven years.
const SESSIONS_MAX: usize = 100_000;

/// Names looked at, so that a library at `/` ends some time.
const NAMES_MAX: usize = 2_000_000;

/// The end of a session file holds its checksums and its directory, the end of a sealed
/// document its seal: so many bytes of it stand for the whole.
const TAIL_BYTES: u64 = 16 << 10;

/// Documents of a session folder that change what is listed.
const DOCUMENTS: [&str; 4] = [
    "manifest.ron",
    "manifest.copy.ron",
    "findings.ron",
    "label.ron",
];

/// Where a session may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// Its path within the library.
    pub(super) name: String,
}

/// What tells a changed session from the known one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// Size.
    pub(super) bytes: u64,
    /// Times of the last change of content, newest first.
    pub(super) modified_ns: i64,
    /// SHA-256 of the end, where the checksums of manifest and documents stand.
    pub(super) tail: String,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) places: Vec<Place>,
    pub(super) notes: Vec<String>,
}

/// Finds every session below a folder, by name.
///
/// # Errors
///
/// The folder itself is not there, is none, or cannot be read.
pub(super) fn below(root: &Path) -> Result<Found, Problem> {
    let facts = fs::metadata(root).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem {
            what: format!("could not list {}", root.display()),
            what_to_do: "a folder of .kymo files and session folders".to_owned(),
            ..stored::missing(root)
        },
        _ => listing(root, &error),
    })?;
    let mut found = Found::default();
    if facts.is_file() || is_session(root) {
        found.places.push(Place::of(root, root));
        return Ok(found);
    }
    let mut seen = 0;
    let mut open = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let names = match fs::read_dir(&folder) {
            Ok(names) => names,
            Err(error) if folder == root => return Err(listing(root, &error)),
            Err(error) => {
                let note = format!("{} cannot be read: {error}", folder.display());
                found.notes.push(note);
                continue;
            }
        };
        for name in names.flatten() {
            seen += 1;
            if seen > NAMES_MAX || found.places.len() >= SESSIONS_MAX {
                let note = format!("{} holds more than is listed", root.display());
                found.notes.push(note);
                open.clear();
                break;
            }
            look(root, &name, depth, (&mut found, &mut open));
        }
    }
    found.places.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn look(
    root: &Path,
    name: &fs::DirEntry,
    depth: usize,
    (found, open): (&mut Found, &mut Vec<(PathBuf, usize)>),
) {
    let path = name.path();
    let hidden = name.file_name().to_string_lossy().starts_with('.');
    let Ok(kind) = name.file_type() else { return };
    if hidden {
        return;
    }
    if kind.is_dir() {
        if is_session(&path) {
            found.places.push(Place::of(root, &path));
        } else if depth < DEPTH_MAX {
            open.push((path, depth + 1));
        } else {
            let note = format!("{} lies too deep", path.display());
            found.notes.push(note);
        }
        return;
    }
    let named = path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("kymo"));
    // A link to a file is taken as the file; anything else of this name is refused later.
    if named {
        found.places.push(Place::of(root, &path));
    }
}

fn listing(root: &Path, error: &std::io::Error) -> Problem {
    let what = format!("could not list {}", root.display());
    Problem::from_error(what, error, Sort::of_io(error)).advise("a folder that you may read")
}

fn is_session(folder: &Path) -> bool {
    DOCUMENTS[..2].iter().any(|it| folder.join(it).is_file())
}

impl Place {
    pub(super) fn of(root: &Path, path: &Path) -> Self {
        let within = path.strip_prefix(root).unwrap_or(path);
        let within = match within.as_os_str().is_empty() {
            true => Path::new(path.file_name().unwrap_or(path.as_os_str())),
            false => within,
        };
        Self {
            path: path.to_path_buf(),
            name: within.to_string_lossy().into_owned(),
        }
    }

    /// What tells whether it changed; the default where it cannot be looked at, which
    /// equals no stamp of a session.
    pub(super) fn stamp(&self) -> Stamp {
        let Ok(facts) = fs::metadata(&self.path) else {
            return Stamp::default();
        };
        match facts.is_dir() {
            true => of_folder(&self.path),
            false if facts.is_file() => of_file(&self.path, &facts).unwrap_or_default(),
            false => Stamp::default(),
        }
    }
}

fn of_file(path: &Path, facts: &Metadata) -> Option<Stamp> {
    let mut hash = Sha256::new();
    add_tail(&mut hash, path, facts.len())?;
    Some(Stamp {
        bytes: facts.len(),
        modified_ns: modified_ns(facts),
        tail: hex(&hash.finalize()),
    })
}

/// A folder that is being recorded grows in its journal, which is counted too.
fn of_folder(path: &Path) -> Stamp {
    let mut hash = Sha256::new();
    let mut stamp = Stamp::default();
    let mut count = |path: &Path, hash: Option<&mut Sha256>| {
        let Ok(facts) = fs::metadata(path) else {
            return;
        };
        stamp.bytes += facts.len();
        stamp.modified_ns = stamp.modified_ns.max(modified_ns(&facts));
        if let Some(hash) = hash {
            hash.update(path.as_os_str().as_encoded_bytes());
            add_tail(hash, path, facts.len()).unwrap_or_default();
        }
    };
    for name in DOCUMENTS {
        count(&path.join(name), Some(&mut hash));
    }
    let journal = fs::read_dir(path.join("journal")).into_iter().flatten();
    for name in journal.flatten() {
        count(&name.path(), None);
    }
    stamp.tail = hex(&hash.finalize());
    stamp
}

fn add_tail(hash: &mut Sha256, path: &Path, bytes: u64) -> Option<()> {
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(bytes.saturating_sub(TAIL_BYTES)))
        .ok()?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail).ok()?;
    hash.update(&tail);
    Some(())
}

fn modified_ns(facts: &Metadata) -> i64 {
    let at = facts.modified().ok();
    let since = at.and_then(|it| it.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX))
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
