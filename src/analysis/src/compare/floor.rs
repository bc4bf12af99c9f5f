//! The smallest change that counts, by unit and use.
//!
//! A shift can be certain and yet mean nothing to anybody. Below its floor a
//! series is called the same, if equivalence can be shown, or unknown.

use model::series::Series;

/// One line of [`FLOORS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// UCUM code of the unit; empty for all others.
    pub unit: &'static str,
    /// Smallest change relative to the level before.
    pub relative: f64,
    /// Smallest change in the unit itself.
    pub absolute: f64,
    /// Why.
    pub reason: &'static str,
}

/// Every floor; the first line whose unit fits counts.
#[rustfmt::skip]
pub const FLOORS: &[Floor] = &[
    Floor { unit: "1", relative: 0.05, absolute: 0.005,
        reason: "half a percent of a whole is below what one process starting or ending moves" },
    Floor { unit: "s", relative: 0.05, absolute: 2e-6,
        reason: "a few microseconds are below the cost of a context switch" },
    Floor { unit: "By", relative: 0.05, absolute: 65_536.0,
        reason: "allocators take and give memory in chunks of this size" },
    Floor { unit: "By/s", relative: 0.05, absolute: 4_096.0,
        reason: "a page a second is housekeeping" },
    Floor { unit: "{process}", relative: 0.05, absolute: 0.5,
        reason: "half a process is none" },
    Floor { unit: "{thread}", relative: 0.05, absolute: 0.5,
        reason: "half a thread is none" },
    Floor { unit: "{cpu}", relative: 0.05, absolute: 0.005,
        reason: "half a percent of a processor is housekeeping" },
    Floor { unit: "", relative: 0.05, absolute: 0.0,
        reason: "five percent is the smallest change that people act on" },
];

/// The floor of a series.
pub(crate) fn of(series: &Series) -> &'static Floor {
    let code = series.unit.code();
    let fits = |floor: &&Floor| floor.unit == code || floor.unit.is_empty();
    FLOORS
        .iter()
        .find(fits)
        .unwrap_or(&FLOORS[FLOORS.len() - 1])
}

impl Floor {
    /// The floor in the unit of the series, at this level.
    pub fn at(&self, level: f64) -> f64 {
        let relative = self.relative * level.abs();
        if relative.is_nan() {
            self.absolute
        } else {
            relative.max(self.absolute)
        }
    }
}
