//! Reviews of a library: the last whole period, and units that write them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::{json, kymo, program, run, skipped};
use crate::library::{MONDAY, session};

const DAY: i64 = 86_400;

/// Sessions at noon of some days; the load of the first two jumps within each.
fn shelf(home: &Path) -> PathBuf {
    let folder = home.join("sessions");
    for (day, jumps) in [(-2, true), (1, true), (3, false), (5, false)] {
        let path = folder.join(format!("day{day}.kymo"));
        let load = |row: i64| match jumps && row >= 60 {
            true => 30.0,
            false => 10.0,
        };
        session(home, &path, (MONDAY + day * DAY + DAY / 2, &load));
        run(kymo(home).args(["analyze", "--keep"]).arg(&path), 0);
    }
    folder
}

/// The one review whose name begins and ends like this.
fn written(folder: &Path, begin: &str, end: &str) -> PathBuf {
    let names = fs::read_dir(folder).expect("reviews").flatten();
    let names = names.map(|it| it.file_name().to_string_lossy().into_owned());
    let found: Vec<String> = names
        .filter(|it| it.starts_with(begin) && it.ends_with(end))
        .collect();
    assert_eq!(found.len(), 1, "{begin} {end}: {found:?}");
    folder.join(&found[0])
}

fn text_of(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(fields) => {
            let own = fields
                .get("text")
                .and_then(|it| it.as_str())
                .unwrap_or_default();
            let inside = fields.values().map(text_of);
            format!("{own} {}", inside.collect::<String>())
        }
        serde_json::Value::Array(all) => all.iter().map(text_of).collect(),
        _ => String::new(),
    }
}

#[test]
fn a_week_is_reviewed_with_what_was_closed_in_it() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let folder = shelf(home);
    fs::write(folder.join("torn.kymo"), b"").expect("written");
    let review = |at: &str, further: &[&str]| {
        let mut command = kymo(home);
        command.args(["review", "run", "--period", "weekly", "--zone", "UTC"]);
        command
            .arg("--library")
            .arg(&folder)
            .arg("--out")
            .arg(home.join("reviews"));
        command.args(["--at", at]).args(further);
        run(&mut command, 0)
    };
    let output = review(
        "2026-11-25T10:00:00Z",
        &["--format", "json", "--format", "html", "--format", "md"],
    );
    let reviews = home.join("reviews");
    let path = written(&reviews, "review-weekly-2026-W47-sessions-", ".json");
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(names.lines().count(), 3, "{names}");
    let text = fs::read_to_string(&path).expect("a review");
    let document: serde_json::Value = serde_json::from_str(&text).expect("one document");
    assert_eq!(document["kind"], "review");
    assert_eq!(document["window"][0], "2026-11-16T00:00:00Z");
    assert_eq!(document["window"][1], "2026-11-23T00:00:00Z");
    let section = |id: &str| {
        let sections = document["sections"].as_array().expect("sections");
        sections.iter().find(|it| it["id"] == id).expect(id).clone()
    };
    let summary = text_of(&section("summary"));
    assert!(
        summary.contains("3 sessions were recorded; 1 more cannot be read"),
        "{summary}"
    );
    assert!(
        summary.contains("1 sessions before the period were looked at too"),
        "{summary}"
    );
    let findings = section("findings");
    let tables: Vec<&serde_json::Value> = findings["blocks"]
        .as_array()
        .expect("blocks")
        .iter()
        .filter(|it| it["block"] == "table")
        .collect();
    let closed = tables
        .iter()
        .find(|it| it["caption"] == "Findings that were closed")
        .expect("a table");
    let rows = closed["rows"].as_array().expect("rows");
    assert!(!rows.is_empty(), "the jump was closed: {findings}");
    assert!(text_of(closed).contains("load"), "{closed}");
    // Closed by the session of Thursday, the first that could show it and did not.
    assert!(text_of(closed).contains("2026-11-19 12:00:00"), "{closed}");
    let sessions = text_of(&section("sessions"));
    assert!(sessions.contains("empty file"), "{sessions}");

    // A week later nothing was recorded.
    review("2026-12-02T10:00:00Z", &["--format", "md"]);
    let later = written(&reviews, "review-weekly-2026-W48-", ".md");
    let text = fs::read_to_string(later).expect("a review");
    assert!(text.contains("No sessions were recorded"), "{text}");
    // The same question gives the same bytes.
    let first = fs::read(&path).expect("a review");
    review("2026-11-25T10:00:00Z", &["--format", "json"]);
    assert_eq!(first, fs::read(&path).expect("a review"));
}

