//! The first step: a recording, begun and ended by time or by what live data shows.
//!
//! Where nothing on live data is waited for, `recording::record` does it all. Otherwise
//! agents are attached first and looked at; the recording begins with as much of their
//! look-back ring as the recipe asks for.
//!
//! Start at [`record`]; [`begin_at`] says when.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, select};
use jiff::tz::TimeZone;
use model::recipe::{Clock, Collect, Start, Trigger, Until};
use model::series::{SeriesKey, glob_matches};
use model::time::Moment;

use super::Launcher;
use crate::jobs::Context;
use crate::launch::Launch;
use crate::link::{Link, LinkId, Names, Options, Update};
use crate::live::{Live, State};
use crate::problem::{Problem, Sort};
use crate::recording::{self, Past, Recording, Request, Setup};
use crate::tap::Tap;
use crate::target::Target;

/// How often live data is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How long agents may take to greet.
const GREETING_TIME: Duration = Duration::from_secs(30);

/// When a recording begins; `None` for at once, which is also when a trigger is waited for.
///
/// # Errors
///
/// The time never comes.
pub(super) fn begin_at(start: &Start, now: Moment) -> Result<Option<Moment>, Problem> {
    let never = || Problem {
        what: "could not plan the recording".to_owned(),
        why: "the time it is to begin at never comes".to_owned(),
        what_to_do: "another time under collect.start".to_owned(),
        sort: Sort::Usage,
    };
    let zone = TimeZone::system();
    let next = match start {
        Start::Now | Start::When(_) => return Ok(None),
        Start::At(Clock::Moment(moment)) => Some(*moment),
        Start::At(Clock::Daily(cron)) | Start::Cron(cron) => cron.next_after(now, &zone),
    };
    next.map(Some).ok_or_else(never)
}

/// Where a recording goes and who starts its agents.
pub(super) struct Site<'a> {
    pub(super) collect: &'a Collect,
    pub(super) out: &'a Path,
    pub(super) launcher: &'a Launcher,
}

/// Records as a recipe says; gives what people should know of it.
pub(super) fn record(site: &Site<'_>, context: &Context) -> Result<Vec<String>, Problem> {
    let launches = launches(site)?;
    let setup = Setup {
        out: site.out.to_path_buf(),
        title: site.collect.title.clone(),
        retention: None,
    };
    match (&site.collect.start, &site.collect.until) {
        (Start::Now | Start::At(_) | Start::Cron(_), Until::For(length)) => {
            let length = Duration::from_nanos(length.0.unsigned_abs());
            plain((launches, setup), length, context)
        }
        _ => Watched::start((launches, setup), site.collect).run(context),
    }
}

fn launches(site: &Site<'_>) -> Result<Vec<Launch>, Problem> {
    let collect = site.collect;
    let mut base = vec!["--every".to_owned(), format!("{}ns", collect.every.0)];
    for what in &collect.intake {
        base.extend(["--intake".to_owned(), what.clone()]);
    }
    let targets = collect.targets.iter().enumerate();
    targets
        .map(|(place, text)| {
            let target: Target = text.parse().map_err(|error| Problem {
                what: format!("could not attach {text}"),
                why: crate::link::chain(&error),
                what_to_do: "another target under collect.targets".to_owned(),
                sort: Sort::Usage,
            })?;
            let further = collect.agent_arguments.get(place);
            let further = further.map_or("", String::as_str).split_whitespace();
            let arguments = base.iter().cloned().chain(further.map(str::to_owned));
            (site.launcher)(target, arguments.collect())
        })
        .collect()
}

fn plain(
    (launches, setup): (Vec<Launch>, Setup),
    length: Duration,
    context: &Context,
) -> Result<Vec<String>, Problem> {
    let (ask, stop) = bounded(4);
    let mut said = Vec::new();
    let request = Request {
        launches,
        length: Some(length),
        setup,
        fast: None,
    };
    let whole = length.as_millis() as u64;
    recording::record(request, &stop, &mut |progress| {
        context.progress(progress.elapsed.as_millis() as u64, whole);
        said.extend(progress.message.clone());
        if context.cancelled() {
            // A full queue holds the wish already.
            ask.try_send(()).unwrap_or_default();
        }
    })?;
    match context.cancelled() {
        true => Err(Problem::cancelled("recording")),
        false => Ok(said),
    }
}

/// For how long each series has fulfilled a trigger.
#[derive(Default)]
struct Held {
    since: HashMap<SeriesKey, Moment>,
}

impl Held {
    /// The series that has fulfilled a trigger for long enough, and its value.
    fn look(&mut self, trigger: &Trigger, live: &Live) -> Option<(SeriesKey, f64)> {
        let series = live.series();
        let matching = series
            .iter()
            .filter(|it| glob_matches(&trigger.series, &it.key.to_string()));
        for one in matching {
            let Some((at, value)) = live.track(&one.key).and_then(|it| it.latest()) else {
                continue;
            };
            let above = trigger.above.is_none_or(|bound| value > bound);
            let below = trigger.below.is_none_or(|bound| value < bound);
            if !(above && below && value.is_finite()) {
                self.since.remove(&one.key);
                continue;
            }
            let since = *self.since.entry(one.key.clone()).or_insert(at);
            if at.0.saturating_sub(since.0) >= trigger.lasting.0 {
                return Some((one.key.clone(), value));
            }
        }
        None
    }
}

/// A recording that waits for something on live data.
struct Watched<'a> {
    collect: &'a Collect,
    setup: Setup,
    links: Vec<Link>,
    updates: Receiver<(LinkId, Update)>,
    live: Live,
    recording: Option<Recording>,
    /// When the recording began.
    began: Option<Instant>,
    held: Held,
    said: Vec<String>,
}

