//! What moves together, and who moves first.
//!
//! Two series that only share a trend, a season or their inertia correlate without
//! having anything to do with each other. Both are therefore whitened by a filter
//! that is fitted to the one that is asked about, what predictability is left
//! counts against the evidence, and the number of lags and of series that were
//! tried is paid for. What is left are surprises that come together.
//!
//! * In: a [`Frame`] and a [`Request`].
//! * Out: the pairs that survive, each with its lag and an interval on it.
//! * Never: interpolates. A pair of rows of which one is a gap is left out.
//!
//! Start at [`correlate`]; [`curve`] gives the whole correlogram of one pair.
//!
//! # Source
//!
//! G. E. P. Box, G. M. Jenkins, "Time series analysis: forecasting and control"
//! (1970), chapter 11: pre-whitening before cross-correlation. M. S. Bartlett, "On
//! the theoretical specification and sampling properties of autocorrelated time
//! series", Supplement to the Journal of the Royal Statistical Society 8 (1946):
//! the variance of a cross-correlation.

mod conclusion;
mod lags;
mod white;

use std::ops::Range;

pub use conclusion::findings;

use crate::frame::Frame;
use crate::stats::{chance, discovery};

use lags::{Correlogram, Spectra};
use white::Whitener;

/// Share of false discoveries among the pairs that are listed.
pub const FALSE_DISCOVERIES: f64 = 0.05;

/// Fewer rows in common than this are no evidence.
const LEAST_ROWS: usize = 20;

/// A lag is at most this part of the rows: beyond it too few pairs are left.
const ROWS_PER_LAG: usize = 4;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Place of the series that all others are compared with.
    pub with: usize,
    /// The rows that are looked at; those beyond the end are not there.
    pub rows: Range<usize>,
    /// The largest lag, in rows; less where there are few rows.
    pub max_lag: usize,
    /// How far the clock behind each series may be off; missing ones are exact.
    pub clock_error_ns: Vec<i64>,
}

/// What moves together with a series.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// Place of the series that all others were compared with.
    pub with: usize,
    /// The rows that were looked at.
    pub rows: Range<usize>,
    /// The largest lag that was looked at, in rows.
    pub max_lag: usize,
    /// How many series were compared; constant ones are not.
    pub tested: usize,
    /// The pairs that survive, strongest first.
    pub pairs: Vec<Pair>,
    /// The pairs that do not, strongest first: there is not enough evidence for them.
    pub rest: Vec<Pair>,
}

/// A series that moves together with the one asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Its place in the frame.
    pub line: usize,
    /// Its name.
    pub series: String,
    /// Correlation of the surprises at the best lag, -1 to 1.
    pub r: f64,
    /// The best lag in rows; negative: this series moves first.
    pub lag_rows: i64,
    /// The lag in seconds.
    pub lag_seconds: f64,
    /// Where the lag is believed to lie, in seconds: cadence and clocks included.
    pub lag_interval: (f64, f64),
    /// Share of false discoveries when all that are at most as doubtful are believed.
    pub q_value: f64,
    /// Rows that both have a value for, at that lag.
    pub rows: usize,
}

impl Pair {
    /// 1 when both move the same way, -1 when they move against each other.
    pub fn sign(&self) -> i32 {
        if self.r < 0.0 { -1 } else { 1 }
    }
}

/// One point of a correlogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LagPoint {
    /// The lag in rows; negative: the second series moves first.
    pub lag_rows: i64,
    /// Correlation of the surprises, -1 to 1; 0 where it cannot be told.
    pub r: f64,
    /// Beyond this size, at any lag, one pair in twenty comes by chance.
    pub bound: f64,
}

/// Compares one series with all others.
///
/// Costs two Fourier transforms for each series. The answer has no pair when the
/// series asked about is not there, is constant or has fewer than 20 values.
pub fn correlate(frame: &Frame, request: &Request) -> Correlation {
    watched(frame, request, &|_, _| true)
}

