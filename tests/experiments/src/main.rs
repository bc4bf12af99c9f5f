//! Changes real servers on this machine, and scores what Kymo predicted of it.
//!
//! * `experiments e1|e2|e3|e4 --kymo PATH --out DIR`: starts servers of its own, records
//!   them under load with the real recorder, predicts, makes the change, records again and
//!   scores. Needs root. Every size is a flag; `experiments e1 --help` names them.
//!   `--gate off` runs also where the machine is not quiet; such figures prove nothing.
//! * `experiments table DIR...`: several results as one table, with the coverage of all
//!   intervals.
//!
//! A prediction is on the disk, with its hash, before the change is made: see
//! `predictions.jsonl` in the folder of the results.
//!
//! Never: talks beyond the loopback interface, ends a process that it did not start, or
//! leaves a server, a control group or a database behind.
//!
//! Start at [`experiment::ALL`] and [`bench`].

#![expect(clippy::print_stdout, reason = "tables are what the program is for")]
#![expect(clippy::print_stderr, reason = "progress is told beside the tables")]

mod bench;
mod draw;
mod experiment;
mod flags;
mod hear;
mod kept;
mod kymo;
mod load;
mod meter;
mod place;
mod plan;
mod result;
mod reuse;
mod running;
mod sample;
mod score;
mod server;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::bench::{Bench, Protocol};
use crate::experiment::{ALL, Experiment};
use crate::flags::Flags;
use crate::hear::Ear;
use crate::kymo::Kymo;
use crate::meter::Gate;
use crate::place::Folder;
use crate::result::{Report, table};

const USAGE: &str = "usage: experiments e1|e2|e3|e4 --kymo PATH --out DIR [--seconds 60] [--warm 10] [--repeats 2] [--gate on|off] [--gate-wait 300] [--seed 1] [SIZES]
       experiments e1 --help
       experiments table DIR...";

/// Flags that all experiments know.
const COMMON: &[(&str, &str)] = &[
    ("kymo", ""),
    ("out", ""),
    ("seconds", "60"),
    ("warm", "10"),
    ("repeats", "2"),
    ("gate", "on"),
    ("gate-wait", "300"),
    ("seed", "1"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[][..]),
    };
    let done = match ALL.iter().find(|it| it.name == command) {
        Some(experiment) if rest.iter().any(|it| it == "--help") => help(experiment),
        Some(experiment) => run(experiment, rest),
        None if command == "table" => joined(rest),
        None => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("experiments: {why}");
            ExitCode::FAILURE
        }
    }
}

fn help(experiment: &Experiment) -> Result<(), String> {
    println!("{USAGE}\n\nsizes of {}:", experiment.name);
    for (name, usual) in experiment.sizes {
        println!("  --{name} {usual}");
    }
    Ok(())
}

/// Several results as one table.
fn joined(folders: &[String]) -> Result<(), String> {
    if folders.is_empty() {
        return Err(USAGE.to_owned());
    }
    let reports: Result<Vec<Report>, String> =
        folders.iter().map(|it| Report::read(it.as_ref())).collect();
    let reports = reports?;
    print!("{}", table(&reports.iter().collect::<Vec<_>>()));
    Ok(())
}

fn run(experiment: &Experiment, arguments: &[String]) -> Result<(), String> {
    let flags = Flags::of(arguments, &[COMMON, experiment.sizes].concat())?;
    let out = PathBuf::from(flags.text("out")?);
    std::fs::create_dir_all(&out).map_err(|it| format!("{}: {it}", out.display()))?;
    let (out, program) = (absolute(&out)?, absolute(flags.text("kymo")?.as_ref())?);
    if !rustix::process::geteuid().is_root() {
        return Err("control groups and databases of other users need root".to_owned());
    }
    let protocol = protocol(&flags)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|it| it.to_string())?;
    }
    let _alone = place::alone()?;
    place::sweep();
    let folder = Folder::new()?;
    let ear = Ear::new(experiment.service, folder.file("requests.log"))?;
    let gate = flags.text("gate")?.to_owned();
    let sizes = flags.told(&["kymo", "out", "gate", "gate-wait"]);
    let mut bench = Bench {
        protocol,
        kymo: Kymo {
            program,
            out: out.clone(),
            work: folder.0.clone(),
        },
        ear: Arc::new(ear),
        folder,
        stop,
        report: Report::new(experiment.name, &sizes, &gate),
    };
    let done = (experiment.run)(&mut bench, &flags);
    if let Err(why) = &done {
        bench.report.notes.push(format!("ended early: {why}"));
    }
    // What was found until then is worth keeping.
    bench.report.write(&out)?;
    println!("{}", bench.report.text());
    done
}

fn protocol(flags: &Flags) -> Result<Protocol, String> {
    let time = |name: &str| flags.number(name).map(Duration::from_secs_f64);
    Ok(Protocol {
        measure: time("seconds")?,
        warm: time("warm")?,
        repeats: (flags.number("repeats")? as usize).max(1),
        gate: match flags.on("gate")? {
            true => Gate::Wait(time("gate-wait")?),
            false => Gate::Off,
        },
        seed: flags.number("seed")? as u64,
    })
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::fs::canonicalize(path).map_err(|it| format!("{}: {it}", path.display()))
}
