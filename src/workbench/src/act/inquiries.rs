//! What is asked of the analyses: what limits.

use std::sync::Arc;

use eframe::egui::Context;
use workflow::input::Input;

use crate::app::App;
use crate::commands::Id;
use crate::inquiry::limits;
use crate::view::ask::Asked;
use crate::view::bottleneck;
use crate::view::findings::Progress;

impl App {
    pub(super) fn bottleneck(&mut self, ctx: &Context, action: bottleneck::Action) {
        match action {
            bottleneck::Action::Axis(wish) => self.plot(&wish),
            bottleneck::Action::Ask(Asked::Compute) => self.ask_what_limits(),
            bottleneck::Action::Ask(other) => {
                self.session.inquiries.limits.cancel(&self.work);
                self.asked_otherwise(ctx, other);
            }
            bottleneck::Action::Show(span) => self.timeline.selection = Some(span),
            bottleneck::Action::Select(item) => self.views.selected = Some(item),
            bottleneck::Action::Plot(item) => self.add_plot(&[item]),
            bottleneck::Action::Copy(text) => ctx.copy_text(text),
        }
    }

    fn ask_what_limits(&mut self) {
        let Some(input) = self.series_read() else {
            return;
        };
        let window = self.timeline.selection;
        let with = (self.session.generation(), &mut self.work);
        limits::ask(&mut self.session.inquiries.limits, (&input, window), with);
    }

    /// Stops reading, or records: what is the same for every question.
    fn asked_otherwise(&mut self, ctx: &Context, asked: Asked) {
        match asked {
            Asked::Cancel if self.session.insight().input().is_none() => {
                self.session.insight().cancel(&self.work);
            }
            Asked::Record => self.command(ctx, Id::Record),
            Asked::Cancel | Asked::Compute => {}
        }
    }

    /// All series, once they are read; starts reading them.
    fn series_read(&mut self) -> Option<Arc<Input>> {
        let insight = self.session.insight();
        let found = insight.input().cloned();
        let reads = matches!(insight.progress(), Progress::Running(_));
        if found.is_none() && !reads && self.session.stored().is_some() {
            self.session.analyze(&mut self.work);
        }
        found
    }
}
