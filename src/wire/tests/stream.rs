//! What an encoder writes, a decoder reads; what is damaged is missed, not guessed.

use model::batch::Stamp;
use model::process::{Field, ProcessId, Reading};
use wire::decode::{Decoder, Said};
use wire::encode::{Encoder, Input, Lean, UNSET};
use wire::frame::{Found, Kind, TooLarge, frames};
use wire::message;

/// Pseudo-random numbers by a linear congruence.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

struct Script {
    bytes: Vec<u8>,
    /// Values of each sample, by time.
    truth: Vec<(i64, Vec<i64>)>,
}

fn script(samples: usize, key_every: usize) -> Result<Script, TooLarge> {
    let mut dice = Dice(7);
    let mut encoder = Encoder::default();
    let mut bytes = Vec::new();
    let hello = message::Hello {
        protocol: 1,
        host_name: "a".to_owned(),
        ..message::Hello::default()
    };
    encoder.message(&mut bytes, Kind::Hello, &hello)?;
    let declarations = (0..40)
        .map(|id| message::Declaration {
            id,
            metric: format!("m{id}"),
            divisor: 1,
            ..message::Declaration::default()
        })
        .collect();
    let series = message::Series {
        series: declarations,
    };
    encoder.message(&mut bytes, Kind::Series, &series)?;
    let mut values = vec![0_i64; 40];
    let mut truth = Vec::new();
    for row in 0..samples {
        for value in &mut values {
            *value = match dice.roll(6) {
                0 => UNSET,
                1 => dice.roll(u64::MAX) as i64 - (1 << 29),
                _ if *value == UNSET => 5,
                _ => *value + dice.roll(3) as i64,
            };
        }
        let mut reading = Reading::default();
        reading.set(Field::UserTime, row as i64 * 1000);
        let alive = [(ProcessId(3), reading)];
        let input = Input {
            stamp: Stamp {
                boot_ns: row as i64,
                unix_ns: 0,
            },
            values: &values,
            alive: Some(&alive),
            ended: &[],
        };
        let lean = if row % key_every == 0 {
            Lean::Key
        } else {
            Lean::OnLast
        };
        encoder.sample(&mut bytes, &input, lean)?;
        truth.push((row as i64, values.clone()));
    }
    Ok(Script { bytes, truth })
}

/// Reads everything that can be read and checks each value against the truth.
fn read_and_check(bytes: &[u8], truth: &[(i64, Vec<i64>)]) -> usize {
    let mut decoder = Decoder::default();
    decoder.set_axis(0);
    let mut samples = 0;
    for found in frames(bytes) {
        let Found::Frame(frame) = found else { continue };
        let Ok(Said::Batch(batch)) = decoder.accept(&frame) else {
            continue;
        };
        let (_, expected) = &truth[batch.at.0 as usize];
        let wanted: Vec<(u32, f64)> = expected
            .iter()
            .enumerate()
            .filter(|(_, raw)| **raw != UNSET)
            .map(|(slot, raw)| (slot as u32, *raw as f64))
            .collect();
        let got: Vec<(u32, f64)> = batch.values.iter().map(|(id, v)| (id.0, *v)).collect();
        assert_eq!(got, wanted, "sample at {}", batch.at.0);
        for (_, reading) in &batch.processes {
            assert_eq!(reading.get(Field::UserTime), Some(batch.at.0 * 1000));
        }
        samples += 1;
    }
    samples
}

#[test]
fn a_decoder_reads_what_an_encoder_wrote() -> Result<(), TooLarge> {
    let script = script(200, 10)?;
    assert_eq!(read_and_check(&script.bytes, &script.truth), 200);
    Ok(())
}

#[test]
fn a_flipped_bit_gives_no_wrong_value_and_costs_one_group() -> Result<(), TooLarge> {
    let script = script(60, 10)?;
    let declared = 900; // The greeting and the declarations stand before this byte.
    for bit in (declared * 8..script.bytes.len() * 8).step_by(13) {
        let mut torn = script.bytes.clone();
        torn[bit / 8] ^= 1 << (bit % 8);
        let samples = read_and_check(&torn, &script.truth);
        assert!(samples >= 60 - 10, "bit {bit}: only {samples} samples");
    }
    Ok(())
}

#[test]
fn any_cut_gives_all_samples_before_it() -> Result<(), TooLarge> {
    let script = script(30, 10)?;
    let mut best = 0;
    for cut in 0..=script.bytes.len() {
        let samples = read_and_check(&script.bytes[..cut], &script.truth);
        assert!(samples >= best, "cut {cut} lost a sample");
        best = samples;
    }
    assert_eq!(best, 30);
    Ok(())
}

