//! A chart as a value: what is visible of a few series in one picture.
//!
//! Extremes are kept per picture column, so that a spike of one sample has its
//! full height however long the recording is; gaps stay gaps.
//!
//! Start at [`Chart::new`] and [`Chart::svg`].

use std::sync::Arc;

use analysis::envelope::{Envelope, Grid, Joint, envelope};
use analysis::summary;
use analysis::track::Track;
use model::columns::Column;
use model::pyramid::Extent;
use model::time::{Moment, Span};
use model::unit::Unit;
use serde::{Serialize, Serializer};

use crate::document::{Token, window};
use crate::sources::Sources;

pub(crate) mod axis;
#[cfg(test)]
mod contrast;
mod svg;

pub(crate) use svg::Canvas;

/// Columns of a picture: about one for each unit of its width.
const COLUMNS: usize = 500;

/// At most so many marks are kept on one chart, since more hide the data.
const MOST_MARKS: usize = 200;

/// How the lines of a chart relate to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Each for itself.
    Lines,
    /// Parts of a whole, one upon the other.
    Stacked,
}

/// What a chart is made of.
#[derive(Clone, Debug)]
pub struct ChartInput {
    /// What it shows.
    pub title: String,
    /// Whose it is; charts of one host stand together. Empty for imported data.
    pub host: String,
    /// How the lines relate.
    pub style: Style,
    /// Where values must end, such as 1 for a share of the whole.
    pub ceiling: Option<f64>,
    /// Label and column of each line, as stored: counters are drawn as rates.
    pub lines: Vec<(String, Column)>,
    /// Lower and upper edge of where values are believed to lie, as a forecast has it.
    pub band: Option<Box<[Column; 2]>>,
    /// The stretch of time; `None` is that of the report.
    pub window: Option<Span>,
}

/// A chart, ready to be drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    /// Place among the figures of the document, from 1.
    pub number: usize,
    /// What it shows.
    pub title: String,
    /// Unit of the values.
    pub unit: Unit,
    /// How the lines relate.
    pub style: Style,
    /// The time axis.
    #[serde(serialize_with = "window")]
    pub window: Span,
    /// Where values must end.
    pub ceiling: Option<f64>,
    /// In the order of the legend.
    pub lines: Vec<Line>,
    /// Where values are believed to lie.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub band: Vec<LinePoint>,
    /// Events and notes at moments or over stretches.
    pub marks: Vec<ChartMark>,
}

/// One line of a chart.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What the legend says.
    pub label: String,
    /// Mean of the samples.
    pub mean: Token,
    /// 95th percentile of the samples.
    pub p95: Token,
    /// Largest sample.
    pub max: Token,
    /// What is visible.
    pub points: Vec<LinePoint>,
}

/// What is visible of a line in one column of the picture.
///
/// In JSON: seconds since the start of the window, smallest value, largest value,
/// and whether the line comes from the point before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinePoint {
    /// Where.
    pub at: Moment,
    /// Seconds since the start of the window.
    pub offset_s: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Whether the line comes from the point before.
    pub joined: bool,
}

impl Serialize for LinePoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.offset_s, self.min, self.max, self.joined).serialize(serializer)
    }
}

/// Something on the time axis of a chart.
#[derive(Clone, Debug, Serialize)]
pub struct ChartMark {
    /// Where; empty for a moment.
    #[serde(serialize_with = "window")]
    pub span: Span,
    /// What it says.
    pub text: String,
    /// What sort of thing.
    pub kind: MarkKind,
}

/// What sort of thing stands on the time axis of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Something happened on the host.
    Event,
    /// Somebody left a note.
    Note,
    /// A finding holds here.
    Finding,
}

/// What is the same for all charts of a report.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The time axis.
    pub window: Span,
    /// What stands on it.
    pub marks: &'a [ChartMark],
}

