//! What names somebody by its shape: addresses, URLs, statements, `/home/…`, `user@host`.
//!
//! Start at [`scan`].

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::names::is_word;
use super::{Kind, Piece, words};
use crate::redact;

/// Folders in which each account has its own.
const HOMES: &[&str] = &[
    "/home/",
    "/Users/",
    "/users/",
    "\\Users\\",
    "/run/media/",
    "/var/mail/",
    "/var/spool/mail/",
    "/crontabs/",
];

/// What numbers of accounts follow in names of folders and control groups.
const ACCOUNTS: &[&str] = &["/run/user/", "user-", "user@", "user-runtime-dir@"];

/// Longest text that is taken for one statement over several lines.
const BLOCK_MAX_BYTES: usize = 64 << 10;

/// How the lines of a statement begin, but its first.
const CLAUSES: &[&str] = &[
    "from",
    "where",
    "set",
    "values",
    "into",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "and",
    "or",
    "on",
    "order",
    "group",
    "having",
    "limit",
    "union",
    "using",
    "returning",
];

/// How a key in the form of PEM begins and ends.
const KEY_BEGINS: &str = "-----BEGIN";
const KEY_ENDS: &str = "-----END";

/// The lines of a text. A key in the form of PEM is one line, and so is a statement of SQL
/// up to a semicolon or an empty line.
pub(super) fn lines(text: &str) -> Vec<Cow<'_, str>> {
    let mut lines = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (line, after) = text.split_at(block_end(text));
        lines.push(match line.contains('\n') {
            true => Cow::Owned(line.replace('\n', " ")),
            false => Cow::Borrowed(line),
        });
        rest = after.strip_prefix('\n');
    }
    lines
}

/// Where the first line of a text ends, with the lines that belong to it.
fn block_end(text: &str) -> usize {
    let Some(first) = text.find('\n') else {
        return text.len();
    };
    if text[..first].contains(KEY_BEGINS) {
        return match text.find(KEY_ENDS) {
            Some(at) => text[at..].find('\n').map_or(text.len(), |it| at + it),
            None => text.len(),
        };
    }
    let lower = text[..first].to_ascii_lowercase();
    match VERBS.iter().any(|(verb, _)| lower.contains(verb)) {
        true => statement_end(text, first),
        false => first,
    }
}

/// Where a statement that may begin in the first line ends.
fn statement_end(text: &str, first: usize) -> usize {
    let mut end = 0;
    let mut clauses = false;
    for line in text.split('\n') {
        let word = line.split_whitespace().next();
        let Some(word) = word.filter(|_| end + line.len() <= BLOCK_MAX_BYTES) else {
            break;
        };
        clauses |= end > 0 && CLAUSES.iter().any(|it| it.eq_ignore_ascii_case(word));
        end += line.len() + 1;
        if line.trim_end().ends_with(';') {
            break;
        }
    }
    let end = end.saturating_sub(1).max(first);
    let fits = |text: &str| {
        let mut found = Vec::new();
        statement(text, &mut found);
        !found.is_empty()
    };
    let whole = clauses && fits(&text[..end].replace('\n', " "));
    match whole || fits(&text[..first]) {
        true => end,
        false => first,
    }
}

/// Whether a text holds a key in the form of PEM.
pub(super) fn is_key_block(text: &str) -> bool {
    text.contains(KEY_BEGINS)
}

/// Finds everything in a line; pieces are in order and apart.
pub(super) fn scan(text: &str, found: &mut Vec<Piece>) {
    let mut all = Vec::new();
    statement(text, &mut all);
    urls(text, &mut all);
    mails(text, &mut all);
    ids(text, &mut all);
    addresses(text, &mut all);
    homes(text, &mut all);
    accounts(text, &mut all);
    keyed(text, &mut all);
    machines(text, &mut all);
    *found = apart(all, Vec::new());
}

/// Pieces that do not overlap: those of the first list go before those of the second, and
/// earlier ones in a list before later ones.
pub(super) fn apart(first: Vec<Piece>, second: Vec<Piece>) -> Vec<Piece> {
    let mut kept: Vec<Piece> = Vec::with_capacity(first.len());
    for piece in first.into_iter().chain(second) {
        let meets = |it: &Piece| it.at.start < piece.at.end && piece.at.start < it.at.end;
        if !piece.at.is_empty() && !kept.iter().any(meets) {
            kept.push(piece);
        }
    }
    kept.sort_unstable_by_key(|it| it.at.start);
    kept
}

