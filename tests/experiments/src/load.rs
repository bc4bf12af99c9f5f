//! Loads: who asks, how, and what they saw.
//!
//! * [`pgbench`]: pgbench with a script, closed or at a rate.
//! * [`web`]: readers of a page, closed with think time or arriving at random.
//! * [`cache`]: readers of a cache who fill it on a miss.
//! * [`disk`]: random reads of a file.

use crate::sample::Sample;

pub(crate) mod cache;
pub(crate) mod disk;
pub(crate) mod pgbench;
pub(crate) mod web;

/// A load that runs.
pub(crate) trait Load {
    /// Ends it and gives every request.
    fn finish(self: Box<Self>) -> Result<Vec<Sample>, String>;
}
