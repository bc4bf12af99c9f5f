//! Trouble, said so that a person can act on it.

use std::error::Error;
use std::fmt;

/// What went wrong, why, and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What was attempted.
    pub what: String,
    /// Why it did not work.
    pub why: String,
    /// What to try next; empty when there is nothing to try.
    pub what_to_do: String,
    /// What sort of trouble, for exit codes.
    pub sort: Sort,
}

/// Sorts of trouble, as the command line's exit codes tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The command was used wrongly.
    Usage,
    /// The input is not there or cannot be read.
    NotReadable,
    /// The input is not something Kymo reads, or too damaged.
    NotUsable,
    /// A limit was exceeded.
    Limit,
    /// The input comes from a newer version.
    TooNew,
    /// A key or passphrase is wrong, or what was sealed was altered.
    Trust,
    /// An agent could not be reached or refused.
    Agent,
    /// The disk is full.
    DiskFull,
    /// The system forbids it.
    Denied,
    /// A policy forbids the plan, or it may not be carried out.
    Policy,
    /// A plan failed, and everything is as before.
    RolledBack,
    /// A plan failed, and something is not as before.
    Incomplete,
    /// The user stopped it.
    Cancelled,
    /// A bug in Kymo.
    Bug,
}

impl Sort {
    /// The exit code of the command line contract.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::NotReadable => 3,
            Self::NotUsable => 4,
            Self::Limit => 6,
            Self::TooNew => 8,
            Self::Trust => 9,
            Self::Agent => 10,
            Self::DiskFull => 11,
            Self::Denied => 12,
            Self::Policy => 13,
            Self::RolledBack => 14,
            Self::Incomplete => 15,
            Self::Cancelled => 130,
            Self::Bug => 70,
        }
    }

    /// The sort of a failed system call.
    pub fn of_io(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => Self::Denied,
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::NotReadable,
        }
    }

    /// The sort of an error by the first system call that failed in its causes.
    pub fn of_cause(error: &(dyn Error + 'static), otherwise: Self) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<std::io::Error>() {
                return match Self::of_io(io) {
                    Self::NotReadable => otherwise,
                    certain => certain,
                };
            }
            cause = error.source();
        }
        otherwise
    }
}

impl Problem {
    /// A problem whose reason is an error and its causes.
    pub fn from_error(what: impl Into<String>, error: &(dyn Error + 'static), sort: Sort) -> Self {
        Self {
            what: what.into(),
            why: crate::link::chain(error),
            what_to_do: String::new(),
            sort: Sort::of_cause(error, sort),
        }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn advise(mut self, what_to_do: impl Into<String>) -> Self {
        self.what_to_do = what_to_do.into();
        self
    }

    /// The user stopped the work.
    pub fn cancelled(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: "cancelled".to_owned(),
            what_to_do: String::new(),
            sort: Sort::Cancelled,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)?;
        if self.what_to_do.is_empty() {
            return Ok(());
        }
        write!(f, ". Try: {}", self.what_to_do)
    }
}

impl Error for Problem {}
