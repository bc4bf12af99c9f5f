//! Reads the delimited protobuf form.
//!
//! Name and labels of a metric are compared as the bytes they are sent as; see
//! [`super::line`]. The key of a metric begins with a zero byte, which no line of text
//! does, so both kinds may be remembered side by side.

use model::time::Moment;
use prost::Message;

use super::bucket::Histograms;
use super::classic::{classic, count_of, cumulative};
use super::family::{Comment, Sort};
use super::label::{self, Name};
use super::line::{LineId, Lines, Meaning, START};
use super::message::{self, LabelPair, Summary};
use super::number::moment_from_milliseconds;
use super::table::Table;
use super::why::Why;
use super::wire::{Field, delimited, fields};
use super::{Exemplar, LABELS_MAX, Reader, Scrape, TEXT_BYTES_MAX, native};

/// Largest message of one histogram or summary: what is decoded may be fifty times as
/// large as what is sent.
const MESSAGE_BYTES_MAX: usize = 256 << 10;

/// Types of families by number.
const SORTS: [Sort; 6] = [
    Sort::Counter,
    Sort::Gauge,
    Sort::Summary,
    Sort::Untyped,
    Sort::Histogram,
    Sort::GaugeHistogram,
];

/// One pass over a body.
struct Pass<'a> {
    table: &'a mut Table,
    lines: &'a mut Lines,
    histograms: &'a mut Histograms,
    scrape: &'a mut Scrape,
    key: &'a mut Vec<u8>,
    /// Number of the metric, from 1.
    metric: u64,
    previous: LineId,
    understood: u64,
}

/// What all metrics of a family share.
#[derive(Clone, Copy, Default)]
struct Family<'a> {
    name: &'a str,
    help: &'a [u8],
    unit: &'a [u8],
    sort: Sort,
}

/// One metric, not yet decoded.
#[derive(Clone, Copy, Default)]
struct Metric<'a> {
    message: &'a [u8],
    /// Gauge, counter or untyped.
    simple: Option<&'a [u8]>,
    summary: Option<&'a [u8]>,
    histogram: Option<&'a [u8]>,
    at: Option<Moment>,
}

/// Which series of a metric is meant, where it has several.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Only,
    Sum,
    Count,
    Quantile(f64),
    Bucket(f64),
}

/// Reads a body; returns the number of metrics that were understood.
pub(super) fn read(reader: &mut Reader, body: &[u8], scrape: &mut Scrape) -> u64 {
    let mut pass = Pass {
        table: &mut reader.table,
        lines: &mut reader.lines,
        histograms: &mut reader.histograms,
        scrape,
        key: &mut reader.key,
        metric: 0,
        previous: START,
        understood: 0,
    };
    let mut rest = body;
    while !rest.is_empty() {
        match delimited(&mut rest) {
            Ok(message) => pass.family(message),
            Err(_) => {
                pass.scrape.skip(pass.metric + 1, Why::Cut);
                break;
            }
        }
    }
    pass.understood
}

