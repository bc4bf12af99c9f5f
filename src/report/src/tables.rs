//! Tables that several parts show, one function each.

use analysis::overview::{ProcessUse, ResourceUse};
use analysis::quality::{Coverage, Mark};
use model::annotation::Annotation;
use model::host::Host;
use model::time::{Moment, Span, Zone};
use model::unit::Unit;

use crate::document::{Cell, Fact, Heading, Run, Table, Token};
use crate::input::{HostEvent, Setting};
use crate::numerals;
use crate::sources::{Basis, Of, SourceId, Sources};

/// At most so many rows of a kind; a note says how many more there are.
const MOST_RESOURCES: usize = 20;
const MOST_PROCESSES: usize = 25;
const MOST_MARKS: usize = 60;
const MOST_EVENTS: usize = 200;
const MOST_SETTINGS: usize = 500;

/// So much of a command line is shown; the rest appears when pointed at.
const MOST_COMMAND: usize = 90;

/// How the numbers of resources are computed.
pub(crate) const SUMMARY_OF_SAMPLES: &str =
    "samples in the window; mean, exact percentiles and extremes of them";

const GROWTH: &str = "growth of the process's counters in the window; largest resident memory";

/// How numbers about sample times are computed.
pub(crate) const SAMPLES_THERE: &str = "samples there are against samples the cadence asks for";

/// The source of numbers about sample times.
fn sample_times(sources: &mut Sources, host: &str) -> SourceId {
    sources.of(Of {
        basis: Basis::Times(host.to_owned()),
        computation: SAMPLES_THERE,
    })
}

/// The source of numbers about a process.
pub(crate) fn of_process(sources: &mut Sources, process: &ProcessUse) -> SourceId {
    let window = sources.window();
    of_process_within(sources, process, window)
}

fn of_process_within(sources: &mut Sources, process: &ProcessUse, window: Span) -> SourceId {
    let basis = Basis::Process {
        host: process.host.clone(),
        id: process.id.0,
    };
    let computation = GROWTH;
    sources.of_within(window, Of { basis, computation })
}

/// `Caption` or `Caption, 20 of 31`.
pub(crate) fn caption(text: &str, shown: usize, all: usize) -> String {
    if shown < all {
        format!("{text}, {shown} of {all}")
    } else {
        text.to_owned()
    }
}

pub(crate) fn time(moment: Moment) -> Cell {
    Cell::text(moment.strftime("%Y-%m-%d %H:%M:%S%.3f", Zone::Utc))
}

pub(crate) fn resources(uses: &[ResourceUse], sources: &mut Sources) -> Table {
    let shown = &uses[..uses.len().min(MOST_RESOURCES)];
    let row = |it: &ResourceUse| {
        let source = sources.id(&it.key.to_string(), SUMMARY_OF_SAMPLES);
        let token = |value, statistic| Token::new(value, &it.unit, statistic, source);
        let number = |value, statistic| Cell::number(token(value, statistic));
        let summary = &it.summary;
        vec![
            Cell::text(&it.name),
            Cell::text(&it.key.host),
            Cell {
                bar: Some(summary.p95),
                ..number(summary.p95, "p95")
            },
            number(summary.mean, "mean"),
            number(summary.p50, "p50"),
            number(summary.max, "max"),
            Cell::number(Token::count(summary.n, "number of samples", source)),
        ]
    };
    Table {
        caption: caption(
            "Resources by their 95th percentile",
            shown.len(),
            uses.len(),
        ),
        columns: vec![
            Heading::start("resource"),
            Heading::start("host"),
            Heading::end("p95"),
            Heading::end("mean"),
            Heading::end("p50"),
            Heading::end("max"),
            Heading::end("samples"),
        ],
        rows: shown.iter().map(row).collect(),
        empty: String::new(),
    }
}

