//! What speaks for and against a resource, in plain sentences with their numbers.
//!
//! * In: the readings of a resource and how it did within the window.
//! * Out: two lists. What was not measured stands in the second.
//! * Never: keeps back what does not fit the verdict.
//!
//! Start at [`of`].

use std::ops::Range;

use model::unit::Unit;

use super::Resource;
use super::gauge::Gauge;
use super::judge::{Standing, mean_over};
use super::lens::Lens;
use super::limits::{BUSY_AT_LEAST, LIMITS, Limit, NEEDS, Role, Signal};

/// Waiting graded below this is hardly any.
const HARDLY: f64 = 0.2;

/// Readings that say something also when they are low.
const ALSO_LOW: [Role; 3] = [Role::Utilization, Role::Saturation, Role::Errors];

/// What speaks for, and what speaks against.
type Sides = (Vec<String>, Vec<String>);

/// Gathers the evidence on a part of a resource.
pub(super) fn of(
    gauge: &Gauge,
    standing: &Standing,
    rows: &Range<usize>,
    lens: &Lens<'_>,
) -> Sides {
    let mut sides = (Vec::new(), Vec::new());
    for limit in LIMITS.iter().filter(|it| it.resource == gauge.resource) {
        reading(gauge, standing, rows, (limit, &mut sides));
    }
    whole(gauge, standing, rows, &mut sides);
    not_measured(gauge, lens, &mut sides.1);
    sides.1.extend(gauge.doubts.iter().cloned());
    sides
}

fn text(limit: &Limit, value: f64) -> String {
    Unit::new(limit.unit).text(value)
}

fn reading(
    gauge: &Gauge,
    standing: &Standing,
    rows: &Range<usize>,
    (limit, sides): (&Limit, &mut Sides),
) {
    let (Some(raw), Some(smooth)) = (
        gauge.raw.get(&limit.signal),
        gauge.smooth.get(&limit.signal),
    ) else {
        return;
    };
    if standing.limits {
        let mean = mean_over(raw, &standing.runs);
        if mean.is_nan() {
            return;
        }
        let shown = text(limit, mean);
        if mean >= limit.from {
            sides.0.push(format!("{} was {shown}", limit.name));
        } else if limit.role == Role::Utilization || limit.role == Role::Saturation {
            sides.1.push(low(limit, mean, "was only"));
        }
        return;
    }
    let inside = smooth[rows.clone()].iter().filter(|it| it.is_finite());
    let most = inside.copied().fold(f64::NAN, f64::max);
    if most.is_nan() {
        return;
    }
    let shown = text(limit, most);
    if most >= limit.from {
        let name = limit.name;
        sides.0.push(format!("{name} reached {shown} for a while"));
    } else if ALSO_LOW.contains(&limit.role) {
        sides.1.push(low(limit, most, "never exceeded"));
    }
}

fn low(limit: &Limit, value: f64, verb: &str) -> String {
    match (limit.signal, value) {
        (Signal::RunQueue, 0.0) => "the run queue never exceeded the processors".to_owned(),
        (_, 0.0) => format!("{} stayed at 0", limit.name),
        _ => format!("{} {verb} {}", limit.name, text(limit, value)),
    }
}

/// What no single reading says.
fn whole(gauge: &Gauge, standing: &Standing, rows: &Range<usize>, sides: &mut Sides) {
    let window = [rows.clone()];
    let shown = if standing.limits {
        &standing.runs[..]
    } else {
        &window[..]
    };
    let mean = |signal: Signal| {
        let values = gauge.raw.get(&signal);
        values.map_or(f64::NAN, |it| mean_over(it, shown))
    };
    let of_role = |role: Role| {
        LIMITS
            .iter()
            .filter(move |it| it.resource == gauge.resource && it.role == role)
            .map(|it| it.grade(mean(it.signal)))
            .fold(f64::NAN, f64::max)
    };
    if of_role(Role::Utilization) >= super::limits::LIMITED && of_role(Role::Saturation) < HARDLY {
        sides
            .1
            .push("it was in use almost wholly, but hardly anyone waited".to_owned());
    }
    if gauge.resource == Resource::Cpu {
        let one = mean(Signal::BusiestCore) >= Signal::BusiestCore.limit().from;
        if one && mean(Signal::Busy) < BUSY_AT_LEAST {
            sides.0.push(
                "one processor was used up while others were idle: a single thread may be the limit"
                    .to_owned(),
            );
        }
        let waited = mean(Signal::CpuPressure) >= Signal::CpuPressure.limit().from;
        if waited && mean(Signal::Busy) < BUSY_AT_LEAST {
            sides.1.push(
                "tasks waited while processors were idle: quotas or affinities hold them back"
                    .to_owned(),
            );
        }
    }
    let stalled = mean(Signal::IoPressure) >= Signal::IoPressure.limit().from;
    if gauge.resource == Resource::Disk && stalled && mean(Signal::DeviceBusy) < HARDLY {
        sides.1.push(
            "tasks waited for storage while no measured device was busy: it may be storage \
             that was not measured"
                .to_owned(),
        );
    }
}

fn not_measured(gauge: &Gauge, lens: &Lens<'_>, against: &mut Vec<String>) {
    let needs = NEEDS
        .iter()
        .find(|(resource, _)| *resource == gauge.resource);
    for group in needs.map_or(&[][..], |(_, groups)| groups) {
        if group.iter().all(|it| !gauge.raw.contains_key(it)) {
            let names: Vec<&str> = group.iter().map(|it| it.limit().name).collect();
            against.push(format!(
                "not measured: {}",
                names.join(", or ").replace(",,", ",")
            ));
        }
    }
    let (signal, instead) = match gauge.resource {
        Resource::Cpu => (Signal::CpuPressure, "queues stand in"),
        Resource::Memory => (
            Signal::MemoryPressure,
            "the work of the reclaimer stands in",
        ),
        Resource::Disk => (Signal::IoPressure, "queues and blocked tasks stand in"),
        Resource::CpuThrottling
        | Resource::Network
        | Resource::FileDescriptors
        | Resource::Lock
        | Resource::Pool
        | Resource::External => return,
    };
    if lens.frame.rows() > 0 && !gauge.raw.contains_key(&signal) && !gauge.raw.is_empty() {
        against.push(format!(
            "pressure stall information was not measured; {instead}"
        ));
    }
}
