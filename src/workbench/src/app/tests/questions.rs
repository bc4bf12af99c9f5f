//! The screens that put a question to the analyses, from a file to the answer.

use model::series::SeriesKey;

use super::*;
use crate::commands::Id;

/// Noise that is the same in every run.
fn noise(row: u32) -> f64 {
    let mixed = row.wrapping_mul(2_654_435_761).rotate_left(13) ^ row.wrapping_mul(40_503);
    f64::from(mixed.wrapping_mul(2_246_822_519) >> 8) / f64::from(1 << 24)
}

/// A window that looks at a table in which `second` does what `first` did three
/// seconds before, while `third` minds its own business.
fn recorded() -> (App, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let table = folder.path().join("t.csv");
    let mut text = "time,first,second,third\n".to_owned();
    for row in 3..400 {
        let seconds = 1_770_000_000 + row;
        let (first, second, third) = (noise(row), noise(row - 3), noise(row + 7_000));
        text.push_str(&format!("{seconds},{first},{second},{third}\n"));
    }
    crate::places::write(&table, &text).expect("it is written");
    let context = workflow::jobs::Context::default();
    let (stored, _) = Stored::open(&table, &context).expect("a table");
    let mut app = app();
    app.timeline.restart(stored.span(), Mode::Paused);
    app.session.show_stored(stored, &app.work);
    app.session.refresh(Instant::now());
    (app, folder)
}

fn key_of(app: &App, name: &str) -> SeriesKey {
    let mut all = app.session.series().iter();
    let found = all.find(|it| it.key.to_string().contains(name));
    found.expect("it is in the table").key.clone()
}

fn shows(harness: &mut Harness<'_, App>, id: Id) {
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, Wish::Command(id));
}

#[test]
fn what_limits_is_judged_when_its_screen_is_shown_and_again_for_a_selection() {
    let (app, _folder) = recorded();
    let mut harness = window(app);
    shows(&mut harness, Id::Show(Screen::Bottleneck));
    let judged = |app: &App| app.session.inquiries.limits.answer().is_some();
    assert!(draw_until(&mut harness, judged));
    harness.run_steps(2);
    harness.get_by_label_contains("None of the measured resources explains it");
    let whole = harness.state().session.span();
    let part = Span {
        from: whole.from,
        to: whole.from.plus_ns(100 * SECOND_NS),
    };
    harness.state_mut().timeline.selection = Some(part);
    let again = |app: &App| {
        let answer = app.session.inquiries.limits.answer();
        answer.is_some_and(|it| it.outcome.span == part)
    };
    assert!(draw_until(&mut harness, again));
}

#[test]
fn the_selected_series_is_forecast_and_then_all_are() {
    let (mut app, _folder) = recorded();
    let key = key_of(&app, "first");
    app.views.selected = Some(Item::Series(key.clone()));
    let mut harness = window(app);
    shows(&mut harness, Id::ForecastSelected);
    let forecast = |app: &App| app.session.inquiries.forecast.answer().is_some();
    assert!(draw_until(&mut harness, forecast));
    harness.run_steps(2);
    harness.get_by_label_contains(&format!("Forecast of {key}"));
    harness.get_by_label("Forecast all series").click();
    let all = |app: &App| {
        let table = &app.session.inquiries.forecasts;
        table.entries().len() == 3 && table.total() == 3
    };
    assert!(draw_until(&mut harness, all));
    harness.run_steps(2);
    harness.get_by_label_contains("second: then ");
}

#[test]
fn what_follows_the_selected_series_is_found_with_its_lag() {
    let (mut app, _folder) = recorded();
    let key = key_of(&app, "first");
    app.views.selected = Some(Item::Series(key));
    let mut harness = window(app);
    shows(&mut harness, Id::CorrelateSelected);
    let lags = |app: &App| app.session.inquiries.lags.current_answer().is_some();
    assert!(draw_until(&mut harness, lags));
    harness.run_steps(2);
    harness.get_by_label_contains("1 of 2 series move together with it");
    harness.get_by_label_contains("second: follows, correlation +1.00");
    harness.get_by_label_contains("third: not enough evidence");
    harness.get_by_label("Correlation against lag: +1.00 at +3.0 s");
}

#[test]
fn letters_typed_while_a_list_is_open_are_no_commands() {
    let (app, _folder) = recorded();
    let mut harness = window(app);
    shows(&mut harness, Id::Show(Screen::Correlate));
    harness.run_steps(2);
    {
        let mut choosers = harness.query_all_by_label_contains("choose a series");
        choosers.next().expect("a chooser").click();
    }
    harness.run_steps(3);
    press(&mut harness, Modifiers::NONE, Key::M);
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("Mark 1").is_none());
    press(&mut harness, Modifiers::NONE, Key::Escape);
    harness.run_steps(3);
    press(&mut harness, Modifiers::NONE, Key::M);
    harness.run_steps(2);
    assert!(harness.query_all_by_label_contains("Mark 1").count() > 0);
}

#[test]
fn another_session_takes_no_answer_of_the_one_before() {
    let (app, _folder) = recorded();
    let mut harness = window(app);
    shows(&mut harness, Id::Show(Screen::Bottleneck));
    let judged = |app: &App| app.session.inquiries.limits.answer().is_some();
    assert!(draw_until(&mut harness, judged));
    shows(&mut harness, Id::ShowLive);
    harness.run_steps(2);
    assert!(!judged(harness.state()));
}
