//! The endpoint as a Prometheus server meets it, and as strangers do.

use std::process::{Command, Stdio};

use super::*;
use crate::clock::Cost;
use crate::own::{Own, State};

/// A reading of the agent's own figures beside one of the machine.
fn sink() -> Sink {
    let mut sink = Sink::default();
    let own = Own::declare(&mut sink);
    let intake = sink.declare("kymo.agent.intake.spans", &[("state", "stored")], 1);
    let load = sink.declare("system.cpu.time", &[("cpu", "0"), ("state", "user")], 100);
    sink.begin(model::batch::Stamp::default());
    let state = State {
        cost: Cost {
            cpu_ns: 1_500_000_000,
            resident_bytes: Some(9 << 20),
        },
        duration_ns: 2_000_000,
        late_ns: 300_000,
        jitter_ns: Some(100_000),
        samples: 60,
        lost: 2,
        cpu_limit: Some(0.01),
        degradation: 1,
        ring_bytes: 4096,
    };
    own.set(&mut sink, &state);
    sink.set(intake, 7);
    sink.set(load, 150);
    sink
}

fn told() -> String {
    let mut known = Vec::new();
    figures(&sink(), &mut known);
    text(&known)
}

#[test]
fn the_text_is_what_prometheus_reads() {
    let expected = expect_test::expect_file!["expected.prom"];
    expected.assert_eq(&told().replace(crate::greeting::VERSION, "VERSION"));
}

#[test]
fn promtool_has_nothing_to_say() {
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = started else {
        eprintln!("SKIPPED: no promtool (Debian package prometheus)");
        return;
    };
    let mut input = promtool.stdin.take().expect("it is piped");
    input.write_all(told().as_bytes()).expect("it reads");
    drop(input);
    let output = promtool.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn what_was_not_read_stays_as_it_was() {
    let mut known = Vec::new();
    let mut sink = sink();
    figures(&sink, &mut known);
    let before = known.clone();
    sink.begin(model::batch::Stamp::default());
    figures(&sink, &mut known);
    assert_eq!(known, before);
}

/// What a client hears that sends these bytes and no more.
fn asked(door: &Door, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(door.address()).expect("it listens");
    stream.write_all(request).expect("it reads");
    stream
        .shutdown(std::net::Shutdown::Write)
        .expect("it is open");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).expect("it answers");
    heard
}

#[test]
fn a_client_on_this_machine_is_answered() {
    let door = open(loopback("0").expect("a port")).expect("a free port");
    door.put(&sink());
    let heard = asked(&door, b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n");
    let (head, body) = heard.split_once("\r\n\r\n").expect("head and body");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    assert!(
        head.contains(&format!("Content-Length: {}", body.len())),
        "{head}"
    );
    assert!(body.contains("kymo_agent_sample_lost_total 2\n"), "{body}");
    assert!(!body.contains("system_"), "only its own figures: {body}");
    let taken = open(door.address()).expect_err("it is taken");
    assert!(taken.to_string().contains(&door.address().to_string()));
}

#[test]
fn strangers_get_no_more_than_a_line() {
    let door = open(loopback("127.0.0.1:0").expect("a port")).expect("a free port");
    for (request, status) in [
        (&b"POST /metrics HTTP/1.1\r\n\r\n"[..], "405"),
        (b"GET / HTTP/1.1\r\n\r\n", "404"),
        (b"GET /metrics\r\n\r\n", "400"),
        (b"\x16\x03\x01\x02\x00\x01", "400"),
        (b"GET /metrics HTTP/1.1\r\n", "400"),
        (b"", "400"),
    ] {
        let heard = asked(&door, request);
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        assert!(heard.ends_with("want GET /metrics\n"), "{heard}");
    }
}

#[test]
fn a_request_without_end_is_cut() {
    let mut request = b"GET /metrics HTTP/1.1\r\n".to_vec();
    request.resize(REQUEST_MAX_BYTES, b'a');
    assert!(answer(&request, String::new).starts_with("HTTP/1.1 431 "));
}

#[test]
fn only_the_loopback_interface_is_listened_on() {
    assert_eq!(loopback("9464"), Ok((Ipv4Addr::LOCALHOST, 9464).into()));
    assert!(loopback("[::1]:9464").is_ok());
    for text in [
        "0.0.0.0:9464",
        "192.0.2.1:80",
        "[::]:1",
        "web-1:80",
        "",
        "70000",
    ] {
        assert!(loopback(text).is_err(), "{text}");
    }
}
