//! What of a track is visible: extremes per pixel column, or the samples themselves.
//!
//! Columns lie on a fixed grid of whole multiples of their width, so that panning
//! moves the picture without changing it, and a spike of one sample keeps its full
//! height at every zoom. Rows are read where they are at hand and few; beyond
//! that every base bucket counts for the column in which it starts, which is off
//! by less than a quarter of a column.
//!
//! * In: a [`Track`], a span and a number of pixel columns.
//! * Out: an [`Envelope`] whose size depends on the columns alone.
//! * Never: resamples, interpolates or joins over a gap.
//!
//! Start at [`envelope`]; stacked areas use [`means`].

use std::ops::Range;

use model::pyramid::{BASE, Extent};
use model::time::{Moment, Span};

use crate::track::{Track, Window};

/// From so many columns a sample on, the samples themselves are drawn; a line
/// through more of them costs more than its pixels and looks no different.
const RAW_COLUMNS: usize = 2;

/// Up to so many samples a column, its ends are exact instead of whole buckets.
const EXACT_ROWS: usize = 4 * BASE;

/// At most so many samples are read for one mean of a stacked area.
const MEAN_PROBES: usize = 64;

/// A regular division of the axis into columns of whole nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Where the first column starts; a multiple of the width.
    pub from: i64,
    /// Width of one column, at least 1 ns.
    pub width_ns: i64,
    /// Number of columns; the last reaches to or past the end of the span.
    pub columns: usize,
}

/// What happened within one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Smallest number; `+∞` where there is none.
    pub min: f64,
    /// Largest number; `−∞` where there is none.
    pub max: f64,
    /// How many numbers; 0 means there is nothing to draw.
    pub count: u64,
    /// How it relates to the column with numbers before it.
    pub joint: Joint,
}

/// Whether something is joined with what was before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// The line continues.
    Joined,
    /// A gap lies between, or nothing was before.
    Apart,
}

/// The visible part of a track.
#[derive(Clone, Debug, PartialEq)]
pub enum Envelope {
    /// Extremes per column of the grid.
    Columns {
        /// Where the columns lie.
        grid: Grid,
        /// One entry per column.
        columns: Vec<Column>,
    },
    /// The samples within the span and one more on either side
    /// where the line goes on.
    Points(Vec<Point>),
}

/// One sample that is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Its time.
    pub at: Moment,
    /// Its value.
    pub value: f64,
    /// Whether the line comes from the point before it.
    pub joint: Joint,
}

impl Grid {
    /// Divides `span` into about so many columns.
    pub fn over(span: Span, columns: usize) -> Self {
        let columns = i64::try_from(columns.max(1)).unwrap_or(i64::MAX);
        let length = span.length_ns().max(1);
        let width_ns = length / columns + i64::from(length % columns != 0);
        // Held inside the axis, so that no start of a column overflows.
        let from = span.from.0.max(i64::MIN / 2).div_euclid(width_ns) * width_ns;
        let to = span.to.0.min(i64::MAX / 2);
        let count = (to.saturating_sub(from).max(0) as u64).div_ceil(width_ns as u64);
        Self {
            from,
            width_ns,
            columns: count as usize,
        }
    }

    /// Start of a column, and end of the one before it.
    pub fn start(&self, column: usize) -> i64 {
        self.from
            .saturating_add(self.width_ns.saturating_mul(column as i64))
    }
}

impl Column {
    const EMPTY: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        count: 0,
        joint: Joint::Apart,
    };

    fn new(extent: Extent, joint: Joint) -> Self {
        Self {
            min: extent.min,
            max: extent.max,
            count: extent.count,
            joint,
        }
    }
}

impl Envelope {
    /// The extremes of all that is visible.
    pub fn extent(&self) -> Extent {
        let mut extent = Extent::EMPTY;
        match self {
            Self::Columns { columns, .. } => {
                for column in columns {
                    extent.min = extent.min.min(column.min);
                    extent.max = extent.max.max(column.max);
                    extent.count += column.count;
                }
            }
            Self::Points(points) => points.iter().for_each(|point| extent.add(point.value)),
        }
        extent
    }

