//! The review by example, and with hostile names everywhere.

use std::error::Error;

use analysis::review::FigurePoint;
use expect_test::expect_file;
use model::finding::{Analysis, Finding, FindingId, Question, Severity};
use model::period::{Cycle, Period};

use super::*;
use crate::{Format, render};

/// What each text of the input is called: itself, or something nasty.
type Dress = fn(&str) -> String;

fn moment(text: &str) -> Moment {
    text.parse().unwrap_or_default()
}

fn period() -> Period {
    Period {
        cycle: Cycle::Weekly,
        span: Span {
            from: moment("2026-11-15T23:00:00Z"),
            to: moment("2026-11-22T23:00:00Z"),
        },
        name: "2026-W47".to_owned(),
        zone: "Europe/Berlin".to_owned(),
    }
}

fn day(number: i64) -> Moment {
    moment("2026-11-12T02:00:00Z").plus_ns(number * 86_400 * 1_000_000_000)
}

fn found(dress: Dress, kind: &str, severity: Severity) -> Finding {
    let series = vec![dress("web-1/system.cpu.utilization")];
    let span = Span {
        from: day(6),
        to: day(6).plus_ns(60_000_000_000),
    };
    Finding {
        id: FindingId::of(&Question {
            analysis: Analysis::Bottleneck,
            series: &series,
            span,
            parameters: &[],
        }),
        analysis: Analysis::Bottleneck,
        kind: kind.to_owned(),
        host: dress("web-1"),
        series,
        span,
        places: Vec::new(),
        statement: dress(&format!("The resource {kind} limits")),
        severity,
        effect: None,
        evidence: 0.9,
        weight: 0.8,
        coverage: 1.0,
        learned: None,
        parameters: Vec::new(),
        supports: Vec::new(),
        against: Vec::new(),
    }
}

fn tracked(dress: Dress, standing: Standing, kind: &str) -> Tracked {
    let named = |number: i64| (dress(&format!("nightly {number}")), day(number));
    let severity = match standing {
        Standing::New => Severity::Severe,
        Standing::Open | Standing::Closed => Severity::Warning,
    };
    Tracked {
        standing,
        finding: found(dress, kind, severity),
        first: named(4),
        last: named(6),
        latest: named(10),
        shown: 2,
        comparable: 7,
    }
}

fn figure(dress: Dress) -> Figure {
    let points = (0..11).map(|number| {
        let value = if number < 6 { 0.4 } else { 0.6 } + 0.01 * (number % 3) as f64;
        FigurePoint {
            session: dress(&format!("nightly {number}")),
            build: dress(&format!("1.{number}")),
            at: day(number),
            value: if number == 5 { f64::NAN } else { value },
            between: (value - 0.02, value + 0.02),
            counted: number != 5 && number != 2,
            within: number >= 4,
        }
    });
    Figure {
        title: "Processor use".to_owned(),
        series: dress("*/system.cpu.utilization"),
        statistic: "p95".to_owned(),
        unit: Unit::new("1"),
        points: points.collect(),
        sentences: vec![dress("p95 changed with build 1.6: from 40 % to 60 %")],
    }
}