impl<'a> Watched<'a> {
    fn start((launches, setup): (Vec<Launch>, Setup), collect: &'a Collect) -> Self {
        let (sender, updates) = crate::link::channel();
        let names = Names::default();
        let numbered = (0_u16..).zip(launches);
        let links = numbered.map(|(number, launch)| {
            let options = Options {
                id: LinkId(number),
                names: Arc::clone(&names),
                updates: sender.clone(),
                wake: Arc::new(|| {}),
                tap: Tap::Off,
            };
            Link::start(launch, options)
        });
        Self {
            links: links.collect(),
            collect,
            setup,
            updates,
            live: Live::default(),
            recording: None,
            began: None,
            held: Held::default(),
            said: Vec::new(),
        }
    }

    fn run(mut self, context: &Context) -> Result<Vec<String>, Problem> {
        let outcome = self.watch(context);
        for link in &self.links {
            link.stop_recording();
        }
        self.links.clear();
        let finished = match (self.recording.take(), &outcome) {
            (Some(recording), _) => recording.finish(&Context::default()).map(drop),
            (None, _) => Ok(()),
        };
        outcome.and(finished).map(|()| self.said)
    }

    fn watch(&mut self, context: &Context) -> Result<(), Problem> {
        let attached = Instant::now();
        let mut looked = 0;
        loop {
            select! {
                recv(self.updates) -> update => if let Ok((link, update)) = update {
                    self.take_in(link, update)?;
                },
                default(LOOK) => {}
            }
            if context.cancelled() {
                return Err(Problem::cancelled("recording"));
            }
            let all = self.live.hosts().len() == self.links.len();
            if !all {
                if attached.elapsed() > GREETING_TIME {
                    return Err(self.silent());
                }
                continue;
            }
            let seconds = self.live.seconds();
            if self.began.is_none() && self.begins(seconds != looked, attached)? {
                self.begin()?;
            }
            if self.ends(seconds != looked, context) {
                return Ok(());
            }
            looked = seconds;
        }
    }

    fn take_in(&mut self, link: LinkId, update: Update) -> Result<(), Problem> {
        match self.live.accept(link, update) {
            Some(Update::Ended(why)) => {
                let place = usize::from(link.0);
                let target = self.links.get(place).map(|it| it.target().to_string());
                let target = target.unwrap_or_default();
                let living = self.live.hosts().iter().any(|it| it.state == State::Live);
                if living {
                    self.said.push(format!("{target} ended: {why}"));
                    return Ok(());
                }
                Err(Problem {
                    what: format!("could not record {target}"),
                    why,
                    what_to_do: "kymo doctor".to_owned(),
                    sort: Sort::Agent,
                })
            }
            Some(Update::Refused { what, why }) => {
                self.said.push(format!("{what}: {why}"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn silent(&self) -> Problem {
        Problem {
            what: "could not attach every target".to_owned(),
            why: format!("no greeting within {} s", GREETING_TIME.as_secs()),
            what_to_do: "kymo doctor".to_owned(),
            sort: Sort::Agent,
        }
    }

    /// Whether the recording begins now; `fresh` where there are new samples.
    fn begins(&mut self, fresh: bool, attached: Instant) -> Result<bool, Problem> {
        let Start::When(trigger) = &self.collect.start else {
            return Ok(true);
        };
        if fresh && let Some((key, value)) = self.held.look(trigger, &self.live) {
            self.said.push(format!("began when {key} was {value}"));
            return Ok(true);
        }
        let limit = Duration::from_nanos(trigger.give_up.0.unsigned_abs());
        if attached.elapsed() > limit {
            return Err(Problem {
                what: "could not begin the recording".to_owned(),
                why: format!(
                    "{} did not fulfil its condition within {}",
                    trigger.series, trigger.give_up
                ),
                what_to_do: "another bound, or a longer collect.start give_up".to_owned(),
                sort: Sort::NotUsable,
            });
        }
        Ok(false)
    }

    fn begin(&mut self) -> Result<(), Problem> {
        let past = match &self.collect.start {
            Start::When(trigger) => match trigger.look_back {
                Some(length) => Past::Last(length.0),
                None => Past::Nothing,
            },
            Start::Now | Start::At(_) | Start::Cron(_) => Past::Nothing,
        };
        let recording = Recording::create(&self.setup)?;
        let hosts = self
            .live
            .hosts()
            .iter()
            .filter(|it| it.state == State::Live);
        for host in hosts {
            if let Some(link) = self.links.iter().find(|it| it.id() == host.link) {
                recording.add(link, &host.connected, past)?;
            }
        }
        self.recording = Some(recording);
        self.began = Some(Instant::now());
        self.held = Held::default();
        Ok(())
    }

    fn ends(&mut self, fresh: bool, context: &Context) -> bool {
        let Some(began) = self.began else {
            return false;
        };
        let whole = Duration::from_nanos(self.collect.length_ns().unsigned_abs());
        let elapsed = began.elapsed();
        context.progress(elapsed.as_millis() as u64, whole.as_millis() as u64);
        let Until::When(trigger) = &self.collect.until else {
            return elapsed >= whole;
        };
        if elapsed >= whole {
            self.said.push(format!(
                "ended after {}: {} did not fulfil its condition",
                trigger.give_up, trigger.series
            ));
            return true;
        }
        if fresh && let Some((key, value)) = self.held.look(trigger, &self.live) {
            self.said.push(format!("ended when {key} was {value}"));
            return true;
        }
        false
    }
}

/// A free name beside a session that was cut short, so that it is kept.
pub(super) fn aside(session: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let path = session.with_file_name(format!("cut-{number}.kymo"));
        if std::fs::symlink_metadata(&path).is_err() {
            return path;
        }
        number += 1;
    }
}
