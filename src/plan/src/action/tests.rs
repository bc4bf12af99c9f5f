//! What actions do to a system, alone and one after the other.

use model::plan::action::{Hardware, Target};

use super::*;
use crate::calibrate::{Params, calibrate};
use crate::observe::{Neighbor, Observed};
use crate::simulate::{Asked, Scene, observed};
use crate::system;

/// Two processors, on which a batch keeps a part of one busy beside the application.
fn beside(batch: f64, cores: f64) -> Observed {
    let mut seen = observed(&Scene {
        stretches: [10.0, 20.0, 30.0, 40.0, 50.0]
            .map(|rate| (60.0, Asked::Rate(rate)))
            .to_vec(),
        demand_s: vec![0.01, 0.02],
        shares: [0.1, 0.9, 0.5, 0.1, 0.9]
            .map(|it| vec![1.0 - it, it])
            .to_vec(),
        users_known: false,
        ..Scene::default()
    });
    let rows = seen.at.len();
    seen.resources[0].groups = vec!["/shop".to_owned()];
    seen.resources[0].others = vec![batch; rows];
    seen.resources[0].cores = cores;
    seen.resources[0].capacity = vec![cores; rows];
    seen.neighbors = vec![Neighbor {
        name: "/batch".to_owned(),
        host: String::new(),
        busy: vec![batch; rows],
    }];
    seen
}

fn calibrated(batch: f64, cores: f64) -> Calibration {
    let params = Params {
        draws: 20,
        ..Params::default()
    };
    calibrate(&beside(batch, cores), &params).unwrap()
}

fn kinds() -> Vec<Kind> {
    let group = |name: &str| name.to_owned();
    let process = Target {
        pid: 100,
        name: "simulated".to_owned(),
        start: 0,
        children: true,
    };
    let service = || "simulated".to_owned();
    vec![
        Kind::CpuMax {
            cgroup: group("/shop"),
            quota_us: Some(80_000),
            period_us: 100_000,
        },
        Kind::CpuMax {
            cgroup: group("/batch"),
            quota_us: Some(10_000),
            period_us: 100_000,
        },
        Kind::CpuWeight {
            cgroup: group("/shop"),
            weight: 10_000,
        },
        Kind::CpuWeight {
            cgroup: group("/batch"),
            weight: 1,
        },
        Kind::Cpuset {
            cgroup: group("/shop"),
            cpus: "0".to_owned(),
        },
        Kind::Affinity {
            process,
            cpus: "0-1".to_owned(),
        },
        Kind::HardwareChange {
            what: Hardware::Cpu,
            speed: 1.5,
            units: Some(4),
        },
        Kind::Replicas {
            service: service(),
            count: 2,
        },
        Kind::LoadChange { ratio: 1.3 },
        Kind::MixChange {
            shares: vec![("op0".to_owned(), 0.5), ("op1".to_owned(), 0.5)],
        },
        Kind::BatchShift {
            work: group("/batch"),
            by_s: 0.0,
        },
        Kind::PoolSize {
            service: service(),
            size: 4,
            by: None,
        },
        Kind::RateLimit {
            service: service(),
            per_s: 30.0,
            burst: 0.0,
            by: None,
        },
    ]
}

fn actions(kinds: &[&Kind]) -> Vec<Action> {
    let one = |(i, kind): (usize, &&Kind)| Action::new(&format!("a{i}"), Kind::clone(kind));
    kinds.iter().enumerate().map(one).collect()
}

#[test]
fn any_two_actions_in_any_order_leave_a_system_that_can_be() {
    for cores in [2.0, 1.0] {
        let calibration = calibrated(0.6, cores);
        for first in kinds() {
            for second in kinds() {
                let all = actions(&[&first, &second]);
                let outcome = crate::predict::point(&calibration, &all);
                for station in &outcome.system.stations {
                    let faster = [&first, &second]
                        .iter()
                        .any(|it| matches!(it, Kind::HardwareChange { .. }));
                    let most = if faster && cores > 1.0 { 4.0 } else { cores };
                    assert!(
                        station.capacity <= most + 1e-9 && station.capacity > 0.0,
                        "{first:?} {second:?}: {station:?}"
                    );
                    assert!(station.allowed <= most + 1e-9, "{station:?}");
                }
                if let Ok(solved) = &outcome.solved {
                    assert!(solved.throughput > 0.0 && solved.response_s > 0.0);
                }
                let swapped = crate::predict::point(&calibration, &actions(&[&second, &first]));
                assert_eq!(swapped.system.stations.len(), outcome.system.stations.len());
            }
        }
    }
}

#[test]
fn what_others_leave_is_no_more_than_can_be_used() {
    let after = |cores: f64, kind: &Kind| {
        let outcome = crate::predict::point(&calibrated(0.6, cores), &actions(&[kind]));
        outcome.system.stations[0].capacity
    };
    let shift = Kind::BatchShift {
        work: "/batch".to_owned(),
        by_s: 0.0,
    };
    assert!(
        (after(1.0, &shift) - 1.0).abs() < 0.05,
        "one core stays one"
    );
    assert!((after(2.0, &shift) - 2.0).abs() < 0.05, "all of the host");
    let weight = Kind::CpuWeight {
        cgroup: "/shop".to_owned(),
        weight: 10_000,
    };
    assert!(after(2.0, &weight) <= 2.0 + 1e-9);
}

#[test]
fn a_limit_before_a_pool_sends_away_what_is_over_it() {
    let calibration = calibrated(0.0, 2.0);
    let kinds = kinds();
    let of = |kinds: &[&Kind]| {
        let outcome = crate::predict::point(&calibration, &actions(kinds));
        outcome.solved.unwrap()
    };
    let pool = &kinds[11];
    let limit = &kinds[12];
    let (alone, both) = (of(&[pool]), of(&[pool, limit]));
    let now = calibration.now.throughput;
    assert!((alone.throughput / now - 1.0).abs() < 1e-6 && alone.rejected == 0.0);
    assert!((both.throughput - 30.0).abs() < 1e-9, "{both:?}");
    assert!((both.rejected - (alone.throughput - 30.0)).abs() < 1e-6);
    assert!(both.response_s < alone.response_s);
    assert!(
        system::bounds(&crate::predict::point(&calibration, &actions(&[pool, limit])).system)
            .throughput_max
            <= 30.0
    );
}
