//! Performance Co-Pilot: what `pmrep -o csv` and `pcp2json` print, live or of archives.
//!
//! Both turn counters into growth per second unless told not to. Neither says which it
//! did, but the first sample of a counter is missing only where it was turned: see
//! [`samples::Samples`].

pub(crate) mod csv;
pub(crate) mod json;
mod names;
mod samples;
