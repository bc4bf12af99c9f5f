//! A machine of files, an agent that may change it, and the client that asks.
//!
//! A policy is believed only below folders that belong to root, so these tests run below
//! the build's own folder, and say so where they cannot run.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use model::plan::action::{Action, Kind};
use model::plan::{Baseline, Mandate, Rollback, SCHEMA};
use wire::change::{Apply, Ask, DryRun, Outcome, Told};
use wire::decode::{Decoder, Said};
use wire::frame::{Found, Kind as FrameKind, Reader};
use wire::message::{Hello, Request};

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// Allows everything that is not forbidden always.
pub(crate) const ALL: &str = r#"(version: 1, max_actions: 64, rules: [(kind: "*", key: "*")])"#;

/// A folder that only root can write, or a loud word that there is none.
pub(crate) fn folder(test: &str) -> Option<tempfile::TempDir> {
    let made = tempfile::Builder::new()
        .prefix("act-")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a folder");
    let trusted = made.path().ancestors().all(|it| {
        use std::os::unix::fs::MetadataExt;
        let about = std::fs::metadata(it).expect("a folder");
        about.uid() == 0 && about.mode() & 0o022 == 0
    });
    if !trusted {
        skipped(test, "a target folder that only root can write");
        return None;
    }
    Some(made)
}

/// Says loudly that a test did not run.
#[expect(clippy::print_stderr, reason = "a test that is skipped must say so")]
pub(crate) fn skipped(test: &str, needs: &str) {
    eprintln!("SKIPPED {test}: it needs {needs}");
}

/// Files of a machine.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) policy: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) root: PathBuf,
}

impl Bench {
    /// A machine of five settings and a little memory; `None` where it cannot be.
    pub(crate) fn new(test: &str, policy: &str) -> Option<Self> {
        let folder = folder(test)?;
        let at = |name: &str| folder.path().join(name);
        let bench = Self {
            policy: at("policy.ron"),
            state: at("state"),
            root: at("root"),
            folder,
        };
        write(&bench.policy, policy);
        bench.put("proc/sys/net/core/somaxconn", "128");
        bench.put("proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456");
        bench.put("proc/sys/vm/swappiness", "60");
        bench.put("proc/sys/kernel/random/boot_id", "boot-1");
        bench.put("proc/sys/kernel/hostname", "bench");
        bench.put("sys/devices/vda/queue/scheduler", "[none] mq-deadline bfq");
        std::fs::create_dir_all(bench.root.join("sys/block")).expect("a folder");
        std::os::unix::fs::symlink("../devices/vda", bench.root.join("sys/block/vda"))
            .expect("a link");
        bench.put("sys/fs/cgroup/app/cpu.max", "max 100000");
        bench.put("sys/fs/cgroup/app/memory.max", "max");
        bench.put("sys/fs/cgroup/app/cgroup.controllers", "cpu memory");
        bench.put("proc/stat", "cpu  1 2 3 4 5 6 7 8 0 0");
        bench.memory(1_000_000);
        Some(bench)
    }

    /// Sets the memory that is available.
    pub(crate) fn memory(&self, available_kib: u64) {
        let text =
            format!("MemTotal: 2000000 kB\nMemFree: 1000 kB\nMemAvailable: {available_kib} kB");
        self.put("proc/meminfo", &text);
    }

    pub(crate) fn put(&self, path: &str, text: &str) {
        write(&self.root.join(path), &format!("{text}\n"));
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let text = std::fs::read_to_string(self.root.join(path)).expect("a file");
        text.trim().to_owned()
    }