pub(crate) fn host_facts(host: &Host, sources: &mut Sources) -> Vec<Fact> {
    let source = sources.of(Of {
        basis: Basis::Host(host.name.clone()),
        computation: "told by the agent when it greeted",
    });
    let number = |name: &str, value: f64, unit: &'static str| Fact {
        name: name.to_owned(),
        runs: vec![Run::Number(Token::new(
            value,
            &Unit::new(unit),
            name,
            source,
        ))],
    };
    let mut facts = Vec::new();
    let mut text = |name: &str, value: &str| {
        if !value.is_empty() {
            facts.push(Fact::text(name, value));
        }
    };
    text("System", &host.os);
    text("Kernel", &host.kernel);
    text("Architecture", &host.arch);
    text("Processor", &host.cpu_model);
    text("Boot", &host.boot_id);
    text("Agent", &host.agent_version);
    text("Reads", &host.capabilities.join(", "));
    if host.cpus > 0 {
        facts.push(number("Logical processors", f64::from(host.cpus), "{cpu}"));
    }
    if host.memory_bytes > 0 {
        facts.push(number("Memory", host.memory_bytes as f64, "By"));
    }
    facts
}

pub(crate) fn coverage(hosts: &[Coverage], sources: &mut Sources) -> Table {
    let row = |it: &Coverage| {
        let source = sample_times(sources, &it.host);
        let number = |value: f64, unit, statistic| {
            Cell::number(Token::new(value, &Unit::new(unit), statistic, source))
        };
        let length =
            |ns: i64, statistic| Cell::number(Token::duration(ns as f64 / 1e9, statistic, source));
        let count = |count: usize, statistic| Cell::number(Token::count(count, statistic, source));
        vec![
            Cell::text(if it.host.is_empty() {
                "imported file"
            } else {
                &it.host
            }),
            Cell {
                bar: Some(it.share),
                ..number(it.share, "1", "share present")
            },
            count(it.present, "samples present"),
            count(it.expected, "samples expected"),
            length(it.cadence_ns, "cadence"),
            length(it.jitter_p99_ns, "p99 of the deviation from the cadence"),
            count(it.gaps, "number of gaps"),
            length(it.longest_gap_ns, "longest gap"),
        ]
    };
    Table {
        caption: "How complete the recording is".to_owned(),
        columns: vec![
            Heading::start("host"),
            Heading::end("coverage"),
            Heading::end("samples"),
            Heading::end("expected"),
            Heading::end("cadence"),
            Heading::end("jitter p99"),
            Heading::end("gaps"),
            Heading::end("longest gap"),
        ],
        rows: hosts.iter().map(row).collect(),
        empty: "Nothing is known about the completeness of this recording.".to_owned(),
    }
}

pub(crate) fn marks(marks: &[Mark], sources: &mut Sources) -> Table {
    let mut worst: Vec<&Mark> = marks.iter().collect();
    // Stable: marks of one severity stay in the order of time.
    worst.sort_by_key(|it| std::cmp::Reverse(it.severity));
    let shown = &worst[..worst.len().min(MOST_MARKS)];
    let mut row = |(place, it): (usize, &&Mark)| {
        let source = sources.of_within(
            it.span,
            Of {
                basis: Basis::Times(it.host.clone()),
                computation: it.kind.name(),
            },
        );
        let length = Token::duration(it.span.seconds(), "length", source);
        vec![
            Cell {
                tone: it.severity.name(),
                ..Cell::text(it.severity.name())
            },
            time(it.span.from),
            Cell::number(length),
            Cell::text(&it.host),
            Cell::text(it.kind.name()),
            Cell {
                runs: numerals::told(&it.text, source, &format!("mark {}", place + 1)),
                ..Cell::default()
            },
        ]
    };
    Table {
        caption: caption("Marks, the most severe first", shown.len(), marks.len()),
        columns: vec![
            Heading::start("severity"),
            Heading::start("from (UTC)"),
            Heading::end("length"),
            Heading::start("host"),
            Heading::start("kind"),
            Heading::start("what"),
        ],
        rows: shown.iter().enumerate().map(&mut row).collect(),
        empty: "No gap, late sample, reset, clock step or other doubt was found in this window."
            .to_owned(),
    }
}

pub(crate) fn processes(uses: &[ProcessUse], sources: &mut Sources) -> Table {
    let window = sources.window();
    processes_within(uses, (sources, window))
}

