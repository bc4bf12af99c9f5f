//! Findings are kept, pinned and marked as expected, through the whole window.

#![expect(
    clippy::disallowed_methods,
    reason = "a test looks at the files that the window wrote"
)]

use std::path::{Path, PathBuf};

use egui_kittest::kittest::Queryable as _;
use model::finding::{Analysis, Expected, Kept, Severity};
use workflow::jobs::Context;
use workflow::stored::Stored;

use super::*;
use crate::export::{Export, Form};
use crate::manual::{Manual, topics};
use crate::view::findings::tests::finding;
use crate::view::findings::{Action, Progress};

/// A small session with a step, in a folder of its own.
pub(super) fn session() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let table = folder.path().join("t.csv");
    let rows = (0..900).map(|row| {
        let noise = f64::from((row * 7_919) % 97) / 97.0;
        let step = if row < 600 { 0.0 } else { 40.0 };
        format!("{},{}\n", 1_770_000_000 + row, 50.0 + noise + step)
    });
    let text: String = std::iter::once("time,cpu\n".to_owned())
        .chain(rows)
        .collect();
    crate::places::write(&table, &text).expect("it is written");
    let path = folder.path().join("t.kymo");
    let context = Context::default();
    let (imported, _) = Stored::open(&table, &context).expect("a table");
    Export::Part(imported.span())
        .write(&imported, &path, &context)
        .expect("a session");
    (folder, path)
}

fn stored(path: &Path) -> Stored {
    let opened = Stored::open(path, &Context::default());
    opened.expect("a session").0
}

/// A window that looks at this session, all analyses through.
fn analyzed(path: &Path) -> Harness<'static, App> {
    let mut harness = window(app());
    harness.state_mut().open(path.to_path_buf());
    assert!(draw_until(&mut harness, |app| {
        app.session.stored().is_some() && *app.session.insight().progress() == Progress::Done
    }));
    harness.run_steps(2);
    harness
}

fn act(harness: &mut Harness<'_, App>, action: Action) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, Wish::Findings(action));
    assert!(draw_until(harness, |app| !app.session.is_keeping()));
    harness.run_steps(2);
}

#[test]
fn findings_are_kept_and_the_same_after_opening_again() {
    let (_folder, path) = session();
    let mut harness = analyzed(&path);
    let found = harness.state().session.insight().findings().to_vec();
    assert!(!found.is_empty());
    act(&mut harness, Action::Keep);
    harness.get_by_label_contains("derived anew, they are the same");
    let kept = stored(&path).kept().expect("they are kept");
    assert_eq!(kept.findings.len(), found.len());
    assert_eq!(kept.kymo, env!("CARGO_PKG_VERSION"));
    let derived = workflow::findings::rederive(&stored(&path), &Context::default());
    assert_eq!(derived.expect("it is read"), Some(Vec::new()));
    drop(harness);

    // Kept ones are there before any analysis ran.
    let mut app = app();
    app.session.show_stored(stored(&path), &app.work);
    assert_eq!(app.session.insight().findings().len(), found.len());
    let harness = analyzed(&path);
    harness.get_by_label_contains("derived anew, they are the same");
}

#[test]
fn findings_that_differ_from_kept_ones_are_told() {
    let (_folder, path) = session();
    let mut wrong = finding(Analysis::Anomaly, "the sky fell", (0, 5));
    wrong.severity = Severity::Severe;
    let kept = Kept {
        kymo: "0.0.1".to_owned(),
        findings: vec![wrong],
        ..Kept::default()
    };
    stored(&path).keep(kept).expect("it is stored");
    let harness = analyzed(&path);
    harness.get_by_label_contains("from those kept by Kymo 0.0.1");
    let insight = harness.state().session.insight();
    let differences = insight.differences().expect("they were compared");
    assert!(differences.iter().any(|it| it.statement == "the sky fell"));
    assert!(
        insight
            .findings()
            .iter()
            .all(|it| it.statement != "the sky fell")
    );
}

