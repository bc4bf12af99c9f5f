//! A column as it is drawn: times, values and the extremes at every zoom.
//!
//! A track is whole (all rows in memory), live (whole and growing), or sparse:
//! only the time of each base bucket and the pyramid are held, and the rows of
//! the window being looked at are loaded by a job when zoomed in far enough.
//!
//! * In: columns as drawn (counters already turned into rates).
//! * Out: rows, values and spacing for [`crate::envelope`] and for legends.
//! * Never: reads a file or a clock, interpolates, or fills a gap.
//!
//! Start at [`Track::whole`], [`Track::live`] or [`Track::sparse`].

use std::ops::Range;
use std::sync::Arc;

use model::columns::Column;
use model::pyramid::{BASE, Pyramid};
use model::series::Series;
use model::time::{Moment, Span};

/// Neighbours further apart than this many typical steps have a gap between them.
const GAP_STEPS: f64 = 2.5;

/// At most this many differences are looked at for the typical step.
const STEP_PROBES: usize = 4096;

/// A live track estimates its step anew after so many samples.
const STEP_EVERY: usize = 256;

/// Up to so many rows a pixel column, a sparse track wants the rows themselves.
///
/// Two base buckets: with fewer, one bucket would be smeared over several pixels.
/// At 1,920 columns and with the margin a detail is 1,920 × 128 × 2 × 16 bytes, 7.9 MB.
pub const DETAIL_ROWS: usize = 2 * BASE;

/// A drawable column.
#[derive(Debug)]
pub struct Track {
    series: Series,
    rows: Rows,
    pyramid: Pyramid,
    step_ns: i64,
    version: u64,
}

/// Rows of one window of a sparse track.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Number of the first row within the whole series.
    pub first: usize,
    /// Times of the rows, strictly ascending.
    pub at: Arc<[i64]>,
    /// Values of the rows.
    pub values: Arc<[f64]>,
}

/// A series too large for memory: everything about it except its rows.
#[derive(Clone, Debug)]
pub struct Sparse {
    /// What it is, as drawn.
    pub series: Series,
    /// Time of the first sample of each base bucket.
    pub bucket_at: Arc<[i64]>,
    /// Extremes of the values as drawn; knows the number of samples.
    pub pyramid: Pyramid,
    /// Time of the last sample.
    pub last_at: i64,
}

/// The sample cannot be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError {
    /// It is not later than the last one.
    Late {
        /// Time of the sample.
        at: i64,
        /// Time of the last one.
        last: i64,
    },
    /// The rows of this track are not in memory.
    Sparse,
}

/// Tells whether a track is still as it was when something was derived from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    version: u64,
    samples: usize,
    first_at: i64,
    last_at: i64,
}

/// Rows in memory, as slices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    /// Number of the first row within the whole series.
    pub(crate) first: usize,
    pub(crate) at: &'a [i64],
    pub(crate) values: &'a [f64],
}

#[derive(Debug)]
enum Rows {
    Shared {
        at: Arc<[i64]>,
        values: Arc<[f64]>,
    },
    Grown {
        at: Vec<i64>,
        values: Vec<f64>,
    },
    Absent {
        bucket_at: Arc<[i64]>,
        last_at: i64,
        detail: Option<Detail>,
    },
}

impl std::fmt::Display for PushError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Late { at, last } => {
                write!(
                    f,
                    "sample at {} is not later than {}",
                    Moment(*at),
                    Moment(*last)
                )
            }
            Self::Sparse => write!(f, "track whose rows are on disk cannot grow"),
        }
    }
}

impl std::error::Error for PushError {}

impl Track {
    /// Holds a whole column; builds its pyramid in one pass (about 1 ns a sample).
    ///
    /// Counters become rates. Should times and values differ in number, the
    /// surplus is left out.
    pub fn whole(column: &Column) -> Self {
        let drawn = column.plottable();
        let len = drawn.at.len().min(drawn.values.len());
        let rows = if drawn.at.len() == drawn.values.len() {
            Rows::Shared {
                at: drawn.at,
                values: drawn.values,
            }
        } else {
            Rows::Shared {
                at: drawn.at[..len].into(),
                values: drawn.values[..len].into(),
            }
        };
        let mut track = Self {
            series: drawn.series,
            rows,
            pyramid: Pyramid::default(),
            step_ns: 0,
            version: 0,
        };
        if let Some(window) = track.in_memory() {
            track.pyramid = Pyramid::build(window.values);
        }
        track.step_ns = track.typical_step();
        track
    }

