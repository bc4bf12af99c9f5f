//! Listens for StatsD.
//!
//! Counters become running totals, timers and distributions histograms, sets the number
//! of different members within [`SET_S`]. A rate below one counts each line for as many
//! as it stands for.
//!
//! # Source
//!
//! StatsD's metric types document; DogStatsD's datagram format for tags.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::catalog::Kind;
use telemetry::statsd::{Line, LineKind, lines};
use tokio::net::UdpSocket;

use super::inbox::{Inbox, Shared};
use super::numbers::{Place, kept};
use crate::redact;
use crate::sink::About;

/// Largest datagram.
const DATAGRAM_MAX_BYTES: usize = 64 << 10;

/// Members of a set are counted over so long: the flush interval of StatsD.
const SET_S: Duration = Duration::from_secs(10);

/// Members of all sets that are remembered.
const MEMBERS_MAX: usize = 100_000;

/// One line stands for at most so many observations.
const TIMES_MAX: f64 = 10_000.0;

/// Members met since a moment.
struct Sets {
    since: Instant,
    members: HashSet<(Place, u64)>,
    counts: std::collections::HashMap<Place, u64>,
}

/// Takes in datagrams for as long as the process lives.
pub(super) async fn run(socket: std::net::UdpSocket, shared: Arc<Shared>) {
    let Ok(socket) = UdpSocket::from_std(socket) else {
        return;
    };
    let mut buffer = vec![0; DATAGRAM_MAX_BYTES];
    let mut sets = Sets::new();
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => take(&buffer[..length], &shared, &mut sets),
            // Out of memory, perhaps: the next datagram may fare better.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn take(datagram: &[u8], shared: &Shared, sets: &mut Sets) {
    let mut inbox = shared.lock();
    inbox.counts().bytes += datagram.len() as u64;
    let wrong = lines(datagram, |line| tell(&line, &mut inbox, sets));
    inbox.not_understood("lines of StatsD", wrong);
}

fn tell(line: &Line<'_>, inbox: &mut Inbox, sets: &mut Sets) {
    let tags = line.tags.map(|(key, value)| {
        let key = if key.is_empty() { "tag" } else { key };
        (key.to_owned(), value.to_owned())
    });
    let attributes = kept(tags.collect());
    let metric = redact::clean(line.name, 255);
    let kind = match line.kind {
        LineKind::Counter => Kind::Counter,
        LineKind::Timing | LineKind::Histogram | LineKind::Distribution => Kind::Histogram,
        LineKind::Gauge | LineKind::Set => Kind::Gauge,
    };
    let numbers = &mut inbox.numbers;
    let place = numbers.place(&metric, &attributes, || About {
        unit: match line.kind {
            LineKind::Timing => "s",
            LineKind::Set => "{member}",
            _ => "{value}",
        }
        .to_owned(),
        kind,
        polarity: telemetry::polarity(&metric, kind),
    });
    let times = (1.0 / line.rate).clamp(1.0, TIMES_MAX);
    for value in line.values {
        match line.kind {
            LineKind::Counter => numbers.add(place, value.number * times),
            LineKind::Gauge if value.relative => numbers.add(place, value.number),
            LineKind::Gauge => numbers.set(place, value.number),
            LineKind::Timing => numbers.record(place, value.number / 1e3, times.round() as u64),
            LineKind::Histogram | LineKind::Distribution => {
                numbers.record(place, value.number, times.round() as u64);
            }
            LineKind::Set => numbers.set(place, sets.add(place, value.text)),
        }
    }
}

impl Sets {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            members: HashSet::new(),
            counts: std::collections::HashMap::new(),
        }
    }

    /// Adds a member to a set; returns how many it has now.
    fn add(&mut self, place: Place, member: &str) -> f64 {
        if self.since.elapsed() > SET_S || self.members.len() >= MEMBERS_MAX {
            *self = Self::new();
        }
        let mut hasher = DefaultHasher::new();
        member.hash(&mut hasher);
        let count = self.counts.entry(place).or_default();
        if self.members.insert((place, hasher.finish())) {
            *count += 1;
        }
        *count as f64
    }
}
