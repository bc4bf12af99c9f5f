//! Asks the kernel for sockets by state over netlink; safe on any bytes.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, sendto,
    socket_with,
};

use super::{Counts, ESTABLISHED, STATE_COUNT, TIME_WAIT};
use crate::kept::Root;

/// Sockets that are counted at most; the kernel lists some two in a microsecond.
const SOCKETS_MAX: u64 = 100_000;

/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const TCP: u8 = 6;

/// Header of a message, and all of a request: `nlmsghdr`, `inet_diag_req_v2`.
const HEADER: usize = 16;
const REQUEST: usize = HEADER + 56;

/// States that are asked for: all numbers but those that the kernel counts.
const STATES: u32 = ((1 << STATE_COUNT) - 2) & !(1 << ESTABLISHED) & !(1 << TIME_WAIT);

/// A socket to the kernel's lists of sockets.
#[derive(Debug)]
pub(super) struct Diag {
    file: OwnedFd,
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
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let file = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            flags,
            Some(netlink::SOCK_DIAG),
        );
        Some(Self {
            file: file.ok()?,
            sequence: 0,
        })
    }

    /// Counts the sockets of both IP versions in the states that are asked for.
    pub(super) fn count(&mut self, buffer: &mut Vec<u8>) -> io::Result<Counts> {
        if buffer.len() < 16 << 10 {
            buffer.resize(16 << 10, 0);
        }
        let mut counts = Counts::default();
        for family in [AddressFamily::INET, AddressFamily::INET6] {
            self.sequence = self.sequence.wrapping_add(1);
            let kernel = netlink::SocketAddrNetlink::new(0, 0);
            let request = request(family, self.sequence);
            sendto(&self.file, &request, SendFlags::DONTWAIT, &kernel)?;
            self.take(buffer, &mut counts)?;
        }
        Ok(counts)
    }

    fn take(&self, buffer: &mut [u8], counts: &mut Counts) -> io::Result<()> {
        loop {
            let length = match recv(&self.file, &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((length, _)) => length,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            if add(&buffer[..length], self.sequence, counts)? {
                return Ok(());
            }
            if counts.iter().sum::<u64>() > SOCKETS_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
    }
}

fn request(family: AddressFamily, sequence: u32) -> [u8; REQUEST] {
    let mut out = [0; REQUEST];
    out[0..4].copy_from_slice(&(REQUEST as u32).to_ne_bytes());
    out[4..6].copy_from_slice(&BY_FAMILY.to_ne_bytes());
    out[6..8].copy_from_slice(&DUMP.to_ne_bytes());
    out[8..12].copy_from_slice(&sequence.to_ne_bytes());
    out[HEADER] = u8::try_from(family.as_raw()).unwrap_or(0);
    out[HEADER + 1] = TCP;
    out[HEADER + 4..HEADER + 8].copy_from_slice(&STATES.to_ne_bytes());
    out
}

/// Adds the answers in one datagram; whether they were the last.
fn add(mut bytes: &[u8], sequence: u32, counts: &mut Counts) -> io::Result<bool> {
    while let Some(header) = bytes.first_chunk::<HEADER>() {
        let [a, b, c, d, e, f, _, _, g, h, i, j, ..] = *header;
        let length = usize::try_from(u32::from_ne_bytes([a, b, c, d])).unwrap_or(0);
        let Some(body) = bytes.get(HEADER..length) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        if u32::from_ne_bytes([g, h, i, j]) != sequence {
            continue;
        }
        match u16::from_ne_bytes([e, f]) {
            DONE => return Ok(true),
            ERROR => return Err(io::ErrorKind::Unsupported.into()),
            _ => {}
        }
        // `inet_diag_msg` begins with family and state.
        if let Some(count) = body
            .get(1)
            .and_then(|state| counts.get_mut(usize::from(*state)))
        {
            *count += 1;
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: u16, sequence: u32, state: u8) -> Vec<u8> {
        let mut out = 18_u32.to_ne_bytes().to_vec();
        out.extend(kind.to_ne_bytes());
        out.extend([0, 0]);
        out.extend(sequence.to_ne_bytes());
        out.extend([0, 0, 0, 0, 2, state, 0, 0]);
        out
    }

    #[test]
    fn answers_are_counted_until_the_last() -> io::Result<()> {
        let mut counts = Counts::default();
        let bytes = [
            answer(20, 7, 10),
            answer(20, 6, 10),
            answer(20, 7, 8),
            answer(20, 7, 200),
        ]
        .concat();
        assert!(!add(&bytes, 7, &mut counts)?);
        assert!(add(&answer(DONE, 7, 0), 7, &mut counts)?);
        assert_eq!(
            (counts[10], counts[8], counts.iter().sum::<u64>()),
            (1, 1, 2)
        );
        assert!(add(&answer(ERROR, 7, 0), 7, &mut counts).is_err());
        Ok(())
    }

    #[test]
    fn cut_answers_are_refused() {
        let bytes = answer(20, 7, 10);
        for end in HEADER..18 {
            assert!(
                add(&bytes[..end], 7, &mut Counts::default()).is_err(),
                "{end}"
            );
        }
    }
}
