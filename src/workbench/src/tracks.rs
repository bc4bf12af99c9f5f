//! Curves at hand: loaded by jobs as they come into sight, dropped when memory is short.
//!
//! A view says what it wants to draw; what is missing is loaded, and large
//! series get their rows once the view is narrow enough to show them.
//!
//! Start at [`Tracks::want`].

use std::collections::HashMap;
use std::ops::Range;

use analysis::track::{Detail, Track};
use model::time::{Moment, Span};
use workflow::live::Live;
use workflow::problem::{Problem, Sort};
use workflow::stored::Stored;

use crate::tasks::{Generation, Outcome, Pool, Work};
use crate::workspace::{Item, ProcessItem};

/// Bytes that loaded curves may take: 64 million samples.
const KEPT_BYTES: usize = 1 << 30;

/// Jobs queued per frame; the rest is asked for again by the next one.
const STARTED_MAX: usize = 48;

/// The curves of one session.
#[derive(Default)]
pub struct Tracks {
    slots: HashMap<Item, Slot>,
    frame: u64,
}

struct Slot {
    state: State,
    used: u64,
    asked: Option<Range<usize>>,
    /// The live sample a process curve was made from.
    made_at: Option<Moment>,
}

enum State {
    Loading,
    Ready(Box<Track>),
    Failed(Problem),
}

/// What is about to be drawn, and how.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The curves.
    pub items: &'a [Item],
    /// What of them.
    pub view: Span,
    /// On how many pixel columns.
    pub columns: usize,
}

impl Tracks {
    /// The curve, if it is at hand.
    pub fn get(&self, item: &Item) -> Option<&Track> {
        match &self.slots.get(item)?.state {
            State::Ready(track) => Some(track),
            State::Loading | State::Failed(_) => None,
        }
    }

    /// Why a curve could not be loaded.
    pub fn problem(&self, item: &Item) -> Option<&Problem> {
        match &self.slots.get(item)?.state {
            State::Failed(problem) => Some(problem),
            State::Loading | State::Ready(_) => None,
        }
    }

    /// Whether a curve is being loaded.
    pub fn loading(&self, item: &Item) -> bool {
        let slot = self.slots.get(item);
        slot.is_some_and(|slot| matches!(slot.state, State::Loading))
    }

    /// Loads what is wanted and not at hand.
    pub fn want(
        &mut self,
        sight: Sight<'_>,
        (stored, generation): (&Stored, Generation),
        work: &mut Work,
    ) {
        self.frame += 1;
        let mut started = 0;
        for item in sight.items {
            let frame = self.frame;
            if let Some(slot) = self.slots.get_mut(item) {
                slot.used = frame;
                if started < STARTED_MAX && slot.load_rows(item, sight, (stored, generation), work)
                {
                    started += 1;
                }
            } else if started < STARTED_MAX && start(item, stored, generation, work) {
                started += 1;
                self.slots.insert(item.clone(), Slot::loading(frame));
            }
        }
        self.sweep();
    }

    /// Makes the curves of processes from what is in memory.
    pub fn want_live(&mut self, items: &[Item], live: &Live) {
        self.frame += 1;
        for item in items {
            let Item::Process(wanted) = item else {
                continue;
            };
            let Some(host) = live.host(&wanted.host) else {
                continue;
            };
            let known = host.process(wanted.id);
            if known.is_none_or(|process| process.pid != wanted.pid) {
                continue;
            }
            let frame = self.frame;
            let slot = self
                .slots
                .entry(item.clone())
                .or_insert_with(|| Slot::loading(frame));
            slot.used = frame;
            if slot.made_at.is_none() || slot.made_at != host.last_at {
                slot.made_at = host.last_at;
                if let Some(track) = host.process_track(wanted.id, wanted.measure) {
                    slot.state = State::Ready(Box::new(track));
                }
            }
        }
        let frame = self.frame;
        self.slots.retain(|_, slot| slot.used == frame);
    }

