//! The screen of Kymo's own figures by clicks, without a window.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use report::own;

use super::ui as own_ui;
use super::*;
use crate::manual::Manual;
use crate::view::testing;

fn took() -> Vec<Took> {
    let what = "anomaly".to_owned();
    vec![Took {
        what,
        ns: 250_000_000,
    }]
}

fn filled() -> Own {
    let right = own::Right {
        part: 8,
        whole: 10,
        interval: (0.49, 0.94),
        kymo: "0.1.0".to_owned(),
        false_alarms_per_day: None,
    };
    let host = own::Collected {
        cpu: vec![0.004],
        ..own::Collected::default()
    };
    Own {
        collection: own::collection(&[("web-1".to_owned(), host)]),
        analysis: own::analysis(&took(), Some(&right)),
        optimization: own::optimization(&[]),
        reporting: None,
    }
}

fn drawn(data: &Data<'_>, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut harness = testing::harness([900.0, 700.0], |ui| {
        actions.extend(own_ui(ui, data));
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

#[test]
fn four_blocks_lead_to_their_screens_and_can_be_copied() {
    let (own, took) = (filled(), took());
    let data = Data {
        stage: &Stage::Over,
        trouble: None,
        own: Some(&own),
        told: Some(&took),
        took: &took,
        frame_seconds: Some(0.004),
    };
    let actions = drawn(&data, |harness| {
        for (title, _) in AREAS {
            harness.get_by_label(title);
        }
        harness.get_by_label("80 %");
        harness.get_by_label("49 % to 94 %");
        harness.get_by_label("Nothing was predicted yet.");
        harness.get_by_label_contains("last frame in 4 ms");
        harness.get_by_label("Plan and ledger").click();
        harness.run();
        harness.get_by_label("Copy").click();
        harness.run();
        harness.get_by_label("Copy as TSV").click();
    });
    let [Action::Show(Screen::Plan), Action::Copy(text)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert!(text.contains("Collection\tagent-cpu\tweb-1\t"), "{text}");
    assert!(
        text.contains("Analysis\tanalysis-time\tanomaly\t"),
        "{text}"
    );
}

#[test]
fn it_is_gathered_when_first_seen_and_when_analyses_have_ended() {
    let (own, took) = (filled(), took());
    let mut data = Data {
        stage: &Stage::Idle,
        trouble: None,
        own: None,
        told: None,
        took: &took,
        frame_seconds: None,
    };
    let compute = Action::Ask(Asked::Compute);
    assert!(drawn(&data, |_| ()).contains(&compute));
    data = Data {
        stage: &Stage::Over,
        own: Some(&own),
        told: Some(&[]),
        ..data
    };
    assert!(drawn(&data, |_| ()).contains(&compute));
    data.told = Some(&took);
    assert_eq!(drawn(&data, |_| ()), []);
    data.told = Some(&[]);
    data.trouble = Some("the ledger cannot be read");
    assert_eq!(drawn(&data, |_| ()), []);
}

#[test]
fn while_agents_are_looked_at_a_recording_is_offered() {
    let data = Data {
        stage: &Stage::Live,
        trouble: None,
        own: None,
        told: None,
        took: &[],
        frame_seconds: None,
    };
    let actions = drawn(&data, |harness| harness.get_by_label("Record…").click());
    assert_eq!(actions, [Action::Ask(Asked::Record)]);
}

#[test]
fn every_area_has_its_place_in_the_help() {
    let manual = Manual::default();
    for (area, address) in AREAS {
        assert!(manual.find(address).is_some(), "{area}: {address}");
    }
}
