//! `kymo plan`: a plan from the first draft to its validation; `kymo whatif solve`.
//!
//! One function a step; all work in `workflow::planning`.

use std::collections::BTreeSet;
use std::path::Path;

use analysis::compare::Relation;
use model::plan::{Class, Expected, Plan, State, check};
use model::time::Moment;
use plan::ledger;
use plan::life::{self, Approver, Consent};
use plan::predict::{self, Alone, Prediction};
use plan::system::Bounds;
use plan::validate::{Verdict, sentence};
use serde::Serialize;
use workflow::jobs::Context;
use workflow::outfile::spare;
use workflow::planning::audit::Audit;
use workflow::planning::{self, book, file};
use workflow::problem::{Problem, Sort};

use crate::analyses::{Head, opened, outcome, print};
use crate::failure::{Answer, answer, tell};

mod applying;
mod arguments;
mod text;
mod trial;

use self::arguments::{Approve, Keep, New, Predict, Reject, Show, Validate};
pub(crate) use arguments::{Command, WhatIf};

/// `kymo plan …`.
pub(crate) fn run(command: Command) -> Result<Answer, Problem> {
    match command {
        Command::New(arguments) => new(arguments),
        Command::Predict(arguments) => predict(&arguments),
        Command::Show(arguments) => show(&arguments),
        Command::Approve(arguments) => approve(&arguments),
        Command::Reject(arguments) => reject(&arguments),
        Command::Apply(arguments) => applying::apply(&arguments),
        Command::Status(arguments) => applying::status(&arguments),
        Command::Confirm(arguments) => applying::confirm(&arguments),
        Command::Rollback(arguments) => applying::roll_back(&arguments),
        Command::Validate(arguments) => validate(&arguments),
        Command::Trial(arguments) => trial::judge(&arguments),
        Command::Ledger(arguments) => keep(&arguments),
    }
}

/// `kymo whatif solve`.
pub(crate) fn whatif(command: &WhatIf) -> Result<Answer, Problem> {
    let WhatIf::Solve { case } = command;
    let what = || format!("could not read the case {}", case.display());
    let bytes = std::fs::read(case)
        .map_err(|error| Problem::from_error(what(), &error, Sort::NotReadable))?;
    let text = String::from_utf8(bytes).map_err(|_| Problem {
        what: what(),
        why: "it is no text".to_owned(),
        what_to_do: "a JSON file with a model and its inputs".to_owned(),
        sort: Sort::NotUsable,
    })?;
    let solved = plan::case::solve(&text).map_err(|error| {
        let sort = match error.is_limit() {
            true => Sort::Limit,
            false => Sort::NotUsable,
        };
        Problem::from_error(what(), &error, sort)
            .advise("a model and inputs as `kymo help whatif solve` lists them")
    })?;
    #[derive(Serialize)]
    struct Document {
        #[serde(flatten)]
        head: Head,
        #[serde(flatten)]
        solved: serde_json::Value,
    }
    let document = Document {
        head: Head::THIS,
        solved,
    };
    answer(&crate::commands::json(&document)?)?;
    Ok(Answer::Fine)
}

fn now() -> Moment {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ns = now.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX));
    Moment(ns)
}

fn new(arguments: New) -> Result<Answer, Problem> {
    if arguments.out.exists() {
        return Err(Problem {
            what: format!("could not make the plan {}", arguments.out.display()),
            why: "a file of this name is there already".to_owned(),
            what_to_do: "another name for --out".to_owned(),
            sort: Sort::Usage,
        });
    }
    let title = arguments
        .title
        .unwrap_or_else(|| "what would help".to_owned());
    let created = now();
    let mut plan = Plan::new(&file::id(created, &title), &title, created);
    plan.author = arguments.author.unwrap_or_default();
    let baseline = &mut plan.baseline;
    baseline.subject.service = arguments.service.unwrap_or_default();
    baseline.subject.cpu = arguments.cpu;
    baseline.subject.throughput = arguments.throughput.unwrap_or_default();
    baseline.subject.response = arguments.response.unwrap_or_default();
    baseline.subject.users = arguments.users.unwrap_or_default();
    baseline.subject.cores = arguments.cores;
    let mut notes = Vec::new();
    if let Some(session) = &arguments.session {
        let input = opened(session)?;
        let (ledger, _) = book::read(&book::usual())?;
        let found = planning::suggested(&input, &plan.baseline, &ledger, &Context::default())?;
        for suggestion in &found {
            notes.push(text::suggestion(suggestion));
        }
        if arguments.suggested {
            // Of several values of one setting the first is taken: a plan sets it once.
            let mut keys = BTreeSet::new();
            let actions = found.into_iter().map(|it| it.action);
            let actions = actions.filter(|it| {
                let setting = it.kind.setting();
                setting.is_none_or(|it| keys.insert(it.key))
            });
            plan.actions = actions.take(check::ACTIONS_MAX).collect();
        }
    }
    file::write(&arguments.out, &plan)?;
    let mut said = format!("wrote {}\n", arguments.out.display());
    if !notes.is_empty() {
        said.push_str("what the bottleneck would have one try:\n");
        for note in notes {
            said.push_str(&format!("  {note}\n"));
        }
    }
    crate::failure::answer_text(&said)?;
    Ok(Answer::Fine)
}

