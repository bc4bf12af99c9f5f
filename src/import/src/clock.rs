//! Dates and times of day as tools print them, in the forms of many locales.
//!
//! A tool that runs for hours prints a date once and then times of day, so that the
//! date has to be carried over midnight here.
//!
//! * In: `11/27/2026`, `27.11.2026`, `2026-11-27`, `05:24:09`, `05:24:09 PM`.
//! * Out: nanoseconds since the Unix epoch; without a zone, taken as UTC.
//! * Never: reads a clock or the zone of this machine.
//!
//! Start at [`Clock`].

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// A time of day so much earlier than the one before is of the next day; less is a clock
/// that was set back.
const MIDNIGHT_SECONDS: i64 = 12 * 3_600;

/// Times of day become moments.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    date: Option<Date>,
    last: Option<DateTime>,
    /// The first date that could be read in two ways, as it was written.
    doubtful: Option<String>,
    /// Whether the month stands first in dates with slashes, once that is certain.
    month_first: Option<bool>,
}

impl Clock {
    /// Begins a new day where the text is a date; says whether it is.
    pub(crate) fn set_date(&mut self, text: &str) -> bool {
        self.learn(text);
        let Some((date, certain)) = date_of(text, self.month_first) else {
            return false;
        };
        if !certain && self.month_first.is_none() && self.doubtful.is_none() {
            self.doubtful = Some(text.to_owned());
        }
        self.date = Some(date);
        self.last = None;
        true
    }

    /// Takes from a date that can be read in one way only which order all of them have.
    pub(crate) fn learn(&mut self, text: &str) {
        let date = text.split_whitespace().next().unwrap_or_default();
        if self.month_first.is_some() || !date.contains('/') {
            return;
        }
        let day_first = date_of(date, Some(false)).is_some();
        let month_first = date_of(date, Some(true)).is_some();
        if day_first != month_first {
            self.month_first = Some(month_first);
        }
    }

    /// The time of day at which the first interval begins, so that midnight within it is
    /// seen.
    pub(crate) fn begin(&mut self, time: Time) {
        if let (None, Some(date)) = (self.last, self.date) {
            self.last = Some(date.to_datetime(time));
        }
    }

    /// The moment of a time of day at or after the one before.
    pub(crate) fn at(&mut self, time: Time) -> Option<i64> {
        let date = self.date.unwrap_or(Date::constant(1970, 1, 1));
        let mut now = date.to_datetime(time);
        if let Some(last) = self.last
            && last.duration_since(now).as_secs() >= MIDNIGHT_SECONDS
        {
            let next = date.tomorrow().ok()?;
            self.date = Some(next);
            now = next.to_datetime(time);
        }
        self.last = Some(now);
        ns(now)
    }

    /// The moment of a date and a time of day, or of an ISO time with its offset.
    pub(crate) fn moment(&mut self, text: &str) -> Option<i64> {
        if let Some(at) = zoned(text) {
            return Some(at);
        }
        let mut words = text.split_whitespace();
        let (date, time) = (words.next()?, words.next()?);
        let half = words.next();
        // A word that is no half of the day may be a zone: it is not passed over.
        if half.is_some_and(|it| half_of(it).is_none()) || words.next().is_some() {
            return None;
        }
        let time = time_of(time, half)?;
        self.set_date(date).then(|| self.at(time)).flatten()
    }

    /// Whether a date was told.
    pub(crate) fn dated(&self) -> bool {
        self.date.is_some()
    }

    /// What is to be said of dates.
    pub(crate) fn note(&self) -> Option<String> {
        self.doubtful.as_ref().map(|text| {
            format!("the date {text} was read with the month first, where the day may be")
        })
    }
}

/// An ISO 8601 time with its offset from UTC, such as `2026-11-27T05:24:03+0000`.
fn zoned(text: &str) -> Option<i64> {
    let timestamp: jiff::Timestamp = text.trim().parse().ok()?;
    i64::try_from(timestamp.as_nanosecond()).ok()
}

/// Nanoseconds since the Unix epoch of a time in UTC.
pub(crate) fn ns(civil: DateTime) -> Option<i64> {
    let timestamp = TimeZone::UTC.to_timestamp(civil).ok()?;
    i64::try_from(timestamp.as_nanosecond()).ok()
}

/// A time of day; `half` is the word after it, which may be `AM` or `PM`.
pub(crate) fn time_of(text: &str, half: Option<&str>) -> Option<Time> {
    let mut parts = text.split([':', '.']).map(digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    let hour = match half.and_then(half_of) {
        None => hour,
        Some(_) if hour == 0 || hour > 12 => return None,
        Some(Half::Before) => hour % 12,
        Some(Half::After) => hour % 12 + 12,
    };
    // A leap second is the second after.
    let second = second.min(if second == 60 { 59 } else { second });
    let narrow = |it: i64| i8::try_from(it).ok();
    Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, 0).ok()
}

/// Which half of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Before,
    After,
}

