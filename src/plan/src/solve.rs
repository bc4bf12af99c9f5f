//! The models of performance, as pure functions of numbers.
//!
//! * Laws: [`laws`] (operational laws and data that cannot be true), [`bounds`].
//! * Closed networks: [`closed`] (one class, every kind of station), [`classes`]
//!   (several classes, exact), [`approximate`] (Schweitzer, Linearizer, and the
//!   choice between exact and approximate), [`mixed`] (open and closed together).
//! * Open stations: [`queue`] (M/M/c and kin), [`deterministic`] (M/D/c),
//!   [`general`] (M/G/1, G/G/c), [`open`] (networks).
//! * Resources: [`cpu`], [`disk`], [`network`], [`cache`].
//! * Software: [`pool`], [`limiter`], [`retry`], [`batch`], [`replica`].
//! * Scaling laws: [`scaling`] (Amdahl, Gustafson, the USL by formula), [`usl`] (fits of
//!   it), [`honesty`] (what such a fit may say).
//!
//! All times are seconds and all rates are per second; demands are visits times
//! service time. Never: panics on a number, reads a clock, or loops without a bound.

pub mod approximate;
pub mod batch;
pub mod bounds;
pub mod cache;
mod check;
pub mod classes;
pub mod closed;
pub(crate) mod convolution;
pub mod cpu;
pub mod deterministic;
pub mod disk;
pub mod general;
pub mod honesty;
pub mod laws;
pub mod limiter;
pub mod mixed;
pub mod network;
pub mod open;
pub mod pool;
pub mod queue;
pub mod replica;
pub mod retry;
pub mod scaling;
pub mod usl;
pub(crate) mod wide;

/// How a station serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Nobody waits: think time, a wire, a remote service that is not the limit.
    Delay,
    /// A queue before this many equal servers; at least one.
    Servers(u32),
}

impl Service {
    /// Servers as a number to divide a utilization by; one for a delay.
    pub(crate) fn divisor(self) -> f64 {
        match self {
            Self::Delay => 1.0,
            Self::Servers(servers) => f64::from(servers),
        }
    }
}

/// Why a model has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SolveError {
    /// A number that the model has no meaning for.
    #[error("{what} is {value}, but must be {rule}")]
    Input {
        /// The input.
        what: &'static str,
        /// What it must be.
        rule: &'static str,
        /// What it is.
        value: f64,
    },
    /// Lists that do not belong together.
    #[error("{what} holds {found} numbers where {expected} are needed")]
    Shape {
        /// The list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that the rest of the input implies.
        expected: usize,
    },
    /// The load is above capacity, so that no steady state exists.
    #[error("{what} would be {utilization:.4} busy: the queue grows without end")]
    Unstable {
        /// What would be overloaded.
        what: &'static str,
        /// Load over capacity, one or more.
        utilization: f64,
    },
    /// The answer would take more time or memory than is allowed.
    #[error("{what} is {size:.0}, more than the {most} that are solved")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        size: f64,
        /// How large it may be.
        most: usize,
    },
    /// The numbers given do not determine the answer.
    #[error("{0}")]
    Undetermined(&'static str),
}
