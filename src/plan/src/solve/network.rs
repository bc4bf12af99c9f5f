//! A network as two stations: bytes wait for the wire, and then travel.
//!
//! Start at [`stations`].

use super::closed::Station;
use super::{SolveError, check};

/// What one unit of work sends over a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// Bytes over the wire, in the direction that is fuller.
    pub bytes: f64,
    /// What the wire carries, bytes per second.
    pub bytes_per_second: f64,
    /// Round trips that the work waits for.
    pub round_trips: f64,
    /// Seconds of one round trip on an idle wire.
    pub round_trip_seconds: f64,
}

/// The wire, which is a queue, and the way, which is a delay.
///
/// # Errors
///
/// [`SolveError::Input`] for numbers that cannot be.
pub fn stations(transfer: &Transfer) -> Result<[Station; 2], SolveError> {
    check::not_negative("the number of bytes", transfer.bytes)?;
    check::positive("the bandwidth", transfer.bytes_per_second)?;
    check::not_negative("the number of round trips", transfer.round_trips)?;
    check::not_negative("the time of a round trip", transfer.round_trip_seconds)?;
    Ok([
        Station::queue(transfer.bytes / transfer.bytes_per_second),
        Station::delay(transfer.round_trips * transfer.round_trip_seconds),
    ])
}
