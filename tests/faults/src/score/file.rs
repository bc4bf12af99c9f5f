//! The accuracy file: what the window shows of how right Kymo is.
//!
//! * In: scored runs, the machine, and the rows of public data sets.
//! * Out: one versioned RON document; the same shape is read by `workbench::accuracy`.
//! * Never: holds a figure that was not computed, or a name of a host.
//!
//! Start at [`Accuracy::of`] and [`write`].

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::Run;
use super::card::{self, Row, median};

/// Version of this shape.
const SCHEMA: u32 = 1;

/// A culprit is named when it is among so many.
const NAMED: usize = 3;

/// The whole file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Accuracy {
    schema: u32,
    /// Day of the measurement, UTC; empty without recordings.
    date: String,
    /// Version of Kymo that was asked; empty without recordings.
    kymo: String,
    /// Where it was recorded and scored.
    machine: Machine,
    /// By name of the fault.
    faults: Vec<OfFault>,
    /// Expected and given verdicts.
    confusion: Vec<Given>,
    /// Each detector on all faults and on each.
    detectors: Vec<Row>,
    /// Scores on public data sets, from elsewhere.
    #[serde(default)]
    public: Vec<Public>,
}

/// What matters of a machine, without a name.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Machine {
    arch: String,
    kernel: String,
    processor: String,
    processors: usize,
    memory_bytes: u64,
}

/// The verdicts on one fault.
#[derive(Debug, Serialize, Deserialize)]
struct OfFault {
    fault: String,
    /// The right verdict.
    verdict: String,
    runs: usize,
    verdict_right: usize,
    /// Runs in which some process did it.
    blamed: usize,
    /// Of those, the ones with it among the first three named.
    culprit_right: usize,
    /// Runs in which the verdict was right at some time during the disturbance.
    detected: usize,
    delay_median_s: Option<f64>,
    delay_max_s: Option<f64>,
    /// Verdicts other than `none` where nothing was done.
    false_alarms: usize,
    /// Time that those were counted in.
    quiet_s: f64,
}

/// How often a verdict was given where another one was right.
#[derive(Debug, Serialize, Deserialize)]
struct Given {
    expected: String,
    given: String,
    runs: usize,
}

/// A score on a public data set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Public {
    data: String,
    analysis: String,
    score: String,
    value: f64,
    unit: String,
    goal: Option<f64>,
}

impl Accuracy {
    /// The file of these runs.
    pub(crate) fn of(runs: &[Run], (kymo, public): (&Path, Vec<Public>)) -> Result<Self, String> {
        let measured = !runs.is_empty();
        Ok(Self {
            schema: SCHEMA,
            date: match measured {
                true => jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
                false => String::new(),
            },
            kymo: match measured {
                true => version(kymo)?,
                false => String::new(),
            },
            machine: match measured {
                true => Machine::this(),
                false => Machine::default(),
            },
            public,
            ..Self::figures(runs)
        })
    }

    /// What follows from the runs alone.
    fn figures(runs: &[Run]) -> Self {
        let mut by_fault: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
        let mut given: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for run in runs {
            by_fault.entry(&run.truth.fault).or_default().push(run);
            if let Some(verdict) = run.verdict() {
                *given.entry((&run.truth.verdict, verdict)).or_default() += 1;
            }
        }
        let faults = by_fault.iter().map(|(fault, runs)| of_fault(fault, runs));
        let given = given.iter().map(|((expected, given), runs)| Given {
            expected: (*expected).to_owned(),
            given: (*given).to_owned(),
            runs: *runs,
        });
        Self {
            faults: faults.collect(),
            confusion: given.collect(),
            detectors: card::card(runs),
            ..Self::default()
        }
    }
}

