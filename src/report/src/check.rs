//! Holds a finished report against the same one made anew.
//!
//! * In: what a report says of itself, and the document that its request gives now.
//! * Out: a [`Check`]: which numbers rest on data that changed, which were altered, and
//!   which are missing.
//! * Never: decides by the value alone; a number whose data changed is stale even where
//!   it came out the same.
//!
//! Start at [`compare`].

use std::collections::{HashMap, HashSet};

use crate::document::{Document, Token};
use crate::twin::{Number, Reading};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// Numbers that differ from each other by id.
    pub numbers: usize,
    /// Sources whose data could be compared.
    pub sources: usize,
    /// Numbers that rest on data that changed since.
    pub stale: Vec<Difference>,
    /// Numbers that their data does not give.
    pub altered: Vec<Difference>,
    /// Numbers that were written by hand and that nothing proves.
    pub by_hand: usize,
}

/// A number that is not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Its id.
    pub id: String,
    /// Section that it stands in; empty where it stands in none any more.
    pub section: String,
    /// What it is of which series.
    pub of: String,
    /// As the report shows it; empty where it does not.
    pub said: String,
    /// As it comes out now; empty where it does not.
    pub now: String,
}

impl Check {
    /// Whether every number is what its data gives.
    pub fn is_sound(&self) -> bool {
        self.stale.is_empty() && self.altered.is_empty()
    }
}

/// A number as it comes out now, and where it stands.
#[derive(Clone, Copy)]
struct Now<'a> {
    section: &'a str,
    token: &'a Token,
}

/// Compares a report with the same one made anew.
pub fn compare(reading: &Reading, document: &Document) -> Check {
    let then: HashMap<&str, &str> = reading
        .sources
        .iter()
        .map(|(id, digest)| (id.as_str(), digest.as_str()))
        .collect();
    let mut now: HashMap<&str, Now<'_>> = HashMap::new();
    for (section, token) in document.tokens() {
        now.entry(&token.id).or_insert(Now { section, token });
    }
    let source = |token: &Token| document.sources.get(token.source.0.wrapping_sub(1));
    let changed = |token: &Token| {
        let source = source(token);
        source.is_some_and(|it| match then.get(it.id.as_str()) {
            Some(digest) => !digest.is_empty() && *digest != it.digest,
            None => false,
        })
    };
    let known: HashSet<&str> = document.sources.iter().map(|it| it.id.as_str()).collect();
    let any_changed = document.sources.iter().any(|it| {
        let digest = then.get(it.id.as_str());
        digest.is_none_or(|digest| *digest != it.digest)
    }) || reading
        .sources
        .iter()
        .any(|(id, _)| !known.contains(id.as_str()));
    let mut check = Check {
        by_hand: document.loose(),
        sources: document
            .sources
            .iter()
            .filter(|it| !it.digest.is_empty())
            .count(),
        ..Check::default()
    };
    let mut seen: HashSet<&str> = HashSet::new();
    for number in &reading.numbers {
        let first = seen.insert(&number.id);
        check.numbers += usize::from(first);
        let Some(own) = now.get(number.id.as_str()) else {
            if first {
                let list = if any_changed {
                    &mut check.stale
                } else {
                    &mut check.altered
                };
                list.push(gone(number));
            }
            continue;
        };
        let same = is_same(number, own.token);
        if changed(own.token) {
            if first {
                check.stale.push(difference(number, *own, document));
            }
        } else if !same {
            // What rests on everything, such as a count of series, has no digest.
            let everything = source(own.token).is_some_and(|it| it.digest.is_empty());
            let list = match everything && any_changed {
                true => &mut check.stale,
                false => &mut check.altered,
            };
            let found = difference(number, *own, document);
            if !list.contains(&found) {
                list.push(found);
            }
        }
    }
    let mut missing: Vec<Now<'_>> = now
        .values()
        .filter(|it| !seen.contains(it.token.id.as_str()))
        .copied()
        .collect();
    missing.sort_by(|a, b| a.token.id.cmp(&b.token.id));
    for own in missing {
        let list = match changed(own.token) || any_changed {
            true => &mut check.stale,
            false => &mut check.altered,
        };
        list.push(Difference {
            said: String::new(),
            ..difference(&nothing(own.token), own, document)
        });
    }
    check
}

fn is_same(number: &Number, token: &Token) -> bool {
    let value = match number.value {
        Some(value) => value == token.value,
        None => !token.value.is_finite(),
    };
    let shown = crate::escape::clean(&token.text);
    value && (number.text == shown || number.text == token.text)
}

fn gone(number: &Number) -> Difference {
    Difference {
        id: number.id.clone(),
        section: String::new(),
        of: String::new(),
        said: number.text.clone(),
        now: String::new(),
    }
}

fn nothing(token: &Token) -> Number {
    Number {
        id: token.id.clone(),
        value: None,
        text: String::new(),
    }
}

fn difference(number: &Number, own: Now<'_>, document: &Document) -> Difference {
    let token = own.token;
    let source = document.sources.get(token.source.0.wrapping_sub(1));
    let series = source.map_or("", |it| it.series.as_str());
    Difference {
        id: number.id.clone(),
        section: own.section.to_owned(),
        of: format!("{} of {series}", token.statistic),
        said: number.text.clone(),
        now: token.text.clone(),
    }
}
