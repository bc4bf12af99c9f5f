//! Many sessions from the command line: listed whatever is among them, searched, labelled,
//! and one figure followed over their builds.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::binary::{json, kymo, run};

/// A document of a session of a version that nobody has written yet, sealed as ours are.
const NEWER: &str = "(schema: 99)
// sha256 30219f111f7720520dc12df70f9c25787ed40914afe366ca4cefae6e3e69700a
";

/// A day in seconds.
const DAY: i64 = 86_400;

/// The first moment of 2026-11-16, a Monday, in UTC.
pub(crate) const MONDAY: i64 = 1_794_787_200;

/// Imports a table of two series a second apart as a session.
pub(crate) fn session(home: &Path, out: &Path, (begin, load): (i64, &dyn Fn(i64) -> f64)) {
    let mut text = "time,load,other\n".to_owned();
    for row in 0..120 {
        let ripple = ((row * 7_919) % 97) as f64 / 970.0;
        writeln!(
            text,
            "{},{},{}",
            begin + row,
            load(row) + ripple,
            5.0 + ripple
        )
        .expect("a text");
    }
    let table = home.join("table.csv");
    fs::write(&table, text).expect("a table");
    fs::create_dir_all(out.parent().unwrap_or(home)).expect("a folder");
    run(
        kymo(home).arg("import").arg(&table).arg("--out").arg(out),
        0,
    );
}

/// Fourteen nightly sessions; from the eighth on the load is half as high again.
fn shelf(home: &Path) -> PathBuf {
    let folder = home.join("lib rary");
    for number in 0..14 {
        let level = if number < 7 { 10.0 } else { 15.0 } + 0.1 * (number % 3) as f64;
        let path = folder.join(format!("nightly/{number:02}.kymo"));
        session(home, &path, (MONDAY + number * DAY, &|_| level));
        run(
            kymo(home)
                .args([
                    "library",
                    "tag",
                    "--add",
                    "nightly",
                    "--build",
                    &format!("1.{number}"),
                ])
                .arg(&path),
            0,
        );
    }
    folder
}

#[test]
fn whatever_is_among_them_sessions_are_listed_searched_and_labelled() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let folder = home.join("sessions");
    for (number, name) in ["first.kymo", "deep/er/second.kymo"]
        .into_iter()
        .enumerate()
    {
        let begin = MONDAY + number as i64 * DAY;
        session(home, &folder.join(name), (begin, &|_| 1.0));
    }
    let whole = fs::read(folder.join("first.kymo")).expect("a session");
    fs::write(folder.join("torn.kymo"), &whole[..whole.len() / 3]).expect("written");
    fs::write(folder.join("empty.kymo"), b"").expect("written");
    fs::create_dir(folder.join("newer")).expect("a folder");
    fs::write(folder.join("newer/manifest.ron"), NEWER).expect("written");
    let list = |arguments: &[&str]| {
        let mut command = kymo(home);
        command.args(["library"]).args(arguments).arg(&folder);
        json(&run(command.arg("--json"), 0))
    };
    let listed = list(&["list"]);
    let sessions = listed["sessions"].as_array().expect("a list");
    let reasons: Vec<(&str, &str)> = sessions
        .iter()
        .map(|it| {
            let name = it["name"].as_str().unwrap_or_default();
            (name, it["refused"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(reasons[0], ("first.kymo", ""), "{listed}");
    assert_eq!(reasons[1], ("deep/er/second.kymo", ""));
    let refused: Vec<&str> = reasons[2..].iter().map(|it| it.0).collect();
    assert_eq!(refused, ["empty.kymo", "newer", "torn.kymo"], "{listed}");
    assert!(
        reasons[2].1.contains("empty file") && reasons[3].1.contains("99"),
        "{listed}"
    );
    assert_eq!(sessions[0]["seconds"].as_f64().map(f64::round), Some(119.0));
    assert_eq!(
        sessions[0]["cadence_seconds"].as_f64().map(f64::round),
        Some(1.0)
    );
    assert!(sessions[0]["findings"].is_null(), "it was not analyzed");

    run(
        kymo(home)
            .args(["analyze", "--keep"])
            .arg(folder.join("first.kymo")),
        0,
    );
    run(
        kymo(home)
            .args(["library", "note"])
            .arg(folder.join("first.kymo"))
            .arg("before the fix"),
        0,
    );
    let wrong = run(
        kymo(home)
            .args(["library", "tag", "--add", "two words"])
            .arg(folder.join("first.kymo")),
        2,
    );
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("no word"));
    let found = list(&["search", "note:fix -is:refused after:2026-11-01"]);
    assert_eq!(
        found["sessions"].as_array().map(Vec::len),
        Some(1),
        "{found}"
    );
    assert_eq!(found["sessions"][0]["note"], "before the fix");
    assert!(found["sessions"][0]["findings"].is_object(), "{found}");
    let refused = list(&["search", "is:refused"]);
    assert_eq!(refused["sessions"].as_array().map(Vec::len), Some(3));
    run(
        kymo(home)
            .args(["library", "search", "hots:x"])
            .arg(&folder),
        2,
    );
    run(kymo(home).args(["library", "list", "/nowhere"]), 3);
    // A label changes no sample and no hash of one.
    run(kymo(home).arg("verify").arg(folder.join("first.kymo")), 0);
}

#[test]
fn the_build_that_changed_a_figure_is_named() {
    let home = tempfile::tempdir().expect("a home");
    let home = home.path();
    let folder = shelf(home);
    let trend = |arguments: &[&str]| {
        let mut command = kymo(home);
        command
            .args(["library", "trend"])
            .arg(&folder)
            .args(arguments);
        json(&run(command.arg("--json"), 0))
    };
    let answer = trend(&["--series", "*load", "--statistic", "p50", "--by", "build"]);
    let builds: Vec<&str> = answer["sessions"]
        .as_array()
        .expect("sessions")
        .iter()
        .map(|it| it["build"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        builds[8..11],
        ["1.8", "1.9", "1.10"],
        "as versions are counted"
    );
    let changes = answer["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 1, "{answer}");
    assert_eq!(changes[0]["build"], "1.7", "{answer}");
    let shift = &changes[0]["shift"];
    let within = |it: &serde_json::Value| it.as_f64().is_some_and(|it| (4.0..6.0).contains(&it));
    assert!(within(&shift[0]) && within(&shift[1]), "{answer}");
    let first = &answer["sessions"][0];
    let (lo, value, hi) = (&first["lo"], &first["value"], &first["hi"]);
    assert!(
        lo.as_f64() <= value.as_f64() && value.as_f64() <= hi.as_f64(),
        "{answer}"
    );
    let before = trend(&["--series", "*load", "--where", "before:2026-11-20"]);
    assert!(before["trend"].is_null() && before["changes"].as_array().is_some_and(Vec::is_empty));
    let doubts = before["doubts"].to_string();
    assert!(doubts.contains("a trend needs 10"), "{doubts}");
    // The same question gives the same bytes.
    let again = trend(&["--series", "*load", "--statistic", "p50", "--by", "build"]);
    assert_eq!(answer.to_string(), again.to_string());
    run(
        kymo(home)
            .args(["library", "trend"])
            .arg(&folder)
            .args(["--series", "*nosuch*"]),
        2,
    );
}