    /// Everything on the machine, words by single spaces as the kernel does not care.
    pub(crate) fn all(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                match entry.file_type().expect("a sort") {
                    it if it.is_dir() => folders.push(path),
                    it if it.is_file() => {
                        let text = std::fs::read_to_string(&path).expect("a file");
                        let words: Vec<&str> = text.split_whitespace().collect();
                        found.insert(path, words.join(" "));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// What says where everything is.
    pub(crate) fn places(&self) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        vec![
            "--policy".to_owned(),
            text(&self.policy),
            "--state".to_owned(),
            text(&self.state),
            "--root".to_owned(),
            text(&self.root),
        ]
    }

    /// Records of all runs, in order.
    pub(crate) fn records(&self) -> Vec<String> {
        let runs = std::fs::read_dir(self.state.join("runs"))
            .into_iter()
            .flatten();
        let mut paths: Vec<PathBuf> = runs.flatten().map(|it| it.path()).collect();
        paths.sort();
        let texts = paths
            .iter()
            .map(|it| std::fs::read_to_string(it).expect("a record"));
        texts.collect()
    }

    /// Puts back what an interrupted plan left; code and words.
    pub(crate) fn recover(&self) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_kymo-agent"))
            .arg("--recover")
            .args(self.places())
            .output()
            .expect("it starts");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (output.status.code().unwrap_or(-1), said)
    }
}

pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
}

