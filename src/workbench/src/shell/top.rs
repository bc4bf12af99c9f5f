//! Menu, title, hosts, and the badge that says live, paused, recorded, recording.

use std::time::Duration;

use eframe::egui::{self, Button, Color32, RichText, Ui, WidgetInfo, accesskit};
use model::host::Host;
use model::time::duration_text;
use workflow::clock::Offset;
use workflow::live::State as LinkState;

use super::{Scene, Views, Wish};
use crate::commands::{self, ALL, CATEGORIES, Category, Command, Facts, Id};
use crate::hub::Stage;
use crate::recorder::Report;
use crate::session::Source;
use crate::theme;
use crate::timeline::Mode;
use crate::view::hosts::{self, Card, Status};
use crate::workspace::ClockChoice;

/// Draws the bar.
pub(super) fn ui(ui: &mut Ui, views: &mut Views, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    egui::containers::menu::MenuBar::new().ui(ui, |ui| {
        for (category, title) in CATEGORIES {
            ui.menu_button(*title, |ui| menu_ui(ui, *category, scene, wishes));
        }
        ui.separator();
        title_ui(ui, scene);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            clock_ui(ui, scene, wishes);
            ui.separator();
            badges_ui(ui, scene);
            buttons_ui(ui, scene, wishes);
            ui.separator();
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                hosts_ui(ui, views, scene, wishes);
            });
        });
    });
}

fn menu_ui(ui: &mut Ui, category: Category, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    ui.set_min_width(260.0);
    for command in ALL.iter().filter(|it| it.category == category) {
        if starts_group(command.id) {
            ui.separator();
        }
        if item_ui(ui, command, scene.facts) {
            wishes.push(Wish::Command(command.id));
            ui.close();
        }
        if command.id == Id::OpenPath {
            recent_ui(ui, scene, wishes);
        }
    }
}

/// Commands before which a line is drawn in the menu.
fn starts_group(id: Id) -> bool {
    matches!(
        id,
        Id::ShowLive
            | Id::Record
            | Id::ReportHtml
            | Id::Quit
            | Id::CopyRange
            | Id::Mark
            | Id::AddPlot
            | Id::PanLeft
            | Id::ZoomToSelection
            | Id::PreviousEvent
            | Id::Measure
            | Id::ClockUtc
            | Id::Columns(1)
            | Id::ThemeSystem
            | Id::Larger
            | Id::DragHabit
            | Id::ResetLayout
            | Id::Help
    )
}

fn item_ui(ui: &mut Ui, command: &Command, facts: &Facts) -> bool {
    let name = facts.name(command);
    let keys = command
        .chords
        .first()
        .map_or_else(String::new, commands::Chord::text);
    let chosen = facts.on.contains(&command.id);
    let text = if chosen { format!("• {name}") } else { name };
    let button = Button::new(text).shortcut_text(keys);
    ui.add_enabled(facts.allow(command), button).clicked()
}

fn recent_ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    ui.menu_button("Open recent", |ui| {
        ui.set_min_width(320.0);
        if scene.desk.recent.files.is_empty() {
            ui.weak("Nothing was opened or recorded yet.");
        }
        for path in &scene.desk.recent.files {
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy();
            let full = path.display().to_string();
            if ui.button(name).on_hover_text(full).clicked() {
                wishes.push(Wish::Open(path.clone()));
                ui.close();
            }
        }
    });
    ui.menu_button("Open example", |ui| {
        ui.set_min_width(320.0);
        if scene.desk.examples.is_empty() {
            ui.weak("No examples were found beside the program.");
        }
        for example in &scene.desk.examples {
            if ui
                .button(&example.name)
                .on_hover_text(&example.what)
                .clicked()
            {
                wishes.push(Wish::Open(example.path.clone()));
                ui.close();
            }
        }
    });
}

