//! The identities of a file: learned, numbered, and found again in any text.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::{Category, Kind, Piece, words};

/// Identities of one file: more say that something else was taken for one.
const NAMES_MAX: usize = 1 << 18;

/// Numbers of accounts in what is shared begin here, where few machines have one.
const UID_BASE: u32 = 1_000_000_000;

/// Shortest identity that is looked for in texts; shorter ones count in their own field.
const WORD_MIN_BYTES: usize = 2;

/// A file names more than can be kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {NAMES_MAX} identities")]
pub struct TooMany;

/// Who was named.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// By kind, the identity as it is told apart, and its number; 0 before it has one.
    by_kind: BTreeMap<Kind, HashMap<String, u32>>,
    /// Names of machines by their first label, for `web-1` and `web-1.example.com`.
    machines: HashSet<String>,
    count: usize,
    /// Numbers by what tells identities apart, and by that in lower case: a text may write
    /// a name in another case than the field it was learned from.
    numbers: HashMap<(Kind, String), u32>,
    lower: HashMap<(Kind, String), u32>,
    /// The highest number of each kind.
    highest: HashMap<Kind, u32>,
    /// What the tokens of patterns of one's own are called.
    own: Vec<String>,
    /// Words of the session that look like tokens: no token may be called so.
    taken: HashSet<String>,
    /// Tokens that were given.
    issued: HashSet<String>,
    /// Keys of the kernel's settings: words of them stay, whoever is called so.
    keys: HashSet<String>,
    /// Where identities begin: by the first two bytes in lower case.
    heads: HashMap<[u8; 2], Vec<(String, Kind)>>,
}

impl Names {
    /// Nobody yet; tokens of patterns of one's own have these labels.
    pub(super) fn new(own: Vec<String>) -> Self {
        Self {
            own,
            ..Self::default()
        }
    }

    /// Learns an identity.
    pub(super) fn learn(&mut self, kind: Kind, identity: &str) {
        let known = self.by_kind.entry(kind).or_default();
        if identity.is_empty() || known.contains_key(identity) || self.count > NAMES_MAX {
            return;
        }
        known.insert(identity.to_owned(), 0);
        self.count += 1;
        match kind {
            Kind::Uid => drop(self.taken.insert(identity.to_owned())),
            _ => self.take(identity),
        }
    }

