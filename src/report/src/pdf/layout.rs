//! Lays a document out: every block becomes slices, the slices become pages.
//!
//! * In: a document and the widths of letters.
//! * Out: pages of placed pieces, the tree of tags, the pictures; no byte of a file.
//!
//! A new kind of block is one arm in [`Composer::block`].
//!
//! Start at [`lay_out`].

use super::contents;
use super::flow::{Anchor, Bond, Head, Pages, Piece, Slice, Start, What, flow};
use super::look::{self, Ink, Style};
use super::tags::{Element, Kind, Tree};
use super::text::{Line, Span, lines};
use crate::document::{Block, Document, Run};
use crate::escape::clean;
use crate::fonts::{Face, Fonts};

/// A document on pages.
pub(crate) struct Layout {
    /// What is where.
    pub pages: Pages,
    /// What it means.
    pub tree: Tree,
    /// Headings in order, for the outline.
    pub headings: Vec<Heading>,
    /// Pictures as SVG, by their place.
    pub pictures: Vec<String>,
}

/// A heading below the title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    /// 2 for sections, 3 within them.
    pub level: u16,
    /// Its text.
    pub text: String,
}

/// Lays a document out.
pub(crate) fn lay_out(document: &Document, fonts: &Fonts) -> Layout {
    let mut composer = Composer {
        fonts,
        document,
        tree: Tree::new(),
        slices: Vec::new(),
        heads: Vec::new(),
        headings: Vec::new(),
        pictures: Vec::new(),
    };
    composer.title();
    let list = contents::heading(&mut composer);
    let front = std::mem::take(&mut composer.slices);
    composer.sections();
    composer.sources();
    let body = std::mem::replace(&mut composer.slices, front);
    contents::entries(&mut composer, list);
    composer.slices.extend(body);
    let mut pages = flow(composer.slices, &composer.heads);
    contents::page_numbers(&mut pages, fonts);
    contents::margins(&mut pages, document, fonts);
    Layout {
        pages,
        tree: composer.tree,
        headings: composer.headings,
        pictures: composer.pictures,
    }
}

/// What is known while a document is laid out.
pub(crate) struct Composer<'a> {
    pub fonts: &'a Fonts,
    pub document: &'a Document,
    pub tree: Tree,
    pub slices: Vec<Slice>,
    pub heads: Vec<Head>,
    pub headings: Vec<Heading>,
    pub pictures: Vec<String>,
}

/// How numbers stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Among words.
    Strong,
    /// Among numbers.
    Plain,
}

/// Where a line of text is put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    /// Its left end.
    pub x: f32,
    /// The top of the line.
    pub y: f32,
    /// The style that gives its height.
    pub style: Style,
    /// Whose text it is.
    pub element: Element,
}

/// Where lines of text are put one below the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Their left end.
    pub x: f32,
    /// The style that gives their height.
    pub style: Style,
    /// Whose text it is.
    pub element: Element,
    /// Space above the first.
    pub before: f32,
}

