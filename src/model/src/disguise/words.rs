//! The tables: keys that name somebody, names that everybody has, words that stay.

use crate::catalog;

use super::Kind;

/// Keys of attributes and settings whose value is a whole identity, as a whole or by
/// their last part.
///
/// # Source
///
/// OpenTelemetry semantic conventions, with the older names, and labels that exporters of
/// Prometheus use.
#[rustfmt::skip]
const KEYS: &[(&str, Kind)] = &[
    ("host.name", Kind::Host), ("host.id", Kind::Host), ("host", Kind::Host),
    ("hostname", Kind::Host), ("domainname", Kind::Host), ("nodename", Kind::Host),
    ("node", Kind::Host), ("instance", Kind::Host), ("service.instance.id", Kind::Host),
    ("server.address", Kind::Host), ("client.address", Kind::Host), ("source.address", Kind::Host),
    ("destination.address", Kind::Host), ("network.peer.address", Kind::Host),
    ("network.local.address", Kind::Host), ("net.peer.name", Kind::Host),
    ("net.peer.ip", Kind::Host), ("net.host.name", Kind::Host), ("net.host.ip", Kind::Host),
    ("net.sock.peer.addr", Kind::Host), ("net.sock.peer.name", Kind::Host),
    ("net.sock.host.addr", Kind::Host), ("peer.address", Kind::Host), ("http.host", Kind::Host),
    ("http.client_ip", Kind::Host), ("k8s.node.name", Kind::Host), ("host.ip", Kind::Host),
    ("host.mac", Kind::Mac),
    ("user", Kind::User), ("user.name", Kind::User), ("user.id", Kind::User),
    ("user.full_name", Kind::User), ("user.email", Kind::Mail), ("email", Kind::Mail),
    ("enduser.id", Kind::User), ("db.user", Kind::User), ("username", Kind::User),
    ("login", Kind::User), ("process.owner", Kind::User), ("process.user.name", Kind::User),
    ("url.full", Kind::Url), ("url.original", Kind::Url), ("url.path", Kind::Url),
    ("url.query", Kind::Url), ("url.fragment", Kind::Url), ("http.url", Kind::Url),
    ("http.target", Kind::Url), ("url", Kind::Url), ("uri", Kind::Url),
    ("db.statement", Kind::Sql), ("db.query.text", Kind::Sql), ("statement", Kind::Sql),
    ("sql", Kind::Sql),
    ("process.command", Kind::Command), ("process.command_line", Kind::Command),
    ("process.command_args", Kind::Command), ("process.executable.path", Kind::Command),
    ("cmdline", Kind::Command), ("command_line", Kind::Command),
];

/// Keys of settings that end so name the machine.
const MACHINE_SETTINGS: &[&str] = &["hostname", "domainname", "nodename"];

/// What keys of settings begin with that the kernel or Kymo tells: never a secret, though
/// `tcp_syncookies` and `spec_store_bypass` sound like one.
const MACHINE_KEYS: &[&str] = &[
    "block/", "cgroup", "class/", "devices/", "fs.", "kernel.", "kymo", "module/", "mount ",
    "net.", "program ", "vm.",
];

/// Names that say nothing about who or where: everybody has them.
#[rustfmt::skip]
const GENERIC: &[&str] = &[
    "localhost", "localdomain", "local", "ip6-localhost", "host", "hostname", "server", "node",
    "none", "null", "unknown", "self", "any", "all", "default", "true", "false", "yes", "no", "other",
    "root", "nobody", "nogroup", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail",
    "news", "uucp", "proxy", "backup", "list", "irc", "www-data", "www", "http", "nginx", "apache",
    "postgres", "mysql", "redis", "mongodb", "rabbitmq", "elasticsearch", "kafka", "messagebus",
    "systemd-network", "systemd-resolve", "systemd-timesync", "sshd", "ntp", "chrony", "user",
    "username", "name", "login", "sudo", "user-data", "shared", "public", "guest", "admin",
    "cpu", "memory", "disk", "network", "system", "process", "service", "session", "kymo",
    "kernel", "idle", "nice", "iowait", "steal", "used", "free", "cached", "total", "read", "write",
    "us", "eu", "app", "db", "web", "api",
];

/// Words of the session's own format, which stand in it whoever is called so: fields and
/// columns, kinds, folders.
#[rustfmt::skip]
const FORMAT: &[&str] = &[
    "schema", "title", "created", "hosts", "series", "histograms", "segments", "removed", "folder",
    "placement", "cadence", "rolled", "os", "arch", "model", "cpus", "bytes", "boot", "agent",
    "version", "pid", "capabilities", "limits", "axis", "offset", "error", "unit", "kind", "polarity",
    "key", "metric", "attributes", "samples", "last", "path", "table", "number", "rows", "row", "span",
    "from", "to", "sha256", "gauge", "counter", "histogram", "neutral", "higherisworse",
    "higherisbetter", "metrics", "pyramid", "processes", "processinfo", "process-info", "events",
    "settings", "spans", "time", "complete", "count", "min", "max", "subject", "before", "after",
    "text", "value", "width", "sum", "active", "bounds", "counts", "scale", "zero", "first",
    "negative", "parent", "trace", "status", "duration", "start", "ok", "internal", "client",
    "producer", "consumer", "setting", "appeared", "vanished", "clock-step", "suspended", "degraded",
    "missing", "link", "recorder", "log", "exemplar", "analysis", "statement", "severity", "effect",
    "evidence", "weight", "coverage", "learned", "parameters", "supports", "against", "places",
    "findings", "expected", "pinned", "drafts", "live", "items", "quality", "trend", "anomaly",
    "change", "bottleneck", "explain", "correlation", "forecast", "compare", "note", "warning",
    "severe", "color", "description", "kept", "patterns", "category", "identities", "trimmed",
    "users", "addresses", "commands", "urls", "secrets", "custom", "chain", "head", "frame",
    "manifest", "annotations", "copy", "ron", "txt", "parquet", "pressure", "vmstat", "load",
    "queueing", "sockets", "connections", "filesystem", "uptime", "applications", "cgroup", "threads",
    "state", "resident", "virtual", "minor", "major", "faults", "voluntary", "involuntary",
    "switches", "open", "files", "limit", "exit", "code", "ended", "command", "some", "true",
];

