//! The accuracy card as tables, with sample sizes, intervals and how it was measured.
//!
//! Start at [`ui`].

use eframe::egui::{Grid, RichText, ScrollArea, Ui};
use model::unit::Unit;
use workflow::accuracy::{Card, HOW, Public, Share};

use super::table::{self, FORMATS, Format};

/// How the figures came about, one paragraph each.
const METHOD: &[&str] = &[
    "Each recording disturbs a real machine once, with start, size and length drawn from a seed that no detector was tuned on, and records it with the recorder that ships.",
    "Kymo is then asked by its own command line. A verdict is right when it names the disturbed resource over the time of the disturbance; a culprit when the process that did it is among the first three named; the delay ends with the first ten-second window that has the right verdict.",
    "False alarms are verdicts other than none in windows where nothing was done. Nothing is adjusted and no run is left out.",
    "Intervals hold the true share with 95 % (Wilson 1927). Few runs make them wide: that is what is known.",
];

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Put this text on the clipboard.
    Copy(String),
}

/// A table of words and numbers.
struct Table {
    title: &'static str,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Draws the card, or why there is none.
pub fn ui(ui: &mut Ui, card: &Result<Card, String>, version: &str) -> Vec<Action> {
    let mut actions = Vec::new();
    let area = ScrollArea::both().id_salt("accuracy").auto_shrink(false);
    area.show(ui, |ui| match card {
        Err(why) => missing_ui(ui, &format!("The accuracy card cannot be read: {why}.")),
        Ok(card) if card.is_empty() => missing_ui(
            ui,
            "No accuracy was measured for this build, so none is claimed.",
        ),
        Ok(card) => card_ui(ui, (card, version), &mut actions),
    });
    actions
}

fn missing_ui(ui: &mut Ui, why: &str) {
    ui.heading("Accuracy");
    ui.label(why);
    ui.add_space(6.0);
    ui.label("To measure it, on a Linux machine as root, from a copy of the sources:");
    for line in HOW.lines() {
        ui.monospace(line);
    }
    ui.add_space(6.0);
    method_ui(ui);
}

fn method_ui(ui: &mut Ui) {
    ui.strong("How it is measured");
    for paragraph in METHOD {
        ui.label(*paragraph);
    }
}

fn card_ui(ui: &mut Ui, (card, version): (&Card, &str), actions: &mut Vec<Action>) {
    ui.heading("Accuracy");
    if !card.kymo.is_empty() {
        ui.label(measured(card));
        if card.kymo != version {
            ui.weak(format!("This is Kymo {version}; it was not measured anew."));
        }
    }
    let tables = tables(card);
    ui.menu_button("Copy", |ui| {
        for (format, name) in FORMATS {
            if ui.button(*name).clicked() {
                actions.push(Action::Copy(copied(&tables, *format)));
            }
        }
    });
    for table in &tables {
        table_ui(ui, table);
    }
    ui.add_space(10.0);
    method_ui(ui);
}

fn measured(card: &Card) -> String {
    let machine = &card.machine;
    let runs: usize = card.faults.iter().map(|it| it.runs).sum();
    let memory = Unit::new("By").text(machine.memory_bytes as f64);
    format!(
        "Kymo {} on {}, {runs} recordings: {} processors ({}), {memory}, Linux {} on {}.",
        card.kymo, card.date, machine.processors, machine.processor, machine.kernel, machine.arch
    )
}

fn tables(card: &Card) -> Vec<Table> {
    let all = [
        faults(card),
        confusion(card),
        detectors(card),
        public(&card.public),
    ];
    all.into_iter().filter(|it| !it.rows.is_empty()).collect()
}

fn header(names: &[&str]) -> Vec<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".to_owned(), |it| format!("{it:.digits$}"))
}

fn faults(card: &Card) -> Table {
    let rows = card.faults.iter().map(|it| {
        let of = |part, whole| Share { part, whole }.texts();
        let [verdict, verdict_range] = of(it.verdict_right, it.runs);
        let [culprit, culprit_range] = of(it.culprit_right, it.blamed);
        vec![
            it.fault.clone(),
            it.verdict.clone(),
            verdict,
            verdict_range,
            culprit,
            culprit_range,
            number(it.delay_median_s, 1),
            number(it.delay_max_s, 1),
            it.false_alarms.to_string(),
            format!("{:.0}", it.quiet_s),
        ]
    });
    Table {
        title: "Verdicts by fault",
        header: header(&[
            "fault",
            "right verdict",
            "verdict right",
            "95 % interval",
            "culprit right",
            "95 % interval",
            "delay median s",
            "delay max s",
            "false alarms",
            "quiet s",
        ]),
        rows: rows.collect(),
    }
}

