//! The findings of what is looked at, computed by jobs and shown as they come.
//!
//! The series are read once; then each analysis is a job of its own, so that the
//! quick ones are there first and any of them can be cancelled.
//!
//! A session that keeps findings shows those at once, until its analyses are through.
//!
//! Start at [`Insight::begin`] and [`Insight::accept`].

pub mod held;
pub mod shown;

use std::collections::HashMap;
use std::sync::Arc;

use model::finding::{self, Finding, FindingId};
use report::own::Took;
use workflow::findings::{Difference, PARTS, Part, VERSION, differences};
use workflow::hindsight;
use workflow::input::Input;
use workflow::problem::{Problem, Sort};
use workflow::stored::Stored;

use self::held::{Held, Remarks};
use self::shown::{Shown, Standing};
use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};
use crate::view::findings::Progress;

/// The findings at hand and what is still being computed.
#[derive(Default)]
pub struct Insight {
    input: Option<Arc<Input>>,
    derived: Vec<Finding>,
    done: Vec<&'static str>,
    held: Held,
    shown: Shown,
    differences: Option<Vec<Difference>>,
    version: u64,
    progress: Progress,
    troubles: Vec<String>,
    tickets: Vec<(&'static str, Ticket)>,
    unconfirmed: Vec<Finding>,
    said: HashMap<FindingId, String>,
    took: Vec<Took>,
}

impl Insight {
    /// The findings that are shown: heaviest first, what was expected last.
    pub fn findings(&self) -> &[Finding] {
        &self.shown.findings
    }

    /// What is known of each shown finding beside itself.
    pub fn standing(&self) -> &HashMap<FindingId, Standing> {
        &self.shown.standing
    }

    /// Those of them that nobody expected, heaviest first.
    pub fn unexpected(&self) -> &[Finding] {
        self.shown.unexpected()
    }

    /// The shown finding of this id.
    pub fn find(&self, id: FindingId) -> Option<&Finding> {
        self.shown.findings.iter().find(|it| it.id == id)
    }

    /// Raised when the shown findings or what is said of them change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What was said live of findings; all of it is known once the analyses are done.
    pub fn said(&self) -> &HashMap<FindingId, String> {
        &self.said
    }

    /// How far the analyses are.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How long each analysis took that is through, in the order in which they ended.
    pub fn took(&self) -> &[Took] {
        &self.took
    }

    /// What could not be computed.
    pub fn troubles(&self) -> &[String] {
        &self.troubles
    }

    /// All series of the session, once they were read for the analyses.
    pub fn input(&self) -> Option<&Arc<Input>> {
        self.input.as_ref()
    }

    /// What is kept of the findings.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// How the derived findings differ from the kept ones; `None` before all analyses
    /// are through, and where none are kept.
    pub fn differences(&self) -> Option<&[Difference]> {
        self.differences.as_deref()
    }

    /// Something else is looked at, of which this is kept.
    pub fn turn(&mut self, held: Held, work: &Work) {
        self.held = held;
        self.reset(work);
    }

    /// People say otherwise of the findings.
    pub fn set_remarks(&mut self, remarks: Remarks) {
        self.held.remarks = remarks;
        self.arrange();
    }

    /// Keeps what was derived; only when everything was.
    pub fn keep(&mut self) -> bool {
        if !self.is_whole() {
            return false;
        }
        VERSION.clone_into(&mut self.held.kymo);
        self.held.findings.clone_from(&self.derived);
        self.compare();
        self.arrange();
        true
    }

    /// Whether every analysis is through and none failed.
    pub fn is_whole(&self) -> bool {
        self.progress == Progress::Done && PARTS.iter().all(|it| self.done.contains(&it.name))
    }

    /// Forgets what was computed; what is kept stays.
    pub fn reset(&mut self, work: &Work) {
        self.cancel(work);
        *self = Self {
            version: self.version,
            held: std::mem::take(&mut self.held),
            ..Self::default()
        };
        self.arrange();
    }

