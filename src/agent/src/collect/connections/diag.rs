//! Asks the kernel for sockets by state over netlink; safe on any bytes.

use std::io;
use std::ops::ControlFlow;

use rustix::net::{AddressFamily, netlink};

use super::{Counts, ESTABLISHED, STATE_COUNT, TIME_WAIT};
use crate::collect::netlink::Socket;
use crate::kept::Root;

/// Sockets that are counted at most; the kernel lists some two in a microsecond.
const SOCKETS_MAX: u64 = 100_000;

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
const TCP: u8 = 6;

/// Bytes of a request: `inet_diag_req_v2`.
const REQUEST: usize = 56;

/// States that are asked for: all numbers but those that the kernel counts.
const STATES: u32 = ((1 << STATE_COUNT) - 2) & !(1 << ESTABLISHED) & !(1 << TIME_WAIT);

/// A socket to the kernel's lists of sockets.
#[derive(Debug)]
pub(super) struct Diag {
    socket: Socket,
    sequence: u32,
}

impl Diag {
    /// Opens it on the live machine, where the kernel needs to load nothing for it.
    pub(super) fn open(root: &Root) -> Option<Self> {
        let is_there =
            root.path("sys/module/tcp_diag").exists() || !root.path("proc/modules").exists();
        if !root.is_live() || !is_there {
            return None;
        }
        Some(Self {
            socket: Socket::asking(Some(netlink::SOCK_DIAG)).ok()?,
            sequence: 0,
        })
    }

    /// Counts the sockets of both IP versions in the states that are asked for.
    pub(super) fn count(&mut self, buffer: &mut Vec<u8>) -> io::Result<Counts> {
        let mut counts = Counts::default();
        let mut sockets = 0;
        for family in [AddressFamily::INET, AddressFamily::INET6] {
            self.sequence = self.sequence.wrapping_add(1);
            let request = (BY_FAMILY, self.sequence, &request(family)[..]);
            self.socket.dump(request, buffer, |body| {
                add(body, &mut counts);
                sockets += 1;
                match sockets > SOCKETS_MAX {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            })?;
        }
        Ok(counts)
    }
}

fn request(family: AddressFamily) -> [u8; REQUEST] {
    let mut out = [0; REQUEST];
    out[0] = u8::try_from(family.as_raw()).unwrap_or(0);
    out[1] = TCP;
    out[4..8].copy_from_slice(&STATES.to_ne_bytes());
    out
}

/// Counts a socket: `inet_diag_msg` begins with family and state.
fn add(body: &[u8], counts: &mut Counts) {
    let state = body.get(1).copied().map(usize::from);
    if let Some(count) = state.and_then(|it| counts.get_mut(it)) {
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_counted_by_state() {
        let mut counts = Counts::default();
        for body in [&[2, 10, 0, 0][..], &[10, 8], &[2, 200], &[2], &[]] {
            add(body, &mut counts);
        }
        let all = counts.iter().sum::<u64>();
        assert_eq!((counts[10], counts[8], all), (1, 1, 2));
    }
}
