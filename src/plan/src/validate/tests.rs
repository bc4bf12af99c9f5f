//! Plans held against recordings whose truth is known.

use analysis::compare::Relation;
use analysis::stats::random::Random;
use expect_test::{Expect, expect};
use model::plan::Criterion;
use model::plan::action::{Action, Kind as ActionKind};
use model::plan::guard::Limit;

use super::*;
use crate::sample;

/// Five minutes about a level, with neighbors that repeat each other.
fn noise(seed: u64, level: f64, spread: f64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut last = 0.0;
    (0..300)
        .map(|_| {
            last = 0.5 * last + 0.866 * random.normal();
            level * (1.0 + spread * last)
        })
        .collect()
}

fn metric(name: &str, unit: &'static str, level: f64) -> Metric {
    let seed = name.len() as u64 + (level * 1e6) as u64;
    Metric {
        name: name.to_owned(),
        unit: Unit::new(unit),
        polarity: Polarity::Neutral,
        runs: vec![noise(seed, level, 0.02)],
        whole: None,
    }
}

/// Throughput and p95 of the checkout at these levels.
fn recording(throughput: f64, p95: f64) -> Recording {
    Recording {
        step_s: 1.0,
        load: 400.0,
        requests: 120_000,
        operations: vec![("browse".to_owned(), 90.0), ("checkout".to_owned(), 10.0)],
        busiest: 0.6,
        metrics: vec![
            metric("app.throughput", "{request}/s", throughput),
            metric("app.checkout.p95", "s", p95),
        ],
    }
}

fn check(plan: &Plan, after: &Recording, want: &Expect) -> Report {
    let before = recording(400.0, 0.34);
    let sides = Sides {
        before: &before,
        after,
        relation: Relation::Adjacent,
    };
    let report = validate(plan, &sides);
    let lines = sentence::lines(&report).join("\n") + "\n";
    want.assert_eq(&format!("{}\n{lines}", report.verdict.name()));
    report
}

