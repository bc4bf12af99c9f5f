//! Standards held against data while it comes.
//!
//! The window's thread copies the samples that are new ([`feed::Feed::news`]); a job steps the
//! alerts of each rule and series with them ([`Sentry::take_in`]). All times are those of
//! samples, so an alert says the same live and in the recording.
//!
//! * In: standards, and the tracks and histograms of live hosts.
//! * Out: where each rule stands now, and what fired or ended.
//! * Never: announces what was over before anybody watched.
//!
//! Start at [`Sentry::take_in`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use analysis::alert::{self, State};
use analysis::burn::{self, Meter, Share};
use analysis::standard::threshold;
use model::finding::{Analysis, FindingId, LIVE, Question, Severity};
use model::series::Series;
use model::standard::{Bound, Rules, Standard, Test, ThresholdRule};
use model::time::{Moment, Span, duration_text};
use model::unit::{Unit, digits};

use super::measured::shares_of_values;
use super::sink::{AlertNews, Became};
use crate::link::lock;

pub mod feed;
mod paced;

use feed::News;
use paced::Paced;

#[cfg(test)]
mod tests;

/// What stands for the time between samples until they tell it.
const STEP_UNKNOWN_NS: i64 = 1;

/// Where a rule stands on a series, now.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Id of the standard.
    pub standard: String,
    /// Its version.
    pub version: String,
    /// Id of the rule.
    pub rule: String,
    /// What the rule says.
    pub title: String,
    /// Host.
    pub host: String,
    /// Name of the series.
    pub series: String,
    /// What is watched: the value, or the burn rate over two windows.
    pub measure: String,
    /// Where it stands.
    pub stage: Stage,
    /// First sample of the stage's breach; of the last one where it is resolved.
    pub since: Option<Moment>,
    /// The newest sample.
    pub at: Moment,
    /// The newest value; `NaN` where none is known.
    pub value: f64,
    /// Where it must be.
    pub limit: Bound,
    /// Unit of both.
    pub unit: Unit,
    /// How much it matters.
    pub severity: Severity,
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Beyond for the hold time.
    Firing,
    /// Beyond, not for long enough yet.
    Pending,
    /// It fired and ended.
    Resolved,
    /// Within.
    Ok,
}

impl Stage {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Pending => "pending",
            Self::Resolved => "resolved",
            Self::Ok => "ok",
        }
    }

    fn of(state: State) -> (Self, Option<Moment>) {
        match state {
            State::Ok => (Self::Ok, None),
            State::Pending { since, .. } => (Self::Pending, Some(since)),
            State::Firing { since, .. } => (Self::Firing, Some(since)),
            State::Resolved { since, .. } => (Self::Resolved, Some(since)),
        }
    }
}

/// What a round of samples brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Round {
    /// What fired or ended, by time; without what was over before anybody watched.
    pub news: Vec<AlertNews>,
    /// Every rule on every series, firing ones first.
    pub watched: Vec<Watched>,
}

/// How one rule is followed on one series.
enum Engine {
    Level(Paced),
    Budget(Meter),
}

struct Post {
    standard: usize,
    rule: usize,
    engine: Engine,
    value: f64,
    at: Moment,
    /// Last stretch of each pair of a budget that is over.
    over: Vec<Option<Span>>,
}

/// All rules on all series.
#[derive(Default)]
pub struct Sentry {
    standards: Arc<Vec<Standard>>,
    posts: HashMap<u32, (Series, Vec<Post>)>,
}

/// A sentry that jobs share, one at a time.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Sentry>>);

impl Shared {
    /// Judges what came like [`Sentry::take_in`]; waits for another job that does.
    pub fn take_in(&self, news: News) -> Round {
        lock(&self.0).take_in(news)
    }
}

/// The threshold rule at a place.
fn rule_at(standards: &[Standard], (standard, rule): (usize, usize)) -> Option<&ThresholdRule> {
    match &standards.get(standard)?.rules {
        Rules::Threshold(rules) => rules.get(rule),
        _ => None,
    }
}

