//! Recorded trees, mutations, and the live machine.

use std::error::Error;
use std::process::Command;

use expect_test::expect_file;
use model::batch::Stamp;

use super::*;
use crate::fixture::{Outcome, readings, survives_mutations};

fn open_tree(root: &Root) -> Option<Box<dyn Source>> {
    open(root)
}

#[test]
fn names_hold_anything_and_numbers_are_large() -> Outcome {
    let told = readings("process/names.tree", open_tree)?;
    assert!(!told.contains("canary"));
    expect_file!["../../../fixtures/process/names.expect"].assert_eq(&told);
    Ok(())
}

#[test]
fn processes_come_change_and_go() -> Outcome {
    let told = readings("process/life.tree", open_tree)?;
    expect_file!["../../../fixtures/process/life.expect"].assert_eq(&told);
    Ok(())
}

#[test]
fn a_partial_tree_gives_what_it_has() -> Outcome {
    let told = readings("process/partial.tree", open_tree)?;
    expect_file!["../../../fixtures/process/partial.expect"].assert_eq(&told);
    Ok(())
}

#[test]
fn mutated_trees_do_not_panic() -> Outcome {
    survives_mutations("process/names.tree", open_tree)?;
    survives_mutations("process/life.tree", open_tree)
}

#[test]
fn degraded_it_reads_every_fifth_time() -> Outcome {
    let folder = tempfile::tempdir()?;
    crate::fixture::snapshots("process/names.tree")?[0].apply(folder.path())?;
    let mut source = open(&Root::new(folder.path())).ok_or("no processes")?;
    source.degrade(2);
    let mut sink = Sink::default();
    let mut read = Vec::new();
    for _ in 0..10 {
        sink.begin(Stamp::default());
        source.read(&mut sink);
        read.push((sink.processes_read, sink.alive.len()));
    }
    let everyone = (true, 8);
    let nobody = (false, 0);
    let expected = [everyone, nobody, nobody, nobody, nobody].repeat(2);
    assert_eq!(read, expected);
    Ok(())
}

/// What happened is told of a process that is known already.
#[test]
fn an_exit_ends_the_known_process_and_not_its_successor() -> Outcome {
    let folder = tempfile::tempdir()?;
    let snapshots = crate::fixture::snapshots("process/life.tree")?;
    snapshots[0].apply(folder.path())?;
    let root = Root::new(folder.path());
    let mut source = Processes::new(&root, Exits::open(&root)).ok_or("no processes")?;
    let mut sink = Sink::default();
    source.read(&mut sink);
    sink.begin(Stamp {
        boot_ns: 130_000_000_000,
        unix_ns: 0,
    });
    snapshots[2].apply(folder.path())?;
    let exit = |boot_ns: i64, code| Exit {
        pid: 500,
        parent: 1,
        user_id: 0,
        name: b"make".to_vec(),
        start_boot_ns: 99_500_000_000,
        boot_ns,
        exit_code: Some(code),
        reading: Reading::default(),
    };
    // The first ends who was known, the second lived unseen under the same pid.
    source.ended = vec![exit(114_000_000_000, 1), exit(114_500_000_000, 2)];
    source.read(&mut sink);
    let told: Vec<_> = sink
        .gone
        .iter()
        .map(|it| (it.process.0, it.boot_ns / 1_000_000_000, it.exit_code))
        .collect();
    assert_eq!(told, [(3, 114, Some(2)), (1, 114, Some(1))]);
    assert_eq!(sink.alive.len(), 2);
    Ok(())
}

/// Root sees each of many processes that live for a moment, once.
#[test]
fn the_live_machine_shows_every_short_process_once() -> Result<(), Box<dyn Error>> {
    let mut source = open(&Root::new("/")).ok_or("no processes")?;
    let mut sink = Sink::default();
    source.read(&mut sink);
    assert!(sink.alive.len() > 1);
    let own = sink
        .appeared
        .iter()
        .find(|(_, it)| it.pid == std::process::id());
    assert!(own.is_some_and(|(_, it)| it.start_boot_ns > 0 && !it.command.is_empty()));
    if source.limits().iter().any(|it| it.contains("not seen: ")) {
        eprintln!("SKIPPED, the kernel refuses here: {:?}", source.limits());
        return Ok(());
    }
    let mut pids = Vec::new();
    let mut seen = Vec::new();
    for round in 0..4 {
        let mut children = Vec::new();
        for _ in 0..20 {
            children.push(Command::new("sleep").arg("0.1").spawn()?);
        }
        pids.extend(children.iter().map(std::process::Child::id));
        // Two rounds are read while the children live, two only after.
        for early in [true, false] {
            if early && round % 2 == 1 {
                continue;
            }
            if !early {
                for child in &mut children {
                    child.wait()?;
                }
            }
            sink.begin(Stamp {
                boot_ns: i64::MAX,
                unix_ns: 0,
            });
            source.read(&mut sink);
            seen.push((sink.appeared.clone(), sink.gone.clone()));
        }
    }
    for pid in pids {
        let ids: HashSet<_> = seen
            .iter()
            .flat_map(|(appeared, _)| appeared)
            .filter(|(_, it)| it.pid == pid)
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(ids.len(), 1, "{pid}");
        let gone: Vec<_> = seen
            .iter()
            .flat_map(|(_, gone)| gone)
            .filter(|it| ids.contains(&it.process))
            .collect();
        assert_eq!(gone.len(), 1, "{pid}");
        assert_eq!(gone[0].exit_code, Some(0), "{pid}");
    }
    Ok(())
}
