//! Where a link's raw frames go when they are recorded.
//!
//! A recording may start with the link (then the first frame is the greeting) or
//! later (then it starts with a replay of the agent's look-back ring, which
//! begins with the greeting again). Either way the recorder gets a stream that
//! stands alone.
//!
//! Start at [`Tap`].

use std::sync::{Arc, Mutex};

use model::host::HostId;
use store::recorder::Recorder;

use crate::clock::Offset;
use crate::link::{Connected, chain, lock};

/// A recorder that several links feed; `None` once it is finished.
pub type Shared = Arc<Mutex<Option<Recorder>>>;

/// Where an agent's clocks lie on the session's axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// What is added to its boot clock to stand on the axis.
    pub boot_to_axis_ns: i64,
    /// Its wall clock against ours.
    pub offset: Offset,
}

/// Whether and how a link's frames are recorded.
#[derive(Clone)]
pub enum Tap {
    /// Not at all.
    Off,
    /// From the first frame on: the host is made known when it has greeted.
    FromStart(Shared),
    /// From the next replay on.
    Waiting(Shared, HostId),
    /// Now.
    On(Shared, HostId),
}

impl Tap {
    /// A tap for a host that is connected already; it waits for the replay.
    ///
    /// # Errors
    ///
    /// The recorder's reason for not taking the host.
    pub fn for_connected(recorder: &Shared, connected: &Connected) -> Result<Self, String> {
        Ok(Self::Waiting(
            Arc::clone(recorder),
            add_host(recorder, connected)?,
        ))
    }

    /// The host greeted and its clock is known.
    pub(crate) fn connected(&mut self, connected: &Connected) -> Result<(), String> {
        if let Self::FromStart(recorder) = self {
            let host = add_host(recorder, connected)?;
            *self = Self::On(Arc::clone(recorder), host);
        }
        Ok(())
    }

    /// One whole frame came.
    pub(crate) fn frame(&mut self, bytes: &[u8], sign: Sign) {
        if let (Self::Waiting(recorder, host), Sign::ReplayStart) = (&*self, sign) {
            *self = Self::On(Arc::clone(recorder), *host);
            return;
        }
        let (Self::On(recorder, host), Sign::Stream) = (&*self, sign) else {
            return;
        };
        if let Some(recorder) = &*lock(recorder) {
            recorder.append(*host, bytes);
        }
    }
}

/// What a frame means to a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Part of the stream.
    Stream,
    /// A replay begins.
    ReplayStart,
    /// Not for recorders: an answer, the end of a replay.
    Aside,
}

fn add_host(recorder: &Shared, connected: &Connected) -> Result<HostId, String> {
    let placement = store::recorder::Placement {
        boot_to_axis_ns: connected.placement.boot_to_axis_ns,
        offset_ns: connected.placement.offset.offset_ns,
        error_ns: connected.placement.offset.error_ns,
    };
    match &*lock(recorder) {
        Some(recorder) => recorder
            .add_host(connected.hello.host(), &connected.name, placement)
            .map_err(|error| chain(&error)),
        None => Err("the recording is over".to_owned()),
    }
}
