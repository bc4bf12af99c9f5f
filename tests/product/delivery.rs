//! Delivery from outside: folders and signed webhooks, with a record.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread::{self, JoinHandle};

use workflow::deliver::webhook::signature;

use crate::binary::{kymo, run};

/// What a receiver heard: headers in lower case, and the body.
pub(crate) struct Heard {
    headers: String,
    body: Vec<u8>,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        let mut lines = self.headers.lines();
        let line = lines.find_map(|it| it.strip_prefix(prefix.as_str()));
        line.unwrap_or_default()
    }
}

/// A receiver that gives these answers in turn.
pub(crate) fn receiver(answers: &'static [&'static str]) -> (String, JoinHandle<Vec<Heard>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let heard = thread::spawn(move || {
        let all = answers.iter().map(|answer| {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut bytes = Vec::new();
            let mut room = [0; 4096];
            loop {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((headers, _)) = text.split_once("\r\n\r\n") {
                    let headers = headers.to_lowercase();
                    let length = headers
                        .lines()
                        .find_map(|it| it.strip_prefix("content-length: "))
                        .and_then(|it| it.parse::<usize>().ok())
                        .unwrap_or(0);
                    let begin = headers.len() + 4;
                    if bytes.len() >= begin + length {
                        let body = bytes[begin..begin + length].to_vec();
                        let reply = format!(
                            "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        );
                        stream.write_all(reply.as_bytes()).expect("an answer");
                        return Heard { headers, body };
                    }
                }
                let read = stream.read(&mut room).expect("a request");
                assert!(read > 0, "the caller hung up");
                bytes.extend_from_slice(&room[..read]);
            }
        });
        all.collect()
    });
    (url, heard)
}

#[test]
fn a_report_reaches_folder_and_webhook_and_the_record_tells_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let report = home.join("report.html");
    std::fs::write(&report, "<p>the report</p>").expect("it is written");
    let (url, heard) = receiver(&["200 OK"]);
    let out = home.join("out");
    let record = home.join("record.jsonl");
    run(
        kymo(home)
            .env("KYMO_WEBHOOK_SECRET", "a shared secret")
            .arg("deliver")
            .arg(&report)
            .arg("--to")
            .arg(&out)
            .args(["--to", &url, "--record"])
            .arg(&record),
        0,
    );
    let heard = heard.join().expect("it was called");
    let [heard] = heard.as_slice() else {
        panic!("called {} times", heard.len());
    };
    assert_eq!(heard.body, b"<p>the report</p>");
    assert_eq!(heard.header("x-kymo-event"), "report");
    assert_eq!(heard.header("x-kymo-name"), "report.html");
    let wanted = signature(
        "a shared secret",
        heard.header("x-kymo-timestamp"),
        &heard.body,
    );
    assert_eq!(heard.header("x-kymo-signature"), wanted);
    let copied = std::fs::read(out.join("report.html")).expect("it is there");
    assert_eq!(copied, b"<p>the report</p>");
    let lines = std::fs::read_to_string(&record).expect("a record");
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(!lines.contains("a shared secret"), "{lines}");
}

#[test]
fn a_refusal_is_not_tried_again_and_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let report = home.join("report.html");
    std::fs::write(&report, "x").expect("it is written");
    let record = home.join("record.jsonl");
    let (url, heard) = receiver(&["403 Forbidden"]);
    let send = |to: &str| {
        let mut command = kymo(home);
        command.arg("deliver").arg(&report).args(["--to", to]);
        command.arg("--record").arg(&record);
        run(&mut command, 12)
    };
    let output = send(&url);
    assert_eq!(heard.join().expect("it was called").len(), 1);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("403"), "{said}");
    // Nothing goes over a network in the clear.
    let output = send("http://192.0.2.1/hook");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("in the clear"), "{said}");
    let lines = std::fs::read_to_string(&record).expect("a record");
    assert_eq!(lines.lines().count(), 2, "{lines}");
    run(
        kymo(home)
            .arg("deliver")
            .arg(&report)
            .args(["--to", "@nobody"]),
        2,
    );
}

#[test]
fn an_address_is_told_without_its_secret_and_nobody_in_between_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let report = home.join("report.html");
    std::fs::write(&report, "x").expect("it is written");
    let record = home.join("record.jsonl");
    // Ports that were ours until now: nobody listens, neither as a proxy nor as a receiver.
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let (proxy, away) = (format!("http://{}", free()), free());
    let (url, heard) = receiver(&["200 OK"]);
    let url = url.replace("127.0.0.1", "me:SECRET@localhost") + "/SECRET?key=SECRET";
    let gone = format!("http://me:SECRET@{away}/SECRET");
    for (to, code) in [(&url, 0), (&gone, 10)] {
        let mut command = kymo(home);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(name, &proxy).env(name.to_lowercase(), &proxy);
        }
        command.arg("deliver").arg(&report).args(["--to", to]);
        command.args(["--attempts", "1", "--record"]).arg(&record);
        let output = run(&mut command, code);
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(
            told.contains("http://") && !told.contains("SECRET"),
            "{told}"
        );
    }
    assert_eq!(heard.join().expect("it was called").len(), 1);
    let lines = std::fs::read_to_string(&record).expect("a record");
    assert!(!lines.contains("SECRET"), "{lines}");
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

#[test]
fn deliveries_at_the_same_time_share_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let record = home.join("record.jsonl");
    let report = home.join("report.html");
    std::fs::write(&report, "x").expect("it is written");
    // The first is answered only once the second is over.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let deliver = |to: &str| {
        let mut command = kymo(home);
        command.arg("deliver").arg(&report).args(["--to", to]);
        command.arg("--record").arg(&record).stdout(Stdio::null());
        command
    };
    let mut first = deliver(&url).spawn().expect("kymo starts");
    let (mut stream, _) = listener.accept().expect("a caller");
    run(&mut deliver(&home.join("out").to_string_lossy()), 0);
    let mut room = [0; 4096];
    let mut heard = String::new();
    while !heard.ends_with("\r\n\r\nx") {
        let read = stream.read(&mut room).expect("a request");
        heard.push_str(&String::from_utf8_lossy(&room[..read]));
    }
    let reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    stream.write_all(reply.as_bytes()).expect("an answer");
    assert!(first.wait().expect("it ends").success());
    let lines = std::fs::read_to_string(&record).expect("a record");
    assert_eq!(lines.lines().count(), 2, "{lines}");
}