fn of_fault(fault: &str, runs: &[&Run]) -> OfFault {
    let judged = runs.iter().filter_map(|it| it.bottleneck.as_ref());
    let delays: Vec<f64> = judged.clone().filter_map(|it| it.delay_s).collect();
    let right = |run: &&&Run| run.verdict().is_some_and(|it| run.truth.accepts(it));
    let blamed = runs.iter().filter(|it| !it.truth.culprits.is_empty());
    let named = blamed.clone().filter(|run| {
        let rank = run.bottleneck.as_ref().and_then(|it| it.culprit_rank);
        rank.is_some_and(|it| it <= NAMED)
    });
    OfFault {
        fault: fault.to_owned(),
        verdict: runs[0].truth.verdict.clone(),
        runs: runs.len(),
        verdict_right: runs.iter().filter(right).count(),
        blamed: blamed.count(),
        culprit_right: named.count(),
        detected: delays.len(),
        delay_max_s: delays.iter().copied().reduce(f64::max),
        delay_median_s: median(delays),
        false_alarms: judged.clone().map(|it| it.false_alarms).sum(),
        quiet_s: judged.map(|it| it.quiet_s).sum(),
    }
}

impl Machine {
    /// This one.
    fn this() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let (cpuinfo, meminfo) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
        let memory_kib = value(&meminfo, "MemTotal").and_then(|it| it.split(' ').next());
        Self {
            arch: std::env::consts::ARCH.to_owned(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            processor: value(&cpuinfo, "model name").unwrap_or_default().to_owned(),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: memory_kib
                .and_then(|it| it.parse::<u64>().ok())
                .unwrap_or_default()
                .saturating_mul(1024),
        }
    }
}

/// The value of a line `name : value`.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(key, _)| key.trim() == name);
    found.next().map(|(_, value)| value.trim())
}

/// The version that a program says it has.
fn version(kymo: &Path) -> Result<String, String> {
    let told = Command::new(kymo).arg("--version").output();
    let told = told.map_err(|it| format!("{}: {it}", kymo.display()))?;
    let text = String::from_utf8_lossy(&told.stdout);
    let version = text.split_whitespace().last().unwrap_or_default();
    match version.is_empty() {
        true => Err(format!("{} tells no version", kymo.display())),
        false => Ok(version.to_owned()),
    }
}

/// The rows of public data sets: those of a JSON list, else those of the file that is
/// about to be replaced.
pub(crate) fn public(given: Option<&Path>, old: &Path) -> Result<Vec<Public>, String> {
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path);
        text.map_err(|it| format!("{}: {it}", path.display()))
    };
    if let Some(path) = given {
        let rows = serde_json::from_str(&read(path)?);
        return rows.map_err(|it| format!("{}: {it}", path.display()));
    }
    if !old.exists() {
        return Ok(Vec::new());
    }
    let before: Accuracy =
        ron::from_str(&read(old)?).map_err(|it| format!("{}: {it}", old.display()))?;
    Ok(before.public)
}

/// Writes the file in the place of an older one.
pub(crate) fn write(accuracy: &Accuracy, out: &Path) -> Result<(), String> {
    let failed = |it: String| format!("{}: {it}", out.display());
    let text = text(accuracy).map_err(failed)?;
    std::fs::write(out, text).map_err(|it| failed(it.to_string()))
}

