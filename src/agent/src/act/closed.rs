//! Refuses every change: this system or build cannot carry one out.

use std::sync::mpsc::SyncSender;

use wire::change::{Ask, Policy, Told};
use wire::message::Reason;

use super::Places;
use crate::command::Options;
use crate::engine::Engine;
use crate::inlet::Incoming;

const WHY: &str = "this build of the agent cannot change anything: only the one for Linux can";

/// A gate that stays shut.
pub(crate) struct Gate {
    asked: bool,
}

impl Gate {
    pub(crate) fn open(options: &Options, _: SyncSender<Incoming>, _: i64) -> Self {
        Self {
            asked: options.change.is_some(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        false
    }

    pub(crate) fn limit(&self) -> Option<String> {
        self.asked.then(|| WHY.to_owned())
    }

    pub(crate) fn ask(&mut self, ask: &Ask, _: i64) -> Vec<Reason> {
        if ask.policy || *ask == Ask::default() {
            return Vec::new();
        }
        vec![Reason {
            what: "to change something".to_owned(),
            why: WHY.to_owned(),
        }]
    }

    pub(crate) fn policy(&self) -> Told {
        Told {
            policy: Some(Policy {
                why: WHY.to_owned(),
                ..Policy::default()
            }),
            ..Told::default()
        }
    }

    pub(crate) fn hear(&mut self, _: u64, _: Option<Told>, _: i64) {}

    pub(crate) fn measure(&mut self, _: &Engine, _: i64) {}

    pub(crate) fn wants_every_ns(&self) -> Option<i64> {
        None
    }

    pub(crate) fn take(&mut self) -> Option<Told> {
        None
    }
}

/// Refuses.
pub(crate) fn keep(_: &Places) -> Result<u8, String> {
    Err(WHY.to_owned())
}

/// Refuses.
pub(crate) fn recover(_: &Places) -> Result<(u8, String), String> {
    Err(WHY.to_owned())
}
