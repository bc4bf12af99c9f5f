//! A machine that was never there: frames of made-up series and processes whose
//! every value is known, for tests and benches. Reads no clock and no randomness.

use std::collections::BTreeMap;

use model::batch::Stamp;
use model::process::{Field, ProcessId, Reading};
use wire::encode::{Encoder, Input, Lean, UNSET};
use wire::frame::{Kind, TooLarge};
use wire::message;

/// One second.
pub(crate) const SECOND: i64 = 1_000_000_000;

/// Boot clock of the first sample.
pub(crate) const BOOT: i64 = 5_000 * SECOND;

/// Added to the boot clock: the axis then starts in November 2023.
pub(crate) const AXIS: i64 = 1_700_000_000 * SECOND - BOOT;

/// What to make up.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) series: usize,
    pub(crate) processes: u32,
    /// Samples between key samples.
    pub(crate) key_every: u64,
}

/// The machine.
pub(crate) struct Machine {
    shape: Shape,
    dice: Dice,
    encoder: Encoder,
    values: Vec<i64>,
    alive: BTreeMap<u32, Reading>,
    next_process: u32,
    tick: u64,
    /// By series, `(time on the axis, value)` of each sample.
    pub(crate) truth: Vec<Vec<(i64, f64)>>,
    /// Whether to remember every value.
    pub(crate) remember: bool,
}

/// Pseudo-random numbers by a linear congruence.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

/// How a series behaves: a third stands still, a third creeps, a third counts.
fn divisor(series: usize) -> u32 {
    [1, 100, 1, 1_000_000, 1][series % 5]
}

fn is_counter(series: usize) -> bool {
    series % 5 >= 2
}

