//! Plans on recordings: what an input tells of an application, calibrated.
//!
//! Window and command line calibrate here, so that both predict alike. What a model makes
//! of the numbers is the crate `plan`'s business; this finds the numbers.
//!
//! Start at [`calibrated`].

use analysis::frame::{Frame, Line};
use model::catalog::{Kind, Polarity};
use model::plan::Baseline;
use model::series::{Series, SeriesKey};
use model::time::Span;
use model::unit::Unit;
use plan::calibrate::{Calibration, Params, calibrate};
use plan::observe::{Machine, Observed, observe};
use plan::refusal::Refusal;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::Problem;
use crate::processes::Measure;
use crate::stored::Stored;

/// Names of processes that are told apart on a host, at most: the busiest.
const NAMES_MAX: usize = 24;

/// Processes of one host that are read, at most: the busiest.
const PROCESSES_MAX: usize = 256;

/// Processes that used less than this many processors are nobody's load.
const USED_LEAST: f64 = 0.002;

/// What was asked for and found.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// The numbers of the application.
    pub observed: Observed,
    /// The system that they make.
    pub calibration: Calibration,
    /// The window they are from.
    pub window: Span,
}

/// Calibrates the application that a plan speaks of on an input.
///
/// The inner error is the answer that the recording cannot carry one.
///
/// # Errors
///
/// The disk refuses, or the user stopped it.
pub fn calibrated(
    input: &Input,
    baseline: &Baseline,
    context: &Context,
) -> Result<Result<Calibrated, Refusal>, Problem> {
    let frame = frame(input, context)?;
    let window = match baseline.window {
        Some((from, to)) => Span { from, to },
        None => input.span(),
    };
    let frame = frame.slice(frame.rows_in(window));
    let machines = machines(input);
    if context.cancelled() {
        return Err(Problem::cancelled("calibration"));
    }
    Ok(
        observe(&frame, &baseline.subject, &machines).and_then(|observed| {
            let calibration = calibrate(&observed, &Params::default())?;
            Ok(Calibrated {
                observed,
                calibration,
                window,
            })
        }),
    )
}

/// All series of all hosts on one set of rows, with the processors of processes by name.
pub fn frame(input: &Input, context: &Context) -> Result<Frame, Problem> {
    let mut frames: Vec<Frame> = Vec::new();
    for host in &input.frames {
        frames.push(host.frame.clone());
        if let Some(stored) = &input.stored {
            frames.extend(processes(stored, &host.host, context)?);
        }
    }
    Ok(Frame::joined(&frames.iter().collect::<Vec<_>>()))
}

/// What is known of the hosts.
pub fn machines(input: &Input) -> Vec<Machine> {
    let Some(stored) = &input.stored else {
        return Vec::new();
    };
    let facts = stored.hosts().iter();
    facts
        .map(|it| Machine {
            host: it.name.clone(),
            cores: (it.host.cpus > 0).then(|| f64::from(it.host.cpus)),
            processor: String::new(),
        })
        .collect()
}

/// Processors that processes of one name used, a series a name.
fn processes(stored: &Stored, host: &str, context: &Context) -> Result<Option<Frame>, Problem> {
    let span = stored.span();
    let least = USED_LEAST * span.seconds();
    let mut used = stored.process_use(host, span)?;
    used.retain(|it| it.cpu_seconds >= least);
    used.truncate(PROCESSES_MAX);
    let mut names: Vec<(String, f64)> = Vec::new();
    for process in &used {
        match names.iter_mut().find(|it| it.0 == process.name) {
            Some(name) => name.1 += process.cpu_seconds,
            None => names.push((process.name.clone(), process.cpu_seconds)),
        }
    }
    names.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    names.truncate(NAMES_MAX);
    let mut columns = Vec::new();
    let mut owners = Vec::new();
    for process in &used {
        if context.cancelled() {
            return Err(Problem::cancelled("calibration"));
        }
        if let Some(place) = names.iter().position(|it| it.0 == process.name) {
            columns.push(stored.process_drawn(host, process.id, Measure::Cpu)?);
            owners.push(place);
        }
    }
    if columns.is_empty() {
        return Ok(None);
    }
    let apart = Frame::of_columns(&columns);
    let lines = names.iter().enumerate().map(|(place, (name, _))| {
        let mut sum = vec![0.0; apart.rows()];
        let own = apart.lines.iter().zip(&owners).filter(|it| *it.1 == place);
        for (line, _) in own {
            // A process that is not there uses nothing.
            let read = line
                .values
                .iter()
                .map(|it| if it.is_finite() { *it } else { 0.0 });
            sum.iter_mut().zip(read).for_each(|(sum, it)| *sum += it);
        }
        let attributes = [("process.name".to_owned(), name.clone())];
        let key = SeriesKey::new(host, "process.cpu.utilization", attributes);
        Line {
            name: key.to_string(),
            series: Series {
                key,
                unit: Unit::new("1"),
                kind: Kind::Gauge,
                polarity: Polarity::Neutral,
            },
            values: sum.into(),
        }
    });
    Ok(Some(Frame {
        at: apart.at.clone(),
        step_ns: apart.step_ns,
        lines: lines.collect(),
    }))
}
