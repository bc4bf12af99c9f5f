//! The value axis: which range is shown, and where its ticks are.

use egui_plot::GridMark;
use model::pyramid::Extent;
use model::unit::{self, Unit};

use super::canvas::Scale;

/// How the range of the axis follows the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// Zero is shown whenever no value is below it.
    #[default]
    FromZero,
    /// As close as the data allows.
    Tight,
}

/// Room left above and below the data.
const PADDING: f64 = 0.05;

/// Points between two labels at least.
const LABEL_POINTS: f32 = 34.0;

/// A logarithmic axis shows at most this many decades.
const DECADES: f64 = 12.0;

/// Up to so many decades there are ticks between the powers of ten.
const FEW_DECADES: f64 = 2.2;

/// Beyond this range differences would overflow.
const WIDEST: f64 = 1e300;

/// The axis of one panel in one frame.
#[derive(Clone, Debug)]
pub(crate) struct ValueAxis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    step: f64,
    scale: Scale,
    unit: Unit,
    labels: unit::Axis,
}

/// What the axis is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) extent: Extent,
    /// Smallest number above zero, for a logarithmic foot.
    pub(crate) positive: Option<f64>,
    pub(crate) unit: &'a Unit,
    pub(crate) scale: Scale,
    pub(crate) fit: Fit,
    pub(crate) height: f32,
}

impl ValueAxis {
    /// Chooses range and ticks.
    pub(crate) fn new(wanted: &Wanted<'_>) -> Self {
        let (low, high) = match wanted.scale {
            Scale::Linear => linear_range(wanted.extent, wanted.fit),
            Scale::Log => log_range(wanted.extent, wanted.positive),
        };
        let largest = match wanted.scale {
            Scale::Linear => low.abs().max(high.abs()) / (1.0 + PADDING),
            Scale::Log => 10_f64.powf(high),
        };
        let labels = wanted.unit.axis(largest);
        let count = f64::from((wanted.height / LABEL_POINTS).max(1.0));
        let step = match wanted.scale {
            Scale::Linear => nice((high - low) / labels.divisor / count) * labels.divisor,
            Scale::Log => ((high - low) / count).ceil().max(1.0),
        };
        Self {
            low,
            high,
            step,
            scale: wanted.scale,
            unit: wanted.unit.clone(),
            labels,
        }
    }

    /// What is written once in the title; a logarithmic axis has it in its labels.
    pub(crate) fn suffix(&self) -> &str {
        match self.scale {
            Scale::Linear => &self.labels.suffix,
            Scale::Log => "log",
        }
    }

    /// Where a value lies on the axis.
    pub(crate) fn position(&self, value: f64) -> f64 {
        self.scale.position(value)
    }

    /// The value at a position of the axis.
    pub(crate) fn value(&self, position: f64) -> f64 {
        self.scale.value(position)
    }

    /// Ticks inside the range.
    pub(crate) fn marks(&self) -> Vec<GridMark> {
        if self.scale == Scale::Log && self.high - self.low < FEW_DECADES {
            return self.marks_within_decades();
        }
        let first = (self.low / self.step).ceil();
        let count = ((self.high / self.step).floor() - first).clamp(0.0, 200.0) as usize;
        (0..=count)
            .map(|i| GridMark {
                value: (first + i as f64) * self.step,
                step_size: self.step,
            })
            .collect()
    }

    /// Ticks at one, two and five times the powers of ten.
    fn marks_within_decades(&self) -> Vec<GridMark> {
        let decades = self.low.floor() as i32..=self.high.ceil() as i32;
        let all = decades.flat_map(|decade| {
            [1.0_f64, 2.0, 5.0].map(|factor| f64::from(decade) + factor.log10())
        });
        let inside = all.filter(|it| (self.low..=self.high).contains(it));
        let marks = inside.map(|value| GridMark {
            value,
            step_size: 1.0,
        });
        marks.collect()
    }

    /// The label of a tick.
    pub(crate) fn label(&self, position: f64) -> String {
        match self.scale {
            Scale::Linear => self.labels.tick(position, self.step),
            Scale::Log => self.unit.text(self.scale.value(position)),
        }
    }
}

fn linear_range(extent: Extent, fit: Fit) -> (f64, f64) {
    let (min, max) = (extent.min, extent.max);
    if extent.count == 0 || !min.is_finite() || !max.is_finite() {
        return (0.0, 1.0);
    }
    let zero = fit == Fit::FromZero && min >= 0.0;
    let low = if zero { 0.0 } else { min };
    let size = max - low;
    if size > WIDEST {
        return (-WIDEST, WIDEST);
    }
    if size <= 0.0 {
        let room = match max.abs() {
            0.0 => 1.0,
            size => size.min(WIDEST) * 0.1,
        };
        return match (zero, max == 0.0) {
            (true, true) => (0.0, 1.0),
            _ => (low - room, max + room),
        };
    }
    let room = size * PADDING;
    (if zero { 0.0 } else { low - room }, max + room)
}

fn log_range(extent: Extent, positive: Option<f64>) -> (f64, f64) {
    let Some(least) = positive.filter(|_| extent.max.is_finite()) else {
        return (0.0, 1.0);
    };
    let high = extent.max.log10();
    let low = least.log10().max(high - DECADES);
    let room = ((high - low) * PADDING).max(0.05);
    (low - room, high + room)
}

/// The next step of 1, 2 or 5 times a power of ten.
fn nice(least: f64) -> f64 {
    if !least.is_finite() || least <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    let factors = [1.0, 2.0, 5.0];
    let fits = factors.iter().find(|it| **it * power >= least * 0.999);
    fits.map_or(10.0 * power, |factor| factor * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64], scale: Scale, fit: Fit) -> ValueAxis {
        let positive = values.iter().copied().filter(|it| *it > 0.0);
        ValueAxis::new(&Wanted {
            extent: values.iter().copied().collect(),
            positive: positive.reduce(f64::min),
            unit: &Unit::new("By"),
            scale,
            fit,
            height: 170.0,
        })
    }

    fn labels(axis: &ValueAxis) -> Vec<String> {
        let marks = axis.marks();
        marks.iter().map(|mark| axis.label(mark.value)).collect()
    }

    #[test]
    fn ticks_are_round_in_the_unit_that_is_shown() {
        let linear = axis(&[100.0, 3.0 * 1024.0], Scale::Linear, Fit::FromZero);
        assert_eq!(labels(&linear), ["0", "1", "2", "3"]);
        assert_eq!(linear.suffix(), "KiB");
        let tight = axis(&[1000.1, 1000.3], Scale::Linear, Fit::Tight);
        assert!(tight.low > 1000.0);
        let log = axis(&[0.0, 1.0, 1e6], Scale::Log, Fit::FromZero);
        assert!(log.low < 0.0 && log.high > 6.0);
        assert!(labels(&log).len() >= 3);
    }

    #[test]
    fn every_input_gives_a_range() {
        let odd: [&[f64]; 8] = [
            &[-1e308, 1e308],
            &[1e308],
            &[],
            &[0.0],
            &[5.0],
            &[-5.0],
            &[f64::INFINITY, 1.0],
            &[f64::MIN_POSITIVE, f64::MIN_POSITIVE],
        ];
        for values in odd {
            for scale in [Scale::Linear, Scale::Log] {
                for fit in [Fit::FromZero, Fit::Tight] {
                    let axis = axis(values, scale, fit);
                    assert!(axis.low < axis.high, "{values:?} {scale:?} {fit:?}");
                    assert!(axis.high.is_finite() && axis.low.is_finite());
                    assert!(axis.marks().len() < 250);
                }
            }
        }
    }
}
