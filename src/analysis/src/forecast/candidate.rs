//! The simple methods that compete, and what each says at every origin.
//!
//! A candidate is one simple idea about the future: the last value, the median of
//! the recent rows, a smoothed level or trend, the same phase of earlier cycles, or
//! one of these with as much of the recent departure as used to remain.
//!
//! * In: the past, its periods, and the rows to forecast from.
//! * Out: for each candidate one path an origin, computed from rows before it.
//! * Never: chooses; see [`super::contest`].
//!
//! Start at [`all`].

use super::correction::Correction;
use super::history::History;
use super::profile::{self, Profile};
use super::smoothing::{Method, Sort, WINDOW};
use crate::stats::order;

/// Where forecasts start and how far they go.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    /// First rows that are forecast, ascending; the last is the row after the end.
    pub(crate) rows: Vec<usize>,
    /// Rows of a path before the last origin.
    pub(crate) tried: usize,
    /// Rows of the path at the last origin.
    pub(crate) horizon: usize,
}

/// A method and its paths.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// What it does, for people.
    pub(crate) name: String,
    /// One path an origin.
    pub(crate) paths: Vec<Vec<f64>>,
}

/// So many cycles make a profile that follows quickly, one that is steady, and one
/// that is steadier still.
const CYCLES: [usize; 3] = [3, 7, 14];

/// Cycles of the profile over the longer period, of which there are fewer.
const LONG_CYCLES: usize = 4;

/// A smoothed profile takes in this share of the period to both sides.
const SMOOTHED_SHARE: f64 = 1.0 / 60.0;

/// Parameters of smoothing methods are fitted anew after so many origins.
const FIT_EVERY: usize = 8;

/// Rows that the median of everything looks at, at most.
const LONG_WINDOW: usize = 8192;

impl Origins {
    /// Length of the path at an origin.
    fn length(&self, place: usize) -> usize {
        match place + 1 == self.rows.len() {
            true => self.horizon,
            false => self.tried,
        }
    }

    /// A path at each origin, filled in by `fill`, which is given place and row.
    fn paths(&self, mut fill: impl FnMut(usize, usize, &mut [f64])) -> Vec<Vec<f64>> {
        let path = |(place, row): (usize, &usize)| {
            let mut path = vec![f64::NAN; self.length(place)];
            fill(place, *row, &mut path);
            path
        };
        self.rows.iter().enumerate().map(path).collect()
    }
}

/// Every candidate that makes sense for this past; the first is the last value.
pub(crate) fn all(history: &History, periods: &[usize], origins: &Origins) -> Vec<Candidate> {
    let mut all = plain(history, origins);
    match periods.split_first() {
        None => {
            all.push(level(history, origins));
            let zero = Base::flat(history);
            all.extend(smoothed(&zero, origins));
        }
        Some((period, longer)) => {
            all.extend(seasonal(history, *period, origins));
            for longer in longer {
                all.extend(seasonal_long(history, *longer, origins));
            }
        }
    }
    fill_gaps(history, origins, &mut all);
    all
}

/// The last value, medians of recent stretches, and a straight line.
fn plain(history: &History, origins: &Origins) -> Vec<Candidate> {
    let horizon = origins.horizon;
    let mut windows = vec![
        (horizon / 8).max(5),
        horizon.max(12),
        4 * horizon.max(12),
        LONG_WINDOW,
    ];
    windows.retain(|rows| *rows <= LONG_WINDOW);
    windows.dedup();
    let mut all = vec![Candidate {
        name: "last value".to_owned(),
        paths: origins.paths(|_, row, out| out.fill(history.last(row))),
    }];
    all.extend(windows.into_iter().map(|rows| Candidate {
        name: format!("median of the last {rows} rows"),
        paths: origins.paths(|_, row, out| {
            out.fill(order::median(history.before(row, rows)));
        }),
    }));
    all.push(line(history, origins));
    all
}

/// A line through the medians of the two halves of the recent past.
fn line(history: &History, origins: &Origins) -> Candidate {
    let rows = (2 * origins.horizon).clamp(16, LONG_WINDOW);
    let paths = origins.paths(|_, row, out| {
        let recent = history.before(row, rows);
        let half = recent.len() / 2;
        let early = order::median(&recent[..half]);
        let late = order::median(&recent[half..]);
        let slope = (late - early) / (recent.len() as f64 / 2.0);
        let from = late + slope * (recent.len() as f64 / 4.0);
        for (ahead, value) in out.iter_mut().enumerate() {
            *value = from + slope * (ahead as f64 + 1.0);
        }
    });
    Candidate {
        name: format!("line through the last {rows} rows"),
        paths,
    }
}

