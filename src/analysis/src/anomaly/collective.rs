//! Moments at which the series of a host together are unusual.
//!
//! Three looks at each row, each worth one on average: the levels together with
//! those of the row before, whitened; the jumps, whitened; and, with less weight,
//! the plain distances of the levels. The first finds combinations that do not
//! belong together, the second sudden ones, the third rows where much is far off.
//!
//! * In: a frame of one host. Constant and mostly missing series are left out.
//! * Out: a score a row, episodes, and which series are to blame.
//! * Never: looks ahead in [`causal`]; there the directions are learned from the
//!   rows before, again each time their number has doubled.
//!
//! Start at [`scan`] or [`causal`].
//!
//! # Source
//!
//! Hotelling's T² and the residual energy of J. E. Jackson, G. S. Mudholkar,
//! Technometrics 21 (1979); the look at two rows at once is dynamic PCA: W. Ku,
//! R. H. Storer, C. Georgakis, Chemometrics and Intelligent Laboratory Systems 30
//! (1995).

use std::ops::Range;

use super::block::Block;
use super::{THRESHOLD, score_of};
use crate::frame::Frame;
use crate::stats::order;

/// Up to so many series are looked at together; of more, in blocks of
/// [`BLOCK_OF_MANY`], since the work a value grows with the block.
const MOST_TOGETHER: usize = 64;
const BLOCK_OF_MANY: usize = 32;
/// Scores are smoothed over so many rows to either side, or seconds if that is
/// longer: a disturbance lasts, a flicker does not.
const SMOOTH_ROWS: f64 = 5.0;
const SMOOTH_SECONDS: f64 = 10.0;
/// The limit is extrapolated from the bulk: the way from the median to the size
/// that 19 of 20 rows stay under, once and a half again in logarithms.
const ORDINARY: f64 = 0.95;
const REACH: f64 = 1.5;
/// Never an alarm: less than so many times the usual.
const LEAST_RATIO: f64 = 2.5;
/// Rows before anything is said.
const LEAST_ROWS: usize = 64;
/// The causal score learns first after so many rows a measure.
const ROWS_A_MEASURE: usize = 4;
/// Rows that the causal limit is taken from at most.
const LIMIT_ROWS: usize = 4096;
/// Rows after which a new regime has become about two thirds usual.
const USUAL_ROWS: f64 = 300.0;
/// Series named as guilty at most.
const MOST_NAMED: usize = 8;

/// All series of a host together.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Collective {
    /// One score a row, 0 to 1.
    pub scores: Vec<f64>,
    /// Episodes, in the order of rows.
    pub anomalies: Vec<CollectiveAnomaly>,
    /// Series that took part.
    pub series: usize,
}

/// One episode.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectiveAnomaly {
    /// Its first row.
    pub index: usize,
    /// Its last row.
    pub end_index: usize,
    /// The row at which it is worst.
    pub peak: usize,
    /// The largest score, [`THRESHOLD`] to 1.
    pub score: f64,
    /// Places of the guilty series in the frame and their shares at the peak, the
    /// largest first, at most eight. All shares of a row add up to 1.
    pub contributions: Vec<(usize, f64)>,
}

/// Scores and episodes over a whole recording.
pub fn scan(frame: &Frame) -> Collective {
    let rows = 0..frame.rows();
    let blocks = blocks(frame, rows.clone());
    let series = blocks.iter().map(Block::series).sum();
    if blocks.is_empty() || frame.rows() < LEAST_ROWS {
        return Collective {
            scores: vec![0.0; frame.rows()],
            anomalies: Vec::new(),
            series,
        };
    }
    let raw = sizes(frame, &blocks, rows);
    let smooth = smoothed(&raw, keep(frame));
    let limit = limit(&smooth);
    let scores: Vec<f64> = smooth.iter().map(|it| score_of(it / limit)).collect();
    let near = (smooth_rows(frame) * 2.0) as usize;
    let found = episodes(&scores, near).into_iter();
    let anomalies = found.map(|rows| anomaly(frame, &blocks, &scores, (&raw, limit), rows));
    Collective {
        anomalies: anomalies.collect(),
        scores,
        series,
    }
}

