//! Composes what lies inside the axes of one panel.
//!
//! Envelopes come from the cache, the value axis follows from what is visible,
//! and everything becomes shapes; nothing here answers to the pointer.
//!
//! Start at [`compose`].

use std::cell::OnceCell;

use analysis::envelope::{Envelope, Grid};
use eframe::egui::{Align2, Color32, FontId, Rect, Shape, Ui};
use egui_plot::{PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotTransform, PlotUi};
use model::pyramid::Extent;
use model::series::SeriesKey;
use model::unit::Unit;

use super::cache::Cache;
use super::canvas::{Canvas, Scale};
use super::curve::{self, Pen, Weight};
use super::legend;
use super::marks::{Layer, Spot};
use super::panel::{Curve, Data, Form, Shown};
use super::pointer::Drag;
use super::stack::{self, Pile};
use super::value_axis::{ValueAxis, Wanted};
use crate::theme::Theme;

/// At most so many series are told in the spoken summary.
const SPOKEN: usize = 8;

/// Scratch of one panel that the picture needs.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) cache: Cache,
    pub(crate) drag: Option<Drag>,
    pub(crate) legend: legend::Extent,
}

/// What a frame found out while it built the plot.
pub(crate) struct Scene {
    pub(crate) canvas: Canvas,
    pub(crate) spots: Vec<Spot>,
    pub(crate) caption: String,
}

/// Works out the range of the value axis and all shapes of the plot.
pub(crate) fn compose(
    plot: &mut PlotUi<'_>,
    state: &mut Scratch,
    data: &Data<'_>,
    (axis, highlighted, theme): (&OnceCell<ValueAxis>, Option<&SeriesKey>, &Theme),
) -> Scene {
    let rect = plot.response().rect;
    let pixel = 1.0 / plot.ctx().pixels_per_point();
    let view = data.shared.view;
    let columns = (rect.width() / pixel).round().max(1.0) as usize;
    let stacked = stack_of(state, data, columns);
    let (extent, positive) = visible_extent(state, data, columns);
    let extent = stacked.as_ref().map_or(extent, |(_, whole)| *whole);
    let unit = data.curves.first().map(|it| &it.track.series().unit);
    let axis = axis.get_or_init(|| {
        ValueAxis::new(&Wanted {
            extent,
            positive,
            unit: unit.unwrap_or(&Unit::new("1")),
            scale: data.style.scale,
            fit: data.style.fit,
            height: rect.height(),
        })
    });
    let canvas = Canvas {
        rect,
        view,
        low: axis.low,
        high: axis.high,
        scale: data.style.scale,
        pixel,
    };
    let (mut shapes, mut spots) = (Vec::new(), Vec::new());
    let ctx = plot.ctx().clone();
    let mut layer = Layer {
        ctx: &ctx,
        canvas: &canvas,
        theme,
        shapes: &mut shapes,
        spots: &mut spots,
    };
    layer.flaws(data.shared.flaws);
    layer.annotations(data.shared.annotations);
    if let Some(span) = data.shared.selection {
        layer.selection(span);
    }
    match &stacked {
        Some((bands, _)) => {
            let grid = Grid::over(view, columns);
            for (band, color) in bands.iter().zip(visible(data)) {
                let color = theme.series_color(color.look.color);
                stack::draw(band, &grid, &canvas, (color, layer.shapes));
            }
        }
        None => draw_curves(state, data, (&canvas, theme, highlighted), layer.shapes),
    }
    if extent.count == 0 {
        no_samples(&mut layer, rect);
    }
    draw_over(&mut layer, state, data);
    plot.set_plot_bounds(PlotBounds::from_min_max(
        [0.0, canvas.low],
        [view.length_ns().max(1) as f64, canvas.high],
    ));
    plot.add(Picture::new(shapes));
    let caption = match stacked {
        Some(_) => "mean of each pixel".to_owned(),
        None => caption(state, data),
    };
    Scene {
        canvas,
        spots,
        caption,
    }
}

fn visible<'b, 'a>(data: &'b Data<'a>) -> impl Iterator<Item = &'b Curve<'a>> {
    let curves = data.curves.iter();
    curves.filter(|curve| curve.shown == Shown::Visible)
}

fn visible_extent(state: &mut Scratch, data: &Data<'_>, columns: usize) -> (Extent, Option<f64>) {
    let mut extent = Extent::EMPTY;
    let mut positive: Option<f64> = None;
    for curve in visible(data) {
        let kept = state.cache.entry(curve.track, data.shared.view, columns);
        extent.merge(&kept.envelope.extent());
        if data.style.scale == Scale::Log {
            let least = kept.envelope.smallest_positive();
            positive = positive.into_iter().chain(least).reduce(f64::min);
        }
    }
    (extent, positive)
}

/// Foot and head of one series in each column.
type Band = Vec<(f64, f64)>;

