//! Carrying a plan out: tried first, then applied, held, confirmed or taken back.

use std::time::{Duration, Instant};

use eframe::egui::{Button, ScrollArea, TextEdit, Ui, vec2};
use model::plan::State as Life;
use workflow::planning::carry::is_free;
use workflow::planning::execute::{CONFIRMED, DryRun, Outcome, ROLLED_BACK, Word, rule};

use super::words::{self, Head};
use super::{Action, Data};
use crate::carrying::{Doing, Seen};

/// What the fields hold.
#[derive(Clone, Debug)]
pub(super) struct State {
    place: Place,
    sure: bool,
}

/// Which agent, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `local`, or where ssh goes.
    pub target: String,
    /// The policy file on the agent's machine; empty: its usual one.
    pub policy: String,
    /// Who asks, for the audit.
    pub who: String,
}

impl Default for State {
    fn default() -> Self {
        let names = ["SUDO_USER", "USER", "LOGNAME"];
        let who = names.iter().find_map(|it| std::env::var(it).ok());
        Self {
            place: Place {
                target: "local".to_owned(),
                policy: String::new(),
                who: who.unwrap_or_else(|| "operator".to_owned()),
            },
            sure: false,
        }
    }
}

/// What the user wants of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Say what it would allow.
    Ask(Place),
    /// Try the plan.
    Try(Place),
    /// Carry it out.
    Apply(Place),
    /// Put back what was confirmed and stays.
    TakeBack(Place),
    /// Say a word while it holds.
    Say(Word),
}

/// Draws it; costs the lines in sight.
pub(super) fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let seen = data.carried;
    place_ui(ui, state, seen);
    ui.separator();
    buttons_ui(ui, state, data, actions);
    if let Some(doing) = seen.doing {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(match doing {
                Doing::Asking => "asking the agent",
                Doing::Trying => "trying, without a write",
                Doing::TakingBack => "putting back what it set",
                Doing::Applying => match seen.phase.as_str() {
                    "" => "attaching",
                    phase => phase,
                },
            });
        });
    }
    if doing_or_held_ui(ui, seen, actions) {
        ui.ctx().request_repaint_after(Duration::from_millis(250));
    }
    if let Some(problem) = &seen.problem {
        words::warn(ui, &format!("{}: {}", problem.what, problem.why));
        if !problem.what_to_do.is_empty() {
            ui.label(format!("Try: {}", problem.what_to_do));
        }
    }
    ScrollArea::vertical()
        .id_salt("plan carried")
        .auto_shrink(false)
        .show(ui, |ui| {
            if let Some(outcome) = &seen.outcome {
                outcome_ui(ui, outcome, actions);
            }
            if let Some(tried) = &seen.tried {
                tried_ui(ui, (tried, data), actions);
            }
            guards_ui(ui, seen);
            lines_ui(ui, seen);
            policy_ui(ui, seen);
        });
}

fn place_ui(ui: &mut Ui, state: &mut State, seen: &Seen) {
    ui.add_enabled_ui(seen.doing.is_none(), |ui| {
        ui.horizontal_wrapped(|ui| {
            let fields = [
                (
                    &mut state.place.target,
                    "Agent",
                    "local, or user@host",
                    130.0,
                ),
                (
                    &mut state.place.policy,
                    "Policy there",
                    "/etc/kymo/policy.ron",
                    190.0,
                ),
                (&mut state.place.who, "By", "who, for the audit", 100.0),
            ];
            for (value, name, hint, width) in fields {
                // A name stays with its field where the line is full.
                ui.allocate_ui(vec2(width + 90.0, 22.0), |ui| {
                    ui.horizontal(|ui| {
                        ui.weak(name);
                        let field = TextEdit::singleline(value).desired_width(width);
                        let field = ui.add(field.hint_text(hint));
                        super::head::named(&field, name);
                    });
                });
            }
        });
    });
}

