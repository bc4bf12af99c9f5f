//! From the user's panels to plots: which curves, under which names, in which section.
//!
//! Worked out when the workspace, the hosts or the series change, never per frame.
//!
//! Start at [`arrange`].

use model::series::{Series, SeriesKey};
use workflow::essentials::{self, Resource};
use workflow::processes::{MEASURES, Measure};

use crate::workspace::{Content, Item, Panel, Workspace};

/// Curves of one plot; more cannot be told apart.
const CURVES_MAX: usize = 32;

/// Hosts whose plots are told apart by number.
const HOSTS_MAX: u64 = 1 << 16;

/// Plots that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// Its plots, in order.
    pub plots: Vec<Plot>,
}

/// One plot to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Number of this plot; a panel with several hosts has several.
    pub id: u64,
    /// Number of the panel in the workspace.
    pub panel: u64,
    /// Title for people.
    pub title: String,
    /// Its curves, in the order of the legend.
    pub curves: Vec<Named>,
    /// How many curves found no room.
    pub left_out: usize,
}

/// A curve and its name within the plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Which curve.
    pub item: Item,
    /// What it is called beside its neighbors.
    pub name: String,
}

/// Sections in the order of the screen, the user's own plots first.
const ORDER: &[(Option<Resource>, &str)] = &[
    (None, "Your plots"),
    (Some(Resource::Service), "Services"),
    (Some(Resource::Cpu), "CPU"),
    (Some(Resource::Memory), "Memory"),
    (Some(Resource::Pressure), "Pressure"),
    (Some(Resource::Disk), "Disk"),
    (Some(Resource::Network), "Network"),
    (Some(Resource::Cgroup), "Control groups"),
    (Some(Resource::Kymo), "Kymo itself"),
];

/// Works out what is drawn where.
///
/// An essential panel gives one plot for each shown host that has its series;
/// a host without them gives none.
pub fn arrange(workspace: &Workspace, hosts: &[String], series: &[Series]) -> Vec<Section> {
    let shown: Vec<(u64, &String)> = (0..HOSTS_MAX)
        .zip(hosts)
        .filter(|(_, host)| !workspace.hidden_hosts.contains(host))
        .collect();
    let sections = ORDER.iter().map(|(resource, title)| {
        let panels = workspace
            .panels
            .iter()
            .filter(|panel| resource_of(panel) == *resource);
        let plots = panels.flat_map(|panel| plots(panel, &shown, series));
        Section {
            title,
            plots: plots.collect(),
        }
    });
    sections
        .filter(|section| !section.plots.is_empty())
        .collect()
}

fn resource_of(panel: &Panel) -> Option<Resource> {
    match &panel.content {
        Content::Essential { key, .. } => essentials::find(key).map(|it| it.resource),
        Content::Own { .. } => None,
    }
}

fn plots(panel: &Panel, hosts: &[(u64, &String)], series: &[Series]) -> Vec<Plot> {
    match &panel.content {
        Content::Own { title, items } => {
            let all: Vec<&Item> = items.iter().collect();
            vec![plot(panel, 0, own_title(title, items), &all)]
        }
        Content::Essential { key, added } => {
            let Some(essential) = essentials::find(key) else {
                return Vec::new();
            };
            let several = hosts.len() > 1;
            let of_host = |(number, host): &(u64, &String)| {
                let members = essential.members(host, series);
                let items: Vec<Item> = members
                    .iter()
                    .map(|series| Item::Series(series.key.clone()))
                    .collect();
                let added = added.iter().filter(|item| item.host() == host.as_str());
                let all: Vec<&Item> = items.iter().chain(added).collect();
                let title = match several {
                    true => format!("{} · {host}", essential.title),
                    false => essential.title.to_owned(),
                };
                (!all.is_empty()).then(|| plot(panel, *number, title, &all))
            };
            hosts.iter().filter_map(of_host).collect()
        }
    }
}

