//! What each kind of action does to the parameters of a system.
//!
//! One file a kind or a family of kinds, one line in [`ALL`]. A kind that is no parameter
//! of any model is refused as such (I7), and tried instead.
//!
//! * In: a kind, the calibration, and a system that earlier actions may have changed.
//! * Out: the system changed, and what is to be known of the answer; or a refusal.
//! * Never: invents a parameter that the recording does not have.
//!
//! Start at [`project`].

use model::plan::Class;
use model::plan::action::{Action, Kind};

use crate::calibrate::{Calibration, Parameters};
use crate::refusal::Refusal;
use crate::system::System;

mod cache;
mod cpu;
mod hardware;
mod load;
mod memory;
mod pool;
mod replicas;
mod share;
mod untold;

/// What an action changes, and with what.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The calibration.
    pub calibration: &'a Calibration,
    /// The parameters in use: the point's or a draw's.
    pub parameters: &'a Parameters,
    /// The system, as the actions before left it.
    pub system: System,
    /// What became of the shares of the operations.
    pub shares: Vec<f64>,
    /// Share of requests that a cache answers now and then, where a curve tells.
    pub hits: Option<(f64, f64)>,
}

/// What is to be known of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What it did, in words.
    pub told: String,
    /// At best so sure.
    pub best: Class,
}

/// One kind of action, for models.
pub struct Model {
    /// Names of the kinds it is for.
    pub kinds: &'static [&'static str],
    /// Which parameter it changes, in words.
    pub parameter: &'static str,
    /// Changes the stage.
    pub project: fn(&Kind, &mut Stage<'_>) -> Result<Effect, Refusal>,
}

/// Every kind, in menu order. Add yours here.
pub const ALL: &[Model] = &[
    cpu::MAX,
    cpu::SET,
    cpu::WORKERS,
    share::MODEL,
    memory::MODEL,
    hardware::MODEL,
    replicas::MODEL,
    load::LOAD,
    load::MIX,
    load::BATCH,
    pool::SIZE,
    pool::LIMIT,
    cache::MODEL,
    untold::MODEL,
];

impl<'a> Stage<'a> {
    /// The system before any action.
    pub fn new(calibration: &'a Calibration, parameters: &'a Parameters) -> Self {
        Self {
            system: calibration.system(parameters),
            shares: calibration.classes.iter().map(|it| it.1).collect(),
            hits: None,
            calibration,
            parameters,
        }
    }
}

/// Applies one action.
///
/// # Errors
///
/// The [`Refusal`]: no model has it, or the recording lacks what the model needs.
pub fn project(action: &Action, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let name = action.kind.name();
    let found = ALL.iter().find(|it| it.kinds.contains(&name));
    match found {
        Some(model) => (model.project)(&action.kind, stage),
        None => untold::refuse(&action.kind),
    }
}

fn effect(best: Class, told: impl Into<String>) -> Effect {
    Effect {
        told: told.into(),
        best,
    }
}

#[cfg(test)]
mod tests;
