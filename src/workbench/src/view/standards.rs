//! Standards: which are attached, how far each was kept, and which alerts fire.
//!
//! Of a stored session the compliance table, of live data where each rule stands now with
//! what fired or ended before. The row that is chosen is told in full below.
//!
//! Start at [`ui`].

use eframe::egui::{
    self, Button, Panel, ProgressBar, RichText, ScrollArea, Ui, WidgetInfo, accesskit,
};
use model::compliance::{Compliance, Outcome, Verdict};
use model::time::{Moment, Span, duration_text};
use workflow::standards::sentry::{Stage, Watched};
use workflow::standards::shipped;
use workflow::standards::sink::{AlertNews, Became};

use super::grid::{Event, Grid};
use super::{clock_text, empty};
use crate::commands::Id;
use crate::plot::time_axis::Clock;
use crate::standards::{Attached, By};
use crate::theme;

mod rows;
#[cfg(test)]
mod tests;

/// Stretches that are listed of a row; the table of alerts has them all.
const PLACES_SHOWN: usize = 12;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    compliance: Grid,
    alerts: Grid,
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// What counts here.
    pub attached: &'a [Attached],
    /// How far each was kept; of a stored session.
    pub kept: &'a [Compliance],
    /// What could not be judged, and why.
    pub troubles: &'a [String],
    /// Where each rule stands; of live data.
    pub watched: &'a [Watched],
    /// What fired or ended, newest first.
    pub past: &'a [&'a AlertNews],
    /// Which of both is looked at.
    pub looks_at: LooksAt,
    /// How far the check is, while it runs.
    pub progress: Option<f32>,
    /// Whether the desktop is told of alerts; `None` where it cannot be.
    pub desktop: Option<Switched>,
    /// Names of hosts are shown where there are several.
    pub hosts: usize,
    /// Changes whenever the rest does.
    pub version: u64,
    /// How moments are labeled.
    pub clock: &'a Clock,
}

/// What the standards are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooksAt {
    /// Data that comes.
    Live,
    /// A recording.
    Stored,
    /// Nothing yet.
    Nothing,
}

/// Whether something is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switched {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Attach the shipped standard of this id.
    Attach(String),
    /// Ask for a file and attach it.
    AttachFile,
    /// Detach the standard of this id.
    Detach(String),
    /// Check again.
    Check,
    /// Select and show this stretch.
    Show(Span),
    /// Bring this moment into view.
    Goto(Moment),
    /// Draw this series.
    Plot(String),
    /// A command by name.
    Command(Id),
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws attached standards, table and what is chosen; costs the rows in sight.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if data.looks_at == LooksAt::Nothing {
        let why = "There is nothing to hold against a standard: record, attach an agent, or open a session.";
        if empty::ui(ui, why, "Record this computer") {
            actions.push(Action::Command(Id::Record));
        }
        return actions;
    }
    ui.horizontal_wrapped(|ui| tools_ui(ui, state, data, &mut actions));
    ui.horizontal_wrapped(|ui| attached_ui(ui, data, &mut actions));
    for trouble in data.troubles {
        let color = theme::of(ui.visuals()).quality_edge;
        ui.label(RichText::new(format!("! {trouble}")).color(color));
    }
    if data.attached.is_empty() {
        let why = match data.looks_at {
            LooksAt::Live => {
                "No standard is attached, so no alert can fire. USE watches utilization, saturation and errors of every resource."
            }
            _ => {
                "No standard is attached to this session. USE holds it against limits of utilization, saturation and errors."
            }
        };
        if empty::ui(ui, why, "Attach USE") {
            actions.push(Action::Attach("use".to_owned()));
        }
        return actions;
    }
    match data.looks_at {
        LooksAt::Live => live_ui(ui, state, data, &mut actions),
        _ => stored_ui(ui, state, data, &mut actions),
    }
    actions
}

