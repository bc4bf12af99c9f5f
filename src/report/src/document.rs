//! A report as a value: sections of paragraphs, facts, tables and charts.
//!
//! Every number is a [`Token`]: it knows its exact value, its unit, and the
//! [`Source`] it was computed from. A document holds no markup.
//!
//! Start at [`Document`]; numbers come from [`crate::sources`].

use std::borrow::Cow;

use model::time::{Span, duration_text};
use model::unit::Unit;
use serde::{Serialize, Serializer};

use crate::chart::Chart;
use crate::curve::Curve;
use crate::lane::Lane;
use crate::request::Request;
use crate::sources::{Source, SourceId};

/// Version of the JSON form.
pub const SCHEMA: u32 = 2;

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
    /// Who answers for it; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
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
    /// What was asked for, so that it can be made anew and checked.
    pub request: Request,
}

/// A part of a report with a heading.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// Name within links; unique.
    pub id: Cow<'static, str>,
    /// Heading.
    pub title: Cow<'static, str>,
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
    /// A curve over the load.
    Curve(Curve),
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
    /// Words that matter.
    Strong {
        /// As they are.
        text: String,
    },
    /// A number that leads back to its source.
    Number(Token),
    /// A number that somebody wrote by hand: nothing proves it.
    Loose {
        /// As it was written.
        text: String,
    },
}

/// A number that leads back to what it was computed from.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    /// Names it in every form of the report and in texts; the same source and statistic
    /// have the same id. Empty until the document is whole.
    pub id: String,
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

impl Document {
    /// Every number, where it stands, in order; a number that stands twice comes twice.
    pub fn tokens(&self) -> Vec<(&str, &Token)> {
        let mut found = Vec::new();
        for run in self.facts.iter().flat_map(|it| &it.runs) {
            if let Run::Number(token) = run {
                found.push((self.title.as_str(), token));
            }
        }
        for section in &self.sections {
            for block in &section.blocks {
                block.tokens(&mut |token| found.push((section.title.as_ref(), token)));
            }
        }
        found
    }

    /// Shows every piece of text and every number outside of charts, in order.
    pub(crate) fn runs<'a>(&'a self, found: &mut dyn FnMut(&'a Run)) {
        let facts = self.facts.iter().flat_map(|it| &it.runs);
        facts.for_each(&mut *found);
        for block in self.sections.iter().flat_map(|it| &it.blocks) {
            block.runs(&mut *found);
        }
    }

    /// Gives every number its id, which its source and statistic make.
    pub(crate) fn name_numbers(&mut self) {
        let sources = std::mem::take(&mut self.sources);
        let name = |token: &mut Token| {
            let source = sources.get(token.source.0.wrapping_sub(1));
            token.id = source.map_or_else(String::new, |it| it.token_id(&token.statistic));
        };
        for block in self.sections.iter_mut().flat_map(|it| &mut it.blocks) {
            if let Block::Charts { charts } = block {
                for line in charts.iter_mut().flat_map(|it| &mut it.lines) {
                    for token in [&mut line.mean, &mut line.p95, &mut line.max] {
                        name(token);
                    }
                }
            }
            block.runs_mut(&mut |runs| {
                for run in runs {
                    if let Run::Number(token) = run {
                        name(token);
                    }
                }
            });
        }
        for fact in &mut self.facts {
            for run in &mut fact.runs {
                if let Run::Number(token) = run {
                    name(token);
                }
            }
        }
        self.sources = sources;
    }

    /// How many numbers were written by hand, without a source.
    pub fn loose(&self) -> usize {
        let mut count = 0;
        for block in self.sections.iter().flat_map(|it| &it.blocks) {
            block.runs(&mut |run| count += usize::from(matches!(run, Run::Loose { .. })));
        }
        count
    }
}

impl Block {
    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Paragraph { runs } => runs.is_empty(),
            Self::List { items } => items.is_empty(),
            Self::Facts { facts } => facts.is_empty(),
            Self::Charts { charts } => charts.is_empty(),
            Self::Heading { .. } | Self::Table(_) | Self::Lane(_) | Self::Curve(_) => false,
        }
    }

    fn tokens<'a>(&'a self, found: &mut dyn FnMut(&'a Token)) {
        if let Self::Charts { charts } = self {
            for line in charts.iter().flat_map(|it| &it.lines) {
                for token in [&line.mean, &line.p95, &line.max] {
                    found(token);
                }
            }
        }
        self.runs(&mut |run| {
            if let Run::Number(token) = run {
                found(token);
            }
        });
    }

    fn runs<'a>(&'a self, found: &mut dyn FnMut(&'a Run)) {
        match self {
            Self::Paragraph { runs } => runs.iter().for_each(found),
            Self::List { items } => items.iter().flatten().for_each(found),
            Self::Facts { facts } => facts.iter().flat_map(|it| &it.runs).for_each(found),
            Self::Table(table) => {
                let cells = table.rows.iter().flatten();
                cells.flat_map(|it| &it.runs).for_each(found);
            }
            Self::Heading { .. } | Self::Charts { .. } | Self::Lane(_) | Self::Curve(_) => {}
        }
    }

    /// Every run that can be changed, in the order of [`Document::tokens`].
    pub(crate) fn runs_mut(&mut self, change: &mut dyn FnMut(&mut Vec<Run>)) {
        match self {
            Self::Paragraph { runs } => change(runs),
            Self::List { items } => items.iter_mut().for_each(change),
            Self::Facts { facts } => facts.iter_mut().for_each(|it| change(&mut it.runs)),
            Self::Table(table) => {
                let cells = table.rows.iter_mut().flatten();
                cells.for_each(|it| change(&mut it.runs));
            }
            Self::Heading { .. } | Self::Charts { .. } | Self::Lane(_) | Self::Curve(_) => {}
        }
    }
}

impl Token {
    /// A number printed by its unit.
    pub fn new(value: f64, unit: &Unit, statistic: &str, source: SourceId) -> Self {
        Self {
            id: String::new(),
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

impl Section {
    /// A section with a name and a heading that the program gives.
    pub fn new(id: &'static str, title: &'static str, blocks: Vec<Block>) -> Self {
        Self {
            id: Cow::Borrowed(id),
            title: Cow::Borrowed(title),
            blocks,
        }
    }
}

impl Block {
    /// A paragraph of words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Paragraph {
            runs: vec![Run::text(text)],
        }
    }
}

impl Fact {
    /// A fact of words and numbers.
    pub fn new(name: &str, runs: Vec<Run>) -> Self {
        Self {
            name: name.to_owned(),
            runs,
        }
    }

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
