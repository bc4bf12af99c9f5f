//! Findings on the command line: kept, marked as expected, told by reports.

use std::path::{Path, PathBuf};

use model::finding::{Expected, Finding};
use serde_json::Value;
use workflow::jobs::Context;
use workflow::stored::Stored;

use crate::binary::{kymo, run};

/// Reads the JSON that a command prints.
fn json(home: &Path, arguments: &[&str]) -> Value {
    let output = run(kymo(home).args(arguments), 0);
    serde_json::from_slice(&output.stdout).expect("a document")
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let list = value[name].as_array().into_iter().flatten();
    list.filter_map(|it| it["id"].as_str().map(str::to_owned))
        .collect()
}

/// A session with a spike, and with a level that changes and stays.
fn restless(home: &Path) -> PathBuf {
    let mut text = "time,requests,queue\n".to_owned();
    let mut state: u64 = 7;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    for row in 0..1_200 {
        let requests = 100.0
            + noise()
            + if (900..904).contains(&row) {
                400.0
            } else {
                0.0
            };
        let queue = noise() + if row < 400 { 5.0 } else { 25.0 };
        let time = 1_770_000_000 + row;
        text.push_str(&format!("{time},{requests:.4},{queue:.4}\n"));
    }
    let (table, session) = (home.join("s.csv"), home.join("s.kymo"));
    std::fs::write(&table, text).expect("it is written");
    run(
        kymo(home)
            .arg("import")
            .arg(&table)
            .arg("--out")
            .arg(&session),
        0,
    );
    session
}

#[test]
fn marked_anomalies_are_told_with_the_reason_and_pins_open_the_report() {
    let home = tempfile::tempdir().expect("a folder");
    let session = restless(home.path());
    let name = session.display().to_string();
    let before = json(home.path(), &["analyze", &name, "--json", "--keep"]);
    let list = before["findings"].as_array().expect("findings");
    assert!(list.iter().all(|it| it.get("expected").is_none()));

    let (stored, _) = Stored::open(&session, &Context::default()).expect("a session");
    let mut kept = stored.kept().expect("they are kept");
    let pinned: Finding = kept.findings.last().expect("a finding").clone();
    kept.expected = vec![Expected {
        series: "*".to_owned(),
        span: stored.span(),
        reason: "load test".to_owned(),
    }];
    kept.pinned = vec![pinned.clone()];
    stored.keep(kept).expect("it is stored");
    drop(stored);

    // Keeping anew leaves alone what people said.
    let after = json(home.path(), &["analyze", &name, "--json", "--keep"]);
    let list = after["findings"].as_array().expect("findings");
    let (anomalies, others): (Vec<&Value>, Vec<&Value>) =
        list.iter().partition(|it| it["analysis"] == "anomaly");
    assert!(!anomalies.is_empty() && !others.is_empty());
    for it in &anomalies {
        assert_eq!(
            (&it["expected"], &it["reason"]),
            (&true.into(), &"load test".into())
        );
    }
    assert!(others.iter().all(|it| it.get("expected").is_none()));
    let ids = texts(&after, "findings");
    let tail: Vec<String> = anomalies
        .iter()
        .filter_map(|it| it["id"].as_str())
        .map(str::to_owned)
        .collect();
    assert_eq!(
        ids[ids.len() - tail.len()..],
        tail,
        "expected ones stand last"
    );

    let listed = json(home.path(), &["anomalies", &name, "--json"]);
    let series = listed["series"].as_array().expect("series").iter();
    let each: Vec<&Value> = series
        .filter_map(|it| it["anomalies"].as_array())
        .flatten()
        .collect();
    assert!(!each.is_empty());
    for it in each {
        assert_eq!(
            (&it["marked"], &it["reason"]),
            (&true.into(), &"load test".into())
        );
    }
    run(kymo(home.path()).args(["verify", &name]), 0);

    let out = home.path().join("r.md");
    let report = [
        "report",
        &name,
        "--format",
        "md",
        "--out",
        &out.display().to_string(),
    ]
    .map(str::to_owned);
    run(kymo(home.path()).args(report), 0);
    let text = std::fs::read_to_string(&out).expect("a report");
    let section = text.split("\n## ").find(|it| it.starts_with("Findings"));
    let section = section.expect("a section");
    assert!(section.contains("Chosen for this report"));
    assert!(section.contains(&pinned.id.to_string()));
    assert_eq!(section.matches("\n### ").count(), 1, "{section}");
}
