//! Puts back what a run that ended in the middle has changed.
//!
//! A restart of the machine takes back by itself what was set for as long as it runs:
//! such values count as restored, and are not written again, since what is there now is
//! the machine's own. What outlives a restart is put back.
//!
//! Start at [`recover`].

use model::plan::action::Scope;
use wire::change::{INCOMPLETE, Outcome, Progress, REFUSED, ROLLED_BACK, Status};

use super::executor::{Book, outcome};
use super::log::{Entry, Left, Story};
use super::rollback::{Back, Held, put_back};
use super::state::Unfinished;
use super::world::World;

/// What a record says was captured, with the boot in which that was.
fn held(story: &Story) -> Vec<(String, Held)> {
    let mut all: Vec<(String, Held)> = Vec::new();
    for (boot_id, entry) in &story.entries {
        match entry {
            Entry::Captured(captured) => all.push((
                boot_id.clone(),
                Held {
                    captured: captured.clone(),
                    read_back: None,
                },
            )),
            Entry::Applied { action, read_back } => {
                let mut last = all.iter_mut().rev();
                if let Some((_, held)) = last.find(|(_, it)| it.captured.action == *action) {
                    held.read_back = Some(read_back.clone());
                }
            }
            _ => {}
        }
    }
    all
}

/// The plan of a record, and why it was being put back already, if it was.
fn about(story: &Story) -> (String, Option<String>) {
    let mut plan = String::new();
    let mut cause = None;
    for (_, entry) in &story.entries {
        match entry {
            Entry::Begun(begun) => plan.clone_from(&begun.plan),
            Entry::RollingBack { cause: it } => cause = Some(it.clone()),
            _ => {}
        }
    }
    (plan, cause)
}

/// How a run ended, by its record: that of any mandate, or of this one; `None` where it has
/// no end or is one of another mandate.
pub(crate) fn ended((story, name): &(Story, String), hash: Option<&str>) -> Option<Outcome> {
    let mut plan = None;
    let mut back = Back::default();
    let mut end = None;
    for (_, entry) in &story.entries {
        match entry {
            Entry::Begun(begun) if hash.is_none_or(|it| it == begun.hash) => {
                plan = Some(begun.plan.as_str());
            }
            Entry::Restored { key, value, .. } => back.restored.push((key.clone(), value.clone())),
            Entry::Left(left) => back.left.push(left.clone()),
            Entry::Ended { code, cause } => end = Some((*code, cause)),
            _ => {}
        }
    }
    let (code, cause) = end?;
    Some(outcome(plan?, code, cause, back, name))
}

/// What the newest run is at or came to, as its record says without a look at the lock.
pub(crate) fn status(newest: &(Story, String)) -> Status {
    if let Some(outcome) = ended(newest, None) {
        return Status {
            outcome: Some(outcome),
            ..Status::default()
        };
    }
    let (plan, cause) = about(&newest.0);
    let last = newest.0.entries.last().map(|it| &it.1);
    let phase = match (cause, last) {
        (Some(_), _) => "rolling back",
        (None, Some(Entry::Holding)) => "holding",
        (None, _) => "applying",
    };
    Status {
        running: last.is_some(),
        progress: last.map(|_| Progress {
            plan,
            phase: phase.to_owned(),
            ..Progress::default()
        }),
        outcome: None,
    }
}

/// Puts everything back that a run left which ended in the middle, and ends the record.
pub(crate) fn recover(
    unfinished: &Unfinished,
    world: &mut dyn World,
    book: &mut dyn Book,
    boot_id: &str,
) -> Outcome {
    let cause = match about(&unfinished.story).1 {
        Some(cause) => format!("{cause} (finished later)"),
        None => "the agent ended in the middle".to_owned(),
    };
    take_back(unfinished, (world, book), boot_id, cause)
}

/// Puts everything back that a run set, and ends the record.
pub(crate) fn take_back(
    unfinished: &Unfinished,
    (world, book): (&mut dyn World, &mut dyn Book),
    boot_id: &str,
    cause: String,
) -> Outcome {
    let (plan, _) = about(&unfinished.story);
    let mut lost = book
        .note(&Entry::RollingBack {
            cause: cause.clone(),
        })
        .err();
    let name = book.name();
    let mut note = |entry: Entry| {
        if let Err(why) = book.note(&entry) {
            lost.get_or_insert(why);
        }
    };
    let mut back = Back::default();
    let mut to_write = Vec::new();
    for (boot, held) in held(&unfinished.story) {
        let restarted = boot != boot_id && held.captured.spot.scope == Scope::Runtime;
        if !restarted {
            to_write.push(held);
            continue;
        }
        let value = world.read(&held.captured.spot);
        let value = value.unwrap_or_else(|trouble| trouble.to_string());
        let key = held.captured.spot.key;
        note(Entry::Restored {
            key: key.clone(),
            value: value.clone(),
            how: "restart".to_owned(),
        });
        back.restored.push((key, value));
    }
    let written = put_back(&to_write, world, &mut note);
    back.restored.extend(written.restored);
    back.left.extend(written.left);
    if let Some(broken) = &unfinished.broken {
        let left = Left {
            key: format!("record {:06}", unfinished.token),
            found: broken.to_string(),
            wanted: "a whole record".to_owned(),
            why: "what was changed after that line is not known".to_owned(),
            by_hand: "# compare the settings of the plan with their values before".to_owned(),
        };
        note(Entry::Left(left.clone()));
        back.left.push(left);
    }
    let code = match (back.left.is_empty(), back.restored.is_empty()) {
        (false, _) => INCOMPLETE,
        (true, false) => ROLLED_BACK,
        (true, true) => REFUSED,
    };
    note(Entry::Ended {
        code,
        cause: cause.clone(),
    });
    let cause = match lost {
        Some(why) => format!("{cause}; the record could not be kept: {why}"),
        None => cause,
    };
    outcome(&plan, code, &cause, back, &name)
}
