//! What this machine allows: a file that only its administrator can write.
//!
//! Without the file nothing is allowed. A plan can ask for less than it allows and never
//! for more. The file is RON; every field is here:
//!
//! ```ron
//! (
//!   version: 1,
//!   // Actions of one plan, at most 64.
//!   max_actions: 8,
//!   // Approvals of exactly this mandate that an order must bring, and whether that of
//!   // the plan's author counts.
//!   approvals: 1,
//!   other_than_author: true,
//!   // Guardrails that a plan must have at least.
//!   guardrails: 1,
//!   // What is allowed; all else is not.
//!   rules: [
//!     // Cores of CPU time: quota by period. At most twice and at least half of before.
//!     (kind: "CpuMax", key: "cgroup:/app.slice/*:cpu.max", min: 0.5, max: 4, step: 2),
//!     (kind: "Sysctl", key: "sysctl:net.core.somaxconn", min: 128, max: 65535),
//!     (kind: "IoScheduler", key: "block:sd*:scheduler", values: ["none", "mq-deadline"]),
//!     (kind: "AppConfig", key: "redis@cache:maxmemory", min: 1e8, max: 4e9, step: 1.5),
//!   ],
//!   // Never, besides what no policy can allow (`act/policy/forbidden.rs`).
//!   forbid: ["cgroup:/app.slice/payments*"],
//!   // When, in UTC; none is always.
//!   windows: [(days: [Mon, Tue, Wed, Thu], from: "09:00", to: "16:00")],
//!   // Applications that can be set.
//!   nginx: [(name: "", config: "/etc/nginx/nginx.conf", pid: "/run/nginx.pid",
//!            binary: "/usr/sbin/nginx", errors: "/var/log/nginx/error.log")],
//!   postgres: [(name: "", address: "/run/postgresql/.s.PGSQL.5432", user: "postgres",
//!               database: "postgres", password: "")],
//!   redis: [(name: "cache", address: "127.0.0.1:6379", password: "/etc/kymo/redis.secret")],
//! )
//! ```
//!
//! Ranges speak of: cores for `CpuMax`, `Cpuset` and `Affinity` (their number), weight,
//! bytes, rates for `IoMax`, the nice value, and each number of a value of other kinds;
//! a value without a number must be one of `values`. No limit is larger than any number.
//!
//! Start at [`Policy`]; [`file::load`] reads it.

pub(crate) mod file;
pub(crate) mod forbidden;

use model::plan::Mandate;
use serde::Deserialize;

use super::glob::matches;

/// Version of the file.
pub(crate) const VERSION: u32 = 1;

/// Entries of any list of the file.
pub(crate) const LIST_MAX: usize = 256;

/// What is allowed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// Version of the file, [`VERSION`].
    pub(crate) version: u32,
    /// Actions of one plan.
    #[serde(default = "eight")]
    pub(crate) max_actions: usize,
    /// Approvals that are needed.
    #[serde(default)]
    pub(crate) approvals: usize,
    /// Whether the author's own approval does not count.
    #[serde(default)]
    pub(crate) other_than_author: bool,
    /// Guardrails that a plan must have.
    #[serde(default)]
    pub(crate) guardrails: usize,
    /// What is allowed.
    #[serde(default)]
    pub(crate) rules: Vec<Rule>,
    /// Patterns of keys that never are.
    #[serde(default)]
    pub(crate) forbid: Vec<String>,
    /// When, in UTC; none is always.
    #[serde(default)]
    pub(crate) windows: Vec<Window>,
    /// Web servers.
    #[serde(default)]
    pub(crate) nginx: Vec<Nginx>,
    /// Databases.
    #[serde(default)]
    pub(crate) postgres: Vec<Postgres>,
    /// Caches.
    #[serde(default)]
    pub(crate) redis: Vec<Redis>,
    /// Patterns of keys that would reach the agent itself; never in the file.
    #[serde(skip)]
    pub(crate) own: Vec<String>,
}

/// One sort of change that is allowed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Name of the kind; `*` for any.
    pub(crate) kind: String,
    /// Pattern of the key, where `*` stands for any text.
    pub(crate) key: String,
    /// No number of the value is below.
    #[serde(default)]
    pub(crate) min: Option<f64>,
    /// No number of the value is above.
    #[serde(default)]
    pub(crate) max: Option<f64>,
    /// The value is one of these.
    #[serde(default)]
    pub(crate) values: Vec<String>,
    /// The value is at most this many times, and at least this part of, the one before.
    #[serde(default)]
    pub(crate) step: Option<f64>,
}

