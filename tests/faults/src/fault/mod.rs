//! The disturbances: one file per resource, all listed in [`ALL`].
//!
//! * In: a [`Stage`] with drawn numbers.
//! * Out: a machine that is disturbed between onset and end, and not before.
//! * Never: more than the machine survives: memory and processor are limited by
//!   control groups, files and flows by numbers, traffic by namespaces.
//!
//! Start at [`Fault`]; a new disturbance is a constant in its file and a line here.

mod cpu;
mod disk;
mod memory;
mod network;
mod process;
mod quiet;
mod service;

use crate::stage::Stage;

/// A step of a disturbance.
pub(crate) type Step = fn(&mut Stage) -> Result<(), String>;

/// Where the recorder runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorder {
    /// Where every other program does.
    Machine,
    /// In the near network namespace, since it shows only there.
    Namespace,
}

/// A disturbance.
pub(crate) struct Fault {
    /// Name on the command line and of the files.
    pub(crate) name: &'static str,
    /// What happens, in a sentence.
    pub(crate) what: &'static str,
    /// The verdict of `kymo bottleneck` that is right while it lasts.
    pub(crate) verdict: &'static str,
    /// Further verdicts that are not wrong; `what` says why.
    pub(crate) accepted: &'static [&'static str],
    /// Where the recorder runs.
    pub(crate) recorder: Recorder,
    /// Before the recording: limits, files, and load that is usual here.
    pub(crate) prepare: Step,
    /// At the onset; `None` for undisturbed recordings.
    pub(crate) inject: Option<Step>,
    /// At the end, after the helpers of the disturbance are ended.
    pub(crate) relieve: Step,
}

impl Fault {
    /// What most have in common.
    const PLAIN: Self = Self {
        name: "",
        what: "",
        verdict: "none",
        accepted: &[],
        recorder: Recorder::Machine,
        prepare: nothing,
        inject: None,
        relieve: nothing,
    };
}

fn nothing(_: &mut Stage) -> Result<(), String> {
    Ok(())
}

/// Every disturbance, in the order of the tables.
pub(crate) const ALL: &[Fault] = &[
    cpu::ONE_CORE,
    cpu::ONE_CORE_SHARED,
    cpu::ALL_CORES,
    cpu::THROTTLING,
    process::STORM,
    memory::LEAK,
    memory::REFAULTS,
    memory::SWAPPING,
    disk::READ,
    disk::WRITE,
    network::SATURATION,
    network::LOSS,
    process::FILES,
    service::LOCK,
    service::POOL,
    service::UPSTREAM,
    service::QUERY,
    service::CPU,
    service::DISK,
    service::THROTTLING,
    service::MEMORY,
    service::NETWORK,
    quiet::IDLE,
    quiet::STEADY,
    quiet::PERIODIC,
    service::QUIET,
];

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn names_are_unique_and_sentences_whole() {
        for (number, fault) in ALL.iter().enumerate() {
            assert!(!fault.name.is_empty() && fault.what.ends_with('.'));
            assert!(ALL[..number].iter().all(|it| it.name != fault.name));
            assert_eq!(fault.inject.is_none(), fault.name.starts_with("quiet"));
        }
    }
}
