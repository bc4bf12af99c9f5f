//! `CpuWeight`: share of a control group when all want the CPU, 1 to 10000.
//!
//! Version 1 counts shares of 1024 where version 2 counts weights of 100.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/cgroup-v2.rst`, `cpu.weight`; `kernel/sched/sched.h`,
//! `MIN_SHARES`, `MAX_SHARES`.

use super::Driver;
use super::cgroup::{Files, Group, Version, commands, find, path};
use crate::act::machine::Machine;
use crate::act::world::{Spot, Trouble};

const FILES: Files = Files {
    name: "cpu.weight",
    v1_folders: &["sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"],
    v1: "cpu.shares",
    v2: "cpu.weight",
};

/// The driver.
pub(crate) struct CpuWeight;

impl Driver for CpuWeight {
    fn knows(&self, key: &str) -> bool {
        path(key, FILES.name).is_some()
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let group = find(machine, spot, &FILES)?;
        if group.version == Version::Two {
            return group.text(machine, "cpu.weight");
        }
        let shares = group.text(machine, "cpu.shares")?;
        let shares: u64 = shares
            .parse()
            .map_err(|_| Trouble::Failed(format!("cpu.shares is {shares:?}")))?;
        Ok(weight(shares))
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        let group = find(machine, spot, &FILES)?;
        let (file, value) = written(&group, value)?;
        group.put(machine, file, &value)
    }

    fn sizes(&self, _: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        super::numbers(value.split(['+', '-']).next().unwrap_or_default())
    }

    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String {
        commands(find(machine, spot, &FILES), |group| {
            let written = written(group, value);
            written.map_or_else(|_| Vec::new(), |(file, it)| vec![group.by_hand(file, &it)])
        })
    }
}

/// File and value of a weight. A weight such as `100+3` is three shares above what a
/// weight of 100 comes to, so that shares of any number can be put back; `1-4` is four
/// below what the least weight comes to.
fn written(group: &Group, value: &str) -> Result<(&'static str, String), Trouble> {
    if group.version == Version::Two {
        return Ok(("cpu.weight", value.to_owned()));
    }
    let place = value.find(['+', '-']).unwrap_or(value.len());
    let (weight, more) = value.split_at(place);
    let more = if more.is_empty() { "0" } else { more };
    let numbers = weight.parse::<u64>().ok().zip(more.parse::<i64>().ok());
    let shares = numbers.and_then(|(weight, more)| shares(weight).checked_add_signed(more));
    let shares = shares
        .ok_or_else(|| Trouble::Refused(format!("want a weight of 1 to 10000, not {value:?}")))?;
    Ok(("cpu.shares", shares.to_string()))
}

fn shares(weight: u64) -> u64 {
    (weight.min(25_600) * 1024 / 100).clamp(2, 262_144)
}

/// The largest weight that comes to at most so many shares, and what is left over.
fn weight(shares_found: u64) -> String {
    let mut weight = (shares_found * 100).div_ceil(1024).clamp(1, 10_000);
    while weight > 1 && shares(weight) > shares_found {
        weight -= 1;
    }
    match (shares(weight), shares_found) {
        (same, found) if same == found => weight.to_string(),
        (less, found) if less < found => format!("{weight}+{}", found - less),
        (more, found) => format!("{weight}-{}", more - found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_any_number_can_be_put_back() {
        let group = Group {
            folder: "",
            path: String::new(),
            version: Version::One,
        };
        for found in (2..5_000).chain([102_399, 102_400, 200_000, 262_144]) {
            let text = weight(found);
            let (_, back) = written(&group, &text).unwrap();
            assert_eq!(back, found.to_string(), "{text}");
        }
        for weight_wanted in 1..=10_000 {
            assert_eq!(weight(shares(weight_wanted)), weight_wanted.to_string());
        }
    }
}
