//! The look-back ring: the frames of the last minutes, as they were sent.
//!
//! Frames lie in groups; each begins with what was told right before a key
//! sample, so that it can be read by itself. Old groups are dropped whole, by
//! age and by size, so what remains can always be replayed. The ring is also
//! what a slow reader catches up from: there is no second copy.
//!
//! Start at [`Ring::begin`] and [`Ring::push`].

use std::collections::VecDeque;

use wire::frame::Kind;

/// How much look-back is kept: ten minutes.
pub const KEPT_NS: i64 = 600_000_000_000;

/// Most memory of the ring. At 1 Hz with 250 processes ten minutes take about 1 MiB.
pub const SIZE_MAX_BYTES: usize = 8 << 20;

/// The ring is never made smaller than this to save memory.
pub const SIZE_MIN_BYTES: usize = 1 << 20;

/// A group that grows beyond this part of the ring ends at the next chance.
const GROUPS_MIN: usize = 16;

/// One frame in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<'a> {
    /// The frame, header included.
    pub bytes: &'a [u8],
    /// Whether it is a sample.
    pub sample: bool,
    /// When it was made, on the boot clock.
    pub boot_ns: i64,
}

/// Where a group begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Sequence number of its first frame.
    pub sequence: u64,
    /// When, on the boot clock.
    pub boot_ns: i64,
    /// Samples that were made before it, dropped ones included.
    pub samples_before: u64,
    /// Number of the group, counted from 0 and never reused.
    pub group: u64,
}

#[derive(Debug)]
struct Group {
    start: Start,
    bytes: Vec<u8>,
    index: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    from: u32,
    sample: bool,
    boot_ns: i64,
}

/// Frames of the last minutes.
#[derive(Debug)]
pub struct Ring {
    groups: VecDeque<Group>,
    size_bytes: usize,
    limit_bytes: usize,
    next_sequence: u64,
    next_group: u64,
    samples: u64,
    held: u64,
}

impl Ring {
    /// An empty ring of at most `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            groups: VecDeque::new(),
            size_bytes: 0,
            limit_bytes,
            next_sequence: 1,
            next_group: 0,
            samples: 0,
            held: u64::MAX,
        }
    }

    /// Begins a group at a key sample; what is too old or too much is dropped.
    pub fn begin(&mut self, boot_ns: i64) {
        if let Some(group) = self.groups.back_mut() {
            self.size_bytes -= group.size_bytes();
            group.bytes.shrink_to_fit();
            group.index.shrink_to_fit();
            self.size_bytes += group.size_bytes();
        }
        self.groups.push_back(Group {
            start: Start {
                sequence: self.next_sequence,
                boot_ns,
                samples_before: self.samples,
                group: self.next_group,
            },
            bytes: Vec::new(),
            index: Vec::new(),
        });
        self.size_bytes += size_of::<Group>();
        self.next_group += 1;
        self.drop_old(boot_ns);
    }

    /// Appends the next frame of the stream to the newest group.
    pub fn push(&mut self, kind: Kind, boot_ns: i64, frame: &[u8]) {
        let Some(group) = self.groups.back_mut() else {
            return;
        };
        self.size_bytes -= group.size_bytes();
        group.index.push(Entry {
            // A group ends long before 4 GiB: see `wants_end`.
            from: u32::try_from(group.bytes.len()).unwrap_or(u32::MAX),
            sample: kind == Kind::Sample,
            boot_ns,
        });
        group.bytes.extend_from_slice(frame);
        self.size_bytes += group.size_bytes();
        self.samples += u64::from(kind == Kind::Sample);
        self.next_sequence += 1;
        self.drop_old(boot_ns);
    }

    /// Whether the newest group is so large that a key sample should end it.
    pub fn wants_end(&self) -> bool {
        self.groups
            .back()
            .is_some_and(|group| group.size_bytes() > self.limit_bytes / GROUPS_MIN)
    }

    /// The frame with this sequence number, if it is still there.
    pub fn frame(&self, sequence: u64) -> Option<Stored<'_>> {
        let after = self
            .groups
            .partition_point(|group| group.start.sequence <= sequence);
        let group = self.groups.get(after.checked_sub(1)?)?;
        let place = usize::try_from(sequence - group.start.sequence).ok()?;
        let entry = group.index.get(place)?;
        let to = group
            .index
            .get(place + 1)
            .map_or(group.bytes.len(), |next| next.from as usize);
        Some(Stored {
            bytes: group.bytes.get(entry.from as usize..to)?,
            sample: entry.sample,
            boot_ns: entry.boot_ns,
        })
    }

    /// Where the oldest group begins.
    pub fn oldest(&self) -> Option<Start> {
        self.groups.front().map(|group| group.start)
    }

    /// Where the newest group begins.
    pub fn newest(&self) -> Option<Start> {
        self.groups.back().map(|group| group.start)
    }

    /// Where the group begins that holds `boot_ns`; the oldest if that is older.
    pub fn since(&self, boot_ns: i64) -> Option<Start> {
        let after = self
            .groups
            .partition_point(|group| group.start.boot_ns <= boot_ns);
        let group = self.groups.get(after.saturating_sub(1))?;
        Some(group.start)
    }

    /// Sequence number the next frame will have.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Memory held.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// Most memory it may hold.
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Keeps frames from this one on although they are old: a reader still needs
    /// them. The limit of memory holds all the same.
    pub fn hold(&mut self, sequence: u64) {
        self.held = sequence;
    }

    /// Changes how much memory it may hold; the oldest groups go if it is less.
    pub fn set_limit(&mut self, limit_bytes: usize) {
        self.limit_bytes = limit_bytes.clamp(SIZE_MIN_BYTES, SIZE_MAX_BYTES);
        self.drop_large();
    }

    fn drop_old(&mut self, now_ns: i64) {
        // The first group goes when the second alone reaches back far enough.
        while self.groups.get(1).is_some_and(|second| {
            second.start.boot_ns < now_ns - KEPT_NS && second.start.sequence <= self.held
        }) {
            self.drop_first();
        }
        self.drop_large();
    }

    fn drop_large(&mut self) {
        while self.size_bytes > self.limit_bytes && self.groups.len() > 1 {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(group) = self.groups.pop_front() {
            self.size_bytes -= group.size_bytes();
        }
    }
}

