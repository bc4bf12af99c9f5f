//! The review: what a day, week, month or quarter of sessions brought.
//!
//! * In: an `analysis::review::Review`, everything in it already computed.
//! * Out: a [`Document`] with summary, findings new, open and closed, figures over
//!   sessions, the sessions, predictions, standards, and methods.
//! * Never: concludes anything.
//!
//! Start at [`document`].

use std::sync::Arc;

use analysis::review::{Book, Compliance, Figure, LedgerFacts, Review, Session, Standing, Tracked};
use model::catalog::{Kind as SeriesKind, Polarity};
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span, Zone, duration_text};
use model::unit::Unit;

use crate::chart::{Chart, ChartInput, Frame, Style};
use crate::document::{Block, Cell, Document, Fact, Heading, Run, SCHEMA, Section, Table, Token};
use crate::request::Request;
use crate::sources::{Basis, Of, Sources};

/// Name of this kind of report: it is made of a library, not of a session.
pub const KIND: &str = "review";

/// Findings of one table.
const FINDINGS_MAX: usize = 100;

/// Sessions listed.
const SESSIONS_MAX: usize = 500;

/// What a review report is made of.
#[derive(Clone, Copy, Debug)]
pub struct ReviewInput<'a> {
    /// The review.
    pub review: &'a Review,
    /// Version of the program.
    pub kymo: &'a str,
}

/// Builds the report.
pub fn document(input: &ReviewInput<'_>) -> Document {
    let review = input.review;
    let span = review.period.span;
    let mut sources = Sources::new(&review.library, span);
    let mut figures = 0;
    let sections = vec![
        summary(review),
        findings(&review.book, &mut sources),
        trends(&review.figures, (&mut sources, &mut figures)),
        sessions(&review.sessions, &mut sources),
        ledger(&review.ledger, &mut sources),
        compliance(&review.compliance),
        methods(),
    ];
    let mut document = Document {
        schema: SCHEMA,
        kymo: input.kymo.to_owned(),
        kind: KIND,
        title: format!("Review of {}", review.period.title()),
        author: String::new(),
        session: review.library.clone(),
        window: span,
        facts: facts(review),
        sections,
        sources: sources.into_list(),
        request: Request::new(KIND, span),
    };
    document.name_numbers();
    document
}

fn time(moment: Moment) -> String {
    moment.strftime("%F %T", Zone::Utc)
}

fn facts(review: &Review) -> Vec<Fact> {
    let period = &review.period;
    vec![
        Fact::text("Library", &*review.library),
        Fact::text(
            "Period",
            format!("{}, calendar of {}", period.title(), period.zone),
        ),
        Fact::text(
            "Window (UTC)",
            format!("{} to {}", time(period.span.from), time(period.span.to)),
        ),
        Fact::text("Length", duration_text(period.span.seconds())),
    ]
}

fn words(text: impl Into<String>) -> Vec<Run> {
    vec![Run::text(text)]
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph { runs: words(text) }
}

fn summary(review: &Review) -> Section {
    let said = analysis::review::sentences(review).into_iter();
    let notes = review.notes.iter().cloned();
    Section::new(
        "summary",
        "Summary",
        vec![Block::List {
            items: said.chain(notes).map(words).collect(),
        }],
    )
}

fn findings(book: &Book, sources: &mut Sources) -> Section {
    let tables = [
        (Standing::New, "New findings", "No finding is new."),
        (
            Standing::Open,
            "Findings that stay open",
            "No finding stays open.",
        ),
        (
            Standing::Closed,
            "Findings that were closed",
            "No finding was closed.",
        ),
    ];
    let mut blocks = Vec::new();
    for (standing, caption, empty) in tables {
        let of: Vec<&Tracked> = book.of(standing).collect();
        let rows = of.iter().take(FINDINGS_MAX).map(|it| finding(it, sources));
        let rows: Vec<Vec<Cell>> = rows.collect();
        let more = of.len().saturating_sub(rows.len());
        blocks.push(Block::Table(Table {
            caption: caption.to_owned(),
            columns: vec![
                Heading::start("Severity"),
                Heading::start("Finding"),
                Heading::start("First seen (UTC)"),
                Heading::start(match standing {
                    Standing::Closed => "Closed by",
                    Standing::New | Standing::Open => "Last seen (UTC)",
                }),
                Heading::end("Shown by"),
            ],
            rows,
            empty: empty.to_owned(),
        }));
        if more > 0 {
            blocks.push(paragraph(&format!("{more} lighter ones are not listed.")));
        }
    }
    Section::new("findings", "Findings", blocks)
}

