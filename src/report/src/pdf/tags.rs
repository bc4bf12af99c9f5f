//! What the pieces of a page are to those who cannot see it: the tree of tags.
//!
//! The layout builds a [`Tree`] in the order of reading; each piece of a page is a leaf of
//! it. Once the pages are drawn, [`Tree::tagged`] makes of it what the file holds.

use std::num::NonZeroU16;

use krilla::tagging::{
    Identifier, ListNumbering, Node, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};

/// What an element is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The whole document.
    Root,
    /// A section with its heading.
    Section,
    /// A heading of this level from 1, and its text.
    Heading(u16, String),
    /// Running text.
    Paragraph,
    /// A list whose entries have bullets.
    Bullets,
    /// A list whose entries are named or numbered.
    Named,
    /// An entry of a list.
    Item,
    /// The name, number or bullet of an entry.
    Label,
    /// What an entry says.
    Body,
    /// A table.
    Table,
    /// What a table or a figure shows.
    Caption,
    /// The headings of a table.
    Head,
    /// The rows of a table.
    Rows,
    /// One row.
    Row,
    /// The heading of a column.
    HeadCell,
    /// A cell.
    Cell,
    /// A picture, and its text for those who cannot see it.
    Figure(String),
    /// A link.
    Link,
    /// The table of contents.
    Contents,
    /// An entry of it.
    Entry,
}

impl Kind {
    fn tag(&self) -> Option<TagKind> {
        let tag = match self {
            Self::Root => return None,
            Self::Section => Tag::Section.into(),
            Self::Heading(level, text) => {
                let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
                Tag::Hn(level, Some(text.clone())).into()
            }
            Self::Paragraph => Tag::P.into(),
            Self::Bullets => Tag::L(ListNumbering::Disc).into(),
            Self::Named => Tag::L(ListNumbering::None).into(),
            Self::Item => Tag::LI.into(),
            Self::Label => Tag::Lbl.into(),
            Self::Body => Tag::LBody.into(),
            Self::Table => Tag::Table.into(),
            Self::Caption => Tag::Caption.into(),
            Self::Head => Tag::THead.into(),
            Self::Rows => Tag::TBody.into(),
            Self::Row => Tag::TR.into(),
            Self::HeadCell => Tag::TH(TableHeaderScope::Column).into(),
            Self::Cell => Tag::TD.into(),
            Self::Figure(text) => Tag::Figure(Some(text.clone())).into(),
            Self::Link => Tag::Link.into(),
            Self::Contents => Tag::TOC.into(),
            Self::Entry => Tag::TOCI.into(),
        };
        Some(tag)
    }
}

/// An element of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element(usize);

/// A place in the tree where a piece of a page belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf(usize);

#[derive(Clone, Copy, Debug)]
enum Child {
    Element(usize),
    Leaf(usize),
}

/// All elements, in the order of reading.
#[derive(Debug)]
pub(crate) struct Tree {
    elements: Vec<(Kind, Vec<Child>)>,
    leaves: usize,
}

impl Tree {
    /// The element that holds all others.
    pub(crate) const ROOT: Element = Element(0);

    /// A tree with nothing but its root.
    pub(crate) fn new() -> Self {
        Self {
            elements: vec![(Kind::Root, Vec::new())],
            leaves: 0,
        }
    }

    /// Adds an element as the last of another.
    pub(crate) fn add(&mut self, parent: Element, kind: Kind) -> Element {
        let place = self.elements.len();
        self.elements.push((kind, Vec::new()));
        self.elements[parent.0].1.push(Child::Element(place));
        Element(place)
    }

    /// Adds a place for a piece as the last of an element.
    pub(crate) fn leaf(&mut self, parent: Element) -> Leaf {
        let place = self.leaves;
        self.leaves += 1;
        self.elements[parent.0].1.push(Child::Leaf(place));
        Leaf(place)
    }

    /// The tree as the file holds it, with what was drawn for each leaf.
    pub(crate) fn tagged(&self, drawn: &Drawn) -> TagTree {
        let tree = TagTree::new().with_lang(Some("en".to_owned()));
        let mut tree = tree;
        for node in self.nodes(0, drawn) {
            tree.push(node);
        }
        tree
    }

    fn nodes(&self, element: usize, drawn: &Drawn) -> Vec<Node> {
        let children = self.elements[element].1.iter();
        let nodes = children.filter_map(|child| match *child {
            Child::Leaf(place) => drawn.found[place].map(Node::from),
            Child::Element(place) => {
                let tag = self.elements[place].0.tag()?;
                let children = self.nodes(place, drawn);
                Some(Node::from(TagGroup::with_children(tag, children)))
            }
        });
        nodes.collect()
    }
}

/// What was drawn for each leaf.
pub(crate) struct Drawn {
    found: Vec<Option<Identifier>>,
}

impl Drawn {
    /// Nothing of this tree yet.
    pub(crate) fn none_of(tree: &Tree) -> Self {
        Self {
            found: vec![None; tree.leaves],
        }
    }

    /// Notes what was drawn for a leaf.
    pub(crate) fn note(&mut self, leaf: Leaf, identifier: Identifier) {
        self.found[leaf.0] = Some(identifier);
    }
}
