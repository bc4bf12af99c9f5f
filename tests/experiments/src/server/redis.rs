//! A cache that forgets what was not asked for longest.
//!
//! Start at [`Redis::start`].

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use crate::load::cache::Talk;
use crate::place::Group;
use crate::running::Running;

use super::STARTING;

const PORT: u16 = 16_379;

/// A running cache; ended when dropped.
pub(crate) struct Redis {
    _running: Running,
}

impl Redis {
    /// Starts it in a group, with so much memory.
    pub(crate) fn start(folder: &Path, group: &Group, bytes: u64) -> Result<Self, String> {
        let command = [
            "redis-server",
            "--port",
            &PORT.to_string(),
            "--bind",
            "127.0.0.1",
            "--dir",
            &folder.display().to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
            "--maxmemory",
            &bytes.to_string(),
            "--maxmemory-policy",
            "allkeys-lru",
            "--maxmemory-samples",
            "10",
            "--daemonize",
            "no",
        ]
        .map(str::to_owned);
        let mut running = Running::start(&command, Some(group), &folder.join("redis.txt"))?;
        running.until(STARTING, || std::net::TcpStream::connect(address()).is_ok())?;
        Ok(Self { _running: running })
    }

    /// A connection to it.
    pub(crate) fn talk(&self) -> Result<Talk, String> {
        Talk::open(address())
    }

    /// What an agent's policy says of it.
    pub(crate) fn policy(&self) -> String {
        format!("  redis: [(name: \"\", address: \"{}\")],\n", address())
    }

    /// Memory that it may use, bytes.
    pub(crate) fn memory(&self) -> Result<f64, String> {
        self.talk()?.told("memory", "maxmemory")
    }

    /// Changes that by hand.
    pub(crate) fn set_memory(&self, bytes: u64) -> Result<(), String> {
        let bytes = bytes.to_string();
        self.talk()?
            .ask(&[b"CONFIG", b"SET", b"maxmemory", bytes.as_bytes()])
            .map(|_| ())
    }
}

/// Where it listens.
pub(crate) fn address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, PORT).into()
}
