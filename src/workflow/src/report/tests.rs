//! What a report says of a session, and what it refuses.

use std::collections::BTreeSet;

use analysis::trend::{self, Direction};
use model::report::Item;

use super::*;
use crate::input::Input;

fn session() -> Stored {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("sessions/cpu-throttling.kymo");
    let (stored, _) = Stored::open(&path, &Context::default()).expect("a session");
    stored
}

/// The report of a draft as Markdown.
fn told(draft: Draft) -> Result<String, Problem> {
    let document = make(&session(), &Order::of(draft), &Context::default())?;
    let rendered = report::render(&document, report::Format::Markdown).expect("it is rendered");
    Ok(rendered.into_text())
}

#[test]
fn a_trend_report_tells_the_trends_of_the_trend_command_and_no_clock() {
    let (stored, context) = (session(), Context::default());
    let input = Input::of_stored(&stored, None, &context).expect("it is read");
    let mut wanted = BTreeSet::new();
    for host in &input.frames {
        let trends = trend::of_frame(&host.frame);
        for finding in trend::findings(&host.host, &host.frame, &trends) {
            wanted.extend(finding.series);
        }
    }
    let mut notes = Vec::new();
    let draft = Draft::new("trend");
    let found = ahead::trends(&stored, (&input, &draft, &mut notes), &context);
    let rows = found.expect("it is found").rows;
    let going = rows.iter();
    let going = going.filter(|it| it.trend.direction() != Direction::Unknown);
    let going: BTreeSet<String> = going.map(|it| it.key.to_string()).collect();
    assert_eq!(going, wanted);
    assert!(!wanted.is_empty());
    assert!(rows.iter().all(|it| it.key.metric != "system.uptime"));
    assert!(notes.iter().any(|it| it.contains("left out")), "{notes:?}");
    for row in &rows {
        for (_, change) in &row.changes {
            let (lo, hi) = change.shift;
            let moved = (change.after - change.before).abs();
            let larger = change.after.abs().max(change.before.abs());
            assert!(moved >= 0.1 * larger, "{} hardly moved", row.key);
            assert_ne!(change.shift, (0.0, 0.0), "{} did not move", row.key);
            if row.key.metric == "system.cpu.utilization" {
                assert!(lo >= -1.0 && hi <= 1.0, "{}: {lo} to {hi}", row.key);
            }
        }
    }
}

#[test]
fn a_host_that_the_session_has_not_is_refused_with_those_it_has() {
    let draft = |host: &str| Draft {
        hosts: vec![host.to_owned()],
        ..Draft::new("performance")
    };
    let problem = told(draft("nohost")).expect_err("no such host");
    assert_eq!(problem.sort, Sort::Usage);
    assert!(problem.what_to_do.contains("demo"), "{problem}");
    assert!(told(draft("de*")).is_ok());
}

#[test]
fn what_a_draft_asks_for_in_vain_is_told() {
    let items = vec![
        Item::Part("summary".to_owned()),
        Item::Part("nope".to_owned()),
        Item::Text("as [[nosuch]] says".to_owned()),
    ];
    let draft = Draft {
        items,
        ..Draft::new("performance")
    };
    let text = told(draft).expect("a report");
    for wanted in [
        "asks for a section \"nope\"",
        "which is no number of this report",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    let usual = told(Draft::new("performance")).expect("a report");
    assert!(usual.contains("--keep first"));
    assert!(!usual.contains("no number of this report"));
}
