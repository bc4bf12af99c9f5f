//! Recording from the command line: what goes in comes out, whatever happens.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use workflow::jobs::Context;
use workflow::stored::Stored;

use crate::binary::{json, kymo, path, run};
use crate::layers::root;

fn info(home: &Path, session: &Path) -> serde_json::Value {
    json(&run(kymo(home).arg("info").arg(session).arg("--json"), 0))
}

#[test]
fn a_recording_can_be_looked_into_verified_exported_and_reported() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let session = home.join("a.kymo");
    run(
        kymo(home)
            .args(["record", "--for", "3s", "--every", "100ms", "--out"])
            .arg(&session),
        0,
    );
    assert!(session.is_file(), "a finished session is one file");
    let info = info(home, &session);
    assert_eq!(info["schema"], 1);
    assert_eq!(info["hosts"].as_array().map(Vec::len), Some(1));
    assert!(info["series"].as_u64().is_some_and(|it| it > 100), "{info}");
    let seconds = info["seconds"].as_f64().unwrap_or_default();
    assert!((2.0..10.0).contains(&seconds), "{info}");

    let verified = json(&run(
        kymo(home).arg("verify").arg(&session).arg("--json"),
        0,
    ));
    assert_eq!(verified["ok"], true, "{verified}");

    for format in ["csv", "parquet"] {
        let out = home.join(format);
        run(
            kymo(home)
                .arg("export")
                .arg(&session)
                .args(["--format", format, "--out"])
                .arg(&out),
            0,
        );
        assert!(std::fs::read_dir(&out).expect("exported").count() > 0);
    }
    for (format, sign) in [("html", "<!doctype html>"), ("md", "# "), ("json", "{")] {
        let out = home.join(format!("report.{format}"));
        run(
            kymo(home)
                .arg("report")
                .arg(&session)
                .args(["--kind", "performance", "--format", format, "--out"])
                .arg(&out),
            0,
        );
        let text = std::fs::read_to_string(&out).expect("a report");
        assert!(text.to_lowercase().starts_with(sign), "{format}");
        assert!(text.contains("a.kymo"), "the report names its session");
    }
    let pictures = std::fs::read_dir(home.join("report-files")).expect("pictures");
    let text = std::fs::read_to_string(home.join("report.md")).expect("a report");
    let shown = text.matches("](report-files/figure-").count();
    assert_eq!(pictures.count(), shown, "pictures that the text refers to");
    assert!(shown > 0);
    let out = home.join("report.pdf");
    run(
        kymo(home)
            .arg("report")
            .arg(&session)
            .args(["--format", "pdf", "--out"])
            .arg(&out),
        0,
    );
    let bytes = std::fs::read(&out).expect("a report");
    assert!(bytes.starts_with(b"%PDF-1.7") && bytes.trim_ascii_end().ends_with(b"%%EOF"));
    let trimmed = home.join("b.kymo");
    let (from, to) = (info["from"].as_str(), info["to"].as_str());
    run(
        kymo(home)
            .arg("trim")
            .arg(&session)
            .args([
                "--from",
                from.unwrap_or_default(),
                "--to",
                to.unwrap_or_default(),
            ])
            .args(["--series", "*system.cpu*", "--out"])
            .arg(&trimmed),
        0,
    );
    let fewer = crate::recording::info(home, &trimmed);
    assert!(
        fewer["series"].as_u64() < info["series"].as_u64(),
        "{fewer}"
    );
}

#[test]
fn chosen_series_are_read_faster() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let session = home.join("f.kymo");
    run(
        kymo(home)
            .args(["record", "--for", "3s", "--agent-arguments", "--budget off"])
            .args([
                "--fast",
                "*context_switches",
                "--fast-every",
                "20ms",
                "--out",
            ])
            .arg(&session),
        0,
    );
    let (stored, _) = Stored::open(&session, &Context::default()).expect("it opens");
    let samples = |metric: &str| {
        let series = stored.series().iter().find(|it| it.key.metric == metric);
        let key = &series.expect(metric).key;
        stored.column(key, None).expect(metric).at.len()
    };
    let fast = samples("system.cpu.context_switches");
    let slow = samples("system.cpu.interrupts");
    assert!(fast > 40, "{fast} fast samples");
    assert!(slow < 10, "{slow} slow samples");
}

#[test]
fn a_damaged_member_is_code_5_and_told() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let session = home.join("d.kymo");
    std::fs::copy(root().join("sessions/quiet.kymo"), &session).expect("copied");
    let mut bytes = std::fs::read(&session).expect("read");
    // The middle of the first member after the manifest: the metrics.
    let name = b"metrics/demo/000000.parquet";
    let at = bytes.windows(name.len()).rposition(|it| it == name);
    let first = bytes.windows(name.len()).position(|it| it == name);
    assert!(first < at, "the member and the directory both name it");
    let header = bytes
        .windows(4)
        .position(|it| it == b"PAR1")
        .expect("a Parquet member");
    bytes[header + 2_000] ^= 0x10;
    std::fs::write(&session, bytes).expect("written");
    run(kymo(home).arg("verify").arg(&session), 1);
    let report = home.join("d.md");
    let output = run(
        kymo(home)
            .arg("report")
            .arg(&session)
            .args(["--format", "md", "--out"])
            .arg(&report),
        5,
    );
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("kymo: warning: "), "{text}");
    let report = std::fs::read_to_string(&report).expect("a report");
    assert!(
        report.contains("could not be read"),
        "the report says what is missing"
    );
}

