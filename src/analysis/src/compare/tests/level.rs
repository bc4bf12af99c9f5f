//! The false-alarm level: undisturbed against undisturbed, over kinds of series that
//! systems really have.
//!
//! A family of series is compared at once, as the series of a host are. With nothing
//! changed, [`Q_BELIEVED`] is the share of families in which anything may be called
//! changed.

use super::{ADJACENT, noise, series};
use crate::compare::{First, Join, Pair, Params, Q_BELIEVED, Verdict, differences};
use crate::stats::random::Random;

/// Families of each kind.
const FAMILIES: u64 = 60;
/// Series of a family.
const MEMBERS: u64 = 30;
/// Rows of a side.
const ROWS: usize = 300;

/// Makes `n` undisturbed samples from a seed.
type Make = fn(u64, usize) -> Vec<f64>;

const KINDS: &[(&str, Make)] = &[
    ("independent", |seed, n| noise(seed, n, (0.0, 20.0))),
    ("repeating", |seed, n| noise(seed, n, (0.5, 20.0))),
    ("slow", |seed, n| noise(seed, n, (0.9, 20.0))),
    ("wandering", |seed, n| noise(seed, n, (0.98, 20.0))),
    ("heavy tails", heavy),
    ("bursts", bursts),
    ("bounded", bounded),
    ("counts", counts),
];

/// Student's t of three degrees of freedom, of a volatility that lasts.
fn heavy(seed: u64, n: usize) -> Vec<f64> {
    let mut random = Random::new(seed ^ 0x11);
    let calm = noise(seed, n, (0.7, 3.0));
    let tail = |value: f64, random: &mut Random| {
        let square: f64 = (0..3).map(|_| random.normal().powi(2)).sum();
        100.0 + (value - 100.0) / (square / 3.0).sqrt()
    };
    calm.into_iter().map(|it| tail(it, &mut random)).collect()
}

/// Rest near one, and now and then some seconds of a hundred times as much.
fn bursts(seed: u64, n: usize) -> Vec<f64> {
    let mut random = Random::new(seed ^ 0x22);
    let mut left = 0;
    (0..n)
        .map(|_| {
            if left == 0 && random.unit() < 0.03 {
                left = 2 + random.below(10);
            }
            left -= usize::from(left > 0);
            let size = if left > 0 { 100.0 } else { 1.0 };
            size * (0.8 + 0.4 * random.unit())
        })
        .collect()
}

/// A share between 0 and 1 that spends much of its time near its ends.
fn bounded(seed: u64, n: usize) -> Vec<f64> {
    let inner = noise(seed, n, (0.8, 2.0));
    let share = |it: f64| 1.0 / (1.0 + (100.0 - it).exp());
    inner.into_iter().map(share).collect()
}

/// Arrivals per row, of a rate that lasts.
fn counts(seed: u64, n: usize) -> Vec<f64> {
    let mut random = Random::new(seed ^ 0x33);
    let rates = noise(seed, n, (0.9, 0.5));
    let arrivals = |rate: f64, random: &mut Random| {
        // Knuth's product of uniforms.
        let (mut product, mut count) = (random.unit(), 0.0);
        while product > (-rate).exp() {
            product *= random.unit();
            count += 1.0;
        }
        count
    };
    rates
        .into_iter()
        .map(|it| arrivals((it - 100.0).exp() * 3.0, &mut random))
        .collect()
}

/// How many families of a kind have an alarm, and how many series.
fn alarms(make: Make, params: &Params) -> (u64, usize) {
    let series = series("h/x", "{value}");
    let (mut families, mut all) = (0, 0);
    for family in 0..FAMILIES {
        let whole: Vec<Vec<f64>> = (0..MEMBERS)
            .map(|member| make(1 + family * MEMBERS + member, 2 * ROWS))
            .collect();
        let pairs: Vec<Pair<'_>> = whole
            .iter()
            .map(|it| Pair {
                series: &series,
                before: vec![&it[..ROWS]],
                after: vec![&it[ROWS..]],
            })
            .collect();
        let found = differences(&pairs, params);
        let count = found.iter().filter(|it| it.verdict.is_change()).count();
        families += u64::from(count > 0);
        all += count;
    }
    (families, all)
}