/// A stretch of the week, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    /// Which days; none is every day.
    #[serde(default)]
    pub(crate) days: Vec<Day>,
    /// From when, `09:00`.
    pub(crate) from: String,
    /// To when, `17:00`; earlier than `from` is the next day.
    pub(crate) to: String,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// A web server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nginx {
    /// Tells it from others; empty where there is one.
    #[serde(default)]
    pub(crate) name: String,
    /// The file that holds the directives.
    pub(crate) config: String,
    /// The file that holds the master's number.
    pub(crate) pid: String,
    /// The program, which tests a file before the server is told; empty: it is not tested.
    #[serde(default)]
    pub(crate) binary: String,
    /// The log of errors, to say why a reload failed; empty: it is not read.
    #[serde(default)]
    pub(crate) errors: String,
}

/// A database.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Postgres {
    /// Tells it from others; empty where there is one.
    #[serde(default)]
    pub(crate) name: String,
    /// Path of its socket, or an address of this machine with its port.
    pub(crate) address: String,
    /// User that may alter the system.
    #[serde(default = "postgres")]
    pub(crate) user: String,
    /// Database to connect to.
    #[serde(default = "postgres")]
    pub(crate) database: String,
    /// A file that only root reads and that holds the password; empty for none.
    #[serde(default)]
    pub(crate) password: String,
}

/// A cache.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redis {
    /// Tells it from others; empty where there is one.
    #[serde(default)]
    pub(crate) name: String,
    /// Path of its socket, or an address of this machine with its port.
    pub(crate) address: String,
    /// User to log in as; empty for the usual one.
    #[serde(default)]
    pub(crate) user: String,
    /// A file that only root reads and that holds the password; empty for none.
    #[serde(default)]
    pub(crate) password: String,
}

/// A change that is held against the policy.
#[derive(Clone, Debug)]
pub(crate) struct Judged<'a> {
    /// Name of the kind.
    pub(crate) kind: &'a str,
    /// What is set.
    pub(crate) key: &'a str,
    /// What it shall be.
    pub(crate) after: &'a str,
    /// Numbers in the value before.
    pub(crate) sizes_before: Vec<f64>,
    /// Numbers in the value after.
    pub(crate) sizes_after: Vec<f64>,
}

fn eight() -> usize {
    8
}

fn postgres() -> String {
    "postgres".to_owned()
}

impl Policy {
    /// One that allows nothing and knows no application.
    pub(crate) fn nothing() -> Self {
        Self {
            version: VERSION,
            max_actions: 0,
            approvals: 0,
            other_than_author: false,
            guardrails: 0,
            rules: Vec::new(),
            forbid: Vec::new(),
            windows: Vec::new(),
            nginx: Vec::new(),
            postgres: Vec::new(),
            redis: Vec::new(),
            own: Vec::new(),
        }
    }

    /// Whether a key may be read and written at all.
    ///
    /// # Errors
    ///
    /// The pattern that forbids it, in words.
    pub(crate) fn may_touch(&self, key: &str) -> Result<(), String> {
        if let Some(pattern) = self.forbids(key) {
            return Err(format!("{key} is forbidden here ({pattern})"));
        }
        let ruled = self.rules.iter().any(|it| matches(&it.key, key));
        ruled
            .then_some(())
            .ok_or_else(|| format!("no rule of this agent's policy allows {key}"))
    }

    /// The pattern that forbids a key, whatever the rules allow.
    pub(crate) fn forbids(&self, key: &str) -> Option<&str> {
        let theirs = self.forbid.iter().chain(&self.own).map(String::as_str);
        let mut all = forbidden::ALWAYS.iter().copied().chain(theirs);
        // An application's settings are forbidden for all of its instances alike, and in
        // any spelling that it takes.
        let plain = without_instance(key);
        let lower = [key, plain.as_ref()].map(str::to_ascii_lowercase);
        all.find(|pattern| {
            let spellings = [key, plain.as_ref(), &lower[0], &lower[1]];
            spellings.iter().any(|it| matches(pattern, it))
        })
    }

    /// Whether one change is allowed.
    ///
    /// # Errors
    ///
    /// Why not, in words: of the rule that came closest.
    pub(crate) fn judge(&self, judged: &Judged<'_>) -> Result<(), String> {
        self.may_touch(judged.key)?;
        let mut why = format!(
            "no rule of this agent's policy allows {} of {}",
            judged.kind, judged.key
        );
        let fits =
            |it: &&Rule| (it.kind == "*" || it.kind == judged.kind) && matches(&it.key, judged.key);
        for rule in self.rules.iter().filter(fits) {
            match rule.allows(judged) {
                Ok(()) => return Ok(()),
                Err(it) => why = it,
            }
        }
        Err(why)
    }

