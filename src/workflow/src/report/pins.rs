//! Charts and tables that somebody chose, with their data.
//!
//! Start at [`gather`].

use analysis::summary;
use model::report::{ChartPin, Draft, Item, Rows, Shape, TablePin};
use model::series::{Series, SeriesKey};
use model::time::Span;
use report::chart::{ChartInput, Style};
use report::input::{Pinned, ServicesInput};

use super::gather;
use crate::jobs::Context;
use crate::problem::Problem;
use crate::stored::Stored;

/// Everything chosen, in the order of the draft.
pub(super) fn gather(
    stored: &Stored,
    (draft, span): (&Draft, Span),
    context: &Context,
) -> Result<Vec<Pinned>, Problem> {
    let mut pinned = Vec::new();
    for item in &draft.items {
        if context.cancelled() {
            return Err(Problem::cancelled("report"));
        }
        match item {
            Item::Chart(pin) => pinned.push(chart(stored, pin, span)?),
            Item::Table(pin) => pinned.push(table(stored, (pin, draft, span), context)?),
            Item::Part(_) | Item::Heading(_) | Item::Text(_) => {}
        }
    }
    Ok(pinned)
}

/// The series of these names that the session has.
fn known<'a>(stored: &'a Stored, names: &[String]) -> Vec<&'a Series> {
    let keys = names.iter().filter_map(|it| it.parse::<SeriesKey>().ok());
    let found = keys.filter_map(|key| stored.series().iter().find(|it| it.key == key));
    found.collect()
}

fn chart(stored: &Stored, pin: &ChartPin, span: Span) -> Result<Pinned, Problem> {
    let known = known(stored, &pin.series);
    let Some(first) = known.first() else {
        return Ok(Pinned::Chart(pin.clone(), None));
    };
    // One picture has one axis: what is of another unit is left to a chart of its own.
    let alike = known.iter().filter(|it| it.unit == first.unit);
    let keys: Vec<SeriesKey> = alike.map(|it| it.key.clone()).collect();
    let window = pin.window.unwrap_or(span);
    let columns = stored.columns(&keys, Some(window))?;
    let one_host = keys.iter().all(|it| it.host == keys[0].host);
    let label = |key: &SeriesKey| match one_host {
        true => key.column(),
        false => key.to_string(),
    };
    let title = match pin.title.trim() {
        "" => keys[0].column(),
        title => title.to_owned(),
    };
    let chart = ChartInput {
        title,
        host: if one_host {
            keys[0].host.clone()
        } else {
            String::new()
        },
        style: match pin.shape {
            Shape::Lines => Style::Lines,
            Shape::Stacked => Style::Stacked,
        },
        ceiling: None,
        lines: keys.iter().map(label).zip(columns).collect(),
        band: None,
        window: pin.window,
    };
    Ok(Pinned::Chart(pin.clone(), Some(chart)))
}

fn table(
    stored: &Stored,
    (pin, draft, span): (&TablePin, &Draft, Span),
    context: &Context,
) -> Result<Pinned, Problem> {
    let window = pin.window.unwrap_or(span);
    let covers = |host: &str| host.is_empty() || draft.covers(host);
    Ok(match &pin.of {
        Rows::Statistics(names) => {
            let known = known(stored, names);
            let keys: Vec<SeriesKey> = known.iter().map(|it| it.key.clone()).collect();
            let columns = stored.columns(&keys, Some(window))?;
            let rows = columns.into_iter().map(|column| {
                let values = column.values.get(column.rows(window)).unwrap_or_default();
                let summary = summary::of(values);
                (
                    column.series.key.clone(),
                    column.series.unit.clone(),
                    summary,
                )
            });
            Pinned::Statistics(pin.clone(), rows.collect())
        }
        Rows::Processes => {
            let uses = gather::busiest(stored, (window, &covers), context)?;
            Pinned::Processes(pin.clone(), uses)
        }
        Rows::Services => {
            let found = match stored.observed().is_empty() {
                true => crate::services::Services::default(),
                false => crate::services::look(stored, Some(window), context)?,
            };
            Pinned::Services(
                pin.clone(),
                ServicesInput {
                    services: found.services,
                    edges: found.edges,
                    charts: Vec::new(),
                },
            )
        }
        Rows::Events => Pinned::Events(pin.clone(), gather::events(stored, window, &covers)),
        Rows::Coverage => {
            let mut coverage = stored.coverage();
            coverage.retain(|it| covers(&it.host));
            Pinned::Coverage(pin.clone(), coverage)
        }
    })
}
