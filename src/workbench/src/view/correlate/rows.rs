//! The pairs as rows of a table, and what is said of each.

use analysis::correlate::{FALSE_DISCOVERIES, Pair};
use model::time::duration_text;

use crate::inquiry::together::Found;
use crate::view::grid::{self, Cell, Form, Head, Row, Tone, Wide, head};

/// Every column.
#[rustfmt::skip]
pub(super) const HEADS: &[Head] = &[
    head(("Series", "", "Click shows the pair, a double click draws both in Explore"), (Wide::Part(2.2), Form::Text)),
    head(("Verdict", "", "Who moves first, as far as that can be told"), (Wide::Digits(16), Form::Text)),
    head(("Correlation", "−1 to 1", "Correlation of the surprises at the best lag; negative: against each other"), (Wide::Digits(8), Form::Number)),
    head(("Lag", "s", "How much later this series moves; negative: it moves first; with the interval in which the lag is believed to lie"), (Wide::Digits(21), Form::Interval)),
    head(("q-value", "share", "Share of false discoveries when all pairs that are at most as doubtful are believed"), (Wide::Digits(7), Form::Number)),
    head(("Rows", "in common", "Rows that both have a value for at that lag"), (Wide::Digits(7), Form::Number)),
];

/// The rows, those that survive first.
pub(super) fn all(found: &Found, hosts: usize) -> Vec<Row> {
    found.pairs().map(|it| row(found, it, hosts)).collect()
}

/// What is said of a pair, in words.
pub(super) fn verdict(pair: &Pair) -> (&'static str, Tone) {
    let (lo, hi) = pair.lag_interval;
    if pair.q_value > FALSE_DISCOVERIES {
        ("not enough evidence", Tone::Weak)
    } else if hi < 0.0 {
        ("leads", Tone::Plain)
    } else if lo > 0.0 {
        ("follows", Tone::Plain)
    } else if pair.sign() < 0 {
        ("moves against", Tone::Plain)
    } else {
        ("moves together", Tone::Plain)
    }
}

fn row(found: &Found, it: &Pair, hosts: usize) -> Row {
    let name = found
        .other(it)
        .map_or_else(|| it.series.clone(), |key| grid::short_name(key, hosts));
    let (word, tone) = verdict(it);
    let (lo, hi) = it.lag_interval;
    let lag = format!("{:+.1} ({lo:+.1} to {hi:+.1})", it.lag_seconds);
    let q = match it.q_value < 1e-4 {
        true => "<0.0001".to_owned(),
        false => format!("{:.4}", it.q_value),
    };
    Row {
        key: it.series.clone(),
        cells: vec![
            Cell::short(name, it.series.clone()).toned(tone),
            Cell::text(word).toned(tone),
            Cell::number(it.r, format!("{:+.2}", it.r)).toned(tone),
            Cell::interval(it.lag_seconds, (lo, hi), lag).toned(tone),
            Cell::number(it.q_value, q).toned(tone),
            Cell::number(it.rows as f64, it.rows.to_string()).toned(Tone::Weak),
        ],
        spoken: format!("{}: {word}, correlation {:+.2}", it.series, it.r),
    }
}

/// What is said of a pair in a sentence.
pub(super) fn sentence(pair: &Pair) -> String {
    let (lo, hi) = pair.lag_interval;
    let between = |a: f64, b: f64| format!("{} to {}", duration_text(a), duration_text(b));
    let size = duration_text(pair.lag_seconds.abs());
    let way = match pair.sign() {
        1 => "the same way",
        _ => "the other way",
    };
    match verdict(pair).0 {
        "not enough evidence" => "Not enough evidence that it moves with the other.".to_owned(),
        "leads" => format!("It moves {way}, {size} earlier ({}).", between(-hi, -lo)),
        "follows" => format!("It moves {way}, {size} later ({}).", between(lo, hi)),
        _ => format!(
            "It moves {way}; who is first cannot be told ({}).",
            between(lo, hi)
        ),
    }
}
