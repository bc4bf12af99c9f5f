//! The screens that put a question to the analyses: what they are given.

use eframe::egui::Ui;

use super::Scene;
use super::Wish;
use super::screens::{Screens, habits, shared};
use crate::inquiry::{Inquiry, Stage};
use crate::view::chooser::Choice;
use crate::view::findings::Progress;
use crate::view::lane::Axis;
use crate::view::{bottleneck, correlate, forecast, own, plan, services};
use crate::workspace::Item;

impl Screens<'_, '_> {
    pub(super) fn bottleneck_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let question = &scene.session.inquiries.limits;
        let stage = stage_of(scene, question);
        let track = |item: &Item| scene.session.track(item).ok();
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

    pub(super) fn forecast_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let inquiries = &scene.session.inquiries;
        let (question, table) = (&inquiries.forecast, &inquiries.forecasts);
        let stage = stage_of(scene, question);
        let table_stage = table.running(scene.work).unwrap_or(Stage::Over);
        let data = forecast::Data {
            stage: &stage,
            trouble: trouble(scene, question),
            asked: question.asked(),
            one: question.answer(),
            version: question.version(),
            choice: choice(scene, self.views.selected.as_ref()),
            table_stage: &table_stage,
            table,
            hosts: scene.session.hosts().len(),
            length_ns: scene.session.span().length_ns(),
            axis: axis(scene),
        };
        let actions = forecast::ui(ui, &mut self.views.forecast, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Forecast));
    }

    pub(super) fn correlate_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let inquiries = &scene.session.inquiries;
        let question = &inquiries.together;
        let stage = stage_of(scene, question);
        let track = |item: &Item| scene.session.track(item).ok();
        let data = correlate::Data {
            stage: &stage,
            trouble: trouble(scene, question),
            asked: question.asked(),
            found: question.answer(),
            version: question.version(),
            lags_asked: inquiries.lags.asked(),
            lags: inquiries.lags.current_answer().map(Vec::as_slice),
            hosts: scene.session.hosts().len(),
            choice: choice(scene, self.views.selected.as_ref()),
            shared: shared(scene),
            track: &track,
        };
        let answer = correlate::ui(ui, &mut self.views.correlate, &data);
        self.views.wanted.extend(answer.wanted);
        self.wishes
            .extend(answer.actions.into_iter().map(Wish::Correlate));
    }

    pub(super) fn services_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let session = scene.session;
        let inquiries = &session.inquiries;
        let (question, why) = (&inquiries.services, &inquiries.why);
        let live = session.hub.live();
        let (any, data_version) = match session.stored() {
            Some(stored) => (!stored.observed().is_empty(), session.generation().0),
            None => (crate::inquiry::services::has_any(live), live.seconds()),
        };
        let stage = match (session.stored(), question.running(scene.work)) {
            (_, Some(running)) => running,
            (Some(_), None) => Stage::Idle,
            (None, None) => Stage::Live,
        };
        let why_stage = stage_of(scene, why);
        let heard = live.hosts().iter().map(|host| host.heard());
        let heard: Vec<&str> = heard.filter(|it| !it.is_empty()).collect();
        let heard = heard.join("; ");
        let track = |item: &Item| session.track(item).ok();
        let data = services::Data {
            stage: &stage,
            trouble: question.trouble(),
            asked: question.asked(),
            seen: question.answer(),
            version: question.version(),
            data_version,
            any,
            heard: &heard,
            hosts: session.hosts().len(),
            why_stage: &why_stage,
            why_trouble: trouble(scene, why),
            why_asked: why.asked(),
            why: why.current_answer().map(Vec::as_slice),
            findings: session.insight().findings(),
            shared: shared(scene),
            axis: axis(scene),
            track: &track,
        };
        let answer = services::ui(ui, &mut self.views.services, &data);
        self.views.wanted.extend(answer.wanted);
        self.wishes
            .extend(answer.actions.into_iter().map(Wish::Services));
    }
}

impl Screens<'_, '_> {
    pub(super) fn own_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let question = &scene.session.inquiries.own;
        let stage = match (scene.session.stored(), question.running(scene.work)) {
            (_, Some(running)) => running,
            (Some(_), None) if question.asked().is_some() => Stage::Over,
            (Some(_), None) => Stage::Idle,
            (None, None) if scene.recorder.is_running() => Stage::Recording,
            (None, None) => Stage::Live,
        };
        let data = own::Data {
            stage: &stage,
            trouble: question.trouble(),
            own: question.answer(),
            told: question.asked().map(|it| it.took.as_slice()),
            took: scene.session.insight().took(),
            frame_seconds: scene.frame_seconds,
        };
        let actions = own::ui(ui, &data).into_iter();
        self.wishes.extend(actions.map(Wish::Own));
    }

    pub(super) fn plan_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let session = scene.session;
        let (question, interval) = (&session.inquiries.plan, &session.inquiries.interval);
        let stage = stage_of(scene, question);
        let plans = &scene.desk.plans;
        let baseline = &plans.plan().baseline;
        let series = session.series();
        self.views.plan.offered.refresh(session.version(), series);
        let scores = &session.inquiries.scores;
        let carried = scene.desk.carrying.seen();
        let verdict = &session.inquiries.verdict;
        let verdict_stage = stage_of(scene, verdict);
        let data = plan::Data {
            plans,
            stage: &stage,
            trouble: trouble(scene, question),
            found: question.answer(),
            stale: question
                .asked()
                .is_some_and(|it| it.window != baseline.window || it.subject != baseline.subject),
            predicted: interval.answer().map(|it| (it, it.made_for)),
            book: scores.answer(),
            book_trouble: scores.trouble(),
            book_asked: scores.asked().is_some(),
            whole: session.span(),
            selection: scene.timeline.selection,
            clock: scene.clock,
            carried,
            mandate: plans.mandate(),
            verdict: verdict.answer().map(|it| &it.report),
            verdict_stage: &verdict_stage,
            verdict_trouble: trouble(scene, verdict),
        };
        let actions = plan::ui(ui, &mut self.views.plan, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Plan));
    }
}

/// What a chooser of series offers.
fn choice<'a>(scene: &Scene<'a>, selected: Option<&'a Item>) -> Choice<'a> {
    Choice {
        series: scene.session.series(),
        version: scene.session.version(),
        selected: match selected {
            Some(Item::Series(key)) => Some(key),
            Some(Item::Process(_)) | None => None,
        },
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
fn stage_of<Q, A>(scene: &Scene<'_>, question: &Inquiry<Q, A>) -> Stage {
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
