//! Replaces who and where by tokens that keep identities apart: `host-1`, `user-2`.
//!
//! Everything a session holds is walked twice. The first walk learns who is named, by
//! the fields that name somebody (the host of a series, `user.name`) and by the shape of
//! words (addresses, URLs, `/home/…`). Then [`Disguise::number`] gives each identity a
//! token, in an order that only the caller's key decides, and the second walk writes:
//! what was learned anywhere is replaced wherever it stands as a word.
//!
//! * Stays: names of metrics that the catalog knows, keys, units, numbers, times, devices.
//! * In doubt too much is replaced rather than too little.
//! * Never: draws a random number, reads a clock, or keeps the mapping in what it gives.
//!
//! Start at [`Disguise::new`] and [`Disguise::text`]; add a key or a generic name in
//! `disguise/words.rs`.

mod find;
mod names;
mod session;
mod words;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::redact;

use names::Names;
pub use names::TooMany;

/// What sort of thing is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Names of machines, and ids of machines, boots, instances and containers.
    Hosts,
    /// Names and numbers of people's accounts.
    Users,
    /// IPv4, IPv6, MAC and e-mail addresses.
    Addresses,
    /// Command lines; the program's name stays.
    Commands,
    /// URLs, and paths with a query.
    Urls,
    /// Statements of SQL.
    Sql,
    /// Passwords, tokens and keys. Cannot be kept.
    Secrets,
    /// What the patterns of one's own match.
    Custom,
}

impl Category {
    /// Every category, in the order of lists.
    pub const ALL: [Self; 8] = [
        Self::Hosts,
        Self::Users,
        Self::Addresses,
        Self::Commands,
        Self::Urls,
        Self::Sql,
        Self::Secrets,
        Self::Custom,
    ];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::Users => "users",
            Self::Addresses => "addresses",
            Self::Commands => "commands",
            Self::Urls => "urls",
            Self::Sql => "sql",
            Self::Secrets => "secrets",
            Self::Custom => "custom",
        }
    }

    /// The category of this name, if it may be kept.
    pub fn keepable(name: &str) -> Option<Self> {
        let all = Self::ALL.into_iter();
        let mut able = all.filter(|it| !matches!(it, Self::Secrets | Self::Custom));
        able.find(|it| it.name() == name)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Finds the places of a text that a pattern matches, in order and apart.
pub type Matcher = Arc<dyn Fn(&str) -> Vec<Range<usize>> + Send + Sync>;

/// A pattern of one's own.
#[derive(Clone)]
pub struct Pattern {
    /// What stands before the number of its tokens: lower-case letters.
    pub label: String,
    /// Where it matches.
    pub find: Matcher,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pattern")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// What is replaced.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Categories that stay as they are.
    pub keep: Vec<Category>,
    /// Patterns of one's own.
    pub patterns: Vec<Pattern>,
}

/// Kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Host,
    /// The id of a machine, a boot, an instance or a container.
    Id,
    User,
    /// The number of an account.
    Uid,
    Ip4,
    Ip6,
    Mac,
    Mail,
    Command,
    Url,
    Sql,
    Secret,
    /// Number of the pattern.
    Custom(usize),
}

impl Kind {
    fn category(self) -> Category {
        match self {
            Self::Host | Self::Id => Category::Hosts,
            Self::User | Self::Uid => Category::Users,
            Self::Ip4 | Self::Ip6 | Self::Mac | Self::Mail => Category::Addresses,
            Self::Command => Category::Commands,
            Self::Url => Category::Urls,
            Self::Sql => Category::Sql,
            Self::Secret => Category::Secrets,
            Self::Custom(_) => Category::Custom,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Id => "id",
            Self::User => "user",
            Self::Uid => "uid",
            Self::Ip4 => "ip4",
            Self::Ip6 => "ip6",
            Self::Mac => "mac",
            Self::Mail => "mail",
            Self::Command => "command",
            Self::Url => "url",
            Self::Sql => "sql",
            Self::Secret => "secret",
            Self::Custom(_) => "custom",
        }
    }
}

