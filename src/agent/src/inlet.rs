//! What comes in: requests, the end of input or output, signals.
//!
//! One thread waits for all of them. It answers clock probes by itself, so that
//! an answer never waits for a reading; everything else it hands to the engine's
//! thread through a bounded channel.
//!
//! Start at [`Inlet::run`].

use std::io::{self, Read};
use std::sync::mpsc::SyncSender;

use prost::Message;
use wire::encode::aside;
use wire::frame::{Found, Frame, Kind, Reader};
use wire::message::{self, Reason, Request};

use crate::clock::Clock;
use crate::outbox::Outbox;
use crate::system::{Input, Watch};

/// Bytes taken at once; requests are small.
const READ_BYTES: usize = 16 << 10;

/// Why the agent should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client asked for it.
    Asked,
    /// No more requests can come.
    InputClosed,
    /// Nobody reads any more.
    OutputClosed,
    /// The system asked for it.
    Signal,
}

/// Something for the engine's thread.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// The client asks.
    Request(Request),
    /// The client sent something that is no request.
    Refuse(Reason),
    /// A process that carries out said something, or is gone.
    #[cfg_attr(
        not(all(target_os = "linux", not(feature = "portable"))),
        expect(dead_code, reason = "nothing is carried out by this build")
    )]
    Keeper {
        /// Which one.
        turn: u64,
        /// What it said; `None` when it is gone.
        told: Option<Box<wire::change::Told>>,
    },
    /// There is room for output again.
    Room,
    /// The agent should end.
    End(End),
}

/// The waiting end of all inputs.
pub(crate) struct Inlet<'a> {
    /// Requests come from here.
    pub(crate) input: Input,
    /// Tells of signals and of a reader that went away.
    pub(crate) watch: Watch,
    /// Answers go here.
    pub(crate) outbox: &'a Outbox,
    /// Everything else goes here.
    pub(crate) engine: SyncSender<Incoming>,
}

impl End {
    /// The reason for the client.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Asked => "it was asked to",
            Self::InputClosed => "the connection was closed",
            Self::OutputClosed => "nobody reads any more",
            Self::Signal => "the system asked it to",
        }
    }
}

impl Inlet<'_> {
    /// Waits for input until the agent should end.
    pub(crate) fn run(mut self, clock: &mut dyn Clock) {
        let end = match self.follow(clock) {
            Ok(end) => end,
            // An input that cannot be read is as good as closed.
            Err(_) => End::InputClosed,
        };
        // The engine's thread is gone only when the agent ends anyway.
        self.tell(Incoming::End(end));
    }

    fn follow(&mut self, clock: &mut dyn Clock) -> io::Result<End> {
        let mut reader = Reader::default();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            if let Some(end) = self.watch.wait(&mut self.input)? {
                return Ok(end);
            }
            let length = match self.input.read(&mut buffer) {
                Ok(0) => return Ok(End::InputClosed),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            reader.push(&buffer[..length]);
            while let Some(found) = reader.next() {
                let stop = match found {
                    Found::Frame(frame) => self.frame(&frame, clock),
                    Found::Damage { skipped_bytes } => {
                        self.refuse(&format!("{skipped_bytes} bytes"), "they are no frame")
                    }
                };
                if let Some(end) = stop {
                    return Ok(end);
                }
            }
        }
    }

    fn frame(&self, frame: &Frame<'_>, clock: &mut dyn Clock) -> Option<End> {
        if frame.kind != Kind::Request as u8 {
            let what = format!("a frame of kind {}", frame.kind);
            return self.refuse(&what, "only requests are understood here");
        }
        let mut request = match Request::decode(frame.payload) {
            Ok(request) => request,
            Err(error) => return self.refuse("a request", &error.to_string()),
        };
        if let Some(probe) = request.clock_probe.take() {
            self.answer(probe, clock);
        }
        let stop = request.stop;
        if request != Request::default() && !stop {
            return self.tell(Incoming::Request(request));
        }
        stop.then_some(End::Asked)
    }

    fn answer(&self, probe: u64, clock: &mut dyn Clock) {
        let now = clock.now();
        let message = message::Clock {
            probe,
            boot_ns: now.boot_ns,
            unix_ns: now.unix_ns,
        };
        let mut frame = Vec::new();
        // Three numbers always fit a frame.
        if aside(&mut frame, Kind::Clock, &message).is_ok() {
            self.outbox.put_urgent(&frame);
        }
    }

    fn refuse(&self, what: &str, why: &str) -> Option<End> {
        self.tell(Incoming::Refuse(Reason {
            what: what.to_owned(),
            why: why.to_owned(),
        }))
    }

    /// Waits while the channel is full: a client that asks faster than it can be
    /// served is served later.
    fn tell(&self, incoming: Incoming) -> Option<End> {
        self.engine
            .send(incoming)
            .is_err()
            .then_some(End::OutputClosed)
    }
}
