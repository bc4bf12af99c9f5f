//! Plans on the command line: what is predicted, what is refused, what comes of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::binary::{json, kymo, run};
use crate::shop::{Asked, Second, Shop, session};

/// A plan of these actions, about the shop on two processors.
fn plan(home: &Path, name: &str, subject: &str, actions: &[&str]) -> PathBuf {
    let action = |(i, kind): (usize, &&str)| {
        format!("(id: \"a{i}\", kind: {kind}, execute: ModelOnly, settle_s: 0.0),")
    };
    let actions: String = actions.iter().enumerate().map(action).collect();
    let text = format!(
        "(schema: 1, id: \"0123456789abcdef\", title: \"{name}\", author: \"test\", \
         created: \"2026-02-02T00:00:00Z\", \
         baseline: (subject: (cores: Some(2.0), {subject})), actions: [{actions}])"
    );
    let path = home.join(format!("{name}.ron"));
    std::fs::write(&path, text).expect("it is written");
    path
}

/// What `kymo plan predict` prints; the ledger is one of the test's own.
fn predicted(home: &Path, plan: &Path, session: &Path) -> Value {
    let output = run(
        kymo(home)
            .args(["plan", "predict"])
            .arg(plan)
            .arg("--session")
            .arg(session)
            .arg("--json"),
        0,
    );
    json(&output)
}

fn of<'a>(document: &'a Value, metric: &str) -> &'a Value {
    let list = document["expected"].as_array().expect("a list");
    let found = list.iter().find(|it| it["metric"] == metric);
    found.unwrap_or_else(|| panic!("no {metric} in {document:#}"))
}

/// What is asked of a recording: the plan's subject and actions, and the metric that counts.
struct Ask<'a> {
    seconds: &'a [Second],
    subject: &'a str,
    actions: &'a [&'a str],
    metric: &'a str,
}

impl<'a> Ask<'a> {
    fn more(seconds: &'a [Second]) -> Self {
        Self {
            seconds,
            subject: "",
            actions: &[MORE],
            metric: "app.throughput",
        }
    }

    fn of(self, metric: &'a str) -> Self {
        Self { metric, ..self }
    }

    fn with(self, actions: &'a [&'a str]) -> Self {
        Self { actions, ..self }
    }

    fn about(self, subject: &'a str) -> Self {
        Self { subject, ..self }
    }

    /// What is said of the metric, as JSON and as text.
    fn said(&self, home: &Path, name: &str) -> (Value, String) {
        let session = session(home, name, self.seconds, 2.0);
        let plan = plan(home, name, self.subject, self.actions);
        let text = run(
            kymo(home)
                .args(["plan", "predict", "--keep-plan"])
                .arg(&plan)
                .arg("--session")
                .arg(&session),
            0,
        );
        let document = predicted(home, &plan, &session);
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        (of(&document, self.metric).clone(), text)
    }
}

const MORE: &str = "LoadChange(ratio: 1.2)";
const OTHER_MIX: &str = "MixChange(shares: [(\"look\", 0.5), (\"buy\", 0.5)])";
const LARGER_CACHE: &str = "CacheSize(service: \"shop\", bytes: 8000000)";

fn changed(shop: &Shop, change: impl Fn(&mut Second)) -> Vec<Second> {
    let mut seconds = shop.run();
    seconds.iter_mut().for_each(change);
    seconds
}

fn users(counts: &[usize]) -> Shop {
    Shop {
        asked: counts.iter().map(|it| Asked::Users(*it)).collect(),
        ..Shop::default()
    }
}

fn rates(rates: &[f64]) -> Shop {
    Shop {
        asked: rates.iter().map(|it| Asked::Rate(*it)).collect(),
        ..Shop::default()
    }
}

fn mixed(second: &[f64], demand_s: [f64; 2]) -> Shop {
    Shop {
        second: second.to_vec(),
        demand_s: demand_s.to_vec(),
        ..rates(&[10.0, 20.0, 30.0, 40.0, 50.0])
    }
}

/// Holds a recording that must be refused against a neighbor that must be answered.
fn told_apart(code: &str, refused: &Ask<'_>, answered: &Ask<'_>) {
    let home = tempfile::tempdir().expect("a folder");
    told_apart_in(home.path(), code, [refused, answered]);
}

