//! Whether what is drawn stands out from a light and from a dark ground.
//!
//! # Source
//!
//! Web Content Accessibility Guidelines 2.2: relative luminance, contrast ratio, success
//! criterion 1.4.11.

use super::svg::{AREA_OPACITY, LOOKS};
use crate::lane;

/// The grounds of the style sheet.
const GROUNDS: [&str; 2] = ["#ffffff", "#14171b"];

/// Least contrast of graphics.
const LEAST: f64 = 3.0;

fn channels(color: &str) -> [f64; 3] {
    [1, 3, 5].map(|at| {
        let code = u8::from_str_radix(&color[at..at + 2], 16).expect("two hexadecimal digits");
        f64::from(code) / 255.0
    })
}

fn luminance(color: [f64; 3]) -> f64 {
    let [red, green, blue] = color.map(|it| {
        if it <= 0.04045 {
            it / 12.92
        } else {
            ((it + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn over(color: [f64; 3], ground: [f64; 3], opacity: f64) -> [f64; 3] {
    [0, 1, 2].map(|it| color[it] * opacity + ground[it] * (1.0 - opacity))
}

#[test]
fn the_measure_is_right() {
    let ratio = contrast(channels("#000000"), channels("#ffffff"));
    assert!((ratio - 21.0).abs() < 1e-9);
    let ratio = contrast(channels("#777777"), channels("#ffffff"));
    assert!((ratio - 4.478).abs() < 0.001);
}

#[test]
fn lines_areas_and_marks_stand_out_on_both_grounds() {
    let looks = LOOKS.iter().map(|(color, _)| *color);
    for color in looks.chain(lane::COLORS) {
        for ground in GROUNDS {
            let (drawn, below) = (channels(color), channels(ground));
            for opacity in [1.0, AREA_OPACITY] {
                let ratio = contrast(over(drawn, below, opacity), below);
                assert!(
                    ratio >= LEAST,
                    "{color} on {ground} at {opacity}: {ratio:.2}"
                );
            }
        }
    }
}

#[test]
fn what_the_style_sheet_changes_for_dark_grounds_stands_out_there() {
    let style = include_str!("../../../../assets/report.css");
    let mut count = 0;
    for (place, _) in style.match_indices(": #") {
        let rule = style[..place]
            .rsplit(['{', ';'])
            .next()
            .unwrap_or_default()
            .trim();
        if !matches!(rule, "stroke" | "fill") {
            continue;
        }
        let color = &style[place + 2..place + 9];
        let ratio = contrast(channels(color), channels(GROUNDS[1]));
        assert!(ratio >= LEAST, "{color}: {ratio:.2}");
        count += 1;
    }
    assert!(count >= 2);
}

#[test]
fn no_two_lines_look_alike() {
    for (place, (color, dash)) in LOOKS.iter().enumerate() {
        for (other, other_dash) in &LOOKS[place + 1..] {
            assert!(color != other && dash != other_dash);
        }
    }
}
