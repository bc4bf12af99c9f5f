//! What comes and goes: processors, disks, interfaces, file systems.
//!
//! A device that comes after the first reading, or goes, is an event. One that
//! comes back under its name continues the series of that name; counters that
//! begin anew tell readers that it may be another one.
//!
//! Start at [`Devices`].

use model::event::EventKind;

use crate::sink::{Noticed, Sink};

/// Devices of one sort that are measured at a time: each has up to a dozen of the
/// 65,536 series that a stream may have.
const DEVICES_MAX: usize = 4096;

/// Devices of one sort, in the order in which the kernel lists them.
#[derive(Debug)]
pub(crate) struct Devices<T> {
    sort: &'static str,
    known: Vec<Device<T>>,
    next: usize,
    /// Whether it was told that there are too many.
    crowded: bool,
    readings: u64,
}

#[derive(Debug)]
struct Device<T> {
    name: Box<[u8]>,
    what: T,
    seen: bool,
}

impl<T> Devices<T> {
    /// No devices yet; `sort` is what one of them is called in events.
    pub(crate) fn new(sort: &'static str) -> Self {
        Self {
            sort,
            known: Vec::new(),
            next: 0,
            crowded: false,
            readings: 0,
        }
    }

    /// Begins a reading that lists every device.
    pub(crate) fn begin(&mut self) {
        self.next = 0;
        for device in &mut self.known {
            device.seen = false;
        }
    }

    /// What was known of a device, without noting that it is there.
    pub(crate) fn get(&mut self, name: &[u8]) -> Option<&mut T> {
        let place = self.place(name)?;
        Some(&mut self.known[place].what)
    }

    /// Notes that a device is there, and makes it known when it is new.
    ///
    /// Returns `None` for a new one when [`DEVICES_MAX`] are known already.
    pub(crate) fn meet(
        &mut self,
        sink: &mut Sink,
        name: &[u8],
        make: impl FnOnce(&str) -> T,
    ) -> Option<&mut T> {
        let place = match self.place(name) {
            Some(place) => place,
            None => self.add(sink, name, make)?,
        };
        self.next = place + 1;
        let device = &mut self.known[place];
        device.seen = true;
        Some(&mut device.what)
    }

    fn place(&self, name: &[u8]) -> Option<usize> {
        // Kernels keep their order, so the next one is nearly always the right one.
        let is_it = |device: &Device<T>| device.name.as_ref() == name;
        if self.known.get(self.next).is_some_and(is_it) {
            return Some(self.next);
        }
        self.known.iter().position(is_it)
    }

    fn add(&mut self, sink: &mut Sink, name: &[u8], make: impl FnOnce(&str) -> T) -> Option<usize> {
        if self.known.len() >= DEVICES_MAX {
            if !std::mem::replace(&mut self.crowded, true) {
                sink.events.push(Noticed {
                    kind: EventKind::Degraded,
                    subject: self.sort.to_owned(),
                    before: String::new(),
                    after: String::new(),
                    text: format!(
                        "there are more than {DEVICES_MAX} {}s: those that came last are not measured",
                        self.sort
                    ),
                });
            }
            return None;
        }
        let text = String::from_utf8_lossy(name);
        if self.readings > 0 {
            sink.notice(EventKind::Appeared, &self.subject(&text), "", "");
        }
        let device = Device {
            name: Box::from(name),
            what: make(&text),
            seen: true,
        };
        let place = self.next.min(self.known.len());
        self.known.insert(place, device);
        Some(place)
    }

    /// Ends a reading: forgets what was not met, after `retire` retired its series.
    pub(crate) fn end(&mut self, sink: &mut Sink, retire: impl Fn(&mut Sink, &T)) {
        self.readings += 1;
        if self.known.iter().all(|device| device.seen) {
            return;
        }
        for device in self.known.iter().filter(|device| !device.seen) {
            retire(sink, &device.what);
            let name = String::from_utf8_lossy(&device.name);
            sink.notice(EventKind::Vanished, &self.subject(&name), "", "");
        }
        self.known.retain(|device| device.seen);
        self.crowded &= self.known.len() >= DEVICES_MAX;
    }

    /// Every known device.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.known.iter_mut().map(|device| &mut device.what)
    }

    fn subject(&self, name: &str) -> String {
        format!("{} {name}", self.sort)
    }
}
