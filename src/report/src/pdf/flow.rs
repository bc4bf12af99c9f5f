//! Puts slices of a document one below the other onto pages.
//!
//! A slice is never torn. A heading stays with what follows it, and the headings of a
//! table stand again above its rows on each page. Knows nothing of PDF.
//!
//! Start at [`flow`].

use std::collections::BTreeMap;

use super::look::{BOTTOM, HEIGHT, Ink, Style, TOP};
use super::tags::Leaf;

/// Something that is drawn, or that can be pointed at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    /// From the left of the page.
    pub x: f32,
    /// From the top of the page, or of the slice before it has a page: of text the
    /// baseline, of everything else the top.
    pub y: f32,
    /// What it is.
    pub what: What,
    /// Its place in the tree; nothing for what only decorates.
    pub leaf: Option<Leaf>,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// Text on one line.
    Text {
        /// As it is drawn.
        text: String,
        /// How it is set.
        style: Style,
    },
    /// A filled area.
    Area {
        /// Width.
        width: f32,
        /// Height.
        height: f32,
        /// Its color.
        ink: Ink,
    },
    /// A picture.
    Picture {
        /// Place among the pictures of the layout.
        picture: usize,
        /// Width.
        width: f32,
        /// Height.
        height: f32,
    },
    /// An area that leads somewhere.
    Link {
        /// Width.
        width: f32,
        /// Height.
        height: f32,
        /// Where it leads.
        to: Anchor,
    },
}

/// A place that links lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Anchor {
    /// A heading, by its place in the document.
    Heading(usize),
    /// An entry of the contents, by the place of its heading.
    Entry(usize),
    /// An entry of the sources, from 1.
    Source(usize),
}

/// Whether a slice may be the last on its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Bond {
    /// It may.
    #[default]
    Free,
    /// Only together with the next.
    WithNext,
}

/// Where a slice begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Start {
    /// Below the one before.
    #[default]
    Below,
    /// On a page of its own.
    NewPage,
}

/// A part of the document that is on one page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slice {
    /// Empty space above, which is left away at the top of a page.
    pub before: f32,
    /// Its height.
    pub height: f32,
    /// What it holds, from its top.
    pub pieces: Vec<Piece>,
    /// What leads here.
    pub anchors: Vec<Anchor>,
    /// Whether it stays with the next.
    pub bond: Bond,
    /// Where it begins.
    pub start: Start,
    /// What stands again above it at the top of a page: place among the heads.
    pub head: Option<usize>,
}

/// What is repeated at the top of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// Its height.
    pub height: f32,
    /// What it holds.
    pub pieces: Vec<Piece>,
}

/// Where something is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// The page, from 0.
    pub page: usize,
    /// From its top.
    pub y: f32,
}

/// The pages and what is found where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    /// What each page holds.
    pub pages: Vec<Vec<Piece>>,
    /// Where links lead.
    pub places: BTreeMap<Anchor, Place>,
}

/// Puts the slices onto pages.
pub(crate) fn flow(slices: Vec<Slice>, heads: &[Head]) -> Pages {
    let needs = needs(&slices);
    let mut pages = Pages {
        pages: vec![Vec::new()],
        places: BTreeMap::new(),
    };
    let mut y = TOP;
    for (slice, need) in slices.into_iter().zip(needs) {
        let new = slice.start == Start::NewPage && y > TOP;
        // What is higher than a page may as well begin here.
        let full = y > TOP && y + need.with_space > BOTTOM + 0.01 && need.alone <= HEIGHT;
        let over = y > TOP && y + slice.before + slice.height > BOTTOM + 0.01;
        if new || full || over {
            pages.pages.push(Vec::new());
            y = TOP;
            if let Some(head) = slice.head.and_then(|it| heads.get(it)) {
                put(&mut pages, &head.pieces, y);
                y += head.height;
            }
        } else if y > TOP {
            y += slice.before;
        }
        let page = pages.pages.len() - 1;
        for anchor in &slice.anchors {
            pages.places.insert(*anchor, Place { page, y });
        }
        put(&mut pages, &slice.pieces, y);
        y += slice.height;
    }
    pages
}

/// How much room a slice needs with those it is bound to.
#[derive(Clone, Copy, Default)]
struct Need {
    with_space: f32,
    alone: f32,
}

fn needs(slices: &[Slice]) -> Vec<Need> {
    let mut needs = vec![Need::default(); slices.len()];
    let mut next = Need::default();
    for (place, slice) in slices.iter().enumerate().rev() {
        let bound = match slice.bond {
            Bond::Free => 0.0,
            Bond::WithNext => next.with_space,
        };
        next = Need {
            with_space: slice.before + slice.height + bound,
            alone: slice.height + bound,
        };
        needs[place] = next;
    }
    needs
}

fn put(pages: &mut Pages, pieces: &[Piece], y: f32) {
    if let Some(page) = pages.pages.last_mut() {
        page.extend(pieces.iter().map(|it| Piece {
            y: it.y + y,
            ..it.clone()
        }));
    }
}
