//! Words for units in names, and their UCUM codes.
//!
//! # Source
//!
//! Prometheus "Metric and label naming", OpenMetrics "Units and base units";
//! OpenTelemetry, "Prometheus and OpenMetrics compatibility": words for codes, `_per_`
//! for `/`, `ratio` for `1`.

use std::borrow::Cow;

use model::unit::Unit;

/// What is not told.
pub(super) const UNKNOWN: Unit = Unit::new("{value}");

/// Longest word that becomes a unit of its own.
const WORD_BYTES_MAX: usize = 32;

/// Words of whole units, and codes.
const WORDS: &[(&str, &str)] = &[
    ("seconds", "s"),
    ("milliseconds", "ms"),
    ("microseconds", "us"),
    ("nanoseconds", "ns"),
    ("minutes", "min"),
    ("hours", "h"),
    ("days", "d"),
    ("bytes", "By"),
    ("kibibytes", "KiBy"),
    ("mebibytes", "MiBy"),
    ("gibibytes", "GiBy"),
    ("tibibytes", "TiBy"),
    ("kilobytes", "kBy"),
    ("megabytes", "MBy"),
    ("gigabytes", "GBy"),
    ("terabytes", "TBy"),
    ("bits", "bit"),
    ("ratio", "1"),
    ("percent", "%"),
    ("celsius", "Cel"),
    ("kelvin", "K"),
    ("volts", "V"),
    ("amperes", "A"),
    ("watts", "W"),
    ("joules", "J"),
    ("hertz", "Hz"),
    ("meters", "m"),
    ("grams", "g"),
    ("pascals", "Pa"),
    ("ohms", "Ohm"),
    // Short forms that exporters use all the same.
    ("msec", "ms"),
    ("usec", "us"),
    ("nsec", "ns"),
];

/// Words after `_per_`, and codes.
const PER: &[(&str, &str)] = &[
    ("second", "s"),
    ("minute", "min"),
    ("hour", "h"),
    ("day", "d"),
    ("meter", "m"),
];

/// The unit that a `# UNIT` line names; a word without a code counts things of that name.
pub(super) fn of_word(word: &str) -> Unit {
    if let Some(known) = known(word) {
        return known;
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match word.bytes().all(legal) && (1..=WORD_BYTES_MAX).contains(&word.len()) {
        true => Unit(Cow::Owned(format!("{{{word}}}"))),
        false => UNKNOWN,
    }
}

/// The unit that a name ends with, before any `_total`.
pub(super) fn of_name(name: &str) -> Unit {
    let name = name.strip_suffix("_total").unwrap_or(name);
    let mut words = name.rsplitn(4, '_');
    let last = words.next().unwrap_or_default();
    if let (Some("per"), Some(first)) = (words.next(), words.next())
        && let Some(unit) = known(&format!("{first}_per_{last}"))
    {
        return unit;
    }
    match name.len() > last.len() {
        true => known(last).unwrap_or(UNKNOWN),
        false => UNKNOWN,
    }
}

fn known(word: &str) -> Option<Unit> {
    let code = |list: &[(&str, &'static str)], word: &str| {
        let found = list.iter().find(|(known, _)| *known == word);
        found.map(|(_, code)| *code)
    };
    match word.split_once("_per_") {
        Some((first, second)) => {
            let text = format!("{}/{}", code(WORDS, first)?, code(PER, second)?);
            Some(Unit(Cow::Owned(text)))
        }
        None => code(WORDS, word).map(Unit::new),
    }
}

/// The words that a name should end with for a unit; empty for what is only counted.
///
/// Annotations such as `{request}` say what is counted, which the name says already.
pub(super) fn words(unit: &Unit) -> String {
    let (first, second) = match unit.code().split_once('/') {
        Some((first, second)) => (first, Some(second)),
        None => (unit.code(), None),
    };
    let first = word(WORDS, first);
    match second.map(|it| word(PER, it)) {
        None => first,
        Some(second) if second.is_empty() => first,
        Some(second) if first.is_empty() => format!("per_{second}"),
        Some(second) => format!("{first}_per_{second}"),
    }
}

/// The word for a code; letters and digits of the code itself where there is none.
fn word(list: &[(&str, &str)], code: &str) -> String {
    let plain = match (code.find('{'), code.rfind('}')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &code[..start], &code[end + 1..])
        }
        _ => code.to_owned(),
    };
    match list.iter().find(|(_, known)| *known == plain) {
        Some((word, _)) => (*word).to_owned(),
        None => plain.chars().filter(char::is_ascii_alphanumeric).collect(),
    }
}
