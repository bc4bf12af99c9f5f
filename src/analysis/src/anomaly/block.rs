//! Up to 64 series that are looked at together: how they are made comparable, and
//! the three looks at a row.
//!
//! * In: places of series in a frame and the rows to learn from.
//! * Out: the size of any row, and what each series adds to it.
//! * Never: takes a gap for a value; a gap is where the series usually is.
//!
//! Start at [`Block::of`].

use std::ops::Range;

use super::cells;
use super::whitening::{self, MOST_IN, Whitening};
use crate::frame::Frame;
use crate::stats::order;

/// Rows that directions are learned from at most, spread over the recording.
const MOST_LEARNED: usize = 16_384;
/// Rows that centers and scales are learned from at most.
const MOST_SCALED: usize = 8_192;
/// Weight of the plain distances beside each of the whitened looks.
const PLAIN_WEIGHT: f64 = 0.2;
/// Share of readings below which a series cannot take part.
const LEAST_COVERAGE: f64 = 0.5;

/// A center and a scale.
#[derive(Clone, Copy, Debug)]
struct Scale {
    center: f64,
    scale: f64,
}

/// One series of a block.
#[derive(Clone, Debug)]
struct Member {
    line: usize,
    /// Whether its growth is looked at, since it only grows.
    grows: bool,
    level: Scale,
    jump: Scale,
}

/// Series with what was learned of them.
#[derive(Clone, Debug)]
pub(super) struct Block {
    members: Vec<Member>,
    levels: Whitening,
    jumps: Whitening,
    /// Mean size of each look over the rows that were learned from.
    means: [f64; 3],
}

/// Room for the measures of a row, so that rows need no allocation.
#[derive(Default)]
struct Room {
    levels: Vec<f64>,
    jumps: Vec<f64>,
    directions: Vec<f64>,
}

impl Block {
    /// Whether a series has readings enough and more than one value.
    pub(super) fn is_usable(values: &[f64]) -> bool {
        let mut numbers = values.iter().filter(|it| it.is_finite());
        let Some(first) = numbers.next() else {
            return false;
        };
        let varies = numbers.any(|it| it != first);
        let count = values.iter().filter(|it| it.is_finite()).count();
        varies && count as f64 >= LEAST_COVERAGE * values.len() as f64
    }

    /// Learns from some rows.
    pub(super) fn of(frame: &Frame, lines: &[usize], rows: Range<usize>) -> Self {
        let members: Vec<Member> = lines
            .iter()
            .map(|line| member(frame, *line, rows.clone()))
            .collect();
        let stride = rows.len().div_ceil(MOST_LEARNED).max(1);
        let mut room = Room::default();
        let (mut levels, mut jumps) = (Vec::new(), Vec::new());
        for row in rows.clone().step_by(stride) {
            measure(frame, &members, row, &mut room);
            levels.extend_from_slice(&room.levels);
            jumps.extend_from_slice(&room.jumps);
        }
        let mut block = Self {
            levels: Whitening::of(&levels, 2 * members.len()),
            jumps: Whitening::of(&jumps, members.len()),
            members,
            means: [1.0; 3],
        };
        let mut sums = [0.0; 3];
        let mut count = 0.0;
        for row in rows.step_by(stride) {
            let looks = block.looks(frame, row, &mut room);
            count += 1.0;
            for (sum, look) in sums.iter_mut().zip(looks) {
                *sum += look;
            }
        }
        block.means = sums.map(|it| if it > 0.0 { it / count } else { 1.0 });
        block
    }

    /// Number of series.
    pub(super) fn series(&self) -> usize {
        self.members.len()
    }

    /// The size of each row, about one for those that were learned from.
    pub(super) fn sizes(&self, frame: &Frame, rows: Range<usize>) -> Vec<f64> {
        let mut room = Room::default();
        let weights = self.weights();
        rows.map(|row| {
            let looks = self.looks(frame, row, &mut room);
            looks
                .iter()
                .zip(weights)
                .map(|(look, weight)| look * weight)
                .sum()
        })
        .collect()
    }

