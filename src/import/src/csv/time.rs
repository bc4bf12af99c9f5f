//! Reads the cells of a time column.

use super::dialect::Decimal;
use std::borrow::Cow;

use crate::clock::{Clock, half_of, time_of};
use crate::how::Count;
use crate::times::Told;
use model::time::SECOND_NS;

/// Headers of time columns, in order of preference; letter case does not matter.
pub(crate) const NAMES: [&str; 4] = ["timestamp", "time", "ts", "date"];

/// How a file writes its times. The first cell decides for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A count of so many nanoseconds each, since the Unix epoch.
    Count(i64),
    /// RFC 3339 with a zone.
    Zoned,
    /// `YYYY-MM-DD HH:MM:SS`, without a zone.
    Civil,
}

/// Reads a time column from its first cell to its last, in more forms than one cell tells.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// What whole numbers count, where that was said.
    count: Option<Count>,
    way: Option<Way>,
    clock: Clock,
}

/// How the cells of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Form(Form),
    /// A date as people of some locale write it, then the time of day.
    Printed,
    /// The time of day alone.
    OfDay,
}

impl Times {
    /// Begins a column; `count` is what whole numbers count, if that is known.
    pub(crate) fn new(count: Option<Count>) -> Self {
        Self {
            count,
            ..Self::default()
        }
    }

    /// Reads the next cell, in nanoseconds since the Unix epoch as if local times were UTC.
    /// The first cell that can be read decides how all are.
    pub(crate) fn read(&mut self, cell: &[u8], decimal: Decimal) -> Option<i64> {
        if self.way.is_none() {
            self.way = self.way_of(cell, decimal);
        }
        match self.way? {
            Way::Form(form) => form.read(cell, decimal),
            Way::Printed => {
                let (text, rest_ns) = without_fraction(cell)?;
                Some(self.clock.moment(&text)?.saturating_add(rest_ns))
            }
            Way::OfDay => {
                let (text, rest_ns) = without_fraction(cell)?;
                let time = of_day(&text)?;
                Some(self.clock.at(time)?.saturating_add(rest_ns))
            }
        }
    }

    fn way_of(&mut self, cell: &[u8], decimal: Decimal) -> Option<Way> {
        if let Some(form) = Form::of(cell, decimal) {
            let counted = self.count.map(|it| Form::Count(it.ns()));
            return Some(Way::Form(match form {
                Form::Count(_) => counted.unwrap_or(form),
                form => form,
            }));
        }
        let (text, _) = without_fraction(cell)?;
        // `1.2.3` is no time of day.
        if text.contains(':') && of_day(&text).is_some() {
            return Some(Way::OfDay);
        }
        // A clock of its own, since it remembers dates.
        Clock::default().moment(&text).map(|_| Way::Printed)
    }

    /// How much was told; nothing where no cell could be read.
    pub(crate) fn told(&self) -> Told {
        match self.way {
            None => Told::Nothing,
            Some(Way::Form(form)) => form.told(),
            Some(Way::Printed) => Told::Local,
            Some(Way::OfDay) => Told::OfDay,
        }
    }

    /// How the column was read, for notes.
    pub(crate) fn name(&self) -> &'static str {
        match self.way {
            None => "no times",
            Some(Way::Form(form)) => form.name(),
            Some(Way::Printed) => "dates and times without a zone",
            Some(Way::OfDay) => "times of day",
        }
    }

    /// Looks at a cell further down for the order of day and month.
    pub(crate) fn learn(&mut self, cell: &str) {
        self.clock.learn(cell);
    }

    /// What is to be said of dates.
    pub(crate) fn note(&self) -> Option<String> {
        self.clock.note()
    }
}

/// A time of day with at most its half after it.
fn of_day(text: &str) -> Option<jiff::civil::Time> {
    let mut words = text.split_whitespace();
    let (time, half) = (words.next()?, words.next());
    let plain = half.is_none_or(|it| half_of(it).is_some()) && words.next().is_none();
    plain.then(|| time_of(time, half)).flatten()
}

