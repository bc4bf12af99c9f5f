//! Reads both text forms, line by line.
//!
//! A line that came next the last time is compared and its number parsed; any other is
//! looked up by its bytes; only one that was never met is taken apart. A last line
//! without its end was cut, perhaps inside a number, and is passed over.

use model::time::Moment;

use super::bucket::{Field, Histograms, Told};
use super::family::Comment;
use super::line::{LineId, Lines, Meaning, START};
use super::number::{is_blank, token, trimmed};
use super::table::Table;
use super::why::Why;
use super::{Exemplar, Reader, Scrape, label, number};

/// Where the text forms differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Prometheus,
    OpenMetrics,
}

/// One pass over a body.
struct Pass<'a> {
    table: &'a mut Table,
    lines: &'a mut Lines,
    histograms: &'a mut Histograms,
    scrape: &'a mut Scrape,
    dialect: Dialect,
    /// Number of the line, from 1.
    line: u64,
    previous: LineId,
    understood: u64,
    ended: bool,
    cut: bool,
}

/// What stands behind the key of a sample.
struct Sample {
    value: f64,
    at: Option<Moment>,
}

/// Reads a body; returns the number of lines that were understood.
pub(super) fn read(reader: &mut Reader, body: &[u8], dialect: Dialect, scrape: &mut Scrape) -> u64 {
    let mut pass = Pass {
        table: &mut reader.table,
        lines: &mut reader.lines,
        histograms: &mut reader.histograms,
        scrape,
        dialect,
        line: 0,
        previous: START,
        understood: 0,
        ended: false,
        cut: false,
    };
    pass.body(body);
    pass.understood
}

