//! The agent: reads the live machine on a budget, keeps a look-back ring, and
//! serves both as wire frames.
//!
//! * [`collect`]: one file per source, listed in [`collect::ALL`].
//! * [`sink`]: where sources put raw integers; [`kept`]: files that stay open.
//! * [`engine`]: drives the sources, with [`schedule`], [`budget`] and [`watch`].
//! * [`tape`]: readings become frames in the look-back [`ring`]; [`known`]: declarations.
//! * [`feed`]: what one reader gets next; [`serve`]: the agent as a process.
//! * [`command`]: its command line.
//! * `portable`: the sources for systems other than Linux, behind a feature.
//!
//! Never: opens a socket that listens, starts a program, or writes a file.

pub mod budget;
pub mod clock;
pub mod collect;
pub mod command;
pub mod engine;
pub mod feed;
#[cfg(test)]
mod fixture;
pub mod greeting;
mod inlet;
pub mod kept;
pub mod known;
mod outbox;
mod own;
#[cfg(feature = "portable")]
pub mod portable;
pub mod redact;
pub mod ring;
pub mod schedule;
pub mod serve;
pub mod sink;
pub mod tape;
pub mod watch;
