//! The command line of Kymo; without a subcommand it opens the workbench.
//!
//! This file parses and hands on; [`commands`] does what was asked, [`terminal`]
//! does the main job where there is no display, [`doctor`] says what works.
//! Every failure ends here, as one line and an exit code of the contract.

mod analyses;
mod arguments;
mod commands;
mod delivering;
mod doctor;
mod failure;
mod importing;
mod library;
mod planning;
mod reporting;
mod reviewing;
mod running;
mod sharing;
mod standards;
mod terminal;
mod verifying;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        None => commands::open(Vec::new(), Vec::new()),
        Some(Command::Open { inputs, agents }) => commands::open(inputs, agents),
        Some(Command::Agent { arguments }) => return commands::agent(arguments),
        Some(Command::Record(record)) => commands::record(record),
        Some(Command::Info { input, json }) => commands::info(&input, json.into()),
        Some(Command::Verify(arguments)) => verifying::run(&arguments),
        Some(Command::Import(import)) => importing::run(&import),
        Some(Command::Export { input, out, format }) => commands::export(&input, &out, format),
        Some(Command::Trim {
            input,
            from,
            to,
            series,
            out,
        }) => commands::trim(&input, model::time::Span::between(from, to), &series, &out),
        Some(Command::Share(share)) => sharing::run(&share),
        Some(Command::Unlock(unlock)) => sharing::unlock(&unlock),
        Some(Command::Analyze(arguments)) => analyses::analyze::run(&arguments),
        Some(Command::Compare(arguments)) => analyses::compare::run(&arguments),
        Some(Command::Report(arguments)) => reporting::run(&arguments),
        Some(Command::Deliver(arguments)) => delivering::run(&arguments),
        Some(Command::Forecast(arguments)) => analyses::forecast::run(&arguments),
        Some(Command::Bottleneck(arguments)) => analyses::bottleneck::run(&arguments),
        Some(Command::Changes(arguments)) => analyses::changes::run(&arguments),
        Some(Command::Own(arguments)) => analyses::own::run(&arguments),
        Some(Command::Trend(arguments)) => analyses::trend::run(&arguments),
        Some(Command::Anomalies(arguments)) => analyses::anomalies::run(&arguments),
        Some(Command::Explain(command)) => analyses::explain::run(&command),
        Some(Command::Correlate(command)) => analyses::correlate::run(&command),
        Some(Command::Services(command)) => analyses::services::run(&command),
        Some(Command::Check(arguments)) => standards::check(&arguments),
        Some(Command::Standard(command)) => standards::keep(&command),
        Some(Command::Plan(command)) => planning::run(command),
        Some(Command::Run(arguments)) => running::run(&arguments),
        Some(Command::Review(command)) => reviewing::run(&command),
        Some(Command::Library(command)) => library::run(command),
        Some(Command::Whatif(command)) => planning::whatif(&command),
        Some(Command::Doctor { json }) => commands::doctor(json.into()),
    };
    failure::exit(outcome)
}
