//! Trials on noise that repeats itself: silent without an effect, quick with one.

use analysis::stats::random::Random;

use super::*;

const RULE: Rule = Rule {
    alpha: 0.05,
    floor: 0.05,
    most: 24,
};

/// What makes the values of a simulated trial.
#[derive(Clone, Copy)]
struct Noise {
    /// Correlation of neighboring values.
    correlation: f64,
    /// Growth over the whole trial, in the unit of the values.
    drift: f64,
    /// What B adds.
    effect: f64,
}

/// `count` stretches of a minute about 100, alternating from A.
fn stretches(random: &mut Random, count: usize, noise: Noise) -> Vec<(Side, Vec<f64>)> {
    let own = (1.0 - noise.correlation * noise.correlation).sqrt();
    let (mut last, mut side) = (random.normal(), Side::A);
    let mut all = Vec::new();
    for place in 0..count {
        let added = if side == Side::B { noise.effect } else { 0.0 };
        let drift = noise.drift * place as f64 / count as f64;
        let values = (0..60).map(|_| {
            last = noise.correlation * last + own * random.normal();
            100.0 + added + drift + 5.0 * last
        });
        all.push((side, values.collect()));
        side = side.other();
    }
    all
}

/// The first decision to stop, looking after every stretch.
fn ends(all: &[(Side, Vec<f64>)], rule: &Rule) -> Trial {
    let borrowed: Vec<Stretch<'_>> = all
        .iter()
        .map(|(side, values)| Stretch {
            side: *side,
            values,
        })
        .collect();
    let trials = (1..=all.len()).map(|it| judge(&borrowed[..it], rule));
    let is_end = |it: &Trial| !matches!(it.decision, Decision::Continue(_));
    trials.into_iter().find(is_end).unwrap()
}

#[test]
fn looking_after_every_stretch_raises_no_false_alarms() {
    // Without the floor nothing ends early, so that every look is taken.
    let rule = Rule { floor: 0.0, ..RULE };
    for (seed, correlation) in [(1, 0.0), (2, 0.5), (3, 0.9), (4, 0.98), (5, 0.995)] {
        for drift in [0.0, 30.0] {
            let mut random = Random::new(seed);
            let noise = Noise {
                correlation,
                drift,
                effect: 0.0,
            };
            let alarms = (0..400)
                .filter(|_| {
                    let all = stretches(&mut random, rule.most, noise);
                    ends(&all, &rule).decision != Decision::Undecided
                })
                .count();
            assert!(alarms <= 20, "{alarms} of 400 at {correlation}, {drift}");
        }
    }
}

#[test]
fn plain_tests_after_every_stretch_would_raise_them() {
    // What the rule is for: the same noise, and the fit's own t-test at each look.
    let mut random = Random::new(1);
    let noise = Noise {
        correlation: 0.0,
        drift: 0.0,
        effect: 0.0,
    };
    let alarms = (0..200)
        .filter(|_| {
            let all = stretches(&mut random, 24, noise);
            let levels: Vec<(Side, f64)> = all.iter().map(|it| (it.0, mean(&it.1))).collect();
            (4..=24).any(|count| {
                let fit = fit(&levels[..count]).unwrap();
                let t = fit.effect * (fit.squares * fit.freedom / fit.left).sqrt();
                analysis::stats::chance::student_two_sided(t, fit.freedom) <= 0.05
            })
        })
        .count();
    assert!(alarms > 40, "{alarms} of 200");
}

#[test]
fn an_effect_is_found_soon_and_its_interval_holds_it() {
    let mut random = Random::new(9);
    let (mut found, mut held, mut length) = (0, 0, 0);
    for _ in 0..200 {
        let noise = Noise {
            correlation: 0.9,
            drift: 3.0,
            effect: -15.0,
        };
        let trial = ends(&stretches(&mut random, RULE.most, noise), &RULE);
        found += usize::from(trial.decision == Decision::Lower);
        held += usize::from((trial.interval[0]..=trial.interval[1]).contains(&-15.0));
        length += trial.stretches;
    }
    assert!(found >= 196, "{found} of 200 found");
    assert!(held >= 190, "{held} of 200 held");
    assert!(length <= 200 * 11, "{} stretches on average", length / 200);
}

#[test]
fn no_effect_is_shown_and_not_only_not_disproved() {
    let mut random = Random::new(10);
    let quiet = Noise {
        correlation: 0.3,
        drift: 0.0,
        effect: 0.5,
    };
    let trial = ends(&stretches(&mut random, RULE.most, quiet), &RULE);
    assert_eq!(trial.decision, Decision::NoEffect);
    let mut loud = stretches(&mut random, 8, quiet);
    for (place, (_, values)) in loud.iter_mut().enumerate() {
        let jump = [0.0, 40.0, -30.0, 25.0, 10.0, -40.0, 35.0, -5.0][place];
        values.iter_mut().for_each(|it| *it += jump);
    }
    let rule = Rule { most: 8, ..RULE };
    assert_eq!(ends(&loud, &rule).decision, Decision::Undecided);
}

#[test]
fn a_drift_of_a_is_doubt() {
    let levels = [100.0, 130.0, 112.0, 141.0, 125.0, 153.0, 136.0, 165.0];
    let all: Vec<(Side, Vec<f64>)> = levels
        .iter()
        .enumerate()
        .map(|(place, level)| {
            let side = if place % 2 == 0 { Side::A } else { Side::B };
            (side, vec![*level; 30])
        })
        .collect();
    let rule = Rule { most: 8, ..RULE };
    let trial = ends(&all, &rule);
    assert!(trial.is_doubtful && trial.p_value < 0.05, "{trial:?}");
    assert_eq!((trial.decision, trial.drift), (Decision::Undecided, 36.0));
    assert!(
        trial
            .said(&Unit::new("ms"))
            .contains("puts the effect in doubt")
    );
}

#[test]
fn odd_stretches_do_no_harm() {
    let nothing = judge(&[], &RULE);
    assert_eq!(nothing.decision, Decision::Continue(Side::A));
    let gaps = [f64::NAN; 5];
    let same = [7.0; 5];
    let mut all = vec![(Side::A, &gaps[..]); 3];
    all.extend([
        (Side::A, &same[..]),
        (Side::A, &same[..]),
        (Side::B, &same[..]),
    ]);
    let all: Vec<Stretch<'_>> = all
        .iter()
        .map(|(side, values)| Stretch {
            side: *side,
            values,
        })
        .collect();
    let trial = judge(&all, &RULE);
    assert_eq!(
        (trial.stretches, trial.decision),
        (2, Decision::Continue(Side::A))
    );
    for value in [0.0, f64::INFINITY, 1e308, -1e308] {
        let values = [value; 4];
        let all: Vec<Stretch<'_>> = (0..9)
            .map(|place| Stretch {
                side: if place % 2 == 0 { Side::A } else { Side::B },
                values: &values,
            })
            .collect();
        let trial = judge(&all, &RULE);
        assert!((0.0..=1.0).contains(&trial.p_value), "{trial:?}");
    }
    // Something that never varies but where it was changed is an effect soon.
    let (one, two) = ([1.0; 4], [2.0; 4]);
    let all: Vec<Stretch<'_>> = (0..8)
        .map(|place| Stretch {
            side: if place % 2 == 0 { Side::A } else { Side::B },
            values: if place % 2 == 0 { &one } else { &two },
        })
        .collect();
    assert_eq!(judge(&all, &RULE).decision, Decision::Higher);
}
