//! Writes one reading after the other as frames into the ring.
//!
//! Order within a reading: declarations, settings, events, histograms and spans, then the
//! sample that refers to them. A key sample begins a group of the ring before all of these,
//! so that a group never leans on an older one.
//!
//! Start at [`Tape::write`].

use std::collections::VecDeque;

use model::event::EventKind;
use model::process::{ProcessId, Reading};
use prost::Message;
use wire::encode::{Encoder, Input, Lean};
use wire::frame::{Kind, TooLarge};
use wire::message::Histograms;
use wire::requests::Packer;

use crate::known::{Known, cut};
use crate::ring::Ring;
use crate::sink::{Gone, Noticed, Sink};
use crate::watch::Happened;

/// Ended processes in one sample; about 80 bytes each.
const ENDED_MAX: usize = 4_096;

/// Ended processes in a key sample, which needs its room for the living.
const ENDED_IN_KEY_MAX: usize = 1_024;

/// Ended processes that may wait for a sample with room.
const WAITING_MAX: usize = 16_384;

/// Rows of histograms in one message, well below what a frame may hold.
const OBSERVED_MAX_BYTES: usize = 256 << 10;

type Ended = (ProcessId, i64, Option<i32>, Reading);

/// Encoder, declarations and ring, kept in step.
#[derive(Debug)]
pub struct Tape {
    encoder: Encoder,
    known: Known,
    ring: Ring,
    frame: Vec<u8>,
    gone: VecDeque<Gone>,
    gone_lost: u64,
    /// The process table did not fit: no process is sent until the next key.
    held: bool,
}

impl Tape {
    /// An empty tape over this ring.
    pub fn new(ring: Ring) -> Self {
        Self {
            encoder: Encoder::default(),
            known: Known::default(),
            ring,
            frame: Vec::new(),
            gone: VecDeque::new(),
            gone_lost: 0,
            held: false,
        }
    }

    /// The frames.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// The declarations.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Keeps frames from this one on although they are old, as far as memory allows.
    pub fn hold(&mut self, sequence: u64) {
        self.ring.hold(sequence);
    }

    /// Changes how much memory the ring may hold.
    pub fn set_ring_limit(&mut self, limit_bytes: usize) {
        self.ring.set_limit(limit_bytes);
    }

    /// Writes one reading and what happened besides.
    pub fn write(&mut self, sink: &mut Sink, happened: &[Happened], lean: Lean) {
        let boot_ns = sink.stamp.boot_ns;
        self.known.revived(&std::mem::take(&mut sink.revived));
        if lean == Lean::Key {
            self.begin_group(sink, boot_ns);
        }
        let group = self.group();
        let fresh = std::mem::take(&mut sink.fresh);
        for message in self.known.new_series(&fresh, sink.declared()) {
            self.declare(boot_ns, &message);
        }
        for message in self
            .known
            .appeared(std::mem::take(&mut sink.appeared), group)
        {
            self.say(Kind::Processes, boot_ns, &message);
        }
        for message in self.known.set(std::mem::take(&mut sink.settings)) {
            self.say(Kind::Settings, boot_ns, &message);
        }
        for it in happened {
            self.event(it.boot_ns, &it.what);
        }
        for it in std::mem::take(&mut sink.happened) {
            self.event(it.boot_ns, &it.what);
        }
        self.observed(sink);
        self.spans(sink);
        for noticed in std::mem::take(&mut sink.events) {
            self.event(boot_ns, &noticed);
        }
        self.queue_gone(sink);
        self.sample(sink, lean);
    }

    /// Writes something that happened between readings.
    pub fn event(&mut self, boot_ns: i64, noticed: &Noticed) {
        let message = wire::message::Event {
            boot_ns,
            kind: noticed.kind.name().to_owned(),
            subject: cut(&noticed.subject),
            before: cut(&noticed.before),
            after: cut(&noticed.after),
            text: cut(&noticed.text),
        };
        self.say(Kind::Event, boot_ns, &message);
    }

    fn observed(&mut self, sink: &Sink) {
        let mut message = Histograms {
            boot_ns: sink.stamp.boot_ns,
            rows: Vec::new(),
        };
        let mut bytes = 0;
        for (slot, row) in &sink.observed {
            let observed = wire::requests::observed(slot.0, row.at.0, row);
            bytes += observed.encoded_len() + 8;
            message.rows.push(observed);
            if bytes >= OBSERVED_MAX_BYTES {
                self.say(Kind::Histograms, message.boot_ns, &message);
                message.rows.clear();
                bytes = 0;
            }
        }
        if !message.rows.is_empty() {
            self.say(Kind::Histograms, message.boot_ns, &message);
        }
    }

