//! What attached agents say, kept in memory so that a window can draw it now.
//!
//! The window's thread owns this and feeds it each frame; taking in a sample
//! costs microseconds. It remembers [`KEEP_ROWS`] samples of each series; what
//! must last longer is recorded.
//!
//! Start at [`Live::accept`].

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use analysis::derive::Plan;
use analysis::track::Track;
use model::batch::Batch;
use model::catalog::Kind;
use model::event::Event;
use model::histogram::Row;
use model::process::{Process, ProcessId, Reading};
use model::series::{Series, SeriesId, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::trace;

use crate::clock::Offset;
use crate::glance::Recent;
use crate::link::{Connected, LinkId, Update};
use crate::processes::{self, Line, Measure, Rows};

mod signals;

use signals::LiveSignals;

/// Samples kept of each series: two hours at 1 Hz, 700 series in 90 MB.
pub const KEEP_ROWS: usize = 7_200;

/// Rows kept of each process.
const PROCESS_ROWS: usize = 7_200;

/// Events kept of each host.
const EVENTS_MAX: usize = 10_000;

/// An agent that says nothing for longer is shown as silent.
const SILENCE: Duration = Duration::from_secs(3);

/// Processes known of each host, living and ended; what comes after is left out.
const PROCESSES_MAX: usize = 65_536;

/// Settings kept of each host.
const SETTINGS_MAX: usize = 16_384;

/// Ended processes kept of each host, oldest forgotten first.
const ENDED_MAX: usize = 20_000;

/// Series kept of each host after their number was given to another one, oldest
/// forgotten first: at 1 Hz up to 12 bytes a second they lived within two hours.
const PAST_MAX: usize = 1_024;

/// All attached agents.
#[derive(Default)]
pub struct Live {
    hosts: Vec<LiveHost>,
    places: HashMap<SeriesKey, Place>,
    version: u64,
}

/// Whether an agent still speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Samples come.
    Live,
    /// The link is over, for this reason.
    Ended(String),
}

/// One attached agent.
pub struct LiveHost {
    /// The link it came by.
    pub link: LinkId,
    /// Greeting, name and clock.
    pub connected: Connected,
    /// Whether it still speaks.
    pub state: State,
    /// Latest clock comparison.
    pub clock: Offset,
    /// Everything that happened, oldest first.
    pub events: VecDeque<Event>,
    /// Settings, by key.
    pub settings: BTreeMap<String, String>,
    /// Samples the window was too slow for.
    pub skipped: u64,
    /// The last sample's moment.
    pub last_at: Option<Moment>,
    heard: Instant,
    series: Vec<Option<Series>>,
    raw: Vec<Option<(i64, f64)>>,
    tracks: Vec<Option<Track>>,
    plan: Plan,
    derived: Vec<Track>,
    stale_plan: bool,
    /// Series that ended and gave their number to others.
    past: HashMap<SeriesKey, Track>,
    past_order: VecDeque<SeriesKey>,
    signals: LiveSignals,
    processes: BTreeMap<ProcessId, LiveProcess>,
    ended: VecDeque<ProcessId>,
}

struct LiveProcess {
    process: Process,
    rows: VecDeque<(Moment, Reading)>,
    ended: Option<Moment>,
    seen: Moment,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Raw(usize, usize),
    Derived(usize, usize),
    Past(usize),
    Signal(usize, usize),
}

impl Place {
    fn host(self) -> usize {
        match self {
            Self::Raw(host, _)
            | Self::Derived(host, _)
            | Self::Past(host)
            | Self::Signal(host, _) => host,
        }
    }
}

