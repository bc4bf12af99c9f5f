//! Sockets and protocols: TCP and UDP counters, sockets by type, receive path.
//!
//! Counters are those of the agent's network name space. UDP counts both IP
//! versions; the TCP counters of the kernel do so anyway.
//!
//! # Source
//!
//! Linux `Documentation/networking/snmp_counter.rst`, `net/ipv4/proc.c`,
//! `net/ipv6/proc.c`, `net/core/net-procfs.c`.

use super::units::page_bytes;
use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Row, Table, column};
use crate::source::text::{self, fields, hexadecimal, lines, number};

const SEGMENTS: &str = "system.network.tcp.segments";
const CONNECTIONS: &str = "system.network.tcp.connections";
const LISTEN: &str = "system.network.tcp.listen";
const RETRANSMITS: &str = "system.network.tcp.retransmits";
const DATAGRAMS: &str = "system.network.udp.datagrams";
const SOCKETS: &str = "system.network.sockets";
const SOFTNET: &str = "system.network.softnet";

/// Rows are `group.name`, with the groups of IPv6 folded into those of IPv4.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("TCP.mem", None),
    ("Tcp.ActiveOpens", Some(column(CONNECTIONS, &[("type", "active_opens")]))),
    ("Tcp.PassiveOpens", Some(column(CONNECTIONS, &[("type", "passive_opens")]))),
    ("Tcp.AttemptFails", Some(column(CONNECTIONS, &[("type", "attempt_fails")]))),
    ("Tcp.EstabResets", Some(column(CONNECTIONS, &[("type", "established_resets")]))),
    ("Tcp.InSegs", Some(column(SEGMENTS, &[("type", "received")]))),
    ("Tcp.OutSegs", Some(column(SEGMENTS, &[("type", "sent")]))),
    ("Tcp.RetransSegs", Some(column(SEGMENTS, &[("type", "retransmitted")]))),
    ("Tcp.InErrs", Some(column(SEGMENTS, &[("type", "in_errors")]))),
    ("Tcp.OutRsts", Some(column(SEGMENTS, &[("type", "resets_sent")]))),
    ("Udp.InDatagrams", Some(column(DATAGRAMS, &[("type", "received")]))),
    ("Udp.OutDatagrams", Some(column(DATAGRAMS, &[("type", "sent")]))),
    ("Udp.NoPorts", Some(column(DATAGRAMS, &[("type", "no_port")]))),
    ("Udp.InErrors", Some(column(DATAGRAMS, &[("type", "in_errors")]))),
    ("Udp.RcvbufErrors", Some(column(DATAGRAMS, &[("type", "receive_buffer_errors")]))),
    ("Udp.SndbufErrors", Some(column(DATAGRAMS, &[("type", "send_buffer_errors")]))),
    ("TcpExt.ListenOverflows", Some(column(LISTEN, &[("type", "overflows")]))),
    ("TcpExt.ListenDrops", Some(column(LISTEN, &[("type", "drops")]))),
    ("TcpExt.TCPFastRetrans", Some(column(RETRANSMITS, &[("type", "fast")]))),
    ("TcpExt.TCPSlowStartRetrans", Some(column(RETRANSMITS, &[("type", "slow_start")]))),
    ("TcpExt.TCPTimeouts", Some(column(RETRANSMITS, &[("type", "timeouts")]))),
    ("TcpExt.TCPLostRetransmit", Some(column(RETRANSMITS, &[("type", "lost")]))),
    ("TcpExt.TCPSynRetrans", Some(column(RETRANSMITS, &[("type", "syn")]))),
    ("sockets.used", Some(column(SOCKETS, &[("type", "all")]))),
    ("TCP.inuse", Some(column(SOCKETS, &[("type", "tcp")]))),
    ("TCP.orphan", Some(column(SOCKETS, &[("type", "tcp_orphaned")]))),
    ("TCP.tw", Some(column(SOCKETS, &[("type", "tcp_time_wait")]))),
    ("UDP.inuse", Some(column(SOCKETS, &[("type", "udp")]))),
    ("RAW.inuse", Some(column(SOCKETS, &[("type", "raw")]))),
];
const TCP_PAGES: usize = 0;

const TCP_MEMORY: &[Option<Column>] = &[Some(column("system.network.tcp.memory", &[]))];

/// First fields of each line of `softnet_stat`.
const SOFTNET_COLUMNS: &[Option<Column>] = &[
    Some(column(SOFTNET, &[("type", "processed")])),
    Some(column(SOFTNET, &[("type", "dropped")])),
    Some(column(SOFTNET, &[("type", "squeezed")])),
];

/// How the lines of a file are written.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// `Tcp: InSegs OutSegs`, then `Tcp: 1 2`.
    Headed,
    /// `TCP: inuse 4 orphan 0`.
    Paired,
    /// `Udp6InDatagrams 188`.
    Single,
}

const FILES: [(&str, Form); 5] = [
    ("proc/net/snmp", Form::Headed),
    ("proc/net/netstat", Form::Headed),
    ("proc/net/snmp6", Form::Single),
    ("proc/net/sockstat", Form::Paired),
    ("proc/net/sockstat6", Form::Paired),
];

