//! Takes secrets out of command lines and other text before they leave the machine.
//!
//! What is taken out: values after secret-looking keys, user information in
//! URLs, bearer and vendor tokens, PEM blocks, literals in SQL. Control and
//! bidirectional characters are replaced, and everything has a bound. When in
//! doubt, too much is taken out rather than too little.
//!
//! * In: bytes as the kernel gives them. Out: one clean line.
//! * Never: reads a file, knows a user, or keeps what it saw.
//!
//! Start at [`command`] and [`text`]; add a key, program or token prefix in
//! `redact/words.rs`, and a case in `fixtures/redact/`.

mod sql;
mod token;
mod url;
mod words;

/// What stands in place of a secret.
pub const MARK: &str = "***";

/// Longest command line that is kept, in characters.
pub const COMMAND_MAX: usize = 1024;

/// Longest name that is kept, in characters; the kernel's own limit is 15 bytes
/// for processes and 255 for paths' parts.
pub const NAME_MAX: usize = 255;

/// Bytes of a command line that are looked at; what comes later is cut at an
/// argument's border, so that no half of a secret stays.
pub const INPUT_MAX: usize = 8 << 10;

/// Cleans a command line as `/proc/PID/cmdline` gives it: arguments ended by NUL.
///
/// # Source
///
/// `proc_pid_cmdline(5)`.
pub fn command(bytes: &[u8]) -> String {
    let cut = bytes.len() > INPUT_MAX;
    let bytes = if cut { whole_arguments(bytes) } else { bytes };
    let bytes = trim_nul(bytes);
    if bytes.is_empty() {
        return if cut { "…".to_owned() } else { String::new() };
    }
    let arguments: Vec<String> = bytes
        .split(|byte| *byte == 0)
        .map(|argument| clean(&String::from_utf8_lossy(argument), INPUT_MAX))
        .collect();
    let mut line = words::arguments(&arguments);
    if cut {
        line.push_str(" …");
    }
    bounded(line, COMMAND_MAX)
}

/// Cleans free text: a kernel command line, mount options, a statement.
pub fn text(text: &str) -> String {
    let mut end = text.len().min(INPUT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut line = words::arguments(&[clean(&text[..end], INPUT_MAX)]);
    if end < text.len() {
        line.push_str(" …");
    }
    bounded(line, COMMAND_MAX)
}

/// Takes secrets out of a line, of which at most [`INPUT_MAX`] bytes are kept.
pub fn line(text: &str) -> String {
    let mut end = text.len().min(INPUT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut line = words::arguments(&[clean(&text[..end], INPUT_MAX)]);
    if end < text.len() {
        line.push_str(" …");
    }
    line
}

/// Takes out of a sentence that Kymo made what is certainly a secret: values of secret
/// keys, user information in URLs, tokens by their shape. Words such as `auth` may be the
/// names of services there, so what follows them stays.
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in token::pem(text).split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        out.push_str(&words::pair(bare));
        out.push_str(&word[bare.len()..]);
    }
    out
}

/// Whether a text is a statement of SQL, or holds one.
pub fn is_statement(text: &str) -> bool {
    sql::is_statement(text)
}

/// Cleans the value of an attribute that an application told under `key`.
///
/// Counts of tokens and the like are no secrets, whatever their key holds.
pub fn value(key: &str, value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    let number = value.parse::<f64>().is_ok() || value == "true" || value == "false";
    // Counts of tokens, their kinds and names of models.
    let counted = key.starts_with("gen_ai.usage.") || key.ends_with("tokens");
    let told = key.starts_with("gen_ai.") && (key.ends_with(".model") || key.ends_with(".type"));
    if number && (counted || !words::secret_key(key)) || told && value.len() < 64 {
        return clean(value, NAME_MAX);
    }
    if words::secret_key(key) {
        return MARK.to_owned();
    }
    if value.len() <= SHORT_MAX && value.bytes().all(plain) {
        return value.to_owned();
    }
    text(value)
}

/// A plain word up to this length holds no secret that its key does not tell.
const SHORT_MAX: usize = 24;

/// Cleans a name: hostile characters are replaced, nothing else is taken out.
pub fn name(bytes: &[u8]) -> String {
    clean(&String::from_utf8_lossy(bytes), NAME_MAX)
}

/// Replaces control characters by spaces and characters that reorder or hide
/// text by `�`, and keeps at most `max` characters.
pub fn clean(text: &str, max: usize) -> String {
    text.chars()
        .take(max)
        .map(|c| match c {
            c if c.is_control() => ' ',
            c if reorders(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// Whether a character changes the direction of others or is invisible.
fn reorders(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// The start of an overlong command line, up to the end of its last whole argument.
fn whole_arguments(bytes: &[u8]) -> &[u8] {
    let head = &bytes[..INPUT_MAX.min(bytes.len())];
    match head.iter().rposition(|byte| *byte == 0) {
        Some(end) => &head[..end],
        None => &[],
    }
}

fn trim_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != 0);
    &bytes[..end.map_or(0, |end| end + 1)]
}

fn bounded(line: String, max: usize) -> String {
    match line.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests;
