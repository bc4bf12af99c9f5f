//! Whole values of a session, each field by what it means.

use std::collections::BTreeMap;

use super::{Category, Disguise, Kind, find, words};
use crate::annotation::Annotation;
use crate::catalog;
use crate::event::{Event, EventKind};
use crate::finding::{Finding, Kept, Said};
use crate::host::Host;
use crate::label::Label;
use crate::process::Process;
use crate::redact;
use crate::report::{ChartPin, Draft, Item, Rows, TablePin};
use crate::series::{Series, SeriesKey};
use crate::trace;

/// Shortest secret that is replaced wherever it stands.
const SECRET_MIN_BYTES: usize = 4;

impl Disguise {
    /// Learns the name of a recorded machine, before anything else.
    pub fn machine(&mut self, name: &str) {
        if !name.is_empty() && self.replaces(Kind::Host) && !self.writing {
            self.names.learn_machine(name);
        }
    }

    /// The name of a machine as a series or a finding calls it.
    pub fn host_name(&mut self, name: &str) -> String {
        if name.is_empty() || !self.replaces(Kind::Host) {
            return self.text(name);
        }
        if !self.writing {
            self.machine(name);
            return name.to_owned();
        }
        self.places[Category::Hosts as usize] += 1;
        self.token(Kind::Host, name)
    }

    /// What an agent said of its machine.
    pub fn host(&mut self, host: &Host) -> Host {
        Host {
            name: self.host_name(&host.name),
            os: self.text(&host.os),
            kernel: self.text(&host.kernel),
            arch: host.arch.clone(),
            cpu_model: self.text(&host.cpu_model),
            cpus: host.cpus,
            memory_bytes: host.memory_bytes,
            // Names one machine in the world, and is worth nothing to others.
            boot_id: match self.replaces(Kind::Host) {
                true => String::new(),
                false => host.boot_id.clone(),
            },
            agent_version: host.agent_version.clone(),
            agent_pid: host.agent_pid,
            capabilities: host.capabilities.iter().map(|it| self.prose(it)).collect(),
            limits: host.limits.iter().map(|it| self.prose(it)).collect(),
        }
    }

    /// The name of a series. Metrics of the catalog and keys stay.
    pub fn series_key(&mut self, key: &SeriesKey) -> SeriesKey {
        let host = self.host_name(&key.host);
        let metric = self.metric(&key.metric);
        let mut attributes = Vec::with_capacity(key.attributes.len());
        for (name, value) in &key.attributes {
            let value = self.attribute(name, value);
            attributes.push((self.key(name), value));
        }
        SeriesKey::new(host, metric, attributes)
    }

    /// A series; its unit, kind and polarity stay.
    pub fn series(&mut self, series: &Series) -> Series {
        Series {
            key: self.series_key(&series.key),
            unit: series.unit.clone(),
            kind: series.kind,
            polarity: series.polarity,
        }
    }

    fn metric(&mut self, name: &str) -> String {
        match catalog::find(name).is_some() {
            true => name.to_owned(),
            false => self.prose(name),
        }
    }

    fn key(&mut self, key: &str) -> String {
        match words::is_known_key(key) || key.len() < 3 {
            true => key.to_owned(),
            false => self.prose(key),
        }
    }

    /// The value of an attribute, by its key.
    pub fn attribute(&mut self, key: &str, value: &str) -> String {
        match words::kind_of_key(key) {
            Some(kind) => self.field(kind, value),
            None if key.contains("cgroup") => self.cgroup(value),
            None => self.secret_value(key, value),
        }
    }

    /// A value that is a secret as a whole if its key says so, else a text.
    fn secret_value(&mut self, key: &str, value: &str) -> String {
        let secret = redact::value(key, value) == redact::MARK && value != redact::MARK;
        // What is short or a number stands elsewhere by right, so it is only taken out here.
        let telling = value.len() >= SECRET_MIN_BYTES && value.parse::<f64>().is_err();
        match secret {
            true if telling => self.whole(Kind::Secret, value),
            true => redact::MARK.to_owned(),
            false => self.text(value),
        }
    }

    fn field(&mut self, kind: Kind, value: &str) -> String {
        match kind {
            Kind::Host => self.place(value),
            Kind::Command => self.command(value),
            Kind::Url
                if !value.starts_with('/') && !value.contains("://") && !value.contains('=') =>
            {
                self.text(value)
            }
            // What is called a statement may be its name.
            Kind::Sql if !value.contains(' ') => self.text(value),
            Kind::Mail if !value.contains('@') => self.whole(Kind::User, value),
            Kind::User if words::is_account(value) => self.account(value),
            Kind::User if value.contains('@') => self.whole(Kind::Mail, value),
            _ => self.whole(kind, value),
        }
    }

