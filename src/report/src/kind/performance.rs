//! The performance report: what a recording shows, and how far it can be trusted.
//!
//! * In: a [`PerformanceInput`], everything in it already computed.
//! * Out: a [`Document`] with summary, findings, hosts, data quality, services where there
//!   are any, charts, processes, events, settings, and methods.
//! * Never: concludes anything; findings are told as they were kept.
//!
//! Start at [`document`].

use analysis::overview::{self, Piece, ProcessUse, ResourceUse, Sentence};
use analysis::quality::{Coverage, Mark};
use model::annotation::Annotation;
use model::event::Event;
use model::host::Host;
use model::time::{Moment, Span, Zone, duration_text};
use model::unit::Unit;

use self::findings::{Choice, FindingInput};
use self::services::ServicesInput;
use super::Kind;
use crate::chart::{Chart, ChartInput, ChartMark, Frame, MarkKind};
use crate::document::{Block, Document, Fact, Run, SCHEMA, Section, Sources, Token};

pub mod findings;
pub mod services;
mod tables;

/// What is known of this kind before it is made.
pub const KIND: Kind = Kind {
    name: "performance",
    help: "What a recording shows: resources, processes, events, and how complete it is.",
};

/// So many observations make the summary.
const MOST_SENTENCES: usize = 6;

/// What a performance report is made of.
#[derive(Clone, Debug)]
pub struct PerformanceInput {
    /// Title of the report.
    pub title: String,
    /// Name of the session, as people know it.
    pub session: String,
    /// Version of the program.
    pub kymo: String,
    /// The stretch of time it speaks of.
    pub span: Span,
    /// The hosts, in the order of the session.
    pub hosts: Vec<Host>,
    /// How complete each host's recording is.
    pub coverage: Vec<Coverage>,
    /// What is doubtful.
    pub marks: Vec<Mark>,
    /// The essentials, in order; those of one host together.
    pub charts: Vec<ChartInput>,
    /// How much of each resource was in use, the most used first.
    pub resources: Vec<ResourceUse>,
    /// What services did for their users; empty where nothing told of requests.
    pub services: ServicesInput,
    /// What processes used, the busiest first.
    pub processes: Vec<ProcessUse>,
    /// What happened, by time.
    pub events: Vec<HostEvent>,
    /// The findings that are told, in order.
    pub findings: Vec<FindingInput>,
    /// Why these.
    pub choice: Choice,
    /// What people noted.
    pub annotations: Vec<Annotation>,
    /// Settings that held at the start.
    pub settings: Vec<Setting>,
    /// What else the reader must know, such as what could not be read.
    pub notes: Vec<String>,
}

/// An event and the host it happened on.
#[derive(Clone, Debug)]
pub struct HostEvent {
    /// Name of the host; empty for the session as a whole.
    pub host: String,
    /// What happened.
    pub event: Event,
}

/// A setting of a host.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Name of the host.
    pub host: String,
    /// Name of the setting.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Numbers figures and collects sources while the report is built.
struct Builder<'a> {
    input: &'a PerformanceInput,
    sources: Sources,
    figures: usize,
}

/// Builds the report.
pub fn document(input: &PerformanceInput) -> Document {
    let mut builder = Builder {
        input,
        sources: Sources::new(&input.session, input.span),
        figures: 0,
    };
    let mut sections = vec![
        builder.summary(),
        builder.findings(),
        builder.hosts(),
        builder.quality(),
    ];
    sections.extend(builder.services());
    sections.extend([
        builder.resources(),
        builder.processes(),
        builder.events(),
        builder.settings(),
        builder.methods(),
    ]);
    Document {
        schema: SCHEMA,
        kymo: input.kymo.clone(),
        kind: KIND.name,
        title: input.title.clone(),
        session: input.session.clone(),
        window: input.span,
        facts: facts(input),
        sections,
        sources: builder.sources.into_list(),
    }
}

