//! Markdown that people write: paragraphs, lists, headings, code, strong words.
//!
//! `[[id]]` stands for the number with this id, as the report shows it; every other
//! number in such a text is written by hand, and is marked as that. Markup of other kinds
//! (pictures, raw HTML, addresses) stays text: a report loads nothing.
//!
//! Start at [`blocks`]; [`loose`] lists what an editor should point at.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};

use crate::document::{Block, Document, Run, Token};
use crate::numerals::{self, Piece};

/// What a reference that leads nowhere reads like.
const UNKNOWN: &str = "[unknown number]";

/// The blocks of a text; references are resolved when the document is whole.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    // References would be read as links; kept apart they stay in one piece.
    for event in Parser::new_ext(markdown, Options::empty()) {
        reader.take(event);
    }
    reader.end()
}

/// Where a text has numbers that nothing proves: byte ranges, ascending.
pub fn loose(markdown: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let events = Parser::new_ext(markdown, Options::empty()).into_offset_iter();
    let mut code = false;
    for (event, range) in TextMergeWithOffset::new(events) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::Text(_) if !code => loose_in(markdown, range, &mut found),
            _ => {}
        }
    }
    found
}

fn loose_in(markdown: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut at = range.start;
    for part in parts(&markdown[range.clone()]) {
        if let Part::Words(words) = part {
            let mut within = at;
            for piece in numerals::pieces(words) {
                let length = match piece {
                    Piece::Words(words) => words.len(),
                    Piece::Number { text, .. } => {
                        found.push(within..within + text.len());
                        text.len()
                    }
                };
                within += length;
            }
        }
        at += part.written();
    }
}

/// Puts the numbers of a whole document where texts refer to them.
pub(crate) fn resolve(document: &mut Document) {
    let known: HashMap<String, Token> = document
        .tokens()
        .into_iter()
        .map(|(_, token)| (token.id.clone(), token.clone()))
        .collect();
    for block in document.sections.iter_mut().flat_map(|it| &mut it.blocks) {
        block.runs_mut(&mut |runs| {
            for run in runs {
                if let Run::Loose { text } = run
                    && let Some(id) = reference(text)
                {
                    *run = match known.get(id) {
                        Some(token) => Run::Number(token.clone()),
                        None => Run::Loose {
                            text: UNKNOWN.to_owned(),
                        },
                    };
                }
            }
        });
    }
}

/// The id in `[[id]]`.
fn reference(text: &str) -> Option<&str> {
    text.strip_prefix("[[")?.strip_suffix("]]")
}

/// A piece of a text: words, or a reference.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part<'a> {
    Words(&'a str),
    Reference(&'a str),
}

impl Part<'_> {
    fn written(self) -> usize {
        match self {
            Self::Words(text) | Self::Reference(text) => text.len(),
        }
    }
}

/// Cuts a text at its references; the parts together are the text.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(from) = rest.find("[[") {
        let Some(length) = rest[from..].find("]]") else {
            break;
        };
        let to = from + length + 2;
        let id = &rest[from + 2..to - 2];
        let is_id = !id.is_empty() && id.chars().all(|it| it.is_ascii_hexdigit());
        if is_id {
            if from > 0 {
                parts.push(Part::Words(&rest[..from]));
            }
            parts.push(Part::Reference(&rest[from..to]));
        } else {
            parts.push(Part::Words(&rest[..to]));
        }
        rest = &rest[to..];
    }
    if !rest.is_empty() {
        parts.push(Part::Words(rest));
    }
    parts
}

