//! Classic histograms that are told as a whole, as protobuf has them.

use model::histogram::{BUCKETS_MAX, Buckets, Explicit, Histogram};

use super::bucket::{Counts, Histograms};
use super::message;
use super::why::Why;

/// A histogram with given bounds; `+Inf` is implied where it is not told.
pub(super) fn classic(
    histograms: &mut Histograms,
    series: u32,
    of: &message::Histogram,
) -> Result<Histogram, Why> {
    if of.bucket.len() > BUCKETS_MAX {
        return Err(Why::TooManyBuckets);
    }
    let finite = of.bucket.iter().filter(|it| it.upper_bound.is_finite());
    let mut counts = Counts::with_room(of.bucket.len() + 1);
    let mut bounds: Vec<f64> = Vec::with_capacity(of.bucket.len());
    for bucket in finite {
        if bounds
            .last()
            .is_some_and(|last| *last >= bucket.upper_bound)
        {
            return Err(Why::Bound);
        }
        bounds.push(bucket.upper_bound);
        counts.push(cumulative(bucket))?;
    }
    let top = of.bucket.iter().find(|it| it.upper_bound == f64::INFINITY);
    counts.push(top.map_or_else(|| count_of(of), cumulative))?;
    Ok(Histogram {
        count: counts.below,
        sum: of.sample_sum.unwrap_or(f64::NAN),
        min: f64::NAN,
        max: f64::NAN,
        buckets: Buckets::Explicit(Explicit {
            bounds: histograms.shared(series, &bounds),
            counts: counts.each,
        }),
    })
}

/// Observations up to the bound of a bucket.
pub(super) fn cumulative(of: &message::Bucket) -> f64 {
    match of.cumulative_count_float {
        Some(count) if count > 0.0 => count,
        _ => of.cumulative_count.unwrap_or(0) as f64,
    }
}

/// All observations.
pub(super) fn count_of(of: &message::Histogram) -> f64 {
    match of.sample_count_float {
        Some(count) if count > 0.0 => count,
        _ => of.sample_count.unwrap_or(0) as f64,
    }
}
