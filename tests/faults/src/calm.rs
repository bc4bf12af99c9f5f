//! How much of the machine others use, so that a recording says how calm it was.
//!
//! * In: `/proc`.
//! * Out: the share of all processors that is in use, and that by others than this
//!   program and its descendants.
//! * Never: waits, or judges what is calm enough.
//!
//! Start at [`Usage::now`].

use std::collections::BTreeMap;

/// Processor time used up to a moment, in clock ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    all: u64,
    used: u64,
    ours: u64,
}

/// Shares of all processors between two moments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    /// In use by anybody.
    pub(crate) used: f64,
    /// In use by others than us; time that a hypervisor took counts as theirs.
    pub(crate) others: f64,
}

impl Usage {
    /// # Source
    ///
    /// First line of `proc_stat(5)`: user, nice, system, idle, iowait, irq, softirq,
    /// steal. Fields 4 and 14 to 17 of `proc_pid_stat(5)`.
    pub(crate) fn now() -> Result<Self, String> {
        let text = std::fs::read_to_string("/proc/stat").map_err(|it| it.to_string())?;
        let line = text.lines().next().unwrap_or_default();
        let numbers = line.split_whitespace().skip(1).take(8);
        let numbers: Vec<u64> = numbers.filter_map(|it| it.parse().ok()).collect();
        let all: u64 = numbers.iter().sum();
        let idle: u64 = numbers.iter().skip(3).take(2).sum();
        Ok(Self {
            all,
            used: all - idle,
            ours: ours(),
        })
    }

    /// What was used since.
    pub(crate) fn since(self, before: Self) -> Shares {
        let all = self.all.saturating_sub(before.all).max(1) as f64;
        let used = self.used.saturating_sub(before.used) as f64 / all;
        let ours = self.ours.saturating_sub(before.ours) as f64 / all;
        let thousandth = |it: f64| (it.clamp(0.0, 1.0) * 1000.0).round() / 1000.0;
        Shares {
            used: thousandth(used),
            others: thousandth(used - ours),
        }
    }
}

/// Ticks of this program, its descendants, and those of them that were waited for.
fn ours() -> u64 {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|it| it.file_name().to_str()?.parse().ok());
    let processes: BTreeMap<u32, (u32, u64)> = numbers
        .filter_map(|pid: u32| Some((pid, parent_and_ticks(pid)?)))
        .collect();
    let own = std::process::id();
    let is_ours = |pid: u32| {
        let mut at = pid;
        // A chain of parents is no longer than there are processes.
        for _ in 0..processes.len() {
            if at == own {
                return true;
            }
            match processes.get(&at) {
                Some((parent, _)) => at = *parent,
                None => return false,
            }
        }
        false
    };
    let ours = processes.iter().filter(|(pid, _)| is_ours(**pid));
    ours.map(|(_, (_, ticks))| ticks).sum()
}

fn parent_and_ticks(pid: u32) -> Option<(u32, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold blanks and parentheses.
    let rest: Vec<&str> = text.rsplit_once(") ")?.1.split_whitespace().collect();
    let ticks = rest
        .get(11..15)?
        .iter()
        .filter_map(|it| it.parse::<u64>().ok());
    Some((rest.get(1)?.parse().ok()?, ticks.sum()))
}
