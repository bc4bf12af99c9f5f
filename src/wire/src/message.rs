//! What frames say: protobuf messages derived by hand, no compiler needed.
//!
//! Field numbers are never reused. A reader ignores fields it does not know.
//! The published form of these messages is this file.

use model::host::Host;
use prost::Message;

/// Greeting of an agent.
#[derive(Clone, PartialEq, Message)]
pub struct Hello {
    /// Protocol version, [`crate::PROTOCOL`].
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// Host name.
    #[prost(string, tag = "2")]
    pub host_name: String,
    /// Operating system.
    #[prost(string, tag = "3")]
    pub os: String,
    /// Kernel release.
    #[prost(string, tag = "4")]
    pub kernel: String,
    /// Processor architecture.
    #[prost(string, tag = "5")]
    pub arch: String,
    /// Processor model.
    #[prost(string, tag = "6")]
    pub cpu_model: String,
    /// Logical processors online.
    #[prost(uint32, tag = "7")]
    pub cpus: u32,
    /// Physical memory.
    #[prost(uint64, tag = "8")]
    pub memory_bytes: u64,
    /// Id of this boot.
    #[prost(string, tag = "9")]
    pub boot_id: String,
    /// Agent version.
    #[prost(string, tag = "10")]
    pub agent_version: String,
    /// Agent's process id.
    #[prost(uint32, tag = "11")]
    pub agent_pid: u32,
    /// What it can do.
    #[prost(string, repeated, tag = "12")]
    pub capabilities: Vec<String>,
    /// What it cannot, and why.
    #[prost(string, repeated, tag = "13")]
    pub limits: Vec<String>,
    /// Boot clock at the greeting.
    #[prost(int64, tag = "14")]
    pub boot_ns: i64,
    /// Wall clock at the greeting.
    #[prost(int64, tag = "15")]
    pub unix_ns: i64,
    /// Planned time between samples.
    #[prost(int64, tag = "16")]
    pub every_ns: i64,
}

impl Hello {
    /// The host this greeting describes.
    pub fn host(&self) -> Host {
        Host {
            name: self.host_name.clone(),
            os: self.os.clone(),
            kernel: self.kernel.clone(),
            arch: self.arch.clone(),
            cpu_model: self.cpu_model.clone(),
            cpus: self.cpus,
            memory_bytes: self.memory_bytes,
            boot_id: self.boot_id.clone(),
            agent_version: self.agent_version.clone(),
            agent_pid: self.agent_pid,
            capabilities: self.capabilities.clone(),
            limits: self.limits.clone(),
        }
    }
}

/// Key and value.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Pair {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// One series that samples refer to.
#[derive(Clone, PartialEq, Message)]
pub struct Declaration {
    /// Number in samples.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// Metric name.
    #[prost(string, tag = "2")]
    pub metric: String,
    /// Attributes, sorted by key.
    #[prost(message, repeated, tag = "3")]
    pub attributes: Vec<Pair>,
    /// UCUM code after division.
    #[prost(string, tag = "4")]
    pub unit: String,
    /// 0 gauge, 1 counter, 2 histogram.
    #[prost(uint32, tag = "5")]
    pub kind: u32,
    /// 0 neutral, 1 higher is worse, 2 higher is better.
    #[prost(uint32, tag = "6")]
    pub polarity: u32,
    /// Raw integers are divided by this; 0 where they are floating-point numbers as
    /// [`crate::float`] packs them.
    #[prost(uint32, tag = "7")]
    pub divisor: u32,
    /// How many series had this number before.
    #[prost(uint32, tag = "8")]
    pub life: u32,
}

/// Several declarations.
#[derive(Clone, PartialEq, Message)]
pub struct Series {
    /// Them.
    #[prost(message, repeated, tag = "1")]
    pub series: Vec<Declaration>,
}

/// One process that samples refer to.
#[derive(Clone, PartialEq, Message)]
pub struct ProcessInfo {
    /// Number in samples.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// Kernel process id.
    #[prost(uint32, tag = "2")]
    pub pid: u32,
    /// Parent's id.
    #[prost(uint32, tag = "3")]
    pub parent_pid: u32,
    /// Start on the boot clock.
    #[prost(int64, tag = "4")]
    pub start_boot_ns: i64,
    /// Short name.
    #[prost(string, tag = "5")]
    pub name: String,
    /// Command line without secrets.
    #[prost(string, tag = "6")]
    pub command: String,
    /// Control group.
    #[prost(string, tag = "7")]
    pub cgroup: String,
    /// Numeric user id.
    #[prost(uint32, optional, tag = "8")]
    pub user_id: Option<u32>,
}

/// Several processes.
#[derive(Clone, PartialEq, Message)]
pub struct Processes {
    /// Them.
    #[prost(message, repeated, tag = "1")]
    pub processes: Vec<ProcessInfo>,
}