/// Where in a text an identity stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    at: Range<usize>,
    kind: Kind,
}

/// What happened to one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Which.
    pub category: Category,
    /// Different identities.
    pub identities: usize,
    /// Places where one was replaced.
    pub places: u64,
    /// Some of them with their tokens. For the owner's eyes: never kept in a file.
    pub examples: Vec<(String, String)>,
}

/// Who was named, and what stands in their place.
#[derive(Clone, Debug)]
pub struct Disguise {
    rules: Rules,
    names: Names,
    /// Whether identities have their tokens, so that text is written.
    writing: bool,
    places: [u64; Category::ALL.len()],
    known: HashMap<(Form, String), Written>,
}

/// How a text is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// Command lines, settings, notes: secrets follow keys, options and bare words.
    Line,
    /// Sentences that Kymo made: bare words such as `auth` are names of services.
    Prose,
}

/// A text as it is written, and what was replaced in it.
#[derive(Clone, Debug, Default)]
struct Written {
    text: String,
    replaced: Vec<Category>,
}

/// Whether the key of an attribute stays as it is.
pub fn is_kept_key(key: &str) -> bool {
    words::is_known_key(key)
}

/// Whether the key of a setting stays as it is.
pub fn is_kept_setting(key: &str) -> bool {
    words::parts_of_setting(key).iter().all(|(_, stays)| *stays)
}

/// Texts that are remembered; services, operations and commands come again and again.
const KNOWN_MAX: usize = 1 << 15;

/// Longest text that is worth remembering.
const KNOWN_MAX_BYTES: usize = 512;

/// Examples of a category.
const EXAMPLES: usize = 5;

impl Disguise {
    /// A disguise that has learned nothing yet.
    pub fn new(rules: Rules) -> Self {
        let labels = rules.patterns.iter().map(|it| it.label.clone()).collect();
        Self {
            rules,
            names: Names::new(labels),
            writing: false,
            places: [0; Category::ALL.len()],
            known: HashMap::new(),
        }
    }

    /// Gives each identity its token and starts to write. Identities are numbered in the
    /// order of what `order` makes of them: with a secret key that nobody keeps, numbers
    /// say nothing, and differ from file to file.
    ///
    /// # Errors
    ///
    /// [`TooMany`] identities for one file.
    pub fn number(&mut self, order: &dyn Fn(&str) -> [u8; 32]) -> Result<(), TooMany> {
        self.names.number(order)?;
        self.known.clear();
        self.writing = true;
        Ok(())
    }

    /// Replaces what a line of a command, a setting, a note or a message names.
    pub fn text(&mut self, text: &str) -> String {
        self.form(text, Form::Line)
    }

    /// Replaces what a sentence names that Kymo made.
    pub fn prose(&mut self, text: &str) -> String {
        self.form(text, Form::Prose)
    }

    /// Whether a category is replaced.
    fn replaces(&self, kind: Kind) -> bool {
        !self.rules.keep.contains(&kind.category())
    }

    fn form(&mut self, text: &str, form: Form) -> String {
        if text.is_empty() {
            return String::new();
        }
        let short = text.len() <= KNOWN_MAX_BYTES;
        let key = (form, text.to_owned());
        if let Some(known) = self.known.get(&key).filter(|_| short) {
            for category in &known.replaced {
                self.places[*category as usize] += 1;
            }
            return known.text.clone();
        }
        let mut written = Written::default();
        for (number, line) in find::lines(text).iter().enumerate() {
            if number > 0 {
                written.text.push('\n');
            }
            self.line(line, form, &mut written);
        }
        for category in &written.replaced {
            self.places[*category as usize] += 1;
        }
        let answer = written.text.clone();
        if short {
            if self.known.len() >= KNOWN_MAX {
                self.known.clear();
            }
            self.known.insert(key, written);
        }
        answer
    }

