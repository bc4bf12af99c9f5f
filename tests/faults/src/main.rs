//! Disturbs this machine on purpose, records it with the real recorder, and scores
//! what Kymo says of it.
//!
//! * `faults list`: what there is, and what this machine cannot do.
//! * `faults record --seed N [--fault NAME]… --out DIR --kymo PATH`: records each
//!   fault once, with start, size and length drawn from the seed. Needs root.
//!   `--calm 0.1` refuses while others use more than a tenth of the machine.
//! * `faults score DIR --kymo PATH [--json]`: what Kymo says of recordings.
//! * `faults card DIR --kymo PATH`: the accuracy card, as JSON: precision, recall,
//!   delay and false alarms per host and day of each detector on each fault.
//!   `--out assets/accuracy.ron` writes the file that the window shows; rows of public
//!   data sets come from `--public FILE.json` or stay as they were.
//!
//! Detectors may be looked at with any seed that has been used before; a score is
//! worth something only on seeds that nobody has recorded yet.
//!
//! Never: sends traffic beyond a network namespace, needs more memory than a limited
//! control group gives, or leaves anything behind.
//!
//! Start at [`fault::ALL`].

#![expect(clippy::print_stdout, reason = "tables are what the program is for")]
#![expect(clippy::print_stderr, reason = "progress is told beside the tables")]

mod calm;
mod draw;
mod fault;
mod place;
mod record;
mod score;
mod shop;
mod stage;
mod truth;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::fault::{ALL, Fault};

const USAGE: &str = "usage: faults list
       faults record --seed N [--fault NAME|all]... --out DIR --kymo PATH [--calm SHARE]
       faults score DIR --kymo PATH [--json]
       faults card DIR --kymo PATH [--out FILE.ron [--public FILE.json]]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[][..]),
    };
    let done = match command {
        "list" => list(),
        "record" => recordings(rest),
        "score" => score::command(rest, score::Shape::Score),
        "card" => score::command(rest, score::Shape::Card),
        "work" => work::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("faults: {why}");
            ExitCode::FAILURE
        }
    }
}

fn list() -> Result<(), String> {
    for fault in ALL {
        println!("{:22}{:16}{}", fault.name, fault.verdict, fault.what);
    }
    Ok(())
}

/// The flags of a command, each with a value.
struct Flags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Flags<'a> {
    fn of(arguments: &'a [String], known: &[&str]) -> Result<Self, String> {
        let mut flags = Vec::new();
        let mut rest = arguments.iter();
        while let Some(flag) = rest.next() {
            let name = flag.strip_prefix("--").filter(|it| known.contains(it));
            let name = name.ok_or_else(|| format!("{flag} is not known\n{USAGE}"))?;
            let value = rest.next().ok_or_else(|| format!("{flag} needs a value"))?;
            flags.push((name, value.as_str()));
        }
        Ok(Self(flags))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let flags = self.0.iter().filter(move |it| it.0 == name);
        flags.map(|it| it.1)
    }

    fn one(&self, name: &str) -> Result<&'a str, String> {
        let value = self.all(name).last();
        value.ok_or_else(|| format!("--{name} is missing\n{USAGE}"))
    }
}

fn recordings(arguments: &[String]) -> Result<(), String> {
    let flags = Flags::of(arguments, &["seed", "fault", "out", "kymo", "calm"])?;
    let seed = flags.one("seed")?.parse();
    let seed: u64 = seed.map_err(|_| "--seed takes a whole number".to_owned())?;
    let out = PathBuf::from(flags.one("out")?);
    std::fs::create_dir_all(&out).map_err(|it| format!("{}: {it}", out.display()))?;
    let out = record::absolute(&out)?;
    let kymo = record::absolute(flags.one("kymo")?.as_ref())?;
    let calm = flags.all("calm").last().map(str::parse);
    let calm = calm.transpose();
    let calm = calm.map_err(|_| "--calm takes a share such as 0.1".to_owned())?;
    let wanted: Vec<&str> = flags.all("fault").collect();
    if !rustix::process::geteuid().is_root() {
        return Err("control groups and namespaces need root".to_owned());
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|it| it.to_string())?;
    }
    let mut failed = Vec::new();
    for fault in chosen(&wanted)? {
        eprintln!("{} ...", fault.name);
        let order = record::Order {
            fault,
            seed,
            out: &out,
            kymo: &kymo,
            calm,
            stop: &stop,
        };
        match record::record(&order) {
            Ok(true) => eprintln!("{} is recorded", fault.name),
            Ok(false) => eprintln!("{} was recorded before", fault.name),
            Err(why) if stop.load(std::sync::atomic::Ordering::Relaxed) => return Err(why),
            Err(why) => failed.push(format!("{}: {why}", fault.name)),
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("not recorded:\n{}", failed.join("\n"))),
    }
}

fn chosen(wanted: &[&str]) -> Result<Vec<&'static Fault>, String> {
    if wanted.is_empty() || wanted.contains(&"all") {
        return Ok(ALL.iter().collect());
    }
    let found = wanted.iter().map(|name| {
        let found = ALL.iter().find(|it| it.name == *name);
        found.ok_or_else(|| format!("{name} is no fault; `faults list` names them"))
    });
    found.collect()
}