fn buttons_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let (seen, plan) = (data.carried, data.plans.plan());
    let idle = seen.doing.is_none() && !state.place.target.trim().is_empty();
    let sound = data.plans.faults().is_empty() && !plan.actions.is_empty();
    let hint = "Says for each action what it would change, what is in the way, and how it is taken back; writes nothing";
    ui.horizontal_wrapped(|ui| {
        let press = |ui: &mut Ui, enabled, name: &str, hint: &str| {
            let button = ui.add_enabled(enabled, Button::new(name));
            button.on_hover_text(hint).clicked()
        };
        let wish = |it| Action::Carry(Box::new(it));
        if press(ui, idle && sound, "Dry run", hint) {
            actions.push(wish(Wish::Try(state.place.clone())));
            state.sure = false;
        }
        let tried = seen.tried.as_ref().filter(|it| it.plan == plan.id);
        let free = tried.is_some_and(|it| is_free(it) && it.hash == data.mandate);
        let ready = idle && plan.state == Life::Approved && data.plans.is_saved() && free;
        let hint = "Needs an approved plan, saved, and a dry run of exactly it with nothing in the way";
        ui.add_enabled(ready, eframe::egui::Checkbox::new(&mut state.sure, "I watch it"))
            .on_hover_text("It is put back by itself when nobody confirms, a limit is broken, or this window goes away");
        if press(ui, ready && state.sure, "Apply", hint) {
            actions.push(wish(Wish::Apply(state.place.clone())));
            state.sure = false;
        }
        let stays = matches!(
            plan.state,
            Life::Confirmed | Life::Validated | Life::Mispredicted
        );
        let hint = "Puts back what this plan set on that agent, where nobody else changed it since";
        if stays && press(ui, idle && data.plans.is_saved(), "Take it back", hint) {
            actions.push(wish(Wish::TakeBack(state.place.clone())));
        }
        if press(ui, idle, "What is allowed?", "Rules of the agent's policy") {
            actions.push(wish(Wish::Ask(state.place.clone())));
        }
        if !ready && idle {
            ui.weak(match (plan.state, data.plans.is_saved(), tried) {
                (Life::Approved, false, _) => "to apply it, save it first",
                (Life::Approved, true, None) => "to apply it, try it first",
                (Life::Approved, true, Some(_)) if !free => {
                    "the dry run says what is in the way, or is of other contents"
                }
                (Life::Draft | Life::Predicted, ..) => "to apply it, approve it first",
                _ => "",
            });
        }
    });
}

/// The time that is left, and the words that end it; whether there is any.
fn doing_or_held_ui(ui: &mut Ui, seen: &Seen, actions: &mut Vec<Action>) -> bool {
    if seen.doing != Some(Doing::Applying) {
        return false;
    }
    let mut say = |word| actions.push(Action::Carry(Box::new(Wish::Say(word))));
    ui.horizontal_wrapped(|ui| {
        if let Some(action) = &seen.waits_for {
            ui.label(format!("{action} waits for a person"));
            if ui.button("It is done").clicked() {
                say(Word::Done(action.clone()));
            }
        }
        if let Some(until) = seen.until {
            let left = until.saturating_duration_since(Instant::now());
            if ui.button("Confirm: it stays").clicked() {
                say(Word::Confirm);
            }
            ui.strong(format!("put back in {} s unless confirmed", left.as_secs()));
        }
        if ui.button("Roll back now").clicked() {
            say(Word::RollBack);
        }
    });
    true
}

