//! A table of computed rows: sorted by its headers, filtered by words, one row
//! chosen, copied as text.
//!
//! Rows are made when the version of the data changes; order and filter are worked
//! out when they change; a frame draws the rows in sight.
//!
//! Start at [`Grid::fill`] and [`Grid::ui`].

use std::cmp::Ordering;
use std::collections::BTreeSet;

use eframe::egui::{
    Align2, Rect, ScrollArea, Sense, TextEdit, TextStyle, Ui, WidgetInfo, accesskit, pos2, vec2,
};

use model::series::SeriesKey;

use super::list::{self, Chosen, Ink, List};
use super::table::{self, FORMATS, Focused, Format};
use super::words::Words;
use crate::theme::{self, Theme};

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Its name, unique within the table.
    pub(super) title: &'static str,
    /// Its unit, or what it counts; may be empty.
    pub(super) unit: &'static str,
    /// What it means.
    pub(super) help: &'static str,
    /// Its width.
    pub(super) wide: Wide,
    /// What its cells hold.
    pub(super) form: Form,
}

/// A column by what stands in its head, its width and what its cells hold.
pub(super) const fn head(
    (title, unit, help): (&'static str, &'static str, &'static str),
    (wide, form): (Wide, Form),
) -> Head {
    Head {
        title,
        unit,
        help,
        wide,
        form,
    }
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wide {
    /// Room for so many digits.
    Digits(u16),
    /// This part of what the others leave, but never less than names need.
    Part(f32),
    /// Not shown, but copied: nothing could stand in it here.
    Hidden,
}

/// A part of 1 is at least so many points wide; a table that needs more than there is
/// can be moved sideways.
const PART_LEAST: f32 = 84.0;

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Words, at the left.
    Text,
    /// A number, at the right.
    Number,
    /// A number with the interval in which it is believed to lie.
    Interval,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    shown: String,
    /// What is copied in the place of what is shown, of words.
    full: Option<String>,
    value: f64,
    between: (f64, f64),
    tone: Tone,
}

/// How a cell is colored; its words say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// As text.
    #[default]
    Plain,
    /// Less important.
    Weak,
    /// To be looked at.
    Warning,
    /// To be done something about.
    Severe,
}

impl Tone {
    /// Its color.
    pub(super) fn color(self, theme: &Theme) -> eframe::egui::Color32 {
        match self {
            Self::Plain => theme.text,
            Self::Weak => theme.text_weak,
            Self::Warning => theme.quality_edge,
            Self::Severe => theme.severe,
        }
    }
}

impl Cell {
    /// Words.
    pub(super) fn text(shown: impl Into<String>) -> Self {
        Self::number(f64::NAN, shown)
    }

    /// Words that are shown shorter than they are copied.
    pub(super) fn short(shown: impl Into<String>, full: impl Into<String>) -> Self {
        Self {
            full: Some(full.into()),
            ..Self::text(shown)
        }
    }

    /// A number as it is shown; a dash for `NaN`.
    pub(super) fn number(value: f64, shown: impl Into<String>) -> Self {
        Self::interval(value, (f64::NAN, f64::NAN), shown)
    }

    /// A number with its interval, as both are shown.
    pub(super) fn interval(value: f64, between: (f64, f64), shown: impl Into<String>) -> Self {
        Self {
            shown: shown.into(),
            full: None,
            value,
            between,
            tone: Tone::Plain,
        }
    }

    /// The cell in another color.
    pub(super) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    fn push_copied(&self, form: Form, out: &mut Vec<String>) {
        match form {
            Form::Text => out.push(self.full.as_ref().unwrap_or(&self.shown).clone()),
            Form::Number => out.push(table::exact(self.value)),
            Form::Interval => {
                let all = [self.value, self.between.0, self.between.1];
                out.extend(all.map(table::exact));
            }
        }
    }
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// What it is about, unique within the table.
    pub(super) key: String,
    /// One cell a column.
    pub(super) cells: Vec<Cell>,
    /// What a screen reader says.
    pub(super) spoken: String,
}

/// Which way a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// What an order of rows was made for: data, filter and sorting.
type Order = (u64, String, Option<(usize, Way)>);

/// Scratch of one table.
#[derive(Debug, Default)]
pub(super) struct Grid {
    filled_for: Option<u64>,
    rows: Vec<Row>,
    filter: String,
    focuses: bool,
    sort: Option<(usize, Way)>,
    order: Vec<usize>,
    ordered_for: Option<Order>,
    chosen: Option<String>,
    /// Rows held together with Ctrl or Shift, beside the chosen one.
    marked: BTreeSet<String>,
    several: bool,
}

