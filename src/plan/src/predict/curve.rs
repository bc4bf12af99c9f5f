//! Curves against load: throughput, response time and utilization, with bounds and bands.

use model::plan::action::Action;
use serde::Serialize;

use super::{outcome, point};
use crate::calibrate::Calibration;
use crate::system::{self, Bounds, Load, System};

/// Points of a curve.
const POINTS: usize = 60;

/// Draws that make the band of a curve: enough for its middle 80 %.
const BAND_DRAWS: usize = 60;

/// One load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Users, or requests a second.
    pub load: f64,
    /// Lower end, point and upper end of the requests served a second.
    pub throughput: [f64; 3],
    /// The same of the mean response time, seconds.
    pub response_s: [f64; 3],
    /// The same of the share of the busiest resource.
    pub utilization: [f64; 3],
}

/// A system at many loads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// By load; where an open system has no operating point there is none.
    pub places: Vec<Place>,
    /// Its limits.
    pub bounds: Bounds,
    /// The load that it is asked with.
    pub load: f64,
    /// Loads that were recorded, least and most.
    pub recorded: (f64, f64),
    /// Whether the load counts users; else requests a second.
    pub users: bool,
}

/// The curve of the system after some actions, with a band where asked for.
pub fn curves(calibration: &Calibration, actions: &[Action], band: Band) -> Curve {
    let after = point(calibration, actions);
    let loads = loads(calibration, &after.system);
    let middle = system::curve(&after.system, &loads);
    let draws: Vec<Vec<(f64, system::Solved)>> = match band {
        Band::None => Vec::new(),
        Band::Eighty => calibration
            .draws
            .iter()
            .take(BAND_DRAWS)
            .map(|it| system::curve(&outcome(calibration, it, actions).system, &loads))
            .collect(),
    };
    let places = middle.iter().map(|(load, solved)| {
        let around = |of: &dyn Fn(&system::Solved) -> f64| {
            let value = of(solved);
            // A draw that cannot serve so much stays where it was last: to leave it out
            // would make the band narrow just where it is wide.
            let own = draws.iter().filter_map(|curve| {
                let place = curve.iter().rfind(|it| it.0 <= *load)?;
                Some(of(&place.1))
            });
            let mut values: Vec<f64> = own.collect();
            values.sort_by(f64::total_cmp);
            let at = |share: f64| {
                let place = (share * values.len().saturating_sub(1) as f64).round() as usize;
                values.get(place).copied().unwrap_or(value)
            };
            [at(0.1).min(value), value, at(0.9).max(value)]
        };
        Place {
            load: *load,
            throughput: around(&|it| it.throughput),
            response_s: around(&|it| it.response_s),
            utilization: around(&|it| it.parts.iter().map(|it| it.utilization).fold(0.0, f64::max)),
        }
    });
    Curve {
        places: places.collect(),
        bounds: system::bounds(&after.system),
        load: after.system.load_number(),
        recorded: match after.system.load {
            Load::Closed { .. } => calibration.range.users.unwrap_or((0.0, 0.0)),
            Load::Open { .. } => calibration.range.throughput,
        },
        users: matches!(after.system.load, Load::Closed { .. }),
    }
}

/// Whether a curve has a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// The line alone, which is there at once.
    None,
    /// The middle 80 % of the resampled parameters.
    Eighty,
}

/// Loads from next to none to beyond the knee and twice the recorded.
fn loads(calibration: &Calibration, system: &System) -> Vec<f64> {
    let bounds = system::bounds(system);
    let most = match system.load {
        Load::Closed { users, .. } => {
            let recorded = calibration.range.users.map_or(users, |it| it.1);
            let most = (2.0 * recorded)
                .max(1.2 * users)
                .max(1.5 * bounds.knee_users);
            most.min(4.0 * recorded.max(users)).min(system::USERS_MAX)
        }
        Load::Open { rate } => {
            let recorded = calibration.range.throughput.1;
            (1.2 * rate.max(recorded)).max(bounds.throughput_max.min(3.0 * recorded) * 0.98)
        }
    };
    let whole = matches!(system.load, Load::Closed { .. });
    let step = most / POINTS as f64;
    let mut loads: Vec<f64> = (1..=POINTS)
        .map(|i| {
            let load = i as f64 * step;
            if whole { load.round().max(1.0) } else { load }
        })
        .collect();
    loads.dedup();
    loads
}
