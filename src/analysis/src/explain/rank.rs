//! Who is suspected, and how much.
//!
//! Strength of the shift, times order, direction, class and agreement with the
//! symptom, gives each series its weight. The strongest different measures of a
//! part give the part its weight, which the call graph then corrects; a series
//! counts as much as its part, in proportion to the part's strongest series.
//!
//! Start at [`Ranking::of`].

use std::collections::BTreeSet;

use model::time::SECOND_NS;

use crate::frame::Frame;
use crate::stats::order;

use super::names::Names;
use super::onset::{self, WITNESSES};
use super::shift::{self, Shift};
use super::window::Scene;
use super::{Candidate, Graph, Limiting, Request};

/// Who moves later than the first, by more than clocks and cadence allow, follows.
const LATER: f64 = 0.85;

/// Where a resource was used up, what measures another one is more often its effect: a
/// want of memory makes a disk busy.
const NOT_LIMITED: f64 = 0.5;

/// A move to the better side is seldom the cause of trouble.
const BETTER: f64 = 0.5;

/// A series that does not rise and fall with the symptom keeps this share.
const UNRELATED: f64 = 0.5;

/// A caller keeps this share when somebody it calls is as disturbed as itself.
const EXPLAINED_BY_CALLEE: f64 = 0.5;

/// A part that the symptom's part does not call, directly or not, keeps this share.
const NO_PATH: f64 = 0.7;

/// From this strength on a series counts as moved.
pub(super) const MOVED: f64 = 0.3;

/// With fewer rows a rank correlation says nothing.
const LEAST_PAIRS: usize = 4;

/// The outermost share of values on each side does not decide a correlation.
const HELD_SHARE: f64 = 0.02;

/// What is known of one series.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) shift: Shift,
    pub(super) onset: Option<usize>,
    pub(super) correlation: Option<f64>,
    pub(super) weight: f64,
    /// By how many rows it moved later than the first, beyond what may be chance.
    pub(super) later: Option<usize>,
    /// By how many rows it moved sooner than the symptom, beyond what may be chance.
    pub(super) lead: Option<usize>,
    /// Whether it measures what limited meanwhile; `None` where nothing did.
    pub(super) limited: Option<bool>,
}

/// All series and parts with their weights.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    pub(super) suspects: Vec<Suspect>,
    /// Weight of each part, 0 to 1.
    pub(super) parts: Vec<f64>,
    /// The series that moved first.
    pub(super) first: Option<usize>,
    /// For each part another one that it calls and that is as disturbed.
    pub(super) callee: Vec<Option<usize>>,
    /// For each part disturbed parts that call it.
    pub(super) callers: Vec<Vec<usize>>,
    /// Whether the symptom's part calls each part; true where that is not known.
    pub(super) reached: Vec<bool>,
}

impl Ranking {
    /// Measures and weighs all series.
    pub(super) fn of(frame: &Frame, names: &Names, scene: &Scene, request: &Request) -> Self {
        let mut suspects = measured(frame, scene);
        let first = mark_order(frame, &mut suspects, scene, &request.clock_error_ns);
        for (line, suspect) in suspects.iter_mut().enumerate() {
            let host = &frame.lines[line].series.key.host;
            let about = |it: &Limiting| it.class == names.class[line] && it.host == *host;
            let known = !request.limiting.is_empty();
            suspect.limited = known.then(|| request.limiting.iter().any(about));
            suspect.weight = weight(names, scene, line, suspect);
        }
        let mut ranking = Self {
            parts: part_weights(names, &suspects),
            suspects,
            first,
            callee: vec![None; names.parts.len()],
            callers: vec![Vec::new(); names.parts.len()],
            reached: vec![true; names.parts.len()],
        };
        if !request.graph.is_empty() {
            ranking.follow_calls(names, scene, &request.graph);
        }
        ranking
    }

