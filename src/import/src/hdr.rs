//! Logs of HdrHistogram: one line an interval, with all values of it compressed.
//!
//! * In: comments that tell the time, a legend, and lines of start, length, maximum and
//!   base64, with a tag before them or not.
//! * Out: response times of one operation a tag.
//! * Never: guesses how many requests were in flight, since starts are not told.
//!
//! # Source
//!
//! `HistogramLogWriter` and `HistogramLogReader` of HdrHistogram, format versions 1.0 to
//! 1.3: what is before `BaseTime` counts from there; without it, times that are more than
//! a year before `StartTime` count from that.
//!
//! Start at [`read`].

use std::collections::BTreeMap;

use model::histogram::Row;
use model::request::RequestKey;
use model::time::{Moment, SECOND_NS};
use model::trace::{SpanKind, Status};

use crate::lines::{self, Damage, TooMuch};
use crate::load::omission::{self, Interval};
use crate::load::test_name;
use crate::outcome::Outcome;
use crate::skipped::{Skips, counted};
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported, Recording, requests};

mod decode;

/// At most so many intervals are held, of about 500 bytes each.
const ROWS_MAX: usize = 1 << 19;

/// At most so many tags are told apart.
const TAGS_MAX: usize = 4_096;

/// A year, for telling relative times from absolute ones.
const YEAR_S: f64 = 365.0 * 24.0 * 3_600.0;

/// What the maximum of a line is divided by, and how long a unit of values then is: the
/// maximum is in milliseconds by convention.
const SCALES: [(f64, f64, &str); 3] = [
    (1e6, 1e-9, "nanoseconds"),
    (1e3, 1e-6, "microseconds"),
    (1.0, 1e-3, "milliseconds"),
];

/// What was read so far.
#[derive(Default)]
struct Log {
    start_s: Option<f64>,
    base_s: Option<f64>,
    /// Seconds of a unit of values, and its name, once they are known.
    unit: Option<(f64, &'static str)>,
    /// Rows by tag and end.
    rows: BTreeMap<String, BTreeMap<i64, Row>>,
    intervals: BTreeMap<String, Vec<Interval>>,
    count: usize,
    skips: Skips,
}

/// Whether a file that begins with these bytes is such a log.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    lines.any(|line| {
        line.starts_with("\"StartTimestamp\",\"Interval_Length\"")
            || (line.starts_with("#[") && line.contains("istogram log"))
    })
}

/// Reads all intervals.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut log = Log::default();
    let ending = lines::each(source, |line, text| log.line(line, text))?;
    let damage = ending.damage(&log.skips);
    let name = test_name(source.path());
    log.outcome(&name, damage).imported(source)
}

impl Log {
    fn line(&mut self, line: u64, text: &str) -> Result<(), TooMuch> {
        let text = text.trim();
        if let Some(comment) = text.strip_prefix('#') {
            let of = |name: &str| {
                let rest = comment.strip_prefix('[')?.strip_prefix(name)?;
                rest.split_whitespace().next()?.parse::<f64>().ok()
            };
            self.start_s = of("StartTime:").or(self.start_s);
            self.base_s = of("BaseTime:").or(self.base_s);
            return Ok(());
        }
        if text.is_empty() || text.starts_with('"') {
            return Ok(());
        }
        let (tag, rest) = match text.strip_prefix("Tag=").and_then(|it| it.split_once(',')) {
            Some((tag, rest)) => (tag, rest),
            None => ("", text),
        };
        let cells: Vec<&str> = rest.splitn(4, ',').map(str::trim).collect();
        let [start, length, max, payload] = cells[..] else {
            self.skips.add("line", "too few cells", line, text);
            return Ok(());
        };
        let number = |it: &str| it.parse::<f64>().ok().filter(|it| it.is_finite());
        let (Some(start_s), Some(length_s), Some(max)) =
            (number(start), number(length), number(max))
        else {
            self.skips.add("line", "no times", line, text);
            return Ok(());
        };
        let end = self.moment(start_s + length_s);
        let (Some(from), Some(end)) = (self.moment(start_s), end.filter(|_| length_s > 0.0)) else {
            self.skips
                .add("line", "an interval that cannot be", line, text);
            return Ok(());
        };
        match decode::payload(payload) {
            Ok(values) => self.interval(tag, (from, end), max, &values),
            Err(why) => {
                self.skips.add("line", why, line, text);
                Ok(())
            }
        }
    }