impl Machine {
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            shape,
            dice: Dice(11),
            encoder: Encoder::default(),
            values: (0..shape.series as i64).map(|it| it * 1000).collect(),
            alive: BTreeMap::new(),
            next_process: 1,
            tick: 0,
            truth: vec![Vec::new(); shape.series],
            remember: true,
        }
    }

    /// Greeting, declarations and settings.
    pub(crate) fn hello(&mut self) -> Result<Vec<u8>, TooLarge> {
        let mut out = Vec::new();
        let hello = message::Hello {
            protocol: 1,
            host_name: "sim".to_owned(),
            boot_id: "boot".to_owned(),
            boot_ns: BOOT,
            unix_ns: BOOT + AXIS,
            every_ns: SECOND,
            ..message::Hello::default()
        };
        self.encoder.message(&mut out, Kind::Hello, &hello)?;
        let declare = |id: usize| message::Declaration {
            id: id as u32,
            metric: format!("metric.{}", id / 4),
            attributes: vec![message::Pair {
                key: "part".to_owned(),
                value: (id % 4).to_string(),
            }],
            unit: "By".to_owned(),
            kind: u32::from(is_counter(id)),
            polarity: 0,
            divisor: divisor(id),
            life: 0,
        };
        let series = (0..self.shape.series).map(declare).collect();
        let series = message::Series { series };
        self.encoder.message(&mut out, Kind::Series, &series)?;
        let settings = message::Settings {
            settings: vec![message::Pair {
                key: "vm.swappiness".to_owned(),
                value: "60".to_owned(),
            }],
        };
        self.encoder.message(&mut out, Kind::Settings, &settings)?;
        while self.alive.len() < self.shape.processes as usize {
            self.start(&mut out)?;
        }
        Ok(out)
    }

    fn start(&mut self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let id = self.next_process;
        self.next_process += 1;
        let info = message::ProcessInfo {
            id,
            pid: 1000 + id,
            parent_pid: 1,
            start_boot_ns: BOOT + self.tick as i64 * SECOND,
            name: format!("worker-{}", id % 40),
            command: format!("/usr/bin/worker-{} --number {id}", id % 40),
            cgroup: "/system.slice".to_owned(),
            user_id: Some(1000),
        };
        let processes = vec![info];
        self.encoder
            .message(out, Kind::Processes, &message::Processes { processes })?;
        let mut reading = Reading([0; model::process::FIELD_COUNT]);
        reading.set(Field::Threads, 4);
        reading.set(Field::State, i64::from(b'S'));
        reading.set(Field::ResidentMemory, 4096 * (1000 + i64::from(id)));
        reading.set(Field::VirtualMemory, 1 << 30);
        reading.set(Field::OpenFiles, 20);
        self.alive.insert(id, reading);
        Ok(())
    }

    /// The next second.
    pub(crate) fn tick(&mut self) -> Result<Vec<u8>, TooLarge> {
        let mut out = Vec::new();
        self.move_values();
        self.move_processes();
        let mut ended = Vec::new();
        if self.tick % 10 == 9 && self.alive.len() > 4 {
            if let Some((id, mut reading)) = self.alive.pop_first() {
                reading.0[0] += 30_000;
                ended.push((ProcessId(id), self.boot_ns() - SECOND / 2, Some(0), reading));
            }
            self.start(&mut out)?;
        }
        let alive: Vec<_> = self
            .alive
            .iter()
            .map(|(id, it)| (ProcessId(*id), *it))
            .collect();
        let stamp = Stamp {
            boot_ns: self.boot_ns(),
            unix_ns: self.boot_ns() + AXIS,
        };
        let key = self.tick.is_multiple_of(self.shape.key_every);
        let input = Input {
            stamp,
            values: &self.values,
            alive: (self.shape.processes > 0).then_some(&alive),
            ended: &ended,
        };
        let lean = if key { Lean::Key } else { Lean::OnLast };
        self.encoder.sample(&mut out, &input, lean)?;
        self.note();
        self.tick += 1;
        Ok(out)
    }

    /// Boot clock of the current tick, with the jitter of a real timer.
    fn boot_ns(&self) -> i64 {
        BOOT + self.tick as i64 * SECOND + (self.tick as i64 * 7_919) % 90_000
    }

    fn move_values(&mut self) {
        for (series, value) in self.values.iter_mut().enumerate() {
            let step = match series % 5 {
                0 => 0,
                1 => self.dice.roll(400) as i64 - 200,
                2 => self.dice.roll(4) as i64,
                3 => self.dice.roll(20_000) as i64 * 10,
                _ => i64::from(series % 2 == 0) * self.dice.roll(100_000) as i64,
            };
            if *value == UNSET {
                *value = series as i64 * 1000;
            }
            *value += step;
            // Every seventh series is read every third second only.
            if series % 7 == 6 && !self.tick.is_multiple_of(3) {
                *value = UNSET;
            }
        }
    }

    fn move_processes(&mut self) {
        for (id, reading) in &mut self.alive {
            let busy = id % 10 == 0;
            if busy {
                reading.0[Field::UserTime as usize] += self.dice.roll(3) as i64 * 10_000;
                reading.0[Field::SystemTime as usize] += self.dice.roll(2) as i64 * 10_000;
                reading.0[Field::MinorFaults as usize] += self.dice.roll(50) as i64;
                reading.0[Field::WriteBytes as usize] += self.dice.roll(20) as i64 * 4096;
                reading.0[Field::InvoluntarySwitches as usize] += self.dice.roll(3) as i64;
            }
            if busy || id % 5 == 1 || self.dice.roll(20) == 0 {
                reading.0[Field::VoluntarySwitches as usize] += 1 + self.dice.roll(9) as i64;
            }
            if self.dice.roll(50) == 0 {
                let pages = self.dice.roll(64) as i64 - 30;
                reading.0[Field::ResidentMemory as usize] += pages * 4096;
            }
        }
    }

    fn note(&mut self) {
        if !self.remember {
            return;
        }
        let at = self.boot_ns() + AXIS;
        for (series, value) in self.values.iter().enumerate() {
            if *value != UNSET {
                self.truth[series].push((at, *value as f64 / f64::from(divisor(series))));
            }
        }
    }
}