#[test]
fn pins_keep_their_order_can_be_undone_and_outlast_the_window() {
    let (_folder, path) = session();
    let mut harness = analyzed(&path);
    let first = harness.state().session.insight().findings()[0].clone();
    // As another screen does it, with a finding that is not in the list.
    let foreign = finding(Analysis::Compare, "slower than yesterday", (0, 5));
    harness.state_mut().pin(foreign.clone());
    act(&mut harness, Action::Pin(first.id));
    harness.get_by_label("pinned 2");
    let pinned = |path: &Path| {
        let kept = stored(path).kept().unwrap_or_default();
        kept.pinned.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(pinned(&path), [foreign.id, first.id]);
    // Pins alone are no kept findings.
    let derived = workflow::findings::rederive(&stored(&path), &Context::default());
    assert_eq!(derived.expect("it is read"), None);

    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert!(draw_until(&mut harness, |app| !app.session.is_keeping()));
    assert_eq!(pinned(&path), [foreign.id]);
    harness.get_by_label_contains("Undone: add to report");

    let harness = analyzed(&path);
    harness.get_by_label_contains("(in the report, not found here now) slower than yesterday");
}

#[test]
fn the_report_tells_the_pinned_findings() {
    let (folder, path) = session();
    let mut harness = analyzed(&path);
    let first = harness.state().session.insight().findings()[0].clone();
    act(&mut harness, Action::Pin(first.id));
    let app = harness.state();
    let stored = app.session.stored().expect("a session");
    let out = folder.path().join("report.md");
    Export::Report(Form::Markdown, stored.span())
        .write(stored, &out, &Context::default())
        .expect("a report");
    let text = std::fs::read_to_string(&out).expect("a report");
    assert!(text.contains("## Findings") && text.contains("Chosen for this report"));
    assert!(text.contains(&first.id.to_string()), "{text}");
    assert!(text.contains("Speaks for it"));
}

#[test]
fn a_key_adds_the_chosen_finding_to_the_report_and_takes_it_out() {
    let (_folder, path) = session();
    let mut harness = analyzed(&path);
    let statement = harness.state().session.insight().findings()[0]
        .statement
        .clone();
    harness.get_by_label_contains(&statement).click();
    harness.run_steps(2);
    press(&mut harness, Modifiers::NONE, Key::R);
    assert_eq!(harness.state().session.remarks().pinned.len(), 1);
    press(&mut harness, Modifiers::NONE, Key::R);
    assert_eq!(harness.state().session.remarks().pinned.len(), 0);
}

#[test]
fn an_anomaly_is_marked_as_expected_with_a_reason_and_the_mark_taken_away() {
    let (_folder, path) = session();
    let mut harness = analyzed(&path);
    let insight = harness.state().session.insight();
    let anomaly = insight.findings().iter();
    let anomaly = anomaly.clone().find(|it| it.analysis == Analysis::Anomaly);
    let anomaly = anomaly.expect("the step").clone();
    let before = insight.unexpected().len();
    act(&mut harness, Action::Expect(anomaly.id));
    harness.get_by_label("This was to be expected");
    // Without a reason nothing is marked.
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert!(harness.state().session.remarks().expected.is_empty());
    let reason = egui::accesskit::Role::TextInput;
    harness.get_by_role_and_label(reason, "Reason").focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text("load test".to_owned()));
    harness.run_steps(2);
    harness.get_by_label("Mark as expected").click();
    harness.run_steps(3);
    let insight = harness.state().session.insight();
    assert!(insight.unexpected().len() < before);
    let last = insight.findings().last().expect("a finding");
    let reason = insight.standing()[&last.id].expected.as_deref();
    assert_eq!(reason, Some("load test"));
    assert!(draw_until(&mut harness, |app| !app.session.is_keeping()));
    let kept = stored(&path).kept().expect("it is stored");
    let mark: &Expected = &kept.expected[0];
    assert_eq!(
        (mark.span, mark.reason.as_str()),
        (anomaly.stretch(), "load test")
    );

    act(&mut harness, Action::Unmark(anomaly.id));
    assert_eq!(harness.state().session.insight().unexpected().len(), before);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(harness.state().session.remarks().expected.len(), 1);
}

#[test]
fn what_cannot_be_stored_is_told_and_stays_for_this_sitting() {
    let (folder, path) = session();
    let mut harness = analyzed(&path);
    let first = harness.state().session.insight().findings()[0].clone();
    // The folder is gone, so that nothing can be written beside the session.
    let bytes = std::fs::read(&path).expect("a session");
    let place = folder.path().to_path_buf();
    folder.close().expect("it is removed");
    act(&mut harness, Action::Pin(first.id));
    harness.get_by_label_contains("could not keep the findings");
    harness.get_by_label_contains("it is kept for this sitting");
    assert!(harness.state().session.remarks().is_pinned(first.id));
    // Opened again in the same sitting, it is there.
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::write(&path, bytes).expect("a session");
    let again = stored(&path);
    let app = harness.state_mut();
    app.session.show_live(&app.work);
    app.session.show_stored(again, &app.work);
    assert!(app.session.remarks().is_pinned(first.id));
    std::fs::remove_dir_all(&place).expect("it is removed");
}

#[test]
fn an_imported_file_keeps_pins_for_this_sitting_and_says_so() {
    let (folder, _) = session();
    let mut harness = analyzed(&folder.path().join("t.csv"));
    let first = harness.state().session.insight().findings()[0].clone();
    act(&mut harness, Action::Pin(first.id));
    harness.get_by_label_contains("lasts for this sitting only");
    act(&mut harness, Action::Keep);
    harness.get_by_label_contains("An imported file keeps nothing");
}

#[test]
fn a_finding_leads_to_its_section_of_the_help_and_so_does_its_screen() {
    let (_folder, path) = session();
    let mut harness = analyzed(&path);
    let first = harness.state().session.insight().findings()[0].clone();
    let chosen = harness.get_all_by_label_contains(&first.statement).next();
    chosen.expect("it is listed").click();
    harness.run_steps(3);
    harness.get_by_label("What does it mean?").click();
    harness.run_steps(4);
    harness.get_by_label("All pages");
    let manual = Manual::default();
    let place = manual
        .find(topics::of_finding(&first))
        .expect("it has a section");
    let title = manual.sections(place.page)[place.section].title;
    assert!(harness.query_all_by_label(title).count() >= 1, "{title}");

    harness.state_mut().views.dialogs.close_page();
    harness.run_steps(2);
    harness.get_by_label("Help on Findings").click();
    harness.run_steps(3);
    assert!(
        harness
            .query_all_by_label_contains("sorted by what users feel first")
            .count()
            >= 1
    );
}
