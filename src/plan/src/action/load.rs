//! More, fewer, other or later requests.

use model::plan::Class;
use model::plan::action::Kind;

use super::{Effect, Model, Stage, effect};
use crate::calibrate::Scope;
use crate::refusal::{Code, Refusal};
use crate::system::{Load, Resource};

/// More or less of the same.
pub(super) const LOAD: Model = Model {
    kinds: &["LoadChange"],
    parameter: "users, or requests a second",
    project: load,
};

/// Other shares of the operations.
pub(super) const MIX: Model = Model {
    kinds: &["MixChange"],
    parameter: "shares of the operations",
    project: mix,
};

/// Work that is moved to another time.
pub(super) const BATCH: Model = Model {
    kinds: &["BatchShift"],
    parameter: "processors that others use",
    project: batch,
};

fn load(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::LoadChange { ratio } = kind else {
        return super::untold::refuse(kind);
    };
    let told = match &mut stage.system.load {
        Load::Closed { users, .. } => {
            *users *= ratio;
            format!("{users:.0} users ask")
        }
        Load::Open { rate } => {
            *rate *= ratio;
            format!("{rate:.1} requests a second are asked")
        }
    };
    Ok(effect(Class::A, told))
}

fn mix(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::MixChange { shares } = kind else {
        return super::untold::refuse(kind);
    };
    let calibration = stage.calibration;
    if let Some(doubt) = calibration.doubt(Scope::Mix) {
        return Err(doubt.refusal.clone());
    }
    if stage.parameters.classes.is_empty() {
        return Err(Code::Collinear.because("the recording tells no operations apart"));
    }
    let total: f64 = shares.iter().map(|it| it.1).sum();
    let mut new = vec![0.0; calibration.classes.len()];
    for (name, share) in shares {
        let place = calibration.classes.iter().position(|it| it.0 == *name);
        let Some(place) = place else {
            let known: Vec<&str> = calibration.classes.iter().map(|it| it.0.as_str()).collect();
            return Err(Code::Collinear
                .because(format!(
                    "no operation is called {name:?}; there are {}",
                    known.join(", ")
                ))
                .advising("name an operation of the recording, or record the new one"));
        };
        new[place] = share / total.max(1e-12);
    }
    for (k, station) in stage.system.stations.iter_mut().enumerate() {
        let demand = |shares: &[f64]| -> f64 {
            let classes = stage.parameters.classes.iter();
            classes
                .zip(shares)
                .map(|(it, share)| it.seconds[k] * share)
                .sum()
        };
        // The mean demand is known better than its parts: they tell the ratio.
        let (before, after) = (demand(&stage.shares), demand(&new));
        if before > 0.0 {
            station.demand_s *= after / before;
        }
    }
    stage.shares = new;
    Ok(effect(
        Class::A,
        "requests have other shares of the operations",
    ))
}

fn batch(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::BatchShift { work, .. } = kind else {
        return super::untold::refuse(kind);
    };
    let calibration = stage.calibration;
    let found: Vec<_> = calibration
        .beside
        .iter()
        .filter(|it| it.name == *work)
        .collect();
    if found.is_empty() {
        let known: Vec<&str> = calibration
            .beside
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        return Err(Code::NotAResource
            .because(match known.is_empty() {
                true => format!("what {work} used was not recorded"),
                false => format!("no work is called {work:?}; there are {}", known.join(", ")),
            })
            .advising(format!("record the processors of {work}")));
    }
    let mut freed = 0.0;
    for (k, known) in calibration.resources.iter().enumerate() {
        let own = found.iter().filter(|it| it.host == known.host);
        let busy: f64 = own.map(|it| it.busy).sum();
        if known.resource == Resource::Cpu {
            let before = stage.system.stations[k].capacity;
            let gone = busy.min(known.others) * (1.0 - stage.parameters.yields);
            stage.free(k, gone);
            freed += stage.system.stations[k].capacity - before;
        }
    }
    Ok(effect(
        Class::A,
        format!("{work} leaves {freed:.2} processors to the application"),
    ))
}
