//! What ranking the series of a brushed window costs, beside Welch's test on all.
//!
//! 5,000 series of 600 rows, the last 120 of them brushed and compared with the rest:
//! medians, shifts, intervals, tails and false-discovery control, as the window asks
//! for them. Welch's test takes mean and variance of all rows, as if they were
//! independent, and gives no interval, tail or verdict; it is the least that any
//! comparison costs.
//!
//! Run with `cargo bench -p workflow --bench compare`; `KYMO_COMPARE_SERIES` sets the
//! number of series.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use analysis::compare::{self, First, Join, Pair, Params, Relation};
use analysis::frame::Frame;
use analysis::stats::chance;
use analysis::stats::random::Random;
use model::catalog::{Kind, Polarity};
use model::series::Series;
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use workflow::compare::{Repeats, Side};
use workflow::input::{HostFrame, Input};
use workflow::jobs::Context;

const SERIES: usize = 5_000;
const ROWS: usize = 600;
/// The brushed rows: the last so many.
const BRUSHED: usize = 120;
/// One in so many series is shifted within the brushed rows.
const SHIFTED_EVERY: usize = 20;
/// The fastest of so many goes counts: others share this machine.
const GOES: usize = 7;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let series = match std::env::var("KYMO_COMPARE_SERIES") {
        Ok(text) => text.parse()?,
        Err(_) => SERIES,
    };
    let frame = frame(series);
    let window = |from: usize, to: usize| Span {
        from: frame.moment(from),
        to: frame.moment(to),
    };
    let brushed = Span {
        from: frame.moment(ROWS - BRUSHED),
        to: Moment(i64::MAX),
    };
    let rest = window(0, ROWS - BRUSHED);
    let input = Input {
        path: PathBuf::from("bench"),
        frames: vec![HostFrame {
            host: String::new(),
            frame: frame.clone(),
        }],
        stored: None,
        notes: Vec::new(),
        damaged: false,
    };
    let sides = [Side::window(&input, rest), Side::window(&input, brushed)];
    let pairs = pairs(&frame);
    let params = Params {
        step_seconds: 1.0,
        relation: Relation::Adjacent,
        join: Some(Join {
            before: 0,
            after: 0,
            first: First::Before,
        }),
    };
    let mut found = 0;
    let welch = fastest(|| found = welch_flags(&pairs));
    let (mut changed, mut kept) = (0, 0);
    let one = fastest(|| {
        let all = compare::differences(&pairs, &params);
        changed = all.iter().filter(|it| it.verdict.is_change()).count();
    });
    let mut failed = None;
    let context = Context::default();
    let all = fastest(|| {
        match workflow::compare::compare((&sides[0], &sides[1]), Repeats::Unknown, &context) {
            Ok(it) => kept = it.metrics.len(),
            Err(problem) => failed = Some(problem),
        }
    });
    if let Some(problem) = failed {
        return Err(Box::new(problem));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let planted = series.div_ceil(SHIFTED_EVERY);
    let rows = [
        ("Welch's test, one core".to_owned(), welch, found),
        ("Kymo, one core".to_owned(), one, changed),
        (format!("Kymo, whole job, {cores} cores"), all, changed),
    ];
    table(&rows, welch, (kept, planted))
}

/// Prints what was measured.
fn table(
    rows: &[(String, Duration, usize)],
    peer: Duration,
    (series, planted): (usize, usize),
) -> Outcome {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{series} series × {ROWS} rows, {planted} shifted")?;
    writeln!(
        out,
        "{:<28} {:>9} {:>8} {:>8}",
        "", "ms", "× Welch", "changed"
    )?;
    for (what, time, found) in rows {
        let ratio = time.as_secs_f64() / peer.as_secs_f64();
        let milliseconds = time.as_secs_f64() * 1e3;
        writeln!(
            out,
            "{what:<28} {milliseconds:>9.1} {ratio:>8.1} {found:>8}"
        )?;
    }
    Ok(())
}

fn fastest(mut work: impl FnMut()) -> Duration {
    let times = (0..GOES).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// Autoregressive series, some of them shifted by 30 % within the brushed rows.
fn frame(series: usize) -> Frame {
    let at: Vec<i64> = (0..ROWS as i64).map(|row| row * SECOND_NS).collect();
    let columns = (0..series).map(|place| {
        let mut random = Random::new(place as u64);
        let mut last = 0.0;
        let values = (0..ROWS).map(|row| {
            last = 0.6 * last + random.normal();
            let is_shifted = row >= ROWS - BRUSHED && place % SHIFTED_EVERY == 0;
            (100.0 + 5.0 * last) * if is_shifted { 1.3 } else { 1.0 }
        });
        let described = Series {
            key: format!("series_{place}").parse().unwrap_or_default(),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        };
        (described, values.collect())
    });
    Frame::of_table(&at, columns.collect())
}

fn pairs(frame: &Frame) -> Vec<Pair<'_>> {
    let lines = frame.lines.iter().map(|line| {
        let (before, after) = line.values.split_at(ROWS - BRUSHED);
        Pair {
            series: &line.series,
            before: vec![before],
            after: vec![after],
        }
    });
    lines.collect()
}

/// How many series Welch's test calls changed at 1 %.
fn welch_flags(pairs: &[Pair<'_>]) -> usize {
    let is_flagged = |pair: &&Pair<'_>| {
        let [(a, va, n), (b, vb, m)] = [moments(pair.before[0]), moments(pair.after[0])];
        let (x, y) = (va / n, vb / m);
        let t = (b - a) / (x + y).sqrt();
        let freedom = (x + y).powi(2) / (x * x / (n - 1.0) + y * y / (m - 1.0));
        chance::student_two_sided(t, freedom) < 0.01
    };
    pairs.iter().filter(is_flagged).count()
}

/// Mean, variance and number in one pass.
fn moments(values: &[f64]) -> (f64, f64, f64) {
    let (mut sum, mut square, mut count) = (0.0, 0.0, 0.0);
    for value in values.iter().filter(|it| it.is_finite()) {
        sum += value;
        square += value * value;
        count += 1.0;
    }
    let mean = sum / count;
    let variance = (square - sum * mean) / (count - 1.0);
    (mean, variance.max(0.0), count)
}
