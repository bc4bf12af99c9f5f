//! A database under more clients than were recorded, and the same on one core.
//!
//! Clients ask in a closed loop with a pause of fixed length inside each transaction. The
//! rival is the law of scalability, fitted to the same levels.

use std::path::Path;
use std::sync::Arc;

use super::Experiment;
use crate::bench::{Bench, Change, Level, Recorded, SERVED, Server, Trial};
use crate::draw::Draw;
use crate::flags::Flags;
use crate::kept;
use crate::load::Load;
use crate::load::pgbench::{Order, Pgbench};
use crate::place::{Group, put};
use crate::plan::{Action, Subject};
use crate::sample::{Terms, host_cores, together};
use crate::score::{By, Grade, Outcome, Owed, Predicted, Quantity, Scored};
use crate::server::postgres::{PORT, Postgres, script};

/// The experiment.
pub(crate) const E1: Experiment = Experiment {
    name: "e1",
    service: "pgbench",
    sizes: &[
        ("clients", "2,4,8,16,24"),
        ("predict", "32,48"),
        ("one-core", "off"),
        ("core-clients", "8,24"),
        ("rows", "15000"),
        ("sleep-ms", "50"),
        ("scale", "10"),
    ],
    run,
};

const TRUTH: &str = "pgbench's own log, cpuacct";

fn run(bench: &mut Bench, flags: &Flags) -> Result<(), String> {
    let group = Group::new("pgbench")?;
    let scale = flags.number("scale")? as u32;
    let postgres = Postgres::start(&bench.folder.0, &group, scale)?;
    let path = bench.folder.file("think.sql");
    let sleep_ms = flags.number("sleep-ms")?;
    script(&path, flags.number("rows")? as u32, sleep_ms as u32)?;
    bench.allow("")?;
    let lab = Lab {
        group: &group,
        postgres: &postgres,
        script: &path,
        scale,
        think_inside_s: sleep_ms / 1e3,
    };
    let clients = flags.numbers("clients")?;
    let most = clients.iter().copied().fold(0.0, f64::max);
    let order = in_order(&clients, bench.protocol.repeats, bench.protocol.seed);
    let levels = lab.levels(bench, &order);
    let recorded = bench.record(("e1-before", "before"), lab.server(host_cores()), &levels)?;
    let Some(base) = recorded else {
        return Ok(());
    };
    more_clients(bench, &lab, (&base, most), (&order, flags))?;
    if flags.on("one-core")? {
        one_core(bench, &lab, (&base, most), flags)?;
    }
    Ok(())
}

/// What runs in all parts.
struct Lab<'a> {
    group: &'a Group,
    postgres: &'a Postgres,
    script: &'a Path,
    scale: u32,
    think_inside_s: f64,
}

impl<'a> Lab<'a> {
    fn server(&self, cores: f64) -> Server<'a> {
        Server {
            group: self.group,
            terms: Terms {
                cores,
                think_inside_s: self.think_inside_s,
                others_meant: 0.0,
            },
        }
    }

    fn subject(&self) -> Subject {
        Subject {
            service: E1.service.to_owned(),
            group: self.group.path.clone(),
            cores: host_cores(),
            think_s: None,
            think_inside_s: self.think_inside_s,
            cache: None,
        }
    }

    fn levels(&self, bench: &Bench, clients: &[f64]) -> Vec<Level<'static>> {
        let seed = bench.protocol.seed;
        let one = |(i, clients): (usize, &f64)| {
            let order = Order {
                program: self.postgres.pgbench(),
                socket: self.postgres.socket.clone(),
                port: PORT,
                script: self.script.to_owned(),
                scale: self.scale,
                clients: *clients as u32,
                rate: None,
                seed: seed + i as u64,
            };
            let (folder, ear) = (bench.folder.0.clone(), Arc::clone(&bench.ear));
            Level {
                setting: format!("{clients:.0} clients"),
                users: Some(*clients),
                begin: Box::new(move |time| {
                    let load = Pgbench::start(&order, time, (&folder, &ear))?;
                    Ok(Box::new(load) as Box<dyn Load>)
                }),
            }
        };
        clients.iter().enumerate().map(one).collect()
    }
}

/// Every level as often as it is repeated, in a drawn order that ends with the highest:
/// a prediction starts from the last.
fn in_order(levels: &[f64], repeats: usize, seed: u64) -> Vec<f64> {
    let most = levels.iter().copied().fold(0.0, f64::max);
    let mut all: Vec<f64> = (0..repeats).flat_map(|_| levels.iter().copied()).collect();
    Draw::of(seed, "order").shuffle(&mut all);
    if let Some(place) = all.iter().rposition(|it| *it >= most) {
        let last = all.remove(place);
        all.push(last);
    }
    all
}