/// Turns the events of a parser into blocks.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    /// Text that comes in several events although it is one piece.
    pending: String,
    runs: Vec<Run>,
    items: Option<Vec<Vec<Run>>>,
    depth: usize,
    heading: bool,
    code: bool,
    strong: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.pending.push_str(&text),
            Event::Code(text) => {
                self.flush();
                self.runs.push(Run::code(text.as_ref()));
            }
            Event::Html(text) | Event::InlineHtml(text) => self.pending.push_str(&text),
            Event::SoftBreak | Event::HardBreak => self.pending.push(' '),
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.stop(tag),
            Event::Rule => self.paragraph(),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.paragraph();
                self.heading = true;
            }
            Tag::CodeBlock(_) => {
                self.paragraph();
                self.code = true;
            }
            Tag::List(_) => {
                if self.depth == 0 {
                    self.paragraph();
                    self.items = Some(Vec::new());
                } else {
                    self.item();
                }
                self.depth += 1;
            }
            Tag::Strong | Tag::Emphasis => {
                self.flush();
                self.strong += 1;
            }
            _ => {}
        }
    }

    fn stop(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph if self.depth == 0 => self.paragraph(),
            TagEnd::Heading(_) => {
                let text = std::mem::take(&mut self.pending);
                let code = std::mem::take(&mut self.runs);
                let words = code.into_iter().map(|it| match it {
                    Run::Text { text } | Run::Code { text } | Run::Strong { text } => text,
                    Run::Number(token) => token.text,
                    Run::Loose { text } => text,
                });
                let text = words.chain([text]).collect::<String>();
                self.blocks.push(Block::Heading { text });
                self.heading = false;
            }
            TagEnd::CodeBlock => {
                let text = std::mem::take(&mut self.pending);
                let lines = text.lines().filter(|it| !it.trim().is_empty());
                self.blocks.extend(lines.map(|line| Block::Paragraph {
                    runs: vec![Run::code(line)],
                }));
                self.code = false;
            }
            TagEnd::Item => self.item(),
            TagEnd::List(_) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    let items = self.items.take().unwrap_or_default();
                    self.blocks.push(Block::List { items });
                }
            }
            TagEnd::Strong | TagEnd::Emphasis => {
                self.flush();
                self.strong = self.strong.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// Words that are waiting become runs.
    fn flush(&mut self) {
        if self.heading || self.code {
            return;
        }
        let text = std::mem::take(&mut self.pending);
        for part in parts(&text) {
            match part {
                Part::Reference(text) => self.runs.push(Run::Loose {
                    text: text.to_owned(),
                }),
                Part::Words(words) => {
                    let runs = numerals::by_hand(words);
                    let strong = self.strong > 0;
                    self.runs.extend(runs.into_iter().map(|it| match it {
                        Run::Text { text } if strong => Run::Strong { text },
                        other => other,
                    }));
                }
            }
        }
    }

    fn item(&mut self) {
        self.flush();
        let runs = std::mem::take(&mut self.runs);
        if let Some(items) = &mut self.items
            && !runs.is_empty()
        {
            items.push(runs);
        }
    }

    fn paragraph(&mut self) {
        self.flush();
        let runs = std::mem::take(&mut self.runs);
        if !runs.is_empty() {
            self.blocks.push(Block::Paragraph { runs });
        }
    }

    fn end(mut self) -> Vec<Block> {
        self.paragraph();
        if let Some(items) = self.items.take() {
            self.blocks.push(Block::List { items });
        }
        self.blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_markdown_and_numbers_of_theirs_are_told_apart() {
        let text = "# Load\n\nIt was **slow**: [[0123456789ab]] of 3 `db-1`.\n\n* one\n* two\n  * deep 5\n\n```\na = 1\n```\n<b>x</b>";
        let blocks = blocks(text);
        let json = serde_json::to_string(&blocks).unwrap_or_default();
        assert_eq!(
            json,
            concat!(
                r#"[{"block":"heading","text":"Load"},"#,
                r#"{"block":"paragraph","runs":[{"run":"text","text":"It was "},{"run":"strong","text":"slow"},"#,
                r#"{"run":"text","text":": "},{"run":"loose","text":"[[0123456789ab]]"},{"run":"text","text":" of "},"#,
                r#"{"run":"loose","text":"3"},{"run":"text","text":" "},{"run":"code","text":"db-1"},{"run":"text","text":"."}]},"#,
                r#"{"block":"list","items":[[{"run":"text","text":"one"}],[{"run":"text","text":"two"}],"#,
                r#"[{"run":"text","text":"deep "},{"run":"loose","text":"5"}]]},"#,
                r#"{"block":"paragraph","runs":[{"run":"code","text":"a = 1"}]},"#,
                r#"{"block":"paragraph","runs":[{"run":"text","text":"<b>x</b>"}]}]"#
            )
        );
        let loose: Vec<&str> = loose(text).into_iter().map(|it| &text[it]).collect();
        assert_eq!(loose, ["3", "5"]);
    }

    #[test]
    fn odd_text_is_text() {
        for text in [
            "[[",
            "[[x]]",
            "]]",
            "[[12",
            "![a](b)",
            "[[[[ab]]]]",
            "\u{0}\u{202e}",
        ] {
            blocks(text);
            loose(text);
        }
    }
}
