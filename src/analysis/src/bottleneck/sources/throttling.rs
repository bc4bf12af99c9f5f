//! Control groups with a quota of processor time.

use super::PARTS_MAX;
use crate::bottleneck::Resource;
use crate::bottleneck::gauge::Readings;
use crate::bottleneck::lens::{Lens, held, pairs, ratio};
use crate::bottleneck::limits::Signal;

/// Control groups with a quota, the most throttled first; one without a name where
/// there is none.
pub(in crate::bottleneck) fn throttling(lens: &Lens<'_>) -> Vec<Readings> {
    let metrics = [
        "cgroup.cpu.throttled_share",
        "cgroup.cpu.throttled",
        "cgroup.cpu.throttled_time",
    ];
    let mut all: Vec<(f64, Readings)> = lens
        .values_of(&metrics, "cgroup")
        .iter()
        .map(|group| throttled(lens, group))
        .collect();
    if all.is_empty() {
        let mut none = Readings::new(Resource::CpuThrottling, "");
        none.doubts = vec!["no control group was measured".to_owned()];
        return vec![none];
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.part.cmp(&b.1.part)));
    all.truncate(PARTS_MAX);
    all.into_iter().map(|(_, readings)| readings).collect()
}

fn throttled(lens: &Lens<'_>, group: &str) -> (f64, Readings) {
    let with = [("cgroup", group)];
    let one = |metric| lens.one(metric, &with);
    let mut readings = Readings::new(Resource::CpuThrottling, group);
    let share = one("cgroup.cpu.throttled_share").map(|it| it.into_iter());
    let periods = || {
        Some(ratio(
            &one("cgroup.cpu.throttled")?,
            &one("cgroup.cpu.periods")?,
        ))
    };
    // No period counts where nothing was runnable: then nothing was throttled.
    let counted = one("cgroup.cpu.periods");
    let share = share
        .map(|it| it.collect())
        .or_else(periods)
        .map(|share: Vec<f64>| {
            let Some(counted) = &counted else {
                return share;
            };
            pairs(
                &share,
                counted,
                |share, count| if count == 0.0 { 0.0 } else { share },
            )
        });
    readings.take(Signal::ThrottledPeriods, share);
    let time = one("cgroup.cpu.throttled_time");
    let worst = time.as_ref().map_or(0.0, |it| {
        it.iter().copied().filter(|it| it.is_finite()).sum()
    });
    readings.take(Signal::ThrottledTime, time);
    let total = [("cgroup", group), ("mode", "total")];
    let usage = one("cgroup.cpu.usage").or_else(|| lens.one("cgroup.cpu.time", &total));
    let usage = usage.zip(one("cgroup.cpu.limit"));
    let usage = usage.map(|(usage, limit)| ratio(&usage, &held(&limit)));
    readings.take(Signal::QuotaUse, usage);
    (worst, readings)
}
