//! NUMA nodes: memory and where allocations went. Only where there are several.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/numastat.rst`, `drivers/base/node.c`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Owner, column};
use crate::source::text::{self, fields};

const FOLDER: &str = "sys/devices/system/node";
const USAGE: &str = "system.numa.memory.usage";
const ALLOCATIONS: &str = "system.numa.allocations";

const KEYS: &[&[u8]] = &[
    b"MemTotal:",
    b"MemFree:",
    b"MemUsed:",
    b"numa_hit",
    b"numa_miss",
    b"numa_foreign",
    b"interleave_hit",
    b"local_node",
    b"other_node",
];
const COLUMNS: &[Option<Column>] = &[
    Some(column(USAGE, &[("state", "total")]).times(1024)),
    Some(column(USAGE, &[("state", "free")]).times(1024)),
    Some(column(USAGE, &[("state", "used")]).times(1024)),
    Some(column(ALLOCATIONS, &[("type", "hit")])),
    Some(column(ALLOCATIONS, &[("type", "miss")])),
    Some(column(ALLOCATIONS, &[("type", "foreign")])),
    Some(column(ALLOCATIONS, &[("type", "interleave")])),
    Some(column(ALLOCATIONS, &[("type", "local")])),
    Some(column(ALLOCATIONS, &[("type", "other")])),
];

#[derive(Debug)]
struct Numa {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    meminfo: Kept,
    numastat: Kept,
    columns: Columns,
}

/// Opens the source; one node alone says nothing that the machine does not.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    let mut nodes = Vec::new();
    for name in root.names(FOLDER) {
        let Some(number) = name
            .strip_prefix("node")
            .filter(|it| text::number(it.as_bytes()).is_some())
        else {
            continue;
        };
        nodes.push(Node {
            meminfo: root.keep(&format!("{FOLDER}/{name}/meminfo")),
            numastat: root.keep(&format!("{FOLDER}/{name}/numastat")),
            columns: Columns::of(COLUMNS, Owner::new("node", number)),
        });
    }
    (nodes.len() > 1).then(|| Box::new(Numa { nodes }) as Box<dyn Source>)
}

impl Source for Numa {
    fn read(&mut self, sink: &mut Sink) {
        for Node {
            meminfo,
            numastat,
            columns,
        } in &mut self.nodes
        {
            // Lines begin with `Node N`.
            text::read(meminfo, sink, |sink, bytes| take(columns, sink, bytes, 2));
            text::read(numastat, sink, |sink, bytes| take(columns, sink, bytes, 0));
        }
    }
}

fn take(columns: &mut Columns, sink: &mut Sink, bytes: &[u8], skip: usize) {
    for line in text::lines(bytes) {
        let mut fields = fields(line);
        let key = fields.nth(skip);
        if let Some(place) = KEYS.iter().position(|known| Some(*known) == key) {
            columns.set(sink, place, fields.number());
        }
    }
}
