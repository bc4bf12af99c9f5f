//! The layout as text, and the file by what a reader of PDF finds in it.
//!
//! Cases of the layout are text files in `fixtures/pdf`: above `---` a document in a few
//! words, below it what stands where on which page. `UPDATE_EXPECT=1` rewrites them.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use lopdf::{Dictionary, Object, ObjectId};
use model::time::Span as Window;
use model::unit::Unit;

use super::flow::{Anchor, What};
use super::layout::{Layout, lay_out};
use super::look::{BOTTOM, LEFT, RIGHT};
use crate::document::{Block, Cell, Document, Fact, Heading, Run, Section, Table, Token};
use crate::fonts::Fonts;
use crate::request::Request;
use crate::sources::Sources;
use crate::tests as example;

fn empty(kind: &'static str, title: &str) -> Document {
    Document {
        schema: 1,
        kymo: "0.1.0".to_owned(),
        kind,
        title: title.to_owned(),
        author: String::new(),
        session: "s.kymo".to_owned(),
        window: Window::default(),
        facts: Vec::new(),
        sections: Vec::new(),
        sources: Vec::new(),
        request: Request::new(kind, Window::default()),
    }
}

fn laid_out(document: &Document) -> Layout {
    lay_out(document, &Fonts::load().expect("fonts of this build"))
}

/// What stands where: page, height, left end, text.
fn told(layout: &Layout) -> String {
    let mut out = String::new();
    for (number, page) in layout.pages.pages.iter().enumerate() {
        writeln!(out, "page {}", number + 1).expect("a string");
        for piece in page {
            let what = match &piece.what {
                What::Text { text, .. } => text.trim_end().to_owned(),
                What::Picture { width, height, .. } => {
                    format!("[picture {width:.0} x {height:.0}]")
                }
                What::Link {
                    to: Anchor::Source(number),
                    ..
                } => format!("[to source {number}]"),
                What::Link { .. } => "[to heading]".to_owned(),
                What::Area { .. } => continue,
            };
            writeln!(out, "{:4.0} {:4.0} {what}", piece.y, piece.x).expect("a string");
        }
    }
    out
}

/// A document from a few words, one block a line.
///
/// `# section`, `## heading`, `* entry`, `= name: fact`, `n number`, `t columns x rows`,
/// `l letters without a space`, everything else is a paragraph; `50 ...` repeats a line.
fn described(text: &str) -> Document {
    let mut document = empty("test", "A title");
    let mut sources = Sources::new("s.kymo", Window::default());
    for line in text.lines() {
        let repeated = line.split_once(' ').and_then(|(count, rest)| {
            let count: usize = count.parse().ok()?;
            Some((count, rest))
        });
        let (count, line) = repeated.unwrap_or((1, line));
        for _ in 0..count {
            if let Some(title) = line.strip_prefix("# ") {
                document.sections.push(Section {
                    id: "s".into(),
                    title: title.to_owned().into(),
                    blocks: Vec::new(),
                });
            } else if let Some(section) = document.sections.last_mut() {
                section.blocks.push(block(line, &mut sources));
            }
        }
    }
    document.sources = sources.into_list();
    document
}

fn block(line: &str, sources: &mut Sources) -> Block {
    let (sign, rest) = line.split_once(' ').unwrap_or((line, ""));
    match sign {
        "##" => Block::Heading {
            text: rest.to_owned(),
        },
        "*" => Block::List {
            items: vec![vec![Run::text(rest)]],
        },
        "=" => {
            let (name, text) = rest.split_once(": ").unwrap_or((rest, ""));
            Block::Facts {
                facts: vec![Fact::text(name, text), Fact::text(name, text)],
            }
        }
        "n" => {
            let source = sources.id(rest, "mean");
            let number = Token::new(0.25, &Unit::new("1"), "mean", source);
            Block::Paragraph {
                runs: vec![Run::text(rest), Run::text(" was "), Run::Number(number)],
            }
        }
        "t" => {
            let (columns, rows) = rest.split_once(" x ").unwrap_or(("1", "1"));
            table((number(columns), number(rows)), &mut |row, column| {
                Cell::text(format!("cell {row} {column}"))
            })
        }
        "l" => Block::Paragraph {
            runs: vec![Run::code("x".repeat(number(rest)))],
        },
        _ => Block::Paragraph {
            runs: vec![Run::text(line)],
        },
    }
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or(1)
}

fn table((columns, rows): (usize, usize), cell: &mut dyn FnMut(usize, usize) -> Cell) -> Block {
    Block::Table(Table {
        caption: "A table".to_owned(),
        columns: (0..columns).map(|_| Heading::start("Heading")).collect(),
        rows: (0..rows)
            .map(|row| (0..columns).map(|column| cell(row, column)).collect())
            .collect(),
        empty: "No row".to_owned(),
    })
}

#[test]
fn cases_of_the_layout() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pdf");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("cases") {
        let path = entry.expect("a case").path();
        let text = std::fs::read_to_string(&path).expect("a case");
        let (input, expected) = text.split_once("---\n").unwrap_or((&text, ""));
        let actual = told(&laid_out(&described(input)));
        if update {
            std::fs::write(&path, format!("{input}---\n{actual}")).expect("written");
        } else {
            assert_eq!(actual, expected, "{}", path.display());
        }
        count += 1;
    }
    assert!(count >= 5, "{count} cases");
}

