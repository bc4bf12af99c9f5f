//! A curve over the load as a value: how throughput or response time go with it, by the
//! model, with the band that resampled recordings give.
//!
//! Start at [`Curve::new`].

use model::unit::Unit;
use plan::predict::{Curve as Predicted, Place};
use serde::Serialize;

use crate::chart::axis;
use crate::escape::html;
use crate::lane::write_all;

const WIDTH: f64 = 560.0;
const PLOT: f64 = 150.0;
const TOP: f64 = 22.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const FOOT: f64 = 34.0;

/// Width and height of the picture.
pub(crate) const SIZE: (f32, f32) = (WIDTH as f32, (TOP + PLOT + FOOT) as f32);

/// The color of the first series, as in charts.
const COLOR: &str = "#0072B2";

/// Which of the two curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Requests a second.
    Throughput,
    /// Mean response time.
    Response,
}

/// What a curve is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurveInput<'a> {
    /// By the model.
    pub curve: &'a Predicted,
    /// Which side of it.
    pub side: Side,
}

/// A curve, ready to be drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// Place among the figures of the document, from 1.
    pub number: usize,
    /// What it shows.
    pub title: String,
    /// What the load is counted in.
    pub load: Unit,
    /// Unit of the values.
    pub unit: Unit,
    /// Load, p10, point and p90 at each place.
    pub points: Vec<[f64; 4]>,
    /// The load at the end of the recording.
    pub now: f64,
    /// Loads that were recorded, least and most.
    pub recorded: (f64, f64),
}

impl Curve {
    /// One side of what the model says.
    pub(crate) fn new(number: usize, input: &CurveInput<'_>) -> Self {
        let curve = input.curve;
        let of = |place: &Place| match input.side {
            Side::Throughput => place.throughput,
            Side::Response => place.response_s,
        };
        let points = curve.places.iter().map(|it| {
            let [low, point, high] = of(it);
            [it.load, low, point, high]
        });
        let (load, whose) = match curve.users {
            true => ("{user}", "users"),
            false => ("{request}/s", "requests a second asked for"),
        };
        let (what, unit) = match input.side {
            Side::Throughput => ("Requests a second", "{request}/s"),
            Side::Response => ("Mean response time", "s"),
        };
        Self {
            number,
            title: format!("{what} by {whose}, by the model"),
            load: Unit::new(load),
            unit: Unit::new(unit),
            points: points.collect(),
            now: curve.load,
            recorded: curve.recorded,
        }
    }

    /// Draws the curve as an SVG element that also stands alone.
    pub fn svg(&self) -> String {
        let height = TOP + PLOT + FOOT;
        let id = self.number;
        let mut out = format!(
            "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
             font-family=\"sans-serif\" font-size=\"10.5\" role=\"img\" aria-labelledby=\"t{id} d{id}\">\
             <title id=\"t{id}\">{}</title><desc id=\"d{id}\">{}</desc>",
            html(&self.title),
            html(&self.described()),
        );
        let across = axis::scale(&self.load, 0.0, self.most(0), None);
        let upright = axis::scale(&self.unit, 0.0, self.most(3), None);
        let x = |load: f64| {
            LEFT + (load - across.low) / (across.high - across.low) * (WIDTH - LEFT - RIGHT)
        };
        let y = |value: f64| {
            let share = (value - upright.low) / (upright.high - upright.low);
            TOP + PLOT * (1.0 - share.clamp(0.0, 1.0))
        };
        self.frame(&mut out, (&across, &x), (&upright, &y));
        let points: Vec<_> = self
            .points
            .iter()
            .filter(|it| it.iter().all(|it| it.is_finite()))
            .collect();
        let mut band = String::new();
        for (place, it) in points.iter().enumerate() {
            let verb = if place == 0 { 'M' } else { 'L' };
            write_all(
                &mut band,
                format_args!("{verb}{:.1} {:.1}", x(it[0]), y(it[1])),
            );
        }
        for it in points.iter().rev() {
            write_all(&mut band, format_args!("L{:.1} {:.1}", x(it[0]), y(it[3])));
        }
        let mut line = String::new();
        for (place, it) in points.iter().enumerate() {
            let verb = if place == 0 { 'M' } else { 'L' };
            write_all(
                &mut line,
                format_args!("{verb}{:.1} {:.1}", x(it[0]), y(it[2])),
            );
        }
        if !points.is_empty() {
            write_all(
                &mut out,
                format_args!(
                    "<path class=\"f0\" d=\"{band}Z\" fill=\"{COLOR}\" fill-opacity=\"0.2\"/>\
                     <path class=\"s0\" d=\"{line}\" fill=\"none\" stroke=\"{COLOR}\" stroke-width=\"1.6\" stroke-linejoin=\"round\"/>"
                ),
            );
        }
        out.push_str("</svg>");
        out
    }

