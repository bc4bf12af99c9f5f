//! Native histograms as exponential ones.
//!
//! Both grow by `2^(2^-schema)` a bucket, but they number them differently: native bucket
//! `i` holds `(base^(i-1), base^i]`, exponential bucket `i` holds `(base^i, base^(i+1)]`,
//! so numbers shift by one. Observations within the zero threshold are counted as zero.
//!
//! # Source
//!
//! Prometheus, "Native histograms": schemas -4 to 8, spans, deltas, zero bucket.

use model::histogram::{BUCKETS_MAX, Buckets, Exponential, Histogram, Run};

use super::bucket::whole;
use super::message;
use super::message::BucketSpan;
use super::why::Why;

/// The schemas whose buckets grow by a factor.
const SCHEMAS: std::ops::RangeInclusive<i32> = -4..=8;

/// Whether a message holds native buckets, or would hold them after an observation.
pub(super) fn is_native(of: &message::Histogram) -> bool {
    !of.positive_span.is_empty()
        || !of.negative_span.is_empty()
        || of.zero_threshold.is_some_and(|it| it > 0.0)
        || of.zero_count.is_some_and(|it| it > 0)
        || of.zero_count_float.is_some_and(|it| it > 0.0)
}

/// The histogram that a message with native buckets describes.
pub(super) fn histogram(of: &message::Histogram) -> Result<Histogram, Why> {
    // A schema of zero is not sent by writers that leave out zeros.
    let schema = of.schema.unwrap_or(0);
    if !SCHEMAS.contains(&schema) {
        return Err(Why::Schema);
    }
    let mut positive = sparse(&of.positive_span, &of.positive_delta, &of.positive_count)?;
    let mut negative = sparse(&of.negative_span, &of.negative_delta, &of.negative_count)?;
    let mut scale = schema;
    while !fits(&positive) || !fits(&negative) {
        coarsen(&mut positive);
        coarsen(&mut negative);
        scale -= 1;
    }
    let count = match of.sample_count_float {
        Some(count) if count > 0.0 => whole(count).ok_or(Why::Counts)?,
        _ => of.sample_count.unwrap_or(0),
    };
    let zero = match of.zero_count_float {
        Some(count) if count > 0.0 => whole(count).ok_or(Why::Counts)?,
        _ => of.zero_count.unwrap_or(0),
    };
    Ok(Histogram {
        count,
        sum: of.sample_sum.unwrap_or(f64::NAN),
        min: f64::NAN,
        max: f64::NAN,
        buckets: Buckets::Exponential(Exponential {
            // From -4 - 32, as numbers of 32 bits fit after so many halvings, to 8.
            scale: scale as i8,
            zero,
            positive: dense(&positive),
            negative: dense(&negative),
        }),
    })
}

/// A bucket by its exponential number, and its count, which is not zero.
type Counted = (i64, u64);

fn sparse(spans: &[BucketSpan], deltas: &[i64], counts: &[f64]) -> Result<Vec<Counted>, Why> {
    let told = deltas.len().max(counts.len());
    let mut found = Vec::with_capacity(told);
    let mut place = 0;
    let mut count = 0_i64;
    // The bucket below number zero of the native ones.
    let mut index = -1_i64;
    for span in spans {
        index = index
            .checked_add(i64::from(span.offset))
            .ok_or(Why::Counts)?;
        if span.length as usize > told - place {
            return Err(Why::Counts);
        }
        for _ in 0..span.length {
            let own = match counts.get(place) {
                Some(count) => whole(*count),
                None => {
                    count = deltas
                        .get(place)
                        .and_then(|delta| count.checked_add(*delta))
                        .ok_or(Why::Counts)?;
                    u64::try_from(count).ok()
                }
            };
            let own = own.ok_or(Why::Counts)?;
            if own > 0 {
                found.push((index, own));
            }
            place += 1;
            index += 1;
        }
    }
    let ascending = found.is_sorted_by(|a, b| a.0 < b.0);
    let within = |it: &Counted| i32::try_from(it.0).is_ok();
    match place == told && ascending && found.iter().all(within) {
        true => Ok(found),
        false => Err(Why::Counts),
    }
}

fn fits(buckets: &[Counted]) -> bool {
    match (buckets.first(), buckets.last()) {
        (Some(first), Some(last)) => last.0 - first.0 < BUCKETS_MAX as i64,
        _ => true,
    }
}

/// Puts each two neighbours together.
fn coarsen(buckets: &mut Vec<Counted>) {
    for bucket in buckets.iter_mut() {
        bucket.0 >>= 1;
    }
    buckets.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
}

/// Fills the gaps, of which there are few enough.
fn dense(buckets: &[Counted]) -> Run {
    let Some((first, last)) = buckets.first().zip(buckets.last()) else {
        return Run::default();
    };
    let mut counts = vec![0; (last.0 - first.0 + 1) as usize];
    for (index, count) in buckets {
        counts[(index - first.0) as usize] = *count;
    }
    Run {
        // Checked where they were read; halving makes them smaller.
        first: first.0 as i32,
        counts,
    }
}