    /// The smallest number above zero, for the foot of a logarithmic axis.
    pub fn smallest_positive(&self) -> Option<f64> {
        let least = |best: f64, value: f64| if value > 0.0 { best.min(value) } else { best };
        let found = match self {
            Self::Columns { columns, .. } => columns
                .iter()
                .filter(|column| column.count > 0)
                .fold(f64::INFINITY, |best, column| {
                    least(least(best, column.max), column.min)
                }),
            Self::Points(points) => points
                .iter()
                .fold(f64::INFINITY, |best, point| least(best, point.value)),
        };
        found.is_finite().then_some(found)
    }

    /// The column at `moment`, where columns are drawn and this one has numbers.
    pub fn column_at(&self, moment: Moment) -> Option<&Column> {
        let Self::Columns { grid, columns } = self else {
            return None;
        };
        let offset = moment
            .0
            .checked_sub(grid.from)
            .filter(|offset| *offset >= 0)?;
        let column = columns.get(usize::try_from(offset / grid.width_ns).ok()?)?;
        (column.count > 0).then_some(column)
    }
}

/// Finds what to draw of `track` within `span` on so many pixel columns.
///
/// Costs a few microseconds per hundred columns, however many samples there are.
pub fn envelope(track: &Track, span: Span, columns: usize) -> Envelope {
    let rows = track.rows(span).len();
    let window = track.window(span);
    if span.is_empty() || columns == 0 || track.samples() == 0 {
        return Envelope::Points(Vec::new());
    }
    if let Some(window) = window.filter(|_| rows.saturating_mul(RAW_COLUMNS) <= columns) {
        return Envelope::Points(points(track, &window, span));
    }
    let grid = Grid::over(span, columns);
    let columns = match window.filter(|_| rows <= columns.saturating_mul(EXACT_ROWS)) {
        Some(window) => exact(track, &window, grid),
        None => whole_buckets(track, grid),
    };
    Envelope::Columns { grid, columns }
}

/// The mean of each column for stacked areas; `None` where rows are not at hand.
///
/// A column without a sample holds the last one before its end, unless there is a
/// gap; a column with many is represented by evenly chosen ones.
pub fn means(track: &Track, span: Span, grid: Grid) -> Option<Vec<f64>> {
    let window = track.window(span)?;
    let mut means = Vec::with_capacity(grid.columns);
    let mut row = seek_rows(&window, 0, 1, grid.from);
    let stride = window_stride(track, grid);
    for column in 0..grid.columns {
        let end = seek_rows(&window, row, stride, grid.start(column + 1));
        let mut sum = 0.0;
        let mut count = 0_u32;
        let skip = (end - row).div_ceil(MEAN_PROBES).max(1);
        for value in window.values[row..end].iter().step_by(skip) {
            if !value.is_nan() {
                sum += value;
                count += 1;
            }
        }
        means.push(if count > 0 {
            sum / f64::from(count)
        } else if row == end {
            let last = Moment(grid.start(column + 1).saturating_sub(1));
            track.value_at(last).map_or(f64::NAN, |(_, value)| value)
        } else {
            f64::NAN
        });
        row = end;
    }
    Some(means)
}

fn points(track: &Track, window: &Window<'_>, span: Span) -> Vec<Point> {
    let from = window.at.partition_point(|at| *at < span.from.0);
    let to = window.at.partition_point(|at| *at < span.to.0);
    let joined = |row: usize| joint(track, window, row) == Joint::Joined;
    // A neighbour outside is wanted only for the line that comes from it.
    let start = from - usize::from(from > 0 && joined(from));
    let rows = start..to + usize::from(joined(to));
    let mut points = Vec::with_capacity(rows.len());
    for row in rows {
        if window.values[row].is_nan() {
            continue;
        }
        points.push(Point {
            at: Moment(window.at[row]),
            value: window.values[row],
            joint: if points.is_empty() {
                Joint::Apart
            } else {
                joint(track, window, row)
            },
        });
    }
    points
}

