//! The docked screens: which view draws what, and what dragging tabs does.

use std::cell::RefCell;

use analysis::track::Track;
use eframe::egui::{self, Ui, WidgetInfo, WidgetText, accesskit};
use egui_tiles::{EditAction, TabState, TileId, Tiles, UiResponse};
use model::event::Event;
use model::host::Host;
use model::series::SeriesKey;
use workflow::stored::Stored;

use super::{Scene, Views, Wish, standards};
use crate::contrast::sides::Axis;
use crate::explore::arrange::{self, Named, Section};
use crate::explore::{self, Absent};
use crate::hub::Stage;
use crate::layout::Screen;
use crate::manual::{link, topics};
use crate::plot::panel;
use crate::plot::pointer::{Habits, PlainDrag, PlainWheel};
use crate::session::Source;
use crate::theme::{self, Look};
use crate::timeline::Timeline;
use crate::view::{
    analyze, annotations, browser, compare, details, events, findings, library, processes, recipe,
    report, samples,
};
use crate::workspace::{Item, Workspace};

/// The plots, and what they were arranged for.
#[derive(Default)]
pub struct Arranged {
    made_for: Option<(u64, u64)>,
    sections: Vec<Section>,
}

impl Arranged {
    fn refresh(&mut self, scene: &Scene<'_>) {
        let made_for = Some((scene.session.version(), scene.history.changes()));
        if self.made_for != made_for {
            self.made_for = made_for;
            let session = scene.session;
            self.sections =
                arrange::arrange(scene.history.now(), session.hosts(), session.series());
        }
    }

    /// The plot of this number.
    pub fn plot(&self, id: u64) -> Option<&arrange::Plot> {
        let mut plots = self.sections.iter().flat_map(|section| &section.plots);
        plots.find(|plot| plot.id == id)
    }

    /// The curves of one panel, over all its plots.
    pub fn items_of(&self, panel: u64) -> Vec<Item> {
        let plots = self.sections.iter().flat_map(|section| &section.plots);
        let mine = plots.filter(|plot| plot.panel == panel);
        mine.flat_map(|plot| plot.curves.iter().map(|named| named.item.clone()))
            .collect()
    }

    /// Every curve that is plotted, with its name, each once.
    pub fn curves(&self) -> Vec<(Look, &Named)> {
        let mut all: Vec<(Look, &Named)> = Vec::new();
        let plots = self.sections.iter().flat_map(|section| &section.plots);
        for (place, named) in plots.flat_map(|plot| plot.curves.iter().enumerate()) {
            if !all.iter().any(|(_, known)| known.item == named.item) {
                all.push((Look::nth(place), named));
            }
        }
        all
    }
}

/// Draws the tree of screens.
pub(super) fn ui(ui: &mut Ui, views: &mut Views, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    views.plots.refresh(scene);
    // The tree is drawn from a copy, so that the saved one changes in one place only.
    let mut tree = scene.history.now().layout.clone();
    let mut screens = Screens {
        views,
        scene,
        wishes,
        edited: false,
    };
    tree.ui(&mut screens, ui);
    let edited = screens.edited;
    if tree != scene.history.now().layout {
        wishes.push(match edited {
            true => Wish::Arranged(Box::new(tree)),
            false => Wish::Settled(Box::new(tree)),
        });
    }
}

pub(super) struct Screens<'a, 'b> {
    pub(super) views: &'a mut Views,
    pub(super) scene: &'a Scene<'b>,
    pub(super) wishes: &'a mut Vec<Wish>,
    edited: bool,
}

