//! User information in URLs and data source names.

use super::MARK;

/// Takes `user:secret@` out of every URL and data source name in a word.
pub(super) fn user_information(word: &str) -> String {
    if !word.contains('@') {
        return word.to_owned();
    }
    let mut out = String::new();
    let mut rest = word;
    while let Some(at) = rest.find("://") {
        let start = at + 3;
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some(end) = information_end(rest) {
            out.push_str(MARK);
            rest = &rest[end..];
        }
    }
    if out.is_empty() {
        return source_name(rest);
    }
    out.push_str(rest);
    out
}

/// Where the `@` stands that ends the user information after `://`.
///
/// A secret may hold a raw `/`, so when what looks like a port is no number, the
/// last `@` of the word counts.
fn information_end(after_scheme: &str) -> Option<usize> {
    let end = after_scheme
        .find(['/', '?', '#', '"', '\'', ','])
        .unwrap_or(after_scheme.len());
    let authority = &after_scheme[..end];
    if let Some(at) = authority.rfind('@') {
        return Some(at);
    }
    let (_, port) = authority.rsplit_once(':')?;
    if port.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    after_scheme.rfind('@')
}

/// `user:secret@host` without a scheme; `user@host:path` and image digests stay.
fn source_name(word: &str) -> String {
    let Some(at) = word.rfind('@') else {
        return word.to_owned();
    };
    if word[at..].starts_with("@sha256:") {
        return word.to_owned();
    }
    let head = &word[..at];
    let start = head.rfind(['=', '"', '\'', ',']).map_or(0, |at| at + 1);
    let head = &head[start..];
    // `user:secret@host`, and `user/secret@service` as Oracle writes it.
    let separator = head.find(':').or_else(|| {
        head.find('/')
            .filter(|at| *at > 0 && head.matches('/').count() == 1)
    });
    match separator {
        Some(separator) if separator > 0 || head.len() > 1 => {
            format!("{}{MARK}{}", &word[..start + separator + 1], &word[at..])
        }
        _ => word.to_owned(),
    }
}
