//! Changes of this machine: control groups and processes of the tests' own, and servers
//! that they start on folders and ports of their own.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use model::plan::action::{Action, Kind, Scope, Target};
use wire::change::{Ask, CONFIRMED, REFUSED, ROLLED_BACK};

use crate::bench::{ALL, Bench, Talk, apply, mandate, message, skipped, wait_until, write};

fn roll_back() -> Ask {
    Ask {
        roll_back: true,
        ..Ask::default()
    }
}

/// A bench whose machine is this one.
fn live(test: &str, policy: &str) -> Option<Bench> {
    let mut bench = Bench::new(test, policy)?;
    bench.root = PathBuf::from("/");
    Some(bench)
}

/// Carries actions out and puts them back; looks in between and afterwards.
fn there_and_back(
    bench: &Bench,
    actions: Vec<Action>,
    look: impl Fn() -> Vec<String>,
) -> Vec<String> {
    let before = look();
    let mut talk = Talk::agent(bench);
    let dry_run = talk.dry_run(message(&mandate(actions.clone())));
    assert_eq!(dry_run.refused, [""; 0]);
    for line in &dry_run.lines {
        assert_eq!(line.refused, "", "{line:?}");
    }
    talk.ask(&apply(&mandate(actions)));
    assert_eq!(talk.phase("holding"), Ok(()));
    let between = look();
    talk.ask(&roll_back());
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK, "{outcome:?}");
    assert_eq!(look(), before);
    between
}

/// A control group of version 1 that is taken away again.
struct Group(Vec<PathBuf>);

impl Group {
    fn new(controllers: &[&str]) -> Option<(Self, String)> {
        let name = format!("act-test-{}", std::process::id());
        let mut made = Self(Vec::new());
        for controller in controllers {
            let path = Path::new("/sys/fs/cgroup").join(controller).join(&name);
            std::fs::create_dir(&path).ok()?;
            made.0.push(path);
        }
        Some((made, format!("/{name}")))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for path in &self.0 {
            drop(std::fs::remove_dir(path));
        }
    }
}

#[test]
fn control_groups_of_version_1_go_there_and_back() {
    let Some(bench) = live("control groups", ALL) else {
        return;
    };
    let Some((group, cgroup)) = Group::new(&["cpu", "memory", "blkio", "cpuset"]) else {
        return skipped("control groups", "cgroup version 1 and root");
    };
    let numbers = std::fs::read_to_string("/sys/block/vda/dev");
    let device = numbers.map_or("1:0".to_owned(), |it| it.trim().to_owned());
    let [cpu, memory, blkio, cpuset] = [0, 1, 2, 3].map(|it| group.0[it].clone());
    let look = || {
        let text = |folder: &Path, file: &str| {
            let text = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
            text.trim().to_owned()
        };
        vec![
            text(&cpu, "cpu.cfs_quota_us"),
            text(&cpu, "cpu.cfs_period_us"),
            text(&cpu, "cpu.shares"),
            text(&memory, "memory.limit_in_bytes"),
            text(&blkio, "blkio.throttle.write_bps_device"),
            text(&blkio, "blkio.throttle.read_iops_device"),
            text(&cpuset, "cpuset.cpus"),
        ]
    };
    std::fs::write(cpu.join("cpu.shares"), "777").unwrap();
    std::fs::write(cpuset.join("cpuset.cpus"), "0-1").unwrap();
    let kinds = [
        Kind::CpuMax {
            cgroup: cgroup.clone(),
            quota_us: Some(75_000),
            period_us: 50_000,
        },
        Kind::CpuWeight {
            cgroup: cgroup.clone(),
            weight: 50,
        },
        Kind::MemoryMax {
            cgroup: cgroup.clone(),
            bytes: Some((64 << 20) + 1),
        },
        Kind::IoMax {
            cgroup: cgroup.clone(),
            device: device.clone(),
            rbps: None,
            wbps: Some(1 << 20),
            riops: Some(100),
            wiops: None,
        },
        Kind::Cpuset {
            cgroup,
            cpus: "0".to_owned(),
        },
    ];
    let actions = (0..).zip(kinds);
    let actions = actions.map(|(number, kind)| Action::new(&format!("g{number}"), kind));
    let between = there_and_back(&bench, actions.collect(), look);
    let expected = [
        "75000".to_owned(),
        "50000".to_owned(),
        "512".to_owned(),
        (64 << 20).to_string(),
        format!("{device} 1048576"),
        format!("{device} 100"),
        "0".to_owned(),
    ];
    assert_eq!(between, expected);
}