fn told_apart_in(home: &Path, code: &str, [refused, answered]: [&Ask<'_>; 2]) {
    let (said, text) = refused.said(home, "refused");
    let why = said["refused"].as_str();
    let why = why.unwrap_or_else(|| panic!("{code} is answered: {said:#}"));
    assert!(why.starts_with(&format!("{code} ")), "{code}: {why}");
    assert_eq!(said["class"], "X", "{said:#}");
    assert_eq!(said["p50"], Value::Null, "{said:#}");
    let next = said["record_next"].as_str().unwrap_or_default();
    assert!(next.len() > 10, "{code}: nothing says what to record next");
    // A terminal is told the same.
    assert!(text.contains(why) && text.contains(next), "{text}");
    let (said, _) = answered.said(home, "answered");
    assert_eq!(said["refused"], Value::Null, "{code}'s neighbor: {said:#}");
    let number = |name: &str| said[name].as_f64().expect("a number");
    assert!(number("p10") <= number("p50") && number("p50") <= number("p90"));
}

#[test]
fn numbers_that_contradict_each_other_are_i1() {
    // Two processors, three of them busy.
    let busier = changed(&Shop::default(), |it| it.busy *= 1.6);
    let sound = Shop::default().run();
    told_apart("I1", &Ask::more(&busier), &Ask::more(&sound));
    let open = rates(&[20.0, 35.0, 50.0, 65.0]);
    let little = |factor: f64| changed(&open, move |it| it.active *= factor);
    let (wrong, nearly) = (little(1.3), little(1.05));
    told_apart("I1", &Ask::more(&wrong), &Ask::more(&nearly));
}

#[test]
fn a_load_that_never_moved_is_i2() {
    let (one, two) = (users(&[8, 8, 8, 8]).run(), users(&[5, 8, 5, 8]).run());
    told_apart("I2", &Ask::more(&one), &Ask::more(&two));
}

#[test]
fn operations_that_cannot_be_told_apart_are_i3_and_those_without_demand_i4() {
    let moving = [0.1, 0.9, 0.5, 0.1, 0.9];
    let still = mixed(&[0.3; 5], [0.01, 0.03]).run();
    let moved = mixed(&moving, [0.01, 0.03]).run();
    let (action, throughput) = ([OTHER_MIX], "app.throughput");
    told_apart(
        "I3",
        &Ask::more(&still).with(&action).of("action a0"),
        &Ask::more(&moved).with(&action).of(throughput),
    );
    let none = mixed(&moving, [0.03, 1e-9]).run();
    let little = mixed(&moving, [0.03, 0.006]).run();
    told_apart(
        "I4",
        &Ask::more(&none).with(&action).of("action a0"),
        &Ask::more(&little).with(&action).of(throughput),
    );
}

#[test]
fn loads_far_beyond_what_was_seen_are_i5() {
    let seconds = Shop::default().run();
    let (far, near) = (["LoadChange(ratio: 2.6)"], ["LoadChange(ratio: 2.0)"]);
    told_apart(
        "I5",
        &Ask::more(&seconds).with(&far),
        &Ask::more(&seconds).with(&near),
    );
}

#[test]
fn time_that_is_spent_elsewhere_is_i6() {
    let delayed = |delay_s: f64| {
        let shop = Shop {
            delay_s,
            ..Shop::default()
        };
        shop.run()
    };
    let (most, half) = (delayed(0.05), delayed(0.018));
    let response = "app.response.mean";
    told_apart(
        "I6",
        &Ask::more(&most).of(response),
        &Ask::more(&half).of(response),
    );
}

#[test]
fn changes_that_no_model_knows_are_i7() {
    let seconds = Shop::default().run();
    let sysctl = ["Sysctl(key: \"net.core.somaxconn\", value: \"4096\")"];
    let quota = ["CpuMax(cgroup: \"/shop\", quota_us: Some(150000), period_us: 100000)"];
    told_apart(
        "I7",
        &Ask::more(&seconds).with(&sysctl).of("action a0"),
        &Ask::more(&seconds)
            .with(&quota)
            .about("cpu: [\"cgroup.cpu.usage{cgroup=/shop}\"]"),
    );
}

#[test]
fn a_machine_that_others_use_is_i8() {
    let beside = |background: f64| {
        let shop = Shop {
            background,
            ..Shop::default()
        };
        shop.run()
    };
    let (busy, quiet) = (beside(0.55), beside(0.25));
    told_apart("I8", &Ask::more(&busy), &Ask::more(&quiet));
    let stolen = |share: f64| changed(&Shop::default(), move |it| it.steal = share);
    let (much, little) = (stolen(0.03), stolen(0.01));
    told_apart("I8", &Ask::more(&much), &Ask::more(&little));
}

#[test]
fn a_shop_that_becomes_slower_is_i9() {
    let drifting = |drift: f64| {
        let shop = Shop {
            drift,
            ..Shop::default()
        };
        shop.run()
    };
    let (much, little) = (drifting(1.35), drifting(1.05));
    told_apart("I9", &Ask::more(&much), &Ask::more(&little));
}

#[test]
fn a_cache_of_one_size_is_i10_unless_its_keys_are_known() {
    let home = tempfile::tempdir().expect("a folder");
    let keys: Vec<String> = (0..50_000_u64)
        .map(|i| (i * 7919 % 20_000).to_string())
        .collect();
    std::fs::write(home.path().join("keys.txt"), keys.join("\n")).expect("it is written");
    let subject =
        "cache: Some((keys: \"keys.txt\", warm: 20000, entry_bytes: 1000.0, bytes: 5000000.0))";
    let seconds = Shop::default().run();
    let action = [LARGER_CACHE];
    let asks = [
        &Ask::more(&seconds).with(&action).of("action a0"),
        &Ask::more(&seconds)
            .with(&action)
            .about(subject)
            .of("cache.hit_ratio"),
    ];
    told_apart_in(home.path(), "I10", asks);
}

#[test]
fn a_full_machine_whose_users_nobody_counted_is_i11() {
    let uncounted = changed(&users(&[30, 40]), |it| it.users = None);
    let counted = users(&[4, 8, 30, 40]).run();
    told_apart("I11", &Ask::more(&uncounted), &Ask::more(&counted));
}

/// The line that a failed command says.
fn failed(command: &mut Command, code: i32) -> String {
    let output = run(command, code);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|it| it.starts_with("kymo: error: "));
    let line = line.unwrap_or_else(|| panic!("no line says what failed: {text}"));
    assert!(line.contains(". Try: "), "{line}");
    line.to_owned()
}

