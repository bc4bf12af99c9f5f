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
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

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
    heard: Vec<Spec>,
    orders: UnboundedSender<Order>,
}

/// What the thread is told to do.
enum Order {
    /// Take this in.
    Begin(Spec, Box<Opened>),
    /// Take it in no longer.
    End(Spec),
}

/// Something that was opened but not begun.
enum Opened {
    Listener(listen::Listener),
    Datagrams(std::net::UdpSocket),
    Target(Scrape),
    Log(Box<tail::Tail>),
}

/// Opens everything that was asked for, and begins. All or nothing: a port that is taken
/// is told before anything is heard.
///
/// # Errors
///
/// [`OpenError`] at the first that cannot be opened.
pub fn open(specs: &[Spec], limits: Limits) -> Result<Intake, OpenError> {
    let opened: Result<Vec<Opened>, OpenError> = specs.iter().map(open_one).collect();
    let opened = opened?;
    let mut intake = start(limits)?;
    for (spec, opened) in specs.iter().zip(opened) {
        intake.begin(spec, opened);
    }
    Ok(intake)
}

/// Starts the thread, which takes nothing in yet.
fn start(limits: Limits) -> Result<Intake, OpenError> {
    let shared = Arc::new(Shared::new(Inbox::new(limits)));
    let cpu_ns = Arc::new(AtomicI64::new(0));
    let of_thread = Arc::clone(&cpu_ns);
    let for_thread = Arc::clone(&shared);
    let (orders, given) = unbounded_channel();
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
        .spawn(move || runtime.block_on(serve(given, for_thread, of_thread, limits)))
        .map_err(refused)?;
    Ok(Intake {
        shared,
        cpu_ns,
        heard: Vec::new(),
        orders,
    })
}

impl Intake {
    /// Takes in these and nothing else from now on. What is taken in already goes on;
    /// of what cannot be opened the reasons are returned, and the rest is taken in.
    pub fn hear(&mut self, specs: &[Spec]) -> Vec<OpenError> {
        let (stays, ends): (Vec<Spec>, Vec<Spec>) = std::mem::take(&mut self.heard)
            .into_iter()
            .partition(|it| specs.contains(it));
        self.heard = stays;
        for spec in ends {
            // A thread that is gone hears nothing either.
            drop(self.orders.send(Order::End(spec)));
        }
        let mut refused = Vec::new();
        for spec in specs {
            if self.heard.contains(spec) {
                continue;
            }
            match open_one(spec) {
                Ok(opened) => self.begin(spec, opened),
                Err(error) => refused.push(error),
            }
        }
        self.tell();
        refused
    }

    fn begin(&mut self, spec: &Spec, opened: Opened) {
        if let Spec::Scrape(target) = spec {
            self.shared.lock().numbers.slower(target.every_ns);
        }
        // The thread ends with the process only.
        drop(
            self.orders
                .send(Order::Begin(spec.clone(), Box::new(opened))),
        );
        self.heard.push(spec.clone());
        self.tell();
    }

    /// Says with the next sample what is taken in.
    fn tell(&self) {
        let texts: Vec<String> = self.heard.iter().map(spec::told).collect();
        self.shared.lock().heard = texts.join("; ");
    }
}

fn open_one(spec: &Spec) -> Result<Opened, OpenError> {
    let refused = |source| OpenError::Refused {
        what: spec.to_string(),
        source,
    };
    Ok(match spec {
        Spec::OtlpHttp(address) | Spec::OtlpGrpc(address) => {
            let grpc = matches!(spec, Spec::OtlpGrpc(_));
            let socket = std::net::TcpListener::bind(address).map_err(refused)?;
            socket.set_nonblocking(true).map_err(refused)?;
            Opened::Listener(listen::Listener { socket, grpc })
        }
        Spec::Statsd(address) => {
            let socket = std::net::UdpSocket::bind(address).map_err(refused)?;
            socket.set_nonblocking(true).map_err(refused)?;
            Opened::Datagrams(socket)
        }
        Spec::Scrape(target) => Opened::Target(target.clone()),
        Spec::Log(log) => Opened::Log(Box::new(tail::Tail::open(log, &spec.to_string())?)),
    })
}

async fn serve(
    orders: UnboundedReceiver<Order>,
    shared: Arc<Shared>,
    cpu_ns: Arc<AtomicI64>,
    limits: Limits,
) {
    tokio::spawn(obey(orders, Arc::clone(&shared), limits));
    let mut every = tokio::time::interval(ACCOUNT_EVERY);
    loop {
        every.tick().await;
        let used_ns = system::thread_cpu_ns();
        cpu_ns.store(used_ns, Ordering::Relaxed);
        shared.account(used_ns, system::steady_ns());
    }
}

/// Begins and ends what is taken in, as it is told.
async fn obey(mut orders: UnboundedReceiver<Order>, shared: Arc<Shared>, limits: Limits) {
    let gate = Arc::new(listen::Gate::new(limits));
    let mut running: Vec<(Spec, AbortHandle)> = Vec::new();
    while let Some(order) = orders.recv().await {
        match order {
            Order::Begin(spec, opened) => {
                let shared = Arc::clone(&shared);
                let task = match *opened {
                    Opened::Listener(it) => {
                        tokio::spawn(listen::run(it, shared, Arc::clone(&gate)))
                    }
                    Opened::Datagrams(socket) => tokio::spawn(statsd::run(socket, shared)),
                    Opened::Target(target) => tokio::spawn(scrape::run(target, shared)),
                    Opened::Log(log) => tokio::spawn(tail::run(*log, shared)),
                };
                running.push((spec, task.abort_handle()));
            }
            Order::End(spec) => running.retain(|(known, task)| {
                let goes_on = *known != spec;
                if !goes_on {
                    task.abort();
                }
                goes_on
            }),
        }
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
