//! Finds and runs the real binaries.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder that holds this build's binaries.
fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its place");
    test.ancestors()
        .nth(2)
        .expect("deps stands in a folder")
        .to_path_buf()
}

/// A binary of this build.
pub(crate) fn path(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(
        path.is_file(),
        "{} is not built: run cargo test --workspace",
        path.display()
    );
    path
}

/// A `kymo` command without a display, in its own home.
pub(crate) fn kymo(home: &Path) -> Command {
    at_home(Command::new(path("kymo")), home)
}

/// A `kymo` command that another program starts, which becomes it.
pub(crate) fn kymo_under(program: &Path, arguments: &[&str], home: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(path("kymo"));
    at_home(command, home)
}

fn at_home(mut command: Command, home: &Path) -> Command {
    command
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

/// Runs a command and insists on its exit code.
pub(crate) fn run(command: &mut Command, code: i32) -> Output {
    let output = command.output().expect("the binary starts");
    assert_eq!(
        output.status.code(),
        Some(code),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Standard output as one JSON document.
pub(crate) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("standard output is one JSON document")
}

/// Whether to go on without something this machine lacks: never in CI.
pub(crate) fn skipped(what: &str) -> bool {
    assert!(
        std::env::var_os("CI").is_none(),
        "{what} is missing, and in CI nothing is skipped"
    );
    eprintln!("SKIPPED: {what} is missing");
    true
}

/// Whether a program is on the PATH or where servers stand.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}
