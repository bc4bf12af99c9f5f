//! Starts an agent: as a child on this machine, or at the far end of ssh.
//!
//! Over ssh everything happens on one connection: a short script looks for an
//! agent of exactly our bytes, asks for it if there is none, checks what it got
//! against its hash, and becomes the agent. The far side downloads nothing and
//! nothing keeps running when the connection ends.
//!
//! Start at [`start`].

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use sha2::{Digest, Sha256};

use crate::target::Target;

/// Most bytes of greetings and banners before the agent speaks.
const PREAMBLE_MAX_BYTES: usize = 64 << 10;

/// How an agent is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Where.
    pub target: Target,
    /// The program that carries the agent on this machine, with the arguments
    /// that make it one: `kymo agent`, or `kymo-agent`.
    pub program: Vec<String>,
    /// The small agent that is pushed over ssh; it stands beside `kymo`.
    pub pushed: PathBuf,
    /// Arguments for the agent itself.
    pub arguments: Vec<String>,
}

/// An agent that was started: its process and the two ends of its stream.
#[derive(Debug)]
pub struct Started {
    /// The child: the agent itself, or ssh.
    pub child: Child,
    /// Requests go here.
    pub requests: ChildStdin,
    /// Frames come from here.
    pub frames: ChildStdout,
}

/// Why an agent could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// A program is missing or must not be run.
    #[error("could not start {program}")]
    Start {
        /// Which.
        program: String,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The agent to push is not there.
    #[error(
        "no agent for {machine} at {} (build it with: cargo build --release -p agent)",
        .path.display()
    )]
    NoAgent {
        /// `uname -sm` of the far side.
        machine: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The far side said no.
    #[error("{0}")]
    Refused(String),
    /// The connection ended early; what ssh said is in the text.
    #[error("the connection ended before the agent spoke{}", said(.0))]
    Ended(String),
    /// Reading or writing the connection failed.
    #[error("could not talk to the agent")]
    Talk(#[source] io::Error),
}

fn said(text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        text => format!(": {text}"),
    }
}

impl Launch {
    /// A launch that runs this very program as the agent.
    ///
    /// # Errors
    ///
    /// What the system says of finding the running program.
    pub fn current(target: Target, arguments: Vec<String>) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        Ok(Self {
            target,
            pushed: program.with_file_name("kymo-agent"),
            program: vec![program.to_string_lossy().into_owned(), "agent".to_owned()],
            arguments,
        })
    }
}

/// Starts the agent and returns once its stream of frames begins.
///
/// # Errors
///
/// [`LaunchError`].
pub fn start(launch: &Launch) -> Result<Started, LaunchError> {
    match &launch.target {
        Target::Local => start_child(launch),
        Target::Ssh { destination, port } => start_ssh(launch, destination, *port),
    }
}

fn start_child(launch: &Launch) -> Result<Started, LaunchError> {
    let (program, fixed) = launch
        .program
        .split_first()
        .ok_or_else(|| LaunchError::Refused("no program to start as agent".to_owned()))?;
    let mut command = Command::new(program);
    command.args(fixed).arg("--stdio").args(&launch.arguments);
    spawn(command)
}

fn spawn(mut command: Command) -> Result<Started, LaunchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |source| LaunchError::Start {
        program: program.clone(),
        source,
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let (Some(requests), Some(frames)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(failed(io::ErrorKind::BrokenPipe.into()));
    };
    Ok(Started {
        child,
        requests,
        frames,
    })
}

fn start_ssh(
    launch: &Launch,
    destination: &str,
    port: Option<u16>,
) -> Result<Started, LaunchError> {
    let agent = std::fs::read(&launch.pushed).map_err(|_| LaunchError::NoAgent {
        machine: this_machine(),
        path: launch.pushed.clone(),
    })?;
    let hash = hex(&Sha256::digest(&agent));
    let mut command = Command::new("ssh");
    command.args(["-T", "-o", "ConnectTimeout=10"]).args([
        "-o",
        "ServerAliveInterval=5",
        "-o",
        "ServerAliveCountMax=3",
    ]);
    if let Some(port) = port {
        command.arg("-p").arg(port.to_string());
    }
    command
        .arg("--")
        .arg(destination)
        .arg(far_command(&hash, agent.len(), &launch.arguments));
    let mut started = spawn(command)?;
    match negotiate(&mut started, launch, &agent) {
        Ok(()) => Ok(started),
        Err(error) => Err(explained(started, error)),
    }
}

