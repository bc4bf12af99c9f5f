//! A shop that was never there: what a recording of it would hold, second by second.
//!
//! Requests share processors as processes do and spend a time elsewhere, in steps of a
//! millisecond; nothing here knows a formula of queues, so that predictions meet a truth
//! that they did not make.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::binary::{kymo, run};

/// Steps of a second.
const STEPS: u32 = 1000;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// Users who think.
    Users(usize),
    /// Requests a second.
    Rate(f64),
}

/// The shop.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    /// Seconds of each stretch.
    pub(crate) stretch: u32,
    /// Who asks, by stretch.
    pub(crate) asked: Vec<Asked>,
    /// Processors.
    pub(crate) cores: f64,
    /// Processors busy with something that nobody named.
    pub(crate) background: f64,
    /// Mean processor seconds of each operation.
    pub(crate) demand_s: Vec<f64>,
    /// Share of the second operation, by stretch; without it there is one operation.
    pub(crate) second: Vec<f64>,
    /// Seconds elsewhere of each request.
    pub(crate) delay_s: f64,
    /// Mean seconds between an answer and the next request of a user.
    pub(crate) think_s: f64,
    /// What demands are multiplied by in the second half.
    pub(crate) drift: f64,
    /// For the random numbers.
    pub(crate) seed: u64,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            stretch: 60,
            asked: [2, 4, 8, 12, 16].map(Asked::Users).to_vec(),
            cores: 2.0,
            background: 0.0,
            demand_s: vec![0.02],
            second: Vec::new(),
            delay_s: 0.01,
            think_s: 0.1,
            drift: 1.0,
            seed: 1,
        }
    }
}

/// What a second of a recording holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Second {
    /// Requests that ended, by operation.
    pub(crate) served: [f64; 2],
    /// Seconds that those took in all, by operation.
    pub(crate) spent_s: [f64; 2],
    /// Requests in flight, in the mean.
    pub(crate) active: f64,
    /// Users, where they are counted.
    pub(crate) users: Option<f64>,
    /// Processors that requests kept busy.
    pub(crate) busy: f64,
    /// Processors that something else kept busy.
    pub(crate) others: f64,
    /// Share of the time that the machine below did not give.
    pub(crate) steal: f64,
}

/// A request: what is left to compute, when it came, which operation it is.
#[derive(Clone, Copy)]
struct Request {
    left_s: f64,
    since: u32,
    operation: usize,
}

struct Run<'a> {
    shop: &'a Shop,
    dice: u64,
    step: u32,
    running: Vec<Request>,
    elsewhere: Vec<(u32, Request)>,
    thinking: Vec<u32>,
}

impl Shop {
    /// Lets it run.
    pub(crate) fn run(&self) -> Vec<Second> {
        let mut run = Run {
            shop: self,
            dice: self.seed,
            step: 0,
            running: Vec::new(),
            elsewhere: Vec::new(),
            thinking: Vec::new(),
        };
        let mut seconds = Vec::new();
        let mut users = 0;
        for (stretch, asked) in self.asked.iter().enumerate() {
            if let Asked::Users(count) = *asked {
                run.thinking
                    .extend((users..count).map(|i| run.step + i as u32));
                users = users.max(count);
            }
            for _ in 0..self.stretch {
                seconds.push(run.second(stretch, *asked));
            }
        }
        seconds
    }
}

