//! How long work tells how far it is, and hears whether to go on.

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Steps finished; bytes or members, whichever the work counts.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

/// The watcher's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continue {
    /// Go on.
    Yes,
    /// Stop and leave nothing half-written.
    Stop,
}

/// Called now and then during long work.
pub type Watch<'a> = &'a mut dyn FnMut(Progress) -> Continue;
