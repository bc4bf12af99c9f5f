//! Readers of a page: so many with think time, or arriving at random at a rate.
//!
//! What a reader waits is measured here and not by the server, whose own time of a request
//! begins only when it reads it, so that waits before that are missed.
//!
//! Start at [`Web::start`].

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Load;
use crate::draw::Draw;
use crate::hear::Ear;
use crate::meter::unix_s;
use crate::sample::Sample;

/// When readers ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Asking {
    /// So many, each waits this long in the mean between an answer and its next request.
    Closed { users: u32, think_s: f64 },
    /// So many a second at random moments, whatever the answers do.
    Open { rate: f64 },
}

/// Connections of an open load, at most; more would all wait.
const CONNECTIONS: u32 = 64;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_millis(30_000);

/// Largest answer.
const ANSWER_MAX_BYTES: u64 = 16 << 20;

/// How often requests are passed on.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Readers that read.
pub(crate) struct Web {
    readers: Vec<JoinHandle<Result<Vec<Sample>, String>>>,
    teller: Option<JoinHandle<Result<(), String>>>,
    ended: Arc<AtomicBool>,
}

/// What readers share.
struct Shared {
    address: SocketAddr,
    path: String,
    asking: Asking,
    ended: Arc<AtomicBool>,
    /// The next arrival of an open load, and what it is drawn from.
    next: Mutex<(Instant, Draw)>,
    told: Mutex<Vec<Sample>>,
}

impl Web {
    /// Starts the readers.
    pub(crate) fn start(
        (address, path): (SocketAddr, &str),
        asking: Asking,
        seed: u64,
        ear: &Arc<Ear>,
    ) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let shared = Arc::new(Shared {
            address,
            path: path.to_owned(),
            asking,
            ended: Arc::clone(&ended),
            next: Mutex::new((Instant::now(), Draw::of(seed, "arrivals"))),
            told: Mutex::new(Vec::new()),
        });
        let count = match asking {
            Asking::Closed { users, .. } => users,
            Asking::Open { .. } => CONNECTIONS,
        };
        let reader = |i: u32| {
            let shared = Arc::clone(&shared);
            let draw = Draw::of(seed, &format!("reader {i}"));
            std::thread::spawn(move || {
                let read = shared.read(draw);
                if read.is_err() {
                    shared.ended.store(true, Ordering::Relaxed);
                }
                read
            })
        };
        let readers = (0..count).map(reader).collect();
        let ear = Arc::clone(ear);
        let teller = std::thread::spawn(move || shared.tell(&ear));
        Self {
            readers,
            teller: Some(teller),
            ended,
        }
    }
}