/// Takes the fraction of a second out of a time of day, in nanoseconds.
fn without_fraction(cell: &[u8]) -> Option<(String, i64)> {
    let text = std::str::from_utf8(cell.trim_ascii()).ok()?;
    let Some(seconds) = text.rfind(':').map(|place| place + 1) else {
        return Some((text.to_owned(), 0));
    };
    let (before, after) = text.split_at_checked(seconds)?;
    let whole = after.bytes().take_while(u8::is_ascii_digit).count();
    let rest = after.get(whole..)?;
    let Some(fraction) = rest.strip_prefix(['.', ',']) else {
        return Some((text.to_owned(), 0));
    };
    let places = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let digits = (0..9).map(|place| {
        let digit = fraction.as_bytes().get(place).filter(|_| place < places);
        digit.map_or(0, |byte| i64::from(byte - b'0'))
    });
    let ns = digits.fold(0, |sum, digit| sum * 10 + digit);
    let whole = after.get(..whole)?;
    Some((format!("{before}{whole}{}", fraction.get(places..)?), ns))
}

/// Up to this size a count is of seconds (until the year 5138), up to a thousand
/// times as much of milliseconds, then of microseconds, then of nanoseconds.
const MOST_SECONDS: i64 = 100_000_000_000;

impl Form {
    /// How this form is called in notes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Count(SECOND_NS) => "Unix seconds",
            Self::Count(1_000_000) => "Unix milliseconds",
            Self::Count(1_000) => "Unix microseconds",
            Self::Count(_) => "Unix nanoseconds",
            Self::Zoned => "times with a zone",
            Self::Civil => "times without a zone",
        }
    }

    /// How much it tells.
    pub(crate) fn told(self) -> Told {
        match self {
            Self::Count(_) | Self::Zoned => Told::Moments,
            Self::Civil => Told::Local,
        }
    }

    /// The form in which this cell can be read.
    pub(crate) fn of(cell: &[u8], decimal: Decimal) -> Option<Self> {
        let cell = cell.trim_ascii();
        if let Some((whole, _)) = split_count(cell, decimal) {
            let size = whole.unsigned_abs();
            let most = MOST_SECONDS.unsigned_abs();
            return Some(Self::Count(if size <= most {
                SECOND_NS
            } else if size <= most * 1_000 {
                1_000_000
            } else if size <= most * 1_000_000 {
                1_000
            } else {
                1
            }));
        }
        [Self::Zoned, Self::Civil]
            .into_iter()
            .find(|form| form.read(cell, decimal).is_some())
    }

    /// Reads a cell, in nanoseconds since the Unix epoch.
    pub(crate) fn read(self, cell: &[u8], decimal: Decimal) -> Option<i64> {
        let cell = cell.trim_ascii();
        match self {
            Self::Count(unit_ns) => {
                let (whole, billionths) = split_count(cell, decimal)?;
                let rest = i128::from(billionths) * i128::from(unit_ns) / 1_000_000_000;
                let ns = i128::from(whole) * i128::from(unit_ns) + rest;
                i64::try_from(ns).ok()
            }
            Self::Zoned => {
                let text = joined_zone(std::str::from_utf8(cell).ok()?);
                let timestamp: jiff::Timestamp = text.parse().ok()?;
                i64::try_from(timestamp.as_nanosecond()).ok()
            }
            Self::Civil => civil(std::str::from_utf8(cell).ok()?),
        }
    }
}

/// `2026-01-31 12:00:00 +0100` and `… UTC` as the standard has them, without the blank.
fn joined_zone(text: &str) -> Cow<'_, str> {
    let Some((before, zone)) = text.rsplit_once(' ') else {
        return Cow::Borrowed(text);
    };
    match zone {
        "UTC" | "GMT" | "Z" => Cow::Owned(format!("{before}Z")),
        _ if zone.starts_with(['+', '-']) => Cow::Owned(format!("{before}{zone}")),
        _ => Cow::Borrowed(text),
    }
}

fn civil(text: &str) -> Option<i64> {
    let slashed = text.as_bytes().get(4) == Some(&b'/');
    let civil: jiff::civil::DateTime = if slashed {
        text.replacen('/', "-", 2).parse().ok()?
    } else {
        text.parse().ok()?
    };
    let timestamp = jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()?;
    i64::try_from(timestamp.as_nanosecond()).ok()
}

