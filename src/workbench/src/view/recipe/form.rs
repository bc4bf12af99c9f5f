//! The steps of a recipe as fields; what is drawn is what is changed.

use eframe::egui::{CollapsingHeader, ComboBox, DragValue, Grid, RichText, TextEdit, Ui};
use model::cron::Cron;
use model::recipe::{
    Clock, Deliver, Length, Optimize, Recipe, Report, Size, Start, Trigger, Until,
};
use model::time::SECOND_NS;

/// Kinds of reports to choose from.
const KINDS: [&str; 4] = ["performance", "trend", "optimization", "prediction"];

/// Formats of reports to choose from.
const FORMATS: [&str; 4] = ["html", "pdf", "md", "json"];

/// Draws all fields.
pub(super) fn ui(ui: &mut Ui, recipe: &mut Recipe) {
    ui.horizontal(|ui| {
        ui.strong("Name");
        text_ui(
            ui,
            &mut recipe.name,
            ("recipe name", "letters, digits, - and _"),
            240.0,
        );
    });
    section(ui, "1  Collect", |ui| collect_ui(ui, recipe));
    section(ui, "2  Analyze", |ui| analyze_ui(ui, recipe));
    section(ui, "3  Optimize", |ui| {
        optimize_ui(ui, &mut recipe.optimize);
    });
    section(ui, "4  Standards", |ui| {
        list_ui(
            ui,
            &mut recipe.standards,
            ("standard", "FILE.ron, relative to the recipe"),
        );
    });
    section(ui, "5  Report", |ui| reports_ui(ui, &mut recipe.report));
    section(ui, "6  Deliver", |ui| deliver_ui(ui, &mut recipe.deliver));
    section(ui, "Monitor", |ui| monitor_ui(ui, recipe));
}

fn section(ui: &mut Ui, title: &str, fields: impl FnOnce(&mut Ui)) {
    CollapsingHeader::new(RichText::new(title).strong())
        .default_open(true)
        .show(ui, fields);
}

fn grid(ui: &mut Ui, salt: &str, rows: impl FnOnce(&mut Ui)) {
    Grid::new(salt)
        .num_columns(2)
        .spacing([10.0, 4.0])
        .show(ui, rows);
}

fn row(ui: &mut Ui, name: &str, field: impl FnOnce(&mut Ui)) {
    ui.label(name);
    ui.horizontal_wrapped(field);
    ui.end_row();
}

fn text_ui(ui: &mut Ui, text: &mut String, (salt, hint): (&str, &str), width: f32) {
    let edit = TextEdit::singleline(text).desired_width(width);
    ui.add(edit.hint_text(hint).id_salt(salt));
}

fn length_ui(ui: &mut Ui, length: &mut Length) {
    let mut seconds = length.seconds();
    let drag = DragValue::new(&mut seconds).range(0.01..=1e8).suffix(" s");
    if ui.add(drag.speed(0.5).max_decimals(2)).changed() {
        // To the hundredth, so that the text stays readable.
        *length = Length((seconds * 100.0).round() as i64 * (SECOND_NS / 100));
    }
}

/// A list of texts, one a line, with a way to add and remove.
fn list_ui(ui: &mut Ui, list: &mut Vec<String>, (what, hint): (&str, &str)) {
    let mut removed = None;
    for (place, text) in list.iter_mut().enumerate() {
        ui.push_id((what, place), |ui| {
            ui.horizontal(|ui| {
                text_ui(ui, text, (what, hint), 300.0);
                let remove = ui.small_button("×");
                if remove
                    .on_hover_text(format!("Remove this {what}"))
                    .clicked()
                {
                    removed = Some(place);
                }
            });
        });
    }
    if let Some(place) = removed {
        list.remove(place);
    }
    if ui.small_button(format!("Add {what}")).clicked() {
        list.push(String::new());
    }
}

