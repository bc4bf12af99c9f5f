//! Which sessions of a library are meant: words and `field:value` terms.
//!
//! ```text
//! checkout host:web-* tag:nightly after:2026-11-01 -is:damaged
//! ```
//!
//! Every term must hold. A bare word is looked for in title, path, hosts, tags, note,
//! build and the heaviest finding; a minus turns a term around; `*` stands for anything.
//!
//! Start at [`Query::parse`].

use model::series::glob_matches;
use model::time::Moment;

use super::{Entry, Facts, Standing};

/// Terms of one query.
const TERMS_MAX: usize = 64;

/// Fields with what they mean, in the order of help.
pub const FIELDS: &[(&str, &str)] = &[
    ("host:", "name of a host, such as host:web-*"),
    ("tag:", "a tag"),
    ("build:", "the build"),
    ("note:", "a word of the note"),
    ("title:", "a word of the title"),
    ("finding:", "a word of the heaviest finding"),
    ("after:", "ends after this time or day: after:2026-11-01"),
    ("before:", "begins before this time or day"),
    ("longer:", "lasts at least: longer:10m"),
    (
        "is:",
        "damaged, refused, unfinished, analyzed, severe or tagged",
    ),
];

/// A parsed query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    terms: Vec<(Sense, Term)>,
}

/// Whether a term must hold or must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sense {
    Must,
    MustNot,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Word(String),
    Text(Field, String),
    After(Moment),
    Before(Moment),
    Longer(i64),
    Is(State),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Host,
    Tag,
    Build,
    Note,
    Title,
    Finding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Damaged,
    Refused,
    Unfinished,
    Analyzed,
    Severe,
    Tagged,
}

const STATES: &[(&str, State)] = &[
    ("damaged", State::Damaged),
    ("refused", State::Refused),
    ("unfinished", State::Unfinished),
    ("analyzed", State::Analyzed),
    ("severe", State::Severe),
    ("tagged", State::Tagged),
];

/// A term that says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No such field.
    #[error(
        "there is no field {0:?}; there are host:, tag:, build:, note:, title:, finding:, after:, before:, longer: and is:"
    )]
    Field(String),
    /// The value of a field is none.
    #[error("{value:?} is no {what} for {field}")]
    Value {
        /// The field.
        field: String,
        /// What stands after it.
        value: String,
        /// What should.
        what: &'static str,
    },
    /// Too long.
    #[error("a search has at most {TERMS_MAX} terms")]
    TooMany,
}

impl Query {
    /// Reads a query; an empty one means every session.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut terms = Vec::new();
        for word in words(text) {
            let (sense, word) = match word.strip_prefix('-') {
                Some(rest) if !rest.is_empty() => (Sense::MustNot, rest.to_owned()),
                _ => (Sense::Must, word),
            };
            terms.push((sense, term(&word)?));
            if terms.len() > TERMS_MAX {
                return Err(QueryError::TooMany);
            }
        }
        Ok(Self { terms })
    }

    /// Whether a session is meant.
    pub fn fits(&self, entry: &Entry) -> bool {
        let mut terms = self.terms.iter();
        terms.all(|(sense, term)| term.holds(entry) == (*sense == Sense::Must))
    }

    /// The sessions that are meant, in their order.
    pub fn among<'a>(&self, entries: &'a [Entry]) -> Vec<&'a Entry> {
        entries.iter().filter(|it| self.fits(it)).collect()
    }
}

