//! Which service a call leads to.
//!
//! A caller names whom it asks by address or by a name of its own. Which service that is
//! can be known, and how well is told ([`Evidence`]); where nothing speaks for a service
//! the caller's name stands for itself.
//!
//! * In: calls and answers as either side counted them, and spans.
//! * Out: a callee for each call, with what speaks for it.
//! * Never: guesses: of several services that fit none is taken.
//!
//! Start at [`Callees::of`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use model::histogram::Row;
use model::request::PEER_KEYS;
use model::time::{SECOND_NS, Span};
use model::trace::{self, SpanId, SpanKind, TraceId};

/// What speaks for a callee, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Spans of its answers are children of the calls.
    Spans,
    /// The caller calls it by its name.
    Name,
    /// Its spans tell the address and port that the caller asks.
    Address,
    /// It answers what the caller asks: as many requests, of the same paths, at the same
    /// times.
    Agreement,
}

impl Evidence {
    /// A stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Name => "name",
            Self::Address => "address",
            Self::Agreement => "agreement",
        }
    }

    /// A sentence for people.
    pub fn note(self) -> &'static str {
        match self {
            Self::Spans => "spans of its answers are children of the calls",
            Self::Name => "the caller calls it by its name",
            Self::Address => "its spans tell the address and port that the caller asks",
            Self::Agreement => {
                "it answers as many requests of the same paths at the same times as the caller asks of an address that no span tells"
            }
        }
    }
}

/// Requests of one sort, as one side of the call counted them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) host: &'a str,
    /// Who counted them.
    pub(super) service: &'a str,
    pub(super) operation: &'a str,
    /// Who was asked, as the caller names it; empty where not told.
    pub(super) peer: &'a str,
    pub(super) rows: &'a [Row],
}

/// Name of those asked that nobody named.
const NOT_TOLD: &str = "(not told)";

/// What an access log that tells no address says of who answered.
const UPSTREAM: &str = "upstream";

/// Fewer requests agree by chance.
const REQUESTS_MIN: u64 = 100;

/// Intervals in which requests are compared, at most; those that hold fewer requests
/// than there are at their borders would agree with nothing.
const INTERVALS_MAX: i64 = 60;

/// Fewest intervals with requests, and their least length.
const INTERVALS_MIN: usize = 5;
const INTERVAL_MIN_NS: i64 = 2 * SECOND_NS;

/// Share of requests that both sides must have counted alike, by path and by time: some
/// end in another interval than their answers, and some are given up by the caller.
const AGREEMENT_MIN: f64 = 0.9;

/// The callees of a window.
pub(super) struct Callees<'a> {
    answers: HashMap<Call<'a>, &'a str>,
    /// Services that answer, with the hosts where they do.
    names: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Who answers at an address; `None` where several say so.
    addresses: BTreeMap<String, Option<&'a str>>,
    /// By caller and the name that it has for the callee.
    agreed: BTreeMap<(&'a str, &'a str), &'a str>,
}