/// A process of a test's own, ended with it.
struct Own(Child);

impl Own {
    fn new(command: &mut Command) -> Option<Self> {
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().ok().map(Self)
    }
}

impl Drop for Own {
    /// Asks first, so that a server ends its own children; then makes it so.
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            crate::bench::signal(self.0.id(), rustix::process::Signal::TERM);
        }
        let until = Instant::now() + Duration::from_secs(5);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn name(pid: u32) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    text.trim().to_owned()
}

/// A field of `/proc/pid/stat`, counted from the state as 0.
fn stat(pid: u32, field: usize) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = text.rsplit_once(") ").map_or("", |(_, it)| it);
    rest.split(' ').nth(field).unwrap_or_default().to_owned()
}

fn cores_of(pid: u32) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mut lines = text.lines();
    let line = lines.find_map(|it| it.strip_prefix("Cpus_allowed_list:"));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn a_process_and_its_children_go_there_and_back() {
    let Some(bench) = live("a process", ALL) else {
        return;
    };
    // A shell with a child of its own, which has another niceness than its parent.
    let script = "nice -n 3 sleep 600 & wait";
    let Some(own) = Own::new(Command::new("sh").args(["-c", script])) else {
        return skipped("a process", "a shell");
    };
    let pid = own.0.id();
    let mut child = 0;
    wait_until("a child", || {
        child = crate::bench::children(pid).first().copied().unwrap_or(0);
        child != 0 && name(child) == "sleep"
    });
    let process = |children: bool| Target {
        pid,
        name: name(pid),
        start: stat(pid, 19).parse().unwrap(),
        children,
    };
    let actions = vec![
        Action::new(
            "n",
            Kind::Nice {
                process: process(true),
                nice: 7,
            },
        ),
        Action::new(
            "c",
            Kind::Affinity {
                process: process(false),
                cpus: "0".to_owned(),
            },
        ),
    ];
    let look = || {
        vec![
            stat(pid, 16),
            stat(child, 16),
            cores_of(pid),
            cores_of(child),
        ]
    };
    let before = look();
    assert_eq!(before[..2], ["0", "3"]);
    let between = there_and_back(&bench, actions, look);
    assert_eq!(between, ["7", "7", "0", before[3].as_str()]);
    // Another process of that number is not touched.
    let mut other = process(false);
    other.start += 1;
    let mut talk = Talk::agent(&bench);
    talk.ask(&apply(&mandate(vec![Action::new(
        "n",
        Kind::Nice {
            process: other,
            nice: 7,
        },
    )])));
    let outcome = talk.outcome();
    assert_eq!(outcome.code, REFUSED);
    assert!(outcome.cause.contains("another one now"), "{outcome:?}");
    drop(own);
    // The orphan is this test's own too.
    crate::bench::signal(child, rustix::process::Signal::KILL);
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn set(adapter: &str, key: &str, value: &str) -> Action {
    let kind = Kind::AppConfig {
        adapter: adapter.to_owned(),
        instance: String::new(),
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let mut action = Action::new(&format!("{adapter}-{}", key.replace('_', "-")), kind);
    action.scope = Scope::Persistent;
    action
}

#[test]
fn redis_goes_there_and_back() {
    let Some(bench) = live("redis", ALL) else {
        return;
    };
    let folder = bench.folder.path().display().to_string();
    let port = free_port();
    let config = bench.folder.path().join("redis.conf");
    let text = format!(
        "port {port}\nbind 127.0.0.1\ndir {folder}\nsave \"\"\nrequirepass hush\nmaxmemory 50mb\n"
    );
    write(&config, &text);
    write(&bench.folder.path().join("secret"), "hush\n");
    write(
        &bench.policy,
        &format!(
            r#"(version: 1, rules: [(kind: "AppConfig", key: "redis:*", min: 1e6, max: 1e9, values: []), (kind: "AppConfig", key: "redis:maxmemory-policy", values: ["allkeys-lru"])],
                redis: [(address: "127.0.0.1:{port}", password: "{folder}/secret")])"#
        ),
    );
    let Some(_server) = Own::new(Command::new("redis-server").arg(&config)) else {
        return skipped("redis", "redis-server");
    };
    wait_until("redis", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let look = || {
        let text = std::fs::read_to_string(&config).unwrap();
        let lines = text.lines().filter(|it| it.starts_with("maxmemory"));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        vec![
            lines
                .join(";")
                .replace("50mb", "52428800")
                .replace("50MB", "52428800"),
        ]
    };
    let actions = vec![set("redis", "maxmemory", "100mb")];
    let between = there_and_back(&bench, actions.clone(), look);
    assert!(
        between[0].contains("100mb") || between[0].contains("104857600"),
        "{between:?}"
    );
    let mut talk = Talk::agent(&bench);
    let mut actions = actions;
    actions.push(set("redis", "maxmemory-policy", "allkeys-lru"));
    actions[0].scope = Scope::Runtime;
    talk.ask(&apply(&mandate(actions)));
    assert_eq!(talk.phase("holding"), Ok(()));
    talk.ask(&Ask {
        confirm: true,
        ..Ask::default()
    });
    assert_eq!(talk.outcome().code, CONFIRMED);
    let dry_run = talk.dry_run(message(&mandate(vec![set("redis", "maxmemory", "200mb")])));
    assert_eq!(dry_run.lines[0].before, "104857600");
    // Doors and secrets are not even read.
    for key in ["requirepass", "dir", "unixsocket"] {
        let dry_run = talk.dry_run(message(&mandate(vec![set("redis", key, "1")])));
        assert!(
            dry_run.lines[0].refused.contains("forbidden"),
            "{dry_run:?}"
        );
        assert_eq!(dry_run.lines[0].before, "");
    }
    drop(talk);
    assert!(!bench.records().concat().contains("hush"));
}

#[test]
fn nginx_goes_there_and_back_and_a_failed_reload_is_noticed() {
    let Some(bench) = live("nginx", ALL) else {
        return;
    };
    let binary = "/usr/sbin/nginx";
    if !Path::new(binary).is_file() {
        return skipped("nginx", "nginx");
    }
    let folder = bench.folder.path().display().to_string();
    let port = free_port();
    let config = bench.folder.path().join("nginx.conf");
    let text = format!(
        "daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; gzip_comp_level 6; keepalive_timeout 30s;\n\
         server {{ listen 127.0.0.1:{port}; location / {{ return 200 'x'; }} }} }}\n"
    );
    write(&config, &text);
    let policy = |binary: &str| {
        format!(
            r#"(version: 1, rules: [(kind: "AppConfig", key: "nginx:*")],
                nginx: [(config: "{folder}/nginx.conf", pid: "{folder}/nginx.pid", binary: "{binary}", errors: "{folder}/error.log")])"#
        )
    };
    write(&bench.policy, &policy(binary));
    let Some(_server) = Own::new(Command::new(binary).arg("-c").arg(&config)) else {
        return skipped("nginx", "nginx");
    };
    wait_until("nginx", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
            && Path::new(&format!("{folder}/nginx.pid")).exists()
    });
    let look = || vec![std::fs::read_to_string(&config).unwrap()];
    let between = there_and_back(&bench, vec![set("nginx", "gzip_comp_level", "1")], look);
    assert!(between[0].contains("gzip_comp_level 1;"));
    let mut talk = Talk::agent(&bench);
    talk.ask(&apply(&mandate(vec![set(
        "nginx",
        "gzip_comp_level",
        "99",
    )])));
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK, "{outcome:?}");
    assert!(outcome.cause.contains("refuses the file"), "{outcome:?}");
    assert_eq!(look()[0], text);
    // Without a test of the file the reload itself fails, which no exit code tells.
    write(&bench.policy, &policy(""));
    talk.ask(&apply(&mandate(vec![set(
        "nginx",
        "gzip_comp_level",
        "99",
    )])));
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK, "{outcome:?}");
    assert!(outcome.cause.contains("serves the old"), "{outcome:?}");
    assert_eq!(look()[0], text);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
}

