//! A database asked at a rate, with a batch beside it, at other rates and without the
//! batch; and a disk that must be refused.
//!
//! Transactions begin at random moments, whatever the answers do. Waits count from the
//! moment at which a transaction was due.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Experiment;
use crate::bench::{Bench, Change, Level, Recorded, SERVED, Server, Trial};
use crate::flags::Flags;
use crate::load::Load;
use crate::load::disk::{self, Disk};
use crate::load::pgbench::{Order, Pgbench};
use crate::place::Group;
use crate::plan::{Action, Subject};
use crate::running::Running;
use crate::sample::{Terms, host_cores};
use crate::score::{Owed, Quantity};
use crate::server::postgres::{PORT, Postgres, script};

/// The experiment.
pub(crate) const E4: Experiment = Experiment {
    name: "e4",
    service: "pgbench",
    sizes: &[
        ("parts", "batch,disk"),
        ("calibrate", "30,50"),
        ("rates", "70,85"),
        ("p95-ms", "50"),
        ("batch-load", "60"),
        ("clients", "16"),
        ("rows", "40000"),
        ("scale", "10"),
        ("disk-rates", "300,600"),
    ],
    run,
};

const TRUTH: &str = "pgbench's own log, cpuacct";

fn run(bench: &mut Bench, flags: &Flags) -> Result<(), String> {
    for part in flags.names("parts")? {
        match part {
            "batch" => batch(bench, flags)?,
            "disk" => faster_disk(bench, flags)?,
            other => return Err(format!("{other} is no part of e4")),
        }
    }
    Ok(())
}

/// What runs beside the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Batch,
    Nothing,
}

struct Lab<'a> {
    group: &'a Group,
    beside: &'a Group,
    postgres: &'a Postgres,
    script: &'a Path,
    scale: u32,
    clients: u32,
    batch_load: f64,
}

impl<'a> Lab<'a> {
    /// The database, with the batch beside it or without.
    fn server(&self, beside: Beside) -> Server<'a> {
        Server {
            group: self.group,
            terms: Terms {
                cores: host_cores(),
                think_inside_s: 0.0,
                others_meant: match beside {
                    Beside::Batch => self.batch_load / 100.0,
                    Beside::Nothing => 0.0,
                },
            },
        }
    }

    fn subject(&self) -> Subject {
        Subject {
            service: E4.service.to_owned(),
            group: self.group.path.clone(),
            cores: host_cores(),
            think_s: None,
            think_inside_s: 0.0,
            cache: None,
        }
    }

    /// Transactions at a rate, or as fast as answers come.
    fn level(&self, bench: &Bench, number: usize, rate: Option<f64>) -> Level<'static> {
        let order = Order {
            program: self.postgres.pgbench(),
            socket: self.postgres.socket.clone(),
            port: PORT,
            script: self.script.to_owned(),
            scale: self.scale,
            clients: self.clients,
            rate,
            seed: bench.protocol.seed + number as u64,
        };
        let (folder, ear) = (bench.folder.0.clone(), Arc::clone(&bench.ear));
        Level {
            setting: match rate {
                Some(rate) => format!("{rate:.1} transactions/s"),
                None => format!("{} clients without a pause", self.clients),
            },
            users: None,
            begin: Box::new(move |time| {
                let load = Pgbench::start(&order, time, (&folder, &ear))?;
                Ok(Box::new(load) as Box<dyn Load>)
            }),
        }
    }

    fn levels(&self, bench: &Bench, rates: &[f64]) -> Vec<Level<'static>> {
        let repeated = (0..bench.protocol.repeats).flat_map(|_| rates);
        let one = |(i, rate): (usize, &f64)| self.level(bench, i, Some(*rate));
        repeated.enumerate().map(one).collect()
    }

    /// Work beside the database, until it is dropped.
    fn batch(&self, bench: &Bench) -> Result<Running, String> {
        let command = [
            "stress-ng",
            "--cpu",
            "1",
            "--cpu-load",
            &format!("{:.0}", self.batch_load),
            "--timeout",
            "0",
        ]
        .map(str::to_owned);
        let printed = bench.folder.file("stress-ng.txt");
        Running::start(&command, Some(self.beside), &printed)
    }
}

