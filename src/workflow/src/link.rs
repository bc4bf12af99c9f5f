//! One attached agent: its stream decoded, its requests sent, its recording tapped.
//!
//! Three threads: one reads frames, one writes requests and clock probes, one
//! keeps the last words on standard error. The reader hands decoded updates to
//! whoever listens and raw frames to the recorder; a listener that falls behind
//! misses samples (and is told), the recorder never does.
//!
//! Start at [`Link::start`].

use std::io::{Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use model::batch::Batch;
use model::event::Event;
use model::histogram::Row;
use model::process::{Process, ProcessId};
use model::series::{Series, SeriesId};
use model::trace;
use wire::decode::{Decoder, Said};
use wire::frame::{Found, Frame, Kind, Reader};
use wire::message::{Hear, Hello, Request, Since};

use crate::clock::{Comparison, Exchange, Offset, Ours};
use crate::launch::{self, Launch};
use crate::tap::{Placement, Sign, Tap};
use crate::target::Target;

/// Samples that may wait for a slow listener: more than an hour at 1 Hz.
const WAITING_MAX: usize = 4_096;

/// Updates of any sort that may wait; an agent that says more talks nonsense.
const UPDATES_MAX: usize = 4 * WAITING_MAX;

/// Requests that may wait for a slow connection.
const REQUESTS_MAX: usize = 256;

/// Clock probes sent at the start.
const FIRST_PROBES: u64 = 8;

/// Frames kept while the clock is being compared: a few seconds at 100 Hz.
const OPENING_MAX_BYTES: usize = 16 << 20;

/// Time between later clock probes; it begins at a second and doubles up to this.
const PROBE_EVERY: Duration = Duration::from_secs(30);

/// Time from the first probes to the next.
const PROBE_FIRST: Duration = Duration::from_secs(1);

/// Number of a link within the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u16);

/// What a link tells its listener.
#[derive(Clone, Debug)]
pub enum Update {
    /// The agent greeted and its clock was compared with ours.
    Connected(Box<Connected>),
    /// Series became known.
    Series(Vec<(SeriesId, Series)>),
    /// Processes became known.
    Processes(Vec<(ProcessId, Process)>),
    /// One moment.
    Batch(Box<Batch>),
    /// Something happened.
    Event(Event),
    /// Observations per interval.
    Observed(Vec<(SeriesId, Row)>),
    /// Spans of traces.
    Spans(Vec<trace::Span>),
    /// Settings of the host.
    Settings(Vec<(String, String)>),
    /// What the agent says of a plan.
    Change(Box<wire::change::Told>),
    /// The clocks were compared again.
    Clock(Offset),
    /// The agent refused a request.
    Refused {
        /// What was asked.
        what: String,
        /// Why not.
        why: String,
    },
    /// Samples were skipped because the listener was slow.
    Skipped(u64),
    /// The link is over; the reason is for people.
    Ended(String),
}

/// What is known once an agent is connected.
#[derive(Clone, Debug)]
pub struct Connected {
    /// Its greeting.
    pub hello: Hello,
    /// Name of the host in the session; unique among the links of a group.
    pub name: String,
    /// Where its clock lies on our axis.
    pub placement: Placement,
}

/// Host names in use, so that two agents of one name stay apart.
pub type Names = Arc<Mutex<Vec<String>>>;

/// What a link needs besides its launch.
pub struct Options {
    /// Number of the link; it comes with each update.
    pub id: LinkId,
    /// Host names in use.
    pub names: Names,
    /// Where updates go.
    pub updates: Sender<(LinkId, Update)>,
    /// Called after each update, to wake a window.
    pub wake: Arc<dyn Fn() + Send + Sync>,
    /// The recorder to feed from the first frame on, if any.
    pub tap: Tap,
}

/// An attached agent.
pub struct Link {
    id: LinkId,
    target: Target,
    requests: Sender<Ask>,
    tap: Arc<Mutex<Tap>>,
}

enum Ask {
    Request(Request),
    Probe,
}

impl Link {
    /// Starts to attach and returns at once; success or failure comes as an update.
    pub fn start(launch: Launch, options: Options) -> Self {
        let (requests, asked) = bounded(REQUESTS_MAX);
        let tap = Arc::new(Mutex::new(options.tap));
        let link = Self {
            id: options.id,
            target: launch.target.clone(),
            requests: requests.clone(),
            tap: Arc::clone(&tap),
        };
        let speaker = Speaker {
            id: options.id,
            updates: options.updates,
            wake: options.wake,
            skipped: 0,
        };
        let session = Session {
            speaker,
            tap,
            names: options.names,
            requests,
            probes: Arc::default(),
            last_words: Arc::default(),
        };
        thread::spawn(move || run(&launch, session, asked));
        link
    }

    /// The link's number.
    pub fn id(&self) -> LinkId {
        self.id
    }

    /// What it is attached to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Asks the agent for something; `false` when the link is over or too slow.
    pub fn ask(&self, request: Request) -> bool {
        self.requests.try_send(Ask::Request(request)).is_ok()
    }

    /// Feeds a recorder, beginning with what the agent's look-back ring holds
    /// since `since_boot_ns` on its boot clock (0 for everything).
    pub fn record(&self, tap: Tap, since_boot_ns: i64) -> bool {
        *lock(&self.tap) = tap;
        self.ask(Request {
            replay: Some(Since {
                boot_ns: since_boot_ns,
            }),
            ..Request::default()
        })
    }

    /// Lets the agent hear these of applications and nothing else from now on, each as
    /// on its command line; `false` when the link is over or too slow.
    pub fn hear(&self, what: Vec<String>) -> bool {
        self.ask(Request {
            hear: Some(Hear { what }),
            ..Request::default()
        })
    }

    /// Stops feeding the recorder.
    pub fn stop_recording(&self) {
        *lock(&self.tap) = Tap::Off;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let stop = Request {
            stop: true,
            ..Request::default()
        };
        // A full queue means a stuck connection, which ends with its threads' pipes.
        if self.requests.try_send(Ask::Request(stop)).is_err() {
            *lock(&self.tap) = Tap::Off;
        }
    }
}

/// A lock whose holder panicked still guards whole data here: every critical
/// section is one assignment or one append.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Speaker {
    id: LinkId,
    updates: Sender<(LinkId, Update)>,
    wake: Arc<dyn Fn() + Send + Sync>,
    skipped: u64,
}

