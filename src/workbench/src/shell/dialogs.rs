//! Dialogs that ask one thing, and the pages that stand above the screens.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Context, Key, OpenUrl, RichText, TextEdit, Ui};
use model::finding::Expected;
use workflow::accuracy::{self, Card};
use workflow::imports::{How, Preview, Setup};
use workflow::recording::Past;
use workflow::share::{Choice, Done};
use workflow::target::Target;

use super::{Scene, Wish, expect, hear, importing, sharing, toasts};
use crate::commands::{self, ALL, CATEGORIES};
use crate::recorder::{Draft, KEEPS};
use crate::tasks::Purpose;
use crate::theme;
use crate::view::{help, start};

/// Scratch that lives between frames. Never data, never saved.
#[derive(Default)]
pub struct State {
    open: Option<Dialog>,
    page: Option<PageKind>,
    help: help::State,
    /// Read when it is shown first.
    accuracy: Option<Result<Card, String>>,
    start: start::State,
    /// Whether the text field of a new dialog shall get the keyboard.
    fresh: bool,
    /// Whether the window closes when the recording is packed and notes are kept.
    quits: bool,
}

/// A dialog that asks one thing; the window waits for the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Which agent to attach.
    Attach {
        /// What was typed.
        text: String,
        /// What its agent shall hear of applications.
        hear: hear::Draft,
    },
    /// What an attached agent shall hear of applications.
    Hear(hear::Draft),
    /// How to record.
    Record(Draft),
    /// Which path.
    Path {
        /// What for.
        purpose: Purpose,
        /// What was typed.
        text: String,
        /// Why it is asked for this way.
        why: String,
    },
    /// How files of others are to be read.
    Import(Box<importing::Draft>),
    /// What of the session goes out, and without what.
    Share(Box<sharing::Draft>),
    /// What went out.
    Shared(Box<Done>),
    /// Whether to close although a recording runs.
    Close,
    /// Why an anomaly was to be expected.
    Expect(expect::Draft),
}

/// A page above the screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// Shortcuts and pages to read.
    Help,
    /// What to begin with.
    Start,
    /// Everything that was notified.
    Notices,
}

/// What the user answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Attach this; its agent shall hear so much of applications.
    Attach(Target, Vec<String>),
    /// The agent of this target shall hear so much of applications.
    Hear(Target, Vec<String>),
    /// Record like this.
    Record(Draft),
    /// Choose the file to record into.
    PickRecording(Draft),
    /// Use this path.
    Path(Purpose, PathBuf),
    /// Choose it in the system's dialog.
    PickPath(Purpose),
    /// Look at the beginning of a file, read like this.
    Preview(PathBuf, How),
    /// Import this, into a session file or in memory.
    Import(Setup, Option<PathBuf>),
    /// Look at what would go out of the session.
    PreviewShare(Choice),
    /// Share it.
    Share(Box<sharing::Order>),
    /// Finish the recording, then close the window.
    FinishAndQuit,
    /// This was to be expected.
    Expect(Expected),
    /// A wish of the start page.
    Start(start::Action),
    /// Copy this.
    Copy(String),
}

impl State {
    /// Opens a dialog.
    pub fn open(&mut self, dialog: Dialog) {
        self.open = Some(dialog);
        self.fresh = true;
    }

    /// Opens a page, or closes it when it is open.
    pub fn toggle(&mut self, page: PageKind) {
        self.page = match self.page == Some(page) {
            true => None,
            false => Some(page),
        };
    }

    /// Opens a page.
    pub fn show(&mut self, page: PageKind) {
        self.page = Some(page);
    }

    /// Opens the help where it says how accurate the findings are.
    pub fn show_accuracy(&mut self) {
        self.help.show_accuracy();
        self.show(PageKind::Help);
    }

    /// Opens the help at a place such as `analysis#anomaly-spike`.
    pub fn show_help(&mut self, address: &str) {
        self.help.show(address);
        self.show(PageKind::Help);
    }

    /// Opens the sheet of keys, or closes the help when it shows it.
    pub fn toggle_keys(&mut self) {
        if self.page == Some(PageKind::Help) && self.help.shows_keys() {
            self.page = None;
            return;
        }
        self.help.show_keys();
        self.show(PageKind::Help);
    }

    /// Closes the page that is open.
    pub fn close_page(&mut self) {
        self.page = None;
    }

    /// Remembers that the user wants to leave.
    pub fn quit_when_finished(&mut self) {
        self.quits = true;
    }

    /// Forgets that the user wants to leave.
    pub fn stay(&mut self) {
        self.quits = false;
    }

    /// Whether the user wants to leave.
    pub fn waits_to_quit(&self) -> bool {
        self.quits
    }

