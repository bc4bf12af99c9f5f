//! Recipes: collect, analyze, optimize and report, run without anybody watching.
//!
//! A run has a folder of its own: the recipe as it was, the log ([`log`]), and what each
//! step made, by paths within the folder. Each step is planned, executed, validated and
//! watched over ([`monitor`]); a run that was interrupted goes on by its log *and* by
//! looking at what is there again.
//!
//! * [`text`]: recipes read and written. [`standards`]: the one call of those.
//! * Never: takes for done what only the log says.
//!
//! Start at [`begin`] and [`run`].

mod collect;
pub mod log;
pub mod monitor;
mod reports;
pub mod standards;
pub mod text;
mod works;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use model::recipe::{Length, Recipe, Step};
use model::time::{Moment, Zone};
use sha2::Digest as _;

use self::log::{Entry, Event, Standing, State};
use self::monitor::{Bounds, PATIENCE, Trouble};
pub use self::works::{ANSWER, COMPLIANCE, DELIVERED, PLAN, SESSION};
use self::works::{Bench, Done};
use crate::jobs::Context;
use crate::launch::Launch;
use crate::outfile::replace;
use crate::problem::{Problem, Sort};
use crate::records::{self, Book, Line};
use crate::target::Target;

/// The recipe within a run folder.
pub const RECIPE: &str = "recipe.ron";

/// The log within a run folder.
pub const LOG: &str = "log.jsonl";

/// How an agent for a target is started, with its arguments.
pub type Launcher = Arc<dyn Fn(Target, Vec<String>) -> Result<Launch, Problem> + Send + Sync>;

/// What a finished run answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All is as the recipe asks.
    Fine,
    /// It is done, and the answer is no, for these reasons.
    No(Vec<String>),
}

/// One line of the log that was just written, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// When.
    pub at: String,
    /// What it says.
    pub entry: Entry,
}

impl std::fmt::Display for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = self.entry.step.map_or("run", Step::name);
        write!(f, "{who} {}", self.entry.event.name())?;
        match self.entry.text.as_str() {
            "" => Ok(()),
            text => write!(f, ": {text}"),
        }
    }
}