fn plot(panel: &Panel, host: u64, title: String, items: &[&Item]) -> Plot {
    let kept = &items[..items.len().min(CURVES_MAX)];
    let names = names(kept);
    let curves = kept.iter().zip(names);
    Plot {
        id: panel.id.wrapping_mul(HOSTS_MAX).wrapping_add(host),
        panel: panel.id,
        title,
        curves: curves
            .map(|(item, name)| Named {
                item: (*item).clone(),
                name,
            })
            .collect(),
        left_out: items.len() - kept.len(),
    }
}

fn own_title(title: &str, items: &[Item]) -> String {
    match (title, items) {
        ("", []) => "Empty plot".to_owned(),
        ("", [one]) => full_name(one),
        ("", [first, ..]) => format!("{} and {} more", full_name(first), items.len() - 1),
        (title, _) => title.to_owned(),
    }
}

/// A name that stands alone.
pub fn full_name(item: &Item) -> String {
    match item {
        Item::Series(key) => key.column(),
        Item::Process(process) => format!(
            "{} of {} ({})",
            measure_name(process.measure),
            process.name,
            process.pid
        ),
    }
}

/// A name for lists in which the plot around a curve is not seen; what tells curves
/// of one metric apart comes first, so that it stays where the name is cut.
pub fn list_name(item: &Item) -> String {
    match item {
        Item::Process(_) => full_name(item),
        Item::Series(key) => {
            let tail = key.metric.strip_prefix("system.").unwrap_or(&key.metric);
            let metric = tail.replace(['.', '_'], " ");
            let words = key.attributes.iter();
            let words: Vec<String> = words.map(|(name, value)| word(name, value)).collect();
            match words.is_empty() {
                true => metric,
                false => format!("{} · {metric}", words.join(" ")),
            }
        }
    }
}

/// What a measure of a process is called.
pub fn measure_name(measure: Measure) -> &'static str {
    MEASURES
        .iter()
        .find(|(known, _)| *known == measure)
        .map_or("state", |(_, name)| name)
}

/// Names without what all curves share.
fn names(items: &[&Item]) -> Vec<String> {
    let mut parts: Vec<Vec<(String, String)>> = items.iter().map(|item| parts(item)).collect();
    shorten_metrics(&mut parts);
    let varies = |key: &str| {
        let value = |parts: &[(String, String)]| {
            let found = parts.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.clone())
        };
        let mut values = parts.iter().map(|parts| value(parts));
        let first = values.next();
        values.any(|other| Some(other) != first)
    };
    let short = |parts: &Vec<(String, String)>| {
        let kept = parts.iter().filter(|(key, _)| varies(key));
        let words: Vec<&str> = kept.map(|(_, value)| value.as_str()).collect();
        words.join(" ")
    };
    items
        .iter()
        .zip(&parts)
        .map(|(item, parts)| match short(parts) {
            empty if empty.is_empty() => last_word(item),
            name => name,
        })
        .collect()
}

/// Drops the leading parts that all metric names share: `paging.faults` beside
/// `paging.operations` is `faults`.
fn shorten_metrics(all: &mut [Vec<(String, String)>]) {
    let metrics = || {
        let parts = all.iter().flatten().filter(|(key, _)| key == "metric");
        parts.map(|(_, name)| name.split('.').collect::<Vec<&str>>())
    };
    let Some(first) = metrics().next() else {
        return;
    };
    let shared = metrics().fold(first.len() - 1, |shared, words| {
        let same = first.iter().zip(&words).take_while(|(a, b)| a == b).count();
        shared.min(same).min(words.len() - 1)
    });
    for (key, name) in all.iter_mut().flatten() {
        if key == "metric" {
            let rest: Vec<&str> = name.split('.').skip(shared).collect();
            *name = rest.join(" ").replace('_', " ");
        }
    }
}