/// Causal scores: entry `i` depends on rows up to `i` only.
///
/// Learns from the rows before, again each time their number has doubled. The step
/// of the rows is taken from the first ones.
pub fn causal(frame: &Frame) -> Vec<f64> {
    let rows = frame.rows();
    let mut scores = vec![0.0; rows];
    let measures = 2 * frame.lines.len().min(MOST_TOGETHER);
    let mut from = LEAST_ROWS.max(ROWS_A_MEASURE * measures);
    let early = frame.at.len().min(LEAST_ROWS);
    let step_seconds = crate::frame::step_ns(&frame.at[..early]) as f64 / 1e9;
    let keep = (-1.0 / SMOOTH_ROWS.max(SMOOTH_SECONDS / step_seconds)).exp();
    while from < rows {
        let to = (2 * from).min(rows);
        let blocks = blocks(frame, 0..from);
        if !blocks.is_empty() {
            let past = from.saturating_sub(LIMIT_ROWS)..from;
            let mut faded = Faded { keep, now: 1.0 };
            let sizes_before = sizes(frame, &blocks, past).into_iter();
            let before: Vec<f64> = sizes_before.map(|it| faded.next(it)).collect();
            let limit = limit(&before);
            let mut usual = Usual::of(&before);
            let next = sizes(frame, &blocks, from..to);
            for (score, raw) in scores[from..to].iter_mut().zip(next) {
                let size = faded.next(raw);
                *score = score_of(size / (limit * usual.growth()));
                usual.take_in(size);
            }
        }
        from = to;
    }
    scores
}

/// An average that forgets.
struct Faded {
    keep: f64,
    now: f64,
}

impl Faded {
    fn next(&mut self, raw: f64) -> f64 {
        self.now = self.keep * self.now + (1.0 - self.keep) * raw;
        self.now
    }
}

/// How much larger the sizes have become since the directions were learned: a new
/// regime is an alarm once, not until it is learned.
struct Usual {
    then: f64,
    now: f64,
}

impl Usual {
    fn of(before: &[f64]) -> Self {
        let then = order::median(before);
        let then = if then > 0.0 { then } else { 1.0 };
        Self { then, now: then }
    }

    fn growth(&self) -> f64 {
        (self.now / self.then).max(1.0)
    }

    fn take_in(&mut self, size: f64) {
        // The logarithm is averaged, so that one disaster does not hide the next.
        let share = 1.0 / USUAL_ROWS;
        let (size, now) = (size.max(self.then), self.now.max(self.then));
        self.now = ((1.0 - share) * now.ln() + share * size.ln()).exp();
    }
}

/// The series that vary within the rows, in blocks that are looked at together.
fn blocks(frame: &Frame, rows: Range<usize>) -> Vec<Block> {
    let usable: Vec<usize> = (0..frame.lines.len())
        .filter(|line| Block::is_usable(&frame.lines[*line].values[rows.clone()]))
        .collect();
    let size = if usable.len() <= MOST_TOGETHER {
        MOST_TOGETHER
    } else {
        BLOCK_OF_MANY
    };
    usable
        .chunks(size)
        .map(|lines| Block::of(frame, lines, rows.clone()))
        .collect()
}

/// The size of each row, about one where all is usual: the root mean square of the
/// blocks, so that one far out of many is seen.
fn sizes(frame: &Frame, blocks: &[Block], rows: Range<usize>) -> Vec<f64> {
    let mut sums = vec![0.0; rows.len()];
    for block in blocks {
        for (sum, size) in sums.iter_mut().zip(block.sizes(frame, rows.clone())) {
            *sum += size * size;
        }
    }
    for sum in &mut sums {
        *sum = (*sum / blocks.len() as f64).sqrt();
    }
    sums
}

