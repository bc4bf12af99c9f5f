//! Attaching over a real ssh server on loopback.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::time::{Moment, Zone};

use crate::binary::{json, kymo, path, program, run, skipped};
use crate::sshd::{Server, free_port};

/// Where the far side keeps the agent it is given: by the hash of its bytes, in the
/// home that the user has on that machine.
fn pushed() -> PathBuf {
    let output = Command::new("sha256sum")
        .arg(path("kymo-agent"))
        .output()
        .expect("it runs");
    let hash = String::from_utf8_lossy(&output.stdout)[..64].to_owned();
    let user = Command::new("id").arg("-un").output().expect("it runs");
    let user = String::from_utf8_lossy(&user.stdout).trim().to_owned();
    let line = Command::new("getent")
        .args(["passwd", &user])
        .output()
        .expect("it runs");
    let line = String::from_utf8_lossy(&line.stdout).into_owned();
    let home = line.split(':').nth(5).expect("a home").to_owned();
    PathBuf::from(home).join(".cache/kymo/agent").join(hash)
}

/// A format with everything that a shell would touch.
const FORMAT: &str =
    r#"$remote_addr '$remote_user' [$time_local] "$request" $status $request_time"#;

/// Somebody who writes requests of a quarter of a second to a log, until dropped.
struct Writer(Option<(mpsc::Sender<()>, thread::JoinHandle<()>)>);

impl Writer {
    fn start(log: &Path) -> Self {
        let mut file = fs::File::create(log).expect("a log");
        let (stop, stopped) = mpsc::channel();
        let writer = thread::spawn(move || {
            let pace = Duration::from_millis(20);
            while stopped.recv_timeout(pace) == Err(mpsc::RecvTimeoutError::Timeout) {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                let now = now.map_or(0, |it| it.as_nanos() as i64);
                let at = Moment(now).strftime("%d/%b/%Y:%H:%M:%S +0000", Zone::Utc);
                let line = format!("127.0.0.1 '-' [{at}] \"GET /cart HTTP/1.1\" 200 0.250\n");
                file.write_all(line.as_bytes()).expect("written");
            }
        });
        Self(Some((stop, writer)))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some((stop, writer)) = self.0.take() {
            drop(stop);
            writer.join().unwrap_or_default();
        }
    }
}

#[test]
fn an_agent_is_pushed_over_ssh_once_and_leaves_nothing_running() {
    let Some(sshd) = program("sshd") else {
        skipped("sshd (Debian package openssh-server)");
        return;
    };
    let server = Server::start(&sshd);
    let home = tempfile::tempdir().expect("a home");
    let agent = pushed();
    if agent.exists() {
        fs::remove_file(&agent).expect("an earlier one goes");
    }
    let log = home.path().join("access.log");
    let writer = Writer::start(&log);
    let mut seen = Vec::new();
    for round in 0..2 {
        let session = home.path().join(format!("{round}.kymo"));
        run(
            kymo(home.path())
                .env("PATH", server.path())
                .args([
                    "record",
                    "--for",
                    "2s",
                    "--every",
                    "200ms",
                    "--agent",
                    &server.target(),
                    "--intake",
                    &format!("log:{},service=shop,nginx={FORMAT}", log.display()),
                ])
                .arg("--out")
                .arg(&session),
            0,
        );
        let services = json(&run(
            kymo(home.path())
                .arg("services")
                .arg(&session)
                .arg("--json"),
            0,
        ));
        let shop = &services["services"][0];
        assert_eq!(shop["service"], "shop", "{services}");
        assert!(
            shop["mean"]
                .as_f64()
                .is_some_and(|it| (it - 0.25).abs() < 0.05)
        );
        let info = json(&run(
            kymo(home.path()).arg("info").arg(&session).arg("--json"),
            0,
        ));
        assert!(info["series"].as_u64().is_some_and(|it| it > 100), "{info}");
        let facts = fs::metadata(&agent).expect("the agent was pushed");
        assert_eq!(
            facts.permissions().mode() & 0o077,
            0,
            "nobody else may touch it"
        );
        seen.push((facts.ino(), facts.modified().expect("a time")));
    }
    drop(writer);
    assert_eq!(
        seen[0], seen[1],
        "the second attach found the first one's agent"
    );
    let name = agent
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let running = Command::new("pgrep")
        .args(["-f", &name])
        .output()
        .expect("pgrep runs");
    assert_eq!(
        String::from_utf8_lossy(&running.stdout),
        "",
        "an agent was left running"
    );
    fs::remove_file(&agent).expect("the test cleans up");
}

#[test]
fn a_host_that_is_not_there_is_code_10_and_one_line() {
    if program("ssh").is_none() {
        skipped("ssh (Debian package openssh-client)");
        return;
    }
    let home = tempfile::tempdir().expect("a home");
    let target = format!("ssh://127.0.0.1:{}", free_port());
    let output = run(
        kymo(home.path())
            .args(["record", "--for", "1s", "--agent", &target, "--out"])
            .arg(home.path().join("x.kymo")),
        10,
    );
    let text = String::from_utf8_lossy(&output.stderr);
    let error = text.lines().find(|line| line.starts_with("kymo: error: "));
    assert!(error.is_some_and(|line| line.contains(&target)), "{text}");
    assert!(
        !home.path().join("x.kymo").exists(),
        "nothing half-written stays"
    );
}
