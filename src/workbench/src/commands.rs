//! Everything that can be asked for by name: one table for menu, palette,
//! shortcuts and the sheet that lists them.
//!
//! Start at [`ALL`]; add a command by adding a variant and a line.

use eframe::egui::{Context, Event, Key, Modifiers, Popup};

use crate::layout::Screen;

/// A table that the report can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reported {
    /// The busiest processes.
    Processes,
    /// Services and their operations.
    Services,
    /// What happened.
    Events,
    /// How complete the data is.
    Coverage,
}

/// One thing the user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Id {
    /// Ask for a file and open it.
    Open,
    /// Say how files are to be read, and put several on one axis.
    Import,
    /// Type or paste a path and open it.
    OpenPath,
    /// Show what attached agents say.
    ShowLive,
    /// Attach another agent.
    Attach,
    /// Choose what agents hear of applications.
    Hear,
    /// Start a recording, or stop it.
    Record,
    /// Write a report as one HTML page.
    ReportHtml,
    /// Write a report as PDF.
    ReportPdf,
    /// Write a report as Markdown.
    ReportMarkdown,
    /// Write a report as JSON.
    ReportJson,
    /// Add a table to the report.
    ToReport(Reported),
    /// Write the samples as CSV.
    ExportCsv,
    /// Write the samples as Parquet.
    ExportParquet,
    /// Write the samples as Prometheus text.
    ExportPrometheus,
    /// Write a smaller session.
    Trim,
    /// Write a copy for others, without who and where.
    Share,
    /// Close the window.
    Quit,
    /// Take back the last change of the workspace.
    Undo,
    /// Do it again.
    Redo,
    /// Copy the selected or visible range.
    CopyRange,
    /// Go to the range on the clipboard.
    PasteRange,
    /// Move to earlier times.
    PanLeft,
    /// Move to later times.
    PanRight,
    /// Move to earlier times in large steps.
    PanFarLeft,
    /// Move to later times in large steps.
    PanFarRight,
    /// More detail.
    ZoomIn,
    /// Less detail.
    ZoomOut,
    /// Much more detail.
    ZoomFarIn,
    /// Much less detail.
    ZoomFarOut,
    /// All there is.
    Whole,
    /// Zoom into the selection, and back.
    Focus,
    /// Zoom into the selection.
    ZoomToSelection,
    /// Pause or follow.
    Follow,
    /// Show the newest sample and follow.
    Newest,
    /// The previous view.
    Back,
    /// The next view.
    Forward,
    /// Go to the next event.
    NextEvent,
    /// Go to the previous event.
    PreviousEvent,
    /// Set measuring cursor A, then B.
    Measure,
    /// Put a mark at the cursor.
    Mark,
    /// Write a note at the selection or cursor.
    Annotate,
    /// Keep the findings in the session.
    KeepFindings,
    /// Add the chosen finding to the report, or take it out.
    PinFinding,
    /// Say that the chosen anomaly was to be expected.
    ExpectFinding,
    /// Drop selection or measuring cursors.
    Deselect,
    /// Compare the selection with what is around it.
    WhatChanged,
    /// What the bottleneck of the selection would have one try.
    WhatWouldHelp,
    /// An empty plan.
    NewPlan,
    /// A plan from a file.
    OpenPlan,
    /// Write the plan to its file.
    SavePlan,
    /// Write the plan to another file.
    SavePlanAs,
    /// Put what is expected into the plan.
    PredictPlan,
    /// Compare with another session.
    CompareWith,
    /// Label moments in universal time.
    ClockUtc,
    /// Label moments in this machine's zone.
    ClockLocal,
    /// Label moments since the start.
    ClockSinceStart,
    /// Label moments since cursor A.
    ClockSinceMark,
    /// Bring a screen to the front.
    Show(Screen),
    /// Forecast the selected series.
    ForecastSelected,
    /// Look for what moves together with the selected series.
    CorrelateSelected,
    /// Look for a series.
    Search,
    /// One column of plots.
    Columns(usize),
    /// Taller plots.
    Taller,
    /// Lower plots.
    Shorter,
    /// A new, empty plot.
    AddPlot,
    /// All essential plots as at first.
    RestorePlots,
    /// All screens as at first.
    ResetLayout,
    /// As the desktop.
    ThemeSystem,
    /// Dark ground.
    ThemeDark,
    /// Light ground.
    ThemeLight,
    /// Black ground with high contrast.
    ThemeContrast,
    /// Everything larger.
    Larger,
    /// Everything smaller.
    Smaller,
    /// The usual size.
    UsualSize,
    /// A plain drag zooms, or selects.
    DragHabit,
    /// A plain wheel zooms, or scrolls.
    WheelHabit,
    /// Alerts are shown by the desktop too, or not.
    DesktopAlerts,
    /// Hold the session against its standards again.
    CheckStandards,
    /// Attach a standard from a file.
    AttachStandard,
    /// Find a command.
    Palette,
    /// Go to a series, host or session.
    GoTo,
    /// List the shortcuts.
    Shortcuts,
    /// Read the help.
    Help,
    /// Read how applications are seen.
    Applications,
    /// Read how accurate the findings are.
    Accuracy,
    /// What to begin with: attach, open, examples, tour.
    Start,
    /// List what was notified.
    Notices,
}

