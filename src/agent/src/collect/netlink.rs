//! Netlink messages, built and taken apart by hand; safe on any bytes.
//!
//! # Source
//!
//! `netlink(7)`, `linux/netlink.h`, `linux/genetlink.h`.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto,
    socket_with, sockopt,
};

/// Largest message that is read; the kernel's are below one page.
pub(in crate::collect) const MESSAGE_BYTES: usize = 16 << 10;

/// Type of an error or acknowledgement (`NLMSG_ERROR`).
pub(in crate::collect) const TYPE_ERROR: u16 = 2;

/// Type of a single message (`NLMSG_DONE`).
pub(in crate::collect) const TYPE_DONE: u16 = 3;

/// A request that wants an acknowledgement (`NLM_F_REQUEST | NLM_F_ACK`).
pub(in crate::collect) const REQUEST: u16 = 1 | 4;

/// A request for a whole list (`NLM_F_REQUEST | NLM_F_DUMP`).
const DUMP: u16 = 0x301;

/// Bytes of a message's header.
const HEADER: usize = 16;

/// A socket that talks to the kernel only and never blocks.
#[derive(Debug)]
pub(in crate::collect) struct Socket {
    file: OwnedFd,
}

/// What one receive gave.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::collect) enum Received {
    /// This many bytes.
    Bytes(usize),
    /// Nothing waits.
    Nothing,
    /// The kernel had to throw messages away.
    Lost,
}

/// One message: its type, and what follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Message<'a> {
    /// Type, `nlmsg_type`.
    pub(in crate::collect) kind: u16,
    /// Sequence number of the request it answers.
    pub(in crate::collect) sequence: u32,
    /// What follows the header.
    pub(in crate::collect) body: &'a [u8],
}

impl Socket {
    /// Opens a socket that is only asked; `None` is the protocol of routes and links.
    pub(in crate::collect) fn asking(protocol: Option<Protocol>) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let kind = SocketType::DGRAM;
        let file = socket_with(AddressFamily::NETLINK, kind, flags, protocol)?;
        Ok(Self { file })
    }

    /// Opens a socket that listens to multicast `groups`, with kernel memory for so many
    /// bytes of messages that wait.
    pub(in crate::collect) fn listening(
        protocol: Protocol,
        groups: u32,
        bytes: usize,
    ) -> io::Result<Self> {
        let socket = Self::asking(Some(protocol))?;
        let file = &socket.file;
        // The larger size needs a privilege; without it the usual one must do.
        if sockopt::set_socket_recv_buffer_size_force(file, bytes).is_err() {
            sockopt::set_socket_recv_buffer_size(file, bytes)?;
        }
        bind(file, &SocketAddrNetlink::new(0, groups))?;
        Ok(socket)
    }

    /// Asks for a list and calls `each` with every entry of it, until `each` says stop.
    ///
    /// # Errors
    ///
    /// The kernel refuses, an answer is cut, or messages were lost.
    pub(in crate::collect) fn dump(
        &self,
        (kind, sequence, body): (u16, u32, &[u8]),
        buffer: &mut Vec<u8>,
        mut each: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> io::Result<()> {
        if buffer.len() < MESSAGE_BYTES {
            buffer.resize(MESSAGE_BYTES, 0);
        }
        self.send(&message(kind, DUMP, sequence, body))?;
        loop {
            let length = match self.receive(buffer)? {
                Received::Bytes(length) => length,
                // The kernel answers within the call that asks; nothing more is cut.
                Received::Nothing => return Err(io::ErrorKind::UnexpectedEof.into()),
                Received::Lost => return Err(io::ErrorKind::InvalidData.into()),
            };
            if listed(&buffer[..length], sequence, &mut each)? == Listed::All {
                return Ok(());
            }
        }
    }

    /// Sends one message to the kernel.
    pub(in crate::collect) fn send(&self, message: &[u8]) -> io::Result<()> {
        let kernel = SocketAddrNetlink::new(0, 0);
        sendto(&self.file, message, SendFlags::DONTWAIT, &kernel)?;
        Ok(())
    }

    /// Takes the next message; those not from the kernel are passed over.
    pub(in crate::collect) fn receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
        // Bounded, so that a flood from elsewhere cannot hold a reading up.
        for _ in 0..64 {
            match recvfrom(&self.file, &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((length, _, Some(from))) => {
                    let from = SocketAddrNetlink::try_from(from);
                    if from.is_ok_and(|from| from.pid() == 0) {
                        return Ok(Received::Bytes(length));
                    }
                }
                Ok((_, _, None)) => {}
                Err(Errno::AGAIN) => return Ok(Received::Nothing),
                Err(Errno::NOBUFS) => return Ok(Received::Lost),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Received::Nothing)
    }
}

