//! Models of closed networks.

use serde_json::{Value, json};

use super::Stop;
use super::inputs::Inputs;
use crate::solve::classes::{Network, Solution};
use crate::solve::closed::{self, Speed, Station};
use crate::solve::{approximate, bounds as limits, mixed as mixture, pool as pools};

/// Populations in one case, at most.
const MOST_POPULATIONS: usize = 100_000;

fn plain(inputs: &Inputs<'_>) -> Result<closed::Network, Stop> {
    let demands = inputs.numbers("D")?;
    let services = inputs.services("m", demands.len())?;
    let stations = demands.into_iter().zip(services);
    Ok(closed::Network {
        stations: stations
            .map(|(demand_seconds, service)| Station {
                demand_seconds,
                speed: Speed::Plain(service),
            })
            .collect(),
        think_seconds: inputs.number_or("Z", 0.0)?,
    })
}

pub(super) fn populations(inputs: &Inputs<'_>) -> Result<Vec<usize>, Stop> {
    let populations = inputs.counts("Ns")?;
    match populations.len() <= MOST_POPULATIONS {
        true => Ok(populations),
        false => Err(inputs.wrong("Ns", "at most 100,000 populations").into()),
    }
}

/// What one population does at each station, as the fields of an answer.
fn stations(solution: &closed::Solution, visits: &[f64]) -> Value {
    let at = || solution.stations.iter();
    let times: Vec<f64> = at().map(|it| it.response_seconds).collect();
    let visit = times.iter().zip(visits).map(|(time, visits)| time / visits);
    json!({
        "X": solution.throughput,
        "R": solution.response_seconds,
        "Rvisit": visit.collect::<Vec<f64>>(),
        "Rk": times,
        "Qk": at().map(|it| it.present).collect::<Vec<f64>>(),
        "Uk": at().map(|it| it.utilization).collect::<Vec<f64>>(),
        "Xk": visits.iter().map(|it| it * solution.throughput).collect::<Vec<f64>>(),
    })
}

/// One class, exactly.
pub(super) fn single_class(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let network = plain(inputs)?;
    let visits = inputs.numbers_or("V", 1.0, network.stations.len())?;
    if inputs.has("Ns") {
        let solutions = closed::solve_each(&network, &populations(inputs)?)?;
        let answers: Vec<Value> = solutions.iter().map(|it| stations(it, &visits)).collect();
        return Ok(listed(&answers));
    }
    let solution = closed::solve(&network, inputs.count("N")?)?;
    Ok(stations(&solution, &visits))
}

/// Turns answers into one whose fields are lists.
fn listed(answers: &[Value]) -> Value {
    let mut all = serde_json::Map::new();
    for answer in answers {
        for (field, value) in answer.as_object().into_iter().flatten() {
            let list = all.entry(field.clone()).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(value.clone());
            }
        }
    }
    Value::Object(all)
}

/// One class, service times that depend on how many are there.
pub(super) fn load_dependent(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let times = inputs.table("S")?;
    let visits = inputs.numbers_like("V", times.len())?;
    let mut stations_of = Vec::with_capacity(times.len());
    for (times, visits) in times.iter().zip(&visits) {
        let positive = times.iter().all(|it| *it > 0.0 && it.is_finite());
        let Some(first) = times.first().filter(|_| positive) else {
            return Err(inputs
                .wrong("S", "positive service times for each station")
                .into());
        };
        stations_of.push(Station {
            demand_seconds: visits * first,
            speed: Speed::Dependent(times.iter().map(|it| first / it).collect()),
        });
    }
    let network = closed::Network {
        stations: stations_of,
        think_seconds: inputs.number_or("Z", 0.0)?,
    };
    let solution = closed::solve(&network, inputs.count("N")?)?;
    Ok(stations(&solution, &visits))
}

fn with_classes(inputs: &Inputs<'_>, demands: &str) -> Result<Network, Stop> {
    let demands = inputs.even_table(demands)?;
    let classes = demands.len();
    let populations = inputs.counts("N")?;
    if populations.len() != classes {
        return Err(inputs.wrong("N", "one population for each class").into());
    }
    Ok(Network {
        populations,
        think_seconds: inputs.numbers_or("Z", 0.0, classes)?,
        services: inputs.services("m", demands.first().map_or(0, Vec::len))?,
        demands_seconds: demands,
    })
}

