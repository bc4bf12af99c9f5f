//! Writes series as Prometheus text, as an export for other tools.
//!
//! Names become legal and say unit and kind by their endings; every sample has its time.
//! Rows of histograms are observations of intervals; they are added up, since the text
//! form knows running totals only.
//!
//! # Source
//!
//! OpenTelemetry, "Prometheus and OpenMetrics compatibility": names, units, labels that
//! become alike; Prometheus, "Exposition formats": escapes, order of lines.

use std::collections::HashMap;
use std::fmt::Write;

use model::catalog::Kind;
use model::histogram::{Buckets, Histogram, Row};
use model::unit::Unit;

use super::unit::words;

/// A series to be written.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Name; dots become underscores.
    pub metric: &'a str,
    /// Labels.
    pub attributes: &'a [(String, String)],
    /// Unit of the values; its word ends the name.
    pub unit: &'a Unit,
    /// Level or running total; what has rows is a histogram.
    pub kind: Kind,
    /// What it is, for people; may be empty.
    pub help: &'a str,
    /// What was measured.
    pub points: Points<'a>,
}

/// What was measured, in the order of time.
#[derive(Clone, Copy, Debug)]
pub enum Points<'a> {
    /// Values at moments; `NaN` is a gap and left out.
    Numbers {
        /// Nanoseconds since the Unix epoch.
        at: &'a [i64],
        /// One for each moment.
        values: &'a [f64],
    },
    /// Observations of intervals, which are added up.
    Rows(&'a [Row]),
}

