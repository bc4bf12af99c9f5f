//! Every sort of answer that findings can give, by analysis.
//!
//! [`model::finding::Finding::kind`] is a word; this is the list of the words. What
//! explains findings to people (the help, a report) is held against it, and so are the
//! findings of the shipped sessions.
//!
//! Start at [`all`]; add the kinds of a new analysis as an arm of [`of`].

use model::finding::Analysis;

use crate::bottleneck::{Resource, verdict_name};
use crate::explain::Class;
use crate::{anomaly, change, compare, laws, quality};

/// Every kind with its analysis, in the order of lists.
pub fn all() -> Vec<(Analysis, &'static str)> {
    let mut all = Vec::new();
    for analysis in Analysis::ALL {
        all.extend(of(analysis).into_iter().map(|kind| (analysis, kind)));
    }
    all
}

/// The kinds of one analysis.
pub fn of(analysis: Analysis) -> Vec<&'static str> {
    match analysis {
        Analysis::Quality => {
            let marks = quality::KINDS.iter().map(|(_, name)| *name);
            let own = ["coverage", "clock-error", "stuck", "same-values"];
            let laws = laws::LAWS.iter().map(|(_, name, _)| *name);
            marks.chain(own).chain(laws).collect()
        }
        Analysis::Trend => vec!["slope", "limit"],
        Analysis::Anomaly => {
            let single = anomaly::Kind::ALL.into_iter().map(anomaly::Kind::name);
            single.chain(["group", "collective"]).collect()
        }
        Analysis::Change => {
            let single = change::Kind::ALL.into_iter().map(change::Kind::name);
            single.chain(["group"]).collect()
        }
        Analysis::Bottleneck => {
            let limits = Resource::ALL.into_iter().map(Resource::name);
            limits.chain([verdict_name(None)]).collect()
        }
        Analysis::Explain => Class::ALL.into_iter().map(Class::name).collect(),
        Analysis::Correlation => vec!["lead", "together"],
        Analysis::Forecast => vec!["above", "below"],
        Analysis::Compare => {
            let verdicts = compare::Verdict::ALL.into_iter();
            verdicts.map(compare::Verdict::name).collect()
        }
        Analysis::Standard => vec!["violated"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_is_listed_twice() {
        let mut all = all();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        for analysis in Analysis::ALL {
            assert!(!of(analysis).is_empty(), "{analysis:?}");
        }
    }
}