    /// Notes the words of a text that look like tokens.
    pub(super) fn take(&mut self, text: &str) {
        for (at, _) in text.match_indices('-') {
            let letter = |c: char| c.is_ascii_alphanumeric();
            let label = text[..at].rsplit(|c| !letter(c)).next();
            let label = label.unwrap_or_default().to_ascii_lowercase();
            let rest = &text[at + 1..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 && self.is_label(&label) {
                self.taken.insert(format!("{label}-{}", &rest[..digits]));
            }
        }
    }

    fn is_label(&self, word: &str) -> bool {
        words::is_label(word) || self.own.iter().any(|it| it == word)
    }

    /// Whether a word is a token that was given.
    pub(super) fn is_issued(&self, word: &str) -> bool {
        self.issued.contains(word)
    }

    /// Whether a word stays in texts even where somebody is called so.
    pub(super) fn is_plain(&self, word: &str) -> bool {
        word.len() < WORD_MIN_BYTES || self.is_label(word) || words::is_plain(word)
    }

    /// Learns the key of a setting that stays.
    pub(super) fn learn_key(&mut self, key: &str) {
        if self.keys.len() <= NAMES_MAX {
            self.keys.insert(key.to_owned());
        }
    }

    /// Whether this place of a text lies in the key of a setting that stays.
    pub(super) fn in_key(&self, text: &[u8], at: &Range<usize>) -> bool {
        let inner = |it: &u8| it.is_ascii_alphanumeric() || b"_./-".contains(it);
        let before = text[..at.start].iter().rev().take_while(|it| inner(it));
        let after = text[at.end..].iter().take_while(|it| inner(it));
        let run = &text[at.start - before.count()..at.end + after.count()];
        // In a packed table the length of the next text follows, in a sentence a stop.
        let shorter = run.len().saturating_sub(1);
        [run, &run[..shorter]]
            .into_iter()
            .any(|it| std::str::from_utf8(it).is_ok_and(|it| self.keys.contains(it)))
    }

    /// Learns the name of a recorded machine: what begins with it and a dot is the same one.
    pub(super) fn learn_machine(&mut self, name: &str) {
        self.machines.insert(name.to_lowercase());
        self.learn(Kind::Host, name);
    }

    /// Whether this is the name of a recorded machine.
    pub(super) fn is_machine(&self, name: &str) -> bool {
        self.machines.contains(&name.to_lowercase())
    }

    /// What tells an identity apart from others.
    fn told_apart(&self, kind: Kind, identity: &str) -> String {
        match kind {
            Kind::Host => {
                let lower = identity.trim_end_matches('.').to_lowercase();
                let first = lower.split('.').next().unwrap_or_default();
                match self.machines.contains(first) && !self.machines.contains(&lower) {
                    true => first.to_owned(),
                    false => lower,
                }
            }
            Kind::User | Kind::Mail | Kind::Mac | Kind::Ip6 => identity.to_lowercase(),
            Kind::Id => identity.to_lowercase().replace('_', "-"),
            _ => identity.to_owned(),
        }
    }

    /// Numbers all identities, and makes them ready to be found.
    pub(super) fn number(&mut self, order: &dyn Fn(&str) -> [u8; 32]) -> Result<(), TooMany> {
        if self.count > NAMES_MAX {
            return Err(TooMany);
        }
        let kinds: Vec<Kind> = self.by_kind.keys().copied().collect();
        for kind in kinds {
            let forms: Vec<String> = self.by_kind[&kind].keys().cloned().collect();
            let mut apart: Vec<String> = forms.iter().map(|it| self.told_apart(kind, it)).collect();
            apart.sort_unstable();
            apart.dedup();
            apart.sort_by_cached_key(|it| order(&format!("{}\0{it}", kind.label())));
            for name in apart {
                self.give(kind, name);
            }
            for form in forms {
                let number = self.number_of(kind, &form);
                self.head(kind, &form);
                if let Some(known) = self.by_kind.get_mut(&kind) {
                    known.insert(form, number);
                }
            }
        }
        for list in self.heads.values_mut() {
            // The longest first; the kinds in their order, so that two walks agree.
            list.sort_by(|a, b| (b.0.len(), &a.0, a.1).cmp(&(a.0.len(), &b.0, b.1)));
            list.dedup_by(|a, b| a.0 == b.0);
        }
        Ok(())
    }

    fn head(&mut self, kind: Kind, form: &str) {
        if kind == Kind::Uid || self.is_plain(form) {
            return;
        }
        let lower = form.to_ascii_lowercase();
        let bytes = lower.as_bytes();
        let head = [bytes[0], bytes[1]];
        self.heads.entry(head).or_default().push((lower, kind));
    }

    /// Gives the next number whose token nothing else is called.
    fn give(&mut self, kind: Kind, apart: String) -> u32 {
        let mut number = self.highest.get(&kind).copied().unwrap_or_default();
        loop {
            number += 1;
            let token = self.token(kind, number);
            if !self.taken.contains(&token) && self.issued.insert(token) {
                break;
            }
        }
        self.highest.insert(kind, number);
        self.lower
            .entry((kind, apart.to_lowercase()))
            .or_insert(number);
        self.numbers.insert((kind, apart), number);
        number
    }

    /// The number of an identity; the next one where it has none.
    pub(super) fn number_of(&mut self, kind: Kind, identity: &str) -> u32 {
        let key = (kind, self.told_apart(kind, identity));
        let same = (kind, key.1.to_lowercase());
        let known = self.numbers.get(&key).or_else(|| self.lower.get(&same));
        if let Some(number) = known {
            return *number;
        }
        let number = self.give(kind, key.1);
        let forms = self.by_kind.entry(kind).or_default();
        forms.insert(identity.to_owned(), number);
        self.head(kind, identity);
        number
    }

    /// The token of a number.
    pub(super) fn token(&self, kind: Kind, number: u32) -> String {
        match kind {
            Kind::Uid => (UID_BASE + number).to_string(),
            Kind::Custom(place) => format!("{}-{number}", self.own[place]),
            _ => format!("{}-{number}", kind.label()),
        }
    }

    /// The identities of a category with their numbers, by number.
    pub(super) fn of(&self, category: Category) -> Vec<(Kind, &str, u32)> {
        let kinds = self.by_kind.iter();
        let mut all: Vec<(Kind, &str, u32)> = kinds
            .filter(|(kind, _)| kind.category() == category)
            .flat_map(|(kind, known)| known.iter().map(|(it, n)| (*kind, it.as_str(), *n)))
            .collect();
        all.sort_unstable_by_key(|(kind, identity, number)| (*kind, *number, *identity));
        all
    }

    /// Where known identities stand as words, in order and apart.
    pub(super) fn words(&self, text: &str) -> Vec<Piece> {
        let lower = text.to_ascii_lowercase();
        let bytes = lower.as_bytes();
        let mut found = Vec::new();
        let mut at = 0;
        while at + WORD_MIN_BYTES <= bytes.len() {
            let Some(list) = self.heads.get(&[bytes[at], bytes[at + 1]]) else {
                at += 1;
                continue;
            };
            let fits = |(form, _): &&(String, Kind)| {
                let end = at + form.len();
                bytes[at..].starts_with(form.as_bytes())
                    && is_word(text, at, end)
                    && !self.in_key(text.as_bytes(), &(at..end))
            };
            match list.iter().find(fits) {
                Some((form, kind)) => {
                    found.push(Piece {
                        at: at..at + form.len(),
                        kind: *kind,
                    });
                    at += form.len();
                }
                None => at += 1,
            }
        }
        found
    }
}

/// Whether nothing that belongs to a word stands before and after.
pub(super) fn is_word(text: &str, from: usize, to: usize) -> bool {
    if !text.is_char_boundary(from) || !text.is_char_boundary(to) {
        return false;
    }
    let inner = &text[from..to];
    // What is not ASCII ends a word: too much is replaced rather than too little.
    let letter = |it: Option<char>| it.is_some_and(|it| it.is_ascii_alphanumeric());
    let meets = |a: Option<char>, b: Option<char>| letter(a) && letter(b);
    let before = text[..from].chars().next_back();
    let after = text[to..].chars().next();
    !meets(before, inner.chars().next()) && !meets(inner.chars().next_back(), after)
}
