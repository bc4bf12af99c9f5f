//! Draws headers and cells of the table of what changed and notes what was asked.

use std::sync::Arc;

use eframe::egui::epaint::Mesh;
use eframe::egui::{
    Align2, Color32, Id, Rect, Response, Sense, Shape, TextStyle, Ui, WidgetInfo, accesskit, pos2,
    vec2,
};
use egui_table::{CellInfo, HeaderCellInfo, TableDelegate};

use super::columns::{self, Column, Info, Shown};
use super::order::Direction;
use super::{Action, State, detail};
use crate::contrast::answer::{Answer, Fate, Row};
use crate::theme::{self, Theme};
use crate::view::list::{self, Chosen, Ink};
use crate::view::table::FORMATS;

/// Space at both sides of a cell.
const MARGIN: f32 = 5.0;

/// Columns of a small plot so far apart are joined.
const JOINED: usize = 3;

/// What was asked while the table was drawn.
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) actions: Vec<Action>,
    pub(super) sort: Option<Column>,
    /// Place of the row in the answer.
    pub(super) picked: Option<usize>,
    /// The row with the keyboard focus, as the table counts.
    pub(super) focused: Option<usize>,
}

/// One frame of the table.
pub(super) struct Drawing<'a> {
    base: Id,
    answer: &'a Answer,
    state: &'a State,
    shown: Vec<&'static Info>,
    row_height: f32,
    /// The row whose cells are drawn, as texts.
    texts: Option<(usize, Shown)>,
    pub(super) wishes: Wishes,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(
        (base, row_height): (Id, f32),
        answer: &'a Answer,
        (state, shown): (&'a State, Vec<&'static Info>),
    ) -> Self {
        Self {
            base,
            answer,
            state,
            shown,
            row_height,
            texts: None,
            wishes: Wishes::default(),
        }
    }

    fn row(&self, number: u64) -> Option<(usize, &'a Row)> {
        let place = *self.state.order.rows().get(usize::try_from(number).ok()?)?;
        let answer: &'a Answer = self.answer;
        Some((place, answer.rows.get(place)?))
    }

    fn texts(&mut self, place: usize, row: &Row) -> &Shown {
        if self.texts.as_ref().is_none_or(|(known, _)| *known != place) {
            self.texts = None;
        }
        let made = self.texts.get_or_insert_with(|| (place, Shown::of(row)));
        &made.1
    }

    fn cell(&mut self, ui: &mut Ui, (info, place, row): (&Info, usize, &Row)) {
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect().shrink2(vec2(MARGIN, 0.0));
        let number = Ink::number(theme.text);
        let weak = Ink::left(theme.text_weak);
        match info.column {
            Column::Verdict => verdict(ui, rect, row),
            Column::Shape => shape(ui, rect.shrink2(vec2(0.0, 2.0)), (row, theme)),
            Column::Before => {
                list::text(ui, rect, &self.texts(place, row).before.clone(), &number);
            }
            Column::After => {
                list::text(ui, rect, &self.texts(place, row).after.clone(), &number);
            }
            Column::Shift => {
                list::text(ui, rect, &self.texts(place, row).shift.clone(), &number);
            }
            Column::Interval => {
                let ink = Ink::number(theme.text_weak);
                list::text(ui, rect, &self.texts(place, row).interval.clone(), &ink);
            }
            Column::Unit => {
                list::text(ui, rect, &self.texts(place, row).unit.clone(), &weak);
            }
            Column::Relative => {
                let share = columns::relative(row) * 100.0;
                let text = match share.is_finite() {
                    true => format!("{} %", columns::signed(share)),
                    false => "–".to_owned(),
                };
                list::text(ui, rect, &text, &number);
            }
            Column::Order => {
                let text = row.onset.map_or("–".to_owned(), |it| match it.tied {
                    0 => it.order.to_string(),
                    _ => format!("= {}", it.order),
                });
                list::text(ui, rect, &text, &number);
            }
            Column::Evidence => {
                let score = row.difference.as_ref().map(|it| format!("{:.2}", it.score));
                list::text(ui, rect, score.as_deref().unwrap_or("–"), &number);
            }
            Column::Chance => {
                let q = row.difference.as_ref().map_or(f64::NAN, |it| it.q_value);
                list::text(ui, rect, &columns::chance(q), &number);
            }
            Column::Series => {
                list::text(ui, rect, &info.column.words(row), &Ink::left(theme.text));
            }
            Column::Host | Column::Kind => {
                list::text(ui, rect, &info.column.words(row), &weak);
            }
        }
    }

    /// The series is the row's one stop of the keyboard; other cells only take clicks.
    fn sense(&mut self, ui: &Ui, cell: &CellInfo, (info, row): (&Info, &Row)) -> Response {
        let rect = ui.max_rect();
        let id = self.base.with(Some(&row.name));
        if info.column != Column::Series {
            return ui.interact(rect, id.with(("cell", cell.col_nr)), Sense::CLICK);
        }
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| {
            let selected = self.state.chosen.as_ref() == Some(&row.name);
            WidgetInfo::selected(
                accesskit::Role::ListBoxOption,
                true,
                selected,
                detail::sentence(row),
            )
        });
        if response.has_focus() {
            list::hold_arrows(ui, response.id);
            list::ground(ui, rect, (&response, Chosen::No));
            self.wishes.focused = usize::try_from(cell.row_nr).ok();
        }
        response
    }

    fn asked(&mut self, response: &Response, (place, row): (usize, &Row)) {
        if response.clicked() {
            response.request_focus();
        }
        // Who walks through the table by keys sees each row in detail.
        if response.clicked() || response.has_focus() {
            self.wishes.picked = Some(place);
        }
        if response.double_clicked() {
            self.wishes.actions.extend(detail::show(row, self.answer));
        }
        let (state, answer) = (self.state, self.answer);
        let actions = &mut self.wishes.actions;
        response.context_menu(|ui| {
            detail::row_menu(ui, (row, answer), actions);
            ui.separator();
            for (format, name) in FORMATS {
                if ui.button(format!("{name} (table)")).clicked() {
                    actions.push(Action::Copy(super::copied(state, answer, *format)));
                }
            }
        });
    }
}

