//! Network interfaces: bytes, packets, errors, drops.
//!
//! # Source
//!
//! `proc_pid_net(5)`, file `dev`; Linux `net/core/net-procfs.c`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Attributes, Column, Columns, Owner, column};
use crate::source::devices::Devices;
use crate::source::text::{self, fields, number};

const IO: &str = "system.network.io";
const PACKETS: &str = "system.network.packets";
const ERRORS: &str = "system.network.errors";
const DROPPED: &str = "system.network.dropped";

const RECEIVE: Attributes = &[("direction", "receive")];
const TRANSMIT: Attributes = &[("direction", "transmit")];

/// Fields after the interface's name.
const COLUMNS: &[Option<Column>] = &[
    Some(column(IO, RECEIVE)),
    Some(column(PACKETS, RECEIVE)),
    Some(column(ERRORS, RECEIVE)),
    Some(column(DROPPED, RECEIVE)),
    None,
    None,
    None,
    None,
    Some(column(IO, TRANSMIT)),
    Some(column(PACKETS, TRANSMIT)),
    Some(column(ERRORS, TRANSMIT)),
    Some(column(DROPPED, TRANSMIT)),
];

#[derive(Debug)]
struct Network {
    file: Kept,
    devices: Devices<Columns>,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    root.path("proc/net/dev").exists().then(|| {
        Box::new(Network {
            file: root.keep("proc/net/dev"),
            devices: Devices::new("interface"),
        }) as Box<dyn Source>
    })
}

impl Source for Network {
    fn read(&mut self, sink: &mut Sink) {
        let Self { file, devices } = self;
        text::read(file, sink, |sink, bytes| take(devices, sink, bytes));
    }
}

fn take(devices: &mut Devices<Columns>, sink: &mut Sink, bytes: &[u8]) {
    let mut is_list = false;
    devices.begin();
    for line in text::lines(bytes) {
        if !is_list {
            // Interfaces follow two lines of header with bars.
            is_list = line.contains(&b'|');
            continue;
        }
        // Names may hold a colon, numbers do not; old kernels put no space after it.
        let Some(colon) = line.iter().rposition(|byte| *byte == b':') else {
            continue;
        };
        let name = line[..colon].trim_ascii();
        let fields = fields(&line[colon + 1..]);
        if name.is_empty() || fields.clone().nth(11).is_none() {
            continue;
        }
        let columns = devices.meet(sink, name, |name| {
            Columns::of(COLUMNS, Owner::new("device", name))
        });
        if let Some(columns) = columns {
            columns.set_all(sink, fields.map(number));
        }
    }
    if is_list && text::is_whole(bytes) {
        devices.end(sink, |sink, columns| columns.retire(sink));
    }
}
