//! `CpuMax`: CPU bandwidth of a control group, as `quota period` in microseconds.
//!
//! # Source
//!
//! Linux `Documentation/scheduler/sched-bwc.rst`, `…/admin-guide/cgroup-v2.rst`.

use super::Driver;
use super::cgroup::{Files, Group, Version, commands, find, path};
use crate::act::machine::Machine;
use crate::act::world::{Spot, Trouble};

const FILES: Files = Files {
    name: "cpu.max",
    v1_folders: &["sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"],
    v1: "cpu.cfs_quota_us",
    v2: "cpu.max",
};

/// The driver.
pub(crate) struct CpuMax;

impl Driver for CpuMax {
    fn knows(&self, key: &str) -> bool {
        path(key, FILES.name).is_some()
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let group = find(machine, spot, &FILES)?;
        if group.version == Version::Two {
            return group.text(machine, "cpu.max");
        }
        let quota = group.text(machine, "cpu.cfs_quota_us")?;
        let period = group.text(machine, "cpu.cfs_period_us")?;
        let quota = if quota.starts_with('-') {
            "max"
        } else {
            &quota
        };
        Ok(format!("{quota} {period}"))
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        let group = find(machine, spot, &FILES)?;
        let before = self.read(machine, spot)?;
        for (file, value) in writes(&group, &before, value)? {
            group.put(machine, file, &value)?;
        }
        Ok(())
    }

    fn sizes(&self, _: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        let Ok((quota, period)) = halves(value) else {
            return Vec::new();
        };
        let cores = std::thread::available_parallelism().map_or(1.0, |it| it.get() as f64);
        let period: f64 = period.parse().unwrap_or(f64::NAN);
        // No limit is all cores there are, so that a first limit is a step from there.
        vec![quota.parse().map_or(cores, |quota: f64| quota / period)]
    }

    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String {
        commands(find(machine, spot, &FILES), |group| {
            let writes = writes(group, value, value).unwrap_or_default();
            let all = writes
                .iter()
                .map(|(file, value)| group.by_hand(file, value));
            all.collect()
        })
    }
}

/// The writes that come from one value to another.
///
/// The share that a group has must not exceed its parent's at any time, so a longer
/// period goes first and a shorter one last.
fn writes(
    group: &Group,
    before: &str,
    after: &str,
) -> Result<Vec<(&'static str, String)>, Trouble> {
    if group.version == Version::Two {
        return Ok(vec![("cpu.max", after.to_owned())]);
    }
    let (quota, period) = halves(after)?;
    let (_, period_before) = halves(before)?;
    let quota = if quota == "max" { "-1" } else { quota };
    let longer = period.parse::<u64>().ok() > period_before.parse().ok();
    let mut writes = vec![
        ("cpu.cfs_period_us", period.to_owned()),
        ("cpu.cfs_quota_us", quota.to_owned()),
    ];
    if quota == "-1" || !longer {
        writes.reverse();
    }
    Ok(writes)
}

fn halves(value: &str) -> Result<(&str, &str), Trouble> {
    value
        .split_once(' ')
        .ok_or_else(|| Trouble::Refused(format!("want a quota and a period, not {value:?}")))
}
