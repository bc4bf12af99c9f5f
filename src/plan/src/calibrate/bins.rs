//! Rows become bins of some seconds, and bins become levels of load.
//!
//! Counters and requests of one second do not line up, so a calibration looks at means
//! over 5 to 30 seconds, or somewhat less where the recording is short. A bin with a gap
//! is dropped. Where the number of users changes a new bin begins: one holds one operating
//! point.

use crate::observe::Observed;

/// Bins are at least and at most this long.
const BIN_SECONDS: std::ops::RangeInclusive<f64> = 5.0..=30.0;

/// Seconds before and after a change of the number of users that are left out.
const GUARD_SECONDS: f64 = 2.0;

/// Where so few bins come out, they are as short as this, seconds.
const BINS_FEW: usize = 12;
const BIN_SHORT: f64 = 3.0;

/// So many bins are wanted before they get longer.
const BINS_WANTED: f64 = 48.0;

/// A bin needs this share of its rows.
const COVERAGE: f64 = 0.7;

/// Levels of an open load, at most.
const LEVELS_MAX: usize = 8;

/// Means over some seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Bin {
    /// First row.
    pub row: usize,
    /// Length, seconds.
    pub seconds: f64,
    /// Requests a second.
    pub throughput: f64,
    /// Requests a second of each class.
    pub classes: Vec<f64>,
    /// Mean response time, seconds, weighted by requests; `NaN` where not recorded.
    pub response_s: f64,
    /// Mean of the 95th percentiles, weighted by requests; `NaN` where not recorded.
    pub p95_s: f64,
    /// Mean of the 99th percentiles, weighted by requests; `NaN` where not recorded.
    pub p99_s: f64,
    /// Users; `NaN` where not recorded.
    pub users: f64,
    /// Requests in flight; `NaN` where not recorded.
    pub active: f64,
    /// Units busy of each resource.
    pub busy: Vec<f64>,
    /// Units that others keep busy, of each resource; 0 where that cannot be told.
    pub others: Vec<f64>,
    /// Units that the application may use, of each resource.
    pub capacity: Vec<f64>,
    /// The same by its quota alone; infinite without one.
    pub quota: Vec<f64>,
    /// Share that the machine below did not give, of each resource; 0 where not read.
    pub steal: Vec<f64>,
    /// Calls to others in flight, of each of them.
    pub calls: Vec<f64>,
    /// Number of the level it belongs to.
    pub level: usize,
}

/// Puts rows into bins, numbers their levels, and says how long they are.
pub(super) fn bins(seen: &Observed) -> Vec<Bin> {
    let whole_s = seen.at.len() as f64 * seen.step_s;
    let seconds = (whole_s / BINS_WANTED).clamp(*BIN_SECONDS.start(), *BIN_SECONDS.end());
    let mut bins = of_length(seen, seconds);
    if bins.len() < BINS_FEW && seconds > BIN_SHORT {
        bins = of_length(seen, BIN_SHORT);
    }
    number(&mut bins);
    bins
}

fn of_length(seen: &Observed, seconds: f64) -> Vec<Bin> {
    let length = ((seconds / seen.step_s).round() as usize).max(1);
    let guard = (GUARD_SECONDS / seen.step_s).round() as usize;
    let stretches = stretches(&seen.users, seen.at.len(), guard);
    let bins = stretches.into_iter().flat_map(|(from, to)| {
        let places = (to - from) / length;
        (0..places).filter_map(move |i| bin(seen, from + i * length, length))
    });
    bins.collect()
}

/// The rows of the number of users that a recording ends with; all rows where users are
/// not known. That is what a prediction starts from.
pub fn last_level(seen: &Observed) -> std::ops::Range<usize> {
    let guard = (GUARD_SECONDS / seen.step_s).round() as usize;
    let all = stretches(&seen.users, seen.at.len(), guard);
    let last = all.last().copied().unwrap_or((0, seen.at.len()));
    last.0..last.1
}

/// Rows of one number of users each, from and to; all rows where users are not known.
///
/// Rows next to a change belong to neither number: clocks of counters and users differ by
/// a second, and new users have yet to come.
fn stretches(users: &[f64], rows: usize, guard: usize) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    let (mut from, mut last) = (0, f64::NAN);
    for (row, value) in users.iter().enumerate().take(rows) {
        if (value - last).abs() > 0.5 {
            all.push((from, row));
            from = row;
        }
        if value.is_finite() {
            last = *value;
        }
    }
    all.push((from, rows));
    for (from, to) in &mut all {
        *from += if *from > 0 { guard } else { 0 };
        *to -= if *to < rows { guard.min(*to) } else { 0 };
    }
    all.retain(|(from, to)| to > from);
    all
}

