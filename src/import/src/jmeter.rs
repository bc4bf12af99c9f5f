//! Result files of JMeter (JTL), as CSV and as XML.
//!
//! Both hold one line or element a sample; what a sample becomes stands here.
//!
//! # Source
//!
//! JMeter user's manual, "Listeners", "CSV log format" and "XML log format":
//! `timeStamp`/`ts` and `elapsed`/`t` are in milliseconds. The time is that of the start
//! with the distributed setting `sampleresult.timestamp.start=true`.

use crate::load::{Load, Sent};
use crate::recorder::Reading;

pub(crate) mod csv;
mod tags;
pub(crate) mod xml;

/// What the response message of a transaction controller begins with.
const TRANSACTION: &str = "Number of samples in transaction";

const MILLISECOND_NS: f64 = 1e6;

/// Said of the times.
const START_NOTE: &str = "times were taken as those of the start of samples, which is JMeter's \
                          distributed setting (sampleresult.timestamp.start)";

/// One sample, with what may be missing.
#[derive(Clone, Copy, Debug, Default)]
struct Sample<'a> {
    start: i64,
    elapsed_ms: f64,
    label: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    success: Option<bool>,
    thread: &'a str,
    users: Option<f64>,
    latency_ms: Option<f64>,
    connect_ms: Option<f64>,
    /// Whether it contains other samples.
    summary: bool,
}

/// Whether it failed: as JMeter says, else by the code of the answer. A code that is no
/// number is an error of the client.
fn failed(sample: &Sample<'_>) -> bool {
    match (sample.success, sample.code) {
        (Some(success), _) => !success,
        (None, Some(code)) => code.parse::<u32>().map_or(true, |it| it >= 400 || it == 0),
        (None, None) => false,
    }
}

fn put(load: &mut Load, sample: &Sample<'_>) {
    let duration_ns = (sample.elapsed_ms * MILLISECOND_NS) as i64;
    let end = sample.start.saturating_add(duration_ns.max(0));
    let summary = sample.summary || sample.message.starts_with(TRANSACTION);
    load.send(&Sent {
        service: "",
        operation: sample.label,
        failed: failed(sample),
        summary,
        start: sample.start,
        duration_ns,
        thread: sample.thread,
    });
    if let Some(users) = sample.users {
        load.users(end, users);
    }
    if summary {
        return;
    }
    let parts = [
        ("jmeter.latency", sample.latency_ms),
        ("jmeter.connect", sample.connect_ms),
    ];
    for (metric, value) in parts {
        if let Some(value) = value {
            let seen = Reading {
                metric,
                unit: "s",
                fixed: &[("service.name", "")],
                own: &[("operation", sample.label)],
                value: value / 1e3,
            };
            load.observe(end, &seen);
        }
    }
}