    /// Gives the dialog of imports what the beginning of a file becomes.
    pub fn previewed(&mut self, path: &Path, how: &How, preview: Result<Preview, String>) {
        if let Some(Dialog::Import(draft)) = &mut self.open {
            draft.previewed(path, how, preview);
        }
    }

    /// Gives the dialog that shares what would go out.
    pub fn share_previewed(
        &mut self,
        choice: &Choice,
        preview: Result<workflow::share::Preview, String>,
    ) {
        if let Some(Dialog::Share(draft)) = &mut self.open {
            draft.previewed(choice, preview);
        }
    }

    /// The files that are about to be imported.
    #[cfg(test)]
    pub fn importing(&mut self) -> Option<&mut importing::Draft> {
        match &mut self.open {
            Some(Dialog::Import(draft)) => Some(draft),
            _ => None,
        }
    }

    /// Whether a dialog takes the keys.
    pub fn is_modal(&self) -> bool {
        self.open.is_some()
    }
}

/// Draws what is open.
pub(super) fn ui(ctx: &Context, state: &mut State, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    page_ui(ctx, state, scene, wishes);
    let Some(mut dialog) = state.open.take() else {
        return;
    };
    let fresh = std::mem::take(&mut state.fresh);
    let modal = egui::Modal::new(egui::Id::unique("dialog"));
    let answer = modal.show(ctx, |ui| {
        ui.set_width(520.0);
        match &mut dialog {
            Dialog::Attach { text, hear } => attach_ui(ui, (text, hear), (scene, fresh)),
            Dialog::Hear(draft) => hear::ui(ui, draft, scene),
            Dialog::Record(draft) => record_ui(ui, draft, scene),
            Dialog::Path { purpose, text, why } => path_ui(ui, (purpose, text, why), fresh),
            Dialog::Import(draft) => importing::ui(ui, draft),
            Dialog::Share(draft) => sharing::ui(ui, draft),
            Dialog::Shared(done) => sharing::done_ui(ui, done),
            Dialog::Close => close_ui(ui),
            Dialog::Expect(draft) => {
                let anomalies = scene.session.insight().findings();
                expect::ui(ui, draft, (anomalies, fresh))
            }
        }
    });
    match answer.inner {
        Answer::Open if !answer.should_close() => state.open = Some(dialog),
        Answer::Open | Answer::Cancelled => {}
        Answer::Given(action) => wishes.push(Wish::Dialog(action)),
        Answer::Asks(action) => {
            // A dialog that picks a file comes back with what was picked.
            let stays = !matches!(action, Action::PickPath(_));
            state.open = stays.then_some(dialog);
            wishes.push(Wish::Dialog(action));
        }
    }
}

/// What a dialog came to in this frame.
pub(super) enum Answer {
    Open,
    Cancelled,
    Given(Action),
    /// Something is wanted while the dialog goes on.
    Asks(Action),
}

pub(super) fn buttons_ui(ui: &mut Ui, name: &str, given: Option<Action>) -> Answer {
    ui.add_space(8.0);
    ui.separator();
    let mut answer = Answer::Open;
    ui.horizontal(|ui| {
        let enabled = given.is_some();
        let enter = ui.input(|input| input.key_pressed(Key::Enter));
        let pressed = ui.add_enabled(enabled, egui::Button::new(name)).clicked();
        let cancelled = ui.button("Cancel").clicked();
        if cancelled {
            answer = Answer::Cancelled;
        } else if let Some(action) = given.filter(|_| pressed || enter) {
            answer = Answer::Given(action);
        }
    });
    answer
}

pub(super) fn field_ui(ui: &mut Ui, text: &mut String, (label, hint, fresh): (&str, &str, bool)) {
    ui.label(label);
    let edit = TextEdit::singleline(text)
        .hint_text(hint)
        .desired_width(f32::INFINITY)
        .id_salt(label);
    let response = ui.add(edit);
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::TextInput, true, label));
    if fresh {
        response.request_focus();
    }
}

