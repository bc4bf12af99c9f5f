//! The parts that reports are made of, one function each.
//!
//! Add a part by adding a file, a line to [`ALL`], and its id to a kind.

use crate::build::Builder;
use crate::document::Section;

pub mod carried;
pub mod compliance;
pub mod events;
pub mod findings;
pub mod heading;
pub mod hosts;
pub mod ledger;
pub mod measured;
pub mod methods;
pub mod model;
pub mod outlook;
pub mod own;
pub mod pinned;
pub mod plan;
pub mod predicted;
pub mod processes;
pub mod quality;
pub mod resources;
pub mod services;
pub mod settings;
pub mod summary;

/// A part of a report.
#[derive(Debug)]
pub struct Part {
    /// Its name in drafts and links.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Builds it; `None` where it has nothing to say and is left out.
    pub(crate) build: fn(&mut Builder<'_>) -> Option<Section>,
}

/// Every part, in the order of the menu. Add yours here.
pub const ALL: &[Part] = &[
    part("summary", "Summary", summary::section),
    part("findings", "Findings", findings::section),
    part("heading", "Where it is heading", heading::section),
    part("trends", "Trends", heading::trends),
    part("changes", "What changed on the way", heading::changes),
    part("outlook", "What comes next", outlook::section),
    part("model", "The model", model::section),
    part("suggestions", "What would help", model::suggestions),
    part("plan", "The plan", plan::section),
    part("predicted", "What is expected of it", predicted::section),
    part("measured", "What came of it", measured::section),
    part("carried", "How it was carried out", carried::section),
    part(
        "ledger",
        "How earlier predictions came out",
        ledger::section,
    ),
    part("compliance", "Standards", compliance::section),
    part("hosts", "Hosts", hosts::section),
    part("quality", "Data quality", quality::section),
    part("services", "Services", services::section),
    part("resources", "Resources over time", resources::section),
    part("processes", "Busiest processes", processes::section),
    part("events", "Events and annotations", events::section),
    part("settings", "Settings", settings::section),
    part("own", "How Kymo itself did", own::section),
    part("methods", "Methods", methods::section),
];

const fn part(
    id: &'static str,
    title: &'static str,
    build: fn(&mut Builder<'_>) -> Option<Section>,
) -> Part {
    Part { id, title, build }
}

/// The part with this id.
pub fn find(id: &str) -> Option<&'static Part> {
    ALL.iter().find(|part| part.id == id)
}
