//! How each analysis comes to its conclusions, in words for a report.
//!
//! The modules of the analyses say the same in full; change both together.
//!
//! Start at [`of`].

use model::finding::Analysis;

/// One or two sentences with the publications that the analysis follows.
pub fn of(analysis: Analysis) -> &'static str {
    match analysis {
        Analysis::Quality => {
            "Missing, late and repeated samples, resets of counters, and readings that break laws \
             no true recording can break."
        }
        Analysis::Trend => {
            "The median of all pairwise slopes with the Mann-Kendall test on the effective number \
             of samples (Sen, JASA 1968; Hamed and Rao, Journal of Hydrology 1998)."
        }
        Analysis::Anomaly => {
            "Distance from what the series did before, in robust scales with limits learned from \
             the recording itself (after Siffer et al., KDD 2017); all series together by Hotelling's \
             T² and the residual energy (Jackson and Mudholkar, Technometrics 1979)."
        }
        Analysis::Change => {
            "Seeded binary segmentation with a penalty for the memory of the series (Scott and \
             Knott, Biometrics 1974; Kovács et al., Biometrika 2023)."
        }
        Analysis::Bottleneck => {
            "Utilization, saturation and errors of each resource (Gregg, Systems Performance, 2nd \
             edition), with the share of response time by operational laws (Denning and Buzen, ACM \
             Computing Surveys 1978)."
        }
        Analysis::Explain => {
            "Shifts in robust scales at the onset, ordered by when they began (Pham et al., FSE \
             2024)."
        }
        Analysis::Correlation => {
            "Cross-correlation after pre-whitening (Box and Jenkins, Time Series Analysis), with \
             control of the false discovery rate (Benjamini and Hochberg, 1995)."
        }
        Analysis::Forecast => {
            "The best of several simple methods by rolling-origin back-test (Tashman, International \
             Journal of Forecasting 2000) with conformal bands (Barber et al., Annals of Statistics \
             2021)."
        }
        Analysis::Compare => {
            "The Hodges-Lehmann shift with a block-bootstrap interval over units of evidence \
             (Kalibera and Jones, ISMM 2013), with control of the false discovery rate; the same \
             only after an equivalence test."
        }
        Analysis::Standard => {
            "The statistic that the standard names, with an interval that counts dependent samples \
             once: moving blocks (Künsch, Annals of Statistics 1989) and the effective number of \
             samples (Geyer, Statistical Science 1992), the wider of both. Error budgets by burn \
             rate over pairs of windows (Beyer et al., The Site Reliability Workbook, 2018)."
        }
    }
}
