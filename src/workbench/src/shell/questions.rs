//! The screens that put a question to the analyses: what they are given.

use eframe::egui::Ui;

use super::Scene;
use super::Wish;
use super::screens::{Screens, habits};
use crate::inquiry::{Inquiry, Stage};
use crate::view::bottleneck;
use crate::view::findings::Progress;
use crate::view::lane::Axis;

impl Screens<'_, '_> {
    pub(super) fn bottleneck_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let question = &scene.session.inquiries.limits;
        let stage = stage(scene, question);
        let track = |item: &crate::workspace::Item| scene.session.track(item).ok();
        let data = bottleneck::Data {
            stage: &stage,
            trouble: trouble(scene, question),
            asked: question.asked().copied(),
            judged: question.answer(),
            version: question.version(),
            axis: axis(scene),
            hosts: scene.session.hosts().len(),
            track: &track,
        };
        let answer = bottleneck::ui(ui, &mut self.views.bottleneck, &data);
        self.views.wanted.extend(answer.wanted);
        self.wishes
            .extend(answer.actions.into_iter().map(Wish::Bottleneck));
    }
}

/// The shared axis as lanes take it.
fn axis<'a>(scene: &Scene<'a>) -> Axis<'a> {
    Axis {
        view: scene.timeline.view(),
        selection: scene.timeline.selection,
        cursor: scene.timeline.pointed(),
        clock: scene.clock,
        habits: habits(scene.history.now()),
    }
}

/// How far a question is.
fn stage<Q, A>(scene: &Scene<'_>, question: &Inquiry<Q, A>) -> Stage {
    let insight = scene.session.insight();
    if scene.session.stored().is_none() {
        return match scene.recorder.is_running() {
            true => Stage::Recording,
            false => Stage::Live,
        };
    }
    if let Some(running) = question.running(scene.work) {
        return running;
    }
    match (insight.input(), insight.progress()) {
        (None, Progress::Running(_)) => Stage::Reading,
        _ if question.asked().is_some() => Stage::Over,
        // What cannot be read will not be asked again and again.
        (None, Progress::Done) => Stage::Over,
        _ => Stage::Idle,
    }
}

/// Why there is no answer.
fn trouble<'a, Q, A>(scene: &Scene<'a>, question: &'a Inquiry<Q, A>) -> Option<&'a str> {
    let insight = scene.session.insight();
    let unread = match (insight.input(), insight.progress()) {
        (None, Progress::Done) => insight.troubles().first().map(String::as_str),
        _ => None,
    };
    question.trouble().or(unread)
}
