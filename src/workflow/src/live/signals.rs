//! Signals of services, live: computed anew where requests were told late.
//!
//! Spans come seconds after the requests they tell of, so the last points of a signal
//! change. Rows of histograms are kept as long as samples are; with each sample the
//! signals whose rows changed are computed from the first change on.
//!
//! Start at [`LiveSignals::observe`] and [`LiveSignals::sample`].

use std::collections::{BTreeMap, HashMap, VecDeque};

use analysis::signals::{self, Signal};
use analysis::track::Track;
use model::histogram::Row;
use model::series::{Series, SeriesId, SeriesKey};
use model::time::Moment;
use model::trace;

use super::{KEEP_ROWS, push};

/// Spans kept of each host, oldest forgotten first: about 600 bytes each.
const SPANS_MAX: usize = 30_000;

/// Rows kept of all histograms of a host: two hours of fifty operations that never rest.
const ROWS_MAX: usize = 400_000;

/// What one host's applications do.
#[derive(Default)]
pub(super) struct LiveSignals {
    /// By number on the wire: place among the histograms.
    numbers: HashMap<u32, usize>,
    histograms: Vec<Series>,
    rows: Vec<BTreeMap<i64, Row>>,
    held: usize,
    plan: Vec<Signal>,
    tracks: Vec<Track>,
    times: VecDeque<i64>,
    /// Histograms whose rows changed, and from when on.
    changed: BTreeMap<usize, i64>,
    stale: bool,
    spans: VecDeque<trace::Span>,
}

impl LiveSignals {
    /// A histogram has this number from now on.
    pub(super) fn declare(&mut self, id: SeriesId, series: Series) {
        let known = self.histograms.iter().position(|it| it.key == series.key);
        let place = known.unwrap_or_else(|| {
            self.histograms.push(series);
            self.rows.push(BTreeMap::new());
            self.stale = true;
            self.histograms.len() - 1
        });
        self.numbers.insert(id.0, place);
    }

    /// Another series has this number.
    pub(super) fn release(&mut self, id: SeriesId) {
        self.numbers.remove(&id.0);
    }

    /// Takes in what was observed.
    pub(super) fn observe(&mut self, rows: Vec<(SeriesId, Row)>) {
        for (id, row) in rows {
            let Some(place) = self.numbers.get(&id.0).copied() else {
                continue;
            };
            let at = row.at.0;
            match self.rows[place].get_mut(&at) {
                // Rows whose buckets differ cannot be added; the first stands.
                Some(known) => drop(known.add(&row)),
                None => {
                    self.rows[place].insert(at, row);
                    self.held += 1;
                }
            }
            let from = self.changed.entry(place).or_insert(at);
            *from = (*from).min(at);
        }
    }

    /// Takes in spans.
    pub(super) fn keep_spans(&mut self, spans: Vec<trace::Span>) {
        self.spans.extend(spans);
        let over = self.spans.len().saturating_sub(SPANS_MAX);
        self.spans.drain(..over);
    }

    /// The spans kept, as they came.
    pub(super) fn spans(&self) -> impl Iterator<Item = &trace::Span> {
        self.spans.iter()
    }

    /// The histograms, and the rows of each.
    pub(super) fn histograms(&self) -> impl Iterator<Item = (&Series, &BTreeMap<i64, Row>)> {
        self.histograms.iter().zip(&self.rows)
    }

    /// The signals.
    pub(super) fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Brings the signals up to a sample; returns the keys and places of new ones.
    pub(super) fn sample(&mut self, at: Moment) -> Vec<(SeriesKey, usize)> {
        if self.times.back().is_none_or(|last| *last < at.0) {
            self.times.push_back(at.0);
        }
        if self.times.len() > KEEP_ROWS {
            self.times.pop_front();
        }
        if self.changed.is_empty() {
            return Vec::new();
        }
        let new = if self.stale {
            self.replan()
        } else {
            Vec::new()
        };
        self.forget();
        let changed = std::mem::take(&mut self.changed);
        let grid: Vec<i64> = self.times.iter().copied().collect();
        for (signal, track) in self.plan.iter().zip(&mut self.tracks) {
            let first = signal.inputs.iter().filter_map(|it| changed.get(it)).min();
            if let Some(first) = first {
                // A service that was silent is told up to the change, too.
                let from = track.latest().map_or(i64::MIN, |(at, _)| at.0 + 1);
                let from = from.min(*first);
                refresh(signal, track, from, (&self.rows, &grid));
            }
        }
        new
    }

    /// Plans anew; signals keep their places, new ones come after.
    fn replan(&mut self) -> Vec<(SeriesKey, usize)> {
        self.stale = false;
        let mut new = Vec::new();
        let mut planned: BTreeMap<SeriesKey, Signal> = signals::plan(&self.histograms)
            .into_iter()
            .map(|it| (it.series.key.clone(), it))
            .collect();
        for signal in &mut self.plan {
            let Some(again) = planned.remove(&signal.series.key) else {
                continue;
            };
            if again.inputs != signal.inputs {
                // What the new ones counted belongs to it from the beginning.
                let all = again.inputs.iter().map(|it| (*it, i64::MIN));
                self.changed.extend(all);
            }
            *signal = again;
        }
        for (key, signal) in planned {
            new.push((key, self.plan.len()));
            self.tracks.push(Track::live(signal.series.clone()));
            self.plan.push(signal);
        }
        new
    }

    /// Forgets rows older than the samples that are kept, and the oldest of too many.
    fn forget(&mut self) {
        let Some(oldest) = self.times.front().copied() else {
            return;
        };
        for rows in &mut self.rows {
            while rows.first_key_value().is_some_and(|(at, _)| *at < oldest) {
                rows.pop_first();
                self.held = self.held.saturating_sub(1);
            }
        }
        while self.held > ROWS_MAX {
            let longest = self.rows.iter_mut().max_by_key(|rows| rows.len());
            let Some(rows) = longest.filter(|rows| !rows.is_empty()) else {
                return;
            };
            for _ in 0..rows.len().div_ceil(4) {
                rows.pop_first();
                self.held = self.held.saturating_sub(1);
            }
        }
    }
}

/// Computes a signal from `from` on.
fn refresh(
    signal: &Signal,
    track: &mut Track,
    from: i64,
    (rows, grid): (&[BTreeMap<i64, Row>], &[i64]),
) {
    // One interval more in front: where rows are seldom, it tells their length.
    let before = |rows: &BTreeMap<i64, Row>| rows.range(..from).next_back().map(|(at, _)| *at);
    let inputs: Vec<Vec<Row>> = signal
        .inputs
        .iter()
        .map(|place| {
            let rows = &rows[*place];
            let first = before(rows).unwrap_or(from);
            rows.range(first..).map(|(_, row)| row.clone()).collect()
        })
        .collect();
    let slices: Vec<&[Row]> = inputs.iter().map(Vec::as_slice).collect();
    let column = signals::column(signal, &slices, grid);
    track.cut_back(from);
    let fresh = column.at.partition_point(|at| *at < from);
    for (at, value) in column.at[fresh..].iter().zip(&column.values[fresh..]) {
        push(Some(track), Moment(*at), *value);
    }
}
