//! Plans carried out by the built agent on a machine of files: what stays, what goes back.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use model::plan::action::{Action, Kind};
use model::plan::guard::{Breach, Guardrail, Limit};
use rustix::process::Signal;
use wire::change::{
    Apply, Ask, CONFIRMED, INCOMPLETE, Outcome, REFUSED, ROLLED_BACK, Status, TakeBack,
};

use crate::bench::{
    ALL, Bench, Talk, apply, five, mandate, message, signal, skipped, text_message, wait_until,
    write,
};

/// A lost lease, a killed agent: everything is back within this time after it is known.
const BACK: Duration = Duration::from_secs(5);

fn confirm() -> Ask {
    Ask {
        confirm: true,
        ..Ask::default()
    }
}

fn heartbeat() -> Ask {
    Ask {
        heartbeat: true,
        ..Ask::default()
    }
}

fn memory(limit: Limit) -> Guardrail {
    Guardrail {
        metric: "mem.available_mb".to_owned(),
        limit,
        for_s: 0.0,
        on_breach: Breach::RollbackAll,
    }
}

fn restored(outcome: &Outcome) -> BTreeMap<&str, &str> {
    let pairs = outcome.restored.iter();
    pairs
        .map(|it| (it.key.as_str(), it.value.as_str()))
        .collect()
}

/// An agent that has carried five changes out and waits for a word.
fn holding(bench: &Bench) -> Talk {
    let mut talk = Talk::agent(bench);
    talk.ask(&apply(&mandate(five())));
    assert_eq!(talk.phase("holding"), Ok(()));
    assert_eq!(bench.get("proc/sys/vm/swappiness"), "10");
    assert_eq!(bench.get("sys/fs/cgroup/app/cpu.max"), "150000 100000");
    talk
}

#[test]
fn nothing_is_changed_unless_it_is_allowed_twice() {
    let Some(bench) = Bench::new("allowed twice", ALL) else {
        return;
    };
    let before = bench.all();
    let root = bench.root.display().to_string();
    let mut talk = Talk::start(
        Command::new(env!("CARGO_BIN_EXE_kymo-agent")).args(["--stdio", "--root", &root]),
    );
    assert!(!talk.hello().capabilities.contains(&"change".to_owned()));
    talk.ask(&Ask {
        policy: true,
        ..Ask::default()
    });
    let policy = talk.told(|it| it.policy).unwrap();
    assert!(!policy.allowed && policy.why.contains("--allow-change"));
    talk.ask(&apply(&mandate(five())));
    assert!(talk.refusal().contains("--allow-change"));
    drop(talk);
    std::fs::remove_file(&bench.policy).unwrap();
    let mut talk = Talk::agent(&bench);
    let hello = talk.hello();
    assert!(!hello.capabilities.contains(&"change".to_owned()));
    assert!(
        hello.limits.iter().any(|it| it.contains("no policy file")),
        "{:?}",
        hello.limits
    );
    talk.ask(&apply(&mandate(five())));
    assert!(talk.refusal().contains("no policy file"));
    assert_eq!(bench.all(), before);
}

