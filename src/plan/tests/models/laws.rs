//! The operational laws, and scaling by formula.

use plan::solve::laws::{self, Counted};
use plan::solve::scaling;
use plan::solve::{SolveError, bounds};

use super::close;

#[test]
fn counts_imply_rates() {
    let counted = Counted {
        window_seconds: 60.0,
        busy_seconds: 90.0,
        completions: 1800.0,
        servers: 2.0,
    };
    let implied = laws::implied(&counted).unwrap();
    close(implied.throughput, 30.0, 1e-12, "throughput");
    close(implied.utilization, 0.75, 1e-12, "utilization");
    close(implied.demand_seconds.unwrap(), 0.05, 1e-12, "demand");
    let none = Counted {
        completions: 0.0,
        ..counted
    };
    assert_eq!(laws::implied(&none).unwrap().demand_seconds, None);
    assert!(laws::contradictions(&[counted]).unwrap().is_empty());
    let single = Counted {
        servers: 1.0,
        ..counted
    };
    let found = laws::contradictions(&[counted, single]).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].resource, 1);
}

#[test]
fn a_load_generator_that_corrects_its_times_breaks_the_law() {
    // Four connections and 190.9 answers a second cannot each have taken 26 ms.
    let gap = laws::little_gap(4.0, 190.9, 0.026).unwrap();
    assert!(gap > laws::LITTLE_TOLERANCE);
    let honest = laws::little_gap(4.0, 190.9, 4.0 / 190.9).unwrap();
    assert!(honest < 1e-12);
}

#[test]
fn laws_refuse_nonsense() {
    assert!(matches!(
        laws::throughput(1.0, 0.0, 0.0),
        Err(SolveError::Input { .. })
    ));
    assert!(laws::throughput(f64::NAN, 1.0, 0.0).is_err());
    assert!(laws::demands(&[0.5], 0.0).is_err());
    assert_eq!(laws::bottleneck(&[0.0, 0.0]), Ok(None));
    assert_eq!(
        laws::bottleneck(&[0.1, 0.3, 0.3]).unwrap().unwrap().station,
        1
    );
}

#[test]
fn bounds_meet_at_the_knee() {
    let demands = [0.605, 2.1, 1.35];
    let knee = bounds::knee(&demands, 15.0).unwrap();
    close(knee, (4.055 + 15.0) / 2.1, 1e-12, "knee");
    close(
        bounds::open_rate(&[0.2, 0.9], &[1, 4]).unwrap(),
        4.0 / 0.9,
        1e-12,
        "open",
    );
}

#[test]
fn parts_that_cannot_be_divided_limit_speed() {
    close(
        scaling::amdahl(0.6, Some(3.0)).unwrap(),
        1.0 / 0.6,
        1e-12,
        "Amdahl",
    );
    assert!(scaling::amdahl(1.0, None).unwrap().is_infinite());
    close(
        scaling::gustafson(0.05, 64.0).unwrap(),
        60.85,
        1e-12,
        "Gustafson",
    );
    assert!(scaling::amdahl(1.5, None).is_err());
    let contention_only = scaling::Usl {
        alpha: 0.1,
        beta: 0.0,
        gamma: 1.0,
    };
    let amdahl = scaling::amdahl(0.9, Some(8.0)).unwrap();
    close(
        contention_only.throughput(8.0),
        amdahl,
        1e-12,
        "without coherency it is Amdahl's",
    );
}
