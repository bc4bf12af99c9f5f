//! Which rows the tree has: sorted, filtered and flattened, once per change.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use model::catalog;
use model::process::ProcessId;
use model::series::{Series, SeriesKey};
use workflow::essentials::Resource;
use workflow::processes::{Line, MEASURES};

use super::Data;
use crate::view::words::Words;

/// What can be opened and closed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Host(String),
    Resource(String, Option<Resource>),
    Metric(String, String),
    Processes(String),
    Process(String, ProcessId),
}

/// What a row stands for; numbers are places in the data of the same version.
#[derive(Clone, Debug)]
pub(super) enum What {
    Group {
        node: Node,
        open: bool,
        /// How many series or processes are inside.
        count: usize,
        /// Series that are plotted together by one wish; see [`Cache::members`].
        members: Range<usize>,
        /// Crowd and line, when the group is a process.
        process: Option<(usize, usize)>,
    },
    Series(usize),
    Measure {
        crowd: usize,
        line: usize,
        measure: usize,
    },
}

/// One row of the tree.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) depth: u8,
    pub(super) label: String,
    /// The metric, when the row is a group of its series.
    pub(super) metric: Option<String>,
    pub(super) what: What,
}

/// How much was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    pub(super) series: usize,
    pub(super) processes: usize,
}

/// A series and where it belongs.
#[derive(Debug)]
struct Leaf {
    number: usize,
    resource: Option<Resource>,
    haystack: String,
}

/// The rows of one version of the data, search and open nodes.
#[derive(Debug, Default)]
pub(super) struct Cache {
    version: Option<u64>,
    crowds_version: Option<u64>,
    search: String,
    leaves: Vec<Leaf>,
    /// Haystacks of processes, by crowd and line.
    crowds: Vec<Vec<String>>,
    found: Vec<usize>,
    rows: Vec<Row>,
    hits: Hits,
    /// Nodes that are not as they are by default.
    flipped: HashSet<Node>,
    /// The same while searching, when everything is open by default.
    flipped_in_search: HashSet<Node>,
    stale: bool,
}

impl Cache {
    /// Works the rows out anew if anything they depend on changed.
    pub(super) fn refresh(&mut self, data: &Data<'_>, search: &str) {
        if self.version != Some(data.version) {
            self.version = Some(data.version);
            self.leaves = leaves(data.series);
            self.stale = true;
        }
        if self.crowds_version != Some(data.crowds_version) {
            self.crowds_version = Some(data.crowds_version);
            let crowds = data.crowds.iter();
            self.crowds = crowds
                .map(|crowd| {
                    crowd
                        .lines
                        .iter()
                        .map(|it| line_words(crowd.host, it))
                        .collect()
                })
                .collect();
            self.stale = true;
        }
        if self.search != search {
            search.clone_into(&mut self.search);
            self.flipped_in_search.clear();
            self.stale = true;
        }
        if std::mem::take(&mut self.stale) {
            self.flatten(data);
        }
    }