/// Whether the line comes to this row from the one before it.
fn joint(track: &Track, window: &Window<'_>, row: usize) -> Joint {
    let Some(before) = row.checked_sub(1).filter(|_| row < window.at.len()) else {
        return Joint::Apart;
    };
    let near = window.at[row].saturating_sub(window.at[before]) <= track.gap_ns();
    if near && !window.values[before].is_nan() && !window.values[row].is_nan() {
        Joint::Joined
    } else {
        Joint::Apart
    }
}

fn exact(track: &Track, window: &Window<'_>, grid: Grid) -> Vec<Column> {
    let stride = window_stride(track, grid);
    let mut columns = Vec::with_capacity(grid.columns);
    let mut row = seek_rows(window, 0, window.at.len() / 2, grid.from);
    for column in 0..grid.columns {
        let end = seek_rows(window, row, stride, grid.start(column + 1));
        columns.push(if end > row {
            Column::new(extent(track, window, row..end), joint(track, window, row))
        } else {
            Column::EMPTY
        });
        row = end;
    }
    columns
}

/// Extremes of exactly these rows of the window.
fn extent(track: &Track, window: &Window<'_>, rows: Range<usize>) -> Extent {
    let scan = |rows: Range<usize>| Extent::of(&window.values[rows]);
    // Full buckets inside, counted from the start of the whole series.
    let first = (window.first + rows.start).div_ceil(BASE);
    let last = (window.first + rows.end) / BASE;
    if first >= last {
        return scan(rows);
    }
    let mut extent = track.pyramid().buckets(first..last);
    extent.merge(&scan(rows.start..first * BASE - window.first));
    extent.merge(&scan(last * BASE - window.first..rows.end));
    extent
}

/// Extremes of whole base buckets, each in the column where it starts.
///
/// A column in which none starts shows the bucket that lies over it, which
/// happens when rows would be needed but are not loaded yet.
fn whole_buckets(track: &Track, grid: Grid) -> Vec<Column> {
    let count = track.buckets();
    let time = |bucket: usize| track.bucket_at(bucket);
    let bucket_ns = track.step_ns().saturating_mul(BASE as i64).max(1);
    let stride = usize::try_from(grid.width_ns / bucket_ns).unwrap_or(0);
    let longest = bucket_ns.saturating_add(track.gap_ns());
    // A bucket with a hole inside ends where it would have without.
    let end_of = |bucket: usize| match bucket + 1 < count {
        true if time(bucket + 1).saturating_sub(time(bucket)) <= longest => time(bucket + 1),
        true => time(bucket).saturating_add(bucket_ns),
        false => track.span().to.0,
    };
    let mut columns = Vec::with_capacity(grid.columns);
    let mut from = seek(count, time, (0, count / 2), grid.from);
    for column in 0..grid.columns {
        let start = grid.start(column);
        let to = seek(count, time, (from, stride), grid.start(column + 1));
        let before = from.checked_sub(1);
        columns.push(if to > from {
            let touches = before.is_some_and(|it| end_of(it) >= time(from));
            // No column to the left shows the bucket at the left edge.
            let edge = before.filter(|it| column == 0 && end_of(*it) > start);
            let extent = track.pyramid().buckets(edge.unwrap_or(from)..to);
            Column::new(extent, joint_if(touches))
        } else if let Some(over) = before.filter(|it| end_of(*it) > start) {
            Column::new(track.pyramid().buckets(over..over + 1), Joint::Joined)
        } else {
            Column::EMPTY
        });
        from = to;
    }
    part_after_gaps(&mut columns);
    columns
}

fn joint_if(touches: bool) -> Joint {
    match touches {
        true => Joint::Joined,
        false => Joint::Apart,
    }
}

