//! What is written is read back by a parser, also where names are hostile.

use model::finding::{Analysis, FindingId, Question, Severity};
use model::standard::Bound;
use model::time::{Moment, Span};
use model::unit::Unit;
use quick_xml::Reader;

use super::*;

fn verdict(series: &str, outcome: Outcome) -> Verdict {
    let window = Span {
        from: Moment(1_700_000_000_500_000_000),
        to: Moment(1_700_000_060_000_000_000),
    };
    Verdict {
        id: FindingId::of(&Question {
            analysis: Analysis::Standard,
            series: &[series.to_owned()],
            span: window,
            parameters: &[],
        }),
        rule: "cpu".to_owned(),
        title: String::new(),
        host: "h".to_owned(),
        series: series.to_owned(),
        outcome,
        measure: "p95".to_owned(),
        value: Some(0.95),
        limit: Some(Bound::AtMost(0.9)),
        margin: Some(-0.05),
        interval: Some((0.94, 0.96)),
        level: 0.95,
        unit: Unit::new("1"),
        coverage: Some(1.0),
        samples: 60,
        effective: Some(12.0),
        window,
        places: Vec::new(),
        severity: Severity::Warning,
        statement: format!("{series} is 5 % above"),
        doubt: String::new(),
    }
}

fn compliance(rows: Vec<Verdict>) -> Compliance {
    Compliance {
        standard: "use".to_owned(),
        version: "1".to_owned(),
        title: "a \"title\" & more".to_owned(),
        kind: "threshold".to_owned(),
        owner: "o".to_owned(),
        source: "s".to_owned(),
        window: rows.first().map_or(Span::default(), |it| it.window),
        rows,
        skipped: Vec::new(),
    }
}

/// Elements with their attributes, as a parser reads them.
fn elements(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(text);
    let mut found = Vec::new();
    let mut open = 0;
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Eof => break,
            Event::End(_) => open -= 1,
            Event::Start(start) => {
                open += 1;
                found.push(read(&start));
            }
            Event::Empty(start) => found.push(read(&start)),
            _ => {}
        }
    }
    assert_eq!(open, 0, "every element is closed");
    found
}

fn read(start: &BytesStart<'_>) -> (String, Vec<(String, String)>) {
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    let attributes = start.attributes().map(|it| {
        let it = it.expect("an attribute");
        let value = quick_xml::escape::unescape(std::str::from_utf8(&it.value).expect("text"))
            .expect("escaped")
            .into_owned();
        (String::from_utf8_lossy(it.key.as_ref()).into_owned(), value)
    });
    (name, attributes.collect())
}

fn value<'a>(element: &'a (String, Vec<(String, String)>), key: &str) -> &'a str {
    let found = element.1.iter().find(|(name, _)| name == key);
    found.map_or("", |(_, value)| value)
}

#[test]
fn verdicts_become_cases_and_hostile_names_stay_text() {
    let hostile = "h/x{a=\"</testcase><b>&'\u{1}\u{fffe}}";
    let rows = vec![
        verdict("h/system.cpu.utilization", Outcome::Pass),
        verdict(hostile, Outcome::Fail),
        verdict("h/y", Outcome::Undecidable),
    ];
    let text = render(&[compliance(rows)], Undecidable::Error).expect("it is written");
    let all = elements(&text);
    let named = |name: &str| all.iter().filter(|it| it.0 == name).collect::<Vec<_>>();
    for name in ["testsuites", "testsuite"] {
        let suite = named(name)[0];
        let counts = ["tests", "failures", "errors", "skipped"].map(|key| value(suite, key));
        assert_eq!(counts, ["3", "1", "1", "0"], "{name}");
    }
    assert_eq!(
        value(named("testsuite")[0], "timestamp"),
        "2023-11-14T22:13:20"
    );
    let cases = named("testcase");
    assert_eq!(cases.len(), 3);
    assert_eq!(value(cases[0], "classname"), "use.cpu");
    assert_eq!(value(cases[1], "name"), "h/x{a=\"</testcase><b>&'}");
    assert_eq!((named("failure").len(), named("error").len()), (1, 1));
    let skipped = render(
        &[compliance(vec![verdict("y", Outcome::Undecidable)])],
        Undecidable::Skipped,
    );
    let skipped = elements(&skipped.expect("it is written"));
    assert!(skipped.iter().any(|it| it.0 == "skipped"));
    assert!(elements(&render(&[], Undecidable::Error).expect("written")).len() == 1);
}
