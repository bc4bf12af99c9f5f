//! Candidates and culprits as rows of tables, and the verdict as text.

use analysis::bottleneck::{Culprit, Interval, Judgment, Outcome, Who, limits};
use model::time::duration_text;
use model::unit::Unit;

use crate::inquiry::limits::Judged;
use crate::view::grid::{Cell, Form, Head, Row, Tone, Wide, head};
use crate::workspace::Item;

/// Every column of the candidates.
#[rustfmt::skip]
pub(super) const CANDIDATES: &[Head] = &[
    head(("Host", "", "Whose resource it is"), (Wide::Part(0.9), Form::Text)),
    head(("Resource", "", "What can limit"), (Wide::Part(1.2), Form::Text)),
    head(("Part", "", "The device or control group that it speaks of"), (Wide::Part(0.8), Form::Text)),
    head(("Verdict", "", "Whether it limits: used up, and tasks wait for it"), (Wide::Part(1.3), Form::Text)),
    head(("Score", "0 to 1", "From 0.5 on it limits"), (Wide::Digits(5), Form::Number)),
    head(("Limited", "time", "How long it limited within the window; when copied, in seconds with stricter and laxer thresholds"), (Wide::Digits(9), Form::Interval)),
    head(("In use", "share", "Utilization: how much was in use while it limited, else over the window"), (Wide::Digits(8), Form::Number)),
    head(("Waiting", "as named", "Saturation: how much waited in the same time"), (Wide::Digits(8), Form::Number)),
    head(("Errors", "count", "Errors counted in the window"), (Wide::Digits(6), Form::Number)),
    head(("Stalled", "share", "Pressure stall: share of the window in which some task waited for it"), (Wide::Digits(8), Form::Number)),
    head(("Lead or lag", "s", "How much later than the symptom rose (or the first stall came) it was saturated; negative: it was first"), (Wide::Digits(19), Form::Interval)),
    head(("Explains", "share", "Its share of the rise of the symptom, with 95 % interval; only where response times were recorded"), (Wide::Digits(22), Form::Interval)),
    head(("What waited", "", "What the saturation counts"), (Wide::Part(1.5), Form::Text)),
];

/// Columns of who makes the load.
#[rustfmt::skip]
pub(super) const CULPRITS: &[Head] = &[
    head(("Who", "", "A process or a control group; click shows its curve below, a double click draws it in Explore"), (Wide::Part(1.0), Form::Text)),
    head(("Sort", "", "Process, processes of one name, or control group"), (Wide::Digits(9), Form::Text)),
    head(("Pid", "", "Kernel process id; of many processes that of their parent"), (Wide::Digits(8), Form::Number)),
    head(("Share", "of the load", "Share of what was used of the resource"), (Wide::Digits(8), Form::Number)),
];

/// The columns that are shown; the copied table has the same form for every session.
pub(super) fn heads(hosts: usize, outcome: &Outcome) -> Vec<Head> {
    let parts = outcome.resources.iter().any(|it| !it.part.is_empty());
    let shares = outcome.resources.iter().any(|it| it.share.is_some());
    let lags = outcome.resources.iter().any(|it| it.lag.is_some());
    let heads = CANDIDATES.iter().map(|head| {
        let wide = match head.title {
            "Host" if hosts < 2 => Wide::Hidden,
            "Part" if !parts => Wide::Hidden,
            "Explains" if !shares => Wide::Hidden,
            "Lead or lag" if !lags => Wide::Hidden,
            _ => head.wide,
        };
        Head { wide, ..*head }
    });
    heads.collect()
}

/// What a row of the candidates is about.
pub(super) fn key(judgment: &Judgment) -> String {
    format!(
        "{}/{}/{}",
        judgment.host,
        judgment.resource.name(),
        judgment.part
    )
}

/// What a candidate is called in a title.
pub(super) fn title(judgment: &Judgment) -> String {
    match judgment.part.as_str() {
        "" => judgment.resource.title().to_owned(),
        part => format!("{} {part}", judgment.resource.title()),
    }
}

/// The rows of the candidates, in the order of the outcome.
pub(super) fn candidates(judged: &Judged) -> Vec<Row> {
    let all = judged.outcome.resources.iter().zip(&judged.stalled);
    all.map(|(it, stalled)| candidate(it, *stalled)).collect()
}

/// Sign, word and color of what is said of a resource.
fn verdict(judgment: &Judgment) -> (&'static str, Tone) {
    if judgment.limits() {
        ("‼ limits", Tone::Severe)
    } else if judgment.score >= limits::STILL_LIMITED {
        ("! close to it", Tone::Warning)
    } else if judgment.coverage <= 0.0 || judgment.score.is_nan() {
        ("? not measured", Tone::Weak)
    } else {
        ("• does not limit", Tone::Plain)
    }
}

