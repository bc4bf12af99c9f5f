//! Tries a mandate: what each action would change, and why it may not.
//!
//! Reads and never writes. The executor does the same once more before its first action
//! and judges each action again right before it.
//!
//! Start at [`run`].

use std::collections::BTreeMap;

use model::plan::Mandate;
use model::plan::action::{Action, Execute};
use model::plan::guard::Precondition;
use wire::change::{DryRun, Line};

use super::executor::Order;
use super::policy::{Judged, Policy};
use super::world::{Spot, Step, World};

/// What is known of the host, to hold a plan's baseline against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Name.
    pub(crate) host: String,
    /// Boot.
    pub(crate) boot_id: String,
    /// Kernel.
    pub(crate) kernel: String,
    /// Wall clock, for windows of time.
    pub(crate) unix_ns: i64,
}

/// What a mandate would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tried {
    /// One an action, in the order of carrying out.
    pub(crate) lines: Vec<Line>,
    /// What is wrong with the whole.
    pub(crate) refused: Vec<String>,
    /// The same for a shell.
    script: String,
}

/// Tries a mandate.
pub(crate) fn run(order: &Order, policy: &Policy, facts: &Facts, world: &mut dyn World) -> Tried {
    let mandate = &order.mandate;
    let mut tried = Tried {
        refused: strange(mandate, facts),
        ..Tried::default()
    };
    tried.refused.extend(policy.whole(mandate, facts.unix_ns));
    let mut script = Script::begin(mandate, &order.hash);
    let mut planned = Planned::new();
    let places = model::plan::check::order(&mandate.actions).unwrap_or_default();
    for action in places.iter().filter_map(|it| mandate.actions.get(*it)) {
        let step = Step::of(action);
        let mut line = Line {
            action: step.action.clone(),
            kind: step.kind.to_owned(),
            by: match step.by {
                Execute::Agent => "agent",
                Execute::Manual => "person",
                Execute::ModelOnly => "model",
            }
            .to_owned(),
            ..Line::default()
        };
        if let Some((spot, value)) = &step.write {
            line.key.clone_from(&spot.key);
            line.after.clone_from(value);
            if let Err(why) = look(&mut line, (spot, value), policy, world) {
                line.refused = why;
            }
            line.drifted = drifted((order, &planned), action, &line, (policy, world));
            planned.insert(line.key.clone(), line.after.clone());
            script.add(&line, spot, world);
        } else {
            script.remark(&line, &action.note);
        }
        tried.lines.push(line);
    }
    tried.script = script.end();
    tried
}

/// Fills in what is there, what would be and whether it may.
fn look(
    line: &mut Line,
    (spot, value): (&Spot, &str),
    policy: &Policy,
    world: &mut dyn World,
) -> Result<(), String> {
    // What is forbidden is not even read.
    policy.may_touch(&spot.key)?;
    let spot = world.pin(spot).map_err(|it| it.to_string())?;
    line.before = world.read(&spot).map_err(|it| it.to_string())?;
    line.after = world.canonical(&spot, value).map_err(|it| it.to_string())?;
    line.restart = world.restart(&spot);
    line.inverse = world.by_hand(&spot, &line.before);
    let kind = line.kind.clone();
    judge(policy, &kind, &spot, [&line.before, &line.after], world)
}

/// Holds a change against the policy.
pub(crate) fn judge(
    policy: &Policy,
    kind: &str,
    spot: &Spot,
    [before, after]: [&str; 2],
    world: &mut dyn World,
) -> Result<(), String> {
    policy.judge(&Judged {
        kind,
        key: &spot.key,
        after,
        sizes_before: world.sizes(spot, before),
        sizes_after: world.sizes(spot, after),
    })
}

/// Whether a setting has a value, as a precondition says.
pub(crate) fn equals(
    policy: &Policy,
    key: &str,
    value: &str,
    world: &mut dyn World,
) -> Result<(), String> {
    policy.may_touch(key)?;
    let spot = Spot::of_key(key);
    let found = world.read(&spot).map_err(|it| it.to_string())?;
    let wanted = world
        .canonical(&spot, value)
        .unwrap_or_else(|_| value.to_owned());
    if found != wanted {
        return Err(format!("{key} is {found:?}, and must be {wanted:?}"));
    }
    Ok(())
}

