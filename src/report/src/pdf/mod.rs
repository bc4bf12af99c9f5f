//! Writes a document as PDF: A4, tagged, with contents, outline and links to sources.
//!
//! * `layout`, `facts`, `table`, `figure`, `contents`: blocks become slices.
//! * `text`: runs become lines. `flow`: slices become pages. None of these knows PDF.
//! * `write`, `tags`: placed pieces become the file.
//!
//! Start at [`render`], or at `layout` for how a block looks.

use crate::RenderError;
use crate::document::Document;
use crate::fonts::Fonts;

mod contents;
mod facts;
mod figure;
mod flow;
mod layout;
mod look;
mod table;
mod tags;
mod text;
mod write;

/// Writes the document.
///
/// # Errors
///
/// [`RenderError`] if the file cannot be made, which no document should cause.
pub(crate) fn render(document: &Document) -> Result<Vec<u8>, RenderError> {
    let fonts = Fonts::load().ok_or(RenderError::Fonts)?;
    let layout = layout::lay_out(document, &fonts);
    write::write(document, &layout, &fonts)
}

#[cfg(test)]
mod tests;