impl Live {
    /// Takes in one update. Updates of links that never connected change nothing
    /// but are returned, for the window to show.
    pub fn accept(&mut self, link: LinkId, update: Update) -> Option<Update> {
        self.version += 1;
        if let Update::Connected(connected) = update {
            self.connect(link, *connected);
            return None;
        }
        let Some(number) = self.hosts.iter().rposition(|host| host.link == link) else {
            return Some(update);
        };
        let host = &mut self.hosts[number];
        match update {
            Update::Series(series) => {
                for (id, one) in series {
                    if one.kind == Kind::Histogram {
                        host.signals.declare(id, one);
                        continue;
                    }
                    host.signals.release(id);
                    let here = Place::Raw(number, id.0 as usize);
                    let key = one.key.clone();
                    if let Some(old) = host.declare(id, one) {
                        end(&mut self.places, (number, host), here, old);
                    }
                    self.places.insert(key, here);
                }
            }
            Update::Processes(known) => host.know(known),
            Update::Batch(batch) => {
                if host.stale_plan {
                    for (place, old) in host.replan() {
                        let here = Place::Derived(number, place);
                        let key = host.derived[place].series().key.clone();
                        if let Some(old) = old {
                            end(&mut self.places, (number, host), here, old);
                        }
                        self.places.insert(key, here);
                    }
                }
                host.sample(&batch);
                for (key, place) in host.signals.sample(batch.at) {
                    self.places.insert(key, Place::Signal(number, place));
                }
            }
            Update::Observed(rows) => host.signals.observe(rows),
            Update::Spans(spans) => host.signals.keep_spans(spans),
            Update::Event(event) => host.happened(event),
            Update::Settings(settings) => {
                for (key, value) in settings {
                    if host.settings.len() < SETTINGS_MAX || host.settings.contains_key(&key) {
                        host.settings.insert(key, value);
                    }
                }
            }
            Update::Clock(offset) => host.clock = offset,
            Update::Skipped(count) => host.skipped += count,
            Update::Ended(why) => {
                host.state = State::Ended(why.clone());
                return Some(Update::Ended(why));
            }
            told @ (Update::Refused { .. } | Update::Change(_)) => return Some(told),
            Update::Connected(_) => {}
        }
        None
    }

    /// A host that comes back takes the place of its ended self, so that nobody
    /// looks at the dead one and attaching again does not pile up.
    fn connect(&mut self, link: LinkId, connected: Connected) {
        let host = LiveHost::new(link, connected);
        let old = self
            .hosts
            .iter()
            .position(|it| it.name() == host.name() && it.state != State::Live);
        match old {
            Some(number) => {
                self.places.retain(|_, place| place.host() != number);
                self.hosts[number] = host;
            }
            None => self.hosts.push(host),
        }
    }

    /// Every host that ever connected, in that order.
    pub fn hosts(&self) -> &[LiveHost] {
        &self.hosts
    }

    /// Raised with every update, so that views know when to look again.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Raised about once a second while samples come.
    pub fn seconds(&self) -> u64 {
        let last = self.hosts.iter().filter_map(|host| host.last_at).max();
        last.map_or(0, |at| (at.0 / SECOND_NS).unsigned_abs())
    }

    /// The drawable track of a series or derived series.
    pub fn track(&self, key: &SeriesKey) -> Option<&Track> {
        match *self.places.get(key)? {
            Place::Raw(host, id) => self.hosts[host].tracks.get(id)?.as_ref(),
            Place::Derived(host, place) => self.hosts[host].derived.get(place),
            Place::Past(host) => self.hosts[host].past.get(key),
            Place::Signal(host, place) => self.hosts[host].signals.tracks().get(place),
        }
    }

    /// The curves of all series that have samples now, measured ones first, per host.
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.hosts.iter().flat_map(LiveHost::tracks)
    }

    /// Every series as drawn, measured ones first, per host.
    pub fn series(&self) -> Vec<Series> {
        let measured = self
            .hosts
            .iter()
            .flat_map(|host| host.tracks.iter().flatten());
        let derived = self.hosts.iter().flat_map(|host| host.derived.iter());
        let past = self.hosts.iter().flat_map(|host| {
            let ordered = host.past_order.iter();
            ordered.filter_map(|key| host.past.get(key))
        });
        let signals = self.hosts.iter().flat_map(|host| host.signals.tracks());
        measured
            .chain(derived)
            .chain(signals)
            .chain(past)
            .map(|track| track.series().clone())
            .collect()
    }

    /// From the oldest to the newest sample in memory.
    pub fn span(&self) -> Span {
        self.hosts
            .iter()
            .flat_map(|host| host.tracks.iter().flatten())
            .map(Track::span)
            .fold(Span::default(), Span::union)
    }

    /// The host of this name.
    pub fn host(&self, name: &str) -> Option<&LiveHost> {
        self.hosts.iter().find(|host| host.connected.name == name)
    }
}

impl LiveHost {
    /// What of applications its agent takes in, as the command line writes it, with
    /// semicolons between; empty where nothing is.
    pub fn heard(&self) -> &str {
        let heard = self.settings.get("kymo.agent.intake");
        heard.map_or("", String::as_str)
    }

