//! Details: facts of what is selected, statistics of the selected range, A and B.
//!
//! Statistics come ready from a job; this view only writes them down.
//!
//! Start at [`ui`].

use analysis::summary::{METHOD, Summary};
use eframe::egui::{
    Align2, Button, Grid, Id, Rect, RichText, ScrollArea, Sense, TextStyle, Ui, WidgetInfo,
    accesskit, vec2,
};
use egui_table::{CellInfo, Column, HeaderCellInfo, HeaderRow, Table, TableDelegate};
use model::catalog::{self, Kind, Polarity};
use model::host::Host;
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span, duration_text};
use model::told;
use model::unit::Unit;
use workflow::processes::Line;
use workflow::services::Which;

use super::empty;
use super::list::{self, Chosen, Ink};
use super::table::{self, FORMATS, Focused, Format};
use crate::plot::time_axis::Clock;
use crate::theme::{self, Look};

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {}

/// What is selected.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Nothing.
    Nothing,
    /// A series.
    Series {
        /// Its name and how to read it.
        series: &'a Series,
        /// Its host, if known.
        host: Option<&'a Host>,
        /// Where its values come from, such as the agent or a file.
        source: &'a str,
        /// Its value at the cursor or now, `NaN` for a gap.
        value: f64,
    },
    /// A process.
    Process {
        /// Name of its host.
        host: &'a str,
        /// Who it is and its numbers.
        line: &'a Line,
    },
}

/// One series within the selected range.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its name.
    pub key: &'a SeriesKey,
    /// Its name without what all shown series share.
    pub name: &'a str,
    /// Unit of its values as drawn.
    pub unit: &'a Unit,
    /// How its plots tell it apart; `None` where it is not drawn.
    pub look: Option<Look>,
    /// What the range holds; `None` while it is worked out.
    pub summary: Option<Summary>,
    /// Its values at A and at B, `NaN` where there is none.
    pub measured: [f64; 2],
}

/// Everything the view shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// What is selected.
    pub subject: Subject<'a>,
    /// The selected range.
    pub range: Option<Span>,
    /// The measuring cursors A and B.
    pub measure: [Option<Moment>; 2],
    /// The series that are plotted.
    pub rows: &'a [Row<'a>],
    /// How moments are labeled.
    pub clock: &'a Clock,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Show the facts of this series.
    Select(SeriesKey),
    /// Draw this series.
    Plot(SeriesKey),
    /// Show these requests in Services.
    Services(Which),
    /// Show just the selected range.
    Zoom(Span),
    /// Compare the selected range with what is around it.
    WhatChanged,
    /// Select what is in view, so that it can be described.
    SelectView,
    /// Nothing is selected any more.
    Deselect,
    /// Put this text on the clipboard.
    Copy(String),
    /// Add the statistics of these series to the report.
    Report(Vec<String>),
}

/// Draws facts and statistics; costs the rows in sight.
pub fn ui(ui: &mut Ui, _state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    let nothing = matches!(data.subject, Subject::Nothing);
    if nothing && data.range.is_none() && data.measure == [None, None] {
        let why = "Nothing is selected: drag over a plot for statistics of that range, or choose a series or process for its facts.";
        if empty::ui(ui, why, "Describe what is in view") {
            actions.push(Action::SelectView);
        }
        return actions;
    }
    if !nothing {
        let most = ui.available_height() * 0.5;
        let area = ScrollArea::vertical().id_salt("facts").max_height(most);
        area.auto_shrink([false, true])
            .show(ui, |ui| subject_ui(ui, data, &mut actions));
        ui.separator();
    }
    if data.range.is_some() || data.measure != [None, None] {
        range_ui(ui, data, &mut actions);
        ui.scope(|ui| table_ui(ui, data, &mut actions));
    }
    actions
}

