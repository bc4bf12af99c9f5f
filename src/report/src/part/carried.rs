//! How a plan was carried out: who did what, and when, as the audit has it.

use crate::build::Builder;
use crate::document::{Block, Cell, Heading, Section, Table};
use crate::input::AuditLine;

/// Lines shown, at most: the newest.
const MOST_LINES: usize = 200;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let known = builder.input.plan.as_ref()?;
    let mut blocks = Vec::new();
    if let Some(fault) = &known.audit_fault {
        blocks.push(Block::text(fault));
    }
    let from = known.audit.len().saturating_sub(MOST_LINES);
    let row = |it: &AuditLine| {
        vec![
            Cell::text(&it.at),
            Cell::text(&it.who),
            Cell::text(&it.what),
            // What was written when it happened, digits and all.
            Cell::code(&it.text),
        ]
    };
    blocks.push(Block::Table(Table {
        caption: "The audit, whose lines are chained".to_owned(),
        columns: vec![
            Heading::start("time"),
            Heading::start("who"),
            Heading::start("what"),
            Heading::start("details"),
        ],
        rows: known.audit[from..].iter().map(row).collect(),
        empty: "Nobody carried it out, or its audit did not come along.".to_owned(),
    }));
    Some(Section::new("carried", "How it was carried out", blocks))
}
