//! Undisturbed recordings: an idle machine, a steady load, a load that comes and goes.
//!
//! What they run they run from before the recording to its end, so nothing changes.

use super::Fault;
use crate::stage::{Grouped, Helper, Life, Stage};
use crate::work;

pub(super) const IDLE: Fault = Fault {
    name: "quiet",
    what: "Undisturbed: nothing runs but the recorder.",
    ..Fault::PLAIN
};

pub(super) const STEADY: Fault = Fault {
    name: "quiet-steady",
    what: "Undisturbed: a service uses a part of one processor and writes a little, all the time.",
    prepare: |stage| {
        let duty = stage.draw.between(0.2, 0.6);
        let duty = stage.sized("service_duty_ratio", duty);
        service(
            stage,
            "steady-service",
            work!("burn", threads = 1, duty = duty, period_ms = 20),
        )?;
        let rate = stage.draw.whole(256, 4096) as f64;
        let rate = stage.sized("write_kib_s", rate);
        let file = stage.file("steady.log");
        service(
            stage,
            "steady-writer",
            work!("append", file = file, kib_s = rate),
        )
    },
    ..Fault::PLAIN
};

pub(super) const PERIODIC: Fault = Fault {
    name: "quiet-periodic",
    what: "Undisturbed: a service works for a part of every few seconds, as a scheduled job does.",
    prepare: |stage| {
        let duty = stage.draw.between(0.1, 0.3);
        let duty = stage.sized("service_duty_ratio", duty);
        let period = stage.draw.whole(6, 12) as f64;
        let period = stage.sized("period_s", period);
        let work = work!(
            "burn",
            threads = 1,
            duty = duty,
            period_ms = period * 1000.0
        );
        service(stage, "periodic-job", work)
    },
    ..Fault::PLAIN
};

fn service(stage: &mut Stage, name: &str, work: Vec<String>) -> Result<(), String> {
    let service = stage.start(Helper {
        name,
        life: Life::Session,
        space: None,
        grouped: Grouped::Beside,
        work,
    })?;
    stage.affected.push(service);
    Ok(())
}
