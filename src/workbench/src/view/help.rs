//! Help: the shortcut sheet, short pages, how accurate findings are, and what this
//! program is.
//!
//! The sheet is drawn from the table of commands, so it cannot be out of date.
//!
//! Start at [`ui`].

use eframe::egui::{Grid, RichText, ScrollArea, TextEdit, Ui};

use super::words::Words;
use super::{accuracy, empty, table};
use crate::accuracy::Card;
use crate::theme;

/// Widest column of running text.
const WIDEST: f32 = 640.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    topic: Topic,
    search: String,
}

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Topic {
    #[default]
    Shortcuts,
    Page(usize),
    Accuracy,
    About,
}

impl State {
    /// Shows a page by its place.
    pub fn show_page(&mut self, place: usize) {
        self.topic = Topic::Page(place);
    }

    /// Shows how accurate the findings are.
    pub fn show_accuracy(&mut self) {
        self.topic = Topic::Accuracy;
    }
}

/// One command of the sheet.
#[derive(Clone, Copy, Debug)]
pub struct Shortcut<'a> {
    /// Heading it stands under; commands of one category follow each other.
    pub category: &'a str,
    /// What it does.
    pub name: &'a str,
    /// Its keys as people read them; empty if it has none.
    pub keys: &'a str,
}

/// One page.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Title in the list of pages.
    pub title: &'a str,
    /// Lines of plain text; `# ` and `## ` start headings, `* ` an item, four
    /// spaces something to type.
    pub text: &'a str,
}

/// What this program is.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Name and version.
    pub version: &'a str,
    /// One sentence.
    pub purpose: &'a str,
    /// License.
    pub license: &'a str,
    /// What a report of a problem should say of this machine, by name.
    pub facts: &'a [(&'a str, String)],
}

/// Everything the help shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Commands by category.
    pub shortcuts: &'a [Shortcut<'a>],
    /// Pages in reading order.
    pub pages: &'a [Page<'a>],
    /// How accurate its findings are, or why that is not known.
    pub accuracy: &'a Result<Card, String>,
    /// What this program is.
    pub about: About<'a>,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws the chosen page.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal_wrapped(|ui| {
        // A title that does not fit goes to the next row whole.
        ui.style_mut().wrap_mode = Some(eframe::egui::TextWrapMode::Extend);
        ui.selectable_value(&mut state.topic, Topic::Shortcuts, "Shortcuts");
        for (number, page) in data.pages.iter().enumerate() {
            ui.push_id(number, |ui| {
                ui.selectable_value(&mut state.topic, Topic::Page(number), page.title);
            });
        }
        ui.selectable_value(&mut state.topic, Topic::Accuracy, "Accuracy");
        ui.selectable_value(&mut state.topic, Topic::About, "About");
    });
    ui.separator();
    match state.topic {
        Topic::Shortcuts => shortcuts_ui(ui, state, data),
        Topic::Page(number) => match data.pages.get(number) {
            Some(page) => page_ui(ui, page.text),
            None => state.topic = Topic::Shortcuts,
        },
        Topic::Accuracy => {
            let version = env!("CARGO_PKG_VERSION");
            let asked = accuracy::ui(ui, data.accuracy, version).into_iter();
            actions.extend(asked.map(|accuracy::Action::Copy(text)| Action::Copy(text)));
        }
        Topic::About => about_ui(ui, data, &mut actions),
    }
    actions
}

fn shortcuts_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) {
    let edit = TextEdit::singleline(&mut state.search)
        .hint_text("Search commands and keys…")
        .desired_width(260.0)
        .id_salt("search");
    ui.add(edit);
    let words = Words::of(&state.search);
    let found = data.shortcuts.iter().filter(|it| {
        words.is_empty()
            || words.found_in(&format!("{} {} {}", it.category, it.name, it.keys).to_lowercase())
    });
    let found: Vec<&Shortcut<'_>> = found.collect();
    if found.is_empty() {
        if empty::ui(
            ui,
            "No command has all these words in its name or keys.",
            "Clear search",
        ) {
            state.search.clear();
        }
        return;
    }
    let weak = theme::of(ui.visuals()).text_weak;
    ScrollArea::vertical()
        .id_salt("sheet")
        .auto_shrink(false)
        .show(ui, |ui| {
            for group in found.chunk_by(|a, b| a.category == b.category) {
                ui.add_space(8.0);
                ui.strong(group[0].category);
                let grid = Grid::new(("sheet", group[0].category, group[0].name));
                grid.num_columns(2)
                    .min_col_width(260.0)
                    .striped(true)
                    .show(ui, |ui| {
                        for it in group {
                            ui.label(it.name);
                            match it.keys {
                                "" => ui.label(RichText::new("–").color(weak)),
                                keys => ui.label(RichText::new(keys).monospace()),
                            };
                            ui.end_row();
                        }
                    });
            }
        });
}

