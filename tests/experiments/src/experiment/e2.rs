//! A web server under other quotas, packing less, with more workers and with a limit.
//!
//! Each part has a server and a recording of its own. Packing has no model of its own, so
//! its plan must be refused; what the two levels cost, measured, makes it answerable.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Experiment;
use crate::bench::{Bench, Change, Level, Recorded, SERVED, Server, Trial};
use crate::flags::Flags;
use crate::load::Load;
use crate::load::web::{Asking, Web};
use crate::place::Group;
use crate::plan::{Action, Subject, nginx};
use crate::sample::{Terms, host_cores};
use crate::score::{Owed, Quantity};
use crate::server::nginx::{LIMIT_ON, Nginx, PAGE};

/// The experiment.
pub(crate) const E2: Experiment = Experiment {
    name: "e2",
    service: "nginx",
    sizes: &[
        ("parts", "quota,gzip,limit,workers"),
        ("quotas", "20,40,80"),
        ("users", "1,2,4,8,12"),
        ("worker-users", "4,8,16,24,32"),
        ("think-ms", "20"),
        ("rates", "200,350,500"),
        ("limit", "300"),
    ],
    run,
};

const TRUTH: &str = "readers' own clocks, cpuacct";

/// How long a server may take to put new workers in the place of old ones.
const SETTLING: Duration = Duration::from_millis(10_000);

fn run(bench: &mut Bench, flags: &Flags) -> Result<(), String> {
    for part in flags.names("parts")? {
        // Each part begins with the server as it is without any change.
        let group = Group::new("nginx")?;
        let server = Nginx::start(&bench.folder.0, &group, flags.number("limit")?)?;
        bench.allow(&server.policy())?;
        let lab = Lab {
            group: &group,
            nginx: &server,
            think_s: flags.number("think-ms")? / 1e3,
        };
        match part {
            "quota" => quota(bench, &lab, flags)?,
            "gzip" => gzip(bench, &lab, flags)?,
            "limit" => limit(bench, &lab, flags)?,
            "workers" => workers(bench, &lab, flags)?,
            other => return Err(format!("{other} is no part of e2")),
        }
    }
    Ok(())
}

struct Lab<'a> {
    group: &'a Group,
    nginx: &'a Nginx,
    think_s: f64,
}

impl<'a> Lab<'a> {
    fn server(&self, cores: f64) -> Server<'a> {
        Server {
            group: self.group,
            terms: Terms {
                cores,
                think_inside_s: 0.0,
                others_meant: 0.0,
            },
        }
    }

    fn subject(&self, cores: f64, think_s: Option<f64>) -> Subject {
        Subject {
            service: E2.service.to_owned(),
            group: self.group.path.clone(),
            cores,
            think_s,
            think_inside_s: 0.0,
            cache: None,
        }
    }

    fn level(&self, bench: &Bench, number: usize, asking: Asking) -> Level<'static> {
        let (seed, ear) = (bench.protocol.seed + number as u64, Arc::clone(&bench.ear));
        let address = self.nginx.address();
        let (setting, users) = match asking {
            Asking::Closed { users, .. } => (format!("{users} users"), Some(f64::from(users))),
            Asking::Open { rate } => (format!("{rate:.0} requests/s"), None),
        };
        Level {
            setting,
            users,
            begin: Box::new(move |_| {
                let load = Web::start((address, PAGE), asking, seed, &ear);
                Ok(Box::new(load) as Box<dyn Load>)
            }),
        }
    }

    /// Levels of readers who think, each as often as it is repeated, the last the highest.
    fn closed(&self, bench: &Bench, users: &[f64]) -> Vec<Level<'static>> {
        let repeated = (0..bench.protocol.repeats).flat_map(|_| users);
        let one = |(i, users): (usize, &f64)| {
            let (users, think_s) = (*users as u32, self.think_s);
            self.level(bench, i, Asking::Closed { users, think_s })
        };
        repeated.enumerate().map(one).collect()
    }

    fn open(&self, bench: &Bench, rates: &[f64]) -> Vec<Level<'static>> {
        let repeated = (0..bench.protocol.repeats).flat_map(|_| rates);
        let one = |(i, rate): (usize, &f64)| self.level(bench, i, Asking::Open { rate: *rate });
        repeated.enumerate().map(one).collect()
    }
}

