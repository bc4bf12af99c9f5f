//! The small agent: what is pushed to a server and run there over ssh.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    ExitCode::from(agent::command::main("kymo-agent", arguments))
}
