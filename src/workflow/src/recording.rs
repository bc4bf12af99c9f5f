//! Recordings: of attached links, or from nothing for a stretch of time.
//!
//! Start at [`Recording`] (the window) or [`record`] (the command line).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, select, tick};
use model::annotation::Annotation;
use model::series::{Series, SeriesId, glob_matches};
use model::time::Moment;
use store::progress::{Continue, Watch as StoreWatch};
use store::recorder::{FinishAs, Options as StoreOptions, RecordError, Recorder, Retention};

use wire::message::{Burst, Request as Ask};

use crate::jobs::Context;
use crate::launch::Launch;
use crate::link::{Connected, Link, LinkId, Names, Options, Update, lock, unix_ns};
use crate::live::State;
use crate::problem::{Problem, Sort};
use crate::tap::{Shared, Tap};

/// How often the command line hears of progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How long a signal may come after the agents it ended.
const SIGNAL_TIME: Duration = Duration::from_millis(200);

/// How long finishing may stand still, on a disk that stays full.
const FINISH_TIME: Duration = Duration::from_secs(60);

/// How long agents may take to greet before a recording fails.
const GREETING_TIME: Duration = Duration::from_secs(30);

/// How much of the past a recording keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Everything the look-back ring holds.
    All,
    /// Nothing from before the recording started.
    Nothing,
    /// So many nanoseconds of it, as far as the ring holds them.
    Last(i64),
}

/// Where and how to record.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The session to write.
    pub out: PathBuf,
    /// Title kept in the session.
    pub title: String,
    /// What a long recording may keep.
    pub retention: Option<Retention>,
}

/// How a recording is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Bytes on disk so far.
    pub bytes: u64,
    /// Samples so far, over all hosts.
    pub samples: u64,
    /// What is wrong, while something is.
    pub trouble: Option<String>,
}

/// A recording that runs.
pub struct Recording {
    recorder: Shared,
    out: PathBuf,
    since: Instant,
}

impl Recording {
    /// Creates the session's folder; links are added with [`Recording::add`].
    ///
    /// # Errors
    ///
    /// The path is taken, the disk refuses.
    pub fn create(setup: &Setup) -> Result<Self, Problem> {
        let options = StoreOptions {
            title: setup.title.clone(),
            created: Moment(unix_ns()),
            segment_ns: store::recorder::SEGMENT_NS,
            retention: setup.retention,
        };
        let recorder = Recorder::create(&setup.out, options).map_err(|error| {
            let what = format!("could not record to {}", setup.out.display());
            Problem::from_error(what, &error, sort_of(&error))
                .advise("another path, or a folder you may write to")
        })?;
        Ok(Self {
            recorder: Arc::new(Mutex::new(Some(recorder))),
            out: setup.out.clone(),
            since: Instant::now(),
        })
    }

    /// Adds a connected link, with as much of its past as wanted.
    ///
    /// # Errors
    ///
    /// The recorder does not take the host, or the link is over.
    pub fn add(&self, link: &Link, connected: &Connected, past: Past) -> Result<(), Problem> {
        let what = || format!("could not record {}", connected.name);
        let problem = |why: String| Problem {
            what: what(),
            why,
            what_to_do: "attach the host again".to_owned(),
            sort: Sort::Agent,
        };
        let tap = Tap::for_connected(&self.recorder, connected).map_err(problem)?;
        let since_boot_ns = match past {
            Past::All => 0,
            Past::Nothing => i64::MAX,
            // Zero would mean everything.
            Past::Last(ns) => unix_ns()
                .saturating_sub(connected.placement.boot_to_axis_ns)
                .saturating_sub(ns)
                .max(1),
        };
        if link.record(tap, since_boot_ns) {
            Ok(())
        } else {
            Err(problem("the link is over".to_owned()))
        }
    }

    /// A tap for a link that starts together with this recording.
    pub fn tap(&self) -> Tap {
        Tap::FromStart(Arc::clone(&self.recorder))
    }

    /// Where it goes.
    pub fn path(&self) -> &Path {
        &self.out
    }

