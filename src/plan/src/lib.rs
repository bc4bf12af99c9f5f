//! Plans: what would help, and did it help.
//!
//! * [`document`]: plans as text; what is agreed to, by its hash.
//! * [`edit`]: changes of plans with undo, alternatives, and the fields of each kind of action.
//! * [`ledger`]: what was predicted and what came of it; how far models can be believed.
//! * [`life`]: what a plan may become next, and what is missing for it.
//! * [`solve`]: the models, as functions of numbers; [`case`]: the same by name, as
//!   `kymo whatif solve` calls them.
//! * [`validate`]: whether what was predicted came true, and when a trial may stop.
//!
//! * [`system`]: what is predicted, as stations, delays and a load; [`refusal`]: why not.
//!
//! Never: does input or output, reads a clock, or draws a random number without a
//! seed; the same input gives the same answer.

pub mod action;
pub mod calibrate;
pub mod case;
pub mod document;
pub mod edit;
pub mod ledger;
pub mod life;
#[cfg(test)]
mod sample;
pub mod solve;
pub mod validate;
pub mod fit;
pub mod observe;
pub mod predict;
pub mod refusal;
#[cfg(test)]
mod simulate;
pub mod solve;
pub mod suggest;
pub mod system;
