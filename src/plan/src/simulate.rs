//! A simulated application, so that calibrations and predictions meet a truth that they
//! did not make.
//!
//! Requests share processors as processes do, and spend a delay elsewhere; what a recording
//! of it would hold comes out second by second.

use analysis::stats::random::Random;

use crate::observe::{Class, Observed, Seen};
use crate::system::Resource;

/// Who asks during a stretch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// Users who think.
    Users(usize),
    /// Requests a second.
    Rate(f64),
}

/// What is simulated.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// Stretches: seconds and who asks.
    pub(crate) stretches: Vec<(f64, Asked)>,
    /// Processors.
    pub(crate) cores: f64,
    /// Mean demand of each operation, seconds.
    pub(crate) demand_s: Vec<f64>,
    /// Shares of the operations by stretch; the last holds on.
    pub(crate) shares: Vec<Vec<f64>>,
    /// Seconds elsewhere of each request.
    pub(crate) delay_s: f64,
    /// Mean think time, seconds.
    pub(crate) think_s: f64,
    /// Processors busy with something else, which is not part of the sharing.
    pub(crate) background: f64,
    /// Whether the recording knows the users.
    pub(crate) users_known: bool,
    /// What demands are multiplied by in the second half.
    pub(crate) drift: f64,
    /// For the random numbers.
    pub(crate) seed: u64,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            stretches: [2, 4, 8, 12, 16]
                .map(|users| (60.0, Asked::Users(users)))
                .to_vec(),
            cores: 2.0,
            demand_s: vec![0.02],
            shares: vec![vec![1.0]],
            delay_s: 0.01,
            think_s: 0.1,
            background: 0.0,
            users_known: true,
            drift: 1.0,
            seed: 1,
        }
    }
}

/// A request at the processors or elsewhere.
struct Request {
    class: usize,
    since: f64,
    left_s: f64,
}

/// Totals of one second.
#[derive(Clone, Debug, Default)]
struct Second {
    served: Vec<f64>,
    spent_s: Vec<f64>,
    busy_s: f64,
    active_s: f64,
    users: f64,
}

struct Run<'a> {
    scene: &'a Scene,
    random: Random,
    now: f64,
    running: Vec<Request>,
    /// When it goes on, and what: thinking users (`None`) or requests elsewhere.
    waiting: Vec<(f64, Option<Request>)>,
    seconds: Vec<Second>,
}

/// Runs a scene and records it.
pub(crate) fn observed(scene: &Scene) -> Observed {
    let total: f64 = scene.stretches.iter().map(|it| it.0).sum();
    let classes = scene.demand_s.len();
    let one = Second {
        served: vec![0.0; classes],
        spent_s: vec![0.0; classes],
        ..Second::default()
    };
    let mut run = Run {
        scene,
        random: Random::new(scene.seed),
        now: 0.0,
        running: Vec::new(),
        waiting: Vec::new(),
        seconds: vec![one; total as usize],
    };
    let mut begin = 0.0;
    let mut users = 0;
    for (place, (length, asked)) in scene.stretches.iter().enumerate() {
        if let Asked::Users(wanted) = asked {
            for _ in users..*wanted {
                let until = run.now + run.exponential(scene.think_s);
                run.waiting.push((until, None));
            }
            users = *wanted.max(&users);
        }
        run.go(place, begin + length, *asked, total);
        begin += length;
    }
    run.recorded()
}