impl Load for Web {
    fn finish(mut self: Box<Self>) -> Result<Vec<Sample>, String> {
        self.ended.store(true, Ordering::Relaxed);
        let mut samples = Vec::new();
        for reader in std::mem::take(&mut self.readers) {
            samples.extend(reader.join().map_err(|_| "a reader is lost")??);
        }
        if let Some(teller) = self.teller.take() {
            teller.join().map_err(|_| "nobody told of requests")??;
        }
        Ok(samples)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    /// One reader, until the end.
    fn read(&self, mut draw: Draw) -> Result<Vec<Sample>, String> {
        let mut samples = Vec::new();
        let mut connection = Connection::open(self.address)?;
        loop {
            let Some(since) = self.turn(&mut draw)? else {
                return Ok(samples);
            };
            let served = connection.ask(&self.path)?;
            let sample = Sample {
                end_s: unix_s(),
                wait_s: since.elapsed().as_secs_f64(),
                served,
            };
            samples.push(sample);
            let mut told = self.told.lock().map_err(|_| "a reader is lost")?;
            told.push(sample);
        }
    }

    /// Waits for a reader's next request; since when it is due, `None` at the end.
    fn turn(&self, draw: &mut Draw) -> Result<Option<Instant>, String> {
        let due = match self.asking {
            Asking::Closed { think_s, .. } => {
                Instant::now() + Duration::from_secs_f64(draw.exponential(think_s))
            }
            Asking::Open { rate } => {
                let mut next = self.next.lock().map_err(|_| "a reader is lost")?;
                let gap = next.1.exponential(1.0 / rate);
                next.0 += Duration::from_secs_f64(gap);
                next.0
            }
        };
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let ended = self.ended.load(Ordering::Relaxed);
        // A thinking user asks when the thought is over; an arrival waits since it was due.
        let since = match self.asking {
            Asking::Closed { .. } => Instant::now(),
            Asking::Open { .. } => due,
        };
        Ok((!ended).then_some(since))
    }

    /// Passes requests on until the end.
    fn tell(&self, ear: &Ear) -> Result<(), String> {
        let request = format!("GET {}", self.path);
        loop {
            let last = self.ended.load(Ordering::Relaxed);
            let told = self.told.lock().map(|mut it| std::mem::take(&mut *it));
            ear.requests(&told.map_err(|_| "a reader is lost")?, &request)?;
            if last {
                return Ok(());
            }
            std::thread::sleep(TELL_EVERY);
        }
    }
}

/// A connection that is kept.
struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|it| format!("{address}: {it}"))?;
        stream.set_nodelay(true).map_err(|it| it.to_string())?;
        let patience = Some(PATIENCE);
        stream
            .set_read_timeout(patience)
            .map_err(|it| it.to_string())?;
        Ok(Self {
            address,
            stream: BufReader::new(stream),
        })
    }

    /// Asks for a page, once more where the server has closed the connection meanwhile;
    /// whether it was served.
    fn ask(&mut self, path: &str) -> Result<bool, String> {
        match self.once(path) {
            Ok(served) => Ok(served),
            Err(_) => {
                *self = Self::open(self.address)?;
                self.once(path).map_err(gone)
            }
        }
    }

    fn once(&mut self, path: &str) -> std::io::Result<bool> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (status, closes) = answer(&mut self.stream)?;
        if closes {
            *self =
                Self::open(self.stream.get_ref().peer_addr()?).map_err(std::io::Error::other)?;
        }
        match status {
            200 => Ok(true),
            503 | 429 => Ok(false),
            other => Err(std::io::Error::other(format!("status {other}"))),
        }
    }
}

fn gone(why: std::io::Error) -> String {
    format!("the web server does not answer: {why}")
}

/// Reads an answer to its end; its status, and whether the connection ends with it.
///
/// # Source
///
/// RFC 9112, sections 4, 6 and 7.1.
fn answer(stream: &mut impl BufRead) -> std::io::Result<(u16, bool)> {
    let wrong = |what: &str| std::io::Error::other(what.to_owned());
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
    let status = status.ok_or_else(|| wrong("no status"))?;
    let (mut length, mut chunked, mut closes) = (0, false, false);
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        match header.split_once(": ") {
            Some(("content-length", it)) => {
                length = it
                    .parse()
                    .map_err(|_| wrong("a length that is no number"))?;
            }
            Some(("transfer-encoding", "chunked")) => chunked = true,
            Some(("connection", "close")) => closes = true,
            _ => {}
        }
    }
    if !chunked {
        skip(stream, length)?;
        return Ok((status, closes));
    }
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end(), 16);
        let size = size.map_err(|_| wrong("a chunk without a size"))?;
        skip(stream, size)?;
        line.clear();
        stream.read_line(&mut line)?;
        if size == 0 {
            return Ok((status, closes));
        }
    }
}

fn skip(stream: &mut impl BufRead, bytes: u64) -> std::io::Result<()> {
    if bytes > ANSWER_MAX_BYTES {
        return Err(std::io::Error::other("an answer without end"));
    }
    let copied = std::io::copy(&mut stream.take(bytes), &mut std::io::sink())?;
    match copied == bytes {
        true => Ok(()),
        false => Err(std::io::Error::other("half an answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_to_their_end_and_no_further() {
        let text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            5\r\n0\r\n\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
            HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhiNEXT";
        let mut stream = BufReader::new(&text[..]);
        assert_eq!(answer(&mut stream).ok(), Some((200, false)));
        assert_eq!(answer(&mut stream).ok(), Some((503, true)));
        let mut rest = String::new();
        assert!(stream.read_to_string(&mut rest).is_ok());
        assert_eq!(rest, "NEXT");
    }
}
