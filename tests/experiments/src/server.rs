//! Servers that experiments change: each with a folder, a port and a control group of its
//! own.
//!
//! * [`postgres`], [`nginx`], [`redis`].

pub(crate) mod nginx;
pub(crate) mod postgres;
pub(crate) mod redis;

use std::time::Duration;

/// How long a server may take until it answers.
const STARTING: Duration = Duration::from_millis(60_000);