fn collect_ui(ui: &mut Ui, recipe: &mut Recipe) {
    let collect = &mut recipe.collect;
    let mut takes = collect.take.is_some();
    ui.checkbox(&mut takes, "Use a session that is there already");
    match (takes, &mut collect.take) {
        (true, Some(path)) => text_ui(
            ui,
            path,
            ("session", "a.kymo, relative to the recipe"),
            300.0,
        ),
        (true, none) => *none = Some(String::new()),
        (false, taken) => *taken = None,
    }
    if !takes {
        ui.label("Targets: local, ssh://[user@]host[:port]");
        list_ui(ui, &mut collect.targets, ("target", "local"));
        grid(ui, "collect", |ui| {
            row(ui, "A sample every", |ui| length_ui(ui, &mut collect.every));
            row(ui, "Begin", |ui| start_ui(ui, &mut collect.start));
            row(ui, "End", |ui| until_ui(ui, &mut collect.until));
        });
        CollapsingHeader::new("Applications").show(ui, |ui| {
            ui.weak("What each agent hears, as kymo record --intake takes it.");
            list_ui(
                ui,
                &mut collect.intake,
                ("intake", "otlp-http, statsd, scrape:URL"),
            );
        });
    }
    grid(ui, "collect asks", |ui| {
        row(ui, "Samples that must be there", |ui| {
            let mut percent = collect.coverage * 100.0;
            let drag = DragValue::new(&mut percent).range(0.0..=100.0).suffix(" %");
            if ui.add(drag.max_decimals(1)).changed() {
                collect.coverage = percent / 100.0;
            }
        });
        row(ui, "Title", |ui| {
            text_ui(
                ui,
                &mut collect.title,
                ("title", "kept in the session"),
                240.0,
            );
        });
        row(ui, "Build", |ui| {
            text_ui(ui, &mut collect.build, ("build", "such as 1.4.2"), 120.0);
        });
    });
    ui.label("Tags");
    list_ui(ui, &mut collect.tags, ("tag", "nightly"));
}

fn trigger() -> Trigger {
    Trigger {
        series: "*/system.pressure.share{kind=some,resource=cpu}".to_owned(),
        above: Some(0.2),
        below: None,
        lasting: Length(10 * SECOND_NS),
        look_back: Some(Length(120 * SECOND_NS)),
        give_up: Length(3_600 * SECOND_NS),
    }
}

fn start_ui(ui: &mut Ui, start: &mut Start) {
    let names = ["now", "at a time", "as cron says", "when data shows"];
    let kind = match start {
        Start::Now => 0,
        Start::At(_) => 1,
        Start::Cron(_) => 2,
        Start::When(_) => 3,
    };
    let mut chosen = kind;
    combo_ui(ui, "begin", (&names, &mut chosen));
    if chosen != kind {
        *start = match chosen {
            1 => Cron::daily(2, 30).map_or(Start::Now, |it| Start::At(Clock::Daily(it))),
            2 => "30 2 * * 1-5".parse().map_or(Start::Now, Start::Cron),
            3 => Start::When(trigger()),
            _ => Start::Now,
        };
    }
    match start {
        Start::Now => {}
        Start::At(clock) => typed_ui(ui, clock, ("time", "02:30 or 2026-01-31T12:00:00Z")),
        Start::Cron(cron) => typed_ui(ui, cron, ("cron", "30 2 * * 1-5")),
        Start::When(it) => trigger_ui(ui, it, Edge::Begin),
    }
}

fn until_ui(ui: &mut Ui, until: &mut Until) {
    let names = ["after", "when data shows"];
    let kind = usize::from(matches!(until, Until::When(_)));
    let mut chosen = kind;
    combo_ui(ui, "end", (&names, &mut chosen));
    if chosen != kind {
        *until = match chosen {
            1 => Until::When(Trigger {
                look_back: None,
                above: None,
                below: Some(0.05),
                ..trigger()
            }),
            _ => Until::For(Length(60 * SECOND_NS)),
        };
    }
    match until {
        Until::For(length) => length_ui(ui, length),
        Until::When(it) => trigger_ui(ui, it, Edge::End),
    }
}

