//! The pictures of a document as files of their own, for text that refers to them.
//!
//! A picture stands alone: its colors are attributes, and a small style makes its text
//! light where the reader's screen is dark.
//!
//! Start at [`files`].

use crate::document::{Block, Document};
use crate::fonts::Fonts;
use crate::picture::Studio;
use crate::raster;
use crate::{File, Pictures, RenderError};

/// Pixels for one unit of a picture.
const PIXELS: f64 = 2.0;

/// Widths of charts, as of curves, and of lanes, as they are drawn for screens.
const WIDTHS: (f64, f64) = (560.0, 1120.0);

/// The colors of the style sheet, for a picture without a page around it.
const STYLE: &str = "<style>\
    svg{color:#1b1f24;background:#fff}text{fill:#5a6470}.label,.name{fill:#1b1f24}\
    @media (prefers-color-scheme: dark){svg{color:#e4e8ec;background:#14171b}\
    text{fill:#9aa5b1}.label,.name{fill:#e4e8ec}}</style>";

/// Every picture as SVG, and as PNG where that is asked for, in the order of the document.
///
/// # Errors
///
/// [`RenderError`] if a picture cannot be drawn, which no document should cause.
pub(crate) fn files(document: &Document, pictures: Pictures<'_>) -> Result<Vec<File>, RenderError> {
    let (stem, press) = match pictures {
        Pictures::Left => return Ok(Vec::new()),
        Pictures::Beside { stem } => (stem, None),
        Pictures::BesideAsPixelsToo { stem } => {
            let fonts = Fonts::load().ok_or(RenderError::Fonts)?;
            let studio = Studio::new();
            (stem, Some(raster::Press { studio, fonts }))
        }
    };
    let mut files = Vec::new();
    for (number, svg, width) in drawn(document) {
        if let Some(press) = &press {
            files.push(File {
                name: name(stem, number, "png"),
                bytes: press.png(&svg, (width * PIXELS) as u32)?,
            });
        }
        files.push(File {
            name: name(stem, number, "svg"),
            bytes: stand_alone(&svg).into_bytes(),
        });
    }
    Ok(files)
}

/// Where text finds a picture: from its own folder, safe within parentheses.
pub(crate) fn address(pictures: Pictures<'_>, number: usize) -> Option<String> {
    let (Pictures::Beside { stem } | Pictures::BesideAsPixelsToo { stem }) = pictures else {
        return None;
    };
    let mut address = String::new();
    for byte in name(stem, number, "svg").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                address.push(byte.into());
            }
            other => address += &format!("%{other:02X}"),
        }
    }
    Some(address)
}

fn name(stem: &str, number: usize, suffix: &str) -> String {
    format!("{stem}-files/figure-{number}.{suffix}")
}

/// Number, picture and width of each figure.
fn drawn(document: &Document) -> Vec<(usize, String, f64)> {
    let mut drawn = Vec::new();
    for block in document.sections.iter().flat_map(|it| &it.blocks) {
        match block {
            Block::Charts { charts } => {
                drawn.extend(charts.iter().map(|it| (it.number, it.svg(), WIDTHS.0)));
            }
            Block::Curve(curve) => drawn.push((curve.number, curve.svg(), WIDTHS.0)),
            Block::Lane(lane) => drawn.push((lane.number, lane.svg(), WIDTHS.1)),
            _ => {}
        }
    }
    drawn
}

/// A picture with a style of its own behind its opening tag.
fn stand_alone(svg: &str) -> String {
    match svg.split_once('>') {
        Some((tag, rest)) => format!("{tag}>{STYLE}{rest}\n"),
        None => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::look::Look;
    use crate::tests as example;
    use crate::{Dress, Format, Rendered, render, render_as};

    fn written(document: &Document, pictures: Pictures<'_>) -> Result<Rendered, RenderError> {
        let look = &Look::OWN;
        render_as(document, Format::Markdown, Dress { look, pictures })
    }

    #[test]
    fn the_text_refers_to_every_picture() -> Result<(), Box<dyn Error>> {
        for document in [example::example(), example::hostile_example()] {
            let pictures = Pictures::BesideAsPixelsToo { stem: "a (b)" };
            let rendered = written(&document, pictures)?;
            let text = String::from_utf8(rendered.bytes)?;
            let names: Vec<_> = rendered.files.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names.len(), 14, "{names:?}");
            for number in 1..=7 {
                let address = format!("](a%20%28b%29-files/figure-{number}.svg)");
                assert_eq!(text.matches(&address).count(), 1, "{number}");
                for suffix in ["svg", "png"] {
                    let name = format!("a (b)-files/figure-{number}.{suffix}");
                    assert!(names.contains(&name.as_str()), "{name}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn pictures_stand_alone_in_light_and_dark() -> Result<(), Box<dyn Error>> {
        let document = example::hostile_example();
        let fonts = Fonts::load().ok_or("no fonts")?;
        for file in files(&document, Pictures::Beside { stem: "r" })? {
            let text = String::from_utf8(file.bytes)?;
            assert!(Studio::new().tree(&fonts, &text).is_ok(), "{}", file.name);
            assert!(text.contains("prefers-color-scheme: dark"));
            assert!(text.contains("xmlns=\"http://www.w3.org/2000/svg\""));
            for unwanted in ["<script", "href", "url(", "onload"] {
                assert!(!text.contains(unwanted), "{unwanted}");
            }
        }
        Ok(())
    }

    #[test]
    fn without_a_folder_there_are_only_numbers() -> Result<(), Box<dyn Error>> {
        let rendered = render(&example::example(), Format::Markdown)?;
        assert!(rendered.files.is_empty());
        assert!(!String::from_utf8(rendered.bytes)?.contains("!["));
        Ok(())
    }
}