/// Where a command stands in the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Sessions and files.
    File,
    /// Changes of the workspace.
    Edit,
    /// Where on the time axis.
    Time,
    /// What the window looks like.
    View,
    /// How to use it.
    Help,
}

/// Every category with its title, in menu order.
pub const CATEGORIES: &[(Category, &str)] = &[
    (File, "File"),
    (Edit, "Edit"),
    (Time, "Time"),
    (View, "View"),
    (Help, "Help"),
];

/// When a command makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// Something is there to be looked at.
    Data,
    /// A range is selected.
    Selection,
    /// A stored session is open.
    Stored,
    /// A series is selected.
    Series,
    /// Agents are attached, or a recording runs.
    Recordable,
    /// A change can be taken back.
    Undoable,
    /// A change can be done again.
    Redoable,
    /// There is a previous view.
    Past,
    /// There is a next view.
    Future,
    /// Something happened.
    Events,
    /// A finding is chosen.
    Finding,
    /// An anomaly is chosen.
    Anomaly,
    /// The screen of plans is shown.
    Plan,
}

/// What is so at the moment.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The conditions that hold.
    pub hold: Vec<When>,
    /// What undo would take back.
    pub undoes: Option<String>,
    /// What redo would do.
    pub redoes: Option<String>,
    /// Commands that are switched on.
    pub on: Vec<Id>,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// What it is.
    pub id: Id,
    /// Stable name for scripts and key files.
    pub key: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Where it stands.
    pub category: Category,
    /// Keys that ask for it.
    pub chords: &'static [Chord],
    /// When it makes sense.
    pub when: When,
}

/// Keys pressed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    /// Held keys.
    pub modifiers: Modifiers,
    /// The key.
    pub key: Key,
    /// Whether the key is known by its letter or by its place.
    pub by: By,
}

/// How a key is told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By what is written on it.
    Letter,
    /// By its place on the board, so that other layouts keep the same hand.
    Place,
}

const fn plain(key: Key) -> Chord {
    chord(Modifiers::NONE, key, By::Letter)
}

const fn place(key: Key) -> Chord {
    chord(Modifiers::NONE, key, By::Place)
}

const fn shift_place(key: Key) -> Chord {
    chord(Modifiers::SHIFT, key, By::Place)
}

const fn shift(key: Key) -> Chord {
    chord(Modifiers::SHIFT, key, By::Letter)
}

const fn alt(key: Key) -> Chord {
    chord(Modifiers::ALT, key, By::Letter)
}

const fn ctrl(key: Key) -> Chord {
    chord(Modifiers::COMMAND, key, By::Letter)
}

const fn ctrl_shift(key: Key) -> Chord {
    chord(Modifiers::COMMAND.plus(Modifiers::SHIFT), key, By::Letter)
}

const fn chord(modifiers: Modifiers, key: Key, by: By) -> Chord {
    Chord { modifiers, key, by }
}

