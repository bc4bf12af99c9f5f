//! Anomalies on generated series whose truth is known.

use super::*;
use crate::anomaly::expected::{judge, of_finding, put_last};
use crate::stats::random::Random;
use model::catalog::{Kind as MetricKind, Polarity};
use model::finding::Expected;
use model::series::Series;
use model::time::{Moment, Span};
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

fn mark(series: &str, (from, to): (i64, i64)) -> Expected {
    Expected {
        series: series.to_owned(),
        span: Span {
            from: Moment(from * 1_000_000_000),
            to: Moment(to * 1_000_000_000),
        },
        reason: "nightly backup".to_owned(),
    }
}

#[test]
fn marked_anomalies_stand_last_and_raise_no_alarm() {
    let mut step = noise(1);
    step[1000..].iter_mut().for_each(|it| *it += 30.0);
    let frame = frame(vec![step]);
    let report = scan(&frame);
    let found = findings::findings("h", &frame, &report);
    let alarms = |marks: &[Expected]| judge(&frame, &report, marks).alarms();
    let expected = |marks: &[Expected]| {
        let expected = found.iter().filter(|it| of_finding(it, marks).is_some());
        expected.count()
    };
    let all = alarms(&[]);
    assert!(all > 0 && all == found.len());
    let covering = [mark("h/x*", (900, 1100))];
    assert!(alarms(&covering) < all);
    // The findings and the report are judged alike.
    assert_eq!(expected(&covering), all - alarms(&covering));
    // What began before the mark, and what other series did, was not expected.
    for other in [mark("h/x0", (1500, 1700)), mark("other/*", (900, 1100))] {
        assert_eq!(alarms(std::slice::from_ref(&other)), all, "{other:?}");
    }
    let mut sorted = found.clone();
    put_last(&mut sorted, &covering);
    let last = sorted.last().expect("a finding");
    assert_eq!(
        of_finding(last, &covering).map(|it| it.reason.as_str()),
        Some("nightly backup")
    );
}
