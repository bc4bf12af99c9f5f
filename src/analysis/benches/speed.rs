//! Times the anomaly scan, change-point detection and trend analysis of one host's hour.
//!
//! `cargo bench -p analysis --bench speed` prints seconds, milliseconds a series and
//! points a second on one thread, for series as they come from a running system:
//! noise with memory, drifts, cycles, bursts, steps, and one long series.
//!
//! Start at [`main`].
#![expect(clippy::print_stdout, reason = "a benchmark answers on the terminal")]

use std::time::Instant;

use analysis::anomaly::streaming::Stream;
use analysis::frame::Frame;
use analysis::stats::random::Random;
use analysis::{anomaly, change, explain, trend};
use model::catalog::{Kind, Polarity};
use model::series::Series;
use model::unit::Unit;

/// Series of a large host.
const SERIES: usize = 3000;

/// An hour at one sample a second.
const ROWS: usize = 3600;

/// Rows of the long series: 12 days at one sample a second.
const LONG_ROWS: usize = 1_000_000;

fn main() {
    let all: Vec<Vec<f64>> = (0..SERIES).map(|seed| series(seed as u64, ROWS)).collect();
    let seconds: Vec<f64> = (0..LONG_ROWS).map(|row| row as f64).collect();
    timed("anomaly", &all, |values| {
        anomaly::series::scan(values).anomalies.len()
    });
    timed("change", &all, |values| {
        change::detect(values).changes.len()
    });
    timed("trend", &all, |values| {
        usize::from(trend::of_values(&seconds, values).p_value < trend::CHANCE)
    });
    streamed(&all[..1000]);
    looked_at_whole(&all);
    let long = [series(2, LONG_ROWS)];
    timed("anomaly, long", &long, |values| {
        anomaly::series::scan(values).anomalies.len()
    });
    timed("change, long", &long, |values| {
        change::detect(values).changes.len()
    });
    timed("trend, long", &long, |values| {
        usize::from(trend::of_values(&seconds, values).p_value < trend::CHANCE)
    });
}

/// What looking for one disturbance in all series together costs, and telling changes
/// together.
fn looked_at_whole(all: &[Vec<f64>]) {
    let at: Vec<i64> = (0..ROWS as i64).map(|row| row * 1_000_000_000).collect();
    let columns = all.iter().enumerate().map(|(place, values)| {
        let series = Series {
            key: format!("h/part{}.metric{place}", place / 10)
                .parse()
                .unwrap_or_default(),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        };
        (series, values.clone())
    });
    let frame = Frame::of_table(&at, columns.collect());
    let start = Instant::now();
    let found = explain::explain(&frame, &explain::Request::default());
    println!(
        "explain        {} series × {ROWS} rows: {:.2} s, onset {:?}",
        all.len(),
        start.elapsed().as_secs_f64(),
        found.onset
    );
    let told = change::told("h", &frame, &change::of_frame(&frame));
    let (start, count) = (Instant::now(), told.len());
    let found = change::together("h", &frame, told);
    println!(
        "together       {count} changes: {:.2} s, {} findings",
        start.elapsed().as_secs_f64(),
        found.len()
    );
}

/// What live verdicts cost: a sample of each of 1,000 series a second.
fn streamed(all: &[Vec<f64>]) {
    let mut streams = vec![Stream::new(); all.len()];
    let (start, mut alarms) = (Instant::now(), 0);
    for row in 0..ROWS {
        for (stream, values) in streams.iter_mut().zip(all) {
            let at_ns = row as i64 * 1_000_000_000;
            alarms += usize::from(stream.alarm_at(at_ns, values[row]).is_some());
        }
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / ROWS as f64;
    println!(
        "stream         {} pushes: {micros:.0} µs, {:.3} % of a core at 1 Hz, {alarms} alarms in an hour",
        all.len(),
        micros / 1e4,
    );
}

fn timed(name: &str, all: &[Vec<f64>], mut analyze: impl FnMut(&[f64]) -> usize) {
    let points: usize = all.iter().map(Vec::len).sum();
    let start = Instant::now();
    let found: usize = all.iter().map(|values| analyze(values)).sum();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{name:<14} {} series × {} rows: {seconds:.2} s, {:.2} ms a series, {:.2e} points/s, found {found}",
        all.len(),
        all[0].len(),
        seconds * 1e3 / all.len() as f64,
        points as f64 / seconds,
    );
}

/// One of six sorts of series.
fn series(seed: u64, rows: usize) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut last = 0.0;
    let memory = [0.0, 0.5, 0.9, 0.98][(seed / 6 % 4) as usize];
    (0..rows)
        .map(|row| {
            last = memory * last + random.normal();
            let place = row as f64;
            match seed % 6 {
                0 => last,
                1 => last + place / 500.0,
                2 => last + if row > rows / 3 { 8.0 } else { 0.0 },
                3 => last + 4.0 * (place / 10.0).sin(),
                4 => f64::from(u8::from(random.unit() > 0.95)),
                _ => last * if row > rows / 2 { 3.0 } else { 1.0 },
            }
        })
        .map(|value: f64| 50.0 + value)
        .collect()
}
