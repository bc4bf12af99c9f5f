//! Changes of plans: a list of typed edits with undo, over alternatives side by side.
//!
//! A [`Desk`] holds the alternatives of one plan. They share the recording, window and
//! machine that they were made from, and differ in what they change. Every edit that is
//! taken grows the revision of the plans that it touches; what is agreed to and carried
//! out can only change together with a return to the draft, also by undo.
//!
//! * [`change`]: the edits; [`board`]: the alternatives, and what an edit does to them.
//! * [`parameter`]: the fields of each kind of action, with units and ranges.
//! * [`template`]: every kind with values to begin with.
//! * Never: reads a clock, or keeps more than [`STEPS_MOST`] steps.
//!
//! Start at [`Desk::apply`].

use std::collections::VecDeque;

use model::plan::Plan;

mod act;
pub mod board;
pub mod change;
pub mod parameter;
pub mod template;

pub use board::{Alternative, Board};
pub use change::{Change, Edit, EditError, Variant};
pub use parameter::{Parameter, ParameterError, Range, Switch, Value, parameters, set};
pub use template::{TEMPLATES, Template};

/// Steps that can be undone. A step holds one copy of the plan that it changed, a few
/// kilobytes for plans as people write them and at most about a megabyte.
pub const STEPS_MOST: usize = 100;

/// One movement of the hand: edits of the same field within it are one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gesture(
    /// A number that the window counts up at each press of a button or key.
    pub u64,
);

/// The alternatives of one plan, with everything that was done to them.
#[derive(Clone, Debug)]
pub struct Desk {
    board: Board,
    undo: VecDeque<Step>,
    redo: Vec<Step>,
    /// Something else than an edit happened since the last step, which ends a gesture: to
    /// go on from where it began would undo what happened.
    interrupted: bool,
}

/// One step that was taken.
#[derive(Clone, Debug)]
struct Step {
    edit: Edit,
    gesture: Gesture,
    /// What stood before it, or for a step that was undone, after it.
    other: Board,
}

impl Desk {
    /// A desk with one alternative.
    pub fn new(plan: Plan) -> Self {
        Self::of(Board::new(plan))
    }

    /// A desk with these alternatives, [`Board::open`].
    pub fn of(board: Board) -> Self {
        Self {
            board,
            undo: VecDeque::new(),
            redo: Vec::new(),
            interrupted: false,
        }
    }

    /// The alternatives as they are.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The plan that is chosen.
    pub fn plan(&self) -> &Plan {
        self.board.plan()
    }

    /// What was done and can be undone, the oldest first.
    pub fn log(&self) -> impl Iterator<Item = &Edit> {
        self.undo.iter().map(|it| &it.edit)
    }

    /// What would be undone next.
    pub fn undoable(&self) -> Option<&Edit> {
        self.undo.back().map(|it| &it.edit)
    }

    /// What would be done again next.
    pub fn redoable(&self) -> Option<&Edit> {
        self.redo.last().map(|it| &it.edit)
    }

    /// Takes an edit; says whether anything changed.
    ///
    /// An edit of the same field within the same gesture replaces the last one, so that a
    /// slider's way is one step and one revision.
    ///
    /// # Errors
    ///
    /// [`EditError`] says why it is not possible; nothing changed then.
    pub fn apply(&mut self, edit: Edit, gesture: Gesture) -> Result<bool, EditError> {
        let is_same = |it: &Step| it.gesture == gesture && it.edit.is_of_same_field(&edit);
        let continues = !self.interrupted && self.undo.back().is_some_and(is_same);
        let next = match (continues, self.undo.back()) {
            // From where the gesture began, so that it counts as one edit.
            (true, Some(step)) => step.other.with(&edit)?.not_before(&self.board),
            _ => self.board.with(&edit)?,
        };
        if next.has_same_contents(&self.board) {
            return Ok(false);
        }
        let last = std::mem::replace(&mut self.board, next);
        self.interrupted = false;
        self.redo.clear();
        if continues {
            if let Some(step) = self.undo.back_mut() {
                step.edit = edit;
            }
            return Ok(true);
        }
        self.undo.push_back(Step {
            edit,
            gesture,
            other: last,
        });
        if self.undo.len() > STEPS_MOST {
            self.undo.pop_front();
        }
        Ok(true)
    }

    /// Takes the last step back; says whether there was one.
    ///
    /// # Errors
    ///
    /// [`EditError::Frozen`] where that would change a plan that is carried out.
    pub fn undo(&mut self) -> Result<bool, EditError> {
        let Some(step) = self.undo.back() else {
            return Ok(false);
        };
        let earlier = self.board.turned_to(&step.other)?;
        let Some(step) = self.undo.pop_back() else {
            return Ok(false);
        };
        let other = std::mem::replace(&mut self.board, earlier);
        self.interrupted = true;
        self.redo.push(Step { other, ..step });
        Ok(true)
    }

    /// Takes the last step again that was taken back; says whether there was one.
    ///
    /// # Errors
    ///
    /// [`EditError::Frozen`] where that would change a plan that is carried out.
    pub fn redo(&mut self) -> Result<bool, EditError> {
        let Some(step) = self.redo.last() else {
            return Ok(false);
        };
        let later = self.board.turned_to(&step.other)?;
        let Some(step) = self.redo.pop() else {
            return Ok(false);
        };
        let other = std::mem::replace(&mut self.board, later);
        self.interrupted = true;
        self.undo.push_back(Step { other, ..step });
        Ok(true)
    }

    /// Lets something else than an edit happen to the chosen plan: a prediction, an
    /// approval, a report of an agent. It is no step and cannot be undone.
    ///
    /// # Errors
    ///
    /// Those of `happens`; nothing changed then.
    pub fn live<E>(&mut self, happens: impl FnOnce(&mut Plan) -> Result<(), E>) -> Result<(), E> {
        self.board.live(happens)?;
        self.interrupted = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
