//! Reports: what they hold, made before they are written, and what other screens add.
//!
//! Start at [`App::add_to_report`] to add a chart or a table of any screen.

use std::path::Path;

use eframe::egui::Context;
use model::report::{ChartPin, Item, Rows, Shape, TablePin};
use model::series::SeriesKey;
use model::time::Span;
use model::told;

use workflow::deliver::{self, Parcel, RealClock, Retry, places};
use workflow::jobs::Context as JobContext;
use workflow::problem::Problem;
use workflow::stored::Stored;

use crate::app::App;
use crate::export::{self, Export};
use crate::inquiry::report as asking;
use crate::layout::Screen;
use crate::tasks::{Outcome, Pool, Purpose, Written};
use crate::view::report::Action;
use crate::workspace;

/// Why curves of processes are not added.
const ONLY_PROCESSES: &str = "Curves of processes stay here: the report has a table of processes.";

impl App {
    pub(super) fn reporting(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Edit(draft) => {
                self.remark("change the report", |remarks| remarks.set_draft(*draft));
            }
            Action::Make(draft) => self.make_report(*draft),
            Action::Cancel => self.session.inquiries.report.cancel(&self.work),
            Action::MovePin(from, to) => {
                self.remark("order findings of the report", |remarks| {
                    remarks.move_pin(from, to);
                });
            }
            Action::Unpin(id) => self.unpin(id),
            Action::Finding(id) => {
                self.views.findings.choose(id);
                self.bring_up(Screen::Findings);
            }
            Action::Export(form, draft) => {
                let asked = self.asked(*draft);
                self.export(Export::Drafted(form, Box::new(asked)));
            }
            Action::Deliver(form, draft, to) => {
                let asked = self.asked(*draft);
                self.deliver_report(Export::Drafted(form, Box::new(asked)), to);
            }
            Action::Verify => self.pick(Purpose::VerifyReport),
            Action::Copy(text) => ctx.copy_text(text),
            Action::Open => self.pick(Purpose::Open),
        }
    }

    /// A draft with all that its report is made from.
    fn asked(&self, draft: model::report::Draft) -> asking::Asked {
        let speaks = ["optimization", "prediction"].contains(&draft.kind.as_str());
        let plan = self.desk.plans.path().filter(|_| speaks);
        asking::Asked {
            plan: plan.map(Path::to_path_buf),
            version: self.session.findings_version(),
            draft,
        }
    }

    fn make_report(&mut self, draft: model::report::Draft) {
        let Some(stored) = self.session.stored().cloned() else {
            return;
        };
        let asked = self.asked(draft);
        let with = (self.session.generation(), &mut self.work);
        asking::ask(&mut self.session.inquiries.report, (&stored, asked), with);
    }

    /// Writes a report beside its session and delivers it, again if need be.
    fn deliver_report(&mut self, export: Export, to: String) {
        let Some(stored) = self.session.stored().cloned() else {
            return;
        };
        let name = export.file_name(stored.path());
        let out = export::beside(stored.path(), &self.desk.places.sessions, &name);
        self.work
            .start(Pool::Long, "delivering the report", move |context| {
                let done = delivered((&stored, &export), (&out, &to), context);
                Outcome::Written("Report delivered", done)
            });
    }

    /// Holds a finished report against the session that is looked at.
    pub(super) fn verify_report(&mut self, path: std::path::PathBuf) {
        let Some(stored) = self.session.stored().cloned() else {
            return;
        };
        let with = (self.session.generation(), &mut self.work);
        asking::check(&mut self.session.inquiries.checked, (&stored, path), with);
        self.bring_up(Screen::Report);
    }

    /// Adds something to the report that is looked at. Can be undone.
    pub(super) fn add_to_report(&mut self, item: Item) {
        if self.session.stored().is_none() {
            self.note(
                "A report is about a session: record, stop, then add to its report.",
                Vec::new(),
            );
            return;
        }
        let kind = self.views.report.kind();
        let noun = item.noun();
        self.remark("add to report", |remarks| {
            remarks.add_to_draft(kind.draft(), item);
        });
        self.note(
            format!("The {} report holds the {noun} now", kind.name),
            Vec::new(),
        );
    }

    /// Adds a chart of these curves, over the selection or what is in view.
    pub(super) fn chart_to_report(
        &mut self,
        (title, items): (String, &[workspace::Item]),
        shape: Shape,
    ) {
        let series: Vec<String> = items
            .iter()
            .filter_map(|it| match it {
                workspace::Item::Series(key) => Some(key.to_string()),
                workspace::Item::Process(_) => None,
            })
            .take(model::report::SERIES_MAX)
            .collect();
        if series.is_empty() {
            self.note(ONLY_PROCESSES, Vec::new());
            return;
        }
        let window = Some(self.reported());
        self.add_to_report(Item::Chart(ChartPin {
            title,
            series,
            shape,
            window,
        }));
    }

    /// Adds a chart of each of these series, over the selection or what is in view.
    pub(super) fn series_to_report(&mut self, keys: &[SeriesKey]) {
        for key in keys {
            let item = [workspace::Item::Series(key.clone())];
            self.chart_to_report((told::of(key), &item), Shape::Lines);
        }
    }

    /// Adds the statistics of the plot whose samples are listed.
    pub(super) fn samples_to_report(&mut self) {
        let plot = self.views.sampled.and_then(|id| self.views.plots.plot(id));
        let named = plot.into_iter().flat_map(|it| &it.curves);
        let series: Vec<String> = named
            .filter_map(|it| match &it.item {
                workspace::Item::Series(key) => Some(key.to_string()),
                workspace::Item::Process(_) => None,
            })
            .take(model::report::SERIES_MAX)
            .collect();
        match series.is_empty() {
            true => self.note(ONLY_PROCESSES, Vec::new()),
            false => self.table_to_report(Rows::Statistics(series)),
        }
    }

    /// Adds a table of these rows, over the selection or what is in view.
    pub(super) fn table_to_report(&mut self, of: Rows) {
        let window = Some(self.reported());
        self.add_to_report(Item::Table(TablePin {
            title: String::new(),
            of,
            window,
        }));
    }

    /// The stretch that is selected, else what is in view.
    fn reported(&self) -> Span {
        self.timeline.selection.unwrap_or(self.timeline.view())
    }
}

fn delivered(
    (stored, export): (&Stored, &Export),
    (out, to): (&Path, &str),
    context: &JobContext,
) -> Result<Written, Problem> {
    let target = places::target(to)?;
    let written = export.write(stored, out, context)?;
    let done = deliver::deliver(
        &Parcel {
            files: std::slice::from_ref(&written.path),
            targets: &[target],
            record: &places::usual_record(),
            retry: Retry::default(),
        },
        &RealClock,
        context,
    )?;
    let told = done.iter().map(|it| format!("to {}: {}", it.to, it.text));
    Ok(Written {
        remark: told.collect::<Vec<_>>().join("; "),
        ..written
    })
}