    /// What is wrong with a mandate as a whole.
    pub(crate) fn whole(&self, mandate: &Mandate, unix_ns: i64) -> Vec<String> {
        let mut wrong = Vec::new();
        if mandate.actions.len() > self.max_actions {
            wrong.push(format!(
                "{} actions; this agent's policy allows {}",
                mandate.actions.len(),
                self.max_actions
            ));
        }
        if mandate.guardrails.len() < self.guardrails {
            wrong.push(format!(
                "{} guardrails; this agent's policy wants {}",
                mandate.guardrails.len(),
                self.guardrails
            ));
        }
        if !self.windows.is_empty() && !self.windows.iter().any(|it| it.holds(unix_ns)) {
            wrong.push("this agent's policy allows changes at other times only".to_owned());
        }
        wrong
    }

    /// Whether enough others agreed to exactly this.
    ///
    /// # Errors
    ///
    /// What is missing, in words.
    pub(crate) fn agreed(&self, apply: &wire::change::Apply, hash: &str) -> Result<(), String> {
        let mut who: Vec<&str> = apply
            .approvals
            .iter()
            .filter(|it| it.hash == hash && !it.who.is_empty())
            .map(|it| it.who.trim())
            .filter(|it| !(self.other_than_author && same_person(it, &apply.author)))
            .collect();
        who.sort_unstable_by_key(|it| it.to_lowercase());
        who.dedup_by(|a, b| same_person(a, b));
        if who.len() < self.approvals {
            return Err(format!(
                "{} approvals of this mandate; this agent's policy wants {}{}",
                who.len(),
                self.approvals,
                if self.other_than_author {
                    " by others than the author"
                } else {
                    ""
                }
            ));
        }
        Ok(())
    }

    /// What is wrong with the file's contents.
    ///
    /// # Errors
    ///
    /// The first thing, in words.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.version != VERSION {
            return Err(format!("version: want {VERSION}, not {}", self.version));
        }
        let lists = [
            self.rules.len(),
            self.forbid.len(),
            self.windows.len(),
            self.nginx.len(),
            self.postgres.len(),
            self.redis.len(),
        ];
        if lists.iter().any(|it| *it > LIST_MAX) {
            return Err(format!("a list has more than {LIST_MAX} entries"));
        }
        for rule in &self.rules {
            rule.check()?;
        }
        for window in &self.windows {
            if minute(&window.from).is_none() || minute(&window.to).is_none() {
                return Err(format!("windows: want 09:00, not {:?}", window.from));
            }
        }
        let addresses = (self.postgres.iter().map(|it| &it.address))
            .chain(self.redis.iter().map(|it| &it.address));
        for address in addresses {
            file::near(address)?;
        }
        Ok(())
    }

    /// What a client is told of it.
    pub(crate) fn summary(&self) -> wire::change::Policy {
        let rules = self.rules.iter().map(|it| wire::change::Rule {
            kind: it.kind.clone(),
            key: it.key.clone(),
            min: it.min,
            max: it.max,
            values: it.values.clone(),
            step: it.step,
        });
        let named = |adapter: &str, name: &str| match name {
            "" => adapter.to_owned(),
            name => format!("{adapter}@{name}"),
        };
        let instances = (self.nginx.iter().map(|it| named("nginx", &it.name)))
            .chain(self.postgres.iter().map(|it| named("postgres", &it.name)))
            .chain(self.redis.iter().map(|it| named("redis", &it.name)));
        let always = forbidden::ALWAYS.iter().map(|it| (*it).to_owned());
        wire::change::Policy {
            allowed: true,
            why: String::new(),
            rules: rules.collect(),
            forbidden: always
                .chain(self.forbid.iter().cloned())
                .chain(self.own.iter().cloned())
                .collect(),
            actions_max: u32::try_from(self.max_actions).unwrap_or(u32::MAX),
            approvals_min: u32::try_from(self.approvals).unwrap_or(u32::MAX),
            other_than_author: self.other_than_author,
            windows: self.windows.iter().map(Window::text).collect(),
            instances: instances.collect(),
        }
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        let sound = |it: Option<f64>| it.is_none_or(f64::is_finite);
        if !sound(self.min) || !sound(self.max) || !self.step.is_none_or(|it| it >= 1.0) {
            return Err(format!(
                "rule for {}: want numbers, and a step of 1 or more",
                self.key
            ));
        }
        if self.values.len() > LIST_MAX {
            return Err(format!("rule for {}: too many values", self.key));
        }
        Ok(())
    }

    fn allows(&self, judged: &Judged<'_>) -> Result<(), String> {
        let Judged { key, after, .. } = judged;
        if !self.values.is_empty() {
            if self.values.iter().any(|it| it == after) {
                return Ok(());
            }
            return Err(format!("{key} may be one of {}", self.values.join(", ")));
        }
        if judged.sizes_after.is_empty() {
            return Err(format!(
                "{after:?} has no number, and the rule for {key} lists no values"
            ));
        }
        for size in &judged.sizes_after {
            if self.min.is_some_and(|min| *size < min) || self.max.is_some_and(|max| *size > max) {
                return Err(format!(
                    "{key} may be {} to {}, not {size}",
                    self.min.map_or("anything".to_owned(), |it| it.to_string()),
                    self.max.map_or("anything".to_owned(), |it| it.to_string()),
                ));
            }
        }
        match self.step {
            Some(step) => judged.within(step),
            None => Ok(()),
        }
    }
}