const fn line(
    id: Id,
    (key, name): (&'static str, &'static str),
    category: Category,
    chords: &'static [Chord],
    when: When,
) -> Command {
    Command {
        id,
        key,
        name,
        category,
        chords,
        when,
    }
}

use Category::{Edit, File, Help, Time, View};
use When::{Always, Data};

/// Every command, in menu order. Add yours here.
#[rustfmt::skip]
pub const ALL: &[Command] = &[
    line(Id::Open, ("file.open", "Open session or file…"), File, &[ctrl(Key::O)], Always),
    line(Id::Import, ("file.import", "Import files…"), File, &[ctrl(Key::I)], Always),
    line(Id::OpenPath, ("file.open-path", "Open path…"), File, &[ctrl_shift(Key::O)], Always),
    line(Id::ShowLive, ("file.live", "Show live data"), File, &[ctrl(Key::L)], Always),
    line(Id::Attach, ("file.attach", "Attach agent…"), File, &[ctrl_shift(Key::A)], Always),
    line(Id::Hear, ("file.hear", "Hear applications…"), File, &[], Always),
    line(Id::Record, ("record.toggle", "Record, or stop recording"), File, &[ctrl(Key::R)], When::Recordable),
    line(Id::ReportHtml, ("report.html", "Export report (HTML)…"), File, &[ctrl(Key::E)], Data),
    line(Id::ReportPdf, ("report.pdf", "Export report (PDF)…"), File, &[], Data),
    line(Id::ReportMarkdown, ("report.markdown", "Export report (Markdown)…"), File, &[], Data),
    line(Id::ReportJson, ("report.json", "Export report (JSON)…"), File, &[], Data),
    line(Id::ToReport(Reported::Processes), ("report.add-processes", "Add processes to report"), Edit, &[], Data),
    line(Id::ToReport(Reported::Services), ("report.add-services", "Add services to report"), Edit, &[], Data),
    line(Id::ToReport(Reported::Events), ("report.add-events", "Add events to report"), Edit, &[], Data),
    line(Id::ToReport(Reported::Coverage), ("report.add-quality", "Add data quality to report"), Edit, &[], Data),
    line(Id::ExportCsv, ("export.csv", "Export samples (CSV)…"), File, &[], Data),
    line(Id::ExportParquet, ("export.parquet", "Export samples (Parquet)…"), File, &[], Data),
    line(Id::ExportPrometheus, ("export.prometheus", "Export samples (Prometheus text)…"), File, &[], Data),
    line(Id::Trim, ("export.trim", "Save selection as session…"), File, &[ctrl_shift(Key::S)], When::Stored),
    line(Id::Share, ("file.share", "Share…"), File, &[], When::Stored),
    line(Id::NewPlan, ("plan.new", "New plan"), File, &[], Always),
    line(Id::OpenPlan, ("plan.open", "Open plan…"), File, &[], Always),
    line(Id::SavePlan, ("plan.save", "Save plan"), File, &[ctrl(Key::S)], When::Plan),
    line(Id::SavePlanAs, ("plan.save-as", "Save plan as…"), File, &[], Always),
    line(Id::KeepFindings, ("findings.keep", "Keep findings in session"), File, &[], When::Stored),
    line(Id::AttachStandard, ("standards.attach", "Attach standard…"), File, &[], Data),
    line(Id::CheckStandards, ("standards.check", "Check standards again"), File, &[], When::Stored),
    line(Id::Quit, ("file.quit", "Quit"), File, &[ctrl(Key::Q)], Always),

    line(Id::Undo, ("edit.undo", "Undo"), Edit, &[ctrl(Key::Z)], When::Undoable),
    line(Id::Redo, ("edit.redo", "Redo"), Edit, &[ctrl_shift(Key::Z), ctrl(Key::Y)], When::Redoable),
    line(Id::CopyRange, ("edit.copy-range", "Copy time range"), Edit, &[ctrl(Key::C)], Data),
    line(Id::PasteRange, ("edit.paste-range", "Paste time range"), Edit, &[ctrl(Key::V)], Data),
    line(Id::Mark, ("edit.mark", "Mark this moment"), Edit, &[plain(Key::M)], Data),
    line(Id::Annotate, ("edit.annotate", "Annotate selection or moment…"), Edit, &[shift(Key::M)], Data),
    line(Id::PinFinding, ("findings.pin", "Add finding to report, or remove it"), Edit, &[plain(Key::R)], When::Finding),
    line(Id::ExpectFinding, ("findings.expect", "Mark anomaly as expected…"), Edit, &[shift(Key::E)], When::Anomaly),
    line(Id::Search, ("edit.search", "Search series"), Edit, &[ctrl(Key::F), plain(Key::Slash)], Always),
    line(Id::AddPlot, ("edit.add-plot", "Add empty plot"), Edit, &[ctrl_shift(Key::N)], Always),
    line(Id::RestorePlots, ("edit.restore-plots", "Restore essential plots"), Edit, &[], Always),

    line(Id::Follow, ("time.follow", "Pause or follow"), Time, &[plain(Key::Space)], Data),
    line(Id::Newest, ("time.newest", "Go to newest"), Time, &[plain(Key::End)], Data),
    line(Id::Whole, ("time.whole", "Show everything"), Time, &[plain(Key::Home)], Data),
    line(Id::PanLeft, ("time.left", "Earlier"), Time, &[place(Key::A), plain(Key::ArrowLeft)], Data),
    line(Id::PanRight, ("time.right", "Later"), Time, &[place(Key::D), plain(Key::ArrowRight)], Data),
    line(Id::ZoomIn, ("time.in", "Zoom in"), Time, &[place(Key::W), plain(Key::ArrowUp)], Data),
    line(Id::ZoomOut, ("time.out", "Zoom out"), Time, &[place(Key::S), plain(Key::ArrowDown)], Data),
    line(Id::PanFarLeft, ("time.far-left", "Much earlier"), Time, &[shift_place(Key::A), shift(Key::ArrowLeft)], Data),
    line(Id::PanFarRight, ("time.far-right", "Much later"), Time, &[shift_place(Key::D), shift(Key::ArrowRight)], Data),
    line(Id::ZoomFarIn, ("time.far-in", "Zoom in a lot"), Time, &[shift_place(Key::W), shift(Key::ArrowUp)], Data),
    line(Id::ZoomFarOut, ("time.far-out", "Zoom out a lot"), Time, &[shift_place(Key::S), shift(Key::ArrowDown)], Data),
    line(Id::ZoomToSelection, ("time.zoom-selection", "Zoom to selection"), Time, &[plain(Key::Enter)], When::Selection),
    line(Id::Focus, ("time.focus", "Zoom to selection and back"), Time, &[plain(Key::F)], When::Selection),
    line(Id::Deselect, ("time.deselect", "Drop selection or cursors"), Time, &[plain(Key::Escape)], Data),
    line(Id::Back, ("time.back", "Previous view"), Time, &[alt(Key::ArrowLeft), plain(Key::Backspace)], When::Past),
    line(Id::Forward, ("time.forward", "Next view"), Time, &[alt(Key::ArrowRight)], When::Future),
    line(Id::PreviousEvent, ("time.previous-event", "Previous event"), Time, &[plain(Key::Comma)], When::Events),
    line(Id::NextEvent, ("time.next-event", "Next event"), Time, &[plain(Key::Period)], When::Events),
    line(Id::Measure, ("time.measure", "Set cursor A, then B"), Time, &[plain(Key::B)], Data),
    line(Id::WhatChanged, ("time.what-changed", "What changed in the selection?"), Time, &[shift(Key::C)], Data),
    line(Id::WhatWouldHelp, ("time.what-would-help", "What would help in the selection?"), Time, &[], Data),
    line(Id::PredictPlan, ("plan.predict", "Predict the plan"), Time, &[], When::Plan),
    line(Id::CompareWith, ("time.compare-with", "Compare with another session…"), Time, &[], Data),
    line(Id::ClockUtc, ("time.utc", "Label in UTC"), Time, &[], Always),
    line(Id::ClockLocal, ("time.local", "Label in local time"), Time, &[], Always),
    line(Id::ClockSinceStart, ("time.since-start", "Label since start"), Time, &[], Always),
    line(Id::ClockSinceMark, ("time.since-mark", "Label since cursor A"), Time, &[], Always),

    line(Id::Show(Screen::Findings), ("view.findings", "Findings"), View, &[alt(Key::Num0)], Always),
    line(Id::Show(Screen::Explore), ("view.explore", "Explore"), View, &[alt(Key::Num1)], Always),
    line(Id::Show(Screen::Browser), ("view.browser", "Browser"), View, &[alt(Key::Num2)], Always),
    line(Id::Show(Screen::Processes), ("view.processes", "Processes"), View, &[alt(Key::Num3)], Always),
    line(Id::Show(Screen::Samples), ("view.samples", "Samples"), View, &[alt(Key::Num4)], Always),
    line(Id::Show(Screen::Events), ("view.events", "Events"), View, &[alt(Key::Num5)], Always),
    line(Id::Show(Screen::Annotations), ("view.notes", "Notes"), View, &[alt(Key::Num6)], Always),
    line(Id::Show(Screen::Details), ("view.details", "Details"), View, &[alt(Key::Num7)], Always),
    line(Id::Show(Screen::Analyze), ("view.analyze", "Analyze: trend, anomaly, bottleneck"), View, &[alt(Key::Num8)], Always),
    line(Id::Show(Screen::Bottleneck), ("view.bottleneck", "Bottleneck: which resource limits"), View, &[], Always),
    line(Id::Show(Screen::Forecast), ("view.forecast", "Forecast: what comes next"), View, &[], Always),
    line(Id::Show(Screen::Correlate), ("view.correlate", "Correlate: what moves together"), View, &[], Always),
    line(Id::Show(Screen::Plan), ("view.plan", "Plan: what would help, and did it help"), View, &[], Always),
    line(Id::Show(Screen::Report), ("view.report", "Report: what others are told"), View, &[], Always),
    line(Id::Show(Screen::Recipe), ("view.recipe", "Recipe: collect, analyze, optimize, report unattended"), View, &[], Always),
    line(Id::Show(Screen::Library), ("view.library", "Library: many sessions, and trends over them"), View, &[], Always),
    line(Id::Show(Screen::Standards), ("view.standards", "Standards: what must hold, and alerts"), View, &[], Always),
    line(Id::Show(Screen::Services), ("view.services", "Services: response time, throughput, errors"), View, &[], Always),
    line(Id::Show(Screen::Kymo), ("view.kymo", "Kymo: how well it does, and what it costs"), View, &[], Always),
    line(Id::ForecastSelected, ("analyze.forecast", "Forecast this series"), View, &[], When::Series),
    line(Id::CorrelateSelected, ("analyze.correlate", "What moves together with this series"), View, &[], When::Series),
    line(Id::Show(Screen::Compare), ("view.compare", "Compare: what changed"), View, &[alt(Key::Num9)], Always),
    line(Id::Columns(1), ("view.one-column", "Plots in one column"), View, &[], Always),
    line(Id::Columns(2), ("view.two-columns", "Plots in two columns"), View, &[], Always),
    line(Id::Columns(3), ("view.three-columns", "Plots in three columns"), View, &[], Always),
    line(Id::Taller, ("view.taller", "Taller plots"), View, &[alt(Key::ArrowUp)], Always),
    line(Id::Shorter, ("view.shorter", "Lower plots"), View, &[alt(Key::ArrowDown)], Always),
    line(Id::ThemeSystem, ("view.theme-system", "Colors as the desktop"), View, &[], Always),
    line(Id::ThemeDark, ("view.theme-dark", "Dark colors"), View, &[], Always),
    line(Id::ThemeLight, ("view.theme-light", "Light colors"), View, &[], Always),
    line(Id::ThemeContrast, ("view.theme-contrast", "High contrast"), View, &[], Always),
    line(Id::Larger, ("view.larger", "Larger text"), View, &[ctrl(Key::Plus), ctrl(Key::Equals)], Always),
    line(Id::Smaller, ("view.smaller", "Smaller text"), View, &[ctrl(Key::Minus)], Always),
    line(Id::UsualSize, ("view.usual-size", "Usual text size"), View, &[ctrl(Key::Num0)], Always),
    line(Id::DragHabit, ("view.drag-zooms", "Plain drag zooms"), View, &[], Always),
    line(Id::WheelHabit, ("view.wheel-zooms", "Plain wheel zooms"), View, &[], Always),
    line(Id::DesktopAlerts, ("view.desktop-alerts", "Desktop notifications of alerts"), View, &[], Always),
    line(Id::ResetLayout, ("view.reset", "Reset layout"), View, &[], Always),

    line(Id::Palette, ("help.palette", "Find command…"), Help, &[ctrl_shift(Key::P), ctrl(Key::K)], Always),
    line(Id::GoTo, ("help.go-to", "Go to series, host or session…"), Help, &[ctrl(Key::P)], Always),
    line(Id::Help, ("help.contents", "Help: how everything works"), Help, &[], Always),
    line(Id::Shortcuts, ("help.shortcuts", "Keyboard shortcuts"), Help, &[plain(Key::Questionmark), plain(Key::F1)], Always),
    line(Id::Applications, ("help.applications", "How applications are seen"), Help, &[], Always),
    line(Id::Accuracy, ("help.accuracy", "How accurate the findings are"), Help, &[], Always),
    line(Id::Start, ("help.start", "Start page and tour"), Help, &[], Always),
    line(Id::Notices, ("help.notices", "Notifications"), Help, &[], Always),
];