impl Composer<'_> {
    fn title(&mut self) {
        let kind = format!("Kymo · {} report", self.document.kind);
        let element = self.tree.add(Tree::ROOT, Kind::Paragraph);
        self.text(&[Span::words(&kind, look::KIND)], look::KIND, element);
        let title = titled(&self.document.title);
        let element = self.tree.add(Tree::ROOT, Kind::Heading(1, title.clone()));
        let from = self.slices.len();
        self.text(&[Span::words(&title, look::TITLE)], look::TITLE, element);
        bind(&mut self.slices[from..]);
        if !self.document.author.trim().is_empty() {
            let element = self.tree.add(Tree::ROOT, Kind::Paragraph);
            self.text(
                &[Span::words(&self.document.author, look::BODY)],
                look::BODY,
                element,
            );
        }
        self.facts(&self.document.facts, Tree::ROOT);
    }

    fn sections(&mut self) {
        for (place, section) in self.document.sections.iter().enumerate() {
            let element = self.tree.add(Tree::ROOT, Kind::Section);
            let from = self.slices.len();
            self.heading((2, &section.title), element);
            if let Some(slice) = self.slices.get_mut(from).filter(|_| place == 0) {
                slice.start = Start::NewPage;
            }
            for block in &section.blocks {
                self.block(block, element);
            }
        }
    }

    fn block(&mut self, block: &Block, parent: Element) {
        match block {
            Block::Heading { text } => self.heading((3, text), parent),
            Block::Paragraph { runs } => self.paragraph(runs, parent),
            Block::List { items } => self.list(items, parent),
            Block::Facts { facts } => self.facts(facts, parent),
            Block::Table(table) => self.table(table, parent),
            Block::Charts { charts } => self.charts(charts, parent),
            Block::Lane(lane) => self.lane(lane, parent),
            Block::Curve(curve) => self.curve(curve, parent),
        }
    }

    /// A heading that stays with what follows.
    pub(crate) fn heading(&mut self, (level, text): (u16, &str), parent: Element) {
        let text = titled(text);
        let element = self.tree.add(parent, Kind::Heading(level, text.clone()));
        let (style, before, after) = match level {
            2 => (look::SECTION, 28.0, 7.0),
            _ => (look::HEADING, 17.0, 2.0),
        };
        let from = self.slices.len();
        self.text(&[Span::words(&text, style)], style, element);
        bind(&mut self.slices[from..]);
        if let Some(first) = self.slices.get_mut(from) {
            first.before = before;
            first.anchors.push(Anchor::Heading(self.headings.len()));
        }
        if let Some(last) = self.slices.last_mut() {
            if level == 2 {
                last.pieces.push(area(
                    (look::LEFT, last.height + 3.0),
                    (look::WIDTH, 0.7),
                    Ink::Line,
                ));
            }
            last.height += after;
        }
        self.headings.push(Heading { level, text });
    }

    /// Lines over the whole width.
    fn text(&mut self, spans: &[Span], style: Style, element: Element) {
        let lines = lines(self.fonts, spans, look::WIDTH);
        self.column(
            &lines,
            Column {
                x: look::LEFT,
                style,
                element,
                before: 6.0,
            },
        );
    }

    fn paragraph(&mut self, runs: &[Run], parent: Element) {
        let element = self.tree.add(parent, Kind::Paragraph);
        let spans = self.spans(runs, look::BODY, Numbers::Strong);
        let from = self.slices.len();
        self.text(&spans, look::BODY, element);
        // A line that announces what follows stays with it.
        let announces =
            matches!(runs.last(), Some(Run::Text { text }) if text.trim_end().ends_with(':'));
        if announces {
            bind(&mut self.slices[from..]);
        }
    }

    fn list(&mut self, items: &[Vec<Run>], parent: Element) {
        let list = self.tree.add(parent, Kind::Bullets);
        for (place, item) in items.iter().enumerate() {
            let entry = self.tree.add(list, Kind::Item);
            let label = self.tree.add(entry, Kind::Label);
            let body = self.tree.add(entry, Kind::Body);
            let spans = self.spans(item, look::BODY, Numbers::Strong);
            let lines = lines(self.fonts, &spans, look::WIDTH - 13.0);
            let from = self.slices.len();
            self.column(
                &lines,
                Column {
                    x: look::LEFT + 13.0,
                    style: look::BODY,
                    element: body,
                    before: if place == 0 { 7.0 } else { 3.0 },
                },
            );
            let bullet = Piece {
                x: look::LEFT + 3.0,
                y: look::BODY.baseline(),
                what: What::Text {
                    text: "•".to_owned(),
                    style: look::BODY.in_ink(Ink::Soft),
                },
                leaf: Some(self.tree.leaf(label)),
            };
            if let Some(first) = self.slices.get_mut(from) {
                first.pieces.insert(0, bullet);
            }
        }
    }

    /// Lines one below the other, of which no single one is left alone on a page.
    pub(crate) fn column(&mut self, lines: &[Line], column: Column) {
        let count = lines.len();
        for (place, line) in lines.iter().enumerate() {
            let mut pieces = Vec::with_capacity(line.parts.len());
            let spot = Spot {
                x: column.x,
                y: 0.0,
                style: column.style,
                element: column.element,
            };
            self.line(&mut pieces, line, spot);
            let alone = place == 0 || place + 2 == count;
            self.slices.push(Slice {
                before: if place == 0 { column.before } else { 0.0 },
                height: column.style.leading(),
                pieces,
                bond: match alone && place + 1 < count {
                    true => Bond::WithNext,
                    false => Bond::Free,
                },
                ..Slice::default()
            });
        }
    }

    /// The pieces of a line of text.
    pub(crate) fn line(&mut self, pieces: &mut Vec<Piece>, line: &Line, spot: Spot) {
        for part in &line.parts {
            let x = spot.x + part.x;
            let mut element = spot.element;
            if let Some(to) = part.link {
                element = self.tree.add(spot.element, Kind::Link);
                pieces.push(Piece {
                    x,
                    y: spot.y,
                    what: What::Link {
                        width: part.width,
                        height: spot.style.leading(),
                        to,
                    },
                    leaf: Some(self.tree.leaf(element)),
                });
            }
            pieces.push(Piece {
                x,
                y: spot.y + spot.style.baseline(),
                what: What::Text {
                    text: part.text.clone(),
                    style: part.style,
                },
                leaf: Some(self.tree.leaf(element)),
            });
        }
    }

    /// Runs as they are set in a style.
    pub(crate) fn spans(&self, runs: &[Run], style: Style, numbers: Numbers) -> Vec<Span> {
        let spans = runs.iter().map(|run| match run {
            Run::Text { text } => Span::words(text, style),
            Run::Code { text } => Span::words(text, style.in_face(Face::Mono)),
            Run::Strong { text } => Span::words(text, style.in_face(Face::Strong)),
            // Nothing proves it, so it looks unlike those that lead to a source.
            Run::Loose { text } => Span::words(text, style.in_ink(Ink::Warning)),
            Run::Number(token) => {
                let style = match numbers {
                    Numbers::Strong => style.in_face(Face::Strong),
                    Numbers::Plain => style,
                };
                let known = (1..=self.document.sources.len()).contains(&token.source.0);
                if known {
                    Span::number(&token.text, style, Anchor::Source(token.source.0))
                } else {
                    Span::words(&token.text, style)
                }
            }
        });
        spans.collect()
    }
}

/// A title that can be read out: not empty.
pub(crate) fn titled(text: &str) -> String {
    let text = clean(text);
    if text.trim().is_empty() {
        return "Untitled".to_owned();
    }
    text
}

/// A filled area that only decorates.
pub(crate) fn area((x, y): (f32, f32), (width, height): (f32, f32), ink: Ink) -> Piece {
    Piece {
        x,
        y,
        what: What::Area { width, height, ink },
        leaf: None,
    }
}

/// Keeps slices together and with what follows them.
pub(crate) fn bind(slices: &mut [Slice]) {
    for slice in slices {
        slice.bond = Bond::WithNext;
    }
}
