//! Compares two stretches of the same series: what changed, what is the same, and
//! what cannot be told.
//!
//! Neighbouring samples repeat each other, so samples are not the units of
//! evidence: batches of about thirty seconds are, or whole runs where a side has
//! several. A series counts as changed when three things hold: the shift is more
//! than chance among units that depend on each other, it is larger than the floor
//! of its unit, and it is no wandering. Where one side begins at the end of the
//! other, the level must step there as it does nowhere else; where they do not join,
//! the units of one side must lie on one side of those of the other.
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
pub(crate) mod floor;
mod level;
mod shape;

use model::series::Series;

use crate::stats::discovery;

pub use finding::{finding, findings, statement};
pub use floor::{FLOORS, Floor};
pub use level::Level;

/// A batch of samples is this long, in seconds, where a side is long enough.
pub const BATCH_SECONDS: f64 = 30.0;

/// A change among many is believed at this q-value.
pub const Q_BELIEVED: f64 = 0.05;

/// Of all pairs of a unit before and one after, so many at least must lie in the
/// direction of the shift, less those in the other: with ten units on each side, all.
pub const SEPARATION: f64 = 0.985;

/// Where the sides join it is enough that the pairs agree by so much,
pub const SEPARATION_JOINED: f64 = 0.7;

/// because the level must also step at the join by so many root mean squares of its
/// steps elsewhere: a normal step does so once in eighty times.
pub const JUMP: f64 = 2.5;

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

/// Which side is the earlier one at a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The side after begins where the side before ends.
    Before,
    /// The side before begins where the side after ends.
    After,
}

/// Where a run of one side begins at the end of a run of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// Place of the run among those before.
    pub before: usize,
    /// Place of the run among those after.
    pub after: usize,
    /// Which of the two is the earlier.
    pub first: First,
}

/// How the comparison is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Typical distance of rows in seconds.
    pub step_seconds: f64,
    /// How the sides relate.
    pub relation: Relation,
    /// Where they join, if they do.
    pub join: Option<Join>,
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
    /// Its mean, though its median does not show it: less than half of its rows moved.
    Mean,
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
    /// Median before, in the series' unit, or mean where [`Kind::Mean`] is among the
    /// kinds; `NaN` without a sample.
    pub before: f64,
    /// The same after.
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
    /// The step where the sides join, in ordinary steps; `None` where they do not.
    pub jump: Option<f64>,
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
    /// Every verdict.
    pub const ALL: [Self; 4] = [Self::Up, Self::Down, Self::Same, Self::Unknown];

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
            Self::Mean => "mean",
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

/// The place of a series among all that are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Expected share of false discoveries when this series is believed.
    pub q_value: f64,
    /// Whether it is among the [`REFINED`] strongest.
    pub is_refined: bool,
}

/// Turns levels into answers: [`places`], then [`answers`].
pub fn conclude(pairs: &[Pair<'_>], levels: &[Level], params: &Params) -> Vec<Difference> {
    answers((pairs, levels, &places(levels)), params)
}

/// False-discovery control over all series, and which of them deserve a closer look.
pub fn places(levels: &[Level]) -> Vec<Place> {
    let p_values: Vec<f64> = levels.iter().map(Level::p_value).collect();
    let strengths: Vec<f64> = levels.iter().map(Level::strength).collect();
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by(|a, b| strengths[*b].total_cmp(&strengths[*a]).then(a.cmp(b)));
    let unrefined = |q_value| Place {
        q_value,
        is_refined: false,
    };
    let q_values = discovery::q_values(&p_values).into_iter();
    let mut places: Vec<Place> = q_values.map(unrefined).collect();
    for place in order.into_iter().take(REFINED) {
        places[place].is_refined = true;
    }
    places
}

/// The answers of some series, given the places that they have among all: the second
/// part that callers may spread over processors. The three slices are of equal length.
pub fn answers(
    (pairs, levels, places): (&[Pair<'_>], &[Level], &[Place]),
    params: &Params,
) -> Vec<Difference> {
    let all = pairs.iter().zip(levels).zip(places);
    all.map(|((pair, level), place)| shape::difference(pair, level, (*place, params)))
        .collect()
}

#[cfg(test)]
mod tests;