    /// A machine or an address, with a port or without.
    fn place(&mut self, value: &str) -> String {
        let port = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        let (name, rest) = match value.rsplit_once(':') {
            Some((name, number)) if port(number) && !name.contains(':') => {
                (name, &value[name.len()..])
            }
            _ => (value, ""),
        };
        let mut pieces = Vec::new();
        find::addresses(name, &mut pieces);
        let plain = !name.contains(|c: char| c.is_whitespace() || "/[]?=@".contains(c));
        if !pieces.is_empty() || !plain {
            return self.text(value);
        }
        format!("{}{rest}", self.whole(Kind::Host, name))
    }

    /// A command line: the program's name stays, and a token tells it apart from others.
    pub fn command(&mut self, line: &str) -> String {
        // Learned from also where the whole goes: who is named here may be named elsewhere.
        let text = self.text(line);
        let trimmed = line.trim();
        if !trimmed.contains(char::is_whitespace) || !self.replaces(Kind::Command) {
            return text;
        }
        let token = self.whole(Kind::Command, trimmed);
        let assigned = |it: &&str| it.contains('=') && !it.starts_with('-');
        let mut arguments = trimmed.split_whitespace();
        let first = arguments.find(|it| !assigned(it)).unwrap_or_default();
        let first = self.text(first);
        if !self.writing {
            return token;
        }
        let program = first
            .trim_matches(['"', '\'', ':'])
            .rsplit('/')
            .next()
            .unwrap_or_default();
        match program.is_empty() || program.starts_with('-') {
            true => token,
            false => format!("{program} {token}"),
        }
    }

    /// A process.
    pub fn process(&mut self, process: &Process) -> Process {
        Process {
            pid: process.pid,
            parent_pid: process.parent_pid,
            start_boot_ns: process.start_boot_ns,
            name: self.text(&process.name),
            command: self.command(&process.command),
            cgroup: self.cgroup(&process.cgroup),
            user_id: process.user_id.map(|it| self.user_id(it)),
        }
    }

    /// The path of a control group, which holds ids of containers.
    fn cgroup(&mut self, path: &str) -> String {
        let learning = !self.writing && self.replaces(Kind::Id);
        for id in find::containers(path).filter(|_| learning) {
            self.names.learn(Kind::Id, id);
        }
        self.text(path)
    }

    /// The number of an account; those of the system stay.
    fn user_id(&mut self, id: u32) -> u32 {
        let number = id.to_string();
        match words::is_account(&number) {
            true => self.account(&number).parse().unwrap_or(id),
            false => id,
        }
    }

    /// The number of somebody's account as text.
    fn account(&mut self, number: &str) -> String {
        self.whole(Kind::Uid, number)
    }

    /// Something that happened.
    pub fn event(&mut self, event: &Event) -> Event {
        let (before, after) = match event.kind {
            EventKind::Setting => (
                self.value(&event.subject, &event.before),
                self.value(&event.subject, &event.after),
            ),
            _ => (self.text(&event.before), self.text(&event.after)),
        };
        let subject = match event.kind {
            EventKind::Setting => self.setting_key(&event.subject),
            _ => self.text(&event.subject),
        };
        Event {
            at: event.at,
            kind: event.kind,
            subject,
            before,
            after,
            text: self.text(&event.text),
        }
    }

    fn value(&mut self, key: &str, value: &str) -> String {
        match words::kind_of_setting(key) {
            Some(kind) => self.field(kind, value),
            None if words::is_machine_setting(key) => self.text(value),
            None => self.secret_value(key, value),
        }
    }

    /// Settings of a machine. Two that become the same are both kept.
    pub fn settings(&mut self, settings: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut written = BTreeMap::new();
        for (key, value) in settings {
            let value = self.value(key, value);
            let mut name = self.setting_key(key);
            while written.contains_key(&name) {
                name.push('\'');
            }
            written.insert(name, value);
        }
        written
    }

    /// The key of a setting: names of the kernel's stay, paths and devices in it are texts.
    fn setting_key(&mut self, key: &str) -> String {
        let parts = words::parts_of_setting(key);
        let mut written = String::with_capacity(key.len());
        for (part, stays) in &parts {
            match stays {
                true => written.push_str(part),
                false if key.starts_with("cgroup ") => written.push_str(&self.cgroup(part)),
                false => written.push_str(&self.text(part)),
            }
        }
        let own = parts.iter().all(|(_, stays)| *stays);
        if own || self.writing && parts.len() > 1 && !key.contains(' ') {
            self.names.learn_key(&written);
        }
        let spaced = parts.iter().filter(|it| it.1 && key.contains(' '));
        for (part, _) in spaced {
            self.names.learn_key(part.trim());
        }
        written
    }

