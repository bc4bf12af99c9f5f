//! What is wrong with a plan, place by place.
//!
//! The window calls it at each edit, the command line before it does anything, and an
//! agent before it believes a word: sizes, names, ranges, paths and order are judged
//! here and nowhere else. What a machine allows is the agent's policy, not this.
//!
//! Start at [`faults`].

use std::collections::BTreeSet;
use std::fmt;

use super::action::{Action, AppSetting, Execute, Kind, Target, cores};
use super::guard::{Guardrail, Precondition};
use super::{Criterion, Expected, Mandate, Plan, SCHEMA};

/// Actions of one plan.
pub const ACTIONS_MAX: usize = 64;
/// Guardrails of one plan, and preconditions of one action.
pub const GUARDS_MAX: usize = 64;
/// Metrics that one prediction speaks of.
pub const EXPECTED_MAX: usize = 1024;
/// Bytes of a plan's text.
pub const TEXT_MAX_BYTES: usize = 1 << 20;
/// Brackets within brackets in a plan's text.
pub const DEPTH_MAX: usize = 16;
/// Bytes of a name, key or value.
const NAME_MAX_BYTES: usize = 4096;
/// Seconds of any wait: a day.
const WAIT_MAX_S: f64 = 86_400.0;

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Such as `actions[2] a3: quota_us`.
    pub place: String,
    /// What is wrong, and what is wanted.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// Everything wrong with a plan, in the order of the file; empty where it is sound.
pub fn faults(plan: &Plan) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.name("title", &plan.title);
    faults.name("author", &plan.author);
    if plan.audit.contains(['/', '\\', '\0']) || plan.audit.starts_with('.') {
        faults.add("audit", "want the name of a file beside the plan");
    }
    if let Some(objective) = &plan.objective {
        faults.name("objective: metric", &objective.metric);
        faults.finite("objective: goal", objective.goal.number());
        faults.finite("objective: cost_limit", objective.cost_limit.unwrap_or(0.0));
    }
    let validation = &plan.validation;
    faults.within(
        "validation: after_window_s",
        validation.after_window_s,
        1.0,
        WAIT_MAX_S,
    );
    faults.within("validation: same_mix", validation.same_mix, 0.0, 1.0);
    faults.within("validation: same_load", validation.same_load, 0.0, 1.0);
    if validation.criteria.len() > GUARDS_MAX {
        faults.add("validation: criteria", format!("more than {GUARDS_MAX}"));
    }
    for criterion in validation.criteria.iter().take(GUARDS_MAX) {
        faults.criterion(criterion);
    }
    if plan.expected.len() > EXPECTED_MAX {
        faults.add("expected", format!("more than {EXPECTED_MAX}"));
    }
    for expected in plan.expected.iter().take(EXPECTED_MAX) {
        faults.expected(expected);
    }
    faults.mandate(&plan.mandate());
    faults.found
}

/// Everything wrong with what an agent is asked to carry out.
pub fn mandate_faults(mandate: &Mandate) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.mandate(mandate);
    faults.found
}

/// Positions of the actions in the order of carrying out: that of the file, except that
/// each comes after those it names; `None` where they wait for each other in a ring or
/// for one that is not there.
pub fn order(actions: &[Action]) -> Option<Vec<usize>> {
    let order = begun(actions);
    (order.len() == actions.len()).then_some(order)
}

/// The actions whose turn comes, in order.
fn begun(actions: &[Action]) -> Vec<usize> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut order = Vec::with_capacity(actions.len());
    let next = |order: &[usize], done: &BTreeSet<&str>| {
        (0..actions.len()).find(|&i| {
            !order.contains(&i) && actions[i].after.iter().all(|it| done.contains(it.as_str()))
        })
    };
    while let Some(next) = next(&order, &done) {
        done.insert(&actions[next].id);
        order.push(next);
    }
    order
}

/// The actions that wait for each other: of those whose turn never comes, the ones that
/// another of them waits for.
fn waiting(actions: &[Action]) -> Vec<&str> {
    let order = begun(actions);
    let mut left: Vec<&Action> = actions.iter().collect();
    left.retain(|it| !order.iter().any(|&i| actions[i].id == it.id));
    loop {
        let before = left.len();
        let asked: BTreeSet<String> = left.iter().flat_map(|it| it.after.clone()).collect();
        left.retain(|it| asked.contains(&it.id));
        if left.len() == before {
            return left.iter().map(|it| it.id.as_str()).collect();
        }
    }
}