    /// Place in the frame and part of the size of a row, for each series.
    pub(super) fn contributions(&self, frame: &Frame, row: usize) -> Vec<(usize, f64)> {
        let mut room = Room::default();
        measure(frame, &self.members, row, &mut room);
        let levels = self.levels.contributions(&room.levels);
        let jumps = self.jumps.contributions(&room.jumps);
        let weights = self.weights();
        let count = self.members.len();
        let part = |(place, member): (usize, &Member)| {
            let plain = whitening::size(room.levels[place]) / count as f64;
            let level = levels[place] + levels[count + place];
            (
                member.line,
                weights[0] * level + weights[1] * jumps[place] + weights[2] * plain,
            )
        };
        self.members.iter().enumerate().map(part).collect()
    }

    /// Weights of the looks, with which a usual row has a size of one.
    fn weights(&self) -> [f64; 3] {
        let all = 2.0 + PLAIN_WEIGHT;
        [
            1.0 / self.means[0] / all,
            1.0 / self.means[1] / all,
            PLAIN_WEIGHT / self.means[2] / all,
        ]
    }

    fn looks(&self, frame: &Frame, row: usize, room: &mut Room) -> [f64; 3] {
        measure(frame, &self.members, row, room);
        let count = self.members.len();
        let plain: f64 = room.levels[..count]
            .iter()
            .map(|it| whitening::size(*it))
            .sum();
        [
            self.levels.size(&room.levels, &mut room.directions),
            self.jumps.size(&room.jumps, &mut room.directions),
            plain / count as f64,
        ]
    }
}

/// The measures of a row: standardized levels, then those of the row before; jumps.
fn measure(frame: &Frame, members: &[Member], row: usize, room: &mut Room) {
    let count = members.len();
    room.levels.clear();
    room.levels.resize(2 * count, 0.0);
    room.jumps.clear();
    for (place, member) in members.iter().enumerate() {
        let values = &frame.lines[member.line].values;
        let now = value_at(values, member.grows, row);
        let before = match row.checked_sub(1) {
            Some(before) => value_at(values, member.grows, before),
            None => f64::NAN,
        };
        room.levels[place] = member.level.of(now);
        room.levels[count + place] = member.level.of(before);
        room.jumps.push(member.jump.of(now - before));
    }
}

impl Scale {
    fn learned(values: &[f64]) -> Self {
        let scale = order::scale(values);
        Self {
            center: order::median(values),
            scale: if scale.is_finite() { scale } else { 0.0 },
        }
    }

    /// Deviations from the center, cut; 0 for a gap and without a scale.
    fn of(self, value: f64) -> f64 {
        let away = value - self.center;
        if away.is_nan() || self.scale <= 0.0 {
            return 0.0;
        }
        (away / self.scale).clamp(-MOST_IN, MOST_IN)
    }
}

fn member(frame: &Frame, line: usize, rows: Range<usize>) -> Member {
    let values = &frame.lines[line].values;
    let grows = cells::growth(&values[rows.clone()]).is_some();
    let stride = rows.len().div_ceil(MOST_SCALED).max(1);
    let (mut levels, mut jumps) = (Vec::new(), Vec::new());
    for row in rows.step_by(stride) {
        let now = value_at(values, grows, row);
        levels.push(now);
        if row > 0 {
            jumps.push(now - value_at(values, grows, row - 1));
        }
    }
    Member {
        line,
        grows,
        level: Scale::learned(&levels),
        jump: Scale::learned(&jumps),
    }
}

/// The value of a row, or its growth since the row before; `NaN` for a gap and
/// where a counter was reset.
fn value_at(values: &[f64], grows: bool, row: usize) -> f64 {
    let now = values[row];
    if !grows {
        return if now.is_finite() { now } else { f64::NAN };
    }
    match row.checked_sub(1) {
        Some(before) if now >= values[before] => now - values[before],
        _ => f64::NAN,
    }
}
