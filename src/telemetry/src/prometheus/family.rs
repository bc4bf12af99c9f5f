//! What a target says of its metrics in comments: type, help and unit.

use std::collections::HashMap;

use super::label::{self, unescape};
use super::number::{token, trimmed};
use super::why::Why;
use super::{SERIES_MAX, TEXT_BYTES_MAX};

/// Longest help text that is kept, in bytes.
const HELP_BYTES_MAX: usize = 1_024;

/// Longest word for a unit that is kept, in bytes.
const UNIT_BYTES_MAX: usize = 64;

/// Most bytes of names and help texts of one target; one family takes at most 3 kB.
const TEXT_BYTES_ALL_MAX: usize = 16 << 20;

/// The types of metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Untyped,
    Gauge,
    Counter,
    Summary,
    Histogram,
    GaugeHistogram,
    Info,
    StateSet,
}

/// Types by name.
const SORTS: &[(&str, Sort)] = &[
    ("counter", Sort::Counter),
    ("gauge", Sort::Gauge),
    ("histogram", Sort::Histogram),
    ("summary", Sort::Summary),
    ("untyped", Sort::Untyped),
    ("unknown", Sort::Untyped),
    ("info", Sort::Info),
    ("stateset", Sort::StateSet),
    ("gaugehistogram", Sort::GaugeHistogram),
];

/// What is known of a metric beside its series.
#[derive(Clone, Debug, Default)]
pub(super) struct Family {
    pub(super) sort: Sort,
    /// The word of a `# UNIT` line; empty without one.
    pub(super) unit: String,
    pub(super) help: String,
}

/// Which sample of a family a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A value by itself.
    Value,
    /// A cumulative count.
    Bucket,
    /// Sum of observations.
    Sum,
    /// Number of observations.
    Count,
    /// When the series began.
    Created,
}

/// Endings of sample names, what they are, and of which types.
const ENDINGS: &[(&str, Part, &[Sort])] = &[
    (
        "_bucket",
        Part::Bucket,
        &[Sort::Histogram, Sort::GaugeHistogram],
    ),
    ("_sum", Part::Sum, &[Sort::Histogram, Sort::Summary]),
    ("_count", Part::Count, &[Sort::Histogram, Sort::Summary]),
    ("_total", Part::Value, &[Sort::Counter]),
    (
        "_created",
        Part::Created,
        &[Sort::Counter, Sort::Histogram, Sort::Summary],
    ),
    ("_info", Part::Value, &[Sort::Info]),
    ("_gsum", Part::Sum, &[Sort::GaugeHistogram]),
    ("_gcount", Part::Count, &[Sort::GaugeHistogram]),
];

/// What one comment says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comment {
    Type {
        family: String,
        sort: Sort,
    },
    Help {
        family: String,
        help: String,
    },
    Unit {
        family: String,
        unit: String,
    },
    /// Anything else that people wrote.
    Other,
}

/// The families of one target.
#[derive(Debug, Default)]
pub(super) struct Families {
    all: HashMap<String, Family>,
    text_bytes: usize,
}

impl Sort {
    /// The type of this name.
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        let found = SORTS.iter().find(|(known, _)| known.as_bytes() == name);
        found.map(|(_, sort)| *sort)
    }
}

impl Comment {
    /// Takes a line apart that begins with `#`.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Why> {
        let (keyword, rest) = token(line.get(1..).unwrap_or_default());
        if !matches!(keyword, b"TYPE" | b"HELP" | b"UNIT") {
            return Ok(Self::Other);
        }
        let (family, rest) = family_name(trimmed(rest))?;
        let rest = trimmed(rest);
        match keyword {
            b"TYPE" => Ok(Self::Type {
                family,
                sort: Sort::of_name(rest).ok_or(Why::Comment)?,
            }),
            b"HELP" => Ok(Self::Help {
                family,
                help: unescape(&String::from_utf8_lossy(rest)),
            }),
            _ => Ok(Self::Unit {
                family,
                unit: String::from_utf8_lossy(rest).into_owned(),
            }),
        }
    }
}

/// Splits off the name of a family, which may be quoted.
fn family_name(text: &[u8]) -> Result<(String, &[u8]), Why> {
    if text.first() == Some(&b'"') {
        let text = std::str::from_utf8(text).map_err(|_| Why::Comment)?;
        let (name, rest) = label::unquote(&text[1..]).map_err(|_| Why::Comment)?;
        return match name.len() <= TEXT_BYTES_MAX {
            true => Ok((name, rest.as_bytes())),
            false => Err(Why::TooLong),
        };
    }
    let (name, rest) = token(text);
    let name = std::str::from_utf8(name).map_err(|_| Why::Comment)?;
    match label::is_metric(name) && name.len() <= TEXT_BYTES_MAX {
        true => Ok((name.to_owned(), rest)),
        false => Err(Why::Comment),
    }
}

impl Families {
    /// Takes in a comment; tells whether lines may mean something else now.
    pub(super) fn declare(&mut self, comment: Comment) -> Result<bool, Why> {
        match comment {
            Comment::Type { family, sort } => {
                let family = self.entry(family)?;
                let changed = family.sort != sort;
                family.sort = sort;
                Ok(changed)
            }
            Comment::Help { family, help } => {
                self.explain(family, cut(help, HELP_BYTES_MAX))?;
                Ok(false)
            }
            Comment::Unit { family, unit } => {
                self.entry(family)?.unit = cut(unit, UNIT_BYTES_MAX);
                Ok(false)
            }
            Comment::Other => Ok(false),
        }
    }

    /// Takes in a help text; without room for it there is none.
    fn explain(&mut self, family: String, help: String) -> Result<(), Why> {
        let room = TEXT_BYTES_ALL_MAX.saturating_sub(self.text_bytes);
        let help = if help.len() <= room {
            help
        } else {
            String::new()
        };
        let length = help.len();
        let before = std::mem::replace(&mut self.entry(family)?.help, help);
        self.text_bytes = (self.text_bytes + length).saturating_sub(before.len());
        Ok(())
    }

    fn entry(&mut self, name: String) -> Result<&mut Family, Why> {
        if !self.all.contains_key(&name) {
            if self.all.len() >= SERIES_MAX {
                return Err(Why::TooManySeries);
            }
            if self.text_bytes + name.len() > TEXT_BYTES_ALL_MAX {
                return Err(Why::TooMuchText);
            }
            self.text_bytes += name.len();
        }
        Ok(self.all.entry(name).or_default())
    }

    /// The family of exactly this name.
    pub(super) fn get(&self, name: &str) -> Option<&Family> {
        self.all.get(name)
    }

    /// The family that a sample belongs to, and which of its samples it is; a sample
    /// without a family is one of its own.
    pub(super) fn of_sample<'n>(&self, name: &'n str) -> (&'n str, Option<&Family>, Part) {
        if let Some(family) = self.get(name) {
            return (name, Some(family), Part::Value);
        }
        for (ending, part, sorts) in ENDINGS {
            let Some(base) = name.strip_suffix(ending) else {
                continue;
            };
            if let Some(family) = self.get(base).filter(|it| sorts.contains(&it.sort)) {
                return (base, Some(family), *part);
            }
        }
        (name, None, Part::Value)
    }
}

/// Shortens a text to at most so many bytes, between characters.
fn cut(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text
}
