//! Which screens stand where: a tree of splits and tabs that can be saved.
//!
//! Every screen appears once. A layout that lost one (an older or a mangled
//! file) is replaced by the standard one.
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
    /// Small multiples.
    Explore,
    /// Who used what at the cursor's time.
    Processes,
    /// What happened.
    Events,
    /// Notes.
    Annotations,
    /// What is selected: statistics, series, process.
    Details,
}

/// Every screen with its title, in menu order.
pub const SCREENS: &[(Screen, &str)] = &[
    (Screen::Explore, "Explore"),
    (Screen::Browser, "Browser"),
    (Screen::Processes, "Processes"),
    (Screen::Events, "Events"),
    (Screen::Annotations, "Notes"),
    (Screen::Details, "Details"),
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
    let plots = tabs(&mut tiles, &[Screen::Explore]);
    let tables = tabs(
        &mut tiles,
        &[Screen::Processes, Screen::Events, Screen::Annotations],
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
    Tree::new(Id::unique("screens"), root, tiles)
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
    let Some(root) = layout.root() else {
        return false;
    };
    let mut found = Vec::new();
    let mut open = vec![root];
    let mut steps = 0;
    while let Some(tile) = open.pop() {
        steps += 1;
        match layout.tiles.get(tile) {
            // A mangled file may hold a circle.
            _ if steps > 1_000 => return false,
            Some(Tile::Pane(screen)) => found.push(*screen),
            Some(Tile::Container(container)) => open.extend(container.children().copied()),
            None => return false,
        }
    }
    found.sort();
    let mut all: Vec<Screen> = SCREENS.iter().map(|(screen, _)| *screen).collect();
    all.sort();
    found == all
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
}