impl<'a> Callees<'a> {
    /// Looks who answers whom within a window.
    pub(super) fn of(
        (asked, answered): (&[Told<'a>], &[Told<'a>]),
        spans: &[&'a trace::Span],
        window: Span,
    ) -> Self {
        let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for told in answered {
            names.entry(told.service).or_default().insert(told.host);
        }
        let mut callees = Self {
            answers: answers(spans),
            names,
            addresses: addresses(spans),
            agreed: BTreeMap::new(),
        };
        callees.agreed = callees.agreed(asked, answered, window);
        callees
    }

    /// Whether a service of this name answers.
    pub(super) fn answers(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Who answers a call, and what speaks for it.
    pub(super) fn callee(&self, told: &Told<'a>) -> (&'a str, Option<Evidence>) {
        let agreed = || self.agreed.get(&(told.service, told.peer));
        match (self.proven(told), agreed(), told.peer) {
            (Some((service, evidence)), _, _) => (service, Some(evidence)),
            (None, Some(service), _) => (service, Some(Evidence::Agreement)),
            (None, None, "") => (NOT_TOLD, None),
            (None, None, peer) => (peer, None),
        }
    }

    fn proven(&self, told: &Told<'a>) -> Option<(&'a str, Evidence)> {
        let call = (told.service, told.peer, told.operation);
        if let Some(service) = self.answers.get(&call) {
            return Some((service, Evidence::Spans));
        }
        if self.answers(told.peer) {
            return Some((told.peer, Evidence::Name));
        }
        let (address, local) = normal(told.peer)?;
        let service = (*self.addresses.get(&address)?)?;
        // What is local to a host is another one's on another host.
        let here = self.names.get(service)?.contains(told.host);
        (here || !local).then_some((service, Evidence::Address))
    }

    /// Services that answer what callers ask of addresses that nobody tells.
    fn agreed(
        &self,
        asked: &[Told<'a>],
        answered: &[Told<'a>],
        window: Span,
    ) -> BTreeMap<(&'a str, &'a str), &'a str> {
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let mut unknown: BTreeMap<&str, BTreeMap<&str, Counts>> = BTreeMap::new();
        for told in asked {
            if let Some((service, _)) = self.proven(told) {
                known.insert(service);
            } else if is_address(told.peer) {
                let of_caller = unknown.entry(told.service).or_default();
                of_caller.entry(told.peer).or_default().add(told, window);
            }
        }
        if unknown.is_empty() {
            return BTreeMap::new();
        }
        let mut services: BTreeMap<&str, Counts> = BTreeMap::new();
        // Whoever is asked by another one is asked by that one alone.
        for told in answered.iter().filter(|it| !known.contains(it.service)) {
            services.entry(told.service).or_default().add(told, window);
        }
        let mut agreed = BTreeMap::new();
        for (caller, peers) in unknown {
            let alone = |counts: &Counts| {
                let others = services.iter().filter(|(name, _)| **name != caller);
                let mut alike = others.filter(|(_, it)| counts.agrees(it));
                let (service, _) = alike.next()?;
                alike.next().is_none().then_some(*service)
            };
            let mut rest = Counts::default();
            let mut spread = Vec::new();
            for (peer, counts) in peers {
                match alone(&counts) {
                    Some(service) => {
                        agreed.insert((caller, peer), service);
                    }
                    None => {
                        rest.merge(&counts);
                        spread.push(peer);
                    }
                }
            }
            // Several addresses of one service share its requests.
            if let Some(service) = alone(&rest).filter(|_| spread.len() > 1) {
                agreed.extend(spread.into_iter().map(|peer| ((caller, peer), service)));
            }
        }
        agreed
    }
}

/// Requests by what was asked and by when they ended.
#[derive(Default)]
struct Counts {
    all: u64,
    paths: BTreeMap<String, u64>,
    times: BTreeMap<i64, u64>,
}

impl Counts {
    fn add(&mut self, told: &Told<'_>, window: Span) {
        let length_ns = window.to.0.saturating_sub(window.from.0);
        let interval_ns = (length_ns / INTERVALS_MAX).max(INTERVAL_MIN_NS);
        let mut count = 0_u64;
        for row in told.rows.iter().filter(|it| super::ends_within(it, window)) {
            let interval = row.at.0.saturating_sub(window.from.0 + 1) / interval_ns;
            let of_interval = self.times.entry(interval).or_default();
            *of_interval = of_interval.saturating_add(row.histogram.count);
            count = count.saturating_add(row.histogram.count);
        }
        self.all = self.all.saturating_add(count);
        let path = self.paths.entry(path(told.operation)).or_default();
        *path = path.saturating_add(count);
    }

    fn merge(&mut self, other: &Self) {
        self.all = self.all.saturating_add(other.all);
        for (path, count) in &other.paths {
            let own = self.paths.entry(path.clone()).or_default();
            *own = own.saturating_add(*count);
        }
        for (interval, count) in &other.times {
            let own = self.times.entry(*interval).or_default();
            *own = own.saturating_add(*count);
        }
    }

    fn agrees(&self, other: &Self) -> bool {
        let most = self.all.max(other.all);
        let enough = |shared: u64| shared as f64 >= AGREEMENT_MIN * most as f64;
        self.all.min(other.all) >= REQUESTS_MIN
            && self.times.len() >= INTERVALS_MIN
            && enough(shared(&self.times, &other.times))
            && enough(shared(&self.paths, &other.paths))
    }
}

/// What both sides counted.
fn shared<K: Ord>(one: &BTreeMap<K, u64>, other: &BTreeMap<K, u64>) -> u64 {
    let both = one.iter().filter_map(|(key, count)| {
        let there = other.get(key)?;
        Some(*count.min(there))
    });
    both.fold(0, u64::saturating_add)
}

/// An operation with its parameters made alike: `/user/{id}`, `/user/:name` and
/// `/user/<int:n>` are one path.
fn path(operation: &str) -> String {
    let part = |part: &str| {
        let wild = part.starts_with(['{', ':', '<']) || part == "*";
        if wild { "{}" } else { part }.to_owned()
    };
    let parts: Vec<String> = operation
        .trim_end_matches('/')
        .split('/')
        .map(part)
        .collect();
    parts.join("/")
}

/// Whether a caller names whom it asks by where it is, which says nothing of who it is.
fn is_address(peer: &str) -> bool {
    peer == UPSTREAM || peer.starts_with("unix:") || normal(peer).is_some()
}

/// An address with its port, written one way, and whether it is local to its host.
fn normal(address: &str) -> Option<(String, bool)> {
    let (host, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    joined(host, port)
}

fn joined(host: &str, port: u16) -> Option<(String, bool)> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.to_ascii_lowercase();
    if host.is_empty() {
        return None;
    }
    let ip: Option<IpAddr> = host.parse().ok();
    let ip = ip.map(|it| it.to_canonical());
    let local = host == "localhost" || ip.is_some_and(|it| it.is_loopback());
    let host = match (local, ip) {
        (true, _) => "localhost".to_owned(),
        (false, Some(ip)) => ip.to_string(),
        (false, None) => host,
    };
    Some((format!("{host}:{port}"), local))
}

/// Attributes of a server's span that tell where it answered, the surest first: a
/// server's own address, then the one that the request named.
///
/// # Source
///
/// OpenTelemetry semantic conventions, "HTTP server" and "General attributes"; older
/// names `net.sock.host.*`, `net.host.*`.
const ADDRESS_KEYS: [(&str, &str); 4] = [
    ("network.local.address", "network.local.port"),
    ("net.sock.host.addr", "net.sock.host.port"),
    ("server.address", "server.port"),
    ("net.host.name", "net.host.port"),
];

/// Who answers at which address.
fn addresses<'a>(spans: &[&'a trace::Span]) -> BTreeMap<String, Option<&'a str>> {
    let mut addresses: BTreeMap<String, Option<&'a str>> = BTreeMap::new();
    for span in spans.iter().filter(|it| it.kind == SpanKind::Server) {
        let told = ADDRESS_KEYS.iter().find_map(|(address, port)| {
            let port = span.attribute(port)?.parse().ok()?;
            joined(span.attribute(address)?, port)
        });
        let Some((address, _)) = told else {
            continue;
        };
        let service = addresses.entry(address).or_insert(Some(&*span.service));
        if *service != Some(&*span.service) {
            *service = None;
        }
    }
    addresses
}

