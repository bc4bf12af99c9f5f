//! Pictures as pixels, for mails and tickets that show no SVG.
//!
//! Our own fonts on a light ground; nothing is loaded. The same picture gives the same
//! bytes.
//!
//! Start at [`png`].

use resvg::tiny_skia::{Color, Pixmap, Transform};

use crate::RenderError;
use crate::fonts::Fonts;
use crate::picture::Studio;

/// Widest picture, in pixels.
pub const MOST_WIDTH: u32 = 8_192;

/// Highest picture, in pixels; a higher one is made less wide.
const MOST_HEIGHT: f32 = 16_384.0;

/// Draws an SVG as a PNG that is `width_px` wide, at most [`MOST_WIDTH`].
///
/// # Errors
///
/// [`RenderError::Picture`] if it is no SVG, or none that can be drawn.
pub fn png(svg: &str, width_px: u32) -> Result<Vec<u8>, RenderError> {
    let fonts = Fonts::load().ok_or(RenderError::Fonts)?;
    Press {
        studio: Studio::new(),
        fonts,
    }
    .png(svg, width_px)
}

/// Draws many pictures with the fonts read once.
pub(crate) struct Press {
    /// Reads pictures.
    pub studio: Studio,
    /// The letters it can show.
    pub fonts: Fonts,
}

impl Press {
    /// Draws an SVG as a PNG.
    pub(crate) fn png(&self, svg: &str, width_px: u32) -> Result<Vec<u8>, RenderError> {
        let failed = || RenderError::Picture("it has no size".into());
        let tree = self.studio.tree(&self.fonts, svg)?;
        let size = tree.size();
        let width = width_px.clamp(1, MOST_WIDTH) as f32;
        let scale = (width / size.width()).min(MOST_HEIGHT / size.height());
        let pixels = |length: f32| (length * scale).round().max(1.0) as u32;
        let mut map =
            Pixmap::new(pixels(size.width()), pixels(size.height())).ok_or_else(failed)?;
        map.fill(Color::WHITE);
        resvg::render(
            &tree,
            Transform::from_scale(scale, scale),
            &mut map.as_mut(),
        );
        map.encode_png()
            .map_err(|error| RenderError::Picture(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 100\">\
        <rect width=\"100\" height=\"100\" fill=\"#0072B2\"/><text x=\"110\" y=\"50\">漢 abc</text></svg>";

    #[test]
    fn a_picture_has_the_width_asked_for_and_is_the_same_each_time() -> Result<(), RenderError> {
        let first = png(PICTURE, 400)?;
        assert_eq!(first, png(PICTURE, 400)?);
        assert_eq!(&first[1..4], b"PNG");
        assert_eq!(first[16..24], [0, 0, 1, 144, 0, 0, 0, 200]);
        Ok(())
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        for wrong in [
            "",
            "<p>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><",
            "\0",
        ] {
            assert!(png(wrong, 100).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_size_beyond_all_bounds_is_bounded() -> Result<(), RenderError> {
        let thin = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 100000\"/>";
        for picture in [PICTURE, thin] {
            let bytes = png(picture, u32::MAX)?;
            let number = |at: usize| {
                u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
            };
            assert!(number(16) <= MOST_WIDTH && number(20) <= 16_384);
        }
        Ok(())
    }
}
