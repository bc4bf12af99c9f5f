//! Measures what the store promises: bytes on disk, cost of a tick, first
//! picture, verification, memory over ten hours. Prints one line each.

#![expect(clippy::print_stdout, reason = "the figures are what a bench is for")]

#[path = "../tests/stream/mod.rs"]
mod stream;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::host::Host;
use model::pyramid::Pyramid;
use model::series::{Series, SeriesKey};
use model::time::Moment;
use model::unit::Unit;
use store::ingest::Source;
use store::progress::Continue;
use store::recorder::{FinishAs, Options, Placement, Recorder, SEGMENT_NS};
use store::session::Session;
use stream::{AXIS, Dice, Machine, SECOND, Shape};

type Outcome = Result<(), Box<dyn Error>>;

/// The machine of the goal: 400 series, 250 processes, a key sample a minute.
const SHAPE: Shape = Shape {
    series: 400,
    processes: 250,
    key_every: 60,
};

fn main() -> Outcome {
    // Cargo runs benches as tests too; then there is nothing to measure.
    if !std::env::args().any(|it| it == "--bench") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    hours(&folder.path().join("hours.kymo"), 10)?;
    disk(&folder.path().join("disk.kymo"))?;
    large(&folder.path().join("large.kymo"))
}

fn start(path: &Path) -> Result<(Recorder, Machine, model::host::HostId), Box<dyn Error>> {
    let options = Options {
        title: String::new(),
        created: Moment(0),
        segment_ns: SEGMENT_NS,
        retention: None,
    };
    let recorder = Recorder::create(path, options)?;
    let placement = Placement {
        boot_to_axis_ns: AXIS,
        ..Placement::default()
    };
    let host = recorder.add_host(Host::default(), "sim", placement)?;
    let mut machine = Machine::new(SHAPE);
    machine.remember = false;
    recorder.append(host, &machine.hello()?);
    Ok((recorder, machine, host))
}

/// Simulated hours at 1 Hz, as fast as the disk takes them.
fn hours(path: &Path, hours: u32) -> Outcome {
    let (recorder, mut machine, host) = start(path)?;
    let mut memory = Vec::new();
    for _ in 0..hours {
        for _ in 0..3600 {
            let bytes = machine.tick()?;
            recorder.append(host, &bytes);
            while recorder.status().waiting_bytes > 4 << 20 {
                std::thread::yield_now();
            }
        }
        memory.push(peak_mib());
    }
    let summary = recorder.finish(FinishAs::File, &mut |_| Continue::Yes)?;
    println!(
        "memory, peak MiB after each of {hours} simulated hours: {memory:?}, after finish {}",
        peak_mib()
    );
    println!(
        "{hours} hours: {:.3} MB/min",
        per_minute(summary.bytes, hours * 60)
    );
    Ok(())
}

fn per_minute(bytes: u64, minutes: u32) -> f64 {
    bytes as f64 / 1e6 / f64::from(minutes)
}

/// Largest resident memory so far.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|it| it.trim().split(' ').next()?.parse::<u64>().ok());
    number.unwrap_or_default() / 1024
}

/// Twenty minutes: size by table, and what a tick costs its caller.
fn disk(path: &Path) -> Outcome {
    let (recorder, mut machine, host) = start(path)?;
    let mut ticks = Vec::new();
    let mut wire_bytes = 0;
    for _ in 0..1200 {
        let bytes = machine.tick()?;
        wire_bytes += bytes.len() as u64;
        let begun = Instant::now();
        recorder.append(host, &bytes);
        ticks.push(begun.elapsed());
    }
    let begun = Instant::now();
    let summary = recorder.finish(FinishAs::File, &mut |_| Continue::Yes)?;
    let finish = begun.elapsed();
    ticks.sort();
    let total: Duration = ticks.iter().sum();
    println!(
        "on disk: {:.3} MB/min (journal {:.3})",
        per_minute(summary.bytes, 20),
        per_minute(wire_bytes, 20)
    );
    println!(
        "append: mean {:?}, p99 {:?}, largest {:?}; finish of 20 min {finish:?}",
        total / 1200,
        ticks[ticks.len() * 99 / 100],
        ticks[ticks.len() - 1]
    );
    let (session, _) = Session::open(path)?;
    let mut tables: BTreeMap<&str, u64> = BTreeMap::new();
    for segment in &session.manifest().segments {
        *tables.entry(segment.table.folder()).or_default() += segment.bytes;
    }
    for (table, bytes) in tables {
        println!("  {table}: {:.4} MB/min", per_minute(bytes, 20));
    }
    Ok(())
}

/// Ten series of ten million samples.
fn large(path: &Path) -> Outcome {
    const ROWS: usize = 10_000_000;
    let at: Arc<[i64]> = (0..ROWS as i64).map(|row| row * SECOND / 100).collect();
    let mut dice = Dice(3);
    let column = |number: usize, dice: &mut Dice| Column {
        series: Series {
            key: SeriesKey::new("", format!("series {number}"), []),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        },
        at: Arc::clone(&at),
        values: (0..ROWS).map(|_| dice.roll(1 << 30) as f64 / 1e4).collect(),
    };
    let columns: Vec<Column> = (0..10).map(|it| column(it, &mut dice)).collect();
    let keys: Vec<SeriesKey> = columns.iter().map(|it| it.series.key.clone()).collect();
    let begun = Instant::now();
    let source = Source {
        columns,
        ..Source::default()
    };
    store::ingest::ingest(source, path)?;
    println!(
        "ingest of 1e8 samples: {:?}, {} MB",
        begun.elapsed(),
        fs::metadata(path)?.len() / 1_000_000
    );
    for round in ["first", "second"] {
        let begun = Instant::now();
        let (session, _) = Session::open(path)?;
        let opened = begun.elapsed();
        let sparse = session.sparse_all(&keys)?;
        let read = begun.elapsed();
        let pyramids: Vec<Pyramid> = sparse
            .into_iter()
            .map(|it| Pyramid::from_base(it.samples, it.base))
            .collect();
        let built = begun.elapsed();
        println!(
            "{round} picture of 1e8: open {opened:?}, pyramids read {read:?}, built {built:?} ({})",
            pyramids.len()
        );
        let begun = Instant::now();
        let rows = session.rows(&keys[3], 5_000_000..5_100_000)?;
        println!(
            "  100,000 rows in the middle: {:?} ({})",
            begun.elapsed(),
            rows.column.at.len()
        );
    }
    let (session, _) = Session::open(path)?;
    let begun = Instant::now();
    let report = store::verify::verify(&session, &mut |_| Continue::Yes);
    let rate = report.bytes as f64 / 1e9 / begun.elapsed().as_secs_f64();
    println!("verify: {rate:.2} GB/s, sound: {}", report.is_sound());
    let begun = Instant::now();
    let column = session.column(&keys[0], None)?;
    println!(
        "one column of 1e7: {:?} ({})",
        begun.elapsed(),
        column.at.len()
    );
    Ok(())
}
