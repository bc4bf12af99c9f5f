use model::catalog::{Kind, Polarity};
use model::series::{Series, SeriesKey};
use model::time::SECOND_NS;
use model::unit::Unit;

use super::*;
use crate::stats::random::Random;

fn setup(horizon: usize) -> Setup {
    Setup {
        horizon,
        level: 0.95,
        period: None,
        step_seconds: 60.0,
        bounds: Bounds::NONE,
    }
}

/// Values of `rows` rows from a function of row and noise.
fn made(rows: usize, seed: u64, mut value: impl FnMut(usize, &mut Random) -> f64) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..rows).map(|row| value(row, &mut random)).collect()
}

fn wave(row: usize, period: usize) -> f64 {
    (row as f64 / period as f64 * std::f64::consts::TAU).sin()
}

fn walk(rows: usize, seed: u64) -> Vec<f64> {
    let mut level = 0.0;
    made(rows, seed, |_, random| {
        level += random.normal();
        level
    })
}

/// A day of quarter hours that is busy from nine to five.
fn office(row: usize) -> f64 {
    if (36..68).contains(&(row % 96)) {
        40.0
    } else {
        5.0
    }
}

/// A series, how it is expected to be understood, and how large an error may be.
struct Case {
    name: &'static str,
    values: Vec<f64>,
    period: Option<usize>,
    /// Bounds on the back-test's error as a share of that of the last value.
    to_last_value: (f64, f64),
    /// Values that the mean may take at the horizon.
    far: (f64, f64),
}

#[test]
fn each_kind_of_series_is_understood() {
    let cases = [
        Case {
            name: "noise around a level",
            values: made(800, 1, |_, random| 50.0 + random.normal()),
            period: None,
            to_last_value: (0.4, 0.9),
            far: (49.5, 50.5),
        },
        Case {
            name: "a wave with noise",
            values: made(1200, 2, |row, random| {
                10.0 * wave(row, 40) + random.normal()
            }),
            period: Some(40),
            to_last_value: (0.0, 0.3),
            far: (-2.0, 2.0),
        },
        Case {
            name: "office hours",
            values: made(2000, 3, |row, random| office(row) + random.normal()),
            period: Some(96),
            to_last_value: (0.0, 0.8),
            far: (3.0, 7.0),
        },
        Case {
            name: "a walk",
            values: walk(1500, 4),
            period: None,
            to_last_value: (0.9, 1.2),
            far: (-100.0, 100.0),
        },
        Case {
            name: "a rising line",
            values: made(600, 5, |row, random| row as f64 + 3.0 * random.normal()),
            period: None,
            to_last_value: (0.0, 0.5),
            far: (625.0, 655.0),
        },
        Case {
            name: "a constant",
            values: vec![7.0; 300],
            period: None,
            to_last_value: (0.99, 1.01),
            far: (7.0, 7.0),
        },
    ];
    for case in cases {
        check(&case);
    }
}

fn check(case: &Case) {
    let name = case.name;
    let forecast = of_values(&case.values, &setup(40));
    assert_eq!(forecast.period, case.period, "{name}");
    let backtest = forecast.backtest.as_ref().unwrap();
    let (least, most) = case.to_last_value;
    let share = backtest.to_last_value;
    assert!((least..=most).contains(&share), "{name}: {backtest:?}");
    let far = forecast.mean[39];
    assert!((case.far.0..=case.far.1).contains(&far), "{name}: {far}");
    assert!(backtest.coverage >= 0.9, "{name}: {backtest:?}");
    assert_sound(name, &forecast, 40);
    let again = of_values(&case.values, &setup(40));
    assert_eq!(format!("{forecast:?}"), format!("{again:?}"), "{name}");
}

/// The band holds the mean, and everything has the length that was asked for.
fn assert_sound(name: &str, forecast: &Forecast, horizon: usize) {
    assert_eq!(forecast.mean.len(), horizon, "{name}");
    assert_eq!(forecast.lo.len(), horizon, "{name}");
    assert_eq!(forecast.hi.len(), horizon, "{name}");
    for ahead in 0..horizon {
        let (lo, hi) = (forecast.lo[ahead], forecast.hi[ahead]);
        let mean = forecast.mean[ahead];
        assert!(
            !mean.is_infinite() && !lo.is_infinite() && !hi.is_infinite(),
            "{name}"
        );
        if lo.is_finite() && hi.is_finite() {
            assert!(lo <= mean && mean <= hi, "{name} {ahead}: {lo} {mean} {hi}");
        }
    }
}