/// What processes used within a window of its own.
pub(crate) fn processes_within(
    uses: &[ProcessUse],
    (sources, window): (&mut Sources, Span),
) -> Table {
    let shown = &uses[..uses.len().min(MOST_PROCESSES)];
    let row = |it: &ProcessUse| {
        let source = of_process_within(sources, it, window);
        let number = |value: f64, unit, statistic| {
            Cell::number(Token::new(value, &Unit::new(unit), statistic, source))
        };
        let command: String = it.command.chars().take(MOST_COMMAND).collect();
        let cut = command.len() < it.command.len();
        let ellipsis = if cut { "…" } else { "" };
        vec![
            Cell::code(&it.name),
            Cell::code(it.pid.to_string()),
            Cell::text(&it.host),
            Cell::number(Token::duration(it.cpu_seconds, "growth", source)),
            Cell {
                bar: Some(it.machine_share),
                ..number(it.machine_share, "1", "growth over processors and time")
            },
            number(it.peak_resident_bytes, "By", "largest resident memory"),
            number(it.read_bytes, "By", "growth of bytes read"),
            number(it.write_bytes, "By", "growth of bytes written"),
            Cell {
                more: if cut {
                    it.command.clone()
                } else {
                    String::new()
                },
                ..Cell::code(format!("{command}{ellipsis}"))
            },
        ]
    };
    Table {
        caption: caption("Processes by processor time", shown.len(), uses.len()),
        columns: vec![
            Heading::start("process"),
            Heading::end("pid"),
            Heading::start("host"),
            Heading::end("cpu time"),
            Heading::end("of the machine"),
            Heading::end("peak memory"),
            Heading::end("read"),
            Heading::end("written"),
            Heading::start("command"),
        ],
        rows: shown.iter().map(row).collect(),
        empty: "The recording holds no processes in this window.".to_owned(),
    }
}

pub(crate) fn events(events: &[HostEvent]) -> Table {
    let shown = &events[..events.len().min(MOST_EVENTS)];
    let row = |it: &HostEvent| {
        let kind = it.event.kind;
        vec![
            time(it.event.at),
            Cell::text(&it.host),
            Cell::text(kind.name()),
            // As the machine says it, digits and all.
            Cell::code(it.event.line()),
        ]
    };
    Table {
        caption: caption("Events", shown.len(), events.len()),
        columns: vec![
            Heading::start("time (UTC)"),
            Heading::start("host"),
            Heading::start("kind"),
            Heading::start("what"),
        ],
        rows: shown.iter().map(row).collect(),
        empty: "No event happened in this window.".to_owned(),
    }
}

pub(crate) fn annotations(annotations: &[Annotation], sources: &mut Sources) -> Table {
    let row = |it: &Annotation| {
        let basis = Basis::Report;
        let computation = "the stretch that somebody noted";
        let source = sources.of_within(it.span, Of { basis, computation });
        vec![
            time(it.span.from),
            Cell::number(Token::duration(it.span.seconds(), "length", source)),
            Cell {
                runs: numerals::by_hand(&it.text),
                ..Cell::default()
            },
        ]
    };
    Table {
        caption: "Annotations".to_owned(),
        columns: vec![
            Heading::start("from (UTC)"),
            Heading::end("length"),
            Heading::start("note"),
        ],
        rows: annotations.iter().map(row).collect(),
        empty: "Nobody left an annotation in this window.".to_owned(),
    }
}

pub(crate) fn settings(settings: &[Setting]) -> Table {
    let shown = &settings[..settings.len().min(MOST_SETTINGS)];
    let row = |it: &Setting| {
        vec![
            Cell::code(&it.key),
            Cell::code(&it.value),
            Cell::text(&it.host),
        ]
    };
    Table {
        caption: caption("Settings at the start", shown.len(), settings.len()),
        columns: vec![
            Heading::start("setting"),
            Heading::start("value"),
            Heading::start("host"),
        ],
        rows: shown.iter().map(row).collect(),
        empty: "No settings were recorded.".to_owned(),
    }
}