    /// How long it runs.
    pub fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// How it is doing; `None` while the recorder is busy, since this never waits.
    pub fn status(&self) -> Option<Status> {
        let recorder = self.recorder.try_lock().ok()?;
        let status = recorder.as_ref()?.status();
        let lost = (status.lost_frames > 0)
            .then(|| format!("{} frames were lost for want of memory", status.lost_frames));
        Some(Status {
            bytes: status.bytes,
            samples: status.samples,
            trouble: status.trouble.or(lost),
        })
    }

    /// Keeps these notes with what is on disk soon; `false` while the recorder is
    /// busy, since this never waits.
    pub fn annotate(&self, notes: &[Annotation]) -> bool {
        let Ok(recorder) = self.recorder.try_lock() else {
            return false;
        };
        if let Some(recorder) = recorder.as_ref() {
            recorder.annotate(notes.to_vec());
        }
        true
    }

    /// Ends a recording that could not start, and removes it.
    ///
    /// # Errors
    ///
    /// The folder could not be removed.
    pub fn abandon(&self) -> Result<(), Problem> {
        let Some(recorder) = lock(&self.recorder).take() else {
            return Ok(());
        };
        let ended = recorder.finish(FinishAs::Folder, &mut |_| Continue::Stop);
        std::fs::remove_dir_all(&self.out).map_err(|error| {
            let ended = ended.err().map(|error| crate::link::chain(&error));
            Problem {
                what: format!("could not remove {}", self.out.display()),
                why: ended.unwrap_or_else(|| error.to_string()),
                what_to_do: "remove it by hand; it holds no sample".to_owned(),
                sort: Sort::Denied,
            }
        })
    }

    /// Ends the recording and packs the session into one file.
    ///
    /// When packing fails or is cancelled, the session stays as a folder, whole.
    ///
    /// # Errors
    ///
    /// The disk refuses, or the recording is over already.
    pub fn finish(&self, context: &Context) -> Result<PathBuf, Problem> {
        self.finish_watched(&mut crate::stored::on_progress(context))
    }

    fn finish_watched(&self, watch: StoreWatch<'_>) -> Result<PathBuf, Problem> {
        let what = || format!("could not finish {}", self.out.display());
        let recorder = lock(&self.recorder).take().ok_or_else(|| Problem {
            what: what(),
            why: "it is finished already".to_owned(),
            what_to_do: String::new(),
            sort: Sort::Bug,
        })?;
        recorder.finish(FinishAs::File, watch).map_err(|error| {
            Problem::from_error(what(), &error, sort_of(&error)).advise(format!(
                "kymo info {} (what is on disk is there)",
                self.out.display()
            ))
        })?;
        Ok(self.out.clone())
    }
}

/// What the command line records.
pub struct Request {
    /// The agents, each with its launch.
    pub launches: Vec<Launch>,
    /// How long; until a stop without it.
    pub length: Option<Duration>,
    /// Where and how.
    pub setup: Setup,
    /// A few series to read faster, if any.
    pub fast: Option<Fast>,
}

/// A few series to be read more often than the rest.
#[derive(Clone, Debug)]
pub struct Fast {
    /// Patterns of series names; the first 64 series that match are taken.
    pub globs: Vec<String>,
    /// Time between their samples, 10 ms or more.
    pub every_ns: i64,
}

/// Most series an agent reads faster.
const FAST_MAX: usize = 64;

/// How a command-line recording is doing.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Time since all agents greeted.
    pub elapsed: Duration,
    /// Hosts so far.
    pub hosts: Vec<String>,
    /// The recorder's figures.
    pub status: Status,
    /// Something to tell once.
    pub message: Option<String>,
}

