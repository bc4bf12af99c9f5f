//! Plans: what would help, and did it help.
//!
//! * [`document`]: plans as text; what is agreed to, by its hash.
//! * [`edit`]: changes of plans with undo, alternatives, and the fields of each kind of action.
//! * [`life`]: what a plan may become next, and what is missing for it.
//! * [`observe`], [`calibrate`]: a recording becomes the parameters of a [`system`].
//! * [`action`]: what each kind of action does to them; [`predict`]: what comes of it, or
//!   the [`refusal`]; [`suggest`]: what to try.
//! * [`validate`]: whether what was predicted came true, and when a trial may stop.
//! * [`ledger`]: what was predicted and what came of it; how far models can be believed.
//! * [`solve`]: the models, as functions of numbers; [`case`]: the same by name, as
//!   `kymo whatif solve` calls them; [`fit`]: least squares.
//!
//! Never: does input or output, reads a clock, or draws a random number without a
//! seed; the same input gives the same answer.

pub mod action;
pub mod calibrate;
pub mod case;
pub mod document;
pub mod edit;
pub mod fit;
pub mod ledger;
pub mod life;
pub mod observe;
pub mod predict;
pub mod refusal;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod simulate;
pub mod solve;
pub mod suggest;
pub mod system;
pub mod validate;