impl Run<'_> {
    fn unit(&mut self) -> f64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.dice ^ (self.dice >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.unit().ln()
    }

    /// Steps from now on, a random number of this mean.
    fn later(&mut self, mean_s: f64) -> u32 {
        let steps = self.exponential(mean_s) * f64::from(STEPS);
        self.step + 1 + steps as u32
    }

    fn ask(&mut self, stretch: usize) {
        let share = self.shop.second.get(stretch).copied().unwrap_or(0.0);
        let operation = usize::from(self.unit() < share);
        let half = self.shop.stretch * STEPS * self.shop.asked.len() as u32 / 2;
        let drift = if self.step > half {
            self.shop.drift
        } else {
            1.0
        };
        let left_s = self.exponential(self.shop.demand_s[operation] * drift);
        self.running.push(Request {
            left_s,
            since: self.step,
            operation,
        });
    }

    fn second(&mut self, stretch: usize, asked: Asked) -> Second {
        let step_s = 1.0 / f64::from(STEPS);
        let free = self.shop.cores - self.shop.background;
        let delay = (self.shop.delay_s * f64::from(STEPS)).round() as u32;
        let mut second = Second {
            others: self.shop.background,
            ..Second::default()
        };
        for _ in 0..STEPS {
            self.step += 1;
            match asked {
                Asked::Users(users) => {
                    second.users = Some(users as f64);
                    let now = self.step;
                    let ready = self.thinking.extract_if(.., |it| *it <= now).count();
                    (0..ready).for_each(|_| self.ask(stretch));
                }
                Asked::Rate(rate) => {
                    if self.unit() < rate * step_s {
                        self.ask(stretch);
                    }
                }
            }
            let speed = (free / self.running.len().max(1) as f64).min(1.0);
            second.active += (self.running.len() + self.elsewhere.len()) as f64 * step_s;
            for request in &mut self.running {
                second.busy += request.left_s.min(speed * step_s);
                request.left_s -= speed * step_s;
            }
            let out = self.step + delay;
            let computed = self.running.extract_if(.., |it| it.left_s <= 0.0);
            self.elsewhere.extend(computed.map(|it| (out, it)));
            let now = self.step;
            let ended: Vec<Request> = self
                .elsewhere
                .extract_if(.., |it| it.0 <= now)
                .map(|it| it.1)
                .collect();
            for request in ended {
                second.served[request.operation] += 1.0;
                second.spent_s[request.operation] += f64::from(now - request.since) * step_s;
                if matches!(asked, Asked::Users(_)) {
                    let ready = self.later(self.shop.think_s);
                    self.thinking.push(ready);
                }
            }
        }
        second
    }
}

/// Imports what was seen, the processors of a machine of so many among it.
pub(crate) fn session(home: &Path, name: &str, seconds: &[Second], cores: f64) -> PathBuf {
    let mut text = "time,metric,service.name,operation,state,cgroup,value\n".to_owned();
    // It begins now: what was measured before it was predicted scores nothing.
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let begin = now.expect("a clock that was set").as_secs();
    for (row, second) in seconds.iter().enumerate() {
        rows(&mut text, begin + row as u64, second, cores);
    }
    let table = home.join(format!("{name}.csv"));
    let session = home.join(format!("{name}.kymo"));
    std::fs::write(&table, text).expect("it is written");
    run(
        kymo(home)
            .args(["import", "--long"])
            .args(["--column", "cgroup=attribute", "--column", "value=value"])
            .arg(&table)
            .arg("--out")
            .arg(&session),
        0,
    );
    session
}

fn rows(text: &mut String, at: u64, second: &Second, cores: f64) {
    let mut row = |metric: &str, attributes: [&str; 4], value: f64| {
        if value.is_finite() {
            let attributes = attributes.join(",");
            writeln!(text, "{at},{metric},{attributes},{value}").expect("a text takes all");
        }
    };
    let [served, spent_s] = [second.served, second.spent_s];
    let (all, time_s) = (served[0] + served[1], spent_s[0] + spent_s[1]);
    let whole = ["shop", "", "", ""];
    row("service.request.throughput", whole, all);
    row("service.request.duration.mean", whole, time_s / all);
    row("service.request.active", whole, second.active);
    if let Some(users) = second.users {
        row("service.request.users", whole, users);
    }
    for (operation, name) in ["look", "buy"].iter().enumerate() {
        let part = ["shop", name, "", ""];
        row("service.request.throughput", part, served[operation]);
        let mean = spent_s[operation] / served[operation];
        row("service.request.duration.mean", part, mean);
    }
    let busy = (second.busy + second.others) / cores;
    row("system.cpu.utilization", [""; 4], busy);
    let steal = ["", "", "steal", ""];
    row("system.cpu.utilization", steal, second.steal);
    row("cgroup.cpu.usage", ["", "", "", "/shop"], second.busy);
}
