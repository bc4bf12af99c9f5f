//! Numbers of series that are given to other series while a host is recorded: the
//! journal, its second copy and the segments keep every value under its own name.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use model::batch::Stamp;
use model::host::Host;
use model::series::SeriesKey;
use model::time::{Moment, SECOND_NS};
use store::progress::Continue;
use store::recorder::{FinishAs, Options, Placement, Recorder};
use store::session::Session;
use wire::encode::{Encoder, Input, Lean};
use wire::frame::{Found, Kind, frames};
use wire::message;

type Outcome = Result<(), Box<dyn Error>>;

/// Numbers that groups take turns with.
const NUMBERS: u32 = 20;

/// Seconds in which a group has its number.
const LIVES: i64 = 7;

/// Seconds recorded: four hundred groups and more.
const SECONDS: i64 = 150;

fn group(id: u32, life: u32) -> String {
    format!("/g{}", life * NUMBERS + id)
}

/// A stream in which each number is declared anew every few seconds, in turn.
fn stream() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut out = Vec::new();
    let mut encoder = Encoder::default();
    let hello = message::Hello {
        protocol: 1,
        host_name: "sim".to_owned(),
        boot_id: "boot".to_owned(),
        every_ns: SECOND_NS,
        ..message::Hello::default()
    };
    encoder.message(&mut out, Kind::Hello, &hello)?;
    for second in 0..SECONDS {
        let life = |id: u32| ((second + i64::from(id)) / LIVES) as u32;
        let due = |id: &u32| second == 0 || (second + i64::from(*id)) % LIVES == 0;
        let declare = |id: u32| message::Declaration {
            id,
            metric: "cgroup.memory.usage".to_owned(),
            attributes: vec![message::Pair {
                key: "cgroup".to_owned(),
                value: group(id, life(id)),
            }],
            unit: "By".to_owned(),
            divisor: 1,
            life: life(id),
            ..message::Declaration::default()
        };
        let series = (0..NUMBERS).filter(due).map(declare).collect();
        encoder.declare(&mut out, &message::Series { series })?;
        let value = |id: u32| i64::from(life(id) * NUMBERS + id);
        let values: Vec<i64> = (0..NUMBERS).map(value).collect();
        let input = Input {
            stamp: Stamp {
                boot_ns: second * SECOND_NS,
                unix_ns: 0,
            },
            values: &values,
            alive: None,
            ended: &[],
        };
        let lean = if second % 5 == 0 {
            Lean::Key
        } else {
            Lean::OnLast
        };
        encoder.sample(&mut out, &input, lean)?;
    }
    Ok(out)
}

fn recorder(path: &Path) -> Result<Recorder, Box<dyn Error>> {
    let options = Options {
        title: String::new(),
        created: Moment(0),
        segment_ns: 40 * SECOND_NS,
        retention: None,
    };
    let recorder = Recorder::create(path, options)?;
    let host = recorder.add_host(Host::default(), "sim", Placement::default())?;
    let bytes = stream()?;
    for found in frames(&bytes) {
        if let Found::Frame(frame) = found {
            recorder.append(host, frame.bytes);
        }
    }
    Ok(recorder)
}

/// Checks every value against the name it is under; returns the samples by group.
fn read(path: &Path) -> Result<BTreeMap<String, usize>, Box<dyn Error>> {
    let (session, _) = Session::open(path)?;
    let mut samples = BTreeMap::new();
    let keys: Vec<SeriesKey> = session.series().iter().map(|it| it.key.clone()).collect();
    for key in keys {
        let column = session.column(&key, None)?;
        let name = key.attribute("cgroup").unwrap_or_default().to_owned();
        assert!(!column.values.is_empty(), "{name}");
        for value in column.values.iter() {
            assert_eq!(format!("/g{value}"), name);
        }
        samples.insert(name, column.values.len());
    }
    Ok(samples)
}

fn all() -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for second in 0..SECONDS {
        for id in 0..NUMBERS {
            let life = ((second + i64::from(id)) / LIVES) as u32;
            *all.entry(group(id, life)).or_default() += 1;
        }
    }
    all
}

#[test]
fn segments_keep_series_apart_that_had_one_number() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("s.kymo");
    recorder(&path)?.finish(FinishAs::File, &mut |_| Continue::Yes)?;
    assert_eq!(read(&path)?, all());
    assert!(all().len() > 400);
    Ok(())
}

/// Where frames of a kind lie in a journal.
fn places(bytes: &[u8], kind: Kind) -> Vec<std::ops::Range<usize>> {
    let mut places = Vec::new();
    let mut at = 0;
    for found in frames(bytes) {
        let length = match found {
            Found::Frame(frame) => {
                if frame.kind == kind as u8 {
                    places.push(at..at + frame.bytes.len());
                }
                frame.bytes.len()
            }
            Found::Damage { skipped_bytes } => skipped_bytes,
        };
        at += length;
    }
    places
}

#[test]
fn a_journal_keeps_series_apart_even_where_declarations_are_damaged() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("s.kymo");
    let recorder = recorder(&path)?;
    // A recording that is not finished, as after a kill.
    drop(recorder);
    let mut journals = Vec::new();
    for entry in fs::read_dir(path.join("journal"))? {
        journals.push(entry?.path());
    }
    assert_eq!(read(&path)?, all());
    for journal in &journals {
        let whole = fs::read(journal)?;
        for place in places(&whole, Kind::Series).into_iter().step_by(5) {
            let mut torn = whole.clone();
            torn[place.start + 25] ^= 4;
            fs::write(journal, &torn)?;
            let read = read(&path)?;
            let samples: usize = read.values().sum();
            assert!(samples + 10 * NUMBERS as usize >= all().values().sum());
        }
        fs::write(journal, &whole)?;
    }
    Ok(())
}