    /// The series with any weight, best first; sentences are added later.
    pub(super) fn candidates(&self, frame: &Frame, names: &Names, scene: &Scene) -> Vec<Candidate> {
        let mut strongest = vec![0.0_f64; names.parts.len()];
        for (line, suspect) in self.suspects.iter().enumerate() {
            let part = names.part[line];
            strongest[part] = strongest[part].max(suspect.weight);
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        for (line, suspect) in self.suspects.iter().enumerate() {
            let part = names.part[line];
            if suspect.weight <= 0.0 {
                continue;
            }
            candidates.push(Candidate {
                line,
                series: frame.lines[line].name.clone(),
                entity: names.entity[line].clone(),
                part: names.parts[part].clone(),
                class: names.class[line],
                score: (self.parts[part] * suspect.weight / strongest[part]).clamp(0.0, 1.0),
                onset_row: suspect.onset.unwrap_or(scene.start),
                shift: suspect.shift,
                correlation: suspect.correlation,
                coverage: scene.coverage(&frame.lines[line].values),
                supports: Vec::new(),
                against: Vec::new(),
            });
        }
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.line.cmp(&b.line)));
        candidates
    }

    /// The share that the best candidate explains; see [`super::Explanation`].
    pub(super) fn explained(
        &self,
        frame: &Frame,
        names: &Names,
        scene: &Scene,
        candidates: &[Candidate],
    ) -> f64 {
        let Some(best) = candidates.first() else {
            return 0.0;
        };
        if let Some(symptom) = scene.symptom {
            let length = scene.end - scene.start;
            let rows = scene.start.saturating_sub(length)..scene.around(frame.rows()).end;
            let values = |line: usize| &frame.lines[line].values[rows.clone()];
            let r = correlation(&held(values(best.line)), &held(values(symptom)));
            return r.map_or(0.0, |r| r * r);
        }
        let part = names.part[best.line];
        let own: BTreeSet<usize> = self.callers[part].iter().copied().chain([part]).collect();
        let (mut explained, mut total) = (0.0, 0.0);
        for (line, suspect) in self.suspects.iter().enumerate() {
            // Squares, so that many still series do not outweigh the few that moved.
            let moved = suspect.shift.strength().powi(2);
            total += moved;
            if own.contains(&names.part[line]) {
                explained += moved;
            }
        }
        if total > 0.0 { explained / total } else { 0.0 }
    }

    /// Takes weight from parts that call somebody disturbed, and from those that
    /// the symptom's part does not reach.
    fn follow_calls(&mut self, names: &Names, scene: &Scene, graph: &Graph) {
        let mut part_of_node = std::collections::BTreeMap::new();
        for (part, node) in names.nodes.iter().enumerate() {
            if let Some(node) = node {
                part_of_node.entry(*node).or_insert(part);
            }
        }
        let before = self.parts.clone();
        let symptom = scene.symptom.and_then(|line| names.nodes[names.part[line]]);
        let below = symptom.map(|node| graph.below(node));
        for (part, node) in names.nodes.iter().enumerate() {
            let mut share = 1.0;
            if let Some(below) = &below {
                self.reached[part] = node.is_some_and(|it| below.contains(&it));
            }
            if !self.reached[part] {
                share *= NO_PATH;
            }
            let Some(node) = node else {
                self.parts[part] *= share;
                continue;
            };
            let called = graph.callees(*node).filter_map(|it| part_of_node.get(&it));
            let worst = called.max_by(|a, b| before[**a].total_cmp(&before[**b]));
            if let Some(callee) = worst.filter(|_| before[part] > 0.0) {
                let ratio = (before[*callee] / before[part]).min(1.0);
                // Squared: somebody half as disturbed explains little.
                share *= 1.0 - EXPLAINED_BY_CALLEE * ratio * ratio;
                self.callee[part] = (ratio > 0.7).then_some(*callee);
            }
            let callers = graph.above(*node).into_iter();
            let callers = callers.filter_map(|it| part_of_node.get(&it).copied());
            let disturbed = callers.filter(|it| *it != part && before[*it] >= MOVED / 2.0);
            self.callers[part] = disturbed.collect();
            self.parts[part] *= share;
        }
    }
}

fn measured(frame: &Frame, scene: &Scene) -> Vec<Suspect> {
    let rows = scene.around(frame.rows());
    let symptom = scene.symptom.map(|line| &frame.lines[line].values);
    let lines = frame.lines.iter().map(|line| {
        let shift = shift::measure(&line.values, &scene.stretch);
        Suspect {
            onset: shift::onset(&line.values, &shift, scene.window()),
            correlation: symptom.and_then(|symptom| {
                rank_correlation(&line.values[rows.clone()], &symptom[rows.clone()])
            }),
            shift,
            weight: 0.0,
            later: None,
            lead: None,
            limited: None,
        }
    });
    lines.collect()
}

