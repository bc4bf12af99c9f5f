//! The identities of a file: learned, numbered, and found again in any text.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Category, Kind, Piece, words};

/// Identities of one file: more say that something else was taken for one.
const NAMES_MAX: usize = 1 << 18;

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
    /// Where identities begin: by the first two bytes in lower case.
    heads: HashMap<[u8; 2], Vec<(String, Kind)>>,
}

impl Names {
    /// Learns an identity.
    pub(super) fn learn(&mut self, kind: Kind, identity: &str) {
        let known = self.by_kind.entry(kind).or_default();
        if identity.is_empty() || known.contains_key(identity) || self.count > NAMES_MAX {
            return;
        }
        known.insert(identity.to_owned(), 0);
        self.count += 1;
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
        if form.len() < WORD_MIN_BYTES || kind == Kind::Uid || words::is_plain(form) {
            return;
        }
        let lower = form.to_ascii_lowercase();
        let bytes = lower.as_bytes();
        let head = [bytes[0], bytes[1]];
        self.heads.entry(head).or_default().push((lower, kind));
    }

    /// Gives the next number.
    fn give(&mut self, kind: Kind, apart: String) -> u32 {
        let highest = self.highest.entry(kind).or_default();
        *highest += 1;
        let number = *highest;
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
                bytes[at..].starts_with(form.as_bytes()) && is_word(text, at, at + form.len())
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
