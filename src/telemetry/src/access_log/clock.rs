//! Times in access logs, put together from what a line says of them.
//!
//! Every reader takes its time off the front of a text and returns what follows, since
//! times may stand side by side: date, fraction and zone are three directives of Apache.

use model::time::{Moment, SECOND_NS};

use super::number::{Scale, duration};

/// What a line has said of its time so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// Date and time of day.
    pub(super) date: Option<Date>,
    /// East of Greenwich; a time without a zone is taken as universal.
    pub(super) offset_s: i64,
    /// To be added to a time of whole seconds.
    pub(super) fraction_ns: i64,
    /// Time since the epoch, which is preferred as it is the finest.
    pub(super) unix_ns: Option<i64>,
}

/// A date and a time of day, each part within its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

impl Default for Date {
    fn default() -> Self {
        Self {
            year: 1970,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
        }
    }
}

impl Clock {
    /// The moment that was told.
    pub(super) fn moment(&self) -> Option<Moment> {
        if let Some(ns) = self.unix_ns {
            return ns.checked_add(self.fraction_ns).map(Moment);
        }
        let seconds = self.date?.unix_seconds()?.checked_sub(self.offset_s)?;
        let ns = seconds.checked_mul(SECOND_NS)?;
        ns.checked_add(self.fraction_ns).map(Moment)
    }

    /// Takes `27/Nov/2026:05:19:37 +0000` off the front.
    pub(super) fn local<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (text, rest) = text.split_at_checked(26)?;
        let byte = text.as_bytes();
        let marks = [byte[2], byte[6], byte[11], byte[14], byte[17], byte[20]];
        if marks != *b"//::: " {
            return None;
        }
        self.date = Some(Date {
            year: two(byte, 7)? * 100 + two(byte, 9)?,
            month: month(&byte[3..6])?,
            day: two(byte, 0)?,
            hour: two(byte, 12)?,
            minute: two(byte, 15)?,
            second: two(byte, 18)?,
        });
        self.offset_s = offset(&byte[21..26])?;
        Some(rest)
    }

    /// Takes `2026-11-27T05:19:37.123+00:00` off the front; fraction and zone may be
    /// absent.
    pub(super) fn iso<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (whole, rest) = text.split_at_checked(19)?;
        let byte = whole.as_bytes();
        let marks = [byte[4], byte[7], byte[13], byte[16]];
        if marks != *b"--::" || !matches!(byte[10], b'T' | b' ' | b't') {
            return None;
        }
        self.date = Some(Date {
            year: two(byte, 0)? * 100 + two(byte, 2)?,
            month: two(byte, 5)?,
            day: two(byte, 8)?,
            hour: two(byte, 11)?,
            minute: two(byte, 14)?,
            second: two(byte, 17)?,
        });
        let rest = self.fraction(rest)?;
        self.zone(rest)
    }

    /// Takes a fraction with its point off the front, if there is one.
    fn fraction<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let Some(rest) = text.strip_prefix(['.', ',']) else {
            return Some(text);
        };
        self.digits_after_point(rest)
    }

    /// Takes the digits of a fraction off the front.
    pub(super) fn digits_after_point<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let mut place = SECOND_NS;
        let mut sum = 0;
        for byte in text.bytes().take(digits) {
            place /= 10;
            sum += i64::from(byte - b'0') * place;
        }
        self.fraction_ns = sum;
        (digits > 0).then_some(&text[digits..])
    }

    /// Takes `Z`, `+0100` or `+01:00` off the front, if there is one.
    pub(super) fn zone<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        if let Some(rest) = text.strip_prefix(['Z', 'z']) {
            return Some(rest);
        }
        if !text.starts_with(['+', '-']) {
            return Some(text);
        }
        let long = text.as_bytes().get(3) == Some(&b':');
        let (zone, rest) = text.split_at_checked(if long { 6 } else { 5 })?;
        let byte = zone.as_bytes();
        self.offset_s = match long {
            true => offset(&[byte[0], byte[1], byte[2], byte[4], byte[5]])?,
            false => offset(byte)?,
        };
        Some(rest)
    }

    /// Takes a whole number since the epoch off the front.
    pub(super) fn unix<'a>(&mut self, text: &'a str, scale: Scale) -> Option<&'a str> {
        let length = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = text.split_at(length);
        self.unix_ns = Some(duration(digits, scale)?);
        Some(rest)
    }

    /// Takes a number since the epoch off the front that may have a point.
    pub(super) fn unix_decimal<'a>(&mut self, text: &'a str, scale: Scale) -> Option<&'a str> {
        let number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let length = text.bytes().take_while(number).count();
        let (digits, rest) = text.split_at(length);
        self.unix_ns = Some(duration(digits, scale)?);
        Some(rest)
    }
}

impl Date {
    /// Seconds since the epoch as if the time were universal; `None` for a date that
    /// does not exist.
    ///
    /// # Source
    ///
    /// Days are counted from March on, so that the leap day is the last of a year;
    /// Gregorian calendar, 146,097 days in 400 years.
    fn unix_seconds(&self) -> Option<i64> {
        let legal = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..=60).contains(&self.second)
            && (0..=9_999).contains(&self.year);
        if !legal {
            return None;
        }
        let months = (self.month + 9) % 12;
        let year = if months >= 10 {
            self.year - 1
        } else {
            self.year
        };
        let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * months + 2) / 5
            + self.day
            - 1;
        // From 1 March of year 0 to 1 January 1970.
        let days = days - 719_468;
        Some(((days * 24 + self.hour) * 60 + self.minute) * 60 + self.second)
    }
}

/// Two digits at a place.
pub(super) fn two(bytes: &[u8], place: usize) -> Option<i64> {
    match bytes.get(place..place + 2)? {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i64::from((a - b'0') * 10 + (b - b'0'))),
        _ => None,
    }
}

/// The month of this name.
pub(super) fn month(name: &[u8]) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let place = NAMES.iter().position(|it| *it == name)?;
    i64::try_from(place + 1).ok()
}

/// Seconds that `+0130` is east of Greenwich.
fn offset(zone: &[u8]) -> Option<i64> {
    let seconds = (two(zone, 1)? * 60 + two(zone, 3)?) * 60;
    match zone.first()? {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}
