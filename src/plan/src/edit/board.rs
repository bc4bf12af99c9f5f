//! The alternatives of one plan, and what an edit does to them.

use std::sync::Arc;

use model::plan::action::{Action, Execute, Kind, Scope};
use model::plan::check::{self, ACTIONS_MAX, GUARDS_MAX};
use model::plan::guard::{Guardrail, Precondition};
use model::plan::{Baseline, Objective, Plan, Rollback, State, Validation};

use super::parameter::{self, ParameterError, Value};
use crate::{document, life};

/// Alternatives side by side; a screen shows no more.
pub const ALTERNATIVES_MOST: usize = 16;

/// Characters of an alternative's name.
const NAME_MOST: usize = 80;

/// One of several plans for the same end.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// What people call it; unique on its board.
    pub name: String,
    /// The plan.
    pub plan: Arc<Plan>,
}

/// The alternatives of one plan, and which of them is worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    alternatives: Vec<Alternative>,
    chosen: usize,
    /// Alternatives that were ever made, so that an id is not given twice.
    made: u64,
}

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
    /// One field of what an action changes, by its name in [`parameter::parameters`].
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
        }
    }
}

impl Board {
    /// A board with one alternative, named after the plan.
    pub fn new(plan: Plan) -> Self {
        let title: String = plan.title.trim().chars().take(NAME_MOST).collect();
        let name = match title.is_empty() {
            true => "plan".to_owned(),
            false => title,
        };
        Self {
            alternatives: vec![Alternative {
                name,
                plan: Arc::new(plan),
            }],
            chosen: 0,
            made: 1,
        }
    }

    /// All alternatives, in the order that they were made.
    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// Place of the one that is worked on.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The plan that is worked on.
    pub fn plan(&self) -> &Plan {
        &self.alternatives[self.chosen].plan
    }

    /// The board after an edit.
    pub(super) fn with(&self, edit: &Edit) -> Result<Self, EditError> {
        let mut next = self.clone();
        match edit {
            Edit::Variant(variant) => next.vary(variant)?,
            Edit::Plan(change) => {
                let is_shared = matches!(**change, Change::Baseline(_));
                for (place, alternative) in next.alternatives.iter_mut().enumerate() {
                    if place == next.chosen || is_shared {
                        alternative.plan = Arc::new(changed(&alternative.plan, change)?);
                    }
                }
            }
        }
        Ok(next)
    }

    /// Whether plans and names are the same, whatever their revisions and states.
    pub(super) fn has_same_contents(&self, other: &Self) -> bool {
        let same = |(a, b): (&Alternative, &Alternative)| {
            a.name == b.name && (Arc::ptr_eq(&a.plan, &b.plan) || contents_equal(&a.plan, &b.plan))
        };
        self.chosen == other.chosen
            && self.alternatives.len() == other.alternatives.len()
            && self.alternatives.iter().zip(&other.alternatives).all(same)
    }

    /// This board, with revisions that do not fall behind those of another.
    pub(super) fn not_before(mut self, other: &Self) -> Self {
        for alternative in &mut self.alternatives {
            let known = other.find_id(&alternative.plan.id);
            if let Some(known) = known.filter(|it| it.revision > alternative.plan.revision) {
                Arc::make_mut(&mut alternative.plan).revision = known.revision;
            }
        }
        self
    }

    /// The contents of another board, as an edit of this one: plans that differ get a new
    /// revision and keep only what holds for their contents.
    pub(super) fn turned_to(&self, other: &Self) -> Result<Self, EditError> {
        let mut next = other.clone();
        next.made = next.made.max(self.made);
        for alternative in &mut next.alternatives {
            let Some(now) = self.find_id(&alternative.plan.id) else {
                continue;
            };
            alternative.plan = Arc::new(turned(now, &alternative.plan)?);
        }
        let gone = self
            .alternatives
            .iter()
            .find(|it| other.find_id(&it.plan.id).is_none() && is_fixed(it.plan.state));
        match gone {
            Some(it) => Err(EditError::Frozen(it.plan.state)),
            None => Ok(next),
        }
    }

    pub(super) fn live<E>(
        &mut self,
        happens: impl FnOnce(&mut Plan) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut plan = self.plan().clone();
        happens(&mut plan)?;
        self.alternatives[self.chosen].plan = Arc::new(plan);
        Ok(())
    }

    fn find_id(&self, id: &str) -> Option<&Arc<Plan>> {
        let all = self.alternatives.iter().map(|it| &it.plan);
        all.into_iter().find(|it| it.id == id)
    }

    fn position(&self, name: &str) -> Result<usize, EditError> {
        let place = self.alternatives.iter().position(|it| it.name == name);
        place.ok_or_else(|| EditError::NotThere(format!("alternative {name:?}")))
    }

