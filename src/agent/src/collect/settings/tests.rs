//! A recorded tree that changes, mutations, and the live machine.

use expect_test::expect_file;
use model::batch::Stamp;

use super::*;
use crate::fixture::{Outcome, readings, survives_mutations};

#[test]
fn the_first_reading_is_the_baseline_and_later_ones_tell_changes() -> Outcome {
    let told = readings("settings/changes.tree", open)?;
    assert!(!told.contains("canary"));
    expect_file!["../../../fixtures/settings/changes.expect"].assert_eq(&told);
    Ok(())
}

#[test]
fn mutated_trees_do_not_panic() -> Outcome {
    survives_mutations("settings/changes.tree", open)
}

#[test]
fn every_setting_is_listed_once() {
    for (at, watched) in WATCHED.iter().enumerate() {
        let twice = WATCHED[..at].iter().any(|it| it.path == watched.path);
        assert!(!twice, "{}", watched.path);
        assert!(watched.path.matches('*').count() <= 1, "{}", watched.path);
    }
}

#[test]
fn the_live_machine_has_a_baseline() -> Outcome {
    let mut source = open(&Root::new("/")).ok_or("no settings")?;
    let mut sink = Sink::default();
    sink.begin(Stamp {
        boot_ns: i64::MAX,
        unix_ns: 0,
    });
    source.read(&mut sink);
    let has = |key: &str| {
        sink.settings
            .iter()
            .any(|(it, value)| it == key && !value.is_empty())
    };
    assert!(has("vm.swappiness") && has("kernel.osrelease"));
    assert_eq!(sink.events, []);
    Ok(())
}
