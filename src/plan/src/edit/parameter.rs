//! The fields of each kind of action, with units and ranges.
//!
//! One table tells for every kind which fields it has and where they stand in it; reading,
//! writing and drawing them needs no knowledge of the kind. Ranges are those of
//! [`model::plan::check`].
//!
//! Start at [`parameters`] and [`set`].

mod field;

use model::plan::action::{Kind, cores};
use model::text::near::nearest;

use field::fields;

/// Beginning of the names of the shares of a mix; the operation follows.
const SHARE: &str = "share:";

/// Operations of a mix.
const SHARES_MOST: usize = 256;

/// A field as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in files; of a part of a part with a point, such as `process.pid`.
    pub name: String,
    /// UCUM code; empty for texts and switches.
    pub unit: &'static str,
    /// What it may be.
    pub range: Range,
    /// What it is.
    pub value: Value,
}

/// What a field may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// A number.
    Number {
        /// The least.
        from: f64,
        /// The most.
        to: f64,
        /// What one notch of a slider or press of a key moves it by.
        step: f64,
        /// How a slider is drawn.
        scale: Scale,
        /// Whether it may be [`Value::Open`].
        can_be_open: bool,
    },
    /// Text of at most so many bytes.
    Text(usize),
    /// A list of cores such as `0-3,6`.
    Cores,
    /// One of these.
    Choice(&'static [&'static str]),
    /// On or off.
    Switch,
}

/// How a slider is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    Linear,
    /// Equal ratios.
    Logarithmic,
}

/// What a field is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A text, a list of cores or a choice.
    Text(String),
    /// A switch.
    Switch(Switch),
    /// No number: no limit, or left as it is.
    Open,
}

/// A switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Set.
    On,
    /// Not set.
    Off,
}

/// Why a field cannot be set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// The kind has no such field.
    #[error("{kind} has no {name:?}{hint}")]
    NotThere {
        /// The kind.
        kind: &'static str,
        /// The name.
        name: String,
        /// A near name, or nothing.
        hint: String,
    },
    /// The value is none for it.
    #[error("{name}: want {want}")]
    Wrong {
        /// The name.
        name: String,
        /// What it may be.
        want: String,
    },
}

/// The fields of a kind, in the order of its declaration.
pub fn parameters(kind: &Kind) -> Vec<Parameter> {
    let mut kind = kind.clone();
    let fields = fields(&mut kind).into_iter();
    fields
        .map(|field| Parameter {
            value: field.slot.get(),
            name: field.name,
            unit: field.unit,
            range: field.range,
        })
        .collect()
}

/// Sets one field.
///
/// The shares of a mix are named `share:OPERATION`: a new one is added by being set, and
/// one that is set to [`Value::Open`] goes.
///
/// # Errors
///
/// [`ParameterError`]; the kind is as it was then.
pub fn set(kind: &mut Kind, name: &str, value: &Value) -> Result<(), ParameterError> {
    if let (Kind::MixChange { shares }, Some(operation)) = (&mut *kind, name.strip_prefix(SHARE)) {
        return set_share(shares, operation, value);
    }
    let owner = kind.name();
    let mut fields = fields(kind);
    let Some(place) = fields.iter().position(|it| it.name == name) else {
        let names: Vec<&str> = fields.iter().map(|it| it.name.as_str()).collect();
        let near = nearest(name, &names);
        let hint = near
            .first()
            .map_or(String::new(), |it| format!("; did you mean {it:?}?"));
        return Err(ParameterError::NotThere {
            kind: owner,
            name: name.to_owned(),
            hint,
        });
    };
    let field = fields.swap_remove(place);
    let fits = field.range.holds(value) && field.slot.set(value).is_some();
    if fits {
        return Ok(());
    }
    Err(ParameterError::Wrong {
        name: name.to_owned(),
        want: field.range.told(field.unit),
    })
}

fn set_share(
    shares: &mut Vec<(String, f64)>,
    operation: &str,
    value: &Value,
) -> Result<(), ParameterError> {
    let wrong = |want: &str| ParameterError::Wrong {
        name: format!("{SHARE}{operation}"),
        want: want.to_owned(),
    };
    let place = shares.iter().position(|(name, _)| name == operation);
    match (value, place) {
        (Value::Open, Some(place)) => {
            shares.remove(place);
        }
        (Value::Open, None) => {}
        (Value::Number(share), _) if !(0.0..=1.0).contains(share) => {
            return Err(wrong("0 to 1"));
        }
        (Value::Number(share), Some(place)) => shares[place].1 = *share,
        (Value::Number(_), None) if operation.is_empty() => {
            return Err(wrong("the name of an operation"));
        }
        (Value::Number(_), None) if shares.len() >= SHARES_MOST => {
            return Err(wrong("no further operation"));
        }
        (Value::Number(share), None) => shares.push((operation.to_owned(), *share)),
        _ => return Err(wrong("a number")),
    }
    Ok(())
}

impl Range {
    /// Whether a value is within.
    pub fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Number { from, to, .. }, Value::Number(it)) => (*from..=*to).contains(it),
            (Self::Number { can_be_open, .. }, Value::Open) => *can_be_open,
            (Self::Text(most), Value::Text(it)) => {
                it.len() <= *most && !it.chars().any(char::is_control)
            }
            (Self::Cores, Value::Text(it)) => cores(it).is_some(),
            (Self::Choice(all), Value::Text(it)) => all.contains(&it.as_str()),
            (Self::Switch, Value::Switch(_)) => true,
            _ => false,
        }
    }

    fn told(&self, unit: &str) -> String {
        match self {
            Self::Number {
                from,
                to,
                can_be_open,
                ..
            } => {
                let unit = match unit {
                    "" | "1" => String::new(),
                    unit => format!(" {unit}"),
                };
                let or = if *can_be_open { ", or none" } else { "" };
                format!("a number from {from} to {to}{unit}{or}")
            }
            Self::Text(most) => format!("text of at most {most} bytes without control characters"),
            Self::Cores => "a list of cores such as 0-3,6".to_owned(),
            Self::Choice(all) => format!("one of {}", all.join(", ")),
            Self::Switch => "on or off".to_owned(),
        }
    }
}
