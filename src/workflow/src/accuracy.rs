//! The accuracy card: how right Kymo was on recordings whose truth is known.
//!
//! One command of the tests computes it and writes `assets/accuracy.ron`; this is the
//! other side of that shape. A share of few runs says little, so each comes with its
//! interval.
//!
//! Start at [`embedded`]; shares are [`Share`]s.

use model::unit::Unit;
use serde::Deserialize;

/// The file as it was when this was built.
const FILE: &str = include_str!("../../../assets/accuracy.ron");

/// Newest shape that is understood.
const SCHEMA: u32 = 1;

/// Quantile of the normal distribution for intervals of 95 %.
const Z: f64 = 1.959_964;

/// How to compute the card.
pub const HOW: &str = "faults record --seed N --out DIR --kymo kymo
faults card DIR --kymo kymo --out assets/accuracy.ron";

/// The whole card.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Card {
    /// Version of the shape.
    pub schema: u32,
    /// Day of the measurement, UTC; empty without one.
    pub date: String,
    /// Version of Kymo that was measured; empty without a measurement.
    pub kymo: String,
    /// Where.
    pub machine: Machine,
    /// The verdicts on each fault.
    pub faults: Vec<OfFault>,
    /// Expected and given verdicts.
    pub confusion: Vec<Given>,
    /// Each detector on all faults (`all`) and on each.
    pub detectors: Vec<Detector>,
    /// Scores on public data sets.
    #[serde(default)]
    pub public: Vec<Public>,
}

/// What matters of a machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Machine {
    /// Instruction set.
    pub arch: String,
    /// Release of the kernel.
    pub kernel: String,
    /// Model of the processor.
    pub processor: String,
    /// Number of processors.
    pub processors: usize,
    /// Main memory.
    pub memory_bytes: u64,
}

/// The verdicts on one fault.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct OfFault {
    /// Its name.
    pub fault: String,
    /// The right verdict.
    pub verdict: String,
    /// Recordings.
    pub runs: usize,
    /// With the right verdict.
    pub verdict_right: usize,
    /// In which some process did it.
    pub blamed: usize,
    /// Of those, with it among the first three named.
    pub culprit_right: usize,
    /// With the right verdict at some time during the disturbance.
    pub detected: usize,
    /// From the onset to the right verdict, in seconds.
    pub delay_median_s: Option<f64>,
    /// The longest.
    pub delay_max_s: Option<f64>,
    /// Verdicts other than none where nothing was done.
    pub false_alarms: usize,
    /// Seconds that those were counted in.
    pub quiet_s: f64,
}

/// How often a verdict was given where another one was right.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Given {
    /// The right one.
    pub expected: String,
    /// The given one.
    pub given: String,
    /// How often.
    pub runs: usize,
}

/// One detector on one fault, or on all.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Detector {
    /// Its name.
    pub detector: String,
    /// Name of the fault; `all` sums up.
    pub fault: String,
    /// Recordings with something to find.
    pub disturbed: usize,
    /// Recordings with nothing to find.
    pub undisturbed: usize,
    /// Share of the disturbed that were found.
    pub recall: Option<f64>,
    /// Right alarms among all.
    pub precision: Option<f64>,
    /// Median time from onset to alarm, in seconds.
    pub delay_s: Option<f64>,
    /// Alarms where nothing was done.
    pub false_alarms: usize,
    /// The same, for each day of a host.
    pub false_alarms_per_host_day: Option<f64>,
}

/// A score on a public data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Public {
    /// The data set.
    pub data: String,
    /// The analysis that was scored.
    pub analysis: String,
    /// Name of the score.
    pub score: String,
    /// Its value.
    pub value: f64,
    /// Unit of it.
    pub unit: Unit,
    /// What was aimed at.
    pub goal: Option<f64>,
}

/// A share of a few runs with the interval that it is believed to lie in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// How many.
    pub part: usize,
    /// Of how many.
    pub whole: usize,
}