fn candidate(it: &Judgment, stalled: f64) -> Row {
    let (word, tone) = verdict(it);
    let share = Unit::new("1");
    let amount = Unit::new(it.saturation_unit);
    let waited = match it.saturation.is_nan() {
        true => "",
        false => it.saturation_name.trim_end_matches(','),
    };
    let limited = match it.limited_seconds > 0.0 {
        true => duration_text(it.limited_seconds),
        false => "–".to_owned(),
    };
    let cells = vec![
        Cell::text(it.host.clone()),
        Cell::text(it.resource.name()),
        Cell::text(it.part.clone()),
        Cell::text(word).toned(tone),
        Cell::number(it.score, format!("{:.2}", it.score)),
        Cell::interval(it.limited_seconds, it.limited_between, limited.clone()),
        Cell::number(it.utilization, share.text(it.utilization)),
        Cell::number(it.saturation, amount.text(it.saturation)),
        Cell::number(it.errors, Unit::new("{error}").text(it.errors)),
        Cell::number(stalled, share.text(stalled)),
        interval(it.lag, &|value| format!("{value:+.1}")),
        interval(it.share, &|value| share.text(value)),
        Cell::text(waited).toned(Tone::Weak),
    ];
    let host = match it.host.as_str() {
        "" => String::new(),
        host => format!(" on {host}"),
    };
    Row {
        key: key(it),
        cells,
        spoken: format!(
            "{} {}{host}: {}, in use {}, limited {limited}",
            it.resource.name(),
            it.part,
            word.trim_start_matches(|c: char| !c.is_alphabetic()),
            share.text(it.utilization),
        ),
    }
}

fn interval(it: Option<Interval>, text: &dyn Fn(f64) -> String) -> Cell {
    match it {
        None => Cell::number(f64::NAN, "–"),
        Some(it) => Cell::interval(
            it.value,
            (it.lo, it.hi),
            format!("{} ({} to {})", text(it.value), text(it.lo), text(it.hi)),
        ),
    }
}

/// The rows of who makes the load.
pub(super) fn culprits(judgment: &Judgment) -> Vec<Row> {
    let all = judgment.culprits.iter();
    all.map(|it| {
        let share = Unit::new("1").text(it.share);
        let (who, sort, pid) = match &it.who {
            Who::Process { name, pid, count } => {
                let sort = match count {
                    1 => "process".to_owned(),
                    many => format!("{many} of them"),
                };
                (name.clone(), sort, f64::from(*pid))
            }
            Who::Cgroup(path) => (path.clone(), "cgroup".to_owned(), f64::NAN),
            Who::Operation(it) => {
                let sort = if it.call { "call" } else { "operation" };
                (it.text(), sort.to_owned(), f64::NAN)
            }
        };
        let shown = match pid.is_nan() {
            true => String::new(),
            false => format!("{pid:.0}"),
        };
        Row {
            key: blamed(it),
            cells: vec![
                Cell::text(who),
                Cell::text(sort).toned(Tone::Weak),
                Cell::number(pid, shown).toned(Tone::Weak),
                Cell::number(it.share, share.clone()),
            ],
            spoken: format!("{} made {share} of the load", blamed(it)),
        }
    })
    .collect()
}

/// Who is blamed, in words.
pub(super) fn blamed(culprit: &Culprit) -> String {
    match &culprit.who {
        Who::Process {
            name,
            pid,
            count: 1,
        } => format!("{name} ({pid})"),
        Who::Process { name, pid, count } => format!("{count} processes {name} (parent {pid})"),
        Who::Cgroup(path) => format!("control group {path}"),
        Who::Operation(operation) => operation.text(),
    }
}

/// The curve of a culprit, if it has one.
pub(super) fn item(judged: &Judged, judgment: &Judgment, culprit: &Culprit) -> Option<Item> {
    let key = (
        judgment.resource,
        judgment.host.clone(),
        culprit.who.clone(),
    );
    judged.curves.get(&key).cloned()
}

/// Why nobody is blamed.
pub(super) fn why_nobody(judgment: &Judgment) -> &'static str {
    match judgment.limits() {
        true => "Nobody stands out: no process or group made 5 % of it, or none was recorded.",
        false => "Nobody is blamed for what does not limit.",
    }
}

/// The whole verdict as text.
pub(super) fn told(judged: &Judged) -> String {
    let outcome = &judged.outcome;
    let mut text = format!(
        "{}\n{} to {}\nEvidence: {}\nCovered: {}\n",
        judged.sentence, outcome.span.from, outcome.span.to, judged.evidence, outcome.covered
    );
    for it in &outcome.resources {
        let (word, _) = verdict(it);
        text.push_str(&format!("\n{} {}: {word}\n", key(it), it.score));
        for (side, reasons) in [("For", &it.supports), ("Against", &it.against)] {
            for reason in reasons {
                text.push_str(&format!("{side}: {reason}\n"));
            }
        }
        for culprit in &it.culprits {
            text.push_str(&format!("By: {} {}\n", blamed(culprit), culprit.share));
        }
    }
    text
}
