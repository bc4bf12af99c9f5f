//! Verdicts at and around limits, on generated series whose truth is known.

use expect_test::expect;
use model::catalog::{Kind, Polarity};
use model::compliance::Outcome;
use model::finding::Analysis;
use model::plan::action::Action;
use model::plan::guard::{Breach, Guardrail, Limit};
use model::plan::{Class, Criterion, Expected, Objective, Plan, Prediction};
use model::series::{Series, SeriesKey};
use model::standard::{
    Bad, Burn, MetricRule, PlanNeed, PlanRule, Presence, Rules, Scope, Statistic, Test,
    ThresholdRule,
};
use model::time::Moment;

use super::*;
use crate::burn::Share;
use crate::stats::random::Random;

const S: i64 = 1_000_000_000;

fn standard(rules: Rules) -> Standard {
    Standard {
        schema: 1,
        id: "test".to_owned(),
        version: "1".to_owned(),
        title: "t".to_owned(),
        owner: "o".to_owned(),
        source: "s".to_owned(),
        scope: Scope {
            hosts: vec!["*".to_owned()],
            note: String::new(),
        },
        rules,
    }
}

fn rule(test: Test) -> ThresholdRule {
    ThresholdRule {
        id: "r".to_owned(),
        title: String::new(),
        series: "x".to_owned(),
        unit: "s".to_owned(),
        test,
        samples_least: 30,
        coverage_least: 0.9,
        presence: Presence::Required,
        severity: Severity::Warning,
        source: String::new(),
    }
}

fn level(statistic: Statistic, limit: Bound, hold_s: f64) -> ThresholdRule {
    rule(Test::Level {
        statistic,
        limit,
        hold_s,
        clear: None,
    })
}

fn asked(standard: &Standard, seconds: usize) -> Asked<'_> {
    Asked {
        standard,
        rule: ("r", ""),
        host: "h",
        series: "h/x",
        window: Span {
            from: Moment(0),
            to: Moment((seconds as i64 - 1) * S + 1),
        },
    }
}

/// The verdict on values a second apart.
fn verdict(rule: &ThresholdRule, values: &[f64]) -> Verdict {
    let standard = standard(Rules::Threshold(vec![rule.clone()]));
    let at: Vec<i64> = (0..values.len() as i64).map(|it| it * S).collect();
    let asked = asked(&standard, values.len());
    threshold::level(&asked, rule, (&at, values, f64::INFINITY)).expect("a level")
}

/// An autoregressive series about a mean, with this standard deviation.
fn autoregressive((mean, std, phi): (f64, f64, f64), n: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let step = std * (1.0 - phi * phi).sqrt();
    let mut last = std * random.normal();
    let next = |_| {
        last = phi * last + step * random.normal();
        mean + last
    };
    (0..n).map(next).collect()
}

