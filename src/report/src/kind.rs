//! The kinds of reports: each a name and the parts that it usually has.
//!
//! Add a kind by adding a line to [`ALL`]; add a part in [`crate::part`].

use model::report::{Draft, Item};

/// What is known of a kind before it is made.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Name on the command line.
    pub name: &'static str,
    /// One sentence for people.
    pub help: &'static str,
    /// Ids of its parts, in order.
    pub parts: &'static [&'static str],
}

/// Every kind, in menu order. Add yours here.
pub const ALL: &[Kind] = &[
    Kind {
        name: "performance",
        help: "What a recording shows: resources, services, processes, events, and how complete it is.",
        parts: &[
            "summary",
            "findings",
            "compliance",
            "hosts",
            "quality",
            "services",
            "resources",
            "processes",
            "events",
            "settings",
            "own",
            "methods",
        ],
    },
    Kind {
        name: "trend",
        help: "Where each series is heading, what changed on the way, and when a limit is reached.",
        parts: &[
            "heading", "trends", "changes", "findings", "quality", "events", "hosts", "own",
            "methods",
        ],
    },
    Kind {
        name: "optimization",
        help: "A plan: what is changed, what was predicted, how it was carried out, what came of it.",
        parts: &[
            "plan",
            "predicted",
            "measured",
            "carried",
            "findings",
            "ledger",
            "quality",
            "hosts",
            "own",
            "methods",
        ],
    },
    Kind {
        name: "prediction",
        help: "What comes next by itself, what would help, and how earlier predictions came out.",
        parts: &[
            "outlook",
            "model",
            "suggestions",
            "predicted",
            "ledger",
            "quality",
            "hosts",
            "own",
            "methods",
        ],
    },
];

/// The kind of this name.
pub fn find(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

impl Kind {
    /// A draft with its usual items, to be edited.
    pub fn draft(&self) -> Draft {
        Draft {
            items: self.items(),
            ..Draft::new(self.name)
        }
    }

    /// Its usual items.
    pub fn items(&self) -> Vec<Item> {
        let parts = self.parts.iter();
        parts.map(|it| Item::Part((*it).to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part;

    #[test]
    fn every_part_of_every_kind_is_known_and_there_once() {
        for kind in ALL {
            for (place, name) in kind.parts.iter().enumerate() {
                assert!(part::find(name).is_some(), "{name} of {}", kind.name);
                assert!(!kind.parts[..place].contains(name), "{name} twice");
            }
            assert_eq!(find(kind.name).map(|it| it.name), Some(kind.name));
        }
        for part in part::ALL {
            let used = ALL.iter().any(|kind| kind.parts.contains(&part.id));
            assert!(used, "nobody shows {}", part.id);
        }
    }
}
