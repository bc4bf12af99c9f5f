//! Requests as a load generator saw them, and the numbers they come to.
//!
//! * In: one [`Sample`] a request, and what meters read at both ends.
//! * Out: a [`Measured`] operating point: the truth that predictions are held against.
//! * Never: asks Kymo.
//!
//! Start at [`measured`].

use serde::{Deserialize, Serialize};

/// One request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// When its answer was there, seconds since the Unix epoch.
    pub(crate) end_s: f64,
    /// How long the user waited, seconds; with the think time inside of it, if any.
    pub(crate) wait_s: f64,
    /// Whether it was served; else it was sent away.
    pub(crate) served: bool,
}

/// What the machine used between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Used {
    /// From when, seconds since the Unix epoch.
    pub(crate) from_s: f64,
    /// Until when.
    pub(crate) to_s: f64,
    /// Processor seconds of the server's control group.
    pub(crate) group_cpu_s: f64,
    /// Processor seconds of everybody.
    pub(crate) host_cpu_s: f64,
    /// Share of the time that the machine below did not give.
    pub(crate) steal: f64,
}

/// What holds for all runs of an experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Terms {
    /// Processors that the server may use.
    pub(crate) cores: f64,
    /// Think time inside of the waits, seconds.
    pub(crate) think_inside_s: f64,
    /// Processors that others use on purpose: part of the experiment.
    pub(crate) others_meant: f64,
}

/// More than this share of the processors in the hands of others is a disturbance.
const OTHERS_MOST: f64 = 0.2;

/// An operating point as it was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Served a second.
    pub(crate) throughput: f64,
    /// Sent away a second.
    pub(crate) rejected: f64,
    /// Mean wait of the served, seconds, without the think time.
    pub(crate) mean_s: f64,
    /// 95th percentile of the same.
    pub(crate) p95_s: f64,
    /// Processor seconds of the server for each request served.
    pub(crate) cpu_s_per_request: f64,
    /// Share of the processors that the server may use that it kept busy.
    pub(crate) utilization: f64,
    /// Processors that others kept busy, the load generator among them.
    pub(crate) others: f64,
    /// Share of the time that the machine below did not give.
    pub(crate) steal: f64,
    /// Requests served.
    pub(crate) requests: u64,
}

impl Measured {
    /// Whether others used so much that it says little.
    pub(crate) fn disturbed(&self, terms: Terms) -> bool {
        self.others - terms.others_meant > OTHERS_MOST * host_cores()
    }
}

/// Puts samples and meters together; samples outside of the time are left out.
pub(crate) fn measured(samples: &[Sample], used: &Used, terms: Terms) -> Measured {
    let seconds = (used.to_s - used.from_s).max(1e-9);
    let inside = |it: &&Sample| it.end_s > used.from_s && it.end_s <= used.to_s;
    let (served, away): (Vec<&Sample>, Vec<&Sample>) =
        samples.iter().filter(inside).partition(|it| it.served);
    let waits = served.iter().map(|it| it.wait_s - terms.think_inside_s);
    let mut waits: Vec<f64> = waits.map(|it| it.max(0.0)).collect();
    waits.sort_by(f64::total_cmp);
    let others = ((used.host_cpu_s - used.group_cpu_s) / seconds).max(0.0);
    let busy = used.group_cpu_s / seconds;
    Measured {
        throughput: served.len() as f64 / seconds,
        rejected: away.len() as f64 / seconds,
        mean_s: mean(&waits),
        p95_s: percentile(&waits, 0.95),
        cpu_s_per_request: used.group_cpu_s / (served.len() as f64).max(1.0),
        utilization: busy / terms.cores,
        others,
        steal: used.steal,
        requests: served.len() as u64,
    }
}

/// Processors of this machine.
pub(crate) fn host_cores() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |it| it.get() as f64)
}

/// The mean; `NaN` of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A percentile of ascending values, between neighbours in proportion; `NaN` of nothing.
///
/// # Source
///
/// R. J. Hyndman, Y. Fan, *The American Statistician* 50 (1996), definition 7.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share * last as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}

/// The mean of several runs of the same point.
pub(crate) fn together(runs: &[Measured]) -> Measured {
    let of = |field: fn(&Measured) -> f64| {
        let values: Vec<f64> = runs.iter().map(field).collect();
        mean(&values)
    };
    Measured {
        throughput: of(|it| it.throughput),
        rejected: of(|it| it.rejected),
        mean_s: of(|it| it.mean_s),
        p95_s: of(|it| it.p95_s),
        cpu_s_per_request: of(|it| it.cpu_s_per_request),
        utilization: of(|it| it.utilization),
        others: of(|it| it.others),
        steal: of(|it| it.steal),
        requests: runs.iter().map(|it| it.requests).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_neighbours() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert!((percentile(&values, 0.5) - 3.0).abs() < 1e-12);
        assert!((percentile(&values, 0.95) - 4.8).abs() < 1e-12);
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_point_counts_only_its_own_time() {
        let sample = |end_s, wait_s, served| Sample {
            end_s,
            wait_s,
            served,
        };
        let samples = [
            sample(9.0, 9.0, true),
            sample(10.5, 0.06, true),
            sample(11.0, 0.07, true),
            sample(11.5, 0.001, false),
            sample(12.0, 0.08, true),
            sample(12.5, 9.0, true),
        ];
        let used = Used {
            from_s: 10.0,
            to_s: 12.0,
            group_cpu_s: 0.6,
            host_cpu_s: 0.8,
            steal: 0.0,
        };
        let terms = Terms {
            cores: 0.5,
            think_inside_s: 0.05,
            others_meant: 0.0,
        };
        let found = measured(&samples, &used, terms);
        assert_eq!(found.requests, 3);
        assert!((found.throughput - 1.5).abs() < 1e-12);
        assert!((found.rejected - 0.5).abs() < 1e-12);
        assert!((found.mean_s - 0.02).abs() < 1e-12);
        assert!((found.cpu_s_per_request - 0.2).abs() < 1e-12);
        assert!((found.others - 0.1).abs() < 1e-12);
        // 0.3 of the 0.5 processors that it may use.
        assert!((found.utilization - 0.6).abs() < 1e-12);
    }
}
