//! Signatures in the form of minisign, of the chain over a session's members.
//!
//! The keys are those of `minisign -G`. A signed session carries `chain.txt` and
//! `chain.txt.minisig`; once unzipped, `minisign -V -m chain.txt -p KEY.pub` checks the
//! one, and `sha256sum -c` with the sums in it the members.
//!
//! Start at [`SecretKey::read`], [`SecretKey::sign`] and [`PublicKey::check`].
//!
//! # Source
//!
//! F. Denis, *Minisign*: signature format, secret key format; libsodium's
//! `crypto_pwhash_scryptsalsa208sha256` for locked keys.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use age::secrecy::ExposeSecret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

use crate::problem::{Problem, Sort};
use crate::sealed::Passphrase;

/// Ed25519 of the message itself; `ED` would be of its BLAKE2b.
const ALGORITHM: &[u8] = b"Ed";

/// Bytes of a key file, at most.
const FILE_MAX_BYTES: u64 = 4 << 10;

/// Most memory that unlocking a key may take; minisign's own keys take 1 GiB.
const MEMORY_MAX_BYTES: u64 = 2 << 30;

/// Number of a key, as minisign prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

/// A key that signs; cheap to clone.
#[derive(Clone)]
pub struct SecretKey {
    id: KeyId,
    pair: Arc<Ed25519KeyPair>,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

/// A key that checks.
#[derive(Clone, Debug)]
pub struct PublicKey {
    id: KeyId,
    bytes: [u8; 32],
}

impl SecretKey {
    /// Whether the key in a file is locked by a passphrase.
    ///
    /// # Errors
    ///
    /// The file is no secret key of minisign.
    pub fn is_locked(path: &Path) -> Result<bool, Problem> {
        Ok(fields(path)?.locked)
    }

    /// Reads a secret key of `minisign -G`.
    ///
    /// # Errors
    ///
    /// The file is no such key, or the passphrase is another one or missing.
    pub fn read(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, Problem> {
        let fields = fields(path)?;
        let trouble = |why: &str, what_to_do: &str| Problem {
            what: format!("could not use the key in {}", path.display()),
            why: why.to_owned(),
            what_to_do: what_to_do.to_owned(),
            sort: Sort::Trust,
        };
        let mut body = fields.body;
        if fields.locked {
            let missing = || trouble("it is locked by a passphrase", "its passphrase");
            let passphrase = passphrase.ok_or_else(missing)?;
            let stream = stretched(passphrase, &fields.salt, fields.limits);
            let stream = stream.ok_or_else(|| trouble("it takes too much work to unlock", ""))?;
            for (byte, pad) in body.iter_mut().zip(stream) {
                *byte ^= pad;
            }
        }
        let mut id = [0; 8];
        id.copy_from_slice(&body[..8]);
        let (seed, public) = (&body[8..40], &body[40..72]);
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(|_| {
            trouble(
                "its halves do not fit each other",
                "the passphrase of the key",
            )
        })?;
        Ok(Self {
            id: KeyId(id),
            pair: Arc::new(pair),
        })
    }

    /// Its number.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The signature of a text, as a file of minisign.
    pub fn sign(&self, text: &[u8], comment: &str) -> String {
        let signature = self.pair.sign(text);
        let mut own = ALGORITHM.to_vec();
        own.extend_from_slice(&self.id.0);
        own.extend_from_slice(signature.as_ref());
        let mut told = signature.as_ref().to_vec();
        told.extend_from_slice(comment.as_bytes());
        let whole = self.pair.sign(&told);
        format!(
            "untrusted comment: signature of a Kymo session\n{}\ntrusted comment: {comment}\n{}\n",
            STANDARD.encode(own),
            STANDARD.encode(whole),
        )
    }
}

impl PublicKey {
    /// Reads a public key: a file of minisign, or the key itself.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub fn read(text_or_path: &str) -> Result<Self, Problem> {
        let trouble = |why: String| Problem {
            what: format!("could not use the key {text_or_path}"),
            why,
            what_to_do: "a public key of minisign: its file, or its line RW…".to_owned(),
            sort: Sort::Usage,
        };
        let path = Path::new(text_or_path);
        let text = match path.is_file() {
            true => text_of(path)?,
            false => text_or_path.to_owned(),
        };
        let line = text.lines().map(str::trim).rfind(|it| !it.is_empty());
        let bytes = STANDARD
            .decode(line.unwrap_or_default())
            .unwrap_or_default();
        let Some((head, key)) = bytes.split_at_checked(10) else {
            return Err(trouble("it is no public key, and no file".to_owned()));
        };
        let bytes: [u8; 32] = key
            .try_into()
            .ok()
            .filter(|_| head.starts_with(ALGORITHM))
            .ok_or_else(|| trouble("it is no public key of minisign".to_owned()))?;
        let mut id = [0; 8];
        id.copy_from_slice(&head[2..]);
        Ok(Self {
            id: KeyId(id),
            bytes,
        })
    }

