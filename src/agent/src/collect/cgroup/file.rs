//! What a file of a control group holds, and how to read it; pure.

/// When a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// Every reading; a change makes the details due.
    Cheap,
    /// When the group was active, else in turn.
    Detail,
    /// In turn; a change is an event.
    Limit,
}

/// How values stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One number; `max`, a negative or an enormous one means none.
    Number,
    /// `key number` lines.
    Keys,
    /// `quota period`, both in microseconds: processors in millionths.
    Quota,
    /// The quota alone; the period stands in the named file beside it.
    QuotaWith(&'static str),
    /// `major:minor key=number …` lines, summed over devices (version 2).
    Devices,
    /// `major:minor key number` lines, summed over devices (version 1).
    DeviceLines,
    /// `some avg10=… total=number` lines.
    Pressure,
}

/// A file of each group.
#[derive(Debug)]
pub(super) struct Watched {
    /// Name.
    pub(super) name: &'static str,
    /// When it is read.
    pub(super) tier: Tier,
    /// How values stand in it.
    pub(super) form: Form,
    /// What is taken from it.
    pub(super) values: &'static [Value],
}

/// A value of a file and its series.
#[derive(Debug)]
pub(super) struct Value {
    /// Key in the file; empty where there is only one value.
    pub(super) key: &'static str,
    /// Key on older kernels; empty if there is none.
    pub(super) other_key: &'static str,
    /// Metric.
    pub(super) metric: &'static str,
    /// Attributes beside the group.
    pub(super) attributes: &'static [(&'static str, &'static str)],
    /// What the raw number is divided by.
    pub(super) divisor: u32,
}

/// Numbers from here on stand for "no limit": a page below the largest.
const UNLIMITED: i64 = i64::MAX - (1 << 20);

/// Takes a value out of a file's bytes.
pub(super) fn value(form: Form, value: &Value, bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    match form {
        Form::Number => limited(text.trim().parse().ok()?),
        Form::Keys => keyed(text, value.key).or_else(|| keyed(text, value.other_key)),
        Form::Quota | Form::QuotaWith(_) => {
            let (quota, period) = text.trim().split_once(' ')?;
            let quota: i64 = limited(quota.parse().ok()?)?;
            let period: i64 = period.parse().ok()?;
            quota.checked_mul(1_000_000)?.checked_div(period)
        }
        Form::Devices => sum(text, |line| {
            line.split(' ').find_map(|field| {
                field
                    .strip_prefix(value.key)?
                    .strip_prefix('=')?
                    .parse()
                    .ok()
            })
        }),
        Form::DeviceLines => sum(text, |line| {
            let (_, rest) = line.split_once(' ')?;
            rest.strip_prefix(value.key)?.trim().parse().ok()
        }),
        Form::Pressure => text.lines().find_map(|line| {
            let rest = line.strip_prefix(value.key)?;
            rest.rsplit_once("total=")?.1.trim().parse().ok()
        }),
    }
}

fn limited(raw: i64) -> Option<i64> {
    (0..UNLIMITED).contains(&raw).then_some(raw)
}

fn keyed(text: &str, key: &str) -> Option<i64> {
    text.lines().find_map(|line| {
        let (found, raw) = line.split_once(' ')?;
        if found != key {
            return None;
        }
        limited(raw.trim().parse().ok()?)
    })
}

/// The sum over lines that have the value; an empty file means that nothing was done yet.
fn sum(text: &str, of: impl Fn(&str) -> Option<i64>) -> Option<i64> {
    text.lines()
        .filter_map(of)
        .try_fold(0_i64, i64::checked_add)
}