/// Records until the time is over or `stop` says so, then finishes the file.
///
/// # Errors
///
/// No agent could be attached, or the disk refuses. What was recorded until
/// then is kept.
pub fn record(
    request: Request,
    stop: &Receiver<()>,
    on_progress: &mut dyn FnMut(&Progress),
) -> Result<PathBuf, Problem> {
    let recording = Recording::create(&request.setup)?;
    let (sender, updates) = crate::link::channel();
    let names = Names::default();
    let links: Vec<Link> = (0_u16..)
        .zip(request.launches)
        .map(|(number, launch)| {
            Link::start(
                launch,
                Options {
                    id: LinkId(number),
                    names: Arc::clone(&names),
                    updates: sender.clone(),
                    wake: Arc::new(|| {}),
                    tap: recording.tap(),
                },
            )
        })
        .collect();
    let mut watch = Watch {
        links: &links,
        states: vec![None; links.len()],
        hosts: Vec::new(),
        began: None,
        fast: request.fast,
        chosen: vec![Vec::new(); links.len()],
    };
    let outcome = watch.run(&recording, request.length, (&updates, stop), on_progress);
    let watch_saw_nothing = watch.hosts.is_empty();
    for link in &links {
        link.stop_recording();
    }
    drop(links);
    match outcome {
        Ok(()) => finish_or_stop(&recording, stop),
        Err(problem) if watch_saw_nothing => Err(give_up(&recording, problem)),
        Err(problem) => {
            let path = finish_or_stop(&recording, stop)?;
            Err(problem.advise(format!(
                "kymo info {} (what came before is kept)",
                path.display()
            )))
        }
    }
}

/// Packs the session, unless another signal comes or nothing moves for a minute,
/// as on a disk that stays full; the folder is left then.
fn finish_or_stop(recording: &Recording, stop: &Receiver<()>) -> Result<PathBuf, Problem> {
    let mut last = (0, Instant::now());
    recording.finish_watched(&mut |progress| {
        if progress.done != last.0 {
            last = (progress.done, Instant::now());
        }
        if stop.try_recv().is_ok() || last.1.elapsed() > FINISH_TIME {
            Continue::Stop
        } else {
            Continue::Yes
        }
    })
}

/// Removes a recording that never got a sample.
fn give_up(recording: &Recording, problem: Problem) -> Problem {
    match recording.abandon() {
        Ok(()) => problem,
        Err(left) => problem.advise(left.to_string()),
    }
}

fn sort_of(error: &RecordError) -> Sort {
    match error {
        RecordError::Full { .. } | RecordError::Unwritten { .. } => Sort::DiskFull,
        RecordError::Stopped { .. } => Sort::Cancelled,
        RecordError::Exists { .. } => Sort::Usage,
        RecordError::Hosts(_) => Sort::Limit,
        RecordError::Write { .. } => Sort::Denied,
    }
}

struct Watch<'a> {
    links: &'a [Link],
    states: Vec<Option<State>>,
    hosts: Vec<String>,
    began: Option<Instant>,
    fast: Option<Fast>,
    chosen: Vec<Vec<u32>>,
}

