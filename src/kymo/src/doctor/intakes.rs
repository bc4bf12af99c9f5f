//! Whether applications can be heard here: ports, gRPC, access logs.
//!
//! Ports are tried by taking them for a moment; logs by opening them.
//!
//! Start at [`checks`].

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Check, Verdict, works};

/// What listens, with its usual port.
const TCP: [(&str, &str, u16); 2] = [
    ("otlp-http", "OTLP over HTTP", 4318),
    ("otlp-grpc", "OTLP over gRPC", 4317),
];
const STATSD: (&str, &str, u16) = ("statsd", "StatsD", 8125);

/// Where web servers of distributions write their access logs.
const LOGS: [&str; 4] = [
    "/var/log/nginx/access.log",
    "/var/log/apache2/access.log",
    "/var/log/httpd/access_log",
    "/var/log/lighttpd/access.log",
];

/// Every check of intakes, in the order of the answer.
pub(crate) fn checks() -> Vec<Check> {
    let mut checks: Vec<Check> = TCP
        .iter()
        .map(|it| {
            let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, it.2)).map(drop);
            port(*it, taken.map_err(|error| error.kind()))
        })
        .collect();
    let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, STATSD.2)).map(drop);
    checks.push(port(STATSD, taken.map_err(|error| error.kind())));
    checks.push(grpc());
    checks.extend(logs(&LOGS.map(Path::new)));
    checks
}

fn port((key, name, port): (&str, &str, u16), taken: Result<(), ErrorKind>) -> Check {
    let what = format!("hearing {name}, port {port} on loopback");
    let Err(why) = taken else {
        return works(what, format!("free: --intake {key}"));
    };
    let found = match why {
        ErrorKind::AddrInUse => "taken, perhaps by a collector or by an agent of Kymo".to_owned(),
        other => other.to_string(),
    };
    let other = port + 10_000;
    let option = if key == "statsd" { "-lunp" } else { "-ltnp" };
    Check {
        what,
        verdict: Verdict::Partly,
        found,
        fix: format!(
            "ss {option} 'sport = :{port}' says who has it; or take another: --intake {key}:{other}"
        ),
    }
}

/// Whether gRPC is spoken by this program and by the agent that is pushed over ssh.
fn grpc() -> Check {
    let what = "OTLP over gRPC".to_owned();
    if let Err(error) = "otlp-grpc".parse::<agent::intake::spec::Spec>() {
        return Check {
            what,
            verdict: Verdict::No,
            found: "not built in".to_owned(),
            fix: format!("{}: cargo build --release", error.why),
        };
    }
    match pushed_speaks_grpc() {
        Some(true) => works(
            what,
            "built in, also in the agent pushed over ssh".to_owned(),
        ),
        Some(false) => Check {
            what,
            verdict: Verdict::Partly,
            found: "built in, but not in the agent pushed over ssh".to_owned(),
            fix: "otlp-http there, or cargo build --release -p agent --features grpc".to_owned(),
        },
        None => works(what, "built in".to_owned()),
    }
}

/// The pushed agent refuses what it cannot hear before it does anything.
fn pushed_speaks_grpc() -> Option<bool> {
    let pushed = std::env::current_exe().ok()?.with_file_name("kymo-agent");
    let status = Command::new(pushed)
        .args(["--stdio", "--intake", "otlp-grpc", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Some(status.ok()?.success())
}

fn logs(usual: &[&Path]) -> Vec<Check> {
    let found: Vec<Check> = usual.iter().filter_map(|path| log(path)).collect();
    if found.is_empty() {
        let text =
            "none where nginx, Apache and lighttpd write them; --intake log:PATH takes others";
        return vec![works("access logs".to_owned(), text.to_owned())];
    }
    found
}

/// How an access log can be read; `None` where there is none.
fn log(path: &Path) -> Option<Check> {
    let what = "an access log".to_owned();
    let shown = path.display();
    match std::fs::File::open(path) {
        Ok(_) => Some(works(what, format!("readable: --intake log:{shown}"))),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Some(Check {
            what,
            verdict: Verdict::No,
            found: format!("{shown} may not be read"),
            fix: readable_by(path),
        }),
        Err(_) => None,
    }
}

/// What makes a log readable: its group where that may read, else a rule of its own.
fn readable_by(path: &Path) -> String {
    const GROUP_READS: u32 = 0o040;
    let user = "\"$(id -un)\"";
    let folder = path.parent().unwrap_or(path);
    let about = path.metadata().or_else(|_| folder.metadata());
    let about = about.ok().filter(|it| it.mode() & GROUP_READS != 0);
    let names = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let group = about.and_then(|it| group_named(&names, it.gid()));
    match group.filter(|it| it != "root") {
        Some(group) => format!("sudo usermod -aG {group} {user}, then log in anew"),
        None => format!(
            "sudo setfacl -R -m u:{user}:rX -m d:u:{user}:rX {}",
            folder.display()
        ),
    }
}

/// The name of a group within the text of `/etc/group`.
fn group_named(groups: &str, id: u32) -> Option<String> {
    groups.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        let found = parts.nth(1)?.parse() == Ok(id);
        found.then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_told_with_what_helps() {
        let free = port(STATSD, Ok(()));
        assert_eq!(free.verdict, Verdict::Works);
        assert!(free.found.contains("--intake statsd"));
        let taken = port(TCP[0], Err(ErrorKind::AddrInUse));
        assert_eq!(taken.verdict, Verdict::Partly);
        assert!(
            taken.fix.contains("--intake otlp-http:14318"),
            "{}",
            taken.fix
        );
    }

    #[test]
    fn logs_are_told_with_how_to_take_them_in() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let here = folder.path().join("access.log");
        std::fs::write(&here, "")?;
        let missing = folder.path().join("missing.log");
        let found = logs(&[&missing, &here]);
        assert_eq!(found.len(), 1);
        assert!(found[0].found.ends_with("access.log"), "{}", found[0].found);
        let none = logs(&[&missing]);
        assert!(none[0].found.starts_with("none"));
        let groups = "root:x:0:\nadm:x:4:syslog\n";
        assert_eq!(group_named(groups, 4).as_deref(), Some("adm"));
        assert_eq!(group_named(groups, 5), None);
        Ok(())
    }
}