#[test]
fn the_band_holds_what_it_claims() {
    let mut kinds: Vec<(&str, Box<dyn Fn(u64) -> Vec<f64>>)> = Vec::new();
    kinds.push((
        "noise",
        Box::new(|seed| made(530, seed, |_, random| random.normal())),
    ));
    kinds.push(("walk", Box::new(|seed| walk(530, seed))));
    kinds.push((
        "a wave that is louder at its top",
        Box::new(|seed| {
            made(1530, seed, |row, random| {
                20.0 + 10.0 * wave(row, 48) + (1.5 + wave(row, 48)) * random.normal()
            })
        }),
    ));
    kinds.push((
        "rare counts",
        Box::new(|seed| {
            made(1030, seed, |_, random| {
                (-(1.0 - random.unit()).ln()).floor()
            })
        }),
    ));
    for (name, values) in kinds {
        let (mut inside, mut known, mut claimed) = (0.0, 0.0, 0.0);
        for seed in 0..40 {
            let values = values(seed + 100);
            let (past, future) = values.split_at(values.len() - 30);
            let forecast = of_values(past, &setup(30));
            let edges = forecast.lo.iter().zip(&forecast.hi);
            let held = |(value, (lo, hi)): &(&f64, (&f64, &f64))| lo <= value && value <= hi;
            inside += future.iter().zip(edges).filter(held).count() as f64;
            known += 30.0;
            claimed += forecast.backtest.unwrap().coverage / 40.0;
        }
        let held = inside / known;
        assert!((0.9..=0.99).contains(&held), "{name}: {held}");
        assert!(
            (held - claimed).abs() < 0.06,
            "{name}: {held} against {claimed}"
        );
    }
}

#[test]
fn gaps_are_passed_over() {
    let full = made(1500, 6, |row, random| {
        10.0 * wave(row, 50) + random.normal()
    });
    let mut torn = full.clone();
    let mut random = Random::new(7);
    for start in (0..1500).step_by(100) {
        let length = random.below(40);
        torn[start..start + length].fill(f64::NAN);
    }
    let (whole, torn) = (of_values(&full, &setup(50)), of_values(&torn, &setup(50)));
    assert_eq!(torn.period, Some(50));
    let apart = whole
        .mean
        .iter()
        .zip(&torn.mean)
        .map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f64::max) < 2.5);
    let mut ended = full;
    ended[1440..].fill(f64::NAN);
    let ended = of_values(&ended, &setup(50));
    let apart = whole
        .mean
        .iter()
        .zip(&ended.mean)
        .map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f64::max) < 2.5);
}

#[test]
fn one_outlier_changes_little() {
    let clean = made(600, 8, |_, random| 50.0 + random.normal());
    for row in [300, 590, 599] {
        let mut spiked = clean.clone();
        spiked[row] = 5000.0;
        let forecast = of_values(&spiked, &setup(30));
        assert!(
            (forecast.mean[29] - 50.0).abs() < 3.0,
            "{row}: {}",
            forecast.mean[29]
        );
    }
}

