//! Notes on the time axis: the list, and the editor for one of them.
//!
//! Start at [`ui`]; the shell opens the editor with [`State::draft`] or [`State::edit`].

use eframe::egui::{
    Button, Id, Rect, RichText, Sense, Stroke, StrokeKind, TextEdit, TextStyle, Ui, WidgetInfo,
    accesskit, vec2,
};
use model::annotation::Annotation;
use model::time::{Moment, Span, duration_text};

use super::list::{self, Chosen, Ink, List, Place};
use super::table::{self, Focused, Format};
use super::{CLOCK_DIGITS, clock_text, empty};
use crate::plot::time_axis::Clock;
use crate::theme;

/// Longest text of a note, in characters: a paragraph, not a document.
const TEXT_MAX: usize = 2_000;

/// What the eight colors are called, in the order of the theme.
pub const COLORS: [&str; 8] = [
    "sky blue",
    "orange",
    "green",
    "pink",
    "vermilion",
    "yellow",
    "blue",
    "gray",
];

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    draft: Option<Draft>,
}

/// A note that is being written.
#[derive(Clone, Debug)]
struct Draft {
    /// The note that is changed; `None` for a new one.
    id: Option<u32>,
    from: String,
    to: String,
    text: String,
    color: u8,
    fresh: bool,
}

/// Everything the view shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Notes of the session.
    pub notes: &'a [Annotation],
    /// The selected range.
    pub selection: Option<Span>,
    /// Where the pointer is or was last on the axis.
    pub cursor: Option<Moment>,
    /// What the plots show; a new note stands in its middle when nothing else is known.
    pub view: Span,
    /// How moments are labeled.
    pub clock: &'a Clock,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Keep this new note.
    Add {
        /// Where on the axis; empty for a point.
        span: Span,
        /// What the author wrote.
        text: String,
        /// Which of the eight colors.
        color: u8,
    },
    /// Replace the note of this number.
    Edit(Annotation),
    /// Remove the note of this number.
    Delete(u32),
    /// Bring this stretch into view.
    Goto(Span),
    /// Put this text on the clipboard.
    Copy(String),
}

impl State {
    /// Opens the editor for a new note at `span`.
    pub fn draft(&mut self, span: Span) {
        self.draft = Some(Draft::at(span));
    }

    /// Opens the editor for a note.
    pub fn edit(&mut self, note: &Annotation) {
        self.draft = Some(Draft {
            id: Some(note.id),
            text: note.text.clone(),
            color: note.color,
            ..Draft::at(note.span)
        });
    }
}

impl Draft {
    fn at(span: Span) -> Self {
        Self {
            id: None,
            from: span.from.to_string(),
            to: match span.is_empty() {
                true => String::new(),
                false => span.to.to_string(),
            },
            text: String::new(),
            color: 0,
            fresh: true,
        }
    }

    /// The span as it is written, or what is wrong with it.
    fn span(&self) -> Result<Span, String> {
        let moment = |text: &str| text.trim().parse::<Moment>().map_err(|it| it.to_string());
        let from = moment(&self.from)?;
        let to = match self.to.trim() {
            "" => from,
            text => moment(text)?,
        };
        if to < from {
            return Err("the end is before the start".to_owned());
        }
        Ok(Span { from, to })
    }
}

/// Draws list and editor; costs the rows in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if state.draft.is_some() {
        editor_ui(ui, state, data, &mut actions);
        ui.separator();
    } else if data.notes.is_empty() {
        let why = "No notes yet. A note marks a moment or a stretch for whoever opens this session later.";
        if empty::ui(ui, why, "Write a note") {
            state.draft(place_of_new(data));
        }
        return actions;
    } else if ui.button("Write a note").clicked() {
        state.draft(place_of_new(data));
    }
    if !data.notes.is_empty() {
        list_ui(ui, state, data, &mut actions);
    }
    actions
}

fn place_of_new(data: &Data<'_>) -> Span {
    let middle = data.view.from.plus_ns(data.view.length_ns() / 2);
    let point = data.cursor.unwrap_or(middle);
    data.selection.unwrap_or(Span {
        from: point,
        to: point,
    })
}

fn editor_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let Some(draft) = &mut state.draft else {
        return;
    };
    ui.strong(match draft.id {
        Some(_) => "Change note",
        None => "New note",
    });
    let edit = TextEdit::multiline(&mut draft.text)
        .hint_text("What was seen or done here?")
        .char_limit(TEXT_MAX)
        .desired_rows(2)
        .desired_width(f32::INFINITY)
        .id_salt("note");
    let response = ui.add(edit);
    if std::mem::take(&mut draft.fresh) {
        response.request_focus();
    }
    colors_ui(ui, draft);
    span_ui(ui, draft, data);
    let span = draft.span();
    if let Err(wrong) = &span {
        let color = theme::of(ui.visuals()).severe;
        ui.label(RichText::new(format!("! {wrong}")).color(color));
    }
    let done = ui
        .horizontal(|ui| {
            let ready = span.is_ok() && !draft.text.trim().is_empty();
            let save = ui.add_enabled(ready, Button::new("Save note"));
            if let (true, Ok(span)) = (save.clicked(), &span) {
                actions.push(saved(draft, *span));
                return true;
            }
            ui.button("Discard").clicked()
        })
        .inner;
    if done {
        state.draft = None;
    }
}

