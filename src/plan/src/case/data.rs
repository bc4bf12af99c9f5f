//! Laws on what was measured, and demands by least squares.

use serde_json::{Value, json};

use super::inputs::Inputs;
use super::{Answer, CaseError};
use crate::fit;
use crate::solve::SolveError;
use crate::solve::operational::{self, Watched};

pub(super) fn operational(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    if inputs.has("T") {
        let found = operational::measured(&Watched {
            interval_s: inputs.number("T")?,
            busy_s: inputs.number("B")?,
            completed: inputs.number("C")?,
        })?;
        return Ok(vec![
            ("S", json!(found.service_s)),
            ("U", json!(found.utilization)),
            ("X", json!(found.throughput)),
        ]);
    }
    if inputs.has("Uk") {
        let demands = operational::demands(&inputs.list("Uk")?, inputs.number("X")?)?;
        let (place, most) = operational::bottleneck(&demands)?;
        return Ok(vec![
            ("D", json!(demands)),
            ("Xmax", json!(most)),
            ("bottleneck", json!(place)),
        ]);
    }
    if inputs.has("D") {
        let (place, most) = operational::bottleneck(&inputs.list("D")?)?;
        return Ok(vec![("Xmax", json!(most)), ("bottleneck", json!(place))]);
    }
    let think_s = inputs.number_or("Z", 0.0)?;
    let x = operational::throughput(inputs.number("N")?, inputs.number("R")?, think_s)?;
    Ok(vec![("X", json!(x))])
}

pub(super) fn consistency(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let servers = match inputs.has("servers") {
        true => inputs.named("servers")?,
        false => Vec::new(),
    };
    let of = |name: &str| {
        let known = servers.iter().find(|it| it.0 == name);
        known.map_or(1.0, |it| it.1)
    };
    let busy = inputs.named("busy")?.into_iter();
    let busy: Vec<(String, f64, f64)> = busy
        .map(|(name, busy_s)| {
            let servers = of(&name);
            (name, busy_s, servers)
        })
        .collect();
    let offenders = operational::offenders(inputs.number("T")?, &busy)?;
    Ok(vec![
        ("rejected", json!(!offenders.is_empty())),
        ("offenders", json!(offenders)),
    ])
}

pub(super) fn demand(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let target = inputs.text("y")?;
    let names = inputs.names("x")?;
    let constant = inputs.flag("intercept")?;
    let (mut rows, mut y) = (Vec::new(), Vec::new());
    for row in inputs.array("data")? {
        let of = |name: &str| {
            let value = row.get(name).and_then(Value::as_f64);
            value.ok_or_else(|| inputs.wrong("data", &format!("a row has no number {name:?}")))
        };
        let own: Result<Vec<f64>, CaseError> = names.iter().map(|it| of(it)).collect();
        let lead = constant.then_some(1.0);
        rows.push(lead.into_iter().chain(own?).collect::<Vec<f64>>());
        y.push(of(target)?);
    }
    let found = fit::ordinary(&rows, &y).ok_or_else(|| {
        SolveError::Undetermined("the columns do not determine their coefficients".to_owned())
    })?;
    let mut answer = vec![
        ("coef", json!(found.coefficients)),
        ("se", json!(found.errors)),
        ("r2", json!(found.r2)),
        ("sigma", json!(found.sigma)),
        ("nn_coef", json!(fit::non_negative(&rows, &y))),
    ];
    if names.len() > 1 {
        let own = rows.iter().map(|row| row[usize::from(constant)..].to_vec());
        let own: Vec<Vec<f64>> = own.collect();
        answer.push(("vif", json!(fit::inflation(&own))));
        answer.push(("condition", json!(fit::condition(&own))));
    }
    Ok(answer)
}
