//! Native histograms, as a client sends them and as they are calculated.

use expect_test::{Expect, expect};
use model::histogram::{Buckets, Exponential, Histogram, Run};
use prost::Message;

use super::super::message::{self, BucketSpan};
use super::super::{Form, Reader};
use super::{fixture, print};

/// A family of one histogram, as it is sent.
fn family(histogram: &message::Histogram) -> Vec<u8> {
    let mut body = Vec::new();
    let mut metric = Vec::new();
    field(7, &histogram.encode_to_vec(), &mut metric);
    let mut family = Vec::new();
    field(1, b"t", &mut family);
    // The type, which is number four.
    family.extend_from_slice(&[3 << 3, 4]);
    field(4, &metric, &mut family);
    prost::encoding::encode_varint(family.len() as u64, &mut body);
    body.extend_from_slice(&family);
    body
}

fn field(number: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(number << 3 | 2);
    prost::encoding::encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn spans(pairs: &[(i32, u32)]) -> Vec<BucketSpan> {
    let of = |(offset, length): &(i32, u32)| BucketSpan {
        offset: *offset,
        length: *length,
    };
    pairs.iter().map(of).collect()
}

fn check(histogram: &message::Histogram, expected: Expect) {
    let mut reader = Reader::new();
    expected.assert_eq(&match reader.read(&family(histogram), Form::Protobuf) {
        Ok(scrape) => print(&reader, &scrape),
        Err(error) => format!("{error}\n"),
    });
}

fn exponential(of: &Histogram) -> &Exponential {
    match &of.buckets {
        Buckets::Exponential(it) => it,
        Buckets::Explicit(_) => panic!("not native"),
    }
}

/// What the model makes of observations at a scale.
fn recorded(scale: i8, values: impl IntoIterator<Item = f64>) -> Histogram {
    let mut histogram = Histogram {
        buckets: Buckets::Exponential(Exponential {
            scale,
            ..Exponential::default()
        }),
        ..Histogram::default()
    };
    values.into_iter().for_each(|value| histogram.record(value));
    histogram
}

#[test]
fn bucket_numbers_shift_by_one() {
    for schema in -4..=8_i8 {
        for power in [-40, -1, 0, 1, 3, 40] {
            // A power of two is the upper bound of its bucket, at every schema where it
            // is a bound at all.
            let index = (f64::from(power) * f64::from(schema).exp2()).ceil() as i32;
            let sent = message::Histogram {
                sample_count: Some(5),
                schema: Some(i32::from(schema)),
                positive_span: spans(&[(index, 1)]),
                positive_delta: vec![5],
                ..message::Histogram::default()
            };
            let mut reader = Reader::new();
            let scrape = reader.read(&family(&sent), Form::Protobuf).expect("legal");
            let read = exponential(&scrape.histograms[0].1);
            let expected = recorded(schema, [f64::from(power).exp2(); 5]);
            assert_eq!(*read, *exponential(&expected), "{schema} {power}");
            assert!(read.bound(index) >= f64::from(power).exp2());
            assert!(read.bound(index - 1) < f64::from(power).exp2());
        }
    }
}

#[test]
fn a_real_client_counts_as_the_model_does() {
    let mut reader = Reader::new();
    let body = fixture("client_golang.protobuf");
    let scrape = reader.read(&body, Form::Protobuf).expect("legal");
    let found = scrape.histograms.iter().find(|(place, _)| {
        let known = &reader.series()[*place];
        known.metric == "checkout_duration_seconds" && known.attributes[0].1 == "POST"
    });
    let (_, read) = found.expect("exposed");
    // What the program observed; see fixtures/README.md.
    let observed = (1..=200).map(|i| 0.001 * 1.035_f64.powi(i));
    let expected = recorded(exponential(read).scale, observed);
    assert_eq!(exponential(read), exponential(&expected));
    assert_eq!(read.count, 200);
    let (ours, theirs) = (expected.quantile(0.9), read.quantile(0.9));
    assert_eq!(ours.map(|it| it.high), theirs.map(|it| it.high));
}

#[test]
fn spans_deltas_and_both_signs_are_read() {
    check(
        &message::Histogram {
            sample_count: Some(20),
            sample_sum: Some(1.5),
            schema: Some(1),
            zero_threshold: Some(1e-9),
            zero_count: Some(2),
            negative_span: spans(&[(-1, 2)]),
            negative_delta: vec![3, -1],
            positive_span: spans(&[(2, 2), (3, 1), (0, 1)]),
            positive_delta: vec![1, 2, -2, 5],
            ..message::Histogram::default()
        },
        expect![[r#"
            Histogram t [{value}] = count 20 sum 1.5 scale 1 zero 2 from 1 [1, 3, 0, 0, 0, 1, 6] below from -2 [3, 2]
        "#]],
    );
    check(
        &message::Histogram {
            sample_count_float: Some(4.5),
            schema: Some(0),
            zero_count_float: Some(0.4),
            positive_span: spans(&[(0, 3)]),
            positive_count: vec![1.5, 0.0, 2.6],
            ..message::Histogram::default()
        },
        expect![[r#"
            Histogram t [{value}] = count 5 sum NaN scale 0 zero 0 from -1 [2, 0, 3]
        "#]],
    );
    // Native, though nothing was observed yet.
    check(
        &message::Histogram {
            sample_count: Some(0),
            schema: Some(3),
            positive_span: spans(&[(0, 0)]),
            ..message::Histogram::default()
        },
        expect![[r#"
            Histogram t [{value}] = count 0 sum NaN scale 3 zero 0 from 0 []
        "#]],
    );
}

#[test]
fn wide_histograms_become_coarser_and_keep_their_counts() {
    let sent = message::Histogram {
        sample_count: Some(6),
        schema: Some(8),
        positive_span: spans(&[(-100_000, 1), (150_000, 2), (i32::MAX - 60_000, 1)]),
        positive_delta: vec![1, 1, 0, -1],
        ..message::Histogram::default()
    };
    let mut reader = Reader::new();
    let scrape = reader.read(&family(&sent), Form::Protobuf).expect("legal");
    let read = exponential(&scrape.histograms[0].1);
    assert_eq!(read.positive.counts.iter().sum::<u64>(), 6);
    assert!(read.positive.counts.len() <= 1_024);
    assert!(read.scale < 0);
}

#[test]
fn damaged_native_histograms_are_left_out() {
    let good = message::Histogram {
        sample_count: Some(1),
        schema: Some(0),
        positive_span: spans(&[(0, 1)]),
        positive_delta: vec![1],
        ..message::Histogram::default()
    };
    let negative = vec![-1];
    let cases = [
        message::Histogram {
            schema: Some(-53),
            ..good.clone()
        },
        message::Histogram {
            schema: Some(9),
            ..good.clone()
        },
        message::Histogram {
            positive_delta: negative,
            ..good.clone()
        },
        message::Histogram {
            positive_delta: vec![],
            ..good.clone()
        },
        message::Histogram {
            positive_delta: vec![1, 1],
            ..good.clone()
        },
        message::Histogram {
            positive_span: spans(&[(0, u32::MAX)]),
            ..good.clone()
        },
        message::Histogram {
            positive_span: spans(&[(i32::MIN, 1)]),
            ..good.clone()
        },
        message::Histogram {
            positive_count: vec![f64::NAN],
            ..good.clone()
        },
        message::Histogram {
            positive_span: spans(&[(0, 1), (-1, 1)]),
            positive_delta: vec![1, 1],
            ..good.clone()
        },
    ];
    for case in cases {
        let mut reader = Reader::new();
        let scrape = reader.read(&family(&case), Form::Protobuf).expect("framed");
        assert_eq!(
            (scrape.histograms.len(), scrape.skipped.lines),
            (0, 1),
            "{case:?}"
        );
    }
    let run = Run {
        first: -1,
        counts: vec![1],
    };
    let mut reader = Reader::new();
    let scrape = reader.read(&family(&good), Form::Protobuf).expect("legal");
    assert_eq!(exponential(&scrape.histograms[0].1).positive, run);
}
