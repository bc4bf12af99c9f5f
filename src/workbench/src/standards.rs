//! Standards of what is looked at: attached ones, how far they were kept, and alerts
//! while data comes.
//!
//! Agents go on while a stored session is looked at, and so do their alerts. The window
//! copies what is new; judging, loading and telling are the jobs'.
//!
//! Start at [`Standards::check`] for a session, [`Standards::look`] for live data.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::compliance::Compliance;
use model::plan::Plan;
use model::standard::{Rules, Standard};
use workflow::jobs::Context;
use workflow::live::Live;
use workflow::problem::{Problem, Sort};
use workflow::standards::sentry::feed::Feed;
use workflow::standards::sentry::{Round, Shared, Stage, Watched};
use workflow::standards::sink::{AlertNews, AlertSink};
use workflow::standards::{self, Request, attach, groups, sink};
use workflow::stored::Stored;

use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};

/// How often new samples are judged.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Alerts that are listed, oldest forgotten first.
const PAST_MAX: usize = 500;

/// Who attached a standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// It is kept in the session.
    Session,
    /// A group of hosts has it.
    Group,
    /// The user, for what is looked at live or as long as this window is open.
    Hand,
}

/// A standard that counts here.
#[derive(Clone, Debug, PartialEq)]
pub struct Attached {
    /// The standard.
    pub standard: Standard,
    /// Who attached it.
    pub by: By,
}

/// What a job found out about a session.
#[derive(Debug, Default)]
pub struct Checked {
    /// What counts.
    pub attached: Vec<Attached>,
    /// How far each was kept, in that order; those that could be judged.
    pub kept: Vec<Compliance>,
    /// What could not be judged, and why.
    pub troubles: Vec<String>,
}

/// What a job loaded for live data.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What counts.
    pub attached: Vec<Attached>,
    /// What could not be loaded.
    pub problems: Vec<Problem>,
}

/// Standards of what is looked at.
#[derive(Default)]
pub struct Standards {
    /// Where groups of hosts are kept; `None` keeps nothing.
    pub groups: Option<PathBuf>,
    /// Names that the user watches live data with.
    pub names: Vec<String>,
    feed: Feed,
    sentry: Shared,
    watched_at: Option<Instant>,
    watching: Option<Ticket>,
    loaded_for: Option<(Vec<String>, Vec<String>)>,
    live: Vec<Attached>,
    round: Vec<Watched>,
    past: VecDeque<AlertNews>,
    /// Attached by hand to what cannot keep them.
    by_hand: Vec<Standard>,
    checked: Checked,
    checking: Option<Ticket>,
    version: u64,
}

impl Standards {
    /// Raised when anything changes that a view shows.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What counts for a stored session.
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    /// What counts for live data.
    pub fn live(&self) -> &[Attached] {
        &self.live
    }

    /// Every rule on every live series, firing ones first.
    pub fn watched(&self) -> &[Watched] {
        &self.round
    }

    /// Rules that fire now.
    pub fn firing(&self) -> impl Iterator<Item = &Watched> {
        self.round.iter().take_while(|it| it.stage == Stage::Firing)
    }

    /// Alerts that fired or ended, newest first.
    pub fn past(&self) -> impl ExactSizeIterator<Item = &AlertNews> {
        self.past.iter()
    }

    /// How far the check is, while it runs.
    pub fn progress(&self, work: &Work) -> Option<f32> {
        let ticket = self.checking.filter(|it| work.runs(*it))?;
        Some(work.fraction(ticket).unwrap_or(0.0))
    }

    /// Forgets what was said of another session.
    pub fn turn(&mut self) {
        self.checked = Checked::default();
        self.by_hand.clear();
        self.checking = None;
        self.version += 1;
    }