fn tools_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.menu_button("Attach standard", |ui| {
        for (id, text) in shipped::ALL {
            let known = data.attached.iter().any(|it| it.standard.id == *id);
            let button = ui.add_enabled(!known, Button::new(*id));
            let first = text.lines().next().unwrap_or_default();
            if button
                .on_hover_text(first.trim_start_matches("// "))
                .clicked()
            {
                actions.push(Action::Attach((*id).to_owned()));
            }
        }
        ui.separator();
        if ui.button("From a file…").clicked() {
            actions.push(Action::AttachFile);
        }
    });
    match (data.looks_at, data.progress) {
        (LooksAt::Live, _) => {
            if let Some(desktop) = data.desktop {
                let mut on = desktop == Switched::On;
                let hint = "Alerts are also shown by the desktop, over D-Bus";
                let check = ui.checkbox(&mut on, "Tell the desktop").on_hover_text(hint);
                if check.clicked() {
                    actions.push(Action::Command(Id::DesktopAlerts));
                }
            } else {
                ui.weak("Desktop notifications are not available on this system");
            }
        }
        (_, Some(fraction)) => {
            ui.add(
                ProgressBar::new(fraction)
                    .desired_width(90.0)
                    .show_percentage(),
            );
        }
        (_, None) => {
            if ui.button("Check again").clicked() {
                actions.push(Action::Check);
            }
        }
    }
    let (grid, heads, hint) = match data.looks_at {
        LooksAt::Live => (&mut state.alerts, rows::ALERTS, "Filter rules…"),
        _ => (&mut state.compliance, rows::COMPLIANCE, "Filter verdicts…"),
    };
    grid.filter_ui(ui, hint);
    if let Some(Event::Copy(text)) = grid.copy_ui(ui, "Copy", heads) {
        actions.push(Action::Copy(text));
    }
}

/// Each attached standard with how far it was kept, and the way to be rid of it.
fn attached_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let theme = theme::of(ui.visuals());
    for it in data.attached {
        let standard = &it.standard;
        let kept = data.kept.iter().find(|kept| kept.standard == standard.id);
        let (said, color) = match kept {
            Some(kept) => (
                format!(": {}", kept.summary()),
                rows::tone(kept.outcome()).color(theme),
            ),
            None => (String::new(), theme.text),
        };
        let by = match it.by {
            By::Session => "kept in the session",
            By::Group => "by a group of hosts",
            By::Hand => "by hand",
        };
        ui.push_id(&standard.id, |ui| {
            let label = ui.label(RichText::new(format!("{}{said}", standard.name())).color(color));
            label.on_hover_ui(|ui| {
                ui.strong(&standard.title);
                ui.label(format!(
                    "{} standard, {} rules, {by}",
                    standard.rules.kind(),
                    standard.rules.len()
                ));
                ui.label(format!("Owner: {}", standard.owner));
                ui.label(&standard.source);
                ui.weak(&standard.scope.note);
            });
            if it.by != By::Group {
                let hint = format!("Detach {}", standard.id);
                let button = ui
                    .add(Button::new("×").small().frame(false))
                    .on_hover_text(&hint);
                let info = || WidgetInfo::labeled(accesskit::Role::Button, true, &hint);
                button.widget_info(info);
                if button.clicked() {
                    actions.push(Action::Detach(standard.id.clone()));
                }
            }
        });
        ui.separator();
    }
}

fn stored_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let all = || {
        data.kept
            .iter()
            .flat_map(|kept| kept.rows.iter().map(move |row| (kept, row)))
    };
    state.compliance.fill(data.version, || {
        all().map(|it| rows::verdict(it, data.hosts)).collect()
    });
    let chosen = state.compliance.chosen();
    let chosen = all().find(|(kept, row)| Some(rows::key(kept, row).as_str()) == chosen);
    Panel::bottom("verdict")
        .resizable(true)
        .default_size(120.0)
        .show(ui, |ui| {
            ScrollArea::vertical()
                .auto_shrink(false)
                .show(ui, |ui| match chosen {
                    Some((kept, row)) => verdict_ui(ui, (kept, row), data, actions),
                    None => {
                        ui.weak("Choose a row to read its verdict in full and to jump to where a value was beyond its limit.");
                    }
                });
        });
    let events = state.compliance.ui(ui, ("compliance", rows::COMPLIANCE));
    let rows: Vec<&Verdict> = all().map(|(_, row)| row).collect();
    for event in events {
        match event {
            Event::Chosen(_) => {}
            Event::Twice(place) => {
                if let Some(row) = rows.get(place) {
                    actions.push(Action::Show(
                        row.places.first().copied().unwrap_or(row.window),
                    ));
                    actions.push(Action::Plot(row.series.clone()));
                }
            }
            Event::Copy(text) => actions.push(Action::Copy(text)),
        }
    }
}