fn of_classes(solution: &Solution) -> Value {
    json!({
        "X": solution.throughputs,
        "Rclass": solution.class_responses_seconds,
        "R": solution.responses_seconds,
        "Q": solution.present,
        "U": solution.utilizations,
        "Qstation": solution.station_present(),
        "Ustation": solution.station_utilizations(),
        "method": solution.method.name(),
    })
}

/// Several classes: exactly where affordable, else by Linearizer, as `method` says.
pub(super) fn classes(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    Ok(of_classes(&approximate::solve(&with_classes(
        inputs, "D",
    )?)?))
}

/// Several classes by Schweitzer.
pub(super) fn schweitzer(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    Ok(of_classes(&approximate::schweitzer(&with_classes(
        inputs, "D",
    )?)?))
}

/// Several classes by Linearizer.
pub(super) fn linearizer(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    Ok(of_classes(&approximate::linearizer(&with_classes(
        inputs, "D",
    )?)?))
}

/// Open and closed classes together.
pub(super) fn mixed(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let closed = with_classes(inputs, "Dclosed")?;
    let open = inputs.even_table("Dopen")?;
    let solved = mixture::solve(&mixture::Network {
        rates: inputs.numbers_like("lambda", open.len())?,
        open_demands_seconds: open,
        closed,
    })?;
    let sums = solved.open_responses_seconds.iter();
    Ok(json!({
        "Xclosed": solved.closed.throughputs,
        "Qclosed": solved.closed.present,
        "Rclosed": solved.closed.responses_seconds,
        "Uclosed": solved.closed.utilizations,
        "Rclass_closed": solved.closed.class_responses_seconds,
        "Rclass_open": sums.map(|it| it.iter().sum()).collect::<Vec<f64>>(),
        "Ropen": solved.open_responses_seconds,
        "Qopen": solved.open_present,
        "Uopen": solved.open_utilizations,
        "method": solved.closed.method.name(),
    }))
}

/// What throughput and response time cannot exceed.
pub(super) fn bounds(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let demands = inputs.numbers("D")?;
    let closed = limits::Closed {
        customers: inputs.number("N")?,
        demands_seconds: &demands,
        think_seconds: inputs.number_or("Z", 0.0)?,
    };
    let loose = limits::asymptotic(&closed)?;
    let tight = limits::balanced(&closed)?;
    Ok(json!({
        "Xu": loose.throughput_most,
        "Xl": loose.throughput_least,
        "Ru": loose.response_most_seconds,
        "Rl": loose.response_least_seconds,
        "bXu": tight.throughput_most,
        "bXl": tight.throughput_least,
        "bRu": tight.response_most_seconds,
        "bRl": tight.response_least_seconds,
        "Nstar": limits::knee(&demands, closed.think_seconds)?,
    }))
}

/// Whether exact throughput is within bounds of others.
pub(super) fn containment(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let populations = populations(inputs)?;
    let lower = inputs.numbers_like("lower", populations.len())?;
    let upper = inputs.numbers_like("upper", populations.len())?;
    let solutions = closed::solve_each(&plain(inputs)?, &populations)?;
    let rates: Vec<f64> = solutions.iter().map(|it| it.throughput).collect();
    let inside = rates.iter().zip(lower.iter().zip(&upper));
    let inside = inside.map(|(rate, (lower, upper))| lower <= rate && rate <= upper);
    Ok(json!({
        "inside": inside.collect::<Vec<bool>>(),
        "X": rates,
    }))
}

/// Customers that take turns at a pool.
pub(super) fn pool(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let customers = pools::Customers {
        customers: inputs.count("N")?,
        members: inputs.servers("m")?,
        think_seconds: inputs.number_or("Z", 0.0)?,
    };
    let solved = pools::of_delay(&customers, inputs.number("S")?)?;
    Ok(json!({
        "X": solved.throughput,
        "R": solved.response_seconds,
        "busy": solved.busy,
        "wait": solved.wait_seconds,
        "waiting": solved.waiting,
    }))
}
