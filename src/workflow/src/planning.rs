//! Plans on recordings: what an input tells of an application, calibrated.
//!
//! Window and command line calibrate here, so that both predict alike. What a model makes
//! of the numbers is the crate `plan`'s business; this finds the numbers.
//!
//! * [`calibrated`], [`predicted`], [`validated`], [`suggested`]: the four questions.
//! * [`execute`]: on an agent; [`audit`]: who did what.
//! * [`file`]: plan files; [`book`]: the ledger of predictions.
//!
//! Start at [`predicted`].

pub mod audit;
pub mod book;
pub mod carry;
pub mod execute;
pub mod file;
pub mod trial;

use std::path::Path;

use analysis::compare::Relation;
use analysis::frame::{Frame, Line};
use model::catalog::{Kind, Polarity};
use model::plan::{Baseline, Class, Expected, Plan, Prediction as Made};
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span};
use model::unit::Unit;
use plan::calibrate::{self, Calibration, Params};
use plan::ledger::Ledger;
use plan::observe::{Machine, Observed, observe};
use plan::predict::{self, Prediction};
use plan::refusal::Refusal;
use plan::suggest::{self, Suggestion};
use plan::validate::{self, Report, Sides, recording};
use plan::{document, life};

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::processes::Measure;
use crate::stored::Stored;

/// Names of processes that are told apart on a host, at most: the busiest.
const NAMES_MAX: usize = 24;

/// Processes of one host that are read, at most: the busiest.
const PROCESSES_MAX: usize = 256;

/// Processes that used less than this many processors are nobody's load.
const USED_LEAST: f64 = 0.002;

/// What was asked for and found.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// The numbers of the application.
    pub observed: Observed,
    /// The system that they make.
    pub calibration: Calibration,
    /// The window they are from.
    pub window: Span,
}

/// Calibrates the application that a plan speaks of on an input.
///
/// The inner error is the answer that the recording cannot carry one.
///
/// # Errors
///
/// The disk refuses, or the user stopped it.
pub fn calibrated(
    input: &Input,
    baseline: &Baseline,
    context: &Context,
) -> Result<Result<Calibrated, Refusal>, Problem> {
    let frame = frame(input, context)?;
    let window = match baseline.window {
        Some((from, to)) => Span { from, to },
        None => input.span(),
    };
    let frame = frame.slice(frame.rows_in(window));
    let machines = machines(input);
    if context.cancelled() {
        return Err(Problem::cancelled("calibration"));
    }
    let folder = input.path.parent().unwrap_or(Path::new(""));
    let cache = match &baseline.subject.cache {
        Some(cache) => Some(file::cache(cache, folder)?),
        None => None,
    };
    Ok(
        observe(&frame, &baseline.subject, &machines).and_then(|mut observed| {
            observed.cache = cache;
            let calibration = calibrate::calibrate(&observed, &Params::default())?;
            Ok(Calibrated {
                observed,
                calibration,
                window,
            })
        }),
    )
}

/// Metrics that are refused by name where nothing could be calibrated.
const REFUSED: [(&str, &str); 3] = [
    ("app.throughput", "{request}/s"),
    ("app.response.mean", "s"),
    ("cpu.utilization", "1"),
];

/// Predicts a plan on an input and puts what is expected into it: the plan is then
/// predicted, or predicted to be unpredictable.
///
/// # Errors
///
/// The disk refuses, the user stopped it, or the plan is in no state to be predicted.
pub fn predicted(
    plan: &mut Plan,
    input: &Input,
    (ledger, now): (&Ledger, Moment),
    context: &Context,
) -> Result<Option<Prediction>, Problem> {
    fill(plan, input)?;
    let found = calibrated(input, &plan.baseline, context)?;
    let (expected, prediction) = match found {
        Ok(found) => {
            // The recording after the change may not show it any more.
            plan.baseline.subject.cpu.extend(found.observed.found_cpu);
            let widening = book::widening(ledger, &found.calibration);
            let prediction = predict::predict(&found.calibration, plan, &widening);
            (prediction.expected.clone(), Some(prediction))
        }
        Err(refusal) => (REFUSED.map(|it| refused(it, &refusal)).to_vec(), None),
    };
    let made = Made {
        hash: document::mandate_hash(plan),
        version: predict::MODELS.to_owned(),
        at: now,
    };
    life::predicted(plan, made, expected).map_err(|refused| not_now("predict", plan, &refused))?;
    Ok(prediction)
}

