//! `kymo plan apply`, `confirm`, `rollback`: a plan on an agent, held until a word.
//!
//! `apply` stays in the foreground, because its heartbeats are the lease: when it ends,
//! however that comes, the agent puts everything back. While it holds, another `kymo plan
//! confirm` or `rollback` of the same plan reaches it by a signal, as `netplan try` does;
//! who it is stands in a lock file beside the plan.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use model::plan::{Plan, State};
use plan::life;
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use wire::change::{CONFIRMED, DryRun, INCOMPLETE, Outcome, Progress, REFUSED, ROLLED_BACK, Told};
use workflow::planning::audit::Audit;
use workflow::planning::execute::{self, Order, Word};
use workflow::planning::{self, file};
use workflow::problem::{Problem, Sort};

use super::arguments::{Apply, Held, Status};
use super::now;
use crate::analyses::{Head, print};
use crate::failure::{Answer, answer_text, tell};

/// Longest wait for the process that holds a plan to take a word.
const WORD_TAKEN: Duration = Duration::from_secs(120);

/// Tries a plan, or carries it out and holds it.
pub(super) fn apply(arguments: &Apply) -> Result<Answer, Problem> {
    let plan = file::read_sound(&arguments.plan)?;
    let places = [&arguments.policy, &arguments.state];
    let mut further = agent_arguments(places);
    for what in &arguments.intake {
        further.extend(["--intake".to_owned(), what.clone()]);
    }
    let launch = crate::commands::launch(arguments.agent.clone(), further)?;
    let order = Order {
        who: arguments.who.clone().unwrap_or_else(user),
        plan,
        launch,
    };
    match arguments.dry_run || arguments.script {
        true => try_out(arguments, &order),
        false => carry_out(arguments, order),
    }
}

fn agent_arguments([policy, state]: [&Option<PathBuf>; 2]) -> Vec<String> {
    let mut all = vec!["--allow-change".to_owned()];
    for (flag, path) in [("--policy", policy), ("--state", state)] {
        if let Some(path) = path {
            all.extend([flag.to_owned(), path.display().to_string()]);
        }
    }
    all
}

/// The name of who runs this, for the audit.
fn user() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    let name = names.iter().find_map(|it| std::env::var(it).ok());
    name.filter(|it| !it.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

#[derive(Serialize)]
struct Tried<'a> {
    #[serde(flatten)]
    head: Head,
    plan: &'a str,
    hash: &'a str,
    refused: &'a [String],
    lines: Vec<TriedLine<'a>>,
    script: &'a str,
}

#[derive(Serialize)]
struct TriedLine<'a> {
    action: &'a str,
    kind: &'a str,
    by: &'a str,
    key: &'a str,
    before: &'a str,
    after: &'a str,
    drifted: &'a str,
    refused: &'a str,
    restart: &'a str,
    inverse: &'a str,
}

fn try_out(arguments: &Apply, order: &Order) -> Result<Answer, Problem> {
    let found = execute::try_out(order)?;
    if arguments.script {
        answer_text(&found.script)?;
        return Ok(Answer::Fine);
    }
    let lines = found.lines.iter().map(|it| TriedLine {
        action: &it.action,
        kind: &it.kind,
        by: &it.by,
        key: &it.key,
        before: &it.before,
        after: &it.after,
        drifted: &it.drifted,
        refused: &it.refused,
        restart: &it.restart,
        inverse: &it.inverse,
    });
    let document = Tried {
        head: Head::THIS,
        plan: &found.plan,
        hash: &found.hash,
        refused: &found.refused,
        lines: lines.collect(),
        script: &found.script,
    };
    print(arguments.json.into(), &document, || tried(&found))?;
    let free = found.refused.is_empty()
        && found
            .lines
            .iter()
            .all(|it| it.refused.is_empty() && it.drifted.is_empty());
    Ok(if free { Answer::Fine } else { Answer::No })
}

