//! What all analyses of an hour cost, part by part, as the window starts them.
//!
//! Three hosts of 1,000 series each at one sample a second, or a session of one's
//! own; the last column compares with one pass over the same rows that takes mean
//! and standard deviation, the least that any analysis costs.
//!
//! Run with `cargo bench -p workflow --bench all`; `KYMO_ANALYZE` names a session to
//! take instead of the generated series.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use analysis::frame::Frame;
use analysis::stats::random::Random;
use model::catalog::{Kind, Polarity};
use model::series::{Series, SeriesKey};
use model::time::SECOND_NS;
use model::unit::Unit;
use workflow::findings::PARTS;
use workflow::input::{HostFrame, Input};
use workflow::jobs::Context;

const HOSTS: usize = 3;
const SERIES: usize = 1_000;
const ROWS: usize = 3_600;

/// Names that the analyses know, in turn.
const METRICS: &[(&str, &str)] = &[
    ("system.cpu.utilization", "1"),
    ("cgroup.cpu.utilization", "1"),
    ("cgroup.memory.usage", "By"),
    ("system.disk.io", "By/s"),
    ("system.network.io", "By/s"),
    ("process.cpu.utilization", "1"),
];

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let context = Context::default();
    let (opened, input) = timed(|| match std::env::var_os("KYMO_ANALYZE") {
        Some(path) => Input::open(Path::new(&path), &context),
        None => Ok(generated()),
    });
    let input = input?;
    let series: usize = input.frames.iter().map(|it| it.frame.lines.len()).sum();
    let rows = input.frames.iter().map(|it| it.frame.rows()).max();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{series} series × {} rows, {} hosts, made or read in {:.2} s",
        rows.unwrap_or_default(),
        input.frames.len(),
        opened.as_secs_f64()
    )?;
    let (least, _) = timed(|| spreads(&input));
    writeln!(
        out,
        "{:<12} {:>9} {:>9} {:>9}",
        "", "s", "× a pass", "findings"
    )?;
    let mut sum = Duration::ZERO;
    let mut all = 0;
    for part in PARTS {
        let (time, found) = timed(|| (part.find)(&input, &context));
        let found = found?.len();
        row(&mut out, part.name, (time, least, found))?;
        sum += time;
        all += found;
    }
    row(&mut out, "all", (sum, least, all))
}

fn row(
    out: &mut impl Write,
    name: &str,
    (time, least, found): (Duration, Duration, usize),
) -> Outcome {
    let seconds = time.as_secs_f64();
    let ratio = seconds / least.as_secs_f64();
    writeln!(out, "{name:<12} {seconds:>9.2} {ratio:>9.0} {found:>9}")?;
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let made = work();
    (start.elapsed(), made)
}

/// Mean and standard deviation of every series, added up so that nothing is left out.
fn spreads(input: &Input) -> f64 {
    let lines = input.frames.iter().flat_map(|it| &it.frame.lines);
    let of_line = lines.map(|line| {
        let count = line.values.len() as f64;
        let mean = line.values.iter().sum::<f64>() / count;
        let square = line
            .values
            .iter()
            .map(|it| (it - mean).powi(2))
            .sum::<f64>();
        mean + (square / count).sqrt()
    });
    std::hint::black_box(of_line.sum())
}

fn generated() -> Input {
    let frames = (0..HOSTS).map(|host| {
        let name = format!("host-{host}");
        HostFrame {
            frame: frame(host, &name),
            host: name,
        }
    });
    Input {
        path: PathBuf::from("bench"),
        frames: frames.collect(),
        stored: None,
        notes: Vec::new(),
        damaged: false,
    }
}

fn frame(host: usize, name: &str) -> Frame {
    let at: Vec<i64> = (0..ROWS as i64).map(|row| row * SECOND_NS).collect();
    let columns = (0..SERIES).map(|place| {
        let (metric, unit) = METRICS[place % METRICS.len()];
        let described = Series {
            key: SeriesKey::new(name, metric, [("device".to_owned(), format!("d{place}"))]),
            unit: Unit::new(unit),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        };
        (described, values((host * SERIES + place) as u64))
    });
    Frame::of_table(&at, columns.collect())
}

/// Noise with memory; some series drift, step, swing or burst.
fn values(seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let memory = [0.0, 0.5, 0.9, 0.98][(seed % 4) as usize];
    let mut last = 0.0;
    let rows = (0..ROWS).map(|row| {
        last = memory * last + random.normal();
        let place = row as f64;
        let more = match seed % 24 {
            0 => place / 500.0,
            5 => f64::from(u8::from(row > ROWS / 3)) * 8.0,
            11 => 4.0 * (place / 30.0).sin(),
            17 => f64::from(u8::from(random.unit() > 0.99)) * 12.0,
            _ => 0.0,
        };
        (50.0 + last + more) / 100.0
    });
    rows.collect()
}
