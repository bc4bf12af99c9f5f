//! Tests of a recording: what it cannot answer, with a code each.
//!
//! Thresholds stand here with their names and nowhere else. A threshold is a promise in
//! both directions: beyond it an answer would be a guess, within it one is owed.

use model::time::{Moment, Zone};
use serde::Serialize;

use super::bins::{self, Bin};
use super::demand::{self, VARIATION};
use super::{BINS_LEAST, Calibration, Parameters};
use crate::observe::{Observed, Seen};
use crate::refusal::{Code, Refusal};
use crate::system;

/// What a doubt covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Scope {
    /// Every prediction.
    All,
    /// Predictions at another load or with other capacities.
    Load,
    /// Response times.
    Response,
    /// Other shares of the operations.
    Mix,
}

/// What cannot be answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Doubt {
    /// What it covers.
    pub scope: Scope,
    /// Why, and what to record.
    pub refusal: Refusal,
}

/// A resource may be busy by this much more than it has, as clocks and readings go.
const OVER: f64 = 1.02;
/// For a while by this much more, where that lasts for this share of the recording.
const OVER_FOR_A_WHILE: f64 = 1.10;
const OVER_LASTS: f64 = 0.10;
/// An operation whose demand is below this share of the mean one in this share of the
/// draws may have none.
const NOTHING: f64 = 0.02;
const NOTHING_OFTEN: f64 = 0.10;
/// Little's law may be off by this share.
const LITTLE_OFF: f64 = 0.10;
/// The share of the busiest resource must move by this much.
const UTILIZATION_MOVES: f64 = 0.1;
/// Time that the machine below did not give, at most.
const STEAL_MOST: f64 = 0.02;
/// Processors that others use, at most, as a share of all.
pub(crate) const OTHERS_MOST: f64 = 0.20;
/// Work that is recorded by name may vary by this share of its mean to be known.
const NAMED_STEADY: f64 = 0.35;
/// A quota and what others use fit the host with this share to spare.
const FITS: f64 = 0.97;
/// The demand of a part of a recording may differ from the rest by this share.
const DRIFT_MOST: f64 = 0.15;
/// And must differ by so many standard errors to be believed, of up to six parts.
const DRIFT_ERRORS: f64 = 4.0;
/// Parts of a recording whose demands are compared, at most,
const PARTS_MOST: usize = 6;
/// and bins of a part at least.
const BINS_OF_PART: usize = 4;
/// Computing alone may take this much longer than requests took: they may compute on
/// several processors at once a little.
const LONGER_THAN_TAKEN: f64 = 1.15;
/// A resource is full beyond this share,
const FULL: f64 = 0.97;
/// in at least this part of the recording.
const FULL_MOSTLY: f64 = 0.5;
/// Share of the response time that may be unexplained.
const HIDDEN_MOST: f64 = 0.6;
/// A resource that is hardly used says nothing of drift.
const USED: f64 = 0.05;
/// At its end the model may serve this many times as much as was measured, or as little,
const UNLIKE_SERVED: f64 = 1.25;
/// and take this many times as long.
const UNLIKE_TAKEN: f64 = 2.0;

/// Whether there is enough to calibrate on at all.
pub(super) fn enough(seen: &Observed, bins: &[Bin]) -> Result<(), Refusal> {
    if bins.len() < BINS_LEAST {
        let why = format!(
            "{} stretches of the recording hold requests and processors without a gap, at least {BINS_LEAST} are needed",
            bins.len()
        );
        return Err(Code::NoVariation.because(why).advising(
            "record at least 5 minutes, with the application's requests and its processors all the time",
        ));
    }
    if bins.iter().map(|it| it.throughput).sum::<f64>() <= 0.0 {
        let why = format!("{} served no request in this window", seen.subject);
        return Err(Code::Inconsistent.because(why));
    }
    Ok(())
}