    fn spans(&mut self, sink: &Sink) {
        let mut packer = Packer::default();
        for span in &sink.spans {
            packer.add(span, span.start.0);
        }
        let boot_ns = sink.stamp.boot_ns;
        for message in packer.finish(boot_ns) {
            self.say(Kind::Spans, boot_ns, &message);
        }
    }

    fn begin_group(&mut self, sink: &mut Sink, boot_ns: i64) {
        self.ring.begin(boot_ns);
        self.held = false;
        let group = self.group();
        self.known.note_retired(sink.declared(), group);
        let oldest = self.ring.oldest().map_or(group, |it| it.group);
        self.known.forget_before(oldest);
        for slot in self.known.unspoken(oldest) {
            sink.release(slot);
        }
        for message in self.known.repeated(sink.declared()) {
            self.declare(boot_ns, &message);
        }
    }

    fn group(&self) -> u64 {
        self.ring.newest().map_or(0, |it| it.group)
    }

    fn say(&mut self, kind: Kind, boot_ns: i64, message: &impl Message) {
        self.frame.clear();
        let written = self.encoder.message(&mut self.frame, kind, message);
        self.keep(kind, boot_ns, written);
    }

    fn declare(&mut self, boot_ns: i64, series: &wire::message::Series) {
        self.frame.clear();
        let written = self.encoder.declare(&mut self.frame, series);
        self.keep(Kind::Series, boot_ns, written);
    }

    /// Puts the frame that was written into the ring.
    fn keep(&mut self, kind: Kind, boot_ns: i64, written: Result<(), TooLarge>) {
        // Texts are cut and lists are split, so every message fits a frame; one
        // that did not would be told below instead of vanishing.
        match written {
            Ok(()) => self.ring.push(kind, boot_ns, &self.frame),
            Err(TooLarge(bytes)) if kind != Kind::Event => {
                self.event(boot_ns, &too_large(&format!("{kind:?} of {bytes} bytes")));
            }
            Err(TooLarge(_)) => {}
        }
    }

    fn queue_gone(&mut self, sink: &mut Sink) {
        for gone in sink.gone.drain(..) {
            if self.gone.len() < WAITING_MAX {
                self.gone.push_back(gone);
            } else {
                self.gone_lost += 1;
            }
        }
        if self.gone_lost > 0 && self.gone.len() < WAITING_MAX {
            let lost = std::mem::take(&mut self.gone_lost);
            let noticed = too_large(&format!("{lost} ended processes"));
            self.event(sink.stamp.boot_ns, &noticed);
        }
    }

    fn sample(&mut self, sink: &Sink, lean: Lean) {
        let room = match lean {
            Lean::Key => ENDED_IN_KEY_MAX,
            Lean::OnLast => ENDED_MAX,
        };
        let ended: Vec<Ended> = self
            .gone
            .drain(..room.min(self.gone.len()))
            .map(|it| (it.process, it.boot_ns, it.exit_code, it.reading))
            .collect();
        let group = self.group();
        for (id, ..) in &ended {
            self.known.ended(*id, group);
        }
        let full = Input {
            stamp: sink.stamp,
            values: sink.values(),
            alive: (sink.processes_read && !self.held).then_some(sink.alive.as_slice()),
            ended: &ended,
        };
        if self.try_sample(&full, lean).is_ok() {
            return;
        }
        // The process table does not fit a frame. Without it the values do; no
        // process is sent until a key can start the table anew.
        self.held = true;
        let count = sink.alive.len() + ended.len();
        self.event(
            sink.stamp.boot_ns,
            &too_large(&format!("{count} processes")),
        );
        let bare = Input {
            alive: None,
            ended: &[],
            ..full
        };
        if let Err(TooLarge(bytes)) = self.try_sample(&bare, Lean::Key) {
            let noticed = too_large(&format!("a sample of {bytes} bytes"));
            self.event(sink.stamp.boot_ns, &noticed);
        }
    }

    fn try_sample(&mut self, input: &Input<'_>, lean: Lean) -> Result<(), TooLarge> {
        self.frame.clear();
        self.encoder.sample(&mut self.frame, input, lean)?;
        self.ring
            .push(Kind::Sample, input.stamp.boot_ns, &self.frame);
        Ok(())
    }
}

fn too_large(what: &str) -> Noticed {
    Noticed {
        kind: EventKind::Missing,
        subject: "stream".to_owned(),
        before: String::new(),
        after: String::new(),
        text: format!("{what} did not fit the stream and are missing"),
    }
}