/// How far a list has come.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::collect) enum Listed {
    /// More datagrams follow.
    Part,
    /// That was the last one.
    All,
}

/// Takes one datagram of a list apart.
///
/// # Errors
///
/// The kernel refused, the datagram is cut, or `each` wants no more.
pub(in crate::collect) fn listed(
    bytes: &[u8],
    sequence: u32,
    each: &mut impl FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<Listed> {
    let mut taken = 0;
    for message in messages(bytes) {
        taken += (HEADER + message.body.len()).next_multiple_of(4);
        if message.sequence != sequence {
            continue;
        }
        match message.kind {
            TYPE_DONE => return Ok(Listed::All),
            TYPE_ERROR => return Err(io::ErrorKind::Unsupported.into()),
            _ if each(message.body).is_break() => {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            _ => {}
        }
    }
    match taken >= bytes.len() {
        true => Ok(Listed::Part),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Builds a message around a body.
pub(in crate::collect) fn message(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(HEADER + body.len());
    out.extend_from_slice(&length.to_ne_bytes());
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(&flags.to_ne_bytes());
    out.extend_from_slice(&sequence.to_ne_bytes());
    out.extend_from_slice(&0_u32.to_ne_bytes());
    out.extend_from_slice(body);
    out
}

/// Appends an attribute, padded to four bytes.
pub(in crate::collect) fn push_attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_ne_bytes());
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// The messages in a datagram; a wrong length ends them.
pub(in crate::collect) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
        if length < HEADER {
            return None;
        }
        let message = Message {
            kind: u16_at(bytes, 4)?,
            sequence: u32_at(bytes, 8)?,
            body: bytes.get(HEADER..length)?,
        };
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some(message)
    })
}

/// The attributes in a body, as type and value; a wrong length ends them.
pub(in crate::collect) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        // The two highest bits are flags: nested, byte order.
        let kind = u16_at(bytes, 2)? & 0x3fff;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some((kind, value))
    })
}

/// The native 16-bit number at an offset.
pub(in crate::collect) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}

/// The native 32-bit number at an offset.
pub(in crate::collect) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// The native 64-bit number at an offset.
pub(in crate::collect) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a datagram of a list gives: its bodies, and whether it was the last.
    fn taken(bytes: &[u8]) -> io::Result<(Vec<Vec<u8>>, Listed)> {
        let mut bodies = Vec::new();
        let listed = listed(bytes, 7, &mut |body: &[u8]| {
            bodies.push(body.to_vec());
            ControlFlow::Continue(())
        })?;
        Ok((bodies, listed))
    }

    #[test]
    fn lists_are_taken_until_the_last_entry() -> io::Result<()> {
        // The kernel pads messages to four bytes.
        let padded = |kind, sequence, body: &[u8]| {
            let mut bytes = message(kind, 0, sequence, body);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        let bytes = [
            padded(20, 7, b"ab"),
            padded(20, 6, b"another's"),
            padded(20, 7, b"cdefg"),
        ]
        .concat();
        assert_eq!(
            taken(&bytes)?,
            (vec![b"ab".to_vec(), b"cdefg".to_vec()], Listed::Part)
        );
        assert_eq!(
            taken(&message(TYPE_DONE, 0, 7, &[]))?,
            (vec![], Listed::All)
        );
        assert!(taken(&message(TYPE_ERROR, 0, 7, &[0; 4])).is_err());
        Ok(())
    }

    #[test]
    fn cut_datagrams_are_refused() {
        let bytes = message(20, 0, 7, b"abcd");
        for end in 1..bytes.len() {
            assert!(taken(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn whoever_wants_no_more_gets_no_more() {
        let bytes = message(20, 0, 7, b"abcd");
        let mut none = |_: &[u8]| ControlFlow::Break(());
        assert!(listed(&bytes, 7, &mut none).is_err());
    }
}
