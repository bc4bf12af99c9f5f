//! Sizes of caches: by a curve of misses, or not at all.
//!
//! The curve is that of a cache that forgets what was used longest ago. Caches that only
//! sample what to forget, as redis does, answer a little less.

use model::plan::Class;
use model::plan::action::Kind;

use super::{Effect, Model, Stage, effect};
use crate::refusal::{Code, Refusal};
use crate::solve::cache;

/// Sizes of caches.
pub(super) const MODEL: Model = Model {
    kinds: &["CacheSize"],
    parameter: "share of the requests that the cache answers",
    project,
};

fn project(kind: &Kind, stage: &mut Stage<'_>) -> Result<Effect, Refusal> {
    let Kind::CacheSize { service, bytes, .. } = kind else {
        return super::untold::refuse(kind);
    };
    let Some(known) = &stage.calibration.cache else {
        return Err(Code::OnePointCache.because(format!(
            "the recording holds hits and misses of {service} at one size, and no keys that were asked for"
        )));
    };
    let at = |bytes: f64| known.curve.hit_ratio(bytes / known.entry_bytes);
    let (before, after) = (at(known.bytes), at(*bytes as f64));
    stage.hits = Some((before, after));
    let told = format!(
        "the cache answers {:.1} % of the requests instead of {:.1} %",
        after * 100.0,
        before * 100.0
    );
    let behind = format!("waiting for {}", known.behind);
    let delay = stage.system.delays.iter_mut().find(|it| it.name == behind);
    match delay {
        Some(delay) => {
            // Misses alone wait for what is behind.
            delay.seconds = cache::behind(delay.seconds, before, after).unwrap_or(delay.seconds);
            Ok(effect(Class::B, told))
        }
        None => Ok(effect(Class::A, told)),
    }
}
