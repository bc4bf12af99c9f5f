//! Plan files: what is changed, of which application.
//!
//! * In: an application and changes.
//! * Out: the text of a plan.
//! * Never: writes a prediction; that is Kymo's business.
//!
//! Start at [`text`].

/// The application of a plan, as its recording names it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// Its service.
    pub(crate) service: String,
    /// Path of its control group.
    pub(crate) group: String,
    /// Processors of its host that it may use.
    pub(crate) cores: f64,
    /// Seconds that its users think, where known.
    pub(crate) think_s: Option<f64>,
    /// Seconds of the think time inside of the response time.
    pub(crate) think_inside_s: f64,
    /// Its cache, where the keys that were asked for are kept: as RON.
    pub(crate) cache: Option<String>,
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// The kind with its fields, as plans write it.
    pub(crate) kind: String,
    /// `Agent`, `Manual` or `ModelOnly`.
    pub(crate) execute: &'static str,
    /// `Runtime` or `Persistent`.
    pub(crate) scope: &'static str,
}

impl Action {
    /// One for the model: nobody carries it out.
    pub(crate) fn assumed(kind: String) -> Self {
        Self {
            kind,
            execute: "ModelOnly",
            scope: "Runtime",
        }
    }

    /// One that an agent carries out until the next restart.
    pub(crate) fn carried_out(kind: String) -> Self {
        Self {
            kind,
            execute: "Agent",
            scope: "Runtime",
        }
    }

    /// One that an agent writes where a restart finds it.
    pub(crate) fn kept(kind: String) -> Self {
        Self {
            kind,
            execute: "Agent",
            scope: "Persistent",
        }
    }

    /// More or less of the same load.
    pub(crate) fn load(ratio: f64) -> Self {
        Self::assumed(format!("LoadChange(ratio: {ratio:?})"))
    }
}

/// A setting of nginx.
pub(crate) fn nginx(key: &str, value: &str) -> Action {
    Action::kept(format!(
        "AppConfig(adapter: \"nginx\", instance: \"\", key: {}, value: {})",
        quoted(key),
        quoted(value)
    ))
}

/// A text as RON writes it.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Seconds to wait after each change.
const SETTLE_S: f64 = 2.0;

/// Writes a plan.
pub(crate) fn text(title: &str, subject: &Subject, actions: &[Action]) -> String {
    let think = match subject.think_s {
        Some(think_s) => format!("Some({think_s:?})"),
        None => "None".to_owned(),
    };
    let cache = match &subject.cache {
        Some(cache) => format!("Some({cache})"),
        None => "None".to_owned(),
    };
    let cpu = format!("cgroup.cpu.usage{{cgroup={}}}", subject.group);
    let one = |(i, it): (usize, &Action)| {
        let settle = if it.execute == "Agent" { SETTLE_S } else { 0.0 };
        format!(
            "    (id: \"a{}\", kind: {}, execute: {}, scope: {}, settle_s: {settle:?}),\n",
            i + 1,
            it.kind,
            it.execute,
            it.scope
        )
    };
    let actions: String = actions.iter().enumerate().map(one).collect();
    format!(
        "(\n  schema: 1,\n  id: \"{}\",\n  title: {},\n  author: \"experiments\",\n  \
         created: \"{}\",\n  baseline: (subject: (\n    service: {},\n    cpu: [{}],\n    \
         cores: Some({:?}),\n    think_s: {think},\n    think_inside_s: {:?},\n    \
         cache: {cache},\n  )),\n  \
         actions: [\n{actions}  ],\n)\n",
        id(title),
        quoted(title),
        jiff::Timestamp::now(),
        quoted(&subject.service),
        quoted(&cpu),
        subject.cores,
        subject.think_inside_s,
    )
}

/// Hexadecimal digits that differ for plans that differ.
fn id(title: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("{title} {}", jiff::Timestamp::now()));
    hash[..8].iter().map(|it| format!("{it:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_written_as_text_that_can_be_read() {
        let subject = Subject {
            service: "pgbench".to_owned(),
            group: "/experiments/e1".to_owned(),
            cores: 2.0,
            think_s: None,
            think_inside_s: 0.05,
            cache: None,
        };
        let text = text("a \"b\"", &subject, &[Action::load(1.5)]);
        let value: Result<ron::Value, _> = ron::from_str(&text);
        assert!(value.is_ok(), "{text}\n{value:?}");
        assert!(text.contains("kind: LoadChange(ratio: 1.5), execute: ModelOnly"));
        assert!(text.contains("cgroup.cpu.usage{cgroup=/experiments/e1}"));
    }
}
