//! Where sources put what they read.
//!
//! A series is declared once and gets a [`Slot`]; each reading sets raw integers
//! into slots. What was not set in a reading was not due or could not be read.
//! Nothing is converted here: the declaration says what the integer is divided by.
//!
//! Start at [`Sink::declare`] and [`Sink::set`].

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use model::batch::Stamp;
use model::catalog::{Kind, Polarity};
use model::event::EventKind;
use model::histogram::Row;
use model::process::{Process, ProcessId, Reading};
use model::series::SeriesId;
use model::trace;
use wire::decode::SERIES_MAX;

use crate::watch::Happened;

/// A declared series' place; its number is the series' id on the wire. The number of
/// a retired series is given to another one once no kept frame speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// A raw value that was not read.
pub const UNSET: i64 = i64::MIN;

/// The place of a series beyond [`SERIES_MAX`] at a time: what is set there is lost.
const NOWHERE: Slot = Slot(u32::MAX);

/// A series that a source declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Name in `model::catalog`, or one that an application told.
    pub metric: Cow<'static, str>,
    /// Attributes, sorted by key.
    pub attributes: Vec<(String, String)>,
    /// What raw values are divided by to be in the metric's unit; 0 where they are
    /// floating-point numbers as `wire::float` packs them.
    pub divisor: u32,
    /// What the metric is, where the catalog does not know it.
    pub about: Option<About>,
    /// Whether what it measured is gone.
    pub retired: bool,
    /// How many series had this place before.
    pub life: u32,
}

/// What a metric is that an application told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// UCUM code.
    pub unit: String,
    /// Level, running total or histogram.
    pub kind: Kind,
    /// Whether more is worse.
    pub polarity: Polarity,
}

/// Name of a series within this host.
type Name = (Cow<'static, str>, Vec<(String, String)>);

/// Something a source noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    /// What sort of thing.
    pub kind: EventKind,
    /// What it happened to.
    pub subject: String,
    /// State before; empty if there was none.
    pub before: String,
    /// State after; empty if there is none.
    pub after: String,
    /// One sentence, or empty.
    pub text: String,
}

/// A process that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Which one.
    pub process: ProcessId,
    /// When, on the boot clock.
    pub boot_ns: i64,
    /// Wait status, when the kernel told.
    pub exit_code: Option<i32>,
    /// Its last numbers; absent ones where the kernel did not tell.
    pub reading: Reading,
}

/// Collects one reading of all sources that are due.
#[derive(Debug, Default)]
pub struct Sink {
    /// Both clocks at the start of this reading; set by the engine.
    pub stamp: Stamp,
    declared: Vec<Declared>,
    values: Vec<i64>,
    /// Retired series by name: one that comes back gets its place again.
    dormant: HashMap<Name, Slot>,
    /// Places of retired series that no kept frame speaks of.
    free: BTreeSet<Slot>,
    /// Places that were given to new series since the tape looked.
    pub(crate) fresh: Vec<Slot>,
    /// Places of series that came back since the tape looked.
    pub(crate) revived: Vec<Slot>,
    /// Whether a series found no place since the engine looked.
    pub(crate) crowded: bool,
    /// What was noticed in this reading.
    pub events: Vec<Noticed>,
    next_process: u32,
    /// Processes that became known in this reading; the engine takes them.
    pub appeared: Vec<(ProcessId, Process)>,
    /// Processes that were read in this reading, alive, with all their numbers.
    pub alive: Vec<(ProcessId, Reading)>,
    /// Whether the process table was read in this reading at all.
    pub processes_read: bool,
    /// Processes that ended since the reading before.
    pub gone: Vec<Gone>,
    /// Settings that were read for the first time or differ from before: key and value.
    pub settings: Vec<(String, String)>,
    /// Observations per interval, of series of kind histogram; the ends of intervals are
    /// on the boot clock.
    pub observed: Vec<(Slot, Row)>,
    /// Spans, on the boot clock.
    pub spans: Vec<trace::Span>,
    /// What happened at other moments than this reading.
    pub happened: Vec<Happened>,
    /// A buffer that sources share, so that a reading allocates nothing.
    pub buffer: Vec<u8>,
}

impl Declared {
    fn name(&self) -> Name {
        (self.metric.clone(), self.attributes.clone())
    }
}

impl Sink {
    /// Forgets the values of the reading before; declarations stay.
    pub fn begin(&mut self, stamp: Stamp) {
        self.stamp = stamp;
        self.values.fill(UNSET);
        self.events.clear();
        self.appeared.clear();
        self.alive.clear();
        self.processes_read = false;
        self.gone.clear();
        self.settings.clear();
        self.observed.clear();
        self.spans.clear();
        self.happened.clear();
    }

