//! How far a series moved when the disturbance came, in its own usual variation.
//!
//! A series that has been drifting for long differs from its past everywhere; it
//! did not move *when* the disturbance came. The shift is therefore the smallest
//! of several: against all that went before, against the last rows before, and
//! against calm rows inside the disturbed stretch. Where these disagree about the
//! direction, nothing moved.
//!
//! * In: one series, the row at which the disturbance starts and its rows.
//! * Out: [`Shift`].
//! * Never: fills a gap.
//!
//! Start at [`measure`].

use std::ops::Range;

use crate::stats::order;

/// A scale below this share of the level is measurement, not variation.
const LEVEL_FLOOR: f64 = 1e-3;

/// A series that never varied and then moves is at most this surprising: its usual
/// variation is not known to be zero, only smaller than was seen.
const UNKNOWN_SCALES: f64 = 30.0;

/// Shifts beyond this many scales are held there; they only need to be comparable.
const MOST_SCALES: f64 = 1e6;

/// So many scales are half of the greatest strength: beyond a few tens of scales
/// the number says more about the scale than about the shift.
const HALF_STRENGTH: f64 = 10.0;

/// Fewer numbers than this are no history.
pub(super) const LEAST_HISTORY: usize = 3;

/// At most this many rows of the history give center and scale.
const HISTORY_PROBES: usize = 4096;

/// What happened to a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Its level may have shifted.
    Shifted,
    /// It was not there before.
    Appeared,
    /// It is not there any more.
    Vanished,
    /// There is too little of it to tell.
    Unknown,
}

/// How a series moved.
#[derive(Clone, Copy, Debug)]
pub struct Shift {
    /// What happened.
    pub kind: Move,
    /// Level before, in the unit of the series.
    pub before: f64,
    /// Level in the disturbed rows.
    pub after: f64,
    /// Usual variation, same unit; 0 when it never varied.
    pub scale: f64,
    /// Shift in scales, with its sign; the most cautious of the comparisons.
    pub scales: f64,
    /// Shift in scales against all that went before.
    pub against_all: f64,
}

/// What a shift is compared with.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// First row of the disturbance: history ends here.
    pub(super) start: usize,
    /// The disturbed rows, ascending.
    pub(super) rows: Vec<usize>,
    /// Calm rows inside the disturbed stretch, ascending; may be empty.
    pub(super) calm: Vec<usize>,
    /// Lengths of the last stretches before, in rows.
    pub(super) near: [usize; 2],
    /// So many rows before the start the cause may already have been there.
    pub(super) lead: usize,
}

/// Center and scale of the history of a series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usual {
    pub(super) center: f64,
    pub(super) scale: f64,
    pub(super) count: usize,
}

impl Shift {
    const NONE: Self = Self {
        kind: Move::Unknown,
        before: f64::NAN,
        after: f64::NAN,
        scale: f64::NAN,
        scales: 0.0,
        against_all: 0.0,
    };

    /// How strong it is, 0 to 1: half at [`HALF_STRENGTH`] scales.
    pub fn strength(&self) -> f64 {
        strength(self.scales)
    }
}

/// The strength of a shift of so many scales, 0 to 1.
pub(super) fn strength(scales: f64) -> f64 {
    scales.abs() / (scales.abs() + HALF_STRENGTH)
}

/// The usual level and variation of some rows.
///
/// The scale is the largest of the median absolute deviation, a quarter of the
/// standard deviation and a thousandth of the level.
pub(super) fn usual(history: &[f64]) -> Usual {
    let stride = history.len().div_ceil(HISTORY_PROBES).max(1);
    let probes: Vec<f64> = history.iter().copied().step_by(stride).collect();
    let numbers = order::numbers(&probes);
    let center = order::median(&numbers);
    let scale = order::scale(&numbers).max(LEVEL_FLOOR * center.abs());
    Usual {
        center,
        scale,
        count: numbers.len(),
    }
}

/// Turns a difference into scales.
pub(super) fn in_scales(difference: f64, scale: f64) -> f64 {
    if !difference.is_finite() || difference == 0.0 {
        0.0
    } else if scale > 0.0 {
        (difference / scale).clamp(-MOST_SCALES, MOST_SCALES)
    } else {
        UNKNOWN_SCALES.copysign(difference)
    }
}

/// The difference that is smallest in size, 0 where signs differ; gaps are left out.
pub(super) fn cautious(differences: impl IntoIterator<Item = f64>) -> f64 {
    let mut least: Option<f64> = None;
    for difference in differences.into_iter().filter(|it| it.is_finite()) {
        least = Some(match least {
            None => difference,
            Some(known) if known * difference <= 0.0 => 0.0,
            Some(known) if difference.abs() < known.abs() => difference,
            Some(known) => known,
        });
    }
    least.unwrap_or(0.0)
}

/// The larger difference in size; a gap is none.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.abs() > a.abs() {
        b
    } else {
        a
    }
}

/// The median of the rows of a range that exist.
pub(super) fn median_of(values: &[f64], rows: Range<usize>) -> f64 {
    order::median(values.get(rows).unwrap_or_default())
}

