//! The first page: attach, open, go on with a recent session, look at an example.
//!
//! Start at [`ui`].

use eframe::egui::{Frame, Response, RichText, ScrollArea, TextStyle, Ui, WidgetInfo, accesskit};

use super::list;
use crate::theme;

/// Widest column of the page.
const WIDEST: f32 = 620.0;

/// At most so many recent sessions are listed.
const RECENT: usize = 10;

/// The tour: what to do, and why.
pub const TOUR: [(&str, &str); 5] = [
    (
        "Watch",
        "Attach this machine: within a second its processors, memory, disks and network are drawn.",
    ),
    (
        "Look closer",
        "Drag over a plot to select a stretch in all of them; Ctrl and the wheel zoom where the pointer is.",
    ),
    (
        "Find the process",
        "The process table shows the moment at the cursor; a click on a row plots that process.",
    ),
    (
        "Record",
        "Press Record: what the agent still remembers, up to ten minutes, is kept as well.",
    ),
    (
        "Report",
        "Note what you found, then export one file that a reviewer opens in any browser.",
    ),
];

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    step: usize,
}

/// Whether the tour is offered; the shell remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tour {
    /// It was not dismissed yet.
    Offered,
    /// The user has seen enough of it.
    Dismissed,
}

/// A session that was open before.
#[derive(Clone, Copy, Debug)]
pub struct Recent<'a> {
    /// File name.
    pub name: &'a str,
    /// Folder, and when it was open last.
    pub detail: &'a str,
}

/// A session that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    /// Its name.
    pub name: &'a str,
    /// One line on what was done while it was recorded.
    pub line: &'a str,
}

/// Everything the page shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Newest first.
    pub recent: &'a [Recent<'a>],
    /// In the order in which they are best looked at.
    pub examples: &'a [Example<'a>],
    /// Whether the tour is offered.
    pub tour: Tour,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Attach this machine.
    AttachHere,
    /// Ask which machine to attach.
    AttachOther,
    /// Ask which file to open.
    Open,
    /// Open the recent session of this place in the list.
    OpenRecent(usize),
    /// Take the recent session of this place out of the list.
    Forget(usize),
    /// Open the example of this place in the list.
    OpenExample(usize),
    /// Do not offer the tour any more.
    DismissTour,
    /// Offer the tour again.
    OfferTour,
}

/// Draws the page; its lists are short.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let room = ui.available_width();
        let side = ((room - WIDEST) / 2.0).max(8.0);
        ui.add_space(16.0);
        ui.horizontal_top(|ui| {
            ui.add_space(side);
            ui.vertical(|ui| {
                ui.set_max_width((room - 2.0 * side).max(100.0));
                begin_ui(ui, &mut actions);
                tour_ui(ui, state, (data, &mut actions));
                recent_ui(ui, data, &mut actions);
                examples_ui(ui, data, &mut actions);
            });
        });
    });
    actions
}

fn begin_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.heading("Kymo");
    let purpose = "Watch a machine, record what happens, find out what limits it.";
    ui.label(RichText::new(purpose).color(weak));
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        if ui.button("▸ Attach this machine").clicked() {
            actions.push(Action::AttachHere);
        }
        if ui.button("Attach another…").clicked() {
            actions.push(Action::AttachOther);
        }
        if ui.button("Open…").clicked() {
            actions.push(Action::Open);
        }
    });
    ui.label(
        RichText::new("or drop a session, CSV or Parquet file here")
            .small()
            .color(weak),
    );
}

fn tour_ui(ui: &mut Ui, state: &mut State, (data, actions): (&Data<'_>, &mut Vec<Action>)) {
    ui.add_space(12.0);
    if data.tour == Tour::Dismissed {
        if ui.small_button("Show the tour again").clicked() {
            state.step = 0;
            actions.push(Action::OfferTour);
        }
        return;
    }
    let step = state.step.min(TOUR.len() - 1);
    let (title, text) = TOUR[step];
    Frame::group(ui.style()).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.strong(format!("{} of {}: {title}", step + 1, TOUR.len()));
        ui.label(text);
        ui.horizontal(|ui| {
            ui.add_enabled_ui(step > 0, |ui| {
                if ui.button("Back").clicked() {
                    state.step = step.saturating_sub(1);
                }
            });
            if step + 1 < TOUR.len() {
                if ui.button("Next").clicked() {
                    state.step = step + 1;
                }
                if ui.button("Skip the tour").clicked() {
                    actions.push(Action::DismissTour);
                }
            } else if ui.button("Done").clicked() {
                actions.push(Action::DismissTour);
            }
        });
    });
}

