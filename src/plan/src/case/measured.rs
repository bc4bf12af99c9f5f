//! Models that begin with measurements: laws, contradictions, demands, and predictions
//! from one customer.

use serde_json::{Map, Value, json};

use super::inputs::Inputs;
use super::{Refusal, Stop};
use crate::fit::{self, FitError, Intercept, Problem};
use crate::solve::closed::{self, Network, Speed, Station};
use crate::solve::laws::{self, Counted};
use crate::solve::{Service, SolveError};

/// A hidden delay above this share of the response time leaves it unexplained.
const MOST_HIDDEN: f64 = 0.6;

/// A round may be shorter than the sum of its demands by this share: rounding.
const ROUND_TOLERANCE: f64 = 0.02;

fn contradiction(why: String) -> Stop {
    Stop::Refused(Refusal {
        code: "I1",
        why,
        record_next: "busy time, completions and window from the same clock".to_owned(),
    })
}

/// The operational laws, as far as the inputs allow.
pub(super) fn operational(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let mut answer = Map::new();
    if inputs.has("B") {
        let implied = laws::implied(&Counted {
            window_seconds: inputs.number("T")?,
            busy_seconds: inputs.number("B")?,
            completions: inputs.number("C")?,
            servers: inputs.number_or("m", 1.0)?,
        })?;
        if implied.utilization > 1.0 {
            return Err(contradiction(format!(
                "busy for {:.4} of the time there was",
                implied.utilization
            )));
        }
        answer.insert("X".to_owned(), json!(implied.throughput));
        answer.insert("U".to_owned(), json!(implied.utilization));
        answer.insert("S".to_owned(), json!(implied.demand_seconds));
    } else if inputs.has("Uk") || inputs.has("D") {
        demands_and_bottleneck(inputs, &mut answer)?;
    } else if inputs.has("N") {
        let think = inputs.number_or("Z", 0.0)?;
        let rate = laws::throughput(inputs.number("N")?, inputs.number("R")?, think)?;
        answer.insert("X".to_owned(), json!(rate));
    } else {
        return Err(inputs
            .wrong("T, Uk, D or N", "one of them to start from")
            .into());
    }
    Ok(Value::Object(answer))
}

fn demands_and_bottleneck(
    inputs: &Inputs<'_>,
    answer: &mut Map<String, Value>,
) -> Result<(), Stop> {
    let demands = match inputs.has("Uk") {
        true => {
            let busy = inputs.numbers("Uk")?;
            if let Some(over) = busy.iter().find(|it| **it > 1.0) {
                return Err(contradiction(format!("a resource is {over} busy")));
            }
            laws::demands(&busy, inputs.number("X")?)?
        }
        false => inputs.numbers("D")?,
    };
    let bottleneck = laws::bottleneck(&demands)?;
    answer.insert("Xmax".to_owned(), json!(bottleneck.map(|it| it.throughput)));
    answer.insert(
        "bottleneck".to_owned(),
        json!(bottleneck.map(|it| it.station)),
    );
    answer.insert("D".to_owned(), json!(demands));
    Ok(())
}

/// Which resources were busy for longer than there was time.
pub(super) fn consistency(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let rule = "an object of seconds by name";
    let busy = inputs.value("busy", rule)?.as_object();
    let busy = busy.ok_or_else(|| inputs.wrong("busy", rule))?;
    let window_seconds = inputs.number("T")?;
    let completions = inputs.number("C")?;
    let mut resources = Vec::with_capacity(busy.len());
    for (name, seconds) in busy {
        let seconds = seconds.as_f64();
        resources.push(Counted {
            window_seconds,
            completions,
            busy_seconds: seconds
                .ok_or_else(|| inputs.wrong(format!("busy.{name}"), "a number"))?,
            servers: servers_of(inputs, name)?,
        });
    }
    let found = laws::contradictions(&resources)?;
    let names: Vec<&String> = busy.keys().collect();
    let offenders: Vec<&String> = found.iter().map(|it| names[it.resource]).collect();
    let mut answer = json!({
        "rejected": !offenders.is_empty(),
        "offenders": offenders,
    });
    if !found.is_empty() {
        answer["code"] = json!("I1");
    }
    let shares = resources
        .iter()
        .map(|it| Ok(laws::implied(it)?.utilization));
    let shares = shares.collect::<Result<Vec<f64>, SolveError>>()?;
    let pairs = names.iter().zip(shares);
    answer["U"] = pairs
        .map(|(name, it)| ((*name).clone(), json!(it)))
        .collect();
    Ok(answer)
}

