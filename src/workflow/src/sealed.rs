//! Encrypted sessions: the public `age` format, to a passphrase or to recipients.
//!
//! A file that is encrypted here opens with the `age` program, and one that `age` made
//! opens here. What is decrypted is written beside its place and appears whole or not
//! at all.
//!
//! Start at [`lock`] and [`unlock`].
//!
//! # Source
//!
//! F. Valsorda, B. Cartwright-Cox, *age-encryption.org/v1*.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient, armor, scrypt, x25519};

use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::scratch::Scratch;

/// How a file is locked.
#[derive(Clone)]
pub enum Lock {
    /// By a passphrase.
    Passphrase(Passphrase),
    /// To the keys of these recipients: `age1…`.
    Recipients(Vec<String>),
}

/// How a file is unlocked.
#[derive(Clone)]
pub enum Key {
    /// By a passphrase.
    Passphrase(Passphrase),
    /// By a file of identities, as `age-keygen` makes it.
    Identities(PathBuf),
}

/// A passphrase, which is never printed.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// A passphrase that somebody typed; `None` where nothing was.
    pub fn new(text: String) -> Option<Self> {
        (!text.is_empty()).then(|| Self(SecretString::from(text)))
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Passphrase(_) => f.write_str("Passphrase"),
            Self::Recipients(all) => f.debug_tuple("Recipients").field(all).finish(),
        }
    }
}

/// Heaviest passphrase that is tried: 4 GiB of memory are eight times what `age` makes.
const WORK_MAX: u8 = 22;

/// Bytes of a file of keys, at most.
const KEYS_MAX_BYTES: u64 = 1 << 20;

/// How much is encrypted between two looks at the wish to stop.
const BLOCK_BYTES: usize = 1 << 20;

/// Whether a file is encrypted in the `age` format.
pub fn is_locked(path: &Path) -> bool {
    const STARTS: [&[u8]; 2] = [
        b"age-encryption.org/",
        b"-----BEGIN AGE ENCRYPTED FILE-----",
    ];
    let mut head = Vec::new();
    // A pipe would wait for its other end.
    let file = path.is_file().then(|| File::open(path).ok()).flatten();
    let read = file.map(|it| it.take(64).read_to_end(&mut head));
    matches!(read, Some(Ok(_))) && STARTS.iter().any(|it| head.starts_with(it))
}

/// The problem of an encrypted input.
pub fn locked(path: &Path) -> Problem {
    Problem {
        what: format!("could not open {}", path.display()),
        why: "it is encrypted (age)".to_owned(),
        what_to_do: format!(
            "kymo unlock {} --out session.kymo, with the passphrase or --identity FILE",
            path.display()
        ),
        sort: Sort::Trust,
    }
}

/// Reads a recipient's key; says what it is instead.
///
/// # Errors
///
/// One sentence for people.
pub fn recipient(text: &str) -> Result<String, String> {
    if text.starts_with("ssh-") {
        return Err("keys of ssh are not understood here; make one with age-keygen".to_owned());
    }
    match x25519::Recipient::from_str(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("{text:?} is no recipient such as age1…")),
    }
}

/// Encrypts a file.
///
/// # Errors
///
/// The disk refuses, a recipient is none, or the user stopped it; nothing is left then.
pub fn lock(from: &Path, lock: &Lock, out: &Path, context: &Context) -> Result<(), Problem> {
    let what = || format!("could not encrypt {}", out.display());
    let disk = |error: io::Error| Problem::from_error(what(), &error, Sort::of_io(&error));
    let usage = |why: String| Problem {
        what: what(),
        why,
        what_to_do: "a recipient as age-keygen prints it".to_owned(),
        sort: Sort::Usage,
    };
    let encryptor = match lock {
        Lock::Passphrase(it) => Encryptor::with_user_passphrase(it.secret().clone()),
        Lock::Recipients(all) => {
            let keys = all.iter().map(|it| {
                recipient(it)?;
                x25519::Recipient::from_str(it).map_err(str::to_owned)
            });
            let keys: Vec<x25519::Recipient> = keys.collect::<Result<_, _>>().map_err(usage)?;
            let keys = keys.iter().map(|it| it as &dyn Recipient);
            Encryptor::with_recipients(keys).map_err(|error| usage(error.to_string()))?
        }
    };
    let (scratch, file) = Scratch::create(out).map_err(disk)?;
    let mut writer = encryptor.wrap_output(file).map_err(disk)?;
    let source = File::open(from).map_err(disk)?;
    copied(source, &mut writer, context).map_err(|it| stopped(it, &what(), disk))?;
    let file = writer.finish().map_err(disk)?;
    file.sync_all().map_err(disk)?;
    scratch
        .become_file(out)
        .map_err(|it| placing(it, out, disk))
}

