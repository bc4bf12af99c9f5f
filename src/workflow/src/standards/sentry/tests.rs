//! Samples as they come, and what fires.

use std::sync::Arc;

use model::catalog::{Kind, Polarity};
use model::series::{Series, SeriesKey};
use model::standard::{Scope, Statistic};
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
        step_ns: S,
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
        step_ns: S,
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
