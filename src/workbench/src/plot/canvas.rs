//! The rectangle of a plot and what it shows: from moments and values to points.

use eframe::egui::{Pos2, Rect, pos2};
use model::time::{Moment, Span};

/// How values are spread over the height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences take equal heights.
    #[default]
    Linear,
    /// Equal ratios take equal heights; what is not above zero lies on the floor.
    Log,
}

/// Maps moments and values to the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Canvas {
    pub(crate) rect: Rect,
    pub(crate) view: Span,
    /// Value axis from foot to head; decimal logarithms on a logarithmic scale.
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) scale: Scale,
    /// Points per physical pixel.
    pub(crate) pixel: f32,
}

/// Coordinates are held this far from the rectangle, where `f32` is still exact enough.
const FAR: f64 = 100_000.0;

impl Canvas {
    /// Points per nanosecond.
    pub(crate) fn points_per_ns(&self) -> f64 {
        f64::from(self.rect.width()) / self.view.length_ns().max(1) as f64
    }

    pub(crate) fn x(&self, moment: Moment) -> f32 {
        let offset = moment.0.saturating_sub(self.view.from.0) as f64;
        self.rect.left() + (offset * self.points_per_ns()).clamp(-FAR, FAR) as f32
    }

    pub(crate) fn y(&self, value: f64) -> f32 {
        self.y_of(self.scale.position(value))
    }

    /// Of a value that is already on the scale.
    pub(crate) fn y_of(&self, position: f64) -> f32 {
        let share = (position - self.low) / (self.high - self.low);
        let height = f64::from(self.rect.height());
        let up = (share * height).clamp(-FAR, FAR);
        self.rect.bottom() - up as f32
    }

    pub(crate) fn at(&self, moment: Moment, value: f64) -> Pos2 {
        pos2(self.x(moment), self.y(value))
    }

    pub(crate) fn moment(&self, x: f32) -> Moment {
        let offset = f64::from(x - self.rect.left()) / self.points_per_ns();
        self.view.from.plus_ns(offset as i64)
    }
}

impl Scale {
    /// Where a value lies on the axis.
    pub(crate) fn position(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => f64::NEG_INFINITY,
        }
    }

    /// The value that lies at a position of the axis.
    pub(crate) fn value(self, position: f64) -> f64 {
        match self {
            Self::Linear => position,
            Self::Log => 10_f64.powf(position),
        }
    }
}
