//! Messages made by hand, mutations of them, and the live kernel where it allows.

use std::error::Error;
use std::process::{Child, Command};

use super::*;

/// A message about one ended thread, as the kernel lays it out.
fn thread(version: u16, pid: u32, process: u32, flag: u8) -> Vec<u8> {
    let mut stats = vec![0_u8; 416];
    let mut put = |at: usize, bytes: &[u8]| stats[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &version.to_ne_bytes());
    put(4, &256_u32.to_ne_bytes());
    put(8, &[flag]);
    put(72, &3_000_000_u64.to_ne_bytes());
    put(80, b"worker (1)\0junk");
    put(120, &1000_u32.to_ne_bytes());
    put(128, &pid.to_ne_bytes());
    put(132, &1_u32.to_ne_bytes());
    put(144, &100_000_u64.to_ne_bytes());
    put(152, &1000_u64.to_ne_bytes());
    put(160, &1000_u64.to_ne_bytes());
    put(168, &7_u64.to_ne_bytes());
    put(248, &4096_u64.to_ne_bytes());
    put(272, &2_u64.to_ne_bytes());
    put(368, &process.to_ne_bytes());
    put(376, &100_000_u64.to_ne_bytes());
    let mut nested = Vec::new();
    netlink::push_attribute(&mut nested, 1, &pid.to_ne_bytes());
    netlink::push_attribute(&mut nested, 3, &stats);
    let mut body = vec![2, 1, 0, 0];
    netlink::push_attribute(&mut body, 4, &nested);
    netlink::message(30, 0, 0, &body)
}

fn parsed(bytes: &[u8]) -> Vec<TaskExit> {
    netlink::messages(bytes)
        .filter_map(|it| taskstats::task_exit(it.body))
        .collect()
}

fn gathered(gather: &mut Gather, bytes: &[u8], event: Option<ExitEvent>) -> Vec<Exit> {
    let now = Now {
        boot_ns: 5_000_000_000,
        monotonic_ns: 4_000_000_000,
    };
    parsed(bytes)
        .into_iter()
        .filter_map(|task| gather.take(task, event, now))
        .collect()
}

#[test]
fn the_last_thread_ends_the_process_with_the_sum_of_all() {
    let mut gather = Gather::default();
    assert_eq!(gathered(&mut gather, &thread(13, 40, 40, 0), None), []);
    assert_eq!(gathered(&mut gather, &thread(13, 41, 40, 0), None), []);
    let ended = gathered(&mut gather, &thread(13, 42, 40, 0x20), None);
    let [exit] = ended.as_slice() else {
        panic!("{ended:?}")
    };
    assert_eq!((exit.pid, exit.parent, exit.user_id), (40, 1, 1000));
    assert_eq!(exit.name, b"worker (1)");
    assert_eq!(exit.exit_code, Some(256));
    assert_eq!(exit.reading.get(Field::UserTime), Some(4500));
    assert_eq!(exit.reading.get(Field::MinorFaults), Some(21));
    assert_eq!(exit.reading.get(Field::ReadBytes), Some(3 * 4096));
    assert_eq!(exit.reading.get(Field::ResidentMemory), None);
    assert!(gather.threads.is_empty());
}

#[test]
fn the_connector_says_when() {
    let event = ExitEvent {
        pid: 40,
        process: 40,
        monotonic_ns: 3_900_000_000,
    };
    let ended = gathered(
        &mut Gather::default(),
        &thread(13, 40, 40, 0x20),
        Some(event),
    );
    assert_eq!(ended[0].boot_ns, 4_900_000_000);
    assert_eq!(ended[0].start_boot_ns, 4_800_000_000);
}

#[test]
fn an_old_kernel_needs_the_connector_to_tell_threads_apart() {
    let mut gather = Gather::default();
    let event = |pid| {
        Some(ExitEvent {
            pid,
            process: 40,
            monotonic_ns: 4_000_000_000,
        })
    };
    assert_eq!(gathered(&mut gather, &thread(9, 40, 0, 0), None), []);
    assert_eq!(gathered(&mut gather, &thread(9, 41, 0, 0), event(41)), []);
    let ended = gathered(&mut gather, &thread(9, 40, 0, 0), event(40));
    assert_eq!(ended[0].pid, 40);
    assert_eq!(ended[0].reading.get(Field::MinorFaults), Some(14));
}

#[test]
fn threads_without_end_are_bounded() {
    let mut gather = Gather::default();
    for pid in 1..10_000 {
        assert_eq!(
            gathered(&mut gather, &thread(13, pid + 1, pid, 0), None),
            []
        );
    }
    assert_eq!(gather.threads.len(), THREADS_MAX);
}

#[test]
fn connector_events_other_than_exits_are_passed_over() {
    let mut body = vec![0_u8; 20 + 40];
    body[0] = 1;
    body[4] = 1;
    body[20..24].copy_from_slice(&0x8000_0000_u32.to_ne_bytes());
    body[28..36].copy_from_slice(&77_u64.to_ne_bytes());
    body[36..40].copy_from_slice(&41_u32.to_ne_bytes());
    body[40..44].copy_from_slice(&40_u32.to_ne_bytes());
    let event = ExitEvent {
        pid: 41,
        process: 40,
        monotonic_ns: 77,
    };
    assert_eq!(connector::exit_event(&body), Some(event));
    body[20..24].copy_from_slice(&1_u32.to_ne_bytes());
    assert_eq!(connector::exit_event(&body), None);
}

#[test]
fn mutated_and_cut_messages_do_not_panic() {
    let whole = thread(13, 40, 40, 0x20);
    for end in 0..whole.len() {
        assert_eq!(parsed(&whole[..end]), [], "{end}");
    }
    let mut seed = 7_u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize
    };
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..1 + next() % 8 {
            let at = next() % bytes.len();
            bytes[at] = next() as u8;
        }
        for task in parsed(&bytes) {
            Gather::default().take(task, None, Now::default());
        }
        connector::exit_event(&bytes);
    }
}

/// Every one of many short processes is told, with its name and exit code.
#[test]
fn the_live_kernel_tells_of_every_short_process() -> Result<(), Box<dyn Error>> {
    let mut exits = Exits::open(&Root::new("/"));
    if exits.taskstats.is_none() {
        eprintln!("SKIPPED, the kernel refuses here: {:?}", exits.limits());
        return Ok(());
    }
    let mut children = Vec::new();
    for _ in 0..100 {
        children.push(Command::new("sleep").arg("0.02").spawn()?);
    }
    let pids: Vec<u32> = children.iter().map(Child::id).collect();
    for child in &mut children {
        child.wait()?;
    }
    let mut ended = Vec::new();
    assert_eq!(exits.drain(&mut ended), Drained { lost: 0 });
    for pid in pids {
        let exit = ended.iter().find(|it| it.pid == pid);
        let exit = exit.ok_or_else(|| format!("{pid} is missing"))?;
        assert_eq!(exit.name, b"sleep");
        assert_eq!(exit.exit_code, Some(0));
        let lived_ms = (exit.boot_ns - exit.start_boot_ns) / 1_000_000;
        assert!((20..20_000).contains(&lived_ms), "{lived_ms}");
        assert!(exit.reading.cpu_seconds() > 0.0);
    }
    Ok(())
}