/// A Postgres server of a test's own; `None` where there is none.
fn postgres(folder: &Path, port: u16) -> Option<Own> {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|it| it.path().join("bin"))
        .collect();
    versions.sort();
    let programs = versions.pop()?;
    // The server will not run as root, and its folder lies below one that is root's alone.
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let user = users.lines().find(|it| it.starts_with("postgres:"))?;
    let ids: Vec<u32> = user
        .split(':')
        .skip(2)
        .take(2)
        .filter_map(|it| it.parse().ok())
        .collect();
    let [uid, gid] = ids[..] else {
        return None;
    };
    std::fs::create_dir(folder).ok()?;
    chown(folder, Some(uid), Some(gid)).ok()?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).ok()?;
    let secret = folder.join("secret");
    std::fs::write(&secret, "hush\n").ok()?;
    chown(&secret, Some(uid), Some(gid)).ok()?;
    let data = folder.join("data");
    let made = Command::new(programs.join("initdb"))
        .args(["-A", "scram-sha-256", "-U", "admin", "-N", "--pwfile"])
        .arg(&secret)
        .arg("-D")
        .arg(&data)
        .current_dir("/")
        .uid(uid)
        .gid(gid)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    made.success().then_some(())?;
    let mut server = Command::new(programs.join("postgres"));
    server
        .arg("-D")
        .arg(&data)
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-F", "-k", ""])
        .current_dir("/")
        .uid(uid)
        .gid(gid);
    Own::new(&mut server)
}

