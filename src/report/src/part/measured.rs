//! What came of a plan: predicted against measured, criteria, side effects, doubts.

use plan::validate::criterion::Outcome;
use plan::validate::{Report, Row, sentence};

use crate::build::Builder;
use crate::document::{Block, Cell, Heading, Run, Section, Table, Token};
use crate::numerals;
use crate::part::predicted;
use crate::sources::{Basis, Of, SourceId};

/// Side effects told, at most.
const MOST_EFFECTS: usize = 20;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let title = "What came of it";
    let known = builder.input.plan.as_ref()?;
    let Some(report) = &known.outcome else {
        let text = "Nothing was recorded after it, or no recording was given: what came of it is not known.";
        return Some(Section::new("measured", title, vec![Block::text(text)]));
    };
    let source = builder.sources.of(Of {
        basis: Basis::Document(MEASURED.to_owned()),
        computation: "what was measured before and after, held against the plan",
    });
    let verdict = sentence::of_verdict(report);
    let mut blocks = vec![
        Block::Paragraph {
            runs: numerals::told(&verdict, source, "the verdict"),
        },
        Block::Table(rows(report, source)),
        Block::Paragraph {
            runs: inside(report, source),
        },
    ];
    let mut lists: Vec<(&str, Vec<String>)> = Vec::new();
    let gate = &report.gate;
    lists.push((
        "The two sides:",
        gate.differs
            .iter()
            .chain(&gate.lacks)
            .chain(&gate.doubts)
            .cloned()
            .collect(),
    ));
    let criteria = report.criteria.iter().chain(&report.objective);
    lists.push((
        "What the plan itself asks for:",
        criteria
            .map(|it| format!("{}: {}", word(it.outcome), it.said))
            .collect(),
    ));
    let effects = report.side_effects.iter().take(MOST_EFFECTS);
    lists.push((
        "What else changed:",
        effects
            .map(|it| match it.is_worse {
                true => format!("worse: {}", it.said),
                false => it.said.clone(),
            })
            .collect(),
    ));
    lists.push(("What speaks against this answer:", report.doubts.clone()));
    for (title, said) in lists.into_iter().filter(|(_, said)| !said.is_empty()) {
        let items = said.iter().enumerate().map(|(place, it)| {
            let of = format!("line {} below {title:?}", place + 1);
            numerals::told(it, source, &of)
        });
        let items = items.collect();
        blocks.push(Block::text(title));
        blocks.push(Block::List { items });
    }
    Some(Section::new("measured", title, blocks))
}

/// What sources call the recording after a change.
pub const MEASURED: &str = "measured";

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "holds",
        Outcome::Fails => "does not hold",
        Outcome::Open => "open",
    }
}

fn rows(report: &Report, source: SourceId) -> Table {
    let row = |it: &Row| {
        let expected = &it.expected;
        let number = |value: f64, what: &str| match value.is_finite() {
            true => {
                let statistic = format!("{what} of {}", expected.metric);
                Cell::number(Token::new(value, &it.unit, &statistic, source))
            }
            false => Cell::text("–"),
        };
        let change = it.change.as_deref().unwrap_or("–");
        let change = numerals::told(
            change,
            source,
            &format!("the change of {}", expected.metric),
        );
        vec![
            Cell::code(&expected.metric),
            number(it.before, "measured before"),
            predicted::cell(expected.p50, expected, ("predicted p50", source)),
            predicted::cell(expected.p10, expected, ("predicted p10", source)),
            predicted::cell(expected.p90, expected, ("predicted p90", source)),
            number(it.observed, "measured after"),
            Cell::text(match it.inside {
                Some(true) => "inside",
                Some(false) => "outside",
                None => "–",
            }),
            Cell::text(it.grade.map_or("–", |it| it.name())),
            Cell {
                runs: change,
                ..Cell::default()
            },
        ]
    };
    Table {
        caption: "Predicted against measured".to_owned(),
        columns: vec![
            Heading::start("metric"),
            Heading::end("before"),
            Heading::end("predicted"),
            Heading::end("p10"),
            Heading::end("p90"),
            Heading::end("measured"),
            Heading::start("interval"),
            Heading::start("grade"),
            Heading::start("change"),
        ],
        rows: report.rows.iter().map(row).collect(),
        empty: "The plan predicted nothing that could be measured.".to_owned(),
    }
}

/// How many of what was measured lies in its interval, in a sentence.
fn inside(report: &Report, source: SourceId) -> Vec<Run> {
    let judged = report.rows.iter().filter_map(|it| it.inside);
    let (inside, all) = judged.fold((0, 0), |(inside, all), it| {
        (inside + usize::from(it), all + 1)
    });
    vec![
        Run::Number(Token::count(inside, "inside their interval", source)),
        Run::text(" of "),
        Run::Number(Token::count(all, "with an interval", source)),
        Run::text(" lie in their predicted interval."),
    ]
}
