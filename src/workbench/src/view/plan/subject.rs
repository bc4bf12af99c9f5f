//! Which application a plan speaks of: what the session has to choose from, and the fields.

use eframe::egui::{DragValue, TextEdit, Ui};
use model::plan::Baseline;
use model::plan::subject::Subject;
use model::series::Series;

use super::head::named;
use super::words;

/// Names that a menu offers at once; typing narrows them.
const NAMES: usize = 24;

/// What a plan can be about, found once a version of the session.
#[derive(Debug, Default)]
pub struct Offered {
    made_for: Option<u64>,
    /// Services that say what they answer.
    services: Vec<String>,
    /// Processors that control groups use.
    groups: Vec<String>,
    /// Every series, as a plan names it.
    names: Vec<String>,
}

impl Offered {
    /// Finds what the series offer, where they changed.
    pub fn refresh(&mut self, version: u64, series: &[Series]) {
        if self.made_for == Some(version) {
            return;
        }
        *self = Self {
            made_for: Some(version),
            ..Self::default()
        };
        for one in series {
            let key = &one.key;
            let own = key.attributes.len() <= 1;
            match key.metric.as_str() {
                "service.request.throughput" if own => {
                    let name = key.attribute("service.name");
                    self.services.extend(name.map(str::to_owned));
                }
                "cgroup.cpu.usage" => self.groups.push(key.column()),
                _ => {}
            }
            self.names.push(key.column());
        }
        for all in [&mut self.services, &mut self.groups, &mut self.names] {
            all.sort();
            all.dedup();
        }
    }

    /// Whether a plan speaks of a service that is not there.
    pub(super) fn lacks(&self, subject: &Subject) -> bool {
        !subject.service.is_empty() && !self.services.contains(&subject.service)
    }

    /// Whether any service says what it answers.
    pub(super) fn has_services(&self) -> bool {
        !self.services.is_empty()
    }
}

/// Draws service and processors as rows of a grid of two columns.
pub(super) fn rows_ui(ui: &mut Ui, offered: &Offered, baseline: &mut Baseline) {
    let subject = &mut baseline.subject;
    ui.weak("Service");
    let shown = match subject.service.as_str() {
        "" => "the one that users ask",
        service => service,
    }
    .to_owned();
    words::choice(ui, ("service", &shown), |ui| {
        let own = &mut subject.service;
        ui.selectable_value(own, String::new(), "the one that users ask");
        for service in &offered.services {
            ui.selectable_value(own, service.clone(), service.as_str());
        }
    });
    ui.end_row();
    ui.weak("Processors");
    let shown = match subject.cpu.as_slice() {
        [] => "found, or all of its hosts".to_owned(),
        [one] => one.clone(),
        several => format!("{} series", several.len()),
    };
    words::choice(ui, ("processors", &shown), |ui| {
        if ui
            .selectable_label(subject.cpu.is_empty(), "found, or all of its hosts")
            .clicked()
        {
            subject.cpu.clear();
        }
        for group in &offered.groups {
            let mut used = subject.cpu.contains(group);
            if ui.checkbox(&mut used, group.as_str()).changed() {
                subject.cpu.retain(|it| it != group);
                if used {
                    subject.cpu.push(group.clone());
                }
            }
        }
    });
    ui.end_row();
}

/// Draws what is rarely said: other series, processors and think time that are known.
pub(super) fn more_ui(ui: &mut Ui, offered: &Offered, baseline: &mut Baseline) {
    let subject = &mut baseline.subject;
    let Subject {
        throughput,
        response,
        active,
        users,
        ..
    } = subject;
    for (name, what, value) in [
        ("throughput", "Requests answered a second", throughput),
        ("response time", "Mean response time, seconds", response),
        ("in flight", "Requests that wait or are served", active),
        ("users", "Users, threads or connections that ask", users),
    ] {
        ui.weak(name).on_hover_text(what);
        ui.horizontal(|ui| series_ui(ui, (name, what), value, offered));
        ui.end_row();
    }
    ui.weak("processors it may use");
    known_ui(ui, ("cores", 1.0..=4096.0, ""), &mut subject.cores);
    ui.end_row();
    ui.weak("think time")
        .on_hover_text("Seconds that a user waits between an answer and the next request");
    known_ui(ui, ("think time", 0.0..=3600.0, " s"), &mut subject.think_s);
    ui.end_row();
}

/// A number that may be known; else it is found.
fn known_ui(
    ui: &mut Ui,
    (name, range, suffix): (&str, std::ops::RangeInclusive<f64>, &str),
    value: &mut Option<f64>,
) {
    ui.horizontal(|ui| {
        let mut known = value.is_some();
        if ui.checkbox(&mut known, format!("{name} known")).changed() {
            *value = known.then_some(*range.start());
        }
        if let Some(value) = value {
            let field = DragValue::new(value).range(range).speed(0.05);
            words::drag(ui, name, field.suffix(suffix));
        }
    });
}

/// The name of a series, typed or chosen.
fn series_ui(ui: &mut Ui, (name, what): (&str, &str), value: &mut String, offered: &Offered) {
    let field = TextEdit::singleline(value).desired_width(180.0);
    let field = ui.add(field.hint_text("found by itself"));
    named(&field, &format!("Series of {name}: {what}"));
    ui.menu_button("Choose…", |ui| {
        if !value.is_empty() && ui.button("found by itself").clicked() {
            value.clear();
            ui.close();
        }
        let wanted = value.to_lowercase();
        let fits = offered.names.iter();
        let fits = fits.filter(|it| it.to_lowercase().contains(&wanted));
        let mut left = 0;
        for (place, one) in fits.enumerate() {
            if place >= NAMES {
                left += 1;
            } else if ui.button(one).clicked() {
                value.clone_from(one);
                ui.close();
            }
        }
        if left > 0 {
            ui.weak(format!("and {left} more: type a part of the name"));
        }
    });
}
