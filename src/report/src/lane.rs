//! The data-quality lane: marks on the time axis, one row a host.

use std::fmt::Write;

use analysis::quality::{Mark, Severity};
use model::time::{Moment, Span};
use serde::Serialize;

use crate::chart::axis;
use crate::document::window;
use crate::escape::html;

/// Width on screens, in units of the picture; text is 10.5 units high.
const SCREEN: f64 = 1120.0;
/// Width on paper.
pub(crate) const PAPER: f64 = 680.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 10.0;
const ROW: f64 = 22.0;
const FOOT: f64 = 22.0;

/// Colors of the severities; each stands out from a light and from a dark ground.
const SEVERE: &str = "#C8372D";
const WARNING: &str = "#B35900";
const NOTE: &str = "#6B7682";
/// All of them.
#[cfg(test)]
pub(crate) const COLORS: [&str; 3] = [SEVERE, WARNING, NOTE];

/// At most so many marks are drawn; the table lists what they are.
const MOST_DRAWN: usize = 2_000;

/// So much of a host's name fits beside its row.
const MOST_NAME: usize = 16;

/// Marks on the time axis.
#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    /// Place among the figures of the document, from 1.
    pub number: usize,
    /// The axis.
    #[serde(serialize_with = "window")]
    pub window: Span,
    /// One row each.
    pub hosts: Vec<String>,
    /// What stands on the rows.
    pub marks: Vec<LaneMark>,
}

/// A mark on the lane.
#[derive(Clone, Debug, Serialize)]
pub struct LaneMark {
    /// Which row.
    pub row: usize,
    /// Where.
    #[serde(serialize_with = "window")]
    pub span: Span,
    /// How much it matters.
    pub severity: &'static str,
    /// What it says.
    pub text: String,
}

impl Lane {
    /// The lane of these hosts.
    pub fn new(number: usize, span: Span, hosts: Vec<String>, marks: &[Mark]) -> Self {
        let placed = marks.iter().filter_map(|mark| {
            Some(LaneMark {
                row: hosts.iter().position(|host| *host == mark.host)?,
                span: mark.span,
                severity: mark.severity.name(),
                text: format!("{}: {}", mark.kind.name(), mark.text),
            })
        });
        let marks = placed.take(MOST_DRAWN).collect();
        Self {
            number,
            window: span,
            hosts,
            marks,
        }
    }

    /// Draws the lane as an SVG element that also stands alone.
    pub fn svg(&self) -> String {
        self.svg_on(SCREEN)
    }

    /// Width and height of the picture of this width, in its own units.
    pub(crate) fn size_on(&self, width: f64) -> (f32, f32) {
        let height = self.hosts.len() as f64 * ROW + FOOT;
        (width as f32, height as f32)
    }

    /// What the lane shows, for those who cannot see it.
    pub(crate) fn described(&self) -> String {
        format!("{} marks on {} hosts.", self.marks.len(), self.hosts.len())
    }

    /// Draws the lane in this width.
    pub(crate) fn svg_on(&self, width: f64) -> String {
        let (_, height) = self.size_on(width);
        let id = self.number;
        let mut out = format!(
            "<svg class=\"lane\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"sans-serif\" font-size=\"10.5\" role=\"img\" \
             aria-labelledby=\"t{id} d{id}\"><title id=\"t{id}\">Data quality over time</title>\
             <desc id=\"d{id}\">{}</desc>",
            self.described()
        );
        let height = f64::from(height);
        let base = height - FOOT;
        for tick in axis::time_ticks(self.window, 10) {
            let x = self.x(tick.at, width);
            write_all(
                &mut out,
                format_args!(
                    "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{base}\" stroke=\"currentColor\" stroke-opacity=\"0.14\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{}\" fill=\"currentColor\">{}</text>",
                    base + 15.0,
                    axis::anchor(x, width),
                    tick.label
                ),
            );
        }
        for (row, host) in self.hosts.iter().enumerate() {
            let y = row as f64 * ROW;
            let name: String = host.chars().take(MOST_NAME).collect();
            write_all(
                &mut out,
                format_args!(
                    "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{}</text>\
                 <rect class=\"track\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\" fill=\"currentColor\" fill-opacity=\"0.05\" stroke=\"currentColor\" stroke-opacity=\"0.14\" stroke-width=\"0.5\"/>",
                    LEFT - 8.0,
                    y + 15.0,
                    html(&name),
                    y + 4.0,
                    width - LEFT - RIGHT,
                    ROW - 8.0
                ),
            );
        }
        for mark in &self.marks {
            self.mark(&mut out, mark, width);
        }
        out.push_str("</svg>");
        out
    }

    fn mark(&self, out: &mut String, mark: &LaneMark, width: f64) {
        let (from, to) = (self.x(mark.span.from, width), self.x(mark.span.to, width));
        let top = mark.row as f64 * ROW;
        // Height tells the severity as well as color does.
        let (inset, color) = match mark.severity {
            it if it == Severity::Severe.name() => (1.0, SEVERE),
            it if it == Severity::Warning.name() => (4.0, WARNING),
            _ => (7.5, NOTE),
        };
        write_all(
            out,
            format_args!(
                "<rect class=\"{}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{color}\"><title>{}</title></rect>",
                mark.severity,
                top + inset,
                (to - from).max(2.0),
                ROW - 2.0 * inset,
                html(&mark.text)
            ),
        );
    }

    fn x(&self, moment: Moment, width: f64) -> f64 {
        LEFT + axis::place(self.window, moment) * (width - LEFT - RIGHT)
    }
}

/// Writing into a string cannot fail; a failure would leave the text short, so it is ended there.
pub(crate) fn write_all(out: &mut String, text: std::fmt::Arguments<'_>) {
    if out.write_fmt(text).is_err() {
        out.push('…');
    }
}
