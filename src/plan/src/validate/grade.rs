//! How far off a prediction may be, by what it speaks of.

use model::unit::Unit;

/// What a metric is, as far as its predictability goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Requests a second, or processor time a request.
    Throughput,
    /// Share of a resource that is busy, or any other share.
    Utilization,
    /// Mean response time while nothing is busier than [`KNEE`].
    Mean,
    /// Mean response time where something is.
    MeanAtKnee,
    /// A high percentile of the response time.
    Tail,
    /// Share of the requests that a cache answers.
    HitRatio,
    /// The load at which a system bends, or the most that it can do.
    Capacity,
    /// Anything else; held to the standard of mean response times.
    Other,
}

/// From this utilization on response times bend.
pub const KNEE: f64 = 0.7;

/// How good a prediction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// As good as models get.
    Excellent,
    /// Good enough to decide by.
    Pass,
    /// Neither good enough nor plainly wrong.
    Short,
    /// Plainly wrong.
    Fail,
}

/// What a standard measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// `|predicted - observed| / observed`.
    Share,
    /// `|predicted - observed|` of a share, so 0.03 is three points.
    Points,
}

/// One line of [`STANDARDS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard {
    /// Of what.
    pub quantity: Quantity,
    /// How it is measured.
    pub measure: Measure,
    /// At most so much is excellent,
    pub excellent: f64,
    /// so much is good enough,
    pub pass: f64,
    /// and more than so much is plainly wrong.
    pub fail: f64,
}

const fn standard(
    quantity: Quantity,
    measure: Measure,
    [excellent, pass, fail]: [f64; 3],
) -> Standard {
    Standard {
        quantity,
        measure,
        excellent,
        pass,
        fail,
    }
}

/// The standards, one a quantity.
///
/// # Source
///
/// E. D. Lazowska and others, "Quantitative System Performance", 1984, chapter 1: models are
/// expected to be within 5 to 10 % for utilizations and throughputs and within 10 to 30 %
/// for response times. The other lines are our own in the same spirit.
#[rustfmt::skip]
pub const STANDARDS: &[Standard] = &[
    standard(Quantity::Throughput, Measure::Share, [0.05, 0.10, 0.20]),
    standard(Quantity::Utilization, Measure::Points, [0.03, 0.05, 0.10]),
    standard(Quantity::Mean, Measure::Share, [0.10, 0.20, 0.40]),
    standard(Quantity::MeanAtKnee, Measure::Share, [0.15, 0.30, 0.60]),
    standard(Quantity::Tail, Measure::Share, [0.20, 0.40, 1.00]),
    standard(Quantity::HitRatio, Measure::Points, [0.01, 0.025, 0.05]),
    standard(Quantity::Capacity, Measure::Share, [0.10, 0.20, 0.40]),
    standard(Quantity::Other, Measure::Share, [0.10, 0.20, 0.40]),
];

/// A utilization also passes when it is off by at most this share of what was measured.
const UTILIZATION_SHARE: f64 = 0.10;

impl Grade {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Pass => "good",
            Self::Short => "not good enough",
            Self::Fail => "wrong",
        }
    }

    /// Whether one can decide by it.
    pub fn is_pass(self) -> bool {
        self <= Self::Pass
    }
}

impl Quantity {
    /// Every quantity, in the order of tables.
    pub const ALL: [Self; 8] = [
        Self::Throughput,
        Self::Utilization,
        Self::Mean,
        Self::MeanAtKnee,
        Self::Tail,
        Self::HitRatio,
        Self::Capacity,
        Self::Other,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Utilization => "utilization",
            Self::Mean => "mean response time",
            Self::MeanAtKnee => "mean response time at the knee",
            Self::Tail => "high percentile",
            Self::HitRatio => "hit ratio",
            Self::Capacity => "capacity",
            Self::Other => "other",
        }
    }

    /// Its standard.
    pub fn standard(self) -> &'static Standard {
        let own = STANDARDS.iter().find(|it| it.quantity == self);
        own.unwrap_or(&STANDARDS[STANDARDS.len() - 1])
    }

    /// How good a prediction of it is; `None` where one of the numbers is none.
    pub fn grade(self, predicted: f64, observed: f64) -> Option<Grade> {
        let share = error(predicted, observed);
        let standard = self.standard();
        let off = match standard.measure {
            Measure::Share => share,
            Measure::Points => (predicted - observed).abs(),
        };
        if off.is_nan() {
            return None;
        }
        // Shares are often written in percent; a hair beside a bound is not beyond it.
        let within = |most: f64| off <= most + 1e-12;
        let passes = within(standard.pass)
            || (self == Self::Utilization && share <= UTILIZATION_SHARE + 1e-12);
        Some(match () {
            () if within(standard.excellent) => Grade::Excellent,
            () if passes => Grade::Pass,
            () if within(standard.fail) => Grade::Short,
            () => Grade::Fail,
        })
    }
}