fn saved(draft: &Draft, span: Span) -> Action {
    let (text, color) = (draft.text.trim().to_owned(), draft.color);
    match draft.id {
        Some(id) => Action::Edit(Annotation {
            id,
            span,
            text,
            color,
        }),
        None => Action::Add { span, text, color },
    }
}

fn colors_ui(ui: &mut Ui, draft: &mut Draft) {
    let theme = theme::of(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.label("Color");
        for (number, name) in COLORS.iter().enumerate() {
            let chosen = usize::from(draft.color) == number;
            let (rect, response) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::click());
            response.widget_info(|| {
                WidgetInfo::selected(accesskit::Role::RadioButton, true, chosen, *name)
            });
            let painter = ui.painter();
            painter.rect_filled(rect.shrink(3.0), 2.0, theme.series_color(number));
            if chosen || response.has_focus() || response.hovered() {
                let width = if chosen { 2.0 } else { 1.0 };
                let stroke = Stroke::new(width, theme.text);
                painter.rect_stroke(rect, 3.0, stroke, StrokeKind::Inside);
            }
            if response.on_hover_text(*name).clicked() {
                // There are eight of them.
                draft.color = u8::try_from(number).unwrap_or_default();
            }
        }
    });
}

fn span_ui(ui: &mut Ui, draft: &mut Draft, data: &Data<'_>) {
    ui.horizontal_wrapped(|ui| {
        let from = ui.label("From").id;
        let edit = TextEdit::singleline(&mut draft.from)
            .desired_width(190.0)
            .id_salt("from");
        ui.add(edit).labelled_by(from);
        let to = ui.label("to").id;
        let edit = TextEdit::singleline(&mut draft.to)
            .desired_width(190.0)
            .hint_text("same moment")
            .id_salt("to");
        ui.add(edit).labelled_by(to);
    });
    ui.horizontal_wrapped(|ui| {
        let mut put = |span: Span| {
            let Draft { from, to, .. } = Draft::at(span);
            (draft.from, draft.to) = (from, to);
        };
        let selection = ui.add_enabled(data.selection.is_some(), Button::new("Use selection"));
        if let (true, Some(span)) = (selection.clicked(), data.selection) {
            put(span);
        }
        let cursor = ui.add_enabled(data.cursor.is_some(), Button::new("Use cursor"));
        if let (true, Some(at)) = (cursor.clicked(), data.cursor) {
            put(Span { from: at, to: at });
        }
    });
}

fn list_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let area = ui.available_rect_before_wrap();
    let base = ui.scope_id().with("notes");
    let row_id = |index: usize| base.with(data.notes.get(index).map(|note| note.id));
    let rows = List {
        salt: "notes",
        count: data.notes.len(),
        row_id: &row_id,
    };
    let mut edited = None;
    let focused = rows.show(ui, |ui, place| {
        if let Some(note) = data.notes.get(place.index)
            && row_ui(ui, place, (note, data), actions)
        {
            edited = Some(place.index);
        }
    });
    if let Some(note) = edited.and_then(|index| data.notes.get(index)) {
        state.edit(note);
    }
    let focus = match focused {
        Some(_) => Focused::Here,
        None => Focused::Elsewhere,
    };
    if table::copy_asked(ui, area, focus) {
        actions.push(Action::Copy(copied(data)));
    }
}