fn subject_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let facts = match data.subject {
        Subject::Nothing => return,
        Subject::Series {
            series,
            host,
            source,
            value,
        } => {
            let (told, key) = (told::of(&series.key), series.key.to_string());
            ui.strong(&told);
            if told != key {
                ui.monospace(key);
            }
            if let Some(metric) = catalog::find(&series.key.metric) {
                ui.label(metric.help);
            }
            let mut facts = series_facts(series, value);
            facts.push(("source", source.to_owned()));
            if let Some(host) = host {
                facts.push(("host", format!("{}, {}", host.name, host.os)));
            }
            facts
        }
        Subject::Process { host, line } => {
            ui.strong(format!("{} {}", line.process.name, line.process.pid));
            process_facts(host, line)
        }
    };
    Grid::new("facts")
        .num_columns(2)
        .spacing([12.0, 3.0])
        .show(ui, |ui| {
            for (name, value) in &facts {
                ui.weak(*name);
                ui.add(eframe::egui::Label::new(value).wrap());
                ui.end_row();
            }
        });
    ui.horizontal(|ui| {
        if let Subject::Series { series, .. } = data.subject
            && ui.button("Plot").clicked()
        {
            actions.push(Action::Plot(series.key.clone()));
        }
        if let Subject::Series { series, .. } = data.subject
            && let Some(which) = Which::of_series(&series.key)
        {
            let hint = "Show the requests it speaks of";
            if ui.button("Show in Services").on_hover_text(hint).clicked() {
                actions.push(Action::Services(which));
            }
        }
        if ui.button("Copy facts").clicked() {
            let header = ["fact", "value"].map(str::to_owned);
            let rows = facts
                .into_iter()
                .map(|(name, value)| [name.to_owned(), value]);
            actions.push(Action::Copy(table::text(Format::Tsv, &header, rows)));
        }
    });
}

fn series_facts(series: &Series, value: f64) -> Vec<(&'static str, String)> {
    let kind = match series.kind {
        Kind::Gauge => "level",
        Kind::Counter => "running total, drawn as growth per second",
        Kind::Histogram => "counts per bucket",
    };
    let polarity = match series.polarity {
        Polarity::HigherIsWorse => "more is worse",
        Polarity::HigherIsBetter => "more is better",
        Polarity::Neutral => "neither good nor bad",
    };
    let exact = table::exact(value);
    let value = match value.is_nan() {
        true => "–".to_owned(),
        false => format!(
            "{}  (exactly {exact} {})",
            series.unit.text(value),
            series.unit
        ),
    };
    vec![
        ("value", value),
        ("unit", series.unit.to_string()),
        ("kind", kind.to_owned()),
        ("polarity", polarity.to_owned()),
    ]
}

fn process_facts(host: &str, line: &Line) -> Vec<(&'static str, String)> {
    let it = &line.process;
    let share = Unit::new("1");
    let bytes = Unit::new("By/s");
    let user = it
        .user_id
        .map_or_else(|| "–".to_owned(), |id| id.to_string());
    vec![
        ("host", host.to_owned()),
        ("parent", it.parent_pid.to_string()),
        ("user id", user),
        ("CPU", format!("{} of a core", share.text(line.cpu))),
        ("disk read", bytes.text(line.read_per_second)),
        ("disk write", bytes.text(line.write_per_second)),
        (
            "started",
            format!(
                "{} after boot",
                duration_text(it.start_boot_ns as f64 / 1e9)
            ),
        ),
        ("control group", it.cgroup.clone()),
        ("command", it.command.clone()),
    ]
}

fn range_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.horizontal_wrapped(|ui| {
        if let Some(span) = data.range {
            ui.strong(format!("Selected {}", duration_text(span.seconds())));
            let (from, to) = (data.clock.text(span.from), data.clock.text(span.to));
            ui.label(RichText::new(format!("{from} to {to}")).color(weak));
            if ui.button("Zoom").clicked() {
                actions.push(Action::Zoom(span));
            }
            let hint = "Compare it with what is before it (Shift+C)";
            if ui.button("What changed?").on_hover_text(hint).clicked() {
                actions.push(Action::WhatChanged);
            }
            if ui.button("Deselect").clicked() {
                actions.push(Action::Deselect);
            }
        }
        ui.menu_button("Copy", |ui| {
            for (format, name) in FORMATS {
                if ui.button(*name).clicked() {
                    actions.push(Action::Copy(copied(data, *format)));
                }
            }
        });
        let series: Vec<String> = data.rows.iter().map(|it| it.key.to_string()).collect();
        let add = Button::new("Add to report");
        if ui.add_enabled(!series.is_empty(), add).clicked() {
            let most = model::report::SERIES_MAX;
            actions.push(Action::Report(series.into_iter().take(most).collect()));
        }
    });
    if let [Some(a), Some(b)] = data.measure {
        let seconds = b.0.saturating_sub(a.0) as f64 / 1e9;
        ui.label(format!("B − A = {}", duration_text(seconds)));
    }
}

/// A function that reads one number of a summary.
type Reader = fn(&Summary) -> f64;

/// What kind of number a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    /// How many samples: without a unit.
    Count,
    /// A value in the unit of the row.
    Value,
}