#[derive(Serialize)]
struct Predicted<'a> {
    #[serde(flatten)]
    head: Head,
    plan: &'a str,
    state: State,
    hash: String,
    expected: &'a [Expected],
    alone: &'a [Alone],
    cost: f64,
    bounds: Option<Bounds>,
    load: Option<f64>,
    inputs_hash: &'a str,
    inputs: Vec<predict::Input>,
    backtest: Option<&'a plan::calibrate::Backtest>,
    notes: &'a [String],
}

fn predict(arguments: &Predict) -> Result<Answer, Problem> {
    let mut plan = file::read_sound(&arguments.plan)?;
    let window = arguments::window(arguments.from, arguments.to)?;
    if let Some(window) = window {
        plan.baseline.window = Some((window.from, window.to));
    }
    let input = opened(&arguments.session)?;
    let place = arguments.ledger.clone().unwrap_or_else(book::usual);
    let (known, faults) = book::read(&place)?;
    faults.iter().for_each(|it| tell(&format!("kymo: {it}")));
    let context = Context::default();
    let found = planning::predicted(&mut plan, &input, (&known, now()), &context)?;
    let inputs = match &found {
        Some(_) => planning::calibrated(&input, &plan.baseline, &context)?
            .map(|it| predict::sensitivity(&it.calibration, &plan.actions))
            .unwrap_or_default(),
        None => Vec::new(),
    };
    if !arguments.keep_plan {
        file::write(&arguments.plan, &plan)?;
        book::add(&place, book::entries(&plan))?;
    }
    let document = Predicted {
        head: Head::THIS,
        plan: &plan.id,
        state: plan.state,
        hash: plan::document::mandate_hash(&plan),
        expected: &plan.expected,
        alone: found.as_ref().map_or(&[], |it| &it.alone),
        cost: found.as_ref().map_or(0.0, |it| it.cost),
        bounds: found.as_ref().map(|it| it.bounds),
        load: found.as_ref().map(|it| it.load),
        inputs_hash: found.as_ref().map_or("", |it| &it.inputs_hash),
        inputs,
        backtest: found.as_ref().map(|it| &it.backtest),
        notes: found.as_ref().map_or(&[], |it: &Prediction| &it.notes),
    };
    print(arguments.json.into(), &document, || {
        text::predicted(&plan, found.as_ref(), &document.inputs)
    })?;
    Ok(outcome(&input))
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    head: Head,
    plan: &'a Plan,
    hash: String,
    faults: Vec<String>,
    missing: Vec<String>,
}

fn show(arguments: &Show) -> Result<Answer, Problem> {
    let plan = file::read(&arguments.plan)?;
    let faults: Vec<String> = check::faults(&plan)
        .iter()
        .map(ToString::to_string)
        .collect();
    let missing = life::missing_for_begin(&plan, now());
    let document = Shown {
        head: Head::THIS,
        plan: &plan,
        hash: plan::document::mandate_hash(&plan),
        missing: missing.iter().map(ToString::to_string).collect(),
        faults,
    };
    print(arguments.json.into(), &document, || {
        text::shown(&plan, &document.faults, &document.missing)
    })?;
    match document.faults.is_empty() {
        true => Ok(Answer::Fine),
        false => Ok(Answer::No),
    }
}

fn approve(arguments: &Approve) -> Result<Answer, Problem> {
    let mut plan = file::read_sound(&arguments.plan)?;
    let consent = Consent {
        who: &arguments.who,
        at: now(),
        acknowledged: &arguments.acknowledge,
        version: predict::MODELS,
        approver: match arguments.not_by_author {
            true => Approver::OtherThanAuthor,
            false => Approver::Anyone,
        },
    };
    life::approve(&mut plan, &consent)
        .map_err(|refused| planning::not_now("approve", &plan, &refused))?;
    let mut audit = Audit::open(&file::audit(&arguments.plan, &plan))?;
    let acknowledged = arguments.acknowledge.join(", ");
    audit.add(&plan, (now(), &arguments.who), ("approve", &acknowledged))?;
    file::write(&arguments.plan, &plan)?;
    crate::failure::answer_text(&format!(
        "{} approved {} ({})\n",
        arguments.who,
        arguments.plan.display(),
        plan::document::mandate_hash(&plan)
    ))?;
    Ok(Answer::Fine)
}

fn reject(arguments: &Reject) -> Result<Answer, Problem> {
    let mut plan = file::read_sound(&arguments.plan)?;
    life::advance(&mut plan, State::Rejected, now())
        .map_err(|refused| planning::not_now("reject", &plan, &refused))?;
    plan.approvals.clear();
    let mut audit = Audit::open(&file::audit(&arguments.plan, &plan))?;
    audit.add(&plan, (now(), &arguments.who), ("reject", &arguments.why))?;
    file::write(&arguments.plan, &plan)?;
    crate::failure::answer_text(&format!(
        "{} rejected {}\n",
        arguments.who,
        arguments.plan.display()
    ))?;
    Ok(Answer::Fine)
}

