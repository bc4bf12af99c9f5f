//! Standards on the command line: verdicts, exit codes, JUnit, attaching, proposing.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::{json, kymo, program, run, skipped};
use crate::layers::root;

fn shipped(name: &str) -> String {
    let path = root().join("sessions").join(name);
    path.display().to_string()
}

fn copied(home: &Path, name: &str) -> String {
    let path = home.join(name);
    std::fs::copy(shipped(name), &path).expect("it is copied");
    path.display().to_string()
}

fn check(home: &Path, arguments: &[&str], code: i32) -> Value {
    let output = run(kymo(home).arg("check").args(arguments).arg("--json"), code);
    json(&output)
}

fn rules(document: &Value) -> Vec<&Value> {
    let standards = document["standards"].as_array().into_iter().flatten();
    let rules = standards.filter_map(|it| it["rules"].as_array());
    rules.flatten().collect()
}

fn outcomes<'a>(document: &'a Value, verdict: &str) -> Vec<&'a str> {
    let all = rules(document).into_iter();
    let found = all.filter(|it| it["verdict"] == verdict);
    found.filter_map(|it| it["rule"].as_str()).collect()
}

#[test]
fn the_hog_violates_use_and_the_quiet_session_keeps_it() {
    let home = tempfile::tempdir().expect("a folder");
    for (session, code, failed) in [
        ("quiet.kymo", 0, &[][..]),
        ("steady.kymo", 0, &[]),
        ("cpu-hog.kymo", 1, &["cpu-utilization"]),
        ("disk-saturation.kymo", 1, &["disk-saturation"]),
        (
            "cpu-throttling.kymo",
            1,
            &["cpu-saturation", "quota-saturation"],
        ),
    ] {
        let path = shipped(session);
        let document = check(home.path(), &[&path, "--standard", "use"], code);
        assert_eq!(outcomes(&document, "fail"), failed, "{session}");
        assert_eq!(outcomes(&document, "undecidable"), [""; 0], "{session}");
        assert_eq!(
            (&document["schema"], &document["passed"]),
            (&1.into(), &(code == 0).into())
        );
    }
    let hog = check(
        home.path(),
        &[&shipped("cpu-hog.kymo"), "--standard", "use"],
        1,
    );
    let row = rules(&hog).into_iter().find(|it| it["verdict"] == "fail");
    let row = row.expect("a violation");
    let value = row["value"].as_f64().expect("a value");
    let margin = row["margin"].as_f64().expect("a margin");
    assert!(
        value > 0.95 && (margin - (0.9 - value)).abs() < 1e-12,
        "{row}"
    );
    assert_eq!(
        (&row["limit"], &row["bound"]),
        (&0.9.into(), &"at_most".into())
    );
    assert_eq!(row["series"], "demo/system.cpu.utilization");
    assert!(row["coverage"].as_f64().expect("a coverage") > 0.95);
    assert!(row["interval"][1].as_f64().is_some() && row["window"][1].is_string());
    assert_eq!(row["id"].as_str().map(str::len), Some(16));
    assert_eq!(row["places"].as_array().map(Vec::len), Some(1));
    // The same answer, byte for byte.
    let again = || {
        let path = shipped("cpu-hog.kymo");
        run(
            kymo(home.path()).args(["check", &path, "--standard", "use", "--json"]),
            1,
        )
        .stdout
    };
    assert_eq!(again(), again());
}

