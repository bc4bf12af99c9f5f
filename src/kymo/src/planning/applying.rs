//! `kymo plan apply`, `confirm`, `rollback`: a plan on an agent, held until a word.
//!
//! `apply` stays in the foreground, because its heartbeats are the lease: when it ends,
//! however that comes, the agent puts everything back. While it holds, another `kymo plan
//! confirm` or `rollback` of the same plan reaches it by a signal, as `netplan try` does;
//! who it is stands in a lock file beside the plan.

use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use model::plan::State;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use wire::change::{CONFIRMED, Outcome, Progress};
use workflow::planning::carry::{self, Carrier, Event, Holder};
use workflow::planning::execute::{self, Order, Word};
use workflow::planning::file;
use workflow::problem::{Problem, Sort};

use super::arguments::{Apply, Far, Held, Rollback, Status};
use super::now;
use crate::analyses::{Head, print};
use crate::failure::{Answer, answer_text, tell};

/// Longest wait for the process that holds a plan to take a word.
const WORD_TAKEN: Duration = Duration::from_secs(120);

/// Tries a plan, or carries it out and holds it.
pub(super) fn apply(arguments: &Apply) -> Result<Answer, Problem> {
    let plan = file::read_sound(&arguments.plan)?;
    let mut further = agent_arguments(&arguments.far);
    for what in &arguments.intake {
        further.extend(["--intake".to_owned(), what.clone()]);
    }
    let launch = crate::commands::launch(arguments.far.agent.clone(), further)?;
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

fn agent_arguments(far: &Far) -> Vec<String> {
    let mut all = vec!["--allow-change".to_owned()];
    for (flag, path) in [("--policy", &far.policy), ("--state", &far.state)] {
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
    print(arguments.json.into(), &document, || carry::tried(&found))?;
    Ok(match carry::is_free(&found) {
        true => Answer::Fine,
        false => Answer::No,
    })
}

fn carry_out(arguments: &Apply, order: Order) -> Result<Answer, Problem> {
    let path = &arguments.plan;
    let place = arguments.far.agent.to_string();
    let by = Holder::this_command();
    let carrier = Carrier::begin(order, path, (&place, by), now)?;
    let (words, heard) = crossbeam_channel::bounded(16);
    listen(words.clone())?;
    let mut say = |event: &Event| match event {
        Event::Tried(dry_run) => tell(carry::tried(dry_run).trim_end()),
        Event::Progress(progress) if !progress.text.is_empty() => tell(&line(progress)),
        Event::Progress(_) => {}
        Event::Holding(left_s) => tell(&format!(
            "applied; it is put back in {left_s:.0} s unless confirmed: kymo plan confirm {}",
            path.display()
        )),
    };
    let outcome = carrier.run((&words, &heard), arguments.confirm, &mut say)?;
    finish(&outcome, arguments)
}

fn line(progress: &Progress) -> String {
    match progress.action.as_str() {
        "" => format!("{}: {}", progress.phase, progress.text),
        action => format!("{} {action}: {}", progress.phase, progress.text),
    }
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

fn finish(outcome: &Outcome, arguments: &Apply) -> Result<Answer, Problem> {
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
    let further = agent_arguments(&arguments.far);
    let launch = crate::commands::launch(arguments.far.agent.clone(), further)?;
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
        rules: policy.rules.iter().map(execute::rule).collect(),
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
        carry::take_in(path, outcome, &user(), now)?;
    }
    print(arguments.json.into(), &document, || asked(&document))?;
    Ok(Answer::Fine)
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

/// `kymo plan confirm`.
pub(super) fn confirm(arguments: &Held) -> Result<Answer, Problem> {
    word(arguments, Signal::USR1, State::Confirmed, "confirm")
}

/// `kymo plan rollback`.
pub(super) fn roll_back(arguments: &Rollback) -> Result<Answer, Problem> {
    let path = &arguments.plan;
    let plan = file::read_sound(path)?;
    let stays = matches!(
        plan.state,
        State::Confirmed | State::Validated | State::Mispredicted
    );
    if !stays || carry::holder(path).is_some() {
        let held = Held { plan: path.clone() };
        return word(&held, Signal::TERM, State::RolledBack, "roll back");
    }
    let further = agent_arguments(&arguments.far);
    let order = Order {
        who: arguments.who.clone().unwrap_or_else(user),
        plan,
        launch: crate::commands::launch(arguments.far.agent.clone(), further)?,
    };
    let place = arguments.far.agent.to_string();
    let by = Holder::this_command();
    let outcome = carry::take_back(&order, path, (&place, by), now)?;
    answer_text(&format!("{}: {}\n", path.display(), outcome.cause))?;
    match outcome.left.is_empty() {
        true => Ok(Answer::Fine),
        false => Err(execute::ended(&outcome)),
    }
}

/// Sends a word to the process that holds a plan and waits for what comes of it.
fn word(arguments: &Held, signal: Signal, wanted: State, what: &str) -> Result<Answer, Problem> {
    let path = &arguments.plan;
    let plan = file::read_sound(path)?;
    let holder = match carry::holder(path) {
        Some(Holder::Command(pid)) => Pid::from_raw(pid.cast_signed()),
        Some(Holder::Window) => {
            return Err(Problem {
                what: format!("could not {what} {}", path.display()),
                why: "a window carries it out".to_owned(),
                what_to_do: "say so there: Plan, Carry out".to_owned(),
                sort: Sort::Usage,
            });
        }
        None => None,
    };
    let Some(holder) = holder else {
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
    while carry::holder(path).is_some() && Instant::now() < until {
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
