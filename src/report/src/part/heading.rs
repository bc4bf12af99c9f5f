//! Where series are heading: sentences, the table of trends, what changed on the way.

use analysis::change::Change;
use analysis::trend::{Direction, Trend, Until};
use model::finding::Analysis;
use model::time::Moment;
use model::unit::Unit;

use crate::build::{Builder, chart_marks};
use crate::document::{Block, Cell, Heading, Run, Section, Table, Token};
use crate::input::TrendRow;
use crate::numerals;
use crate::part::summary;
use crate::sources::{Basis, Of, SourceId};
use crate::tables::{self, caption};

/// Sentences of the summary, at most.
const MOST_SENTENCES: usize = 8;

/// Rows, at most; the caption says how many there are.
const MOST_ROWS: usize = 60;

/// Slopes are told per hour: per second they are too small to read.
const HOUR_S: f64 = 3600.0;

const TREND: &str = "median of the slopes between block medians without the season";

const CHANGE: &str = "medians of the regimes before and after, with an interval of 95 %";

/// The sentences, and the series that go somewhere.
pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let told = input.findings.iter();
    let told = told.filter(|it| {
        let analysis = it.finding.analysis;
        matches!(
            analysis,
            Analysis::Trend | Analysis::Forecast | Analysis::Change
        )
    });
    let mut items = Vec::new();
    for it in told.take(MOST_SENTENCES) {
        let source = builder.of_finding(&it.finding);
        items.push(numerals::told(
            &it.finding.statement,
            source,
            "the statement",
        ));
    }
    items.push(going(builder));
    items.extend(summary::coverage_sentences(builder));
    items.extend(summary::notes(builder));
    let mut blocks = vec![Block::List { items }];
    let charts: Vec<_> = input.trends.charts.iter().collect();
    let marks = chart_marks(input, "");
    let drawn = charts.iter().filter_map(|it| builder.chart(it, &marks));
    let charts: Vec<_> = drawn.collect();
    if !charts.is_empty() {
        blocks.push(Block::Charts { charts });
    }
    Some(Section::new("heading", "Where it is heading", blocks))
}

/// How many series go up, down, or nowhere that can be told.
fn going(builder: &mut Builder<'_>) -> Vec<Run> {
    let rows = &builder.input.trends.rows;
    let looked_at = builder.input.trends.looked_at;
    let count = |direction| {
        let going = rows.iter().filter(|it| it.trend.direction() == direction);
        going.count()
    };
    let source = builder.own("count of the series by the direction of their trend");
    let number = |count, what| Run::Number(Token::count(count, what, source));
    vec![
        Run::text("Of "),
        number(looked_at, "series looked at"),
        Run::text(" series "),
        number(count(Direction::Up), "series that grow"),
        Run::text(" grow and "),
        number(count(Direction::Down), "series that fall"),
        Run::text(" fall; for the others there is not enough evidence of either."),
    ]
}

/// The table of trends.
pub(crate) fn trends(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    // Others are there for their changes alone.
    let goes = |it: &&TrendRow| it.trend.slope.is_some() || it.trend.limit.is_some();
    let going = input.trends.rows.iter().filter(goes);
    let shown: Vec<&TrendRow> = going.take(MOST_ROWS).collect();
    let rows = shown.iter().map(|it| {
        let source = source(builder, it, TREND);
        row(it, source)
    });
    let table = Table {
        rows: rows.collect(),
        caption: caption(
            "Trends, the strongest first",
            shown.len(),
            input.trends.looked_at,
        ),
        columns: vec![
            Heading::start("series"),
            Heading::start("goes"),
            Heading::end("per hour"),
            Heading::end("from"),
            Heading::end("to"),
            Heading::end("chance"),
            Heading::start("season"),
            Heading::start("limit"),
        ],
        empty: "No series goes anywhere that can be told.".to_owned(),
    };
    Some(Section::new("trends", "Trends", vec![Block::Table(table)]))
}

fn source(builder: &mut Builder<'_>, row: &TrendRow, computation: &str) -> SourceId {
    let basis = Basis::Series(vec![row.key.to_string()]);
    let of = Of { basis, computation };
    builder.sources.of(of)
}

