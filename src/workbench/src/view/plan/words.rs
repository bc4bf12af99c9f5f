//! How numbers, intervals and refusals of plans are written.

use eframe::egui::{RichText, Ui};
use model::plan::{Class, Expected};
use model::unit::Unit;

use crate::theme;

/// Something to be looked at.
pub(super) fn warn(ui: &mut Ui, text: &str) {
    let color = theme::of(ui.visuals()).quality_edge;
    ui.label(RichText::new(format!("! {text}")).color(color));
}

/// A number with its unit; a dash for none.
pub(super) fn number(value: Option<f64>, unit: &str) -> String {
    let unit = Unit(unit.to_owned().into());
    value.map_or_else(|| "–".to_owned(), |it| unit.text(it))
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

/// Throughput and response time in a few words.
pub(super) fn brief(expected: &[Expected]) -> String {
    let shown = ["app.throughput", "app.response.mean", "cache.hit_ratio"];
    let parts = expected
        .iter()
        .filter(|it| shown.contains(&it.metric.as_str()))
        .filter(|it| it.p50.is_some())
        .map(|it| {
            let name = metric(&it.metric);
            format!("{name} {}", number(it.p50, &it.unit))
        });
    parts.collect::<Vec<_>>().join(", ")
}
