//! Axes of the drawings beside each other: ticks, titles and where values lie.

use eframe::egui::epaint::Stroke;
use eframe::egui::{
    Align2, FontId, Painter, Pos2, Rect, Response, Sense, Ui, WidgetInfo, accesskit, pos2, vec2,
};
use model::pyramid::Extent;
use model::unit::Unit;

use crate::plot::panel::{Fit, Scale};
use crate::plot::value_axis::{ValueAxis, Wanted};
use crate::theme::Theme;

/// Room for the labels at the left, below and above.
const LEFT: f32 = 52.0;
const BELOW: f32 = 30.0;
const ABOVE: f32 = 15.0;

/// Room at the right, so that the last label is whole.
const RIGHT: f32 = 12.0;

/// Points between labels of the lower axis, as a multiple of those of the upright one.
const WIDER: f32 = 2.4;

/// Takes the room for a drawing; the part inside the axes is the second.
pub(super) fn allocate(ui: &mut Ui, (sense, spoken): (Sense, String)) -> (Response, Rect) {
    let size = vec2(ui.available_width(), ui.available_height().max(80.0));
    let (rect, response) = ui.allocate_exact_size(size, sense);
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Figure, true, &spoken));
    let inside = Rect::from_min_max(
        rect.min + vec2(LEFT, ABOVE),
        (rect.max - vec2(RIGHT, BELOW)).max(rect.min + vec2(LEFT + 10.0, ABOVE + 10.0)),
    );
    (response, inside)
}

/// An upright axis for these values.
pub(super) fn upright(
    values: impl Iterator<Item = f64>,
    (unit, fit): (&Unit, Fit),
    rect: Rect,
) -> ValueAxis {
    axis(values, (unit, fit), rect.height())
}

/// A lower axis for these values.
pub(super) fn lower(
    values: impl Iterator<Item = f64>,
    (unit, fit): (&Unit, Fit),
    rect: Rect,
) -> ValueAxis {
    axis(values, (unit, fit), rect.width() / WIDER)
}

/// A lower axis of a narrow drawing whose labels are short numbers.
pub(super) fn lower_dense(
    values: impl Iterator<Item = f64>,
    (unit, fit): (&Unit, Fit),
    rect: Rect,
) -> ValueAxis {
    axis(values, (unit, fit), rect.width())
}

/// Axes on which equal ratios take equal room: a lower and an upright one.
pub(super) fn by_ratio(points: &[[f64; 2]], units: [&Unit; 2], rect: Rect) -> [ValueAxis; 2] {
    let lengths = [rect.width() / WIDER, rect.height()];
    [0, 1].map(|axis| {
        let values = points.iter().map(|it| it[axis]);
        scaled(values, (units[axis], Fit::Tight, Scale::Log), lengths[axis])
    })
}

fn axis(values: impl Iterator<Item = f64>, (unit, fit): (&Unit, Fit), length: f32) -> ValueAxis {
    scaled(values, (unit, fit, Scale::Linear), length)
}

fn scaled(
    values: impl Iterator<Item = f64>,
    (unit, fit, scale): (&Unit, Fit, Scale),
    length: f32,
) -> ValueAxis {
    let mut positive: Option<f64> = None;
    let known = values.filter(|it| it.is_finite()).inspect(|it| {
        if *it > 0.0 {
            positive = Some(positive.map_or(*it, |least| least.min(*it)));
        }
    });
    let extent: Extent = known.collect();
    ValueAxis::new(&Wanted {
        extent,
        positive,
        unit,
        scale,
        fit,
        height: length,
    })
}

/// Title of an axis with its unit.
pub(super) fn titled(name: &str, axis: &ValueAxis) -> String {
    match axis.suffix() {
        "" => name.to_owned(),
        suffix => format!("{name} [{suffix}]"),
    }
}

/// Two axes of values.
pub(super) struct Plane {
    pub(super) rect: Rect,
    pub(super) x: ValueAxis,
    pub(super) y: ValueAxis,
}

impl Plane {
    pub(super) fn x(&self, value: f64) -> f32 {
        self.x_of(self.x.position(value))
    }

    /// Of a value that is already on the scale.
    fn x_of(&self, position: f64) -> f32 {
        let share = (position - self.x.low) / (self.x.high - self.x.low);
        self.rect.left() + (share.clamp(-9.0, 9.0) as f32) * self.rect.width()
    }

    pub(super) fn y(&self, value: f64) -> f32 {
        y_of(&self.y, self.rect, self.y.position(value))
    }

    pub(super) fn at(&self, [x, y]: [f64; 2]) -> Pos2 {
        pos2(self.x(x), self.y(y))
    }

    /// The value under a point of the screen.
    pub(super) fn x_at(&self, x: f32) -> f64 {
        let share = f64::from((x - self.rect.left()) / self.rect.width().max(1.0));
        self.x
            .value(self.x.low + share * (self.x.high - self.x.low))
    }

    /// Ground, grid, labels and titles.
    pub(super) fn paint(&self, painter: &Painter, titles: [&str; 2], theme: &Theme) {
        let marks = self.x.marks();
        let ticks: Vec<(f32, String)> = marks
            .iter()
            .map(|it| (self.x_of(it.value), self.x.label(it.value)))
            .collect();
        paint(painter, (self.rect, &self.y, &ticks), titles, theme);
    }
}

/// Where a value that is already on the scale lies on an upright axis.
pub(super) fn y_of(axis: &ValueAxis, rect: Rect, value: f64) -> f32 {
    let share = (value - axis.low) / (axis.high - axis.low);
    rect.bottom() - (share.clamp(-9.0, 9.0) as f32) * rect.height()
}

/// Ground, grid, labels and titles; `ticks` are places on the screen with their labels.
pub(super) fn paint(
    painter: &Painter,
    (rect, y, ticks): (Rect, &ValueAxis, &[(f32, String)]),
    [below, above]: [&str; 2],
    theme: &Theme,
) {
    painter.rect_filled(rect, 0.0, theme.ground);
    let thin = Stroke::new(1.0, theme.grid);
    let font = FontId::proportional(10.5);
    let weak = theme.text_weak;
    for mark in y.marks() {
        let at = y_of(y, rect, mark.value);
        painter.hline(rect.x_range(), at, thin);
        let place = pos2(rect.left() - 4.0, at);
        let label = y.label(mark.value);
        painter.text(place, Align2::RIGHT_CENTER, label, font.clone(), weak);
    }
    for (at, label) in ticks {
        painter.vline(*at, rect.y_range(), thin);
        let place = pos2(*at, rect.bottom() + 2.0);
        painter.text(place, Align2::CENTER_TOP, label, font.clone(), weak);
    }
    let place = pos2(rect.left() - LEFT + 4.0, rect.top() - 2.0);
    painter.text(place, Align2::LEFT_BOTTOM, above, font.clone(), weak);
    let place = pos2(rect.center().x, rect.bottom() + 15.0);
    painter.text(place, Align2::CENTER_TOP, below, font, weak);
}
