//! Findings: showing where they are, plotting what they speak of.

use eframe::egui::Context;
use model::time::Span;

use crate::app::App;
use crate::shell::screens::key_of;
use crate::view::{analyze, findings};
use crate::workspace::Item;

/// A stretch is shown with so much of its length on either side.
const MARGIN: i64 = 1;

impl App {
    pub(super) fn finding_list(&mut self, ctx: &Context, action: findings::Action) {
        match action {
            findings::Action::Show(span) => self.show_stretch(span),
            findings::Action::Plot(names) => {
                let items: Vec<Item> = names.iter().map(|it| Item::Series(key_of(it))).collect();
                self.add_plot(&items);
            }
            findings::Action::Copy(text) => ctx.copy_text(text),
            findings::Action::Analyze => self.session.analyze(&mut self.work),
            findings::Action::Cancel => self.session.insight().cancel(&self.work),
        }
    }

    pub(super) fn side_by_side(&mut self, action: analyze::Action) {
        match action {
            analyze::Action::Axis(wish) => self.plot(&wish),
            analyze::Action::Show(span) => self.timeline.selection = Some(span),
            analyze::Action::Analyze => self.session.analyze(&mut self.work),
        }
    }

    /// Selects a stretch and shows it with some of what is around it.
    fn show_stretch(&mut self, span: Span) {
        let around = span.length_ns().max(model::time::SECOND_NS) * MARGIN;
        self.timeline.selection = Some(span);
        self.timeline.show(Span {
            from: span.from.plus_ns(-around),
            to: span.to.plus_ns(around),
        });
    }
}
