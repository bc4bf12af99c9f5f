//! Calibrations against simulated applications, whose parameters are known.

use super::*;
use crate::refusal::Code;
use crate::simulate::{Asked, Scene, observed};

fn calibrated(scene: &Scene) -> Calibration {
    let params = Params {
        draws: 60,
        ..Params::default()
    };
    calibrate(&observed(scene), &params).unwrap()
}

fn near(got: f64, want: f64, within: f64) {
    assert!((got / want - 1.0).abs() < within, "{got} is not {want}");
}

fn codes(found: &Calibration, scope: Scope) -> Vec<Code> {
    let own = found.doubts.iter().filter(|it| it.scope == scope);
    own.map(|it| it.refusal.code).collect()
}

#[test]
fn a_closed_application_gives_its_parameters_back() {
    let found = calibrated(&Scene::default());
    assert!(found.doubts.is_empty(), "{:?}", found.doubts);
    near(found.point.demand_s[0], 0.02, 0.03);
    near(found.point.think_s, 0.1, 0.05);
    assert!(
        (found.point.hidden_s - 0.01).abs() < 0.002,
        "{:?}",
        found.point
    );
    assert!(found.users_known);
    let worst = found.backtest.throughput.iter().map(|it| it.abs());
    assert!(worst.fold(0.0, f64::max) < 0.1, "{:?}", found.backtest);
}

#[test]
fn an_open_application_with_background_gives_its_parameters_back() {
    let scene = Scene {
        stretches: [20.0, 35.0, 50.0, 65.0]
            .map(|rate| (80.0, Asked::Rate(rate)))
            .to_vec(),
        background: 0.2,
        users_known: false,
        delay_s: 0.015,
        ..Scene::default()
    };
    let found = calibrated(&scene);
    assert!(found.doubts.is_empty(), "{:?}", found.doubts);
    near(found.point.demand_s[0], 0.02, 0.05);
    near(found.point.background[0], 0.2, 0.3);
    near(found.point.capacity[0], 1.8, 0.05);
    assert!(
        (found.point.hidden_s - 0.015).abs() < 0.003,
        "{:?}",
        found.point
    );
    near(found.point.waits, 1.0, 0.35);
}

#[test]
fn operations_are_told_apart_where_their_shares_move() {
    let scene = Scene {
        stretches: [20.0, 40.0, 30.0, 40.0, 20.0, 30.0]
            .map(|rate| (60.0, Asked::Rate(rate)))
            .to_vec(),
        demand_s: vec![0.01, 0.04],
        shares: [0.1, 0.2, 0.6, 0.4, 0.8, 0.3]
            .map(|it| vec![1.0 - it, it])
            .to_vec(),
        users_known: false,
        ..Scene::default()
    };
    let found = calibrated(&scene);
    assert_eq!(codes(&found, Scope::Mix), [], "{:?}", found.doubts);
    near(found.point.classes[0].seconds[0], 0.01, 0.2);
    near(found.point.classes[1].seconds[0], 0.04, 0.1);
}

#[test]
fn resamples_hold_the_truth_as_often_as_they_say() {
    let held = (0..40).filter(|seed| {
        let scene = Scene {
            seed: 1000 + seed,
            ..Scene::default()
        };
        let mut demands: Vec<f64> = calibrated(&scene)
            .draws
            .iter()
            .map(|it| it.demand_s[0])
            .collect();
        demands.sort_by(f64::total_cmp);
        let at = |share: f64| demands[(share * (demands.len() - 1) as f64) as usize];
        (at(0.1)..=at(0.9)).contains(&0.02)
    });
    let held = held.count();
    assert!((24..=38).contains(&held), "{held} of 40 intervals of 80 %");
}
