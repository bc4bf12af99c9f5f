//! Inputs of a case, read by name.

use std::hash::{Hash, Hasher};

use serde_json::{Map, Value};

use super::CaseError;
use crate::solve::Service;

/// Numbers in one list of a case, at most.
const MOST_NUMBERS: usize = 2_000_000;

/// Whole numbers, at most.
const MOST_COUNT: f64 = 1e9;

/// The inputs of a case for one model.
pub(super) struct Inputs<'a> {
    model: &'static str,
    map: &'a Map<String, Value>,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(model: &'static str, map: &'a Map<String, Value>) -> Self {
        Self { model, map }
    }

    /// The error that a field is not what it must be.
    pub(super) fn wrong(&self, field: impl Into<String>, rule: &'static str) -> CaseError {
        CaseError::Input {
            model: self.model,
            field: field.into(),
            rule,
        }
    }

    /// Whether a field is there; `null` is not.
    pub(super) fn has(&self, field: &str) -> bool {
        self.map.get(field).is_some_and(|it| !it.is_null())
    }

    /// A field as it is.
    pub(super) fn value(&self, field: &str, rule: &'static str) -> Result<&'a Value, CaseError> {
        let value = self.map.get(field).filter(|it| !it.is_null());
        value.ok_or_else(|| self.wrong(field, rule))
    }

    pub(super) fn number(&self, field: &str) -> Result<f64, CaseError> {
        let rule = "a number";
        let value = self.value(field, rule)?.as_f64();
        value.ok_or_else(|| self.wrong(field, rule))
    }

    pub(super) fn number_or(&self, field: &str, otherwise: f64) -> Result<f64, CaseError> {
        match self.has(field) {
            true => self.number(field),
            false => Ok(otherwise),
        }
    }

    pub(super) fn yes_or_no(&self, field: &str) -> Result<bool, CaseError> {
        let rule = "true or false";
        let value = self.value(field, rule)?.as_bool();
        value.ok_or_else(|| self.wrong(field, rule))
    }

    pub(super) fn text(&self, field: &str) -> Result<&'a str, CaseError> {
        let rule = "a text";
        let value = self.value(field, rule)?.as_str();
        value.ok_or_else(|| self.wrong(field, rule))
    }

    pub(super) fn texts(&self, field: &str) -> Result<Vec<&'a str>, CaseError> {
        let rule = "a list of texts";
        let wrong = || self.wrong(field, rule);
        let values = self.value(field, rule)?.as_array().ok_or_else(wrong)?;
        let texts = values.iter().map(|it| it.as_str().ok_or_else(wrong));
        texts.collect()
    }

    pub(super) fn count(&self, field: &str) -> Result<usize, CaseError> {
        let rule = "a whole number of zero or more";
        whole(self.number(field)?).ok_or_else(|| self.wrong(field, rule))
    }

    pub(super) fn counts(&self, field: &str) -> Result<Vec<usize>, CaseError> {
        let rule = "a list of whole numbers of zero or more";
        let numbers = self.numbers(field)?;
        let counts = numbers.into_iter().map(whole).collect::<Option<_>>();
        counts.ok_or_else(|| self.wrong(field, rule))
    }

    /// A number of servers.
    pub(super) fn servers(&self, field: &str) -> Result<u32, CaseError> {
        Ok(self.count(field)?.min(u32::MAX as usize) as u32)
    }

    pub(super) fn numbers(&self, field: &str) -> Result<Vec<f64>, CaseError> {
        let rule = "a list of numbers";
        let value = self.value(field, rule)?;
        list(value).ok_or_else(|| self.wrong(field, rule))
    }

    /// A list of as many numbers as something else has.
    pub(super) fn numbers_like(&self, field: &str, length: usize) -> Result<Vec<f64>, CaseError> {
        let numbers = self.numbers(field)?;
        match numbers.len() == length {
            true => Ok(numbers),
            false => Err(self.wrong(field, "as many numbers as its stations or classes")),
        }
    }

    pub(super) fn numbers_or(
        &self,
        field: &str,
        otherwise: f64,
        length: usize,
    ) -> Result<Vec<f64>, CaseError> {
        match self.has(field) {
            true => self.numbers_like(field, length),
            false => Ok(vec![otherwise; length]),
        }
    }

    /// Keys of a trace: whole numbers or texts.
    pub(super) fn keys(&self, field: &str) -> Result<Vec<u64>, CaseError> {
        let rule = "a list of whole numbers or texts";
        let wrong = || self.wrong(field, rule);
        let values = self.value(field, rule)?.as_array().ok_or_else(wrong)?;
        let key = |it: &Value| match it {
            Value::String(text) => {
                let mut hasher = std::hash::DefaultHasher::new();
                text.hash(&mut hasher);
                Some(hasher.finish())
            }
            other => other.as_u64(),
        };
        values.iter().map(|it| key(it).ok_or_else(wrong)).collect()
    }

    /// Rows of numbers.
    pub(super) fn table(&self, field: &str) -> Result<Vec<Vec<f64>>, CaseError> {
        let rule = "a list of lists of numbers";
        let wrong = || self.wrong(field, rule);
        let rows = self.value(field, rule)?.as_array().ok_or_else(wrong)?;
        rows.iter().map(|row| list(row).ok_or_else(wrong)).collect()
    }

    /// Rows of numbers, all of them as long as the first.
    pub(super) fn even_table(&self, field: &str) -> Result<Vec<Vec<f64>>, CaseError> {
        let rows = self.table(field)?;
        let columns = rows.first().map_or(0, Vec::len);
        match rows.iter().all(|row| row.len() == columns) {
            true => Ok(rows),
            false => Err(self.wrong(field, "rows of equal length")),
        }
    }

    /// How stations serve: servers of each, 0 for a delay; one server without the field.
    pub(super) fn services(&self, field: &str, stations: usize) -> Result<Vec<Service>, CaseError> {
        let rule = "servers of each station, 0 for a delay";
        let service = |it: f64| match whole(it) {
            Some(0) => Some(Service::Delay),
            Some(servers) => Some(Service::Servers(servers as u32)),
            None => None,
        };
        let servers = self.numbers_or(field, 1.0, stations)?;
        let services = servers.into_iter().map(service).collect::<Option<_>>();
        services.ok_or_else(|| self.wrong(field, rule))
    }
}

/// A whole number that is not negative.
fn whole(number: f64) -> Option<usize> {
    let is_whole = (0.0..=MOST_COUNT).contains(&number) && number.fract() == 0.0;
    is_whole.then_some(number as usize)
}

fn list(value: &Value) -> Option<Vec<f64>> {
    let values = value.as_array().filter(|it| it.len() <= MOST_NUMBERS)?;
    values.iter().map(Value::as_f64).collect()
}