impl Run<'_> {
    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.random.unit()).ln()
    }

    fn class(&mut self, place: usize) -> usize {
        let shares = &self.scene.shares[place.min(self.scene.shares.len() - 1)];
        let mut at = self.random.unit();
        for (class, share) in shares.iter().enumerate() {
            at -= share;
            if at < 0.0 {
                return class;
            }
        }
        shares.len() - 1
    }

    fn ask(&mut self, place: usize, total: f64) {
        let class = self.class(place);
        let drift = if self.now > total / 2.0 {
            self.scene.drift
        } else {
            1.0
        };
        let left_s = self.exponential(self.scene.demand_s[class] * drift);
        let request = Request {
            class,
            since: self.now,
            left_s,
        };
        self.running.push(request);
    }

    fn go(&mut self, place: usize, until: f64, asked: Asked, total: f64) {
        let rate = match asked {
            Asked::Rate(rate) => rate,
            Asked::Users(_) => 0.0,
        };
        let users = match asked {
            Asked::Users(users) => users as f64,
            Asked::Rate(_) => f64::NAN,
        };
        let mut next_arrival = f64::INFINITY;
        if rate > 0.0 {
            next_arrival = self.now + self.exponential(1.0 / rate);
        }
        while self.now < until {
            let speed = self.speed();
            let least = self.running.iter().map(|it| it.left_s);
            let done = self.now + least.fold(f64::INFINITY, f64::min) / speed;
            let back = self.waiting.iter().map(|it| it.0);
            let back = back.fold(f64::INFINITY, f64::min);
            let second = self.now.floor() + 1.0;
            let next = done.min(back).min(next_arrival).min(second).min(until);
            self.advance(next, speed, users);
            if next >= next_arrival {
                self.ask(place, total);
                next_arrival = self.now + self.exponential(1.0 / rate);
            }
            self.finish(place, total, rate > 0.0);
        }
    }

    fn speed(&self) -> f64 {
        let free = self.scene.cores - self.scene.background;
        (free / self.running.len().max(1) as f64).min(1.0)
    }

    fn advance(&mut self, next: f64, speed: f64, users: f64) {
        let step = next - self.now;
        let place = (self.now.floor() as usize).min(self.seconds.len() - 1);
        let second = &mut self.seconds[place];
        let elsewhere = self.waiting.iter().filter(|it| it.1.is_some()).count();
        second.busy_s += self.running.len() as f64 * speed * step + self.scene.background * step;
        second.active_s += (self.running.len() + elsewhere) as f64 * step;
        second.users = users;
        for request in &mut self.running {
            request.left_s -= speed * step;
        }
        self.now = next;
    }

    fn finish(&mut self, place: usize, total: f64, open: bool) {
        let mut i = 0;
        while i < self.running.len() {
            if self.running[i].left_s > 1e-12 {
                i += 1;
                continue;
            }
            let request = self.running.swap_remove(i);
            let until = self.now + self.scene.delay_s;
            self.waiting.push((until, Some(request)));
        }
        let mut i = 0;
        while i < self.waiting.len() {
            if self.waiting[i].0 > self.now + 1e-12 {
                i += 1;
                continue;
            }
            match self.waiting.swap_remove(i).1 {
                None => self.ask(place, total),
                Some(request) => {
                    let place = (self.now.floor() as usize).min(self.seconds.len() - 1);
                    let second = &mut self.seconds[place];
                    second.served[request.class] += 1.0;
                    second.spent_s[request.class] += self.now - request.since;
                    if !open {
                        let until = self.now + self.exponential(self.scene.think_s);
                        self.waiting.push((until, None));
                    }
                }
            }
        }
    }

    fn recorded(&self) -> Observed {
        let each = |of: &dyn Fn(&Second) -> f64| self.seconds.iter().map(of).collect::<Vec<f64>>();
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let classes = (0..self.scene.demand_s.len()).map(|class| Class {
            name: format!("op{class}"),
            throughput: each(&|it| it.served[class]),
            response: each(&|it| it.spent_s[class] / it.served[class]),
        });
        let classes: Vec<Class> = classes.collect();
        Observed {
            at: (0..self.seconds.len() as i64)
                .map(|it| it * 1_000_000_000)
                .collect(),
            step_s: 1.0,
            subject: "simulated".to_owned(),
            throughput: each(&|it| sum(&it.served)),
            response: each(&|it| sum(&it.spent_s) / sum(&it.served)),
            classes: if classes.len() > 1 {
                classes
            } else {
                Vec::new()
            },
            p95: Vec::new(),
            p99: Vec::new(),
            active: each(&|it| it.active_s),
            users: match self.scene.users_known {
                true => each(&|it| it.users),
                false => Vec::new(),
            },
            think_s: None,
            think_inside_s: 0.0,
            found_cpu: None,
            resources: vec![Seen {
                name: "processors of the host".to_owned(),
                host: String::new(),
                resource: Resource::Cpu,
                groups: Vec::new(),
                units: self.scene.cores,
                cores: self.scene.cores,
                quota: vec![f64::INFINITY; self.seconds.len()],
                capacity: vec![self.scene.cores; self.seconds.len()],
                busy: each(&|it| it.busy_s),
                others: Vec::new(),
                steal: Vec::new(),
            }],
            calls: Vec::new(),
            neighbors: Vec::new(),
            memory: Vec::new(),
            cache: None,
        }
    }
}
