//! What one reader gets next: its place in the stream, replays, healed gaps.
//!
//! The ring is the only store. A reader that falls behind finds what it missed
//! there, under the same numbers, and later live frames follow without a seam;
//! what even the ring no longer holds is counted and told.
//!
//! Never: waits, or keeps a copy of a frame.
//!
//! Start at [`Feed::take`].

use model::event::EventKind;
use wire::encode::aside;
use wire::frame::{Kind, TooLarge};
use wire::message::{Hello, Reason, Replay};

use crate::engine::Engine;
use crate::ring::{Ring, Start};
use crate::watch::seconds;

/// A reader's place in the stream.
#[derive(Debug, Default)]
pub struct Feed {
    greeting: Option<Hello>,
    /// Sequence number of the next frame; 0 before the first.
    cursor: u64,
    /// Samples up to the cursor, and when the last of them was made.
    samples: u64,
    last_boot_ns: i64,
    wanted: Option<Wanted>,
    /// Last frame of the replay that is under way.
    replay_end: Option<u64>,
}

#[derive(Debug)]
struct Wanted {
    since_ns: i64,
    greeting: Hello,
}

impl Feed {
    /// A reader that is greeted and then gets everything from the first frame on.
    pub fn new(greeting: Hello) -> Self {
        Self {
            greeting: Some(greeting),
            cursor: 1,
            ..Self::default()
        }
    }

    /// Asks for what the ring holds since a moment; it comes after what is due now.
    pub fn replay(&mut self, since_ns: i64, greeting: Hello) {
        self.wanted = Some(Wanted { since_ns, greeting });
    }

    /// Whether the reader has everything there is.
    pub fn is_level(&self, ring: &Ring) -> bool {
        self.greeting.is_none()
            && self.wanted.is_none()
            && self.replay_end.is_none()
            && self.cursor == ring.next_sequence()
    }

    /// The next frame it needs; older ones may go.
    pub fn needs(&self) -> u64 {
        self.cursor
    }

    /// Appends what comes next, until `out` holds `room_bytes` or there is nothing more.
    ///
    /// One frame, and what a replay declares before it, may exceed the room.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when a greeting does not fit a frame.
    pub fn take(
        &mut self,
        engine: &Engine,
        out: &mut Vec<u8>,
        room_bytes: usize,
    ) -> Result<(), TooLarge> {
        let ring = engine.tape().ring();
        if let Some(greeting) = self.greeting.take() {
            aside(out, Kind::Hello, &greeting)?;
        }
        while out.len() < room_bytes {
            self.end_replay(out)?;
            self.start_replay(engine, out)?;
            match ring.frame(self.cursor) {
                Some(stored) => {
                    out.extend_from_slice(stored.bytes);
                    self.cursor += 1;
                    self.samples += u64::from(stored.sample);
                    if stored.sample {
                        self.last_boot_ns = stored.boot_ns;
                    }
                }
                None if self.cursor < ring.next_sequence() => self.skip(engine, out)?,
                None => break,
            }
        }
        self.end_replay(out)
    }

    fn start_replay(&mut self, engine: &Engine, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let ring = engine.tape().ring();
        let next = ring.next_sequence();
        // What is due live goes first: a listener ignores replays.
        if self.replay_end.is_some() || self.cursor != next {
            return Ok(());
        }
        let Some(wanted) = self.wanted.take() else {
            return Ok(());
        };
        let start = ring.since(wanted.since_ns);
        let boot_ns = start.map_or(0, |it| it.boot_ns);
        aside(out, Kind::ReplayStart, &Replay { boot_ns })?;
        aside(out, Kind::Hello, &wanted.greeting)?;
        if let Some(start) = start {
            preface(engine, start, out)?;
            self.cursor = start.sequence;
            self.samples = start.samples_before;
        }
        self.replay_end = Some(next - 1);
        Ok(())
    }

    fn end_replay(&mut self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        if self.replay_end.is_some_and(|end| self.cursor > end) {
            self.replay_end = None;
            let boot_ns = self.last_boot_ns;
            aside(out, Kind::ReplayEnd, &Replay { boot_ns })?;
        }
        Ok(())
    }

    /// Goes on at the oldest group, and tells what was lost before it.
    fn skip(&mut self, engine: &Engine, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let Some(start) = engine.tape().ring().oldest() else {
            return Ok(());
        };
        let count = start.samples_before.saturating_sub(self.samples);
        let noun = if count == 1 { "sample" } else { "samples" };
        let length = seconds(start.boot_ns - self.last_boot_ns);
        let event = wire::message::Event {
            boot_ns: self.last_boot_ns,
            kind: EventKind::Missing.name().to_owned(),
            subject: "stream".to_owned(),
            before: String::new(),
            after: format!("{count} {noun} missing"),
            text: format!(
                "{count} {noun} missing within {length}: the reader was slower than the look-back ring is long"
            ),
        };
        aside(out, Kind::Event, &event)?;
        preface(engine, start, out)?;
        self.cursor = start.sequence;
        self.samples = start.samples_before;
        Ok(())
    }
}

/// Everything that frames from `start` on may refer to.
fn preface(engine: &Engine, start: Start, out: &mut Vec<u8>) -> Result<(), TooLarge> {
    let known = engine.tape().known();
    for ready in known.preface(engine.sink().declared(), start.group) {
        ready.aside(out)?;
    }
    Ok(())
}

/// Appends the answer that something could not be done.
///
/// # Errors
///
/// [`TooLarge`] when the reason does not fit a frame.
pub fn refuse(out: &mut Vec<u8>, reason: &Reason) -> Result<(), TooLarge> {
    aside(out, Kind::Refused, reason)
}
