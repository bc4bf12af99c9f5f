//! Processors, disks, caches, limits, retries and batch work against what they do.

use analysis::stats::random::Random;
use plan::solve::batch::{self, Goal, Shift};
use plan::solve::cache::{self, Curve};
use plan::solve::cpu::{self, Group, Limits, Quota};
use plan::solve::disk::{self, Disk, Point};
use plan::solve::limiter::{self, Limiter};
use plan::solve::network::{self, Transfer};
use plan::solve::retry::{self, Failure, Retries};
use plan::solve::{SolveError, closed};

use super::{close, magnitude};

/// Misses of an LRU cache, entry by entry.
fn naive_misses(keys: &[u64], entries: usize) -> usize {
    let mut held: Vec<u64> = Vec::new();
    let mut misses = 0;
    for key in keys {
        match held.iter().position(|it| it == key) {
            Some(place) => {
                held.remove(place);
            }
            None => misses += 1,
        }
        held.insert(0, *key);
        held.truncate(entries);
    }
    misses
}

/// Keys asked for independently, the popularity falling with the rank.
fn zipf(count: usize, keys: usize, exponent: f64, seed: u64) -> (Vec<u64>, Vec<f64>) {
    let popularity: Vec<f64> = (1..=keys)
        .map(|rank| (rank as f64).powf(-exponent))
        .collect();
    let mut sums = Vec::with_capacity(keys);
    let mut sum = 0.0;
    for it in &popularity {
        sum += it;
        sums.push(sum);
    }
    let mut random = Random::new(seed);
    let draw = |random: &mut Random| {
        let at = random.unit() * sum;
        sums.partition_point(|it| *it <= at) as u64
    };
    ((0..count).map(|_| draw(&mut random)).collect(), popularity)
}

#[test]
fn the_curve_is_that_of_every_cache() {
    let mut random = Random::new(21);
    for round in 0..20 {
        let keys: Vec<u64> = (0..400)
            .map(|_| random.below(1 + round * 4) as u64)
            .collect();
        let curve = Curve::of(&keys, 0, 1.0).unwrap();
        for entries in 0..90 {
            let truth = 1.0 - naive_misses(&keys, entries) as f64 / 400.0;
            let ratio = curve.hit_ratio(entries as f64);
            assert!(
                (ratio - truth).abs() < 1e-12,
                "{round} {entries}: {ratio} {truth}"
            );
        }
    }
    assert!(Curve::of(&[], 0, 1.0).is_err());
}

#[test]
fn a_sample_of_keys_and_their_popularity_give_the_same_curve() {
    let (keys, popularity) = zipf(300_000, 20_000, 0.9, 22);
    let exact = Curve::of(&keys, 0, 1.0).unwrap();
    let sampled = Curve::of(&keys, 0, 0.1).unwrap();
    for entries in [1_000.0, 3_000.0, 6_000.0, 12_000.0] {
        let (truth, found) = (exact.hit_ratio(entries), sampled.hit_ratio(entries));
        assert!(
            (found - truth).abs() < 0.025,
            "sample of {entries}: {found} {truth}"
        );
    }
    // Che's time holds for a cache that is warm: only the second half is counted.
    let warm = Curve::of(&keys, 150_000, 1.0).unwrap();
    for entries in [500.0, 2_000.0, 6_000.0] {
        let found = cache::che(&popularity, entries).unwrap();
        let truth = warm.hit_ratio(entries);
        assert!((found - truth).abs() < 0.01, "{entries}: {found} {truth}");
    }
    assert_eq!(cache::che(&popularity, 20_000.0), Ok(1.0));
    assert!(cache::che(&popularity, 0.0).unwrap().abs() < 1e-9);
    close(
        cache::behind(0.02, 0.6, 0.9).unwrap(),
        0.005,
        1e-12,
        "backend",
    );
}

