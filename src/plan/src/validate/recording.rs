//! One side of a validation from what a recording tells of the application.
//!
//! Metrics have the names that predictions use, and are read as calibrations read them, so
//! that like is held against like: a percentile is the mean of those of the intervals,
//! weighted by requests.

use model::catalog::Polarity;
use model::plan::Plan;
use model::plan::action::{Kind, cores};
use model::unit::Unit;

use super::{Metric, Recording};
use crate::action::worker_setting;
use crate::observe::processors::covers;
use crate::observe::{Observed, Seen};
use crate::system::Resource;

/// What a recording tells, by the names of predictions.
pub fn of(seen: &Observed) -> Recording {
    let requests: f64 = finite(&seen.throughput).sum::<f64>() * seen.step_s;
    let mut metrics = vec![metric(
        "app.throughput",
        ("{request}/s", Polarity::HigherIsBetter),
        seen.throughput.clone(),
        None,
    )];
    let inside_s = seen.think_inside_s;
    let times = [
        ("app.response.mean", &seen.response),
        ("app.response.p95", &seen.p95),
        ("app.response.p99", &seen.p99),
    ];
    for (name, values) in times {
        if values.iter().any(|it| it.is_finite()) {
            let values: Vec<f64> = values.iter().map(|it| it - inside_s).collect();
            let whole = weighted(&values, &seen.throughput);
            metrics.push(metric(name, ("s", Polarity::HigherIsWorse), values, whole));
        }
    }
    let several = seen.resources.len() > 1;
    let mut busiest: f64 = f64::NAN;
    for resource in &seen.resources {
        let pairs = resource.busy.iter().zip(&resource.capacity);
        let share: Vec<f64> = pairs.map(|(busy, capacity)| busy / capacity).collect();
        let mean = mean(&share);
        busiest = busiest.max(mean);
        let name = name(resource.resource, &resource.host, several);
        metrics.push(metric(&name, ("1", Polarity::HigherIsWorse), share, None));
    }
    Recording {
        step_s: seen.step_s,
        load: match seen.users.is_empty() {
            true => mean(&seen.throughput),
            false => mean(&seen.users),
        },
        requests: requests.max(0.0) as u64,
        operations: seen
            .classes
            .iter()
            .map(|it| (it.name.clone(), finite(&it.throughput).sum()))
            .collect(),
        busiest,
        metrics,
    }
}

/// What a recording tells of the time after a plan: sets of cores and numbers of workers are
/// no series of a recording, so those that the plan gives are what a utilization is a share
/// of.
pub fn after(plan: &Plan, seen: &Observed) -> Recording {
    let mut seen = seen.clone();
    let single = seen.resources.len() == 1;
    for action in &plan.actions {
        if let Some((_, value)) = worker_setting(&action.kind) {
            let Ok(count) = value.parse::<u32>() else {
                continue;
            };
            let count = f64::from(count.max(1));
            let limited = |it: &&mut Seen| it.resource == Resource::Cpu && it.cores < it.units;
            if let Some(resource) = seen.resources.iter_mut().find(limited) {
                let most = count.min(resource.units);
                let rows = resource.capacity.iter_mut().zip(&resource.quota);
                rows.for_each(|(capacity, quota)| *capacity = quota.min(most));
            }
            continue;
        }
        let (list, group) = match &action.kind {
            Kind::Cpuset { cgroup, cpus } => (cpus, Some(cgroup)),
            Kind::Affinity { process, cpus } if process.children && single => (cpus, None),
            _ => continue,
        };
        let Some(count) = cores(list).map(|it| it.len() as f64) else {
            continue;
        };
        let mut own = seen.resources.iter_mut().filter(|it| {
            let named = |group: &String| it.groups.iter().any(|own| covers(group, own));
            it.resource == Resource::Cpu && group.is_none_or(named)
        });
        if let Some(resource) = own.next() {
            resource
                .capacity
                .iter_mut()
                .for_each(|it| *it = it.min(count));
        }
    }
    of(&seen)
}

