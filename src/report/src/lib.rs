//! Findings and facts become one document, and the document HTML, PDF, Markdown or JSON.
//!
//! * In: what a report kind asks for, already computed.
//! * Out: a [`document::Document`], and a file in one of the [`Format`]s, with the
//!   pictures that go beside it.
//! * Never: computes a finding, reads a clock or a file; the same document gives
//!   the same bytes.
//!
//! Every text is foreign until it is escaped: names of hosts, processes and
//! devices come from machines that may be hostile.
//!
//! * [`input`]: what a report is made of; [`build`]: the document; [`part`]: its sections.
//! * [`review`]: the document of many sessions.
//! * [`sources`]: where numbers come from; [`numerals`], [`text`]: numbers in words.
//!
//! Start at [`kind`], [`build::document`] and [`render`].

use crate::document::Document;
use crate::look::Look;

mod beside;
pub mod build;
pub mod chart;
pub mod check;
pub mod curve;
pub mod document;
mod escape;
mod fonts;
mod html;
pub mod input;
pub mod junit;
pub mod kind;
mod lane;
pub mod look;
mod markdown;
pub mod numerals;
pub mod own;
pub mod part;
mod pdf;
mod picture;
pub mod raster;
pub mod request;
pub mod review;
pub mod sources;
pub mod standard;
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
    /// Pages to print and to hand over.
    Pdf,
    /// Text for repositories and tickets.
    Markdown,
    /// For programs.
    Json,
}

/// Every format, with the name on the command line and the suffix of its files.
pub const FORMATS: &[(Format, &str, &str)] = &[
    (Format::Html, "html", "html"),
    (Format::Pdf, "pdf", "pdf"),
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
    /// A picture is none that can be drawn.
    #[error("could not draw a picture of the report")]
    Picture(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The pages do not fit a PDF.
    #[error("could not write the report as PDF")]
    Pdf(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// This program was built with broken fonts.
    #[error("could not read the fonts of this program")]
    Fonts,
}

/// A written document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The file itself.
    pub bytes: Vec<u8>,
    /// What it refers to, beside it.
    pub files: Vec<File>,
}

/// A file beside a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path from the document's folder, of one folder and a name, joined by `/`.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Rendered {
    /// The file as text; of a PDF, nothing that makes sense.
    pub fn into_text(self) -> String {
        String::from_utf8(self.bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// What a document is written with.
#[derive(Clone, Copy, Debug)]
pub struct Dress<'a> {
    /// The look of pages.
    pub look: &'a Look,
    /// Where pictures are written.
    pub pictures: Pictures<'a>,
}

/// Whether pictures are written beside a document that holds none itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictures<'a> {
    /// Nowhere; numbers tell what they show.
    Left,
    /// As SVG in the folder `STEM-files`.
    Beside {
        /// Name of the document's file, without its suffix.
        stem: &'a str,
    },
    /// As SVG and as PNG in the folder `STEM-files`.
    BesideAsPixelsToo {
        /// Name of the document's file, without its suffix.
        stem: &'a str,
    },
}

/// Writes a document.
///
/// # Errors
///
/// [`RenderError`] if a template, a serializer or a writer fails, which no document
/// should cause.
pub fn render(document: &Document, format: Format) -> Result<Rendered, RenderError> {
    let dress = Dress {
        look: &Look::OWN,
        pictures: Pictures::Left,
    };
    render_as(document, format, dress)
}

/// Writes a document with a look of one's own, which pages have, and its pictures where
/// they are wanted.
///
/// # Errors
///
/// [`RenderError`] if the template does not fit, or a serializer or a writer fails.
pub fn render_as(
    document: &Document,
    format: Format,
    dress: Dress<'_>,
) -> Result<Rendered, RenderError> {
    let mut files = Vec::new();
    let bytes = match format {
        Format::Html => html::render(document, dress.look)?.into_bytes(),
        Format::Pdf => pdf::render(document)?,
        Format::Markdown => {
            files = beside::files(document, dress.pictures)?;
            markdown::render(document, dress.pictures).into_bytes()
        }
        Format::Json => {
            let text = serde_json::to_string_pretty(document)
                .map_err(|error| RenderError::Json(Box::new(error)))?;
            (text + "\n").into_bytes()
        }
    };
    Ok(Rendered { bytes, files })
}