#[test]
fn a_report_never_replaces_what_is_no_file() {
    let home = tempfile::tempdir().expect("a home");
    let session = root().join("sessions/quiet.kymo");
    for out in ["/dev/null", "."] {
        run(
            kymo(home.path())
                .arg("report")
                .arg(&session)
                .args(["--out", out]),
            2,
        );
    }
}

#[test]
fn csv_becomes_a_session_and_keeps_its_values() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let csv = home.join("a.csv");
    std::fs::write(&csv, "time,orders:cpu,mem\n0,1.5,10\n1,,11\n2,2.5,12\n").expect("written");
    let session = home.join("c.kymo");
    run(
        kymo(home)
            .arg("import")
            .arg(&csv)
            .arg("--out")
            .arg(&session),
        0,
    );
    assert_eq!(info(home, &session)["series"], 2);
    let out = home.join("out");
    run(
        kymo(home)
            .arg("export")
            .arg(&session)
            .args(["--format", "csv", "--out"])
            .arg(&out),
        0,
    );
    let text: String = std::fs::read_dir(&out)
        .expect("exported")
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
        .collect();
    assert!(
        text.contains("orders:cpu") && text.contains("2.5"),
        "{text}"
    );
    // A foreign file is an input wherever a session is.
    assert_eq!(info(home, &csv)["series"], 2);
}

/// Starts a recording and waits until it says that samples are written; returns how many.
fn recording(home: &Path, session: &Path) -> (Child, u64) {
    let mut command = kymo(home);
    command
        .args(["record", "--every", "50ms", "--out"])
        .arg(session);
    let (child, mut lines) = speaking(command);
    let written = lines.find_map(|line| samples_told(&line));
    let written = written.expect("the recording says that it runs");
    // The pipe stays open for the rest of the child's words.
    std::thread::spawn(move || lines.count());
    (child, written)
}

/// Starts a command whose words on standard error are listened to.
pub(crate) fn speaking(mut command: Command) -> (Child, impl Iterator<Item = String> + Send) {
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let stderr = child.stderr.take().expect("piped");
    (child, BufReader::new(stderr).lines().map_while(Result::ok))
}

/// The figure of a line such as `3 s · 60 samples · 90 KiB`.
pub(crate) fn samples_told(line: &str) -> Option<u64> {
    let (before, _) = line.split_once(" samples")?;
    before.rsplit(' ').next()?.parse().ok()
}

pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(status.success());
}

#[test]
fn a_signal_finishes_the_file() {
    for name in ["INT", "TERM"] {
        let home = tempfile::tempdir().expect("a home");
        let session = home.path().join("s.kymo");
        let (mut child, _) = recording(home.path(), &session);
        signal(&child, name);
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "SIG{name}");
        assert!(session.is_file(), "SIG{name} finished the file");
        run(kymo(home.path()).arg("verify").arg(&session), 0);
    }
}

#[test]
fn a_killed_recording_opens() {
    let home = tempfile::tempdir().expect("a home");
    let session = home.path().join("k.kymo");
    let (mut child, written) = recording(home.path(), &session);
    signal(&child, "KILL");
    child.wait().expect("it ends");
    let info = info(home.path(), &session);
    assert!(info["series"].as_u64().is_some_and(|it| it > 100), "{info}");
    let kept = info["samples"].as_u64();
    assert!(kept >= Some(written), "{written} were written: {info}");
}

#[test]
fn two_agents_share_one_axis_and_a_wrong_clock_is_told() {
    let home = tempfile::tempdir().expect("a home");
    let session = home.path().join("two.kymo");
    // Both agents read this machine; the second lies about its clock by 5 s.
    run(
        kymo(home.path())
            .args([
                "record", "--for", "3s", "--agent", "local", "--agent", "local",
            ])
            .args(["--agent-arguments", "--name near"])
            .args(["--agent-arguments", "--name far --clock-skew-ns 5000000000"])
            .arg("--out")
            .arg(&session),
        0,
    );
    let info = info(home.path(), &session);
    let hosts = info["hosts"].as_array().cloned().unwrap_or_default();
    assert_eq!(hosts.len(), 2, "{info}");
    for host in hosts {
        let offset = host["clock_offset_seconds"].as_f64().unwrap_or(f64::NAN);
        let error = host["clock_error_seconds"].as_f64().unwrap_or(f64::NAN);
        let truth = if host["name"] == "far" { 5.0 } else { 0.0 };
        assert!((offset - truth).abs() <= error + 0.001, "{host}");
        assert!(error < 0.5, "{host}");
    }
    assert!(
        info["seconds"].as_f64().is_some_and(|it| it < 6.0),
        "one axis: {info}"
    );
}

