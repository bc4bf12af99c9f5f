//! Frames to `model` batches.
//!
//! A decoder follows one stream: it remembers declarations and the last sample,
//! so that differences become values again. After a hole in the sequence it says
//! [`Said::Waiting`] until the next key sample: values that lean on a lost one
//! are never guessed. Numbers of series may be declared anew for other series; a
//! value whose declaration was lost is left out and counted.
//!
//! Start at [`Decoder::accept`].

use std::collections::HashMap;

use model::batch::{Batch, Ended, Stamp};
use model::catalog::{Kind as MetricKind, Polarity};
use model::event::{Event, EventKind};
use model::histogram::Row;
use model::process::{FIELD_COUNT, Process, ProcessId, Reading};
use model::series::{Series, SeriesId, SeriesKey};
use model::time::Moment;
use model::trace;
use model::unit::Unit;
use prost::Message;

use crate::change;
use crate::float;
use crate::frame::{Frame, Kind};
use crate::message;
use crate::requests;
use crate::varint;
use crate::{PROTOCOL, UNTOLD};

/// Most series a stream may declare.
pub const SERIES_MAX: usize = 65_536;

/// Most processes a decoder remembers at a time.
pub const PROCESSES_MAX: usize = 262_144;

/// Latest clock reading taken from a stream: the year 2200.
pub const CLOCK_MAX_NS: i64 = 7_258_118_400 * 1_000_000_000;

/// Longest text taken from a stream; what is longer is cut.
pub const TEXT_MAX_CHARS: usize = 4_096;

/// What a frame said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The agent greets.
    Hello(Box<message::Hello>),
    /// Series that later batches refer to.
    Series(Vec<(SeriesId, Series)>),
    /// Processes that later batches refer to.
    Processes(Vec<(ProcessId, Process)>),
    /// One moment.
    Batch(Batch),
    /// Something happened.
    Event(Event),
    /// Observations per interval, told with the sample at `told`.
    Histograms {
        /// The moment of that sample.
        told: Moment,
        /// Series and rows.
        rows: Vec<(SeriesId, Row)>,
    },
    /// Spans of traces, told with the sample at `told`.
    Spans {
        /// The moment of that sample.
        told: Moment,
        /// The spans.
        spans: Vec<trace::Span>,
    },
    /// Settings of the host.
    Settings(Vec<(String, String)>),
    /// Answer to a clock probe.
    Clock(message::Clock),
    /// A replay starts here.
    ReplayStarted,
    /// The replay is over.
    ReplayEnded,
    /// A request could not be met.
    Refused(message::Reason),
    /// The agent ends.
    Bye(message::Reason),
    /// What came of a plan.
    Change(Box<change::Told>),
    /// A client asks.
    Request(message::Request),
    /// A sample that leans on a lost one; it cannot be read.
    Waiting,
    /// A frame of a newer version.
    Unknown(u8),
}

/// Why a frame could not be understood. The stream goes on at the next key sample.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The other side speaks a newer protocol.
    #[error("protocol {found} is newer than {PROTOCOL}, the newest this build speaks")]
    TooNew {
        /// What it said.
        found: u32,
    },
    /// The payload is no message of its kind.
    #[error("could not decode a frame of kind {kind}")]
    Malformed {
        /// Number of the kind.
        kind: u8,
        #[source]
        /// What protobuf said.
        source: prost::DecodeError,
    },
    /// The packed values contradict themselves or exceed a bound.
    #[error("could not unpack a sample: {0}")]
    Unpack(&'static str),
}

/// Follows one stream.
#[derive(Debug, Default)]
pub struct Decoder {
    host: String,
    boot_to_axis_ns: Option<i64>,
    slots: Vec<Slot>,
    last: Vec<i64>,
    present: Vec<u8>,
    processes: HashMap<u32, [i64; FIELD_COUNT]>,
    sequence: u64,
    synced: bool,
    processes_synced: bool,
    last_at: Option<Moment>,
    lost_frames: u64,
    undeclared: u64,
}

/// What is known of a series number.
#[derive(Clone, Copy, Debug)]
struct Slot {
    divisor: u32,
    /// How many series had the number before the one that was declared last.
    life: u32,
    /// The number belongs to another series than was declared here.
    stale: bool,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            divisor: 1,
            life: 0,
            stale: false,
        }
    }
}

