//! Plans for tests: the examples of the folder `fixtures`, and random ones.

use analysis::stats::random::Random;
use model::plan::action::{Action, AppSetting, Execute, Hardware, Kind, Scope, Target};
use model::plan::guard::{Breach, Guardrail, Limit, Precondition};
use model::plan::{
    Approval, Baseline, Class, Confirm, Criterion, Expected, Objective, Plan, Prediction, State,
};
use model::time::{Moment, SECOND_NS};

use crate::{document, life};

/// A moment that tests call now: 2026-11-24T12:00:00Z.
pub(crate) const NOW: Moment = Moment(1_795_521_600 * SECOND_NS);

/// The examples, by name.
pub(crate) const EXAMPLES: &[(&str, &str)] = &[
    (
        "halve-checkout-p95",
        include_str!("../fixtures/halve-checkout-p95.ron"),
    ),
    (
        "quiet-neighbor",
        include_str!("../fixtures/quiet-neighbor.ron"),
    ),
    ("growth", include_str!("../fixtures/growth.ron")),
];

/// The first example.
pub(crate) fn checkout() -> Plan {
    document::parse(EXAMPLES[0].1).unwrap()
}

/// Takes in the prediction that stands in the example, made now by the models `m1`.
pub(crate) fn predict(plan: &mut Plan) {
    let prediction = Prediction {
        hash: document::mandate_hash(plan),
        version: "m1".to_owned(),
        at: NOW,
    };
    let expected = match plan.expected.is_empty() {
        true => checkout().expected,
        false => plan.expected.clone(),
    };
    life::predicted(plan, prediction, expected).unwrap();
}

/// A random plan; its values are of the right type, not always within their ranges.
pub(crate) fn random_plan(random: &mut Random) -> Plan {
    let mut plan = Plan::new("ab-01", &text(random), moment(random));
    plan.author = text(random);
    plan.baseline = Baseline {
        session: text(random),
        window: maybe(random, |it| (moment(it), moment(it))),
        host: text(random),
        boot_id: text(random),
        kernel: text(random),
        subject: Default::default(),
    };
    plan.objective = maybe(random, |it| Objective {
        metric: text(it),
        goal: limit(it),
        cost_limit: maybe(it, number),
    });
    let count = random.below(6);
    plan.actions = (0..count).map(|place| action(random, place)).collect();
    plan.guardrails = some(random, |it| Guardrail {
        metric: text(it),
        limit: limit(it),
        for_s: number(it),
        on_breach: [Breach::RollbackAll, Breach::Tell][it.below(2)],
    });
    plan.rollback.deadline_s = number(random);
    plan.rollback.confirm = [Confirm::Required, Confirm::Automatic][random.below(2)];
    plan.rollback.survive.truncate(random.below(4));
    plan.expected = some(random, expected);
    plan.prediction = maybe(random, |it| Prediction {
        hash: text(it),
        version: text(it),
        at: moment(it),
    });
    plan.validation.min_requests = random.bits();
    plan.validation.criteria = some(random, criterion);
    plan.state = [State::Draft, State::Approved, State::RollbackFailed][random.below(3)];
    plan.revision = random.bits() as u32;
    plan.approvals = some(random, |it| Approval {
        who: text(it),
        at: moment(it),
        hash: text(it),
        acknowledged: some(it, text),
    });
    plan.applied = maybe(random, moment);
    plan
}

fn expected(random: &mut Random) -> Expected {
    Expected {
        metric: text(random),
        unit: text(random),
        p10: maybe(random, number),
        p50: maybe(random, number),
        p90: maybe(random, number),
        before: maybe(random, number),
        class: [Class::A, Class::B, Class::C, Class::X][random.below(4)],
        model: text(random),
        inputs_hash: text(random),
        refused: maybe(random, text),
        record_next: maybe(random, text),
    }
}

fn criterion(random: &mut Random) -> Criterion {
    let metric = text(random);
    match random.below(3) {
        0 => Criterion::Within { metric },
        1 => Criterion::Improves {
            metric,
            by: number(random),
            confidence: number(random),
        },
        _ => Criterion::Holds {
            metric,
            limit: limit(random),
        },
    }
}

