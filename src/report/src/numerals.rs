//! Finds the numbers in a sentence, so that each of them can lead to its source or be
//! told apart as written by hand.
//!
//! A number is what a reader takes for a quantity: `24 %`, `1.5 MiB/s`, `3`. Digits
//! within names (`p95`, `web-1`, `cpu=0`), dates and times of day are none.
//!
//! Start at [`pieces`].

use model::unit::Unit;

use crate::document::{Run, Token};
use crate::sources::SourceId;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece<'a> {
    /// Words.
    Words(&'a str),
    /// A number with its unit, as far as that is known.
    Number {
        /// As it is written, with a unit that is known.
        text: &'a str,
        /// In the unit's base.
        value: f64,
        /// Its unit; `1` where none follows.
        unit: Unit,
    },
}

/// Units that may follow a number, with the base unit and what one is of it. The longest
/// that fits counts.
const UNITS: &[(&str, &str, f64)] = &[
    ("%", "1", 0.01),
    ("ns", "s", 1e-9),
    ("µs", "s", 1e-6),
    ("ms", "s", 1e-3),
    ("s", "s", 1.0),
    ("min", "s", 60.0),
    ("h", "s", 3600.0),
    ("d", "s", 86_400.0),
    ("B", "By", 1.0),
    ("KiB", "By", 1024.0),
    ("MiB", "By", 1_048_576.0),
    ("GiB", "By", 1_073_741_824.0),
    ("TiB", "By", 1_099_511_627_776.0),
];

/// Cuts a sentence into words and numbers; the pieces together are the sentence.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    let mut depth = 0_usize;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if !c.is_ascii_digit() {
            at += c.len_utf8();
            continue;
        }
        let end = at + run(&text[at..]);
        let before = text[..at].chars().next_back();
        let within_name = depth > 0 || before.is_some_and(|it| joins(it, &text[..at]));
        match number(&text[at..], &text[at..end]).filter(|_| !within_name) {
            Some((length, value, unit)) => {
                let start = signed(text, at);
                let value = if text[start..at].starts_with(['-', '−']) {
                    -value
                } else {
                    value
                };
                if start > from {
                    found.push(Piece::Words(&text[from..start]));
                }
                from = at + length;
                let text = &text[start..from];
                found.push(Piece::Number { text, value, unit });
                at = from;
            }
            None => at = end,
        }
    }
    if from < text.len() {
        found.push(Piece::Words(&text[from..]));
    }
    found
}

/// A sentence whose numbers lead to a source, each told apart by its place in it.
pub fn told(text: &str, source: SourceId, of: &str) -> Vec<Run> {
    let mut place = 0;
    let runs = pieces(text).into_iter().map(|piece| match piece {
        Piece::Words(words) => Run::text(words),
        Piece::Number { text, value, unit } => {
            place += 1;
            Run::Number(Token {
                text: text.to_owned(),
                ..Token::new(value, &unit, &format!("number {place} of {of}"), source)
            })
        }
    });
    runs.collect()
}

/// A sentence whose numbers nothing proves.
pub fn by_hand(text: &str) -> Vec<Run> {
    let runs = pieces(text).into_iter().map(|piece| match piece {
        Piece::Words(words) => Run::text(words),
        Piece::Number { text, .. } => Run::Loose {
            text: text.to_owned(),
        },
    });
    runs.collect()
}

/// Whether digits after this character belong to a name.
fn joins(before: char, so_far: &str) -> bool {
    match before {
        '-' | '−' => {
            // A sign after a letter or digit is a hyphen.
            let rest = &so_far[..so_far.len() - before.len_utf8()];
            let earlier = rest.chars().next_back();
            earlier.is_some_and(|it| it.is_alphanumeric() || it == '-')
        }
        '_' | '.' | '=' | '#' | '/' | '@' => true,
        it => it.is_alphanumeric(),
    }
}

/// Where a number begins whose digits begin at `at`: at its sign, if it has one.
fn signed(text: &str, at: usize) -> usize {
    let before = text[..at].chars().next_back();
    match before {
        Some(sign @ ('-' | '−' | '+' | '±')) => at - sign.len_utf8(),
        _ => at,
    }
}

/// Length of what hangs together with the digits it begins with.
fn run(text: &str) -> usize {
    let within = |c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | ':' | '-' | '_' | '+');
    let end = text.find(|c| !within(c)).unwrap_or(text.len());
    text[..end]
        .trim_end_matches(['.', ',', ':', '-', '+'])
        .len()
}

