//! The application: owns everything, takes in what came, draws, does what was asked.
//!
//! [`eframe::App::logic`] takes in updates and finished jobs and waits for
//! nothing; [`eframe::App::ui`] draws from borrowed data and then acts.
//!
//! Start at [`App::new`].

use std::time::{Duration, Instant};

use eframe::egui::{self, Context, ThemePreference, ViewportCommand};
use model::finding::Analysis;
use workflow::problem::Problem;
use workflow::target::Target;

use crate::commands::{Facts, Id, When};
use crate::desk::{Desk, Found};
use crate::history::History;
use crate::hub::{Hub, News, waker};
use crate::notices::{Notices, Now, Offer};
use crate::places::Frame;
use crate::plans::Plans;
use crate::plot::time_axis::Clock;
use crate::recorder::Recorder;
use crate::session::Session;
use crate::shell::dialogs::Dialog;
use crate::shell::{self, Scene, Views};
use crate::tasks::Work;
use crate::theme::{self, Contrast};
use crate::timeline::{Mode, Timeline};
use crate::tracks::Sight;
use crate::workspace::{ClockChoice, Item, Looks};

/// While a job runs, its progress is drawn this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// Everything there is.
pub struct App {
    pub(crate) session: Session,
    pub(crate) timeline: Timeline,
    pub(crate) history: History,
    pub(crate) views: Views,
    pub(crate) work: Work,
    pub(crate) notices: Notices,
    pub(crate) recorder: Recorder,
    pub(crate) desk: Desk,
}

