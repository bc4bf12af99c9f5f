//! UCUM units that know how to print a value.
//!
//! A unit is its UCUM code, as OpenTelemetry writes it: `By`, `s`, `1`, `Hz`,
//! `{process}`, `By/s`. All number formats of the product come from here, so
//! that two places cannot disagree.
//!
//! Start at [`Unit::text`] and, for axes, [`Unit::axis`].
//!
//! # Source
//!
//! The Unified Code for Units of Measure, <https://ucum.org/ucum>;
//! OpenTelemetry semantic conventions, "Instrument units".

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A UCUM code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unit(pub Cow<'static, str>);

/// How the labels of one axis are printed: divide by `divisor`, append `suffix`.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What a value is divided by before it is printed.
    pub divisor: f64,
    /// What is written once beside the axis, such as `MiB/s`, `%` or `ms`.
    pub suffix: String,
}

const BINARY: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const DECIMAL: [(f64, &str); 5] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];
const TIMES: [(f64, &str); 4] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];

impl Unit {
    /// The unit with this constant code.
    pub const fn new(code: &'static str) -> Self {
        Self(Cow::Borrowed(code))
    }

    /// The UCUM code.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// The unit of this quantity's growth per second.
    ///
    /// Seconds per second and `1` stay dimensionless: a processor that spends
    /// one second a second is fully used.
    pub fn per_second(&self) -> Self {
        match self.code() {
            "s" => Self::new("1"),
            code => Self(Cow::Owned(format!("{code}/s"))),
        }
    }

    /// Picks divisor and suffix for values that reach `largest` in size.
    pub fn axis(&self, largest: f64) -> Axis {
        let size = largest.abs();
        let (base, per) = match self.code().strip_suffix("/s") {
            Some(base) => (base, "/s"),
            None => (self.code(), ""),
        };
        let (divisor, suffix) = match base {
            "By" => {
                let mut step = 0;
                while step + 1 < BINARY.len() && size >= 1024_f64.powi(step as i32 + 1) {
                    step += 1;
                }
                (1024_f64.powi(step as i32), BINARY[step].to_owned())
            }
            "1" => (0.01, "%".to_owned()),
            "s" => {
                let (divisor, name) = TIMES
                    .into_iter()
                    .find(|(unit, _)| size >= *unit)
                    .unwrap_or(if size == 0.0 { TIMES[0] } else { TIMES[3] });
                (divisor, name.to_owned())
            }
            other => {
                let (divisor, prefix) = DECIMAL
                    .into_iter()
                    .find(|(unit, _)| size >= *unit)
                    .unwrap_or((1.0, ""));
                let noun = other.trim_start_matches('{').trim_end_matches('}');
                let gap = if prefix.is_empty() || other.starts_with('{') {
                    ""
                } else {
                    prefix
                };
                let text = if other.starts_with('{') {
                    let space = if prefix.is_empty() { "" } else { " " };
                    format!("{prefix}{space}{noun}")
                } else {
                    format!("{gap}{noun}")
                };
                (divisor, text)
            }
        };
        Axis {
            divisor,
            suffix: format!("{suffix}{per}"),
        }
    }

    /// Prints `value` with three significant digits and a fitting prefix.
    ///
    /// What is counted is left out, since it stands in the name: `250`, `12.3 k/s`.
    pub fn text(&self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        let axis = self.axis(value);
        let number = digits(value / axis.divisor);
        let suffix = match self.code().split_once('}') {
            Some((noun, per)) => {
                let noun = noun.trim_start_matches('{');
                let prefix = axis.suffix.split(noun).next().unwrap_or_default();
                format!("{}{per}", prefix.trim_end())
            }
            None => axis.suffix,
        };
        if suffix.is_empty() {
            number
        } else if suffix.starts_with('/') {
            format!("{number}{suffix}")
        } else {
            format!("{number} {suffix}")
        }
    }
}

impl Axis {
    /// Prints a label of this axis, without the suffix.
    pub fn label(&self, value: f64) -> String {
        digits(value / self.divisor)
    }

    /// Prints the label of a tick with just the places that tell it from others `step` away.
    pub fn tick(&self, value: f64, step: f64) -> String {
        let (shown, apart) = (value / self.divisor, (step / self.divisor).abs());
        if !shown.is_finite() || !(1e-9..1e15).contains(&apart) || shown.abs() >= 1e15 {
            return digits(shown);
        }
        // A tick that is zero but for rounding prints as zero, without a sign.
        let shown = if shown.abs() < apart * 1e-6 {
            0.0
        } else {
            shown
        };
        let exact = |places: &usize| {
            let scaled = apart * 10_f64.powi(*places as i32);
            scaled > 0.999 && (scaled - scaled.round()).abs() < 1e-6 * scaled
        };
        let places = (0..=9).find(exact).unwrap_or(9);
        format!("{shown:.places$}")
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Prints a plain number with about three significant digits, C locale.
pub fn digits(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e15).contains(&size) {
        format!("{value:.2e}")
    } else if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        trimmed(format!("{value:.1}"))
    } else if size >= 1.0 {
        trimmed(format!("{value:.2}"))
    } else {
        let places = (2 - size.log10().floor() as i32).clamp(2, 7) as usize;
        trimmed(format!("{value:.places$}"))
    }
}

fn trimmed(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A count with its noun: `1 row`, `2 rows`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_with_their_unit() {
        for (code, value, expected) in [
            ("By", 1536.0, "1.5 KiB"),
            ("By/s", 3.0 * 1024.0 * 1024.0, "3 MiB/s"),
            ("1", 0.1234, "12.3 %"),
            ("s", 0.00123, "1.23 ms"),
            ("s", 0.0, "0 s"),
            ("s", 90.0, "90 s"),
            ("{process}", 250.0, "250"),
            ("{operation}/s", 12.0, "12/s"),
            ("{operation}/s", 12_300.0, "12.3 k/s"),
            ("Hz", 2.4e9, "2.4 GHz"),
            ("Cel", 61.5, "61.5 Cel"),
            ("By", f64::NAN, "–"),
        ] {
            assert_eq!(Unit::new(code).text(value), expected, "{code} {value}");
        }
    }

    #[test]
    fn ticks_differ_from_their_neighbours() {
        let axis = Unit::new("By").axis(3.0 * 1024.0);
        assert_eq!(axis.tick(1536.0, 512.0), "1.5");
        let plain = Unit::new("Cel").axis(61.0);
        assert_eq!(plain.tick(60.25, 0.25), "60.25");
        assert_eq!(plain.tick(60.02, 0.01), "60.02");
        assert_eq!(plain.tick(60.0, 20.0), "60");
        assert_eq!(plain.tick(-1e-17, 0.1), "0.0");
    }

    #[test]
    fn the_rate_of_seconds_is_a_share() {
        assert_eq!(Unit::new("s").per_second(), Unit::new("1"));
        assert_eq!(Unit::new("By").per_second().code(), "By/s");
    }
}