fn batch(bench: &mut Bench, flags: &Flags) -> Result<(), String> {
    let (group, beside) = (Group::new("pgbench")?, Group::new("batch")?);
    let scale = flags.number("scale")? as u32;
    let postgres = Postgres::start(&bench.folder.0, &group, scale)?;
    let path = bench.folder.file("work.sql");
    script(&path, flags.number("rows")? as u32, 0)?;
    let lab = Lab {
        group: &group,
        beside: &beside,
        postgres: &postgres,
        script: &path,
        scale,
        clients: flags.number("clients")? as u32,
        batch_load: flags.number("batch-load")?,
    };
    let full = bench.probe(lab.server(Beside::Nothing), &lab.level(bench, 0, None))?;
    // By what a transaction costs, which others disturb less than how many are served.
    let left = host_cores() - lab.batch_load / 100.0;
    let capacity = left / full.cpu_s_per_request;
    bench.report.notes.push(format!(
        "{capacity:.1} transactions a second of {:.2} ms are the capacity beside the batch",
        full.cpu_s_per_request * 1e3
    ));
    let shares = |name: &str| -> Result<Vec<f64>, String> {
        let shares = flags.numbers(name)?;
        Ok(shares.iter().map(|it| it / 100.0 * capacity).collect())
    };
    let running = lab.batch(bench)?;
    let levels = lab.levels(bench, &shares("calibrate")?);
    let Some(base) = bench.record(("e4-before", "before"), lab.server(Beside::Batch), &levels)?
    else {
        return Ok(());
    };
    let mut rates = shares("rates")?;
    let limit_s = flags.number("p95-ms")? / 1e3;
    match largest(bench, &lab, &base, (capacity, limit_s))? {
        Some(rate) => {
            bench.report.notes.push(format!(
                "{rate:.1} transactions a second beside the batch is the most whose p95 is predicted to stay below {:.0} ms",
                limit_s * 1e3
            ));
            rates.push(rate);
        }
        None => bench.report.notes.push(format!(
            "no rate is predicted to keep its p95 below {:.0} ms",
            limit_s * 1e3
        )),
    }
    let trials = trials(bench, &lab, &base, (&rates, capacity))?;
    for it in trials.iter().filter(|it| it.beside == Beside::Batch) {
        after(bench, &lab, &base, it)?;
    }
    drop(running);
    for it in trials.iter().filter(|it| it.beside == Beside::Nothing) {
        after(bench, &lab, &base, it)?;
    }
    Ok(())
}

/// The largest rate beside the batch whose 95th percentile is predicted to stay within a
/// limit; `None` where none is.
fn largest(
    bench: &Bench,
    lab: &Lab<'_>,
    base: &Recorded,
    (capacity, limit_s): (f64, f64),
) -> Result<Option<f64>, String> {
    /// Halvings of shares from a fifth of the capacity to all of it.
    const STEPS: usize = 6;
    let stays = |share: f64| -> Result<bool, String> {
        let name = format!("e4-largest-{:.0}", share * 1e3);
        let told = format!("{:.1} % of capacity", share * 1e2);
        let load = Action::load(share * capacity / base.mean().throughput);
        let trial = bench.predict(&name, (&told, &lab.subject()), &[load], base)?;
        let p95_s = trial.prediction.of("app.response.p95").p50;
        Ok(p95_s.is_some_and(|it| it <= limit_s))
    };
    let (mut low, mut high) = (0.2, 1.0);
    if !stays(low)? {
        return Ok(None);
    }
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        match stays(middle)? {
            true => low = middle,
            false => high = middle,
        }
    }
    Ok(Some(low * capacity))
}

/// A rate, with the batch or without.
struct Asked {
    rate: f64,
    beside: Beside,
    told: String,
    trial: Trial,
}

