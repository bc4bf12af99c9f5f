//! Every bound of the store, with its arithmetic.
//!
//! A session may come from anybody, so nothing is allocated by a number that a
//! file merely claims.

/// Members of a session, as many as a plain ZIP lists: six tables a segment are 10,922
/// segments, 75 days of ten minutes each, or eleven thousand million values; eight where
/// applications are recorded too.
pub(crate) const MEMBERS_MAX: usize = 65_536;

/// Series of a session, those of all hosts and of all that came and went: control
/// groups with fifteen series each that come every ten seconds for two days.
pub(crate) const SERIES_MAX: usize = 262_144;

/// A manifest: 65,536 members at 250 bytes and 262,144 series at 350.
pub(crate) const MANIFEST_MAX_BYTES: u64 = 112 << 20;

/// Nesting within a manifest or document; ours need eight.
pub(crate) const NESTING_MAX: usize = 32;

/// One member, read whole: a segment holds [`CELLS_MAX`] cells of eight bytes, and names.
pub(crate) const MEMBER_MAX_BYTES: u64 = 256 << 20;

/// Cells of one segment: 8 MiB of numbers. Work on a session holds one segment a few
/// times over, whatever the size of the whole.
pub(crate) const CELLS_MAX: usize = 1 << 20;

/// Rows that a member may claim: a process table of [`CELLS_MAX`] numbers has fewer.
pub(crate) const ROWS_MAX: u64 = 64 << 20;

/// Journal after which the next key sample starts a new segment whatever its age.
pub(crate) const JOURNAL_CUT_BYTES: u64 = 48 << 20;

/// Journal after which a new segment starts even without a key sample.
pub(crate) const JOURNAL_FORCED_BYTES: u64 = 96 << 20;

/// Journal read back, parts together.
pub(crate) const JOURNAL_MAX_BYTES: u64 = 256 << 20;

/// Frames that wait in memory while the disk refuses: 50 minutes at 20 kB a second,
/// or 60 s of fifty hosts.
pub(crate) const WAITING_MAX_BYTES: u64 = 64 << 20;

/// Hosts of a session.
pub(crate) const HOSTS_MAX: usize = 4_096;

/// Annotations and other documents.
pub(crate) const DOCUMENT_MAX_BYTES: u64 = 8 << 20;

/// Samples of one answer: 16 bytes each, 4 GiB, four times the largest session
/// the plot engine is measured with.
pub(crate) const ANSWER_MAX_SAMPLES: usize = 1 << 28;

/// Rows of histograms in one answer, about 300 bytes each: an hour of 500 operations.
pub(crate) const ROWS_ANSWER_MAX: usize = 4 << 20;

/// Messages kept about a session; more of the same help nobody.
pub(crate) const WARNINGS_MAX: usize = 1_000;

/// Buckets of one series: a thousand million samples, 335 MB.
pub(crate) const BUCKETS_MAX: u64 = 1 << 24;
