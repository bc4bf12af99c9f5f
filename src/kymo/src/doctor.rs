//! `kymo doctor`: what works on this machine, what does not, and what enables it.
//!
//! Everything is tried, nothing is assumed: the agent is started and asked what
//! it could open, libraries are looked for where the loader looks.

pub(crate) mod intakes;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use workflow::launch::Launch;
use workflow::link::{Connected, Link, LinkId, Options, Update};
use workflow::tap::Tap;
use workflow::target::Target;

/// How long the agent may take to greet.
const GREETING_TIME: Duration = Duration::from_secs(10);

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Works.
    Works,
    /// Works in part.
    Partly,
    /// Does not work.
    No,
}

/// One line of the answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// What was tried.
    pub(crate) what: String,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// What was found.
    pub(crate) found: String,
    /// What would enable it; empty when it works.
    pub(crate) fix: String,
}

/// Libraries the window loads when it starts, with the Debian package of each.
const LIBRARIES: &[(&str, &str)] = &[
    ("libX11.so.6", "libx11-6"),
    ("libX11-xcb.so.1", "libx11-xcb1"),
    ("libXcursor.so.1", "libxcursor1"),
    ("libXi.so.6", "libxi6"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    ("libEGL.so.1", "libegl1"),
    ("libGL.so.1", "libgl1"),
];

/// Whether a window can be opened at all.
pub(crate) fn display() -> Option<String> {
    ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"]
        .into_iter()
        .find_map(|name| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
            Some(format!("{name}={value}"))
        })
}

/// Packages of libraries that the window needs and this machine lacks.
pub(crate) fn missing_packages() -> Vec<&'static str> {
    let folders = library_folders();
    LIBRARIES
        .iter()
        .filter(|(library, _)| !folders.iter().any(|folder| folder.join(library).exists()))
        .map(|(_, package)| *package)
        .collect()
}

fn library_folders() -> Vec<PathBuf> {
    let arch = std::env::consts::ARCH;
    let mut folders: Vec<PathBuf> = [
        format!("/usr/lib/{arch}-linux-gnu"),
        format!("/lib/{arch}-linux-gnu"),
        "/usr/lib64".to_owned(),
        "/usr/lib".to_owned(),
        "/lib64".to_owned(),
        "/usr/local/lib".to_owned(),
    ]
    .map(PathBuf::from)
    .to_vec();
    if let Some(paths) = std::env::var_os("LD_LIBRARY_PATH") {
        folders.extend(std::env::split_paths(&paths));
    }
    folders
}

/// Runs every check, in the order of the answer.
pub(crate) fn checks() -> Vec<Check> {
    let mut checks = vec![window(), libraries(), ssh(), pushed_agent(), dialogs()];
    checks.extend(agent());
    checks.push(works("what the agent may use".to_owned(), budget()));
    checks.push(metrics());
    checks.extend(intakes::checks());
    checks.push(descriptors());
    checks
}

/// The agent's budget without one of the user's own.
fn budget() -> String {
    let share = |every_ns| {
        let share = agent::budget::Allowed::ByCadence.share(every_ns);
        share.map_or_else(String::new, agent::budget::share_text)
    };
    format!(
        "{} at one sample a second, {} at a hundred, {} MiB; --budget of kymo record and kymo agent changes it",
        share(1_000_000_000),
        share(10_000_000),
        agent::budget::RESIDENT_MAX_BYTES >> 20,
    )
}

/// The port at which Prometheus servers usually look for such figures.
const METRICS: &str = "127.0.0.1:9464";

/// Whether an agent could tell a Prometheus server its own figures; it does so only when
/// it is asked to.
fn metrics() -> Check {
    let what = "the agent's own figures for Prometheus, off unless asked for".to_owned();
    match std::net::TcpListener::bind(METRICS) {
        Ok(_) => works(
            what,
            format!("kymo agent --stdio --metrics {METRICS}, for servers on this machine only"),
        ),
        Err(error) => Check {
            what,
            verdict: Verdict::Partly,
            found: format!("{METRICS}: {error}"),
            fix: "kymo agent --stdio --metrics 127.0.0.1:PORT with another port".to_owned(),
        },
    }
}

fn window() -> Check {
    let what = "a display for the window".to_owned();
    match display() {
        Some(found) => works(what, found),
        None => Check {
            what,
            verdict: Verdict::No,
            found: "neither WAYLAND_DISPLAY nor DISPLAY is set".to_owned(),
            fix: "run kymo in a desktop session, or xvfb-run kymo; everything but the window works without".to_owned(),
        },
    }
}

fn libraries() -> Check {
    let what = "libraries the window loads".to_owned();
    let missing = missing_packages();
    if missing.is_empty() {
        return works(what, "all found".to_owned());
    }
    Check {
        what,
        verdict: Verdict::No,
        found: format!("missing: {}", missing.join(" ")),
        fix: format!("sudo apt-get install -y {}", missing.join(" ")),
    }
}

