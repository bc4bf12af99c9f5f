//! Hosts as chips: name, state, clock; a click tells what each can and cannot do.
//!
//! Start at [`ui`].

use std::time::Duration;

use eframe::egui::{
    Button, Grid, Popup, PopupCloseBehavior, Response, RichText, Ui, WidgetInfo, accesskit,
};
use model::host::Host;
use model::time::duration_text;
use model::unit::Unit;
use workflow::clock::Offset;

use super::table::{self, Format};
use crate::theme;

/// From this error of the clock on, events of two hosts cannot be put in order by eye.
const CLOCK_DOUBT_NS: i64 = 50_000_000;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {}

/// How a host is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status<'a> {
    /// Its agent sends samples.
    Live,
    /// Its agent is attached but has said nothing for this long.
    Silent(Duration),
    /// Its agent is being reached.
    Connecting,
    /// The link is over, for this reason.
    Ended(&'a str),
    /// It is part of a recording.
    Recorded,
}

/// One host.
#[derive(Clone, Copy, Debug)]
pub struct Card<'a> {
    /// Name in the session.
    pub name: &'a str,
    /// What its agent said of it; `None` before it spoke.
    pub host: Option<&'a Host>,
    /// How it is present.
    pub status: Status<'a>,
    /// Its clock against ours.
    pub clock: Option<Offset>,
    /// Share of one core the agent uses, `NaN` where unknown.
    pub agent_cpu: f64,
    /// Resident memory of the agent in bytes, `NaN` where unknown.
    pub agent_memory: f64,
    /// Samples the window was too slow for.
    pub skipped: u64,
    /// What of applications its agent takes in, as the command line writes it.
    pub heard: &'a str,
}

/// Everything the chips show, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Hosts in the order in which they came.
    pub cards: &'a [Card<'a>],
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Ask which machine to attach.
    Attach,
    /// End the link to this host.
    Detach(String),
    /// Choose what the agent of this host hears of applications.
    Hear(String),
    /// Start the link to this host again.
    Reattach(String),
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws one chip per host and the details of the one that is open.
pub fn ui(ui: &mut Ui, _state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.horizontal_wrapped(|ui| {
        if data.cards.is_empty() {
            let weak = theme::of(ui.visuals()).text_weak;
            ui.label(RichText::new("No host: nothing is attached or open.").color(weak));
        }
        for (place, card) in data.cards.iter().enumerate() {
            ui.push_id((place, card.name), |ui| {
                let response = chip_ui(ui, card);
                details_ui(&response, card, &mut actions);
            });
        }
        let attach = ui.button("+ Attach");
        attach
            .widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, "Attach a machine"));
        if attach
            .on_hover_text("Attach this or another machine")
            .clicked()
        {
            actions.push(Action::Attach);
        }
    });
    actions
}

fn chip_ui(ui: &mut Ui, card: &Card<'_>) -> Response {
    let theme = theme::of(ui.visuals());
    let (sign, word) = state_words(card.status);
    let color = match card.status {
        Status::Live => theme.series_color(2),
        Status::Connecting => theme.quality_edge,
        Status::Ended(_) | Status::Silent(_) => theme.severe,
        Status::Recorded => theme.text_weak,
    };
    let response = ui.add(Button::new((
        RichText::new(sign).color(color),
        RichText::new(card.name).color(theme.text),
        RichText::new(word).small().color(theme.text_weak),
    )));
    response.widget_info(|| {
        let name = format!("Host {}, {word}, details", card.name);
        WidgetInfo::labeled(accesskit::Role::Button, true, name)
    });
    response
}

fn state_words(status: Status<'_>) -> (&'static str, &'static str) {
    match status {
        Status::Live => ("●", "live"),
        Status::Silent(_) => ("○", "silent"),
        Status::Connecting => ("…", "connecting"),
        Status::Ended(_) => ("■", "ended"),
        Status::Recorded => ("◆", "recorded"),
    }
}