#[test]
fn what_came_as_predicted_is_validated() {
    let report = check(
        &sample::checkout(),
        &recording(450.0, 0.18),
        &expect![[r#"
            validated
            The plan did what was predicted: 2 of 2 predictions agree with what was measured, and every criterion holds.
            app.throughput: predicted 455/s (410/s to 490/s), measured 450/s, 1.2 % off (excellent), inside the interval
            app.throughput rose from 401/s to 450/s (+12 % to +13 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 180 ms, 5.4 % off (excellent), inside the interval
            app.checkout.p95 fell from 339 ms to 180 ms (-48 % to -46 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is better by 47 % (47 % to 48 %); 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 180 ms; wanted is at most 200 ms
        "#]],
    );
    assert_eq!(report.verdict.state(), Some(State::Validated));
}

#[test]
fn what_came_otherwise_is_mispredicted() {
    check(
        &sample::checkout(),
        &recording(330.0, 0.18),
        &expect![[r#"
            mispredicted
            The plan did not do what was predicted: app.throughput moved in the other direction than predicted.
            app.throughput: predicted 455/s (410/s to 490/s), measured 331/s, 37.4 % off (wrong), outside the interval
            app.throughput fell from 401/s to 331/s (-18 % to -17 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 180 ms, 5.4 % off (excellent), inside the interval
            app.checkout.p95 fell from 339 ms to 180 ms (-48 % to -46 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is better by 47 % (47 % to 48 %); 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 180 ms; wanted is at most 200 ms
            Doubt: app.throughput did not come as predicted
        "#]],
    );
    check(
        &sample::checkout(),
        &recording(450.0, 0.50),
        &expect![[r#"
            mispredicted
            The plan did not do what was predicted: app.checkout.p95 moved in the other direction than predicted.
            app.throughput: predicted 455/s (410/s to 490/s), measured 450/s, 1.2 % off (excellent), inside the interval
            app.throughput rose from 401/s to 450/s (+12 % to +13 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 500 ms, 66.0 % off (not good enough), outside the interval
            app.checkout.p95 rose from 339 ms to 500 ms (+47 % to +48 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is worse by 47 % (47 % to 48 %); 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 500 ms; wanted is at most 200 ms
            Doubt: app.checkout.p95 did not come as predicted
        "#]],
    );
}

#[test]
fn what_did_not_change_had_no_effect() {
    let mut plan = sample::checkout();
    plan.validation.criteria.remove(0);
    let report = check(
        &plan,
        &recording(400.0, 0.34),
        &expect![[r#"
            no effect
            The plan had no effect: app.checkout.p95, app.throughput are the same as before to within what counts.
            app.throughput: predicted 455/s (410/s to 490/s), measured 400/s, 13.7 % off (not good enough), outside the interval
            app.throughput stayed at 401/s (-1 % to +1 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 339 ms, 49.9 % off (not good enough), outside the interval
            app.checkout.p95 stayed at 339 ms (-1 % to +1 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is better by 0 % (-1 % to 1 %), which is too little; 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 339 ms; wanted is at most 200 ms
            Doubt: app.throughput did not come as predicted
            Doubt: app.checkout.p95 did not come as predicted
        "#]],
    );
    assert_eq!(report.verdict.state(), Some(State::Mispredicted));
}

#[test]
fn other_load_or_mix_is_not_comparable() {
    let mut after = recording(450.0, 0.18);
    after.load = 520.0;
    let report = check(
        &sample::checkout(),
        &after,
        &expect![[r#"
            not comparable
            Before and after cannot be compared: the load is 30 % above what it should be to compare (520 after, 400 before); up to 15 % is allowed. Record again at the same load and mix.
            app.throughput: predicted 455/s (410/s to 490/s), measured 450/s, 1.2 % off (excellent), inside the interval
            app.throughput rose from 401/s to 450/s (+12 % to +13 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 180 ms, 5.4 % off (excellent), inside the interval
            app.checkout.p95 fell from 339 ms to 180 ms (-48 % to -46 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is better by 47 % (47 % to 48 %); 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 180 ms; wanted is at most 200 ms
        "#]],
    );
    assert_eq!(report.verdict.state(), None);
    after.load = 440.0;
    after.operations = vec![("checkout".to_owned(), 3.0), ("browse".to_owned(), 7.0)];
    check(
        &sample::checkout(),
        &after,
        &expect![[r#"
            not comparable
            Before and after cannot be compared: 20 % of the requests are of other operations than they should be to compare; up to 10 % is allowed. Record again at the same load and mix.
            app.throughput: predicted 455/s (410/s to 490/s), measured 450/s, 1.2 % off (excellent), inside the interval
            app.throughput rose from 401/s to 450/s (+12 % to +13 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 180 ms, 5.4 % off (excellent), inside the interval
            app.checkout.p95 fell from 339 ms to 180 ms (-48 % to -46 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is better by 47 % (47 % to 48 %); 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 180 ms; wanted is at most 200 ms
        "#]],
    );
}

#[test]
fn a_plan_that_changes_load_and_mix_is_held_against_what_it_plans() {
    let mut plan = sample::checkout();
    let mix = vec![("browse".to_owned(), 0.7), ("checkout".to_owned(), 0.3)];
    plan.actions
        .push(Action::new("load", ActionKind::LoadChange { ratio: 1.3 }));
    plan.actions
        .push(Action::new("mix", ActionKind::MixChange { shares: mix }));
    let mut after = recording(450.0, 0.18);
    after.load = 520.0;
    after.operations = vec![("checkout".to_owned(), 3.0), ("browse".to_owned(), 7.0)];
    let before = recording(400.0, 0.34);
    let mut sides = Sides {
        before: &before,
        after: &after,
        relation: Relation::Adjacent,
    };
    assert_eq!(validate(&plan, &sides).verdict, Verdict::Validated);
    sides.after = &before;
    assert_eq!(validate(&plan, &sides).verdict, Verdict::NotComparable);
}

#[test]
fn too_little_is_not_enough_evidence() {
    let plan = sample::checkout();
    let mut few = recording(450.0, 0.18);
    few.requests = 900;
    check(
        &plan,
        &few,
        &expect![[r#"
            not enough evidence
            There is not enough evidence: 900 requests after are fewer than the 5000 that are wanted: record for longer.
            app.throughput: predicted 455/s (410/s to 490/s), measured 450/s, 1.2 % off (excellent), inside the interval
            app.throughput rose from 401/s to 450/s (+12 % to +13 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 180 ms, 5.4 % off (excellent), inside the interval
            app.checkout.p95 fell from 339 ms to 180 ms (-48 % to -46 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is better by 47 % (47 % to 48 %); 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 180 ms; wanted is at most 200 ms
        "#]],
    );
    let mut unknown = recording(450.0, 0.18);
    unknown.load = f64::NAN;
    check(
        &plan,
        &unknown,
        &expect![[r#"
            not enough evidence
            There is not enough evidence: the load of one side is not known, so it cannot be told whether both are the same: record what is asked for.
            app.throughput: predicted 455/s (410/s to 490/s), measured 450/s, 1.2 % off (excellent), inside the interval
            app.throughput rose from 401/s to 450/s (+12 % to +13 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 180 ms, 5.4 % off (excellent), inside the interval
            app.checkout.p95 fell from 339 ms to 180 ms (-48 % to -46 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is better by 47 % (47 % to 48 %); 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 180 ms; wanted is at most 200 ms
        "#]],
    );
    let mut loud = recording(450.0, 0.25);
    loud.metrics[1].runs = vec![noise(3, 0.25, 0.6)];
    check(
        &plan,
        &loud,
        &expect![[r#"
            not enough evidence
            There is not enough evidence: app.checkout.p95 is better by 24 % (14 % to 32 %), which is not enough evidence: record for longer; 20 % are wanted at 95 %.
            app.throughput: predicted 455/s (410/s to 490/s), measured 450/s, 1.2 % off (excellent), inside the interval
            app.throughput rose from 401/s to 450/s (+12 % to +13 %)
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), measured 259 ms, 34.3 % off (good), inside the interval
            app.checkout.p95: not enough evidence, 339 ms before and 269 ms after (-34 % to -12 %)
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.checkout.p95 is better by 24 % (14 % to 32 %), which is not enough evidence: record for longer; 20 % are wanted at 95 %
            Objective: app.checkout.p95 is 259 ms; wanted is at most 200 ms
        "#]],
    );
    let mut nothing = recording(450.0, 0.18);
    nothing.metrics.clear();
    check(
        &plan,
        &nothing,
        &expect![[r#"
            not enough evidence
            There is not enough evidence: nothing that was predicted or asked for was measured on both sides.
            app.throughput: predicted 455/s (410/s to 490/s), not measured
            app.checkout.p95: predicted 170 ms (120 ms to 260 ms), not measured
            tcp.listen_drops: not predicted (I7 not-a-resource)
            app.throughput has no interval, or was not measured
            app.checkout.p95 was not measured on both sides
            Objective: app.checkout.p95 was not measured afterwards
            Doubt: app.throughput was predicted but not measured afterwards
            Doubt: app.checkout.p95 was predicted but not measured afterwards
        "#]],
    );
}

#[test]
fn runs_apart_need_to_repeat() {
    let before = recording(400.0, 0.34);
    let after = recording(450.0, 0.18);
    let apart = Sides {
        before: &before,
        after: &after,
        relation: Relation::Apart,
    };
    let report = validate(&sample::checkout(), &apart);
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(
        report.because.contains("what a run differs from the next"),
        "{}",
        report.because
    );
    let runs = |levels: [f64; 4], unit: &'static str, name: &str| Metric {
        runs: levels
            .iter()
            .map(|it| noise((it * 1e6) as u64, *it, 0.02))
            .collect(),
        ..metric(name, unit, 1.0)
    };
    let repeated = |throughput: [f64; 4], p95: [f64; 4]| Recording {
        metrics: vec![
            runs(throughput, "{request}/s", "app.throughput"),
            runs(p95, "s", "app.checkout.p95"),
        ],
        ..recording(1.0, 1.0)
    };
    let before = repeated([400.0, 402.0, 399.0, 401.0], [0.34, 0.342, 0.338, 0.341]);
    let after = repeated([450.0, 452.0, 449.0, 451.0], [0.18, 0.182, 0.178, 0.181]);
    let several = Sides {
        before: &before,
        after: &after,
        relation: Relation::Apart,
    };
    let report = validate(&sample::checkout(), &several);
    assert_eq!(report.verdict, Verdict::Validated, "{}", report.because);
}

#[test]
fn a_percentile_of_the_window_counts_more_than_the_mean_of_percentiles() {
    let mut after = recording(450.0, 0.18);
    after.metrics[1].whole = Some(0.30);
    let before = recording(400.0, 0.34);
    let sides = Sides {
        before: &before,
        after: &after,
        relation: Relation::Adjacent,
    };
    let row = &validate(&sample::checkout(), &sides).rows[1];
    assert_eq!((row.observed, row.inside), (0.30, Some(false)));
}

#[test]
fn numbers_in_other_units_are_not_held_against_each_other() {
    for (predicted, measured, same) in [
        ("{request}/s", "1/s", true),
        ("", "By", true),
        ("s", "ms", false),
        ("{job}", "1", true),
        ("By", "By/s", false),
    ] {
        assert_eq!(
            is_same_unit(predicted, measured),
            same,
            "{predicted} {measured}"
        );
    }
    let mut after = recording(450.0, 180.0);
    after.metrics[1].unit = Unit::new("ms");
    let before = recording(400.0, 0.34);
    let sides = Sides {
        before: &before,
        after: &after,
        relation: Relation::Adjacent,
    };
    let report = validate(&sample::checkout(), &sides);
    assert!(report.rows[1].observed.is_nan());
    assert!(
        report
            .doubts
            .contains(&"app.checkout.p95 was predicted in s but measured in ms".to_owned())
    );
}

#[test]
fn side_effects_are_told_the_worse_first() {
    let with = |mut it: Recording, lag: f64, free: f64| {
        let mut worse = metric("queue.lag", "s", lag);
        worse.polarity = Polarity::HigherIsWorse;
        it.metrics.push(metric("free", "By", free * 1e9));
        it.metrics.push(worse);
        it
    };
    let before = with(recording(400.0, 0.34), 1.0, 1.0);
    let after = with(recording(450.0, 0.18), 2.0, 2.0);
    let sides = Sides {
        before: &before,
        after: &after,
        relation: Relation::Adjacent,
    };
    let report = validate(&sample::checkout(), &sides);
    let names: Vec<(&str, bool)> = report
        .side_effects
        .iter()
        .map(|it| (it.metric.as_str(), it.is_worse))
        .collect();
    assert_eq!(names, [("queue.lag", true), ("free", false)]);
}

#[test]
fn criteria_come_out_by_what_was_shown() {
    let name = || "app.checkout.p95".to_owned();
    let improves = |by, confidence| Criterion::Improves {
        metric: name(),
        by,
        confidence,
    };
    let holds = |limit| Criterion::Holds {
        metric: name(),
        limit,
    };
    let cases = [
        (improves(0.4, 0.95), Outcome::Holds),
        (improves(0.47, 0.9999), Outcome::Open),
        (improves(0.6, 0.95), Outcome::Fails),
        (holds(Limit::AtMost(0.2)), Outcome::Holds),
        (holds(Limit::AtMostRel(0.4)), Outcome::Fails),
        (Criterion::Within { metric: name() }, Outcome::Holds),
        (
            Criterion::Within {
                metric: "other".to_owned(),
            },
            Outcome::Open,
        ),
    ];
    for (criterion, want) in cases {
        let mut plan = sample::checkout();
        plan.validation.criteria = vec![criterion.clone()];
        let (before, after) = (recording(400.0, 0.34), recording(450.0, 0.18));
        let sides = Sides {
            before: &before,
            after: &after,
            relation: Relation::Adjacent,
        };
        let judged = validate(&plan, &sides).criteria.remove(0);
        assert_eq!(judged.outcome, want, "{criterion:?}: {}", judged.said);
    }
}

#[test]
fn odd_recordings_never_panic() {
    let odd = [0.0, f64::NAN, f64::INFINITY, -1.0, 1e308];
    for load in odd {
        for level in odd {
            let mut after = recording(450.0, 0.18);
            after.load = load;
            after.operations = vec![(String::new(), level)];
            after.metrics[0].runs = vec![vec![level; 3], Vec::new()];
            let before = after.clone();
            let sides = Sides {
                before: &before,
                after: &after,
                relation: Relation::Adjacent,
            };
            let report = validate(&sample::checkout(), &sides);
            assert!(!sentence::lines(&report).is_empty());
        }
    }
}
