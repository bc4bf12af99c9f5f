//! Network: a link that is full, and one that loses packets.
//!
//! Two namespaces joined by a pair of virtual interfaces; the recorder runs in the
//! near one, since interfaces and protocol counters belong to a namespace.

use super::{Fault, Recorder};
use crate::place::{FAR, FAR_ADDRESS, NEAR, Network};
use crate::stage::{Grouped, Helper, Life, Stage};
use crate::work;

pub(super) const SATURATION: Fault = Fault {
    name: "network-saturation",
    what: "A process sends over several connections as fast as a shaped link takes it, beside a service that sends a little all the time.",
    verdict: "network",
    recorder: Recorder::Namespace,
    prepare: |stage| {
        let link = stage.draw.whole(20, 200) as f64;
        stage.sized("link_mbit_s", link);
        linked(stage)?;
        stage.network()?.limit_rate(link)?;
        let rate = stage.sized("service_mbit_s", (link * 0.05).max(1.0));
        service(stage, rate)
    },
    inject: Some(|stage| {
        let flows = stage.draw.whole(1, 12);
        fill(stage, flows)
    }),
    ..Fault::PLAIN
};

/// A process of the near side that sends as fast as the link takes it.
pub(super) fn fill(stage: &mut Stage, flows: u64) -> Result<(), String> {
    stage.sized("flows", flows as f64);
    let sender = stage.start(Helper {
        name: "bulk-sender",
        life: Life::Fault,
        space: Some(NEAR),
        grouped: Grouped::Beside,
        work: work!("send", to = at(), flows = flows),
    })?;
    stage.culprits.push(sender);
    Ok(())
}

pub(super) const LOSS: Fault = Fault {
    name: "packet-loss",
    what: "The link of a service that sends all the time loses a share of its packets; no process is to blame.",
    verdict: "network",
    recorder: Recorder::Namespace,
    prepare: |stage| {
        linked(stage)?;
        let rate = stage.draw.whole(10, 60) as f64;
        let rate = stage.sized("service_mbit_s", rate);
        service(stage, rate)
    },
    inject: Some(|stage| {
        let percent = stage.draw.between(1.0, 10.0);
        let percent = stage.sized("loss_percent", (percent * 10.0).round() / 10.0);
        if let Some(otherwise) = stage.network()?.lose(percent)? {
            stage.not_possible.push(otherwise);
        }
        Ok(())
    }),
    relieve: |stage| {
        stage.network()?.lose_nothing();
        Ok(())
    },
    ..Fault::PLAIN
};

fn at() -> String {
    format!("{FAR_ADDRESS}:7777")
}

/// The link and who receives at its far side.
pub(super) fn linked(stage: &mut Stage) -> Result<(), String> {
    stage.network = Some(Network::new()?);
    let sink = stage.start(Helper {
        name: "far-sink",
        life: Life::Session,
        space: Some(FAR),
        grouped: Grouped::Beside,
        work: work!("sink", at = at()),
    })?;
    stage.affected.push(sink);
    Ok(())
}

/// Who sends all the time.
fn service(stage: &mut Stage, mbit_s: f64) -> Result<(), String> {
    let service = stage.start(Helper {
        name: "feed-service",
        life: Life::Session,
        space: Some(NEAR),
        grouped: Grouped::Beside,
        work: work!("send", to = at(), flows = 4, mbit_s = mbit_s),
    })?;
    stage.affected.push(service);
    Ok(())
}
