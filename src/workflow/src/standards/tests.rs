//! Loading, groups and what comes with the program.

use model::standard::Rules;

use model::compliance::Outcome;
use model::standard::Bound;

use super::*;
use crate::standards::groups::Groups;

/// A session of a table with this text.
fn session(folder: &Path, text: &str) -> Stored {
    let (csv, out) = (folder.join("t.csv"), folder.join("t.kymo"));
    std::fs::write(&csv, text).expect("it is written");
    let setup = crate::imports::Setup {
        inputs: vec![(
            crate::imports::Origin::File(csv),
            crate::imports::How::default(),
        )],
        ..crate::imports::Setup::default()
    };
    crate::imports::import(&setup, &out, &Context::default()).expect("it is imported");
    let (stored, _) = Stored::open(&out, &Context::default()).expect("it opens");
    stored
}

/// One rule: what matches stays at 0.9 at most.
fn level(series: &str, presence: &str) -> Standard {
    let text = format!(
        r#"(schema: 1, id: "own", version: "1.0.0", title: "t", owner: "o", source: "s",
        scope: (hosts: ["*"]),
        rules: Threshold([(id: "low", title: "t", series: "{series}", unit: "1",
        test: Level(statistic: Max, limit: AtMost(0.9), hold_s: 1), presence: {presence})]))"#
    );
    parse::parse(&text).unwrap_or_else(|it| panic!("{it:?}"))
}

#[test]
fn every_shipped_standard_is_sound_and_has_its_own_id() {
    let mut kinds = Vec::new();
    for (id, text) in shipped::ALL {
        let standard = load(id).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(standard.id, *id);
        assert!(!standard.source.is_empty() && !standard.owner.is_empty());
        assert!(text.starts_with("// "), "{id} says what it is for");
        kinds.push(standard.rules.kind());
        let written = parse::text(&standard).expect("it can be written");
        assert_eq!(parse::parse(&written).as_ref(), Ok(&standard), "{id}");
    }
    for kind in ["metric", "threshold", "optimization", "reporting"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
}

#[test]
fn the_budget_templates_have_the_windows_of_their_source() {
    for id in ["slo-availability", "slo-latency"] {
        let Rules::Threshold(rules) = load(id).expect("it is shipped").rules else {
            panic!("{id}");
        };
        let model::standard::Test::Budget { burn, period_s, .. } = &rules[0].test else {
            panic!("{id}");
        };
        // An hour at 14.4, six at 6 and three days at 1 spend 2 %, 5 % and 10 % of a month.
        let spent: Vec<f64> = burn
            .iter()
            .map(|it| (it.long_s * it.rate / period_s * 1e3).round() / 10.0)
            .collect();
        assert_eq!(spent, [2.0, 5.0, 10.0]);
        assert!(
            burn.iter()
                .all(|it| (it.long_s / it.short_s - 12.0).abs() < 1e-9)
        );
    }
}

#[test]
fn what_cannot_be_loaded_is_told_with_file_line_and_column() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own.ron");
    let (text, _) = text_of("use").expect("it is shipped");
    std::fs::write(&path, text.replacen("hold_s: 10", "hold_s: 0", 1)).expect("it is written");
    let name = path.display().to_string();
    let problem = load(&name).expect_err("a hold of nothing");
    assert_eq!(problem.sort, Sort::NotUsable);
    let line = text
        .lines()
        .position(|it| it.contains("hold_s: 10"))
        .expect("a line")
        + 1;
    let begin = format!("{name}:{line}:");
    assert!(problem.what.starts_with(&begin), "{problem}");
    assert!(problem.what.ends_with("rules[0].test.hold_s"), "{problem}");
    let missing = load("us").expect_err("no such standard");
    assert_eq!(missing.sort, Sort::NotReadable);
    assert!(missing.what_to_do.contains("use"), "{missing}");
    let folder = load(&folder.path().display().to_string()).expect_err("a folder");
    assert_eq!(folder.sort, Sort::NotUsable);
}

