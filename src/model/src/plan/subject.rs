//! Which application of a recording a plan speaks of, and what stands for its numbers.
//!
//! Everything may be left out: then the service that is asked by nobody else and does
//! most work is meant, its processors are those of the control group under a quota in
//! which requests cost most, or else of its host, and what others use there is estimated
//! as what remains without requests.

use serde::{Deserialize, Serialize};

/// A cache, and where the keys stand that it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// File beside the recording with one key a line, in the order they were asked for; a
    /// sample of the keys is enough.
    pub keys: String,
    /// Share of the keys that stand there; 1 is all.
    #[serde(default = "one")]
    pub rate: f64,
    /// Requests at its beginning that only filled the cache.
    #[serde(default)]
    pub warm: u64,
    /// Bytes of one entry in the cache, all that it needs included.
    pub entry_bytes: f64,
    /// Bytes of the cache while it was recorded.
    pub bytes: f64,
    /// Whom the application asks where the cache has no answer, by the name of the peer;
    /// empty: not known, and only the share of hits is predicted.
    #[serde(default)]
    pub behind: String,
}

fn one() -> f64 {
    1.0
}

/// The application, by names of series; patterns may hold `*`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subject {
    /// Name of the service that users ask; empty: found.
    pub service: String,
    /// Series of completed requests a second; empty: that of the service.
    pub throughput: String,
    /// Series of the mean response time, seconds; empty: that of the service.
    pub response: String,
    /// Series of requests in flight; empty: that of the service.
    pub active: String,
    /// Series of users, threads or connections that ask; empty: `service.request.users`.
    pub users: String,
    /// Series of processors used whose sum is the application's, such as
    /// `cgroup.cpu.usage{cgroup=/shop}`; empty: found, or the hosts' own, less what remains
    /// without requests.
    pub cpu: Vec<String>,
    /// Processors it may use, where the recording does not tell.
    pub cores: Option<f64>,
    /// Seconds that a user waits between an answer and the next request, where known.
    pub think_s: Option<f64>,
    /// A cache of the application whose keys were written down.
    pub cache: Option<Cache>,
    /// Seconds of the think time that the response time holds, as when a load generator
    /// sleeps inside of what it measures.
    pub think_inside_s: f64,
}
