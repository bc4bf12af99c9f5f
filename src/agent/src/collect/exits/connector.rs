//! The process connector: when exactly a thread ended, and of which process.
//!
//! # Source
//!
//! `linux/cn_proc.h`, `linux/connector.h`.

use std::io;

use rustix::net::netlink::CONNECTOR;

use super::WAITING_BYTES;
use super::netlink::{self, MESSAGE_BYTES, Received, Socket, u32_at, u64_at};

/// Identifier of process events, index and value (`CN_IDX_PROC`, `CN_VAL_PROC`).
const PROCESS_EVENTS: u32 = 1;

/// Asks for events (`PROC_CN_MCAST_LISTEN`), and asks no more (`PROC_CN_MCAST_IGNORE`).
const LISTEN: u32 = 1;
const IGNORE: u32 = 2;

/// A thread ended (`PROC_EVENT_EXIT`).
const EVENT_EXIT: u32 = 0x8000_0000;

/// Kernel from which on only one sort of event can be asked for.
const FILTER_SINCE: (u32, u32) = (6, 6);

/// Messages taken per reading at most: a second of the fastest forking.
const MESSAGES_MAX: usize = 200_000;

/// A thread that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExitEvent {
    /// Thread.
    pub(super) pid: u32,
    /// Its process.
    pub(super) process: u32,
    /// When, on the monotonic clock.
    pub(super) monotonic_ns: i64,
}

/// Why there are no exact times.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectorError {
    /// The kernel or its security rules said no.
    #[error("the process connector refused ({0})")]
    Refused(#[from] io::Error),
}

/// Listens to process events.
#[derive(Debug)]
pub(super) struct Connector {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Connector {
    /// Begins to listen.
    pub(super) fn open() -> Result<Self, ConnectorError> {
        let socket = Socket::listening(CONNECTOR, PROCESS_EVENTS, WAITING_BYTES)?;
        let mut ask = LISTEN.to_ne_bytes().to_vec();
        if kernel_version() >= FILTER_SINCE {
            ask.extend_from_slice(&EVENT_EXIT.to_ne_bytes());
        }
        socket.send(&request(&ask))?;
        Ok(Self {
            socket,
            buffer: vec![0; MESSAGE_BYTES],
        })
    }

    /// Appends all ended threads that wait; returns how often messages were lost.
    pub(super) fn drain(&mut self, out: &mut Vec<ExitEvent>) -> u64 {
        let mut lost = 0;
        for _ in 0..MESSAGES_MAX {
            match self.socket.receive(&mut self.buffer) {
                Ok(Received::Bytes(length)) => {
                    let bytes = &self.buffer[..length];
                    out.extend(netlink::messages(bytes).filter_map(|it| exit_event(it.body)));
                }
                Ok(Received::Lost) => lost += 1,
                Ok(Received::Nothing) | Err(_) => break,
            }
        }
        lost
    }
}

impl Drop for Connector {
    /// Kernels before 6.6 count listeners and would go on sending to nobody.
    fn drop(&mut self) {
        self.socket.send(&request(&IGNORE.to_ne_bytes())).ok();
    }
}

fn request(payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for number in [PROCESS_EVENTS, PROCESS_EVENTS, 0, 0] {
        body.extend_from_slice(&number.to_ne_bytes());
    }
    let length = u16::try_from(payload.len()).unwrap_or(0);
    body.extend_from_slice(&length.to_ne_bytes());
    body.extend_from_slice(&0_u16.to_ne_bytes());
    body.extend_from_slice(payload);
    netlink::message(netlink::TYPE_DONE, 0, 0, &body)
}

/// The ended thread of a connector message, `None` for every other event.
pub(super) fn exit_event(body: &[u8]) -> Option<ExitEvent> {
    if u32_at(body, 0)? != PROCESS_EVENTS || u32_at(body, 4)? != PROCESS_EVENTS {
        return None;
    }
    let event = body.get(20..)?;
    if u32_at(event, 0)? != EVENT_EXIT {
        return None;
    }
    Some(ExitEvent {
        monotonic_ns: i64::try_from(u64_at(event, 8)?).ok()?,
        pid: u32_at(event, 16)?,
        process: u32_at(event, 20)?,
    })
}

/// Major and minor version of the running kernel, zeros when it cannot be told.
fn kernel_version() -> (u32, u32) {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy().into_owned();
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
