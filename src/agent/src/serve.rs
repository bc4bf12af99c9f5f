//! The agent as a process: frames on one stream, requests on another.
//!
//! Three threads. This one reads the machine on time and fills the queue; one
//! writes the queue to the reader, however slow; one waits for requests. It ends
//! when asked, when either stream closes, or by a signal, and leaves nothing
//! running.
//!
//! Start at [`run`].

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use wire::change::{Ask, Told};
use wire::encode::aside;
use wire::frame::{Kind, TooLarge};
use wire::message::{Reason, Request};

use crate::act::{self, Gate};
use crate::budget::Limits;
use crate::clock::{Clock, Live};
use crate::command::Options;
use crate::engine::{Engine, Opened, Setup, open_all};
use crate::feed::{Feed, refuse};
use crate::greeting::{Abilities, Facts};
use crate::inlet::{End, Incoming, Inlet};
#[cfg(feature = "intake")]
use crate::intake::{self, spec::Spec};
use crate::kept::Root;
use crate::metrics::{self, Door};
use crate::outbox::Outbox;
use crate::ring::SIZE_MAX_BYTES;
use crate::schedule::FIRST_STEP_NS;
use crate::system::{self, Streams};

/// Requests that wait for the engine.
const REQUESTS_MAX: usize = 64;

/// Things of applications that a client may ask for at a time.
#[cfg(feature = "intake")]
const SPECS_MAX: usize = 256;