#[test]
fn a_day_of_a_zone_has_its_own_bounds() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let folder = home.join("sessions");
    // An hour before and after midnight of Berlin, which is 23:00 in UTC.
    for (name, begin) in [
        ("late", MONDAY + DAY - 7_200),
        ("early", MONDAY + DAY - 1_800),
    ] {
        session(
            home,
            &folder.join(format!("{name}.kymo")),
            (begin, &|_| 1.0),
        );
    }
    let mut command = kymo(home);
    command.args([
        "review",
        "run",
        "--period",
        "daily",
        "--zone",
        "Europe/Berlin",
    ]);
    command
        .arg("--library")
        .arg(&folder)
        .arg("--out")
        .arg(home.join("out"));
    command.args(["--at", "2026-11-18T12:00:00+01:00", "--format", "md"]);
    run(&mut command, 0);
    let path = written(&home.join("out"), "review-daily-2026-11-17-", ".md");
    let text = fs::read_to_string(path).expect("a review");
    assert!(
        text.contains("1 sessions were recorded") && text.contains("2026-11-16 23:30:00"),
        "{text}"
    );
    let mut wrong = kymo(home);
    wrong.args([
        "review",
        "run",
        "--period",
        "daily",
        "--zone",
        "Middle/Earth",
    ]);
    run(
        wrong.arg("--library").arg(&folder).arg("--out").arg(home),
        2,
    );
}

#[test]
fn units_hold_any_path_and_are_taken_back() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let library = home.join("50% of $HOME 'a' \"b\"");
    fs::create_dir(&library).expect("a folder");
    let install = |further: &[&str], code: i32| {
        let mut command = kymo(home);
        command.args(["review", "install", "--period", "monthly", "--zone", "UTC"]);
        command
            .arg("--library")
            .arg(&library)
            .arg("--out")
            .arg(home.join("out"));
        run(command.args(further), code)
    };
    let output = install(&["--systemd", "--user"], 0);
    let written = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths: Vec<&str> = written.lines().collect();
    assert_eq!(paths.len(), 2, "{written}");
    let units = home.join("config/systemd/user");
    assert!(
        paths.iter().all(|it| Path::new(it).starts_with(&units)),
        "{written}"
    );
    let timer = fs::read_to_string(paths[1]).expect("a timer");
    assert!(timer.contains("OnCalendar=*-*-01 00:30:00 UTC"), "{timer}");
    match program("systemd-analyze") {
        None => assert!(skipped("systemd-analyze")),
        Some(analyze) => {
            let checked = Command::new(analyze)
                .arg("verify")
                .args(&paths)
                .output()
                .expect("it starts");
            let said = String::from_utf8_lossy(&checked.stderr).into_owned();
            let ours: Vec<&str> = said
                .lines()
                .filter(|it| it.contains("kymo-review"))
                .collect();
            assert!(checked.status.success() && ours.is_empty(), "{said}");
        }
    }
    install(&["--user", "--uninstall"], 0);
    assert_eq!(fs::read_dir(&units).expect("the folder").count(), 0);
    install(&["--user", "--uninstall"], 2);
    fs::rename(&library, home.join("elsewhere")).expect("moved");
    install(&["--systemd", "--user"], 3);
    fs::rename(home.join("elsewhere"), &library).expect("moved back");
    let cron = install(&["--cron"], 0);
    let line = String::from_utf8_lossy(&cron.stdout).into_owned();
    assert!(
        line.starts_with("30 0 1 * * ") && line.contains("50\\% of $HOME"),
        "{line}"
    );
    // What the shell makes of it is the command itself, once cron took its backslash away.
    let command = line.trim_start_matches("30 0 1 * * ").replace("\\%", "%");
    let written = Command::new("sh")
        .args(["-c", &command])
        .output()
        .expect("a shell");
    assert!(
        written.status.success(),
        "{}",
        String::from_utf8_lossy(&written.stderr)
    );
    let said = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(said.contains("review-monthly-"), "{said}");
}

