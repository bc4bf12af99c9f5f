//! Behavior of the bottleneck analysis.
