//! Recorded trees of both versions, mutations, and the live machine.

use expect_test::expect_file;

use super::*;
use crate::fixture::{Outcome, readings, survives_mutations};

#[test]
fn version_1() -> Outcome {
    let told = readings("cgroup/v1.tree", open)?;
    expect_file!["../../../fixtures/cgroup/v1.expect"].assert_eq(&told);
    Ok(())
}

#[test]
fn version_2_with_groups_that_come_and_go() -> Outcome {
    let told = readings("cgroup/v2.tree", open)?;
    expect_file!["../../../fixtures/cgroup/v2.expect"].assert_eq(&told);
    Ok(())
}

#[test]
fn both_versions_at_once_tell_nothing_twice() -> Outcome {
    let told = readings("cgroup/hybrid.tree", open)?;
    expect_file!["../../../fixtures/cgroup/hybrid.expect"].assert_eq(&told);
    Ok(())
}

#[test]
fn mutated_trees_do_not_panic() -> Outcome {
    for name in ["cgroup/v1.tree", "cgroup/v2.tree", "cgroup/hybrid.tree"] {
        survives_mutations(name, open)?;
    }
    Ok(())
}

#[test]
fn too_many_groups_are_cut_and_said_so() -> Outcome {
    let folder = tempfile::tempdir()?;
    let base = folder.path().join("sys/fs/cgroup");
    std::fs::create_dir_all(&base)?;
    std::fs::write(base.join("cgroup.controllers"), "cpu")?;
    for number in 0..600 {
        std::fs::create_dir(base.join(format!("g{number}")))?;
    }
    let mut source = open(&Root::new(folder.path())).ok_or("no groups")?;
    source.read(&mut Sink::default());
    let limits = source.limits();
    assert_eq!(
        limits,
        ["control groups beyond the first 512 of a hierarchy are not read"]
    );
    Ok(())
}

#[test]
fn every_metric_is_in_the_catalogue() {
    for (_, _, files) in v1::HIERARCHIES.iter().chain(v2::HIERARCHIES) {
        for value in files.iter().flat_map(|it| it.values) {
            let metric = model::catalog::find(value.metric);
            assert!(
                metric.is_some_and(|metric| {
                    value
                        .attributes
                        .iter()
                        .all(|(key, _)| metric.attributes.contains(key))
                }),
                "{}",
                value.metric
            );
        }
    }
}
