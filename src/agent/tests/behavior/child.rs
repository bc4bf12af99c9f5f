//! The built agent as a child process: the path that every recording takes.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use wire::decode::{Decoder, Said};
use wire::frame::{Found, Kind, Reader};
#[cfg(feature = "intake")]
use wire::message::Hear;
use wire::message::{Burst, Configure, Request, Since};

use crate::reader::Heard;

/// Longest wait for anything; a healthy agent answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

struct Agent {
    child: Child,
    requests: Option<ChildStdin>,
    frames: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
    decoder: Decoder,
}

impl Agent {
    fn start(arguments: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kymo-agent"))
            .arg("--stdio")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(requests), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok(Self {
            child,
            requests: Some(requests),
            frames: follow(output),
            bytes: Vec::new(),
            decoder: Decoder::default(),
        })
    }

    fn ask(&mut self, request: &Request) -> io::Result<()> {
        let mut bytes = Vec::new();
        wire::encode::aside(&mut bytes, Kind::Request, request).map_err(io::Error::other)?;
        self.send(&bytes)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let requests = self.requests.as_mut();
        requests.ok_or(io::ErrorKind::BrokenPipe)?.write_all(bytes)
    }

    /// The next thing it says; `None` when the stream is over.
    fn hear(&mut self) -> io::Result<Option<Said>> {
        let frame = match self.frames.recv_timeout(PATIENCE) {
            Ok(frame) => frame,
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
        };
        self.bytes.extend_from_slice(&frame);
        let found = wire::frame::frames(&frame).next();
        let Some(Found::Frame(frame)) = found else {
            return Err(io::Error::other("damage"));
        };
        let said = self.decoder.accept(&frame);
        said.map(Some).map_err(io::Error::other)
    }

