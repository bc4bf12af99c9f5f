//! Memory: a leak that takes the page cache, a working set larger than its limit.
//!
//! All of it in a control group with a limit, so that the machine survives.

use super::Fault;
use crate::place::{Group, Swap, written};
use crate::stage::{Grouped, Helper, Life, Stage};
use crate::work;

/// A leak that pushes out the page cache of its group.
pub(super) const LEAK: Fault = Fault {
    name: "memory-leak",
    what: "A process leaks until its memory-limited control group has no room for the file that a service in it reads all the time.",
    verdict: "memory",
    prepare: |stage| {
        let limit = stage.draw.whole(256, 512) as f64;
        let limit = stage.sized("limit_mib", limit);
        grouped(stage, "catalogue", limit)?;
        stage.group()?.forbid_swap()?;
        let file = (limit * 0.5).floor();
        stage.sized("file_mib", file);
        // From memory this costs a tenth of a processor; from the disk it cannot be
        // had, so that the service is held up and not merely served from elsewhere.
        let rate = stage.draw.whole(300, 600) as f64;
        let rate = stage.sized("service_mib_s", rate);
        reader(stage, "catalogue", Life::Session, file, Some(rate))?;
        Ok(())
    },
    inject: Some(|stage| {
        let limit = stage.size_of("limit_mib")?;
        // Full after this many seconds, of 20 at least.
        let seconds = stage.draw.between(5.0, 12.0);
        // A tenth is left to the page cache, since without swap the kernel would
        // otherwise end the process.
        let most = (limit * 0.88).floor();
        let rate = stage.sized("mib_s", (most / seconds).ceil());
        let leaker = stage.start(Helper {
            name: "leaker",
            life: Life::Fault,
            space: None,
            grouped: Grouped::Inside,
            work: work!("leak", mib_s = rate, most_mib = most),
        })?;
        stage.culprits.push(leaker);
        Ok(())
    }),
    ..Fault::PLAIN
};

/// A file larger than the limit, read again and again.
pub(super) const REFAULTS: Fault = Fault {
    name: "memory-refaults",
    what: "A process in a memory-limited control group reads a file again and again that is larger than the limit, so that what was dropped is read anew.",
    verdict: "memory",
    prepare: |stage| {
        let limit = stage.draw.whole(64, 192) as f64;
        let limit = stage.sized("limit_mib", limit);
        grouped(stage, "thrash", limit)?;
        let times = stage.draw.between(1.3, 3.0);
        let file = stage.sized("file_mib", (limit * times).floor());
        written(&stage.folder.join("refaulter.data"), file as u64)
    },
    inject: Some(|stage| {
        let file = stage.size_of("file_mib")?;
        let refaulter = reader(stage, "refaulter", Life::Fault, file, None)?;
        stage.culprits.push(refaulter);
        Ok(())
    }),
    ..Fault::PLAIN
};

/// A working set larger than the limit, swapped in and out.
pub(super) const SWAPPING: Fault = Fault {
    name: "memory-swapping",
    what: "A process in a memory-limited control group writes to drawn pages of more memory than the limit, which go to swap and come back.",
    verdict: "memory",
    prepare: |stage| {
        let limit = stage.draw.whole(96, 256) as f64;
        let limit = stage.sized("limit_mib", limit);
        grouped(stage, "swap", limit)?;
        let times = stage.draw.between(1.2, 2.0);
        let memory = stage.sized("memory_mib", (limit * times).floor());
        swap(stage)?;
        debug_assert!(memory < SWAP_MIB as f64);
        Ok(())
    },
    inject: Some(touch),
    ..Fault::PLAIN
};

/// Room for what does not fit into a group.
const SWAP_MIB: u64 = 1024;

pub(super) fn swap(stage: &mut Stage) -> Result<(), String> {
    let swap = Swap::new(&stage.folder, SWAP_MIB);
    stage.swap = Some(swap.map_err(|why| format!("no swap can be had here: {why}"))?);
    Ok(())
}

/// A process of the group that writes to drawn pages of `memory_mib`.
pub(super) fn touch(stage: &mut Stage) -> Result<(), String> {
    let memory = stage.size_of("memory_mib")?;
    let swapper = stage.start(Helper {
        name: "swapper",
        life: Life::Fault,
        space: None,
        grouped: Grouped::Inside,
        work: work!("touch", mib = memory),
    })?;
    stage.culprits.push(swapper);
    Ok(())
}

pub(super) fn grouped(stage: &mut Stage, name: &str, limit_mib: f64) -> Result<(), String> {
    let group = Group::new(name)?;
    group.limit_memory(limit_mib)?;
    stage.group = Some(group);
    Ok(())
}

/// A process of the group that reads its own file through the page cache.
fn reader(
    stage: &mut Stage,
    name: &str,
    life: Life,
    file_mib: f64,
    mib_s: Option<f64>,
) -> Result<crate::truth::Actor, String> {
    let path = stage.folder.join(format!("{name}.data"));
    if !path.exists() {
        written(&path, file_mib as u64)?;
    }
    let mut work = work!("reread", file = path.display(), block_kib = 64, threads = 2);
    work.extend(mib_s.map(|it| format!("mib_s={it}")));
    let actor = stage.start(Helper {
        name,
        life,
        space: None,
        grouped: Grouped::Inside,
        work,
    })?;
    if life == Life::Session {
        stage.affected.push(actor.clone());
    }
    Ok(actor)
}