fn bin(seen: &Observed, row: usize, length: usize) -> Option<Bin> {
    let part = |values: &[f64]| mean(values.get(row..row + length).unwrap_or(&[]));
    let throughput = part(&seen.throughput)?;
    let users = seen.users.get(row..row + length).unwrap_or(&[]);
    let known: Vec<f64> = users.iter().copied().filter(|it| it.is_finite()).collect();
    let weighted = |values: &[f64]| {
        let pairs = values.get(row..row + length).unwrap_or(&[]).iter();
        let pairs = pairs.zip(&seen.throughput[row..row + length]);
        let pairs = pairs.filter(|(value, x)| value.is_finite() && x.is_finite());
        let (sum, weight) = pairs.fold((0.0, 0.0), |(sum, weight), (value, x)| {
            (sum + value * x, weight + x)
        });
        if weight > 0.0 { sum / weight } else { f64::NAN }
    };
    let or_zero = |values: &[f64]| part(values).unwrap_or(0.0);
    let resources = seen.resources.iter();
    let busy: Option<Vec<f64>> = resources.clone().map(|it| part(&it.busy)).collect();
    let capacity: Option<Vec<f64>> = resources.clone().map(|it| part(&it.capacity)).collect();
    let classes = seen.classes.iter().map(|it| or_zero(&it.throughput));
    Some(Bin {
        row,
        seconds: length as f64 * seen.step_s,
        throughput,
        classes: classes.collect(),
        response_s: weighted(&seen.response),
        p95_s: weighted(&seen.p95),
        p99_s: weighted(&seen.p99),
        users: mean(&known).unwrap_or(f64::NAN),
        active: part(&seen.active).unwrap_or(f64::NAN),
        busy: busy?,
        others: resources.clone().map(|it| or_zero(&it.others)).collect(),
        capacity: capacity?,
        quota: resources
            .clone()
            .map(|it| part(&it.quota).unwrap_or(f64::INFINITY))
            .collect(),
        steal: resources.map(|it| or_zero(&it.steal)).collect(),
        calls: seen.calls.iter().map(|it| or_zero(&it.active)).collect(),
        level: 0,
    })
}

/// The mean; `None` where too little was read.
fn mean(values: &[f64]) -> Option<f64> {
    let numbers: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    let enough = !numbers.is_empty() && numbers.len() as f64 >= COVERAGE * values.len() as f64;
    enough.then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// Numbers the levels, from the lowest load: one a number of users, or equal parts of
/// the bins by requests a second where users are not known.
fn number(bins: &mut [Bin]) {
    if bins.iter().all(|it| it.users.is_finite()) && !bins.is_empty() {
        let mut known: Vec<i64> = bins.iter().map(|it| it.users.round() as i64).collect();
        known.sort_unstable();
        known.dedup();
        for bin in bins.iter_mut() {
            let users = bin.users.round() as i64;
            bin.level = known.binary_search(&users).unwrap_or(0);
        }
        return;
    }
    let mut order: Vec<usize> = (0..bins.len()).collect();
    order.sort_by(|a, b| bins[*a].throughput.total_cmp(&bins[*b].throughput));
    let levels = LEVELS_MAX.min(bins.len() / 3).max(1);
    for (rank, i) in order.iter().enumerate() {
        bins[*i].level = rank * levels / bins.len();
    }
}

/// Means over the bins of each level; levels without a bin are left out.
pub(super) fn levels(bins: &[&Bin]) -> Vec<Bin> {
    let most = bins.iter().map(|it| it.level).max().unwrap_or(0);
    (0..=most)
        .filter_map(|level| {
            let own: Vec<&Bin> = bins
                .iter()
                .copied()
                .filter(|it| it.level == level)
                .collect();
            pooled(&own)
        })
        .collect()
}

/// The mean of several bins, weighted by their length, response times by requests.
pub(super) fn pooled(bins: &[&Bin]) -> Option<Bin> {
    let first = bins.first()?;
    let seconds: f64 = bins.iter().map(|it| it.seconds).sum();
    let mean = |of: &dyn Fn(&Bin) -> f64| {
        let sum: f64 = bins.iter().map(|it| of(it) * it.seconds).sum();
        sum / seconds
    };
    let by_requests = |of: &dyn Fn(&Bin) -> f64| {
        let known = bins.iter().filter(|it| of(it).is_finite());
        let (sum, weight) = known.fold((0.0, 0.0), |(sum, weight), it| {
            let requests = it.throughput * it.seconds;
            (sum + of(it) * requests, weight + requests)
        });
        if weight > 0.0 { sum / weight } else { f64::NAN }
    };
    let each = |n: usize, of: &dyn Fn(&Bin, usize) -> f64| -> Vec<f64> {
        (0..n).map(|k| mean(&|bin| of(bin, k))).collect()
    };
    Some(Bin {
        row: first.row,
        seconds,
        throughput: mean(&|it| it.throughput),
        classes: each(first.classes.len(), &|it, k| it.classes[k]),
        response_s: by_requests(&|it| it.response_s),
        p95_s: by_requests(&|it| it.p95_s),
        p99_s: by_requests(&|it| it.p99_s),
        users: mean(&|it| it.users),
        active: mean(&|it| it.active),
        busy: each(first.busy.len(), &|it, k| it.busy[k]),
        others: each(first.others.len(), &|it, k| it.others[k]),
        capacity: each(first.capacity.len(), &|it, k| it.capacity[k]),
        quota: each(first.quota.len(), &|it, k| it.quota[k]),
        steal: each(first.steal.len(), &|it, k| it.steal[k]),
        calls: each(first.calls.len(), &|it, k| it.calls[k]),
        level: first.level,
    })
}