/// Expected verdicts down, given ones across.
fn confusion(card: &Card) -> Table {
    let names = |of: &dyn Fn(&workflow::accuracy::Given) -> String| {
        let mut names: Vec<String> = card.confusion.iter().map(of).collect();
        names.sort();
        names.dedup();
        names
    };
    let given = names(&|it| it.given.clone());
    let rows = names(&|it| it.expected.clone())
        .into_iter()
        .map(|expected| {
            let counts = given.iter().map(|given| {
                let cell = card
                    .confusion
                    .iter()
                    .find(|it| it.expected == expected && it.given == *given);
                cell.map_or(0, |it| it.runs).to_string()
            });
            let counts: Vec<String> = counts.collect();
            [vec![expected], counts].concat()
        });
    let rows = rows.collect();
    Table {
        title: "Confusion: expected verdicts down, given ones across",
        header: [header(&["expected"]), given].concat(),
        rows,
    }
}

fn detectors(card: &Card) -> Table {
    let rows = card.detectors.iter().map(|it| {
        let found = it
            .recall
            .map(|recall| (recall * it.disturbed as f64).round() as usize);
        let [recall, range] = Share {
            part: found.unwrap_or(0),
            whole: it.disturbed,
        }
        .texts();
        vec![
            it.detector.clone(),
            it.fault.clone(),
            (it.disturbed + it.undisturbed).to_string(),
            recall,
            range,
            number(it.precision, 2),
            number(it.delay_s, 1),
            it.false_alarms.to_string(),
            number(it.false_alarms_per_host_day, 1),
        ]
    });
    Table {
        title: "Detectors",
        header: header(&[
            "detector",
            "fault",
            "runs",
            "found",
            "95 % interval",
            "precision",
            "delay median s",
            "false alarms",
            "per host and day",
        ]),
        rows: rows.collect(),
    }
}

fn public(rows: &[Public]) -> Table {
    let rows = rows.iter().map(|it| {
        vec![
            it.data.clone(),
            it.analysis.clone(),
            it.score.clone(),
            it.unit.text(it.value),
            it.goal.map_or("–".to_owned(), |goal| it.unit.text(goal)),
        ]
    });
    Table {
        title: "Public data sets",
        header: header(&["data set", "analysis", "score", "value", "goal"]),
        rows: rows.collect(),
    }
}

fn table_ui(ui: &mut Ui, table: &Table) {
    ui.add_space(10.0);
    ui.strong(table.title);
    Grid::new(table.title)
        .striped(true)
        .spacing([14.0, 3.0])
        .show(ui, |ui| {
            for name in &table.header {
                ui.label(RichText::new(name).weak());
            }
            ui.end_row();
            for row in &table.rows {
                for cell in row {
                    ui.label(cell);
                }
                ui.end_row();
            }
        });
}

fn copied(tables: &[Table], format: Format) -> String {
    let texts = tables.iter().map(|it| {
        let text = table::text(format, &it.header, &it.rows);
        format!("{}\n{text}", it.title)
    });
    let texts: Vec<String> = texts.collect();
    texts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::ui as accuracy_ui;
    use super::*;
    use crate::view::testing;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    /// The card that the test of the writer agreed to.
    fn golden() -> Card {
        let text = include_str!("../../../../tests/data/golden/accuracy.ron");
        workflow::accuracy::read(text).expect("a card")
    }

    fn drawn(card: &Result<Card, String>, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut harness = testing::harness([1000.0, 900.0], |ui| {
            actions.extend(accuracy_ui(ui, card, "0.2.0"));
        });
        use_it(&mut harness);
        harness.run();
        drop(harness);
        actions
    }

    #[test]
    fn the_figures_stand_there_with_intervals_and_can_be_copied() {
        let actions = drawn(&Ok(golden()), |harness| {
            harness.get_by_label_contains("Kymo 0.1.0 on 2026-01-31, 4 recordings");
            harness.get_by_label_contains("This is Kymo 0.2.0");
            assert!(harness.query_all_by_label("cpu-hog").count() >= 1);
            assert!(harness.query_all_by_label("2 of 3").count() >= 1);
            assert!(harness.query_all_by_label("21 to 94 %").count() >= 1);
            harness.get_by_label("VUS-PR");
            harness.get_by_label("Copy").click();
            harness.run();
            harness.get_by_label("Copy as TSV").click();
        });
        let [Action::Copy(text)] = actions.as_slice() else {
            panic!("{actions:?}");
        };
        let confusion = text.split("Confusion").nth(1).expect("a matrix");
        let lines: Vec<&str> = confusion.lines().skip(1).take(3).collect();
        assert_eq!(
            lines,
            ["expected\tcpu\tdisk\tnone", "cpu\t2\t0\t1", "disk\t0\t1\t0"]
        );
    }

    #[test]
    fn a_missing_card_says_how_to_compute_it() {
        for card in [Ok(Card::default()), Err("torn".to_owned())] {
            drawn(&card, |harness| {
                harness.get_by_label_contains("faults card DIR");
                harness.get_by_label_contains(match &card {
                    Ok(_) => "none is claimed",
                    Err(_) => "cannot be read: torn",
                });
            });
        }
    }
}