fn finding(tracked: &Tracked, sources: &mut Sources) -> Vec<Cell> {
    let finding = &tracked.finding;
    let of = Of {
        basis: Basis::Series(finding.series.clone()),
        computation: finding.analysis.name(),
    };
    let source = sources.of_session(&tracked.last.0, finding.span, of);
    let moment = |(session, at): &(String, Moment)| Cell {
        more: session.clone(),
        ..Cell::text(time(*at))
    };
    let mut shown = Cell::number(Token::count(tracked.shown, "sessions that show it", source));
    shown
        .runs
        .push(Run::text(format!(" of {}", tracked.comparable)));
    vec![
        Cell {
            tone: finding.severity.name(),
            ..Cell::text(finding.severity.name())
        },
        Cell {
            more: format!("{} {}", finding.analysis.name(), finding.kind),
            ..Cell::text(&*finding.statement)
        },
        moment(&tracked.first),
        match tracked.standing {
            Standing::Closed => moment(&tracked.latest),
            Standing::New | Standing::Open => moment(&tracked.last),
        },
        shown,
    ]
}

fn trends(figures: &[Figure], (sources, number): (&mut Sources, &mut usize)) -> Section {
    let mut blocks = Vec::new();
    for figure in figures {
        blocks.push(Block::Heading {
            text: figure.title.clone(),
        });
        let said = figure.sentences.iter().cloned().map(words);
        blocks.push(Block::List {
            items: said.collect(),
        });
        if let Some(chart) = chart(figure, *number + 1, sources) {
            *number += 1;
            blocks.push(Block::Charts {
                charts: vec![chart],
            });
        }
        blocks.push(Block::Table(values(figure, sources)));
    }
    if blocks.is_empty() {
        blocks.push(paragraph(
            "No session holds a series that is followed, so there is no trend.",
        ));
    }
    Section::new("trends", "Trends over sessions", blocks)
}

fn window(figure: &Figure) -> Span {
    let at = figure.points.iter().map(|it| it.at);
    let from = at.clone().min().unwrap_or_default();
    Span {
        from,
        to: at.max().unwrap_or_default().plus_ns(1),
    }
}

fn chart(figure: &Figure, number: usize, sources: &mut Sources) -> Option<Chart> {
    let counted: Vec<_> = figure.points.iter().filter(|it| it.counted).collect();
    if counted.len() < 2 {
        return None;
    }
    let at: Arc<[i64]> = counted.iter().map(|it| it.at.0).collect();
    let series = |of: &str| Series {
        key: SeriesKey::new("", format!("{} {of}", figure.statistic).as_str(), []),
        unit: figure.unit.clone(),
        kind: SeriesKind::Gauge,
        polarity: Polarity::Neutral,
    };
    let column = |label: &str, value: &dyn Fn(usize) -> f64| Column {
        series: series(label),
        at: Arc::clone(&at),
        values: (0..counted.len()).map(value).collect(),
    };
    let known = counted
        .iter()
        .all(|it| it.between.0.is_finite() && it.between.1.is_finite());
    let band = known.then(|| {
        let lower = column("lower end", &|it| counted[it].between.0);
        Box::new([lower, column("upper end", &|it| counted[it].between.1)])
    });
    let value = column("value", &|it| counted[it].value);
    let input = ChartInput {
        title: format!("{} of {}", figure.statistic, figure.series),
        host: String::new(),
        style: Style::Lines,
        ceiling: None,
        lines: vec![(figure.statistic.clone(), value)],
        band,
        window: None,
    };
    let frame = Frame {
        window: window(figure),
        marks: &[],
    };
    Chart::new(number, &input, frame, sources)
}

fn values(figure: &Figure, sources: &mut Sources) -> Table {
    let computation = format!("{} of each session's samples", figure.statistic);
    let source = sources.id_within(window(figure), &figure.series, &computation);
    let number = |value: f64, what: &str| match value.is_finite() {
        true => Cell::number(Token::new(value, &figure.unit, what, source)),
        false => Cell::text("–"),
    };
    let rows = figure.points.iter().map(|it| {
        let note = match (it.counted, it.within) {
            (false, _) => "does not compare",
            (true, false) => "before the period",
            (true, true) => "",
        };
        vec![
            Cell::text(time(it.at)),
            Cell::text(&*it.session),
            Cell::text(&*it.build),
            number(it.value, &figure.statistic),
            number(it.between.0, "lower end at 95 %"),
            number(it.between.1, "upper end at 95 %"),
            Cell::text(note),
        ]
    });
    Table {
        caption: "One value a session".to_owned(),
        columns: vec![
            Heading::start("Begin (UTC)"),
            Heading::start("Session"),
            Heading::start("Build"),
            Heading::end("Value"),
            Heading::end("From"),
            Heading::end("To"),
            Heading::start("Remark"),
        ],
        rows: rows.collect(),
        empty: "No session has a value.".to_owned(),
    }
}