/// Decrypts a file.
///
/// # Errors
///
/// It is not encrypted, the key is another, it was altered, or the disk refuses; nothing
/// is left then.
pub fn unlock(from: &Path, key: &Key, out: &Path, context: &Context) -> Result<(), Problem> {
    let what = || format!("could not unlock {}", from.display());
    let disk = |error: io::Error| Problem::from_error(what(), &error, Sort::of_io(&error));
    if std::fs::symlink_metadata(out).is_ok() {
        return Err(taken(out));
    }
    if from.is_file() && !is_locked(from) {
        return Err(Problem {
            what: what(),
            why: "it is not encrypted".to_owned(),
            what_to_do: format!("kymo open {}", from.display()),
            sort: Sort::NotUsable,
        });
    }
    let file = File::open(from).map_err(disk)?;
    let length = file.metadata().map_err(disk)?.len();
    context.progress(0, length);
    let refused = |error: DecryptError| refused(what(), &error);
    let reader = armor::ArmoredReader::new(BufReader::new(file));
    let decryptor = Decryptor::new_buffered(reader).map_err(refused)?;
    let identities = identities(key, decryptor.is_scrypt(), from)?;
    let identities = identities.iter().map(|it| it.as_ref() as &dyn Identity);
    let plain = decryptor.decrypt(identities).map_err(refused)?;
    let (scratch, mut file) = Scratch::create(out).map_err(disk)?;
    copied(plain, &mut file, context).map_err(|it| {
        stopped(it, &what(), |error| {
            // A part that does not fit its seal comes as an error of reading.
            match error.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Problem {
                    what: what(),
                    why: "it was altered or cut after it was encrypted".to_owned(),
                    what_to_do: "ask for the file again".to_owned(),
                    sort: Sort::Trust,
                },
                _ => disk(error),
            }
        })
    })?;
    file.sync_all().map_err(disk)?;
    scratch
        .become_file(out)
        .map_err(|it| placing(it, out, disk))
}

/// Why a finished file could not take its place.
pub(crate) fn placing(
    error: io::Error,
    out: &Path,
    disk: impl Fn(io::Error) -> Problem,
) -> Problem {
    match error.kind() {
        io::ErrorKind::AlreadyExists => taken(out),
        _ => disk(error),
    }
}

/// The problem of a place where something is.
pub(crate) fn taken(out: &Path) -> Problem {
    Problem {
        what: format!("could not write {}", out.display()),
        why: "something is there already".to_owned(),
        what_to_do: "another path; nothing is overwritten".to_owned(),
        sort: Sort::Usage,
    }
}

/// Why a copy ended early.
enum Ended {
    Disk(io::Error),
    Stopped,
}

fn stopped(ended: Ended, what: &str, disk: impl Fn(io::Error) -> Problem) -> Problem {
    match ended {
        Ended::Disk(error) => disk(error),
        Ended::Stopped => Problem::cancelled(what),
    }
}

fn copied(mut from: impl Read, to: &mut impl Write, context: &Context) -> Result<(), Ended> {
    let mut room = vec![0; BLOCK_BYTES];
    loop {
        match from.read(&mut room).map_err(Ended::Disk)? {
            0 => return Ok(()),
            read => to.write_all(&room[..read]).map_err(Ended::Disk)?,
        }
        if context.cancelled() {
            return Err(Ended::Stopped);
        }
    }
}

fn identities(
    key: &Key,
    by_passphrase: bool,
    from: &Path,
) -> Result<Vec<Box<dyn Identity>>, Problem> {
    let usage = |why: &str, what_to_do: String| Problem {
        what: format!("could not unlock {}", from.display()),
        why: why.to_owned(),
        what_to_do,
        sort: Sort::Trust,
    };
    match key {
        Key::Passphrase(it) if by_passphrase => {
            let mut identity = scrypt::Identity::new(it.secret().clone());
            identity.set_max_work_factor(WORK_MAX);
            Ok(vec![Box::new(identity)])
        }
        Key::Passphrase(_) => Err(usage(
            "it is encrypted to the keys of recipients, not to a passphrase",
            "--identity FILE with the secret key of one of them".to_owned(),
        )),
        Key::Identities(_) if by_passphrase => Err(usage(
            "it is encrypted to a passphrase, not to a key",
            "--passphrase".to_owned(),
        )),
        Key::Identities(path) => secret_keys(path),
    }
}

/// The secret keys in a file, as `age-keygen` writes it.
fn secret_keys(path: &Path) -> Result<Vec<Box<dyn Identity>>, Problem> {
    let what = || format!("could not read the keys in {}", path.display());
    let disk = |error: io::Error| Problem::from_error(what(), &error, Sort::of_io(&error));
    let file = File::open(path).map_err(disk)?;
    let mut found: Vec<Box<dyn Identity>> = Vec::new();
    for line in BufReader::new(file.take(KEYS_MAX_BYTES)).lines() {
        let line = line.map_err(disk)?;
        if let Ok(key) = x25519::Identity::from_str(line.trim()) {
            found.push(Box::new(key));
        }
    }
    if found.is_empty() {
        return Err(Problem {
            what: what(),
            why: "there is no line AGE-SECRET-KEY-1…".to_owned(),
            what_to_do: "the file that age-keygen wrote".to_owned(),
            sort: Sort::Usage,
        });
    }
    Ok(found)
}

fn refused(what: String, error: &DecryptError) -> Problem {
    let (why, what_to_do, sort) = match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => (
            "the passphrase or key is another one".to_owned(),
            "the passphrase or key that it was encrypted to",
            Sort::Trust,
        ),
        DecryptError::NoMatchingKeys => (
            "it is encrypted to the keys of others".to_owned(),
            "--identity FILE with the secret key of a recipient",
            Sort::Trust,
        ),
        DecryptError::InvalidMac | DecryptError::InvalidHeader => (
            "it was altered after it was encrypted, or is no age file".to_owned(),
            "ask for the file again",
            Sort::Trust,
        ),
        DecryptError::ExcessiveWork { .. } => (
            "its passphrase would take too much work to try".to_owned(),
            "age -d",
            Sort::Limit,
        ),
        other => (
            other.to_string(),
            "ask for the file again",
            Sort::NotReadable,
        ),
    };
    Problem {
        what,
        why,
        what_to_do: what_to_do.to_owned(),
        sort,
    }
}