/// What the user did with a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// This row of the data is chosen now.
    Chosen(usize),
    /// This row of the data was clicked twice.
    Twice(usize),
    /// Put this text on the clipboard.
    Copy(String),
}

impl Grid {
    /// Sorted by a column, the smallest first, until the user sorts otherwise.
    pub(super) fn ascending(column: usize) -> Self {
        Self {
            sort: Some((column, Way::Up)),
            ..Self::default()
        }
    }

    /// The same, and several rows can be held with Ctrl and Shift.
    #[must_use]
    pub(super) fn of_several(self) -> Self {
        Self {
            several: true,
            ..self
        }
    }

    /// What the held rows are about, as they stand: the chosen one is among them.
    pub(super) fn held(&self) -> Vec<&str> {
        let keys = self.order.iter().filter_map(|row| self.rows.get(*row));
        let keys = keys.map(|row| row.key.as_str());
        keys.filter(|key| self.chosen.as_deref() == Some(*key) || self.marked.contains(*key))
            .collect()
    }

    /// Holds every row that fits the filter.
    pub(super) fn hold_all(&mut self) {
        self.order_now();
        let rows = self.order.iter().filter_map(|row| self.rows.get(*row));
        self.marked = rows.map(|row| row.key.clone()).collect();
    }

    /// Takes the rows of this version of the data, in its order.
    pub(super) fn fill(&mut self, version: u64, rows: impl FnOnce() -> Vec<Row>) {
        if self.filled_for != Some(version) {
            self.filled_for = Some(version);
            self.rows = rows();
        }
    }

    /// What the chosen row is about.
    pub(super) fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// Chooses a row by what it is about.
    pub(super) fn choose(&mut self, key: impl Into<String>) {
        self.chosen = Some(key.into());
    }

    /// Number of rows, filtered or not.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The field that filters the rows.
    pub(super) fn filter_ui(&mut self, ui: &mut Ui, hint: &str) {
        let edit = TextEdit::singleline(&mut self.filter)
            .hint_text(hint)
            .desired_width(150.0)
            .id_salt(hint);
        let response = ui.add(edit);
        if std::mem::take(&mut self.focuses) {
            response.request_focus();
        }
    }

    /// The field that filters takes the keyboard when it is drawn next.
    pub(super) fn focus_filter(&mut self) {
        self.focuses = true;
    }

    /// The menu that copies the rows that fit the filter.
    pub(super) fn copy_ui(&mut self, ui: &mut Ui, name: &str, heads: &[Head]) -> Option<Event> {
        let mut asked = None;
        ui.menu_button(name, |ui| {
            for (format, name) in FORMATS {
                if ui.button(*name).clicked() {
                    asked = Some(*format);
                }
            }
        });
        self.order_now();
        asked.map(|format| Event::Copy(self.copied(heads, format)))
    }

    fn copied(&self, heads: &[Head], format: Format) -> String {
        let mut header = Vec::new();
        for head in heads {
            let name = match head.unit {
                "" => head.title.to_lowercase(),
                unit => format!("{} ({unit})", head.title.to_lowercase()),
            };
            header.push(name.clone());
            if head.form == Form::Interval {
                header.extend([format!("{name} lo"), format!("{name} hi")]);
            }
        }
        let rows = self.order.iter().filter_map(|row| {
            let row = self.rows.get(*row)?;
            let mut cells = Vec::new();
            for (cell, head) in row.cells.iter().zip(heads) {
                cell.push_copied(head.form, &mut cells);
            }
            Some(cells)
        });
        table::text(format, &header, rows)
    }

    /// Sorts and filters, when rows, filter or sorting changed.
    fn order_now(&mut self) {
        let wanted = (
            self.filled_for.unwrap_or_default(),
            self.filter.clone(),
            self.sort,
        );
        if self.ordered_for.as_ref() == Some(&wanted) {
            return;
        }
        let words = Words::of(&self.filter);
        let fits = |row: &Row| {
            let cells = row.cells.iter().map(|it| it.shown.as_str());
            let text: Vec<&str> = cells.chain([row.key.as_str()]).collect();
            words.is_empty() || words.found_in(&text.join(" ").to_lowercase())
        };
        let places = self.rows.iter().enumerate();
        let found = places.filter(|(_, row)| fits(row)).map(|(place, _)| place);
        self.order = found.collect();
        if let Some((column, way)) = self.sort {
            let cell = |row: &usize| self.rows.get(*row).and_then(|it| it.cells.get(column));
            self.order.sort_by(|a, b| match (cell(a), cell(b)) {
                (Some(a), Some(b)) => compare(a, b, way),
                _ => Ordering::Equal,
            });
        }
        self.ordered_for = Some(wanted);
    }

