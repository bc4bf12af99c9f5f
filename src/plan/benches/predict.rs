//! How long answers of a plan take: six actions, 400 resampled systems, one core.
//!
//! Prints a table: calibration of an hour, the point for a slider, the intervals of the
//! plan together and each action alone, the curves, and the inputs that matter.

use std::hint::black_box;
use std::time::Instant;

use model::plan::Plan;
use model::plan::action::{Action, Hardware, Kind};
use model::time::Moment;
use plan::calibrate::{Params, calibrate};
use plan::observe::{Class, Observed, Seen};
use plan::predict::{self, Band, Widening};
use plan::system::Resource;

/// Rows of the recording.
const ROWS: usize = 3600;

fn recording() -> Observed {
    let mut random = analysis::stats::random::Random::new(5);
    let users = |row: usize| [8.0, 16.0, 32.0, 48.0, 64.0, 24.0][row / 600];
    let (demand_s, think_s) = (0.012, 0.4);
    let throughput: Vec<f64> = (0..ROWS)
        .map(|row| {
            let asked: f64 = users(row) / (think_s + demand_s * 1.3 + 0.02);
            asked.min(165.0) * (1.0 + 0.05 * random.normal())
        })
        .collect();
    let busy = throughput
        .iter()
        .map(|x| x * demand_s * (1.0 + 0.02 * random.normal()))
        .collect();
    let response: Vec<f64> = (0..ROWS)
        .map(|row| users(row) / throughput[row] - think_s)
        .map(|it: f64| it.max(0.01))
        .collect();
    let classes = ["search", "order"].iter().enumerate().map(|(c, name)| {
        let share = |row: usize| 0.3 + 0.4 * ((row / 200) % 2) as f64;
        let part = |row: usize| if c == 0 { share(row) } else { 1.0 - share(row) };
        Class {
            name: (*name).to_owned(),
            throughput: (0..ROWS).map(|row| throughput[row] * part(row)).collect(),
            response: Vec::new(),
        }
    });
    Observed {
        at: (0..ROWS as i64).map(|it| it * 1_000_000_000).collect(),
        step_s: 1.0,
        subject: "shop".to_owned(),
        classes: classes.collect(),
        p95: response.iter().map(|it| it * 2.5).collect(),
        p99: response.iter().map(|it| it * 4.0).collect(),
        response,
        active: Vec::new(),
        users: (0..ROWS).map(users).collect(),
        think_s: None,
        think_inside_s: 0.0,
        found_cpu: None,
        resources: vec![Seen {
            name: "processors of /shop".to_owned(),
            host: String::new(),
            resource: Resource::Cpu,
            groups: vec!["/shop".to_owned()],
            units: 4.0,
            cores: 4.0,
            capacity: vec![2.0; ROWS],
            quota: vec![2.0; ROWS],
            busy,
            others: vec![0.1; ROWS],
            steal: Vec::new(),
        }],
        calls: Vec::new(),
        neighbors: Vec::new(),
        memory: Vec::new(),
        cache: None,
        throughput,
    }
}

fn plan() -> Plan {
    let mut plan = Plan::new("b1", "bench", Moment(0));
    let kinds = vec![
        Kind::CpuMax {
            cgroup: "/shop".to_owned(),
            quota_us: Some(300_000),
            period_us: 100_000,
        },
        Kind::LoadChange { ratio: 1.5 },
        Kind::HardwareChange {
            what: Hardware::Cpu,
            speed: 1.2,
            units: None,
        },
        Kind::MixChange {
            shares: vec![("search".to_owned(), 0.6), ("order".to_owned(), 0.4)],
        },
        Kind::Replicas {
            service: "shop".to_owned(),
            count: 2,
        },
        Kind::PoolSize {
            service: "shop".to_owned(),
            size: 40,
            by: None,
        },
    ];
    plan.actions = kinds
        .into_iter()
        .enumerate()
        .map(|(i, kind)| Action::new(&format!("a{i}"), kind))
        .collect();
    plan
}

fn timed<T>(what: &str, repeats: u32, run: impl Fn() -> T) {
    let started = Instant::now();
    for _ in 0..repeats {
        black_box(run());
    }
    let each = started.elapsed() / repeats;
    print(what, each.as_secs_f64() * 1e3);
}

#[expect(clippy::print_stdout, reason = "a bench prints its table")]
fn print(what: &str, milliseconds: f64) {
    println!("{what:<58} {milliseconds:>10.3} ms");
}

#[expect(
    clippy::expect_used,
    reason = "a bench that cannot calibrate has nothing to time"
)]
fn main() {
    let seen = recording();
    let params = Params::default();
    let calibration = calibrate(&seen, &params).expect("the recording calibrates");
    let plan = plan();
    let six = &plan.actions;
    timed("calibrate an hour, 400 resamples", 3, || {
        calibrate(&seen, &params)
    });
    timed("point of six actions", 200, || {
        predict::point(&calibration, six)
    });
    timed("six actions together and alone, 400 draws each", 3, || {
        predict::predict(&calibration, &plan, &Widening::default())
    });
    timed("curve without a band", 20, || {
        predict::curves(&calibration, six, Band::None)
    });
    timed("curve with a band", 3, || {
        predict::curves(&calibration, six, Band::Eighty)
    });
    timed("inputs that matter", 20, || {
        predict::sensitivity(&calibration, six)
    });
}
