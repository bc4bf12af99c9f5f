//! Calls of a proxy that tells addresses only, and what they are led to.

use std::sync::Arc;

use model::histogram::Histogram;
use model::time::Moment;

use super::*;

const S: i64 = SECOND_NS;

fn window() -> Span {
    Span {
        from: Moment(0),
        to: Moment(30 * S),
    }
}

/// Rows of a second each with so many requests.
fn rows(counts: impl Fn(i64) -> u64) -> Vec<Row> {
    let row = |second: i64| {
        let mut histogram = Histogram::default();
        histogram.record_many(0.1, counts(second));
        Row {
            at: Moment(second * S),
            width_ns: S,
            active_s: f64::NAN,
            histogram,
        }
    };
    (1..=30).map(row).collect()
}

/// A load that is not the same at all times.
fn load(second: i64) -> u64 {
    10 + second.unsigned_abs() % 7
}

fn told<'a>(service: &'a str, operation: &'a str, peer: &'a str, rows: &'a [Row]) -> Told<'a> {
    Told {
        host: "web-1",
        service,
        operation,
        peer,
        rows,
    }
}

fn server(service: &str, attributes: &[(&str, &str)]) -> trace::Span {
    let owned = |(key, value): &(&str, &str)| (Arc::from(*key), Arc::from(*value));
    trace::Span {
        service: service.into(),
        kind: SpanKind::Server,
        attributes: attributes.iter().map(owned).collect(),
        ..trace::Span::default()
    }
}

/// Where the first call leads.
fn led<'a>(
    asked: &[Told<'a>],
    answered: &[Told<'a>],
    spans: &'a [trace::Span],
) -> (&'a str, Option<Evidence>) {
    let spans: Vec<&trace::Span> = spans.iter().collect();
    Callees::of((asked, answered), &spans, window()).callee(&asked[0])
}

#[test]
fn an_address_that_spans_tell_leads_to_their_service() {
    let few = rows(|_| 1);
    let asked = [told("nginx", "GET /", "127.0.0.1:8080", &few)];
    let answered = [told("shop", "GET /", "", &few)];
    for attributes in [
        [("server.address", "localhost"), ("server.port", "8080")],
        [
            ("network.local.address", "::1"),
            ("network.local.port", "8080"),
        ],
        [("net.host.name", "127.0.0.1"), ("net.host.port", "8080")],
    ] {
        let spans = [server("shop", &attributes)];
        let found = led(&asked, &answered, &spans);
        assert_eq!(found, ("shop", Some(Evidence::Address)), "{attributes:?}");
    }
    let other = [("server.address", "localhost"), ("server.port", "8081")];
    let found = led(&asked, &answered, &[server("shop", &other)]).1;
    assert_eq!(found, None);
}

#[test]
fn a_server_of_another_host_or_two_of_one_address_prove_nothing() {
    let few = rows(|_| 1);
    let asked = [told("nginx", "GET /", "127.0.0.1:8080", &few)];
    let own = [
        ("network.local.address", "127.0.0.1"),
        ("network.local.port", "8080"),
    ];
    let elsewhere = Told {
        host: "db-1",
        ..told("shop", "GET /", "", &few)
    };
    let spans = [server("shop", &own)];
    assert_eq!(led(&asked, &[elsewhere], &spans), ("127.0.0.1:8080", None));
    let asked = [told("nginx", "GET /", "10.0.0.7:8080", &few)];
    let far = [("server.address", "10.0.0.7"), ("server.port", "8080")];
    let spans = [server("shop", &far)];
    let found = led(&asked, &[elsewhere], &spans);
    assert_eq!(found, ("shop", Some(Evidence::Address)));
    let spans = [server("shop", &far), server("cart", &far)];
    let answered = [
        told("shop", "GET /", "", &few),
        told("cart", "GET /", "", &few),
    ];
    assert_eq!(led(&asked, &answered, &spans), ("10.0.0.7:8080", None));
}

#[test]
fn requests_that_agree_by_path_and_time_lead_to_who_answers_them() {
    let (items, orders) = (rows(load), rows(|it| 3 + load(it) % 3));
    // One request in thirty ends a second later than its answer.
    let shifted = rows(|it| load(it) - u64::from(it % 3 == 0) + u64::from(it % 3 == 1));
    let asked = [
        told("nginx", "GET /item/{id}", UPSTREAM, &shifted),
        told("nginx", "GET /order/{id}", UPSTREAM, &orders),
    ];
    let shop = [
        told("shop", "GET /item/:item", "", &items),
        told("shop", "GET /order/<int:n>", "", &orders),
    ];
    let found = led(&asked, &shop, &[]);
    assert_eq!(found, ("shop", Some(Evidence::Agreement)));
    // Other paths, other times, or too few.
    let others = [told("shop", "GET /cart", "", &items), shop[1]];
    assert_eq!(led(&asked, &others, &[]), (UPSTREAM, None));
    let twice = rows(|it| if it < 15 { 2 * load(it) } else { 0 });
    let late = [told("shop", "GET /item/{id}", "", &twice), shop[1]];
    assert_eq!(led(&asked, &late, &[]), (UPSTREAM, None));
    let few = rows(|_| 1);
    let rare = [told("nginx", "GET /", UPSTREAM, &few)];
    assert_eq!(led(&rare, &[told("shop", "GET /", "", &few)], &[]).1, None);
    // A name is no address: it stands for itself, however well the counts agree.
    let named = asked.map(|it| Told { peer: "s3", ..it });
    assert_eq!(led(&named, &shop, &[]), ("s3", None));
}

#[test]
fn of_two_that_agree_none_is_taken_unless_one_is_known_to_be_asked_by_another() {
    let items = rows(load);
    let asked = [told("nginx", "GET /item/{id}", "10.0.0.7:80", &items)];
    let answered = [
        told("front", "GET /item/{id}", "", &items),
        told("back", "GET /item/{id}", "", &items),
    ];
    assert_eq!(led(&asked, &answered, &[]), ("10.0.0.7:80", None));
    let asked = [asked[0], told("front", "GET", "back", &items)];
    let found = led(&asked, &answered, &[]);
    assert_eq!(found, ("front", Some(Evidence::Agreement)));
}

#[test]
fn addresses_that_share_the_requests_of_a_service_lead_to_it() {
    let (all, half) = (rows(|it| 2 * load(it)), rows(load));
    let asked = [
        told("nginx", "GET /", "10.0.0.7:80", &half),
        told("nginx", "GET /", "10.0.0.8:80", &half),
    ];
    let answered = [told("shop", "GET /", "", &all)];
    let found = led(&asked, &answered, &[]);
    assert_eq!(found, ("shop", Some(Evidence::Agreement)));
    let asked = [asked[0]];
    assert_eq!(led(&asked, &answered, &[]), ("10.0.0.7:80", None));
}