/// How a statement begins, and what must follow.
const VERBS: &[(&str, &str)] = &[
    ("select", "from"),
    ("insert into", ""),
    ("delete from", ""),
    ("update", " set "),
    ("merge into", ""),
    ("replace into", ""),
    ("create user", ""),
    ("alter user", ""),
    ("alter role", ""),
    ("create role", ""),
];

/// A statement of SQL, from its verb to the end of the text.
fn statement(text: &str, found: &mut Vec<Piece>) {
    if !text.contains(' ') {
        return;
    }
    let lower = text.to_ascii_lowercase();
    for (verb, then) in VERBS {
        let starts = lower.match_indices(verb).map(|(at, _)| at);
        let fits = |at: &usize| {
            let end = at + verb.len();
            // In prose, "select … from" is said too; a statement has no full sentence between.
            let rest = &lower[end..];
            is_word(&lower, *at, end) && rest.contains(then) && sql_like(rest, verb)
        };
        if let Some(at) = { starts }.find(fits) {
            let end = text.trim_end_matches(['"', '\'', ')', ' ']).len();
            found.push(Piece {
                at: at..end.max(at + verb.len()),
                kind: Kind::Sql,
            });
            return;
        }
    }
}

/// Whether what follows a verb looks like a statement rather than like prose.
fn sql_like(rest: &str, verb: &str) -> bool {
    verb.contains(' ')
        || rest.contains(['*', '=', '(', ',', ';', '?', '$'])
        || rest.split_whitespace().count() <= 4
}

/// URLs with a scheme, and paths with a query.
fn urls(text: &str, found: &mut Vec<Piece>) {
    let stops = |c: char| c.is_whitespace() || "\"'<>|`(){}[],;\\".contains(c);
    let end_of = |from: usize| text[from..].find(stops).map_or(text.len(), |it| from + it);
    for (at, _) in text.match_indices("://") {
        let scheme = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
        let start = text[..at].rfind(|c| !scheme(c)).map_or(0, |it| {
            it + text[it..].chars().next().map_or(1, char::len_utf8)
        });
        let end = end_of(at + 3);
        // An IPv6 address stands in brackets.
        let end = match text[at + 3..].starts_with('[') {
            true => end_of(text[at..].find(']').map_or(end, |it| at + it + 1)),
            false => end,
        };
        let end = start + text[start..end].trim_end_matches(['.', ':', '!']).len();
        if start < at && end > at + 3 {
            found.push(Piece {
                at: start..end,
                kind: Kind::Url,
            });
        }
    }
    for (at, _) in text.match_indices('?') {
        let start = text[..at].rfind(stops).map_or(0, |it| {
            it + text[it..].chars().next().map_or(1, char::len_utf8)
        });
        let start = start + text[start..at].find('/').unwrap_or(at - start);
        let end = end_of(at);
        if start < at && text[at..end].contains('=') {
            found.push(Piece {
                at: start..end,
                kind: Kind::Url,
            });
        }
    }
}

/// The machine or address of a URL.
pub(super) fn authority(url: &str) -> Option<&str> {
    let rest = &url[url.find("://")? + 3..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let place = rest[..end].rsplit('@').next()?;
    if let Some(inner) = place.strip_prefix('[') {
        return inner.split(']').next();
    }
    place.split(':').next().filter(|it| !it.is_empty())
}

/// E-mail addresses, and accounts at machines.
fn mails(text: &str, found: &mut Vec<Piece>) {
    let local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let domain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    for (at, _) in text.match_indices('@') {
        let start = text[..at].rfind(|c| !local(c)).map_or(0, |it| {
            it + text[it..].chars().next().map_or(1, char::len_utf8)
        });
        let length = text[at + 1..].find(|c| !domain(c));
        let end = length.map_or(text.len(), |it| at + 1 + it);
        let right = text[at + 1..end].trim_end_matches(['.', '-']);
        let (left, end) = (&text[start..at], at + 1 + right.len());
        if left.is_empty() || right.len() < 2 || right.starts_with("sha256") {
            continue;
        }
        match right.rsplit_once('.') {
            Some((_, last)) if words::is_unit(last) => {}
            Some((_, last))
                if last.len() > 1 && last.bytes().all(|it| it.is_ascii_alphabetic()) =>
            {
                found.push(Piece {
                    at: start..end,
                    kind: Kind::Mail,
                });
            }
            // An address after an account is found by itself.
            Some(_) => found.push(Piece {
                at: start..at,
                kind: Kind::User,
            }),
            None if right.bytes().all(|it| it.is_ascii_digit()) => {}
            None => {
                found.push(Piece {
                    at: start..at,
                    kind: Kind::User,
                });
                found.push(Piece {
                    at: at + 1..end,
                    kind: Kind::Host,
                });
            }
        }
    }
}

/// IPv4, IPv6 and MAC addresses, but those that every machine has.
pub(super) fn addresses(text: &str, found: &mut Vec<Piece>) {
    let part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '-');
    let mut at = 0;
    while at < text.len() {
        let Some(start) = text[at..].find(part).map(|it| at + it) else {
            return;
        };
        let end = text[start..]
            .find(|c| !part(c))
            .map_or(text.len(), |it| start + it);
        at = end;
        let run = &text[start..end];
        if run.len() < 3 {
            continue;
        }
        let before = found.len();
        six_or_mac(text, start..end, found);
        if found.len() == before {
            fours(text, start..end, found);
        }
    }
}