/// A process that ended.
#[derive(Clone, PartialEq, Message)]
pub struct Ended {
    /// Which.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// When, on the boot clock.
    #[prost(int64, tag = "2")]
    pub boot_ns: i64,
    /// Wait status.
    #[prost(sint32, optional, tag = "3")]
    pub exit_code: Option<i32>,
    /// Its last numbers, in the order of `model::process::FIELDS`; −1 absent.
    #[prost(sint64, repeated, tag = "4")]
    pub numbers: Vec<i64>,
}

/// One moment. `values` and `processes` are packed as [`crate::encode`] says.
#[derive(Clone, PartialEq, Message)]
pub struct Sample {
    /// Boot clock.
    #[prost(int64, tag = "1")]
    pub boot_ns: i64,
    /// Wall clock.
    #[prost(int64, tag = "2")]
    pub unix_ns: i64,
    /// Whether this sample stands alone.
    #[prost(bool, tag = "3")]
    pub key: bool,
    /// Packed values.
    #[prost(bytes = "vec", tag = "4")]
    pub values: Vec<u8>,
    /// Packed processes.
    #[prost(bytes = "vec", tag = "5")]
    pub processes: Vec<u8>,
    /// Whether all living processes are listed.
    #[prost(bool, tag = "6")]
    pub processes_complete: bool,
    /// Who ended.
    #[prost(message, repeated, tag = "7")]
    pub ended: Vec<Ended>,
    /// In a key sample: which numbers had other series before, packed.
    #[prost(bytes = "vec", tag = "8")]
    pub lives: Vec<u8>,
}

/// Something happened.
#[derive(Clone, PartialEq, Message)]
pub struct Event {
    /// Boot clock.
    #[prost(int64, tag = "1")]
    pub boot_ns: i64,
    /// Name of the kind, see `model::event::KINDS`.
    #[prost(string, tag = "2")]
    pub kind: String,
    /// What it happened to.
    #[prost(string, tag = "3")]
    pub subject: String,
    /// Before.
    #[prost(string, tag = "4")]
    pub before: String,
    /// After.
    #[prost(string, tag = "5")]
    pub after: String,
    /// One sentence.
    #[prost(string, tag = "6")]
    pub text: String,
}

/// Consecutive buckets.
#[derive(Clone, PartialEq, Message)]
pub struct Run {
    /// Number of the first.
    #[prost(sint32, tag = "1")]
    pub first: i32,
    /// Counts from there on.
    #[prost(uint64, repeated, tag = "2")]
    pub counts: Vec<u64>,
}

/// What was observed of one series over one interval.
#[derive(Clone, PartialEq, Message)]
pub struct Observed {
    /// Its declaration, of kind histogram.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// End of the interval, on the boot clock.
    #[prost(int64, tag = "2")]
    pub boot_ns: i64,
    /// Length of the interval.
    #[prost(int64, tag = "3")]
    pub width_ns: i64,
    /// Time in flight, summed over requests; absent where unknown.
    #[prost(double, optional, tag = "4")]
    pub active_s: Option<f64>,
    /// Observations.
    #[prost(uint64, tag = "5")]
    pub count: u64,
    /// Their sum.
    #[prost(double, optional, tag = "6")]
    pub sum: Option<f64>,
    /// The least.
    #[prost(double, optional, tag = "7")]
    pub min: Option<f64>,
    /// The greatest.
    #[prost(double, optional, tag = "8")]
    pub max: Option<f64>,
    /// Scale of exponential buckets.
    #[prost(sint32, tag = "9")]
    pub scale: i32,
    /// Observations at zero.
    #[prost(uint64, tag = "10")]
    pub zero: u64,
    /// Exponential buckets above zero.
    #[prost(message, optional, tag = "11")]
    pub positive: Option<Run>,
    /// Exponential buckets below zero.
    #[prost(message, optional, tag = "12")]
    pub negative: Option<Run>,
    /// Bounds of explicit buckets; these are meant where `explicit` has counts.
    #[prost(double, repeated, tag = "13")]
    pub bounds: Vec<f64>,
    /// Counts of explicit buckets, one more than bounds.
    #[prost(uint64, repeated, tag = "14")]
    pub explicit: Vec<u64>,
}

/// Several rows, told at one moment.
#[derive(Clone, PartialEq, Message)]
pub struct Histograms {
    /// Boot clock of the sample they were told with.
    #[prost(int64, tag = "1")]
    pub boot_ns: i64,
    /// Them.
    #[prost(message, repeated, tag = "2")]
    pub rows: Vec<Observed>,
}