/// Every doubt, the gravest first.
pub(super) fn doubts(seen: &Observed, bins: &[&Bin], found: &Calibration) -> Vec<Doubt> {
    let over = |scope, refusal: Option<Refusal>| refusal.map(|refusal| Doubt { scope, refusal });
    let all = [
        over(Scope::All, more_than_there_is(seen, bins)),
        over(Scope::All, little(seen, bins, found)),
        over(Scope::All, stolen(seen, bins)),
        over(Scope::All, shared(seen, found)),
        over(Scope::All, drift(seen, bins, found)),
        over(Scope::All, censored(seen, bins, found)),
        over(Scope::All, unlike(seen, found)),
        over(Scope::Load, still(bins, found)),
        over(Scope::Response, hidden(found)),
        over(Scope::Response, longer(bins, found)),
        over(Scope::Mix, inseparable(seen, bins, found)),
        over(Scope::Mix, at_bound(found)),
    ];
    all.into_iter().flatten().collect()
}

/// I1: a resource was busier than it can be.
fn more_than_there_is(seen: &Observed, bins: &[&Bin]) -> Option<Refusal> {
    let pooled = bins::pooled(bins)?;
    let over = |k: usize, bin: &Bin, most: f64| bin.busy[k] > bin.capacity[k] * most;
    let why = |(k, resource): (usize, &Seen)| {
        let of = |busy: f64, capacity: f64| {
            format!(
                "{} were busy for {busy:.2} of {capacity:.2} there are",
                resource.name
            )
        };
        if over(k, &pooled, OVER) {
            return Some(of(pooled.busy[k], pooled.capacity[k]));
        }
        let while_over = || bins.iter().filter(|it| over(k, it, OVER_FOR_A_WHILE));
        let lasts_s: f64 = while_over().map(|it| it.seconds).sum();
        let fullest = while_over().max_by(|a, b| a.busy[k].total_cmp(&b.busy[k]))?;
        (lasts_s > OVER_LASTS * pooled.seconds).then(|| {
            let of = of(fullest.busy[k], fullest.capacity[k]);
            format!("{of}, and for {lasts_s:.0} s by more than clocks explain")
        })
    };
    let why = seen.resources.iter().enumerate().find_map(why)?;
    Some(Code::Inconsistent.because(why))
}

/// I1: numbers in flight, throughput and response time contradict each other.
fn little(seen: &Observed, bins: &[&Bin], found: &Calibration) -> Option<Refusal> {
    let pooled = bins::pooled(bins)?;
    let (x, r) = (pooled.throughput, pooled.response_s);
    let off = |n: f64, by_law: f64, what: &str| {
        let off = (n - by_law).abs() / n.max(1e-9);
        (off > LITTLE_OFF && n > 0.0).then(|| {
            Code::Inconsistent.because(format!(
                "{n:.2} {what} were counted, but {x:.1} requests a second of {:.1} ms make {by_law:.2}",
                r * 1e3
            ))
        })
    };
    if found.users_known && r.is_finite() {
        // More in the system than there are users, or less than they must be.
        let users = bins.iter().map(|it| it.users * it.seconds).sum::<f64>() / pooled.seconds;
        let inside = x * r;
        return match seen.think_s {
            Some(think_s) => off(users, x * (r + think_s), "users"),
            None if inside > users * (1.0 + LITTLE_OFF) => off(users, inside, "users"),
            None => None,
        };
    }
    (pooled.active.is_finite() && r.is_finite())
        .then(|| off(pooled.active, x * r, "requests in flight"))
        .flatten()
}

/// I8: the machine below did not give its time.
fn stolen(seen: &Observed, bins: &[&Bin]) -> Option<Refusal> {
    let pooled = bins::pooled(bins)?;
    let resources = seen.resources.iter().enumerate();
    let mut stolen = resources.filter(|(k, _)| pooled.steal[*k] > STEAL_MOST);
    let (k, resource) = stolen.next()?;
    Some(Code::SharedHost.because(format!(
        "the machine below took {:.1} % of the {} away (at most {:.0} %)",
        pooled.steal[k] * 100.0,
        resource.name,
        STEAL_MOST * 100.0
    )))
}

/// I8: others used the same processors. Not where a quota leaves them enough, nor where
/// they are control groups of the recording that use as much all the time: then what they
/// use is known.
fn shared(seen: &Observed, found: &Calibration) -> Option<Refusal> {
    let crowded = |k: &usize| {
        let known = &found.resources[*k];
        let quota = found.point.quota[*k].map(|_| found.point.allowed[*k]);
        let fits = quota.is_some_and(|it| it + known.others <= FITS * known.units);
        known.unnamed > OTHERS_MOST * known.units && !fits
    };
    let k = (0..seen.resources.len()).find(crowded)?;
    let known = &found.resources[k];
    Some(Code::SharedHost.because(format!(
        "{:.2} of {:.0} processors were busy with something else than these requests (at most {:.0} %)",
        known.unnamed,
        known.units,
        OTHERS_MOST * 100.0
    )))
}

