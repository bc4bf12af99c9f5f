//! The browser as its users meet it: by label, by key, by drag.

use crate::view::testing;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::catalog::{Kind, Polarity};
use model::process::{Process, Reading};
use model::unit::Unit;

use super::ui as browser_ui;
use super::*;

fn series(host: &str, metric: &str, attributes: &[(&str, &str)]) -> Series {
    let attributes = attributes.iter();
    let owned = attributes.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Series {
        key: SeriesKey::new(host, metric, owned),
        unit: Unit::new("By/s"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    }
}

fn some() -> Vec<Series> {
    let io = "system.disk.io";
    vec![
        series("web-1", io, &[("device", "sda"), ("direction", "write")]),
        series("web-1", io, &[("device", "sda"), ("direction", "read")]),
        series("web-2", io, &[("device", "sda"), ("direction", "read")]),
        series("web-1", "system.memory.available", &[]),
    ]
}

fn line(id: u32, name: &str) -> Line {
    Line {
        id: ProcessId(id),
        process: Process {
            pid: 100 + id,
            name: name.to_owned(),
            ..Process::default()
        },
        reading: Reading::default(),
        cpu: 0.5,
        read_per_second: 0.0,
        write_per_second: f64::NAN,
    }
}

fn drawn(
    (series, crowds): (&[Series], &[Crowd<'_>]),
    search: &str,
    use_it: impl FnOnce(&mut Harness<'_>),
) -> Vec<Action> {
    let value = |key: &SeriesKey| (key.host == "web-1").then_some(1536.0);
    let data = Data {
        series,
        version: 1,
        value: &value,
        crowds,
        crowds_version: 1,
    };
    let mut state = State {
        search: search.to_owned(),
        ..State::default()
    };
    let mut actions = Vec::new();
    let mut harness = testing::harness([800.0, 600.0], |ui| {
        actions.extend(browser_ui(ui, &mut state, &data));
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

#[test]
fn search_takes_every_word_and_plus_plots() {
    let all = some();
    let actions = drawn((&all, &[]), "SDA write by/s", |harness| {
        harness.get_by_label("1 of 4 series, 0 of 0 processes");
        let label = "web-1/system.disk.io{device=sda,direction=write}, 1.5 KiB/s";
        harness.get_by_label(label).click();
        harness.run();
        harness
            .get_by_label("Plot web-1/system.disk.io{device=sda,direction=write}")
            .click();
    });
    let key = all[0].key.clone();
    assert_eq!(actions, [Action::Select(key.clone()), Action::Plot(key)]);
}

#[test]
fn the_keyboard_opens_walks_and_plots() {
    let all = some();
    let actions = drawn((&all[3..], &[]), "", |harness| {
        harness.get_by_label("web-1, 1, open").focus();
        harness.run();
        harness.key_press(Key::ArrowDown);
        harness.run();
        harness.get_by_label("Memory, 1, closed");
        harness.key_press(Key::ArrowRight);
        harness.run();
        harness.get_by_label("Memory, 1, open");
        harness.key_press(Key::ArrowDown);
        harness.run();
        harness.key_press(Key::Enter);
    });
    let key = all[3].key.clone();
    assert_eq!(actions, [Action::Select(key.clone()), Action::Plot(key)]);
}

#[test]
fn a_metric_of_one_host_is_plotted_together() {
    let all = some();
    let actions = drawn((&all, &[]), "disk", |harness| {
        let first = harness.get_all_by_label("Plot disk.io").next();
        first.expect("one per host").click();
    });
    // Sorted by attribute, and only those of the first host.
    let keys = vec![all[1].key.clone(), all[0].key.clone()];
    assert_eq!(actions, [Action::PlotTogether(keys)]);
}

#[test]
fn processes_of_one_name_open_apart() {
    let lines = [line(1, "worker"), line(2, "worker")];
    let crowd = Crowd {
        host: "web-1",
        lines: &lines,
    };
    let actions = drawn((&[], &[crowd]), "worker", |harness| {
        harness.get_by_label("0 of 0 series, 2 of 2 processes");
        harness.get_by_label("worker 102, 10, closed").click();
        harness.run();
        harness.get_by_label("worker 101, 10, closed");
        harness
            .get_by_label("Plot Resident memory of worker 102")
            .click();
    });
    let (host, id) = ("web-1".to_owned(), ProcessId(2));
    let measure = MEASURES[1].0;
    let wanted = [
        Action::SelectProcess {
            host: host.clone(),
            id,
        },
        Action::PlotProcess { host, id, measure },
    ];
    assert_eq!(actions, wanted);
}

#[test]
fn an_empty_browser_says_why() {
    let actions = drawn((&[], &[]), "", |harness| {
        harness.get_by_label("Attach this machine").click();
    });
    assert_eq!(actions, [Action::Attach]);
    let all = some();
    drawn((&all, &[]), "no such thing", |harness| {
        harness.get_by_label("Show everything");
        assert!(harness.query_by_label_contains("open").is_none());
    });
}

#[test]
fn a_hundred_thousand_series_cost_a_screenful() {
    let many: Vec<Series> = (0..100_000)
        .map(|cpu| series("web-1", "system.cpu.time", &[("cpu", &cpu.to_string())]))
        .collect();
    drawn((&many, &[]), "cpu", |harness| {
        let rows = harness
            .query_all_by_label_contains("web-1/system.cpu.time")
            .count();
        assert!((10..120).contains(&rows), "{rows}");
        // Numbers in order: 2 comes before 10.
        harness.get_by_label_contains("Plot web-1/system.cpu.time{cpu=10}");
        assert!(harness.query_by_label_contains("{cpu=1000}").is_none());
    });
}

#[test]
fn data_that_shrinks_without_notice_harms_nothing() {
    let all = some();
    let mut cache = Cache::default();
    let value = |_: &SeriesKey| None;
    let mut data = Data {
        series: &all,
        version: 1,
        value: &value,
        crowds: &[],
        crowds_version: 1,
    };
    cache.refresh(&data, "");
    data.series = &all[..1];
    cache.refresh(&data, "web");
    assert_eq!(cache.hits().series, 1);
}

#[test]
fn the_panel_stays_as_wide_as_it_is() {
    let all = some();
    let value = |_: &SeriesKey| Some(1.0);
    let data = Data {
        series: &all,
        version: 1,
        value: &value,
        crowds: &[],
        crowds_version: 1,
    };
    let (mut state, mut widths) = (State::default(), Vec::new());
    let mut harness = testing::harness([800.0, 600.0], |ui| {
        let panel = eframe::egui::Panel::left("browser").default_size(240.0);
        let shown = panel.show(ui, |ui| browser_ui(ui, &mut state, &data));
        widths.push(shown.response.rect.width());
    });
    harness.run_steps(10);
    drop(harness);
    assert_eq!(widths.first(), widths.last());
}

#[test]
fn a_series_is_dragged_out() {
    let all = some();
    let value = |_: &SeriesKey| None;
    let data = Data {
        series: &all,
        version: 1,
        value: &value,
        crowds: &[],
        crowds_version: 1,
    };
    let mut state = State {
        search: "available".to_owned(),
        ..State::default()
    };
    let mut dropped = None;
    let mut harness = testing::harness([800.0, 600.0], |ui| {
        eframe::egui::Panel::left("browser")
            .default_size(300.0)
            .show(ui, |ui| browser_ui(ui, &mut state, &data));
        let target = ui.allocate_response(ui.available_size(), Sense::hover());
        if let Some(series) = target.dnd_release_payload::<dragged::Series>() {
            dropped = Some(series);
        }
    });
    let row = harness.get_by_label_contains("memory.available, ").rect();
    harness.drag_at(row.center());
    harness.run();
    harness.hover_at(pos2(500.0, 300.0));
    harness.run();
    harness.hover_at(pos2(600.0, 300.0));
    harness.run();
    harness.drop_at(pos2(600.0, 300.0));
    harness.run();
    drop(harness);
    let key = dropped.map(|series| series.0.clone());
    assert_eq!(key, Some(all[3].key.clone()));
}