    fn new(link: LinkId, connected: Connected) -> Self {
        let clock = connected.placement.offset;
        Self {
            link,
            connected,
            state: State::Live,
            clock,
            events: VecDeque::new(),
            settings: BTreeMap::new(),
            skipped: 0,
            last_at: None,
            heard: Instant::now(),
            series: Vec::new(),
            raw: Vec::new(),
            tracks: Vec::new(),
            plan: Plan::default(),
            derived: Vec::new(),
            stale_plan: false,
            past: HashMap::new(),
            past_order: VecDeque::new(),
            signals: LiveSignals::default(),
            processes: BTreeMap::new(),
            ended: VecDeque::new(),
        }
    }

    /// For how long an attached agent has said nothing, once that is longer than
    /// three of its samples and three seconds: then its last values are no longer now.
    pub fn silent_for(&self, now: Instant) -> Option<Duration> {
        let every = Duration::from_nanos(self.connected.hello.every_ns.max(0).unsigned_abs());
        let silence = now.saturating_duration_since(self.heard);
        let patience = SILENCE.max(every.saturating_mul(3));
        (self.state == State::Live && silence > patience).then_some(silence)
    }

    /// Name of the host in the session.
    pub fn name(&self) -> &str {
        &self.connected.name
    }

    /// Takes in a declaration; returns the track of another series that had the number.
    fn declare(&mut self, id: SeriesId, series: Series) -> Option<Track> {
        let place = id.0 as usize;
        if self.series.len() <= place {
            self.series.resize_with(place + 1, || None);
            self.raw.resize(place + 1, None);
            self.tracks.resize_with(place + 1, || None);
        }
        let drawn = Series {
            unit: match series.kind {
                Kind::Counter => series.unit.per_second(),
                Kind::Gauge | Kind::Histogram => series.unit.clone(),
            },
            kind: Kind::Gauge,
            ..series.clone()
        };
        let before = self.series[place].replace(series);
        let key = &drawn.key;
        if before.is_some_and(|before| before.key == *key) {
            return None;
        }
        self.stale_plan = true;
        self.raw[place] = None;
        // A series that comes back under another number goes on where it ended.
        let track = self.past.remove(key);
        self.past_order.retain(|past| past != key);
        self.tracks[place].replace(track.unwrap_or_else(|| Track::live(drawn)))
    }

    /// Keeps the track of a series that has no number any more; returns the key of one
    /// that is forgotten for it.
    fn keep_past(&mut self, track: Track) -> Option<SeriesKey> {
        let key = track.series().key.clone();
        self.past_order.push_back(key.clone());
        self.past.insert(key, track);
        let oldest = (self.past_order.len() > PAST_MAX).then(|| self.past_order.pop_front())??;
        self.past.remove(&oldest);
        Some(oldest)
    }

    fn know(&mut self, known: Vec<(ProcessId, Process)>) {
        for (id, process) in known {
            let seen = self.last_at.unwrap_or_default();
            if self.processes.len() >= PROCESSES_MAX && !self.processes.contains_key(&id) {
                continue;
            }
            let entry = self.processes.entry(id).or_insert_with(|| LiveProcess {
                process: Process::default(),
                rows: VecDeque::new(),
                ended: None,
                seen,
            });
            entry.process = process;
        }
    }

    /// Takes in one moment.
    fn sample(&mut self, batch: &Batch) {
        self.derive(batch);
        for (id, value) in &batch.values {
            let place = id.0 as usize;
            let Some(Some(series)) = self.series.get(place) else {
                continue;
            };
            let now = (batch.at.0, *value);
            let drawn = match (series.kind, self.raw[place]) {
                (Kind::Counter, Some(before)) => model::rate::step(before, now),
                (Kind::Counter, None) => f64::NAN,
                (Kind::Gauge | Kind::Histogram, _) => *value,
            };
            self.raw[place] = Some(now);
            push(self.tracks[place].as_mut(), batch.at, drawn);
        }
        self.sample_processes(batch);
        self.last_at = Some(batch.at);
        self.heard = Instant::now();
    }

    /// Plans anew; returns the places of new derived series, and the tracks of those
    /// that had them before.
    fn replan(&mut self) -> Vec<(usize, Option<Track>)> {
        // Numbers without a declaration yet are stood in for by a nameless series.
        let series: Vec<Series> = self
            .series
            .iter()
            .map(|it| it.clone().unwrap_or_else(nameless))
            .collect();
        let mut new = Vec::new();
        for place in self.plan.replan(&series) {
            let series = self.plan.derived()[place].series.clone();
            let past = self.past.remove(&series.key);
            self.past_order.retain(|past| *past != series.key);
            let track = past.unwrap_or_else(|| Track::live(series));
            match self.derived.get_mut(place) {
                Some(old) => new.push((place, Some(std::mem::replace(old, track)))),
                None => {
                    self.derived.push(track);
                    new.push((place, None));
                }
            }
        }
        self.stale_plan = false;
        new
    }