#[test]
fn a_policy_that_others_could_have_written_is_not_believed() {
    let Some(bench) = Bench::new("believed", ALL) else {
        return;
    };
    let why = |bench: &Bench| {
        let mut talk = Talk::agent(bench);
        talk.ask(&apply(&mandate(five())));
        talk.refusal()
    };
    let mode = |path: &std::path::Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&bench.policy, 0o664);
    assert!(why(&bench).contains("can be written by others"));
    mode(&bench.policy, 0o644);
    std::os::unix::fs::chown(&bench.policy, Some(65_534), None).unwrap();
    assert!(why(&bench).contains("does not belong to root"));
    std::os::unix::fs::chown(&bench.policy, Some(0), None).unwrap();
    mode(bench.folder.path(), 0o777);
    assert!(why(&bench).contains("can be written by others"));
    mode(bench.folder.path(), 0o700);
    let real = bench.folder.path().join("real.ron");
    std::fs::rename(&bench.policy, &real).unwrap();
    std::os::unix::fs::symlink(&real, &bench.policy).unwrap();
    assert!(why(&bench).contains("is a link"));
    std::fs::remove_file(&bench.policy).unwrap();
    std::fs::create_dir(&bench.policy).unwrap();
    assert!(why(&bench).contains("not believed"));
    std::fs::remove_dir(&bench.policy).unwrap();
    for (text, wrong) in [
        ("(version: 2)".to_owned(), "version"),
        ("(version: 1, rulez: [])".to_owned(), "rulez"),
        (
            format!("(version: 1, rules: {}", "[".repeat(100_000)),
            "policy.ron",
        ),
        (" ".repeat(300 << 10), "larger"),
        (
            r#"(version: 1, redis: [(address: "10.0.0.1:6379")])"#.to_owned(),
            "not on this machine",
        ),
    ] {
        write(&bench.policy, &text);
        let why = why(&bench);
        assert!(why.contains(wrong), "{why}");
    }
}

#[test]
fn a_dry_run_tells_and_writes_nothing() {
    let policy = r#"(version: 1, max_actions: 8, rules: [
        (kind: "Sysctl", key: "sysctl:net.core.*", min: 128, max: 65535, step: 64),
        (kind: "IoScheduler", key: "block:*:scheduler", values: ["mq-deadline"]),
    ])"#;
    let Some(bench) = Bench::new("dry run", policy) else {
        return;
    };
    let before = bench.all();
    let mut talk = Talk::agent(&bench);
    assert!(talk.hello().capabilities.contains(&"change".to_owned()));
    talk.ask(&Ask {
        policy: true,
        ..Ask::default()
    });
    let summary = talk.told(|it| it.policy).unwrap();
    assert!(summary.allowed);
    assert_eq!(summary.rules.len(), 2);
    let mut actions = five();
    actions.truncate(2);
    actions.push(Action::new(
        "s",
        Kind::IoScheduler {
            device: "vda".to_owned(),
            scheduler: "mq-deadline".to_owned(),
        },
    ));
    actions.push(Action::new(
        "t",
        Kind::WorkloadHint {
            text: "later".to_owned(),
        },
    ));
    let dry_run = talk.dry_run(message(&mandate(actions)));
    assert_eq!(dry_run.refused, [""; 0]);
    let lines = &dry_run.lines;
    assert_eq!(
        (lines[0].before.as_str(), lines[0].after.as_str()),
        ("128", "4096")
    );
    assert_eq!(lines[0].inverse, "sysctl -w net.core.somaxconn=128");
    assert_eq!(lines[0].refused, "");
    assert!(lines[1].refused.contains("no rule"), "{:?}", lines[1]);
    assert_eq!(lines[1].before, "", "what is not allowed is not read");
    assert_eq!(
        (lines[2].before.as_str(), lines[2].after.as_str()),
        ("none", "mq-deadline")
    );
    assert_eq!(lines[3].by, "person");
    assert!(
        dry_run
            .script
            .contains("\nsysctl -w net.core.somaxconn=4096\n")
    );
    assert!(
        dry_run
            .script
            .contains("# echo none > /sys/block/vda/queue/scheduler")
    );
    assert_eq!(bench.all(), before);
    assert_eq!(bench.records(), [""; 0]);
}