    /// Takes one line: first the patterns, then secrets, then everything by its shape
    /// and by what is known.
    fn line(&mut self, line: &str, form: Form, written: &mut Written) {
        let own = self.patterned(line, written);
        let masked = self.masked(&own, form, written);
        let mut pieces = Vec::new();
        find::scan(&masked, &mut pieces);
        pieces.retain(|piece| self.replaces(piece.kind) && self.is_identity(&masked, piece));
        if !self.writing {
            self.names.take(line);
            for piece in &pieces {
                self.learn(piece.kind, &masked[piece.at.clone()]);
            }
            written.text.push_str(&masked);
            return;
        }
        let pieces = find::apart(pieces, self.names.words(&masked));
        self.replace(&masked, &pieces, written);
    }

    /// Whether a piece names somebody: not a token already, nor a name that everybody has.
    fn is_identity(&self, text: &str, piece: &Piece) -> bool {
        let word = &text[piece.at.clone()];
        let telling = match piece.kind {
            Kind::Host | Kind::User => !words::is_generic(word),
            Kind::Uid => words::is_account(word),
            _ => true,
        };
        telling && !self.names.is_issued(word)
    }

    /// The kind of an identity: what names a machine may be its id.
    fn sort(&self, kind: Kind, identity: &str) -> Kind {
        match kind {
            Kind::Host if self.names.is_machine(identity) => Kind::Host,
            Kind::Host if find::is_id(identity) => Kind::Id,
            other => other,
        }
    }

    fn learn(&mut self, kind: Kind, identity: &str) {
        self.names.learn(self.sort(kind, identity), identity);
        if kind == Kind::Url
            && let Some(host) = find::authority(identity)
        {
            self.learn_place(host);
        }
    }

    /// Learns the host or the address that a field names.
    fn learn_place(&mut self, place: &str) {
        let mut pieces = Vec::new();
        find::addresses(place, &mut pieces);
        let kind = match pieces.as_slice() {
            [piece] if piece.at == (0..place.len()) => piece.kind,
            _ => Kind::Host,
        };
        if !place.is_empty() && !words::is_generic(place) && self.replaces(kind) {
            self.names.learn(self.sort(kind, place), place);
        }
    }

    fn replace(&mut self, text: &str, pieces: &[Piece], written: &mut Written) {
        let mut end = 0;
        for piece in pieces {
            written.text.push_str(&text[end..piece.at.start]);
            let token = self.token(piece.kind, &text[piece.at.clone()]);
            written.text.push_str(&token);
            written.replaced.push(piece.kind.category());
            end = piece.at.end;
        }
        written.text.push_str(&text[end..]);
    }

    /// What the patterns of one's own match, replaced.
    fn patterned(&mut self, line: &str, written: &mut Written) -> String {
        let mut text = line.to_owned();
        for number in 0..self.rules.patterns.len() {
            let found = (self.rules.patterns[number].find)(&text);
            if found.is_empty() {
                continue;
            }
            let kind = Kind::Custom(number);
            let mut next = String::with_capacity(text.len());
            let mut end = 0;
            for at in found {
                let word = &text[at.clone()];
                if at.start < end || word.is_empty() || self.names.is_issued(word) {
                    continue;
                }
                next.push_str(&text[end..at.start]);
                if self.writing {
                    next.push_str(&self.token(kind, word));
                    written.replaced.push(Category::Custom);
                } else {
                    self.names.learn(kind, word);
                    next.push_str(word);
                }
                end = at.end;
            }
            next.push_str(&text[end..]);
            text = next;
        }
        text
    }

