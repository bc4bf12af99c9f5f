//! Named colors of the window: dark, light, and dark with high contrast.
//!
//! Views name a role; only this file knows which color it has. Series colors are
//! the eight of Okabe and Ito, which people with any color vision can tell
//! apart; on light ground the pale ones are darkened until a mark has three
//! times the luminance contrast to the ground. Series also differ by marker and,
//! beyond eight, by dash, so that color is never the only sign.
//!
//! Start at [`of`] and [`Look::nth`].
//!
//! # Source
//!
//! M. Okabe, K. Ito, *Color Universal Design*, 2008, <https://jfly.uni-koeln.de/color/>;
//! W3C, *Web Content Accessibility Guidelines 2.2*, success criterion 1.4.11.

use eframe::egui::{
    self, Color32, FontDefinitions, FontFamily, FontId, Style, TextStyle, Visuals, vec2,
};

/// What each role looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Colors of series, in the order in which they are given out.
    pub series: [Color32; 8],
    /// Ground of plots, against which the contrast holds.
    pub ground: Color32,
    /// Lines of the grid.
    pub grid: Color32,
    /// Titles and values.
    pub text: Color32,
    /// Captions, ticks, empty states.
    pub text_weak: Color32,
    /// The shared cursor.
    pub cursor: Color32,
    /// The two measuring cursors.
    pub measure: Color32,
    /// Edges of the selected range.
    pub selection_edge: Color32,
    /// Inside of the selected range.
    pub selection_fill: Color32,
    /// Marks of events.
    pub event: Color32,
    /// Shading where the data cannot be trusted fully.
    pub quality_fill: Color32,
    /// The strip above such shading.
    pub quality_edge: Color32,
    /// What makes results doubtful, and errors; always with a sign or a word.
    pub severe: Color32,
}

/// How a line is interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
    /// Points.
    Dotted,
    /// Long strokes and points in turn.
    DashDot,
}

/// The sign that sits on a line now and then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marker {
    /// A filled circle.
    #[default]
    Circle,
    /// A filled square.
    Square,
    /// A triangle that points up.
    Up,
    /// A diamond.
    Diamond,
    /// A triangle that points down.
    Down,
    /// A plus sign.
    Plus,
    /// A cross.
    Cross,
    /// An upright bar.
    Bar,
}

/// What tells one series from the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Which of the eight series colors.
    pub color: usize,
    /// How the line is interrupted.
    pub dash: Dash,
    /// Which sign sits on it.
    pub marker: Marker,
}

/// Every dash, in the order of use.
pub const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

/// Every marker, in the order of use.
pub const MARKERS: [Marker; 8] = [
    Marker::Circle,
    Marker::Square,
    Marker::Up,
    Marker::Diamond,
    Marker::Down,
    Marker::Plus,
    Marker::Cross,
    Marker::Bar,
];

/// Roles on dark ground.
pub const DARK: Theme = Theme {
    series: [
        Color32::from_rgb(0x56, 0xb4, 0xe9),
        Color32::from_rgb(0xe6, 0x9f, 0x00),
        Color32::from_rgb(0x00, 0x9e, 0x73),
        Color32::from_rgb(0xcc, 0x79, 0xa7),
        Color32::from_rgb(0xd5, 0x5e, 0x00),
        Color32::from_rgb(0xf0, 0xe4, 0x42),
        Color32::from_rgb(0x1f, 0x7f, 0xc4),
        Color32::from_rgb(0xd8, 0xd8, 0xd8),
    ],
    ground: Color32::from_rgb(0x10, 0x12, 0x14),
    grid: Color32::from_rgb(0x3a, 0x3e, 0x42),
    text: Color32::from_rgb(0xe2, 0xe4, 0xe6),
    text_weak: Color32::from_rgb(0xa0, 0xa6, 0xac),
    cursor: Color32::from_rgb(0xc8, 0xcc, 0xd0),
    measure: Color32::from_rgb(0xff, 0xc8, 0x66),
    selection_edge: Color32::from_rgb(0x7a, 0xb8, 0xff),
    selection_fill: Color32::from_rgba_premultiplied(0x16, 0x22, 0x30, 0x38),
    event: Color32::from_rgb(0xb4, 0xa0, 0xe8),
    quality_fill: Color32::from_rgba_premultiplied(0x30, 0x24, 0x10, 0x38),
    quality_edge: Color32::from_rgb(0xd8, 0xa0, 0x40),
    severe: Color32::from_rgb(0xff, 0x7a, 0x5c),
};