/// Compares one series with all others, as [`correlate`] does, while `go_on` says so;
/// it is told how many series were compared and how many there are. Once it has said
/// no, the answer has no pair.
pub fn watched(
    frame: &Frame,
    request: &Request,
    go_on: &dyn Fn(usize, usize) -> bool,
) -> Correlation {
    let end = request.rows.end.min(frame.rows());
    let rows = request.rows.start.min(end)..end;
    let max_lag = request.max_lag.min(rows.len() / ROWS_PER_LAG);
    let mut answer = Correlation {
        with: request.with,
        rows: rows.clone(),
        max_lag,
        tested: 0,
        pairs: Vec::new(),
        rest: Vec::new(),
    };
    let Some(with) = frame.lines.get(request.with) else {
        return answer;
    };
    let whitener = Whitener::of(&with.values[rows.clone()]);
    let Some(with) = whitener.white(&with.values[rows.clone()], LEAST_ROWS) else {
        return answer;
    };
    let mut spectra = Spectra::new(rows.len(), max_lag);
    let with_spectrum = spectra.of(&with);
    let mut found = Vec::new();
    for (line, values) in frame.lines.iter().map(|it| &it.values).enumerate() {
        if !go_on(line, frame.lines.len()) {
            return answer;
        }
        if line == request.with {
            continue;
        }
        let Some(other) = whitener.white(&values[rows.clone()], LEAST_ROWS) else {
            continue;
        };
        let spectrum = spectra.of(&other);
        let shared = spectra.shared_predictability(&with_spectrum, &spectrum);
        let lag = spectra.best_lag(&with_spectrum, &spectrum);
        let correlogram = Correlogram {
            a: &with,
            b: &other,
            shared,
            max_lag,
        };
        found.push((line, lag, correlogram.chance(lag), correlogram.around(lag)));
    }
    answer.tested = found.len();
    let chances: Vec<f64> = found.iter().map(|it| it.2).collect();
    let q_values = discovery::q_values(&chances);
    for ((line, lag, _, peak), q_value) in found.into_iter().zip(q_values) {
        let pair = pair(frame, request, (line, lag, q_value), &peak);
        match q_value <= FALSE_DISCOVERIES {
            true => answer.pairs.push(pair),
            false => answer.rest.push(pair),
        }
    }
    let strength = |it: &Pair| it.r.abs();
    for pairs in [&mut answer.pairs, &mut answer.rest] {
        pairs.sort_by(|a, b| {
            let stronger = strength(b).total_cmp(&strength(a));
            stronger.then(a.line.cmp(&b.line))
        });
    }
    answer
}

/// The correlation of two series at every lag up to `max_lag` rows, with the bound
/// that chance alone seldom passes.
///
/// `a` and `b` are the same rows of two series. Gives `2 max_lag + 1` points in
/// ascending order of lag, or none when one of them is constant or too short.
/// Costs O(rows × lags).
pub fn curve(a: &[f64], b: &[f64], max_lag: usize) -> Vec<LagPoint> {
    let rows = a.len().min(b.len());
    let max_lag = max_lag.min(rows / ROWS_PER_LAG);
    let whitener = Whitener::of(&a[..rows]);
    let white = |values: &[f64]| whitener.white(&values[..rows], LEAST_ROWS);
    let (Some(a), Some(b)) = (white(a), white(b)) else {
        return Vec::new();
    };
    let mut spectra = Spectra::new(rows, max_lag);
    let (spectrum_a, spectrum_b) = (spectra.of(&a), spectra.of(&b));
    let correlogram = Correlogram {
        a: &a,
        b: &b,
        shared: spectra.shared_predictability(&spectrum_a, &spectrum_b),
        max_lag,
    };
    let tried = 2.0 * max_lag as f64 + 1.0;
    let each = -f64::exp_m1(f64::ln_1p(-FALSE_DISCOVERIES) / tried);
    let beyond = chance::normal_quantile(1.0 - each / 2.0);
    let reach = max_lag as i64;
    let points = (-reach..=reach).map(|lag_rows| {
        let at = correlogram.at(lag_rows);
        LagPoint {
            lag_rows,
            r: at.r,
            bound: (beyond / at.evidence.sqrt()).min(1.0),
        }
    });
    points.collect()
}

fn pair(
    frame: &Frame,
    request: &Request,
    (line, lag, q_value): (usize, i64, f64),
    peak: &lags::Peak,
) -> Pair {
    let step = frame.step_seconds();
    let error_ns = |line: usize| request.clock_error_ns.get(line).copied().unwrap_or(0);
    let clocks_ns = match host(frame, line) == host(frame, request.with) {
        true => 0,
        false => error_ns(line).saturating_add(error_ns(request.with)),
    };
    let doubt = clocks_ns.max(0) as f64 / model::time::SECOND_NS as f64;
    // A lag is known no better than to half a row.
    let (lo, hi) = (peak.lo as f64 - 0.5, peak.hi as f64 + 0.5);
    Pair {
        line,
        series: frame.lines[line].name.clone(),
        r: peak.r,
        lag_rows: lag,
        lag_seconds: lag as f64 * step,
        lag_interval: (lo * step - doubt, hi * step + doubt),
        q_value,
        rows: peak.rows,
    }
}

fn host(frame: &Frame, line: usize) -> &str {
    frame.lines.get(line).map_or("", |it| &it.series.key.host)
}

#[cfg(test)]
mod tests;
