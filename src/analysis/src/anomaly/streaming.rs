//! Scores of a series while it is being read: constant work and memory a point.
//!
//! Each point is asked five questions: is its level, its distance from the last
//! few points, its jump from the one before, its roughness or its place in the day
//! unlike the past? Each answer is a number of robust standard deviations, and
//! each is then compared with the **largest answer of the recent past** instead of
//! a fixed limit. A series of bursts is thereby allowed its bursts, and one
//! threshold serves smooth and heavy-tailed series alike.
//!
//! * In: one value after another, with its time where a daily profile is wanted.
//! * Out: a score from 0 to 1; [`super::THRESHOLD`] and above is an alarm.
//! * Never: looks ahead, allocates after the first day, or grows with the series.
//!
//! Start at [`Stream`]; [`Stream::alarm_at`] also says what sort of alarm it is.
//!
//! # Source
//!
//! Own. The robust scale floor is that of [`crate::stats::order::scale`]; limits by
//! the record of a fading past follow the return levels of A. Siffer et al.,
//! "Anomaly detection in streams with extreme value theory", KDD 2017.

use super::season::Season;
use super::{Direction, Kind, THRESHOLD};

/// Rows of the fast time scale: what a point is compared with as "just now".
const FAST_ROWS: f64 = 8.0;
/// Rows of the slow time scale: what counts as the past level and its spread.
const SLOW_ROWS: f64 = 300.0;
/// Rows over which roughness is judged.
const ROUGH_ROWS: f64 = 20.0;
/// A point moves the memory as if it were at most so many deviations away, so
/// that an anomaly does not become the norm at once.
const CLIP: f64 = 3.0;
/// Rows after which a record counts half.
const RECORD_HALF_LIFE: f64 = 2000.0;
/// A record is beaten when it is exceeded by this factor.
const RECORD_MARGIN: f64 = 1.1;
/// So many deviations are never an alarm, however calm the past was.
const LEAST_DEVIATIONS: f64 = 4.5;
/// Rows before the first alarm: a past has to exist before something is unlike it.
const LEARN_ROWS: f64 = 30.0;
/// Rows after an alarm that belong to the same episode.
const REFRACTORY_ROWS: u32 = 100;
/// Within an episode only this multiple of its record alarms again.
const ESCALATION: f64 = 2.0;
/// Averages and variances cannot jump as far as single points do; this puts them
/// on the same scale of surprise.
const SLOW_WEIGHT: f64 = 1.5;
/// The score that an episode keeps at most while its alarm is out.
const HELD_SCORE: f64 = 0.49;
/// Sizes beyond this are cut, so that their squares stay finite.
const LARGEST: f64 = 1e150;
/// Differences below this share of the level are rounding.
const ROUNDING: f64 = 1e-6;
/// Questions asked of a point.
const QUESTIONS: usize = 6;
/// The questions about a single point.
const POINTS: &[usize] = &[1, 2, 4];
/// The question about roughness.
const ROUGH: usize = 3;
/// Surprises of roughness a unit of its logarithm.
const ROUGH_SCALE: f64 = 6.0;

/// What is said of a point that is an alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// What sort of unlike.
    pub kind: Kind,
    /// [`THRESHOLD`] to 1.
    pub score: f64,
    /// Which way.
    pub direction: Direction,
    /// Where `observed` would have been usual.
    pub expected: [f64; 2],
    /// The value, or the recent level or scatter for steps and changes of scatter.
    pub observed: f64,
}

/// Mean and variance that forget, started as plain averages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fading {
    count: f64,
    pub(super) mean: f64,
    pub(super) variance: f64,
}

impl Fading {
    /// Takes in a value; the memory reaches back over about `rows` values.
    pub(super) fn push(&mut self, value: f64, rows: f64) {
        self.count = (self.count + 1.0).min(rows);
        let share = 1.0 / self.count;
        let difference = value - self.mean;
        self.mean += share * difference;
        self.variance = (1.0 - share) * (self.variance + share * difference * difference);
    }

    /// Values taken in, at most the length of the memory.
    pub(super) fn count(&self) -> f64 {
        self.count
    }

    pub(super) fn deviation(&self) -> f64 {
        self.variance.max(0.0).sqrt()
    }

    /// The root of the mean square, which a mean of zero leaves out of the variance.
    fn size(&self) -> f64 {
        (self.variance + self.mean * self.mean).max(0.0).sqrt()
    }
}

/// A fading memory of one series that scores the next point.
#[derive(Clone, Debug)]
pub struct Stream {
    rows: f64,
    last: f64,
    fast: Fading,
    slow: Fading,
    apart: Fading,
    jump: Fading,
    rough: Fading,
    season: Option<Box<Season>>,
    records: [f64; QUESTIONS],
    fade: f64,
    quiet: u32,
    /// The last answers.
    surprises: [f64; QUESTIONS],
}