/// The line of a command.
pub fn find(id: Id) -> Option<&'static Command> {
    ALL.iter().find(|command| command.id == id)
}

impl Facts {
    /// Whether a command makes sense now.
    pub fn allow(&self, command: &Command) -> bool {
        command.when == Always || self.hold.contains(&command.when)
    }

    /// The name of a command as it is now.
    pub fn name(&self, command: &Command) -> String {
        match (command.id, &self.undoes, &self.redoes) {
            (Id::Undo, Some(step), _) => format!("Undo: {step}"),
            (Id::Redo, _, Some(step)) => format!("Redo: {step}"),
            _ => command.name.to_owned(),
        }
    }
}

impl Chord {
    /// As people write it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (held, name) in [
            (self.modifiers.command || self.modifiers.ctrl, "Ctrl+"),
            (self.modifiers.alt, "Alt+"),
            (self.modifiers.shift, "Shift+"),
        ] {
            if held {
                text.push_str(name);
            }
        }
        text.push_str(key_name(self.key));
        text
    }

    /// Whether this key press is it.
    fn is(&self, key: Key, physical: Option<Key>, modifiers: Modifiers) -> bool {
        let pressed = match self.by {
            By::Letter => key == self.key,
            By::Place => physical.unwrap_or(key) == self.key,
        };
        // Signs that need Shift on some boards are asked for by sign alone.
        let sign = matches!(self.key, Key::Questionmark | Key::Plus | Key::Slash);
        let wanted = Modifiers {
            shift: self.modifiers.shift || (sign && modifiers.shift),
            ..self.modifiers
        };
        pressed && modifiers.matches_exact(wanted)
    }

    /// Whether it could be meant for a text field or a button that has the focus.
    fn is_plain(&self) -> bool {
        !self.modifiers.command && !self.modifiers.alt
    }
}

