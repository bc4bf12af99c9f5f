//! Finds where the level, the slope or the spread of a series changed for good.
//!
//! * In: values at equal distances, `NaN` for a gap.
//! * Out: [`Changes`]: each change with the first row of the new regime, before,
//!   after, the interval of the shift, and the chance that there is none.
//! * Never: takes a long memory, a season, a steady drift or lone outliers for a
//!   change; nothing is tuned by the caller.
//!
//! Outliers are replaced, the season is removed, then the series is cut together with
//! the memory of its noise (`level`), and what is left is searched for changes of
//! spread. Costs O(n log n); a longer series than 8,192 numbers is searched on averages and
//! the rows are refined after. A history of fewer than 40 numbers goes another way (`few`).
//!
//! Start at [`detect`]; [`of_frame`] and [`findings`] serve whole inputs.

use model::finding::Finding;

use crate::frame::Frame;
use crate::season::{self, Season};

mod clean;
mod describe;
mod doubt;
mod evidence;
mod few;
mod level;
mod report;
mod segment;
mod spread;
#[cfg(test)]
mod tests;
mod together;

pub use together::{Told, together};

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The level stepped.
    Level,
    /// The level began to grow, or grows faster, slower or the other way.
    Slope,
    /// The values scatter more or less about their level.
    Spread,
}

/// One change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// First row of the new regime.
    pub row: usize,
    /// What changed.
    pub kind: Kind,
    /// Median of the regime before, or its mean where the medians do not tell the change;
    /// for [`Kind::Spread`] what scatters about its levels and season, as a standard deviation.
    pub before: f64,
    /// The same of the regime after.
    pub after: f64,
    /// Interval of `after - before` at 95 %, lower end first.
    pub shift: (f64, f64),
    /// The chance to see as much anywhere between the neighbouring changes in a series
    /// with this memory and no change, 0 to 1.
    pub p_value: f64,
    /// First row of the regime before.
    pub from: usize,
    /// First row after the regime that began.
    pub to: usize,
}

/// What is known of one series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Ascending by row.
    pub changes: Vec<Change>,
    /// Share of the rows that are numbers, 0 to 1.
    pub coverage: f64,
    /// What was removed before the search.
    pub season: Option<Season>,
}

/// Neither side of a change may be shorter; a shorter series has none.
pub const LEAST_ROWS: usize = 6;

/// Within so many places a change of spread and one of level are the same event.
const SAME_PLACES: usize = 10;

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Level, Self::Slope, Self::Spread];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Slope => "slope",
            Self::Spread => "spread",
        }
    }
}

/// Finds the changes of one series; see the module for the method.
///
/// | value    | shape | unit                              |
/// |----------|-------|-----------------------------------|
/// | `values` | `n`   | any; one a row, `NaN` is a gap    |
/// | returned |       | rows of `values`; levels in its unit |
pub fn detect(values: &[f64]) -> Changes {
    let count = values.iter().filter(|it| it.is_finite()).count();
    let mut known = Changes {
        coverage: if values.is_empty() {
            0.0
        } else {
            count as f64 / values.len() as f64
        },
        ..Changes::default()
    };
    if count < LEAST_ROWS {
        return known;
    }
    if count < few::FEW {
        known.changes = in_history(values);
        return known;
    }
    let Some(mut clean) = clean::clean(values) else {
        return known;
    };
    let season = season::find(&clean.places, clean.fold);
    if let Some(season) = &season {
        for (place, value) in clean.places.iter_mut().enumerate() {
            *value -= season.profile[place % season.profile.len()];
        }
    }
    if let Some(mut fit) = level::fit(&clean.places) {
        known.changes = describe::described(values, &clean, season.as_ref(), &mut fit);
    }
    known.season = season.map(|season| scaled(season, clean.unit));
    known
}

/// Finds the changes of every series of a frame, in its order.
pub fn of_frame(frame: &Frame) -> Vec<Changes> {
    frame
        .lines
        .iter()
        .map(|line| detect(&line.values))
        .collect()
}

/// The changes worth telling with the rows of their onsets; `changes` are those of
/// [`of_frame`]. [`together`] makes few findings of them.
pub fn told(host: &str, frame: &Frame, changes: &[Changes]) -> Vec<Told> {
    report::told(host, frame, changes)
}

/// The changes worth telling, one finding each, heaviest first.
pub fn findings(host: &str, frame: &Frame, changes: &[Changes]) -> Vec<Finding> {
    let told = told(host, frame, changes).into_iter();
    let mut found: Vec<Finding> = told.map(|it| it.finding).collect();
    model::finding::sort(&mut found);
    found
}

/// A season of normalized values in the unit of the series.
fn scaled(mut season: Season, unit: f64) -> Season {
    for value in &mut season.profile {
        *value *= unit;
    }
    season
}

fn in_history(values: &[f64]) -> Vec<Change> {
    let rows: Vec<usize> = (0..values.len())
        .filter(|row| values[*row].is_finite())
        .collect();
    let numbers: Vec<f64> = rows.iter().map(|row| values[*row]).collect();
    let size = numbers.iter().map(|it| it.abs()).fold(0.0, f64::max);
    let size = if size > 0.0 { size } else { 1.0 };
    let numbers: Vec<f64> = numbers.iter().map(|it| it / size).collect();
    let cuts = few::cuts(&numbers);
    let places: Vec<usize> = cuts.iter().map(|it| rows[it.place]).collect();
    let edges = segment::edges(&places, values.len());
    let regimes = edges.windows(3).zip(cuts);
    regimes
        .map(|(it, cut)| {
            let p_value = cut.p_value;
            describe::changed(
                values,
                describe::Regimes {
                    before: it[0]..it[1],
                    after: it[1]..it[2],
                },
                Kind::Level,
                p_value,
                1.0,
            )
        })
        .collect()
}
