//! Whether more of what an application told is worse.

use model::catalog::{self, Kind, Polarity};

/// Whether more of a metric is worse: as the catalog says, else by its name.
pub fn polarity(metric: &str, kind: Kind) -> Polarity {
    const WORSE: [&str; 10] = [
        "error",
        "fail",
        "drop",
        "timeout",
        "retr",
        "reject",
        "latency",
        "duration",
        "wait",
        "exception",
    ];
    if let Some(known) = catalog::find(metric) {
        return known.polarity;
    }
    let metric = metric.to_ascii_lowercase();
    let worse = WORSE.iter().any(|it| metric.contains(it));
    // A running total of durations grows with work as well as with slowness.
    let total =
        kind == Kind::Counter && (metric.contains("duration") || metric.contains("latency"));
    if worse && !total {
        Polarity::HigherIsWorse
    } else {
        Polarity::Neutral
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_worse_but_totals_of_time_do_not() {
        for (metric, kind, expected) in [
            ("orders.failed", Kind::Counter, Polarity::HigherIsWorse),
            (
                "http_request_duration_seconds",
                Kind::Histogram,
                Polarity::HigherIsWorse,
            ),
            (
                "http_request_duration_seconds",
                Kind::Counter,
                Polarity::Neutral,
            ),
            ("orders.placed", Kind::Counter, Polarity::Neutral),
        ] {
            assert_eq!(polarity(metric, kind), expected, "{metric}");
        }
    }
}
