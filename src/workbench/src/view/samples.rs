//! The samples of one plot as a table: what was read when, to the last digit.
//!
//! The selected range, else what is in view, is listed; a click on a header
//! sorts, a click on a row holds on to its moment in all views.
//!
//! * [`rows`]: which rows there are.
//!
//! Start at [`ui`].

mod rows;

use analysis::track::Track;
use eframe::egui::style::ScrollAnimation;
use eframe::egui::{Align2, Id, Rect, RichText, Sense, TextStyle, Ui, WidgetInfo, accesskit, vec2};
use egui_table::{CellInfo, Column, HeaderCellInfo, HeaderRow, Table, TableDelegate};
use model::time::{Moment, Span, duration_text};
use model::unit::Axis;

use self::rows::{Cell, Each, Order, Rows};
use super::list::{self, Chosen, Ink};
use super::table::{self, FORMATS, Focused, Format};
use super::{CLOCK_DIGITS, clock_name, clock_text, empty};
use crate::plot::time_axis::Clock;
use crate::theme::{self, Look};

/// Space at both sides of a cell.
const MARGIN: f32 = 5.0;

/// Width of a column of values.
const WIDE: f32 = 104.0;

/// Rows copied at once: the clipboard is no place for a session.
const COPIED_MAX: usize = 100_000;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    rows: Rows,
    order: Order,
    move_to: Option<usize>,
    /// The moment that was in sight last, so that only a new one scrolls.
    shown: Option<Moment>,
}

/// One series of the table.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// Its name within the plot.
    pub name: &'a str,
    /// How its plot tells it apart.
    pub look: Look,
    /// Its data.
    pub track: &'a Track,
}

/// Everything the table shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Title of the plot.
    pub title: &'a str,
    /// Its series.
    pub curves: &'a [Curve<'a>],
    /// What is listed: the selected range, else what is in view.
    pub span: Span,
    /// Whether that is a selection.
    pub from: From,
    /// The moment all views show.
    pub cursor: Option<Moment>,
    /// How moments are labeled.
    pub clock: &'a Clock,
}

/// Where the listed range comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The user selected it.
    Selection,
    /// It is what is in view.
    View,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Hold on to this moment in all views.
    Pin(Moment),
    /// Show the plots, so that one can be chosen.
    ShowPlots,
    /// Add the statistics of what is listed to the report.
    Report,
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws the table; costs the rows in sight, however many there are.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if data.curves.is_empty() {
        let why =
            "No plot is chosen: “Show as table” in the menu ≡ of a plot lists its samples here.";
        if empty::ui(ui, why, "Show the plots") {
            actions.push(Action::ShowPlots);
        }
        return actions;
    }
    let tracks: Vec<&Track> = data.curves.iter().map(|curve| curve.track).collect();
    state.rows.refresh(&tracks, (data.span, state.order));
    head_ui(ui, state, data, &mut actions);
    if state.rows.count() == 0 {
        empty::text(
            ui,
            "No samples in this range: zoom out, or drop the selection.",
        );
        return actions;
    }
    table_ui(ui, state, data, &mut actions);
    actions
}

fn head_ui(ui: &mut Ui, state: &State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.horizontal_wrapped(|ui| {
        ui.strong(data.title);
        let count = state.rows.count();
        let rows = match state.rows.each {
            Each::Sample => format!("{count} rows, one for each moment that was read"),
            Each::Stretch(width) => format!(
                "{count} stretches of {}, smallest to largest value; zoom in for single samples",
                duration_text(width as f64 / 1e9)
            ),
        };
        let from = match data.from {
            From::Selection => "selected range",
            From::View => "range in view",
        };
        ui.label(RichText::new(format!("{from}: {rows}")).color(weak));
        ui.menu_button("Copy", |ui| {
            for (format, name) in FORMATS {
                if ui.button(*name).clicked() {
                    actions.push(Action::Copy(copied(state, data, *format)));
                }
            }
        });
        let hint = "The statistics of these series over this range stand in the report";
        if ui.button("Add to report").on_hover_text(hint).clicked() {
            actions.push(Action::Report);
        }
    });
}

