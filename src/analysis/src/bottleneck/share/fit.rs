//! The fit of a symptom by residence times, and how it is split.
//!
//! Start at [`shapley`].

use crate::stats::random::Random;
use crate::stats::resample;

/// Sweeps of the coordinate descent, which stops before when nothing moves.
const SWEEPS: usize = 100;

/// Part of the diagonal that is added to it, so that equal columns share alike.
const RIDGE: f64 = 1e-6;

const SEED: u64 = 0x6b79_6d6f;

/// Rows of residence times, ready to be fitted.
#[derive(Clone)]
pub(super) struct Design {
    /// For each resource its columns in `rows`.
    pub(super) columns: Vec<Vec<usize>>,
    /// One row of residence times, the symptom last.
    pub(super) rows: Vec<Vec<f64>>,
    /// Whether a row is one of the bad ones.
    pub(super) bad: Vec<bool>,
}

impl Design {
    /// Share of the rise that one resource explains alone.
    pub(super) fn alone(&self, player: usize) -> f64 {
        Moments::of(self).explained(self, 1 << player)
    }
}

/// The least and the most of what a resource explains beyond all others, what it explains
/// alone, and its part in the fit of all: between them no fit can tell resources apart
/// that rise together.
pub(super) fn identified(design: &Design, player: usize) -> (f64, f64) {
    let moments = Moments::of(design);
    let all = (1 << design.columns.len()) - 1;
    let (one, whole) = (1 << player, moments.explained(design, all));
    let beyond = (whole - moments.explained(design, all & !one)).max(0.0);
    let alone = moments.explained(design, one).min(whole);
    let symptom = moments.rises.len() - 1;
    let chosen: Vec<usize> = (0..symptom).collect();
    let weights = moments.fitted(&chosen, symptom);
    let own = design.columns[player].iter();
    let part: f64 = own.map(|it| weights[*it] * moments.rises[*it]).sum();
    let part = (part / moments.rises[symptom]).clamp(0.0, 1.0);
    (beyond.min(alone).min(part), beyond.max(alone).max(part))
}

/// Shares of symptoms that could as well have been: what the fit says of each row plus
/// what it left over, in blocks drawn anew. The rise in question stays the same, so that
/// the interval tells how sure its split is and not how often it happens.
pub(super) fn draws(design: &Design) -> Vec<Vec<f64>> {
    let moments = Moments::of(design);
    let Some(symptom) = moments.rises.len().checked_sub(1) else {
        return Vec::new();
    };
    let chosen: Vec<usize> = (0..symptom).collect();
    let weights = moments.fitted(&chosen, symptom);
    let told = |row: &Vec<f64>| -> f64 { row.iter().zip(&weights).map(|(x, w)| x * w).sum() };
    let left: Vec<f64> = design
        .rows
        .iter()
        .map(|row| row[symptom] - told(row))
        .collect();
    let length = resample::block_length(&left);
    let mut random = Random::new(SEED);
    let mut drawn = vec![0.0; left.len()];
    let mut other = design.clone();
    (0..resample::DRAWS)
        .map(|_| {
            resample::blocks(&left, length, &mut random, &mut drawn);
            for ((row, known), rest) in other.rows.iter_mut().zip(&design.rows).zip(&drawn) {
                row[symptom] = told(known) + rest;
            }
            shapley(&other)
        })
        .collect()
}

/// The Shapley value of each resource in the share of the rise that is explained.
pub(super) fn shapley(design: &Design) -> Vec<f64> {
    let players = design.columns.len();
    let moments = Moments::of(design);
    let values: Vec<f64> = (0..1_usize << players)
        .map(|team| moments.explained(design, team))
        .collect();
    // The weight of a team of s among n is s! (n - s - 1)! / n!.
    let weight = |size: usize| {
        let below: f64 = (1..=size).map(|it| it as f64).product();
        let above: f64 = (1..players - size).map(|it| it as f64).product();
        let all: f64 = (1..=players).map(|it| it as f64).product();
        below * above / all
    };
    (0..players)
        .map(|player| {
            let teams = (0..values.len()).filter(|team| team & (1 << player) == 0);
            let gains = teams.map(|team| {
                let gain = values[team | (1 << player)] - values[team];
                weight(team.count_ones() as usize) * gain
            });
            gains.sum::<f64>().clamp(0.0, 1.0)
        })
        .collect()
}

/// Sums over rows that every fit needs.
struct Moments {
    /// Products of columns about their means, the symptom last.
    products: Vec<Vec<f64>>,
    /// Mean of each column in bad rows minus that in good ones.
    rises: Vec<f64>,
}

impl Moments {
    fn of(design: &Design) -> Self {
        let width = design.rows.first().map_or(0, Vec::len);
        let mean_of = |side: Option<bool>, column: usize| {
            let rows = design.rows.iter().zip(&design.bad);
            let chosen = rows.filter(|(_, bad)| side.is_none_or(|it| **bad == it));
            let (sum, count) = chosen.fold((0.0, 0.0), |(sum, count), (row, _)| {
                (sum + row[column], count + 1.0)
            });
            if count > 0.0 { sum / count } else { 0.0 }
        };
        let means: Vec<f64> = (0..width).map(|it| mean_of(None, it)).collect();
        let mut products = vec![vec![0.0; width]; width];
        for row in &design.rows {
            let apart = row.iter().zip(&means);
            let apart: Vec<f64> = apart.map(|(value, mean)| value - mean).collect();
            for (sums, one) in products.iter_mut().zip(&apart) {
                for (sum, other) in sums.iter_mut().zip(&apart) {
                    *sum += one * other;
                }
            }
        }
        Self {
            products,
            rises: (0..width)
                .map(|it| mean_of(Some(true), it) - mean_of(Some(false), it))
                .collect(),
        }
    }

    /// Share of the rise of the symptom that a team of resources explains.
    fn explained(&self, design: &Design, team: usize) -> f64 {
        let members = design.columns.iter().enumerate();
        let chosen: Vec<usize> = members
            .filter(|(player, _)| team & (1 << player) != 0)
            .flat_map(|(_, columns)| columns.iter().copied())
            .collect();
        let Some(symptom) = self.rises.len().checked_sub(1) else {
            return 0.0;
        };
        let weights = self.fitted(&chosen, symptom);
        let rise: f64 = chosen
            .iter()
            .zip(&weights)
            .map(|(it, w)| w * self.rises[*it])
            .sum();
        let share = rise / self.rises[symptom];
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// Weights of least squares that are not negative, by coordinate descent.
    fn fitted(&self, chosen: &[usize], symptom: usize) -> Vec<f64> {
        let mut weights = vec![0.0; chosen.len()];
        for _ in 0..SWEEPS {
            let mut moved: f64 = 0.0;
            for (i, column) in chosen.iter().enumerate() {
                let products = &self.products[*column];
                let square = products[*column] * (1.0 + RIDGE);
                if square <= 0.0 {
                    continue;
                }
                let others = chosen.iter().zip(&weights).enumerate();
                let rest: f64 = others
                    .filter(|(j, _)| *j != i)
                    .map(|(_, (other, weight))| products[*other] * weight)
                    .sum();
                let best = ((products[symptom] - rest) / square).max(0.0);
                moved = moved.max((best - weights[i]).abs() * square.sqrt());
                weights[i] = best;
            }
            if moved <= 1e-6 * self.products[symptom][symptom].sqrt() {
                break;
            }
        }
        weights
    }
}
