//! Reads one cell as a number.

use super::dialect::Decimal;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    /// A finite number.
    Number(f64),
    /// Nothing: empty, `NaN`, and what other programs write for it.
    Gap,
    /// An infinity, which no axis can show.
    Infinite,
    /// Something else.
    Word,
}

/// What programs write for a missing value, in lower case.
const MISSING: [&[u8]; 7] = [b"nan", b"na", b"n/a", b"null", b"none", b"nil", b"-"];

/// The longest number read with a decimal comma; longer cells are words.
const MOST_DIGITS: usize = 64;

/// Reads a cell.
pub(crate) fn parse(cell: &[u8], decimal: Decimal) -> Cell {
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return Cell::Gap;
    }
    let number = match decimal {
        Decimal::Point => fast_float2::parse::<f64, _>(cell).ok(),
        Decimal::Comma => with_comma(cell),
    };
    match number {
        Some(number) if number.is_finite() => Cell::Number(number),
        Some(number) if number.is_nan() => Cell::Gap,
        // Digits that overflow are no infinity, but they are no finite number either.
        Some(_) => Cell::Infinite,
        None if MISSING.iter().any(|it| it.eq_ignore_ascii_case(cell)) => Cell::Gap,
        None => Cell::Word,
    }
}

fn with_comma(cell: &[u8]) -> Option<f64> {
    let mut buffer = [0_u8; MOST_DIGITS];
    let text = buffer.get_mut(..cell.len())?;
    text.copy_from_slice(cell);
    if let Some(comma) = text.iter_mut().find(|byte| **byte == b',') {
        *comma = b'.';
    }
    fast_float2::parse(&*text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbers_gaps_or_words() {
        for (text, expected) in [
            ("1.5", Cell::Number(1.5)),
            (" -2e3 ", Cell::Number(-2000.0)),
            ("+7", Cell::Number(7.0)),
            ("", Cell::Gap),
            ("NaN", Cell::Gap),
            ("n/a", Cell::Gap),
            ("-", Cell::Gap),
            ("inf", Cell::Infinite),
            ("1e999", Cell::Infinite),
            ("1,5", Cell::Word),
            ("12 ms", Cell::Word),
        ] {
            assert_eq!(parse(text.as_bytes(), Decimal::Point), expected, "{text:?}");
        }
        assert_eq!(parse(b"-1,25", Decimal::Comma), Cell::Number(-1.25));
        assert_eq!(parse(b"1,2,3", Decimal::Comma), Cell::Word);
        assert_eq!(parse(&[b'1'; 65], Decimal::Comma), Cell::Word);
    }
}