/// What may tell a curve from others, with a word for each.
fn parts(item: &Item) -> Vec<(String, String)> {
    match item {
        Item::Series(key) => {
            let tail = key.metric.strip_prefix("system.").unwrap_or(&key.metric);
            let own = [
                ("host".to_owned(), key.host.clone()),
                ("metric".to_owned(), tail.to_owned()),
            ];
            let attributes = key.attributes.iter();
            let words = attributes.map(|(name, value)| (name.clone(), word(name, value)));
            own.into_iter().chain(words).collect()
        }
        Item::Process(process) => vec![
            ("host".to_owned(), process.host.clone()),
            (
                "process".to_owned(),
                format!("{} ({})", process.name, process.pid),
            ),
            (
                "metric".to_owned(),
                measure_name(process.measure).to_owned(),
            ),
        ],
    }
}

/// A value that says what it is: a bare number gets its attribute's name.
fn word(name: &str, value: &str) -> String {
    match value.chars().all(|c| c.is_ascii_digit()) {
        true => format!("{name} {value}"),
        false => value.to_owned(),
    }
}

fn last_word(item: &Item) -> String {
    match item {
        Item::Series(SeriesKey { metric, .. }) => {
            let tail = metric.rsplit('.').next().unwrap_or(metric);
            tail.replace('_', " ")
        }
        Item::Process(process) => format!("{} ({})", process.name, process.pid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::catalog::{Kind, Polarity};
    use model::unit::Unit;

    fn series(host: &str, metric: &str, attributes: &[(&str, &str)]) -> Series {
        let attributes = attributes.iter();
        let owned = attributes.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Series {
            key: SeriesKey::new(host, metric, owned),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        }
    }

    fn some_series() -> Vec<Series> {
        ["a", "b"]
            .iter()
            .flat_map(|host| {
                [
                    series(host, "system.cpu.utilization", &[("state", "user")]),
                    series(host, "system.cpu.utilization", &[("state", "system")]),
                    series(
                        host,
                        "system.disk.io",
                        &[("device", "sda"), ("direction", "read")],
                    ),
                    series(
                        host,
                        "system.disk.io",
                        &[("device", "sdb"), ("direction", "read")],
                    ),
                ]
            })
            .collect()
    }

    #[test]
    fn each_host_gets_its_plots_and_hidden_ones_none() {
        let mut workspace = Workspace::default();
        let hosts = ["a".to_owned(), "b".to_owned()];
        let sections = arrange(&workspace, &hosts, &some_series());
        let titles: Vec<&str> = sections.iter().map(|section| section.title).collect();
        assert_eq!(titles, ["CPU", "Disk"]);
        let cpu: Vec<&str> = sections[0]
            .plots
            .iter()
            .map(|it| it.title.as_str())
            .collect();
        assert_eq!(
            cpu,
            ["Processor time by state · a", "Processor time by state · b"]
        );
        assert_ne!(sections[0].plots[0].id, sections[0].plots[1].id);
        workspace.hidden_hosts.push("a".to_owned());
        let sections = arrange(&workspace, &hosts, &some_series());
        assert_eq!(sections[0].plots[0].title, "Processor time by state");
    }

    #[test]
    fn names_keep_only_what_differs() {
        let all = some_series();
        let items: Vec<Item> = all.iter().map(|it| Item::Series(it.key.clone())).collect();
        let pick = |places: &[usize]| {
            let kept: Vec<&Item> = places.iter().map(|place| &items[*place]).collect();
            names(&kept)
        };
        assert_eq!(pick(&[0, 1]), ["user", "system"]);
        assert_eq!(pick(&[2, 3]), ["sda", "sdb"]);
        assert_eq!(pick(&[0]), ["utilization"]);
        assert_eq!(pick(&[2, 6]), ["a", "b"]);
        let cores = series("a", "system.cpu.utilization", &[("cpu", "0")]);
        let core = Item::Series(cores.key);
        assert_eq!(
            names(&[&core, &items[2]]),
            ["cpu utilization cpu 0", "disk io sda read"]
        );
    }

    #[test]
    fn own_plots_come_first_even_when_empty() {
        let mut workspace = Workspace::default();
        workspace.add_panel(String::new(), &[]);
        let sections = arrange(&workspace, &[], &[]);
        assert_eq!(sections[0].title, "Your plots");
        assert_eq!(sections[0].plots[0].title, "Empty plot");
    }
}
