//! Memory: what is left, stall, reclaim, swap, and the fullest control group.

use crate::bottleneck::Resource;
use crate::bottleneck::gauge::Readings;
use crate::bottleneck::lens::{Lens, held, largest, pairs, ratio, sum};
use crate::bottleneck::limits::{PAGE_BYTES, Signal};

/// Memory: what is left, stall, reclaim, swap, and the fullest control group.
pub(in crate::bottleneck) fn memory(lens: &Lens<'_>) -> Readings {
    let mut readings = Readings::new(Resource::Memory, "");
    let used = lens.one("system.memory.utilization", &[]).or_else(|| {
        let available = lens.one("system.memory.available", &[])?;
        let left = ratio(&available, &held(&lens.one("system.memory.limit", &[])?));
        Some(left.iter().map(|it| 1.0 - it).collect())
    });
    readings.take(Signal::MemoryUse, used);
    readings.take(Signal::MemoryPressure, lens.pressure("memory"));
    let direct = [("type", "scanned_direct")];
    readings.take(
        Signal::DirectReclaim,
        lens.one("system.memory.reclaim", &direct),
    );
    let swap = [("type", "swap")];
    readings.take(
        Signal::Swapping,
        lens.sum("system.paging.operations", &swap),
    );
    let major = [("type", "major")];
    readings.take(
        Signal::MajorFaults,
        lens.one("system.paging.faults", &major),
    );
    readings.take(Signal::Kills, lens.one("system.memory.oom_kills", &[]));
    group_memory(lens, &mut readings);
    readings
}

fn group_memory(lens: &Lens<'_>, readings: &mut Readings) {
    let groups = lens.values_of(&["cgroup.memory.limit"], "cgroup");
    let used = groups.iter().filter_map(|group| {
        let with = [("cgroup", group.as_str())];
        let usage = lens.one("cgroup.memory.usage", &with)?;
        let limit = held(&lens.one("cgroup.memory.limit", &with)?);
        Some((group, ratio(&usage, &limit)))
    });
    let mut used: Vec<(&String, Vec<f64>)> = used.collect();
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    used.sort_by(|a, b| most(&b.1).total_cmp(&most(&a.1)).then_with(|| a.0.cmp(b.0)));
    let fullest = largest(lens.frame.rows(), used.iter().map(|(_, it)| &it[..]));
    readings.take(Signal::GroupMemoryUse, fullest);
    readings.take(Signal::GroupLimitHits, group_limit_hits(lens));
}

fn group_limit_hits(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let hits = lens.of("cgroup.memory.events").iter().filter(|line| {
        let key = &line.series.key;
        key.attribute("type") == Some("max") && key.attribute("cgroup") != Some("/")
    });
    largest(lens.frame.rows(), hits.map(|line| &line.values[..]))
}

/// Share of the bytes, or of the stall, of disks that comes of want of memory.
pub(in crate::bottleneck) fn disk_share_of_memory(lens: &Lens<'_>) -> Vec<f64> {
    let rows = lens.frame.rows();
    let swap = lens.sum("system.paging.operations", &[("type", "swap")]);
    let bytes = sum(
        rows,
        lens.of("system.disk.io")
            .iter()
            .map(|line| &line.values[..]),
    );
    let of_bytes = |pages: Vec<f64>| {
        let bytes = bytes.as_ref()?;
        let share = |pages, bytes| share_of_stall(pages * PAGE_BYTES, bytes);
        Some(pairs(&pages, bytes, share))
    };
    let by_bytes = swap.and_then(of_bytes);
    // Each hit of a limit drops a page that may have to be read again.
    let by_hits = group_limit_hits(lens).and_then(of_bytes);
    let stall = lens.pressure("memory").zip(lens.pressure("io"));
    let by_stall = stall.map(|(memory, io)| pairs(&memory, &io, share_of_stall));
    let all: Vec<Vec<f64>> = [by_bytes, by_hits, by_stall]
        .into_iter()
        .flatten()
        .collect();
    largest(rows, all.iter().map(|it| &it[..])).unwrap_or_else(|| vec![f64::NAN; rows])
}

/// Nothing of nothing is no share; `NaN` stays.
fn share_of_stall(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        part / whole
    } else {
        whole * 0.0
    }
}
