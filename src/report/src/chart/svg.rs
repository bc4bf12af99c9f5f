//! Draws a chart as SVG: axes with units, legend, lines or areas, marks.
//!
//! Colors are attributes, so that the picture stands alone; a style sheet may
//! change them by class. There is no style attribute and no script.

use model::time::{Span, Zone};

use super::axis::{self, Scale};
use super::{Chart, Line, LinePoint, MarkKind, Style};
use crate::escape::html;
use crate::lane::write_all;

const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const FOOT: f64 = 34.0;
const LEGEND_ROW: f64 = 15.0;

/// Width of an average letter of the legend, which is set in 10.5 units.
const LETTER: f64 = 6.4;

/// So much of a label fits into the legend.
const MOST_LABEL: usize = 34;

/// Marks closer than this are one mark.
const NEAR: f64 = 3.0;

/// Colors that people with any color vision tell apart, and a dash for each so that
/// color is not needed.
///
/// Each stands out by 3 to 1 from white as well as from the dark ground of the style
/// sheet, so that one picture serves both.
///
/// # Source
///
/// M. Okabe, K. Ito, "Color universal design", 2008, its lighter colors darkened; in an
/// order that begins with the strongest contrasts on white. The ratio: success
/// criterion 1.4.11 of the Web Content Accessibility Guidelines 2.2.
pub(super) const LOOKS: [(&str, &str); 8] = [
    ("#0072B2", ""),
    ("#C95700", "6 2"),
    ("#00875F", "2 2"),
    ("#B8618F", "8 2 2 2"),
    ("#A87400", "4 4"),
    ("#2F8FC6", "1 3"),
    ("#6E6E6E", "10 3"),
    ("#8A7E00", "6 2 2 2 2 2"),
];

/// How much of an area's color is seen; the lines behind it shine through.
pub(super) const AREA_OPACITY: f64 = 0.92;

/// How much room a chart is drawn in, in units of the picture; text is 10.5 units high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Canvas {
    width: f64,
    plot: f64,
    /// So many times are written below, at most about.
    times: i64,
}

impl Canvas {
    /// For screens.
    pub(crate) const SCREEN: Self = Self {
        width: 560.0,
        plot: 150.0,
        times: 6,
    };
    /// As wide as a page.
    pub(crate) const PAGE: Self = Self {
        width: 680.0,
        plot: 165.0,
        times: 8,
    };
    /// Half as wide as a page.
    pub(crate) const HALF: Self = Self {
        width: 330.0,
        plot: 118.0,
        times: 4,
    };
}

impl Canvas {
    /// Width, and height without the legend.
    pub(crate) fn size(self) -> (f32, f32) {
        (self.width as f32, (self.plot + FOOT) as f32)
    }
}

/// The geometry of one chart.
struct Plot<'a> {
    chart: &'a Chart,
    scale: Scale,
    canvas: Canvas,
    top: f64,
}

/// A label of the legend and where it stands.
struct Entry {
    text: String,
    x: f64,
    row: f64,
}

/// Width and height of the picture.
pub(super) fn size(chart: &Chart, canvas: Canvas) -> (f64, f64) {
    let (_, rows) = legend(chart, canvas);
    (canvas.width, (top(rows) + canvas.plot + FOOT).round())
}

fn top(rows: f64) -> f64 {
    rows * LEGEND_ROW + 7.0
}

