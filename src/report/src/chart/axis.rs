//! Places ticks: round numbers on the value axis, round times on the time axis.

use model::time::{Moment, SECOND_NS, Span, Zone};
use model::unit::{Axis, Unit};

/// A tick of a value axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Where.
    pub value: f64,
    /// What stands there.
    pub label: String,
}

/// A tick of the time axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimeTick {
    /// Where.
    pub at: Moment,
    /// What stands there.
    pub label: String,
}

/// A value axis with room for all it shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Value at the foot.
    pub low: f64,
    /// Value at the top.
    pub high: f64,
    /// Unit shown once.
    pub suffix: String,
    /// Round numbers, ascending.
    pub ticks: Vec<Tick>,
}

/// Steps of the time axis, in seconds.
const TIME_STEPS: &[i64] = &[
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
];

/// So many steps of the value axis are aimed at.
const VALUE_STEPS: f64 = 4.0;

/// Makes an axis for values between `min` and `max`.
///
/// Zero is part of it, so that heights can be compared. `ceiling` is where values
/// must end, such as 1 for a share; the axis reaches up to it once values fill a
/// good part.
pub(crate) fn scale(unit: &Unit, min: f64, max: f64, ceiling: Option<f64>) -> Scale {
    let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
    let (mut low, mut high) = (finite(min).min(0.0), finite(max).max(0.0));
    if let Some(ceiling) = ceiling.filter(|it| *it >= high && high > 0.4 * it) {
        high = ceiling;
    }
    if high <= low {
        high = low + if unit.code() == "1" { 0.01 } else { 1.0 };
    }
    let axis = unit.axis(high.max(-low));
    let step = step((high - low) / axis.divisor / VALUE_STEPS, &axis);
    let first = (low / axis.divisor / step + 1e-9).floor();
    let last = (high / axis.divisor / step - 1e-9).ceil();
    low = first * step * axis.divisor;
    high = last * step * axis.divisor;
    let count = (last - first).clamp(1.0, 20.0) as usize;
    let ticks = (0..=count)
        .map(|i| (first + i as f64) * step * axis.divisor)
        .map(|value| Tick {
            value,
            label: axis.label(value),
        })
        .collect();
    Scale {
        low,
        high,
        suffix: axis.suffix,
        ticks,
    }
}

/// The smallest round step that is not below `rough`: 1, 2 or 5 times a power of
/// ten, or of two for sizes, so that a gibibyte is not 1,000 mebibytes.
fn step(rough: f64, axis: &Axis) -> f64 {
    let binary = axis.suffix.contains("iB") && rough > 10.0;
    if binary {
        return 2_f64.powf(rough.log2().ceil());
    }
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0].map(|it| it * power);
    round
        .into_iter()
        .find(|it| *it >= rough * 0.999_999)
        .unwrap_or(10.0 * power)
}

/// Round times inside `span`, at most about `most`.
pub(crate) fn time_ticks(span: Span, most: i64) -> Vec<TimeTick> {
    let length = span.length_ns();
    let rough = length / most.max(1) / SECOND_NS;
    let step_s = TIME_STEPS
        .iter()
        .copied()
        .find(|it| *it >= rough.max(1))
        .unwrap_or_else(|| rough.max(1));
    let Some(step) = step_s.checked_mul(SECOND_NS).filter(|_| length > 0) else {
        return Vec::new();
    };
    let pattern = match step_s {
        ..60 => "%H:%M:%S",
        60..43_200 => "%H:%M",
        _ => "%m-%d %H:%M",
    };
    let mut ticks = Vec::new();
    let mut at = span
        .from
        .0
        .div_euclid(step)
        .saturating_add(1)
        .saturating_mul(step);
    if span.from.0.rem_euclid(step) == 0 {
        at = span.from.0;
    }
    while at <= span.to.0 && ticks.len() as i64 <= 2 * most {
        ticks.push(TimeTick {
            at: Moment(at),
            label: Moment(at).strftime(pattern, Zone::Utc),
        });
        let Some(next) = at.checked_add(step) else {
            break;
        };
        at = next;
    }
    ticks
}

/// Where the label of a tick at `x` is held, so that it does not leave the picture.
pub(crate) fn anchor(x: f64, width: f64) -> &'static str {
    if x > width - 30.0 { "end" } else { "middle" }
}

/// Where a moment lies between the ends of a span, 0 to 1.
pub(crate) fn place(span: Span, moment: Moment) -> f64 {
    let length = span.length_ns().max(1) as f64;
    let from = i128::from(moment.0) - i128::from(span.from.0);
    (from as f64 / length).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &'static str, max: f64, ceiling: Option<f64>) -> String {
        let scale = scale(&Unit::new(code), 0.0, max, ceiling);
        let labels: Vec<_> = scale.ticks.iter().map(|it| it.label.as_str()).collect();
        format!("{} {}", labels.join(" "), scale.suffix)
    }

    #[test]
    fn values_have_round_ticks_in_their_unit() {
        for (code, max, ceiling, expected) in [
            ("1", 0.93, Some(1.0), "0 25 50 75 100 %"),
            ("1", 0.013, Some(1.0), "0 0.5 1 1.5 %"),
            ("1", 0.0, None, "0 0.25 0.5 0.75 1 %"),
            (
                "By",
                3.1e9,
                Some(4.0 * 1024.0 * 1024.0 * 1024.0),
                "0 1 2 3 4 GiB",
            ),
            ("By/s", 300.0 * 1024.0 * 1024.0, None, "0 128 256 384 MiB/s"),
            ("s", 0.0042, None, "0 2 4 6 ms"),
            ("{operation}", 7.0, None, "0 2 4 6 8 operation"),
            ("By", f64::NAN, None, "0 0.25 0.5 0.75 1 B"),
        ] {
            assert_eq!(told(code, max, ceiling), expected, "{code} {max}");
        }
    }

    #[test]
    fn times_have_round_ticks() {
        let labels = |from: &str, seconds: i64| -> Vec<String> {
            let from: Moment = from.parse().unwrap_or_default();
            let to = from.plus_ns(seconds * SECOND_NS);
            time_ticks(Span { from, to }, 6)
                .into_iter()
                .map(|it| it.label)
                .collect()
        };
        assert_eq!(
            labels("2026-01-31T12:00:07Z", 30),
            [
                "12:00:10", "12:00:15", "12:00:20", "12:00:25", "12:00:30", "12:00:35"
            ]
        );
        assert_eq!(
            labels("2026-01-31T12:00:00Z", 3600),
            [
                "12:00", "12:10", "12:20", "12:30", "12:40", "12:50", "13:00"
            ]
        );
        assert_eq!(labels("2026-01-31T12:00:00Z", 0), [""; 0]);
        let whole = Span {
            from: Moment(i64::MIN),
            to: Moment(i64::MAX),
        };
        assert!(time_ticks(whole, 6).len() < 20);
    }
}
