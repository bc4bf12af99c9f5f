//! Turns cuts of the whitened series into changes of the rows.
//!
//! Start at [`described`].

use std::ops::Range;

use super::clean::Clean;
use super::level::Fit;
use super::{Change, Kind, SAME_PLACES, doubt, evidence, level, segment, spread};
use crate::season::Season;
use crate::stats::{chance, order};

/// A bend is a step too when its jump is this share of the difference of the medians.
const JUMP_SHARE: f64 = 0.5;

/// The two stretches of rows that a change lies between.
pub(super) struct Regimes {
    pub(super) before: Range<usize>,
    pub(super) after: Range<usize>,
}

pub(super) fn changed(
    values: &[f64],
    regimes: Regimes,
    kind: Kind,
    p_value: f64,
    memory_rows: f64,
) -> Change {
    let (before, after) = (
        &values[regimes.before.clone()],
        &values[regimes.after.clone()],
    );
    let (level, interval): (evidence::Center, _) = match kind {
        Kind::Spread => (
            deviation,
            evidence::spread_shift(before, after, memory_rows),
        ),
        Kind::Level | Kind::Slope => {
            let center = evidence::center(before, after);
            (
                center,
                evidence::shift((before, after), center, memory_rows),
            )
        }
    };
    Change {
        row: regimes.after.start,
        kind,
        before: level(before),
        after: level(after),
        shift: interval,
        p_value,
        from: regimes.before.start,
        to: regimes.after.end,
    }
}

fn deviation(values: &[f64]) -> f64 {
    order::mad_about(values, order::median(values))
}

/// The changes of a fitted series; `season` is what was taken out of its places.
pub(super) fn described(
    values: &[f64],
    clean: &Clean,
    season: Option<&Season>,
    fit: &mut Fit,
) -> Vec<Change> {
    let gains = doubt::weed(fit);
    let fit = &*fit;
    let memory = (1.0 + fit.memory) / (1.0 - fit.memory) * fit.inflation;
    let memory_rows = memory * clean.fold as f64;
    let cuts: Vec<usize> = fit.cuts.iter().map(|cut| cut + 1).collect();
    let rows: Vec<usize> = cuts
        .iter()
        .map(|cut| refined(values, clean, *cut))
        .collect();
    let edges = segment::edges(&rows, values.len());
    let places = segment::edges(&fit.cuts, fit.costs.len());
    let levels = edges
        .windows(3)
        .zip(places.windows(3))
        .zip(gains)
        .map(|((row, place), gain)| {
            let bent = fit.costs.slopes(place[0]..place[1]) || fit.costs.slopes(place[1]..place[2]);
            let alone = if bent {
                (-gain / 2.0).exp()
            } else {
                chance::normal_two_sided(gain.max(0.0).sqrt())
            };
            let kind = if bent {
                kind_of_bend(clean, place)
            } else {
                Kind::Level
            };
            let p_value = (alone * (place[2] - place[0]) as f64).min(1.0);
            changed(
                values,
                Regimes {
                    before: row[0]..row[1],
                    after: row[1]..row[2],
                },
                kind,
                p_value,
                memory_rows,
            )
        });
    let mut changes: Vec<Change> = levels.collect();
    let slopes: Vec<bool> = places
        .windows(2)
        .map(|it| fit.costs.slopes(it[0]..it[1]))
        .collect();
    let flat = flattened(values, (&edges, &slopes), clean, season);
    changes.extend(of_spread(&flat, clean, fit, &cuts, memory_rows));
    changes.sort_by_key(|it| (it.row, it.kind));
    changes
}

/// The rows less their season and the level or the line of their regime: what is left
/// to scatter.
fn flattened(
    values: &[f64],
    (edges, slopes): (&[usize], &[bool]),
    clean: &Clean,
    season: Option<&Season>,
) -> Vec<f64> {
    let mut flat = values.to_vec();
    if let Some(season) = season {
        let ends = clean.rows.iter().skip(1).copied().chain([values.len()]);
        for (place, (from, to)) in clean.rows.iter().zip(ends).enumerate() {
            let usual = season.profile[place % season.profile.len()] * clean.unit;
            flat[*from..to].iter_mut().for_each(|it| *it -= usual);
        }
    }
    for (pair, slopes) in edges.windows(2).zip(slopes) {
        let stretch = &mut flat[pair[0]..pair[1]];
        let half = stretch.len() / 2;
        let (early, late) = match slopes {
            true => (
                order::median(&stretch[..half]),
                order::median(&stretch[half..]),
            ),
            false => (order::median(stretch), order::median(stretch)),
        };
        // The medians of the halves lie a quarter from the ends.
        let per_row = (late - early) / half.max(1) as f64;
        for (row, value) in stretch.iter_mut().enumerate() {
            *value -= early + per_row * (row as f64 - half as f64 / 2.0);
        }
    }
    flat
}

