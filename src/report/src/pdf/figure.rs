//! Charts, two beside each other, and the lane, with their titles and numbers.

use super::flow::{Anchor, Piece, Slice, What};
use super::layout::{Composer, Spot};
use super::look::{self, HEIGHT, Ink};
use super::tags::{Element, Kind};
use super::text::{Line, Span, cut, lines};
use crate::chart::{Canvas, Chart};
use crate::curve::{self, Curve};
use crate::escape::clean;
use crate::lane::{self, Lane};
use crate::sources::SourceId;

/// Between two charts.
const GUTTER: f32 = 21.0;
/// Between a title and its picture.
const UNDER_TITLE: f32 = 4.0;

/// A title is cut to about so many lines, so that its picture has room.
const MOST_TITLE: f32 = 4.0;

/// A picture with its title, before it has a place.
struct Figure {
    number: usize,
    title: String,
    /// For those who cannot see it.
    told: String,
    svg: String,
    /// Width and height of the picture in its own units.
    size: (f32, f32),
    /// What its lines were computed from.
    sources: Vec<SourceId>,
}

impl Composer<'_> {
    /// Two charts a row; one alone is as wide as the page.
    pub(crate) fn charts(&mut self, charts: &[Chart], parent: Element) {
        let (canvas, columns) = match charts {
            [_] => (Canvas::PAGE, 1),
            _ => (Canvas::HALF, 2),
        };
        let columns_f = columns as f32;
        let width = (look::WIDTH - (columns_f - 1.0) * GUTTER) / columns_f;
        for row in charts.chunks(columns) {
            let figures = row.iter().map(|chart| Figure {
                number: chart.number,
                title: clean(&chart.title),
                told: format!("{}. {}", clean(&chart.title), clean(&chart.described())),
                svg: chart.svg_on(canvas),
                size: chart.size_on(canvas),
                sources: sources(chart),
            });
            let figures: Vec<Figure> = figures.collect();
            self.row(&figures, width, parent);
        }
    }

    /// The lane, as wide as the page.
    pub(crate) fn lane(&mut self, lane: &Lane, parent: Element) {
        let figure = Figure {
            number: lane.number,
            title: "Marks on the recording over time, in UTC; the taller, the more severe"
                .to_owned(),
            told: format!("Data quality over time. {}", lane.described()),
            svg: lane.svg_on(lane::PAPER),
            size: lane.size_on(lane::PAPER),
            sources: Vec::new(),
        };
        self.row(&[figure], look::WIDTH, parent);
    }

    /// A curve over the load, its letters as large as those of other figures.
    pub(crate) fn curve(&mut self, curve: &Curve, parent: Element) {
        let figure = Figure {
            number: curve.number,
            title: clean(&curve.title),
            told: format!("{}. {}", clean(&curve.title), clean(&curve.described())),
            svg: curve.svg(),
            size: curve::SIZE,
            sources: Vec::new(),
        };
        let (whole, _) = Canvas::PAGE.size();
        self.row(&[figure], look::WIDTH * curve::SIZE.0 / whole, parent);
    }

    /// Figures beside each other, their pictures at one height.
    fn row(&mut self, figures: &[Figure], room: f32, parent: Element) {
        let titles: Vec<(Vec<Line>, Line)> =
            figures.iter().map(|it| self.titles(it, room)).collect();
        let rows = titles.iter().map(|(title, _)| title.len()).max();
        let under = rows.unwrap_or(1) as f32 * look::FIGURE.leading() + UNDER_TITLE;
        let mut slice = Slice {
            before: 13.0,
            height: under,
            ..Slice::default()
        };
        for (place, (figure, titles)) in figures.iter().zip(&titles).enumerate() {
            let x = look::LEFT + place as f32 * (room + GUTTER);
            let element = self.tree.add(parent, Kind::Figure(figure.told.clone()));
            let caption = self.tree.add(parent, Kind::Caption);
            self.caption(&mut slice.pieces, titles, (x, room, caption));
            let named = self.sources_of(figure, room);
            let foot = named.len() as f32 * look::SOURCE.leading();
            // What is higher than a page is made smaller.
            let most = HEIGHT - under - foot;
            let scale = (room / figure.size.0).min(most / figure.size.1);
            let size = (figure.size.0 * scale, figure.size.1 * scale);
            let picture = self.picture(figure, size, element);
            slice.pieces.push(Piece {
                x,
                y: under,
                ..picture
            });
            for (place, line) in named.iter().enumerate() {
                let spot = Spot {
                    x,
                    y: under + size.1 + place as f32 * look::SOURCE.leading(),
                    style: look::SOURCE,
                    element: caption,
                };
                self.line(&mut slice.pieces, line, spot);
            }
            slice.height = slice.height.max(under + size.1 + foot);
        }
        self.slices.push(slice);
    }

    fn picture(&mut self, figure: &Figure, size: (f32, f32), element: Element) -> Piece {
        let picture = self.pictures.len();
        self.pictures.push(figure.svg.clone());
        let (width, height) = size;
        Piece {
            x: 0.0,
            y: 0.0,
            what: What::Picture {
                picture,
                width,
                height,
            },
            leaf: Some(self.tree.leaf(element)),
        }
    }

    /// Where the lines of a chart come from, by number.
    fn sources_of(&self, figure: &Figure, width: f32) -> Vec<Line> {
        let style = look::SOURCE;
        let known = 1..=self.document.sources.len();
        let mut spans = Vec::new();
        for source in figure.sources.iter().filter(|it| known.contains(&it.0)) {
            let before = match (spans.is_empty(), figure.sources.len()) {
                (true, 1) => "Source ",
                (true, _) => "Sources ",
                (false, _) => ", ",
            };
            spans.push(Span::words(before, style));
            let number = source.0.to_string();
            spans.push(Span::number(&number, style, Anchor::Source(source.0)));
        }
        if spans.is_empty() {
            return Vec::new();
        }
        lines(self.fonts, &spans, width)
    }

    /// The title, and the number of the figure that stands at its right.
    fn titles(&self, figure: &Figure, width: f32) -> (Vec<Line>, Line) {
        let number = format!("Figure {}", figure.number);
        let number = Span::words(&number, look::SMALL.in_ink(Ink::Soft));
        let number = lines(self.fonts, &[number], width).remove(0);
        let room = width - number.width - 8.0;
        let title = cut(self.fonts, &figure.title, (look::FIGURE, MOST_TITLE * room));
        let title = lines(self.fonts, &[Span::words(&title, look::FIGURE)], room);
        (title, number)
    }

    fn caption(
        &mut self,
        pieces: &mut Vec<Piece>,
        (title, number): &(Vec<Line>, Line),
        (x, width, element): (f32, f32, Element),
    ) {
        let style = look::FIGURE;
        for (place, line) in title.iter().enumerate() {
            let y = place as f32 * style.leading();
            let spot = Spot {
                x,
                y,
                style,
                element,
            };
            self.line(pieces, line, spot);
        }
        let spot = Spot {
            x: x + width - number.width,
            y: 0.0,
            style,
            element,
        };
        self.line(pieces, number, spot);
    }
}

/// The sources of the lines of a chart, each once.
fn sources(chart: &Chart) -> Vec<SourceId> {
    let mut sources: Vec<SourceId> = chart.lines.iter().map(|it| it.mean.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}