impl Pass<'_> {
    fn family(&mut self, message: &[u8]) {
        let family = match Family::of(message) {
            Ok(family) => family,
            Err(why) => return self.scrape.skip(self.metric + 1, why),
        };
        match family.declare(self.table) {
            Ok(true) => {
                self.lines.clear();
                self.previous = START;
            }
            Ok(false) => {}
            Err(why) => return self.scrape.skip(self.metric + 1, why),
        }
        for field in fields(message) {
            if let Ok((4, Field::Bytes(message))) = field {
                self.metric += 1;
                if let Err(why) = self.metric(family, message) {
                    self.scrape.skip(self.metric, why);
                }
            }
        }
    }

    fn metric(&mut self, family: Family<'_>, message: &[u8]) -> Result<(), Why> {
        self.key.clear();
        self.key.push(0);
        self.key.extend_from_slice(family.name.as_bytes());
        let metric = Metric::of(message, self.key)?;
        self.understood += 1;
        match family.sort {
            Sort::Histogram => self.histogram(family, metric),
            Sort::GaugeHistogram => self.gauge_histogram(family, metric),
            Sort::Summary => self.summary(family, metric),
            _ => self.simple(family, metric),
        }
    }

    fn simple(&mut self, family: Family<'_>, metric: Metric<'_>) -> Result<(), Why> {
        // A value of zero is not sent by writers that leave out zeros.
        let mut value = 0.0;
        let mut exemplar = None;
        for field in fields(metric.simple.ok_or(Why::Value)?) {
            match field? {
                (1, Field::Fixed64(bits)) => value = f64::from_bits(bits),
                (2, Field::Bytes(message)) => exemplar = Some(message),
                _ => {}
            }
        }
        let series = self.number(family, metric, Part::Only, value)?;
        if let Some(message) = exemplar {
            let decoded = message::Exemplar::decode(message).map_err(|_| Why::Exemplar)?;
            self.exemplar(series, decoded);
        }
        Ok(())
    }

    fn summary(&mut self, family: Family<'_>, metric: Metric<'_>) -> Result<(), Why> {
        let message = limited(metric.summary.ok_or(Why::Value)?)?;
        let summary = Summary::decode(message).map_err(|_| Why::Message)?;
        for it in &summary.quantile {
            self.number(family, metric, Part::Quantile(it.quantile), it.value)?;
        }
        let (sum, count) = (summary.sample_sum, summary.sample_count);
        self.number(family, metric, Part::Sum, sum.unwrap_or(0.0))?;
        self.number(family, metric, Part::Count, count.unwrap_or(0) as f64)?;
        Ok(())
    }

    fn histogram(&mut self, family: Family<'_>, metric: Metric<'_>) -> Result<(), Why> {
        let message = limited(metric.histogram.ok_or(Why::Value)?)?;
        let message = message::Histogram::decode(message).map_err(|_| Why::Message)?;
        let series = self.series(family, metric, Part::Only)?;
        let histogram = match native::is_native(&message) {
            true => native::histogram(&message)?,
            false => classic(self.histograms, series, &message)?,
        };
        if metric.at.is_none() && !self.table.is_first(series) {
            return Err(Why::Twice);
        }
        self.scrape.push_histogram(series, histogram, metric.at);
        let of_buckets = message.bucket.into_iter().filter_map(|it| it.exemplar);
        for exemplar in of_buckets.chain(message.exemplars) {
            self.exemplar(series, exemplar);
        }
        Ok(())
    }

    fn gauge_histogram(&mut self, family: Family<'_>, metric: Metric<'_>) -> Result<(), Why> {
        let message = limited(metric.histogram.ok_or(Why::Value)?)?;
        let message = message::Histogram::decode(message).map_err(|_| Why::Message)?;
        if native::is_native(&message) {
            return Err(Why::NativeGauge);
        }
        for bucket in &message.bucket {
            let part = Part::Bucket(bucket.upper_bound);
            self.number(family, metric, part, cumulative(bucket))?;
        }
        let sum = message.sample_sum.unwrap_or(f64::NAN);
        self.number(family, metric, Part::Count, count_of(&message))?;
        self.number(family, metric, Part::Sum, sum)?;
        Ok(())
    }

    fn number(
        &mut self,
        family: Family<'_>,
        metric: Metric<'_>,
        part: Part,
        value: f64,
    ) -> Result<u32, Why> {
        let series = self.series(family, metric, part)?;
        if metric.at.is_none() && !self.table.is_first(series) {
            return Err(Why::Twice);
        }
        self.scrape.push_number(series, value, metric.at);
        Ok(series)
    }

    /// The series of a metric's part, found by its key.
    fn series(&mut self, family: Family<'_>, metric: Metric<'_>, part: Part) -> Result<u32, Why> {
        let length = self.key.len();
        part.append_to(self.key);
        let found = self.lines.follow_exactly(self.previous, self.key);
        let line = match found.or_else(|| self.lines.find(self.key)) {
            Some(line) => line,
            None => {
                let name = name_of(family, metric, part)?;
                let meaning = match family.sort {
                    Sort::Histogram => self.table.resolve_histogram(name),
                    _ => self.table.resolve(name, self.histograms),
                };
                let meaning = meaning.unwrap_or_else(Meaning::Refused);
                self.lines.push(self.key, meaning)
            }
        };
        self.key.truncate(length);
        if found.is_none() {
            self.lines.link(self.previous, line);
        }
        self.previous = line;
        match self.lines.meaning(line) {
            Meaning::Number { series } | Meaning::Histogram { series } => Ok(series),
            Meaning::Refused(why) => Err(why),
            _ => Err(Why::Name),
        }
    }

    fn exemplar(&mut self, series: u32, told: message::Exemplar) {
        let at = told.timestamp.and_then(|it| {
            let whole = it.seconds.checked_mul(1_000_000_000)?;
            whole.checked_add(i64::from(it.nanos)).map(Moment)
        });
        let labels = told.label.into_iter().take(LABELS_MAX);
        self.scrape.push_exemplar(Exemplar {
            series: series as usize,
            labels: labels.map(|it| (it.name, it.value)).collect(),
            value: told.value,
            at,
        });
    }
}