impl Share {
    /// The interval, 95 %; all there is where nothing was counted.
    ///
    /// # Source
    ///
    /// E. B. Wilson, "Probable inference, the law of succession, and statistical
    /// inference", Journal of the American Statistical Association 22 (1927).
    pub fn interval(self) -> (f64, f64) {
        if self.whole == 0 {
            return (0.0, 1.0);
        }
        let n = self.whole as f64;
        let share = self.part as f64 / n;
        let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let (middle, scale) = (share + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
        let (lo, hi) = ((middle - spread) / scale, (middle + spread) / scale);
        (lo.max(0.0), hi.min(1.0))
    }

    /// As people read it: `2 of 3`, and the interval.
    pub fn texts(self) -> [String; 2] {
        if self.whole == 0 {
            return ["–".to_owned(), "–".to_owned()];
        }
        let (lo, hi) = self.interval();
        [
            format!("{} of {}", self.part, self.whole),
            format!("{:.0} to {:.0} %", lo * 100.0, hi * 100.0),
        ]
    }
}

impl Card {
    /// How often the verdicts were right, over all faults.
    pub fn right(&self) -> Share {
        Share {
            part: self.faults.iter().map(|it| it.verdict_right).sum(),
            whole: self.faults.iter().map(|it| it.runs).sum(),
        }
    }

    /// Verdicts where nothing was done, for each day of a host; `None` where it was not
    /// looked at for long enough to say.
    pub fn false_alarms_per_day(&self) -> Option<f64> {
        let quiet_s: f64 = self.faults.iter().map(|it| it.quiet_s).sum();
        let alarms: usize = self.faults.iter().map(|it| it.false_alarms).sum();
        (quiet_s > 0.0).then(|| alarms as f64 * 86_400.0 / quiet_s)
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.detectors.is_empty() && self.public.is_empty()
    }
}

/// The card that this was built with.
///
/// # Errors
///
/// Why it cannot be read.
pub fn embedded() -> Result<Card, String> {
    read(FILE)
}

/// A card as the command of the tests writes it.
///
/// # Errors
///
/// Why it cannot be read.
pub fn read(text: &str) -> Result<Card, String> {
    let card: Card = ron::from_str(text).map_err(|error| error.to_string())?;
    match card.schema {
        SCHEMA => Ok(card),
        other => Err(format!("its shape is version {other}, not {SCHEMA}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The card that the test of the writer agreed to.
    fn golden() -> Card {
        read(include_str!("../../../tests/data/golden/accuracy.ron")).expect("a card")
    }

    #[test]
    fn the_embedded_card_is_read() {
        let card = embedded().expect("a card");
        assert_eq!(card.schema, SCHEMA);
        // Figures come with the day and the version that they were measured with.
        assert_eq!(card.faults.is_empty(), card.kymo.is_empty());
        assert_eq!(card.faults.is_empty(), card.date.is_empty());
    }

    #[test]
    fn what_the_command_writes_is_read() {
        let card = golden();
        assert_eq!(card.faults[0].fault, "cpu-hog");
        assert_eq!(card.faults[0].delay_median_s, Some(4.0));
        assert_eq!(card.public[0].goal, Some(0.4));
        assert!(read("(schema: 9)").is_err());
    }

    #[test]
    fn intervals_are_those_of_wilson() {
        // R: binom::binom.confint(8, 10, methods = "wilson").
        let (lo, hi) = Share { part: 8, whole: 10 }.interval();
        assert!((lo - 0.490_162).abs() < 1e-5 && (hi - 0.943_318).abs() < 1e-5);
        let all = Share { part: 5, whole: 5 };
        let (lo, hi) = all.interval();
        assert!(
            (lo - 0.565_518).abs() < 1e-5 && (hi - 1.0).abs() < 1e-9,
            "{lo} {hi}"
        );
        let none = Share { part: 0, whole: 0 };
        assert_eq!(
            (none.interval(), none.texts()[0].as_str()),
            ((0.0, 1.0), "–")
        );
    }
}