/// Roles on light ground.
pub const LIGHT: Theme = Theme {
    series: [
        Color32::from_rgb(0x2b, 0x86, 0xbd),
        Color32::from_rgb(0xa8, 0x70, 0x00),
        Color32::from_rgb(0x00, 0x85, 0x61),
        Color32::from_rgb(0xb0, 0x55, 0x88),
        Color32::from_rgb(0xd5, 0x5e, 0x00),
        Color32::from_rgb(0x86, 0x7d, 0x00),
        Color32::from_rgb(0x00, 0x52, 0x8c),
        Color32::from_rgb(0x20, 0x20, 0x20),
    ],
    ground: Color32::from_rgb(0xff, 0xff, 0xff),
    grid: Color32::from_rgb(0xd8, 0xdc, 0xe0),
    text: Color32::from_rgb(0x1c, 0x20, 0x24),
    text_weak: Color32::from_rgb(0x5c, 0x63, 0x6a),
    cursor: Color32::from_rgb(0x38, 0x3c, 0x40),
    measure: Color32::from_rgb(0x8a, 0x5a, 0x00),
    selection_edge: Color32::from_rgb(0x1a, 0x6f, 0xd0),
    selection_fill: Color32::from_rgba_premultiplied(0x06, 0x18, 0x2c, 0x30),
    event: Color32::from_rgb(0x6a, 0x4f, 0xc0),
    quality_fill: Color32::from_rgba_premultiplied(0x2c, 0x1e, 0x04, 0x30),
    quality_edge: Color32::from_rgb(0x9a, 0x66, 0x00),
    severe: Color32::from_rgb(0xb8, 0x2c, 0x10),
};

/// Roles for who needs high contrast: on black, text at seven times its luminance
/// or more and marks at four and a half times.
pub const CONTRAST: Theme = Theme {
    series: [
        Color32::from_rgb(0x6c, 0xc8, 0xff),
        Color32::from_rgb(0xff, 0xb0, 0x00),
        Color32::from_rgb(0x00, 0xd8, 0x9c),
        Color32::from_rgb(0xff, 0x9c, 0xd4),
        Color32::from_rgb(0xff, 0x7c, 0x20),
        Color32::from_rgb(0xff, 0xf2, 0x40),
        Color32::from_rgb(0x58, 0x9c, 0xff),
        Color32::from_rgb(0xff, 0xff, 0xff),
    ],
    ground: Color32::from_rgb(0x00, 0x00, 0x00),
    grid: Color32::from_rgb(0x5c, 0x5c, 0x5c),
    text: Color32::from_rgb(0xff, 0xff, 0xff),
    text_weak: Color32::from_rgb(0xdc, 0xdc, 0xdc),
    cursor: Color32::from_rgb(0xff, 0xff, 0xff),
    measure: Color32::from_rgb(0xff, 0xd8, 0x40),
    selection_edge: Color32::from_rgb(0x8c, 0xd0, 0xff),
    selection_fill: Color32::from_rgba_premultiplied(0x1c, 0x30, 0x48, 0x50),
    event: Color32::from_rgb(0xd0, 0xb8, 0xff),
    quality_fill: Color32::from_rgba_premultiplied(0x40, 0x30, 0x10, 0x50),
    quality_edge: Color32::from_rgb(0xff, 0xc0, 0x40),
    severe: Color32::from_rgb(0xff, 0x94, 0x78),
};

/// How much roles stand out where the ground is dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contrast {
    /// As usual.
    Usual,
    /// As much as there can be.
    High,
}

/// The theme in which these visuals are dressed; its ground tells which one it is.
pub fn of(visuals: &Visuals) -> &'static Theme {
    match (visuals.dark_mode, visuals.extreme_bg_color) {
        (false, _) => &LIGHT,
        (true, ground) if ground == CONTRAST.ground => &CONTRAST,
        (true, _) => &DARK,
    }
}

/// Gives a context the fonts, text sizes and text colors of the window, dark and light.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    set_contrast(ctx, Contrast::Usual);
    ctx.style_mut_of(egui::Theme::Light, |style| dress(style, &LIGHT));
}

/// Dresses what is drawn on dark ground.
pub fn set_contrast(ctx: &egui::Context, contrast: Contrast) {
    ctx.style_mut_of(egui::Theme::Dark, |style| {
        style.visuals = Visuals::dark();
        match contrast {
            Contrast::Usual => dress(style, &DARK),
            Contrast::High => {
                dress(style, &CONTRAST);
                heighten(&mut style.visuals);
            }
        }
    });
}

/// Panels as black as plots, and edges around everything that can be pressed.
fn heighten(visuals: &mut Visuals) {
    let edge = |color| egui::Stroke::new(1.0, color);
    visuals.panel_fill = CONTRAST.ground;
    visuals.window_fill = CONTRAST.ground;
    visuals.faint_bg_color = Color32::from_rgb(0x1c, 0x1c, 0x1c);
    visuals.window_stroke = edge(CONTRAST.text_weak);
    let widgets = &mut visuals.widgets;
    widgets.noninteractive.bg_stroke = edge(CONTRAST.text_weak);
    for widget in [
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.bg_stroke = edge(CONTRAST.text_weak);
        widget.fg_stroke.color = CONTRAST.text;
    }
    widgets.hovered.bg_stroke = egui::Stroke::new(2.0, CONTRAST.selection_edge);
    visuals.selection.stroke = egui::Stroke::new(2.0, CONTRAST.selection_edge);
}