/// Scores one change.
fn hold(
    bench: &mut Bench,
    (trial, told, applied): (&Trial, &str, &str),
    (base, after): (&Recorded, Option<&Recorded>),
    (owed, metrics): (Owed, &[(&str, Quantity)]),
) {
    let change = Change {
        told,
        applied,
        truth: TRUTH,
        base,
        after,
        owed,
    };
    bench.score(trial, &change, metrics);
    if let (Some(after), Owed::Answer) = (after, owed) {
        bench.validate(trial, base, after);
    }
}

fn quota(bench: &mut Bench, lab: &Lab<'_>, flags: &Flags) -> Result<(), String> {
    let quotas = flags.numbers("quotas")?;
    let (first, others) = quotas.split_first().ok_or("--quotas is missing")?;
    let users = flags.numbers("users")?;
    lab.group.limit(Some(first / 100.0))?;
    let levels = lab.closed(bench, &users);
    let server = lab.server(first / 100.0);
    let Some(base) = bench.record(("e2-quota-before", "before"), server, &levels)? else {
        return Ok(());
    };
    // One worker is one thread, which is one processor at most.
    let subject = lab.subject(1.0, Some(lab.think_s));
    let mut trials = Vec::new();
    for quota in others {
        let action = Action::carried_out(format!(
            "CpuMax(cgroup: {:?}, quota_us: Some({:.0}), period_us: 100000)",
            lab.group.path,
            quota * 1e3
        ));
        let name = format!("e2-quota-{quota:.0}");
        let title = format!("quota of {quota:.0} %");
        let trial = bench.predict(&name, (&title, &subject), &[action], &base)?;
        trials.push((quota / 100.0, title, trial));
    }
    let most = users.last().copied().unwrap_or(1.0);
    for (cores, told, trial) in &trials {
        let in_force = || {
            let limit = lab.group.limited_to()?.unwrap_or(0.0);
            Ok((limit - cores).abs() < 1e-6)
        };
        let applied = bench.apply(trial, &in_force, &|| lab.group.limit(Some(*cores)))?;
        let levels = lab.closed(bench, &[most]);
        let name = format!("e2-quota-after-{:.0}", cores * 100.0);
        let after = bench.record((&name, "after"), lab.server(*cores), &levels)?;
        let sides = (&base, after.as_ref());
        hold(
            bench,
            (trial, told, &applied),
            sides,
            (Owed::Answer, SERVED),
        );
    }
    Ok(())
}

fn gzip(bench: &mut Bench, lab: &Lab<'_>, flags: &Flags) -> Result<(), String> {
    const CORES: f64 = 0.4;
    lab.group.limit(Some(CORES))?;
    let users = flags.numbers("users")?;
    let levels = lab.closed(bench, &users);
    let server = lab.server(CORES);
    let Some(base) = bench.record(("e2-gzip-before", "before"), server, &levels)? else {
        return Ok(());
    };
    let subject = lab.subject(1.0, Some(lab.think_s));
    let plan = nginx("gzip_comp_level", "1");
    let told = "gzip level 6 to 1";
    let knob = bench.predict("e2-gzip-knob", (told, &subject), &[plan], &base)?;
    // What a request costs at either level, measured apart from all recordings.
    let most = users.last().copied().unwrap_or(1.0);
    let probe = lab.closed(bench, &[most]);
    lab.nginx.set("gzip_comp_level", "1")?;
    let cheap = bench.probe(server, &probe[0])?;
    lab.nginx.set("gzip_comp_level", "6")?;
    let dear = bench.probe(server, &probe[0])?;
    let speed = dear.cpu_s_per_request / cheap.cpu_s_per_request;
    bench.report.notes.push(format!(
        "a request takes {:.3} ms at level 6 and {:.3} ms at level 1: {speed:.2} times as fast",
        dear.cpu_s_per_request * 1e3,
        cheap.cpu_s_per_request * 1e3
    ));
    let faster = Action::assumed(format!(
        "HardwareChange(what: Cpu, speed: {speed:?}, units: None)"
    ));
    let measured = "gzip level 1, by measured cost";
    let trial = bench.predict("e2-gzip-cost", (measured, &subject), &[faster], &base)?;
    let in_force = || Ok(lab.nginx.setting("gzip_comp_level")? == "1");
    let by_hand = || lab.nginx.set("gzip_comp_level", "1");
    let applied = bench.apply(&knob, &in_force, &by_hand)?;
    let levels = lab.closed(bench, &[most]);
    let after = bench.record(("e2-gzip-after", "after"), server, &levels)?;
    let sides = (&base, after.as_ref());
    let throughput = &SERVED[..1];
    hold(
        bench,
        (&knob, told, &applied),
        sides,
        (Owed::Refusal, throughput),
    );
    hold(
        bench,
        (&trial, measured, &applied),
        sides,
        (Owed::Answer, SERVED),
    );
    Ok(())
}

