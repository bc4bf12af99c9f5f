//! Why a line or metric is left out.

use super::{LABELS_MAX, SERIES_MAX, TEXT_BYTES_MAX};
use model::histogram::BUCKETS_MAX;

/// Why a line or metric is left out, as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Why {
    #[error("not a name with labels and a value")]
    Shape,
    #[error("the name of the metric is not legal")]
    Name,
    #[error("the labels are not legal")]
    Labels,
    #[error("the value is no number")]
    Value,
    #[error("the time is no number")]
    Time,
    #[error("the exemplar is not legal")]
    Exemplar,
    #[error("the type, help or unit is not legal")]
    Comment,
    #[error("the text was cut here")]
    Cut,
    #[error("something follows the end")]
    AfterEnd,
    #[error("the series is told twice")]
    Twice,
    #[error("the bucket has no legal upper bound `le`")]
    Bound,
    #[error("the histogram has neither a count nor a bucket without upper bound")]
    NoCount,
    #[error("the counts of the histogram are damaged")]
    Counts,
    #[error("the schema of the native histogram is not known")]
    Schema,
    #[error("native histograms of levels are not read")]
    NativeGauge,
    #[error("the message is damaged")]
    Message,
    #[error("more than {SERIES_MAX} series")]
    TooManySeries,
    #[error("more than {LABELS_MAX} labels")]
    TooManyLabels,
    #[error("a name or label is longer than {TEXT_BYTES_MAX} bytes")]
    TooLong,
    #[error("the names of the target are longer than is kept")]
    TooMuchText,
    #[error("more than {BUCKETS_MAX} buckets")]
    TooManyBuckets,
}
