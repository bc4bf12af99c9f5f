//! Work off the window's thread: what is asked for, and what comes back.
//!
//! Two pools, so that drawing never waits behind a file dialog: one loads what
//! is looked at, one does what was asked for by name. A result carries the
//! generation of the session it was made from; one of an older session is
//! dropped.
//!
//! Start at [`Work`] and [`Outcome`].

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use analysis::anomaly::said::Heard;
use analysis::quality::Quality;
use analysis::summary::Summary;
use analysis::track::{Detail, Track};
use model::finding::Finding;
use model::standard::Standard;
use report::own::Took;
use workflow::imports::{How, Preview};
use workflow::input::Input;
use workflow::jobs::{Context, Ended, JobId, Jobs, Running};
use workflow::problem::{Problem, Sort};
use workflow::processes::Line;
use workflow::share::{self, Choice};
use workflow::standards::sentry::Round;
use workflow::stored::Stored;

use crate::contrast::News;
use crate::contrast::sides::Which;
use crate::desk::Hindrance;
use crate::inquiry::Answer;
use crate::shell::importing;
use crate::standards;
use crate::workspace::Item;

/// A job that takes longer than this is shown.
pub const SHOWN_AFTER: Duration = Duration::from_millis(700);

/// Which session a result belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u64);

/// What a finished job brings.
pub enum Outcome {
    /// A session was opened.
    Opened(Box<OpenedFile>),
    /// A curve was loaded.
    Track(Generation, Item, Result<Track, Problem>),
    /// Rows of a large series were loaded.
    Detail(Generation, Item, Result<Detail, Problem>),
    /// The processes at a moment, by host.
    Crowds(Generation, u64, Result<Vec<(String, Vec<Line>)>, Problem>),
    /// The statistics of a range.
    Statistics(Generation, u64, Vec<StatisticsRow>),
    /// The doubts about live data.
    Quality(Generation, Vec<Quality>),
    /// All series were read for the analyses.
    Read(Generation, Result<Arc<Input>, Problem>),
    /// An analysis of this name found something.
    Found(
        Generation,
        &'static str,
        Result<(Vec<Finding>, Took), Problem>,
    ),
    /// A question was answered.
    Answered(Generation, Box<Answer>),
    /// A comparison is done, or a row of it was looked at.
    Contrast(Generation, News),
    /// Alarms on live data.
    Heard(Vec<Heard>),
    /// What limits live hosts now.
    Limits(Vec<Finding>),
    /// A file was written.
    Written(&'static str, Result<Written, Problem>),
    /// A recording was started.
    RecordStarted(Result<crate::recorder::Started, Problem>),
    /// A host joined a running recording.
    Joined(Result<(), Problem>),
    /// A recording was finished.
    Recorded(Result<PathBuf, Problem>),
    /// The user answered a file dialog.
    Picked(Purpose, Picked),
    /// What keeps applications on this machine from being heard.
    Hindrances(Vec<Hindrance>),
    /// The beginning of a file was looked at, read like this.
    Previewed(PathBuf, How, Result<Preview, Problem>),
    /// What would go out of a session, if so much was taken out.
    SharePreviewed(Choice, Result<share::Preview, Problem>),
    /// A session was shared.
    Shared(Result<share::Done, Problem>),
    /// A plan was read from a file.
    PlanRead(PathBuf, Result<Box<model::plan::Plan>, Problem>),
    /// A version of the plan was written to a file.
    PlanWritten(PathBuf, u64, Result<(), Problem>),
    /// A version of the plan was predicted.
    PlanPredicted(u64, Result<Box<model::plan::Plan>, Problem>),
    /// The library was listed.
    Listed(Result<workflow::library::Listing, Problem>),
    /// A figure was followed over sessions.
    Followed(Result<Box<workflow::library::trend::Trended>, Problem>),
    /// A period of the library was reviewed, and what the review says as Markdown.
    Reviewed(Result<Box<crate::shelf::Reviewed>, Problem>),
    /// A recipe was read from a file.
    RecipeRead(PathBuf, Result<String, Problem>),
    /// A version of the recipe was written to a file.
    RecipeWritten(PathBuf, u64, Result<(), Problem>),
    /// The folder of a run was looked at.
    RunSeen(PathBuf, Result<Arc<workflow::recipe::Seen>, Problem>),
    /// A run ended, in this folder.
    Ran(PathBuf, Result<workflow::recipe::Answer, Problem>),
    /// Sessions were labelled.
    Labelled(Result<(), Problem>),
    /// A session was held against standards.
    Checked(Generation, Box<standards::Checked>),
    /// A standard was attached or detached; one that only this window keeps is given back.
    Attached(Result<Option<Box<Standard>>, Problem>),
    /// Standards for live data were loaded.
    Loaded(Box<standards::Loaded>),
    /// Where rules stand on live data.
    Watched(Box<Round>),
    /// Alerts were told; what went wrong.
    AlertsTold(Vec<Problem>),
    /// Settings were written.
    Saved(Result<(), Problem>),
    /// Notes or findings were stored; what to say of it, which may be nothing.
    Noted(Result<String, Problem>),
}

/// A session that was opened, or why not.
pub struct OpenedFile {
    /// Where it is.
    pub path: PathBuf,
    /// The session and what people should know of it.
    pub result: Result<(Stored, Vec<String>), Problem>,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// What to add to the notice; may be empty.
    pub remark: String,
    /// Whether it can be opened as a session.
    pub session: bool,
}

/// The statistics of one series within a range.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticsRow {
    /// Which curve.
    pub item: Item,
    /// Its numbers; `None` where its rows could not be had.
    pub summary: Option<Summary>,
}

