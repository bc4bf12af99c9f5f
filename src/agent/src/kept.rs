//! Files that are opened once and read again and again.
//!
//! A kernel file read through a kept descriptor costs a third of opening it
//! each time. The buffer is shared, so that a reading allocates nothing.
//!
//! Start at [`Kept`].

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Largest kernel file that is read: `/proc/stat` of a thousand processors stays below.
const FILE_MAX_BYTES: usize = 4 << 20;

/// The tree that stands for the machine: `/` in life, a recorded tree in tests.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

/// A file that stays open between readings.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    file: Option<File>,
}

impl Root {
    /// The tree below `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The path of `relative` (such as `proc/stat`) in this tree.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.0.join(relative)
    }

    /// Whether this is the live machine, where system calls may replace files.
    pub fn is_live(&self) -> bool {
        self.0 == Path::new("/")
    }

    /// Names in a directory, sorted; empty when it cannot be listed.
    pub fn names(&self, relative: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(relative)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// The trimmed text of a small file, read once; `None` when it cannot be read.
    pub fn text(&self, relative: &str) -> Option<String> {
        let bytes = std::fs::read(self.path(relative)).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// A kept file in this tree; it is opened at the first reading.
    pub fn keep(&self, relative: &str) -> Kept {
        Kept::new(self.path(relative))
    }
}

impl Kept {
    /// Names a file without opening it.
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole file from its start into `buffer` and returns the bytes.
    ///
    /// A descriptor that went stale (the process ended, the device left) is
    /// opened once more before giving up.
    ///
    /// # Errors
    ///
    /// What the system says of opening or reading the file.
    pub fn read<'b>(&mut self, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        if let Some(file) = &self.file {
            match read_all(file, buffer) {
                Ok(length) => return Ok(&buffer[..length]),
                Err(_) => self.file = None,
            }
        }
        let file = File::open(&self.path)?;
        let length = read_all(&file, buffer)?;
        self.file = Some(file);
        Ok(&buffer[..length])
    }

    /// Like [`Kept::read`], but never opens again: for files of a process, whose pid may be reused.
    ///
    /// # Errors
    ///
    /// What the system says of opening or reading the file.
    pub fn read_once_opened<'b>(&mut self, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        if self.file.is_none() {
            self.file = Some(File::open(&self.path)?);
        }
        let Some(file) = &self.file else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let length = read_all(file, buffer)?;
        Ok(&buffer[..length])
    }

    /// Whether a descriptor is held.
    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Gives the descriptor back; the next reading opens the file again.
    pub fn close(&mut self) {
        self.file = None;
    }
}

/// How many descriptors a source keeps, and how many it may.
#[derive(Debug)]
pub struct Budget {
    kept: usize,
    limit: usize,
}

/// Descriptors kept per source for the files of a recorded tree.
const KEPT_IN_TREE: usize = 256;

impl Budget {
    /// Allows a share of the descriptors that this process may have, at most `most`.
    pub fn new(root: &Root, percent: u64, most: u64) -> Self {
        let limit = if root.is_live() {
            let share = crate::system::descriptors()
                .unwrap_or(most)
                .saturating_mul(percent)
                / 100;
            usize::try_from(share.min(most)).unwrap_or(0)
        } else {
            KEPT_IN_TREE
        };
        Self { kept: 0, limit }
    }

    /// Reads like [`Kept::read_once_opened`]; beyond the limit the file is closed again.
    ///
    /// # Errors
    ///
    /// What the system says of opening or reading the file.
    pub fn read<'b>(&mut self, file: &mut Kept, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        let before = file.is_open();
        let read = file.read_once_opened(buffer);
        match (before, file.is_open()) {
            (false, true) if self.kept >= self.limit => file.close(),
            (false, true) => self.kept += 1,
            _ => {}
        }
        read
    }

    /// Whether more than half of what is allowed is kept, so that seldom read
    /// files should make room.
    pub fn is_tight(&self) -> bool {
        self.kept > self.limit / 2
    }

    /// Gives a descriptor back.
    pub fn close(&mut self, file: &mut Kept) {
        if file.is_open() {
            file.close();
            self.kept = self.kept.saturating_sub(1);
        }
    }
}

fn read_all(file: &File, buffer: &mut Vec<u8>) -> io::Result<usize> {
    if buffer.len() < 4096 {
        buffer.resize(16 << 10, 0);
    }
    let mut length = 0;
    loop {
        let read = crate::system::read_at(file, &mut buffer[length..], length as u64)?;
        length += read;
        if read == 0 || length < buffer.len() {
            return Ok(length);
        }
        if buffer.len() >= FILE_MAX_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "kernel file is larger than 4 MiB",
            ));
        }
        buffer.resize(buffer.len() * 2, 0);
    }
}
