//! Times that come again, as cron writes them: `30 2 * * 1-5`.
//!
//! Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are
//! Sunday). Lists, ranges, steps and English names; `@hourly`, `@daily`, `@weekly`,
//! `@monthly`, `@yearly`. Where both days are restricted, either one counts.
//!
//! A time that a change of clocks leaves out comes right after the gap; one that comes
//! twice counts once.
//!
//! Start at [`Cron`]'s `FromStr` and [`Cron::next_after`].
//!
//! # Source
//!
//! `crontab(5)`, and IEEE Std 1003.1, `crontab`, for the rule of the two days.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// Days looked ahead: the 29th of February is at most eight years away.
const DAYS_MAX: usize = 8 * 366;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const NAMED: [(&str, &str); 6] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
];

/// Times that come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Cron {
    text: String,
    /// A bit for each value that fits: minutes, hours, days, months, days of the week.
    fields: [u64; 5],
    /// Whether day of the month and day of the week are restricted.
    restricted: [bool; 2],
}

/// The text is no such times.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no cron time: {why}")]
pub struct NotATime {
    text: String,
    why: String,
}

/// The fields with their bounds.
const FIELDS: [(&str, u32, u32); 5] = [
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
];

impl FromStr for Cron {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let wrong = |why: String| NotATime {
            text: text.chars().take(100).collect(),
            why,
        };
        let lower = text.trim().to_lowercase();
        let named = NAMED.iter().find(|(name, _)| *name == lower);
        let plain = named.map_or(lower.as_str(), |(_, plain)| plain);
        let words: Vec<&str> = plain.split_whitespace().collect();
        if words.len() != FIELDS.len() {
            return Err(wrong(format!(
                "it has {} fields, not minute, hour, day, month and day of the week",
                words.len()
            )));
        }
        let mut fields = [0; 5];
        for ((field, word), bounds) in fields.iter_mut().zip(&words).zip(FIELDS) {
            *field = values(word, bounds).map_err(wrong)?;
        }
        // Sunday has two numbers.
        fields[4] = (fields[4] | (fields[4] >> 7)) & 0x7f;
        Ok(Self {
            text: text.trim().to_owned(),
            fields,
            restricted: [!words[2].starts_with('*'), !words[4].starts_with('*')],
        })
    }
}

/// The values of one field.
fn values(word: &str, (name, low, high): (&str, u32, u32)) -> Result<u64, String> {
    let mut all = 0;
    for part in word.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                let step = step.parse().ok().filter(|it| (1..=high).contains(it));
                let step = step.ok_or_else(|| format!("{part:?} has no step for the {name}"))?;
                (range, Some(step))
            }
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (value(from, name)?, value(to, name)?),
            None => {
                let from = value(range, name)?;
                (from, if step.is_some() { high } else { from })
            }
        };
        if from < low || to > high || from > to {
            return Err(format!(
                "the {name} {range:?} is not within {low} to {high}"
            ));
        }
        let step: u32 = step.unwrap_or(1);
        let mut at = from;
        while at <= to {
            all |= 1_u64 << at;
            at += step;
        }
    }
    Ok(all)
}

fn value(text: &str, name: &str) -> Result<u32, String> {
    let names: &[&str] = match name {
        "month" => &MONTHS,
        "day of the week" => &DAYS,
        _ => &[],
    };
    let first = u32::from(name == "month");
    let named = (first..).zip(names).find(|(_, known)| **known == text);
    let digits = text.len() <= 2 && text.bytes().all(|it| it.is_ascii_digit());
    let number = || text.parse().ok().filter(|_| digits);
    named
        .map(|(number, _)| number)
        .or_else(number)
        .ok_or_else(|| format!("{text:?} is no {name}"))
}

impl Cron {
    /// Every day at this time.
    pub fn daily(hour: u8, minute: u8) -> Option<Self> {
        format!("{minute} {hour} * * *").parse().ok()
    }