/// One span; texts are places in the list of the message that holds it.
#[derive(Clone, PartialEq, Message)]
pub struct Span {
    /// Number of the trace, 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub trace: Vec<u8>,
    /// Number of the span.
    #[prost(fixed64, tag = "2")]
    pub id: u64,
    /// Number of its parent; 0 for none.
    #[prost(fixed64, tag = "3")]
    pub parent: u64,
    /// Its service.
    #[prost(uint32, tag = "4")]
    pub service: u32,
    /// Its name.
    #[prost(uint32, tag = "5")]
    pub name: u32,
    /// 0 internal, 1 server, 2 client, 3 producer, 4 consumer.
    #[prost(uint32, tag = "6")]
    pub kind: u32,
    /// Begin, on the boot clock.
    #[prost(int64, tag = "7")]
    pub boot_ns: i64,
    /// How long it took.
    #[prost(int64, tag = "8")]
    pub duration_ns: i64,
    /// Whether it failed.
    #[prost(bool, tag = "9")]
    pub failed: bool,
    /// Keys and values in turn.
    #[prost(uint32, repeated, tag = "10")]
    pub attributes: Vec<u32>,
}

/// Several spans, told at one moment.
#[derive(Clone, PartialEq, Message)]
pub struct Spans {
    /// Boot clock of the sample they were told with.
    #[prost(int64, tag = "1")]
    pub boot_ns: i64,
    /// Texts that they share.
    #[prost(string, repeated, tag = "2")]
    pub texts: Vec<String>,
    /// Them.
    #[prost(message, repeated, tag = "3")]
    pub spans: Vec<Span>,
}

/// Settings of the host.
#[derive(Clone, PartialEq, Message)]
pub struct Settings {
    /// Them, by key.
    #[prost(message, repeated, tag = "1")]
    pub settings: Vec<Pair>,
}

/// Answer to a clock probe.
#[derive(Clone, PartialEq, Message)]
pub struct Clock {
    /// The probe's number.
    #[prost(uint64, tag = "1")]
    pub probe: u64,
    /// Boot clock when it was read.
    #[prost(int64, tag = "2")]
    pub boot_ns: i64,
    /// Wall clock when it was read.
    #[prost(int64, tag = "3")]
    pub unix_ns: i64,
}

/// Why something was refused, or why the agent ends.
#[derive(Clone, PartialEq, Message)]
pub struct Reason {
    /// What was asked.
    #[prost(string, tag = "1")]
    pub what: String,
    /// Why not.
    #[prost(string, tag = "2")]
    pub why: String,
}

/// Where a replay starts or ended.
#[derive(Clone, PartialEq, Message)]
pub struct Replay {
    /// Boot clock of the oldest (at the start) or newest (at the end) sample.
    #[prost(int64, tag = "1")]
    pub boot_ns: i64,
}

/// What a client asks; several may be set.
#[derive(Clone, PartialEq, Message)]
pub struct Request {
    /// Change the cadence.
    #[prost(message, optional, tag = "1")]
    pub configure: Option<Configure>,
    /// Send what the ring holds.
    #[prost(message, optional, tag = "2")]
    pub replay: Option<Since>,
    /// Read a few series faster.
    #[prost(message, optional, tag = "3")]
    pub burst: Option<Burst>,
    /// Tell the clocks; the number comes back.
    #[prost(uint64, optional, tag = "4")]
    pub clock_probe: Option<u64>,
    /// End.
    #[prost(bool, tag = "5")]
    pub stop: bool,
    /// Change what of applications is taken in.
    #[prost(message, optional, tag = "6")]
    pub hear: Option<Hear>,
    /// Try a plan, carry it out, confirm it or put it back.
    #[prost(message, optional, boxed, tag = "7")]
    pub change: Option<Box<crate::change::Ask>>,
}

/// What of applications is taken in from now on.
#[derive(Clone, PartialEq, Message)]
pub struct Hear {
    /// All of it, each as on the agent's command line; what is not listed ends.
    #[prost(string, repeated, tag = "1")]
    pub what: Vec<String>,
}

/// A new cadence.
#[derive(Clone, PartialEq, Message)]
pub struct Configure {
    /// Time between samples, 10 ms to 10 s.
    #[prost(int64, tag = "1")]
    pub every_ns: i64,
}

/// How far back.
#[derive(Clone, PartialEq, Message)]
pub struct Since {
    /// Oldest wanted moment on the boot clock; 0 for everything.
    #[prost(int64, tag = "1")]
    pub boot_ns: i64,
}

/// A few series, faster.
#[derive(Clone, PartialEq, Message)]
pub struct Burst {
    /// Up to 64 series; none ends the burst.
    #[prost(uint32, repeated, tag = "1")]
    pub series: Vec<u32>,
    /// Time between their samples, 10 ms or more.
    #[prost(int64, tag = "2")]
    pub every_ns: i64,
}