    /// A span of a trace.
    pub fn span(&mut self, span: &trace::Span) -> trace::Span {
        let mut attributes = Vec::with_capacity(span.attributes.len());
        for (key, value) in &span.attributes {
            let value = self.attribute(key, value);
            attributes.push((self.key(key).into(), value.into()));
        }
        trace::Span {
            service: self.prose(&span.service).into(),
            name: self.text(&span.name).into(),
            attributes,
            ..span.clone()
        }
    }

    /// A note.
    pub fn annotation(&mut self, note: &Annotation) -> Annotation {
        Annotation {
            text: self.text(&note.text),
            ..note.clone()
        }
    }

    /// A finding that cannot be derived anew; its id is that of the question it now is.
    pub fn finding(&mut self, finding: &Finding) -> Finding {
        let mut written = Finding {
            host: self.host_name(&finding.host),
            series: finding
                .series
                .iter()
                .map(|it| self.series_name(it))
                .collect(),
            statement: self.prose(&finding.statement),
            parameters: self.pairs(&finding.parameters),
            supports: finding.supports.iter().map(|it| self.prose(it)).collect(),
            against: finding.against.iter().map(|it| self.prose(it)).collect(),
            kind: self.prose(&finding.kind),
            ..finding.clone()
        };
        written.id = written.own_id();
        written
    }

    fn pairs(&mut self, pairs: &[(String, String)]) -> Vec<(String, String)> {
        let each = pairs.iter().map(|(key, value)| {
            let value = match value.contains(['/', '{']) {
                true => self.series_name(value),
                false => self.prose(value),
            };
            (key.clone(), value)
        });
        each.collect()
    }

    /// The name of a series as text.
    pub fn series_name(&mut self, name: &str) -> String {
        match name.parse::<SeriesKey>() {
            Ok(key) if self.names.is_machine(&key.host) => self.series_key(&key).to_string(),
            _ => self.prose(name),
        }
    }

    /// What is kept of findings: those chosen for the report and those said live, each by
    /// its words. Findings that can be derived anew are left to whoever has the data, and
    /// marks of what was expected are left to [`Disguise::expected`].
    pub fn kept(&mut self, kept: &Kept) -> Kept {
        Kept {
            kymo: String::new(),
            findings: Vec::new(),
            expected: Vec::new(),
            pinned: kept.pinned.iter().map(|it| self.finding(it)).collect(),
            drafts: kept.drafts.iter().map(|it| self.draft(it)).collect(),
            live: kept.live.as_ref().map(|said| Said {
                span: said.span,
                findings: said.findings.iter().map(|it| self.finding(it)).collect(),
            }),
        }
    }

    /// What people say of the whole session.
    pub fn label(&mut self, label: &Label) -> Label {
        Label {
            tags: label.tags.iter().map(|it| self.text(it)).collect(),
            note: self.text(&label.note),
            build: self.prose(&label.build),
        }
        .sound()
    }

    /// A report that somebody began.
    fn draft(&mut self, draft: &Draft) -> Draft {
        Draft {
            title: self.text(&draft.title),
            author: self.whole(Kind::User, &draft.author),
            scope: self.text(&draft.scope),
            hosts: draft.hosts.iter().map(|it| self.machines(it)).collect(),
            items: draft.items.iter().map(|it| self.item(it)).collect(),
            ..draft.clone()
        }
    }

    /// The name of a machine, or a pattern of names: that is widened to all.
    fn machines(&mut self, name: &str) -> String {
        match name.contains(['*', '?']) {
            true => "*".to_owned(),
            false => self.host_name(name),
        }
    }

    fn item(&mut self, item: &Item) -> Item {
        let names = |it: &mut Self, all: &[String]| -> Vec<String> {
            all.iter().map(|name| it.series_name(name)).collect()
        };
        match item {
            Item::Part(id) => Item::Part(id.clone()),
            Item::Heading(text) => Item::Heading(self.text(text)),
            Item::Text(text) => Item::Text(self.text(text)),
            Item::Chart(chart) => Item::Chart(ChartPin {
                title: self.text(&chart.title),
                series: names(self, &chart.series),
                ..chart.clone()
            }),
            Item::Table(table) => Item::Table(TablePin {
                title: self.text(&table.title),
                of: match &table.of {
                    Rows::Statistics(all) => Rows::Statistics(names(self, all)),
                    other => other.clone(),
                },
                ..table.clone()
            }),
        }
    }

    /// Why a stretch was to be expected.
    pub fn reason(&mut self, reason: &str) -> String {
        self.text(reason)
    }
}
