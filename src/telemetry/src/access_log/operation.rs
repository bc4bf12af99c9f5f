//! The operation of a request: what is counted together.
//!
//! Paths hold identifiers, so every request would be an operation of its own. What looks
//! like one is replaced; queries are left out; deep paths are cut.

/// Stands for an identifier.
const IDENTIFIER: &str = "{id}";

/// Stands for segments beyond the last one that is kept.
const REST: &str = "/…";

/// Stands for a method that is none.
const OTHER_METHOD: &str = "_OTHER";

/// Segments that are kept.
const SEGMENTS_MAX: usize = 6;

/// A segment that is longer is an identifier or text that somebody wrote.
const SEGMENT_BYTES_MAX: usize = 40;

/// Hexadecimal digits from which on a word is a number, if one of them is below ten.
const HEX_MIN: usize = 8;

/// Letters and digits from which on a mixture is no word.
const MIXED_MIN: usize = 16;

/// Decimal digits in one word from which on they count something.
const DIGITS_MIN: usize = 5;

/// Methods that are told apart.
///
/// # Source
///
/// RFC 9110 and RFC 5789; methods of WebDAV, RFC 4918.
const METHODS: &[&str] = &[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "PURGE",
];

/// Writes the operation of a request into `out`: `GET /users/{id}/orders`.
///
/// * The query, and what follows `#` or `;`, is left out, as are a scheme and host.
/// * Segments that are numbers, dates, UUIDs, long hexadecimal or mixed words become
///   `{id}`; the ending of a file name is kept.
/// * At most six segments are kept; `/…` stands for the rest.
/// * Characters that are not usual in paths become `_`, unknown methods `_OTHER`.
pub fn operation(method: &str, path: &str, out: &mut String) {
    out.clear();
    let known = METHODS.iter().find(|it| it.eq_ignore_ascii_case(method));
    out.push_str(known.unwrap_or(&OTHER_METHOD));
    // A tunnel asks for an address, of which there are many.
    if matches!(known, Some(&"CONNECT")) || path.is_empty() {
        return;
    }
    out.push(' ');
    let path = path.split(['?', '#', ';']).next().unwrap_or_default();
    let path = without_host(path);
    // JSON may have escaped the slashes.
    let segments = path
        .split('/')
        .map(|it| it.strip_suffix('\\').unwrap_or(it));
    let mut segments = segments.filter(|it| !it.is_empty());
    for segment in segments.by_ref().take(SEGMENTS_MAX) {
        out.push('/');
        push_segment(segment, out);
    }
    if segments.next().is_some() {
        out.push_str(REST);
    }
    if out.ends_with(' ') {
        out.push('/');
    }
}

/// Leaves out `http://host` of requests to a proxy.
fn without_host(path: &str) -> &str {
    match path.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|it| it.is_ascii_alphabetic()) => {
            rest.find('/').map_or("", |start| &rest[start..])
        }
        _ => path,
    }
}

fn push_segment(segment: &str, out: &mut String) {
    let (stem, ending) = split_ending(segment);
    if is_identifier(stem) {
        out.push_str(IDENTIFIER);
    } else {
        out.extend(stem.chars().map(harmless));
    }
    out.push_str(ending);
}

/// Splits `.js` or `.html` off, which tell files apart.
fn split_ending(segment: &str) -> (&str, &str) {
    let place = segment.rfind('.').filter(|it| *it > 0);
    let (stem, ending) = segment.split_at(place.unwrap_or(segment.len()));
    let letters = ending.bytes().skip(1).all(|it| it.is_ascii_lowercase());
    match (2..=6).contains(&ending.len()) && letters && !segment.contains('@') {
        true => (stem, ending),
        false => (segment, ""),
    }
}

/// Replaces what is not usual in a path.
fn harmless(character: char) -> char {
    let usual = character.is_ascii_alphanumeric() || "-._~%!$&'()*+,:=@{}".contains(character);
    if usual { character } else { '_' }
}

/// Whether a segment tells one thing from others of its kind.
fn is_identifier(segment: &str) -> bool {
    let numbers = |byte: u8| byte.is_ascii_digit() || b"-_.,:".contains(&byte);
    let has_digit = segment.bytes().any(|it| it.is_ascii_digit());
    segment.len() > SEGMENT_BYTES_MAX
        || segment.contains('@')
        || (has_digit && segment.bytes().all(numbers))
        || segment
            .split(['-', '_', '.', '~', '+', '=', ':', ','])
            .any(is_number)
        || is_mixed(segment)
}

/// Whether a word is decimal or hexadecimal, or holds a long number.
fn is_number(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = word.bytes().all(|it| it.is_ascii_hexdigit());
    digits >= DIGITS_MIN || (hexadecimal && digits > 0 && word.len() >= HEX_MIN)
}

/// Whether a segment is a long mixture of capitals, small letters and digits, as what is
/// encoded to base 64 is.
fn is_mixed(segment: &str) -> bool {
    let any = |of: fn(&u8) -> bool| segment.bytes().any(|it| of(&it));
    segment.len() >= MIXED_MIN
        && any(u8::is_ascii_uppercase)
        && any(u8::is_ascii_lowercase)
        && any(u8::is_ascii_digit)
}