/// Servers of a resource: a number for all, or by name; one where not named.
fn servers_of(inputs: &Inputs<'_>, name: &str) -> Result<f64, Stop> {
    let rule = "a number, or an object of numbers by name";
    if !inputs.has("servers") {
        return Ok(1.0);
    }
    let servers = inputs.value("servers", rule)?;
    let found = match servers {
        Value::Object(by_name) => by_name.get(name).map_or(Some(1.0), Value::as_f64),
        other => other.as_f64(),
    };
    found.ok_or_else(|| inputs.wrong("servers", rule).into())
}

/// Demands by least squares, free and non-negative.
pub(super) fn demands(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (target_name, names) = (inputs.text("y")?, inputs.texts("x")?);
    let (columns, target) = rows(inputs, target_name, &names)?;
    let problem = Problem {
        columns: &columns,
        target: &target,
        intercept: match inputs.yes_or_no("intercept")? {
            true => Intercept::Fitted,
            false => Intercept::Zero,
        },
        weights: None,
    };
    let free = fit::least_squares(&problem).map_err(|it| unfitted(inputs, it))?;
    let clamped = fit::non_negative(&problem).map_err(|it| unfitted(inputs, it))?;
    let mut answer = json!({
        "coef": free.coefficients,
        "se": free.standard_errors,
        "r2": free.r_squared,
        "sigma": free.sigma,
        "nn_coef": clamped.coefficients,
        "not_identifiable": unknown(&problem, &names, &clamped.at_zero),
        "rows": target.len(),
    });
    if names.len() > 1 {
        answer["vif"] = json!(fit::inflation(&problem).ok());
    }
    Ok(answer)
}

/// Names of the columns whose demand is held at zero.
fn unknown<'a>(problem: &Problem<'_>, names: &[&'a str], at_zero: &[usize]) -> Vec<&'a str> {
    let shift = usize::from(problem.intercept == Intercept::Fitted);
    let places = at_zero.iter().filter_map(|it| it.checked_sub(shift));
    places.filter_map(|it| names.get(it).copied()).collect()
}

/// The named columns of the rows in which all of them are there.
fn rows(
    inputs: &Inputs<'_>,
    target: &str,
    names: &[&str],
) -> Result<(Vec<Vec<f64>>, Vec<f64>), Stop> {
    let rule = "a list of objects with the columns that x and y name";
    let data = inputs.value("data", rule)?.as_array();
    let data = data.ok_or_else(|| inputs.wrong("data", rule))?;
    let mut columns = vec![Vec::with_capacity(data.len()); names.len()];
    let mut targets = Vec::with_capacity(data.len());
    for (place, row) in data.iter().enumerate() {
        let row = row.as_object().ok_or_else(|| inputs.wrong("data", rule))?;
        let number = |name: &str| match row.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => Err(inputs.wrong(format!("data[{place}].{name}"), "a number")),
            },
        };
        let explained = number(target)?;
        let values: Vec<Option<f64>> = names
            .iter()
            .map(|it| number(it))
            .collect::<Result<_, _>>()?;
        let values: Option<Vec<f64>> = values.into_iter().collect();
        if let (Some(explained), Some(values)) = (explained, values) {
            targets.push(explained);
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(value);
            }
        }
    }
    Ok((columns, targets))
}

