//! What the agent says of itself: its cost is a metric like any other.
//!
//! Start at [`Own::declare`].

use crate::clock::Cost;
use crate::sink::{Sink, Slot};

/// Slots of the agent's own series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    cpu_time: Slot,
    memory: Slot,
    duration: Slot,
    late: Slot,
    jitter: Slot,
    samples: Slot,
    lost: Slot,
    cpu_limit: Slot,
    degradation: Slot,
    ring: Slot,
}

/// The agent's state at one sample.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    /// Processor time and memory so far.
    pub(crate) cost: Cost,
    /// How long reading took.
    pub(crate) duration_ns: i64,
    /// How much later than planned it began.
    pub(crate) late_ns: i64,
    /// How far the time since the sample before was from the planned one; `None` at first.
    pub(crate) jitter_ns: Option<i64>,
    /// Samples so far, this one included.
    pub(crate) samples: u64,
    /// Planned samples that were not taken, while the machine was awake.
    pub(crate) lost: u64,
    /// Share of one processor that it may use; `None` for no limit.
    pub(crate) cpu_limit: Option<f64>,
    /// Steps of the budget given up.
    pub(crate) degradation: usize,
    /// Memory of the ring.
    pub(crate) ring_bytes: usize,
}

impl Own {
    /// Declares the series.
    pub(crate) fn declare(sink: &mut Sink) -> Self {
        Self {
            cpu_time: sink.declare("kymo.agent.cpu.time", &[], 1_000_000_000),
            memory: sink.declare("kymo.agent.memory.usage", &[], 1),
            duration: sink.declare("kymo.agent.sample.duration", &[], 1_000_000_000),
            late: sink.declare("kymo.agent.sample.late", &[], 1_000_000_000),
            jitter: sink.declare("kymo.agent.sample.jitter", &[], 1_000_000_000),
            samples: sink.declare("kymo.agent.samples", &[], 1),
            lost: sink.declare("kymo.agent.sample.lost", &[], 1),
            cpu_limit: sink.declare("kymo.agent.cpu.limit", &[], 1_000_000),
            degradation: sink.declare("kymo.agent.degradation", &[], 1),
            ring: sink.declare("kymo.agent.ring.size", &[], 1),
        }
    }

    /// Sets all of them in this reading.
    pub(crate) fn set(&self, sink: &mut Sink, state: &State) {
        sink.set(self.cpu_time, state.cost.cpu_ns);
        if let Some(bytes) = state.cost.resident_bytes {
            sink.set(self.memory, bytes);
        }
        sink.set(self.duration, state.duration_ns);
        sink.set(self.late, state.late_ns);
        if let Some(jitter_ns) = state.jitter_ns {
            sink.set(self.jitter, jitter_ns);
        }
        sink.set_u64(self.samples, state.samples);
        sink.set_u64(self.lost, state.lost);
        if let Some(share) = state.cpu_limit {
            sink.set(self.cpu_limit, (share * 1e6).round() as i64);
        }
        sink.set_u64(self.degradation, state.degradation as u64);
        sink.set_u64(self.ring, state.ring_bytes as u64);
    }
}
