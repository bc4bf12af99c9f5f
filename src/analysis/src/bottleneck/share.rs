//! How much of the rise of a response time each resource explains.
//!
//! A response time is a sum of residence times, and the residence time at a resource
//! follows its utilization `U` as `U / (1 - U)`, or its stall share alike. So the
//! symptom is fitted by residence times with weights that cannot be negative, and the
//! rise from good to bad rows is split by those weights. Resources that rise together
//! cannot be told apart by any fit; the Shapley value shares between them alike, and
//! the interval says how far that may be off.
//!
//! * In: the symptom and the gauges of all hosts.
//! * Out: for each resource its share of the rise, with an interval by block bootstrap.
//! * Never: speaks of a rise that the noise of the symptom could be.
//!
//! # Source
//!
//! P. J. Denning, J. P. Buzen, "The operational analysis of queueing network models",
//! ACM Computing Surveys 10 (1978). L. S. Shapley, "A value for n-person games" (1953);
//! S. Lipovetsky, M. Conklin, "Analysis of regression in game theory approach", Applied
//! Stochastic Models in Business and Industry 17 (2001). Coordinate descent for least
//! squares without negative weights: V. Franc, V. Hlaváč, M. Navara, CAIP 2005.
//!
//! Start at [`shares`].

use super::lens::trailing;
use super::limits::{SMOOTH_SECONDS, Signal};
use super::{Interval, Judged, Resource};
use crate::frame::{Frame, HELD_STEPS, Line};
use crate::stats::random::Random;
use crate::stats::{order, resample};

/// Metrics that are response times, by the semantic conventions of OpenTelemetry.
const RESPONSE_TIMES: [&str; 8] = [
    "http.server.request.duration",
    "http.server.duration",
    "rpc.server.call.duration",
    "rpc.server.duration",
    "http.client.request.duration",
    "rpc.client.call.duration",
    "db.client.operation.duration",
    "messaging.process.duration",
];

/// A symptom is judged on means over at least so many rows.
const SMOOTH_ROWS: usize = 5;

/// A rise is so many standard deviations within good and bad rows: means of noise over
/// [`SMOOTH_ROWS`], split at their middle, differ by about 0.8.
const RISE_SIGMAS: f64 = 1.5;

/// A rise is at least this share of the level before.
const RISE_SHARE: f64 = 0.05;

/// Resources that are fitted together: 2^6 subsets for each draw.
const MOST: usize = 6;

/// Rows that are fitted; longer inputs are averaged down to it.
const ROWS_MAX: usize = 1_500;

/// Utilization is held below one, where residence has no end.
const USED_UP: f64 = 0.98;

/// Sweeps of the coordinate descent, which stops before when nothing moves.
const SWEEPS: usize = 100;

/// Part of the diagonal that is added to it, so that equal columns share alike.
const RIDGE: f64 = 1e-6;

const SEED: u64 = 0x6b79_6d6f;

/// How a reading becomes a residence time.
#[derive(Clone, Copy)]
enum Law {
    /// A share of time: `U / (1 - U)`.
    Queue,
    /// Already a time or a count of what waits.
    Direct,
}

/// The readings of each resource that residence times are made of.
#[rustfmt::skip]
const RESIDENCE: &[(Resource, &[(Signal, Law)])] = &[
    (Resource::Cpu, &[(Signal::Busy, Law::Queue), (Signal::CpuPressure, Law::Queue)]),
    (Resource::CpuThrottling, &[(Signal::ThrottledPeriods, Law::Queue), (Signal::ThrottledTime, Law::Direct)]),
    (Resource::Memory, &[(Signal::MemoryPressure, Law::Queue), (Signal::MajorFaults, Law::Direct), (Signal::Swapping, Law::Direct)]),
    (Resource::Disk, &[(Signal::DeviceAwait, Law::Direct), (Signal::DeviceBusy, Law::Queue), (Signal::IoPressure, Law::Queue)]),
    (Resource::Network, &[(Signal::QueueDelay, Law::Direct), (Signal::Retransmits, Law::Queue), (Signal::Drops, Law::Queue)]),
];

/// The symptom, with its good and its bad rows.
pub(super) struct Felt<'a> {
    frame: &'a Frame,
    /// The symptom a row, up to the end of the window.
    pub(super) values: Vec<f64>,
    /// Whether a row is bad; gaps are neither.
    bad: Vec<Option<bool>>,
    /// Mean of good rows.
    pub(super) before: f64,
    /// Mean of bad rows.
    pub(super) after: f64,
    /// Whether bad rows differ from good ones by more than noise.
    pub(super) rose: bool,
}

/// Whether a series tells what users feel.
pub(super) fn is_response_time(line: &Line) -> bool {
    RESPONSE_TIMES.contains(&line.series.key.metric.as_str())
}