fn approve(home: &Path, plan: &Path, further: &[&str]) -> Command {
    let mut command = kymo(home);
    command.args(["plan", "approve"]).arg(plan);
    command.args(["--who", "operator"]).args(further);
    command
}

fn show(home: &Path, plan: &Path) -> Value {
    json(&run(
        kymo(home).args(["plan", "show"]).arg(plan).arg("--json"),
        0,
    ))
}

const QUOTA: &str =
    "CpuMax(cgroup: \"/shop\", quota_us: Some(150000), period_us: 100000), execute: Agent";

#[test]
fn an_approval_is_for_exactly_what_was_agreed_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let recorded = session(home, "s", &Shop::default().run(), 2.0);
    let subject = "cpu: [\"cgroup.cpu.usage{cgroup=/shop}\"]";
    let path = plan(home, "quota", subject, &["LoadChange(ratio: 2.6)"]);
    let text = std::fs::read_to_string(&path).expect("written before");
    let text = text.replace(
        "actions: [",
        &format!("actions: [(id: \"quota\", kind: {QUOTA}, settle_s: 0.0),"),
    );
    std::fs::write(&path, &text).expect("it is written");

    // Nobody agrees to what was not predicted.
    let said = failed(&mut approve(home, &path, &[]), 2);
    assert!(said.contains("draft"), "{said}");
    predicted(home, &path, &recorded);
    // What was refused is acknowledged metric by metric, or not agreed to.
    let said = failed(&mut approve(home, &path, &[]), 2);
    assert!(
        said.contains("app.throughput was not acknowledged"),
        "{said}"
    );
    let metrics = ["app.throughput", "app.response.mean", "cpu.utilization"];
    let all: Vec<&str> = metrics
        .iter()
        .flat_map(|it| ["--acknowledge", *it])
        .collect();
    let said = failed(&mut approve(home, &path, &all[..4]), 2);
    assert!(
        said.contains(metrics[2]) && !said.contains(metrics[0]),
        "{said}"
    );
    run(&mut approve(home, &path, &all), 0);
    let shown = show(home, &path);
    assert_eq!(shown["plan"]["state"], "Approved", "{shown:#}");
    assert_eq!(shown["missing"], Value::Array(Vec::new()), "{shown:#}");
    assert_eq!(shown["plan"]["approvals"][0]["who"], "operator");
    assert_eq!(shown["plan"]["approvals"][0]["hash"], shown["hash"]);

    // One number by hand, and nobody agreed to that.
    let text = std::fs::read_to_string(&path).expect("it is there");
    std::fs::write(&path, text.replace("150000", "160000")).expect("it is written");
    let edited = show(home, &path);
    assert_ne!(edited["hash"], shown["hash"]);
    let missing = edited["missing"].to_string();
    assert!(
        missing.contains("changed since it was approved"),
        "{missing}"
    );
    let said = failed(kymo(home).args(["plan", "apply"]).arg(&path), 2);
    assert!(said.contains("changed since it was approved"), "{said}");

    // The title is not what is carried out.
    let text = std::fs::read_to_string(&path).expect("it is there");
    let text = text.replace("160000", "150000");
    std::fs::write(&path, text.replace("title: \"quota\"", "title: \"more\"")).expect("written");
    assert_eq!(show(home, &path)["hash"], shown["hash"]);
}

