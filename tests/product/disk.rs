//! A recording on a disk that fills up, and on one that is slow.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use model::time::{Moment, SECOND_NS};
use workflow::jobs::Context;
use workflow::stored::Stored;

use crate::binary::{kymo, kymo_under, program, run, skipped};
use crate::recording::{samples_told, signal, speaking};

/// Mounts a small disk at its first argument and becomes the rest of them.
const ON_A_SMALL_DISK: &str = r#"mount -t tmpfs -o size=8m tmpfs "$1" && shift && exec "$@""#;

/// Lines of trouble that are waited for: they come each second.
const OUTAGE_LINES: usize = 3;

/// A disk that was mounted for one process and stays as long as this is held.
struct SmallDisk {
    root: File,
}

impl SmallDisk {
    fn of(process: u32, mounted: &Path) -> Self {
        let inside = mounted.strip_prefix("/").expect("it is a whole path");
        let root = Path::new("/proc").join(process.to_string()).join("root");
        Self {
            root: File::open(root.join(inside)).expect("the disk is seen from outside"),
        }
    }

    /// A file on it, as any process of this user can name it.
    fn path(&self, name: &str) -> PathBuf {
        let (process, number) = (std::process::id(), self.root.as_raw_fd());
        PathBuf::from(format!("/proc/{process}/fd/{number}/{name}"))
    }

    /// Leaves no room.
    fn fill(&self) {
        let mut ballast = File::create(self.path("ballast")).expect("a file");
        let page = [0_u8; 4096];
        while ballast.write_all(&page).is_ok() {}
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |it| it.as_nanos() as i64)
}

/// Times of the samples of a series that is read whenever anything is.
fn sample_times(session: &Path) -> Vec<i64> {
    let (stored, warnings) = Stored::open(session, &Context::default()).expect("it opens");
    assert_eq!(warnings, Vec::<String>::new());
    let mut series = stored.measured().iter();
    let found = series.find(|it| it.key.metric == "system.cpu.context_switches");
    let column = stored.column(&found.expect("it is recorded").key, None);
    column.expect("it is read").at.to_vec()
}

fn longest_gap(times: &[i64]) -> i64 {
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or(i64::MAX)
}

#[test]
fn a_full_disk_is_told_and_costs_nothing_once_there_is_room() {
    let home = tempfile::tempdir().expect("a home");
    let mounted = home.path().join("small");
    std::fs::create_dir(&mounted).expect("a folder");
    let namespace = ["--user", "--map-root-user", "--mount"];
    let allowed = program("unshare").filter(|unshare| {
        let script = ["sh", "-c", ON_A_SMALL_DISK, "sh"];
        let mut trial = Command::new(unshare);
        trial.args(namespace).args(script).arg(&mounted).arg("true");
        trial.status().is_ok_and(|it| it.success())
    });
    let Some(unshare) = allowed else {
        skipped("a user namespace that may mount");
        return;
    };
    let at = mounted.to_string_lossy().into_owned();
    let mut arguments = namespace.to_vec();
    arguments.extend(["sh", "-c", ON_A_SMALL_DISK, "sh", &at]);
    let mut command = kymo_under(&unshare, &arguments, home.path());
    command
        .args(["record", "--every", "50ms", "--out"])
        .arg(mounted.join("s.kymo"));
    let (mut child, mut lines) = speaking(command);
    assert!(lines.any(|line| samples_told(&line).is_some()));

    let disk = SmallDisk::of(child.id(), &mounted);
    disk.fill();
    let first = lines.find(|line| line.contains("TROUBLE"));
    let first = first.expect("the trouble is told");
    assert!(first.contains("waits in memory"), "{first}");
    let from = now();
    let outage: Vec<String> = lines.by_ref().take(OUTAGE_LINES).collect();
    let written = samples_told(&first);
    for line in &outage {
        assert!(line.contains("TROUBLE"), "{line}");
        assert_eq!(samples_told(line), written, "what waits is not written");
    }
    let to = now();
    std::fs::remove_file(disk.path("ballast")).expect("room is made");
    let over = lines.find(|line| !line.contains("TROUBLE"));
    let over = over.expect("it is told that the trouble is over");
    assert!(samples_told(&over) > written, "{over}");

    signal(&child, "INT");
    let listener = std::thread::spawn(move || lines.count());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    listener.join().expect("it listened to the end");
    let session = disk.path("s.kymo");
    run(kymo(home.path()).arg("verify").arg(&session), 0);
    let times = sample_times(&session);
    assert!(Some(times.len() as u64) >= samples_told(&over));
    let begun = times.partition_point(|at| *at < from);
    let ended = times.partition_point(|at| *at < to);
    let gap = longest_gap(&times[begun..ended]);
    assert!(
        gap < (to - from) / 2,
        "{gap} ns without a sample while the disk was full from {} to {}",
        Moment(from),
        Moment(to)
    );
}

#[test]
fn a_slow_disk_does_not_slow_the_samples() {
    const EVERY_NS: i64 = SECOND_NS / 10;
    let Some(strace) = program("strace") else {
        skipped("strace");
        return;
    };
    let home = tempfile::tempdir().expect("a home");
    let session = home.path().join("s.kymo");
    let mut command = kymo(home.path());
    command
        .args(["record", "--for", "6s", "--every", "100ms", "--out"])
        .arg(&session);
    let (mut child, mut lines) = speaking(command);
    assert!(lines.any(|line| samples_told(&line).is_some()));
    let from = now();
    let log = home.path().join("calls");
    // The agent is another process: it is not slowed by being watched.
    let mut slow = Command::new(strace)
        .args(["-f", "-qq", "-e", "trace=fdatasync"])
        .args(["-e", "inject=fdatasync:delay_exit=300000", "-o"])
        .arg(&log)
        .args(["-p", &child.id().to_string()])
        .stdin(Stdio::null())
        .spawn()
        .expect("strace starts");
    let listener = std::thread::spawn(move || lines.count());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    listener.join().expect("it listened to the end");
    slow.wait().expect("it ends with what it watched");
    let delays = std::fs::read_to_string(&log).expect("a log");
    let delays = delays.matches("(DELAYED)").count();
    assert!(delays >= 5, "only {delays} syncs were slow");

    let times = sample_times(&session);
    let mut gaps: Vec<i64> = times
        .windows(2)
        .filter(|pair| pair[0] >= from)
        .map(|pair| pair[1] - pair[0])
        .collect();
    gaps.sort_unstable();
    assert!(gaps.len() > 20, "{} samples on a slow disk", gaps.len());
    let median = gaps[gaps.len() / 2];
    assert!(median < EVERY_NS * 3 / 2, "a sample every {median} ns");
}
