//! The columns of the table of what changed: titles, values, texts, copies.

use analysis::compare::Difference;
use model::unit;

use crate::contrast::answer::{Answer, Row};
use crate::view::table;

/// Verdict and series stay in sight.
pub(super) const STICKY: usize = 2;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Verdict,
    Series,
    Shape,
    Host,
    Before,
    After,
    Shift,
    Interval,
    Unit,
    Relative,
    Kind,
    Order,
    Evidence,
    Chance,
}

/// Everything about a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Info {
    pub(super) column: Column,
    pub(super) title: &'static str,
    /// Width at first; the user may change it.
    pub(super) width: f32,
    pub(super) help: &'static str,
}

/// Every column, from left to right.
#[rustfmt::skip]
const ALL: &[Info] = &[
    Info { column: Column::Verdict, title: "Verdict", width: 104.0,
        help: "Up or down: changed. Same: shown to be equal within the floor of its unit. Not enough evidence: neither could be shown." },
    Info { column: Column::Series, title: "Series", width: 232.0,
        help: "What was compared; the whole name appears when it is pointed at." },
    Info { column: Column::Shape, title: "A and B", width: 120.0,
        help: "Both windows from their starts on, on one scale: A muted, B in color." },
    Info { column: Column::Host, title: "Host", width: 90.0, help: "The machine it was measured on." },
    Info { column: Column::Before, title: "Before", width: 70.0,
        help: "Median in A, or mean where less than half of the rows moved." },
    Info { column: Column::After, title: "After", width: 70.0, help: "The same in B." },
    Info { column: Column::Shift, title: "Shift", width: 64.0,
        help: "How far the level moved: the Hodges-Lehmann estimate." },
    Info { column: Column::Interval, title: "95 % interval", width: 116.0,
        help: "Where the shift lies, at 95 % confidence." },
    Info { column: Column::Unit, title: "Unit", width: 56.0, help: "Unit of the four numbers before." },
    Info { column: Column::Relative, title: "Change", width: 72.0,
        help: "Shift as a share of the level before." },
    Info { column: Column::Kind, title: "Kind", width: 100.0,
        help: "In which way it differs: level, mean, tail (95th and 99th percentile), spread, or flat on one side only." },
    Info { column: Column::Order, title: "Moved", width: 74.0,
        help: "In which order the series took their new levels: 1 moved first. An = says that others moved too close to it in time to be told apart by step and clocks." },
    Info { column: Column::Evidence, title: "Evidence", width: 66.0,
        help: "Evidence for a change that matters, 0 to 1: overlap, chance and size together." },
    Info { column: Column::Chance, title: "q", width: 64.0,
        help: "Expected share of false discoveries among all series when this one is believed; a change needs 0.05 or less." },
];

/// The columns that this answer needs.
pub(super) fn shown(answer: &Answer) -> Vec<&'static Info> {
    let first = answer.rows.first().map(|row| &row.series.key.host);
    let mut rows = answer.rows.iter();
    let several = rows.any(|row| Some(&row.series.key.host) != first);
    let all = ALL.iter();
    all.filter(|it| several || it.column != Column::Host)
        .collect()
}

impl Info {
    /// The width and behavior of the column.
    pub(super) fn wide(&self) -> egui_table::Column {
        egui_table::Column::new(self.width).range(40.0..=2000.0)
    }
}

impl Column {
    /// Whether it holds numbers, of which the largest come first.
    pub(super) fn is_number(self) -> bool {
        matches!(
            self,
            Self::Before
                | Self::After
                | Self::Shift
                | Self::Interval
                | Self::Relative
                | Self::Order
                | Self::Evidence
                | Self::Chance
        )
    }

    /// The number by which it is sorted; `None` for text.
    pub(super) fn number(self, row: &Row) -> Option<f64> {
        let of =
            |read: fn(&Difference) -> f64| Some(row.difference.as_ref().map_or(f64::NAN, read));
        match self {
            Self::Before => Some(row.levels[0]),
            Self::After => Some(row.levels[1]),
            Self::Shift => of(|it| it.shift),
            Self::Interval => of(|it| it.shift_interval[1] - it.shift_interval[0]),
            Self::Relative => Some(relative(row)),
            Self::Order => Some(row.onset.map_or(f64::NAN, |it| it.order as f64)),
            Self::Evidence => of(|it| it.score),
            Self::Chance => of(|it| it.q_value),
            _ => None,
        }
    }

    /// The text of a column that holds none.
    pub(super) fn words(self, row: &Row) -> String {
        match self {
            Self::Verdict | Self::Shape => row.fate.name().to_owned(),
            Self::Series => row.series.key.column(),
            Self::Host => row.series.key.host.clone(),
            Self::Unit => row.series.unit.code().to_owned(),
            Self::Kind => kinds(row),
            _ => String::new(),
        }
    }
}