fn page_ui(ui: &mut Ui, text: &str) {
    ScrollArea::vertical()
        .id_salt("page")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(WIDEST));
            for line in text.lines() {
                line_ui(ui, line);
            }
        });
}

fn line_ui(ui: &mut Ui, line: &str) {
    if let Some(title) = line.strip_prefix("# ") {
        ui.heading(title);
    } else if let Some(title) = line.strip_prefix("## ") {
        ui.add_space(6.0);
        ui.strong(title);
    } else if let Some(item) = line.strip_prefix("* ") {
        ui.horizontal_top(|ui| {
            ui.label("•");
            ui.add(eframe::egui::Label::new(item).wrap());
        });
    } else if let Some(typed) = line.strip_prefix("    ") {
        ui.monospace(typed);
    } else if line.trim().is_empty() {
        ui.add_space(6.0);
    } else {
        ui.label(line);
    }
}

fn about_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let about = &data.about;
    ui.heading(about.version);
    ui.label(about.purpose);
    ui.label(format!("License: {}", about.license));
    ui.add_space(8.0);
    Grid::new("about")
        .num_columns(2)
        .spacing([12.0, 3.0])
        .show(ui, |ui| {
            for (name, value) in about.facts {
                ui.weak(*name);
                ui.label(value);
                ui.end_row();
            }
        });
    ui.add_space(8.0);
    if ui.button("Copy for a problem report").clicked() {
        let header = ["fact".to_owned(), "value".to_owned()];
        let facts = about.facts.iter();
        let first = [["version".to_owned(), about.version.to_owned()]];
        let rows = first
            .into_iter()
            .chain(facts.map(|(name, value)| [(*name).to_owned(), value.clone()]));
        actions.push(Action::Copy(table::text(table::Format::Tsv, &header, rows)));
    }
}

#[cfg(test)]
mod tests {
    use super::ui as help_ui;
    use super::*;
    use crate::view::testing;
    use eframe::egui::accesskit;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    const SHORTCUTS: &[Shortcut<'_>] = &[
        Shortcut {
            category: "View",
            name: "Zoom in",
            keys: "W",
        },
        Shortcut {
            category: "View",
            name: "Show everything",
            keys: "Home",
        },
    ];
    const PAGES: &[Page<'_>] = &[Page {
        title: "First steps",
        text: "# First steps\n\n* attach\n    kymo record\nThat is all.",
    }];

    fn drawn(use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
        let data = Data {
            shortcuts: SHORTCUTS,
            pages: PAGES,
            accuracy: &Ok(Card::default()),
            about: About {
                version: "Kymo 0.1.0",
                purpose: "Watches machines.",
                license: "MIT OR Apache-2.0",
                facts: &[("renderer", "glow".to_owned())].map(|it| it),
            },
        };
        let (mut state, mut actions) = (State::default(), Vec::new());
        let mut harness = testing::harness([800.0, 600.0], |ui| {
            actions.extend(help_ui(ui, &mut state, &data));
        });
        use_it(&mut harness);
        harness.run();
        drop(harness);
        actions
    }

    #[test]
    fn pages_and_about_can_be_opened() {
        let actions = drawn(|harness| {
            harness.get_by_label("First steps").click();
            harness.run();
            harness.get_by_label("That is all.");
            harness.get_by_label("kymo record");
            harness.get_by_label("Accuracy").click();
            harness.run();
            harness.get_by_label_contains("none is claimed");
            harness.get_by_label("About").click();
            harness.run();
            harness.get_by_label("Copy for a problem report").click();
        });
        let wanted = "fact\tvalue\nversion\tKymo 0.1.0\nrenderer\tglow\n";
        assert_eq!(actions, [Action::Copy(wanted.to_owned())]);
    }

    #[test]
    fn a_search_without_hits_can_be_cleared() {
        drawn(|harness| {
            harness.get_by_role(accesskit::Role::TextInput).focus();
            harness.run();
            harness.event(eframe::egui::Event::Text("zoom w".to_owned()));
            harness.run();
            harness.get_by_label("Zoom in");
            assert!(harness.query_by_label("Show everything").is_none());
            harness.event(eframe::egui::Event::Text(" nothing".to_owned()));
            harness.run();
            harness.get_by_label("Clear search").click();
            harness.run();
            harness.get_by_label("Show everything");
        });
    }
}
