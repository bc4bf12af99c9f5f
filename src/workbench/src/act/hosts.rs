//! Agents and the recording of what they say.

use eframe::egui::Context;
use workflow::live::State;
use workflow::problem::{Problem, Sort};
use workflow::recording::{Past, file_name};
use workflow::target::Target;

use crate::app::App;
use crate::commands::Id;
use crate::notices::Now;
use crate::recorder::{Draft, Keep, Report, Words};
use crate::shell::dialogs::Dialog;
use crate::shell::hear;
use crate::tasks::{Outcome, Pool};
use crate::view::hosts;

impl App {
    /// Attaches an agent and shows live data.
    pub fn attach(&mut self, target: Target) {
        self.attach_aside(target);
        self.show_live();
    }

    /// Attaches an agent without leaving what is looked at.
    pub fn attach_aside(&mut self, target: Target) {
        if target != Target::Local {
            self.desk.recent.attached(&target.to_string());
        }
        match (self.desk.launcher)(target.clone()) {
            Ok(launch) => self.session.hub.attach(launch),
            Err(error) => {
                let what = format!("could not attach {target}");
                let problem = Problem::from_error(what, &error, Sort::Agent)
                    .advise("start Kymo anew from where it is installed");
                self.tell(&problem, Vec::new());
            }
        }
    }

    pub(super) fn attach_text(&mut self, target: &str) {
        match target.parse::<Target>() {
            Ok(target) if self.session.hub.has(&target) => self.show_live(),
            Ok(target) => self.attach(target),
            Err(_) => self.ask_to_attach(target),
        }
    }

    /// Looks anew what keeps applications here from being heard. What is heard already
    /// has its port, which is no hindrance.
    fn probe(&mut self) {
        self.desk.hindrances.clear();
        let mut hosts = self.session.hub.live().hosts().iter();
        if hosts.all(|host| host.heard().is_empty()) {
            let prober = self.desk.prober;
            // Where the queue is full, the agent still tells what it cannot hear.
            self.work
                .start(Pool::Quick, "looking at ports and logs", move |_| {
                    Outcome::Hindrances(prober())
                });
        }
    }

    pub(super) fn ask_to_attach(&mut self, target: &str) {
        self.probe();
        self.views.dialogs.open(Dialog::Attach {
            text: target.to_owned(),
            hear: hear::Draft::of("", &[]),
        });
    }

    /// Asks what the agent of a host shall hear, or that of the first one; without one
    /// asks what to attach.
    pub(super) fn ask_what_to_hear(&mut self, host: Option<&str>) {
        let hub = &self.session.hub;
        let mut hosts = hub.live().hosts().iter();
        let first = hosts.find(|host| host.state == State::Live);
        let name = host.or(first.map(|host| host.name()));
        match name.and_then(|name| hub.target_of(name)) {
            Some(target) => {
                let target = target.to_string();
                let draft = hear::Draft::of(&target, self.desk.recent.heard(&target));
                self.probe();
                self.views.dialogs.open(Dialog::Hear(draft));
            }
            None => self.ask_to_attach("local"),
        }
    }

    /// Lets an agent hear these and nothing else, now and whenever it is attached.
    pub(super) fn hear(&mut self, target: &Target, what: Vec<String>) {
        if !self.session.hub.hear(target, &what) {
            let problem = Problem {
                what: format!("could not ask the agent of {target} to hear applications"),
                why: "it is not attached, or does not answer".to_owned(),
                what_to_do: "attach it; what was chosen is remembered".to_owned(),
                sort: Sort::Agent,
            };
            self.tell(&problem, Vec::new());
        }
        self.desk.recent.hear(&target.to_string(), what);
    }

    /// A host that greeted is told what it was to hear.
    pub(crate) fn hear_again(&mut self, host: &str) {
        let Some(target) = self.session.hub.target_of(host) else {
            return;
        };
        let what = self.desk.recent.heard(&target.to_string()).to_vec();
        if !what.is_empty() {
            self.hear(&target, what);
        }
    }

    pub(super) fn host_chips(&mut self, ctx: &Context, action: hosts::Action) {
        match action {
            hosts::Action::Attach => self.command(ctx, Id::Attach),
            hosts::Action::Detach(host) => {
                self.session.hub.detach_host(&host);
                if let Ok(target) = host.parse() {
                    // A link that never greeted is known by its target.
                    self.session.hub.detach(&target);
                }
            }
            hosts::Action::Reattach(host) => {
                let target = self.session.hub.target_of(&host).unwrap_or(Target::Local);
                self.attach(target);
            }
            hosts::Action::Hear(host) => self.ask_what_to_hear(Some(&host)),
            hosts::Action::Copy(text) => ctx.copy_text(text),
        }
    }

    pub(super) fn record_or_stop(&mut self) {
        match self.recorder.report() {
            Report::Idle => self.ask_to_record(),
            Report::Running { .. } => self.stop_recording(),
            Report::Starting | Report::Finishing(_) => {}
        }
    }

    pub(super) fn ask_to_record(&mut self) {
        let live = self.session.hub.live().hosts().iter();
        let hosts: Vec<String> = live.map(|host| host.name().to_owned()).collect();
        let name = file_name(&hosts, Now::read().moment);
        let path = self.desk.record_folder().join(name);
        self.views.dialogs.open(Dialog::Record(Draft {
            path: path.display().to_string(),
            title: String::new(),
            past: Past::All,
            keep: Keep::Everything,
        }));
    }

    pub(super) fn start_recording(&mut self, draft: &Draft) {
        self.recorder
            .start(draft, &self.session.hub, &mut self.work);
    }

    /// What a recording keeps beside its samples.
    pub(crate) fn words(&self) -> Words {
        Words {
            notes: self.session.live_notes().to_vec(),
            said: self.session.lookout().said(),
        }
    }

    pub(super) fn stop_recording(&mut self) {
        let words = self.words();
        self.recorder
            .finish(&self.session.hub, words, &mut self.work);
    }
}
