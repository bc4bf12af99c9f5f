//! Models of open stations and networks, and of what groups get of a processor.

use serde_json::{Value, json};

use super::Stop;
use super::inputs::Inputs;
use crate::solve::general::{self, Moments, Order};
use crate::solve::queue::{self, Limited, Load};
use crate::solve::{SolveError, cpu, deterministic, open, replica};

fn load(inputs: &Inputs<'_>) -> Result<Load, Stop> {
    Ok(Load {
        rate: inputs.number("lambda")?,
        service_seconds: inputs.number("S")?,
        servers: inputs.servers("c")?,
    })
}

fn steady(steady: &queue::Steady) -> Value {
    json!({
        "U": steady.utilization,
        "Wq": steady.wait_seconds,
        "R": steady.response_seconds,
        "Q": steady.present,
        "Lq": steady.waiting,
    })
}

/// Random arrivals, exponential service, `c` servers.
pub(super) fn mmc(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let solved = queue::many_servers(&load(inputs)?)?;
    let mut answer = steady(&solved);
    answer["C"] = json!(solved.wait_chance);
    Ok(answer)
}

/// The same with room for `K`.
pub(super) fn mmck(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let speed = inputs.number("mu")?;
    if speed <= 0.0 {
        return Err(inputs.wrong("mu", "more than zero").into());
    }
    let solved = queue::limited(&Limited {
        rate: inputs.number("lambda")?,
        service_seconds: 1.0 / speed,
        servers: inputs.servers("c")?,
        places: inputs.servers("K")?,
    })?;
    Ok(json!({
        "p0": solved.empty_chance,
        "pK": solved.full_chance,
        "Q": solved.present,
        "X": solved.throughput,
        "R": solved.response_seconds,
        "Wq": solved.wait_seconds,
        "U": solved.utilization,
    }))
}

/// Random arrivals at one server, first come first served; shared as `R_ps`.
pub(super) fn mg1(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (rate, service) = (inputs.number("lambda")?, inputs.number("S")?);
    let variability = inputs.number("cs2")?;
    let solved = general::single(rate, service, variability, Order::FirstCome)?;
    let shared = general::single(rate, service, variability, Order::Shared)?;
    let mut answer = steady(&solved);
    answer["R_ps"] = json!(shared.response_seconds);
    Ok(answer)
}

/// Random arrivals at one server that all share.
pub(super) fn mg1_shared(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (rate, service) = (inputs.number("lambda")?, inputs.number("S")?);
    Ok(steady(&general::single(rate, service, 1.0, Order::Shared)?))
}

/// Random arrivals, constant service times.
pub(super) fn mdc(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    Ok(steady(&deterministic::solve(&load(inputs)?)?))
}

fn moments(inputs: &Inputs<'_>) -> Result<Moments, Stop> {
    Ok(Moments {
        load: load(inputs)?,
        arrival_variability: inputs.number("ca2")?,
        service_variability: inputs.number("cs2")?,
    })
}

/// Any arrivals and service times by two moments.
pub(super) fn ggc(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let waits = general::many(&moments(inputs)?)?;
    Ok(json!({
        "Wq_whitt": waits.whitt_seconds,
        "Wq_allen_cunneen": waits.allen_cunneen_seconds,
        "Wq_kimura": waits.kimura_seconds,
    }))
}

/// The best that is known of the same.
pub(super) fn ggc_best(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let best = general::best(&moments(inputs)?)?;
    Ok(json!({"Wq": best.wait_seconds, "method": best.method}))
}

/// Servers of unequal speed.
pub(super) fn unequal(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let solved = queue::unequal(inputs.number("lambda")?, &inputs.numbers("mus")?)?;
    Ok(json!({
        "U": solved.utilization,
        "Q": solved.present,
        "R": solved.response_seconds,
        "Q_random": solved.present_at_random,
        "U_random": solved.utilizations_at_random,
    }))
}

/// Failures that come again.
pub(super) fn feedback(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (rate, service) = (inputs.number("lambda")?, inputs.number("S")?);
    let solved = queue::feedback(rate, service, inputs.number("p_retry")?)?;
    Ok(json!({
        "visits": solved.visits,
        "U": solved.utilization,
        "R": solved.response_seconds,
        "Q": solved.present,
    }))
}