/// Title of a stored session; live data is named by its hosts.
fn title_ui(ui: &mut Ui, scene: &Scene<'_>) {
    if let Source::Stored(stored) = scene.session.source() {
        let title = RichText::new(stored.title()).strong();
        let hint = stored.path().display().to_string();
        ui.add(egui::Label::new(title).truncate())
            .on_hover_text(hint);
    }
}

fn hosts_ui(ui: &mut Ui, views: &mut Views, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let waiting: Vec<String> = scene
        .session
        .hub
        .attempts()
        .iter()
        .filter(|attempt| attempt.stage == Stage::Waiting)
        .map(|attempt| attempt.link.target().to_string())
        .collect();
    let known = hosts_of(scene);
    let cards = known.iter().map(|known| known.card(scene));
    let more = waiting.iter().map(|target| Card {
        name: target,
        host: None,
        status: Status::Connecting,
        clock: None,
        agent_cpu: f64::NAN,
        agent_memory: f64::NAN,
        skipped: 0,
        heard: "",
    });
    let live = scene.session.stored().is_none();
    let cards: Vec<Card<'_>> = cards.chain(more.filter(|_| live)).collect();
    let actions = hosts::ui(ui, &mut views.hosts, &hosts::Data { cards: &cards });
    wishes.extend(actions.into_iter().map(Wish::Hosts));
}

/// A host as its source knows it.
struct Known {
    name: String,
    host: Host,
    state: Option<LinkState>,
    silent: Option<Duration>,
    clock: Offset,
    skipped: u64,
    heard: String,
}

impl Known {
    fn card(&self, scene: &Scene<'_>) -> Card<'_> {
        let cost = |metric| scene.agent_cost(&self.name, metric).unwrap_or(f64::NAN);
        Card {
            name: &self.name,
            host: Some(&self.host),
            status: match &self.state {
                Some(LinkState::Live) => self.silent.map_or(Status::Live, Status::Silent),
                Some(LinkState::Ended(why)) => Status::Ended(why),
                None => Status::Recorded,
            },
            clock: Some(self.clock),
            agent_cpu: cost("kymo.agent.cpu.utilization"),
            agent_memory: cost("kymo.agent.memory.usage"),
            skipped: self.skipped,
            heard: &self.heard,
        }
    }
}

fn hosts_of(scene: &Scene<'_>) -> Vec<Known> {
    match scene.session.source() {
        Source::Live => {
            let hosts = scene.session.hub.live().hosts().iter();
            let known = hosts.map(|host| Known {
                name: host.name().to_owned(),
                host: host.connected.hello.host(),
                state: Some(host.state.clone()),
                silent: host.silent_for(scene.now),
                clock: host.clock,
                skipped: host.skipped,
                heard: host.heard().to_owned(),
            });
            known.collect()
        }
        Source::Stored(stored) => {
            let known = stored.hosts().iter().map(|facts| Known {
                name: facts.name.clone(),
                host: facts.host.clone(),
                state: None,
                silent: None,
                clock: Offset {
                    offset_ns: facts.offset_ns,
                    error_ns: facts.error_ns,
                },
                skipped: 0,
                heard: String::new(),
            });
            known.collect()
        }
    }
}

impl Scene<'_> {
    /// What an agent costs now, if it is known.
    pub(super) fn agent_cost(&self, host: &str, metric: &str) -> Option<f64> {
        if self.session.mute().iter().any(|mute| mute == host) {
            return None;
        }
        let key = model::series::SeriesKey::new(host, metric, []);
        let track = self.session.hub.live().track(&key)?;
        track.latest().map(|(_, value)| value)
    }
}

