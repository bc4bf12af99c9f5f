//! The window around the screens: bars, lanes, docked screens, dialogs, notices.
//!
//! Draws from a borrowed [`Scene`] and returns [`Wish`]es; decides nothing.
//!
//! * [`top`]: menu, title, hosts, badge. [`lanes`]: overview and data quality.
//! * [`screens`]: the docked screens. [`status`]: jobs, recording, costs.
//! * [`dialogs`], [`palette`], [`toasts`], [`drop`]: what lies above.
//!
//! Start at [`ui`].

pub mod dialogs;
pub mod drop;
pub mod expect;
pub mod hear;
pub mod importing;
pub mod lanes;
pub mod palette;
mod questions;
pub mod screens;
pub mod sharing;
mod standards;
pub mod status;
pub mod title;
pub mod toasts;
pub mod top;

use std::path::PathBuf;
use std::time::Instant;

use eframe::egui::{self, Ui};
use workflow::jobs::JobId;

use crate::commands::{self, Facts};
use crate::desk::Desk;
use crate::explore;
use crate::history::History;
use crate::layout::{Layout, Screen};
use crate::manual::link;
use crate::notices::{NoticeId, Notices, Offer};
use crate::plot::time_axis::Clock;
use crate::recorder::Recorder;
use crate::session::Session;
use crate::tasks::{Pool, Work};
use crate::timeline::Timeline;
use crate::view;
use crate::workspace::Item;

/// Everything the window shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// What is looked at.
    pub session: &'a Session,
    /// The shared time axis.
    pub timeline: &'a Timeline,
    /// What the user arranged.
    pub history: &'a History,
    /// Jobs.
    pub work: &'a Work,
    /// What the user was told.
    pub notices: &'a Notices,
    /// The recording.
    pub recorder: &'a Recorder,
    /// Folders, recent files, examples.
    pub desk: &'a Desk,
    /// How moments are labeled.
    pub clock: &'a Clock,
    /// Which commands make sense.
    pub facts: &'a Facts,
    /// When this frame is drawn.
    pub now: Instant,
    /// How long the last frame took, in seconds.
    pub frame_seconds: Option<f32>,
}

