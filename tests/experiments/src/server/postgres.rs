//! A database with the tables of pgbench, reached by a socket in its own folder.
//!
//! Start at [`Postgres::start`].

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::place::{Group, missing, put, tool};
use crate::running::Running;

use super::STARTING;

/// It listens on no network; the number only names its socket.
pub(crate) const PORT: u16 = 55_432;

/// A running database; ended when dropped.
pub(crate) struct Postgres {
    /// Folder of its socket.
    pub(crate) socket: PathBuf,
    /// Where its programs are.
    programs: PathBuf,
    running: Running,
}

impl Postgres {
    /// Makes a database of this scale and starts it in a group.
    pub(crate) fn start(folder: &Path, group: &Group, scale: u32) -> Result<Self, String> {
        let programs = programs()?;
        let home = folder.join("postgres");
        let data = home.join("data").display().to_string();
        std::fs::create_dir_all(&home).map_err(|it| format!("{}: {it}", home.display()))?;
        tool("chown", &["postgres:", &home.display().to_string()])?;
        let program = |name: &str| programs.join(name).display().to_string();
        let made = as_postgres(&[&program("initdb"), "-D", &data, "-A", "trust", "-N"])
            .stdin(Stdio::null())
            .output();
        let made = made.map_err(|it| missing("setpriv", &it))?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(format!("initdb: {}", said.trim()));
        }
        let port = PORT.to_string();
        let mut command: Vec<String> = words(&as_postgres(&[
            &program("postgres"),
            "-D",
            &data,
            "-p",
            &port,
            "-k",
            &home.display().to_string(),
        ]));
        for setting in [
            "listen_addresses=",
            "shared_buffers=256MB",
            "max_connections=200",
            // Nothing but requests shall use the processors.
            "autovacuum=off",
            "jit=off",
            "max_parallel_workers_per_gather=0",
        ] {
            command.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let running = Running::start(&command, Some(group), &folder.join("postgres.txt"))?;
        let mut postgres = Self {
            socket: home,
            programs: programs.clone(),
            running,
        };
        postgres.fill(scale)?;
        Ok(postgres)
    }

    fn fill(&mut self, scale: u32) -> Result<(), String> {
        let socket = self.socket.display().to_string();
        let port = PORT.to_string();
        let at = ["-h", &socket, "-p", &port, "-U", "postgres"];
        let ready = self.programs.join("pg_isready").display().to_string();
        self.running
            .until(STARTING, || tool(&ready, &at[..4]).is_ok())?;
        let run = |name: &str, more: &[&str]| {
            let program = self.programs.join(name).display().to_string();
            tool(&program, &[&at[..], more].concat())
        };
        run("createdb", &["bench"])?;
        run("pgbench", &["-i", "-q", "-s", &scale.to_string(), "bench"])?;
        Ok(())
    }

    /// The load generator that belongs to it.
    pub(crate) fn pgbench(&self) -> PathBuf {
        self.programs.join("pgbench")
    }
}

/// Writes a script that each client repeats: a sum over so many rows, then a pause.
pub(crate) fn script(path: &Path, rows: u32, sleep_ms: u32) -> Result<(), String> {
    let pause = match sleep_ms {
        0 => String::new(),
        ms => format!("\\sleep {ms} ms\n"),
    };
    let text = format!(
        "\\set aid random(1, 100000 * :scale - {rows})\n\
         SELECT sum(abalance) FROM pgbench_accounts WHERE aid BETWEEN :aid AND :aid + {rows};\n\
         {pause}"
    );
    put(path, &text)
}

/// A program run by the user that databases belong to.
fn as_postgres(command: &[&str]) -> Command {
    let mut whole = Command::new("setpriv");
    whole
        .args(["--reuid", "postgres", "--regid", "postgres"])
        .args(["--init-groups", "--"])
        .args(command)
        .current_dir("/");
    whole
}

fn words(command: &Command) -> Vec<String> {
    let all = std::iter::once(command.get_program()).chain(command.get_args());
    all.map(|it| it.to_string_lossy().into_owned()).collect()
}

/// The newest installed server's programs.
fn programs() -> Result<PathBuf, String> {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let versions = versions.into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions
        .map(|it| it.path().join("bin"))
        .filter(|it| it.join("postgres").exists())
        .collect();
    found.sort();
    found
        .pop()
        .ok_or("no postgres; it is in the Debian package postgresql-15".to_owned())
}