fn review(dress: Dress) -> Review {
    let sessions = (4..11).map(|number| Session {
        name: dress(&format!("nightly-{number}.kymo")),
        title: dress(&format!("nightly {number}")),
        build: dress(&format!("1.{number}")),
        span: Span {
            from: day(number),
            to: day(number).plus_ns(60_000_000_000),
        },
        hosts: vec![dress("web-1")],
        coverage: Some(0.991),
        findings: (number != 5).then_some((4, 1)),
        refused: String::new(),
    });
    let torn = Session {
        name: dress("torn.kymo"),
        title: dress("torn.kymo"),
        refused: dress("an empty file is not a session"),
        ..Session::default()
    };
    Review {
        period: period(),
        library: dress("/srv/sessions"),
        sessions: sessions.chain([torn]).collect(),
        figures: vec![figure(dress)],
        book: Book {
            all: vec![
                tracked(dress, Standing::New, "cpu"),
                tracked(dress, Standing::Open, "disk"),
                tracked(dress, Standing::Closed, "memory"),
            ],
        },
        ledger: LedgerFacts {
            predicted: 3,
            refused: 1,
            answered: 2,
            comparable: 2,
            inside: 1,
            scores: vec![dress("closed network: 1 of 2 inside")],
        },
        compliance: vec![Compliance {
            session: dress("nightly 10"),
            standard: dress("slo"),
            requirement: dress("p95 below 300 ms"),
            standing: "violated".to_owned(),
            margin: dress("412 ms, 37 % above"),
        }],
        notes: vec![dress("Trends look at four weeks before it, too")],
    }
}

fn plain(text: &str) -> String {
    text.to_owned()
}

fn rendered(dress: Dress, format: Format) -> Result<String, Box<dyn Error>> {
    let review = review(dress);
    let document = document(&ReviewInput {
        review: &review,
        kymo: "0.1.0",
    });
    Ok(String::from_utf8(render(&document, format)?.bytes)?)
}

#[test]
fn the_review_of_a_week_as_text() -> Result<(), Box<dyn Error>> {
    expect_file!["../../fixtures/review.md"].assert_eq(&rendered(plain, Format::Markdown)?);
    Ok(())
}

#[test]
fn every_number_leads_to_its_source() -> Result<(), Box<dyn Error>> {
    let review = review(plain);
    let document = document(&ReviewInput {
        review: &review,
        kymo: "0.1.0",
    });
    let text = String::from_utf8(render(&document, Format::Json)?.bytes)?;
    let json: serde_json::Value = serde_json::from_str(&text)?;
    let mut numbers = Vec::new();
    tokens(&json["sections"], &mut numbers);
    assert!(numbers.len() > 20, "{}", numbers.len());
    let sources = json["sources"].as_array().map_or(0, Vec::len) as u64;
    assert!(numbers.iter().all(|it| (1..=sources).contains(it)));
    Ok(())
}

fn tokens(value: &serde_json::Value, out: &mut Vec<u64>) {
    match value {
        serde_json::Value::Object(fields) => {
            if fields.contains_key("statistic") {
                out.extend(fields.get("source").and_then(serde_json::Value::as_u64));
            }
            fields.values().for_each(|it| tokens(it, out));
        }
        serde_json::Value::Array(all) => all.iter().for_each(|it| tokens(it, out)),
        _ => {}
    }
}

#[test]
fn hostile_names_stay_text() -> Result<(), Box<dyn Error>> {
    fn nasty(text: &str) -> String {
        format!("<script>alert(1)</script>\"'`|\n{text}")
    }
    let page = rendered(nasty, Format::Html)?;
    assert!(
        !page.to_lowercase().contains("<script"),
        "no script comes in"
    );
    let quiet = rendered(plain, Format::Html)?;
    let tags = |page: &str| page.matches('<').count();
    assert_eq!(tags(&page), tags(&quiet), "no element comes in");
    Ok(())
}

#[test]
fn an_empty_period_says_so() -> Result<(), Box<dyn Error>> {
    let review = Review {
        sessions: Vec::new(),
        figures: Vec::new(),
        book: Book::default(),
        ledger: LedgerFacts::default(),
        compliance: Vec::new(),
        notes: Vec::new(),
        ..review(plain)
    };
    let document = document(&ReviewInput {
        review: &review,
        kymo: "0.1.0",
    });
    let text = String::from_utf8(render(&document, Format::Markdown)?.bytes)?;
    for sentence in [
        "No sessions were recorded",
        "No finding is new.",
        "No session of the library",
    ] {
        assert!(text.contains(sentence), "{sentence}\n{text}");
    }
    Ok(())
}
