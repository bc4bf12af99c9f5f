//! What can be taken back: changes of the workspace, of the notes on the axis, and of
//! what people say of findings.
//!
//! A step keeps what was before. Notes and remarks belong to what is looked at, so their
//! steps are forgotten when the window turns to another session.
//!
//! Start at [`History::edit`] and [`History::undo`].

use std::time::{Duration, Instant};

use model::annotation::Annotation;

use crate::insight::held::Remarks;
use crate::layout::Layout;
use crate::workspace::Workspace;

/// Steps that can be undone: about 20 KB each.
const UNDO_MAX: usize = 100;

/// Changes of one kind within this time are one step.
const STEP_TIME: Duration = Duration::from_millis(1_000);

/// A workspace and notes with their past and future.
#[derive(Debug)]
pub struct History {
    now: Workspace,
    past: Vec<(Step, Before)>,
    future: Vec<(Step, Before)>,
    last: Option<(Step, Instant)>,
    changes: u64,
}

/// What a change is called in the menu; changes of one name in a row are one step.
pub type Step = &'static str;

/// What a step put aside.
#[derive(Debug)]
enum Before {
    Workspace(Box<Workspace>),
    Notes(Vec<Annotation>),
    Remarks(Box<Remarks>),
}

/// What lies beside the data now, which a step may exchange.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The notes on the axis.
    pub notes: &'a [Annotation],
    /// What people say of findings.
    pub remarks: &'a Remarks,
}

/// A step that was taken back or done again.
#[derive(Debug, PartialEq)]
pub struct Taken {
    /// What it was.
    pub step: Step,
    /// What it changed, as it is now.
    pub changed: Changed,
}

/// What a step changed, as it is now.
#[derive(Debug, PartialEq)]
pub enum Changed {
    /// The workspace.
    Workspace,
    /// The notes.
    Notes(Vec<Annotation>),
    /// What people say of findings.
    Remarks(Remarks),
}

impl History {
    /// A history that begins with this workspace.
    pub fn new(now: Workspace) -> Self {
        Self {
            now,
            past: Vec::new(),
            future: Vec::new(),
            last: None,
            changes: 0,
        }
    }

    /// The workspace as it is.
    pub fn now(&self) -> &Workspace {
        &self.now
    }

    /// Raised with every change of the workspace, so that saving knows when to.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Changes the workspace as one step that can be undone.
    pub fn edit(&mut self, step: Step, at: Instant, change: impl FnOnce(&mut Workspace)) {
        let before = self.now.clone();
        change(&mut self.now);
        if before == self.now {
            return;
        }
        self.changes += 1;
        let goes_on = self.last.is_some_and(|(last, when)| {
            last == step && at.saturating_duration_since(when) < STEP_TIME
        });
        self.last = Some((step, at));
        if goes_on && !self.past.is_empty() {
            self.future.clear();
        } else {
            self.keep(step, Before::Workspace(Box::new(before)));
        }
    }

    /// Notes were changed as one step that can be undone; they were `before`.
    pub fn noted(&mut self, step: Step, before: Vec<Annotation>) {
        self.last = None;
        self.keep(step, Before::Notes(before));
    }

    /// Remarks on findings were changed as one step that can be undone; they were `before`.
    pub fn remarked(&mut self, step: Step, before: Remarks) {
        self.last = None;
        self.keep(step, Before::Remarks(Box::new(before)));
    }

    /// Something else is looked at: steps of what lies beside the data before cannot be
    /// undone here.
    pub fn turn(&mut self) {
        for steps in [&mut self.past, &mut self.future] {
            steps.retain(|(_, before)| matches!(before, Before::Workspace(_)));
        }
        self.last = None;
    }

    /// Takes over a layout that was changed by dragging.
    pub fn set_layout(&mut self, layout: Layout, at: Instant) {
        if layout != self.now.layout {
            self.edit("arrange screens", at, |workspace| workspace.layout = layout);
        }
    }

    /// Takes over a layout that settled by itself or shows another tab; no step.
    pub fn settle(&mut self, layout: Layout) {
        if layout != self.now.layout {
            self.now.layout = layout;
            self.changes += 1;
        }
    }

    fn keep(&mut self, step: Step, before: Before) {
        self.future.clear();
        self.past.push((step, before));
        if self.past.len() > UNDO_MAX {
            self.past.remove(0);
        }
    }

    /// Takes back the last step.
    pub fn undo(&mut self, beside: Beside<'_>) -> Option<Taken> {
        let (step, before) = self.past.pop()?;
        let (after, taken) = self.exchange((step, before), beside);
        self.future.push((step, after));
        Some(taken)
    }