    fn derive(&mut self, batch: &Batch) {
        let raw = &self.raw;
        let before = |id: SeriesId| raw.get(id.0 as usize).copied().flatten();
        let after = |id: SeriesId| {
            let place = batch.values.binary_search_by_key(&id, |(id, _)| *id).ok()?;
            Some((batch.at.0, batch.values[place].1))
        };
        let mut out = Vec::with_capacity(self.derived.len());
        self.plan.row(&before, &after, &mut out);
        for (place, value) in out {
            push(self.derived.get_mut(place), batch.at, value);
        }
    }

    fn sample_processes(&mut self, batch: &Batch) {
        for (id, reading) in &batch.processes {
            let Some(live) = self.processes.get_mut(id) else {
                continue;
            };
            live.seen = batch.at;
            if live.rows.back().is_none_or(|(_, last)| last != reading) {
                live.rows.push_back((batch.at, *reading));
                if live.rows.len() > PROCESS_ROWS {
                    live.rows.pop_front();
                }
            }
        }
        if batch.processes_complete {
            self.end_unlisted(batch);
        }
        for ended in &batch.ended {
            if let Some(live) = self.processes.get_mut(&ended.process)
                && live.ended.is_none()
            {
                live.ended = Some(ended.at);
                live.rows.push_back((batch.at, ended.reading));
                self.ended.push_back(ended.process);
            }
        }
        while self.ended.len() > ENDED_MAX {
            if let Some(oldest) = self.ended.pop_front() {
                self.processes.remove(&oldest);
            }
        }
    }

    /// Who is not in a whole table has ended, perhaps in a sample that was skipped.
    fn end_unlisted(&mut self, batch: &Batch) {
        let told = batch.ended.iter().map(|ended| ended.process);
        let listed = batch.processes.iter().map(|(id, _)| *id).chain(told);
        let listed: HashSet<ProcessId> = listed.collect();
        for (id, live) in &mut self.processes {
            if live.ended.is_none() && !listed.contains(id) && !live.rows.is_empty() {
                live.ended = Some(batch.at);
                self.ended.push_back(*id);
            }
        }
    }

    fn happened(&mut self, event: Event) {
        self.events.push_back(event);
        if self.events.len() > EVENTS_MAX {
            self.events.pop_front();
        }
    }

    /// Processes that lived at `moment`, with their numbers then.
    ///
    /// None after an agent's end: nobody knows who lives there now.
    pub fn processes_at(&self, moment: Moment) -> Vec<Line> {
        let known_until = self.last_at.map(|at| at.plus_ns(3 * SECOND_NS));
        if self.state != State::Live && known_until.is_some_and(|until| moment > until) {
            return Vec::new();
        }
        self.processes
            .iter()
            .filter(|(_, live)| live.ended.is_none_or(|ended| moment < ended))
            .filter_map(|(id, live)| {
                let newest = live.rows.partition_point(|(at, _)| *at <= moment);
                let latest = *live.rows.get(newest.checked_sub(1)?)?;
                let before = newest.checked_sub(2).and_then(|place| live.rows.get(place));
                let rows = Rows {
                    latest,
                    before: before.copied(),
                };
                Some(Line::at(*id, &live.process, &rows, (moment, SECOND_NS)))
            })
            .collect()
    }