/// Reads `AM`, `pm`, `a.m.`.
pub(crate) fn half_of(text: &str) -> Option<Half> {
    let plain = text.replace('.', "");
    if plain.eq_ignore_ascii_case("am") {
        Some(Half::Before)
    } else if plain.eq_ignore_ascii_case("pm") {
        Some(Half::After)
    } else {
        None
    }
}

/// A date, and whether it can be read in this way only. Of dates with slashes that begin
/// with no year, the month may be known to stand first or not.
fn date_of(text: &str, known: Option<bool>) -> Option<(Date, bool)> {
    let mut numbers = text
        .split(|it: char| !it.is_ascii_digit())
        .filter(|it| !it.is_empty());
    let (first, second, third) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let odd = |it: char| it.is_ascii_alphabetic() || it == ':';
    if numbers.next().is_some() || text.contains(odd) {
        return None;
    }
    let (a, b, c) = (digits(first)?, digits(second)?, digits(third)?);
    if first.len() == 4 {
        return Some((date(a, b, c)?, true));
    }
    let year = if third.len() == 2 { 2000 + c } else { c };
    let (month_first, day_first) = (date(year, a, b), date(year, b, a));
    if let (true, Some(month)) = (text.contains('/'), known) {
        return Some((if month { month_first? } else { day_first? }, true));
    }
    if text.contains('/') {
        let certain = a == b || day_first.is_none() || month_first.is_none();
        return Some((month_first.or(day_first)?, certain));
    }
    Some((day_first.or(month_first)?, true))
}

fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    let narrow = |it: i64| i8::try_from(it).ok();
    let year = i16::try_from(year).ok()?;
    Date::new(year, narrow(month)?, narrow(day)?).ok()
}

fn digits(text: &str) -> Option<i64> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(clock: &mut Clock, time: &str) -> String {
        let (time, half) = time.split_once(' ').unwrap_or((time, ""));
        let at = time_of(time, Some(half)).and_then(|it| clock.at(it));
        model::time::Moment(at.unwrap_or(0)).to_string()
    }

    #[test]
    fn dates_of_many_locales_are_read() {
        for (text, expected) in [
            ("11/27/2026", Some("2026-11-27")),
            ("11/27/26", Some("2026-11-27")),
            ("27/11/2026", Some("2026-11-27")),
            ("27.11.2026", Some("2026-11-27")),
            ("27-11-26", Some("2026-11-27")),
            ("2026-11-27", Some("2026-11-27")),
            ("2026年11月27日", Some("2026-11-27")),
            ("2026/11/27", Some("2026-11-27")),
            ("03/04/26", Some("2026-03-04")),
            ("31/31/26", None),
            ("05:24:09", None),
            ("6.18.44-x", None),
            ("", None),
        ] {
            let date = date_of(text, None).map(|it| it.0.to_string());
            assert_eq!(date.as_deref(), expected, "{text}");
        }
        let mut clock = Clock::default();
        assert!(clock.set_date("03/04/26"));
        assert!(clock.note().is_some_and(|it| it.contains("03/04/26")));
        // One certain date settles the order of those after it.
        let mut clock = Clock::default();
        clock.learn("13/12/2026 10:00:00");
        assert_eq!(told(&mut clock, "00:00:00"), "1970-01-01T00:00:00Z");
        let at = clock.moment("01/12/2026 10:00:00").unwrap_or(0);
        assert_eq!(model::time::Moment(at).to_string(), "2026-12-01T10:00:00Z");
        assert_eq!(clock.moment("12/13/2026 10:00:00"), None);
        assert_eq!(clock.moment("2026-11-27 05:24:03 EST"), None);
    }

    #[test]
    fn days_are_carried_over_midnight_but_not_over_a_clock_set_back() {
        let mut clock = Clock::default();
        assert!(clock.set_date("12/31/2026"));
        assert_eq!(told(&mut clock, "11:59:59 PM"), "2026-12-31T23:59:59Z");
        assert_eq!(told(&mut clock, "12:00:00 AM"), "2027-01-01T00:00:00Z");
        assert_eq!(told(&mut clock, "12:00:01 PM"), "2027-01-01T12:00:01Z");
        assert_eq!(told(&mut clock, "11:00:01 AM"), "2027-01-01T11:00:01Z");
        assert_eq!(told(&mut clock, "13:00:01"), "2027-01-01T13:00:01Z");
        assert_eq!(told(&mut clock, "00:00:01"), "2027-01-02T00:00:01Z");
    }

    #[test]
    fn whole_moments_are_read_with_their_offset() {
        let mut clock = Clock::default();
        for (text, expected) in [
            ("2026-11-27T05:24:03+0100", Some("2026-11-27T04:24:03Z")),
            ("2026-11-27 05:24:03", Some("2026-11-27T05:24:03Z")),
            ("11/27/2026 05:24:03 PM", Some("2026-11-27T17:24:03Z")),
            ("27.11.2026 05:24:03", Some("2026-11-27T05:24:03Z")),
            ("05:24:03 x", None),
            ("27.11.2026", None),
            ("2026-11-27 25:00:00", None),
        ] {
            let at = clock.moment(text);
            let at = at.map(|it| model::time::Moment(it).to_string());
            assert_eq!(at.as_deref(), expected, "{text}");
        }
    }
}
