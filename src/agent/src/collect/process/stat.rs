//! Parses the files of one process; pure, and safe on any bytes.
//!
//! # Source
//!
//! `proc_pid_stat(5)`, `proc_pid_status(5)`, `proc_pid_io(5)`, `proc_pid_limits(5)`,
//! `cgroups(7)`.

/// Flag of kernel threads in field 9 of `stat` (`PF_KTHREAD`).
const KERNEL_THREAD: u64 = 0x0020_0000;

/// What `/proc/PID/stat` says, in the kernel's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat<'a> {
    /// Short name, raw: it may hold spaces, parentheses and line ends.
    pub(super) name: &'a [u8],
    /// Letter of the state.
    pub(super) state: u8,
    /// Parent's pid; 0 outside the pid name space.
    pub(super) parent: u32,
    /// Whether it is a thread of the kernel.
    pub(super) kernel: bool,
    /// Minor faults.
    pub(super) minor: u64,
    /// Major faults.
    pub(super) major: u64,
    /// User time, clock ticks.
    pub(super) user: u64,
    /// System time, clock ticks.
    pub(super) system: u64,
    /// Threads.
    pub(super) threads: u64,
    /// Start, clock ticks since boot.
    pub(super) start: u64,
    /// Virtual memory, bytes.
    pub(super) virtual_bytes: u64,
    /// Resident memory, pages.
    pub(super) resident_pages: u64,
}

/// Parses `stat`; `None` when it is cut or no `stat` at all.
pub(super) fn stat(bytes: &[u8]) -> Option<Stat<'_>> {
    let open = bytes.iter().position(|b| *b == b'(')?;
    // The name may hold `)`; the last one ends it, since only numbers follow.
    let close = bytes
        .iter()
        .rposition(|b| *b == b')')
        .filter(|at| *at > open)?;
    let mut fields = bytes[close + 1..]
        .split(|b| b.is_ascii_whitespace())
        .filter(|field| !field.is_empty());
    let state = *fields.next()?.first()?;
    let parent = number(fields.next()?)?;
    // Skips pgrp, session, tty_nr, tpgid.
    let flags = number(fields.nth(4)?)?;
    let minor = number(fields.next()?)?;
    let major = number(fields.nth(1)?)?;
    let user = number(fields.nth(1)?)?;
    let system = number(fields.next()?)?;
    // Skips cutime, cstime, priority, nice.
    let threads = number(fields.nth(4)?)?;
    let start = number(fields.nth(1)?)?;
    let virtual_bytes = number(fields.next()?)?;
    let resident_pages = number(fields.next()?)?;
    Some(Stat {
        name: &bytes[open + 1..close],
        state,
        parent: u32::try_from(parent).unwrap_or(0),
        kernel: flags & KERNEL_THREAD != 0,
        minor,
        major,
        user,
        system,
        threads,
        start,
        virtual_bytes,
        resident_pages,
    })
}

/// What is taken from `/proc/PID/status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// Real user id.
    pub(super) user_id: Option<u32>,
    /// Voluntary context switches.
    pub(super) voluntary: Option<u64>,
    /// Involuntary context switches.
    pub(super) involuntary: Option<u64>,
}

/// Parses `status`; lines that are missing stay `None`.
pub(super) fn status(bytes: &[u8]) -> Status {
    let mut status = Status::default();
    for line in bytes.split(|b| *b == b'\n') {
        if let Some(rest) = line.strip_prefix(b"Uid:") {
            status.user_id = first_number(rest).and_then(|id| u32::try_from(id).ok());
        } else if let Some(rest) = line.strip_prefix(b"voluntary_ctxt_switches:") {
            status.voluntary = first_number(rest);
        } else if let Some(rest) = line.strip_prefix(b"nonvoluntary_ctxt_switches:") {
            status.involuntary = first_number(rest);
        }
    }
    status
}

/// Bytes read from and written to storage, from `/proc/PID/io`.
pub(super) fn io(bytes: &[u8]) -> (Option<u64>, Option<u64>) {
    let mut found = (None, None);
    for line in bytes.split(|b| *b == b'\n') {
        if let Some(rest) = line.strip_prefix(b"read_bytes:") {
            found.0 = first_number(rest);
        } else if let Some(rest) = line.strip_prefix(b"write_bytes:") {
            found.1 = first_number(rest);
        }
    }
    found
}

/// The soft limit of open files, from `/proc/PID/limits`; `None` without one.
pub(super) fn open_files_limit(bytes: &[u8]) -> Option<u64> {
    let mut lines = bytes.split(|b| *b == b'\n');
    first_number(lines.find_map(|line| line.strip_prefix(b"Max open files"))?)
}

/// The control group of `/proc/PID/cgroup` that says most: the unified path, or
/// where that is the root, the first other path of `cpu`, `memory` and `name=systemd`.
pub(super) fn cgroup(text: &str) -> &str {
    let path = |wanted: &str| {
        text.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let hit = controllers.split(',').any(|one| one == wanted);
            (hit && !path.is_empty()).then_some(path)
        })
    };
    let paths = ["", "cpu", "memory", "name=systemd"].map(path);
    let below_root = paths.iter().flatten().find(|path| **path != "/");
    below_root
        .or_else(|| paths.iter().flatten().next())
        .copied()
        .unwrap_or("")
}

fn first_number(bytes: &[u8]) -> Option<u64> {
    number(
        bytes
            .split(|b| b.is_ascii_whitespace())
            .find(|field| !field.is_empty())?,
    )
}

/// A whole decimal number; `None` when it is none or does not fit.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line = b"7 (a) R 1 (\n\xff) S 1 7 7 0 -1 4194304 5 0 6 0 70 80 0 0 20 0 3 0 900 18446744073709551615 12 0";
        let stat = stat(line).map(|it| {
            (
                it.name, it.state, it.minor, it.major, it.user, it.system, it.threads, it.start,
            )
        });
        assert_eq!(
            stat,
            Some((&b"a) R 1 (\n\xff"[..], b'S', 5, 6, 70, 80, 3, 900))
        );
    }

    #[test]
    fn a_cut_line_is_none() {
        let line = b"7 (x) S 1 7 7 0 -1 4194304 5 0 6 0 70 80 0 0 20 0 3 0 900 4096 12";
        assert!(stat(line).is_some());
        for end in 0..line.len() - 2 {
            assert_eq!(stat(&line[..end]), None, "{end}");
        }
    }

    #[test]
    fn the_control_group_that_says_most_is_taken() {
        assert_eq!(cgroup("0::/user.slice/a\n"), "/user.slice/a");
        assert_eq!(cgroup("4:memory:/job/1\n1:cpu,cpuacct:/\n0::/\n"), "/job/1");
        assert_eq!(cgroup("2:cpu,cpuacct:/\n"), "/");
        assert_eq!(cgroup("nonsense"), "");
    }

    #[test]
    fn the_soft_limit_of_open_files_is_taken() {
        let limits = b"Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        0                    unlimited            bytes     \nMax open files            1024                 524288               files     \n";
        assert_eq!(open_files_limit(limits), Some(1024));
        let unlimited =
            b"Max open files            unlimited            unlimited            files\n";
        assert_eq!(open_files_limit(unlimited), None);
        assert_eq!(open_files_limit(&limits[..150]), None);
        assert_eq!(open_files_limit(b""), None);
    }

    #[test]
    fn numbers_do_not_wrap() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(number(b"-1"), None);
        assert_eq!(number(b""), None);
    }
}