/// The name of a resource's utilization, alone or among several hosts.
pub(crate) fn name(resource: Resource, host: &str, several: bool) -> String {
    let kind = match resource {
        Resource::Cpu => "cpu",
        Resource::Disk => "disk",
        Resource::Network => "network",
    };
    match several {
        true => format!("{host}/{kind}.utilization"),
        false => format!("{kind}.utilization"),
    }
}

fn metric(
    name: &str,
    (unit, polarity): (&'static str, Polarity),
    values: Vec<f64>,
    whole: Option<f64>,
) -> Metric {
    Metric {
        name: name.to_owned(),
        unit: Unit::new(unit),
        polarity,
        runs: vec![values],
        whole,
    }
}

fn finite(values: &[f64]) -> impl Iterator<Item = f64> {
    values.iter().copied().filter(|it| it.is_finite())
}

fn mean(values: &[f64]) -> f64 {
    finite(values).sum::<f64>() / finite(values).count() as f64
}

/// Mean weighted by requests; `None` without any.
fn weighted(values: &[f64], throughput: &[f64]) -> Option<f64> {
    let pairs = values.iter().zip(throughput);
    let pairs = pairs.filter(|(value, x)| value.is_finite() && x.is_finite());
    let (sum, weight) = pairs.fold((0.0, 0.0), |(sum, weight), (value, x)| {
        (sum + value * x, weight + x)
    });
    (weight > 0.0).then(|| sum / weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Scene, observed};

    #[test]
    fn fewer_cores_of_the_plan_are_those_of_its_utilization() {
        let mut seen = observed(&Scene::default());
        seen.resources[0].groups = vec!["/shop/web".to_owned()];
        let share = |side: &Recording| side.metric("cpu.utilization").unwrap().value();
        let before = share(&of(&seen));
        let plan = |cgroup: &str| {
            let mut plan = Plan::new("a1", "", model::time::Moment(0));
            let kind = Kind::Cpuset {
                cgroup: cgroup.to_owned(),
                cpus: "0".to_owned(),
            };
            plan.actions
                .push(model::plan::action::Action::new("a", kind));
            plan
        };
        assert!((share(&after(&plan("/shop"), &seen)) / before - 2.0).abs() < 1e-9);
        assert!((share(&after(&plan("/other"), &seen)) / before - 1.0).abs() < 1e-9);
    }

    #[test]
    fn more_workers_of_the_plan_are_those_of_its_utilization() {
        let mut seen = observed(&Scene::default());
        let rows = seen.at.len();
        seen.resources[0].cores = 1.0;
        seen.resources[0].capacity = vec![1.0; rows];
        let share = |side: &Recording| side.metric("cpu.utilization").unwrap().value();
        let before = share(&of(&seen));
        let plan = |value: &str| {
            let mut plan = Plan::new("a1", "", model::time::Moment(0));
            let kind = Kind::AppConfig {
                adapter: "nginx".to_owned(),
                instance: String::new(),
                key: "worker_processes".to_owned(),
                value: value.to_owned(),
            };
            plan.actions
                .push(model::plan::action::Action::new("a", kind));
            plan
        };
        for (value, times) in [("2", 0.5), ("8", 0.5), ("1", 1.0), ("auto", 1.0)] {
            let found = share(&after(&plan(value), &seen)) / before;
            assert!((found - times).abs() < 1e-9, "{value}: {found}");
        }
    }

    #[test]
    fn a_recording_is_read_by_the_names_of_predictions() {
        let seen = observed(&Scene::default());
        let side = of(&seen);
        let names: Vec<&str> = side.metrics.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(
            names,
            ["app.throughput", "app.response.mean", "cpu.utilization"]
        );
        assert!((side.load - 8.4).abs() < 0.1, "{}", side.load);
        assert!(side.busiest > 0.4 && side.busiest < 0.8, "{}", side.busiest);
        let response = side.metric("app.response.mean").unwrap();
        assert!(response.value() > 0.03 && response.value() < 0.1);
    }
}
