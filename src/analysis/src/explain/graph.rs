//! Who calls whom.
//!
//! A callee explains its callers: whoever waits for a slow answer is slow too.
//!
//! Start at [`Graph::of`].

use std::collections::{BTreeMap, BTreeSet};

/// The calls of a system; empty when they are not known.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    names: Vec<String>,
    numbers: BTreeMap<String, usize>,
    callees: Vec<BTreeSet<usize>>,
    callers: Vec<BTreeSet<usize>>,
}

impl Graph {
    /// The graph of these pairs of caller and callee; a call to oneself says nothing.
    pub fn of<'a>(edges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut graph = Self::default();
        for (caller, callee) in edges {
            let caller = graph.node(caller);
            let callee = graph.node(callee);
            if caller != callee {
                graph.callees[caller].insert(callee);
                graph.callers[callee].insert(caller);
            }
        }
        graph
    }

    /// Whether no call is known.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The node of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// The name of a node; empty when there is none of this number.
    pub fn name(&self, node: usize) -> &str {
        self.names.get(node).map_or("", String::as_str)
    }

    /// Whom a node calls, in ascending order.
    pub fn callees(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        self.callees.get(node).into_iter().flatten().copied()
    }

    /// Who calls a node, in ascending order.
    pub fn callers(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        self.callers.get(node).into_iter().flatten().copied()
    }

    /// The node and all that it calls, also through others.
    pub fn below(&self, node: usize) -> BTreeSet<usize> {
        reached(&self.callees, node)
    }

    /// The node and all that call it, also through others.
    pub fn above(&self, node: usize) -> BTreeSet<usize> {
        reached(&self.callers, node)
    }

    fn node(&mut self, name: &str) -> usize {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = self.names.len();
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        self.callees.push(BTreeSet::new());
        self.callers.push(BTreeSet::new());
        number
    }
}

fn reached(next: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        for other in next.get(node).into_iter().flatten() {
            if seen.insert(*other) {
                open.push(*other);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_end() {
        let graph = Graph::of([("a", "b"), ("b", "c"), ("c", "a"), ("c", "c"), ("d", "a")]);
        let names = |set: BTreeSet<usize>| {
            let names: Vec<&str> = set.iter().map(|it| graph.name(*it)).collect();
            names.join("")
        };
        let a = graph.find("a").unwrap();
        assert_eq!(names(graph.below(a)), "abc");
        assert_eq!(names(graph.above(a)), "abcd");
        assert_eq!(graph.callers(a).count(), 2);
        assert!(graph.find("e").is_none() && graph.name(9).is_empty());
        assert!(Graph::default().is_empty());
    }
}
