//! Plans: what would help, and did it help.
//!
//! * [`solve`]: the models, as functions of numbers; [`case`]: the same by name, as
//!   `kymo whatif solve` calls them.
//!
//! Never: does input or output, reads a clock, or draws a random number without a
//! seed; the same input gives the same answer.

pub mod case;
pub mod solve;
