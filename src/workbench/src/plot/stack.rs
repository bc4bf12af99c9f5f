//! Draws several series on top of each other: parts of a whole.
//!
//! A band shows the mean of each column, because minimum and maximum of parts do
//! not add up.

use std::sync::Arc;

use eframe::egui::epaint::Mesh;
use eframe::egui::{Color32, Rect, Shape, pos2};
use model::time::Moment;

use super::canvas::Canvas;
use analysis::envelope::Grid;

/// How much of the ground shines through a band.
const OPACITY: f32 = 0.72;

/// Foot and head of each column of a pile; `NaN` where nothing is known.
#[derive(Debug, Default)]
pub(crate) struct Pile {
    heads: Vec<f64>,
}

impl Pile {
    /// Puts one more part on top and returns where it starts and ends per column.
    ///
    /// A part that is missing in a column adds nothing there.
    pub(crate) fn add(&mut self, means: &[f64]) -> Vec<(f64, f64)> {
        self.heads.resize(means.len(), 0.0);
        let heads = self.heads.iter_mut().zip(means);
        heads
            .map(|(head, mean)| {
                if mean.is_nan() {
                    return (f64::NAN, f64::NAN);
                }
                let foot = *head;
                *head += mean.max(0.0);
                (foot, *head)
            })
            .collect()
    }

    /// The highest head.
    pub(crate) fn height(&self) -> f64 {
        self.heads.iter().copied().fold(0.0, f64::max)
    }
}

/// Adds one band.
pub(crate) fn draw(
    band: &[(f64, f64)],
    grid: &Grid,
    canvas: &Canvas,
    (color, shapes): (Color32, &mut Vec<Shape>),
) {
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(band.len() * 8);
    mesh.reserve_triangles(band.len() * 4);
    let width = (grid.width_ns as f64 * canvas.points_per_ns()) as f32;
    for (i, (foot, head)) in band.iter().enumerate() {
        if foot.is_nan() {
            continue;
        }
        let left = canvas.x(Moment(grid.start(i)));
        let (top, bottom) = (canvas.y(*head), canvas.y(*foot));
        let body = Rect::from_min_max(pos2(left, top), pos2(left + width, bottom));
        mesh.add_colored_rect(body, color.gamma_multiply(OPACITY));
        let edge = Rect::from_min_max(pos2(left, top), pos2(left + width, top + 1.0));
        mesh.add_colored_rect(edge, color);
    }
    if !mesh.is_empty() {
        shapes.push(Shape::Mesh(Arc::new(mesh)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_on_each_other_and_gaps_add_nothing() {
        let mut pile = Pile::default();
        assert_eq!(pile.add(&[1.0, 2.0]), [(0.0, 1.0), (0.0, 2.0)]);
        let second = pile.add(&[f64::NAN, 3.0]);
        assert!(second[0].0.is_nan());
        assert_eq!(second[1], (2.0, 5.0));
        assert_eq!(pile.height(), 5.0);
    }
}
