//! One line of the list, and the menu behind it.

use eframe::egui::{Rect, Sense, Ui, vec2};
use model::finding::{Analysis, Finding};
use workflow::services::Which;

use super::{Action, Data, length_text, severity};
use crate::manual::{link, topics};
use crate::plot::spark::{self, Spark};
use crate::theme::{self, Theme};
use crate::view::list::{self, Chosen, Ink, Place};

/// Widths of the columns beside the sentence.
const SORT: f32 = 92.0;
const HOST: f32 = 80.0;
const SPARK: f32 = 110.0;
const WHEN: f32 = 76.0;

/// What leads to the help on a finding.
pub(super) const MEANING: &str = "What does it mean?";

/// The sign of what belongs into the report.
const PINNED: &str = "◆";

/// Draws a finding; says whether it was chosen by a press that does something.
pub(super) fn ui(
    ui: &mut Ui,
    place: Place,
    (finding, chosen, data): (&Finding, Chosen, &Data<'_>),
    actions: &mut Vec<Action>,
) -> bool {
    let theme = theme::of(ui.visuals());
    let kind = format!("{} {}", finding.analysis.name(), finding.kind);
    let spoken = || spoken(finding, data);
    let response = list::row_ui(ui, place, (Sense::click(), chosen), &spoken);
    if response.clicked() || response.secondary_clicked() {
        response.request_focus();
    }
    let mut rest: Rect = place.rect.shrink2(vec2(list::INDENT, 0.0));
    let expected = data.is_expected(finding.id);
    let (sign, color) = match expected {
        true => ("·", theme.text_weak),
        false => severity(finding.severity, theme),
    };
    list::text(ui, list::cut(&mut rest, 12.0), sign, &Ink::left(color));
    let mark = list::cut(&mut rest, 12.0);
    if data.is_pinned(finding.id) {
        list::text(ui, mark, PINNED, &Ink::left(theme.text));
    }
    let weak = Ink::left(theme.text_weak);
    list::text(ui, list::cut(&mut rest, SORT), &kind, &weak);
    if data.hosts > 1 {
        list::text(ui, list::cut(&mut rest, HOST), &finding.host, &weak);
    }
    let wide = rest.width();
    let sentence = list::cut(
        &mut rest,
        (wide - SPARK - WHEN - 2.0 * list::INDENT).max(40.0),
    );
    // What hindsight does not confirm stands back as well.
    let unconfirmed = finding.is_live() && data.watched.is_none();
    let quiet = expected || unconfirmed || data.origin_text(finding.id).is_some();
    let ink = match quiet {
        true => Ink::left(theme.text_weak),
        false => Ink::left(theme.text),
    };
    list::text(ui, sentence, &words(finding, data), &ink);
    let small = list::cut(&mut rest, SPARK).shrink2(vec2(0.0, 2.0));
    spark_ui(ui, small, (finding, data), theme);
    let length = length_text(finding.stretch());
    list::text(ui, rest, &length, &Ink::number(theme.text_weak));
    let twice = response.double_clicked();
    if twice {
        actions.push(Action::Show(finding.stretch()));
    }
    let asked = response.secondary_clicked();
    response.context_menu(|ui| menu_ui(ui, (finding, data), actions));
    response.on_hover_ui_at_pointer(|ui| hint_ui(ui, finding, data));
    twice || asked
}

fn spoken(finding: &Finding, data: &Data<'_>) -> String {
    let severity = match data.is_expected(finding.id) {
        true => "expected",
        false => finding.severity.name(),
    };
    let pinned = match data.is_pinned(finding.id) {
        true => ", in the report",
        false => "",
    };
    format!(
        "{severity}: {}, {} {}{pinned}",
        words(finding, data),
        finding.analysis.name(),
        finding.kind
    )
}

/// The sentence, behind what is special about it.
fn words(finding: &Finding, data: &Data<'_>) -> String {
    let reason = data
        .standing(finding.id)
        .and_then(|it| it.expected.as_deref());
    let mut words = match reason {
        Some(reason) => format!("Expected, {reason}: {}", finding.statement),
        None => finding.statement.clone(),
    };
    if let Some(origin) = data.origin_text(finding.id) {
        words = format!("({origin}) {words}");
    }
    words
}

fn hint_ui(ui: &mut Ui, finding: &Finding, data: &Data<'_>) {
    ui.strong(words(finding, data));
    ui.label(format!(
        "{} to {}",
        data.clock.text(finding.stretch().from),
        data.clock.text(finding.stretch().to)
    ));
    ui.weak("Click shows the evidence, a double click the stretch of time, a right click what can be done.");
}

/// What can be done with a finding, by its name in the menu and what is asked for.
pub(super) fn choices(
    finding: &Finding,
    data: &Data<'_>,
) -> Vec<(&'static str, &'static str, Action)> {
    let id = finding.id;
    let mut all = vec![(
        "Show",
        "Select this stretch of time in every screen and zoom to it",
        Action::Show(finding.stretch()),
    )];
    if !finding.series.is_empty() {
        all.push((
            "Plot its series",
            "Draw its series together as a plot of their own",
            Action::Plot(finding.series.clone()),
        ));
    }
    if let Some(which) = Which::of_finding(finding) {
        all.push((
            "Show in Services",
            "Select this stretch and show the requests it speaks of",
            Action::Services(which, finding.stretch()),
        ));
    }
    if finding.analysis == Analysis::Bottleneck && data.watched.is_none() {
        all.push((
            "What would help?",
            "What this bottleneck would have one try, with predicted effects",
            Action::WhatWouldHelp(finding.stretch()),
        ));
    }
    if data.watched.is_some() {
        // What is said live is kept by recording it.
        return all;
    }
    all.push(match data.is_pinned(id) {
        true => (
            "Remove from report",
            "The report shows it no more (R)",
            Action::Unpin(id),
        ),
        false => (
            "Add to report",
            "The report of this session shows it with its evidence (R)",
            Action::Pin(id),
        ),
    });
    if finding.analysis == Analysis::Anomaly {
        all.push(match data.is_expected(id) {
            true => (
                "Not expected after all",
                "Takes away the mark; what else it covered counts again as well",
                Action::Unmark(id),
            ),
            false => (
                "Expected…",
                "Say why it was to be expected; it then stands last and raises no alarm",
                Action::Expect(id),
            ),
        });
    }
    all
}

fn menu_ui(ui: &mut Ui, (finding, data): (&Finding, &Data<'_>), actions: &mut Vec<Action>) {
    for (name, hint, action) in choices(finding, data) {
        if ui.button(name).on_hover_text(hint).clicked() {
            actions.push(action);
            ui.close();
        }
    }
    if ui.button("Copy as text").clicked() {
        actions.push(Action::Copy(super::evidence::text(finding)));
        ui.close();
    }
    let hint = "What such a finding says, how it is computed, and what it cannot tell";
    if ui.button(MEANING).on_hover_text(hint).clicked() {
        link::open(ui.ctx(), topics::of_finding(finding));
        ui.close();
    }
}

fn spark_ui(ui: &Ui, rect: Rect, (finding, data): (&Finding, &Data<'_>), theme: &Theme) {
    if rect.width() < 20.0 {
        return;
    }
    ui.painter().rect_filled(rect, 1.0, theme.ground);
    let track = finding.series.first().and_then(|name| (data.track)(name));
    let drawn = Spark {
        rect,
        view: data.whole,
        marked: finding.extent(),
        color: theme.series_color(0),
    };
    ui.painter().extend(spark::shapes(track, &drawn, theme));
}