#[test]
fn odd_input_never_panics() {
    let nan = f64::NAN;
    let inputs: Vec<(&str, Vec<f64>)> = vec![
        ("nothing", vec![]),
        ("one gap", vec![nan]),
        ("gaps", vec![nan; 500]),
        ("one value", vec![3.0]),
        ("two values", vec![3.0, 4.0]),
        ("nine values", (0..9).map(f64::from).collect()),
        ("ten values", (0..10).map(f64::from).collect()),
        (
            "a value among gaps",
            [vec![nan; 300], vec![1.0], vec![nan; 300]].concat(),
        ),
        (
            "every other",
            made(400, 1, |row, _| if row % 2 == 0 { nan } else { row as f64 }),
        ),
        (
            "infinities",
            made(400, 2, |row, random| match row % 9 {
                0 => f64::INFINITY,
                1 => f64::NEG_INFINITY,
                _ => random.normal(),
            }),
        ),
        ("huge", made(400, 3, |_, random| 1e300 * random.normal())),
        (
            "largest",
            made(
                400,
                3,
                |row, _| if row % 2 == 0 { f64::MAX } else { f64::MIN },
            ),
        ),
        ("tiny", made(400, 4, |_, random| 1e-300 * random.normal())),
        ("zeros", vec![0.0; 400]),
        ("a step at the end", [vec![0.0; 399], vec![1.0]].concat()),
        (
            "two levels",
            made(400, 5, |row, _| if row < 200 { 1.0 } else { 9.0 }),
        ),
    ];
    for (name, values) in inputs {
        for horizon in [0, 1, 7, 300, 5000] {
            for period in [None, Some(0), Some(1), Some(2), Some(90), Some(usize::MAX)] {
                let setup = Setup {
                    period,
                    ..setup(horizon)
                };
                let forecast = of_values(&values, &setup);
                assert_sound(name, &forecast, horizon);
                if let Some(backtest) = forecast.backtest {
                    assert!(
                        !backtest.to_last_value.is_infinite(),
                        "{name}: {backtest:?}"
                    );
                    assert!(!backtest.mase.is_infinite(), "{name}: {backtest:?}");
                    assert!(
                        (0.0..=1.0).contains(&backtest.coverage),
                        "{name}: {backtest:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    let nothing = of_values(&[f64::NAN; 50], &setup(3));
    assert_eq!(nothing.model, "nothing to learn from");
    assert!(nothing.mean.iter().all(|it| it.is_nan()) && nothing.backtest.is_none());
    let one = of_values(&[4.0], &setup(3));
    assert_eq!(one.mean, [4.0; 3]);
    assert!(one.lo.iter().chain(&one.hi).all(|it| it.is_nan()));
    let few = of_values(&[4.0, 6.0, 5.0], &setup(3));
    assert_eq!(few.mean[0], 5.0);
    assert!(few.hi[2] > few.hi[0] && few.lo[0] >= 0.0);
}

#[test]
fn what_cannot_be_is_not_forecast() {
    let falling = made(400, 9, |row, random| {
        (200.0 - row as f64 / 2.0).max(random.unit())
    });
    let forecast = of_values(&falling, &setup(60));
    assert!(forecast.lo.iter().all(|it| *it >= 0.0));
    let rising = made(400, 9, |row, random| {
        0.002 * row as f64 + 0.15 * random.unit()
    });
    let bounds = Bounds {
        hi: 1.0,
        ..Bounds::NONE
    };
    let forecast = of_values(
        &rising,
        &Setup {
            bounds,
            ..setup(200)
        },
    );
    assert!(forecast.hi.iter().all(|it| *it <= 1.0));
    let line = frame("system.cpu.utilization", Polarity::HigherIsWorse, rising);
    assert_eq!(Bounds::of(&line.lines[0]).hi, 1.0);
}

#[test]
fn a_given_period_is_used() {
    let values = made(900, 10, |row, random| wave(row, 30) + 0.1 * random.normal());
    let given = Setup {
        period: Some(45),
        ..setup(30)
    };
    assert_eq!(of_values(&values, &given).period, Some(45));
    assert_eq!(of_values(&values, &setup(30)).period, Some(30));
}

fn frame(metric: &str, polarity: Polarity, values: Vec<f64>) -> Frame {
    let at: Vec<i64> = (0..values.len() as i64)
        .map(|row| row * 60 * SECOND_NS)
        .collect();
    let series = Series {
        key: SeriesKey::new("", metric, []),
        unit: Unit::new("1"),
        kind: Kind::Gauge,
        polarity,
    };
    Frame::of_table(&at, vec![(series, values)])
}

#[test]
fn only_a_band_outside_the_recent_range_is_a_finding() {
    let found = |values: Vec<f64>| {
        let frame = frame("disk.used", Polarity::HigherIsWorse, values);
        let forecasts = of_frame(&frame, &setup(60));
        findings("", &frame, &setup(60), &forecasts)
    };
    let rising = found(made(600, 11, |row, random| {
        row as f64 / 10.0 + random.normal()
    }));
    let [finding] = rising.as_slice() else {
        panic!("{rising:?}");
    };
    assert_eq!(finding.kind, "above");
    assert_eq!(finding.id, finding.own_id());
    assert!(
        finding.statement.contains("of the error of the last value"),
        "{finding:?}"
    );
    assert!(finding.weight > 0.0 && finding.weight <= 1.0);
    let quiet = [
        made(600, 12, |_, random| random.normal()),
        made(600, 13, |row, random| {
            10.0 * wave(row, 60) + random.normal()
        }),
        walk(600, 14),
        vec![1.0; 600],
        vec![f64::NAN; 600],
    ];
    for values in quiet {
        assert_eq!(found(values), []);
    }
}
