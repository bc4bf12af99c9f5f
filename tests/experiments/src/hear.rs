//! What Kymo hears: a log of requests and gauges of users, as real applications tell them.
//!
//! * In: requests as they end, and how many users ask.
//! * Out: lines of an access log in one fixed format, datagrams of StatsD.
//! * Never: asks anything; what was heard is seen in the recording.
//!
//! Start at [`Ear`].

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::running::wait;
use crate::sample::Sample;

/// Where recorders hear StatsD.
const STATSD_PORT: u16 = 18_125;

/// How lines of the log are written, in the words of nginx.
const FORMAT: &str = "$msec \"$request\" $status $request_time";

/// How long a recorder may take until it listens.
const LISTENING: Duration = Duration::from_millis(60_000);

/// One service as Kymo hears it.
pub(crate) struct Ear {
    /// Its name in recordings.
    pub(crate) service: String,
    path: PathBuf,
    log: Mutex<File>,
    socket: UdpSocket,
}

impl Ear {
    /// Begins the log of a service.
    pub(crate) fn new(service: &str, path: PathBuf) -> Result<Self, String> {
        let log = OpenOptions::new().create(true).append(true).open(&path);
        let log = log.map_err(|it| format!("{}: {it}", path.display()))?;
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
        let socket = socket.and_then(|it| {
            it.connect((Ipv4Addr::LOCALHOST, STATSD_PORT))?;
            Ok(it)
        });
        Ok(Self {
            service: service.to_owned(),
            path,
            log: Mutex::new(log),
            socket: socket.map_err(|it| format!("a socket for StatsD: {it}"))?,
        })
    }

    /// What a recorder is told to listen to.
    pub(crate) fn intakes(&self) -> [String; 2] {
        let (path, service) = (self.path.display(), &self.service);
        [
            format!("statsd:{STATSD_PORT}"),
            format!("log:{path},service={service},nginx={FORMAT}"),
        ]
    }

    /// Writes requests into the log.
    pub(crate) fn requests(&self, samples: &[Sample], request: &str) -> Result<(), String> {
        let text = lines(samples, request);
        let mut log = self.log.lock().map_err(|_| "the log is lost".to_owned())?;
        let written = log.write_all(text.as_bytes());
        written.map_err(|it| format!("{}: {it}", self.path.display()))
    }

    /// Tells a number; nobody may be listening.
    pub(crate) fn gauge(&self, name: &str, value: f64) {
        let text = format!("{name}:{value}|g|#service.name:{}", self.service);
        // Nobody listens between recordings.
        self.socket.send(text.as_bytes()).ok();
    }

    /// Waits until a recorder listens.
    pub(crate) fn listened_to(&self, stop: &AtomicBool) -> Result<(), String> {
        let until = Instant::now() + LISTENING;
        let mut heard = 0;
        // A datagram that nobody took is told at the next one.
        while heard < 3 {
            match self.socket.send(b"experiments.begin:1|g") {
                Ok(_) => heard += 1,
                Err(_) => heard = 0,
            }
            if Instant::now() > until {
                return Err("the recorder does not listen".to_owned());
            }
            wait(stop, Duration::from_millis(50))?;
        }
        Ok(())
    }
}

fn lines(samples: &[Sample], request: &str) -> String {
    let mut text = String::with_capacity(samples.len() * 48);
    for it in samples {
        let status = if it.served { 200 } else { 503 };
        // Writing into a text cannot fail.
        writeln!(
            text,
            "{:.3} \"{request} HTTP/1.1\" {status} {:.6}",
            it.end_s, it.wait_s
        )
        .ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_of_the_format_that_is_told() {
        let sample = Sample {
            end_s: 1_795_000_000.123_4,
            wait_s: 0.0601,
            served: true,
        };
        let text = lines(&[sample], "GET /query");
        let wanted = "1795000000.123 \"GET /query HTTP/1.1\" 200 0.060100\n";
        assert_eq!(text, wanted);
    }
}
