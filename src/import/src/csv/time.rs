//! Reads the cells of a time column.

use super::dialect::Decimal;
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
    /// `YYYY-MM-DD HH:MM:SS`, taken as UTC.
    Civil,
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
            Self::Civil => "times without a zone, taken as UTC",
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
                let timestamp: jiff::Timestamp = std::str::from_utf8(cell).ok()?.parse().ok()?;
                i64::try_from(timestamp.as_nanosecond()).ok()
            }
            Self::Civil => civil(std::str::from_utf8(cell).ok()?),
        }
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
