//! What is expected of a plan: each metric with its interval and class, or its refusal.

use model::plan::Expected;
use model::unit::Unit;
use plan::predict::Prediction;

use crate::build::Builder;
use crate::document::{Block, Cell, Fact, Heading, Run, Section, Table, Token};
use crate::numerals;
use crate::part::plan::{NO_PLAN, PLAN, stamp};
use crate::sources::SourceId;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let title = "What is expected of it";
    let input = builder.input;
    let Some(known) = &input.plan else {
        // A report about what comes next speaks of plans only where there is one.
        let told = input.request.draft.kind == "optimization";
        let blocks = vec![Block::text(NO_PLAN)];
        return told.then(|| Section::new("predicted", title, blocks));
    };
    let plan = &known.plan;
    let source = builder.attached(PLAN, "predicted by the model that stands beside it");
    let mut blocks = Vec::new();
    if let Some(made) = &plan.prediction {
        blocks.push(Block::Facts {
            facts: vec![
                Fact::text("Predicted", stamp(made.at)),
                Fact::new("Version of the models", vec![Run::code(&made.version)]),
                Fact::new("For the contents", vec![Run::code(&made.hash)]),
            ],
        });
    }
    blocks.push(Block::Table(expected(&plan.expected, source)));
    blocks.push(Block::List {
        items: refusals(&plan.expected, source),
    });
    if let Some(prediction) = &known.prediction {
        anew(&mut blocks, prediction, source);
    }
    Some(Section::new("predicted", title, blocks))
}

/// A number of an expectation, or a dash.
pub(super) fn cell(value: Option<f64>, of: &Expected, (what, source): (&str, SourceId)) -> Cell {
    let unit = Unit(of.unit.clone().into());
    match value.filter(|it| it.is_finite()) {
        Some(value) => {
            let statistic = format!("{what} of {}", of.metric);
            Cell::number(Token::new(value, &unit, &statistic, source))
        }
        None => Cell::text("–"),
    }
}

fn expected(all: &[Expected], source: SourceId) -> Table {
    let row = |it: &Expected| {
        vec![
            Cell::code(&it.metric),
            cell(it.before, it, ("before", source)),
            cell(it.p50, it, ("p50", source)),
            cell(it.p10, it, ("p10", source)),
            cell(it.p90, it, ("p90", source)),
            Cell::text(it.class.letter()),
            Cell::text(&it.model),
        ]
    };
    Table {
        caption: "Predicted, all changes together; eight of ten outcomes lie between p10 and p90"
            .to_owned(),
        columns: vec![
            Heading::start("metric"),
            Heading::end("before"),
            Heading::end("expected"),
            Heading::end("p10"),
            Heading::end("p90"),
            Heading::start("class"),
            Heading::start("model"),
        ],
        rows: all.iter().map(row).collect(),
        empty: "The plan was not predicted yet.".to_owned(),
    }
}

fn refusals(all: &[Expected], source: SourceId) -> Vec<Vec<Run>> {
    let mut items = Vec::new();
    for it in all {
        let Some(why) = &it.refused else {
            continue;
        };
        let mut runs = vec![Run::code(&it.metric), Run::text(" is not predicted: ")];
        let of = format!("the refusal of {}", it.metric);
        runs.extend(numerals::told(why, source, &of));
        if let Some(next) = &it.record_next {
            runs.push(Run::text(". Record next: "));
            let of = format!("what to record for {}", it.metric);
            runs.extend(numerals::told(next, source, &of));
        }
        items.push(runs);
    }
    items
}

/// What the prediction says beyond the plan file.
fn anew(blocks: &mut Vec<Block>, prediction: &Prediction, source: SourceId) {
    if prediction.alone.len() > 1 {
        let items = prediction.alone.iter().map(|it| {
            let mut runs = vec![Run::code(&it.action), Run::text(": ")];
            let said = match &it.refused {
                Some(refusal) => format!("{}: {}", refusal.code, refusal.why),
                None => it.told.clone(),
            };
            let of = format!("what {} does alone", it.action);
            runs.extend(numerals::told(&said, source, &of));
            runs
        });
        let items = items.collect();
        blocks.push(Block::text("Each change alone:"));
        blocks.push(Block::List { items });
    }
    let mut said = Vec::new();
    said.extend(prediction.backtest.told().map(|it| format!("Check: {it}.")));
    said.extend(prediction.notes.iter().cloned());
    let items = said.iter().enumerate().map(|(place, it)| {
        let of = format!("note {} of the prediction", place + 1);
        numerals::told(it, source, &of)
    });
    blocks.push(Block::List {
        items: items.collect(),
    });
}
