//! `MemoryMax`: memory that a control group may use, bytes or `max`.
//!
//! The kernel keeps whole pages; so does the canonical form.
//!
//! # Source
//!
//! Linux `mm/page_counter.c`, `page_counter_memparse`; `…/cgroup-v1/memory.rst`.

use super::Driver;
use super::cgroup::{Files, Group, Version, commands, find, path};
use crate::act::machine::Machine;
use crate::act::world::{Spot, Trouble};

const FILES: Files = Files {
    name: "memory.max",
    v1_folders: &["sys/fs/cgroup/memory"],
    v1: "memory.limit_in_bytes",
    v2: "memory.max",
};

/// From here on version 1 means no limit: `PAGE_COUNTER_MAX` with pages of up to 64 KiB.
const NO_LIMIT: u64 = 1 << 62;

/// The driver.
pub(crate) struct MemoryMax;

impl Driver for MemoryMax {
    fn knows(&self, key: &str) -> bool {
        path(key, FILES.name).is_some()
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let group = find(machine, spot, &FILES)?;
        let text = group.text(machine, file(&group))?;
        match text.parse::<u64>() {
            Ok(bytes) if bytes >= NO_LIMIT => Ok("max".to_owned()),
            _ => Ok(text),
        }
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        let group = find(machine, spot, &FILES)?;
        group.put(machine, file(&group), written(&group, value))
    }

    fn canonical(&self, _: &Machine, _: &Spot, value: &str) -> Result<String, Trouble> {
        if value == "max" {
            return Ok(value.to_owned());
        }
        let page_bytes = rustix::param::page_size() as u64;
        let bytes: u64 = value
            .parse()
            .map_err(|_| Trouble::Refused(format!("want bytes or max, not {value:?}")))?;
        Ok((bytes / page_bytes * page_bytes).to_string())
    }

    fn sizes(&self, machine: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        if value == "max" {
            // No limit is all memory there is.
            let all = super::tasks::memory_bytes(machine);
            return vec![all.unwrap_or(f64::INFINITY)];
        }
        super::numbers(value)
    }

    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String {
        commands(find(machine, spot, &FILES), |group| {
            vec![group.by_hand(file(group), written(group, value))]
        })
    }
}

fn file(group: &Group) -> &'static str {
    match group.version {
        Version::One => FILES.v1,
        Version::Two => FILES.v2,
    }
}

fn written<'a>(group: &Group, value: &'a str) -> &'a str {
    match (group.version, value) {
        (Version::One, "max") => "-1",
        _ => value,
    }
}
