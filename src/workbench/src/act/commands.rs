//! Commands by name: what menu, palette and keys ask for.

use std::time::Instant;

use eframe::egui::{Context, Event, ViewportCommand};
use model::report::Rows;

use crate::app::App;
use crate::commands::{Id, Reported};
use crate::export::{Export, Form, Table};
use crate::history::{Changed, Taken};
use crate::layout::{self, Screen};
use crate::plans::Plans;
use crate::shell::dialogs::PageKind;
use crate::shell::palette::{Choice as Chosen, Kind};
use crate::tasks::Purpose;
use crate::workspace::{ClockChoice, Looks, ZOOM};

/// A step of the size of text.
const ZOOM_STEP: f32 = 0.1;

/// A step of the height of plots, in points.
const HEIGHT_STEP: f32 = 20.0;

impl App {
    pub(super) fn command(&mut self, ctx: &Context, id: Id) {
        if self.time_command(ctx, id) || self.look_command(ctx, id) {
            return;
        }
        let range = self.timeline.range();
        match id {
            Id::Open => self.pick(Purpose::Open),
            Id::Import => self.ask_how_to_import(Vec::new()),
            Id::OpenPath => self.ask_path(Purpose::Open, ""),
            Id::ShowLive => self.show_live(),
            Id::Attach => self.ask_to_attach(""),
            Id::Hear => self.ask_what_to_hear(None),
            Id::Record => self.record_or_stop(),
            Id::ReportHtml => self.export(Export::Report(Form::Html, range)),
            Id::ReportPdf => self.export(Export::Report(Form::Pdf, range)),
            Id::ReportMarkdown => self.export(Export::Report(Form::Markdown, range)),
            Id::ToReport(table) => self.table_to_report(match table {
                Reported::Processes => Rows::Processes,
                Reported::Services => Rows::Services,
                Reported::Events => Rows::Events,
                Reported::Coverage => Rows::Coverage,
            }),
            Id::ReportJson => self.export(Export::Report(Form::Json, range)),
            Id::ExportCsv => self.export(Export::Samples(Table::Csv)),
            Id::ExportParquet => self.export(Export::Samples(Table::Parquet)),
            Id::ExportPrometheus => self.export(Export::Samples(Table::Prometheus)),
            Id::Trim => self.export(Export::Part(range)),
            Id::Share => self.ask_how_to_share(range),
            Id::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            Id::Undo => self.undo(ctx),
            Id::Redo => self.redo(ctx),
            Id::PasteRange => self.paste(ctx),
            Id::KeepFindings => self.keep_findings(),
            Id::PinFinding => self.pin_chosen(),
            Id::ExpectFinding => self.expect_chosen(),
            Id::Mark => self.mark(),
            Id::Annotate => self.annotate(),
            Id::WhatChanged => self.what_changed(),
            Id::WhatWouldHelp => self.what_would_help(),
            Id::NewPlan => self.new_plan(),
            Id::OpenPlan => self.pick(Purpose::OpenPlan),
            Id::SavePlan => self.save_plan_again(),
            Id::SavePlanAs => self.pick(Purpose::SavePlan),
            Id::PredictPlan => self.predict_plan(),
            Id::CompareWith => self.compare_with_other(),
            Id::AttachStandard => self.pick(Purpose::Standard),
            Id::CheckStandards => self.check_standards(),
            Id::Search => {
                self.bring_up(Screen::Browser);
                self.views.browser.focus_search();
            }
            Id::ForecastSelected => self.forecast_selected(),
            Id::CorrelateSelected => self.correlate_selected(),
            Id::AddPlot => self.add_plot(&[]),
            Id::RestorePlots => self.history.edit("restore plots", Instant::now(), |it| {
                it.restore_essentials();
            }),
            Id::Palette => self.views.palette.open(Kind::Commands),
            Id::GoTo => self.views.palette.open(Kind::Things),
            Id::Help => self.views.dialogs.toggle(PageKind::Help),
            Id::Shortcuts => self.views.dialogs.toggle_keys(),
            Id::Applications => self.views.dialogs.show_help("collection#applications"),
            Id::Accuracy => self.views.dialogs.show_accuracy(),
            Id::Start => self.views.dialogs.toggle(PageKind::Start),
            Id::Notices => self.views.dialogs.toggle(PageKind::Notices),
            _ => {}
        }
    }

