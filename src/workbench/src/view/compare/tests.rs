//! The comparison driven by its labels.
