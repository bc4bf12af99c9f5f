//! What readings of services say of locks, pools and others, and which of them is the
//! consequence of another.
//!
//! * In: grades of the readings of a moment; the gauges of a host.
//! * Out: a score; gauges lowered where something else explains them.
//! * Never: speaks of a lock while a resource of the host limits: then requests wait for
//!   that.
//!
//! Start at [`lock`], [`pool`], [`external`] and [`suspect`].

use super::Resource;
use super::gauge::{Gauge, both};
use super::limits::{LIMITED, STILL_LIMITED, Signal};

/// The most that counts of what is the consequence of something else, or of which a
/// needed reading does not speak: too little for an episode to go on.
const CONSEQUENCE: f64 = STILL_LIMITED - 0.05;

/// Requests wait inside for most of their time, and longer than usual.
pub(super) fn lock(read: &dyn Fn(Signal) -> f64, grade: &dyn Fn(Signal) -> f64) -> f64 {
    let waits = grade(Signal::WaitsInside).min(grade(Signal::InsideSlowdown));
    let score = both(grade(Signal::InsideShare), waits);
    held(score, read, &[Signal::InsideShare, Signal::InsideSlowdown])
}

/// The pool is used up and requests wait for it; calls that got slower fill any pool.
pub(super) fn pool(read: &dyn Fn(Signal) -> f64, grade: &dyn Fn(Signal) -> f64) -> f64 {
    let score = both(grade(Signal::PoolUse), grade(Signal::PoolWaits));
    let score = held(score, read, &[Signal::PoolUse]);
    let slower = read(Signal::CallSlowdown) >= Signal::CallSlowdown.limit().from;
    if slower {
        score.min(CONSEQUENCE)
    } else {
        score
    }
}

/// A call takes most of the time, and longer than usual.
pub(super) fn external(read: &dyn Fn(Signal) -> f64, grade: &dyn Fn(Signal) -> f64) -> f64 {
    let score = both(grade(Signal::CallShare), grade(Signal::CallSlowdown));
    held(score, read, &[Signal::CallShare, Signal::CallSlowdown])
}

/// A score that limits only where each of these readings speaks for it.
fn held(score: Option<f64>, read: &dyn Fn(Signal) -> f64, needed: &[Signal]) -> f64 {
    let score = score.unwrap_or(f64::NAN);
    let speaks = |it: &Signal| read(*it) >= it.limit().from;
    match score.is_nan() || needed.iter().all(speaks) {
        true => score,
        false => score.min(CONSEQUENCE),
    }
}

/// What waits of a service come of: of two that hold at one time only the deeper may limit.
///
/// A resource of the host that limits makes everything wait. A pool that is used up makes
/// requests wait inside, which looks like a lock. A call that got slower makes requests of
/// whoever asked wait, also those that wait inside for its pool.
pub(super) fn suspect(gauges: &mut [Gauge]) {
    let rows = gauges.first().map_or(0, |it| it.score.len());
    let is_host = |it: &&Gauge| {
        !matches!(
            it.resource,
            Resource::Lock | Resource::Pool | Resource::External
        )
    };
    let host = worst(gauges.iter().filter(is_host), rows);
    let pools = worst(
        gauges.iter().filter(|it| it.resource == Resource::Pool),
        rows,
    );
    let deep = |it: &&Gauge| it.resource == Resource::External && !it.seen_below;
    let external = worst(gauges.iter().filter(deep), rows);
    let locks = worst(
        gauges.iter().filter(|it| it.resource == Resource::Lock),
        rows,
    );
    for gauge in gauges.iter_mut() {
        // What is seen further down gives way to what goes on there, also where that is weak.
        let from = match gauge.seen_below {
            true => STILL_LIMITED,
            false => LIMITED,
        };
        let (by, why) = match gauge.resource {
            Resource::Lock => (
                vec![&host, &pools, &external],
                "a resource, a pool or a call that limited meanwhile makes requests wait inside",
            ),
            Resource::Pool => (
                vec![&host],
                "a resource of the host that limited meanwhile fills any pool",
            ),
            Resource::External if gauge.seen_below => (
                vec![&host, &pools, &external, &locks],
                "what limited further down makes the call slow",
            ),
            Resource::External => (
                vec![&host],
                "a resource of this host that limited meanwhile makes calls slow, too",
            ),
            _ => continue,
        };
        if lower(gauge, &by, from) {
            gauge.doubts.push(why.to_owned());
        }
    }
}

/// Score and instant score a row of the worst of some gauges.
struct Worst {
    score: Vec<f64>,
    instant: Vec<f64>,
}

fn worst<'a>(gauges: impl Iterator<Item = &'a Gauge>, rows: usize) -> Worst {
    let mut worst = Worst {
        score: vec![f64::NAN; rows],
        instant: vec![f64::NAN; rows],
    };
    for gauge in gauges {
        for (most, score) in worst.score.iter_mut().zip(&gauge.score) {
            *most = most.max(*score);
        }
        for (most, score) in worst.instant.iter_mut().zip(&gauge.instant) {
            *most = most.max(*score);
        }
    }
    worst
}

/// Lowers a gauge where another scores so much.
fn lower(gauge: &mut Gauge, by: &[&Worst], from: f64) -> bool {
    let mut any = false;
    for row in 0..gauge.score.len() {
        if gauge.score[row] > CONSEQUENCE && by.iter().any(|it| it.score[row] >= from) {
            gauge.score[row] = CONSEQUENCE;
            any = true;
        }
        if gauge.instant[row] > CONSEQUENCE && by.iter().any(|it| it.instant[row] >= from) {
            gauge.instant[row] = CONSEQUENCE;
        }
    }
    any
}
