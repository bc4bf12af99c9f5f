//! Notes that people leave on the time axis.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// A note at a point (an empty span) or over a range, kept in the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// Number within the session; never reused.
    pub id: u32,
    /// Where on the axis.
    pub span: Span,
    /// What the author wrote.
    pub text: String,
    /// Which of the palette's eight colours marks it.
    pub color: u8,
}
