//! Values after secret-looking keys: the tables, and the walk over words.
//!
//! An argument that holds white space (a shell script, a header, a statement)
//! is walked word by word like a command line of its own, since secrets hide in
//! `sh -c "…"` as well.

use super::{MARK, sql, token, url};

/// Parts of a key that make its value a secret wherever they stand in it.
#[rustfmt::skip]
const SECRET_PARTS: &[&str] = &[
    "password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "api-key",
    "api_key", "access-key", "access_key", "accesskey", "private-key", "private_key",
    "privatekey", "credential", "authorization", "bearer", "cookie", "session-id", "session_id",
    "sessionid", "signature", "signing-key", "signing_key", "encryption-key", "encryption_key",
    "account-key", "account_key", "accountkey", "shared-key", "shared_key", "sharedkey",
    "requirepass", "masterauth", "license-key", "licensekey", "connection-string",
    "connectionstring", "community",
];

/// Keys that are secret when a whole part between `-`, `_` and `.` equals them.
const SECRET_SEGMENTS: &[&str] = &[
    "pass", "pwd", "pw", "auth", "jwt", "sig", "psk", "otp", "pin", "key", "passin", "passout",
    "creds", "cred", "sas",
];

/// Ends of a segment that make it secret: `dbpass`, `rootpw`.
const SECRET_ENDS: &[&str] = &["pass", "pwd", "passw"];

/// Bare words after which the next word is a secret.
const SECRET_BARE: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "bearer",
    "requirepass",
    "masterauth",
    "auth",
    "psk",
];

/// Words between `Authorization:` and the secret; they are kept.
const SCHEMES: &[&str] = &["bearer", "basic", "digest", "token", "negotiate", "apikey"];

/// How a program takes a secret with a short option.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `-pSECRET` only; `-p` alone asks.
    Attached,
    /// `-p SECRET` or `-pSECRET`.
    Either,
    /// `-u USER:SECRET` or `-uUSER:SECRET`.
    User,
}

/// Programs whose short options carry secrets.
#[rustfmt::skip]
const PROGRAMS: &[(&[&str], &str, Form)] = &[
    (&["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlshow", "mysqlcheck", "mysqlslap", "mysqlpump", "mysqlsh",
       "mariadb", "mariadb-dump", "mariadb-admin", "mariadb-import", "mariadb-backup", "7z", "7za", "7zr", "rar", "unrar"],
     "-p", Form::Attached),
    // `login` stands for `docker login` and its like, whose other subcommands map ports with `-p`.
    (&["sshpass", "login", "mongo", "mongosh", "mongodump", "mongorestore",
       "sqlplus", "az", "rclone"],
     "-p", Form::Either),
    (&["redis-cli", "redis-benchmark", "keydb-cli", "valkey-cli"], "-a", Form::Either),
    (&["ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldapwhoami", "ldappasswd"], "-w", Form::Either),
    (&["zip", "unzip", "ipmitool", "mosquitto_pub", "mosquitto_sub", "sqlcmd", "bcp", "osql", "isql"], "-P", Form::Either),
    (&["curl", "wget", "http", "https", "ab", "elasticdump"], "-u", Form::User),
    (&["curl"], "-U", Form::User),
    (&["http", "https"], "-a", Form::User),
    (&["ab"], "-A", Form::User),
    (&["smbclient", "rpcclient", "net", "smbget"], "-U", Form::User),
    (&["snmpget", "snmpwalk", "snmpset", "snmpbulkwalk"], "-c", Form::Either),
    (&["snmpget", "snmpwalk", "snmpset", "snmpbulkwalk"], "-A", Form::Either),
    (&["snmpget", "snmpwalk", "snmpset", "snmpbulkwalk"], "-X", Form::Either),
    (&["openssl"], "-k", Form::Either),
    (&["openssl"], "-K", Form::Either),
];

/// Long options whose value is `USER:SECRET`.
const USER_OPTIONS: &[&str] = &["user", "proxy-user", "userpwd", "basic-auth"];

/// What the next word is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// Nothing special.
    Plain,
    /// A secret, unless it looks like another option.
    Secret,
    /// `USER:SECRET`.
    User,
    /// Still inside a secret that began with this quote.
    Quoted(char),
    /// A secret up to the argument's end.
    Rest,
}