fn limit(bench: &mut Bench, lab: &Lab<'_>, flags: &Flags) -> Result<(), String> {
    let rates = flags.numbers("rates")?;
    let per_s = flags.number("limit")?;
    // One worker is one thread, which is one processor at most.
    let (subject, server) = (lab.subject(1.0, None), lab.server(1.0));
    let levels = lab.open(bench, &rates);
    let Some(base) = bench.record(("e2-limit-before", "before"), server, &levels)? else {
        return Ok(());
    };
    let most = rates.last().copied().unwrap_or(1.0);
    // An open load starts from the mean of its recording.
    let ratio = most / base.mean().throughput;
    let limit = Action::kept(format!(
        "RateLimit(service: \"nginx\", per_s: {per_s:?}, burst: 20.0, by: Some((adapter: \"nginx\", instance: \"\", key: \"limit_req\", value: {LIMIT_ON:?})))"
    ));
    let told = format!("limit of {per_s:.0}/s at {most:.0}/s");
    let actions = [Action::load(ratio), limit];
    let trial = bench.predict("e2-limit", (&told, &subject), &actions, &base)?;
    let in_force = || Ok(lab.nginx.setting("limit_req")? == LIMIT_ON);
    let by_hand = || lab.nginx.set("limit_req", LIMIT_ON);
    let applied = bench.apply(&trial, &in_force, &by_hand)?;
    let levels = lab.open(bench, &[most]);
    let after = bench.record(("e2-limit-after", "after"), server, &levels)?;
    let metrics = [
        ("app.throughput", Quantity::Throughput),
        ("app.rejected", Quantity::Throughput),
        ("cpu.utilization", Quantity::Utilization),
    ];
    let sides = (&base, after.as_ref());
    hold(
        bench,
        (&trial, &told, &applied),
        sides,
        (Owed::Answer, &metrics),
    );
    Ok(())
}

fn workers(bench: &mut Bench, lab: &Lab<'_>, flags: &Flags) -> Result<(), String> {
    let users = flags.numbers("worker-users")?;
    // One worker is one thread, which is one processor at most.
    let subject = lab.subject(1.0, Some(lab.think_s));
    let levels = lab.closed(bench, &users);
    let recorded = bench.record(("e2-workers-before", "before"), lab.server(1.0), &levels)?;
    let Some(base) = recorded else {
        return Ok(());
    };
    let told = "workers 1 to 2";
    let plan = nginx("worker_processes", "2");
    let knob = bench.predict("e2-workers-knob", (told, &subject), &[plan], &base)?;
    let in_force = || {
        let until = Instant::now() + SETTLING;
        while lab.nginx.workers()? != 2 {
            if Instant::now() > until {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(true)
    };
    let by_hand = || lab.nginx.set("worker_processes", "2");
    let applied = bench.apply(&knob, &in_force, &by_hand)?;
    let most = users.last().copied().unwrap_or(1.0);
    let levels = lab.closed(bench, &[most]);
    let after = bench.record(
        ("e2-workers-after", "after"),
        lab.server(host_cores()),
        &levels,
    )?;
    let sides = (&base, after.as_ref());
    hold(
        bench,
        (&knob, told, &applied),
        sides,
        (Owed::Answer, SERVED),
    );
    Ok(())
}
