//! The form that says what of applications an agent hears: part of the dialog that
//! attaches one, and a dialog of its own for one that is attached.
//!
//! Every line is judged by the parser of the command line while it is typed; what is
//! wrong with it stands below it.
//!
//! Start at [`Draft::of`] and [`form_ui`].

use eframe::egui::{RichText, TextEdit, Ui, WidgetInfo, accesskit};
use workflow::target::Target;

use super::Scene;
use super::dialogs::{Action, Answer, buttons_ui};
use crate::desk::{Checker, Hindrance};
use crate::theme;

/// Scrape targets and logs of one agent.
const LINES_MAX: usize = 32;

/// What listens: how the command line calls it, its name and its usual port.
const RECEIVERS: [(&str, &str, &str); 3] = [
    ("otlp-http", "OpenTelemetry over HTTP", "4318"),
    ("otlp-grpc", "OpenTelemetry over gRPC", "4317"),
    ("statsd", "StatsD over UDP", "8125"),
];

/// What is listed: how the command line calls it, its title, an example and what one
/// more of it is called.
const LISTS: [(&str, &str, &str, &str); 2] = [
    (
        "scrape",
        "Prometheus endpoints, asked by the agent",
        "http://127.0.0.1:9100/metrics,every=5s,job=node",
        "+ Endpoint",
    ),
    (
        "log",
        "Access logs, followed from now on",
        "/var/log/nginx/access.log,service=shop",
        "+ Log",
    ),
];

/// What shall be heard, as it is edited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Whose agent; empty where it is not chosen yet.
    target: String,
    /// As [`RECEIVERS`]: whether it is wanted, and its port.
    receivers: [(bool, String); 3],
    /// As [`LISTS`]: each without its first word.
    lines: [Vec<String>; 2],
    /// What was chosen before and is offered again.
    offered: Vec<String>,
}

impl Draft {
    /// What was chosen for a target before.
    pub fn of(target: &str, remembered: &[String]) -> Self {
        let mut draft = Self {
            target: target.to_owned(),
            receivers: RECEIVERS.map(|(_, _, port)| (false, port.to_owned())),
            ..Self::default()
        };
        for text in remembered {
            let (word, rest) = text.split_once(':').unwrap_or((text, ""));
            if let Some(place) = RECEIVERS.iter().position(|(key, _, _)| *key == word) {
                let port = if rest.is_empty() {
                    RECEIVERS[place].2
                } else {
                    rest
                };
                draft.receivers[place] = (true, port.to_owned());
            } else if let Some(place) = LISTS.iter().position(|(key, _, _, _)| *key == word) {
                draft.lines[place].push(rest.to_owned());
            }
        }
        draft.offered = draft.specs();
        draft
    }

    /// Turns to another target: what is chosen already stays, else what was chosen for
    /// that target before is.
    pub(super) fn aim(&mut self, target: &str, remembered: &[String]) {
        if self.target == target {
            return;
        }
        let before = (!self.target.is_empty()).then_some(&self.offered);
        let mine = self.specs();
        match mine.is_empty() || before == Some(&mine) {
            true => *self = Self::of(target, remembered),
            false => target.clone_into(&mut self.target),
        }
    }

    /// What is chosen, as the command line writes it.
    pub fn specs(&self) -> Vec<String> {
        let receivers = RECEIVERS.iter().zip(&self.receivers);
        let receivers = receivers.filter(|(_, (on, _))| *on);
        let receivers = receivers.map(|((key, _, usual), (_, port))| match port.trim() {
            port if port.is_empty() || port == *usual => (*key).to_owned(),
            port => format!("{key}:{port}"),
        });
        let lists = LISTS.iter().zip(&self.lines);
        let lists = lists.flat_map(|((key, _, _, _), lines)| {
            let lines = lines.iter().map(|it| it.trim());
            let lines = lines.filter(|it| !it.is_empty());
            lines.map(move |line| spec(key, line))
        });
        receivers.chain(lists).collect()
    }

    /// Whether everything that is chosen makes sense.
    fn is_sound(&self, check: Checker) -> bool {
        self.specs().iter().all(|it| check(it).is_ok())
    }
}

/// A line as the command line writes it, whether or not its first word was typed too.
fn spec(key: &str, line: &str) -> String {
    match line.strip_prefix(key).and_then(|it| it.strip_prefix(':')) {
        Some(rest) => format!("{key}:{rest}"),
        None => format!("{key}:{line}"),
    }
}

/// Draws the form; says whether everything in it makes sense.
pub(super) fn form_ui(
    ui: &mut Ui,
    draft: &mut Draft,
    (check, hindrances): (Checker, &[Hindrance]),
) -> bool {
    for (number, (key, name, usual)) in RECEIVERS.iter().enumerate() {
        let (on, port) = &mut draft.receivers[number];
        ui.horizontal(|ui| {
            ui.checkbox(on, *name);
            let label = format!("Port of {key}");
            let edit = TextEdit::singleline(port)
                .desired_width(64.0)
                .hint_text(*usual)
                .id_salt(*key);
            let response = ui.add_enabled(*on, edit);
            response.widget_info(|| {
                WidgetInfo::labeled(accesskit::Role::TextInput, true, label.as_str())
            });
        });
        if *on {
            let text = match port.trim() {
                "" => (*key).to_owned(),
                port => format!("{key}:{port}"),
            };
            wrong_ui(ui, &text, check);
        }
    }
    for (number, (key, title, example, more)) in LISTS.iter().enumerate() {
        ui.add_space(4.0);
        ui.label(*title);
        let lines = &mut draft.lines[number];
        let mut gone = None;
        for (place, line) in lines.iter_mut().enumerate() {
            ui.push_id((key, place), |ui| {
                ui.horizontal(|ui| {
                    let edit = TextEdit::singleline(line)
                        .hint_text(*example)
                        .desired_width(ui.available_width() - 32.0);
                    let response = ui.add(edit);
                    let label = format!("{key} {}", place + 1);
                    response.widget_info(|| {
                        WidgetInfo::labeled(accesskit::Role::TextInput, true, label.as_str())
                    });
                    if ui.small_button("×").on_hover_text("Remove it").clicked() {
                        gone = Some(place);
                    }
                });
                if !line.trim().is_empty() {
                    wrong_ui(ui, &spec(key, line.trim()), check);
                }
            });
        }
        if let Some(place) = gone {
            lines.remove(place);
        }
        if lines.len() < LINES_MAX && ui.small_button(*more).clicked() {
            lines.push(String::new());
        }
    }
    if draft.target == Target::Local.to_string() {
        hindrances_ui(ui, hindrances);
    }
    draft.is_sound(check)
}

