//! What a report holds, in an order that is dragged: sections, texts, charts, tables, and
//! the findings that were chosen.

use eframe::egui::{self, Align, Button, Id, Layout, RichText, Sense, Ui, vec2};
use model::report::{Draft, Item};
use report::part;

use super::{Action, Data, words};
use crate::theme;

/// Longest label of a row.
const LABEL_MOST: usize = 60;

/// Scratch of the list.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The item that is edited.
    pub(super) open: Option<usize>,
}

/// What is dragged: an item, or a finding among the chosen ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dragged {
    Item(usize),
    Finding(usize),
}

/// What was asked of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Move(usize, usize),
    Remove(usize),
    Open(usize),
}

/// Draws the list.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut super::State,
    (draft, data): (&mut Draft, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        ui.strong("Contents");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            add_ui(ui, draft);
        });
    });
    let mut asked = None;
    for place in 0..draft.items.len() {
        let item = &draft.items[place];
        let (label, noun) = (label(item), item.noun());
        let count = draft.items.len();
        let row = Row {
            label: &label,
            noun,
            place,
            count,
            edited: matches!(item, Item::Text(_) | Item::Heading(_)),
        };
        asked = row_ui(ui, &row, Dragged::Item(place)).or(asked);
        if matches!(&draft.items[place], Item::Part(id) if id == "findings") {
            pinned_ui(ui, data, actions);
        }
        if state.items.open == Some(place) {
            ui.indent(("open", place), |ui| {
                words::ui(ui, &mut state.words, (&mut draft.items[place], data));
            });
        }
    }
    match asked {
        Some(Asked::Move(from, to)) if from < draft.items.len() && to < draft.items.len() => {
            let item = draft.items.remove(from);
            draft.items.insert(to, item);
            state.items.open = None;
        }
        Some(Asked::Remove(place)) => {
            draft.items.remove(place);
            state.items.open = None;
        }
        Some(Asked::Open(place)) => {
            let open = state.items.open == Some(place);
            state.items.open = (!open).then_some(place);
            state.words = words::State::default();
        }
        _ => {}
    }
    ui.add_space(6.0);
    ui.weak("Charts and tables come from other screens, with Add to report.");
}

/// Adds a section that is not there, a heading, or a text.
fn add_ui(ui: &mut Ui, draft: &mut Draft) {
    ui.menu_button("Add ▾", |ui| {
        if ui.button("Text").clicked() {
            draft.items.push(Item::Text(String::new()));
        }
        if ui.button("Heading").clicked() {
            draft.items.push(Item::Heading("Notes".to_owned()));
        }
        ui.separator();
        for part in part::ALL {
            let item = Item::Part(part.id.to_owned());
            let there = draft.items.contains(&item);
            if ui
                .add_enabled(!there, Button::new(part.title))
                .on_disabled_hover_text("It is there already")
                .clicked()
            {
                draft.items.push(item);
            }
        }
    });
}

/// The findings that were chosen, below their section.
fn pinned_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.indent("pinned", |ui| {
        if data.pinned.is_empty() {
            ui.weak("The heaviest ones, since none was added. R adds one on Findings.");
        }
        let count = data.pinned.len();
        for (place, finding) in data.pinned.iter().enumerate() {
            let label = cut(&finding.statement);
            let row = Row {
                label: &label,
                noun: finding.analysis.name(),
                place,
                count,
                edited: false,
            };
            match row_ui(ui, &row, Dragged::Finding(place)) {
                Some(Asked::Move(from, to)) => actions.push(Action::MovePin(from, to)),
                Some(Asked::Remove(_)) => actions.push(Action::Unpin(finding.id)),
                Some(Asked::Open(_)) => actions.push(Action::Finding(finding.id)),
                None => {}
            }
        }
    });
}

/// A row of the list.
struct Row<'a> {
    label: &'a str,
    noun: &'a str,
    place: usize,
    count: usize,
    edited: bool,
}

