//! Tells what separates cells, and what the decimals.

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between cells.
    pub delimiter: u8,
    /// Before decimals.
    pub decimal: Decimal,
}

/// What stands before the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `1.5`
    Point,
    /// `1,5`
    Comma,
}

/// So many lines are looked at.
const LINES: usize = 32;

/// In order of preference where several fit equally well.
const DELIMITERS: [u8; 3] = [b'\t', b';', b','];

impl Dialect {
    /// Judges by the beginning of the text.
    ///
    /// The delimiter is the one that the most of the first lines hold as often as
    /// the header does. Decimals are commas where cells look like `1,5` and none
    /// like `1.5`, which is possible only where the comma is no delimiter. A delimiter
    /// that is given is taken.
    pub(crate) fn sniff(head: &[u8], delimiter: Option<u8>) -> Self {
        let lines: Vec<&[u8]> = head
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty())
            .take(LINES)
            .collect();
        let fit = |delimiter: u8| {
            let mut counts = lines.iter().map(|line| count(line, delimiter));
            let header = counts.next().unwrap_or(0);
            let same = counts.filter(|it| *it == header).count();
            if header == 0 { 0 } else { 1 + same }
        };
        let best = DELIMITERS.iter().map(|it| fit(*it)).max().unwrap_or(0);
        let found = DELIMITERS
            .into_iter()
            .find(|it| best > 0 && fit(*it) == best);
        let delimiter = delimiter.or(found).unwrap_or(b',');
        Self {
            delimiter,
            decimal: decimal(&lines, delimiter),
        }
    }
}

/// How often the delimiter stands outside of quotes.
fn count(line: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    line.iter()
        .filter(|byte| {
            quoted ^= **byte == b'"';
            !quoted && **byte == delimiter
        })
        .count()
}

fn decimal(lines: &[&[u8]], delimiter: u8) -> Decimal {
    if delimiter == b',' {
        return Decimal::Point;
    }
    let cells = || {
        let rows = lines.iter().skip(1);
        rows.flat_map(|line| line.split(move |byte| *byte == delimiter))
    };
    let looks = |mark: u8| move |cell: &[u8]| is_decimal(cell.trim_ascii(), mark);
    if cells().any(looks(b',')) && !cells().any(looks(b'.')) {
        Decimal::Comma
    } else {
        Decimal::Point
    }
}

/// Whether a cell is digits, one mark, digits; signs, quotes and exponents aside.
fn is_decimal(cell: &[u8], mark: u8) -> bool {
    let cell = cell.strip_prefix(b"\"").unwrap_or(cell);
    let cell = cell.strip_suffix(b"\"").unwrap_or(cell);
    let cell = cell.strip_prefix(b"-").unwrap_or(cell);
    let mut parts = cell.split(|byte| *byte == mark);
    let (whole, decimals) = (parts.next(), parts.next());
    let digits = |part: Option<&[u8]>| {
        part.is_some_and(|it| it.first().is_some_and(u8::is_ascii_digit))
            && part.is_some_and(|it| {
                it.iter()
                    .all(|b| b.is_ascii_digit() || matches!(b, b'e' | b'E' | b'+' | b'-'))
            })
    };
    digits(whole) && digits(decimals) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_decimals_are_told() {
        for (text, delimiter, decimal) in [
            ("a,b\n1.5,2\n", b',', Decimal::Point),
            ("a;b\n1,5;2\n", b';', Decimal::Comma),
            ("a;b\n1,500;2.5\n", b';', Decimal::Point),
            ("a\tb, c\n1\t2\n", b'\t', Decimal::Point),
            ("a\tb\n-1,5e3\t2\n", b'\t', Decimal::Comma),
            ("\"x;y;z\",b\n1,2\n", b',', Decimal::Point),
            ("alone\n1\n2\n", b',', Decimal::Point),
            ("", b',', Decimal::Point),
        ] {
            assert_eq!(
                Dialect::sniff(text.as_bytes(), None),
                Dialect { delimiter, decimal },
                "{text:?}"
            );
        }
    }
}
