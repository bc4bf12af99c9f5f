//! What is usual at a time of day, learned while reading.
//!
//! The day is cut into half hours. Each keeps a fading mean of its past visits; a
//! visit is entered when it is over, so that today is always compared with the
//! days before. Whether the profile explains the series is measured, never
//! assumed: its error must be clearly smaller than the spread about the level.
//!
//! * In: one value after another with its time.
//! * Out: how far the value and the mean of the last ones are from the profile.
//! * Never: assumes a cadence; a reading a second and one an hour work alike.
//!
//! Start at [`Season::push`].

use super::streaming::Fading;

/// Half hours: fine enough for a rush hour, coarse enough to be visited often.
const PARTS: usize = 48;
const DAY_NS: i64 = 86_400 * 1_000_000_000;
/// Days that the memory of a part of the day reaches back.
const VISITS: f64 = 5.0;
/// Rows that the memory of the profile's error reaches back.
const ERROR_ROWS: f64 = 600.0;
/// Rows of errors before they are believed.
const LEARN_ROWS: f64 = 50.0;
/// The profile explains a series when its error is below this share of the spread.
const EXPLAINS: f64 = 0.8;
/// Rows whose mean error tells a shifted day.
const FAST_ROWS: f64 = 8.0;
/// Errors teach as if they were at most so many deviations.
const CLIP: f64 = 3.0;

/// The daily profile of one series.
#[derive(Clone, Debug)]
pub(super) struct Season {
    parts: [Fading; PARTS],
    part: usize,
    sum: f64,
    count: f64,
    error: Fading,
    fast: Fading,
}

impl Default for Season {
    fn default() -> Self {
        Self {
            parts: [Fading::default(); PARTS],
            part: 0,
            sum: 0.0,
            count: 0.0,
            error: Fading::default(),
            fast: Fading::default(),
        }
    }
}

impl Season {
    /// Takes in a value; tells whether the profile explains the series, and how
    /// many deviations the value and the mean of the last ones are away from it.
    pub(super) fn push(
        &mut self,
        at_ns: i64,
        value: f64,
        spread: f64,
        least: f64,
    ) -> (bool, (f64, f64)) {
        let part = (at_ns.rem_euclid(DAY_NS) as i128 * PARTS as i128 / i128::from(DAY_NS)) as usize;
        self.enter(part);
        let usual = self.parts[part];
        let mut answer = (false, (0.0, 0.0));
        if usual.count() >= 1.0 {
            answer = self.compare(value - usual.mean, spread, least);
        }
        self.sum += value;
        self.count += 1.0;
        answer
    }

    /// Center and spread of what is usual at the time of day that was last entered.
    pub(super) fn usual(&self) -> (f64, f64) {
        (self.parts[self.part].mean, self.error.deviation())
    }

    fn compare(&mut self, error: f64, spread: f64, least: f64) -> (bool, (f64, f64)) {
        let deviation = self.error.deviation().max(least);
        let believed = self.error.count() > LEARN_ROWS;
        let explains = believed && deviation < EXPLAINS * spread;
        let surprises = if explains {
            // The mean of eight independent errors spreads about a third as far;
            // errors are not independent, so half of that gain is believed.
            let shifted = self.fast.mean.abs() / deviation * FAST_ROWS.sqrt() / 2.0;
            (error.abs() / deviation, shifted)
        } else {
            (0.0, 0.0)
        };
        let reach = CLIP * deviation;
        let taught = if self.error.count() > LEARN_ROWS / 2.0 {
            error.clamp(-reach, reach)
        } else {
            error
        };
        self.error.push(taught, ERROR_ROWS);
        self.fast.push(taught, FAST_ROWS);
        (explains, surprises)
    }

    /// Enters a part of the day; the visit that ends is remembered.
    fn enter(&mut self, part: usize) {
        if part == self.part {
            return;
        }
        if self.count > 0.0 {
            self.parts[self.part].push(self.sum / self.count, VISITS);
        }
        self.part = part;
        self.sum = 0.0;
        self.count = 0.0;
    }
}
