//! Secrets that are known by their shape: vendor tokens, JWT, keys, PEM blocks.

use super::MARK;

/// Prefixes of vendor tokens, with the least length of what follows.
#[rustfmt::skip]
const PREFIXES: &[(&str, usize)] = &[
    ("eyJ", 16),
    ("AKIA", 12), ("ASIA", 12), ("AGPA", 12), ("AIDA", 12), ("AROA", 12), ("ANPA", 12),
    ("ghp_", 10), ("gho_", 10), ("ghu_", 10), ("ghs_", 10), ("ghr_", 10), ("github_pat_", 10),
    ("glpat-", 8), ("gldt-", 8), ("glrt-", 8), ("glsa_", 8),
    ("xoxb-", 8), ("xoxp-", 8), ("xoxa-", 8), ("xoxr-", 8), ("xoxs-", 8), ("xapp-", 8),
    ("sk_live_", 8), ("sk_test_", 8), ("rk_live_", 8), ("pk_live_", 8), ("whsec_", 8),
    ("sk-", 16), ("AIza", 20), ("ya29.", 8), ("npm_", 16), ("pypi-", 12), ("hvs.", 8),
    ("dop_v1_", 8), ("SG.", 16), ("shpat_", 8), ("dapi", 28), ("AGE-SECRET-KEY-", 8),
];

/// Length from which a run of mixed characters counts as a key.
const MIXED_MIN: usize = 32;

/// Length of a cloud vendor's secret key, which may hold `/` and `+`.
const SECRET_KEY_LENGTH: usize = 40;

/// Takes PEM blocks out of an argument.
pub(super) fn pem(argument: &str) -> String {
    let mut out = String::new();
    let mut rest = argument;
    while let Some(start) = rest.find("-----BEGIN") {
        out.push_str(&rest[..start]);
        out.push_str(MARK);
        let end = rest[start..]
            .find("-----END")
            .and_then(|end| {
                let after = start + end + "-----END".len();
                rest[after..].find("-----").map(|at| after + at + 5)
            })
            .unwrap_or(rest.len());
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Takes runs that look like tokens or keys out of a word.
pub(super) fn tokens(word: &str) -> String {
    let word = runs(
        word,
        |c| is_plain(c) || c == '.',
        |run| has_known_prefix(run) || (run.contains('.') && run.split('.').any(mixed)),
    );
    let word = runs(&word, |c| is_plain(c) || c == '+', mixed);
    runs(
        &word,
        |c| is_plain(c) || matches!(c, '+' | '/'),
        |run| run.len() == SECRET_KEY_LENGTH && !run.starts_with('/') && classes(run),
    )
}

/// Replaces each longest run of characters of a class that is a secret.
fn runs(word: &str, class: fn(char) -> bool, secret: fn(&str) -> bool) -> String {
    let mut out = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let start = rest.find(class).unwrap_or(rest.len());
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c| !class(c)).unwrap_or(rest.len());
        let run = &rest[..end];
        out.push_str(if secret(run) { MARK } else { run });
        rest = &rest[end..];
    }
    out
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether the run holds a token of a known vendor at its start or after a separator.
fn has_known_prefix(run: &str) -> bool {
    PREFIXES.iter().any(|(prefix, least)| {
        run.match_indices(prefix).any(|(at, _)| {
            let border = at == 0 || !run.as_bytes()[at - 1].is_ascii_alphanumeric();
            border && run.len() - at - prefix.len() >= *least
        })
    })
}

/// Whether a run is long and mixed as keys are; hashes in hexadecimal are not.
fn mixed(run: &str) -> bool {
    run.len() >= MIXED_MIN && classes(run)
}

fn classes(run: &str) -> bool {
    let count = |class: fn(&char) -> bool| run.chars().filter(class).count();
    count(char::is_ascii_uppercase) >= 3
        && count(char::is_ascii_lowercase) >= 3
        && count(char::is_ascii_digit) >= 3
}