/// A call as its caller names it: who asks, whom, what.
type Call<'a> = (&'a str, &'a str, &'a str);

/// The service that answered most of the calls of each sort.
fn answers<'a>(spans: &[&'a trace::Span]) -> HashMap<Call<'a>, &'a str> {
    let calls: HashMap<(TraceId, SpanId), Call<'a>> = spans
        .iter()
        .filter(|it| it.kind.is_exit())
        .map(|it| ((it.trace, it.id), (&*it.service, peer_of(it), &*it.name)))
        .collect();
    let mut votes: BTreeMap<Call<'a>, BTreeMap<&'a str, usize>> = BTreeMap::new();
    for span in spans.iter().filter(|it| it.kind.is_entry()) {
        let call = span
            .parent
            .and_then(|parent| calls.get(&(span.trace, parent)));
        if let Some(call) = call {
            *votes
                .entry(*call)
                .or_default()
                .entry(&*span.service)
                .or_default() += 1;
        }
    }
    let most = votes.into_iter().filter_map(|(call, votes)| {
        let (service, _) = votes
            .into_iter()
            .max_by_key(|(name, count)| (*count, *name))?;
        Some((call, service))
    });
    most.collect()
}

fn peer_of(span: &trace::Span) -> &str {
    let found = PEER_KEYS.iter().find_map(|key| span.attribute(key));
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests;
