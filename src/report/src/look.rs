//! The look of pages: template and style sheet, which users may replace.
//!
//! A template is minijinja; it sees `doc` (the document as in its JSON), `pictures` (SVG
//! by number of the figure), `style`, `style_hash` and `proof`. Everything that is not
//! marked as safe is escaped, whoever wrote the template.
//!
//! Start at [`Look`].

use crate::html;

/// A look of pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The template; `None` is Kymo's own.
    pub page: Option<String>,
    /// The style sheet; `None` is Kymo's own.
    pub style: Option<String>,
}

impl Look {
    /// Kymo's own look.
    pub const OWN: Self = Self {
        page: None,
        style: None,
    };

    /// Names and texts of the files that make Kymo's own look, to begin with.
    pub fn files() -> [(&'static str, &'static str); 2] {
        [("report.html", html::PAGE), ("report.css", html::STYLE)]
    }
}
