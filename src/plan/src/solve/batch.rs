//! Work that is moved out of a window: the peak before and after, with intervals.

use analysis::stats::random::Random;
use analysis::stats::resample;

use super::{SolveError, bounded, length, not_negative};

/// Rows of a window, at most.
const ROWS_MAX: usize = 1_000_000;

/// Resamples for the interval.
const DRAWS: usize = 200;

/// Level of the intervals.
const LEVEL: f64 = 0.8;

/// A peak, with the middle 80 % of its resamples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Lower end.
    pub lo: f64,
    /// The 95th percentile of the busy units, by row.
    pub value: f64,
    /// Upper end.
    pub hi: f64,
}

/// Peak and mean before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shifted {
    /// Mean of the busy units before.
    pub mean_before: f64,
    /// Mean after.
    pub mean_after: f64,
    /// Peak before.
    pub before: Peak,
    /// Peak after.
    pub after: Peak,
}

/// Takes the busy units of a job out of those of the machine and, where `rows` is not 0,
/// adds them again so many rows later (earlier, where negative); what falls out of the
/// window is gone.
///
/// # Errors
///
/// Columns of different length, or numbers that are none.
pub fn shifted(busy: &[f64], job: &[f64], rows: i64) -> Result<Shifted, SolveError> {
    length("the job's busy units", job, busy.len())?;
    bounded("the number of rows", busy.len() as f64, ROWS_MAX as f64)?;
    for value in busy.iter().chain(job) {
        not_negative("busy units", *value)?;
    }
    if busy.is_empty() {
        return Err(SolveError::Shape {
            what: "the busy units",
            found: 0,
            want: 1,
        });
    }
    let mut after: Vec<f64> = busy
        .iter()
        .zip(job)
        .map(|(a, b)| (a - b).max(0.0))
        .collect();
    if rows != 0 {
        for (row, job) in job.iter().enumerate() {
            let place = usize::try_from(row as i64 + rows).ok();
            if let Some(after) = place.and_then(|it| after.get_mut(it)) {
                *after += job;
            }
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    Ok(Shifted {
        mean_before: mean(busy),
        mean_after: mean(&after),
        before: peak(busy),
        after: peak(&after),
    })
}

fn peak(values: &[f64]) -> Peak {
    let mut random = Random::new(values.len() as u64);
    let length = resample::block_length(values);
    let mut out = vec![0.0; values.len()];
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            resample::blocks(values, length, &mut random, &mut out);
            high(&mut out)
        })
        .collect();
    let (lo, hi) = resample::interval(&mut draws, LEVEL);
    let value = high(&mut values.to_vec());
    Peak {
        lo: lo.min(value),
        value,
        hi: hi.max(value),
    }
}

fn high(values: &mut [f64]) -> f64 {
    analysis::stats::order::quantile_in(values, 0.95)
}
