//! The screen of standards, from what is looked at.

use eframe::egui::Ui;

use super::screens::Screens;
use super::{Scene, Wish};
use crate::desktop;
use crate::session::Source;
use crate::view::standards::{self, Data, LooksAt, Switched};

/// What stands on its tab: violations of a session, alerts of live data.
pub(super) fn count(scene: &Scene<'_>) -> usize {
    let standards = &scene.session.standards;
    match scene.session.stored() {
        Some(_) => {
            let kept = standards.checked().kept.iter();
            kept.map(|it| it.count(model::compliance::Outcome::Fail))
                .sum()
        }
        None => standards.firing().count(),
    }
}

impl Screens<'_, '_> {
    pub(super) fn standards_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let standards = &scene.session.standards;
        let past: Vec<_> = standards.past().collect();
        let on = match scene.history.now().desktop_alerts.on() {
            true => Switched::On,
            false => Switched::Off,
        };
        let data = Data {
            attached: match scene.session.source() {
                Source::Live => standards.live(),
                Source::Stored(_) => &standards.checked().attached,
            },
            kept: match scene.session.source() {
                Source::Live => &[],
                Source::Stored(_) => &standards.checked().kept,
            },
            troubles: match scene.session.source() {
                Source::Live => &[],
                Source::Stored(_) => &standards.checked().troubles,
            },
            watched: standards.watched(),
            past: &past,
            looks_at: match scene.session.source() {
                Source::Stored(_) => LooksAt::Stored,
                Source::Live if scene.session.span().is_empty() => LooksAt::Nothing,
                Source::Live => LooksAt::Live,
            },
            progress: standards.progress(scene.work),
            desktop: desktop::AVAILABLE.is_ok().then_some(on),
            hosts: scene.session.hosts().len(),
            version: standards.version(),
            clock: scene.clock,
        };
        let actions = standards::ui(ui, &mut self.views.standards, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Standards));
    }
}
