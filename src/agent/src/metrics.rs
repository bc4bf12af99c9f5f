//! The agent's own figures for a Prometheus server: what it costs and how well it samples.
//!
//! Off unless it is asked for, on the loopback interface only, and nothing of the machine
//! or of its processes is told. One thread answers one connection after the other, each
//! within [`PATIENCE`]; a request is read up to [`REQUEST_MAX_BYTES`] and its body never.
//!
//! * `exposition`: the figures as text. `answer`: what a request gets. Both open nothing.
//! * [`Door`]: the socket and its thread.
//!
//! Start at [`open`].

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::sink::Sink;

mod exposition;

pub use exposition::{Figure, figures, text};

/// A request line and its headers; a real one has a few hundred bytes.
const REQUEST_MAX_BYTES: usize = 8 << 10;

/// How long a connection may take in all: a scrape is one round trip on one machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is taken or not of this machine, or no thread can be had.
    #[error("could not tell metrics at {address}")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Where the figures are told; the thread runs until the process ends.
#[derive(Debug)]
pub struct Door {
    shared: Arc<Mutex<Vec<Figure>>>,
    address: SocketAddr,
}

/// A port of the loopback interface, or an address that is one.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn loopback(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let address: SocketAddr = text
        .parse()
        .map_err(|_| format!("wants an address such as 127.0.0.1:9464, not {text:?}"))?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err(format!(
            "{address} is no address of the loopback interface; let a server on this machine ask, or forward the port over ssh"
        )),
    }
}

/// Listens, and answers from a thread of its own.
///
/// # Errors
///
/// [`OpenError`] when the address is taken or the system refuses a thread.
pub fn open(address: SocketAddr) -> Result<Door, OpenError> {
    let refused = |source| OpenError::Refused { address, source };
    let listener = TcpListener::bind(address).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let shared = Arc::new(Mutex::new(Vec::new()));
    let for_thread = Arc::clone(&shared);
    thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || serve(&listener, &for_thread))
        .map_err(refused)?;
    Ok(Door { shared, address })
}

impl Door {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells these figures from now on. What was not read this time stays as it was.
    pub fn put(&self, sink: &Sink) {
        let mut known = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        figures(sink, &mut known);
    }
}

fn serve(listener: &TcpListener, shared: &Mutex<Vec<Figure>>) {
    for stream in listener.incoming() {
        match stream {
            // A peer that breaks off has nothing to be told.
            Ok(stream) => drop(converse(stream, shared)),
            // Out of descriptors, perhaps; they come back.
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

fn converse(mut stream: TcpStream, shared: &Mutex<Vec<Figure>>) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !is_whole(&request) && request.len() < REQUEST_MAX_BYTES {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut piece)? {
            0 => break,
            count => request.extend_from_slice(&piece[..count]),
        }
    }
    let body = || text(&shared.lock().unwrap_or_else(PoisonError::into_inner));
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(answer(&request, body).as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)
}

/// Whether a request's headers are there to the end.
fn is_whole(request: &[u8]) -> bool {
    request.windows(4).any(|it| it == b"\r\n\r\n") || request.windows(2).any(|it| it == b"\n\n")
}

/// The whole answer to a request.
fn answer(request: &[u8], body: impl Fn() -> String) -> String {
    let line = request.split(|it| matches!(it, b'\r' | b'\n')).next();
    let line = String::from_utf8_lossy(line.unwrap_or_default());
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or("");
    let version = words.next().unwrap_or("");
    if !is_whole(request) {
        let status = match request.len() >= REQUEST_MAX_BYTES {
            true => "431 Request Header Fields Too Large",
            false => "400 Bad Request",
        };
        return response(
            status,
            "text/plain; charset=utf-8",
            ("", "want GET /metrics\n"),
        );
    }
    let plain = |status: &str, more: &str| {
        let kind = "text/plain; charset=utf-8";
        response(status, kind, (more, "want GET /metrics\n"))
    };
    match (method, path) {
        _ if !version.starts_with("HTTP/1.") => plain("400 Bad Request", ""),
        ("GET", "/metrics") => response("200 OK", exposition::CONTENT_TYPE, ("", &body())),
        ("HEAD", "/metrics") => response("200 OK", exposition::CONTENT_TYPE, ("", "")),
        ("GET" | "HEAD", _) => plain("404 Not Found", ""),
        _ => plain("405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
    }
}

fn response(status: &str, kind: &str, (more, body): (&str, &str)) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{more}Connection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests;
