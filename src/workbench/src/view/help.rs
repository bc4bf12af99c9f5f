//! Help: contents at the left, the chosen page at the right, a search over all pages,
//! the sheet of keys, how accurate findings are, and what this program is.
//!
//! * [`contents`]: the list of pages and hits. [`page`]: one page. [`sheet`]: keys.
//!
//! Start at [`ui`].

use std::collections::VecDeque;

use eframe::egui::{
    Align, Button, Context, Key, Layout, Modifiers, TextEdit, Ui, UiBuilder, WidgetInfo, accesskit,
    vec2,
};
use workflow::accuracy::Card;

use super::accuracy;
use crate::manual::{INDEX, KEYBOARD, Manual, PAGES, Place};

mod contents;
mod page;
mod sheet;

/// So many steps back are remembered.
const PAST_MOST: usize = 100;

/// Below this width the contents stand above the page, folded.
const NARROW: f32 = 560.0;

/// Width of the contents beside the page.
const CONTENTS: f32 = 210.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    manual: Manual,
    topic: Topic,
    /// What is searched in all pages.
    search: String,
    /// What is searched in the sheet of keys.
    keys: String,
    past: VecDeque<Topic>,
    future: Vec<Topic>,
    page: page::State,
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Shortcuts,
    Page(Place),
    Accuracy,
    About,
}

impl Default for Topic {
    fn default() -> Self {
        Self::Page(Place::default())
    }
}

impl State {
    /// Shows a place such as `analysis#anomaly-spike`; the index where there is none.
    pub fn show(&mut self, address: &str) {
        let place = self.manual.find(address);
        self.search.clear();
        self.go(Topic::Page(place.unwrap_or_default()));
    }

    /// Shows how accurate the findings are.
    pub fn show_accuracy(&mut self) {
        self.search.clear();
        self.go(Topic::Accuracy);
    }

    /// Shows the sheet of keys.
    pub fn show_keys(&mut self) {
        self.search.clear();
        self.go(Topic::Shortcuts);
    }

    /// Whether the sheet of keys is shown.
    pub fn shows_keys(&self) -> bool {
        self.topic == Topic::Shortcuts
    }

    /// Shows what was chosen; the way back leads to what was shown.
    fn go(&mut self, topic: Topic) {
        let topic = self.settled(topic);
        if topic != self.topic {
            self.past.push_back(self.topic);
            if self.past.len() > PAST_MOST {
                self.past.pop_front();
            }
            self.future.clear();
            self.topic = topic;
        }
        self.arrive();
    }

    /// The sheet stands for the page that lists the commands.
    fn settled(&self, topic: Topic) -> Topic {
        match topic {
            Topic::Page(place) if PAGES[place.page].name == KEYBOARD => Topic::Shortcuts,
            other => other,
        }
    }

    fn back(&mut self) {
        if let Some(topic) = self.past.pop_back() {
            self.future.push(self.topic);
            self.topic = topic;
            self.arrive();
        }
    }

    fn forward(&mut self) {
        if let Some(topic) = self.future.pop() {
            self.past.push_back(self.topic);
            self.topic = topic;
            self.arrive();
        }
    }

    fn arrive(&mut self) {
        if let Topic::Page(place) = self.topic {
            self.page.scroll_to(place.section);
        }
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

/// Everything the help shows beside its pages, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Commands by category.
    pub shortcuts: &'a [Shortcut<'a>],
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
    /// Open this address outside of the program.
    Visit(String),
}

/// Draws the help.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    ways_ui(ui, state);
    ui.separator();
    if ui.available_width() < NARROW {
        ui.collapsing("Contents", |ui| contents::ui(ui, state));
        ui.separator();
        topic_ui(ui, state, data, &mut actions);
        return actions;
    }
    let room = ui.available_rect_before_wrap();
    let (left, right) = room.split_left_right_at_x(room.left() + CONTENTS);
    let column = |rect| {
        UiBuilder::new()
            .max_rect(rect)
            .layout(Layout::top_down(Align::Min))
    };
    ui.scope_builder(column(left.shrink2(vec2(2.0, 0.0))), |ui| {
        contents::ui(ui, state);
    });
    ui.painter().vline(
        left.right(),
        room.y_range(),
        ui.visuals().widgets.noninteractive.bg_stroke,
    );
    ui.scope_builder(column(right.with_min_x(right.left() + 12.0)), |ui| {
        topic_ui(ui, state, data, &mut actions);
    });
    actions
}

/// Back, forward, the index, and the search.
fn ways_ui(ui: &mut Ui, state: &mut State) {
    let (back, forward) = asked_by_keys(ui.ctx());
    ui.horizontal(|ui| {
        let button = |ui: &mut Ui, enabled: bool, sign: &str, name: &str| {
            let response = ui.add_enabled(enabled, Button::new(sign));
            response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, enabled, name));
            response.on_hover_text(name).clicked()
        };
        if button(ui, !state.past.is_empty(), "◀", "Back (Alt+Left)") || back {
            state.back();
        }
        if button(ui, !state.future.is_empty(), "▶", "Forward (Alt+Right)") || forward {
            state.forward();
        }
        if ui.button("All pages").clicked() {
            state.show(INDEX);
        }
        let edit = TextEdit::singleline(&mut state.search)
            .hint_text("Search all pages…")
            .desired_width(260.0)
            .id_salt("search pages");
        ui.add(edit);
        if !state.search.is_empty() && ui.small_button("Clear").clicked() {
            state.search.clear();
        }
    });
}

/// Whether keys ask for the way back and forward.
fn asked_by_keys(ctx: &Context) -> (bool, bool) {
    ctx.input_mut(|input| {
        let back = input.consume_key(Modifiers::ALT, Key::ArrowLeft);
        (back, input.consume_key(Modifiers::ALT, Key::ArrowRight))
    })
}

fn topic_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    if !state.search.trim().is_empty() {
        contents::hits_ui(ui, state);
        return;
    }
    match state.topic {
        Topic::Shortcuts => sheet::shortcuts_ui(ui, state, data),
        Topic::Page(place) => {
            let asked = page::ui(ui, &mut state.page, (&state.manual, place), actions);
            if let Some(place) = asked {
                state.go(Topic::Page(place));
            }
        }
        Topic::Accuracy => {
            let version = env!("CARGO_PKG_VERSION");
            let asked = accuracy::ui(ui, data.accuracy, version).into_iter();
            actions.extend(asked.map(|accuracy::Action::Copy(text)| Action::Copy(text)));
        }
        Topic::About => sheet::about_ui(ui, data, actions),
    }
}

#[cfg(test)]
mod tests;
