//! Work on many series, shared out among the processors there are.
//!
//! Series are independent of each other, so the answer does not depend on how many
//! threads there were. Progress and the wish to stop are looked at between parts.
//!
//! Start at [`over`].

use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::jobs::Context;
use crate::problem::Problem;

/// More threads than this would starve a live recording.
const THREADS_MAX: usize = 8;

/// What `work` gives for all of `count` series, `size` of them at a time, in their order.
///
/// A panic in a thread goes on in this one.
///
/// # Errors
///
/// The user stopped it; `what` is what was being done.
pub(crate) fn over<T: Send>(
    (count, size): (usize, usize),
    (what, context): (&str, &Context),
    work: impl Fn(Range<usize>) -> Vec<T> + Sync,
) -> Result<Vec<T>, Problem> {
    let size = size.max(1);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let run = || {
        let mut found = Vec::new();
        while !context.cancelled() {
            let from = next.fetch_add(size, Ordering::Relaxed);
            if from >= count {
                break;
            }
            let part = from..(from + size).min(count);
            let length = part.len();
            found.push((from, work(part)));
            let done = done.fetch_add(length, Ordering::Relaxed) + length;
            context.progress(done as u64, count as u64);
        }
        found
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(THREADS_MAX).min(count.div_ceil(size));
    let mut found = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut found = run();
        for other in others {
            match other.join() {
                Ok(more) => found.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    });
    if context.cancelled() {
        return Err(Problem::cancelled(what));
    }
    found.sort_by_key(|(from, _)| *from);
    Ok(found.into_iter().flat_map(|(_, part)| part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_in_order() {
        let context = Context::default();
        for (count, size) in [(0, 1), (1, 5), (100, 7), (64, 64), (3, 0)] {
            let found = over((count, size), ("test", &context), Iterator::collect);
            assert_eq!(found, Ok((0..count).collect::<Vec<_>>()), "{count} {size}");
        }
        assert_eq!(context.fraction(), Some(1.0));
        context.cancel();
        let found = over((3, 1), ("counting", &context), Iterator::collect::<Vec<_>>);
        assert_eq!(found, Err(Problem::cancelled("counting")));
    }
}