#[test]
fn an_author_alone_is_not_enough_where_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let recorded = session(home, "s", &Shop::default().run(), 2.0);
    let path = plan(home, "speed", "", &[FASTER]);
    predicted(home, &path, &recorded);
    let by = |who: &str, code: i32| {
        let mut command = kymo(home);
        command.args(["plan", "approve", "--not-by-author", "--who", who]);
        run(command.arg(&path), code)
    };
    by("test", 2);
    by("operator", 0);
}

const FASTER: &str = "HardwareChange(what: Cpu, speed: 1.6)";

/// A shop whose users were sixteen for long enough to be compared.
fn long(shop: &Shop) -> Shop {
    let counts: &[usize] = &[4, 8, 16, 16, 16, 16];
    Shop {
        asked: counts.iter().map(|it| Asked::Users(*it)).collect(),
        ..shop.clone()
    }
}

#[test]
fn what_was_measured_is_held_against_what_was_predicted() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let shop = long(&Shop::default());
    let before = session(home, "before", &shop.run(), 2.0);
    let path = plan(home, "speed", "", &[FASTER]);
    let said = predicted(home, &path, &before);
    let p50 = of(&said, "app.throughput")["p50"]
        .as_f64()
        .expect("a number");
    let steady = |name: &str, shop: Shop| {
        let seconds = Shop { seed: 77, ..shop }.run();
        session(home, name, &seconds, 2.0)
    };
    let demand_s = vec![0.02 / 1.6];
    let faster = steady(
        "faster",
        Shop {
            demand_s,
            ..users(&[16; 4])
        },
    );
    let same = steady("same", users(&[16; 4]));
    let fuller = steady("fuller", users(&[40; 4]));
    let verdict = |after: &Path, code: i32| {
        let mut command = kymo(home);
        command.args(["plan", "validate"]).arg(&path);
        command
            .arg("--before")
            .arg(&before)
            .arg("--after")
            .arg(after);
        json(&run(command.args(["--repeatable", "--json"]), code))
    };
    let ledger = || json(&run(kymo(home).args(["plan", "ledger", "--json"]), 0));
    assert_eq!(
        (&ledger()["answered"], &ledger()["predictions"]),
        (&0.into(), &3.into())
    );

    let said = verdict(&fuller, 1);
    assert_eq!(said["verdict"], "not comparable", "{said:#}");
    assert_eq!(said["comparable"], false);
    assert_eq!(
        ledger()["answered"],
        0,
        "what cannot be compared scores nothing"
    );

    let said = verdict(&same, 1);
    assert_eq!(said["verdict"], "no effect", "{said:#}");

    let said = verdict(&faster, 0);
    assert_eq!(said["verdict"], "validated", "{said:#}");
    let metrics = said["metrics"].as_array().expect("a list");
    let row = metrics.iter().find(|it| it["metric"] == "app.throughput");
    let row = row.expect("it was predicted");
    let number = |name: &str| row[name].as_f64().expect("a number");
    assert_eq!(number("p50"), p50, "the prediction is the one from before");
    assert!(number("observed") > number("before") * 1.2, "{row:#}");
    let error = (p50 - number("observed")).abs() / number("observed");
    assert!((number("error") - error).abs() < 1e-9, "{row:#}");
    let inside = (number("p10")..=number("p90")).contains(&number("observed"));
    assert_eq!(row["inside"], inside, "{row:#}");

    let known = ledger();
    assert_eq!(known["answered"], 3, "{known:#}");
    let table = home.join("ledger.csv");
    run(
        kymo(home).args(["plan", "ledger", "--export"]).arg(&table),
        0,
    );
    let table = std::fs::read_to_string(table).expect("it was written");
    assert_eq!(table.lines().count(), 1 + 3, "{table}");
    assert!(table.contains("app.throughput"), "{table}");
}