/// Ends of names of machines: zones of the net, and those of inner networks. Those that
/// files and metrics end with (`.rs`, `.sh`, `.time`, `.io` of a metric) are looked at in [`is_plain`].
#[rustfmt::skip]
const ZONES: &[&str] = &[
    "com", "net", "org", "edu", "gov", "mil", "int", "arpa", "info", "biz", "io", "dev", "app",
    "cloud", "tech", "online", "site", "xyz", "internal", "local", "lan", "corp", "intranet",
    "home", "localdomain", "cluster", "svc", "example", "test", "invalid", "consul", "de", "uk",
    "fr", "nl", "ch", "at", "eu", "us", "ca", "au", "jp", "cn", "br", "ru", "pl", "it", "es",
    "se", "no", "fi", "dk", "be", "cz", "ie", "nz", "za", "kr", "sg", "hk", "tw",
];

/// Ends of names of units of systemd, which hold an `@` and a dot as e-mail addresses do.
#[rustfmt::skip]
const UNITS: &[&str] = &[
    "service", "socket", "slice", "scope", "timer", "mount", "automount", "target", "device",
    "path", "swap",
];

/// What tokens are called.
const LABELS: &[&str] = &[
    "host", "user", "uid", "ip4", "ip6", "mac", "mail", "command", "url", "sql", "secret",
];

/// What a key's value names as a whole.
pub(super) fn kind_of_key(key: &str) -> Option<Kind> {
    let lower = key.to_ascii_lowercase();
    let found = KEYS.iter().find(|(known, _)| *known == lower);
    found.map(|(_, kind)| *kind)
}

/// What a setting's value names as a whole.
pub(super) fn kind_of_setting(key: &str) -> Option<Kind> {
    let last = key.rsplit(['.', '/', ' ', '_']).next().unwrap_or(key);
    let machine = MACHINE_SETTINGS.contains(&last.to_ascii_lowercase().as_str());
    machine.then_some(Kind::Host).or_else(|| kind_of_key(key))
}

/// Whether a setting is one of the kernel's or of Kymo's own.
pub(super) fn is_machine_setting(key: &str) -> bool {
    MACHINE_KEYS.iter().any(|it| key.starts_with(it))
}

/// Whether a name is one that everybody has.
pub(super) fn is_generic(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let digits = name.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    digits
        || GENERIC.contains(&lower.as_str())
        || FORMAT.contains(&lower.as_str())
        || LABELS.contains(&lower.as_str())
}

/// Whether a word belongs to the vocabulary, so that it stays in texts even where somebody
/// is called so: metrics of the catalog, their parts, and generic names.
pub(super) fn is_plain(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let of_catalog = |name: &str| name == lower || name.split(['.', '_']).any(|it| it == lower);
    GENERIC.contains(&lower.as_str())
        || FORMAT.contains(&lower.as_str())
        || LABELS.contains(&lower.as_str())
        || catalog::ALL.iter().any(|it| of_catalog(it.name))
}

/// Whether the last part of a dotted word is that of a machine's name.
pub(super) fn is_zone(last: &str) -> bool {
    ZONES.contains(&last.to_ascii_lowercase().as_str())
}

/// Whether the last part of a dotted word is that of a unit of systemd.
pub(super) fn is_unit(last: &str) -> bool {
    UNITS.contains(&last)
}

/// Whether a dotted word is the name of a metric, here or by the conventions.
pub(super) fn is_metric(word: &str) -> bool {
    const FIRST: &[&str] = &[
        "system",
        "process",
        "http",
        "db",
        "rpc",
        "jvm",
        "service",
        "container",
        "k8s",
        "kymo",
        "messaging",
        "network",
        "disk",
        "host",
        "hw",
        "gen_ai",
        "dotnet",
        "nodejs",
        "go",
        "net",
        "kernel",
        "vm",
        "fs",
    ];
    let first = word.split('.').next().unwrap_or_default();
    catalog::find(word).is_some() || FIRST.contains(&first)
}

/// Whether a word is a token: a label, a dash and a number.
pub(super) fn is_token<'a>(word: &str, mut own: impl Iterator<Item = &'a str>) -> bool {
    let Some((label, number)) = word.rsplit_once('-') else {
        return false;
    };
    let counts = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
    counts && (LABELS.contains(&label) || own.any(|it| it == label))
}
