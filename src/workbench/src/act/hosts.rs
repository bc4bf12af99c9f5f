//! Agents and the recording of what they say.

use eframe::egui::Context;
use workflow::problem::{Problem, Sort};
use workflow::recording::{Past, file_name};
use workflow::target::Target;

use crate::app::App;
use crate::commands::Id;
use crate::notices::Now;
use crate::recorder::{Draft, Keep, Report, Words};
use crate::shell::dialogs::Dialog;
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
            Err(_) => self.views.dialogs.open(Dialog::Attach {
                text: target.to_owned(),
            }),
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
