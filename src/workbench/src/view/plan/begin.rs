//! What an action begins with when it is added: the application as it was recorded, so
//! that a slider starts where the system is.

use model::plan::action::Kind;
use plan::edit::{Value, parameters, set};
use workflow::planning::Calibrated;

use super::Data;

/// A template's action for the application that the model was fitted to.
pub(super) fn from(mut kind: Kind, data: &Data<'_>) -> Kind {
    let known = data.found.and_then(|it| it.calibrated.as_ref().ok());
    let Some(known) = known else {
        return kind;
    };
    if let Kind::MixChange { shares } = &mut kind {
        let recorded = recorded_shares(known);
        if !recorded.is_empty() {
            *shares = recorded;
        }
        return kind;
    }
    for (name, value) in values(&kind, known) {
        let mut changed = kind.clone();
        // What the recording tells may be none for this field; then the template's stays.
        if set(&mut changed, name, &value).is_ok() {
            kind = changed;
        }
    }
    kind
}

/// Fields of a kind that the recording tells.
fn values(kind: &Kind, known: &Calibrated) -> Vec<(&'static str, Value)> {
    let calibration = &known.calibration;
    let place = calibration.bottleneck().unwrap_or_default();
    let resource = calibration.resources.get(place);
    let mut all = vec![("service", Value::Text(calibration.subject.clone()))];
    let Some(resource) = resource else {
        return all;
    };
    if let Some(group) = resource.groups.first().filter(|it| it.starts_with('/')) {
        all.push(("cgroup", Value::Text(group.clone())));
    }
    match kind {
        Kind::CpuMax { period_us, .. } => {
            // Without a quota the least that is none.
            let quota = calibration.point.quota.get(place).copied().flatten();
            let most = quota.unwrap_or(resource.cores) * *period_us as f64;
            all.push(("quota_us", Value::Number(most.round())));
        }
        Kind::HardwareChange { .. } => all.push(("units", Value::Number(resource.units))),
        _ => {}
    }
    let fields = parameters(kind);
    all.retain(|(name, _)| fields.iter().any(|it| it.name == *name));
    all
}

/// Shares of the operations as they were recorded.
fn recorded_shares(known: &Calibrated) -> Vec<(String, f64)> {
    let sum = |values: &[f64]| values.iter().filter(|it| it.is_finite()).sum::<f64>();
    let classes = &known.observed.classes;
    let sums: Vec<f64> = classes.iter().map(|it| sum(&it.throughput)).collect();
    let whole: f64 = sums.iter().sum();
    if whole <= 0.0 {
        return Vec::new();
    }
    let named = classes.iter().zip(sums);
    named
        .map(|(class, sum)| (class.name.clone(), sum / whole))
        .collect()
}
