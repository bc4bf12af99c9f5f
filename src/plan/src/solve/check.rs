//! What numbers must be before a model looks at them.

use super::{Service, SolveError};

/// Servers of a station, at most; beyond, its queue is that of a delay for any load
/// that a recording could show.
pub(crate) const MOST_SERVERS: usize = 100_000;

/// Zero or more, and finite.
pub(crate) fn not_negative(what: &'static str, value: f64) -> Result<f64, SolveError> {
    let rule = "zero or more";
    match value.is_finite() && value >= 0.0 {
        true => Ok(value),
        false => Err(SolveError::Input { what, rule, value }),
    }
}

/// More than zero, and finite.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, SolveError> {
    let rule = "more than zero";
    match value.is_finite() && value > 0.0 {
        true => Ok(value),
        false => Err(SolveError::Input { what, rule, value }),
    }
}

/// A part of a whole: zero to one.
pub(crate) fn share(what: &'static str, value: f64) -> Result<f64, SolveError> {
    let rule = "between 0 and 1";
    match (0.0..=1.0).contains(&value) {
        true => Ok(value),
        false => Err(SolveError::Input { what, rule, value }),
    }
}

/// All of a list zero or more.
pub(crate) fn all_not_negative(what: &'static str, values: &[f64]) -> Result<(), SolveError> {
    values
        .iter()
        .try_for_each(|value| not_negative(what, *value).map(|_| ()))
}

/// A list of the length that the rest implies.
pub(crate) fn length(what: &'static str, found: usize, expected: usize) -> Result<(), SolveError> {
    match found == expected {
        true => Ok(()),
        false => Err(SolveError::Shape {
            what,
            found,
            expected,
        }),
    }
}

/// At least one entry.
pub(crate) fn some(what: &'static str, found: usize) -> Result<(), SolveError> {
    match found > 0 {
        true => Ok(()),
        false => length(what, found, 1),
    }
}

/// A size within its bound.
pub(crate) fn at_most(what: &'static str, size: f64, most: usize) -> Result<(), SolveError> {
    match size <= most as f64 {
        true => Ok(()),
        false => Err(SolveError::TooLarge { what, size, most }),
    }
}

/// One server or more, within the bound.
pub(crate) fn servers(servers: u32) -> Result<(), SolveError> {
    positive("the number of servers", f64::from(servers))?;
    at_most("the number of servers", f64::from(servers), MOST_SERVERS)
}

/// A service that serves.
pub(crate) fn service(service: Service) -> Result<(), SolveError> {
    match service {
        Service::Delay => Ok(()),
        Service::Servers(count) => servers(count),
    }
}

/// Load below capacity.
pub(crate) fn stable(what: &'static str, utilization: f64) -> Result<(), SolveError> {
    match utilization < 1.0 {
        true => Ok(()),
        false => Err(SolveError::Unstable { what, utilization }),
    }
}
