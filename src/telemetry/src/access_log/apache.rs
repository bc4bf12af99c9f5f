//! Descriptions of log lines as Apache has them: `LogFormat` with `%directives`.

use super::FormatError;
use super::calendar;
use super::number::Scale;
use super::pattern::{Anchor, Field, Pattern};

/// A directive, taken apart.
struct Directive<'a> {
    /// As it stands in the description.
    text: &'a str,
    parameter: &'a str,
    letter: char,
}

/// Takes a description apart.
pub(super) fn compile(text: &str) -> Result<Pattern, FormatError> {
    let text = body(text);
    let mut pattern = Pattern::default();
    // Unless it is said otherwise, times are of when the request came.
    pattern.set_anchor(Anchor::Begin);
    let mut rest = text.as_str();
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character != '%' {
            pattern.text(character);
        } else if let Some(after) = rest.strip_prefix('%') {
            pattern.text('%');
            rest = after;
        } else {
            let (directive, after) = directive(rest)?;
            add(&mut pattern, &directive)?;
            rest = after;
        }
    }
    pattern.finish()
}

/// Splits off `>s`, `{Referer}i`, `!200,304{User-agent}i` or `^FB`.
fn directive(text: &str) -> Result<(Directive<'_>, &str), FormatError> {
    let wrong = || FormatError::Syntax(format!("%{text}"));
    let modifier = |it: char| matches!(it, '<' | '>' | '!' | ',') || it.is_ascii_digit();
    let rest = text.trim_start_matches(modifier);
    let (parameter, rest) = match rest.strip_prefix('{') {
        Some(rest) => rest.split_once('}').ok_or_else(wrong)?,
        None => ("", rest),
    };
    // Three directives have two letters behind a caret, and say nothing that is kept.
    let mut letters = rest.chars();
    let letter = letters.next().ok_or_else(wrong)?;
    if letter == '^' {
        letters.next().and(letters.next()).ok_or_else(wrong)?;
    }
    let after = letters.as_str();
    let directive = Directive {
        text: &text[..text.len() - after.len()],
        parameter,
        letter,
    };
    Ok((directive, after))
}

fn add(pattern: &mut Pattern, directive: &Directive<'_>) -> Result<(), FormatError> {
    let name = format!("%{}", directive.text);
    let field = match directive.letter {
        't' => return add_time(pattern, directive, &name),
        'r' => Field::Request,
        'm' => Field::Method,
        'U' => Field::Path,
        'q' => Field::Query,
        's' => Field::Status,
        'b' | 'B' | 'O' => Field::Bytes,
        'D' => Field::Duration(Scale::Microseconds),
        'T' => Field::Duration(match directive.parameter {
            "ms" => Scale::Milliseconds,
            "us" => Scale::Microseconds,
            _ => Scale::Seconds,
        }),
        'v' | 'V' => Field::Host,
        'i' if directive.parameter.eq_ignore_ascii_case("host") => Field::Host,
        'a' | 'A' | 'C' | 'e' | 'f' | 'h' | 'H' | 'i' | 'I' | 'k' | 'l' | 'L' | 'n' | 'o' | 'p'
        | 'P' | 'R' | 'S' | 'u' | 'X' | 'x' | 'c' | '^' => Field::Ignored,
        _ => return Err(FormatError::Syntax(name)),
    };
    pattern.field(field, &name);
    Ok(())
}

fn add_time(
    pattern: &mut Pattern,
    directive: &Directive<'_>,
    name: &str,
) -> Result<(), FormatError> {
    let parameter = directive.parameter;
    let (parameter, anchor) = match parameter.strip_prefix("end:") {
        Some(rest) => (rest, Anchor::End),
        None => (
            parameter.strip_prefix("begin:").unwrap_or(parameter),
            Anchor::Begin,
        ),
    };
    if anchor == Anchor::End {
        pattern.set_anchor(Anchor::End);
    }
    let field = match parameter {
        "" => {
            pattern.text('[');
            pattern.field(Field::LocalTime, name);
            pattern.text(']');
            return Ok(());
        }
        "sec" => Field::Unix(Scale::Seconds),
        "msec" => Field::Unix(Scale::Milliseconds),
        "usec" => Field::Unix(Scale::Microseconds),
        "msec_frac" | "usec_frac" => Field::Fraction,
        format => {
            let items = calendar::compile(format);
            Field::Calendar(items.ok_or_else(|| FormatError::Syntax(name.to_owned()))?)
        }
    };
    pattern.field(field, name);
    Ok(())
}

/// The text of a description: of a whole directive its string, without escapes.
fn body(text: &str) -> String {
    let trimmed = text.trim();
    let quoted = trimmed.strip_prefix("LogFormat").map(str::trim_start);
    let quoted = quoted.and_then(|it| it.strip_prefix('"'));
    let mut out = String::new();
    let mut characters = quoted.unwrap_or(text).chars();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted.is_some() => break,
            '\\' => out.push(match characters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            }),
            _ => out.push(character),
        }
    }
    out
}
