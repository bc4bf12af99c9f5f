//! Where the fields of each kind stand: the one place that knows all kinds.

use std::cell::RefCell;
use std::rc::Rc;

use model::plan::action::{AppSetting, Hardware, Kind, Target};

use super::{Range, SHARE, Scale, Switch, Value};

/// Bytes of a text.
const TEXT_MOST: usize = 4096;

/// A field, and where its value stands.
pub(super) struct Field<'a> {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) range: Range,
    pub(super) slot: Slot<'a>,
}

/// Where a value stands.
pub(super) enum Slot<'a> {
    Whole(&'a mut u64),
    MaybeWhole(&'a mut Option<u64>),
    Small(&'a mut u32),
    MaybeSmall(&'a mut Option<u32>),
    Signed(&'a mut i32),
    Number(&'a mut f64),
    Text(&'a mut String),
    Flag(&'a mut bool),
    Hardware(&'a mut Hardware),
    /// Parts of the same setting, each written through a copy of all four.
    App(AppPart<'a>),
}

/// Where one text of a setting stands.
type Part = fn(&mut AppSetting) -> &mut String;

/// One text of a setting that may not be there yet.
pub(super) struct AppPart<'a> {
    by: Rc<RefCell<&'a mut Option<AppSetting>>>,
    part: Part,
}

/// The names of [`Hardware`], in the order of its declaration.
const HARDWARE: &[&str] = &["Cpu", "Disk", "Network"];

impl Slot<'_> {
    pub(super) fn get(&self) -> Value {
        match self {
            Self::Whole(it) => Value::Number(**it as f64),
            Self::MaybeWhole(it) => it.map_or(Value::Open, |it| Value::Number(it as f64)),
            Self::Small(it) => Value::Number(f64::from(**it)),
            Self::MaybeSmall(it) => it.map_or(Value::Open, |it| Value::Number(f64::from(it))),
            Self::Signed(it) => Value::Number(f64::from(**it)),
            Self::Number(it) => Value::Number(**it),
            Self::Text(it) => Value::Text((**it).clone()),
            Self::Flag(it) => Value::Switch(if **it { Switch::On } else { Switch::Off }),
            Self::Hardware(it) => Value::Text(HARDWARE[**it as usize].to_owned()),
            Self::App(it) => Value::Text(it.get()),
        }
    }

    /// Writes a value that is within its range; `None` where it is of another sort.
    pub(super) fn set(self, value: &Value) -> Option<()> {
        match (self, value) {
            (Self::Whole(it), Value::Number(value)) => *it = value.round() as u64,
            (Self::MaybeWhole(it), Value::Number(value)) => *it = Some(value.round() as u64),
            (Self::MaybeWhole(it), Value::Open) => *it = None,
            (Self::Small(it), Value::Number(value)) => *it = value.round() as u32,
            (Self::MaybeSmall(it), Value::Number(value)) => *it = Some(value.round() as u32),
            (Self::MaybeSmall(it), Value::Open) => *it = None,
            (Self::Signed(it), Value::Number(value)) => *it = value.round() as i32,
            (Self::Number(it), Value::Number(value)) => *it = *value,
            (Self::Text(it), Value::Text(value)) => it.clone_from(value),
            (Self::Flag(it), Value::Switch(value)) => *it = *value == Switch::On,
            (Self::Hardware(it), Value::Text(value)) => {
                let all = [Hardware::Cpu, Hardware::Disk, Hardware::Network];
                *it = all[HARDWARE.iter().position(|name| name == value)?];
            }
            (Self::App(it), Value::Text(value)) => it.set(value),
            _ => return None,
        }
        Some(())
    }
}

impl AppPart<'_> {
    fn get(&self) -> String {
        let mut copy = (**self.by.borrow()).clone().unwrap_or_else(no_setting);
        std::mem::take((self.part)(&mut copy))
    }

    /// The first text makes the setting, the last one that is emptied unmakes it.
    fn set(self, value: &str) {
        let mut by = self.by.borrow_mut();
        let mut setting = by.take().unwrap_or_else(no_setting);
        *(self.part)(&mut setting) = value.to_owned();
        **by = (setting != no_setting()).then_some(setting);
    }
}

fn no_setting() -> AppSetting {
    AppSetting {
        adapter: String::new(),
        instance: String::new(),
        key: String::new(),
        value: String::new(),
    }
}

/// A range of whole numbers on a scale of ratios where it spans more than a thousand.
const fn whole(from: f64, to: f64, step: f64) -> Range {
    Range::Number {
        from,
        to,
        step,
        scale: match from > 0.0 && to / from > 1000.0 {
            true => Scale::Logarithmic,
            false => Scale::Linear,
        },
        can_be_open: false,
    }
}

const fn maybe(from: f64, to: f64, step: f64) -> Range {
    match whole(from, to, step) {
        Range::Number {
            from,
            to,
            step,
            scale,
            ..
        } => Range::Number {
            from,
            to,
            step,
            scale,
            can_be_open: true,
        },
        other => other,
    }
}

/// Bytes that one memory setting may have.
const BYTES_MOST: f64 = (1_u64 << 62) as f64;
/// A mebibyte.
const MEBIBYTE: f64 = (1 << 20) as f64;
const TEXT: Range = Range::Text(TEXT_MOST);
/// Bounds of the kernel: kernel/sched/core.c, tg_set_cfs_bandwidth.
const QUOTA: Range = maybe(1_000.0, (1_u64 << 44) as f64, 5_000.0);
const PERIOD: Range = whole(1_000.0, 1_000_000.0, 5_000.0);
const RATE_BYTES: Range = maybe(1.0, BYTES_MOST, MEBIBYTE);
const RATE_COUNT: Range = maybe(1.0, 1e9, 100.0);

fn field<'a>(name: &str, unit: &'static str, range: Range, slot: Slot<'a>) -> Field<'a> {
    Field {
        name: name.to_owned(),
        unit,
        range,
        slot,
    }
}

fn text<'a>(name: &str, slot: &'a mut String) -> Field<'a> {
    field(name, "", TEXT, Slot::Text(slot))
}

fn core_list<'a>(slot: &'a mut String) -> Field<'a> {
    field("cpus", "", Range::Cores, Slot::Text(slot))
}

/// The fields of a kind and where they stand in it: the one place that knows all kinds.
pub(super) fn fields(kind: &mut Kind) -> Vec<Field<'_>> {
    match kind {
        Kind::CpuMax {
            cgroup,
            quota_us,
            period_us,
        } => vec![
            text("cgroup", cgroup),
            field("quota_us", "us", QUOTA, Slot::MaybeWhole(quota_us)),
            field("period_us", "us", PERIOD, Slot::Whole(period_us)),
        ],
        Kind::CpuWeight { cgroup, weight } => vec![
            text("cgroup", cgroup),
            field(
                "weight",
                "1",
                whole(1.0, 10_000.0, 10.0),
                Slot::Whole(weight),
            ),
        ],
        Kind::Cpuset { cgroup, cpus } => vec![text("cgroup", cgroup), core_list(cpus)],
        Kind::MemoryMax { cgroup, bytes } => vec![
            text("cgroup", cgroup),
            field(
                "bytes",
                "By",
                maybe(4096.0, BYTES_MOST, 64.0 * MEBIBYTE),
                Slot::MaybeWhole(bytes),
            ),
        ],
        Kind::IoMax {
            cgroup,
            device,
            rbps,
            wbps,
            riops,
            wiops,
        } => vec![
            text("cgroup", cgroup),
            text("device", device),
            field("rbps", "By/s", RATE_BYTES, Slot::MaybeWhole(rbps)),
            field("wbps", "By/s", RATE_BYTES, Slot::MaybeWhole(wbps)),
            field("riops", "{read}/s", RATE_COUNT, Slot::MaybeWhole(riops)),
            field("wiops", "{write}/s", RATE_COUNT, Slot::MaybeWhole(wiops)),
        ],
        Kind::IoScheduler { device, scheduler } => {
            vec![text("device", device), text("scheduler", scheduler)]
        }
        Kind::Nice { process, nice } => {
            let mut fields = of_target(process);
            fields.push(field(
                "nice",
                "1",
                whole(-20.0, 19.0, 1.0),
                Slot::Signed(nice),
            ));
            fields
        }
        Kind::Affinity { process, cpus } => {
            let mut fields = of_target(process);
            fields.push(core_list(cpus));
            fields
        }
        Kind::Sysctl { key, value } => vec![text("key", key), text("value", value)],
        Kind::AppConfig {
            adapter,
            instance,
            key,
            value,
        } => vec![
            text("adapter", adapter),
            text("instance", instance),
            text("key", key),
            text("value", value),
        ],
        other => of_service(other),
    }
}

/// Fields of the kinds that speak of services, loads and hardware.
fn of_service(kind: &mut Kind) -> Vec<Field<'_>> {
    match kind {
        Kind::PoolSize { service, size, by } => {
            let range = whole(1.0, 1e6, 1.0);
            let own = field("size", "{connection}", range, Slot::Whole(size));
            with_app(vec![text("service", service), own], by)
        }
        Kind::RateLimit {
            service,
            per_s,
            burst,
            by,
        } => {
            let rate = field(
                "per_s",
                "{request}/s",
                whole(1e-6, 1e9, 1.0),
                Slot::Number(per_s),
            );
            let burst = field(
                "burst",
                "{request}",
                whole(0.0, 1e9, 1.0),
                Slot::Number(burst),
            );
            with_app(vec![text("service", service), rate, burst], by)
        }
        Kind::CacheSize { service, bytes, by } => {
            let range = whole(1.0, BYTES_MOST, 16.0 * MEBIBYTE);
            let own = field("bytes", "By", range, Slot::Whole(bytes));
            with_app(vec![text("service", service), own], by)
        }
        Kind::Replicas { service, count } => vec![
            text("service", service),
            field("count", "{copy}", whole(1.0, 1e4, 1.0), Slot::Small(count)),
        ],
        Kind::ServiceRestart { service } => vec![text("service", service)],
        Kind::WorkloadHint { text: words } => vec![text("text", words)],
        Kind::LoadChange { ratio } => {
            vec![field(
                "ratio",
                "1",
                whole(0.01, 100.0, 0.05),
                Slot::Number(ratio),
            )]
        }
        Kind::MixChange { shares } => {
            let range = Range::Number {
                from: 0.0,
                to: 1.0,
                step: 0.01,
                scale: Scale::Linear,
                can_be_open: true,
            };
            let all = shares.iter_mut();
            all.map(|(name, share)| {
                field(&format!("{SHARE}{name}"), "1", range, Slot::Number(share))
            })
            .collect()
        }
        Kind::HardwareChange { what, speed, units } => vec![
            field("what", "", Range::Choice(HARDWARE), Slot::Hardware(what)),
            field("speed", "1", whole(0.01, 100.0, 0.05), Slot::Number(speed)),
            field(
                "units",
                "{unit}",
                maybe(1.0, 1e4, 1.0),
                Slot::MaybeSmall(units),
            ),
        ],
        Kind::BatchShift { work, by_s } => vec![
            text("work", work),
            field("by_s", "s", whole(-1e7, 1e7, 60.0), Slot::Number(by_s)),
        ],
        _ => Vec::new(),
    }
}

fn of_target(process: &mut Target) -> Vec<Field<'_>> {
    let most = f64::from(u32::MAX);
    // A start is counted in ticks; beyond what a number holds exactly nobody has been up.
    let start = whole(0.0, (1_u64 << 53) as f64, 1.0);
    vec![
        field(
            "process.pid",
            "",
            whole(1.0, most, 1.0),
            Slot::Small(&mut process.pid),
        ),
        text("process.name", &mut process.name),
        field("process.start", "", start, Slot::Whole(&mut process.start)),
        field(
            "process.children",
            "",
            Range::Switch,
            Slot::Flag(&mut process.children),
        ),
    ]
}

fn with_app<'a>(mut fields: Vec<Field<'a>>, by: &'a mut Option<AppSetting>) -> Vec<Field<'a>> {
    let by = Rc::new(RefCell::new(by));
    let parts: [(&str, Part); 4] = [
        ("by.adapter", |it| &mut it.adapter),
        ("by.instance", |it| &mut it.instance),
        ("by.key", |it| &mut it.key),
        ("by.value", |it| &mut it.value),
    ];
    for (name, part) in parts {
        let by = Rc::clone(&by);
        fields.push(field(name, "", TEXT, Slot::App(AppPart { by, part })));
    }
    fields
}
