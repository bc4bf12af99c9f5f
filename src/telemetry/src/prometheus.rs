//! The exposition formats of Prometheus: what a target answers when it is scraped.
//!
//! Three forms say the same things: Prometheus text, OpenMetrics text, and delimited
//! protobuf, which alone carries native histograms. A target says mostly what it said
//! the last time, so a [`Reader`] remembers the lines of its target and recognises them
//! by their bytes: a steady scrape compares, parses numbers, and allocates almost
//! nothing.
//!
//! * In: the body of one scrape, and its [`Form`].
//! * Out: a [`Scrape`] whose numbers and histograms refer to [`Reader::series`].
//! * Never: opens a connection, reads a clock, takes differences, tells what went stale.
//!
//! | exposed                        | read as                                           |
//! |--------------------------------|---------------------------------------------------|
//! | counter                        | counter, under the name of the sample             |
//! | gauge, untyped, info, stateset | gauge                                             |
//! | summary                        | gauges with `quantile`, counters `_sum`, `_count` |
//! | histogram                      | one histogram under the name of the family        |
//! | gauge histogram                | gauges; it is no running total                    |
//! | `_created` of a typed family   | nothing                                           |
//!
//! Start at [`Reader::read`]; the other direction is [`write()`].
//!
//! # Source
//!
//! Prometheus, "Exposition formats"; OpenMetrics 1.0; `io.prometheus.client` messages of
//! `prometheus/client_model`; Prometheus "Native histograms" specification.

use model::catalog::{Kind, Polarity};
use model::histogram::Histogram;
use model::time::Moment;
use model::unit::Unit;

use self::bucket::Histograms;
use self::line::Lines;
use self::table::Table;
use self::why::Why;

pub use self::sniff::sniff;
pub use self::write::{Points, Written, write};

mod bucket;
mod classic;
mod family;
mod label;
mod line;
mod message;
mod native;
mod number;
mod protobuf;
mod sniff;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod unit;
mod why;
mod wire;
mod write;

/// Most series of one target; later ones are skipped and told.
pub const SERIES_MAX: usize = 50_000;

/// Most labels of one series; a series with more is skipped and told.
pub const LABELS_MAX: usize = 64;

/// Longest name of a metric or label, and longest value of a label, in bytes.
pub const TEXT_BYTES_MAX: usize = 2_048;

/// Largest body: 50,000 series with 20 buckets of 60 bytes.
pub const BODY_BYTES_MAX: usize = 64 << 20;

/// Most exemplars of one scrape; the first ones are kept.
pub const EXEMPLARS_MAX: usize = 1_000;

/// What to ask a target for: text forms first, so that a person can look at what is read.
pub const ACCEPT: &str = "application/openmetrics-text;version=1.0.0,\
application/openmetrics-text;version=0.0.1;q=0.8,\
text/plain;version=0.0.4;q=0.6,\
application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.3,\
*/*;q=0.1";

/// What to ask a target for that may have native histograms, which only protobuf carries.
pub const ACCEPT_WITH_NATIVE: &str = "application/vnd.google.protobuf;\
proto=io.prometheus.client.MetricFamily;encoding=delimited,\
application/openmetrics-text;version=1.0.0;q=0.8,\
application/openmetrics-text;version=0.0.1;q=0.7,\
text/plain;version=0.0.4;q=0.6,\
*/*;q=0.1";

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Prometheus text 0.0.4; times are in milliseconds.
    Text,
    /// OpenMetrics text 1.0; times are in seconds.
    OpenMetrics,
    /// Messages `io.prometheus.client.MetricFamily`, each after its length.
    Protobuf,
}

/// A series that a target exposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Name of the sample; of the family for histograms.
    pub metric: String,
    /// Labels, sorted by key; `le` is not among them.
    pub attributes: Vec<(String, String)>,
    /// Unit told by `# UNIT` or by the name's suffix, `{value}` without either.
    pub unit: Unit,
    /// How values relate to time.
    pub kind: Kind,
    /// Whether more is worse, as far as the name says.
    pub polarity: Polarity,
    /// The help text as it was first told; may be empty.
    pub help: String,
}

/// What a target said in one scrape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape {
    /// Values by place in [`Reader::series`]; may be `NaN` or infinite.
    pub numbers: Vec<(usize, f64)>,
    /// Times told with numbers, by place in `numbers`; most targets tell none.
    pub number_times: Vec<(usize, Moment)>,
    /// Running totals by place in [`Reader::series`].
    pub histograms: Vec<(usize, Histogram)>,
    /// Times told with histograms, by place in `histograms`; most targets tell none.
    pub histogram_times: Vec<(usize, Moment)>,
    /// Examples of what was counted, at most [`EXEMPLARS_MAX`].
    pub exemplars: Vec<Exemplar>,
    /// What was left out.
    pub skipped: Skipped,
}

/// One example of what a series counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// Place in [`Reader::series`].
    pub series: usize,
    /// What identifies the example, such as `trace_id`, in the order told.
    pub labels: Vec<(String, String)>,
    /// What was observed, in the series' unit.
    pub value: f64,
    /// When it was observed.
    pub at: Option<Moment>,
}