/// Appends series as Prometheus text 0.0.4, by family in the order met.
///
/// Times are whole milliseconds; of two samples within one the first is kept.
pub fn write(series: &[Written<'_>], out: &mut String) {
    let mut families: Vec<(String, Vec<&Written<'_>>)> = Vec::new();
    let mut places: HashMap<String, (usize, &'static str)> = HashMap::new();
    for one in series {
        let sort = sort_of(one);
        let mut name = name_of(one);
        if places.get(&name).is_some_and(|(_, known)| *known != sort) {
            // Two kinds under one name would make the text illegal.
            name = format!("{name}_{sort}");
        }
        let next = (families.len(), sort);
        let (place, _) = *places.entry(name.clone()).or_insert(next);
        match families.get_mut(place) {
            Some((_, members)) => members.push(one),
            None => families.push((name, vec![one])),
        }
    }
    for (name, members) in &families {
        write_family(name, members, out);
    }
}

/// Writes a family, unless it has no sample.
fn write_family(name: &str, members: &[&Written<'_>], out: &mut String) {
    let start = out.len();
    if let Some(first) = members.first() {
        if !first.help.is_empty() {
            let help = first.help.replace('\\', "\\\\").replace('\n', "\\n");
            line(out, format_args!("# HELP {name} {help}"));
        }
        line(out, format_args!("# TYPE {name} {}", sort_of(first)));
    }
    let head = out.len();
    for one in members {
        match one.points {
            Points::Numbers { at, values } => {
                write_numbers(name, one.attributes, (at, values), out);
            }
            Points::Rows(rows) => write_rows(name, one.attributes, rows, out),
        }
    }
    if out.len() == head {
        out.truncate(start);
    }
}

fn write_numbers(
    name: &str,
    attributes: &[(String, String)],
    (at, values): (&[i64], &[f64]),
    out: &mut String,
) {
    let labels = braced(&labels_of(attributes));
    let mut last = None;
    for (at, value) in at.iter().zip(values).filter(|(_, it)| !it.is_nan()) {
        let milliseconds = milliseconds(*at);
        if last.replace(milliseconds) != Some(milliseconds) {
            let value = number(*value);
            line(out, format_args!("{name}{labels} {value} {milliseconds}"));
        }
    }
}

/// Writes running totals; they begin anew where the bounds of buckets change.
fn write_rows(name: &str, attributes: &[(String, String)], rows: &[Row], out: &mut String) {
    let mut rest = rows;
    while !rest.is_empty() {
        let mut total = Histogram::default();
        let added = rest
            .iter()
            .take_while(|row| total.add(&row.histogram).is_ok());
        let length = added.count();
        let (alike, after) = rest.split_at(length.max(1));
        write_totals(name, attributes, alike, &bounds_of(&total), out);
        rest = after;
    }
}

fn write_totals(
    name: &str,
    attributes: &[(String, String)],
    rows: &[Row],
    bounds: &[f64],
    out: &mut String,
) {
    let labels: Vec<_> = labels_of(attributes)
        .into_iter()
        .map(|(key, value)| match key.as_str() {
            "le" => ("exported_le".to_owned(), value),
            _ => (key, value),
        })
        .collect();
    let plain = braced(&labels);
    let bounded = |bound: f64| {
        let mut labels = labels.clone();
        labels.push(("le".to_owned(), number(bound)));
        braced(&labels)
    };
    let buckets: Vec<(f64, String)> = bounds.iter().map(|it| (*it, bounded(*it))).collect();
    let top = bounded(f64::INFINITY);
    let mut total = Histogram::default();
    for row in rows {
        if total.add(&row.histogram).is_err() {
            continue;
        }
        let at = milliseconds(row.at.0);
        for (bound, labels) in &buckets {
            let below = total.at_most(*bound).round() as u64;
            line(out, format_args!("{name}_bucket{labels} {below} {at}"));
        }
        let (count, sum) = (total.count, number(total.sum));
        line(out, format_args!("{name}_bucket{top} {count} {at}"));
        line(out, format_args!("{name}_sum{plain} {sum} {at}"));
        line(out, format_args!("{name}_count{plain} {count} {at}"));
    }
}

/// Upper bounds that are worth a line: all given ones, or those of buckets in use.
fn bounds_of(total: &Histogram) -> Vec<f64> {
    if let Buckets::Explicit(it) = &total.buckets {
        return it.bounds.to_vec();
    }
    let mut bounds: Vec<f64> = Vec::new();
    total.each(|cell| {
        let ascends = bounds.last().is_none_or(|last| *last < cell.high);
        if cell.count > 0 && cell.high.is_finite() && ascends {
            bounds.push(cell.high);
        }
    });
    bounds
}

fn sort_of(one: &Written<'_>) -> &'static str {
    match (one.points, one.kind) {
        (Points::Rows(_), _) => "histogram",
        (_, Kind::Counter) => "counter",
        (_, Kind::Gauge | Kind::Histogram) => "gauge",
    }
}

/// The legal name that ends with the words of the unit, and `_total` for counters.
fn name_of(one: &Written<'_>) -> String {
    let sort = sort_of(one);
    let mut name = legal(one.metric, |byte| byte == b':');
    if sort == "counter" {
        name.truncate(name.strip_suffix("_total").map_or(name.len(), str::len));
    }
    let words = match one.unit.code() {
        // A share is a level; a running total without a unit only counts.
        "1" if sort != "gauge" => String::new(),
        _ => words(one.unit),
    };
    if !words.is_empty() && !format!("_{name}_").contains(&format!("_{words}_")) {
        name = format!("{name}_{words}");
    }
    if sort == "counter" {
        name.push_str("_total");
    }
    name
}

/// Replaces what is not legal in names; several in a row become one.
fn legal(text: &str, also: impl Fn(u8) -> bool) -> String {
    let mut name = String::with_capacity(text.len() + 1);
    if text.starts_with(|it: char| it.is_ascii_digit()) || text.is_empty() {
        name.push('_');
    }
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || also(byte) {
            name.push(char::from(byte));
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name
}

/// Legal labels, sorted; values of those that became alike are joined.
fn labels_of(attributes: &[(String, String)]) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = Vec::with_capacity(attributes.len());
    for (key, value) in attributes {
        let key = legal(key, |_| false);
        match labels.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => {
                known.push(';');
                known.push_str(value);
            }
            None => labels.push((key, value.clone())),
        }
    }
    labels.sort();
    labels
}

fn braced(labels: &[(String, String)]) -> String {
    let escaped = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        text.replace('\n', "\\n")
    };
    let pairs: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)))
        .collect();
    match pairs.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", pairs.join(",")),
    }
}

/// A value in the fewest digits that read back the same.
fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        format!("{value:?}")
    }
}

fn milliseconds(at: i64) -> i64 {
    at.div_euclid(1_000_000)
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string never fails.
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok());
    out.push('\n');
}
