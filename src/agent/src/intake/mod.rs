//! Takes in what applications say: OTLP, Prometheus endpoints, StatsD, access logs.
//!
//! Nothing is heard unless it is asked for: each [`Spec`] switches one thing on, and what
//! listens does so on the loopback interface only. One thread of its own does all of it, so
//! that a flood of spans never delays a sample; what it learned waits in an [`inbox`] until
//! the next sample takes it along.
//!
//! Cost: the thread's processor time and memory are counted apart from the sampler's, have
//! a budget of their own ([`Limits`]), and what is given up over it is told.
//!
//! * [`spec`]: what to take in, as text.
//! * `listen`: OTLP over HTTP and, with the feature `grpc`, over gRPC.
//! * `scrape`, `statsd`, `tail`: the others.
//! * [`inbox`]: series, requests and spans between two samples; `keep`: which spans stay.
//! * [`source`]: the inbox as a source of the sampler.
//!
//! Start at [`open`].

pub mod inbox;
mod keep;
mod listen;
mod numbers;
mod scrape;
pub mod source;
pub mod spec;
mod statsd;
mod tail;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

use self::inbox::{Inbox, Shared};
use self::spec::{Format, Scrape, Spec};
use crate::system;

/// How often the thread looks at its own processor time.
const ACCOUNT_EVERY: Duration = Duration::from_millis(200);

/// What taking in may cost, beside the sampler's own budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Share of one processor; beyond it fewer spans are kept, then exports are put off.
    pub cpu_share: f64,
    /// Spans stored a second, averaged over ten seconds.
    pub spans_per_second: f64,
    /// Bytes of exports that are being read at a time.
    pub body_bytes: usize,
}

/// Memory that the thread may take beside the sampler's: bodies under way, spans that wait
/// for the next sample, series and their histograms.
pub const RESIDENT_BYTES: i64 = 96 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_share: 1.0,
            spans_per_second: 200.0,
            body_bytes: 32 << 20,
        }
    }
}

/// Something that was asked for and cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system refused a socket or a file.
    #[error("could not take in {what}")]
    Refused {
        /// What was asked for.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A format that makes no sense.
    #[error("could not take in {what}: {why}")]
    Format {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What was opened: the thread runs until the process ends.
pub struct Intake {
    /// What waits for the next sample.
    pub shared: Arc<Shared>,
    /// Processor time of the thread so far, in nanoseconds.
    pub cpu_ns: Arc<AtomicI64>,
}

/// Everything one thread serves, opened but not begun.
struct Opened {
    listeners: Vec<listen::Listener>,
    datagrams: Vec<std::net::UdpSocket>,
    targets: Vec<Scrape>,
    logs: Vec<tail::Tail>,
}

/// Opens everything that was asked for, and begins. All or nothing: a port that is taken
/// is told before anything is heard.
///
/// # Errors
///
/// [`OpenError`] at the first that cannot be opened.
pub fn open(specs: &[Spec], limits: Limits) -> Result<Intake, OpenError> {
    let every = specs.iter().map(|it| match it {
        Spec::Scrape(target) => target.every_ns,
        _ => 0,
    });
    let every_ns = every.max().unwrap_or_default();
    let shared = Arc::new(Shared::new(Inbox::new(limits, every_ns)));
    let opened = open_all(specs)?;
    let cpu_ns = Arc::new(AtomicI64::new(0));
    let of_thread = Arc::clone(&cpu_ns);
    let for_thread = Arc::clone(&shared);
    let refused = |source| OpenError::Refused {
        what: "a thread for applications".to_owned(),
        source,
    };
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(refused)?;
    thread::Builder::new()
        .name("intake".to_owned())
        .spawn(move || runtime.block_on(serve(opened, for_thread, of_thread, limits)))
        .map_err(refused)?;
    Ok(Intake { shared, cpu_ns })
}

fn open_all(specs: &[Spec]) -> Result<Opened, OpenError> {
    let mut opened = Opened {
        listeners: Vec::new(),
        datagrams: Vec::new(),
        targets: Vec::new(),
        logs: Vec::new(),
    };
    for spec in specs {
        let refused = |source| OpenError::Refused {
            what: spec.to_string(),
            source,
        };
        match spec {
            Spec::OtlpHttp(address) | Spec::OtlpGrpc(address) => {
                let grpc = matches!(spec, Spec::OtlpGrpc(_));
                let socket = std::net::TcpListener::bind(address).map_err(refused)?;
                socket.set_nonblocking(true).map_err(refused)?;
                opened.listeners.push(listen::Listener { socket, grpc });
            }
            Spec::Statsd(address) => {
                let socket = std::net::UdpSocket::bind(address).map_err(refused)?;
                socket.set_nonblocking(true).map_err(refused)?;
                opened.datagrams.push(socket);
            }
            Spec::Scrape(target) => opened.targets.push(target.clone()),
            Spec::Log(log) => opened.logs.push(tail::Tail::open(log, &spec.to_string())?),
        }
    }
    Ok(opened)
}

async fn serve(opened: Opened, shared: Arc<Shared>, cpu_ns: Arc<AtomicI64>, limits: Limits) {
    let gate = Arc::new(listen::Gate::new(limits));
    for listener in opened.listeners {
        tokio::spawn(listen::run(
            listener,
            Arc::clone(&shared),
            Arc::clone(&gate),
        ));
    }
    for socket in opened.datagrams {
        tokio::spawn(statsd::run(socket, Arc::clone(&shared)));
    }
    for target in opened.targets {
        tokio::spawn(scrape::run(target, Arc::clone(&shared)));
    }
    for log in opened.logs {
        tokio::spawn(tail::run(log, Arc::clone(&shared)));
    }
    let mut every = tokio::time::interval(ACCOUNT_EVERY);
    loop {
        every.tick().await;
        let used_ns = system::thread_cpu_ns();
        cpu_ns.store(used_ns, Ordering::Relaxed);
        shared.account(used_ns, system::steady_ns());
    }
}

/// The named format of an access log, or the one that was written out.
///
/// # Errors
///
/// What is wrong with it.
fn log_format(format: &Format) -> Result<Option<telemetry::access_log::Format>, String> {
    use telemetry::access_log::Format as Known;
    let wrong = |error: &dyn std::error::Error| error.to_string();
    match format {
        Format::Told => Ok(None),
        Format::Named(name) => match Known::named(name) {
            Some(known) => Ok(Some(known)),
            None => Err(format!("no format of access logs is called {name:?}")),
        },
        Format::Nginx(text) => Known::nginx(text).map(Some).map_err(|it| wrong(&it)),
        Format::Apache(text) => Known::apache(text).map(Some).map_err(|it| wrong(&it)),
    }
}