/// What was usual before the point that is judged.
struct Past {
    fast: Fading,
    slow: Fading,
    apart: Fading,
    jump: Fading,
    last: f64,
    records: [f64; QUESTIONS],
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self {
            rows: 0.0,
            last: f64::NAN,
            fast: Fading::default(),
            slow: Fading::default(),
            apart: Fading::default(),
            jump: Fading::default(),
            rough: Fading::default(),
            season: None,
            records: [0.0; QUESTIONS],
            fade: 0.5_f64.powf(1.0 / RECORD_HALF_LIFE),
            quiet: 0,
            surprises: [0.0; QUESTIONS],
        }
    }

    /// Scores the next value, 0 to 1; a gap scores 0 and leaves the memory alone.
    pub fn push(&mut self, value: f64) -> f64 {
        self.score(None, value)
    }

    /// Scores the next value read at a time (nanoseconds since the Unix epoch),
    /// which lets it learn what is usual at that time of day.
    pub fn push_at(&mut self, at_ns: i64, value: f64) -> f64 {
        self.score(Some(at_ns), value)
    }

    /// Takes in the next value like [`Stream::push_at`] and says what is unlike its
    /// past, if it is an alarm.
    pub fn alarm_at(&mut self, at_ns: i64, value: f64) -> Option<Alarm> {
        let past = Past {
            fast: self.fast,
            slow: self.slow,
            apart: self.apart,
            jump: self.jump,
            last: self.last,
            records: self.records,
        };
        let score = self.push_at(at_ns, value);
        (score >= THRESHOLD).then(|| self.told(&past, score))
    }

    /// The question that an alarm is told by, and from how many deviations on.
    ///
    /// One far point makes its neighbours rough and moves their mean; it is told as the
    /// point that it is, even where only those beat their records.
    fn asked(&self, past: &Past) -> (usize, f64) {
        let limit = |question: usize| {
            let record = past.records[question] * RECORD_MARGIN;
            record.max(LEAST_DEVIATIONS)
        };
        let surprise = |question: &usize| self.surprises[*question];
        let ratio = |question: &usize| surprise(question) / limit(*question);
        let larger = |of: &dyn Fn(&usize) -> f64, questions: &[usize]| {
            let best = questions.iter().copied();
            best.max_by(|a, b| of(a).total_cmp(&of(b))).unwrap_or(ROUGH)
        };
        let point = larger(&surprise, POINTS);
        if surprise(&point) >= LEAST_DEVIATIONS {
            let beaten = ratio(&point) >= 1.0;
            return (
                point,
                if beaten {
                    limit(point)
                } else {
                    LEAST_DEVIATIONS
                },
            );
        }
        let loudest = larger(&ratio, &[0, ROUGH, 5]);
        (loudest, limit(loudest))
    }

    /// What was found, against what was usual before.
    fn told(&self, past: &Past, score: f64) -> Alarm {
        let (question, limit) = self.asked(past);
        let least = 1e-9 + ROUNDING * past.slow.mean.abs();
        let around = |center: f64, spread: f64, limit: f64| {
            // A series at rest has one usual value, not a band of rounding errors.
            let reach = if spread > least { limit * spread } else { 0.0 };
            [center - reach, center + reach]
        };
        let slow_limit = limit / SLOW_WEIGHT;
        let (kind, observed, expected) = match question {
            0 => {
                let band = around(past.slow.mean, past.slow.deviation(), slow_limit);
                (Kind::Step, self.fast.mean, band)
            }
            1 => {
                let band = around(past.fast.mean, past.apart.deviation(), limit);
                (Kind::Spike, self.last, band)
            }
            2 => {
                let band = around(past.last, past.jump.deviation(), limit);
                (Kind::Spike, self.last, band)
            }
            ROUGH => {
                let usual = past.jump.deviation().max(least);
                let factor = (slow_limit / ROUGH_SCALE).exp();
                let band = [usual / factor, usual * factor];
                (Kind::Variance, self.rough.size(), band)
            }
            _ => {
                let season = self.season.as_deref();
                let (center, spread) = season.map_or((past.slow.mean, 0.0), Season::usual);
                let limit = if question == 4 { limit } else { slow_limit };
                (Kind::Spike, self.last, around(center, spread, limit))
            }
        };
        let kind = if question == 5 { Kind::Step } else { kind };
        let middle = expected[0] + (expected[1] - expected[0]) / 2.0;
        Alarm {
            kind,
            score,
            direction: match observed >= middle {
                true => Direction::Up,
                false => Direction::Down,
            },
            expected,
            observed,
        }
    }

    fn score(&mut self, at_ns: Option<i64>, value: f64) -> f64 {
        if !value.is_finite() {
            return 0.0;
        }
        let value = value.clamp(-LARGEST, LARGEST);
        self.rows += 1.0;
        let surprises = self.surprises(at_ns, value);
        self.surprises = surprises;
        self.last = value;
        let beaten = self.beaten(&surprises);
        self.in_episodes(beaten)
    }

    /// How many robust deviations each question finds.
    fn surprises(&mut self, at_ns: Option<i64>, value: f64) -> [f64; QUESTIONS] {
        let least = 1e-9 + ROUNDING * self.slow.mean.abs();
        let known = self.rows > 2.0;
        let learned = self.rows > LEARN_ROWS;
        let apart = value - self.fast.mean;
        let jump = value - self.last;
        let spread = self.slow.deviation().max(least);
        let apart_spread = self.apart.deviation().max(least);
        let jump_spread = self.jump.deviation().max(least);
        let (seasonal, season_surprises) = self.seasonal(at_ns, value, spread, least);
        let clipped = |value: f64, reach: f64| {
            if learned {
                value.clamp(-reach, reach)
            } else {
                value
            }
        };

        self.fast.push(value, FAST_ROWS);
        let level = (self.fast.mean - self.slow.mean).abs() / spread;
        let moved = clipped(value - self.slow.mean, CLIP * spread);
        self.slow.push(self.slow.mean + moved, SLOW_ROWS);
        if !known {
            return [0.0; QUESTIONS];
        }
        self.apart
            .push(clipped(apart, 2.0 * CLIP * apart_spread), SLOW_ROWS);
        self.jump
            .push(clipped(jump, 2.0 * CLIP * jump_spread), SLOW_ROWS);
        self.rough.push(jump, ROUGH_ROWS);
        let ratio = self.rough.size().max(least) / self.jump.deviation().max(least);
        let roughness = if self.rows > 2.0 * LEARN_ROWS {
            ROUGH_SCALE * ratio.ln().abs()
        } else {
            0.0
        };
        [
            if seasonal { 0.0 } else { SLOW_WEIGHT * level },
            apart.abs() / apart_spread,
            jump.abs() / jump_spread,
            SLOW_WEIGHT * roughness,
            season_surprises.0,
            SLOW_WEIGHT * season_surprises.1,
        ]
    }

    /// Whether the time of day explains the series, and if so how far the point
    /// and the mean of the last ones are from what it explains.
    fn seasonal(
        &mut self,
        at_ns: Option<i64>,
        value: f64,
        spread: f64,
        least: f64,
    ) -> (bool, (f64, f64)) {
        let Some(at_ns) = at_ns else {
            return (false, (0.0, 0.0));
        };
        let season = self.season.get_or_insert_with(Box::default);
        season.push(at_ns, value, spread, least)
    }

    /// The largest surprise relative to its own record; 1 where a record is met.
    fn beaten(&mut self, surprises: &[f64; QUESTIONS]) -> f64 {
        let mut most: f64 = 0.0;
        for (record, surprise) in self.records.iter_mut().zip(surprises) {
            let limit = (*record * RECORD_MARGIN).max(LEAST_DEVIATIONS);
            most = most.max(surprise / limit);
            *record = (*record * self.fade).max(*surprise);
        }
        if self.rows > LEARN_ROWS { most } else { 0.0 }
    }

    /// One alarm an episode: what follows is held below the threshold, unless it
    /// is far worse.
    fn in_episodes(&mut self, beaten: f64) -> f64 {
        let score = beaten / (1.0 + beaten);
        if !score.is_finite() {
            return 0.0;
        }
        if self.quiet > 0 && beaten < ESCALATION {
            self.quiet -= 1;
            return score.min(HELD_SCORE);
        }
        if score >= THRESHOLD {
            self.quiet = REFRACTORY_ROWS;
        }
        score
    }
}

/// Causal scores of a whole series: entry `i` depends on rows up to `i` only.
///
/// | value    | shape | unit                             |
/// |----------|-------|----------------------------------|
/// | `at`     | `n`   | nanoseconds since the Unix epoch |
/// | `values` | `n`   | any; `NaN` is a gap              |
/// | returned | `n`   | score, 0 to 1                    |
pub fn scores(at: &[i64], values: &[f64]) -> Vec<f64> {
    let mut stream = Stream::new();
    let rows = at.iter().zip(values);
    rows.map(|(at_ns, value)| stream.push_at(*at_ns, *value))
        .collect()
}
