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

use crate::calibrate::{Calibration, Known, Parameters};
use crate::refusal::Refusal;
use crate::system::{Station, System};

mod cache;
mod cpu;
mod hardware;
mod load;
mod memory;
mod pool;
mod replicas;
mod share;
mod untold;

pub(crate) use cpu::worker_setting;

/// What an action changes, and with what.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The calibration.
    pub calibration: &'a Calibration,
    /// The parameters in use: the point's or a draw's.
    pub parameters: &'a Parameters,
    /// The system, as the actions before left it.
    pub system: System,
    /// What decides how much of each resource the application may use at once.
    pub room: Vec<Room>,
    /// What became of the shares of the operations.
    pub shares: Vec<f64>,
    /// Share of requests that a cache answers now and then, where a curve tells.
    pub hits: Option<(f64, f64)>,
}

/// Units of a resource: what there is, what may be used, what others take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Units that the host has.
    pub units: f64,
    /// Units of them that the application may use at once.
    pub cores: f64,
    /// Units that others take from it; none where they are part of the background.
    pub taken: f64,
    /// Whether it may use certain units only, which others may use too.
    pub pinned: bool,
    /// Units beyond what those explain, such as time that the machine below took.
    rest: f64,
}

/// No resource is smaller, so that nothing is divided by nothing.
const LEAST: f64 = 0.01;

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
        let system = calibration.system(parameters);
        let room = |(known, station): (&Known, &Station)| {
            let mut room = Room {
                units: known.units,
                cores: known.cores,
                taken: match known.apart {
                    true => known.others * (1.0 - parameters.yields),
                    false => 0.0,
                },
                pinned: false,
                rest: 0.0,
            };
            room.rest = station.capacity - (room.left() - station.background);
            room
        };
        let rooms = calibration.resources.iter().zip(&system.stations);
        Self {
            room: rooms.map(room).collect(),
            system,
            shares: calibration.classes.iter().map(|it| it.1).collect(),
            hits: None,
            calibration,
            parameters,
        }
    }

    /// Units of a resource that somebody else takes from the application.
    fn taken(&self, k: usize) -> f64 {
        match self.calibration.resources[k].apart {
            true => self.room[k].taken,
            false => self.system.stations[k].background,
        }
    }

    /// Lets others take so much less of a resource.
    fn free(&mut self, k: usize, units: f64) {
        match self.calibration.resources[k].apart {
            true => self.room[k].taken = (self.room[k].taken - units).max(0.0),
            false => {
                let background = &mut self.system.stations[k].background;
                *background = (*background - units).max(0.0);
            }
        }
        self.fit(k);
    }

    /// Brings the capacity of a resource in line with its room.
    fn fit(&mut self, k: usize) {
        let (room, station) = (self.room[k], &mut self.system.stations[k]);
        let most = room.cores - station.background;
        let left = room.left() - station.background + room.rest;
        station.capacity = left.min(most).max(LEAST);
    }
}

impl Room {
    /// Units that others leave, as far as they may be used.
    fn left(self) -> f64 {
        match self.pinned {
            true => self.cores - self.taken,
            false => self.cores.min(self.units - self.taken),
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