    /// Starts empty and grows by [`Track::push`]; the values are taken as drawn.
    pub fn live(series: Series) -> Self {
        Self {
            series,
            rows: Rows::Grown {
                at: Vec::new(),
                values: Vec::new(),
            },
            pyramid: Pyramid::default(),
            step_ns: 0,
            version: 0,
        }
    }

    /// Holds only what is needed to draw a series from afar.
    pub fn sparse(parts: Sparse) -> Self {
        let mut track = Self {
            series: parts.series,
            rows: Rows::Absent {
                bucket_at: parts.bucket_at,
                last_at: parts.last_at,
                detail: None,
            },
            pyramid: parts.pyramid,
            step_ns: 0,
            version: 0,
        };
        track.step_ns = track.typical_step();
        track
    }

    /// Appends a sample in amortised constant time.
    ///
    /// # Errors
    ///
    /// [`PushError::Late`] if `at` is not after the last sample,
    /// [`PushError::Sparse`] on a sparse track. Nothing changes then.
    pub fn push(&mut self, at: i64, value: f64) -> Result<(), PushError> {
        if let Rows::Shared {
            at: times,
            values: old,
        } = &self.rows
        {
            // Copied once, when a recording that was opened goes on growing.
            self.rows = Rows::Grown {
                at: times.to_vec(),
                values: old.to_vec(),
            };
        }
        let Rows::Grown {
            at: times,
            values: all,
        } = &mut self.rows
        else {
            return Err(PushError::Sparse);
        };
        if let Some(last) = times.last().copied().filter(|last| *last >= at) {
            return Err(PushError::Late { at, last });
        }
        times.push(at);
        all.push(value);
        let len = times.len();
        self.pyramid.push(value);
        self.version += 1;
        if len < STEP_EVERY || len.is_multiple_of(STEP_EVERY) {
            self.step_ns = self.typical_step();
        }
        Ok(())
    }

    /// Forgets the oldest samples of a live track once it holds twice `keep`.
    ///
    /// Waiting for twice as many keeps the cost of a sample constant on average.
    pub fn trim_front(&mut self, keep: usize) {
        let Rows::Grown { at, values } = &mut self.rows else {
            return;
        };
        if at.len() < keep.saturating_mul(2).max(1) {
            return;
        }
        let surplus = at.len() - keep;
        at.drain(..surplus);
        values.drain(..surplus);
        self.pyramid = Pyramid::build(values);
        self.version += 1;
    }

    /// Forgets the samples of a live track from `from` on, because they are told anew.
    pub fn cut_back(&mut self, from: i64) {
        let Rows::Grown { at, values } = &mut self.rows else {
            return;
        };
        let keep = at.partition_point(|at| *at < from);
        if keep == at.len() {
            return;
        }
        at.truncate(keep);
        values.truncate(keep);
        self.pyramid = Pyramid::build(values);
        self.version += 1;
    }

    /// Puts the rows of a window at hand; a whole track has no use for them.
    pub fn set_detail(&mut self, loaded: Detail) {
        if let Rows::Absent { detail, .. } = &mut self.rows {
            *detail = Some(loaded).filter(|it| it.at.len() == it.values.len());
            self.version += 1;
        }
    }

    /// The rows a job should load to draw `span` on so many columns; `None` if none.
    ///
    /// Half a window more on either side is asked for, so that panning does not
    /// load at every step.
    pub fn needs_detail(&self, span: Span, columns: usize) -> Option<Range<usize>> {
        let Rows::Absent { .. } = &self.rows else {
            return None;
        };
        if self.window(span).is_some() {
            return None;
        }
        let rows = self.rows(span);
        if rows.is_empty() || rows.len() > columns.saturating_mul(DETAIL_ROWS) {
            return None;
        }
        let margin = (rows.len() / 2).next_multiple_of(BASE);
        let end = rows.end.saturating_add(margin).min(self.samples());
        Some(rows.start.saturating_sub(margin)..end)
    }

    /// What it is, as drawn.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// Extremes at every zoom.
    pub fn pyramid(&self) -> &Pyramid {
        &self.pyramid
    }