impl<'a> Family<'a> {
    fn of(message: &'a [u8]) -> Result<Self, Why> {
        // The type of counters is number zero, which some writers leave out.
        let mut family = Self {
            sort: Sort::Counter,
            ..Self::default()
        };
        for field in fields(message) {
            match field? {
                (1, Field::Bytes(name)) => {
                    family.name = std::str::from_utf8(name).map_err(|_| Why::Name)?;
                }
                (2, Field::Bytes(help)) => family.help = help,
                (3, Field::Varint(number)) => {
                    let sort = usize::try_from(number).ok().and_then(|it| SORTS.get(it));
                    family.sort = *sort.ok_or(Why::Comment)?;
                }
                (5, Field::Bytes(unit)) => family.unit = unit,
                _ => {}
            }
        }
        match (family.name.len(), family.name.contains('\0')) {
            (0, _) | (_, true) => Err(Why::Name),
            (1..=TEXT_BYTES_MAX, false) => Ok(family),
            _ => Err(Why::TooLong),
        }
    }

    /// Takes in name, type, help and unit; tells whether the type is another now.
    fn declare(&self, table: &mut Table) -> Result<bool, Why> {
        let known = table.families.get(self.name);
        if known.is_some_and(|it| it.sort == self.sort) {
            return Ok(false);
        }
        let family = || self.name.to_owned();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        table.families.declare(Comment::Help {
            family: family(),
            help: text(self.help),
        })?;
        table.families.declare(Comment::Unit {
            family: family(),
            unit: text(self.unit),
        })?;
        table.families.declare(Comment::Type {
            family: family(),
            sort: self.sort,
        })
    }
}

impl<'a> Metric<'a> {
    /// Finds the parts of a metric, and adds the labels to its key.
    fn of(message: &'a [u8], key: &mut Vec<u8>) -> Result<Self, Why> {
        let mut metric = Self {
            message,
            ..Self::default()
        };
        for field in fields(message) {
            match field? {
                (1, Field::Bytes(label)) => {
                    key.push(0);
                    key.extend_from_slice(&label.len().to_le_bytes());
                    key.extend_from_slice(label);
                }
                (2 | 3 | 5, Field::Bytes(simple)) => metric.simple = Some(simple),
                (4, Field::Bytes(summary)) => metric.summary = Some(summary),
                (7, Field::Bytes(histogram)) => metric.histogram = Some(histogram),
                (6, Field::Varint(milliseconds)) => {
                    // Sent as the bits of a signed number.
                    let at = moment_from_milliseconds(milliseconds as i64);
                    metric.at = Some(at.ok_or(Why::Time)?);
                }
                _ => {}
            }
        }
        Ok(metric)
    }
}

impl Part {
    fn append_to(self, key: &mut Vec<u8>) {
        let (mark, value) = match self {
            Self::Only => return,
            Self::Sum => (1, 0.0),
            Self::Count => (2, 0.0),
            Self::Quantile(value) => (3, value),
            Self::Bucket(value) => (4, value),
        };
        key.extend_from_slice(&[0, mark]);
        key.extend_from_slice(&value.to_bits().to_le_bytes());
    }
}

/// Name and labels as the text form would say them.
fn name_of(family: Family<'_>, metric: Metric<'_>, part: Part) -> Result<Name, Why> {
    let mut labels = Vec::new();
    for field in fields(metric.message) {
        if let (1, Field::Bytes(message)) = field? {
            let pair = LabelPair::decode(limited(message)?).map_err(|_| Why::Labels)?;
            label::push(&mut labels, pair.name, pair.value)?;
        }
    }
    let gauges = family.sort == Sort::GaugeHistogram;
    let (ending, own) = match part {
        Part::Only => ("", None),
        Part::Sum => (if gauges { "_gsum" } else { "_sum" }, None),
        Part::Count => (if gauges { "_gcount" } else { "_count" }, None),
        Part::Quantile(value) => ("", Some(("quantile", value))),
        Part::Bucket(value) => ("_bucket", Some(("le", value))),
    };
    if let Some((key, value)) = own {
        let text = match value == f64::INFINITY {
            true => "+Inf".to_owned(),
            false => value.to_string(),
        };
        label::push(&mut labels, key.to_owned(), text)?;
    }
    Ok(Name {
        metric: format!("{}{ending}", family.name),
        labels,
    })
}

/// A message that is small enough to decode.
fn limited(message: &[u8]) -> Result<&[u8], Why> {
    match message.len() <= MESSAGE_BYTES_MAX {
        true => Ok(message),
        false => Err(Why::TooLong),
    }
}