/// Draws one note; returns whether it shall be edited.
fn row_ui(
    ui: &mut Ui,
    place: Place,
    (note, data): (&Annotation, &Data<'_>),
    actions: &mut Vec<Action>,
) -> bool {
    let theme = theme::of(ui.visuals());
    let time = clock_text(data.clock, note.span.from);
    let length = match note.span.is_empty() {
        true => String::new(),
        false => duration_text(note.span.seconds()),
    };
    let spoken = || format!("Note: {}, {time} {length}", note.text);
    let response = list::row_ui(ui, place, (Sense::click(), Chosen::No), &spoken);
    let mut rest: Rect = place.rect.shrink2(vec2(list::INDENT, 0.0));
    let swatch = list::cut(&mut rest, 10.0).shrink2(vec2(0.0, 4.0));
    let color = theme.series_color(usize::from(note.color));
    ui.painter().rect_filled(swatch, 2.0, color);
    let mono = Ink {
        style: TextStyle::Monospace,
        ..Ink::left(theme.text_weak)
    };
    let delete = button_ui(ui, &mut rest, (place.id, "×", "Delete note", &note.text));
    let edit = button_ui(ui, &mut rest, (place.id, "Edit", "Edit note", &note.text));
    let wide = list::digits_wide(ui, CLOCK_DIGITS);
    list::text(ui, list::cut(&mut rest, wide), &time, &mono);
    list::text(
        ui,
        list::cut(&mut rest, 76.0),
        &length,
        &Ink::left(theme.text_weak),
    );
    list::text(ui, rest, &note.text, &Ink::left(theme.text));
    if response.clicked() {
        actions.push(Action::Goto(note.span));
    }
    if delete {
        actions.push(Action::Delete(note.id));
    }
    response.on_hover_text_at_pointer(&note.text);
    edit
}

/// A small button at the right end of a row; returns whether it was clicked.
fn button_ui(ui: &Ui, rest: &mut Rect, (row, sign, what, text): (Id, &str, &str, &str)) -> bool {
    let wide = list::text_wide(ui, sign, &TextStyle::Body) + 12.0;
    let side = wide.max(rest.height()).min(rest.width());
    let rect = Rect::from_min_max(rest.max - vec2(side, rest.height()), rest.max);
    rest.max.x -= side + 2.0;
    let response = ui.interact(rect, row.with(what), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(accesskit::Role::Button, true, format!("{what} {text}"))
    });
    list::ground(ui, rect, (&response, Chosen::No));
    let ink = Ink {
        align: eframe::egui::Align2::CENTER_CENTER,
        ..Ink::left(theme::of(ui.visuals()).text_weak)
    };
    list::text(ui, rect, sign, &ink);
    response.on_hover_text(what).clicked()
}

fn copied(data: &Data<'_>) -> String {
    let header = ["from", "to", "text"].map(str::to_owned);
    let rows = data.notes.iter();
    let rows = rows.map(|note| {
        [
            note.span.from.to_string(),
            note.span.to.to_string(),
            note.text.clone(),
        ]
    });
    table::text(Format::Tsv, &header, rows)
}

#[cfg(test)]
mod tests {
    use super::ui as notes_ui;
    use super::*;
    use crate::view::testing;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    const SPAN: Span = Span {
        from: Moment(0),
        to: Moment(60_000_000_000),
    };

    fn note(id: u32) -> Annotation {
        Annotation {
            id,
            span: SPAN,
            text: "deploy".to_owned(),
            color: 3,
        }
    }

    fn drawn(notes: &[Annotation], use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
        let clock = Clock::utc();
        let data = Data {
            notes,
            selection: Some(SPAN),
            cursor: Some(Moment(5)),
            view: SPAN,
            clock: &clock,
        };
        let (mut state, mut actions) = (State::default(), Vec::new());
        let mut harness = testing::harness([800.0, 600.0], |ui| {
            actions.extend(notes_ui(ui, &mut state, &data));
        });
        use_it(&mut harness);
        harness.run();
        drop(harness);
        actions
    }

    #[test]
    fn a_note_is_written_at_the_selection() {
        let actions = drawn(&[], |harness| {
            harness.get_by_label("Write a note").click();
            harness.run();
            harness.get_by_label("green").click();
            harness.run();
            harness
                .get_by_role(accesskit::Role::MultilineTextInput)
                .focus();
            harness.run();
            harness.event(eframe::egui::Event::Text("restarted".to_owned()));
            harness.run();
            harness.get_by_label("Save note").click();
        });
        let wanted = Action::Add {
            span: SPAN,
            text: "restarted".to_owned(),
            color: 2,
        };
        assert_eq!(actions, [wanted]);
    }

    #[test]
    fn notes_of_one_text_are_told_apart() {
        let actions = drawn(&[note(1), note(2)], |harness| {
            let second = harness.get_all_by_label("Delete note deploy").nth(1);
            second.expect("two notes").click();
        });
        assert_eq!(actions, [Action::Delete(2)]);
    }

    #[test]
    fn a_click_goes_there() {
        let actions = drawn(&[note(1)], |harness| {
            harness.get_by_label_contains("Note: deploy").click();
        });
        assert_eq!(actions, [Action::Goto(SPAN)]);
    }

    #[test]
    fn a_wrong_span_is_told_and_not_saved() {
        let mut draft = Draft::at(SPAN);
        draft.to = "1969-01-01T00:00:00Z".to_owned();
        assert_eq!(draft.span(), Err("the end is before the start".to_owned()));
        draft.from = "soon".to_owned();
        assert!(
            draft
                .span()
                .is_err_and(|wrong| wrong.contains("not a time"))
        );
    }
}