/// Makes the folder of a run: beside the recipe, or as told. Nothing is run yet.
///
/// # Errors
///
/// The recipe is none, the folder is there already, or the disk refuses.
pub fn begin(recipe: &Path, folder: Option<&Path>) -> Result<PathBuf, Problem> {
    let (read, text) = text::read(recipe)?;
    let home = recipe.parent().filter(|it| !it.as_os_str().is_empty());
    let home = home.unwrap_or(Path::new("."));
    let folder = match folder {
        Some(folder) => folder.to_path_buf(),
        None => {
            let now = Moment(crate::link::unix_ns()).strftime("%Y%m%d-%H%M%S", Zone::Utc);
            home.join(format!("{}-{now}", read.name.trim().replace(' ', "-")))
        }
    };
    let what = || format!("could not begin a run in {}", folder.display());
    if folder.join(LOG).exists() {
        return Err(Problem {
            what: what(),
            why: "there is a run in it already".to_owned(),
            what_to_do: format!("kymo run --resume {}", folder.display()),
            sort: Sort::Usage,
        });
    }
    std::fs::create_dir_all(&folder)
        .map_err(|error| Problem::from_error(what(), &error, Sort::of_io(&error)))?;
    replace(&folder.join(RECIPE), text.as_bytes())?;
    let base = std::path::absolute(home)
        .map_err(|error| Problem::from_error(what(), &error, Sort::of_io(&error)))?;
    let (mut log, _) = Book::open::<Entry>(&folder.join(LOG))?;
    let facts = [
        ("recipe", sum(&text)),
        ("name", read.name.clone()),
        ("base", base.to_string_lossy().into_owned()),
        ("kymo", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let steps: Vec<&str> = read.steps().into_iter().map(Step::name).collect();
    log.add(
        Moment(crate::link::unix_ns()),
        Entry {
            step: None,
            event: Event::Planned,
            text: format!("{}: {}", read.name, steps.join(", ")),
            facts: facts_of(&facts),
        },
    )?;
    Ok(folder)
}

fn facts_of(facts: &[(&str, String)]) -> BTreeMap<String, String> {
    let facts = facts
        .iter()
        .map(|(name, it)| ((*name).to_owned(), it.clone()));
    facts.collect()
}

fn sum(text: &str) -> String {
    records::hex(&sha2::Sha256::digest(text))
}

/// What is known of a run from its folder.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its recipe.
    pub recipe: Recipe,
    /// What the log says.
    pub state: State,
    /// The newest lines of the log, oldest first.
    pub tail: Vec<News>,
}

/// Lines of the log that are shown.
const TAIL: usize = 200;

/// Looks at a run, which may be running.
///
/// # Errors
///
/// It is no folder of a run, or its log was altered.
pub fn look(folder: &Path) -> Result<Seen, Problem> {
    let (recipe, _) = text::read(&folder.join(RECIPE))?;
    let lines = records::lines::<Entry>(&folder.join(LOG))?;
    let newest = lines.iter().skip(lines.len().saturating_sub(TAIL));
    Ok(Seen {
        recipe,
        state: State::of(&lines),
        tail: newest.map(News::of).collect(),
    })
}

impl News {
    fn of(line: &Line<Entry>) -> Self {
        Self {
            at: line.at.clone(),
            entry: line.what.clone(),
        }
    }
}

/// Runs what is left of a run, from its beginning or from where it was interrupted.
///
/// # Errors
///
/// A step failed for good, the user stopped it, or the folder is none of a run. What was
/// done until then stays, and the run can be resumed.
pub fn run(
    folder: &Path,
    (launcher, stop): (&Launcher, &Receiver<()>),
    news: &mut dyn FnMut(&News),
) -> Result<Answer, Problem> {
    let mut runner = Runner::open(folder, (launcher, stop), news)?;
    let steps = runner.bench.recipe.steps();
    // Once a step was done anew, what later steps made of the old one counts no more.
    let mut renewed = false;
    for step in steps {
        if !renewed && runner.stands(step)? {
            continue;
        }
        let done = runner.step(step);
        renewed = true;
        done.map_err(|problem| {
            let resume = format!("kymo run --resume {}", folder.display());
            match problem.what_to_do.as_str() {
                "" => problem.advise(resume),
                known => {
                    let advice = format!("{known}, then {resume}");
                    problem.advise(advice)
                }
            }
        })?;
    }
    runner.finish()
}

struct Runner<'a> {
    bench: Bench,
    log: Book,
    state: State,
    stop: &'a Receiver<()>,
    news: &'a mut dyn FnMut(&News),
}

