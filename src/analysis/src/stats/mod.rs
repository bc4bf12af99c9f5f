//! The arithmetic of evidence, shared by all analyses.
//!
//! * [`order`]: medians, quantiles and scales that outliers do not move.
//! * [`dependence`]: how much neighbouring samples repeat each other.
//! * [`chance`]: distributions, how likely chance alone is.
//! * [`resample`]: intervals by block bootstrap; [`random`] gives it numbers.
//! * [`discovery`]: what remains significant among many.
//! * [`fourier`] plans transforms.
//!
//! Never: reads a clock, or draws a number that is not given by a seed.

pub mod chance;
pub mod dependence;
pub mod discovery;
pub mod fourier;
pub mod order;
pub mod random;
pub mod resample;
