//! The rows of the table: one for each sample, or one for each stretch of many.
//!
//! Samples of all series are put into one order of time; a series that was not
//! read at a moment leaves its cell empty, nothing is interpolated. Where there
//! are too many, or where they are not in memory, a row stands for a stretch and
//! tells smallest and largest value in it.
//!
//! Start at [`Rows::refresh`].

use std::cmp::Ordering;

use analysis::envelope::{Envelope, Grid, envelope};
use analysis::track::{Stamp, Track};
use model::pyramid::Extent;
use model::time::{Moment, Span};

/// Samples that are listed one by one, over all series: sorted in well under a
/// millisecond, since a frame does it while the view moves.
const SAMPLES_MAX: usize = 10_000;

/// Stretches into which more are divided.
const STRETCHES: usize = 1_000;

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// Nothing was read then, or what was read is a gap.
    Nothing,
    /// One sample.
    Sample(f64),
    /// The extremes of a stretch.
    Range {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Each {
    /// One moment at which something was read.
    #[default]
    Sample,
    /// A stretch of so many nanoseconds.
    Stretch(i64),
}

/// In which order rows stand: by time, or by the values of one series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// Oldest first.
    #[default]
    Oldest,
    /// Newest first.
    Newest,
    /// Largest value of this series first.
    Largest(usize),
    /// Smallest value of this series first.
    Smallest(usize),
}

/// The rows of one range of some series.
#[derive(Debug, Default)]
pub(super) struct Rows {
    made_for: Option<(Span, Vec<Stamp>, Order)>,
    /// What a row stands for.
    pub(super) each: Each,
    at: Vec<Moment>,
    /// Row by row.
    cells: Vec<Cell>,
    series: usize,
    /// Places in `at`, as they are listed.
    order: Vec<usize>,
    /// The largest size of a value of each series, for prefixes.
    pub(super) largest: Vec<f64>,
}

impl Cell {
    /// What it is sorted by; `NaN` without a value.
    fn size(self) -> f64 {
        match self {
            Self::Nothing => f64::NAN,
            Self::Sample(value) => value,
            Self::Range { max, .. } => max,
        }
    }

    fn of(extent: Extent) -> Self {
        match extent.is_gap() {
            true => Self::Nothing,
            false => Self::Range {
                min: extent.min,
                max: extent.max,
            },
        }
    }
}

impl Order {
    /// What a click on the header of the times asks for.
    pub(super) fn by_time(self) -> Self {
        match self {
            Self::Oldest => Self::Newest,
            _ => Self::Oldest,
        }
    }

    /// What a click on the header of a series asks for.
    pub(super) fn by_series(self, series: usize) -> Self {
        match self {
            Self::Largest(now) if now == series => Self::Smallest(series),
            _ => Self::Largest(series),
        }
    }
}

impl Rows {
    /// Works the rows out anew if series, range or order changed.
    pub(super) fn refresh(&mut self, tracks: &[&Track], (span, order): (Span, Order)) {
        let stamps: Vec<Stamp> = tracks.iter().map(|track| track.stamp()).collect();
        let wanted = Some((span, stamps, order));
        if self.made_for == wanted {
            return;
        }
        self.made_for = wanted;
        self.series = tracks.len();
        let samples: usize = tracks.iter().map(|track| track.rows(span).len()).sum();
        let within: Option<Vec<_>> = tracks.iter().map(|track| track.within(span)).collect();
        match within.filter(|_| samples <= SAMPLES_MAX) {
            Some(within) => self.list(&within),
            None => self.divide(tracks, span),
        }
        self.measure();
        self.sort(order);
    }

    fn list(&mut self, within: &[(&[i64], &[f64])]) {
        self.each = Each::Sample;
        let mut at: Vec<i64> = within.iter().flat_map(|(at, _)| *at).copied().collect();
        at.sort_unstable();
        at.dedup();
        self.cells = vec![Cell::Nothing; at.len() * self.series];
        for (series, (times, values)) in within.iter().enumerate() {
            let mut row = 0;
            for (time, value) in times.iter().zip(*values).filter(|(_, it)| !it.is_nan()) {
                row += at[row..].partition_point(|it| it < time);
                self.cells[row * self.series + series] = Cell::Sample(*value);
            }
        }
        self.at = at.into_iter().map(Moment).collect();
    }

    fn divide(&mut self, tracks: &[&Track], span: Span) {
        let grid = Grid::over(span, STRETCHES);
        self.each = Each::Stretch(grid.width_ns);
        let stretches = 0..grid.columns;
        self.at = stretches.map(|it| Moment(grid.start(it))).collect();
        self.cells = vec![Cell::Nothing; grid.columns * self.series];
        for (series, track) in tracks.iter().enumerate() {
            let extents = extents(track, span, grid).into_iter();
            for (row, extent) in extents.enumerate() {
                self.cells[row * self.series + series] = Cell::of(extent);
            }
        }
    }

    fn measure(&mut self) {
        self.largest = vec![0.0; self.series];
        for (place, cell) in self.cells.iter().enumerate() {
            let size = match *cell {
                Cell::Nothing => 0.0,
                Cell::Sample(value) => value.abs(),
                Cell::Range { min, max } => min.abs().max(max.abs()),
            };
            let most = &mut self.largest[place % self.series];
            *most = most.max(size);
        }
    }