    /// The line without what looks like a secret; what was taken out is learned, so that
    /// it is taken out wherever it stands.
    fn masked(&mut self, line: &str, form: Form, written: &mut Written) -> String {
        let masked = match form {
            Form::Line => redact::line(line),
            Form::Prose => redact::prose(line),
        };
        let marks = |text: &str| text.matches(redact::MARK).count();
        if marks(&masked) <= marks(line) && line.len() <= redact::INPUT_MAX {
            return line.to_owned();
        }
        if !self.writing {
            for secret in find::removed(line, &masked) {
                self.names.learn(Kind::Secret, &secret);
            }
            return masked;
        }
        let taken = marks(&masked).saturating_sub(marks(line));
        written
            .replaced
            .extend(std::iter::repeat_n(Category::Secrets, taken));
        masked
    }

    /// The token of an identity; a new one where the first walk did not meet it.
    fn token(&mut self, kind: Kind, identity: &str) -> String {
        let kind = self.sort(kind, identity);
        let number = self.names.number_of(kind, identity);
        self.names.token(kind, number)
    }

    /// Replaces a whole field that names somebody.
    fn whole(&mut self, kind: Kind, identity: &str) -> String {
        if identity.is_empty() {
            return String::new();
        }
        let generic = matches!(kind, Kind::Host | Kind::User) && words::is_generic(identity);
        if generic || !self.replaces(kind) {
            return self.text(identity);
        }
        if !self.writing {
            self.learn(kind, identity);
            return identity.to_owned();
        }
        self.places[kind.category() as usize] += 1;
        self.token(kind, identity)
    }

    /// What happened so far, a row for each category in which something was met.
    pub fn counts(&self) -> Vec<Count> {
        let all = Category::ALL.into_iter().map(|category| {
            let of = self.names.of(category);
            Count {
                category,
                identities: of.len(),
                places: self.places[category as usize],
                examples: self.examples(of),
            }
        });
        all.filter(|it| it.identities > 0 || it.places > 0)
            .collect()
    }

    fn examples(&self, of: Vec<(Kind, &str, u32)>) -> Vec<(String, String)> {
        let some = of.into_iter().take(EXAMPLES);
        some.map(|(kind, identity, number)| (identity.to_owned(), self.names.token(kind, number)))
            .collect()
    }

    /// Everything that must not stand in what was written, with its category and token:
    /// each identity that was learned, but those that the vocabulary has too.
    pub fn originals(&self) -> Vec<(Category, String, String)> {
        let mut all = Vec::new();
        for category in Category::ALL {
            for (kind, identity, number) in self.names.of(category) {
                if kind != Kind::Uid && !self.names.is_plain(identity) {
                    let token = self.names.token(kind, number);
                    all.push((category, identity.to_owned(), token));
                }
            }
        }
        all
    }

    /// Whether this place of some bytes lies in the key of a kernel's setting, which stays
    /// though somebody is called like a word of it.
    pub fn stays(&self, bytes: &[u8], at: &Range<usize>) -> bool {
        self.names.in_key(bytes, at)
    }

    /// Categories of what a written text still names by its shape.
    pub fn leftovers(&self, text: &str) -> Vec<Category> {
        let mut pieces = Vec::new();
        let mut found = Vec::new();
        for line in &find::lines(text) {
            pieces.clear();
            find::scan(line, &mut pieces);
            // An id may be a sum of the file's own.
            pieces.retain(|it| it.kind != Kind::Id && self.replaces(it.kind));
            pieces.retain(|it| self.is_identity(line, it));
            found.extend(pieces.iter().map(|it| it.kind.category()));
            if find::is_key_block(line) {
                found.push(Category::Secrets);
            }
            if self.rules.patterns.iter().any(|it| self.is_left(it, line)) {
                found.push(Category::Custom);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a pattern of one's own still matches something in a line.
    fn is_left(&self, pattern: &Pattern, line: &str) -> bool {
        let left = |at: Range<usize>| !at.is_empty() && !self.names.is_issued(&line[at]);
        (pattern.find)(line).into_iter().any(left)
    }
}

#[cfg(test)]
mod tests;