/// The number that a run of characters begins with: its length with the unit, its value,
/// and its unit; `None` where it is a name, a date or a time of day.
fn number(rest: &str, run: &str) -> Option<(usize, f64, Unit)> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let end = run.find(|c| !digits(c)).unwrap_or(run.len());
    let (mantissa, mut tail) = (&run[..end], &run[end..]);
    if mantissa.matches('.').count() > 1 {
        return None;
    }
    let mut length = end;
    let mut exponent = 0;
    if let Some(power) = tail.strip_prefix(['e', 'E']).and_then(leading_power) {
        exponent = power.1;
        length += 1 + power.0;
        tail = &run[length..];
    }
    let plain: String = mantissa.chars().filter(|it| *it != ',').collect();
    let value: f64 = format!("{plain}e{exponent}").parse().ok()?;
    if !tail.is_empty() {
        // Glued to the digits: a unit, a factor such as `3x`, or part of a name.
        if matches!(tail, "x" | "×") {
            return Some((length + tail.len(), value, Unit::new("1")));
        }
        let (unit, factor, size) = unit_at(tail).filter(|it| it.2 == tail.len())?;
        return Some((length + size, value * factor, unit));
    }
    let spaced = rest[length..].strip_prefix([' ', '\u{a0}', '\u{202f}']);
    let space = rest[length..].len() - spaced.map_or(rest[length..].len(), str::len);
    match spaced.and_then(unit_at) {
        Some((unit, factor, size)) => Some((length + space + size, value * factor, unit)),
        None => match unit_at(&rest[length..]) {
            Some((unit, factor, size)) => Some((length + size, value * factor, unit)),
            None => Some((length, value, Unit::new("1"))),
        },
    }
}

/// Length and value of a power of ten such as `-9`.
fn leading_power(text: &str) -> Option<(usize, i32)> {
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text[sign..].find(|c: char| !c.is_ascii_digit());
    let end = sign + digits.unwrap_or(text.len() - sign);
    text[..end].parse().ok().map(|power| (end, power))
}

/// The unit that a text begins with, what one is of its base, and its length.
fn unit_at(text: &str) -> Option<(Unit, f64, usize)> {
    let ends = |size: usize| {
        let next = text[size..].chars().next();
        !next.is_some_and(char::is_alphanumeric)
    };
    let fits = |it: &&(&'static str, &'static str, f64)| text.starts_with(it.0) && ends(it.0.len());
    let (name, base, factor) = UNITS.iter().filter(fits).max_by_key(|it| it.0.len())?;
    let unit = Unit::new(base);
    match text[name.len()..].strip_prefix("/s") {
        Some(_) if ends(name.len() + 2) && *base == "By" => {
            Some((unit.per_second(), *factor, name.len() + 2))
        }
        _ => Some((unit, *factor, name.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a text as `text=value unit`.
    fn numbers(text: &str) -> Vec<String> {
        let all = pieces(text);
        let whole: String = all
            .iter()
            .map(|it| match it {
                Piece::Words(words) => *words,
                Piece::Number { text, .. } => text,
            })
            .collect();
        assert_eq!(whole, text, "nothing is lost");
        let numbers = all.iter().filter_map(|it| match it {
            Piece::Words(_) => None,
            Piece::Number { text, value, unit } => Some(format!("{text}={value} {}", unit.code())),
        });
        numbers.collect()
    }

    #[test]
    fn quantities_are_numbers_and_names_are_none() {
        for (text, wanted) in [
            (
                "It rose by 24 % to 1.5 MiB/s.",
                &["24 %=0.24 1", "1.5 MiB/s=1572864 By/s"][..],
            ),
            ("p95 of web-1 and cpu=0, sda1, db_2", &[]),
            ("On 2026-01-31 at 14:07:03.250 UTC", &[]),
            (
                "From -3 to +4, −2.5 ms",
                &["-3=-3 1", "+4=4 1", "−2.5 ms=-0.0025 s"],
            ),
            (
                "1,234,567 requests, 3x as many",
                &["1,234,567=1234567 1", "3x=3 1"],
            ),
            ("the 95th percentile, 10.0.0.1, v1.2.3", &[]),
            ("system.cpu.time{cpu=0,state=user 1} 7", &["7=7 1"]),
            ("q = 1.5e-9.", &["1.5e-9=0.0000000015 1"]),
            ("20ms (12 s) 5", &["20ms=0.02 s", "12 s=12 s", "5=5 1"]),
            ("", &[]),
            ("½ is none; 7½ is 7", &["7=7 1"]),
        ] {
            assert_eq!(numbers(text), wanted, "{text}");
        }
    }
}
