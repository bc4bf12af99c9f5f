//! How well Kymo itself did, and what it cost: collection, analysis, optimization, and the
//! numbers of this report.
//!
//! How long this report took to make is told on the Kymo screen: a number that comes out
//! differently each time could not be computed anew.

use model::unit::Unit;

use crate::build::Builder;
use crate::document::{Block, Cell, Document, Heading, Run, Section, Table, Token};
use crate::numerals;
use crate::own::{AREAS, Figure};
use crate::part::ledger::LEDGER;
use crate::sources::{Basis, Of, SourceId};

/// Id of the section, which the whole document completes.
pub(crate) const ID: &str = "own";

/// Metrics of the agent by the figures they make.
const METRICS: &[(&str, &str)] = &[
    ("agent-cpu", "kymo.agent.cpu.utilization"),
    ("agent-memory", "kymo.agent.memory.usage"),
    ("late", "kymo.agent.sample.late"),
    ("reading", "kymo.agent.sample.duration"),
    ("lost", "kymo.agent.sample.lost"),
    ("degradation", "kymo.agent.degradation"),
];

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let own = builder.input.own.as_ref()?;
    let areas = [&own.collection, &own.analysis, &own.optimization];
    let mut blocks = Vec::new();
    for ((title, _), area) in AREAS.iter().zip(areas) {
        blocks.push(Block::Heading {
            text: (*title).to_owned(),
        });
        let rows = area.figures.iter().map(|it| {
            let source = source(builder, it);
            row(it, source)
        });
        let table = Table {
            rows: rows.collect(),
            caption: format!("How {} went", title.to_lowercase()),
            columns: vec![
                Heading::start("figure"),
                Heading::start("of"),
                Heading::end("value"),
                Heading::start("which says"),
            ],
            empty: String::new(),
        };
        if !table.rows.is_empty() {
            blocks.push(Block::Table(table));
        }
        let lacks = area.lacks.iter().map(|it| vec![Run::text(it)]);
        blocks.push(Block::List {
            items: lacks.collect(),
        });
    }
    Some(Section::new(ID, "How Kymo itself did", blocks))
}

fn source(builder: &mut Builder<'_>, figure: &Figure) -> SourceId {
    let metric = METRICS.iter().find(|it| it.0 == figure.key);
    let basis = match (metric, figure.key) {
        (Some((_, metric)), _) => Basis::Series(vec![format!("{}/{metric}", figure.about)]),
        (None, "coverage" | "jitter" | "missing") => Basis::Times(figure.about.clone()),
        (None, "clock-error") => Basis::Host(figure.about.clone()),
        (None, "accuracy" | "false-alarms" | "analysis-time") => Basis::Report,
        (None, _) => Basis::Document(LEDGER.to_owned()),
    };
    let computation = figure.name.as_str();
    builder.sources.of(Of { basis, computation })
}

fn row(figure: &Figure, source: SourceId) -> Vec<Cell> {
    let statistic = format!("{} {}", figure.key, figure.about);
    let token = |value, what: &str| {
        Run::Number(Token::new(
            value,
            &figure.unit,
            &format!("{what}{statistic}"),
            source,
        ))
    };
    let mut runs = vec![token(figure.value, "")];
    if let Some([low, high]) = figure.interval {
        runs.extend([
            Run::text(" ("),
            token(low, "lower end of "),
            Run::text(" to "),
            token(high, "upper end of "),
            Run::text(")"),
        ]);
    }
    let said = format!("the sentence of {statistic}");
    vec![
        Cell::text(&figure.name),
        Cell::text(&figure.about),
        Cell {
            runs,
            ..Cell::default()
        },
        Cell {
            runs: numerals::told(&figure.sentence, source, &said),
            ..Cell::default()
        },
    ]
}

/// Says how many numbers of the whole document lead to a source.
pub(crate) fn complete(document: &mut Document, source: SourceId) {
    let (numbers, loose) = (document.tokens().len(), document.loose());
    let Some(section) = document.sections.iter_mut().find(|it| it.id == ID) else {
        return;
    };
    let share = numbers as f64 / (numbers + loose).max(1) as f64;
    let share = Token::new(
        share,
        &Unit::new("1"),
        "share of numbers with a source",
        source,
    );
    let count = |count, what| Run::Number(Token::count(count, what, source));
    section.blocks.push(Block::Heading {
        text: AREAS[3].0.to_owned(),
    });
    section.blocks.push(Block::Paragraph {
        runs: vec![
            Run::Number(share),
            Run::text(" of the numbers in this report lead to a source: "),
            count(numbers, "numbers with a source"),
            Run::text(" do, "),
            count(loose, "numbers written by hand"),
            Run::text(" were written by hand."),
        ],
    });
}