/// Units of what others use on a host that is not known by name.
pub(super) fn unnamed(seen: &Observed, resource: usize, others: f64) -> f64 {
    let resource = &seen.resources[resource];
    // Without groups of its own the application may be among those that have names.
    if resource.groups.is_empty() {
        return others;
    }
    let named = seen
        .neighbors
        .iter()
        .filter(|it| it.host == resource.host && it.name.starts_with('/') && is_steady(&it.busy));
    let named: f64 = named.map(|it| super::mean(&it.busy)).sum();
    (others - named).max(0.0)
}

/// Whether work uses as much all the time: over stretches long enough for its own rhythm.
fn is_steady(busy: &[f64]) -> bool {
    const ROWS: usize = 10;
    let means = busy.chunks(ROWS).filter(|it| it.len() == ROWS);
    let means = means.map(super::mean).filter(|it| it.is_finite());
    demand::spread(means) <= NAMED_STEADY
}

/// I9: a request costs another amount in one part of the recording than in the rest.
fn drift(seen: &Observed, bins: &[&Bin], found: &Calibration) -> Option<Refusal> {
    let count = (bins.len() / BINS_OF_PART).clamp(2, PARTS_MOST);
    for (k, resource) in seen.resources.iter().enumerate() {
        if found.range.utilization[k].1 < USED {
            continue;
        }
        for part in 0..count {
            let (from, to) = (part * bins.len() / count, (part + 1) * bins.len() / count);
            let rest: Vec<&Bin> = bins[..from].iter().chain(&bins[to..]).copied().collect();
            let (Some(a), Some(b)) = (cost(&rest, k, found), cost(&bins[from..to], k, found))
            else {
                continue;
            };
            let change = b.0 / a.0 - 1.0;
            let error = (a.1.powi(2) + b.1.powi(2)).sqrt();
            if change.abs() > DRIFT_MOST && (b.0 - a.0).abs() > DRIFT_ERRORS * error {
                let (first, last) = (clock(seen, bins[from]), clock(seen, bins[to - 1]));
                let refusal = Code::Nonstationary.because(format!(
                    "a request takes {:.2} ms of {} from {first} to {last} and {:.2} ms in the rest ({:+.0} %)",
                    b.0 * 1e3,
                    resource.name,
                    a.0 * 1e3,
                    change * 100.0
                ));
                let Some((first, last, cost_s)) = steady(seen, bins, (k, count), found) else {
                    return Some(refusal);
                };
                let advice = format!(
                    "choose {first} to {last} as the plan's window, where a request takes {:.2} ms all the time; else {}",
                    cost_s * 1e3,
                    refusal.record_next
                );
                return Some(refusal.advising(advice));
            }
        }
    }
    None
}

/// The longest stretch of the recording in which requests cost the same, by its ends and
/// that cost; `None` where it is less than half of it.
fn steady(
    seen: &Observed,
    bins: &[&Bin],
    (resource, count): (usize, usize),
    found: &Calibration,
) -> Option<(String, String, f64)> {
    let end = |part: usize| part * bins.len() / count;
    let costs: Vec<Option<f64>> = (0..count)
        .map(|part| Some(cost(&bins[end(part)..end(part + 1)], resource, found)?.0))
        .collect();
    let alike = |parts: &[Option<f64>]| {
        let known: Option<Vec<f64>> = parts.iter().copied().collect();
        let known = known?;
        let least = known.iter().copied().fold(f64::INFINITY, f64::min);
        let most = known.iter().copied().fold(0.0, f64::max);
        (most <= least * (1.0 + DRIFT_MOST)).then_some(())
    };
    let stretches = (0..count).flat_map(|from| (from + 1..=count).map(move |to| (from, to)));
    let (from, to) = stretches
        .filter(|(from, to)| alike(&costs[*from..*to]).is_some())
        .max_by_key(|(from, to)| (to - from, count - from))?;
    if 2 * (to - from) < count {
        return None;
    }
    let own = &bins[end(from)..end(to)];
    let (cost_s, _) = cost(own, resource, found)?;
    Some((clock(seen, own.first()?), clock(seen, own.last()?), cost_s))
}