/// What stands under the title.
fn facts(input: &PerformanceInput) -> Vec<Fact> {
    let print = |moment: Moment, pattern| moment.strftime(pattern, Zone::Utc);
    let (from, to) = (input.span.from, input.span.to);
    let one_day = print(from, "%F") == print(to, "%F");
    let end = if one_day { "%T" } else { "%F %T" };
    let names: Vec<_> = input.hosts.iter().map(|host| host.name.as_str()).collect();
    let mut facts = vec![
        Fact::text("Session", &*input.session),
        Fact::text(
            "Window (UTC)",
            format!("{} to {}", print(from, "%F %T"), print(to, end)),
        ),
        Fact::text("Length", duration_text(input.span.seconds())),
    ];
    if !names.is_empty() {
        facts.push(Fact::text("Hosts", names.join(", ")));
    }
    facts
}

impl Builder<'_> {
    fn summary(&mut self) -> Section {
        let input = self.input;
        let said = overview::sentences(&input.resources, &input.processes, MOST_SENTENCES);
        let mut items: Vec<_> = said.iter().map(|it| self.sentence(it)).collect();
        items.extend(self.coverage_sentences());
        items.extend(input.notes.iter().map(|note| vec![Run::text(note)]));
        let nothing = "Nothing in this recording can be summed up: it holds no samples.";
        let mut blocks = vec![if items.is_empty() {
            Block::Paragraph {
                runs: vec![Run::text(nothing)],
            }
        } else {
            Block::List { items }
        }];
        if !input.resources.is_empty() {
            blocks.push(Block::Table(tables::resources(
                &input.resources,
                &mut self.sources,
            )));
        }
        Section {
            id: "summary",
            title: "Summary",
            blocks,
        }
    }

    fn sentence(&mut self, sentence: &Sentence) -> Vec<Run> {
        let source = self
            .sources
            .id(&sentence.subject, tables::SUMMARY_OF_SAMPLES);
        let runs = sentence.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Run::text(text),
            Piece::Number {
                value,
                text,
                unit,
                statistic,
            } => Run::Number(Token {
                value: *value,
                text: text.clone(),
                unit: unit.clone(),
                statistic: (*statistic).to_owned(),
                source,
            }),
        });
        runs.collect()
    }

    fn coverage_sentences(&mut self) -> Vec<Vec<Run>> {
        let mut items = Vec::new();
        for it in self.input.coverage.iter().filter(|it| it.share < 0.995) {
            let source = tables::sample_times(&mut self.sources, &it.host);
            items.push(vec![
                Run::text("Only "),
                Run::Number(Token::new(
                    it.share,
                    &Unit::new("1"),
                    "share present",
                    source,
                )),
                Run::text(format!(
                    " of the samples of {} are there; see data quality.",
                    if it.host.is_empty() {
                        "the file"
                    } else {
                        &it.host
                    }
                )),
            ]);
        }
        items
    }

    fn hosts(&mut self) -> Section {
        let mut blocks = Vec::new();
        for host in &self.input.hosts {
            blocks.push(Block::Heading {
                text: host.name.clone(),
            });
            blocks.push(Block::Facts {
                facts: tables::host_facts(host, &mut self.sources),
            });
            if !host.limits.is_empty() {
                blocks.push(Block::List {
                    items: host.limits.iter().map(|it| vec![Run::text(it)]).collect(),
                });
            }
        }
        if blocks.is_empty() {
            blocks.push(Block::Paragraph {
                runs: vec![Run::text(
                    "The recording names no host: it was imported from a file.",
                )],
            });
        }
        Section {
            id: "hosts",
            title: "Hosts",
            blocks,
        }
    }

    fn quality(&mut self) -> Section {
        let input = self.input;
        let mut blocks = vec![Block::Table(tables::coverage(
            &input.coverage,
            &mut self.sources,
        ))];
        let hosts: Vec<_> = input.coverage.iter().map(|it| it.host.clone()).collect();
        if !hosts.is_empty() && !input.span.is_empty() {
            self.figures += 1;
            blocks.push(Block::Lane(crate::lane::Lane::new(
                self.figures,
                input.span,
                hosts,
                &input.marks,
            )));
        }
        blocks.push(Block::Table(tables::marks(&input.marks)));
        Section {
            id: "quality",
            title: "Data quality",
            blocks,
        }
    }

    fn resources(&mut self) -> Section {
        let input = self.input;
        let mut blocks: Vec<Block> = Vec::new();
        let mut hosts: Vec<&str> = Vec::new();
        for chart in &input.charts {
            if !hosts.contains(&chart.host.as_str()) {
                hosts.push(&chart.host);
            }
        }
        for host in &hosts {
            let of_host: Vec<&ChartInput> =
                input.charts.iter().filter(|it| it.host == **host).collect();
            let Some(charts) = self.charts(host, &of_host) else {
                continue;
            };
            if hosts.len() > 1 {
                blocks.push(Block::Heading {
                    text: (*host).to_owned(),
                });
            }
            blocks.push(charts);
        }
        if blocks.is_empty() {
            blocks.push(Block::Paragraph {
                runs: vec![Run::text("There is nothing to draw in this window.")],
            });
        }
        Section {
            id: "resources",
            title: "Resources over time",
            blocks,
        }
    }

    /// Charts of a host with what happened on it; `None` where there is nothing to draw.
    fn charts(&mut self, host: &str, inputs: &[&ChartInput]) -> Option<Block> {
        let marks = chart_marks(self.input, host);
        let frame = Frame {
            window: self.input.span,
            marks: &marks,
        };
        let mut charts = Vec::new();
        for input in inputs {
            let next = self.figures + 1;
            if let Some(chart) = Chart::new(next, input, frame, &mut self.sources) {
                self.figures = next;
                charts.push(chart);
            }
        }
        (!charts.is_empty()).then_some(Block::Charts { charts })
    }

    fn processes(&mut self) -> Section {
        let table = tables::processes(&self.input.processes, &mut self.sources);
        Section {
            id: "processes",
            title: "Busiest processes",
            blocks: vec![Block::Table(table)],
        }
    }

    fn events(&mut self) -> Section {
        Section {
            id: "events",
            title: "Events and annotations",
            blocks: vec![
                Block::Table(tables::events(&self.input.events)),
                Block::Table(tables::annotations(&self.input.annotations)),
            ],
        }
    }

    fn settings(&mut self) -> Section {
        Section {
            id: "settings",
            title: "Settings",
            blocks: vec![Block::Table(tables::settings(&self.input.settings))],
        }
    }

    fn methods(&mut self) -> Section {
        let paragraphs = [
            "Counters are shown as growth per second between two readings. The first reading of a \
             counter, a counter that fell, and an interval with a reading missing are gaps. Gaps are \
             never filled or interpolated.",
            "Utilization is busy time over elapsed time; that of the processor counts every state but \
             idle and iowait. Mean response time of a disk is time spent in operations over operations \
             finished. Pressure is the share of time in which some tasks waited for a resource.",
            analysis::summary::METHOD,
            "Charts show the smallest and largest sample of every column of the picture, so that a \
             peak of one sample keeps its height. Stacked areas show, of every column, the moment at \
             which the sum is largest.",
            "Processor time of a process is its growth within the window, counted from its last \
             reading before the window, or from zero when it started within it. Processes that were \
             never read, because they lived between two readings and the kernel did not tell of \
             them, are missing.",
            "All times are UTC. The time axis follows the steady clock of each host, so setting a \
             wall clock moves nothing; it is listed as an event.",
        ];
        let paragraph = |text: &&str| Block::Paragraph {
            runs: vec![Run::text(*text)],
        };
        Section {
            id: "methods",
            title: "Methods",
            blocks: paragraphs
                .iter()
                .map(paragraph)
                .chain(self.services_method())
                .collect(),
        }
    }
}

/// What stands on the time axes of a host's charts.
fn chart_marks(input: &PerformanceInput, host: &str) -> Vec<ChartMark> {
    let notes = input.annotations.iter().map(|it| ChartMark {
        span: it.span,
        text: it.text.clone(),
        kind: MarkKind::Note,
    });
    let happened = input
        .events
        .iter()
        .filter(|it| it.host == host || it.host.is_empty())
        .map(|it| ChartMark {
            span: Span {
                from: it.event.at,
                to: it.event.at,
            },
            text: it.event.line(),
            kind: MarkKind::Event,
        });
    // Notes first: where there are too many marks, what people wrote stays.
    notes.chain(happened).collect()
}

#[cfg(test)]
mod tests;
