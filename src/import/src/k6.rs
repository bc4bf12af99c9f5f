//! Results of k6: `--out json` and `--out csv`.
//!
//! Both hold one line a sample of a metric; what a sample becomes stands in `points`.

pub(crate) mod csv;
pub(crate) mod json;
mod points;
