//! What a report is to hold: its kind, who it is from, what it covers, and its items in
//! order.
//!
//! A draft is edited in the window, kept in a session, written by hand as a template for
//! a kind, and stands within each finished report, so that the report can be made anew
//! and checked. It names what is to be shown and holds no number.
//!
//! Start at [`Draft`].

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// Version of the document.
pub const SCHEMA: u32 = 1;

/// Items of a report, at most.
pub const ITEMS_MAX: usize = 400;

/// Bytes of one text, at most.
pub const TEXT_MAX_BYTES: usize = 64 << 10;

/// Bytes of a title, a name, a heading.
pub const NAME_MAX_BYTES: usize = 400;

/// Series of one chart or table, at most.
pub const SERIES_MAX: usize = 16;

/// A report before it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Version of the document, [`SCHEMA`].
    pub schema: u32,
    /// Kind of report, as on the command line.
    pub kind: String,
    /// Title; empty: one made from kind and session.
    #[serde(default)]
    pub title: String,
    /// Who answers for it.
    #[serde(default)]
    pub author: String,
    /// What it covers and what not, in words.
    #[serde(default)]
    pub scope: String,
    /// The stretch of time it speaks of; `None` is the whole session.
    #[serde(default)]
    pub window: Option<Span>,
    /// Hosts it speaks of, where `*` stands for anything; empty: all.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What it holds, in order; empty: what its kind usually does.
    #[serde(default)]
    pub items: Vec<Item>,
}

/// One thing that a report holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// A section that the program writes, by its id.
    Part(String),
    /// The heading of a section of one's own.
    Heading(String),
    /// Markdown; `[[id]]` stands for the number with this id.
    Text(String),
    /// Series over time.
    Chart(ChartPin),
    /// Numbers in rows.
    Table(TablePin),
}

/// A chart that somebody chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartPin {
    /// What it shows.
    pub title: String,
    /// Names of series, as `host/metric{key=value}`.
    pub series: Vec<String>,
    /// Whether they are parts of a whole.
    #[serde(default)]
    pub shape: Shape,
    /// The stretch of time; `None` is that of the report.
    #[serde(default)]
    pub window: Option<Span>,
}

/// How the lines of a chart relate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// Each for itself.
    #[default]
    Lines,
    /// Parts of a whole, one upon the other.
    Stacked,
}

/// A table that somebody chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePin {
    /// What it shows; empty: the usual caption.
    #[serde(default)]
    pub title: String,
    /// Of what.
    pub of: Rows,
    /// The stretch of time; `None` is that of the report.
    #[serde(default)]
    pub window: Option<Span>,
}

/// What the rows of a chosen table are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rows {
    /// Mean, percentiles and extremes of these series.
    Statistics(Vec<String>),
    /// The busiest processes.
    Processes,
    /// Services and their operations.
    Services,
    /// What happened.
    Events,
    /// How complete the data is.
    Coverage,
}

impl Draft {
    /// A draft of a kind that says nothing of its own.
    pub fn new(kind: &str) -> Self {
        Self {
            schema: SCHEMA,
            kind: kind.to_owned(),
            title: String::new(),
            author: String::new(),
            scope: String::new(),
            window: None,
            hosts: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Whether it speaks of this host.
    pub fn covers(&self, host: &str) -> bool {
        let named = |glob: &String| crate::series::glob_matches(glob, host);
        self.hosts.is_empty() || self.hosts.iter().any(named)
    }

    /// What is wrong with it, one sentence each; empty when all is well.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.schema > SCHEMA {
            faults.push(format!(
                "schema {} is newer than {SCHEMA}, the newest that this build reads",
                self.schema
            ));
        }
        if self.items.len() > ITEMS_MAX {
            faults.push(format!("more than {ITEMS_MAX} items"));
        }
        for (name, text) in [("title", &self.title), ("author", &self.author)] {
            if text.len() > NAME_MAX_BYTES {
                faults.push(format!("the {name} has more than {NAME_MAX_BYTES} bytes"));
            }
        }
        if self.scope.len() > TEXT_MAX_BYTES {
            faults.push(format!("the scope has more than {TEXT_MAX_BYTES} bytes"));
        }
        if self.window.is_some_and(Span::is_empty) {
            faults.push("the window ends before it begins".to_owned());
        }
        for (place, item) in self.items.iter().enumerate() {
            let fault = item.fault();
            faults.extend(fault.map(|it| format!("item {}: {it}", place + 1)));
        }
        faults
    }
}

impl Item {
    /// What it is, in a word or two.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Part(_) => "section",
            Self::Heading(_) => "heading",
            Self::Text(_) => "text",
            Self::Chart(_) => "chart",
            Self::Table(_) => "table",
        }
    }

    fn fault(&self) -> Option<String> {
        let too_long = |text: &str, most: usize| {
            (text.len() > most).then(|| format!("its text has more than {most} bytes"))
        };
        match self {
            Self::Part(name) | Self::Heading(name) => too_long(name, NAME_MAX_BYTES),
            Self::Text(text) => too_long(text, TEXT_MAX_BYTES),
            Self::Chart(chart) => {
                too_long(&chart.title, NAME_MAX_BYTES).or_else(|| series_fault(&chart.series))
            }
            Self::Table(table) => match &table.of {
                Rows::Statistics(series) => series_fault(series),
                _ => too_long(&table.title, NAME_MAX_BYTES),
            },
        }
    }
}

fn series_fault(series: &[String]) -> Option<String> {
    match series.len() {
        0 => Some("it names no series".to_owned()),
        count if count > SERIES_MAX => Some(format!("it names more than {SERIES_MAX} series")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_by_item() {
        let mut draft = Draft::new("performance");
        assert_eq!(draft.faults(), [""; 0]);
        draft.hosts = vec!["web-*".to_owned()];
        assert!(draft.covers("web-1") && !draft.covers("db-1"));
        draft.items = vec![
            Item::Heading("fine".to_owned()),
            Item::Text("x".repeat(TEXT_MAX_BYTES + 1)),
            Item::Chart(ChartPin {
                title: String::new(),
                series: Vec::new(),
                shape: Shape::Lines,
                window: None,
            }),
        ];
        draft.schema = 9;
        assert_eq!(
            draft.faults(),
            [
                "schema 9 is newer than 1, the newest that this build reads",
                "item 2: its text has more than 65536 bytes",
                "item 3: it names no series",
            ]
        );
    }
}