    /// Declares a series and returns its slot. A source declares each name once.
    ///
    /// `divisor` turns raw integers into the metric's unit: 1000 for
    /// milliseconds of a metric in seconds.
    pub fn declare(
        &mut self,
        metric: &'static str,
        attributes: &[(&str, &str)],
        divisor: u32,
    ) -> Slot {
        debug_assert!(
            model::catalog::find(metric).is_some(),
            "{metric} is not in the catalogue"
        );
        let mut attributes: Vec<_> = attributes
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        attributes.sort();
        self.enter(Declared {
            metric: Cow::Borrowed(metric),
            attributes,
            divisor: divisor.max(1),
            about: None,
            retired: false,
            life: 0,
        })
    }

    /// Declares a series that an application told; its values are set by
    /// [`Sink::set_number`], or observed. Attributes are sorted by key.
    pub fn declare_told(
        &mut self,
        metric: &str,
        attributes: &[(String, String)],
        about: &About,
    ) -> Slot {
        self.enter(Declared {
            metric: Cow::Owned(metric.to_owned()),
            attributes: attributes.to_vec(),
            divisor: 0,
            about: Some(about.clone()),
            retired: false,
            life: 0,
        })
    }

    fn enter(&mut self, mut declared: Declared) -> Slot {
        if let Some(slot) = self.revive(&declared) {
            return slot;
        }
        let slot = match self.free.pop_first() {
            Some(slot) => {
                let old = &mut self.declared[slot.0 as usize];
                declared.life = old.life.wrapping_add(1);
                let old = std::mem::replace(old, declared);
                self.dormant.remove(&old.name());
                slot
            }
            None if self.declared.len() >= SERIES_MAX => {
                self.crowded = true;
                return NOWHERE;
            }
            None => {
                self.declared.push(declared);
                self.values.push(UNSET);
                Slot(self.declared.len() as u32 - 1)
            }
        };
        self.fresh.push(slot);
        slot
    }

    /// The place of a retired series of this name and divisor, which it has again.
    fn revive(&mut self, declared: &Declared) -> Option<Slot> {
        if self.dormant.is_empty() {
            return None;
        }
        let slot = self.dormant.remove(&declared.name())?;
        let old = &mut self.declared[slot.0 as usize];
        if (old.divisor, &old.about) != (declared.divisor, &declared.about) {
            return None;
        }
        old.retired = false;
        self.free.remove(&slot);
        self.revived.push(slot);
        Some(slot)
    }

    /// Says that what a slot measured is gone; it is not set again unless
    /// [`Sink::declare`] returns it again.
    pub fn retire(&mut self, slot: Slot) {
        if let Some(declared) = self.declared.get_mut(slot.0 as usize) {
            declared.retired = true;
            self.dormant.insert(declared.name(), slot);
        }
    }

    /// Lets the place of a retired series be given to another one.
    pub(crate) fn release(&mut self, slot: Slot) {
        let declared = self.declared.get(slot.0 as usize);
        if declared.is_some_and(|it| it.retired) {
            self.free.insert(slot);
        }
    }

    /// Sets the raw value of a slot in this reading.
    pub fn set(&mut self, slot: Slot, raw: i64) {
        if let Some(value) = self.values.get_mut(slot.0 as usize) {
            *value = raw;
        }
    }

    /// Sets a counter or size that the kernel gives unsigned; too large ones are gaps.
    pub fn set_u64(&mut self, slot: Slot, raw: u64) {
        self.set(slot, i64::try_from(raw).unwrap_or(UNSET));
    }

    /// Sets the value of a series that was declared by [`Sink::declare_told`].
    pub fn set_number(&mut self, slot: Slot, value: f64) {
        self.set(slot, wire::float::pack(value));
    }

    /// Notes that something happened.
    pub fn notice(&mut self, kind: EventKind, subject: &str, before: &str, after: &str) {
        self.events.push(Noticed {
            kind,
            subject: subject.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
            text: String::new(),
        });
    }

    /// Makes a process known and returns its number, which is never used again.
    pub fn appear(&mut self, process: Process) -> ProcessId {
        let id = ProcessId(self.next_process);
        self.next_process = self.next_process.saturating_add(1);
        self.appeared.push((id, process));
        id
    }

    /// Says anew who a known process is, after it started another program. The
    /// number stays; what was said last holds.
    pub fn reappear(&mut self, id: ProcessId, process: Process) {
        self.appeared.push((id, process));
    }

    /// Records a setting; when it had another value before, that is an event too.
    ///
    /// `before` is `None` at the first reading, which only records the baseline.
    pub fn setting(&mut self, key: &str, before: Option<&str>, after: &str) {
        if before == Some(after) {
            return;
        }
        self.settings.push((key.to_owned(), after.to_owned()));
        if let Some(before) = before {
            self.notice(EventKind::Setting, key, before, after);
        }
    }

    /// Series declared so far; the index is the slot's number.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// Raw values of this reading; the index is the slot's number.
    pub fn values(&self) -> &[i64] {
        &self.values
    }

    /// The id of a slot on the wire.
    pub fn id(slot: Slot) -> SeriesId {
        SeriesId(slot.0)
    }
}
