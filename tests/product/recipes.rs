//! Recipes from the command line: run to the end, killed anywhere and resumed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::binary::{json, kymo, run};
use crate::delivery::receiver;
use crate::library::{MONDAY, session};

/// Everything but a recording, so that two runs give the same.
fn recipe(home: &Path, deliver: &str) -> PathBuf {
    let path = home.join("nightly.ron");
    let text = format!(
        "(
    schema: 1,
    name: \"nightly\",
    collect: (take: \"taken.kymo\", tags: [\"nightly\"], build: \"1.4.2\", coverage: 0.5),
    optimize: (service: \"shop\"),
    report: [(format: \"md\"), (format: \"html\"), (format: \"json\")],
    deliver: [Folder(\"{deliver}\")],
    monitor: (retries: 0, heartbeat: \"1s\", free: \"1MiB\"),
)
"
    );
    fs::write(&path, text).expect("a recipe");
    if !home.join("taken.kymo").exists() {
        let step = |row: i64| if row < 60 { 10.0 } else { 30.0 };
        session(home, &home.join("taken.kymo"), (MONDAY, &step));
    }
    path
}

/// Starts a run and kills it with SIGKILL when its standard error says such a line; whether
/// it did, before the run was over.
fn killed_at(command: &mut Command, is_it: &dyn Fn(&str) -> bool) -> bool {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kymo starts");
    let stderr = child.stderr.take().expect("its standard error");
    let mut said = false;
    for text in BufReader::new(stderr).lines().map_while(Result::ok) {
        if !said && is_it(&text) {
            said = true;
            child.kill().expect("it is ours");
        }
    }
    let status = child.wait().expect("it ends");
    said && status.code().is_none()
}

/// What a run comes to: standing and facts of every step, but times.
fn outcome(home: &Path, folder: &Path) -> serde_json::Value {
    let shown = json(&run(
        kymo(home).args(["run", "--show"]).arg(folder).arg("--json"),
        0,
    ));
    let steps = shown["steps"].as_array().expect("steps").iter();
    let kept = steps.map(|it| {
        let mut it = it.clone();
        if let Some(fields) = it.as_object_mut() {
            fields.remove("attempts");
        }
        it
    });
    serde_json::json!({
        "finished": shown["finished"],
        "steps": kept.collect::<Vec<_>>(),
    })
}

#[test]
fn a_run_that_is_killed_between_any_two_steps_comes_to_the_same() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let path = recipe(home, "out");
    let whole = home.join("whole");
    run(kymo(home).arg("run").arg(&path).arg("--out").arg(&whole), 0);
    let expected = outcome(home, &whole);
    assert_eq!(expected["finished"], "done", "{expected}");
    let reports = ["performance.md", "performance.html", "performance.json"];
    for report in reports {
        assert!(
            home.join("out").join(report).is_file(),
            "{report} was delivered"
        );
    }
    for (number, line) in [
        "collect planned",
        "collect started",
        "collect executed",
        "collect validated",
        "analyze started",
        "analyze executed",
        "analyze validated",
        "optimize started",
        "optimize validated",
        "report started",
        "report executed",
        "report validated",
        "deliver started",
        "deliver executed",
        "deliver validated",
    ]
    .into_iter()
    .enumerate()
    {
        let folder = home.join(format!("run {number}"));
        let mut command = kymo(home);
        command.arg("run").arg(&path).arg("--out").arg(&folder);
        let struck = killed_at(&mut command, &|it| it.starts_with(line));
        // After the last line the run may be over before it is struck.
        assert!(struck || line == "deliver validated", "{line}");
        let log = fs::read_to_string(folder.join("log.jsonl")).expect("a log");
        assert!(log.ends_with('\n') || !log.is_empty());
        run(kymo(home).args(["run", "--resume"]).arg(&folder), 0);
        assert_eq!(outcome(home, &folder), expected, "killed at {line:?}");
        for report in reports {
            let [one, other] = [&whole, &folder].map(|it| fs::read(it.join("report").join(report)));
            assert_eq!(
                one.expect("a report"),
                other.expect("a report"),
                "{line}: {report}"
            );
        }
    }
}

#[test]
fn a_recording_that_was_cut_is_not_trusted_but_kept() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let path = home.join("record.ron");
    let text = "(schema: 1, name: \"record\",
 collect: (every: \"100ms\", until: For(\"3s\"), coverage: 0.5),
 report: [(format: \"md\")],
 monitor: (retries: 0, heartbeat: \"100ms\", free: \"1MiB\"))";
    fs::write(&path, text).expect("a recipe");
    let folder = home.join("run");
    let mut command = kymo(home);
    command.arg("run").arg(&path).arg("--out").arg(&folder);
    // Once a second of it is there.
    let recorded = |line: &str| {
        let share = line.strip_prefix("collect progress: ");
        let share = share.and_then(|it| it.strip_suffix(" %"));
        share
            .and_then(|it| it.parse::<u32>().ok())
            .is_some_and(|it| it > 20)
    };
    assert!(
        killed_at(&mut command, &recorded),
        "it is killed while it records"
    );
    run(kymo(home).args(["run", "--resume"]).arg(&folder), 0);
    let collect = folder.join("collect");
    assert!(collect.join("session.kymo").is_file());
    let cut = collect.join("cut-1.kymo");
    assert!(cut.is_dir(), "what was recorded before is kept");
    run(kymo(home).arg("info").arg(&cut), 0);
    let shown = outcome(home, &folder);
    let seconds = shown["steps"][0]["facts"]["seconds"]
        .as_str()
        .unwrap_or_default();
    assert!(seconds.parse::<f64>().is_ok_and(|it| it > 2.0), "{shown}");
    // What was validated and is gone is done again, and all that follows from it.
    fs::remove_file(folder.join("report/performance.md")).expect("removed");
    run(kymo(home).args(["run", "--resume"]).arg(&folder), 0);
    assert!(folder.join("report/performance.md").is_file());
}

#[test]
fn a_recording_begins_and_ends_by_what_live_data_shows() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let path = home.join("when.ron");
    let text = "(schema: 1, name: \"when\",
 collect: (every: \"100ms\", coverage: 0.3,
  start: When(series: \"*/system.memory.utilization\", above: 0.0001, for: \"2s\", look_back: \"1s\", give_up: \"60s\"),
  until: When(series: \"*/system.memory.utilization\", below: 2.0, for: \"2s\", give_up: \"60s\")),
 monitor: (retries: 0, free: \"1MiB\"))";
    fs::write(&path, text).expect("a recipe");
    let folder = home.join("run");
    let output = run(
        kymo(home).arg("run").arg(&path).arg("--out").arg(&folder),
        0,
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("began when ") && said.contains("ended when "),
        "{said}"
    );
    let session = folder.join("collect/session.kymo");
    let info = json(&run(kymo(home).arg("info").arg(&session).arg("--json"), 0));
    // Two seconds until it ends, and one of what was before.
    assert!(
        info["seconds"].as_f64().is_some_and(|it| it > 2.5),
        "{info}"
    );
    let never = text
        .replace("above: 0.0001", "above: 7.0")
        .replace("give_up: \"60s\"),\n  until", "give_up: \"1s\"),\n  until");
    fs::write(&path, never).expect("a recipe");
    let output = run(
        kymo(home)
            .arg("run")
            .arg(&path)
            .arg("--out")
            .arg(home.join("never")),
        4,
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("did not fulfil its condition within 1s"),
        "{said}"
    );
    assert!(said.contains("kymo run --resume"), "{said}");
}

#[test]
fn what_is_wrong_is_told_by_file_line_and_column() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let path = recipe(home, "out");
    run(kymo(home).args(["run", "--check"]).arg(&path), 0);
    let text = fs::read_to_string(&path).expect("a recipe");
    let wrong = home.join("wrong.ron");
    for (from, to, place) in [
        ("coverage: 0.5", "coverage: 5.0", "4:80:"),
        ("heartbeat: \"1s\"", "heartbeat: \"soon\"", "8:"),
        ("retries: 0", "retris: 0", "8:"),
        ("schema: 1", "schema: 7", "1:1:"),
    ] {
        fs::write(&wrong, text.replace(from, to)).expect("written");
        let output = run(kymo(home).arg("run").arg(&wrong), 4);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let wanted = format!("{}:{place}", wrong.display());
        assert!(said.contains(&wanted), "{wanted}\n{said}");
    }
    run(kymo(home).args(["run", "/nowhere.ron"]), 3);
    run(
        kymo(home)
            .args(["run", "--new"])
            .arg(home.join("fresh.ron")),
        0,
    );
    run(
        kymo(home)
            .args(["run", "--check"])
            .arg(home.join("fresh.ron")),
        0,
    );
    run(
        kymo(home)
            .args(["run", "--new"])
            .arg(home.join("fresh.ron")),
        2,
    );
}

#[test]
fn an_altered_log_or_recipe_is_not_resumed() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let path = recipe(home, "out");
    let folder = home.join("run");
    run(
        kymo(home).arg("run").arg(&path).arg("--out").arg(&folder),
        0,
    );
    // Once more changes nothing, and the log still tells all of it.
    run(kymo(home).args(["run", "--resume"]).arg(&folder), 0);
    let log = folder.join("log.jsonl");
    let text = fs::read_to_string(&log).expect("a log");
    fs::write(&log, text.replacen("\"validated\"", "\"executed\"", 1)).expect("written");
    let output = run(kymo(home).args(["run", "--resume"]).arg(&folder), 4);
    assert!(String::from_utf8_lossy(&output.stderr).contains("was altered"));
    fs::write(&log, &text).expect("written");
    let recipe = folder.join("recipe.ron");
    let changed = fs::read_to_string(&recipe).expect("its recipe") + "// more\n";
    fs::write(&recipe, changed).expect("written");
    let output = run(kymo(home).args(["run", "--resume"]).arg(&folder), 4);
    assert!(String::from_utf8_lossy(&output.stderr).contains("was changed since"));
}

#[test]
fn a_delivery_that_fails_can_be_resumed_once_the_way_is_free() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let path = recipe(home, "way/out");
    fs::write(home.join("way"), "in the way").expect("written");
    let folder = home.join("run");
    let text = fs::read_to_string(&path).expect("a recipe");
    let short = text.replace(
        "free: \"1MiB\"",
        "free: \"1MiB\", limits: (deliver: \"1s\")",
    );
    fs::write(&path, short).expect("written");
    let output = kymo(home)
        .arg("run")
        .arg(&path)
        .arg("--out")
        .arg(&folder)
        .output();
    let output = output.expect("kymo starts");
    assert!(!output.status.success());
    fs::remove_file(home.join("way")).expect("removed");
    run(kymo(home).args(["run", "--resume"]).arg(&folder), 0);
    assert!(home.join("way/out/performance.html").is_file());
    let record = fs::read_to_string(folder.join("deliver.jsonl")).expect("a record");
    assert!(
        record.contains("\"failed\"") && record.contains("\"delivered\""),
        "{record}"
    );
}

/// What a run says on its way when it is resumed and ends well.
fn resumed(home: &Path, folder: &Path) -> String {
    let output = run(kymo(home).args(["run", "--resume"]).arg(folder), 0);
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_changed_since_it_was_written_is_made_anew() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let path = recipe(home, "out");
    let folder = home.join("run");
    run(
        kymo(home).arg("run").arg(&path).arg("--out").arg(&folder),
        0,
    );
    let calm = resumed(home, &folder);
    assert!(!calm.contains("started"), "{calm}");
    let altered = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    let grown = |bytes: &mut Vec<u8>| bytes.push(b'x');
    for (name, change, step) in [
        (
            "report/performance.html",
            &altered as &dyn Fn(&mut Vec<u8>),
            "report",
        ),
        ("report/performance.html", &grown, "report"),
        ("optimize/answer.json", &grown, "optimize"),
        ("collect/session.kymo", &altered, "collect"),
    ] {
        let file = folder.join(name);
        let before = fs::read(&file).expect("it is there");
        let mut bytes = before.clone();
        change(&mut bytes);
        fs::write(&file, &bytes).expect("written");
        let said = resumed(home, &folder);
        let wanted = format!("{step} failed: what was validated before holds no more: ");
        let line = said.lines().find(|it| it.starts_with(&wanted));
        let line = line.unwrap_or_else(|| panic!("{name}: {said}"));
        assert!(line.contains("changed since it was written"), "{line}");
        assert!(said.contains(&format!("{step} validated")), "{said}");
        let now = fs::read(&file).expect("it is there");
        assert!(now != bytes, "{name} was made anew");
        assert!(step == "collect" || now == before, "{name}");
    }
    assert!(folder.join("collect/cut-1.kymo").is_file(), "kept aside");
}

#[test]
fn what_followed_from_an_earlier_recording_is_not_taken_for_done() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let path = recipe(home, "out");
    let folder = home.join("run");
    run(
        kymo(home).arg("run").arg(&path).arg("--out").arg(&folder),
        0,
    );
    fs::remove_file(folder.join("collect/session.kymo")).expect("removed");
    let mut command = kymo(home);
    command.args(["run", "--resume"]).arg(&folder);
    assert!(killed_at(&mut command, &|it| it.starts_with("analyze validated")));
    let said = resumed(home, &folder);
    for step in ["optimize", "report", "deliver"] {
        assert!(said.contains(&format!("{step} started")), "{step}: {said}");
    }
}

#[test]
fn nobody_gets_a_post_again_when_a_run_goes_on() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    // One post for each report, and nobody listens after that.
    let (url, heard) = receiver(&["200 OK", "200 OK", "200 OK"]);
    let path = recipe(home, "way/out");
    let text = fs::read_to_string(&path).expect("a recipe");
    let both = text.replace("[Folder", &format!("[Webhook(url: \"{url}\"), Folder"));
    let both = both.replace(
        "free: \"1MiB\"",
        "free: \"1MiB\", limits: (deliver: \"3s\")",
    );
    fs::write(&path, both).expect("written");
    fs::write(home.join("way"), "in the way").expect("written");
    let folder = home.join("run");
    let mut command = kymo(home);
    command.arg("run").arg(&path).arg("--out").arg(&folder);
    assert!(!command.output().expect("kymo starts").status.success());
    assert_eq!(heard.join().expect("it was called").len(), 3);
    fs::remove_file(home.join("way")).expect("removed");
    resumed(home, &folder);
    assert!(home.join("way/out/performance.html").is_file());
}