impl egui_tiles::Behavior<Screen> for Screens<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, screen: &mut Screen) -> UiResponse {
        let visuals = ui.visuals();
        ui.painter()
            .rect_filled(ui.max_rect(), 0.0, visuals.panel_fill);
        egui::Frame::NONE
            .inner_margin(egui::Margin::same(6))
            .show(ui, |ui| {
                let topic = topics::of_screen(*screen);
                link::within(ui, (*screen, topic), |ui| self.screen_ui(ui, *screen));
            });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, screen: &Screen) -> WidgetText {
        let count = match screen {
            Screen::Findings => self.scene.session.unexpected().len(),
            Screen::Events => self.scene.session.plain_events().len(),
            Screen::Standards => standards::count(self.scene),
            Screen::Annotations => self.scene.session.notes().len(),
            _ => 0,
        };
        match count {
            0 => screen.title().into(),
            count => format!("{} ({count})", screen.title()).into(),
        }
    }

    fn is_tab_closable(&self, tiles: &Tiles<Screen>, tile: TileId) -> bool {
        tiles
            .get_pane(&tile)
            .is_some_and(|it| *it != Screen::Explore)
    }

    fn on_tab_close(&mut self, tiles: &mut Tiles<Screen>, tile: TileId) -> bool {
        if let Some(screen) = tiles.get_pane(&tile) {
            self.wishes.push(Wish::PutAway(*screen));
        }
        // It is put away, not removed: the menu brings it back to its place.
        false
    }

    fn on_edit(&mut self, action: EditAction) {
        match action {
            EditAction::TileResized | EditAction::TileDropped => self.edited = true,
            EditAction::TileDragged | EditAction::TabSelected => {}
        }
    }

    /// The help on the screen whose tab is chosen.
    fn top_bar_right_ui(
        &mut self,
        tiles: &Tiles<Screen>,
        ui: &mut Ui,
        _tile: TileId,
        tabs: &egui_tiles::Tabs,
        _scroll_offset: &mut f32,
    ) {
        let Some(screen) = tabs.active.and_then(|tile| tiles.get_pane(&tile)) else {
            return;
        };
        let hint = format!("Help on {}", screen.title());
        // Beside the edge, not on it.
        ui.add_space(6.0);
        let response = ui.add(egui::Button::new("?").frame(false));
        response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, &hint));
        if response.on_hover_text(hint).clicked() {
            link::open(ui.ctx(), topics::of_screen(*screen));
        }
    }

    fn simplification_options(&self) -> egui_tiles::SimplificationOptions {
        egui_tiles::SimplificationOptions {
            all_panes_must_have_tabs: true,
            ..Default::default()
        }
    }

    fn tab_bar_height(&self, style: &egui::Style) -> f32 {
        style.spacing.interact_size.y + 4.0
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        3.0
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        visuals.extreme_bg_color
    }

    fn tab_bg_color(
        &self,
        visuals: &egui::Visuals,
        _tiles: &Tiles<Screen>,
        _tile: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        match state.active {
            true => visuals.panel_fill,
            false => visuals.extreme_bg_color,
        }
    }

    fn tab_text_color(
        &self,
        visuals: &egui::Visuals,
        _tiles: &Tiles<Screen>,
        _tile: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        let theme = theme::of(visuals);
        if state.active {
            theme.text
        } else {
            theme.text_weak
        }
    }
}

impl Screens<'_, '_> {
    fn screen_ui(&mut self, ui: &mut Ui, screen: Screen) {
        match screen {
            Screen::Findings => self.findings_ui(ui),
            Screen::Analyze => self.analyze_ui(ui),
            Screen::Bottleneck => self.bottleneck_ui(ui),
            Screen::Forecast => self.forecast_ui(ui),
            Screen::Correlate => self.correlate_ui(ui),
            Screen::Services => self.services_ui(ui),
            Screen::Plan => self.plan_ui(ui),
            Screen::Report => self.report_ui(ui),
            Screen::Library => self.library_ui(ui),
            Screen::Recipe => self.recipe_ui(ui),
            Screen::Standards => self.standards_ui(ui),
            Screen::Compare => self.compare_ui(ui),
            Screen::Explore => self.explore_ui(ui),
            Screen::Browser => self.browser_ui(ui),
            Screen::Processes => self.processes_ui(ui),
            Screen::Samples => self.samples_ui(ui),
            Screen::Events => self.events_ui(ui),
            Screen::Annotations => self.notes_ui(ui),
            Screen::Details => self.details_ui(ui),
            Screen::Kymo => self.own_ui(ui),
        }
    }

