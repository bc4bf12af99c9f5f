//! Reads the policy file, and believes it only where nobody but root can have written it.
//!
//! Every folder from `/` down to the file is opened without following a link and must
//! belong to root and be writable by root alone, and so must the file. What was looked
//! at is the descriptor that is read, not the name.
//!
//! Start at [`load`].

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use serde::de::DeserializeOwned;

use super::Policy;

/// Bytes of a policy file or a secret.
const FILE_MAX_BYTES: u64 = 256 << 10;

/// Brackets within brackets in RON.
pub(crate) const DEPTH_MAX: usize = 16;

/// Why nothing is allowed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PolicyError {
    /// There is none.
    #[error("there is no policy file {}", .0.display())]
    Missing(PathBuf),
    /// Somebody other than root could have written it.
    #[error("{why}; {} is not believed", .path.display())]
    Unsafe {
        /// The file.
        path: PathBuf,
        /// What could be written by whom.
        why: String,
    },
    /// It cannot be read or makes no sense.
    #[error("{}: {why}", .path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// Reads a policy.
///
/// # Errors
///
/// [`PolicyError`]: then nothing is allowed.
pub(crate) fn load(path: &Path) -> Result<Policy, PolicyError> {
    let text = trusted(path)?;
    parse(&text).map_err(|why| PolicyError::Wrong {
        path: path.to_owned(),
        why,
    })
}

/// Reads a file that only root can have written.
///
/// # Errors
///
/// [`PolicyError`].
pub(crate) fn trusted(path: &Path) -> Result<String, PolicyError> {
    let wrong = |why: String| PolicyError::Wrong {
        path: path.to_owned(),
        why,
    };
    let file = open(path)?;
    let mut text = String::new();
    let read = File::from(file)
        .take(FILE_MAX_BYTES + 1)
        .read_to_string(&mut text);
    read.map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > FILE_MAX_BYTES {
        return Err(wrong(format!("it is larger than {FILE_MAX_BYTES} bytes")));
    }
    Ok(text)
}

/// Whether only root can have written a file and what leads to it.
///
/// # Errors
///
/// [`PolicyError`].
pub(crate) fn believable(path: &Path) -> Result<(), PolicyError> {
    open(path).map(drop)
}

/// Opens a file whose whole path belongs to root.
fn open(path: &Path) -> Result<OwnedFd, PolicyError> {
    let refuse = |why: String| PolicyError::Unsafe {
        path: path.to_owned(),
        why,
    };
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::RootDir => {}
            Component::Normal(name) => names.push(name),
            _ => return Err(refuse("want a whole path without . and ..".to_owned())),
        }
    }
    if !path.is_absolute() {
        return Err(refuse("want a whole path".to_owned()));
    }
    let Some((last, folders)) = names.split_last() else {
        return Err(refuse("that is a folder".to_owned()));
    };
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder_flags = flags | OFlags::PATH | OFlags::DIRECTORY;
    let mut seen = PathBuf::from("/");
    let step = |at: &OwnedFd, name: &std::ffi::OsStr, seen: &Path, flags: OFlags| {
        openat(at, name, flags, Mode::empty()).map_err(|error| match error {
            rustix::io::Errno::NOENT => PolicyError::Missing(path.to_owned()),
            rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR => {
                refuse(format!("{} is a link or no folder", seen.display()))
            }
            other => PolicyError::Wrong {
                path: path.to_owned(),
                why: other.to_string(),
            },
        })
    };
    let root = openat(CWD, "/", folder_flags, Mode::empty());
    let mut at = root.map_err(|error| refuse(error.to_string()))?;
    believe(&at, &seen, FileType::Directory).map_err(refuse)?;
    for name in folders {
        seen.push(name);
        at = step(&at, name, &seen, folder_flags)?;
        believe(&at, &seen, FileType::Directory).map_err(refuse)?;
    }
    seen.push(last);
    // Without waiting: a pipe in its place must not hold the agent up.
    let file = step(&at, last, &seen, flags | OFlags::RDONLY | OFlags::NONBLOCK)?;
    believe(&file, &seen, FileType::RegularFile).map_err(refuse)?;
    Ok(file)
}

/// Whether only root can change what is open here.
fn believe(at: &impl AsFd, name: &Path, wanted: FileType) -> Result<(), String> {
    let about = fstat(at).map_err(|error| format!("{}: {error}", name.display()))?;
    if FileType::from_raw_mode(about.st_mode) != wanted {
        return Err(format!("{} is not what it must be", name.display()));
    }
    if about.st_uid != 0 {
        return Err(format!("{} does not belong to root", name.display()));
    }
    if about.st_mode & 0o022 != 0 {
        return Err(format!(
            "{} can be written by others than root",
            name.display()
        ));
    }
    Ok(())
}

/// Reads a policy's text.
///
/// # Errors
///
/// What is wrong, in words.
pub(crate) fn parse(text: &str) -> Result<Policy, String> {
    let policy: Policy = ron(text)?;
    policy.check()?;
    Ok(policy)
}

/// Reads RON with a bound on its depth.
///
/// # Errors
///
/// What is wrong and where, in words.
pub(crate) fn ron<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let options = ron::Options::default()
        .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
        .with_recursion_limit(DEPTH_MAX);
    options.from_str(text).map_err(|error| error.to_string())
}

/// Whether an address is on this machine: a path, or a loopback address with a port.
///
/// # Errors
///
/// Why not, in words.
pub(crate) fn near(address: &str) -> Result<(), String> {
    if address.starts_with('/') {
        return Ok(());
    }
    let parsed: Result<SocketAddr, _> = address.parse();
    match parsed {
        Ok(it) if it.ip().is_loopback() => Ok(()),
        Ok(_) => Err(format!("{address} is not on this machine")),
        Err(_) => Err(format!(
            "want the path of a socket or an address such as 127.0.0.1:6379, not {address:?}"
        )),
    }
}
