//! Optimization standards: what a plan must say before anybody carries it out.
//!
//! A plan is a text, so nothing here is uncertain: each rule passes or fails.
//!
//! Start at [`judge`].

use model::compliance::{Compliance, Outcome};
use model::plan::guard::Breach;
use model::plan::{Class, Confirm, Expected, Plan};
use model::standard::{Bound, PlanNeed, PlanRule, Rules, Standard};
use model::time::{Span, duration_text};
use model::unit::Unit;

use super::{Asked, Judged, begun};

/// Holds a plan against an optimization standard; a standard of another kind gives no row.
pub fn judge(standard: &Standard, plan: &Plan) -> Compliance {
    let window = plan.baseline.window;
    let window = window.map_or_else(Span::default, |(from, to)| Span { from, to });
    let mut compliance = begun(standard, window);
    let Rules::Optimization(rules) = &standard.rules else {
        return compliance;
    };
    let subject = format!("plan {}", plan.id);
    for rule in rules {
        let asked = Asked {
            standard,
            rule: (&rule.id, &rule.title),
            host: &plan.baseline.host,
            series: &subject,
            window,
        };
        compliance.rows.push(asked.verdict(judged(rule, plan)));
    }
    compliance
}

fn judged(rule: &PlanRule, plan: &Plan) -> Judged {
    match &rule.needs {
        PlanNeed::Objective => objective(plan),
        PlanNeed::Guardrails {
            at_least,
            putting_back,
        } => guardrails(plan, (*at_least, *putting_back)),
        PlanNeed::Rollback {
            deadline_s,
            lease_s,
            ..
        } => rollback(plan, rule, (*deadline_s, *lease_s)),
        PlanNeed::Interval { at_least, class } => interval(plan, (*at_least, *class)),
        PlanNeed::Validation { at_least } => counted(
            ("criteria", plan.validation.criteria.len()),
            *at_least,
            "criteria tell afterwards whether it helped",
        ),
    }
}

fn said(holds: Holds, measure: &str, statement: impl Into<String>) -> Judged {
    Judged {
        outcome: match holds {
            Holds::Yes => Outcome::Pass,
            Holds::No => Outcome::Fail,
        },
        measure: measure.to_owned(),
        value: None,
        limit: None,
        unit: Unit::new("1"),
        statement: statement.into(),
        doubt: String::new(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
}

impl Holds {
    fn when(condition: bool) -> Self {
        if condition { Self::Yes } else { Self::No }
    }
}

fn objective(plan: &Plan) -> Judged {
    match &plan.objective {
        Some(objective) => {
            let text = format!("it shall bring {} to {}", objective.metric, objective.goal);
            said(Holds::Yes, "objective", text)
        }
        None => said(
            Holds::No,
            "objective",
            "it does not say what shall be reached",
        ),
    }
}

fn counted((noun, count): (&str, usize), at_least: u32, why: &str) -> Judged {
    let holds = Holds::when(count >= at_least as usize);
    Judged {
        value: Some(count as f64),
        limit: Some(Bound::AtLeast(f64::from(at_least))),
        unit: Unit(format!("{{{noun}}}").into()),
        ..said(
            holds,
            noun,
            format!("{count} {why}, {at_least} are asked for"),
        )
    }
}

fn guardrails(plan: &Plan, (at_least, putting_back): (u32, u32)) -> Judged {
    let all = &plan.guardrails;
    let back = all.iter().filter(|it| it.on_breach == Breach::RollbackAll);
    let back = back.count();
    if all.len() >= at_least as usize && back < putting_back as usize {
        let why = "guardrails put everything back";
        return counted(("guardrails", back), putting_back, why);
    }
    let why = "guardrails must hold meanwhile";
    counted(("guardrails", all.len()), at_least, why)
}

fn rollback(plan: &Plan, rule: &PlanRule, (deadline_s, lease_s): (f64, f64)) -> Judged {
    let own = &plan.rollback;
    let PlanNeed::Rollback { survives, .. } = &rule.needs else {
        return said(Holds::No, "rollback", "another rule");
    };
    for (what, value, limit) in [
        ("deadline", own.deadline_s, deadline_s),
        ("lease", own.lease_s, lease_s),
    ] {
        if value > limit {
            let text = format!(
                "the {what} of {} is longer than {}",
                duration_text(value),
                duration_text(limit)
            );
            return Judged {
                value: Some(value),
                limit: Some(Bound::AtMost(limit)),
                unit: Unit::new("s"),
                ..said(Holds::No, what, text)
            };
        }
    }
    if own.confirm != Confirm::Required {
        let text = "it stays without a word of anybody";
        return said(Holds::No, "confirmation", text);
    }
    if let Some(lost) = survives.iter().find(|it| !own.survive.contains(it)) {
        let text = format!("the way back does not survive {lost:?}");
        return said(Holds::No, "way back", text);
    }
    Judged {
        value: Some(own.deadline_s),
        limit: Some(Bound::AtMost(deadline_s)),
        unit: Unit::new("s"),
        ..said(
            Holds::Yes,
            "deadline",
            format!(
                "without a word everything is put back after {}",
                duration_text(own.deadline_s)
            ),
        )
    }
}

/// Whether a prediction has an interval and is sure enough.
fn is_told(it: &Expected, class: Class) -> bool {
    let ordered = matches!((it.p10, it.p50, it.p90), (Some(lo), Some(_), Some(hi)) if lo <= hi);
    ordered && it.class <= class && it.refused.is_none()
}

fn interval(plan: &Plan, (at_least, class): (u32, Class)) -> Judged {
    if plan.prediction.is_none() {
        let text = "nothing was predicted since the last edit";
        return said(Holds::No, "predictions", text);
    }
    let told: Vec<&Expected> = plan
        .expected
        .iter()
        .filter(|it| is_told(it, class))
        .collect();
    if let Some(objective) = &plan.objective
        && !told.iter().any(|it| it.metric == objective.metric)
    {
        let text = format!(
            "{} has no predicted interval of class {} or better",
            objective.metric,
            class.letter()
        );
        return said(Holds::No, "predictions", text);
    }
    counted(
        ("predictions", told.len()),
        at_least,
        "metrics have a predicted interval that is sure enough",
    )
}
