//! The agent's figures as Prometheus text.
//!
//! * In: the readings of a [`Sink`]. Out: text that `promtool check metrics` accepts.
//! * Never: tells a series that is not the agent's own.
//!
//! # Source
//!
//! Prometheus, "Exposition formats", text 0.0.4; "Metric and label naming"; OpenTelemetry,
//! "Prometheus and OpenMetrics compatibility", for names and units.

use model::catalog::{self, Kind};

use crate::sink::{Declared, Sink, UNSET};

/// What the text is.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the names of the agent's own metrics begin with.
const OWN: &str = "kymo.agent.";

/// One figure as it was last read.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name in the catalog.
    pub metric: &'static str,
    /// Attributes, sorted by key.
    pub attributes: Vec<(String, String)>,
    /// In the metric's unit.
    pub value: f64,
}

/// Takes the agent's own figures over; one that was not read now stays as it was.
pub fn figures(sink: &Sink, known: &mut Vec<Figure>) {
    for (declared, raw) in sink.declared().iter().zip(sink.values()) {
        let Some((metric, value)) = own(declared, *raw) else {
            continue;
        };
        let is_it = |it: &&mut Figure| it.metric == metric && it.attributes == declared.attributes;
        match known.iter_mut().find(is_it) {
            Some(figure) => figure.value = value,
            None => known.push(Figure {
                metric,
                attributes: declared.attributes.clone(),
                value,
            }),
        }
    }
}

/// The name and value of a series that is the agent's own.
fn own(declared: &Declared, raw: i64) -> Option<(&'static str, f64)> {
    let is_own = declared.metric.starts_with(OWN) && declared.about.is_none();
    if !is_own || raw == UNSET || declared.divisor == 0 || declared.retired {
        return None;
    }
    let metric = catalog::find(&declared.metric)?;
    Some((metric.name, raw as f64 / f64::from(declared.divisor)))
}

/// The figures as text, with help and kind of each metric, and the version of the agent.
pub fn text(figures: &[Figure]) -> String {
    let mut out = String::from(
        "# HELP kymo_agent_build_info The agent that tells this; always 1.\n\
         # TYPE kymo_agent_build_info gauge\n",
    );
    let version = crate::greeting::VERSION;
    line(
        &mut out,
        format_args!("kymo_agent_build_info{{version=\"{version}\"}} 1"),
    );
    let mut told: Vec<&str> = Vec::new();
    for first in figures {
        if told.contains(&first.metric) {
            continue;
        }
        told.push(first.metric);
        let Some(metric) = catalog::find(first.metric) else {
            continue;
        };
        let name = name(metric);
        let kind = match metric.kind {
            Kind::Counter => "counter",
            _ => "gauge",
        };
        line(&mut out, format_args!("# HELP {name} {}", metric.help));
        line(&mut out, format_args!("# TYPE {name} {kind}"));
        for figure in figures.iter().filter(|it| it.metric == first.metric) {
            let labels = labels(&figure.attributes);
            line(&mut out, format_args!("{name}{labels} {}", figure.value));
        }
    }
    out
}

/// A metric's name with its unit, as Prometheus has them.
fn name(metric: &catalog::Metric) -> String {
    let mut name = metric.name.replace('.', "_");
    let unit = match metric.unit {
        "s" => "_seconds",
        "By" => "_bytes",
        "1" => "_ratio",
        _ => "",
    };
    name.push_str(unit);
    if metric.kind == Kind::Counter {
        name.push_str("_total");
    }
    name
}

fn labels(attributes: &[(String, String)]) -> String {
    let escaped = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        text.replace('\n', "\\n")
    };
    let pairs = attributes.iter();
    let pairs =
        pairs.map(|(key, value)| format!("{}=\"{}\"", key.replace('.', "_"), escaped(value)));
    let pairs: Vec<String> = pairs.collect();
    match pairs.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", pairs.join(",")),
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.push_str(&text.to_string());
    out.push('\n');
}
