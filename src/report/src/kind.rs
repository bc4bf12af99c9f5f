//! The kinds of reports, one file each.
//!
//! Add a kind by adding a file and a line to [`ALL`].

pub mod performance;

/// What is known of a kind before it is made.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Name on the command line.
    pub name: &'static str,
    /// One sentence for people.
    pub help: &'static str,
}

/// Every kind, in menu order. Add yours here.
pub const ALL: &[Kind] = &[performance::KIND];

/// The kind of this name.
pub fn find(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}
