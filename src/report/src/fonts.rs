//! The faces that pictures and pages are set in, and how wide each letter is.
//!
//! The fonts are part of the program, so that the same document gives the same bytes on
//! every machine; fonts of the system are never looked at. What no face can show is
//! shown as a box, everywhere the same.
//!
//! Start at [`Fonts::glyph`].

use std::sync::Arc;

use resvg::usvg::fontdb;
use ttf_parser::Face as Table;

/// Inter, regular. Figures are of one width.
const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
/// Inter, semi-bold. Figures are of one width.
const STRONG: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.otf");
/// JetBrains Mono, regular.
const MONO: &[u8] = include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf");

/// What stands for letters that no face has.
pub(crate) const BOX: char = '\u{25a1}';

/// A face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Face {
    /// Running text.
    Regular,
    /// Headings and what stands out.
    Strong,
    /// Words as a machine says them.
    Mono,
}

impl Face {
    /// Every face.
    pub(crate) const ALL: [Self; 3] = [Self::Regular, Self::Strong, Self::Mono];

    /// The bytes of its font.
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Regular => REGULAR,
            Self::Strong => STRONG,
            Self::Mono => MONO,
        }
    }

    /// Where letters are looked for that it lacks.
    fn other(self) -> Self {
        match self {
            Self::Regular | Self::Strong => Self::Mono,
            Self::Mono => Self::Regular,
        }
    }
}

/// How one letter is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Glyph {
    /// The face that has it.
    pub face: Face,
    /// Its place in that face.
    pub id: u16,
    /// How far the next letter stands, in ems.
    pub advance: f32,
}

/// The faces, read once for a document.
pub(crate) struct Fonts {
    tables: [Table<'static>; 3],
    /// What most texts are made of, looked up once.
    ascii: [[Glyph; 128]; 3],
}

impl Fonts {
    /// Reads the faces; `None` if this program was built with broken fonts.
    pub(crate) fn load() -> Option<Self> {
        let read = |face: Face| Table::parse(face.bytes(), 0).ok();
        let tables = [read(Face::Regular)?, read(Face::Strong)?, read(Face::Mono)?];
        let none = Glyph {
            face: Face::Regular,
            id: 0,
            advance: 0.0,
        };
        let mut fonts = Self {
            tables,
            ascii: [[none; 128]; 3],
        };
        for face in Face::ALL {
            for code in 0..128_u8 {
                fonts.ascii[face as usize][usize::from(code)] = fonts.find(face, code.into());
            }
        }
        Some(fonts)
    }

    /// How a letter is drawn: in this face, else in another, else as [`BOX`].
    pub(crate) fn glyph(&self, face: Face, letter: char) -> Glyph {
        let known = self.ascii[face as usize].get(letter as usize);
        known.map_or_else(|| self.find(face, letter), |it| *it)
    }

    /// How wide a text of one face is, in ems.
    pub(crate) fn width(&self, face: Face, text: &str) -> f32 {
        text.chars().map(|it| self.glyph(face, it).advance).sum()
    }

    /// A text with a box in place of each letter that the face of pictures lacks, for
    /// those who draw text by themselves.
    pub(crate) fn boxed(&self, text: &str) -> String {
        let table = &self.tables[Face::Regular as usize];
        let shown = |it: char| it.is_ascii() || table.glyph_index(it).is_some();
        let letters = text.chars().map(|it| if shown(it) { it } else { BOX });
        letters.collect()
    }

    fn find(&self, face: Face, letter: char) -> Glyph {
        let places = [(face, letter), (face.other(), letter), (face, BOX)];
        let found = places.into_iter().find_map(|(face, letter)| {
            let table = &self.tables[face as usize];
            let id = table.glyph_index(letter)?;
            let width = table.glyph_hor_advance(id)?;
            Some(Glyph {
                face,
                id: id.0,
                advance: f32::from(width) / f32::from(table.units_per_em()),
            })
        });
        found.unwrap_or(Glyph {
            face,
            id: 0,
            advance: 0.0,
        })
    }
}

/// The faces for pictures: nothing else is known to whoever draws them.
pub(crate) fn database() -> Arc<fontdb::Database> {
    let mut database = fontdb::Database::new();
    for face in [Face::Regular, Face::Mono] {
        database.load_font_data(face.bytes().to_vec());
    }
    database.set_sans_serif_family("Inter");
    database.set_monospace_family("JetBrains Mono");
    Arc::new(database)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kymo_says_can_be_shown() {
        let fonts = Fonts::load().expect("fonts of this build");
        let said =
            "→←↑↓±≤≥≈≠−×÷…–—·•µμσκλρ²³½%‰°€§¶«»“”„‘’†✓✗▲▼●○■□∞√∑∆äöüßéÅñøДЖяΩαω│─┌┐└┘█▁\u{fffd}";
        for letter in (' '..='~').chain(said.chars()) {
            for face in Face::ALL {
                let glyph = fonts.glyph(face, letter);
                assert!(glyph.id > 0 && glyph.advance > 0.0, "{letter} {face:?}");
                let boxed = letter != BOX && glyph == fonts.glyph(face, BOX);
                assert!(!boxed, "{letter} {face:?}");
            }
        }
    }

    #[test]
    fn what_no_face_has_is_a_box() {
        let fonts = Fonts::load().expect("fonts of this build");
        for letter in ['漢', '🔥', 'ا', '\u{e000}', '\u{10ffff}'] {
            for face in Face::ALL {
                assert_eq!(fonts.glyph(face, letter), fonts.glyph(face, BOX));
            }
        }
        assert_eq!(fonts.boxed("a漢│"), "a□□");
    }

    #[test]
    fn figures_are_of_one_width() {
        let fonts = Fonts::load().expect("fonts of this build");
        for face in Face::ALL {
            let one = fonts.glyph(face, '0').advance;
            for figure in '1'..='9' {
                let other = fonts.glyph(face, figure).advance;
                // A thousandth of an em cannot be seen.
                assert!((other - one).abs() <= 0.0015, "{face:?} {figure}");
            }
        }
    }
}
