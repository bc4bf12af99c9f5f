//! Scaling laws.

use serde_json::json;

use super::inputs::Inputs;
use super::resource::refused;
use super::{Answer, CaseError};
use crate::solve::scaling::{self, Answer as Asked, Law};

fn told(law: &Law) -> Answer {
    vec![
        ("alpha", json!(law.alpha)),
        ("beta", json!(law.beta)),
        ("gamma", json!(law.gamma)),
        ("Npeak", json!(law.peak())),
        ("Xpeak", json!(law.peak().map(|it| law.at(it)))),
        ("limit", json!(law.limit())),
        ("Nopt", json!(law.optimum())),
    ]
}

pub(super) fn usl_fit(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let n = inputs.list("N")?;
    let fitted = scaling::fit_law(&n, &inputs.list("X")?)?;
    let law = &fitted.law;
    let mut answer = told(law);
    let at = |all: &[f64]| -> Vec<f64> { all.iter().map(|it| law.at(*it)).collect() };
    answer.extend([
        ("sigma", json!(fitted.sigma)),
        ("se", json!(fitted.errors)),
        ("at_bound", json!(fitted.at_bound)),
        ("fitted", json!(at(&n))),
        ("estimator", json!("least squares, scale profiled out")),
    ]);
    if let Some(wanted) = inputs.list_or_none("predict")? {
        answer.push(("pred", json!(at(&wanted))));
    }
    Ok(answer)
}

pub(super) fn usl_eval(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let law = Law {
        alpha: crate::solve::not_negative("alpha", inputs.number("alpha")?)?,
        beta: crate::solve::not_negative("beta", inputs.number("beta")?)?,
        gamma: crate::solve::positive("gamma", inputs.number_or("gamma", 1.0)?)?,
    };
    Ok(told(&law))
}

pub(super) fn usl_gcap(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let law = scaling::quadratic(&inputs.list("N")?, &inputs.list("X")?)?;
    Ok(vec![
        ("sigma", json!(law.alpha)),
        ("kappa", json!(law.beta)),
        ("Npeak", json!(law.peak())),
        (
            "estimator",
            json!("quadratic through deviations from linearity"),
        ),
    ])
}

pub(super) fn usl_norm(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let (capacity, efficiency) = scaling::relative(&inputs.list("N")?, &inputs.list("X")?)?;
    Ok(vec![("C", json!(capacity)), ("eff", json!(efficiency))])
}

pub(super) fn honesty(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let at = inputs.number("at")?;
    let answer = scaling::honest(&inputs.list("N")?, &inputs.list("X")?, at)?;
    Ok(match answer {
        Asked::Refused(refusal) => refused(&refusal),
        Asked::Interval(lo, point, hi) => vec![
            ("refused", json!(false)),
            ("lo", json!(lo)),
            ("X", json!(point)),
            ("hi", json!(hi)),
        ],
    })
}

pub(super) fn amdahl(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let processors = match inputs.has("k") {
        true => Some(inputs.number("k")?),
        false => None,
    };
    let times = scaling::amdahl(inputs.number("parallel")?, processors)?;
    // All of a program in parallel on infinitely many is infinitely fast, which is null.
    Ok(vec![("S", json!(times))])
}

pub(super) fn gustafson(inputs: &Inputs<'_>) -> Result<Answer, CaseError> {
    let times = scaling::gustafson(inputs.number("serial")?, inputs.number("k")?)?;
    Ok(vec![("S", json!(times))])
}