    /// Number of samples, gaps included.
    pub fn samples(&self) -> usize {
        self.pyramid.len()
    }

    /// Changes whenever what would be drawn may have changed.
    pub fn stamp(&self) -> Stamp {
        Stamp {
            version: self.version,
            samples: self.samples(),
            first_at: self.first_at().unwrap_or_default(),
            last_at: self.last_at().unwrap_or_default(),
        }
    }

    /// From the first sample to just after the last.
    pub fn span(&self) -> Span {
        match (self.first_at(), self.last_at()) {
            (Some(first), Some(last)) => Span {
                from: Moment(first),
                to: Moment(last.saturating_add(1)),
            },
            _ => Span::default(),
        }
    }

    /// Typical distance of neighbours: the median difference; 0 below two samples.
    pub fn step_ns(&self) -> i64 {
        self.step_ns
    }

    /// Neighbours further apart than this are not joined.
    pub fn gap_ns(&self) -> i64 {
        if self.step_ns == 0 {
            return i64::MAX;
        }
        (self.step_ns as f64 * GAP_STEPS) as i64
    }

    /// The rows inside `span`; of a sparse track widened to whole buckets.
    pub fn rows(&self, span: Span) -> Range<usize> {
        if let Some(window) = self.window(span) {
            let from = window.at.partition_point(|at| *at < span.from.0);
            let to = window.at.partition_point(|at| *at < span.to.0);
            return window.first + from..window.first + to.max(from);
        }
        let Rows::Absent {
            bucket_at, last_at, ..
        } = &self.rows
        else {
            return 0..0;
        };
        if span.is_empty() || span.from.0 > *last_at {
            return 0..0;
        }
        let from = bucket_at.partition_point(|at| *at <= span.from.0);
        let to = bucket_at.partition_point(|at| *at < span.to.0);
        let start = (from.saturating_sub(1) * BASE).min(self.samples());
        start..(to * BASE).min(self.samples()).max(start)
    }

    /// Times and values of the rows inside `span`, gaps as `NaN`; `None` where they
    /// are not in memory.
    pub fn within(&self, span: Span) -> Option<(&[i64], &[f64])> {
        let window = self.window(span)?;
        let from = window.at.partition_point(|at| *at < span.from.0);
        let to = window.at.partition_point(|at| *at < span.to.0).max(from);
        Some((&window.at[from..to], &window.values[from..to]))
    }

    /// Whether all rows are in memory.
    pub fn has_rows(&self) -> bool {
        self.in_memory().is_some()
    }

    /// The last sample at or before `moment`; `None` in a gap and where rows are not loaded.
    pub fn value_at(&self, moment: Moment) -> Option<(Moment, f64)> {
        let to = Moment(moment.0.saturating_add(1));
        let window = self.window(Span { from: moment, to })?;
        let row = window
            .at
            .partition_point(|at| *at <= moment.0)
            .checked_sub(1)?;
        let (at, value) = (window.at[row], window.values[row]);
        let current = moment.0.saturating_sub(at) <= self.gap_ns();
        (current && !value.is_nan()).then_some((Moment(at), value))
    }

    /// The last sample that is a number; `None` where its rows are not loaded.
    pub fn latest(&self) -> Option<(Moment, f64)> {
        let last = self.last_at()?;
        self.value_at(Moment(last))
    }

    /// Bytes held, for budgets.
    pub fn size_bytes(&self) -> usize {
        let rows = match &self.rows {
            Rows::Shared { at, .. } => at.len() * 16,
            Rows::Grown { at, values } => (at.capacity() + values.capacity()) * 8,
            Rows::Absent {
                bucket_at, detail, ..
            } => bucket_at.len() * 8 + detail.as_ref().map_or(0, |it| it.at.len() * 16),
        };
        rows + self.pyramid.size_bytes()
    }