#[test]
fn what_is_confirmed_stays_and_the_record_is_sealed() {
    let Some(bench) = Bench::new("confirmed", ALL) else {
        return;
    };
    let mut talk = holding(&bench);
    talk.ask(&confirm());
    let outcome = talk.outcome();
    assert_eq!(outcome.code, CONFIRMED, "{outcome:?}");
    assert_eq!(bench.get("proc/sys/net/core/somaxconn"), "4096");
    // And a second plan, whose record goes on from the first.
    talk.ask(&apply(&mandate(vec![Action::new(
        "b",
        Kind::Sysctl {
            key: "vm.swappiness".to_owned(),
            value: "11".to_owned(),
        },
    )])));
    assert_eq!(talk.phase("holding"), Ok(()));
    talk.ask(&Ask {
        roll_back: true,
        ..Ask::default()
    });
    assert_eq!(talk.outcome().code, ROLLED_BACK);
    assert_eq!(bench.get("proc/sys/vm/swappiness"), "10");
    drop(talk);
    let records = bench.records();
    assert_eq!(records.len(), 2);
    let first = agent::act::verify(records[0].as_bytes(), None).unwrap();
    let second = agent::act::verify(records[1].as_bytes(), Some(&first.1));
    assert!(second.is_ok(), "{second:?}");
    let changed = records[0].replace("somaxconn", "somaxcorn");
    assert!(agent::act::verify(changed.as_bytes(), None).is_err());
    assert!(records[0].contains("\"who\":\"tester\""));
}

#[test]
fn a_killed_agent_leaves_everything_as_before() {
    let Some(bench) = Bench::new("killed agent", ALL) else {
        return;
    };
    let before = bench.all();
    for phase in ["arming", "applying", "settling", "holding"] {
        let mut talk = Talk::agent(&bench);
        talk.ask(&apply(&mandate(five())));
        // It may be past that already, which is as good a moment.
        drop(talk.told(|it| {
            it.progress
                .filter(|it| it.phase == phase || it.phase == "holding")
        }));
        signal(talk.pid(), Signal::KILL);
        let took = wait_until("the way back", || bench.all() == before);
        assert!(took < BACK, "{phase}: {took:?}");
        wait_until("the end of the record", || ended(&bench));
    }
}

/// Whether the newest record has an end.
fn ended(bench: &Bench) -> bool {
    bench
        .records()
        .last()
        .is_some_and(|it| it.contains("\"what\":\"ended\""))
}

#[test]
fn a_killed_keeper_is_put_right_by_the_agent() {
    let Some(bench) = Bench::new("killed keeper", ALL) else {
        return;
    };
    let before = bench.all();
    let mut talk = holding(&bench);
    signal(talk.keeper(), Signal::KILL);
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK, "{outcome:?}");
    assert_eq!(restored(&outcome).len(), 5);
    assert_eq!(bench.all(), before);
    // And the next plan may begin.
    talk.ask(&apply(&mandate(five())));
    assert_eq!(talk.phase("holding"), Ok(()));
}

#[test]
fn a_keeper_that_hangs_is_ended_and_its_work_put_back() {
    let Some(bench) = Bench::new("hanging keeper", ALL) else {
        return;
    };
    let before = bench.all();
    let mut talk = holding(&bench);
    signal(talk.keeper(), Signal::STOP);
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK, "{outcome:?}");
    assert_eq!(bench.all(), before);
}

#[test]
fn what_was_confirmed_is_told_although_its_keeper_died_before_it_could_say_so() {
    let Some(bench) = Bench::new("told later", ALL) else {
        return;
    };
    let keep = |ask: &Ask| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kymo-agent"));
        let mut talk = Talk::start(command.arg("--keep").args(bench.places()));
        talk.ask(ask);
        talk
    };
    let order = apply(&mandate(five()));
    let mut talk = keep(&order);
    assert_eq!(talk.phase("holding"), Ok(()));
    talk.ask(&confirm());
    assert_eq!(talk.outcome().code, CONFIRMED);
    drop(talk);
    // As an agent asks whose keeper is gone.
    let mut later = order.clone();
    later.roll_back = true;
    let outcome = keep(&later).outcome();
    assert_eq!((outcome.code, outcome.plan.as_str()), (CONFIRMED, "5f0c"));
    assert_eq!(bench.get("proc/sys/vm/swappiness"), "10");
}

#[test]
fn a_machine_that_shuts_down_puts_it_back() {
    let Some(bench) = Bench::new("shut down", ALL) else {
        return;
    };
    let before = bench.all();
    let mut talk = holding(&bench);
    signal(talk.keeper(), Signal::HUP);
    signal(talk.keeper(), Signal::TERM);
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK, "{outcome:?}");
    assert!(outcome.cause.contains("system asked"), "{outcome:?}");
    assert_eq!(bench.all(), before);
}