#[derive(Debug)]
struct Sockets {
    files: Vec<Part>,
    softnet: Option<Kept>,
    table: Table,
    tcp_memory: Columns,
    softnet_columns: Columns,
    page_bytes: u64,
}

/// A file, and what is remembered of its layout.
#[derive(Debug)]
struct Part {
    file: Kept,
    form: Form,
    headers: Vec<Header>,
}

/// The header line of a group, and the row that each of its fields feeds.
#[derive(Debug, Default)]
struct Header {
    line: Vec<u8>,
    rows: Vec<Option<usize>>,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    let files: Vec<_> = FILES
        .into_iter()
        .filter(|(path, _)| root.path(path).exists())
        .map(|(path, form)| Part {
            file: root.keep(path),
            form,
            headers: Vec::new(),
        })
        .collect();
    if files.is_empty() {
        return None;
    }
    let softnet = "proc/net/softnet_stat";
    Some(Box::new(Sockets {
        files,
        softnet: root.path(softnet).exists().then(|| root.keep(softnet)),
        table: Table::matching(ROWS, is_same),
        tcp_memory: Columns::new(TCP_MEMORY),
        softnet_columns: Columns::new(SOFTNET_COLUMNS),
        page_bytes: page_bytes(root),
    }))
}

impl Source for Sockets {
    fn read(&mut self, sink: &mut Sink) {
        let table = &mut self.table;
        table.begin();
        for Part {
            file,
            form,
            headers,
        } in &mut self.files
        {
            text::read(file, sink, |_, bytes| match form {
                Form::Headed => take_headed(table, headers, bytes),
                Form::Paired => take_paired(table, bytes),
                Form::Single => table.take(bytes),
            });
        }
        table.set(sink);
        let memory = table
            .value(TCP_PAGES)
            .map(|pages| pages.saturating_mul(self.page_bytes));
        self.tcp_memory.set(sink, 0, memory);
        if let Some(softnet) = &mut self.softnet {
            let columns = &mut self.softnet_columns;
            text::read(softnet, sink, |sink, bytes| {
                take_softnet(columns, sink, bytes);
            });
        }
    }
}

/// Whether the row takes `Group.Name`, `Group6Name` or `Group6.Name`.
fn is_same(row: &str, key: &[u8]) -> bool {
    let Some((group, name)) = row.split_once('.') else {
        return false;
    };
    let Some(rest) = key.strip_prefix(group.as_bytes()) else {
        return false;
    };
    let rest = rest.strip_prefix(b"6").unwrap_or(rest);
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    rest == name.as_bytes()
}

fn take_headed(table: &mut Table, headers: &mut Vec<Header>, bytes: &[u8]) {
    let mut lines = lines(bytes);
    let mut place = 0;
    while let (Some(names), Some(numbers)) = (lines.next(), lines.next()) {
        if headers.len() <= place {
            headers.push(Header::default());
        }
        let header = &mut headers[place];
        if header.line != names {
            *header = understood(table, names);
        }
        place += 1;
        if header.rows.iter().all(Option::is_none) {
            continue;
        }
        let mut numbers = fields(numbers);
        if numbers.next() != fields(names).next() {
            continue;
        }
        for (row, field) in header.rows.iter().zip(numbers) {
            if let Some(row) = row {
                table.add(*row, number(field));
            }
        }
    }
    // A file has a few groups; nothing may pile up when one is nonsense.
    headers.truncate(place);
}

fn understood(table: &Table, names: &[u8]) -> Header {
    let mut fields = fields(names);
    let group = fields.next().unwrap_or_default();
    let group = group.strip_suffix(b":").unwrap_or(group);
    let row = |name: &[u8]| table.find(&[group, b".", name].concat());
    Header {
        line: names.to_vec(),
        rows: fields.map(row).collect(),
    }
}

fn take_paired(table: &mut Table, bytes: &[u8]) {
    for line in lines(bytes) {
        let mut fields = fields(line);
        let group = fields.next().and_then(|it| it.strip_suffix(b":"));
        let Some(group) = group else { continue };
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            let row = ROWS.iter().position(|(row, _)| is_pair(row, group, name));
            if let Some(row) = row {
                table.add(row, number(value));
            }
        }
    }
}

fn is_pair(row: &str, group: &[u8], name: &[u8]) -> bool {
    let group = group.strip_suffix(b"6").unwrap_or(group);
    row.split_once('.')
        .is_some_and(|(a, b)| a.as_bytes() == group && b.as_bytes() == name)
}

/// Sums the processors; those that went offline keep their line.
fn take_softnet(columns: &mut Columns, sink: &mut Sink, bytes: &[u8]) {
    let mut sums = [0_u64; 3];
    let mut count = 0;
    for line in lines(bytes) {
        let mut fields = fields(line).map(hexadecimal);
        for sum in &mut sums {
            let Some(Some(value)) = fields.next() else {
                return;
            };
            *sum = sum.saturating_add(value);
        }
        count += 1;
    }
    if count > 0 && text::is_whole(bytes) {
        columns.set_all(sink, sums.into_iter().map(Some));
    }
}
