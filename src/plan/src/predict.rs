//! Predictions: what a plan would bring, with an interval, or why that cannot be said.
//!
//! * [`point`]: the best guess alone, within a few microseconds, for a slider that moves.
//! * [`predict`]: with intervals from resampled parameters and from the errors of the
//!   back-test, one action at a time and together.
//! * [`curves`]: throughput, response time and utilization against load.
//! * [`sensitivity`]: which input the answer hangs on.
//!
//! Never: answers where a doubt of the calibration or the distance of the question forbids
//! it; a refusal names its code and what to record next.

use model::plan::action::{Action, Kind};
use model::plan::{Class, Expected, Plan};
use model::unit::digits;
use serde::Serialize;

use crate::action::{self, Stage};
use crate::calibrate::{Backtest, Calibration, Parameters, Scope};
use crate::refusal::{Code, Refusal};
use crate::system::{self, Bounds, Load, Solved, System, Unsolvable};

mod curve;
mod interval;
mod metrics;
mod sensitivity;

pub use curve::{Band, Curve, Place, curves};
pub use interval::Widening;
pub use sensitivity::{Input, sensitivity};

/// Version of the models: a prediction of another one is not fresh.
pub const MODELS: &str = "1";

/// What the actions make of a system.
#[derive(Debug)]
pub struct Outcome {
    /// The system.
    pub system: System,
    /// Its operating point; why there is none.
    pub solved: Result<Solved, Unsolvable>,
    /// Share of the requests that a cache answers before and after, where it is resized.
    pub hits: Option<(f64, f64)>,
    /// What each action did, or why that cannot be said, in the order of carrying out.
    pub effects: Vec<(String, Result<action::Effect, Refusal>)>,
}

/// What one action does alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alone {
    /// Its id in the plan.
    pub action: String,
    /// What it changes, in words; empty where it is refused.
    pub told: String,
    /// What it costs.
    pub cost: f64,
    /// What is expected of it alone; empty where it is refused.
    pub expected: Vec<Expected>,
    /// Why nothing can be said.
    pub refused: Option<Refusal>,
}

/// A prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// What is expected of all actions together, refusals included.
    pub expected: Vec<Expected>,
    /// What each action does alone.
    pub alone: Vec<Alone>,
    /// Cost of all actions.
    pub cost: f64,
    /// Limits of the planned system.
    pub bounds: Bounds,
    /// Operating point before, by the model.
    pub before: Option<Solved>,
    /// Operating point after.
    pub after: Option<Solved>,
    /// Load that the planned system is asked with: users, or requests a second.
    pub load: f64,
    /// What is to be known, one sentence each.
    pub notes: Vec<String>,
    /// The check inside of the recording.
    pub backtest: Backtest,
    /// SHA-256 of what the models were given.
    pub inputs_hash: String,
}

/// Applies all actions to the best parameters and solves.
pub fn point(calibration: &Calibration, actions: &[Action]) -> Outcome {
    outcome(calibration, &calibration.point, actions)
}

/// Applies all actions to some parameters and solves.
pub(crate) fn outcome(
    calibration: &Calibration,
    parameters: &Parameters,
    actions: &[Action],
) -> Outcome {
    let mut stage = Stage::new(calibration, parameters);
    let order = model::plan::check::order(actions);
    let mut order = order.unwrap_or_else(|| (0..actions.len()).collect());
    // Every copy is like the one that all other actions make.
    order.sort_by_key(|i| matches!(actions[*i].kind, Kind::Replicas { .. }));
    let effects = order
        .into_iter()
        .map(|i| {
            let effect = action::project(&actions[i], &mut stage);
            (actions[i].id.clone(), effect)
        })
        .collect();
    Outcome {
        solved: system::solve(&stage.system),
        system: stage.system,
        hits: stage.hits,
        effects,
    }
}

/// Predicts a plan: all actions together and each alone.
pub fn predict(calibration: &Calibration, plan: &Plan, widening: &Widening) -> Prediction {
    let actions = &plan.actions;
    let together = point(calibration, actions);
    let inputs_hash = inputs_hash(calibration, actions);
    let mut expected = metrics::expected(calibration, actions, widening);
    for expected in &mut expected {
        expected.inputs_hash.clone_from(&inputs_hash);
    }
    let alone = actions.iter().map(|it| alone(calibration, it, widening));
    let before = system::solve(&calibration.system(&calibration.point)).ok();
    Prediction {
        expected,
        alone: alone.collect(),
        cost: actions.iter().map(|it| it.cost).sum(),
        bounds: system::bounds(&together.system),
        before,
        load: together.system.load_number(),
        notes: notes(calibration, &together),
        after: together.solved.ok(),
        backtest: calibration.backtest.clone(),
        inputs_hash,
    }
}

