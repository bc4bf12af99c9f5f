//! Files of Prometheus and OpenMetrics text: one scrape, several, or samples with times.
//!
//! * In: what a target answers, saved once or again and again into one file; or a dump
//!   whose samples have times.
//! * Out: series as [`telemetry::prometheus`] reads them.
//! * Never: guesses when a scrape without times was made: they are one second apart.
//!
//! Start at [`read`].

use model::series::{Series, SeriesKey};
use model::time::SECOND_NS;
use telemetry::prometheus::{self, BODY_BYTES_MAX, Form, Known, Reader, Scrape};
use telemetry::totals::Counted;

use crate::lines::{self, TooMuch};
use crate::loose::Loose;
use crate::outcome::Outcome;
use crate::skipped::counted;
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported};

/// So many lines are enough to tell the format.
const FIRST_LINES: usize = 16;

/// What is left out is told of so many scrapes at most.
const TOLD_MAX: usize = 5;

/// Whether a file that begins with these bytes is such text; a line that is damaged
/// further down does not hide it.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let ends = head.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let few = ends
        .take(FIRST_LINES)
        .last()
        .map_or(0, |(place, _)| place + 1);
    prometheus::sniff(head) || head.get(..few).is_some_and(prometheus::sniff)
}

/// What was read so far.
#[derive(Default)]
pub(crate) struct Reading {
    reader: Reader,
    scrape: Scrape,
    pub(crate) loose: Loose,
    /// The scrape that is being collected, and the line before its first.
    body: Vec<u8>,
    before: u64,
    /// The first line of the first scrape, by which the next ones are known.
    first: Option<String>,
    ended: bool,
    scrapes: i64,
    numbers: usize,
    untimed: bool,
    timed: bool,
    pub(crate) notes: Vec<String>,
}

/// Reads all scrapes.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut reading = Reading::default();
    let mut last = 0;
    let ending = lines::each(source, |line, text| {
        last = line;
        reading.line(line, text)
    })?;
    let taken = reading.take();
    taken.map_err(|limit| source.too_large(last, limit.0))?;
    let mut notes = vec![format!(
        "read {} in {}",
        counted(reading.numbers, "value"),
        counted(usize::try_from(reading.scrapes).unwrap_or(0), "scrape")
    )];
    let times = match (reading.untimed, reading.timed) {
        (true, false) => Told::Nothing,
        (true, true) => {
            notes.push(
                "values without times have those of their scrapes, which were taken to be one \
                 second apart, from 1970-01-01 on"
                    .to_owned(),
            );
            Told::Moments
        }
        (false, _) => Told::Moments,
    };
    notes.append(&mut reading.notes);
    let recording = reading.loose.finish(&mut notes);
    let outcome = Outcome {
        format: "Prometheus text",
        recording,
        times,
        notes,
        damage: ending.damage,
        nothing: "there is no sample in it",
    };
    outcome.imported(source)
}

impl Reading {
    fn line(&mut self, line: u64, text: &str) -> Result<(), TooMuch> {
        let repeats = self.first.as_deref() == Some(text);
        if (self.ended || repeats) && !self.body.is_empty() {
            self.take()?;
            self.before = line - 1;
        }
        if self.first.is_none() && text.starts_with("# ") {
            self.first = Some(text.to_owned());
        }
        self.ended = text == "# EOF";
        if self.body.len() + text.len() >= BODY_BYTES_MAX {
            let limit = format!("a scrape of more than {} MiB", BODY_BYTES_MAX >> 20);
            return Err(TooMuch(limit));
        }
        self.body.extend_from_slice(text.as_bytes());
        self.body.push(b'\n');
        Ok(())
    }

    /// Reads a body whose samples have times.
    pub(crate) fn body(&mut self, text: &[u8]) -> Result<(), TooMuch> {
        self.body.clear();
        self.body.extend_from_slice(text);
        self.take()
    }

    /// Reads the scrape that was collected.
    fn take(&mut self) -> Result<(), TooMuch> {
        let body = std::mem::take(&mut self.body);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let at = self.scrapes.saturating_mul(SECOND_NS);
        self.scrapes += 1;
        let mut scrape = std::mem::take(&mut self.scrape);
        let form = Form::of_text(&body);
        let told = match self.reader.read_into(&body, form, &mut scrape) {
            Ok(()) => scrape.skipped.first.as_ref().map(|(line, why)| {
                let lines = usize::try_from(scrape.skipped.lines).unwrap_or(usize::MAX);
                let line = self.before + line;
                format!(
                    "skipped {} because {why}, first in line {line}",
                    counted(lines, "line")
                )
            }),
            Err(error) => Some(format!(
                "skipped a scrape after line {}: {error}",
                self.before
            )),
        };
        if self.notes.len() < TOLD_MAX {
            self.notes.extend(told);
        }
        let kept = self.keep(&scrape, at);
        self.scrape = scrape;
        kept
    }

    fn keep(&mut self, scrape: &Scrape, at: i64) -> Result<(), TooMuch> {
        let mut times = scrape.number_times.iter().peekable();
        for (number, (series, value)) in scrape.numbers.iter().enumerate() {
            let own = times.next_if(|it| it.0 == number).map(|it| it.1.0);
            self.untimed |= own.is_none();
            self.timed |= own.is_some();
            self.numbers += 1;
            if let Some(place) = self.place(*series) {
                // An infinity cannot be drawn.
                let value = if value.is_finite() { *value } else { f64::NAN };
                self.loose.number(place, own.unwrap_or(at), value)?;
            }
        }
        let mut times = scrape.histogram_times.iter().peekable();
        for (number, (series, total)) in scrape.histograms.iter().enumerate() {
            let own = times.next_if(|it| it.0 == number).map(|it| it.1.0);
            self.untimed |= own.is_none();
            self.timed |= own.is_some();
            self.numbers += 1;
            if let Some(place) = self.place(*series) {
                let at = own.unwrap_or(at);
                let alone = Counted {
                    start_ns: 0,
                    at_ns: at,
                };
                self.loose.total(place, alone, total.clone())?;
            }
        }
        Ok(())
    }

    fn place(&mut self, series: usize) -> Option<usize> {
        let known = self.reader.series().get(series)?;
        let key = SeriesKey::new("", known.metric.as_str(), known.attributes.iter().cloned());
        self.loose.place(&key.to_string(), || about(known, key))
    }
}

fn about(known: &Known, key: SeriesKey) -> Series {
    Series {
        key,
        unit: known.unit.clone(),
        kind: known.kind,
        polarity: known.polarity,
    }
}