    fn hear_until(&mut self, wanted: impl Fn(&Said) -> bool) -> io::Result<Said> {
        loop {
            match self.hear()? {
                Some(said) if wanted(&said) => return Ok(said),
                Some(_) => {}
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    fn hear_batches(&mut self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            self.hear_until(|said| matches!(said, Said::Batch(_)))?;
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<(Option<Said>, ExitStatus)> {
        let mut last = None;
        while let Some(said) = self.hear()? {
            last = Some(said);
        }
        Ok((last, self.child.wait()?))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Already ended in a test that went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Cuts the output into frames on a thread, so that a test can give up waiting.
fn follow(mut output: ChildStdout) -> Receiver<Vec<u8>> {
    let (sender, frames) = channel();
    std::thread::spawn(move || {
        let mut reader = Reader::default();
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            reader.push(&buffer[..length]);
            while let Some(found) = reader.next() {
                let bytes = match found {
                    Found::Frame(frame) => frame.bytes.to_vec(),
                    Found::Damage { .. } => b"damage".to_vec(),
                };
                if sender.send(bytes).is_err() {
                    return;
                }
            }
        }
    });
    frames
}

fn bye(said: Option<Said>) -> String {
    match said {
        Some(Said::Bye(reason)) => reason.why,
        other => format!("{other:?}"),
    }
}

#[test]
fn a_session_from_greeting_to_goodbye() -> io::Result<()> {
    let mut agent = Agent::start(&["--every", "50ms", "--budget", "off"])?;
    let Some(Said::Hello(hello)) = agent.hear()? else {
        return Err(io::Error::other("no greeting"));
    };
    assert_eq!(hello.agent_pid, agent.child.id());
    assert_eq!(hello.every_ns, 50_000_000);
    assert!(hello.boot_ns > 0 && hello.cpus > 0);
    agent.hear_batches(3)?;
    agent.ask(&Request {
        clock_probe: Some(7),
        ..Request::default()
    })?;
    let clock = agent.hear_until(|said| matches!(said, Said::Clock(_)))?;
    assert!(
        matches!(clock, Said::Clock(clock) if clock.probe == 7 && clock.boot_ns > hello.boot_ns)
    );
    agent.ask(&Request {
        replay: Some(Since { boot_ns: 0 }),
        configure: Some(Configure {
            every_ns: 20_000_000,
        }),
        ..Request::default()
    })?;
    agent.hear_until(|said| *said == Said::ReplayStarted)?;
    agent.hear_until(|said| *said == Said::ReplayEnded)?;
    agent.hear_batches(3)?;
    agent.ask(&Request {
        stop: true,
        ..Request::default()
    })?;
    let (last, status) = agent.end()?;
    assert_eq!(bye(last), "it was asked to");
    assert!(status.success(), "{status}");
    // Everything decodes, and from the replay on nothing is lost or doubled.
    let mut heard = Heard::new();
    heard.read(&agent.bytes);
    let again = heard.sequences.iter().rposition(|it| *it == 1);
    let since = heard
        .sequences
        .get(again.unwrap_or(0)..)
        .unwrap_or_default();
    let expected: Vec<u64> = (1..=since.len() as u64).collect();
    assert_eq!(since, expected);
    assert_eq!(heard.waiting, 0);
    Ok(())
}

#[test]
fn it_ends_when_its_input_closes() -> io::Result<()> {
    let mut agent = Agent::start(&["--every", "10s"])?;
    agent.hear_batches(1)?;
    let asked = Instant::now();
    agent.requests = None;
    let (last, status) = agent.end()?;
    assert_eq!(bye(last), "the connection was closed");
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < Duration::from_secs(5));
    Ok(())
}

#[test]
#[cfg(target_os = "linux")]
fn it_ends_at_a_signal() -> io::Result<()> {
    let mut agent = Agent::start(&["--every", "10s"])?;
    agent.hear_batches(1)?;
    let pid = rustix::process::Pid::from_child(&agent.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    let (last, status) = agent.end()?;
    assert_eq!(bye(last), "the system asked it to");
    assert!(status.success(), "{status}");
    Ok(())
}

#[test]
fn it_ends_when_nobody_reads() -> io::Result<()> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kymo-agent"))
        .args(["--stdio", "--every", "10s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let input = child.stdin.take();
    let mut output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut byte = [0];
    output.read_exact(&mut byte)?;
    drop(output);
    let status = child.wait()?;
    assert!(status.success(), "{status}");
    drop(input);
    Ok(())
}

#[cfg(feature = "intake")]
#[test]
fn what_of_applications_is_heard_can_be_changed_while_it_runs() -> io::Result<()> {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let free = std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
    let mut agent = Agent::start(&["--every", "50ms", "--budget", "off"])?;
    agent.hear_batches(1)?;
    let asked = [
        format!("statsd:{}", free.port()),
        format!("otlp-http:{}", taken.local_addr()?.port()),
        "nonsense".to_owned(),
    ];
    agent.ask(&Request {
        hear: Some(Hear {
            what: asked.to_vec(),
        }),
        ..Request::default()
    })?;
    // What can be heard is, and of the rest the reasons are told.
    for what in [&asked[2], &asked[1].replace("http:", "http:127.0.0.1:")] {
        let refused = agent.hear_until(|said| matches!(said, Said::Refused(_)))?;
        assert!(
            matches!(&refused, Said::Refused(it) if it.what == format!("to hear {what}")),
            "{refused:?}"
        );
    }
    let tells = |wanted: String| {
        let wanted = ("kymo.agent.intake".to_owned(), wanted);
        move |said: &Said| matches!(said, Said::Settings(all) if all.contains(&wanted))
    };
    agent.hear_until(tells(format!("statsd:{free}")))?;
    let sender = std::net::UdpSocket::bind("127.0.0.1:0")?;
    sender.send_to(b"orders:1|c", free)?;
    agent.hear_until(|said| {
        matches!(said, Said::Series(all) if all.iter().any(|(_, it)| it.key.metric == "orders"))
    })?;
    // Nothing is heard any more, so that the port is free again.
    agent.ask(&Request {
        hear: Some(Hear::default()),
        ..Request::default()
    })?;
    agent.hear_until(tells(String::new()))?;
    agent.hear_batches(2)?;
    assert!(std::net::UdpSocket::bind(free).is_ok());
    Ok(())
}

#[test]
fn nonsense_is_refused_and_does_not_disturb() -> io::Result<()> {
    let mut agent = Agent::start(&["--every", "100ms"])?;
    agent.hear_batches(1)?;
    agent.send(&[0x55; 100])?;
    let refused = |said: &Said| matches!(said, Said::Refused(_));
    agent.hear_until(refused)?;
    agent.ask(&Request {
        configure: Some(Configure { every_ns: 1 }),
        burst: Some(Burst {
            series: vec![4_000_000],
            every_ns: 10_000_000,
        }),
        ..Request::default()
    })?;
    agent.hear_until(refused)?;
    agent.hear_until(refused)?;
    agent.hear_batches(2)?;
    agent.requests = None;
    let (_, status) = agent.end()?;
    assert!(status.success(), "{status}");
    Ok(())
}

#[test]
fn a_reader_that_stops_for_a_while_gets_everything() -> io::Result<()> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kymo-agent"))
        .args(["--stdio", "--every", "10ms", "--budget", "off"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    // Nobody reads while many answers and samples fill pipe and queue; the last
    // probe is taken only after all before it were.
    let mut bytes = Vec::new();
    for probe in 1..=20_000 {
        let request = Request {
            clock_probe: Some(probe),
            replay: probe.is_multiple_of(1_000).then_some(Since { boot_ns: 0 }),
            ..Request::default()
        };
        bytes.clear();
        wire::encode::aside(&mut bytes, Kind::Request, &request).map_err(io::Error::other)?;
        input.write_all(&bytes)?;
    }
    let writer = std::thread::spawn(move || drop(input));
    let mut all = Vec::new();
    output.read_to_end(&mut all)?;
    assert!(writer.join().is_ok());
    assert!(child.wait()?.success());
    let mut heard = Heard::new();
    heard.read(&all);
    assert_eq!(heard.waiting, 0);
    let newest = heard.sequences.iter().max().copied().unwrap_or(0);
    let mut seen: Vec<u64> = heard.sequences.clone();
    seen.sort_unstable();
    seen.dedup();
    let expected: Vec<u64> = (1..=newest).collect();
    assert_eq!(seen, expected);
    assert!(heard.kinds.ends_with(&[Kind::Bye]));
    Ok(())
}

#[test]
fn a_reader_that_hangs_keeps_no_agent_alive() -> io::Result<()> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kymo-agent"))
        .args(["--stdio", "--every", "10ms", "--budget", "off"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    // More answers than pipe and queue hold, so that the writer is stuck.
    let mut bytes = Vec::new();
    for probe in 1..=20_000 {
        let request = Request {
            clock_probe: Some(probe),
            ..Request::default()
        };
        bytes.clear();
        wire::encode::aside(&mut bytes, Kind::Request, &request).map_err(io::Error::other)?;
        input.write_all(&bytes)?;
    }
    drop(input);
    let status = child.wait()?;
    assert!(status.success(), "{status}");
    Ok(())
}

#[test]
fn wrong_usage_is_one_line() -> io::Result<()> {
    for (arguments, code, said) in [
        (vec![], 2, "--stdio"),
        (vec!["--stdio", "--every", "1h"], 2, "--every"),
        (
            vec!["--stdio", "--root", "/no/such/tree"],
            3,
            "/no/such/tree",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_kymo-agent"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(
            text.starts_with("kymo: error: ") && text.contains(said),
            "{text}"
        );
        assert!(
            text.contains(". Try: ") && text.lines().count() == 1,
            "{text}"
        );
        assert!(output.stdout.is_empty());
    }
    Ok(())
}
