//! The window's title: what is shown and whether it is recorded, for window
//! lists, task bars and whoever cannot see the badges.

use crate::recorder::Report;
use crate::session::Source;
use crate::timeline::Mode;

use super::Scene;

/// The title now, such as `LIVE · REC · web-1 · Kymo`.
pub fn of(scene: &Scene<'_>) -> String {
    let silent = scene.session.hub.silence(scene.now).is_some();
    let mut parts = vec![match (scene.session.source(), scene.timeline.mode()) {
        (Source::Stored(_), _) => "RECORDED",
        (Source::Live, Mode::Paused) => "PAUSED",
        _ if silent => "SILENT",
        (Source::Live, Mode::Follow) if scene.session.hub.speaks() => "LIVE",
        (Source::Live, Mode::Follow) => "NOT ATTACHED",
    }];
    match scene.recorder.report() {
        Report::Idle => {}
        Report::Starting | Report::Running { .. } => parts.push("REC"),
        Report::Finishing(_) => parts.push("FINISHING"),
    }
    let hosts: Vec<&str>;
    let name = match scene.session.source() {
        Source::Stored(stored) => stored.title(),
        Source::Live => {
            hosts = scene
                .session
                .hub
                .live()
                .hosts()
                .iter()
                .map(|host| host.name())
                .collect();
            &hosts.join(", ")
        }
    };
    if !name.is_empty() {
        parts.push(name);
    }
    parts.push("Kymo");
    parts.join(" · ")
}
