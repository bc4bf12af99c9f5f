//! Tests of access logs at the border of the module.
//!
//! Lines in `fixtures/access_log` come from real servers; `*.expected` beside each says
//! what was read. `UPDATE_EXPECT=1` rewrites those.

use std::fmt::Write;
use std::path::PathBuf;

use expect_test::expect_file;

use super::{Access, Format, operation};

mod formats;
mod operations;
mod sniffing;

/// Logs, and how their servers were told to write them; see `fixtures/README.md`.
const FIXTURES: &[(&str, Described)] = &[
    ("nginx_combined.log", Described::Named("combined")),
    ("nginx_timed.log", Described::Named("combined_seconds")),
    (
        "nginx_labeled.log",
        Described::Nginx(
            r#"log_format labeled '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                '"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" '
                'uht="$upstream_header_time" urt="$upstream_response_time" upstream=$upstream_addr';"#,
        ),
    ),
    (
        "nginx_own.log",
        Described::Nginx(
            "$time_iso8601|$host|$request_method|$request_uri|$status|$bytes_sent|$request_time|\
             $upstream_response_time|$upstream_addr|$msec",
        ),
    ),
    ("nginx_json.log", Described::Named("json")),
    ("apache_common.log", Described::Named("common")),
    ("apache_combined.log", Described::Named("combined")),
    ("apache_vhost.log", Described::Named("vhost_combined")),
    (
        "apache_timed.log",
        Described::Named("combined_microseconds"),
    ),
    (
        "apache_timed_s.log",
        Described::Apache(r#"%h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i" %T"#),
    ),
    (
        "apache_own.log",
        Described::Apache(
            r#"LogFormat "%{sec}t.%{usec_frac}t %{ms}T %m \"%U%q\" %s %I/%O %{Host}i" own"#,
        ),
    ),
    (
        "apache_iso.log",
        Described::Apache("%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t%{%z}t %>s %{us}T %m %U"),
    ),
    (
        "apache_ended.log",
        Described::Apache("%{end:msec}t %m %U%q %>s %B %D"),
    ),
];

#[derive(Clone, Copy)]
enum Described {
    Named(&'static str),
    Nginx(&'static str),
    Apache(&'static str),
}

impl Described {
    fn format(self) -> Format {
        match self {
            Self::Named(name) => Format::named(name).expect("a known name"),
            Self::Nginx(text) => Format::nginx(text).expect("a legal format"),
            Self::Apache(text) => Format::apache(text).expect("a legal format"),
        }
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/access_log")
        .join(name)
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect(name)
}

/// What a line says, or why it says nothing.
fn print(format: &Format, line: &str) -> String {
    match format.read(line) {
        Ok(access) => show(&access),
        Err(error) => format!("{error}: {line}"),
    }
}

fn show(access: &Access<'_>) -> String {
    let mut out = format!("{} {}", access.end, access.status);
    let time = |ns: i64| format!("{} ms", ns as f64 / 1e6);
    if let Some(ns) = access.duration_ns {
        write!(out, " in {}", time(ns)).expect("strings grow");
    }
    if let Some(ns) = access.upstream_ns {
        write!(out, ", {} of it upstream", time(ns)).expect("strings grow");
    }
    if let Some(bytes) = access.bytes {
        write!(out, ", {bytes} bytes").expect("strings grow");
    }
    for (name, value) in [("by", access.upstream), ("of", access.host)] {
        if !value.is_empty() {
            write!(out, " {name} {value}").expect("strings grow");
        }
    }
    let mut name = String::new();
    operation(access.method, access.path, &mut name);
    let (method, path) = (access.method, access.path);
    write!(out, ": {method:?} {path:?} is {name}").expect("strings grow");
    out
}

#[test]
fn logs_of_real_servers_are_read() {
    for (name, described) in FIXTURES {
        let format = described.format();
        let mut out = String::new();
        for line in fixture(name).lines() {
            writeln!(out, "{}", print(&format, line)).expect("strings grow");
        }
        expect_file![path(&format!("{name}.expected"))].assert_eq(&out);
    }
}

#[test]
fn cut_and_damaged_lines_never_panic() {
    for (name, described) in FIXTURES {
        let format = described.format();
        let log = fixture(name);
        for line in log.lines() {
            for length in 0..line.len() {
                print(&format, line.get(..length).unwrap_or_default());
            }
        }
        let mut bytes = log.into_bytes();
        for place in 0..bytes.len() {
            for mask in [0x01, 0x20, 0x80] {
                bytes[place] ^= mask;
                let start = bytes[..place].iter().rposition(|it| *it == b'\n');
                let damaged = String::from_utf8_lossy(&bytes[start.map_or(0, |it| it + 1)..]);
                let line = damaged.lines().next().unwrap_or_default();
                if let Ok(access) = format.read(line) {
                    show(&access);
                }
                bytes[place] ^= mask;
            }
        }
    }
}

#[test]
fn begin_and_duration_give_the_end_that_the_server_wrote() {
    // Apache wrote the same requests to both logs, one with when they began.
    let [began, ended] = ["apache_iso.log", "apache_ended.log"].map(|name| {
        let (_, described) = FIXTURES.iter().find(|(it, _)| *it == name).expect(name);
        let format = described.format();
        let ends = |line: &str| format.read(line).expect(name).end.0;
        fixture(name).lines().map(ends).collect::<Vec<i64>>()
    });
    assert_eq!(began.len(), ended.len());
    for (began, ended) in began.iter().zip(&ended) {
        assert!((began - ended).abs() < 2_000_000, "{began} {ended}");
    }
}
