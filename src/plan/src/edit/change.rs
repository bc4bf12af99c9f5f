//! Edits, as they are asked for.

use model::plan::action::{Action, Execute, Kind, Scope};
use model::plan::guard::{Guardrail, Precondition};
use model::plan::{Baseline, Objective, Plan, Rollback, State, Validation};

use super::parameter::{ParameterError, Value};

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// To the chosen plan; [`Change::Baseline`] to all of them.
    Plan(Box<Change>),
    /// To the alternatives.
    Variant(Variant),
}

/// What is done to a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// What it is for.
    Title(String),
    /// Who writes it.
    Author(String),
    /// What shall be reached.
    Objective(Option<Objective>),
    /// What all alternatives are made from.
    Baseline(Baseline),
    /// How it is taken back.
    Rollback(Rollback),
    /// How the outcome is judged.
    Validation(Validation),
    /// A new action at this place; at the end where it is beyond.
    AddAction(usize, Action),
    /// A copy of an action right behind it, under a new id.
    DuplicateAction(String),
    /// An action and all mentions of it go.
    RemoveAction(String),
    /// An action to another place in the file.
    MoveAction(String, usize),
    /// Another id, also where others name it.
    RenameAction(String, String),
    /// What an action changes.
    Kind(String, Kind),
    /// One field of what an action changes, by its name in [`super::parameters`].
    Parameter(String, String, Value),
    /// Which actions come before an action.
    After(String, Vec<String>),
    /// What must hold right before an action.
    Preconditions(String, Vec<Precondition>),
    /// Whether an action outlives a restart.
    Scope(String, Scope),
    /// Who carries an action out.
    Execute(String, Execute),
    /// Seconds to wait after an action.
    Settle(String, f64),
    /// What an action costs.
    Cost(String, f64),
    /// Why an action is there.
    Note(String, String),
    /// A new guardrail at the end.
    AddGuardrail(Guardrail),
    /// Another guardrail in its place.
    Guardrail(usize, Guardrail),
    /// A guardrail goes.
    RemoveGuardrail(usize),
    /// Everything that is edited, as it stands in a text that was written by hand; what it
    /// is made from is that of all alternatives. What was predicted, agreed to and carried
    /// out is not taken from there.
    Contents(Box<Plan>),
}

/// What is done to the alternatives.
#[derive(Clone, Debug, PartialEq)]
pub enum Variant {
    /// A plan without actions from the same baseline, under this name; it is chosen.
    Add(String),
    /// A copy of an alternative under a new name; it is chosen.
    Duplicate(String, String),
    /// Another name.
    Rename(String, String),
    /// An alternative goes; the last one stays.
    Remove(String),
    /// The alternative that is worked on.
    Choose(String),
}

/// Why an edit is not possible.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditError {
    /// The plan says what is done or was done.
    #[error("a plan that is {} is not edited: duplicate it and edit the copy", .0.name())]
    Frozen(State),
    /// It names what is not there.
    #[error("there is no {0}")]
    NotThere(String),
    /// A name or id is taken, or is none.
    #[error("{0}")]
    Name(String),
    /// There are as many as there may be.
    #[error("there are {0} already, which is as many as a plan may have")]
    Full(usize),
    /// Actions would wait for each other.
    #[error("the actions would wait for each other in a ring")]
    Ring,
    /// A value is not one for its field.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

impl From<Change> for Edit {
    fn from(change: Change) -> Self {
        Self::Plan(Box::new(change))
    }
}

impl From<Variant> for Edit {
    fn from(variant: Variant) -> Self {
        Self::Variant(variant)
    }
}

impl Edit {
    /// Whether two edits set the same field, so that the later makes the earlier moot.
    pub(super) fn is_of_same_field(&self, other: &Self) -> bool {
        let (Self::Plan(a), Self::Plan(b)) = (self, other) else {
            return false;
        };
        match (&**a, &**b) {
            (Change::Parameter(a, x, _), Change::Parameter(b, y, _)) => (a, x) == (b, y),
            (Change::Guardrail(a, _), Change::Guardrail(b, _)) => a == b,
            (Change::MoveAction(a, _), Change::MoveAction(b, _))
            | (Change::Kind(a, _), Change::Kind(b, _))
            | (Change::Settle(a, _), Change::Settle(b, _))
            | (Change::Cost(a, _), Change::Cost(b, _))
            | (Change::Note(a, _), Change::Note(b, _))
            | (Change::After(a, _), Change::After(b, _))
            | (Change::Preconditions(a, _), Change::Preconditions(b, _))
            | (Change::Scope(a, _), Change::Scope(b, _))
            | (Change::Execute(a, _), Change::Execute(b, _)) => a == b,
            (Change::Title(_), Change::Title(_))
            | (Change::Author(_), Change::Author(_))
            | (Change::Objective(_), Change::Objective(_))
            | (Change::Baseline(_), Change::Baseline(_))
            | (Change::Rollback(_), Change::Rollback(_))
            | (Change::Validation(_), Change::Validation(_)) => true,
            _ => false,
        }
    }

    /// What it does, in a few words, as a menu shows it after "Undo".
    pub fn label(&self) -> String {
        match self {
            Self::Plan(change) => change.label(),
            Self::Variant(Variant::Add(name)) => format!("new alternative {name}"),
            Self::Variant(Variant::Duplicate(from, _)) => format!("copy of alternative {from}"),
            Self::Variant(Variant::Rename(from, to)) => format!("rename {from} to {to}"),
            Self::Variant(Variant::Remove(name)) => format!("remove alternative {name}"),
            Self::Variant(Variant::Choose(name)) => format!("choose {name}"),
        }
    }
}

impl Change {
    fn label(&self) -> String {
        match self {
            Self::Title(_) => "title".to_owned(),
            Self::Author(_) => "author".to_owned(),
            Self::Objective(_) => "objective".to_owned(),
            Self::Baseline(_) => "baseline".to_owned(),
            Self::Rollback(_) => "way back".to_owned(),
            Self::Validation(_) => "validation".to_owned(),
            Self::AddAction(_, action) => format!("add {}", action.kind.name()),
            Self::DuplicateAction(id) => format!("copy of {id}"),
            Self::RemoveAction(id) => format!("remove {id}"),
            Self::MoveAction(id, _) => format!("move {id}"),
            Self::RenameAction(from, to) => format!("rename {from} to {to}"),
            Self::Kind(id, _) => format!("change of {id}"),
            Self::Parameter(id, name, _) => format!("{name} of {id}"),
            Self::After(id, _) => format!("what comes before {id}"),
            Self::Preconditions(id, _) => format!("preconditions of {id}"),
            Self::Scope(id, _) => format!("scope of {id}"),
            Self::Execute(id, _) => format!("who carries out {id}"),
            Self::Settle(id, _) => format!("wait after {id}"),
            Self::Cost(id, _) => format!("cost of {id}"),
            Self::Note(id, _) => format!("note of {id}"),
            Self::AddGuardrail(it) => format!("add guardrail {}", it.metric),
            Self::Guardrail(_, it) => format!("guardrail {}", it.metric),
            Self::RemoveGuardrail(_) => "remove guardrail".to_owned(),
            Self::Contents(_) => "text by hand".to_owned(),
        }
    }
}
