//! What a user arranged: panels, layout, looks. Saved; [`crate::history`] undoes it.
//!
//! Nothing measured is in here and nothing that lasts only a moment: a workspace
//! can be loaded before any data is there and fits any session.
//!
//! Start at [`Workspace`].

use model::process::ProcessId;
use model::series::SeriesKey;
use serde::{Deserialize, Serialize};
use workflow::essentials;
use workflow::processes::Measure;

use crate::layout::{self, Layout};

/// The newest form of the saved text; see [`Workspace::read`].
pub const VERSION: u32 = 2;

/// Essential plots that came with a version of the saved form: an older one gets them
/// once, since nobody can have removed what was not there. Raise [`VERSION`] with a line.
const CAME_WITH: &[(u32, &[&str])] = &[(2, &["services-time", "services-load", "services-failed"])];

/// Sizes of text that can be chosen.
pub const ZOOM: std::ops::RangeInclusive<f32> = 0.6..=2.5;

/// Heights of a panel that can be chosen.
pub const PANEL_HEIGHT: std::ops::RangeInclusive<f32> = 90.0..=600.0;

/// Series of a panel of the user's own.
const ITEMS_MAX: usize = 64;

/// Everything the user arranged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workspace {
    /// Form of the saved text.
    pub version: u32,
    /// Dark or light.
    pub theme: Looks,
    /// Size of everything; 1 is usual.
    pub zoom: f32,
    /// How moments are labeled.
    pub clock: ClockChoice,
    /// What a drag without keys does.
    pub drag_zooms: Choice,
    /// What a wheel without keys does.
    pub wheel_zooms: Choice,
    /// Whether the desktop is told of alerts.
    pub desktop_alerts: Choice,
    /// Plots side by side.
    pub columns: usize,
    /// Height of a plot in points.
    pub panel_height: f32,
    /// The plots, in order.
    pub panels: Vec<Panel>,
    /// Number of the next plot.
    pub next_panel: u64,
    /// Hosts whose plots are not shown.
    pub hidden_hosts: Vec<String>,
    /// Which screens are where.
    pub layout: Layout,
}

/// Whether something is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// No.
    #[default]
    Off,
    /// Yes.
    On,
}

/// Dark or light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Looks {
    /// As the desktop has it.
    #[default]
    System,
    /// Dark ground.
    Dark,
    /// Light ground.
    Light,
    /// Black ground, with as much contrast as there can be.
    Contrast,
}

/// How moments are labeled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockChoice {
    /// Universal time.
    #[default]
    Utc,
    /// The zone of this machine.
    Local,
    /// Time since the session's start.
    SinceStart,
    /// Time since cursor A.
    SinceMark,
}

/// One plot, or one for each host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Number within the workspace.
    pub id: u64,
    /// What it shows.
    pub content: Content,
    /// A logarithmic value axis.
    #[serde(default)]
    pub log: Choice,
    /// Series on top of each other.
    #[serde(default)]
    pub stacked: Choice,
    /// Series that are only named.
    #[serde(default)]
    pub hidden: Vec<SeriesKey>,
}

/// What a plot shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// An essential panel, once for each host, with series the user added.
    Essential {
        /// Its key in [`essentials::ALL`].
        key: String,
        /// Further series.
        added: Vec<Item>,
    },
    /// Series the user chose.
    Own {
        /// What it is called.
        title: String,
        /// The series.
        items: Vec<Item>,
    },
}

/// One curve of a panel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Item {
    /// A series.
    Series(SeriesKey),
    /// One measure of a process.
    Process(ProcessItem),
}

/// One measure of a process; its number means something in one session only,
/// so name and pid tell whether it is still the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProcessItem {
    /// Its host.
    pub host: String,
    /// Its number within the host's stream.
    pub id: ProcessId,
    /// Its kernel process id.
    pub pid: u32,
    /// Its short name.
    pub name: String,
    /// What of it.
    pub measure: Measure,
}

/// The saved workspace cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It comes from a newer build.
    #[error("layout of version {found} is newer than {VERSION}, the newest this build reads")]
    TooNew {
        /// Its version.
        found: u32,
    },
    /// It is no workspace.
    #[error("saved layout cannot be read")]
    Text(#[source] ron::error::SpannedError),
}

impl Default for Workspace {
    fn default() -> Self {
        let panels: Vec<Panel> = (0..)
            .zip(essentials::ALL)
            .map(|(id, essential)| Panel::essential(id, essential))
            .collect();
        Self {
            version: VERSION,
            theme: Looks::System,
            zoom: 1.0,
            clock: ClockChoice::Utc,
            drag_zooms: Choice::Off,
            wheel_zooms: Choice::Off,
            desktop_alerts: Choice::Off,
            columns: 2,
            panel_height: 185.0,
            next_panel: panels.len() as u64,
            panels,
            hidden_hosts: Vec::new(),
            layout: layout::standard(),
        }
    }
}