/// An IPv6 or MAC address that a run begins with.
fn six_or_mac(text: &str, run: Range<usize>, found: &mut Vec<Piece>) {
    let whole = &text[run.clone()];
    let skipped = whole.len() - whole.trim_start_matches(['.', '-']).len();
    let start = run.start + skipped;
    let inner = text[start..run.end].trim_end_matches(['.', '-']);
    for inner in [inner, inner.trim_end_matches(':')] {
        let at = start..start + inner.len();
        if !is_word(text, at.start, at.end) {
            continue;
        }
        let zero = |it: &str| it.bytes().all(|it| matches!(it, b'0' | b':' | b'-'));
        let ones = |it: &str| it.bytes().all(|it| matches!(it, b'f' | b'F' | b':' | b'-'));
        if is_mac(inner) && !zero(inner) && !ones(inner) {
            found.push(Piece {
                at,
                kind: Kind::Mac,
            });
            return;
        }
        let six = inner.matches(':').count() >= 2 && inner.len() > 3;
        if six && inner.parse::<Ipv6Addr>().is_ok_and(|it| !it.is_loopback()) {
            found.push(Piece {
                at,
                kind: Kind::Ip6,
            });
            return;
        }
    }
}

fn is_mac(text: &str) -> bool {
    [':', '-'].iter().any(|separator| {
        let mut groups = 0;
        text.split(*separator).all(|it| {
            groups += 1;
            it.len() == 2 && it.bytes().all(|it| it.is_ascii_hexdigit())
        }) && groups >= 6
    })
}

/// IPv4 addresses of a run, also written with dashes after `ip-`.
fn fours(text: &str, run: Range<usize>, found: &mut Vec<Piece>) {
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let mut at = run.start;
    while at < run.end {
        let Some(start) = text[at..run.end].find(digits).map(|it| at + it) else {
            break;
        };
        let length = text[start..run.end].find(|c| !digits(c));
        let end = length.map_or(run.end, |it| start + it);
        at = end;
        let skipped = text[start..end].len() - text[start..end].trim_start_matches('.').len();
        let word = text[start..end].trim_matches('.');
        let place = start + skipped..start + skipped + word.len();
        let address = word.parse::<Ipv4Addr>();
        let told = address
            .is_ok_and(|it| !it.is_loopback() && !it.is_unspecified() && it.octets()[0] != 255);
        if told && is_word(text, place.start, place.end) {
            found.push(Piece {
                at: place,
                kind: Kind::Ip4,
            });
        }
    }
    let head = text[..run.start].ends_with("ip") || text[..run.start].ends_with("IP");
    let word = text[run.clone()].trim_end_matches('-');
    let dashed = word.strip_prefix('-').map(|it| it.replace('-', "."));
    if head && dashed.is_some_and(|it| it.parse::<Ipv4Addr>().is_ok()) {
        let at = run.start - 2..run.start + word.len();
        if is_word(text, at.start, at.end) {
            found.push(Piece {
                at,
                kind: Kind::Host,
            });
        }
    }
}

