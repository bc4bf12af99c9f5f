//! Texts that people write, in RON: judged before they are parsed, with the place of
//! each mistake.
//!
//! * [`scan`]: nesting, and characters that hide.
//! * [`near`]: the parser's errors in words that say what to try.
//! * [`places`]: where each value stands, for mistakes in meaning.
//!
//! Never: touches a file.

pub mod near;
pub mod places;
pub mod scan;