#[test]
fn groups_give_their_hosts_standards_in_their_scope() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kymo").join("groups.ron");
    assert_eq!(groups::read(&path), Ok(Groups::default()));
    let mut all = Groups::default();
    assert_eq!(
        all.attach("web", "use", &[]).expect_err("no hosts").sort,
        Sort::Usage
    );
    all.attach("web", "use", &["web-*".to_owned()])
        .expect("a group");
    all.attach("web", "slo-latency", &[]).expect("a group");
    all.attach("one", "use", &["db-1".to_owned()])
        .expect("a group");
    groups::write(&path, &all).expect("it is written");
    assert_eq!(groups::read(&path).as_ref(), Ok(&all));
    let hosts = ["web-1", "web-2", "db-1", "db-2"].map(str::to_owned);
    let (found, problems) = all.standards_of(&hosts);
    assert!(problems.is_empty());
    let named: Vec<(&str, &[String])> = found
        .iter()
        .map(|it| (it.id.as_str(), it.scope.hosts.as_slice()))
        .collect();
    let wanted = ["web-1", "web-2", "db-1"].map(str::to_owned);
    assert_eq!(named, [("use", &wanted[..]), ("slo-latency", &wanted[..2])]);
    all.detach("web", "use").expect("it has it");
    assert!(all.detach("web", "use").is_err());
    all.attach("one", "gone.ron", &[]).expect("a group");
    let (_, problems) = all.standards_of(&hosts);
    assert_eq!(problems.len(), 1);
    std::fs::write(
        &path,
        "(schema: 1, groups: [(name: \"a\", hosts: [], standard: [])])",
    )
    .expect("written");
    let problem = groups::read(&path).expect_err("a field of another name");
    assert!(problem.what.contains(":1:"), "{problem}");
    assert!(problem.what_to_do.contains("standards"), "{problem}");
}

#[test]
fn every_series_is_judged_and_where_none_is_that_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<String> = (0..640).map(|it| format!("cpu{it:03}")).collect();
    let mut text = format!("time,{}\n", names.join(","));
    let value = |place| if place < 500 { "0.1" } else { "0.95" };
    let values: Vec<&str> = (0..640).map(value).collect();
    for row in 0..60 {
        text.push_str(&format!("{},{}\n", 1_790_000_000 + row, values.join(",")));
    }
    let stored = session(folder.path(), &text);
    let check = |standard: &Standard| {
        check(&stored, standard, &Request::default(), &Context::default()).expect("it is judged")
    };
    let many = check(&level("cpu*", "Optional"));
    assert_eq!((many.rows.len(), many.count(Outcome::Fail)), (640, 140));
    for (presence, limit) in [("Optional", None), ("Required", Some(Bound::AtMost(0.9)))] {
        let none = check(&level("disk*", presence));
        assert_eq!(none.outcome(), Outcome::Undecidable, "{presence}");
        assert_eq!(
            (none.rows.len(), none.rows[0].limit),
            (1, limit),
            "{presence}"
        );
        assert!(!none.rows[0].doubt.is_empty());
    }
}

#[test]
fn proposed_rules_on_one_metric_have_titles_of_their_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("sessions/cpu-throttling.kymo");
    let (stored, _) = Stored::open(&path, &Context::default()).expect("a session");
    let asked = propose::Asked {
        id: "p".to_owned(),
        owner: "o".to_owned(),
        series: Vec::new(),
        window: None,
        margin: analysis::standard::propose::Margin::default(),
    };
    let found = propose::propose(&stored, &asked, &Context::default()).expect("a proposal");
    let Rules::Threshold(rules) = found.standard.rules else {
        panic!("thresholds");
    };
    let pressure = rules.iter().filter(|it| it.title.contains("pressure"));
    let titles: Vec<&str> = pressure.map(|it| it.title.as_str()).collect();
    assert!(titles.len() > 1);
    let wanted = "system.pressure.share{kind=some,resource=cpu} ≤ ";
    assert!(titles.iter().any(|it| it.starts_with(wanted)), "{titles:?}");
}