fn dress(style: &mut Style, theme: &Theme) {
    for (text, font) in [
        (TextStyle::Small, FontId::proportional(11.5)),
        (TextStyle::Body, FontId::proportional(13.5)),
        (TextStyle::Button, FontId::proportional(13.5)),
        (TextStyle::Monospace, FontId::monospace(12.5)),
        (TextStyle::Heading, FontId::proportional(20.0)),
    ] {
        style.text_styles.insert(text, font);
    }
    let visuals = &mut style.visuals;
    visuals.widgets.noninteractive.fg_stroke.color = theme.text;
    // The default fades text until it has too little contrast to be read.
    visuals.weak_text_color = Some(theme.text_weak);
    visuals.error_fg_color = theme.severe;
    visuals.warn_fg_color = theme.quality_edge;
    visuals.extreme_bg_color = theme.ground;
    style.spacing.item_spacing = vec2(6.0, 3.0);
    // A bar that floats over plots hides what it lies on.
    style.spacing.scroll.floating = false;
    style.spacing.scroll.bar_width = 8.0;
    // Nothing moves by itself: animations cost frames and distract.
    style.animation_time = 0.0;
}

/// The fonts of the window: the text font lacks arrows and simple shapes, which
/// the monospace one has.
pub fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let family = fonts.families.entry(FontFamily::Proportional).or_default();
    family.push("Hack".to_owned());
    fonts
}

impl Theme {
    /// The color of a series or annotation.
    pub fn series_color(&self, index: usize) -> Color32 {
        self.series[index % self.series.len()]
    }
}

/// Colors of growing amounts: told apart by brightness alone, also by those who see
/// fewer colors.
///
/// # Source
///
/// J. R. Nuñez, C. R. Anderton, R. S. Renslow, "Optimizing colormaps with consideration
/// for color vision deficiency", PLoS ONE 13 (2018): cividis, at ninths.
const HEAT: [Color32; 9] = [
    Color32::from_rgb(0x00, 0x22, 0x4e),
    Color32::from_rgb(0x1c, 0x3a, 0x6e),
    Color32::from_rgb(0x43, 0x4e, 0x6c),
    Color32::from_rgb(0x61, 0x64, 0x70),
    Color32::from_rgb(0x7d, 0x7c, 0x78),
    Color32::from_rgb(0x9b, 0x94, 0x76),
    Color32::from_rgb(0xba, 0xae, 0x6c),
    Color32::from_rgb(0xdc, 0xc9, 0x57),
    Color32::from_rgb(0xfe, 0xe8, 0x38),
];

impl Theme {
    /// The color of an amount, 0 to 1, away from the ground as it grows.
    pub fn heat(&self, share: f32) -> Color32 {
        let dark = self.ground.r() < 0x80;
        let share = share.clamp(0.0, 1.0);
        // On a light ground more is darker.
        let place = if dark { share } else { 1.0 - share } * (HEAT.len() - 1) as f32;
        let below = (place as usize).min(HEAT.len() - 2);
        HEAT[below].lerp_to_gamma(HEAT[below + 1], place - below as f32)
    }
}

impl Look {
    /// The look of the n-th series of a panel; 32 in a row all differ.
    pub fn nth(n: usize) -> Self {
        Self {
            color: n % MARKERS.len(),
            dash: DASHES[n / MARKERS.len() % DASHES.len()],
            marker: MARKERS[n % MARKERS.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as the accessibility guidelines define it.
    fn luminance(color: Color32) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn marks_and_text_stand_out_from_the_ground() {
        for (theme, marks, text) in [(DARK, 3.0, 4.5), (LIGHT, 3.0, 4.5), (CONTRAST, 4.5, 7.0)] {
            for (i, color) in theme.series.iter().enumerate() {
                let found = contrast(*color, theme.ground);
                assert!(found >= marks, "series {i}: {found:.2}");
            }
            for color in [theme.text, theme.text_weak] {
                assert!(contrast(color, theme.ground) >= text);
            }
            for color in [
                theme.cursor,
                theme.measure,
                theme.selection_edge,
                theme.event,
                theme.quality_edge,
                theme.severe,
            ] {
                assert!(contrast(color, theme.ground) >= marks);
            }
        }
    }

    #[test]
    fn visuals_tell_in_which_theme_they_are_dressed() {
        let ctx = egui::Context::default();
        install(&ctx);
        let dark = || of(&ctx.style_of(egui::Theme::Dark).visuals);
        assert_eq!(dark(), &DARK);
        set_contrast(&ctx, Contrast::High);
        assert_eq!(dark(), &CONTRAST);
        set_contrast(&ctx, Contrast::Usual);
        assert_eq!(dark(), &DARK);
        assert_eq!(of(&ctx.style_of(egui::Theme::Light).visuals), &LIGHT);
    }

    #[test]
    fn thirty_two_series_differ() {
        let looks: Vec<Look> = (0..32).map(Look::nth).collect();
        for (i, look) in looks.iter().enumerate() {
            assert!(!looks[..i].contains(look), "{i}");
        }
        assert!((0..8).all(|i| looks[i].marker == MARKERS[i]));
    }
}
