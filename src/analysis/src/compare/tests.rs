//! Verdicts on series whose truth is known, and silence where nothing changed.

use model::catalog::{Kind as MetricKind, Polarity};
use model::unit::Unit;

mod level;

use super::*;
use crate::stats::random::Random;

fn series(name: &str, unit: &'static str) -> Series {
    Series {
        key: name.parse().unwrap_or_default(),
        unit: Unit::new(unit),
        kind: MetricKind::Gauge,
        polarity: Polarity::HigherIsWorse,
    }
}

const ADJACENT: Params = Params {
    step_seconds: 1.0,
    relation: Relation::Adjacent,
    join: None,
};

/// `n` samples about 100 with this correlation of neighbours and spread.
fn noise(seed: u64, n: usize, (correlation, spread): (f64, f64)) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut last = 0.0;
    let own = (1.0 - correlation * correlation).sqrt();
    (0..n)
        .map(|_| {
            last = correlation * last + own * random.normal();
            100.0 + spread * last
        })
        .collect()
}

fn one(before: &[f64], after: &[f64], params: &Params) -> Difference {
    let series = series("h/x", "{value}");
    let pair = Pair {
        series: &series,
        before: vec![before],
        after: vec![after],
    };
    differences(&[pair], params).remove(0)
}

#[test]
fn a_clear_shift_is_up_with_an_interval_that_holds_it() {
    let before = noise(1, 300, (0.5, 5.0));
    let after: Vec<f64> = noise(2, 300, (0.5, 5.0))
        .iter()
        .map(|it| it * 1.2)
        .collect();
    let it = one(&before, &after, &ADJACENT);
    assert_eq!(it.verdict, Verdict::Up);
    assert!(it.relative[0] < 0.2 && it.relative[1] > 0.2, "{it:?}");
    assert!(it.score > 0.7 && it.kinds.contains(&Kind::Level));
    assert_eq!(one(&after, &before, &ADJACENT).verdict, Verdict::Down);
}

#[test]
fn the_same_is_only_said_when_it_was_shown() {
    let (a, b) = (noise(3, 300, (0.2, 2.0)), noise(4, 300, (0.2, 2.0)));
    assert_eq!(one(&a, &b, &ADJACENT).verdict, Verdict::Same);
    let (a, b) = (noise(3, 300, (0.9, 60.0)), noise(4, 300, (0.9, 60.0)));
    assert_eq!(one(&a, &b, &ADJACENT).verdict, Verdict::Unknown);
}

#[test]
fn a_median_that_stays_is_not_the_same_when_a_part_differs() {
    let quiet = noise(5, 300, (0.2, 2.0));
    let mut busy = noise(6, 300, (0.2, 2.0));
    busy[100..220].iter_mut().for_each(|it| *it += 300.0);
    assert_eq!(one(&quiet, &busy, &ADJACENT).verdict, Verdict::Unknown);
}

#[test]
fn single_runs_apart_are_unknown_until_runs_are_known_to_repeat() {
    let before = noise(1, 300, (0.5, 2.0));
    let after: Vec<f64> = before.iter().map(|it| it * 1.3).collect();
    let apart = Params {
        relation: Relation::Apart,
        ..ADJACENT
    };
    let it = one(&before, &after, &apart);
    assert_eq!(
        (it.verdict, it.within_runs),
        (Verdict::Unknown, Verdict::Up)
    );
    let known = Params {
        relation: Relation::Repeatable,
        ..ADJACENT
    };
    assert_eq!(one(&before, &after, &known).verdict, Verdict::Up);
}

#[test]
fn several_runs_show_what_a_run_differs_from_the_next() {
    let series = series("h/x", "{value}");
    let run = |seed, factor: f64| -> Vec<f64> {
        noise(seed, 120, (0.5, 2.0))
            .iter()
            .map(|it| it * factor)
            .collect()
    };
    let runs = |factors: &[f64]| -> Vec<Vec<f64>> {
        (10..)
            .zip(factors)
            .map(|(seed, factor)| run(seed, *factor))
            .collect()
    };
    let apart = Params {
        relation: Relation::Apart,
        ..ADJACENT
    };
    let verdict = |before: &[Vec<f64>], after: &[Vec<f64>]| {
        let pair = Pair {
            series: &series,
            before: before.iter().map(Vec::as_slice).collect(),
            after: after.iter().map(Vec::as_slice).collect(),
        };
        differences(&[pair], &apart)[0].verdict
    };
    let steady = runs(&[1.0, 1.01, 0.99, 1.0]);
    let slower = runs(&[1.2, 1.21, 1.19, 1.2]);
    assert_eq!(verdict(&steady, &slower), Verdict::Up);
    let wild = runs(&[0.7, 1.3, 1.0, 1.2]);
    assert_eq!(verdict(&wild, &slower), Verdict::Unknown);
}

#[test]
fn false_alarms_on_undisturbed_series_stay_rare() {
    let processes = [(0.0, 20.0), (0.5, 20.0), (0.9, 20.0), (0.98, 30.0)];
    let series = series("h/x", "{value}");
    let sides: Vec<[Vec<f64>; 2]> = (0..400)
        .map(|i: u64| {
            let process = processes[i as usize % processes.len()];
            let whole = noise(1000 + i, 600, process);
            [whole[..300].to_vec(), whole[300..].to_vec()]
        })
        .collect();
    let pairs: Vec<Pair<'_>> = sides
        .iter()
        .map(|[before, after]| Pair {
            series: &series,
            before: vec![before],
            after: vec![after],
        })
        .collect();
    let found = differences(&pairs, &ADJACENT);
    let alarms = found.iter().filter(|it| it.verdict.is_change()).count();
    assert!(alarms <= 4, "{alarms} of 400");
    let wrong = found
        .iter()
        .filter(|it| it.verdict == Verdict::Same && it.shift.abs() > 5.0);
    assert_eq!(wrong.count(), 0);
}

#[test]
fn the_first_row_is_where_the_new_level_begins() {
    let before = noise(1, 300, (0.2, 2.0));
    let mut after = noise(2, 300, (0.2, 2.0));
    after[40..].iter_mut().for_each(|it| *it += 40.0);
    let it = one(&before, &after, &ADJACENT);
    assert_eq!(
        it.first_row, None,
        "every batch must have moved: {:?}",
        it.verdict
    );
    after[3..].iter_mut().for_each(|it| *it = it.max(135.0));
    let it = one(&before, &after, &ADJACENT);
    assert_eq!((it.verdict, it.first_row), (Verdict::Up, Some(3)));
}

#[test]
fn odd_data_does_no_harm() {
    let empty: &[f64] = &[];
    let odd: [&[f64]; 7] = [
        empty,
        &[f64::NAN; 40],
        &[1.0],
        &[0.0; 50],
        &[f64::INFINITY; 50],
        &[1e308; 50],
        &[-1e308, 1e308, 0.0, f64::NAN, 5.0, 6.0, 7.0, 8.0],
    ];
    for a in odd {
        for b in odd {
            let it = one(a, b, &ADJACENT);
            assert!((0.0..=1.0).contains(&it.score), "{it:?}");
        }
    }
    assert_eq!(one(&[0.0; 50], &[3.0; 50], &ADJACENT).verdict, Verdict::Up);
    assert!(one(&[0.0; 50], &[3.0; 50], &ADJACENT).relative[0].is_nan());
    assert!(differences(&[], &ADJACENT).is_empty());
}
