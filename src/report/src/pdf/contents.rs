//! The table of contents, and the lines above and below the text of each page.
//!
//! Entries are put before the pages are known; their numbers are added afterwards, so an
//! entry is always one line.

use super::flow::{Anchor, Bond, Pages, Piece, Place, Slice, What};
use super::layout::{Composer, area};
use super::look::{self, BOTTOM, Ink, LEFT, RIGHT, Style, TOP, WIDTH};
use super::tags::{Element, Kind, Tree};
use super::text::cut;
use crate::document::Document;
use crate::fonts::{Face, Fonts};

/// Beyond so many entries only sections are listed; the outline holds all.
const MOST_ENTRIES: usize = 90;

/// Room for the number of a page.
const NUMBER: f32 = 34.0;

/// Sections.
const SECTION: Style = Style {
    face: Face::Strong,
    size: 9.5,
    ink: Ink::Text,
};
/// What is within them.
const WITHIN: Style = Style {
    face: Face::Regular,
    size: 9.0,
    ink: Ink::Text,
};

fn style(level: u16) -> (Style, f32, f32) {
    match level {
        2 => (SECTION, 0.0, 4.5),
        _ => (WITHIN, 14.0, 0.0),
    }
}

/// Begins the contents, before anything of the body is in the tree.
pub(crate) fn heading(composer: &mut Composer<'_>) -> Element {
    composer.heading((2, "Contents"), Tree::ROOT);
    // It does not list itself.
    composer.headings.clear();
    for slice in &mut composer.slices {
        slice.anchors.clear();
    }
    composer.tree.add(Tree::ROOT, Kind::Contents)
}

/// Lists the headings, once they are known.
pub(crate) fn entries(composer: &mut Composer<'_>, list: Element) {
    let all = composer.headings.len() <= MOST_ENTRIES;
    let levels: Vec<u16> = composer.headings.iter().map(|it| it.level).collect();
    for (place, level) in levels.iter().enumerate() {
        if !all && *level > 2 {
            continue;
        }
        let mut slice = entry(composer, place, list);
        // A section is not left without the first that is within it.
        if *level == 2 && all && levels.get(place + 1).is_some_and(|it| *it > 2) {
            slice.bond = Bond::WithNext;
        }
        composer.slices.push(slice);
    }
}

/// The entry of a heading; the number of its page is not known yet.
fn entry(composer: &mut Composer<'_>, place: usize, list: Element) -> Slice {
    let heading = &composer.headings[place];
    let (style, indent, before) = style(heading.level);
    let room = WIDTH - NUMBER - indent;
    let text = cut(composer.fonts, &heading.text, (style, room));
    let entry = composer.tree.add(list, Kind::Entry);
    let link = composer.tree.add(entry, Kind::Link);
    let mut piece = |x: f32, y: f32, what: What| Piece {
        x,
        y,
        what,
        leaf: Some(composer.tree.leaf(link)),
    };
    let area = What::Link {
        width: WIDTH - indent,
        height: style.leading(),
        to: Anchor::Heading(place),
    };
    let number = What::Text {
        text: String::new(),
        style: style.in_face(Face::Regular),
    };
    let (left, baseline) = (LEFT + indent, style.baseline());
    Slice {
        before,
        height: style.leading(),
        pieces: vec![
            piece(left, 0.0, area),
            piece(left, baseline, What::Text { text, style }),
            piece(RIGHT, baseline, number),
        ],
        anchors: vec![Anchor::Entry(place)],
        ..Slice::default()
    }
}

/// Writes the numbers of the pages into the entries, and dots that lead to them.
pub(crate) fn page_numbers(pages: &mut Pages, fonts: &Fonts) {
    let entries: Vec<(Place, Place)> = pages
        .places
        .iter()
        .filter_map(|(anchor, entry)| match anchor {
            Anchor::Entry(place) => Some((*entry, *pages.places.get(&Anchor::Heading(*place))?)),
            _ => None,
        })
        .collect();
    for (entry, target) in entries {
        let Some(page) = pages.pages.get_mut(entry.page) else {
            continue;
        };
        let mut dots = None;
        let mut from = LEFT;
        for piece in page.iter_mut() {
            let What::Text { text, style } = &mut piece.what else {
                continue;
            };
            if (piece.y - entry.y - style.baseline()).abs() > 0.01 {
                continue;
            }
            if !text.is_empty() {
                from = from.max(piece.x + fonts.width(style.face, text) * style.size);
                continue;
            }
            *text = (target.page + 1).to_string();
            piece.x = RIGHT - fonts.width(style.face, text) * style.size;
            dots = Some((from, piece.x, piece.y));
        }
        page.extend(dots.map(dotted));
    }
}

/// A thin line from the end of an entry to its number.
fn dotted((from, to, y): (f32, f32, f32)) -> Piece {
    let width = (to - from - 12.0).max(0.0);
    area((from + 6.0, y - 1.0), (width, 0.4), Ink::Line)
}

/// Writes the lines above and below the text.
pub(crate) fn margins(pages: &mut Pages, document: &Document, fonts: &Fonts) {
    let count = pages.pages.len();
    let kind = format!("Kymo · {} report", document.kind);
    let style = look::MARGIN;
    let wide = |text: &str| fonts.width(style.face, text) * style.size;
    let title = cut(fonts, &document.title, (style, WIDTH - wide(&kind) - 24.0));
    let made = format!(
        "Made by Kymo {} from session {}",
        document.kymo, document.session
    );
    let made = cut(fonts, &made, (style, WIDTH - 90.0));
    for (place, page) in pages.pages.iter_mut().enumerate() {
        let text = |x: f32, y: f32, text: &str| Piece {
            x,
            y,
            what: What::Text {
                text: text.to_owned(),
                style,
            },
            leaf: None,
        };
        if place > 0 {
            page.push(text(LEFT, look::HEADER, &title));
            page.push(text(RIGHT - wide(&kind), look::HEADER, &kind));
            page.push(area((LEFT, look::HEADER + 7.0), (WIDTH, 0.5), Ink::Line));
        }
        let number = format!("Page {} of {count}", place + 1);
        page.push(text(LEFT, look::FOOTER, &made));
        page.push(text(RIGHT - wide(&number), look::FOOTER, &number));
    }
}

/// Whether a height is above or below the text of a page.
pub(crate) fn is_margin(y: f32) -> bool {
    !(TOP - 1.0..=BOTTOM + 1.0).contains(&y)
}
