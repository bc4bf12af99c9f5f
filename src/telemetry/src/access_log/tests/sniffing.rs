//! Formats found from lines.

use expect_test::{Expect, expect};

use super::super::Format;
use super::{FIXTURES, fixture};

fn found(log: &str) -> Option<String> {
    let lines: Vec<&str> = log.lines().collect();
    Format::sniff(&lines).map(|it| it.text().to_owned())
}

fn check(log: &str, expected: Expect) {
    expected.assert_eq(&found(log).unwrap_or_else(|| "none".to_owned()));
}

#[test]
fn usual_logs_are_found_and_read_as_described() {
    for (name, described) in FIXTURES {
        let log = fixture(name);
        let lines: Vec<&str> = log.lines().collect();
        let usual = !name.contains("own") && !name.contains("iso") && !name.contains("ended");
        let sniffed = Format::sniff(&lines);
        assert_eq!(sniffed.is_some(), usual, "{name}");
        if let Some(sniffed) = sniffed {
            let format = described.format();
            for line in lines {
                assert_eq!(sniffed.read(line), format.read(line), "{name}: {line}");
            }
        }
    }
}

#[test]
fn what_is_found_can_be_shown() {
    check(
        &fixture("nginx_labeled.log"),
        expect![[
            r#"$remote_addr $remote_ident $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time uct="$ignored" uht="$ignored" urt="$upstream_response_time" upstream=$upstream_addr"#
        ]],
    );
    check(
        &fixture("apache_timed.log"),
        expect![[r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D"#]],
    );
    check(
        &fixture("apache_timed_s.log"),
        expect![[r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %T"#]],
    );
    check(
        &fixture("apache_vhost.log"),
        expect![[
            r#"$host:$server_port $remote_addr $remote_ident $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#
        ]],
    );
    check(&fixture("nginx_json.log"), expect!["json"]);
}

#[test]
fn times_at_the_end_are_told_apart() {
    let line = r#"10.0.0.1 - - [27/Nov/2026:05:19:37 +0000] "GET / HTTP/1.1" 200 57 "-" "curl""#;
    // The default of many packages: the address a proxy passed on, and two times.
    check(
        &format!("{line} \"-\" 0.121 0.120\n{line} \"10.0.0.9\" 0.010 -\n"),
        expect![[
            r#"$remote_addr $remote_ident $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$ignored" $request_time $upstream_response_time"#
        ]],
    );
    check(
        &format!("{line} 250 1\n{line} 1250 0\n"),
        expect![[r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D %T"#]],
    );
    check(
        &format!("{line} 12 request_time=0.500\n"),
        expect![[
            r#"$remote_addr $remote_ident $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $ignored request_time=$request_time"#
        ]],
    );
}

#[test]
fn a_few_odd_lines_do_not_matter() {
    let log = fixture("nginx_timed.log");
    let odd = format!("Nov 27 host rotated\n{log}\n\n\"unbalanced\n");
    assert_eq!(found(&odd), found(&log));
}

#[test]
fn other_text_has_no_format() {
    for log in [
        "",
        "\n\n",
        "time,value\n1,2\n",
        "{\"a\": 1}\n{\"a\": 2}\n",
        "Nov 27 05:19:37 host sshd[12]: session opened\n",
        "[27/Nov/2026:05:19:37 +0000] started\n",
        "127.0.0.1 - - [27/Nov/2026:05:19:37 +0000] \"GET / HTTP/1.1\"\n",
    ] {
        assert_eq!(found(log), None, "{log}");
    }
}
