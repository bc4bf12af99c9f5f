//! Models by name: a case in, an answer out.
//!
//! A case is a JSON object with the name of a model and its inputs; the answer is a JSON
//! object with everything that the model says. What cannot be told from the inputs is
//! refused in the same shape, with what to record next.
//!
//! * [`MODELS`]: the list; a model is one function.
//! * In: `{"model": …, "inputs": {…}}`. Out: the answer, or an error that names the input.
//! * Never: reads a file, answers for numbers that contradict themselves.
//!
//! Start at [`solve`].

mod closed;
mod inputs;
mod measured;
mod open;
mod resources;
mod scaling;

use serde_json::{Value, json};

use crate::solve::SolveError;
use inputs::Inputs;

/// Bytes of a case, at most.
pub const MOST_BYTES: usize = 32 << 20;

/// Why a case has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// More text than is read.
    #[error("a case of {bytes} bytes is larger than {MOST_BYTES}")]
    TooLong {
        /// Its size.
        bytes: usize,
    },
    /// Not a JSON object with a model and inputs.
    #[error("could not read the case: {why}")]
    NotACase {
        /// What is wrong with it.
        why: String,
    },
    /// A model that is not there.
    #[error("there is no model {found:?}; there are {}", known())]
    Model {
        /// The name given.
        found: String,
    },
    /// An input that is missing or has the wrong shape.
    #[error("model {model} needs input {field}: {rule}")]
    Input {
        /// The model.
        model: &'static str,
        /// The field.
        field: String,
        /// What it must be.
        rule: &'static str,
    },
    /// Inputs that the model has no answer for.
    #[error("could not solve model {model}")]
    Solve {
        /// The model.
        model: &'static str,
        /// Why.
        #[source]
        source: SolveError,
    },
}

impl CaseError {
    /// Whether a bound was exceeded, rather than anything wrong with the case.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::TooLong { .. }
                | Self::Solve {
                    source: SolveError::TooLarge { .. },
                    ..
                }
        )
    }
}

/// The names of all models.
fn known() -> String {
    let names: Vec<&str> = MODELS.iter().map(|it| it.name).collect();
    names.join(", ")
}

/// Why a model function stops.
enum Stop {
    /// The case is wrong.
    Wrong(CaseError),
    /// The numbers have no answer.
    Unsolved(SolveError),
    /// The answer is that there is none.
    Refused(Refusal),
}

impl From<SolveError> for Stop {
    fn from(error: SolveError) -> Self {
        Self::Unsolved(error)
    }
}

impl From<CaseError> for Stop {
    fn from(error: CaseError) -> Self {
        Self::Wrong(error)
    }
}

/// What cannot be told from the inputs.
struct Refusal {
    code: &'static str,
    why: String,
    record_next: String,
}

impl Refusal {
    fn value(&self) -> Value {
        json!({
            "refused": true,
            "code": self.code,
            "why": self.why,
            "record_next": self.record_next,
        })
    }
}