/// What a file dialog is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// Open it.
    Open,
    /// Open the plan in it.
    OpenPlan,
    /// Attach the standard in it.
    Standard,
    /// Hold it against a prediction.
    After,
    /// Add the folder to the library.
    AddLibrary,
    /// Open the recipe in it.
    OpenRecipe,
    /// Write the recipe into it.
    SaveRecipe,
    /// Look at the run in this folder.
    OpenRun,
    /// Write the review into it, in this form.
    ExportReview(crate::export::Form),
    /// Write the plan into it.
    SavePlan,
    /// Write the ledger of predictions into it.
    ExportLedger,
    /// Hold the report in it against the session.
    VerifyReport,
    /// Compare with it, on this side.
    Compare(Which),
    /// Record into it.
    Record(crate::recorder::Draft),
    /// Write something into it.
    Export(crate::export::Export),
    /// Import it beside these.
    Import(importing::Draft),
    /// Import these into it.
    ImportInto(importing::Draft),
}

/// The answer of a file dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// This path.
    Path(PathBuf),
    /// The user changed their mind.
    Nothing,
    /// No dialog could be shown.
    NoDialog,
}

/// Both pools.
pub struct Work {
    quick: Jobs<Outcome>,
    long: Jobs<Outcome>,
    labels: HashMap<(Pool, JobId), String>,
}

/// A job that was started, to ask whether it still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub Pool, pub JobId);

/// Which pool a job runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pool {
    /// What is looked at.
    Quick,
    /// What was asked for by name.
    Long,
}

impl Work {
    /// Starts the workers; `wake` is called after each outcome.
    pub fn new(wake: &Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            quick: Jobs::new(Arc::clone(wake)),
            long: Jobs::new(Arc::clone(wake)),
            labels: HashMap::new(),
        }
    }

    /// Queues a job; `None` when too many wait already.
    pub fn start(
        &mut self,
        pool: Pool,
        label: impl Into<String>,
        work: impl FnOnce(&Context) -> Outcome + Send + 'static,
    ) -> Option<JobId> {
        let label = label.into();
        let id = self.pool_mut(pool).start(label.clone(), work)?;
        self.labels.insert((pool, id), label);
        Some(id)
    }

    fn pool_mut(&mut self, pool: Pool) -> &mut Jobs<Outcome> {
        match pool {
            Pool::Quick => &mut self.quick,
            Pool::Long => &mut self.long,
        }
    }

    /// Takes the outcomes that came; a job that met a bug comes as a problem.
    pub fn finished(&mut self) -> Vec<Result<Outcome, Problem>> {
        let mut all = Vec::new();
        for pool in [Pool::Quick, Pool::Long] {
            for (id, ended) in self.pool_mut(pool).finished() {
                let label = self.labels.remove(&(pool, id)).unwrap_or_default();
                all.push(match ended {
                    Ended::Done(outcome) => Ok(outcome),
                    Ended::Panicked(why) => Err(Problem {
                        what: format!("a bug stopped: {label}"),
                        why,
                        what_to_do: "copy the details into a bug report; the rest goes on"
                            .to_owned(),
                        sort: Sort::Bug,
                    }),
                });
            }
        }
        all
    }

    /// Jobs that wait or run, with their pool, oldest first.
    pub fn running(&self) -> impl Iterator<Item = (Pool, JobId, &Running)> {
        let quick = self.quick.running().map(|(id, job)| (Pool::Quick, id, job));
        let long = self.long.running().map(|(id, job)| (Pool::Long, id, job));
        long.chain(quick)
    }

    /// Whether a job runs that the status bar shows or will show soon.
    pub fn is_idle(&self) -> bool {
        self.quick.is_idle() && self.long.is_idle()
    }

    /// Whether a job waits or runs: no longer once its outcome was taken, or its bug told.
    pub fn runs(&self, Ticket(pool, id): Ticket) -> bool {
        self.labels.contains_key(&(pool, id))
    }

    /// The share of a job that is done, once it has said.
    pub fn fraction(&self, Ticket(pool, id): Ticket) -> Option<f32> {
        let mut running = self.running();
        let (_, _, job) = running.find(|(of, number, _)| (*of, *number) == (pool, id))?;
        job.context.fraction()
    }

    /// Asks one job to stop.
    pub fn cancel(&self, pool: Pool, id: JobId) {
        match pool {
            Pool::Quick => self.quick.cancel(id),
            Pool::Long => self.long.cancel(id),
        }
    }
}
