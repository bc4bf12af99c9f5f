//! The models of performance, as pure functions of numbers.
//!
//! * [`operational`]: laws that always hold; [`bounds`]: what no system passes.
//! * [`closed`]: users who wait for answers; [`multi`]: several kinds of them, exactly;
//!   [`approximate`]: where that costs too much; [`mixed`]: together with open load.
//! * [`open`]: requests that come whatever happens; [`general`]: not at random moments.
//! * [`scaling`]: more processors for one job; [`cpu`]: quotas, shares, stalls.
//! * [`disk`], [`cache`]: what storage does; [`limit`]: limits, retries, pools; [`batch`]:
//!   work moved to another time.
//!
//! All times are seconds, all rates per second, unless the caller keeps another unit
//! throughout. A station of `m` servers has `m` 0 for a pure delay.
//!
//! Never: answers for numbers that no system has; then it is a [`SolveError`].

pub mod approximate;
pub mod batch;
pub mod bounds;
pub mod cache;
pub mod closed;
pub mod cpu;
pub mod disk;
pub mod general;
pub mod limit;
pub mod mixed;
pub mod multi;
pub mod open;
pub mod operational;
pub mod scaling;

/// Stations of one model, at most.
pub const STATIONS_MAX: usize = 256;

/// Classes of one model, at most.
pub const CLASSES_MAX: usize = 64;

/// Customers of one chain, at most: a sweep over them takes about a second.
pub const CUSTOMERS_MAX: usize = 200_000;

/// Servers of one station, at most.
pub const SERVERS_MAX: usize = 4_096;

/// Why a model has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SolveError {
    /// A number is none that a system has.
    #[error("{what} is {value}: want {want}")]
    Number {
        /// Which.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What is wanted.
        want: &'static str,
    },
    /// More is asked than can be served, so queues grow without end.
    #[error("{what} is asked for {load:.4} of what it can serve: its queue grows without end")]
    Overload {
        /// Which station.
        what: String,
        /// What is asked for over what can be served.
        load: f64,
    },
    /// Lists do not fit each other.
    #[error("{what} has {found} entries, want {want}")]
    Shape {
        /// Which.
        what: &'static str,
        /// How many it has.
        found: usize,
        /// How many it must have.
        want: usize,
    },
    /// It is larger than this program solves.
    #[error("{what} is {found}, more than the {most} that are solved")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How much.
        found: f64,
        /// How much may be.
        most: f64,
    },
    /// The data do not determine an answer.
    #[error("{0}")]
    Undetermined(String),
}

/// A number that is finite and not negative.
pub(crate) fn not_negative(what: &'static str, value: f64) -> Result<f64, SolveError> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(value),
        false => Err(SolveError::Number {
            what,
            value,
            want: "a number that is not negative",
        }),
    }
}

/// A number that is finite and above zero.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, SolveError> {
    match value.is_finite() && value > 0.0 {
        true => Ok(value),
        false => Err(SolveError::Number {
            what,
            value,
            want: "a number above 0",
        }),
    }
}

/// Numbers that are finite and not negative, at least one and not too many.
pub(crate) fn list(what: &'static str, values: &[f64]) -> Result<(), SolveError> {
    if values.is_empty() {
        return Err(SolveError::Shape {
            what,
            found: 0,
            want: 1,
        });
    }
    bounded(what, values.len() as f64, STATIONS_MAX as f64)?;
    for value in values {
        not_negative(what, *value)?;
    }
    Ok(())
}

/// A list of a wanted length.
pub(crate) fn length<T>(what: &'static str, list: &[T], want: usize) -> Result<(), SolveError> {
    match list.len() == want {
        true => Ok(()),
        false => Err(SolveError::Shape {
            what,
            found: list.len(),
            want,
        }),
    }
}

/// A size that is not too large.
pub(crate) fn bounded(what: &'static str, found: f64, most: f64) -> Result<(), SolveError> {
    match found <= most {
        true => Ok(()),
        false => Err(SolveError::TooLarge { what, found, most }),
    }
}

/// Demands of classes at stations: as many stations for each class.
pub(crate) fn matrix(what: &'static str, rows: &[Vec<f64>]) -> Result<usize, SolveError> {
    bounded(
        "the number of classes",
        rows.len() as f64,
        CLASSES_MAX as f64,
    )?;
    let stations = rows.first().map_or(0, Vec::len);
    for row in rows {
        list(what, row)?;
        length(what, row, stations)?;
    }
    match stations {
        0 => Err(SolveError::Shape {
            what,
            found: 0,
            want: 1,
        }),
        stations => Ok(stations),
    }
}

#[cfg(test)]
mod tests;
