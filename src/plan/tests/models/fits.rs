//! Least squares and scaling laws against optimality, known truth and coverage.

use analysis::stats::random::Random;
use plan::fit::{self, FitError, Intercept, Problem};
use plan::solve::honesty::{self, Answer};
use plan::solve::scaling::{self, Usl};
use plan::solve::usl;

use super::{close, magnitude};

fn problem<'a>(columns: &'a [Vec<f64>], target: &'a [f64]) -> Problem<'a> {
    Problem {
        columns,
        target,
        intercept: Intercept::Zero,
        weights: None,
    }
}

/// Columns at random, of very different size, and a target that they explain in part.
fn data(random: &mut Random, rows: usize, columns: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let scales: Vec<f64> = (0..columns).map(|_| magnitude(random, 1e-6, 1e6)).collect();
    let columns: Vec<Vec<f64>> = scales
        .iter()
        .map(|scale| (0..rows).map(|_| scale * random.unit()).collect())
        .collect();
    let true_ones: Vec<f64> = scales
        .iter()
        .map(|it| (random.normal() + 0.3) / it)
        .collect();
    let target = (0..rows)
        .map(|row| {
            let parts = columns.iter().zip(&true_ones);
            parts.map(|(column, it)| column[row] * it).sum::<f64>() + 0.3 * random.normal()
        })
        .collect();
    (columns, target)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn residuals_are_at_right_angles() {
    let mut random = Random::new(31);
    for _ in 0..100 {
        let width = 1 + random.below(6);
        let (columns, target) = data(&mut random, 40, width);
        for intercept in [Intercept::Zero, Intercept::Fitted] {
            let found = fit::least_squares(&Problem {
                intercept,
                ..problem(&columns, &target)
            })
            .unwrap();
            for column in &columns {
                let angle = dot(column, &found.residuals);
                let size = dot(column, column).sqrt() * dot(&target, &target).sqrt();
                assert!(angle.abs() < 1e-10 * size);
            }
            if intercept == Intercept::Fitted {
                assert!(found.residuals.iter().sum::<f64>().abs() < 1e-9);
                assert!((0.0..=1.0).contains(&found.r_squared));
            }
        }
    }
}

#[test]
fn standard_errors_are_those_of_a_line() {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let mut random = Random::new(32);
    let y: Vec<f64> = x
        .iter()
        .map(|it| 3.0 + 0.5 * it + random.normal())
        .collect();
    let columns = [x.clone()];
    let found = fit::least_squares(&Problem {
        intercept: Intercept::Fitted,
        ..problem(&columns, &y)
    })
    .unwrap();
    let spread: f64 = x.iter().map(|it| (it - 9.5).powi(2)).sum();
    let sigma = (dot(&found.residuals, &found.residuals) / 18.0).sqrt();
    let errors = found.standard_errors.unwrap();
    close(errors[1], sigma / spread.sqrt(), 1e-10, "slope");
    close(
        errors[0],
        sigma * (1.0_f64 / 20.0 + 9.5 * 9.5 / spread).sqrt(),
        1e-10,
        "constant",
    );
}

#[test]
fn no_coefficient_is_negative_and_none_could_help() {
    let mut random = Random::new(33);
    for _ in 0..300 {
        let width = 1 + random.below(8);
        let (columns, target) = data(&mut random, 30, width);
        let found = fit::non_negative(&problem(&columns, &target)).unwrap();
        let size = dot(&target, &target).sqrt();
        for (column, value) in columns.iter().zip(&found.coefficients) {
            assert!(*value >= 0.0);
            let pull = dot(column, &found.residuals) / dot(column, column).sqrt() / size;
            assert!(pull < 1e-8, "a coefficient should grow");
            assert!(*value == 0.0 || pull > -1e-8, "a coefficient should shrink");
        }
        let free = fit::least_squares(&problem(&columns, &target)).unwrap();
        if free.coefficients.iter().all(|it| *it > 0.0) {
            for (a, b) in found.coefficients.iter().zip(&free.coefficients) {
                close(*a, *b, 1e-8, "the same without a negative one");
            }
        }
    }
}

#[test]
fn dependent_columns_are_named_or_used_sparingly() {
    let first: Vec<f64> = (1..=20).map(f64::from).collect();
    let columns = [first.clone(), first.iter().map(|it| 2.0 * it).collect()];
    let target: Vec<f64> = first.iter().map(|it| 3.0 * it).collect();
    let free = fit::least_squares(&problem(&columns, &target));
    assert_eq!(free, Err(FitError::Dependent { column: 1 }));
    let found = fit::non_negative(&problem(&columns, &target)).unwrap();
    close(
        found.coefficients[0] + 2.0 * found.coefficients[1],
        3.0,
        1e-9,
        "together",
    );
    assert_eq!(
        fit::condition(&problem(&columns, &target)),
        Ok(f64::INFINITY)
    );
}

#[test]
fn weights_count_rows_as_often() {
    let mut random = Random::new(34);
    let (columns, target) = data(&mut random, 25, 3);
    let weights: Vec<f64> = (0..25).map(|row| f64::from(row % 3)).collect();
    let repeat = |values: &[f64]| -> Vec<f64> {
        let rows = values.iter().zip(&weights);
        rows.flat_map(|(it, weight)| vec![*it; *weight as usize])
            .collect()
    };
    let repeated: Vec<Vec<f64>> = columns.iter().map(|it| repeat(it)).collect();
    let long_target = repeat(&target);
    let long = fit::least_squares(&problem(&repeated, &long_target)).unwrap();
    let weighted = fit::least_squares(&Problem {
        weights: Some(&weights),
        ..problem(&columns, &target)
    })
    .unwrap();
    for (a, b) in long.coefficients.iter().zip(&weighted.coefficients) {
        close(*a, *b, 1e-8, "coefficient");
    }
}

#[test]
fn outliers_do_not_move_a_robust_fit() {
    let mut random = Random::new(35);
    let x: Vec<f64> = (0..200).map(|_| 10.0 * random.unit()).collect();
    let clean: Vec<f64> = x
        .iter()
        .map(|it| 2.0 + 0.7 * it + 0.1 * random.normal())
        .collect();
    let spoiled: Vec<f64> = clean
        .iter()
        .enumerate()
        .map(|(row, it)| if row % 10 == 0 { it + 30.0 } else { *it })
        .collect();
    let columns = [x];
    let fitted = |target| Problem {
        intercept: Intercept::Fitted,
        ..problem(&columns, target)
    };
    let plain = fit::non_negative(&fitted(&spoiled)).unwrap();
    let robust = fit::robust_non_negative(&fitted(&spoiled)).unwrap();
    assert!((plain.coefficients[0] - 2.0).abs() > 2.0);
    close(robust.fit.coefficients[0], 2.0, 0.05, "constant");
    close(robust.fit.coefficients[1], 0.7, 0.02, "slope");
    assert!(robust.weights[0] < 0.1 && robust.scale < 0.3);
}

#[test]
fn inflation_is_what_the_other_columns_explain() {
    let mut random = Random::new(36);
    let (mut columns, target) = data(&mut random, 50, 3);
    let mixed = (0..50)
        .map(|row| columns[0][row] + 0.2 * columns[0][row] * random.unit())
        .collect();
    columns.push(mixed);
    let found = fit::inflation(&problem(&columns, &target)).unwrap();
    for (place, inflation) in found.iter().enumerate() {
        let mut others = columns.clone();
        let own = others.remove(place);
        let explained = fit::least_squares(&Problem {
            intercept: Intercept::Fitted,
            ..problem(&others, &own)
        })
        .unwrap();
        close(
            *inflation,
            1.0 / (1.0 - explained.r_squared),
            1e-6,
            "inflation",
        );
    }
    assert!(found[0] > 10.0 && found[1] < 2.0);
    let apart = [vec![1.0, 0.0, 0.0], vec![0.0, 5.0, 0.0]];
    close(
        fit::condition(&problem(&apart, &[1.0, 2.0, 3.0])).unwrap(),
        1.0,
        1e-12,
        "apart",
    );
}

#[test]
fn shapes_and_numbers_are_checked() {
    let columns = [vec![1.0, 2.0, f64::NAN]];
    let odd = fit::least_squares(&problem(&columns, &[1.0, 2.0, 3.0]));
    assert_eq!(odd, Err(FitError::Number { row: 2 }));
    let short = fit::non_negative(&problem(&[vec![1.0]], &[1.0, 2.0]));
    assert!(matches!(short, Err(FitError::Shape { .. })));
    let few = fit::least_squares(&problem(&[vec![1.0], vec![2.0]], &[1.0]));
    assert!(matches!(few, Err(FitError::TooFew { .. })));
    let zero = fit::non_negative(&problem(&[vec![0.0; 3]], &[1.0, 2.0, 3.0])).unwrap();
    assert_eq!(zero.coefficients, [0.0]);
    let huge = [vec![1e200, 2e200, 3e200]];
    close(
        fit::least_squares(&problem(&huge, &[1.0, 2.0, 3.0]))
            .unwrap()
            .coefficients[0],
        1e-200,
        1e-9,
        "huge",
    );
    assert_eq!(
        fit::linear(&[vec![1.0, 2.0], vec![2.0, 4.0]], &[1.0, 2.0]),
        None
    );
}

/// Throughput of a law, with noise.
fn measured(law: &Usl, n: &[f64], noise: f64, random: &mut Random) -> Vec<f64> {
    let value = |n: &f64| law.throughput(*n) * (1.0 + noise * random.normal()).max(0.05);
    n.iter().map(value).collect()
}

fn law(random: &mut Random) -> Usl {
    Usl {
        alpha: magnitude(random, 1e-3, 0.4),
        beta: magnitude(random, 1e-6, 1e-2),
        gamma: magnitude(random, 0.1, 1e5),
    }
}

#[test]
fn a_law_is_found_again() {
    let n = [1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0];
    let mut random = Random::new(37);
    for _ in 0..200 {
        let truth = law(&mut random);
        let x = measured(&truth, &n, 0.0, &mut random);
        let found = usl::fit(&n, &x).unwrap().usl;
        close(found.alpha, truth.alpha, 1e-4, "alpha");
        close(found.beta, truth.beta, 1e-3, "beta");
        close(found.gamma, truth.gamma, 1e-5, "gamma");
    }
}

#[test]
fn no_law_nearby_fits_better() {
    let n = [1.0, 3.0, 5.0, 9.0, 17.0, 33.0, 65.0];
    let mut random = Random::new(38);
    let mut bounded = 0;
    for _ in 0..200 {
        let truth = law(&mut random);
        let x = measured(&truth, &n, 0.1, &mut random);
        let found = usl::fit(&n, &x).unwrap();
        let left = |alpha: f64, beta: f64| {
            let unit = Usl {
                alpha,
                beta,
                gamma: 1.0,
            };
            let shape: Vec<f64> = n.iter().map(|it| unit.throughput(*it)).collect();
            dot(&x, &x) - dot(&shape, &x).powi(2) / dot(&shape, &shape)
        };
        let best = left(found.usl.alpha, found.usl.beta);
        for _ in 0..60 {
            let alpha = match random.below(2) {
                0 => random.unit(),
                _ => (found.usl.alpha * magnitude(&mut random, 0.8, 1.25)).min(1.0),
            };
            let beta = match random.below(2) {
                0 => magnitude(&mut random, 1e-8, 1.0),
                _ => (found.usl.beta * magnitude(&mut random, 0.8, 1.25)).min(1.0),
            };
            assert!(left(alpha, beta) >= best * (1.0 - 1e-6) - 1e-9 * dot(&x, &x));
        }
        let at_bound = found.usl.alpha == 0.0 || found.usl.beta == 0.0;
        assert_eq!(at_bound, !found.at_bound.is_empty());
        assert_eq!(
            found.errors.is_some(),
            !at_bound,
            "errors only within the bounds"
        );
        bounded += usize::from(at_bound);
    }
    assert!(bounded > 10, "some of them stop at a bound");
}

#[test]
fn linear_growth_has_no_peak_and_no_limit() {
    let n = [2.0, 4.0, 8.0];
    let found = usl::fit(&n, &[20.0, 40.0, 80.0]).unwrap();
    assert_eq!(found.at_bound.len(), 2);
    assert!(found.usl.peak().is_infinite() && found.usl.limit().is_infinite());
    assert!(found.sigma.is_none() && found.errors.is_none());
    let gunther = scaling::gunther(&[1.0, 2.0, 4.0, 8.0], &[10.0, 19.0, 33.0, 50.0]).unwrap();
    assert!(gunther.alpha > 0.0 && gunther.gamma == 10.0);
}

#[test]
fn intervals_hold_what_was_left_out() {
    let all = [1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0];
    let mut random = Random::new(39);
    let (mut held, mut asked) = (0, 0);
    for _ in 0..150 {
        let truth = law(&mut random);
        let x = measured(&truth, &all, 0.04, &mut random);
        let out = 1 + random.below(8);
        let without = |values: &[f64]| [&values[..out], &values[out + 1..]].concat();
        match honesty::throughput(&without(&all), &without(&x), all[out]).unwrap() {
            Answer::Between { lo, hi, .. } => {
                asked += 1;
                held += i32::from(lo <= x[out] && x[out] <= hi);
            }
            Answer::Refused(refusal) => panic!("an interval is owed: {refusal:?}"),
        }
    }
    let share = f64::from(held) / f64::from(asked);
    assert!((0.9..=1.0).contains(&share), "{share}");
}

#[test]
fn intervals_beyond_the_range_hold_or_are_refused() {
    let below = [1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0];
    let mut random = Random::new(40);
    let (mut held, mut answered) = (0, 0);
    for _ in 0..150 {
        let truth = law(&mut random);
        let x = measured(&truth, &below, 0.03, &mut random);
        if let Answer::Between { lo, hi, .. } = honesty::throughput(&below, &x, 56.0).unwrap() {
            answered += 1;
            let there = truth.throughput(56.0);
            held += i32::from(lo <= there && there <= hi);
        }
        let far = honesty::throughput(&below, &x, 65.0).unwrap();
        assert!(matches!(far, Answer::Refused(it) if it.code == "I5"));
    }
    assert!(answered > 50, "{answered}");
    let share = f64::from(held) / f64::from(answered);
    assert!(share > 0.9, "{share}");
    let few = honesty::throughput(&below[..5], &[10.0, 19.0, 35.0, 60.0, 78.0], 20.0).unwrap();
    assert!(matches!(few, Answer::Refused(_)), "too few for a peak");
}

/// Measurements of a ray tracer on a shared memory machine, as in the R package usl: no
/// law follows them closely, and the peak that the first six promise never comes.
#[test]
fn intervals_hold_a_system_that_does_not_follow_the_law() {
    let n = [
        1.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0, 48.0, 64.0,
    ];
    let x = [
        20.0, 78.0, 130.0, 170.0, 190.0, 200.0, 210.0, 230.0, 260.0, 280.0, 310.0,
    ];
    let holds = |n: &[f64], x: &[f64], at: f64, truth: f64| match honesty::throughput(n, x, at)
        .unwrap()
    {
        Answer::Between { lo, hi, .. } => assert!(lo <= truth && truth <= hi, "{at}: {lo} {hi}"),
        Answer::Refused(refusal) => panic!("{at}: {refusal:?}"),
    };
    for beyond in 6..9 {
        holds(&n[..6], &x[..6], n[beyond], x[beyond]);
    }
    for out in 1..10 {
        let without = |values: &[f64]| [&values[..out], &values[out + 1..]].concat();
        holds(&without(&n), &without(&x), n[out], x[out]);
    }
    let far = honesty::throughput(&n[..6], &x[..6], 64.0).unwrap();
    assert!(matches!(far, Answer::Refused(_)));
}
