//! Models by name: a case in, an answer out, as `kymo whatif solve` does it.
//!
//! A case is `{"model": NAME, "inputs": {…}}`; the answer is an object with everything
//! that the model knows. Infinities and what does not exist are `null`. A question that
//! the data cannot carry is refused: `{"refused": true, "code": "I5", "why": …,
//! "record_next": …}`.
//!
//! * Never: reads a file; believes a size before it was looked at.
//!
//! Start at [`solve`] and [`MODELS`].

use serde_json::{Map, Value};

use crate::solve::SolveError;

mod closed;
mod data;
mod inputs;
mod open;
mod resource;
mod scaling;

use inputs::Inputs;

/// Bytes of a case, at most.
pub const TEXT_MAX_BYTES: usize = 64 << 20;

/// Why a case has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It is no case.
    #[error("it is no case: {0}")]
    Text(String),
    /// There is no such model.
    #[error("there is no model {0:?}; there are {known}", known = names())]
    Model(String),
    /// An input is missing or of another sort.
    #[error("input {name}: {why}")]
    Input {
        /// Which.
        name: String,
        /// What is wrong, and what is wanted.
        why: String,
    },
    /// The model has no answer.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

/// One model.
#[derive(Clone, Copy)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// Its inputs, those in brackets optional.
    pub inputs: &'static str,
    solve: fn(&Inputs<'_>) -> Result<Answer, CaseError>,
}

/// What a model answers: name and value, in order.
type Answer = Vec<(&'static str, Value)>;

/// Every model. Add yours here.
#[rustfmt::skip]
pub const MODELS: &[Model] = &[
    Model { name: "operational", inputs: "T B C; or Uk X; or D; or N R [Z]", solve: data::operational },
    Model { name: "consistency", inputs: "T busy C [servers]", solve: data::consistency },
    Model { name: "demand_ls", inputs: "y x intercept data", solve: data::demand },
    Model { name: "mmc", inputs: "lambda S c", solve: open::mmc },
    Model { name: "mmck", inputs: "lambda mu c K", solve: open::mmck },
    Model { name: "mg1", inputs: "lambda S cs2", solve: open::mg1 },
    Model { name: "mg1_ps", inputs: "lambda S", solve: open::mg1_ps },
    Model { name: "mdc", inputs: "lambda S c", solve: open::mdc },
    Model { name: "ggc", inputs: "lambda S c ca2 cs2", solve: open::ggc },
    Model { name: "ggc_vs_exact", inputs: "lambda S c ca2 cs2", solve: open::ggc_best },
    Model { name: "asym_mmm", inputs: "lambda mus", solve: open::asym },
    Model { name: "feedback", inputs: "lambda S p_retry", solve: open::feedback },
    Model { name: "open_single", inputs: "lambda V S", solve: open::single },
    Model { name: "open_multi", inputs: "lambda D", solve: open::multi },
    Model { name: "open_mmc_network", inputs: "lambda0 P S m", solve: open::network },
    Model { name: "split_opt", inputs: "lambda S f0 f1 step", solve: open::split },
    Model { name: "closed", inputs: "N or Ns, D [m] [Z] [V]", solve: closed::closed },
    Model { name: "closed_ld", inputs: "N V S [Z]", solve: closed::dependent },
    Model { name: "closed_multi", inputs: "N D [Z] [m]", solve: closed::multi },
    Model { name: "schweitzer", inputs: "N D [Z] [m]", solve: closed::schweitzer },
    Model { name: "linearizer", inputs: "N D [Z] [m]", solve: closed::linearizer },
    Model { name: "mixed", inputs: "lambda Dopen N Dclosed [Z]", solve: closed::mixed },
    Model { name: "bounds", inputs: "N D [Z]", solve: closed::bounds },
    Model { name: "containment", inputs: "Ns D lower upper [Z]", solve: closed::containment },
    Model { name: "pool", inputs: "N m S [Z]", solve: closed::pool },
    Model { name: "real_closed", inputs: "D X1 Ns", solve: closed::real },
    Model { name: "real_util", inputs: "D U1 bottleneck Ns", solve: closed::real_utilization },
    Model { name: "shares", inputs: "groups cpu_time", solve: resource::shares },
    Model { name: "cpu_capacity", inputs: "cores [cpuset] [quota period] [weight weights] [others] [steal]", solve: resource::capacity },
    Model { name: "quota_stall", inputs: "work quota period", solve: resource::stall },
    Model { name: "disk", inputs: "iops in_flight", solve: resource::disk },
    Model { name: "cache", inputs: "trace sizes [warm] [rate]; or popularity sizes", solve: resource::cache },
    Model { name: "cache_backend", inputs: "D hit hit_after", solve: resource::backend },
    Model { name: "rate_limit", inputs: "lambda limit [burst] [D] [D_reject] T", solve: resource::rate_limit },
    Model { name: "retries", inputs: "lambda S c timeout retry", solve: resource::retries },
    Model { name: "batch_shift", inputs: "busy job [rows]", solve: resource::batch },
    Model { name: "usl_fit", inputs: "N X [predict]", solve: scaling::usl_fit },
    Model { name: "usl_eval", inputs: "alpha beta [gamma]", solve: scaling::usl_eval },
    Model { name: "usl_gcap", inputs: "N X", solve: scaling::usl_gcap },
    Model { name: "usl_norm", inputs: "N X", solve: scaling::usl_norm },
    Model { name: "honesty", inputs: "N X at", solve: scaling::honesty },
    Model { name: "amdahl", inputs: "parallel [k]", solve: scaling::amdahl },
    Model { name: "gustafson", inputs: "serial k", solve: scaling::gustafson },
];

/// Names of all models.
fn names() -> String {
    let names: Vec<&str> = MODELS.iter().map(|it| it.name).collect();
    names.join(", ")
}

/// Solves a case.
///
/// # Errors
///
/// [`CaseError`]: text that is no case, a model that is not there, inputs that are missing
/// or are none.
pub fn solve(text: &str) -> Result<Value, CaseError> {
    if text.len() > TEXT_MAX_BYTES {
        return Err(CaseError::Text(format!("it has {} bytes", text.len())));
    }
    let case: Value =
        serde_json::from_str(text).map_err(|error| CaseError::Text(error.to_string()))?;
    let field = |name: &str| {
        let found = case.get(name);
        found.ok_or_else(|| CaseError::Text(format!("it has no field {name:?}")))
    };
    let name = field("model")?;
    let name = name
        .as_str()
        .ok_or_else(|| CaseError::Text("its model is no text".to_owned()))?;
    let inputs = field("inputs")?;
    let inputs = inputs
        .as_object()
        .ok_or_else(|| CaseError::Text("its inputs are no object".to_owned()))?;
    let model = MODELS
        .iter()
        .find(|it| it.name == name)
        .ok_or_else(|| CaseError::Model(name.to_owned()))?;
    let answer = (model.solve)(&Inputs::of(inputs))?;
    let fields = answer
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(Value::Object(fields.collect::<Map<String, Value>>()))
}

#[cfg(test)]
mod tests;