fn buttons_ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let live = scene.session.stored().is_none();
    let allowed = |id| commands::find(id).is_some_and(|it| scene.facts.allow(it));
    let record = match scene.recorder.report() {
        Report::Running { .. } => ("■ Stop", "Stop recording and keep the file (Ctrl+R)"),
        _ => ("● Record", "Record what the agents say (Ctrl+R)"),
    };
    if live || scene.recorder.is_busy() {
        let button = ui.add_enabled(allowed(Id::Record), Button::new(record.0));
        if button.on_hover_text(record.1).clicked() {
            wishes.push(Wish::Command(Id::Record));
        }
    }
    if live {
        let (name, hint) = match scene.timeline.mode() {
            Mode::Follow => ("Pause", "Hold the view; samples keep coming (Space)"),
            Mode::Paused => ("▸ Follow", "Follow the newest sample again (Space)"),
        };
        if ui
            .add_enabled(allowed(Id::Follow), Button::new(name))
            .on_hover_text(hint)
            .clicked()
        {
            wishes.push(Wish::Command(Id::Follow));
        }
    } else if ui.button("Show live data").clicked() {
        wishes.push(Wish::Command(Id::ShowLive));
    }
}

/// Live, paused or recorded; beside it the recording, if one runs.
fn badges_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let theme = theme::of(ui.visuals());
    let span = scene.session.span();
    let length = match span.seconds().round() {
        0.0 => "0 s".to_owned(),
        seconds => duration_text(seconds),
    };
    let silence = scene.session.hub.silence(scene.now);
    let (text, color, hint) = match (scene.session.source(), scene.timeline.mode()) {
        (Source::Stored(_), _) => (
            format!("RECORDED ◆ {length}"),
            theme.text_weak,
            "A session on disk; length of the recording",
        ),
        (Source::Live, Mode::Paused) => (
            format!("PAUSED ■ {length}"),
            theme.quality_edge,
            "The view is held; samples keep coming and recording goes on",
        ),
        (Source::Live, Mode::Follow) if silence.is_some() => {
            let seconds = silence.unwrap_or_default().as_secs();
            (
                format!("NO DATA for {}", duration_text(seconds as f64)),
                theme.severe,
                "The agent is attached but says nothing; values at the end are old",
            )
        }
        (Source::Live, Mode::Follow) if scene.session.hub.speaks() => (
            format!("LIVE ● {length}"),
            theme.series_color(2),
            "Newest samples; length of what is in memory",
        ),
        (Source::Live, Mode::Follow) => (
            "NOT ATTACHED ○".to_owned(),
            theme.quality_edge,
            "No agent speaks",
        ),
    };
    badge_ui(ui, &text, color, hint);
    match scene.recorder.report() {
        Report::Idle => {}
        Report::Starting => badge_ui(ui, "REC …", theme.severe, "The recording is being started"),
        Report::Finishing(_) => {
            badge_ui(
                ui,
                "FINISHING …",
                theme.severe,
                "The recording is being packed into one file",
            );
        }
        Report::Running { elapsed, path, .. } => {
            let text = format!("REC ● {}", duration_text(elapsed.as_secs() as f64));
            badge_ui(
                ui,
                &text,
                theme.severe,
                &format!("Recording to {}", path.display()),
            );
        }
    }
}

fn badge_ui(ui: &mut Ui, text: &str, color: Color32, hint: &str) {
    let label = RichText::new(text).color(color).strong();
    let response = ui.label(label).on_hover_text(hint);
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Status, true, text));
}

fn clock_ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let choices = [
        (ClockChoice::Utc, Id::ClockUtc, "UTC"),
        (ClockChoice::Local, Id::ClockLocal, "Local time"),
        (ClockChoice::SinceStart, Id::ClockSinceStart, "Since start"),
        (ClockChoice::SinceMark, Id::ClockSinceMark, "Since cursor A"),
    ];
    let now = scene.history.now().clock;
    let name = choices
        .iter()
        .find(|(choice, ..)| *choice == now)
        .map_or("", |(.., name)| name);
    let response = ui.menu_button(name, |ui| {
        for (choice, id, name) in choices {
            if ui.selectable_label(choice == now, name).clicked() {
                wishes.push(Wish::Command(id));
                ui.close();
            }
        }
    });
    response.response.on_hover_text("How moments are labeled");
}
