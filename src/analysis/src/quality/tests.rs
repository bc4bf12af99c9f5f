//! Doubts by example.

use expect_test::{Expect, expect};
use model::catalog::{Kind, Polarity};
use model::event::EventKind;
use model::series::Series;
use model::unit::Unit;

use super::*;

const S: i64 = SECOND_NS;

fn column(name: &str, rows: &[(i64, f64)]) -> Column {
    Column {
        series: Series {
            key: name.parse().unwrap_or_default(),
            unit: Unit::new("s"),
            kind: Kind::Counter,
            polarity: Polarity::Neutral,
        },
        at: rows.iter().map(|(at, _)| *at).collect(),
        values: rows.iter().map(|(_, value)| *value).collect(),
    }
}

fn input(at: &[i64]) -> Input<'_> {
    Input {
        host: "h",
        span: Span::default(),
        at,
        clocks: &[],
        cadence_ns: None,
        counters: &[],
        steal: None,
        events: &[],
    }
}

fn check(input: &Input<'_>, expected: &Expect) {
    let quality = assess(input);
    let mut text = String::new();
    for mark in &quality.marks {
        text += &format!(
            "{}..{} {} {}: {}\n",
            mark.span.from.unix_seconds(),
            mark.span.to.unix_seconds(),
            mark.severity.name(),
            mark.kind.name(),
            mark.text
        );
    }
    let it = &quality.coverage;
    text += &format!(
        "{}/{} = {:.2}, cadence {} ms, jitter {} ms, {} gaps up to {} ms\n",
        it.present,
        it.expected,
        it.share,
        it.cadence_ns / 1_000_000,
        it.jitter_p99_ns / 1_000_000,
        it.gaps,
        it.longest_gap_ns / 1_000_000
    );
    expected.assert_eq(&text);
}

#[test]
fn a_regular_recording_raises_no_doubt() {
    let at: Vec<i64> = (0..60).map(|i| i * S).collect();
    check(
        &input(&at),
        &expect![[r#"
        60/60 = 1.00, cadence 1000 ms, jitter 0 ms, 0 gaps up to 0 ms
    "#]],
    );
}

#[test]
fn missing_and_late_samples_are_marked() {
    let at = [
        0,
        S,
        2 * S,
        5 * S,
        6 * S,
        7 * S + S / 3,
        8 * S + 2 * S / 3,
        9 * S,
        10 * S,
        30 * S,
    ];
    check(
        &input(&at),
        &expect![[r#"
            2..5 warning gap: 2 samples are missing within 3 s
            6..8.666666666 note late: 2 samples in a row came late, by up to 333 ms
            10..30 severe gap: 19 samples are missing within 20 s
            10/31 = 0.32, cadence 1000 ms, jitter 646 ms, 2 gaps up to 20000 ms
        "#]],
    );
}

#[test]
fn the_ends_of_the_span_count() {
    let at: Vec<i64> = (10..15).map(|i| i * S).collect();
    let span = Span {
        from: Moment(0),
        to: Moment(20 * S),
    };
    let whole = Input { span, ..input(&at) };
    check(
        &whole,
        &expect![[r#"
        0..10 warning gap: 9 samples are missing within 10 s
        14..20 warning gap: 5 samples are missing within 6 s
        5/20 = 0.25, cadence 1000 ms, jitter 0 ms, 2 gaps up to 10000 ms
    "#]],
    );
}

#[test]
fn resets_clock_steps_steal_and_events_are_marked() {
    let at: Vec<i64> = (0..6).map(|i| i * S).collect();
    let clocks: Vec<Stamp> = (0..6)
        .map(|i| Stamp {
            boot_ns: i * S,
            unix_ns: i * S + if i >= 3 { -3600 * S } else { i * 400_000 },
        })
        .collect();
    let rows = |values: [f64; 6]| -> Vec<(i64, f64)> { at.iter().copied().zip(values).collect() };
    let counters = [
        column("h/a", &rows([1.0, 2.0, 0.0, 1.0, 2.0, 3.0])),
        column("h/b{x=y}", &rows([9.0, 9.0, 0.0, 1.0, 2.0, 1.0])),
    ];
    let steal = column("h/steal", &rows([f64::NAN, 0.01, 0.2, 0.01, 0.3, 0.0]));
    let event = |kind, text: &str| Event {
        at: Moment(4 * S),
        kind,
        subject: String::new(),
        before: String::new(),
        after: String::new(),
        text: text.to_owned(),
    };
    let events = [
        event(EventKind::Degraded, "per-core detail left out"),
        event(EventKind::Setting, "x"),
    ];
    let all = Input {
        clocks: &clocks,
        counters: &counters,
        steal: Some(&steal),
        events: &events,
        ..input(&at)
    };
    check(
        &all,
        &expect![[r#"
        1..2 warning reset: 2 counters started again from a lower value, a among them
        1..4 warning steal: up to 30 % of processor time went to other guests of the hypervisor
        2..3 warning clock-step: the wall clock was set back by 1 h 00 min
        4..5 warning reset: b{x=y} started again from a lower value
        4..4 warning degraded: per-core detail left out
        6/6 = 1.00, cadence 1000 ms, jitter 0 ms, 0 gaps up to 0 ms
    "#]],
    );
}

#[test]
fn odd_times_do_no_harm() {
    for at in [&[][..], &[5], &[5, 5, 5], &[9, 8, 7], &[i64::MIN, i64::MAX]] {
        let quality = assess(&input(at));
        assert!(
            quality.coverage.share.is_nan() || quality.coverage.share <= 1.0,
            "{at:?}"
        );
    }
    check(
        &input(&[0, S, S, 2 * S, S, 3 * S]),
        &expect![[r#"
            1..3 warning gap: 1 sample is missing within 2 s
            1..1 warning disorder: two samples have the same time
            1..2 warning disorder: time steps back by 1 s
            6/4 = 1.00, cadence 1000 ms, jitter 0 ms, 1 gaps up to 2000 ms
        "#]],
    );
}

#[test]
fn marks_of_a_kind_are_bounded() {
    let at: Vec<i64> = (0..5_000).map(|i| i * 3 * S).collect();
    let cadence_ns = Some(S);
    let quality = assess(&Input {
        cadence_ns,
        ..input(&at)
    });
    assert_eq!(quality.marks.len(), MOST_MARKS);
    let last = quality
        .marks
        .last()
        .map(|it| (it.text.as_str(), it.span.to));
    assert_eq!(
        last,
        Some(("4000 more of this kind", Moment(4_999 * 3 * S)))
    );
}