fn attach_ui(
    ui: &mut Ui,
    (text, hear): (&mut String, &mut hear::Draft),
    (scene, fresh): (&Scene<'_>, bool),
) -> Answer {
    ui.heading("Attach an agent");
    ui.add_space(4.0);
    field_ui(
        ui,
        text,
        ("Target", "local or ssh://[user@]host[:port]", fresh),
    );
    let target = text.trim().parse::<Target>();
    match (&target, text.trim()) {
        (_, "") => {
            ui.weak("ssh is the system's own: its keys, aliases and jump hosts work. The agent is pushed over the same connection and stops with it.");
        }
        (Err(error), _) => {
            let color = theme::of(ui.visuals()).severe;
            ui.label(RichText::new(format!("▲ {error}")).color(color));
        }
        (Ok(target), _) if scene.session.hub.has(target) => {
            ui.weak("This one is attached already; a second agent would watch it twice.");
        }
        (Ok(_), _) => {
            ui.weak("Several hosts share one time axis; their clocks are compared.");
        }
    }
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        let recent = scene.desk.recent.targets.iter().map(String::as_str);
        let others = recent.filter(|target| *target != "local");
        for target in std::iter::once("local").chain(others) {
            if ui.small_button(target).clicked() {
                target.clone_into(text);
            }
        }
    });
    // What was heard there before is offered again.
    if let Ok(target) = &target {
        let target = target.to_string();
        hear.aim(&target, scene.desk.recent.heard(&target));
    }
    let chosen = hear.specs().len();
    let title = match chosen {
        0 => "Hear applications there".to_owned(),
        count => format!("Hear applications there ({count})"),
    };
    let mut sound = chosen == 0;
    ui.add_space(4.0);
    let section = egui::CollapsingHeader::new(title).id_salt("hear");
    let opened = section.show(ui, |ui| {
        ui.weak("Only that machine's applications are heard, from the moment it is attached.");
        hear::form_ui(ui, hear, (scene.desk.checker, &scene.desk.hindrances))
    });
    sound |= opened.body_returned.unwrap_or(true);
    let target = target.ok().filter(|_| sound);
    let given = target.map(|target| Action::Attach(target, hear.specs()));
    buttons_ui(ui, "Attach", given)
}

fn record_ui(ui: &mut Ui, draft: &mut Draft, scene: &Scene<'_>) -> Answer {
    ui.heading("Record");
    let hosts = scene
        .session
        .hub
        .live()
        .hosts()
        .iter()
        .map(|host| host.name());
    ui.weak(format!(
        "Of {}, until you stop it",
        hosts.collect::<Vec<_>>().join(", ")
    ));
    ui.add_space(6.0);
    ui.label("How much of the past to keep");
    ui.radio_value(
        &mut draft.past,
        Past::All,
        "Everything the agents still remember (up to 10 minutes)",
    );
    ui.radio_value(&mut draft.past, Past::Nothing, "Nothing: from now on");
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let label = ui.label("Of a long recording, keep");
        let chosen = KEEPS.iter().find(|(keep, _)| *keep == draft.keep);
        let box_ui = egui::ComboBox::from_id_salt("keep")
            .selected_text(chosen.map_or("", |(_, name)| name))
            .show_ui(ui, |ui| {
                for (keep, name) in KEEPS {
                    ui.selectable_value(&mut draft.keep, *keep, *name);
                }
            });
        box_ui.response.labelled_by(label.id);
    });
    ui.add_space(6.0);
    field_ui(
        ui,
        &mut draft.title,
        ("Title", "What this recording is about", false),
    );
    ui.add_space(4.0);
    field_ui(ui, &mut draft.path, ("File", "", false));
    let mut pick = None;
    if ui.small_button("Choose file…").clicked() {
        pick = Some(Action::PickRecording(draft.clone()));
    }
    let given = (!draft.path.trim().is_empty()).then(|| Action::Record(draft.clone()));
    match (buttons_ui(ui, "● Record", given), pick) {
        (Answer::Open, Some(pick)) => Answer::Given(pick),
        (answer, _) => answer,
    }
}

fn path_ui(
    ui: &mut Ui,
    (purpose, text, why): (&Purpose, &mut String, &str),
    fresh: bool,
) -> Answer {
    let (title, name) = match purpose {
        Purpose::Open => ("Open a path", "Open"),
        Purpose::OpenPlan => ("Open a plan", "Open"),
        Purpose::Standard => ("Attach a standard", "Attach"),
        Purpose::After => ("Recording after the change", "Use"),
        Purpose::VerifyReport => ("Report to verify", "Verify"),
        Purpose::AddLibrary => ("Add a folder to the library", "Add"),
        Purpose::OpenRecipe => ("Open a recipe", "Open"),
        Purpose::SaveRecipe => ("Save the recipe", "Save"),
        Purpose::OpenRun => ("Open the folder of a run", "Open"),
        Purpose::ExportReview(_) => ("Export the review", "Write"),
        Purpose::SavePlan => ("Save the plan", "Save"),
        Purpose::ExportLedger => ("Export the ledger", "Write"),
        Purpose::Compare(_) => ("Compare with a path", "Compare"),
        Purpose::Record(_) => ("Record into", "Use"),
        Purpose::Export(_) => ("Write to", "Write"),
        Purpose::Import(_) => ("Import a path", "Add"),
        Purpose::ImportInto(_) => ("Import into", "Use"),
    };
    ui.heading(title);
    if !why.is_empty() {
        ui.weak(why);
    }
    ui.add_space(4.0);
    let hint = match purpose {
        Purpose::VerifyReport => "an .html or .json file that Kymo wrote",
        Purpose::Open | Purpose::After | Purpose::Compare(_) | Purpose::Import(_) => {
            "a .kymo session, or a file of another tool"
        }
        Purpose::OpenPlan
        | Purpose::SavePlan
        | Purpose::Standard
        | Purpose::OpenRecipe
        | Purpose::SaveRecipe => "a .ron file",
        Purpose::OpenRun => "a folder with a log.jsonl",
        Purpose::AddLibrary => "a folder of .kymo files and session folders",
        Purpose::ExportLedger => "a .csv file",
        Purpose::Record(_)
        | Purpose::Export(_)
        | Purpose::ExportReview(_)
        | Purpose::ImportInto(_) => "",
    };
    field_ui(ui, text, ("Path", hint, fresh));
    let mut pick = None;
    if ui.small_button("Choose…").clicked() {
        pick = Some(Action::PickPath(purpose.clone()));
    }
    let trimmed = text.trim().trim_matches('"');
    let path = trimmed.strip_prefix("file://").unwrap_or(trimmed);
    let given = (!path.is_empty()).then(|| Action::Path(purpose.clone(), PathBuf::from(path)));
    match (buttons_ui(ui, name, given), pick) {
        (Answer::Open, Some(pick)) => Answer::Given(pick),
        (answer, _) => answer,
    }
}

