//! The essentials over time, host by host.

use crate::build::Builder;
use crate::chart::ChartInput;
use crate::document::{Block, Section};

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
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
        let Some(charts) = builder.charts(host, &of_host) else {
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
        blocks.push(Block::text("There is nothing to draw in this window."));
    }
    Some(Section::new("resources", "Resources over time", blocks))
}