    /// Holds a session against what is attached to it, its hosts' groups, and by hand.
    pub fn check(
        &mut self,
        (stored, plan): (&Stored, Option<Plan>),
        (generation, work): (Generation, &mut Work),
    ) {
        let (stored, groups, by_hand) = (stored.clone(), self.groups.clone(), self.by_hand.clone());
        let job = work.start(Pool::Long, "holding against standards", move |context| {
            let checked = checked((&stored, plan), (groups, by_hand), context);
            Outcome::Checked(generation, Box::new(checked))
        });
        self.checking = job.map(|id| Ticket(Pool::Long, id));
        self.version += 1;
    }

    /// Takes in how far standards were kept.
    pub fn accept(&mut self, checked: Checked) {
        self.checked = checked;
        self.checking = None;
        self.version += 1;
    }

    /// Attaches a standard by name; to live data, to an imported file for this sitting, or
    /// to a session on disk.
    pub fn attach(&mut self, name: String, stored: Option<&Stored>, work: &mut Work) {
        let Some(stored) = stored.cloned() else {
            if !self.names.contains(&name) {
                self.names.push(name);
            }
            return;
        };
        work.start(Pool::Long, "attaching a standard", move |context| {
            let attached = standards::load(&name).and_then(|standard| {
                if stored.on_disk() {
                    attach::attach(&stored, standard, context).map(|()| None)
                } else {
                    Ok(Some(standard))
                }
            });
            Outcome::Attached(attached.map(|it| it.map(Box::new)))
        });
    }

    /// Keeps a standard for this sitting.
    pub fn keep_by_hand(&mut self, standard: Standard) {
        self.by_hand.retain(|it| it.id != standard.id);
        self.by_hand.push(standard);
    }

    /// Detaches what was attached to what is looked at.
    pub fn detach(&mut self, id: &str, stored: Option<&Stored>, work: &mut Work) {
        let Some(stored) = stored.cloned() else {
            let loaded = self.live.iter().any(|it| it.standard.id == id);
            self.names.retain(|name| match loaded {
                true => name_of(name) != id,
                false => name != id,
            });
            return;
        };
        if self.by_hand.iter().any(|it| it.id == id) {
            self.by_hand.retain(|it| it.id != id);
        }
        if !stored.on_disk() {
            let nothing: Result<Option<Box<Standard>>, Problem> = Ok(None);
            work.start(Pool::Quick, "detaching a standard", move |_| {
                Outcome::Attached(nothing)
            });
            return;
        }
        let id = id.to_owned();
        work.start(Pool::Long, "detaching a standard", move |context| {
            let known = stored.standards().iter().any(|it| it.id == id);
            let detached = match known {
                true => attach::detach(&stored, &id, context),
                false => Ok(()),
            };
            Outcome::Attached(detached.map(|()| None))
        });
    }

    /// Starts what is due on live data: loading what counts, and judging what came.
    pub fn look(&mut self, now: Instant, live: &Live, work: &mut Work) {
        let hosts: Vec<String> = live.hosts().iter().map(|it| it.name().to_owned()).collect();
        let wanted = (self.names.clone(), hosts);
        if self.loaded_for.as_ref() != Some(&wanted) {
            self.loaded_for = Some(wanted.clone());
            let groups = self.groups.clone();
            work.start(Pool::Quick, "loading standards", move |_| {
                Outcome::Loaded(Box::new(loaded(groups, &wanted)))
            });
        }
        let due = |at| now.saturating_duration_since(at) >= WATCH_EVERY;
        let free = self.watching.is_none_or(|ticket| !work.runs(ticket));
        if !self.watched_at.is_none_or(due) || !free || self.feed.standards().is_empty() {
            return;
        }
        self.watched_at = Some(now);
        let news = self.feed.news(live);
        if news.is_empty() {
            return;
        }
        let sentry = self.sentry.clone();
        let job = work.start(Pool::Quick, "watching standards", move |_| {
            Outcome::Watched(Box::new(sentry.take_in(news)))
        });
        if job.is_none() {
            // The queue is full: all is judged anew from what is still held.
            let standards = self.feed.standards().to_vec();
            self.feed = Feed::default();
            self.feed.set(standards);
            self.sentry = Shared::default();
        }
        self.watching = job.map(|id| Ticket(Pool::Quick, id));
    }

