//! Files of others are opened, said to be otherwise, and put together through the window.

use std::path::PathBuf;

use egui_kittest::kittest::Queryable as _;

use super::*;

/// Ten seconds of two series of two hosts, one value a row.
fn long_table() -> String {
    let rows = (0..10).flat_map(|second| {
        let names = ["latency", "rate"];
        names.into_iter().flat_map(move |name| {
            let hosts = ["web-1", "web-2"];
            hosts.map(|host| {
                let at = 1_770_000_000 + second;
                format!("{at},{host},{name},{second}.5\n")
            })
        })
    });
    let head = "time,host,metric,value\n".to_owned();
    std::iter::once(head).chain(rows).collect()
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    crate::places::write(&path, text).expect("it is written");
    path
}

#[test]
fn a_table_is_said_to_be_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = file(&folder, "long.csv", &long_table());
    let mut harness = window(app());
    // Opened as it is, it is a wide table, and says that it looks long.
    harness.state_mut().open(table.clone());
    assert!(draw_until(&mut harness, |app| app
        .session
        .stored()
        .is_some()));
    harness.run_steps(2);
    let series = |app: &App| app.session.stored().map_or(0, |it| it.series().len());
    assert_eq!(series(harness.state()), 1);
    harness.get_by_label("Read it otherwise…").click();
    harness.run_steps(2);
    let ready = |app: &App| app.work.is_idle();
    assert!(draw_until(&mut harness, ready));
    harness.run_steps(4);
    assert!(draw_until(&mut harness, ready));
    harness.run_steps(2);
    // It looks long, so it is proposed to be.
    let proposed = harness.query_all_by_label_contains("holds 4 series");
    assert_eq!(proposed.count(), 1);
    harness.get_by_label("Role of host");
    harness.get_by_label("Open").click();
    assert!(draw_until(&mut harness, |app| series(app) == 4));
    let names = harness.state().session.stored().map(|it| {
        let names = it.series().iter().map(|it| it.key.to_string());
        names.collect::<Vec<_>>()
    });
    let names = names.unwrap_or_default();
    assert!(names.contains(&"web-2/latency".to_owned()), "{names:?}");
}

#[test]
fn dropped_files_are_put_on_one_axis() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = file(&folder, "first.csv", &long_table());
    let second = file(
        &folder,
        "second.csv",
        "time,load\n1770000003,4\n1770000004,5\n",
    );
    let mut harness = window(app());
    let dropped = [first, second].map(|path| Arc::new(FileOnTheWindow(path)) as _);
    harness.input_mut().dropped_files = dropped.to_vec();
    harness.run_steps(4);
    let ready = |app: &App| app.work.is_idle();
    assert!(draw_until(&mut harness, ready));
    let out = folder.path().join("both.kymo");
    let draft = harness.state_mut().views.dialogs.importing();
    draft.expect("a dialog").set_out(&out);
    harness.run_steps(4);
    harness.get_by_label("Import").click();
    assert!(draw_until(&mut harness, |app| app
        .session
        .stored()
        .is_some()));
    assert!(out.is_file());
    let stored = harness.state().session.stored();
    let hosts = stored.map(|it| it.hosts().iter().map(|it| it.name.clone()).collect());
    let hosts: Vec<String> = hosts.unwrap_or_default();
    assert_eq!(hosts, ["first", "second"]);
    let told = stored.map_or(&[][..], |it| it.events());
    let how = |it: &(String, Event)| it.1.text.contains("tells its moments");
    assert!(told.iter().any(how), "{told:?}");
}