    fn explore_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let empty = why_empty(scene);
        let data = explore::Data {
            workspace: scene.history.now(),
            sections: &self.views.plots.sections,
            track: &|item| scene.session.track(item),
            shared: shared(scene),
            empty: &empty,
        };
        let answer = explore::ui(ui, &mut self.views.explore, &data);
        self.views.wanted.extend(answer.wanted);
        self.views.columns = answer.columns;
        self.wishes
            .extend(answer.actions.into_iter().map(Wish::Explore));
    }

    fn browser_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let crowds = scene.session.crowds();
        let hosts: Vec<browser::Crowd<'_>> = crowds
            .hosts()
            .iter()
            .map(|(host, lines)| browser::Crowd { host, lines })
            .collect();
        let moment = scene.timeline.moment();
        // Values of rows in sight are asked for; what is not at hand is loaded.
        let missing = RefCell::new(Vec::new());
        let value = |key: &SeriesKey| {
            if is_old(scene, &key.host) {
                return None;
            }
            let value = scene.session.value(key, moment);
            if value.is_none() && scene.session.stored().is_some() {
                missing.borrow_mut().push(Item::Series(key.clone()));
            }
            value
        };
        let data = browser::Data {
            series: scene.session.series(),
            version: scene.session.version(),
            value: &value,
            crowds: &hosts,
            crowds_version: crowds.version(),
        };
        let actions = browser::ui(ui, &mut self.views.browser, &data);
        self.views.wanted.extend(missing.into_inner());
        self.wishes.extend(actions.into_iter().map(Wish::Browser));
    }

    fn processes_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let crowds = scene.session.crowds();
        let names: Vec<&str> = crowds
            .hosts()
            .iter()
            .map(|(host, _)| host.as_str())
            .collect();
        let chosen = self.views.process_host.as_deref();
        let host = chosen
            .filter(|it| names.contains(it))
            .or(names.first().copied());
        let host = host.unwrap_or_default();
        if names.len() > 1 {
            ui.horizontal_wrapped(|ui| {
                for name in &names {
                    if ui.selectable_label(*name == host, *name).clicked() {
                        self.wishes.push(Wish::ProcessHost((*name).to_owned()));
                    }
                }
            });
        }
        let when = match (crowds.moment(), scene.timeline.pointed()) {
            (None, _) => processes::When::Never,
            (Some(at), Some(_)) => processes::When::Cursor(at),
            (Some(at), None) if !scene.timeline.is_newest() => processes::When::Cursor(at),
            (Some(at), None) if scene.session.stored().is_some() || is_old(scene, host) => {
                processes::When::Last(at)
            }
            (Some(at), None) => processes::When::Newest(at),
        };
        let data = processes::Data {
            host,
            lines: crowds.of(host),
            version: crowds.version(),
            when,
            clock: scene.clock,
        };
        let actions = processes::ui(ui, &mut self.views.processes, &data).into_iter();
        self.wishes
            .extend(actions.map(|it| Wish::Processes(host.to_owned(), it)));
    }

    fn samples_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let plot = self.views.sampled.and_then(|id| self.views.plots.plot(id));
        let named = plot.map(|plot| plot.curves.as_slice()).unwrap_or_default();
        let curves: Vec<samples::Curve<'_>> = named
            .iter()
            .enumerate()
            .filter_map(|(place, named)| {
                Some(samples::Curve {
                    name: &named.name,
                    look: Look::nth(place),
                    track: scene.session.track(&named.item).ok()?,
                })
            })
            .collect();
        // A plot out of sight is not asked for by its panel.
        self.views
            .wanted
            .extend(named.iter().map(|named| named.item.clone()));
        let timeline = scene.timeline;
        let data = samples::Data {
            title: plot.map_or("", |plot| &plot.title),
            curves: &curves,
            span: timeline.selection.unwrap_or_else(|| timeline.view()),
            from: match timeline.selection {
                Some(_) => samples::From::Selection,
                None => samples::From::View,
            },
            cursor: timeline.pointed(),
            clock: scene.clock,
        };
        let actions = samples::ui(ui, &mut self.views.samples, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Samples));
    }

    fn findings_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let insight = scene.session.insight();
        let track = |name: &str| track_of(scene, name);
        let data = findings::Data {
            findings: scene.session.findings(),
            standing: insight.standing(),
            kept: findings::Kept {
                kymo: &insight.held().kymo,
                differences: insight.differences(),
                hindrance: hindrance(scene),
            },
            version: scene.session.findings_version(),
            progress: insight.progress(),
            troubles: insight.troubles(),
            said: insight.said(),
            watched: match scene.session.stored() {
                Some(_) => None,
                None => Some(scene.session.lookout().series()),
            },
            whole: scene.timeline.whole(),
            hosts: scene.session.hosts().len(),
            track: &track,
            clock: scene.clock,
        };
        let answer = findings::ui(ui, &mut self.views.findings, &data);
        self.views.wanted.extend(items(&answer.wanted));
        self.wishes
            .extend(answer.actions.into_iter().map(Wish::Findings));
    }

    fn analyze_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let insight = scene.session.insight();
        let track = |name: &str| track_of(scene, name);
        let data = analyze::Data {
            // What was expected is no evidence of trouble.
            findings: scene.session.unexpected(),
            version: scene.session.findings_version(),
            progress: insight.progress(),
            view: scene.timeline.view(),
            selection: scene.timeline.selection,
            cursor: scene.timeline.pointed(),
            hosts: scene.session.hosts().len(),
            track: &track,
            clock: scene.clock,
            habits: habits(scene.history.now()),
        };
        let answer = analyze::ui(ui, &mut self.views.analyze, &data);
        self.views.wanted.extend(items(&answer.wanted));
        self.wishes
            .extend(answer.actions.into_iter().map(Wish::Analyze));
    }

    fn recipe_ui(&mut self, ui: &mut Ui) {
        let data = recipe::Data {
            runs: &self.scene.desk.runs,
        };
        let actions = recipe::ui(ui, &mut self.views.recipe, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Recipe));
    }

    fn library_ui(&mut self, ui: &mut Ui) {
        let shelf = &self.scene.desk.shelf;
        let data = library::Data {
            roots: &self.scene.desk.recent.libraries,
            usual: self.scene.desk.record_folder(),
            shelf,
            clock: self.scene.clock,
        };
        let actions = library::ui(ui, &mut self.views.library, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Library));
    }

    fn compare_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let contrast = scene.session.contrast();
        let data = compare::Data {
            sides: &contrast.sides,
            axis: compared(scene.timeline),
            selection: scene.timeline.selection,
            progress: contrast.progress(),
            answer: contrast.answer().map(|it| &**it),
            version: contrast.version(),
            closeup: contrast.closeup().map(|it| &**it),
            live: scene.session.stored().is_none(),
            pinned: &|id| scene.session.remarks().is_pinned(id),
            recent: &scene.desk.recent.files,
            clock: scene.clock,
            habits: habits(scene.history.now()),
        };
        let actions = compare::ui(ui, &mut self.views.compare, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Compare));
    }

    fn report_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let question = &scene.session.inquiries.report;
        let remarks = scene.session.remarks();
        let asked = question.asked();
        let data = report::Data {
            stored: scene.session.stored().is_some(),
            drafts: &remarks.drafts,
            pinned: &remarks.pinned,
            whole: scene.session.span(),
            selection: scene.timeline.selection,
            document: question.answer(),
            asked: asked.map(|it| &it.draft),
            version: scene.session.findings_version(),
            asked_version: asked.map_or(u64::MAX, |it| it.version),
            stage: question.running(scene.work).unwrap_or_default(),
            trouble: question.trouble(),
            verified: scene.session.inquiries.checked.answer(),
        };
        let actions = report::ui(ui, &mut self.views.report, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Report));
    }

    fn events_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let by_host = scene.session.events().iter();
        let sources: Vec<events::Source<'_>> = by_host
            .map(|(host, events): &(String, Vec<Event>)| events::Source { host, events })
            .collect();
        let data = events::Data {
            sources: &sources,
            version: scene.session.events_version(),
            clock: scene.clock,
        };
        let actions = events::ui(ui, &mut self.views.events, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Events));
    }

    fn notes_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let data = annotations::Data {
            notes: scene.session.notes(),
            selection: scene.timeline.selection,
            cursor: scene.timeline.pointed(),
            view: scene.timeline.view(),
            clock: scene.clock,
        };
        let actions = annotations::ui(ui, &mut self.views.notes, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Notes));
    }

    fn details_ui(&mut self, ui: &mut Ui) {
        let scene = self.scene;
        let curves = self.views.plots.curves();
        let several = scene.session.hosts().len() > 1;
        let names = curves.iter().map(|(_, named)| {
            let name = arrange::list_name(&named.item);
            match several {
                true => format!("{} · {name}", named.item.host()),
                false => name,
            }
        });
        let names: Vec<String> = names.collect();
        let rows: Vec<details::Row<'_>> = curves
            .iter()
            .zip(&names)
            .filter_map(|((look, named), name)| row(scene, *look, (&named.item, name)))
            .collect();
        let host = host_of(scene, self.views.selected.as_ref());
        let data = details::Data {
            subject: subject(scene, self.views.selected.as_ref(), host.as_ref()),
            range: scene.timeline.selection,
            measure: scene.timeline.measure,
            rows: &rows,
            clock: scene.clock,
        };
        let actions = details::ui(ui, &mut self.views.details, &data);
        self.wishes.extend(actions.into_iter().map(Wish::Details));
    }
}