pub(super) fn draw(chart: &Chart, canvas: Canvas) -> String {
    let (legend, rows) = legend(chart, canvas);
    let extent = chart.extent();
    let plot = Plot {
        scale: axis::scale(&chart.unit, extent.min, extent.max, chart.ceiling),
        top: top(rows),
        canvas,
        chart,
    };
    let (width, height) = size(chart, canvas);
    let id = chart.number;
    let mut out = format!(
        "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height:.0}\" \
         font-family=\"sans-serif\" font-size=\"10.5\" role=\"img\" aria-labelledby=\"t{id} d{id}\">\
         <title id=\"t{id}\">{}</title><desc id=\"d{id}\">{}</desc>",
        html(&chart.title),
        html(&described(chart)),
    );
    plot.value_axis(&mut out);
    plot.time_axis(&mut out);
    plot.mark_spans(&mut out);
    match chart.style {
        Style::Lines => {
            plot.band(&mut out);
            plot.lines(&mut out);
        }
        Style::Stacked => plot.areas(&mut out),
    }
    plot.mark_moments(&mut out);
    for (place, entry) in legend.iter().enumerate() {
        legend_entry(&mut out, chart.style, place, entry);
    }
    out.push_str("</svg>");
    out
}

/// What the chart shows, for those who cannot see it.
pub(super) fn described(chart: &Chart) -> String {
    let told = chart.lines.iter().map(|line| {
        format!(
            "{}: mean {}, at most {}",
            line.label, line.mean.text, line.max.text
        )
    });
    format!(
        "From {} to {}. {}.",
        chart.window.from,
        chart.window.to,
        told.collect::<Vec<_>>().join("; ")
    )
}

/// Places the legend in rows above the plot.
fn legend(chart: &Chart, canvas: Canvas) -> (Vec<Entry>, f64) {
    let (mut x, mut row) = (LEFT, 0.0);
    let mut entries = Vec::with_capacity(chart.lines.len());
    for line in &chart.lines {
        let mut text: String = line.label.chars().take(MOST_LABEL).collect();
        if text.len() < line.label.len() {
            text.push('…');
        }
        let width = 24.0 + text.chars().count() as f64 * LETTER + 10.0;
        if x > LEFT && x + width > canvas.width {
            x = LEFT;
            row += 1.0;
        }
        entries.push(Entry { text, x, row });
        x += width;
    }
    (entries, row + 1.0)
}

fn legend_entry(out: &mut String, style: Style, place: usize, entry: &Entry) {
    let (color, dash) = LOOKS[place % LOOKS.len()];
    let class = place % LOOKS.len();
    let y = entry.row * LEGEND_ROW + 10.0;
    match style {
        Style::Lines => write_all(
            out,
            format_args!(
                "<path class=\"s{class}\" d=\"M{:.1} {:.1}h18\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
                entry.x,
                y - 3.5
            ),
        ),
        Style::Stacked => write_all(
            out,
            format_args!(
                "<rect class=\"f{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"12\" height=\"9\" rx=\"1.5\" fill=\"{color}\"/>",
                entry.x + 6.0,
                y - 8.0
            ),
        ),
    }
    write_all(
        out,
        format_args!(
            "<text class=\"label\" x=\"{:.1}\" y=\"{y:.1}\" fill=\"currentColor\">{}</text>",
            entry.x + 23.0,
            html(&entry.text)
        ),
    );
}

