//! Series between samples: who has a place, and what totals add up to.

use model::batch::Stamp;
use model::catalog::{Kind, Polarity};
use wire::float;

use super::*;

fn gauge() -> About {
    About {
        unit: "1".to_owned(),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    }
}

fn sample(numbers: &mut Numbers, sink: &mut Sink, second: i64) {
    sink.begin(Stamp {
        boot_ns: second * SECOND_NS,
        unix_ns: second * SECOND_NS,
    });
    numbers.flush(sink, SECOND_NS);
}

#[test]
fn a_place_that_was_given_to_another_series_takes_nothing_of_the_first() {
    let (mut numbers, mut sink) = (Numbers::default(), Sink::default());
    let first = numbers.place("first", &[], gauge);
    numbers.set(first, 1.0);
    sample(&mut numbers, &mut sink, 1);
    numbers.end(first);
    sample(&mut numbers, &mut sink, 2);
    assert!(!numbers.holds(first));
    let second = numbers.place("second", &[], gauge);
    assert_eq!((first.at, second.at), (0, 0));
    numbers.set(second, 2.0);
    numbers.set(first, 1.0);
    assert_eq!(numbers.entries[0].pending.number, Some(2.0));
    assert!(numbers.holds(second));
}

#[test]
fn what_is_told_again_before_it_would_end_goes_on() {
    let (mut numbers, mut sink) = (Numbers::default(), Sink::default());
    let place = numbers.place("level", &[], gauge);
    numbers.end(place);
    numbers.set(place, 3.0);
    sample(&mut numbers, &mut sink, 1);
    assert!(numbers.holds(place));
}

#[test]
fn a_growth_that_is_no_number_does_not_end_all_numbers() {
    let mut numbers = Numbers::default();
    let place = numbers.place("total", &[], gauge);
    for by in [1.0, f64::NAN, 2.0] {
        numbers.add(place, by);
    }
    assert_eq!(numbers.entries[0].pending.number, Some(3.0));
}

/// A point of a total whose sender began at a second.
fn point(metric: &str, (start_s, at_s): (i64, i64), value: Value) -> Point {
    Point {
        metric: metric.to_owned(),
        unit: "1".to_owned(),
        attributes: vec![("service.name".to_owned(), "shop".to_owned())],
        start_ns: start_s * SECOND_NS,
        at_ns: at_s * SECOND_NS,
        value: Some(value),
    }
}

/// The agent listens from second 100 on; a sample follows each point. Returns what the
/// series shows after each.
fn totals(points: &[((i64, i64), f64)]) -> Vec<f64> {
    let (mut numbers, mut sink) = (Numbers::default(), Sink::default());
    let mut shown = Vec::new();
    for (times, total) in points {
        let told = point("orders", *times, Value::Total(*total));
        numbers.point(told, 100 * SECOND_NS);
        sample(&mut numbers, &mut sink, times.1);
        shown.push(float::unpack(sink.values()[0]));
    }
    shown
}

#[test]
fn totals_of_two_processes_become_one_that_only_grows() {
    let told = [
        ((10, 110), 500.0),
        ((20, 111), 3.0),
        ((10, 120), 510.0),
        ((20, 121), 7.0),
        ((10, 130), 511.0),
    ];
    // Both began before the agent did: what the second had counted is of no interval here.
    assert_eq!(totals(&told), [500.0, 500.0, 510.0, 514.0, 515.0]);
}

#[test]
fn a_process_that_began_anew_goes_on_where_the_total_was() {
    let told = [
        ((10, 110), 500.0),
        ((112, 120), 4.0),
        ((112, 130), 6.0),
        // The former process had one more export under way.
        ((10, 111), 502.0),
    ];
    assert_eq!(totals(&told), [500.0, 504.0, 506.0, 508.0]);
}

#[test]
fn without_a_start_time_a_fall_is_a_restart() {
    let told = [((0, 110), 500.0), ((0, 120), 504.0), ((0, 130), 2.0)];
    assert_eq!(totals(&told), [500.0, 504.0, 506.0]);
}