fn trials(
    bench: &Bench,
    lab: &Lab<'_>,
    base: &Recorded,
    (rates, capacity): (&[f64], f64),
) -> Result<Vec<Asked>, String> {
    let mut all = Vec::new();
    for rate in rates {
        // An open load starts from the mean of its recording.
        let load = Action::load(rate / base.mean().throughput);
        let shift = Action::assumed(format!(
            "BatchShift(work: {:?}, by_s: 0.0)",
            lab.beside.path
        ));
        let share = rate / capacity * 100.0;
        for (beside, with) in [(Beside::Batch, "with"), (Beside::Nothing, "without")] {
            let told = format!("{share:.0} % of capacity, {with} batch");
            let mut actions = vec![load.clone()];
            if beside == Beside::Nothing {
                actions.push(shift.clone());
            }
            let name = format!("e4-{with}-{share:.0}");
            let trial = bench.predict(&name, (&told, &lab.subject()), &actions, base)?;
            all.push(Asked {
                rate: *rate,
                beside,
                told,
                trial,
            });
        }
    }
    Ok(all)
}

fn after(bench: &mut Bench, lab: &Lab<'_>, base: &Recorded, it: &Asked) -> Result<(), String> {
    let name = it.trial.name.replacen("e4-", "e4-after-", 1);
    let levels = lab.levels(bench, &[it.rate]);
    let after = bench.record((&name, "after"), lab.server(it.beside), &levels)?;
    let change = Change {
        told: &it.told,
        applied: match it.beside {
            Beside::Batch => "by the load",
            Beside::Nothing => "by hand",
        },
        truth: TRUTH,
        base,
        after: after.as_ref(),
        owed: Owed::Answer,
    };
    bench.score(&it.trial, &change, SERVED);
    if let Some(after) = &after {
        bench.validate(&it.trial, base, after);
    }
    Ok(())
}

/// A faster disk is no answer from a recording of operations alone.
fn faster_disk(bench: &mut Bench, flags: &Flags) -> Result<(), String> {
    let group = Group::new("disk")?;
    let file: PathBuf = bench.folder.file("disk.dat");
    let server = Server {
        group: &group,
        terms: Terms {
            cores: host_cores(),
            think_inside_s: 0.0,
            others_meant: 0.0,
        },
    };
    let level = |bench: &Bench, rate: Option<f64>, depth: u32| {
        let (file, folder) = (file.clone(), bench.folder.0.clone());
        let (ear, group) = (Arc::clone(&bench.ear), &group);
        Level {
            setting: match rate {
                Some(rate) => format!("{rate:.0} reads/s"),
                None => format!("{depth} reads at once"),
            },
            users: None,
            begin: Box::new(move |time: Duration| {
                let order = disk::Order {
                    file: &file,
                    rate,
                    depth,
                };
                let load = Disk::start(&order, time, (&folder, group, &ear))?;
                Ok(Box::new(load) as Box<dyn Load>)
            }),
        }
    };
    let rates = flags.numbers("disk-rates")?;
    let levels: Vec<Level<'_>> = rates.iter().map(|it| level(bench, Some(*it), 4)).collect();
    let Some(base) = bench.record(("e4-disk", "before"), server, &levels)? else {
        return Ok(());
    };
    // Waits that fall with more reads cannot be those of a queue.
    let deep = bench.probe(server, &level(bench, None, 8))?;
    let slow = base.points.first().cloned().unwrap_or_default();
    let falls = deep.mean_s < slow.mean_s;
    bench.report.notes.push(format!(
        "a read takes {:.0} us at {:.0}/s and {:.0} us at {:.0}/s: waits {}",
        slow.mean_s * 1e6,
        slow.throughput,
        deep.mean_s * 1e6,
        deep.throughput,
        if falls {
            "fall with the load, which no queue does"
        } else {
            "rise with the load"
        }
    ));
    let subject = Subject {
        service: E4.service.to_owned(),
        group: group.path.clone(),
        cores: host_cores(),
        think_s: None,
        think_inside_s: 0.0,
        cache: None,
    };
    let faster = Action::assumed("HardwareChange(what: Disk, speed: 2.0, units: None)".to_owned());
    let told = "a disk twice as fast";
    let trial = bench.predict("e4-disk", (told, &subject), &[faster], &base)?;
    let change = Change {
        told,
        applied: "not at all",
        truth: "a refusal is owed",
        base: &base,
        after: None,
        owed: Owed::Refusal,
    };
    bench.score(&trial, &change, &[("app.response.mean", Quantity::Mean)]);
    Ok(())
}