/// Words, where quotes hold spaces together.
fn words(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => all.push(String::new()),
            c => {
                if let Some(word) = all.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    all.retain(|it| !it.is_empty());
    all
}

fn term(word: &str) -> Result<Term, QueryError> {
    let Some((name, value)) = word.split_once(':') else {
        return Ok(Term::Word(word.to_lowercase()));
    };
    let wrong = |what| QueryError::Value {
        field: format!("{name}:"),
        value: value.to_owned(),
        what,
    };
    let text = |field| Ok(Term::Text(field, value.to_lowercase()));
    match name {
        "host" => text(Field::Host),
        "tag" => text(Field::Tag),
        "build" => text(Field::Build),
        "note" => text(Field::Note),
        "title" => text(Field::Title),
        "finding" => text(Field::Finding),
        "after" => Ok(Term::After(moment(value).ok_or_else(|| wrong("time"))?)),
        "before" => Ok(Term::Before(moment(value).ok_or_else(|| wrong("time"))?)),
        "longer" => model::time::parse_duration_ns(value)
            .map(Term::Longer)
            .ok_or_else(|| wrong("length of time")),
        "is" => {
            let found = STATES.iter().find(|(known, _)| *known == value);
            let what = "state (damaged, refused, unfinished, analyzed, severe, tagged)";
            found
                .map(|(_, state)| Term::Is(*state))
                .ok_or_else(|| wrong(what))
        }
        // A Windows path or a time of day is a word; a misspelled field is told.
        _ if name.chars().all(|c| c.is_ascii_lowercase()) && name.len() > 1 => {
            Err(QueryError::Field(format!("{name}:")))
        }
        _ => Ok(Term::Word(word.to_lowercase())),
    }
}

/// A time, or the beginning of a day in UTC.
fn moment(text: &str) -> Option<Moment> {
    text.parse()
        .ok()
        .or_else(|| format!("{text}T00:00:00Z").parse().ok())
        .filter(|_| !text.is_empty())
}

impl Term {
    fn holds(&self, entry: &Entry) -> bool {
        if let Self::Word(word) = self {
            return said(entry).to_lowercase().contains(word.as_str());
        }
        if let Self::Is(State::Refused) = self {
            return matches!(entry.standing, Standing::Refused(_));
        }
        let Some(facts) = entry.facts() else {
            return matches!(self, Self::Is(State::Damaged));
        };
        match self {
            Self::Text(field, value) => field.holds((entry, facts), value),
            Self::After(moment) => facts.span.to > *moment,
            Self::Before(moment) => facts.span.from < *moment,
            Self::Longer(ns) => facts.span.length_ns() >= *ns,
            Self::Is(state) => state.holds(facts),
            Self::Word(_) => false,
        }
    }
}

/// Everything that a bare word is looked for in.
fn said(entry: &Entry) -> String {
    let mut parts = vec![entry.name.clone()];
    match &entry.standing {
        Standing::Refused(why) => parts.push(why.clone()),
        Standing::Read(facts) => {
            let label = &facts.label;
            parts.extend([facts.title.clone(), facts.hosts_text()]);
            parts.extend(label.tags.iter().cloned());
            parts.extend([label.note.clone(), label.build.clone()]);
            parts.push(facts.heaviest.clone());
        }
    }
    parts.join("\n")
}

impl Field {
    fn holds(self, (entry, facts): (&Entry, &Facts), value: &str) -> bool {
        let is = |text: &str| glob_matches(value, &text.to_lowercase());
        let has = |text: &str| text.to_lowercase().contains(value);
        match self {
            Self::Host => facts.hosts.iter().any(|it| is(&it.name)),
            Self::Tag => facts.label.tags.iter().any(|it| is(it)),
            Self::Build => is(&facts.label.build),
            Self::Note => has(&facts.label.note),
            Self::Title => has(entry.title()),
            Self::Finding => has(&facts.heaviest),
        }
    }
}

impl State {
    fn holds(self, facts: &Facts) -> bool {
        match self {
            Self::Damaged => !facts.damage.is_empty(),
            Self::Refused => false,
            Self::Unfinished => facts.unfinished,
            Self::Analyzed => facts.findings.is_some(),
            Self::Severe => facts.findings.is_some_and(|it| it.severe > 0),
            Self::Tagged => !facts.label.tags.is_empty(),
        }
    }
}
