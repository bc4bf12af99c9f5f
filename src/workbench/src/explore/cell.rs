//! One plot with its menu, as a place to drop on.

use eframe::egui::{self, Rect, RichText, Ui, pos2, vec2};

use model::time::Moment;

use super::arrange::Plot;
use super::{Absent, Action, Answer, Data, drop_on};
use crate::plot::panel::{self, Curve, Form, Scale, Shown, Style};
use crate::theme::{self, Look};
use crate::workspace::{Choice, Content, Item, Panel};

/// Room for the menu button at the right of the title.
const MENU: f32 = 22.0;

/// Draws one plot into `rect`.
pub(super) fn ui(
    ui: &mut Ui,
    rect: Rect,
    (plot, state, data): (&Plot, &mut panel::State, &Data<'_>),
    answer: &mut Answer,
) {
    let Some(settings) = data.workspace.panel(plot.panel) else {
        return;
    };
    ground_ui(ui, rect);
    let inside = egui::UiBuilder::new()
        .id_salt(("cell", plot.id))
        .max_rect(rect.shrink(2.0));
    let mut child = ui.new_child(inside);
    let mut absent = Vec::new();
    let curves: Vec<Curve<'_>> = plot
        .curves
        .iter()
        .enumerate()
        .filter_map(|(place, named)| {
            answer.wanted.push(named.item.clone());
            let track = match (data.track)(&named.item) {
                Ok(track) => track,
                Err(why) => {
                    absent.push(why);
                    return None;
                }
            };
            Some(Curve {
                track,
                name: &named.name,
                look: Look::nth(place),
                shown: shown(settings, track),
            })
        })
        .collect();
    let title = title(plot, settings);
    let shown = panel::Data {
        id: plot.id,
        title: &title,
        curves: &curves,
        empty: &why_empty(plot, &absent),
        style: style(settings, rect.height() - 4.0),
        shared: data.shared,
    };
    let plot_rect =
        Rect::from_min_max(child.max_rect().min, child.max_rect().max - vec2(MENU, 0.0));
    let mut area = child.new_child(egui::UiBuilder::new().max_rect(plot_rect));
    let wishes = panel::ui(&mut area, state, &shown);
    answer
        .actions
        .extend(pin(&area, plot_rect, (&wishes, data.shared.cursor)));
    answer
        .actions
        .extend(wishes.into_iter().map(|it| Action::Plot(plot.panel, it)));
    menu_ui(&mut child, (plot, settings), &mut answer.actions);
    drop_on(ui, rect, Some(plot.panel), &mut answer.actions);
}

/// A click on a plot that means nothing else holds on to the moment under it.
fn pin(
    ui: &Ui,
    rect: Rect,
    (wishes, cursor): (&[panel::Action], Option<Moment>),
) -> Option<Action> {
    let clicked = ui.input(|input| input.pointer.primary_clicked());
    let busy = wishes
        .iter()
        .any(|it| !matches!(it, panel::Action::Cursor(_)));
    if !clicked || busy || !ui.rect_contains_pointer(rect) {
        return None;
    }
    cursor.map(Action::Pin)
}

fn ground_ui(ui: &Ui, rect: Rect) {
    let theme = theme::of(ui.visuals());
    ui.painter().rect_filled(rect, 3.0, theme.ground);
}

fn shown(panel: &Panel, track: &analysis::track::Track) -> Shown {
    match panel.hidden.contains(&track.series().key) {
        true => Shown::Hidden,
        false => Shown::Visible,
    }
}

fn style(panel: &Panel, height: f32) -> Style {
    Style {
        scale: match panel.log {
            Choice::On => Scale::Log,
            Choice::Off => Scale::Linear,
        },
        form: match panel.stacked {
            Choice::On => Form::Stacked,
            Choice::Off => Form::Lines,
        },
        height,
        ..Style::default()
    }
}

fn title(plot: &Plot, panel: &Panel) -> String {
    let mut title = plot.title.clone();
    if plot.left_out > 0 {
        title.push_str(&format!(
            " (first {} of {})",
            plot.curves.len(),
            plot.curves.len() + plot.left_out
        ));
    }
    if panel.log.on() {
        title.push_str(" · log");
    }
    title
}

fn why_empty(plot: &Plot, absent: &[Absent]) -> String {
    if plot.curves.is_empty() {
        return "Drag series or processes here from the browser.".to_owned();
    }
    let failed = absent.iter().find_map(|it| match it {
        Absent::Failed(why) => Some(why.clone()),
        Absent::Loading | Absent::Unknown => None,
    });
    match failed {
        Some(why) => format!("Could not be loaded: {why}"),
        None if absent.contains(&Absent::Loading) => "Loading…".to_owned(),
        None if absent.is_empty() => "No samples yet.".to_owned(),
        None => "Not in this session. The plot stays in your workspace for sessions that have it."
            .to_owned(),
    }
}

/// The menu at the right of the title.
fn menu_ui(ui: &mut Ui, (plot, panel): (&Plot, &Panel), actions: &mut Vec<Action>) {
    let right = ui.max_rect().right_top();
    let place = Rect::from_min_size(pos2(right.x - MENU, right.y), vec2(MENU, 18.0));
    let mut corner = ui.new_child(
        egui::UiBuilder::new()
            .id_salt("menu")
            .max_rect(place)
            .layout(egui::Layout::right_to_left(egui::Align::Center)),
    );
    let button = egui::Button::new("≡").small().frame(false);
    let (response, _) =
        egui::containers::menu::MenuButton::from_button(button).ui(&mut corner, |ui| {
            items_ui(ui, (plot, panel), actions);
        });
    let name = format!("Menu of {}", plot.title);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &name));
}