/// Scratch of all views. Never data, never saved.
#[derive(Default)]
pub struct Views {
    /// Small multiples.
    pub explore: explore::State,
    /// Their arrangement, and what it was made for.
    pub plots: screens::Arranged,
    /// The browser.
    pub browser: view::browser::State,
    /// The process table.
    pub processes: view::processes::State,
    /// Whose processes are shown.
    pub process_host: Option<String>,
    /// The samples of one plot.
    pub samples: view::samples::State,
    /// Which plot that is.
    pub sampled: Option<u64>,
    /// The list of findings.
    pub findings: view::findings::State,
    /// Three analyses side by side.
    pub analyze: view::analyze::State,
    /// Which resource limits.
    pub bottleneck: view::bottleneck::State,
    /// What comes next.
    pub forecast: view::forecast::State,
    /// What moves together.
    pub correlate: view::correlate::State,
    /// What services do.
    pub services: view::services::State,
    /// What must hold.
    pub standards: view::standards::State,
    /// What would help.
    pub plan: view::plan::State,
    /// What others are told.
    pub report: view::report::State,
    /// A measurement that runs by itself.
    pub recipe: view::recipe::State,
    /// Many sessions.
    pub library: view::library::State,
    /// What changed.
    pub compare: view::compare::State,
    /// The list of events.
    pub events: view::events::State,
    /// The list of notes.
    pub notes: view::annotations::State,
    /// Facts and statistics.
    pub details: view::details::State,
    /// What the facts are about.
    pub selected: Option<Item>,
    /// Hosts as chips.
    pub hosts: view::hosts::State,
    /// The whole session.
    pub overview: lanes::Overview,
    /// Doubts.
    pub quality: view::quality::State,
    /// The dialog that is open.
    pub dialogs: dialogs::State,
    /// The command palette.
    pub palette: palette::State,
    /// Curves in sight, found while drawing.
    pub wanted: Vec<Item>,
    /// Pixel columns of the widest plot.
    pub columns: usize,
    /// The window's title as last set.
    pub title: String,
}

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// A command by name or key.
    Command(commands::Id),
    /// A wish of the plots.
    Explore(explore::Action),
    /// A wish of the browser.
    Browser(view::browser::Action),
    /// A wish of a host's process table.
    Processes(String, view::processes::Action),
    /// Show another host's processes.
    ProcessHost(String),
    /// A wish of the table of samples.
    Samples(view::samples::Action),
    /// A wish of the list of findings.
    Findings(view::findings::Action),
    /// A wish of the three analyses side by side.
    Analyze(view::analyze::Action),
    /// A wish of the screen of what limits.
    Bottleneck(view::bottleneck::Action),
    /// A wish of the screen of what comes next.
    Forecast(view::forecast::Action),
    /// A wish of the screen of what moves together.
    Correlate(view::correlate::Action),
    /// A wish of the screen of services.
    Services(view::services::Action),
    /// A wish of the recipe.
    Recipe(view::recipe::Action),
    /// A wish of the library.
    Library(view::library::Action),
    /// A wish of the plan.
    Plan(view::plan::Action),
    /// About a report.
    Report(view::report::Action),
    /// A wish of the screen of Kymo's own figures.
    Own(view::own::Action),
    /// A wish of the screen of standards.
    Standards(view::standards::Action),
    /// A wish of the comparison.
    Compare(view::compare::Action),
    /// A wish of the list of events.
    Events(view::events::Action),
    /// A wish of the list of notes.
    Notes(view::annotations::Action),
    /// A wish of the details.
    Details(view::details::Action),
    /// A wish of the host chips.
    Hosts(view::hosts::Action),
    /// A wish of the overview strip.
    Overview(view::overview::Action),
    /// A wish of the quality lane.
    Quality(view::quality::Action),
    /// A wish of a dialog.
    Dialog(dialogs::Action),
    /// Something chosen in the palette.
    Palette(palette::Choice),
    /// Files dropped on the window.
    Dropped(Vec<PathBuf>),
    /// Files dropped on a comparison.
    CompareWith(Vec<PathBuf>),
    /// Open this file.
    Open(PathBuf),
    /// The user rearranged the screens.
    Arranged(Box<Layout>),
    /// The screens settled by themselves, or a tab was chosen.
    Settled(Box<Layout>),
    /// Put a screen away.
    PutAway(Screen),
    /// Take a notice from the corner.
    CloseNotice(NoticeId),
    /// Do what a notice offers.
    Offer(NoticeId, Offer),
    /// Stop a job.
    Cancel(Pool, JobId),
    /// Put this text on the clipboard.
    Copy(String),
    /// Show this place in the help, such as `analysis#anomaly-spike`.
    Help(String),
}

/// Draws the whole window.
pub fn ui(ui: &mut Ui, views: &mut Views, scene: &Scene<'_>) -> Vec<Wish> {
    let mut wishes = Vec::new();
    views.wanted.clear();
    views.columns = 0;
    if !views.palette.is_open() && !views.dialogs.is_modal() {
        let asked = commands::pressed(ui.ctx());
        let allowed = asked
            .into_iter()
            .filter(|id| commands::find(*id).is_some_and(|command| scene.facts.allow(command)));
        wishes.extend(allowed.map(Wish::Command));
    }
    egui::Panel::top("top").show(ui, |ui| top::ui(ui, views, scene, &mut wishes));
    egui::Panel::top("lanes")
        .frame(egui::Frame::NONE)
        .show(ui, |ui| lanes::ui(ui, views, scene, &mut wishes));
    egui::Panel::bottom("status").show(ui, |ui| status::ui(ui, scene, &mut wishes));
    egui::CentralPanel::no_frame().show(ui, |ui| screens::ui(ui, views, scene, &mut wishes));
    dialogs::ui(ui.ctx(), &mut views.dialogs, scene, &mut wishes);
    palette::ui(ui.ctx(), &mut views.palette, scene, &mut wishes);
    toasts::ui(ui.ctx(), scene, &mut wishes);
    drop::ui(ui.ctx(), scene, &mut wishes);
    wishes.extend(link::asked(ui.ctx()).into_iter().map(Wish::Help));
    wishes
}
