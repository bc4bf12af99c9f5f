//! Which input an answer hangs on: how much it moves when one input moves by one percent.

use model::plan::action::Action;
use serde::Serialize;

use super::outcome;
use crate::calibrate::{Calibration, Parameters};
use crate::system::Solved;

/// Inputs are moved by this share, both ways.
const STEP: f64 = 0.02;

/// One input, and how the answer follows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// What it is, in words.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Unit of the value.
    pub unit: &'static str,
    /// Percent that the throughput moves for one percent more of it.
    pub throughput: f64,
    /// Percent that the response time moves.
    pub response: f64,
}

/// Every input of the planned system, the one that matters most first.
pub fn sensitivity(calibration: &Calibration, actions: &[Action]) -> Vec<Input> {
    let point = &calibration.point;
    let mut inputs = Vec::new();
    let mut add = |name: String, value: f64, unit, set: &dyn Fn(&mut Parameters, f64)| {
        if value <= 0.0 {
            return;
        }
        let at = |value: f64| -> Option<Solved> {
            let mut moved = point.clone();
            set(&mut moved, value);
            outcome(calibration, &moved, actions).solved.ok()
        };
        let (Some(low), Some(high)) = (at(value * (1.0 - STEP)), at(value * (1.0 + STEP))) else {
            return;
        };
        let follow = |of: fn(&Solved) -> f64| (of(&high) / of(&low)).ln() / (2.0 * STEP);
        inputs.push(Input {
            name,
            value,
            unit,
            throughput: follow(|it| it.throughput),
            response: follow(|it| it.response_s),
        });
    };
    for (k, known) in calibration.resources.iter().enumerate() {
        add(
            format!("demand on {}", known.name),
            point.demand_s[k],
            "s",
            &|it, value| it.demand_s[k] = value,
        );
        add(
            format!("capacity of {}", known.name),
            point.capacity[k],
            "{unit}",
            &|it, value| it.capacity[k] = value,
        );
        add(
            format!("quota of {}", known.name),
            point.quota[k].unwrap_or(0.0),
            "{unit}",
            &|it, value| it.quota[k] = Some(value),
        );
    }
    for (c, peer) in calibration.peers.iter().enumerate() {
        add(
            format!("waiting for {peer}"),
            point.calls_s[c],
            "s",
            &|it, value| it.calls_s[c] = value,
        );
    }
    add(
        "unexplained time".to_owned(),
        point.hidden_s,
        "s",
        &|it, value| it.hidden_s = value,
    );
    add("think time".to_owned(), point.think_s, "s", &|it, value| {
        it.think_s = value;
    });
    add(
        "waits over random ones".to_owned(),
        point.waits,
        "1",
        &|it, value| it.waits = value,
    );
    let weight = |it: &Input| it.throughput.abs().max(it.response.abs());
    inputs.retain(|it| weight(it) > 1e-3);
    inputs.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.name.cmp(&b.name)));
    inputs
}
