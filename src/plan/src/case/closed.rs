//! Closed systems, pools, and bounds.

use serde_json::json;

use super::inputs::Inputs;
use super::open::{across, down};
use super::{Answer, CaseError};
use crate::solve::closed::{self, Dependent, Point, Station};
use crate::solve::multi::{self, System};
use crate::solve::{
    CUSTOMERS_MAX, SERVERS_MAX, SolveError, approximate, bounds, limit, mixed, operational,
};

fn stations(inputs: &Inputs<'_>) -> Result<Vec<Station>, CaseError> {
    let demands = inputs.list("D")?;
    let servers = match inputs.has("m") {
        true => inputs.counts("m", SERVERS_MAX)?,
        false => vec![1; demands.len()],
    };
    if servers.len() != demands.len() {
        return Err(inputs.wrong("m", "want one number for each station"));
    }
    let pairs = demands.into_iter().zip(servers);
    let station = |(demand_s, servers)| Station { demand_s, servers };
    Ok(pairs.map(station).collect())
}

/// The populations that are asked for, and the system for all up to the largest.
fn solved(inputs: &Inputs<'_>) -> Result<(Vec<usize>, Vec<Point>), CaseError> {
    let populations = match inputs.has("Ns") {
        true => inputs.counts("Ns", CUSTOMERS_MAX)?,
        false => vec![inputs.count("N", CUSTOMERS_MAX)?],
    };
    let most = populations.iter().copied().max().unwrap_or(0);
    if populations.contains(&0) {
        return Err(inputs.wrong("N", "want 1 or more"));
    }
    let points = closed::sweep(&stations(inputs)?, most, inputs.number_or("Z", 0.0)?)?;
    Ok((populations, points))
}

pub(super) fn closed(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (populations, points) = solved(inputs)?;
    let at = |n: &usize| &points[n - 1];
    if inputs.has("Ns") {
        let each =
            |of: fn(&Point) -> f64| -> Vec<f64> { populations.iter().map(|n| of(at(n))).collect() };
        return Ok(vec![
            ("X", json!(each(|it| it.throughput))),
            ("R", json!(each(|it| it.response_s))),
        ]);
    }
    let point = at(&populations[0]);
    point_answer(inputs, point)
}

fn point_answer(inputs: &Inputs<'_>, point: &Point) -> Result<Answer, CaseError> {
    let visits = match inputs.list_or_none("V")? {
        Some(visits) => visits,
        None => vec![1.0; point.queues.len()],
    };
    if visits.len() != point.queues.len() {
        return Err(inputs.wrong("V", "want one number for each station"));
    }
    let pairs = point.residence_s.iter().zip(&visits);
    let visit_s: Vec<f64> = pairs.map(|(r, v)| r / v).collect();
    let flows: Vec<f64> = visits.iter().map(|v| v * point.throughput).collect();
    Ok(vec![
        ("X", json!(point.throughput)),
        ("R", json!(point.response_s)),
        ("Rk", json!(point.residence_s)),
        ("Rvisit", json!(visit_s)),
        ("Qk", json!(point.queues)),
        ("Uk", json!(point.utilization)),
        ("Xk", json!(flows)),
    ])
}

pub(super) fn dependent(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let visits = inputs.list("V")?;
    let times = inputs.matrix("S")?;
    if visits.len() != times.len() {
        return Err(inputs.wrong("S", "want one list for each station"));
    }
    let pairs = visits.into_iter().zip(times);
    let stations = pairs.map(|(visits, service_s)| Dependent { visits, service_s });
    let stations: Vec<Dependent> = stations.collect();
    let customers = inputs.count("N", CUSTOMERS_MAX)?;
    let point = closed::load_dependent(&stations, customers, inputs.number_or("Z", 0.0)?)?;
    point_answer(inputs, &point)
}

fn system(inputs: &Inputs<'_>, demands: &str) -> Result<System, CaseError> {
    Ok(System {
        customers: inputs.customers("N")?,
        demands: inputs.matrix(demands)?,
        think_s: inputs.list_or_none("Z")?.unwrap_or_default(),
        servers: match inputs.has("m") {
            true => inputs.counts("m", SERVERS_MAX)?,
            false => Vec::new(),
        },
    })
}

fn several(point: &multi::Point) -> Answer {
    vec![
        ("X", json!(point.throughput)),
        ("Rclass", json!(across(&point.residence_s))),
        ("R", json!(point.residence_s)),
        ("Q", json!(point.queues)),
        ("U", json!(point.utilization)),
        ("Qstation", json!(down(&point.queues))),
        ("Ustation", json!(down(&point.utilization))),
    ]
}

pub(super) fn multi(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    Ok(several(&multi::exact(&system(inputs, "D")?)?))
}

pub(super) fn schweitzer(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    Ok(several(&approximate::schweitzer(&system(inputs, "D")?)?))
}

pub(super) fn linearizer(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    Ok(several(&approximate::linearizer(&system(inputs, "D")?)?))
}

