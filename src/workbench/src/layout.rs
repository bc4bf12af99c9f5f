//! Which screens stand where: a tree of splits and tabs that can be saved.
//!
//! Every screen appears once. A layout from before a screen was there gets it as
//! one more tab; one that is mangled is replaced by the standard one.
//!
//! Start at [`standard`].

use eframe::egui::Id;
use egui_tiles::{Container, Linear, LinearDir, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

/// The tree of screens.
pub type Layout = Tree<Screen>;

/// One screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Screen {
    /// Every series, searchable.
    Browser,
    /// What was found, in plain sentences.
    Findings,
    /// Trend, anomaly and bottleneck side by side.
    Analyze,
    /// What changed between two windows or sessions.
    Compare,
    /// Which resource limits, with the evidence.
    Bottleneck,
    /// What comes next.
    Forecast,
    /// What moves together.
    Correlate,
    /// What services do for their users.
    Services,
    /// What would help, and did it help.
    Plan,
    /// What others are told.
    Report,
    /// Many sessions.
    Library,
    /// A measurement that runs by itself.
    Recipe,
    /// Small multiples.
    Explore,
    /// How far standards are kept, and which alerts fire.
    Standards,
    /// Who used what at the cursor's time.
    Processes,
    /// The samples of one plot as a table.
    Samples,
    /// What happened.
    Events,
    /// Notes.
    Annotations,
    /// What is selected: statistics, series, process.
    Details,
    /// How well Kymo itself does, and what it costs.
    Kymo,
}

/// Every screen with its title, in menu order.
pub const SCREENS: &[(Screen, &str)] = &[
    (Screen::Findings, "Findings"),
    (Screen::Explore, "Explore"),
    (Screen::Analyze, "Analyze"),
    (Screen::Compare, "Compare"),
    (Screen::Services, "Services"),
    (Screen::Plan, "Plan"),
    (Screen::Report, "Report"),
    (Screen::Library, "Library"),
    (Screen::Recipe, "Recipe"),
    (Screen::Standards, "Standards"),
    (Screen::Bottleneck, "Bottleneck"),
    (Screen::Forecast, "Forecast"),
    (Screen::Correlate, "Correlate"),
    (Screen::Browser, "Browser"),
    (Screen::Processes, "Processes"),
    (Screen::Samples, "Samples"),
    (Screen::Events, "Events"),
    (Screen::Annotations, "Notes"),
    (Screen::Details, "Details"),
    (Screen::Kymo, "Kymo"),
];

impl Screen {
    /// Its title.
    pub fn title(self) -> &'static str {
        SCREENS
            .iter()
            .find(|(screen, _)| *screen == self)
            .map_or("", |(_, title)| title)
    }
}

/// Browser at the left, plots over tables in the middle, details at the right.
pub fn standard() -> Layout {
    let mut tiles = Tiles::default();
    let left = tabs(&mut tiles, &[Screen::Browser]);
    let plots = tabs(
        &mut tiles,
        &[
            Screen::Findings,
            Screen::Explore,
            Screen::Analyze,
            Screen::Compare,
            Screen::Services,
            Screen::Plan,
            Screen::Report,
            Screen::Library,
            Screen::Recipe,
            Screen::Standards,
            Screen::Bottleneck,
            Screen::Forecast,
            Screen::Correlate,
        ],
    );
    let tables = tabs(
        &mut tiles,
        &[
            Screen::Processes,
            Screen::Samples,
            Screen::Events,
            Screen::Annotations,
            Screen::Kymo,
        ],
    );
    let right = tabs(&mut tiles, &[Screen::Details]);
    let middle = split(
        &mut tiles,
        LinearDir::Vertical,
        &[(plots, 2.4), (tables, 1.0)],
    );
    let root = split(
        &mut tiles,
        LinearDir::Horizontal,
        &[(left, 0.8), (middle, 2.85), (right, 1.7)],
    );
    let mut layout = Tree::new(Id::unique("screens"), root, tiles);
    bring_up(&mut layout, Screen::Explore);
    layout
}

fn tabs(tiles: &mut Tiles<Screen>, screens: &[Screen]) -> TileId {
    let children = screens
        .iter()
        .map(|screen| tiles.insert_pane(*screen))
        .collect();
    tiles.insert_tab_tile(children)
}

fn split(tiles: &mut Tiles<Screen>, direction: LinearDir, parts: &[(TileId, f32)]) -> TileId {
    let children = parts.iter().map(|(tile, _)| *tile).collect();
    let mut linear = Linear::new(direction, children);
    for (tile, share) in parts {
        linear.shares.set_share(*tile, *share);
    }
    tiles.insert_container(Container::Linear(linear))
}