#[test]
fn a_figure_of_ones_own_is_followed() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let folder = shelf(home);
    let mut command = kymo(home);
    command.args([
        "review",
        "run",
        "--period",
        "quarterly",
        "--zone",
        "UTC",
        "--at",
        "2027-01-02T00:00:00Z",
    ]);
    command
        .arg("--library")
        .arg(&folder)
        .arg("--out")
        .arg(home.join("out"));
    command.args(["--figure", "mean:*load", "--format", "json"]);
    run(&mut command, 0);
    let path = written(&home.join("out"), "review-quarterly-2026-Q4-", ".json");
    let text = fs::read_to_string(path).expect("a review");
    let document: serde_json::Value = serde_json::from_str(&text).expect("one document");
    assert!(text.contains("mean of *load"), "{text}");
    assert_eq!(document["sections"][2]["id"], "trends");
    let listed = json(&run(
        kymo(home).args(["library", "list", "--json"]).arg(&folder),
        0,
    ));
    assert_eq!(listed["sessions"].as_array().map(Vec::len), Some(4));
}

#[test]
fn reviews_of_two_libraries_lie_side_by_side() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let out = home.join("reviews");
    for place in ["a/sessions", "b/sessions"] {
        let folder = home.join(place);
        session(home, &folder.join("one.kymo"), (MONDAY, &|_| 1.0));
        let mut command = kymo(home);
        command.args(["review", "run", "--period", "weekly", "--zone", "UTC"]);
        command.args(["--at", "2026-11-25T10:00:00Z", "--format", "md"]);
        command.arg("--library").arg(&folder).arg("--out").arg(&out);
        run(&mut command, 0);
    }
    assert_eq!(fs::read_dir(&out).expect("reviews").count(), 2);
}

#[test]
fn a_figure_that_no_session_has_is_told() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let folder = shelf(home);
    for (at, figures, code) in [
        ("2026-11-25T10:00:00Z", &["p95:nothing"][..], 2),
        ("2026-11-25T10:00:00Z", &["p95:nothing", "mean:*load"], 0),
        // Before anything was recorded there is nothing to find.
        ("2020-01-01T00:00:00Z", &["p95:nothing"], 0),
    ] {
        let mut command = kymo(home);
        command.args(["review", "run", "--period", "weekly", "--zone", "UTC"]);
        command.args(["--at", at, "--format", "json"]);
        command.arg("--library").arg(&folder);
        command.arg("--out").arg(home.join("out"));
        for figure in figures {
            command.args(["--figure", figure]);
        }
        let output = run(&mut command, code);
        if code == 2 {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("has such a series"), "{said}");
            continue;
        }
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let text = fs::read_to_string(path).expect("a review");
        assert!(text.contains("could not follow nothing"), "{text}");
        assert!(!text.contains("1970"), "{text}");
    }
}

#[test]
fn a_session_that_cannot_be_read_keeps_no_standard_and_is_counted_nowhere() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let folder = home.join("sessions");
    let path = folder.join("day.kymo");
    session(home, &path, (MONDAY, &|_| 1.0));
    let bytes = fs::read(&path).expect("a session");
    // A copy that lost its end tells of the same hours.
    fs::write(folder.join("copy.kymo"), &bytes[..bytes.len() * 9 / 10]).expect("written");
    let mut command = kymo(home);
    command.args(["review", "run", "--period", "weekly", "--zone", "UTC"]);
    command.args(["--at", "2026-11-25T10:00:00Z", "--format", "json"]);
    command.args(["--standard", "use", "--figure", "mean:*load"]);
    command.arg("--library").arg(&folder);
    command.arg("--out").arg(home.join("out"));
    let output = run(&mut command, 1);
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let text = fs::read_to_string(path).expect("a review");
    assert!(text.contains("1 sessions were recorded"), "{text}");
    assert!(
        text.contains("keep the standards cannot be decided"),
        "{text}"
    );
    assert!(text.contains("copy.kymo is left out"), "{text}");
    let document: serde_json::Value = serde_json::from_str(&text).expect("one document");
    let sections = document["sections"].as_array().expect("sections");
    let section = sections.iter().find(|it| it["id"] == "compliance");
    let told = text_of(section.expect("standards"));
    assert!(
        told.contains("undecidable") && told.contains("data are damaged"),
        "{told}"
    );
}
