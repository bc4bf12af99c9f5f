//! What is wrong with the meaning of a standard, place by place.
//!
//! Start at [`faults`].

use super::{
    Bad, Bound, Burn, MetricRule, PlanNeed, ReportNeed, Rules, Standard, Statistic, Test,
    ThresholdRule,
};
use crate::catalog::{self, Kind, Metric};
use crate::series::{SeriesKey, glob_matches};
use crate::text::near::nearest;
use crate::text::scan::is_hidden;
use crate::unit::Unit;

/// Rules of one standard.
pub const RULES_MAX: usize = 256;
/// Pairs of windows of one budget.
pub const BURN_MAX: usize = 8;
/// Bytes of a name or sentence.
const NAME_MAX_BYTES: usize = 4096;
/// Bytes of an id.
const ID_MAX_BYTES: usize = 64;
/// Seconds of a hold time: a day.
const HOLD_MAX_S: f64 = 86_400.0;
/// Seconds of a budget's period: a year.
const PERIOD_MAX_S: f64 = 366.0 * 86_400.0;

/// Something wrong, by the path of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Such as `rules[2].test.limit`.
    pub path: String,
    /// What is wrong.
    pub why: String,
    /// What to try.
    pub next: String,
}

/// Everything wrong with a standard; empty where it is sound.
pub fn faults(standard: &Standard) -> Vec<Fault> {
    let mut faults = Faults::default();
    if standard.schema != super::SCHEMA {
        let why = format!("{} is no version of this document", standard.schema);
        faults.add("schema", why, format!("schema: {}", super::SCHEMA));
    }
    faults.id("id", &standard.id);
    let numbers: Vec<&str> = standard.version.split('.').collect();
    let is_number =
        |it: &&str| (1..=9).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_digit());
    if numbers.len() > 3 || !numbers.iter().all(is_number) {
        let why = format!("{:?} is no version", standard.version);
        faults.add("version", why, "one to three numbers, such as 1.2.0");
    }
    for (path, text) in [
        ("title", &standard.title),
        ("owner", &standard.owner),
        ("source", &standard.source),
    ] {
        faults.said(path, text);
    }
    faults.text("scope.note", &standard.scope.note);
    if standard.scope.hosts.is_empty() {
        faults.add(
            "scope.hosts",
            "no host is named",
            "hosts: [\"*\"] for all of them",
        );
    }
    for (i, host) in standard.scope.hosts.iter().enumerate() {
        faults.said(&format!("scope.hosts[{i}]"), host);
    }
    faults.rules(&standard.rules);
    faults.found
}

#[derive(Default)]
struct Faults {
    found: Vec<Fault>,
}

impl Faults {
    fn add(&mut self, path: impl Into<String>, why: impl Into<String>, next: impl Into<String>) {
        self.found.push(Fault {
            path: path.into(),
            why: why.into(),
            next: next.into(),
        });
    }

    fn id(&mut self, path: &str, id: &str) {
        let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        let begins = id.bytes().next().is_some_and(|it| it.is_ascii_lowercase());
        if !begins || id.len() > ID_MAX_BYTES || !id.bytes().all(plain) {
            let why = format!("{id:?} is no id");
            let next = "up to 64 lower-case letters, digits and -, a letter first";
            self.add(path, why, next);
        }
    }

    fn text(&mut self, path: &str, text: &str) {
        if text.len() > NAME_MAX_BYTES {
            self.add(
                path,
                format!("longer than {NAME_MAX_BYTES} bytes"),
                "say it shorter",
            );
        }
        if let Some(hidden) = text.chars().find(|it| is_hidden(*it)) {
            let why = format!("the character U+{:04X} cannot be seen", u32::from(hidden));
            self.add(path, why, "delete it and write the text again by hand");
        }
    }

    /// A text that must be there.
    fn said(&mut self, path: &str, text: &str) {
        if text.trim().is_empty() {
            self.add(path, "nothing is said", "say it in a few words");
        }
        self.text(path, text);
    }

