//! The reports of a run: where they go, how they are written, how they are looked at.
//!
//! The one place that knows which kinds and formats there are is [`write`].

use std::path::Path;

use ::report::look::Look;
use model::recipe::Report;

use super::works::{Bench, PLAN};
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::report::{self, Form, Order};
use crate::stored::Stored;

/// Reports larger than this are not looked through: ours are a few megabytes.
const LOOKED_MAX_BYTES: u64 = 256 << 20;

/// Where a report goes within the run folder.
pub(super) fn path(report: &Report) -> String {
    format!("report/{}.{}", report.kind, report.format)
}

/// Writes one report of a recording.
pub(super) fn write(
    (stored, bench): (&Stored, &Bench),
    (report, out): (&Report, &Path),
    context: &Context,
) -> Result<(), Problem> {
    let format = report::format_named(&report.format).ok_or_else(|| Problem {
        what: format!("could not write {}", out.display()),
        why: format!("there is no format {:?}", report.format),
        what_to_do: "kymo report --help lists the formats".to_owned(),
        sort: Sort::Usage,
    })?;
    let plan = bench.folder.join(PLAN);
    let order = Order {
        // What was planned is part of those reports that speak of a plan.
        plan: plan.is_file().then_some(plan),
        ..Order::usual(&report.kind, None)
    };
    let document = report::make(stored, &order, context)?;
    let form = Form {
        format,
        look: Look::OWN,
        out: out.to_path_buf(),
        pictures: report::PictureFiles::Svg,
    };
    report::write(&document, &form).map(drop)
}

/// Whether a report is whole, as far as its form tells; what is wrong where it is not.
pub(super) fn check(report: &Report, path: &Path) -> Result<(), String> {
    let facts = std::fs::metadata(path).map_err(|it| it.to_string())?;
    if facts.len() > LOOKED_MAX_BYTES {
        return Err("it is larger than any report".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|it| it.to_string())?;
    if report.format == "pdf" {
        let whole = bytes.starts_with(b"%PDF") && bytes.trim_ascii_end().ends_with(b"%%EOF");
        return whole
            .then_some(())
            .ok_or_else(|| "it does not end as a whole one does".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
    let whole = match report.format.as_str() {
        "html" => text.trim_end().ends_with("</html>"),
        "json" => serde_json::from_str::<serde_json::Value>(&text).is_ok(),
        _ => text.starts_with('#'),
    };
    whole
        .then_some(())
        .ok_or_else(|| "it is not whole".to_owned())
}