fn ssh() -> Check {
    let what = "ssh, to attach other machines".to_owned();
    match on_path("ssh") {
        Some(path) => works(what, path.display().to_string()),
        None => Check {
            what,
            verdict: Verdict::No,
            found: "no ssh on the PATH".to_owned(),
            fix: "sudo apt-get install -y openssh-client".to_owned(),
        },
    }
}

fn pushed_agent() -> Check {
    let what = "the small agent that is pushed over ssh".to_owned();
    let beside = std::env::current_exe().map(|path| path.with_file_name("kymo-agent"));
    match beside {
        Ok(path) if path.is_file() => works(what, path.display().to_string()),
        Ok(path) => Check {
            what,
            verdict: Verdict::No,
            found: format!("no {}", path.display()),
            fix: "cargo build --release -p agent".to_owned(),
        },
        Err(error) => Check {
            what,
            verdict: Verdict::No,
            found: error.to_string(),
            fix: String::new(),
        },
    }
}

fn dialogs() -> Check {
    let what = "native file dialogs".to_owned();
    let portal = Path::new("/usr/share/dbus-1/services/org.freedesktop.portal.Desktop.service");
    if portal.exists() {
        return works(what, "desktop portal".to_owned());
    }
    match on_path("zenity") {
        Some(path) => works(what, path.display().to_string()),
        None => Check {
            what,
            verdict: Verdict::Partly,
            found: "neither a desktop portal nor zenity; paths can be typed".to_owned(),
            fix: "sudo apt-get install -y zenity".to_owned(),
        },
    }
}

/// Starts the agent and lists what it could and could not open.
fn agent() -> Vec<Check> {
    let what = "the agent on this machine".to_owned();
    let no = |found: String| {
        vec![Check {
            what: what.clone(),
            verdict: Verdict::No,
            found,
            fix: "start it by hand to see more: kymo agent --stdio </dev/null >/dev/null"
                .to_owned(),
        }]
    };
    match greeting() {
        Ok(connected) => {
            let hello = &connected.hello;
            let mut checks = vec![works(what, hello.capabilities.join(", "))];
            checks.extend(hello.limits.iter().map(|limit| Check {
                what: "what the agent may see".to_owned(),
                verdict: Verdict::Partly,
                found: limit.clone(),
                fix: fix_of(limit),
            }));
            checks
        }
        Err(why) => no(why),
    }
}

/// The command that lifts a limit, where one is known.
fn fix_of(limit: &str) -> String {
    let limit = limit.to_lowercase();
    if limit.contains("root") || limit.contains("cap_") || limit.contains("permission") {
        "run kymo as root, or give the agent the capability: sudo setcap cap_net_admin,cap_sys_ptrace,cap_dac_read_search+ep kymo-agent".to_owned()
    } else if limit.contains("pressure") {
        "boot with psi=1 on the kernel command line".to_owned()
    } else {
        String::new()
    }
}

fn greeting() -> Result<Connected, String> {
    let launch = Launch::current(Target::Local, Vec::new()).map_err(|error| error.to_string())?;
    let (sender, updates) = workflow::link::channel();
    let link = Link::start(
        launch,
        Options {
            id: LinkId(0),
            names: Arc::default(),
            updates: sender,
            wake: Arc::new(|| {}),
            tap: Tap::Off,
        },
    );
    loop {
        match updates.recv_timeout(GREETING_TIME) {
            Ok((_, Update::Connected(connected))) => {
                drop(link);
                return Ok(*connected);
            }
            Ok((_, Update::Ended(why))) => return Err(why),
            Ok(_) => {}
            Err(_) => return Err("it did not greet within 10 s".to_owned()),
        }
    }
}

fn descriptors() -> Check {
    let what = "file descriptors for kept process files".to_owned();
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    match limit.maximum {
        Some(maximum) if maximum < 4096 => Check {
            what,
            verdict: Verdict::Partly,
            found: format!("at most {maximum}: files of many processes are opened anew each time"),
            fix: "raise the hard limit: ulimit -Hn 65536 (as root)".to_owned(),
        },
        Some(maximum) => works(what, format!("up to {maximum}")),
        None => works(what, "no limit".to_owned()),
    }
}

fn works(what: String, found: String) -> Check {
    Check {
        what,
        verdict: Verdict::Works,
        found,
        fix: String::new(),
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// The answer for people.
pub(crate) fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let mark = match check.verdict {
            Verdict::Works => "works ",
            Verdict::Partly => "partly",
            Verdict::No => "NO    ",
        };
        text.push_str(&format!("{mark}  {}: {}\n", check.what, check.found));
        if !check.fix.is_empty() {
            text.push_str(&format!("        → {}\n", check.fix));
        }
    }
    text
}
