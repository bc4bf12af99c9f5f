//! Writes a file so that it is there whole or not at all.
//!
//! Start at [`replace`].

use std::io::Write;
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
    // A device or pipe must never be renamed over.
    if std::fs::metadata(out).is_ok_and(|it| !it.is_file()) {
        return Err(wrong("it is no regular file"));
    }
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
        Problem::from_error(what(), &error, Sort::Denied).advise(advice)
    })
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
