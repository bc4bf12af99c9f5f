//! The chosen series in detail, what can be done with it, and its tabs.

use analysis::compare::{self, statement};
use eframe::egui::{Button, Color32, Label, RichText, Ui};
use model::finding::Finding;

use super::columns;
use super::drawing::sign;
use super::{Action, Data, distribution, overlay, scatter, settings};
use crate::contrast::answer::{Answer, Fate, Row};
use crate::contrast::closeup::{CloseUp, Wanted};
use crate::theme::{self, Theme};
use crate::view::table::{self, Format};

/// Scratch that lives between frames. Never data, never saved.
#[derive(Default)]
pub(super) struct State {
    tab: Tab,
    overlay: overlay::State,
    scatter: scatter::State,
}

/// What is shown of the chosen series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Overlay,
    Distribution,
    Scatter,
    Settings,
}

const TABS: [(Tab, &str, &str); 4] = [
    (Tab::Overlay, "Overlay", "Both windows on one time axis"),
    (
        Tab::Distribution,
        "Distribution",
        "How the values of both windows are spread",
    ),
    (Tab::Scatter, "X-Y", "Against another series"),
    (Tab::Settings, "Settings", "Settings that differ"),
];

/// Colors of A and B, the same wherever both are drawn.
pub(super) fn colors(theme: &Theme) -> [Color32; 2] {
    [theme.text_weak, theme.series_color(0)]
}

/// Draws the detail of a row.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut State,
    (place, answer, data): (usize, &Answer, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let Some(row) = answer.rows.get(place) else {
        return;
    };
    let wanted = Wanted {
        row: place,
        x: state.scatter.place(answer),
    };
    if data.closeup.is_none_or(|it| it.wanted != wanted) {
        actions.push(Action::Look(wanted));
    }
    title_ui(ui, (row, answer), data, actions);
    ui.horizontal(|ui| {
        for (tab, name, hint) in TABS {
            let text = match (tab, answer.comparison.settings.len()) {
                (Tab::Settings, count) if count > 0 => format!("{name} ({count})"),
                _ => name.to_owned(),
            };
            let button = ui.add(Button::selectable(state.tab == tab, text));
            if button.on_hover_text(hint).clicked() {
                state.tab = tab;
            }
        }
        ui.separator();
        match state.tab {
            Tab::Overlay => overlay::tools_ui(ui, &mut state.overlay, answer),
            Tab::Distribution => distribution::legend_ui(ui, (row, closeup(data, wanted))),
            Tab::Scatter => scatter::tools_ui(ui, &mut state.scatter, (row, answer)),
            Tab::Settings => settings::tools_ui(ui, answer, actions),
        }
    });
    if state.tab == Tab::Settings {
        settings::ui(ui, answer);
        return;
    }
    let Some(closeup) = closeup(data, wanted) else {
        ui.weak("Reading the samples of both windows…");
        return;
    };
    match state.tab {
        Tab::Overlay => overlay::ui(ui, &mut state.overlay, (closeup, answer, data)),
        Tab::Distribution => distribution::ui(ui, (row, closeup)),
        Tab::Scatter => scatter::ui(ui, &state.scatter, (row, answer, closeup), data),
        Tab::Settings => {}
    }
}

/// What is known of the row; that of another row is of no use.
fn closeup<'a>(data: &Data<'a>, wanted: Wanted) -> Option<&'a CloseUp> {
    data.closeup.filter(|it| it.wanted == wanted)
}

/// The row as a finding of the stored session that is looked at.
fn pinnable((row, answer): (&Row, &Answer), data: &Data<'_>) -> Option<Finding> {
    answer.here(row)?;
    let difference = row.difference.as_ref().filter(|_| !data.live)?;
    let sides = [answer.sides[0].span, answer.sides[1].span];
    Some(compare::finding(
        (&row.name, &row.series),
        difference,
        sides,
    ))
}

