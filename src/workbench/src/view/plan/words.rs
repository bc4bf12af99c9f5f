//! How numbers, intervals and refusals of plans are written.

use eframe::egui::{
    Align, ComboBox, DragValue, Grid, Layout, Response, RichText, ScrollArea, Ui, WidgetInfo,
    accesskit,
};
use model::plan::{Class, Expected};
use model::unit::Unit;
use plan::edit::Parameter;
use plan::refusal::Refusal;

use crate::theme;

/// Width of a list to choose from, at most.
const CHOICE: f32 = 180.0;

/// Head of a column, on the side where its cells stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head<'a> {
    /// Of words.
    Text(&'a str),
    /// Of numbers.
    Number(&'a str),
}

/// A table that is moved sideways where it is wider than its place.
pub(super) fn table(ui: &mut Ui, (name, heads): (&str, &[Head<'_>]), rows: impl FnOnce(&mut Ui)) {
    ScrollArea::horizontal().id_salt(name).show(ui, |ui| {
        Grid::new(name)
            // What stands last takes all the room there is, so nothing stands there.
            .num_columns(heads.len() + 1)
            .striped(true)
            .show(ui, |ui| {
                for head in heads {
                    match head {
                        Head::Text(text) => ui.strong(*text),
                        Head::Number(text) => {
                            let right = Layout::right_to_left(Align::Center);
                            ui.with_layout(right, |ui| ui.strong(*text)).inner
                        }
                    };
                }
                ui.end_row();
                rows(ui);
            });
    });
}

/// A number in a table: at the right, its digits below each other.
pub(super) fn cell(ui: &mut Ui, text: impl Into<String>) -> Response {
    let right = Layout::right_to_left(Align::Center);
    let text = RichText::new(text).monospace();
    ui.with_layout(right, |ui| ui.label(text)).inner
}

/// Something to be looked at.
pub(super) fn warn(ui: &mut Ui, text: &str) -> Response {
    let color = theme::of(ui.visuals()).quality_edge;
    ui.label(RichText::new(format!("! {text}")).color(color))
}

/// A refusal with its code, and what to record next.
pub(super) fn refused(refusal: &Refusal) -> String {
    format!(
        "{}: {}\nRecord next: {}",
        refusal.code, refusal.why, refusal.record_next
    )
}

/// How much a value changes, in percent of what it was.
pub(super) fn change(before: Option<f64>, after: Option<f64>) -> Option<String> {
    let change = after? / before? - 1.0;
    change
        .is_finite()
        .then(|| format!("{:+.1} %", 100.0 * change))
}

/// Percent that something moves, with its sign.
pub(super) fn percent(value: f64) -> String {
    format!("{value:+.2} %")
}

/// From what to what, with its interval.
pub(super) fn interval(it: &Expected) -> String {
    format!(
        "{} to {}, between {} and {} for 80 %",
        number(it.before, &it.unit),
        number(it.p50, &it.unit),
        number(it.p10, &it.unit),
        number(it.p90, &it.unit)
    )
}

/// A number with its unit; a dash for none.
pub(super) fn number(value: Option<f64>, unit: &str) -> String {
    let unit = Unit(unit.to_owned().into());
    value.map_or_else(|| "–".to_owned(), |it| unit.text(it))
}

/// An amount with the prefix that people read: microseconds as seconds.
pub(super) fn amount(value: f64, unit: &'static str) -> String {
    match unit {
        "us" => Unit::new("s").text(value * 1e-6),
        unit => Unit::new(unit).text(value),
    }
}

/// What a field is called; its unit stands beside its value.
pub(super) fn field(parameter: &Parameter) -> String {
    let name = parameter.name.as_str();
    let units = ["_us", "_bytes", "_s"].into_iter();
    let bare = units.filter_map(|it| name.strip_suffix(it)).next();
    match parameter.unit {
        "" => name.replace('_', " "),
        _ => bare.unwrap_or(name).replace('_', " "),
    }
}

/// What a metric is called in sentences.
pub(super) fn metric(name: &str) -> &str {
    match name {
        "app.throughput" => "throughput",
        "app.response.mean" => "response time, mean",
        "app.response.p95" => "response time, p95",
        "app.response.p99" => "response time, p99",
        "app.rejected" => "sent away",
        "cpu.utilization" => "processors",
        "cache.hit_ratio" => "answered by the cache",
        other => other,
    }
}

/// What a class means.
pub(super) fn class(class: Class) -> &'static str {
    match class {
        Class::A => "interval within 10 % of the point",
        Class::B => "interval within 35 % of the point",
        Class::C => "a direction, hardly more",
        Class::X => "refused",
    }
}

/// Throughput and response time in a few words: what becomes of them, and how sure that is.
pub(super) fn brief(expected: &[Expected]) -> String {
    let shown = ["app.throughput", "app.response.mean", "cache.hit_ratio"];
    let parts = expected
        .iter()
        .filter(|it| shown.contains(&it.metric.as_str()))
        .map(|it| match it.p50 {
            Some(_) => {
                let change = change(it.before, it.p50);
                let change = change.map_or(String::new(), |it| format!(" ({it})"));
                format!(
                    "{} {}{change}, class {}",
                    metric(&it.metric),
                    number(it.p50, &it.unit),
                    it.class.letter()
                )
            }
            None => {
                let why = it.refused.as_deref().unwrap_or_default();
                let code = why.split(':').next().unwrap_or(why);
                format!("{} refused ({code})", metric(&it.metric))
            }
        });
    parts.collect::<Vec<_>>().join("; ")
}

/// A choice that is named for those who hear it.
pub(super) fn choice(ui: &mut Ui, (name, shown): (&str, &str), inside: impl FnOnce(&mut Ui)) {
    let response = ComboBox::from_id_salt(name)
        .selected_text(shown)
        .width(ui.available_width().clamp(60.0, CHOICE))
        .truncate()
        .show_ui(ui, inside)
        .response;
    let text = format!("{name}: {shown}");
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::ComboBox, true, &text));
}

/// A number field that is named for those who hear it.
pub(super) fn drag(ui: &mut Ui, name: &str, field: DragValue<'_>) -> Response {
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::SpinButton, true, name));
    response
}