impl Speaker {
    /// Tells the listener; samples are skipped when it is far behind.
    fn tell(&mut self, update: Update) {
        let bound = match &update {
            Update::Batch(_) => WAITING_MAX,
            Update::Connected(_) | Update::Ended(_) => usize::MAX,
            _ => UPDATES_MAX,
        };
        if self.updates.len() > bound {
            self.skipped += 1;
            return;
        }
        if self.skipped > 0 {
            self.send(Update::Skipped(self.skipped));
            self.skipped = 0;
        }
        self.send(update);
    }

    fn send(&self, update: Update) {
        // A listener that is gone has no wishes; the link ends when it is dropped.
        if self.updates.send((self.id, update)).is_ok() {
            (self.wake)();
        }
    }
}

/// Probes under way: their numbers and when they left.
type Probes = Arc<Mutex<Vec<(u64, Ours)>>>;

struct Session {
    speaker: Speaker,
    tap: Arc<Mutex<Tap>>,
    names: Names,
    requests: Sender<Ask>,
    probes: Probes,
    last_words: Arc<Mutex<String>>,
}

fn run(launch: &Launch, mut session: Session, asked: Receiver<Ask>) {
    let started = match launch::start(launch) {
        Ok(started) => started,
        Err(error) => {
            session.speaker.tell(Update::Ended(chain(&error)));
            return;
        }
    };
    let launch::Started {
        mut child,
        requests,
        frames,
    } = started;
    if let Some(stderr) = child.stderr.take() {
        let words = Arc::clone(&session.last_words);
        thread::spawn(move || keep_last_words(stderr, &words));
    }
    let probes = Arc::clone(&session.probes);
    let writer = thread::spawn(move || write_requests(requests, &asked, &probes));
    let mut following = Following::default();
    let reason = follow(frames, &mut session, &mut following);
    let name = following.name.take();
    session.end(&mut child, reason);
    if let Some(name) = name {
        lock(&session.names).retain(|known| *known != name);
    }
    drop(session);
    if writer.join().is_err() {
        // The writer holds nothing that needs mending; the link is over anyway.
    }
}