    /// The moment that a time of the log means.
    fn moment(&self, seconds: f64) -> Option<Moment> {
        let start_s = self.start_s.unwrap_or(0.0);
        let base_s = self.base_s.unwrap_or(if seconds < start_s - YEAR_S {
            start_s
        } else {
            0.0
        });
        // To the millisecond, as they are written: sums of fractions are a little off.
        Moment::from_unix_seconds(((base_s + seconds) * 1e3).round() / 1e3)
    }

    fn interval(
        &mut self,
        tag: &str,
        (from, end): (Moment, Moment),
        max: f64,
        values: &decode::Values,
    ) -> Result<(), TooMuch> {
        if self.count >= ROWS_MAX || self.rows.len() > TAGS_MAX {
            let limit = format!("more than {ROWS_MAX} intervals or {TAGS_MAX} tags");
            return Err(TooMuch(limit));
        }
        if let (None, Some(greatest)) = (self.unit, values.greatest()) {
            self.unit = Some(unit_of(greatest, max));
        }
        let unit_s = self.unit.map_or(1e-9, |it| it.0);
        let row = Row {
            at: end,
            width_ns: end.0.saturating_sub(from.0),
            active_s: f64::NAN,
            histogram: values.histogram(unit_s),
        };
        self.intervals
            .entry(tag.to_owned())
            .or_default()
            .push(Interval {
                from: from.0,
                length_s: row.width_ns as f64 / SECOND_NS as f64,
                count: row.histogram.count,
                sum_s: row.histogram.sum,
                max_s: row.histogram.max.max(0.0),
            });
        self.count += 1;
        let rows = self.rows.entry(tag.to_owned()).or_default();
        match rows.get_mut(&end.0) {
            // Both are made at one scale, and exponential ones always add up.
            Some(known) => known.add(&row).unwrap_or_default(),
            None => {
                rows.insert(end.0, row);
            }
        }
        Ok(())
    }

    fn outcome(self, name: &str, damage: Option<Damage>) -> Outcome {
        let mut notes = vec![format!("read {}", counted(self.count, "interval"))];
        if let Some((_, unit)) = self.unit {
            notes.push(format!(
                "values were taken as {unit}, since the maximum beside them is in milliseconds by \
                 convention"
            ));
        }
        let times = match self.start_s.is_none() && self.base_s.is_none() {
            true => Told::Nothing,
            false => Told::Moments,
        };
        notes.push(
            "requests were measured at the client; the log does not tell which failed, nor how \
             many were in flight"
                .to_owned(),
        );
        for (tag, intervals) in &self.intervals {
            if let Some(note) = omission::of_intervals(intervals) {
                notes.push(match tag.as_str() {
                    "" => note,
                    tag => format!("{tag}: {note}"),
                });
            }
        }
        notes.extend(self.skips.notes());
        let histograms = self.rows.into_iter().map(|(tag, rows)| {
            let key = RequestKey {
                service: name.to_owned(),
                operation: if tag.is_empty() {
                    "(all)".to_owned()
                } else {
                    tag
                },
                kind: SpanKind::Server,
                peer: String::new(),
                status: Status::Ok,
            };
            (requests::series(&key), rows.into_values().collect())
        });
        Outcome {
            format: "HDR histogram log",
            recording: Recording {
                histograms: histograms.collect(),
                ..Recording::default()
            },
            times,
            notes,
            damage,
            nothing: "there is no interval in it that can be read",
        }
    }
}

/// The unit of values by how much smaller the maximum beside them is.
fn unit_of(greatest: f64, max: f64) -> (f64, &'static str) {
    let ratio = (greatest / max).log10();
    let far = |scale: &(f64, f64, &str)| (ratio - scale.0.log10()).abs();
    let nearest = SCALES.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
    let usual = &SCALES[0];
    let (_, unit, name) = nearest.filter(|_| ratio.is_finite()).unwrap_or(usual);
    (*unit, name)
}
