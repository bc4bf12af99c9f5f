//! What an edit does to one plan.

use model::plan::action::{Action, Execute};
use model::plan::check::{self, ACTIONS_MAX, GUARDS_MAX};
use model::plan::{Plan, State};

use super::change::{Change, EditError};
use super::parameter;
use crate::{document, life};

/// Whether a plan is carried out, or was and stands.
pub(super) fn is_fixed(state: State) -> bool {
    !life::is_editable(state)
}

pub(super) fn contents_equal(a: &Plan, b: &Plan) -> bool {
    a.title == b.title
        && a.author == b.author
        && a.objective == b.objective
        && a.validation == b.validation
        && a.mandate() == b.mandate()
}

/// A copy as a draft of its own.
pub(super) fn copied(plan: &Plan, id: String) -> Plan {
    let mut copy = plan.clone();
    life::edited(&mut copy);
    copy.id = id;
    copy.revision = 0;
    copy.audit.clear();
    copy
}

/// A plan after a change, in a new revision; what is agreed to can only change together
/// with a return to the draft.
pub(super) fn changed(plan: &Plan, change: &Change) -> Result<Plan, EditError> {
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
pub(super) fn turned(now: &Plan, other: &Plan) -> Result<Plan, EditError> {
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
        Change::Contents(it) => {
            plan.title.clone_from(&it.title);
            plan.author.clone_from(&it.author);
            plan.baseline.clone_from(&it.baseline);
            plan.objective.clone_from(&it.objective);
            plan.actions.clone_from(&it.actions);
            plan.guardrails.clone_from(&it.guardrails);
            plan.rollback.clone_from(&it.rollback);
            plan.validation.clone_from(&it.validation);
        }
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