#[test]
fn process_rows_wait_for_a_whole_table_after_a_hole() -> Result<(), TooLarge> {
    let mut encoder = Encoder::default();
    let mut frames_of = Vec::new();
    for row in 0..4_i64 {
        let mut reading = Reading::default();
        reading.set(Field::UserTime, 1000 * row);
        let alive = [(ProcessId(1), reading)];
        let input = Input {
            stamp: Stamp {
                boot_ns: row,
                unix_ns: 0,
            },
            values: &[],
            // The third sample is a key, but the table was not read then.
            alive: (row != 2).then_some(&alive),
            ended: &[],
        };
        let lean = if row % 2 == 0 {
            Lean::Key
        } else {
            Lean::OnLast
        };
        let mut bytes = Vec::new();
        encoder.sample(&mut bytes, &input, lean)?;
        frames_of.push(bytes);
    }
    // The second frame is lost.
    let bytes = [&frames_of[0][..], &frames_of[2], &frames_of[3]].concat();
    let mut decoder = Decoder::default();
    let mut rows = Vec::new();
    for found in frames(&bytes) {
        if let Found::Frame(frame) = found
            && let Ok(Said::Batch(batch)) = decoder.accept(&frame)
        {
            rows.push((batch.at.0, batch.processes.len()));
        }
    }
    assert_eq!(rows, [(0, 1), (2, 0), (3, 0)]);
    Ok(())
}

/// A number that is given to one series after the other, ten samples each.
fn reused(bytes: &mut Vec<u8>, starts: &mut Vec<(usize, usize)>) -> Result<(), TooLarge> {
    let mut encoder = Encoder::default();
    for row in 0..60_i64 {
        if row % 10 == 0 {
            let series = message::Series {
                series: vec![message::Declaration {
                    id: 3,
                    metric: format!("m{}", row / 10),
                    divisor: 1,
                    life: row as u32 / 10,
                    ..message::Declaration::default()
                }],
            };
            let start = bytes.len();
            encoder.declare(bytes, &series)?;
            starts.push((start, bytes.len()));
        }
        let input = Input {
            stamp: Stamp {
                boot_ns: row,
                unix_ns: 0,
            },
            values: &[UNSET, UNSET, UNSET, row],
            alive: None,
            ended: &[],
        };
        let lean = if row % 5 == 0 {
            Lean::Key
        } else {
            Lean::OnLast
        };
        encoder.sample(bytes, &input, lean)?;
    }
    Ok(())
}

#[test]
fn a_number_given_to_another_series_never_mixes_their_values() -> Result<(), TooLarge> {
    let (mut whole, mut starts) = (Vec::new(), Vec::new());
    reused(&mut whole, &mut starts)?;
    for lost in 0..=starts.len() {
        let mut bytes = whole.clone();
        if let Some((from, to)) = starts.get(lost) {
            bytes.drain(from..to);
        }
        let mut decoder = Decoder::default();
        let (mut name, mut seen) = (String::new(), 0);
        for found in frames(&bytes) {
            let Found::Frame(frame) = found else { continue };
            match decoder.accept(&frame) {
                Ok(Said::Series(series)) => name.clone_from(&series[0].1.key.metric),
                Ok(Said::Batch(batch)) => {
                    // A number that was never declared says nothing to anybody.
                    let named = batch.values.iter().filter(|_| !name.is_empty());
                    for (_, value) in named {
                        assert_eq!(format!("m{}", *value as i64 / 10), name, "lost {lost}");
                        seen += 1;
                    }
                }
                _ => {}
            }
        }
        let left_out = if lost < starts.len() { 10 } else { 0 };
        assert_eq!(seen, 60 - left_out, "lost {lost}");
        let told = if lost == 0 { 0 } else { left_out };
        assert_eq!(decoder.undeclared(), told, "lost {lost}");
    }
    Ok(())
}

#[test]
fn hostile_payloads_are_errors_not_panics() -> Result<(), TooLarge> {
    let mut dice = Dice(99);
    for round in 0..20_000 {
        let length = dice.roll(64) as usize;
        let payload: Vec<u8> = (0..length).map(|_| dice.roll(256) as u8).collect();
        let kind = [Kind::Sample, Kind::Series, Kind::Processes, Kind::Hello][round % 4];
        let mut bytes = Vec::new();
        wire::frame::write(&mut bytes, kind, 0, &payload)?;
        let mut decoder = Decoder::default();
        for found in frames(&bytes) {
            if let Found::Frame(frame) = found {
                let outcome = decoder.accept(&frame);
                assert!(!matches!(outcome, Ok(Said::Batch(batch)) if batch.values.len() > 512));
            }
        }
    }
    Ok(())
}

#[test]
fn text_that_steers_terminals_is_cleaned() {
    assert_eq!(
        wire::decode::clean("a\u{1b}[2Jb\u{202e}c"),
        "a\u{fffd}[2Jb\u{fffd}c"
    );
}