    /// Draws header and rows; costs the rows in sight.
    pub(super) fn ui(&mut self, ui: &mut Ui, (salt, heads): (&'static str, &[Head])) -> Vec<Event> {
        let area = ui.available_rect_before_wrap();
        self.order_now();
        let mut events = Vec::new();
        let width = natural(ui, heads);
        let focused = match width > ui.available_width() {
            false => self.inside_ui(ui, (salt, heads), &mut events),
            true => {
                let sideways = ScrollArea::horizontal().id_salt((salt, "sideways"));
                let shown = sideways.auto_shrink(false).show(ui, |ui| {
                    ui.set_width(width);
                    self.inside_ui(ui, (salt, heads), &mut events)
                });
                shown.inner
            }
        };
        if table::copy_asked(ui, area, focused) {
            events.push(Event::Copy(self.copied(heads, Format::Tsv)));
        }
        events
    }

    fn inside_ui(
        &mut self,
        ui: &mut Ui,
        (salt, heads): (&'static str, &[Head]),
        events: &mut Vec<Event>,
    ) -> Focused {
        self.header_ui(ui, (salt, heads));
        self.order_now();
        if self.order.is_empty() && !self.rows.is_empty() {
            ui.weak("No row fits the filter.");
            return Focused::Elsewhere;
        }
        self.rows_ui(ui, (salt, heads), events)
    }

    fn header_ui(&mut self, ui: &mut Ui, (salt, heads): (&'static str, &[Head])) {
        let theme = theme::of(ui.visuals());
        let height = 2.0 * ui.text_style_height(&TextStyle::Small) + 2.0;
        let size = vec2(ui.available_width(), height);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        ui.painter()
            .rect_filled(rect, 0.0, ui.visuals().faint_bg_color);
        let base = ui.scope_id().with((salt, "sort"));
        for (column, (head, rect)) in heads.iter().zip(columns(ui, heads, rect)).enumerate() {
            if head.wide == Wide::Hidden {
                continue;
            }
            let response = ui.interact(rect, base.with(column), Sense::click());
            let sorted = self.sort.filter(|(by, _)| *by == column);
            let (sign, word) = match sorted {
                Some((_, Way::Up)) => (" ▴", ", sorted ascending"),
                Some((_, Way::Down)) => (" ▾", ", sorted descending"),
                None => ("", ""),
            };
            response.widget_info(|| {
                let name = format!("Sort {salt} by {}{word}", head.title);
                WidgetInfo::labeled(accesskit::Role::Button, true, name)
            });
            list::ground(ui, rect, (&response, Chosen::No));
            let ink = |color| Ink {
                style: TextStyle::Small,
                color,
                align: head.align(),
            };
            let middle = rect.center().y;
            let (above, below) = (
                rect.with_max_y(middle),
                Rect::from_min_max(pos2(rect.left(), middle), rect.max),
            );
            list::text(
                ui,
                above,
                &format!("{}{sign}", head.title),
                &ink(theme.text),
            );
            list::text(ui, below, head.unit, &ink(theme.text_weak));
            if response.clicked() {
                self.sort_by(column, head.form);
            }
            response.on_hover_text(head.help);
        }
    }

    /// Numbers begin with the largest, words with the first; then the other way.
    fn sort_by(&mut self, column: usize, form: Form) {
        let first = match form {
            Form::Text => Way::Up,
            Form::Number | Form::Interval => Way::Down,
        };
        let next = match self.sort {
            Some((by, way)) if by == column => match way {
                Way::Up => Way::Down,
                Way::Down => Way::Up,
            },
            _ => first,
        };
        self.sort = Some((column, next));
    }

    fn rows_ui(
        &mut self,
        ui: &mut Ui,
        (salt, heads): (&'static str, &[Head]),
        events: &mut Vec<Event>,
    ) -> Focused {
        let base = ui.scope_id().with(salt);
        let (rows, order, chosen) = (&self.rows, &self.order, self.chosen.as_deref());
        let (marked, several) = (&self.marked, self.several);
        let row_at = |index: usize| order.get(index).and_then(|row| rows.get(*row));
        let row_id = |index: usize| base.with(row_at(index).map(|row| &row.key));
        let shown = List {
            salt,
            count: order.len(),
            row_id: &row_id,
        };
        let mut picked = None;
        let mut clicked = None;
        let focused = shown.show(ui, |ui, place| {
            let Some(row) = row_at(place.index) else {
                return;
            };
            let is_chosen = chosen == Some(row.key.as_str());
            let look = Chosen::when(is_chosen || marked.contains(&row.key));
            let response = list::row_ui(ui, place, (Sense::click(), look), &|| row.spoken.clone());
            cells_ui(ui, place.rect, (row, heads));
            if response.clicked() {
                response.request_focus();
                let held = ui.input(|input| (input.modifiers.command, input.modifiers.shift));
                clicked = Some((place.index, row.key.clone(), held));
            }
            let data_row = order[place.index];
            if response.double_clicked() {
                events.push(Event::Twice(data_row));
            }
            let meant = response.clicked() || ui.memory(|memory| memory.has_focus(place.id));
            if meant && !is_chosen {
                picked = Some((data_row, row.key.clone()));
            }
        });
        if let Some((place, key, held)) = clicked.filter(|_| several) {
            self.mark((place, key), held);
        }
        if let Some((row, key)) = picked {
            self.chosen = Some(key);
            events.push(Event::Chosen(row));
        }
        match focused {
            Some(_) => Focused::Here,
            None => Focused::Elsewhere,
        }
    }

    /// Holds or lets go a row that was clicked with Ctrl, up to it with Shift.
    fn mark(&mut self, (place, key): (usize, String), (command, shift): (bool, bool)) {
        let key_at = |place: usize| {
            let row = self.order.get(place).and_then(|row| self.rows.get(*row));
            row.map(|row| row.key.clone())
        };
        let before = self.chosen.clone();
        if shift {
            let chosen = (0..self.order.len()).find(|it| key_at(*it) == before);
            let from = chosen.unwrap_or(place);
            let range = from.min(place)..=from.max(place);
            self.marked = range.filter_map(key_at).collect();
        } else if command {
            self.marked.extend(before.filter(|it| *it != key));
            if !self.marked.remove(&key) {
                self.marked.insert(key);
            }
        } else {
            self.marked.clear();
        }
    }
}

impl Head {
    fn align(&self) -> Align2 {
        match self.form {
            Form::Text => Align2::LEFT_CENTER,
            Form::Number | Form::Interval => Align2::RIGHT_CENTER,
        }
    }
}

/// The name of a series, without its host where there is only one.
pub(super) fn short_name(key: &SeriesKey, hosts: usize) -> String {
    let name = key.to_string();
    let tail = name
        .strip_prefix(&key.host)
        .and_then(|it| it.strip_prefix('/'));
    match tail {
        Some(tail) if hosts < 2 => tail.to_owned(),
        _ => name,
    }
}

/// What has no number stands last, whichever way.
fn compare(a: &Cell, b: &Cell, way: Way) -> Ordering {
    let turned = |order: Ordering| match way {
        Way::Up => order,
        Way::Down => order.reverse(),
    };
    match (a.value.is_nan(), b.value.is_nan()) {
        (true, true) => turned(a.shown.cmp(&b.shown)),
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => turned(a.value.total_cmp(&b.value)),
    }
}

/// Points that the columns take in any case with their gaps, and the parts of the rest.
fn taken(ui: &Ui, heads: &[Head]) -> (f32, f32) {
    let (mut points, mut parts) = (2.0 * list::INDENT, 0.0);
    for head in heads {
        match head.wide {
            Wide::Digits(count) => points += list::digits_wide(ui, count) + list::INDENT,
            Wide::Part(part) => {
                parts += part;
                points += list::INDENT;
            }
            Wide::Hidden => {}
        }
    }
    (points, parts)
}

/// The least width at which the columns can be read.
fn natural(ui: &Ui, heads: &[Head]) -> f32 {
    let (points, parts) = taken(ui, heads);
    points + parts * PART_LEAST
}

/// The place of each column within a row; nowhere for a hidden one.
fn columns(ui: &Ui, heads: &[Head], row: Rect) -> Vec<Rect> {
    let mut rest = row.shrink2(vec2(list::INDENT, 0.0));
    let (points, parts) = taken(ui, heads);
    let part_points = ((row.width() - points) / parts.max(1e-3)).max(PART_LEAST);
    let all = heads.iter().map(|head| match head.wide {
        Wide::Digits(count) => list::cut(&mut rest, list::digits_wide(ui, count)),
        Wide::Part(part) => list::cut(&mut rest, part * part_points),
        Wide::Hidden => Rect::NOTHING,
    });
    all.collect()
}

fn cells_ui(ui: &Ui, rect: Rect, (row, heads): (&Row, &[Head])) {
    let theme = theme::of(ui.visuals());
    let places = columns(ui, heads, rect);
    for ((cell, head), place) in row.cells.iter().zip(heads).zip(places) {
        if head.wide == Wide::Hidden {
            continue;
        }
        let style = match head.form {
            Form::Text => TextStyle::Body,
            Form::Number | Form::Interval => TextStyle::Monospace,
        };
        let ink = Ink {
            style,
            color: cell.tone.color(theme),
            align: head.align(),
        };
        list::text(ui, place, &cell.shown, &ink);
    }
}

#[cfg(test)]
mod tests;
