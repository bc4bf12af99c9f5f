//! Anomalies on generated series whose truth is known.

use super::*;
use crate::stats::random::Random;
use model::catalog::{Kind as MetricKind, Polarity};
use model::series::Series;
use model::unit::Unit;

/// Half an hour at one reading a second.
const ROWS: usize = 1800;

fn frame(columns: Vec<Vec<f64>>) -> Frame {
    let rows = columns.first().map_or(0, Vec::len);
    let at: Vec<i64> = (0..rows as i64).map(|row| row * 1_000_000_000).collect();
    let named = columns.into_iter().enumerate().map(|(place, values)| {
        let series = Series {
            key: format!("h/x{place}").parse().unwrap_or_default(),
            unit: Unit::new("{value}"),
            kind: MetricKind::Gauge,
            polarity: Polarity::Neutral,
        };
        (series, values)
    });
    Frame::of_table(&at, named.collect())
}

fn noise(seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..ROWS).map(|_| 50.0 + random.normal()).collect()
}

fn found(values: Vec<f64>) -> Vec<Anomaly> {
    scan(&frame(vec![values])).series.remove(0).anomalies
}

#[test]
fn a_large_step_and_a_tall_spike_are_found_where_they_are() {
    let mut step = noise(1);
    step[1000..].iter_mut().for_each(|it| *it += 30.0);
    let anomalies = found(step);
    assert!(
        anomalies.iter().any(|it| it.index.abs_diff(1000) <= 15),
        "{anomalies:?}"
    );
    let mut spike = noise(2);
    spike[900..905].iter_mut().for_each(|it| *it += 60.0);
    let anomalies = found(spike);
    let at = anomalies.iter().find(|it| it.index.abs_diff(900) <= 5);
    let at = at.expect("the spike is found");
    assert_eq!(at.direction, Some(Direction::Up));
    assert!(at.expected.is_some_and(|[lo, hi]| lo < 50.0 && hi > 50.0));
}

#[test]
fn undisturbed_series_are_left_alone() {
    let alarms: usize = (10..40).map(|seed| found(noise(seed)).len()).sum();
    assert!(alarms <= 1, "{alarms} in 15 hours");
}

#[test]
fn streaming_scores_depend_on_the_past_only() {
    let mut values = noise(3);
    values[1200..1300].iter_mut().for_each(|it| *it += 20.0);
    let at: Vec<i64> = (0..ROWS as i64).map(|row| row * 1_000_000_000).collect();
    let whole = streaming::scores(&at, &values);
    for cut in [10, 810, 1250] {
        let part = streaming::scores(&at[..cut], &values[..cut]);
        assert_eq!(part, whole[..cut], "{cut}");
    }
    assert!(whole.iter().all(|it| (0.0..=1.0).contains(it)));
}

#[test]
fn odd_data_does_no_harm() {
    let odd = [
        vec![],
        vec![f64::NAN; 100],
        vec![1.0],
        vec![0.0; 500],
        vec![f64::INFINITY; 100],
        (0..500)
            .map(|i| if i % 2 == 0 { 1e300 } else { -1e300 })
            .collect(),
    ];
    for values in odd {
        for it in found(values) {
            assert!((0.0..=1.0).contains(&it.score), "{it:?}");
        }
    }
}