#[test]
fn what_cannot_be_decided_fails_unless_it_is_let_pass() {
    let home = tempfile::tempdir().expect("a folder");
    let path = shipped("quiet.kymo");
    let info = json(&run(kymo(home.path()).args(["info", &path, "--json"]), 0));
    let from = info["from"].as_str().expect("a begin").to_owned();
    let base: model::time::Moment = from.parse().expect("a moment");
    let to = base.plus_ns(12_000_000_000).to_string();
    let window = ["--standard", "use", "--from", &from, "--to", &to];
    let mut arguments = vec![path.as_str()];
    arguments.extend(window);
    let document = check(home.path(), &arguments, 1);
    assert_eq!(outcomes(&document, "fail"), [""; 0]);
    let open = rules(&document)
        .into_iter()
        .find(|it| it["verdict"] == "undecidable");
    let doubt = open.expect("too few samples")["doubt"]
        .as_str()
        .expect("a reason")
        .to_owned();
    assert!(doubt.contains("30 are needed"), "{doubt}");
    arguments.push("--undecidable=pass");
    check(home.path(), &arguments, 0);
    run(
        kymo(home.path()).args([
            "check",
            &path,
            "--standard",
            "use",
            "--from",
            "2001-01-01T00:00:00Z",
            "--to",
            "2001-01-02T00:00:00Z",
        ]),
        2,
    );
}

#[test]
fn metric_reporting_and_optimization_standards_are_checked_too() {
    let home = tempfile::tempdir().expect("a folder");
    let path = shipped("quiet.kymo");
    let two = ["--standard", "otel-system", "--standard", "evidence-report"];
    let document = check(home.path(), &[&[path.as_str()][..], &two].concat(), 0);
    assert_eq!(document["standards"].as_array().map(Vec::len), Some(2));
    assert!(outcomes(&document, "pass").len() > 20);
    run(
        kymo(home.path()).args(["check", &path, "--standard", "safe-change"]),
        2,
    );
    let plan = home.path().join("p.ron").display().to_string();
    run(kymo(home.path()).args(["plan", "new", "--out", &plan]), 0);
    let named = [path.as_str(), "--standard", "safe-change", "--plan", &plan];
    let document = check(home.path(), &named, 1);
    assert_eq!(
        outcomes(&document, "fail"),
        ["objective", "guardrails", "interval", "validation"]
    );
    assert_eq!(outcomes(&document, "pass"), ["rollback"]);
}

#[test]
fn services_are_held_against_budgets() {
    let home = tempfile::tempdir().expect("a folder");
    let path = shipped("shop.kymo");
    let both = [
        "--standard",
        "slo-availability",
        "--standard",
        "slo-latency",
    ];
    let document = check(home.path(), &[&[path.as_str()][..], &both].concat(), 1);
    let all = rules(&document);
    assert!(all.len() >= 2, "a rule a service");
    for row in all {
        let interval = &row["interval"];
        let (lo, hi) = (interval[0].as_f64(), interval[1].as_f64());
        let value = row["value"].as_f64();
        assert!(lo <= value && value <= hi, "{row}");
        assert!(row["samples"].as_u64() > Some(0), "{row}");
    }
}

#[test]
fn junit_is_read_by_other_parsers() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("o.xml");
    let path = shipped("cpu-hog.kymo");
    let name = out.display().to_string();
    let arguments = ["check", &path, "--standard", "use", "--junit", &name];
    let output = run(kymo(home.path()).args(arguments), 1);
    assert!(String::from_utf8_lossy(&output.stdout).contains("cpu-utilization"));
    let text = std::fs::read_to_string(&out).expect("it is written");
    assert!(text.starts_with("<?xml"), "{text}");
    assert_eq!(text.matches("<failure ").count(), 1);
    let Some(python) = program("python3") else {
        skipped("python3");
        return;
    };
    let script = "import sys, xml.etree.ElementTree as e; r = e.parse(sys.argv[1]).getroot(); \
                  s = r.find('testsuite'); c = s.findall('testcase'); \
                  print(r.tag, s.get('failures'), s.get('tests') == str(len(c)), \
                  [x.get('classname') for x in c if x.find('failure') is not None])";
    let mut command = std::process::Command::new(python);
    let output = run(command.args(["-c", script, &name]), 0);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "testsuites 1 True ['use.cpu-utilization']");
}

