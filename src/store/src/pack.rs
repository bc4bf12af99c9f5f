//! Packs a finished session folder into one file and swaps it into place.
//!
//! At any moment the path holds a session: the folder until the exchange, the
//! file from then on.

use std::fs;
use std::io;
use std::path::Path;

use crate::archive::{Writer, remove_quietly};
use crate::disk::{beside, sync_folder};
use crate::document;
use crate::limit::{DOCUMENT_MAX_BYTES, MEMBER_MAX_BYTES};
use crate::manifest::{self, Manifest};
use crate::open::DOCUMENTS;
use crate::part::Place;
use crate::progress::{Continue, Progress, Watch};
use crate::recorder::{RecordError, failed};

/// Replaces the folder at `path` by a file; returns its size.
pub(crate) fn in_place(
    path: &Path,
    manifest: &Manifest,
    watch: Watch<'_>,
) -> Result<u64, RecordError> {
    let write = |source| failed(path, source);
    let mut writer = Writer::create(path).map_err(write)?;
    let folder = Place::Folder(path.to_owned());
    let text = document::sealed(manifest).map_err(|it| write(io::Error::other(it)))?;
    writer.add(manifest::NAME, &text).map_err(write)?;
    let total = manifest.segments.iter().map(|it| it.bytes).sum();
    let mut done = 0;
    for segment in &manifest.segments {
        let bytes = folder
            .read(&segment.path, MEMBER_MAX_BYTES)
            .map_err(write)?;
        writer
            .add(&segment.path, &bytes.unwrap_or_default())
            .map_err(write)?;
        done += segment.bytes;
        if watch(Progress { done, total }) == Continue::Stop {
            return Err(RecordError::Stopped {
                path: path.to_owned(),
            });
        }
    }
    for name in DOCUMENTS {
        if let Some(bytes) = folder.read(name, DOCUMENT_MAX_BYTES).map_err(write)? {
            writer.add(name, &bytes).map_err(write)?;
        }
    }
    writer.add(manifest::COPY_NAME, &text).map_err(write)?;
    let temporary = writer.close().map_err(write)?;
    let bytes = fs::metadata(&temporary).map_err(write)?.len();
    if let Err(error) = exchange(&temporary, path) {
        remove_quietly(&temporary);
        return Err(write(error));
    }
    Ok(bytes)
}

/// Puts the file where the folder is, then removes the folder.
fn exchange(file: &Path, folder: &Path) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    if swap(file, folder).is_ok() {
        sync_folder(parent)?;
        remove_folder(file);
        return Ok(());
    }
    // Without an atomic exchange there is a moment in which the path is free.
    let aside = beside(&folder.with_extension("folder"), 0);
    fs::rename(folder, &aside)?;
    if let Err(error) = fs::rename(file, folder) {
        fs::rename(&aside, folder)?;
        return Err(error);
    }
    sync_folder(parent)?;
    remove_folder(&aside);
    Ok(())
}

/// Removes the folder once the file stands. Failing leaves a folder named as temporary, no more.
fn remove_folder(folder: &Path) {
    drop(fs::remove_dir_all(folder));
}

#[cfg(target_os = "linux")]
fn swap(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn swap(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