    fn free_name(&self, name: &str) -> Result<String, EditError> {
        let name = name.trim();
        let is_taken = self.alternatives.iter().any(|it| it.name == name);
        let why = if name.is_empty() || name.chars().any(char::is_control) {
            "an alternative needs a name".to_owned()
        } else if name.chars().count() > NAME_MOST {
            format!("a name has at most {NAME_MOST} characters")
        } else if is_taken {
            format!("another alternative is named {name:?}")
        } else {
            return Ok(name.to_owned());
        };
        Err(EditError::Name(why))
    }

    /// An id that no alternative of this board ever had.
    fn new_id(&mut self) -> String {
        let seed = format!("{}\n{}", self.alternatives[0].plan.id, self.made);
        self.made += 1;
        document::hash(&seed)[..16].to_owned()
    }

    fn push(&mut self, name: String, plan: Plan) {
        self.alternatives.push(Alternative {
            name,
            plan: Arc::new(plan),
        });
        self.chosen = self.alternatives.len() - 1;
    }

    fn vary(&mut self, variant: &Variant) -> Result<(), EditError> {
        if matches!(variant, Variant::Add(_) | Variant::Duplicate(..))
            && self.alternatives.len() >= ALTERNATIVES_MOST
        {
            return Err(EditError::Full(ALTERNATIVES_MOST));
        }
        match variant {
            Variant::Add(name) => {
                let name = self.free_name(name)?;
                let id = self.new_id();
                let mut plan = copied(self.plan(), id);
                plan.actions.clear();
                self.push(name, plan);
            }
            Variant::Duplicate(from, name) => {
                let from = self.position(from)?;
                let name = self.free_name(name)?;
                let id = self.new_id();
                let plan = copied(&self.alternatives[from].plan, id);
                self.push(name, plan);
            }
            Variant::Rename(from, to) => {
                let place = self.position(from)?;
                if from != to {
                    self.alternatives[place].name = self.free_name(to)?;
                }
            }
            Variant::Remove(name) => self.remove(name)?,
            Variant::Choose(name) => self.chosen = self.position(name)?,
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), EditError> {
        let place = self.position(name)?;
        let state = self.alternatives[place].plan.state;
        if is_fixed(state) {
            return Err(EditError::Frozen(state));
        }
        if self.alternatives.len() == 1 {
            return Err(EditError::Name("the last alternative stays".to_owned()));
        }
        self.alternatives.remove(place);
        if self.chosen > place || self.chosen == self.alternatives.len() {
            self.chosen -= 1;
        }
        Ok(())
    }
}

/// Whether a plan is carried out, or was and stands.
fn is_fixed(state: State) -> bool {
    !life::is_editable(state)
}

fn contents_equal(a: &Plan, b: &Plan) -> bool {
    a.title == b.title
        && a.author == b.author
        && a.objective == b.objective
        && a.validation == b.validation
        && a.mandate() == b.mandate()
}

/// A copy as a draft of its own.
fn copied(plan: &Plan, id: String) -> Plan {
    let mut copy = plan.clone();
    life::edited(&mut copy);
    copy.id = id;
    copy.revision = 0;
    copy.audit.clear();
    copy
}

/// A plan after a change, in a new revision; what is agreed to can only change together
/// with a return to the draft.
fn changed(plan: &Plan, change: &Change) -> Result<Plan, EditError> {
    if is_fixed(plan.state) {
        return Err(EditError::Frozen(plan.state));
    }
    let mut next = plan.clone();
    apply(&mut next, change)?;
    if next.mandate() != plan.mandate() {
        life::edited(&mut next);
    }
    if !contents_equal(&next, plan) {
        next.revision = plan.revision.saturating_add(1);
    }
    Ok(next)
}

/// `now` with the contents of `other`. A prediction that was made for just these contents
/// holds; approvals are given anew.
fn turned(now: &Plan, other: &Plan) -> Result<Plan, EditError> {
    if contents_equal(now, other) {
        return Ok(now.clone());
    }
    if is_fixed(now.state) {
        return Err(EditError::Frozen(now.state));
    }
    let mut next = other.clone();
    next.revision = now.revision.saturating_add(1);
    next.audit.clone_from(&now.audit);
    if now.mandate() == other.mandate() {
        next.state = now.state;
        next.expected.clone_from(&now.expected);
        next.prediction.clone_from(&now.prediction);
        next.approvals.clone_from(&now.approvals);
        next.applied = now.applied;
        return Ok(next);
    }
    life::edited(&mut next);
    let hash = document::mandate_hash(other);
    if let Some(prediction) = other.prediction.clone().filter(|it| it.hash == hash) {
        next.prediction = Some(prediction);
        next.expected.clone_from(&other.expected);
        next.state = State::Predicted;
    }
    Ok(next)
}

fn apply(plan: &mut Plan, change: &Change) -> Result<(), EditError> {
    match change {
        Change::Title(it) => plan.title.clone_from(it),
        Change::Author(it) => plan.author.clone_from(it),
        Change::Objective(it) => plan.objective.clone_from(it),
        Change::Baseline(it) => plan.baseline.clone_from(it),
        Change::Rollback(it) => plan.rollback.clone_from(it),
        Change::Validation(it) => plan.validation.clone_from(it),
        Change::AddAction(place, action) => add(plan, *place, action.clone())?,
        Change::DuplicateAction(id) => duplicate(plan, id)?,
        Change::RemoveAction(id) => {
            plan.actions.remove(place_of(plan, id)?);
            for action in &mut plan.actions {
                action.after.retain(|it| it != id);
            }
        }
        Change::MoveAction(id, to) => {
            let action = plan.actions.remove(place_of(plan, id)?);
            let to = (*to).min(plan.actions.len());
            plan.actions.insert(to, action);
        }
        Change::RenameAction(from, to) => rename(plan, from, to)?,
        Change::After(id, after) => {
            action_of(plan, id)?.after.clone_from(after);
            if let Some(other) = after.iter().find(|it| place_of(plan, it).is_err()) {
                return Err(EditError::NotThere(format!("action {other:?}")));
            }
            check::order(&plan.actions).ok_or(EditError::Ring)?;
        }
        Change::AddGuardrail(it) => {
            if plan.guardrails.len() >= GUARDS_MAX {
                return Err(EditError::Full(GUARDS_MAX));
            }
            plan.guardrails.push(it.clone());
        }
        Change::Guardrail(place, it) => {
            let guardrail = plan.guardrails.get_mut(*place);
            *guardrail.ok_or_else(|| no_guardrail(*place))? = it.clone();
        }
        Change::RemoveGuardrail(place) => {
            if *place >= plan.guardrails.len() {
                return Err(no_guardrail(*place));
            }
            plan.guardrails.remove(*place);
        }
        other => return apply_to_action(plan, other),
    }
    Ok(())
}

/// Changes of the fields of one action.
fn apply_to_action(plan: &mut Plan, change: &Change) -> Result<(), EditError> {
    match change {
        Change::Kind(id, kind) => {
            let action = action_of(plan, id)?;
            if action.kind.name() != kind.name() {
                // Who can carry it out follows from what it is.
                action.execute = Action::new(id, kind.clone()).execute;
            }
            action.kind = kind.clone();
        }
        Change::Parameter(id, name, value) => {
            let action = action_of(plan, id)?;
            parameter::set(&mut action.kind, name, value)?;
            if action.execute == Execute::Agent && action.kind.setting().is_none() {
                action.execute = Action::new(id, action.kind.clone()).execute;
            }
        }
        Change::Preconditions(id, it) => action_of(plan, id)?.precondition.clone_from(it),
        Change::Scope(id, it) => action_of(plan, id)?.scope = *it,
        Change::Execute(id, it) => action_of(plan, id)?.execute = *it,
        Change::Settle(id, it) => action_of(plan, id)?.settle_s = *it,
        Change::Cost(id, it) => action_of(plan, id)?.cost = *it,
        Change::Note(id, it) => action_of(plan, id)?.note.clone_from(it),
        _ => {}
    }
    Ok(())
}

fn no_guardrail(place: usize) -> EditError {
    EditError::NotThere(format!("guardrail {}", place + 1))
}

fn place_of(plan: &Plan, id: &str) -> Result<usize, EditError> {
    let place = plan.actions.iter().position(|it| it.id == id);
    place.ok_or_else(|| EditError::NotThere(format!("action {id:?}")))
}

fn action_of<'a>(plan: &'a mut Plan, id: &str) -> Result<&'a mut Action, EditError> {
    let place = place_of(plan, id)?;
    Ok(&mut plan.actions[place])
}

