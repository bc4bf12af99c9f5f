//! The few things the recorder asks of a disk, so that tests can make them fail.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A disk that a recording is written to.
pub(crate) trait Disk: Debug + Send + Sync {
    /// Creates a new file; what was there before is gone.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Moves a file over another.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Creates a folder and those above it.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
}

/// An open file of a [`Disk`].
pub(crate) trait DiskFile: Send {
    /// Writes all of `bytes` at an offset; a failed write may leave a part.
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Makes everything written durable. After an error the file must be given up:
    /// the system may have dropped the pages and report success the next time.
    fn sync(&mut self) -> io::Result<()>;
}

/// The real one.
#[derive(Debug)]
pub(crate) struct RealDisk;

struct RealFile(File);

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(RealFile(create_new(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }
}

impl DiskFile for RealFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        write_all_at(&self.0, bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Writes a file beside its place, syncs it and moves it there: readers see the
/// old content or the new, never a part.
pub(crate) fn write_whole(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = beside(path);
    let written = (|| {
        disk.create_folder(folder)?;
        let mut file = disk.create(&temporary)?;
        file.write_at(bytes, 0)?;
        file.sync()?;
        drop(file);
        disk.rename(&temporary, path)
    })();
    if let Err(error) = written {
        // The first failure is the one to tell; a leftover is overwritten next time.
        drop(disk.remove(&temporary));
        return Err(error);
    }
    disk.sync_folder(folder)
}

/// A name beside `path` for something unfinished.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Creates a file for its owner only: what others record is not everybody's business.
///
/// What was there is removed and never written to, since it may be a link that
/// leads elsewhere; one that appears in between is refused, not followed.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Reads exactly `buffer.len()` bytes at an offset, without moving a shared cursor.
pub(crate) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
    }
    #[cfg(not(unix))]
    {
        use std::io::{Read, Seek, SeekFrom};
        let mut own = file.try_clone()?;
        own.seek(SeekFrom::Start(offset))?;
        own.read_exact(buffer)
    }
}

fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
    }
    #[cfg(not(unix))]
    {
        use std::io::{Seek, SeekFrom, Write};
        let mut own = file.try_clone()?;
        own.seek(SeekFrom::Start(offset))?;
        own.write_all(bytes)
    }
}

/// Whether an error says that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn a_link_in_the_way_is_replaced_and_never_followed() -> Outcome {
        let folder = tempfile::tempdir()?;
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious")?;
        let path = folder.path().join("notes.ron");
        symlink(&victim, beside(&path))?;
        write_whole(&RealDisk, &path, b"new")?;
        assert_eq!(fs::read(&path)?, b"new");
        let archive = folder.path().join("s.kymo");
        symlink(&victim, beside(&archive))?;
        crate::archive::Writer::create(&archive)?.finish(&archive)?;
        assert_eq!(fs::read(&victim)?, b"precious");
        for made in [&path, &archive] {
            let metadata = fs::symlink_metadata(made)?;
            assert!(metadata.is_file(), "{}", made.display());
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        }
        Ok(())
    }

    #[test]
    fn a_leftover_is_replaced_and_a_folder_in_the_way_is_an_error() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("notes.ron");
        fs::write(beside(&path), "a longer leftover")?;
        write_whole(&RealDisk, &path, b"new")?;
        assert_eq!(fs::read(&path)?, b"new");
        fs::create_dir(beside(&path))?;
        assert!(write_whole(&RealDisk, &path, b"newer").is_err());
        assert_eq!(fs::read(&path)?, b"new");
        Ok(())
    }
}
