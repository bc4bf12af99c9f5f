//! Files: asking for a path, opening, writing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eframe::egui::Context;
use workflow::imports::{self, How, Origin, Setup};
use workflow::stored::Stored;

use crate::app::App;
use crate::export::{self, Export};
use crate::layout::Screen;
use crate::notices::{Now, Offer};
use crate::places;
use crate::recorder;
use crate::shell::dialogs::{Action, Dialog};
use crate::shell::importing::Draft;
use crate::tasks::{OpenedFile, Outcome, Picked, Pool, Purpose};
use crate::timeline::Mode;
use crate::view::start;

/// Nobody closes a dialog faster than this: it never appeared.
const NO_DIALOG_TIME: Duration = Duration::from_millis(400);

impl App {
    /// Opens a session, a plan, or imports a file, as a job.
    pub fn open(&mut self, path: PathBuf) {
        if is_plan(&path) {
            self.open_plan(path);
            return;
        }
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy();
        let label = format!("opening {name}");
        self.work.start(Pool::Long, label, move |context| {
            let result = Stored::open(&path, context);
            Outcome::Opened(Box::new(OpenedFile { path, result }))
        });
    }

    /// A job opened a session, or says why not.
    pub(super) fn opened(&mut self, file: OpenedFile) {
        let (stored, warnings) = match file.result {
            Ok(opened) => opened,
            Err(problem) => {
                self.desk.recent.files.retain(|known| *known != file.path);
                self.tell(&problem, Vec::new());
                return;
            }
        };
        self.desk.recent.opened(&file.path);
        if !warnings.is_empty() {
            let what = format!("{} was opened, with remarks", stored.title());
            let offers = match file.path.extension().is_some_and(|it| it == "kymo") {
                true => Vec::new(),
                false => vec![Offer::Import(file.path.clone())],
            };
            self.notices
                .warn(Now::read(), what, warnings.join("\n"), offers);
        }
        let span = stored.span();
        self.session.show_stored(stored, &self.work);
        self.history.turn();
        self.session.refresh(Instant::now());
        self.timeline.restart(span, Mode::Paused);
        self.views.selected = None;
        self.session.analyze(&mut self.work);
        self.check_standards();
        // What the recording says comes before what it looks like.
        self.bring_up(Screen::Findings);
    }

    pub(super) fn show_live(&mut self) {
        if self.session.stored().is_none() {
            return;
        }
        self.session.show_live(&self.work);
        self.history.turn();
        self.session.refresh(Instant::now());
        self.timeline.restart(self.session.span(), Mode::Follow);
        self.views.selected = None;
        self.session.analyze(&mut self.work);
        self.bring_up(Screen::Explore);
        if !self.session.hub.speaks() {
            self.attach_text("local");
        }
    }

    /// Where a plan is kept where nobody said otherwise: beside the recording.
    fn plan_place(&self) -> PathBuf {
        if let Some(known) = self.desk.plans.path() {
            return known.to_path_buf();
        }
        let session = self.session.stored().map_or(Path::new(""), Stored::path);
        let stem = session.file_stem().map(|it| it.to_string_lossy());
        let name = format!("{}.plan.ron", stem.as_deref().unwrap_or("what-if"));
        export::beside(session, &self.desk.places.sessions, &name)
    }

    /// Opens a dropped file; of several asks how they go together.
    pub(super) fn dropped(&mut self, mut paths: Vec<PathBuf>) {
        match paths.len() {
            0 => {}
            1 => paths.drain(..).for_each(|path| self.open(path)),
            _ => self.ask_how_to_import(paths),
        }
    }

    /// Asks how files are to be read; without any, which.
    pub(super) fn ask_how_to_import(&mut self, paths: Vec<PathBuf>) {
        let single = paths.len() == 1;
        let draft = Draft::of(paths, Path::new(""));
        let mut draft = Box::new(draft);
        if !single {
            let place = self.default_path(&Purpose::ImportInto((*draft).clone()));
            draft.set_out(&place);
        }
        self.views.dialogs.open(Dialog::Import(draft));
    }

    /// Looks at the beginning of a file, as a job.
    fn preview(&mut self, path: PathBuf, how: How) {
        let label = format!("looking at {}", path.display());
        self.work.start(Pool::Quick, label, move |_| {
            let preview = imports::preview(&path, &how);
            Outcome::Previewed(path, how, preview)
        });
    }