impl Decoder {
    /// A decoder whose series carry this host name instead of the one in the greeting.
    pub fn for_host(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            ..Self::default()
        }
    }

    /// Places the host's boot clock on the session's axis.
    ///
    /// Without this, the axis follows the host's own wall clock at its greeting.
    pub fn set_axis(&mut self, boot_to_axis_ns: i64) {
        self.boot_to_axis_ns = Some(boot_to_axis_ns);
    }

    /// What is added to the host's boot clock; `None` before the greeting.
    pub fn axis(&self) -> Option<i64> {
        self.boot_to_axis_ns
    }

    /// Frames that the sequence numbers say are missing so far.
    pub fn lost_frames(&self) -> u64 {
        self.lost_frames
    }

    /// Values left out so far because the declaration of their series was lost.
    pub fn undeclared(&self) -> u64 {
        self.undeclared
    }

    /// Takes in one frame.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]; the decoder then waits for the next key sample.
    pub fn accept(&mut self, frame: &Frame<'_>) -> Result<Said, DecodeError> {
        self.follow(frame.sequence);
        let Some(kind) = Kind::from_number(frame.kind) else {
            return Ok(Said::Unknown(frame.kind));
        };
        let said = self.read(kind, frame.payload);
        if said.is_err() {
            self.lose_track();
        }
        said
    }

    fn follow(&mut self, sequence: u64) {
        if sequence == 0 {
            return;
        }
        if self.sequence != 0 && sequence != self.sequence.saturating_add(1) {
            self.lose_track();
            let expected = self.sequence.saturating_add(1);
            self.lost_frames = self
                .lost_frames
                .saturating_add(sequence.saturating_sub(expected));
        }
        self.sequence = sequence;
    }

    /// What leans on the last sample cannot be read until the next that stands alone.
    fn lose_track(&mut self) {
        self.synced = false;
        self.processes_synced = false;
    }

    fn read(&mut self, kind: Kind, payload: &[u8]) -> Result<Said, DecodeError> {
        Ok(match kind {
            Kind::Hello => self.hello(parse(kind, payload)?)?,
            Kind::Series => self.series(parse(kind, payload)?)?,
            Kind::Processes => processes(parse(kind, payload)?),
            Kind::Sample => self.sample(&parse(kind, payload)?)?,
            Kind::Event => Said::Event(self.event(parse(kind, payload)?)),
            Kind::Histograms => self.histograms(parse(kind, payload)?)?,
            Kind::Spans => self.spans(parse(kind, payload)?)?,
            Kind::Settings => Said::Settings(
                parse::<message::Settings>(kind, payload)?
                    .settings
                    .into_iter()
                    .map(|pair| (clean(&pair.key), clean(&pair.value)))
                    .collect(),
            ),
            Kind::Clock => {
                let clock: message::Clock = parse(kind, payload)?;
                Said::Clock(message::Clock {
                    unix_ns: clock.unix_ns.clamp(0, CLOCK_MAX_NS),
                    ..clock
                })
            }
            Kind::ReplayStart => Said::ReplayStarted,
            Kind::ReplayEnd => Said::ReplayEnded,
            Kind::Refused => Said::Refused(cleaned(parse(kind, payload)?)),
            Kind::Bye => Said::Bye(cleaned(parse(kind, payload)?)),
            Kind::Change => {
                let told: change::Told = parse(kind, payload)?;
                Said::Change(Box::new(told.cleaned()))
            }
            Kind::Request => Said::Request(parse(kind, payload)?),
        })
    }

    fn hello(&mut self, mut hello: message::Hello) -> Result<Said, DecodeError> {
        if hello.protocol > PROTOCOL {
            return Err(DecodeError::TooNew {
                found: hello.protocol,
            });
        }
        for text in [
            &mut hello.host_name,
            &mut hello.os,
            &mut hello.kernel,
            &mut hello.arch,
            &mut hello.cpu_model,
            &mut hello.boot_id,
            &mut hello.agent_version,
        ] {
            *text = clean(text);
        }
        for text in hello.capabilities.iter_mut().chain(&mut hello.limits) {
            *text = clean(text);
        }
        // Clocks outside of living memory are no clocks; later sums must not overflow.
        hello.unix_ns = hello.unix_ns.clamp(0, CLOCK_MAX_NS);
        hello.boot_ns = hello.boot_ns.clamp(0, CLOCK_MAX_NS);
        if self.host.is_empty() {
            self.host.clone_from(&hello.host_name);
        }
        if self.boot_to_axis_ns.is_none() {
            self.boot_to_axis_ns = Some(hello.unix_ns.saturating_sub(hello.boot_ns));
        }
        Ok(Said::Hello(Box::new(hello)))
    }

    fn series(&mut self, message: message::Series) -> Result<Said, DecodeError> {
        let mut declared = Vec::with_capacity(message.series.len().min(SERIES_MAX));
        for declaration in message.series {
            let place = declaration.id as usize;
            if place >= SERIES_MAX {
                return Err(DecodeError::Unpack("series number out of bounds"));
            }
            if self.slots.len() <= place {
                self.slots.resize(place + 1, Slot::default());
            }
            self.slots[place] = Slot {
                divisor: declaration.divisor,
                life: declaration.life,
                stale: false,
            };
            declared.push((SeriesId(declaration.id), self.named(declaration)));
        }
        Ok(Said::Series(declared))
    }

    fn named(&self, declaration: message::Declaration) -> Series {
        let attributes = declaration
            .attributes
            .iter()
            .map(|pair| (clean(&pair.key), clean(&pair.value)));
        Series {
            key: SeriesKey::new(self.host.as_str(), clean(&declaration.metric), attributes),
            unit: Unit(clean(&declaration.unit).into()),
            kind: match declaration.kind {
                1 => MetricKind::Counter,
                2 => MetricKind::Histogram,
                _ => MetricKind::Gauge,
            },
            polarity: match declaration.polarity {
                1 => Polarity::HigherIsWorse,
                2 => Polarity::HigherIsBetter,
                _ => Polarity::Neutral,
            },
        }
    }

    fn event(&self, event: message::Event) -> Event {
        Event {
            at: self.moment(event.boot_ns),
            kind: EventKind::from_name(&event.kind),
            subject: clean(&event.subject),
            before: clean(&event.before),
            after: clean(&event.after),
            text: clean(&event.text),
        }
    }

    /// Rows of series whose declaration was lost are left out and counted.
    fn histograms(&mut self, message: message::Histograms) -> Result<Said, DecodeError> {
        let told = self.moment(message.boot_ns);
        let mut rows = Vec::with_capacity(message.rows.len());
        for observed in message.rows {
            let (id, at) = (observed.id, self.moment(observed.boot_ns));
            let lie = DecodeError::Unpack("a histogram contradicts itself");
            let row = requests::row(observed, at).ok_or(lie)?;
            match self.slots.get(id as usize) {
                Some(slot) if !slot.stale => rows.push((SeriesId(id), row)),
                _ => self.undeclared = self.undeclared.saturating_add(1),
            }
        }
        Ok(Said::Histograms { told, rows })
    }

    fn spans(&self, message: message::Spans) -> Result<Said, DecodeError> {
        let told = self.moment(message.boot_ns);
        let lie = DecodeError::Unpack("a span names a text that is not there");
        let spans = requests::spans(message, |boot_ns| self.moment(boot_ns)).ok_or(lie)?;
        Ok(Said::Spans { told, spans })
    }

    fn moment(&self, boot_ns: i64) -> Moment {
        Moment(boot_ns).plus_ns(self.boot_to_axis_ns.unwrap_or(0))
    }

    fn sample(&mut self, sample: &message::Sample) -> Result<Said, DecodeError> {
        if sample.key {
            self.last.clear();
            self.present.clear();
            self.compare_lives(&sample.lives)?;
            if sample.processes_complete {
                self.processes.clear();
                self.processes_synced = true;
            }
            self.synced = true;
        }
        if !self.synced {
            return Ok(Said::Waiting);
        }
        let values = self.unpack_values(&sample.values)?;
        // A key sample without a process table leaves what later rows lean on unknown.
        let processes = match self.processes_synced {
            true => self.unpack_processes(&sample.processes)?,
            false => Vec::new(),
        };
        let at = self.moment(sample.boot_ns);
        let since = self.last_at.replace(at).unwrap_or(at);
        let ended = sample.ended.iter().map(|it| self.ended(it, (since, at)));
        let ended = ended.collect();
        Ok(Said::Batch(Batch {
            at,
            stamp: Stamp {
                boot_ns: sample.boot_ns,
                unix_ns: sample.unix_ns,
            },
            values,
            processes,
            processes_complete: sample.processes_complete,
            ended,
        }))
    }

    /// Finds the numbers that belong to other series than were declared here.
    fn compare_lives(&mut self, mut packed: &[u8]) -> Result<(), DecodeError> {
        const CUT: DecodeError = DecodeError::Unpack("lives are cut short");
        for slot in &mut self.slots {
            slot.stale = slot.life != 0;
        }
        let mut id = 0_u64;
        while !packed.is_empty() {
            let distance = varint::take(&mut packed).ok_or(CUT)?;
            let life = varint::take(&mut packed).ok_or(CUT)?;
            id = id.saturating_add(distance);
            if id >= SERIES_MAX as u64 {
                return Err(DecodeError::Unpack("series number out of bounds"));
            }
            let place = id as usize;
            if self.slots.len() <= place {
                self.slots.resize(place + 1, Slot::default());
            }
            let slot = &mut self.slots[place];
            slot.stale = u64::from(slot.life) != life;
        }
        Ok(())
    }

    fn unpack_values(&mut self, mut bytes: &[u8]) -> Result<Vec<(SeriesId, f64)>, DecodeError> {
        const CUT: DecodeError = DecodeError::Unpack("values are cut short");
        let slots = varint::take(&mut bytes).ok_or(CUT)? as usize;
        if slots > SERIES_MAX {
            return Err(DecodeError::Unpack("too many series"));
        }
        let width = slots.div_ceil(8);
        let (fresh, rest) = bytes.split_first().ok_or(CUT)?;
        bytes = rest;
        if *fresh == 1 {
            self.present = bytes.get(..width).ok_or(CUT)?.to_vec();
            bytes = &bytes[width..];
        }
        if self.present.len() != width {
            return Err(DecodeError::Unpack("no map of present series"));
        }
        let changed = bytes.get(..width).ok_or(CUT)?;
        bytes = &bytes[width..];
        self.last.resize(slots.max(self.last.len()), 0);
        let mut values = Vec::with_capacity(slots);
        for slot in 0..slots {
            let bit = 1 << (slot % 8);
            if self.present[slot / 8] & bit == 0 {
                continue;
            }
            if changed[slot / 8] & bit != 0 {
                let difference = varint::take_signed(&mut bytes).ok_or(CUT)?;
                self.last[slot] = self.last[slot].wrapping_add(difference);
            }
            let known = self.slots.get(slot).copied().unwrap_or_default();
            if known.stale {
                self.undeclared = self.undeclared.saturating_add(1);
                continue;
            }
            let value = match known.divisor {
                0 => float::unpack(self.last[slot]),
                divisor => self.last[slot] as f64 / f64::from(divisor),
            };
            values.push((SeriesId(slot as u32), value));
        }
        Ok(values)
    }

    fn unpack_processes(
        &mut self,
        mut bytes: &[u8],
    ) -> Result<Vec<(ProcessId, Reading)>, DecodeError> {
        const CUT: DecodeError = DecodeError::Unpack("processes are cut short");
        let mut rows = Vec::new();
        while !bytes.is_empty() {
            let id = varint::take(&mut bytes).ok_or(CUT)?;
            let id = u32::try_from(id)
                .map_err(|_| DecodeError::Unpack("process number out of bounds"))?;
            let mask = varint::take(&mut bytes).ok_or(CUT)?;
            if mask >> FIELD_COUNT != 0 {
                return Err(DecodeError::Unpack("unknown process field"));
            }
            if self.processes.len() >= PROCESSES_MAX && !self.processes.contains_key(&id) {
                return Err(DecodeError::Unpack("too many processes"));
            }
            let numbers = self.processes.entry(id).or_insert(UNTOLD);
            for (place, number) in numbers.iter_mut().enumerate() {
                if mask & (1 << place) != 0 {
                    let difference = varint::take_signed(&mut bytes).ok_or(CUT)?;
                    *number = number.wrapping_add(difference);
                }
            }
            rows.push((ProcessId(id), Reading(*numbers)));
        }
        Ok(rows)
    }

    /// An end that was told late, as that of a process its parent reaped only now,
    /// is placed at the earliest right after the sample before.
    fn ended(&mut self, ended: &message::Ended, (since, until): (Moment, Moment)) -> Ended {
        let last = self.processes.remove(&ended.id);
        let mut reading = Reading(last.unwrap_or(Reading::default().0));
        for (place, number) in ended.numbers.iter().take(FIELD_COUNT).enumerate() {
            if *number >= 0 {
                reading.0[place] = *number;
            }
        }
        Ended {
            process: ProcessId(ended.id),
            at: self.moment(ended.boot_ns).max(since).min(until),
            exit_code: ended.exit_code,
            reading,
        }
    }
}

fn processes(message: message::Processes) -> Said {
    let known = message.processes.into_iter().map(|info| {
        let process = Process {
            pid: info.pid,
            parent_pid: info.parent_pid,
            start_boot_ns: info.start_boot_ns,
            name: clean(&info.name),
            command: clean(&info.command),
            cgroup: clean(&info.cgroup),
            user_id: info.user_id,
        };
        (ProcessId(info.id), process)
    });
    Said::Processes(known.collect())
}

fn cleaned(reason: message::Reason) -> message::Reason {
    message::Reason {
        what: clean(&reason.what),
        why: clean(&reason.why),
    }
}

fn parse<M: Message + Default>(kind: Kind, payload: &[u8]) -> Result<M, DecodeError> {
    M::decode(payload).map_err(|source| DecodeError::Malformed {
        kind: kind as u8,
        source,
    })
}

/// Removes control and direction-changing characters and bounds the length.
///
/// Names of processes, devices and files come from strangers; they must not
/// steer a terminal or reorder a line of a report.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if is_hostile(c) { '\u{fffd}' } else { c })
        .take(TEXT_MAX_CHARS)
        .collect()
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