fn row(it: &TrendRow, source: SourceId) -> Vec<Cell> {
    let trend = &it.trend;
    let slope_unit = it.unit.clone();
    let slope = |value: Option<f64>, statistic: &str| match value {
        Some(value) => Cell::number(Token::new(value * HOUR_S, &slope_unit, statistic, source)),
        None => Cell::text("–"),
    };
    let direction = match trend.direction() {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::Unknown => "not enough evidence",
    };
    vec![
        Cell::code(it.key.to_string()),
        Cell::text(direction),
        slope(trend.slope.map(|it| it.per_second), "slope per hour"),
        slope(trend.slope.map(|it| it.lo), "lower end of slope per hour"),
        slope(trend.slope.map(|it| it.hi), "upper end of slope per hour"),
        Cell::number(Token::new(
            trend.p_value,
            &Unit::new("1"),
            "chance without a trend",
            source,
        )),
        season(trend, source),
        limit(it, source),
    ]
}

fn season(trend: &Trend, source: SourceId) -> Cell {
    let Some(season) = trend.season else {
        return Cell::text("none");
    };
    let period = Token::duration(season.period_seconds, "period of the season", source);
    let share = Token::new(
        season.strength,
        &Unit::new("1"),
        "share of the variance that the season explains",
        source,
    );
    Cell {
        runs: vec![
            Run::Number(period),
            Run::text(" ("),
            Run::Number(share),
            Run::text(")"),
        ],
        ..Cell::default()
    }
}

fn limit(it: &TrendRow, source: SourceId) -> Cell {
    let Some(limit) = &it.trend.limit else {
        return Cell::text("none");
    };
    let value = Token::new(limit.limit, &it.unit, "limit", source);
    let mut runs = vec![Run::Number(value)];
    match limit.until {
        Until::Never => {
            let within = Token::duration(limit.horizon_seconds, "horizon", source);
            runs.extend([Run::text(", not within "), Run::Number(within)]);
        }
        Until::Seconds { lo, hi } => {
            runs.extend([
                Run::text(", in "),
                Run::Number(Token::duration(lo, "soonest time to the limit", source)),
            ]);
            match hi {
                Some(hi) => runs.extend([
                    Run::text(" to "),
                    Run::Number(Token::duration(hi, "latest time to the limit", source)),
                ]),
                None => runs.push(Run::text(" at the soonest")),
            }
        }
    }
    Cell {
        runs,
        ..Cell::default()
    }
}

/// The table of changes, by time.
pub(crate) fn changes(builder: &mut Builder<'_>) -> Option<Section> {
    let rows = &builder.input.trends.rows;
    let mut all: Vec<(&TrendRow, Moment, Change)> = rows
        .iter()
        .flat_map(|row| row.changes.iter().map(move |it| (row, it.0, it.1)))
        .collect();
    all.sort_by(|a, b| {
        let surer = a.2.p_value.total_cmp(&b.2.p_value);
        surer
            .then(a.1.cmp(&b.1))
            .then_with(|| a.0.key.cmp(&b.0.key))
    });
    let count = all.len();
    all.truncate(MOST_ROWS);
    all.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.key.cmp(&b.0.key)));
    let shown = all.len();
    let rows = all.into_iter().map(|(row, at, change)| {
        let source = source(builder, row, CHANGE);
        change_row(row, (at, &change), source)
    });
    let table = Table {
        rows: rows.collect(),
        caption: caption("Changes, the surest of them by time", shown, count),
        columns: vec![
            Heading::start("time (UTC)"),
            Heading::start("series"),
            Heading::start("what"),
            Heading::end("before"),
            Heading::end("after"),
            Heading::end("shift from"),
            Heading::end("to"),
            Heading::end("chance"),
        ],
        empty: "No series changed its level, slope or spread.".to_owned(),
    };
    let title = "What changed on the way";
    Some(Section::new("changes", title, vec![Block::Table(table)]))
}

fn change_row(row: &TrendRow, (at, change): (Moment, &Change), source: SourceId) -> Vec<Cell> {
    // Several changes of a series share their source, so their place tells them apart.
    let place = change.row;
    let number = |value: f64, unit: &Unit, what: &str| {
        let statistic = format!("{what} the change at row {place}");
        match value.is_finite() {
            true => Cell::number(Token::new(value, unit, &statistic, source)),
            false => Cell::text("–"),
        }
    };
    vec![
        tables::time(at),
        Cell::code(row.key.to_string()),
        Cell::text(change.kind.name()),
        number(change.before, &row.unit, "before"),
        number(change.after, &row.unit, "after"),
        number(change.shift.0, &row.unit, "lower end of the shift at"),
        number(change.shift.1, &row.unit, "upper end of the shift at"),
        number(change.p_value, &Unit::new("1"), "chance without"),
    ]
}