/// Sign and color of a verdict; the word stands beside it.
pub(super) fn sign(row: &Row, theme: &Theme) -> (&'static str, Color32) {
    let color = match (row.worse, row.fate.is_change()) {
        (true, _) => theme.quality_edge,
        (false, true) => theme.text,
        (false, false) => theme.text_weak,
    };
    let sign = match row.fate {
        Fate::Up => "↑",
        Fate::Down => "↓",
        Fate::Appeared => "+",
        Fate::Vanished => "−",
        Fate::Unknown => "?",
        Fate::Same => "=",
    };
    (sign, color)
}

fn verdict(ui: &Ui, rect: Rect, row: &Row) {
    let theme = theme::of(ui.visuals());
    let (sign, color) = sign(row, theme);
    let mut rest = rect;
    list::text(ui, list::cut(&mut rest, 10.0), sign, &Ink::left(color));
    let word = match (row.fate, row.worse) {
        (Fate::Unknown, _) => "not enough".to_owned(),
        (fate, true) => format!("{}, worse", fate.name()),
        (fate, false) => fate.name().to_owned(),
    };
    list::text(ui, rest, &word, &Ink::left(color));
}

/// Both windows overlaid: A muted, B in color.
fn shape(ui: &Ui, rect: Rect, (row, theme): (&Row, &Theme)) {
    ui.painter().rect_filled(rect, 1.0, theme.ground);
    let inside = rect.shrink2(vec2(1.0, 2.0));
    for (columns, color) in row.shape.iter().zip(detail::colors(theme)) {
        let wide = inside.width() / columns.len().max(1) as f32;
        let mut mesh = Mesh::default();
        let mut last: Option<(usize, [f32; 2])> = None;
        for (place, column) in columns.iter().enumerate() {
            if !column[0].is_finite() {
                continue;
            }
            // Joined to its neighbor, so that a step is a line; few samples leave columns
            // empty, a gap leaves more.
            let (mut low, mut high, mut first) = (column[0], column[1], place);
            let near = last.filter(|(known, _)| place - known <= JOINED);
            if let Some((known, last)) = near {
                low = low.min(last[1]);
                high = high.max(last[0]);
                first = known + 1;
            }
            last = Some((place, *column));
            let left = inside.left() + first as f32 * wide;
            let y = |share: f32| inside.bottom() - share * inside.height();
            let bar = Rect::from_min_max(
                pos2(left, y(high) - 0.6),
                pos2(inside.left() + (place + 1) as f32 * wide, y(low) + 0.6),
            );
            mesh.add_colored_rect(bar, color);
        }
        ui.painter().add(Shape::Mesh(Arc::new(mesh)));
    }
}

impl TableDelegate for Drawing<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &HeaderCellInfo) {
        let Some(info) = self.shown.get(cell.col_range.start).copied() else {
            return;
        };
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect();
        // The text is painted, not laid out, so the table is told the room it takes.
        if ui.is_sizing_pass() {
            ui.set_min_width(info.width);
        }
        let sorted = self.state.order.sorted();
        let (sign, word) = match sorted.filter(|(column, _)| *column == info.column) {
            Some((_, Direction::Ascending)) => (" ▴", ", sorted ascending"),
            Some((_, Direction::Descending)) => (" ▾", ", sorted descending"),
            None => ("", ""),
        };
        let id = self.base.with(("sort", cell.col_range.start));
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| {
            let name = format!("Sort by {}{word}", info.title);
            WidgetInfo::labeled(accesskit::Role::Button, true, name)
        });
        let ground = ui.visuals().faint_bg_color;
        ui.painter().rect_filled(rect, 0.0, ground);
        list::ground(ui, rect, (&response, Chosen::No));
        let align = match info.column.is_number() {
            true => Align2::RIGHT_CENTER,
            false => Align2::LEFT_CENTER,
        };
        let ink = Ink {
            style: TextStyle::Small,
            color: theme.text_weak,
            align,
        };
        let text = format!("{}{sign}", info.title);
        list::text(ui, rect.shrink2(vec2(MARGIN, 0.0)), &text, &ink);
        if response.clicked() {
            self.wishes.sort = Some(info.column);
        }
        response.on_hover_text(info.help);
    }

    fn row_ui(&mut self, ui: &mut Ui, number: u64) {
        let theme = theme::of(ui.visuals());
        let Some((_, row)) = self.row(number) else {
            return;
        };
        let color = match self.state.chosen.as_ref() == Some(&row.name) {
            true => theme.selection_fill,
            false if number % 2 == 1 => ui.visuals().faint_bg_color,
            false => return,
        };
        ui.painter().rect_filled(ui.max_rect(), 0.0, color);
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &CellInfo) {
        let Some(info) = self.shown.get(cell.col_nr).copied() else {
            return;
        };
        let Some((place, row)) = self.row(cell.row_nr) else {
            return;
        };
        self.cell(ui, (info, place, row));
        let response = self.sense(ui, cell, (info, row));
        self.asked(&response, (place, row));
        response.on_hover_ui_at_pointer(|ui| detail::hover_ui(ui, row));
    }

    fn default_row_height(&self) -> f32 {
        self.row_height
    }
}