impl Chart {
    /// Makes the chart; lines without a number are left out, and a chart without
    /// lines is none.
    pub fn new(
        number: usize,
        input: &ChartInput,
        frame: Frame<'_>,
        sources: &mut Sources,
    ) -> Option<Self> {
        let drawn: Vec<_> = input
            .lines
            .iter()
            .map(|(label, column)| (label, column, column.plottable()))
            .filter(|(_, _, drawn)| {
                let rows = drawn.values.get(drawn.rows(frame.window));
                rows.is_some_and(|values| values.iter().any(|it| it.is_finite()))
            })
            .collect();
        let columns: Vec<_> = drawn.iter().map(|(_, _, drawn)| drawn.clone()).collect();
        let points = match input.style {
            Style::Lines => columns.iter().map(|it| visible(it, frame.window)).collect(),
            Style::Stacked => stacked(&columns, frame.window),
        };
        let last = drawn.len().saturating_sub(1);
        let mut lines: Vec<Line> = Vec::with_capacity(drawn.len());
        for (place, ((label, stored, drawn), points)) in drawn.iter().zip(points).enumerate() {
            let mut context = Context {
                window: frame.window,
                computation: match (stored.series.kind == drawn.series.kind, &input.band) {
                    // What is expected is the last line, within its band.
                    (_, Some(_)) if place == last => EXPECTED,
                    (true, _) => SAMPLES,
                    (false, _) => RATES,
                },
                sources,
            };
            lines.push(line(label, (stored, drawn), points, &mut context));
        }
        let unit = columns.first()?.series.unit.clone();
        Some(Self {
            number,
            title: input.title.clone(),
            unit,
            style: input.style,
            window: frame.window,
            ceiling: input.ceiling,
            lines,
            band: input
                .band
                .as_ref()
                .map_or_else(Vec::new, |it| band(it, frame.window)),
            marks: frame.marks.iter().take(MOST_MARKS).cloned().collect(),
        })
    }

    /// Draws the chart as an SVG element that also stands alone.
    pub fn svg(&self) -> String {
        svg::draw(self, Canvas::SCREEN)
    }

    /// Draws the chart in this much room.
    pub(crate) fn svg_on(&self, canvas: Canvas) -> String {
        svg::draw(self, canvas)
    }

    /// Width and height of the picture in this much room, in its own units.
    pub(crate) fn size_on(&self, canvas: Canvas) -> (f32, f32) {
        let (width, height) = svg::size(self, canvas);
        (width as f32, height as f32)
    }

    /// What the chart shows, for those who cannot see it.
    pub(crate) fn described(&self) -> String {
        svg::described(self)
    }

    /// The extremes of what is visible, of the sums where lines are stacked.
    pub(crate) fn extent(&self) -> Extent {
        let mut extent = Extent::EMPTY;
        match self.style {
            Style::Lines => {
                let points = self.lines.iter().flat_map(|line| &line.points);
                for point in points.chain(&self.band) {
                    extent.add(point.min);
                    extent.add(point.max);
                }
            }
            Style::Stacked => {
                let rows = self.lines.first().map_or(0, |line| line.points.len());
                for row in 0..rows {
                    let values = self.lines.iter().filter_map(|line| line.points.get(row));
                    extent.add(values.map(|it| it.max).filter(|it| !it.is_nan()).sum());
                }
            }
        }
        extent
    }
}

/// How the numbers of a line are computed.
const SAMPLES: &str = "samples as recorded; mean and exact percentiles of them";
const RATES: &str = "growth per second between readings; mean and exact percentiles of it";
const EXPECTED: &str = "what is expected after the recording; mean and percentiles of it";

struct Context<'a> {
    window: Span,
    computation: &'static str,
    sources: &'a mut Sources,
}

fn line(
    label: &str,
    (stored, drawn): (&Column, &Column),
    points: Vec<LinePoint>,
    context: &mut Context<'_>,
) -> Line {
    let values = drawn.values.get(drawn.rows(context.window));
    let summary = summary::of(values.unwrap_or_default());
    let name = stored.series.key.to_string();
    let source = context
        .sources
        .id_within(context.window, &name, context.computation);
    let token = |value, statistic| Token::new(value, &drawn.series.unit, statistic, source);
    Line {
        label: label.to_owned(),
        mean: token(summary.mean, "mean"),
        p95: token(summary.p95, "p95"),
        max: token(summary.max, "max"),
        points,
    }
}