fn tried(found: &DryRun) -> String {
    let mut text = String::new();
    for line in &found.lines {
        let what = match line.key.as_str() {
            "" => format!("{} by a {}", line.kind, line.by),
            key => format!("{key}: {} -> {}", line.before, line.after),
        };
        text.push_str(&format!("{:<8}{what}\n", line.action));
        let notes = [
            (
                "unchanged",
                if !line.key.is_empty() && line.before == line.after {
                    "it is so already"
                } else {
                    ""
                },
            ),
            ("drifted", line.drifted.as_str()),
            ("refused", line.refused.as_str()),
            ("restart", line.restart.as_str()),
            ("inverse", line.inverse.as_str()),
        ];
        for (name, note) in notes.iter().filter(|it| !it.1.is_empty()) {
            text.push_str(&format!("        {name}: {note}\n"));
        }
    }
    for why in &found.refused {
        text.push_str(&format!("refused: {why}\n"));
    }
    text
}

fn carry_out(arguments: &Apply, mut order: Order) -> Result<Answer, Problem> {
    let path = &arguments.plan;
    let lock = Lock::take(path)?;
    life::expire(&mut order.plan, now());
    life::begin(&mut order.plan, now())
        .map_err(|refused| planning::not_now("apply", &order.plan, &refused))?;
    let mut audit = Audit::open(&file::audit(path, &order.plan))?;
    let mut keeper = order.plan.clone();
    audit.add(
        &keeper,
        (now(), &order.who),
        ("apply", &arguments.agent.to_string()),
    )?;
    file::write(path, &keeper)?;
    let (words, heard) = crossbeam_channel::bounded(16);
    listen(words.clone())?;
    let state = RefCell::new((&mut keeper, &mut audit, None::<Problem>));
    let who = order.who.clone();
    let mut told = |it: &Told| {
        let mut state = state.borrow_mut();
        let (plan, audit, trouble) = &mut *state;
        if let Err(problem) = follow(it, (plan, path), (audit, &who)) {
            // Without an audit the plan must not stay.
            trouble.get_or_insert(problem);
            drop(words.try_send(Word::RollBack));
        }
        let holding = it.progress.as_ref().is_some_and(|it| it.phase == "holding");
        if holding && arguments.confirm && trouble.is_none() {
            drop(words.try_send(Word::Confirm));
        }
    };
    let ended = execute::carry_out(&order, &heard, &mut told);
    let trouble = state.into_inner().2;
    let outcome = settle(ended, (&mut keeper, path), (&mut audit, &order.who))?;
    drop(lock);
    if let Some(problem) = trouble {
        return Err(problem);
    }
    finish(arguments, &outcome)
}

/// Says and keeps what the agent told.
fn follow(
    told: &Told,
    (plan, path): (&mut Plan, &Path),
    (audit, who): (&mut Audit, &str),
) -> Result<(), Problem> {
    if let Some(dry_run) = &told.dry_run {
        tell(tried(dry_run).trim_end());
        audit.add(plan, (now(), who), ("dry run", &tried(dry_run)))?;
    }
    let Some(progress) = &told.progress else {
        return Ok(());
    };
    if !progress.text.is_empty() {
        tell(&line(progress));
        audit.add(plan, (now(), who), (&progress.phase, &progress.text))?;
    }
    if progress.phase == "holding" && plan.state == State::Applying {
        life::advance(plan, State::Applied, now())
            .map_err(|refused| planning::not_now("hold", plan, &refused))?;
        file::write(path, plan)?;
        tell(&format!(
            "applied; it is put back in {:.0} s unless confirmed: kymo plan confirm {}",
            progress.left_s.unwrap_or(0.0),
            path.display()
        ));
    }
    Ok(())
}

fn line(progress: &Progress) -> String {
    match progress.action.as_str() {
        "" => format!("{}: {}", progress.phase, progress.text),
        action => format!("{} {action}: {}", progress.phase, progress.text),
    }
}

/// Puts how it ended into plan and audit.
fn settle(
    ended: Result<Outcome, Problem>,
    (plan, path): (&mut Plan, &Path),
    (audit, who): (&mut Audit, &str),
) -> Result<Outcome, Problem> {
    let (outcome, problem) = match ended {
        Ok(outcome) => (outcome, None),
        Err(problem) if problem.sort == Sort::Policy => {
            // Nothing was written, so the approval still stands.
            plan.state = State::Approved;
            audit.add(plan, (now(), who), ("refused", &problem.to_string()))?;
            file::write(path, plan)?;
            return Err(problem);
        }
        Err(problem) => (Outcome::default(), Some(problem)),
    };
    if let Some(problem) = problem {
        audit.add(plan, (now(), who), ("lost", &problem.to_string()))?;
        return Err(problem);
    }
    let state = match outcome.code {
        CONFIRMED => State::Confirmed,
        ROLLED_BACK => State::RolledBack,
        INCOMPLETE => State::RollbackFailed,
        _ => State::Approved,
    };
    if outcome.code == REFUSED {
        plan.state = State::Approved;
    } else {
        if state == State::Confirmed && plan.state == State::Applying {
            // Confirmed before it was heard that all was done.
            life::advance(plan, State::Applied, now())
                .map_err(|refused| planning::not_now("hold", plan, &refused))?;
        }
        life::advance(plan, state, now())
            .map_err(|refused| planning::not_now("end", plan, &refused))?;
    }
    audit.add(plan, (now(), who), (state.name(), &outcome.cause))?;
    file::write(path, plan)?;
    Ok(outcome)
}