    /// Its number.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Holds a text against its signature; gives the trusted comment.
    ///
    /// # Errors
    ///
    /// One sentence: it is of another key or text, or of a form that is not read here.
    pub fn check(&self, text: &[u8], signature: &str) -> Result<String, String> {
        let wrong = || "the signature is no signature of minisign".to_owned();
        let mut lines = signature.lines();
        lines
            .next()
            .filter(|it| it.starts_with("untrusted comment:"))
            .ok_or_else(wrong)?;
        let decoded = |line: Option<&str>| STANDARD.decode(line?.trim()).ok();
        let own = decoded(lines.next()).ok_or_else(wrong)?;
        let comment = lines
            .next()
            .and_then(|it| it.strip_prefix("trusted comment: "));
        let comment = comment.ok_or_else(wrong)?;
        let whole = decoded(lines.next()).ok_or_else(wrong)?;
        if own.len() != 74 || whole.len() != 64 {
            return Err(wrong());
        }
        if !own.starts_with(ALGORITHM) {
            return Err(
                "the signature is of a hash that is not read here; sign with minisign -S -l"
                    .to_owned(),
            );
        }
        if own[2..10] != self.id.0 {
            let mut id = [0; 8];
            id.copy_from_slice(&own[2..10]);
            return Err(format!(
                "it is signed with the key {}, not {}",
                KeyId(id),
                self.id
            ));
        }
        let key = UnparsedPublicKey::new(&ED25519, &self.bytes);
        let mut told = own[10..].to_vec();
        told.extend_from_slice(comment.as_bytes());
        let holds = key
            .verify(text, &own[10..])
            .and_then(|()| key.verify(&told, &whole));
        match holds {
            Ok(()) => Ok(comment.to_owned()),
            Err(_) => Err(format!(
                "the signature of the key {} does not hold",
                self.id
            )),
        }
    }
}

/// The parts of a secret key's file.
struct Fields {
    locked: bool,
    salt: [u8; 32],
    /// Operations and memory of the lock.
    limits: (u64, u64),
    /// Number, seed, public key and checksum.
    body: Vec<u8>,
}

fn fields(path: &Path) -> Result<Fields, Problem> {
    let text = text_of(path)?;
    let line = text.lines().map(str::trim).rfind(|it| !it.is_empty());
    let bytes = STANDARD
        .decode(line.unwrap_or_default())
        .unwrap_or_default();
    let known = bytes.len() == 158 && bytes.starts_with(ALGORITHM) && &bytes[4..6] == b"B2";
    let locked = match (known, bytes.get(2..4)) {
        (true, Some(b"Sc")) => true,
        (true, Some(b"\0\0")) => false,
        _ => {
            return Err(Problem {
                what: format!("could not use the key in {}", path.display()),
                why: "it is no secret key of minisign".to_owned(),
                what_to_do: "the secret key that minisign -G wrote".to_owned(),
                sort: Sort::Usage,
            });
        }
    };
    let number = |at: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(eight)
    };
    let mut salt = [0; 32];
    salt.copy_from_slice(&bytes[6..38]);
    Ok(Fields {
        locked,
        salt,
        limits: (number(38), number(46)),
        body: bytes[54..].to_vec(),
    })
}

fn text_of(path: &Path) -> Result<String, Problem> {
    use std::io::Read as _;
    let trouble = |error: std::io::Error| {
        let what = format!("could not read the key in {}", path.display());
        Problem::from_error(what, &error, Sort::of_io(&error))
    };
    let file = std::fs::File::open(path).map_err(trouble)?;
    let mut text = String::new();
    file.take(FILE_MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(trouble)?;
    Ok(text)
}

/// What a passphrase is stretched to; `None` where that would take too much.
///
/// # Source
///
/// libsodium, `pickparams` of `crypto_pwhash_scryptsalsa208sha256`.
fn stretched(passphrase: &Passphrase, salt: &[u8; 32], limits: (u64, u64)) -> Option<Vec<u8>> {
    const R: u64 = 8;
    let (operations, memory) = (limits.0.max(32_768), limits.1);
    if memory > MEMORY_MAX_BYTES {
        return None;
    }
    let log_of = |most: u64| (1..63).find(|it| 1_u64 << it > most / 2).unwrap_or(63);
    let (log_n, p) = match operations < memory / 32 {
        true => (log_of(operations / (R * 4)), 1),
        false => {
            let log_n = log_of(memory / (R * 128));
            let most = ((operations / 4) >> log_n).min(0x3fff_ffff);
            (log_n, (most / R).max(1))
        }
    };
    let (log_n, p) = (u8::try_from(log_n).ok()?, u32::try_from(p).ok()?);
    let parameters = scrypt::Params::new(log_n, R as u32, p, 32).ok()?;
    let mut stream = vec![0; 104];
    let text = passphrase.secret().expose_secret().as_bytes();
    scrypt::scrypt(text, salt, &parameters, &mut stream).ok()?;
    Some(stream)
}
