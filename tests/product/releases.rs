//! Two releases, one exit code: two load tests are compared, ranked, held against a
//! standard, and told by a report, with the same ids wherever they are asked for.

use std::path::{Path, PathBuf};

use serde_json::Value;
use workflow::jobs::Context;
use workflow::standards::{self, Request};
use workflow::stored::Stored;

use crate::binary::{json, kymo, run};
use crate::shop::{Asked, Shop, session};

/// An objective that the first release keeps and the second does not.
const STANDARD: &str = r#"(
    schema: 1,
    id: "shop-latency",
    version: "1.0.0",
    title: "The shop answers in time",
    owner: "the shop",
    source: "agreed with its users",
    scope: (hosts: ["*"], note: "load tests"),
    rules: Threshold([
        (
            id: "mean",
            title: "mean response time",
            series: "service.request.duration.mean{service.name=*}",
            unit: "s",
            test: Level(statistic: Mean, limit: AtMost(0.045), hold_s: 10, clear: 0.042),
        ),
    ]),
)
"#;

/// A load test of a release whose requests take so many processor seconds.
fn release(home: &Path, name: &str, demand_s: f64) -> PathBuf {
    let shop = Shop {
        demand_s: vec![demand_s],
        asked: vec![Asked::Users(8); 5],
        ..Shop::default()
    };
    session(home, name, &shop.run(), shop.cores)
}

fn ids(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|it| it["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[test]
fn two_releases_are_told_apart_with_one_exit_code_and_the_same_ids() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let (old, new) = (release(home, "old", 0.02), release(home, "new", 0.03));
    // What differs, ranked, and a regression by the exit code; the same bytes each time.
    let compare = |code: i32| {
        let mut command = kymo(home);
        command.arg("compare").arg(&old).arg(&new);
        command.args(["--repeatable", "--fail-on-regression", "--json"]);
        run(&mut command, code)
    };
    let first = compare(1);
    assert_eq!(first.stdout, compare(1).stdout, "the same JSON");
    let found = json(&first);
    let metrics = found["metrics"].as_object().expect("metrics");
    let slower = metrics
        .iter()
        .find(|(name, _)| name.contains("duration.mean"));
    let (_, slower) = slower.expect("the response time");
    assert_eq!(slower["verdict"], "up", "{slower:#}");
    // The standard: the old one passes, the new one does not.
    let standard = home.join("shop.ron");
    std::fs::write(&standard, STANDARD).expect("it is written");
    let check = |input: &Path, code: i32| {
        let mut command = kymo(home);
        command
            .arg("check")
            .arg(input)
            .arg("--standard")
            .arg(&standard);
        json(&run(command.arg("--json"), code))
    };
    let kept = check(&old, 0);
    let broken = check(&new, 1);
    assert_ne!(kept, broken);
    // The window goes through the same function: the same ids.
    let loaded = standards::load(standard.to_str().expect("a name")).expect("a standard");
    let (stored, _) = Stored::open(&new, &Context::default()).expect("a session");
    let own = standards::check(&stored, &loaded, &Request::default(), &Context::default());
    let own: Vec<String> = own
        .expect("a verdict")
        .rows
        .iter()
        .map(|it| it.id.to_string())
        .collect();
    let told = broken["standards"][0]["rules"].clone();
    assert_eq!(ids(&told), own, "{broken:#}");
    // A report of the same session names the same verdicts as the findings behind its numbers.
    let out = home.join("new.json");
    run(
        kymo(home)
            .arg("report")
            .arg(&new)
            .arg("--standard")
            .arg(&standard)
            .args(["--format", "json", "--out"])
            .arg(&out),
        0,
    );
    let text = std::fs::read_to_string(&out).expect("a report");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let sources = document["sources"].as_array().expect("sources");
    for id in &own {
        assert!(
            sources.iter().any(|it| it["finding"] == id.as_str()),
            "{id}"
        );
    }
    run(kymo(home).arg("verify").arg(&out), 0);
    // For CI: JUnit, and the same exit code.
    let junit = home.join("checks.xml");
    run(
        kymo(home)
            .arg("check")
            .arg(&new)
            .arg("--standard")
            .arg(&standard)
            .arg("--junit")
            .arg(&junit),
        1,
    );
    let xml = std::fs::read_to_string(&junit).expect("JUnit");
    assert!(
        xml.contains("<failure") && own.iter().all(|it| xml.contains(it)),
        "{xml}"
    );
}