    /// Imports files, as a job, and opens what they became.
    fn import(&mut self, setup: Setup, out: Option<PathBuf>) {
        let count = setup.inputs.len();
        let label = match setup.inputs.as_slice() {
            [(origin, _)] => format!("importing {}", origin.name()),
            _ => format!("importing {count} files"),
        };
        self.work.start(Pool::Long, label, move |context| {
            let (path, result) = match (out, setup.inputs.first()) {
                (None, Some((Origin::File(path), how))) => {
                    (path.clone(), imports::open(path, how, context))
                }
                (out, _) => {
                    let out = out.unwrap_or_default();
                    let made = imports::import(&setup, &out, context);
                    let opened = made.and_then(|made| {
                        let (stored, mut warnings) = Stored::open(&out, context)?;
                        let mut notes = made.notes;
                        notes.append(&mut warnings);
                        Ok((stored, notes))
                    });
                    (out, opened)
                }
            };
            Outcome::Opened(Box::new(OpenedFile { path, result }))
        });
    }

    /// Shows the system's file dialog from a job, so that drawing goes on.
    pub(super) fn pick(&mut self, purpose: Purpose) {
        let start = self.default_path(&purpose);
        let shown = self
            .work
            .start(Pool::Long, "waiting for the file dialog", move |_| {
                let began = Instant::now();
                let picked = match show_dialog(&purpose, &start) {
                    Some(path) => Picked::Path(path),
                    None if began.elapsed() < NO_DIALOG_TIME => Picked::NoDialog,
                    None => Picked::Nothing,
                };
                Outcome::Picked(purpose, picked)
            });
        if shown.is_none() {
            self.ask_path(Purpose::Open, "The file dialog is busy.");
        }
    }

    /// Asks for a path in the window itself.
    pub(super) fn ask_path(&mut self, purpose: Purpose, why: &str) {
        let text = match &purpose {
            Purpose::Open
            | Purpose::OpenPlan
            | Purpose::OpenRecipe
            | Purpose::OpenRun
            | Purpose::Standard
            | Purpose::After
            | Purpose::VerifyReport
            | Purpose::Compare(_)
            | Purpose::Import(_) => String::new(),
            other => self.default_path(other).display().to_string(),
        };
        self.views.dialogs.open(Dialog::Path {
            purpose,
            text,
            why: why.to_owned(),
        });
    }

    fn default_path(&self, purpose: &Purpose) -> PathBuf {
        match purpose {
            Purpose::Open
            | Purpose::Standard
            | Purpose::After
            | Purpose::VerifyReport
            | Purpose::Compare(_) => {
                let recent = self.desk.recent.files.first().and_then(|it| it.parent());
                recent.unwrap_or(self.desk.record_folder()).to_path_buf()
            }
            Purpose::AddLibrary => self.desk.record_folder().to_path_buf(),
            Purpose::OpenRecipe | Purpose::SaveRecipe | Purpose::OpenRun => {
                let known = self.desk.runs.path().map(Path::to_path_buf);
                known.unwrap_or_else(|| self.desk.places.sessions.join("measurement.recipe.ron"))
            }
            Purpose::ExportReview(form) => {
                let name = self.desk.shelf.review_name(*form);
                self.desk.places.sessions.join(name)
            }
            Purpose::OpenPlan | Purpose::SavePlan => self.plan_place(),
            Purpose::ExportLedger => self.plan_place().with_file_name("ledger.csv"),
            Purpose::Import(draft) => {
                let recent = self.desk.recent.files.first().and_then(|it| it.parent());
                let folder = draft.folder().or(recent);
                folder.unwrap_or(self.desk.record_folder()).to_path_buf()
            }
            Purpose::ImportInto(draft) if !draft.out().trim().is_empty() => {
                PathBuf::from(draft.out().trim())
            }
            Purpose::ImportInto(_) => {
                let free = |number: usize| {
                    let name = match number {
                        1 => "imported.kymo".to_owned(),
                        number => format!("imported-{number}.kymo"),
                    };
                    let path = self.desk.places.sessions.join(name);
                    (!path.exists()).then_some(path)
                };
                let found = (1..=999).find_map(free);
                found.unwrap_or_else(|| self.desk.places.sessions.join("imported.kymo"))
            }
            Purpose::Record(draft) => PathBuf::from(&draft.path),
            Purpose::Export(export) => {
                let session = self.session.stored().map_or(Path::new(""), Stored::path);
                let name = export.file_name(session);
                export::beside(session, &self.desk.places.sessions, &name)
            }
        }
    }

    /// The user answered a file dialog.
    pub(super) fn picked(&mut self, purpose: Purpose, picked: Picked) {
        match picked {
            Picked::Nothing => self.back_to(purpose),
            Picked::NoDialog => {
                let why = "No file dialog could be shown (it needs xdg-desktop-portal or zenity), so type or paste the path.";
                self.ask_path(purpose, why);
            }
            Picked::Path(path) => self.use_path(purpose, path),
        }
    }