#[test]
fn an_attached_standard_is_a_finding_with_the_same_id_and_survives_a_trim() {
    let home = tempfile::tempdir().expect("a folder");
    let session = copied(home.path(), "cpu-hog.kymo");
    let kymo = || kymo(home.path());
    run(kymo().args(["check", &session]), 2);
    run(kymo().args(["analyze", &session, "--keep"]), 0);
    run(
        kymo().args(["standard", "attach", "use", "--to", &session]),
        0,
    );
    let listed = json(&run(
        kymo().args(["standard", "list", &session, "--json"]),
        0,
    ));
    assert_eq!(listed["attached"][0]["id"], "use");
    let document = check(home.path(), &[&session], 1);
    let violated = rules(&document)
        .into_iter()
        .find(|it| it["verdict"] == "fail");
    let violated = violated.expect("a violation");
    let found = json(&run(kymo().args(["analyze", &session, "--json"]), 0));
    let findings = found["findings"].as_array().expect("findings").iter();
    let of_standards: Vec<&Value> = findings.filter(|it| it["analysis"] == "standard").collect();
    assert_eq!(of_standards.len(), 1);
    assert_eq!(of_standards[0]["id"], violated["id"]);
    // What is kept follows the standard, so it can still be derived anew.
    run(kymo().args(["verify", &session]), 0);
    let part = home.path().join("part.kymo").display().to_string();
    let window = &violated["window"];
    let (from, to) = (
        window[0].as_str().expect("a begin"),
        window[1].as_str().expect("an end"),
    );
    run(
        kymo().args(["trim", &session, "--from", from, "--to", to, "--out", &part]),
        0,
    );
    check(home.path(), &[&part], 1);
    run(
        kymo().args(["standard", "detach", "use", "--from", &session]),
        0,
    );
    run(kymo().args(["verify", &session]), 0);
    run(kymo().args(["check", &session]), 2);
    run(
        kymo().args(["standard", "detach", "use", "--from", &session]),
        2,
    );
}

#[test]
fn a_group_of_hosts_has_its_standards_everywhere() {
    let home = tempfile::tempdir().expect("a folder");
    let kymo = || kymo(home.path());
    run(
        kymo().args(["standard", "attach", "use", "--group", "all"]),
        2,
    );
    let hosts = [
        "standard", "attach", "use", "--group", "all", "--hosts", "de*",
    ];
    run(kymo().args(hosts), 0);
    let list = run(kymo().args(["standard", "list"]), 0);
    assert!(String::from_utf8_lossy(&list.stdout).contains("all: use on de*"));
    check(home.path(), &[&shipped("quiet.kymo")], 0);
    check(home.path(), &[&shipped("cpu-hog.kymo")], 1);
    run(
        kymo().args(["standard", "detach", "use", "--group", "all"]),
        0,
    );
    run(kymo().args(["check", &shipped("quiet.kymo")]), 2);
}

#[test]
fn a_proposed_standard_is_kept_by_its_baseline_and_broken_by_the_hog() {
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("own.ron").display().to_string();
    let steady = shipped("steady.kymo");
    let arguments = ["standard", "propose", &steady, "--out", &out, "--id", "own"];
    let more = ["--owner", "us", "--series", "system.cpu.utilization"];
    run(kymo(home.path()).args(arguments).args(more), 0);
    run(kymo(home.path()).args(["standard", "validate", &out]), 0);
    let text = std::fs::read_to_string(&out).expect("it is written");
    assert!(
        text.contains("from steady.kymo") && text.contains("p99 of the baseline"),
        "{text}"
    );
    check(home.path(), &[&steady, "--standard", &out], 0);
    let document = check(
        home.path(),
        &[&shipped("cpu-hog.kymo"), "--standard", &out],
        1,
    );
    assert_eq!(outcomes(&document, "fail"), ["system-cpu-utilization"]);
}