/// Why the findings cannot be kept in the session now.
fn hindrance(scene: &Scene<'_>) -> Option<&'static str> {
    let insight = scene.session.insight();
    let on_disk = scene.session.stored().is_some_and(Stored::on_disk);
    match (insight.progress(), on_disk) {
        (findings::Progress::Running(_), _) => Some("They are still being computed"),
        (_, false) => Some("An imported file keeps nothing; save it as a session first"),
        _ if !insight.is_whole() => Some("Some could not be computed; analyze again first"),
        _ => None,
    }
}

/// Whether values of a host at the end of the data would pass for those of now
/// although it says nothing any more.
fn is_old(scene: &Scene<'_>, host: &str) -> bool {
    let mute = scene.session.mute().iter().any(|mute| mute == host);
    mute && scene.timeline.is_newest()
}

/// What a comparison may be made of.
pub(crate) fn compared(timeline: &Timeline) -> Axis {
    Axis {
        whole: timeline.whole(),
        cursors: timeline.measure,
    }
}

/// The curve of a series by its name in findings.
fn track_of<'a>(scene: &Scene<'a>, name: &str) -> Option<&'a Track> {
    scene.session.track(&Item::Series(key_of(name))).ok()
}

/// The series of this name; any text is one.
pub(crate) fn key_of(name: &str) -> SeriesKey {
    // Reading a name cannot fail.
    name.parse().unwrap_or_default()
}

