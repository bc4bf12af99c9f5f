//! Comparing: choosing both sides, and what is done with a row that changed.

use std::path::PathBuf;

use eframe::egui::Context;
use model::time::{Moment, Span};

use crate::app::App;
use crate::contrast::sides::{Before, Half, Sides, Which};
use crate::layout::Screen;
use crate::shell::screens::compared;
use crate::tasks::Purpose;
use crate::view::compare::Action;
use crate::workspace::Item;

impl App {
    /// Compares the selection with its baseline and shows what changed.
    pub(super) fn what_changed(&mut self) {
        self.bring_up(Screen::Compare);
        let Some(selection) = self.timeline.selection else {
            // The screen says how to select, and offers the halves.
            return;
        };
        let selected = Half::here(selection.intersect(self.timeline.whole()));
        self.compare(|sides| {
            // A window compared with itself says nothing.
            if sides.before == Before::Fixed(selected.clone()) {
                sides.before = Before::default();
            }
            sides.after = Some(selected);
        });
    }

    /// Asks for another session to compare the selection with, or all there is.
    pub(super) fn compare_with_other(&mut self) {
        if self.timeline.selection.is_some() {
            self.what_changed();
        }
        self.pick(Purpose::Compare(Which::Before));
    }

    fn compare(&mut self, choose: impl FnOnce(&mut Sides)) {
        let axis = compared(&self.timeline);
        self.session.compare(&axis, &mut self.work, choose);
    }

    /// Compares with another session.
    pub(super) fn compare_with(&mut self, which: Which, path: PathBuf) {
        self.desk.recent.opened(&path);
        self.session.forget_other(&path);
        self.bring_up(Screen::Compare);
        self.compare(|sides| {
            sides.set(which, Half::file(path));
            // A side that nobody chose yet is all that is looked at.
            if sides.after.is_none() {
                sides.after = Some(Half::here_whole());
            }
        });
    }

    /// Compares with the first of the files that were dropped on a comparison.
    pub(super) fn compare_with_dropped(&mut self, paths: Vec<PathBuf>) {
        let mut paths = paths.into_iter();
        let first = paths.next();
        for path in paths {
            self.desk.recent.opened(&path);
        }
        if let Some(path) = first {
            self.compare_with(Which::Before, path);
        }
    }

    /// Compares the second half of all there is with the first.
    fn compare_halves(&mut self) {
        let whole = self.timeline.whole();
        let middle = Moment(i64::midpoint(whole.from.0, whole.to.0));
        let half = Span {
            from: middle,
            ..whole
        };
        self.timeline.selection = Some(half);
        self.compare(|sides| {
            sides.before = Before::default();
            sides.after = Some(Half::here(half));
        });
    }

    pub(super) fn comparison(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Selection => self.what_changed(),
            Action::Halves => self.compare_halves(),
            Action::Baseline(baseline) => {
                self.compare(|sides| sides.before = Before::Around(Some(baseline)));
            }
            Action::Set(which, half) => self.compare(|sides| sides.set(which, half)),
            Action::Pick(which) => self.pick(Purpose::Compare(which)),
            Action::With(which, path) => self.compare_with(which, path),
            Action::Swap => {
                let axis = compared(&self.timeline);
                self.compare(|sides| sides.swap(&axis));
            }
            Action::Repeatable(repeatable) => {
                self.compare(|sides| sides.repeatable = repeatable);
            }
            Action::Again => self.compare(|_| ()),
            Action::Cancel => self.session.contrast().cancel(&self.work),
            Action::Look(wanted) => self.session.look_closer(wanted, &mut self.work),
            Action::Show(span, key) => {
                self.views.selected = Some(Item::Series(key));
                self.show_stretch(span);
            }
            Action::Plot(keys) => {
                let items: Vec<Item> = keys.into_iter().map(Item::Series).collect();
                self.add_plot(&items);
            }
            Action::Copy(text) => ctx.copy_text(text),
            Action::Pin(finding) => match self.session.remarks().is_pinned(finding.id) {
                true => self.unpin(finding.id),
                false => self.pin(*finding),
            },
            Action::Record => self.record_or_stop(),
        }
    }
}