    fn most(&self, place: usize) -> f64 {
        let values = self.points.iter().map(|it| it[place]);
        values.filter(|it| it.is_finite()).fold(0.0, f64::max)
    }

    /// What it shows, for those who cannot see it.
    pub(crate) fn described(&self) -> String {
        let near = |a: &&[f64; 4], b: &&[f64; 4]| {
            let off = |it: &[f64; 4]| (it[0] - self.now).abs();
            off(a).total_cmp(&off(b))
        };
        let here = self.points.iter().min_by(near);
        let here = here.map_or(String::new(), |it| {
            format!(
                " At the recorded load of {}: {}, from {} to {}.",
                self.load.text(it[0]),
                self.unit.text(it[2]),
                self.unit.text(it[1]),
                self.unit.text(it[3])
            )
        });
        format!(
            "Recorded loads reach from {} to {}.{here}",
            self.load.text(self.recorded.0),
            self.load.text(self.recorded.1)
        )
    }

    /// Axes, the recorded stretch, and the load at its end.
    fn frame(
        &self,
        out: &mut String,
        (across, x): (&axis::Scale, &dyn Fn(f64) -> f64),
        (upright, y): (&axis::Scale, &dyn Fn(f64) -> f64),
    ) {
        let base = TOP + PLOT;
        let (from, to) = self.recorded;
        if from.is_finite() && to > from {
            let (from, to) = (x(from), x(to.min(across.high)));
            write_all(
                out,
                format_args!(
                    "<rect class=\"note\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{PLOT}\" fill=\"currentColor\" fill-opacity=\"0.06\"><title>recorded</title></rect>",
                    (to - from).max(1.0)
                ),
            );
        }
        for tick in &upright.ticks {
            let at = y(tick.value);
            write_all(
                out,
                format_args!(
                    "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"currentColor\" stroke-opacity=\"0.14\"/>\
                     <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{}</text>",
                    WIDTH - RIGHT,
                    LEFT - 6.0,
                    at + 3.5,
                    tick.label
                ),
            );
        }
        for tick in &across.ticks {
            let at = x(tick.value);
            write_all(
                out,
                format_args!(
                    "<text class=\"tick\" x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"{}\" fill=\"currentColor\">{}</text>",
                    base + 15.0,
                    axis::anchor(at, WIDTH),
                    tick.label
                ),
            );
        }
        let now = x(self.now.clamp(across.low, across.high));
        write_all(
            out,
            format_args!(
                "<path d=\"M{now:.1} {TOP}V{base:.1}\" stroke=\"currentColor\" stroke-opacity=\"0.5\" stroke-dasharray=\"3 3\"/>\
                 <text class=\"label\" x=\"{now:.1}\" y=\"{:.1}\" text-anchor=\"{}\" fill=\"currentColor\">recorded last</text>\
                 <text class=\"unit\" x=\"{:.1}\" y=\"10\" text-anchor=\"end\" fill=\"currentColor\">{}</text>\
                 <text class=\"unit\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{}</text>",
                TOP - 6.0,
                axis::anchor(now, WIDTH),
                LEFT - 6.0,
                html(&upright.suffix.chars().take(7).collect::<String>()),
                WIDTH - RIGHT,
                base + 29.0,
                html(if self.load.code() == "{user}" {
                    "users"
                } else {
                    "requests a second"
                })
            ),
        );
    }
}
