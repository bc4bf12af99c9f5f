//! Models of how throughput grows.

use serde_json::{Value, json};

use super::inputs::Inputs;
use super::{Refusal, Stop};
use crate::solve::honesty::{self as honest, Answer};
use crate::solve::scaling::{self, Usl};
use crate::solve::{SolveError, usl};

fn measurements(inputs: &Inputs<'_>) -> Result<(Vec<f64>, Vec<f64>), Stop> {
    let n = inputs.numbers("N")?;
    let throughput = inputs.numbers("X")?;
    match throughput.len() == n.len() {
        true => Ok((n, throughput)),
        false => Err(inputs.wrong("X", "as many numbers as N").into()),
    }
}

/// Measurements that do not determine a law are refused, not wrong.
fn refused(error: SolveError) -> Stop {
    match error {
        SolveError::Undetermined(why) => Stop::Refused(Refusal {
            code: "I2",
            why: why.to_owned(),
            record_next: "throughput at six or more different N".to_owned(),
        }),
        other => Stop::Unsolved(other),
    }
}

/// The universal scalability law by least squares.
pub(super) fn fit(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (n, throughput) = measurements(inputs)?;
    let fit = usl::fit(&n, &throughput).map_err(refused)?;
    let law = &fit.usl;
    let errors = fit.errors.map(|it| [it.alpha, it.beta, it.gamma]);
    let bounds = fit.at_bound.iter().map(|it| it.name());
    let mut answer = json!({
        "alpha": law.alpha,
        "beta": law.beta,
        "gamma": law.gamma,
        "sigma": fit.sigma,
        "se": errors,
        "Npeak": law.peak(),
        "Xpeak": law.throughput(law.peak()),
        "limit": law.limit(),
        "Nopt": law.optimum(),
        "fitted": fit.fitted,
        "at_bound": bounds.collect::<Vec<&str>>(),
        "estimator": "least squares on throughput",
    });
    if inputs.has("predict") {
        let asked = inputs.numbers("predict")?;
        let predicted = asked.iter().map(|it| law.throughput(*it));
        answer["pred"] = json!(predicted.collect::<Vec<f64>>());
    }
    Ok(answer)
}

/// The law by its formulas.
pub(super) fn evaluate(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let law = Usl {
        alpha: inputs.number("alpha")?,
        beta: inputs.number("beta")?,
        gamma: inputs.number_or("gamma", 1.0)?,
    };
    law.check()?;
    Ok(json!({
        "Npeak": law.peak(),
        "Xpeak": law.throughput(law.peak()),
        "limit": law.limit(),
        "Nopt": law.optimum(),
    }))
}

/// The law by Gunther's quadratic.
pub(super) fn gunther(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (n, throughput) = measurements(inputs)?;
    let law = scaling::gunther(&n, &throughput).map_err(refused)?;
    Ok(json!({
        "sigma": law.alpha,
        "kappa": law.beta,
        "gamma": law.gamma,
        "Npeak": law.peak(),
        "estimator": "quadratic transform",
    }))
}

/// Throughput relative to that of one.
pub(super) fn relative(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (n, throughput) = measurements(inputs)?;
    let relative = scaling::relative(&n, &throughput)?;
    Ok(json!({
        "C": relative.iter().map(|it| it.capacity).collect::<Vec<f64>>(),
        "eff": relative.iter().map(|it| it.efficiency).collect::<Vec<f64>>(),
    }))
}

/// What measurements tell about another N.
pub(super) fn honesty(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let (n, throughput) = measurements(inputs)?;
    match honest::throughput(&n, &throughput, inputs.number("at")?)? {
        Answer::Between { lo, middle, hi } => Ok(json!({
            "refused": false,
            "lo": lo,
            "hi": hi,
            "X": middle,
            "level": honest::LEVEL,
        })),
        Answer::Refused(refusal) => Err(Stop::Refused(Refusal {
            code: refusal.code,
            why: refusal.why,
            record_next: refusal.record_next,
        })),
    }
}

/// Speed for a part that can be divided.
pub(super) fn amdahl(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let processors = match inputs.has("k") {
        true => Some(inputs.number("k")?),
        false => None,
    };
    Ok(json!({"S": scaling::amdahl(inputs.number("parallel")?, processors)?}))
}

/// How much more work is done in the same time.
pub(super) fn gustafson(inputs: &Inputs<'_>) -> Result<Value, Stop> {
    let times = scaling::gustafson(inputs.number("serial")?, inputs.number("k")?)?;
    Ok(json!({"S": times}))
}
