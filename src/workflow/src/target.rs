//! What can be attached to: this machine, another over ssh.
//!
//! Start at [`Target`]'s `FromStr`.

use std::fmt;
use std::str::FromStr;

/// Where an agent runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// This machine: the agent is a child process.
    Local,
    /// Another machine: the agent runs at the far end of the system's `ssh`.
    Ssh {
        /// `[user@]host`, as ssh itself understands it (aliases, jump hosts).
        destination: String,
        /// Port, when not the configured one.
        port: Option<u16>,
    },
}

/// Why a target could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is none of the known forms.
    #[error("{0:?} is no target (want local or ssh://[user@]host[:port])")]
    Unknown(String),
    /// A form that this build does not carry.
    #[error("{0:?} needs an encrypted listener, which this version does not have (use ssh://)")]
    Tls(String),
    /// The destination could be mistaken for an option.
    #[error("{0:?} is no host name")]
    Destination(String),
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        if text == "local" {
            return Ok(Self::Local);
        }
        if text.starts_with("tls://") {
            return Err(TargetError::Tls(text.to_owned()));
        }
        let Some(rest) = text.strip_prefix("ssh://") else {
            return Err(TargetError::Unknown(text.to_owned()));
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (destination, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => return Err(TargetError::Destination(rest.to_owned())),
            },
            _ => (rest, None),
        };
        let strange = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if destination.is_empty() || destination.starts_with('-') || destination.contains(strange) {
            return Err(TargetError::Destination(destination.to_owned()));
        }
        Ok(Self::Ssh {
            destination: destination.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Ssh { destination, port } => {
                write!(f, "ssh://{destination}")?;
                match port {
                    Some(port) => write!(f, ":{port}"),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_read_what_they_print() {
        for text in ["local", "ssh://host", "ssh://me@host.example:2222"] {
            assert_eq!(
                text.parse::<Target>().map(|it| it.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn what_ssh_would_take_for_an_option_is_refused() {
        for text in [
            "ssh://-oProxyCommand=x",
            "ssh://",
            "ssh://a b",
            "http://x",
            "ssh://a:port",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
