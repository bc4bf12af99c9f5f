//! One figure over several sessions: a value with its interval each, the trend and the
//! changes over them.
//!
//! * In: the samples of a metric in each session; then one value a session.
//! * Out: [`Value`]s, and the [`Course`] of them.
//! * Never: concludes from too few sessions; it says how many there would have to be.
//!
//! Start at [`value`] and [`course`].

use crate::change::{self, Change};
use crate::stats::{chance, dependence, order};
use crate::trend::{self, Trend};

/// Level of the interval of a value.
pub const LEVEL: f64 = 0.95;

/// Fewer samples of a session give no value.
pub const LEAST_SAMPLES: usize = 10;

/// Fewer sessions have no trend.
pub const LEAST_FOR_TREND: usize = trend::LEAST_ROWS;

/// Fewer sessions have no change: half of them on either side.
pub const LEAST_FOR_CHANGES: usize = 2 * change::LEAST_ROWS;

/// The memory of a series is judged by so many samples in its middle.
const MEMORY_ROWS: usize = 50_000;

/// What is computed of the samples of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// The median.
    #[default]
    P50,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The arithmetic mean.
    Mean,
    /// The largest sample.
    Max,
}

/// Every statistic with its name, in menu order.
pub const STATISTICS: &[(Statistic, &str)] = &[
    (Statistic::P50, "p50"),
    (Statistic::P95, "p95"),
    (Statistic::P99, "p99"),
    (Statistic::Mean, "mean"),
    (Statistic::Max, "max"),
];

impl Statistic {
    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        let found = STATISTICS.iter().find(|(it, _)| *it == self);
        found.map_or("", |(_, name)| name)
    }

    /// The statistic of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = STATISTICS.iter().find(|(_, known)| *known == name);
        found.map(|(it, _)| *it)
    }
}

/// A statistic of one session, in the unit of its samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// The statistic.
    pub value: f64,
    /// Lower end of the interval at [`LEVEL`]; `NaN` where there is none: a largest
    /// sample says nothing of the next largest.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Samples that are numbers.
    pub samples: usize,
    /// As many independent samples carry the same evidence.
    pub effective: f64,
}

/// A statistic of samples with an interval that knows of their memory; `None` for fewer
/// than [`LEAST_SAMPLES`] numbers.
///
/// The interval of a quantile `p` lies between the quantiles `p ± z·√(p(1−p)/n)`, that of
/// a mean within `t·s/√n`, where `n` is the number of independent samples.
///
/// # Source
///
/// W. J. Conover, *Practical Nonparametric Statistics*, Wiley, 1999, section 3.2: intervals
/// of quantiles. Effective numbers: [`dependence::effective_count`].
pub fn value(samples: &[f64], statistic: Statistic) -> Option<Value> {
    let mut numbers = order::numbers(samples);
    let count = numbers.len();
    if count < LEAST_SAMPLES {
        return None;
    }
    let effective = effective(&numbers);
    let between = |level: f64, numbers: &mut [f64]| {
        let value = order::quantile_in(numbers, level);
        let reach =
            chance::normal_quantile(0.5 + LEVEL / 2.0) * (level * (1.0 - level) / effective).sqrt();
        let mut at = |level: f64| order::quantile_in(numbers, level.clamp(0.0, 1.0));
        (value, at(level - reach), at(level + reach))
    };
    let (value, lo, hi) = match statistic {
        Statistic::P50 => between(0.5, &mut numbers),
        Statistic::P95 => between(0.95, &mut numbers),
        Statistic::P99 => between(0.99, &mut numbers),
        Statistic::Mean => {
            let mean = order::mean(&numbers);
            let freedom = (effective - 1.0).max(1.0);
            let reach =
                chance::student_quantile(LEVEL, freedom) * order::std(&numbers) / effective.sqrt();
            (mean, mean - reach, mean + reach)
        }
        Statistic::Max => {
            let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (max, f64::NAN, f64::NAN)
        }
    };
    Some(Value {
        value,
        lo,
        hi,
        samples: count,
        effective,
    })
}

fn effective(numbers: &[f64]) -> f64 {
    let from = numbers.len().saturating_sub(MEMORY_ROWS) / 2;
    let middle = &numbers[from..numbers.len().min(from + MEMORY_ROWS)];
    let share = dependence::effective_count(middle) / middle.len().max(1) as f64;
    (share * numbers.len() as f64).max(1.0)
}

/// What several sessions tell together.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The trend; `None` for too few sessions.
    pub trend: Option<Trend>,
    /// Where the level changed; `row` counts the values given.
    pub changes: Vec<Change>,
    /// What there is too little of, one sentence each.
    pub too_few: Vec<String>,
}

