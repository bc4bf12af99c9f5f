//! Reports from outside: four kinds in every form, numbers that are computed anew, and
//! what becomes of a report whose data, numbers or words change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::{json, kymo, run};
use crate::shop::{Shop, session};

const KINDS: [&str; 4] = ["performance", "trend", "optimization", "prediction"];

/// Seconds of the table.
const ROWS: usize = 300;

/// The row whose value is changed.
const CHANGED: usize = 200;

/// A table of three series as a session; `odd` is what the second one has in [`CHANGED`].
fn table(home: &Path, odd: f64) -> PathBuf {
    let mut text = "time,web-1:load,web-1:queue,db-1:load\n".to_owned();
    for row in 0..ROWS {
        let wave = (row as f64 / 17.0).sin();
        let noise = ((row * 7_919) % 97) as f64 / 97.0;
        let queue = match row {
            CHANGED => odd,
            row => 10.0 + 3.0 * noise + if row > 150 { 20.0 } else { 0.0 },
        };
        text.push_str(&format!(
            "{},{},{queue},{}\n",
            1_767_000_000 + row,
            50.0 + 5.0 * wave + noise,
            7.0 + noise
        ));
    }
    let csv = home.join("table.csv");
    std::fs::write(&csv, text).expect("it is written");
    let out = home.join("table.kymo");
    if out.exists() {
        std::fs::remove_file(&out).expect("it is removed");
    }
    run(kymo(home).arg("import").arg(&csv).arg("--out").arg(&out), 0);
    out
}

fn report(home: &Path, input: &Path, arguments: &[&str], name: &str) -> PathBuf {
    let out = home.join(name);
    let mut command = kymo(home);
    command.arg("report").arg(input).args(arguments);
    run(command.arg("--out").arg(&out), 0);
    out
}

fn verified(home: &Path, report: &Path, code: i32) -> Value {
    json(&run(
        kymo(home).arg("verify").arg(report).arg("--json"),
        code,
    ))
}