fn add(plan: &mut Plan, place: usize, mut action: Action) -> Result<(), EditError> {
    if plan.actions.len() >= ACTIONS_MAX {
        return Err(EditError::Full(ACTIONS_MAX));
    }
    if action.id.is_empty() || place_of(plan, &action.id).is_ok() {
        action.id = free_id(plan);
    }
    plan.actions.insert(place.min(plan.actions.len()), action);
    Ok(())
}

fn duplicate(plan: &mut Plan, id: &str) -> Result<(), EditError> {
    let place = place_of(plan, id)?;
    let mut copy = plan.actions[place].clone();
    copy.id.clear();
    add(plan, place + 1, copy)
}

fn rename(plan: &mut Plan, from: &str, to: &str) -> Result<(), EditError> {
    let place = place_of(plan, from)?;
    if from != to && place_of(plan, to).is_ok() {
        return Err(EditError::Name(format!("another action is {to:?}")));
    }
    plan.actions[place].id = to.to_owned();
    let mentions = plan.actions.iter_mut().flat_map(|it| &mut it.after);
    for mention in mentions.filter(|it| *it == from) {
        *mention = to.to_owned();
    }
    Ok(())
}

/// The first of a1, a2, … that no action has.
fn free_id(plan: &Plan) -> String {
    let mut number = 1;
    loop {
        let id = format!("a{number}");
        if place_of(plan, &id).is_err() {
            return id;
        }
        number += 1;
    }
}
