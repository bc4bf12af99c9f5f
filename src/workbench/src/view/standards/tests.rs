//! Clicks on verdicts and alerts, and what an empty screen offers.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::finding::{Analysis, FindingId, Question, Severity};
use model::standard::{Bound, Standard};
use model::unit::Unit;
use workflow::standards;

use super::ui as standards_ui;
use super::*;
use crate::view::testing;

fn span(from: i64, to: i64) -> Span {
    Span {
        from: Moment(from * 1_000_000_000),
        to: Moment(to * 1_000_000_000),
    }
}

fn id() -> FindingId {
    FindingId::of(&Question {
        analysis: Analysis::Standard,
        series: &[],
        span: span(0, 1),
        parameters: &[],
    })
}

fn verdict(rule: &str, outcome: Outcome) -> Verdict {
    Verdict {
        id: id(),
        rule: rule.to_owned(),
        title: String::new(),
        host: "web-1".to_owned(),
        series: "web-1/system.cpu.utilization".to_owned(),
        outcome,
        measure: "p95".to_owned(),
        value: Some(0.95),
        limit: Some(Bound::AtMost(0.9)),
        margin: Some(-0.05),
        interval: Some((0.93, 0.97)),
        level: 0.95,
        unit: Unit::new("1"),
        coverage: Some(1.0),
        samples: 60,
        effective: Some(12.4),
        window: span(0, 60),
        places: vec![span(10, 25)],
        severity: Severity::Severe,
        statement: "p95 95 % is 5 % above the limit".to_owned(),
        doubt: String::new(),
    }
}

fn attached(id: &str) -> Attached {
    let standard: Standard = standards::load(id).expect("it is shipped");
    Attached {
        standard,
        by: By::Session,
    }
}

fn compliance(rows: Vec<Verdict>) -> Compliance {
    Compliance {
        standard: "use".to_owned(),
        version: "1.0.0".to_owned(),
        title: "t".to_owned(),
        kind: "threshold".to_owned(),
        owner: "o".to_owned(),
        source: "s".to_owned(),
        window: span(0, 60),
        rows,
        skipped: Vec::new(),
    }
}

fn drawn(data: &Data<'_>, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let (mut state, mut actions) = (State::default(), Vec::new());
    let mut harness = testing::harness([1200.0, 600.0], |ui| {
        actions.extend(standards_ui(ui, &mut state, data));
    });
    harness.run();
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

fn data<'a>(clock: &'a Clock, attached: &'a [Attached], looks_at: LooksAt) -> Data<'a> {
    Data {
        attached,
        kept: &[],
        troubles: &[],
        watched: &[],
        past: &[],
        looks_at,
        progress: None,
        desktop: Some(Switched::Off),
        hosts: 1,
        version: 1,
        clock,
    }
}

#[test]
fn an_empty_screen_offers_the_first_standard() {
    let clock = Clock::utc();
    for looks_at in [LooksAt::Live, LooksAt::Stored] {
        let actions = drawn(&data(&clock, &[], looks_at), |harness| {
            harness.get_by_label("Attach USE").click();
        });
        assert_eq!(actions, [Action::Attach("use".to_owned())]);
    }
    let actions = drawn(&data(&clock, &[], LooksAt::Nothing), |harness| {
        harness.get_by_label("Record this computer").click();
    });
    assert_eq!(actions, [Action::Command(Id::Record)]);
}

#[test]
fn a_chosen_verdict_is_told_in_full_and_leads_to_where_it_happened() {
    let clock = Clock::utc();
    let attached = [attached("use")];
    let kept = [compliance(vec![
        verdict("cpu-utilization", Outcome::Fail),
        verdict("cpu-saturation", Outcome::Pass),
    ])];
    let data = Data {
        kept: &kept,
        ..data(&clock, &attached, LooksAt::Stored)
    };
    let actions = drawn(&data, |harness| {
        assert!(
            harness
                .query_by_label_contains("use 1.0.0: 1 fail, 1 pass")
                .is_some()
        );
        harness
            .get_by_label_contains("× fail, cpu-utilization")
            .click();
        harness.run();
        assert!(
            harness
                .query_by_label_contains("as much evidence as 12")
                .is_some()
        );
        harness.get_by_label_contains("for 15 s").click();
    });
    assert_eq!(actions, [Action::Show(span(10, 25))]);
    let actions = drawn(&data, |harness| {
        harness.get_by_label("Detach use").click();
    });
    assert_eq!(actions, [Action::Detach("use".to_owned())]);
    let actions = drawn(&data, |harness| {
        harness.get_by_label("Check again").click();
    });
    assert_eq!(actions, [Action::Check]);
}

#[test]
fn alerts_are_listed_and_lead_to_their_begin() {
    let clock = Clock::utc();
    let attached = [attached("use")];
    let watched = [Watched {
        standard: "use".to_owned(),
        version: "1.0.0".to_owned(),
        rule: "cpu-utilization".to_owned(),
        title: String::new(),
        host: "web-1".to_owned(),
        series: "web-1/system.cpu.utilization".to_owned(),
        measure: "value, held 10 s".to_owned(),
        stage: Stage::Firing,
        since: Some(Moment(7_000_000_000)),
        at: Moment(20_000_000_000),
        value: 0.97,
        limit: Bound::AtMost(0.9),
        unit: Unit::new("1"),
        severity: Severity::Severe,
    }];
    let news = AlertNews {
        id: id(),
        standard: "use".to_owned(),
        version: "1.0.0".to_owned(),
        rule: "cpu-utilization".to_owned(),
        host: "web-1".to_owned(),
        series: "web-1/system.cpu.utilization".to_owned(),
        became: Became::Firing,
        severity: Severity::Severe,
        since: Moment(7_000_000_000),
        at: Moment(17_000_000_000),
        statement: "97 % above 90 % for 10 s".to_owned(),
    };
    let data = Data {
        watched: &watched,
        past: &[&news],
        ..data(&clock, &attached, LooksAt::Live)
    };
    let actions = drawn(&data, |harness| {
        assert!(
            harness
                .query_by_label_contains("Alerts (1 firing)")
                .is_some()
        );
        assert!(
            harness
                .query_by_label_contains("▲ firing, cpu-utilization")
                .is_some()
        );
        harness
            .get_by_label_contains("97 % above 90 % for 10 s")
            .click();
    });
    assert_eq!(actions, [Action::Goto(Moment(7_000_000_000))]);
    let actions = drawn(&data, |harness| {
        harness.get_by_label("Tell the desktop").click();
    });
    assert_eq!(actions, [Action::Command(Id::DesktopAlerts)]);
    let without = Data {
        desktop: None,
        ..data
    };
    let actions = drawn(&without, |harness| {
        assert!(
            harness
                .query_by_label_contains("not available on this system")
                .is_some()
        );
    });
    assert_eq!(actions, []);
}
