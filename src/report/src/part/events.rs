//! What happened, and what people noted.

use crate::build::Builder;
use crate::document::{Block, Section};
use crate::tables;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let notes = tables::annotations(&input.annotations, &mut builder.sources);
    let blocks = vec![
        Block::Table(tables::events(&input.events)),
        Block::Table(notes),
    ];
    Some(Section::new("events", "Events and annotations", blocks))
}