fn joined() -> Params {
    Params {
        join: Some(Join {
            before: 0,
            after: 0,
            first: First::Before,
        }),
        ..ADJACENT
    }
}

#[test]
fn nothing_changed_and_little_is_said_to_have() {
    // Twice the standard error of a share of so many families.
    let error = (Q_BELIEVED * (1.0 - Q_BELIEVED) / FAMILIES as f64).sqrt();
    let most = Q_BELIEVED + 2.0 * error;
    let mut told = String::new();
    let mut is_kept = true;
    for params in [joined(), ADJACENT] {
        for (name, make) in KINDS {
            let (families, series) = alarms(*make, &params);
            let share = families as f64 / FAMILIES as f64;
            is_kept &= share <= most;
            let joined = params.join.is_some();
            told += &format!("{name}, joined {joined}: {families} families, {series} series\n");
        }
    }
    assert!(is_kept, "more than {most:.3} of families:\n{told}");
}

#[test]
fn a_fifth_more_is_found_as_far_as_the_noise_allows() {
    // Spread of single rows, and the least of a hundred that must be found. A shift
    // of one spread is found more often where the sides join.
    let found = |spread: f64, params: &Params| {
        let series = series("h/x", "{value}");
        let is_up = |seed: &u64| {
            let whole = noise(9_000 + seed, 2 * ROWS, (0.5, spread));
            let after: Vec<f64> = whole[ROWS..].iter().map(|it| it * 1.2).collect();
            let pair = Pair {
                series: &series,
                before: vec![&whole[..ROWS]],
                after: vec![&after],
            };
            differences(&[pair], params)[0].verdict == Verdict::Up
        };
        (0..100).filter(is_up).count()
    };
    assert!(found(5.0, &joined()) >= 99);
    assert!(found(10.0, &joined()) >= 90);
    let (joined, apart) = (found(20.0, &joined()), found(20.0, &ADJACENT));
    assert!(
        joined > apart,
        "{joined} where they join, {apart} elsewhere"
    );
}

#[test]
fn a_level_that_only_wanders_on_does_not_count_as_a_change() {
    let series = series("h/x", "{value}");
    let climb: Vec<f64> = noise(5, 2 * ROWS, (0.3, 1.0))
        .iter()
        .enumerate()
        .map(|(row, it)| it + row as f64 * 0.2)
        .collect();
    let verdict = |params: &Params, step: f64| {
        let after: Vec<f64> = climb[ROWS..].iter().map(|it| it + step).collect();
        let pair = Pair {
            series: &series,
            before: vec![&climb[..ROWS]],
            after: vec![&after],
        };
        differences(&[pair], params)[0].verdict
    };
    assert_eq!(verdict(&joined(), 0.0), Verdict::Unknown);
    assert_eq!(verdict(&joined(), 60.0), Verdict::Up);
}

#[test]
fn the_order_of_the_sides_in_time_does_not_matter() {
    let series = series("h/x", "{value}");
    let whole = noise(6, 2 * ROWS, (0.5, 5.0));
    let shifted: Vec<f64> = whole[ROWS..].iter().map(|it| it * 1.3).collect();
    let late = Params {
        join: Some(Join {
            before: 0,
            after: 0,
            first: First::After,
        }),
        ..ADJACENT
    };
    let pair = |before, after| Pair {
        series: &series,
        before: vec![before],
        after: vec![after],
    };
    let (first, second) = (&whole[..ROWS], shifted.as_slice());
    let up = differences(&[pair(first, second)], &joined())[0].clone();
    let down = differences(&[pair(second, first)], &late)[0].clone();
    assert_eq!((up.verdict, down.verdict), (Verdict::Up, Verdict::Down));
    assert_eq!(up.jump, down.jump);
}
