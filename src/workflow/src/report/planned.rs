//! What came with a report's request: the plan, its audit, the recording after it, the
//! ledger; and what the recording says as a model.
//!
//! Documents travel in the request as text, so that a report can be checked without them;
//! a recording travels by its name and fingerprint.
//!
//! Start at [`request`].

use std::path::{Path, PathBuf};

use analysis::compare::Relation;
use model::compliance::Compliance;
use model::plan::{Baseline, Plan};
use model::standard::{Rules, Standard};
use model::time::Span;
use plan::ledger::score::{self, Score};
use plan::ledger::{Ledger, Tail};
use plan::predict::{self, Band};
use report::input::{AuditLine, Model, ModelInput, PlanInput};
use report::part::ledger::LEDGER;
use report::part::measured::MEASURED;
use report::part::plan::PLAN;
use report::request::{Attached, Request};

use super::{Order, read_text};
use crate::input::Input;
use crate::jobs::Context;
use crate::planning::{self, audit, book, file};
use crate::problem::{Problem, Sort};
use crate::standards;
use crate::stored::Stored;

/// What names of standards begin with in a request.
pub(super) const STANDARD: &str = "standard ";

/// What sources call the audit of a plan.
pub(super) const AUDIT: &str = "audit";

/// Bytes of a plan or an audit that travel with a report.
const TEXT_MAX_BYTES: u64 = 4 << 20;

/// Bytes of a ledger that travel with a report: some thousand predictions. A larger one
/// is told as that, since numbers from it could not be checked.
const LEDGER_MAX_BYTES: u64 = 4 << 20;

/// The request of an order: everything beside the session, as it is now.
pub(super) fn request(order: &Order, window: Span) -> Result<Request, Problem> {
    let mut documents = Vec::new();
    let mut attach = |name: &str, text: String| {
        documents.push(Attached {
            name: name.to_owned(),
            text,
        });
    };
    if let Some(path) = &order.plan {
        let plan = file::read_sound(path)?;
        attach(
            PLAN,
            plan::document::text(&plan).map_err(|error| {
                let what = format!("could not use {}", path.display());
                Problem::from_error(what, &error, Sort::NotUsable)
            })?,
        );
        let audit = file::audit(path, &plan);
        if audit.exists() {
            attach(AUDIT, read_text(&audit, TEXT_MAX_BYTES)?);
        }
    }
    if let Some(path) = &order.after {
        let name = super::gather::session_name(path);
        attach(MEASURED, format!("{name} {}", file::fingerprint(path)?));
    }
    for name in &order.standards {
        let (text, origin) = standards::text_of(name)?;
        standards::load(name)?;
        attach(&format!("{STANDARD}{origin}"), text);
    }
    let speaks = ["optimization", "prediction"].contains(&order.draft.kind.as_str());
    let path = order.ledger.clone().unwrap_or_else(book::usual);
    if speaks && path.exists() {
        attach(LEDGER, read_text(&path, LEDGER_MAX_BYTES)?);
    }
    Ok(Request {
        draft: order.draft.clone(),
        window,
        documents,
    })
}

/// What the documents of a request say.
pub(super) struct Known {
    pub(super) plan: Option<Plan>,
    pub(super) ledger: Ledger,
    pub(super) scores: Vec<Score>,
    audit: Vec<AuditLine>,
    audit_fault: Option<String>,
}

/// Reads the documents of a request.
pub(super) fn known(request: &Request, order: &Order) -> Result<Known, Problem> {
    let plan = match request.document(PLAN) {
        Some(text) => Some(plan::document::parse(text).map_err(|error| {
            let name = order
                .plan
                .as_deref()
                .unwrap_or(Path::new("the report's plan"));
            let what = format!("could not use {}", name.display());
            Problem::from_error(what, &error, Sort::NotUsable)
        })?),
        None => None,
    };
    let reading = Ledger::read(request.document(LEDGER).unwrap_or_default()).map_err(|error| {
        Problem::from_error("could not read the ledger", &error, Sort::Limit)
            .advise("move it away, a new one begins by itself")
    })?;
    let ledger = reading.ledger;
    let sound = reading.faults.is_empty() && reading.tail != Tail::Torn(0);
    let any = sound && ledger.entries().next().is_some();
    let scores = if any {
        score::scores(&ledger)
    } else {
        Vec::new()
    };
    let (audit, audit_fault) = match request.document(AUDIT).map(audit::verified) {
        Some(Ok(lines)) => (lines.into_iter().map(audit_line).collect(), None),
        Some(Err(why)) => (
            Vec::new(),
            Some(format!("The audit is not believed: {why}.")),
        ),
        None => (Vec::new(), None),
    };
    Ok(Known {
        plan,
        ledger,
        scores,
        audit,
        audit_fault,
    })
}

fn audit_line(line: audit::Line) -> AuditLine {
    AuditLine {
        at: line.at,
        who: line.who,
        what: line.what,
        text: line.text,
    }
}

