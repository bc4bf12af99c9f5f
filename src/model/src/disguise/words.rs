//! The tables: keys that name somebody, names that everybody has, words that stay.

use crate::catalog;

use super::Kind;

/// Keys of attributes, settings and texts whose value is a whole identity: as a whole, or
/// by their last parts, as `app.user.name` and `exported_instance` have them.
///
/// # Source
///
/// OpenTelemetry semantic conventions, with the older names, and labels that exporters of
/// Prometheus use.
#[rustfmt::skip]
const KEYS: &[(&str, Kind)] = &[
    ("host", Kind::Host), ("host.name", Kind::Host), ("host.id", Kind::Host),
    ("hostname", Kind::Host), ("domainname", Kind::Host), ("nodename", Kind::Host),
    ("fqdn", Kind::Host), ("machine.name", Kind::Host), ("computer.name", Kind::Host),
    ("node", Kind::Host), ("node.name", Kind::Host), ("node.id", Kind::Host),
    ("server", Kind::Host), ("server.name", Kind::Host),
    ("instance", Kind::Host), ("instance.id", Kind::Host), ("instance.name", Kind::Host),
    ("server.address", Kind::Host), ("client.address", Kind::Host), ("source.address", Kind::Host),
    ("destination.address", Kind::Host), ("peer.address", Kind::Host),
    ("local.address", Kind::Host), ("remote.address", Kind::Host), ("host.address", Kind::Host),
    ("node.address", Kind::Host), ("remote.addr", Kind::Host), ("peer.addr", Kind::Host),
    ("host.addr", Kind::Host), ("client.ip", Kind::Host), ("server.ip", Kind::Host),
    ("peer.ip", Kind::Host), ("host.ip", Kind::Host), ("node.ip", Kind::Host),
    ("pod.ip", Kind::Host), ("peer.name", Kind::Host), ("forwarded.for", Kind::Host),
    ("pod", Kind::Host), ("pod.name", Kind::Host),
    ("host.mac", Kind::Mac),
    ("container.id", Kind::Id), ("machine.id", Kind::Id), ("boot.id", Kind::Id),
    ("pod.uid", Kind::Id), ("system.uuid", Kind::Id), ("product.uuid", Kind::Id),
    ("user", Kind::User), ("user.name", Kind::User), ("user.id", Kind::User),
    ("user.full.name", Kind::User), ("user.hash", Kind::User),
    ("user.email", Kind::Mail), ("email", Kind::Mail),
    ("enduser.id", Kind::User), ("enduser.pseudo.id", Kind::User), ("username", Kind::User),
    ("login", Kind::User), ("logname", Kind::User), ("login.name", Kind::User),
    ("account.name", Kind::User), ("process.owner", Kind::User), ("uname", Kind::User),
    ("url.full", Kind::Url), ("url.original", Kind::Url), ("url.path", Kind::Url),
    ("url.query", Kind::Url), ("url.fragment", Kind::Url), ("http.url", Kind::Url),
    ("http.target", Kind::Url), ("url", Kind::Url), ("uri", Kind::Url),
    ("db.statement", Kind::Sql), ("db.query.text", Kind::Sql), ("statement", Kind::Sql),
    ("sql", Kind::Sql),
    ("process.command", Kind::Command), ("process.command.line", Kind::Command),
    ("process.command.args", Kind::Command), ("process.executable.path", Kind::Command),
    ("cmdline", Kind::Command), ("command.line", Kind::Command),
];

/// Keys that end like one of those and name something else: a database, a part of memory.
const OTHERS: &[&str] = &["db.instance", "db.instance.name", "numa.node", "db.server"];

/// Keys of numbers of accounts.
const ACCOUNT_KEYS: &[&str] = &[
    "uid", "gid", "euid", "egid", "suid", "sgid", "fsuid", "fsgid", "auid", "loginuid", "ouid",
    "user_id", "group_id", "userid", "fowner",
];

/// Numbers of accounts below this belong to the system: the same on every machine.
///
/// # Source
///
/// `login.defs(5)`: `UID_MIN`.
const UID_MIN: u64 = 1_000;

/// Numbers of accounts that nobody has, on every machine.
const NOBODY: &[u64] = &[65_534, u32::MAX as u64];

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
    "us", "eu", "app", "db", "web", "api", "upstream",
];