#[derive(Serialize)]
struct Validated<'a> {
    #[serde(flatten)]
    head: Head,
    plan: &'a str,
    verdict: &'static str,
    comparable: bool,
    lines: Vec<String>,
    metrics: Vec<Measured<'a>>,
}

#[derive(Serialize)]
struct Measured<'a> {
    metric: &'a str,
    unit: &'a str,
    class: Class,
    p10: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    before: Option<f64>,
    observed: Option<f64>,
    error: Option<f64>,
    inside: Option<bool>,
    grade: Option<&'static str>,
}

fn validate(arguments: &Validate) -> Result<Answer, Problem> {
    let mut plan = file::read_sound(&arguments.plan)?;
    let after = opened(&arguments.after)?;
    let before = match &arguments.before {
        Some(before) => opened(before)?,
        None => opened(&arguments.after)?,
    };
    let windows = [
        arguments::window(arguments.before_from, arguments.before_to)?,
        arguments::window(arguments.after_from, arguments.after_to)?,
    ];
    if arguments.before.is_none() && windows[0].is_none() && plan.baseline.window.is_none() {
        return Err(Problem {
            what: "could not tell the time before the change".to_owned(),
            why: "one recording was given and no window in it".to_owned(),
            what_to_do: "--before SESSION, or --before-from and --before-to".to_owned(),
            sort: Sort::Usage,
        });
    }
    let relation = match arguments.repeatable {
        true => Relation::Repeatable,
        false => Relation::Apart,
    };
    let context = Context::default();
    let report = planning::validated(&plan, [&before, &after], (windows, relation), &context)?;
    if !arguments.keep_plan {
        let ledger = arguments.ledger.clone().unwrap_or_else(book::usual);
        let of = (
            Some(arguments.plan.as_path()),
            arguments.after.as_path(),
            ledger,
        );
        let measured = windows[1].unwrap_or(after.span()).to;
        planning::conclude(&mut plan, &report, of, (measured, now()))?;
    }
    let document = Validated {
        head: Head::THIS,
        plan: &plan.id,
        verdict: report.verdict.name(),
        comparable: report.verdict != Verdict::NotComparable,
        lines: sentence::lines(&report),
        metrics: report.rows.iter().map(measured).collect(),
    };
    print(arguments.json.into(), &document, || {
        let mut text = document.lines.join("\n");
        text.push('\n');
        text
    })?;
    match report.verdict {
        Verdict::Validated => Ok(outcome(&after)),
        _ => Ok(Answer::No),
    }
}

fn measured(row: &plan::validate::Row) -> Measured<'_> {
    let known = |value: f64| value.is_finite().then_some(value);
    let expected = &row.expected;
    Measured {
        metric: &expected.metric,
        unit: &expected.unit,
        class: expected.class,
        p10: expected.p10,
        p50: expected.p50,
        p90: expected.p90,
        before: known(row.before),
        observed: known(row.observed),
        error: known(row.error),
        inside: row.inside,
        grade: row.grade.map(plan::validate::grade::Grade::name),
    }
}

#[derive(Serialize)]
struct Book {
    #[serde(flatten)]
    head: Head,
    path: String,
    predictions: usize,
    answered: usize,
    scores: Vec<Scored>,
}

#[derive(Serialize)]
struct Scored {
    said: String,
    count: usize,
    coverage: Option<f64>,
    coverage_interval: [Option<f64>; 2],
    mean_error: Option<f64>,
}

fn keep(arguments: &Keep) -> Result<Answer, Problem> {
    let place = arguments.ledger.clone().unwrap_or_else(book::usual);
    let (known, faults) = book::read(&place)?;
    faults.iter().for_each(|it| tell(&format!("kymo: {it}")));
    if let Some(out) = &arguments.export {
        export(out, &ledger::table::csv(&known))?;
    }
    let scores = ledger::score::scores(&known);
    let document = Book {
        head: Head::THIS,
        path: place.display().to_string(),
        predictions: known.entries().count(),
        answered: known.answered().len(),
        scores: scores
            .iter()
            .map(|it| Scored {
                said: it.said(),
                count: it.answered,
                coverage: Some(it.coverage()).filter(|it| it.is_finite()),
                coverage_interval: it
                    .coverage_interval()
                    .map(|it| Some(it).filter(|it| it.is_finite())),
                mean_error: Some(it.mean_error()).filter(|it| it.is_finite()),
            })
            .collect(),
    };
    print(arguments.json.into(), &document, || {
        text::ledger(&document.path, &known, &scores)
    })?;
    Ok(match faults.is_empty() {
        true => Answer::Fine,
        false => Answer::Partly,
    })
}

fn export(out: &Path, csv: &str) -> Result<(), Problem> {
    spare(out, &[])?;
    std::fs::write(out, csv).map_err(|error| {
        Problem::from_error(
            format!("could not write {}", out.display()),
            &error,
            Sort::of_io(&error),
        )
    })
}
