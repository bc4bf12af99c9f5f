//! The experiments, each from its servers to its scored rows.
//!
//! * [`e1`]: a database under more clients, and on one core.
//! * [`e2`]: a web server under other quotas, packing, workers and a limit.
//! * [`e3`]: a cache of other sizes.
//! * [`e4`]: a database at other rates, with a batch beside it and without; a disk that
//!   cannot be predicted.

use crate::bench::Bench;
use crate::flags::Flags;

pub(crate) mod e1;
pub(crate) mod e2;
pub(crate) mod e3;
pub(crate) mod e4;

/// One experiment.
pub(crate) struct Experiment {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// Service that is recorded.
    pub(crate) service: &'static str,
    /// Its own flags with what they are without being given.
    pub(crate) sizes: &'static [(&'static str, &'static str)],
    /// Runs it.
    pub(crate) run: fn(&mut Bench, &Flags) -> Result<(), String>,
}

/// Every experiment.
pub(crate) const ALL: &[Experiment] = &[e1::E1, e2::E2, e3::E3, e4::E4];