/// One class through stations with visits and service times.
pub(super) fn single_class(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let rate = inputs.number("lambda")?;
    let visits = inputs.numbers("V")?;
    let services = inputs.numbers_like("S", visits.len())?;
    let demands: Vec<f64> = visits.iter().zip(&services).map(|(v, s)| v * s).collect();
    let solved = open::solve(&open::Network {
        rates: vec![rate],
        demands_seconds: vec![demands],
        services: inputs.services("m", visits.len())?,
    })?;
    let times = solved
        .responses_seconds
        .first()
        .cloned()
        .unwrap_or_default();
    let pairs = times.iter().zip(&visits).zip(&services);
    let visit = pairs.map(|((time, visits), service)| match *visits > 0.0 {
        true => time / visits,
        false => *service,
    });
    Ok(json!({
        "U": solved.station_utilizations,
        "X": visits.iter().map(|it| rate * it).collect::<Vec<f64>>(),
        "Rvisit": visit.collect::<Vec<f64>>(),
        "Rk": times,
        "Q": solved.station_present,
        "R": times.iter().sum::<f64>(),
        "N": solved.station_present.iter().sum::<f64>(),
    }))
}

/// Several classes.
pub(super) fn classes(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let demands = inputs.even_table("D")?;
    let stations = demands.first().map_or(0, Vec::len);
    let solved = open::solve(&open::Network {
        rates: inputs.numbers_like("lambda", demands.len())?,
        services: inputs.services("m", stations)?,
        demands_seconds: demands,
    })?;
    Ok(json!({
        "U": solved.utilizations,
        "R": solved.responses_seconds,
        "Q": solved.present,
        "Ustation": solved.station_utilizations,
        "Qstation": solved.station_present,
        "Rclass": solved.class_responses_seconds,
    }))
}

/// Stations between which customers go by chance.
pub(super) fn routed(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let arrivals = inputs.numbers("lambda0")?;
    let stations = arrivals.len();
    let solved = open::routed(&open::Routed {
        arrivals,
        routing: inputs.table("P")?,
        service_seconds: inputs.numbers_like("S", stations)?,
        services: inputs.services("m", stations)?,
    })?;
    Ok(json!({
        "lam": solved.rates,
        "U": solved.utilizations,
        "Q": solved.present,
        "Rvisit": solved.visit_seconds,
        "R": solved.response_seconds,
    }))
}

/// A share of the load to each of two stations.
pub(super) fn split(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let services = inputs.numbers("S")?;
    let [first, second] = services[..] else {
        return Err(inputs.wrong("S", "two service times").into());
    };
    let two = replica::Two {
        rate: inputs.number("lambda")?,
        service_seconds: [first, second],
    };
    let shares = replica::Shares {
        first: inputs.number("f0")?,
        end: inputs.number("f1")?,
        step: inputs.number("step")?,
    };
    let best = replica::split(&two, &shares)?;
    let of_all = replica::best_split(&two)?;
    Ok(json!({
        "f": best.share,
        "R": best.response_seconds,
        "f_best": of_all.share,
        "R_best": of_all.response_seconds,
    }))
}

/// Groups that share a processor by weight, all of them busy.
pub(super) fn shares(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let rule = "pairs of weight and number";
    let groups: Option<Vec<(f64, f64)>> = inputs
        .table("groups")?
        .iter()
        .map(|row| match row[..] {
            [weight, members] => Some((weight, members)),
            _ => None,
        })
        .collect();
    let groups = groups.ok_or_else(|| inputs.wrong("groups", rule))?;
    let work = inputs.number("cpu_time")?;
    if work <= 0.0 {
        let (what, rule) = ("cpu_time", "more than zero");
        let value = work;
        return Err(SolveError::Input { what, rule, value }.into());
    }
    let entitlements = cpu::entitlements(&groups)?;
    let times: Vec<f64> = entitlements.iter().map(|it| work / it).collect();
    Ok(json!({
        "entitlement": entitlements,
        "X_per_hour": times.iter().map(|it| 3600.0 / it).collect::<Vec<f64>>(),
        "R": times,
    }))
}