/// Whether a path of a control group is one and stays below its mount.
pub fn is_group_path(path: &str) -> bool {
    let sound = |part: &str| !part.is_empty() && part != "." && part != "..";
    path.len() > 1
        && path.starts_with('/')
        && path.split('/').skip(1).all(sound)
        && !path.chars().any(char::is_control)
}

/// Whether a text is a plain name: letters, digits and `_ - . :`.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && !text.contains("..")
        && text
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || "_-.:".contains(it))
}

#[derive(Default)]
struct Faults {
    found: Vec<Fault>,
}

impl Faults {
    fn add(&mut self, place: impl Into<String>, why: impl Into<String>) {
        self.found.push(Fault {
            place: place.into(),
            why: why.into(),
        });
    }

    fn finite(&mut self, place: &str, value: f64) {
        if !value.is_finite() {
            self.add(place, format!("want a number, not {value}"));
        }
    }

    fn within(&mut self, place: &str, value: f64, from: f64, to: f64) {
        if !(from..=to).contains(&value) {
            self.add(place, format!("want {from} to {to}, not {value}"));
        }
    }

    fn whole(&mut self, place: &str, value: u64, from: u64, to: u64) {
        if !(from..=to).contains(&value) {
            self.add(place, format!("want {from} to {to}, not {value}"));
        }
    }

    fn name(&mut self, place: &str, text: &str) {
        if text.len() > NAME_MAX_BYTES {
            self.add(place, format!("longer than {NAME_MAX_BYTES} bytes"));
        }
        if text.chars().any(char::is_control) {
            self.add(place, "holds control characters");
        }
    }

    fn named(&mut self, place: &str, text: &str) {
        if text.is_empty() {
            self.add(place, "is empty");
        }
        self.name(place, text);
    }

    fn criterion(&mut self, criterion: &Criterion) {
        let (Criterion::Within { metric }
        | Criterion::Improves { metric, .. }
        | Criterion::Holds { metric, .. }) = criterion;
        self.named("validation: metric", metric);
        match criterion {
            Criterion::Within { .. } => {}
            Criterion::Improves { by, confidence, .. } => {
                self.within("validation: by", *by, 0.0, 1.0);
                self.within("validation: confidence", *confidence, 0.5, 0.9999);
            }
            Criterion::Holds { limit, .. } => self.finite("validation: limit", limit.number()),
        }
    }

    fn expected(&mut self, expected: &Expected) {
        let place = format!("expected {}", expected.metric);
        self.named(&format!("{place}: metric"), &expected.metric);
        for text in [&expected.unit, &expected.model, &expected.inputs_hash] {
            self.name(&place, text);
        }
        let numbers = [expected.p10, expected.p50, expected.p90];
        let numbers: Vec<f64> = numbers.into_iter().flatten().collect();
        for number in &numbers {
            self.finite(&place, *number);
        }
        if !numbers.is_sorted() {
            self.add(place, "want p10, p50 and p90 in this order of size");
        }
    }

    fn mandate(&mut self, mandate: &Mandate) {
        if mandate.schema != SCHEMA {
            let why = format!("want {SCHEMA}, not {}", mandate.schema);
            self.add("schema", why);
        }
        let hex = |it: char| it.is_ascii_digit() || ('a'..='f').contains(&it) || it == '-';
        if !(1..=64).contains(&mandate.id.len()) || !mandate.id.chars().all(hex) {
            self.add("id", "want 1 to 64 of 0-9, a-f and -");
        }
        if let Some((from, to)) = mandate.baseline.window
            && from >= to
        {
            self.add("baseline: window", "ends before it begins");
        }
        self.name("baseline: host", &mandate.baseline.host);
        self.actions(&mandate.actions);
        if mandate.guardrails.len() > GUARDS_MAX {
            self.add("guardrails", format!("more than {GUARDS_MAX}"));
        }
        for (i, guardrail) in mandate.guardrails.iter().take(GUARDS_MAX).enumerate() {
            self.guardrail(i, guardrail);
        }
        let rollback = &mandate.rollback;
        self.within("rollback: deadline_s", rollback.deadline_s, 1.0, WAIT_MAX_S);
        self.within("rollback: lease_s", rollback.lease_s, 1.0, 3600.0);
    }

    fn guardrail(&mut self, i: usize, guardrail: &Guardrail) {
        let place = format!("guardrails[{i}]");
        self.named(&format!("{place}: metric"), &guardrail.metric);
        self.finite(&format!("{place}: limit"), guardrail.limit.number());
        self.within(&format!("{place}: for_s"), guardrail.for_s, 0.0, 3600.0);
    }

