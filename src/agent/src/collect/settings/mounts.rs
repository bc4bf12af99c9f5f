//! Mounted file systems and their options.
//!
//! # Source
//!
//! `proc_pid_mounts(5)`.

use crate::kept::Root;
use crate::redact;

/// How keys of mounts begin.
pub(super) const PREFIX: &str = "mount ";

/// Mounts kept at most.
const MOUNTS_MAX: usize = 256;

/// File systems that hold no data of their own or come and go with containers.
const PASSED_OVER: &[&str] = &[
    "proc",
    "sysfs",
    "cgroup",
    "cgroup2",
    "devpts",
    "mqueue",
    "securityfs",
    "debugfs",
    "tracefs",
    "bpf",
    "pstore",
    "configfs",
    "fusectl",
    "binfmt_misc",
    "nsfs",
    "autofs",
    "hugetlbfs",
    "rpc_pipefs",
    "efivarfs",
    "devtmpfs",
    "overlay",
];

/// Places under which mounts come and go with sessions and containers.
const PASSED_OVER_BELOW: &[&str] = &[
    "/run/",
    "/var/lib/docker/",
    "/var/lib/containers/",
    "/var/lib/kubelet/",
    "/proc/",
    "/sys/",
];

/// Key and value of each mount: type, options and source.
pub(super) fn mounts(root: &Root) -> Vec<(String, String)> {
    let text = root.text("proc/self/mounts").unwrap_or_default();
    text.lines().filter_map(mount).take(MOUNTS_MAX).collect()
}

fn mount(line: &str) -> Option<(String, String)> {
    let mut fields = line.split(' ');
    let (source, place, kind, options) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let below = |it: &&str| place.starts_with(*it);
    if PASSED_OVER.contains(&kind) || PASSED_OVER_BELOW.iter().any(below) {
        return None;
    }
    let place = redact::clean(place, redact::NAME_MAX);
    let value = redact::text(&format!("{kind} {options} {source}"));
    Some((format!("{PREFIX}{place}"), value))
}
