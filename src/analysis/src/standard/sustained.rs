//! The level that was passed for a time in one go.
//!
//! A machine of [`crate::alert`] with this limit would just not have fired, so the two
//! never contradict each other.
//!
//! Start at [`level`].

use std::collections::VecDeque;

use model::standard::Bound;

/// How long values must be beyond, and what counts as one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// How long.
    pub hold_ns: i64,
    /// Neighbors further apart have a gap between them, whose time does not count.
    pub gap_ns: i64,
}

/// The highest level that the values were above for the hold time in one go (for
/// [`Bound::AtLeast`] the lowest that they were below); `None` where there was no such time.
///
/// Costs the number of samples.
pub fn level(bound: Bound, hold: Hold, (at, values): (&[i64], &[f64])) -> Option<f64> {
    let sign = match bound {
        Bound::AtMost(_) => 1.0,
        Bound::AtLeast(_) => -1.0,
    };
    // Time of each number, gaps left out.
    let mut rows: Vec<(i64, f64)> = Vec::with_capacity(values.len());
    let (mut clock, mut last) = (0_i64, None);
    for (at, value) in at.iter().zip(values).filter(|(_, it)| !it.is_nan()) {
        let elapsed = last.map_or(0, |last| at.saturating_sub(last));
        if elapsed <= hold.gap_ns {
            clock += elapsed;
        }
        last = Some(*at);
        rows.push((clock, value * sign));
    }
    // Places of the lowest values from `first` on, ascending in place and value.
    let mut lowest: VecDeque<usize> = VecDeque::new();
    let (mut first, mut best) = (0, None::<f64>);
    for (place, (clock, value)) in rows.iter().enumerate() {
        while lowest.back().is_some_and(|it| rows[*it].1 >= *value) {
            lowest.pop_back();
        }
        lowest.push_back(place);
        let is_enough = |it: usize| clock - rows[it].0 >= hold.hold_ns;
        while first < place && is_enough(first + 1) {
            first += 1;
        }
        while lowest.front().is_some_and(|it| *it < first) {
            lowest.pop_front();
        }
        if let Some(least) = lowest.front().filter(|_| is_enough(first)) {
            let least = rows[*least].1;
            best = Some(best.map_or(least, |it| it.max(least)));
        }
    }
    best.map(|it| it * sign)
}
