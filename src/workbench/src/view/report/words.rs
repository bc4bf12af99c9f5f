//! The text that somebody writes into a report. Numbers that nothing proves are
//! underlined; those of the report are put in from a list, and stay true.

use eframe::egui::text::LayoutJob;
use eframe::egui::{ScrollArea, Stroke, TextEdit, TextFormat, TextStyle, Ui};
use model::report::Item;
use report::text;

use super::Data;
use super::head::{Field, named};
use crate::theme;

/// Numbers offered at once.
const OFFERED_MAX: usize = 60;

/// Scratch of the editor.
#[derive(Debug, Default)]
pub(super) struct State {
    field: Field,
    search: String,
}

/// Draws the editor of a text or a heading.
pub(super) fn ui(ui: &mut Ui, state: &mut State, (item, data): (&mut Item, &Data<'_>)) {
    match item {
        Item::Heading(text) => {
            let width = ui.available_width();
            let field = state.field.ui(ui, text, |text| {
                TextEdit::singleline(text)
                    .desired_width(width)
                    .id_salt("heading")
            });
            named(&field, "Text of the heading");
        }
        Item::Text(text) => text_ui(ui, state, (text, data)),
        Item::Part(_) | Item::Chart(_) | Item::Table(_) => {}
    }
}

fn text_ui(ui: &mut Ui, state: &mut State, (text, data): (&mut String, &Data<'_>)) {
    let width = ui.available_width();
    let theme = theme::of(ui.visuals());
    let mut layouter = |ui: &Ui, text: &dyn eframe::egui::TextBuffer, wrap: f32| {
        let mut job = marked(ui, text.as_str());
        job.wrap.max_width = wrap;
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let mut now = state.field_text(text);
    let response = ui.add(
        TextEdit::multiline(&mut now)
            .desired_width(width)
            .desired_rows(5)
            .hint_text("Markdown: **strong**, `code`, * lists, # headings")
            .id_salt("text")
            .layouter(&mut layouter),
    );
    named(&response, "Text of the report");
    state.take(now, &response, text);
    let loose = text::loose(text).len();
    if loose > 0 {
        let noun = if loose == 1 {
            "number leads"
        } else {
            "numbers lead"
        };
        ui.colored_label(
            theme.severe,
            format!("▲ {loose} {noun} to no source: put in one of the report instead"),
        );
    }
    ui.menu_button("Insert number ▾", |ui| {
        numbers_ui(ui, state, (text, data));
    });
}

impl State {
    fn field_text(&mut self, text: &str) -> String {
        self.field.pending_or(text)
    }

    fn take(&mut self, now: String, response: &eframe::egui::Response, text: &mut String) {
        self.field.settle(now, response, text);
    }
}

/// A list of the report's numbers; the chosen one is put at the end of the text.
fn numbers_ui(ui: &mut Ui, state: &mut State, (text, data): (&mut String, &Data<'_>)) {
    let Some(document) = data.document else {
        ui.weak("The report is being made.");
        return;
    };
    ui.set_min_width(320.0);
    ui.add(
        TextEdit::singleline(&mut state.search)
            .hint_text("Search: p95 disk")
            .id_salt("numbers"),
    );
    let words = super::super::words::Words::of(&state.search);
    let mut seen = std::collections::HashSet::new();
    let mut shown = 0;
    ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
        for (section, token) in document.tokens() {
            let source = document.sources.get(token.source.0.wrapping_sub(1));
            let series = source.map_or("", |it| it.series.as_str());
            let label = format!(
                "{}  {} of {series} ({section})",
                token.text, token.statistic
            );
            let fits = words.is_empty() || words.found_in(&label.to_lowercase());
            if !fits || !seen.insert(token.id.as_str()) {
                continue;
            }
            shown += 1;
            if shown > OFFERED_MAX {
                ui.weak("More fit: search for one.");
                break;
            }
            if ui.button(label).clicked() {
                let gap = if text.is_empty() || text.ends_with(char::is_whitespace) {
                    ""
                } else {
                    " "
                };
                text.push_str(&format!("{gap}[[{}]]", token.id));
                state.field = Field::default();
                ui.close();
            }
        }
        if shown == 0 {
            ui.weak("No number of the report has these words.");
        }
    });
}

/// The text with every number underlined that nothing proves.
fn marked(ui: &Ui, text: &str) -> LayoutJob {
    let font = TextStyle::Body.resolve(ui.style());
    let theme = theme::of(ui.visuals());
    let plain = TextFormat::simple(font.clone(), theme.text);
    let flagged = TextFormat {
        underline: Stroke::new(1.5, theme.severe),
        ..TextFormat::simple(font, theme.severe)
    };
    let mut job = LayoutJob::default();
    let mut at = 0;
    for range in text::loose(text) {
        if range.start < at || range.end > text.len() {
            continue;
        }
        job.append(&text[at..range.start], 0.0, plain.clone());
        job.append(&text[range.clone()], 0.0, flagged.clone());
        at = range.end;
    }
    job.append(&text[at..], 0.0, plain);
    job
}
