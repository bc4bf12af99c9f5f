//! What is asked of the analyses: what limits, what comes next, what moves together.

use std::sync::Arc;

use eframe::egui::Context;
use workflow::input::Input;
use workflow::services::Which;

use crate::app::App;
use crate::commands::Id;
use crate::inquiry::{self, limits, together};
use crate::layout::Screen;
use crate::view::ask::Asked;
use crate::view::findings::Progress;
use crate::view::{bottleneck, correlate, forecast, own, services};
use crate::workspace::Item;

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
            bottleneck::Action::WhatWouldHelp => self.what_would_help(),
            bottleneck::Action::Copy(text) => ctx.copy_text(text),
        }
    }

    pub(super) fn own(&mut self, ctx: &Context, action: own::Action) {
        match action {
            own::Action::Ask(Asked::Compute) => {
                if let Some(stored) = self.session.stored().cloned() {
                    let took = self.session.insight().took().to_vec();
                    let asked = inquiry::own::Asked { took };
                    let with = (self.session.generation(), &mut self.work);
                    inquiry::own::ask(&mut self.session.inquiries.own, (&stored, asked), with);
                }
            }
            own::Action::Ask(other) => {
                self.session.inquiries.own.cancel(&self.work);
                self.asked_otherwise(ctx, other);
            }
            own::Action::Show(screen) => self.bring_up(screen),
            own::Action::Accuracy => self.command(ctx, Id::Accuracy),
            own::Action::Report => self.command(ctx, Id::ReportHtml),
            own::Action::Copy(text) => ctx.copy_text(text),
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

    pub(super) fn forecast(&mut self, ctx: &Context, action: forecast::Action) {
        match action {
            forecast::Action::Axis(wish) => self.plot(&wish),
            forecast::Action::Forecast(key, reach) => {
                if let Some(input) = self.series_read() {
                    let with = (self.session.generation(), &mut self.work);
                    let question = &mut self.session.inquiries.forecast;
                    inquiry::forecast::ask(question, (&input, &key, reach), with);
                }
            }
            forecast::Action::ForecastAll(reach) => {
                if let Some(input) = self.series_read() {
                    let with = (self.session.generation(), &mut self.work);
                    self.session
                        .inquiries
                        .forecasts
                        .begin((&input, reach), with);
                }
            }
            forecast::Action::Ask(other) => {
                self.session.inquiries.forecast.cancel(&self.work);
                self.asked_otherwise(ctx, other);
            }
            forecast::Action::CancelAll => self.session.inquiries.forecasts.cancel(&self.work),
            forecast::Action::Select(key) => self.views.selected = Some(Item::Series(key)),
            forecast::Action::Plot(key) => self.add_plot(&[Item::Series(key)]),
            forecast::Action::Report(key) => self.series_to_report(&[key]),
            forecast::Action::Copy(text) => ctx.copy_text(text),
        }
    }

    /// Forecasts the selected series, for the command of this name.
    pub(super) fn forecast_selected(&mut self) {
        if let Some(Item::Series(key)) = &self.views.selected {
            self.views.forecast.choose(key.clone());
            self.bring_up(Screen::Forecast);
        }
    }

    pub(super) fn correlate(&mut self, ctx: &Context, action: correlate::Action) {
        match action {
            correlate::Action::Axis(wish) => self.plot(&wish),
            correlate::Action::Correlate(asked) => {
                if let Some(input) = self.series_read() {
                    let with = (self.session.generation(), &mut self.work);
                    let question = &mut self.session.inquiries.together;
                    together::ask(question, (&input, asked), with);
                }
            }
            correlate::Action::Lags(other) => {
                let with = (self.session.generation(), &mut self.work);
                self.session.inquiries.ask_lags(other, with);
            }
            correlate::Action::Ask(other) => {
                self.session.inquiries.together.cancel(&self.work);
                self.asked_otherwise(ctx, other);
            }
            correlate::Action::Select(key) => self.views.selected = Some(Item::Series(key)),
            correlate::Action::Plot(keys) => {
                let items: Vec<Item> = keys.into_iter().map(Item::Series).collect();
                self.add_plot(&items);
            }
            correlate::Action::Report(keys) => self.series_to_report(&keys),
            correlate::Action::Copy(text) => ctx.copy_text(text),
        }
    }

    /// Looks for what moves together with the selected series.
    pub(super) fn correlate_selected(&mut self) {
        if let Some(Item::Series(key)) = &self.views.selected {
            self.views.correlate.choose(key.clone());
            self.bring_up(Screen::Correlate);
        }
    }

    pub(super) fn services(&mut self, ctx: &Context, action: services::Action) {
        use crate::inquiry::services as asking;
        match action {
            services::Action::Axis(wish) => self.plot(&wish),
            services::Action::Look(asked) => {
                let from = match self.session.stored() {
                    Some(stored) => asking::From::Stored(stored.clone()),
                    None => {
                        let all = asked.view.union(asked.window);
                        let live = self.session.hub.live();
                        asking::From::Live(asking::Snapshot::of(live, all))
                    }
                };
                let with = (self.session.generation(), &mut self.work);
                asking::ask(&mut self.session.inquiries.services, (from, asked), with);
            }
            services::Action::Why(which, window) => {
                if let Some(input) = self.series_read() {
                    let with = (self.session.generation(), &mut self.work);
                    let question = &mut self.session.inquiries.why;
                    asking::ask_why(question, (&input, which, window), with);
                }
            }
            services::Action::Ask(other) => {
                self.session.inquiries.why.cancel(&self.work);
                self.asked_otherwise(ctx, other);
            }
            services::Action::Select(key) => self.views.selected = Some(Item::Series(key)),
            services::Action::Plot(keys) => {
                let items: Vec<Item> = keys.into_iter().map(Item::Series).collect();
                self.add_plot(&items);
            }
            services::Action::WhatChanged => self.what_changed(),
            services::Action::WhatLimits => {
                self.ask_what_limits();
                self.bring_up(Screen::Bottleneck);
            }
            services::Action::Finding(id) => {
                self.views.findings.choose(id);
                self.bring_up(Screen::Findings);
            }
            services::Action::Pin(finding) => {
                self.pin(*finding);
                self.note("The report tells it now", Vec::new());
            }
            services::Action::Report => {
                self.table_to_report(model::report::Rows::Services);
            }
            services::Action::Hear => self.ask_what_to_hear(None),
            services::Action::Help => self.command(ctx, Id::Applications),
            services::Action::Copy(text) => ctx.copy_text(text),
        }
    }

    /// Brings up these requests.
    pub(super) fn show_in_services(&mut self, which: Which) {
        self.views.services.choose(which);
        self.bring_up(Screen::Services);
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
    pub(super) fn series_read(&mut self) -> Option<Arc<Input>> {
        let insight = self.session.insight();
        let found = insight.input().cloned();
        let reads = matches!(insight.progress(), Progress::Running(_));
        if found.is_none() && !reads && self.session.stored().is_some() {
            self.session.analyze(&mut self.work);
        }
        found
    }
}