#[test]
fn verdicts_at_and_around_the_limit() {
    let values: Vec<f64> = (0..100).map(|it| f64::from(it % 10)).collect();
    let mut told = String::new();
    for (statistic, limits) in [
        (Statistic::Max, [8.99, 9.0, 9.01]),
        (Statistic::Min, [-0.01, 0.0, 0.01]),
        (Statistic::Mean, [3.0, 4.5, 6.0]),
        (Statistic::Median, [2.0, 4.5, 7.0]),
        (Statistic::Percentile(95.0), [7.0, 9.0, 9.5]),
    ] {
        for number in limits {
            for bound in [Bound::AtMost(number), Bound::AtLeast(number)] {
                let found = verdict(&level(statistic, bound, 1.0), &values);
                told.push_str(&format!(
                    "{statistic} {} {number}: {} {:.2}, margin {:+.2}\n",
                    bound.sign(),
                    found.outcome.name(),
                    found.value.expect("a value"),
                    found.margin.expect("a margin"),
                ));
            }
        }
    }
    expect![[r#"
        max ≤ 8.99: fail 9.00, margin -0.01
        max ≥ 8.99: pass 9.00, margin +0.01
        max ≤ 9: pass 9.00, margin +0.00
        max ≥ 9: pass 9.00, margin +0.00
        max ≤ 9.01: pass 9.00, margin +0.01
        max ≥ 9.01: fail 9.00, margin -0.01
        min ≤ -0.01: fail 0.00, margin -0.01
        min ≥ -0.01: pass 0.00, margin +0.01
        min ≤ 0: pass 0.00, margin +0.00
        min ≥ 0: pass 0.00, margin +0.00
        min ≤ 0.01: pass 0.00, margin +0.01
        min ≥ 0.01: fail 0.00, margin -0.01
        mean ≤ 3: fail 4.50, margin -1.50
        mean ≥ 3: pass 4.50, margin +1.50
        mean ≤ 4.5: undecidable 4.50, margin +0.00
        mean ≥ 4.5: undecidable 4.50, margin +0.00
        mean ≤ 6: pass 4.50, margin +1.50
        mean ≥ 6: fail 4.50, margin -1.50
        median ≤ 2: fail 4.50, margin -2.50
        median ≥ 2: pass 4.50, margin +2.50
        median ≤ 4.5: undecidable 4.50, margin +0.00
        median ≥ 4.5: undecidable 4.50, margin +0.00
        median ≤ 7: pass 4.50, margin +2.50
        median ≥ 7: fail 4.50, margin -2.50
        p95 ≤ 7: fail 9.00, margin -2.00
        p95 ≥ 7: pass 9.00, margin +2.00
        p95 ≤ 9: undecidable 9.00, margin +0.00
        p95 ≥ 9: undecidable 9.00, margin +0.00
        p95 ≤ 9.5: undecidable 9.00, margin +0.50
        p95 ≥ 9.5: undecidable 9.00, margin -0.50
    "#]]
    .assert_eq(&told);
}

#[test]
fn how_long_a_level_was_passed_decides_what_is_sustained() {
    let mut values = vec![0.0; 100];
    values[40..51].fill(5.0);
    for (hold_s, limit, outcome, value) in [
        (10.0, 4.9, Outcome::Fail, 5.0),
        (10.0, 5.0, Outcome::Pass, 5.0),
        (10.5, 4.9, Outcome::Pass, 0.0),
        (11.0, 4.9, Outcome::Pass, 0.0),
    ] {
        let found = verdict(
            &level(Statistic::Sustained, Bound::AtMost(limit), hold_s),
            &values,
        );
        assert_eq!(
            (found.outcome, found.value),
            (outcome, Some(value)),
            "{hold_s} {limit}"
        );
        let seen = found.places.iter().map(|it| (it.from.0 / S, it.to.0 / S));
        let wanted: &[(i64, i64)] = match outcome {
            Outcome::Fail => &[(40, 51)],
            _ => &[],
        };
        assert_eq!(seen.collect::<Vec<_>>(), wanted);
    }
    let long = level(Statistic::Sustained, Bound::AtMost(1.0), 1_000.0);
    let found = verdict(&long, &values);
    assert_eq!((found.outcome, found.value), (Outcome::Undecidable, None));
    assert!(found.doubt.contains("in one go"), "{}", found.doubt);
}

/// Shares of pass, fail and undecidable over many series of one process.
fn outcomes(rule: &ThresholdRule, process: (f64, f64, f64), n: usize) -> [f64; 3] {
    const ROUNDS: u64 = 150;
    let mut counts = [0.0; 3];
    for seed in 0..ROUNDS {
        let found = verdict(rule, &autoregressive(process, n, seed + 1));
        let place = match found.outcome {
            Outcome::Pass => 0,
            Outcome::Fail => 1,
            Outcome::Undecidable => 2,
        };
        counts[place] += 1.0 / ROUNDS as f64;
    }
    counts
}

#[test]
fn dependent_samples_make_a_verdict_undecidable_and_not_wrong() {
    let mean = |limit| level(Statistic::Mean, Bound::AtMost(limit), 1.0);
    // The truth lies one tenth of a standard deviation below the limit.
    let [pass, fail, open] = outcomes(&mean(10.1), (10.0, 1.0, 0.0), 3_000);
    assert!(
        pass > 0.9 && fail < 0.01,
        "independent: {pass} {fail} {open}"
    );
    let [pass, fail, open] = outcomes(&mean(10.1), (10.0, 1.0, 0.99), 3_000);
    assert!(open > 0.8, "dependent: {pass} {fail} {open}");
    assert!(fail < 0.05, "wrong: {fail}");
    // Far from the limit they still decide.
    let [pass, _, _] = outcomes(&mean(14.0), (10.0, 1.0, 0.99), 3_000);
    assert!(pass > 0.95, "far below: {pass}");
    let [_, fail, _] = outcomes(&mean(6.0), (10.0, 1.0, 0.99), 3_000);
    assert!(fail > 0.95, "far above: {fail}");
}

#[test]
fn at_the_very_limit_hardly_any_verdict_is_given() {
    // Of a normal process p95 is 1.645 standard deviations up.
    // With a memory of 0.97 a thousand samples are some fifteen; so few know their own memory
    // badly, and an interval of 95 % is one of about 90 %.
    for (phi, most) in [(0.0, 0.06), (0.8, 0.06), (0.97, 0.12)] {
        let p95 = level(Statistic::Percentile(95.0), Bound::AtMost(11.644_85), 1.0);
        let [pass, fail, open] = outcomes(&p95, (10.0, 1.0, phi), 1_000);
        assert!(pass < most && fail < most, "{phi}: {pass} {fail} {open}");
        let mean = level(Statistic::Mean, Bound::AtLeast(10.0), 1.0);
        let [pass, fail, open] = outcomes(&mean, (10.0, 1.0, phi), 1_000);
        assert!(pass < most && fail < most, "{phi}: {pass} {fail} {open}");
    }
}

#[test]
fn too_few_samples_and_gaps_decide_nothing_but_what_happened() {
    let limit = Bound::AtMost(10.0);
    let few = verdict(&level(Statistic::Mean, limit, 1.0), &[1.0; 29]);
    assert_eq!(few.outcome, Outcome::Undecidable);
    assert_eq!(few.doubt, "only 29 samples, 30 are needed");
    assert_eq!(
        verdict(&level(Statistic::Mean, limit, 1.0), &[1.0; 30]).outcome,
        Outcome::Pass
    );
    let mut holes = vec![1.0; 200];
    holes[50..90].fill(f64::NAN);
    for statistic in [Statistic::Mean, Statistic::Max, Statistic::Sustained] {
        let found = verdict(&level(statistic, limit, 2.0), &holes);
        assert_eq!(found.outcome, Outcome::Undecidable, "{statistic}");
        assert!(found.doubt.contains("79.9 %"), "{}", found.doubt);
    }
    // A peak that was seen was there, whatever is missing; few samples are no excuse.
    holes[10] = 11.0;
    assert_eq!(
        verdict(&level(Statistic::Max, limit, 1.0), &holes).outcome,
        Outcome::Fail
    );
    assert_eq!(
        verdict(&level(Statistic::Max, limit, 1.0), &[11.0]).outcome,
        Outcome::Fail
    );
    let nothing = verdict(&level(Statistic::Mean, limit, 1.0), &[f64::NAN; 50]);
    assert_eq!(
        (nothing.outcome, nothing.value),
        (Outcome::Undecidable, None)
    );
}

#[test]
fn a_value_that_cannot_be_higher_bounds_its_interval() {
    let standard = standard(Rules::Threshold(Vec::new()));
    let values = autoregressive((0.9, 0.05, 0.95), 200, 3);
    let values: Vec<f64> = values.iter().map(|it| it.clamp(0.0, 1.0)).collect();
    let at: Vec<i64> = (0..200).map(|it| it * S).collect();
    let rule = level(Statistic::Percentile(95.0), Bound::AtMost(1.0), 1.0);
    let found = threshold::level(&asked(&standard, 200), &rule, (&at, &values, 1.0));
    let found = found.expect("a level");
    assert!(found.interval.expect("an interval").1 <= 1.0);
    assert_eq!(found.outcome, Outcome::Pass);
}

fn budget(bad: Bad) -> ThresholdRule {
    rule(Test::Budget {
        bad,
        objective: 0.99,
        period_s: 2_592_000.0,
        burn: vec![Burn {
            long_s: 60.0,
            short_s: 5.0,
            rate: 14.4,
            severity: Severity::Severe,
        }],
    })
}

fn spent(shares: &[Share]) -> Verdict {
    let rule = budget(Bad::Failed);
    let standard = standard(Rules::Threshold(vec![rule.clone()]));
    let at: Vec<i64> = (0..shares.len() as i64).map(|it| it * S).collect();
    let asked = asked(&standard, shares.len());
    threshold::budget(&asked, &rule, (&at, shares)).expect("a budget")
}

#[test]
fn error_budgets_are_judged_by_requests() {
    let share = |bad: f64| Share { bad, total: 50.0 };
    let mut random = Random::new(5);
    let mut at_rate = |rate: f64, n: usize| -> Vec<Share> {
        let one = |random: &mut Random| {
            let bad = (0..50).filter(|_| random.unit() < rate).count();
            share(bad as f64)
        };
        (0..n).map(|_| one(&mut random)).collect()
    };
    let kept = spent(&at_rate(0.004, 600));
    assert_eq!(kept.outcome, Outcome::Pass, "{}", kept.statement);
    assert_eq!(kept.samples, 30_000);
    let passed = spent(&at_rate(0.03, 600));
    assert_eq!(passed.outcome, Outcome::Fail, "{}", passed.statement);
    let near = spent(&at_rate(0.0101, 600));
    assert_eq!(near.outcome, Outcome::Undecidable, "{}", near.statement);
    // No failure among few requests does not show 99 %.
    let short = spent(&[share(0.0); 4]);
    assert_eq!(short.outcome, Outcome::Undecidable, "{}", short.statement);
    let none = spent(&vec![Share::default(); 600]);
    assert_eq!((none.outcome, none.value), (Outcome::Undecidable, None));
    // An outage of seconds spends little of the whole, and still calls somebody.
    let mut outage = vec![share(0.0); 3_000];
    outage[1_000..1_015].fill(share(50.0));
    let found = spent(&outage);
    assert_eq!(
        (found.outcome, found.severity),
        (Outcome::Fail, Severity::Severe)
    );
    assert!(found.statement.contains("1 times"), "{}", found.statement);
    assert!(found.value.expect("a share") < 0.01);
    assert_eq!(found.places.len(), 1);
}

#[test]
fn the_same_question_has_the_same_id_whatever_the_answer() {
    let rule = level(Statistic::Mean, Bound::AtMost(1.0), 1.0);
    let (calm, wild) = (verdict(&rule, &[0.5; 60]), verdict(&rule, &[5.0; 60]));
    assert_eq!(calm.id, wild.id);
    let mut compliance = begun(&standard(Rules::Threshold(vec![rule])), wild.window);
    compliance.rows = vec![calm, wild];
    assert_eq!(compliance.summary(), "1 fail, 1 pass");
    let found = findings::of(&compliance);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].analysis, found[0].id),
        (Analysis::Standard, found[0].own_id())
    );
    assert!((found[0].weight - 0.8).abs() < 1e-9, "{}", found[0].weight);
}

