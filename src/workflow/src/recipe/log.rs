//! The log of a run: what each step did, when, and what came of it.
//!
//! A sealed book (`sealed`): one writer, each line on disk before the next thing happens.
//! It says what was done; what is there is looked at again when a run is resumed.
//!
//! Start at [`Entry`] and [`State::of`].

use std::collections::BTreeMap;

use model::recipe::Step;
use serde::{Deserialize, Serialize};

use crate::records::Line;

/// What one line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which step; none for the run as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// What happened.
    pub event: Event,
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What later steps and people need: paths within the run folder, figures.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// What can happen to a step or a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// It is decided what is done, and how long it may take.
    Planned,
    /// It began.
    Started,
    /// It is alive.
    Progress,
    /// It did its work.
    Executed,
    /// What it made was looked at, and is as the recipe asks.
    Validated,
    /// It failed.
    Failed,
    /// It is tried again.
    Retried,
    /// The run goes on after an interruption.
    Resumed,
    /// The run is over.
    Finished,
}

impl Event {
    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Started => "started",
            Self::Progress => "progress",
            Self::Executed => "executed",
            Self::Validated => "validated",
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::Resumed => "resumed",
            Self::Finished => "finished",
        }
    }
}

/// Where a step stands by the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It was not begun.
    #[default]
    Waiting,
    /// It began and did not end, or ended without being validated.
    Begun,
    /// What it made was validated.
    Done,
    /// It failed for good.
    Failed,
}

/// What a log says of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Where each step stands.
    pub steps: BTreeMap<Step, Standing>,
    /// Facts of each step, the latest of each name.
    pub facts: BTreeMap<Step, BTreeMap<String, String>>,
    /// Attempts that each step has begun.
    pub attempts: BTreeMap<Step, u32>,
    /// How the run ended, if it did: in words.
    pub finished: Option<String>,
    /// SHA-256 of the recipe that it runs.
    pub recipe: String,
}

impl State {
    /// What the lines of a log say together.
    pub fn of(lines: &[Line<Entry>]) -> Self {
        let mut state = Self::default();
        for line in lines {
            state.add(&line.what);
        }
        state
    }

    /// Takes in one more line.
    pub fn add(&mut self, entry: &Entry) {
        let Some(step) = entry.step else {
            match entry.event {
                Event::Planned => {
                    let recipe = entry.facts.get("recipe").cloned();
                    self.recipe = recipe.unwrap_or_default();
                }
                Event::Finished => self.finished = Some(entry.text.clone()),
                Event::Resumed => self.finished = None,
                _ => {}
            }
            return;
        };
        let facts = self.facts.entry(step).or_default();
        facts.extend(entry.facts.clone());
        let standing = match entry.event {
            Event::Started => {
                *self.attempts.entry(step).or_default() += 1;
                Standing::Begun
            }
            Event::Executed | Event::Retried => Standing::Begun,
            Event::Validated => Standing::Done,
            Event::Failed => Standing::Failed,
            Event::Planned | Event::Progress | Event::Resumed | Event::Finished => return,
        };
        self.steps.insert(step, standing);
    }

    /// Where a step stands.
    pub fn standing(&self, step: Step) -> Standing {
        self.steps.get(&step).copied().unwrap_or_default()
    }

    /// A fact of a step.
    pub fn fact(&self, step: Step, name: &str) -> Option<&str> {
        self.facts.get(&step)?.get(name).map(String::as_str)
    }
}