#[test]
fn the_example_says_what_would_help_without_a_word_about_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let session = crate::layers::root().join("sessions/crowd.kymo");
    let path = home.join("fix.ron");
    let mut command = kymo(home);
    command.args(["plan", "new", "--suggested", "--out"]);
    let output = run(command.arg(&path).arg("--session").arg(&session), 0);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("let /shop use 0.60 processors"), "{text}");
    let said = predicted(home, &path, &session);
    let throughput = of(&said, "app.throughput");
    let number = |name: &str| throughput[name].as_f64().expect("a number");
    assert!(number("p10") > 1.2 * number("before"), "{throughput:#}");
    // Six users who think 100 ms and compute for 10 ms, where nobody waits.
    assert!(number("p50") < 6.0 / 0.11, "{throughput:#}");
    let notes = said["notes"].to_string();
    assert!(
        notes.contains("taken as the application's processors"),
        "{notes}"
    );
    let cpu = &show(home, &path)["plan"]["baseline"]["subject"]["cpu"];
    assert_eq!(cpu[0], "cgroup.cpu.usage{cgroup=/shop}");
}

#[test]
fn files_that_are_no_plans_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let write = |name: &str, text: &str| {
        let path = home.join(name);
        std::fs::write(&path, text).expect("it is written");
        path
    };
    let show = |path: &Path, code: i32| failed(kymo(home).args(["plan", "show"]).arg(path), code);
    let said = show(&home.join("none.ron"), 3);
    assert!(said.contains("no such file"), "{said}");
    let said = show(&write("broken.ron", "(schema: 1, id: \"0\""), 4);
    assert!(said.contains("line 1"), "{said}");
    let said = show(&write("newer.ron", "(schema: 99)"), 8);
    assert!(said.contains("newer"), "{said}");
    // A field that is no field is named, with what may have been meant.
    let text = std::fs::read_to_string(plan(home, "p", "", &[MORE])).expect("written");
    let said = show(&write("typo.ron", &text.replace("ratio", "ration")), 4);
    assert!(said.contains("ration") && said.contains("ratio"), "{said}");
    // Actions that wait for each other.
    let circle = text.replace("settle_s: 0.0", "settle_s: 0.0, after: [\"a0\"]");
    let path = write("circle.ron", &circle);
    let output = run(kymo(home).args(["plan", "show", "--json"]).arg(&path), 1);
    let faults = json(&output)["faults"].to_string();
    assert!(faults.contains("a0"), "{faults}");
    let mut command = kymo(home);
    command.args(["plan", "predict"]).arg(&path);
    let said = failed(command.args(["--session", "none.kymo"]), 4);
    assert!(said.contains("a0"), "{said}");
}