/// The models that may answer for a calibration, of means and of percentiles, by the names
/// that a ledger keeps their scores under.
pub fn models(calibration: &Calibration) -> [[String; 2]; 2] {
    let own = metrics::model_name(&calibration.system(&calibration.point));
    let both = [own, metrics::POOL];
    ["", metrics::PERCENTILES].map(|of| both.map(|it| format!("{it}{of}")))
}

/// Predicts one action as if it were the only one.
pub fn alone(calibration: &Calibration, action: &Action, widening: &Widening) -> Alone {
    let mut single = action.clone();
    single.after.clear();
    let actions = [single];
    let outcome = point(calibration, &actions);
    let effect = outcome.effects.into_iter().next().map(|it| it.1);
    let (told, refused) = match effect {
        Some(Ok(effect)) => (effect.told, None),
        Some(Err(refusal)) => (String::new(), Some(refusal)),
        None => (String::new(), None),
    };
    Alone {
        action: action.id.clone(),
        told,
        cost: action.cost,
        expected: match refused {
            Some(_) => Vec::new(),
            None => metrics::expected(calibration, &actions, widening),
        },
        refused,
    }
}

fn notes(calibration: &Calibration, outcome: &Outcome) -> Vec<String> {
    let mut notes = Vec::new();
    for (id, effect) in &outcome.effects {
        match effect {
            Ok(effect) => notes.push(format!("{id}: {}", effect.told)),
            Err(refusal) => notes.push(format!(
                "{id} is left out of the prediction: {}",
                refusal.why
            )),
        }
    }
    notes.extend(calibration.notes.iter().cloned());
    notes.extend(if_closed(calibration, &outcome.system));
    if let Err(error) = &outcome.solved {
        notes.push(error.to_string());
    }
    notes
}

/// What it would be if those who ask were a fixed number, where nobody counted them: the
/// other answer, so that both are seen.
fn if_closed(calibration: &Calibration, system: &System) -> Option<String> {
    let now = &calibration.now;
    let Load::Open { rate } = system.load else {
        return None;
    };
    // As many as are in flight now, and ask again at once: Little's law then gives the
    // throughput of now.
    let users = now.response_s? * rate;
    let closed = System {
        load: Load::Closed {
            users,
            think_s: 0.0,
        },
        ..system.clone()
    };
    let solved = system::solve(&closed).ok()?;
    Some(format!(
        "if those who ask were {} who wait for each answer, it would be {} requests a second of {} ms",
        digits(users),
        digits(solved.throughput),
        digits(solved.response_s * 1e3)
    ))
}

/// Why a question lies too far from what was seen; `None` where it does not.
pub(crate) fn too_far(calibration: &Calibration, system: &System) -> Option<Refusal> {
    /// Loads from half of the least to twice the most that was seen.
    const FACTOR: f64 = 2.0;
    let (what, value, (least, most)) = match system.load {
        Load::Closed { users, .. } => ("users", users, calibration.range.users?),
        Load::Open { rate } => ("requests a second", rate, calibration.range.throughput),
    };
    // Means of bins wander a little: a question about the very edge is owed an answer.
    let slack = 1.0 + 1e-9;
    if value > most * FACTOR * slack || value * FACTOR * slack < least {
        return Some(Code::Extrapolation.because(format!(
            "{} {what} are asked about, and {} to {} were recorded; answers reach from half of the least to twice the most",
            digits(value),
            digits(least),
            digits(most)
        )));
    }
    None
}

/// The best class that the actions and the calibration allow.
fn best(effects: &[(String, Result<action::Effect, Refusal>)]) -> Class {
    let of_actions = effects
        .iter()
        .filter_map(|it| it.1.as_ref().ok())
        .map(|it| it.best);
    of_actions.max().unwrap_or(Class::A)
}

/// Whether an action moves the operating point.
fn moves(calibration: &Calibration, system: &System) -> bool {
    *system != calibration.system(&calibration.point)
}

/// The refusal that covers everything, if there is one.
fn of_all(calibration: &Calibration) -> Option<&Refusal> {
    calibration.doubt(Scope::All).map(|it| &it.refusal)
}

/// SHA-256 over the parameters and the actions.
fn inputs_hash(calibration: &Calibration, actions: &[Action]) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(format!("{MODELS}\n{:?}\n", calibration.point));
    hash.update(format!("{:?}\n{actions:?}", calibration.now));
    let digest = hash.finalize();
    digest.iter().map(|it| format!("{it:02x}")).collect()
}

#[cfg(test)]
mod tests;
