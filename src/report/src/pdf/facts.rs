//! Names and what they stand for, two beside each other; and the sources by number.

use super::flow::{Anchor, Bond, Slice};
use super::layout::{Column, Composer, Numbers, Spot};
use super::look::{self, HEIGHT, Ink};
use super::tags::{Element, Kind, Tree};
use super::text::{Line, Span, lines};
use crate::document::Fact;
use crate::fonts::Face;
use crate::sources::Source;

/// Between the two columns.
const GUTTER: f32 = 22.0;
/// Width of one column.
const HALF: f32 = (look::WIDTH - GUTTER) / 2.0;
/// Facts that are higher than this are not kept in one piece.
const TALL: f32 = HEIGHT / 2.0;
/// Where the text of a source begins, right of its number.
const INDENT: f32 = 26.0;

struct Set {
    name: Vec<Line>,
    text: Vec<Line>,
    height: f32,
}

impl Composer<'_> {
    /// A grid of two columns.
    pub(crate) fn facts(&mut self, facts: &[Fact], parent: Element) {
        if facts.is_empty() {
            return;
        }
        let list = self.tree.add(parent, Kind::Named);
        for pair in facts.chunks(2) {
            let sets: Vec<Set> = pair.iter().map(|it| self.set(it, HALF)).collect();
            let height = sets.iter().map(|it| it.height).fold(0.0, f32::max);
            if height > TALL {
                pair.iter().for_each(|it| self.tall(it, list));
                continue;
            }
            let mut slice = Slice {
                before: 7.0,
                height,
                ..Slice::default()
            };
            for (place, set) in sets.iter().enumerate() {
                let x = look::LEFT + place as f32 * (HALF + GUTTER);
                self.fact(&mut slice, set, (x, list));
            }
            self.slices.push(slice);
        }
    }

    fn set(&self, fact: &Fact, width: f32) -> Set {
        let name = lines(self.fonts, &[Span::words(&fact.name, look::SMALL)], width);
        let spans = self.spans(&fact.runs, look::BODY, Numbers::Plain);
        let text = lines(self.fonts, &spans, width);
        let height =
            name.len() as f32 * look::SMALL.leading() + text.len() as f32 * look::BODY.leading();
        Set { name, text, height }
    }

    fn fact(&mut self, slice: &mut Slice, set: &Set, (x, list): (f32, Element)) {
        let item = self.tree.add(list, Kind::Item);
        let mut y = 0.0;
        for (part, style, kind) in [
            (&set.name, look::SMALL, Kind::Label),
            (&set.text, look::BODY, Kind::Body),
        ] {
            let element = self.tree.add(item, kind);
            for line in part {
                let spot = Spot {
                    x,
                    y,
                    style,
                    element,
                };
                self.line(&mut slice.pieces, line, spot);
                y += style.leading();
            }
        }
    }

    /// A fact over the whole width, which may go on on the next page.
    fn tall(&mut self, fact: &Fact, list: Element) {
        let set = self.set(fact, look::WIDTH);
        let item = self.tree.add(list, Kind::Item);
        let name = self.tree.add(item, Kind::Label);
        let text = self.tree.add(item, Kind::Body);
        let column = |style, element, before| Column {
            x: look::LEFT,
            style,
            element,
            before,
        };
        self.column(&set.name, column(look::SMALL, name, 7.0));
        if let Some(last) = self.slices.last_mut() {
            last.bond = Bond::WithNext;
        }
        self.column(&set.text, column(look::BODY, text, 0.0));
    }

    /// What the numbers were computed from; each number leads here.
    pub(crate) fn sources(&mut self) {
        let section = self.tree.add(Tree::ROOT, Kind::Section);
        self.heading((2, "Sources"), section);
        let text = "Every number in this document leads here: to the session, the series, the \
                    window and the computation that it comes from.";
        let element = self.tree.add(section, Kind::Paragraph);
        let told = lines(self.fonts, &[Span::words(text, look::BODY)], look::WIDTH);
        self.column(
            &told,
            Column {
                x: look::LEFT,
                style: look::BODY,
                element,
                before: 6.0,
            },
        );
        // Not left alone by what it announces.
        if let Some(last) = self
            .slices
            .last_mut()
            .filter(|_| !self.document.sources.is_empty())
        {
            last.bond = Bond::WithNext;
        }
        let list = self.tree.add(section, Kind::Named);
        for (place, source) in self.document.sources.iter().enumerate() {
            self.source((place + 1, source), list);
        }
    }

    fn source(&mut self, (number, source): (usize, &Source), list: Element) {
        let item = self.tree.add(list, Kind::Item);
        let label = self.tree.add(item, Kind::Label);
        let element = self.tree.add(item, Kind::Body);
        let style = look::SOURCE;
        let name = style.in_face(Face::Mono).in_ink(Ink::Text);
        let told = format!(
            "  {}; {} to {}; session {}; id {}",
            source.computation, source.window.from, source.window.to, source.session, source.id
        );
        let spans = [Span::words(&source.series, name), Span::words(&told, style)];
        let text = lines(self.fonts, &spans, look::WIDTH - INDENT);
        let from = self.slices.len();
        self.column(
            &text,
            Column {
                x: look::LEFT + INDENT,
                style,
                element,
                before: if number == 1 { 9.0 } else { 3.5 },
            },
        );
        let number_style = style.in_ink(Ink::Text);
        let shown = lines(
            self.fonts,
            &[Span::words(&number.to_string(), number_style)],
            INDENT,
        );
        let mut pieces = Vec::new();
        if let Some(line) = shown.first() {
            let spot = Spot {
                x: look::LEFT + INDENT - 8.0 - line.width,
                y: 0.0,
                style,
                element: label,
            };
            self.line(&mut pieces, line, spot);
        }
        if let Some(first) = self.slices.get_mut(from) {
            first.pieces.splice(0..0, pieces);
            first.anchors.push(Anchor::Source(number));
        }
        // A source of a few lines is kept whole.
        if text.len() <= 4 {
            let last = self.slices.len().saturating_sub(1);
            self.slices[from..last]
                .iter_mut()
                .for_each(|it| it.bond = Bond::WithNext);
        }
    }
}
