//! How far a prediction was off, and what that is called.
//!
//! * In: what was predicted (or why not), what was measured.
//! * Out: a [`Scored`] row, and the coverage of intervals over many.
//! * Never: forgives: a refusal where an answer was owed is told as such.
//!
//! Start at [`scored`].

use serde::{Deserialize, Serialize};

/// What is predicted, as far as the table of limits tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Quantity {
    /// Requests a second, and requests a second that are sent away.
    Throughput,
    /// Processor seconds a request.
    CpuPerRequest,
    /// A share of what there is.
    Utilization,
    /// Mean response time.
    Mean,
    /// 95th percentile of it.
    P95,
    /// Share of the requests that a cache answers.
    HitRatio,
}

/// What an error is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Grade {
    /// As good as it gets.
    Excellent,
    /// Good enough to decide by.
    Pass,
    /// Neither good enough nor wrong.
    Weak,
    /// Wrong.
    Fail,
    /// Refused, and that was right.
    RefusedRightly,
    /// Refused although an answer was owed.
    Refused,
    /// Answered although a refusal was owed.
    Answered,
    /// The machine was not quiet, or there was no prediction to hold against.
    NotRun,
}

/// What was asked for and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Predicted {
    /// Nine of ten are above.
    pub(crate) p10: Option<f64>,
    /// The point.
    pub(crate) p50: Option<f64>,
    /// Nine of ten are below.
    pub(crate) p90: Option<f64>,
    /// How sure it is: A, B, C or X.
    pub(crate) class: String,
    /// The model.
    pub(crate) model: String,
    /// Code and reason of a refusal.
    pub(crate) refused: Option<String>,
}

/// What should have been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Owed {
    /// A number.
    Answer,
    /// A refusal.
    Refusal,
}

/// Who predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum By {
    /// Kymo, whose score it is.
    #[default]
    Kymo,
    /// Something simple to hold Kymo against; it counts in no score.
    Yardstick,
}

/// What a quantity was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Before the change.
    pub(crate) before: f64,
    /// After it.
    pub(crate) after: f64,
    /// Utilization after it: at the knee errors of response times are larger.
    pub(crate) utilization: f64,
}

/// One row of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scored {
    /// Who predicted.
    #[serde(default)]
    pub(crate) by: By,
    /// What was changed, such as `48 clients`.
    pub(crate) change: String,
    /// Who carried it out: `by the executor`, `by hand`, `by the load`.
    pub(crate) applied: String,
    /// What is predicted, as plans name it.
    pub(crate) metric: String,
    /// How it is judged.
    pub(crate) quantity: Quantity,
    /// Where the measured number is from.
    pub(crate) truth: String,
    /// What was predicted.
    pub(crate) predicted: Predicted,
    /// What was measured.
    pub(crate) outcome: Option<Outcome>,
    /// Relative, or a difference of shares.
    pub(crate) error: Option<f64>,
    /// What that is called.
    pub(crate) grade: Grade,
    /// Whether it went the way it was predicted to; `None` where it hardly moved.
    pub(crate) direction_right: Option<bool>,
    /// Whether it lies within p10 to p90.
    pub(crate) inside: Option<bool>,
    /// Anything a reader must know.
    pub(crate) note: String,
}

/// Excellent up to, pass up to, fail beyond.
struct Limits(f64, f64, f64);

/// Moves by less than this share have no direction.
const MOVED: f64 = 0.02;

/// Beyond this utilization waits dominate.
const KNEE: f64 = 0.7;

impl Quantity {
    fn is_share(self) -> bool {
        matches!(self, Self::Utilization | Self::HitRatio)
    }

    fn limits(self, utilization: f64) -> Limits {
        match self {
            Self::Throughput | Self::CpuPerRequest => Limits(0.05, 0.10, 0.20),
            Self::Utilization => Limits(0.03, 0.05, 0.10),
            Self::Mean if utilization <= KNEE => Limits(0.10, 0.20, 0.40),
            Self::Mean => Limits(0.15, 0.30, 0.60),
            Self::P95 => Limits(0.20, 0.40, 1.00),
            Self::HitRatio => Limits(0.01, 0.025, 0.05),
        }
    }

    fn error(self, predicted: f64, outcome: &Outcome) -> f64 {
        match self.is_share() {
            true => (predicted - outcome.after).abs(),
            false => (predicted - outcome.after).abs() / outcome.after.abs().max(1e-12),
        }
    }

    fn grade(self, predicted: f64, outcome: &Outcome) -> Grade {
        let error = self.error(predicted, outcome);
        let Limits(excellent, pass, fail) = self.limits(outcome.utilization);
        // A tenth of a utilization passes too, which is less than five points below one half.
        let relative = (predicted - outcome.after).abs() / outcome.after.abs().max(1e-12);
        let tenth = self == Self::Utilization && relative <= 0.10;
        match error {
            it if it <= excellent => Grade::Excellent,
            it if it <= pass || tenth => Grade::Pass,
            it if it <= fail => Grade::Weak,
            _ => Grade::Fail,
        }
    }
}

impl Grade {
    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Pass => "pass",
            Self::Weak => "weak",
            Self::Fail => "FAIL",
            Self::RefusedRightly => "refused rightly",
            Self::Refused => "REFUSED",
            Self::Answered => "ANSWERED",
            Self::NotRun => "not run",
        }
    }
}

