//! The recording of this window: asked for, running, finishing.
//!
//! What touches the disk is job work; the window only reads figures.
//!
//! Start at [`Recorder::start`].

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::annotation::Annotation;
use model::finding::{Kept, Said};
use model::time::SECOND_NS;
use workflow::jobs::Context;
use workflow::link::{Connected, Link};
use workflow::problem::{Problem, Sort};
use workflow::recording::{Past, Recording, Setup, Status};
use workflow::stored::Stored;
use workflow::tables;

use crate::hub::{Hub, Stage};
use crate::places;
use crate::tasks::{Outcome, Pool, Ticket, Work};

/// Time over which the rate is shown.
const RATE_TIME: Duration = Duration::from_secs(20);

/// What the user is asked before a recording starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The file to write.
    pub path: String,
    /// Title kept in the session.
    pub title: String,
    /// How much of the past is kept.
    pub past: Past,
    /// How much a long recording keeps.
    pub keep: Keep,
}

/// How much a long recording keeps; the oldest ten minutes go first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// All of it.
    #[default]
    Everything,
    /// What is newer than so many hours.
    Hours(i64),
    /// The newest, within so many GiB on disk.
    Gibibytes(u64),
}

/// Every choice, with its name.
pub const KEEPS: &[(Keep, &str)] = &[
    (Keep::Everything, "Everything"),
    (Keep::Hours(1), "The last hour"),
    (Keep::Hours(24), "The last 24 hours"),
    (Keep::Gibibytes(1), "The newest 1 GiB"),
    (Keep::Gibibytes(10), "The newest 10 GiB"),
];

impl Keep {
    /// Greatest age in nanoseconds and greatest size in bytes.
    fn bounds(self) -> (Option<i64>, Option<u64>) {
        match self {
            Self::Everything => (None, None),
            Self::Hours(hours) => (Some(hours * 3_600 * SECOND_NS), None),
            Self::Gibibytes(count) => (None, Some(count << 30)),
        }
    }
}

/// The recording of this window.
#[derive(Default)]
pub struct Recorder {
    stage: Progress,
}

#[derive(Default)]
enum Progress {
    #[default]
    Idle,
    Starting(Ticket),
    Running(Box<Running>),
    Finishing(Ticket, PathBuf),
}

struct Running {
    recording: Arc<Recording>,
    past: Past,
    status: Status,
    notes: Vec<Annotation>,
    sizes: VecDeque<(Instant, u64)>,
}

/// What was written and said while it ran.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Notes on the axis.
    pub notes: Vec<Annotation>,
    /// Live verdicts; `None` before anything was watched.
    pub said: Option<Said>,
}

/// How the recording is doing, for badge and status bar.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// None runs.
    Idle,
    /// The file is being made.
    Starting,
    /// It runs.
    Running {
        /// Since when.
        elapsed: Duration,
        /// Its figures.
        status: Status,
        /// Bytes per second lately; `NaN` at first.
        bytes_per_second: f64,
        /// Where it goes.
        path: PathBuf,
    },
    /// It is being packed into one file.
    Finishing(PathBuf),
}

/// A recording that was started by a job.
pub struct Started {
    recording: Recording,
    past: Past,
}

impl Recorder {
    /// How it is doing.
    pub fn report(&self) -> Report {
        match &self.stage {
            Progress::Idle => Report::Idle,
            Progress::Starting(_) => Report::Starting,
            Progress::Finishing(_, path) => Report::Finishing(path.clone()),
            Progress::Running(running) => Report::Running {
                elapsed: running.recording.elapsed(),
                status: running.status.clone(),
                bytes_per_second: running.rate(),
                path: running.recording.path().to_path_buf(),
            },
        }
    }

    /// Whether something would be lost if the window closed now.
    pub fn is_busy(&self) -> bool {
        !matches!(self.stage, Progress::Idle)
    }

    /// Whether a recording runs.
    pub fn is_running(&self) -> bool {
        matches!(self.stage, Progress::Running(_))
    }

