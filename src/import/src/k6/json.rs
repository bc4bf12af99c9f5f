//! `k6 run --out json=FILE`: one JSON object a line, `Metric` before the first `Point`.
//!
//! * In: `{"type":"Point","metric":"vus","data":{"time":…,"value":…,"tags":{…}}}`.
//! * Out: what `points` makes of them.
//! * Never: stops at a line that is no JSON; it is skipped, and told.
//!
//! Start at [`read`].

use serde_json::Value;

use super::points::{Contains, Point, Points, Sort};
use crate::lines;
use crate::source::Source;
use crate::{ImportError, Imported};

/// Whether a file that begins with these bytes is such JSON.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let first = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let first = first.lines().next().unwrap_or_default();
    let typed = |it: &str| first.contains(&format!("\"type\":\"{it}\""));
    first.starts_with('{') && first.contains("\"metric\":") && (typed("Metric") || typed("Point"))
}

/// Reads all samples.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut points = Points::new(source.path());
    let ending = lines::each(source, |line, text| {
        if !text.trim().is_empty() {
            take(&mut points, line, text);
        }
        Ok(())
    })?;
    let damage = ending.damage(&points.skips);
    points.outcome("k6 JSON", damage).imported(source)
}

/// Takes in a line.
fn take(points: &mut Points, line: u64, text: &str) {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        points.skips.add("line", "no JSON", line, text);
        return;
    };
    let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let (Some(metric), Some(sort)) = (word(&value, "metric"), word(&value, "type")) else {
        points.skips.add("line", "no metric", line, text);
        return;
    };
    let data = value.get("data").unwrap_or(&Value::Null);
    if sort == "Metric" {
        declare(points, &metric, data);
        return;
    }
    let at = data.get("time").and_then(Value::as_str);
    let at = at.and_then(|it| it.parse::<jiff::Timestamp>().ok());
    let at = at.and_then(|it| i64::try_from(it.as_nanosecond()).ok());
    let number = data.get("value").and_then(Value::as_f64);
    let (Some(at), Some(number)) = (at, number) else {
        points.skips.add("line", "no time or no value", line, text);
        return;
    };
    let tags = data.get("tags").unwrap_or(&Value::Null);
    let more = data.get("metadata").unwrap_or(&Value::Null);
    let tag = |key: &str| tags.get(key).and_then(Value::as_str).unwrap_or_default();
    let vu = more.get("vu").and_then(Value::as_str).unwrap_or_default();
    points.put(&Point {
        metric: &metric,
        at,
        value: number,
        name: tag("name"),
        scenario: tag("scenario"),
        status: tag("status"),
        expected: tag("expected_response"),
        check: tag("check"),
        vu: if vu.is_empty() { tag("vu") } else { vu },
    });
}

fn declare(points: &mut Points, metric: &str, data: &Value) {
    let word = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
    let contains = match word("contains") {
        "time" => Contains::Time,
        "data" => Contains::Data,
        _ => Contains::Plain,
    };
    let sort = match word("type") {
        "counter" => Sort::Counter,
        "gauge" => Sort::Gauge,
        "rate" => Sort::Rate,
        "trend" => Sort::Trend(contains),
        _ => return,
    };
    points.declare(metric, sort);
}
