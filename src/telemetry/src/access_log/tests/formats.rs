//! Descriptions of formats, and single lines.

use expect_test::{Expect, expect};

use super::super::{Format, FormatError, Unread};
use super::print;

fn nginx(text: &str, line: &str, expected: Expect) {
    let format = Format::nginx(text).expect("a legal format");
    expected.assert_eq(&print(&format, line));
}

fn apache(text: &str, line: &str, expected: Expect) {
    let format = Format::apache(text).expect("a legal format");
    expected.assert_eq(&print(&format, line));
}

fn json(line: &str, expected: Expect) {
    let format = Format::named("json").expect("known");
    expected.assert_eq(&print(&format, line));
}

#[test]
fn nginx_ends_and_apache_begins_at_the_time_it_writes() {
    let line = r#"::1 - - [27/Nov/2026:05:19:37 +0100] "GET / HTTP/2.0" 200 5 "-" "x" "#;
    let ended = format!("{line}2.500");
    let began = format!("{line}2500000");
    let read = |name: &str, line: &str| {
        let format = Format::named(name).expect("known");
        format.read(line).map(|it| it.end.to_string())
    };
    assert_eq!(
        read("combined_seconds", &ended),
        Ok("2026-11-27T04:19:37Z".to_owned())
    );
    let end = Ok("2026-11-27T04:19:39.5Z".to_owned());
    assert_eq!(read("combined_microseconds", &began), end);
}