#[derive(Serialize)]
struct Ended<'a> {
    #[serde(flatten)]
    head: Head,
    plan: &'a str,
    code: u32,
    cause: &'a str,
    restored: Vec<[&'a str; 2]>,
    left: Vec<[&'a str; 3]>,
    record: &'a str,
}

fn finish(arguments: &Apply, outcome: &Outcome) -> Result<Answer, Problem> {
    let document = Ended {
        head: Head::THIS,
        plan: &outcome.plan,
        code: outcome.code,
        cause: &outcome.cause,
        restored: outcome
            .restored
            .iter()
            .map(|it| [it.key.as_str(), it.value.as_str()])
            .collect(),
        left: outcome
            .left
            .iter()
            .map(|it| [it.key.as_str(), it.wanted.as_str(), it.command.as_str()])
            .collect(),
        record: &outcome.record,
    };
    print(arguments.json.into(), &document, || {
        format!("{}\n", outcome.cause)
    })?;
    match outcome.code {
        CONFIRMED => Ok(Answer::Fine),
        // Who asked for it by a word got what was asked for.
        _ => Err(execute::ended(outcome)),
    }
}

/// Words from signals: SIGUSR1 confirms, SIGINT and SIGTERM put back.
fn listen(words: Sender<Word>) -> Result<(), Problem> {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGUSR1])
        .map_err(|error| Problem::from_error("could not catch signals", &error, Sort::Bug))?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let word = match signal {
                SIGUSR1 => Word::Confirm,
                _ => Word::RollBack,
            };
            if words.send(word).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// The lock beside a plan that says who carries it out.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    fn place(plan: &Path) -> PathBuf {
        plan.with_extension("applying")
    }

    fn take(plan: &Path) -> Result<Self, Problem> {
        let path = Self::place(plan);
        let trouble = |error: &std::io::Error| {
            Problem::from_error(
                format!("could not lock {}", path.display()),
                error,
                Sort::of_io(error),
            )
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| trouble(&error))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(Problem {
                what: format!("could not apply {}", plan.display()),
                why: "another process carries it out".to_owned(),
                what_to_do: format!(
                    "kymo plan confirm {0}, or kymo plan rollback {0}",
                    plan.display()
                ),
                sort: Sort::Usage,
            });
        }
        file.set_len(0).map_err(|error| trouble(&error))?;
        write!(file, "{}", std::process::id()).map_err(|error| trouble(&error))?;
        Ok(Self { path, _file: file })
    }

    /// The process that carries a plan out.
    fn holder(plan: &Path) -> Option<Pid> {
        let mut file = File::open(Self::place(plan)).ok()?;
        if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
            return None;
        }
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock file that stays is harmless: the lock itself goes with the process.
        drop(std::fs::remove_file(&self.path));
    }
}

#[derive(Serialize)]
struct Asked {
    #[serde(flatten)]
    head: Head,
    allowed: bool,
    why: String,
    rules: Vec<String>,
    running: bool,
    plan: String,
    phase: String,
    outcome: Option<u32>,
    cause: String,
    record: String,
}