/// What is not as the plan was made for.
fn strange(mandate: &Mandate, facts: &Facts) -> Vec<String> {
    let baseline = &mandate.baseline;
    let pairs = [
        ("host", &baseline.host, &facts.host),
        ("boot", &baseline.boot_id, &facts.boot_id),
        ("kernel", &baseline.kernel, &facts.kernel),
    ];
    let differ = pairs
        .iter()
        .filter(|(_, wanted, found)| !wanted.is_empty() && wanted != found);
    differ
        .map(|(what, wanted, found)| {
            format!("the plan was made for {what} {wanted:?}, and this is {found:?}")
        })
        .collect()
}

/// What earlier actions of the plan will have set.
type Planned = BTreeMap<String, String>;

fn drifted(
    (order, planned): (&Order, &Planned),
    action: &Action,
    line: &Line,
    (policy, world): (&Policy, &mut dyn World),
) -> String {
    let mut drifted = Vec::new();
    if let Some(expected) = order.expected(&line.key)
        && expected != line.before
    {
        drifted.push(format!("it was {expected:?} when it was looked at"));
    }
    for condition in &action.precondition {
        let Precondition::Equals(key, value) = condition else {
            // What is measured then is not known now.
            continue;
        };
        match planned.get(key) {
            Some(after) if after == value => {}
            Some(after) => {
                drifted.push(format!(
                    "{key} will be {after:?} by then, and must be {value:?}"
                ));
            }
            None => drifted.extend(equals(policy, key, value, world).err()),
        }
    }
    drifted.join("; ")
}

impl Tried {
    /// Why it may not be carried out, if it may not.
    pub(crate) fn first_refusal(&self) -> Option<String> {
        let of_line = |line: &Line| {
            let why = [&line.refused, &line.drifted];
            let why = why.into_iter().find(|it| !it.is_empty())?;
            Some(format!("{}: {why}", line.action))
        };
        let whole = self.refused.first().cloned();
        whole.or_else(|| self.lines.iter().find_map(of_line))
    }

    /// Key, value before and value after of each change.
    pub(crate) fn changes(&self) -> Vec<(String, String, String)> {
        let lines = self.lines.iter().filter(|it| !it.key.is_empty());
        lines
            .map(|it| (it.key.clone(), it.before.clone(), it.after.clone()))
            .collect()
    }

    /// The answer to a client.
    pub(crate) fn message(self, order: &Order) -> DryRun {
        DryRun {
            plan: order.mandate.id.clone(),
            hash: order.hash.clone(),
            lines: self.lines,
            refused: self.refused,
            script: self.script,
        }
    }
}

/// A script that does and undoes the same, for people.
struct Script {
    text: String,
    back: Vec<String>,
}

impl Script {
    fn begin(mandate: &Mandate, hash: &str) -> Self {
        Self {
            text: format!(
                "#!/bin/sh\n# plan {}, mandate {hash}\n# The agent does not run this; it is to be read, and to be run by hand.\nset -eu\n",
                mandate.id
            ),
            back: Vec::new(),
        }
    }

    fn add(&mut self, line: &Line, spot: &Spot, world: &dyn World) {
        self.text += &format!(
            "\n# {} {}: {} -> {}\n",
            line.action,
            commented(&line.key),
            commented(&line.before),
            commented(&line.after)
        );
        if !line.refused.is_empty() {
            self.text += &format!("# refused: {}\n", commented(&line.refused));
            return;
        }
        if !line.restart.is_empty() {
            self.text += &format!("# {}\n", commented(&line.restart));
        }
        self.text += &world.by_hand(spot, &line.after);
        self.text += "\n";
        self.back.push(line.inverse.clone());
    }

    fn remark(&mut self, line: &Line, note: &str) {
        self.text += &format!(
            "\n# {} {} is for a {}: {}\n",
            line.action,
            line.kind,
            line.by,
            commented(note)
        );
    }

    fn end(self) -> String {
        let mut text = self.text;
        text += "\n# The way back, the last change first:\n";
        for line in self.back.iter().rev() {
            text += &format!("# {}\n", commented(line));
        }
        text
    }
}

/// A text that cannot end the comment it stands in.
fn commented(text: &str) -> String {
    text.chars()
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect()
}

/// A word that a POSIX shell takes as it stands.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "_-./:=,%+@".contains(it);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
