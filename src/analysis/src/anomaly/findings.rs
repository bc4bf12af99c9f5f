//! Verdicts as findings: one plain sentence each, with evidence and doubts.
//!
//! Start at [`findings`].
