//! Derived metrics by example: columns and rows must agree.

use std::collections::HashMap;

use model::catalog::{self, Origin, Polarity};

use super::*;

const S: i64 = 1_000_000_000;

/// A column of the series called `name`, sampled each second; `None` is a second without a reading.
fn column(name: &str, values: &[Option<f64>]) -> Column {
    let key: SeriesKey = name.parse().unwrap_or_default();
    let metric = catalog::find(&key.metric);
    let series = Series {
        unit: metric.map_or(model::unit::Unit::new("s"), |it| it.unit()),
        kind: metric.map_or(Kind::Counter, |it| it.kind),
        polarity: Polarity::Neutral,
        key,
    };
    let rows = values.iter().enumerate();
    let read: Vec<_> = rows
        .filter_map(|(i, value)| Some((i as i64 * S, (*value)?)))
        .collect();
    Column {
        series,
        at: read.iter().map(|(at, _)| *at).collect(),
        values: read.iter().map(|(_, value)| *value).collect(),
    }
}

fn all(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

/// One line a derived series, computed by columns, and checked against rows.
fn check(inputs: &[Column], expected: &str) {
    let series: Vec<_> = inputs.iter().map(|it| it.series.clone()).collect();
    let plan = Plan::new(&series);
    let mut lines = String::new();
    let mut by_row: HashMap<usize, Vec<(i64, f64)>> = HashMap::new();
    let mut row = Vec::new();
    for second in 0..10 {
        let now = second * S;
        let find = |id: SeriesId, test: &dyn Fn(i64) -> bool| {
            let column = &inputs[id.0 as usize];
            let row = column.at.iter().rposition(|at| test(*at))?;
            Some((column.at[row], column.values[row]))
        };
        plan.row(
            &|id| find(id, &|at| at < now),
            &|id| find(id, &|at| at == now),
            &mut row,
        );
        for (place, value) in &row {
            by_row.entry(*place).or_default().push((now, *value));
        }
    }
    for (place, derived) in plan.derived().iter().enumerate() {
        let key = &derived.series.key;
        let Some(column) = super::column(key, inputs) else {
            panic!("{key} is planned but cannot be computed");
        };
        let pairs: Vec<_> = column
            .at
            .iter()
            .copied()
            .zip(column.values.iter().copied())
            .collect();
        let rows = by_row.remove(&place).unwrap_or_default();
        assert_eq!(
            format!("{pairs:?}"),
            format!("{rows:?}"),
            "{key}: columns and rows differ"
        );
        let cells: Vec<_> = pairs
            .iter()
            .map(|(at, value)| format!("{}:{}", at / S, model::unit::digits(*value)))
            .collect();
        lines += &format!("{key} {}\n", cells.join(" "));
    }
    assert_eq!(lines.trim(), expected.trim());
}

#[test]
fn every_rule_makes_a_derived_metric_of_measured_ones() {
    for metric in catalog::ALL
        .iter()
        .filter(|it| it.origin == Origin::Derived)
    {
        assert!(
            crate::signals::is_signal(metric.name)
                || ALL.iter().any(|rule| rule.metric == metric.name),
            "{}",
            metric.name
        );
    }
    for rule in ALL {
        let metric = catalog::find(rule.metric);
        assert!(
            metric.is_some_and(|it| it.origin == Origin::Derived),
            "{}",
            rule.metric
        );
        assert!(metric.is_some_and(|it| rule.group.iter().all(|key| it.attributes.contains(key))));
    }
}

#[test]
fn processors_sum_to_a_share_of_the_whole() {
    check(
        &[
            column(
                "h/system.cpu.time{cpu=0,state=user}",
                &all(&[0.0, 0.25, 0.5]),
            ),
            column(
                "h/system.cpu.time{cpu=0,state=guest}",
                &all(&[0.0, 0.25, 0.5]),
            ),
            column(
                "h/system.cpu.time{cpu=0,state=idle}",
                &all(&[0.0, 0.5, 1.0]),
            ),
            column(
                "h/system.cpu.time{cpu=1,state=guest}",
                &all(&[0.0, 0.0, 0.0]),
            ),
            column(
                "h/system.cpu.time{cpu=1,state=user}",
                &all(&[0.0, 0.0, 0.0]),
            ),
            column(
                "h/system.cpu.time{cpu=1,state=idle}",
                &all(&[0.0, 1.0, 2.0]),
            ),
        ],
        "h/system.cpu.utilization 0:– 1:0.25 2:0.25
h/system.cpu.utilization{cpu=0} 0:– 1:0.5 2:0.5
h/system.cpu.utilization{cpu=1} 0:– 1:0 2:0
h/system.cpu.utilization{state=guest} 0:– 1:0.125 2:0.125
h/system.cpu.utilization{state=idle} 0:– 1:0.75 2:0.75
h/system.cpu.utilization{state=user} 0:– 1:0.125 2:0.125",
    );
}

#[test]
fn a_processor_that_goes_leaves_the_rest() {
    check(
        &[
            column(
                "h/system.cpu.time{cpu=0,state=idle}",
                &all(&[0.0, 1.0, 1.0, 1.0]),
            ),
            column(
                "h/system.cpu.time{cpu=0,state=user}",
                &all(&[0.0, 0.0, 1.0, 2.0]),
            ),
            column(
                "h/system.cpu.time{cpu=1,state=idle}",
                &[Some(0.0), Some(1.0)],
            ),
            column(
                "h/system.cpu.time{cpu=1,state=user}",
                &[Some(0.0), Some(0.0)],
            ),
        ],
        "h/system.cpu.utilization 0:– 1:0 2:1 3:1
h/system.cpu.utilization{cpu=0} 0:– 1:0 2:1 3:1
h/system.cpu.utilization{cpu=1} 0:– 1:0
h/system.cpu.utilization{state=idle} 0:– 1:1 2:0 3:0
h/system.cpu.utilization{state=user} 0:– 1:0 2:1 3:1",
    );
}

#[test]
fn a_total_is_taken_instead_of_its_parts() {
    check(
        &[
            column("h/system.cpu.time{state=idle}", &all(&[0.0, 1.0])),
            column("h/system.cpu.time{state=user}", &all(&[0.0, 3.0])),
            column("h/system.cpu.time{cpu=0,state=user}", &all(&[0.0, 1.0])),
            column("h/system.cpu.time{cpu=0,state=idle}", &all(&[0.0, 0.0])),
        ],
        "h/system.cpu.utilization 0:– 1:0.75
h/system.cpu.utilization{cpu=0} 0:– 1:1
h/system.cpu.utilization{state=idle} 0:– 1:0.25
h/system.cpu.utilization{state=user} 0:– 1:0.75",
    );
}

#[test]
fn a_limit_read_once_serves_every_row() {
    check(
        &[
            column("h/system.memory.limit", &all(&[100.0])),
            column("h/system.memory.available", &all(&[80.0, 60.0, f64::NAN])),
            column("other/system.memory.available", &all(&[80.0])),
        ],
        "h/system.memory.utilization 0:0.2 1:0.4 2:–",
    );
}

#[test]
fn idle_devices_resets_and_missing_readings_are_gaps() {
    check(
        &[
            column(
                "h/system.disk.operation_time{device=sda,direction=read}",
                &all(&[0.0, 0.5, 0.5, 0.0, 1.0]),
            ),
            column(
                "h/system.disk.operations{device=sda,direction=read}",
                &all(&[0.0, 10.0, 10.0, 12.0, 14.0]),
            ),
            column(
                "h/system.disk.io_time{device=sda}",
                &[Some(0.0), Some(0.5), None, Some(0.7)],
            ),
            column(
                "h/system.filesystem.usage{mountpoint=/,state=used}",
                &[Some(1.0), None, Some(2.0)],
            ),
            column(
                "h/system.filesystem.usage{mountpoint=/,state=free}",
                &all(&[3.0, 3.0, 2.0]),
            ),
            column(
                "h/system.filesystem.usage{mountpoint=/,state=reserved}",
                &all(&[9.0]),
            ),
        ],
        "h/system.disk.await{device=sda} 0:– 1:0.05 2:– 3:– 4:0.5
h/system.disk.utilization{device=sda} 0:– 1:0.5 3:0.1
h/system.filesystem.utilization{mountpoint=/} 0:0.25 1:– 2:0.5",
    );
}

#[test]
fn groups_processes_and_the_agent_have_their_own() {
    check(
        &[
            column("h/cgroup.cpu.time{cgroup=/a,mode=total}", &all(&[0.0, 1.5])),
            column("h/cgroup.cpu.time{cgroup=/a,mode=user}", &all(&[0.0, 1.0])),
            column("h/cgroup.cpu.periods{cgroup=/a}", &all(&[0.0, 10.0])),
            column("h/cgroup.cpu.throttled{cgroup=/a}", &all(&[0.0, 4.0])),
            column(
                "h/process.cpu.time{cpu.mode=user,process.name=x,process.pid=7}",
                &all(&[0.0, 0.5]),
            ),
            column(
                "h/process.cpu.time{cpu.mode=system,process.name=x,process.pid=7}",
                &all(&[0.0, 0.25]),
            ),
            column("h/kymo.agent.cpu.time", &all(&[0.0, 0.01])),
            column(
                "h/system.pressure.time{kind=some,resource=io}",
                &all(&[0.0, 0.2]),
            ),
            column(
                "h/system.disk.weighted_io_time{device=sda}",
                &all(&[0.0, 2.0]),
            ),
            column("h/system.paging.usage{state=used}", &all(&[0.0, 1.0])),
            column("h/system.paging.usage{state=free}", &all(&[0.0, 3.0])),
        ],
        "h/cgroup.cpu.throttled_share{cgroup=/a} 0:– 1:0.4
h/cgroup.cpu.usage{cgroup=/a} 0:– 1:1.5
h/kymo.agent.cpu.utilization 0:– 1:0.01
h/process.cpu.utilization{process.name=x,process.pid=7} 0:– 1:0.75
h/system.disk.queue{device=sda} 0:– 1:2
h/system.paging.utilization 0:– 1:0.25
h/system.pressure.share{kind=some,resource=io} 0:– 1:0.2",
    );
}

#[test]
fn planning_anew_keeps_places() {
    let mut series = vec![
        column("h/system.disk.io_time{device=sdb}", &[]).series,
        column("h/system.pressure.time{kind=some,resource=io}", &[]).series,
    ];
    let mut plan = Plan::new(&series);
    let before: Vec<_> = plan
        .derived()
        .iter()
        .map(|it| it.series.key.clone())
        .collect();
    series.push(column("h/system.disk.io_time{device=sda}", &[]).series);
    assert_eq!(plan.replan(&series), [2]);
    let after: Vec<_> = plan
        .derived()
        .iter()
        .map(|it| it.series.key.clone())
        .collect();
    assert_eq!(after[..2], before);
    assert_eq!(after[2].attribute("device"), Some("sda"));
    assert_eq!(plan.derived()[2].inputs(), [SeriesId(2)]);
    // The number of `sdb` is given to `sdc`: nothing of `sdb` is derived any more.
    series[0] = column("h/system.disk.io_time{device=sdc}", &[]).series;
    let new = plan.replan(&series);
    assert_eq!(new.len(), 1);
    let devices: Vec<_> = plan
        .derived()
        .iter()
        .filter_map(|it| it.series.key.attribute("device"))
        .collect();
    assert_eq!(devices.len(), 2);
    assert!(devices.contains(&"sdc") && devices.contains(&"sda"));
}
