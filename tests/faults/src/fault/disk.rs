//! Disk: reads and writes past the page cache, as many at a time as keep it busy.

use super::Fault;
use crate::place::written;
use crate::stage::{Grouped, Helper, Life, Stage};
use crate::work;

/// File that is read from and written to, MiB; nothing grows beyond it.
const FILE_MIB: u64 = 512;

pub(super) const READ: Fault = Fault {
    name: "disk-read",
    what: "A process reads drawn places of a file past the page cache, many at a time.",
    verdict: "disk",
    prepare: file,
    inject: Some(|stage| direct(stage, "disk-reader", "read")),
    ..Fault::PLAIN
};

pub(super) const WRITE: Fault = Fault {
    name: "disk-write",
    what: "A process writes drawn places of a file past the page cache, many at a time.",
    verdict: "disk",
    prepare: file,
    inject: Some(|stage| direct(stage, "disk-writer", "write")),
    ..Fault::PLAIN
};

pub(super) fn file(stage: &mut Stage) -> Result<(), String> {
    written(&stage.folder.join("direct.data"), FILE_MIB)
}

pub(super) fn direct(stage: &mut Stage, name: &str, way: &str) -> Result<(), String> {
    let threads = stage.draw.whole(4, 24);
    stage.sized("at_a_time", threads as f64);
    // From many small pieces to few large ones.
    let block = 4 << stage.draw.whole(0, 7);
    stage.sized("block_kib", block as f64);
    let file = stage.file("direct.data");
    let actor = stage.start(Helper {
        name,
        life: Life::Fault,
        space: None,
        grouped: Grouped::Beside,
        work: work!(
            "direct",
            file = file,
            way = way,
            threads = threads,
            block_kib = block
        ),
    })?;
    stage.culprits.push(actor);
    Ok(())
}
