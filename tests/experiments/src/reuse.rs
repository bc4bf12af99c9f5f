//! Hit ratios of caches of other sizes, from the keys that were asked for: the yardstick
//! where Kymo has no answer of its own.
//!
//! * In: keys in the order in which they were asked for; sizes in entries.
//! * Out: share of hits of a cache that forgets what was not asked for longest, and of
//!   the approximation that only looks at how often each key comes.
//! * Never: knows of bytes.
//!
//! Start at [`least_recently_used`] and [`approximate`].

use std::collections::HashMap;

/// Share of hits for each size, after the first `warm` keys.
///
/// # Source
///
/// R. L. Mattson, J. Gecsei, D. R. Slutz, I. L. Traiger, *IBM Systems Journal* 9 (1970).
pub(crate) fn least_recently_used(keys: &[u32], warm: usize, sizes: &[f64]) -> Vec<f64> {
    let distances = distances(keys);
    let counted = distances.get(warm..).unwrap_or(&[]);
    let share = |size: &f64| {
        let hits = counted.iter().flatten().filter(|it| **it as f64 <= *size);
        hits.count() as f64 / (counted.len() as f64).max(1.0)
    };
    sizes.iter().map(share).collect()
}

/// For each key, how many different ones came since it last did, itself among them;
/// `None` at its first time.
fn distances(keys: &[u32]) -> Vec<Option<usize>> {
    // A tree of sums over the places at which a key was last asked for.
    let mut tree = vec![0_i32; keys.len() + 1];
    let mut last: HashMap<u32, usize> = HashMap::new();
    let mut found = Vec::with_capacity(keys.len());
    for (place, key) in keys.iter().enumerate() {
        let before = last.insert(*key, place);
        found.push(before.map(|before| {
            add(&mut tree, before, -1);
            (sum(&tree, place) - sum(&tree, before)) as usize + 1
        }));
        add(&mut tree, place, 1);
    }
    found
}

fn add(tree: &mut [i32], place: usize, value: i32) {
    let mut at = place + 1;
    while at < tree.len() {
        tree[at] += value;
        at += at & at.wrapping_neg();
    }
}

/// Sum of all places before this one.
fn sum(tree: &[i32], place: usize) -> i32 {
    let (mut at, mut total) = (place, 0);
    while at > 0 {
        total += tree[at];
        at -= at & at.wrapping_neg();
    }
    total
}

/// Share of hits for each size, from how often each key comes.
///
/// # Source
///
/// H. Che, Y. Tung, Z. Wang, *IEEE Journal on Selected Areas in Communications* 20 (2002).
pub(crate) fn approximate(keys: &[u32], sizes: &[f64]) -> Vec<f64> {
    let mut counts: HashMap<u32, f64> = HashMap::new();
    for key in keys {
        *counts.entry(*key).or_default() += 1.0;
    }
    let mut shares: Vec<f64> = counts.values().map(|it| it / keys.len() as f64).collect();
    shares.sort_by(f64::total_cmp);
    sizes.iter().map(|size| at_size(&shares, *size)).collect()
}

fn at_size(shares: &[f64], size: f64) -> f64 {
    if size >= shares.len() as f64 {
        return 1.0;
    }
    let there = |time: f64| -> f64 { shares.iter().map(|p| 1.0 - (-p * time).exp()).sum() };
    let (mut low, mut high) = (0.0, 1.0);
    while there(high) < size && high < 1e15 {
        high *= 2.0;
    }
    // Halving sixty times leaves nothing of the first interval.
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        match there(middle) < size {
            true => low = middle,
            false => high = middle,
        }
    }
    shares.iter().map(|p| p * (1.0 - (-p * high).exp())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Draw, Zipf};

    #[test]
    fn distances_count_different_keys() {
        let keys = [1, 2, 1, 1, 3, 2];
        let wanted = [None, None, Some(2), Some(1), None, Some(3)];
        assert_eq!(distances(&keys), wanted);
    }

    #[test]
    fn a_simulated_cache_agrees() {
        let zipf = Zipf::new(500, 0.9);
        let mut draw = Draw::of(1, "reuse");
        let keys: Vec<u32> = (0..40_000).map(|_| zipf.next(&mut draw) as u32).collect();
        let (warm, size) = (5_000, 100);
        let mut held: Vec<u32> = Vec::new();
        let mut hits = 0;
        for (i, key) in keys.iter().enumerate() {
            let place = held.iter().position(|it| it == key);
            hits += u32::from(place.is_some() && i >= warm);
            held.retain(|it| it != key);
            held.push(*key);
            if held.len() > size {
                held.remove(0);
            }
        }
        let simulated = f64::from(hits) / (keys.len() - warm) as f64;
        let found = least_recently_used(&keys, warm, &[size as f64]);
        assert!((found[0] - simulated).abs() < 1e-12);
        let near = approximate(&keys, &[size as f64]);
        assert!((near[0] - simulated).abs() < 0.02, "{near:?} {simulated}");
    }
}
