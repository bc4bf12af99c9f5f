//! Data quality: how complete the recording is, and what is doubtful.

use crate::build::Builder;
use crate::document::{Block, Section};
use crate::lane::Lane;
use crate::tables;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let coverage = tables::coverage(&input.coverage, &mut builder.sources);
    let mut blocks = vec![Block::Table(coverage)];
    let hosts: Vec<_> = input.coverage.iter().map(|it| it.host.clone()).collect();
    if !hosts.is_empty() && !input.span.is_empty() {
        let number = builder.figure();
        blocks.push(Block::Lane(Lane::new(
            number,
            input.span,
            hosts,
            &input.marks,
        )));
    }
    let marks = tables::marks(&input.marks, &mut builder.sources);
    blocks.push(Block::Table(marks));
    Some(Section::new("quality", "Data quality", blocks))
}
