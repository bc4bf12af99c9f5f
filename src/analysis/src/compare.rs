//! Compares two stretches of the same series: what changed, what is the same, and
//! what cannot be told.
//!
//! Neighbouring samples repeat each other, so samples are not the units of
//! evidence: batches of about thirty seconds are, or whole runs where a side has
//! several. A series counts as changed when three things hold: the shift is more
//! than chance among units that depend on each other, it is larger than the floor
//! of its unit, and the units of one side lie on one side of those of the other.
//!
//! Two single runs that do not follow each other differ by what a run differs from
//! the next, which nobody measured: the verdict is then "not enough evidence", with
//! what it would be if runs repeated.
//!
//! * In: for each series the runs of both sides, `NaN` for gaps.
//! * Out: a [`Difference`] each: verdict, shift with interval, evidence.
//! * Never: interpolates, or says "same" without having shown equivalence.
//!
//! Start at [`differences`].
//!
//! # Source
//!
//! T. Kalibera, R. Jones, "Rigorous benchmarking in reasonable time", ISMM 2013, for
//! the units of evidence; J. L. Hodges, E. L. Lehmann, Annals of Mathematical
//! Statistics 34 (1963), for the shift; N. Cliff, Psychological Bulletin 114 (1993),
//! for the overlap; D. J. Schuirmann, Journal of Pharmacokinetics 15 (1987), for
//! equivalence by two one-sided tests.

mod finding;
mod floor;
mod level;
mod shape;

use model::series::Series;

use crate::stats::discovery;

pub use finding::{findings, statement};
pub use floor::{FLOORS, Floor};
pub use level::Level;

/// A batch of samples is this long, in seconds, where a side is long enough.
pub const BATCH_SECONDS: f64 = 30.0;

/// A change among many is believed at this q-value.
pub const Q_BELIEVED: f64 = 0.05;

/// Of all pairs of a unit before and one after, so many at least must lie in the
/// direction of the shift, less those in the other: with ten units on each side, all.
pub const SEPARATION: f64 = 0.985;

/// Intervals are of this level.
pub const LEVEL: f64 = 0.95;

/// The strongest so many get intervals by bootstrap; the others by batch means.
pub const REFINED: usize = 200;

/// How the two sides relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Stretches of one run, or of runs that follow each other at once.
    Adjacent,
    /// Runs apart from each other.
    Apart,
    /// Runs apart from each other that the user knows to repeat.
    Repeatable,
}

/// One series on both sides: one slice a run.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    /// What it is.
    pub series: &'a Series,
    /// Runs before.
    pub before: Vec<&'a [f64]>,
    /// Runs after.
    pub after: Vec<&'a [f64]>,
}

/// How the comparison is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Typical distance of rows in seconds.
    pub step_seconds: f64,
    /// How the sides relate.
    pub relation: Relation,
}

/// The answer for one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It rose.
    Up,
    /// It fell.
    Down,
    /// Equivalence was shown: the interval lies within the floor.
    Same,
    /// Not enough evidence for either.
    Unknown,
}

/// In which way a series differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Its level.
    Level,
    /// Its 95th or 99th percentile, by more than its level.
    Tail,
    /// Its spread.
    Variance,
    /// It only varies on one side.
    Flat,
}

/// What was found for one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The answer.
    pub verdict: Verdict,
    /// What the answer would be if runs repeated; differs from `verdict` only for
    /// single runs apart from each other.
    pub within_runs: Verdict,
    /// Median before, in the series' unit; `NaN` without a sample.
    pub before: f64,
    /// Median after.
    pub after: f64,
    /// Shift of the level in the series' unit: the Hodges-Lehmann estimate.
    pub shift: f64,
    /// Interval of the shift at [`LEVEL`].
    pub shift_interval: [f64; 2],
    /// Interval of the relative change at [`LEVEL`]; `NaN` where the level before is 0.
    pub relative: [f64; 2],
    /// Shifts of the 95th and 99th percentile, in the series' unit.
    pub tail_shift: [f64; 2],
    /// Variance after over variance before; `NaN` where the latter is 0.
    pub variance_ratio: f64,
    /// Two-sided p-value of the shift among dependent units.
    pub p_value: f64,
    /// Expected share of false discoveries among all series when this one is believed.
    pub q_value: f64,
    /// Pairs of units in the direction of the shift, less those in the other, as a share.
    pub separation: f64,
    /// Evidence for a change, 0 to 1.
    pub score: f64,
    /// Smallest relative change that counts for this series.
    pub floor: f64,
    /// In which ways it differs.
    pub kinds: Vec<Kind>,
    /// Share of the rows of both sides that are numbers.
    pub coverage: f64,
    /// Row of the side after from which the level is the new one, where it changed.
    pub first_row: Option<usize>,
}

impl Verdict {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Same => "same",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the series changed.
    pub fn is_change(self) -> bool {
        matches!(self, Self::Up | Self::Down)
    }
}

impl Kind {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Tail => "tail",
            Self::Variance => "variance",
            Self::Flat => "flat",
        }
    }
}

/// Compares all series; one answer for each, in their order.
///
/// All get a shift and an interval from batch means first; the [`REFINED`] strongest
/// then get intervals by bootstrap. Costs O(rows) per series.
pub fn differences(pairs: &[Pair<'_>], params: &Params) -> Vec<Difference> {
    let levels: Vec<Level> = pairs.iter().map(|pair| Level::of(pair, params)).collect();
    conclude(pairs, &levels, params)
}

/// What [`differences`] does before the series are looked at together: the part
/// that callers may spread over processors.
pub fn levels(pairs: &[Pair<'_>], params: &Params) -> Vec<Level> {
    pairs.iter().map(|pair| Level::of(pair, params)).collect()
}

/// Turns levels into answers: false-discovery control over all, then the details.
pub fn conclude(pairs: &[Pair<'_>], levels: &[Level], params: &Params) -> Vec<Difference> {
    let p_values: Vec<f64> = levels.iter().map(|it| it.p_value).collect();
    let q_values = discovery::q_values(&p_values);
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by(|a, b| {
        let strength = |i: usize| levels[i].strength();
        strength(*b).total_cmp(&strength(*a)).then(a.cmp(b))
    });
    let mut refined = vec![false; levels.len()];
    for place in order.iter().take(REFINED) {
        refined[*place] = true;
    }
    let all = pairs.iter().zip(levels).zip(q_values).zip(refined);
    all.map(|(((pair, level), q), refine)| {
        let level = match refine {
            true => level.refined(pair, params),
            false => level.clone(),
        };
        shape::difference(pair, &level, (q, params))
    })
    .collect()
}

#[cfg(test)]
mod tests;