/// The bands of a stacked panel; `None` if it is not one or rows are not loaded.
fn stack_of(state: &mut Scratch, data: &Data<'_>, columns: usize) -> Option<(Vec<Band>, Extent)> {
    if data.style.form != Form::Stacked || data.style.scale == Scale::Log {
        return None;
    }
    let mut pile = Pile::default();
    let mut bands = Vec::new();
    let mut count = 0;
    for curve in visible(data) {
        let kept = state.cache.entry(curve.track, data.shared.view, columns);
        count += kept.envelope.extent().count;
        bands.push(pile.add(kept.means(curve.track)?));
    }
    let whole = Extent {
        min: 0.0,
        max: pile.height(),
        count,
    };
    Some((bands, whole))
}

fn draw_curves(
    state: &Scratch,
    data: &Data<'_>,
    (canvas, theme, highlighted): (&Canvas, &Theme, Option<&SeriesKey>),
    shapes: &mut Vec<Shape>,
) {
    let marks = legend::marks_of(data.curves);
    for curve in visible(data) {
        let key = &curve.track.series().key;
        let Some(kept) = state.cache.of(key) else {
            continue;
        };
        let pen = Pen {
            color: theme.series_color(curve.look.color),
            look: curve.look,
            weight: match highlighted == Some(key) {
                true => Weight::Strong,
                false => Weight::Normal,
            },
            marks,
        };
        curve::draw(&kept.envelope, canvas, &pen, shapes);
    }
}

fn draw_over(layer: &mut Layer<'_>, state: &Scratch, data: &Data<'_>) {
    layer.events(data.shared.events);
    for (at, letter) in data.shared.measure.iter().zip(["A", "B"]) {
        if let Some(at) = at {
            layer.measure(*at, letter);
        }
    }
    if let Some(Drag::Select(span, _) | Drag::Zoom(span, _)) = state.drag {
        layer.selection(span);
    }
    if let Some(cursor) = data.shared.cursor {
        layer.cursor(cursor);
    }
}

fn no_samples(layer: &mut Layer<'_>, rect: Rect) {
    let font = FontId::proportional(12.0);
    let color = layer.theme.text_weak;
    let shape = layer.ctx.fonts_mut(|fonts| {
        let text = "no samples in view";
        Shape::text(
            fonts,
            rect.center(),
            Align2::CENTER_CENTER,
            text,
            font,
            color,
        )
    });
    layer.shapes.push(shape);
}

/// Says what a pixel stands for, so that nobody takes an envelope for samples.
fn caption(state: &Scratch, data: &Data<'_>) -> String {
    let per_column = visible(data).filter_map(|curve| {
        match &state.cache.of(&curve.track.series().key)?.envelope {
            Envelope::Points(_) => None,
            Envelope::Columns { columns, .. } => {
                let drawn = columns.iter().filter(|column| column.count > 0);
                let (count, filled) = drawn.fold((0, 0), |(count, filled), column| {
                    (count + column.count, filled + 1)
                });
                Some(count as f64 / f64::from(filled.max(1)))
            }
        }
    });
    match per_column.reduce(f64::max) {
        Some(samples) => format!(
            "min to max of {} samples per pixel",
            model::unit::digits(samples.round())
        ),
        None => String::new(),
    }
}

/// What a screen reader says about the plot.
pub(crate) fn spoken(data: &Data<'_>, cache: &Cache) -> String {
    let clock = data.shared.clock;
    let mut text = format!(
        "{}: {} series, {} to {}",
        data.title,
        data.curves.len(),
        clock.text(data.shared.view.from),
        clock.text(data.shared.view.to)
    );
    for curve in visible(data).take(SPOKEN) {
        let series = curve.track.series();
        let extent = cache
            .of(&series.key)
            .map_or(Extent::EMPTY, |kept| kept.envelope.extent());
        let last = curve.track.latest().map_or(f64::NAN, |(_, value)| value);
        text.push_str(&match extent.is_gap() {
            true => format!("; {} without samples", curve.name),
            false => format!(
                "; {} from {} to {}, last {}",
                curve.name,
                series.unit.text(extent.min),
                series.unit.text(extent.max),
                series.unit.text(last)
            ),
        });
    }
    text
}

/// Ready shapes as an item of the plot.
struct Picture {
    base: PlotItemBase,
    shapes: Vec<Shape>,
}

impl Picture {
    fn new(shapes: Vec<Shape>) -> Self {
        Self {
            base: PlotItemBase::new("picture".to_owned()),
            shapes,
        }
    }
}

impl PlotItem for Picture {
    fn shapes(&self, _ui: &Ui, _transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        // Meshes are shared, so this copies pointers.
        shapes.extend(self.shapes.iter().cloned());
    }

    fn initialize(&mut self, _x_range: std::ops::RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        Color32::TRANSPARENT
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        PlotBounds::NOTHING
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}