impl Group {
    /// What is allocated, not only what is used.
    fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.bytes.capacity() + self.index.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: i64 = 1_000_000_000;

    fn filled(limit_bytes: usize, seconds: i64, frame_bytes: usize) -> Ring {
        let mut ring = Ring::new(limit_bytes);
        for second in 0..seconds {
            if second % 10 == 0 {
                ring.begin(second * SECOND_NS);
                ring.push(Kind::Event, second * SECOND_NS, b"event");
            }
            ring.push(Kind::Sample, second * SECOND_NS, &vec![7; frame_bytes]);
        }
        ring
    }

    #[test]
    fn ten_minutes_are_kept_and_no_more() {
        let ring = filled(SIZE_MAX_BYTES, 2_000, 100);
        let oldest = ring.oldest().map(|it| it.boot_ns / SECOND_NS);
        assert_eq!(oldest, Some(1_390));
        assert_eq!(ring.next_sequence(), 2_201);
        let start = ring.since(1_505 * SECOND_NS);
        assert_eq!(
            start,
            Some(Start {
                sequence: 150 * 11 + 1,
                boot_ns: 1_500 * SECOND_NS,
                samples_before: 1_500,
                group: 150,
            })
        );
        assert_eq!(ring.since(0), ring.oldest());
    }

    #[test]
    fn frames_are_found_by_their_number() {
        let ring = filled(SIZE_MAX_BYTES, 25, 3);
        for sequence in 1..ring.next_sequence() {
            let stored = ring.frame(sequence);
            let event = (sequence - 1) % 11 == 0;
            let expected: &[u8] = if event { b"event" } else { &[7; 3] };
            assert_eq!(stored.map(|it| it.bytes), Some(expected), "{sequence}");
            assert_eq!(stored.map(|it| it.sample), Some(!event));
        }
        assert_eq!(ring.frame(0), None);
        assert_eq!(ring.frame(ring.next_sequence()), None);
    }

    #[test]
    fn what_a_reader_needs_stays_longer() {
        let mut ring = filled(SIZE_MAX_BYTES, 600, 100);
        ring.hold(15);
        for second in 600..2_000 {
            ring.begin(second * SECOND_NS);
            ring.push(Kind::Sample, second * SECOND_NS, b"sample");
        }
        assert_eq!(ring.oldest().map(|it| it.sequence), Some(12));
        ring.hold(ring.next_sequence());
        ring.begin(2_000 * SECOND_NS);
        assert_eq!(ring.oldest().map(|it| it.boot_ns), Some(1_399 * SECOND_NS));
    }

    #[test]
    fn memory_is_bounded_and_whole_groups_go() {
        let mut ring = filled(SIZE_MIN_BYTES, 600, 10_000);
        assert!(ring.size_bytes() <= SIZE_MIN_BYTES);
        let first = ring.oldest().map_or(0, |it| it.sequence);
        assert_eq!((first - 1) % 11, 0);
        assert_eq!(ring.frame(first - 1), None);
        assert!(ring.frame(first).is_some());
        assert!(ring.wants_end());
        ring.set_limit(0);
        assert_eq!(ring.limit_bytes(), SIZE_MIN_BYTES);
    }
}
