//! Sessions on disk: journal, Parquet segments, single file, queries and verification.
//!
//! * [`recorder`]: wire frames in, a session out; survives kills and full disks.
//! * [`session`]: opens a session (folder or file) and answers questions.
//! * [`ingest`]: sessions from imported columns, on disk or in memory only.
//! * [`foreign`]: columns of Parquet and Arrow files of others.
//! * [`combine`]: several sessions and imports on one axis.
//! * [`verify`], [`trim`], [`share`], [`export`]: what is done with whole sessions.
//! * [`chain`]: how a file covers every byte of itself.
//! * [`manifest`]: what a session says of itself.
//!
//! The only crate that names polars, and no public signature does.

mod archive;
mod arrow;
mod bucket;
mod build;
pub mod chain;
mod chunk;
pub mod combine;
mod disk;
mod document;
pub mod export;
pub mod foreign;
mod front;
mod gather;
pub mod ingest;
mod journal;
mod limit;
pub mod manifest;
mod open;
mod pack;
mod parquet;
mod part;
mod processes;
pub mod progress;
mod query;
pub mod recorder;
pub mod requests;
mod roll;
pub mod session;
pub mod share;
mod sift;
mod tables;
mod tape;
pub mod trim;
pub mod verify;

#[cfg(test)]
#[path = "../tests/stream/mod.rs"]
mod stream;
