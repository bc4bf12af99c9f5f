//! Behavior by example: generated series whose truth is known.

use super::*;
use crate::limit::Side;
use crate::stats::random::Random;
use model::catalog::{self, Kind, Polarity};
use model::series::{Series, SeriesKey};
use model::time::SECOND_NS;
use model::unit::Unit;

fn noisy(seed: u64, rows: usize, memory: f64, signal: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut last = 0.0;
    let fresh = (1.0 - memory * memory).sqrt();
    (0..rows)
        .map(|row| {
            last = memory * last + fresh * random.normal();
            last + signal(row)
        })
        .collect()
}

fn seconds(rows: usize) -> Vec<f64> {
    (0..rows).map(|row| row as f64).collect()
}

fn of(values: &[f64]) -> Trend {
    of_values(&seconds(values.len()), values)
}

#[test]
fn the_interval_holds_the_slope_and_nothing_is_no_trend() {
    for memory in [0.0, 0.7, 0.95] {
        let (mut held, mut alarms) = (0, 0);
        for seed in 0..200 {
            let rising = of(&noisy(seed, 1200, memory, |row| row as f64 / 200.0));
            let slope = rising.slope.unwrap();
            held += usize::from(slope.lo <= 0.005 && 0.005 <= slope.hi);
            assert_eq!(rising.direction(), Direction::Up, "{memory} {seed}");
            let still = of(&noisy(seed, 1200, memory, |_| 0.0));
            alarms += usize::from(still.direction() != Direction::Unknown);
        }
        assert!(
            held >= 178,
            "memory {memory}: {held} of 200 intervals hold it"
        );
        assert!(alarms <= 16, "memory {memory}: {alarms} of 200 see a trend");
    }
}

#[test]
fn outliers_and_seasons_do_not_move_the_slope() {
    let day = |row: usize| 5.0 * (row as f64 / 100.0 * std::f64::consts::TAU).sin();
    let mut values = noisy(3, 1500, 0.3, |row| day(row) - row as f64 / 100.0);
    for row in (0..1500).step_by(37) {
        values[row] = 900.0;
    }
    let trend = of(&values);
    let slope = trend.slope.unwrap();
    assert!((slope.per_second + 0.01).abs() < 5e-4, "{slope:?}");
    assert_eq!(
        trend.season.map(|it| it.period_seconds.round()),
        Some(100.0)
    );
    assert_eq!(trend.direction(), Direction::Down);
}

#[test]
fn odd_data_has_no_trend_and_does_no_harm() {
    let cases = [
        ("nothing", Vec::new()),
        ("one", vec![1.0]),
        ("gaps", vec![f64::NAN; 300]),
        ("constant", vec![7.0; 500]),
        ("infinite", vec![f64::INFINITY; 100]),
        (
            "alternating",
            (0..500).map(|row| f64::from(row % 2)).collect(),
        ),
        (
            "huge",
            (0..300)
                .map(|row| if row % 2 == 0 { f64::MAX } else { -f64::MAX })
                .collect(),
        ),
    ];
    for (name, values) in cases {
        let trend = of(&values);
        assert_eq!(trend.direction(), Direction::Unknown, "{name}: {trend:?}");
        let finite = trend.slope.is_none_or(|it| {
            [it.per_second, it.lo, it.hi]
                .iter()
                .all(|it| it.is_finite())
        });
        assert!(finite, "{name}: {trend:?}");
    }
}

fn series(metric: &str, attributes: &[(&str, &str)]) -> Series {
    let known = catalog::find(metric);
    let attributes = attributes
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Series {
        key: SeriesKey::new("h", metric, attributes),
        unit: known.map_or(Unit::new(""), catalog::Metric::unit),
        kind: Kind::Gauge,
        polarity: known.map_or(Polarity::Neutral, |it| it.polarity),
    }
}

fn frame(columns: Vec<(Series, Vec<f64>)>) -> Frame {
    let at: Vec<i64> = (0..1000).map(|row| row * SECOND_NS).collect();
    Frame::of_table(&at, columns)
}

#[test]
fn limits_are_reached_when_the_slope_says() {
    let mount = [("mountpoint", "/")];
    let columns = vec![
        (
            series("system.filesystem.utilization", &mount),
            noisy(1, 1000, 0.0, |row| row as f64 / 2000.0)
                .iter()
                .map(|it| 0.3 + it * 0.5)
                .collect(),
        ),
        (
            series("system.memory.available", &[]),
            noisy(2, 1000, 0.2, |row| -(row as f64) / 10.0)
                .iter()
                .map(|it| (300.0 + it) * 1e6)
                .collect(),
        ),
        (
            series("system.file_descriptor.count", &[]),
            noisy(3, 1000, 0.2, |_| 500.0),
        ),
        (
            series("system.file_descriptor.limit", &[]),
            vec![1000.0; 1000],
        ),
        (
            series("cgroup.memory.usage", &[("cgroup", "/a")]),
            noisy(4, 1000, 0.0, |row| row as f64),
        ),
        (
            series("cgroup.memory.limit", &[("cgroup", "/b")]),
            vec![10.0; 1000],
        ),
        (
            series("cgroup.memory.limit", &[("cgroup", "/a")]),
            vec![1500.0; 1000],
        ),
        (
            series("process.cpu.utilization", &[]),
            noisy(5, 1000, 0.0, |row| row as f64),
        ),
    ];
    let frame = frame(columns);
    let trends = of_frame(&frame);
    let limit = |place: usize| trends[place].limit.clone();
    let between = |place: usize, low: f64, high: f64| {
        let Some(Limit {
            until: Until::Seconds { lo, hi: Some(hi) },
            ..
        }) = limit(place)
        else {
            panic!("{place}: {:?}", trends[place]);
        };
        assert!(lo <= hi && low <= lo && hi <= high, "{place}: {lo} {hi}");
    };
    between(1, 1900.0, 2100.0);
    between(4, 480.0, 520.0);
    assert_eq!(limit(1).map(|it| it.side), Some(Side::Lower));
    assert_eq!(
        limit(4).map(|it| it.source),
        Some("h/cgroup.memory.limit{cgroup=/a}".to_owned())
    );
    assert_eq!(limit(2).map(|it| it.until), Some(Until::Never));
    assert_eq!(limit(2).map(|it| it.limit), Some(1000.0));
    assert_eq!((limit(3), limit(7)), (None, None));
    let findings = findings("h", &frame, &trends);
    let memory = findings
        .iter()
        .find(|it| it.series == ["h/system.memory.available"])
        .unwrap();
    assert!(
        memory.statement.contains("gets to its limit of 0 B in 3"),
        "{}",
        memory.statement
    );
    assert_eq!(
        (memory.id, memory.kind.as_str()),
        (memory.own_id(), "limit")
    );
    assert_eq!(trends, of_frame(&frame));
}