fn items(names: &[String]) -> impl Iterator<Item = Item> + '_ {
    names.iter().map(|name| Item::Series(key_of(name)))
}

/// What all plots share.
pub(super) fn shared<'a>(scene: &Scene<'a>) -> panel::Shared<'a> {
    let timeline = scene.timeline;
    panel::Shared {
        view: timeline.view(),
        clock: scene.clock,
        cursor: timeline.pointed(),
        selection: timeline.selection,
        measure: timeline.measure,
        annotations: scene.session.notes(),
        events: scene.session.plain_events(),
        flaws: scene.session.flaws(),
        mute: scene.session.mute(),
        habits: habits(scene.history.now()),
    }
}

pub(super) fn habits(workspace: &Workspace) -> Habits {
    Habits {
        drag: match workspace.drag_zooms.on() {
            true => PlainDrag::Zooms,
            false => PlainDrag::Selects,
        },
        wheel: match workspace.wheel_zooms.on() {
            true => PlainWheel::Zooms,
            false => PlainWheel::Scrolls,
        },
    }
}

/// Why there are no plots.
fn why_empty(scene: &Scene<'_>) -> String {
    if scene.session.stored().is_some() {
        return "This session holds none of the essential series. Drag series here from the browser, or double-click one there.".to_owned();
    }
    let attempts = scene.session.hub.attempts();
    match attempts.last().map(|attempt| (&attempt.stage, attempt)) {
        None => "No agent is attached. Attach this computer with File › Attach agent, or open a session with Ctrl+O.".to_owned(),
        Some((Stage::Waiting, attempt)) => format!("Attaching {}…", attempt.link.target()),
        Some((Stage::Attached(_), _)) => "Waiting for the first sample…".to_owned(),
        Some((Stage::Over(why), attempt)) => format!(
            "{} is not attached: {why}. Attach again with File › Attach agent, or open a session with Ctrl+O.",
            attempt.link.target()
        ),
    }
}

