//! The framework's manager: attach, record, look up and report as jobs that
//! window and command line share.
//!
//! * [`target`], [`launch`], [`link`], [`clock`]: agents and their streams.
//! * [`tap`], [`recording`]: streams into sessions.
//! * [`live`], [`stored`], [`processes`]: what a window looks at;
//!   [`essentials`]: what it shows first.
//! * [`input`]: what the analyses are given; [`findings`]: all of them.
//! * [`laws`]: how far the data itself can be trusted; [`bottleneck`]: what limits;
//!   [`anomalies`]: what is unlike its past; [`explain`], [`correlate`]: why;
//!   [`compare`]: what changed; [`forecast`]: what comes next.
//! * [`planning`]: what would help, from a recording.
//! * [`standards`]: what must hold, on recordings and while data comes.
//! * [`watch`], [`glance`]: verdicts on live data; [`hindsight`]: what became of them.
//! * [`imports`]: files and servers of others into sessions.
//! * [`share`]: sessions for others, without who and where; [`sealed`]: encrypted;
//!   [`signature`]: signed.
//! * [`tables`], [`report`]: whole sessions into files and reports; [`outfile`]: written whole,
//!   never over a recording.
//! * [`own`]: how well all of it does, and what it costs; [`accuracy`]: how right it was.
//! * [`review`]: what a period of a library brought.
//! * [`recipe`]: all of it unattended; [`deliver`]: reports to where people look; [`records`]:
//!   books that only grow.
//! * [`library`]: many sessions, and one figure of all of them.
//! * [`jobs`], [`problem`]: long work with progress and cancel, and its trouble.
//!
//! Never: draws anything.

pub mod accuracy;
pub mod anomalies;
pub mod bottleneck;
pub mod clock;
pub mod compare;
pub mod correlate;
pub mod deliver;
pub mod essentials;
pub mod explain;
pub mod findings;
pub mod forecast;
pub mod glance;
pub mod hindsight;
pub mod imports;
pub mod input;
pub mod jobs;
pub mod launch;
pub mod laws;
pub mod library;
pub mod link;
pub mod live;
pub mod outfile;
pub mod own;
pub mod planning;
pub mod problem;
pub mod processes;
pub mod recipe;
pub mod recording;
pub mod records;
pub mod report;
pub mod review;
mod scratch;
pub mod sealed;
pub mod services;
pub mod share;
pub mod signature;
mod spread;
pub mod standards;
pub mod stored;
mod stretches;
pub mod tables;
pub mod tap;
pub mod target;
pub mod watch;
