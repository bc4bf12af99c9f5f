//! `pcp2json`: metrics as nested objects, one object a sample.
//!
//! * In: `{"@pcp": {"@hosts": [{"@host": …, "@metrics": [{"@timestamp": …, …}]}]}}`, with
//!   or without units (`-x`), numbers as text or as numbers (`-E`).
//! * Out: what `samples` makes of them.
//! * Never: holds more than one sample.
//!
//! Start at [`read`].

use serde_json::{Map, Value};

use super::samples::{Sample, Samples};
use crate::clock::Clock;
use crate::json::{Part, Walker};
use crate::lines::Damage;
use crate::outcome;
use crate::source::Source;
use crate::{ImportError, Imported};

/// Names of metrics have so many parts at most.
const DEPTH_MAX: usize = 16;

/// Whether a file that begins with these bytes is such JSON.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .starts_with('{')
        && text.contains("\"@pcp\"")
}

/// Reads all samples.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut samples = Samples::default();
    let damage = walk(source, &mut samples)?;
    samples.outcome("pcp2json", damage).imported(source)
}

fn walk(source: &mut Source<'_>, samples: &mut Samples) -> Result<Option<Damage>, ImportError> {
    let mut walker = Walker::new(source, &["@metrics"]);
    let mut clock = Clock::default();
    loop {
        let line = match walker.next() {
            Ok(None) => return Ok(None),
            Ok(Some(Part::Scalar { key, value })) => {
                if let ("@host", Some(host)) = (key.as_str(), value.as_str()) {
                    samples.recorder.set_host(host);
                }
                continue;
            }
            Ok(Some(Part::Element { line, .. })) => line,
            Err(error) => return outcome::damage(error).map(Some),
        };
        let value = match walker.parsed() {
            Ok(value) => value,
            Err(error) => return outcome::damage(error).map(Some),
        };
        let stamp = value.get("@timestamp").and_then(Value::as_str);
        let at = stamp.and_then(|it| clock.moment(it));
        let (Some(at), Value::Object(fields)) = (at, &value) else {
            samples
                .skips
                .add("sample", "no time", line, stamp.unwrap_or_default());
            continue;
        };
        samples.row(at).map_err(|limit| walker.too_large(limit))?;
        metrics(samples, line, "", fields, 0);
    }
}

/// Steps down the names; where there are values, puts them.
fn metrics(
    samples: &mut Samples,
    line: u64,
    around: &str,
    fields: &Map<String, Value>,
    depth: usize,
) {
    if depth > DEPTH_MAX {
        samples
            .skips
            .add("value", "names of too many parts", line, around);
        return;
    }
    if fields.contains_key("value") {
        put(samples, line, around, fields);
    }
    if let Some(Value::Array(instances)) = fields.get("@instances") {
        for instance in instances.iter().filter_map(Value::as_object) {
            put(samples, line, around, instance);
        }
    }
    for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with('@')) {
        if let Value::Object(inner) = value {
            let metric = match around {
                "" => name.clone(),
                around => format!("{around}.{name}"),
            };
            metrics(samples, line, &metric, inner, depth + 1);
        }
    }
}

fn put(samples: &mut Samples, line: u64, metric: &str, fields: &Map<String, Value>) {
    let text = |key| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let value = match fields.get("value") {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    match value {
        Some(value) => samples.put(&Sample {
            metric,
            instance: text("name"),
            unit: text("@unit"),
            value,
        }),
        None => samples.skips.add("value", "no number", line, text("value")),
    }
}
