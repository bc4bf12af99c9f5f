//! Moments and spans on a session's time axis.
//!
//! A session has one axis: nanoseconds since the Unix epoch, UTC. It is built
//! from each host's boot clock plus one constant per host, so it never steps
//! back when somebody sets a wall clock; such a step is an event instead.
//!
//! Start at [`Moment`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One second in nanoseconds.
pub const SECOND_NS: i64 = 1_000_000_000;

/// A point on the session's axis: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(pub i64);

/// A half-open stretch of the axis: `from` is inside, `to` is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First moment inside.
    pub from: Moment,
    /// First moment after.
    pub to: Moment,
}

/// The text was not a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAMoment(pub String);

impl fmt::Display for NotAMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a time: {:?} (want 2026-01-31T12:00:00Z or Unix seconds)",
            self.0
        )
    }
}

impl std::error::Error for NotAMoment {}

impl Moment {
    /// The moment `seconds` after the Unix epoch; `None` when out of range.
    pub fn from_unix_seconds(seconds: f64) -> Option<Self> {
        let ns = seconds * SECOND_NS as f64;
        (ns.is_finite() && ns.abs() < i64::MAX as f64).then_some(Self(ns as i64))
    }

    /// Seconds since the Unix epoch, as exact as `f64` allows (about 0.2 µs).
    pub fn unix_seconds(self) -> f64 {
        self.0 as f64 / SECOND_NS as f64
    }

    /// Seconds from `earlier` to `self`; `None` unless `self` is later.
    pub fn after(self, earlier: Self) -> Option<f64> {
        let ns = self.0.checked_sub(earlier.0)?;
        (ns > 0).then_some(ns as f64 / SECOND_NS as f64)
    }

    /// The moment moved by `ns`, held at the ends of the axis.
    pub fn plus_ns(self, ns: i64) -> Self {
        Self(self.0.saturating_add(ns))
    }

    /// Prints the wall-clock time in `zone` by a `strftime` pattern.
    ///
    /// A moment outside the calendar prints as its number of nanoseconds.
    pub fn strftime(self, pattern: &str, zone: Zone) -> String {
        let Ok(timestamp) = jiff::Timestamp::from_nanosecond(i128::from(self.0)) else {
            return format!("{} ns", self.0);
        };
        let zone = match zone {
            Zone::Utc => jiff::tz::TimeZone::UTC,
            Zone::Local => jiff::tz::TimeZone::system(),
        };
        timestamp
            .to_zoned_datetime(zone)
            .strftime(pattern)
            .to_string()
    }
}

/// In which zone a moment is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Zone {
    /// Coordinated universal time, the default of files and reports.
    #[default]
    Utc,
    /// The zone of the machine that shows the moment.
    Local,
}

impl Zone {
    /// The short name shown beside an axis.
    pub fn label(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Local => "local",
        }
    }
}

/// RFC 3339 in UTC with as many fractional digits as are needed.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{} ns", self.0),
        }
    }
}

/// Reads RFC 3339, `YYYY-MM-DD[ T]HH:MM:SS` (as UTC), or Unix seconds.
impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let wrong = || NotAMoment(text.to_owned());
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return i64::try_from(timestamp.as_nanosecond())
                .map(Self)
                .map_err(|_| wrong());
        }
        if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
            let timestamp = jiff::tz::TimeZone::UTC
                .to_timestamp(civil)
                .map_err(|_| wrong())?;
            return i64::try_from(timestamp.as_nanosecond())
                .map(Self)
                .map_err(|_| wrong());
        }
        let seconds: f64 = text.parse().map_err(|_| wrong())?;
        Self::from_unix_seconds(seconds).ok_or_else(wrong)
    }
}

impl Span {
    /// The span between two moments in either order.
    pub fn between(a: Moment, b: Moment) -> Self {
        Self {
            from: a.min(b),
            to: a.max(b),
        }
    }

