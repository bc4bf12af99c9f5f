//! What the columns of a table are for.
//!
//! A table is wide, a row being one moment of all series, or long, a row being one value
//! of a series that it names. Which it is cannot be told for certain, so wide is the
//! default, and a table that looks long is said to.
//!
//! Start at [`Shape::of`].

use model::catalog::{self, Kind, Metric, Polarity};
use model::series::{Series, SeriesKey};
use model::unit::Unit;

use crate::csv::time;
use crate::how::{Role, TableHow};

/// What the cells of a column look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Looks {
    /// All are empty, as far as was looked.
    #[default]
    Empty,
    /// Numbers.
    Numbers,
    /// Moments, written as date and time.
    Times,
    /// Other texts.
    Words,
}

/// Headers of columns that name a series, in lower case.
const NAMING: [&str; 12] = [
    "metric",
    "metric_name",
    "metricname",
    "__name__",
    "_field",
    "name",
    "series",
    "measurement",
    "variable",
    "counter",
    "key",
    "item",
];

/// Headers of columns of hosts, in lower case.
const HOSTS: [&str; 8] = [
    "host", "hostname", "instance", "server", "node", "machine", "computer", "agent",
];

/// Headers of columns of units, in lower case.
const UNITS: [&str; 3] = ["unit", "units", "uom"];

/// Said of a table that is read as a wide one.
pub(crate) const LOOKS_LONG: &str = "times repeat beside a column of names, as where each row is one value of a series: read it \
     as a long table (--long) to tell the series apart";

/// A column with its part.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub header: String,
    pub role: Role,
    unit: Option<Unit>,
    kind: Option<Kind>,
}

/// The columns of a table, and whether it is long.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// In the order of the file.
    pub parts: Vec<Part>,
    pub long: bool,
}

impl Shape {
    /// Gives every column its part: what was said of it, else what it looks like.
    ///
    /// # Errors
    ///
    /// A sentence, when something is said of a column that is not there.
    pub(crate) fn of(
        headers: &[String],
        how: &TableHow,
        looks: impl Fn(usize) -> Looks,
    ) -> Result<Self, String> {
        let missing = how.columns.iter().find(|it| !headers.contains(&it.header));
        if let Some(missing) = missing {
            return Err(format!(
                "there is no column {:?}; the columns are: {}",
                missing.header,
                headers.join(", ")
            ));
        }
        let long = how.is_long();
        let said = |header: &String| how.of(header);
        let told = |role: Role| how.columns.iter().any(|it| it.role == role);
        let time = (!told(Role::Time))
            .then(|| place_of_time(headers, how))
            .flatten();
        let mut named = told(Role::Name);
        let parts = headers.iter().enumerate().map(|(place, header)| {
            let said = said(header);
            let role = match said {
                Some(said) => said.role,
                None if Some(place) == time => Role::Time,
                None if long => in_long(header, looks(place), &mut named),
                None => Role::Value,
            };
            Part {
                header: header.clone(),
                role,
                unit: said.and_then(|it| it.unit.clone()),
                kind: said.and_then(|it| it.kind),
            }
        });
        Ok(Self {
            parts: parts.collect(),
            long,
        })
    }

    /// Places of the columns with a role.
    pub(crate) fn places(&self, role: Role) -> Vec<usize> {
        let parts = self.parts.iter().enumerate();
        let of_role = parts.filter(|(_, part)| part.role == role);
        of_role.map(|(place, _)| place).collect()
    }

    /// Headers of the columns with a role, for notes.
    pub(crate) fn headers(&self, role: Role) -> String {
        let of_role = self.parts.iter().filter(|it| it.role == role);
        let headers: Vec<&str> = of_role.map(|it| it.header.as_str()).collect();
        headers.join(" ")
    }
}

fn place_of_time(headers: &[String], how: &TableHow) -> Option<usize> {
    time::NAMES.iter().find_map(|wanted| {
        let called = |header: &String| header.eq_ignore_ascii_case(wanted);
        // What was said to be something else is no time.
        let free = |header: &String| how.of(header).is_none();
        headers.iter().position(|it| called(it) && free(it))
    })
}