#[test]
fn the_example_stands_where_agreed() {
    let document = example::example();
    expect_test::expect_file!["../../fixtures/performance.pdf.txt"]
        .assert_eq(&told(&laid_out(&document)));
}

#[test]
fn hostile_text_stays_text_and_within_the_page() {
    let document = example::hostile_example();
    let layout = laid_out(&document);
    let fonts = Fonts::load().expect("fonts of this build");
    let mut letters = 0;
    for piece in layout.pages.pages.iter().flatten() {
        let What::Text { text, style } = &piece.what else {
            continue;
        };
        letters += text.chars().count();
        assert!(!text.contains(|it: char| it.is_control() || it == '\u{202e}'));
        let right = piece.x + fonts.width(style.face, text.trim_end()) * style.size;
        assert!(piece.x >= LEFT - 0.1 && right <= RIGHT + 0.1, "{text}");
    }
    assert!(letters > 10_000);
}

#[test]
fn nothing_stands_below_the_foot_of_a_page() {
    let mut many = table((7, 400), &mut |row, column| {
        Cell::text("word ".repeat((row * 7 + column * 13) % 60))
    });
    if let Block::Table(table) = &mut many {
        // Higher than any page.
        table.rows[3][2] = Cell::text("high ".repeat(390));
        table.rows[4][0] = Cell::code("x".repeat(2_000));
    }
    let mut document = described("# One\n40 = a name: a fact of some length\n300 word");
    document.sections[0].blocks.push(many);
    let layout = laid_out(&document);
    let pages = &layout.pages.pages;
    let foot = pages.iter().flatten().filter(|it| it.y < BOTTOM + 20.0);
    let lowest = foot.map(|it| it.y).fold(0.0, f32::max);
    assert!(lowest <= BOTTOM + 0.1, "{lowest}");
    assert!(pages.len() > 20);
}

#[test]
fn a_long_table_has_its_headings_on_each_page() {
    let mut document = described("# One");
    let rows = table((4, 1_000), &mut |row, column| {
        Cell::text(format!("r{row}c{column}"))
    });
    document.sections[0].blocks.push(rows);
    let layout = laid_out(&document);
    let mut shown = 0;
    let mut with_rows = 0;
    for page in &layout.pages.pages {
        let texts = page.iter().filter_map(|it| match &it.what {
            What::Text { text, .. } => Some((it.y, text.trim_end())),
            _ => None,
        });
        let texts: Vec<_> = texts.collect();
        let first_row = texts
            .iter()
            .find(|(_, it)| it.starts_with('r') && it.ends_with("c0"));
        let Some((y, _)) = first_row else {
            continue;
        };
        with_rows += 1;
        let headings = texts.iter().filter(|(at, it)| *it == "Heading" && at < y);
        assert_eq!(headings.count(), 4);
        shown += texts.iter().filter(|(_, it)| it.ends_with("c3")).count();
    }
    assert_eq!(shown, 1_000);
    assert!(with_rows > 15, "{with_rows}");
}

#[test]
fn a_heading_is_never_the_last_of_a_page() {
    for lines in 1..60 {
        let text = format!("# One\n{lines} word\n## Within\nword\n# Two\nt 2 x 3");
        let layout = laid_out(&described(&text));
        for page in &layout.pages.pages {
            let texts = page.iter().filter(|it| it.y < BOTTOM);
            let mut texts = texts.filter_map(|it| match &it.what {
                What::Text { text, .. } => Some(text.trim_end()),
                _ => None,
            });
            let last = texts.rfind(|it| !it.starts_with("Page "));
            assert!(
                !matches!(last, Some("Within" | "Two" | "A table" | "Heading")),
                "{lines}: {last:?}"
            );
        }
    }
}

/// A file as a reader of PDF sees it.
struct Read(lopdf::Document);

impl Read {
    fn new(document: &Document) -> Result<Self, Box<dyn Error>> {
        let bytes = super::render(document)?;
        assert_eq!(bytes, super::render(document)?, "the same bytes each time");
        Ok(Self(lopdf::Document::load_mem(&bytes)?))
    }

    fn dictionaries(&self) -> impl Iterator<Item = &Dictionary> {
        self.0.objects.values().filter_map(|it| match it {
            Object::Dictionary(it) => Some(it),
            Object::Stream(it) => Some(&it.dict),
            _ => None,
        })
    }

    fn follow<'a>(&'a self, object: &'a Object) -> &'a Object {
        self.0.dereference(object).map_or(object, |(_, it)| it)
    }

    fn get<'a>(&'a self, dictionary: &'a Dictionary, key: &str) -> Option<&'a Object> {
        Some(self.follow(dictionary.get(key.as_bytes()).ok()?))
    }

    fn text(&self, dictionary: &Dictionary, key: &str) -> String {
        let found = self.get(dictionary, key);
        let text = found.and_then(|it| lopdf::decode_text_string(it).ok());
        text.unwrap_or_default()
    }

