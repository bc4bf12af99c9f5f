//! Findings and facts become one document, and the document HTML, Markdown or JSON.
//!
//! * In: what a report kind asks for, already computed.
//! * Out: a [`document::Document`], and text in one of the [`Format`]s.
//! * Never: computes a finding, reads a clock or a file; the same document gives
//!   the same bytes.
//!
//! Every text is foreign until it is escaped: names of hosts, processes and
//! devices come from machines that may be hostile.
//!
//! * [`input`]: what a report is made of; [`build`]: the document; [`part`]: its sections.
//! * [`sources`]: where numbers come from; [`numerals`], [`text`]: numbers in words.
//!
//! Start at [`kind`], [`build::document`] and [`render`].

use crate::document::Document;
use crate::look::Look;

pub mod build;
pub mod chart;
pub mod check;
pub mod curve;
pub mod document;
mod escape;
mod html;
pub mod input;
pub mod kind;
mod lane;
pub mod look;
mod markdown;
pub mod numerals;
pub mod own;
pub mod part;
pub mod request;
pub mod sources;
mod tables;
#[cfg(test)]
mod tests;
pub mod text;
pub mod twin;

/// In which form a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One page that needs nothing else, prints well and runs no script.
    Html,
    /// Text for repositories and tickets.
    Markdown,
    /// For programs.
    Json,
}

/// Every format, with the name on the command line and the suffix of its files.
pub const FORMATS: &[(Format, &str, &str)] = &[
    (Format::Html, "html", "html"),
    (Format::Markdown, "md", "md"),
    (Format::Json, "json", "json"),
];

impl Format {
    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = FORMATS.iter().find(|(_, known, _)| *known == name);
        found.map(|(format, _, _)| *format)
    }

    /// The suffix of its files, without the dot.
    pub fn suffix(self) -> &'static str {
        let found = FORMATS.iter().find(|(format, _, _)| *format == self);
        found.map_or("", |(_, _, suffix)| suffix)
    }
}

/// Why a document could not be written: a fault of this program.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The page's template does not fit the document.
    #[error("could not fill the template of the report")]
    Template(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The document does not fit JSON.
    #[error("could not write the report as JSON")]
    Json(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Writes a document.
///
/// # Errors
///
/// [`RenderError`] if the template or the serializer fails, which no document should cause.
pub fn render(document: &Document, format: Format) -> Result<String, RenderError> {
    render_as(document, format, &Look::OWN)
}

/// Writes a document with a look of one's own, which pages have.
///
/// # Errors
///
/// [`RenderError`] if the template does not fit, or the serializer fails.
pub fn render_as(document: &Document, format: Format, look: &Look) -> Result<String, RenderError> {
    match format {
        Format::Html => html::render(document, look),
        Format::Markdown => Ok(markdown::render(document)),
        Format::Json => {
            let text = serde_json::to_string_pretty(document)
                .map_err(|error| RenderError::Json(Box::new(error)))?;
            Ok(text + "\n")
        }
    }
}