fn text(accuracy: &Accuracy) -> Result<String, String> {
    let form = ron::ser::PrettyConfig::default()
        .depth_limit(2)
        .struct_names(false)
        .new_line("\n")
        .indentor(" ");
    let text = ron::ser::to_string_pretty(accuracy, form).map_err(|it| it.to_string())?;
    Ok(format!(
        "// Written by `faults card DIR --kymo PATH --out FILE`; not by hand.\n{text}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::bottleneck::Bottleneck;
    use super::*;
    use crate::truth::{Actor, Truth};

    fn run(fault: &str, (right, given): (&str, &str), delay_s: Option<f64>) -> Run {
        let text = r#"{"schema":1,"fault":"","seed":1,"what":"","verdict":"","accepted":[],
            "culprits":[],"affected":[],"size":{},"started":0.0,"onset":30.0,"end":70.0,
            "stopped":100.0,"busy_before":0.0,"not_possible":[],"notes":[]}"#;
        let truth: Truth = serde_json::from_str(text).expect("a truth");
        Run {
            session: format!("{fault}-1.kymo"),
            truth: Truth {
                fault: fault.to_owned(),
                verdict: right.to_owned(),
                culprits: vec![Actor {
                    process: "stress-ng".to_owned(),
                    pid: 9,
                    cgroup: String::new(),
                }],
                ..truth
            },
            bottleneck: Some(Bottleneck {
                verdict: Some(given.to_owned()),
                culprit_rank: delay_s.map(|_| 2),
                delay_s,
                false_alarms: 1,
                quiet_s: 30.0,
                ..Bottleneck::default()
            }),
            explain: None,
            anomalies: None,
            failed: Vec::new(),
        }
    }

    /// What the window's test reads too, so that writer and reader stay one.
    #[test]
    fn the_file_is_as_the_window_reads_it() {
        let runs = [
            run("cpu-hog", ("cpu", "cpu"), Some(4.0)),
            run("cpu-hog", ("cpu", "cpu"), Some(8.0)),
            run("cpu-hog", ("cpu", "none"), None),
            run("disk-full", ("disk", "disk"), Some(6.0)),
        ];
        let accuracy = Accuracy {
            schema: SCHEMA,
            date: "2026-01-31".to_owned(),
            kymo: "0.1.0".to_owned(),
            machine: Machine {
                arch: "x86_64".to_owned(),
                kernel: "6.1.0".to_owned(),
                processor: "Example CPU".to_owned(),
                processors: 2,
                memory_bytes: 8 << 30,
            },
            public: vec![Public {
                data: "example set".to_owned(),
                analysis: "anomaly".to_owned(),
                score: "VUS-PR".to_owned(),
                value: 0.5,
                unit: "1".to_owned(),
                goal: Some(0.4),
            }],
            ..Accuracy::figures(&runs)
        };
        let hog = &accuracy.faults[0];
        assert_eq!((hog.runs, hog.verdict_right, hog.culprit_right), (3, 2, 2));
        assert_eq!(
            (hog.delay_median_s, hog.delay_max_s),
            (Some(4.0), Some(8.0))
        );
        assert_eq!((hog.false_alarms, hog.quiet_s), (3, 90.0));
        let written = text(&accuracy).expect("it is written");
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/golden/accuracy.ron");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&golden, &written).expect("it is written");
        }
        let known = std::fs::read_to_string(&golden).expect("the golden file");
        assert_eq!(written, known);
        let again: Accuracy = ron::from_str(&written).expect("it is read");
        assert_eq!(text(&again), Ok(written));
    }

    #[test]
    fn without_recordings_there_are_no_figures() {
        let accuracy = Accuracy::of(&[], (Path::new("/no/kymo"), Vec::new())).expect("a file");
        assert!(accuracy.faults.is_empty() && accuracy.detectors.is_empty());
        assert!(accuracy.date.is_empty() && accuracy.kymo.is_empty());
    }

    #[test]
    fn public_rows_outlast_another_measurement() {
        let folder = std::env::temp_dir().join(format!("faults-card-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (rows, out) = (folder.join("rows.json"), folder.join("a.ron"));
        let text = r#"[{"data":"x","analysis":"anomaly","score":"F1","value":0.3,"unit":"1","goal":null}]"#;
        std::fs::write(&rows, text).expect("it is written");
        let given = public(Some(&rows), &out).expect("rows");
        let kymo = Path::new("/no/kymo");
        write(&Accuracy::of(&[], (kymo, given)).expect("a file"), &out).expect("it is written");
        let kept = public(None, &out).expect("rows");
        std::fs::remove_dir_all(&folder).expect("it is removed");
        assert_eq!((kept.len(), kept[0].value), (1, 0.3));
    }
}