fn action(random: &mut Random, place: usize) -> Action {
    let mut action = Action::new(&format!("a{place}"), kind(random));
    action.scope = [Scope::Runtime, Scope::Persistent][random.below(2)];
    action.execute = [Execute::Agent, Execute::Manual, Execute::ModelOnly][random.below(3)];
    action.settle_s = number(random);
    action.cost = number(random);
    action.note = text(random);
    if place > 0 {
        action.after = some(random, |it| format!("a{}", it.below(place)));
    }
    action.precondition = some(random, |it| match it.below(3) {
        0 => Precondition::Equals(text(it), text(it)),
        1 => Precondition::Below(text(it), number(it)),
        _ => Precondition::Above(text(it), number(it)),
    });
    action
}

fn kind(random: &mut Random) -> Kind {
    let target = |it: &mut Random| Target {
        pid: it.bits() as u32,
        name: text(it),
        start: it.bits(),
        children: it.below(2) == 0,
    };
    let by = |it: &mut Random| {
        maybe(it, |it| AppSetting {
            adapter: text(it),
            instance: text(it),
            key: text(it),
            value: text(it),
        })
    };
    match random.below(10) {
        0 => Kind::CpuMax {
            cgroup: text(random),
            quota_us: maybe(random, Random::bits),
            period_us: random.bits(),
        },
        1 => Kind::IoMax {
            cgroup: text(random),
            device: text(random),
            rbps: maybe(random, Random::bits),
            wbps: maybe(random, Random::bits),
            riops: maybe(random, Random::bits),
            wiops: maybe(random, Random::bits),
        },
        2 => Kind::Nice {
            process: target(random),
            nice: random.below(40) as i32 - 20,
        },
        3 => Kind::Affinity {
            process: target(random),
            cpus: text(random),
        },
        4 => Kind::RateLimit {
            service: text(random),
            per_s: number(random),
            burst: number(random),
            by: by(random),
        },
        5 => Kind::MixChange {
            shares: some(random, |it| (text(it), number(it))),
        },
        6 => Kind::HardwareChange {
            what: [Hardware::Cpu, Hardware::Disk, Hardware::Network][random.below(3)],
            speed: number(random),
            units: maybe(random, |it| it.bits() as u32),
        },
        7 => Kind::BatchShift {
            work: text(random),
            by_s: number(random),
        },
        8 => Kind::WorkloadHint { text: text(random) },
        _ => Kind::CacheSize {
            service: text(random),
            bytes: random.bits(),
            by: by(random),
        },
    }
}

fn limit(random: &mut Random) -> Limit {
    let number = number(random);
    [
        Limit::AtMost(number),
        Limit::AtLeast(number),
        Limit::AtMostRel(number),
        Limit::AtLeastRel(number),
    ][random.below(4)]
}

fn maybe<T>(random: &mut Random, make: impl Fn(&mut Random) -> T) -> Option<T> {
    (random.below(2) == 0).then(|| make(random))
}

fn some<T>(random: &mut Random, make: impl Fn(&mut Random) -> T) -> Vec<T> {
    let count = random.below(4);
    (0..count).map(|_| make(random)).collect()
}

fn moment(random: &mut Random) -> Moment {
    Moment((random.bits() >> 2) as i64)
}

/// Whole, broken, tiny and huge numbers.
fn number(random: &mut Random) -> f64 {
    match random.below(4) {
        0 => random.below(1000) as f64,
        1 => random.normal(),
        2 => random.unit() * 1e-300,
        _ => f64::from_bits(random.bits() & 0x7fdf_ffff_ffff_ffff),
    }
}

/// Words with what needs care in RON: quotes, slashes, brackets, other scripts.
fn text(random: &mut Random) -> String {
    const PARTS: &[&str] = &[
        "app",
        ".p95",
        "\"",
        "\\",
        "'",
        "(",
        "]",
        "// no comment",
        "/*",
        "r#\"",
        "è",
        "漢",
        "🦀",
        " ",
        "None",
        "Some(1)",
        "\u{301}",
        "{",
        "1e9",
    ];
    let count = random.below(6);
    (0..count)
        .map(|_| PARTS[random.below(PARTS.len())])
        .collect()
}