/// The numbers of a summary, in the order of the table, with what each means. The
/// first seven are in sight without scrolling in the standard layout.
const NUMBERS: &[(&str, Number, Reader, &str)] = &[
    (
        "n",
        Number::Count,
        |it| it.n as f64,
        "Samples that are numbers.",
    ),
    (
        "mean",
        Number::Value,
        |it| it.mean,
        "Arithmetic mean of the samples.",
    ),
    ("min", Number::Value, |it| it.min, "Smallest sample."),
    ("max", Number::Value, |it| it.max, "Largest sample."),
    (
        "p50",
        Number::Value,
        |it| it.p50,
        "Median: half of the samples are smaller.",
    ),
    (
        "p95",
        Number::Value,
        |it| it.p95,
        "95 % of the samples are smaller.",
    ),
    (
        "p99",
        Number::Value,
        |it| it.p99,
        "99 % of the samples are smaller.",
    ),
    (
        "gaps",
        Number::Count,
        |it| it.gaps as f64,
        "Samples that are missing; they count for nothing.",
    ),
    (
        "std",
        Number::Value,
        |it| it.std,
        "Standard deviation of the samples.",
    ),
    (
        "first",
        Number::Value,
        |it| it.first,
        "First sample in the range.",
    ),
    (
        "last",
        Number::Value,
        |it| it.last,
        "Last sample in the range.",
    ),
];

/// Names of the columns before and after the numbers.
const BEFORE: [(&str, f32, &str); 2] = [
    (
        "Series",
        96.0,
        "What is described; the whole name appears when it is pointed at.",
    ),
    ("Unit", 40.0, "Unit of all values in this row."),
];
const AFTER: [(&str, f32, &str); 3] = [
    ("A", NUMBER, "Value at the measuring cursor A."),
    ("B", NUMBER, "Value at the measuring cursor B."),
    ("B − A", NUMBER, "How much B is above A."),
];

/// Width of a column of values: six digits and signs.
const NUMBER: f32 = 52.0;

/// Free space at the left and right of a cell.
const PADDING: f32 = 3.0;

/// Width of a column of counts.
const COUNT: f32 = 38.0;

/// Which columns there are: numbers of the range, A and B, or both.
fn columns(data: &Data<'_>) -> Vec<(&'static str, f32, &'static str)> {
    let mut columns = BEFORE.to_vec();
    if data.range.is_some() {
        let numbers = NUMBERS.iter();
        columns.extend(numbers.map(|(name, number, _, help)| {
            let width = match number {
                Number::Count => COUNT,
                Number::Value => NUMBER,
            };
            (*name, width, *help)
        }));
    }
    if data.measure != [None, None] {
        columns.extend(&AFTER);
    }
    columns
}

/// The values of a row in the order of [`columns`], after series and unit.
fn values(data: &Data<'_>, row: &Row<'_>) -> Vec<(Number, f64)> {
    let mut values = Vec::with_capacity(14);
    if data.range.is_some() {
        let read = |read: Reader| row.summary.as_ref().map_or(f64::NAN, read);
        let numbers = NUMBERS.iter();
        values.extend(numbers.map(|(_, number, reader, _)| (*number, read(*reader))));
    }
    if data.measure != [None, None] {
        let [a, b] = row.measured;
        values.extend([a, b, b - a].map(|it| (Number::Value, it)));
    }
    values
}

fn copied(data: &Data<'_>, format: Format) -> String {
    let columns = columns(data).into_iter();
    let header: Vec<String> = columns.map(|(name, _, _)| name.to_owned()).collect();
    let rows = data.rows.iter().map(|row| {
        let mut cells = vec![row.key.to_string(), row.unit.to_string()];
        let values = values(data, row).into_iter();
        cells.extend(values.map(|(_, value)| table::exact(value)));
        cells
    });
    table::text(format, &header, rows)
}

fn table_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    if data.rows.is_empty() {
        empty::text(
            ui,
            "No series is plotted: drag one from the browser into a plot.",
        );
        return;
    }
    let rect = ui.available_rect_before_wrap();
    let heads = columns(data);
    let widths = heads.iter();
    let widths: Vec<Column> = widths
        .map(|(_, width, _)| Column::new(*width).range(30.0..=2000.0))
        .collect();
    let mut drawing = Drawing {
        base: ui.scope_id().with("statistics"),
        data,
        heads,
        row_height: list::row_height(ui),
        focused: Focused::Elsewhere,
        row: None,
        actions,
    };
    Table::new()
        .id_salt(("statistics", drawing.heads.len()))
        .columns(widths)
        .num_sticky_cols(1)
        .headers([HeaderRow::new(20.0)])
        .num_rows(data.rows.len() as u64)
        .show(ui, &mut drawing);
    let focused = drawing.focused;
    if table::copy_asked(ui, rect, focused) {
        actions.push(Action::Copy(copied(data, Format::Tsv)));
    }
}

