//! The bounded queue between sampling and standard output.
//!
//! Sampling puts bytes in and never waits; one thread takes them out and may
//! wait for a slow reader as long as it likes. What does not fit stays in the
//! look-back ring, where the feed finds it again, so the queue is small.
//!
//! Start at [`Outbox::put`] and [`Outbox::write_all`].

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of the stream that wait for the writer: a quarter of a second of a
/// 1 MiB/s link, so that an answer in between is not kept waiting.
pub(crate) const STREAM_MAX_BYTES: usize = 256 << 10;

/// Bytes of answers that wait for the writer; more answers than that are dropped.
const URGENT_MAX_BYTES: usize = 64 << 10;

/// The queue. Its state is locked only to move bytes, never to write them.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    urgent: Vec<u8>,
    stream: Vec<u8>,
    /// Bytes the writer took and has not written yet.
    writing: bool,
    /// The sender found no room and wants to know when there is some.
    hungry: bool,
    closed: bool,
    failed: bool,
}

impl Outbox {
    /// Bytes of the stream that can be put now; 0 also tells the writer to say
    /// when there is room again.
    pub(crate) fn room(&self) -> usize {
        let mut state = self.lock();
        let room = STREAM_MAX_BYTES.saturating_sub(state.stream.len());
        state.hungry |= room == 0;
        room
    }

    /// Puts whole frames of the stream.
    pub(crate) fn put(&self, frames: &[u8]) {
        self.lock().stream.extend_from_slice(frames);
        self.changed.notify_all();
    }

    /// Puts a whole frame that overtakes the stream. Beyond the bound it is
    /// dropped: its asker sends more than it reads.
    pub(crate) fn put_urgent(&self, frame: &[u8]) {
        let mut state = self.lock();
        if state.urgent.len() + frame.len() <= URGENT_MAX_BYTES {
            state.urgent.extend_from_slice(frame);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Says that nothing more will be put.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits until there is room, the writer failed, or the time is over;
    /// `true` when there is room.
    pub(crate) fn wait_for_room(&self, until: Instant) -> bool {
        let ready = |state: &State| state.stream.is_empty() || state.failed;
        let state = self.wait_until(until, ready);
        state.stream.is_empty() && !state.failed
    }

    /// Waits until everything was written, the writer failed, or the time is
    /// over; `true` when everything was written.
    pub(crate) fn wait_written(&self, until: Instant) -> bool {
        let done =
            |state: &State| state.stream.is_empty() && state.urgent.is_empty() && !state.writing;
        let state = self.wait_until(until, |state| done(state) || state.failed);
        done(&state) && !state.failed
    }

    /// Writes what is put until the queue is closed and empty; calls `fed` when
    /// there is room again after there was none. This is the writer's thread.
    ///
    /// # Errors
    ///
    /// What the system says of writing; nothing is written afterwards.
    pub(crate) fn write_all(&self, output: &mut impl Write, fed: impl Fn()) -> io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            bytes.shrink_to(2 * STREAM_MAX_BYTES);
            let hungry = {
                let mut state = self.lock();
                state.writing = false;
                self.changed.notify_all();
                while state.urgent.is_empty() && state.stream.is_empty() {
                    if state.closed {
                        return Ok(());
                    }
                    state = self
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                bytes.append(&mut state.urgent);
                bytes.append(&mut state.stream);
                // A replay's declarations may have made it larger than it need be.
                state.stream.shrink_to(STREAM_MAX_BYTES);
                state.writing = true;
                std::mem::take(&mut state.hungry)
            };
            if hungry {
                fed();
            }
            if let Err(error) = output.write_all(&bytes).and_then(|()| output.flush()) {
                self.lock().failed = true;
                self.changed.notify_all();
                return Err(error);
            }
        }
    }

    fn wait_until(&self, until: Instant, ready: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while !ready(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                break;
            }
            state = match self.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state
    }

    /// A panic elsewhere leaves whole frames: every change is one append.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn answers_overtake_the_stream() -> io::Result<()> {
        let outbox = Outbox::default();
        outbox.put(b"stream ");
        outbox.put_urgent(b"answer ");
        outbox.close();
        let mut written = Vec::new();
        outbox.write_all(&mut written, || {})?;
        assert_eq!(written, b"answer stream ");
        Ok(())
    }

    #[test]
    fn a_flood_of_answers_is_bounded() -> io::Result<()> {
        let outbox = Outbox::default();
        for _ in 0..1_000 {
            outbox.put_urgent(&[0; 1_000]);
        }
        outbox.close();
        let mut written = Vec::new();
        outbox.write_all(&mut written, || {})?;
        assert_eq!(written.len(), URGENT_MAX_BYTES / 1_000 * 1_000);
        Ok(())
    }

    #[test]
    fn room_comes_back_when_the_reader_does() {
        let outbox = Outbox::default();
        let (sender, fed) = channel();
        outbox.put(&vec![1; STREAM_MAX_BYTES]);
        assert_eq!(outbox.room(), 0);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                outbox.write_all(&mut io::sink(), || {
                    assert!(sender.send(()).is_ok());
                })
            });
            assert!(fed.recv_timeout(Duration::from_secs(20)).is_ok());
            assert!(outbox.wait_for_room(soon()));
            assert_eq!(outbox.room(), STREAM_MAX_BYTES);
            assert!(outbox.wait_written(soon()));
            outbox.close();
            assert!(matches!(writer.join(), Ok(Ok(()))));
        });
    }

    #[test]
    fn a_closed_output_is_told() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let outbox = Outbox::default();
        outbox.put(b"x");
        assert!(outbox.write_all(&mut Closed, || {}).is_err());
        assert!(!outbox.wait_written(soon()));
        assert!(!outbox.wait_for_room(soon()));
    }
}
