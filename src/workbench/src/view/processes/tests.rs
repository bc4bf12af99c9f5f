//! The process table as its users meet it, and the order of its rows.

use crate::view::testing;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::process::{Field, Process, Reading};

use super::order::Row;
use super::ui as processes_ui;
use super::*;
use eframe::egui::Key;

fn line(id: u32, name: &str, (cpu, cgroup): (f64, &str)) -> Line {
    let mut reading = Reading::default();
    reading.set(Field::ResidentMemory, i64::from(id) * 1024 * 1024);
    reading.set(Field::State, i64::from(b'S'));
    Line {
        id: ProcessId(id),
        process: Process {
            pid: 100 + id,
            name: name.to_owned(),
            command: format!("/usr/bin/{name} --fast"),
            cgroup: cgroup.to_owned(),
            user_id: Some(33),
            ..Process::default()
        },
        reading,
        cpu,
        read_per_second: 0.0,
        write_per_second: f64::NAN,
    }
}

fn some() -> Vec<Line> {
    vec![
        line(1, "worker", (0.25, "/web")),
        line(2, "worker", (1.5, "/web")),
        line(3, "vacuum", (f64::NAN, "/db")),
        line(4, "postgres", (0.5, "/db")),
    ]
}

fn drawn(lines: &[Line], state: State, use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let clock = Clock::utc();
    let data = Data {
        host: "web-1",
        lines,
        version: 1,
        when: When::Cursor(Moment(0)),
        clock: &clock,
    };
    let (mut state, mut actions) = (state, Vec::new());
    let mut harness = testing::harness([1500.0, 500.0], |ui| {
        actions.extend(processes_ui(ui, &mut state, &data));
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    actions
}

/// Names of the rows as sorted, filtered and grouped.
fn rows(filter: &str, wanted: Wanted) -> Vec<String> {
    let (lines, clock) = (some(), Clock::utc());
    let data = Data {
        host: "",
        lines: &lines,
        version: 1,
        when: When::Never,
        clock: &clock,
    };
    let mut order = Order::default();
    order.refresh(&data, (filter, wanted));
    let name = |row: &Row| match row {
        Row::Group(group) => format!("{} {} {:?}", group.cgroup, group.count, group.sums[2]),
        Row::Line(line) => lines[*line].process.pid.to_string(),
    };
    order.rows().iter().map(name).collect()
}

fn by(column: Column, direction: Direction) -> Wanted {
    Wanted {
        column,
        direction,
        grouped: false,
    }
}

#[test]
fn rows_are_sorted_with_the_unknown_last() {
    use Direction::{Ascending, Descending};
    let cpu = |direction| rows("", by(Column::Cpu, direction));
    assert_eq!(cpu(Descending), ["102", "104", "101", "103"]);
    assert_eq!(cpu(Ascending), ["101", "104", "102", "103"]);
    let name = rows("", by(Column::Name, Ascending));
    assert_eq!(name, ["104", "103", "101", "102"]);
}

#[test]
fn filter_takes_every_word() {
    let wanted = by(Column::Pid, Direction::Ascending);
    assert_eq!(rows("FAST web", wanted), ["101", "102"]);
    assert_eq!(rows("102", wanted), ["102"]);
    assert!(rows("web postgres", wanted).is_empty());
}

#[test]
fn groups_add_up_what_is_known() {
    let wanted = Wanted {
        grouped: true,
        ..by(Column::Cpu, Direction::Descending)
    };
    let wanted = rows("", wanted);
    assert_eq!(
        wanted,
        ["/web 2 1.75", "102", "101", "/db 2 0.5", "104", "103"]
    );
}

#[test]
fn a_click_plots_and_control_adds() {
    let actions = drawn(&some(), State::default(), |harness| {
        harness.get_by_label("worker 101").click();
        harness.run();
        let control = eframe::egui::Modifiers::COMMAND;
        harness.get_by_label("worker 102").click_modifiers(control);
    });
    let (one, two) = (ProcessId(1), ProcessId(2));
    let wanted = [
        Action::Select(vec![one]),
        Action::Plot(one, Measure::Cpu),
        Action::Select(vec![one, two]),
    ];
    assert_eq!(actions, wanted);
}

#[test]
fn headers_sort_and_copy_gives_what_is_selected() {
    let actions = drawn(&some(), State::default(), |harness| {
        harness.get_by_label("Sort by CPU, sorted descending");
        harness.get_by_label("Sort by Memory").click();
        harness.run();
        harness.get_by_label("Sort by Memory, sorted descending");
        harness.get_by_label("postgres 104").click();
        harness.run();
        harness.event(eframe::egui::Event::Copy);
    });
    let Some(Action::Copy(text)) = actions.last() else {
        panic!("{actions:?}");
    };
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("PID\tName\tCPU [1]\tMemory [By]\tThreads\tState\t"));
    assert!(lines[1].starts_with("104\tpostgres\t0.5\t4194304\t\tsleeping\t0\t\t"));
    assert!(lines[1].ends_with("\t33\t/db\t/usr/bin/postgres --fast"));
}

#[test]
fn the_keyboard_walks_and_picks() {
    let actions = drawn(&some(), State::default(), |harness| {
        harness.get_by_label("worker 102").focus();
        harness.run();
        harness.key_press(Key::ArrowDown);
        harness.run();
        harness.key_press(Key::Enter);
    });
    let id = ProcessId(4);
    let wanted = [Action::Select(vec![id]), Action::Plot(id, Measure::Cpu)];
    assert_eq!(actions, wanted);
}

#[test]
fn a_group_is_closed_and_its_rows_go() {
    let mut state = State::default();
    state.wanted.grouped = true;
    drawn(&some(), state, |harness| {
        harness
            .get_by_label("Group /web, 2 processes, open")
            .click();
        harness.run();
        harness.get_by_label("Group /web, 2 processes, closed");
        assert!(harness.query_by_label("worker 101").is_none());
        harness.get_by_label("postgres 104");
    });
}

#[test]
fn no_processes_say_why() {
    let actions = drawn(&[], State::default(), |harness| {
        harness.get_by_label("Go to the newest sample").click();
    });
    assert_eq!(actions, [Action::Follow]);
    let state = State {
        filter: "no such thing".to_owned(),
        ..State::default()
    };
    drawn(&some(), state, |harness| {
        harness.get_by_label("Clear filter").click();
        harness.run();
        harness.get_by_label("vacuum 103");
    });
}

#[test]
fn ten_thousand_processes_cost_a_screenful() {
    let many: Vec<Line> = (0..10_000).map(|id| line(id, "one", (0.1, "/"))).collect();
    drawn(&many, State::default(), |harness| {
        let rows = harness.query_all_by_label_contains("one 1").count();
        assert!((5..60).contains(&rows), "{rows}");
    });
}