/// The shift as a share of the level before; `NaN` where that is 0.
pub(super) fn relative(row: &Row) -> f64 {
    let shift = row.difference.as_ref().map_or(f64::NAN, |it| it.shift);
    match row.levels[0] == 0.0 {
        true => f64::NAN,
        false => shift / row.levels[0].abs(),
    }
}

/// In which ways a row differs.
pub(super) fn kinds(row: &Row) -> String {
    let kinds = row.difference.iter().flat_map(|it| &it.kinds);
    let words: Vec<&str> = kinds
        .map(|kind| match kind {
            analysis::compare::Kind::Variance => "spread",
            other => other.name(),
        })
        .collect();
    words.join(", ")
}

/// A small probability, readable.
pub(super) fn chance(value: f64) -> String {
    match value {
        _ if value.is_nan() => "–".to_owned(),
        _ if value < 0.001 => "<0.001".to_owned(),
        _ => format!("{value:.3}"),
    }
}

/// The header of a copied table.
pub(super) fn exact_header() -> Vec<String> {
    let names = [
        "verdict",
        "worse",
        "kind",
        "moved at",
        "moved",
        "moved with",
        "series",
        "host",
        "before",
        "after",
        "shift",
        "shift lo",
        "shift hi",
        "unit",
        "relative lo",
        "relative hi",
        "evidence",
        "q",
        "p",
        "p95 shift",
        "p99 shift",
        "variance ratio",
        "coverage",
        "if runs repeat",
    ];
    names.map(str::to_owned).to_vec()
}

/// A copied row, with every digit.
pub(super) fn exact(row: &Row) -> Vec<String> {
    let of =
        |read: fn(&Difference) -> f64| table::exact(row.difference.as_ref().map_or(f64::NAN, read));
    let within = row.difference.as_ref().map(|it| it.within_runs.name());
    vec![
        row.fate.name().to_owned(),
        if row.worse { "worse" } else { "" }.to_owned(),
        kinds(row),
        row.onset.map_or(String::new(), |it| it.at.to_string()),
        row.onset.map_or(String::new(), |it| it.order.to_string()),
        row.onset.map_or(String::new(), |it| it.tied.to_string()),
        row.name.clone(),
        row.series.key.host.clone(),
        table::exact(row.levels[0]),
        table::exact(row.levels[1]),
        of(|it| it.shift),
        of(|it| it.shift_interval[0]),
        of(|it| it.shift_interval[1]),
        row.series.unit.code().to_owned(),
        of(|it| it.relative[0]),
        of(|it| it.relative[1]),
        of(|it| it.score),
        of(|it| it.q_value),
        of(|it| it.p_value),
        of(|it| it.tail_shift[0]),
        of(|it| it.tail_shift[1]),
        of(|it| it.variance_ratio),
        of(|it| it.coverage),
        within.unwrap_or_default().to_owned(),
    ]
}

/// The numbers of a row with one prefix, so that they can be compared at a glance:
/// before, after, shift, interval, and the unit with its prefix.
pub(super) struct Shown {
    pub(super) before: String,
    pub(super) after: String,
    pub(super) shift: String,
    pub(super) interval: String,
    pub(super) unit: String,
}

impl Shown {
    pub(super) fn of(row: &Row) -> Self {
        let levels = row.levels.iter().filter(|it| it.is_finite());
        let largest = levels.fold(0.0_f64, |most, it| most.max(it.abs()));
        let axis = row.series.unit.axis(largest);
        let plain = |value: f64| match value.is_finite() {
            true => axis.label(value),
            false => "–".to_owned(),
        };
        let signed = |value: f64| signed(value / axis.divisor);
        let difference = row.difference.as_ref();
        let unit = match axis.suffix.as_str() {
            "" => row.series.unit.code().to_owned(),
            suffix => suffix.to_owned(),
        };
        Self {
            before: plain(row.levels[0]),
            after: plain(row.levels[1]),
            shift: difference.map_or("–".to_owned(), |it| signed(it.shift)),
            interval: difference.map_or("–".to_owned(), |it| {
                let [lo, hi] = it.shift_interval;
                format!("[{}, {}]", signed(lo), signed(hi))
            }),
            unit,
        }
    }
}

/// A difference with its sign.
pub(super) fn signed(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+∞" } else { "−∞" }.to_owned();
    }
    if value.is_nan() {
        return "–".to_owned();
    }
    let text = unit::digits(value.abs());
    match value {
        _ if value > 0.0 => format!("+{text}"),
        _ if value < 0.0 => format!("−{text}"),
        _ => text,
    }
}
