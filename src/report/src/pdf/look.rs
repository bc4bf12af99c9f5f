//! How a page looks: its size and margins, sizes of text, colors.
//!
//! Lengths are points of 1/72 inch; `y` grows downwards.

use crate::fonts::Face;

/// Width and height of A4.
pub(crate) const PAGE: (f32, f32) = (595.28, 841.89);
/// Where text begins at the left.
pub(crate) const LEFT: f32 = 54.0;
/// Where text ends at the right.
pub(crate) const RIGHT: f32 = PAGE.0 - 54.0;
/// Where text begins at the top.
pub(crate) const TOP: f32 = 70.0;
/// Where text ends at the bottom.
pub(crate) const BOTTOM: f32 = PAGE.1 - 62.0;
/// Width of a line.
pub(crate) const WIDTH: f32 = RIGHT - LEFT;
/// Height of what fits on a page.
pub(crate) const HEIGHT: f32 = BOTTOM - TOP;
/// Baseline of the line above the text.
pub(crate) const HEADER: f32 = 40.0;
/// Baseline of the line below the text.
pub(crate) const FOOTER: f32 = PAGE.1 - 34.0;

/// The distance of two lines as a part of the size of the text.
const LEADING: f32 = 1.42;

/// Half the height of a capital letter as a part of the size of the text.
const HALF_CAPITAL: f32 = 0.364;

/// What a color is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Text.
    Text,
    /// What stands back.
    Soft,
    /// Lines between rows.
    Line,
    /// Bars.
    Bar,
    /// A severity that only informs.
    Note,
    /// A severity that asks for care.
    Warning,
    /// A severity that asks to act.
    Severe,
}

impl Ink {
    /// Red, green and blue.
    pub(crate) fn rgb(self) -> [u8; 3] {
        match self {
            Self::Text => [0x1b, 0x1f, 0x24],
            Self::Soft => [0x50, 0x5a, 0x66],
            Self::Line => [0xd9, 0xde, 0xe4],
            Self::Bar => [0x0b, 0x6b, 0xb0],
            Self::Note => [0x5a, 0x64, 0x70],
            Self::Warning => [0xa8, 0x50, 0x00],
            Self::Severe => [0xb3, 0x26, 0x1e],
        }
    }

    /// The color of a word such as a severity, by the names of the style sheet.
    pub(crate) fn of_tone(tone: &str) -> Option<Self> {
        match tone {
            "note" => Some(Self::Note),
            "warning" => Some(Self::Warning),
            "severe" => Some(Self::Severe),
            _ => None,
        }
    }
}

/// How text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style {
    /// The face.
    pub face: Face,
    /// The size of the text.
    pub size: f32,
    /// The color.
    pub ink: Ink,
}

impl Style {
    const fn new(face: Face, size: f32, ink: Ink) -> Self {
        Self { face, size, ink }
    }

    /// The distance of two lines.
    pub(crate) fn leading(self) -> f32 {
        (self.size * LEADING * 2.0).round() / 2.0
    }

    /// How far below the top of its line the text stands.
    pub(crate) fn baseline(self) -> f32 {
        self.leading() / 2.0 + HALF_CAPITAL * self.size
    }

    /// The same in another face; letters of the mono face look larger than they are.
    pub(crate) fn in_face(self, face: Face) -> Self {
        let size = match face {
            Face::Mono => self.size * 0.92,
            Face::Regular | Face::Strong => self.size,
        };
        Self { face, size, ..self }
    }

    /// The same in another color.
    pub(crate) fn in_ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    /// The same in another size.
    pub(crate) fn sized(self, size: f32) -> Self {
        Self { size, ..self }
    }
}

/// The line above the title.
pub(crate) const KIND: Style = Style::new(Face::Regular, 9.0, Ink::Soft);
/// The title.
pub(crate) const TITLE: Style = Style::new(Face::Strong, 21.0, Ink::Text);
/// Headings of sections.
pub(crate) const SECTION: Style = Style::new(Face::Strong, 14.5, Ink::Text);
/// Headings within sections.
pub(crate) const HEADING: Style = Style::new(Face::Strong, 10.5, Ink::Text);
/// Running text.
pub(crate) const BODY: Style = Style::new(Face::Regular, 9.5, Ink::Text);
/// Names of facts, captions.
pub(crate) const SMALL: Style = Style::new(Face::Regular, 8.0, Ink::Soft);
/// Titles of figures.
pub(crate) const FIGURE: Style = Style::new(Face::Strong, 8.5, Ink::Text);
/// Entries of the sources.
pub(crate) const SOURCE: Style = Style::new(Face::Regular, 7.5, Ink::Soft);
/// Lines above and below the text of a page.
pub(crate) const MARGIN: Style = Style::new(Face::Regular, 7.5, Ink::Soft);
