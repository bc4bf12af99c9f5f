//! Processes: too many short ones, and one that keeps every file open.

use super::Fault;
use crate::stage::{Grouped, Helper, Life, Stage};
use crate::work;

pub(super) const STORM: Fault = Fault {
    name: "process-storm",
    what: "A process starts short processes, many at a time, each of which wants the processor for some milliseconds.",
    verdict: "cpu",
    inject: Some(|stage| {
        let alive = stage.draw.whole(4, 12) * stage.processors;
        stage.sized("alive", alive as f64);
        let ms = stage.draw.between(2.0, 30.0);
        let ms = stage.sized("each_ms", ms);
        let program = stage.program("brief-task")?;
        let actor = start(
            stage,
            "spawner",
            work!("storm", alive = alive, ms = ms, program = program),
        )?;
        let mut brief = actor.clone();
        brief.process = "brief-task".to_owned();
        // Their ids change too fast to be written down.
        brief.pid = 0;
        stage.culprits.extend([actor, brief]);
        Ok(())
    }),
    ..Fault::PLAIN
};

pub(super) const FILES: Fault = Fault {
    name: "file-leak",
    what: "A process opens files and closes none until its limit is reached, and goes on asking.",
    verdict: "pool",
    inject: Some(|stage| {
        let limit = stage.draw.whole(512, 4096);
        stage.sized("limit", limit as f64);
        // The limit is reached after this many seconds, of 20 at least.
        let seconds = stage.draw.between(8.0, 16.0);
        let rate = stage.sized("each_s", (limit as f64 / seconds).round());
        let actor = start(
            stage,
            "file-leaker",
            work!("files", limit = limit, each_s = rate),
        )?;
        stage.culprits.push(actor);
        Ok(())
    }),
    ..Fault::PLAIN
};

fn start(stage: &mut Stage, name: &str, work: Vec<String>) -> Result<crate::truth::Actor, String> {
    stage.start(Helper {
        name,
        life: Life::Fault,
        space: None,
        grouped: Grouped::Beside,
        work,
    })
}
