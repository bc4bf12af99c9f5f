//! Values and times as both text forms write them.

use model::time::Moment;

use super::text::Dialect;

/// Digits that fit a number without overflow, with room to spare.
const DIGITS_MAX: usize = 15;

/// Splits off the first token after blanks; the rest begins with what ended it.
pub(super) fn token(text: &[u8]) -> (&[u8], &[u8]) {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    let text = &text[blanks..];
    let end = text.iter().position(|byte| *byte <= b' ');
    text.split_at(end.unwrap_or(text.len()))
}

/// Whether tokens of a line are separated by this.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

/// Leaves out blanks at both ends.
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_blank(*byte));
    let end = text.iter().rposition(|byte| !is_blank(*byte));
    match (start, end) {
        (Some(start), Some(end)) => &text[start..=end],
        _ => &[],
    }
}

/// A value: decimal, `NaN`, `+Inf` or `-Inf`.
pub(super) fn value(token: &[u8]) -> Option<f64> {
    if token.len() <= DIGITS_MAX && token.iter().all(u8::is_ascii_digit) && !token.is_empty() {
        let digits = token.iter().map(|byte| u64::from(byte - b'0'));
        return Some(digits.fold(0, |sum, digit| sum * 10 + digit) as f64);
    }
    fast_float2::parse(token).ok()
}

/// A time: whole milliseconds in Prometheus text, seconds in OpenMetrics.
pub(super) fn time(token: &[u8], dialect: Dialect) -> Option<Moment> {
    match dialect {
        Dialect::Prometheus => {
            let text = std::str::from_utf8(token).ok()?;
            moment_from_milliseconds(text.parse().ok()?)
        }
        Dialect::OpenMetrics => moment_from_seconds(value(token)?),
    }
}

/// The moment so many milliseconds after the epoch.
pub(super) fn moment_from_milliseconds(milliseconds: i64) -> Option<Moment> {
    milliseconds.checked_mul(1_000_000).map(Moment)
}

/// The moment so many seconds after the epoch, to the microsecond that a 64-bit number
/// of today's size can tell.
fn moment_from_seconds(seconds: f64) -> Option<Moment> {
    let microseconds = (seconds * 1e6).round();
    // The conversion holds at the ends of the range, where the product is none.
    let whole = microseconds.is_finite().then_some(microseconds as i64)?;
    whole.checked_mul(1_000).map(Moment)
}