    /// Opens what is closed and closes what is open.
    pub(super) fn toggle(&mut self, index: usize) {
        let Some(What::Group { node, .. }) = self.rows.get(index).map(|row| &row.what) else {
            return;
        };
        let flipped = match Words::of(&self.search).is_empty() {
            true => &mut self.flipped,
            false => &mut self.flipped_in_search,
        };
        if !flipped.remove(node) {
            flipped.insert(node.clone());
        }
        self.stale = true;
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn hits(&self) -> Hits {
        self.hits
    }

    /// Numbers of the series of a group.
    pub(super) fn members(&self, range: &Range<usize>) -> &[usize] {
        self.found.get(range.clone()).unwrap_or(&[])
    }

    fn flatten(&mut self, data: &Data<'_>) {
        let words = Words::of(&self.search);
        let hit: Vec<&Leaf> = self
            .leaves
            .iter()
            .filter(|leaf| leaf.number < data.series.len() && words.found_in(&leaf.haystack))
            .collect();
        let found: Vec<usize> = hit.iter().map(|leaf| leaf.number).collect();
        let mut flat = Flat {
            data,
            hit: &hit,
            opened: &|node| {
                let (flipped, open) = match words.is_empty() {
                    true => (&self.flipped, matches!(node, Node::Host(_))),
                    // A process that is found is the end of the search, not its way.
                    false => (&self.flipped_in_search, !matches!(node, Node::Process(..))),
                };
                open != flipped.contains(node)
            },
            rows: Vec::new(),
        };
        let mut processes = 0;
        for host in hosts(data, &hit) {
            let lines = self.lines_found(data, host, &words);
            processes += lines.len();
            flat.host(host, &lines);
        }
        self.rows = flat.rows;
        self.hits = Hits {
            series: found.len(),
            processes,
        };
        self.found = found;
    }

    fn lines_found(&self, data: &Data<'_>, host: &str, words: &Words) -> Vec<(usize, usize)> {
        let crowds = data.crowds.iter().enumerate();
        let mut found: Vec<(usize, usize)> = crowds
            .filter(|(_, crowd)| crowd.host == host)
            .flat_map(|(number, crowd)| (0..crowd.lines.len()).map(move |line| (number, line)))
            .filter(|(crowd, line)| {
                let words_of = self.crowds.get(*crowd).and_then(|it| it.get(*line));
                words_of.is_some_and(|text| words.found_in(text))
            })
            .collect();
        let process = |(crowd, line): &(usize, usize)| &data.crowds[*crowd].lines[*line].process;
        found.sort_by(|a, b| {
            let (a, b) = (process(a), process(b));
            (&a.name, a.pid).cmp(&(&b.name, b.pid))
        });
        found
    }
}

/// Writes rows, group by group.
struct Flat<'a> {
    data: &'a Data<'a>,
    hit: &'a [&'a Leaf],
    opened: &'a dyn Fn(&Node) -> bool,
    rows: Vec<Row>,
}

impl Flat<'_> {
    fn key(&self, place: usize) -> &SeriesKey {
        &self.data.series[self.hit[place].number].key
    }

    /// Adds the row of a group and says whether its inside follows.
    fn group(&mut self, depth: u8, (label, node): (String, Node), inside: Inside) -> bool {
        let open = (self.opened)(&node);
        let metric = match &node {
            Node::Metric(_, metric) => Some(metric.clone()),
            _ => None,
        };
        self.rows.push(Row {
            depth,
            label,
            metric,
            what: What::Group {
                node,
                open,
                count: inside.count,
                members: inside.members,
                process: inside.process,
            },
        });
        open
    }

    fn host(&mut self, host: &str, lines: &[(usize, usize)]) {
        let range = self.run(0..self.hit.len(), |key| key.host == host);
        if range.is_empty() && lines.is_empty() {
            return;
        }
        let label = match host {
            "" => "Imported data".to_owned(),
            name => name.to_owned(),
        };
        let node = Node::Host(host.to_owned());
        if !self.group(0, (label, node), Inside::count(range.len())) {
            return;
        }
        let mut from = range.start;
        while from < range.end {
            let resource = self.hit[from].resource;
            let inside = self.hit[from..range.end].iter();
            let length = inside.take_while(|leaf| leaf.resource == resource).count();
            self.resource(host, resource, from..from + length);
            from += length;
        }
        self.processes(host, lines);
    }

    fn resource(&mut self, host: &str, resource: Option<Resource>, range: Range<usize>) {
        let label = resource.map_or("Other", Resource::name).to_owned();
        let node = Node::Resource(host.to_owned(), resource);
        if !self.group(1, (label, node), Inside::count(range.len())) {
            return;
        }
        let mut from = range.start;
        while from < range.end {
            let metric = self.key(from).metric.clone();
            let to = self.run(from..range.end, |key| key.metric == metric).end;
            self.metric(host, metric, from..to);
            from = to;
        }
    }

    fn metric(&mut self, host: &str, metric: String, range: Range<usize>) {
        let short = short(&metric);
        if range.len() == 1 && self.key(range.start).attributes.is_empty() {
            let number = self.hit[range.start].number;
            self.rows.push(Row {
                depth: 2,
                label: short.to_owned(),
                metric: None,
                what: What::Series(number),
            });
            return;
        }
        let label = short.to_owned();
        let node = Node::Metric(host.to_owned(), metric);
        let inside = Inside {
            members: range.clone(),
            ..Inside::count(range.len())
        };
        if !self.group(2, (label, node), inside) {
            return;
        }
        for place in range {
            self.rows.push(Row {
                depth: 3,
                label: attributes(self.key(place)),
                metric: None,
                what: What::Series(self.hit[place].number),
            });
        }
    }

    fn processes(&mut self, host: &str, lines: &[(usize, usize)]) {
        if lines.is_empty() {
            return;
        }
        let head = ("Processes".to_owned(), Node::Processes(host.to_owned()));
        if !self.group(1, head, Inside::count(lines.len())) {
            return;
        }
        for (crowd, line) in lines.iter().copied() {
            let it = &self.data.crowds[crowd].lines[line];
            let label = format!("{} {}", it.process.name, it.process.pid);
            let node = Node::Process(host.to_owned(), it.id);
            let inside = Inside {
                process: Some((crowd, line)),
                ..Inside::count(MEASURES.len())
            };
            if !self.group(2, (label, node), inside) {
                continue;
            }
            for (measure, (_, name)) in MEASURES.iter().enumerate() {
                self.rows.push(Row {
                    depth: 3,
                    label: (*name).to_owned(),
                    metric: None,
                    what: What::Measure {
                        crowd,
                        line,
                        measure,
                    },
                });
            }
        }
    }

    /// The first stretch of places in `range` whose keys fit; they are sorted.
    fn run(&self, range: Range<usize>, fits: impl Fn(&SeriesKey) -> bool) -> Range<usize> {
        let mut places = range.clone();
        let from = places.find(|place| fits(self.key(*place)));
        let from = from.unwrap_or(range.end);
        let length = (from..range.end)
            .take_while(|place| fits(self.key(*place)))
            .count();
        from..from + length
    }
}