#[test]
fn metrics_must_be_there_in_their_unit_often_enough() {
    let rule = MetricRule {
        id: "m".to_owned(),
        title: String::new(),
        series: "x".to_owned(),
        unit: "By".to_owned(),
        cadence_s: 1.0,
        completeness: 0.95,
        presence: Presence::Required,
    };
    let standard = standard(Rules::Metric(vec![rule.clone()]));
    let asked = asked(&standard, 100);
    let mut told = String::new();
    let every = |step: usize| -> Vec<i64> { (0..100).step_by(step).map(|it| it * S).collect() };
    let holed: Vec<i64> = every(1)
        .into_iter()
        .filter(|it| !(20 * S..30 * S).contains(it))
        .collect();
    let jitter: Vec<i64> = every(1)
        .iter()
        .map(|it| it + (it / S % 3) * S / 50)
        .collect();
    for (unit, at) in [
        ("By", every(1)),
        ("s", every(1)),
        ("By", every(2)),
        ("By", holed),
        ("By", jitter),
        ("By", vec![5 * S]),
    ] {
        let values = vec![1.0; at.len()];
        let found = metric::judge(&asked, &rule, (&Unit::new(unit), &at, &values));
        told.push_str(&format!("{}: {}\n", found.outcome.name(), found.statement));
    }
    told.push_str(&format!("{}\n", metric::missing(&asked).statement));
    expect![[r#"
        pass: h/x: 100 % of what was asked for is there (95 % asked for)
        fail: h/x: recorded in "s", asked for in "By"
        fail: h/x: a sample every 2 s, asked for every 1 s
        fail: h/x: 89.9 % of what was asked for is there, which is too little (95 % asked for)
        pass: h/x: 100 % of what was asked for is there (95 % asked for)
        undecidable: h/x: 1 samples tell no cadence
        h/x: it was not recorded
    "#]]
    .assert_eq(&told);
}

#[test]
fn a_plan_passes_rule_by_rule_as_it_grows() {
    let need = |id: &str, needs| PlanRule {
        id: id.to_owned(),
        title: String::new(),
        needs,
    };
    let standard = standard(Rules::Optimization(vec![
        need("objective", PlanNeed::Objective),
        need(
            "guards",
            PlanNeed::Guardrails {
                at_least: 2,
                putting_back: 1,
            },
        ),
        need(
            "rollback",
            PlanNeed::Rollback {
                deadline_s: 900.0,
                lease_s: 300.0,
                survives: vec![model::plan::Survive::Reboot],
            },
        ),
        need(
            "interval",
            PlanNeed::Interval {
                at_least: 1,
                class: Class::B,
            },
        ),
        need("judged", PlanNeed::Validation { at_least: 1 }),
    ]));
    let mut plan = Plan::new("a1", "faster", Moment(0));
    let mut told = String::new();
    let mut say = |plan: &Plan| {
        for row in plan::judge(&standard, plan).rows {
            told.push_str(&format!(
                "{} {}: {}\n",
                row.outcome.sign(),
                row.rule,
                row.statement
            ));
        }
        told.push('\n');
    };
    plan.rollback.deadline_s = 3_600.0;
    say(&plan);
    plan.rollback.deadline_s = 600.0;
    plan.rollback.survive.clear();
    let guard = |on_breach| Guardrail {
        metric: "system.cpu.utilization".to_owned(),
        limit: Limit::AtMost(0.9),
        for_s: 5.0,
        on_breach,
    };
    plan.guardrails = vec![guard(Breach::Tell), guard(Breach::Tell)];
    plan.objective = Some(Objective {
        metric: "p95".to_owned(),
        goal: Limit::AtMost(0.2),
        cost_limit: None,
    });
    let expected = |metric: &str, class| Expected {
        metric: metric.to_owned(),
        unit: "s".to_owned(),
        p10: Some(0.1),
        p50: Some(0.2),
        p90: Some(0.3),
        before: None,
        class,
        model: String::new(),
        inputs_hash: String::new(),
        refused: None,
        record_next: None,
    };
    plan.prediction = Some(Prediction {
        hash: String::new(),
        version: String::new(),
        at: Moment(1),
    });
    plan.expected = vec![expected("p95", Class::C), expected("throughput", Class::A)];
    say(&plan);
    plan.rollback.survive = vec![model::plan::Survive::Reboot];
    plan.guardrails[0].on_breach = Breach::RollbackAll;
    plan.expected[0].class = Class::B;
    plan.validation.criteria = vec![Criterion::Within {
        metric: "p95".to_owned(),
    }];
    let none: &[Action] = &[];
    assert_eq!(
        plan.actions, none,
        "what is changed is not this standard's business"
    );
    say(&plan);
    expect![[r#"
        × objective: it does not say what shall be reached
        × guards: 0 guardrails must hold meanwhile, 2 are asked for
        × rollback: the deadline of 1 h 00 min is longer than 15 min 00 s
        × interval: nothing was predicted since the last edit
        × judged: 0 criteria tell afterwards whether it helped, 1 are asked for

        ✓ objective: it shall bring p95 to at most 0.2
        × guards: 0 guardrails put everything back, 1 are asked for
        × rollback: the way back does not survive Reboot
        × interval: p95 has no predicted interval of class B or better
        × judged: 0 criteria tell afterwards whether it helped, 1 are asked for

        ✓ objective: it shall bring p95 to at most 0.2
        ✓ guards: 2 guardrails must hold meanwhile, 2 are asked for
        ✓ rollback: without a word everything is put back after 10 min 00 s
        ✓ interval: 2 metrics have a predicted interval that is sure enough, 1 are asked for
        ✓ judged: 1 criteria tell afterwards whether it helped, 1 are asked for

    "#]]
    .assert_eq(&told);
}

#[test]
fn what_is_proposed_is_kept_by_the_baseline_and_broken_by_more() {
    let series = |polarity| Series {
        key: SeriesKey::new("h", "app.latency", []),
        unit: Unit::new("s"),
        kind: Kind::Gauge,
        polarity,
    };
    let mut values = autoregressive((0.2, 0.02, 0.7), 600, 9);
    values[300] = 5.0;
    let margin = propose::Margin::default();
    let worse = series(Polarity::HigherIsWorse);
    let rule = propose::rule(("lat", &worse), &values, margin).expect("a rule");
    let Test::Level {
        limit: Bound::AtMost(limit),
        clear: Some(clear),
        ..
    } = rule.test
    else {
        panic!("{rule:?}");
    };
    assert!(
        (0.28..0.4).contains(&limit),
        "one outlier does not set it: {limit}"
    );
    assert!(clear < limit && clear > 0.2, "{clear}");
    assert_eq!(verdict(&rule, &values).outcome, Outcome::Pass);
    let slower: Vec<f64> = values.iter().map(|it| it * 3.0).collect();
    assert_eq!(verdict(&rule, &slower).outcome, Outcome::Fail);
    assert!(
        rule.source.contains("p99 of the baseline"),
        "{}",
        rule.source
    );
    let better = series(Polarity::HigherIsBetter);
    let rule = propose::rule(("lat", &better), &values, margin).expect("a rule");
    assert!(matches!(rule.test, Test::Level { limit: Bound::AtLeast(limit), .. } if limit < 0.16));
    assert_eq!(verdict(&rule, &values).outcome, Outcome::Pass);
    let neutral = series(Polarity::Neutral);
    assert_eq!(
        propose::rule(("x", &neutral), &values, margin),
        Err(propose::Refused::Neutral)
    );
    assert_eq!(
        propose::rule(("x", &worse), &[1.0; 9], margin),
        Err(propose::Refused::Few)
    );
    assert_eq!(
        propose::rule(("x", &worse), &[1.0; 99], margin),
        Err(propose::Refused::Still)
    );
}