fn title_ui(
    ui: &mut Ui,
    (row, answer): (&Row, &Answer),
    data: &Data<'_>,
    actions: &mut Vec<Action>,
) {
    let theme = theme::of(ui.visuals());
    ui.horizontal(|ui| {
        let here = answer.here(row);
        if here.is_some() {
            let hint = "Select B and this series in every screen, and zoom to it";
            if ui.small_button("Show").on_hover_text(hint).clicked() {
                actions.extend(show(row, answer));
            }
            let hint = "Draw this series as a plot of its own";
            if ui.small_button("Plot").on_hover_text(hint).clicked() {
                actions.extend(plot(row, answer));
            }
        }
        if let Some(finding) = pinnable((row, answer), data) {
            let (name, hint) = match (data.pinned)(finding.id) {
                true => ("Remove from report", "The report shows it no more"),
                false => ("Add to report", "The report of this session shows it"),
            };
            if ui.small_button(name).on_hover_text(hint).clicked() {
                actions.push(Action::Pin(Box::new(finding)));
            }
        }
        let hint = "Copy what is known of it, with every digit";
        if ui.small_button("Copy row").on_hover_text(hint).clicked() {
            actions.push(Action::Copy(text(row)));
        }
        let (sign, color) = sign(row, theme);
        ui.label(RichText::new(sign).color(color));
        let sentence = sentence(row);
        let label = ui.add(Label::new(RichText::new(&sentence).strong()).truncate());
        label.on_hover_text(sentence);
    });
}

/// Selects B and the series in every screen, if they are of the session looked at.
pub(super) fn show(row: &Row, answer: &Answer) -> Option<Action> {
    let (span, key) = answer.here(row)?;
    Some(Action::Show(span, key.clone()))
}

fn plot(row: &Row, answer: &Answer) -> Option<Action> {
    let (_, key) = answer.here(row)?;
    Some(Action::Plot(vec![key.clone()]))
}

/// What can be done with a row.
pub(super) fn row_menu(ui: &mut Ui, (row, answer): (&Row, &Answer), actions: &mut Vec<Action>) {
    if answer.here(row).is_some() {
        if ui.button("Show").clicked() {
            actions.extend(show(row, answer));
        }
        if ui.button("Plot").clicked() {
            actions.extend(plot(row, answer));
        }
    }
    if ui.button("Copy row").clicked() {
        actions.push(Action::Copy(text(row)));
    }
}

/// What was found, as a sentence.
pub(super) fn sentence(row: &Row) -> String {
    let level = |side: usize| row.series.unit.text(row.levels[side]);
    match (&row.difference, row.fate) {
        (Some(difference), _) => {
            let said = statement(&row.name, &row.series, difference);
            let within = difference.within_runs;
            match difference.verdict != within && within.is_change() {
                true => format!("{said}; {} if runs repeat", within.name()),
                false => said,
            }
        }
        (None, Fate::Appeared) => format!("{} appeared at {}", row.name, level(1)),
        (None, _) => format!("{} vanished from {}", row.name, level(0)),
    }
}

/// Everything that is known of a row, one fact a line.
fn text(row: &Row) -> String {
    let facts = columns::exact_header().into_iter().zip(columns::exact(row));
    let rows = facts.map(|(name, value)| [name, value]);
    let header = ["fact", "value"].map(str::to_owned);
    format!(
        "{}\n{}",
        sentence(row),
        table::text(Format::Tsv, &header, rows)
    )
}

/// What a row says when it is pointed at.
pub(super) fn hover_ui(ui: &mut Ui, row: &Row) {
    ui.set_max_width(520.0);
    ui.strong(sentence(row));
    let unit = row.series.unit.code();
    let exact = |value: f64| match unit {
        "1" => table::exact(value),
        unit => format!("{} {unit}", table::exact(value)),
    };
    ui.label(format!(
        "before {}, after {}",
        exact(row.levels[0]),
        exact(row.levels[1])
    ));
    if let Some(it) = &row.difference {
        let [lo, hi] = it.shift_interval;
        ui.label(format!(
            "shift {}, 95 % interval {} to {}",
            exact(it.shift),
            exact(lo),
            exact(hi)
        ));
        ui.label(format!(
            "p95 moved by {}, p99 by {}, variance × {}",
            row.series.unit.text(it.tail_shift[0]),
            row.series.unit.text(it.tail_shift[1]),
            model::unit::digits(it.variance_ratio)
        ));
        ui.label(format!(
            "p = {}, q = {}, data there: {:.0} %",
            columns::chance(it.p_value),
            columns::chance(it.q_value),
            it.coverage * 100.0
        ));
    }
    ui.weak("Click shows it in detail, a double click selects B in every screen.");
}
