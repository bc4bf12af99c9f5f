//! Attached agents: their links, what they say, and who could not be reached.
//!
//! Owned by the window's thread; taking in what came costs microseconds and
//! never waits.
//!
//! Start at [`Hub::attach`] and [`Hub::drain`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use eframe::egui;
use workflow::launch::Launch;
use workflow::link::{self, Link, LinkId, Names, Options, Update};
use workflow::live::{Live, State};
use workflow::problem::{Problem, Sort};
use workflow::tap::Tap;
use workflow::target::Target;

/// Updates taken in per frame; more wait for the next one.
const UPDATES_MAX: usize = 20_000;

/// A sample wakes the window this much later, so that its companions share the frame.
const WAKE_DELAY: Duration = Duration::from_millis(15);

/// While something else is looked at, samples are taken in this often.
const ASIDE_DELAY: Duration = Duration::from_secs(5);

/// An agent is silent after this long, or three of its samples if that is longer;
/// [`workflow::live::LiveHost::silent_for`] decides.
const SILENT_AFTER: Duration = Duration::from_secs(3);

/// How often the time is told for which an agent is silent.
const SILENCE_EVERY: Duration = Duration::from_secs(1);

/// Wakes the window soon; may be called from any thread.
pub fn waker(ctx: &egui::Context) -> Arc<dyn Fn() + Send + Sync> {
    let ctx = ctx.clone();
    Arc::new(move || ctx.request_repaint_after(WAKE_DELAY))
}

/// Wakes the window when an agent speaks: soon, or seldom while agents are not
/// looked at.
pub fn agent_waker(ctx: &egui::Context, aside: &Arc<AtomicBool>) -> Arc<dyn Fn() + Send + Sync> {
    let (ctx, aside) = (ctx.clone(), Arc::clone(aside));
    Arc::new(move || {
        ctx.request_repaint_after(match aside.load(Ordering::Relaxed) {
            true => ASIDE_DELAY,
            false => WAKE_DELAY,
        });
    })
}

/// Something about attached agents that the user should hear of.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A host greeted.
    Connected(String),
    /// A link is over or never began.
    Lost(Problem),
}

/// A target somebody asked to attach.
pub struct Attempt {
    /// The link; a job may hold it for a moment longer.
    pub link: Arc<Link>,
    /// When it was asked for.
    pub since: Instant,
    /// How it is going.
    pub stage: Stage,
}

/// How attaching is going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No greeting yet.
    Waiting,
    /// Samples come; the host's name.
    Attached(String),
    /// It is over, for this reason.
    Over(String),
}

/// All attached agents.
pub struct Hub {
    live: Live,
    attempts: Vec<Attempt>,
    names: Names,
    sender: Sender<(LinkId, Update)>,
    updates: Receiver<(LinkId, Update)>,
    wake: Arc<dyn Fn() + Send + Sync>,
    next: u16,
    catalog: u64,
    fresh: Freshness,
    aside: Arc<AtomicBool>,
}

/// Whether series were declared that no sample came for yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    Known,
    Declared,
}

impl Hub {
    /// No agents; the window is woken when one says something.
    pub fn new(ctx: &egui::Context) -> Self {
        let (sender, updates) = link::channel();
        let aside = Arc::default();
        Self {
            wake: agent_waker(ctx, &aside),
            aside,
            live: Live::default(),
            attempts: Vec::new(),
            names: Names::default(),
            sender,
            updates,
            next: 0,
            catalog: 0,
            fresh: Freshness::Known,
        }
    }

    /// Says that agents go on while something else is looked at.
    pub fn put_aside(&self) {
        self.aside.store(true, Ordering::Relaxed);
    }

    /// Says that agents are looked at.
    pub fn bring_back(&self) {
        self.aside.store(false, Ordering::Relaxed);
    }

    /// What the agents say.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Every target that was asked for, in order.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Raised whenever series are added.
    pub fn catalog(&self) -> u64 {
        self.catalog
    }

    /// Starts to attach; success or failure comes as news.
    pub fn attach(&mut self, launch: Launch) {
        let options = Options {
            id: LinkId(self.next),
            names: Arc::clone(&self.names),
            updates: self.sender.clone(),
            wake: Arc::clone(&self.wake),
            tap: Tap::Off,
        };
        self.next = self.next.wrapping_add(1);
        self.attempts.push(Attempt {
            link: Arc::new(Link::start(launch, options)),
            since: Instant::now(),
            stage: Stage::Waiting,
        });
    }

    /// Lets the agent of a target hear these of applications and nothing else; says
    /// whether it is attached and could be asked.
    pub fn hear(&self, target: &Target, what: &[String]) -> bool {
        let mut attempts = self.attempts.iter();
        let attempt = attempts
            .find(|it| it.link.target() == target && matches!(it.stage, Stage::Attached(_)));
        attempt.is_some_and(|it| it.link.hear(what.to_vec()))
    }

    /// Ends a link; what it said stays in memory.
    pub fn detach(&mut self, target: &Target) {
        self.attempts
            .retain(|attempt| attempt.link.target() != target);
    }

