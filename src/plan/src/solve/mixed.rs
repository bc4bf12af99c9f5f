//! Open and closed classes at the same stations of single servers.
//!
//! What the open classes keep busy slows the closed ones; what the closed ones queue slows
//! the open ones.
//!
//! # Source
//!
//! E. D. Lazowska et al., *Quantitative System Performance*, 1984, chapter 7.

use super::approximate;
use super::multi::System;
use super::{SolveError, length, matrix, not_negative};

/// The operating point of both.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Cycles of each closed class a second.
    pub closed_throughput: Vec<f64>,
    /// Customers of each closed class at each station.
    pub closed_queues: Vec<Vec<f64>>,
    /// Seconds of each closed class at each station.
    pub closed_residence_s: Vec<Vec<f64>>,
    /// Seconds of each open class at each station.
    pub open_residence_s: Vec<Vec<f64>>,
    /// Requests of each open class at each station.
    pub open_queues: Vec<Vec<f64>>,
}

/// Solves open classes (rates, demands by class and station) beside closed ones.
///
/// # Errors
///
/// Numbers that are none; a station that the open classes alone fill.
pub fn solve(rates: &[f64], open: &[Vec<f64>], closed: &System) -> Result<Point, SolveError> {
    let stations = matrix("an open demand", open)?;
    length("the rates", rates, open.len())?;
    for rate in rates {
        not_negative("a rate", *rate)?;
    }
    let closed = closed.checked()?;
    length(
        "the stations of the closed classes",
        &closed.servers,
        stations,
    )?;
    if closed.servers.iter().any(|it| *it > 1) {
        return Err(SolveError::Undetermined(
            "open and closed classes together are solved for single servers and delays".to_owned(),
        ));
    }
    let mut busy = vec![0.0; stations];
    for (k, busy) in busy.iter_mut().enumerate() {
        *busy = rates
            .iter()
            .zip(open)
            .map(|(rate, demands)| rate * demands[k])
            .sum();
        if closed.servers[k] == 1 && *busy >= 1.0 {
            return Err(SolveError::Overload {
                what: format!("station {k}"),
                load: *busy,
            });
        }
    }
    let free = |k: usize| match closed.servers[k] {
        0 => 1.0,
        _ => 1.0 - busy[k],
    };
    let slowed = closed.demands.iter().map(|demands| {
        let of = |(k, demand_s): (usize, &f64)| demand_s / free(k);
        demands.iter().enumerate().map(of).collect()
    });
    let slowed = System {
        demands: slowed.collect(),
        ..closed.clone()
    };
    let (point, _) = approximate::solve(&slowed)?;
    let queued = |k: usize| point.queues.iter().map(|it| it[k]).sum::<f64>();
    let open_residence_s: Vec<Vec<f64>> = open
        .iter()
        .map(|demands| {
            let of = |(k, demand_s): (usize, &f64)| match closed.servers[k] {
                0 => *demand_s,
                _ => demand_s * (1.0 + queued(k)) / free(k),
            };
            demands.iter().enumerate().map(of).collect()
        })
        .collect();
    let open_queues = rates
        .iter()
        .zip(&open_residence_s)
        .map(|(rate, times)| times.iter().map(|it| rate * it).collect());
    Ok(Point {
        open_queues: open_queues.collect(),
        open_residence_s,
        closed_throughput: point.throughput,
        closed_queues: point.queues,
        closed_residence_s: point.residence_s,
    })
}
