//! Tests of the exposition formats at the border of the module.
//!
//! Bodies in `fixtures/prometheus` come from real programs; `*.expected` beside each says
//! what was read. `UPDATE_EXPECT=1` rewrites those.

use std::fmt::Write;
use std::path::PathBuf;

use expect_test::expect_file;
use model::histogram::{Buckets, Histogram};

use super::{Form, Reader, Scrape};

mod export;
mod native;
mod text;

const FIXTURES: &[(&str, Form)] = &[
    ("client_golang.txt", Form::Text),
    ("client_golang.openmetrics", Form::OpenMetrics),
    ("client_golang.protobuf", Form::Protobuf),
    ("client_python.txt", Form::Text),
    ("client_python.openmetrics", Form::OpenMetrics),
    ("nginx_exporter.txt", Form::Text),
    ("node_exporter.txt", Form::Text),
    ("redis_exporter.txt", Form::Text),
    ("prometheus.txt", Form::Text),
    ("prometheus.protobuf", Form::Protobuf),
];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/prometheus")
        .join(name)
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).expect(name)
}

/// Reads one body of text with a fresh reader, and prints what was read.
fn text(body: &str, form: Form) -> String {
    let mut reader = Reader::new();
    match reader.read(body.as_bytes(), form) {
        Ok(scrape) => print(&reader, &scrape),
        Err(error) => format!("{error}\n"),
    }
}

/// One line for each thing that was read.
fn print(reader: &Reader, scrape: &Scrape) -> String {
    let mut out = String::new();
    let known = reader.series();
    let name = |place: usize| {
        let it = &known[place];
        let key = model::series::SeriesKey::new("", &it.metric, it.attributes.clone());
        format!("{:?} {key} [{}]", it.kind, it.unit)
    };
    for (i, (place, value)) in scrape.numbers.iter().enumerate() {
        let at = time_of(&scrape.number_times, i);
        writeln!(out, "{} = {value}{at}", name(*place)).expect("strings grow");
    }
    for (i, (place, it)) in scrape.histograms.iter().enumerate() {
        let at = time_of(&scrape.histogram_times, i);
        writeln!(out, "{} = {}{at}", name(*place), shape(it)).expect("strings grow");
    }
    for it in &scrape.exemplars {
        let at = it.at.map(|at| format!(" at {at}")).unwrap_or_default();
        let name = &known[it.series].metric;
        writeln!(out, "example of {name}: {} {:?}{at}", it.value, it.labels).expect("strings grow");
    }
    if let Some((line, why)) = &scrape.skipped.first {
        let lines = scrape.skipped.lines;
        writeln!(out, "{lines} skipped, first line {line}: {why}").expect("strings grow");
    }
    out
}

fn time_of(times: &[(usize, model::time::Moment)], place: usize) -> String {
    let found = times.iter().find(|(it, _)| *it == place);
    found.map(|(_, at)| format!(" at {at}")).unwrap_or_default()
}

fn shape(it: &Histogram) -> String {
    let mut text = format!("count {} sum {}", it.count, it.sum);
    match &it.buckets {
        Buckets::Explicit(it) => {
            write!(text, " bounds {:?} counts {:?}", it.bounds, it.counts).expect("strings grow");
        }
        Buckets::Exponential(it) => {
            let (plus, minus) = (&it.positive, &it.negative);
            write!(text, " scale {} zero {}", it.scale, it.zero).expect("strings grow");
            write!(text, " from {} {:?}", plus.first, plus.counts).expect("strings grow");
            if !minus.counts.is_empty() {
                write!(text, " below from {} {:?}", minus.first, minus.counts)
                    .expect("strings grow");
            }
        }
    }
    text
}

#[test]
fn bodies_of_real_programs_are_read() {
    for (name, form) in FIXTURES {
        let mut reader = Reader::new();
        let scrape = reader.read(&fixture(name), *form).expect(name);
        let mut out = print(&reader, &scrape);
        for it in reader.series().iter().take(2) {
            writeln!(out, "help of {}: {:?}", it.metric, it.help).expect("strings grow");
        }
        expect_file![path(&format!("{name}.expected"))].assert_eq(&out);
    }
}

#[test]
fn a_second_scrape_finds_every_place_again() {
    for (name, form) in FIXTURES {
        let mut reader = Reader::new();
        let body = fixture(name);
        let first = reader.read(&body, *form).expect(name);
        let known = reader.series().to_vec();
        let mut again = Scrape::default();
        for _ in 0..3 {
            reader.read_into(&body, *form, &mut again).expect(name);
            // Printed, since NaN differs from itself.
            assert_eq!(print(&reader, &first), print(&reader, &again), "{name}");
        }
        assert_eq!(known, reader.series(), "{name}");
    }
}

#[test]
fn a_cut_body_never_panics_and_invents_nothing() {
    for (name, form) in FIXTURES {
        let body = fixture(name);
        let mut reader = Reader::new();
        let whole = reader.read(&body, *form).expect(name);
        let all = print(&reader, &whole);
        for length in 0..body.len() {
            let Ok(part) = reader.read(&body[..length], *form) else {
                continue;
            };
            if *form == Form::Protobuf {
                continue;
            }
            // Whatever is told of a part is told of the whole; but a sum that was to come
            // after a cut between lines is missed by nobody.
            let open = |it: &&str| !it.contains("skipped") && !it.contains("sum NaN");
            for line in print(&reader, &part).lines().filter(open) {
                assert!(all.contains(line), "{name} up to {length}: {line}");
            }
        }
    }
}

#[test]
fn a_damaged_byte_never_panics() {
    const MASKS: [u8; 5] = [0x01, 0x20, 0x80, 0xff, 0x2a];
    for (name, form) in FIXTURES {
        let mut body = fixture(name);
        // One reader for all, so that what it remembers is damaged too.
        let mut reader = Reader::new();
        let mut scrape = Scrape::default();
        for place in 0..body.len() {
            let mask = MASKS[place % MASKS.len()];
            body[place] ^= mask;
            let read = reader.read_into(&body, *form, &mut scrape);
            let known = reader.series().len();
            assert!(scrape.numbers.iter().all(|(it, _)| *it < known));
            assert!(
                read.is_ok() || scrape.skipped.lines > 0,
                "{name} at {place}"
            );
            body[place] ^= mask;
        }
        let mut fresh = Reader::new();
        let expected = fresh.read(&body, *form).expect(name);
        reader.read_into(&body, *form, &mut scrape).expect(name);
        assert_eq!(scrape.numbers.len(), expected.numbers.len(), "{name}");
        assert_eq!(scrape.histograms.len(), expected.histograms.len(), "{name}");
    }
}