/// The problem of a step that a plan cannot take now.
pub fn not_now(what: &str, plan: &Plan, refused: &life::Refused) -> Problem {
    let mut next: Vec<&str> = refused.missing.iter().map(|it| it.next.as_str()).collect();
    next.dedup();
    Problem {
        what: format!("could not {what} the plan {:?}", plan.title),
        why: refused
            .missing
            .iter()
            .map(|it| it.what.clone())
            .collect::<Vec<_>>()
            .join("; "),
        what_to_do: next.join("; "),
        sort: Sort::Usage,
    }
}

fn refused((metric, unit): (&str, &str), refusal: &Refusal) -> Expected {
    Expected {
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        p10: None,
        p50: None,
        p90: None,
        before: None,
        class: Class::X,
        model: String::new(),
        inputs_hash: String::new(),
        refused: Some(format!("{}: {}", refusal.code, refusal.why)),
        record_next: Some(refusal.record_next.clone()),
    }
}

/// Says in a plan which recording and machine it is made from, where it does not yet.
fn fill(plan: &mut Plan, input: &Input) -> Result<(), Problem> {
    let Some(stored) = &input.stored else {
        return Ok(());
    };
    let baseline = &mut plan.baseline;
    let session = file::fingerprint(stored.path())?;
    if baseline.session != session && !session.is_empty() {
        baseline.session = session;
        // It was recorded at another time, perhaps after a restart or elsewhere.
        baseline.host.clear();
        baseline.boot_id.clear();
        baseline.kernel.clear();
    }
    let hosts = stored.hosts();
    if baseline.host.is_empty()
        && let [only] = hosts
    {
        baseline.host.clone_from(&only.name);
    }
    if let Some(facts) = hosts.iter().find(|it| it.name == baseline.host)
        && baseline.boot_id.is_empty()
    {
        baseline.boot_id.clone_from(&facts.host.boot_id);
        baseline.kernel.clone_from(&facts.host.kernel);
    }
    Ok(())
}

/// Holds what was measured before and after against a plan.
///
/// `windows` are those of the two inputs; without one the plan's own counts before and
/// all of the recording after; `apart` says how two recordings relate.
///
/// # Errors
///
/// The disk refuses, the user stopped it, or a side does not hold the application.
pub fn validated(
    plan: &Plan,
    [before, after]: [&Input; 2],
    (windows, apart): ([Option<Span>; 2], Relation),
    context: &Context,
) -> Result<Report, Problem> {
    let own = plan.baseline.window.map(|(from, to)| Span { from, to });
    let one = before.path == after.path;
    let mut seen = side(plan, before, windows[0].or(own), context)?;
    if windows[0].is_none() {
        // Of a recording that goes through several loads the last is what was predicted
        // from.
        seen = seen.rows(calibrate::last_level(&seen));
    }
    let before = recording::of(&seen);
    let later = side(plan, after, windows[1], context)?;
    let measured_s = later.at.len() as f64 * later.step_s;
    let after = recording::after(plan, &later);
    let sides = Sides {
        before: &before,
        after: &after,
        relation: match one {
            true => Relation::Adjacent,
            false => apart,
        },
    };
    let mut report = validate::validate(plan, &sides);
    let wanted_s = plan.validation.after_window_s;
    if measured_s < wanted_s {
        report.doubts.push(format!(
            "{measured_s:.0} s were measured after the change, and the plan asks for {wanted_s:.0} s"
        ));
    }
    Ok(report)
}

/// Puts what was found into the plan, where it was confirmed, into its file, and into the
/// ledger; says whether the plan changed.
///
/// # Errors
///
/// The disk refuses.
pub fn conclude(
    plan: &mut Plan,
    report: &Report,
    (path, after, ledger): (Option<&Path>, &Path, std::path::PathBuf),
    (measured, now): (Moment, Moment),
) -> Result<bool, Problem> {
    let next = report.verdict.state();
    let next = next.filter(|it| life::transition(plan.state, *it).is_some());
    if let Some(state) = next {
        life::advance(plan, state, now).map_err(|refused| not_now("validate", plan, &refused))?;
        if let Some(path) = path {
            file::write(path, plan)?;
        }
    }
    let session = file::fingerprint(after)?;
    // Of predictions made elsewhere the ledger may not know yet.
    let mut records = book::entries(plan);
    records.extend(book::outcomes(plan, report, (measured, &session)));
    book::add(&ledger, records)?;
    Ok(next.is_some())
}

fn side(
    plan: &Plan,
    input: &Input,
    window: Option<Span>,
    context: &Context,
) -> Result<Observed, Problem> {
    let frame = frame(input, context)?;
    let frame = match window {
        Some(window) => frame.slice(frame.rows_in(window)),
        None => frame,
    };
    let seen = observe(&frame, &plan.baseline.subject, &machines(input));
    seen.map_err(|refusal| Problem {
        what: format!(
            "could not find the plan's application in {}",
            input.path.display()
        ),
        why: format!("{}: {}", refusal.code, refusal.why),
        what_to_do: refusal.record_next,
        sort: Sort::NotUsable,
    })
}