fn outcome_ui(ui: &mut Ui, outcome: &Outcome, actions: &mut Vec<Action>) {
    match outcome.code {
        CONFIRMED => ui.strong(format!("Confirmed: {}", outcome.cause)),
        ROLLED_BACK => ui.strong(format!("Taken back, all is as before: {}", outcome.cause)),
        _ => words::warn(ui, &format!("Not all is as before: {}", outcome.cause)),
    };
    if !outcome.left.is_empty() {
        let heads = [
            Head::Text("left"),
            Head::Text("is"),
            Head::Text("was"),
            Head::Text("why"),
            Head::Text("by hand"),
        ];
        words::table(ui, ("plan left", &heads), |ui| {
            for it in &outcome.left {
                for text in [&it.key, &it.found, &it.wanted, &it.why, &it.command] {
                    ui.label(text);
                }
                ui.end_row();
            }
        });
        let commands: Vec<&str> = outcome.left.iter().map(|it| it.command.as_str()).collect();
        if ui.button("Copy the commands").clicked() {
            actions.push(Action::Copy(commands.join("\n")));
        }
    }
    if !outcome.restored.is_empty() {
        let all: Vec<String> = outcome
            .restored
            .iter()
            .map(|it| format!("{} = {}", it.key, it.value))
            .collect();
        ui.label(format!("Put back: {}", all.join(", ")));
    }
    if !outcome.record.is_empty() {
        ui.weak(format!("Record on the agent's machine: {}", outcome.record));
    }
    ui.add_space(6.0);
}

fn tried_ui(ui: &mut Ui, (tried, data): (&DryRun, &Data<'_>), actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.strong("Dry run");
        if tried.hash != data.mandate {
            words::warn(ui, "of other contents than the plan has now");
        }
        let copy = ui.small_button("Copy as a script");
        if copy
            .on_hover_text("Shell commands that do the same, and take it back")
            .clicked()
        {
            actions.push(Action::Copy(tried.script.clone()));
        }
    });
    let heads = [
        Head::Text("action"),
        Head::Text("what"),
        Head::Text("before"),
        Head::Text("after"),
        Head::Text("in the way"),
        Head::Text("taken back by"),
    ];
    words::table(ui, ("plan tried", &heads), |ui| {
        for line in &tried.lines {
            ui.label(&line.action);
            ui.label(match line.key.as_str() {
                "" => format!("{} by a {}", line.kind, line.by),
                key => key.to_owned(),
            });
            ui.monospace(&line.before);
            ui.monospace(match line.before == line.after && !line.key.is_empty() {
                true => format!("{} (as it is)", line.after),
                false => line.after.clone(),
            });
            let in_the_way: Vec<&str> = [&line.refused, &line.drifted, &line.restart]
                .into_iter()
                .filter(|it| !it.is_empty())
                .map(String::as_str)
                .collect();
            ui.label(in_the_way.join("; "));
            ui.label(&line.inverse);
            ui.end_row();
        }
    });
    for why in &tried.refused {
        words::warn(ui, why);
    }
    ui.add_space(6.0);
}

fn guards_ui(ui: &mut Ui, seen: &Seen) {
    if seen.guards.is_empty() {
        return;
    }
    let heads = [
        Head::Text("guardrail"),
        Head::Text("limit"),
        Head::Number("now"),
        Head::Number("outside, s"),
    ];
    words::table(ui, ("plan guards", &heads), |ui| {
        for guard in &seen.guards {
            ui.label(&guard.metric);
            ui.label(&guard.limit);
            words::cell(
                ui,
                guard.value.map_or("–".to_owned(), |it| format!("{it:.4}")),
            );
            words::cell(ui, format!("{:.0}", guard.outside_s));
            ui.end_row();
        }
    });
    ui.add_space(6.0);
}

fn lines_ui(ui: &mut Ui, seen: &Seen) {
    if seen.lines.is_empty() {
        return;
    }
    ui.strong("What happened");
    for line in &seen.lines {
        ui.label(line);
    }
    ui.add_space(6.0);
}

fn policy_ui(ui: &mut Ui, seen: &Seen) {
    let Some(policy) = &seen.policy else {
        return;
    };
    ui.strong("What the agent allows");
    if !policy.allowed {
        words::warn(ui, &format!("nothing: {}", policy.why));
    }
    for it in &policy.rules {
        ui.label(rule(it));
    }
    if !policy.forbidden.is_empty() {
        ui.weak(format!("never: {}", policy.forbidden.join(", ")));
    }
}
