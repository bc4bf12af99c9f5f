//! The whole closed loop on a machine that nothing else keeps busy: test binaries run one
//! after the other, and this one has a single test.
//!
//! Start at `prove`.

#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot start its program fails, one that is skipped says so"
)]

#[path = "../product/binary.rs"]
#[expect(dead_code, reason = "not everything is needed here")]
mod binary;
mod prove;
#[path = "../product/sshd.rs"]
mod sshd;