/// A slow level, and what used to remain of departures from it.
fn level(history: &History, origins: &Origins) -> Candidate {
    let weight = 1.0 / (2.0 * origins.horizon as f64).clamp(16.0, 2000.0);
    let mut slow = f64::NAN;
    let mut levels = Vec::with_capacity(history.rows() + 1);
    for (row, value) in history.values.iter().enumerate() {
        levels.push(slow);
        if value.is_finite() {
            // Starts as a mean of all, until that would be slower.
            let weight = weight.max(1.0 / (row as f64 + 1.0));
            slow = if slow.is_nan() {
                *value
            } else {
                slow + weight * (value - slow)
            };
        }
    }
    levels.push(slow);
    let departures = history
        .values
        .iter()
        .zip(&levels)
        .map(|(value, level)| value - level);
    let departures: Vec<f64> = departures.collect();
    let correction = Correction::of(&departures, &origins.rows, origins.horizon);
    Candidate {
        name: "slow level with recent departure".to_owned(),
        paths: origins.paths(|place, row, out| {
            out.fill(levels[row]);
            correction.add(place, out);
        }),
    }
}

/// Profiles over the shorter period, plain, corrected, and smoothing on what they leave.
fn seasonal(history: &History, period: usize, origins: &Origins) -> Vec<Candidate> {
    let reach = (period as f64 * SMOOTHED_SHARE).round() as usize;
    let mut all = vec![Candidate {
        name: format!("the value {period} rows before"),
        paths: {
            let once = Profile::of(history, period, 1);
            origins.paths(|_, row, out| once.path(row, out))
        },
    }];
    for (place, cycles) in CYCLES.into_iter().enumerate() {
        let base = Base::seasonal(history, period, cycles);
        let reach = if place == 0 { 0 } else { reach };
        all.extend(corrected(&base, reach, origins));
        if place == 1 {
            all.extend(smoothed(&base, origins));
        }
    }
    all
}

/// Profiles over the longer period.
fn seasonal_long(history: &History, period: usize, origins: &Origins) -> Vec<Candidate> {
    let reach = (period as f64 * SMOOTHED_SHARE / 7.0).round() as usize;
    let base = Base::seasonal(history, period, LONG_CYCLES);
    let mut all = corrected(&base, reach, origins);
    let once = Profile::of(history, period, 1);
    all.push(Candidate {
        name: format!("the value {period} rows before"),
        paths: origins.paths(|_, row, out| once.path(row, out)),
    });
    all
}

/// What is expected without knowing the recent past, and what the past left of it.
struct Base {
    name: String,
    profile: Option<Profile>,
    departures: Vec<f64>,
}

impl Base {
    fn flat(history: &History) -> Self {
        Self {
            name: String::new(),
            profile: None,
            departures: history.values.clone(),
        }
    }

    fn seasonal(history: &History, period: usize, cycles: usize) -> Self {
        let profile = Profile::of(history, period, cycles);
        let departures = history.values.iter().zip(&profile.at);
        Self {
            name: format!("profile of {cycles} cycles of {period} rows"),
            departures: departures
                .map(|(value, expected)| value - expected)
                .collect(),
            profile: Some(profile),
        }
    }

    fn path(&self, row: usize, out: &mut [f64]) {
        match &self.profile {
            Some(profile) => profile.path(row, out),
            None => out.fill(0.0),
        }
    }
}

/// The profile as it is, and with what used to remain of departures.
fn corrected(base: &Base, reach: usize, origins: &Origins) -> Vec<Candidate> {
    let plain = origins.paths(|_, row, out| {
        base.path(row, out);
        profile::smooth(out, reach);
    });
    let correction = Correction::of(&base.departures, &origins.rows, origins.horizon);
    let mut paths = plain.clone();
    for (place, path) in paths.iter_mut().enumerate() {
        correction.add(place, path);
    }
    vec![
        Candidate {
            name: base.name.clone(),
            paths: plain,
        },
        Candidate {
            name: format!("{} with recent departure", base.name),
            paths,
        },
    ]
}

/// Smoothing methods on what the base leaves.
fn smoothed(base: &Base, origins: &Origins) -> Vec<Candidate> {
    let sorts = [
        (Sort::Simple, "exponential smoothing"),
        (Sort::Damped, "damped trend"),
        (Sort::Theta, "Theta"),
    ];
    let one = |(sort, name): (Sort, &str)| {
        let mut method = None;
        let mut ahead = Vec::new();
        let paths = origins.paths(|place, row, out| {
            let recent = &base.departures[row.saturating_sub(WINDOW)..row];
            let due = place % FIT_EVERY == 0 || place + 1 == origins.rows.len();
            let method = match method {
                Some(method) if !due => method,
                _ => *method.insert(Method::fitted(sort, recent)),
            };
            ahead.resize(out.len(), 0.0);
            method.path(recent, &mut ahead);
            base.path(row, out);
            out.iter_mut().zip(&ahead).for_each(|(it, by)| *it += by);
        });
        let name = match base.name.as_str() {
            "" => name.to_owned(),
            base => format!("{base} with {name}"),
        };
        Candidate { name, paths }
    };
    sorts.into_iter().map(one).collect()
}

/// Where a method says nothing, its nearest said value stands, or the last value.
fn fill_gaps(history: &History, origins: &Origins, all: &mut [Candidate]) {
    for candidate in all {
        for (row, path) in origins.rows.iter().zip(&mut candidate.paths) {
            let mut near = path.iter().copied().find(|it| it.is_finite());
            for value in path.iter_mut() {
                match value.is_finite() {
                    true => near = Some(*value),
                    false => *value = near.unwrap_or(history.last(*row)),
                }
            }
        }
    }
}