/// How long the last frames may take before the agent ends without them.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why the agent could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is nothing to read.
    #[error("could not read the tree at {}", .path.display())]
    Root {
        /// Where.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The system refused a thread, a stream or a signal handler.
    #[error("could not start")]
    Start(#[source] io::Error),
    /// Writing failed, other than by a reader that went away.
    #[error("could not write the stream")]
    Output(#[source] io::Error),
    /// The agent's own figures cannot be told where that was asked for.
    #[error(transparent)]
    Metrics(#[from] metrics::OpenError),
    /// What applications say cannot be taken in as asked.
    #[cfg(feature = "intake")]
    #[error(transparent)]
    Intake(#[from] intake::OpenError),
    /// A frame that must fit did not; a bug.
    #[error("could not frame an answer")]
    Frame(#[source] TooLarge),
}

/// Runs the agent over standard input and output until it should end.
///
/// # Errors
///
/// [`RunError`]; a reader that goes away is none.
pub fn run(options: &Options) -> Result<(), RunError> {
    let unreadable = |source| RunError::Root {
        path: options.root.clone(),
        source,
    };
    std::fs::read_dir(&options.root).map_err(unreadable)?;
    let streams = Streams::standard().map_err(RunError::Start)?;
    serve(options, streams)
}

/// Runs the agent over these streams until it should end.
///
/// # Errors
///
/// [`RunError`]; a reader that goes away is none.
fn serve(options: &Options, streams: Streams) -> Result<(), RunError> {
    let outbox = Arc::new(Outbox::default());
    let (sender, receiver) = sync_channel(REQUESTS_MAX);
    let Streams {
        input,
        output,
        watch,
    } = streams;
    let inlet_box = Arc::clone(&outbox);
    let inlet_sender = sender.clone();
    let writer_sender = sender.clone();
    let clock = Live::skewed(options.clock_skew_ns, options.clock_drift_ppm);
    let mut inlet_clock = clock.twin();
    thread::Builder::new()
        .name("requests".to_owned())
        .spawn(move || {
            let inlet = Inlet {
                input,
                watch,
                outbox: &inlet_box,
                engine: inlet_sender,
            };
            inlet.run(&mut inlet_clock);
        })
        .map_err(RunError::Start)?;
    let writer_box = Arc::clone(&outbox);
    let mut output = output;
    let writer = thread::Builder::new()
        .name("frames".to_owned())
        .spawn(move || {
            let fed = || {
                // A full channel means the engine's thread is awake and looks by itself.
                drop(writer_sender.try_send(Incoming::Room));
            };
            let written = writer_box.write_all(&mut output, fed);
            if written.is_err() {
                // Nobody hears this once the agent ends for another reason.
                drop(writer_sender.send(Incoming::End(End::OutputClosed)));
            }
            written
        })
        .map_err(RunError::Start)?;
    let mut server = Server::new(options, outbox, (clock, sender))?;
    let end = server.run(&receiver)?;
    server.farewell(end)?;
    // A writer that is stuck in a write ends with the process.
    if writer.is_finished()
        && let Ok(Err(error)) = writer.join()
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(RunError::Output(error));
    }
    Ok(())
}

/// What of applications is taken in.
#[cfg(feature = "intake")]
type Heard = Option<intake::Intake>;

/// Nothing of applications is taken in by this build.
#[cfg(not(feature = "intake"))]
struct Heard;

/// Opens what applications say as one more source, with a budget of its own.
#[cfg(feature = "intake")]
fn take_in(
    options: &Options,
    sources: &mut Vec<Opened>,
    limits: &mut Limits,
    clock: &mut Live,
) -> Result<Heard, RunError> {
    if options.intake.is_empty() {
        return Ok(None);
    }
    let intake = intake::open(&options.intake, intake::Limits::default())?;
    sources.push(intake::source::opened(&intake));
    clock.set_apart(Arc::clone(&intake.cpu_ns));
    if limits.resident_bytes > 0 {
        limits.resident_bytes += intake::RESIDENT_BYTES;
    }
    Ok(Some(intake))
}

/// Nothing of applications is taken in by this build.
#[cfg(not(feature = "intake"))]
fn take_in(_: &Options, _: &mut [Opened], _: &mut Limits, _: &mut Live) -> Result<Heard, RunError> {
    Ok(Heard)
}

struct Server {
    clock: Live,
    engine: Engine,
    facts: Facts,
    file_limit: Option<String>,
    feed: Feed,
    outbox: Arc<Outbox>,
    chunk: Vec<u8>,
    #[cfg_attr(
        not(feature = "intake"),
        expect(dead_code, reason = "nothing is taken in by this build")
    )]
    heard: Heard,
    gate: Gate,
    /// Where the agent's own figures are told.
    door: Option<Door>,
    /// The cadence before a plan needed a faster one.
    slower_ns: Option<i64>,
}

impl Server {
    fn new(
        options: &Options,
        outbox: Arc<Outbox>,
        (mut clock, sender): (Live, SyncSender<Incoming>),
    ) -> Result<Self, RunError> {
        let file_limit = system::raise_file_limit();
        let root = Root::new(&options.root);
        let (mut sources, mut limits) = (open_all(&root), options.limits);
        let heard = take_in(options, &mut sources, &mut limits, &mut clock)?;
        let setup = Setup {
            sources,
            every_ns: options.every_ns,
            first_step_ns: FIRST_STEP_NS,
            limits,
            ring_bytes: SIZE_MAX_BYTES,
        };
        let mut engine = Engine::new(setup, &mut clock);
        // Limits are known only after a reading, and the greeting tells them.
        engine.tick(&mut clock);
        let gate = Gate::open(options, sender, clock.now().boot_ns);
        let door = options.metrics.map(metrics::open).transpose()?;
        let mut server = Self {
            facts: system::facts(&root, options.name.as_deref()),
            file_limit,
            feed: Feed::default(),
            clock,
            engine,
            outbox,
            chunk: Vec::new(),
            heard,
            gate,
            door,
            slower_ns: None,
        };
        server.feed = Feed::new(server.hello());
        Ok(server)
    }

    fn hello(&mut self) -> wire::message::Hello {
        let mut limits = self.engine.limits();
        limits.extend(self.file_limit.clone());
        limits.extend(self.gate.limit());
        let mut capabilities = self.engine.capabilities();
        if self.gate.is_open() {
            capabilities.push(act::CAPABILITY.to_owned());
        }
        let abilities = Abilities {
            capabilities,
            limits,
            every_ns: self.engine.every_ns(),
        };
        self.facts.hello(&abilities, self.clock.now())
    }

    fn run(&mut self, incoming: &Receiver<Incoming>) -> Result<End, RunError> {
        loop {
            self.engine.tick(&mut self.clock);
            if let Some(door) = &self.door {
                door.put(self.engine.sink());
            }
            self.guard();
            self.pump().map_err(RunError::Frame)?;
            self.answer().map_err(RunError::Frame)?;
            let wait_ns = self.engine.next_wake_ns() - self.clock.now().boot_ns;
            let wait = Duration::from_nanos(u64::try_from(wait_ns).unwrap_or(0));
            match incoming.recv_timeout(wait) {
                Ok(Incoming::Request(request)) => self.ask(&request).map_err(RunError::Frame)?,
                Ok(Incoming::Refuse(reason)) => self.refuse(&reason).map_err(RunError::Frame)?,
                Ok(Incoming::Keeper { turn, told }) => {
                    let now_ns = self.clock.now().boot_ns;
                    self.gate.hear(turn, told.map(|it| *it), now_ns);
                }
                Ok(Incoming::Room) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Incoming::End(end)) => return Ok(end),
                Err(RecvTimeoutError::Disconnected) => return Ok(End::InputClosed),
            }
        }
    }

    /// Moves frames from the ring to the queue while there is room.
    fn pump(&mut self) -> Result<(), TooLarge> {
        while !self.feed.is_level(self.engine.tape().ring()) {
            let room_bytes = self.outbox.room();
            if room_bytes == 0 {
                break;
            }
            self.chunk.clear();
            self.feed.take(&self.engine, &mut self.chunk, room_bytes)?;
            self.outbox.put(&self.chunk);
        }
        self.engine.hold(self.feed.needs());
        Ok(())
    }

    fn ask(&mut self, request: &Request) -> Result<(), TooLarge> {
        if let Some(configure) = &request.configure
            && let Err(reason) = self.engine.configure(configure.every_ns, &mut self.clock)
        {
            self.refuse(&reason)?;
        }
        if let Some(burst) = &request.burst {
            for reason in self.engine.burst(burst, &mut self.clock) {
                self.refuse(&reason)?;
            }
        }
        if let Some(hear) = &request.hear {
            for reason in self.hear(&hear.what) {
                self.refuse(&reason)?;
            }
        }
        if let Some(ask) = &request.change {
            self.change(ask)?;
        }
        if let Some(since) = &request.replay {
            let hello = self.hello();
            self.feed.replay(since.boot_ns, hello);
        }
        Ok(())
    }

    /// Tries a plan, carries it out, confirms it or puts it back.
    fn change(&mut self, ask: &Ask) -> Result<(), TooLarge> {
        let now_ns = self.clock.now().boot_ns;
        for reason in self.gate.ask(ask, now_ns) {
            self.refuse(&reason)?;
        }
        if ask.policy {
            let told = self.gate.policy();
            self.tell(&told)?;
        }
        Ok(())
    }

    /// Lets the process that carries a plan out know what was measured, often enough.
    fn guard(&mut self) {
        let now_ns = self.clock.now().boot_ns;
        self.gate.measure(&self.engine, now_ns);
        let every_ns = self.engine.every_ns();
        let wanted = match (self.gate.wants_every_ns(), self.slower_ns) {
            (Some(wanted_ns), None) if wanted_ns < every_ns => {
                self.slower_ns = Some(every_ns);
                wanted_ns
            }
            (None, Some(before_ns)) => {
                self.slower_ns = None;
                before_ns
            }
            _ => return,
        };
        // Both are within what the engine takes.
        drop(self.engine.configure(wanted, &mut self.clock));
    }

    /// Sends what came of a plan, while there is room.
    fn answer(&mut self) -> Result<(), TooLarge> {
        while self.outbox.room() > 0 {
            let Some(told) = self.gate.take() else {
                break;
            };
            self.tell(&told)?;
        }
        Ok(())
    }

    fn tell(&mut self, told: &Told) -> Result<(), TooLarge> {
        self.chunk.clear();
        aside(&mut self.chunk, Kind::Change, told)?;
        self.outbox.put(&self.chunk);
        Ok(())
    }

    /// Takes in these and nothing else from now on; what was refused.
    #[cfg(feature = "intake")]
    fn hear(&mut self, what: &[String]) -> Vec<Reason> {
        let mut refused = Vec::new();
        let mut specs: Vec<Spec> = Vec::new();
        for text in what.iter().take(SPECS_MAX) {
            match text.parse() {
                Ok(spec) if specs.contains(&spec) => {}
                Ok(spec) => specs.push(spec),
                Err(error) => refused.push(unheard(text.clone(), &error.why)),
            }
        }
        if self.heard.is_none() && !specs.is_empty() {
            match intake::open(&[], intake::Limits::default()) {
                Ok(intake) => {
                    let source = intake::source::opened(&intake);
                    self.engine.add(source, intake::RESIDENT_BYTES);
                    self.clock.set_apart(Arc::clone(&intake.cpu_ns));
                    self.heard = Some(intake);
                }
                Err(error) => refused.push(unheard("applications".to_owned(), &error)),
            }
        }
        if let Some(intake) = &mut self.heard {
            let errors = intake.hear(&specs).into_iter();
            refused.extend(errors.map(|error| match error {
                intake::OpenError::Refused { what, source } => unheard(what, &source),
                intake::OpenError::Format { what, why } => unheard(what, &why),
            }));
        }
        refused
    }

    /// Takes nothing in: this build cannot.
    #[cfg(not(feature = "intake"))]
    fn hear(&mut self, what: &[String]) -> Vec<Reason> {
        let why = "this agent was built without the feature intake";
        what.iter().map(|it| unheard(it.clone(), &why)).collect()
    }

    fn refuse(&mut self, reason: &Reason) -> Result<(), TooLarge> {
        self.chunk.clear();
        refuse(&mut self.chunk, reason)?;
        self.outbox.put_urgent(&self.chunk);
        Ok(())
    }

    /// Sends what is left, within a bounded time, and says goodbye.
    fn farewell(&mut self, end: End) -> Result<(), RunError> {
        let until = Instant::now() + FAREWELL;
        self.engine.finish(&mut self.clock);
        loop {
            self.pump().map_err(RunError::Frame)?;
            let level = self.feed.is_level(self.engine.tape().ring());
            if level || end == End::OutputClosed || !self.outbox.wait_for_room(until) {
                break;
            }
        }
        let bye = Reason {
            what: "the agent ends".to_owned(),
            why: end.why().to_owned(),
        };
        self.chunk.clear();
        aside(&mut self.chunk, Kind::Bye, &bye).map_err(RunError::Frame)?;
        self.outbox.put(&self.chunk);
        self.outbox.close();
        // Whether it was read is the reader's business.
        self.outbox.wait_written(until);
        Ok(())
    }
}

/// Why something is not taken in.
fn unheard(what: String, why: &dyn std::fmt::Display) -> Reason {
    Reason {
        what: format!("to hear {what}"),
        why: why.to_string(),
    }
}
