//! What can be set, one driver a kind.
//!
//! A driver reads and writes one sort of key in one canonical form, so that what was
//! read can be written again. Start at [`Driver`]; add yours to [`ALL`].

mod affinity;
mod app;
pub(crate) mod cgroup;
mod cpu_max;
mod cpu_weight;
mod cpuset;
mod io_max;
mod io_scheduler;
mod memory_max;
mod nice;
mod sysctl;
mod tasks;

use model::plan::action::Scope;

use super::machine::Machine;
use super::world::{Spot, Trouble};

/// Every driver; the first that knows a key has it.
pub(crate) const ALL: &[&dyn Driver] = &[
    &cpu_max::CpuMax,
    &cpu_weight::CpuWeight,
    &cpuset::Cpuset,
    &memory_max::MemoryMax,
    &io_max::IoMax,
    &io_scheduler::IoScheduler,
    &nice::Nice,
    &affinity::Affinity,
    &sysctl::Sysctl,
    &app::nginx::Nginx,
    &app::postgres::Postgres,
    &app::redis::Redis,
];

/// Sets one sort of value.
pub(crate) trait Driver: Sync {
    /// Whether a key is of its sort.
    fn knows(&self, key: &str) -> bool;

    /// The value in force.
    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble>;

    /// Sets a value.
    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble>;

    /// A value in the form in which it is read.
    fn canonical(&self, _: &Machine, _: &Spot, value: &str) -> Result<String, Trouble> {
        Ok(value.to_owned())
    }

    /// Which process is meant, for keys of processes.
    fn pin(&self, _: &Machine, spot: &Spot) -> Result<Spot, Trouble> {
        Ok(spot.clone())
    }

    /// Whether it can set values of this scope.
    fn keeps(&self, scope: Scope) -> bool {
        scope == Scope::Runtime
    }

    /// The numbers that ranges of the policy speak of.
    fn sizes(&self, _: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        numbers(value)
    }

    /// What must be reloaded, in words.
    fn restart(&self, _: &Machine, _: &Spot) -> String {
        String::new()
    }

    /// The command that sets a value, for people.
    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String;
}

/// The driver of a key.
pub(crate) fn of(key: &str) -> Option<&'static dyn Driver> {
    ALL.iter().copied().find(|it| it.knows(key))
}

/// Numbers of a value whose words all are numbers; none otherwise.
pub(crate) fn numbers(value: &str) -> Vec<f64> {
    let words = value.split_whitespace().map(number);
    words.collect::<Option<Vec<f64>>>().unwrap_or_default()
}

/// A number with or without a unit: `64k`, `100mb`, `1.5GB`, `30s`, `200ms`; `max` is
/// larger than any.
///
/// # Source
///
/// The units of Redis, Postgres and nginx are told apart by their own adapters; here one
/// reading serves ranges and steps: `k` and `kb` are 1024 bytes, `s` a second.
pub(crate) fn number(word: &str) -> Option<f64> {
    if word == "max" {
        return Some(f64::INFINITY);
    }
    let end = word.find(|it: char| it.is_ascii_alphabetic() || it == '%');
    let (digits, unit) = word.split_at(end.unwrap_or(word.len()));
    let times = match unit.to_ascii_lowercase().as_str() {
        "" | "b" | "s" | "%" => 1.0,
        "k" | "kb" => 1024.0,
        "m" | "mb" => 1024.0 * 1024.0,
        "g" | "gb" => 1024.0 * 1024.0 * 1024.0,
        "t" | "tb" => 1024.0_f64.powi(4),
        "us" => 1e-6,
        "ms" => 1e-3,
        "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let value: f64 = digits.parse().ok()?;
    value.is_finite().then_some(value * times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_one_driver() {
        for key in [
            "cgroup:/a:cpu.max",
            "cgroup:/a:cpu.weight",
            "cgroup:/a:cpuset.cpus",
            "cgroup:/a:memory.max",
            "cgroup:/a:io.max:8:0",
            "block:sda:scheduler",
            "process:4:a:b:nice",
            "process:4:a:affinity",
            "sysctl:net.core.somaxconn",
            "nginx:gzip_comp_level",
            "postgres@main:work_mem",
            "redis:maxmemory",
        ] {
            let known = ALL.iter().filter(|it| it.knows(key)).count();
            assert_eq!(known, 1, "{key}");
        }
        assert!(of("file:/etc/passwd").is_none());
    }

    #[test]
    fn numbers_have_units() {
        assert_eq!(numbers("4096 131072"), [4096.0, 131_072.0]);
        assert_eq!(numbers("64k"), [65_536.0]);
        assert_eq!(numbers("200ms"), [0.2]);
        assert_eq!(numbers("max"), [f64::INFINITY]);
        assert_eq!(numbers("bbr"), [0.0; 0]);
        assert_eq!(numbers("inf nan"), [0.0; 0]);
    }
}
