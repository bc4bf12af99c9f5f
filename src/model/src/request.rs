//! Requests that ended become rows of the four signals: throughput, errors, response
//! time and concurrency, per service, operation and status.
//!
//! A request is told when it ended, which may be long after it began, and spans come in
//! batches seconds later still. So every row is a part that adds up: the interval in
//! which a request ended counts it, and each interval in which it was under way gets the
//! time it was in flight. What comes late is one more row for the same interval.
//!
//! * In: [`Request`]s in any order, and a [`Grid`] of intervals.
//! * Out: [`Entry`]s, once for what was added since the last time.
//! * Never: reads a clock, or grows without bound: see [`KEYS_MAX`] and [`CELLS_MAX`].
//!
//! Start at [`Tally::add`] and [`Tally::drain`].

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::histogram::{Histogram, Row};
use crate::time::Moment;
use crate::trace::{Span, SpanKind, Status};

/// Metric of the rows: response time of requests, in seconds.
pub const DURATION: &str = "service.request.duration";

/// Name of operations that found no place of their own.
pub const OTHER: &str = "(other)";

/// Most combinations of service, operation, kind, peer and status. Names that hold
/// identifiers would grow without end; beyond this they are counted as [`OTHER`].
pub const KEYS_MAX: usize = 2_000;

/// Most rows that wait to be drained: about 200 bytes each.
pub const CELLS_MAX: usize = 200_000;

/// A request is spread over at most so many intervals, the last ones: an hour at 1 Hz.
const SPREAD_MAX: usize = 3_600;

/// Attributes that tell whom a span asked, the most telling first.
///
/// # Source
///
/// OpenTelemetry semantic conventions: `peer.service`, `db.*`, `messaging.*`,
/// `gen_ai.*`, `server.address`; older names `db.name`, `db.system`, `net.peer.name`.
pub const PEER_KEYS: [&str; 12] = [
    "peer.service",
    "service.peer.name",
    "db.system.name",
    "db.system",
    "db.namespace",
    "db.name",
    "messaging.destination.name",
    "messaging.system",
    "gen_ai.provider.name",
    "gen_ai.system",
    "server.address",
    "net.peer.name",
];

/// Which requests are counted together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestKey {
    /// Who did the work.
    pub service: String,
    /// What was asked.
    pub operation: String,
    /// On which side of the call it was seen.
    pub kind: SpanKind,
    /// Who was asked, for calls to others; empty otherwise or when not known.
    pub peer: String,
    /// How it ended.
    pub status: Status,
}

/// One request that ended.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who did the work.
    pub service: &'a str,
    /// What was asked.
    pub operation: &'a str,
    /// On which side of the call it was seen.
    pub kind: SpanKind,
    /// Who was asked; empty when not known.
    pub peer: &'a str,
    /// How it ended.
    pub status: Status,
    /// When it began.
    pub start: Moment,
    /// How long it took; `None` where nobody told.
    pub duration_ns: Option<i64>,
}

/// The intervals that requests are counted in.
#[derive(Clone, Debug)]
pub enum Grid {
    /// Intervals of one length, from the epoch on.
    Regular {
        /// The length.
        step_ns: i64,
    },
    /// Intervals that end at given moments, such as those of samples, ascending.
    Ends(VecDeque<i64>),
}

/// A row and what it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Place of its key in [`Tally::keys`].
    pub key: usize,
    /// What was observed.
    pub row: Row,
}

/// Counts requests.
#[derive(Debug)]
pub struct Tally {
    grid: Grid,
    keys: Vec<RequestKey>,
    places: HashMap<String, usize>,
    /// By end of the interval and key; [`OPEN`] stands for the interval under way.
    cells: BTreeMap<(i64, usize), Cell>,
    text: String,
    /// Requests whose operation found no place of its own.
    pub crowded: u64,
    /// Requests that ended before the oldest interval.
    pub late: u64,
    /// Rows that found no place.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Cell {
    width_ns: i64,
    active_ns: i64,
    /// How long a request took was not told, so that time in flight is unknown.
    untimed: bool,
    histogram: Histogram,
}

/// End of the interval that is under way.
const OPEN: i64 = i64::MAX;

impl RequestKey {
    /// The attributes of its series.
    pub fn attributes(&self) -> Vec<(String, String)> {
        let mut all = vec![
            ("kind".to_owned(), self.kind.name().to_owned()),
            ("operation".to_owned(), self.operation.clone()),
            ("service.name".to_owned(), self.service.clone()),
            ("status".to_owned(), self.status.name().to_owned()),
        ];
        if !self.peer.is_empty() {
            all.push(("peer".to_owned(), self.peer.clone()));
        }
        all.sort();
        all
    }
}

impl<'a> Request<'a> {
    /// The request that a span was.
    pub fn of_span(span: &'a Span) -> Self {
        Self {
            service: &span.service,
            operation: &span.name,
            kind: span.kind,
            peer: peer(span),
            status: span.status,
            start: span.start,
            duration_ns: Some(span.duration_ns),
        }
    }
}

