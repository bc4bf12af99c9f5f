//! One page of the help, and the address of a link that leads out of the program.

use eframe::egui::{Align, Frame, Label, RichText, ScrollArea, Ui, UiBuilder};
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};

use super::Action;
use crate::manual::{self, Manual, Place, Target};

/// Widest column of running text.
const WIDEST: f32 = 680.0;

/// What is remembered of drawn pages.
#[derive(Default)]
pub(super) struct State {
    cache: CommonMarkCache,
    /// The section to bring to the top when the page is drawn next.
    target: Option<usize>,
    /// Of which page the links are known to be ours.
    known: Option<usize>,
    /// A link out of the program that was pressed.
    outside: Option<String>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("outside", &self.outside)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Brings a section to the top when the page is drawn next.
    pub(super) fn scroll_to(&mut self, section: usize) {
        self.target = Some(section);
        self.outside = None;
    }

    /// Keeps the links of a page from being opened as web pages.
    fn know_links(&mut self, page: usize) {
        if self.known == Some(page) {
            return;
        }
        self.known = Some(page);
        self.cache.link_hooks_clear();
        for link in manual::links(manual::PAGES.get(page).map_or("", |it| it.text)) {
            self.cache.add_link_hook(link);
        }
    }

    /// The link that was pressed in the frame that is drawn.
    fn pressed(&self) -> Option<String> {
        let mut hooks = self.cache.link_hooks().iter();
        hooks
            .find(|(_, pressed)| **pressed)
            .map(|(link, _)| link.clone())
    }
}

/// Draws a page; says which place a link asked for.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut State,
    (manual, place): (&Manual, Place),
    actions: &mut Vec<Action>,
) -> Option<Place> {
    state.know_links(place.page);
    outside_ui(ui, state, actions);
    let mut asked = None;
    let target = state.target.take();
    ScrollArea::vertical()
        .id_salt(("page", place.page))
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_max_width((ui.available_width() - 8.0).min(WIDEST));
            for (number, section) in manual.sections(place.page).iter().enumerate() {
                let builder = UiBuilder::new().id_salt((place.page, number));
                let drawn = ui.scope_builder(builder, |ui| {
                    section_ui(ui, &mut state.cache, section.text, actions);
                });
                asked = asked.take().or_else(|| state.pressed());
                if target == Some(number) {
                    ui.scroll_to_rect(drawn.response.rect, Some(Align::TOP));
                }
            }
            // The last sections can stand at the top as well.
            ui.add_space(ui.clip_rect().height() * 0.6);
        });
    match manual.target(place.page, &asked?) {
        Target::Inside(place) => Some(place),
        Target::Outside(url) => {
            state.outside = Some(url);
            None
        }
        Target::Nowhere => None,
    }
}

/// A section: what stands between code is Markdown, code has a frame and is copied whole.
fn section_ui(ui: &mut Ui, cache: &mut CommonMarkCache, text: &str, actions: &mut Vec<Action>) {
    // Every second part lies between two fences.
    for (number, part) in text.split("```").enumerate() {
        if number % 2 == 0 {
            let width = ui.available_width() as usize;
            ui.push_id(number, |ui| {
                let viewer = CommonMarkViewer::new().default_width(Some(width));
                viewer.show(ui, cache, part);
            });
            continue;
        }
        // The first line names the language.
        let code = part
            .split_once('\n')
            .map_or(part, |(_, code)| code)
            .trim_end();
        ui.add_space(6.0);
        Frame::group(ui.style()).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                if ui.small_button("Copy").clicked() {
                    actions.push(Action::Copy(code.to_owned()));
                }
                ui.add(Label::new(RichText::new(code).monospace()).wrap());
            });
        });
    }
}

/// The address of a link that leads out, which is only opened on request.
fn outside_ui(ui: &mut Ui, state: &mut State, actions: &mut Vec<Action>) {
    let Some(url) = state.outside.clone() else {
        return;
    };
    Frame::group(ui.style()).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label("Outside of Kymo:");
            ui.monospace(&url);
            if ui.button("Copy").clicked() {
                actions.push(Action::Copy(url.clone()));
            }
            if ui.button("Open in the browser").clicked() {
                actions.push(Action::Visit(url.clone()));
                state.outside = None;
            }
            if ui.button("Close").clicked() {
                state.outside = None;
            }
        });
    });
}