impl Watch<'_> {
    fn run(
        &mut self,
        recording: &Recording,
        length: Option<Duration>,
        (updates, stop): (&Receiver<(LinkId, Update)>, &Receiver<()>),
        on_progress: &mut dyn FnMut(&Progress),
    ) -> Result<(), Problem> {
        let started = Instant::now();
        let ticks = tick(PROGRESS_EVERY);
        loop {
            let over = length
                .zip(self.began)
                .map_or(PROGRESS_EVERY, |(length, began)| {
                    length.saturating_sub(began.elapsed())
                });
            let mut message = None;
            select! {
                recv(updates) -> update => if let Ok((link, update)) = update {
                    message = match self.take_in(link, update) {
                        Ok(message) => message,
                        // A signal to the whole group ends ssh as well, perhaps first.
                        Err(_) if stop.recv_timeout(SIGNAL_TIME).is_ok() => {
                            return self.stopped();
                        }
                        Err(problem) => return Err(problem),
                    };
                    if message.is_none() {
                        continue;
                    }
                },
                recv(stop) -> _ => return self.stopped(),
                recv(ticks) -> _ => {}
                default(over) => {}
            }
            on_progress(&Progress {
                elapsed: self.began.map_or(Duration::ZERO, |began| began.elapsed()),
                hosts: self.hosts.clone(),
                status: recording.status().unwrap_or_default(),
                message,
            });
            if self.began.is_none() && started.elapsed() > GREETING_TIME {
                return Err(self.silent());
            }
            if let Some((length, began)) = length.zip(self.began)
                && began.elapsed() >= length
            {
                return Ok(());
            }
        }
    }

    /// Takes in an update; a recording without any living agent is over.
    fn take_in(&mut self, link: LinkId, update: Update) -> Result<Option<String>, Problem> {
        let place = usize::from(link.0);
        match update {
            Update::Connected(connected) => {
                self.states[place] = Some(State::Live);
                self.hosts.push(connected.name.clone());
                if self.states.iter().all(Option::is_some) {
                    self.began.get_or_insert_with(Instant::now);
                }
                Ok(Some(format!("recording {}", greeting(&connected))))
            }
            Update::Ended(why) => {
                let target = self.links[place].target().to_string();
                let known = self.states[place].is_some();
                self.states[place] = Some(State::Ended(why.clone()));
                if !known {
                    return Err(unreachable(&target, why));
                }
                let text = format!("{target} ended: {why}");
                let living = self.states.contains(&Some(State::Live));
                if living {
                    Ok(Some(text))
                } else {
                    Err(unreachable(&target, why))
                }
            }
            Update::Refused { what, why } => Ok(Some(format!("{what}: {why}"))),
            Update::Series(series) => Ok(self.quicken(place, &series)),
            _ => Ok(None),
        }
    }

    /// Asks the agent to read those of its new series faster that were chosen.
    fn quicken(&mut self, place: usize, series: &[(SeriesId, Series)]) -> Option<String> {
        let fast = self.fast.as_ref()?;
        let chosen = &mut self.chosen[place];
        let before = chosen.clone();
        let mut renewed = false;
        for (id, one) in series {
            let name = one.key.to_string();
            let wanted = fast.globs.iter().any(|glob| glob_matches(glob, &name));
            // The number may have been that of a chosen series that ended.
            let count = chosen.len();
            chosen.retain(|known| *known != id.0);
            renewed |= chosen.len() < count;
            if wanted && chosen.len() < FAST_MAX {
                chosen.push(id.0);
            }
        }
        chosen.sort_unstable();
        // The agent drops a number from its burst when another series gets it.
        if *chosen == before && !renewed {
            return None;
        }
        let burst = Burst {
            series: chosen.clone(),
            every_ns: fast.every_ns,
        };
        let asked = self.links[place].ask(Ask {
            burst: Some(burst),
            ..Ask::default()
        });
        let every = model::time::duration_text(fast.every_ns as f64 / 1e9);
        let count = chosen.len();
        Some(match asked {
            true => format!("reading {count} series every {every}"),
            false => format!("{count} series could not be read faster: the link is over"),
        })
    }

    fn stopped(&self) -> Result<(), Problem> {
        if self.hosts.is_empty() {
            return Err(Problem::cancelled("recording"));
        }
        Ok(())
    }

    fn silent(&self) -> Problem {
        let silent: Vec<String> = self
            .links
            .iter()
            .zip(&self.states)
            .filter(|(_, state)| state.is_none())
            .map(|(link, _)| link.target().to_string())
            .collect();
        unreachable(
            &silent.join(", "),
            format!("no greeting within {} s", GREETING_TIME.as_secs()),
        )
    }
}

fn greeting(connected: &Connected) -> String {
    let hello = &connected.hello;
    let offset = connected.placement.offset;
    format!(
        "{} ({}, {} CPUs, {}; clock {:+.3} ms ± {:.3} ms)",
        connected.name,
        hello.os,
        hello.cpus,
        model::unit::Unit::new("By").text(hello.memory_bytes as f64),
        offset.offset_ns as f64 / 1e6,
        offset.error_ns as f64 / 1e6,
    )
}

fn unreachable(target: &str, why: String) -> Problem {
    Problem {
        what: format!("could not attach {target}"),
        why,
        what_to_do: if target.starts_with("ssh") {
            format!("ssh -T -p PORT HOST true (as in {target}), then kymo doctor")
        } else {
            "kymo doctor".to_owned()
        },
        sort: Sort::Agent,
    }
}

/// A file name for a recording of these hosts that starts now.
pub fn file_name(hosts: &[String], now: Moment) -> String {
    let host: String = hosts
        .first()
        .map_or("session", String::as_str)
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-._".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let time = now.strftime("%Y%m%d-%H%M%S", model::time::Zone::Utc);
    format!("{host}-{time}.kymo")
}