/// `kymo plan status`.
pub(super) fn status(arguments: &Status) -> Result<Answer, Problem> {
    let further = agent_arguments([&arguments.policy, &arguments.state]);
    let launch = crate::commands::launch(arguments.agent.clone(), further)?;
    let policy = execute::policy(&launch)?;
    let found = match policy.allowed {
        true => execute::status(&launch)?,
        false => wire::change::Status::default(),
    };
    let progress = found.progress.clone().unwrap_or_default();
    let ended = found.outcome.clone().unwrap_or_default();
    let document = Asked {
        head: Head::THIS,
        allowed: policy.allowed,
        rules: policy.rules.iter().map(rule).collect(),
        why: policy.why,
        running: found.running,
        plan: match found.running {
            true => progress.plan,
            false => ended.plan.clone(),
        },
        phase: progress.phase,
        outcome: found.outcome.as_ref().map(|it| it.code),
        cause: ended.cause.clone(),
        record: ended.record.clone(),
    };
    if let (Some(path), false, Some(outcome)) = (&arguments.plan, found.running, &found.outcome) {
        take_in(path, outcome)?;
    }
    print(arguments.json.into(), &document, || asked(&document))?;
    Ok(Answer::Fine)
}

/// A rule of a policy in words.
fn rule(rule: &wire::change::Rule) -> String {
    let mut text = format!("{} {}", rule.kind, rule.key);
    let bounds = [
        ("at least", rule.min),
        ("at most", rule.max),
        ("in steps of", rule.step),
    ];
    for (word, bound) in bounds {
        if let Some(bound) = bound {
            text.push_str(&format!(", {word} {bound}"));
        }
    }
    if !rule.values.is_empty() {
        text.push_str(&format!(", one of {}", rule.values.join(", ")));
    }
    text
}

fn asked(document: &Asked) -> String {
    let mut text = match document.allowed {
        true => "the agent allows:\n".to_owned(),
        false => format!("the agent changes nothing: {}\n", document.why),
    };
    for rule in &document.rules {
        text.push_str(&format!("  {rule}\n"));
    }
    match (document.running, document.outcome) {
        (true, _) => text.push_str(&format!("plan {}: {}\n", document.plan, document.phase)),
        (false, Some(_)) => text.push_str(&format!(
            "plan {}: {} ({})\n",
            document.plan, document.cause, document.record
        )),
        (false, None) => text.push_str("no plan was carried out\n"),
    }
    text
}

/// Puts into a plan how it ended while nobody listened.
fn take_in(path: &Path, outcome: &Outcome) -> Result<(), Problem> {
    let mut plan = file::read_sound(path)?;
    let waits = matches!(plan.state, State::Applying | State::Applied);
    if plan.id != outcome.plan || !waits || Lock::holder(path).is_some() {
        return Ok(());
    }
    let mut audit = Audit::open(&file::audit(path, &plan))?;
    settle(
        Ok(outcome.clone()),
        (&mut plan, path),
        (&mut audit, &user()),
    )?;
    Ok(())
}

/// `kymo plan confirm`.
pub(super) fn confirm(arguments: &Held) -> Result<Answer, Problem> {
    word(arguments, Signal::USR1, State::Confirmed, "confirm")
}

/// `kymo plan rollback`.
pub(super) fn roll_back(arguments: &Held) -> Result<Answer, Problem> {
    word(arguments, Signal::TERM, State::RolledBack, "roll back")
}

/// Sends a word to the process that holds a plan and waits for what comes of it.
fn word(arguments: &Held, signal: Signal, wanted: State, what: &str) -> Result<Answer, Problem> {
    let path = &arguments.plan;
    let plan = file::read_sound(path)?;
    let Some(holder) = Lock::holder(path) else {
        return Err(Problem {
            what: format!("could not {what} {}", path.display()),
            why: format!("nobody carries it out; it is {}", plan.state.name()),
            what_to_do: "kymo plan show says what may come next; an agent that was interrupted puts back by kymo agent --recover"
                .to_owned(),
            sort: Sort::Usage,
        });
    };
    kill_process(holder, signal).map_err(|error| {
        let error = std::io::Error::from(error);
        Problem::from_error(
            format!("could not {what} {}", path.display()),
            &error,
            Sort::Denied,
        )
    })?;
    let until = Instant::now() + WORD_TAKEN;
    while Lock::holder(path).is_some() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    let after = file::read_sound(path)?;
    answer_text(&format!("{}: {}\n", path.display(), after.state.name()))?;
    match (after.state == wanted, after.state) {
        (true, _) => Ok(Answer::Fine),
        (false, State::RollbackFailed) => Err(Problem {
            what: "the plan was taken back, but not all is as before".to_owned(),
            why: "see its audit".to_owned(),
            what_to_do: file::audit(path, &after).display().to_string(),
            sort: Sort::Incomplete,
        }),
        _ => Ok(Answer::No),
    }
}