/// An error and its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

fn keep_last_words(stderr: ChildStderr, words: &Mutex<String>) {
    const KEPT_BYTES: usize = 2_048;
    let mut stderr = stderr;
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = stderr.read(&mut buffer) {
        let mut words = lock(words);
        words.push_str(&String::from_utf8_lossy(&buffer[..length]));
        if words.len() > KEPT_BYTES {
            let mut from = words.len() - KEPT_BYTES;
            while !words.is_char_boundary(from) {
                from += 1;
            }
            *words = words.split_off(from);
        }
    }
}

fn write_requests(
    mut requests: ChildStdin,
    asked: &Receiver<Ask>,
    probes: &Mutex<Vec<(u64, Ours)>>,
) {
    let mut probe = 0;
    let mut pause = PROBE_FIRST;
    let mut due = Instant::now() + pause;
    loop {
        let ask = match asked.recv_deadline(due) {
            Ok(ask) => ask,
            Err(RecvTimeoutError::Timeout) => {
                pause = (2 * pause).min(PROBE_EVERY);
                due = Instant::now() + pause;
                Ask::Probe
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let request = match ask {
            Ask::Request(request) => request,
            Ask::Probe => {
                probe += 1;
                let mut waiting = lock(probes);
                waiting.retain(|(number, _)| *number + 64 > probe);
                waiting.push((probe, ours()));
                Request {
                    clock_probe: Some(probe),
                    ..Request::default()
                }
            }
        };
        let mut bytes = Vec::new();
        let written = wire::encode::aside(&mut bytes, Kind::Request, &request)
            .map_err(std::io::Error::other)
            .and_then(|()| requests.write_all(&bytes))
            .and_then(|()| requests.flush());
        if written.is_err() || request.stop {
            return;
        }
    }
}

/// Our wall clock.
pub(crate) fn unix_ns() -> i64 {
    read(rustix::time::ClockId::Realtime)
}

/// Our clocks; the steady one counts while this machine sleeps, as theirs do.
fn ours() -> Ours {
    Ours {
        unix_ns: unix_ns(),
        steady_ns: read(rustix::time::ClockId::Boottime),
    }
}

fn read(id: rustix::time::ClockId) -> i64 {
    let now = rustix::time::clock_gettime(id);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

#[derive(Default)]
struct Following {
    decoder: Decoder,
    clocks: Comparison,
    hello: Option<Hello>,
    name: Option<String>,
    connected: bool,
    opening: Vec<u8>,
    replaying: bool,
}

fn follow(mut frames: ChildStdout, session: &mut Session, following: &mut Following) -> String {
    let mut reader = Reader::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match frames.read(&mut buffer) {
            Ok(0) => return String::new(),
            Ok(length) => reader.push(&buffer[..length]),
            Err(error) => return error.to_string(),
        }
        while let Some(found) = reader.next() {
            let outcome = match found {
                Found::Frame(frame) => session.frame(following, &frame),
                Found::Damage { skipped_bytes } => {
                    session.damage(skipped_bytes);
                    Ok(())
                }
            };
            if let Err(reason) = outcome {
                return reason;
            }
        }
    }
}

impl Session {
    fn frame(&mut self, following: &mut Following, frame: &Frame<'_>) -> Result<(), String> {
        let said = match following.decoder.accept(frame) {
            Ok(said) => said,
            Err(error @ wire::decode::DecodeError::TooNew { .. }) => {
                return Err(format!("{error}; update this side"));
            }
            Err(error) => {
                self.speaker.tell(Update::Event(Event {
                    at: model::time::Moment(unix_ns()),
                    kind: model::event::EventKind::Link,
                    subject: "stream".to_owned(),
                    before: String::new(),
                    after: String::new(),
                    text: chain(&error),
                }));
                return Ok(());
            }
        };
        if !following.connected {
            return self.opening(following, frame, said);
        }
        self.tapped(following, frame, &said);
        let aside = matches!(said, Said::ReplayEnded | Said::Clock(_) | Said::Change(_));
        if !following.replaying || aside {
            self.pass_on(following, said)?;
        }
        Ok(())
    }

    /// Before the clocks are compared: keep the frames, probe, greet.
    fn opening(
        &mut self,
        following: &mut Following,
        frame: &Frame<'_>,
        said: Said,
    ) -> Result<(), String> {
        match said {
            // One greeting is enough; a second one would take a second name.
            Said::Hello(hello) if following.hello.is_none() => {
                self.greeted(following, frame, *hello);
            }
            Said::Clock(clock) => {
                self.compare(following, &clock);
                if u64::from(following.clocks.exchanges()) >= FIRST_PROBES {
                    self.connect(following)?;
                }
            }
            Said::Bye(reason) | Said::Refused(reason) => {
                return Err(format!("{}: {}", reason.what, reason.why));
            }
            _ => following.opening.extend_from_slice(frame.bytes),
        }
        if following.opening.len() > OPENING_MAX_BYTES {
            self.connect(following)?;
        }
        Ok(())
    }

    fn greeted(&mut self, following: &mut Following, frame: &Frame<'_>, hello: Hello) {
        let name = {
            let mut names = lock(&self.names);
            let name = unique(&hello.host_name, &names);
            names.push(name.clone());
            name
        };
        following.opening.extend_from_slice(frame.bytes);
        following.hello = Some(hello);
        following.name = Some(name);
        for _ in 0..FIRST_PROBES {
            if self.requests.try_send(Ask::Probe).is_err() {
                break;
            }
        }
    }

    fn compare(&self, following: &mut Following, clock: &wire::message::Clock) {
        let received = ours();
        let mut waiting = lock(&self.probes);
        let Some(place) = waiting.iter().position(|(probe, _)| *probe == clock.probe) else {
            return;
        };
        let (_, sent) = waiting.swap_remove(place);
        following.clocks.add(&Exchange {
            sent,
            their_unix_ns: clock.unix_ns,
            their_boot_ns: clock.boot_ns,
            received,
        });
    }

    /// The clocks are compared: tell the listener and hand on what was kept.
    fn connect(&mut self, following: &mut Following) -> Result<(), String> {
        let (Some(hello), Some(name)) = (following.hello.clone(), following.name.clone()) else {
            return Err("the agent sent samples before its greeting".to_owned());
        };
        following.clocks.fix();
        let offset = following.clocks.offset().unwrap_or(Offset {
            offset_ns: 0,
            error_ns: i64::MAX / 4,
        });
        let placement = Placement {
            boot_to_axis_ns: hello
                .unix_ns
                .saturating_sub(hello.boot_ns)
                .saturating_sub(offset.correction_ns()),
            offset,
        };
        following.connected = true;
        following.decoder = Decoder::for_host(name.clone());
        following.decoder.set_axis(placement.boot_to_axis_ns);
        let connected = Connected {
            hello,
            name,
            placement,
        };
        lock(&self.tap).connected(&connected)?;
        self.speaker.tell(Update::Connected(Box::new(connected)));
        let kept = std::mem::take(&mut following.opening);
        for found in wire::frame::frames(&kept) {
            if let Found::Frame(frame) = found {
                self.frame(following, &frame)?;
            }
        }
        Ok(())
    }

    fn tapped(&self, following: &mut Following, frame: &Frame<'_>, said: &Said) {
        match said {
            Said::ReplayStarted => following.replaying = true,
            Said::ReplayEnded => following.replaying = false,
            _ => {}
        }
        let sign = match said {
            Said::ReplayStarted => Sign::ReplayStart,
            Said::Clock(_)
            | Said::ReplayEnded
            | Said::Refused(_)
            | Said::Bye(_)
            | Said::Change(_) => Sign::Aside,
            _ => Sign::Stream,
        };
        lock(&self.tap).frame(frame.bytes, sign);
    }

    fn pass_on(&mut self, following: &mut Following, said: Said) -> Result<(), String> {
        match said {
            Said::Series(series) => self.speaker.tell(Update::Series(series)),
            Said::Processes(processes) => self.speaker.tell(Update::Processes(processes)),
            Said::Batch(batch) => self.speaker.tell(Update::Batch(Box::new(batch))),
            Said::Event(event) => self.speaker.tell(Update::Event(event)),
            Said::Histograms { rows, .. } => self.speaker.tell(Update::Observed(rows)),
            Said::Spans { spans, .. } => self.speaker.tell(Update::Spans(spans)),
            Said::Settings(settings) => self.speaker.tell(Update::Settings(settings)),
            Said::Clock(clock) => {
                self.compare(following, &clock);
                if let Some(offset) = following.clocks.offset() {
                    self.speaker.tell(Update::Clock(offset));
                }
                if let Some(run_off) = following.clocks.run_off() {
                    self.tell_run_off(following, run_off, clock.boot_ns);
                }
            }
            Said::Change(told) => self.speaker.tell(Update::Change(told)),
            Said::Refused(reason) => self.speaker.tell(Update::Refused {
                what: reason.what,
                why: reason.why,
            }),
            Said::Bye(reason) => return Err(format!("{}: {}", reason.what, reason.why)),
            Said::Hello(_)
            | Said::ReplayStarted
            | Said::ReplayEnded
            | Said::Request(_)
            | Said::Waiting
            | Said::Unknown(_) => {}
        }
        Ok(())
    }

    /// Tells the listener and the recorder how far the host has run off its place on
    /// the axis, which stays as it was fixed.
    fn tell_run_off(&mut self, following: &mut Following, run_off: Offset, boot_ns: i64) {
        let way = if run_off.offset_ns < 0 {
            "early"
        } else {
            "late"
        };
        let event = wire::message::Event {
            boot_ns,
            kind: model::event::EventKind::ClockStep.name().to_owned(),
            subject: "clock drift".to_owned(),
            before: String::new(),
            after: run_off.text(),
            text: format!(
                "this host's clock has run off by {} since it was attached: what it says from here on lies that much too {way}",
                run_off.text()
            ),
        };
        let mut bytes = Vec::new();
        // A few numbers always fit a frame.
        if wire::encode::aside(&mut bytes, Kind::Event, &event).is_err() {
            return;
        }
        lock(&self.tap).frame(&bytes, Sign::Stream);
        for found in wire::frame::frames(&bytes) {
            if let Found::Frame(frame) = found
                && let Ok(Said::Event(event)) = following.decoder.accept(&frame)
            {
                self.speaker.tell(Update::Event(event));
            }
        }
    }

    fn damage(&mut self, skipped_bytes: usize) {
        self.speaker.tell(Update::Event(Event {
            at: model::time::Moment(unix_ns()),
            kind: model::event::EventKind::Missing,
            subject: "stream".to_owned(),
            before: String::new(),
            after: String::new(),
            text: format!("{skipped_bytes} damaged bytes in the agent's stream were skipped"),
        }));
    }

    /// Collects the child and says why the link is over.
    fn end(&mut self, child: &mut Child, reason: String) {
        if !reason.is_empty() && child.kill().is_err() {
            // It ended by itself in the meantime, which is as good.
        }
        let status = child.wait();
        let words = wire::decode::clean(lock(&self.last_words).trim());
        let why = match (reason.is_empty(), status) {
            (false, _) => reason,
            (true, Ok(status)) if status.success() => "the agent ended".to_owned(),
            (true, Ok(status)) if words.is_empty() => format!("the agent ended with {status}"),
            (true, Ok(_)) => words,
            (true, Err(error)) => error.to_string(),
        };
        self.speaker.tell(Update::Ended(why));
    }
}

/// A name that no other host of the session has.
fn unique(name: &str, taken: &[String]) -> String {
    let base = if name.is_empty() { "host" } else { name };
    let free = |candidate: &String| !taken.contains(candidate);
    std::iter::once(base.to_owned())
        .chain((2..=u16::MAX).map(|number| format!("{base}-{number}")))
        .find(free)
        .unwrap_or_else(|| base.to_owned())
}

/// Updates with the number of the link they came by.
pub type Numbered = (LinkId, Update);

/// A listener's channel, for callers that need no channels of their own.
pub fn channel() -> (Sender<Numbered>, Receiver<Numbered>) {
    crossbeam_channel::unbounded()
}