/// Ends the failed connection and adds what ssh itself said.
fn explained(started: Started, error: LaunchError) -> LaunchError {
    let Started {
        mut child,
        requests,
        frames,
    } = started;
    drop((requests, frames));
    let mut text = String::new();
    if let Some(stderr) = child.stderr.take() {
        // Whatever could be read is shown; the first failure is the one that counts.
        if let Err(failed) = stderr.take(4096).read_to_string(&mut text) {
            text.push_str(&failed.to_string());
        }
    }
    if let Err(failed) = child.wait() {
        text.push_str(&failed.to_string());
    }
    match error {
        LaunchError::Ended(_) => LaunchError::Ended(wire::decode::clean(&text.replace('\n', " "))),
        other => other,
    }
}

/// Follows the far script until it becomes the agent.
fn negotiate(started: &mut Started, launch: &Launch, agent: &[u8]) -> Result<(), LaunchError> {
    let mut seen = 0;
    loop {
        let line = read_line(&mut started.frames, &mut seen)?;
        let Some(word) = line.strip_prefix("KYMO ") else {
            continue;
        };
        if word == "run" {
            return Ok(());
        }
        if let Some(machine) = word.strip_prefix("need ") {
            let answer = offer(started, launch, machine, agent);
            answer?;
        } else if let Some(why) = word.strip_prefix("fail ") {
            return Err(LaunchError::Refused(wire::decode::clean(why)));
        }
    }
}

fn offer(
    started: &mut Started,
    launch: &Launch,
    machine: &str,
    agent: &[u8],
) -> Result<(), LaunchError> {
    let fits = machine == this_machine();
    let answer: &[u8] = if fits { b"send\n" } else { b"stop\n" };
    let sent = started
        .requests
        .write_all(answer)
        .and_then(|()| started.requests.write_all(if fits { agent } else { b"" }))
        .and_then(|()| started.requests.flush());
    if !fits {
        return Err(LaunchError::NoAgent {
            machine: wire::decode::clean(machine),
            path: launch.pushed.clone(),
        });
    }
    sent.map_err(LaunchError::Talk)
}

/// `uname -sm` of the machine this build's agent runs on.
fn this_machine() -> String {
    let system = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        other => other,
    };
    format!("{system} {}", std::env::consts::ARCH)
}

/// Reads one line a byte at a time, so that no byte of the frames is swallowed.
fn read_line(stream: &mut impl Read, seen: &mut usize) -> Result<String, LaunchError> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        if stream.read(&mut byte).map_err(LaunchError::Talk)? == 0 {
            return Err(LaunchError::Ended(String::new()));
        }
        *seen += 1;
        if *seen > PREAMBLE_MAX_BYTES {
            return Err(LaunchError::Refused(
                "the far side talks, but not like an agent".to_owned(),
            ));
        }
        if byte[0] == b'\n' {
            return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
        line.push(byte[0]);
    }
}

