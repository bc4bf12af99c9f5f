//! Paths and what they are counted under.

use super::super::operation;

#[test]
fn identifiers_are_replaced_and_words_stay() {
    for (path, expected) in [
        ("/", "/"),
        ("/users/17/orders?page=2", "/users/{id}/orders"),
        ("/users/17/", "/users/{id}"),
        ("//api///v1/things", "/api/v1/things"),
        (
            "/cart/3f2504e0-4f89-11d3-9a0c-0305e82c3301/items",
            "/cart/{id}/items",
        ),
        (
            "/commit/9c1185a5c5e9fc54612808977ee8f548b2258d31",
            "/commit/{id}",
        ),
        ("/short/deadbee1", "/short/{id}"),
        ("/facade/decade/deadbeef", "/facade/decade/deadbeef"),
        ("/v/dQw4w9WgXcQabcD1", "/v/{id}"),
        (
            "/token/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4",
            "/token/{id}",
        ),
        ("/day/2026-11-27", "/day/{id}"),
        ("/order-83741/pay", "/{id}/pay"),
        ("/static/app.3f9a1c2b.js", "/static/{id}.js"),
        ("/static/app.js", "/static/app.js"),
        ("/img/1234.png", "/img/{id}.png"),
        ("/mail/ada@example.org", "/mail/{id}"),
        ("/a/b/c/d/e/f", "/a/b/c/d/e/f"),
        ("/a/b/c/d/e/f/g/h", "/a/b/c/d/e/f/…"),
        ("/jsp;jsessionid=12#top", "/jsp"),
        ("http://shop.example/cart?x=1", "/cart"),
        ("http://shop.example", "/"),
        ("/search/a%20b", "/search/a%20b"),
        ("/<script>/\u{202e}\"x\\y|z", "/_script_/__x_y_z"),
        ("/größe", "/gr__e"),
        ("/oauth2/s3/h264", "/oauth2/s3/h264"),
        ("*", "/*"),
        ("?", "/"),
    ] {
        let mut out = "left from before".to_owned();
        operation("GET", path, &mut out);
        assert_eq!(out, format!("GET {expected}"), "{path}");
    }
}

#[test]
fn methods_that_are_none_become_one() {
    for (method, path, expected) in [
        ("get", "/a", "GET /a"),
        ("PROPFIND", "/a", "PROPFIND /a"),
        ("HACK", "/a", "_OTHER /a"),
        ("", "", "_OTHER"),
        ("CONNECT", "example.org:443", "CONNECT"),
    ] {
        let mut out = String::new();
        operation(method, path, &mut out);
        assert_eq!(out, expected);
    }
}

#[test]
fn operations_are_short_and_few() {
    let mut names = std::collections::BTreeSet::new();
    let mut out = String::new();
    for i in 0_u64..10_000 {
        // Numbers without order, as hashes are.
        let hash = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for path in [
            format!("/users/{i}/orders/{hash}"),
            format!("/blob/{hash:016x}"),
            format!(
                "/u/{:08x}-{:04x}-4{:03x}",
                hash >> 32,
                hash >> 48,
                hash & 0xfff
            ),
        ] {
            operation("GET", &path, &mut out);
            assert!(out.len() < 64, "{out}");
            names.insert(out.clone());
        }
    }
    // One hash in some thousands has no letter or no digit, and may pass for a word.
    assert!(names.len() < 12, "{names:?}");
}