/// The trend and the changes of one value a session.
///
/// | value    | shape | unit                                                        |
/// |----------|-------|-------------------------------------------------------------|
/// | `places` | `n`   | seconds, or the number of the session; ascending            |
/// | `values` | `n`   | any unit `U`                                                |
/// | returned |       | slope in `U` per unit of `places`; rows of `values`         |
pub fn course(places: &[f64], values: &[f64]) -> Course {
    let count = values.iter().filter(|it| it.is_finite()).count();
    let mut course = Course {
        trend: None,
        changes: Vec::new(),
        too_few: Vec::new(),
    };
    if count >= LEAST_FOR_TREND {
        course.trend = Some(trend::of_values(places, values)).filter(|it| it.slope.is_some());
    } else {
        course.too_few.push(format!(
            "{count} sessions can be compared; a trend needs {LEAST_FOR_TREND}"
        ));
    }
    if count >= LEAST_FOR_CHANGES {
        course.changes = change::detect(values).changes;
    } else {
        course.too_few.push(format!(
            "{count} sessions can be compared; a change needs {LEAST_FOR_CHANGES}, {} on either side",
            change::LEAST_ROWS
        ));
    }
    course
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;
    use crate::trend::Direction;

    #[test]
    fn the_interval_of_a_quantile_holds_the_truth_as_often_as_it_says() {
        let (mut held, runs) = (0, 400);
        for seed in 0..runs {
            let mut random = Random::new(seed);
            let samples: Vec<f64> = (0..400).map(|_| random.unit()).collect();
            let value = value(&samples, Statistic::P95).expect("a value");
            held += usize::from(value.lo <= 0.95 && 0.95 <= value.hi);
        }
        let share = held as f64 / runs as f64;
        assert!((0.91..=0.99).contains(&share), "{share}");
    }

    #[test]
    fn memory_widens_the_interval_of_a_mean() {
        let mut random = Random::new(5);
        let mut last = 0.0;
        let slow: Vec<f64> = (0..2_000)
            .map(|_| {
                last = 0.95 * last + random.normal();
                last
            })
            .collect();
        let mut shuffled = slow.clone();
        for place in (1..shuffled.len()).rev() {
            shuffled.swap(place, random.below(place + 1));
        }
        let wide = value(&slow, Statistic::Mean).expect("a value");
        let narrow = value(&shuffled, Statistic::Mean).expect("a value");
        assert!(wide.hi - wide.lo > 3.0 * (narrow.hi - narrow.lo));
        assert!(wide.effective < 0.2 * narrow.effective);
    }

    #[test]
    fn a_largest_sample_has_no_interval_and_few_samples_no_value() {
        let samples: Vec<f64> = (0..20).map(f64::from).collect();
        let max = value(&samples, Statistic::Max).expect("a value");
        assert!(max.value == 19.0 && max.lo.is_nan() && max.hi.is_nan());
        assert_eq!(value(&samples[..9], Statistic::Mean), None);
        assert_eq!(value(&[f64::NAN; 50], Statistic::Mean), None);
    }

    fn noisy(count: usize, level: impl Fn(usize) -> f64) -> (Vec<f64>, Vec<f64>) {
        let mut random = Random::new(3);
        let places = (0..count).map(|it| it as f64).collect();
        let values = (0..count).map(|it| level(it) + 0.2 * random.normal());
        (places, values.collect())
    }

    #[test]
    fn a_step_over_sessions_is_a_change_and_a_ramp_a_trend() {
        let (places, values) = noisy(24, |it| if it < 14 { 10.0 } else { 13.0 });
        let course_of_step = course(&places, &values);
        assert_eq!(course_of_step.changes.len(), 1);
        assert_eq!(course_of_step.changes[0].row, 14);
        let (places, values) = noisy(24, |it| 0.1 * it as f64);
        let ramp = course(&places, &values).trend.expect("a trend");
        assert_eq!(ramp.direction(), Direction::Up);
        let (places, values) = noisy(24, |_| 5.0);
        let flat = course(&places, &values);
        assert!(flat.changes.is_empty());
        assert_eq!(
            flat.trend.map(|it| it.direction()),
            Some(Direction::Unknown)
        );
    }

    #[test]
    fn too_few_sessions_say_so() {
        let (places, values) = noisy(5, |it| it as f64);
        let few = course(&places, &values);
        assert!(few.trend.is_none() && few.changes.is_empty());
        assert_eq!(few.too_few.len(), 2);
        assert!(few.too_few[0].contains("5 sessions"));
    }
}