    /// The curves of its series, measured ones first; not of those that ended.
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        let sampled = self.tracks.iter().flatten().chain(&self.derived);
        sampled.chain(self.signals.tracks())
    }

    /// The histograms that its applications tell, and the rows of each by time.
    pub fn histograms(&self) -> impl Iterator<Item = (&Series, &BTreeMap<i64, Row>)> {
        self.signals.histograms()
    }

    /// The spans kept of its applications, as they came.
    pub fn spans(&self) -> impl Iterator<Item = &trace::Span> {
        self.signals.spans()
    }

    /// Processes whose numbers changed since a moment: the rows since then and the one
    /// before.
    pub fn processes_since(&self, from: Moment) -> Vec<Recent> {
        let known = self.processes.iter();
        known
            .filter_map(|(id, live)| {
                let first = live.rows.partition_point(|(at, _)| *at < from);
                let rows = live.rows.range(first.saturating_sub(1)..);
                (first < live.rows.len()).then(|| Recent {
                    id: *id,
                    process: live.process.clone(),
                    at: rows.clone().map(|(at, _)| at.0).collect(),
                    readings: rows.map(|(_, reading)| *reading).collect(),
                })
            })
            .collect()
    }

    /// Who a process is.
    pub fn process(&self, id: ProcessId) -> Option<&Process> {
        self.processes.get(&id).map(|live| &live.process)
    }

    /// The drawable track of one measure of a process.
    pub fn process_track(&self, id: ProcessId, measure: Measure) -> Option<Track> {
        let live = self.processes.get(&id)?;
        let rows: Vec<(Moment, f64)> = live
            .rows
            .iter()
            .map(|(at, reading)| (*at, processes::value(reading, measure)))
            .collect();
        let until = live.ended.or(self.last_at).unwrap_or(live.seen);
        let series = processes::series(&live.process, self.name(), measure);
        let column = processes::column(series, &rows, until, SECOND_NS);
        Some(Track::whole(&column))
    }

    /// Number of processes alive now.
    pub fn living(&self) -> usize {
        self.processes
            .values()
            .filter(|live| live.ended.is_none())
            .count()
    }
}

/// A series lost its place `here` to another: what was seen of it stays in memory.
fn end(
    places: &mut HashMap<SeriesKey, Place>,
    (number, host): (usize, &mut LiveHost),
    here: Place,
    old: Track,
) {
    // The same series may have another number by now.
    let key = old.series().key.clone();
    if places.get(&key) != Some(&here) {
        return;
    }
    places.insert(key, Place::Past(number));
    if let Some(forgotten) = host.keep_past(old) {
        places.remove(&forgotten);
    }
}

fn push(track: Option<&mut Track>, at: Moment, value: f64) {
    let Some(track) = track else { return };
    // A sample that is not later than the last would bend the axis; the link's
    // axis never steps back, so this only drops a doubled one.
    if track.push(at.0, value).is_ok() {
        track.trim_front(KEEP_ROWS);
    }
}

fn nameless() -> Series {
    Series {
        key: SeriesKey::default(),
        unit: model::unit::Unit::new("1"),
        kind: Kind::Gauge,
        polarity: model::catalog::Polarity::Neutral,
    }
}

#[cfg(test)]
mod tests {
    use wire::message::Hello;

    use super::*;
    use crate::tap::Placement;

    const LINK: LinkId = LinkId(1);

    fn live() -> Live {
        let mut live = Live::default();
        let offset = Offset {
            offset_ns: 0,
            error_ns: 1,
        };
        let connected = Connected {
            hello: Hello::default(),
            name: "h".to_owned(),
            placement: Placement {
                boot_to_axis_ns: 0,
                offset,
            },
        };
        live.accept(LINK, Update::Connected(Box::new(connected)));
        live
    }

    fn group(name: &str) -> Series {
        let attributes = [("cgroup", name), ("mode", "total")];
        let attributes = attributes.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Series {
            key: SeriesKey::new("h", "cgroup.cpu.time", attributes),
            unit: model::unit::Unit::new("s"),
            kind: Kind::Counter,
            polarity: model::catalog::Polarity::Neutral,
        }
    }

    fn usage(name: &str) -> SeriesKey {
        let attributes = [("cgroup".to_owned(), name.to_owned())];
        SeriesKey::new("h", "cgroup.cpu.usage", attributes)
    }

    fn sample(live: &mut Live, second: i64, value: f64) {
        let batch = Batch {
            at: Moment(second * SECOND_NS),
            values: vec![(SeriesId(0), value)],
            ..Batch::default()
        };
        live.accept(LINK, Update::Batch(Box::new(batch)));
    }

    /// What is drawn of a series: its samples and the largest of them.
    fn drawn(live: &Live, key: &SeriesKey) -> (usize, f64) {
        let Some(track) = live.track(key) else {
            return (0, f64::NAN);
        };
        let seconds = (0..30).map(|second| Moment(second * SECOND_NS));
        let values = seconds.filter_map(|at| track.value_at(at));
        let most = values.map(|(_, value)| value).fold(f64::NAN, f64::max);
        (track.samples(), most)
    }

