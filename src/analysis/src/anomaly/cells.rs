//! A series as short cells: mean, extremes, roughness and readings of each.
//!
//! One pass over the values makes a table of a sixteenth of their number, on which
//! the slower questions of [`super::kinds`] are asked; nothing is lost for spikes,
//! since each cell keeps its extremes.
//!
//! * In: one value a row, `NaN` for a gap.
//! * Out: one entry a cell; a cell without a reading is `NaN`.
//! * Never: joins values over a gap.
//!
//! Start at [`Cells::of`].

use std::ops::Range;

/// Rows a cell at least: fewer make no mean.
const LEAST_ROWS: usize = 8;
/// Rows a cell at most: a minute at one reading a second.
const MOST_ROWS: usize = 64;
/// Cells wanted, as long as the bounds above allow it.
const WANTED: usize = 256;

/// What an analysis of a series looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// The values themselves.
    Values,
    /// The growth from row to row, since the series only grows.
    Growth,
}

/// The cells of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    /// Rows of a cell; the last one may be up to twice as long.
    pub(super) size: usize,
    /// Rows of the series.
    pub(super) rows: usize,
    pub(super) mean: Vec<f64>,
    pub(super) lo: Vec<f64>,
    pub(super) hi: Vec<f64>,
    /// Mean squared difference of neighbours.
    pub(super) rough: Vec<f64>,
    /// Whether every row has a reading.
    pub(super) full: Vec<bool>,
}

impl Cells {
    /// Cuts a series into cells.
    pub(super) fn of(values: &[f64]) -> Self {
        let size = (values.len() / WANTED)
            .clamp(LEAST_ROWS, MOST_ROWS)
            .div_ceil(4)
            * 4;
        let count = values.len() / size;
        let mut cells = Self {
            size,
            rows: values.len(),
            ..Self::default()
        };
        for cell in 0..count {
            let start = cell * size;
            let end = if cell + 1 == count {
                values.len()
            } else {
                start + size
            };
            let rows = &values[start..end];
            let summed = full(rows);
            if summed.mean.is_finite() && summed.rough.is_finite() {
                cells.push(&summed, true);
            } else {
                let full = rows.iter().all(|it| it.is_finite());
                cells.push(&partial(rows), full);
            }
        }
        cells
    }

    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.mean.len()
    }

    /// The rows of some cells.
    pub(super) fn rows_of(&self, cells: Range<usize>) -> Range<usize> {
        let row = |cell: usize| {
            if cell >= self.len() {
                self.rows
            } else {
                cell * self.size
            }
        };
        row(cells.start)..row(cells.end)
    }

    /// The cell of a row.
    pub(super) fn of_row(&self, row: usize) -> usize {
        (row / self.size).min(self.len().saturating_sub(1))
    }

    fn push(&mut self, cell: &Cell, full: bool) {
        self.mean.push(cell.mean);
        self.lo.push(cell.lo);
        self.hi.push(cell.hi);
        self.rough.push(cell.rough);
        self.full.push(full);
    }
}

struct Cell {
    mean: f64,
    lo: f64,
    hi: f64,
    rough: f64,
}

/// A cell without gaps; with one, its mean is not finite. Four lanes, which the
/// compiler turns into vector instructions.
fn full(values: &[f64]) -> Cell {
    let mut sum = [0.0_f64; 4];
    let mut lo = [f64::INFINITY; 4];
    let mut hi = [f64::NEG_INFINITY; 4];
    let mut rough = [0.0_f64; 4];
    let fours = values.chunks_exact(4);
    let rest = fours.remainder();
    for four in fours {
        for lane in 0..4 {
            let value = four[lane];
            sum[lane] += value;
            lo[lane] = if value < lo[lane] { value } else { lo[lane] };
            hi[lane] = if value > hi[lane] { value } else { hi[lane] };
        }
    }
    for (before, after) in values.chunks_exact(4).zip(values[1..].chunks_exact(4)) {
        for lane in 0..4 {
            let difference = after[lane] - before[lane];
            rough[lane] += difference * difference;
        }
    }
    for value in rest {
        sum[0] += value;
        lo[0] = lo[0].min(*value);
        hi[0] = hi[0].max(*value);
    }
    let pairs = (values.len() - 1) / 4 * 4;
    Cell {
        mean: sum.iter().sum::<f64>() / values.len() as f64,
        lo: lo.into_iter().fold(f64::INFINITY, f64::min),
        hi: hi.into_iter().fold(f64::NEG_INFINITY, f64::max),
        rough: rough.iter().sum::<f64>() / pairs as f64,
    }
}

/// Sizes beyond this are cut, so that their squares stay finite.
const LARGEST: f64 = 1e150;

/// A cell with gaps or huge values, from the readings that it has.
fn partial(values: &[f64]) -> Cell {
    let mut cell = Cell {
        mean: 0.0,
        lo: f64::INFINITY,
        hi: f64::NEG_INFINITY,
        rough: 0.0,
    };
    let (mut count, mut pairs) = (0.0, 0.0);
    for value in values.iter().filter(|it| it.is_finite()) {
        let value = value.clamp(-LARGEST, LARGEST);
        count += 1.0;
        cell.mean += value;
        cell.lo = cell.lo.min(value);
        cell.hi = cell.hi.max(value);
    }
    for pair in values
        .windows(2)
        .filter(|it| it[0].is_finite() && it[1].is_finite())
    {
        let difference = pair[1].clamp(-LARGEST, LARGEST) - pair[0].clamp(-LARGEST, LARGEST);
        pairs += 1.0;
        cell.rough += difference * difference;
    }
    cell.mean /= count;
    cell.rough /= pairs;
    if count == 0.0 {
        cell.lo = f64::NAN;
        cell.hi = f64::NAN;
    }
    cell
}

/// The growth from row to row of a series that only grows; `None` for any other.
///
/// Where it falls it was reset, which is a gap.
pub(super) fn growth(values: &[f64]) -> Option<Vec<f64>> {
    /// So many increases make a counter; fewer are steps.
    const LEAST_INCREASES: usize = 3;
    /// Of so many increases one may be followed by a reset.
    const INCREASES_A_RESET: usize = 200;
    let (mut up, mut down) = (0_usize, 0_usize);
    // Most series are no counters, which shows within their first rows.
    for part in values.chunks(256) {
        for pair in part.windows(2) {
            up += usize::from(pair[1] > pair[0]);
            down += usize::from(pair[1] < pair[0]);
        }
        if down > 2 && down * INCREASES_A_RESET > up + INCREASES_A_RESET {
            return None;
        }
    }
    if up < LEAST_INCREASES || down * INCREASES_A_RESET > up {
        return None;
    }
    let mut grown = vec![f64::NAN; values.len()];
    for (grown, pair) in grown.iter_mut().skip(1).zip(values.windows(2)) {
        let growth = pair[1] - pair[0];
        *grown = if growth >= 0.0 { growth } else { f64::NAN };
    }
    Some(grown)
}