/// A draft that speaks of one series in two windows and of another one.
fn draft(home: &Path) -> PathBuf {
    let moment = |row: usize| (1_767_000_000 + row as i64) * 1_000_000_000;
    let span = |from, to| format!("Some((from: {}, to: {}))", moment(from), moment(to));
    let text = format!(
        "(schema: 1, kind: \"performance\", title: \"Load test\", author: \"ops\", scope: \"3 hosts\", items: [
            Part(\"summary\"),
            Heading(\"What we saw\"),
            Text(\"It was **slow**, about 12 % more.\"),
            Chart((title: \"queue\", series: [\"web-1:queue\"], window: {})),
            Table((of: Statistics([\"web-1:queue\", \"web-1:load\"]), window: {})),
            Table((of: Statistics([\"web-1:queue\"]), window: {})),
            Part(\"quality\"),
        ])",
        span(100, 250),
        span(150, 250),
        span(0, 100),
    );
    let path = home.join("draft.ron");
    std::fs::write(&path, text).expect("it is written");
    path
}

/// Ids of the numbers of a report that rest on a series within a window that holds a row.
fn resting(document: &Value, series: &str, row: usize) -> BTreeSet<String> {
    let at = 1_767_000_000 + row as i64;
    let sources = document["sources"].as_array().expect("sources");
    let rests = |it: &Value| {
        let names = it["rests_on"]["series"].as_array();
        let named = names.is_some_and(|it| it.iter().any(|it| it == series));
        let bound = |place: usize| -> i64 {
            let text = it["window"][place].as_str().expect("a time");
            text.parse::<model::time::Moment>().expect("a time").0 / 1_000_000_000
        };
        named && bound(0) <= at && at < bound(1)
    };
    let places: BTreeSet<u64> = (1..)
        .zip(sources)
        .filter(|(_, it)| rests(it))
        .map(|(place, _)| place)
        .collect();
    let mut ids = BTreeSet::new();
    numbers(document, &mut |number| {
        if places.contains(&number["source"].as_u64().unwrap_or(0)) {
            ids.extend(number["id"].as_str().map(str::to_owned));
        }
    });
    ids
}

fn numbers(value: &Value, found: &mut dyn FnMut(&Value)) {
    match value {
        Value::Object(map) if map.contains_key("statistic") && map.contains_key("source") => {
            found(value);
        }
        Value::Object(map) => map.values().for_each(|it| numbers(it, found)),
        Value::Array(list) => list.iter().for_each(|it| numbers(it, found)),
        _ => {}
    }
}

fn ids(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|it| it["id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_kind_in_every_form_is_made_and_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let shop = Shop::default();
    let session = session(home, "shop", &shop.run(), shop.cores);
    for kind in KINDS {
        for (_, format, suffix) in report::FORMATS {
            let name = format!("{kind}.{suffix}");
            let arguments = ["--kind", kind, "--format", format];
            let out = report(home, &session, &arguments, &name);
            assert!(std::fs::metadata(&out).expect("a report").len() > 1_000);
        }
        for suffix in ["html", "json"] {
            let checked = verified(home, &home.join(format!("{kind}.{suffix}")), 0);
            assert_eq!(checked["words"], "same", "{checked:#}");
            assert!(checked["numbers"].as_u64() > Some(8), "{checked:#}");
        }
    }
    // The same ids in the page and its twin.
    let page = std::fs::read_to_string(home.join("trend.html")).expect("a page");
    let twin = std::fs::read_to_string(home.join("trend.json")).expect("a twin");
    let twin: Value = serde_json::from_str(&twin).expect("JSON");
    let mut count = 0;
    numbers(&twin, &mut |number| {
        let id = number["id"].as_str().expect("an id");
        assert!(page.contains(&format!("data-token=\"{id}\"")), "{id}");
        count += 1;
    });
    assert!(count > 50);
}

#[test]
fn a_changed_value_makes_exactly_those_numbers_stale_that_rest_on_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let session = table(home, 31.5);
    let draft = draft(home);
    let draft = draft.to_str().expect("a name");
    let page = report(home, &session, &["--draft", draft], "page.html");
    let twin = report(
        home,
        &session,
        &["--draft", draft, "--format", "json"],
        "page.json",
    );
    for file in [&page, &twin] {
        let checked = verified(home, file, 0);
        assert_eq!(checked["ok"], true, "{checked:#}");
        // The 3 of the scope is a fact of the head; 12 % stands in the text.
        assert_eq!(checked["by_hand"], 1, "{checked:#}");
    }
    let text = std::fs::read_to_string(&twin).expect("a twin");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let wanted = resting(&document, "web-1:queue", CHANGED);
    assert!(wanted.len() > 5, "{wanted:?}");
    // A value that changes no mean to its shown digits, and no extreme.
    table(home, 31.500_001);
    for file in [&page, &twin] {
        let checked = verified(home, file, 1);
        assert_eq!(ids(&checked["stale"]), wanted, "{checked:#}");
        assert_eq!(ids(&checked["altered"]), BTreeSet::new(), "{checked:#}");
    }
    table(home, 31.5);
    verified(home, &page, 0);
}

#[test]
fn an_altered_number_or_word_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let session = table(home, 31.5);
    let draft = draft(home);
    let page = report(
        home,
        &session,
        &["--draft", draft.to_str().expect("a name")],
        "page.html",
    );
    let text = std::fs::read_to_string(&page).expect("a page");
    let from = text.find("data-token=\"").expect("a number");
    let shown = from + text[from..].find('>').expect("an end") + 1;
    let end = shown + text[shown..].find('<').expect("an end");
    let altered = format!("{}99{}", &text[..shown], &text[end..]);
    std::fs::write(&page, altered).expect("it is written");
    let checked = verified(home, &page, 1);
    assert_eq!(ids(&checked["altered"]).len(), 1, "{checked:#}");
    let altered = text.replacen("What we saw", "What we did not see", 1);
    std::fs::write(&page, altered).expect("it is written");
    let checked = verified(home, &page, 1);
    assert_eq!(checked["words"], "altered");
    // A number that was cut out altogether is missed.
    let begin = text[..from].rfind("<a class=\"n\"").expect("a link");
    let end = begin + text[begin..].find("</a>").expect("an end") + 4;
    let cut = format!("{}{}", &text[..begin], &text[end..]);
    std::fs::write(&page, cut).expect("it is written");
    let checked = verified(home, &page, 1);
    assert!(checked["ok"] == false, "{checked:#}");
}

#[test]
fn what_cannot_be_verified_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let session = table(home, 31.5);
    let page = report(home, &session, &[], "page.html");
    std::fs::rename(&session, home.join("elsewhere.kymo")).expect("it moves");
    let output = run(kymo(home).arg("verify").arg(&page), 3);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("is not beside it") && said.contains("--session"),
        "{said}"
    );
    let elsewhere = home.join("elsewhere.kymo");
    run(
        kymo(home)
            .arg("verify")
            .arg(&page)
            .arg("--session")
            .arg(&elsewhere),
        1,
    );
    for (name, text, code) in [
        ("empty.html", "", 4),
        ("other.html", "<html></html>", 4),
        ("other.json", "{\"schema\": 7}", 8),
        ("broken.json", "{\"schema\": ", 4),
        ("old.json", "{\"schema\": 1}", 4),
        ("proof.html", "<template id=\"kymo-proof\">{</template>", 4),
    ] {
        let path = home.join(name);
        std::fs::write(&path, text).expect("it is written");
        run(kymo(home).arg("verify").arg(&path), code);
    }
}

#[test]
fn templates_of_users_are_used_and_their_faults_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let session = table(home, 31.5);
    let templates = home.join("templates");
    run(
        kymo(home).args(["report", "--templates"]).arg(&templates),
        0,
    );
    // The kinds' own templates make what the kinds make.
    for kind in KINDS {
        let own = templates.join(format!("{kind}.ron"));
        let own = own.to_str().expect("a name");
        let usual = report(home, &session, &["--kind", kind, "--format", "md"], "a.md");
        let drawn = report(home, &session, &["--draft", own, "--format", "md"], "b.md");
        let text = |path: &Path| std::fs::read_to_string(path).expect("a report");
        // Each refers to the pictures beside itself.
        let drawn = text(&drawn).replace("](b-files/", "](a-files/");
        assert_eq!(text(&usual), drawn, "{kind}");
    }
    let mine = home.join("mine.html");
    std::fs::write(&mine, "<p>{{ doc.title }}</p>\n{{ proof }}").expect("it is written");
    let mine_name = mine.to_str().expect("a name");
    let title = ["--template", mine_name, "--title", "<b>mine</b>"];
    let page = report(home, &session, &title, "mine-out.html");
    let text = std::fs::read_to_string(&page).expect("a page");
    assert!(text.starts_with("<p>&lt;b&gt;mine"), "{text}");
    std::fs::write(&mine, "{% if %}").expect("it is written");
    let out = home.join("no.html");
    let output = run(
        kymo(home)
            .arg("report")
            .arg(&session)
            .args(["--template", mine_name, "--out"])
            .arg(&out),
        4,
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("line 1") || said.contains("page:1"), "{said}");
    assert!(!out.exists());
    std::fs::write(home.join("bad.ron"), "(schema: 1,\n kind: 7)").expect("it is written");
    let output = run(
        kymo(home)
            .arg("report")
            .arg(&session)
            .arg("--draft")
            .arg(home.join("bad.ron"))
            .arg("--out")
            .arg(&out),
        4,
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("line 2, column"), "{said}");
}

/// Ways to make a page say something else than its numbers, and how its words then stand.
const FORGERIES: &[(&str, &str, &str)] = &[
    ("<style>", "<style>", "altered"),
    ("<style>", "<style> ", "not compared"),
    (
        "&quot;kymo&quot;:&quot;",
        "&quot;kymo&quot;:&quot;9.",
        "not compared",
    ),
];

#[test]
fn a_page_that_shows_other_numbers_than_it_proves_is_not_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let session = table(home, 31.5);
    let page = report(home, &session, &[], "page.html");
    let text = std::fs::read_to_string(&page).expect("a page");
    let begin = text.find("<data ").expect("a number");
    let end = begin + text[begin..].find("</data>").expect("its end") + 7;
    let (number, rest) = (&text[begin..end], [&text[..begin], &text[end..]]);
    for seen in [
        format!("<b>1 %</b><!-- {number} -->"),
        format!("<b>1 %</b><span hidden>{number}</span>"),
        format!("<b>1 %</b><template>{number}</template>"),
        format!("{number}<b>1 %</b>"),
    ] {
        for (from, to, words) in FORGERIES {
            let forged = rest.join(&seen).replacen(from, to, 1);
            std::fs::write(&page, forged).expect("it is written");
            let checked = verified(home, &page, 1);
            assert_eq!(checked["words"], *words, "{seen} {to}: {checked:#}");
        }
    }
    for (from, to) in [
        ("</h2>", " (all is well)</h2>"),
        ("<path ", "<path opacity=\"0\" "),
    ] {
        let forged = text
            .replacen("<style>", "<style> ", 1)
            .replacen(from, to, 1);
        std::fs::write(&page, forged).expect("it is written");
        verified(home, &page, 1);
    }
}

#[test]
fn a_look_of_ones_own_verifies_where_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let session = table(home, 31.5);
    let looks = home.join("looks");
    run(kymo(home).args(["report", "--templates"]).arg(&looks), 0);
    let page = looks.join("report.html");
    let text = std::fs::read_to_string(&page).expect("a template");
    std::fs::write(&page, text.replace("<h2>Sources", "<h2>Origins")).expect("it is written");
    let style = looks.join("report.css");
    std::fs::write(&style, "h1 { color: red }").expect("it is written");
    let look = [
        "--template",
        page.to_str().expect("a name"),
        "--style",
        style.to_str().expect("a name"),
    ];
    let both = report(home, &session, &look, "both.html");
    let styled = report(home, &session, &look[2..], "styled.html");
    for (file, named, code, words) in [
        (&both, &look[..0], 1, "not compared"),
        (&both, &look[..], 0, "same"),
        (&styled, &look[..0], 1, "not compared"),
        (&styled, &look[2..], 0, "same"),
    ] {
        let output = run(
            kymo(home).arg("verify").arg(file).args(named).arg("--json"),
            code,
        );
        let checked = json(&output);
        assert_eq!(checked["words"], words, "{checked:#}");
        assert!(checked["altered"].as_array().is_some_and(Vec::is_empty));
    }
    let said = run(kymo(home).arg("verify").arg(&styled), 1);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("only the numbers") && said.contains("--style FILE"),
        "{said}"
    );
    // What lies in the configuration folder is one's own too.
    let own = home.join("config/kymo/reports");
    std::fs::create_dir_all(&own).expect("a folder");
    std::fs::copy(&style, own.join("report.css")).expect("it is copied");
    verified(home, &styled, 0);
}

#[test]
fn what_a_report_brought_along_is_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let shop = Shop::default();
    let session = session(home, "shop", &shop.run(), shop.cores);
    let shown = run(kymo(home).args(["standard", "show", "use"]), 0);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let lax = shown.replacen("AtMost(0.9)", "AtMost(0.99)", 1);
    assert_ne!(shown, lax);
    let own = shown.replacen("id: \"use\"", "id: \"own\"", 1);
    let lax_own = lax.replacen("id: \"use\"", "id: \"own\"", 1);
    for (name, text) in [
        ("lax.ron", &lax),
        ("own.ron", &own),
        ("lax-own.ron", &lax_own),
    ] {
        std::fs::write(home.join(name), text).expect("it is written");
    }
    for (made_with, named, standing, code) in [
        ("use", None, "same", 0),
        ("lax.ron", None, "differs", 1),
        ("lax.ron", Some("use"), "differs", 1),
        ("own.ron", None, "not checked", 0),
        ("own.ron", Some("own.ron"), "same", 0),
        ("lax-own.ron", Some("own.ron"), "differs", 1),
    ] {
        let place = |name: &str| match name {
            "use" => name.to_owned(),
            file => home.join(file).display().to_string(),
        };
        let page = report(
            home,
            &session,
            &["--standard", &place(made_with)],
            "page.html",
        );
        let mut command = kymo(home);
        command.arg("verify").arg(&page);
        if let Some(named) = named {
            command.arg("--standard").arg(place(named));
        }
        let said = run(&mut command, code);
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let untold = said.contains("rests on what the report brought along");
        assert_eq!(untold, standing == "not checked", "{made_with}: {said}");
        let checked = json(&run(command.arg("--json"), code));
        assert_eq!(checked["brought"][0]["standing"], standing, "{checked:#}");
    }
}

#[test]
fn another_session_is_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let shop = Shop::default();
    let first = session(home, "first", &shop.run(), shop.cores);
    let page = report(home, &first, &[], "page.html");
    let other = table(home, 31.5);
    let mut command = kymo(home);
    command
        .arg("verify")
        .arg(&page)
        .arg("--session")
        .arg(&other);
    let said = run(&mut command, 1);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("another session") && said.contains("given table.kymo"),
        "{said}"
    );
    assert!(
        said.lines().count() == 2 && !said.contains("(, )"),
        "{said}"
    );
}

#[test]
fn what_holds_no_proof_says_what_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let session = table(home, 31.5);
    let mut files = Vec::new();
    for format in ["md", "pdf"] {
        let name = format!("page.{format}");
        let page = report(home, &session, &["--format", format], &name);
        files.push((page, "only HTML and JSON reports hold a proof"));
    }
    let out = home.join("reviews");
    let mut command = kymo(home);
    command.args([
        "review",
        "run",
        "--period",
        "weekly",
        "--zone",
        "UTC",
        "--library",
    ]);
    command
        .arg(home)
        .args(["--at", "2026-01-06T00:00:00Z", "--out"])
        .arg(&out);
    run(&mut command, 0);
    let review = std::fs::read_dir(&out).expect("the reviews").next();
    let review = review.expect("a review").expect("it is there").path();
    files.push((review, "reviews cannot be checked yet"));
    for (file, why) in files {
        let said = run(kymo(home).arg("verify").arg(&file), 4);
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(
            said.contains(why) && said.contains("Try: kymo verify"),
            "{said}"
        );
    }
}

#[test]
fn sealed_books_are_verified_by_their_seals() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let record = home.join("deliveries.jsonl");
    let session = table(home, 31.5);
    let place = home.join("box");
    std::fs::create_dir(&place).expect("a folder");
    for name in ["a.md", "b.md"] {
        let page = report(home, &session, &["--format", "md"], name);
        let mut command = kymo(home);
        command.arg("deliver").arg(&page).arg("--to").arg(&place);
        run(command.arg("--record").arg(&record), 0);
    }
    assert_eq!(verified(home, &record, 0)["members"], 2);
    let text = std::fs::read_to_string(&record).expect("a record");
    let head = verified(home, &record, 0)["head"].clone();
    assert!(text.ends_with(&format!("\"seal\":{head}}}\n")), "{head}");
    std::fs::write(&record, text.replace("b.md", "c.md")).expect("it is written");
    let checked = verified(home, &record, 1);
    assert_eq!(
        checked["problems"],
        serde_json::json!(["line 2 was altered, or one before it removed"])
    );
}