#[test]
fn cores_are_shared_by_weight_and_none_is_left_idle() {
    let group = |weight, wanted_cores| Group {
        weight,
        wanted_cores,
        quota_cores: f64::INFINITY,
    };
    let all_busy = cpu::shares(4.0, &[group(100.0, 9.0), group(300.0, 9.0)]).unwrap();
    assert_eq!(all_busy, [1.0, 3.0]);
    let one_rests = cpu::shares(4.0, &[group(100.0, 9.0), group(300.0, 0.5)]).unwrap();
    assert_eq!(one_rests, [3.5, 0.5]);
    let mut random = Random::new(23);
    for _ in 0..300 {
        let groups: Vec<Group> = (0..1 + random.below(8))
            .map(|_| group(magnitude(&mut random, 1.0, 1e4), 4.0 * random.unit()))
            .collect();
        let cores = magnitude(&mut random, 0.5, 8.0);
        let given = cpu::shares(cores, &groups).unwrap();
        let wanted: f64 = groups.iter().map(|it| it.wanted_cores).sum();
        close(
            given.iter().sum(),
            wanted.min(cores),
            1e-9,
            "nothing is wasted",
        );
        let fair = cores / groups.iter().map(|it| it.weight).sum::<f64>();
        for (given, group) in given.iter().zip(&groups) {
            let owed = group.wanted_cores.min(group.weight * fair);
            assert!(*given >= owed - 1e-9 && *given <= group.wanted_cores + 1e-12);
        }
    }
}

#[test]
fn limits_leave_what_they_leave() {
    let free = Limits {
        allowed_cores: 4.0,
        quota_cores: None,
        weight_share: None,
        others_cores: 0.0,
        stolen_cores: 0.0,
    };
    assert_eq!(cpu::capacity(&free), Ok(4.0));
    let quota = Limits {
        quota_cores: Some(1.5),
        others_cores: 1.0,
        ..free
    };
    assert_eq!(cpu::capacity(&quota), Ok(1.5));
    let crowded = Limits {
        others_cores: 3.5,
        stolen_cores: 0.2,
        ..free
    };
    close(cpu::capacity(&crowded).unwrap(), 0.3, 1e-12, "crowded");
    let heavy = Limits {
        weight_share: Some(0.5),
        ..crowded
    };
    close(
        cpu::capacity(&heavy).unwrap(),
        1.9,
        1e-12,
        "a weight holds its share",
    );
    let quota = Quota {
        quota_seconds: 0.02,
        period_seconds: 0.1,
    };
    close(
        cpu::burst_seconds(0.03, quota).unwrap(),
        0.11,
        1e-12,
        "a burst",
    );
    close(
        cpu::burst_seconds(0.01, quota).unwrap(),
        0.01,
        1e-12,
        "a short one",
    );
    assert_eq!(cpu::core_equivalents(6.0, 4.0, cpu::SECOND_THREAD), Ok(4.5));
    assert_eq!(
        cpu::rescaled_seconds(0.3, 2.0, 3.0).unwrap(),
        0.3 * 2.0 / 3.0
    );
}

#[test]
fn a_disk_is_found_again_from_what_it_did() {
    let mut random = Random::new(24);
    for _ in 0..100 {
        let truth = Disk {
            service_seconds: magnitude(&mut random, 1e-5, 1e-2),
            parallel: 1.0 + 30.0 * random.unit(),
            residual_rate: 0.0,
        };
        let points: Vec<Point> = (0..40)
            .map(|place| {
                let queue = 0.5 * 1.13_f64.powi(place);
                let rate = truth.rate(queue) * (1.0 + 0.01 * random.normal());
                Point {
                    queue,
                    rate,
                    latency_seconds: queue / rate,
                }
            })
            .collect();
        let found = disk::fit(&points).unwrap();
        close(
            found.service_seconds,
            truth.service_seconds,
            0.03,
            "service",
        );
        close(found.parallel, truth.parallel, 0.05, "parallel");
        let network = closed::Network {
            stations: vec![found.station(2.0).unwrap()],
            think_seconds: 0.0,
        };
        let most = closed::solve(&network, 100).unwrap().throughput;
        close(most, found.rate(1e9) / 2.0, 1e-9, "as a station");
    }
}

#[test]
fn a_disk_whose_latency_falls_is_refused() {
    let point = |queue: f64, rate: f64, latency_seconds: f64| Point {
        queue,
        rate,
        latency_seconds,
    };
    // Paced requests wake it up each time; a deep queue keeps it awake.
    let points = [point(0.35, 500.0, 702e-6), point(8.0, 36_000.0, 212e-6)];
    assert!(disk::falls(&points).is_some());
    assert!(matches!(
        disk::fit(&points),
        Err(SolveError::Undetermined(_))
    ));
}