impl Sentry {
    /// Steps the alerts with what came. Costs well under a microsecond a sample.
    pub fn take_in(&mut self, news: News) -> Round {
        if !Arc::ptr_eq(&self.standards, &news.standards) {
            self.standards = Arc::clone(&news.standards);
            self.posts.clear();
        }
        for new in news.new {
            let posts = new.rules.iter();
            let posts = posts.filter_map(|place| self.post(*place));
            let posts: Vec<Post> = posts.collect();
            self.posts.insert(new.id, (new.series, posts));
        }
        let mut told = Vec::new();
        for (id, at, values) in &news.values {
            if let Some((series, posts)) = self.posts.get_mut(id) {
                for post in posts {
                    post.values(series, &self.standards, (at, values), &mut told);
                }
            }
        }
        for (id, at, shares) in &news.shares {
            if let Some((series, posts)) = self.posts.get_mut(id) {
                for post in posts {
                    post.shares(series, &self.standards, (at, shares), &mut told);
                }
            }
        }
        for id in news.gone {
            self.posts.remove(&id);
        }
        told.retain(|it: &AlertNews| it.at > news.announced_after);
        told.sort_by_key(|it| (it.at, it.id));
        Round {
            news: told,
            watched: self.watched(),
        }
    }

    fn post(&self, (standard, rule): (usize, usize)) -> Option<Post> {
        let asked = rule_at(&self.standards, (standard, rule))?;
        let engine = match (&asked.test, threshold::setup(asked, STEP_UNKNOWN_NS)) {
            (Test::Level { .. }, Some(setup)) => Engine::Level(Paced::new(setup)),
            (
                Test::Budget {
                    objective, burn, ..
                },
                _,
            ) => Engine::Budget(Meter::new(*objective, burn)),
            (Test::Level { .. }, None) => return None,
        };
        Some(Post {
            standard,
            rule,
            engine,
            value: f64::NAN,
            at: Moment(0),
            over: Vec::new(),
        })
    }

    fn watched(&self) -> Vec<Watched> {
        let mut all: Vec<Watched> = Vec::new();
        for (series, posts) in self.posts.values() {
            for post in posts {
                let standard = self.standards.get(post.standard);
                let rule = rule_at(&self.standards, (post.standard, post.rule));
                if let (Some(standard), Some(rule)) = (standard, rule) {
                    post.watched((standard, rule), series, &mut all);
                }
            }
        }
        all.sort_by(|a, b| {
            let key = |it: &Watched| (it.stage, std::cmp::Reverse(it.severity));
            key(a)
                .cmp(&key(b))
                .then_with(|| a.standard.cmp(&b.standard))
                .then_with(|| a.rule.cmp(&b.rule))
                .then_with(|| a.series.cmp(&b.series))
                .then_with(|| a.measure.cmp(&b.measure))
        });
        all
    }
}

impl Post {
    fn values(
        &mut self,
        series: &Series,
        standards: &[Standard],
        (at, values): (&[i64], &[f64]),
        told: &mut Vec<AlertNews>,
    ) {
        let (Some(standard), Some(rule)) = (
            standards.get(self.standard),
            rule_at(standards, (self.standard, self.rule)),
        ) else {
            return;
        };
        let samples = at.iter().copied().zip(values.iter().copied());
        let numbers = samples.filter(|(_, it)| !it.is_nan());
        if let Some((at, value)) = numbers.clone().next_back() {
            (self.at, self.value) = (Moment(at), value);
        }
        match (&mut self.engine, &rule.test) {
            (Engine::Level(paced), _) => {
                let changed = paced.take_in(numbers);
                let all = changed.iter();
                told.extend(all.filter_map(|it| announced((standard, rule), series, it)));
            }
            (Engine::Budget(_), Test::Budget { bad, .. }) => {
                for (at, value) in numbers {
                    let share = shares_of_values(*bad, &[value])[0];
                    self.burnt((standard, rule), series, (at, share), told);
                }
            }
            (Engine::Budget(_), Test::Level { .. }) => {}
        }
    }

    fn shares(
        &mut self,
        series: &Series,
        standards: &[Standard],
        (at, shares): (&[i64], &[Share]),
        told: &mut Vec<AlertNews>,
    ) {
        let (Some(standard), Some(rule)) = (
            standards.get(self.standard),
            rule_at(standards, (self.standard, self.rule)),
        ) else {
            return;
        };
        for (at, share) in at.iter().zip(shares) {
            self.at = Moment(*at);
            self.burnt((standard, rule), series, (*at, *share), told);
        }
    }

    fn burnt(
        &mut self,
        (standard, rule): (&Standard, &ThresholdRule),
        series: &Series,
        (at, share): (i64, Share),
        told: &mut Vec<AlertNews>,
    ) {
        let Engine::Budget(meter) = &mut self.engine else {
            return;
        };
        for change in meter.step(at, share) {
            let (place, became, since) = match change {
                burn::Change::Fired(place) => (place, Became::Firing, Moment(at)),
                burn::Change::Resolved(place, span) => {
                    self.over.resize(meter.pairs().len(), None);
                    self.over[place] = Some(span);
                    (place, Became::Resolved, span.from)
                }
            };
            if let Some(pair) = meter.pairs().get(place) {
                let mut one = news(
                    (standard, rule),
                    series,
                    (became, since, Moment(at)),
                    f64::NAN,
                );
                one.severity = pair.burn.severity;
                one.statement = format!(
                    "{}: the error budget burns {} times too fast over {}, the limit is {}: {}",
                    one.series,
                    digits(pair.long.unwrap_or(f64::NAN)),
                    duration_text(pair.burn.long_s),
                    digits(pair.burn.rate),
                    became.name(),
                );
                told.push(one);
            }
        }
    }

