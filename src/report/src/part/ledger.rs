//! How earlier predictions came out: the tool's own score.

use model::unit::Unit;
use plan::ledger::score::{NOMINAL, Score};

use crate::build::Builder;
use crate::document::{Block, Cell, Heading, Run, Section, Table, Token};
use crate::sources::SourceId;

/// What sources call the ledger.
pub const LEDGER: &str = "ledger";

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let source = builder.attached(LEDGER, "outcomes that lie in their predicted intervals");
    let promised = Token::new(NOMINAL, &Unit::new("1"), "promised share", source);
    let mut blocks = vec![Block::Paragraph {
        runs: vec![
            Run::text(
                "Predictions and what was measured afterwards are kept in a ledger whose lines are chained. An interval promises to hold ",
            ),
            Run::Number(promised),
            Run::text(" of the outcomes."),
        ],
    }];
    let rows = input.scores.iter().map(|it| row(it, source));
    blocks.push(Block::Table(Table {
        caption: "Outcomes by model, class and quantity".to_owned(),
        columns: vec![
            Heading::start("model"),
            Heading::start("class"),
            Heading::start("of"),
            Heading::end("predicted"),
            Heading::end("measured"),
            Heading::end("inside"),
            Heading::end("from"),
            Heading::end("to"),
            Heading::end("mean error"),
        ],
        rows: rows.collect(),
        empty: "Nothing was predicted and measured yet, so nothing is known about how such predictions come out.".to_owned(),
    }));
    Some(Section::new(
        "ledger",
        "How earlier predictions came out",
        blocks,
    ))
}

fn row(score: &Score, source: SourceId) -> Vec<Cell> {
    let all = score.class.is_none() && score.quantity.is_none();
    let class = score.class.map_or("", |it| it.letter());
    let quantity = score.quantity.map_or("", |it| it.name());
    let whose = match (all, score.model.as_str()) {
        (true, _) => "all together",
        (false, "") => "none",
        (false, model) => model,
    };
    let named = format!("{whose}, {class}, {quantity}");
    let share = |value: f64, what: &str| match value.is_finite() {
        true => {
            let statistic = format!("{what} of {named}");
            Cell::number(Token::new(value, &Unit::new("1"), &statistic, source))
        }
        false => Cell::text("–"),
    };
    let count = |count: usize, what: &str| {
        Cell::number(Token::count(count, &format!("{what} of {named}"), source))
    };
    let [low, high] = score.coverage_interval();
    vec![
        Cell::text(whose),
        Cell::text(class),
        Cell::text(quantity),
        count(score.predicted, "predictions"),
        count(score.answered, "outcomes"),
        share(score.coverage(), "share inside"),
        share(low, "lower end of the share inside"),
        share(high, "upper end of the share inside"),
        share(score.mean_error(), "mean error"),
    ]
}
