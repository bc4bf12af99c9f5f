//! Writes a document as Markdown (GitHub's dialect).

use crate::Pictures;
use crate::beside;
use crate::chart::Chart;
use crate::curve::Curve;
use crate::document::{Align, Block, Cell, Document, Fact, Run, Table};
use crate::escape::{markdown, markdown_code};
use crate::lane::Lane;

/// Writes the whole document.
pub(crate) fn render(document: &Document, pictures: Pictures<'_>) -> String {
    let mut out = format!("# {}\n\n", markdown(&document.title));
    facts(&mut out, &document.facts);
    for section in &document.sections {
        out += &format!("## {}\n\n", markdown(&section.title));
        for block in &section.blocks {
            self::block(&mut out, block, pictures);
        }
    }
    out +=
        "## Sources\n\nEvery number in brackets leads to the entry from which it was computed.\n\n";
    for (place, source) in document.sources.iter().enumerate() {
        out += &format!(
            "{}. <a id=\"s{}\"></a>{} in session {}, {} to {}: {} (id {}).\n",
            place + 1,
            place + 1,
            markdown_code(&source.series),
            markdown_code(&source.session),
            source.window.from,
            source.window.to,
            markdown(&source.computation),
            source.id
        );
    }
    out
}

fn block(out: &mut String, block: &Block, pictures: Pictures<'_>) {
    match block {
        Block::Heading { text } => *out += &format!("### {}\n\n", markdown(text)),
        Block::Paragraph { runs } => *out += &format!("{}\n\n", text(runs, Notes::Shown)),
        Block::List { items } => {
            for item in items {
                *out += &format!("* {}\n", text(item, Notes::Shown));
            }
            out.push('\n');
        }
        Block::Facts { facts: list } => facts(out, list),
        Block::Table(it) => table(out, it),
        Block::Charts { charts } => {
            for it in charts {
                picture(out, (it.number, &it.title), pictures);
                chart(out, it);
            }
        }
        Block::Lane(it) => {
            picture(out, (it.number, "data quality over time"), pictures);
            lane(out, it);
        }
        Block::Curve(it) => {
            picture(out, (it.number, &it.title), pictures);
            curve(out, it);
        }
    }
}

/// Whether numbers name their source one by one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notes {
    Shown,
    Left,
}

fn text(runs: &[Run], notes: Notes) -> String {
    let told = runs.iter().map(|run| match run {
        Run::Text { text } => markdown(text),
        Run::Code { text } => markdown_code(text),
        Run::Strong { text } => format!("**{}**", markdown(text)),
        Run::Loose { text } => format!("{} (by hand)", markdown(text)),
        Run::Number(token) if notes == Notes::Shown => {
            format!("{} [[{1}]](#s{1})", markdown(&token.text), token.source.0)
        }
        Run::Number(token) => markdown(&token.text),
    });
    told.collect()
}

fn facts(out: &mut String, facts: &[Fact]) {
    for fact in facts {
        *out += &format!(
            "* {}: {}\n",
            markdown(&fact.name),
            text(&fact.runs, Notes::Shown)
        );
    }
    out.push('\n');
}

/// A table; where it holds numbers, the last column names the sources of each row.
fn table(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        *out += &format!("{}\n\n", markdown(&table.empty));
        return;
    }
    let sourced = table
        .rows
        .iter()
        .flatten()
        .any(|cell| !sources(cell).is_empty());
    let mut heads: Vec<String> = table.columns.iter().map(|it| markdown(it.text)).collect();
    let mut rules: Vec<&str> = table
        .columns
        .iter()
        .map(|it| match it.align {
            Align::Start => ":--",
            Align::End => "--:",
        })
        .collect();
    if sourced {
        heads.push("source".to_owned());
        rules.push(":--");
    }
    *out += &format!("{}:\n\n", markdown(&table.caption));
    *out += &format!("| {} |\n| {} |\n", heads.join(" | "), rules.join(" | "));
    for row in &table.rows {
        let mut cells: Vec<String> = row
            .iter()
            .map(|cell| text(&cell.runs, Notes::Left))
            .collect();
        if sourced {
            cells.push(links(row));
        }
        *out += &format!("| {} |\n", cells.join(" | "));
    }
    out.push('\n');
}

fn links(row: &[Cell]) -> String {
    let mut ids: Vec<usize> = row.iter().flat_map(sources).collect();
    ids.sort_unstable();
    ids.dedup();
    let links: Vec<_> = ids.iter().map(|id| format!("[[{id}]](#s{id})")).collect();
    links.join(" ")
}

fn sources(cell: &Cell) -> Vec<usize> {
    let numbers = cell.runs.iter().filter_map(|run| match run {
        Run::Number(token) => Some(token.source.0),
        Run::Text { .. } | Run::Code { .. } | Run::Strong { .. } | Run::Loose { .. } => None,
    });
    numbers.collect()
}

/// Refers to the file of a picture.
fn picture(out: &mut String, (number, title): (usize, &str), pictures: Pictures<'_>) {
    if let Some(path) = beside::address(pictures, number) {
        *out += &format!("![Figure {number}: {}]({path})\n\n", markdown(title));
    }
}

/// What a chart shows, in numbers, for those who see no picture and for programs.
fn chart(out: &mut String, chart: &Chart) {
    *out += &format!("Figure {}, {}:\n\n", chart.number, markdown(&chart.title));
    *out += "| series | mean | p95 | max | source |\n| :-- | --: | --: | --: | :-- |\n";
    for line in &chart.lines {
        *out += &format!(
            "| {} | {} | {} | {} | [[{4}]](#s{4}) |\n",
            markdown(&line.label),
            markdown(&line.mean.text),
            markdown(&line.p95.text),
            markdown(&line.max.text),
            line.mean.source.0
        );
    }
    out.push('\n');
}

/// A curve in a few of its places.
fn curve(out: &mut String, curve: &Curve) {
    /// So many places show its shape.
    const PLACES: usize = 8;
    *out += &format!("Figure {}, {}:\n\n", curve.number, markdown(&curve.title));
    *out += "| load | expected | p10 | p90 |\n| --: | --: | --: | --: |\n";
    let step = curve.points.len().div_ceil(PLACES).max(1);
    for [load, low, point, high] in curve.points.iter().step_by(step) {
        let value = |it: &f64| markdown(&curve.unit.text(*it));
        *out += &format!(
            "| {} | {} | {} | {} |\n",
            markdown(&curve.load.text(*load)),
            value(point),
            value(low),
            value(high)
        );
    }
    out.push('\n');
}

fn lane(out: &mut String, lane: &Lane) {
    for (row, host) in lane.hosts.iter().enumerate() {
        let marks = lane.marks.iter().filter(|it| it.row == row).count();
        let noun = if marks == 1 { "mark" } else { "marks" };
        *out += &format!("* {}: {marks} {noun}\n", markdown(host));
    }
    out.push('\n');
}
