//! What is written reads back.

use expect_test::expect;
use model::catalog::Kind;
use model::histogram::{Histogram, Row};
use model::time::Moment;
use model::unit::Unit;

use super::super::{Form, Known, Points, Reader, Scrape, Written, write};
use super::{FIXTURES, fixture, text};

const AT: [i64; 3] = [1_000_000_000, 2_000_000_000, 3_500_000_000];

fn row(at: i64, values: &[f64]) -> Row {
    let mut histogram = Histogram::default();
    values.iter().for_each(|value| histogram.record(*value));
    Row {
        at: Moment(at),
        width_ns: 1_000_000_000,
        active_s: f64::NAN,
        histogram,
    }
}

fn attributes(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = pairs.iter().map(|(key, value)| (*key, *value));
    owned
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn names_become_legal_and_say_their_unit() {
    let names = [
        ("system.cpu.time", "s", Kind::Counter),
        ("system.memory.usage", "By", Kind::Gauge),
        ("memory_bytes", "By", Kind::Gauge),
        ("http.requests", "{request}", Kind::Counter),
        ("http_requests_total", "1", Kind::Counter),
        ("cache.hits", "1", Kind::Gauge),
        ("disk.speed", "By/s", Kind::Gauge),
        ("room", "Cel", Kind::Gauge),
        ("seconds", "s", Kind::Gauge),
        ("9 lives!!of_cats", "{value}", Kind::Gauge),
        ("größe", "furlong", Kind::Gauge),
    ];
    let units: Vec<Unit> = names.iter().map(|(_, unit, _)| Unit::new(unit)).collect();
    let written: Vec<Written<'_>> = names
        .iter()
        .zip(&units)
        .map(|((metric, _, kind), unit)| Written {
            metric,
            attributes: &[],
            unit,
            kind: *kind,
            help: "",
            points: Points::Numbers {
                at: &AT[..1],
                values: &[1.0],
            },
        })
        .collect();
    let mut out = String::new();
    write(&written, &mut out);
    let samples: Vec<&str> = out.lines().filter(|it| !it.starts_with('#')).collect();
    expect![[r#"
        system_cpu_time_seconds_total 1 1000
        system_memory_usage_bytes 1 1000
        memory_bytes 1 1000
        http_requests_total 1 1000
        cache_hits_ratio 1 1000
        disk_speed_bytes_per_second 1 1000
        room_celsius 1 1000
        seconds 1 1000
        _9_lives_of_cats 1 1000
        gr_e_furlong 1 1000"#]]
    .assert_eq(&{
        let mut unique = samples.clone();
        unique.dedup();
        unique.join("\n")
    });
}

#[test]
fn families_are_written_whole_with_escapes() {
    let unit = Unit::new("s");
    let odd = attributes(&[("a.b", "1"), ("a_b", "2"), ("path", "\"\\\n")]);
    let plain = attributes(&[("path", "/")]);
    let one = Written {
        metric: "op.time",
        attributes: &odd,
        unit: &unit,
        kind: Kind::Gauge,
        help: "Two\nlines \\ here.",
        points: Points::Numbers {
            at: &AT,
            values: &[0.1, f64::NAN, f64::INFINITY],
        },
    };
    let rows = [row(AT[0], &[0.5, 1.0]), row(AT[1], &[3.0]), row(AT[2], &[])];
    let histogram = Written {
        attributes: &plain,
        points: Points::Rows(&rows),
        ..one
    };
    let mut out = String::new();
    write(
        &[
            one,
            histogram,
            Written {
                attributes: &plain,
                ..one
            },
        ],
        &mut out,
    );
    expect![[r##"
        # HELP op_time_seconds Two\nlines \\ here.
        # TYPE op_time_seconds gauge
        op_time_seconds{a_b="1;2",path="\"\\\n"} 0.1 1000
        op_time_seconds{a_b="1;2",path="\"\\\n"} +Inf 3500
        op_time_seconds{path="/"} 0.1 1000
        op_time_seconds{path="/"} +Inf 3500
        # HELP op_time_seconds_histogram Two\nlines \\ here.
        # TYPE op_time_seconds_histogram histogram
        op_time_seconds_histogram_bucket{path="/",le="0.5"} 1 1000
        op_time_seconds_histogram_bucket{path="/",le="1"} 2 1000
        op_time_seconds_histogram_bucket{path="/",le="3.0844216508158815"} 2 1000
        op_time_seconds_histogram_bucket{path="/",le="+Inf"} 2 1000
        op_time_seconds_histogram_sum{path="/"} 1.5 1000
        op_time_seconds_histogram_count{path="/"} 2 1000
        op_time_seconds_histogram_bucket{path="/",le="0.5"} 1 2000
        op_time_seconds_histogram_bucket{path="/",le="1"} 2 2000
        op_time_seconds_histogram_bucket{path="/",le="3.0844216508158815"} 3 2000
        op_time_seconds_histogram_bucket{path="/",le="+Inf"} 3 2000
        op_time_seconds_histogram_sum{path="/"} 4.5 2000
        op_time_seconds_histogram_count{path="/"} 3 2000
        op_time_seconds_histogram_bucket{path="/",le="0.5"} 1 3500
        op_time_seconds_histogram_bucket{path="/",le="1"} 2 3500
        op_time_seconds_histogram_bucket{path="/",le="3.0844216508158815"} 3 3500
        op_time_seconds_histogram_bucket{path="/",le="+Inf"} 3 3500
        op_time_seconds_histogram_sum{path="/"} 4.5 3500
        op_time_seconds_histogram_count{path="/"} 3 3500
    "##]]
    .assert_eq(&out);
    let read = text(&out, Form::Text);
    assert!(!read.contains("skipped"), "{read}");
    assert_eq!(read.lines().filter(|it| it.contains("count")).count(), 3);
}

/// Writes a scrape as one moment.
fn written(known: &[Known], scrape: &Scrape) -> String {
    let numbers: Vec<_> = scrape
        .numbers
        .iter()
        .map(|(place, it)| (*place, [*it]))
        .collect();
    let rows: Vec<_> = scrape
        .histograms
        .iter()
        .map(|(place, histogram)| {
            let histogram = histogram.clone();
            let empty = row(AT[0], &[]);
            (*place, [Row { histogram, ..empty }])
        })
        .collect();
    let series = |place: usize, points| Written {
        metric: &known[place].metric,
        attributes: &known[place].attributes,
        unit: &known[place].unit,
        kind: known[place].kind,
        help: &known[place].help,
        points,
    };
    let of_numbers = numbers.iter().map(|(place, values)| {
        let at = &AT[..1];
        series(*place, Points::Numbers { at, values })
    });
    let of_rows = rows
        .iter()
        .map(|(place, rows)| series(*place, Points::Rows(rows)));
    let all: Vec<_> = of_numbers.chain(of_rows).collect();
    let mut out = String::new();
    write(&all, &mut out);
    out
}

#[test]
fn bodies_survive_writing_and_reading() {
    for (name, form) in FIXTURES {
        let mut reader = Reader::new();
        let scrape = reader.read(&fixture(name), *form).expect(name);
        let once = written(reader.series(), &scrape);

        let mut second = Reader::new();
        let again = second.read(once.as_bytes(), Form::Text).expect(name);
        assert_eq!(again.skipped.lines, 0, "{name}: {:?}", again.skipped);
        let count = scrape.numbers.iter().filter(|(_, it)| !it.is_nan()).count();
        assert_eq!(again.numbers.len(), count, "{name}");
        assert_eq!(again.histograms.len(), scrape.histograms.len(), "{name}");
        let total = |scrape: &Scrape| {
            let numbers = scrape.numbers.iter().filter(|(_, it)| it.is_finite());
            let counts: u64 = scrape.histograms.iter().map(|(_, it)| it.count).sum();
            (numbers.map(|(_, it)| *it).sum::<f64>().to_string(), counts)
        };
        assert_eq!(total(&again).1, total(&scrape).1, "{name}");
        assert_eq!(written(second.series(), &again), once, "{name}");
    }
}