/// A standard for columns of a foreign table.
const OWN: &str = "(
  schema: 1, id: \"own\", version: \"1\", title: \"t\", owner: \"o\", source: \"s\",
  scope: (hosts: [\"*\"]),
  rules: Threshold([
    (id: \"p99\", series: \"p99\", unit: \"s\", test: Level(statistic: Percentile(95), limit: AtMost(0.5), hold_s: 5)),
  ]),
)
";

fn table(home: &Path, name: &str, value: impl Fn(usize) -> f64) -> PathBuf {
    let rows = (0..300).map(|row| format!("{},{}\n", 1_770_000_000 + row, value(row)));
    let text: String = std::iter::once("time,p99\n".to_owned())
        .chain(rows)
        .collect();
    let path = home.join(name);
    std::fs::write(&path, text).expect("it is written");
    path
}

#[test]
fn foreign_tables_are_checked_and_mistakes_have_their_line() {
    let home = tempfile::tempdir().expect("a folder");
    let own = home.path().join("own.ron");
    std::fs::write(&own, OWN).expect("it is written");
    let standard = own.display().to_string();
    let wave = |high: f64| move |row: usize| high + 0.01 * ((row * 7919) % 13) as f64;
    for (name, high, code) in [("low.csv", 0.1, 0), ("high.csv", 0.6, 1)] {
        let path = table(home.path(), name, wave(high)).display().to_string();
        check(home.path(), &[&path, "--standard", &standard], code);
    }
    std::fs::write(&own, OWN.replace("hold_s: 5", "hold: 5")).expect("it is written");
    let output = run(
        kymo(home.path()).args(["standard", "validate", &standard]),
        1,
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with(&format!("{standard}:5:")), "{said}");
    assert!(said.contains("did you mean hold_s?"), "{said}");
    let low = home.path().join("low.csv").display().to_string();
    let output = run(
        kymo(home.path()).args(["check", &low, "--standard", &standard]),
        4,
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains(":5:"));
    run(
        kymo(home.path()).args(["check", &low, "--standard", "none.ron"]),
        3,
    );
    std::fs::write(&own, OWN.replace("schema: 1", "schema: 9")).expect("it is written");
    run(
        kymo(home.path()).args(["check", &low, "--standard", &standard]),
        8,
    );
    run(
        kymo(home.path()).args(["standard", "attach", "use", "--to", &low]),
        2,
    );
}

#[test]
fn what_cannot_be_read_hides_no_mistake_of_the_other_standards() {
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name).display().to_string();
    std::fs::write(at("rnd.ron"), [0xff, 0xfe, 0x00, 0x80]).expect("it is written");
    std::fs::write(at("broken.ron"), OWN.replace("hold_s: 5", "hold: 5")).expect("it is written");
    for (unreadable, code) in [("rnd.ron", 4), ("nofile.ron", 3)] {
        let names = [at(unreadable), at("broken.ron"), "use".to_owned()];
        let mut command = kymo(home.path());
        let output = run(command.args(["standard", "validate"]).args(&names), code);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("did you mean hold_s?"), "{said}");
        assert!(said.contains("use 1.0.0 is sound"), "{said}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(unreadable), "{told}");
    }
}

#[test]
fn a_standard_that_finds_nothing_to_judge_does_not_pass() {
    let home = tempfile::tempdir().expect("a folder");
    let own = home.path().join("own.ron");
    let text = OWN.replacen("series: \"", "presence: Optional, series: \"none.", 1);
    std::fs::write(&own, text).expect("it is written");
    let standard = own.display().to_string();
    let path = shipped("quiet.kymo");
    let arguments = [path.as_str(), "--standard", standard.as_str()];
    let document = check(home.path(), &arguments, 1);
    let doubts: Vec<&Value> = rules(&document)
        .into_iter()
        .map(|it| &it["doubt"])
        .collect();
    assert_eq!(doubts.len(), 1, "{document}");
    assert!(
        doubts[0]
            .as_str()
            .is_some_and(|it| it.starts_with("nothing to judge"))
    );
}
