//! Ends a recorder's threads without losing what waits in memory.
//!
//! A full disk is waited for as long as the watcher agrees, since people can make
//! room. Any other refusal is tried again a few times and then told.
//!
//! Start at [`Recorder::end`].

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::{RecordError, Recorder, failed};
use crate::disk::is_full;
use crate::journal::{self, RETRY_EVERY};
use crate::progress::{Continue, Progress, Watch};
use crate::roll;

/// How often the watcher is asked.
const WATCH_EVERY: Duration = Duration::from_millis(100);

impl Recorder {
    /// Ends both threads; afterwards everything is in segments, or the error says why not.
    pub(super) fn end(&mut self, watch: Watch<'_>) -> Result<(), RecordError> {
        let total = self.waiting_bytes();
        self.close_journal(total, &mut *watch)?;
        let (done, rolled) = mpsc::sync_channel(1);
        let sent = self
            .roll
            .as_ref()
            .map(|it| it.send(roll::Order::Finish(done)));
        if !matches!(sent, Some(Ok(()))) {
            return Err(failed(&self.path, gone()));
        }
        // The journal is durable by now: a refusal loses nothing, so it is told at once.
        match self.hear(&rolled, total, watch) {
            Some(outcome) => outcome.map_err(|source| failed(&self.path, source)),
            None => Err(self.give_up(None)),
        }
    }

    /// Has everything written that waits.
    fn close_journal(&mut self, total: u64, watch: Watch<'_>) -> Result<(), RecordError> {
        let mut pause = WATCH_EVERY;
        loop {
            let (done, closed) = mpsc::sync_channel(1);
            let sent = self
                .journal
                .as_ref()
                .map(|it| it.send(journal::Order::Close(done)));
            if !matches!(sent, Some(Ok(()))) {
                return Err(self.give_up(Some(gone())));
            }
            let refused = match self.hear(&closed, total, &mut *watch) {
                Some(Ok(())) => return Ok(()),
                Some(Err(refused)) => refused,
                None => return Err(self.give_up(None)),
            };
            if !is_full(&refused) || self.pause(pause, total, &mut *watch) == Continue::Stop {
                return Err(self.give_up(Some(refused)));
            }
            pause = (pause * 2).min(RETRY_EVERY);
        }
    }

    /// Waits for a thread's answer; `None` when the watcher said stop.
    fn hear(
        &self,
        answer: &Receiver<io::Result<()>>,
        total: u64,
        watch: Watch<'_>,
    ) -> Option<io::Result<()>> {
        loop {
            match answer.recv_timeout(WATCH_EVERY) {
                Ok(outcome) => return Some(outcome),
                Err(RecvTimeoutError::Disconnected) => return Some(Err(gone())),
                Err(RecvTimeoutError::Timeout) => {
                    if watch(self.progress(total)) == Continue::Stop {
                        return None;
                    }
                }
            }
        }
    }

    /// Lets time pass before the disk is asked again.
    fn pause(&self, pause: Duration, total: u64, watch: Watch<'_>) -> Continue {
        let mut left = pause;
        loop {
            if watch(self.progress(total)) == Continue::Stop {
                return Continue::Stop;
            }
            if left.is_zero() {
                return Continue::Yes;
            }
            let step = left.min(WATCH_EVERY);
            thread::sleep(step);
            left -= step;
        }
    }

    fn progress(&self, total: u64) -> Progress {
        Progress {
            done: total.saturating_sub(self.waiting_bytes()),
            total,
        }
    }

    fn waiting_bytes(&self) -> u64 {
        self.shared.waiting_bytes.load(Ordering::Relaxed)
    }

    /// Ends the threads, which try once more, and says what is lost, if anything.
    fn give_up(&mut self, refused: Option<io::Error>) -> RecordError {
        self.let_go();
        let waiting_bytes = self.waiting_bytes();
        let path = self.path.clone();
        match refused {
            source if waiting_bytes > 0 => RecordError::Unwritten {
                waiting_bytes,
                lost_frames: self.shared.lost_frames.load(Ordering::Relaxed),
                path,
                source,
            },
            Some(source) => failed(&path, source),
            None => RecordError::Stopped { path },
        }
    }

    /// Ends the threads as they are.
    pub(super) fn let_go(&mut self) {
        self.journal = None;
        self.roll = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has printed why.
            drop(thread.join());
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("a thread of the recorder ended")
}
