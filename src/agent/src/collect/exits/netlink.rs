//! Netlink messages, built and taken apart by hand; safe on any bytes.
//!
//! # Source
//!
//! `netlink(7)`, `linux/netlink.h`, `linux/genetlink.h`.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto,
    socket_with, sockopt,
};

/// Kernel memory for messages that wait: about ten thousand ended threads.
const RECEIVE_BYTES: usize = 16 << 20;

/// Largest message that is read; the kernel's are below one page.
pub(super) const MESSAGE_BYTES: usize = 16 << 10;

/// Type of an error or acknowledgement (`NLMSG_ERROR`).
pub(super) const TYPE_ERROR: u16 = 2;

/// Type of a single message (`NLMSG_DONE`).
pub(super) const TYPE_DONE: u16 = 3;

/// A request that wants an acknowledgement (`NLM_F_REQUEST | NLM_F_ACK`).
pub(super) const REQUEST: u16 = 1 | 4;

/// Bytes of a message's header.
const HEADER: usize = 16;

/// A socket that talks to the kernel only and never blocks.
#[derive(Debug)]
pub(super) struct Socket {
    file: OwnedFd,
}

/// What one receive gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// This many bytes.
    Bytes(usize),
    /// Nothing waits.
    Nothing,
    /// The kernel had to throw messages away.
    Lost,
}

/// One message: its type, and what follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// Type, `nlmsg_type`.
    pub(super) kind: u16,
    /// Sequence number of the request it answers.
    pub(super) sequence: u32,
    /// What follows the header.
    pub(super) body: &'a [u8],
}

impl Socket {
    /// Opens and binds a socket to multicast `groups`.
    pub(super) fn open(protocol: Protocol, groups: u32) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let kind = SocketType::DGRAM;
        let file = socket_with(AddressFamily::NETLINK, kind, flags, Some(protocol))?;
        // The larger size needs a privilege; without it the usual one must do.
        if sockopt::set_socket_recv_buffer_size_force(&file, RECEIVE_BYTES).is_err() {
            sockopt::set_socket_recv_buffer_size(&file, RECEIVE_BYTES)?;
        }
        bind(&file, &SocketAddrNetlink::new(0, groups))?;
        Ok(Self { file })
    }

    /// Sends one message to the kernel.
    pub(super) fn send(&self, message: &[u8]) -> io::Result<()> {
        let kernel = SocketAddrNetlink::new(0, 0);
        sendto(&self.file, message, SendFlags::DONTWAIT, &kernel)?;
        Ok(())
    }

    /// Takes the next message; those not from the kernel are passed over.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
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

/// Builds a message around a body.
pub(super) fn message(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
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
pub(super) fn push_attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_ne_bytes());
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// The messages in a datagram; a wrong length ends them.
pub(super) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
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
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
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
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}

/// The native 32-bit number at an offset.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// The native 64-bit number at an offset.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}