/// A model that can be asked for by name.
#[derive(Clone, Copy)]
pub struct Model {
    /// Its name in cases.
    pub name: &'static str,
    /// Its inputs, those in brackets may be missing.
    pub inputs: &'static str,
    answer: fn(&Inputs<'_>) -> Result<Value, Stop>,
}

macro_rules! model {
    ($name:literal, $inputs:literal, $answer:path) => {
        Model {
            name: $name,
            inputs: $inputs,
            answer: $answer,
        }
    };
}

/// Every model. Add yours here.
pub const MODELS: &[Model] = &[
    model!(
        "operational",
        "T B C [m] | Uk X | D | N R [Z]",
        measured::operational
    ),
    model!("consistency", "T busy C [servers]", measured::consistency),
    model!("mmc", "lambda S c", open::mmc),
    model!("mmck", "lambda mu c K", open::mmck),
    model!("mg1", "lambda S cs2", open::mg1),
    model!("mg1_ps", "lambda S", open::mg1_shared),
    model!("mdc", "lambda S c", open::mdc),
    model!("ggc", "lambda S c ca2 cs2", open::ggc),
    model!("ggc_vs_exact", "lambda S c ca2 cs2", open::ggc_best),
    model!("asym_mmm", "lambda mus", open::unequal),
    model!("feedback", "lambda S p_retry", open::feedback),
    model!("open_single", "lambda V S [m]", open::single_class),
    model!("open_multi", "lambda D [m]", open::classes),
    model!("open_mmc_network", "lambda0 P S m", open::routed),
    model!("split_opt", "lambda S f0 f1 step", open::split),
    model!("closed", "N | Ns, D [m] [Z] [V]", closed::single_class),
    model!("closed_ld", "N V S [Z]", closed::load_dependent),
    model!("closed_multi", "N D [Z] [m]", closed::classes),
    model!("schweitzer", "N D [Z] [m]", closed::schweitzer),
    model!("linearizer", "N D [Z] [m]", closed::linearizer),
    model!("mixed", "lambda Dopen N Dclosed [Z] [m]", closed::mixed),
    model!("bounds", "N D [Z]", closed::bounds),
    model!("containment", "Ns D lower upper [Z]", closed::containment),
    model!("pool", "N m S [Z]", closed::pool),
    model!("shares", "groups cpu_time", open::shares),
    model!(
        "cpu_capacity",
        "cores [cpuset] [quota period] [weight weights] [others] [steal]",
        resources::capacity
    ),
    model!("quota_stall", "work quota period", resources::stall),
    model!("disk", "iops in_flight", resources::disk),
    model!(
        "network",
        "bytes bandwidth [rtt] [transfers]",
        resources::network
    ),
    model!(
        "cache",
        "trace sizes [warm] [rate]; or popularity sizes",
        resources::cache
    ),
    model!("cache_backend", "D hit hit_after", resources::backend),
    model!(
        "rate_limit",
        "lambda limit T [burst] [D] [D_reject] [c]",
        resources::rate_limit
    ),
    model!(
        "retries",
        "lambda S c timeout retry [most]",
        resources::retries
    ),
    model!("batch_shift", "busy job [rows]", resources::batch),
    model!("usl_fit", "N X [predict]", scaling::fit),
    model!("usl_eval", "alpha beta [gamma]", scaling::evaluate),
    model!("usl_gcap", "N X", scaling::gunther),
    model!("usl_norm", "N X", scaling::relative),
    model!("honesty", "N X at", scaling::honesty),
    model!("amdahl", "parallel [k]", scaling::amdahl),
    model!("gustafson", "serial k", scaling::gustafson),
    model!("demand_ls", "y x intercept data", measured::demands),
    model!("real_closed", "D X1 Ns [m]", measured::closed),
    model!(
        "real_util",
        "D U1 bottleneck Ns [m]",
        measured::utilizations
    ),
];

/// Answers a case.
///
/// The answer is an object whose fields the model names; a refusal has the fields
/// `refused`, `code`, `why` and `record_next`.
///
/// # Errors
///
/// [`CaseError`] for text that is no case, an unknown model, inputs that are missing, and
/// numbers that the model has no meaning for.
pub fn solve(text: &str) -> Result<Value, CaseError> {
    if text.len() > MOST_BYTES {
        return Err(CaseError::TooLong { bytes: text.len() });
    }
    let not_a_case = |why: String| CaseError::NotACase { why };
    let case: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|it| not_a_case(it.to_string()))?;
    let name = case.get("model").and_then(Value::as_str);
    let name = name.ok_or_else(|| not_a_case("it has no text \"model\"".to_owned()))?;
    let inputs = case.get("inputs").and_then(Value::as_object);
    let inputs = inputs.ok_or_else(|| not_a_case("it has no object \"inputs\"".to_owned()))?;
    let Some(model) = MODELS.iter().find(|it| it.name == name) else {
        return Err(CaseError::Model {
            found: name.chars().take(100).collect(),
        });
    };
    let inputs = Inputs::new(model.name, inputs);
    match (model.answer)(&inputs) {
        Ok(answer) => Ok(answer),
        Err(Stop::Refused(refusal)) => Ok(refusal.value()),
        Err(Stop::Unsolved(error @ SolveError::Unstable { .. })) => Ok(overload(&error).value()),
        Err(Stop::Unsolved(source)) => Err(CaseError::Solve {
            model: model.name,
            source,
        }),
        Err(Stop::Wrong(error)) => Err(error),
    }
}

/// Load above capacity has bounds, but no steady state.
fn overload(error: &SolveError) -> Refusal {
    Refusal {
        code: "I5",
        why: error.to_string(),
        record_next: "a load below capacity, or the time that the overload lasts".to_owned(),
    }
}
