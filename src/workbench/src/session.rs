//! What is looked at: attached agents, or a session on disk; both alike to views.
//!
//! Everything a view borrows is prepared here when the data changes, so that a
//! frame only looks things up.
//!
//! Start at [`Session::refresh`] and [`Session::track`]; what is written down beside the
//! data is in [`beside`].

mod beside;

use std::time::{Duration, Instant};

use analysis::quality::{self, Coverage, Mark};
use analysis::track::Track;
use model::annotation::Annotation;
use model::event::Event;
use model::finding::Finding;
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span};
use workflow::stored::Stored;

use crate::contrast::sides::{Axis, Sides};
use crate::contrast::{Contrast, Here, closeup};
use crate::crowds::Crowds;
use crate::doubts;
use crate::explore::Absent;
use crate::figures::{Figures, Values};
use crate::hub::Hub;
use crate::inquiry::Inquiries;
use crate::insight::Insight;
use crate::insight::held::Held;
use crate::keeping::Keeping;
use crate::lookout::Lookout;
use crate::plot::panel::Flaw;
use crate::standards::Standards;
use crate::tasks::{Generation, Outcome, Pool, Work};
use crate::tracks::{Sight, Tracks};
use crate::workspace::Item;

/// How often doubts about live data are looked for.
const QUALITY_EVERY: Duration = Duration::from_secs(5);

/// Where the data comes from.
pub enum Source {
    /// Attached agents.
    Live,
    /// A session on disk, or an imported file.
    Stored(Stored),
}

/// What is looked at, with everything prepared for views.
pub struct Session {
    /// Attached agents; they go on while a stored session is looked at.
    pub hub: Hub,
    /// What the analyses are asked about what is looked at.
    pub inquiries: Inquiries,
    /// What must hold of it.
    pub standards: Standards,
    source: Source,
    generation: Generation,
    tracks: Tracks,
    crowds: Crowds,
    figures: Figures,
    prepared: Prepared,
    notes: Vec<Annotation>,
    live_notes: Vec<Annotation>,
    live_held: Held,
    keeping: Keeping,
    quality_at: Option<Instant>,
    insight: Insight,
    contrast: Contrast,
    lookout: Lookout,
}

/// What views borrow.
#[derive(Default)]
struct Prepared {
    stamp: Option<(Generation, u64)>,
    version: u64,
    series: Vec<Series>,
    hosts: Vec<String>,
    events_seen: usize,
    events: Vec<(String, Vec<Event>)>,
    events_version: u64,
    plain_events: Vec<Event>,
    marks: Vec<Mark>,
    marks_version: u64,
    flaws: Vec<Flaw>,
    coverage: Vec<Coverage>,
    mute: Vec<String>,
}

impl Session {
    /// Looks at agents that may be attached to this hub.
    pub fn new(hub: Hub) -> Self {
        Self {
            hub,
            inquiries: Inquiries::default(),
            standards: Standards::default(),
            source: Source::Live,
            generation: Generation(0),
            tracks: Tracks::default(),
            crowds: Crowds::default(),
            figures: Figures::default(),
            prepared: Prepared::default(),
            notes: Vec::new(),
            live_notes: Vec::new(),
            live_held: Held::default(),
            keeping: Keeping::default(),
            quality_at: None,
            insight: Insight::default(),
            contrast: Contrast::default(),
            lookout: Lookout::default(),
        }
    }

    /// Where the data comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The stored session, if one is looked at.
    pub fn stored(&self) -> Option<&Stored> {
        match &self.source {
            Source::Live => None,
            Source::Stored(stored) => Some(stored),
        }
    }