fn more_clients(
    bench: &mut Bench,
    lab: &Lab<'_>,
    (base, most): (&Recorded, f64),
    (order, flags): (&[f64], &Flags),
) -> Result<(), String> {
    let targets = flags.numbers("predict")?;
    let mut trials = Vec::new();
    for target in &targets {
        let name = format!("e1-{target:.0}");
        let title = format!("{target:.0} clients");
        let actions = [Action::load(target / most)];
        trials.push(bench.predict(&name, (&title, &lab.subject()), &actions, base)?);
    }
    let rival = rival(bench, (order, base), &targets);
    for (i, (target, trial)) in targets.iter().zip(&trials).enumerate() {
        let name = format!("e1-after-{target:.0}");
        let levels = lab.levels(bench, &vec![*target; bench.protocol.repeats]);
        let after = bench.record((&name, "after"), lab.server(host_cores()), &levels)?;
        let told = format!("{target:.0} clients");
        hold(
            bench,
            (trial, &told, "by the load"),
            (base, after.as_ref()),
            Owed::Answer,
        );
        if let (Ok(rival), Some(after)) = (&rival, &after) {
            let after = together(&after.points);
            bench.report.rows.push(
                Scored {
                    by: By::Yardstick,
                    change: told,
                    applied: "by the load".to_owned(),
                    metric: "app.throughput".to_owned(),
                    quantity: Quantity::Throughput,
                    truth: TRUTH.to_owned(),
                    predicted: Predicted {
                        p50: rival.get(i).copied(),
                        class: "-".to_owned(),
                        model: "usl_fit".to_owned(),
                        ..Predicted::default()
                    },
                    outcome: Some(Outcome {
                        before: base.last().throughput,
                        after: after.throughput,
                        utilization: after.utilization,
                    }),
                    error: None,
                    grade: Grade::NotRun,
                    direction_right: None,
                    inside: None,
                    note: "yardstick: law of scalability, fitted to the same levels".to_owned(),
                }
                .judge(Owed::Answer),
            );
        }
    }
    if let Err(why) = rival {
        bench.report.notes.push(format!("no rival: {why}"));
    }
    Ok(())
}

/// Scores one change.
fn hold(
    bench: &mut Bench,
    (trial, told, applied): (&Trial, &str, &str),
    (base, after): (&Recorded, Option<&Recorded>),
    owed: Owed,
) {
    let change = Change {
        told,
        applied,
        truth: TRUTH,
        base,
        after,
        owed,
    };
    bench.score(trial, &change, SERVED);
    if let Some(after) = after {
        bench.validate(trial, base, after);
    }
}

/// Throughput at the targets by the law of scalability.
fn rival(
    bench: &Bench,
    (order, base): (&[f64], &Recorded),
    targets: &[f64],
) -> Result<Vec<f64>, String> {
    let served: Vec<f64> = base.points.iter().map(|it| it.throughput).collect();
    let case = serde_json::json!({
        "model": "usl_fit",
        "inputs": {"N": order, "X": served, "predict": targets},
    });
    let path = bench.kymo.out.join("e1-rival.case.json");
    put(&path, &case.to_string())?;
    let answer = bench.kymo.solve(&path)?;
    kept::keep(
        &bench.kymo.out,
        "e1-rival",
        ("kymo whatif solve", &answer.to_string()),
    )?;
    let predicted = answer.get("pred").and_then(|it| it.as_array());
    let predicted = predicted.ok_or("the model of scalability has no pred")?;
    Ok(predicted.iter().filter_map(|it| it.as_f64()).collect())
}

fn one_core(
    bench: &mut Bench,
    lab: &Lab<'_>,
    (base, most): (&Recorded, f64),
    flags: &Flags,
) -> Result<(), String> {
    let pin = Action::carried_out(format!("Cpuset(cgroup: {:?}, cpus: \"0\")", lab.group.path));
    let mut trials: Vec<(f64, Trial)> = Vec::new();
    for clients in flags.numbers("core-clients")? {
        let mut actions = vec![pin.clone()];
        // A ratio of one is no change.
        if (clients - most).abs() > 0.5 {
            actions.insert(0, Action::load(clients / most));
        }
        let name = format!("e1-core-{clients:.0}");
        let title = format!("one core, {clients:.0} clients");
        let trial = bench.predict(&name, (&title, &lab.subject()), &actions, base)?;
        trials.push((clients, trial));
    }
    let Some((_, last)) = trials.last() else {
        return Ok(());
    };
    let in_force = || Ok(lab.group.pinned_to()? == "0");
    let applied = bench.apply(last, &in_force, &|| lab.group.pin("0"))?;
    for (clients, trial) in &trials {
        let name = format!("e1-core-after-{clients:.0}");
        let levels = lab.levels(bench, &vec![*clients; bench.protocol.repeats]);
        let after = bench.record((&name, "after"), lab.server(1.0), &levels)?;
        let told = format!("one core, {clients:.0} clients");
        hold(
            bench,
            (trial, &told, &applied),
            (base, after.as_ref()),
            Owed::Answer,
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_holds_every_level_and_ends_with_the_highest() {
        let mut order = in_order(&[2.0, 24.0, 8.0], 3, 7);
        assert_eq!(order.last(), Some(&24.0));
        order.sort_by(f64::total_cmp);
        assert_eq!(order, [2.0, 2.0, 2.0, 8.0, 8.0, 8.0, 24.0, 24.0, 24.0]);
    }
}