impl Choice {
    /// Whether it is wanted.
    pub fn on(self) -> bool {
        self == Self::On
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Off => Self::On,
            Self::On => Self::Off,
        }
    }
}

impl Panel {
    fn essential(id: u64, essential: &essentials::Panel) -> Self {
        Self {
            id,
            content: Content::Essential {
                key: essential.key.to_owned(),
                added: Vec::new(),
            },
            log: Choice::Off,
            stacked: match essential.style {
                essentials::Style::Stacked => Choice::On,
                essentials::Style::Lines => Choice::Off,
            },
            hidden: Vec::new(),
        }
    }

    /// The curves the user chose.
    pub fn items(&self) -> &[Item] {
        match &self.content {
            Content::Essential { added, .. } => added,
            Content::Own { items, .. } => items,
        }
    }

    fn items_mut(&mut self) -> &mut Vec<Item> {
        match &mut self.content {
            Content::Essential { added, .. } => added,
            Content::Own { items, .. } => items,
        }
    }

    /// Adds curves that are not there yet.
    pub fn add(&mut self, items: &[Item]) {
        let mine = self.items_mut();
        for item in items {
            if !mine.contains(item) && mine.len() < ITEMS_MAX {
                mine.push(item.clone());
            }
        }
    }
}

impl Item {
    /// Name of the host it belongs to.
    pub fn host(&self) -> &str {
        match self {
            Self::Series(key) => &key.host,
            Self::Process(process) => &process.host,
        }
    }
}

impl Workspace {
    /// Reads a saved workspace and mends what does not fit together.
    ///
    /// # Errors
    ///
    /// [`ReadError`]; the caller then starts with the standard one.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        // The version is looked at first, since a newer form may not parse at all.
        let head: Head = ron::from_str(text).map_err(ReadError::Text)?;
        if head.version > VERSION {
            return Err(ReadError::TooNew {
                found: head.version,
            });
        }
        let mut workspace: Self = ron::from_str(text).map_err(ReadError::Text)?;
        workspace.mend();
        Ok(workspace)
    }

    /// The text that [`Workspace::read`] reads.
    ///
    /// # Errors
    ///
    /// What the format says; no workspace the program makes causes one.
    pub fn write(&self) -> Result<String, ron::Error> {
        ron::ser::to_string_pretty(self, ron::ser::PrettyConfig::new().depth_limit(8))
    }

    /// Adds the essential plots that came after this was saved, where they stand by default.
    fn catch_up(&mut self) {
        let later = CAME_WITH.iter().filter(|(since, _)| self.version < *since);
        for key in later.flat_map(|(_, keys)| *keys) {
            let Some(place) = essentials::ALL.iter().position(|it| it.key == *key) else {
                continue;
            };
            let is = |panel: &Panel, wanted: &[essentials::Panel]| match &panel.content {
                Content::Essential { key, .. } => wanted.iter().any(|it| it.key == key),
                Content::Own { .. } => false,
            };
            let (before, from) = essentials::ALL.split_at(place);
            if self.panels.iter().any(|panel| is(panel, &from[..1])) {
                continue;
            }
            let last = self.panels.iter().rposition(|panel| is(panel, before));
            let panel = Panel::essential(self.next_panel, &from[0]);
            self.next_panel += 1;
            self.panels.insert(last.map_or(0, |it| it + 1), panel);
        }
    }

    fn mend(&mut self) {
        self.catch_up();
        self.version = VERSION;
        self.columns = self.columns.clamp(1, 3);
        self.zoom = clamped(self.zoom, &ZOOM);
        self.panel_height = clamped(self.panel_height, &PANEL_HEIGHT);
        self.panels.retain(|panel| match &panel.content {
            Content::Essential { key, .. } => essentials::find(key).is_some(),
            Content::Own { .. } => true,
        });
        let mut next = self.next_panel;
        let mut seen = Vec::new();
        for panel in &mut self.panels {
            if seen.contains(&panel.id) {
                panel.id = next.max(panel.id.saturating_add(1));
            }
            next = next.max(panel.id.saturating_add(1));
            seen.push(panel.id);
        }
        self.next_panel = next;
        layout::mend(&mut self.layout);
    }

    /// The panel of this number.
    pub fn panel(&self, id: u64) -> Option<&Panel> {
        self.panels.iter().find(|panel| panel.id == id)
    }

    /// The panel of this number, to be changed.
    pub fn panel_mut(&mut self, id: u64) -> Option<&mut Panel> {
        self.panels.iter_mut().find(|panel| panel.id == id)
    }

    /// Adds a panel of the user's own and gives back its number.
    pub fn add_panel(&mut self, title: String, items: &[Item]) -> u64 {
        let id = self.next_panel;
        self.next_panel += 1;
        let mut panel = Panel {
            id,
            content: Content::Own {
                title,
                items: Vec::new(),
            },
            log: Choice::Off,
            stacked: Choice::Off,
            hidden: Vec::new(),
        };
        panel.add(items);
        self.panels.push(panel);
        id
    }

    /// Puts the plots back as they were at first, keeping the user's own ones.
    pub fn restore_essentials(&mut self) {
        let own = std::mem::take(&mut self.panels).into_iter();
        let own: Vec<Panel> = own
            .filter(|panel| matches!(panel.content, Content::Own { .. }))
            .collect();
        for essential in essentials::ALL {
            let panel = Panel::essential(self.next_panel, essential);
            self.next_panel += 1;
            self.panels.push(panel);
        }
        self.panels.extend(own);
    }
}