fn smooth_rows(frame: &Frame) -> f64 {
    SMOOTH_ROWS.max(SMOOTH_SECONDS / frame.step_seconds())
}

fn keep(frame: &Frame) -> f64 {
    (-1.0 / smooth_rows(frame)).exp()
}

/// Averages with weights that fall off exponentially to both sides.
fn smoothed(raw: &[f64], keep: f64) -> Vec<f64> {
    let mut sums = raw.to_vec();
    let mut weights = vec![1.0; raw.len()];
    let pass = |rows: &mut dyn Iterator<Item = usize>, sums: &mut [f64], weights: &mut [f64]| {
        let (mut sum, mut weight) = (0.0, 0.0);
        for row in rows {
            sums[row] += sum;
            weights[row] += weight;
            sum = keep * (sum + raw[row]);
            weight = keep * (weight + 1.0);
        }
    };
    pass(&mut (0..raw.len()), &mut sums, &mut weights);
    pass(&mut (0..raw.len()).rev(), &mut sums, &mut weights);
    sums.iter()
        .zip(&weights)
        .map(|(sum, weight)| sum / weight)
        .collect()
}

fn limit(smooth: &[f64]) -> f64 {
    let mut sizes = order::numbers(smooth);
    let ordinary = order::quantile_in(&mut sizes, ORDINARY);
    let middle = order::median_in(&mut sizes);
    if middle > 0.0 {
        middle * (ordinary / middle).powf(REACH).max(LEAST_RATIO)
    } else {
        // At rest more than half of the time: what is ordinary is the only scale.
        let scale = ordinary.max(1.0);
        LEAST_RATIO * if scale.is_finite() { scale } else { 1.0 }
    }
}

/// Stretches at or above the threshold; closer than `near` rows are one.
fn episodes(scores: &[f64], near: usize) -> Vec<Range<usize>> {
    let mut episodes: Vec<Range<usize>> = Vec::new();
    for (row, _) in scores.iter().enumerate().filter(|it| *it.1 >= THRESHOLD) {
        match episodes.last_mut() {
            Some(last) if row < last.end + near => last.end = row + 1,
            _ => episodes.push(row..row + 1),
        }
    }
    episodes
}

/// Smoothing reaches beyond the disturbance; the raw sizes tell where it began.
fn anomaly(
    frame: &Frame,
    blocks: &[Block],
    scores: &[f64],
    (raw, limit): (&[f64], f64),
    rows: Range<usize>,
) -> CollectiveAnomaly {
    let far = |row: &usize| raw[*row] >= limit;
    let index = rows.clone().find(far).unwrap_or(rows.start);
    let end_index = rows.clone().rev().find(far).unwrap_or(rows.end - 1);
    let peak = rows
        .clone()
        .max_by(|a, b| raw[*a].total_cmp(&raw[*b]).then(b.cmp(a)));
    let peak = peak.unwrap_or(rows.start);
    let score = scores[rows].iter().copied().fold(THRESHOLD, f64::max);
    let mut parts: Vec<(usize, f64)> = Vec::new();
    for block in blocks {
        let size: f64 = block.sizes(frame, peak..peak + 1).into_iter().sum();
        // Shares follow the squares, as the blocks are joined by their squares.
        parts.extend(
            block
                .contributions(frame, peak)
                .into_iter()
                .map(|(line, part)| (line, part * size)),
        );
    }
    let all: f64 = parts.iter().map(|it| it.1).sum();
    for part in &mut parts {
        part.1 = if all > 0.0 { part.1 / all } else { 0.0 };
    }
    parts.retain(|it| it.1 > 0.0);
    parts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    parts.truncate(MOST_NAMED);
    CollectiveAnomaly {
        index,
        end_index,
        peak,
        score,
        contributions: parts,
    }
}