/// The table with every digit; stretches give two columns a series.
fn copied(state: &State, data: &Data<'_>, format: Format) -> String {
    let rows = &state.rows;
    let ranges = rows.each != Each::Sample;
    let mut header = vec!["time".to_owned()];
    for curve in data.curves {
        let series = curve.track.series();
        let name = format!("{} [{}]", series.key, series.unit);
        match ranges {
            false => header.push(name),
            true => header.extend(["min", "max"].map(|it| format!("{name} {it}"))),
        }
    }
    let listed = (0..rows.count()).filter_map(|place| rows.row(place));
    let texts = listed.take(COPIED_MAX).map(|(at, cells)| {
        let mut texts = vec![at.to_string()];
        for cell in cells {
            match *cell {
                Cell::Sample(value) => texts.push(table::exact(value)),
                Cell::Range { min, max } => texts.extend([min, max].map(table::exact)),
                Cell::Nothing if ranges => texts.extend([String::new(), String::new()]),
                Cell::Nothing => texts.push(String::new()),
            }
        }
        texts
    });
    table::text(format, &header, texts)
}

fn table_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let area = ui.available_rect_before_wrap();
    let base = ui.scope_id().with("samples");
    // Rows follow the keys and the cursor at once.
    ui.style_mut().scroll_animation = ScrollAnimation::none();
    let count = state.rows.count();
    let time_wide = list::digits_wide(ui, CLOCK_DIGITS) + 2.0 * MARGIN;
    let values = data
        .curves
        .iter()
        .map(|_| Column::new(WIDE).range(40.0..=600.0));
    let columns: Vec<Column> = std::iter::once(Column::new(time_wide).range(60.0..=600.0))
        .chain(values)
        .collect();
    let marked = data.cursor.and_then(|cursor| state.rows.place_of(cursor));
    let mut table = Table::new()
        .id_salt(("samples", data.curves.len()))
        .columns(columns)
        .num_sticky_cols(1)
        .headers([HeaderRow::new(20.0)])
        .num_rows(count as u64);
    if let Some(row) = state.move_to.take().filter(|row| *row < count) {
        table = table.scroll_to_row(row as u64, None);
        ui.memory_mut(|memory| memory.request_focus(base.with(("row", row))));
    } else if let Some(row) = marked.filter(|_| state.shown != data.cursor) {
        table = table.scroll_to_row(row as u64, None);
    }
    state.shown = data.cursor;
    let axes = data.curves.iter().zip(&state.rows.largest);
    let mut drawing = Drawing {
        base,
        data,
        rows: &state.rows,
        order: state.order,
        axes: axes
            .map(|(curve, largest)| curve.track.series().unit.axis(*largest))
            .collect(),
        marked,
        time_wide,
        row_height: list::row_height(ui),
        focused: None,
        sorted: None,
        pinned: None,
    };
    table.show(ui, &mut drawing);
    let (focused, sorted, pinned) = (drawing.focused, drawing.sorted, drawing.pinned);
    state.order = sorted.unwrap_or(state.order);
    actions.extend(pinned.map(Action::Pin));
    state.move_to = focused.and_then(|row| list::key_target(ui, (row, count), 20));
    let focus = focused.map_or(Focused::Elsewhere, |_| Focused::Here);
    if table::copy_asked(ui, area, focus) {
        actions.push(Action::Copy(copied(state, data, Format::Tsv)));
    }
}

/// One frame of the table.
struct Drawing<'a> {
    base: Id,
    data: &'a Data<'a>,
    rows: &'a Rows,
    order: Order,
    axes: Vec<Axis>,
    /// The row of the shared cursor.
    marked: Option<usize>,
    time_wide: f32,
    row_height: f32,
    focused: Option<usize>,
    sorted: Option<Order>,
    pinned: Option<Moment>,
}