    /// The rows at hand if they hold all of `span`.
    pub(crate) fn window(&self, span: Span) -> Option<Window<'_>> {
        if let Some(window) = self.in_memory() {
            return Some(window);
        }
        let Rows::Absent {
            detail: Some(detail),
            ..
        } = &self.rows
        else {
            return None;
        };
        let (first, last) = (*detail.at.first()?, *detail.at.last()?);
        let starts = detail.first == 0 || first <= span.from.0;
        let ends = detail.first + detail.at.len() >= self.samples() || span.to.0 <= last;
        (starts && ends).then_some(Window {
            first: detail.first,
            at: &detail.at,
            values: &detail.values,
        })
    }

    /// Time of the first sample of a base bucket that exists.
    pub(crate) fn bucket_at(&self, bucket: usize) -> i64 {
        match &self.rows {
            Rows::Shared { at, .. } => at[bucket * BASE],
            Rows::Grown { at, .. } => at[bucket * BASE],
            Rows::Absent { bucket_at, .. } => bucket_at[bucket],
        }
    }

    /// Number of base buckets whose time is known.
    pub(crate) fn buckets(&self) -> usize {
        let known = self.samples().div_ceil(BASE);
        match &self.rows {
            Rows::Absent { bucket_at, .. } => known.min(bucket_at.len()),
            Rows::Shared { .. } | Rows::Grown { .. } => known,
        }
    }

    fn in_memory(&self) -> Option<Window<'_>> {
        let (at, values): (&[i64], &[f64]) = match &self.rows {
            Rows::Shared { at, values } => (at, values),
            Rows::Grown { at, values } => (at, values),
            Rows::Absent { .. } => return None,
        };
        let first = 0;
        Some(Window { first, at, values })
    }

    fn first_at(&self) -> Option<i64> {
        (self.buckets() > 0).then(|| self.bucket_at(0))
    }

    fn last_at(&self) -> Option<i64> {
        match &self.rows {
            Rows::Shared { at, .. } => at.last().copied(),
            Rows::Grown { at, .. } => at.last().copied(),
            Rows::Absent { last_at, .. } => (self.samples() > 0).then_some(*last_at),
        }
    }

    /// The median of evenly chosen differences.
    fn typical_step(&self) -> i64 {
        let mut differences: Vec<i64> = match self.in_memory() {
            Some(window) => {
                let stride = window.at.len().div_ceil(STEP_PROBES).max(1);
                let pairs = window.at.windows(2).step_by(stride);
                pairs.map(|pair| pair[1].saturating_sub(pair[0])).collect()
            }
            None => {
                let stride = self.buckets().div_ceil(STEP_PROBES).max(1);
                let seconds = (1..self.buckets()).step_by(stride);
                let whole = seconds.map(|it| self.bucket_at(it) - self.bucket_at(it - 1));
                whole.map(|length| length / BASE as i64).collect()
            }
        };
        if differences.is_empty() {
            let length = self.span().length_ns().saturating_sub(1).max(0);
            let steps = self.samples().saturating_sub(1).max(1);
            return length / steps as i64;
        }
        let middle = differences.len() / 2;
        *differences.select_nth_unstable(middle).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::catalog::{Kind, Polarity};
    use model::series::SeriesKey;
    use model::unit::Unit;

    fn series() -> Series {
        Series {
            key: SeriesKey::new("", "load", []),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        }
    }

    fn column(samples: &[(i64, f64)]) -> Column {
        Column {
            series: series(),
            at: samples.iter().map(|it| it.0).collect(),
            values: samples.iter().map(|it| it.1).collect(),
        }
    }

    fn regular(n: usize) -> Column {
        let samples: Vec<_> = (0..n).map(|i| (i as i64 * 10, i as f64)).collect();
        column(&samples)
    }

    fn span(from: i64, to: i64) -> Span {
        Span {
            from: Moment(from),
            to: Moment(to),
        }
    }

    #[test]
    fn samples_that_are_told_anew_replace_the_old() {
        let mut track = Track::live(series());
        for at in 0..300 {
            assert!(track.push(at, 1.0).is_ok());
        }
        track.cut_back(290);
        assert_eq!(
            (track.samples(), track.latest()),
            (290, Some((Moment(289), 1.0)))
        );
        assert!(track.push(290, 7.0).is_ok());
        assert_eq!(track.pyramid().extent(0..291).max, 7.0);
    }

    #[test]
    fn a_value_holds_until_the_next_but_not_over_a_gap() {
        let nan = f64::NAN;
        let track = Track::whole(&column(&[
            (0, 1.0),
            (10, 2.0),
            (20, nan),
            (30, 4.0),
            (99, 5.0),
        ]));
        assert_eq!(track.step_ns(), 10);
        for (at, expected) in [
            (-1, None),
            (0, Some((0, 1.0))),
            (9, Some((0, 1.0))),
            (10, Some((10, 2.0))),
            (25, None),
            (55, Some((30, 4.0))),
            (56, None),
            (100, Some((99, 5.0))),
        ] {
            let expected = expected.map(|(at, value)| (Moment(at), value));
            assert_eq!(track.value_at(Moment(at)), expected, "{at}");
        }
        assert_eq!(track.rows(span(10, 30)), 1..3);
        let whole = track.within(track.span()).map(|(at, _)| at);
        assert_eq!(whole, Some(&[0, 10, 20, 30, 99][..]));
        let part = track.within(span(10, 30)).map(|(_, values)| values[0]);
        assert_eq!(part, Some(2.0));
        assert_eq!(track.span(), span(0, 100));
    }

    #[test]
    fn a_counter_is_held_as_its_rate() {
        let mut counter = column(&[(0, 10.0), (1_000_000_000, 30.0)]);
        counter.series.kind = Kind::Counter;
        let track = Track::whole(&counter);
        assert_eq!(track.latest(), Some((Moment(1_000_000_000), 20.0)));
        assert_eq!(track.series().unit.code(), "1/s");
    }

    #[test]
    fn pushing_is_the_same_as_having_had_it_all() {
        let whole = Track::whole(&regular(5000));
        let mut live = Track::live(series());
        for i in 0..5000 {
            assert_eq!(live.push(i * 10, i as f64), Ok(()));
        }
        assert_eq!(live.pyramid(), whole.pyramid());
        assert_eq!(
            (live.step_ns(), live.span()),
            (whole.step_ns(), whole.span())
        );
        let before = live.stamp();
        let late = live.push(49_990, 1.0);
        assert_eq!(
            late,
            Err(PushError::Late {
                at: 49_990,
                last: 49_990
            })
        );
        assert_eq!(live.stamp(), before);
    }

    #[test]
    fn a_live_track_is_bounded() {
        let mut live = Track::live(series());
        for i in 0..10_000 {
            assert_eq!(live.push(i, i as f64), Ok(()));
            live.trim_front(1000);
            assert!(live.samples() <= 2000);
        }
        assert_eq!(live.latest(), Some((Moment(9999), 9999.0)));
        assert_eq!(live.pyramid().len(), live.samples());
    }

    #[test]
    fn a_sparse_track_asks_for_rows_only_when_zoomed_in() {
        let whole = regular(100_000);
        let mut track = Track::sparse(Sparse {
            series: series(),
            bucket_at: whole.at.iter().step_by(BASE).copied().collect(),
            pyramid: Pyramid::build(&whole.values),
            last_at: 999_990,
        });
        assert_eq!(track.step_ns(), 10);
        assert_eq!(track.span(), span(0, 999_991));
        assert_eq!(track.needs_detail(track.span(), 100), None);
        let near = span(500_000, 510_000);
        let wanted = track.needs_detail(near, 100).unwrap_or_default();
        assert!(wanted.start < 50_000 && wanted.end > 51_000, "{wanted:?}");
        assert!(wanted.len() < 4000, "{wanted:?}");
        assert_eq!(track.value_at(Moment(500_000)), None);
        assert_eq!(track.within(near), None);
        assert_eq!(track.push(1_000_000, 0.0), Err(PushError::Sparse));
        track.set_detail(Detail {
            first: wanted.start,
            at: whole.at[wanted.clone()].into(),
            values: whole.values[wanted].into(),
        });
        assert_eq!(track.needs_detail(near, 100), None);
        assert_eq!(track.rows(near), 50_000..51_000);
        assert_eq!(
            track.value_at(Moment(500_009)),
            Some((Moment(500_000), 50_000.0))
        );
    }

    #[test]
    fn nothing_and_one_sample_are_no_special_case() {
        let none = Track::whole(&column(&[]));
        assert_eq!((none.samples(), none.span()), (0, Span::default()));
        assert_eq!(none.latest(), None);
        let one = Track::whole(&column(&[(7, 3.0)]));
        assert_eq!(one.latest(), Some((Moment(7), 3.0)));
        assert_eq!(one.step_ns(), 0);
    }
}