    /// Length in seconds; zero for an empty span.
    pub fn seconds(self) -> f64 {
        self.to.after(self.from).unwrap_or(0.0)
    }

    /// Length in nanoseconds; zero for an empty span.
    pub fn length_ns(self) -> i64 {
        self.to.0.saturating_sub(self.from.0).max(0)
    }

    /// Whether nothing is inside.
    pub fn is_empty(self) -> bool {
        self.to <= self.from
    }

    /// Whether `moment` is inside.
    pub fn contains(self, moment: Moment) -> bool {
        self.from <= moment && moment < self.to
    }

    /// The part that both spans share; empty when they do not touch.
    pub fn intersect(self, other: Self) -> Self {
        let from = self.from.max(other.from);
        Self {
            from,
            to: self.to.min(other.to).max(from),
        }
    }

    /// The shortest span that holds both; an empty one adds nothing.
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
        }
    }
}

/// Reads a length of time such as `250ms`, `30s`, `10m`, `2h`, `1d` or `1m30s`.
///
/// Returns nanoseconds, or `None` for anything else, for zero and for lengths
/// of more than ten years.
pub fn parse_duration_ns(text: &str) -> Option<i64> {
    const LONGEST_NS: f64 = 10.0 * 366.0 * 86_400.0 * SECOND_NS as f64;
    let mut rest = text.trim();
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let unit_ns = match &rest[..letters] {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" | "" => 1e9,
            "m" | "min" => 60e9,
            "h" => 3600e9,
            "d" => 86_400e9,
            _ => return None,
        };
        rest = &rest[letters..];
        total += number * unit_ns;
    }
    (1.0..=LONGEST_NS).contains(&total).then_some(total as i64)
}

/// Prints a length of time the way people say it: `850 ms`, `12.5 s`, `3 min 05 s`, `2 h 10 min`.
pub fn duration_text(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "–".to_owned();
    }
    let sign = if seconds < 0.0 { "−" } else { "" };
    let s = seconds.abs();
    let text = if s < 1e-3 {
        format!("{:.0} µs", s * 1e6)
    } else if s < 1.0 {
        format!("{:.0} ms", s * 1e3)
    } else if s < 60.0 {
        let text = format!("{s:.1}");
        format!("{} s", text.strip_suffix(".0").unwrap_or(&text))
    } else if s < 3600.0 {
        let whole = s.round() as u64;
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else if s < 172_800.0 {
        let minutes = (s / 60.0).round() as u64;
        format!("{} h {:02} min", minutes / 60, minutes % 60)
    } else {
        format!("{:.1} d", s / 86_400.0)
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_what_it_prints() {
        for text in ["2026-01-31T12:00:00.25Z", "1969-12-31T23:59:59Z"] {
            let moment: Moment = text.parse().expect(text);
            assert_eq!(moment.to_string(), text);
        }
        assert_eq!("1.5".parse(), Ok(Moment(1_500_000_000)));
        assert_eq!(
            "2026-01-31 12:00:00".parse::<Moment>(),
            "2026-01-31T12:00:00Z".parse()
        );
        assert!("noon".parse::<Moment>().is_err());
        assert!("NaN".parse::<Moment>().is_err());
    }

    #[test]
    fn durations_read_and_print() {
        assert_eq!(parse_duration_ns("1m30s"), Some(90 * SECOND_NS));
        assert_eq!(parse_duration_ns("250ms"), Some(250_000_000));
        assert_eq!(parse_duration_ns("60"), Some(60 * SECOND_NS));
        for wrong in ["", "0s", "-1s", "5 parsecs", "1e99d", "ms"] {
            assert_eq!(parse_duration_ns(wrong), None, "{wrong}");
        }
        assert_eq!(duration_text(185.0), "3 min 05 s");
        assert_eq!(duration_text(0.25), "250 ms");
        assert_eq!(duration_text(30.0), "30 s");
    }
}