#[test]
fn when_both_are_killed_the_next_agent_puts_it_right() {
    let Some(bench) = Bench::new("both killed", ALL) else {
        return;
    };
    let before = bench.all();
    for by_hand in [false, true] {
        let talk = holding(&bench);
        let keeper = talk.keeper();
        // The agent first, stopped, so that it cannot start another one.
        signal(talk.pid(), Signal::STOP);
        signal(keeper, Signal::KILL);
        signal(talk.pid(), Signal::KILL);
        drop(talk);
        assert_ne!(bench.all(), before);
        if by_hand {
            let (code, said) = bench.recover();
            assert_eq!(code, 14, "{said}");
            assert!(
                said.contains("restored sysctl:vm.swappiness = 60"),
                "{said}"
            );
            assert_eq!(bench.recover().0, 0);
        } else {
            let mut talk = Talk::agent(&bench);
            let outcome = talk.outcome();
            assert_eq!(outcome.code, ROLLED_BACK, "{outcome:?}");
        }
        assert_eq!(bench.all(), before);
    }
}

#[test]
fn a_record_that_was_tampered_with_is_used_as_far_as_it_is_whole() {
    let Some(bench) = Bench::new("tampered", ALL) else {
        return;
    };
    let talk = holding(&bench);
    let keeper = talk.keeper();
    signal(talk.pid(), Signal::STOP);
    signal(keeper, Signal::KILL);
    drop(talk);
    let path = bench.state.join("runs/000001.jsonl");
    let mut lines: Vec<String> = bench.records()[0].lines().map(str::to_owned).collect();
    // What was before the second change, as somebody would like it to have been.
    lines[3] = lines[3].replace("131072", "131073");
    assert!(lines[3].contains("131073"), "{}", lines[3]);
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let (code, said) = bench.recover();
    assert_eq!(code, 15, "{said}");
    assert!(said.contains("line 4: it was changed"), "{said}");
    assert_eq!(bench.get("proc/sys/net/core/somaxconn"), "128");
    assert_eq!(
        bench.get("proc/sys/net/ipv4/tcp_rmem"),
        "4096 262144 8388608"
    );
    // It was told once; the next plan may begin.
    assert_eq!(bench.recover().0, 0);
    let mut talk = Talk::agent(&bench);
    talk.ask(&apply(&mandate(five())));
    assert_eq!(talk.phase("holding"), Ok(()));
}

#[test]
fn after_a_restart_of_the_machine_the_rest_is_listed() {
    let Some(bench) = Bench::new("restart", ALL) else {
        return;
    };
    let talk = holding(&bench);
    let keeper = talk.keeper();
    signal(talk.pid(), Signal::STOP);
    signal(keeper, Signal::KILL);
    drop(talk);
    bench.put("proc/sys/kernel/random/boot_id", "boot-2");
    bench.put("proc/sys/vm/swappiness", "61");
    let (code, said) = bench.recover();
    assert_eq!(code, 14, "{said}");
    assert!(
        said.contains("restored sysctl:vm.swappiness = 61"),
        "{said}"
    );
    assert_eq!(bench.get("proc/sys/vm/swappiness"), "61");
    assert!(ended(&bench));
}

#[test]
fn a_stopped_agent_loses_the_lease() {
    let Some(bench) = Bench::new("stopped agent", ALL) else {
        return;
    };
    let before = bench.all();
    let mut plan = mandate(five());
    plan.rollback.lease_s = 3.0;
    let mut talk = Talk::agent(&bench);
    talk.ask(&apply(&plan));
    assert_eq!(talk.phase("holding"), Ok(()));
    signal(talk.pid(), Signal::STOP);
    let took = wait_until("the way back", || bench.all() == before);
    assert!(took < BACK + Duration::from_secs(3), "{took:?}");
    signal(talk.pid(), Signal::CONT);
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK);
    assert!(outcome.cause.contains("lease"), "{outcome:?}");
}