    #[test]
    fn a_number_given_to_another_group_continues_nothing() {
        let mut live = live();
        for (turn, name) in ["/a", "/b", "/a"].into_iter().enumerate() {
            live.accept(LINK, Update::Series(vec![(SeriesId(0), group(name))]));
            let speed = [1.0, 5.0, 2.0][turn];
            for second in 0..10 {
                let base = 1_000.0 * turn as f64;
                sample(
                    &mut live,
                    turn as i64 * 10 + second,
                    base + speed * second as f64,
                );
            }
        }
        for key in [group("/a").key, usage("/a")] {
            assert_eq!(drawn(&live, &key), (20, 2.0), "{key}");
        }
        for key in [group("/b").key, usage("/b")] {
            assert_eq!(drawn(&live, &key), (10, 5.0), "{key}");
        }
        assert_eq!(live.series().len(), 4);
    }

    #[test]
    fn groups_that_ended_long_ago_are_forgotten() {
        let mut live = live();
        for number in 0..3_000 {
            let name = format!("/{number}");
            live.accept(LINK, Update::Series(vec![(SeriesId(0), group(&name))]));
            sample(&mut live, number, 1.0);
        }
        assert_eq!(live.series().len(), PAST_MAX + 2);
        assert!(live.places.len() <= PAST_MAX + 2);
        assert!(live.track(&group("/0").key).is_none());
        assert!(live.track(&group("/2998").key).is_some());
    }

    fn busy(live: &mut Live, (from, to): (i64, i64), share: impl Fn(i64) -> f64) {
        for second in from..to {
            let noise = (second * 7919 % 13) as f64 / 1_000.0;
            let batch = Batch {
                at: Moment(second * SECOND_NS),
                values: vec![
                    (SeriesId(0), share(second) + noise),
                    (SeriesId(1), 0.1 + noise),
                ],
                ..Batch::default()
            };
            live.accept(LINK, Update::Batch(Box::new(batch)));
        }
    }

    fn declared(live: &mut Live) {
        let series = |metric: &str, attributes: &[(&str, &str)]| {
            let known = model::catalog::find(metric).expect("a metric of the catalogue");
            let owned = attributes.iter();
            let owned = owned.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            Series {
                key: SeriesKey::new("h", metric, owned),
                unit: known.unit(),
                kind: Kind::Gauge,
                polarity: known.polarity,
            }
        };
        let all = vec![
            (
                SeriesId(0),
                series(
                    "system.pressure.share",
                    &[("kind", "some"), ("resource", "cpu")],
                ),
            ),
            (
                SeriesId(1),
                series(
                    "system.pressure.share",
                    &[("kind", "some"), ("resource", "io")],
                ),
            ),
        ];
        live.accept(LINK, Update::Series(all));
    }

    #[test]
    fn what_comes_is_judged_once_and_what_was_there_only_teaches() {
        use crate::watch::{Feed, Watch, findings};
        let (mut live, mut feed, mut watch) = (live(), Feed::default(), Watch::default());
        declared(&mut live);
        busy(
            &mut live,
            (0, 200),
            |second| if second == 150 { 0.9 } else { 0.1 },
        );
        assert!(watch.take_in(feed.news(&live)).is_empty());
        assert!(feed.news(&live).is_empty());
        assert_eq!(feed.series(), 2);
        let mut heard = Vec::new();
        for second in 200..400 {
            busy(&mut live, (second, second + 1), |it| {
                if it == 350 { 9.0 } else { 0.1 }
            });
            heard.extend(watch.take_in(feed.news(&live)));
        }
        let said = findings(heard.iter());
        assert_eq!((heard.len(), said.len()), (1, 1), "{said:?}");
        assert_eq!(said[0].span.from, Moment(350 * SECOND_NS));
        assert_eq!(
            said[0].series,
            ["h/system.pressure.share{kind=some,resource=cpu}"]
        );
        assert!(said[0].is_live());
    }

    #[test]
    fn a_limit_is_told_within_ten_seconds_and_goes_on_as_one() {
        use crate::glance;
        let mut live = live();
        declared(&mut live);
        let mut said = Vec::new();
        let mut first = None;
        for second in 0..160 {
            let limited = (60..120).contains(&second);
            busy(&mut live, (second, second + 1), |_| {
                if limited { 0.9 } else { 0.01 }
            });
            if second % 2 == 0 {
                glance::go_on(&mut said, glance::limits(&glance::glances(&live)));
                if !said.is_empty() && first.is_none() {
                    first = Some((second, said[0].id));
                }
            }
        }
        let (second, id) = first.expect("it limits");
        assert!((60..=70).contains(&second), "{second}");
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(
            (said[0].kind.as_str(), said[0].id, said[0].own_id()),
            ("cpu", id, id)
        );
        let held = said[0].stretch().seconds();
        assert!((55.0..=66.0).contains(&held), "{held}");
    }
}
