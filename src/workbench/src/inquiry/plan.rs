//! What is asked for a plan: the model of the open session, suggestions, intervals, and how
//! earlier predictions came out.
//!
//! Start at [`ask`], [`ask_interval`] and [`ask_book`].

use std::path::PathBuf;
use std::sync::Arc;

use analysis::compare::Relation;
use model::plan::{Baseline, Plan};
use plan::ledger::{Ledger, score};
use plan::predict::{self, Band, Curve, Prediction};
use plan::refusal::Refusal;
use plan::suggest::Suggestion;
use plan::validate::Report;
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::planning::{self, Calibrated, book};
use workflow::problem::Problem;

use super::{Answer, Inquiry};
use crate::plans::now;
use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};

/// The model of a session.
pub type Question = Inquiry<Baseline, Found>;

/// Intervals for a version of the plan.
pub type Interval = Inquiry<(u64, u64), Predicted>;

/// What came of a plan, by the recording after it.
pub type Outcomes = Inquiry<PathBuf, Concluded>;

/// How earlier predictions came out.
pub type Scores = Inquiry<(), Book>;

/// The model, or why there is none.
pub struct Found {
    /// The calibrated system.
    pub calibrated: Result<Arc<Calibrated>, Refusal>,
    /// What the bottleneck would have one try.
    pub suggestions: Vec<Suggestion>,
    /// The ledger, which widens intervals where earlier ones missed.
    pub book: Arc<Book>,
}

/// The ledger, ready to be drawn.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// All predictions and outcomes.
    pub ledger: Ledger,
    /// The scores, one a model and quantity.
    pub scores: Vec<score::Score>,
    /// What was damaged in it.
    pub faults: Vec<String>,
}

/// Intervals.
pub struct Predicted {
    /// Versions of the plan and of the model that they are of.
    pub made_for: (u64, u64),
    /// What is expected.
    pub prediction: Prediction,
    /// The planned system at many loads, with its band.
    pub curve: Curve,
}

/// Fits the model to the session and looks what would help.
pub fn ask(
    question: &mut Question,
    (input, baseline): (&Arc<Input>, Baseline),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask(baseline.clone(), work);
    let input = Arc::clone(input);
    let job = work.start(Pool::Long, "fitting the model", move |context| {
        let found = look(&input, &baseline, context);
        Outcome::Answered(generation, Box::new(Answer::Plan(number, found)))
    });
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}

fn look(input: &Input, baseline: &Baseline, context: &Context) -> Result<Found, Problem> {
    let book = book()?;
    let calibrated = planning::calibrated(input, baseline, context)?.map(Arc::new);
    let known = calibrated.as_ref().ok().map(AsRef::as_ref);
    let suggestions = planning::suggested_by(input, baseline, (known, &book.ledger), context)?;
    Ok(Found {
        calibrated,
        suggestions,
        book: Arc::new(book),
    })
}

/// Reads the ledger of earlier predictions; needs no session.
pub fn ask_book(question: &mut Scores, (generation, work): (Generation, &mut Work)) {
    let number = question.ask((), work);
    let job = work.start(Pool::Quick, "reading earlier predictions", move |_| {
        Outcome::Answered(generation, Box::new(Answer::Book(number, book())))
    });
    question.started(job.map(|id| Ticket(Pool::Quick, id)));
}

fn book() -> Result<Book, Problem> {
    let (ledger, faults) = book::read(&book::usual())?;
    Ok(Book {
        scores: score::scores(&ledger),
        ledger,
        faults,
    })
}

/// What came of a plan.
pub struct Concluded {
    /// All that was found.
    pub report: Report,
    /// The plan in the state that it came to, where that changed, until it is taken.
    pub plan: Option<Plan>,
}

/// What is held against a prediction.
pub struct Held {
    /// The plan, and its file, where it has one.
    pub plan: (Arc<Plan>, Option<PathBuf>),
    /// The recording after the change.
    pub after: PathBuf,
    /// Whether runs repeat each other.
    pub repeatable: bool,
}

/// Holds a recording after the change against what was predicted.
pub fn ask_verdict(
    question: &mut Outcomes,
    (input, held): (&Arc<Input>, Held),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask(held.after.clone(), work);
    let input = Arc::clone(input);
    let job = work.start(Pool::Long, "asking whether it helped", move |context| {
        let found = concluded(&input, &held, context);
        Outcome::Answered(generation, Box::new(Answer::Verdict(number, found)))
    });
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}

fn concluded(input: &Input, held: &Held, context: &Context) -> Result<Concluded, Problem> {
    let relation = match held.repeatable {
        true => Relation::Repeatable,
        false => Relation::Apart,
    };
    let mut plan = Plan::clone(&held.plan.0);
    let after = Input::open(&held.after, context)?;
    let report = planning::validated(&plan, [input, &after], ([None, None], relation), context)?;
    let of = (held.plan.1.as_deref(), held.after.as_path(), book::usual());
    let when = (after.span().to, now());
    let changed = planning::conclude(&mut plan, &report, of, when)?;
    Ok(Concluded {
        report,
        plan: changed.then_some(plan),
    })
}

/// Computes the intervals of a plan.
pub fn ask_interval(
    question: &mut Interval,
    (found, plan, versions): (&Found, Arc<Plan>, (u64, u64)),
    (generation, work): (Generation, &mut Work),
) {
    let Ok(calibrated) = &found.calibrated else {
        return;
    };
    let number = question.ask(versions, work);
    let (calibrated, book) = (Arc::clone(calibrated), Arc::clone(&found.book));
    let job = work.start(Pool::Quick, "predicting", move |_| {
        let calibration = &calibrated.calibration;
        let widening = book::widening(&book.ledger, calibration);
        let predicted = Predicted {
            made_for: versions,
            prediction: predict::predict(calibration, &plan, &widening),
            curve: predict::curves(calibration, &plan.actions, Band::Eighty),
        };
        Outcome::Answered(generation, Box::new(Answer::Interval(number, predicted)))
    });
    question.started(job.map(|id| Ticket(Pool::Quick, id)));
}
