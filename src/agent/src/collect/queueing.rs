//! Queueing disciplines: what waits to be sent through an interface, and what was
//! thrown away or held back instead.
//!
//! The kernel is asked over netlink for the disciplines at the root of each
//! interface; a classful one sums up those below it. Interfaces without a queue,
//! such as loopback, have none.
//!
//! # Source
//!
//! `rtnetlink(7)`, `linux/pkt_sched.h` (`TC_H_ROOT`), `linux/rtnetlink.h` (`tcmsg`),
//! `linux/gen_stats.h` (`gnet_stats_queue`).

use std::io;
use std::ops::ControlFlow;

use rustix::net::netdevice::index_to_name;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::netlink::{Socket, attributes, u32_at};
use crate::kept::Root;
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Owner, column};
use crate::source::devices::Devices;

/// `RTM_GETQDISC`.
const GET: u16 = 38;

/// Bytes of `tcmsg`, and its parent at the root.
const MESSAGE: usize = 20;
const AT_ROOT: u32 = 0xFFFF_FFFF;

/// `TCA_STATS2`, and in it `TCA_STATS_QUEUE`.
const STATISTICS: u16 = 7;
const QUEUE: u16 = 3;

/// Disciplines that are looked at, at most.
const DISCIPLINES_MAX: usize = 4096;

/// Numbers of `gnet_stats_queue` in their order.
const COLUMNS: &[Option<Column>] = &[
    Some(column("system.network.queue.packets", &[])),
    Some(column("system.network.queue.backlog", &[])),
    Some(column("system.network.queue.dropped", &[])),
    Some(column("system.network.queue.requeued", &[])),
    Some(column("system.network.queue.delayed", &[])),
];

/// The numbers of one discipline.
type Numbers = [u32; COLUMNS.len()];

#[derive(Debug)]
struct Queueing {
    /// `None` once the kernel refused.
    socket: Option<Socket>,
    sequence: u32,
    devices: Devices<Columns>,
    found: Vec<(u32, Numbers)>,
    limits: Vec<String>,
}

/// Opens the source; only the live machine answers.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    if !root.is_live() {
        return None;
    }
    Some(Box::new(Queueing {
        socket: Some(Socket::asking(None).ok()?),
        sequence: 0,
        devices: Devices::new("queue of interface"),
        found: Vec::new(),
        limits: Vec::new(),
    }))
}

impl Source for Queueing {
    fn read(&mut self, sink: &mut Sink) {
        let Some(socket) = &self.socket else { return };
        self.sequence = self.sequence.wrapping_add(1);
        self.found.clear();
        let found = &mut self.found;
        let request = (GET, self.sequence, &[0; MESSAGE][..]);
        let asked = socket.dump(request, &mut sink.buffer, |body| {
            found.extend(queue(body));
            match found.len() < DISCIPLINES_MAX {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        match asked {
            Ok(()) => self.tell(sink),
            Err(error) => {
                // Asked once in vain, asked no more.
                self.socket = None;
                self.limits = vec![format!(
                    "queues of interfaces are not seen: the kernel does not list them ({error})"
                )];
            }
        }
    }

    fn limits(&self) -> Vec<String> {
        self.limits.clone()
    }
}

impl Queueing {
    fn tell(&mut self, sink: &mut Sink) {
        // Names are asked for anew each time: numbers can change hands.
        let Ok(names) = name_socket() else { return };
        self.devices.begin();
        for (index, numbers) in &self.found {
            let Ok(name) = index_to_name(&names, *index) else {
                continue;
            };
            let columns = self.devices.meet(sink, name.as_bytes(), |name| {
                Columns::of(COLUMNS, Owner::new("device", name))
            });
            if let Some(columns) = columns {
                columns.set_all(sink, numbers.iter().map(|it| Some(u64::from(*it))));
            }
        }
        self.devices.end(sink, |sink, columns| columns.retire(sink));
    }
}

/// Any socket knows the names of interfaces.
fn name_socket() -> io::Result<rustix::fd::OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    Ok(socket_with(
        AddressFamily::UNIX,
        SocketType::DGRAM,
        flags,
        None,
    )?)
}

/// Number of the interface, and what the discipline at its root says.
fn queue(body: &[u8]) -> Option<(u32, Numbers)> {
    let (interface, parent) = (u32_at(body, 4)?, u32_at(body, 12)?);
    if parent != AT_ROOT {
        return None;
    }
    let (_, statistics) = attributes(body.get(MESSAGE..)?).find(|it| it.0 == STATISTICS)?;
    let (_, numbers) = attributes(statistics).find(|it| it.0 == QUEUE)?;
    let mut out = Numbers::default();
    for (place, number) in out.iter_mut().enumerate() {
        *number = u32_at(numbers, place * 4)?;
    }
    Some((interface, out))
}

#[cfg(test)]
mod tests {
    use super::super::netlink::push_attribute;
    use super::*;

    fn discipline(interface: u32, parent: u32, numbers: &[u32]) -> Vec<u8> {
        let words = [0, interface, 0x8001_0000, parent, 2];
        let mut body: Vec<u8> = words.iter().flat_map(|it: &u32| it.to_ne_bytes()).collect();
        push_attribute(&mut body, 1, b"tbf\0");
        let bytes: Vec<u8> = numbers.iter().flat_map(|it| it.to_ne_bytes()).collect();
        let mut nested = Vec::new();
        push_attribute(&mut nested, 1, &[0; 12]);
        push_attribute(&mut nested, QUEUE, &bytes);
        push_attribute(&mut body, STATISTICS, &nested);
        body
    }

    #[test]
    fn the_root_of_an_interface_is_read() {
        let body = discipline(3, AT_ROOT, &[12, 18_168, 5, 1, 900]);
        assert_eq!(queue(&body), Some((3, [12, 18_168, 5, 1, 900])));
        assert_eq!(queue(&discipline(3, 0x8001_0000, &[1, 2, 3, 4, 5])), None);
        assert_eq!(queue(&discipline(3, AT_ROOT, &[1, 2, 3])), None);
    }

    #[test]
    fn cut_answers_give_nothing() {
        let body = discipline(3, AT_ROOT, &[12, 18_168, 5, 1, 900]);
        for end in 0..body.len() {
            assert_eq!(queue(&body[..end]), None, "{end}");
        }
    }

    #[test]
    fn the_live_kernel_is_read_without_a_complaint() {
        let Some(mut source) = open(&Root::new("/")) else {
            eprintln!("skipped: this machine does not open a socket of routes");
            return;
        };
        let mut sink = Sink::default();
        source.read(&mut sink);
        assert_eq!(source.limits(), Vec::<String>::new());
    }
}