/// Says who moved first, and who later than that, or sooner than the symptom, by more
/// than one row and what both clocks may be off; series of one host share a clock.
fn mark_order(
    frame: &Frame,
    suspects: &mut [Suspect],
    scene: &Scene,
    clock_error_ns: &[i64],
) -> Option<usize> {
    let moved =
        |line: &usize| suspects[*line].shift.strength() >= MOVED && scene.symptom != Some(*line);
    let onsets = (0..suspects.len()).filter(moved);
    let first = onsets
        .filter_map(|line| suspects[line].onset.map(|row| (row, line)))
        .min()?;
    let error_ns = |line: usize| clock_error_ns.get(line).copied().unwrap_or(0).max(0);
    let step_ns = frame.step_ns.max(1);
    let host = |line: usize| &frame.lines[line].series.key.host;
    let allowed = |a: usize, b: usize| {
        let doubt_ns = match host(a) == host(b) {
            true => 0,
            false => error_ns(a).saturating_add(error_ns(b)),
        };
        1 + (doubt_ns as f64 / step_ns as f64).ceil() as usize
    };
    let felt = scene
        .symptom
        .and_then(|line| Some((suspects[line].onset?, line)));
    for (line, suspect) in suspects.iter_mut().enumerate() {
        let behind = suspect.onset.map(|row| row.saturating_sub(first.0));
        suspect.later = behind.filter(|rows| *rows > allowed(line, first.1));
        let ahead = |(felt, symptom): (usize, usize)| {
            let rows = felt.saturating_sub(suspect.onset?);
            (rows > allowed(line, symptom)).then_some(rows)
        };
        suspect.lead = felt.and_then(ahead);
    }
    Some(first.1)
}

fn weight(names: &Names, scene: &Scene, line: usize, suspect: &Suspect) -> f64 {
    if scene.symptom == Some(line) {
        return 0.0;
    }
    let mut weight = suspect.shift.strength() * names.class[line].suspicion();
    if names.bad[line] * suspect.shift.scales < 0.0 {
        weight *= BETTER;
    }
    if suspect.later.is_some() {
        weight *= LATER;
    }
    if suspect.limited == Some(false) {
        weight *= NOT_LIMITED;
    }
    if scene.symptom.is_some() {
        let agreement = suspect.correlation.map_or(0.0, f64::abs);
        weight *= UNRELATED + (1.0 - UNRELATED) * agreement;
    }
    weight
}

fn part_weights(names: &Names, suspects: &[Suspect]) -> Vec<f64> {
    let by_part = names.by_part();
    let weights = by_part.iter().enumerate().map(|(part, lines)| {
        let mut best = [0.0; WITNESSES];
        let families = lines.chunk_by(|a, b| names.family[*a] == names.family[*b]);
        for family in families {
            let strongest = family.iter().map(|line| suspects[*line].weight);
            onset::keep(&mut best, strongest.fold(0.0, f64::max));
        }
        onset::of_part(&best, names.families[part])
    });
    weights.collect()
}

/// Rank correlation over the pairs without a gap; `None` for fewer than
/// [`LEAST_PAIRS`] or where one side never moves.
///
/// # Source
///
/// C. Spearman, "The proof and measurement of association between two things",
/// American Journal of Psychology 15 (1904), with mean ranks for ties.
pub(super) fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = pairs(a, b);
    correlation(&ranks(&a), &ranks(&b))
}

/// The rows in which both have a number.
fn pairs(a: &[f64], b: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let both = a.iter().zip(b).map(|(a, b)| (*a, *b));
    both.filter(|(a, b)| a.is_finite() && b.is_finite()).unzip()
}

/// The values, those beyond the outer [`HELD_SHARE`] held there.
fn held(values: &[f64]) -> Vec<f64> {
    let mut numbers = order::numbers(values);
    let lo = order::quantile_in(&mut numbers, HELD_SHARE);
    let hi = order::quantile_in(&mut numbers, 1.0 - HELD_SHARE);
    if lo.is_nan() || hi.is_nan() {
        return values.to_vec();
    }
    let hold = |value: &f64| {
        if value.is_nan() {
            *value
        } else {
            value.clamp(lo, hi)
        }
    };
    values.iter().map(hold).collect()
}

/// Correlation over the pairs without a gap; `None` as for [`rank_correlation`].
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = pairs(a, b);
    if a.len() < LEAST_PAIRS {
        return None;
    }
    let (center_a, center_b) = (order::mean(&a), order::mean(&b));
    let (mut cross, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        cross += (a - center_a) * (b - center_b);
        square_a += (a - center_a).powi(2);
        square_b += (b - center_b).powi(2);
    }
    let size = square_a.sqrt() * square_b.sqrt();
    (size > 0.0 && size.is_finite()).then(|| (cross / size).clamp(-1.0, 1.0))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let below = order.partition_point(|it| values[*it] < values[tied[0]]);
        for place in tied {
            ranks[*place] = below as f64 + (tied.len() - 1) as f64 / 2.0;
        }
    }
    ranks
}

/// Seconds of so many rows.
pub(super) fn seconds(frame: &Frame, rows: usize) -> f64 {
    rows as f64 * frame.step_ns as f64 / SECOND_NS as f64
}