#[test]
fn variables_may_stand_in_braces_and_side_by_side() {
    nginx(
        "${time_iso8601} $scheme://$host$request_uri $status ${request_time}s",
        "2026-11-27T05:19:37.5Z https://shop.example/cart?x=1 302 0.25s",
        expect![[
            r#"2026-11-27T05:19:37.5Z 302 in 250 ms of shop.example: "" "/cart?x=1" is _OTHER /cart"#
        ]],
    );
    nginx(
        "[$time_local] $uri$is_args$args $status",
        "[01/Jan/2024:00:00:00 -0230] /a b?c=d 404",
        expect![[r#"2024-01-01T02:30:00Z 404: "" "/a b?c=d" is _OTHER /a_b"#]],
    );
}

#[test]
fn several_servers_are_summed_up_and_the_last_is_named() {
    nginx(
        "$msec $upstream_addr $upstream_response_time $request_time",
        "1795756777.245 10.0.0.1:80, 10.0.0.2:80 : unix:/run/app.sock 0.010, - : 1.5 1.600",
        expect![[
            r#"2026-11-27T05:19:37.245Z 0 in 1600 ms, 1510 ms of it upstream by unix:/run/app.sock: "" "" is _OTHER"#
        ]],
    );
}

#[test]
fn apache_times_are_put_together() {
    apache(
        "%{%d/%b/%y %T}t %{usec_frac}t %{%z}t %D %>s",
        "07/Mar/24 23:59:60 000250 -0800 1000 204",
        expect![[r#"2024-03-08T08:00:00.00125Z 204 in 1 ms: "" "" is _OTHER"#]],
    );
    apache(
        "%{%a %e %b %Y %R}t|%{usec}t|%T|%{us}T|%!200,304{User-agent}i|%^FB|%<s|%%",
        "Thu  7 Mar 2024 23:59|1700000000123456|2|2000001|-|-|500|%",
        expect![[r#"2023-11-14T22:13:22.123457Z 500 in 2000.001 ms: "" "" is _OTHER"#]],
    );
}

#[test]
fn json_of_other_servers_is_read() {
    // After Caddy's documentation.
    json(
        r#"{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","proto":"HTTP/2.0","method":"GET","host":"localhost","uri":"/img/1234.png?x","headers":{"User-Agent":["curl/7.82.0, [\"x\"]"],"Accept":["*/*"]},"tls":{"resumed":false}},"duration":0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"]}}"#,
        expect![[
            r#"2022-03-09T21:30:01.5241024Z 200 in 0.929675 ms, 10900 bytes of localhost: "GET" "/img/1234.png?x" is GET /img/{id}.png"#
        ]],
    );
    // After Traefik's documentation.
    json(
        r#"{"ClientAddr":"10.0.0.9:1","DownstreamContentSize":27,"DownstreamStatus":502,"Duration":1500000,"OriginDuration":1200000,"RequestHost":"shop","RequestMethod":"POST","RequestPath":"/cart","ServiceAddr":"10.0.0.2:80","StartUTC":"2026-11-27T05:19:37.5Z","level":"info"}"#,
        expect![[
            r#"2026-11-27T05:19:37.5015Z 502 in 1.5 ms, 1.2 ms of it upstream, 27 bytes by 10.0.0.2:80 of shop: "POST" "/cart" is POST /cart"#
        ]],
    );
    json(
        r#"{"@timestamp": "2026-11-27 05:19:37,25", "request": "PUT /a HTTP/1.1", "status": "201", "response_time_ms": 12.5, "took": 99}"#,
        expect![[r#"2026-11-27T05:19:37.25Z 201 in 12.5 ms: "PUT" "/a" is PUT /a"#]],
    );
    json(
        r#"{"time": 1795756777245, "latency": "1.5s", "path": "\/x\/y", "method": "GET", "status": null}"#,
        expect![[r#"2026-11-27T05:19:37.245Z 0 in 1500 ms: "GET" "\\/x\\/y" is GET /x/y"#]],
    );
}

#[test]
fn json_that_says_too_little_is_refused() {
    let format = Format::named("json").expect("known");
    for (line, why) in [
        ("{}", Unread::Time),
        (r#"{"time":"noon","status":200}"#, Unread::Time),
        (r#"{"time":1795756777,"status":20000}"#, Unread::Number),
        (
            r#"{"time":1795756777,"request_time":"soon"}"#,
            Unread::Number,
        ),
        (r#"{"time":1795756777"#, Unread::Shape),
        (r#"{"time":1795756777,"a":"}"#, Unread::Shape),
        (r#"{"time":1795756777,"a":[[1,2}"#, Unread::Shape),
        ("[]", Unread::Shape),
        ("", Unread::Shape),
    ] {
        assert_eq!(format.read(line), Err(why), "{line}");
    }
}

#[test]
fn damaged_lines_say_what_is_wrong() {
    let format = Format::named("combined_seconds").expect("known");
    let line = |time: &str, status: &str, duration: &str| {
        format!(r#"h - - [{time}] "GET / HTTP/1.1" {status} 5 "-" "-" {duration}"#)
    };
    let time = "27/Nov/2026:05:19:37 +0000";
    for (line, why) in [
        (
            line("27/Foo/2026:05:19:37 +0000", "200", "0.1"),
            Unread::Time,
        ),
        (
            line("32/Nov/2026:05:19:37 +0000", "200", "0.1"),
            Unread::Time,
        ),
        (
            line("27/Nov/2026:25:19:37 +0000", "200", "0.1"),
            Unread::Time,
        ),
        (line("27/Nov/2026:05:19:37", "200", "0.1"), Unread::Time),
        (line(time, "20x", "0.1"), Unread::Number),
        (line(time, "20000", "0.1"), Unread::Number),
        (line(time, "200", "99999999999999999999"), Unread::Number),
        (line(time, "200", "-0.1"), Unread::Number),
        ("nothing like it".to_owned(), Unread::Shape),
    ] {
        assert_eq!(format.read(&line), Err(why), "{line}");
    }
    let absent = format
        .read(&line(time, "-", "-"))
        .map(|it| (it.status, it.duration_ns));
    assert_eq!(absent, Ok((0, None)));
}

#[test]
fn formats_that_cannot_work_are_refused() {
    let touching = |first: &str, second: &str| FormatError::Touching {
        first: first.to_owned(),
        second: second.to_owned(),
    };
    let syntax = |text: &str| FormatError::Syntax(text.to_owned());
    for (text, why) in [
        ("$request", FormatError::NoTime),
        ("", FormatError::NoTime),
        (
            "$time_local $status$request_time",
            touching("status", "request_time"),
        ),
        ("$time_local $", syntax("$")),
        ("$time_local ${status", syntax("${status")),
        ("log_format x '$time_local", syntax("$time_local")),
        ("log_format x '$time_local' and more;", syntax("and more;")),
    ] {
        assert_eq!(Format::nginx(text).err(), Some(why), "{text}");
    }
    for (text, why) in [
        ("%r", FormatError::NoTime),
        ("%{%H:%M}t %r", FormatError::NoTime),
        ("%t %s%D", touching("%s", "%D")),
        ("%t %", syntax("%")),
        ("%t %{x", syntax("%{x")),
        ("%t %Q", syntax("%Q")),
        ("%t %^F", syntax("%^F")),
        ("%{%j}t", syntax("%{%j}t")),
    ] {
        assert_eq!(Format::apache(text).err(), Some(why), "{text}");
    }
    assert!(Format::named("fancy").is_none());
}

#[test]
fn dates_agree_with_the_calendar() {
    let format = Format::nginx("$time_iso8601").expect("legal");
    // Every 11th day over four centuries, with all leap rules.
    for days in (-25_567..120_000).step_by(11) {
        let at = model::time::Moment(0);
        let seconds = i64::from(days) * 86_400 + 43_200;
        let expected = jiff::Timestamp::from_second(seconds).expect("in range");
        let read = format.read(&expected.to_string()).map(|it| it.end);
        let expected = i64::try_from(expected.as_nanosecond()).ok();
        match expected {
            Some(ns) => assert_eq!(read, Ok(at.plus_ns(ns))),
            None => assert_eq!(read, Err(Unread::Time)),
        }
    }
}