pub(super) fn mixed(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let closed = system(inputs, "Dclosed")?;
    let point = mixed::solve(&inputs.list("lambda")?, &inputs.matrix("Dopen")?, &closed)?;
    Ok(vec![
        ("Xclosed", json!(point.closed_throughput)),
        ("Qclosed", json!(point.closed_queues)),
        ("Rclosed", json!(point.closed_residence_s)),
        ("Ropen", json!(point.open_residence_s)),
        ("Qopen", json!(point.open_queues)),
    ])
}

pub(super) fn bounds(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let think_s = inputs.number_or("Z", 0.0)?;
    let found = bounds::bounds(inputs.number("N")?, &inputs.list("D")?, think_s)?;
    Ok(vec![
        ("Xl", json!(found.throughput_least)),
        ("Xu", json!(found.throughput_most)),
        ("Rl", json!(found.response_least_s)),
        ("Ru", json!(found.response_most_s)),
        ("bXl", json!(found.balanced_throughput_least)),
        ("bXu", json!(found.balanced_throughput_most)),
        ("bRl", json!(found.balanced_response_least_s)),
        ("bRu", json!(found.balanced_response_most_s)),
        ("Nstar", json!(found.knee)),
    ])
}

pub(super) fn containment(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (populations, points) = solved(inputs)?;
    let (lower, upper) = (inputs.list("lower")?, inputs.list("upper")?);
    if lower.len() != populations.len() || upper.len() != populations.len() {
        return Err(inputs.wrong("lower", "want one bound for each population"));
    }
    let found: Vec<f64> = populations
        .iter()
        .map(|n| points[n - 1].throughput)
        .collect();
    let bounds = lower.iter().zip(&upper);
    let inside = found
        .iter()
        .zip(bounds)
        .map(|(x, (lo, hi))| (lo..=hi).contains(&x));
    let inside: Vec<bool> = inside.collect();
    Ok(vec![("X", json!(found)), ("inside", json!(inside))])
}

pub(super) fn pool(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let found = limit::pool(
        inputs.count("N", CUSTOMERS_MAX)?,
        inputs.servers("m")?,
        inputs.number("S")?,
        inputs.number_or("Z", 0.0)?,
    )?;
    Ok(vec![
        ("X", json!(found.throughput)),
        ("R", json!(found.response_s)),
        ("busy", json!(found.busy)),
        ("wait", json!(found.wait_s)),
        ("waiting", json!(found.waiting)),
    ])
}

/// The system for all populations, from what one customer alone was measured to do: what
/// the demands do not explain of its cycle is a delay.
fn from_one(demands: &[f64], one: f64, most: usize) -> Result<(f64, Vec<Point>), CaseError> {
    let total: f64 = demands.iter().sum();
    let cycle_s = 1.0 / crate::solve::positive("the throughput of one", one)?;
    if total > cycle_s * 1.02 {
        return Err(CaseError::Solve(SolveError::Undetermined(format!(
            "one customer takes {cycle_s:.6} s for a cycle, less than its demands of {total:.6} s"
        ))));
    }
    let hidden_s = (cycle_s - total).max(0.0);
    let stations = demands.iter().map(|demand_s| Station {
        demand_s: *demand_s,
        servers: 1,
    });
    let stations: Vec<Station> = stations.collect();
    Ok((hidden_s, closed::sweep(&stations, most, hidden_s)?))
}

pub(super) fn real(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let demands = inputs.list("D")?;
    let populations = inputs.counts("Ns", CUSTOMERS_MAX)?;
    let most = populations.iter().copied().max().unwrap_or(1);
    if populations.contains(&0) {
        return Err(inputs.wrong("Ns", "want 1 or more"));
    }
    let (hidden_s, points) = from_one(&demands, inputs.number("X1")?, most)?;
    let found: Vec<f64> = populations
        .iter()
        .map(|n| points[n - 1].throughput)
        .collect();
    let (place, limit) = operational::bottleneck(&demands)?;
    Ok(vec![
        ("X", json!(found)),
        ("hidden_delay", json!(hidden_s)),
        ("bottleneck", json!(place)),
        ("Xmax", json!(limit)),
    ])
}

pub(super) fn real_utilization(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let demands = inputs.list("D")?;
    let measured = inputs.list("U1")?;
    let place = inputs.count("bottleneck", demands.len().saturating_sub(1))?;
    if measured.len() != demands.len() {
        return Err(inputs.wrong("U1", "want one utilization for each station"));
    }
    let populations = inputs.counts("Ns", CUSTOMERS_MAX)?;
    if populations.contains(&0) {
        return Err(inputs.wrong("Ns", "want 1 or more"));
    }
    let most = populations.iter().copied().max().unwrap_or(1);
    let demand_s = crate::solve::positive("the demand of the bottleneck", demands[place])?;
    let one = measured[place] / demand_s;
    let (hidden_s, points) = from_one(&demands, one, most)?;
    // What one customer kept busy beside its demand is there at any load, as its share.
    let of = |k: usize| -> Vec<f64> {
        let share = |n: &usize| points[n - 1].throughput * measured[k] / one;
        populations.iter().map(|n| share(n).min(1.0)).collect()
    };
    Ok(vec![
        ("U_bottleneck", json!(of(place))),
        ("U_cpu", json!(of(0))),
        ("hidden_delay", json!(hidden_s)),
    ])
}