/// After a column without numbers nothing is joined: the bucket before was a gap.
fn part_after_gaps(columns: &mut [Column]) {
    let mut before = 0;
    for column in columns {
        if before == 0 {
            column.joint = Joint::Apart;
        }
        before = column.count;
    }
}

fn window_stride(track: &Track, grid: Grid) -> usize {
    usize::try_from(grid.width_ns / track.step_ns().max(1)).unwrap_or(0)
}

fn seek_rows(window: &Window<'_>, from: usize, stride: usize, moment: i64) -> usize {
    let time = |row: usize| window.at[row];
    seek(window.at.len(), time, (from, stride), moment)
}

/// The first index from `from` on whose time is not before `moment`.
///
/// Looks first where a regular series would have it, then gallops outwards, so
/// that a regular series of any length costs two or three looks.
fn seek(
    len: usize,
    time: impl Fn(usize) -> i64,
    (from, stride): (usize, usize),
    moment: i64,
) -> usize {
    let guess = from.saturating_add(stride).min(len);
    let (mut low, mut high) = (from, len);
    let mut reach = 1;
    if guess < len && time(guess) < moment {
        low = guess + 1;
        while low + reach < len && time(low + reach) < moment {
            low += reach + 1;
            reach *= 2;
        }
        high = (low + reach).min(len);
    } else {
        high = high.min(guess);
        while high > low + reach && time(high - reach) >= moment {
            high -= reach;
            reach *= 2;
        }
        if high > low + reach {
            low = high - reach + 1;
        }
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if time(middle) < moment {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Detail, Sparse};
    use model::catalog::{Kind, Polarity};
    use model::columns;
    use model::pyramid::Pyramid;
    use model::series::{Series, SeriesKey};
    use model::unit::Unit;

    /// Noise without a random number generator: a linear congruence.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self, below: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) % below
        }
    }

    /// Uneven steps, holes in time and holes in values.
    fn uneven(seed: u64, n: usize) -> columns::Column {
        let mut noise = Noise(seed);
        let mut at = 1_000_000_i64;
        let (mut times, mut values) = (Vec::new(), Vec::new());
        for _ in 0..n {
            at += 900 + noise.next(200) as i64;
            if noise.next(500) == 0 {
                at += noise.next(5_000_000) as i64;
            }
            let hole = noise.next(40) == 0;
            times.push(at);
            values.push(if hole {
                f64::NAN
            } else {
                noise.next(1000) as f64
            });
        }
        column(times, values)
    }

    fn column(at: Vec<i64>, values: Vec<f64>) -> columns::Column {
        columns::Column {
            series: Series {
                key: SeriesKey::new("", "load", []),
                unit: Unit::new("1"),
                kind: Kind::Gauge,
                polarity: Polarity::Neutral,
            },
            at: at.into(),
            values: values.into(),
        }
    }

    fn sparse(column: &columns::Column) -> Track {
        Track::sparse(Sparse {
            series: column.series.clone(),
            bucket_at: column.at.iter().step_by(BASE).copied().collect(),
            pyramid: Pyramid::build(&column.values),
            last_at: column.at.last().copied().unwrap_or_default(),
        })
    }

    fn span(from: i64, to: i64) -> Span {
        Span {
            from: Moment(from),
            to: Moment(to),
        }
    }

    /// The same by looking at every sample.
    fn brute(track: &Track, data: &columns::Column, grid: Grid) -> Vec<Column> {
        (0..grid.columns)
            .map(|column| {
                let inside = |at: i64| grid.start(column) <= at && at < grid.start(column + 1);
                let rows: Vec<usize> = (0..data.at.len()).filter(|i| inside(data.at[*i])).collect();
                let extent: Extent = rows.iter().map(|row| data.values[*row]).collect();
                let joined = rows.first().is_some_and(|row| {
                    *row > 0
                        && data.at[*row] - data.at[*row - 1] <= track.gap_ns()
                        && !data.values[*row].is_nan()
                        && !data.values[*row - 1].is_nan()
                });
                Column::new(extent, joint_if(joined))
            })
            .collect()
    }

    #[test]
    fn columns_are_what_a_scan_finds() {
        for seed in 0..4 {
            let data = uneven(seed, 6000);
            let track = Track::whole(&data);
            let mut noise = Noise(seed + 99);
            let whole = track.span();
            let from = whole.from.0 + noise.next(whole.length_ns() as u64 / 3) as i64;
            let to = from + whole.length_ns() / (2 + noise.next(3) as i64);
            for width in [31, 64, 150, 1000, 2500] {
                let Envelope::Columns { grid, columns } = envelope(&track, span(from, to), width)
                else {
                    continue;
                };
                let expected = brute(&track, &data, grid);
                assert_eq!(columns, expected, "seed {seed}, width {width}");
                assert!(grid.from <= from && to <= grid.start(grid.columns));
                assert!(grid.columns <= width + 1);
            }
        }
    }

    #[test]
    fn points_are_the_samples_and_one_more_on_either_side() {
        for seed in 0..8 {
            let data = uneven(seed, 3000);
            let track = Track::whole(&data);
            let view = span(data.at[1000], data.at[1300] + 1);
            let near = |row: usize| data.at[row] - data.at[row - 1] <= track.gap_ns();
            let number = |row: usize| !data.values[row].is_nan();
            let linked = |row: usize| near(row) && number(row) && number(row - 1);
            let Envelope::Points(points) = envelope(&track, view, 700) else {
                panic!("301 samples on 700 columns are drawn as they are");
            };
            let first = 1000 - usize::from(linked(1000));
            let last = 1300 + usize::from(linked(1301));
            let expected: Vec<_> = (first..=last)
                .filter(|row| number(*row))
                .map(|row| (data.at[row], data.values[row]))
                .collect();
            let got: Vec<_> = points.iter().map(|it| (it.at.0, it.value)).collect();
            assert_eq!(got, expected);
            for pair in points.windows(2) {
                let near = pair[1].at.0 - pair[0].at.0 <= track.gap_ns();
                assert!(near || pair[1].joint == Joint::Apart);
            }
        }
    }

    #[test]
    fn buckets_keep_every_extreme_within_a_column() {
        for seed in 0..6 {
            let data = uneven(seed, 200_000);
            let track = Track::whole(&data);
            let Envelope::Columns { grid, columns } = envelope(&track, track.span(), 40) else {
                panic!("many samples are drawn as columns");
            };
            let got = envelope(&track, track.span(), 40).extent();
            let all: Extent = data.values.iter().copied().collect();
            assert_eq!((got.min, got.max, got.count), (all.min, all.max, all.count));
            for (i, expected) in brute(&track, &data, grid).iter().enumerate() {
                let column = &columns[i];
                // One bucket at either end may count for the neighbour.
                let slack = 2 * BASE as u64;
                assert!(column.count.abs_diff(expected.count) <= slack, "{i}");
            }
        }
    }

    #[test]
    fn one_spike_keeps_its_height_at_every_zoom_and_place() {
        let n = 300_000;
        for at in [0, 63, 64, 77_777, n - 1] {
            let mut values = vec![1.0; n];
            values[at] = 1e6;
            let data = column((0..n as i64).map(|i| i * 1000).collect(), values);
            for track in [Track::whole(&data), sparse(&data)] {
                let mut length = n as i64 * 1000;
                while length > 1000 {
                    let from = (at as i64 * 1000 - length / 3).max(0);
                    let view = span(from, from + length);
                    for width in [1, 333, 1280] {
                        let seen = envelope(&track, view, width).extent().max;
                        assert!(seen >= 1e6, "{at} {length} {width}");
                    }
                    length /= 3;
                }
            }
        }
    }

    #[test]
    fn a_gap_in_time_or_value_stays_empty() {
        let n = 100_000_i64;
        let times = (0..n).map(|i| i * 1000 + if i >= n / 2 { n * 500 } else { 0 });
        let mut values = vec![5.0; n as usize];
        values[70_000..80_000].fill(f64::NAN);
        let data = column(times.collect(), values);
        for track in [Track::whole(&data), sparse(&data)] {
            for width in [30, 300] {
                let Envelope::Columns { grid, columns } = envelope(&track, track.span(), width)
                else {
                    panic!("many samples are drawn as columns");
                };
                let empty = |from: i64, to: i64| {
                    let inside = |c: usize| from <= grid.start(c) && grid.start(c + 1) <= to;
                    (0..columns.len())
                        .filter(|c| inside(*c))
                        .all(|c| columns[c].count == 0)
                };
                let slack = 2 * BASE as i64 * 1000;
                assert!(empty(n * 500 + slack, n * 1000 - slack), "{width}");
                assert!(empty(
                    n * 500 + 70_000_000 + slack,
                    n * 500 + 80_000_000 - slack
                ));
                let drawn = columns.iter().filter(|column| column.count > 0);
                let parts = drawn.filter(|column| column.joint == Joint::Apart).count();
                assert_eq!(parts, 3, "{width}");
            }
        }
    }

    #[test]
    fn loaded_rows_draw_like_a_whole_track() {
        let data = uneven(5, 100_000);
        let whole = Track::whole(&data);
        let mut track = sparse(&data);
        for length in [300, 3000, 30_000] {
            let view = span(data.at[40_000], data.at[40_000 + length]);
            if let Some(rows) = track.needs_detail(view, 500) {
                track.set_detail(Detail {
                    first: rows.start,
                    at: data.at[rows.clone()].into(),
                    values: data.values[rows].into(),
                });
            }
            assert_eq!(
                envelope(&track, view, 500),
                envelope(&whole, view, 500),
                "{length}"
            );
        }
    }

    #[test]
    fn panning_moves_the_columns_without_changing_them() {
        let data = uneven(3, 50_000);
        let track = Track::whole(&data);
        let view = span(data.at[10_000], data.at[20_000]);
        let moved = span(view.from.0 + 123_456, view.to.0 + 123_456);
        let (
            Envelope::Columns { grid, columns },
            Envelope::Columns {
                grid: later,
                columns: after,
            },
        ) = (envelope(&track, view, 300), envelope(&track, moved, 300))
        else {
            panic!("many samples are drawn as columns");
        };
        assert_eq!(grid.width_ns, later.width_ns);
        let shift = ((later.from - grid.from) / grid.width_ns) as usize;
        let shared = columns.len() - shift;
        assert_eq!(columns[shift..], after[..shared]);
    }

    #[test]
    fn means_add_up_and_hold_between_samples() {
        let n = 10_000_i64;
        let times: Vec<i64> = (0..n).map(|i| i * 1000).collect();
        let busy: Vec<f64> = (0..n).map(|i| (i % 10) as f64 / 10.0).collect();
        let idle: Vec<f64> = busy.iter().map(|value| 1.0 - value).collect();
        let tracks = [busy, idle].map(|values| Track::whole(&column(times.clone(), values)));
        for view in [span(0, n * 1000), span(500_000, 504_321)] {
            let grid = Grid::over(view, 100);
            let [a, b] = [0, 1].map(|i| means(&tracks[i], view, grid).unwrap_or_default());
            assert_eq!(a.len(), grid.columns);
            for (a, b) in a.iter().zip(&b) {
                assert!((a + b - 1.0).abs() < 1e-9, "{a} {b}");
            }
        }
    }

    #[test]
    fn odd_spans_give_nothing_and_do_not_fail() {
        let track = Track::whole(&uneven(1, 1000));
        let none = Envelope::Points(Vec::new());
        assert_eq!(envelope(&track, span(5, 5), 100), none);
        assert_eq!(envelope(&track, track.span(), 0), none);
        let all = envelope(&track, span(i64::MIN, i64::MAX), 100).extent();
        assert!(all.count > 900);
        assert_eq!(
            envelope(&track, span(i64::MAX - 1, i64::MAX), 3)
                .extent()
                .count,
            0
        );
    }
}