    /// Whether a number is within; says so if not.
    fn within(&mut self, path: &str, value: f64, (least, most): (f64, f64)) {
        if !(least..=most).contains(&value) {
            let why = format!("{value} is not between {least} and {most}");
            self.add(path, why, format!("a number from {least} to {most}"));
        }
    }

    fn rules(&mut self, rules: &Rules) {
        if rules.is_empty() {
            self.add("rules", "there is no rule", "at least one");
        }
        if rules.len() > RULES_MAX {
            let why = format!("{} rules are more than {RULES_MAX}", rules.len());
            self.add("rules", why, "split it into several standards");
            return;
        }
        let named = rules.named();
        for (i, (id, title)) in named.iter().enumerate() {
            let path = format!("rules[{i}].id");
            self.id(&path, id);
            self.text(&format!("rules[{i}].title"), title);
            if let Some(first) = named[..i].iter().position(|(other, _)| other == id) {
                let why = format!("rules[{first}] has the id {id:?} too");
                self.add(path, why, "an id of its own for each rule");
            }
        }
        match rules {
            Rules::Metric(all) => all
                .iter()
                .enumerate()
                .for_each(|(i, it)| self.metric(i, it)),
            Rules::Threshold(all) => all
                .iter()
                .enumerate()
                .for_each(|(i, it)| self.threshold(i, it)),
            Rules::Optimization(all) => all
                .iter()
                .enumerate()
                .for_each(|(i, it)| self.plan(i, &it.needs)),
            Rules::Reporting(all) => all
                .iter()
                .enumerate()
                .for_each(|(i, it)| self.report(i, &it.needs)),
        }
    }

    fn metric(&mut self, i: usize, rule: &MetricRule) {
        let path = |field: &str| format!("rules[{i}].{field}");
        let known = self.series(&path("series"), &rule.series);
        self.unit(&path("unit"), &rule.unit, &known, Metric::unit);
        if !(rule.cadence_s > 0.0 && rule.cadence_s <= HOLD_MAX_S) {
            let why = format!("{} is no time between samples", rule.cadence_s);
            self.add(path("cadence_s"), why, "seconds above 0, at most a day");
        }
        self.within(&path("completeness"), rule.completeness, (0.0, 1.0));
    }

    fn threshold(&mut self, i: usize, rule: &ThresholdRule) {
        let path = |field: &str| format!("rules[{i}].{field}");
        let known = self.series(&path("series"), &rule.series);
        self.unit(&path("unit"), &rule.unit, &known, drawn_unit);
        self.within(&path("coverage_least"), rule.coverage_least, (0.0, 1.0));
        self.text(&path("source"), &rule.source);
        if rule.samples_least < 2 {
            let why = format!("{} samples decide nothing", rule.samples_least);
            self.add(path("samples_least"), why, "2 or more");
        }
        match &rule.test {
            Test::Level {
                statistic,
                limit,
                hold_s,
                clear,
            } => {
                self.statistic(&path("test.statistic"), *statistic);
                self.bound(&path("test.limit"), (*limit, rule), &known);
                if *hold_s <= 0.0 || hold_s.is_nan() {
                    let why = format!("a hold of {hold_s} s makes an alert of every sample");
                    self.add(path("test.hold_s"), why, "some samples long, such as 10");
                } else {
                    self.within(&path("test.hold_s"), *hold_s, (0.0, HOLD_MAX_S));
                }
                if let Some(clear) = clear {
                    self.clear(&path("test.clear"), *limit, *clear);
                }
            }
            Test::Budget {
                bad,
                objective,
                period_s,
                burn,
            } => {
                self.bad(&path("test.bad"), (*bad, rule), &known);
                if !(*objective > 0.0 && *objective < 1.0) {
                    let why =
                        format!("an objective of {objective} leaves no budget, or no promise");
                    self.add(
                        path("test.objective"),
                        why,
                        "a share below 1, such as 0.999",
                    );
                }
                self.within(&path("test.period_s"), *period_s, (60.0, PERIOD_MAX_S));
                self.burn(&path("test.burn"), burn, (*objective, *period_s));
            }
        }
    }