fn combo_ui(ui: &mut Ui, salt: &str, (names, chosen): (&[&str], &mut usize)) {
    let shown = names.get(*chosen).copied().unwrap_or_default();
    let combo = ComboBox::from_id_salt(salt).width(120.0);
    let drawn = combo.selected_text(shown).show_ui(ui, |ui| {
        for (place, name) in names.iter().enumerate() {
            ui.selectable_value(chosen, place, *name);
        }
    });
    drop(drawn.response.accessible_name(salt));
}

/// A text that becomes a value once it is one; until then the old value holds.
fn typed_ui<T>(ui: &mut Ui, value: &mut T, (salt, hint): (&str, &str))
where
    T: Clone + Into<String> + TryFrom<String>,
{
    let id = ui.scope_id().with(salt);
    let kept: Option<String> = ui.data(|data| data.get_temp(id));
    let mut text = kept.unwrap_or_else(|| value.clone().into());
    let edit = TextEdit::singleline(&mut text).desired_width(170.0);
    let field = ui.add(edit.hint_text(hint).id_salt(salt));
    if field.has_focus() || field.changed() {
        ui.data_mut(|data| data.insert_temp(id, text.clone()));
    } else {
        ui.data_mut(|data| data.remove_temp::<String>(id));
    }
    if field.changed()
        && let Ok(typed) = T::try_from(text)
    {
        *value = typed;
    }
}

/// Which end of a recording a trigger decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    Begin,
    End,
}

fn trigger_ui(ui: &mut Ui, trigger: &mut Trigger, edge: Edge) {
    text_ui(
        ui,
        &mut trigger.series,
        ("series", "host/metric, * for anything"),
        300.0,
    );
    let mut below = trigger.below.is_some();
    let bound = trigger.above.or(trigger.below).unwrap_or(0.0);
    let mut value = bound;
    ui.selectable_value(&mut below, false, "above");
    ui.selectable_value(&mut below, true, "below");
    let drag = DragValue::new(&mut value).speed(0.01).max_decimals(6);
    drop(ui.add(drag).accessible_name("bound"));
    let bounds = match below {
        true => (None, Some(value)),
        false => (Some(value), None),
    };
    (trigger.above, trigger.below) = bounds;
    ui.label("for");
    length_ui(ui, &mut trigger.lasting);
    if edge == Edge::Begin {
        let mut back = trigger.look_back.is_some();
        ui.checkbox(&mut back, "with what was before:");
        match (back, &mut trigger.look_back) {
            (true, Some(length)) => length_ui(ui, length),
            (true, none) => *none = Some(Length(60 * SECOND_NS)),
            (false, kept) => *kept = None,
        }
    }
    ui.label(match edge {
        Edge::Begin => "give up after",
        Edge::End => "at the latest after",
    });
    length_ui(ui, &mut trigger.give_up);
}

fn analyze_ui(ui: &mut Ui, recipe: &mut Recipe) {
    ui.horizontal(|ui| {
        let label = ui.label("Findings that there must be");
        let least = &mut recipe.analyze.least_findings;
        ui.add(DragValue::new(least).range(0..=10_000))
            .labelled_by(label.id);
    });
    let severe = &mut recipe.analyze.fail_on_severe;
    ui.checkbox(
        severe,
        "A severe finding makes the answer \"no\" (exit code 1)",
    );
}

fn optimize_ui(ui: &mut Ui, optimize: &mut Option<Optimize>) {
    let mut wanted = optimize.is_some();
    ui.checkbox(&mut wanted, "Predict what would help");
    match (wanted, &mut *optimize) {
        (true, None) => *optimize = Some(Optimize::default()),
        (false, _) => *optimize = None,
        (true, Some(it)) => {
            let mut has_plan = it.plan.is_some();
            ui.checkbox(
                &mut has_plan,
                "A plan of mine, instead of what the bottleneck suggests",
            );
            match (has_plan, &mut it.plan) {
                (true, Some(path)) => {
                    text_ui(
                        ui,
                        path,
                        ("plan", "plan.ron, relative to the recipe"),
                        300.0,
                    );
                }
                (true, none) => *none = Some("plan.ron".to_owned()),
                (false, kept) => *kept = None,
            }
            ui.horizontal(|ui| {
                ui.label("Service");
                text_ui(ui, &mut it.service, ("service", "found by itself"), 200.0);
            });
        }
    }
}