    /// Does again what was undone last.
    pub fn redo(&mut self, beside: Beside<'_>) -> Option<Taken> {
        let (step, after) = self.future.pop()?;
        let (before, taken) = self.exchange((step, after), beside);
        self.past.push((step, before));
        Some(taken)
    }

    /// Puts a kept state in the place of the present one and gives that back.
    fn exchange(&mut self, (step, kept): (Step, Before), beside: Beside<'_>) -> (Before, Taken) {
        self.last = None;
        let (before, changed) = match kept {
            Before::Workspace(mut kept) => {
                std::mem::swap(&mut self.now, &mut kept);
                self.changes += 1;
                (Before::Workspace(kept), Changed::Workspace)
            }
            Before::Notes(kept) => (Before::Notes(beside.notes.to_vec()), Changed::Notes(kept)),
            Before::Remarks(kept) => (
                Before::Remarks(Box::new(beside.remarks.clone())),
                Changed::Remarks(*kept),
            ),
        };
        (before, Taken { step, changed })
    }

    /// What undo would take back.
    pub fn undoes(&self) -> Option<Step> {
        self.past.last().map(|(step, _)| *step)
    }

    /// What redo would do.
    pub fn redoes(&self) -> Option<Step> {
        self.future.last().map(|(step, _)| *step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::time::{Moment, Span};

    static NO_REMARKS: Remarks = Remarks {
        expected: Vec::new(),
        pinned: Vec::new(),
        drafts: Vec::new(),
    };

    fn beside(notes: &[Annotation]) -> Beside<'_> {
        Beside {
            notes,
            remarks: &NO_REMARKS,
        }
    }

    fn undo(history: &mut History) -> Option<Step> {
        history.undo(beside(&[])).map(|taken| taken.step)
    }

    fn redo(history: &mut History) -> Option<Step> {
        history.redo(beside(&[])).map(|taken| taken.step)
    }

    #[test]
    fn steps_are_undone_and_redone_and_drags_are_one_step() {
        let mut history = History::new(Workspace::default());
        let start = Instant::now();
        for i in 0_u8..50 {
            let at = start + Duration::from_millis(u64::from(i) * 10);
            history.edit("resize plots", at, |it| {
                it.panel_height = 200.0 + f32::from(i);
            });
        }
        let later = start + Duration::from_secs(5);
        history.edit("add a plot", later, |it| {
            it.add_panel("x".to_owned(), &[]);
        });
        history.edit("nothing", later, |_| {});
        assert_eq!(undo(&mut history), Some("add a plot"));
        assert_eq!(history.now().panel_height, 249.0);
        assert_eq!(undo(&mut history), Some("resize plots"));
        assert_eq!(*history.now(), Workspace::default());
        assert_eq!(undo(&mut history), None);
        assert_eq!(redo(&mut history), Some("resize plots"));
        assert_eq!(redo(&mut history), Some("add a plot"));
        assert_eq!(redo(&mut history), None);
    }

    #[test]
    fn undo_is_bounded() {
        let mut history = History::new(Workspace::default());
        for i in 0..(UNDO_MAX as u64 + 50) {
            let at = Instant::now() + Duration::from_secs(i * 10);
            history.edit("add a plot", at, |it| {
                it.next_panel += 1;
            });
        }
        assert_eq!(std::iter::from_fn(|| undo(&mut history)).count(), UNDO_MAX);
    }

    #[test]
    fn notes_and_workspace_are_undone_in_the_order_of_their_changes() {
        let note = |id| Annotation {
            id,
            span: Span {
                from: Moment(1),
                to: Moment(2),
            },
            text: format!("note {id}"),
            color: 1,
        };
        let mut history = History::new(Workspace::default());
        history.noted("add a note", Vec::new());
        history.edit("columns", Instant::now(), |it| it.columns = 3);
        history.noted("change notes", vec![note(1)]);
        let now = vec![note(1), note(2)];
        let taken = history.undo(beside(&now)).expect("a step");
        assert_eq!(taken.changed, Changed::Notes(vec![note(1)]));
        let taken = history.undo(beside(&[note(1)])).expect("a step");
        assert_eq!((taken.step, taken.changed), ("columns", Changed::Workspace));
        assert_eq!(history.now().columns, 2);
        let taken = history.undo(beside(&[note(1)])).expect("a step");
        assert_eq!(taken.changed, Changed::Notes(Vec::new()));
        assert_eq!(
            history.redo(beside(&[])).map(|taken| taken.changed),
            Some(Changed::Notes(vec![note(1)]))
        );
        history.turn();
        assert_eq!(history.undoes(), None);
        assert_eq!(history.redoes(), Some("columns"));
        let taken = history.redo(beside(&[])).expect("a step");
        assert_eq!(taken.changed, Changed::Workspace);
        assert_eq!(history.redo(beside(&[])), None);
    }
}