/// The part of a column of a long table of which nothing is said.
fn in_long(header: &str, looks: Looks, named: &mut bool) -> Role {
    let called = |names: &[&str]| names.contains(&header.to_ascii_lowercase().as_str());
    match looks {
        Looks::Numbers | Looks::Empty => Role::Value,
        Looks::Times => Role::Skip,
        Looks::Words if called(&UNITS) => Role::Unit,
        Looks::Words if called(&HOSTS) => Role::Host,
        Looks::Words if called(&NAMING) && !std::mem::replace(named, true) => Role::Name,
        Looks::Words => Role::Attribute,
    }
}

/// Whether a table looks long: a column of words is called as such are, and times repeat.
pub(crate) fn looks_long(headers: &[String], looks: &[Looks], times_repeat: bool) -> bool {
    let words = headers.iter().zip(looks);
    let mut words = words.filter(|(_, looks)| **looks == Looks::Words);
    let called = |header: &str| {
        let header = header.to_ascii_lowercase();
        NAMING.contains(&header.as_str()) || HOSTS.contains(&header.as_str())
    };
    times_repeat && words.any(|(header, _)| called(header))
        || headers.iter().any(|it| it == "_field" || it == "__name__")
}

impl Part {
    /// The series of this column of a wide table: a known metric has its unit and kind,
    /// any other is a dimensionless gauge that keeps its header as its name.
    pub(crate) fn series(&self) -> Series {
        let key = SeriesKey::from_column("", &self.header);
        let known = catalog::find(&key.metric).is_some();
        let key = match known {
            true => key,
            false => SeriesKey::new("", self.header.as_str(), []),
        };
        self.known(key, None)
    }

    /// A series of a long table whose values stand in this column.
    pub(crate) fn named(&self, key: SeriesKey, unit: Option<Unit>) -> Series {
        self.known(key, unit)
    }

    fn known(&self, key: SeriesKey, unit: Option<Unit>) -> Series {
        let metric = catalog::find(&key.metric);
        let of_catalog = metric.map(Metric::unit);
        let unit = self.unit.clone().or(unit).or(of_catalog);
        let kind = self.kind.or(metric.map(|it| it.kind));
        Series {
            unit: unit.unwrap_or(Unit::new("{value}")),
            // Rows hold numbers, whatever the metric is elsewhere.
            kind: match kind {
                Some(Kind::Counter) => Kind::Counter,
                _ => Kind::Gauge,
            },
            polarity: metric.map_or(Polarity::Neutral, |it| it.polarity),
            key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::how::As;

    fn roles(headers: &[&str], how: &TableHow) -> Result<Vec<&'static str>, String> {
        let headers: Vec<String> = headers.iter().map(|it| (*it).to_owned()).collect();
        let looks = |place: usize| match headers[place].as_str() {
            "value" | "p99" => Looks::Numbers,
            "seen" => Looks::Times,
            _ => Looks::Words,
        };
        let shape = Shape::of(&headers, how, looks)?;
        Ok(shape.parts.iter().map(|it| it.role.name()).collect())
    }

    #[test]
    fn columns_are_what_was_said_or_what_they_look_like() {
        let headers = ["Time", "metric", "host", "zone", "unit", "value", "seen"];
        let wide = TableHow::default();
        assert_eq!(
            roles(&headers, &wide),
            Ok(vec![
                "time", "value", "value", "value", "value", "value", "value"
            ])
        );
        let long = TableHow {
            long: true,
            ..TableHow::default()
        };
        assert_eq!(
            roles(&headers, &long),
            Ok(vec![
                "time",
                "name",
                "host",
                "attribute",
                "unit",
                "value",
                "skip"
            ])
        );
        let mut said = TableHow::default();
        said.set(As::new("zone", Role::Name));
        said.set(As::new("seen", Role::Time));
        said.set(As::new("Time", Role::Skip));
        assert_eq!(
            roles(&headers, &said),
            Ok(vec![
                "skip",
                "attribute",
                "host",
                "name",
                "unit",
                "value",
                "time"
            ])
        );
        said.set(As::new("zune", Role::Name));
        assert!(roles(&headers, &said).is_err_and(|it| it.contains("zune")));
    }
}