fn items_ui(ui: &mut Ui, (plot, panel): (&Plot, &Panel), actions: &mut Vec<Action>) {
    let items = || {
        plot.curves
            .iter()
            .map(|it| it.item.clone())
            .collect::<Vec<Item>>()
    };
    let mut log = panel.log.on();
    if ui.checkbox(&mut log, "Logarithmic").clicked() {
        actions.push(Action::ToggleLog(panel.id));
    }
    let mut stacked = panel.stacked.on();
    if ui.checkbox(&mut stacked, "Stacked").clicked() {
        actions.push(Action::ToggleStacked(panel.id));
    }
    ui.separator();
    if !panel.hidden.is_empty() && ui.button("Show all series").clicked() {
        actions.push(Action::ShowAll(panel.id));
    }
    if ui.button("Statistics").clicked() {
        actions.push(Action::Statistics(items()));
    }
    if ui.button("Show as table").clicked() {
        actions.push(Action::ShowTable(plot.id));
    }
    if ui.button("Add to report").clicked() {
        actions.push(Action::ToReport(plot.title.clone(), items(), stacked));
    }
    if ui.button("Copy data as TSV").clicked() {
        actions.push(Action::CopyData(items()));
    }
    take_out_ui(ui, (plot, panel), actions);
    ui.separator();
    if ui.button("Remove plot").clicked() {
        actions.push(Action::Remove(panel.id));
    }
}

/// Curves that the user added can be taken out again.
fn take_out_ui(ui: &mut Ui, (plot, panel): (&Plot, &Panel), actions: &mut Vec<Action>) {
    if panel.items().is_empty() {
        return;
    }
    ui.menu_button("Take out", |ui| {
        for named in &plot.curves {
            let own = panel.items().contains(&named.item);
            if own && ui.button(&named.name).clicked() {
                actions.push(Action::TakeOut(panel.id, named.item.clone()));
            }
        }
    });
    if matches!(panel.content, Content::Own { .. }) {
        let text = RichText::new("This plot is yours and is kept")
            .small()
            .weak();
        ui.label(text);
    }
}