    fn actions(&mut self, actions: &[Action]) {
        if actions.len() > ACTIONS_MAX {
            self.add("actions", format!("more than {ACTIONS_MAX}"));
            return;
        }
        let mut ids = BTreeSet::new();
        let mut keys = BTreeSet::new();
        let all: BTreeSet<&str> = actions.iter().map(|it| it.id.as_str()).collect();
        for (i, action) in actions.iter().enumerate() {
            let place = format!("actions[{i}] {}", action.id);
            if !is_plain(&action.id) || action.id.len() > 64 {
                self.add(
                    format!("{place}: id"),
                    "want 1 to 64 letters, digits, - or _",
                );
            }
            if !ids.insert(&action.id) {
                self.add(format!("{place}: id"), "stands twice");
            }
            for other in &action.after {
                if !all.contains(other.as_str()) {
                    self.add(format!("{place}: after"), format!("no action {other:?}"));
                }
            }
            self.action(&place, action);
            if let Some(setting) = action.kind.setting()
                && !keys.insert(setting.key.clone())
            {
                let why = format!("{} is set by an earlier action too", setting.key);
                self.add(format!("{place}: kind"), why);
            }
        }
        let known = actions.iter().flat_map(|it| &it.after);
        if known.clone().all(|it| all.contains(it.as_str())) {
            let ring = waiting(actions);
            if !ring.is_empty() {
                let why = format!("{} wait for each other in a ring", ring.join(", "));
                self.add("actions: after", why);
            }
        }
    }

    fn action(&mut self, place: &str, action: &Action) {
        self.within(&format!("{place}: settle_s"), action.settle_s, 0.0, 3600.0);
        self.finite(&format!("{place}: cost"), action.cost);
        self.name(&format!("{place}: note"), &action.note);
        if action.execute == Execute::Agent && action.kind.setting().is_none() {
            let why = format!(
                "an agent cannot carry out {}; want Manual or ModelOnly",
                action.kind.name()
            );
            self.add(format!("{place}: execute"), why);
        }
        if action.precondition.len() > GUARDS_MAX {
            self.add(
                format!("{place}: precondition"),
                format!("more than {GUARDS_MAX}"),
            );
        }
        for precondition in action.precondition.iter().take(GUARDS_MAX) {
            let place = format!("{place}: precondition");
            match precondition {
                Precondition::Equals(key, value) => {
                    self.named(&place, key);
                    self.name(&place, value);
                }
                Precondition::Below(metric, limit) | Precondition::Above(metric, limit) => {
                    self.named(&place, metric);
                    self.finite(&place, *limit);
                }
            }
        }
        self.kind(place, &action.kind);
    }

    fn group(&mut self, place: &str, cgroup: &str) {
        self.name(&format!("{place}: cgroup"), cgroup);
        if !is_group_path(cgroup) {
            let why = format!("want a path such as /app.slice below the mount, not {cgroup:?}");
            self.add(format!("{place}: cgroup"), why);
        }
    }

    fn cpus(&mut self, place: &str, cpus: &str) {
        if cores(cpus).is_none() {
            let why = format!("want a list of cores such as 0-3,6, not {cpus:?}");
            self.add(format!("{place}: cpus"), why);
        }
    }

    fn plain(&mut self, place: String, text: &str) {
        if !is_plain(text) || text.len() > NAME_MAX_BYTES {
            let why = format!("want letters, digits and _ - . :, not {text:?}");
            self.add(place, why);
        }
    }

    fn process(&mut self, place: &str, process: &Target) {
        if process.pid == 0 {
            self.add(format!("{place}: pid"), "want the number of a process");
        }
        self.named(&format!("{place}: name"), &process.name);
    }

    fn by(&mut self, place: &str, by: Option<&AppSetting>) {
        if let Some(by) = by {
            self.app(place, [&by.adapter, &by.instance, &by.key], &by.value);
        }
    }

    fn app(&mut self, place: &str, [adapter, instance, key]: [&str; 3], value: &str) {
        self.plain(format!("{place}: adapter"), adapter);
        if !instance.is_empty() {
            self.plain(format!("{place}: instance"), instance);
        }
        self.plain(format!("{place}: key"), key);
        self.named(&format!("{place}: value"), value);
    }