/// Names of accounts in paths.
fn homes(text: &str, found: &mut Vec<Piece>) {
    for home in HOMES {
        for (at, _) in text.match_indices(home) {
            name_at(text, at + home.len(), Kind::User, found);
        }
    }
    for (at, _) in text.match_indices('~') {
        let end = at + 1 + name_length(&text[at + 1..]);
        let starts = text[..at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        if starts && text[end..].starts_with('/') {
            name_at(text, at + 1, Kind::User, found);
        }
    }
}

/// Ids that no two things share: 64 digits of a container, or 36 characters.
pub(super) fn is_id(text: &str) -> bool {
    let mut found = Vec::new();
    ids(text, &mut found);
    matches!(found.as_slice(), [piece] if piece.at == (0..text.len()))
}

fn ids(text: &str, found: &mut Vec<Piece>) {
    const CONTAINER_DIGITS: usize = 64;
    const UUID_BYTES: usize = 36;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes[at..].iter().take_while(|it| it.is_ascii_hexdigit());
        let end = at + digits.count();
        let start = end.saturating_sub(8);
        let candidate = match end - at {
            CONTAINER_DIGITS => at..end,
            8.. if is_uuid(&bytes[start..]) => start..start + UUID_BYTES,
            _ => end..end,
        };
        // Control groups of pods have the id right after the word.
        let pod =
            text.is_char_boundary(candidate.start) && text[..candidate.start].ends_with("pod");
        let from = candidate.start - if pod { 3 } else { 0 };
        let told = bytes[candidate.clone()]
            .iter()
            .any(|it| !b"0-_".contains(it));
        if told && is_word(text, from, candidate.end) {
            at = candidate.end;
            found.push(Piece {
                at: candidate,
                kind: Kind::Id,
            });
        } else {
            at = end.max(at + 1);
        }
    }
}

/// Ids of containers in the path of a control group: long runs of digits and letters.
pub(super) fn containers(path: &str) -> impl Iterator<Item = &str> {
    const DIGITS_MIN: usize = 12;
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|it| {
        let mixed = it.bytes().any(|it| it.is_ascii_digit())
            && it.bytes().any(|it| it.is_ascii_alphabetic());
        it.len() >= DIGITS_MIN && mixed && it.bytes().all(|it| it.is_ascii_hexdigit())
    })
}

/// Whether bytes begin with 8, 4, 4, 4 and 12 digits between dashes or underscores.
fn is_uuid(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    [8, 4, 4, 4, 12]
        .into_iter()
        .enumerate()
        .all(|(number, length)| {
            let dash = usize::from(number > 0);
            let Some((group, after)) = rest.split_at_checked(length + dash) else {
                return false;
            };
            rest = after;
            group[..dash].iter().all(|it| b"-_".contains(it))
                && group[dash..].iter().all(u8::is_ascii_hexdigit)
        })
}