impl Plot<'_> {
    fn x(&self, point: &LinePoint) -> f64 {
        LEFT + axis::place(self.chart.window, point.at) * (self.canvas.width - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.scale.low) / (self.scale.high - self.scale.low);
        self.top + self.canvas.plot * (1.0 - share.clamp(0.0, 1.0))
    }

    fn value_axis(&self, out: &mut String) {
        for tick in &self.scale.ticks {
            let y = self.y(tick.value);
            write_all(
                out,
                format_args!(
                    "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"currentColor\" stroke-opacity=\"0.14\"/>\
                 <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{}</text>",
                    self.canvas.width - RIGHT,
                    LEFT - 6.0,
                    y + 3.5,
                    tick.label
                ),
            );
        }
        write_all(
            out,
            format_args!(
                "<text class=\"unit\" x=\"{:.1}\" y=\"10\" text-anchor=\"end\" fill=\"currentColor\">{}</text>",
                LEFT - 6.0,
                html(short(&self.scale.suffix))
            ),
        );
    }

    fn time_axis(&self, out: &mut String) {
        let window = self.chart.window;
        let base = self.top + self.canvas.plot;
        for tick in axis::time_ticks(window, self.canvas.times) {
            let x = LEFT + axis::place(window, tick.at) * (self.canvas.width - LEFT - RIGHT);
            write_all(
                out,
                format_args!(
                    "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{base:.1}\" y2=\"{:.1}\" stroke=\"currentColor\" stroke-opacity=\"0.4\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{}\" fill=\"currentColor\">{}</text>",
                    base + 4.0,
                    base + 15.0,
                    axis::anchor(x, self.canvas.width),
                    tick.label
                ),
            );
        }
        write_all(
            out,
            format_args!(
                "<text class=\"unit\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{}</text>",
                self.canvas.width - RIGHT,
                base + 29.0,
                days(window)
            ),
        );
    }

    /// Where values are believed to lie, behind the lines, in the color of the last.
    fn band(&self, out: &mut String) {
        let points = &self.chart.band;
        let place = self.chart.lines.len().saturating_sub(1) % LOOKS.len();
        if points.len() < 2 {
            return;
        }
        let low: Vec<f64> = points.iter().map(|it| it.min).collect();
        let high: Vec<f64> = points.iter().map(|it| it.max).collect();
        write_all(
            out,
            format_args!(
                "<path class=\"f{place}\" d=\"{}\" fill=\"{}\" fill-opacity=\"0.2\"/>",
                self.area(points, &low, &high),
                LOOKS[place].0
            ),
        );
    }

    fn lines(&self, out: &mut String) {
        for (place, line) in self.chart.lines.iter().enumerate() {
            let (color, dash) = LOOKS[place % LOOKS.len()];
            // Dashes over a jagged line would look like noise.
            let jagged = line.points.iter().filter(|it| it.max > it.min).count();
            let dash = if 4 * jagged > line.points.len() {
                ""
            } else {
                dash
            };
            write_all(
                out,
                format_args!(
                    "<path class=\"s{}\" d=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.4\" \
                 stroke-dasharray=\"{dash}\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
                    place % LOOKS.len(),
                    self.path(line)
                ),
            );
        }
    }

    /// A line through the points; where a point is a range, down or up its whole height.
    fn path(&self, line: &Line) -> String {
        let mut path = String::with_capacity(line.points.len() * 12);
        let mut last = f64::NAN;
        for point in &line.points {
            let (low, high) = (self.y(point.min), self.y(point.max));
            // The nearer end first, so that the line does not cross itself.
            let (near, far) = if (last - high).abs() < (last - low).abs() {
                (high, low)
            } else {
                (low, high)
            };
            let verb = if point.joined { 'L' } else { 'M' };
            write_all(
                &mut path,
                format_args!("{verb}{:.1} {near:.1}", self.x(point)),
            );
            if !point.joined || (far - near).abs() >= 0.1 {
                // Drawn even without height: a point alone must be visible.
                write_all(&mut path, format_args!("V{far:.1}"));
            }
            last = far;
        }
        path
    }

    fn areas(&self, out: &mut String) {
        let rows = self.chart.lines.first().map_or(0, |line| line.points.len());
        let mut floor = vec![0.0; rows];
        for (place, line) in self.chart.lines.iter().enumerate() {
            let top: Vec<f64> = floor
                .iter()
                .zip(&line.points)
                .map(|(floor, point)| floor + if point.max.is_nan() { 0.0 } else { point.max })
                .collect();
            let (color, _) = LOOKS[place % LOOKS.len()];
            write_all(
                out,
                format_args!(
                    "<path class=\"f{}\" d=\"{}\" fill=\"{color}\" fill-opacity=\"{AREA_OPACITY}\"/>",
                    place % LOOKS.len(),
                    self.area(&line.points, &floor, &top)
                ),
            );
            floor = top;
        }
    }

    /// The outline between two heights, one closed shape for each stretch without a gap.
    fn area(&self, points: &[LinePoint], floor: &[f64], top: &[f64]) -> String {
        let mut path = String::new();
        let mut from = 0;
        while from < points.len() {
            let joined = points[from + 1..].iter().take_while(|it| it.joined).count();
            let rows = from..from + 1 + joined;
            for row in rows.clone() {
                let verb = if row == from { 'M' } else { 'L' };
                let x = self.x(&points[row]);
                write_all(
                    &mut path,
                    format_args!("{verb}{x:.1} {:.1}", self.y(top[row])),
                );
            }
            for row in rows.clone().rev() {
                let x = self.x(&points[row]);
                write_all(&mut path, format_args!("L{x:.1} {:.1}", self.y(floor[row])));
            }
            path.push('Z');
            from = rows.end;
        }
        path
    }

    /// Stretches with a note or an event, behind the data.
    fn mark_spans(&self, out: &mut String) {
        for mark in self.chart.marks.iter().filter(|it| !it.span.is_empty()) {
            let shown = mark.span.intersect(self.chart.window);
            if shown.is_empty() {
                continue;
            }
            let at = |moment| {
                LEFT + axis::place(self.chart.window, moment) * (self.canvas.width - LEFT - RIGHT)
            };
            let (from, to) = (at(shown.from), at(shown.to));
            write_all(
                out,
                format_args!(
                    "<rect class=\"{}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{}\" fill=\"currentColor\" fill-opacity=\"0.08\"><title>{}</title></rect>",
                    mark.kind.class(),
                    self.top,
                    (to - from).max(1.0),
                    self.canvas.plot,
                    html(&mark.text)
                ),
            );
        }
    }

    /// Moments with an event or a note, in front of the data; near ones are told together.
    fn mark_moments(&self, out: &mut String) {
        let mut marks: Vec<_> = self
            .chart
            .marks
            .iter()
            .filter(|it| it.span.is_empty() && self.chart.window.contains(it.span.from))
            .collect();
        marks.sort_by_key(|it| it.span.from);
        let mut rest = marks.as_slice();
        while let Some(first) = rest.first() {
            let at = |it: &super::ChartMark| {
                LEFT + axis::place(self.chart.window, it.span.from)
                    * (self.canvas.width - LEFT - RIGHT)
            };
            let x = at(first);
            let near = rest.iter().take_while(|it| at(it) - x <= NEAR).count();
            let (together, others) = rest.split_at(near);
            rest = others;
            let text: Vec<_> = together.iter().map(|it| it.text.as_str()).collect();
            write_all(
                out,
                format_args!(
                    "<g class=\"{}\"><title>{}</title>\
                 <path d=\"M{x:.1} {:.1}V{:.1}\" stroke=\"currentColor\" stroke-opacity=\"0.45\" stroke-dasharray=\"1 2\"/>\
                 <path d=\"M{:.1} {:.1}h7l-3.5 5z\" fill=\"currentColor\" fill-opacity=\"0.7\"/></g>",
                    first.kind.class(),
                    html(&text.join(" · ")),
                    self.top,
                    self.top + self.canvas.plot,
                    x - 3.5,
                    self.top - 4.0
                ),
            );
        }
    }
}

impl MarkKind {
    fn class(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Note => "note",
            Self::Finding => "finding",
        }
    }
}

/// Units that are words stand in the title already; beside the axis there is no room.
fn short(suffix: &str) -> &str {
    if suffix.chars().count() > 7 {
        ""
    } else {
        suffix
    }
}

/// The day of the window, or both where it ends on another.
fn days(window: Span) -> String {
    let day = |moment: model::time::Moment| moment.strftime("%Y-%m-%d", Zone::Utc);
    let (from, to) = (day(window.from), day(window.to));
    if from == to {
        format!("{from} UTC")
    } else {
        format!("{from} to {to} UTC")
    }
}
