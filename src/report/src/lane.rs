//! The data-quality lane: marks on the time axis, one row a host.

use std::fmt::Write;

use analysis::quality::{Mark, Severity};
use model::time::{Moment, Span};
use serde::Serialize;

use crate::chart::axis;
use crate::document::window;
use crate::escape::html;

const WIDTH: f64 = 1120.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 10.0;
const ROW: f64 = 22.0;
const FOOT: f64 = 22.0;

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

    /// Draws the lane.
    pub fn svg(&self) -> String {
        let height = self.hosts.len() as f64 * ROW + FOOT;
        let id = self.number;
        let mut out = format!(
            "<svg class=\"lane\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-labelledby=\"t{id} d{id}\"><title id=\"t{id}\">Data quality over time</title>\
             <desc id=\"d{id}\">{} marks on {} hosts.</desc>",
            self.marks.len(),
            self.hosts.len()
        );
        let base = height - FOOT;
        for tick in axis::time_ticks(self.window, 10) {
            let x = self.x(tick.at);
            write_all(
                &mut out,
                format_args!(
                    "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{base}\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{}</text>",
                    base + 15.0,
                    axis::anchor(x, WIDTH),
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
                    "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <rect class=\"track\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"/>",
                    LEFT - 8.0,
                    y + 15.0,
                    html(&name),
                    y + 4.0,
                    WIDTH - LEFT - RIGHT,
                    ROW - 8.0
                ),
            );
        }
        for mark in &self.marks {
            self.mark(&mut out, mark);
        }
        out.push_str("</svg>");
        out
    }

    fn mark(&self, out: &mut String, mark: &LaneMark) {
        let (from, to) = (self.x(mark.span.from), self.x(mark.span.to));
        let top = mark.row as f64 * ROW;
        // Height tells the severity as well as color does.
        let inset = match mark.severity {
            it if it == Severity::Severe.name() => 1.0,
            it if it == Severity::Warning.name() => 4.0,
            _ => 7.5,
        };
        write_all(
            out,
            format_args!(
                "<rect class=\"{}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
                mark.severity,
                top + inset,
                (to - from).max(2.0),
                ROW - 2.0 * inset,
                html(&mark.text)
            ),
        );
    }

    fn x(&self, moment: Moment) -> f64 {
        LEFT + axis::place(self.window, moment) * (WIDTH - LEFT - RIGHT)
    }
}

/// Writing into a string cannot fail; a failure would leave the text short, so it is ended there.
pub(crate) fn write_all(out: &mut String, text: std::fmt::Arguments<'_>) {
    if out.write_fmt(text).is_err() {
        out.push('…');
    }
}
