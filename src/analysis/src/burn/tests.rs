//! Budgets spent at known rates, and when their pairs of windows fire.

use model::finding::Severity;

use super::*;

const S: i64 = SECOND_NS;

/// The three pairs of the source, in seconds divided by 60.
fn pairs() -> Vec<Burn> {
    let pair = |long_s, short_s, rate| Burn {
        long_s,
        short_s,
        rate,
        severity: Severity::Severe,
    };
    vec![
        pair(60.0, 5.0, 14.4),
        pair(360.0, 30.0, 6.0),
        pair(4320.0, 360.0, 1.0),
    ]
}

fn run(bad: impl Fn(i64) -> f64, seconds: i64) -> Vec<(usize, i64, i64)> {
    let at: Vec<i64> = (0..seconds).map(|it| it * S).collect();
    let shares: Vec<Share> = (0..seconds)
        .map(|it| Share {
            bad: bad(it) * 100.0,
            total: 100.0,
        })
        .collect();
    let found = episodes(Meter::new(0.999, &pairs()), &at, &shares);
    let seconds = |it: Moment| it.0 / S;
    found
        .into_iter()
        .map(|(place, span)| (place, seconds(span.from), seconds(span.to)))
        .collect()
}

#[test]
fn a_budget_that_is_kept_fires_nothing() {
    assert_eq!(run(|_| 0.0, 6_000), []);
    assert_eq!(run(|_| 0.0009, 6_000), []);
}

#[test]
fn a_slow_burn_fires_the_longest_pair_only_once_it_was_seen_whole() {
    let found = run(|_| 0.003, 6_000);
    assert_eq!(found.len(), 1, "{found:?}");
    let (pair, from, to) = found[0];
    assert_eq!((pair, to), (2, 5_999));
    assert!((4_310..4_340).contains(&from), "{from}");
}

#[test]
fn an_outage_fires_fast_and_ends_soon_after() {
    let outage = |it: i64| {
        if (1_000..1_020).contains(&it) {
            1.0
        } else {
            0.0
        }
    };
    let found = run(outage, 1_500);
    let (_, from, to) = *found
        .iter()
        .find(|it| it.0 == 0)
        .expect("the fast pair fires");
    assert!((1_000..1_004).contains(&from), "{found:?}");
    // The short window forgets within its five seconds.
    assert!((1_020..1_028).contains(&to), "{found:?}");
    // Twenty bad seconds are a share of 0.055 of six minutes: 55 times too fast.
    assert!(found.iter().any(|it| it.0 == 1), "{found:?}");
}

#[test]
fn nothing_is_judged_before_a_window_was_seen_and_without_requests() {
    assert_eq!(run(|_| 1.0, 50), []);
    let mut meter = Meter::new(0.99, &pairs());
    for second in 0..200 {
        let nothing = Share::default();
        assert_eq!(meter.step(second * S, nothing), []);
        assert_eq!(
            meter.step(
                second * S + 1,
                Share {
                    bad: f64::NAN,
                    total: 1.0
                }
            ),
            []
        );
    }
    assert!(meter.pairs().iter().all(|it| it.long.is_none()));
}

#[test]
fn memory_stays_bounded() {
    let burn = [Burn {
        long_s: 259_200.0,
        short_s: 1.0,
        rate: 1.0,
        severity: Severity::Note,
    }];
    let mut meter = Meter::new(0.99, &burn);
    for second in 0..400_000 {
        meter.step(
            second * S,
            Share {
                bad: 0.0,
                total: 1.0,
            },
        );
    }
    assert!(
        meter.buckets.len() <= BUCKETS_MAX + 2,
        "{}",
        meter.buckets.len()
    );
}
