//! Which settings differ between two sides.
//!
//! Start at [`settings`].

use std::collections::{BTreeMap, BTreeSet};

use model::event::EventKind;
use model::time::Moment;

use super::side::Side;

/// A setting that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingChange {
    /// Host and key, or the key alone where both sides have one host.
    pub key: String,
    /// Value before; `None` where it was not there.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

/// Settings at the end of each side that differ.
pub(super) fn settings(before: &Side, after: &Side, by_name: bool) -> Vec<SettingChange> {
    let (old, new) = (settings_of(before, by_name), settings_of(after, by_name));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key));
    changed
        .map(|key| SettingChange {
            key: key.clone(),
            before: old.get(key).cloned(),
            after: new.get(key).cloned(),
        })
        .collect()
}

/// What was set when the window of the first run ended.
fn settings_of(side: &Side, by_name: bool) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let Some((input, window)) = side.runs.first() else {
        return all;
    };
    let Some(stored) = &input.stored else {
        return all;
    };
    let name = |host: &str, key: &str| match by_name {
        true => key.to_owned(),
        false => format!("{host}/{key}"),
    };
    for facts in stored.hosts() {
        for (key, value) in stored.settings(&facts.name) {
            all.insert(name(&facts.name, key), value.clone());
        }
    }
    let end = window.map_or(Moment(i64::MAX), |it| it.to);
    let events = stored.events().iter();
    for (host, event) in events.filter(|(_, it)| it.kind == EventKind::Setting && it.at < end) {
        all.insert(name(host, &event.subject), event.after.clone());
    }
    all
}
