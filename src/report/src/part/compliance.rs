//! Standards: what must hold, and how far it was kept.

use model::compliance::{Compliance, Outcome, Verdict};
use model::unit::Unit;

use crate::build::Builder;
use crate::document::{Block, Cell, Heading, Run, Section, Table, Token};
use crate::numerals;
use crate::sources::{Basis, Of, SourceId};

/// Rows of one standard, at most: those that do not hold first.
const MOST_ROWS: usize = 80;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let all = &builder.input.compliance;
    if all.is_empty() {
        return None;
    }
    let mut blocks = Vec::new();
    for compliance in all {
        standard(builder, compliance, &mut blocks);
    }
    Some(Section::new("compliance", "Standards", blocks))
}

fn standard(builder: &mut Builder<'_>, compliance: &Compliance, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading {
        text: format!(
            "{} ({} {})",
            compliance.title, compliance.standard, compliance.version
        ),
    });
    let basis = Basis::Session;
    let computation = format!("standard {} {}", compliance.standard, compliance.version);
    let of = Of {
        basis,
        computation: &computation,
    };
    let source = builder.sources.of_within(compliance.window, of);
    let told = format!(
        "{}; {}. Owner: {}. Source: ",
        compliance.outcome().name(),
        compliance.summary(),
        compliance.owner
    );
    let mut runs = numerals::told(&told, source, "the summary");
    runs.push(Run::text(&compliance.source));
    blocks.push(Block::Paragraph { runs });
    let mut rows: Vec<&Verdict> = compliance.rows.iter().collect();
    // Stable: those of one outcome stay in the order of the rules.
    rows.sort_by_key(|it| std::cmp::Reverse(it.outcome));
    let shown = &rows[..rows.len().min(MOST_ROWS)];
    let told = shown.iter().map(|it| {
        let source = of_verdict(builder, it);
        row(it, source)
    });
    blocks.push(Block::Table(Table {
        rows: told.collect(),
        caption: crate::tables::caption(
            "Rules, those that do not hold first",
            shown.len(),
            rows.len(),
        ),
        columns: vec![
            Heading::start("verdict"),
            Heading::start("rule"),
            Heading::start("of"),
            Heading::end("value"),
            Heading::end("from"),
            Heading::end("to"),
            Heading::start("must be"),
            Heading::end("margin"),
            Heading::end("coverage"),
            Heading::start("why"),
        ],
        empty: "No rule had anything to judge.".to_owned(),
    }));
    let skipped = compliance.skipped.iter().enumerate();
    let skipped =
        skipped.map(|(place, it)| numerals::told(it, source, &format!("remark {}", place + 1)));
    blocks.push(Block::List {
        items: skipped.collect(),
    });
}

fn of_verdict(builder: &mut Builder<'_>, verdict: &Verdict) -> SourceId {
    let of = Of {
        basis: Basis::Series(vec![verdict.series.clone()]),
        computation: &format!("rule {}", verdict.rule),
    };
    builder.sources.of_finding(verdict.id, verdict.window, of)
}

fn row(verdict: &Verdict, source: SourceId) -> Vec<Cell> {
    let number =
        |value: Option<f64>, unit: &Unit, what: &str| match value.filter(|it| it.is_finite()) {
            Some(value) => Cell::number(Token::new(value, unit, what, source)),
            None => Cell::text("–"),
        };
    let unit = &verdict.unit;
    let share = Unit::new("1");
    let limit = verdict.limit.map_or(String::new(), |it| {
        format!("{} {}", it.sign(), unit.text(it.number()))
    });
    let why = match verdict.doubt.as_str() {
        "" => &verdict.statement,
        doubt => doubt,
    };
    vec![
        Cell {
            tone: match verdict.outcome {
                Outcome::Pass => "",
                Outcome::Undecidable => "warning",
                Outcome::Fail => "severe",
            },
            ..Cell::text(verdict.outcome.name())
        },
        Cell::text(match verdict.title.as_str() {
            "" => &verdict.rule,
            title => title,
        }),
        Cell::code(&verdict.series),
        number(verdict.value, unit, &verdict.measure),
        number(verdict.interval.map(|it| it.0), unit, "lower end"),
        number(verdict.interval.map(|it| it.1), unit, "upper end"),
        Cell {
            runs: numerals::told(&limit, source, "the limit"),
            ..Cell::default()
        },
        number(verdict.margin, unit, "margin"),
        number(verdict.coverage, &share, "coverage"),
        Cell {
            runs: numerals::told(why, source, "the reason"),
            ..Cell::default()
        },
    ]
}