impl Scored {
    /// Judges the row by what it holds; call it once its outcome is known.
    pub(crate) fn judge(mut self, owed: Owed) -> Self {
        let refused = self.predicted.refused.is_some() || self.predicted.p50.is_none();
        self.grade = match (owed, refused) {
            (Owed::Refusal, true) => Grade::RefusedRightly,
            (Owed::Refusal, false) => Grade::Answered,
            (Owed::Answer, true) => Grade::Refused,
            (Owed::Answer, false) => Grade::NotRun,
        };
        let (Some(p50), Some(outcome)) = (self.predicted.p50, self.outcome) else {
            return self;
        };
        if !outcome.after.is_finite() || refused {
            return self;
        }
        self.error = Some(self.quantity.error(p50, &outcome));
        let moved = (outcome.after - outcome.before) / outcome.before.abs().max(1e-12);
        self.direction_right = (outcome.before.is_finite() && moved.abs() > MOVED)
            .then_some((p50 > outcome.before) == (moved > 0.0));
        let ends = self.predicted.p10.zip(self.predicted.p90);
        self.inside = ends.map(|(lo, hi)| (lo..=hi).contains(&outcome.after));
        if owed == Owed::Answer {
            self.grade = self.quantity.grade(p50, &outcome);
        }
        self
    }
}

/// Share of the intervals that held what came, and how many there were.
pub(crate) fn coverage<'a>(rows: impl Iterator<Item = &'a Scored>) -> (f64, usize) {
    let inside: Vec<bool> = rows.filter_map(|it| it.inside).collect();
    let held = inside.iter().filter(|it| **it).count();
    (held as f64 / inside.len() as f64, inside.len())
}

/// What a coverage of intervals that promise four of five is called.
pub(crate) fn coverage_grade(share: f64) -> Grade {
    match share {
        it if (0.70..=0.90).contains(&it) => Grade::Excellent,
        it if (0.60..=0.97).contains(&it) => Grade::Pass,
        it if it.is_nan() => Grade::NotRun,
        _ => Grade::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(quantity: Quantity, predicted: Predicted, after: f64) -> Scored {
        Scored {
            by: By::Kymo,
            change: "48 clients".to_owned(),
            applied: "by the load".to_owned(),
            metric: "app.throughput".to_owned(),
            quantity,
            truth: "log".to_owned(),
            predicted,
            outcome: Some(Outcome {
                before: 100.0,
                after,
                utilization: 0.5,
            }),
            error: None,
            grade: Grade::NotRun,
            direction_right: None,
            inside: None,
            note: String::new(),
        }
    }

    fn point(p10: f64, p50: f64, p90: f64) -> Predicted {
        Predicted {
            p10: Some(p10),
            p50: Some(p50),
            p90: Some(p90),
            class: "A".to_owned(),
            ..Predicted::default()
        }
    }

    #[test]
    fn errors_are_called_what_the_table_says() {
        let grade = |quantity, p50, after| {
            let row = row(quantity, point(0.0, p50, 1000.0), after);
            row.judge(Owed::Answer).grade
        };
        assert_eq!(grade(Quantity::Throughput, 104.0, 100.0), Grade::Excellent);
        assert_eq!(grade(Quantity::Throughput, 91.0, 100.0), Grade::Pass);
        assert_eq!(grade(Quantity::Throughput, 115.0, 100.0), Grade::Weak);
        assert_eq!(grade(Quantity::Throughput, 173.0, 100.0), Grade::Fail);
        assert_eq!(grade(Quantity::Utilization, 0.52, 0.50), Grade::Excellent);
        assert_eq!(grade(Quantity::Utilization, 0.93, 0.86), Grade::Pass);
        assert_eq!(grade(Quantity::HitRatio, 0.75, 0.726), Grade::Pass);
        assert_eq!(grade(Quantity::Mean, 1.25, 1.0), Grade::Weak);
        assert_eq!(grade(Quantity::P95, 1.35, 1.0), Grade::Pass);
    }

    #[test]
    fn response_times_at_the_knee_may_be_farther_off() {
        let mut row = row(Quantity::Mean, point(0.5, 1.25, 2.0), 1.0);
        if let Some(outcome) = &mut row.outcome {
            outcome.utilization = 0.9;
        }
        assert_eq!(row.judge(Owed::Answer).grade, Grade::Pass);
    }

    #[test]
    fn refusals_are_judged_by_what_was_owed() {
        let refused = Predicted {
            class: "X".to_owned(),
            refused: Some("I7 not-a-resource: a knob".to_owned()),
            ..Predicted::default()
        };
        let judged = |predicted: &Predicted, owed| {
            let row = row(Quantity::Throughput, predicted.clone(), 50.0);
            row.judge(owed).grade
        };
        assert_eq!(judged(&refused, Owed::Refusal), Grade::RefusedRightly);
        assert_eq!(judged(&refused, Owed::Answer), Grade::Refused);
        assert_eq!(
            judged(&point(1.0, 2.0, 3.0), Owed::Refusal),
            Grade::Answered
        );
    }

    #[test]
    fn direction_and_interval_are_told_apart_from_the_error() {
        let judged = row(Quantity::Throughput, point(90.0, 95.0, 99.0), 130.0);
        let judged = judged.judge(Owed::Answer);
        assert_eq!(judged.direction_right, Some(false));
        assert_eq!(judged.inside, Some(false));
        let still = row(Quantity::Throughput, point(90.0, 95.0, 110.0), 101.0);
        let still = still.judge(Owed::Answer);
        assert_eq!(still.direction_right, None);
        assert_eq!(still.inside, Some(true));
        let (share, count) = coverage([judged, still].iter());
        assert_eq!((share, count), (0.5, 2));
        assert_eq!(coverage_grade(0.8), Grade::Excellent);
        assert_eq!(coverage_grade(1.0), Grade::Fail);
    }
}