fn offset_s(window: Span, at: i64) -> f64 {
    (i128::from(at) - i128::from(window.from.0)) as f64 / 1e9
}

/// Where values are believed to lie, row by row: lower edge of one column, upper of the
/// other.
fn band([low, high]: &[Column; 2], window: Span) -> Vec<LinePoint> {
    let rows = low.at.iter().zip(low.values.iter());
    let both = rows.zip(high.values.iter());
    let inside = both.filter(|((at, low), high)| {
        window.contains(Moment(**at)) && low.is_finite() && high.is_finite()
    });
    let points = inside
        .enumerate()
        .map(|(place, ((at, low), high))| LinePoint {
            at: Moment(*at),
            offset_s: offset_s(window, *at),
            min: *low,
            max: *high,
            joined: place > 0,
        });
    points.collect()
}

/// What is visible of one column, by the same rules as in the window.
fn visible(column: &Column, window: Span) -> Vec<LinePoint> {
    let point = |at: Moment, (min, max), joint| LinePoint {
        at,
        offset_s: offset_s(window, at.0),
        min,
        max,
        joined: joint == Joint::Joined,
    };
    match envelope(&Track::whole(column), window, COLUMNS) {
        Envelope::Points(points) => points
            .iter()
            .filter(|it| window.contains(it.at))
            .map(|it| point(it.at, (it.value, it.value), it.joint))
            .collect(),
        Envelope::Columns { grid, columns } => columns
            .iter()
            .enumerate()
            .filter(|(_, it)| it.count > 0)
            .map(|(place, it)| {
                let middle = grid.start(place).saturating_add(grid.width_ns / 2);
                point(Moment(middle), (it.min, it.max), it.joint)
            })
            .collect(),
    }
}

/// What is visible of parts of a whole: of each picture column the moment at which
/// the whole is largest, so that the parts add up and a spike keeps its height.
fn stacked(columns: &[Column], window: Span) -> Vec<Vec<LinePoint>> {
    let Some(first) = columns.first() else {
        return Vec::new();
    };
    let times: Arc<[i64]> = Arc::clone(&first.at);
    let aligned: Vec<Vec<f64>> = columns.iter().map(|it| on_times(it, &times)).collect();
    let total = |row: usize| -> f64 {
        let values = aligned.iter().map(|values| values[row]);
        values.filter(|it| !it.is_nan()).sum()
    };
    let grid = Grid::over(window, COLUMNS);
    let rows = first.rows(window);
    let mut chosen: Vec<usize> = Vec::new();
    let mut last_cell = None;
    for row in rows {
        let cell = (times[row].saturating_sub(grid.from)) / grid.width_ns.max(1);
        match chosen.last_mut() {
            Some(best) if last_cell == Some(cell) => {
                if total(row) > total(*best) {
                    *best = row;
                }
            }
            _ => chosen.push(row),
        }
        last_cell = Some(cell);
    }
    let gap_ns = Track::whole(first).gap_ns().max(2 * grid.width_ns);
    aligned
        .iter()
        .map(|values| {
            let mut before: Option<i64> = None;
            chosen
                .iter()
                .map(|row| {
                    let (at, value) = (times[*row], values[*row]);
                    let near = before.is_some_and(|it| at.saturating_sub(it) <= gap_ns);
                    before = Some(at);
                    LinePoint {
                        at: Moment(at),
                        offset_s: offset_s(window, at),
                        min: value,
                        max: value,
                        joined: near,
                    }
                })
                .collect()
        })
        .collect()
}

/// The values of a column at given times; `NaN` where it has none.
fn on_times(column: &Column, times: &[i64]) -> Vec<f64> {
    if *column.at == *times {
        return column.values.to_vec();
    }
    let value = |at: &i64| {
        let row = column.at.binary_search(at).ok()?;
        column.values.get(row).copied()
    };
    times
        .iter()
        .map(|at| value(at).unwrap_or(f64::NAN))
        .collect()
}

#[cfg(test)]
mod tests;