    /// A dialog that was left goes back to where it was opened from.
    fn back_to(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Record(draft) => self.views.dialogs.open(Dialog::Record(draft)),
            Purpose::Import(draft) | Purpose::ImportInto(draft) => {
                self.views.dialogs.open(Dialog::Import(Box::new(draft)));
            }
            Purpose::Open
            | Purpose::OpenPlan
            | Purpose::Standard
            | Purpose::After
            | Purpose::VerifyReport
            | Purpose::AddLibrary
            | Purpose::OpenRecipe
            | Purpose::SaveRecipe
            | Purpose::OpenRun
            | Purpose::ExportReview(_)
            | Purpose::SavePlan
            | Purpose::ExportLedger
            | Purpose::Compare(_)
            | Purpose::Export(_) => {}
        }
    }

    fn use_path(&mut self, purpose: Purpose, path: PathBuf) {
        match purpose {
            Purpose::Open => self.open(path),
            Purpose::OpenPlan => self.open_plan(path),
            Purpose::VerifyReport => self.verify_report(path),
            Purpose::Standard => self.attach_standard(path.display().to_string()),
            Purpose::After => self.views.plan.choose_after(path.display().to_string()),
            Purpose::AddLibrary => self.add_library(path),
            Purpose::OpenRecipe => self.open_recipe(path),
            Purpose::SaveRecipe => self.save_recipe(path),
            Purpose::OpenRun => self.look_at_run(path),
            Purpose::ExportReview(form) => self.export_review(form, path),
            Purpose::SavePlan => self.save_plan(path),
            Purpose::ExportLedger => self.export_ledger(path),
            Purpose::Compare(which) => self.compare_with(which, path),
            Purpose::Record(draft) => {
                self.desk.recent.record_folder = path.parent().map(Path::to_path_buf);
                let path = path.display().to_string();
                self.views
                    .dialogs
                    .open(Dialog::Record(recorder::Draft { path, ..draft }));
            }
            Purpose::Export(export) => self.write(export, path),
            Purpose::Import(mut draft) => {
                draft.add(path);
                self.views.dialogs.open(Dialog::Import(Box::new(draft)));
            }
            Purpose::ImportInto(mut draft) => {
                draft.set_out(&path);
                self.views.dialogs.open(Dialog::Import(Box::new(draft)));
            }
        }
    }

    /// Asks where to write, if there is a recording to write from.
    pub(super) fn export(&mut self, what: Export) {
        if self.session.stored().is_some() {
            self.pick(Purpose::Export(what));
            return;
        }
        let offers = match self.recorder.is_running() {
            true => Vec::new(),
            false => vec![Offer::Record],
        };
        self.note(
            "Reports and exports are made from a recording: record, stop, then export. What the agent still remembers, up to ten minutes, can be part of it.",
            offers,
        );
    }

    fn write(&mut self, what: Export, path: PathBuf) {
        let Some(stored) = self.session.stored().cloned() else {
            return;
        };
        self.work.start(Pool::Long, what.label(), move |context| {
            Outcome::Written(what.done(), what.write(&stored, &path, context))
        });
    }

    pub(super) fn dialog(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Attach(target, hear) => {
                self.desk.recent.hear(&target.to_string(), hear);
                self.attach(target);
            }
            Action::Hear(target, what) => self.hear(&target, what),
            Action::Record(draft) => self.start_recording(&draft),
            Action::PickRecording(draft) => self.pick(Purpose::Record(draft)),
            Action::Path(purpose, path) => self.use_path(purpose, path),
            Action::PickPath(purpose) => self.pick(purpose),
            Action::Expect(mark) => self.expect(mark),
            Action::Preview(path, how) => self.preview(path, how),
            Action::Import(setup, out) => self.import(setup, out),
            Action::PreviewShare(choice) => self.preview_share(choice),
            Action::Share(order) => self.share(*order),
            Action::FinishAndQuit => self.finish_and_quit(),
            Action::Start(action) => self.start_page(ctx, action),
            Action::Copy(text) => ctx.copy_text(text),
        }
    }

    fn start_page(&mut self, ctx: &Context, action: start::Action) {
        match action {
            start::Action::AttachHere => self.attach_text("local"),
            start::Action::AttachOther => self.command(ctx, crate::commands::Id::Attach),
            start::Action::Open => self.pick(Purpose::Open),
            start::Action::OpenRecent(place) => {
                if let Some(path) = self.desk.recent.files.get(place).cloned() {
                    self.open(path);
                }
            }
            start::Action::Forget(place) => {
                if place < self.desk.recent.files.len() {
                    self.desk.recent.files.remove(place);
                }
            }
            start::Action::OpenExample(place) => {
                if let Some(path) = self.desk.examples.get(place).map(|it| it.path.clone()) {
                    self.open(path);
                }
            }
            start::Action::DismissTour => self.desk.recent.tour_seen = true,
            start::Action::OfferTour => self.desk.recent.tour_seen = false,
        }
        let leaves = matches!(
            action,
            start::Action::AttachHere
                | start::Action::OpenRecent(_)
                | start::Action::OpenExample(_)
                | start::Action::DismissTour
        );
        if leaves {
            self.views.dialogs.close_page();
        }
    }

    /// Closes the window once the recording is packed.
    fn finish_and_quit(&mut self) {
        self.views.dialogs.quit_when_finished();
        self.stop_recording();
    }
}

