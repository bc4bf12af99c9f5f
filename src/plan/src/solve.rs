//! The models of performance, as pure functions of numbers.
