//! The agent: reads the live machine on a budget, keeps a look-back ring, and
//! serves both as wire frames.
//!
//! * `collect`: one file per source of Linux, listed in `collect::ALL`;
//!   `portable`: those of other systems. [`source`] is what both are made of.
//! * `system`: what else differs between systems: clocks, streams, facts.
//! * [`sink`]: where sources put raw integers; [`kept`]: files that stay open.
//! * [`engine`]: drives the sources, with [`schedule`], [`budget`] and [`watch`].
//! * [`tape`]: readings become frames in the look-back [`ring`]; [`known`]: declarations.
//! * [`feed`]: what one reader gets next; [`serve`]: the agent as a process.
//! * [`command`]: its command line.
//!
//! The border between Linux and every other system is this file: nothing outside of
//! `collect`, `act` and `system/linux.rs` names a part of one system. The feature `portable`
//! builds the other side of it on Linux too.
//!
//! * `intake`: what applications say, when it is asked for.
//!
//! * [`act`]: carries plans out and takes them back, when it is asked for and allowed.
//!
//! Never: starts a program, writes a file, or opens a socket that listens unless that was
//! asked for by name.

pub mod act;
pub mod budget;
pub mod clock;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
pub mod collect;
pub mod command;
pub mod engine;
pub mod feed;
#[cfg(all(test, target_os = "linux", not(feature = "portable")))]
mod fixture;
pub mod greeting;
mod inlet;
#[cfg(feature = "intake")]
pub mod intake;
pub mod kept;
pub mod known;
pub mod metrics;
mod outbox;
mod own;
#[cfg(not(all(target_os = "linux", not(feature = "portable"))))]
pub mod portable;
pub use model::redact;
pub mod ring;
pub mod schedule;
pub mod serve;
pub mod sink;
#[cfg_attr(
    not(all(target_os = "linux", not(feature = "portable"))),
    expect(dead_code, reason = "sources of other systems need part of it")
)]
pub mod source;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
#[path = "system/linux.rs"]
mod system;
#[cfg(not(all(target_os = "linux", not(feature = "portable"))))]
#[path = "system/portable.rs"]
mod system;
pub mod tape;
pub mod watch;