/// Lines of which something was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub lines: u64,
    /// The first one: its number from 1, and why. In protobuf metrics are numbered.
    pub first: Option<(u64, String)>,
}

/// Why a body says nothing at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The target exposes more than is read.
    #[error("could not read {bytes} bytes of metrics, {BODY_BYTES_MAX} are the most")]
    TooLarge {
        /// Length of the body.
        bytes: usize,
    },

    /// No line was understood: this is no exposition, or one of another form.
    #[error("could not read metrics: line {line}: {why}")]
    NothingUnderstood {
        /// Number of the first line that was not understood.
        line: u64,
        /// What was wrong with it.
        why: String,
    },
}

/// Reads the scrapes of one target.
#[derive(Debug, Default)]
pub struct Reader {
    table: Table,
    lines: Lines,
    histograms: Histograms,
    /// Reused for keys of protobuf metrics.
    key: Vec<u8>,
}

impl Form {
    /// The form that a `Content-Type` header names; `None` for any other.
    pub fn of_content_type(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        if kind.eq_ignore_ascii_case("text/plain") {
            return Some(Self::Text);
        }
        if kind.eq_ignore_ascii_case("application/openmetrics-text") {
            return Some(Self::OpenMetrics);
        }
        let delimited = parts.any(|it| it.eq_ignore_ascii_case("encoding=delimited"));
        let protobuf = kind.eq_ignore_ascii_case("application/vnd.google.protobuf");
        (protobuf && delimited).then_some(Self::Protobuf)
    }

    /// The form of a file of text, which has no content type: OpenMetrics ends with a
    /// line that says so.
    pub fn of_text(body: &[u8]) -> Self {
        match body.trim_ascii_end().ends_with(b"# EOF") {
            true => Self::OpenMetrics,
            false => Self::Text,
        }
    }
}

impl Reader {
    /// A reader that knows nothing of its target yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every series met so far; places stay for the life of the reader.
    pub fn series(&self) -> &[Known] {
        self.table.known()
    }

    /// Reads one scrape.
    ///
    /// # Errors
    ///
    /// As [`Reader::read_into`].
    pub fn read(&mut self, body: &[u8], form: Form) -> Result<Scrape, Unreadable> {
        let mut scrape = Scrape::default();
        self.read_into(body, form, &mut scrape)?;
        Ok(scrape)
    }

    /// Reads one scrape into a used one, whose room is used again.
    ///
    /// What is damaged is skipped and told in [`Scrape::skipped`]; a body that was cut
    /// gives what stands before the cut. An empty body is an empty scrape. Types, help
    /// texts and units stay in force until they are told anew.
    ///
    /// # Errors
    ///
    /// [`Unreadable::TooLarge`] beyond [`BODY_BYTES_MAX`],
    /// [`Unreadable::NothingUnderstood`] when the body is something else, such as a page.
    pub fn read_into(
        &mut self,
        body: &[u8],
        form: Form,
        scrape: &mut Scrape,
    ) -> Result<(), Unreadable> {
        scrape.clear();
        if body.len() > BODY_BYTES_MAX {
            return Err(Unreadable::TooLarge { bytes: body.len() });
        }
        self.table.begin();
        let understood = match form {
            Form::Text => text::read(self, body, text::Dialect::Prometheus, scrape),
            Form::OpenMetrics => text::read(self, body, text::Dialect::OpenMetrics, scrape),
            Form::Protobuf => protobuf::read(self, body, scrape),
        };
        match (understood, scrape.skipped.first.clone()) {
            (0, Some((line, why))) => Err(Unreadable::NothingUnderstood { line, why }),
            _ => Ok(()),
        }
    }
}

impl Scrape {
    fn clear(&mut self) {
        self.numbers.clear();
        self.number_times.clear();
        self.histograms.clear();
        self.histogram_times.clear();
        self.exemplars.clear();
        self.skipped = Skipped::default();
    }

    fn push_number(&mut self, series: u32, value: f64, at: Option<Moment>) {
        if let Some(at) = at {
            self.number_times.push((self.numbers.len(), at));
        }
        self.numbers.push((series as usize, value));
    }

    fn push_histogram(&mut self, series: u32, histogram: Histogram, at: Option<Moment>) {
        if let Some(at) = at {
            self.histogram_times.push((self.histograms.len(), at));
        }
        self.histograms.push((series as usize, histogram));
    }

    fn push_exemplar(&mut self, exemplar: Exemplar) {
        if self.exemplars.len() < EXEMPLARS_MAX {
            self.exemplars.push(exemplar);
        }
    }

    fn skip(&mut self, line: u64, why: Why) {
        self.skipped.lines += 1;
        // Histograms are judged when they are complete, so earlier lines may come later.
        let first = self.skipped.first.as_ref();
        if first.is_none_or(|(known, _)| line < *known) {
            self.skipped.first = Some((line, why.to_string()));
        }
    }
}
