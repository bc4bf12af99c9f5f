//! The seasonal profile: what the same phase of earlier cycles was.
//!
//! A profile at a row rests on rows at least one period before it, so that the
//! profile of all rows is computed once and still is a forecast at each of them.
//!
//! * In: the past of one series and a period in rows.
//! * Out: one value a row, and for one period beyond the last row.
//! * Never: fills a gap; cycles without the phase are passed over.
//!
//! Start at [`Profile::of`] and [`Profile::path`].

use super::history::History;

/// A profile over the last cycles.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Rows of a cycle.
    pub(crate) period: usize,
    /// `n + period` values; `NaN` where no earlier cycle has the phase.
    pub(crate) at: Vec<f64>,
}

impl Profile {
    /// The profile of every row and of the period after the last.
    pub(crate) fn of(history: &History, period: usize, cycles: usize) -> Self {
        let values = &history.values;
        let mut seen = Vec::with_capacity(cycles);
        let rows = 0..values.len() + period;
        let at = rows.map(|row| center(values, row, period, cycles, &mut seen));
        Self {
            period,
            at: at.collect(),
        }
    }

    /// What the profile says after `origin`; only rows before it are used.
    pub(crate) fn path(&self, origin: usize, out: &mut [f64]) {
        for (ahead, value) in out.iter_mut().enumerate() {
            *value = self.at[origin + ahead % self.period];
        }
    }
}

/// The median of the numbers 1, 2, … periods before `row`, of the newest `cycles`.
///
/// Looks at twice as many cycles when gaps hide some; `NaN` without any.
pub(crate) fn center(
    values: &[f64],
    row: usize,
    period: usize,
    cycles: usize,
    seen: &mut Vec<f64>,
) -> f64 {
    seen.clear();
    let mut from = row;
    for _ in 0..2 * cycles {
        let Some(earlier) = from.checked_sub(period) else {
            break;
        };
        from = earlier;
        if let Some(value) = values.get(from).filter(|it| it.is_finite()) {
            seen.push(*value);
            if seen.len() == cycles {
                break;
            }
        }
    }
    seen.sort_unstable_by(f64::total_cmp);
    match seen.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => seen[odd / 2],
        even => f64::midpoint(seen[even / 2 - 1], seen[even / 2]),
    }
}

/// Replaces each value of a path by the mean of those up to `reach` away on it.
pub(crate) fn smooth(path: &mut [f64], reach: usize) {
    if reach == 0 {
        return;
    }
    let mut sums = Vec::with_capacity(path.len() + 1);
    sums.push((0.0, 0.0));
    for value in path.iter() {
        let (sum, count) = sums[sums.len() - 1];
        sums.push(match value.is_finite() {
            true => (sum + value, count + 1.0),
            false => (sum, count),
        });
    }
    let length = path.len();
    for (place, value) in path.iter_mut().enumerate() {
        // Symmetric even at the ends, so that a slope is not bent.
        let reach = reach.min(place).min(length - 1 - place);
        let (lo, hi) = (sums[place - reach], sums[place + reach + 1]);
        *value = (hi.0 - lo.0) / (hi.1 - lo.1);
    }
}