fn close_ui(ui: &mut Ui) -> Answer {
    ui.heading("A recording is running");
    ui.label("Closing the window ends it. It is finished first, so that the file is whole.");
    buttons_ui(ui, "Finish recording and quit", Some(Action::FinishAndQuit))
}

fn page_ui(ctx: &Context, state: &mut State, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let Some(page) = state.page else {
        return;
    };
    let (title, size) = match page {
        PageKind::Help => ("Help", [940.0, 680.0]),
        PageKind::Start => ("Start", [700.0, 620.0]),
        PageKind::Notices => ("Notifications", [620.0, 480.0]),
    };
    let mut open = true;
    let window = egui::Window::new(title)
        .open(&mut open)
        .default_size(size)
        .collapsible(false)
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center());
    window.show(ctx, |ui| match page {
        PageKind::Help => help_ui(ui, state, wishes),
        PageKind::Start => start_ui(ui, state, scene, wishes),
        PageKind::Notices => toasts::list_ui(ui, scene, wishes),
    });
    let escaped = !state.is_modal() && ctx.input(|input| input.key_pressed(Key::Escape));
    if !open || escaped {
        state.page = None;
    }
}

fn help_ui(ui: &mut Ui, state: &mut State, wishes: &mut Vec<Wish>) {
    let keys: Vec<String> = ALL.iter().map(commands::keys).collect();
    let shortcuts = CATEGORIES.iter().flat_map(|(category, title)| {
        let lines = ALL.iter().zip(&keys);
        let lines = lines.filter(move |(command, _)| command.category == *category);
        lines.map(move |(command, keys)| help::Shortcut {
            category: title,
            name: command.name,
            keys,
        })
    });
    let shortcuts: Vec<_> = shortcuts.collect();
    let facts = [
        ("system", std::env::consts::OS.to_owned()),
        ("processor", std::env::consts::ARCH.to_owned()),
        ("scale", format!("{}", ui.ctx().pixels_per_point())),
    ];
    let data = help::Data {
        shortcuts: &shortcuts,
        accuracy: state.accuracy.get_or_insert_with(accuracy::embedded),
        about: help::About {
            version: concat!("Kymo ", env!("CARGO_PKG_VERSION")),
            purpose: "A workbench for performance engineers: what changed, what limits us, what would help, did it help.",
            license: env!("CARGO_PKG_LICENSE"),
            facts: &facts,
        },
    };
    for action in help::ui(ui, &mut state.help, &data) {
        match action {
            help::Action::Copy(text) => wishes.push(Wish::Copy(text)),
            help::Action::Visit(url) => ui.ctx().open_url(OpenUrl::new_tab(url)),
        }
    }
}

fn start_ui(ui: &mut Ui, state: &mut State, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let names: Vec<(String, String)> = scene
        .desk
        .recent
        .files
        .iter()
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy();
            let folder = path.parent().map(|it| it.display().to_string());
            (name.into_owned(), folder.unwrap_or_default())
        })
        .collect();
    let recent: Vec<_> = names
        .iter()
        .map(|(name, detail)| start::Recent { name, detail })
        .collect();
    let examples = scene.desk.examples.iter().map(|example| start::Example {
        name: &example.name,
        line: &example.what,
    });
    let examples: Vec<_> = examples.collect();
    let data = start::Data {
        recent: &recent,
        examples: &examples,
        tour: match scene.desk.recent.tour_seen {
            true => start::Tour::Dismissed,
            false => start::Tour::Offered,
        },
    };
    let actions = start::ui(ui, &mut state.start, &data).into_iter();
    wishes.extend(actions.map(|it| Wish::Dialog(Action::Start(it))));
}
