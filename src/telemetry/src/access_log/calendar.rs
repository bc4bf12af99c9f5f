//! Times by a `strftime` pattern, as Apache's `%{…}t` writes them.
//!
//! # Source
//!
//! `strftime(3)`; names of months are those of the C locale.

use super::clock::{Clock, Date, month, two};
use super::number::Scale;

/// One part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Stands for itself.
    Mark(char),
    Year,
    /// Two digits; up to 68 they are of this century.
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    Minute,
    Second,
    Zone,
    /// Seconds since the epoch.
    Unix,
    /// Letters that say nothing new: a weekday or the name of a zone.
    Letters,
}

/// Takes a pattern apart; `None` when it holds what is not read.
pub(super) fn compile(pattern: &str) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            items.push(Item::Mark(character));
            continue;
        }
        match characters.next()? {
            'Y' => items.push(Item::Year),
            'y' => items.push(Item::ShortYear),
            'm' => items.push(Item::Month),
            'b' | 'h' => items.push(Item::MonthName),
            'd' | 'e' => items.push(Item::Day),
            'H' => items.push(Item::Hour),
            'M' => items.push(Item::Minute),
            'S' => items.push(Item::Second),
            'z' => items.push(Item::Zone),
            's' => items.push(Item::Unix),
            'a' | 'A' | 'Z' => items.push(Item::Letters),
            'T' => items.extend(compile("%H:%M:%S")?),
            'R' => items.extend(compile("%H:%M")?),
            'F' => items.extend(compile("%Y-%m-%d")?),
            '%' => items.push(Item::Mark('%')),
            _ => return None,
        }
    }
    Some(items)
}

/// Whether a time by these says the date, and not only a part that others complete.
pub(super) fn has_date(items: &[Item]) -> bool {
    items.contains(&Item::Day) || items.contains(&Item::Unix)
}

/// Takes a time off the front of a text.
pub(super) fn read<'a>(items: &[Item], text: &'a str, clock: &mut Clock) -> Option<&'a str> {
    let mut rest = text;
    for item in items {
        rest = match item {
            Item::Mark(mark) => rest.strip_prefix(*mark)?,
            Item::Zone => clock.zone(rest)?,
            Item::Unix => clock.unix(rest, Scale::Seconds)?,
            Item::Letters => rest.trim_start_matches(|it: char| it.is_ascii_alphabetic()),
            part => of_date(*part, rest, clock.date.get_or_insert_with(Date::default))?,
        };
    }
    Some(rest)
}

fn of_date<'a>(item: Item, text: &'a str, date: &mut Date) -> Option<&'a str> {
    let length = match item {
        Item::Year => 4,
        Item::MonthName => 3,
        _ => 2,
    };
    let (part, rest) = text.split_at_checked(length)?;
    let bytes = part.as_bytes();
    match item {
        Item::Year => date.year = two(bytes, 0)? * 100 + two(bytes, 2)?,
        Item::ShortYear => {
            let year = two(bytes, 0)?;
            date.year = if year < 69 { 2000 + year } else { 1900 + year };
        }
        Item::MonthName => date.month = month(bytes)?,
        Item::Month => date.month = two(bytes, 0)?,
        // Padded with a blank by `%e`.
        Item::Day if bytes[0] == b' ' => date.day = two(&[b'0', bytes[1]], 0)?,
        Item::Day => date.day = two(bytes, 0)?,
        Item::Hour => date.hour = two(bytes, 0)?,
        Item::Minute => date.minute = two(bytes, 0)?,
        Item::Second => date.second = two(bytes, 0)?,
        Item::Mark(_) | Item::Zone | Item::Unix | Item::Letters => return None,
    }
    Some(rest)
}