/// Measures how far a series moved; see the module.
pub(super) fn measure(values: &[f64], stretch: &Stretch) -> Shift {
    let start = stretch.start.min(values.len());
    let usual = usual(&values[..start]);
    let after = median_at(values, &stretch.rows);
    let near = |which: usize| {
        let rows = stretch.near[which];
        let before = |end: usize| after - median_of(values, end.saturating_sub(rows)..end);
        // The cause may already be there in the rows just before, or another
        // disturbance may end in those before them: one of both tells.
        larger(before(start), before(start.saturating_sub(stretch.lead)))
    };
    if usual.count < LEAST_HISTORY || !after.is_finite() {
        let known = Shift {
            before: usual.center,
            after,
            ..Shift::NONE
        };
        let last = median_of(values, start.saturating_sub(stretch.near[1])..start);
        let kind = match (usual.count, last.is_finite(), after.is_finite()) {
            (0, _, true) if start >= LEAST_HISTORY => Move::Appeared,
            (count, true, false) if count >= LEAST_HISTORY && !stretch.rows.is_empty() => {
                Move::Vanished
            }
            _ => return known,
        };
        // As surprising as a shift of unknown size: half of the greatest strength.
        return Shift {
            kind,
            scales: HALF_STRENGTH,
            against_all: HALF_STRENGTH,
            ..known
        };
    }
    let calm = match stretch.calm.len() {
        0 | 1 => f64::NAN,
        _ => median_at(values, &stretch.calm),
    };
    let all = after - usual.center;
    let others = [near(0), near(1), after - calm];
    Shift {
        kind: Move::Shifted,
        before: usual.center,
        after,
        scale: usual.scale,
        scales: in_scales(cautious(std::iter::once(all).chain(others)), usual.scale),
        against_all: in_scales(all, usual.scale),
    }
}

/// The first of some rows from which on a series is at least half way to where it
/// goes; `None` when it never is.
///
/// The next row, where there is one, has to agree, so that one odd sample is no onset.
pub(super) fn onset(values: &[f64], shift: &Shift, rows: Range<usize>) -> Option<usize> {
    let present = |row: usize| values.get(row).is_some_and(|it| it.is_finite());
    match shift.kind {
        Move::Unknown => return None,
        Move::Appeared => return rows.into_iter().find(|row| present(*row)),
        Move::Vanished => return rows.into_iter().find(|row| !present(*row)),
        Move::Shifted => {}
    }
    let way = shift.after - shift.before;
    if way == 0.0 {
        return None;
    }
    let there = |row: usize| match values.get(row) {
        Some(value) if value.is_finite() => Some((value - shift.before) / way >= 0.5),
        _ => None,
    };
    let end = rows.end;
    rows.into_iter()
        .find(|row| there(*row) == Some(true) && (row + 1 >= end || there(row + 1) != Some(false)))
}

fn median_at(values: &[f64], rows: &[usize]) -> f64 {
    let some = rows.iter().filter_map(|row| values.get(*row)).copied();
    order::median_in(&mut some.filter(|it| it.is_finite()).collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scales(values: &[f64], start: usize) -> f64 {
        let stretch = Stretch {
            start,
            rows: (start..values.len()).collect(),
            calm: Vec::new(),
            near: [3, 9],
            lead: 0,
        };
        measure(values, &stretch).scales
    }

    #[test]
    fn a_step_counts_and_a_drift_does_not() {
        let noise = |i: usize| [0.0, 1.0, -1.0, 0.5, -0.5][i % 5];
        let step: Vec<f64> = (0..60)
            .map(|i| noise(i) + if i < 50 { 0.0 } else { 20.0 })
            .collect();
        let drift: Vec<f64> = (0..60).map(|i| noise(i) + i as f64).collect();
        assert!(scales(&step, 50) > 15.0);
        assert!(scales(&drift, 50).abs() < 1.0, "{}", scales(&drift, 50));
    }

    #[test]
    fn odd_columns_do_not_panic() {
        let nan = f64::NAN;
        let cases: [(&[f64], usize, f64); 8] = [
            (&[], 0, 0.0),
            (&[1.0], 0, 0.0),
            (&[nan; 9], 5, 0.0),
            (&[2.0; 9], 5, 0.0),
            (&[0.0, 0.0, 0.0, 0.0, 7.0, 7.0], 4, UNKNOWN_SCALES),
            (&[nan, nan, nan, nan, 7.0, 7.0], 4, HALF_STRENGTH),
            (&[7.0, 7.0, 7.0, 7.0, nan, nan], 4, HALF_STRENGTH),
            (&[f64::INFINITY, 1e300, -1e300, 1e300, 1e300], 99, 0.0),
        ];
        for (values, start, want) in cases {
            assert_eq!(scales(values, start), want, "{values:?}");
        }
    }

    #[test]
    fn onsets_want_two_rows() {
        let values = [0.0, 0.0, 9.0, 0.0, 0.0, 8.0, 10.0, 10.0, 10.0];
        let shift = Shift {
            kind: Move::Shifted,
            before: 0.0,
            after: 10.0,
            ..Shift::NONE
        };
        assert_eq!(onset(&values, &shift, 0..9), Some(5));
        assert_eq!(onset(&values, &shift, 0..3), Some(2));
        assert_eq!(onset(&values, &shift, 3..5), None);
    }
}