struct Walk {
    programs: Vec<usize>,
    expect: Expect,
    out: String,
}

/// Joins arguments to one line without secrets.
pub(super) fn arguments(arguments: &[String]) -> String {
    let mut walk = Walk {
        programs: Vec::new(),
        expect: Expect::Plain,
        out: String::new(),
    };
    for argument in arguments {
        let argument = sql::literals(&token::pem(argument));
        let mut words = argument.split_whitespace().peekable();
        if words.peek().is_none() {
            continue;
        }
        // One argument is one value, however many words it has.
        if matches!(walk.expect, Expect::Secret | Expect::User)
            && argument.trim().contains(char::is_whitespace)
            && !option_like(&argument)
        {
            walk.expect = Expect::Plain;
            walk.push(MARK);
            continue;
        }
        while let Some(word) = words.next() {
            walk.word(word, words.peek().is_some());
        }
        if matches!(walk.expect, Expect::Rest | Expect::Quoted(_)) {
            walk.expect = Expect::Plain;
        }
    }
    walk.out
}

impl Walk {
    fn push(&mut self, word: &str) {
        if word == MARK && self.out.ends_with(MARK) {
            return;
        }
        if !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(word);
    }

    /// Takes one word; `more` says whether its argument goes on.
    fn word(&mut self, word: &str, more: bool) {
        match self.expect {
            Expect::Quoted(quote) => {
                if word.ends_with(quote) {
                    self.expect = Expect::Plain;
                }
                self.push(MARK);
            }
            Expect::Secret | Expect::Rest if scheme(word) => self.push(word),
            Expect::Rest => self.push(MARK),
            Expect::Secret if !option_like(word) => self.secret(word),
            Expect::User if !option_like(word) => {
                self.expect = Expect::Plain;
                let user = user_secret(word);
                self.push(&user);
            }
            _ => self.plain(word, more),
        }
    }

    /// Takes out a word that is a secret, and what follows up to its closing quote.
    fn secret(&mut self, word: &str) {
        self.expect = open_quote(word).map_or(Expect::Plain, Expect::Quoted);
        self.push(MARK);
    }

    fn plain(&mut self, word: &str, more: bool) {
        self.expect = Expect::Plain;
        self.note_program(word);
        if let Some(done) = self.short_option(word) {
            self.push(&done);
            return;
        }
        if bare_key(word) {
            self.expect = Expect::Secret;
            self.push(word);
            return;
        }
        if let Some(name) = word.strip_prefix("--")
            && USER_OPTIONS.contains(&name)
        {
            self.expect = Expect::User;
        }
        let (kept, next) = pairs(word, more);
        if next != Expect::Plain {
            self.expect = next;
        }
        let kept = token::tokens(&url::user_information(&kept));
        self.push(&kept);
    }

    fn note_program(&mut self, word: &str) {
        let base = word.trim_matches(['"', '\'', '(', ')', ';', '`']);
        let base = base.rsplit('/').next().unwrap_or(base);
        let known: Vec<usize> = (0..PROGRAMS.len())
            .filter(|at| PROGRAMS[*at].0.contains(&base))
            .collect();
        if !known.is_empty() {
            self.programs = known;
        }
    }

    /// The word without its secret when it is a secret short option of the program.
    fn short_option(&mut self, word: &str) -> Option<String> {
        let (_, option, form) = self
            .programs
            .iter()
            .map(|at| PROGRAMS[*at])
            .find(|(_, option, _)| word.starts_with(option))?;
        let rest = &word[option.len()..];
        if rest.is_empty() {
            self.expect = match form {
                Form::Attached => Expect::Plain,
                Form::Either => Expect::Secret,
                Form::User => Expect::User,
            };
            return Some(word.to_owned());
        }
        if let Some(quote) = open_quote(rest) {
            self.expect = Expect::Quoted(quote);
        }
        Some(match form {
            Form::User => format!("{option}{}", user_secret(rest)),
            _ => format!("{option}{MARK}"),
        })
    }
}

/// One word without values of secret keys, user information and tokens.
pub(super) fn pair(word: &str) -> String {
    let (kept, _) = pairs(word, false);
    token::tokens(&url::user_information(&kept))
}

