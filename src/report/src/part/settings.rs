//! Settings that held when the recording began.

use crate::build::Builder;
use crate::document::{Block, Section};
use crate::tables;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let blocks = vec![Block::Table(tables::settings(&builder.input.settings))];
    Some(Section::new("settings", "Settings", blocks))
}
