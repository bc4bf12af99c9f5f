//! What both text forms mean, case by case.

use expect_test::{Expect, expect};
use model::catalog::{Kind, Polarity};
use model::histogram::Buckets;

use super::super::{
    ACCEPT, ACCEPT_WITH_NATIVE, Form, LABELS_MAX, Reader, SERIES_MAX, TEXT_BYTES_MAX, sniff,
};
use super::{FIXTURES, fixture, print, text};

fn check(body: &str, form: Form, expected: Expect) {
    expected.assert_eq(&text(body, form));
}

#[test]
fn content_types_name_the_form() {
    let protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
        encoding=delimited";
    for (header, form) in [
        ("text/plain; version=0.0.4; charset=utf-8", Some(Form::Text)),
        ("TEXT/PLAIN", Some(Form::Text)),
        (
            "application/openmetrics-text; version=1.0.0",
            Some(Form::OpenMetrics),
        ),
        (protobuf, Some(Form::Protobuf)),
        ("application/vnd.google.protobuf; encoding=text", None),
        ("text/html", None),
        ("", None),
    ] {
        assert_eq!(Form::of_content_type(header), form, "{header}");
    }
    assert_eq!(Form::of_text(b"a 1\n# EOF\n"), Form::OpenMetrics);
    assert_eq!(Form::of_text(b"a 1\n"), Form::Text);
    for accept in [ACCEPT, ACCEPT_WITH_NATIVE] {
        let forms: Vec<_> = accept
            .split(',')
            .filter_map(Form::of_content_type)
            .collect();
        for form in [Form::Text, Form::OpenMetrics, Form::Protobuf] {
            assert!(forms.contains(&form), "{accept}");
        }
    }
}

