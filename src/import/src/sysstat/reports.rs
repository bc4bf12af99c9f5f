//! Where one report of iostat ends and the next begins, which no line says.
//!
//! A report is its time (with `-t`), then processors (unless `-d`), then devices (unless
//! `-c`), which may have several tables. The first after a banner is the mean since boot.
//!
//! Start at [`Reports::begin`].

/// A part of a report that begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// Its time.
    Time,
    /// Its processors.
    Processors,
    /// Its devices, after which it is complete.
    #[default]
    Devices,
}

/// Counts reports.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// The part that was read last.
    last: Part,
    /// Whether the next report is the first after a banner.
    fresh: bool,
    /// Number of the report that is read, from 0; none in the mean since boot.
    current: Option<i64>,
    /// Reports after the first.
    count: i64,
    /// Whether there was any.
    any: bool,
}

impl Reports {
    /// Begins the output of another run.
    pub(super) fn banner(&mut self) {
        self.last = Part::Devices;
        self.fresh = true;
    }

    /// Begins a part, and with it a report unless the part goes on with one.
    pub(super) fn begin(&mut self, part: Part) {
        let goes_on = match part {
            Part::Time => false,
            Part::Processors => self.last == Part::Time,
            Part::Devices => self.last != Part::Devices,
        };
        self.last = part;
        if goes_on {
            return;
        }
        self.any = true;
        if std::mem::take(&mut self.fresh) {
            self.current = None;
        } else {
            self.current = Some(self.count);
            self.count += 1;
        }
    }

    /// Number of the report that is read, from 0; none in the mean since boot.
    pub(super) fn current(&self) -> Option<i64> {
        self.current
    }

    /// Whether there was any.
    pub(super) fn any(&self) -> bool {
        self.any
    }
}