fn peer(span: &Span) -> &str {
    if !span.kind.is_exit() {
        return "";
    }
    let found = PEER_KEYS.iter().find_map(|key| span.attribute(key));
    found.unwrap_or_default()
}

impl Tally {
    /// An empty one.
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            keys: Vec::new(),
            places: HashMap::new(),
            cells: BTreeMap::new(),
            text: String::new(),
            crowded: 0,
            late: 0,
            lost: 0,
        }
    }

    /// Every combination met so far.
    pub fn keys(&self) -> &[RequestKey] {
        &self.keys
    }

    /// Takes in a request; returns the place of its key. Its duration is that told, not
    /// below zero; where none was told it counts, and took nobody knows how long.
    pub fn add(&mut self, request: &Request<'_>) -> usize {
        let key = self.place(request);
        let start = request.start.0;
        let Some(duration_ns) = request.duration_ns.map(|it| it.max(0)) else {
            self.count(key, start, None);
            return key;
        };
        let end = start.saturating_add(duration_ns);
        self.count(key, end, Some(duration_ns as f64 / 1e9));
        self.spread(key, start, end);
        key
    }

    /// Counts one observation that is no request, such as tokens used, at `end`.
    pub fn observe(&mut self, key: usize, end: Moment, value: f64) {
        self.count(key, end.0, Some(value));
    }

    fn count(&mut self, key: usize, end: i64, value: Option<f64>) {
        let Some((at, width_ns)) = self.grid.interval(end) else {
            self.late += 1;
            return;
        };
        if let Some(cell) = self.cell(at, key, width_ns) {
            match value {
                Some(value) => cell.histogram.record(value),
                None => {
                    cell.histogram.record_unknown();
                    cell.untimed = true;
                }
            }
        }
    }

    /// Adds the time in flight to every interval from `start` to `end`.
    fn spread(&mut self, key: usize, start: i64, end: i64) {
        let mut until = end;
        for _ in 0..SPREAD_MAX {
            if until <= start {
                return;
            }
            let Some((at, width_ns)) = self.grid.interval(until) else {
                return;
            };
            let from = self.grid.start_of(at, width_ns).max(start);
            if let Some(cell) = self.cell(at, key, width_ns) {
                cell.active_ns = cell.active_ns.saturating_add(until.saturating_sub(from));
            }
            until = from;
        }
    }

    fn cell(&mut self, at: i64, key: usize, width_ns: i64) -> Option<&mut Cell> {
        if self.cells.len() >= CELLS_MAX && !self.cells.contains_key(&(at, key)) {
            self.lost += 1;
            return None;
        }
        let cell = self.cells.entry((at, key)).or_default();
        cell.width_ns = width_ns;
        Some(cell)
    }

    fn place(&mut self, request: &Request<'_>) -> usize {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        for part in [request.service, request.operation, request.peer] {
            text.push_str(part);
            text.push('\0');
        }
        text.push_str(request.kind.name());
        text.push_str(request.status.name());
        let known = self.places.get(&text).copied();
        let place = known.unwrap_or_else(|| self.new_place(&text, request));
        self.text = text;
        place
    }

    fn new_place(&mut self, text: &str, request: &Request<'_>) -> usize {
        let crowded = self.keys.len() >= KEYS_MAX;
        self.crowded += u64::from(crowded);
        let (service, operation, peer) = match crowded {
            // What all services share is bounded by kinds and statuses.
            true => (OTHER, OTHER, ""),
            false => (request.service, request.operation, request.peer),
        };
        let key = RequestKey {
            service: service.to_owned(),
            operation: operation.to_owned(),
            kind: request.kind,
            peer: peer.to_owned(),
            status: request.status,
        };
        if crowded && let Some(place) = self.keys.iter().position(|known| *known == key) {
            return place;
        }
        self.keys.push(key);
        if !crowded {
            self.places.insert(text.to_owned(), self.keys.len() - 1);
        }
        self.keys.len() - 1
    }

    /// Ends the interval under way at `end` and begins the next; intervals that ended
    /// more than `keep` ones ago are forgotten. A regular grid needs no such call.
    pub fn close(&mut self, end: Moment, keep: usize) {
        let Grid::Ends(ends) = &mut self.grid else {
            return;
        };
        let last = ends.back().copied();
        if last.is_some_and(|last| end.0 <= last) {
            return;
        }
        ends.push_back(end.0);
        while ends.len() > keep.max(1) {
            ends.pop_front();
        }
        let width_ns = last.map_or(0, |last| end.0 - last);
        let mut open = self.cells.split_off(&(OPEN, 0));
        for ((_, key), cell) in &mut open {
            let cell = std::mem::take(cell);
            let ended = Cell { width_ns, ..cell };
            self.cells.insert((end.0, *key), ended);
        }
    }

    /// What was added to intervals that ended, by time and key. What is under way stays.
    pub fn drain(&mut self) -> Vec<Entry> {
        let open = self.cells.split_off(&(OPEN, 0));
        let ended = std::mem::replace(&mut self.cells, open);
        let rows = ended.into_iter().map(|((at, key), cell)| Entry {
            key,
            row: Row {
                at: Moment(at),
                width_ns: cell.width_ns,
                active_s: if cell.untimed {
                    f64::NAN
                } else {
                    cell.active_ns as f64 / 1e9
                },
                histogram: cell.histogram,
            },
        });
        rows.collect()
    }
}

