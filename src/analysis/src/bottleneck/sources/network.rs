//! Interfaces, their queues, and the network stack.

use crate::bottleneck::Resource;
use crate::bottleneck::gauge::Readings;
use crate::bottleneck::lens::{Lens, largest, pairs};
use crate::bottleneck::limits::{FEW_BYTES_QUEUED, FEW_PACKETS, Signal};

/// Interfaces and protocols.
pub(in crate::bottleneck) fn network(lens: &Lens<'_>) -> Readings {
    let mut readings = Readings::new(Resource::Network, "");
    let segments = |kind| lens.one("system.network.tcp.segments", &[("type", kind)]);
    let again = segments("retransmitted").zip(segments("sent"));
    readings.take(
        Signal::Retransmits,
        again.map(|(part, all)| share_of(&part, &all)),
    );
    let dropped = lens.sum("system.network.dropped", &[]);
    let packets = lens.sum("system.network.packets", &[]);
    let dropped = dropped.zip(packets);
    readings.take(
        Signal::Drops,
        dropped.map(|(part, all)| share_of(&part, &all)),
    );
    readings.take(Signal::QueueDelay, queue_delay(lens));
    let thrown = lens.sum("system.network.queue.dropped", &[]);
    let thrown = thrown.zip(lens.sum("system.network.packets", &[("direction", "transmit")]));
    readings.take(
        Signal::QueueDrops,
        thrown.map(|(part, all)| share_of(&part, &all)),
    );
    let softnet = |kind| lens.one("system.network.softnet", &[("type", kind)]);
    readings.take(Signal::BacklogDrops, softnet("dropped"));
    readings.take(Signal::Squeezes, softnet("squeezed"));
    let datagrams = |kind| lens.one("system.network.udp.datagrams", &[("type", kind)]);
    let lost = datagrams("receive_buffer_errors").zip(datagrams("received"));
    let lost = lost.map(|(part, whole)| {
        let offered = pairs(&part, &whole, |part, whole| part + whole);
        share_of(&part, &offered)
    });
    readings.take(Signal::BufferErrors, lost);
    let overflows = lens.one("system.network.tcp.listen", &[("type", "overflows")]);
    readings.take(Signal::ListenOverflows, overflows);
    readings.take(
        Signal::InterfaceErrors,
        lens.sum("system.network.errors", &[]),
    );
    if !readings.signals.contains_key(&Signal::QueueDelay) {
        readings.doubts =
            vec!["the speed of the links and their queues were not measured".to_owned()];
    }
    readings
}

/// How long the queue of an interface takes to be sent at the rate at which it sends;
/// of the interface where it takes longest.
fn queue_delay(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let devices = lens.values_of(&["system.network.queue.backlog"], "device");
    let of_device = |device: &String| {
        let backlog = lens.one("system.network.queue.backlog", &[("device", device)])?;
        let sent = [("device", device.as_str()), ("direction", "transmit")];
        let sent = lens.one("system.network.io", &sent)?;
        Some(pairs(&backlog, &sent, |backlog, sent| {
            let queued = backlog - FEW_BYTES_QUEUED;
            if backlog.is_nan() || sent.is_nan() {
                f64::NAN
            } else if queued <= 0.0 {
                0.0
            } else {
                queued / sent.max(1.0)
            }
        }))
    };
    let delays: Vec<Vec<f64>> = devices.iter().filter_map(of_device).collect();
    largest(lens.frame.rows(), delays.iter().map(|it| &it[..]))
}

/// A share of packets; none where so few are concerned that it says nothing.
fn share_of(part: &[f64], whole: &[f64]) -> Vec<f64> {
    pairs(part, whole, |part, whole| {
        if part.is_nan() || whole.is_nan() {
            f64::NAN
        } else if part < FEW_PACKETS {
            0.0
        } else {
            part / whole.max(part)
        }
    })
}