/// One frame of the table.
struct Drawing<'a> {
    base: Id,
    data: &'a Data<'a>,
    heads: Vec<(&'static str, f32, &'static str)>,
    row_height: f32,
    focused: Focused,
    /// The row whose cells are drawn, as texts.
    row: Option<(u64, Vec<String>, String)>,
    actions: &'a mut Vec<Action>,
}

impl Drawing<'_> {
    /// Writes the values of a row with one prefix, so that they can be compared at a glance.
    fn write(&mut self, number: u64, row: &Row<'_>) {
        if self
            .row
            .as_ref()
            .is_some_and(|(done, _, _)| *done == number)
        {
            return;
        }
        let values = values(self.data, row);
        let measured = values.iter().filter(|(kind, _)| *kind == Number::Value);
        let finite = measured.map(|(_, it)| *it).filter(|it| it.is_finite());
        let largest = finite.fold(0.0_f64, |most, it| most.max(it.abs()));
        let axis = row.unit.axis(largest);
        let texts = values.iter().map(|(kind, value)| match kind {
            Number::Count if value.is_nan() => "…".to_owned(),
            Number::Count => model::unit::digits(*value),
            Number::Value => axis.label(*value),
        });
        self.row = Some((number, texts.collect(), axis.suffix));
    }

    fn name_ui(&mut self, ui: &Ui, row: &Row<'_>) {
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect();
        let response = ui.interact(rect, self.base.with(row.key), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, spoken(row)));
        list::ground(ui, rect, (&response, Chosen::No));
        let mut rest = rect.shrink2(vec2(4.0, 0.0));
        if let Some(look) = row.look {
            let swatch = list::cut(&mut rest, 10.0);
            let swatch = Rect::from_center_size(swatch.center(), vec2(10.0, 3.0));
            ui.painter()
                .rect_filled(swatch, 0.0, theme.series_color(look.color));
        }
        list::text(ui, rest, row.name, &Ink::left(theme.text));
        if response.has_focus() {
            self.focused = Focused::Here;
        }
        if response.clicked() {
            self.actions.push(Action::Select(row.key.clone()));
        }
        response.on_hover_text_at_pointer(row.key.to_string());
    }
}

fn spoken(row: &Row<'_>) -> String {
    let unit = row.unit;
    match &row.summary {
        Some(it) => format!(
            "{}: {} samples, mean {}, from {} to {}, 95th percentile {}",
            row.key,
            it.n,
            unit.text(it.mean),
            unit.text(it.min),
            unit.text(it.max),
            unit.text(it.p95)
        ),
        None => row.key.to_string(),
    }
}

