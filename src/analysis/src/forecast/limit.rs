//! When a forecast meets a limit that its series cannot pass.
//!
//! * In: a forecast, and the limit of its series, if one is known.
//! * Out: how many rows ahead the band and the expected value meet it.
//! * Never: invents a limit.
//!
//! Start at [`Limit::of`] and [`Limit::met_by`].

use super::Forecast;
use crate::frame::{Frame, Line};
use crate::limit::{Known, Side};

/// A limit counts as met this close to it, as a share of its size: forecasts are held
/// inside what is possible and may end just there.
const CLOSE: f64 = 1e-9;

/// A value that a series cannot pass, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The value.
    pub value: f64,
    /// From which side it is met.
    pub side: Side,
}

/// Rows ahead (1 is the first) at which a limit is met; `None` for not within the horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// By the edge of the band that is nearer to the limit.
    pub earliest: Option<usize>,
    /// By the value expected.
    pub expected: Option<usize>,
    /// By the other edge: from here on it is as good as certain.
    pub latest: Option<usize>,
}

impl Limit {
    /// The limit of a series; `None` where none is known, or an upper one is not positive.
    pub fn of(frame: &Frame, line: &Line) -> Option<Self> {
        let Known { value, side, .. } = Known::of(frame, line)?;
        (side == Side::Lower || value > 0.0).then_some(Self { value, side })
    }

    /// When a forecast meets it.
    pub fn met_by(self, forecast: &Forecast) -> Met {
        let slack = self.value.abs() * CLOSE;
        let first = |path: &[f64]| {
            let met = |value: &f64| match self.side {
                Side::Upper => *value >= self.value - slack,
                Side::Lower => *value <= self.value + slack,
            };
            path.iter().position(met).map(|row| row + 1)
        };
        let (near, far) = match self.side {
            Side::Upper => (&forecast.hi, &forecast.lo),
            Side::Lower => (&forecast.lo, &forecast.hi),
        };
        Met {
            earliest: first(near),
            expected: first(&forecast.mean),
            latest: first(far),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::catalog::{Kind, Polarity};
    use model::series::Series;
    use model::time::SECOND_NS;
    use model::unit::Unit;

    use super::*;
    use crate::forecast::{Bounds, Setup, of_line};

    fn series(name: &str, unit: &'static str) -> Series {
        Series {
            key: name.parse().unwrap_or_default(),
            unit: Unit::new(unit),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        }
    }

    /// Sixty rows of memory that grows to 159 of so many bytes.
    fn frame(limit: f64) -> Frame {
        let at: Vec<i64> = (0..60).map(|it| it * SECOND_NS).collect();
        let grows = (0..60).map(|it| 100.0 + f64::from(it)).collect();
        let columns = vec![
            (series("h/system.memory.usage{state=used}", "By"), grows),
            (series("h/system.memory.limit", "By"), vec![limit; 60]),
            (series("h/other", "By"), vec![1.0; 60]),
        ];
        Frame::of_table(&at, columns)
    }

    fn met(frame: &Frame) -> Met {
        let setup = Setup {
            horizon: 30,
            level: 0.9,
            period: None,
            step_seconds: 1.0,
            bounds: Bounds::NONE,
        };
        let line = &frame.lines[0];
        let limit = Limit::of(frame, line).expect("the limit stands beside it");
        limit.met_by(&of_line(frame, line, &setup))
    }

    #[test]
    fn what_grows_steadily_meets_its_limit_on_time() {
        let frame = frame(170.0);
        let met = met(&frame);
        let expected = met.expected.expect("it is met");
        assert!((9..=14).contains(&expected), "{met:?}");
        assert!(met.earliest <= met.expected, "{met:?}");
        assert!(met.latest.is_none_or(|it| it >= expected), "{met:?}");
        assert_eq!(Limit::of(&frame, &frame.lines[2]), None);
    }

    #[test]
    fn a_far_limit_is_not_met_within_the_horizon() {
        assert_eq!(met(&frame(1e6)), Met::default());
    }
}
