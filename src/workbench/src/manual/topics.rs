//! Which place in the help speaks of which finding, and of which screen.
//!
//! Tests walk every kind of finding that the analyses know ([`analysis::kinds`]) and every
//! screen, and hold each place against the pages.
//!
//! Start at [`of_finding`] and [`of_screen`]; a new kind is a line in [`FINDINGS`].

use model::finding::{Analysis, Finding};
use plan::refusal::Code;

use crate::layout::Screen;

/// Kinds of findings with the place that speaks of them; the first line that fits counts.
#[rustfmt::skip]
pub const FINDINGS: &[(Analysis, &[&str], &str)] = &[
    (Analysis::Quality, &["gap", "missing", "coverage", "link", "recorder"], "analysis#quality-missing-samples"),
    (Analysis::Quality, &["late", "disorder"], "analysis#quality-late-and-disordered-samples"),
    (Analysis::Quality, &["reset"], "analysis#quality-counter-resets"),
    (Analysis::Quality, &["clock-step", "suspended", "clock-error"], "analysis#quality-clocks"),
    (Analysis::Quality, &["steal"], "analysis#quality-stolen-time"),
    (Analysis::Quality, &["degraded"], "analysis#quality-reduced-sampling"),
    (Analysis::Quality, &["stuck", "same-values"], "analysis#quality-doubtful-values"),
    (Analysis::Quality, &["process-time", "processor-states", "device-busy", "memory-parts", "little", "part", "packet-size"], "analysis#quality-broken-laws"),
    (Analysis::Trend, &["slope"], "analysis#trend-slope"),
    (Analysis::Trend, &["limit"], "analysis#trend-limit"),
    (Analysis::Anomaly, &["spike"], "analysis#anomaly-spike"),
    (Analysis::Anomaly, &["step"], "analysis#anomaly-step"),
    (Analysis::Anomaly, &["drift"], "analysis#anomaly-drift"),
    (Analysis::Anomaly, &["variance"], "analysis#anomaly-variance"),
    (Analysis::Anomaly, &["stuck"], "analysis#anomaly-stuck"),
    (Analysis::Anomaly, &["gap"], "analysis#anomaly-gap"),
    (Analysis::Anomaly, &["group"], "analysis#anomaly-group"),
    (Analysis::Anomaly, &["collective"], "analysis#anomaly-collective"),
    (Analysis::Change, &["level"], "analysis#change-level"),
    (Analysis::Change, &["slope"], "analysis#change-slope"),
    (Analysis::Change, &["spread"], "analysis#change-spread"),
    (Analysis::Change, &["group"], "analysis#change-group"),
    (Analysis::Bottleneck, &["cpu"], "analysis#bottleneck-cpu"),
    (Analysis::Bottleneck, &["cpu-throttling"], "analysis#bottleneck-cpu-throttling"),
    (Analysis::Bottleneck, &["memory"], "analysis#bottleneck-memory"),
    (Analysis::Bottleneck, &["disk"], "analysis#bottleneck-disk"),
    (Analysis::Bottleneck, &["network"], "analysis#bottleneck-network"),
    (Analysis::Bottleneck, &["file-descriptors"], "analysis#bottleneck-file-descriptors"),
    (Analysis::Bottleneck, &["lock"], "analysis#bottleneck-lock"),
    (Analysis::Bottleneck, &["pool"], "analysis#bottleneck-pool"),
    (Analysis::Bottleneck, &["external"], "analysis#bottleneck-external"),
    (Analysis::Bottleneck, &["none"], "analysis#bottleneck-none"),
    (Analysis::Explain, &["processor", "memory", "disk", "network", "waiting"], "analysis#explain-resources"),
    (Analysis::Explain, &["latency", "errors", "success", "load"], "analysis#explain-outcomes-and-load"),
    (Analysis::Explain, &["other"], "analysis#explain-other"),
    (Analysis::Correlation, &["lead"], "analysis#correlation-lead"),
    (Analysis::Correlation, &["together"], "analysis#correlation-together"),
    (Analysis::Forecast, &["above", "below"], "analysis#forecast-above-or-below"),
    (Analysis::Compare, &["up", "down"], "analysis#compare-up-or-down"),
    (Analysis::Compare, &["same"], "analysis#compare-same"),
    (Analysis::Compare, &["unknown"], "analysis#compare-unknown"),
    (Analysis::Standard, &["violated"], "analysis#standard-violated"),
];

/// The place that speaks of an analysis as a whole, also of kinds of later versions.
pub fn of_analysis(analysis: Analysis) -> &'static str {
    match analysis {
        Analysis::Quality => "analysis#quality",
        Analysis::Trend => "analysis#trend",
        Analysis::Anomaly => "analysis#anomaly",
        Analysis::Change => "analysis#change",
        Analysis::Bottleneck => "analysis#bottleneck",
        Analysis::Explain => "analysis#explain",
        Analysis::Correlation => "analysis#correlation",
        Analysis::Forecast => "analysis#forecast",
        Analysis::Compare => "analysis#compare",
        Analysis::Standard => "analysis#standard",
    }
}

/// The place that speaks of such a finding.
pub fn of_finding(finding: &Finding) -> &'static str {
    of_kind(finding.analysis, &finding.kind).unwrap_or_else(|| of_analysis(finding.analysis))
}

/// The place that speaks of a kind of finding, if there is one.
pub fn of_kind(analysis: Analysis, kind: &str) -> Option<&'static str> {
    let mut lines = FINDINGS.iter();
    let line = lines.find(|(of, kinds, _)| *of == analysis && kinds.contains(&kind));
    line.map(|(_, _, place)| *place)
}

/// The place that speaks of a refusal.
pub fn of_refusal(code: Code) -> String {
    format!("optimization#{}", super::slug(&code.to_string()))
}

/// The place that speaks of a screen.
pub fn of_screen(screen: Screen) -> &'static str {
    match screen {
        Screen::Findings => "analysis#findings",
        Screen::Analyze => "analysis#side-by-side",
        Screen::Compare => "analysis#compare",
        Screen::Bottleneck => "analysis#bottleneck",
        Screen::Forecast => "analysis#forecast",
        Screen::Correlate => "analysis#correlation",
        Screen::Services => "collection#applications",
        Screen::Plan => "optimization",
        Screen::Report => "reporting",
        Screen::Library => "reporting#recipes-and-reviews",
        Screen::Recipe => "reporting#recipes-and-reviews",
        Screen::Standards => "reporting#standards",
        Screen::Explore => "window#plots",
        Screen::Browser => "window#browser",
        Screen::Processes => "window#processes",
        Screen::Samples => "window#samples-as-a-table",
        Screen::Events => "window#events",
        Screen::Annotations => "window#notes",
        Screen::Details => "window#details",
        Screen::Kymo => "window#kymo",
    }
}
