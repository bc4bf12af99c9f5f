//! Every state of a small network, weighed by the product form as the textbooks state it.

/// A station of an enumerated network.
#[derive(Clone, Debug)]
pub(crate) struct Station {
    /// Seconds of service per round, by class.
    pub(crate) demands_seconds: Vec<f64>,
    /// Speed with `j + 1` there relative to that with one; the last holds for more; empty
    /// for a delay.
    pub(crate) speeds: Vec<f64>,
}

/// Means of a network: throughput by class, customers by class and station.
pub(crate) struct Means {
    pub(crate) throughputs: Vec<f64>,
    pub(crate) present: Vec<Vec<f64>>,
}

/// Solves a closed network, the think times being one more delay, by adding up all states.
pub(crate) fn solve(populations: &[usize], think: &[f64], stations: &[Station]) -> Means {
    let mut all = stations.to_vec();
    all.push(Station {
        demands_seconds: think.to_vec(),
        speeds: Vec::new(),
    });
    let whole = sums(populations, &all);
    let throughputs = (0..populations.len()).map(|class| {
        if populations[class] == 0 {
            return 0.0;
        }
        let mut less = populations.to_vec();
        less[class] -= 1;
        sums(&less, &all).0 / whole.0
    });
    let present = whole.1.iter().map(|row| {
        let stations = row.iter().take(stations.len());
        stations.map(|it| it / whole.0).collect()
    });
    Means {
        throughputs: throughputs.collect(),
        present: present.collect(),
    }
}

/// Sum of all weights, and the same times who is where: `[class][station]`.
fn sums(populations: &[usize], stations: &[Station]) -> (f64, Vec<Vec<f64>>) {
    let mut totals = (0.0, vec![vec![0.0; stations.len()]; populations.len()]);
    let mut placed = vec![vec![0; stations.len()]; populations.len()];
    walk(populations, stations, (0, 0), &mut placed, &mut totals);
    totals
}

/// Places the rest of one class at the stations from `at` on, then the next class.
fn walk(
    populations: &[usize],
    stations: &[Station],
    (class, at): (usize, usize),
    placed: &mut Vec<Vec<usize>>,
    totals: &mut (f64, Vec<Vec<f64>>),
) {
    if class == populations.len() {
        let weight: f64 = (0..stations.len())
            .map(|k| weight(&stations[k], placed, k))
            .product();
        totals.0 += weight;
        for (row, counts) in totals.1.iter_mut().zip(placed.iter()) {
            for (sum, count) in row.iter_mut().zip(counts) {
                *sum += weight * *count as f64;
            }
        }
        return;
    }
    let left = populations[class] - placed[class][..at].iter().sum::<usize>();
    if at + 1 == stations.len() {
        placed[class][at] = left;
        walk(populations, stations, (class + 1, 0), placed, totals);
        return;
    }
    for count in 0..=left {
        placed[class][at] = count;
        walk(populations, stations, (class, at + 1), placed, totals);
    }
}

/// `n! / speeds * product of d^n / n!`.
fn weight(station: &Station, placed: &[Vec<usize>], k: usize) -> f64 {
    let mut weight = 1.0;
    let mut all = 0;
    for (class, row) in placed.iter().enumerate() {
        for j in 1..=row[k] {
            all += 1;
            weight *= station.demands_seconds[class] / j as f64;
            weight *= all as f64;
        }
    }
    for j in 1..=all {
        let last = station.speeds.last();
        let speed = match station.speeds.get(j - 1).or(last) {
            Some(speed) => *speed,
            None => j as f64,
        };
        weight /= speed;
    }
    weight
}