/// Takes out values of secret keys inside one word, and says what follows it.
///
/// A value ends with its word, in a URL's query at the next `&`: passwords hold
/// any other character.
fn pairs(word: &str, more: bool) -> (String, Expect) {
    let query = word.contains("://") || word.contains('?');
    let mut out = String::new();
    let mut rest = word;
    loop {
        let Some((key_end, value)) = secret_pair(rest) else {
            out.push_str(rest);
            break;
        };
        out.push_str(&rest[..key_end]);
        let tail = &rest[value..];
        out.push_str(&rest[key_end..value]);
        if tail.trim_matches(['"', '\'', '\\']).is_empty() {
            out.push_str(tail);
            let header = rest[key_end..value].contains(':') && more;
            let quote = open_quote(word).or_else(|| tail.chars().next());
            let next = match (header, quote) {
                (true, Some(quote @ ('"' | '\''))) if open_quote(word).is_some() => {
                    Expect::Quoted(quote)
                }
                (true, _) => Expect::Rest,
                (false, Some(quote)) => Expect::Quoted(quote),
                (false, None) => Expect::Secret,
            };
            return (out, next);
        }
        out.push_str(MARK);
        let end = if query { tail.find(['&', '#']) } else { None };
        match end {
            Some(end) => rest = &tail[end..],
            None => {
                let next = match open_quote(tail) {
                    Some(quote) => Expect::Quoted(quote),
                    None if more && scheme(tail) => Expect::Rest,
                    None => Expect::Plain,
                };
                return (out, next);
            }
        }
    }
    let next = match word.starts_with('-') && secret_key(word) && !word.contains('=') {
        true => Expect::Secret,
        false => Expect::Plain,
    };
    (out, next)
}

/// Where the first secret key's name ends and where its value starts.
fn secret_pair(word: &str) -> Option<(usize, usize)> {
    for (at, separator) in word.match_indices(['=', ':', '>']) {
        let value = at + separator.len();
        if separator == ":" && word[value..].starts_with("//") {
            continue;
        }
        let before = word[..at].trim_end_matches(['"', '\'', '\\', ' ']);
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '%')))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        let key = &before[start..];
        if key.is_empty() || !secret_key(key) || harmless_value(key, &word[value..]) {
            continue;
        }
        return Some((before.len(), value));
    }
    None
}

/// Whether the value of this key is a secret.
pub(super) fn secret_key(key: &str) -> bool {
    let key = key.trim_start_matches('-').to_ascii_lowercase();
    if SECRET_PARTS.iter().any(|part| key.contains(part)) {
        return true;
    }
    key.split(['-', '_', '.', '%']).any(|segment| {
        SECRET_SEGMENTS.contains(&segment) || SECRET_ENDS.iter().any(|end| segment.ends_with(end))
    })
}

/// Whether a value only points at a secret: a path after `…file`, `…path` or `key`.
fn harmless_value(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let pointer = ["file", "path", "dir", "key"]
        .iter()
        .any(|end| key.ends_with(end))
        && !["api", "access", "private-key-data", "secret", "account"]
            .iter()
            .any(|part| key.contains(part));
    pointer && (value.starts_with('/') || value.starts_with("./")) && !value.contains('=')
}

fn bare_key(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']).to_ascii_lowercase();
    SECRET_BARE.contains(&word.as_str())
}

fn scheme(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']).to_ascii_lowercase();
    SCHEMES.contains(&word.as_str())
}

/// Whether a word after a secret option is rather the next option.
fn option_like(word: &str) -> bool {
    let mut chars = word.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some('-'), Some('-'), Some(_)) => true,
        (Some('-'), Some(c), None) => c.is_ascii_alphabetic(),
        _ => false,
    }
}

/// The quote that a value opens and does not close.
fn open_quote(value: &str) -> Option<char> {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let closed = value.len() > 1 && value[1..].contains(quote);
    (!closed).then_some(quote)
}

/// `USER:***`, also for `USER%SECRET`.
fn user_secret(word: &str) -> String {
    match word.find([':', '%']) {
        Some(at) => format!("{}{MARK}", &word[..=at]),
        None => word.to_owned(),
    }
}
