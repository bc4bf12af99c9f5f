//! The ledger as CSV: one row a prediction, with its last comparable outcome.

use std::collections::BTreeMap;

use super::{Entry, Ledger, Outcome};

/// The columns.
const HEADER: &str = "id,plan,predicted,metric,unit,p10,p50,p90,class,model,inputs_hash,\
                      session,measured,value,inside,error";

/// The whole ledger, with a header row; lines end with a line feed.
///
/// # Source
///
/// RFC 4180 for quotes.
pub fn csv(ledger: &Ledger) -> String {
    let answered = ledger.answered();
    let outcomes: BTreeMap<&str, &Outcome> = answered
        .iter()
        .map(|(_, outcome)| (outcome.of.as_str(), *outcome))
        .collect();
    let mut text = format!("{HEADER}\n");
    for entry in ledger.entries() {
        let id = entry.id();
        text.push_str(&row(entry, &id, outcomes.get(id.as_str()).copied()));
        text.push('\n');
    }
    text
}

fn row(entry: &Entry, id: &str, outcome: Option<&Outcome>) -> String {
    let number = |it: Option<f64>| it.map_or(String::new(), |it| it.to_string());
    let mut cells = vec![
        id.to_owned(),
        quoted(&entry.plan),
        entry.at.to_string(),
        quoted(&entry.metric),
        quoted(&entry.unit),
        number(entry.p10),
        number(entry.p50),
        number(entry.p90),
        entry.class.letter().to_owned(),
        quoted(&entry.model),
        quoted(&entry.inputs_hash),
        quoted(&entry.session),
    ];
    match outcome {
        Some(it) => cells.extend([
            it.at.to_string(),
            it.value.to_string(),
            it.inside.map_or(String::new(), |it| it.to_string()),
            number(it.error),
        ]),
        None => cells.extend([(); 4].map(|()| String::new())),
    }
    cells.join(",")
}

fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
