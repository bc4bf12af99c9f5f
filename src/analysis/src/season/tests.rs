//! Behavior by example: generated series whose truth is known.

use super::*;
use crate::stats::random::Random;

fn noisy(rows: usize, mut signal: impl FnMut(usize) -> f64) -> Vec<f64> {
    let mut random = Random::new(11);
    (0..rows).map(|i| signal(i) + random.normal()).collect()
}

fn sine(i: usize, period: f64) -> f64 {
    (std::f64::consts::TAU * i as f64 / period).sin()
}

#[test]
fn periods_are_found_on_trends_steps_and_gaps() {
    let mut gaps = noisy(600, |i| 3.0 * sine(i, 60.0));
    for value in gaps.iter_mut().skip(100).step_by(7) {
        *value = f64::NAN;
    }
    let pulse = |i: usize| if i % 50 < 5 { 8.0 } else { 0.0 };
    let cases = [
        ("plain", noisy(600, |i| 2.0 * sine(i, 24.0)), 24),
        (
            "trend",
            noisy(600, |i| 2.0 * sine(i, 60.0) + i as f64 / 20.0),
            60,
        ),
        (
            "step",
            noisy(600, |i| {
                3.0 * sine(i, 60.0) + if i > 350 { 4.0 } else { 0.0 }
            }),
            60,
        ),
        ("gaps", gaps, 60),
        ("pulses", noisy(1000, pulse), 50),
        ("long", noisy(50_000, |i| 2.0 * sine(i, 3600.0)), 3600),
    ];
    for (name, values, period) in cases {
        let season = find(&values, 1).unwrap_or_else(|| panic!("{name}: no season"));
        let wrong = season.period_rows.abs_diff(period) as f64 / period as f64;
        assert!(wrong < 0.02, "{name}: {}", season.period_rows);
        assert!(season.strength > 0.3, "{name}: {}", season.strength);
        assert_eq!(season.profile.len(), season.period_rows, "{name}");
    }
}

#[test]
fn what_does_not_repeat_has_no_season() {
    let mut random = Random::new(5);
    let mut last = 0.0;
    let mut walk = Vec::new();
    for _ in 0..1200 {
        last += random.normal();
        walk.push(last);
    }
    let cases = [
        ("noise", noisy(1200, |_| 0.0)),
        ("walk", walk),
        ("step", noisy(600, |i| if i > 300 { 9.0 } else { 0.0 })),
        ("slow wave", noisy(600, |i| 9.0 * sine(i, 400.0))),
        ("constant", vec![4.0; 500]),
        ("gaps", vec![f64::NAN; 500]),
        ("one", vec![1.0]),
        ("nothing", Vec::new()),
        (
            "huge",
            (0..100)
                .map(|i| if i % 2 == 0 { 1e308 } else { -1e308 })
                .collect(),
        ),
        (
            "infinite",
            (0..100)
                .map(|i| if i % 9 == 0 { f64::INFINITY } else { i as f64 })
                .collect(),
        ),
    ];
    for (name, values) in cases {
        assert_eq!(find(&values, 1), None, "{name}");
    }
}

#[test]
fn a_value_may_stand_for_several_rows() {
    let season =
        find(&noisy(600, |i| 3.0 * sine(i, 30.0)), 10).map(|it| (it.period_rows, it.profile.len()));
    assert_eq!(season, Some((300, 30)));
}