/// Numbers of accounts in names of folders, units and control groups.
fn accounts(text: &str, found: &mut Vec<Piece>) {
    for start in ACCOUNTS {
        for (at, _) in text.match_indices(start) {
            let from = at + start.len();
            let end = from + digits(&text[from..]);
            let rest = &text[end..];
            let unit = start.starts_with('/')
                || [".slice", ".service"].iter().any(|it| rest.starts_with(it));
            if unit && is_word(text, from, end) && end > from {
                found.push(Piece {
                    at: from..end,
                    kind: Kind::Uid,
                });
            }
        }
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Names after keys and options.
fn keyed(text: &str, found: &mut Vec<Piece>) {
    for (at, separator) in text.match_indices(['=', ':', ' ']) {
        let quoted = text[..at].ends_with(['"', '\'']);
        let before = text[..at].trim_end_matches(['"', '\'']);
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
            .map_or(0, |it| {
                it + before[it..].chars().next().map_or(1, char::len_utf8)
            });
        let key = before[start..].trim_start_matches(['-', '.']);
        let option = before[start..].starts_with("--");
        let number = words::is_account_key(key);
        let value = value_at(text, at + 1, (quoted || number) && separator == ":");
        if number {
            number_at(text, value, found);
        } else if (separator != " " || option)
            && let Some(kind) = words::kind_in_text(key)
        {
            name_at(text, value, kind, found);
        }
    }
    for (option, kind) in [
        (" -u ", Kind::User),
        (" -l ", Kind::User),
        (" -h ", Kind::Host),
    ] {
        for (at, _) in text.match_indices(option) {
            let from = at + option.len();
            let name = &text[from..from + name_length(&text[from..])];
            // `-h` and `-l` mean other things as well; machines have a dash, dot or digit.
            let told = match kind {
                Kind::Host => {
                    name.contains(['-', '.']) || name.ends_with(|c: char| c.is_ascii_digit())
                }
                _ => {
                    text[..at].ends_with("sudo")
                        || text[..at].ends_with("ssh")
                        || text[..at].ends_with("psql")
                        || text[..at].ends_with("runuser")
                }
            };
            if told {
                name_at(text, from, kind, found);
            }
        }
    }
}

/// The number of an account, and its name in brackets after it.
fn number_at(text: &str, at: usize, found: &mut Vec<Piece>) {
    let end = at + digits(&text[at..]);
    if end == at || !is_word(text, at, end) {
        return;
    }
    found.push(Piece {
        at: at..end,
        kind: Kind::Uid,
    });
    if text[end..].starts_with('(') {
        name_at(text, end + 1, Kind::User, found);
    }
}

/// Where a value begins after its separator: behind a quote, and in JSON behind spaces.
fn value_at(text: &str, from: usize, json: bool) -> usize {
    let rest = &text[from..];
    let rest = if json {
        rest.trim_start_matches(' ')
    } else {
        rest
    };
    text.len() - rest.strip_prefix(['"', '\'']).unwrap_or(rest).len()
}

/// Bytes of a name at the start of a text.
fn name_length(text: &str) -> usize {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let end = text.find(|c| !inner(c)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '-']).len()
}

fn name_at(text: &str, at: usize, kind: Kind, found: &mut Vec<Piece>) {
    let end = at + name_length(&text[at..]);
    let name = &text[at..end];
    let kind = match kind {
        Kind::User if name.bytes().all(|it| it.is_ascii_digit()) => Kind::Uid,
        other => other,
    };
    if name.len() >= 2 && name.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        found.push(Piece { at: at..end, kind });
    }
}

/// Dotted names of machines.
fn machines(text: &str, found: &mut Vec<Piece>) {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let mut at = 0;
    while at < text.len() {
        let Some(start) = text[at..].find(part).map(|it| at + it) else {
            return;
        };
        let end = text[start..]
            .find(|c| !part(c))
            .map_or(text.len(), |it| start + it);
        at = end;
        let word = text[start..end].trim_matches(['.', '-']);
        let start = start + text[start..end].find(word).unwrap_or(0);
        let Some((first, last)) = word.rsplit_once('.') else {
            continue;
        };
        let named = first.contains(|c: char| c.is_ascii_alphabetic()) && !first.ends_with('.');
        if named && words::is_zone(last) && !words::is_metric(word) {
            found.push(Piece {
                at: start..start + word.len(),
                kind: Kind::Host,
            });
        }
    }
}

/// Shortest secret that is looked for everywhere.
const SECRET_MIN_BYTES: usize = 6;

/// What was taken out of a line, word by word, as far as it can be told apart from words
/// that stand elsewhere by right: those hold a digit, a sign or letters of both cases.
pub(super) fn removed(line: &str, masked: &str) -> Vec<String> {
    let clean = redact::clean(line, redact::INPUT_MAX);
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut secrets = Vec::new();
    let mut rest = line.as_str();
    let mut fragments = masked.trim_end_matches(" …").split(redact::MARK);
    if let Some(first) = fragments.next() {
        rest = rest.strip_prefix(first).unwrap_or(rest);
    }
    for fragment in fragments {
        let end = match fragment.is_empty() {
            true => rest.len(),
            false => rest.find(fragment).unwrap_or(rest.len()),
        };
        let words = rest[..end].split_whitespace();
        secrets.extend(words.filter_map(secret));
        rest = rest.get(end + fragment.len()..).unwrap_or_default();
    }
    secrets
}

fn secret(word: &str) -> Option<String> {
    let word = word.trim_matches(['"', '\'', ',', ';', '(', ')', '{', '}', '=']);
    let has = |class: fn(char) -> bool| word.chars().any(class);
    let mixed = has(|c| c.is_ascii_digit())
        || has(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_lowercase())
        || has(|c| !c.is_alphanumeric());
    let long = word.len() >= SECRET_MIN_BYTES && word.len() <= redact::INPUT_MAX;
    // Numbers and times stand elsewhere by right.
    let number = word
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | '-' | '_'));
    let path = word.starts_with('/') || word.starts_with("--") || word.contains(redact::MARK);
    (long && mixed && !number && !path).then(|| word.to_owned())
}