#[test]
fn a_client_that_speaks_keeps_the_lease_and_one_that_leaves_loses_it() {
    let Some(bench) = Bench::new("client", ALL) else {
        return;
    };
    let before = bench.all();
    let mut plan = mandate(five());
    plan.rollback.lease_s = 4.0;
    let mut talk = Talk::agent(&bench);
    talk.ask(&apply(&plan));
    assert_eq!(talk.phase("holding"), Ok(()));
    // Signs of life, once a second, for longer than the lease.
    for _ in 0..6 {
        talk.ask(&heartbeat());
        assert_eq!(talk.phase("holding"), Ok(()));
    }
    assert_ne!(bench.all(), before);
    talk.close();
    let took = wait_until("the way back", || bench.all() == before);
    assert!(took < BACK, "{took:?}");
}

/// What an agent says of the last plan, once it has looked for what is left over.
fn status(talk: &mut Talk) -> Status {
    loop {
        talk.ask(&Ask {
            status: true,
            ..Ask::default()
        });
        let status = talk.told(|it| it.status).unwrap();
        if !status.running || status.progress.is_some() {
            return status;
        }
    }
}

#[test]
fn a_new_agent_tells_what_became_of_the_last_plan() {
    let Some(bench) = Bench::new("status", ALL) else {
        return;
    };
    assert_eq!(status(&mut Talk::agent(&bench)), Status::default());
    let first = holding(&bench);
    // Another agent on the same host sees that it is under way.
    let seen = status(&mut Talk::agent(&bench));
    assert!(seen.running && seen.outcome.is_none(), "{seen:?}");
    let progress = seen.progress.unwrap();
    assert_eq!(progress.phase, "holding", "{progress:?}");
    // Whoever held it goes away; who comes then is told that all is as before.
    drop(first);
    wait_until("putting back", || {
        bench.get("proc/sys/vm/swappiness") == "60"
    });
    let mut outcome = None;
    wait_until("the end of the record", || {
        outcome = status(&mut Talk::agent(&bench)).outcome;
        outcome.is_some()
    });
    let outcome = outcome.unwrap();
    assert_eq!((outcome.code, outcome.plan), (ROLLED_BACK, progress.plan));
    assert_eq!(outcome.restored.len(), 5, "{:?}", outcome.restored);
}

fn take_back(hash: &str) -> Ask {
    Ask {
        take_back: Some(TakeBack {
            hash: hash.to_owned(),
            who: "ops".to_owned(),
        }),
        ..Ask::default()
    }
}

#[test]
fn what_was_confirmed_is_taken_back_by_its_record_and_once() {
    let Some(bench) = Bench::new("taken back", ALL) else {
        return;
    };
    let before = bench.all();
    let plan = mandate(five());
    let hash = message(&plan).hash;
    // Nothing that this agent knows of.
    let mut talk = Talk::agent(&bench);
    talk.ask(&take_back(&hash));
    assert_eq!(talk.outcome().code, REFUSED);
    drop(talk);
    let mut talk = holding(&bench);
    talk.ask(&confirm());
    assert_eq!(talk.outcome().code, CONFIRMED);
    drop(talk);
    assert_ne!(bench.all(), before);
    // Somebody set one of them since; the others go back, by another agent.
    bench.put("proc/sys/vm/swappiness", "35");
    let mut talk = Talk::agent(&bench);
    talk.ask(&take_back(&hash));
    let outcome = talk.outcome();
    assert_eq!(outcome.code, INCOMPLETE, "{outcome:?}");
    assert!(outcome.cause.contains("ops took it back"), "{outcome:?}");
    assert_eq!(outcome.restored.len(), 4, "{outcome:?}");
    assert_eq!(outcome.left[0].key, "sysctl:vm.swappiness");
    bench.put("proc/sys/vm/swappiness", "60");
    assert_eq!(bench.all(), before);
    talk.ask(&take_back(&hash));
    let outcome = talk.outcome();
    assert_eq!(
        outcome.code, REFUSED,
        "it does not stay any more: {outcome:?}"
    );
}

