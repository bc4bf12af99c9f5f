//! A report as a value: sections of paragraphs, facts, tables and charts.
//!
//! Every number is a [`Token`]: it knows its exact value, its unit, and the
//! [`Source`] it was computed from. A document holds no markup.
//!
//! Start at [`Document`]; build one with [`Sources`].

use model::time::{Span, duration_text};
use model::unit::Unit;
use serde::{Serialize, Serializer};

use crate::chart::Chart;
use crate::lane::Lane;

/// Version of the JSON form.
pub const SCHEMA: u32 = 1;

/// A whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// Version of this form.
    pub schema: u32,
    /// Version of the program that made it.
    pub kymo: String,
    /// Kind of report, as on the command line.
    pub kind: &'static str,
    /// Title.
    pub title: String,
    /// Name of the session.
    pub session: String,
    /// The stretch of time it speaks of.
    #[serde(serialize_with = "window")]
    pub window: Span,
    /// What stands under the title.
    pub facts: Vec<Fact>,
    /// The body.
    pub sections: Vec<Section>,
    /// What the numbers were computed from.
    pub sources: Vec<Source>,
}

/// A part of a report with a heading.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// Name within links; unique.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// A heading below that of the section.
    Heading {
        /// Its text.
        text: String,
    },
    /// Running text.
    Paragraph {
        /// Words and numbers.
        runs: Vec<Run>,
    },
    /// Several observations.
    List {
        /// One entry each.
        items: Vec<Vec<Run>>,
    },
    /// Names and what they stand for.
    Facts {
        /// In order.
        facts: Vec<Fact>,
    },
    /// A table.
    Table(Table),
    /// Charts that belong side by side.
    Charts {
        /// In order.
        charts: Vec<Chart>,
    },
    /// Marks on the time axis, one row a host.
    Lane(Lane),
}

/// A name and what it stands for.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// Name.
    pub name: String,
    /// What it stands for.
    pub runs: Vec<Run>,
}

/// A table; a table without rows says why.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Headings.
    pub columns: Vec<Heading>,
    /// As many cells as there are headings.
    pub rows: Vec<Vec<Cell>>,
    /// What is said when there is no row.
    pub empty: String,
}

/// The heading of a column.
#[derive(Clone, Debug, Serialize)]
pub struct Heading {
    /// Its text, unit included.
    pub text: &'static str,
    /// Where cells stand.
    pub align: Align,
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Words.
    Start,
    /// Numbers.
    End,
}

/// One cell.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cell {
    /// Words and numbers.
    pub runs: Vec<Run>,
    /// A share of 0 to 1 drawn as a bar behind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bar: Option<f64>,
    /// Further text for those who point at it, such as a whole command line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub more: String,
    /// A word that decides the color, such as a severity.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub tone: &'static str,
}

/// A piece of text.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "run", rename_all = "snake_case")]
pub enum Run {
    /// Words.
    Text {
        /// As they are; escaping is the writer's business.
        text: String,
    },
    /// Words as a machine says them: names, settings.
    Code {
        /// As they are.
        text: String,
    },
    /// A number.
    Number(Token),
}

/// A number that leads back to what it was computed from.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    /// The exact value; `NaN` becomes `null`.
    pub value: f64,
    /// As it is shown, with its unit.
    pub text: String,
    /// Unit of the exact value.
    pub unit: Unit,
    /// What it is of the source, such as `p95`.
    pub statistic: String,
    /// What it was computed from.
    pub source: SourceId,
}

/// Place of a source in the document, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SourceId(pub usize);

/// What numbers were computed from, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Name of the session.
    pub session: String,
    /// The series, or the rows, as they are named in the session.
    pub series: String,
    /// Which stretch of it.
    #[serde(serialize_with = "window")]
    pub window: Span,
    /// What was computed.
    pub computation: String,
}

/// Collects sources while a document is built; the same source is kept once.
#[derive(Clone, Debug)]
pub struct Sources {
    session: String,
    window: Span,
    list: Vec<Source>,
}

impl Sources {
    /// Sources of one session and one window.
    pub fn new(session: &str, window: Span) -> Self {
        Self {
            session: session.to_owned(),
            window,
            list: Vec::new(),
        }
    }

    /// Names a source by what was computed from which series.
    pub fn id(&mut self, series: &str, computation: &str) -> SourceId {
        self.id_within(self.window, series, computation)
    }

    /// Names a source by what was computed from which series in a window of its own.
    pub fn id_within(&mut self, window: Span, series: &str, computation: &str) -> SourceId {
        let found = |it: &Source| {
            it.window == window && it.series == series && it.computation == computation
        };
        if let Some(place) = self.list.iter().position(found) {
            return SourceId(place + 1);
        }
        self.list.push(Source {
            session: self.session.clone(),
            series: series.to_owned(),
            window,
            computation: computation.to_owned(),
        });
        SourceId(self.list.len())
    }

    /// All sources; place `i` is [`SourceId`] `i + 1`.
    pub fn into_list(self) -> Vec<Source> {
        self.list
    }
}

impl Run {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// Words as a machine says them.
    pub fn code(text: impl Into<String>) -> Self {
        Self::Code { text: text.into() }
    }
}

impl Token {
    /// A number printed by its unit.
    pub fn new(value: f64, unit: &Unit, statistic: &str, source: SourceId) -> Self {
        Self {
            value,
            text: unit.text(value),
            unit: unit.clone(),
            statistic: statistic.to_owned(),
            source,
        }
    }
}

impl Token {
    /// A count, printed in full.
    pub fn count(count: usize, statistic: &str, source: SourceId) -> Self {
        Self {
            text: count.to_string(),
            ..Self::new(count as f64, &Unit::new("1"), statistic, source)
        }
    }

    /// A length of time in seconds, printed the way people say it.
    pub fn duration(seconds: f64, statistic: &str, source: SourceId) -> Self {
        Self {
            text: duration_text(seconds),
            ..Self::new(seconds, &Unit::new("s"), statistic, source)
        }
    }
}

impl Fact {
    /// A fact in words.
    pub fn text(name: &str, text: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            runs: vec![Run::text(text)],
        }
    }
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            runs: vec![Run::text(text)],
            ..Self::default()
        }
    }

    /// Words as a machine says them.
    pub fn code(text: impl Into<String>) -> Self {
        Self {
            runs: vec![Run::code(text)],
            ..Self::default()
        }
    }

    /// A number.
    pub fn number(token: Token) -> Self {
        Self {
            runs: vec![Run::Number(token)],
            ..Self::default()
        }
    }
}

impl Heading {
    /// A column of words.
    pub const fn start(text: &'static str) -> Self {
        Self {
            text,
            align: Align::Start,
        }
    }

    /// A column of numbers.
    pub const fn end(text: &'static str) -> Self {
        Self {
            text,
            align: Align::End,
        }
    }
}

/// A window as two moments in RFC 3339.
pub(crate) fn window<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
    [span.from.to_string(), span.to.to_string()].serialize(serializer)
}