fn recent_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.add_space(12.0);
    ui.strong("Recent sessions");
    if data.recent.is_empty() {
        let why = "None yet: what you record or open is listed here.";
        ui.label(RichText::new(why).color(weak));
    }
    for (place, recent) in data.recent.iter().take(RECENT).enumerate() {
        ui.push_id(("recent", place), |ui| {
            ui.horizontal(|ui| {
                if ui.link(recent.name).clicked() {
                    actions.push(Action::OpenRecent(place));
                }
                let sign = list::text_wide(ui, "×", &TextStyle::Button);
                let padding = ui.spacing().button_padding.x * 2.0 + ui.spacing().item_spacing.x;
                let room = ui.available_width() - sign - padding - 2.0;
                let detail = RichText::new(recent.detail).small().color(weak);
                let size = eframe::egui::vec2(room.max(20.0), ui.available_height());
                let layout = eframe::egui::Layout::left_to_right(eframe::egui::Align::Center);
                ui.allocate_ui_with_layout(size, layout, |ui| {
                    ui.set_min_width(room.max(20.0));
                    ui.add(eframe::egui::Label::new(detail).truncate());
                });
                if forget_ui(ui, recent).clicked() {
                    actions.push(Action::Forget(place));
                }
            });
        });
    }
}

fn forget_ui(ui: &mut Ui, recent: &Recent<'_>) -> Response {
    let button = ui.small_button("×");
    button.widget_info(|| {
        let name = format!("Forget {}", recent.name);
        WidgetInfo::labeled(accesskit::Role::Button, true, name)
    });
    button.on_hover_text("Take out of this list; the file stays")
}

fn examples_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.add_space(12.0);
    ui.strong("Example sessions");
    if data.examples.is_empty() {
        let why = "The folder with examples was not found beside the program.";
        ui.label(RichText::new(why).color(weak));
    }
    for (place, example) in data.examples.iter().enumerate() {
        ui.push_id(("example", place), |ui| {
            ui.horizontal_wrapped(|ui| {
                if ui.link(example.name).clicked() {
                    actions.push(Action::OpenExample(place));
                }
                ui.label(RichText::new(example.line).color(weak));
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::ui as start_ui;
    use super::*;
    use crate::view::testing;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    fn drawn(data: &Data<'_>, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
        let (mut state, mut actions) = (State::default(), Vec::new());
        let mut harness = testing::harness([800.0, 600.0], |ui| {
            actions.extend(start_ui(ui, &mut state, data));
        });
        use_it(&mut harness);
        harness.run();
        drop(harness);
        actions
    }

    #[test]
    fn sessions_of_one_name_are_told_apart() {
        let recent = Recent {
            name: "night.kymo",
            detail: "/srv, yesterday",
        };
        let example = Example {
            name: "CPU hog",
            line: "one process uses a core from the second minute",
        };
        let data = Data {
            recent: &[recent, recent],
            examples: &[example],
            tour: Tour::Dismissed,
        };
        let actions = drawn(&data, |harness| {
            let second = harness.get_all_by_label("night.kymo").nth(1);
            second.expect("two of them").click();
            harness.run();
            harness.get_by_label("CPU hog").click();
        });
        assert_eq!(actions, [Action::OpenRecent(1), Action::OpenExample(0)]);
    }

    #[test]
    fn the_tour_goes_from_step_to_step_and_ends() {
        let data = Data {
            recent: &[],
            examples: &[],
            tour: Tour::Offered,
        };
        let actions = drawn(&data, |harness| {
            harness.get_by_label("None yet: what you record or open is listed here.");
            for step in 1..TOUR.len() {
                harness.get_by_label_contains(&format!("{step} of 5"));
                harness.get_by_label("Next").click();
                harness.run();
            }
            harness.get_by_label("Done").click();
            harness.run();
            harness.get_by_label("▸ Attach this machine").click();
        });
        assert_eq!(actions, [Action::DismissTour, Action::AttachHere]);
    }
}