    /// Makes the file and feeds it from every attached agent.
    pub fn start(&mut self, draft: &Draft, hub: &Hub, work: &mut Work) {
        if self.is_busy() {
            return;
        }
        let (links, past) = (speaking(hub), draft.past);
        let (max_age_ns, max_bytes) = draft.keep.bounds();
        let setup = Setup {
            out: PathBuf::from(draft.path.trim()),
            title: draft.title.trim().to_owned(),
            retention: tables::retention(max_age_ns, max_bytes),
        };
        let started = work.start(Pool::Long, "starting the recording", move |_| {
            Outcome::RecordStarted(begin(&setup, &links, past))
        });
        if let Some(id) = started {
            self.stage = Progress::Starting(Ticket(Pool::Long, id));
        }
    }

    /// Takes in what became of the start.
    ///
    /// # Errors
    ///
    /// Why it could not start.
    pub fn started(&mut self, result: Result<Started, Problem>) -> Result<PathBuf, Problem> {
        self.stage = Progress::Idle;
        let started = result?;
        let path = started.recording.path().to_path_buf();
        self.stage = Progress::Running(Box::new(Running {
            recording: Arc::new(started.recording),
            past: started.past,
            status: Status::default(),
            notes: Vec::new(),
            sizes: VecDeque::new(),
        }));
        Ok(path)
    }

    /// Feeds a running recording from an agent that came later.
    pub fn join(&self, host: &str, hub: &Hub, work: &mut Work) {
        let Progress::Running(running) = &self.stage else {
            return;
        };
        let (recording, past) = (Arc::clone(&running.recording), running.past);
        let mut found = speaking(hub).into_iter();
        if let Some((link, connected)) = found.find(|(_, connected)| connected.name == host) {
            // Should the queue be full, the host is missing from the recording,
            // which its list of hosts shows.
            work.start(Pool::Long, format!("recording {host} too"), move |_| {
                Outcome::Joined(recording.add(&link, &connected, past))
            });
        }
    }

    /// Reads the figures.
    pub fn look(&mut self, now: Instant) {
        if let Progress::Running(running) = &mut self.stage {
            running.look(now);
        }
    }

    /// Keeps the notes made so far with what is on disk, so that a crash loses none.
    pub fn note(&mut self, notes: &[Annotation]) {
        if let Progress::Running(running) = &mut self.stage
            && running.notes != notes
            && running.recording.annotate(notes)
        {
            running.notes = notes.to_vec();
        }
    }

    /// Ends the recording and packs it, with what was written and said meanwhile.
    pub fn finish(&mut self, hub: &Hub, words: Words, work: &mut Work) {
        let Progress::Running(running) = &self.stage else {
            return;
        };
        let recording = Arc::clone(&running.recording);
        let links = speaking(hub);
        let path = recording.path().to_path_buf();
        let label = format!("finishing {}", path.display());
        let started = work.start(Pool::Long, label, move |context| {
            Outcome::Recorded(finish(&recording, (&links, &words), context))
        });
        if let Some(id) = started {
            self.stage = Progress::Finishing(Ticket(Pool::Long, id), path);
        }
    }

    /// It is packed, or could not be.
    pub fn finished(&mut self) {
        self.stage = Progress::Idle;
    }

    /// Lets go of a start or finish whose job met a bug and so brings no outcome.
    pub fn let_go(&mut self, hub: &Hub, work: &Work) {
        let (Progress::Starting(ticket) | Progress::Finishing(ticket, _)) = &self.stage else {
            return;
        };
        if work.runs(*ticket) {
            return;
        }
        // What was begun must not go on growing unseen.
        for attempt in hub.attempts() {
            attempt.link.stop_recording();
        }
        self.stage = Progress::Idle;
    }

    /// The last resort when the window goes away: finishes here and now.
    ///
    /// # Errors
    ///
    /// What the disk says; the session stays as a folder, whole.
    pub fn finish_now(&mut self, hub: &Hub, words: &Words) -> Result<(), Problem> {
        let Progress::Running(running) = &self.stage else {
            return Ok(());
        };
        let recording = Arc::clone(&running.recording);
        self.stage = Progress::Idle;
        finish(&recording, (&speaking(hub), words), &Context::default()).map(|_| ())
    }
}

