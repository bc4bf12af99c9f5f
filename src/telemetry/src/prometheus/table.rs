//! The series of one target, each at a place that stays.

use std::collections::HashMap;

use model::catalog::Kind;
use model::unit::Unit;

use super::family::{Families, Family, Part, Sort};
use super::label::Name;
use super::line::Meaning;
use super::why::Why;
use super::{Known, SERIES_MAX, bucket, unit};

/// Most bytes of names, labels and help texts of one target: 670 a series.
const TEXT_BYTES_ALL_MAX: usize = 32 << 20;

/// What a target exposes.
#[derive(Debug, Default)]
pub(super) struct Table {
    known: Vec<Known>,
    /// By kind, name and labels.
    places: HashMap<String, u32>,
    /// The last scrape that told each series.
    told: Vec<u64>,
    scrape: u64,
    text_bytes: usize,
    pub(super) families: Families,
}

impl Table {
    /// Begins a scrape.
    pub(super) fn begin(&mut self) {
        self.scrape += 1;
    }

    pub(super) fn known(&self) -> &[Known] {
        &self.known
    }

    /// Whether a series is told for the first time in this scrape.
    pub(super) fn is_first(&mut self, series: u32) -> bool {
        match self.told.get_mut(series as usize) {
            Some(told) => std::mem::replace(told, self.scrape) != self.scrape,
            None => false,
        }
    }

    /// What a sample of this name means by what is known of its family.
    pub(super) fn resolve(
        &mut self,
        mut name: Name,
        histograms: &mut bucket::Histograms,
    ) -> Result<Meaning, Why> {
        let (base, family, part) = self.families.of_sample(&name.metric);
        let sort = family.map_or(Sort::Untyped, |it| it.sort);
        if part == Part::Created {
            return Ok(Meaning::Unused);
        }
        if sort != Sort::Histogram || part == Part::Value {
            let known = describe(base, family, part, &name.metric);
            let series = self.place(known, name.labels)?;
            return Ok(Meaning::Number { series });
        }
        let bound = match part {
            Part::Bucket => Some(bucket::take_bound(&mut name.labels)?),
            _ => None,
        };
        let known = describe(base, family, part, base);
        let series = self.place(known, name.labels)?;
        let histogram = histograms.of_series(series);
        Ok(match (part, bound) {
            (_, Some(bound)) => Meaning::Bucket {
                histogram,
                slot: histograms.slot(histogram, bound)?,
            },
            (Part::Sum, None) => Meaning::Sum { histogram },
            (_, None) => Meaning::Count { histogram },
        })
    }

    /// What the metric of a histogram means that is told as a whole.
    pub(super) fn resolve_histogram(&mut self, name: Name) -> Result<Meaning, Why> {
        let family = self.families.get(&name.metric);
        let known = describe(&name.metric, family, Part::Count, &name.metric);
        let series = self.place(known, name.labels)?;
        Ok(Meaning::Histogram { series })
    }

    /// The place of a series, which is a new one if it was not met before.
    fn place(&mut self, mut known: Known, labels: Vec<(String, String)>) -> Result<u32, Why> {
        known.attributes = labels;
        known.attributes.sort();
        let identity = identity(&known);
        if let Some(place) = self.places.get(&identity) {
            return Ok(*place);
        }
        if self.known.len() >= SERIES_MAX {
            return Err(Why::TooManySeries);
        }
        // The names are kept twice: in the series and in its identity.
        let bytes = 2 * identity.len() + known.help.len();
        if self.text_bytes + bytes > TEXT_BYTES_ALL_MAX {
            return Err(Why::TooMuchText);
        }
        self.text_bytes += bytes;
        // Below the limit above, so it fits.
        let place = self.known.len() as u32;
        self.places.insert(identity, place);
        self.known.push(known);
        self.told.push(0);
        Ok(place)
    }
}

/// Tells series apart: every part is preceded by its length, since any byte may be in it.
fn identity(known: &Known) -> String {
    let mut text = format!("{:?} {} {}", known.kind, known.metric.len(), known.metric);
    for (key, value) in &known.attributes {
        for part in [key, value] {
            text.push_str(&part.len().to_string());
            text.push(' ');
            text.push_str(part);
        }
    }
    text
}

/// A series by its family, still without labels.
fn describe(base: &str, family: Option<&Family>, part: Part, metric: &str) -> Known {
    let sort = family.map_or(Sort::Untyped, |it| it.sort);
    let kind = match (sort, part) {
        (Sort::Histogram, Part::Bucket | Part::Sum | Part::Count) => Kind::Histogram,
        (Sort::Summary, Part::Sum | Part::Count) | (Sort::Counter, _) => Kind::Counter,
        _ => Kind::Gauge,
    };
    Known {
        metric: metric.to_owned(),
        attributes: Vec::new(),
        unit: unit_of(base, family, part, kind),
        kind,
        polarity: crate::polarity(base, kind),
        help: family.map(|it| it.help.clone()).unwrap_or_default(),
    }
}

fn unit_of(base: &str, family: Option<&Family>, part: Part, kind: Kind) -> Unit {
    let counts = matches!(part, Part::Bucket | Part::Count) && kind != Kind::Histogram;
    let sort = family.map_or(Sort::Untyped, |it| it.sort);
    if counts || matches!(sort, Sort::Info | Sort::StateSet) {
        return unit::UNKNOWN;
    }
    match family.map(|it| it.unit.as_str()) {
        None | Some("") => unit::of_name(base),
        Some(word) => unit::of_word(word),
    }
}
