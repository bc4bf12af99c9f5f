//! What happens when the user asks for something: one line per wish, the rest
//! beside the subject.
//!
//! * [`commands`]: by name. [`time`]: the axis. [`panels`]: plots.
//! * [`files`]: open, write. [`hosts`]: attach, record. [`notes`]: annotations.
//! * [`standards`]: what must hold. [`findings`]: what was found; [`compare`]: what changed; [`inquiries`]: what else
//!   is asked of the analyses; [`planning`]: plans. [`outcomes`]: what finished jobs bring.

mod commands;
mod compare;
mod files;
mod findings;
mod hosts;
mod inquiries;
mod library;
mod notes;
mod outcomes;
mod panels;
mod planning;
mod recipes;
mod reporting;
mod sharing;
mod standards;
mod time;

pub(crate) use files::is_plan;

use std::time::Instant;

use eframe::egui::Context;

use crate::app::App;
use crate::layout;
use crate::notices::Offer;
use crate::shell::Wish;

impl App {
    /// Does what was asked.
    pub fn act(&mut self, ctx: &Context, wish: Wish) {
        match wish {
            Wish::Command(id) => self.command(ctx, id),
            Wish::Explore(action) => self.explore(ctx, action),
            Wish::Browser(action) => self.browse(ctx, action),
            Wish::Processes(host, action) => self.process_table(ctx, &host, action),
            Wish::ProcessHost(host) => self.views.process_host = Some(host),
            Wish::Samples(action) => self.sample_table(ctx, action),
            Wish::Findings(action) => self.finding_list(ctx, action),
            Wish::Analyze(action) => self.side_by_side(action),
            Wish::Bottleneck(action) => self.bottleneck(ctx, action),
            Wish::Forecast(action) => self.forecast(ctx, action),
            Wish::Correlate(action) => self.correlate(ctx, action),
            Wish::Services(action) => self.services(ctx, action),
            Wish::Recipe(action) => self.recipes(ctx, action),
            Wish::Library(action) => self.library(ctx, action),
            Wish::Plan(action) => self.planning(ctx, action),
            Wish::Report(action) => self.reporting(ctx, action),
            Wish::Own(action) => self.own(ctx, action),
            Wish::Standards(action) => self.standard_table(ctx, action),
            Wish::Compare(action) => self.comparison(ctx, action),
            Wish::Events(action) => self.event_list(ctx, action),
            Wish::Notes(action) => self.note_list(ctx, action),
            Wish::Details(action) => self.details(ctx, action),
            Wish::Hosts(action) => self.host_chips(ctx, action),
            Wish::Overview(action) => self.overview(&action),
            Wish::Quality(action) => self.quality(&action),
            Wish::Dialog(action) => self.dialog(ctx, action),
            Wish::Palette(choice) => self.palette(ctx, choice),
            Wish::Dropped(paths) => self.dropped(paths),
            Wish::CompareWith(paths) => self.compare_with_dropped(paths),
            Wish::Open(path) => self.open(path),
            Wish::Arranged(tree) => self.history.set_layout(*tree, Instant::now()),
            Wish::Settled(tree) => self.history.settle(*tree),
            Wish::PutAway(screen) => self
                .history
                .edit("put a screen away", Instant::now(), |it| {
                    layout::put_away(&mut it.layout, screen);
                }),
            Wish::CloseNotice(id) => self.notices.close(id),
            Wish::Offer(id, offer) => {
                self.notices.close(id);
                self.take_offer(ctx, offer);
            }
            Wish::Cancel(pool, id) => self.work.cancel(pool, id),
            Wish::Copy(text) => ctx.copy_text(text),
            Wish::Help(address) => self.views.dialogs.show_help(&address),
        }
    }

    fn take_offer(&mut self, ctx: &Context, offer: Offer) {
        match offer {
            Offer::Open(path) => self.open(path),
            Offer::CopyPath(path) => {
                ctx.copy_text(path.display().to_string());
                self.note(format!("Copied {}", path.display()), Vec::new());
            }
            Offer::Attach(target) => self.attach_text(&target),
            Offer::Import(path) => self.ask_how_to_import(vec![path]),
            Offer::Moment(moment) => self.show_moment(moment),
            Offer::Standards => self.show_standards(ctx),
            Offer::Record => self.ask_to_record(),
            Offer::Tour => self
                .views
                .dialogs
                .show(crate::shell::dialogs::PageKind::Start),
        }
    }
}
