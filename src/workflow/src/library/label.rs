//! Tags, note and build of a session: what is changed, and how.
//!
//! Start at [`apply`].

use std::path::Path;

use model::label::Label;
use store::session::Session;

use crate::problem::{Problem, Sort};
use crate::stored;

/// What is changed of a label; in this order, the builds and notes replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Tags to take away.
    pub remove: Vec<String>,
    /// Tags to add.
    pub add: Vec<String>,
    /// Another build; an empty text says none.
    pub build: Option<String>,
    /// Another note; an empty text says none.
    pub note: Option<String>,
}

impl Change {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The label after it.
    ///
    /// # Errors
    ///
    /// A text is none that a label holds.
    pub fn of(&self, mut label: Label) -> Result<Label, Problem> {
        let wrong = |error: model::label::LabelError| Problem {
            what: "could not label the session".to_owned(),
            why: error.to_string(),
            what_to_do: "tags and builds such as nightly or 1.4.2".to_owned(),
            sort: Sort::Usage,
        };
        for tag in &self.remove {
            label.remove_tag(tag);
        }
        for tag in &self.add {
            label.add_tag(tag).map_err(wrong)?;
        }
        if let Some(build) = &self.build {
            label.set_build(build).map_err(wrong)?;
        }
        if let Some(note) = &self.note {
            label.set_note(note).map_err(wrong)?;
        }
        Ok(label)
    }
}

/// Changes the label kept in a session; gives the label after it. Nothing is written
/// where nothing changes.
///
/// # Errors
///
/// It is no session, the text is none for a label, or the disk refuses.
pub fn apply(path: &Path, change: &Change) -> Result<Label, Problem> {
    if !path.exists() {
        return Err(stored::missing(path));
    }
    let (session, _) = Session::open(path).map_err(|error| stored::opening(path, &error))?;
    let before = session.label();
    let after = change.of(before.clone())?;
    if after != before {
        session
            .set_label(after.clone())
            .map_err(|error| stored::storing(path, &error, "tags and note"))?;
    }
    Ok(after)
}