/// Whether a file holds a plan, by its name.
pub(crate) fn is_plan(path: &Path) -> bool {
    path.extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("ron"))
}

/// Set to `off`, paths are asked for in the window itself: for broken portals.
const NATIVE_DIALOGS: &str = "KYMO_NATIVE_DIALOGS";

/// The system's dialog; waits for the user, so it is for jobs only.
fn show_dialog(purpose: &Purpose, start: &Path) -> Option<PathBuf> {
    if std::env::var_os(NATIVE_DIALOGS).is_some_and(|it| it == "off") {
        return None;
    }
    let dialog = rfd::FileDialog::new();
    match purpose {
        Purpose::VerifyReport => dialog
            .set_title("Report to verify")
            .set_directory(start)
            .add_filter("Reports", &["html", "json"])
            .pick_file(),
        Purpose::Open | Purpose::After | Purpose::Compare(_) | Purpose::Import(_) => dialog
            .set_title(match purpose {
                Purpose::Compare(_) => "Compare with a session or file",
                Purpose::Import(_) => "Import a file",
                Purpose::After => "Recording after the change",
                _ => "Open a session or file",
            })
            .set_directory(start)
            .add_filter(
                "Sessions and files of other tools",
                &[
                    "kymo", "csv", "tsv", "gz", "parquet", "arrow", "arrows", "feather", "json",
                    "jsonl", "jtl", "hlog", "log", "txt", "prom", "sa", "xml",
                ],
            )
            .add_filter("All files", &["*"])
            .pick_file(),
        Purpose::OpenPlan => dialog
            .set_title("Open a plan")
            .set_directory(places::existing(start.parent().unwrap_or(Path::new(""))))
            .add_filter("Plan", &["ron"])
            .add_filter("All files", &["*"])
            .pick_file(),
        Purpose::OpenRecipe => dialog
            .set_title("Open a recipe")
            .set_directory(places::existing(start.parent().unwrap_or(Path::new(""))))
            .add_filter("Recipe", &["ron"])
            .add_filter("All files", &["*"])
            .pick_file(),
        Purpose::SaveRecipe => saving(dialog, start)
            .set_title("Save the recipe")
            .add_filter("Recipe", &["ron"])
            .save_file(),
        Purpose::OpenRun => dialog
            .set_title("Open the folder of a run")
            .set_directory(places::existing(start.parent().unwrap_or(Path::new(""))))
            .pick_folder(),
        Purpose::ExportReview(form) => saving(dialog, start)
            .set_title("Export the review")
            .add_filter("Review", &[form.suffix()])
            .save_file(),
        Purpose::AddLibrary => dialog
            .set_title("Add a folder to the library")
            .set_directory(places::existing(start))
            .pick_folder(),
        Purpose::Standard => dialog
            .set_title("Attach a standard")
            .set_directory(start)
            .add_filter("Standard", &["ron"])
            .add_filter("All files", &["*"])
            .pick_file(),
        Purpose::SavePlan => saving(dialog, start)
            .set_title("Save the plan")
            .add_filter("Plan", &["ron"])
            .save_file(),
        Purpose::ExportLedger => saving(dialog, start)
            .set_title("Export the ledger")
            .add_filter("Table", &["csv"])
            .save_file(),
        Purpose::Record(_) => saving(dialog, start)
            .set_title("Record into")
            .add_filter("Kymo session", &["kymo"])
            .save_file(),
        Purpose::ImportInto(_) => saving(dialog, start)
            .set_title("Import into")
            .add_filter("Kymo session", &["kymo"])
            .save_file(),
        Purpose::Export(export) => {
            let dialog = saving(dialog, start).set_title(export.label());
            match export.filter() {
                Some((name, suffix)) => dialog.add_filter(name, &[suffix]).save_file(),
                None => dialog.save_file(),
            }
        }
    }
}

fn saving(dialog: rfd::FileDialog, start: &Path) -> rfd::FileDialog {
    let folder = start.parent().unwrap_or(Path::new(""));
    let name = start
        .file_name()
        .map(|it| it.to_string_lossy().into_owned());
    // The dialog can only start in a folder that is there.
    let folder = places::existing(folder);
    dialog
        .set_directory(folder)
        .set_file_name(name.unwrap_or_default())
}