    /// Takes in a loaded curve.
    pub fn accept(&mut self, item: Item, result: Result<Track, Problem>) {
        let state = match result {
            Ok(track) => State::Ready(Box::new(track)),
            Err(problem) => State::Failed(problem),
        };
        if let Some(slot) = self.slots.get_mut(&item) {
            slot.state = state;
        }
    }

    /// Takes in loaded rows; returns why there are none.
    pub fn accept_detail(
        &mut self,
        item: &Item,
        result: Result<Detail, Problem>,
    ) -> Option<Problem> {
        let slot = self.slots.get_mut(item)?;
        match (result, &mut slot.state) {
            (Ok(detail), State::Ready(track)) => {
                slot.asked = None;
                track.set_detail(detail);
                None
            }
            // Keeping what was asked for prevents asking again at once.
            (Err(problem), _) => Some(problem),
            (Ok(_), State::Loading | State::Failed(_)) => None,
        }
    }

    /// Drops what was not drawn lately, oldest first, until memory suffices.
    fn sweep(&mut self) {
        let mut bytes: usize = self.slots.values().map(Slot::bytes).sum();
        if bytes <= KEPT_BYTES {
            return;
        }
        let frame = self.frame;
        let mut old: Vec<(u64, Item)> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.used < frame)
            .map(|(item, slot)| (slot.used, item.clone()))
            .collect();
        old.sort();
        for (_, item) in old {
            if bytes <= KEPT_BYTES {
                return;
            }
            bytes -= self.slots.remove(&item).map_or(0, |slot| slot.bytes());
        }
    }
}

impl Slot {
    fn loading(used: u64) -> Self {
        Self {
            state: State::Loading,
            used,
            asked: None,
            made_at: None,
        }
    }

    fn bytes(&self) -> usize {
        match &self.state {
            State::Ready(track) => track.size_bytes(),
            State::Loading | State::Failed(_) => 0,
        }
    }

    /// Starts to load the rows of a large series that the view can show.
    fn load_rows(
        &mut self,
        item: &Item,
        sight: Sight<'_>,
        (stored, generation): (&Stored, Generation),
        work: &mut Work,
    ) -> bool {
        let (State::Ready(track), Item::Series(key)) = (&self.state, item) else {
            return false;
        };
        let Some(rows) = track.needs_detail(sight.view, sight.columns) else {
            return false;
        };
        let held = |asked: &Range<usize>| asked.start <= rows.start && rows.end <= asked.end;
        if self.asked.as_ref().is_some_and(held) {
            return false;
        }
        let (stored, key, asked) = (stored.clone(), key.clone(), rows.clone());
        let label = format!("loading rows of {}", key.column());
        let item = item.clone();
        let started = work.start(Pool::Quick, label, move |_| {
            Outcome::Detail(generation, item, stored.detail(&key, asked))
        });
        if started.is_some() {
            self.asked = Some(rows);
        }
        started.is_some()
    }
}

/// Numbers of processes mean something in one session only.
fn same_process(track: Track, wanted: &ProcessItem) -> Result<Track, Problem> {
    let pid = track.series().key.attribute("process.pid");
    if pid == Some(wanted.pid.to_string().as_str()) {
        return Ok(track);
    }
    Err(Problem {
        what: format!("could not plot {} ({})", wanted.name, wanted.pid),
        why: "the process is not in this session".to_owned(),
        what_to_do: "take it out of the plot, or open the session it is from".to_owned(),
        sort: Sort::NotUsable,
    })
}

fn start(item: &Item, stored: &Stored, generation: Generation, work: &mut Work) -> bool {
    let (stored, item) = (stored.clone(), item.clone());
    let label = match &item {
        Item::Series(key) => format!("loading {}", key.column()),
        Item::Process(process) => format!("loading {} ({})", process.name, process.pid),
    };
    let started = work.start(Pool::Quick, label, move |_| {
        let track = match &item {
            Item::Series(key) => stored.load(key),
            Item::Process(it) => stored
                .process_track(&it.host, it.id, it.measure)
                .and_then(|track| same_process(track, it)),
        };
        Outcome::Track(generation, item, track)
    });
    started.is_some()
}
