//! What was asked for when a report was made: enough to make it anew.
//!
//! It stands in every finished report that can be checked. Documents beside the session,
//! such as a plan, stand in it as text, so that a report is checked without them.
//!
//! Start at [`Request`].

use model::report::Draft;
use model::time::Span;
use serde::{Deserialize, Serialize};

/// What a report was made from, besides the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What it was to hold.
    pub draft: Draft,
    /// The window, in nanoseconds since the epoch; that of the draft within the session.
    pub window: Span,
    /// Documents that came with it.
    #[serde(default)]
    pub documents: Vec<Attached>,
}

/// A document that came with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// What sources call it, such as `plan`.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Request {
    /// A request for a kind as it usually is.
    pub fn new(kind: &str, window: Span) -> Self {
        Self {
            draft: Draft::new(kind),
            window,
            documents: Vec::new(),
        }
    }

    /// The text of the document with this name.
    pub fn document(&self, name: &str) -> Option<&str> {
        let found = self.documents.iter().find(|it| it.name == name);
        found.map(|it| it.text.as_str())
    }
}
