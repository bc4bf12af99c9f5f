//! Attribute values as text.

use std::borrow::Cow;
use std::fmt::Write;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

/// Lists within lists are followed so far.
const NESTING_MAX: usize = 8;

/// Longest text of a value made of parts.
const COMPOUND_MAX: usize = 4_096;

/// The value of one attribute, when it is a text.
pub(super) fn text_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|it| it.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// The value of one attribute, when it is a number.
pub(super) fn number_of(attributes: &[KeyValue], key: &str) -> Option<f64> {
    let found = attributes.iter().find(|it| it.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::IntValue(number) => Some(*number as f64),
        Value::DoubleValue(number) => Some(*number),
        Value::StringValue(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value as text: texts as they are, lists and maps as JSON.
pub(super) fn text(value: Option<&AnyValue>) -> Cow<'_, str> {
    match value.and_then(|it| it.value.as_ref()) {
        None => Cow::Borrowed(""),
        Some(Value::StringValue(text)) => Cow::Borrowed(text),
        Some(value) => {
            let mut out = String::new();
            print(value, &mut out, 0);
            Cow::Owned(out)
        }
    }
}

fn print(value: &Value, out: &mut String, depth: usize) {
    if out.len() > COMPOUND_MAX || depth > NESTING_MAX {
        out.push('…');
        return;
    }
    // Writing to a text cannot fail.
    let _: std::fmt::Result = match value {
        Value::StringValue(text) => write!(out, "{}", serde_json::Value::from(text.as_str())),
        Value::BoolValue(it) => write!(out, "{it}"),
        Value::IntValue(it) => write!(out, "{it}"),
        Value::DoubleValue(it) => write!(out, "{it}"),
        Value::BytesValue(bytes) => bytes
            .iter()
            .take(COMPOUND_MAX)
            .try_for_each(|it| write!(out, "{it:02x}")),
        Value::ArrayValue(list) => {
            out.push('[');
            let values = list.values.iter().map(|it| it.value.as_ref());
            each(values, out, |value, out| print(value, out, depth + 1));
            out.push(']');
            Ok(())
        }
        Value::KvlistValue(map) => {
            out.push('{');
            each(map.values.iter().map(Some), out, |pair, out| {
                out.push_str(&serde_json::Value::from(pair.key.as_str()).to_string());
                out.push(':');
                match pair.value.as_ref().and_then(|it| it.value.as_ref()) {
                    Some(value) => print(value, out, depth + 1),
                    None => out.push_str("null"),
                }
            });
            out.push('}');
            Ok(())
        }
        Value::StringValueStrindex(_) => Ok(()),
    };
}

fn each<T>(
    items: impl Iterator<Item = Option<T>>,
    out: &mut String,
    mut print: impl FnMut(T, &mut String),
) {
    for (place, item) in items.enumerate() {
        if out.len() > COMPOUND_MAX {
            out.push('…');
            return;
        }
        if place > 0 {
            out.push(',');
        }
        match item {
            Some(item) => print(item, out),
            None => out.push_str("null"),
        }
    }
}

/// A time as the axis has it; what is later than it can hold is its end.
pub(super) fn nanoseconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}