    fn watched(
        &self,
        (standard, rule): (&Standard, &ThresholdRule),
        series: &Series,
        all: &mut Vec<Watched>,
    ) {
        let of = |measure: String, (stage, since), value, (limit, unit, severity)| Watched {
            standard: standard.id.clone(),
            version: standard.version.clone(),
            rule: rule.id.clone(),
            title: rule.title.clone(),
            host: series.key.host.clone(),
            series: series.key.to_string(),
            measure,
            stage,
            since,
            at: self.at,
            value,
            limit,
            unit,
            severity,
        };
        match (&self.engine, &rule.test) {
            (Engine::Level(paced), Test::Level { limit, hold_s, .. }) => {
                let unit = series.unit.clone();
                let measure = format!("value, held {}", duration_text(*hold_s));
                let facts = (*limit, unit, rule.severity);
                all.push(of(measure, Stage::of(paced.state()), self.value, facts));
            }
            (Engine::Budget(meter), _) => {
                for (place, pair) in meter.pairs().iter().enumerate() {
                    let measure = format!(
                        "burn over {} and {}",
                        duration_text(pair.burn.long_s),
                        duration_text(pair.burn.short_s)
                    );
                    let over = self.over.get(place).copied().flatten();
                    let stage = match (pair.since, over) {
                        (Some(since), _) => (Stage::Firing, Some(since)),
                        (None, Some(span)) => (Stage::Resolved, Some(span.from)),
                        (None, None) => (Stage::Ok, None),
                    };
                    let value = pair.long.unwrap_or(f64::NAN);
                    // A plain number: times the rate that just spends the budget.
                    let facts = (
                        Bound::AtMost(pair.burn.rate),
                        Unit::new("{times}"),
                        pair.burn.severity,
                    );
                    all.push(of(measure, stage, value, facts));
                }
            }
            (Engine::Level(_), Test::Budget { .. }) => {}
        }
    }
}

/// What people are told of a change; `None` for what is no news.
fn announced(
    of: (&Standard, &ThresholdRule),
    series: &Series,
    changed: &paced::Changed,
) -> Option<AlertNews> {
    let became = match changed.change {
        alert::Change::Fired => Became::Firing,
        alert::Change::Resolved => Became::Resolved,
        alert::Change::Pending | alert::Change::Calmed => return None,
    };
    let at = Moment(changed.at);
    let (_, since) = Stage::of(changed.state);
    let times = (became, since.unwrap_or(at), at);
    Some(news(of, series, times, changed.value))
}

fn news(
    (standard, rule): (&Standard, &ThresholdRule),
    series: &Series,
    (became, since, at): (Became, Moment, Moment),
    value: f64,
) -> AlertNews {
    let name = series.key.to_string();
    let unit = &series.unit;
    let told = match &rule.test {
        Test::Level {
            limit,
            hold_s,
            clear,
            ..
        } => match became {
            Became::Firing => format!(
                "{name}: {} {} {} for {}",
                unit.text(value),
                match limit {
                    Bound::AtMost(_) => "above",
                    Bound::AtLeast(_) => "below",
                },
                unit.text(limit.number()),
                duration_text(*hold_s)
            ),
            Became::Resolved => format!(
                "{name}: back at {}, within {}, after {}",
                unit.text(value),
                unit.text(clear.unwrap_or(limit.number())),
                duration_text(at.after(since).unwrap_or(0.0))
            ),
        },
        Test::Budget { .. } => name.clone(),
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let parameters = [
        pair("standard", &standard.id),
        pair("version", &standard.version),
        pair("rule", &rule.id),
        pair(LIVE.0, LIVE.1),
    ];
    AlertNews {
        id: FindingId::of(&Question {
            analysis: Analysis::Standard,
            series: std::slice::from_ref(&name),
            span: Span {
                from: since,
                to: since,
            },
            parameters: &parameters,
        }),
        standard: standard.id.clone(),
        version: standard.version.clone(),
        rule: rule.id.clone(),
        host: series.key.host.clone(),
        series: name,
        became,
        severity: rule.severity,
        since,
        at,
        statement: told,
    }
}
