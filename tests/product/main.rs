//! The whole product from outside: its structure, its binaries, its files.
//!
//! * `layers`, `tidy`: the house rules, checked on the sources themselves.
//! * the others start the real binaries, as a user would.
//!
//! Tests that need a server or a display say so loudly when it is missing; with
//! `CI=true` they fail instead of skipping.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot start its program fails, one that is skipped says so"
)]

mod binary;
mod canary;
mod delivery;
#[cfg(target_os = "linux")]
mod disk;
mod examples;
mod findings;
#[cfg(target_os = "linux")]
mod kill;
#[cfg(target_os = "linux")]
mod large;
mod layers;
mod library;
mod outputs;
mod plans;
mod recipes;
mod recording;
mod releases;
mod reports;
mod reviews;
mod share;
mod shop;
mod ssh;
mod sshd;
mod standards;
mod tidy;
mod window;
