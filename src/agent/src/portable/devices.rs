//! Interfaces, disks and file systems.

use std::collections::BTreeSet;

use sysinfo::{Disks, Networks};

use crate::kept::Root;
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Attributes, Column, Columns, Owner, column};
use crate::source::devices::Devices;

const NETWORK_IO: &str = "system.network.io";
const PACKETS: &str = "system.network.packets";
const ERRORS: &str = "system.network.errors";
const RECEIVE: Attributes = &[("direction", "receive")];
const TRANSMIT: Attributes = &[("direction", "transmit")];

const NETWORK: &[Option<Column>] = &[
    Some(column(NETWORK_IO, RECEIVE)),
    Some(column(NETWORK_IO, TRANSMIT)),
    Some(column(PACKETS, RECEIVE)),
    Some(column(PACKETS, TRANSMIT)),
    Some(column(ERRORS, RECEIVE)),
    Some(column(ERRORS, TRANSMIT)),
];

const DISK: &[Option<Column>] = &[
    Some(column("system.disk.io", &[("direction", "read")])),
    Some(column("system.disk.io", &[("direction", "write")])),
];

const SPACE: &[Option<Column>] = &[
    Some(column("system.filesystem.usage", &[("state", "used")])),
    Some(column("system.filesystem.usage", &[("state", "free")])),
];

struct Interfaces {
    networks: Networks,
    devices: Devices<Columns>,
}

struct Storage {
    disks: Disks,
    devices: Devices<Columns>,
    mounts: Devices<Columns>,
}

/// Opens the source of interfaces.
pub(super) fn open_networks(_: &Root) -> Option<Box<dyn Source>> {
    Some(Box::new(Interfaces {
        networks: Networks::new(),
        devices: Devices::new("interface"),
    }))
}

/// Opens the source of disks and file systems.
pub(super) fn open_disks(_: &Root) -> Option<Box<dyn Source>> {
    Some(Box::new(Storage {
        disks: Disks::new(),
        devices: Devices::new("disk"),
        mounts: Devices::new("file system"),
    }))
}

impl Source for Interfaces {
    fn read(&mut self, sink: &mut Sink) {
        self.networks.refresh(true);
        let mut sorted: Vec<_> = self.networks.iter().collect();
        sorted.sort_by_key(|(name, _)| *name);
        self.devices.begin();
        for (name, data) in sorted {
            let owned = |name: &str| Columns::of(NETWORK, Owner::new("device", name));
            let Some(columns) = self.devices.meet(sink, name.as_bytes(), owned) else {
                continue;
            };
            let values = [
                data.total_received(),
                data.total_transmitted(),
                data.total_packets_received(),
                data.total_packets_transmitted(),
                data.total_errors_on_received(),
                data.total_errors_on_transmitted(),
            ];
            columns.set_all(sink, values.into_iter().map(Some));
        }
        self.devices.end(sink, |sink, columns| columns.retire(sink));
    }
}

impl Source for Storage {
    fn read(&mut self, sink: &mut Sink) {
        self.disks.refresh(true);
        self.devices.begin();
        self.mounts.begin();
        // A disk with several file systems is listed once for each.
        let mut read = BTreeSet::new();
        for disk in &self.disks {
            let name = disk.name().to_string_lossy();
            let name = name.strip_prefix("/dev/").unwrap_or(&name);
            if !name.is_empty() && read.insert(name.to_owned()) {
                let owned = |name: &str| Columns::of(DISK, Owner::new("device", name));
                if let Some(columns) = self.devices.meet(sink, name.as_bytes(), owned) {
                    let usage = disk.usage();
                    columns.set(sink, 0, Some(usage.total_read_bytes));
                    columns.set(sink, 1, Some(usage.total_written_bytes));
                }
            }
            let point = disk.mount_point().to_string_lossy();
            let owned = |point: &str| Columns::of(SPACE, Owner::new("mountpoint", point));
            if let Some(columns) = self.mounts.meet(sink, point.as_bytes(), owned) {
                let free = disk.available_space();
                columns.set(sink, 0, disk.total_space().checked_sub(free));
                columns.set(sink, 1, Some(free));
            }
        }
        self.devices.end(sink, |sink, columns| columns.retire(sink));
        self.mounts.end(sink, |sink, columns| columns.retire(sink));
    }

    fn limits(&self) -> Vec<String> {
        vec!["on this system disks tell bytes only, not operations, times or queues".to_owned()]
    }
}