fn verdict_ui(
    ui: &mut Ui,
    (kept, row): (&Compliance, &Verdict),
    data: &Data<'_>,
    actions: &mut Vec<Action>,
) {
    let theme = theme::of(ui.visuals());
    let color = rows::tone(row.outcome).color(theme);
    let title = match row.title.as_str() {
        "" => row.rule.clone(),
        title => format!("{}: {title}", row.rule),
    };
    ui.label(
        RichText::new(format!(
            "{} {}  {title}",
            rows::sign(row.outcome),
            row.outcome.name()
        ))
        .color(color),
    );
    ui.label(&row.statement);
    if row.outcome != Outcome::Pass && !row.places.is_empty() {
        ui.horizontal_wrapped(|ui| {
            ui.weak("Beyond the limit from");
            for span in row.places.iter().take(PLACES_SHOWN) {
                let text = format!(
                    "{} for {}",
                    clock_text(data.clock, span.from),
                    duration_text(span.seconds())
                );
                if ui
                    .small_button(text)
                    .on_hover_text("Select and show")
                    .clicked()
                {
                    actions.push(Action::Show(*span));
                }
            }
            if row.places.len() > PLACES_SHOWN {
                ui.weak(format!("and {} more", row.places.len() - PLACES_SHOWN));
            }
        });
    }
    let share = model::unit::Unit::new("1");
    let mut facts = format!("{} samples", row.samples);
    if let Some(effective) = row.effective {
        facts.push_str(&format!(
            ", as much evidence as {}",
            model::unit::digits(effective.floor())
        ));
    }
    if let Some(coverage) = row.coverage {
        facts.push_str(&format!(", coverage {}", share.text(coverage)));
    }
    ui.weak(format!(
        "{facts}. Finding {}, standard {} {}.",
        row.id, kept.standard, kept.version
    ));
    if row.series.contains('/') && ui.small_button("Plot the series").clicked() {
        actions.push(Action::Plot(row.series.clone()));
    }
}

fn live_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    state.alerts.fill(data.version, || {
        data.watched
            .iter()
            .map(|it| rows::watched(it, data))
            .collect()
    });
    Panel::bottom("past alerts")
        .resizable(true)
        .default_size(120.0)
        .show(ui, |ui| past_ui(ui, data, actions));
    if data.watched.is_empty() {
        empty::text(
            ui,
            "No series of the attached agents is in the scope of these standards yet.",
        );
        return;
    }
    for event in state.alerts.ui(ui, ("alerts", rows::ALERTS)) {
        match event {
            Event::Chosen(place) | Event::Twice(place) => {
                let row = data.watched.get(place);
                let since = row
                    .and_then(|it| it.since)
                    .filter(|_| matches!(event, Event::Twice(_)));
                actions.extend(since.map(Action::Goto));
                if let (Some(row), Event::Twice(_)) = (row, &event) {
                    actions.push(Action::Plot(row.series.clone()));
                }
            }
            Event::Copy(text) => actions.push(Action::Copy(text)),
        }
    }
}

/// What fired or ended, newest first; a click goes there.
fn past_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let theme = theme::of(ui.visuals());
    let firing = data
        .watched
        .iter()
        .filter(|it| it.stage == Stage::Firing)
        .count();
    ui.horizontal(|ui| {
        ui.strong(format!("Alerts ({firing} firing)"));
        if data.past.is_empty() {
            ui.weak("nothing fired since these standards are watched");
        }
    });
    let height = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
    ScrollArea::vertical().auto_shrink(false).show_rows(
        ui,
        height,
        data.past.len(),
        |ui, visible| {
            for (place, one) in data.past[visible.clone()].iter().enumerate() {
                ui.push_id((visible.start + place, one.id), |ui| {
                    let (sign, color) = match one.became {
                        Became::Firing => ("▲", theme.severe),
                        Became::Resolved => ("○", theme.text_weak),
                    };
                    let text = format!(
                        "{sign} {} {}  {} {}: {}",
                        clock_text(data.clock, one.at),
                        one.became.name(),
                        one.standard,
                        one.rule,
                        one.statement
                    );
                    let text = RichText::new(text).color(color);
                    let button = Button::new(text).frame(false).truncate();
                    let hint = "Bring the begin of this alert into view";
                    if ui.add(button).on_hover_text(hint).clicked() {
                        actions.push(Action::Goto(one.since));
                    }
                });
            }
        },
    );
}