#[test]
fn postgres_goes_there_and_back() {
    let Some(bench) = live("postgres", ALL) else {
        return;
    };
    let folder = bench.folder.path().display().to_string();
    let port = free_port();
    // Another user's folder, which root's own folders must not be in the way of.
    let Ok(own) = tempfile::tempdir() else {
        return skipped("postgres", "a folder");
    };
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(own.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let home = own.path().join("server");
    let Some(_server) = postgres(&home, port) else {
        return skipped("postgres", "a Postgres server and its user");
    };
    wait_until("postgres", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    write(&bench.folder.path().join("secret"), "hush\n");
    write(
        &bench.policy,
        &format!(
            r#"(version: 1, rules: [(kind: "AppConfig", key: "postgres:*")],
                postgres: [(address: "127.0.0.1:{port}", user: "admin", password: "{folder}/secret")])"#
        ),
    );
    let look = || {
        let text = std::fs::read_to_string(home.join("data/postgresql.auto.conf")).unwrap();
        let lines = text
            .lines()
            .filter(|it| !it.starts_with('#') && !it.is_empty());
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut talk = Talk::agent(&bench);
    wait_until("a server that answers", || {
        let dry_run = talk.dry_run(message(&mandate(vec![set("postgres", "work_mem", "8MB")])));
        dry_run.lines[0].refused.is_empty()
    });
    drop(talk);
    let between = there_and_back(&bench, vec![set("postgres", "work_mem", "8MB")], look);
    assert_eq!(between, ["work_mem = '8192'"]);
    let mut talk = Talk::agent(&bench);
    for (key, value, why) in [
        ("max_connections", "7", "restart"),
        ("archive_command", "x", "forbidden"),
        ("work_mem", "8 parsecs", "no integer"),
        ("no_such_setting", "1", "no setting"),
    ] {
        let dry_run = talk.dry_run(message(&mandate(vec![set("postgres", key, value)])));
        let refused = &dry_run.lines[0].refused;
        assert!(refused.contains(why), "{key}: {refused}");
    }
    drop(talk);
    assert!(!bench.records().concat().contains("hush"));
}