/// What keeps something from being heard here, and what would help.
fn hindrances_ui(ui: &mut Ui, hindrances: &[Hindrance]) {
    let theme = theme::of(ui.visuals());
    for it in hindrances {
        ui.add_space(4.0);
        ui.label(RichText::new(format!("! {}", it.what)).color(theme.quality_edge));
        ui.label(RichText::new(&it.fix).monospace().small());
    }
}

fn wrong_ui(ui: &mut Ui, text: &str, check: Checker) {
    if let Err(why) = check(text) {
        let color = theme::of(ui.visuals()).severe;
        ui.label(RichText::new(format!("▲ {text} {why}")).color(color));
    }
}

/// Draws the dialog for an agent that is attached.
pub(super) fn ui(ui: &mut Ui, draft: &mut Draft, scene: &Scene<'_>) -> Answer {
    ui.heading("Hear applications");
    let hub = &scene.session.hub;
    let live = hub.live().hosts().iter();
    let hosts: Vec<(String, Target)> = live
        .filter_map(|host| Some((host.name().to_owned(), hub.target_of(host.name())?)))
        .collect();
    ui.horizontal_wrapped(|ui| {
        ui.label("By the agent on");
        for (host, target) in &hosts {
            let target = target.to_string();
            let chosen = draft.target == target;
            if ui.selectable_label(chosen, host).clicked() && !chosen {
                *draft = Draft::of(&target, scene.desk.recent.heard(&target));
            }
        }
    });
    ui.weak("Applications on that machine tell it what they do; nobody else is listened to. It begins at once, a running recording takes it along, and it is remembered for this machine.");
    ui.add_space(6.0);
    let sound = form_ui(ui, draft, (scene.desk.checker, &scene.desk.hindrances));
    let target = draft.target.parse::<Target>().ok().filter(|_| sound);
    let given = target.map(|target| Action::Hear(target, draft.specs()));
    buttons_ui(ui, "Hear", given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::testing;
    use egui_kittest::kittest::Queryable as _;
    use std::cell::RefCell;

    fn check(text: &str) -> Result<String, String> {
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        match (word, rest) {
            ("scrape", rest) if !rest.starts_with("http://") => Err("wants a URL".to_owned()),
            ("statsd", rest) if rest.parse::<u16>().is_err() && !rest.is_empty() => {
                Err("wants a port".to_owned())
            }
            _ => Ok(text.to_owned()),
        }
    }

    #[test]
    fn what_was_chosen_reads_back() {
        let chosen = [
            "otlp-http",
            "statsd:9125",
            "scrape:http://127.0.0.1:9100/metrics,job=node",
            "log:/srv/a.log,nginx=$remote_addr [$time_local]",
        ]
        .map(str::to_owned);
        assert_eq!(Draft::of("local", &chosen).specs(), chosen);
        // Another target has its own, unless something was chosen by hand.
        let mut draft = Draft::of("local", &chosen);
        draft.aim("ssh://a", &chosen[..1]);
        assert_eq!(draft.specs(), chosen[..1]);
        draft.receivers[2].0 = true;
        draft.aim("ssh://b", &[]);
        assert_eq!(draft.specs(), ["otlp-http", "statsd"]);
        let mut typed = Draft::of("local", &[]);
        assert_eq!(typed.specs(), [""; 0]);
        typed.lines[1] = vec!["  log:/a.log ".to_owned(), String::new()];
        assert_eq!(typed.specs(), ["log:/a.log"]);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_told_below_it() {
        let draft = RefCell::new(Draft::of("local", &[]));
        let sound = RefCell::new(true);
        let mut harness = testing::harness([600.0, 500.0], |ui| {
            let hindrances = [Hindrance {
                what: "hearing StatsD: taken".to_owned(),
                fix: "ss -lunp".to_owned(),
            }];
            *sound.borrow_mut() = form_ui(ui, &mut draft.borrow_mut(), (check, &hindrances));
        });
        harness.get_by_label("! hearing StatsD: taken");
        harness.get_by_label("OpenTelemetry over HTTP").click();
        harness.get_by_label("+ Endpoint").click();
        harness.run_steps(2);
        harness.get_by_label("scrape 1").focus();
        harness.run_steps(2);
        harness.get_by_label("scrape 1").type_text("localhost:9100");
        harness.run_steps(2);
        harness.get_by_label_contains("▲ scrape:localhost:9100 wants a URL");
        assert!(!*sound.borrow());
        drop(harness);
        assert_eq!(
            draft.into_inner().specs(),
            ["otlp-http", "scrape:localhost:9100"]
        );
    }
}