impl Drawing<'_> {
    fn time_ui(&mut self, ui: &Ui, (place, at): (usize, Moment)) {
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect();
        let response = ui.interact(rect, self.base.with(("row", place)), Sense::click());
        let text = clock_text(self.data.clock, at);
        response.widget_info(|| {
            let marked = self.marked == Some(place);
            let spoken = self.spoken(place);
            WidgetInfo::selected(accesskit::Role::ListBoxOption, true, marked, spoken)
        });
        list::ground(ui, rect, (&response, Chosen::No));
        let ink = Ink {
            style: TextStyle::Monospace,
            ..Ink::left(theme.text_weak)
        };
        list::text(ui, rect.shrink2(vec2(MARGIN, 0.0)), &text, &ink);
        if response.has_focus() {
            list::hold_arrows(ui, response.id);
            self.focused = Some(place);
        }
        if response.clicked() {
            self.pinned = Some(at);
        }
        response.on_hover_text_at_pointer(format!(
            "{}\nclick shows this moment in all views",
            self.data.clock.text(at)
        ));
    }

    fn spoken(&self, place: usize) -> String {
        let Some((at, cells)) = self.rows.row(place) else {
            return String::new();
        };
        let mut text = clock_text(self.data.clock, at);
        for (curve, cell) in self.data.curves.iter().zip(cells) {
            let unit = &curve.track.series().unit;
            let value = match *cell {
                Cell::Nothing => continue,
                Cell::Sample(value) => unit.text(value),
                Cell::Range { min, max } => format!("{} to {}", unit.text(min), unit.text(max)),
            };
            text.push_str(&format!(", {} {value}", curve.name));
        }
        text
    }

    /// What a header says, which way it sorts, and what a click asks for.
    fn head(&self, column: usize) -> Option<(String, &'static str, Order)> {
        let Some(series) = column.checked_sub(1) else {
            let sign = match self.order {
                Order::Oldest => "▴",
                Order::Newest => "▾",
                Order::Largest(_) | Order::Smallest(_) => "",
            };
            let title = format!("Time ({})", clock_name(self.data.clock));
            return Some((title, sign, self.order.by_time()));
        };
        let (curve, axis) = (self.data.curves.get(series)?, self.axes.get(series)?);
        let sign = match self.order {
            Order::Largest(by) if by == series => "▾",
            Order::Smallest(by) if by == series => "▴",
            _ => "",
        };
        let title = format!("{} [{}]", curve.name, axis.suffix);
        Some((title, sign, self.order.by_series(series)))
    }
}

impl TableDelegate for Drawing<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &HeaderCellInfo) {
        let column = cell.col_range.start;
        let Some((title, sign, order)) = self.head(column) else {
            return;
        };
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect();
        // The text is painted, not laid out, so the table is told the room it takes.
        if ui.is_sizing_pass() {
            ui.set_min_width(match column {
                0 => self.time_wide,
                _ => WIDE,
            });
        }
        ui.painter()
            .rect_filled(rect, 0.0, ui.visuals().faint_bg_color);
        let response = ui.interact(rect, self.base.with(("head", column)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(accesskit::Role::ColumnHeader, true, &title));
        list::ground(ui, rect, (&response, Chosen::No));
        let mut rest = rect.shrink2(vec2(MARGIN, 0.0));
        let curve = column
            .checked_sub(1)
            .and_then(|it| self.data.curves.get(it));
        if let Some(curve) = curve {
            let swatch = list::cut(&mut rest, 8.0);
            let swatch = Rect::from_center_size(swatch.center(), vec2(8.0, 3.0));
            let color = theme.series_color(curve.look.color);
            ui.painter().rect_filled(swatch, 0.0, color);
        }
        let ink = Ink {
            style: TextStyle::Small,
            color: theme.text_weak,
            align: Align2::LEFT_CENTER,
        };
        list::text(ui, rest, &format!("{title} {sign}"), &ink);
        if response.clicked() {
            self.sorted = Some(order);
        }
        let whole = curve.map_or(title, |it| it.track.series().key.to_string());
        response.on_hover_text(format!("{whole}\nclick sorts, once more turns the order"));
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        let marked = self.marked.is_some_and(|it| it as u64 == row);
        let color = match marked {
            true => theme::of(ui.visuals()).selection_fill,
            false if row % 2 == 1 => ui.visuals().faint_bg_color,
            false => return,
        };
        ui.painter().rect_filled(ui.max_rect(), 0.0, color);
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &CellInfo) {
        let place = usize::try_from(cell.row_nr).unwrap_or(usize::MAX);
        let rows = self.rows;
        let Some((at, cells)) = rows.row(place) else {
            return;
        };
        let Some(series) = cell.col_nr.checked_sub(1) else {
            self.time_ui(ui, (place, at));
            return;
        };
        let (Some(value), Some(axis)) = (cells.get(series), self.axes.get(series)) else {
            return;
        };
        let text = match *value {
            Cell::Nothing => return,
            Cell::Sample(value) => axis.label(value),
            Cell::Range { min, max } => format!("{} to {}", axis.label(min), axis.label(max)),
        };
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect().shrink2(vec2(MARGIN, 0.0));
        list::text(ui, rect, &text, &Ink::number(theme.text));
    }

