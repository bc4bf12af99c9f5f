//! Open stations and networks.

use serde_json::json;

use super::inputs::Inputs;
use super::{Answer, CaseError};
use crate::solve::SolveError;
use crate::solve::general::{self, Station};
use crate::solve::open::{self, Point};

fn answered(point: &Point) -> Answer {
    vec![
        ("U", json!(point.utilization)),
        ("C", json!(point.waits)),
        ("Wq", json!(point.wait_s)),
        ("R", json!(point.response_s)),
        ("Q", json!(point.present)),
        ("Lq", json!(point.waiting)),
    ]
}

pub(super) fn mmc(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (rate, service_s) = (inputs.number("lambda")?, inputs.number("S")?);
    let point = open::exponential(rate, service_s, inputs.servers("c")?)?;
    Ok(answered(&point))
}

pub(super) fn mmck(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (rate, speed) = (inputs.number("lambda")?, inputs.number("mu")?);
    let room = inputs.count("K", 10_000_000)?;
    let point = open::finite(rate, speed, inputs.servers("c")?, room)?;
    Ok(vec![
        ("p0", json!(point.empty)),
        ("pK", json!(point.full)),
        ("Q", json!(point.present)),
        ("X", json!(point.throughput)),
        ("R", json!(point.response_s)),
        ("Wq", json!(point.wait_s)),
        ("U", json!(point.utilization)),
    ])
}

pub(super) fn mg1(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (rate, service_s) = (inputs.number("lambda")?, inputs.number("S")?);
    Ok(answered(&general::single(
        rate,
        service_s,
        inputs.number("cs2")?,
    )?))
}

pub(super) fn mg1_ps(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (rate, service_s) = (inputs.number("lambda")?, inputs.number("S")?);
    Ok(answered(&general::shared(rate, service_s)?))
}

pub(super) fn mdc(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (rate, service_s) = (inputs.number("lambda")?, inputs.number("S")?);
    let point = general::constant(rate, service_s, inputs.servers("c")?)?;
    let known = answered(&point).into_iter();
    // Whether one must wait is not what the method gives.
    Ok(known.filter(|it| it.0 != "C").collect())
}

fn station(inputs: &Inputs<'_>) -> Result<Station, CaseError> {
    Ok(Station {
        rate: inputs.number("lambda")?,
        service_s: inputs.number("S")?,
        servers: inputs.servers("c")?,
        arrivals: inputs.number("ca2")?,
        services: inputs.number("cs2")?,
    })
}

pub(super) fn ggc(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let station = station(inputs)?;
    let kimura = match general::kimura(&station) {
        Ok(wait_s) => json!(wait_s),
        Err(SolveError::Undetermined(_)) => json!(null),
        Err(error) => return Err(error.into()),
    };
    Ok(vec![
        ("Wq_whitt", json!(general::whitt(&station)?)),
        ("Wq_allen_cunneen", json!(general::allen_cunneen(&station)?)),
        ("Wq_kimura", kimura),
    ])
}

pub(super) fn ggc_best(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let station = station(inputs)?;
    let wait_s = general::best(&station)?;
    let point = Point::of(
        station.rate,
        station.service_s,
        station.servers as f64,
        (f64::NAN, wait_s),
    );
    let known = answered(&point).into_iter();
    Ok(known.filter(|it| it.0 != "C").collect())
}

pub(super) fn asym(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let point = open::unequal(inputs.number("lambda")?, &inputs.list("mus")?)?;
    Ok(answered(&point))
}

pub(super) fn feedback(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (rate, service_s) = (inputs.number("lambda")?, inputs.number("S")?);
    let point = open::feedback(rate, service_s, inputs.number("p_retry")?)?;
    Ok(vec![
        ("visits", json!(point.visits)),
        ("U", json!(point.utilization)),
        ("R", json!(point.response_s)),
        ("Q", json!(point.present)),
    ])
}

pub(super) fn single(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let rate = inputs.number("lambda")?;
    let point = open::single(rate, &inputs.list("V")?, &inputs.list("S")?)?;
    Ok(vec![
        ("N", json!(point.present.iter().sum::<f64>())),
        ("U", json!(point.utilization)),
        ("X", json!(point.throughput)),
        ("Rvisit", json!(point.visit_s)),
        ("Q", json!(point.present)),
        ("R", json!(point.response_s)),
    ])
}

pub(super) fn multi(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let point = open::several(&inputs.list("lambda")?, &inputs.matrix("D")?)?;
    Ok(vec![
        ("Ustation", json!(down(&point.utilization))),
        ("Qstation", json!(down(&point.present))),
        ("Rclass", json!(across(&point.residence_s))),
        ("U", json!(point.utilization)),
        ("R", json!(point.residence_s)),
        ("Q", json!(point.present)),
    ])
}

/// Sums over classes, a station each.
pub(super) fn down(rows: &[Vec<f64>]) -> Vec<f64> {
    let stations = rows.first().map_or(0, Vec::len);
    (0..stations)
        .map(|k| rows.iter().map(|row| row[k]).sum())
        .collect()
}

/// Sums over stations, a class each.
pub(super) fn across(rows: &[Vec<f64>]) -> Vec<f64> {
    rows.iter().map(|row| row.iter().sum()).collect()
}

pub(super) fn network(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let servers = inputs.counts("m", crate::solve::SERVERS_MAX)?;
    let (arrivals, routing) = (inputs.list("lambda0")?, inputs.matrix("P")?);
    let point = open::routed(&arrivals, &routing, &inputs.list("S")?, &servers)?;
    Ok(vec![
        ("lam", json!(point.throughput)),
        ("U", json!(point.utilization)),
        ("Q", json!(point.present)),
        ("R", json!(point.response_s)),
    ])
}

pub(super) fn split(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let times = inputs.list("S")?;
    let [first, second] = times.as_slice() else {
        return Err(inputs.wrong("S", "want two service times"));
    };
    let grid = (
        inputs.number("f0")?,
        inputs.number("f1")?,
        inputs.number("step")?,
    );
    let (share, response_s) = open::split(inputs.number("lambda")?, [*first, *second], grid)?;
    Ok(vec![("f", json!(share)), ("R", json!(response_s))])
}
