//! What series are called in sentences.
//!
//! A key says everything and reads like nothing: what services do is told in the words of
//! those who run them. Every other series is called by its key, which tells more than any
//! words that would have to be made up for it.
//!
//! Start at [`of`].

use crate::series::SeriesKey;

/// The signals of services, by the end of their metric's name.
const SIGNALS: &[(&str, &str)] = &[
    ("throughput", "throughput"),
    ("error_ratio", "share of failed requests"),
    ("active", "requests in flight"),
    ("duration.mean", "mean response time"),
    ("duration.p50", "p50 response time"),
    ("duration.p95", "p95 response time"),
    ("duration.p99", "p99 response time"),
    ("users", "users"),
];

/// Attributes that the words tell; a series with others is called by its key.
const TOLD: [&str; 4] = ["service.name", "operation", "kind", "peer"];

/// What a series is called: `p95 response time of shop on web-1, operation GET /search`
/// for a signal of a service, `jvm.memory.used of shop on web-1 (pool.name eden)` for what
/// a service tells of itself, its key for all others. Which instance of a service tells it
/// is left to the key.
pub fn of(key: &SeriesKey) -> String {
    words(key).unwrap_or_else(|| key.to_string())
}

/// What a series is called whose key is known as text.
pub fn of_name(name: &str) -> String {
    let told = name.parse::<SeriesKey>().ok().as_ref().and_then(words);
    told.unwrap_or_else(|| name.to_owned())
}

fn words(key: &SeriesKey) -> Option<String> {
    match key.metric.strip_prefix("service.request.") {
        Some(signal) => service(key, signal),
        None if key.metric.starts_with("service.") => None,
        None => own(key),
    }
}

/// What a service tells of itself.
fn own(key: &SeriesKey) -> Option<String> {
    let service = key.attribute("service.name").filter(|it| !it.is_empty())?;
    let others = key.attributes.iter();
    let others = others.filter(|(name, _)| !name.starts_with("service."));
    let others: Vec<String> = others
        .map(|(name, value)| format!("{} {value}", short(name, &key.metric)))
        .collect();
    let which = match others.is_empty() {
        true => String::new(),
        false => format!(" ({})", others.join(", ")),
    };
    Some(format!("{} of {service}{}{which}", key.metric, on(key)))
}

/// The name of an attribute without the words that it shares with its metric.
fn short<'a>(name: &'a str, metric: &str) -> &'a str {
    let shared = name.match_indices('.').map(|(dot, _)| dot + 1);
    let mut shared = shared.filter(|end| metric.starts_with(&name[..*end]));
    &name[shared.next_back().unwrap_or(0)..]
}

/// ` on web-1`, where a host is known.
fn on(key: &SeriesKey) -> String {
    match key.host.as_str() {
        "" => String::new(),
        host => format!(" on {host}"),
    }
}

/// A signal of a service.
fn service(key: &SeriesKey, signal: &str) -> Option<String> {
    let (_, words) = SIGNALS.iter().find(|(end, _)| *end == signal)?;
    let service = key.attribute("service.name")?;
    let all = key.attributes.iter();
    if !all.clone().all(|(name, _)| TOLD.contains(&name.as_str())) {
        return None;
    }
    let host = on(key);
    let of = match (key.attribute("kind"), key.attribute("peer")) {
        (None, None) => format!("{service}{host}"),
        (Some("client" | "producer"), None) => format!("calls by {service}{host}"),
        (Some("client" | "producer"), Some(peer)) => format!("calls to {peer} by {service}{host}"),
        _ => return None,
    };
    Some(match key.attribute("operation") {
        None => format!("{words} of {of}"),
        Some(operation) => format!("{words} of {of}, operation {operation}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_of_services_are_told_in_words() {
        for (name, told) in [
            (
                "web-1/service.request.duration.p95{operation=GET /search,service.name=shop}",
                "p95 response time of shop on web-1, operation GET /search",
            ),
            (
                "service.request.error_ratio{service.name=shop}",
                "share of failed requests of shop",
            ),
            (
                "h/service.request.active{kind=client,peer=db,service.name=shop}",
                "requests in flight of calls to db by shop on h",
            ),
            (
                "h/db.client.connection.count{db.client.connection.pool.name=main,db.client.connection.state=used,service.instance.id=280c,service.name=shop}",
                "db.client.connection.count of shop on h (pool.name main, state used)",
            ),
            (
                "h/queue_depth{service.name=shop}",
                "queue_depth of shop on h",
            ),
        ] {
            assert_eq!(of_name(name), told);
        }
    }

    #[test]
    fn everything_else_keeps_its_key() {
        for name in [
            "web-1/system.cpu.utilization{cpu=0}",
            "h/service.request.duration.p95{service.name=shop,version=2}",
            "h/service.request.duration{service.name=shop,status=ok}",
            "h/service.request.active{kind=internal,service.name=shop}",
            "a name, not a key: {x",
            "",
        ] {
            assert_eq!(of_name(name), name);
        }
    }
}
