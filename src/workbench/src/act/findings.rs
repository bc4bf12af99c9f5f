//! Findings: showing where they are, plotting what they speak of, keeping them, and
//! what people say of them.
//!
//! Start at [`App::pin`] to add a finding of any screen to the report.

use eframe::egui::Context;
use model::finding::{Expected, Finding, FindingId};
use model::time::Span;
use workflow::stored::Stored;

use crate::app::App;
use crate::history::Step;
use crate::insight::held::Remarks;
use crate::shell::dialogs::Dialog;
use crate::shell::expect;
use crate::shell::screens::key_of;
use crate::view::{analyze, findings};
use crate::workspace::Item;

/// A stretch is shown with so much of its length on either side.
const MARGIN: i64 = 1;

impl App {
    pub(super) fn finding_list(&mut self, ctx: &Context, action: findings::Action) {
        match action {
            findings::Action::Show(span) => self.show_stretch(span),
            findings::Action::Plot(names) => {
                let items: Vec<Item> = names.iter().map(|it| Item::Series(key_of(it))).collect();
                self.add_plot(&items);
            }
            findings::Action::Services(which, span) => {
                self.show_stretch(span);
                self.show_in_services(which);
            }
            findings::Action::WhatWouldHelp(span) => {
                self.show_stretch(span);
                self.what_would_help();
            }
            findings::Action::Copy(text) => ctx.copy_text(text),
            findings::Action::Analyze => self.session.analyze(&mut self.work),
            findings::Action::Cancel => self.session.insight().cancel(&self.work),
            findings::Action::Keep => self.keep_findings(),
            findings::Action::Pin(id) => {
                if let Some(finding) = self.session.insight().find(id).cloned() {
                    self.pin(finding);
                }
            }
            findings::Action::Unpin(id) => self.unpin(id),
            findings::Action::Expect(id) => self.ask_why_expected(id),
            findings::Action::Unmark(id) => self.unmark(id),
        }
    }

    pub(super) fn side_by_side(&mut self, action: analyze::Action) {
        match action {
            analyze::Action::Axis(wish) => self.plot(&wish),
            analyze::Action::Show(span) => self.timeline.selection = Some(span),
            analyze::Action::Analyze => self.session.analyze(&mut self.work),
        }
    }

    /// Adds a finding to the report of what is looked at; one that is there already
    /// is brought up to date in its place. Can be undone.
    pub fn pin(&mut self, finding: Finding) {
        self.remark("add to report", |remarks| remarks.pin(finding));
    }

    /// Takes a finding out of the report. Can be undone.
    pub fn unpin(&mut self, id: FindingId) {
        self.remark("remove from report", |remarks| remarks.unpin(id));
    }

    /// Adds the chosen finding to the report, or takes it out.
    pub(super) fn pin_chosen(&mut self) {
        let Some(finding) = self.chosen_finding().cloned() else {
            return;
        };
        match self.session.remarks().is_pinned(finding.id) {
            true => self.unpin(finding.id),
            false => self.pin(finding),
        }
    }

    /// The finding whose evidence is shown.
    pub(crate) fn chosen_finding(&self) -> Option<&Finding> {
        let id = self.views.findings.chosen()?;
        self.session.insight().find(id)
    }

    pub(super) fn expect_chosen(&mut self) {
        if let Some(id) = self.views.findings.chosen() {
            self.ask_why_expected(id);
        }
    }

    fn ask_why_expected(&mut self, id: FindingId) {
        if let Some(finding) = self.session.insight().find(id) {
            let draft = expect::Draft::of(finding);
            self.views.dialogs.open(Dialog::Expect(draft));
        }
    }

    /// Marks a stretch of some series as expected. Can be undone.
    pub(super) fn expect(&mut self, mark: Expected) {
        self.remark("mark as expected", |remarks| remarks.expect(mark));
    }

    fn unmark(&mut self, id: FindingId) {
        let Some(finding) = self.session.insight().find(id).cloned() else {
            return;
        };
        let before = self.session.insight().unexpected().len();
        self.remark("take mark away", |remarks| remarks.unmark(&finding));
        let more = self
            .session
            .insight()
            .unexpected()
            .len()
            .saturating_sub(before);
        if more > 1 {
            let what = format!("The mark is gone; {more} findings that it covered count again");
            self.note(what, Vec::new());
        }
    }

    /// Changes what people say of findings as one step that can be undone.
    pub(super) fn remark(&mut self, step: Step, change: impl FnOnce(&mut Remarks)) {
        let before = self.session.remarks().clone();
        let mut remarks = before.clone();
        change(&mut remarks);
        if remarks == before {
            return;
        }
        self.history.remarked(step, before);
        self.session.set_remarks(remarks, &mut self.work);
        let stays = self.session.stored().is_none_or(Stored::on_disk);
        if !stays {
            self.note(
                "This file was imported, so what you say of its findings lasts for this sitting only. Save it as a session to keep it.",
                Vec::new(),
            );
        }
    }

    pub(super) fn keep_findings(&mut self) {
        let on_disk = self.session.stored().is_some_and(Stored::on_disk);
        if !on_disk {
            self.note(
                "An imported file keeps nothing. Save it as a session first, then keep the findings there.",
                Vec::new(),
            );
        } else if !self.session.keep_findings(&mut self.work) {
            self.note(
                "The findings are not all there yet: wait for the analyses, or analyze again.",
                Vec::new(),
            );
        }
    }

    /// Selects a stretch and shows it with some of what is around it.
    pub(super) fn show_stretch(&mut self, span: Span) {
        let around = span.length_ns().max(model::time::SECOND_NS) * MARGIN;
        self.timeline.selection = Some(span);
        self.timeline.show(Span {
            from: span.from.plus_ns(-around),
            to: span.to.plus_ns(around),
        });
    }
}
