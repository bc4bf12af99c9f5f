//! What applications say of themselves, decoded.
//!
//! * [`otlp`]: traces, metrics and logs of OpenTelemetry, protobuf and JSON.
//! * [`prometheus`]: the exposition formats of Prometheus and OpenMetrics.
//! * [`statsd`]: lines of StatsD and its DogStatsD tags.
//! * [`access_log`]: a line a request, as web servers write them.
//! * [`totals`]: running totals of several senders, which become one.
//!
//! The agent hears these live, `import` finds them in files; both decode them here.
//!
//! Opens nothing: a caller brings bytes. Never panics on data, and bounds what it
//! allocates by what it was given.

pub mod access_log;
pub mod otlp;
mod polarity;
pub mod prometheus;
pub mod statsd;
pub mod totals;

pub use self::polarity::polarity;
