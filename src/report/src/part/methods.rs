//! How the numbers of the report are computed.

use crate::build::Builder;
use crate::document::{Block, Section};

/// What holds for every report.
const ALWAYS: [&str; 5] = [
    "Counters are shown as growth per second between two readings. The first reading of a counter, \
     a counter that fell, and an interval with a reading missing are gaps. Gaps are never filled or \
     interpolated.",
    "Utilization is busy time over elapsed time; that of the processor counts every state but idle \
     and iowait. Mean response time of a disk is time spent in operations over operations finished. \
     Pressure is the share of time in which some tasks waited for a resource.",
    analysis::summary::METHOD,
    "Charts show the smallest and largest sample of every column of the picture, so that a peak of \
     one sample keeps its height. Stacked areas show, of every column, the moment at which the sum \
     is largest.",
    "All times are UTC. The time axis follows the steady clock of each host, so setting a wall \
     clock moves nothing; it is listed as an event.",
];

const PROCESSES: &str = "Processor time of a process is its growth within the window, counted from \
     its last reading before the window, or from zero when it started within it. Processes that \
     were never read, because they lived between two readings and the kernel did not tell of them, \
     are missing.";

const SERVICES: &str = "Every request counts in the histogram of the second in which it ended. \
     Histograms of the window are added up before a percentile is taken, never percentiles. A \
     request is failed when its span or status says so.";

const TRENDS: &str = "A trend is the median of the slopes between all pairs of block medians, after \
     the season was removed, with an interval that knows the memory of the series (Sen, JASA 1968; \
     Hamed and Rao, Journal of Hydrology 1998). It is followed to a limit no further than a few \
     times what it was learned from.";

const OUTLOOK: &str = "A forecast is a combination of simple models, tried from earlier rows of the \
     same series; its band is scaled by the errors that it made there. Where it was no better than \
     the last value, it says so.";

const PREDICTION: &str = "What a change would bring comes from a queueing model that was calibrated \
     on the recording and checked on a part of it; intervals are those of resampled recordings, \
     widened by how earlier predictions came out. What the recording cannot carry is refused, with \
     what to record next.";

const TOKENS: &str = "Every number leads to its source at the end: session, series, window and \
     computation, with the SHA-256 of the data it rests on. Numbers that somebody wrote by hand are \
     marked. kymo verify makes the report anew from its session and names each number that differs \
     or whose data did.";

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let prediction =
        input.plan.is_some() || !matches!(input.model, crate::input::ModelInput::NotAsked);
    let with = [
        (PROCESSES, !input.processes.is_empty()),
        (SERVICES, !input.services.services.is_empty()),
        (TRENDS, !input.trends.rows.is_empty()),
        (OUTLOOK, !input.outlook.rows.is_empty()),
        (PREDICTION, prediction),
        (TOKENS, true),
    ];
    let with = with.iter().filter(|(_, there)| *there);
    let texts = ALWAYS.iter().chain(with.map(|(text, _)| text));
    let blocks = texts.map(|it| Block::text(*it)).collect();
    Some(Section::new("methods", "Methods", blocks))
}
