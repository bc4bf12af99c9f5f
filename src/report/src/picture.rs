//! Pictures as trees of shapes, for paper and pixels: our own fonts, a light ground.
//!
//! Nothing is loaded: no font of the system, no image, no file.
//!
//! Start at [`Studio::tree`].

use resvg::usvg::{ImageHrefResolver, Options, Tree};

use crate::RenderError;
use crate::fonts::{self, Fonts};

/// What the style sheet of a page says to pictures in it, said to a picture that stands
/// on white.
const STYLE: &str = "svg { color: #1b1f24 } text { fill: #505a66 } \
                     text.label, text.name { fill: #1b1f24 } .note, .finding { color: #0b6bb0 }";

/// What pictures are made with.
pub(crate) struct Studio {
    options: Options<'static>,
}

impl Studio {
    /// Sets it up once for many pictures.
    pub(crate) fn new() -> Self {
        let nothing = ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        };
        let options = Options {
            font_family: "Inter".to_owned(),
            fontdb: fonts::database(),
            image_href_resolver: nothing,
            style_sheet: Some(STYLE.to_owned()),
            ..Options::default()
        };
        Self { options }
    }

    /// Reads a picture; letters that the font lacks become boxes.
    ///
    /// # Errors
    ///
    /// [`RenderError::Picture`] if it is no SVG.
    pub(crate) fn tree(&self, fonts: &Fonts, svg: &str) -> Result<Tree, RenderError> {
        Tree::from_str(&fonts.boxed(svg), &self.options)
            .map_err(|error| RenderError::Picture(Box::new(error)))
    }
}
