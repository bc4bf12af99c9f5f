//! The hosts: what they are and what could not be read on them.

use crate::build::Builder;
use crate::document::{Block, Run, Section};
use crate::tables;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let mut blocks = Vec::new();
    for host in &builder.input.hosts {
        blocks.push(Block::Heading {
            text: host.name.clone(),
        });
        blocks.push(Block::Facts {
            facts: tables::host_facts(host, &mut builder.sources),
        });
        if !host.limits.is_empty() {
            // What an agent says it cannot read is its text, digits and all.
            let limits = host.limits.iter().map(|it| vec![Run::text(it)]);
            blocks.push(Block::List {
                items: limits.collect(),
            });
        }
    }
    if blocks.is_empty() {
        let text = "The recording names no host: it was imported from a file.";
        blocks.push(Block::text(text));
    }
    Some(Section::new("hosts", "Hosts", blocks))
}
