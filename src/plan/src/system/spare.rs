//! Units of a station that idle while users go round, for all populations at once.
//!
//! A request that comes to a station of capacity `c` where `j` are served at once finds
//! `c - j - 1` units to spare. Mean-value analysis needs their mean, and finds the
//! probabilities by subtracting from one, which loses every digit where many units are
//! nearly all busy. Here they come from normalization constants: what the station
//! contributes with `j`, times the constant of the network without it. Nothing is
//! subtracted.
//!
//! # Source
//!
//! J. P. Buzen, CACM 16 (1973); S. C. Bruell, G. Balbo, "Computational Algorithms for
//! Closed Queueing Networks" (1980), on why the differences fail.

use super::Station;
use crate::solve::convolution;
use crate::solve::wide::Wide;

/// A station that serves more than one at once.
struct Wider {
    capacity: f64,
    /// Service times with 1, 2, … there, until all units are busy.
    times: Vec<Wide>,
}

impl Wider {
    fn of(station: &Station, users: usize) -> Option<Self> {
        let units = (station.capacity.ceil() as usize).min(users.max(1));
        let time = |j| Wide::new(station.demand_s / f64::min(j as f64, station.capacity));
        (station.capacity > 1.0 && station.demand_s > 0.0).then(|| Self {
            capacity: station.capacity,
            times: (1..=units).map(time).collect(),
        })
    }

    /// What idles in the mean, given the constants without and with this station.
    fn spare(&self, without: &[Wide], all: &[Wide]) -> Vec<f64> {
        let contributions = convolution::contributions(&self.times);
        let spare = |(j, it): (usize, &Wide)| {
            let units = (self.capacity - (j + 1) as f64).max(0.0);
            *it * Wide::new(units)
        };
        let weights: Vec<Wide> = contributions.iter().enumerate().map(spare).collect();
        let at = |(n, constant): (usize, &Wide)| {
            let states = weights.iter().zip(without[..=n].iter().rev());
            states
                .fold(Wide::ZERO, |sum, (weight, rest)| sum + *weight * *rest)
                .over(*constant)
        };
        all.iter().enumerate().map(at).collect()
    }
}

/// Units to spare at each station, for nobody to `users` users; empty where a station
/// serves one at a time.
pub(super) fn units(stations: &[Station], delay_s: f64, users: usize) -> Vec<Vec<f64>> {
    let wider: Vec<Option<Wider>> = stations.iter().map(|it| Wider::of(it, users)).collect();
    if wider.iter().all(Option::is_none) {
        return vec![Vec::new(); stations.len()];
    }
    let mut single = convolution::of_delay(delay_s, users);
    for (station, _) in stations.iter().zip(&wider).filter(|it| it.1.is_none()) {
        let full_s = station.demand_s / station.capacity;
        convolution::fold_queue(&mut single, Wide::new(full_s));
    }
    let fold = |left_out: Option<usize>| {
        let others = wider.iter().enumerate().filter(|it| Some(it.0) != left_out);
        others
            .filter_map(|(_, it)| it.as_ref())
            .fold(single.clone(), |constants, it| {
                convolution::folded(&constants, &it.times)
            })
    };
    let all = fold(None);
    let spare = |(k, it): (usize, &Option<Wider>)| match it {
        Some(it) => it.spare(&fold(Some(k)), &all),
        None => Vec::new(),
    };
    wider.iter().enumerate().map(spare).collect()
}
