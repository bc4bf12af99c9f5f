//! The base level of a series' pyramid, cut at segment borders.
//!
//! Buckets are aligned to the series' own row numbers over the whole session,
//! so a bucket that straddles a border is stored in two parts that are merged
//! when read. A rate needs the last sample before the border; it is handed in.
//!
//! Start at [`Buckets::of`] and [`Joined`].

use model::catalog::Kind;
use model::pyramid::{BASE, Level, Pyramid};
use model::rate;

use crate::chunk::ChunkColumn;
use crate::limit::BUCKETS_MAX;

/// Parts of buckets of one series within one segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Buckets {
    /// Number of the first row of each part within the whole series.
    pub(crate) row: Vec<u64>,
    /// Rows of each part.
    pub(crate) rows: Vec<u32>,
    /// Time of the first row of each part.
    pub(crate) at: Vec<i64>,
    /// Time of the last row of all.
    pub(crate) last_at: i64,
    /// Extremes as drawn.
    pub(crate) level: Level,
}

/// Where a segment continues a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Start {
    /// Rows before.
    pub(crate) row: u64,
    /// Last sample before.
    pub(crate) last: Option<(i64, f64)>,
}

impl Buckets {
    /// Computes the buckets of a column.
    pub(crate) fn of(column: &ChunkColumn, start: Start) -> Self {
        let drawn;
        let values: &[f64] = match column.series.kind {
            Kind::Gauge | Kind::Histogram => &column.values,
            Kind::Counter => {
                let mut rates = rate::at_interval_ends(&column.at, &column.values);
                if let (Some(last), Some(first)) = (start.last, rates.first_mut()) {
                    *first = rate::step(last, (column.at[0], column.values[0]));
                }
                drawn = rates;
                &drawn
            }
        };
        let head = (BASE - (start.row % BASE as u64) as usize).min(values.len());
        let mut buckets = Self {
            last_at: column.at.last().copied().unwrap_or_default(),
            ..Self::default()
        };
        let mut first = 0;
        for part in [&values[..head], &values[head..]] {
            let Some(base) = Pyramid::build(part).base().cloned() else {
                continue;
            };
            extend(&mut buckets.level, &base);
            for rows in part.chunks(BASE) {
                buckets.row.push(start.row + first as u64);
                buckets.rows.push(rows.len() as u32);
                buckets.at.push(column.at[first]);
                first += rows.len();
            }
        }
        buckets
    }

    /// Rows in all.
    pub(crate) fn len(&self) -> u64 {
        self.rows.iter().map(|rows| u64::from(*rows)).sum()
    }
}

fn extend(level: &mut Level, more: &Level) {
    level.min.extend_from_slice(&more.min);
    level.max.extend_from_slice(&more.max);
    level.count.extend_from_slice(&more.count);
}

/// The whole base level, put together from segments in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joined {
    /// Number of the first bucket kept; later ones follow without holes.
    first_bucket: Option<u64>,
    /// Rows up to here, counted from the first bucket kept.
    pub(crate) samples: u64,
    pub(crate) bucket_at: Vec<i64>,
    pub(crate) base: Level,
    pub(crate) last_at: i64,
}

impl Joined {
    /// Takes in the next segment. Parts that lie before what is there are left out.
    ///
    /// Returns the number of its first row, counted from the first bucket kept.
    pub(crate) fn add(&mut self, buckets: &Buckets) -> Option<u64> {
        let first = *buckets.row.first()?;
        let origin = *self.first_bucket.get_or_insert(first / BASE as u64);
        let offset = origin * BASE as u64;
        let started = first.checked_sub(offset)?;
        if started < self.samples || started / BASE as u64 > BUCKETS_MAX {
            return None;
        }
        for part in 0..buckets.row.len() {
            let bucket = (buckets.row[part] - offset) / BASE as u64;
            self.part(bucket as usize, buckets, part);
        }
        self.samples = started + buckets.len();
        self.last_at = buckets.last_at;
        Some(started)
    }

    /// Number within the whole series of the row that should come next.
    pub(crate) fn next_row(&self) -> u64 {
        self.first_bucket.unwrap_or_default() * BASE as u64 + self.samples
    }

    fn part(&mut self, bucket: usize, buckets: &Buckets, part: usize) {
        let (min, max) = (buckets.level.min[part], buckets.level.max[part]);
        let count = buckets.level.count[part];
        // Buckets of a lost segment are gaps at the time where data goes on.
        while self.bucket_at.len() <= bucket {
            self.bucket_at.push(buckets.at[part]);
            self.base.min.push(f32::INFINITY);
            self.base.max.push(f32::NEG_INFINITY);
            self.base.count.push(0);
        }
        self.base.min[bucket] = self.base.min[bucket].min(min);
        self.base.max[bucket] = self.base.max[bucket].max(max);
        self.base.count[bucket] += count;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::catalog::Polarity;
    use model::series::{Series, SeriesKey};
    use model::unit::Unit;

    use super::*;

    fn column(range: std::ops::Range<usize>, kind: Kind) -> ChunkColumn {
        let value = |row: usize| ((row * 7919) % 1000) as f64 + row as f64 * 10.0;
        ChunkColumn {
            series: Series {
                key: SeriesKey::new("a", "m", []),
                unit: Unit::new("1"),
                kind,
                polarity: Polarity::Neutral,
            },
            at: range
                .clone()
                .map(|row| row as i64 * 1_000_000_000)
                .collect(),
            values: range.map(value).collect(),
        }
    }

    #[test]
    fn segments_of_any_length_join_to_the_whole() {
        for kind in [Kind::Gauge, Kind::Counter] {
            let whole = Buckets::of(&column(0..1000, kind), Start::default());
            for cut in [1, 63, 64, 65, 100, 599, 600] {
                let mut joined = Joined::default();
                let mut start = Start::default();
                let mut from = 0;
                while from < 1000 {
                    let part = column(from..(from + cut).min(1000), kind);
                    joined.add(&Buckets::of(&part, start));
                    from += part.at.len();
                    start.row = from as u64;
                    start.last = part.at.last().copied().zip(part.values.last().copied());
                }
                assert_eq!(joined.base, whole.level, "{kind:?} cut every {cut}");
                assert_eq!(joined.bucket_at, whole.at, "{kind:?} cut every {cut}");
                assert_eq!((joined.samples, joined.last_at), (1000, 999_000_000_000));
            }
        }
    }

    #[test]
    fn a_series_whose_start_was_removed_keeps_its_alignment() {
        let start = Start {
            row: 100,
            last: None,
        };
        let mut joined = Joined::default();
        let first = joined.add(&Buckets::of(&column(100..200, Kind::Gauge), start));
        assert_eq!(first, Some(36));
        assert_eq!(joined.samples, 136);
        assert_eq!(joined.base.count, [28, 64, 8]);
        let lost = Start {
            row: 328,
            last: None,
        };
        joined.add(&Buckets::of(&column(328..330, Kind::Gauge), lost));
        assert_eq!(joined.base.count, [28, 64, 8, 0, 2]);
        assert_eq!(joined.samples, 266);
        let shared: Arc<[i64]> = joined.bucket_at.into();
        assert!(shared.is_sorted());
    }
}
