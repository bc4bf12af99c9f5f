//! Which rows the table has: filtered, sorted and grouped, once per change.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use model::process::ProcessId;
use workflow::processes::Line;

use super::Data;
use super::columns::{self, Column};
use crate::view::words::Words;

/// Which way a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// What the user wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) column: Column,
    pub(super) direction: Direction,
    pub(super) grouped: bool,
}

impl Wanted {
    /// Sorts by a column; a second time, the other way round. Numbers start with the largest.
    pub(super) fn sort_by(&mut self, column: Column) {
        self.direction = if self.column == column {
            match self.direction {
                Direction::Ascending => Direction::Descending,
                Direction::Descending => Direction::Ascending,
            }
        } else if column.adds_up() {
            Direction::Descending
        } else {
            Direction::Ascending
        };
        self.column = column;
    }
}

/// Processes of one control group and what they used together.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) cgroup: String,
    pub(super) count: usize,
    pub(super) open: bool,
    /// By column, in the order of [`columns::ALL`]; `NaN` where nothing adds up.
    pub(super) sums: Vec<f64>,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub(super) enum Row {
    Group(Group),
    /// Place in the data of the same version.
    Line(usize),
}

/// The rows of one version of the data, filter and sorting.
#[derive(Debug, Default)]
pub(super) struct Order {
    made_for: Option<(u64, String, Wanted)>,
    rows: Vec<Row>,
    processes: usize,
    folded: HashSet<String>,
    stale: bool,
}

impl Order {
    /// Works the rows out anew if anything they depend on changed.
    pub(super) fn refresh(&mut self, data: &Data<'_>, (filter, wanted): (&str, Wanted)) {
        let made_for = self.made_for.as_ref();
        let same = made_for.is_some_and(|(version, old, before)| {
            *version == data.version && old == filter && *before == wanted
        });
        if same && !self.stale {
            return;
        }
        self.stale = false;
        self.made_for = Some((data.version, filter.to_owned(), wanted));
        let words = Words::of(filter);
        let lines = data.lines.iter().enumerate();
        let found = lines.filter(|(_, line)| words.is_empty() || words.found_in(&spoken(line)));
        let mut found: Vec<usize> = found.map(|(place, _)| place).collect();
        found.sort_by(|a, b| by(wanted, &data.lines[*a], &data.lines[*b]));
        self.processes = found.len();
        self.rows = match wanted.grouped {
            true => self.grouped(data, wanted, &found),
            false => found.into_iter().map(Row::Line).collect(),
        };
    }

    /// Opens or closes a group.
    pub(super) fn fold(&mut self, cgroup: String) {
        if !self.folded.remove(&cgroup) {
            self.folded.insert(cgroup);
        }
        self.stale = true;
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many processes were found, those in closed groups included.
    pub(super) fn processes(&self) -> usize {
        self.processes
    }

    /// The lines that are shown, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = usize> {
        self.rows.iter().filter_map(|row| match row {
            Row::Line(line) => Some(*line),
            Row::Group(_) => None,
        })
    }

    /// The processes shown from one to the other, both included.
    pub(super) fn between(
        &self,
        data: &Data<'_>,
        one: ProcessId,
        other: ProcessId,
    ) -> HashSet<ProcessId> {
        let lines = self.lines().filter_map(|line| data.lines.get(line));
        let ids: Vec<ProcessId> = lines.map(|line| line.id).collect();
        let place = |id| ids.iter().position(|it| *it == id);
        let to = place(other).unwrap_or(0);
        let from = place(one).unwrap_or(to);
        let both = ids.get(from.min(to)..=from.max(to)).unwrap_or(&[]);
        both.iter().copied().collect()
    }

    fn grouped(&self, data: &Data<'_>, wanted: Wanted, found: &[usize]) -> Vec<Row> {
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for line in found {
            let cgroup = data.lines[*line].process.cgroup.as_str();
            members.entry(cgroup).or_default().push(*line);
        }
        let groups = members.into_iter().map(|(cgroup, lines)| {
            let group = Group {
                cgroup: cgroup.to_owned(),
                count: lines.len(),
                open: !self.folded.contains(cgroup),
                sums: sums(data, &lines),
            };
            (group, lines)
        });
        let mut groups: Vec<(Group, Vec<usize>)> = groups.collect();
        groups.sort_by(|(a, _), (b, _)| by_sum(wanted, a, b));
        let mut rows = Vec::with_capacity(groups.len() + found.len());
        for (group, lines) in groups {
            let open = group.open;
            rows.push(Row::Group(group));
            if open {
                rows.extend(lines.into_iter().map(Row::Line));
            }
        }
        rows
    }
}

fn spoken(line: &Line) -> String {
    let it = &line.process;
    let user = it.user_id.map_or_else(String::new, |id| id.to_string());
    format!("{} {} {} {} {user}", it.pid, it.name, it.command, it.cgroup).to_lowercase()
}

fn by(wanted: Wanted, a: &Line, b: &Line) -> Ordering {
    let values = (wanted.column.number(a), wanted.column.number(b));
    let order = match values {
        (Some(a), Some(b)) => numbers(wanted.direction, a, b),
        _ => {
            let words = wanted.column.words(a).cmp(&wanted.column.words(b));
            directed(wanted.direction, words)
        }
    };
    order.then_with(|| (a.process.pid, a.id).cmp(&(b.process.pid, b.id)))
}

fn by_sum(wanted: Wanted, a: &Group, b: &Group) -> Ordering {
    let place = columns::ALL
        .iter()
        .position(|info| info.column == wanted.column && wanted.column.adds_up());
    let order = match place {
        Some(place) => numbers(wanted.direction, a.sums[place], b.sums[place]),
        None => directed(wanted.direction, a.cgroup.cmp(&b.cgroup)),
    };
    order.then_with(|| a.cgroup.cmp(&b.cgroup))
}

/// Orders numbers; what was not read comes last in either direction.
fn numbers(direction: Direction, a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => directed(direction, a.total_cmp(&b)),
        (a, b) => a.cmp(&b),
    }
}

fn directed(direction: Direction, order: Ordering) -> Ordering {
    match direction {
        Direction::Ascending => order,
        Direction::Descending => order.reverse(),
    }
}

fn sums(data: &Data<'_>, lines: &[usize]) -> Vec<f64> {
    let sum = |column: Column| {
        let numbers = lines
            .iter()
            .filter_map(|line| column.number(&data.lines[*line]))
            .filter(|value| !value.is_nan());
        // A group of which nothing could be read has no sum, rather than zero.
        numbers.reduce(|a, b| a + b).unwrap_or(f64::NAN)
    };
    columns::ALL
        .iter()
        .map(|info| match info.column.adds_up() {
            true => sum(info.column),
            false => f64::NAN,
        })
        .collect()
}
