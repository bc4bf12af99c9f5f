//! Samples as they come, and what fires.

use std::sync::Arc;

use model::catalog::{Kind, Polarity};
use model::series::{Series, SeriesKey};
use model::standard::{Bad, Scope, Statistic};
use model::time::SECOND_NS;

use super::feed::New;
use super::*;

const S: i64 = SECOND_NS;

fn series(metric: &str, unit: &'static str) -> Series {
    Series {
        key: SeriesKey::new("web-1", metric, []),
        unit: Unit::new(unit),
        kind: Kind::Gauge,
        polarity: Polarity::HigherIsWorse,
    }
}

fn rule(id: &str, test: Test) -> ThresholdRule {
    ThresholdRule {
        id: id.to_owned(),
        title: String::new(),
        series: "*".to_owned(),
        unit: "1".to_owned(),
        test,
        samples_least: 2,
        coverage_least: 0.0,
        presence: model::standard::Presence::Optional,
        severity: Severity::Warning,
        source: String::new(),
    }
}

fn standards() -> Arc<Vec<Standard>> {
    let level = Test::Level {
        statistic: Statistic::Sustained,
        limit: Bound::AtMost(0.9),
        hold_s: 3.0,
        clear: Some(0.8),
    };
    let budget = Test::Budget {
        bad: Bad::Failed,
        objective: 0.9,
        period_s: 3_600.0,
        burn: vec![model::standard::Burn {
            long_s: 60.0,
            short_s: 30.0,
            rate: 2.0,
            severity: Severity::Severe,
        }],
    };
    Arc::new(vec![Standard {
        schema: 1,
        id: "own".to_owned(),
        version: "1".to_owned(),
        title: "t".to_owned(),
        owner: "o".to_owned(),
        source: "s".to_owned(),
        scope: Scope {
            hosts: vec!["*".to_owned()],
            note: String::new(),
        },
        rules: Rules::Threshold(vec![rule("full", level), rule("answers", budget)]),
    }])
}

fn news(standards: &Arc<Vec<Standard>>, new: Vec<New>, from: i64, values: &[f64]) -> News {
    let at: Vec<i64> = (from..from + values.len() as i64)
        .map(|it| it * S)
        .collect();
    News {
        standards: Arc::clone(standards),
        new,
        values: vec![(0, at, values.to_vec())],
        shares: Vec::new(),
        gone: Vec::new(),
        announced_after: Moment(9 * S),
    }
}

fn told(round: &Round) -> Vec<(i64, &str, Became)> {
    let all = round.news.iter();
    all.map(|it| (it.at.0 / S, it.rule.as_str(), it.became))
        .collect()
}

#[test]
fn alerts_fire_and_end_over_several_rounds_and_old_ones_are_not_announced() {
    let standards = standards();
    let watched = New {
        id: 0,
        series: series("system.cpu.utilization", "1"),
        rules: vec![(0, 0)],
    };
    let mut sentry = Sentry::default();
    // Seconds 0 to 9 were there before anybody watched: a whole alert is in them.
    let past = [0.1, 0.95, 0.95, 0.95, 0.95, 0.1, 0.1, 0.95, 0.95, 0.95];
    let round = sentry.take_in(news(&standards, vec![watched], 0, &past));
    assert_eq!(told(&round), []);
    assert_eq!(round.watched[0].stage, Stage::Pending);
    assert_eq!(round.watched[0].since, Some(Moment(7 * S)));
    let round = sentry.take_in(news(&standards, Vec::new(), 10, &[0.96, 0.85]));
    assert_eq!(told(&round), [(10, "full", Became::Firing)]);
    assert_eq!(round.news[0].since, Moment(7 * S));
    assert_eq!(
        round.news[0].statement,
        "web-1/system.cpu.utilization: 96 % above 90 % for 3 s"
    );
    assert_eq!(
        (round.watched[0].stage, round.watched[0].value),
        (Stage::Firing, 0.85)
    );
    let fired = round.news[0].id;
    let round = sentry.take_in(news(&standards, Vec::new(), 12, &[0.5]));
    assert_eq!(told(&round), [(12, "full", Became::Resolved)]);
    assert_eq!(
        round.news[0].id, fired,
        "it ends under the id it fired with"
    );
    assert_eq!(round.watched[0].stage, Stage::Resolved);
    // Other standards begin anew.
    let others = Arc::new(Vec::new());
    let round = sentry.take_in(news(&others, Vec::new(), 13, &[1.0; 9]));
    assert_eq!(round, Round::default());
}

