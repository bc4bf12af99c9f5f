//! What comes next by itself: forecasts with their bands and how earlier ones did.

use model::unit::Unit;

use crate::build::Builder;
use crate::document::{Block, Cell, Heading, Run, Section, Table, Token};
use crate::input::OutlookRow;
use crate::part::summary;
use crate::sources::{Basis, Of, SourceId};
use crate::tables::caption;

/// Forecasts drawn, at most.
const MOST_CHARTS: usize = 12;

/// Rows, at most.
const MOST_ROWS: usize = 60;

const FORECAST: &str = "combination of simple models with a band scaled by back-tests";

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let outlook = &input.outlook;
    let mut blocks = Vec::new();
    if !outlook.rows.is_empty() {
        let source = builder.own("what was asked of the forecast");
        let horizon = Token::duration(outlook.horizon_seconds, "horizon", source);
        let level = Token::new(outlook.level, &Unit::new("1"), "level of the band", source);
        blocks.push(Block::Paragraph {
            runs: vec![
                Run::text("Forecast without any change, over "),
                Run::Number(horizon),
                Run::text("; the band is to hold "),
                Run::Number(level),
                Run::text(" of what comes. How far it did when it was tried on the past stands beside it."),
            ],
        });
    }
    let mut items = summary::coverage_sentences(builder);
    items.extend(summary::notes(builder));
    blocks.push(Block::List { items });
    let drawn = outlook.rows.iter().take(MOST_CHARTS);
    let charts: Vec<_> = drawn
        .filter_map(|it| builder.chart(&it.chart, &[]))
        .collect();
    blocks.push(Block::Charts { charts });
    let shown = &outlook.rows[..outlook.rows.len().min(MOST_ROWS)];
    let rows = shown.iter().map(|it| {
        let basis = Basis::Series(vec![it.key.to_string()]);
        let computation = FORECAST;
        let source = builder.sources.of(Of { basis, computation });
        row(it, source)
    });
    blocks.push(Block::Table(Table {
        rows: rows.collect(),
        caption: caption(
            "Forecasts, those first whose band leaves the recent range",
            shown.len(),
            outlook.looked_at,
        ),
        columns: vec![
            Heading::start("series"),
            Heading::end("at the end"),
            Heading::end("from"),
            Heading::end("to"),
            Heading::end("of the last value's error"),
            Heading::end("band held"),
            Heading::end("MASE"),
            Heading::start("model"),
        ],
        empty: "No series has enough samples for a forecast.".to_owned(),
    }));
    Some(Section::new("outlook", "What comes next", blocks))
}

fn row(it: &OutlookRow, source: SourceId) -> Vec<Cell> {
    let number = |value: Option<f64>, unit: &Unit, statistic: &str| match value
        .filter(|it| it.is_finite())
    {
        Some(value) => Cell::number(Token::new(value, unit, statistic, source)),
        None => Cell::text("–"),
    };
    let forecast = &it.forecast;
    let share = Unit::new("1");
    let test = forecast.backtest.as_ref();
    let mase = match test.map(|it| it.mase).filter(|it| it.is_finite()) {
        Some(mase) => Cell::number(Token {
            text: format!("{mase:.2}"),
            ..Token::new(mase, &share, "mean absolute scaled error", source)
        }),
        None => Cell::text("–"),
    };
    vec![
        Cell::code(it.key.to_string()),
        number(
            forecast.mean.last().copied(),
            &it.unit,
            "forecast at the end",
        ),
        number(
            forecast.lo.last().copied(),
            &it.unit,
            "lower edge at the end",
        ),
        number(
            forecast.hi.last().copied(),
            &it.unit,
            "upper edge at the end",
        ),
        number(
            test.map(|it| it.to_last_value),
            &share,
            "error over that of the last value",
        ),
        number(
            test.map(|it| it.coverage),
            &share,
            "share that the band held",
        ),
        mase,
        Cell::text(&forecast.model),
    ]
}
