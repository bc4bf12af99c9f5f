//! How the fields of a tool are called here.
//!
//! Every tool has a table of [`Name`]s. Where OpenTelemetry names the quantity, that
//! name is used, with the attributes by which the workbench looks it up. Where a tool
//! gives growth per second of what the catalog counts in total, the name is that of the
//! counter with [`RATE`] behind it, and the same attributes. What has no such name keeps
//! the tool's own, after the name of the tool.

/// Ending of the name of a counter's growth per second.
pub(crate) const RATE: &str = ".rate";

/// Factor of what a tool gives in percent.
pub(crate) const PERCENT: f64 = 0.01;

/// Factor of what a tool gives in kilobytes, which are of 1,024 bytes in all of them.
pub(crate) const KILO: f64 = 1024.0;

/// Factor of megabytes, likewise.
pub(crate) const MEGA: f64 = 1024.0 * 1024.0;

/// Factor of sectors of the block layer.
pub(crate) const SECTOR: f64 = 512.0;

/// Factor of milliseconds.
pub(crate) const MILLI: f64 = 0.001;

/// Attributes with constant values.
pub(crate) type Attributes = &'static [(&'static str, &'static str)];

/// One field of a tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// What the tool calls it.
    pub field: &'static str,
    /// What it is called here.
    pub metric: &'static str,
    /// Attributes that tell it from others of this metric.
    pub attributes: Attributes,
    /// Unit of the value times the factor.
    pub unit: &'static str,
    /// What the tool's value is multiplied by.
    pub factor: f64,
}

impl Name {
    /// A value of the tool in the unit of the metric.
    pub(crate) fn scaled(&self, raw: f64) -> f64 {
        raw * self.factor
    }
}

/// One line of a table.
pub(crate) const fn name(
    field: &'static str,
    metric: &'static str,
    attributes: Attributes,
    unit: &'static str,
    factor: f64,
) -> Name {
    Name {
        field,
        metric,
        attributes,
        unit,
        factor,
    }
}

/// The line of a table for a field of this name.
pub(crate) fn find(table: &'static [Name], field: &str) -> Option<&'static Name> {
    table.iter().find(|name| name.field == field)
}

/// Checks that names of the catalog are used as the catalog has them.
#[cfg(test)]
pub(crate) fn check(table: &[Name]) {
    use model::catalog;
    for name in table {
        let base = name.metric.strip_suffix(RATE).unwrap_or(name.metric);
        let Some(metric) = catalog::find(base) else {
            let own = ["sysstat.", "pcp.", "process.", "system.paging.io"];
            assert!(
                own.iter().any(|it| name.metric.starts_with(it)),
                "{} is in no table of names",
                name.metric
            );
            continue;
        };
        let unit = match name.metric.strip_suffix(RATE) {
            Some(_) => {
                assert_eq!(metric.kind, catalog::Kind::Counter, "{}", name.metric);
                metric.unit().per_second()
            }
            None => {
                assert_eq!(metric.kind, catalog::Kind::Gauge, "{}", name.metric);
                metric.unit()
            }
        };
        assert_eq!(unit.code(), name.unit, "{}", name.metric);
        for (key, _) in name.attributes {
            let of_parts = ["direction", "cpu"].contains(key);
            assert!(
                metric.attributes.contains(key) || of_parts,
                "{} has no {key}",
                name.metric
            );
        }
    }
}