/// What the bottleneck would have one try, with predicted effects.
///
/// # Errors
///
/// The disk refuses, or the user stopped it.
pub fn suggested(
    input: &Input,
    baseline: &Baseline,
    ledger: &Ledger,
    context: &Context,
) -> Result<Vec<Suggestion>, Problem> {
    let found = calibrated(input, baseline, context)?.ok();
    suggested_by(input, baseline, (found.as_ref(), ledger), context)
}

/// As [`suggested`], by what was calibrated already for this baseline.
///
/// # Errors
///
/// The disk refuses, or the user stopped it.
pub fn suggested_by(
    input: &Input,
    baseline: &Baseline,
    (found, ledger): (Option<&Calibrated>, &Ledger),
    context: &Context,
) -> Result<Vec<Suggestion>, Problem> {
    let window = baseline.window.map(|(from, to)| Span { from, to });
    let request = analysis::bottleneck::Request {
        window,
        ..analysis::bottleneck::Request::default()
    };
    let outcome = crate::bottleneck::assess(input, &request, context)?;
    let calibration = found.map(|it| &it.calibration);
    let widening = calibration.map(|it| book::widening(ledger, it));
    Ok(suggest::suggestions(
        &outcome,
        calibration,
        &widening.unwrap_or_default(),
    ))
}

/// All series of all hosts on one set of rows, with the processors of processes by name.
pub fn frame(input: &Input, context: &Context) -> Result<Frame, Problem> {
    let mut frames: Vec<Frame> = Vec::new();
    for host in &input.frames {
        frames.push(host.frame.clone());
        if let Some(stored) = &input.stored {
            frames.extend(processes(stored, &host.host, context)?);
        }
    }
    Ok(Frame::joined(&frames.iter().collect::<Vec<_>>()))
}

/// What is known of the hosts.
pub fn machines(input: &Input) -> Vec<Machine> {
    let Some(stored) = &input.stored else {
        return Vec::new();
    };
    let facts = stored.hosts().iter();
    facts
        .map(|it| Machine {
            host: it.name.clone(),
            cores: (it.host.cpus > 0).then(|| f64::from(it.host.cpus)),
            processor: String::new(),
        })
        .collect()
}

/// Processors that processes of one name used, a series a name.
fn processes(stored: &Stored, host: &str, context: &Context) -> Result<Option<Frame>, Problem> {
    let span = stored.span();
    let least = USED_LEAST * span.seconds();
    let mut used = stored.process_use(host, span)?.to_vec();
    used.retain(|it| it.cpu_seconds >= least);
    used.truncate(PROCESSES_MAX);
    let mut names: Vec<(String, f64)> = Vec::new();
    for process in &used {
        match names.iter_mut().find(|it| it.0 == process.name) {
            Some(name) => name.1 += process.cpu_seconds,
            None => names.push((process.name.clone(), process.cpu_seconds)),
        }
    }
    names.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    names.truncate(NAMES_MAX);
    let mut columns = Vec::new();
    let mut owners = Vec::new();
    for process in &used {
        if context.cancelled() {
            return Err(Problem::cancelled("calibration"));
        }
        if let Some(place) = names.iter().position(|it| it.0 == process.name) {
            columns.push(stored.process_drawn(host, process.id, Measure::Cpu)?);
            owners.push(place);
        }
    }
    if columns.is_empty() {
        return Ok(None);
    }
    let apart = Frame::of_columns(&columns);
    let lines = names.iter().enumerate().map(|(place, (name, _))| {
        let mut sum = vec![0.0; apart.rows()];
        let own = apart.lines.iter().zip(&owners).filter(|it| *it.1 == place);
        for (line, _) in own {
            // A process that is not there uses nothing.
            let read = line
                .values
                .iter()
                .map(|it| if it.is_finite() { *it } else { 0.0 });
            sum.iter_mut().zip(read).for_each(|(sum, it)| *sum += it);
        }
        let attributes = [("process.name".to_owned(), name.clone())];
        let key = SeriesKey::new(host, "process.cpu.utilization", attributes);
        Line {
            name: key.to_string(),
            series: Series {
                key,
                unit: Unit::new("1"),
                kind: Kind::Gauge,
                polarity: Polarity::Neutral,
            },
            values: sum.into(),
        }
    });
    Ok(Some(Frame {
        at: apart.at.clone(),
        step_ns: apart.step_ns,
        lines: lines.collect(),
    }))
}