/// Too little data is a refusal; data of the wrong shape is wrong.
fn unfitted(inputs: &Inputs<'_>, error: FitError) -> Stop {
    let (code, record_next) = match error {
        FitError::TooFew { .. } => ("I2", "more rows, at different loads"),
        FitError::Dependent { .. } => ("I3", "rows in which the classes vary on their own"),
        FitError::TooLarge { rows, .. } => {
            return Stop::Unsolved(SolveError::TooLarge {
                what: "the number of rows",
                size: rows as f64,
                most: fit::MOST_ROWS,
            });
        }
        FitError::Shape { .. } | FitError::Number { .. } => {
            return Stop::Wrong(inputs.wrong("data", "finite numbers"));
        }
    };
    Stop::Refused(Refusal {
        code,
        why: error.to_string(),
        record_next: record_next.to_owned(),
    })
}

/// Stations by their demands, and a delay for what one customer alone leaves unexplained.
struct Calibrated {
    network: Network,
    demands: Vec<f64>,
    services: Vec<Service>,
    /// Share of the round that is not explained.
    hidden: f64,
}

fn calibrated(inputs: &Inputs<'_>, one: f64, demands: Vec<f64>) -> Result<Calibrated, Stop> {
    let services = inputs.services("m", demands.len())?;
    let known: f64 = demands.iter().sum();
    let round = 1.0 / one;
    if round < known * (1.0 - ROUND_TOLERANCE) {
        return Err(contradiction(format!(
            "one customer takes {round:.6} s, less than the {known:.6} s of its demands"
        )));
    }
    let hidden = (round - known).max(0.0);
    let pairs = demands.iter().zip(&services);
    Ok(Calibrated {
        network: Network {
            stations: pairs
                .map(|(demand, service)| Station {
                    demand_seconds: *demand,
                    speed: Speed::Plain(*service),
                })
                .collect(),
            think_seconds: hidden,
        },
        hidden: hidden / round,
        demands,
        services,
    })
}

/// Throughput for more customers, calibrated at one.
pub(super) fn closed(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let one = inputs.number("X1")?;
    if one <= 0.0 {
        return Err(inputs.wrong("X1", "more than zero").into());
    }
    let model = calibrated(inputs, one, inputs.numbers("D")?)?;
    let solutions = closed::solve_each(&model.network, &super::closed::populations(inputs)?)?;
    let rates: Vec<f64> = solutions.iter().map(|it| it.throughput).collect();
    let times = solutions
        .iter()
        .map(|it| it.response_seconds + model.network.think_seconds);
    let mut answer = json!({
        "X": rates,
        "Z": model.network.think_seconds,
        "hidden_share": model.hidden,
    });
    match model.hidden <= MOST_HIDDEN {
        true => answer["R"] = json!(times.collect::<Vec<f64>>()),
        // Throughput at the bottleneck is known all the same.
        false => answer["R_refused"] = json!("I6"),
    }
    Ok(answer)
}

/// Utilization for more customers, calibrated at one.
pub(super) fn utilizations(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let demands = inputs.numbers("D")?;
    let busy = inputs.numbers_like("U1", demands.len())?;
    let bottleneck = inputs.count("bottleneck")?;
    if bottleneck >= demands.len() {
        return Err(inputs.wrong("bottleneck", "the place of a station").into());
    }
    let services = inputs.services("m", demands.len())?;
    let each = |k: usize| demands[k] / services[k].divisor();
    // The rate at which the demands explain all utilizations best.
    let places = 0..demands.len();
    let both: f64 = places.clone().map(|k| each(k) * busy[k]).sum();
    let square: f64 = places.map(|k| each(k) * each(k)).sum();
    let one = both / square;
    if !(one.is_finite() && one > 0.0) {
        return Err(inputs
            .wrong("U1", "positive for a station with a demand")
            .into());
    }
    let model = calibrated(inputs, one, demands)?;
    let solutions = closed::solve_each(&model.network, &super::closed::populations(inputs)?)?;
    let at = |k: usize| -> Vec<f64> {
        let demand = model.demands[k] / model.services[k].divisor();
        solutions.iter().map(|it| it.throughput * demand).collect()
    };
    Ok(json!({
        "U_bottleneck": at(bottleneck),
        "U_cpu": at(0),
        "X": solutions.iter().map(|it| it.throughput).collect::<Vec<f64>>(),
        "Z": model.network.think_seconds,
    }))
}
