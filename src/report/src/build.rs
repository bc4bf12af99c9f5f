//! Builds a document: walks through what was asked for, part by part.
//!
//! * In: an [`Input`], everything in it already computed.
//! * Out: a [`Document`] whose figures are numbered and whose numbers have ids.
//! * Never: concludes anything; findings are told as they were kept.
//!
//! Start at [`document`].

use std::borrow::Cow;

use model::report::Item;
use model::time::{Moment, Span, Zone};

use crate::chart::{Chart, ChartInput, ChartMark, Frame, MarkKind};
use crate::document::{Block, Document, Fact, Run, SCHEMA, Section, Token};
use crate::input::{HostEvent, Input};
use crate::kind;
use crate::part::{self, own, pinned};
use crate::sources::{Basis, Of, SourceId, Sources};
use crate::text;

/// Numbers figures and collects sources while the report is built.
pub(crate) struct Builder<'a> {
    pub(crate) input: &'a Input,
    pub(crate) sources: Sources,
    figures: usize,
}

/// Builds the report that the input's request asks for.
///
/// A part that a draft names and this version does not know is left out, and a note says so.
pub fn document(input: &Input) -> Document {
    let draft = &input.request.draft;
    let kind = kind::find(&draft.kind).unwrap_or(&kind::ALL[0]);
    let mut builder = Builder {
        input,
        sources: Sources::new(&input.session, input.span),
        figures: 0,
    };
    let usual = kind.items();
    let items = match draft.items.as_slice() {
        [] => usual.as_slice(),
        some => some,
    };
    let facts = builder.facts();
    let mut sections = builder.sections(items);
    let title = match draft.title.trim() {
        "" => &input.title,
        title => title,
    };
    let counted = builder.own("count of the numbers of this report");
    for section in &mut sections {
        section.blocks.retain(|it| !it.is_empty());
    }
    let mut document = Document {
        schema: SCHEMA,
        kymo: input.kymo.clone(),
        kind: kind.name,
        title: title.to_owned(),
        author: draft.author.clone(),
        session: input.session.clone(),
        window: input.span,
        facts,
        sections,
        sources: builder.sources.into_list(),
        request: input.request.clone(),
    };
    own::complete(&mut document, counted);
    document.name_numbers();
    text::resolve(&mut document);
    document
}

impl Builder<'_> {
    fn sections(&mut self, items: &[Item]) -> Vec<Section> {
        let mut sections: Vec<Section> = Vec::new();
        // A section of one's own goes on until the program writes one again.
        let mut own = false;
        let mut chosen = 0;
        for item in items {
            match item {
                Item::Part(id) => {
                    sections.extend(self.part(id));
                    own = false;
                }
                Item::Heading(title) => {
                    sections.push(own_section(sections.len(), title));
                    own = true;
                }
                Item::Text(_) | Item::Chart(_) | Item::Table(_) => {
                    let blocks = match item {
                        Item::Text(markdown) => text::blocks(markdown),
                        _ => pinned::blocks(self, &mut chosen),
                    };
                    if !own || sections.is_empty() {
                        sections.push(own_section(sections.len(), "Notes"));
                        own = true;
                    }
                    if let Some(section) = sections.last_mut() {
                        section.blocks.extend(blocks);
                    }
                }
            }
        }
        sections
    }

    fn part(&mut self, id: &str) -> Option<Section> {
        match part::find(id) {
            Some(part) => (part.build)(self),
            None => Some(Section {
                blocks: vec![Block::text(format!(
                    "This version of Kymo knows no section {id:?}."
                ))],
                ..own_section(self.figures, id)
            }),
        }
    }

    /// What stands under the title.
    fn facts(&mut self) -> Vec<Fact> {
        let input = self.input;
        let draft = &input.request.draft;
        let print = |moment: Moment, pattern| moment.strftime(pattern, Zone::Utc);
        let (from, to) = (input.span.from, input.span.to);
        let one_day = print(from, "%F") == print(to, "%F");
        let end = if one_day { "%T" } else { "%F %T" };
        let names: Vec<_> = input.hosts.iter().map(|host| host.name.as_str()).collect();
        let source = self.own("the window that was asked for");
        let mut facts = Vec::new();
        if !draft.author.trim().is_empty() {
            facts.push(Fact::text("Author", &*draft.author));
        }
        facts.push(Fact::text("Session", &*input.session));
        facts.push(Fact::text(
            "Window (UTC)",
            format!("{} to {}", print(from, "%F %T"), print(to, end)),
        ));
        let length = Token::duration(input.span.seconds(), "length", source);
        facts.push(Fact::new("Length", vec![Run::Number(length)]));
        if !names.is_empty() {
            facts.push(Fact::text("Hosts", names.join(", ")));
        }
        if !draft.scope.trim().is_empty() {
            let runs = crate::numerals::by_hand(draft.scope.trim());
            facts.push(Fact::new("Scope", runs));
        }
        facts
    }

    /// The source of what is known of the report itself.
    pub(crate) fn own(&mut self, computation: &str) -> SourceId {
        let basis = Basis::Report;
        self.sources.of(Of { basis, computation })
    }

    /// The source of what a document that came with the request says.
    pub(crate) fn attached(&mut self, name: &str, computation: &str) -> SourceId {
        let basis = Basis::Document(name.to_owned());
        self.sources.of(Of { basis, computation })
    }

    /// The next number of a figure.
    pub(crate) fn figure(&mut self) -> usize {
        self.figures += 1;
        self.figures
    }

    /// Charts of a host with what happened on it; `None` where there is nothing to draw.
    pub(crate) fn charts(&mut self, host: &str, inputs: &[&ChartInput]) -> Option<Block> {
        let marks = chart_marks(self.input, host);
        let charts: Vec<Chart> = inputs
            .iter()
            .filter_map(|input| self.chart(input, &marks))
            .collect();
        (!charts.is_empty()).then_some(Block::Charts { charts })
    }

    /// One chart; `None` where there is nothing to draw.
    pub(crate) fn chart(&mut self, input: &ChartInput, marks: &[ChartMark]) -> Option<Chart> {
        let frame = Frame {
            window: input.window.unwrap_or(self.input.span),
            marks,
        };
        let chart = Chart::new(self.figures + 1, input, frame, &mut self.sources)?;
        self.figures += 1;
        Some(chart)
    }
}

/// A section that somebody began.
fn own_section(place: usize, title: &str) -> Section {
    Section {
        id: Cow::Owned(format!("own-{}", place + 1)),
        title: Cow::Owned(title.to_owned()),
        blocks: Vec::new(),
    }
}

/// What stands on the time axes of a host's charts.
pub(crate) fn chart_marks(input: &Input, host: &str) -> Vec<ChartMark> {
    let notes = input.annotations.iter().map(|it| ChartMark {
        span: it.span,
        text: it.text.clone(),
        kind: MarkKind::Note,
    });
    let here = |it: &&HostEvent| it.host == host || it.host.is_empty();
    let happened = input.events.iter().filter(here).map(|it| ChartMark {
        span: Span {
            from: it.event.at,
            to: it.event.at,
        },
        text: it.event.line(),
        kind: MarkKind::Event,
    });
    // Notes first: where there are too many marks, what people wrote stays.
    notes.chain(happened).collect()
}
