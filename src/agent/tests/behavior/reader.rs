//! A reader of the stream that checks what it hears against what was read.

use agent::engine::Engine;
use agent::feed::Feed;
use model::batch::Batch;
use model::event::{Event, EventKind};
use model::process::ProcessId;
use wire::decode::{Decoder, Said};
use wire::frame::{Found, Kind, frames};
use wire::message::Hello;

use crate::sources::{START_NS, value_us};

/// A greeting.
pub(crate) fn hello() -> Hello {
    Hello {
        protocol: wire::PROTOCOL,
        host_name: "host".to_owned(),
        ..Hello::default()
    }
}

/// Everything the feed has, taken in small pieces.
pub(crate) fn drain(engine: &Engine, feed: &mut Feed) -> Vec<u8> {
    let mut out = Vec::new();
    while !feed.is_level(engine.tape().ring()) {
        let room = out.len() + 4_096;
        assert!(feed.take(engine, &mut out, room).is_ok());
    }
    out
}

/// What a new reader hears of everything so far.
pub(crate) fn heard(engine: &Engine) -> Heard {
    let mut heard = Heard::new();
    heard.read(&drain(engine, &mut Feed::new(hello())));
    heard
}

/// What a reader understood.
#[derive(Default)]
pub(crate) struct Heard {
    /// Samples, in order.
    pub(crate) batches: Vec<Batch>,
    /// Events, in order.
    pub(crate) events: Vec<Event>,
    /// Sequence numbers of frames within the stream.
    pub(crate) sequences: Vec<u64>,
    /// Series by their number.
    pub(crate) series: Vec<(u32, String)>,
    /// Kinds, in order.
    pub(crate) kinds: Vec<Kind>,
    /// Settings, in order.
    pub(crate) settings: Vec<(String, String)>,
    /// Samples that could not be read.
    pub(crate) waiting: usize,
    processes: Vec<ProcessId>,
    decoder: Decoder,
}

impl Heard {
    /// A reader on an axis that is the boot clock.
    pub(crate) fn new() -> Self {
        let mut heard = Self::default();
        heard.decoder.set_axis(0);
        heard
    }

    /// Reads whole frames; damage and nonsense fail the test.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        for found in frames(bytes) {
            let Found::Frame(frame) = found else {
                panic!("damage: {found:?}");
            };
            let said = match self.decoder.accept(&frame) {
                Ok(said) => said,
                Err(error) => panic!("{error}"),
            };
            self.kinds.extend(Kind::from_number(frame.kind));
            self.sequences
                .extend(Some(frame.sequence).filter(|it| *it > 0));
            self.take(said);
        }
    }

    fn take(&mut self, said: Said) {
        match said {
            Said::Batch(batch) => {
                self.check_processes(&batch);
                self.batches.push(batch);
            }
            Said::Event(event) => self.events.push(event),
            Said::Series(series) => {
                let named = series.into_iter().map(|(id, it)| (id.0, it.key.column()));
                self.series.extend(named);
            }
            Said::Processes(known) => self.processes.extend(known.into_iter().map(|it| it.0)),
            Said::Settings(settings) => self.settings.extend(settings),
            Said::Waiting => self.waiting += 1,
            _ => {}
        }
    }

    /// Every number of a process refers to one that was declared before.
    fn check_processes(&self, batch: &Batch) {
        let told = batch.processes.iter().map(|it| it.0);
        for id in told.chain(batch.ended.iter().map(|it| it.process)) {
            assert!(self.processes.contains(&id), "{id:?} was never declared");
        }
    }

    /// When samples were taken, in nanoseconds since the start.
    pub(crate) fn times(&self) -> Vec<i64> {
        let stamps = self.batches.iter().map(|it| it.stamp.boot_ns - START_NS);
        stamps.collect()
    }

    /// Checks the values of the known counters and returns how many there were.
    pub(crate) fn check_values(&self) -> usize {
        let mut checked = 0;
        for batch in &self.batches {
            for (id, value) in &batch.values {
                let found = self.series.iter().find(|it| it.0 == id.0);
                let Some((_, name)) = found else {
                    panic!("{id:?} was never declared");
                };
                let Some(rest) = name.strip_prefix("system.cpu.time{cpu=") else {
                    continue;
                };
                let place = rest.split(',').next().and_then(|it| it.parse().ok());
                let expected = value_us(batch.stamp.boot_ns, place.unwrap_or(usize::MAX));
                assert_eq!(*value, expected as f64 / 1e6, "{name}");
                checked += 1;
            }
        }
        checked
    }

    /// Lines of the events of a kind.
    pub(crate) fn texts(&self, kind: EventKind) -> Vec<String> {
        let events = self.events.iter().filter(|it| it.kind == kind);
        events.map(Event::line).collect()
    }
}