    /// A command about what the window looks like; says whether it was one.
    fn look_command(&mut self, ctx: &Context, id: Id) -> bool {
        let now = Instant::now();
        let height = self.history.now().panel_height;
        match id {
            Id::ClockUtc => self.set_clock(ClockChoice::Utc),
            Id::ClockLocal => self.set_clock(ClockChoice::Local),
            Id::ClockSinceStart => self.set_clock(ClockChoice::SinceStart),
            Id::ClockSinceMark => self.set_clock(ClockChoice::SinceMark),
            Id::Show(screen) => self.show_or_put_away(screen),
            Id::Columns(columns) => self.set_columns(columns),
            Id::Taller => self.set_height(height + HEIGHT_STEP),
            Id::Shorter => self.set_height(height - HEIGHT_STEP),
            Id::ThemeSystem => self.set_looks(ctx, Looks::System),
            Id::ThemeDark => self.set_looks(ctx, Looks::Dark),
            Id::ThemeLight => self.set_looks(ctx, Looks::Light),
            Id::ThemeContrast => self.set_looks(ctx, Looks::Contrast),
            Id::Larger => self.zoom_by(ctx, ZOOM_STEP),
            Id::Smaller => self.zoom_by(ctx, -ZOOM_STEP),
            Id::UsualSize => {
                self.history.edit("size of text", now, |it| it.zoom = 1.0);
                self.apply_looks(ctx);
            }
            Id::DragHabit => self.history.edit("drag habit", now, |it| {
                it.drag_zooms = it.drag_zooms.other();
            }),
            Id::WheelHabit => self.history.edit("wheel habit", now, |it| {
                it.wheel_zooms = it.wheel_zooms.other();
            }),
            Id::DesktopAlerts => self.switch_desktop_alerts(),
            Id::ResetLayout => self
                .history
                .edit("reset layout", now, |it| it.layout = layout::standard()),
            _ => return false,
        }
        true
    }

    fn set_clock(&mut self, clock: ClockChoice) {
        self.history
            .edit("time labels", Instant::now(), |it| it.clock = clock);
    }

    fn set_looks(&mut self, ctx: &Context, looks: Looks) {
        self.history
            .edit("colors", Instant::now(), |it| it.theme = looks);
        self.apply_looks(ctx);
    }

    fn zoom_by(&mut self, ctx: &Context, step: f32) {
        self.history.edit("size of text", Instant::now(), |it| {
            // Tenths add up without a tail of digits.
            let tenths = ((it.zoom + step) * 10.0).round() / 10.0;
            it.zoom = tenths.clamp(*ZOOM.start(), *ZOOM.end());
        });
        self.apply_looks(ctx);
    }

    /// A screen in front is put away, any other brought to the front.
    fn show_or_put_away(&mut self, screen: Screen) {
        let shown = layout::is_shown(&self.history.now().layout, screen);
        match shown && screen != Screen::Explore {
            true => self
                .history
                .edit("put a screen away", Instant::now(), |it| {
                    layout::put_away(&mut it.layout, screen);
                }),
            false => self.bring_up(screen),
        }
    }

    /// Takes the last step back: of the plan while its screen is shown, then of the window.
    fn undo(&mut self, ctx: &Context) {
        if self.shows_plan() && self.desk.plans.undoes().is_some() {
            self.step_plan(Plans::undo);
            return;
        }
        if let Some(taken) = self.history.undo(self.session.beside()) {
            self.note(format!("Undone: {}", taken.step), Vec::new());
            self.taken(ctx, taken);
        }
    }

    fn redo(&mut self, ctx: &Context) {
        if self.shows_plan() && self.desk.plans.redoes().is_some() {
            self.step_plan(Plans::redo);
            return;
        }
        if let Some(taken) = self.history.redo(self.session.beside()) {
            self.note(format!("Done again: {}", taken.step), Vec::new());
            self.taken(ctx, taken);
        }
    }

    /// Shows what a step back or forth changed.
    fn taken(&mut self, ctx: &Context, taken: Taken) {
        match taken.changed {
            Changed::Notes(notes) => self.session.set_notes(notes, &mut self.work),
            Changed::Remarks(remarks) => self.session.set_remarks(remarks, &mut self.work),
            Changed::Workspace => self.apply_looks(ctx),
        }
    }

    /// Asks the system for the clipboard; the text comes with a later frame.
    fn paste(&mut self, ctx: &Context) {
        let text = ctx.input(|input| {
            input.events.iter().find_map(|event| match event {
                Event::Paste(text) => Some(text.clone()),
                _ => None,
            })
        });
        match text {
            Some(text) => self.paste_range(&text),
            None => ctx.send_viewport_cmd(ViewportCommand::RequestPaste),
        }
    }

    pub(super) fn palette(&mut self, ctx: &Context, choice: Chosen) {
        match choice {
            Chosen::Command(id) => self.command(ctx, id),
            Chosen::Series(key) => self.add_plot(&[crate::workspace::Item::Series(key)]),
            Chosen::Host(host) => self.single_out(&host),
            Chosen::File(path) => self.open(path),
            Chosen::Note(id) => self.go_to_note(id),
            Chosen::Time(moment) => self.timeline.reveal(moment),
        }
    }
}
