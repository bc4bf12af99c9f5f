//! Services: what users wait for, with and without a resource of the host behind it.
//!
//! Each runs a real shop of nginx, threads and `PostgreSQL` under steady requests.

use super::{Fault, Recorder, Step, disk, memory, network};
use crate::place::Group;
use crate::shop::{Premises, RATE, Shop};
use crate::stage::{Grouped, Helper, Life, Stage};
use crate::truth::{Actor, Operation};
use crate::work;

/// What each has in common.
const SHOP: Fault = Fault {
    prepare: open,
    ..Fault::PLAIN
};

/// Ends what is wrong with the shop itself.
const MEND: Step = |stage| stage.shop()?.mend();

/// The part of requests that search, as the shop draws them.
const SEARCHES: f64 = 0.25;

pub(super) const LOCK: Fault = Fault {
    name: "service-lock",
    what: "Searches hold the one lock of searches for about as long as the time between two of them.",
    verdict: "lock",
    inject: Some(|stage| {
        let load = stage.draw.between(0.95, 1.3);
        let seconds = stage.sized("held_s", load / (RATE * SEARCHES));
        concerned(stage, "GET /search");
        stage.shop()?.break_down("lock", seconds)
    }),
    relieve: MEND,
    ..SHOP
};

pub(super) const POOL: Fault = Fault {
    name: "service-pool",
    what: "All connections of the pool but one leak, and that one is given back late.",
    verdict: "pool",
    inject: Some(|stage| {
        let seconds = stage.draw.between(0.02, 0.035);
        let seconds = stage.sized("kept_s", seconds);
        stage.shop()?.break_down("pool", seconds)
    }),
    relieve: MEND,
    ..SHOP
};

pub(super) const UPSTREAM: Fault = Fault {
    name: "service-upstream",
    what: "The service that tells prices sleeps before it answers, so that orders wait for it.",
    verdict: "external",
    inject: Some(|stage| {
        let seconds = stage.draw.between(0.3, 0.8);
        let seconds = stage.sized("sleep_s", seconds);
        concerned(stage, "GET /order/{id}");
        stage.shop()?.break_down("upstream", seconds)
    }),
    relieve: MEND,
    ..SHOP
};

pub(super) const QUERY: Fault = Fault {
    name: "service-query",
    what: "The index that searches use is dropped, so that each reads the whole table; where the processors keep up, the database as the one waited for is right as well.",
    verdict: "cpu",
    accepted: &["external"],
    inject: Some(|stage| {
        stage.culprits.push(Actor {
            process: "postgres".to_owned(),
            pid: 0,
            cgroup: String::new(),
        });
        concerned(stage, "GET /search");
        stage.shop()?.break_down("query", 1.0)
    }),
    relieve: MEND,
    ..SHOP
};

pub(super) const CPU: Fault = Fault {
    name: "service-cpu",
    what: "One process beside the shop runs more threads than there are processors, all of them busy.",
    verdict: "cpu",
    inject: Some(|stage| {
        let each = stage.draw.between(1.5, 4.0);
        let threads = (stage.processors as f64 * each).round();
        let threads = stage.sized("hogs", threads);
        beside(stage, "hog-all", work!("burn", threads = threads))
    }),
    ..SHOP
};

pub(super) const DISK: Fault = Fault {
    name: "service-disk",
    what: "One process beside the shop writes to the disk that orders are written to, many operations at a time.",
    verdict: "disk",
    prepare: |stage| {
        disk::file(stage)?;
        (SHOP.prepare)(stage)
    },
    inject: Some(|stage| {
        concerned(stage, "GET /order/{id}");
        disk::direct(stage, "disk-writer", "write")
    }),
    ..Fault::PLAIN
};

pub(super) const THROTTLING: Fault = Fault {
    name: "service-throttling",
    what: "The control group of the service gets a processor quota of less than it uses.",
    verdict: "cpu-throttling",
    prepare: |stage| {
        stage.group = Some(Group::new("shop")?);
        open(stage)
    },
    inject: Some(|stage| {
        let quota = stage.draw.between(0.06, 0.1);
        let quota = stage.sized("quota_cores", quota);
        let group = stage.group()?;
        group.limit_processor(Some(quota))?;
        let cgroup = group.path.clone();
        stage.culprits.push(Actor {
            process: "python".to_owned(),
            pid: 0,
            cgroup,
        });
        Ok(())
    }),
    relieve: |stage| stage.group()?.limit_processor(None),
    ..Fault::PLAIN
};

pub(super) const MEMORY: Fault = Fault {
    name: "service-memory",
    what: "A process in the memory-limited control group of a service writes to drawn pages of more memory than the limit, so that what the service keeps in memory goes to swap as well.",
    verdict: "memory",
    prepare: |stage| {
        let cache = stage.draw.whole(96, 160) as f64;
        let cache = stage.sized("cache_mib", cache);
        // The service takes some 80 MiB beside its cache, so that both fit.
        let limit = stage.sized("limit_mib", cache + 128.0);
        let times = stage.draw.between(1.2, 2.0);
        stage.sized("memory_mib", (limit * times).floor());
        memory::swap(stage)?;
        memory::grouped(stage, "shop", limit)?;
        open(stage)
    },
    inject: Some(memory::touch),
    ..Fault::PLAIN
};

pub(super) const NETWORK: Fault = Fault {
    name: "service-network",
    what: "A process beside the service fills the shaped link that its answers take to nginx, so that they wait behind it or are lost.",
    verdict: "network",
    recorder: Recorder::Namespace,
    prepare: |stage| {
        let link = stage.draw.whole(20, 100) as f64;
        let link = stage.sized("link_mbit_s", link);
        network::linked(stage)?;
        stage.network()?.limit_rate(link)?;
        open(stage)
    },
    inject: Some(|stage| {
        let flows = stage.draw.whole(4, 12);
        network::fill(stage, flows)
    }),
    ..Fault::PLAIN
};

/// Opens the shop in the group and behind the network of the stage, where it has them.
fn open(stage: &mut Stage) -> Result<(), String> {
    let premises = Premises {
        group: stage.group.as_ref(),
        network: stage.network.as_ref(),
        cache_mib: stage.size.get("cache_mib").copied().unwrap_or(0.0),
    };
    let shop = Shop::open(&stage.folder, premises)?;
    stage.shop = Some(shop);
    Ok(())
}

pub(super) const QUIET: Fault = Fault {
    name: "quiet-service",
    what: "Undisturbed: the shop answers steady requests.",
    ..SHOP
};

/// The operation of the shop that users wait for.
fn concerned(stage: &mut Stage, operation: &str) {
    stage.operations.push(Operation {
        service: "shop".to_owned(),
        operation: operation.to_owned(),
    });
}

fn beside(stage: &mut Stage, name: &str, work: Vec<String>) -> Result<(), String> {
    let culprit = stage.start(Helper {
        name,
        life: Life::Fault,
        space: None,
        grouped: Grouped::Beside,
        work,
    })?;
    stage.culprits.push(culprit);
    Ok(())
}
