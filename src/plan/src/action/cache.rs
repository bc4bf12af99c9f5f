//! Sizes of caches: by a curve of misses, or not at all.

use model::plan::action::Kind;

use super::{Effect, Model, Stage};
use crate::refusal::{Code, Refusal};

/// Sizes of caches.
pub(super) const MODEL: Model = Model {
    kinds: &["CacheSize"],
    parameter: "share of the requests that the cache answers",
    project,
};

fn project(kind: &Kind, _: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::CacheSize { service, .. } = kind else {
        return super::untold::refuse(kind);
    };
    Err(Code::OnePointCache.because(format!(
        "the recording holds hits and misses of {service} at one size, and no keys that were asked for"
    )))
}