    /// Ends the link of a host; what it said stays in memory.
    pub fn detach_host(&mut self, host: &str) {
        let is =
            |attempt: &Attempt| matches!(&attempt.stage, Stage::Attached(name) if name == host);
        self.attempts.retain(|attempt| !is(attempt));
    }

    /// The target by which a host was reached.
    pub fn target_of(&self, host: &str) -> Option<Target> {
        let link = self.live.host(host)?.link;
        let found = self.attempts.iter().find(|it| it.link.id() == link);
        found.map(|attempt| attempt.link.target().clone())
    }

    /// Whether this target is attached or about to be.
    pub fn has(&self, target: &Target) -> bool {
        let over = |attempt: &Attempt| matches!(attempt.stage, Stage::Over(_));
        let mut attempts = self.attempts.iter();
        attempts.any(|attempt| attempt.link.target() == target && !over(attempt))
    }

    /// Whether some agent speaks.
    pub fn speaks(&self) -> bool {
        let mut hosts = self.live.hosts().iter();
        hosts.any(|host| host.state == State::Live)
    }

    /// Since when every agent that is attached says nothing, if that is so.
    pub fn silence(&self, now: Instant) -> Option<Duration> {
        let hosts = self.live.hosts().iter();
        let live = hosts.filter(|host| host.state == State::Live);
        // One that speaks makes it `None`, none at all too.
        live.map(|host| host.silent_for(now))
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .min()
    }

    /// Hosts whose link is over or whose agent says nothing.
    pub fn mute(&self, now: Instant) -> Vec<String> {
        let hosts = self.live.hosts().iter();
        let mute = hosts.filter(|host| host.state != State::Live || host.silent_for(now).is_some());
        mute.map(|host| host.name().to_owned()).collect()
    }

    /// After how long the window must look again because an agent may have fallen
    /// silent, or is silent and the time is told.
    pub fn next_silence(&self, now: Instant) -> Option<Duration> {
        let hosts = self.live.hosts().iter();
        let live = hosts.filter(|host| host.state == State::Live);
        live.map(|host| match host.silent_for(now) {
            Some(_) => SILENCE_EVERY,
            None => {
                let every = host.connected.hello.every_ns.max(0).unsigned_abs();
                SILENT_AFTER.max(Duration::from_nanos(every).saturating_mul(3)) + WAKE_DELAY
            }
        })
        .min()
    }

    /// Takes in what came; returns what the user should hear of.
    pub fn drain(&mut self) -> Vec<News> {
        let updates: Vec<_> = self.updates.try_iter().take(UPDATES_MAX).collect();
        let news = updates
            .into_iter()
            .filter_map(|(link, update)| self.accept(link, update))
            .collect();
        if !self.updates.is_empty() {
            (self.wake)();
        }
        news
    }

    /// Takes in one update.
    pub fn accept(&mut self, link: LinkId, update: Update) -> Option<News> {
        match &update {
            Update::Series(_) => {
                self.catalog += 1;
                self.fresh = Freshness::Declared;
            }
            Update::Batch(_) if self.fresh == Freshness::Declared => {
                // Derived series come into being with the first sample.
                self.fresh = Freshness::Known;
                self.catalog += 1;
            }
            _ => {}
        }
        let greeted = match &update {
            Update::Connected(connected) => Some(connected.name.clone()),
            _ => None,
        };
        let told = self.live.accept(link, update);
        if let Some(name) = greeted {
            self.stage(link, Stage::Attached(name.clone()));
            return Some(News::Connected(name));
        }
        match told? {
            Update::Ended(why) => {
                let problem = self.lost(link, &why);
                self.stage(link, Stage::Over(why));
                Some(News::Lost(problem))
            }
            Update::Refused { what, why } => Some(News::Lost(Problem {
                what_to_do: match what.starts_with("to hear ") {
                    true => "kymo doctor says which ports are free and which logs are readable; everything else is heard".to_owned(),
                    false => "look at Hosts for what this agent can do".to_owned(),
                },
                what: format!("the agent refused: {what}"),
                why,
                sort: Sort::Agent,
            })),
            _ => None,
        }
    }

    fn stage(&mut self, link: LinkId, stage: Stage) {
        let mut attempts = self.attempts.iter_mut();
        if let Some(attempt) = attempts.find(|attempt| attempt.link.id() == link) {
            attempt.stage = stage;
        }
    }

    fn lost(&self, link: LinkId, why: &str) -> Problem {
        let attempt = self.attempts.iter().find(|it| it.link.id() == link);
        let target = attempt.map_or_else(String::new, |it| it.link.target().to_string());
        let (what, what_to_do) = match attempt.map(|it| &it.stage) {
            Some(Stage::Attached(name)) => (
                format!("{name} is no longer attached"),
                format!("attach {target} again; what it said so far is still here"),
            ),
            _ if target.starts_with("ssh://") => (
                format!("could not attach {target}"),
                "log in once with ssh in a terminal, so that host key and password need no asking"
                    .to_owned(),
            ),
            _ => (
                format!("could not attach {target}"),
                "kymo doctor says what this machine lacks".to_owned(),
            ),
        };
        Problem {
            what,
            why: why.to_owned(),
            what_to_do,
            sort: Sort::Agent,
        }
    }
}