    /// Which results are still of use.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    fn turn(&mut self, source: Source) {
        self.source = source;
        self.generation.0 += 1;
        self.tracks = Tracks::default();
        self.crowds.reset();
        self.inquiries.reset();
        self.standards.turn();
        self.contrast.reset();
        self.figures = Figures::default();
        let old = std::mem::take(&mut self.prepared);
        // Versions only ever rise, so that views notice the turn.
        self.prepared = Prepared {
            version: old.version,
            events_version: old.events_version + 1,
            marks_version: old.marks_version + 1,
            ..Prepared::default()
        };
        self.quality_at = None;
    }

    /// From the oldest to the newest sample.
    pub fn span(&self) -> Span {
        match &self.source {
            Source::Live => self.hub.live().span(),
            Source::Stored(stored) => stored.span(),
        }
    }

    /// Prepares what changed since the last call.
    pub fn refresh(&mut self, now: Instant) {
        let catalog = match &self.source {
            Source::Live => self.hub.catalog() + self.hub.live().hosts().len() as u64,
            Source::Stored(_) => 0,
        };
        let stamp = Some((self.generation, catalog));
        if self.prepared.stamp != stamp {
            self.prepared.stamp = stamp;
            self.prepare_series();
        }
        self.prepare_events();
        self.prepared.mute = match &self.source {
            Source::Live => self.hub.mute(now),
            Source::Stored(_) => Vec::new(),
        };
        if self.quality_at.is_none() && self.stored().is_some() {
            self.quality_at = Some(now);
            self.prepare_stored_quality();
        }
    }

    fn prepare_series(&mut self) {
        self.prepared.version += 1;
        match &self.source {
            Source::Live => {
                let live = self.hub.live();
                self.prepared.series = live.series();
                let hosts = live.hosts().iter();
                self.prepared.hosts = unique(hosts.map(|host| host.name().to_owned()));
            }
            Source::Stored(stored) => {
                self.prepared.series = stored.series().to_vec();
                let keys = stored.series().iter().map(|series| series.key.host.clone());
                let hosts = stored.hosts().iter().map(|facts| facts.name.clone());
                self.prepared.hosts = unique(hosts.chain(keys));
            }
        }
    }

    fn prepare_events(&mut self) {
        let seen = match &self.source {
            Source::Live => {
                let hosts = self.hub.live().hosts().iter();
                // A full list drops one for each that comes, so its last moment counts too.
                hosts
                    .map(|host| {
                        let last = host.events.back().map_or(0, |event| event.at.0);
                        host.events.len().wrapping_add(last as usize)
                    })
                    .fold(1, usize::wrapping_add)
            }
            Source::Stored(_) => 1,
        };
        if self.prepared.events_seen == seen {
            return;
        }
        self.prepared.events_seen = seen;
        let mut by_host: Vec<(String, Vec<Event>)> = Vec::new();
        let mut add =
            |host: &str, event: &Event| match by_host.iter_mut().find(|(name, _)| name == host) {
                Some((_, events)) => events.push(event.clone()),
                None => by_host.push((host.to_owned(), vec![event.clone()])),
            };
        match &self.source {
            Source::Stored(stored) => {
                stored
                    .events()
                    .iter()
                    .for_each(|(host, event)| add(host, event));
            }
            Source::Live => {
                for host in self.hub.live().hosts() {
                    host.events.iter().for_each(|event| add(host.name(), event));
                }
            }
        }
        for (_, events) in &mut by_host {
            events.sort_by_key(|event| event.at);
        }
        let all = by_host
            .iter()
            .flat_map(|(_, events)| events.iter().cloned());
        let mut plain: Vec<Event> = all.collect();
        plain.sort_by_key(|event| event.at);
        self.prepared.plain_events = plain;
        self.prepared.events = by_host;
        self.prepared.events_version += 1;
    }

    fn prepare_stored_quality(&mut self) {
        if let Some(stored) = self.stored() {
            let (marks, coverage) = (stored.marks(), stored.coverage());
            self.set_quality(marks, coverage);
        }
    }

    fn set_quality(&mut self, marks: Vec<Mark>, coverage: Vec<Coverage>) {
        let flaws = marks
            .iter()
            .filter(|mark| mark.severity > quality::Severity::Note);
        let flaws = flaws.map(|mark| Flaw {
            span: mark.span,
            text: mark.text.clone(),
        });
        self.prepared.flaws = flaws.collect();
        if self.prepared.marks != marks {
            self.prepared.marks_version += 1;
        }
        self.prepared.marks = marks;
        self.prepared.coverage = coverage;
    }

    /// Starts what must be computed of live data now and then.
    pub fn assess(&mut self, now: Instant, work: &mut Work) {
        if self.hub.speaks() {
            // Also while a stored session is looked at.
            self.lookout.look(now, self.hub.live(), work);
            self.standards.look(now, self.hub.live(), work);
        }
        let due = self
            .quality_at
            .is_none_or(|at| now.saturating_duration_since(at) >= QUALITY_EVERY);
        if self.stored().is_some() || !due || !self.hub.speaks() {
            return;
        }
        self.quality_at = Some(now);
        let inputs = doubts::inputs(self.hub.live());
        let generation = self.generation;
        // Should the queue be full, the next turn tries again.
        work.start(Pool::Quick, "judging data quality", move |_| {
            Outcome::Quality(generation, doubts::assess(&inputs))
        });
    }

    /// Takes in what a job found, unless it is of another session.
    pub fn accept(&mut self, outcome: Outcome) -> Option<workflow::problem::Problem> {
        match outcome {
            Outcome::Track(of, item, result) if of == self.generation => {
                self.tracks.accept(item, result);
                None
            }
            Outcome::Detail(of, item, result) if of == self.generation => {
                self.tracks.accept_detail(&item, result)
            }
            Outcome::Crowds(of, request, result) if of == self.generation => {
                self.crowds.accept(request, result)
            }
            Outcome::Statistics(of, request, rows) if of == self.generation => {
                self.figures.accept(request, rows);
                None
            }
            Outcome::Quality(of, all) if of == self.generation => {
                let mut marks: Vec<Mark> = all.iter().flat_map(|it| it.marks.clone()).collect();
                quality::sort(&mut marks);
                self.set_quality(marks, all.into_iter().map(|it| it.coverage).collect());
                None
            }
            Outcome::Heard(heard) => {
                self.lookout.hear(heard);
                None
            }
            Outcome::Limits(now) => {
                self.lookout.limit(now);
                None
            }
            Outcome::Checked(of, checked) if of == self.generation => {
                self.standards.accept(*checked);
                None
            }
            _ => None,
        }
    }

    /// Loads what is about to be drawn.
    pub fn want(&mut self, sight: Sight<'_>, work: &mut Work) {
        match &self.source {
            Source::Live => self.tracks.want_live(sight.items, self.hub.live()),
            Source::Stored(stored) => self.tracks.want(sight, (stored, self.generation), work),
        }
    }

    /// Looks up the processes at a moment.
    pub fn want_crowds(&mut self, moment: Moment, work: &mut Work) {
        match &self.source {
            Source::Live => self.crowds.look_live(moment, self.hub.live()),
            Source::Stored(stored) => {
                self.crowds
                    .look_stored(moment, (stored, self.generation), work);
            }
        }
    }

    /// Describes curves within a range.
    pub fn want_figures(&mut self, range: Span, items: &[Item], work: &mut Work) {
        let (hub, tracks, source) = (&self.hub, &self.tracks, &self.source);
        let values = |items: &[Item]| match source {
            Source::Stored(stored) => Values::Stored(stored.clone()),
            Source::Live => Values::Copied(
                items
                    .iter()
                    .filter_map(|item| {
                        let track = match item {
                            Item::Series(key) => hub.live().track(key)?,
                            Item::Process(_) => tracks.get(item)?,
                        };
                        Some((item.clone(), doubts::samples_within(track, range).1))
                    })
                    .collect(),
            ),
        };
        self.figures
            .want((range, items), values, (self.generation, work));
    }

    /// Holds a stored session against its standards; live data always is.
    pub fn check_standards(&mut self, plan: Option<model::plan::Plan>, work: &mut Work) {
        if let Source::Stored(stored) = &self.source {
            self.standards
                .check((stored, plan), (self.generation, work));
        }
    }

    /// Computes the findings of a stored session anew.
    pub fn analyze(&mut self, work: &mut Work) {
        let generation = self.generation;
        match &self.source {
            Source::Stored(stored) => self.insight.begin(stored, (generation, work)),
            Source::Live => self.insight.reset(work),
        }
    }

    /// The findings of what is looked at, heaviest first: of a stored session those of
    /// the analyses, of attached agents what is said while data comes.
    pub fn findings(&self) -> &[Finding] {
        match &self.source {
            Source::Stored(_) => self.insight.findings(),
            Source::Live => self.lookout.findings(),
        }
    }

    /// Those of them that nobody expected.
    pub fn unexpected(&self) -> &[Finding] {
        match &self.source {
            Source::Stored(_) => self.insight.unexpected(),
            Source::Live => self.lookout.findings(),
        }
    }

    /// Raised when the findings change.
    pub fn findings_version(&self) -> u64 {
        self.insight.version() + self.lookout.version()
    }

    /// Verdicts on live data, which go on while a stored session is looked at.
    pub fn lookout(&self) -> &Lookout {
        &self.lookout
    }

    /// What was found so far.
    pub fn insight(&self) -> &Insight {
        &self.insight
    }

    /// Takes in what the analyses bring, unless it is of another session.
    pub fn take_in_findings(&mut self, outcome: Outcome, work: &mut Work) -> Option<Outcome> {
        match outcome {
            Outcome::Read(of, read) if of == self.generation => {
                self.insight.read(read, (of, work));
            }
            Outcome::Found(of, part, result) if of == self.generation => {
                self.insight.accept(part, result);
            }
            Outcome::Answered(of, answer) if of == self.generation => {
                self.inquiries.accept(*answer, (of, work));
            }
            Outcome::Contrast(of, news) if of == self.generation => self.contrast.accept(news),
            Outcome::Read(..)
            | Outcome::Found(..)
            | Outcome::Answered(..)
            | Outcome::Contrast(..) => {}
            other => return Some(other),
        }
        self.look_after(work);
        None
    }

    /// Notices jobs that a bug ended, whose outcomes nobody need wait for.
    pub fn look_after(&mut self, work: &Work) {
        self.insight.look(work);
        self.contrast.check(work);
    }

    /// What is compared with what, and what changed.
    pub fn contrast(&self) -> &Contrast {
        &self.contrast
    }

    /// Chooses what is compared and compares it.
    pub fn compare(&mut self, axis: &Axis, work: &mut Work, choose: impl FnOnce(&mut Sides)) {
        choose(&mut self.contrast.sides);
        let here = match &self.source {
            Source::Live => Here::Live(self.hub.live()),
            Source::Stored(stored) => Here::Stored(stored, self.insight.input()),
        };
        self.contrast.begin((&here, axis), (self.generation, work));
    }

    /// Looks at one row of the comparison in detail.
    pub fn look_closer(&mut self, wanted: closeup::Wanted, work: &mut Work) {
        self.contrast.look(wanted, (self.generation, work));
    }

    /// Another session that was compared is to be read anew.
    pub fn forget_other(&mut self, path: &std::path::Path) {
        self.contrast.forget(path);
    }

    /// The statistics of the selected range.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The curve of an item, or how it is doing.
    ///
    /// # Errors
    ///
    /// [`Absent`] when it is not at hand.
    pub fn track(&self, item: &Item) -> Result<&Track, Absent> {
        if let (Source::Live, Item::Series(key)) = (&self.source, item) {
            return self.hub.live().track(key).ok_or(Absent::Unknown);
        }
        if let Some(track) = self.tracks.get(item) {
            return Ok(track);
        }
        if let (Source::Stored(_), Item::Series(key)) = (&self.source, item)
            && !self.prepared.series.iter().any(|series| series.key == *key)
        {
            return Err(Absent::Unknown);
        }
        if let Some(problem) = self.tracks.problem(item) {
            return Err(Absent::Failed(problem.why.clone()));
        }
        Err(match (&self.source, self.tracks.loading(item)) {
            (Source::Stored(_), _) | (_, true) => Absent::Loading,
            (Source::Live, false) => Absent::Unknown,
        })
    }

    /// The value of a series at a moment, if its curve is at hand.
    pub fn value(&self, key: &SeriesKey, moment: Moment) -> Option<f64> {
        let track = match &self.source {
            Source::Live => self.hub.live().track(key)?,
            Source::Stored(_) => self.tracks.get(&Item::Series(key.clone()))?,
        };
        track.value_at(moment).map(|(_, value)| value)
    }

    /// Every series as drawn.
    pub fn series(&self) -> &[Series] {
        &self.prepared.series
    }

    /// The series of this name.
    pub fn find(&self, key: &SeriesKey) -> Option<&Series> {
        self.prepared
            .series
            .iter()
            .find(|series| series.key == *key)
    }

    /// Whether there is such a series; faster than [`Session::find`] while live.
    pub fn knows(&self, key: &SeriesKey) -> bool {
        match &self.source {
            Source::Live => self.hub.live().track(key).is_some(),
            Source::Stored(_) => self.find(key).is_some(),
        }
    }

    /// Raised when series or hosts change.
    pub fn version(&self) -> u64 {
        self.prepared.version
    }

    /// Names of hosts.
    pub fn hosts(&self) -> &[String] {
        &self.prepared.hosts
    }

    /// Attached hosts that say nothing now, so that their last values are old.
    pub fn mute(&self) -> &[String] {
        &self.prepared.mute
    }

    /// What happened on each host, by time.
    pub fn events(&self) -> &[(String, Vec<Event>)] {
        &self.prepared.events
    }

    /// Raised when something happens.
    pub fn events_version(&self) -> u64 {
        self.prepared.events_version
    }

    /// What happened, by time.
    pub fn plain_events(&self) -> &[Event] {
        &self.prepared.plain_events
    }

    /// Doubts about the data, by time.
    pub fn marks(&self) -> &[Mark] {
        &self.prepared.marks
    }

    /// Raised when the doubts change.
    pub fn marks_version(&self) -> u64 {
        self.prepared.marks_version
    }

    /// Doubts that are drawn in plots.
    pub fn flaws(&self) -> &[Flaw] {
        &self.prepared.flaws
    }

    /// How much of each host's data is there.
    pub fn coverage(&self) -> &[Coverage] {
        &self.prepared.coverage
    }

    /// The processes at the moment last looked up.
    pub fn crowds(&self) -> &Crowds {
        &self.crowds
    }
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}
