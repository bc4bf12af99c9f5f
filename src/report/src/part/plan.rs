//! The plan: what shall be changed, why, under which guard.

use model::plan::action::Action;
use model::plan::{Criterion, Plan};
use model::time::{Moment, Zone};
use model::unit::Unit;

use crate::build::Builder;
use crate::document::{Block, Cell, Fact, Heading, Run, Section, Table, Token};
use crate::numerals;
use crate::sources::SourceId;

/// What sources call the plan.
pub const PLAN: &str = "plan";

/// What is said where there is none.
pub(super) const NO_PLAN: &str = "No plan came with this report. One is given with --plan on the command line, or opened on the Plan screen of the window.";

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let Some(known) = &input.plan else {
        let blocks = vec![Block::text(NO_PLAN)];
        return Some(Section::new("plan", "The plan", blocks));
    };
    let plan = &known.plan;
    let source = builder.attached(PLAN, "as the plan says");
    let mut blocks = vec![
        Block::Facts {
            facts: facts(plan, source),
        },
        Block::Table(actions(plan, source)),
        Block::Table(guardrails(plan, source)),
        Block::Facts {
            facts: rollback(plan, source),
        },
    ];
    if !plan.validation.criteria.is_empty() {
        let items = plan.validation.criteria.iter().enumerate();
        let items = items.map(|(place, it)| {
            let of = format!("criterion {}", place + 1);
            numerals::told(&criterion(it), source, &of)
        });
        blocks.push(Block::text("It did what it should when:"));
        blocks.push(Block::List {
            items: items.collect(),
        });
    }
    Some(Section::new("plan", "The plan", blocks))
}

pub(super) fn stamp(at: Moment) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC", Zone::Utc)
}

fn facts(plan: &Plan, source: SourceId) -> Vec<Fact> {
    let mut facts = vec![
        Fact::text("Title", &plan.title),
        Fact::new("Id", vec![Run::code(&plan.id)]),
        Fact::text("State", plan.state.name()),
        Fact::text("Begun", stamp(plan.created)),
    ];
    if !plan.author.is_empty() {
        facts.push(Fact::text("Author", &plan.author));
    }
    let revision = Token::count(plan.revision as usize, "revision", source);
    facts.push(Fact::new("Revision", vec![Run::Number(revision)]));
    if let Some(objective) = &plan.objective {
        let said = format!("{} {}", objective.metric, objective.goal);
        facts.push(Fact::new(
            "Objective",
            numerals::told(&said, source, "the objective"),
        ));
        if let Some(cost) = objective.cost_limit {
            let cost = Token::new(cost, &Unit::new("1"), "cost limit", source);
            facts.push(Fact::new("Cost limit", vec![Run::Number(cost)]));
        }
    } else {
        facts.push(Fact::text("Objective", "none is stated"));
    }
    if !plan.baseline.host.is_empty() {
        facts.push(Fact::text("Host", &plan.baseline.host));
    }
    if let Some(applied) = plan.applied {
        facts.push(Fact::text("Carried out", stamp(applied)));
    }
    for approval in &plan.approvals {
        let said = format!("{}, {}", approval.who, stamp(approval.at));
        facts.push(Fact::text("Agreed to by", said));
    }
    facts
}

/// What an action sets, as a machine says it, or what people shall do.
fn change(action: &Action) -> Run {
    match action.kind.setting() {
        Some(setting) => Run::code(format!("{} = {}", setting.key, setting.value)),
        None => Run::code(format!("{:?}", action.kind)),
    }
}

fn actions(plan: &Plan, source: SourceId) -> Table {
    let order = model::plan::check::order(&plan.actions);
    let order = order.unwrap_or_else(|| (0..plan.actions.len()).collect());
    let row = |place: usize| {
        let action = &plan.actions[place];
        let cost = format!("cost of {}", action.id);
        let settle = format!("seconds to settle after {}", action.id);
        vec![
            Cell::code(&action.id),
            Cell::text(action.kind.family().name()),
            Cell {
                runs: vec![change(action)],
                ..Cell::default()
            },
            Cell::text(format!("{:?}", action.execute)),
            Cell::number(Token::new(action.cost, &Unit::new("{cost}"), &cost, source)),
            match action.settle_s > 0.0 {
                true => Cell::number(Token::duration(action.settle_s, &settle, source)),
                false => Cell::text("at once"),
            },
            Cell {
                runs: numerals::by_hand(&action.note),
                ..Cell::default()
            },
        ]
    };
    Table {
        caption: "Changes, in the order of carrying out".to_owned(),
        columns: vec![
            Heading::start("id"),
            Heading::start("family"),
            Heading::start("change"),
            Heading::start("by"),
            Heading::end("cost"),
            Heading::end("settles"),
            Heading::start("note"),
        ],
        rows: order.into_iter().map(row).collect(),
        empty: "It changes nothing.".to_owned(),
    }
}

fn guardrails(plan: &Plan, source: SourceId) -> Table {
    let row = |(place, it): (usize, &model::plan::guard::Guardrail)| {
        let limit = format!("the limit of guardrail {}", place + 1);
        let held = format!("hold time of guardrail {}", place + 1);
        vec![
            Cell::code(&it.metric),
            Cell {
                runs: numerals::told(&it.limit.to_string(), source, &limit),
                ..Cell::default()
            },
            Cell::number(Token::duration(it.for_s, &held, source)),
            Cell::text(match it.on_breach {
                model::plan::guard::Breach::RollbackAll => "everything is put back",
                model::plan::guard::Breach::Tell => "it is told",
            }),
        ]
    };
    Table {
        caption: "Guardrails".to_owned(),
        columns: vec![
            Heading::start("metric"),
            Heading::start("must be"),
            Heading::end("or for longer than"),
            Heading::start("then"),
        ],
        rows: plan.guardrails.iter().enumerate().map(row).collect(),
        empty: "No guardrail is set.".to_owned(),
    }
}

fn rollback(plan: &Plan, source: SourceId) -> Vec<Fact> {
    let rollback = &plan.rollback;
    let number = |seconds, what| Run::Number(Token::duration(seconds, what, source));
    vec![
        Fact::new(
            "Put back without a word after",
            vec![number(rollback.deadline_s, "deadline to confirm")],
        ),
        Fact::new(
            "Put back without contact after",
            vec![number(rollback.lease_s, "lease")],
        ),
        Fact::text(
            "Stays",
            match rollback.confirm {
                model::plan::Confirm::Required => "only when confirmed",
                model::plan::Confirm::Automatic => "when the guardrails held",
            },
        ),
    ]
}

fn criterion(criterion: &Criterion) -> String {
    match criterion {
        Criterion::Within { metric } => {
            format!("what is measured of {metric} lies in the predicted interval")
        }
        Criterion::Improves {
            metric,
            by,
            confidence,
        } => format!(
            "{metric} is better by at least {:.1} % at {:.0} % confidence",
            by * 100.0,
            confidence * 100.0
        ),
        Criterion::Holds { metric, limit } => format!("{metric} stays {limit}"),
    }
}
