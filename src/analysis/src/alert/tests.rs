//! Sequences of samples, and what became of the alert.

use expect_test::expect;
use model::standard::Bound;
use model::time::Moment;

use super::*;
use crate::standard::sustained::{self, Hold};
use crate::stats::random::Random;

const S: i64 = 1_000_000_000;

fn setup(limit: Bound, clear: f64, hold_s: i64) -> Setup {
    Setup {
        limit,
        clear,
        hold_ns: hold_s * S,
        gap_ns: 5 * S / 2,
    }
}

/// Samples as `value` a second apart; `-` is a gap in a value, `+9` nine seconds more to
/// the next sample. Answers with what changed at which second.
fn told(setup: Setup, samples: &str) -> String {
    let mut machine = Machine::new(setup);
    let mut second = 0;
    let mut said = Vec::new();
    for word in samples.split_whitespace() {
        if let Some(more) = word.strip_prefix('+') {
            second += more.parse::<i64>().unwrap();
            continue;
        }
        let value = word.parse().unwrap_or(f64::NAN);
        if let Some(change) = machine.step(second * S, value) {
            said.push(format!("{second} {change:?}").to_lowercase());
        }
        second += 1;
    }
    let state = match machine.state() {
        State::Ok => "ok".to_owned(),
        State::Pending { since, held_ns } => {
            format!("pending since {} for {}", since.0 / S, held_ns / S)
        }
        State::Firing { since, fired } => {
            format!("firing since {} at {}", since.0 / S, fired.0 / S)
        }
        State::Resolved { since, until } => {
            format!("resolved {} to {}", since.0 / S, until.0 / S)
        }
    };
    format!("{samples}\n  {} | {state}\n", said.join(", "))
}

#[test]
fn alerts_hold_and_have_hysteresis() {
    let upper = setup(Bound::AtMost(10.0), 8.0, 3);
    let lower = setup(Bound::AtLeast(5.0), 7.0, 2);
    let mut all = String::new();
    for samples in [
        "1 2 3",
        "10 10 10 10 10",
        "11 12 13 9 11 12 13",
        "11 11 11 11",
        "11 11 11 11 11 9 9 9",
        "11 11 11 11 8",
        "11 11 11 11 10 9 8.1 8 11 11 11 11",
        "11 11 11 11 7 11 7",
        "11 - 11 11",
        "11 - - - - 11 11 11 11",
        "11 11 +20 11 11 11",
        "11 11 11 11 +100 11 7",
        "11 11 11 11 - - - -",
        "- - -",
        "11 11 11 11 nan inf",
    ] {
        all.push_str(&told(upper, samples));
    }
    for samples in ["4 4 4 6 7", "4 4 6 4 4 4", "5 5 5 5", "4 4 4 6.9 6.9"] {
        all.push_str(&told(lower, samples));
    }
    expect![[r#"
        1 2 3
           | ok
        10 10 10 10 10
           | ok
        11 12 13 9 11 12 13
          0 pending, 3 calmed, 4 pending | pending since 4 for 2
        11 11 11 11
          0 pending, 3 fired | firing since 0 at 3
        11 11 11 11 11 9 9 9
          0 pending, 3 fired | firing since 0 at 3
        11 11 11 11 8
          0 pending, 3 fired, 4 resolved | resolved 0 to 4
        11 11 11 11 10 9 8.1 8 11 11 11 11
          0 pending, 3 fired, 7 resolved, 8 pending, 11 fired | firing since 8 at 11
        11 11 11 11 7 11 7
          0 pending, 3 fired, 4 resolved, 5 pending, 6 calmed | ok
        11 - 11 11
          0 pending, 3 fired | firing since 0 at 3
        11 - - - - 11 11 11 11
          0 pending, 8 fired | firing since 0 at 8
        11 11 +20 11 11 11
          0 pending, 24 fired | firing since 0 at 24
        11 11 11 11 +100 11 7
          0 pending, 3 fired, 105 resolved | resolved 0 to 105
        11 11 11 11 - - - -
          0 pending, 3 fired | firing since 0 at 3
        - - -
           | ok
        11 11 11 11 nan inf
          0 pending, 3 fired | firing since 0 at 3
        4 4 4 6 7
          0 pending, 2 fired, 4 resolved | resolved 0 to 4
        4 4 6 4 4 4
          0 pending, 2 calmed, 3 pending, 5 fired | firing since 3 at 5
        5 5 5 5
           | ok
        4 4 4 6.9 6.9
          0 pending, 2 fired | firing since 0 at 2
    "#]]
    .assert_eq(&all);
}

#[test]
fn a_sample_that_is_not_later_changes_nothing() {
    let mut machine = Machine::new(setup(Bound::AtMost(1.0), 1.0, 1));
    assert_eq!(machine.step(5 * S, 2.0), Some(Change::Pending));
    assert_eq!(machine.step(5 * S, 0.0), None);
    assert_eq!(machine.step(S, 0.0), None);
    assert_eq!(machine.step(6 * S, 2.0), Some(Change::Fired));
}

#[test]
fn episodes_are_from_the_first_sample_beyond_to_the_one_that_ended_it() {
    let at: Vec<i64> = (0..10).map(|it| it * S).collect();
    let values = [0.0, 2.0, 2.0, 2.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0];
    let found = episodes(setup(Bound::AtMost(1.0), 1.0, 2), &at, &values);
    let span = |from, to| Span {
        from: Moment(from),
        to: Moment(to),
    };
    assert_eq!(found, [span(S, 4 * S), span(6 * S, 9 * S + 1)]);
}

/// The two say the same of any sequence: an alert fires where the sustained level is beyond.
#[test]
fn an_alert_fires_exactly_where_the_sustained_level_is_beyond() {
    let mut random = Random::new(17);
    let mut fired = 0;
    for round in 0..4_000 {
        let count = 2 + random.below(24);
        let mut now = 0;
        let (mut at, mut values) = (Vec::new(), Vec::new());
        for _ in 0..count {
            now += [S, S, S, 2 * S, 7 * S][random.below(5)];
            at.push(now);
            values.push(match random.below(8) {
                0 => f64::NAN,
                _ => random.below(6) as f64,
            });
        }
        let hold_s = 1 + random.below(5) as i64;
        let bound = match random.below(2) {
            0 => Bound::AtMost(2.5),
            _ => Bound::AtLeast(2.5),
        };
        let setup = setup(bound, 2.5, hold_s);
        let hold = Hold {
            hold_ns: setup.hold_ns,
            gap_ns: setup.gap_ns,
        };
        let level = sustained::level(bound, hold, (&at, &values));
        let beyond = level.is_some_and(|it| bound.is_passed_by(it));
        let fires = !episodes(setup, &at, &values).is_empty();
        assert_eq!(
            fires, beyond,
            "{round}: {bound:?} {hold_s} {at:?} {values:?} {level:?}"
        );
        fired += usize::from(fires);
    }
    assert!((500..3_500).contains(&fired), "both happen: {fired}");
}