/// What stands on a key; arrows in a form that the fonts of the window have.
fn key_name(key: Key) -> &'static str {
    match key {
        Key::ArrowLeft => "←",
        Key::ArrowRight => "→",
        Key::ArrowUp => "↑",
        Key::ArrowDown => "↓",
        Key::Comma => ",",
        Key::Period => ".",
        Key::Slash => "/",
        Key::Questionmark => "?",
        Key::Plus => "+",
        Key::Minus => "−",
        Key::Equals => "=",
        other => other.name(),
    }
}

/// The keys of a command as text; empty without any.
pub fn keys(command: &Command) -> String {
    let keys: Vec<String> = command.chords.iter().map(Chord::text).collect();
    keys.join(" or ")
}

/// What the keys pressed in this frame ask for.
///
/// While a text field has the focus, or a list or menu is open, only chords with Ctrl
/// count that text fields do not use; while a button or a table row has it, the keys that move and
/// press it are left to it.
pub fn pressed(ctx: &Context) -> Vec<Id> {
    let typing = ctx.text_edit_focused() || Popup::is_any_open(ctx);
    let focused = ctx.memory(|memory| memory.focused().is_some());
    ctx.input(|input| {
        let asked = input.events.iter().filter_map(|event| match event {
            Event::Key {
                key,
                physical_key,
                pressed: true,
                modifiers,
                ..
            } => command_of(*key, *physical_key, *modifiers),
            Event::Copy => Some((Id::CopyRange, ctrl(Key::C))),
            _ => None,
        });
        asked
            .filter(|(_, chord)| !(typing && (chord.is_plain() || is_editing(chord.key))))
            .filter(|(_, chord)| !(focused && chord.is_plain() && is_moving(chord.key)))
            .map(|(id, _)| id)
            .collect()
    })
}