#[test]
fn a_breach_puts_it_back_soon() {
    let Some(bench) = Bench::new("breach", ALL) else {
        return;
    };
    let before = bench.get("proc/sys/vm/swappiness");
    let mut plan = mandate(five());
    plan.guardrails = vec![memory(Limit::AtLeastRel(0.5))];
    // A plan that is under way is looked at more often than its agent was told to.
    let mut talk = Talk::agent_every(&bench, "5s");
    talk.ask(&apply(&plan));
    assert_eq!(talk.phase("holding"), Ok(()));
    bench.memory(400_000);
    let took = wait_until("the way back", || {
        bench.get("proc/sys/vm/swappiness") == before
    });
    // The simulation holds it to two seconds; here others use the processor too.
    assert!(took < 2 * Duration::from_secs(2), "{took:?}");
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK);
    assert!(outcome.cause.contains("mem.available_mb"), "{outcome:?}");
    // A metric that nobody measures stops a plan before it begins.
    plan.guardrails[0].metric = "app.errors.ratio".to_owned();
    talk.ask(&apply(&plan));
    let outcome = talk.outcome();
    assert_eq!(outcome.code, REFUSED);
    assert!(
        outcome.cause.contains("app.errors.ratio is not measured"),
        "{outcome:?}"
    );
}

#[test]
fn hostile_mandates_are_refused_without_a_write() {
    let Some(bench) = Bench::new("hostile", ALL) else {
        return;
    };
    write(&bench.folder.path().join("outside"), "7\n");
    std::os::unix::fs::symlink("../../../../outside", bench.root.join("proc/sys/net/evil"))
        .unwrap();
    std::os::unix::fs::symlink("..", bench.root.join("sys/fs/cgroup/up")).unwrap();
    let before = bench.all();
    let kind = |kind: &str| {
        let id = "\"5f0c\"";
        format!(
            "(schema:1,id:{id},baseline:(),actions:[(id:\"a\",kind:{kind})],guardrails:[],rollback:())"
        )
    };
    let sysctl = |key: &str, value: &str| kind(&format!("Sysctl(key:{key:?},value:{value:?})"));
    let deep = format!("{}{}", "(a:".repeat(50_000), ")".repeat(50_000));
    let texts = [
        String::new(),
        "\0".to_owned(),
        deep.clone(),
        kind(&deep),
        kind("Exec(command:\"rm -rf /\")"),
        kind("Sysctl(key:\"vm.swappiness\",value:\"1\",sudo:true)"),
        sysctl("vm/../../../outside", "1"),
        sysctl("vm..swappiness", "1"),
        sysctl("net.evil", "1"),
        sysctl("kernel.core_pattern", "|/bin/sh"),
        sysctl("vm.overcommit_memory", "2"),
        sysctl("vm.swappiness", "1\n2"),
        sysctl("vm.swappiness\0", "1"),
        sysctl("vm.swappiness", &"9".repeat(5_000)),
        sysctl("no.such.key", "1"),
        kind("CpuMax(cgroup:\"/../app\",quota_us:Some(150000))"),
        kind("CpuMax(cgroup:\"/up/cgroup/app\",quota_us:Some(150000))"),
        kind("CpuMax(cgroup:\"/app\",quota_us:Some(1))"),
        kind("IoScheduler(device:\"../vda\",scheduler:\"bfq\")"),
        kind("IoScheduler(device:\"vda\",scheduler:\"evil\")"),
        kind("Nice(process:(pid:1,name:\"systemd\"),nice:19)"),
        kind("AppConfig(adapter:\"redis\",key:\"maxmemory\",value:\"1\")"),
        format!("{}{}", sysctl("vm.swappiness", "1"), " ".repeat(2 << 20)),
    ];
    let mut talk = Talk::agent(&bench);
    for text in &texts {
        if text.len() > wire::change::MANDATE_MAX_BYTES {
            continue;
        }
        talk.ask(&Ask {
            apply: Some(Apply {
                mandate: Some(text_message(text)),
                ..Apply::default()
            }),
            ..Ask::default()
        });
        let outcome = talk.outcome();
        let shown: String = text.chars().take(120).collect();
        assert_eq!(outcome.code, REFUSED, "{shown} {outcome:?}");
        assert_eq!(bench.all(), before, "{shown}");
    }
    // A text that is not the one that was agreed to.
    let mut other = message(&mandate(five()));
    other.text.push(' ');
    assert!(talk.dry_run(other.clone()).refused[0].contains("hash"));
    talk.ask(&Ask {
        measured: Some(wire::change::Measured::default()),
        ..Ask::default()
    });
    assert!(talk.refusal().contains("itself"));
    assert_eq!(bench.all(), before);
    let outside = std::fs::read_to_string(bench.folder.path().join("outside")).unwrap();
    assert_eq!(outside, "7\n");
}

