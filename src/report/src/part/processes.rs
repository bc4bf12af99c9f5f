//! Who used the machine.

use crate::build::Builder;
use crate::document::{Block, Section};
use crate::tables;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let table = tables::processes(&builder.input.processes, &mut builder.sources);
    let blocks = vec![Block::Table(table)];
    Some(Section::new("processes", "Busiest processes", blocks))
}
