//! The table of sessions: its columns and rows.

use model::time::duration_text;
use model::unit::Unit;
use workflow::library::{Entry, Facts, Standing};

use crate::plot::time_axis::Clock;
use crate::view::grid::{Cell, Form, Head, Row, Tone, Wide, head};

/// Less of the samples than this is to be looked at.
const WHOLE: f64 = 0.98;

pub(super) const HEADS: &[Head] = &[
    head(
        ("Session", "", "Title, else the file's name"),
        (Wide::Part(2.2), Form::Text),
    ),
    head(
        ("Begin", "", "First sample"),
        (Wide::Digits(19), Form::Text),
    ),
    head(
        ("Length", "", "From the first sample to the last"),
        (Wide::Digits(12), Form::Number),
    ),
    head(
        ("Hosts", "", "Names of the hosts"),
        (Wide::Part(1.0), Form::Text),
    ),
    head(
        (
            "Cadence",
            "",
            "Time between samples; of several hosts the longest",
        ),
        (Wide::Digits(8), Form::Number),
    ),
    head(
        (
            "Quality",
            "% there",
            "Samples there are over samples there should be, by the manifest; of several hosts the worst",
        ),
        (Wide::Digits(8), Form::Number),
    ),
    head(
        (
            "Findings",
            "severe",
            "Findings kept in the session, and how many are severe",
        ),
        (Wide::Digits(9), Form::Number),
    ),
    head(
        ("Build", "", "Build or version of what was recorded"),
        (Wide::Digits(10), Form::Text),
    ),
    head(
        ("Tags", "", "Words to find it by"),
        (Wide::Part(0.9), Form::Text),
    ),
    head(
        ("Note", "", "What is to be remembered, and what is damaged"),
        (Wide::Part(1.5), Form::Text),
    ),
    head(
        ("Size", "", "Size on disk"),
        (Wide::Digits(10), Form::Number),
    ),
];

/// The row of a session.
pub(super) fn row(entry: &Entry, clock: &Clock) -> Row {
    let key = entry.path.to_string_lossy().into_owned();
    let size = Cell::number(entry.bytes as f64, Unit::new("By").text(entry.bytes as f64));
    let name = Cell::short(entry.title(), &key);
    let (cells, spoken) = match &entry.standing {
        Standing::Refused(why) => {
            let why = Cell::text(why.as_str()).toned(Tone::Severe);
            let nothing = || Cell::text("–").toned(Tone::Weak);
            let mut cells = vec![name.toned(Tone::Severe)];
            cells.extend((0..8).map(|_| nothing()));
            cells.extend([why, size]);
            (cells, format!("session {}, cannot be read", entry.title()))
        }
        Standing::Read(facts) => {
            let mut cells = vec![name];
            cells.extend(of_facts(facts, clock));
            cells.push(size);
            (cells, format!("session {}", entry.title()))
        }
    };
    Row { key, cells, spoken }
}

fn of_facts(facts: &Facts, clock: &Clock) -> [Cell; 9] {
    let begin = crate::view::clock_text(clock, facts.span.from);
    let begin = begin.split('.').next().unwrap_or_default().to_owned();
    let length = facts.span.seconds();
    let cadence = facts.cadence_ns() as f64 / 1e9;
    let coverage = match facts.coverage() {
        None => Cell::number(f64::NAN, "–").toned(Tone::Weak),
        Some(share) => {
            let cell = Cell::number(share * 100.0, format!("{:.1}", share * 100.0));
            cell.toned(if share < WHOLE {
                Tone::Warning
            } else {
                Tone::Plain
            })
        }
    };
    let findings = match facts.findings {
        None => Cell::number(f64::NAN, "–").toned(Tone::Weak),
        Some(counts) => {
            let text = match counts.severe {
                0 => counts.total().to_string(),
                severe => format!("{} ({severe})", counts.total()),
            };
            let tone = if counts.severe > 0 {
                Tone::Severe
            } else {
                Tone::Plain
            };
            // Severe ones come first when sorted.
            let weight = counts.severe as f64 * 1e6 + counts.total() as f64;
            Cell::number(weight, text).toned(tone)
        }
    };
    let hosts = match facts.hosts_text() {
        names if names.is_empty() => Cell::text("imported").toned(Tone::Weak),
        names => Cell::text(names),
    };
    [
        Cell::number(facts.span.from.0 as f64, begin),
        Cell::number(length, duration_text(length)),
        hosts,
        Cell::number(cadence, duration_text(cadence)),
        coverage,
        findings,
        Cell::text(facts.label.build.as_str()),
        Cell::text(facts.label.tags.join(", ")),
        note(facts),
    ]
}

/// What is damaged comes before what is noted.
fn note(facts: &Facts) -> Cell {
    let note = facts.label.note.replace('\n', " ");
    match facts.damage.first() {
        Some(damage) => Cell::text(format!("damaged: {damage} {note}")).toned(Tone::Warning),
        None if facts.unfinished && note.is_empty() => {
            Cell::text("a folder: not packed into a file").toned(Tone::Weak)
        }
        None => Cell::text(note),
    }
}
