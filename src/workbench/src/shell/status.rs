//! The bar at the bottom: jobs, recording, what the agent and the window cost.

use eframe::egui::{self, ProgressBar, RichText, Ui};
use model::time::duration_text;
use model::unit::Unit;

use super::{Scene, Wish};
use crate::commands::Id;
use crate::layout::Screen;
use crate::recorder::Report;
use crate::tasks::SHOWN_AFTER;
use crate::theme;

/// Jobs shown at once; more are counted.
const JOBS_MAX: usize = 2;

/// Alerts named where there are many.
const FIRING_MAX: usize = 12;

/// Draws the bar.
pub(super) fn ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    ui.horizontal(|ui| {
        jobs_ui(ui, scene, wishes);
        recording_ui(ui, scene);
        hearing_ui(ui, scene, wishes);
        firing_ui(ui, scene, wishes);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            notices_ui(ui, scene, wishes);
            ui.separator();
            costs_ui(ui, scene);
        });
    });
}

fn jobs_ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let old = |since: std::time::Instant| scene.now.saturating_duration_since(since) >= SHOWN_AFTER;
    let running = scene.work.running().filter(|(_, _, job)| old(job.since));
    let running: Vec<_> = running.collect();
    for (pool, id, job) in running.iter().take(JOBS_MAX) {
        ui.push_id((pool, id), |ui| {
            let cancelled = job.context.cancelled();
            let label = match cancelled {
                true => format!("{}: stopping…", job.label),
                false => job.label.clone(),
            };
            ui.add(egui::Label::new(RichText::new(label).small()).truncate());
            // What cannot say how far it is shows its time instead of something that
            // moves: that would paint the window sixty times a second.
            match job.context.fraction() {
                Some(fraction) => {
                    let bar = ProgressBar::new(fraction)
                        .desired_width(90.0)
                        .show_percentage();
                    ui.add(bar);
                }
                None => {
                    let elapsed = scene.now.saturating_duration_since(job.since);
                    let text = duration_text(elapsed.as_secs() as f64);
                    ui.label(RichText::new(text).small());
                }
            }
            let hint = format!("Stop {}", job.label);
            let button = ui.add_enabled(!cancelled, egui::Button::new("Cancel").small());
            if button.on_hover_text(hint).clicked() {
                wishes.push(Wish::Cancel(*pool, *id));
            }
            ui.separator();
        });
    }
    match running.len() {
        0 => {
            let weak = theme::of(ui.visuals()).text_weak;
            ui.label(RichText::new("Ready").small().color(weak));
            ui.separator();
        }
        many if many > JOBS_MAX => {
            let text = format!("and {} more", many - JOBS_MAX);
            ui.label(RichText::new(text).small());
            ui.separator();
        }
        _ => {}
    }
}

fn recording_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let Report::Running {
        status,
        bytes_per_second,
        path,
        ..
    } = scene.recorder.report()
    else {
        return;
    };
    let bytes = Unit::new("By");
    let rate = match bytes_per_second.is_nan() {
        true => String::new(),
        false => format!(", {}/min", bytes.text(bytes_per_second * 60.0)),
    };
    let text = format!(
        "● {}{rate}, {} samples",
        bytes.text(status.bytes as f64),
        status.samples
    );
    let hint = format!("Recording to {}", path.display());
    ui.label(RichText::new(text).small()).on_hover_text(hint);
    if let Some(trouble) = &status.trouble {
        let color = theme::of(ui.visuals()).severe;
        let text = format!("▲ {trouble}");
        ui.add(egui::Label::new(RichText::new(text).small().color(color)).truncate());
    }
}

/// Says what of applications is heard, and opens the choice of it.
fn hearing_ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    if scene.session.stored().is_some() || !scene.session.hub.speaks() {
        return;
    }
    let hosts = scene.session.hub.live().hosts().iter();
    let heard = hosts.filter(|host| !host.heard().is_empty());
    let heard: Vec<String> = heard
        .map(|host| format!("{} hears {}", host.name(), host.heard()))
        .collect();
    let weak = theme::of(ui.visuals()).text_weak;
    let (text, hint) = match heard.as_slice() {
        [] => (
            "Hear applications…".to_owned(),
            "No agent takes in what applications tell: choose what".to_owned(),
        ),
        all => (format!("hears {}", sorts(all)), all.join("\n")),
    };
    let button = egui::Button::new(RichText::new(text).small().color(weak)).frame(false);
    if ui.add(button).on_hover_text(hint).clicked() {
        wishes.push(Wish::Command(Id::Hear));
    }
}

/// Says which alerts fire, and opens the screen that tells of them.
fn firing_ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let firing: Vec<_> = scene.session.standards.firing().collect();
    let Some(first) = firing.first() else { return };
    let text = match firing.len() {
        1 => format!("▲ {} fires", first.rule),
        many => format!("▲ {many} alerts fire"),
    };
    let hint: Vec<String> = firing
        .iter()
        .take(FIRING_MAX)
        .map(|it| format!("{} {} on {}", it.standard, it.rule, it.series))
        .collect();
    let color = theme::of(ui.visuals()).severe;
    let button = egui::Button::new(RichText::new(text).small().color(color)).frame(false);
    if ui.add(button).on_hover_text(hint.join("\n")).clicked() {
        wishes.push(Wish::Command(Id::Show(Screen::Standards)));
    }
}

/// The sorts of what is heard, each once: `otlp-http, log`.
fn sorts(heard: &[String]) -> String {
    let all = heard.iter().flat_map(|it| it.split("; "));
    let words = all.filter_map(|it| it.split(" hears ").last()?.split(':').next());
    let mut sorts: Vec<&str> = Vec::new();
    for word in words {
        if !sorts.contains(&word) {
            sorts.push(word);
        }
    }
    sorts.join(", ")
}

fn costs_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let weak = theme::of(ui.visuals()).text_weak;
    let small = |text: String| RichText::new(text).small().color(weak);
    if let Some(seconds) = scene.frame_seconds {
        let text = format!("frame {}", Unit::new("s").text(f64::from(seconds)));
        ui.label(small(text))
            .on_hover_text("Processor time of the last picture, painting included");
    }
    if scene.session.stored().is_some() {
        return;
    }
    for host in scene.session.hosts() {
        let cpu = scene.agent_cost(host, "kymo.agent.cpu.utilization");
        let memory = scene.agent_cost(host, "kymo.agent.memory.usage");
        let (Some(cpu), Some(memory)) = (cpu, memory) else {
            continue;
        };
        let text = format!(
            "agent {host}: {} of a core, {}",
            Unit::new("1").text(cpu),
            Unit::new("By").text(memory)
        );
        ui.label(small(text))
            .on_hover_text("What watching costs this machine");
    }
}

fn notices_ui(ui: &mut Ui, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let errors = scene.notices.open_errors();
    let text = match errors {
        0 => RichText::new(format!("Notifications ({})", scene.notices.all().len())).small(),
        errors => RichText::new(format!("× {errors} to look at"))
            .small()
            .color(theme::of(ui.visuals()).severe),
    };
    let button = egui::Button::new(text).frame(false);
    if ui
        .add(button)
        .on_hover_text("Everything you were told")
        .clicked()
    {
        wishes.push(Wish::Command(Id::Notices));
    }
}
