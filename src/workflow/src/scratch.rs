//! A file in the making: it stands beside its place under another name, and goes away by
//! itself unless it takes its place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Names beside a path that are tried.
const BESIDE_MAX: u32 = 1_000;

/// The path of something unfinished; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A path beside `path` where nothing is.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        for number in 0..BESIDE_MAX {
            let candidate = named(path, number);
            if fs::symlink_metadata(&candidate).is_err() {
                return Ok(Self(candidate));
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// An empty file beside `path`, for its owner only.
    pub(crate) fn create(path: &Path) -> io::Result<(Self, File)> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        for number in 0..BESIDE_MAX {
            let candidate = named(path, number);
            match options.open(&candidate) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => return opened.map(|file| (Self(candidate), file)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Moves it to its place, where nothing is. What appeared there in the meantime stays.
    pub(crate) fn become_file(mut self, path: &Path) -> io::Result<()> {
        moved(&self.0, path)?;
        self.0 = PathBuf::new();
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        match cfg!(unix) {
            true => File::open(folder.unwrap_or(Path::new(".")))?.sync_all(),
            false => Ok(()),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // Failing leaves a file named as unfinished, no more.
            drop(fs::remove_file(&self.0));
        }
    }
}

/// Renames a file without replacing another.
#[cfg(target_os = "linux")]
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Some file systems cannot.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => linked(from, to),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    linked(from, to)
}

/// The same by a second name; where there are none, by a look and a rename.
fn linked(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if fs::symlink_metadata(to).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

fn named(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{number}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_appeared_in_the_meantime_stays() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let out = folder.path().join("out");
        for by in [moved, linked] {
            let (scratch, _) = Scratch::create(&out)?;
            fs::write(&out, "there")?;
            let refused = by(scratch.path(), &out).map_err(|it| it.kind());
            assert_eq!(refused, Err(io::ErrorKind::AlreadyExists));
            assert_eq!(fs::read(&out)?, b"there");
            fs::remove_file(&out)?;
            by(scratch.path(), &out)?;
            assert!(out.exists() && !scratch.path().exists());
            fs::remove_file(&out)?;
        }
        Ok(())
    }
}