#[test]
fn a_budget_of_requests_fires_by_its_burn_rate() {
    let standards = standards();
    let mut sentry = Sentry::default();
    let new = New {
        id: 0,
        series: series("service.request.error_ratio", "1"),
        rules: vec![(0, 1)],
    };
    let mut first = news(&standards, vec![new], 0, &[]);
    let share = |bad: f64| Share { bad, total: 10.0 };
    let at = |from: i64, to: i64| -> Vec<i64> { (from..to).map(|it| it * S).collect() };
    first.values.clear();
    first.shares = vec![(0, at(0, 100), vec![share(0.0); 100])];
    let round = sentry.take_in(first);
    assert_eq!((told(&round), round.watched.len()), (Vec::new(), 1));
    assert_eq!(round.watched[0].measure, "burn over 1 min 00 s and 30 s");
    let mut second = news(&standards, Vec::new(), 0, &[]);
    second.values.clear();
    second.shares = vec![(0, at(100, 160), vec![share(5.0); 60])];
    let round = sentry.take_in(second);
    let fired = told(&round);
    assert_eq!(fired.len(), 1, "{fired:?}");
    // Half bad is five times too fast; it takes two fifths of a minute to be twice.
    assert!((123..128).contains(&fired[0].0), "{fired:?}");
    assert_eq!(round.watched[0].stage, Stage::Firing);
    assert_eq!(round.news[0].severity, Severity::Severe);
}

/// Samples that all are taken in, this many a round: where alerts began that fired.
fn fired_live(samples: &[(i64, f64)], a_round: usize) -> Vec<i64> {
    let standards = standards();
    let mut sentry = Sentry::default();
    let mut new = vec![New {
        id: 0,
        series: series("system.cpu.utilization", "1"),
        rules: vec![(0, 0)],
    }];
    let mut fired = Vec::new();
    for part in samples.chunks(a_round) {
        let round = sentry.take_in(News {
            values: vec![(
                0,
                part.iter().map(|(at, _)| at * S).collect(),
                part.iter().map(|(_, value)| *value).collect(),
            )],
            announced_after: Moment(i64::MIN),
            ..news(&standards, std::mem::take(&mut new), 0, &[])
        });
        let news = round.news.iter();
        let began = news.filter(|it| it.became == Became::Firing);
        fired.extend(began.map(|it| it.since.0 / S));
    }
    fired
}

/// The same in a recording.
fn fired_recorded(samples: &[(i64, f64)]) -> Vec<i64> {
    let standards = standards();
    let (at, values): (Vec<i64>, Vec<f64>) = samples.iter().map(|(at, it)| (at * S, *it)).unzip();
    let asked = analysis::standard::Asked {
        standard: &standards[0],
        rule: ("full", ""),
        host: "web-1",
        series: "web-1/system.cpu.utilization",
        window: Span::between(Moment(at[0]), Moment(at[at.len() - 1] + 1)),
    };
    let rule = rule_at(&standards, (0, 0)).expect("a rule");
    let verdict = threshold::level(&asked, rule, (&at, &values, 1.0)).expect("a verdict");
    let places = verdict.places.iter();
    places.map(|it| it.from.0 / S).collect()
}

#[test]
fn alerts_fire_live_where_they_do_in_the_recording() {
    let steady = |from: i64, step: i64, values: &[f64]| -> Vec<(i64, f64)> {
        let times = (0..).map(|it| from + it * step);
        times.zip(values.iter().copied()).collect()
    };
    // A sample beyond, a pause of a minute, a sample beyond: nobody saw what was between.
    let pause = [steady(0, 1, &[0.95]), steady(60, 1, &[0.95, 0.1, 0.1, 0.1])].concat();
    let later = [steady(0, 1, &[0.1, 0.1, 0.95]), steady(60, 1, &[0.95, 0.1])].concat();
    let slow = steady(0, 60, &[0.95, 0.95, 0.1, 0.1, 0.95, 0.95]);
    let quick = steady(0, 1, &[0.1, 0.95, 0.95, 0.95, 0.95, 0.1, 0.95]);
    let gap = [(0, f64::NAN), (1, 0.95), (2, f64::NAN), (3, f64::NAN)];
    let gap = [gap.to_vec(), steady(61, 1, &[0.95, 0.1, 0.95, 0.1])].concat();
    for (name, samples, wanted) in [
        ("pause at the begin", pause, vec![]),
        ("pause later", later, vec![]),
        ("slow series", slow, vec![0, 240]),
        ("quick series", quick, vec![1]),
        ("numbers missing", gap, vec![]),
    ] {
        assert_eq!(fired_recorded(&samples), wanted, "{name}");
        for a_round in [1, 2, 3, samples.len()] {
            assert_eq!(fired_live(&samples, a_round), wanted, "{name}, {a_round}");
        }
    }
}

#[test]
fn a_series_that_slows_down_still_fires() {
    let quick = (0..300).map(|at| (at, 0.1));
    let slow = (0..400).map(|it| (300 + it * 10, if it < 390 { 0.1 } else { 0.95 }));
    let samples: Vec<(i64, f64)> = quick.chain(slow).collect();
    assert_eq!(fired_live(&samples, 1), [4_200]);
}
