//! The processes at a moment, host by host, looked up as the cursor moves.
//!
//! From memory this takes a moment; from disk a job does it. While one is under
//! way, further moments wait and only the last of them is looked up.
//!
//! Start at [`Crowds::look_live`] and [`Crowds::look_stored`].

use model::process::{Process, ProcessId};
use model::time::Moment;
use workflow::live::Live;
use workflow::problem::Problem;
use workflow::processes::Line;
use workflow::stored::Stored;

use crate::tasks::{Generation, Outcome, Pool, Work};

/// The processes at the moment last looked up.
#[derive(Default)]
pub struct Crowds {
    hosts: Vec<(String, Vec<Line>)>,
    moment: Option<Moment>,
    seen: Option<(Moment, u64)>,
    version: u64,
    request: u64,
    waiting: Option<Moment>,
    loading: bool,
}

impl Crowds {
    /// Forgets everything; a job under way finds nobody.
    pub fn reset(&mut self) {
        *self = Self {
            version: self.version + 1,
            request: self.request + 1,
            ..Self::default()
        };
    }

    /// Each host with its processes.
    pub fn hosts(&self) -> &[(String, Vec<Line>)] {
        &self.hosts
    }

    /// Raised whenever the lines change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Which moment the lines are of.
    pub fn moment(&self) -> Option<Moment> {
        self.moment
    }

    /// The processes of one host.
    pub fn of(&self, host: &str) -> &[Line] {
        let found = self.hosts.iter().find(|(name, _)| name == host);
        found.map_or(&[], |(_, lines)| lines.as_slice())
    }

    /// Who a process is, if it is among the lines.
    pub fn process(&self, host: &str, id: ProcessId) -> Option<&Process> {
        let line = self.of(host).iter().find(|line| line.id == id)?;
        Some(&line.process)
    }

    /// Looks up from memory, unless nothing changed since.
    pub fn look_live(&mut self, moment: Moment, live: &Live) {
        let newest = live.hosts().iter().filter_map(|host| host.last_at).max();
        // Behind the newest sample nothing changes any more.
        let version = match newest {
            Some(newest) if moment < newest => 0,
            _ => live.version(),
        };
        let at = newest.map_or(moment, |newest| moment.min(newest));
        if self.seen == Some((at, version)) {
            return;
        }
        self.seen = Some((at, version));
        let hosts = live.hosts().iter();
        self.hosts = hosts
            .map(|host| (host.name().to_owned(), host.processes_at(at)))
            .collect();
        self.moment = Some(at);
        self.version += 1;
    }

    /// Looks up from disk by a job, unless nothing changed since.
    pub fn look_stored(
        &mut self,
        moment: Moment,
        (stored, generation): (&Stored, Generation),
        work: &mut Work,
    ) {
        if self.seen.is_none_or(|(seen, _)| seen != moment) {
            self.seen = Some((moment, 0));
            self.waiting = Some(moment);
        }
        self.start((stored, generation), work);
    }

    fn start(&mut self, (stored, generation): (&Stored, Generation), work: &mut Work) {
        let Some(moment) = self.waiting.filter(|_| !self.loading) else {
            return;
        };
        self.request += 1;
        let request = self.request;
        let stored = stored.clone();
        let started = work.start(Pool::Quick, "looking up processes", move |_| {
            let hosts = stored.hosts().iter().map(|facts| {
                let lines = stored.processes_at(&facts.name, moment)?;
                Ok((facts.name.clone(), lines))
            });
            Outcome::Crowds(generation, request, hosts.collect())
        });
        if started.is_some() {
            self.loading = true;
            self.waiting = None;
            self.moment = Some(moment);
        }
    }

    /// Takes in what a job found; returns why there is nothing.
    pub fn accept(
        &mut self,
        request: u64,
        result: Result<Vec<(String, Vec<Line>)>, Problem>,
    ) -> Option<Problem> {
        if request != self.request {
            return None;
        }
        self.loading = false;
        match result {
            Ok(hosts) => {
                self.hosts = hosts;
                self.version += 1;
                None
            }
            Err(problem) => Some(problem),
        }
    }
}
