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

    /// Moves it to its place.
    pub(crate) fn become_file(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.0, path)?;
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

fn named(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{number}.part", std::process::id()));
    path.with_file_name(name)
}
