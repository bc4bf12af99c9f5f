//! The window.
//!
//! * [`app`] owns everything and says what a frame does; [`act`] does what was
//!   asked; [`shell`] draws the window around the screens.
//! * [`session`] is what is looked at: agents ([`hub`]) or a file, with its curves
//!   ([`tracks`]), processes ([`crowds`]), statistics ([`figures`]) and doubts
//!   ([`doubts`]), findings ([`insight`], live [`lookout`]) and comparisons ([`contrast`])
//!   prepared for views.
//! * [`workspace`] is what the user arranged and [`history`] undoes; [`timeline`] the
//!   one time axis; [`commands`] everything that can be asked for by name.
//! * [`view`] and [`explore`] are the screens, [`plot`] the plots, [`theme`] the looks.
//! * [`tasks`] is work off this thread, [`recorder`] the recording, [`notices`]
//!   what the user is told, [`desk`] and [`places`] what is kept between runs, [`plans`]
//!   the plan that is worked on, [`shelf`] the library, [`runs`] the recipe and its run,
//!   [`manual`] the pages of the help.
//!
//! Never in a view: a file, a socket, a lock, a wait.
//!
//! Start at [`run`].

mod act;
pub mod app;
pub mod carrying;
pub mod commands;
pub mod contrast;
pub mod crowds;
pub mod desk;
pub mod desktop;
pub mod doubts;
pub mod explore;
pub mod export;
pub mod figures;
pub mod history;
pub mod hub;
pub mod inquiry;
pub mod insight;
pub mod keeping;
pub mod layout;
pub mod lookout;
pub mod manual;
pub mod notices;
#[expect(
    clippy::disallowed_methods,
    reason = "the one place for files; jobs call it"
)]
pub mod places;
pub mod plans;
pub mod plot;
pub mod recorder;
pub mod runs;
pub mod session;
pub mod shelf;
pub mod shell;
pub mod standards;
pub mod tasks;
pub mod theme;
pub mod timeline;
pub mod tracks;
pub mod view;
pub mod workspace;

use std::io::Write as _;
use std::path::PathBuf;

use eframe::egui::ViewportBuilder;
use workflow::launch::Launch;
use workflow::problem::Problem;
use workflow::target::Target;

use crate::app::App;
use crate::desk::{Desk, Found};
use crate::places::{Frame, Places};

/// With what the window begins.
#[derive(Clone, Debug)]
pub struct Start {
    /// Sessions or files; the first is shown, the others are remembered.
    pub open: Vec<PathBuf>,
    /// Agents to attach.
    pub attach: Vec<Target>,
    /// Sessions that come with the program.
    pub examples: Vec<Example>,
    /// Judges what an agent shall hear, as the command line does.
    pub checker: desk::Checker,
    /// Looks what keeps applications on this machine from being heard.
    pub prober: desk::Prober,
}

/// A session that comes with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its name.
    pub name: String,
    /// One line on what was done while it was recorded.
    pub what: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The window could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "no window with OpenGL could be opened \
     (LIBGL_ALWAYS_SOFTWARE=1 paints without a graphics driver; Debian needs \
     libgl1 libegl1 libgl1-mesa-dri libxkbcommon-x11-0 libx11-xcb1 libxcursor1 libxi6)"
)]
pub struct RunError(#[source] eframe::Error);

/// Opens the window and returns when it is closed.
///
/// # Errors
///
/// [`RunError`] when there is no display or no OpenGL.
pub fn run(start: Start) -> Result<(), RunError> {
    let mut found = Desk::open(Places::find(), start.examples.clone(), launch_here);
    found.desk.checker = start.checker;
    found.desk.prober = start.prober;
    let frame = found.desk.recent.window.unwrap_or_default().bounded();
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title("Kymo")
            .with_app_id("kymo")
            .with_inner_size(frame.size.map(f32::from))
            .with_min_inner_size(Frame::LEAST.map(f32::from))
            .with_maximized(frame.maximized)
            .with_transparent(false),
        // Plots are lines and rectangles: smooth enough without, and cheaper by far
        // where the processor paints.
        multisampling: 0,
        dithering: false,
        ..Default::default()
    };
    eframe::run_native(
        "Kymo",
        options,
        Box::new(move |creation| Ok(Box::new(begin(&creation.egui_ctx, found, start)))),
    )
    .map_err(RunError)
}

/// The application, attaching and opening what was asked for.
fn begin(ctx: &eframe::egui::Context, found: Found, start: Start) -> App {
    let mut app = App::new(ctx, found);
    for target in start.attach {
        app.attach_aside(target);
    }
    let opens = !start.open.is_empty();
    let mut paths = start.open.into_iter();
    if let Some(path) = paths.next() {
        app.open(path);
    }
    for path in paths {
        app.remember(&path);
    }
    if !opens {
        app.welcome();
    }
    app
}

/// Agents are started from this very program.
fn launch_here(target: Target) -> std::io::Result<Launch> {
    Launch::current(target, Vec::new())
}

/// Says on standard error what nobody can read in a window any more.
pub(crate) fn last_words(problem: &Problem) {
    let mut stderr = std::io::stderr().lock();
    if writeln!(stderr, "kymo: {problem}").is_err() {
        // There is nowhere left to say it.
    }
}