fn explicit(values: &[f64]) -> Histogram {
    let mut histogram = Histogram::explicit(&[0.1, 1.0]);
    values.iter().for_each(|it| histogram.record(*it));
    histogram
}

fn exponential(values: &[f64]) -> Histogram {
    let mut histogram = Histogram::default();
    values.iter().for_each(|it| histogram.record(*it));
    histogram
}

/// Points that come before one sample: begin and end in seconds, and what was observed.
type Group = &'static [((i64, i64), &'static [f64])];

/// Rows that two processes and a restart of the first become: count, sum of values in
/// whole numbers, and width in seconds.
fn rows(of: fn(&[f64]) -> Histogram) -> Vec<(u64, i64, i64)> {
    let (mut numbers, mut sink) = (Numbers::default(), Sink::default());
    let mut shown = Vec::new();
    let groups: [Group; 4] = [
        &[((10, 110), &[2.0, 2.0, 2.0]), ((105, 111), &[4.0])],
        &[
            ((10, 120), &[2.0, 2.0, 2.0, 8.0]),
            ((105, 121), &[4.0, 16.0]),
        ],
        &[((122, 130), &[32.0]), ((105, 131), &[4.0, 16.0])],
        &[((122, 140), &[32.0, 1.0]), ((105, 141), &[4.0, 16.0, 3.0])],
    ];
    for group in groups {
        for (times, values) in group {
            let told = point("took", *times, Value::AllObserved(of(values)));
            numbers.point(told, 100 * SECOND_NS);
        }
        let second = group.iter().map(|it| it.0.1).max().unwrap_or_default();
        sample(&mut numbers, &mut sink, second);
        shown.extend(sink.observed.iter().map(|(_, row)| {
            let sum = row.histogram.sum.round() as i64;
            (row.histogram.count, sum, row.width_ns / SECOND_NS)
        }));
    }
    shown
}

#[test]
fn histograms_of_two_processes_and_a_restart_are_held_apart() {
    // Of both processes within one sample: 110..120 and 111..121 are 11 seconds, not 20.
    let expected = [(1, 4, 6), (2, 24, 11), (1, 32, 10), (2, 4, 11)];
    assert_eq!(rows(explicit), expected);
    assert_eq!(rows(exponential), expected);
}

#[test]
fn parts_of_one_sender_within_a_sample_add_up() {
    let (mut numbers, mut sink) = (Numbers::default(), Sink::default());
    for times in [(110, 120), (120, 130)] {
        let told = point("took", times, Value::Observed(explicit(&[1.0])));
        numbers.point(told, 100 * SECOND_NS);
    }
    sample(&mut numbers, &mut sink, 130);
    let row = &sink.observed[0].1;
    assert_eq!((row.histogram.count, row.width_ns), (2, 20 * SECOND_NS));
}

#[test]
fn senders_are_bounded_and_the_quiet_are_let_go() {
    let (mut numbers, mut sink) = (Numbers::default(), Sink::default());
    sample(&mut numbers, &mut sink, 999);
    for start in 0..200 {
        let told = point("orders", (101 + start, 1_000), Value::Total(1.0));
        numbers.point(told, 100 * SECOND_NS);
    }
    sample(&mut numbers, &mut sink, 1_000);
    assert_eq!(float::unpack(sink.values()[0]), 200.0);
    assert_eq!(numbers.senders, SENDERS_MAX);
    sample(&mut numbers, &mut sink, 1_100);
    let told = point("orders", (300, 1_101), Value::Total(2.0));
    numbers.point(told, 100 * SECOND_NS);
    let later_s = 1_050 + QUIET_NS / SECOND_NS;
    sample(&mut numbers, &mut sink, later_s);
    assert_eq!((numbers.senders, numbers.mingled), (1, 0));
    let told = point("orders", (300, later_s), Value::Total(1.0));
    numbers.point(told, 100 * SECOND_NS);
    assert_eq!(numbers.mingled, 1);
}