impl<'a> Felt<'a> {
    /// Looks at the first `end` rows of a symptom.
    pub(super) fn new(frame: &'a Frame, values: &[f64], end: usize) -> Self {
        let values = values[..end.min(values.len())].to_vec();
        let length = frame.rows_of_seconds(SMOOTH_SECONDS).max(SMOOTH_ROWS);
        let behind = trailing(&values, length);
        let last = behind.len().saturating_sub(1);
        // Half of the mean lies before a row and half after it.
        let smooth: Vec<f64> = (0..behind.len())
            .map(|row| behind[(row + length / 2).min(last)])
            .collect();
        let mut numbers = order::numbers(&smooth);
        let low = order::quantile_in(&mut numbers, 0.1);
        let high = order::quantile_in(&mut numbers, 0.9);
        let middle = low / 2.0 + high / 2.0;
        let bad: Vec<Option<bool>> = smooth
            .iter()
            .zip(&values)
            .map(|(smooth, value)| {
                let known = smooth.is_finite() && value.is_finite();
                known.then_some(*smooth > middle)
            })
            .collect();
        let of = |side: bool| -> Vec<f64> {
            let rows = values.iter().zip(&bad);
            rows.filter(|(_, it)| **it == Some(side))
                .map(|(value, _)| *value)
                .collect()
        };
        let (good_rows, bad_rows) = (of(false), of(true));
        let (before, after) = (order::mean(&good_rows), order::mean(&bad_rows));
        let noise = order::std(&good_rows).max(order::std(&bad_rows));
        let rise = after - before;
        let enough = good_rows.len() >= SMOOTH_ROWS && bad_rows.len() >= SMOOTH_ROWS;
        Self {
            frame,
            rose: enough
                && rise > RISE_SIGMAS * noise
                && rise > RISE_SHARE * before.abs()
                && rise.is_finite(),
            values,
            bad,
            before,
            after,
        }
    }

    /// Readings of another frame at the rows of the symptom.
    pub(super) fn aligned(&self, frame: &Frame, values: &[f64]) -> Vec<f64> {
        let rows = self.values.len();
        if std::ptr::eq(frame, self.frame) || frame.at[..] == self.frame.at[..] {
            return values[..rows.min(values.len())].to_vec();
        }
        let oldest = (frame.step_ns as f64 * HELD_STEPS) as i64;
        let mut next = 0;
        let held = |now: &i64| {
            while frame.at.get(next).is_some_and(|it| it <= now) {
                next += 1;
            }
            match next.checked_sub(1) {
                Some(last) if now.saturating_sub(frame.at[last]) <= oldest => values[last],
                _ => f64::NAN,
            }
        };
        self.frame.at[..rows].iter().map(held).collect()
    }

    /// Seconds between rows.
    pub(super) fn step_seconds(&self) -> f64 {
        self.frame.step_seconds()
    }
}

/// Rows of residence times, ready to be fitted.
#[derive(Clone)]
struct Design {
    /// For each resource its columns in `rows`.
    columns: Vec<Vec<usize>>,
    /// One row of residence times, the symptom last.
    rows: Vec<Vec<f64>>,
    bad: Vec<bool>,
}

