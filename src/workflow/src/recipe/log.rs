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

/// Facts that are decided before a step begins.
const PLANNED: [&str; 2] = ["begin", "limit"];

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
        if matches!(entry.event, Event::Started | Event::Failed) {
            self.reset_after(step);
        }
        let facts = self.facts.entry(step).or_default();
        if entry.event == Event::Started {
            // What an earlier attempt made is replaced; what was decided stays.
            facts.retain(|name, _| PLANNED.contains(&name.as_str()));
        }
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

    /// What later steps made of something that is no more counts for nothing.
    fn reset_after(&mut self, step: Step) {
        let is_later = |it: &Step| *it > step;
        for (_, standing) in self.steps.iter_mut().filter(|(it, _)| is_later(it)) {
            *standing = Standing::Waiting;
        }
        self.facts.retain(|it, _| !is_later(it));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn state(events: &[(Step, Event)]) -> State {
        let mut state = State::default();
        for (number, (step, event)) in events.iter().enumerate() {
            state.add(&Entry {
                step: Some(*step),
                event: *event,
                text: String::new(),
                facts: [("number".to_owned(), number.to_string())].into(),
            });
        }
        state
    }

    #[test]
    fn what_followed_from_a_step_that_is_done_anew_waits_again() {
        let mut events = Vec::new();
        for step in [Step::Collect, Step::Analyze, Step::Optimize, Step::Report] {
            events.extend([(step, Event::Started), (step, Event::Validated)]);
        }
        for (further, standings) in [
            (&[][..], "Done Done Done Done"),
            (&[(Step::Analyze, Event::Planned)], "Done Done Done Done"),
            (
                &[(Step::Collect, Event::Failed)],
                "Failed Waiting Waiting Waiting",
            ),
            (
                &[
                    (Step::Collect, Event::Started),
                    (Step::Collect, Event::Validated),
                    (Step::Analyze, Event::Started),
                    (Step::Analyze, Event::Validated),
                ],
                "Done Done Waiting Waiting",
            ),
        ] {
            let state = state(&[&events, further].concat());
            let steps = [Step::Collect, Step::Analyze, Step::Optimize, Step::Report];
            let told = steps.map(|it| format!("{:?}", state.standing(it)));
            assert_eq!(told.join(" "), standings, "{further:?}");
            let waits = state.standing(Step::Report) == Standing::Waiting;
            assert_eq!(state.fact(Step::Report, "number").is_none(), waits);
        }
    }
}
