//! The what-if model of the application, and what it says would help.

use model::plan::Expected;
use model::unit::Unit;

use crate::build::Builder;
use crate::curve::{Curve, CurveInput, Side};
use crate::document::{Block, Cell, Fact, Heading, Run, Section, Table, Token};
use crate::input::{Model, ModelInput};
use crate::numerals;
use crate::part::predicted;
use crate::sources::{Basis, Of, SourceId};

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let title = "The model";
    let input = builder.input;
    let model = match &input.model {
        ModelInput::NotAsked => return None,
        ModelInput::Refused(refusal) => {
            let source = builder.own("what stands in the way of a model");
            let why = format!(
                "This recording carries no model of an application: {}: {}.",
                refusal.code, refusal.why
            );
            let next = format!("Record next: {}.", refusal.record_next);
            let blocks = vec![
                Block::Paragraph {
                    runs: numerals::told(&why, source, "the refusal"),
                },
                Block::Paragraph {
                    runs: numerals::told(&next, source, "what to record next"),
                },
            ];
            return Some(Section::new("model", title, blocks));
        }
        ModelInput::Known(model) => model,
    };
    let source = of_model(builder, model);
    let mut blocks = vec![
        Block::Facts {
            facts: facts(model, source),
        },
        Block::Table(resources(model, source)),
    ];
    blocks.push(Block::List {
        items: said(model, source),
    });
    let curves = [Side::Throughput, Side::Response];
    let mut drawn = Vec::new();
    if let Some(curve) = &model.curve {
        for side in curves {
            let number = builder.figure();
            drawn.push(Curve::new(number, &CurveInput { curve, side }));
        }
    }
    blocks.extend(drawn.into_iter().map(Block::Curve));
    Some(Section::new("model", title, blocks))
}

fn of_model(builder: &mut Builder<'_>, model: &Model) -> SourceId {
    let basis = Basis::Session;
    let computation = "queueing model calibrated on requests and resources";
    let of = Of { basis, computation };
    builder.sources.of_within(model.window, of)
}

fn facts(model: &Model, source: SourceId) -> Vec<Fact> {
    let rate = Token::new(
        model.throughput,
        &Unit::new("{request}/s"),
        "requests a second at the end",
        source,
    );
    let mut facts = vec![
        Fact::text("Application", &model.subject),
        Fact::new("Requests a second", vec![Run::Number(rate)]),
    ];
    if let Some(response) = model.response_s {
        let response = Token::duration(response, "mean response time at the end", source);
        facts.push(Fact::new("Mean response time", vec![Run::Number(response)]));
    }
    facts.push(Fact::new(
        "Check",
        match &model.check {
            Some(check) => numerals::told(check, source, "the check"),
            None => vec![Run::text(
                "could not be made: the recording has one level of load",
            )],
        },
    ));
    facts
}

fn resources(model: &Model, source: SourceId) -> Table {
    let row = |(name, host, share): &(String, String, f64)| {
        let statistic = format!("share of {name} on {host} in use");
        vec![
            Cell::text(name),
            Cell::text(host),
            Cell {
                bar: Some(*share),
                ..Cell::number(Token::new(*share, &Unit::new("1"), &statistic, source))
            },
        ]
    };
    Table {
        caption: "Resources of the model at the end of the recording".to_owned(),
        columns: vec![
            Heading::start("resource"),
            Heading::start("host"),
            Heading::end("in use"),
        ],
        rows: model.resources.iter().map(row).collect(),
        empty: "The model has no resource.".to_owned(),
    }
}

/// What it cannot answer, and what else is to be known.
fn said(model: &Model, source: SourceId) -> Vec<Vec<Run>> {
    let doubts = model.doubts.iter().map(|it| {
        format!(
            "Not answered ({}): {}. Record next: {}.",
            it.code, it.why, it.record_next
        )
    });
    let all: Vec<String> = doubts.chain(model.notes.iter().cloned()).collect();
    let items = all.iter().enumerate().map(|(place, it)| {
        let of = format!("remark {} on the model", place + 1);
        numerals::told(it, source, &of)
    });
    items.collect()
}

/// What would help, the most helpful first.
pub(crate) fn suggestions(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let ModelInput::Known(model) = &input.model else {
        return None;
    };
    let source = of_model(builder, model);
    let rows = model.suggestions.iter().enumerate().map(|(place, it)| {
        let number = place + 1;
        let find = |metric: &str| it.expected.iter().find(|it| it.metric == metric);
        let metric = |name: &str| match find(name) {
            Some(expected) => interval(expected, (number, source)),
            None => Cell::text("–"),
        };
        let why = match &it.refused {
            Some(refusal) => format!("{}: {}", refusal.code, refusal.why),
            None => String::new(),
        };
        let of = format!("suggestion {number}");
        vec![
            Cell {
                runs: numerals::told(&it.told, source, &of),
                ..Cell::default()
            },
            metric("app.throughput"),
            metric("app.response.mean"),
            Cell::number(Token::new(
                it.evidence,
                &Unit::new("1"),
                &format!("evidence that it limits, {of}"),
                source,
            )),
            Cell {
                runs: numerals::told(&why, source, &format!("the refusal of {of}")),
                ..Cell::default()
            },
        ]
    });
    let table = Table {
        rows: rows.collect(),
        caption: "What the bottleneck would have one try, each alone".to_owned(),
        columns: vec![
            Heading::start("change"),
            Heading::end("requests a second"),
            Heading::end("mean response time"),
            Heading::end("evidence"),
            Heading::start("not predicted because"),
        ],
        empty: "Nothing limits this recording so clearly that a change suggests itself.".to_owned(),
    };
    let blocks = vec![Block::Table(table)];
    Some(Section::new("suggestions", "What would help", blocks))
}

/// Point and interval of an expectation in one cell.
fn interval(expected: &Expected, (number, source): (usize, SourceId)) -> Cell {
    let what = |part: &str| format!("{part} by suggestion {number}");
    let mut runs = predicted::cell(expected.p50, expected, (&what("p50"), source)).runs;
    if expected.p10.is_some() && expected.p90.is_some() {
        runs.push(Run::text(" ("));
        runs.extend(predicted::cell(expected.p10, expected, (&what("p10"), source)).runs);
        runs.push(Run::text(" to "));
        runs.extend(predicted::cell(expected.p90, expected, (&what("p90"), source)).runs);
        runs.push(Run::text(")"));
    }
    Cell {
        runs,
        ..Cell::default()
    }
}
