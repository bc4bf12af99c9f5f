//! Lines of sysstat's text, told apart: banners, times, headers, rows.
//!
//! Start at [`Line::of`].

use crate::clock::{half_of, time_of};

/// Counts of seconds since 1970 have this many digits from 2001 on.
const EPOCH_DIGITS: usize = 10;

/// When a row was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stamp {
    /// A time of day.
    Time(jiff::civil::Time),
    /// Seconds since the Unix epoch.
    Epoch(i64),
}

/// What a line is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// Nothing on it.
    Blank,
    /// Host, date and number of processors.
    Banner(Banner<'a>),
    /// Names of columns, with the time at which the interval begins.
    Header(Option<Stamp>, Vec<&'a str>),
    /// Values, with the time at which the interval ends.
    Row(Option<Stamp>, Vec<&'a str>),
}

/// `Linux 6.1.0 (host)  11/27/2026  _x86_64_  (2 CPU)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Banner<'a> {
    pub host: &'a str,
    pub date: &'a str,
    pub cpus: Option<f64>,
}

impl<'a> Line<'a> {
    /// What this line is. Rows hold at least one number, headers none.
    pub(super) fn of(text: &'a str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            return Self::Blank;
        }
        if let Some(banner) = banner(text, &words) {
            return Self::Banner(banner);
        }
        let (stamp, rest) = stamp(&words);
        // `pidstat -h` marks its headers.
        let marked = rest.first() == Some(&"#");
        let rest = if marked { &rest[1..] } else { rest };
        if marked || !rest.iter().any(|word| number(word).is_some()) {
            Self::Header(stamp, rest.to_vec())
        } else {
            Self::Row(stamp, rest.to_vec())
        }
    }
}

fn banner<'a>(text: &'a str, words: &[&'a str]) -> Option<Banner<'a>> {
    let is_banner = words.first() == Some(&"Linux") && text.trim_end().ends_with("CPU)");
    if !is_banner {
        return None;
    }
    let open = text.find('(')?;
    let close = open + text.get(open..)?.find(')')?;
    let after = text.get(close + 1..)?;
    let last = text.rfind('(')?;
    let count = text.get(last + 1..)?.split_whitespace().next()?;
    Some(Banner {
        host: text.get(open + 1..close)?,
        date: after.split_whitespace().next()?,
        cpus: number(count),
    })
}

fn stamp<'w, 'a>(words: &'w [&'a str]) -> (Option<Stamp>, &'w [&'a str]) {
    let Some(first) = words.first() else {
        return (None, words);
    };
    let half = words.get(1).copied().filter(|it| half_of(it).is_some());
    if let Some(time) = time_of(first, half) {
        let taken = if half.is_some() { 2 } else { 1 };
        return (Some(Stamp::Time(time)), &words[taken..]);
    }
    let long = first.len() == EPOCH_DIGITS && first.bytes().all(|it| it.is_ascii_digit());
    match first.parse() {
        Ok(seconds) if long => (Some(Stamp::Epoch(seconds)), &words[1..]),
        _ => (None, words),
    }
}

/// A number with a point or a comma before its decimals.
pub(crate) fn number(word: &str) -> Option<f64> {
    let begins = |it: &u8| it.is_ascii_digit() || matches!(it, b'-' | b'.' | b',');
    if !word.as_bytes().first().is_some_and(begins) {
        return None;
    }
    let parsed = match word.split_once(',') {
        Some((whole, decimals)) => fast_float2::parse(format!("{whole}.{decimals}")),
        None => fast_float2::parse(word),
    };
    parsed.ok().filter(|it: &f64| it.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let banner = Line::of("Linux 6.1.0 (web (1)) \t27.11.2026 \t_x86_64_\t(16 CPU)");
        assert!(matches!(banner, Line::Banner(it) if it.cpus == Some(16.0)));
        let header = Line::of("05:24:08 AM  CPU    %usr   %idle");
        assert!(matches!(header, Line::Header(Some(_), it) if it == ["CPU", "%usr", "%idle"]));
        let row = Line::of("05:24:09 PM  all   69,35    0.00");
        assert!(matches!(row, Line::Row(Some(Stamp::Time(_)), it) if it.len() == 3));
        let epoch = Line::of("1795757054      0        77    0.00");
        assert!(matches!(
            epoch,
            Line::Row(Some(Stamp::Epoch(1_795_757_054)), _)
        ));
        let average = Line::of("Durchschn.:  all   64,73");
        assert!(matches!(average, Line::Row(None, _)));
        assert_eq!(Line::of(" \t "), Line::Blank);
        assert_eq!(number("1,5"), Some(1.5));
        assert_eq!(number("inf"), None);
        assert_eq!(number("-"), None);
    }
}
