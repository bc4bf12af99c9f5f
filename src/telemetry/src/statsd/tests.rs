//! Tests of StatsD lines at the border of the module.

use std::fmt::Write;
use std::path::PathBuf;

use expect_test::{Expect, expect, expect_file};

use super::lines;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/statsd")
        .join(name)
}

/// One line for each value, and one for what was not understood.
fn print(datagram: &[u8]) -> String {
    let mut out = String::new();
    let refused = lines(datagram, |line| {
        for value in line.values {
            let sign = if value.relative { " (change)" } else { "" };
            let (kind, name) = (line.kind, line.name);
            write!(out, "{kind:?} {name} = {}{sign}", value.text).expect("strings grow");
            if value.number.is_nan() {
                out.push_str(" (no number)");
            }
            if line.rate < 1.0 {
                write!(out, " at rate {}", line.rate).expect("strings grow");
            }
            if let Some(at) = line.at {
                write!(out, " at {at}").expect("strings grow");
            }
            for (key, value) in line.tags {
                write!(out, " {key}={value}").expect("strings grow");
            }
            out.push('\n');
        }
    });
    if refused > 0 {
        writeln!(out, "{refused} not understood").expect("strings grow");
    }
    out
}

fn check(datagram: &str, expected: Expect) {
    expected.assert_eq(&print(datagram.as_bytes()));
}

#[test]
fn lines_of_real_clients_are_read() {
    for name in ["datadog.txt", "statsd.txt"] {
        let datagrams = std::fs::read(path(name)).expect(name);
        expect_file![path(&format!("{name}.expected"))].assert_eq(&print(&datagrams));
    }
}

#[test]
fn every_type_is_read() {
    check(
        "a:1|c\nb:2.5|g\nc:3|ms\nd:4|h\ne:5|d\nf:user-6|s\ng:7|kv\nh:8\ni|c\n",
        expect![[r#"
            Counter a = 1
            Gauge b = 2.5
            Timing c = 3
            Histogram d = 4
            Distribution e = 5
            Set f = user-6 (no number)
            3 not understood
        "#]],
    );
}

#[test]
fn values_are_packed_and_signs_of_gauges_mean_change() {
    check(
        "a:1:2.5:-3|ms|@0.5\nb:+4:-1:7|g\nc:-2|c\nset:http://x|s\n",
        expect![[r#"
            Timing a = 1 at rate 0.5
            Timing a = 2.5 at rate 0.5
            Timing a = -3 at rate 0.5
            Gauge b = +4 (change)
            Gauge b = -1 (change)
            Gauge b = 7
            Counter c = -2
            Set set = http://x (no number)
        "#]],
    );
}

#[test]
fn tags_rates_times_and_other_extensions_come_in_any_order() {
    check(
        "a:1|c|#env:prod,canary,url:http://x:80,,:odd|@0.1|T1700000000|c:83c0a99c|e:x|card:low\n\
         b:1|c|#|@1\r\n\n",
        expect![[r#"
            Counter a = 1 at rate 0.1 at 2023-11-14T22:13:20Z env=prod canary= url=http://x:80 =odd
            Counter b = 1
        "#]],
    );
}

#[test]
fn damaged_lines_are_counted() {
    for line in [
        ":1|c",
        "a:|c",
        "a:x|c",
        "a:1:|c",
        "a:1:x|ms",
        "a:NaN|g",
        "a:inf|g",
        "a:1|c|@0",
        "a:1|c|@2",
        "a:1|c|@x",
        "a:1|c|T9223372036854775807",
        "a:1|c|Tx",
        "a:1|",
        "a:1",
        "a",
        "_sc|x:y|0",
        "_e{1,1}:a|b",
        "a:|s",
        "a:1||c",
        "a:1|C",
    ] {
        assert_eq!(
            lines(line.as_bytes(), |it| panic!("{line}: {it:?}")),
            1,
            "{line}"
        );
    }
    assert_eq!(lines(b"a\xff:1|c\nb:1|c", |it| assert_eq!(it.name, "b")), 1);
    assert_eq!(lines(b"", |_| {}), 0);
    assert_eq!(lines(b"\n\r\n \n", |_| {}), 0);
}

#[test]
fn cut_and_damaged_datagrams_never_panic() {
    for name in ["datadog.txt", "statsd.txt"] {
        let whole = std::fs::read(path(name)).expect(name);
        for length in 0..whole.len() {
            print(&whole[..length]);
        }
        let mut damaged = whole.clone();
        for place in 0..whole.len() {
            for mask in [0x01, 0x20, 0x80, 0xff] {
                damaged[place] ^= mask;
                print(&damaged);
                damaged[place] ^= mask;
            }
        }
    }
}
