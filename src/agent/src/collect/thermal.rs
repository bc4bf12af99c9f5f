//! Temperatures of hardware monitors and thermal zones.
//!
//! The sensors are those present at the start; one that goes leaves a gap.
//!
//! # Source
//!
//! Linux `Documentation/hwmon/sysfs-interface.rst`,
//! `Documentation/driver-api/thermal/sysfs-api.rst`: both in thousandths of a
//! degree Celsius.

use std::collections::BTreeSet;

use crate::kept::{Kept, Root};
use crate::sink::{Sink, Slot};
use crate::source::Source;
use crate::source::text::{self, fields, lines, signed};

const MONITORS: &str = "sys/class/hwmon";
const ZONES: &str = "sys/class/thermal";

/// Sensors that are read at most: some take a millisecond each.
const SENSORS_MAX: usize = 64;

#[derive(Debug)]
struct Thermal {
    sensors: Vec<Sensor>,
    left_out: usize,
}

#[derive(Debug)]
struct Sensor {
    name: String,
    file: Kept,
    slot: Option<Slot>,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    let mut names = BTreeSet::new();
    let mut sensors = Vec::new();
    for (chip, name, path) in monitors(root).into_iter().chain(zones(root)) {
        // Two disks of one make have sensors of one name.
        let name = if names.contains(&name) {
            format!("{name} ({chip})")
        } else {
            name
        };
        if names.insert(name.clone()) {
            let file = root.keep(&path);
            sensors.push(Sensor {
                name,
                file,
                slot: None,
            });
        }
    }
    let left_out = sensors.len().saturating_sub(SENSORS_MAX);
    sensors.truncate(SENSORS_MAX);
    (!sensors.is_empty()).then(|| Box::new(Thermal { sensors, left_out }) as Box<dyn Source>)
}

/// Folder, name and file of each temperature of the hardware monitors.
fn monitors(root: &Root) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for chip in root.names(MONITORS) {
        let folder = format!("{MONITORS}/{chip}");
        let name = root
            .text(&format!("{folder}/name"))
            .unwrap_or_else(|| chip.clone());
        for file in root.names(&folder) {
            let Some(input) = file
                .strip_suffix("_input")
                .filter(|it| it.starts_with("temp"))
            else {
                continue;
            };
            let label = root.text(&format!("{folder}/{input}_label"));
            let label = label.as_deref().unwrap_or(input);
            found.push((
                chip.clone(),
                format!("{name} {label}"),
                format!("{folder}/{file}"),
            ));
        }
    }
    found
}

fn zones(root: &Root) -> Vec<(String, String, String)> {
    let names = root.names(ZONES).into_iter();
    names
        .filter(|zone| zone.starts_with("thermal_zone"))
        .map(|zone| {
            let name = root.text(&format!("{ZONES}/{zone}/type"));
            let path = format!("{ZONES}/{zone}/temp");
            (zone.clone(), name.unwrap_or(zone), path)
        })
        .collect()
}

impl Source for Thermal {
    fn read(&mut self, sink: &mut Sink) {
        for Sensor { name, file, slot } in &mut self.sensors {
            let value = text::read(file, sink, |_, bytes| {
                signed(fields(lines(bytes).next()?).next()?)
            });
            let Some(value) = value.flatten() else {
                continue;
            };
            let slot = slot.get_or_insert_with(|| {
                sink.declare("system.temperature", &[("sensor", name)], 1000)
            });
            sink.set(*slot, value);
        }
    }

    fn limits(&self) -> Vec<String> {
        match self.left_out {
            0 => Vec::new(),
            left_out => vec![format!(
                "{left_out} temperature sensors are not read: only the first {SENSORS_MAX} are"
            )],
        }
    }
}
