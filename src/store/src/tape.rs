//! Journal files: their names, and how parts of one journal go together.
//!
//! ```text
//! journal/web-1-000003.frames            frames as they came
//! journal/web-1-000003.names             second copy of the declarations
//! journal/web-1-000003~1~52341.frames    continues after a failed sync, from this byte on
//! ```
//!
//! A part is laid over the bytes before it: it repeats what may not have
//! reached the disk.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::limit::JOURNAL_MAX_BYTES;

/// The folder of journals within a session folder.
pub(crate) const FOLDER: &str = "journal";

/// Which of the two files of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Copy {
    /// Everything.
    Frames,
    /// Declarations only.
    Names,
}

impl Copy {
    fn extension(self) -> &'static str {
        match self {
            Self::Frames => "frames",
            Self::Names => "names",
        }
    }
}

/// Which journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Which {
    /// Folder name of the host.
    pub(crate) host: String,
    /// Number among the host's journals.
    pub(crate) number: u32,
}

/// The files of one journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// By copy and part: the byte from which it counts, and the path.
    parts: BTreeMap<(Copy, u32), (u64, PathBuf)>,
}

/// File name of a part of a journal.
pub(crate) fn file_name(which: &Which, copy: Copy, part: u32, offset: u64) -> String {
    let Which { host, number } = which;
    let extension = copy.extension();
    if part == 0 {
        format!("{host}-{number:06}.{extension}")
    } else {
        format!("{host}-{number:06}~{part}~{offset}.{extension}")
    }
}

fn parse(name: &str) -> Option<(Which, Copy, u32, u64)> {
    let (stem, copy) = match name.rsplit_once('.')? {
        (stem, "frames") => (stem, Copy::Frames),
        (stem, "names") => (stem, Copy::Names),
        _ => return None,
    };
    let mut pieces = stem.split('~');
    let (host, number) = pieces.next()?.rsplit_once('-')?;
    let part = pieces.next().map_or(Some(0), |it| it.parse().ok())?;
    let offset = pieces.next().map_or(Some(0), |it| it.parse().ok())?;
    let which = Which {
        host: host.to_owned(),
        number: number.parse().ok()?,
    };
    Some((which, copy, part, offset))
}

/// The journals of a session folder; none when there is no such folder.
pub(crate) fn list(session: &Path) -> io::Result<BTreeMap<Which, Files>> {
    let mut journals: BTreeMap<Which, Files> = BTreeMap::new();
    let entries = match fs::read_dir(session.join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(journals),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some((which, copy, part, offset)) = name.to_str().and_then(parse) else {
            continue;
        };
        let files = journals.entry(which).or_default();
        files.parts.insert((copy, part), (offset, entry.path()));
    }
    Ok(journals)
}

/// Bytes of all journals of a session folder; what cannot be read counts nothing.
pub(crate) fn bytes(session: &Path) -> u64 {
    let journals = list(session).unwrap_or_default();
    let paths = journals.values().flat_map(Files::paths);
    let sizes = paths.filter_map(|path| fs::metadata(path).ok());
    sizes.map(|it| it.len()).sum()
}

impl Files {
    /// Reads one copy of the journal, parts laid over each other.
    pub(crate) fn read(&self, copy: Copy) -> io::Result<Vec<u8>> {
        let mut whole: Vec<u8> = Vec::new();
        for ((of, _), (offset, path)) in &self.parts {
            if *of != copy {
                continue;
            }
            let left = JOURNAL_MAX_BYTES.saturating_sub(*offset);
            let mut bytes = Vec::new();
            plain_file(path)?.take(left).read_to_end(&mut bytes)?;
            let from = usize::try_from(*offset).unwrap_or(usize::MAX);
            if from > whole.len() {
                // The part before is shorter than it was: what is between is lost,
                // which the frames' sequence numbers tell.
                whole.extend_from_slice(&bytes);
                continue;
            }
            let to = (from + bytes.len()).min(whole.len());
            whole.splice(from..to, bytes);
        }
        Ok(whole)
    }

    /// Paths of all files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.parts.values().map(|(_, path)| path.as_path())
    }
}

/// Opens a regular file; a link, pipe or device is refused.
pub(crate) fn plain_file(path: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_what_they_print() {
        let which = Which {
            host: "web-1.a".to_owned(),
            number: 7,
        };
        for (copy, part, offset) in [(Copy::Frames, 0, 0), (Copy::Names, 2, 991)] {
            let name = file_name(&which, copy, part, offset);
            assert_eq!(parse(&name), Some((which.clone(), copy, part, offset)));
        }
        for wrong in ["", "x.frames", "a-b.frames", "a-1~x~2.frames", "a-1.txt"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
