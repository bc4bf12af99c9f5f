//! Whether two recordings may be held against each other at all.
//!
//! A plan that itself changes load or mix is held against the load and mix that it plans.

use model::plan::Plan;
use model::plan::action::Kind;

use super::Sides;

/// What was found at the gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Load after over the load that is planned, less one; `NaN` where it is not known.
    pub load_change: f64,
    /// Share of the requests that would have to be of another operation for the mix to be
    /// the planned one; `NaN` where operations are not told apart.
    pub mix_change: f64,
    /// Requests before and after.
    pub requests: [u64; 2],
    /// Why the sides are not comparable.
    pub differs: Vec<String>,
    /// What is not enough to tell.
    pub lacks: Vec<String>,
    /// What could not be looked at.
    pub doubts: Vec<String>,
}

/// Looks at load, mix and number of requests.
pub fn judge(plan: &Plan, sides: &Sides<'_>) -> Gate {
    let mut gate = Gate {
        load_change: load_change(plan, sides),
        mix_change: mix_change(plan, sides),
        requests: [sides.before.requests, sides.after.requests],
        differs: Vec::new(),
        lacks: Vec::new(),
        doubts: Vec::new(),
    };
    gate.look_at_load(plan, sides);
    gate.look_at_mix(plan);
    let least = plan.validation.min_requests;
    for (count, side) in gate.requests.into_iter().zip(["before", "after"]) {
        if count < least {
            let why = format!(
                "{count} requests {side} are fewer than the {least} that are wanted: record for longer"
            );
            gate.lacks.push(why);
        }
    }
    gate
}

impl Gate {
    fn look_at_load(&mut self, plan: &Plan, sides: &Sides<'_>) {
        let most = plan.validation.same_load;
        if self.load_change.abs() > most {
            self.differs.push(format!(
                "the load is {:.0} % {} what it should be to compare ({} after, {} before); up to {:.0} % is allowed",
                self.load_change.abs() * 100.0,
                if self.load_change > 0.0 { "above" } else { "below" },
                model::unit::digits(sides.after.load),
                model::unit::digits(sides.before.load),
                most * 100.0
            ));
        } else if self.load_change.is_nan() {
            let why = "the load of one side is not known, so it cannot be told whether both are the same: record what is asked for";
            let found = match plan.validation.min_requests {
                // A plan that asks for no requests is not about requests.
                0 => &mut self.doubts,
                _ => &mut self.lacks,
            };
            found.push(why.to_owned());
        }
    }

    fn look_at_mix(&mut self, plan: &Plan) {
        let most = plan.validation.same_mix;
        if self.mix_change > most {
            self.differs.push(format!(
                "{:.0} % of the requests are of other operations than they should be to compare; up to {:.0} % is allowed",
                self.mix_change * 100.0,
                most * 100.0
            ));
        } else if self.mix_change.is_nan() && plan.validation.min_requests > 0 {
            let why = "operations are not told apart on both sides, so the mix may differ";
            self.doubts.push(why.to_owned());
        }
    }
}

fn load_change(plan: &Plan, sides: &Sides<'_>) -> f64 {
    let planned = plan.actions.iter().map(|it| match it.kind {
        Kind::LoadChange { ratio } => ratio,
        _ => 1.0,
    });
    let planned = planned.product::<f64>() * sides.before.load;
    match planned > 0.0 {
        true => sides.after.load / planned - 1.0,
        false => f64::NAN,
    }
}

fn mix_change(plan: &Plan, sides: &Sides<'_>) -> f64 {
    let planned = plan.actions.iter().rev().find_map(|it| match &it.kind {
        Kind::MixChange { shares } => Some(shares.as_slice()),
        _ => None,
    });
    let before = planned.unwrap_or(&sides.before.operations);
    distance(before, &sides.after.operations)
}

/// The total variation distance of two mixes, 0 to 1; `NaN` where one has no requests.
///
/// # Source
///
/// D. A. Levin, Y. Peres, "Markov Chains and Mixing Times", 2017, section 4.1.
pub fn distance(a: &[(String, f64)], b: &[(String, f64)]) -> f64 {
    let share = |mix: &[(String, f64)], name: &str| -> f64 {
        let own = mix.iter().filter(|(it, _)| it == name);
        own.map(|(_, count)| count).sum::<f64>() / mix.iter().map(|(_, it)| it).sum::<f64>()
    };
    if a.is_empty() || b.is_empty() {
        return f64::NAN;
    }
    let mut names: Vec<&str> = a.iter().chain(b).map(|(it, _)| it.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let all = names.into_iter();
    all.map(|name| (share(a, name) - share(b, name)).abs())
        .sum::<f64>()
        / 2.0
}