impl Judged<'_> {
    /// Whether no number changes by more than a factor.
    fn within(&self, step: f64) -> Result<(), String> {
        if self.sizes_before.len() != self.sizes_after.len() {
            return Err(format!(
                "how large a step to {:?} is cannot be told for {}",
                self.after, self.key
            ));
        }
        for (before, after) in self.sizes_before.iter().zip(&self.sizes_after) {
            if before == after {
                continue;
            }
            // Of zero, of what is negative and of no limit there are no multiples.
            let ratio = after / before;
            let steady = before.is_finite() && *before > 0.0 && ratio.is_finite();
            if !steady || ratio > step || ratio < 1.0 / step {
                return Err(format!(
                    "{} may change by a factor of {step} at most, not from {before} to {after}",
                    self.key
                ));
            }
        }
        Ok(())
    }
}

impl Window {
    fn holds(&self, unix_ns: i64) -> bool {
        let (Some(from), Some(to)) = (minute(&self.from), minute(&self.to)) else {
            return false;
        };
        let minutes = unix_ns.div_euclid(60_000_000_000);
        let (day, now) = (minutes.div_euclid(1440), minutes.rem_euclid(1440));
        let on = |day: i64| self.days.is_empty() || self.days.contains(&Day::of(day));
        if from <= to {
            return on(day) && (from..to).contains(&now);
        }
        (on(day) && now >= from) || (on(day - 1) && now < to)
    }

    fn text(&self) -> String {
        let days: Vec<String> = self.days.iter().map(|it| format!("{it:?}")).collect();
        let days = if days.is_empty() {
            "every day".to_owned()
        } else {
            days.join(", ")
        };
        format!("{days} {} to {} UTC", self.from, self.to)
    }
}

impl Day {
    /// The day of the week of a number of days since 1970-01-01, a Thursday.
    fn of(day: i64) -> Self {
        match (day + 3).rem_euclid(7) {
            0 => Self::Mon,
            1 => Self::Tue,
            2 => Self::Wed,
            3 => Self::Thu,
            4 => Self::Fri,
            5 => Self::Sat,
            _ => Self::Sun,
        }
    }
}

/// Minutes after midnight of `09:30`.
fn minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    ((0..=24).contains(&hour) && (0..60).contains(&minute) && hour * 60 + minute <= 1440)
        .then_some(hour * 60 + minute)
}

/// `redis@cache:maxmemory` as `redis:maxmemory`.
fn without_instance(key: &str) -> String {
    match key.split_once('@') {
        Some((adapter, rest)) if !adapter.contains(':') => {
            let setting = rest.split_once(':').map_or("", |(_, it)| it);
            format!("{adapter}:{setting}")
        }
        _ => key.to_owned(),
    }
}

