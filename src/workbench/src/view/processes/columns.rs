//! The columns of the process table: names, units, values, texts.

use std::borrow::Cow;

use model::process::Field;
use model::unit::{Axis, Unit};
use workflow::processes::{Line, Measure};

use crate::view::table;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Pid,
    Name,
    Cpu,
    Resident,
    Threads,
    State,
    Read,
    Write,
    Faults,
    Switches,
    OpenFiles,
    OpenFilesLimit,
    User,
    Cgroup,
    Command,
}

/// How the values of a column are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Text at the left.
    Text,
    /// A number as it is, at the right.
    Whole,
    /// A quantity at the right, all with the same prefix and the same places.
    Quantity {
        unit: &'static str,
        /// Picks the prefix: values of this size have it.
        size: f64,
        /// The last place that is shown.
        step: f64,
    },
}

/// Everything about a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Info {
    pub(super) column: Column,
    pub(super) title: &'static str,
    pub(super) form: Form,
    /// What else stands in the header's second line.
    note: &'static str,
    /// Width at first; the user may change it.
    pub(super) width: f32,
    /// What is drawn when a cell is clicked.
    pub(super) measure: Measure,
    pub(super) help: &'static str,
}

const KIB: f64 = 1024.0;
const MIB: f64 = KIB * KIB;
const SHARE: Form = quantity("1", 1.0, 0.001);
const MEMORY: Form = quantity("By", MIB, 0.1 * MIB);
const RATE: Form = quantity("By/s", KIB, 0.1 * KIB);

const fn quantity(unit: &'static str, size: f64, step: f64) -> Form {
    Form::Quantity { unit, size, step }
}

const fn of(field: Field) -> Measure {
    Measure::Field(field)
}

/// Every column, from left to right. Add yours here.
#[rustfmt::skip]
pub(super) const ALL: &[Info] = &[
    Info { column: Column::Pid, title: "PID", form: Form::Whole, note: "", width: 64.0, measure: Measure::Cpu,
        help: "Process id." },
    Info { column: Column::Name, title: "Name", form: Form::Text, note: "", width: 116.0, measure: Measure::Cpu,
        help: "The kernel's short name of the process." },
    Info { column: Column::Cpu, title: "CPU", form: SHARE, note: " of a core", width: 74.0, measure: Measure::Cpu,
        help: "Processor time used, in percent of one core; above 100 % it ran on several." },
    Info { column: Column::Resident, title: "Memory", form: MEMORY, note: " resident", width: 92.0, measure: of(Field::ResidentMemory),
        help: "Resident memory: what it holds in RAM, shared pages included." },
    Info { column: Column::Threads, title: "Threads", form: Form::Whole, note: "", width: 62.0, measure: of(Field::Threads),
        help: "Number of threads." },
    Info { column: Column::State, title: "State", form: Form::Text, note: "", width: 78.0, measure: Measure::Cpu,
        help: "Scheduler state when it was last read." },
    Info { column: Column::Read, title: "Disk read", form: RATE, note: "", width: 78.0, measure: of(Field::ReadBytes),
        help: "Bytes read from storage per second." },
    Info { column: Column::Write, title: "Disk write", form: RATE, note: "", width: 78.0, measure: of(Field::WriteBytes),
        help: "Bytes written to storage per second." },
    Info { column: Column::Faults, title: "Major faults", form: Form::Whole, note: "since start", width: 86.0, measure: of(Field::MajorFaults),
        help: "Page faults that waited for the disk, since the process started." },
    Info { column: Column::Switches, title: "Switches", form: Form::Whole, note: "since start", width: 86.0, measure: of(Field::VoluntarySwitches),
        help: "Context switches, voluntary and involuntary, since the process started." },
    Info { column: Column::OpenFiles, title: "Open files", form: Form::Whole, note: "", width: 74.0, measure: of(Field::OpenFiles),
        help: "Open file descriptors; needs the right to look into the process where the kernel is older than 6.2." },
    Info { column: Column::OpenFilesLimit, title: "File limit", form: Form::Whole, note: "", width: 74.0, measure: of(Field::OpenFilesLimit),
        help: "Open file descriptors that it may have: the soft limit." },
    Info { column: Column::User, title: "User", form: Form::Whole, note: "id", width: 56.0, measure: Measure::Cpu,
        help: "Numeric user id." },
    Info { column: Column::Cgroup, title: "Control group", form: Form::Text, note: "", width: 180.0, measure: Measure::Cpu,
        help: "Path of the control group." },
    Info { column: Column::Command, title: "Command", form: Form::Text, note: "", width: 360.0, measure: Measure::Cpu,
        help: "Command line, with secrets removed where it was read." },
];

