//! The few things the recorder asks of a disk, so that tests can make them fail.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A disk that a recording is written to.
pub(crate) trait Disk: Debug + Send + Sync {
    /// Creates a new file; what was there before is gone.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Creates a new file where nothing is.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
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
        // Never written to, since it may be a link that leads elsewhere.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.create_new(path),
        }
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
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
    disk.create_folder(folder)?;
    let (temporary, mut file) = create_beside(path, |it| disk.create_new(it))?;
    let written = (|| {
        file.write_at(bytes, 0)?;
        file.sync()?;
        drop(file);
        disk.rename(&temporary, path)
    })();
    if let Err(error) = written {
        // The first failure is the one to tell; a leftover is named as temporary, no more.
        drop(disk.remove(&temporary));
        return Err(error);
    }
    disk.sync_folder(folder)
}

/// Names beside a path that are tried: one for each who writes there at once, and
/// for each leftover of a process of the same number.
const BESIDE_MAX: u32 = 1_000;

/// Creates something unfinished beside `path`, under a name that nobody has.
///
/// `create` must refuse what is there: it may be another writer's, or a link.
pub(crate) fn create_beside<T>(
    path: &Path,
    create: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    let mut number = 0;
    loop {
        let name = beside(path, number);
        match create(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < BESIDE_MAX => {
                number += 1;
            }
            created => return created.map(|it| (name, it)),
        }
    }
}

/// A name beside `path` for something unfinished.
pub(crate) fn beside(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{number}.tmp", std::process::id()));
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

/// Creates a file where nothing is, not even a link, for its owner only: what others
/// record is not everybody's business.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owned(&mut options);
    options.open(path)
}

/// The same, to be read again by who wrote it.
pub(crate) fn create_new_readable(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    owned(&mut options);
    options.open(path)
}

fn owned(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = options;
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

/// Writes all of `bytes` at an offset.
pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
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
    fn a_link_in_the_way_is_never_followed() -> Outcome {
        let folder = tempfile::tempdir()?;
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious")?;
        let path = folder.path().join("notes.ron");
        symlink(&victim, beside(&path, 0))?;
        write_whole(&RealDisk, &path, b"new")?;
        assert_eq!(fs::read(&path)?, b"new");
        let archive = folder.path().join("s.kymo");
        symlink(&victim, beside(&archive, 0))?;
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
    fn two_who_write_to_one_place_do_not_meet() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("s.kymo");
        let mut first = crate::archive::Writer::create(&path)?;
        let mut second = crate::archive::Writer::create(&path)?;
        first.add("a", b"first")?;
        second.add("a", b"second")?;
        first.finish(&path)?;
        second.finish(&path)?;
        let read = |path: &Path| -> io::Result<Option<Vec<u8>>> {
            let archive = crate::archive::Archive::open(File::open(path)?);
            archive
                .map_err(|_| io::Error::other("broken"))?
                .read("a", 9)
        };
        assert_eq!(read(&path)?, Some(b"second".to_vec()));
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_leftover_is_left_alone_and_a_folder_in_the_way_is_an_error() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("notes.ron");
        let leftover = beside(&path, 0);
        fs::write(&leftover, "a longer leftover")?;
        write_whole(&RealDisk, &path, b"new")?;
        assert_eq!(fs::read(&path)?, b"new");
        assert_eq!(fs::read(&leftover)?, b"a longer leftover");
        fs::remove_file(&path)?;
        fs::create_dir(&path)?;
        assert!(write_whole(&RealDisk, &path, b"newer").is_err());
        assert_eq!(fs::read_dir(folder.path())?.count(), 2);
        Ok(())
    }
}