/// Whether every screen stands in the layout exactly once and can be reached.
pub fn is_whole(layout: &Layout) -> bool {
    let mut found = found(layout);
    found.sort();
    let mut all: Vec<Screen> = SCREENS.iter().map(|(screen, _)| *screen).collect();
    all.sort();
    found == all
}

/// Screens that stand beside the plots; the others stand beside the tables.
const BESIDE_PLOTS: &[Screen] = &[
    Screen::Findings,
    Screen::Analyze,
    Screen::Compare,
    Screen::Services,
    Screen::Plan,
    Screen::Report,
    Screen::Library,
    Screen::Recipe,
    Screen::Standards,
    Screen::Bottleneck,
    Screen::Forecast,
    Screen::Correlate,
];

/// Adds screens that are newer than the layout as tabs beside their like, and
/// puts the standard one in the place of a mangled one.
pub fn mend(layout: &mut Layout) {
    let known = found(layout);
    for (screen, _) in SCREENS.iter().filter(|(it, _)| !known.contains(it)) {
        let like = match BESIDE_PLOTS.contains(screen) {
            true => Screen::Explore,
            false => Screen::Events,
        };
        let beside = tile_of(layout, like).and_then(|it| layout.tiles.parent_of(it));
        if let Some(tabs) = beside {
            let pane = layout.tiles.insert_pane(*screen);
            if let Some(Tile::Container(container)) = layout.tiles.get_mut(tabs) {
                container.add_child(pane);
            }
        }
    }
    if !is_whole(layout) {
        *layout = standard();
    }
}

/// The screens that can be reached from the root; none in a circle.
fn found(layout: &Layout) -> Vec<Screen> {
    let Some(root) = layout.root() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut open = vec![root];
    let mut steps = 0;
    while let Some(tile) = open.pop() {
        steps += 1;
        match layout.tiles.get(tile) {
            // A mangled file may hold a circle.
            _ if steps > 1_000 => return Vec::new(),
            Some(Tile::Pane(screen)) => found.push(*screen),
            Some(Tile::Container(container)) => open.extend(container.children().copied()),
            None => return Vec::new(),
        }
    }
    found
}

/// The tile that holds a screen.
pub fn tile_of(layout: &Layout, screen: Screen) -> Option<TileId> {
    layout.tiles.find_pane(&screen)
}

/// Whether a screen is shown: neither put away nor behind another tab.
pub fn is_shown(layout: &Layout, screen: Screen) -> bool {
    tile_of(layout, screen).is_some_and(|tile| layout.active_tiles().contains(&tile))
}

/// Brings a screen to the front of its tabs, taking it out of hiding.
pub fn bring_up(layout: &mut Layout, screen: Screen) {
    if let Some(tile) = tile_of(layout, screen) {
        layout.tiles.set_visible(tile, true);
        layout.make_active(|id, _| id == tile);
    }
}

/// Puts a screen away; [`bring_up`] brings it back to the same place.
pub fn put_away(layout: &mut Layout, screen: Screen) {
    if let Some(tile) = tile_of(layout, screen) {
        layout.tiles.set_visible(tile, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_layout_holds_every_screen_once() {
        let mut layout = standard();
        assert!(is_whole(&layout));
        for (screen, _) in SCREENS {
            bring_up(&mut layout, *screen);
            put_away(&mut layout, *screen);
            assert!(is_whole(&layout), "{screen:?}");
        }
        if let Some(tile) = tile_of(&layout, Screen::Browser) {
            layout.tiles.remove(tile);
        }
        assert!(!is_whole(&layout));
    }

    #[test]
    fn a_screen_that_an_older_layout_lacks_becomes_a_tab() {
        let mut layout = standard();
        put_away(&mut layout, Screen::Browser);
        let tile = tile_of(&layout, Screen::Samples).expect("it is there");
        layout.remove_recursively(tile);
        assert!(!is_whole(&layout));
        mend(&mut layout);
        assert!(is_whole(&layout));
        assert!(
            !is_shown(&layout, Screen::Browser),
            "the rest stays as it was"
        );
        let events = tile_of(&layout, Screen::Events).expect("it is there");
        layout.remove_recursively(events);
        mend(&mut layout);
        assert!(
            is_whole(&layout),
            "without a place to go the standard one is used"
        );
    }
}
