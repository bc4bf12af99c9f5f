//! What lies over and under the data: quality, selection, notes, events, cursors.

use std::sync::Arc;

use eframe::egui::epaint::{Mesh, Stroke};
use eframe::egui::{Align2, Color32, Context, FontId, Pos2, Rect, Shape, pos2, vec2};
use model::annotation::Annotation;
use model::event::Event;
use model::time::{Moment, Span};

use super::canvas::Canvas;
use crate::theme::Theme;

/// A stretch whose data cannot be trusted fully, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where on the axis.
    pub span: Span,
    /// What was wrong, in a few words.
    pub text: String,
}

/// Height of the strip and the flags at the head of a plot, in points.
const STRIP: f32 = 5.0;

/// Marks closer together than this share one flag.
const FLAG_POINTS: f32 = 4.0;

/// At most so many flags, flaws or notes are drawn in one panel.
const MOST: usize = 400;

/// A place that explains itself when pointed at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spot {
    pub(crate) rect: Rect,
    pub(crate) text: String,
    pub(crate) annotation: Option<u32>,
}

/// Collects shapes and the places that can be pointed at.
pub(crate) struct Layer<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) canvas: &'a Canvas,
    pub(crate) theme: &'a Theme,
    pub(crate) shapes: &'a mut Vec<Shape>,
    pub(crate) spots: &'a mut Vec<Spot>,
}

impl Layer<'_> {
    /// Shades stretches of doubtful data.
    pub(crate) fn flaws(&mut self, flaws: &[Flaw]) {
        for flaw in self.visible(flaws, |flaw| flaw.span) {
            let band = self.band(flaw.span, 2.0);
            self.fill(band, self.theme.quality_fill);
            let strip = Rect::from_min_size(band.min, vec2(band.width(), STRIP));
            self.fill(strip, self.theme.quality_edge);
            self.spot(strip, flaw.text.clone());
        }
    }

    /// Shades the selected range.
    pub(crate) fn selection(&mut self, span: Span) {
        let band = self.band(span, 1.0);
        self.fill(band, self.theme.selection_fill);
        for at in [span.from, span.to] {
            self.line(at, Stroke::new(1.0, self.theme.selection_edge));
        }
    }

    /// Draws notes: a flag at a point, a tinted range with a strip.
    pub(crate) fn annotations(&mut self, annotations: &[Annotation]) {
        for note in self.visible(annotations, |note| note.span) {
            let color = self.theme.series_color(usize::from(note.color));
            let band = self.band(note.span, 2.0);
            if note.span.is_empty() {
                self.line(note.span.from, Stroke::new(1.5, color));
            } else {
                self.fill(band, color.gamma_multiply(0.12));
            }
            let strip = Rect::from_min_size(
                pos2(band.left(), self.canvas.rect.bottom() - STRIP),
                vec2(band.width().max(STRIP), STRIP),
            );
            self.fill(strip, color);
            let foot = strip.left_top() - vec2(0.0, 2.0);
            self.text(foot, Align2::LEFT_BOTTOM, &note.text, color);
            self.spots.push(Spot {
                rect: strip.expand(3.0),
                text: note.text.clone(),
                annotation: Some(note.id),
            });
        }
    }

    /// Draws a thin line and a flag for each event; close ones share a flag.
    ///
    /// Events are sorted by time.
    pub(crate) fn events(&mut self, events: &[Event]) {
        let view = self.canvas.view;
        let from = events.partition_point(|event| event.at < view.from);
        let to = events.partition_point(|event| event.at < view.to);
        let mut left = &events[from..to.max(from)];
        for _ in 0..MOST {
            let Some(first) = left.first() else {
                return;
            };
            let x = self.canvas.x(first.at);
            let end = self.canvas.moment(x + FLAG_POINTS);
            let count = left.partition_point(|event| event.at < end).max(1);
            let color = self.theme.event;
            self.line(first.at, Stroke::new(1.0, color.gamma_multiply(0.6)));
            let head = pos2(x, self.canvas.rect.top());
            self.triangle([head, head + vec2(7.0, 0.0), head + vec2(0.0, 7.0)], color);
            let text = match count {
                1 => first.line(),
                _ => format!("{} (and {} more)", first.line(), count - 1),
            };
            self.spot(Rect::from_min_size(head, vec2(7.0, 9.0)), text);
            left = &left[count..];
        }
    }

    /// Draws one of the measuring cursors with its letter.
    pub(crate) fn measure(&mut self, at: Moment, letter: &str) {
        if !self.canvas.view.contains(at) {
            return;
        }
        let color = self.theme.measure;
        self.line(at, Stroke::new(1.5, color));
        let head = pos2(self.canvas.x(at) + 3.0, self.canvas.rect.top() + 1.0);
        self.text(head, Align2::LEFT_TOP, letter, color);
    }

    /// Draws the shared cursor.
    pub(crate) fn cursor(&mut self, at: Moment) {
        if self.canvas.view.contains(at) {
            self.line(at, Stroke::new(1.0, self.theme.cursor));
        }
    }

    fn visible<'b, T>(&self, all: &'b [T], span_of: impl Fn(&T) -> Span) -> Vec<&'b T> {
        let view = self.canvas.view;
        all.iter()
            .filter(|item| {
                let span = span_of(item);
                span.from < view.to && span.to >= view.from
            })
            .take(MOST)
            .collect()
    }

    fn band(&self, span: Span, least: f32) -> Rect {
        let rect = self.canvas.rect;
        let left = self.canvas.x(span.from).max(rect.left());
        let right = self.canvas.x(span.to).min(rect.right());
        Rect::from_min_max(
            pos2(left, rect.top()),
            pos2(right.max(left + least), rect.bottom()),
        )
    }

    fn fill(&mut self, rect: Rect, color: Color32) {
        self.shapes.push(Shape::rect_filled(rect, 0.0, color));
    }

    fn line(&mut self, at: Moment, stroke: Stroke) {
        // On whole pixels, so that the line is as sharp in every panel.
        let pixel = self.canvas.pixel.max(1e-3);
        let x = ((self.canvas.x(at) / pixel).floor() + 0.5) * pixel;
        let rect = self.canvas.rect;
        let ends = [pos2(x, rect.top()), pos2(x, rect.bottom())];
        self.shapes.push(Shape::line_segment(ends, stroke));
    }

    fn triangle(&mut self, corners: [Pos2; 3], color: Color32) {
        let mut mesh = Mesh::default();
        for corner in corners {
            mesh.colored_vertex(corner, color);
        }
        mesh.add_triangle(0, 1, 2);
        self.shapes.push(Shape::Mesh(Arc::new(mesh)));
    }

    fn text(&mut self, at: Pos2, anchor: Align2, text: &str, color: Color32) {
        let font = FontId::proportional(11.0);
        let shape = self
            .ctx
            .fonts_mut(|fonts| Shape::text(fonts, at, anchor, text, font, color));
        self.shapes.push(shape);
    }

    fn spot(&mut self, rect: Rect, text: String) {
        self.spots.push(Spot {
            rect: rect.expand(3.0),
            text,
            annotation: None,
        });
    }
}