/// Five changes of a machine of files.
pub(crate) fn five() -> Vec<Action> {
    let sysctl = |key: &str, value: &str| Kind::Sysctl {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let kinds = [
        sysctl("net.core.somaxconn", "4096"),
        sysctl("net.ipv4.tcp_rmem", "4096 262144 8388608"),
        Kind::CpuMax {
            cgroup: "/app".to_owned(),
            quota_us: Some(150_000),
            period_us: 100_000,
        },
        Kind::MemoryMax {
            cgroup: "/app".to_owned(),
            bytes: Some(1 << 30),
        },
        sysctl("vm.swappiness", "10"),
    ];
    (1..)
        .zip(kinds)
        .map(|(number, kind)| Action::new(&format!("a{number}"), kind))
        .collect()
}

pub(crate) fn mandate(actions: Vec<Action>) -> Mandate {
    Mandate {
        schema: SCHEMA,
        id: "5f0c".to_owned(),
        baseline: Baseline::default(),
        actions,
        guardrails: Vec::new(),
        rollback: Rollback::default(),
    }
}

/// A mandate as a client sends it.
pub(crate) fn message(mandate: &Mandate) -> wire::change::Mandate {
    text_message(&ron::to_string(mandate).expect("it is text"))
}

pub(crate) fn text_message(text: &str) -> wire::change::Mandate {
    wire::change::Mandate {
        text: text.to_owned(),
        hash: agent::act::sha256(text.as_bytes()),
    }
}

pub(crate) fn apply(mandate: &Mandate) -> Ask {
    Ask {
        apply: Some(Apply {
            mandate: Some(message(mandate)),
            who: "tester".to_owned(),
            ..Apply::default()
        }),
        ..Ask::default()
    }
}

pub(crate) fn frame(ask: &Ask) -> Vec<u8> {
    let request = Request {
        change: Some(Box::new(ask.clone())),
        ..Request::default()
    };
    let mut bytes = Vec::new();
    wire::encode::aside(&mut bytes, FrameKind::Request, &request).expect("it fits");
    bytes
}

/// A process that speaks frames, and what it said.
pub(crate) struct Talk {
    pub(crate) child: Child,
    input: Option<ChildStdin>,
    said: Receiver<Said>,
}

impl Talk {
    /// An agent on a bench that may change things.
    pub(crate) fn agent(bench: &Bench) -> Self {
        Self::agent_every(bench, "200ms")
    }

    /// The same, which takes a sample so often.
    pub(crate) fn agent_every(bench: &Bench, every: &str) -> Self {
        let words = ["--stdio", "--every", every];
        let mut words: Vec<String> = words.map(str::to_owned).to_vec();
        words.push("--allow-change".to_owned());
        words.extend(bench.places());
        Self::start(Command::new(env!("CARGO_BIN_EXE_kymo-agent")).args(words))
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let input = child.stdin.take();
        let mut output = child.stdout.take().expect("an output");
        let (sender, said) = channel();
        std::thread::spawn(move || {
            let mut reader = Reader::default();
            let mut decoder = Decoder::default();
            let mut buffer = vec![0; 64 << 10];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                reader.push(&buffer[..length]);
                while let Some(found) = reader.next() {
                    let Found::Frame(frame) = found else {
                        continue;
                    };
                    let Ok(said) = decoder.accept(&frame) else {
                        continue;
                    };
                    if sender.send(said).is_err() {
                        return;
                    }
                }
            }
        });
        Self { child, input, said }
    }

    pub(crate) fn ask(&mut self, ask: &Ask) {
        // One that was killed hears nothing.
        drop(self.try_ask(ask));
    }

    fn try_ask(&mut self, ask: &Ask) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(&frame(ask))
    }

    /// Closes its input.
    pub(crate) fn close(&mut self) {
        self.input = None;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next thing of a sort; `None` when it ended before.
    pub(crate) fn hear<T>(&mut self, wanted: impl Fn(Said) -> Option<T>) -> Option<T> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.said.recv_timeout(left) {
                Ok(said) => {
                    if let Some(found) = wanted(said) {
                        return Some(found);
                    }
                }
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("nothing was said"),
            }
        }
    }

    pub(crate) fn told<T>(&mut self, wanted: impl Fn(Told) -> Option<T>) -> Option<T> {
        self.hear(|said| match said {
            Said::Change(told) => wanted(*told),
            _ => None,
        })
    }

    pub(crate) fn hello(&mut self) -> Hello {
        let hello = self.hear(|said| match said {
            Said::Hello(hello) => Some(*hello),
            _ => None,
        });
        hello.expect("it greets")
    }

    pub(crate) fn refusal(&mut self) -> String {
        let refused = self.hear(|said| match said {
            Said::Refused(reason) => Some(reason.why),
            _ => None,
        });
        refused.expect("it refuses")
    }

    pub(crate) fn dry_run(&mut self, mandate: wire::change::Mandate) -> DryRun {
        self.ask(&Ask {
            dry_run: Some(mandate),
            ..Ask::default()
        });
        self.told(|it| it.dry_run).expect("a dry run")
    }

    /// Waits for a phase; what came instead when it ended.
    pub(crate) fn phase(&mut self, wanted: &str) -> Result<(), Option<Box<Outcome>>> {
        let found = self.told(|told| match (told.progress, told.outcome) {
            (Some(it), _) if it.phase == wanted => Some(Ok(())),
            (_, Some(outcome)) => Some(Err(Box::new(outcome))),
            _ => None,
        });
        match found {
            Some(Ok(())) => Ok(()),
            Some(Err(outcome)) => Err(Some(outcome)),
            None => Err(None),
        }
    }

    pub(crate) fn outcome(&mut self) -> Outcome {
        self.told(|it| it.outcome).expect("an outcome")
    }

    /// Its keeper's number, once there is one.
    pub(crate) fn keeper(&self) -> u32 {
        let pid = self.pid();
        let mut found = None;
        wait_until("a keeper", || {
            found = children(pid).into_iter().next();
            found.is_some()
        });
        found.expect("a keeper")
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Processes that a process started.
pub(crate) fn children(of: u32) -> Vec<u32> {
    let path = format!("/proc/{of}/task");
    let mut found = Vec::new();
    for task in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(
            text.split_whitespace()
                .filter_map(|it| it.parse::<u32>().ok()),
        );
    }
    found
}

/// Sends a signal to a process of this test.
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).expect("a process");
    rustix::process::kill_process(pid, signal).expect("it is there");
}

/// Waits until something holds; how long that took.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let from = Instant::now();
    while !holds() {
        assert!(from.elapsed() < PATIENCE, "{what} did not come");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    from.elapsed()
}
