//! How long it takes to write a report of an hour of three hosts, form by form.
//!
//! `cargo bench -p report` prints a line for each form; a folder as an argument receives
//! the files too.

use std::error::Error;
use std::time::Instant;

use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use report::chart::{Chart, ChartInput, Frame, Style};
use report::document::{Block, Cell, Document, Heading, Run, Section, Table, Token};
use report::look::Look;
use report::request::Request;
use report::sources::Sources;
use report::{Dress, FORMATS, Pictures, render_as};

const CHARTS: usize = 60;
const LINES: usize = 8;
const TABLES: usize = 10;
const ROWS: usize = 60;
const SECONDS: i64 = 3_600;
/// How often each form is written; the fastest counts.
const TIMES: usize = 3;

fn window() -> Span {
    let from: Moment = "2026-01-31T12:00:00Z".parse().unwrap_or_default();
    Span {
        from,
        to: from.plus_ns(SECONDS * SECOND_NS),
    }
}

/// A jagged line that is the same on every run.
fn value(second: i64, place: usize) -> f64 {
    let slow = (second as f64 / 300.0 + place as f64).sin() * 0.3 + 0.4;
    slow + ((second * 7_919 + place as i64 * 104_729) % 97) as f64 / 400.0
}

fn line(chart: usize, place: usize) -> (String, Column) {
    let from = window().from.0;
    let name = [("device".to_owned(), format!("sd{place}"))];
    let key = SeriesKey::new(
        format!("host-{}", chart % 3),
        format!("metric.{chart}"),
        name,
    );
    let column = Column {
        series: Series {
            key,
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::HigherIsWorse,
        },
        at: (0..SECONDS).map(|it| from + it * SECOND_NS).collect(),
        values: (0..SECONDS).map(|it| value(it, chart + place)).collect(),
    };
    (format!("device sd{place}"), column)
}

fn charts(sources: &mut Sources) -> Vec<Chart> {
    let charts = (0..CHARTS).filter_map(|number| {
        let input = ChartInput {
            title: format!("Metric {number}"),
            host: String::new(),
            style: if number % 3 == 0 {
                Style::Stacked
            } else {
                Style::Lines
            },
            ceiling: None,
            band: None,
            window: None,
            lines: (0..LINES).map(|it| line(number, it)).collect(),
        };
        let frame = Frame {
            window: window(),
            marks: &[],
        };
        Chart::new(number + 1, &input, frame, sources)
    });
    charts.collect()
}

fn table(number: usize, sources: &mut Sources) -> Table {
    let rows = (0..ROWS).map(|row| {
        let name = format!("process-{row}");
        let mut cells = vec![
            Cell::text(&name),
            Cell::code(format!("/usr/bin/{name} --serve --port 8080")),
        ];
        for statistic in ["mean", "p50", "p95", "max"] {
            let id = sources.id(
                &format!("host-{}/{name}", number % 3),
                "samples in the window",
            );
            cells.push(Cell::number(Token::new(
                value(row as i64, number),
                &Unit::new("1"),
                statistic,
                id,
            )));
        }
        cells
    });
    Table {
        caption: format!("Table {number}"),
        rows: rows.collect(),
        columns: vec![
            Heading::start("process"),
            Heading::start("command"),
            Heading::end("mean"),
            Heading::end("p50"),
            Heading::end("p95"),
            Heading::end("max"),
        ],
        empty: String::new(),
    }
}

fn document() -> Document {
    let mut sources = Sources::new("load.kymo", window());
    let tables: Vec<Table> = (0..TABLES).map(|it| table(it, &mut sources)).collect();
    let charts = charts(&mut sources);
    for rest in sources.clone().into_list().len()..800 {
        sources.id(&format!("series {rest}"), "mean of it");
    }
    let mut blocks = vec![Block::Paragraph {
        runs: vec![Run::text("words ".repeat(200))],
    }];
    for (table, charts) in tables.into_iter().zip(charts.chunks(CHARTS / TABLES)) {
        blocks.push(Block::Heading {
            text: table.caption.clone(),
        });
        blocks.push(Block::Table(table));
        blocks.push(Block::Charts {
            charts: charts.to_vec(),
        });
    }
    Document {
        schema: 1,
        kymo: "0.1.0".to_owned(),
        kind: "performance",
        title: "An hour of three hosts".to_owned(),
        author: String::new(),
        session: "load.kymo".to_owned(),
        window: window(),
        facts: Vec::new(),
        sections: vec![Section::new("all", "Everything", blocks)],
        sources: sources.into_list(),
        request: Request::new("performance", window()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let document = document();
    let mut told = format!(
        "document: {} sources, made in {:.2} s\n",
        document.sources.len(),
        began.elapsed().as_secs_f64()
    );
    let folder = std::env::args().nth(1).filter(|it| !it.starts_with('-'));
    let dress = Dress {
        look: &Look::OWN,
        pictures: Pictures::Beside { stem: "report" },
    };
    for (format, name, suffix) in FORMATS {
        let mut best = f64::INFINITY;
        let mut size = 0;
        for _ in 0..TIMES {
            let began = Instant::now();
            let rendered = render_as(&document, *format, dress)?;
            best = best.min(began.elapsed().as_secs_f64());
            size = rendered.bytes.len();
            if let Some(folder) = &folder {
                std::fs::write(format!("{folder}/report.{suffix}"), rendered.bytes)?;
            }
        }
        told += &format!("{name:>5}: {best:.3} s, {:.2} MB\n", size as f64 / 1e6);
    }
    std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes())?;
    Ok(())
}