fn row<'a>(
    scene: &Scene<'a>,
    look: Look,
    (item, name): (&Item, &'a str),
) -> Option<details::Row<'a>> {
    let track = scene.session.track(item).ok()?;
    let at = |moment: Option<model::time::Moment>| {
        let found = moment.and_then(|it| track.value_at(it));
        found.map_or(f64::NAN, |(_, value)| value)
    };
    Some(details::Row {
        key: &track.series().key,
        name,
        unit: &track.series().unit,
        look: Some(look),
        summary: scene.session.figures().of(item),
        measured: scene.timeline.measure.map(at),
    })
}

fn host_of(scene: &Scene<'_>, selected: Option<&Item>) -> Option<Host> {
    let name = selected?.host();
    match scene.session.source() {
        Source::Live => {
            let live = scene.session.hub.live();
            live.host(name).map(|host| host.connected.hello.host())
        }
        Source::Stored(stored) => {
            let found = stored.hosts().iter().find(|facts| facts.name == name);
            found.map(|facts| facts.host.clone())
        }
    }
}

fn subject<'a>(
    scene: &Scene<'a>,
    selected: Option<&'a Item>,
    host: Option<&'a Host>,
) -> details::Subject<'a> {
    match selected {
        None => details::Subject::Nothing,
        Some(Item::Process(process)) => {
            let lines = scene.session.crowds().of(&process.host);
            match lines.iter().find(|line| line.id == process.id) {
                Some(line) => details::Subject::Process {
                    host: &process.host,
                    line,
                },
                None => details::Subject::Nothing,
            }
        }
        Some(item @ Item::Series(key)) => match scene.session.find(key) {
            None => details::Subject::Nothing,
            Some(series) => details::Subject::Series {
                series,
                host,
                source: match (scene.session.source(), scene.session.track(item)) {
                    (Source::Live, _) => "the attached agent",
                    (Source::Stored(_), Err(Absent::Failed(_))) => {
                        "the session, but it cannot be read"
                    }
                    (Source::Stored(_), _) => "the session on disk",
                },
                value: Some(scene.timeline.moment())
                    .filter(|_| !is_old(scene, &key.host))
                    .and_then(|moment| scene.session.value(key, moment))
                    .unwrap_or(f64::NAN),
            },
        },
    }
}
