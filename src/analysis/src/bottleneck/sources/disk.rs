//! Block devices.

use super::PARTS_MAX;
use crate::bottleneck::Resource;
use crate::bottleneck::gauge::Readings;
use crate::bottleneck::lens::{Lens, ratio, sum};
use crate::bottleneck::limits::Signal;

/// Beginnings of names of devices that are memory or a file: the device below counts.
const NO_DEVICES: [&str; 3] = ["loop", "ram", "zram"];

/// Block devices; one without a name where none was measured.
pub(in crate::bottleneck) fn disks(lens: &Lens<'_>, cores: Option<f64>) -> Vec<Readings> {
    let metrics = [
        "system.disk.utilization",
        "system.disk.io_time",
        "system.disk.queue",
        "system.disk.weighted_io_time",
    ];
    let real = |name: &String| !NO_DEVICES.iter().any(|it| name.starts_with(it));
    let mut devices: Vec<String> = lens.values_of(&metrics, "device");
    devices.retain(real);
    devices.truncate(PARTS_MAX);
    let mut all: Vec<Readings> = devices.iter().map(|it| device(lens, it)).collect();
    if all.is_empty() {
        all.push(Readings::new(Resource::Disk, ""));
    }
    let waiting = lens.processor_state("iowait");
    for readings in &mut all {
        readings.take(Signal::IoPressure, lens.pressure("io"));
        readings.take(Signal::Blocked, lens.one("system.process.blocked", &[]));
        readings.take(Signal::IoWait, waiting.clone().filter(|_| cores.is_some()));
    }
    all
}

fn device(lens: &Lens<'_>, name: &str) -> Readings {
    let with = [("device", name)];
    let one = |metric| lens.one(metric, &with);
    let mut readings = Readings::new(Resource::Disk, name);
    let busy = one("system.disk.utilization").or_else(|| one("system.disk.io_time"));
    readings.take(Signal::DeviceBusy, busy);
    let queue = one("system.disk.queue").or_else(|| one("system.disk.weighted_io_time"));
    readings.take(Signal::DeviceQueue, queue);
    let moved = |metric| {
        let of = |direction| lens.one(metric, &[("device", name), ("direction", direction)]);
        let both = [of("read"), of("write")];
        sum(lens.frame.rows(), both.iter().flatten().map(|it| &it[..]))
    };
    let waited = one("system.disk.await").or_else(|| {
        let (time, count) = (
            moved("system.disk.operation_time")?,
            moved("system.disk.operations")?,
        );
        Some(ratio(&time, &count))
    });
    readings.take(Signal::DeviceAwait, waited);
    readings
}
