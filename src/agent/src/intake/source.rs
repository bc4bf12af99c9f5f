//! The inbox as one of the sampler's sources.
//!
//! Start at [`Applications`].

use std::sync::Arc;

use crate::engine::Opened;
use crate::intake::Intake;
use crate::intake::inbox::Shared;
use crate::sink::{Sink, Slot};
use crate::source::{Cadence, Source};

/// Hands over what was heard since the sample before.
struct Applications {
    shared: Arc<Shared>,
    slots: Option<Slots>,
    /// What the stream says is taken in.
    told: Option<String>,
}

/// What taking in cost.
struct Slots {
    received: Slot,
    stored: Slot,
    left_out: Slot,
    bytes: Slot,
    damaged: Slot,
    too_large: Slot,
    put_off: Slot,
    cpu_time: Slot,
}

/// The source of an intake.
pub fn opened(intake: &Intake) -> Opened {
    Opened {
        name: "applications",
        cadence: Cadence::Base,
        source: Box::new(Applications {
            shared: Arc::clone(&intake.shared),
            slots: None,
            told: None,
        }),
    }
}

impl Slots {
    fn declare(sink: &mut Sink) -> Self {
        let mut spans = |state| sink.declare("kymo.agent.intake.spans", &[("state", state)], 1);
        let (received, stored) = (spans("received"), spans("stored"));
        let left_out = spans("left_out");
        let mut refused = |why| sink.declare("kymo.agent.intake.refused", &[("reason", why)], 1);
        let (damaged, too_large) = (refused("damaged"), refused("too_large"));
        let put_off = refused("put_off");
        Self {
            received,
            stored,
            left_out,
            bytes: sink.declare("kymo.agent.intake.bytes", &[], 1),
            damaged,
            too_large,
            put_off,
            cpu_time: sink.declare("kymo.agent.intake.cpu.time", &[], 1_000_000_000),
        }
    }
}

impl Source for Applications {
    fn read(&mut self, sink: &mut Sink) {
        let slots = self.slots.get_or_insert_with(|| Slots::declare(sink));
        let mut inbox = self.shared.lock();
        inbox.flush(sink);
        if self.told.as_ref() != Some(&inbox.heard) {
            sink.setting("kymo.agent.intake", self.told.as_deref(), &inbox.heard);
            self.told = Some(inbox.heard.clone());
        }
        let totals = inbox.totals();
        let (kept, left_out) = inbox.kept_spans();
        sink.set_u64(slots.received, totals.received);
        sink.set_u64(slots.stored, kept);
        sink.set_u64(slots.left_out, left_out);
        sink.set_u64(slots.bytes, totals.bytes);
        sink.set_u64(slots.damaged, totals.damaged);
        sink.set_u64(slots.too_large, totals.too_large);
        sink.set_u64(slots.put_off, totals.put_off);
        sink.set(slots.cpu_time, inbox.cpu_ns());
    }
}
