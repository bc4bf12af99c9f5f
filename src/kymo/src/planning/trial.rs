//! `kymo plan trial`: what a recording says in which a plan was applied and taken back in
//! turn.

use model::time::Moment;
use plan::validate::trial::{Decision, Rule, Side};
use serde::Serialize;
use workflow::jobs::Context;
use workflow::planning::file;
use workflow::planning::trial::{self, Asked, Switch};
use workflow::problem::{Problem, Sort};

use super::arguments::Trial;
use crate::analyses::{Head, opened, outcome, print};
use crate::failure::Answer;

#[derive(Serialize)]
struct Judged<'a> {
    #[serde(flatten)]
    head: Head,
    plan: &'a str,
    switches: usize,
    metrics: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    metric: String,
    unit: String,
    decision: &'static str,
    stretches: usize,
    level: Option<f64>,
    effect: Option<f64>,
    interval: [Option<f64>; 2],
    p_value: f64,
    drift: Option<f64>,
    doubtful: bool,
    said: String,
}

pub(super) fn judge(arguments: &Trial) -> Result<Answer, Problem> {
    let plan = file::read_sound(&arguments.plan)?;
    let input = opened(&arguments.session)?;
    let switches = match arguments.switch.is_empty() {
        true => trial::switches(&arguments.plan, &plan)?,
        false => {
            let sides = [Side::B, Side::A].into_iter().cycle();
            let switches = arguments.switch.iter().zip(sides);
            let switch = |(at, side): (&Moment, Side)| Switch {
                left: *at,
                reached: *at,
                side,
            };
            switches.map(switch).collect()
        }
    };
    let shares = [("--floor", arguments.floor), ("--alpha", arguments.alpha)];
    if let Some((name, value)) = shares.iter().find(|it| !(it.1 > 0.0 && it.1 < 1.0)) {
        return Err(Problem {
            what: format!("{name} is {value}"),
            why: "it is a share".to_owned(),
            what_to_do: "a number between 0 and 1, such as 0.05".to_owned(),
            sort: Sort::Usage,
        });
    }
    let asked = Asked {
        switches,
        settle_s: arguments.settle,
        rule: Rule {
            alpha: arguments.alpha,
            floor: arguments.floor,
            most: arguments.most,
        },
    };
    let rows = trial::judged(&plan, &input, &asked, &Context::default())?;
    let known = |value: f64| value.is_finite().then_some(value);
    let wanted =
        |it: &&trial::Row| arguments.metric.is_empty() || arguments.metric.contains(&it.metric);
    let row = |it: &trial::Row| Row {
        metric: it.metric.clone(),
        unit: it.unit.code().to_owned(),
        decision: match it.trial.decision {
            Decision::Continue(_) => "go on",
            Decision::Higher => "higher",
            Decision::Lower => "lower",
            Decision::NoEffect => "no effect",
            Decision::Undecided => "undecided",
        },
        stretches: it.trial.stretches,
        level: known(it.trial.level),
        effect: known(it.trial.effect),
        interval: it.trial.interval.map(known),
        p_value: it.trial.p_value,
        drift: known(it.trial.drift),
        doubtful: it.trial.is_doubtful,
        said: it.trial.said(&it.unit),
    };
    let document = Judged {
        head: Head::THIS,
        plan: &plan.id,
        switches: asked.switches.len(),
        metrics: rows.iter().filter(wanted).map(row).collect(),
    };
    print(arguments.json.into(), &document, || {
        let lines = document.metrics.iter();
        lines
            .map(|it| format!("{:<24}{}\n", it.metric, it.said))
            .collect()
    })?;
    Ok(outcome(&input))
}
