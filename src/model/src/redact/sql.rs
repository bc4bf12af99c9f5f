//! Literals in SQL statements: the values are the users', the shape is ours.

/// Pairs of words that make a text a statement, in lower case.
#[rustfmt::skip]
const SIGNS: &[(&str, &str)] = &[
    ("select", "from"), ("select", "'"), ("insert", "into"), ("insert", "values"), ("update", "set"),
    ("delete", "from"), ("merge", "into"), ("replace", "into"), ("values", "("), ("identified", "by"),
    ("alter", "user"), ("alter", "role"), ("create", "user"), ("create", "role"), ("where", "="),
    ("where", "like"), ("where", " in"), ("set", "password"), ("call", "("), ("copy", "from"),
    ("execute", "("), ("exec", "@"), ("grant", "to"), ("with", "select"),
];

/// Words and signs before which a double quote opens a literal, not a name.
const BEFORE_LITERAL: &[&str] = &[
    "like", "by", "in", "values", "and", "or", "between", "password",
];

/// Replaces literals by `?` when the text is a statement or holds one.
pub(super) fn literals(text: &str) -> String {
    if !is_statement(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '\'' => Some(quoted(rest, '\'')),
            '"' if opens_literal(&out) => Some(quoted(rest, '"')),
            '$' => dollar_quoted(rest),
            '0'..='9' if !continues_name(&out) => Some(number(rest)),
            _ => None,
        };
        match taken {
            Some(length) => {
                out.push_str(if c == '\'' { "'?'" } else { "?" });
                rest = &rest[length..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// Whether a text is a statement or holds one.
pub(super) fn is_statement(text: &str) -> bool {
    if !text.contains(char::is_whitespace) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    SIGNS.iter().any(|(first, second)| {
        word(&lower, first).is_some_and(|at| lower[at + first.len()..].contains(second))
    })
}

/// Where `needle` stands as a whole word.
fn word(text: &str, needle: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let inner = |at: usize| {
        bytes
            .get(at)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-')
    };
    text.match_indices(needle)
        .find(|(at, _)| !(inner(at + needle.len()) || *at > 0 && inner(at - 1)))
        .map(|(at, _)| at)
}

/// Bytes of a quoted literal at the start of `text`; to the end when it is not closed.
fn quoted(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            match chars.peek() {
                Some((_, next)) if *next == quote => {
                    chars.next();
                }
                _ => return at + 1,
            }
        }
    }
    text.len()
}

/// Bytes of `$tag$…$tag$` at the start of `text`.
fn dollar_quoted(text: &str) -> Option<usize> {
    let end = text[1..].find('$')? + 2;
    let tag = &text[..end];
    let name = &tag[1..tag.len() - 1];
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    Some(
        text[end..]
            .find(tag)
            .map_or(text.len(), |at| end + at + tag.len()),
    )
}

fn number(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .unwrap_or(text.len())
}

fn continues_name(before: &str) -> bool {
    before.chars().next_back().is_some_and(|c| {
        c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '$' | '@' | ':')
    })
}

fn opens_literal(before: &str) -> bool {
    let before = before.trim_end();
    if before.ends_with(['=', '(', ',', '<', '>']) {
        return true;
    }
    let last = before.rsplit(char::is_whitespace).next().unwrap_or("");
    BEFORE_LITERAL.contains(&last.to_ascii_lowercase().as_str())
}