    /// The metrics of the catalog that a pattern may mean.
    fn series(&mut self, path: &str, pattern: &str) -> Vec<&'static Metric> {
        self.said(path, pattern);
        // Any attributes at all.
        let named = pattern.strip_suffix("{*}").unwrap_or(pattern);
        let key = SeriesKey::from_column("", named);
        if key.metric.contains('{') {
            self.add(path, "a brace is open", "metric{key=value}");
            return Vec::new();
        }
        let all = catalog::ALL.iter();
        let known: Vec<&Metric> = all
            .filter(|it| glob_matches(&key.metric, it.name))
            .collect();
        let ours = OURS.iter().any(|it| key.metric.starts_with(it));
        if known.is_empty() && ours && !key.metric.contains('*') {
            let names: Vec<&str> = catalog::ALL.iter().map(|it| it.name).collect();
            let near = nearest(&key.metric, &names);
            let next = match near.as_slice() {
                [] => "kymo info on a session lists its series".to_owned(),
                near => format!("did you mean {}?", near.join(" or ")),
            };
            self.add(path, format!("no metric is called {:?}", key.metric), next);
        }
        for (attribute, _) in &key.attributes {
            let named = |it: &&Metric| it.attributes.contains(&attribute.as_str());
            if !known.is_empty() && !attribute.contains('*') && !known.iter().any(named) {
                let of = known[0];
                let why = format!("{} has no attribute {attribute:?}", of.name);
                let next = match of.attributes {
                    [] => format!("{} without braces", of.name),
                    some => format!("one of {}", some.join(", ")),
                };
                self.add(path, why, next);
            }
        }
        known
    }

    fn unit(&mut self, path: &str, unit: &str, known: &[&Metric], of: fn(&Metric) -> Unit) {
        self.said(path, unit);
        let fitting: Vec<Unit> = known.iter().map(|it| of(it)).collect();
        if let Some(first) = fitting.first()
            && !fitting.iter().any(|it| it.code() == unit)
        {
            let why = format!("{unit:?} does not fit {}", known[0].name);
            self.add(path, why, format!("unit: {:?}", first.code()));
        }
    }

    fn statistic(&mut self, path: &str, statistic: Statistic) {
        if let Statistic::Percentile(percent) = statistic
            && !(percent > 0.0 && percent < 100.0)
        {
            let why = format!("{percent} is no percentile");
            self.add(
                path,
                why,
                "a number of percent between 0 and 100, such as 95",
            );
        }
    }

    fn bound(&mut self, path: &str, (bound, rule): (Bound, &ThresholdRule), known: &[&Metric]) {
        let number = bound.number();
        if !number.is_finite() {
            self.add(path, format!("{number} is no limit"), "a finite number");
        }
        let is_share = |it: &&Metric| SHARES.iter().any(|end| it.name.ends_with(end));
        let share = rule.unit == "1" && !known.is_empty() && known.iter().all(is_share);
        if share && !(0.0..=1.0).contains(&number) {
            let why = format!(
                "{} is a share of 0 to 1, {number} is outside",
                known[0].name
            );
            let next = match number / 100.0 {
                percent if (0.0..=1.0).contains(&percent) => format!("{percent} for {number} %"),
                _ => "a number from 0 to 1".to_owned(),
            };
            self.add(path, why, next);
        }
    }

    fn clear(&mut self, path: &str, limit: Bound, clear: f64) {
        if !limit.holds(clear) {
            let (side, number) = match limit {
                Bound::AtMost(number) => ("above", number),
                Bound::AtLeast(number) => ("below", number),
            };
            let why = format!(
                "hysteresis on the wrong side: {clear} is {side} the limit {number}, so an alert would end while it is passed"
            );
            let next = match limit {
                Bound::AtMost(_) => format!("{number} or less"),
                Bound::AtLeast(_) => format!("{number} or more"),
            };
            self.add(path, why, next);
        }
    }

    fn bad(&mut self, path: &str, (bad, rule): (Bad, &ThresholdRule), known: &[&Metric]) {
        let fits = |end: &str| known.is_empty() || known.iter().any(|it| it.name.contains(end));
        match bad {
            Bad::Failed if !fits("error_ratio") => {
                let why = format!("{} does not tell failures", rule.series);
                let next = "series: \"service.request.error_ratio{service.name=*}\"";
                self.add(path, why, next);
            }
            Bad::SlowerThan(_) if !fits("duration") => {
                let why = format!("{} is no response time", rule.series);
                let next = "series: \"service.request.duration.p99{service.name=*}\"";
                self.add(path, why, next);
            }
            Bad::SlowerThan(limit) if !(limit.is_finite() && limit > 0.0) => {
                let why = format!("no request takes {limit} s");
                self.add(path, why, "seconds above 0");
            }
            Bad::Beyond(bound) => self.bound(path, (bound, rule), known),
            Bad::Failed | Bad::SlowerThan(_) => {}
        }
    }

    fn burn(&mut self, path: &str, burn: &[Burn], (objective, period_s): (f64, f64)) {
        if burn.len() > BURN_MAX {
            self.add(
                path,
                format!("more than {BURN_MAX} pairs"),
                "the three of the source",
            );
        }
        let most = 1.0 / (1.0 - objective);
        for (i, pair) in burn.iter().enumerate() {
            let of = |field: &str| format!("{path}[{i}].{field}");
            if !(pair.short_s > 0.0 && pair.short_s < pair.long_s) {
                let why = format!("{} s is not shorter than {} s", pair.short_s, pair.long_s);
                self.add(of("short_s"), why, "a twelfth of the long window");
            }
            if pair.long_s > period_s {
                let why = format!("{} s is longer than the period", pair.long_s);
                self.add(of("long_s"), why, format!("at most {period_s}"));
            }
            if !(pair.rate > 0.0 && pair.rate <= most) {
                let why = format!(
                    "a burn rate of {} cannot be reached: with nothing good it is {most:.1}",
                    pair.rate
                );
                self.add(of("rate"), why, format!("above 0, at most {most:.1}"));
            }
        }
    }

    fn plan(&mut self, i: usize, needs: &PlanNeed) {
        let path = |field: &str| format!("rules[{i}].needs.{field}");
        match needs {
            PlanNeed::Objective => {}
            PlanNeed::Guardrails {
                at_least,
                putting_back,
            } => {
                if putting_back > at_least {
                    let why = format!("{putting_back} of {at_least} guardrails");
                    self.add(path("putting_back"), why, format!("at most {at_least}"));
                }
                self.some(&path("at_least"), *at_least);
            }
            PlanNeed::Rollback {
                deadline_s,
                lease_s,
                ..
            } => {
                self.within(&path("deadline_s"), *deadline_s, (1.0, HOLD_MAX_S));
                self.within(&path("lease_s"), *lease_s, (1.0, 3600.0));
            }
            PlanNeed::Interval { at_least, .. } | PlanNeed::Validation { at_least } => {
                self.some(&path("at_least"), *at_least);
            }
        }
    }

    fn some(&mut self, path: &str, at_least: u32) {
        if at_least == 0 {
            self.add(path, "at least 0 always holds", "1 or more");
        }
    }

    fn report(&mut self, i: usize, needs: &ReportNeed) {
        let path = format!("rules[{i}].needs");
        match needs {
            ReportNeed::Section(id) => self.said(&path, id),
            ReportNeed::Coverage(least) | ReportNeed::Evidence(least) => {
                self.within(&path, *least, (0.0, 1.0));
            }
        }
    }
}

/// Names that only metrics of the catalog begin with.
const OURS: &[&str] = &["system.", "cgroup.", "kymo.", "service.request."];

/// Ends of metrics that are parts of a whole, which no value can exceed.
const SHARES: &[&str] = &["utilization", "share", "error_ratio"];

/// The unit of a metric as it is drawn and judged.
fn drawn_unit(metric: &Metric) -> Unit {
    match metric.kind {
        Kind::Counter => metric.unit().per_second(),
        Kind::Gauge | Kind::Histogram => metric.unit(),
    }
}
