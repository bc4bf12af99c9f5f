//! One row of a comparison in detail: curves, distributions, and points against another
//! series.
//!
//! Start at [`CloseUp::of`].

use analysis::distribution::{self, Histogram};
use analysis::frame::HELD_STEPS;
use model::catalog::Kind;
use model::columns::Column;
use model::series::{Series, SeriesKey};

use super::answer::{Answer, Opened};

/// Points drawn of one side at most; of more, every so many-th.
const POINTS_MAX: usize = 6_000;

/// What is looked at in detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Row of the answer.
    pub row: usize,
    /// Row of the series on the x axis of the X-Y plot, if one was chosen.
    pub x: Option<usize>,
}

/// One row in detail.
#[derive(Debug)]
pub struct CloseUp {
    /// What it is of.
    pub wanted: Wanted,
    /// Both curves, named A and B; `None` where the series is not.
    pub curves: [Option<Column>; 2],
    /// The numbers of both sides in ascending order.
    pub sorted: [Vec<f64>; 2],
    /// Counts on common bins; `None` without a number.
    pub histogram: Option<Histogram>,
    /// Points of both sides, if there is an x axis.
    pub points: Option<[Points; 2]>,
}

/// Points of one side, by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// When each was.
    pub at: Vec<i64>,
    /// The value on the x axis and the one on the y axis.
    pub xy: Vec<[f64; 2]>,
    /// How many there are in all, before thinning.
    pub all: usize,
}

/// Times and values.
type Samples = (Vec<i64>, Vec<f64>);

impl CloseUp {
    /// Looks at one row; costs the rows of both windows.
    pub fn of(answer: &Answer, wanted: Wanted) -> Self {
        let samples = [0, 1].map(|side: usize| of_row(answer, (wanted.row, side)));
        let sorted = samples.each_ref().map(|it| match it {
            Some((_, values)) => distribution::sorted(values),
            None => Vec::new(),
        });
        let points = wanted.x.map(|x| {
            [0, 1].map(|side: usize| {
                let found = of_row(answer, (x, side)).zip(samples[side].as_ref());
                found.map_or_else(Points::default, |(x, y)| {
                    paired(&x, y, far_ns(&answer.sides[side]))
                })
            })
        });
        let series = answer.rows.get(wanted.row).map(|row| &row.series);
        let [a, b] = samples;
        let curve = |name: &str, it: Option<Samples>| Some(curve(series?, name, it?));
        Self {
            wanted,
            curves: [curve("A", a), curve("B", b)],
            histogram: distribution::histogram([&sorted[0], &sorted[1]]),
            sorted,
            points,
        }
    }
}

/// The samples of a row on one side, if it is there.
fn of_row(answer: &Answer, (row, side): (usize, usize)) -> Option<Samples> {
    let place = answer.rows.get(row)?.places[side]?;
    Some(answer.sides[side].samples(place))
}

fn curve(series: &Series, name: &str, (at, values): Samples) -> Column {
    let (mut times, mut kept) = (Vec::with_capacity(at.len()), Vec::with_capacity(at.len()));
    // Times of a table may step back, which no curve can show.
    for (at, value) in at.into_iter().zip(values) {
        if times.last().is_none_or(|last| *last < at) {
            times.push(at);
            kept.push(value);
        }
    }
    Column {
        series: Series {
            key: SeriesKey::new("", name, []),
            // What a frame holds is as drawn already.
            kind: Kind::Gauge,
            ..series.clone()
        },
        at: times.into(),
        values: kept.into(),
    }
}

/// How far apart readings of two hosts may be to count as one.
fn far_ns(side: &Opened) -> i64 {
    let steps = side.input.frames.iter().map(|it| it.frame.step_ns);
    (steps.max().unwrap_or_default() as f64 * HELD_STEPS) as i64
}

/// Readings of two series that belong together: of the same time, or nearest to it.
fn paired(x: &Samples, y: &Samples, far_ns: i64) -> Points {
    let mut points = Points::default();
    let mut place = 0;
    for (at, value) in y.0.iter().zip(&y.1) {
        let away = |place: usize| x.0.get(place).map(|it| it.abs_diff(*at));
        while away(place + 1).is_some_and(|next| Some(next) <= away(place)) {
            place += 1;
        }
        let near = away(place).is_some_and(|away| away <= far_ns.unsigned_abs());
        let other = x.1.get(place).copied().filter(|it| near && it.is_finite());
        if let Some(other) = other
            && value.is_finite()
        {
            points.at.push(*at);
            points.xy.push([other, *value]);
        }
    }
    points.all = points.at.len();
    let stride = points.all.div_ceil(POINTS_MAX).max(1);
    if stride > 1 {
        points.at = points.at.into_iter().step_by(stride).collect();
        points.xy = points.xy.into_iter().step_by(stride).collect();
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_of_the_same_time_are_paired_and_gaps_are_not() {
        let x = (vec![0, 10, 20, 30], vec![1.0, 2.0, f64::NAN, 4.0]);
        let y = (vec![1, 11, 21, 31, 99], vec![5.0, 6.0, 7.0, f64::NAN, 9.0]);
        let points = paired(&x, &y, 5);
        assert_eq!(points.xy, [[1.0, 5.0], [2.0, 6.0]]);
        assert_eq!((points.at, points.all), (vec![1, 11], 2));
    }

    #[test]
    fn many_points_are_thinned_evenly_and_counted() {
        let at: Vec<i64> = (0..20_000).collect();
        let values: Vec<f64> = at.iter().map(|it| *it as f64).collect();
        let points = paired(&(at.clone(), values.clone()), &(at, values), 0);
        assert_eq!(points.all, 20_000);
        assert!(points.xy.len() <= POINTS_MAX && points.xy.len() > POINTS_MAX / 2);
        assert_eq!(points.xy[1], [4.0, 4.0]);
    }
}