/// Short words that sentences and documents of Kymo hold, whoever is called so.
#[rustfmt::skip]
const SMALL: &[&str] = &[
    "an", "as", "at", "be", "by", "do", "if", "in", "is", "it", "no", "of", "on", "or", "so", "to",
    "up", "we", "and", "any", "but", "for", "not", "the", "was", "ms", "ns", "kb", "mb", "gb", "pid",
    "x86_64", "aarch64", "linux",
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
    "label", "chain", "signature", "info", "state", "resident", "virtual", "minor", "major", "faults", "voluntary", "involuntary",
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
    "host", "id", "user", "uid", "ip4", "ip6", "mac", "mail", "command", "url", "sql", "secret",
];

/// What a key's value names as a whole.
pub(super) fn kind_of_key(key: &str) -> Option<Kind> {
    let key = parts(key);
    let ends = |known: &str| {
        let before = key.strip_suffix(known);
        before.is_some_and(|it| it.is_empty() || it.ends_with('.'))
    };
    if OTHERS.iter().any(|it| ends(it)) {
        return None;
    }
    let found = KEYS.iter().filter(|(known, _)| ends(known));
    found.max_by_key(|it| it.0.len()).map(|(_, kind)| *kind)
}

/// Whether a key is a known one as a whole, so that it names nobody itself.
pub(super) fn is_known_key(key: &str) -> bool {
    let key = parts(key);
    KEYS.iter().any(|(known, _)| *known == key)
        || catalog::ALL
            .iter()
            .any(|it| it.attributes.contains(&key.as_str()))
}

/// The parts of a key in lower case with dots between, also where capitals begin them.
fn parts(key: &str) -> String {
    let mut parts = String::with_capacity(key.len() + 4);
    let mut small = false;
    for c in key.chars() {
        if small && c.is_ascii_uppercase() {
            parts.push('.');
        }
        small = c.is_ascii_lowercase();
        parts.push(match c {
            '_' | '-' | ' ' => '.',
            c => c.to_ascii_lowercase(),
        });
    }
    parts
}

/// What the word after a key in a text names.
pub(super) fn kind_in_text(key: &str) -> Option<Kind> {
    let kind = kind_of_key(key)?;
    matches!(kind, Kind::Host | Kind::User | Kind::Id).then_some(kind)
}

/// Whether the number after a key in a text is that of an account.
pub(super) fn is_account_key(key: &str) -> bool {
    ACCOUNT_KEYS.iter().any(|it| it.eq_ignore_ascii_case(key))
}

/// Whether a number is that of somebody's account.
pub(super) fn is_account(number: &str) -> bool {
    match number.parse::<u64>() {
        Ok(number) => number >= UID_MIN && !NOBODY.contains(&number),
        Err(_) => !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()),
    }
}

/// Whether tokens are called so.
pub(super) fn is_label(word: &str) -> bool {
    LABELS.contains(&word)
}

/// The parts of a setting's key, each with whether it stays: a path, a mount or a device
/// between them may be called after somebody. Nothing stays of a key of somebody's own.
pub(super) fn parts_of_setting(key: &str) -> Vec<(&str, bool)> {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"_./-".contains(&it);
    if !is_machine_setting(key) {
        return vec![(key, false)];
    }
    if let Some((first, rest)) = key.split_once(' ') {
        let first = &key[..first.len() + 1];
        return match rest.rsplit_once(' ').filter(|_| first == "cgroup ") {
            Some((path, _)) => vec![(first, true), (path, false), (&rest[path.len()..], true)],
            None => vec![(first, true), (rest, false)],
        };
    }
    if !key.bytes().all(plain) {
        return vec![(key, false)];
    }
    let folders = match key {
        it if it.starts_with("block/") => 1,
        it if it.starts_with("class/") => 2,
        it if it.contains(".conf.") || it.contains(".neigh.") => return vec![(key, false)],
        _ => return vec![(key, true)],
    };
    let mut places = key.match_indices('/').map(|(at, _)| at);
    let (from, to) = (places.nth(folders - 1), places.next());
    match (from, to) {
        (Some(from), Some(to)) => {
            vec![
                (&key[..=from], true),
                (&key[from + 1..to], false),
                (&key[to..], true),
            ]
        }
        _ => vec![(key, false)],
    }
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
    let has = |text: &str| {
        let mut parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        text.eq_ignore_ascii_case(word) || parts.any(|it| it.eq_ignore_ascii_case(word))
    };
    let of_catalog = |it: &catalog::Metric| {
        has(it.name) || has(it.unit) || it.attributes.iter().any(|it| has(it))
    };
    let lists = [GENERIC, FORMAT, LABELS, SMALL];
    lists.iter().any(|it| it.contains(&lower.as_str()))
        || word.bytes().all(|it| it.is_ascii_digit())
        || catalog::ALL.iter().any(of_catalog)
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
