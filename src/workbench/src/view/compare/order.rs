//! Which rows the table has: filtered and sorted, once per change.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use model::series::SeriesKey;
use workflow::essentials::Resource;

use super::columns::Column;
use crate::contrast::answer::{Answer, FATES, Fate, Row};
use crate::view::words::Words;

/// Attributes that name a part of a host, the telling ones first.
const PARTS: &[&str] = &[
    "cgroup",
    "process",
    "device",
    "mountpoint",
    "node",
    "cpu",
    "sensor",
    "resource",
];

/// Which way a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// What the user wants to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wanted {
    /// Words that a row must hold.
    pub(super) filter: String,
    /// Verdicts that are left out.
    pub(super) hidden: HashSet<Fate>,
    /// Only series of this part of the machine.
    pub(super) group: Option<&'static str>,
    /// Only series of this host, device or control group.
    pub(super) entity: Option<String>,
    sort: Option<(Column, Direction)>,
}

/// The rows of one answer, filter and sorting.
#[derive(Default)]
pub(super) struct Order {
    pub(super) wanted: Wanted,
    made_for: Option<(u64, Wanted)>,
    rows: Vec<usize>,
    counted: Option<u64>,
    /// How many rows of each verdict, in the order of [`FATES`].
    pub(super) counts: [usize; 6],
    /// Parts of the machine with their number of changed series.
    pub(super) groups: BTreeMap<&'static str, usize>,
    /// Hosts, devices and control groups with their number of changed series.
    pub(super) entities: BTreeMap<String, usize>,
}

impl Order {
    /// Places of the rows that are shown.
    pub(super) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Shows everything again.
    pub(super) fn clear(&mut self) {
        self.wanted = Wanted {
            sort: self.wanted.sort,
            ..Wanted::default()
        };
    }

    /// How the table is sorted; `None` for changed first.
    pub(super) fn sorted(&self) -> Option<(Column, Direction)> {
        self.wanted.sort
    }

    /// Sorts by a column; a second time the other way round, a third time by weight again.
    pub(super) fn sort_by(&mut self, column: Column) {
        // Who moved first is what is looked for.
        let first = match column.is_number() && column != Column::Order {
            true => Direction::Descending,
            false => Direction::Ascending,
        };
        self.wanted.sort = match self.wanted.sort {
            Some((known, direction)) if known == column && direction == first => {
                let other = match first {
                    Direction::Ascending => Direction::Descending,
                    Direction::Descending => Direction::Ascending,
                };
                Some((column, other))
            }
            Some((known, _)) if known == column => None,
            _ => Some((column, first)),
        };
    }

    /// Works the rows out anew if anything they depend on changed.
    pub(super) fn refresh(&mut self, (answer, version): (&Answer, u64)) {
        if self.counted != Some(version) {
            self.counted = Some(version);
            self.count(answer);
        }
        let same = self.made_for.as_ref();
        if same.is_some_and(|(made, wanted)| *made == version && *wanted == self.wanted) {
            return;
        }
        self.made_for = Some((version, self.wanted.clone()));
        let words = Words::of(&self.wanted.filter);
        let fits = |row: &Row| {
            !self.wanted.hidden.contains(&row.fate)
                && self.wanted.group.is_none_or(|it| it == group(row))
                && (self.wanted.entity.as_ref()).is_none_or(|it| entity(row) == *it)
                && (words.is_empty() || words.found_in(&searched(row)))
        };
        let all = answer.rows.iter().enumerate();
        self.rows = all.filter(|(_, row)| fits(row)).map(|it| it.0).collect();
        if let Some((column, direction)) = self.wanted.sort {
            self.rows.sort_by(|a, b| {
                let order = compared(column, (&answer.rows[*a], &answer.rows[*b]), direction);
                order.then(a.cmp(b))
            });
        }
    }

    fn count(&mut self, answer: &Answer) {
        self.counts = FATES.map(|fate| {
            let all = answer.rows.iter();
            all.filter(|row| row.fate == fate).count()
        });
        self.groups.clear();
        self.entities.clear();
        for row in &answer.rows {
            let changed = usize::from(row.fate.is_change());
            *self.groups.entry(group(row)).or_default() += changed;
            *self.entities.entry(entity(row)).or_default() += changed;
        }
        // What the last answer had may not be in this one.
        let wanted = &mut self.wanted;
        wanted.group = wanted.group.filter(|it| self.groups.contains_key(it));
        let entities = &self.entities;
        wanted.entity = wanted.entity.take().filter(|it| entities.contains_key(it));
    }
}

/// Orders two rows; what has no number comes last either way.
fn compared(column: Column, (a, b): (&Row, &Row), direction: Direction) -> Ordering {
    let turned = |order: Ordering| match direction {
        Direction::Ascending => order,
        Direction::Descending => order.reverse(),
    };
    match (column.number(a), column.number(b)) {
        (Some(a), Some(b)) => match (a.is_nan(), b.is_nan()) {
            (false, false) => turned(a.total_cmp(&b)),
            (left, right) => left.cmp(&right),
        },
        _ => turned(column.words(a).cmp(&column.words(b))),
    }
}

/// The part of the machine that a series is of.
pub(super) fn group(row: &Row) -> &'static str {
    Resource::of(&row.series.key.metric).map_or("Other", Resource::name)
}

/// The host, device or control group that a series is of.
fn entity(row: &Row) -> String {
    let key: &SeriesKey = &row.series.key;
    let part = PARTS
        .iter()
        .find_map(|part| Some(format!("{part} {}", key.attribute(part)?)));
    match (part, key.host.as_str()) {
        (Some(part), "") => part,
        (Some(part), host) => format!("{host} · {part}"),
        (None, "") => key.metric.clone(),
        (None, host) => host.to_owned(),
    }
}

fn searched(row: &Row) -> String {
    let kinds = Column::Kind.words(row);
    format!("{} {} {kinds} {}", row.name, row.fate.name(), group(row)).to_lowercase()
}
