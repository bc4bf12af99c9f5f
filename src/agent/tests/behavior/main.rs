//! What the agent does, seen from where its frames arrive.

#[cfg(all(target_os = "linux", not(feature = "portable")))]
#[expect(
    clippy::unwrap_used,
    reason = "outside of a test function too, a test that cannot go on ends"
)]
mod act;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
#[expect(
    clippy::expect_used,
    reason = "outside of a test function too, a test that cannot go on ends"
)]
mod act_kill;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
#[expect(
    clippy::expect_used,
    reason = "outside of a test function too, a test that cannot go on ends"
)]
mod act_live;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
#[expect(
    clippy::expect_used,
    reason = "outside of a test function too, a test that cannot go on ends"
)]
mod bench;
mod border;
mod child;
mod engine;
mod groups;
#[expect(
    clippy::expect_used,
    reason = "outside of a test function too, a test that cannot go on ends"
)]
mod metrics;
mod reader;
mod sources;