/// `|predicted - observed| / |observed|`; 0 where both are 0, `NaN` where one is none.
pub fn error(predicted: f64, observed: f64) -> f64 {
    match predicted == observed && observed.is_finite() {
        true => 0.0,
        false => (predicted - observed).abs() / observed.abs(),
    }
}

/// What a metric speaks of, by its name and unit; `busiest` is the utilization of the
/// busiest resource, `NaN` where it is not known.
pub fn quantity(name: &str, unit: &Unit, busiest: f64) -> Quantity {
    let name = name.to_lowercase();
    let parts: Vec<&str> = name.split(['.', '_', '/', ' ', '-']).collect();
    let has = |words: &[&str]| words.iter().any(|it| parts.contains(it));
    let code = unit.code();
    if has(&["hit", "hits"]) && (has(&["ratio", "rate"]) || code == "1") {
        Quantity::HitRatio
    } else if has(&["knee", "capacity", "peak"]) {
        Quantity::Capacity
    } else if has(&["p75", "p90", "p95", "p99", "p999"]) {
        Quantity::Tail
    } else if has(&["throughput", "demand"]) || code.ends_with("}/s") {
        Quantity::Throughput
    } else if has(&["utilization", "ratio", "busy"]) || code == "1" || code == "%" {
        Quantity::Utilization
    } else if code == "s" || has(&["latency", "duration", "response", "mean", "p50"]) {
        match busiest > KNEE {
            true => Quantity::MeanAtKnee,
            false => Quantity::Mean,
        }
    } else {
        Quantity::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantity_has_one_standard_that_widens() {
        for quantity in Quantity::ALL {
            let own = STANDARDS.iter().filter(|it| it.quantity == quantity);
            assert_eq!(own.count(), 1);
            let it = quantity.standard();
            assert!(it.excellent < it.pass && it.pass < it.fail);
        }
    }

    #[test]
    fn grades_are_those_of_the_table() {
        let cases = [
            (Quantity::Throughput, 105.0, 100.0, Grade::Excellent),
            (Quantity::Throughput, 110.0, 100.0, Grade::Pass),
            (Quantity::Throughput, 115.0, 100.0, Grade::Short),
            (Quantity::Throughput, 121.0, 100.0, Grade::Fail),
            (Quantity::Utilization, 0.83, 0.80, Grade::Excellent),
            (Quantity::Utilization, 0.87, 0.80, Grade::Pass),
            (Quantity::Utilization, 0.28, 0.20, Grade::Short),
            (Quantity::Tail, 0.10, 0.21, Grade::Short),
            (Quantity::Tail, 0.43, 0.21, Grade::Fail),
            (Quantity::HitRatio, 0.90, 0.892, Grade::Excellent),
            (Quantity::MeanAtKnee, 1.3, 1.0, Grade::Pass),
            (Quantity::Mean, 0.0, 0.0, Grade::Excellent),
            (Quantity::Mean, 1.0, 0.0, Grade::Fail),
        ];
        for (quantity, predicted, observed, want) in cases {
            let grade = quantity.grade(predicted, observed);
            assert_eq!(grade, Some(want), "{quantity:?} {predicted} {observed}");
        }
        assert_eq!(Quantity::Mean.grade(f64::NAN, 1.0), None);
    }

    #[test]
    fn a_metric_is_known_by_its_name_and_unit() {
        let cases = [
            ("app.throughput", "{request}/s", 0.5, Quantity::Throughput),
            (
                "service.request.throughput",
                "1/s",
                0.5,
                Quantity::Throughput,
            ),
            ("app.checkout.p95", "s", 0.9, Quantity::Tail),
            ("service.request.duration.mean", "s", 0.5, Quantity::Mean),
            (
                "service.request.duration.mean",
                "s",
                0.9,
                Quantity::MeanAtKnee,
            ),
            (
                "service.request.duration.mean",
                "s",
                f64::NAN,
                Quantity::Mean,
            ),
            ("system.cpu.utilization", "1", 0.5, Quantity::Utilization),
            ("redis.hit_ratio", "1", 0.5, Quantity::HitRatio),
            ("app.knee", "{user}", 0.5, Quantity::Capacity),
            ("app.queue", "{job}", 0.5, Quantity::Other),
        ];
        for (name, unit, busiest, want) in cases {
            assert_eq!(quantity(name, &Unit::new(unit), busiest), want, "{name}");
        }
    }
}