/// The words for the letters of `proc_pid_stat(5)`.
const STATES: &[(char, &str)] = &[
    ('R', "running"),
    ('S', "sleeping"),
    ('D', "disk wait"),
    ('Z', "zombie"),
    ('T', "stopped"),
    ('t', "traced"),
    ('I', "idle"),
    ('X', "dead"),
    ('P', "parked"),
    ('W', "waking"),
];

impl Column {
    /// Everything about this column.
    pub(super) fn info(self) -> &'static Info {
        let found = ALL.iter().find(|info| info.column == self);
        found.unwrap_or(&ALL[0])
    }

    /// The value of a column of numbers, `NaN` where it was not read; `None` for text.
    pub(super) fn number(self, line: &Line) -> Option<f64> {
        let field = |field| Some(line.reading.value(field));
        match self {
            Self::Pid => Some(f64::from(line.process.pid)),
            Self::Cpu => Some(line.cpu),
            Self::Resident => field(Field::ResidentMemory),
            Self::Threads => field(Field::Threads),
            Self::Read => Some(line.read_per_second),
            Self::Write => Some(line.write_per_second),
            Self::Faults => field(Field::MajorFaults),
            Self::Switches => Some(
                line.reading.value(Field::VoluntarySwitches)
                    + line.reading.value(Field::InvoluntarySwitches),
            ),
            Self::OpenFiles => field(Field::OpenFiles),
            Self::OpenFilesLimit => field(Field::OpenFilesLimit),
            Self::User => Some(line.process.user_id.map_or(f64::NAN, f64::from)),
            Self::Name | Self::State | Self::Cgroup | Self::Command => None,
        }
    }

    /// The text of a column of text.
    pub(super) fn words(self, line: &Line) -> Cow<'_, str> {
        match self {
            Self::Name => Cow::Borrowed(&line.process.name),
            Self::State => state(line.reading.state()),
            Self::Cgroup => Cow::Borrowed(&line.process.cgroup),
            Self::Command if line.process.command.is_empty() => {
                Cow::Owned(format!("[{}]", line.process.name))
            }
            Self::Command => Cow::Borrowed(&line.process.command),
            _ => Cow::Borrowed(""),
        }
    }

    /// Whether the values of a group can be added up.
    pub(super) fn adds_up(self) -> bool {
        !matches!(self.info().form, Form::Text) && !matches!(self, Self::Pid | Self::User)
    }
}

fn state(letter: char) -> Cow<'static, str> {
    match STATES.iter().find(|(known, _)| *known == letter) {
        Some((_, word)) => Cow::Borrowed(word),
        None => Cow::Owned(letter.to_string()),
    }
}

impl Info {
    /// The width and behavior of the column.
    pub(super) fn wide(&self) -> egui_table::Column {
        egui_table::Column::new(self.width).range(40.0..=2000.0)
    }

    /// Divisor and suffix of its quantities.
    pub(super) fn axis(&self) -> Axis {
        match self.form {
            Form::Quantity { unit, size, .. } => Unit::new(unit).axis(size),
            Form::Text | Form::Whole => Axis {
                divisor: 1.0,
                suffix: String::new(),
            },
        }
    }

    /// The second line of the header.
    pub(super) fn caption(&self, axis: &Axis) -> String {
        format!("{}{}", axis.suffix, self.note)
    }

    /// A value as the table shows it.
    pub(super) fn shown(&self, value: f64, axis: &Axis) -> String {
        match self.form {
            Form::Quantity { step, .. } => axis.tick(value, step),
            Form::Text | Form::Whole => axis.tick(value, 1.0),
        }
    }

    /// The header of a copied table: name and unit in full.
    pub(super) fn copied_header(&self) -> String {
        match self.form {
            Form::Quantity { unit, .. } => format!("{} [{unit}]", self.title),
            Form::Text | Form::Whole => self.title.to_owned(),
        }
    }

    /// A cell of a copied table, with every digit.
    pub(super) fn exact(&self, line: &Line) -> String {
        match self.column.number(line) {
            Some(value) => table::exact(value),
            None => self.column.words(line).into_owned(),
        }
    }
}