impl App {
    /// Puts everything together; nothing is attached or opened yet.
    pub fn new(ctx: &Context, found: Found) -> Self {
        let wake = waker(ctx);
        let mut notices = Notices::default();
        for problem in &found.problems {
            notices.problem(Now::read(), problem, Vec::new());
        }
        theme::install(ctx);
        // Sizes are ours: they are kept in the workspace and can be undone.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let mut app = Self {
            session: Session::new(Hub::new(ctx)),
            timeline: Timeline::default(),
            history: History::new(found.workspace),
            views: Views::default(),
            work: Work::new(&wake),
            notices,
            recorder: Recorder::default(),
            desk: found.desk,
        };
        app.apply_looks(ctx);
        let standards = &mut app.session.standards;
        standards.names = app.desk.recent.watched.clone();
        standards.groups = app.desk.places.groups();
        app
    }

    /// Takes in updates of links and outcomes of jobs.
    pub fn take_in(&mut self) {
        for news in self.session.hub.drain() {
            self.heard(news);
        }
        for outcome in self.work.finished() {
            match outcome {
                Ok(outcome) => self.finished(outcome),
                Err(problem) => {
                    // Who wanted to leave should see what went wrong first.
                    self.views.dialogs.stay();
                    self.tell(&problem, Vec::new());
                    self.session.look_after(&self.work);
                }
            }
        }
        let now = Instant::now();
        self.recorder.let_go(&self.session.hub, &self.work);
        self.session.keep_on(&mut self.work);
        self.session.refresh(now);
        self.session.assess(now, &mut self.work);
        self.recorder.look(now);
        self.recorder.note(self.session.live_notes());
        self.timeline.reach(self.session.span());
        self.follow_carrying();
        self.follow_plan();
    }

    /// Tells that something failed.
    pub(crate) fn tell(&mut self, problem: &Problem, offers: Vec<Offer>) {
        self.notices.problem(Now::read(), problem, offers);
    }

    /// Tells something good.
    pub(crate) fn note(&mut self, what: impl Into<String>, offers: Vec<Offer>) {
        self.notices.note(Now::read(), what, offers);
    }

    fn heard(&mut self, news: News) {
        match news {
            News::Connected(host) => {
                self.hear_again(&host);
                if self.recorder.is_running() {
                    self.recorder.join(&host, &self.session.hub, &mut self.work);
                }
            }
            News::Lost(problem) => {
                let target = problem.what.rsplit(' ').next().unwrap_or_default();
                let known = target.parse::<Target>().is_ok();
                let offer = known.then(|| Offer::Attach(target.to_owned()));
                self.tell(&problem, offer.into_iter().collect());
            }
        }
    }

    /// Draws the window and does what was asked.
    pub fn show(&mut self, ui: &mut egui::Ui, frame_seconds: Option<f32>) {
        let ctx = ui.ctx().clone();
        let (clock, facts) = (self.clock(), self.facts());
        let scene = Scene {
            session: &self.session,
            timeline: &self.timeline,
            history: &self.history,
            work: &self.work,
            notices: &self.notices,
            recorder: &self.recorder,
            desk: &self.desk,
            clock: &clock,
            facts: &facts,
            now: Instant::now(),
            frame_seconds,
        };
        let title = shell::title::of(&scene);
        let wishes = shell::ui(ui, &mut self.views, &scene);
        if title != self.views.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.views.title = title;
        }
        for wish in wishes {
            self.act(&ctx, wish);
        }
        self.look_up();
        self.schedule(&ctx);
    }

    /// Asks for what the frame could not show yet.
    fn look_up(&mut self) {
        let mut items = std::mem::take(&mut self.views.wanted);
        items.sort();
        items.dedup();
        let sight = Sight {
            items: &items,
            view: self.timeline.view(),
            columns: self.views.columns.max(1),
        };
        self.session.want(sight, &mut self.work);
        self.session
            .want_crowds(self.timeline.moment(), &mut self.work);
        if let Some(range) = self.timeline.selection {
            let curves = self.views.plots.curves().into_iter();
            let curves: Vec<_> = curves.map(|(_, named)| named.item.clone()).collect();
            self.session.want_figures(range, &curves, &mut self.work);
        }
        self.views.wanted = items;
        self.desk.shelf.settle(&self.work);
        self.desk.runs.settle(&self.work);
    }

    /// Saves what is due and says when the next frame is needed although nothing comes.
    fn schedule(&mut self, ctx: &Context) {
        let now = Instant::now();
        let save = self.desk.save_if_due(&self.history, now, &mut self.work);
        let notice = self.notices.next_change(now);
        let progress = (!self.work.is_idle()).then_some(PROGRESS_EVERY);
        let live = self.session.stored().is_none();
        let silence = live.then(|| self.session.hub.next_silence(now)).flatten();
        let all = [save, notice, progress, silence];
        if let Some(after) = all.into_iter().flatten().min() {
            ctx.request_repaint_after(after.max(Duration::from_millis(20)));
        }
    }

    /// How moments are labeled.
    fn clock(&self) -> Clock {
        let start = self.session.span().from;
        match (self.history.now().clock, self.timeline.measure[0]) {
            (ClockChoice::Utc, _) => Clock::utc(),
            (ClockChoice::Local, _) => Clock::Wall {
                zone: self.desk.local_zone.clone(),
                name: "local".to_owned(),
            },
            (ClockChoice::SinceMark, Some(mark)) => Clock::Since {
                moment: mark,
                name: "cursor A".to_owned(),
            },
            (ClockChoice::SinceStart | ClockChoice::SinceMark, _) => Clock::Since {
                moment: start,
                name: "start".to_owned(),
            },
        }
    }

    /// Which commands make sense now.
    pub(crate) fn facts(&self) -> Facts {
        let plan = self.shows_plan();
        let plans = plan.then_some(&self.desk.plans);
        let window = |step: Option<&'static str>| step.map(str::to_owned);
        let mut facts = Facts {
            undoes: plans
                .and_then(Plans::undoes)
                .or_else(|| window(self.history.undoes())),
            redoes: plans
                .and_then(Plans::redoes)
                .or_else(|| window(self.history.redoes())),
            ..Facts::default()
        };
        let session = &self.session;
        let stored = session.stored().is_some();
        for (holds, when) in [
            (!session.span().is_empty(), When::Data),
            (self.timeline.selection.is_some(), When::Selection),
            (stored, When::Stored),
            (
                matches!(self.views.selected, Some(Item::Series(_))),
                When::Series,
            ),
            (
                session.hub.speaks() || self.recorder.is_running(),
                When::Recordable,
            ),
            (facts.undoes.is_some(), When::Undoable),
            (facts.redoes.is_some(), When::Redoable),
            (self.timeline.can_go_back(), When::Past),
            (self.timeline.can_go_forward(), When::Future),
            (!session.plain_events().is_empty(), When::Events),
            (plan, When::Plan),
            (self.chosen_finding().is_some(), When::Finding),
            (
                self.chosen_finding()
                    .is_some_and(|it| it.analysis == Analysis::Anomaly),
                When::Anomaly,
            ),
        ] {
            if holds {
                facts.hold.push(when);
            }
        }
        facts.on = self.switched_on();
        facts
    }

    fn switched_on(&self) -> Vec<Id> {
        let workspace = self.history.now();
        let theme = match workspace.theme {
            Looks::System => Id::ThemeSystem,
            Looks::Dark => Id::ThemeDark,
            Looks::Light => Id::ThemeLight,
            Looks::Contrast => Id::ThemeContrast,
        };
        let clock = match workspace.clock {
            ClockChoice::Utc => Id::ClockUtc,
            ClockChoice::Local => Id::ClockLocal,
            ClockChoice::SinceStart => Id::ClockSinceStart,
            ClockChoice::SinceMark => Id::ClockSinceMark,
        };
        let mut on = vec![theme, clock, Id::Columns(workspace.columns)];
        for (wanted, id) in [
            (workspace.drag_zooms.on(), Id::DragHabit),
            (workspace.wheel_zooms.on(), Id::WheelHabit),
            (workspace.desktop_alerts.on(), Id::DesktopAlerts),
            (self.session.stored().is_none(), Id::ShowLive),
            (self.recorder.is_running(), Id::Record),
            (
                self.session.stored().is_none() && self.timeline.mode() == Mode::Follow,
                Id::Follow,
            ),
        ] {
            if wanted {
                on.push(id);
            }
        }
        let screens = crate::layout::SCREENS.iter();
        let shown =
            screens.filter(|(screen, _)| crate::layout::is_shown(&workspace.layout, *screen));
        on.extend(shown.map(|(screen, _)| Id::Show(*screen)));
        on
    }

    /// Theme and size, as the workspace has them.
    pub(crate) fn apply_looks(&self, ctx: &Context) {
        let (preference, contrast) = match self.history.now().theme {
            Looks::System => (ThemePreference::System, Contrast::Usual),
            Looks::Dark => (ThemePreference::Dark, Contrast::Usual),
            Looks::Light => (ThemePreference::Light, Contrast::Usual),
            Looks::Contrast => (ThemePreference::Dark, Contrast::High),
        };
        ctx.set_theme(preference);
        theme::set_contrast(ctx, contrast);
        let zoom = self.history.now().zoom;
        if (ctx.zoom_factor() - zoom).abs() > f32::EPSILON {
            ctx.set_zoom_factor(zoom);
        }
    }

    /// Whether something would be lost if the window closed now.
    fn is_busy(&self) -> bool {
        self.recorder.is_busy() || self.session.is_keeping()
    }

    /// Keeps the window open until a recording is finished and notes are kept.
    fn hold_open(&mut self, ctx: &Context) {
        if !ctx.input(|input| input.viewport().close_requested()) {
            self.close_if_waited(ctx);
            return;
        }
        if self.desk.carrying.warns() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.bring_up(crate::layout::Screen::Plan);
            self.note(
                "An agent holds a plan: confirm it or roll it back. Closing again leaves, and the agent puts everything back",
                Vec::new(),
            );
            return;
        }
        if !self.is_busy() {
            return;
        }
        ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        match self.recorder.is_busy() {
            true if self.recorder.is_running() => self.views.dialogs.open(Dialog::Close),
            true => {}
            false => self.views.dialogs.quit_when_finished(),
        }
    }

    /// Closes a window that only waited for a recording or notes.
    fn close_if_waited(&self, ctx: &Context) {
        if self.views.dialogs.waits_to_quit() && !self.is_busy() {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    /// Remembers the size of the window for the next time.
    fn keep_frame(&mut self, ctx: &Context) {
        let (size, maximized) = ctx.input(|input| {
            let viewport = input.viewport();
            let full = viewport.maximized == Some(true) || viewport.fullscreen == Some(true);
            (viewport.inner_rect.map(|rect| rect.size()), full)
        });
        let Some(size) = size else { return };
        let before = self.desk.recent.window.unwrap_or_default();
        // The size that a maximized window returns to is kept; the window is as
        // large in points as the chosen size of text makes it.
        let scale = ctx.zoom_factor();
        let points = |length: f32| (length * scale).round().clamp(0.0, 16_384.0) as u16;
        self.desk.recent.window = Some(Frame {
            size: match maximized {
                true => before.size,
                false => [points(size.x), points(size.y)],
            },
            maximized,
        });
    }

    /// Lists a file under the recent ones.
    pub fn remember(&mut self, path: &std::path::Path) {
        self.desk.recent.opened(path);
    }

    /// Offers the tour to who is here for the first time, beside the live plots.
    pub fn welcome(&mut self) {
        if self.desk.places.config.is_some() && !self.desk.recent.tour_seen {
            self.note(
                "Kymo watches this machine. Nothing is written to disk until you record (Ctrl+R).",
                vec![Offer::Tour],
            );
        }
    }
}

impl eframe::App for App {
    /// Takes in finished work. Draws nothing, waits for nothing.
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.take_in();
        self.keep_frame(ctx);
        self.hold_open(ctx);
    }

    /// Draws from borrowed data, then acts on what was asked.
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.show(ui, frame.info().cpu_usage);
    }

    /// The window is gone: what was not saved yet is saved now.
    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        let words = self.words();
        let recorded = self.recorder.finish_now(&self.session.hub, &words);
        let saved = self.desk.save_now(&self.history);
        for problem in [recorded, saved].into_iter().filter_map(Result::err) {
            // Nobody sees a notice any more.
            crate::last_words(&problem);
        }
    }
}

#[cfg(test)]
mod tests;
