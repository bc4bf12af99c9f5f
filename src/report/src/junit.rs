//! Compliance as JUnit XML, the form in which build servers read test results.
//!
//! A standard is a suite and a verdict a case: violated is a failure, undecidable an
//! error, so that a server shows both as not passed and tells them apart.
//!
//! Start at [`render`].
//!
//! # Source
//!
//! The schema of Apache Ant's JUnit task as Jenkins reads it:
//! `testsuites/testsuite/testcase/(failure|error|skipped|system-out)`.

use std::io;

use model::compliance::{Compliance, Outcome, Verdict};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// What an undecidable verdict counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecidable {
    /// An error: it did not pass.
    Error,
    /// Skipped: the caller lets it pass.
    Skipped,
}

/// The document, with a line break at its end.
///
/// # Errors
///
/// Never: it is written to memory; the writer's signature has it.
pub fn render(all: &[Compliance], undecidable: Undecidable) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", "kymo"));
    let rows = || all.iter().flat_map(|it| &it.rows);
    counts(&mut root, rows(), undecidable);
    writer.write_event(Event::Start(root))?;
    for compliance in all {
        suite(&mut writer, compliance, undecidable)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

fn counts<'a>(
    start: &mut BytesStart<'_>,
    rows: impl Iterator<Item = &'a Verdict>,
    undecidable: Undecidable,
) {
    let (mut tests, mut failures, mut undecided) = (0_u32, 0_u32, 0_u32);
    for row in rows {
        tests += 1;
        match row.outcome {
            Outcome::Pass => {}
            Outcome::Fail => failures += 1,
            Outcome::Undecidable => undecided += 1,
        }
    }
    let (errors, skipped) = match undecidable {
        Undecidable::Error => (undecided, 0),
        Undecidable::Skipped => (0, undecided),
    };
    for (name, count) in [
        ("tests", tests),
        ("failures", failures),
        ("errors", errors),
        ("skipped", skipped),
    ] {
        start.push_attribute((name, count.to_string().as_str()));
    }
}

fn suite(
    writer: &mut Writer<Vec<u8>>,
    compliance: &Compliance,
    undecidable: Undecidable,
) -> io::Result<()> {
    let mut start = BytesStart::new("testsuite");
    let name = format!("{} {}", compliance.standard, compliance.version);
    start.push_attribute(("name", plain(&name).as_str()));
    counts(&mut start, compliance.rows.iter(), undecidable);
    start.push_attribute(("timestamp", seconds(compliance).as_str()));
    start.push_attribute((
        "time",
        format!("{:.3}", compliance.window.seconds()).as_str(),
    ));
    writer.write_event(Event::Start(start))?;
    writer.write_event(Event::Start(BytesStart::new("properties")))?;
    for (name, value) in [
        ("title", &compliance.title),
        ("owner", &compliance.owner),
        ("source", &compliance.source),
        ("from", &compliance.window.from.to_string()),
        ("to", &compliance.window.to.to_string()),
    ] {
        let mut property = BytesStart::new("property");
        property.push_attribute(("name", name));
        property.push_attribute(("value", plain(value).as_str()));
        writer.write_event(Event::Empty(property))?;
    }
    writer.write_event(Event::End(BytesEnd::new("properties")))?;
    for verdict in &compliance.rows {
        case(writer, (compliance, verdict), undecidable)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))
}

/// The begin of the window without a fraction, which some readers do not take.
fn seconds(compliance: &Compliance) -> String {
    let from = compliance.window.from;
    from.strftime("%Y-%m-%dT%H:%M:%S", model::time::Zone::Utc)
}

fn case(
    writer: &mut Writer<Vec<u8>>,
    (compliance, verdict): (&Compliance, &Verdict),
    undecidable: Undecidable,
) -> io::Result<()> {
    let mut start = BytesStart::new("testcase");
    let class = format!("{}.{}", compliance.standard, verdict.rule);
    start.push_attribute(("classname", plain(&class).as_str()));
    start.push_attribute(("name", plain(&verdict.series).as_str()));
    start.push_attribute(("time", "0"));
    writer.write_event(Event::Start(start))?;
    let what = match (verdict.outcome, undecidable) {
        (Outcome::Pass, _) => None,
        (Outcome::Fail, _) => Some(("failure", &verdict.statement)),
        (Outcome::Undecidable, Undecidable::Error) => Some(("error", &verdict.doubt)),
        (Outcome::Undecidable, Undecidable::Skipped) => Some(("skipped", &verdict.doubt)),
    };
    if let Some((element, message)) = what {
        let mut start = BytesStart::new(element);
        start.push_attribute(("message", plain(message).as_str()));
        if element != "skipped" {
            start.push_attribute(("type", verdict.outcome.name()));
        }
        text(writer, start, &details(verdict))?;
    } else {
        text(writer, BytesStart::new("system-out"), &details(verdict))?;
    }
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

fn text(writer: &mut Writer<Vec<u8>>, start: BytesStart<'_>, text: &str) -> io::Result<()> {
    let end = start.to_end().into_owned();
    writer.write_event(Event::Start(start.borrow()))?;
    writer.write_event(Event::Text(BytesText::new(&plain(text))))?;
    writer.write_event(Event::End(end))
}

fn details(verdict: &Verdict) -> String {
    let mut text = format!("{}\nfinding {}\n", verdict.statement, verdict.id);
    let unit = |number| verdict.text(number);
    text.push_str(&format!(
        "{}: {}, limit {}, margin {}",
        verdict.measure,
        unit(verdict.value),
        verdict.limit_text(),
        unit(verdict.margin)
    ));
    let interval = verdict.interval_text();
    if !interval.is_empty() {
        text.push_str(&format!(", interval {interval}"));
    }
    if let Some(coverage) = verdict.coverage {
        let share = model::unit::Unit::new("1");
        text.push_str(&format!(", coverage {}", share.text(coverage)));
    }
    text.push_str(&format!(
        "\nwindow {} to {}",
        verdict.window.from, verdict.window.to
    ));
    text
}

/// Text without the characters that no XML may hold.
///
/// # Source
///
/// Extensible Markup Language (XML) 1.0, 5th edition, production 2.
fn plain(text: &str) -> String {
    let allowed = |it: &char| matches!(it, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(allowed).collect()
}

#[cfg(test)]
mod tests;