/// The command for the far side's login shell, whichever it is.
///
/// The script stands in single quotes and holds none, no exclamation mark, no
/// backslash and no line break, so that sh, csh and fish hand it on unchanged.
fn far_command(hash: &str, bytes: usize, arguments: &[String]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|it| quoted(it)).collect();
    let arguments = arguments.join(" ");
    let script = format!(
        "umask 077; H={hash}; U=$(id -u); M=$(uname -sm); \
         D=\"${{XDG_CACHE_HOME:-$HOME/.cache}}/kymo/agent ${{XDG_RUNTIME_DIR:-/run/user/$U}}/kymo-agent /dev/shm/kymo-agent-$U /tmp/kymo-agent-$U\"; \
         ok() {{ test -L \"$1\" && return 1; test -f \"$1\" && test -O \"$1\" && test \"$(sha256sum < \"$1\" | cut -c 1-64)\" = $H; }}; \
         go() {{ \"$1\" --version > /dev/null 2>&1 || return 1; echo \"KYMO run\"; exec \"$1\" --stdio {arguments}; }}; \
         for d in $D; do test -L \"$d\" && continue; test -O \"$d\" || continue; if ok \"$d/$H\"; then go \"$d/$H\"; fi; done; \
         echo \"KYMO need $M\"; read answer; test \"$answer\" = send || exit 0; \
         T=; for d in $D; do mkdir -p \"$d\" 2> /dev/null || continue; test -O \"$d\" && test -w \"$d\" || continue; test -L \"$d\" && continue; \
         chmod 700 \"$d\" && T=$(mktemp \"$d/push.XXXXXX\") && break; done; \
         if test -z \"$T\"; then echo \"KYMO fail no folder on the far side can hold the agent\"; exit 1; fi; \
         trap \"rm -f $T\" HUP INT TERM; head -c {bytes} > \"$T\"; trap - HUP INT TERM; \
         if ok \"$T\"; then :; else rm -f \"$T\"; echo \"KYMO fail the agent arrived damaged or the disk is full\"; exit 1; fi; \
         chmod 700 \"$T\"; mv -f \"$T\" \"$d/$H\"; find \"$d\" -type f -mtime +30 -exec rm -f {{}} + 2> /dev/null; go \"$d/$H\"; \
         for e in $D; do test \"$e\" = \"$d\" && continue; mkdir -p \"$e\" 2> /dev/null || continue; test -O \"$e\" || continue; test -L \"$e\" && continue; \
         chmod 700 \"$e\"; cp \"$d/$H\" \"$e/$H.part\" 2> /dev/null && chmod 700 \"$e/$H.part\" && mv -f \"$e/$H.part\" \"$e/$H\" && go \"$e/$H\"; rm -f \"$e/$H\"; done; \
         rm -f \"$d/$H\"; echo \"KYMO fail the agent does not run on the far side (no folder allows programs, or its C library is older)\"; exit 1"
    );
    format!("exec sh -c '{script}'")
}

/// An argument for a script inside single quotes: double quotes around nothing that
/// expands, and what would, such as a log's format, in letters that do not.
fn quoted(argument: &str) -> String {
    let expands = |c: char| matches!(c, '\'' | '"' | '$' | '`' | '\\' | '!') || c.is_control();
    match argument.contains(expands) {
        true => format!("\"$(echo {} | base64 -d)\"", base64(argument.as_bytes())),
        false => format!("\"{argument}\""),
    }
}

/// # Source
///
/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for letter in 0..4 {
            let place = (bits >> (18 - 6 * letter)) & 63;
            text.push(match letter <= group.len() {
                true => char::from(LETTERS[place as usize]),
                false => '=',
            });
        }
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_survives_any_login_shell() {
        let command = far_command("00ff", 12, &["--every".to_owned(), "1's $(x)".to_owned()]);
        let script = command
            .strip_prefix("exec sh -c '")
            .and_then(|rest| rest.strip_suffix('\''));
        let script = script.unwrap_or_default();
        assert!(!script.is_empty());
        for forbidden in ['\'', '\n', '!', '\\'] {
            assert!(!script.contains(forbidden), "{forbidden:?}");
        }
    }

    #[test]
    fn arguments_arrive_at_the_far_side_as_they_are() {
        for argument in [
            "log:/var/log/a.log,nginx=$remote_addr \"$request\" 'it\\' `x` !",
            "--every",
            "",
            "a",
            "$b",
            "$bc",
        ] {
            let script = format!("printf %s {}", quoted(argument));
            let output = Command::new("sh").arg("-c").arg(script).output();
            let said = output.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
            assert_eq!(said.ok().as_deref(), Some(argument));
        }
    }
}
