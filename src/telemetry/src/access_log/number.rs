//! Numbers in access logs: durations, sizes, status codes.

/// The unit that a number without one is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scale {
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
}

/// Units that may follow a number.
const SUFFIXES: &[(&str, Scale)] = &[
    ("ns", Scale::Nanoseconds),
    ("us", Scale::Microseconds),
    ("µs", Scale::Microseconds),
    ("ms", Scale::Milliseconds),
    ("s", Scale::Seconds),
];

impl Scale {
    /// Nanoseconds of one.
    pub(super) fn nanoseconds(self) -> i64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Microseconds => 1_000,
            Self::Milliseconds => 1_000_000,
            Self::Seconds => 1_000_000_000,
        }
    }
}

/// Whether a server wrote that there is nothing to tell.
pub(super) fn is_absent(text: &str) -> bool {
    matches!(text, "-" | "")
}

/// A length of time that is not negative, exact to the nanosecond: `0.121` in seconds.
pub(super) fn duration(text: &str, scale: Scale) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits);
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("", rest),
    };
    let scale = match suffix {
        "" => scale,
        _ => SUFFIXES.iter().find(|(known, _)| *known == suffix)?.1,
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unit = scale.nanoseconds();
    let whole = match whole {
        "" => 0,
        _ => whole_number(whole)?.checked_mul(unit)?,
    };
    whole.checked_add(part(fraction, unit))
}

/// A fraction of a unit: `121` of a thousand is what follows the point in `0.121`.
fn part(digits: &str, unit: i64) -> i64 {
    let mut place = unit;
    let mut sum = 0;
    for byte in digits.bytes() {
        place /= 10;
        sum += i64::from(byte - b'0') * place;
    }
    sum
}

/// Digits only.
pub(super) fn whole_number(digits: &str) -> Option<i64> {
    let mut sum = 0_i64;
    for byte in digits.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        sum = sum.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
    }
    (!digits.is_empty()).then_some(sum)
}

/// The sum of what several servers took: `0.000, 0.122`, or `0.1 : -` after a redirect
/// within the server; `None` where none was asked.
pub(super) fn durations(text: &str, scale: Scale) -> Result<Option<i64>, ()> {
    let mut sum = None;
    for one in text.split([',', ':']) {
        let one = one.trim();
        if !is_absent(one) {
            let own = duration(one, scale).ok_or(())?;
            sum = Some(own.saturating_add(sum.unwrap_or(0)));
        }
    }
    Ok(sum)
}

/// The server that was asked last: `10.0.0.1:80, 10.0.0.2:80` or `a : b`.
pub(super) fn last_address(text: &str) -> &str {
    let last = text.rsplit(", ").next().unwrap_or(text);
    let last = last.rsplit(" : ").next().unwrap_or(last).trim();
    if is_absent(last) { "" } else { last }
}

/// A status code of at most three digits; nothing is 0.
pub(super) fn status(text: &str) -> Option<u16> {
    match is_absent(text) {
        true => Some(0),
        false if text.len() <= 3 => u16::try_from(whole_number(text)?).ok(),
        false => None,
    }
}

/// A number of bytes; Apache writes nothing for zero.
pub(super) fn bytes(text: &str) -> Option<u64> {
    match is_absent(text) {
        true => Some(0),
        false => u64::try_from(whole_number(text)?).ok(),
    }
}
