//! Simulations from a seed, that know nothing of the formulas.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use analysis::stats::random::Random;

/// A closed or open network in which each class visits the stations one after another.
pub(crate) struct Ring {
    /// Customers that go round, by class.
    pub(crate) populations: Vec<usize>,
    /// Seconds outside in each round.
    pub(crate) think_seconds: Vec<f64>,
    /// `[class][station]`.
    pub(crate) demands_seconds: Vec<Vec<f64>>,
    /// Servers, 0 for a delay.
    pub(crate) servers: Vec<usize>,
}

/// Means over time.
pub(crate) struct Means {
    pub(crate) throughputs: Vec<f64>,
    pub(crate) present: Vec<Vec<f64>>,
}

/// Simulates a closed network whose stations share their servers evenly among all that
/// are there: each class at a station makes progress by its part of them.
pub(crate) fn ring(ring: &Ring, events: usize, seed: u64) -> Means {
    let (classes, stations) = (ring.populations.len(), ring.servers.len());
    let mut random = Random::new(seed);
    // Place 0 is outside; place k + 1 is station k.
    let mut there: Vec<Vec<usize>> = ring
        .populations
        .iter()
        .map(|n| {
            let mut row = vec![0; stations + 1];
            row[usize::from(ring.think_seconds[0] == 0.0)] = *n;
            row
        })
        .collect();
    let mut present = vec![vec![0.0; stations]; classes];
    let mut finished = vec![0.0; classes];
    let mut time = 0.0;
    let mut rates = vec![0.0; classes * (stations + 1)];
    for _ in 0..events {
        let mut total = 0.0;
        for place in 0..=stations {
            let all: usize = there.iter().map(|row| row[place]).sum();
            for class in 0..classes {
                let mine = there[class][place] as f64;
                let rate = match (mine > 0.0, place) {
                    (false, _) => 0.0,
                    (true, 0) => mine / ring.think_seconds[class],
                    (true, _) => {
                        let servers = match ring.servers[place - 1] {
                            0 => all,
                            count => count.min(all),
                        };
                        let part = mine / all as f64 * servers as f64;
                        part / ring.demands_seconds[class][place - 1]
                    }
                };
                rates[place * classes + class] = rate;
                total += rate;
            }
        }
        let step = -(1.0 - random.unit()).ln() / total;
        time += step;
        for class in 0..classes {
            for k in 0..stations {
                present[class][k] += step * there[class][k + 1] as f64;
            }
        }
        let mut pick = random.unit() * total;
        let mut chosen = rates.iter().position(|it| *it > 0.0).unwrap();
        for (place, rate) in rates.iter().enumerate() {
            if *rate > 0.0 {
                chosen = place;
                if pick < *rate {
                    break;
                }
                pick -= rate;
            }
        }
        let (place, class) = (chosen / classes, chosen % classes);
        there[class][place] -= 1;
        let mut next = place + 1;
        if next > stations {
            finished[class] += 1.0;
            next = usize::from(ring.think_seconds[class] == 0.0);
        }
        there[class][next] += 1;
    }
    Means {
        throughputs: finished.iter().map(|it| it / time).collect(),
        present: present
            .iter()
            .map(|row| row.iter().map(|it| it / time).collect())
            .collect(),
    }
}

/// Times with mean one.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Constant,
    Exponential,
    /// Sum of so many exponential ones: variability `1 / n`.
    Erlang(u32),
    /// Two exponential ones with balanced means, of this variability above one.
    Hyper(f64),
}

impl Shape {
    pub(crate) fn draw(self, random: &mut Random) -> f64 {
        let mut exponential = || -(1.0 - random.unit()).ln();
        match self {
            Self::Constant => 1.0,
            Self::Exponential => exponential(),
            Self::Erlang(stages) => {
                let sum: f64 = (0..stages).map(|_| exponential()).sum();
                sum / f64::from(stages)
            }
            Self::Hyper(variability) => {
                let part = (1.0 + ((variability - 1.0) / (variability + 1.0)).sqrt()) / 2.0;
                let long = exponential();
                let share = if random.unit() < part {
                    part
                } else {
                    1.0 - part
                };
                long / (2.0 * share)
            }
        }
    }
}

/// A station where the first that comes is served first.
pub(crate) struct Line {
    pub(crate) rate: f64,
    pub(crate) service_seconds: f64,
    pub(crate) servers: usize,
    pub(crate) arrivals: Shape,
    pub(crate) services: Shape,
}

/// Mean seconds before service.
pub(crate) fn wait_seconds(line: &Line, customers: usize, seed: u64) -> f64 {
    let mut random = Random::new(seed);
    let nanos = |seconds: f64| (seconds * 1e9) as u64;
    let mut free: BinaryHeap<Reverse<u64>> = (0..line.servers).map(|_| Reverse(0)).collect();
    let (mut now, mut waited) = (0_u64, 0.0);
    let warm = customers / 10;
    for customer in 0..customers {
        now += nanos(line.arrivals.draw(&mut random) / line.rate);
        let Reverse(soonest) = free.pop().unwrap();
        let begin = soonest.max(now);
        if customer >= warm {
            waited += (begin - now) as f64 / 1e9;
        }
        let service = line.services.draw(&mut random) * line.service_seconds;
        free.push(Reverse(begin + nanos(service)));
    }
    waited / (customers - warm) as f64
}

/// Open arrivals and customers that go round, at single shared servers: throughput of
/// those that go round, and those of each sort present.
pub(crate) struct Mixed {
    pub(crate) rate: f64,
    pub(crate) open_seconds: [f64; 2],
    pub(crate) population: usize,
    pub(crate) closed_seconds: [f64; 2],
}

/// Means of a mixed network: throughput, closed present, open present.
pub(crate) fn mixed(mixed: &Mixed, events: usize, seed: u64) -> (f64, [f64; 2], [f64; 2]) {
    let mut random = Random::new(seed);
    let mut closed = [mixed.population, 0];
    let mut open = [0_usize; 2];
    let (mut time, mut finished) = (0.0, 0.0);
    let (mut closed_sum, mut open_sum) = ([0.0; 2], [0.0; 2]);
    for _ in 0..events {
        let mut rates = [0.0; 5];
        rates[0] = mixed.rate;
        for k in 0..2 {
            let all = (closed[k] + open[k]) as f64;
            if all > 0.0 {
                rates[1 + k] = closed[k] as f64 / all / mixed.closed_seconds[k];
                rates[3 + k] = open[k] as f64 / all / mixed.open_seconds[k];
            }
        }
        let total: f64 = rates.iter().sum();
        let step = -(1.0 - random.unit()).ln() / total;
        time += step;
        for k in 0..2 {
            closed_sum[k] += step * closed[k] as f64;
            open_sum[k] += step * open[k] as f64;
        }
        let mut pick = random.unit() * total;
        let mut chosen = 0;
        for (place, rate) in rates.iter().enumerate() {
            if *rate > 0.0 {
                chosen = place;
                if pick < *rate {
                    break;
                }
                pick -= rate;
            }
        }
        match chosen {
            0 => open[0] += 1,
            1 => (closed[0], closed[1]) = (closed[0] - 1, closed[1] + 1),
            2 => {
                (closed[0], closed[1]) = (closed[0] + 1, closed[1] - 1);
                finished += 1.0;
            }
            3 => (open[0], open[1]) = (open[0] - 1, open[1] + 1),
            _ => open[1] -= 1,
        }
    }
    (
        finished / time,
        closed_sum.map(|it| it / time),
        open_sum.map(|it| it / time),
    )
}
