//! RON documents that notice when a bit of them is flipped.
//!
//! The last line is a comment with the SHA-256 of everything above it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::limit::NESTING_MAX;

const SEAL: &str = "// sha256 ";

/// Why a document cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It differs from what was written.
    Damaged(String),
    /// It nests deeper than ours do.
    TooDeep,
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Prints a document with its seal.
pub(crate) fn sealed(value: &impl Serialize) -> Result<Vec<u8>, ron::Error> {
    let form = ron::ser::PrettyConfig::default()
        .depth_limit(3)
        .struct_names(false)
        .new_line("\n")
        .indentor(" ");
    let mut text = ron::ser::to_string_pretty(value, form)?;
    text.push('\n');
    let seal = sha256(text.as_bytes());
    text.push_str(SEAL);
    text.push_str(&seal);
    text.push('\n');
    Ok(text.into_bytes())
}

/// The text of a sealed document.
pub(crate) fn opened(bytes: &[u8]) -> Result<&str, Unreadable> {
    let damaged = |why: &str| Unreadable::Damaged(why.to_owned());
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
    let body = text.strip_suffix('\n').unwrap_or(text);
    let at = body.rfind('\n').ok_or_else(|| damaged("it is cut short"))?;
    let (document, last) = text.split_at(at + 1);
    let seal = last
        .strip_prefix(SEAL)
        .and_then(|it| it.strip_suffix('\n'))
        .ok_or_else(|| damaged("its last line is no checksum"))?;
    if seal != sha256(document.as_bytes()) {
        return Err(damaged("its checksum does not hold"));
    }
    Ok(document)
}

/// Reads a value out of a document's text.
pub(crate) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    let options = ron::Options::default().with_recursion_limit(NESTING_MAX);
    options.from_str(text).map_err(|error| match error.code {
        ron::Error::ExceededRecursionLimit => Unreadable::TooDeep,
        code => Unreadable::Damaged(code.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_document_is_noticed() -> Result<(), ron::Error> {
        let bytes = sealed(&vec![("a".to_owned(), 1.5_f64), ("b".to_owned(), f64::NAN)])?;
        assert!(opened(&bytes).is_ok());
        for bit in 0..bytes.len() * 8 {
            let mut torn = bytes.clone();
            torn[bit / 8] ^= 1 << (bit % 8);
            assert!(opened(&torn).is_err(), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert!(opened(&bytes[..cut]).is_err(), "cut {cut}");
        }
        Ok(())
    }

    #[test]
    fn deep_nesting_is_refused() {
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let deep: Result<ron::Value, _> = parsed(&text);
        assert_eq!(deep, Err(Unreadable::TooDeep));
    }
}
