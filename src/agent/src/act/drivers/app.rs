//! Settings of applications, by adapters that speak each one's own language.
//!
//! An adapter reaches only what the policy file names: a socket on this machine, a file,
//! a password in a file that only root reads. What a plan says goes into a protocol that
//! carries it as data, or is refused.
//!
//! Start at [`setting`]; an adapter is a [`super::Driver`].

pub(super) mod nginx;
pub(super) mod postgres;
pub(super) mod redis;
mod scram;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::act::policy::file;
use crate::act::world::Trouble;

/// Longest wait for an application's answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longest line or value of an answer, in bytes.
const ANSWER_MAX_BYTES: usize = 64 << 10;

/// Instance and setting of a key such as `redis@cache:maxmemory`.
pub(super) fn setting<'a>(key: &'a str, adapter: &str) -> Option<(&'a str, &'a str)> {
    let rest = key.strip_prefix(adapter)?;
    if let Some(name) = rest.strip_prefix(':') {
        return Some(("", name));
    }
    rest.strip_prefix('@')?.split_once(':')
}

/// The one that a key means among those that the policy names.
fn instance<'a, T>(
    all: &'a [T],
    name: impl Fn(&T) -> &str,
    (adapter, wanted): (&str, &str),
) -> Result<&'a T, Trouble> {
    let mut found = all
        .iter()
        .filter(|it| wanted.is_empty() || name(it) == wanted);
    let first = found.next();
    match (first, found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Trouble::Refused(format!(
            "the policy names several {adapter}; say which, as {adapter}@NAME"
        ))),
        (None, _) => Err(Trouble::Refused(format!(
            "the policy names no {adapter}{}{wanted}",
            if wanted.is_empty() { "" } else { "@" }
        ))),
    }
}

/// Reads a password, or none where no file is named.
fn password(path: &str) -> Result<Option<String>, Trouble> {
    if path.is_empty() {
        return Ok(None);
    }
    // The error names the file and never what is in it.
    let text =
        file::trusted(Path::new(path)).map_err(|error| Trouble::Refused(error.to_string()))?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A connection to an application on this machine.
enum Line {
    Path(UnixStream),
    Port(TcpStream),
}

impl Line {
    fn open(address: &str) -> Result<Self, Trouble> {
        let failed =
            |error: io::Error| Trouble::Failed(format!("could not reach {address}: {error}"));
        if address.starts_with('/') {
            let stream = UnixStream::connect(address).map_err(failed)?;
            stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
            stream.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
            return Ok(Self::Path(stream));
        }
        let parsed: SocketAddr = address
            .parse()
            .map_err(|_| Trouble::Refused(format!("{address} is no address")))?;
        let stream = TcpStream::connect_timeout(&parsed, PATIENCE).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
        Ok(Self::Port(stream))
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Path(it) => it.read(buffer),
            Self::Port(it) => it.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Path(it) => it.write(buffer),
            Self::Port(it) => it.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Path(it) => it.flush(),
            Self::Port(it) => it.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::setting;

    #[test]
    fn keys_name_an_instance_or_none() {
        assert_eq!(setting("redis:maxmemory", "redis"), Some(("", "maxmemory")));
        assert_eq!(setting("redis@a:x-y", "redis"), Some(("a", "x-y")));
        assert_eq!(setting("rediss:x", "redis"), None);
        assert_eq!(setting("redis", "redis"), None);
    }
}