fn command_of(key: Key, physical: Option<Key>, modifiers: Modifiers) -> Option<(Id, Chord)> {
    ALL.iter().find_map(|command| {
        let mut chords = command.chords.iter();
        let chord = chords.find(|chord| chord.is(key, physical, modifiers))?;
        Some((command.id, *chord))
    })
}

/// Keys that text fields understand together with Ctrl or Alt.
fn is_editing(key: Key) -> bool {
    use Key::{A, ArrowDown, ArrowLeft, ArrowRight, ArrowUp, C, V, X, Y, Z};
    matches!(
        key,
        A | C | V | X | Y | Z | ArrowLeft | ArrowRight | ArrowUp | ArrowDown
    )
}

/// Keys that move the focus or press what has it.
fn is_moving(key: Key) -> bool {
    use Key::{ArrowDown, ArrowLeft, ArrowRight, ArrowUp, End, Enter, Home, Space};
    matches!(
        key,
        Space | Enter | ArrowLeft | ArrowRight | ArrowUp | ArrowDown | Home | End
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_are_unique() {
        for (i, command) in ALL.iter().enumerate() {
            for other in &ALL[..i] {
                assert_ne!(command.key, other.key);
                assert_ne!(command.id, other.id, "{}", command.key);
                for chord in command.chords {
                    assert!(!other.chords.contains(chord), "{}", chord.text());
                }
            }
        }
    }

    #[test]
    fn every_screen_can_be_shown() {
        for (screen, _) in crate::layout::SCREENS {
            assert!(find(Id::Show(*screen)).is_some(), "{screen:?}");
        }
    }

    #[test]
    fn letters_of_the_left_hand_are_known_by_place() {
        let azerty_w = command_of(Key::Z, Some(Key::W), Modifiers::NONE);
        assert_eq!(azerty_w.map(|(id, _)| id), Some(Id::ZoomIn));
        let far = command_of(Key::D, Some(Key::D), Modifiers::SHIFT);
        assert_eq!(far.map(|(id, _)| id), Some(Id::PanFarRight));
        let help = command_of(Key::Questionmark, Some(Key::Slash), Modifiers::SHIFT);
        assert_eq!(help.map(|(id, _)| id), Some(Id::Shortcuts));
        assert!(
            command_of(
                Key::Z,
                Some(Key::Y),
                Modifiers::CTRL.plus(Modifiers::COMMAND)
            )
            .is_some()
        );
    }

    #[test]
    fn a_condition_switches_a_command_off() {
        let facts = Facts {
            hold: vec![When::Undoable],
            undoes: Some("add a plot".to_owned()),
            ..Facts::default()
        };
        let undo = find(Id::Undo).expect("undo");
        assert!(facts.allow(undo));
        assert_eq!(facts.name(undo), "Undo: add a plot");
        assert!(!find(Id::Redo).is_some_and(|redo| facts.allow(redo)));
    }
}