    fn default_row_height(&self) -> f32 {
        self.row_height
    }
}

#[cfg(test)]
mod tests {
    use super::ui as samples_ui;
    use super::*;
    use crate::view::testing;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;
    use model::catalog::{Kind, Polarity};
    use model::series::{Series, SeriesKey};
    use model::unit::Unit;

    fn track(values: &[f64]) -> Track {
        let mut track = Track::live(Series {
            key: SeriesKey::new("a", "load", []),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        });
        for (second, value) in (0..).zip(values) {
            assert_eq!(track.push(second * 1_000_000_000, *value), Ok(()));
        }
        track
    }

    fn drawn(curves: &[Curve<'_>], use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
        let clock = Clock::utc();
        let data = Data {
            title: "Load",
            curves,
            span: Span {
                from: Moment(0),
                to: Moment(10_000_000_000),
            },
            from: From::View,
            cursor: Some(Moment(1_500_000_000)),
            clock: &clock,
        };
        let (mut state, mut actions) = (State::default(), Vec::new());
        let mut harness = testing::harness([800.0, 400.0], |ui| {
            actions.extend(samples_ui(ui, &mut state, &data));
        });
        use_it(&mut harness);
        harness.run();
        drop(harness);
        actions
    }

    #[test]
    fn a_row_is_clicked_sorted_and_copied() {
        let track = track(&[1.0, 0.125, 3.0]);
        let curve = Curve {
            name: "load",
            look: Look::default(),
            track: &track,
        };
        let actions = drawn(&[curve], |harness| {
            harness.get_by_label_contains("load 3").click();
            harness.run();
            harness.get_by_label_contains("load [").click();
            harness.run();
            harness.hover_at(eframe::egui::pos2(200.0, 200.0));
            harness.run();
            harness.event(eframe::egui::Event::Copy);
        });
        let copied = "time\ta/load [1]\n\
                      1970-01-01T00:00:02Z\t3\n\
                      1970-01-01T00:00:00Z\t1\n\
                      1970-01-01T00:00:01Z\t0.125\n";
        let wanted = [
            Action::Pin(Moment(2_000_000_000)),
            Action::Copy(copied.to_owned()),
        ];
        assert_eq!(actions, wanted);
    }

    #[test]
    fn what_is_listed_is_added_to_the_report() {
        let track = track(&[1.0, 2.0]);
        let curve = Curve {
            name: "load",
            look: Look::default(),
            track: &track,
        };
        let actions = drawn(&[curve], |harness| {
            harness.get_by_label("Add to report").click();
        });
        assert_eq!(actions, [Action::Report]);
    }

    #[test]
    fn no_plot_says_how_to_choose_one() {
        let actions = drawn(&[], |harness| {
            harness.get_by_label("Show the plots").click();
        });
        assert_eq!(actions, [Action::ShowPlots]);
    }
}