/// Splits a count into its whole part and billionths of one, both with its sign.
///
/// Digits are taken one by one, since `f64` holds no nanosecond of this century.
fn split_count(cell: &[u8], decimal: Decimal) -> Option<(i64, i64)> {
    let (sign, digits) = match cell {
        [b'-', rest @ ..] => (-1, rest),
        _ => (1, cell),
    };
    let mark = match decimal {
        Decimal::Point => b'.',
        Decimal::Comma => b',',
    };
    let mut parts = digits.splitn(2, |byte| *byte == mark);
    let whole = digits_of(parts.next()?)?;
    let Some(decimals) = parts.next() else {
        return Some((sign * whole, 0));
    };
    if !decimals.iter().all(u8::is_ascii_digit) {
        return in_exponents(cell);
    }
    let mut billionths = 0;
    for place in 0..9 {
        let digit = decimals.get(place).map_or(0, |byte| i64::from(byte - b'0'));
        billionths = billionths * 10 + digit;
    }
    Some((sign * whole, sign * billionths))
}

fn digits_of(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A count such as `1.7e9`, as exact as `f64` allows.
fn in_exponents(cell: &[u8]) -> Option<(i64, i64)> {
    let count: f64 = fast_float2::parse(cell).ok()?;
    let fits = count.is_finite() && count.abs() < i64::MAX as f64;
    fits.then(|| (count.trunc() as i64, (count.fract() * 1e9) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_other_forms_are_read_with_their_fractions() {
        let read = |cells: &[&str], count| {
            let mut times = Times::new(count);
            let at: Vec<Option<i64>> = cells
                .iter()
                .map(|cell| times.read(cell.as_bytes(), Decimal::Point))
                .collect();
            (at, times.told())
        };
        let evening = 1_769_895_899_000_000_000_i64;
        let cells = ["01/31/2026 09:44:59.250 PM", "01/31/2026 09:45:00 PM", "x"];
        let (at, told) = read(&cells, None);
        assert_eq!(told, Told::Local);
        assert_eq!(
            at,
            [Some(evening + 250_000_000), Some(evening + SECOND_NS), None]
        );
        let (at, told) = read(&["23:59:59,5", "00:00:00"], None);
        assert_eq!(told, Told::OfDay);
        let midnight = 86_400 * SECOND_NS;
        assert_eq!(at, [Some(midnight - SECOND_NS / 2), Some(midnight)]);
        let (at, told) = read(&["1500", "2000"], Some(Count::Milliseconds));
        assert_eq!(told, Told::Moments);
        assert_eq!(at, [Some(1_500_000_000), Some(2_000_000_000)]);
        assert_eq!(read(&["noon"], None), (vec![None], Told::Nothing));
        assert_eq!(read(&["1.2.3"], None), (vec![None], Told::Nothing));
    }

    #[test]
    fn times_are_read_exactly_by_magnitude() {
        let noon = 1_769_860_800_000_000_000_i64;
        for (text, expected) in [
            ("1769860800", Some(noon)),
            ("1769860800.000000001", Some(noon + 1)),
            ("1769860800000", Some(noon)),
            ("1769860800000.5", Some(noon + 500_000)),
            ("1769860800000000", Some(noon)),
            ("1769860800000000007", Some(noon + 7)),
            ("1.7698608e9", Some(noon)),
            ("-1.5", Some(-1_500_000_000)),
            ("2026-01-31T12:00:00Z", Some(noon)),
            ("2026-01-31T13:00:00.25+01:00", Some(noon + 250_000_000)),
            ("2026-01-31 12:00:00", Some(noon)),
            ("2026/01/31 12:00:00", Some(noon)),
            ("2026-01-31 13:00:00 +0100", Some(noon)),
            ("2026-01-31 12:00:00 UTC", Some(noon)),
            ("2026-01-31", Some(noon - 43_200 * SECOND_NS)),
            ("noon", None),
            ("", None),
            ("99999999999999999999", None),
            ("2026-13-31 12:00:00", None),
        ] {
            let form = Form::of(text.as_bytes(), Decimal::Point);
            let read = form.and_then(|it| it.read(text.as_bytes(), Decimal::Point));
            assert_eq!(read, expected, "{text:?}");
        }
        assert_eq!(
            Form::Count(SECOND_NS).read(b"1,5", Decimal::Comma),
            Some(1_500_000_000)
        );
    }
}