/// When a bin begins.
fn clock(seen: &Observed, bin: &Bin) -> String {
    let at = seen.at.get(bin.row).copied().unwrap_or_default();
    Moment(at).strftime("%H:%M:%S", Zone::Utc)
}

/// Seconds of a resource a request, with its standard error, from bins.
fn cost(bins: &[&Bin], resource: usize, found: &Calibration) -> Option<(f64, f64)> {
    let background = found.point.background[resource];
    let each: Vec<(f64, f64)> = bins
        .iter()
        .filter(|it| it.throughput > 0.0)
        .map(|it| {
            // Other shares of operations of known demands are no drift.
            let served = match found.point.classes.is_empty() {
                true => it.throughput,
                false => {
                    let parts = found.point.classes.iter().zip(&it.classes);
                    let work: f64 = parts.map(|(class, x)| class.seconds[resource] * x).sum();
                    work / found.point.demand_s[resource].max(1e-12)
                }
            };
            ((it.busy[resource] - background).max(0.0), served)
        })
        .collect();
    let requests: f64 = each.iter().map(|it| it.1).sum();
    let mean = each.iter().map(|it| it.0).sum::<f64>() / requests;
    if each.len() < 3 || mean.is_nan() || mean <= 0.0 {
        return None;
    }
    let square: f64 = each.iter().map(|(b, x)| (b - mean * x).powi(2)).sum();
    let n = each.len() as f64;
    // Of a ratio of sums: Cochran, *Sampling Techniques*, 1977, chapter 6.
    Some((mean, (square * n / (n - 1.0)).sqrt() / requests))
}

/// I11: the resource was full most of the time and nobody counted who asked.
fn censored(seen: &Observed, bins: &[&Bin], found: &Calibration) -> Option<Refusal> {
    if found.users_known {
        return None;
    }
    let full = |k: usize| {
        let own = bins.iter();
        // Of what it is allowed, or of the host together with others.
        let full = own.filter(|it| {
            it.busy[k] > FULL * it.capacity[k]
                || it.busy[k] + it.others[k] > FULL * seen.resources[k].units
        });
        full.count() as f64 / bins.len() as f64
    };
    let k = (0..seen.resources.len()).find(|k| full(*k) > FULL_MOSTLY)?;
    Some(Code::Saturated.because(format!(
        "{} were full in {:.0} % of the recording, and what was asked for beyond what was served is not known",
        seen.resources[k].name,
        full(k) * 100.0
    )))
}

/// I2: the load never moved.
fn still(bins: &[&Bin], found: &Calibration) -> Option<Refusal> {
    let levels = bins::levels(bins);
    let spread = demand::spread(levels.iter().map(|it| it.throughput));
    let levels = levels.iter();
    let shares = |k: usize| levels.clone().map(move |it| it.busy[k] / it.capacity[k]);
    let moved = |k: usize| {
        let most = shares(k).fold(0.0, f64::max);
        most - shares(k).fold(f64::INFINITY, f64::min)
    };
    let resources = 0..found.resources.len();
    let moved = resources.map(moved).fold(0.0, f64::max);
    if spread >= VARIATION && moved >= UTILIZATION_MOVES {
        return None;
    }
    Some(Code::NoVariation.because(format!(
        "the load hardly moved: throughput by {:.1} % (at least {:.0} %), the busiest resource by {:.2} of its capacity (at least {UTILIZATION_MOVES})",
        spread * 100.0,
        VARIATION * 100.0,
        moved
    )))
}

