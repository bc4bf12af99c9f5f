//! Draws headers and cells of the process table and notes what was asked.

use eframe::egui::{
    Align2, Id, Key, Rect, Response, Sense, TextStyle, Ui, WidgetInfo, accesskit, pos2, vec2,
};
use egui_table::{CellInfo, HeaderCellInfo, TableDelegate};
use model::process::ProcessId;
use model::unit::Axis;
use workflow::processes::{Line, MEASURES};

use super::columns::{self, Column, Form, Info};
use super::order::{Direction, Group, Row};
use super::{Data, State, Wish, chosen};
use crate::theme;
use crate::view::list::{self, Chosen, Ink};
use crate::view::table::FORMATS;

/// Space at both sides of a cell.
const MARGIN: f32 = 5.0;

/// What was asked while the table was drawn.
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) list: Vec<Wish>,
    /// The row with the keyboard focus.
    pub(super) focused: Option<usize>,
}

/// One frame of the table.
pub(super) struct Drawing<'a> {
    base: Id,
    data: &'a Data<'a>,
    state: &'a State,
    axes: Vec<Axis>,
    row_height: f32,
    pub(super) wishes: Wishes,
}

/// Identity of a row by what it shows.
pub(super) fn row_id(base: Id, row: &Row, data: &Data<'_>) -> Id {
    match row {
        Row::Group(group) => base.with(("group", &group.cgroup)),
        Row::Line(line) => base.with(data.lines.get(*line).map(|line| line.id)),
    }
}

impl<'a> Drawing<'a> {
    pub(super) fn new((base, row_height): (Id, f32), data: &'a Data<'a>, state: &'a State) -> Self {
        Self {
            base,
            data,
            state,
            axes: columns::ALL.iter().map(Info::axis).collect(),
            row_height,
            wishes: Wishes::default(),
        }
    }

    fn row(&self, number: u64) -> Option<&'a Row> {
        let state: &'a State = self.state;
        state.order.rows().get(usize::try_from(number).ok()?)
    }

    fn line_cell(&mut self, ui: &mut Ui, cell: &CellInfo, line: &'a Line) {
        let Some((info, axis)) = self.column(cell.col_nr) else {
            return;
        };
        let rect = ui.max_rect();
        let theme = theme::of(ui.visuals());
        match info.column.number(line) {
            Some(value) => {
                // What is zero or unknown steps back behind what is used.
                let quiet = value.is_nan() || value == 0.0;
                let color = if quiet { theme.text_weak } else { theme.text };
                let text = info.shown(value, axis);
                list::text(
                    ui,
                    rect.shrink2(vec2(MARGIN, 0.0)),
                    &text,
                    &Ink::number(color),
                );
            }
            None => {
                let rest = info.column == Column::Command || info.column == Column::Cgroup;
                let color = if rest { theme.text_weak } else { theme.text };
                let text = info.column.words(line);
                list::text(
                    ui,
                    rect.shrink2(vec2(MARGIN, 0.0)),
                    &text,
                    &Ink::left(color),
                );
            }
        }
        let response = self.sense(ui, cell, line);
        self.asked(ui, &response, (info, line));
        response.on_hover_ui_at_pointer(|ui| hover_ui(ui, info, line));
    }

    fn column(&self, number: usize) -> Option<(&'static Info, &Axis)> {
        Some((columns::ALL.get(number)?, self.axes.get(number)?))
    }

    /// The name is the row's one stop of the keyboard; other cells only take clicks.
    fn sense(&mut self, ui: &Ui, cell: &CellInfo, line: &Line) -> Response {
        let rect = ui.max_rect();
        let id = self.base.with(Some(line.id));
        if columns::ALL[cell.col_nr].column != Column::Name {
            return ui.interact(rect, id.with(("cell", cell.col_nr)), Sense::CLICK);
        }
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| {
            let name = format!("{} {}", line.process.name, line.process.pid);
            let selected = chosen(self.state, line.id) == Chosen::Yes;
            WidgetInfo::selected(accesskit::Role::ListBoxOption, true, selected, name)
        });
        self.focus(ui, &response, cell.row_nr);
        response
    }

    fn focus(&mut self, ui: &Ui, response: &Response, row: u64) {
        if !response.has_focus() {
            return;
        }
        list::hold_arrows(ui, response.id);
        list::ground(ui, response.rect, (response, Chosen::No));
        self.wishes.focused = usize::try_from(row).ok();
    }

    fn asked(&mut self, ui: &Ui, response: &Response, (info, line): (&Info, &Line)) {
        if response.clicked() {
            let modifiers = ui.input(|input| input.modifiers);
            self.wishes
                .list
                .push(match (modifiers.command, modifiers.shift) {
                    (true, _) => Wish::Toggle(line.id),
                    (_, true) => Wish::Reach(line.id),
                    _ => Wish::Pick(line.id, info.measure),
                });
        }
        let list = &mut self.wishes.list;
        response.context_menu(|ui| menu_ui(ui, line.id, list));
    }

    fn group_cell(&mut self, ui: &mut Ui, cell: &CellInfo, group: &Group) {
        let Some((info, axis)) = self.column(cell.col_nr) else {
            return;
        };
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect().shrink2(vec2(MARGIN, 0.0));
        match info.column {
            Column::Pid => {
                let count = group.count.to_string();
                list::text(ui, rect, &count, &Ink::number(theme.text_weak));
            }
            Column::Name => self.group_name(ui, cell, group),
            column if column.adds_up() => {
                let value = group.sums.get(cell.col_nr).copied().unwrap_or(f64::NAN);
                let text = info.shown(value, axis);
                list::text(ui, rect, &text, &Ink::number(theme.text));
            }
            Column::Cgroup => {
                list::text(ui, rect, group_title(group), &Ink::left(theme.text));
            }
            _ => {}
        }
    }

    fn group_name(&mut self, ui: &Ui, cell: &CellInfo, group: &Group) {
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect();
        let id = self.base.with(("group", &group.cgroup));
        let response = ui.interact(rect, id, Sense::click());
        let sign = if group.open { "▾" } else { "▸" };
        response.widget_info(|| {
            let state = if group.open { "open" } else { "closed" };
            let title = group_title(group);
            let name = format!("Group {title}, {} processes, {state}", group.count);
            WidgetInfo::labeled(accesskit::Role::Button, true, name)
        });
        let mut rest = rect.shrink2(vec2(MARGIN, 0.0));
        list::text(
            ui,
            list::cut(&mut rest, 12.0),
            sign,
            &Ink::left(theme.text_weak),
        );
        // The end of a path tells more than its beginning.
        let title = group_title(group);
        let tail = title.rsplit('/').find(|part| !part.is_empty());
        list::text(ui, rest, tail.unwrap_or(title), &Ink::left(theme.text));
        self.focus(ui, &response, cell.row_nr);
        let key = if group.open {
            Key::ArrowLeft
        } else {
            Key::ArrowRight
        };
        let arrow = response.has_focus() && ui.input(|input| input.key_pressed(key));
        if response.clicked() || arrow {
            self.wishes.list.push(Wish::Fold(group.cgroup.clone()));
        }
        response.on_hover_text_at_pointer(title);
    }
}

