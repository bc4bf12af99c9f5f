//! The standards that come with the program, named by id wherever a file may be named.
//!
//! Add one as a file in `assets/standards/` and a line in [`ALL`].

/// Every shipped standard: id and text, in the order of lists.
pub const ALL: &[(&str, &str)] = &[
    ("use", include_str!("../../../../assets/standards/use.ron")),
    (
        "slo-availability",
        include_str!("../../../../assets/standards/slo-availability.ron"),
    ),
    (
        "slo-latency",
        include_str!("../../../../assets/standards/slo-latency.ron"),
    ),
    (
        "otel-system",
        include_str!("../../../../assets/standards/otel-system.ron"),
    ),
    (
        "safe-change",
        include_str!("../../../../assets/standards/safe-change.ron"),
    ),
    (
        "evidence-report",
        include_str!("../../../../assets/standards/evidence-report.ron"),
    ),
];

/// The text of a shipped standard.
pub fn text(id: &str) -> Option<&'static str> {
    let found = ALL.iter().find(|(known, _)| *known == id);
    found.map(|(_, text)| *text)
}
