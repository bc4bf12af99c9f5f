//! The past of one series, as the forecasting methods read it.
//!
//! * In: one value a row, `NaN` or an infinity for a gap.
//! * Out: the newest [`HISTORY_MAX`] rows, scaled so that no square overflows.
//! * Never: fills a gap. Methods ask for the newest number before a row.
//!
//! Start at [`History::of`].

use crate::stats::order;

/// Older rows are not looked at: two months of minutes, a day of seconds.
pub(crate) const HISTORY_MAX: usize = 90_000;

/// Values beyond this size are scaled down, so that sums of squares stay finite.
const SIZE_MAX: f64 = 1e100;

/// The past of one series.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// One value a row, `NaN` for a gap, from the first number on.
    pub(crate) values: Vec<f64>,
    /// `newest[row]` is the last number before `row`; `NaN` before the first; `n + 1` entries.
    newest: Vec<f64>,
    /// Values were divided by this.
    pub(crate) size: f64,
}

impl History {
    /// The newest rows of a series, without the gap before its first number.
    pub(crate) fn of(values: &[f64]) -> Self {
        let recent = &values[values.len().saturating_sub(HISTORY_MAX)..];
        let first = recent.iter().position(|it| it.is_finite());
        let recent = &recent[first.unwrap_or(recent.len())..];
        let numbers = recent.iter().filter(|it| it.is_finite());
        let largest = numbers.fold(0.0, |most: f64, value| most.max(value.abs()));
        let size = if largest > SIZE_MAX { largest } else { 1.0 };
        let number = |value: &f64| match value.is_finite() {
            true => value / size,
            false => f64::NAN,
        };
        let values: Vec<f64> = recent.iter().map(number).collect();
        Self {
            newest: newest(&values),
            values,
            size,
        }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.values.len()
    }

    /// The last number before `row`.
    pub(crate) fn last(&self, row: usize) -> f64 {
        self.newest.get(row).copied().unwrap_or(f64::NAN)
    }

    /// The rows before `row`, at most `count` of them.
    pub(crate) fn before(&self, row: usize, count: usize) -> &[f64] {
        &self.values[row.saturating_sub(count)..row]
    }

    /// How many numbers there are.
    pub(crate) fn numbers(&self) -> usize {
        self.values.iter().filter(|it| it.is_finite()).count()
    }

    /// Smallest and largest number; `NaN` without any.
    pub(crate) fn range(&self) -> (f64, f64) {
        let lo = self.values.iter().copied().fold(f64::NAN, f64::min);
        let hi = self.values.iter().copied().fold(f64::NAN, f64::max);
        (lo, hi)
    }

    /// Whether two numbers of it differ.
    pub(crate) fn varies(&self) -> bool {
        order::varies(&self.values)
    }

    /// Mean size of the differences of numbers `lag` rows apart; `NaN` without any.
    pub(crate) fn step(&self, lag: usize) -> f64 {
        let pairs = self.values.iter().zip(self.values.iter().skip(lag));
        let steps: Vec<f64> = pairs.map(|(a, b)| (b - a).abs()).collect();
        order::mean(&steps)
    }
}

/// The last number before each row.
fn newest(values: &[f64]) -> Vec<f64> {
    let mut last = f64::NAN;
    let mut out = Vec::with_capacity(values.len() + 1);
    out.push(last);
    for value in values {
        if value.is_finite() {
            last = *value;
        }
        out.push(last);
    }
    out
}