/// The plan with what the recording says of it now.
pub(super) fn plan(
    stored: &Stored,
    (request, known, order): (&Request, &Known, &Order),
    context: &Context,
) -> Result<Option<PlanInput>, Problem> {
    let Some(plan) = &known.plan else {
        return Ok(None);
    };
    let before = Input::of_stored(stored, None, context)?;
    let calibrated = planning::calibrated(&before, &plan.baseline, context)?;
    let prediction = calibrated.ok().map(|found| {
        let widening = book::widening(&known.ledger, &found.calibration);
        predict::predict(&found.calibration, plan, &widening)
    });
    let outcome = match (&order.after, request.document(MEASURED)) {
        (Some(path), Some(_)) => {
            let after = Input::open(path, context)?;
            let sides = [&before, &after];
            Some(planning::validated(
                plan,
                sides,
                ([None, None], Relation::Apart),
                context,
            )?)
        }
        _ => None,
    };
    Ok(Some(PlanInput {
        plan: plan.clone(),
        prediction,
        outcome,
        audit: known.audit.clone(),
        audit_fault: known.audit_fault.clone(),
    }))
}

/// How far standards are kept: those of the request, then those attached to the session.
///
/// Standards of reports are about a finished one, so they are not part of any.
pub(super) fn compliance(
    stored: &Stored,
    (request, known): (&Request, &Known),
    context: &Context,
) -> Result<Vec<Compliance>, Problem> {
    let named = request.documents.iter();
    let named = named.filter(|it| it.name.starts_with(STANDARD));
    let mut all: Vec<Standard> = Vec::new();
    for document in named {
        let parsed = model::standard::parse::parse(&document.text);
        all.push(parsed.map_err(|mistakes| {
            Problem {
                what: format!("could not use the {}", document.name),
                why: mistakes
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                what_to_do: "kymo standard validate".to_owned(),
                sort: Sort::NotUsable,
            }
        })?);
    }
    for standard in standards::attached(stored) {
        if !all.iter().any(|it| it.id == standard.id) {
            all.push(standard);
        }
    }
    let asked = standards::Request {
        window: Some(request.window),
        plan: known.plan.clone(),
    };
    let mut told = Vec::new();
    for standard in &all {
        let fits = match &standard.rules {
            Rules::Metric(_) | Rules::Threshold(_) => true,
            Rules::Optimization(_) => known.plan.is_some(),
            Rules::Reporting(_) => false,
        };
        if fits {
            told.push(standards::check(stored, standard, &asked, context)?);
        }
    }
    Ok(told)
}

/// What the recording says as a model of the plan's application, or of the busiest.
pub(super) fn model(
    stored: &Stored,
    (known, span): (&Known, Span),
    context: &Context,
) -> Result<ModelInput, Problem> {
    let input = Input::of_stored(stored, None, context)?;
    let mut baseline = match &known.plan {
        Some(plan) => plan.baseline.clone(),
        None => Baseline::default(),
    };
    if baseline.window.is_none() {
        baseline.window = Some((span.from, span.to));
    }
    let found = match planning::calibrated(&input, &baseline, context)? {
        Ok(found) => found,
        Err(refusal) => return Ok(ModelInput::Refused(refusal)),
    };
    let suggestions =
        planning::suggested_by(&input, &baseline, (Some(&found), &known.ledger), context)?;
    let calibration = &found.calibration;
    let shares = calibration.now.utilization.iter();
    let resources = calibration.resources.iter().zip(shares);
    Ok(ModelInput::Known(Box::new(Model {
        subject: calibration.subject.clone(),
        window: found.window,
        throughput: calibration.now.throughput,
        response_s: calibration.now.response_s,
        resources: resources
            .map(|(it, share)| (it.name.clone(), it.host.clone(), *share))
            .collect(),
        check: calibration.backtest.told(),
        doubts: calibration
            .doubts
            .iter()
            .map(|it| it.refusal.clone())
            .collect(),
        suggestions,
        notes: calibration.notes.clone(),
        curve: Some(predict::curves(calibration, &[], Band::Eighty)),
    })))
}

/// Where the recording after a plan is: beside the report, by the name that a request
/// keeps. A path that leads elsewhere is none.
pub(super) fn after_of(request: &Request, folder: &Path) -> Option<PathBuf> {
    let text = request.document(MEASURED)?;
    let (name, _) = text.rsplit_once(' ')?;
    let name = Path::new(name)
        .file_name()
        .filter(|it| it.to_str() == Some(name))?;
    let beside = folder.join(name);
    may_be_session(&beside).then_some(beside)
}

/// Whether something is a file or a folder: opening anything else may wait forever.
pub(super) fn may_be_session(path: &Path) -> bool {
    path.is_file() || path.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_leads_to_nothing_but_what_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        std::fs::create_dir_all(home.join("folder.kymo")).unwrap();
        std::fs::create_dir_all(home.join("empty")).unwrap();
        for name in [
            "after.kymo",
            "../out.kymo",
            "folder.kymo/manifest.ron",
            "two words.kymo",
        ] {
            std::fs::write(home.join(name), "").unwrap();
        }
        let (mode, pipe) = (rustix::fs::Mode::RUSR, home.join("pipe"));
        rustix::fs::mknodat(rustix::fs::CWD, pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let outside = folder.path().join("out.kymo").display().to_string();
        for (name, found) in [
            ("after.kymo", true),
            ("two words.kymo", true),
            ("folder.kymo", true),
            ("empty", true),
            ("pipe", false),
            ("../out.kymo", false),
            (outside.as_str(), false),
            ("folder.kymo/manifest.ron", false),
            ("..", false),
            ("", false),
        ] {
            let mut request = Request::new("optimization", Span::default());
            request.documents.push(Attached {
                name: MEASURED.to_owned(),
                text: format!("{name} sha256:0"),
            });
            assert_eq!(after_of(&request, &home).is_some(), found, "{name}");
        }
    }
}
