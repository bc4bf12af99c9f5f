//! Turns cumulative counters into rates.
//!
//! Kernel counters only grow, except when a device is re-plugged, a process
//! restarts under the same id, or a narrow counter wraps. Deciding which of
//! these happened is this module's whole job, so callers never subtract two
//! samples themselves.
//!
//! * In: one counter column and its sample times.
//! * Out: one rate per *interval*, told at the interval's end.
//! * Never: reads a clock, resamples, or guesses a unit.
//!
//! Start at [`at_interval_ends`]; live data goes through [`step`].

/// Computes the rate of a counter over each interval between samples.
///
/// | value     | shape | unit                                                     |
/// |-----------|-------|----------------------------------------------------------|
/// | `at`      | `n`   | nanoseconds, strictly ascending                          |
/// | `counter` | `n`   | any unit `U`, cumulative; `NaN` where not read           |
/// | returned  | `n`   | `U` per second; entry `i` is the interval that ends at `i` |
///
/// The first entry is `NaN`: one reading is no rate. A counter that falls was
/// reset: its interval is `NaN`, which plots as a gap, because any finite value
/// would be an invention. An interval that starts or ends in a gap is a gap.
///
/// # Source
///
/// Meaning of the counters: `proc_stat(5)` and `proc_diskstats(5)`.
pub fn at_interval_ends(at: &[i64], counter: &[f64]) -> Vec<f64> {
    let mut rates = Vec::with_capacity(counter.len());
    if !counter.is_empty() {
        rates.push(f64::NAN);
    }
    for (t, c) in at.windows(2).zip(counter.windows(2)) {
        rates.push(step((t[0], c[0]), (t[1], c[1])));
    }
    rates
}

/// Computes the rate between two readings `(time in ns, counter)`.
///
/// `NaN` when the counter fell (a reset), when either reading is a gap, or when
/// time did not advance.
pub fn step(before: (i64, f64), after: (i64, f64)) -> f64 {
    let elapsed_ns = after.0.saturating_sub(before.0);
    let growth = after.1 - before.1;
    if elapsed_ns <= 0 || growth.is_nan() || growth < 0.0 {
        return f64::NAN;
    }
    growth * 1e9 / elapsed_ns as f64
}

/// The intervals in which a counter fell, as the row that ends each.
pub fn resets(counter: &[f64]) -> Vec<usize> {
    counter
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[1] < pair[0])
        .map(|(row, _)| row + 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn the_first_reading_and_a_reset_are_gaps() {
        let rates = at_interval_ends(&[0, S, 2 * S, 4 * S], &[10.0, 12.0, 5.0, 9.0]);
        assert!(rates[0].is_nan() && rates[2].is_nan());
        assert_eq!((rates[1], rates[3]), (2.0, 2.0));
        assert_eq!(resets(&[10.0, 12.0, 5.0, 9.0]), [2]);
    }

    #[test]
    fn no_samples_no_rates() {
        assert!(at_interval_ends(&[], &[]).is_empty());
    }
}