fn reports_ui(ui: &mut Ui, reports: &mut Vec<Report>) {
    let mut removed = None;
    for (place, report) in reports.iter_mut().enumerate() {
        ui.push_id(("report", place), |ui| {
            ui.horizontal(|ui| {
                for (salt, text, known) in [
                    ("kind", &mut report.kind, KINDS),
                    ("format", &mut report.format, FORMATS),
                ] {
                    let combo = ComboBox::from_id_salt(salt).width(110.0);
                    let drawn = combo.selected_text(text.as_str()).show_ui(ui, |ui| {
                        for name in known {
                            ui.selectable_value(text, name.to_owned(), name);
                        }
                    });
                    drop(drawn.response.accessible_name(salt));
                }
                let remove = ui.small_button("×");
                if remove.on_hover_text("Remove this report").clicked() {
                    removed = Some(place);
                }
            });
        });
    }
    if let Some(place) = removed {
        reports.remove(place);
    }
    if ui.small_button("Add report").clicked() {
        reports.push(Report {
            kind: KINDS[0].to_owned(),
            format: FORMATS[0].to_owned(),
        });
    }
}

fn deliver_ui(ui: &mut Ui, deliver: &mut Vec<Deliver>) {
    let folders = deliver.iter().filter_map(|it| match it {
        Deliver::Folder(folder) => Some(folder.clone()),
        Deliver::Webhook { .. } | Deliver::Mail { .. } => None,
    });
    let mut folders: Vec<String> = folders.collect();
    let before = folders.clone();
    ui.weak("Reports are copied there whole or not at all, again if need be, with a record.");
    list_ui(
        ui,
        &mut folders,
        ("folder", "/srv/reports, or relative to the recipe"),
    );
    for other in deliver.iter() {
        match other {
            Deliver::Folder(_) => {}
            Deliver::Webhook { url, .. } => {
                ui.weak(format!("and posted to {url}, as the text below says"));
            }
            Deliver::Mail { to, .. } => {
                ui.weak(format!(
                    "and sent to {}, as the text below says",
                    to.join(", ")
                ));
            }
        }
    }
    if folders != before {
        // Other targets stay where they stand, behind the folders.
        deliver.retain(|it| !matches!(it, Deliver::Folder(_)));
        let folders = folders.into_iter().map(Deliver::Folder);
        deliver.splice(0..0, folders);
    }
}

fn monitor_ui(ui: &mut Ui, recipe: &mut Recipe) {
    let monitor = &mut recipe.monitor;
    grid(ui, "monitor", |ui| {
        row(ui, "A failed step is tried again", |ui| {
            ui.add(
                DragValue::new(&mut monitor.retries)
                    .range(0..=100)
                    .suffix(" times"),
            );
            ui.label("after");
            length_ui(ui, &mut monitor.pause);
        });
        row(ui, "A sign of life every", |ui| {
            length_ui(ui, &mut monitor.heartbeat);
        });
        row(ui, "Room that stays free on the disk", |ui| {
            let mut mebibytes = monitor.free.0 >> 20;
            let drag = DragValue::new(&mut mebibytes)
                .range(0..=10_000_000_u64)
                .suffix(" MiB");
            if ui.add(drag).changed() {
                monitor.free = Size(mebibytes << 20);
            }
        });
        let limits = &mut monitor.limits;
        for (name, limit) in [
            ("Longest analysis", &mut limits.analyze),
            ("Longest prediction", &mut limits.optimize),
            ("Longest check of standards", &mut limits.comply),
            ("Longest reporting", &mut limits.report),
            ("Longest delivery", &mut limits.deliver),
        ] {
            row(ui, name, |ui| length_ui(ui, limit));
        }
    });
}