    fn kind(&mut self, place: &str, kind: &Kind) {
        match kind {
            Kind::CpuMax {
                cgroup,
                quota_us,
                period_us,
            } => {
                self.group(place, cgroup);
                // Bounds of the kernel: kernel/sched/core.c, tg_set_cfs_bandwidth.
                let at = format!("{place}: period_us");
                self.whole(&at, *period_us, 1_000, 1_000_000);
                let quota = quota_us.unwrap_or(1_000);
                self.whole(&format!("{place}: quota_us"), quota, 1_000, 1 << 44);
            }
            Kind::CpuWeight { cgroup, weight } => {
                self.group(place, cgroup);
                self.whole(&format!("{place}: weight"), *weight, 1, 10_000);
            }
            Kind::Cpuset { cgroup, cpus } => {
                self.group(place, cgroup);
                self.cpus(place, cpus);
            }
            Kind::MemoryMax { cgroup, bytes } => {
                self.group(place, cgroup);
                let bytes = bytes.unwrap_or(4096);
                self.whole(&format!("{place}: bytes"), bytes, 4096, 1 << 62);
            }
            Kind::IoMax { cgroup, device, .. } => {
                self.group(place, cgroup);
                let numbers = device.split_once(':');
                let sound =
                    numbers.is_some_and(|(a, b)| [a, b].iter().all(|it| it.parse::<u32>().is_ok()));
                if !sound {
                    let why = format!("want major:minor such as 8:0, not {device:?}");
                    self.add(format!("{place}: device"), why);
                }
            }
            Kind::IoScheduler { device, scheduler } => {
                self.plain(format!("{place}: device"), device);
                self.plain(format!("{place}: scheduler"), scheduler);
            }
            Kind::Nice { process, nice } => {
                self.process(place, process);
                self.within(&format!("{place}: nice"), f64::from(*nice), -20.0, 19.0);
            }
            Kind::Affinity { process, cpus } => {
                self.process(place, process);
                self.cpus(place, cpus);
            }
            Kind::Sysctl { key, value } => {
                self.plain(format!("{place}: key"), key);
                self.named(&format!("{place}: value"), value);
            }
            Kind::AppConfig {
                adapter,
                instance,
                key,
                value,
            } => self.app(place, [adapter, instance, key], value),
            other => self.model_kind(place, other),
        }
    }

    /// Kinds that a model or a person knows what to do with.
    fn model_kind(&mut self, place: &str, kind: &Kind) {
        match kind {
            Kind::PoolSize { service, size, by } => {
                self.named(&format!("{place}: service"), service);
                self.whole(&format!("{place}: size"), *size, 1, 1_000_000);
                self.by(place, by.as_ref());
            }
            Kind::RateLimit {
                service,
                per_s,
                burst,
                by,
            } => {
                self.named(&format!("{place}: service"), service);
                self.within(&format!("{place}: per_s"), *per_s, 1e-6, 1e9);
                self.within(&format!("{place}: burst"), *burst, 0.0, 1e9);
                self.by(place, by.as_ref());
            }
            Kind::CacheSize { service, bytes, by } => {
                self.named(&format!("{place}: service"), service);
                self.whole(&format!("{place}: bytes"), *bytes, 1, 1 << 62);
                self.by(place, by.as_ref());
            }
            Kind::Replicas { service, count } => {
                self.named(&format!("{place}: service"), service);
                self.whole(&format!("{place}: count"), u64::from(*count), 1, 10_000);
            }
            Kind::ServiceRestart { service } => self.named(&format!("{place}: service"), service),
            Kind::WorkloadHint { text } => self.named(&format!("{place}: text"), text),
            Kind::LoadChange { ratio } => {
                self.within(&format!("{place}: ratio"), *ratio, 0.01, 100.0);
            }
            Kind::MixChange { shares } => {
                for (name, share) in shares {
                    self.named(&format!("{place}: shares"), name);
                    self.within(&format!("{place}: shares {name}"), *share, 0.0, 1.0);
                }
                let total: f64 = shares.iter().map(|(_, share)| share).sum();
                if total <= 0.0 {
                    self.add(format!("{place}: shares"), "want at least one above 0");
                }
            }
            Kind::HardwareChange { speed, units, .. } => {
                self.within(&format!("{place}: speed"), *speed, 0.01, 100.0);
                let units = u64::from(units.unwrap_or(1));
                self.whole(&format!("{place}: units"), units, 1, 10_000);
            }
            Kind::BatchShift { work, by_s } => {
                self.named(&format!("{place}: work"), work);
                self.within(&format!("{place}: by_s"), *by_s, -1e7, 1e7);
            }
            _ => {}
        }
    }
}