impl<'a> Runner<'a> {
    fn open(
        folder: &Path,
        (launcher, stop): (&Launcher, &'a Receiver<()>),
        news: &'a mut dyn FnMut(&News),
    ) -> Result<Self, Problem> {
        let no_run = |why: String| Problem {
            what: format!("could not resume {}", folder.display()),
            why,
            what_to_do: "kymo run RECIPE.ron begins another run".to_owned(),
            sort: Sort::NotUsable,
        };
        if !folder.join(LOG).is_file() {
            return Err(no_run("it is no folder of a run".to_owned()));
        }
        let (log, lines) = Book::open::<Entry>(&folder.join(LOG))?;
        let state = State::of(&lines);
        let (recipe, text) = text::read(&folder.join(RECIPE))?;
        if state.recipe != sum(&text) {
            let why = "its recipe was changed since the run began".to_owned();
            return Err(no_run(why));
        }
        let first = lines.first().map(|it| &it.what.facts);
        let base = first.and_then(|it| it.get("base")).map(PathBuf::from);
        let resumed = lines.len() > 1;
        let mut runner = Self {
            bench: Bench {
                recipe,
                folder: folder.to_path_buf(),
                base: base.unwrap_or_default(),
                launcher: Arc::clone(launcher),
            },
            log,
            state,
            stop,
            news,
        };
        if resumed {
            runner.tell((None, Event::Resumed), Done::default())?;
        }
        Ok(runner)
    }

    /// Writes a line of the log and tells it.
    fn tell(&mut self, (step, event): (Option<Step>, Event), done: Done) -> Result<(), Problem> {
        let entry = Entry {
            step,
            event,
            text: done.text,
            facts: done.facts,
        };
        let line = self.log.add(Moment(crate::link::unix_ns()), entry)?;
        self.state.add(&line.what);
        (self.news)(&News::of(&line));
        Ok(())
    }

    /// Whether a step was done before and what it made is there still.
    fn stands(&mut self, step: Step) -> Result<bool, Problem> {
        if self.state.standing(step) != Standing::Done {
            return Ok(false);
        }
        let logged = self.state.facts.get(&step).cloned().unwrap_or_default();
        match works::unchanged(&self.bench, step, &logged) {
            Ok(()) => Ok(true),
            Err(problem) => {
                let text = format!("what was validated before holds no more: {}", problem.why);
                self.tell((Some(step), Event::Failed), words(text))?;
                Ok(false)
            }
        }
    }

    /// Plans, executes and validates a step, again if need be.
    fn step(&mut self, step: Step) -> Result<(), Problem> {
        self.plan(step)?;
        if step == Step::Collect
            && self.state.attempts.contains_key(&step)
            && let Some(done) = works::recovered(&self.bench, &Context::default())?
        {
            self.tell((Some(step), Event::Executed), done)?;
            if self.validate(step).is_ok() {
                return Ok(());
            }
        }
        let tries = self.bench.recipe.monitor.retries + 1;
        for attempt in 1..=tries {
            let number = words(format!("attempt {attempt} of {tries}"));
            self.tell((Some(step), Event::Started), number)?;
            let done = self.watched(step).and_then(|done| {
                self.tell((Some(step), Event::Executed), done)
                    .and_then(|()| self.validate(step))
                    .map_err(Trouble::Ended)
            });
            let (problem, again) = match done {
                Ok(()) => return Ok(()),
                Err(Trouble::Ended(problem)) => (problem, attempt < tries),
                // Another try would work beside the one that did not end.
                Err(Trouble::Left(problem)) => (problem, false),
            };
            self.tell((Some(step), Event::Failed), words(said(&problem)))?;
            if problem.sort == Sort::Cancelled || !again {
                return Err(problem);
            }
            let pause = self.bench.recipe.monitor.pause;
            let text = words(format!("again in {pause}"));
            self.tell((Some(step), Event::Retried), text)?;
            self.wait(Moment(crate::link::unix_ns()).plus_ns(pause.0), step)?;
        }
        Ok(())
    }

    /// Decides when a step begins and how long it may take; waits for its time.
    fn plan(&mut self, step: Step) -> Result<(), Problem> {
        let limit = self.bench.recipe.limit(step);
        let mut facts = vec![("limit", limit.to_string())];
        let mut begin = None;
        if step == Step::Collect && self.bench.recipe.collect.take.is_none() {
            let planned = self
                .state
                .fact(step, "begin")
                .and_then(|it| it.parse().ok());
            // A run that was interrupted while it waited keeps its time.
            begin = match planned {
                Some(planned) => Some(planned),
                None => {
                    let now = Moment(crate::link::unix_ns());
                    collect::begin_at(&self.bench.recipe.collect.start, now)?
                }
            };
            facts.extend(begin.map(|it: Moment| ("begin", it.to_string())));
        }
        let text = match begin {
            Some(begin) => format!("begins {begin}, at most {limit}"),
            None => format!("at most {limit}"),
        };
        let planned = Done {
            text,
            facts: facts_of(&facts),
        };
        self.tell((Some(step), Event::Planned), planned)?;
        match begin {
            Some(begin) => self.wait(begin, step),
            None => Ok(()),
        }
    }

    /// Waits for a moment of the wall clock, with signs of life.
    fn wait(&mut self, until: Moment, step: Step) -> Result<(), Problem> {
        /// The wall clock may be set meanwhile, so it is looked at again.
        const SLICE: Duration = Duration::from_secs(1);
        let beat = duration(self.bench.recipe.monitor.heartbeat).max(Duration::from_secs(60));
        let mut told = std::time::Instant::now();
        loop {
            let left = until.0.saturating_sub(crate::link::unix_ns());
            if left <= 0 {
                return Ok(());
            }
            let left = Duration::from_nanos(left.unsigned_abs());
            match self.stop.recv_timeout(left.min(SLICE)) {
                Ok(()) => return Err(Problem::cancelled(format!("waiting to {}", step.name()))),
                Err(RecvTimeoutError::Timeout) => {}
                // Nobody can stop it any more; it goes on.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(left.min(SLICE)),
            }
            if told.elapsed() >= beat {
                told = std::time::Instant::now();
                let text = words(format!("waits until {until}"));
                self.tell((Some(step), Event::Progress), text)?;
            }
        }
    }

    fn watched(&mut self, step: Step) -> Result<Done, Trouble> {
        let bench = self.bench.clone();
        let folder = self.bench.folder.clone();
        let monitor = self.bench.recipe.monitor.clone();
        let bounds = Bounds {
            limit: duration(self.bench.recipe.limit(step)),
            heartbeat: duration(monitor.heartbeat),
            free: (&folder, monitor.free.0),
            patience: PATIENCE,
        };
        // A step that is left alone keeps the run to itself: nobody resumes beside it.
        let held = self.log.held().ok();
        let stop = self.stop;
        let mut alive = |share: Option<f32>| {
            let text = match share {
                Some(share) => format!("{:.0} %", share * 100.0),
                None => "alive".to_owned(),
            };
            self.tell((Some(step), Event::Progress), words(text))
        };
        monitor::watched(step.name(), (bounds, stop), &mut alive, move |context| {
            let done = works::execute(&bench, step, context);
            drop(held);
            done
        })
    }

    fn validate(&mut self, step: Step) -> Result<(), Problem> {
        let found = works::validate(&self.bench, step, &Context::default())?;
        self.tell((Some(step), Event::Validated), found)
    }

    fn finish(mut self) -> Result<Answer, Problem> {
        let count = |step, name| {
            let fact = self.state.fact(step, name);
            fact.and_then(|it| it.parse::<usize>().ok()).unwrap_or(0)
        };
        let mut reasons = Vec::new();
        if self.bench.recipe.steps().contains(&Step::Comply) {
            let counts = ["violated", "undecidable"].map(|it| count(Step::Comply, it));
            let doubt = self.state.fact(Step::Comply, "doubt").unwrap_or_default();
            reasons.extend(works::compliance_words(counts, doubt, " requirements"));
        }
        let severe = count(Step::Analyze, "severe");
        if severe > 0 && self.bench.recipe.analyze.fail_on_severe {
            reasons.push(format!("{severe} findings are severe"));
        }
        let (answer, text) = match reasons.is_empty() {
            true => (Answer::Fine, "done".to_owned()),
            false => {
                let text = format!("done, and the answer is no: {}", reasons.join(", "));
                (Answer::No(reasons), text)
            }
        };
        if self.state.finished.is_none() {
            self.tell((None, Event::Finished), words(text))?;
        }
        Ok(answer)
    }
}

fn words(text: String) -> Done {
    Done {
        text,
        facts: BTreeMap::new(),
    }
}

fn said(problem: &Problem) -> String {
    format!("{}: {}", problem.what, problem.why)
}

fn duration(length: Length) -> Duration {
    Duration::from_nanos(length.0.unsigned_abs())
}
