//! The models against truth that is not theirs: simulations, enumerations, limits.
//!
//! * [`simulation`]: event by event, from a seed. [`enumeration`]: every state of small
//!   networks. Both know nothing of the formulas under test.
//! * [`networks`], [`stations`], [`resources`], [`fits`], [`laws`]: what is held
//!   against them.
//! * [`cases`]: textbook examples, and inputs that nobody should send.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod enumeration;
#[cfg(test)]
mod fits;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod networks;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod stations;

/// Holds a value against the truth, to a share of it.
#[cfg(test)]
#[track_caller]
fn close(found: f64, truth: f64, share: f64, what: &str) {
    let far = (found - truth).abs();
    assert!(
        far <= share * truth.abs().max(1e-9),
        "{what}: found {found}, the truth is {truth}"
    );
}

/// A number between two ends, evenly spread over their magnitudes.
#[cfg(test)]
fn magnitude(random: &mut analysis::stats::random::Random, least: f64, most: f64) -> f64 {
    least * (most / least).powf(random.unit())
}