fn sessions(sessions: &[Session], sources: &mut Sources) -> Section {
    let rows = sessions
        .iter()
        .take(SESSIONS_MAX)
        .map(|it| session(it, sources));
    let mut blocks = vec![Block::Table(Table {
        caption: "Sessions of the period".to_owned(),
        columns: vec![
            Heading::start("Begin (UTC)"),
            Heading::start("Session"),
            Heading::start("Build"),
            Heading::end("Length"),
            Heading::start("Hosts"),
            Heading::end("Samples there"),
            Heading::end("Findings"),
            Heading::end("Severe"),
        ],
        rows: rows.collect(),
        empty: "No session of the library begins within this period.".to_owned(),
    })];
    if sessions.len() > SESSIONS_MAX {
        let more = sessions.len() - SESSIONS_MAX;
        blocks.push(paragraph(&format!("{more} later sessions are not listed.")));
    }
    Section::new("sessions", "Sessions", blocks)
}

fn session(session: &Session, sources: &mut Sources) -> Vec<Cell> {
    if !session.refused.is_empty() {
        let mut cells = vec![
            Cell::text("–"),
            Cell::text(&*session.title),
            Cell {
                tone: "warning",
                ..Cell::text(format!("cannot be read: {}", session.refused))
            },
        ];
        cells.resize_with(8, || Cell::text(""));
        return cells;
    }
    let of = Of {
        basis: Basis::Session,
        computation: "what the session says of itself, and its kept findings",
    };
    let source = sources.of_session(&session.name, session.span, of);
    let count = |value: Option<usize>, what: &str| match value {
        Some(value) => Cell::number(Token::count(value, what, source)),
        None => Cell::text("not analyzed"),
    };
    let coverage = match session.coverage {
        Some(share) => Cell::number(Token::new(share, &Unit::new("1"), "share present", source)),
        None => Cell::text("–"),
    };
    let length = Token::duration(session.span.seconds(), "length", source);
    vec![
        Cell::text(time(session.span.from)),
        Cell {
            more: session.name.clone(),
            ..Cell::text(&*session.title)
        },
        Cell::text(&*session.build),
        Cell::number(length),
        Cell::text(session.hosts.join(", ")),
        coverage,
        count(session.findings.map(|it| it.0), "findings kept"),
        count(session.findings.map(|it| it.1), "severe findings"),
    ]
}

fn ledger(ledger: &LedgerFacts, sources: &mut Sources) -> Section {
    let source = sources.of(Of {
        basis: Basis::Document("ledger".to_owned()),
        computation: "entries of the period",
    });
    let fact = |name: &str, count: usize| Fact {
        name: name.to_owned(),
        runs: vec![Run::Number(Token::count(count, name, source))],
    };
    let mut blocks = vec![Block::Facts {
        facts: vec![
            fact("Predicted with a number", ledger.predicted),
            fact("Refused an answer", ledger.refused),
            fact("Measured", ledger.answered),
            fact("Measured under the load predicted for", ledger.comparable),
            fact("Of those, inside of the interval", ledger.inside),
        ],
    }];
    if !ledger.scores.is_empty() {
        let scores = ledger.scores.iter().cloned().map(words);
        blocks.push(Block::List {
            items: scores.collect(),
        });
    }
    Section::new("ledger", "Predictions", blocks)
}

fn compliance(all: &[Compliance]) -> Section {
    let rows = all.iter().map(|it| {
        let tone = match it.standing.as_str() {
            "holds" => "",
            "violated" => "severe",
            _ => "warning",
        };
        vec![
            Cell {
                tone,
                ..Cell::text(&*it.standing)
            },
            Cell::text(&*it.requirement),
            Cell::text(&*it.margin),
            Cell::text(&*it.session),
            Cell::text(&*it.standard),
        ]
    });
    Section::new(
        "compliance",
        "Standards",
        vec![Block::Table(Table {
            caption: "Requirements held against sessions".to_owned(),
            columns: vec![
                Heading::start("Standing"),
                Heading::start("Requirement"),
                Heading::start("Margin"),
                Heading::start("Session"),
                Heading::start("Standard"),
            ],
            rows: rows.collect(),
            empty: "No standard was named for this review.".to_owned(),
        })],
    )
}

fn methods() -> Section {
    let paragraphs = [
        "A session belongs to the period in which it begins. Periods are those of the calendar of \
         the zone named above: from midnight to midnight, weeks from Monday on as ISO 8601 counts \
         them, quarters from January, April, July and October on.",
        "Findings are those kept in the sessions, matched by analysis, kind, host and series, not by \
         their ids, which depend on the window. A finding is open when the latest session that could \
         show it does and an earlier one did too, new when none did, closed when the latest one does \
         not. A session could show a finding if it was analyzed and holds its host and its main series.",
        "A value of a session is a statistic of all samples of the series that match. Its interval \
         at 95 % counts samples by how independent they are. Trends are medians of the slopes \
         between all pairs, with intervals that know of the memory of the values; changes are where \
         the level moved for good. Sessions of other machines, cadences, coverage or numbers of \
         series than most are shown but not counted.",
        "Times are UTC.",
    ];
    Section::new(
        "methods",
        "Methods",
        paragraphs.into_iter().map(paragraph).collect(),
    )
}

#[cfg(test)]
mod tests;