/// A tree that stands for a machine: other processors and memory than any real one here.
fn injected_root(root: &Path, cpus: usize) {
    let proc = root.join("proc");
    std::fs::create_dir_all(&proc).expect("a folder");
    let line = |name: String| format!("{name} 100 0 50 9000 3 0 1 0 0 0\n");
    let cpus: String = (0..cpus).map(|cpu| line(format!("cpu{cpu}"))).collect();
    let stat = format!(
        "{}{cpus}ctxt 500\nbtime 1\nprocesses 9\n",
        line("cpu ".to_owned())
    );
    std::fs::write(proc.join("stat"), stat).expect("a file");
    let memory = "MemTotal: 2048 kB\nMemFree: 1024 kB\nMemAvailable: 1500 kB\n";
    std::fs::write(proc.join("meminfo"), memory).expect("a file");
    std::fs::write(proc.join("loadavg"), "0.50 0.40 0.30 1/90 77\n").expect("a file");
}

#[test]
fn agents_of_injected_roots_with_skewed_and_drifting_clocks_share_one_axis() {
    // One host, three trees injected as its /proc; the clocks are skewed on purpose.
    let home = tempfile::tempdir().expect("a home");
    let session = home.path().join("three.kymo");
    let roots: Vec<PathBuf> = (1..=3)
        .map(|cpus| {
            let root = home.path().join(format!("root-{cpus}"));
            injected_root(&root, cpus);
            root
        })
        .collect();
    let skews = [
        "--clock-skew-ns 0",
        "--clock-skew-ns -7000000000",
        "--clock-skew-ns 60000000000 --clock-drift-ppm 30000",
    ];
    let mut command = kymo(home.path());
    command.args(["record", "--for", "6s", "--every", "200ms"]);
    for (number, (root, skew)) in roots.iter().zip(skews).enumerate() {
        let further = format!("--name host-{number} --root {} {skew}", root.display());
        command.args(["--agent", "local", "--agent-arguments", &further]);
    }
    run(command.arg("--out").arg(&session), 0);
    let info = info(home.path(), &session);
    let hosts = info["hosts"].as_array().cloned().unwrap_or_default();
    assert_eq!(hosts.len(), 3, "{info}");
    for host in hosts {
        let offset = host["clock_offset_seconds"].as_f64().unwrap_or(f64::NAN);
        let error = host["clock_error_seconds"].as_f64().unwrap_or(f64::NAN);
        // Drift of 30,000 ppm moves the third clock by some milliseconds while it greets.
        let (truth, slack) = match host["name"].as_str() {
            Some("host-0") => (0.0, 0.001),
            Some("host-1") => (-7.0, 0.001),
            _ => (60.0, 0.2),
        };
        assert!((offset - truth).abs() <= error + slack, "{host}");
    }
    let seconds = info["seconds"].as_f64();
    assert!(seconds.is_some_and(|it| it < 9.0), "one axis: {info}");
    let (stored, warnings) = Stored::open(&session, &Context::default()).expect("it opens");
    assert_eq!(warnings, Vec::<String>::new());
    let drifts = stored.events().iter();
    let drifts = drifts.filter(|(_, event)| event.subject == "clock drift");
    let drifting: Vec<&str> = drifts.map(|(host, _)| host.as_str()).collect();
    assert!(!drifting.is_empty(), "the drift is in the recording");
    assert!(
        drifting.iter().all(|host| *host == "host-2"),
        "{drifting:?}"
    );
}

#[test]
fn without_a_display_the_main_job_runs_on_the_terminal() {
    let home = tempfile::tempdir().expect("a home");
    let output = run(kymo(home.path()).env("KYMO_TERMINAL_SECONDS", "3"), 0);
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("no display"), "{text}");
    let mut kinds: Vec<String> = std::fs::read_dir(home.path())
        .expect("home")
        .flatten()
        .filter_map(|entry| Some(entry.path().extension()?.to_string_lossy().into_owned()))
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["html", "kymo"], "{text}");
    assert!(text.contains("finding"), "{text}");
    let paths = std::fs::read_dir(home.path()).expect("home").flatten();
    let mut paths = paths.map(|it| it.path());
    let page = paths.find(|it| it.extension().is_some_and(|it| it == "html"));
    let page = std::fs::read_to_string(page.expect("a report")).expect("it is read");
    assert!(!page.contains("No findings are kept"), "{text}");
}

#[test]
fn the_small_agent_is_built_beside_kymo() {
    let output = run(Command::new(path("kymo-agent")).arg("--version"), 0);
    assert!(String::from_utf8_lossy(&output.stdout).contains(env!("CARGO_PKG_VERSION")));
}