fn clamped(value: f32, range: &std::ops::RangeInclusive<f32>) -> f32 {
    if value.is_finite() {
        value.clamp(*range.start(), *range.end())
    } else {
        *range.start()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the first version saved it. Never change this text.
    const SAVED: &str = include_str!("../fixtures/workspace-1.ron");

    fn series(name: &str) -> Item {
        Item::Series(SeriesKey::new("a", name, []))
    }

    #[test]
    fn the_first_saved_form_still_opens() {
        let workspace = Workspace::read(SAVED).expect("the first form opens");
        assert_eq!(workspace.columns, 3);
        assert_eq!(workspace.theme, Looks::Light);
        let own = workspace.panels.last().expect("a panel");
        assert_eq!(own.items(), [series("x"), process()]);
        assert!(own.log.on());
    }

    #[test]
    fn an_older_layout_gets_the_plots_that_came_later_once() {
        let keys = |workspace: &Workspace| -> Vec<String> {
            let panels = workspace.panels.iter();
            let keys = panels.filter_map(|panel| match &panel.content {
                Content::Essential { key, .. } => Some(key.clone()),
                Content::Own { .. } => None,
            });
            keys.collect()
        };
        assert!(!SAVED.contains("services-time"));
        let mut workspace = Workspace::read(SAVED).expect("it opens");
        let standard: Vec<&str> = essentials::ALL.iter().map(|it| it.key).collect();
        let found = keys(&workspace);
        let places: Vec<usize> = found
            .iter()
            .filter_map(|key| standard.iter().position(|it| it == key))
            .collect();
        assert!(places.is_sorted(), "they stand where they do by default");
        for key in ["services-time", "services-load", "services-failed"] {
            assert_eq!(found.iter().filter(|it| *it == key).count(), 1, "{key}");
        }
        assert_eq!(workspace.version, VERSION);
        // What is removed from now on stays away, as does what was removed before.
        workspace.panels.retain(|panel| {
            !matches!(&panel.content, Content::Essential { key, .. } if key.starts_with("services"))
        });
        let text = workspace.write().expect("it can be written");
        let again = Workspace::read(&text).expect("it reads");
        assert_eq!(keys(&again), keys(&workspace));
        let fewer = SAVED.replacen("\"cores\"", "\"gone\"", 1);
        let without = Workspace::read(&fewer).expect("it opens");
        assert!(!keys(&without).contains(&"cores".to_owned()));
    }

    fn process() -> Item {
        Item::Process(ProcessItem {
            host: "a".to_owned(),
            id: ProcessId(7),
            pid: 412,
            name: "worker".to_owned(),
            measure: Measure::Cpu,
        })
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut workspace = Workspace {
            columns: 3,
            theme: Looks::Light,
            ..Workspace::default()
        };
        let id = workspace.add_panel("mine".to_owned(), &[series("x"), process()]);
        if let Some(panel) = workspace.panel_mut(id) {
            panel.log = Choice::On;
        }
        let text = workspace.write().expect("it can be written");
        assert_eq!(Workspace::read(&text).expect("it reads"), workspace);
    }

    #[test]
    fn odd_saved_text_is_mended_or_refused() {
        for wrong in ["", "(", "(version: 99)", "(version: \"x\")", "[]"] {
            assert!(Workspace::read(wrong).is_err(), "{wrong}");
        }
        let odd = "(version: 2, columns: 900, zoom: NaN, next_panel: 0, panels: [\
            (id: 1, content: Essential(key: \"gone\", added: [])),\
            (id: 4, content: Own(title: \"a\", items: [])),\
            (id: 4, content: Own(title: \"b\", items: []))])";
        let mended = Workspace::read(odd).expect("it is mended");
        assert_eq!((mended.columns, mended.zoom), (3, *ZOOM.start()));
        let ids: Vec<u64> = mended.panels.iter().map(|panel| panel.id).collect();
        assert_eq!(ids.len(), 2);
        assert_ne!(ids[0], ids[1]);
        assert!(ids.iter().all(|id| *id < mended.next_panel));
    }
}