#[test]
fn a_wire_is_a_queue_and_a_way() {
    let transfer = Transfer {
        bytes: 1e6,
        bytes_per_second: 1e8,
        round_trips: 3.0,
        round_trip_seconds: 0.02,
    };
    let [wire, way] = network::stations(&transfer).unwrap();
    close(wire.demand_seconds, 0.01, 1e-12, "wire");
    close(way.demand_seconds, 0.06, 1e-12, "way");
}

#[test]
fn a_limiter_lets_through_its_limit_and_a_burst() {
    let limiter = Limiter {
        rate: 1_000.0,
        limit: 300.0,
        burst: 20.0,
        window_seconds: 3.0,
        demand_seconds: 1e-3,
        rejected_demand_seconds: 1e-4,
        cores: 2.0,
    };
    let solved = limiter::solve(&limiter).unwrap();
    close(solved.admitted, 300.0 + 20.0 / 3.0, 1e-12, "admitted");
    let busy = (solved.admitted * 1e-3 + solved.rejected * 1e-4) / 2.0;
    close(solved.utilization, busy, 1e-12, "rejections cost");
    let quiet = limiter::solve(&Limiter {
        rate: 10.0,
        ..limiter
    });
    assert_eq!(quiet.unwrap().rejected_share, 0.0);
}

#[test]
fn retries_have_one_end_or_two() {
    let constant = Retries {
        rate: 100.0,
        retried_share: 0.5,
        most_retries: 1_000,
        failure: Failure::Constant { chance: 0.2 },
    };
    let solved = retry::solve(&constant).unwrap();
    close(solved.from_below.attempts, 100.0 / 0.9, 1e-9, "constant");
    assert!(!solved.is_metastable);
    let late = |rate| Retries {
        rate,
        retried_share: 1.0,
        most_retries: 3,
        failure: Failure::Late {
            service_seconds: 0.01,
            servers: 1,
            timeout_seconds: 0.2,
        },
    };
    let calm = retry::solve(&late(20.0)).unwrap();
    assert!(!calm.is_metastable, "{calm:?}");
    let stuck = retry::solve(&late(60.0)).unwrap();
    assert!(stuck.is_metastable, "{stuck:?}");
    assert!(stuck.from_below.attempts < 61.0);
    close(
        stuck.from_above.attempts,
        240.0,
        1e-9,
        "every attempt fails four times",
    );
    let below = stuck.recovers_below.unwrap();
    assert!(
        retry::solve(&late(below * 0.99))
            .unwrap()
            .recovers_below
            .is_none()
    );
    assert!(retry::solve(&late(below * 1.01)).unwrap().is_metastable);
    let full = retry::solve(&Retries {
        rate: 95.0,
        retried_share: 0.9,
        most_retries: 5,
        failure: Failure::Full {
            service_seconds: 0.01,
            servers: 1,
            places: 5,
        },
    })
    .unwrap();
    assert!(full.from_below.failure_chance > 0.1 && full.from_below.attempts > 100.0);
}

#[test]
fn batch_work_is_taken_from_where_it_was() {
    let rows = 600;
    let mut random = Random::new(25);
    let base: Vec<f64> = (0..rows)
        .map(|_| 1.0 + 0.1 * random.normal().abs())
        .collect();
    let work: Vec<f64> = (0..rows)
        .map(|row| if (200..300).contains(&row) { 2.0 } else { 0.0 })
        .collect();
    let busy: Vec<f64> = base.iter().zip(&work).map(|(a, b)| a + b).collect();
    let shift = Shift {
        busy: &busy,
        batch: &work,
        goal: Goal::Away,
        peak_level: 0.99,
        level: 0.8,
        seed: 1,
    };
    let away = batch::shift(&shift).unwrap();
    assert!(away.peak_before.value > 3.0 && away.peak_after.value < 1.5);
    assert!(away.peak_before.lo <= away.peak_before.value);
    assert!(
        away.peak_after.lo <= away.peak_after.value && away.peak_after.value <= away.peak_after.hi
    );
    close(
        away.mean_before - away.mean_after,
        2.0 / 6.0,
        1e-9,
        "work that left",
    );
    let later = batch::shift(&Shift {
        goal: Goal::Later(450),
        ..shift
    })
    .unwrap();
    close(
        later.mean_after,
        later.mean_before,
        1e-12,
        "work that stayed",
    );
    assert!(later.after[60] > 2.9 && later.after[250] < 2.0);
    assert_eq!(
        batch::shift(&shift),
        batch::shift(&shift),
        "the seed decides"
    );
}
