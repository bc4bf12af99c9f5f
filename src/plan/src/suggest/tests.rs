//! Remedies for verdicts, with and without a calibration.

use analysis::bottleneck::Culprit;
use model::time::Span;

use super::*;
use crate::calibrate::{Params, calibrate};
use crate::simulate::{Asked, Scene, observed};

fn outcome(resource: Resource, culprits: Vec<Culprit>) -> Outcome {
    Outcome {
        span: Span::default(),
        verdict: Some(resource),
        resources: vec![Judgment {
            resource,
            host: String::new(),
            part: String::new(),
            utilization: 0.97,
            saturation: 3.0,
            saturation_name: "",
            saturation_unit: "1",
            errors: 0.0,
            score: 0.9,
            limited_seconds: 60.0,
            limited_between: (50.0, 70.0),
            share: None,
            lag: None,
            supports: Vec::new(),
            against: Vec::new(),
            culprits,
            coverage: 1.0,
        }],
        cells: Vec::new(),
        episodes: Vec::new(),
        symptom: None,
        covered: 1.0,
        operations: Vec::new(),
    }
}

fn calibration() -> Calibration {
    let scene = Scene {
        stretches: [4, 10, 20, 30].map(|n| (60.0, Asked::Users(n))).to_vec(),
        ..Scene::default()
    };
    let mut seen = observed(&scene);
    seen.resources[0].groups = vec!["/shop".to_owned()];
    seen.resources[0].units = 8.0;
    seen.resources[0].cores = 8.0;
    seen.resources[0].quota.fill(2.0);
    let params = Params {
        draws: 40,
        ..Params::default()
    };
    calibrate(&seen, &params).unwrap()
}

#[test]
fn a_full_processor_brings_remedies_that_are_predicted_and_ranked() {
    let found = calibration();
    let all = suggestions(
        &outcome(Resource::Cpu, Vec::new()),
        Some(&found),
        &Widening::default(),
    );
    let told: Vec<&str> = all.iter().map(|it| it.told.as_str()).collect();
    assert!(
        told[0].contains("second copy") || told[0].contains("let /shop use"),
        "{told:?}"
    );
    assert!(all[0].gain > 0.2 && !all[0].expected.is_empty(), "{all:?}");
    assert!(all.windows(2).all(|it| it[0].gain >= it[1].gain));
    assert!(
        told.iter()
            .any(|it| it.contains("let /shop use 3.00 processors instead of 2.00"))
    );
}

#[test]
fn what_no_model_has_is_suggested_as_a_trial() {
    let found = calibration();
    let mut disk = outcome(Resource::Disk, Vec::new());
    disk.resources[0].part = "sda".to_owned();
    let all = suggestions(&disk, Some(&found), &Widening::default());
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].action.kind.name(), "IoScheduler");
    assert_eq!(
        all[0].refused.as_ref().map(|it| it.code),
        Some(Code::NotAResource)
    );
    assert_eq!(all[0].gain, 0.0);
}

#[test]
fn without_a_calibration_or_a_verdict_nothing_is_promised() {
    let group = Culprit {
        who: Who::Cgroup("/batch".to_owned()),
        share: 0.8,
    };
    let all = suggestions(
        &outcome(Resource::CpuThrottling, vec![group]),
        None,
        &Widening::default(),
    );
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].told.contains("/batch") && all[0].refused.is_some());
    let mut none = outcome(Resource::Cpu, Vec::new());
    none.verdict = None;
    assert!(suggestions(&none, None, &Widening::default()).is_empty());
}