impl TableDelegate for Drawing<'_> {
    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &HeaderCellInfo) {
        let Some((name, width, help)) = self.heads.get(cell.col_range.start) else {
            return;
        };
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect();
        // The text is painted, not laid out, so the table is told the room it takes.
        if ui.is_sizing_pass() {
            ui.set_min_width(*width);
        }
        ui.painter()
            .rect_filled(rect, 0.0, ui.visuals().faint_bg_color);
        let ink = Ink {
            style: TextStyle::Small,
            color: theme.text_weak,
            align: match cell.col_range.start {
                0 | 1 => Align2::LEFT_CENTER,
                _ => Align2::RIGHT_CENTER,
            },
        };
        list::text(ui, rect.shrink2(vec2(PADDING, 0.0)), name, &ink);
        let id = self.base.with(("head", cell.col_range.start));
        let response = ui.interact(rect, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(accesskit::Role::ColumnHeader, true, *name));
        response.on_hover_ui(|ui| {
            ui.label(*help);
            ui.weak(METHOD);
        });
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        if row % 2 == 1 {
            let color = ui.visuals().faint_bg_color;
            ui.painter().rect_filled(ui.max_rect(), 0.0, color);
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &CellInfo) {
        let place = usize::try_from(cell.row_nr).unwrap_or(usize::MAX);
        let rows: &[Row<'_>] = self.data.rows;
        let Some(row) = rows.get(place) else { return };
        if cell.col_nr == 0 {
            self.name_ui(ui, row);
            return;
        }
        self.write(cell.row_nr, row);
        let Some((_, texts, suffix)) = &self.row else {
            return;
        };
        let theme = theme::of(ui.visuals());
        let rect = ui.max_rect().shrink2(vec2(PADDING, 0.0));
        match cell.col_nr {
            1 => {
                let unit = if suffix.is_empty() {
                    row.unit.code()
                } else {
                    suffix
                };
                list::text(ui, rect, unit, &Ink::left(theme.text_weak));
            }
            number => {
                let text = texts.get(number - 2).map_or("", String::as_str);
                list::text(ui, rect, text, &Ink::number(theme.text));
            }
        }
    }

    fn default_row_height(&self) -> f32 {
        self.row_height
    }
}

#[cfg(test)]
mod tests {
    use super::ui as details_ui;
    use super::*;
    use crate::view::testing;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    const SPAN: Span = Span {
        from: Moment(0),
        to: Moment(10_000_000_000),
    };

    fn drawn(
        (range, rows, subject): (Option<Span>, &[Row<'_>], Subject<'_>),
        use_it: impl FnOnce(&mut Harness<'_>),
    ) -> Vec<Action> {
        let clock = Clock::utc();
        let data = Data {
            subject,
            range,
            measure: [range.map(|it| it.from), range.map(|it| it.to)],
            rows,
            clock: &clock,
        };
        let (mut state, mut actions) = (State::default(), Vec::new());
        let mut harness = testing::harness([1200.0, 600.0], |ui| {
            actions.extend(details_ui(ui, &mut state, &data));
        });
        use_it(&mut harness);
        harness.run();
        drop(harness);
        actions
    }

    #[test]
    fn a_row_can_be_selected_and_the_table_copied() {
        let key = SeriesKey::new("web-1", "system.cpu.utilization", []);
        let unit = Unit::new("1");
        let row = Row {
            key: &key,
            name: "CPU",
            unit: &unit,
            look: Some(Look::default()),
            summary: Some(analysis::summary::of(&[0.25, 0.5, f64::NAN])),
            measured: [0.25, 0.5],
        };
        let actions = drawn((Some(SPAN), &[row], Subject::Nothing), |harness| {
            harness.get_by_label_contains("2 samples").click();
            harness.run();
            harness.event(eframe::egui::Event::Copy);
        });
        let [Action::Select(selected), Action::Copy(text)] = actions.as_slice() else {
            panic!("{actions:?}");
        };
        assert_eq!(selected, &key);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("Series\tUnit\tn\tmean\tmin\tmax\tp50\tp95\tp99\tgaps"));
        assert!(lines[1].starts_with("web-1/system.cpu.utilization\t1\t2\t0.375\t0.25\t0.5"));
        assert!(lines[1].ends_with("\t0.25\t0.5\t0.25"), "{}", lines[1]);
    }

    #[test]
    fn facts_of_a_series_are_told() {
        let series = Series {
            key: SeriesKey::new("web-1", "system.cpu.load", []),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::HigherIsWorse,
        };
        let subject = Subject::Series {
            series: &series,
            host: None,
            source: "agent on web-1",
            value: 0.5,
        };
        let actions = drawn((None, &[], subject), |harness| {
            harness.get_by_label("more is worse");
            harness.get_by_label("agent on web-1");
            harness.get_by_label("Plot").click();
        });
        assert_eq!(actions, [Action::Plot(series.key)]);
    }

    #[test]
    fn a_series_of_a_service_leads_to_its_requests() {
        let with = [("operation", "GET /"), ("service.name", "shop")];
        let with = with.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let series = Series {
            key: SeriesKey::new("web-1", "service.request.duration.p95", with),
            unit: Unit::new("s"),
            kind: Kind::Gauge,
            polarity: Polarity::HigherIsWorse,
        };
        let subject = Subject::Series {
            series: &series,
            host: None,
            source: "agent on web-1",
            value: 0.5,
        };
        let actions = drawn((None, &[], subject), |harness| {
            harness.get_by_label("Show in Services").click();
        });
        let which = Which {
            host: "web-1".to_owned(),
            service: "shop".to_owned(),
            operation: "GET /".to_owned(),
        };
        assert_eq!(actions, [Action::Services(which)]);
    }

    #[test]
    fn nothing_selected_says_how_to() {
        let actions = drawn((None, &[], Subject::Nothing), |harness| {
            harness.get_by_label("Describe what is in view").click();
        });
        assert_eq!(actions, [Action::SelectView]);
    }
}
