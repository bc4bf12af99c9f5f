//! Inputs of a case by name and sort, with errors that name them.

use serde_json::{Map, Value};

use super::CaseError;
use crate::solve::{CUSTOMERS_MAX, SERVERS_MAX};

/// Numbers of one list, at most.
const LIST_MAX: usize = 10_000_000;

/// The inputs of a case.
pub(super) struct Inputs<'a> {
    map: &'a Map<String, Value>,
}

fn wrong(name: &str, why: impl Into<String>) -> CaseError {
    CaseError::Input {
        name: name.to_owned(),
        why: why.into(),
    }
}

impl<'a> Inputs<'a> {
    pub(super) fn of(map: &'a Map<String, Value>) -> Self {
        Self { map }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|it| !it.is_null())
    }

    pub(super) fn value(&self, name: &str) -> Result<&'a Value, CaseError> {
        let found = self.map.get(name).filter(|it| !it.is_null());
        found.ok_or_else(|| wrong(name, "it is missing"))
    }

    pub(super) fn number(&self, name: &str) -> Result<f64, CaseError> {
        let value = self.value(name)?;
        value.as_f64().ok_or_else(|| wrong(name, "want a number"))
    }

    pub(super) fn number_or(&self, name: &str, otherwise: f64) -> Result<f64, CaseError> {
        match self.has(name) {
            true => self.number(name),
            false => Ok(otherwise),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, CaseError> {
        let value = self.value(name)?;
        value.as_str().ok_or_else(|| wrong(name, "want a text"))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, CaseError> {
        match self.has(name) {
            true => {
                let value = self.value(name)?.as_bool();
                value.ok_or_else(|| wrong(name, "want true or false"))
            }
            false => Ok(false),
        }
    }

    /// A whole number of servers, places or rows.
    pub(super) fn count(&self, name: &str, most: usize) -> Result<usize, CaseError> {
        whole(name, self.number(name)?, most)
    }

    pub(super) fn servers(&self, name: &str) -> Result<usize, CaseError> {
        self.count(name, SERVERS_MAX)
    }

    pub(super) fn array(&self, name: &str) -> Result<&'a [Value], CaseError> {
        let values = self.value(name)?.as_array();
        let values = values.ok_or_else(|| wrong(name, "want a list"))?;
        match values.len() <= LIST_MAX {
            true => Ok(values),
            false => Err(wrong(name, format!("has more than {LIST_MAX} entries"))),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<Vec<f64>, CaseError> {
        numbers(name, self.array(name)?)
    }

    pub(super) fn list_or_none(&self, name: &str) -> Result<Option<Vec<f64>>, CaseError> {
        match self.has(name) {
            true => Ok(Some(self.list(name)?)),
            false => Ok(None),
        }
    }

    pub(super) fn counts(&self, name: &str, most: usize) -> Result<Vec<usize>, CaseError> {
        let numbers = self.list(name)?.into_iter();
        numbers.map(|it| whole(name, it, most)).collect()
    }

    /// Customers of each class, or of one.
    pub(super) fn customers(&self, name: &str) -> Result<Vec<usize>, CaseError> {
        match self.value(name)?.is_array() {
            true => self.counts(name, CUSTOMERS_MAX),
            false => Ok(vec![self.count(name, CUSTOMERS_MAX)?]),
        }
    }

    pub(super) fn matrix(&self, name: &str) -> Result<Vec<Vec<f64>>, CaseError> {
        let rows = self.array(name)?.iter();
        rows.map(|row| {
            let row = row.as_array();
            numbers(
                name,
                row.ok_or_else(|| wrong(name, "want a list of lists"))?,
            )
        })
        .collect()
    }

    /// Name and number, as in an object.
    pub(super) fn named(&self, name: &str) -> Result<Vec<(String, f64)>, CaseError> {
        let map = self.value(name)?.as_object();
        let map = map.ok_or_else(|| wrong(name, "want an object of numbers"))?;
        map.iter()
            .map(|(key, value)| {
                let value = value.as_f64();
                Ok((
                    key.clone(),
                    value.ok_or_else(|| wrong(name, format!("{key} is no number")))?,
                ))
            })
            .collect()
    }

    pub(super) fn names(&self, name: &str) -> Result<Vec<&'a str>, CaseError> {
        let values = self.array(name)?.iter();
        values
            .map(|it| {
                it.as_str()
                    .ok_or_else(|| wrong(name, "want a list of names"))
            })
            .collect()
    }

    /// Keys of a trace: whole numbers, or texts that are told apart.
    pub(super) fn keys(&self, name: &str) -> Result<Vec<u64>, CaseError> {
        let mut known = std::collections::HashMap::new();
        let values = self.array(name)?.iter();
        values
            .map(|value| match (value.as_u64(), value.as_str()) {
                (Some(key), _) => Ok(key),
                (None, Some(text)) => {
                    let next = known.len() as u64;
                    Ok(*known.entry(text).or_insert(next))
                }
                (None, None) => Err(wrong(name, "want whole numbers or texts")),
            })
            .collect()
    }

    pub(super) fn wrong(&self, name: &str, why: &str) -> CaseError {
        wrong(name, why)
    }
}

fn whole(name: &str, value: f64, most: usize) -> Result<usize, CaseError> {
    match value >= 0.0 && value.fract() == 0.0 && value <= most as f64 {
        true => Ok(value as usize),
        false => Err(wrong(
            name,
            format!("want a whole number up to {most}, not {value}"),
        )),
    }
}

fn numbers(name: &str, values: &[Value]) -> Result<Vec<f64>, CaseError> {
    let all = values.iter().map(Value::as_f64);
    all.collect::<Option<Vec<f64>>>()
        .ok_or_else(|| wrong(name, "want numbers only"))
}
