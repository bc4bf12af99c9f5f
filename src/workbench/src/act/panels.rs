//! Plots: what is added, taken out, hidden, copied.

use std::time::Instant;

use eframe::egui::Context;
use model::process::ProcessId;
use model::report::{Rows, Shape};
use model::series::SeriesKey;
use workflow::processes::Measure;

use crate::app::App;
use crate::doubts::samples_within;
use crate::explore::{Action, Dropped};
use crate::layout::{self, Screen};
use crate::plot::panel;
use crate::view::{browser, details, events, processes, samples, table};
use crate::workspace::{Content, Item, PANEL_HEIGHT, Panel, ProcessItem};

/// Samples copied at once, over all curves: some ten megabytes of text.
const COPIED_MAX: usize = 500_000;

impl App {
    pub(super) fn explore(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Plot(panel, wish) => self.plot_of(panel, wish),
            Action::Add(panel, dropped) => self.drop_on(panel, &dropped),
            Action::ToggleLog(id) => {
                self.change(id, "logarithmic axis", |it| it.log = it.log.other());
            }
            Action::ToggleStacked(id) => {
                self.change(id, "stack series", |it| it.stacked = it.stacked.other());
            }
            Action::Remove(id) => self.history.edit("remove plot", Instant::now(), |it| {
                it.panels.retain(|panel| panel.id != id);
            }),
            Action::TakeOut(id, item) => {
                self.change(id, "take out series", |it| it.take_out(&item));
            }
            Action::ShowAll(id) => self.change(id, "show all series", |it| it.hidden.clear()),
            Action::ShowTable(plot) => {
                self.views.sampled = Some(plot);
                self.bring_up(Screen::Samples);
            }
            Action::CopyData(items) => self.copy_data(ctx, &items),
            Action::ToReport(title, items, stacked) => {
                let shape = match stacked {
                    true => Shape::Stacked,
                    false => Shape::Lines,
                };
                self.chart_to_report((title, &items), shape);
            }
            Action::Statistics(items) => self.describe(&items),
            Action::Columns(columns) => self.set_columns(columns),
            Action::Height(height) => self.set_height(height),
            Action::Pin(moment) => self.timeline.pin = Some(moment),
            Action::ZoomToSelection => self.zoom_to_selection(),
            Action::Annotate => self.annotate(),
            Action::WhatChanged => self.what_changed(),
            Action::WhatWouldHelp => self.what_would_help(),
            Action::CompareWith => self.compare_with_other(),
            Action::Report => self.command(ctx, crate::commands::Id::ReportHtml),
            Action::Deselect => self.timeline.selection = None,
            Action::AddPlot => self.add_plot(&[]),
        }
    }

    fn plot_of(&mut self, panel: u64, wish: panel::Action) {
        match wish {
            panel::Action::Hide(key) => self.change(panel, "hide series", |it| it.hidden.push(key)),
            panel::Action::Show(key) => {
                self.change(panel, "show series", |it| {
                    it.hidden.retain(|known| *known != key);
                });
            }
            panel::Action::Solo(key) => {
                let all = self.keys_of(panel);
                self.change(panel, "show alone", |it| it.solo(&key, &all));
            }
            other => self.plot(&other),
        }
    }

    /// Names of all series that a panel draws.
    fn keys_of(&self, panel: u64) -> Vec<SeriesKey> {
        let items = self.views.plots.items_of(panel);
        let tracks = items
            .iter()
            .filter_map(|item| self.session.track(item).ok());
        tracks.map(|track| track.series().key.clone()).collect()
    }

    fn change(&mut self, id: u64, step: &'static str, change: impl FnOnce(&mut Panel)) {
        self.history.edit(step, Instant::now(), |workspace| {
            if let Some(panel) = workspace.panel_mut(id) {
                change(panel);
            }
        });
    }

    pub(super) fn set_columns(&mut self, columns: usize) {
        self.history.edit("plots in a row", Instant::now(), |it| {
            it.columns = columns.clamp(1, 3);
        });
    }

    pub(super) fn set_height(&mut self, height: f32) {
        let height = height.clamp(*PANEL_HEIGHT.start(), *PANEL_HEIGHT.end());
        self.history.edit("height of plots", Instant::now(), |it| {
            it.panel_height = height;
        });
    }

    /// Draws what was dropped, in a panel or in a new one.
    pub(crate) fn drop_on(&mut self, panel: Option<u64>, dropped: &Dropped) {
        let item = match dropped {
            Dropped::Series(series) => Some(Item::Series(series.0.clone())),
            Dropped::Process(it) => self.process_item(&it.host, (it.id, it.measure)),
        };
        let Some(item) = item else { return };
        match panel {
            Some(id) => self.change(id, "add series", |it| it.add(&[item])),
            None => self.add_plot(&[item]),
        }
    }

    /// A process as it is kept in panels; `None` once it is unknown.
    fn process_item(&self, host: &str, (id, measure): (ProcessId, Measure)) -> Option<Item> {
        let process = self.session.crowds().process(host, id)?;
        Some(Item::Process(ProcessItem {
            host: host.to_owned(),
            id,
            pid: process.pid,
            name: process.name.clone(),
            measure,
        }))
    }

    /// Adds a plot and brings it into sight; the same plot is not made twice.
    pub(super) fn add_plot(&mut self, items: &[Item]) {
        let panels = &self.history.now().panels;
        let own = |panel: &Panel| matches!(panel.content, Content::Own { .. });
        let same = |panel: &&Panel| own(panel) && !items.is_empty() && panel.items() == items;
        let known = panels.iter().find(same).map(|panel| panel.id);
        let mut id = known.unwrap_or_default();
        if known.is_none() {
            self.history.edit("add plot", Instant::now(), |it| {
                id = it.add_panel(String::new(), items);
            });
        }
        self.views.explore.scroll_to(id);
        self.bring_up(Screen::Explore);
    }

    /// Brings a screen to the front if it is not seen.
    pub(crate) fn bring_up(&mut self, screen: Screen) {
        if !layout::is_shown(&self.history.now().layout, screen) {
            let mut tree = self.history.now().layout.clone();
            layout::bring_up(&mut tree, screen);
            self.history.settle(tree);
        }
    }

    /// Puts the samples of the selection, or of what is visible, on the clipboard.
    fn copy_data(&mut self, ctx: &Context, items: &[Item]) {
        let span = self
            .timeline
            .selection
            .unwrap_or_else(|| self.timeline.view());
        let header = ["time", "series", "value", "unit"].map(str::to_owned);
        let mut rows: Vec<[String; 4]> = Vec::new();
        for item in items {
            let Ok(track) = self.session.track(item) else {
                continue;
            };
            let series = track.series();
            let name = series.key.to_string();
            let (at, values) = samples_within(track, span);
            for (at, value) in at.iter().zip(&values) {
                if rows.len() >= COPIED_MAX {
                    break;
                }
                rows.push([
                    model::time::Moment(*at).to_string(),
                    name.clone(),
                    table::exact(*value),
                    series.unit.code().to_owned(),
                ]);
            }
        }
        let count = rows.len();
        ctx.copy_text(table::text(table::Format::Tsv, &header, &rows));
        let text = match count {
            0 => "No samples were copied: zoom in until single samples are drawn, then copy again"
                .to_owned(),
            COPIED_MAX.. => {
                format!("Copied the first {COPIED_MAX} samples; export for all of them")
            }
            _ => format!("Copied {count} samples with times"),
        };
        self.note(text, Vec::new());
    }

    /// Shows the statistics of these curves: of the selection, else of what is visible.
    fn describe(&mut self, items: &[Item]) {
        let range = self.timeline.range();
        self.timeline.selection.get_or_insert(range);
        self.views.selected = items.first().cloned();
        self.bring_up(Screen::Details);
    }

    pub(super) fn browse(&mut self, ctx: &Context, action: browser::Action) {
        match action {
            browser::Action::Plot(key) => self.add_plot(&[Item::Series(key)]),
            browser::Action::PlotTogether(keys) => {
                let items: Vec<Item> = keys.into_iter().map(Item::Series).collect();
                self.add_plot(&items);
            }
            browser::Action::PlotProcess { host, id, measure } => {
                let item = self.process_item(&host, (id, measure));
                if let Some(item) = item {
                    self.add_plot(&[item]);
                }
            }
            browser::Action::Report(key) => self.series_to_report(&[key]),
            browser::Action::Select(key) => self.select(Item::Series(key)),
            browser::Action::SelectProcess { host, id } => self.select_process(&host, id),
            browser::Action::Copy(text) => ctx.copy_text(text),
            browser::Action::Attach => self.attach_text("local"),
        }
    }

    fn select(&mut self, item: Item) {
        self.views.selected = Some(item);
    }

    fn select_process(&mut self, host: &str, id: ProcessId) {
        if let Some(item) = self.process_item(host, (id, Measure::Cpu)) {
            self.select(item);
        }
    }

    pub(super) fn process_table(&mut self, ctx: &Context, host: &str, action: processes::Action) {
        match action {
            processes::Action::Select(ids) => {
                if let Some(id) = ids.last() {
                    self.select_process(host, *id);
                }
            }
            processes::Action::Plot(id, measure) => {
                if let Some(item) = self.process_item(host, (id, measure)) {
                    self.add_plot(&[item]);
                }
            }
            processes::Action::Copy(text) => ctx.copy_text(text),
            processes::Action::Attach => self.attach_text("local"),
            processes::Action::Follow => self.newest(),
            processes::Action::Report => self.table_to_report(Rows::Processes),
        }
    }

    pub(super) fn sample_table(&mut self, ctx: &Context, action: samples::Action) {
        match action {
            samples::Action::Pin(moment) => self.timeline.pin = Some(moment),
            samples::Action::ShowPlots => self.bring_up(Screen::Explore),
            samples::Action::Report => self.samples_to_report(),
            samples::Action::Copy(text) => ctx.copy_text(text),
        }
    }

    pub(super) fn event_list(&mut self, ctx: &Context, action: events::Action) {
        match action {
            events::Action::Goto(moment) => self.timeline.reveal(moment),
            events::Action::Copy(text) => ctx.copy_text(text),
            events::Action::Follow => self.newest(),
            events::Action::Report => self.table_to_report(Rows::Events),
        }
    }

    pub(super) fn details(&mut self, ctx: &Context, action: details::Action) {
        match action {
            details::Action::Select(key) => self.select(Item::Series(key)),
            details::Action::Plot(key) => self.add_plot(&[Item::Series(key)]),
            details::Action::Services(which) => self.show_in_services(which),
            details::Action::Zoom(span) => self.timeline.show(span),
            details::Action::WhatChanged => self.what_changed(),
            details::Action::SelectView => {
                let range = self.timeline.view().intersect(self.timeline.whole());
                self.timeline.selection = Some(range);
            }
            details::Action::Deselect => self.timeline.selection = None,
            details::Action::Report(series) => {
                self.table_to_report(Rows::Statistics(series));
            }
            details::Action::Copy(text) => ctx.copy_text(text),
        }
    }

    /// Shows one host's plots only, or all of them again.
    pub(super) fn single_out(&mut self, host: &str) {
        let others: Vec<String> = self
            .session
            .hosts()
            .iter()
            .filter(|name| *name != host)
            .cloned()
            .collect();
        self.history.edit("choose host", Instant::now(), |it| {
            it.hidden_hosts = match it.hidden_hosts == others {
                true => Vec::new(),
                false => others,
            };
        });
    }
}

impl Panel {
    fn take_out(&mut self, item: &Item) {
        match &mut self.content {
            Content::Essential { added, .. } => added.retain(|it| it != item),
            Content::Own { items, .. } => items.retain(|it| it != item),
        }
    }

    /// Hides all others; shows all again if it is alone already.
    fn solo(&mut self, key: &SeriesKey, all: &[SeriesKey]) {
        let others: Vec<SeriesKey> = all.iter().filter(|it| *it != key).cloned().collect();
        self.hidden = match self.hidden == others {
            true => Vec::new(),
            false => others,
        };
    }
}
