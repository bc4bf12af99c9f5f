//! Processor: hogs, and a quota that is too small.

use super::Fault;
use crate::place::Group;
use crate::stage::{Grouped, Helper, Life, Stage};
use crate::work;

/// A hog that leaves processors to the others.
pub(super) const ONE_CORE: Fault = Fault {
    name: "cpu-one-core",
    what: "One thread uses a whole processor that nobody else asks for; where others are left idle, `none` is right as well.",
    verdict: "cpu",
    accepted: &["none"],
    inject: Some(|stage| hog(stage, "hog-one", 1)),
    ..Fault::PLAIN
};

/// A hog on the processor of another.
pub(super) const ONE_CORE_SHARED: Fault = Fault {
    name: "cpu-one-core-shared",
    what: "Hogs are pinned to the processor that a service is pinned to; the others stay idle.",
    verdict: "cpu",
    prepare: |stage| {
        let duty = stage.draw.between(0.3, 0.6);
        let duty = stage.sized("service_duty_ratio", duty);
        let service = stage.start(Helper {
            name: "pinned-service",
            life: Life::Session,
            space: None,
            grouped: Grouped::Beside,
            work: work!("burn", threads = 1, pin = 0, duty = duty, period_ms = 20),
        })?;
        stage.affected.push(service);
        Ok(())
    },
    inject: Some(|stage| {
        let threads = stage.draw.whole(1, 3);
        stage.sized("hogs", threads as f64);
        let hog = stage.start(Helper {
            name: "hog-pinned",
            life: Life::Fault,
            space: None,
            grouped: Grouped::Beside,
            work: work!("burn", threads = threads, pin = 0),
        })?;
        stage.culprits.push(hog);
        Ok(())
    }),
    ..Fault::PLAIN
};

/// Hogs on every processor.
pub(super) const ALL_CORES: Fault = Fault {
    name: "cpu-all-cores",
    what: "One process runs more threads than there are processors, all of them busy.",
    verdict: "cpu",
    inject: Some(|stage| {
        let each = stage.draw.between(1.5, 4.0);
        let threads = (stage.processors as f64 * each).round() as u64;
        hog(stage, "hog-all", threads)
    }),
    ..Fault::PLAIN
};

fn hog(stage: &mut Stage, name: &str, threads: u64) -> Result<(), String> {
    stage.sized("hogs", threads as f64);
    let hog = stage.start(Helper {
        name,
        life: Life::Fault,
        space: None,
        grouped: Grouped::Beside,
        work: work!("burn", threads = threads),
    })?;
    stage.culprits.push(hog);
    Ok(())
}

/// A quota below what a service needs.
pub(super) const THROTTLING: Fault = Fault {
    name: "cpu-throttling",
    what: "The control group of a service gets a processor quota of less than the service uses.",
    verdict: "cpu-throttling",
    prepare: |stage| {
        stage.group = Some(Group::new("shop")?);
        let duty = stage.draw.between(0.5, 0.8);
        let duty = stage.sized("service_duty_ratio", duty);
        let service = stage.start(Helper {
            name: "shop",
            life: Life::Session,
            space: None,
            grouped: Grouped::Inside,
            work: work!("burn", threads = 1, duty = duty, period_ms = 20),
        })?;
        // Who is limited is also what an operator has to look at.
        stage.culprits.push(service);
        Ok(())
    },
    inject: Some(|stage| {
        let part = stage.draw.between(0.3, 0.7);
        let quota = stage.size_of("service_duty_ratio")? * part;
        stage.sized("quota_cores", quota);
        stage.group()?.limit_processor(Some(quota))
    }),
    relieve: |stage| stage.group()?.limit_processor(None),
    ..Fault::PLAIN
};