/// What a group holds.
struct Inside {
    count: usize,
    members: Range<usize>,
    process: Option<(usize, usize)>,
}

impl Inside {
    fn count(count: usize) -> Self {
        Self {
            count,
            members: 0..0,
            process: None,
        }
    }
}

/// Hosts with anything found, or all of them that have processes; sorted.
fn hosts<'a>(data: &Data<'a>, hit: &[&Leaf]) -> Vec<&'a str> {
    let series = hit
        .iter()
        .map(|leaf| data.series[leaf.number].key.host.as_str());
    let crowds = data.crowds.iter().map(|crowd| crowd.host);
    let mut hosts: Vec<&str> = series.chain(crowds).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

fn leaves(series: &[Series]) -> Vec<Leaf> {
    let order: HashMap<&str, usize> = catalog::ALL
        .iter()
        .enumerate()
        .map(|(place, metric)| (metric.name, place))
        .collect();
    let mut leaves: Vec<Leaf> = series
        .iter()
        .enumerate()
        .map(|(number, one)| {
            let resource = Resource::of(&one.key.metric);
            Leaf {
                number,
                resource,
                haystack: series_words(one, resource),
            }
        })
        .collect();
    let rank = |leaf: &Leaf| {
        let key = &series[leaf.number].key;
        let known = order.get(key.metric.as_str()).copied();
        let resource = leaf.resource.map_or((1, None), |it| (0, Some(it)));
        (
            &key.host,
            resource,
            known.unwrap_or(usize::MAX),
            &key.metric,
        )
    };
    leaves.sort_by(|a, b| {
        let keys = (&series[a.number].key, &series[b.number].key);
        rank(a)
            .cmp(&rank(b))
            .then_with(|| by_attributes(keys.0, keys.1))
    });
    leaves
}

/// Compares values as numbers where both are, so that `cpu=10` follows `cpu=9`.
fn by_attributes(a: &SeriesKey, b: &SeriesKey) -> std::cmp::Ordering {
    let pairs = a.attributes.iter().zip(&b.attributes);
    pairs
        .map(|((key_a, a), (key_b, b))| {
            let numbers = (a.parse::<u64>(), b.parse::<u64>());
            let values = match numbers {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => a.cmp(b),
            };
            key_a.cmp(key_b).then(values)
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.attributes.len().cmp(&b.attributes.len()))
}

fn series_words(series: &Series, resource: Option<Resource>) -> String {
    let resource = resource.map_or("", Resource::name);
    format!("{} {} {resource}", series.key, series.unit).to_lowercase()
}

fn line_words(host: &str, line: &Line) -> String {
    let it = &line.process;
    format!("{host} process {} {} {}", it.name, it.pid, it.command).to_lowercase()
}

/// A metric's name without what the resource above it says already.
fn short(metric: &str) -> &str {
    ["system.", "cgroup.", "kymo."]
        .iter()
        .find_map(|prefix| metric.strip_prefix(prefix))
        .unwrap_or(metric)
}

fn attributes(key: &SeriesKey) -> String {
    if key.attributes.is_empty() {
        return "total".to_owned();
    }
    let pairs = key.attributes.iter();
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(", ")
}