/// A cut beside a slope is a step where the lines on both sides do not meet.
fn kind_of_bend(clean: &Clean, edges: &[usize]) -> Kind {
    let (before, after) = (
        &clean.places[edges[0]..edges[1] + 1],
        &clean.places[edges[1] + 1..edges[2] + 1],
    );
    let ((_, left), (right, _)) = (segment::ends_of_line(before), segment::ends_of_line(after));
    let apart = order::median(after) - order::median(before);
    match (right - left).abs() > JUMP_SHARE * apart.abs() {
        true => Kind::Level,
        false => Kind::Slope,
    }
}

/// The first row of the regime that begins at a place: of a long series the best row
/// within two places on each side.
fn refined(values: &[f64], clean: &Clean, place: usize) -> usize {
    let row = |place: usize| clean.rows.get(place).copied().unwrap_or(values.len());
    if clean.fold <= 1 {
        return row(place);
    }
    let (from, to) = (row(place.saturating_sub(2)), row(place + 2));
    let numbers = (from..to).filter(|row| values[*row].is_finite());
    let rows: Vec<usize> = numbers.collect();
    let near: Vec<f64> = rows.iter().map(|row| values[*row] / clean.unit).collect();
    let center = order::median(&near);
    let near: Vec<f64> = near.iter().map(|it| it - center).collect();
    let costs = segment::Costs::of(&near, 1.0, f64::INFINITY);
    let best = (1..near.len())
        .map(|cut| (costs.cost(0, cut) + costs.cost(cut, near.len()), cut))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(row(place), |(_, cut)| rows[cut])
}

/// Changes of spread that are not those of the level, of rows without levels.
fn of_spread(
    values: &[f64],
    clean: &Clean,
    fit: &Fit,
    levels: &[usize],
    memory_rows: f64,
) -> Vec<Change> {
    let sizes = if clean.within.is_empty() {
        let sizes = deviations_of(fit).into_iter().map(f64::abs);
        std::iter::once(0.0).chain(sizes).collect()
    } else {
        clean
            .within
            .iter()
            .map(|it| it.sqrt())
            .collect::<Vec<f64>>()
    };
    let penalty = level::penalty(sizes.len().max(2)).cut;
    let mut cuts: Vec<usize> = spread::cuts(&sizes, penalty);
    cuts.retain(|cut| levels.iter().all(|it| it.abs_diff(*cut) > SAME_PLACES));
    spread::retain_own(&mut cuts, &sizes, levels);
    let row = |place: usize| clean.rows.get(place).copied().unwrap_or(values.len());
    loop {
        let edges = segment::edges(&cuts, sizes.len());
        let gains: Vec<f64> = edges
            .windows(3)
            .map(|it| doubt::between(&sizes[it[0]..it[1]], &sizes[it[1]..it[2]]))
            .collect();
        let least = gains.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
        match least {
            Some((place, gain)) if *gain < penalty => {
                cuts.remove(place);
            }
            _ => {
                let found = edges.windows(3).zip(gains).map(|(it, gain)| {
                    let places = (it[2] - it[0]) as f64;
                    let p_value = (chance::normal_two_sided(gain.sqrt()) * places).min(1.0);
                    let regimes = Regimes {
                        before: row(it[0])..row(it[1]),
                        after: row(it[1])..row(it[2]),
                    };
                    changed(values, regimes, Kind::Spread, p_value, memory_rows)
                });
                return found.collect();
            }
        }
    }
}

/// The whitened series less the lines between the cuts.
fn deviations_of(fit: &Fit) -> Vec<f64> {
    let mut rest = fit.plain.clone();
    let edges = segment::edges(&fit.cuts, rest.len());
    for pair in edges.windows(2) {
        let stretch = &mut rest[pair[0]..pair[1]];
        let (first, last) = segment::ends_of_line(stretch);
        let steps = (stretch.len().max(2) - 1) as f64;
        for (i, value) in stretch.iter_mut().enumerate() {
            *value -= first + (last - first) * i as f64 / steps;
        }
    }
    rest
}