fn details_ui(response: &Response, card: &Card<'_>, actions: &mut Vec<Action>) {
    let popup = Popup::from_toggle_button_response(response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name(format!("Details of {}", card.name));
    popup.show(|ui| {
        ui.set_max_width(520.0);
        ui.strong(card.name);
        if let Status::Ended(why) = card.status {
            let color = theme::of(ui.visuals()).severe;
            ui.label(RichText::new(format!("! The link ended: {why}")).color(color));
        }
        if let Status::Silent(time) = card.status {
            let color = theme::of(ui.visuals()).severe;
            let time = duration_text(time.as_secs() as f64);
            let text = format!("! No data for {time}: the agent or the way to it hangs");
            ui.label(RichText::new(text).color(color));
        }
        let facts = facts(card);
        Grid::new("facts")
            .num_columns(2)
            .spacing([12.0, 3.0])
            .show(ui, |ui| {
                for (name, value) in &facts {
                    ui.weak(*name);
                    ui.label(value);
                    ui.end_row();
                }
            });
        if let Some(host) = card.host {
            can_ui(ui, host);
        }
        ui.separator();
        ui.horizontal(|ui| buttons_ui(ui, (card, &facts), actions));
    });
}

fn buttons_ui(
    ui: &mut Ui,
    (card, facts): (&Card<'_>, &[(&str, String)]),
    actions: &mut Vec<Action>,
) {
    if ui.button("Copy facts").clicked() {
        let header = ["fact", "value"].map(str::to_owned);
        let rows = facts
            .iter()
            .map(|(name, value)| [(*name).to_owned(), value.clone()]);
        actions.push(Action::Copy(table::text(Format::Tsv, &header, rows)));
    }
    let name = || card.name.to_owned();
    match card.status {
        Status::Live | Status::Silent(_) | Status::Connecting => {
            if ui.button("Detach").clicked() {
                actions.push(Action::Detach(name()));
            }
            let hint = "Choose what of its applications the agent takes in";
            if card.host.is_some()
                && ui
                    .button("Hear applications…")
                    .on_hover_text(hint)
                    .clicked()
            {
                actions.push(Action::Hear(name()));
            }
        }
        Status::Ended(_) => {
            if ui.button("Attach again").clicked() {
                actions.push(Action::Reattach(name()));
            }
        }
        Status::Recorded => {}
    }
}

/// What the agent can do on this host, and what it cannot and why.
fn can_ui(ui: &mut Ui, host: &Host) {
    let theme = theme::of(ui.visuals());
    if !host.capabilities.is_empty() {
        ui.add_space(4.0);
        ui.strong("Available");
        ui.label(host.capabilities.join(", "));
    }
    ui.add_space(4.0);
    ui.strong("Not available, and why");
    if host.limits.is_empty() {
        ui.label(RichText::new("Nothing is missing.").color(theme.text_weak));
    }
    for limit in &host.limits {
        ui.label(RichText::new(format!("! {limit}")).color(theme.quality_edge));
    }
}

fn facts(card: &Card<'_>) -> Vec<(&'static str, String)> {
    let mut facts = vec![("state", state_words(card.status).1.to_owned())];
    if let Some(host) = card.host {
        let memory = Unit::new("By").text(host.memory_bytes as f64);
        facts.extend([
            ("system", host.os.clone()),
            ("kernel", format!("{} {}", host.kernel, host.arch)),
            ("processors", format!("{} × {}", host.cpus, host.cpu_model)),
            ("memory", memory),
            ("agent", host.agent_version.clone()),
        ]);
    }
    if let Some(clock) = card.clock {
        facts.push(("clock against ours", clock_text(clock)));
    }
    if !card.agent_cpu.is_nan() || !card.agent_memory.is_nan() {
        let cpu = Unit::new("1").text(card.agent_cpu);
        let memory = Unit::new("By").text(card.agent_memory);
        facts.push(("agent uses", format!("{cpu} of a core, {memory}")));
    }
    if !card.heard.is_empty() {
        facts.push(("hears", card.heard.replace("; ", "\n")));
    }
    if card.skipped > 0 {
        let text = format!("{} samples that the window was too slow for", card.skipped);
        facts.push(("not shown", text));
    }
    facts
}

/// Offset and its error, and what the error means where it is large.
fn clock_text(clock: Offset) -> String {
    let sign = if clock.offset_ns < 0 { "−" } else { "+" };
    let offset = duration_text(clock.offset_ns.unsigned_abs() as f64 / 1e9);
    let error = duration_text(clock.error_ns as f64 / 1e9);
    let doubt = match clock.error_ns >= CLOCK_DOUBT_NS {
        true => ": the order of events against other hosts is uncertain within that",
        false => "",
    };
    format!("{sign}{offset} ± {error}{doubt}")
}

#[cfg(test)]
mod tests {
    use super::ui as hosts_ui;
    use super::*;
    use crate::view::testing;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    fn card<'a>(name: &'a str, host: &'a Host, status: Status<'a>) -> Card<'a> {
        Card {
            name,
            host: Some(host),
            status,
            clock: Some(Offset {
                offset_ns: -3_000_000,
                error_ns: 250_000,
            }),
            agent_cpu: 0.006,
            agent_memory: 9e6,
            skipped: 0,
            heard: "statsd:127.0.0.1:8125",
        }
    }

    fn drawn(cards: &[Card<'_>], use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
        let (mut state, mut actions) = (State::default(), Vec::new());
        let data = Data { cards };
        let mut harness = testing::harness([800.0, 600.0], |ui| {
            actions.extend(hosts_ui(ui, &mut state, &data));
        });
        use_it(&mut harness);
        harness.run();
        drop(harness);
        actions
    }

    #[test]
    fn details_tell_limits_and_detach() {
        let host = Host {
            limits: vec!["Open files need root.".to_owned()],
            ..Host::default()
        };
        let actions = drawn(&[card("web-1", &host, Status::Live)], |harness| {
            harness.get_by_label("Host web-1, live, details").click();
            harness.run();
            harness.get_by_label("! Open files need root.");
            harness.get_by_label("−3 ms ± 250 µs");
            harness.get_by_label("Detach").click();
        });
        assert_eq!(actions, [Action::Detach("web-1".to_owned())]);
    }

    #[test]
    fn a_silent_host_says_for_how_long() {
        let host = Host::default();
        let silent = Status::Silent(Duration::from_secs(12));
        let actions = drawn(&[card("web-1", &host, silent)], |harness| {
            harness.get_by_label("Host web-1, silent, details").click();
            harness.run();
            harness.get_by_label_contains("No data for 12 s");
            harness.get_by_label("Detach").click();
        });
        assert_eq!(actions, [Action::Detach("web-1".to_owned())]);
    }

    #[test]
    fn hosts_of_one_name_open_apart() {
        let host = Host::default();
        let cards = [
            card("twin", &host, Status::Live),
            card("twin", &host, Status::Ended("gone")),
        ];
        let actions = drawn(&cards, |harness| {
            harness.get_by_label("Host twin, ended, details").click();
            harness.run();
            assert!(harness.query_by_label("Detach").is_none());
            harness.get_by_label("Attach again").click();
        });
        assert_eq!(actions, [Action::Reattach("twin".to_owned())]);
    }

    #[test]
    fn without_hosts_one_can_be_attached() {
        let actions = drawn(&[], |harness| {
            harness.get_by_label("No host: nothing is attached or open.");
            harness.get_by_label("Attach a machine").click();
        });
        assert_eq!(actions, [Action::Attach]);
    }
}
