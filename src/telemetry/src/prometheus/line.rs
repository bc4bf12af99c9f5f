//! Remembers what a line meant the last time, by its bytes.
//!
//! A target says its series in the same order each time, so the line that followed the
//! previous one is tried first: one comparison of bytes that lie side by side. Only
//! where that fails is the line hashed.
//!
//! This is a cache: it may forget everything at any time, and then lines are taken
//! apart again and find the same series.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::why::Why;

/// Most lines that are remembered: 50,000 series with 20 buckets.
const LINES_MAX: usize = 1_000_000;

/// Most bytes of lines that are remembered.
const BYTES_MAX: usize = 64 << 20;

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A comment that is already taken in; the line is all of it.
    Comment,
    /// The value of a series.
    Number { series: u32 },
    /// A cumulative count of a histogram.
    Bucket { histogram: u32, slot: u16 },
    /// Sum of the observations of a histogram.
    Sum { histogram: u32 },
    /// Number of observations of a histogram.
    Count { histogram: u32 },
    /// A histogram that is told as a whole.
    Histogram { series: u32 },
    /// Legal, and not needed.
    Unused,
    /// Left out each time.
    Refused(Why),
}

/// Number of a remembered line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineId(u32);

/// Before the first line of a body.
pub(super) const START: LineId = LineId(0);

#[derive(Debug)]
struct Line {
    /// Where its bytes end in the text; they start where those of the line before end.
    end: u32,
    start: u32,
    /// The line that came next the last time.
    next: u32,
    meaning: Meaning,
}

/// The lines of one target.
#[derive(Debug)]
pub(super) struct Lines {
    text: Vec<u8>,
    all: Vec<Line>,
    /// By hash; a line that shares its hash with a later one is forgotten.
    places: HashMap<u64, u32>,
    hasher: RandomState,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            all: vec![Line::START],
            places: HashMap::new(),
            hasher: RandomState::new(),
        }
    }
}

impl Line {
    const START: Self = Self {
        end: 0,
        start: 0,
        next: 0,
        meaning: Meaning::Unused,
    };
}

impl Lines {
    /// The line that followed `previous` the last time, if `rest` begins with it;
    /// with the number of its bytes.
    pub(super) fn follow(&self, previous: LineId, rest: &[u8]) -> Option<(LineId, usize)> {
        let (id, raw, meaning) = self.after(previous)?;
        let tail = rest.strip_prefix(raw)?;
        let fits = match (meaning, tail.first()?) {
            (Meaning::Comment, b'\n') => true,
            (Meaning::Comment, _) => false,
            (_, byte) => matches!(byte, b' ' | b'\t'),
        };
        fits.then_some((id, raw.len()))
    }

    /// The line that followed `previous` the last time, if it is exactly `key`.
    pub(super) fn follow_exactly(&self, previous: LineId, key: &[u8]) -> Option<LineId> {
        let (id, raw, _) = self.after(previous)?;
        (raw == key).then_some(id)
    }

    fn after(&self, previous: LineId) -> Option<(LineId, &[u8], Meaning)> {
        let next = self.all.get(previous.0 as usize)?.next;
        let line = self.all.get(next as usize)?;
        let raw = self.text.get(line.start as usize..line.end as usize)?;
        (next != START.0).then_some((LineId(next), raw, line.meaning))
    }

    /// The line with these bytes, wherever it came the last time.
    pub(super) fn find(&self, raw: &[u8]) -> Option<LineId> {
        let place = *self.places.get(&self.hasher.hash_one(raw))?;
        let line = self.all.get(place as usize)?;
        let known = self.text.get(line.start as usize..line.end as usize)?;
        (known == raw).then_some(LineId(place))
    }

    /// What a line says.
    pub(super) fn meaning(&self, id: LineId) -> Meaning {
        let line = self.all.get(id.0 as usize);
        line.map_or(Meaning::Unused, |line| line.meaning)
    }

    /// Remembers a line.
    pub(super) fn push(&mut self, raw: &[u8], meaning: Meaning) -> LineId {
        if self.all.len() >= LINES_MAX || self.text.len() + raw.len() > BYTES_MAX {
            self.clear();
        }
        // Both are far below the range of 32 bits, by the limits above and that of a body.
        let (place, start) = (self.all.len() as u32, self.text.len() as u32);
        self.text.extend_from_slice(raw);
        self.all.push(Line {
            start,
            end: self.text.len() as u32,
            next: START.0,
            meaning,
        });
        self.places.insert(self.hasher.hash_one(raw), place);
        LineId(place)
    }

    /// Remembers which line followed another.
    pub(super) fn link(&mut self, previous: LineId, next: LineId) {
        if let Some(line) = self.all.get_mut(previous.0 as usize) {
            line.next = next.0;
        }
    }

    /// Forgets every line, since what they mean may have changed.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
        self.all.clear();
        self.all.push(Line::START);
    }
}
