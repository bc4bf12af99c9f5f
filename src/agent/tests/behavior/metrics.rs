//! The agent's own figures at a port of the loopback interface, as a server asks for them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

/// A port that nothing listens on at the moment.
fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a port");
    probe.local_addr().expect("it has an address").port()
}

fn asked(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the agent listens");
    let request = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    stream.write_all(request).expect("it reads");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).expect("it answers");
    heard
}

#[test]
fn a_running_agent_tells_what_it_costs() {
    let port = free_port();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_kymo-agent"))
        .args(["--stdio", "--every", "100ms", "--metrics"])
        .arg(format!("127.0.0.1:{port}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the agent starts");
    let mut output = agent.stdout.take().expect("it is piped");
    // The greeting comes after the port was opened.
    output.read_exact(&mut [0]).expect("it greets");
    let reader = std::thread::spawn(move || {
        let mut rest = Vec::new();
        output.read_to_end(&mut rest).map(|_| ())
    });
    let body = loop {
        let heard = asked(port);
        assert!(heard.starts_with("HTTP/1.1 200 OK"), "{heard}");
        // The first sample is told once it was taken.
        if heard.contains("kymo_agent_samples_total") {
            break heard;
        }
    };
    for name in [
        "kymo_agent_cpu_time_seconds_total ",
        "kymo_agent_memory_usage_bytes ",
        "kymo_agent_sample_lost_total ",
        "kymo_agent_cpu_limit_ratio 0.01",
        "kymo_agent_degradation 0",
        "kymo_agent_build_info{version=",
    ] {
        assert!(body.contains(name), "{name} in {body}");
    }
    drop(agent.stdin.take());
    assert!(agent.wait().expect("it ends").success());
    reader.join().expect("it read").expect("no trouble");
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "nothing listens any more"
    );
}

#[test]
fn a_port_that_is_taken_is_told_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("it has an address").to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_kymo-agent"))
        .args(["--stdio", "--metrics", &address])
        .stdin(Stdio::null())
        .output()
        .expect("the agent runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(12), "{said}");
    assert!(said.contains(&address) && said.contains("Try: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