    /// Computes all findings of a session.
    pub fn begin(&mut self, stored: &Stored, (generation, work): (Generation, &mut Work)) {
        self.reset(work);
        let stored = stored.clone();
        let job = work.start(Pool::Long, "reading for the analyses", move |context| {
            let read = Input::of_stored(&stored, None, context);
            Outcome::Read(generation, read.map(Arc::new))
        });
        match job {
            Some(id) => {
                self.tickets.push(("reading", Ticket(Pool::Long, id)));
                self.told();
            }
            None => self.trouble("reading", &busy()),
        }
    }

    /// The series were read: starts the analyses.
    pub fn read(
        &mut self,
        read: Result<Arc<Input>, Problem>,
        (generation, work): (Generation, &mut Work),
    ) {
        self.tickets.retain(|(name, _)| *name != "reading");
        match read {
            Err(problem) => self.trouble("the session", &problem),
            Ok(input) => {
                for part in PARTS {
                    self.start(part, &input, (generation, work));
                }
                self.input = Some(input);
            }
        }
        self.told();
    }

    fn start(
        &mut self,
        part: &'static Part,
        input: &Arc<Input>,
        (generation, work): (Generation, &mut Work),
    ) {
        let input = Arc::clone(input);
        let job = work.start(Pool::Long, part.label, move |context| {
            Outcome::Found(generation, part.name, part.timed(&input, context))
        });
        match job {
            Some(id) => self.tickets.push((part.name, Ticket(Pool::Long, id))),
            None => self.trouble(part.name, &busy()),
        }
    }

    /// Takes in what one analysis found.
    pub fn accept(&mut self, part: &'static str, result: Result<(Vec<Finding>, Took), Problem>) {
        self.tickets.retain(|(name, _)| *name != part);
        match result {
            Ok((found, took)) => {
                self.took.push(took);
                self.derived.extend(found);
                finding::sort(&mut self.derived);
                self.done.push(part);
                self.arrange();
            }
            Err(problem) if problem.sort == Sort::Cancelled => {
                self.troubles.push(format!("{part}: cancelled"));
            }
            Err(problem) => self.trouble(part, &problem),
        }
        self.told();
    }

    /// Drops jobs that ended without an outcome, since they met a bug.
    pub fn look(&mut self, work: &Work) {
        let before = self.tickets.len();
        self.tickets.retain(|(_, ticket)| work.runs(*ticket));
        if self.tickets.len() != before {
            self.told();
        }
    }

    /// Stops what is being computed; what was found stays.
    pub fn cancel(&self, work: &Work) {
        for (_, Ticket(pool, id)) in &self.tickets {
            work.cancel(*pool, *id);
        }
    }

    fn trouble(&mut self, what: &str, problem: &Problem) {
        self.troubles.push(format!("{what}: {}", problem.why));
        self.told();
    }

    fn told(&mut self) {
        let left: Vec<&'static str> = self.tickets.iter().map(|(name, _)| *name).collect();
        self.progress = match left.is_empty() {
            true => Progress::Done,
            false => Progress::Running(left),
        };
        self.compare();
        if self.progress == Progress::Done {
            self.look_back();
        }
    }

    /// Compares what is kept with what was derived, once all of it was.
    fn compare(&mut self) {
        let compared = !self.held.kymo.is_empty() && self.is_whole();
        self.differences = compared.then(|| differences(&self.held.findings, &self.derived));
    }

    /// Once everything is found: what was said live, beside it.
    fn look_back(&mut self) {
        // What an analysis that failed would have found cannot be told.
        if !self.is_whole() {
            return;
        }
        let Some(live) = &self.held.live else { return };
        let hindsight = hindsight::compare(live, &self.derived);
        self.said = hindsight.remarks;
        self.unconfirmed = hindsight.unconfirmed;
        self.arrange();
    }

    fn arrange(&mut self) {
        self.shown = Shown::of((&self.derived, &self.unconfirmed), &self.held, &self.done);
        self.version += 1;
    }
}

fn busy() -> Problem {
    Problem {
        what: "could not start".to_owned(),
        why: "too much else is being computed; analyze again in a moment".to_owned(),
        what_to_do: "analyze again in a moment".to_owned(),
        sort: Sort::Limit,
    }
}