impl Pass<'_> {
    fn body(&mut self, mut rest: &[u8]) {
        while !rest.is_empty() && !self.ended {
            self.line += 1;
            rest = match self.lines.follow(self.previous, rest) {
                Some((line, length)) => self.familiar(line, &rest[length..]),
                None => self.look_up(rest),
            };
        }
        self.end(rest);
        if self.cut {
            self.scrape.skip(self.line, Why::Cut);
            self.forget_cut();
        }
        self.histograms.finish(self.scrape);
    }

    fn end(&mut self, rest: &[u8]) {
        let whole = self.ended || self.dialect == Dialect::Prometheus || self.line == 0;
        self.cut |= !whole;
        if self.ended && !trimmed(rest).iter().all(|byte| *byte == b'\n') {
            self.scrape.skip(self.line + 1, Why::AfterEnd);
        }
    }

    /// Forgets the histogram that the cut went through.
    fn forget_cut(&mut self) {
        match self.lines.meaning(self.previous) {
            Meaning::Bucket { histogram, .. }
            | Meaning::Sum { histogram }
            | Meaning::Count { histogram } => self.histograms.forget(histogram),
            _ => {}
        }
    }

    /// Takes in a line that came next the last time too.
    fn familiar<'b>(&mut self, line: LineId, tail: &'b [u8]) -> &'b [u8] {
        match self.lines.meaning(line) {
            Meaning::Comment => {
                self.previous = line;
                self.understood += 1;
                &tail[1..]
            }
            meaning => self.sample(line, meaning, tail),
        }
    }

    /// Takes in a line that came elsewhere the last time, or never.
    fn look_up<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = trimmed(&rest[..end.unwrap_or(rest.len())]);
        let after = end.map_or(&[][..], |end| &rest[end + 1..]);
        if line == b"# EOF" && self.dialect == Dialect::OpenMetrics {
            self.ended = true;
            self.understood += 1;
            return after;
        }
        if end.is_none() {
            self.cut = true;
        } else if line.first() == Some(&b'#') {
            self.comment(line);
        } else if !line.is_empty() {
            let blanks = rest.iter().take_while(|it| is_blank(**it)).count();
            match self.key(line) {
                Ok((id, length)) => {
                    let meaning = self.lines.meaning(id);
                    return self.sample(id, meaning, &rest[blanks + length..]);
                }
                Err(why) => self.scrape.skip(self.line, why),
            }
        }
        after
    }

    /// The line's own number, and the length of its name and labels.
    fn key(&mut self, line: &[u8]) -> Result<(LineId, usize), Why> {
        let length = label::end(line).ok_or(Why::Shape)?;
        let raw = &line[..length];
        let id = match self.lines.find(raw) {
            Some(id) => id,
            None => {
                let name = label::parse(raw)?;
                let meaning = self.table.resolve(name, self.histograms);
                let meaning = meaning.unwrap_or_else(Meaning::Refused);
                self.lines.push(raw, meaning)
            }
        };
        self.lines.link(self.previous, id);
        Ok((id, length))
    }

    fn comment(&mut self, line: &[u8]) {
        if let Some(known) = self.lines.find(line) {
            self.understood += 1;
            self.lines.link(self.previous, known);
            self.previous = known;
            return;
        }
        let comment = match Comment::parse(line) {
            Ok(Comment::Other) => return,
            Ok(comment) => comment,
            Err(why) => return self.scrape.skip(self.line, why),
        };
        match self.table.families.declare(comment) {
            Ok(true) => {
                self.lines.clear();
                self.previous = START;
            }
            Ok(false) => {}
            Err(why) => return self.scrape.skip(self.line, why),
        }
        self.understood += 1;
        let id = self.lines.push(line, Meaning::Comment);
        self.lines.link(self.previous, id);
        self.previous = id;
    }

    /// Takes in what stands behind a key; returns what follows the line.
    fn sample<'b>(&mut self, line: LineId, meaning: Meaning, tail: &'b [u8]) -> &'b [u8] {
        self.previous = line;
        let (text, rest) = token(tail);
        let value = number::value(text).ok_or(Why::Value);
        if let Some(after) = rest.strip_prefix(b"\n") {
            let sample = value.map(|value| Sample { value, at: None });
            self.tell(meaning, sample);
            return after;
        }
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            self.cut = true;
            return &[];
        };
        self.trailer(meaning, value, trimmed(&rest[..end]));
        &rest[end + 1..]
    }

    /// Takes in a sample with a time, an exemplar or both.
    fn trailer(&mut self, meaning: Meaning, value: Result<f64, Why>, text: &[u8]) {
        let (time, exemplar) = match text.iter().position(|byte| *byte == b'#') {
            Some(start) => (trimmed(&text[..start]), Some(&text[start + 1..])),
            None => (text, None),
        };
        let sample = value.and_then(|value| {
            let at = match time {
                [] => None,
                time => Some(number::time(time, self.dialect).ok_or(Why::Time)?),
            };
            Ok(Sample { value, at })
        });
        self.tell(meaning, sample);
        if let Some((text, series)) = exemplar.zip(self.series(meaning)) {
            match exemplar_of(series, text, self.dialect) {
                Ok(exemplar) => self.scrape.push_exemplar(exemplar),
                Err(why) => self.scrape.skip(self.line, why),
            }
        }
    }

    fn tell(&mut self, meaning: Meaning, sample: Result<Sample, Why>) {
        let Sample { value, at } = match sample {
            Ok(sample) => sample,
            Err(why) => return self.scrape.skip(self.line, why),
        };
        self.understood += 1;
        let (histogram, field) = match meaning {
            Meaning::Number { series } => {
                // A series may be told once for each time.
                return match at.is_some() || self.table.is_first(series) {
                    true => self.scrape.push_number(series, value, at),
                    false => self.scrape.skip(self.line, Why::Twice),
                };
            }
            Meaning::Bucket { histogram, slot } => (histogram, Field::Bucket(slot)),
            Meaning::Sum { histogram } => (histogram, Field::Sum),
            Meaning::Count { histogram } => (histogram, Field::Count),
            Meaning::Refused(why) => return self.scrape.skip(self.line, why),
            Meaning::Unused | Meaning::Comment | Meaning::Histogram { .. } => return,
        };
        let told = Told {
            histogram,
            field,
            value,
            at,
            line: self.line,
        };
        self.histograms.tell(told, self.scrape);
    }

    /// The series that a line says something of.
    fn series(&self, meaning: Meaning) -> Option<u32> {
        match meaning {
            Meaning::Number { series } | Meaning::Histogram { series } => Some(series),
            Meaning::Bucket { histogram, .. }
            | Meaning::Sum { histogram }
            | Meaning::Count { histogram } => self.histograms.series(histogram),
            Meaning::Comment | Meaning::Unused | Meaning::Refused(_) => None,
        }
    }
}

/// Reads `{labels} value [time]`.
fn exemplar_of(series: u32, text: &[u8], dialect: Dialect) -> Result<Exemplar, Why> {
    let text = trimmed(text);
    // The braces begin the key, so that its name is empty.
    let length = label::end(text).ok_or(Why::Exemplar)?;
    let labels = label::parse_labels(&text[..length]).map_err(|_| Why::Exemplar)?;
    let (value, rest) = token(&text[length..]);
    let at = match trimmed(rest) {
        [] => None,
        time => Some(number::time(time, dialect).ok_or(Why::Time)?),
    };
    Ok(Exemplar {
        series: series as usize,
        labels,
        value: number::value(value).ok_or(Why::Exemplar)?,
        at,
    })
}