    /// The first time after a moment, in a zone; `None` where there is none within eight
    /// years, as for the 31st of February.
    pub fn next_after(&self, after: Moment, zone: &TimeZone) -> Option<Moment> {
        let begin = Timestamp::from_nanosecond(i128::from(after.0)).ok()?;
        let mut date = begin.to_zoned_datetime(zone.clone()).date();
        for _ in 0..DAYS_MAX {
            if self.fits(date)
                && let Some(found) = self.on(date, (after, zone))
            {
                return Some(found);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn fits(&self, date: Date) -> bool {
        let has = |field: usize, value: i8| self.fields[field] >> value.unsigned_abs() & 1 == 1;
        let day = has(2, date.day());
        let weekday = has(4, date.weekday().to_sunday_zero_offset());
        let either = match self.restricted {
            [true, true] => day || weekday,
            _ => day && weekday,
        };
        has(3, date.month()) && either
    }

    /// The first time on a day that is after a moment.
    fn on(&self, date: Date, (after, zone): (Moment, &TimeZone)) -> Option<Moment> {
        let set = |field: usize, high: i8| {
            (0..=high).filter(move |it| self.fields[field] >> it.unsigned_abs() & 1 == 1)
        };
        let times = set(1, 23).flat_map(|hour| set(0, 59).map(move |minute| (hour, minute)));
        let mut moments = times.filter_map(|(hour, minute)| {
            let civil = date.to_datetime(Time::new(hour, minute, 0, 0).ok()?);
            let timestamp = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
            i64::try_from(timestamp.as_nanosecond()).ok().map(Moment)
        });
        moments.find(|it| *it > after)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Cron> for String {
    fn from(cron: Cron) -> Self {
        cron.text
    }
}

impl TryFrom<String> for Cron {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Self, NotATime> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules of Central Europe since 1996, so that no database is needed.
    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn next(cron: &str, after: &str, zone: &str) -> String {
        let cron: Cron = cron.parse().expect(cron);
        let after: Moment = after.parse().expect(after);
        let zone = TimeZone::posix(zone).expect(zone);
        let next = cron.next_after(after, &zone);
        next.map_or("never".to_owned(), |it| it.to_string())
    }

    #[test]
    fn the_next_time_is_found() {
        for (cron, after, expected) in [
            ("30 2 * * *", "2026-11-28T02:29:59Z", "2026-11-28T02:30:00Z"),
            ("30 2 * * *", "2026-11-28T02:30:00Z", "2026-11-29T02:30:00Z"),
            (
                "*/20 * * * *",
                "2026-11-28T02:41:00Z",
                "2026-11-28T03:00:00Z",
            ),
            (
                "0 9 * * mon-fri",
                "2026-11-27T09:00:00Z",
                "2026-11-30T09:00:00Z",
            ),
            ("0 0 29 2 *", "2026-11-28T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 13 * 5", "2026-11-28T00:00:00Z", "2026-12-04T00:00:00Z"),
            ("0 12 * * 7", "2026-11-28T00:00:00Z", "2026-11-29T12:00:00Z"),
            (
                "5,10-12 1 * jan *",
                "2026-01-31T01:12:00Z",
                "2027-01-01T01:05:00Z",
            ),
            ("@weekly", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"),
            ("0 0 31 2 *", "2026-11-28T00:00:00Z", "never"),
        ] {
            assert_eq!(next(cron, after, "UTC0"), expected, "{cron}");
        }
    }

    #[test]
    fn a_change_of_clocks_neither_skips_nor_repeats() {
        // 02:30 does not exist on 2026-03-29 in Berlin, and comes twice on 2026-10-25.
        let berlin = |after| next("30 2 * * *", after, BERLIN);
        assert_eq!(berlin("2026-03-28T12:00:00Z"), "2026-03-29T01:30:00Z");
        assert_eq!(berlin("2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(berlin("2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "a * * * *",
            "* * * foo *",
            "1-99999999999 * * * *",
            "+5 * * * *",
            "@sometimes",
        ] {
            assert!(wrong.parse::<Cron>().is_err(), "{wrong:?}");
        }
    }
}