/// Sets the share of each judgment; returns the share that all explain together.
pub(super) fn shares(judged: &mut [Judged<'_>], felt: &Felt<'_>) -> f64 {
    if !felt.rose {
        return f64::NAN;
    }
    let mut columns: Vec<(usize, Vec<Vec<f64>>)> = judged
        .iter()
        .enumerate()
        .map(|(place, it)| (place, residence(it, felt)))
        .filter(|(_, columns)| !columns.is_empty())
        .collect();
    // Those that explain most alone are fitted together.
    let alone = |columns: &Vec<Vec<f64>>| {
        let design = design(std::slice::from_ref(columns), felt);
        Moments::of(&design).explained(&design, 1)
    };
    columns.sort_by(|a, b| {
        let (a_alone, b_alone) = (alone(&a.1), alone(&b.1));
        b_alone.total_cmp(&a_alone).then_with(|| a.0.cmp(&b.0))
    });
    let zero = Interval {
        lo: 0.0,
        value: 0.0,
        hi: 0.0,
    };
    for one in judged.iter_mut() {
        one.judgment.share = Some(zero);
    }
    columns.truncate(MOST);
    let (places, columns): (Vec<usize>, Vec<Vec<Vec<f64>>>) = columns.into_iter().unzip();
    let design = design(&columns, felt);
    let best = shapley(&design);
    let draws = draws(&design);
    for (player, place) in places.iter().enumerate() {
        let mut of: Vec<f64> = draws.iter().map(|it| it[player]).collect();
        let (lo, hi) = resample::interval(&mut of, 0.95);
        let (least, most) = identified(&design, player);
        let value = best[player];
        // What the method leaves open comes on top of what noise does.
        judged[*place].judgment.share = Some(Interval {
            lo: (value.min(least) - (value - lo).max(0.0)).clamp(0.0, 1.0),
            value,
            hi: (value.max(most) + (hi - value).max(0.0)).clamp(0.0, 1.0),
        });
    }
    best.iter().sum()
}

/// The least and the most of what a resource explains beyond all others, what it explains
/// alone, and its part in the fit of all: between them no fit can tell resources apart
/// that rise together.
fn identified(design: &Design, player: usize) -> (f64, f64) {
    let moments = Moments::of(design);
    let all = (1 << design.columns.len()) - 1;
    let (one, whole) = (1 << player, moments.explained(design, all));
    let beyond = (whole - moments.explained(design, all & !one)).max(0.0);
    let alone = moments.explained(design, one).min(whole);
    let symptom = moments.rises.len() - 1;
    let chosen: Vec<usize> = (0..symptom).collect();
    let weights = moments.fitted(&chosen, symptom);
    let own = design.columns[player].iter();
    let part: f64 = own.map(|it| weights[*it] * moments.rises[*it]).sum();
    let part = (part / moments.rises[symptom]).clamp(0.0, 1.0);
    (beyond.min(alone).min(part), beyond.max(alone).max(part))
}

/// The residence times of a resource at the rows of the symptom, scaled alike; columns
/// that do not move are left out.
fn residence(judged: &Judged<'_>, felt: &Felt<'_>) -> Vec<Vec<f64>> {
    let gauge = &judged.gauge;
    let laws = RESIDENCE.iter().find(|(it, _)| *it == gauge.resource);
    let laws = laws.map_or(&[][..], |(_, laws)| laws);
    laws.iter()
        .filter_map(|(signal, law)| {
            let values = felt.aligned(judged.input.frame, gauge.raw.get(signal)?);
            let mut times: Vec<f64> = values
                .iter()
                .map(|it| match law {
                    Law::Direct => *it,
                    Law::Queue if it.is_nan() => f64::NAN,
                    Law::Queue => {
                        let used = it.clamp(0.0, USED_UP);
                        used / (1.0 - used)
                    }
                })
                .collect();
            let scale = order::std(&times);
            let usual = order::median(&times);
            if !(scale > 0.0 && scale.is_finite()) || times.len() < felt.values.len() {
                return None;
            }
            for time in &mut times {
                // A gap says nothing, so it stands at the usual level.
                *time = if time.is_finite() {
                    *time / scale
                } else {
                    usual / scale
                };
            }
            Some(times)
        })
        .collect()
}

/// Averages known rows down to [`ROWS_MAX`].
fn design(resources: &[Vec<Vec<f64>>], felt: &Felt<'_>) -> Design {
    let known: Vec<usize> = (0..felt.values.len())
        .filter(|row| felt.bad[*row].is_some())
        .collect();
    let length = known.len().div_ceil(ROWS_MAX).max(1);
    let flat: Vec<&Vec<f64>> = resources.iter().flatten().collect();
    let mut first = 0;
    let columns = resources.iter().map(|it| {
        let own = (first..first + it.len()).collect();
        first += it.len();
        own
    });
    let columns = columns.collect();
    let mean = |rows: &[usize], of: &[f64]| {
        rows.iter().map(|row| of[*row]).sum::<f64>() / rows.len() as f64
    };
    let rows = known.chunks(length).map(|rows| {
        let mut row: Vec<f64> = flat.iter().map(|it| mean(rows, it)).collect();
        row.push(mean(rows, &felt.values));
        row
    });
    let bad = known.chunks(length).map(|rows| {
        let count = rows
            .iter()
            .filter(|row| felt.bad[**row] == Some(true))
            .count();
        2 * count > rows.len()
    });
    Design {
        columns,
        rows: rows.collect(),
        bad: bad.collect(),
    }
}

/// Shares of symptoms that could as well have been: what the fit says of each row plus
/// what it left over, in blocks drawn anew. The rise in question stays the same, so that
/// the interval tells how sure its split is and not how often it happens.
fn draws(design: &Design) -> Vec<Vec<f64>> {
    let moments = Moments::of(design);
    let Some(symptom) = moments.rises.len().checked_sub(1) else {
        return Vec::new();
    };
    let chosen: Vec<usize> = (0..symptom).collect();
    let weights = moments.fitted(&chosen, symptom);
    let told = |row: &Vec<f64>| -> f64 { row.iter().zip(&weights).map(|(x, w)| x * w).sum() };
    let left: Vec<f64> = design
        .rows
        .iter()
        .map(|row| row[symptom] - told(row))
        .collect();
    let length = resample::block_length(&left);
    let mut random = Random::new(SEED);
    let mut drawn = vec![0.0; left.len()];
    let mut other = design.clone();
    (0..resample::DRAWS)
        .map(|_| {
            resample::blocks(&left, length, &mut random, &mut drawn);
            for ((row, known), rest) in other.rows.iter_mut().zip(&design.rows).zip(&drawn) {
                row[symptom] = told(known) + rest;
            }
            shapley(&other)
        })
        .collect()
}

/// The Shapley value of each resource in the share of the rise that is explained.
fn shapley(design: &Design) -> Vec<f64> {
    let players = design.columns.len();
    let moments = Moments::of(design);
    let values: Vec<f64> = (0..1_usize << players)
        .map(|team| moments.explained(design, team))
        .collect();
    // The weight of a team of s among n is s! (n - s - 1)! / n!.
    let weight = |size: usize| {
        let below: f64 = (1..=size).map(|it| it as f64).product();
        let above: f64 = (1..players - size).map(|it| it as f64).product();
        let all: f64 = (1..=players).map(|it| it as f64).product();
        below * above / all
    };
    (0..players)
        .map(|player| {
            let teams = (0..values.len()).filter(|team| team & (1 << player) == 0);
            let gains = teams.map(|team| {
                let gain = values[team | (1 << player)] - values[team];
                weight(team.count_ones() as usize) * gain
            });
            gains.sum::<f64>().clamp(0.0, 1.0)
        })
        .collect()
}

/// Sums over rows that every fit needs.
struct Moments {
    /// Products of columns about their means, the symptom last.
    products: Vec<Vec<f64>>,
    /// Mean of each column in bad rows minus that in good ones.
    rises: Vec<f64>,
}

impl Moments {
    fn of(design: &Design) -> Self {
        let width = design.rows.first().map_or(0, Vec::len);
        let mean_of = |side: Option<bool>, column: usize| {
            let rows = design.rows.iter().zip(&design.bad);
            let chosen = rows.filter(|(_, bad)| side.is_none_or(|it| **bad == it));
            let (sum, count) = chosen.fold((0.0, 0.0), |(sum, count), (row, _)| {
                (sum + row[column], count + 1.0)
            });
            if count > 0.0 { sum / count } else { 0.0 }
        };
        let means: Vec<f64> = (0..width).map(|it| mean_of(None, it)).collect();
        let mut products = vec![vec![0.0; width]; width];
        for row in &design.rows {
            let apart = row.iter().zip(&means);
            let apart: Vec<f64> = apart.map(|(value, mean)| value - mean).collect();
            for (sums, one) in products.iter_mut().zip(&apart) {
                for (sum, other) in sums.iter_mut().zip(&apart) {
                    *sum += one * other;
                }
            }
        }
        Self {
            products,
            rises: (0..width)
                .map(|it| mean_of(Some(true), it) - mean_of(Some(false), it))
                .collect(),
        }
    }

    /// Share of the rise of the symptom that a team of resources explains.
    fn explained(&self, design: &Design, team: usize) -> f64 {
        let members = design.columns.iter().enumerate();
        let chosen: Vec<usize> = members
            .filter(|(player, _)| team & (1 << player) != 0)
            .flat_map(|(_, columns)| columns.iter().copied())
            .collect();
        let Some(symptom) = self.rises.len().checked_sub(1) else {
            return 0.0;
        };
        let weights = self.fitted(&chosen, symptom);
        let rise: f64 = chosen
            .iter()
            .zip(&weights)
            .map(|(it, w)| w * self.rises[*it])
            .sum();
        let share = rise / self.rises[symptom];
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// Weights of least squares that are not negative, by coordinate descent.
    fn fitted(&self, chosen: &[usize], symptom: usize) -> Vec<f64> {
        let mut weights = vec![0.0; chosen.len()];
        for _ in 0..SWEEPS {
            let mut moved: f64 = 0.0;
            for (i, column) in chosen.iter().enumerate() {
                let products = &self.products[*column];
                let square = products[*column] * (1.0 + RIDGE);
                if square <= 0.0 {
                    continue;
                }
                let others = chosen.iter().zip(&weights).enumerate();
                let rest: f64 = others
                    .filter(|(j, _)| *j != i)
                    .map(|(_, (other, weight))| products[*other] * weight)
                    .sum();
                let best = ((products[symptom] - rest) / square).max(0.0);
                moved = moved.max((best - weights[i]).abs() * square.sqrt());
                weights[i] = best;
            }
            if moved <= 1e-6 * self.products[symptom][symptom].sqrt() {
                break;
            }
        }
        weights
    }
}
