//! `k6 run --out csv=FILE`: one row a sample, with a column for each system tag.
//!
//! * In: a header that begins with `metric_name,timestamp,metric_value`.
//! * Out: what `points` makes of them.
//! * Never: trusts whole seconds for more than they are: see `blur`.
//!
//! Start at [`read`].

use ::csv::ByteRecord;
use model::time::SECOND_NS;

use super::points::{Point, Points};
use crate::csv::dialect::Decimal;
use crate::csv::dialect::Dialect;
use crate::csv::time::Form;
use crate::csv::{Rows, header_of};
use crate::lines::Damage;
use crate::outcome;
use crate::source::Source;
use crate::{ImportError, Imported};

const FIRST: [&str; 3] = ["metric_name", "timestamp", "metric_value"];

/// Whether a file that begins with these bytes is such a table.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let header = header_of(head);
    FIRST.iter().all(|name| header.iter().any(|it| it == name))
}

/// Reads all samples.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let header = header_of(source.head());
    let mut points = Points::new(source.path());
    let damage = rows(source, &header, &mut points)?;
    points.outcome("k6 CSV", damage).imported(source)
}

fn rows(
    source: &mut Source<'_>,
    header: &[String],
    points: &mut Points,
) -> Result<Option<Damage>, ImportError> {
    let place = |name: &str| header.iter().position(|it| it == name);
    let names = [
        "metric_name",
        "timestamp",
        "metric_value",
        "name",
        "scenario",
        "status",
        "expected_response",
        "check",
        "vu",
    ];
    let places = names.map(place);
    let dialect = Dialect::sniff(source.head(), None);
    let mut rows = Rows::new(source, dialect);
    let mut record = ByteRecord::new();
    let mut form: Option<Form> = None;
    let mut number = 0_usize;
    loop {
        match rows.next(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(points.skips.cut(Some(rows.line))),
            Err(error) => return outcome::damage(error).map(Some),
        }
        number += 1;
        if number.is_multiple_of(4096) {
            rows.source.progress(number)?;
        }
        if number == 1 {
            continue;
        }
        let text = || String::from_utf8_lossy(record.as_slice()).into_owned();
        if record.len() != header.len() {
            let why = "other cells than the header";
            points.skips.add("row", why, rows.line, &text());
            continue;
        }
        let cell = |column: usize| {
            let place = places.get(column).copied().flatten();
            let bytes = place.and_then(|it| record.get(it)).unwrap_or_default();
            String::from_utf8_lossy(bytes)
        };
        let stamp = cell(1);
        form = form.or_else(|| Form::of(stamp.as_bytes(), Decimal::Point));
        let at = form.and_then(|it| it.read(stamp.as_bytes(), Decimal::Point));
        let value = cell(2).parse::<f64>().ok().filter(|it| it.is_finite());
        let (Some(at), Some(value)) = (at, value) else {
            points
                .skips
                .add("row", "no time or no value", rows.line, &text());
            continue;
        };
        if form == Some(Form::Count(SECOND_NS)) {
            points.load.starts.blur(1.0);
        }
        points.put(&Point {
            metric: &cell(0),
            at,
            value,
            name: &cell(3),
            scenario: &cell(4),
            status: &cell(5),
            expected: &cell(6),
            check: &cell(7),
            vu: &cell(8),
        });
    }
}
