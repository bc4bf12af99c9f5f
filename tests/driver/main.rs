//! Records a made-up machine with the real recorder, for tests that make it fail.
//!
//! `driver SESSION SAMPLES honest|early` appends one sample at a time and prints
//! the number of those that are written, a line each. `early` is the planted bug
//! that shows that the tests can fail: it says at once that all are written.

#![expect(
    clippy::print_stdout,
    reason = "the figures are what the driver is for"
)]

mod machine;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use model::host::Host;
use model::time::{Moment, SECOND_NS};
use store::progress::Continue;
use store::recorder::{FinishAs, Options, Placement, Recorder};

use machine::stream::{AXIS, BOOT, Machine};
use machine::{HOST, SHAPE};

/// Samples are a second apart, so a segment has ten.
const SEGMENT_NS: i64 = 10 * SECOND_NS;

/// How often the recorder is asked whether a sample is written.
const ASK_EVERY: Duration = Duration::from_micros(100);

/// How often before the recorder is said to be stuck: half a minute.
const ASK_MAX: usize = 300_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what| arguments.next().ok_or(format!("{what} is missing"));
    let path = PathBuf::from(next("SESSION")?);
    let samples: u64 = next("SAMPLES")?.parse()?;
    let early = next("honest|early")? == "early";

    let recorder = Recorder::create(
        &path,
        Options {
            title: "driven".to_owned(),
            created: Moment(BOOT + AXIS),
            segment_ns: SEGMENT_NS,
            retention: None,
        },
    )?;
    let placement = Placement {
        boot_to_axis_ns: AXIS,
        ..Placement::default()
    };
    let host = recorder.add_host(Host::default(), HOST, placement)?;
    let mut machine = Machine::new(SHAPE);
    recorder.append(host, &machine.hello()?);
    if early {
        println!("{samples}");
    }
    for number in 1..=samples {
        recorder.append(host, &machine.tick()?);
        wait_for(&recorder, number)?;
        if !early {
            println!("{number}");
        }
    }
    recorder.finish(FinishAs::File, &mut |_| Continue::Yes)?;
    Ok(())
}

/// Waits until so many samples are written.
fn wait_for(recorder: &Recorder, samples: u64) -> Result<(), String> {
    for _ in 0..ASK_MAX {
        if recorder.status().samples >= samples {
            return Ok(());
        }
        std::thread::sleep(ASK_EVERY);
    }
    Err(format!(
        "sample {samples} is not written: {:?}",
        recorder.status()
    ))
}