impl Grid {
    /// End and length of the interval that holds a moment; the length of the one under
    /// way is not known yet. `None` before the first.
    fn interval(&self, at: i64) -> Option<(i64, i64)> {
        match self {
            Self::Regular { step_ns } => {
                let step = (*step_ns).max(1);
                // An interval holds its end, not its start.
                let end = at.saturating_sub(1).div_euclid(step).checked_add(1)?;
                Some((end.checked_mul(step)?, step))
            }
            Self::Ends(ends) => {
                let next = ends.partition_point(|end| *end < at);
                match (
                    next.checked_sub(1).and_then(|it| ends.get(it)),
                    ends.get(next),
                ) {
                    (Some(_), None) => Some((OPEN, 0)),
                    (Some(before), Some(end)) => Some((*end, end - before)),
                    (None, _) => None,
                }
            }
        }
    }

    fn start_of(&self, end: i64, width_ns: i64) -> i64 {
        match self {
            Self::Ends(ends) if end == OPEN => ends.back().copied().unwrap_or(OPEN),
            _ => end.saturating_sub(width_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    fn request(start: i64, duration_ns: i64) -> Request<'static> {
        Request {
            service: "shop",
            operation: "GET /",
            kind: SpanKind::Server,
            peer: "",
            status: Status::Ok,
            start: Moment(start),
            duration_ns: Some(duration_ns),
        }
    }

    fn told(entries: &[Entry]) -> Vec<(i64, i64, u64, f64)> {
        let all = entries.iter().map(|it| {
            let row = &it.row;
            (
                row.at.0 / S,
                row.width_ns / S,
                row.histogram.count,
                row.active_s,
            )
        });
        all.collect()
    }

    #[test]
    fn a_request_counts_where_it_ended_and_is_in_flight_where_it_was() {
        let mut tally = Tally::new(Grid::Regular { step_ns: S });
        tally.add(&request(S / 2, 2 * S));
        let entries = tally.drain();
        assert_eq!(
            told(&entries),
            [(1, 1, 0, 0.5), (2, 1, 0, 1.0), (3, 1, 1, 0.5)]
        );
        assert!(tally.drain().is_empty());
    }

    #[test]
    fn what_comes_late_is_one_more_row_of_its_interval() {
        let mut tally = Tally::new(Grid::Ends(VecDeque::new()));
        tally.close(Moment(S), 10);
        tally.add(&request(S + S / 4, S / 2));
        tally.close(Moment(3 * S), 10);
        assert_eq!(told(&tally.drain()), [(3, 2, 1, 0.5)]);
        tally.close(Moment(4 * S), 10);
        // Began in one interval and ended in the next; both are over.
        tally.add(&request(2 * S, 2 * S));
        assert_eq!(told(&tally.drain()), [(3, 2, 0, 1.0), (4, 1, 1, 1.0)]);
        // Under way still: nothing is told before it is over.
        tally.add(&request(4 * S, S / 2));
        assert!(tally.drain().is_empty());
        tally.close(Moment(5 * S), 10);
        assert_eq!(told(&tally.drain()), [(5, 1, 1, 0.5)]);
        tally.add(&request(0, 1));
        assert_eq!((tally.late, tally.drain().len()), (1, 0));
    }

    #[test]
    fn names_without_end_are_counted_together() {
        let mut tally = Tally::new(Grid::Regular { step_ns: S });
        for number in 0..KEYS_MAX + 500 {
            let operation = format!("GET /{number}");
            let one = Request {
                operation: &operation,
                ..request(0, 1)
            };
            tally.add(&one);
        }
        assert_eq!(tally.keys().len(), KEYS_MAX + 1);
        assert_eq!(tally.crowded, 500);
        let entries = tally.drain();
        let other = entries.iter().find(|it| it.key == KEYS_MAX);
        assert!(other.is_some_and(|it| it.row.histogram.count == 500));
    }

    #[test]
    fn a_request_that_tells_no_duration_counts_and_tells_no_time() {
        let mut tally = Tally::new(Grid::Regular { step_ns: S });
        tally.add(&Request {
            duration_ns: None,
            ..request(S / 2, 0)
        });
        let row = &tally.drain()[0].row;
        assert_eq!(row.histogram.count, 1);
        assert!(row.histogram.mean().is_nan() && row.active_s.is_nan());
        assert_eq!(row.histogram.quantile(0.5), None);
    }

    #[test]
    fn absurd_times_do_no_harm() {
        let mut tally = Tally::new(Grid::Regular { step_ns: S });
        for (start, duration) in [(i64::MIN, i64::MAX), (i64::MAX, 1), (0, -5), (0, i64::MAX)] {
            tally.add(&request(start, duration));
        }
        assert!(tally.drain().len() <= 4 * (SPREAD_MAX + 1));
    }
}