/// I6: the model does not do what was measured where the recording ends: something that
/// was not recorded limits, or not for these processors.
fn unlike(seen: &Observed, found: &Calibration) -> Option<Refusal> {
    let solved = system::solve(&found.system(&found.point)).ok()?;
    let apart = |model: f64, measured: f64, most: f64| {
        let times = model / measured;
        measured > 0.0 && (times > most || times < 1.0 / most)
    };
    let now = &found.now;
    let served = found.users_known && apart(solved.throughput, now.throughput, UNLIKE_SERVED);
    let taken = now
        .response_s
        .filter(|it| apart(solved.response_s, *it, UNLIKE_TAKEN));
    let what = match (served, taken) {
        (true, _) => format!(
            "{:.1} requests a second were served where what was recorded could serve {:.1}",
            now.throughput, solved.throughput
        ),
        (false, Some(response_s)) => format!(
            "a request took {:.1} ms where what was recorded explains {:.1} ms",
            response_s * 1e3,
            solved.response_s * 1e3
        ),
        (false, None) => return None,
    };
    let busiest = seen.neighbors.iter().filter(|it| it.name.starts_with('/'));
    let busiest = busiest.max_by(|a, b| super::mean(&a.busy).total_cmp(&super::mean(&b.busy)));
    let own = seen.resources.iter().any(|it| !it.groups.is_empty());
    let advice = match busiest.filter(|_| !own) {
        Some(group) => format!(
            "name the application's own processors in the plan's subject, such as cgroup.cpu.usage{{cgroup={}}}: its quota may be what limits",
            group.name
        ),
        None => "name the application's own control groups in the plan's subject, and record what else its requests wait for".to_owned(),
    };
    Some(Code::HiddenDelay.because(what).advising(advice))
}

/// I6: most of the response time is explained by nothing recorded.
fn hidden(found: &Calibration) -> Option<Refusal> {
    let response_s = found.now.response_s?;
    let share = hidden_at_low(found)?;
    (share > HIDDEN_MOST).then(|| {
        Code::HiddenDelay.because(format!(
            "{:.0} % of the response time ({:.1} of {:.1} ms now) is spent in nothing that was recorded",
            share * 100.0,
            found.point.hidden_s * 1e3,
            response_s * 1e3
        ))
    })
}

/// I1: requests compute for longer than they took.
fn longer(bins: &[&Bin], found: &Calibration) -> Option<Refusal> {
    let pooled = bins::pooled(bins)?;
    let computing: f64 = found.point.demand_s.iter().sum();
    let response_s = pooled.response_s;
    (computing > response_s * LONGER_THAN_TAKEN).then(|| {
        Code::Inconsistent
            .because(format!(
                "a request would compute for {:.1} ms but took {:.1} ms: not all that is busy is work for these requests",
                computing * 1e3,
                response_s * 1e3
            ))
            .advising("name the application's own processors in the plan's subject: a control group or its processes")
    })
}

/// Share of the response time without waits that is hidden.
fn hidden_at_low(found: &Calibration) -> Option<f64> {
    let whole = super::parameters::service_s(&found.point);
    (whole > 0.0).then(|| found.point.hidden_s / whole)
}

/// I3: operations cannot be told apart.
fn inseparable(seen: &Observed, bins: &[&Bin], found: &Calibration) -> Option<Refusal> {
    if seen.classes.len() < 2 || !found.point.classes.is_empty() {
        return None;
    }
    let resources = 0..seen.resources.len();
    let why = resources
        .filter_map(|k| demand::by_class(bins, k).err())
        .next()?;
    Some(Code::Collinear.because(why))
}

/// I4: the demand of an operation lies at zero or may do so, and is not known.
fn at_bound(found: &Calibration) -> Option<Refusal> {
    let busiest = found.bottleneck()?;
    let nothing = |it: &Parameters, class: usize| {
        let seconds = it.classes.get(class).map(|it| it.seconds[busiest]);
        seconds.is_some_and(|it_s| it_s <= NOTHING * it.demand_s[busiest])
    };
    let drawn = found.draws.iter().filter(|it| !it.classes.is_empty());
    let drawn: Vec<&Parameters> = drawn.collect();
    let unknown = |class: usize| {
        let often = drawn.iter().filter(|it| nothing(it, class)).count() as f64;
        nothing(&found.point, class) || often > NOTHING_OFTEN * drawn.len() as f64
    };
    let none: Vec<&str> = found
        .classes
        .iter()
        .enumerate()
        .filter(|(class, _)| unknown(*class))
        .map(|(_, (name, _))| name.as_str())
        .collect();
    (!none.is_empty()).then(|| {
        Code::AtBound.because(format!(
            "the demand of {} cannot be told from nothing, which no request takes",
            none.join(", ")
        ))
    })
}