#[test]
fn what_somebody_else_set_meanwhile_is_listed_and_left() {
    let Some(bench) = Bench::new("foreign hand", ALL) else {
        return;
    };
    let mut talk = holding(&bench);
    bench.put("proc/sys/vm/swappiness", "33");
    talk.ask(&Ask {
        roll_back: true,
        ..Ask::default()
    });
    let outcome = talk.outcome();
    assert_eq!(outcome.code, INCOMPLETE);
    assert_eq!(outcome.left.len(), 1);
    assert_eq!(outcome.left[0].command, "sysctl -w vm.swappiness=60");
    assert_eq!(bench.get("proc/sys/vm/swappiness"), "33");
    assert_eq!(bench.get("proc/sys/net/core/somaxconn"), "128");
}

#[test]
fn one_plan_at_a_time_on_a_host() {
    let Some(bench) = Bench::new("one at a time", ALL) else {
        return;
    };
    let mut talk = holding(&bench);
    talk.ask(&apply(&mandate(five())));
    assert!(talk.refusal().contains("another plan is under way"));
    let mut other = Talk::agent(&bench);
    other.ask(&apply(&mandate(five())));
    let outcome = other.outcome();
    assert_eq!(outcome.code, REFUSED);
    assert!(outcome.cause.contains("another plan"), "{outcome:?}");
    talk.ask(&confirm());
    assert_eq!(talk.outcome().code, CONFIRMED);
}

/// A small file system of its own, which is taken away again.
struct Disk<'a>(&'a std::path::Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a std::path::Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let options = format!("size={size},mode=0700");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "none"])
            .arg(at)
            .status();
        mount.is_ok_and(|it| it.success()).then_some(Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(self.0).status());
    }
}

#[test]
fn a_full_disk_stops_a_plan_before_an_effect_and_not_the_way_back() {
    let Some(bench) = Bench::new("full disk", ALL) else {
        return;
    };
    let before = bench.all();
    let state = bench.state.clone();
    let Some(disk) = Disk::mount(&state, "512k") else {
        return skipped("full disk", "mount of a tmpfs");
    };
    write(&state.join("ballast"), &"x".repeat(400 << 10));
    let mut talk = Talk::agent(&bench);
    talk.ask(&apply(&mandate(five())));
    let outcome = talk.outcome();
    assert_eq!(outcome.code, REFUSED, "{outcome:?}");
    assert_eq!(bench.all(), before);
    std::fs::remove_file(state.join("ballast")).unwrap();
    talk.ask(&apply(&mandate(five())));
    assert_eq!(talk.phase("holding"), Ok(()));
    // All that is left is taken; the way back has its room already.
    drop(std::fs::write(state.join("ballast"), vec![0; 512 << 10]));
    talk.ask(&Ask {
        roll_back: true,
        ..Ask::default()
    });
    let outcome = talk.outcome();
    assert_eq!(outcome.code, ROLLED_BACK, "{outcome:?}");
    assert_eq!(bench.all(), before);
    drop(talk);
    drop(disk);
}