/// Whether two names are of one person, as far as names tell: they are what a client says,
/// a record of who agreed and no proof of it.
fn same_person(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        file::parse(text).unwrap()
    }

    fn judged(
        policy: &Policy,
        kind: &str,
        key: &str,
        before: f64,
        after: f64,
    ) -> Result<(), String> {
        policy.judge(&Judged {
            kind,
            key,
            after: &after.to_string(),
            sizes_before: vec![before],
            sizes_after: vec![after],
        })
    }

    #[test]
    fn the_example_above_is_a_policy() {
        let text = include_str!("policy.rs");
        let (_, rest) = text.split_once("//! ```ron\n").unwrap();
        let (example, _) = rest.split_once("//! ```\n").unwrap();
        let lines = example.lines().map(|it| it.trim_start_matches("//!"));
        let policy = policy(&lines.collect::<Vec<_>>().join("\n"));
        assert_eq!((policy.rules.len(), policy.redis.len()), (4, 1));
        assert_eq!(policy.windows[0].days.len(), 4);
    }

    #[test]
    fn no_spelling_reaches_what_is_forbidden() {
        let policy = policy(
            r#"(version: 1, forbid: ["redis:maxmemory-policy"], rules: [(kind: "*", key: "*")])"#,
        );
        for key in [
            "redis:REQUIREPASS",
            "redis@a:RequirePass",
            "redis:Port",
            "redis@a:MAXMEMORY-policy",
            "sysctl:Kernel.panic",
            "process:12:SSHD:nice",
            "nginx:server",
        ] {
            assert!(policy.may_touch(key).is_err(), "{key}");
        }
        assert!(policy.may_touch("redis:maxmemory").is_ok());
    }

    #[test]
    fn an_author_is_no_other_by_another_spelling() {
        let policy = policy("(version: 1, approvals: 1, other_than_author: true)");
        let apply = |who: &str| wire::change::Apply {
            author: "Alice".to_owned(),
            approvals: vec![wire::change::Approval {
                who: who.to_owned(),
                hash: "h".to_owned(),
                ..wire::change::Approval::default()
            }],
            ..wire::change::Apply::default()
        };
        for (who, enough) in [(" alice ", false), ("Alice", false), ("Bob", true)] {
            assert_eq!(policy.agreed(&apply(who), "h").is_ok(), enough, "{who}");
        }
    }

    #[test]
    fn what_no_rule_names_is_refused() {
        let none = policy("(version: 1)");
        assert!(judged(&none, "Sysctl", "sysctl:net.core.somaxconn", 1.0, 1.0).is_err());
    }

    #[test]
    fn ranges_and_steps_bind() {
        let key = "sysctl:net.core.somaxconn";
        let policy = policy(
            r#"(version: 1, rules: [(kind: "Sysctl", key: "sysctl:net.*", min: 128, max: 8192, step: 2)])"#,
        );
        for (before, after, allowed) in [
            (4096.0, 8192.0, true),
            (4096.0, 2048.0, true),
            (4096.0, 8193.0, false),
            (4096.0, 2047.0, false),
            (128.0, 127.0, false),
            (f64::INFINITY, 4096.0, false),
            (0.0, 128.0, false),
        ] {
            let outcome = judged(&policy, "Sysctl", key, before, after);
            assert_eq!(outcome.is_ok(), allowed, "{before} {after} {outcome:?}");
        }
        assert!(judged(&policy, "CpuMax", key, 4096.0, 4096.0).is_err());
    }

    #[test]
    fn no_policy_allows_what_is_always_forbidden() {
        let all = policy(r#"(version: 1, rules: [(kind: "*", key: "*")])"#);
        for key in [
            "sysctl:kernel.core_pattern",
            "sysctl:vm.overcommit_memory",
            "process:1:systemd:nice",
            "process:77:sshd:affinity",
            "cgroup:/system.slice/ssh.service:cpu.max",
            "redis:dir",
            "redis@cache:requirepass",
            "postgres:archive_command",
            "postgres@main:shared_preload_libraries",
            "nginx:include",
        ] {
            assert!(judged(&all, "Sysctl", key, 1.0, 1.0).is_err(), "{key}");
        }
        assert!(judged(&all, "Sysctl", "sysctl:net.core.somaxconn", 1.0, 1.0).is_ok());
    }

    #[test]
    fn windows_are_in_utc_and_may_cross_midnight() {
        let window = Window {
            days: vec![Day::Thu],
            from: "22:00".to_owned(),
            to: "02:00".to_owned(),
        };
        let hour = 3_600_000_000_000;
        // 1970-01-01 was a Thursday.
        for (at, open) in [(21, false), (22, true), (25, true), (26, false), (1, false)] {
            assert_eq!(window.holds(at * hour), open, "{at}");
        }
    }

    #[test]
    fn approvals_are_of_exactly_this() {
        let policy = policy("(version: 1, approvals: 1, other_than_author: true)");
        let by = |who: &str, hash: &str| wire::change::Apply {
            author: "a".to_owned(),
            approvals: vec![wire::change::Approval {
                who: who.to_owned(),
                hash: hash.to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        };
        assert!(policy.agreed(&by("b", "h"), "h").is_ok());
        assert!(policy.agreed(&by("b", "other"), "h").is_err());
        assert!(policy.agreed(&by("a", "h"), "h").is_err());
    }
}
