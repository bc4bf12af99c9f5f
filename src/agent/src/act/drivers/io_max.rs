//! `IoMax`: rates at which a control group may use a block device.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/cgroup-v1/blkio-controller.rst`, `…/cgroup-v2.rst`.

use super::Driver;
use super::cgroup::{Files, Group, Version, commands, place};
use crate::act::machine::Machine;
use crate::act::world::{Spot, Trouble};

const FILES: Files = Files {
    name: "io.max",
    v1_folders: &["sys/fs/cgroup/blkio"],
    v1: "blkio.throttle.read_bps_device",
    v2: "io.max",
};

/// Names in version 2 and files in version 1, in the order of the value.
const RATES: [(&str, &str); 4] = [
    ("rbps", "blkio.throttle.read_bps_device"),
    ("wbps", "blkio.throttle.write_bps_device"),
    ("riops", "blkio.throttle.read_iops_device"),
    ("wiops", "blkio.throttle.write_iops_device"),
];

/// The driver.
pub(crate) struct IoMax;

impl Driver for IoMax {
    fn knows(&self, key: &str) -> bool {
        parts(key).is_some()
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let (group, device) = find(machine, spot)?;
        let mut rates = Vec::new();
        for (name, file) in RATES {
            let value = match group.version {
                Version::One => of_device(&group.text(machine, file)?, device),
                Version::Two => {
                    let line = of_device(&group.text(machine, "io.max")?, device);
                    line.and_then(|it| named(&it, name))
                }
            };
            rates.push(format!("{name}={}", value.as_deref().unwrap_or("max")));
        }
        Ok(rates.join(" "))
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        let (group, device) = find(machine, spot)?;
        let before = self.read(machine, spot)?;
        for (file, line) in writes(&group, device, (&before, value)) {
            group.put(machine, file, &line)?;
        }
        Ok(())
    }

    fn sizes(&self, _: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        let rates = RATES.iter().map(|(name, _)| named(value, name));
        let numbers = rates.map(|it| super::number(&it?));
        numbers.collect::<Option<Vec<f64>>>().unwrap_or_default()
    }

    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String {
        let found = find(machine, spot);
        let device = parts(&spot.key).map_or("", |(_, device)| device);
        commands(found.map(|(group, _)| group), |group| {
            let writes = writes(group, device, ("", value));
            let all = writes.iter().map(|(file, line)| group.by_hand(file, line));
            all.collect()
        })
    }
}

/// Group and device of a key such as `cgroup:/app:io.max:8:0`.
fn parts(key: &str) -> Option<(&str, &str)> {
    let (path, device) = key.strip_prefix("cgroup:")?.rsplit_once(":io.max:")?;
    let (major, minor) = device.split_once(':')?;
    let sound = [major, minor].iter().all(|it| it.parse::<u32>().is_ok());
    sound.then_some((path, device))
}

fn find<'a>(machine: &Machine, spot: &'a Spot) -> Result<(Group, &'a str), Trouble> {
    let parts = parts(&spot.key).filter(|(path, _)| model::plan::check::is_group_path(path));
    let (path, device) =
        parts.ok_or_else(|| Trouble::Refused(format!("{} is no key", spot.key)))?;
    Ok((place(machine, path, &FILES)?, device))
}

/// What a file says of a device, after its numbers.
fn of_device(text: &str, device: &str) -> Option<String> {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(device)?.strip_prefix(' '))?;
    Some(line.trim().to_owned())
}

fn named(line: &str, name: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let value = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.to_owned())
}

/// The writes that come from one value to another; of version 1 only what differs.
fn writes(
    group: &Group,
    device: &str,
    (before, after): (&str, &str),
) -> Vec<(&'static str, String)> {
    if group.version == Version::Two {
        return vec![("io.max", format!("{device} {after}"))];
    }
    let differing = RATES.iter().filter_map(|(name, file)| {
        let rate = named(after, name)?;
        if named(before, name).as_ref() == Some(&rate) {
            return None;
        }
        let rate = if rate == "max" { "0" } else { &rate };
        Some((*file, format!("{device} {rate}")))
    });
    differing.collect()
}
