//! The list of pages with the sections of the one that is shown, and what a search found.

use eframe::egui::{RichText, ScrollArea, Ui};

use super::{State, Topic};
use crate::manual::{KEYBOARD, PAGES, Place};
use crate::theme;
use crate::view::empty;

/// How far sections stand in, by level below the title.
const INDENT: f32 = 12.0;

/// Hits that are listed; a search with more wants more words.
const HITS_MOST: usize = 50;

/// Draws the pages, and the sections of the one that is shown.
pub(super) fn ui(ui: &mut Ui, state: &mut State) {
    let mut asked = None;
    ScrollArea::vertical()
        .id_salt("contents")
        .auto_shrink([false, true])
        .show(ui, |ui| {
            ui.style_mut().wrap_mode = Some(eframe::egui::TextWrapMode::Truncate);
            for (page, it) in PAGES.iter().enumerate() {
                let place = Place { page, section: 0 };
                let shown = match state.topic {
                    Topic::Page(shown) => shown.page == page,
                    Topic::Shortcuts => it.name == KEYBOARD,
                    _ => false,
                };
                let title = state.manual.title(page);
                if ui
                    .selectable_label(shown, RichText::new(title).strong())
                    .clicked()
                {
                    asked = Some(Topic::Page(place));
                }
                if shown && it.name != KEYBOARD {
                    asked = sections_ui(ui, state, page).or(asked);
                }
            }
            ui.add_space(6.0);
            for (topic, title) in [(Topic::Accuracy, "Accuracy"), (Topic::About, "About")] {
                if ui
                    .selectable_label(state.topic == topic, RichText::new(title).strong())
                    .clicked()
                {
                    asked = Some(topic);
                }
            }
        });
    if let Some(topic) = asked {
        state.search.clear();
        state.go(topic);
    }
}

fn sections_ui(ui: &mut Ui, state: &State, page: usize) -> Option<Topic> {
    let mut asked = None;
    let weak = theme::of(ui.visuals()).text_weak;
    let sections = state.manual.sections(page).iter().enumerate().skip(1);
    for (section, it) in sections {
        let place = Place { page, section };
        ui.horizontal(|ui| {
            ui.add_space(INDENT * (it.level - 1) as f32);
            // What a section belongs to stands above it already.
            let own = it.title.split_once(": ").map_or(it.title, |(_, own)| own);
            let text = match it.level {
                2 => RichText::new(it.title),
                _ => RichText::new(own).small().color(weak),
            };
            let shown = state.topic == Topic::Page(place);
            ui.push_id(section, |ui| {
                if ui.selectable_label(shown, text).clicked() {
                    asked = Some(Topic::Page(place));
                }
            });
        });
    }
    asked
}

/// Draws what the search found in place of a page.
pub(super) fn hits_ui(ui: &mut Ui, state: &mut State) {
    let words: Vec<String> = state
        .search
        .split_whitespace()
        .map(str::to_lowercase)
        .collect();
    let hits = state.manual.search(&words);
    if hits.is_empty() {
        if empty::ui(ui, "No page has all these words.", "Clear the search") {
            state.search.clear();
        }
        return;
    }
    let mut asked = None;
    let weak = theme::of(ui.visuals()).text_weak;
    ScrollArea::vertical()
        .id_salt("hits")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.label(RichText::new(count_text(hits.len())).color(weak));
            for (number, hit) in hits.iter().take(HITS_MOST).enumerate() {
                ui.add_space(6.0);
                let sections = state.manual.sections(hit.place.page);
                let title = sections.get(hit.place.section).map_or("", |it| it.title);
                let name = match hit.place.section {
                    0 => title.to_owned(),
                    _ => format!("{} › {title}", state.manual.title(hit.place.page)),
                };
                ui.push_id(number, |ui| {
                    if ui.link(name).clicked() {
                        asked = Some(hit.place);
                    }
                });
                ui.add(eframe::egui::Label::new(RichText::new(&hit.line).color(weak)).wrap());
            }
        });
    if let Some(place) = asked {
        state.search.clear();
        state.go(Topic::Page(place));
    }
}

fn count_text(count: usize) -> String {
    match count {
        1 => "One section.".to_owned(),
        2..=HITS_MOST => format!("{count} sections."),
        _ => format!("The first {HITS_MOST} of {count} sections; more words find fewer."),
    }
}
