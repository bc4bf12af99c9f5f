//! The list of settings that explain a change in performance.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/sysctl/{vm,kernel,net,fs}.rst`,
//! `Documentation/networking/ip-sysctl.rst`, `Documentation/block/queue-sysfs.rst`,
//! `Documentation/admin-guide/pm/cpufreq.rst`, `…/mm/transhuge.rst`.

/// How a value stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The text, with single spaces.
    Plain,
    /// The choice in brackets: `always [madvise] never`.
    Chosen,
    /// Arguments that may hold secrets.
    Arguments,
}

/// A file or, with one `*`, several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    /// Path below the root.
    pub(super) path: &'static str,
    /// How the value stands in it.
    pub(super) form: Form,
}

/// Beginnings of names that `*` never stands for: devices without a disk behind them.
pub(super) const IGNORED: &[&str] = &["loop", "ram", "zram", "fd"];

const fn plain(path: &'static str) -> Watched {
    Watched {
        path,
        form: Form::Plain,
    }
}

const fn chosen(path: &'static str) -> Watched {
    Watched {
        path,
        form: Form::Chosen,
    }
}

/// Every watched setting. Add yours here.
#[rustfmt::skip]
pub(super) const WATCHED: &[Watched] = &[
    Watched { path: "proc/cmdline", form: Form::Arguments },
    plain("proc/sys/kernel/random/boot_id"),
    plain("proc/sys/kernel/osrelease"),
    plain("proc/sys/kernel/version"),
    plain("proc/sys/vm/swappiness"),
    plain("proc/sys/vm/vfs_cache_pressure"),
    plain("proc/sys/vm/overcommit_memory"),
    plain("proc/sys/vm/overcommit_ratio"),
    plain("proc/sys/vm/overcommit_kbytes"),
    plain("proc/sys/vm/dirty_ratio"),
    plain("proc/sys/vm/dirty_background_ratio"),
    plain("proc/sys/vm/dirty_bytes"),
    plain("proc/sys/vm/dirty_background_bytes"),
    plain("proc/sys/vm/dirty_expire_centisecs"),
    plain("proc/sys/vm/dirty_writeback_centisecs"),
    plain("proc/sys/vm/min_free_kbytes"),
    plain("proc/sys/vm/watermark_scale_factor"),
    plain("proc/sys/vm/watermark_boost_factor"),
    plain("proc/sys/vm/max_map_count"),
    plain("proc/sys/vm/nr_hugepages"),
    plain("proc/sys/vm/nr_overcommit_hugepages"),
    plain("proc/sys/vm/zone_reclaim_mode"),
    plain("proc/sys/vm/page-cluster"),
    plain("proc/sys/vm/compaction_proactiveness"),
    plain("proc/sys/vm/panic_on_oom"),
    plain("proc/sys/vm/oom_kill_allocating_task"),
    plain("proc/sys/kernel/sched_*"),
    plain("proc/sys/kernel/numa_balancing"),
    plain("proc/sys/kernel/timer_migration"),
    plain("proc/sys/kernel/pid_max"),
    plain("proc/sys/kernel/threads-max"),
    plain("proc/sys/kernel/perf_event_paranoid"),
    plain("proc/sys/kernel/kptr_restrict"),
    plain("proc/sys/kernel/nmi_watchdog"),
    plain("proc/sys/kernel/randomize_va_space"),
    plain("proc/sys/kernel/task_delayacct"),
    plain("proc/sys/kernel/shmmax"),
    plain("proc/sys/kernel/shmall"),
    plain("proc/sys/kernel/sem"),
    plain("proc/sys/fs/file-max"),
    plain("proc/sys/fs/nr_open"),
    plain("proc/sys/fs/aio-max-nr"),
    plain("proc/sys/fs/inotify/max_user_watches"),
    plain("proc/sys/fs/pipe-max-size"),
    plain("proc/sys/net/core/somaxconn"),
    plain("proc/sys/net/core/netdev_max_backlog"),
    plain("proc/sys/net/core/netdev_budget"),
    plain("proc/sys/net/core/netdev_budget_usecs"),
    plain("proc/sys/net/core/rmem_default"),
    plain("proc/sys/net/core/rmem_max"),
    plain("proc/sys/net/core/wmem_default"),
    plain("proc/sys/net/core/wmem_max"),
    plain("proc/sys/net/core/optmem_max"),
    plain("proc/sys/net/core/default_qdisc"),
    plain("proc/sys/net/core/busy_poll"),
    plain("proc/sys/net/core/busy_read"),
    plain("proc/sys/net/core/rps_sock_flow_entries"),
    plain("proc/sys/net/ipv4/ip_local_port_range"),
    plain("proc/sys/net/ipv4/ip_forward"),
    plain("proc/sys/net/ipv4/udp_mem"),
    plain("proc/sys/net/ipv4/tcp_mem"),
    plain("proc/sys/net/ipv4/tcp_rmem"),
    plain("proc/sys/net/ipv4/tcp_wmem"),
    plain("proc/sys/net/ipv4/tcp_congestion_control"),
    plain("proc/sys/net/ipv4/tcp_max_syn_backlog"),
    plain("proc/sys/net/ipv4/tcp_max_tw_buckets"),
    plain("proc/sys/net/ipv4/tcp_tw_reuse"),
    plain("proc/sys/net/ipv4/tcp_fin_timeout"),
    plain("proc/sys/net/ipv4/tcp_keepalive_time"),
    plain("proc/sys/net/ipv4/tcp_syncookies"),
    plain("proc/sys/net/ipv4/tcp_abort_on_overflow"),
    plain("proc/sys/net/ipv4/tcp_slow_start_after_idle"),
    plain("proc/sys/net/ipv4/tcp_mtu_probing"),
    plain("proc/sys/net/ipv4/tcp_notsent_lowat"),
    plain("proc/sys/net/ipv4/tcp_sack"),
    plain("proc/sys/net/ipv4/tcp_timestamps"),
    plain("proc/sys/net/ipv4/tcp_window_scaling"),
    plain("proc/sys/net/ipv4/tcp_fastopen"),
    plain("proc/sys/net/netfilter/nf_conntrack_max"),
    chosen("sys/kernel/mm/transparent_hugepage/enabled"),
    chosen("sys/kernel/mm/transparent_hugepage/defrag"),
    chosen("sys/kernel/mm/transparent_hugepage/shmem_enabled"),
    plain("sys/kernel/mm/ksm/run"),
    plain("sys/kernel/mm/lru_gen/enabled"),
    plain("sys/module/zswap/parameters/enabled"),
    plain("sys/devices/system/cpu/online"),
    plain("sys/devices/system/cpu/isolated"),
    plain("sys/devices/system/cpu/nohz_full"),
    plain("sys/devices/system/cpu/smt/control"),
    plain("sys/devices/system/cpu/cpufreq/boost"),
    plain("sys/devices/system/cpu/intel_pstate/status"),
    plain("sys/devices/system/cpu/intel_pstate/no_turbo"),
    plain("sys/devices/system/cpu/cpufreq/policy*/scaling_governor"),
    plain("sys/devices/system/cpu/cpufreq/policy*/scaling_driver"),
    plain("sys/devices/system/cpu/cpufreq/policy*/scaling_min_freq"),
    plain("sys/devices/system/cpu/cpufreq/policy*/scaling_max_freq"),
    plain("sys/devices/system/cpu/cpufreq/policy*/energy_performance_preference"),
    plain("sys/devices/system/cpu/vulnerabilities/*"),
    plain("sys/devices/system/clocksource/clocksource0/current_clocksource"),
    chosen("sys/block/*/queue/scheduler"),
    plain("sys/block/*/queue/nr_requests"),
    plain("sys/block/*/queue/read_ahead_kb"),
    plain("sys/block/*/queue/max_sectors_kb"),
    plain("sys/block/*/queue/rotational"),
    plain("sys/block/*/queue/rq_affinity"),
    plain("sys/block/*/queue/write_cache"),
    plain("sys/block/*/queue/wbt_lat_usec"),
    plain("sys/block/*/queue/nomerges"),
    plain("sys/class/net/*/mtu"),
    plain("sys/class/net/*/tx_queue_len"),
];