/// Draws a row: a handle to drag it by, its label, and what can be done with it.
fn row_ui(ui: &mut Ui, row: &Row<'_>, dragged: Dragged) -> Option<Asked> {
    let mut asked = None;
    let place = row.place;
    let id = Id::unique(("report row", std::mem::discriminant(&dragged), place));
    let frame = ui.horizontal(|ui| {
        let handle = ui.dnd_drag_source(id, dragged, |ui| {
            ui.label(RichText::new("≡").monospace());
        });
        let name = format!("Drag {}", row.label);
        handle
            .response
            .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &name));
        let room = (ui.available_width() - 112.0).max(60.0);
        let text = egui::Label::new(row.label).truncate().sense(Sense::click());
        let space = vec2(room, ui.spacing().interact_size.y);
        let label = ui
            .allocate_ui_with_layout(space, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(room);
                ui.add(text)
            })
            .inner;
        if label.clicked() && (row.edited || matches!(dragged, Dragged::Finding(_))) {
            asked = Some(Asked::Open(place));
        }
        label.on_hover_text(format!("{}: {}", row.noun, row.label));
        buttons_ui(ui, row, &mut asked);
    });
    asked.or(dropped(ui, (&frame.response, dragged), place))
}

fn buttons_ui(ui: &mut Ui, row: &Row<'_>, asked: &mut Option<Asked>) {
    let place = row.place;
    let mut button = |ui: &mut Ui, (sign, name): (&str, &str), enabled: bool, wish: Asked| {
        let response = ui.add_enabled(enabled, Button::new(sign).small().frame(false));
        let spoken = format!("{name} {}", row.label);
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::Button, enabled, &spoken)
        });
        if response.on_hover_text(name).clicked() {
            *asked = Some(wish);
        }
    };
    if row.edited {
        button(ui, ("Edit", "Edit"), true, Asked::Open(place));
    }
    let up = Asked::Move(place, place.saturating_sub(1));
    button(ui, ("▲", "Move up"), place > 0, up);
    let down = Asked::Move(place, place + 1);
    button(ui, ("▼", "Move down"), place + 1 < row.count, down);
    button(ui, ("×", "Remove"), true, Asked::Remove(place));
}

/// Where something of the same sort was dropped on a row.
fn dropped(ui: &Ui, (response, own): (&egui::Response, Dragged), place: usize) -> Option<Asked> {
    let over = response.dnd_hover_payload::<Dragged>()?;
    let from = match (*over, own) {
        (Dragged::Item(from), Dragged::Item(_)) | (Dragged::Finding(from), Dragged::Finding(_)) => {
            from
        }
        _ => return None,
    };
    let rect = response.rect;
    let edge = if from < place {
        rect.bottom()
    } else {
        rect.top()
    };
    let color = theme::of(ui.visuals()).selection_edge;
    ui.painter()
        .hline(rect.x_range(), edge, egui::Stroke::new(2.0, color));
    response
        .dnd_release_payload::<Dragged>()
        .filter(|_| from != place)
        .map(|_| Asked::Move(from, place))
}

/// What an item is called in the list.
fn label(item: &Item) -> String {
    match item {
        Item::Part(id) => part::find(id).map_or_else(|| id.clone(), |it| it.title.to_owned()),
        Item::Heading(text) => format!("§ {}", cut(text)),
        Item::Text(text) if text.trim().is_empty() => "(empty text)".to_owned(),
        Item::Text(text) => cut(text),
        Item::Chart(chart) if chart.title.trim().is_empty() => {
            cut(&format!("chart: {}", chart.series.join(", ")))
        }
        Item::Chart(chart) => cut(&format!("chart: {}", chart.title)),
        Item::Table(table) => {
            let of = match &table.of {
                model::report::Rows::Statistics(_) => "statistics",
                model::report::Rows::Processes => "processes",
                model::report::Rows::Services => "services",
                model::report::Rows::Events => "events",
                model::report::Rows::Coverage => "data quality",
            };
            match table.title.trim() {
                "" => format!("table: {of}"),
                title => cut(&format!("table: {title}")),
            }
        }
    }
}

fn cut(text: &str) -> String {
    let line = text.lines().find(|it| !it.trim().is_empty()).unwrap_or("");
    let mut cut: String = line.chars().take(LABEL_MOST).collect();
    if cut.len() < line.len() {
        cut.push('…');
    }
    cut
}