impl Running {
    fn look(&mut self, now: Instant) {
        // While the recorder is busy, the last figures stay.
        if let Some(status) = self.recording.status() {
            self.status = status;
        }
        let same = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at).as_millis() < 500;
        if self.sizes.back().is_some_and(same) {
            return;
        }
        self.sizes.push_back((now, self.status.bytes));
        let old = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at) > RATE_TIME;
        while self.sizes.front().is_some_and(old) {
            self.sizes.pop_front();
        }
    }

    fn rate(&self) -> f64 {
        match (self.sizes.front(), self.sizes.back()) {
            (Some((from, before)), Some((to, after))) if from < to => {
                after.saturating_sub(*before) as f64 / to.duration_since(*from).as_secs_f64()
            }
            _ => f64::NAN,
        }
    }
}

type Speaking = Vec<(Arc<Link>, Connected)>;

/// Links that are up, each with its greeting.
fn speaking(hub: &Hub) -> Speaking {
    let mut found = Vec::new();
    for attempt in hub.attempts() {
        if !matches!(attempt.stage, Stage::Attached(_)) {
            continue;
        }
        let mut hosts = hub.live().hosts().iter();
        if let Some(host) = hosts.rfind(|host| host.link == attempt.link.id()) {
            found.push((Arc::clone(&attempt.link), host.connected.clone()));
        }
    }
    found
}

fn begin(setup: &Setup, links: &Speaking, past: Past) -> Result<Started, Problem> {
    if links.is_empty() {
        return Err(Problem {
            what: "could not record".to_owned(),
            why: "no agent is attached".to_owned(),
            what_to_do: "attach this machine (Ctrl+Shift+A) and record again".to_owned(),
            sort: Sort::Agent,
        });
    }
    if let Some(folder) = setup.out.parent().filter(|it| !it.as_os_str().is_empty()) {
        places::make_folder(folder).map_err(|error| {
            let what = format!("could not make the folder {}", folder.display());
            Problem::from_error(what, &error, Sort::Denied).advise("a folder you may write to")
        })?;
    }
    let recording = Recording::create(setup)?;
    for (link, connected) in links {
        if let Err(problem) = recording.add(link, connected, past) {
            return Err(give_up(&recording, links, problem));
        }
    }
    Ok(Started { recording, past })
}

/// Ends a recording that not every host joined: no folder may grow unseen.
fn give_up(recording: &Recording, links: &Speaking, problem: Problem) -> Problem {
    for (link, _) in links {
        link.stop_recording();
    }
    match recording.abandon() {
        Ok(()) => problem,
        Err(left) => problem.advise(format!("{} ({})", left.what_to_do, left.what)),
    }
}

fn finish(
    recording: &Recording,
    (links, words): (&Speaking, &Words),
    context: &Context,
) -> Result<PathBuf, Problem> {
    for (link, _) in links {
        link.stop_recording();
    }
    let path = recording.finish(context)?;
    keep_words(&path, words, context)?;
    Ok(path)
}

/// The session keeps the notes and live verdicts that lie within it, and no others.
fn keep_words(path: &Path, words: &Words, context: &Context) -> Result<(), Problem> {
    let (stored, _) = Stored::open(path, context)?;
    let span = stored.span();
    if let Some(said) = &words.said {
        let mut findings = said.findings.clone();
        findings.retain(|it| !it.stretch().intersect(span).is_empty());
        let live = Said {
            span: said.span.intersect(span),
            findings,
        };
        stored.keep(Kept {
            live: Some(live),
            ..stored.kept().unwrap_or_default()
        })?;
    }
    let inside = words
        .notes
        .iter()
        .filter(|note| span.contains(note.span.from) || !note.span.intersect(span).is_empty());
    let inside: Vec<Annotation> = inside.cloned().collect();
    match inside == stored.annotations() {
        true => Ok(()),
        false => stored.set_annotations(&inside),
    }
}
