//! TCP connections by state, at the slow cadence.
//!
//! The kernel is asked over netlink for all states but established and
//! time-wait, of which there may be hundred thousands and which it counts
//! anyway. Where netlink is refused, or would make the kernel load a module,
//! `/proc/net/tcp` is read up to a bound.
//!
//! # Source
//!
//! `sock_diag(7)`, `linux/inet_diag.h`; `proc_pid_net(5)`; Linux
//! `include/net/tcp_states.h`. `CurrEstab` counts close-wait too (RFC 4022).

mod diag;
mod listing;

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Attributes, Column, Columns, column};
use crate::source::text::{self, fields, lines, number};

const COUNT: &str = "system.network.connection.count";

/// Numbers of the kernel's states; 12 is a connection request, which is syn-received.
const STATE_COUNT: usize = 13;
const ESTABLISHED: usize = 1;
const SYN_RECEIVED: usize = 3;
const TIME_WAIT: usize = 6;
const CLOSE_WAIT: usize = 8;
const REQUEST: usize = 12;

const fn state(attributes: Attributes) -> Option<Column> {
    Some(column(COUNT, attributes))
}

/// Series by the kernel's number of the state.
const COLUMNS: &[Option<Column>] = &[
    None,
    state(&[("transport", "tcp"), ("state", "established")]),
    state(&[("transport", "tcp"), ("state", "syn_sent")]),
    state(&[("transport", "tcp"), ("state", "syn_received")]),
    state(&[("transport", "tcp"), ("state", "fin_wait_1")]),
    state(&[("transport", "tcp"), ("state", "fin_wait_2")]),
    state(&[("transport", "tcp"), ("state", "time_wait")]),
    state(&[("transport", "tcp"), ("state", "closed")]),
    state(&[("transport", "tcp"), ("state", "close_wait")]),
    state(&[("transport", "tcp"), ("state", "last_ack")]),
    state(&[("transport", "tcp"), ("state", "listen")]),
    state(&[("transport", "tcp"), ("state", "closing")]),
];

/// How many connections are in each state, by the kernel's number.
type Counts = [u64; STATE_COUNT];

#[derive(Debug)]
struct Connections {
    snmp: Kept,
    sockstat: Kept,
    lists: Vec<Kept>,
    diag: Option<diag::Diag>,
    columns: Columns,
    limits: Vec<String>,
}

/// Opens the source.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    connections(root).map(|source| Box::new(source) as Box<dyn Source>)
}

fn connections(root: &Root) -> Option<Connections> {
    let paths = ["proc/net/tcp", "proc/net/tcp6"];
    let lists: Vec<_> = paths
        .into_iter()
        .filter(|path| root.path(path).exists())
        .map(|path| root.keep(path))
        .collect();
    (!lists.is_empty()).then(|| Connections {
        snmp: root.keep("proc/net/snmp"),
        sockstat: root.keep("proc/net/sockstat"),
        lists,
        diag: diag::Diag::open(root),
        columns: Columns::new(COLUMNS),
        limits: Vec::new(),
    })
}

impl Source for Connections {
    fn read(&mut self, sink: &mut Sink) {
        self.limits.clear();
        let Some(mut counts) = self.asked(sink).or_else(|| self.listed(sink)) else {
            return;
        };
        counts[SYN_RECEIVED] += counts[REQUEST];
        let counts = counts.into_iter().take(COLUMNS.len());
        self.columns.set_all(sink, counts.map(Some));
    }

    fn limits(&self) -> Vec<String> {
        self.limits.clone()
    }
}

impl Connections {
    /// Asks over netlink for the rare states, and takes the others from the kernel's counts.
    fn asked(&mut self, sink: &mut Sink) -> Option<Counts> {
        let diag = self.diag.as_mut()?;
        let Ok(mut counts) = diag.count(&mut sink.buffer) else {
            // Asked once in vain, asked no more: the list serves.
            self.diag = None;
            return None;
        };
        let current = text::read(&mut self.snmp, sink, |_, bytes| current(bytes)).flatten()?;
        let waiting = text::read(&mut self.sockstat, sink, |_, bytes| waiting(bytes)).flatten()?;
        counts[ESTABLISHED] = current.saturating_sub(counts[CLOSE_WAIT]);
        counts[TIME_WAIT] = waiting;
        Some(counts)
    }

    /// Counts the lists of all sockets; none of it where they are too long.
    fn listed(&mut self, sink: &mut Sink) -> Option<Counts> {
        let mut counts = Counts::default();
        for list in &self.lists {
            if listing::count(list.path(), &mut sink.buffer, &mut counts).is_err() {
                self.limits.push(format!(
                    "TCP connections are not counted by state: the list of them is unreadable or longer than {} KiB",
                    listing::MAX_BYTES / 1024
                ));
                return None;
            }
        }
        Some(counts)
    }
}

/// `CurrEstab` of the group `Tcp`.
fn current(bytes: &[u8]) -> Option<u64> {
    let mut lines = lines(bytes).filter(|line| line.starts_with(b"Tcp:"));
    let place = fields(lines.next()?).position(|name| name == b"CurrEstab")?;
    number(fields(lines.next()?).nth(place)?)
}

/// `tw` of the line `TCP`.
fn waiting(bytes: &[u8]) -> Option<u64> {
    let line = lines(bytes).find(|line| line.starts_with(b"TCP:"))?;
    let mut fields = fields(line);
    fields.find(|name| *name == b"tw")?;
    fields.number()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Outcome;
    use crate::sink::UNSET;

    /// The kernel's count of listening sockets, asked or listed.
    fn listening(count: fn(&mut Connections, &mut Sink) -> Option<Counts>) -> Option<u64> {
        let mut source = connections(&Root::new("/"))?;
        count(&mut source, &mut Sink::default()).map(|counts| counts[10])
    }

    #[test]
    fn a_listening_socket_is_counted_either_way() -> Outcome {
        let _socket = std::net::TcpListener::bind("127.0.0.1:0")?;
        // Kernels without the netlink interface leave the list, which must work.
        assert!(listening(Connections::asked).is_none_or(|count| count >= 1));
        assert!(listening(Connections::listed).is_some_and(|count| count >= 1));
        let mut sink = Sink::default();
        open(&Root::new("/"))
            .ok_or("nothing to read")?
            .read(&mut sink);
        assert!(!sink.values().is_empty() && sink.values().iter().all(|raw| *raw != UNSET));
        Ok(())
    }
}