    /// Titles of the outline with those within them, all of which lead to a page.
    fn outline(&self, node: &Dictionary, pages: &BTreeSet<ObjectId>) -> Vec<String> {
        let mut titles = Vec::new();
        let mut next = self.get(node, "First");
        while let Some(Object::Dictionary(item)) = next {
            let target = self.get(item, "Dest").and_then(|it| it.as_array().ok());
            let page = target.and_then(|it| it[0].as_reference().ok());
            assert!(page.is_some_and(|it| pages.contains(&it)));
            titles.push(self.text(item, "Title"));
            titles.extend(
                self.outline(item, pages)
                    .into_iter()
                    .map(|it| format!("  {it}")),
            );
            next = self.get(item, "Next");
        }
        titles
    }

    /// How often each kind of element is in the tree of tags.
    fn elements(&self, kind: &str) -> usize {
        let elements = self.dictionaries().filter(|it| {
            it.get(b"S")
                .and_then(Object::as_name)
                .is_ok_and(|it| it == kind.as_bytes())
                && it.has(b"P")
        });
        elements.count()
    }
}

#[test]
fn the_file_is_tagged_linked_and_holds_its_fonts() -> Result<(), Box<dyn Error>> {
    let document = example::example();
    let read = Read::new(&document)?;
    let pages: BTreeSet<ObjectId> = read.0.get_pages().into_values().collect();
    assert_eq!(pages.len(), laid_out(&document).pages.pages.len());

    let catalog = read.0.catalog()?;
    assert!(read.get(catalog, "StructTreeRoot").is_some());
    let marked = read
        .get(catalog, "MarkInfo")
        .and_then(|it| it.as_dict().ok());
    assert!(marked.is_some_and(|it| {
        it.get(b"Marked")
            .is_ok_and(|it| it.as_bool().unwrap_or(false))
    }));
    assert_eq!(read.text(catalog, "Lang"), "en");

    let outlines = read
        .get(catalog, "Outlines")
        .and_then(|it| it.as_dict().ok());
    let titles = read.outline(outlines.ok_or("no outline")?, &pages);
    let sections = titles.iter().filter(|it| !it.starts_with(' ')).count();
    assert_eq!(sections, document.sections.len() + 1);
    assert_eq!(titles.last().map(String::as_str), Some("Sources"));

    for (kind, least) in [
        ("H1", 1),
        ("H2", 6),
        ("H3", 2),
        ("Table", 3),
        ("TH", 10),
        ("TD", 30),
        ("Figure", 4),
        ("TOC", 1),
        ("TOCI", 6),
        ("L", 3),
        ("Link", 50),
        ("Caption", 5),
    ] {
        assert!(
            read.elements(kind) >= least,
            "{kind}: {}",
            read.elements(kind)
        );
    }
    let alone = read.dictionaries().filter(|it| {
        it.get(b"S")
            .and_then(Object::as_name)
            .is_ok_and(|it| it == b"Figure")
            && read.text(it, "Alt").is_empty()
    });
    assert_eq!(alone.count(), 0, "a figure without a text");
    Ok(())
}

#[test]
fn every_link_leads_to_a_page_and_nothing_leads_out() -> Result<(), Box<dyn Error>> {
    for document in [example::example(), example::hostile_example()] {
        let read = Read::new(&document)?;
        let pages: BTreeSet<ObjectId> = read.0.get_pages().into_values().collect();
        let mut links = 0;
        for it in read.dictionaries() {
            for unwanted in ["JS", "JavaScript", "URI", "Launch", "AA", "EmbeddedFiles"] {
                assert!(!it.has(unwanted.as_bytes()), "{unwanted}");
            }
            if it
                .get(b"Subtype")
                .and_then(Object::as_name)
                .is_ok_and(|it| it == b"Link")
            {
                let action = read.get(it, "A").and_then(|it| it.as_dict().ok());
                let action = action.ok_or("no action")?;
                assert_eq!(action.get(b"S")?.as_name()?, b"GoTo");
                let target = read.get(action, "D").ok_or("no target")?.as_array()?;
                assert!(pages.contains(&target[0].as_reference()?));
                assert!(!read.text(it, "Contents").is_empty());
                links += 1;
            }
            if it
                .get(b"Type")
                .and_then(Object::as_name)
                .is_ok_and(|it| it == b"FontDescriptor")
            {
                assert!(it.has(b"FontFile2") || it.has(b"FontFile3"));
            }
        }
        assert!(links > 70, "{links}");
    }
    Ok(())
}

#[test]
fn an_empty_document_is_a_page_too() -> Result<(), Box<dyn Error>> {
    let mut document = empty("test", "");
    Read::new(&document)?;
    document.title = "\u{0}\u{202e}漢字🔥\u{fffe}\u{feff}".to_owned();
    document.sections = described("# \u{1f525}\n\n## \nt 0 x 4\nt 40 x 3\nt 3 x 0").sections;
    let read = Read::new(&document)?;
    assert!(read.0.get_pages().len() >= 2);
    Ok(())
}