    fn sort(&mut self, order: Order) {
        let mut places: Vec<usize> = (0..self.at.len()).collect();
        let size = |row: usize, series: usize| self.cells[row * self.series + series].size();
        match order {
            Order::Oldest => {}
            Order::Newest => places.reverse(),
            Order::Largest(series) if series < self.series => {
                places.sort_by(|a, b| down(size(*a, series), size(*b, series)));
            }
            Order::Smallest(series) if series < self.series => {
                places.sort_by(|a, b| up(size(*a, series), size(*b, series)));
            }
            Order::Largest(_) | Order::Smallest(_) => {}
        }
        self.order = places;
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> usize {
        self.order.len()
    }

    /// Time and cells of the row at this place of the list.
    pub(super) fn row(&self, place: usize) -> Option<(Moment, &[Cell])> {
        let row = *self.order.get(place)?;
        let cells = self.cells.get(row * self.series..(row + 1) * self.series)?;
        Some((*self.at.get(row)?, cells))
    }

    /// Where the row at or before a moment is listed.
    pub(super) fn place_of(&self, moment: Moment) -> Option<usize> {
        let row = self.at.partition_point(|at| *at <= moment).checked_sub(1)?;
        self.order.iter().position(|it| *it == row)
    }
}

/// What is empty comes last in either direction.
fn up(a: f64, b: f64) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(&b))
}

fn down(a: f64, b: f64) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then(b.total_cmp(&a))
}

/// Extremes of a track in each stretch.
fn extents(track: &Track, span: Span, grid: Grid) -> Vec<Extent> {
    let mut extents = vec![Extent::EMPTY; grid.columns];
    match envelope(track, span, STRETCHES) {
        Envelope::Columns { columns, .. } => {
            for (extent, column) in extents.iter_mut().zip(columns) {
                extent.min = column.min;
                extent.max = column.max;
                extent.count = column.count;
            }
        }
        Envelope::Points(points) => {
            for point in points.iter().filter(|point| span.contains(point.at)) {
                let offset = point.at.0.saturating_sub(grid.from) / grid.width_ns;
                let place = usize::try_from(offset).unwrap_or(usize::MAX);
                if let Some(extent) = extents.get_mut(place) {
                    extent.add(point.value);
                }
            }
        }
    }
    extents
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::catalog::{Kind, Polarity};
    use model::columns::Column;
    use model::series::{Series, SeriesKey};
    use model::unit::Unit;

    fn track(samples: impl Iterator<Item = (i64, f64)>) -> Track {
        let (at, values): (Vec<i64>, Vec<f64>) = samples.unzip();
        Track::whole(&Column {
            series: Series {
                key: SeriesKey::new("", "x", []),
                unit: Unit::new("1"),
                kind: Kind::Gauge,
                polarity: Polarity::Neutral,
            },
            at: at.into(),
            values: values.into(),
        })
    }

    fn span(from: i64, to: i64) -> Span {
        Span {
            from: Moment(from),
            to: Moment(to),
        }
    }

    fn listed(rows: &Rows) -> Vec<(i64, Vec<Cell>)> {
        let places = (0..rows.count()).filter_map(|it| rows.row(it));
        places.map(|(at, cells)| (at.0, cells.to_vec())).collect()
    }

    #[test]
    fn series_read_at_different_times_leave_cells_empty() {
        let quick = track((0..4).map(|i| (i * 10, i as f64)));
        let slow = track([(0, 7.0), (25, f64::NAN), (30, -9.0)].into_iter());
        let mut rows = Rows::default();
        rows.refresh(&[&quick, &slow], (span(0, 31), Order::Oldest));
        let (none, is) = (Cell::Nothing, Cell::Sample);
        let all = [
            (0, vec![is(0.0), is(7.0)]),
            (10, vec![is(1.0), none]),
            (20, vec![is(2.0), none]),
            (25, vec![none, none]),
            (30, vec![is(3.0), is(-9.0)]),
        ];
        assert_eq!(listed(&rows), all);
        assert_eq!(rows.largest, [3.0, 9.0]);
        assert_eq!(rows.place_of(Moment(24)), Some(2));
        assert_eq!(rows.place_of(Moment(-1)), None);
        rows.refresh(&[&quick, &slow], (span(0, 31), Order::Largest(1)));
        let order: Vec<i64> = listed(&rows).iter().map(|(at, _)| *at).collect();
        assert_eq!(order, [0, 30, 10, 20, 25]);
        assert_eq!(rows.place_of(Moment(30)), Some(1));
    }

    #[test]
    fn too_many_samples_become_stretches_that_keep_every_extreme() {
        let count = 400_000;
        let value = |i: i64| if i == 123_456 { 99.0 } else { 1.0 };
        let long = track((0..count).map(|i| (i * 10, value(i))));
        let sparse = track([(5, 4.0)].into_iter());
        let mut rows = Rows::default();
        rows.refresh(&[&long, &sparse], (span(0, count * 10), Order::Largest(0)));
        assert!(matches!(rows.each, Each::Stretch(width) if width >= 4_000));
        assert!(rows.count() <= STRETCHES + 1);
        let (at, cells) = rows.row(0).expect("a row");
        assert_eq!(
            cells[0],
            Cell::Range {
                min: 1.0,
                max: 99.0
            }
        );
        assert!(at.0 <= 1_234_560 && at.0 + 8_000 > 1_234_560, "{at:?}");
        let first = rows.place_of(Moment(0)).and_then(|it| rows.row(it));
        let wanted = Cell::Range { min: 4.0, max: 4.0 };
        assert_eq!(first.map(|(_, cells)| cells[1]), Some(wanted));
    }
}