    /// Takes in what counts for live data.
    pub fn take_loaded(&mut self, loaded: Loaded) -> Vec<Problem> {
        let standards = loaded.attached.iter().map(|it| it.standard.clone());
        self.feed.set(standards.collect());
        if loaded.attached.is_empty() {
            self.round.clear();
        }
        self.live = loaded.attached;
        self.version += 1;
        loaded.problems
    }

    /// Takes in where the rules stand; what fired or ended is to be told.
    pub fn take_round(&mut self, round: Round) -> Vec<AlertNews> {
        self.round = round.watched;
        for one in &round.news {
            self.past.push_front(one.clone());
        }
        self.past.truncate(PAST_MAX);
        self.version += 1;
        round.news
    }
}

/// The id that a name most likely has: of a file its stem.
fn name_of(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".ron").unwrap_or(file)
}

/// Tells sinks of alerts, by a job.
pub fn tell(sinks: Vec<Arc<dyn AlertSink>>, news: Vec<AlertNews>, work: &mut Work) {
    if sinks.is_empty() || news.is_empty() {
        return;
    }
    // Should the queue be full, the list in the window still has them.
    work.start(Pool::Quick, "telling of alerts", move |_| {
        Outcome::AlertsTold(sink::tell_all(&sinks, &news))
    });
}

fn of_groups(groups: Option<PathBuf>, hosts: &[String]) -> (Vec<Standard>, Vec<Problem>) {
    let Some(path) = groups else {
        return (Vec::new(), Vec::new());
    };
    match groups::read(&path) {
        Ok(groups) => groups.standards_of(hosts),
        Err(problem) => (Vec::new(), vec![problem]),
    }
}

fn add(attached: &mut Vec<Attached>, standard: Standard, by: By) {
    if !attached.iter().any(|it| it.standard.id == standard.id) {
        attached.push(Attached { standard, by });
    }
}

fn loaded(groups: Option<PathBuf>, (names, hosts): &(Vec<String>, Vec<String>)) -> Loaded {
    let mut found = Loaded::default();
    for name in names {
        match standards::load(name) {
            Ok(standard) => add(&mut found.attached, standard, By::Hand),
            Err(problem) => found.problems.push(problem),
        }
    }
    let (all, problems) = of_groups(groups, hosts);
    for standard in all {
        add(&mut found.attached, standard, By::Group);
    }
    found.problems.extend(problems);
    found
}

fn checked(
    (stored, plan): (&Stored, Option<Plan>),
    (groups, by_hand): (Option<PathBuf>, Vec<Standard>),
    context: &Context,
) -> Checked {
    let mut found = Checked::default();
    for standard in standards::attached(stored) {
        add(&mut found.attached, standard, By::Session);
    }
    for standard in by_hand {
        add(&mut found.attached, standard, By::Hand);
    }
    let hosts: Vec<String> = stored.hosts().iter().map(|it| it.name.clone()).collect();
    let (all, problems) = of_groups(groups, &hosts);
    for standard in all {
        add(&mut found.attached, standard, By::Group);
    }
    found
        .troubles
        .extend(problems.iter().map(ToString::to_string));
    let request = Request { window: None, plan };
    for it in &found.attached {
        match standards::check(stored, &it.standard, &request, context) {
            Ok(compliance) => found.kept.push(compliance),
            Err(problem) if problem.sort == Sort::Cancelled => {
                found.troubles.push(format!("{}: stopped", it.standard.id));
                break;
            }
            Err(problem) => found.troubles.push(match it.standard.rules {
                Rules::Optimization(_) => {
                    format!(
                        "{}: begin a plan on the Plan screen, then check again",
                        it.standard.id
                    )
                }
                _ => problem.to_string(),
            }),
        }
    }
    found
}
