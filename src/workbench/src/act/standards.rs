//! Standards: attaching, checking, telling of alerts, showing where a limit was passed.

use std::sync::Arc;

use eframe::egui::Context;
use model::finding::Severity;
use model::standard::Standard;
use workflow::problem::Problem;
use workflow::standards::hook::Named;
use workflow::standards::sink::{AlertNews, AlertSink, Became};

use crate::app::App;
use crate::commands::Id;
use crate::desktop::{self, Desktop};
use crate::layout::Screen;
use crate::notices::{Now, Offer};
use crate::shell::screens::key_of;
use crate::standards;
use crate::tasks::Purpose;
use crate::view::standards::Action;
use crate::workspace::Item;

/// Alerts of one round that are told one by one; more are told in one sentence.
const TOLD_MAX: usize = 3;

impl App {
    pub(super) fn standard_table(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Attach(name) => self.attach_standard(name),
            Action::AttachFile => self.pick(Purpose::Standard),
            Action::Detach(id) => self.detach_standard(&id),
            Action::Check => self.check_standards(),
            Action::Show(span) => self.show_stretch(span),
            Action::Goto(moment) => self.timeline.reveal(moment),
            Action::Plot(name) => self.add_plot(&[Item::Series(key_of(&name))]),
            Action::Command(id) => self.command(ctx, id),
            Action::Copy(text) => ctx.copy_text(text),
        }
    }

    pub(super) fn attach_standard(&mut self, name: String) {
        let stored = self.session.stored().cloned();
        self.session
            .standards
            .attach(name, stored.as_ref(), &mut self.work);
        self.remember_standards();
    }

    fn detach_standard(&mut self, id: &str) {
        let stored = self.session.stored().cloned();
        self.session
            .standards
            .detach(id, stored.as_ref(), &mut self.work);
        self.remember_standards();
    }

    /// What live data is watched with outlasts this window.
    fn remember_standards(&mut self) {
        self.desk.recent.watched = self.session.standards.names.clone();
    }

    pub(super) fn check_standards(&mut self) {
        let plan = self.desk.plans.plan();
        let plan = (!plan.actions.is_empty()).then(|| plan.clone());
        self.session.check_standards(plan, &mut self.work);
    }

    /// A standard was attached or detached, or could not be.
    pub(super) fn standard_attached(&mut self, result: Result<Option<Box<Standard>>, Problem>) {
        match result {
            Ok(by_hand) => {
                if let Some(standard) = by_hand {
                    self.session.standards.keep_by_hand(*standard);
                    self.note(
                        "This file was imported, so the standard is attached for this sitting only. Save it as a session to keep it.",
                        Vec::new(),
                    );
                }
                self.check_standards();
            }
            Err(problem) => self.tell(&problem, Vec::new()),
        }
    }

    /// Alerts fired or ended: in the corner, in the list, and wherever else was asked for.
    pub(super) fn alerts_came(&mut self, news: Vec<AlertNews>) {
        for one in news.iter().take(TOLD_MAX) {
            let what = format!("{} {}: {}", one.standard, one.rule, one.became.name());
            let offers = vec![Offer::Moment(one.since), Offer::Standards];
            match one.became {
                Became::Firing if one.severity > Severity::Note => {
                    self.notices
                        .warn(Now::read(), what, one.statement.clone(), offers);
                }
                _ => self.note(format!("{what}. {}", one.statement), offers),
            }
        }
        if news.len() > TOLD_MAX {
            let more = format!("{} more alerts fired or ended", news.len() - TOLD_MAX);
            self.note(more, vec![Offer::Standards]);
        }
        let mut sinks: Vec<Arc<dyn AlertSink>> = vec![Arc::new(Named)];
        if self.history.now().desktop_alerts.on() {
            sinks.push(Arc::new(Desktop));
        }
        standards::tell(sinks, news, &mut self.work);
    }

    /// Jumps to where an alert began, whatever is looked at.
    pub(super) fn show_moment(&mut self, moment: model::time::Moment) {
        self.timeline.reveal(moment);
        self.bring_up(Screen::Explore);
    }

    /// Switches notifications of the desktop, where there are any.
    pub(super) fn switch_desktop_alerts(&mut self) {
        match desktop::AVAILABLE {
            Ok(()) => self
                .history
                .edit("desktop notifications", std::time::Instant::now(), |it| {
                    it.desktop_alerts = it.desktop_alerts.other();
                }),
            Err(why) => self.note(
                format!("Desktop notifications are not available: {why}"),
                Vec::new(),
            ),
        }
    }

    /// Opens the screen of standards.
    pub(super) fn show_standards(&mut self, ctx: &Context) {
        let id = Id::Show(Screen::Standards);
        if !crate::layout::is_shown(&self.history.now().layout, Screen::Standards) {
            self.command(ctx, id);
        }
    }
}