#[test]
fn lines_are_read_however_they_are_spaced() {
    check(
        "\n  plain 5\r\n\ttabs\t{ a = \"1\" , b=\"2\", }\t-1.5e3\t-1700000000123 \n\
         \"not a name\" 5\nempty{} 1\nabsent{a=\"\"} NaN\nup{a=\"}{,=\\\"\\\\\\n\\t\"} +Inf\nlast 3",
        Form::Text,
        expect![[r#"
            Gauge plain [{value}] = 5
            Gauge tabs{a=1,b=2} [{value}] = -1500 at 1916-02-18T01:46:39.877Z
            Gauge empty [{value}] = 1
            Gauge absent [{value}] = NaN
            Gauge up{a=\}{\,="\\
            \\t} [{value}] = inf
            2 skipped, first line 4: the name of the metric is not legal
        "#]],
    );
}

#[test]
fn names_of_any_letters_are_quoted() {
    check(
        "# TYPE \"http.server.duration\" counter\n# HELP \"http.server.duration\" Time.\n\
         {\"http.server.duration\",\"http.route\"=\"/\",plain=\"ä\"} 4\n{\"größe\"} 1\n\
         {a=\"no name\"} 1\n{\"two\",\"names\"} 1\n",
        Form::Text,
        expect![[r#"
            Counter http.server.duration{http.route=/,plain=ä} [{value}] = 4
            Gauge größe [{value}] = 1
            2 skipped, first line 5: the name of the metric is not legal
        "#]],
    );
}

#[test]
fn what_is_damaged_is_told_and_the_rest_is_read() {
    check(
        "good 1\nbad one\nbad{a=1} 2\nbad{a=\"1\" b=\"2\"} 2\nbad{a=\"1\",a=\"2\"} 2\nbad{a=\"1\"\n\
         bad 1 noon\n# TYPE x colour\n9bad 1\ntwice 1\ntwice 2\nfine 2\n",
        Form::Text,
        expect![[r#"
            Gauge good [{value}] = 1
            Gauge twice [{value}] = 1
            Gauge fine [{value}] = 2
            9 skipped, first line 2: the value is no number
        "#]],
    );
}

#[test]
fn other_text_is_no_exposition() {
    check(
        "<html>\n<body>not found</body>\n",
        Form::Text,
        expect![[r#"
            could not read metrics: line 1: not a name with labels and a value
        "#]],
    );
    check("", Form::Text, expect![""]);
    check(
        "<html>",
        Form::Protobuf,
        expect![[r#"
            could not read metrics: line 1: the text was cut here
        "#]],
    );
}

#[test]
fn open_metrics_ends_where_it_says() {
    check(
        "# TYPE a counter\na_total 1\na_created 5\n# EOF\nb 2\n",
        Form::OpenMetrics,
        expect![[r#"
            Counter a_total [{value}] = 1
            1 skipped, first line 5: something follows the end
        "#]],
    );
    check(
        "a 1\n",
        Form::OpenMetrics,
        expect![[r#"
            Gauge a [{value}] = 1
            1 skipped, first line 1: the text was cut here
        "#]],
    );
    check("# EOF", Form::OpenMetrics, expect![""]);
}

#[test]
fn units_come_from_comments_or_names() {
    check(
        "# TYPE speed gauge\n# UNIT speed meters_per_second\nspeed 1\n\
         # TYPE jobs gauge\n# UNIT jobs loads\njobs 1\nwall_seconds_total 1\nused_bytes 1\n\
         hit_ratio 1\nroom_celsius 1\nline_volts 1\nused_joules_total 1\nsent_bytes_per_second 1\n\
         seconds 1\ncount 1\n# EOF\n",
        Form::OpenMetrics,
        expect![[r#"
            Gauge speed [m/s] = 1
            Gauge jobs [{loads}] = 1
            Gauge wall_seconds_total [s] = 1
            Gauge used_bytes [By] = 1
            Gauge hit_ratio [1] = 1
            Gauge room_celsius [Cel] = 1
            Gauge line_volts [V] = 1
            Gauge used_joules_total [J] = 1
            Gauge sent_bytes_per_second [By/s] = 1
            Gauge seconds [{value}] = 1
            Gauge count [{value}] = 1
        "#]],
    );
}

#[test]
fn buckets_may_come_in_any_order_and_mixed() {
    check(
        "# TYPE t histogram\nt_bucket{le=\"+Inf\",a=\"1\"} 10\nt_bucket{a=\"2\",le=\"1\"} 1\n\
         t_count{a=\"2\"} 4\nt_bucket{a=\"1\",le=\"5.0\"} 7\nt_sum{a=\"1\"} 50\n\
         t_bucket{a=\"2\",le=\"0.5\"} 1\nt_bucket{a=\"1\",le=\"1e0\"} 3\nt_count{a=\"1\"} 10\n",
        Form::Text,
        expect![[r#"
            Histogram t{a=1} [{value}] = count 10 sum 50 bounds [1.0, 5.0] counts [3, 4, 3]
            Histogram t{a=2} [{value}] = count 4 sum NaN bounds [0.5, 1.0] counts [1, 0, 3]
        "#]],
    );
}

#[test]
fn damaged_histograms_are_left_out() {
    check(
        "# TYPE t histogram\nt_bucket{a=\"falls\",le=\"1\"} 5\nt_bucket{a=\"falls\",le=\"+Inf\"} 3\n\
         t_bucket{a=\"no count\",le=\"1\"} 5\nt_bucket{a=\"no bound\"} 5\n\
         t_bucket{a=\"NaN\",le=\"+Inf\"} NaN\nt_bucket{a=\"odd\",le=\"x\"} 5\n\
         t_bucket{a=\"fine\",le=\"+Inf\"} 2\n",
        Form::Text,
        expect![[r#"
            Histogram t{a=fine} [{value}] = count 2 sum NaN bounds [] counts [2]
            5 skipped, first line 2: the counts of the histogram are damaged
        "#]],
    );
}

#[test]
fn a_histogram_that_was_cut_is_left_out() {
    check(
        "# TYPE t histogram\nt_count 9\nt_bucket{le=\"1\"} 5\nt_bucket{le=\"2\"} 7",
        Form::Text,
        expect![[r#"
            1 skipped, first line 4: the text was cut here
        "#]],
    );
}

#[test]
fn a_file_may_hold_several_moments() {
    check(
        "# TYPE t histogram\nt_bucket{le=\"1\"} 1 10\nt_bucket{le=\"+Inf\"} 2 10\nt_sum 3 10\n\
         t_bucket{le=\"1\"} 2 11.5\nt_bucket{le=\"+Inf\"} 4 11.5\nt_sum 5 11.5\n\
         # TYPE g gauge\ng 1 10\ng 2 11.5\n# EOF\n",
        Form::OpenMetrics,
        expect![[r#"
            Gauge g [{value}] = 1 at 1970-01-01T00:00:10Z
            Gauge g [{value}] = 2 at 1970-01-01T00:00:11.5Z
            Histogram t [{value}] = count 2 sum 3 bounds [1.0] counts [1, 1] at 1970-01-01T00:00:10Z
            Histogram t [{value}] = count 4 sum 5 bounds [1.0] counts [2, 2] at 1970-01-01T00:00:11.5Z
        "#]],
    );
}

#[test]
fn exemplars_are_read_with_and_without_time() {
    check(
        "# TYPE c counter\nc_total 3 # {trace_id=\"a # b\"} 1\nc_total{x=\"1\"} 3 5 # {} 1.5 4.25\n\
         c_total{x=\"2\"} 3 # {broken 1\n# EOF\n",
        Form::OpenMetrics,
        expect![[r#"
            Counter c_total [{value}] = 3
            Counter c_total{x=1} [{value}] = 3 at 1970-01-01T00:00:05Z
            Counter c_total{x=2} [{value}] = 3
            example of c_total: 1 [("trace_id", "a # b")]
            example of c_total: 1.5 [] at 1970-01-01T00:00:04.25Z
            1 skipped, first line 4: the exemplar is not legal
        "#]],
    );
}

#[test]
fn places_stay_when_series_come_go_and_move() {
    let mut reader = Reader::new();
    let bodies = [
        "a 1\nb 2\nc{x=\"1\",y=\"2\"} 3\n",
        "c{y=\"2\",x=\"1\"} 4\na 5\n",
        "new 0\nb 6\na 7\nlater 1\nc{x=\"1\",y=\"2\"} 8\n",
        "a 1\nb 2\nc{x=\"1\",y=\"2\"} 3\n",
    ];
    let mut places = Vec::new();
    for body in bodies {
        let scrape = reader.read(body.as_bytes(), Form::Text).expect("legal");
        assert_eq!(scrape.skipped.lines, 0);
        places.push(scrape.numbers);
    }
    assert_eq!(places[1], [(2, 4.0), (0, 5.0)]);
    assert_eq!(
        places[2],
        [(3, 0.0), (1, 6.0), (0, 7.0), (4, 1.0), (2, 8.0)]
    );
    assert_eq!(places[0], places[3]);
    assert_eq!(reader.series().len(), 5);
}

#[test]
fn a_metric_that_changes_its_type_is_another_series() {
    let mut reader = Reader::new();
    let kinds = ["counter", "gauge", "counter"].map(|sort| {
        let body = format!("# TYPE a {sort}\na 1\nb 1\n");
        let scrape = reader.read(body.as_bytes(), Form::Text).expect("legal");
        let place = scrape.numbers[0].0;
        (place, reader.series()[place].kind)
    });
    assert_eq!(
        kinds,
        [(0, Kind::Counter), (2, Kind::Gauge), (0, Kind::Counter)]
    );
}

#[test]
fn a_type_stays_in_force_until_it_is_told_anew() {
    let mut reader = Reader::new();
    let bodies: [&[u8]; 2] = [b"# TYPE a counter\na 1\n", b"b 1\na 2\n"];
    for body in bodies {
        reader.read(body, Form::Text).expect("legal");
    }
    let kinds: Vec<_> = reader.series().iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::Counter, Kind::Gauge]);
}

#[test]
fn new_bounds_replace_the_old_ones() {
    let mut reader = Reader::new();
    let mut bounds = Vec::new();
    for les in [["1", "2"], ["1", "3"], ["1", "2"]] {
        let mut body = "# TYPE t histogram\n".to_owned();
        for (count, le) in les.iter().enumerate() {
            body.push_str(&format!("t_bucket{{le=\"{le}\"}} {count}\n"));
        }
        body.push_str("t_count 5\n");
        let scrape = reader.read(body.as_bytes(), Form::Text).expect("legal");
        let Buckets::Explicit(it) = &scrape.histograms[0].1.buckets else {
            panic!("classic");
        };
        assert_eq!(it.counts, [0, 1, 4]);
        bounds.push(it.bounds.to_vec());
    }
    assert_eq!(bounds, [[1.0, 2.0], [1.0, 3.0], [1.0, 2.0]]);
}

#[test]
fn what_grows_without_end_is_bounded_and_told() {
    let mut reader = Reader::new();
    let many: String = (0..SERIES_MAX + 7)
        .map(|i| format!("m{{i=\"{i}\"}} 1\n"))
        .collect();
    for _ in 0..2 {
        let scrape = reader.read(many.as_bytes(), Form::Text).expect("legal");
        assert_eq!(scrape.numbers.len(), SERIES_MAX);
        assert_eq!(scrape.skipped.lines, 7);
        let first = scrape.skipped.first.expect("told");
        assert_eq!(
            first,
            (SERIES_MAX as u64 + 1, "more than 50000 series".to_owned())
        );
    }
    let labels: Vec<String> = (0..=LABELS_MAX).map(|i| format!("l{i}=\"1\"")).collect();
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let body = format!(
        "a{{{}}} 1\na{{l=\"{long}\"}} 1\n{long} 1\nok 1\n",
        labels.join(",")
    );
    let mut fresh = Reader::new();
    let scrape = fresh.read(body.as_bytes(), Form::Text).expect("legal");
    assert_eq!((scrape.numbers.len(), scrape.skipped.lines), (1, 3));
}

#[test]
fn names_say_of_what_more_is_worse() {
    let mut reader = Reader::new();
    let body = b"http_errors_total 1\nhttp_requests_total 1\ndb_query_duration_seconds 1\n";
    reader.read(body, Form::Text).expect("legal");
    let polarities: Vec<_> = reader.series().iter().map(|it| it.polarity).collect();
    let worse = Polarity::HigherIsWorse;
    assert_eq!(polarities, [worse, Polarity::Neutral, worse]);
}

#[test]
fn counts_of_classic_histograms_survive() {
    for (name, form) in FIXTURES {
        let mut reader = Reader::new();
        let scrape = reader.read(&fixture(name), *form).expect(name);
        for (_, histogram) in &scrape.histograms {
            let mut sum = 0;
            histogram.each(|cell| sum += cell.count);
            assert_eq!(sum, histogram.count, "{name}");
        }
    }
}

#[test]
fn exposition_is_told_from_other_text() {
    for (name, form) in FIXTURES {
        assert_eq!(sniff(&fixture(name)), *form != Form::Protobuf, "{name}");
    }
    for body in [
        "up{job=\"a\"} 1\nup{job=\"b\"} 0\nup{job=\"c\"} 1 1700000000000\n",
        "# HELP up Whether it answers.\nup 1\n",
        "# TYPE up gauge\n",
    ] {
        assert!(sniff(body.as_bytes()), "{body}");
    }
    for body in [
        "time,value\n1,2\n",
        "time value\n1 2\n",
        "cpu 12\nmem 5\ndisk 7\n",
        "# a comment\ncpu 12\nmem 5\n",
        "# HELP me with this\nplease do\n",
        "# HELP me with this\n",
        "up{job=\"a\"} 1\nup{job=\"b\"} 0\n",
        "{\"time\": 1}\n{\"time\": 2}\n",
        "127.0.0.1 - - [27/Nov/2026:05:19:37 +0000] \"GET / HTTP/1.1\" 200 57\n",
        "",
        "\n\n",
    ] {
        assert!(!sniff(body.as_bytes()), "{body}");
    }
}

#[test]
fn one_reader_reads_all_forms_of_a_target() {
    let mut reader = Reader::new();
    let mut lengths = Vec::new();
    for name in [
        "client_golang.txt",
        "client_golang.openmetrics",
        "client_golang.protobuf",
    ] {
        let (_, form) = FIXTURES.iter().find(|(it, _)| *it == name).expect(name);
        let scrape = reader.read(&fixture(name), *form).expect(name);
        assert_eq!(scrape.skipped.lines, 0, "{}", print(&reader, &scrape));
        lengths.push((scrape.numbers.len(), scrape.histograms.len()));
    }
    assert_eq!(lengths, [lengths[0]; 3]);
    assert_eq!(reader.series().len(), lengths[0].0 + lengths[0].1);
}