fn group_title(group: &Group) -> &str {
    match group.cgroup.as_str() {
        "" => "(no group)",
        path => path,
    }
}

fn hover_ui(ui: &mut Ui, info: &Info, line: &Line) {
    ui.strong(format!("{} {}", line.process.name, line.process.pid));
    let exact = info.exact(line);
    match info.form {
        Form::Quantity { unit, .. } => ui.label(format!("{}: {exact} {unit}", info.title)),
        Form::Text | Form::Whole => ui.label(format!("{}: {exact}", info.title)),
    };
    ui.weak("Click plots it, Ctrl+click selects several, right-click has more.");
}

fn menu_ui(ui: &mut Ui, id: ProcessId, wishes: &mut Vec<Wish>) {
    for (measure, name) in MEASURES {
        if ui.button(format!("Plot {}", lower_first(name))).clicked() {
            wishes.push(Wish::Plot(id, *measure));
        }
    }
    ui.separator();
    for (format, name) in FORMATS {
        if ui.button(*name).clicked() {
            wishes.push(Wish::Copy(*format));
        }
    }
}

/// Names of measures within a phrase; an abbreviation stays as it is.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}

impl TableDelegate for Drawing<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &HeaderCellInfo) {
        let Some((info, axis)) = self.column(cell.col_range.start) else {
            return;
        };
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect();
        // The text is painted, not laid out, so the table is told the room it takes.
        if ui.is_sizing_pass() {
            ui.set_min_width(info.width);
        }
        let wanted = self.state.wanted;
        let sorted = (wanted.column == info.column).then_some(wanted.direction);
        let (sign, word) = match sorted {
            Some(Direction::Ascending) => (" ▴", ", sorted ascending"),
            Some(Direction::Descending) => (" ▾", ", sorted descending"),
            None => ("", ""),
        };
        let caption = info.caption(axis);
        let response = ui.interact(
            rect,
            self.base.with(("sort", cell.col_range.start)),
            Sense::click(),
        );
        response.widget_info(|| {
            let name = format!("Sort by {}{word}", info.title);
            WidgetInfo::labeled(accesskit::Role::Button, true, name)
        });
        ui.painter()
            .rect_filled(rect, 0.0, ui.visuals().faint_bg_color);
        list::ground(ui, rect, (&response, Chosen::No));
        let middle = rect.center().y;
        let inside = rect.shrink2(vec2(MARGIN, 2.0));
        let (title, below) = (
            Rect::from_min_max(inside.min, pos2(inside.right(), middle + 1.0)),
            Rect::from_min_max(pos2(inside.left(), middle + 1.0), inside.max),
        );
        let align = match info.form {
            Form::Text => Align2::LEFT_CENTER,
            Form::Whole | Form::Quantity { .. } => Align2::RIGHT_CENTER,
        };
        let ink = |style, color| Ink {
            style,
            color,
            align,
        };
        let text = format!("{}{sign}", info.title);
        list::text(ui, title, &text, &ink(TextStyle::Body, theme.text));
        list::text(ui, below, &caption, &ink(TextStyle::Small, theme.text_weak));
        if response.clicked() {
            self.wishes.list.push(Wish::Sort(info.column));
        }
        response.on_hover_text(info.help);
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        let rect = ui.max_rect();
        let theme = theme::of(ui.visuals());
        let color = match self.row(row) {
            Some(Row::Group(_)) => ui.visuals().widgets.noninteractive.weak_bg_fill,
            Some(Row::Line(line)) => {
                let line = self.data.lines.get(*line);
                match line.map(|line| chosen(self.state, line.id)) {
                    Some(Chosen::Yes) => theme.selection_fill,
                    _ if row % 2 == 1 => ui.visuals().faint_bg_color,
                    _ => return,
                }
            }
            None => return,
        };
        ui.painter().rect_filled(rect, 0.0, color);
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &CellInfo) {
        match self.row(cell.row_nr) {
            Some(Row::Group(group)) => self.group_cell(ui, cell, group),
            Some(Row::Line(line)) => {
                if let Some(line) = self.data.lines.get(*line) {
                    self.line_cell(ui, cell, line);
                }
            }
            None => {}
        }
    }

    fn default_row_height(&self) -> f32 {
        self.row_height
    }
}
