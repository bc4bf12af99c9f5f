//! Plans and predictions for people at a terminal.

use model::plan::check;
use model::plan::{Expected, Plan};
use model::unit::Unit;
use plan::ledger::Ledger;
use plan::ledger::score::Score;
use plan::life;
use plan::predict::{Input, Prediction};
use plan::suggest::Suggestion;

/// Inputs that are named below a prediction.
const INPUTS_MAX: usize = 4;

/// A prediction: what is expected together, each action alone, and what it hangs on.
pub(super) fn predicted(plan: &Plan, found: Option<&Prediction>, inputs: &[Input]) -> String {
    let mut text = format!("{}\n\n", plan.title);
    text.push_str(&table(&plan.expected));
    let Some(found) = found else {
        return text;
    };
    if found.alone.len() > 1 {
        text.push_str("\neach action alone\n");
        for alone in &found.alone {
            let said = match (&alone.refused, alone.told.as_str()) {
                (Some(refusal), _) => format!("{}: {}", refusal.code, refusal.why),
                (None, told) => format!("{told}; {}", brief(&alone.expected)),
            };
            text.push_str(&format!("  {}: {said}\n", alone.action));
        }
    }
    text.push_str(&format!(
        "\nbounds: at most {:.1} requests a second, at least {:.1} ms a request\n",
        found.bounds.throughput_max,
        found.bounds.response_min_s * 1e3
    ));
    for input in inputs.iter().take(INPUTS_MAX) {
        text.push_str(&format!(
            "1 % more {} moves throughput by {:+.2} % and response time by {:+.2} %\n",
            input.name, input.throughput, input.response
        ));
    }
    if let Some(told) = found.backtest.told() {
        text.push_str(&format!("check: {told}\n"));
    }
    for note in &found.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

/// One line a metric, then why those are refused that are.
fn table(expected: &[Expected]) -> String {
    let mut text = format!(
        "{:<26}{:>12}{:>12}{:>12}{:>12}  class\n",
        "metric", "before", "p10", "p50", "p90"
    );
    for it in expected {
        let unit = Unit(it.unit.clone().into());
        let cell = |value: Option<f64>| value.map_or("-".to_owned(), |it| unit.text(it));
        text.push_str(&format!(
            "{:<26}{:>12}{:>12}{:>12}{:>12}  {}\n",
            it.metric,
            cell(it.before),
            cell(it.p10),
            cell(it.p50),
            cell(it.p90),
            it.class.letter()
        ));
    }
    for it in expected {
        if let Some(why) = &it.refused {
            text.push_str(&format!("\n{}: {why}\n", it.metric));
            if let Some(next) = &it.record_next {
                text.push_str(&format!("  record next: {next}\n"));
            }
        }
    }
    text
}

/// Throughput and response time in a few words.
fn brief(expected: &[Expected]) -> String {
    let shown = ["app.throughput", "app.response.mean"];
    let parts = expected
        .iter()
        .filter(|it| shown.contains(&it.metric.as_str()));
    let parts = parts.filter_map(|it| {
        let unit = Unit(it.unit.clone().into());
        let name = it.metric.trim_start_matches("app.");
        Some(format!("{name} {}", unit.text(it.p50?)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A suggestion in one line.
pub(super) fn suggestion(suggestion: &Suggestion) -> String {
    match &suggestion.refused {
        Some(refusal) => format!(
            "{} ({}: to be tried)",
            suggestion.told,
            refusal.code.short()
        ),
        None => format!("{}: {}", suggestion.told, brief(&suggestion.expected)),
    }
}

/// A plan with its faults and what it waits for.
pub(super) fn shown(plan: &Plan, faults: &[String], missing: &[String]) -> String {
    let mut text = format!(
        "{} ({}, revision {})\n{}\n\n",
        plan.title,
        plan.state.name(),
        plan.revision,
        plan.id
    );
    let order = check::order(&plan.actions);
    let order = order.unwrap_or_else(|| (0..plan.actions.len()).collect());
    for place in order {
        let action = &plan.actions[place];
        let what = match action.kind.setting() {
            Some(setting) => format!("{} = {}", setting.key, setting.value),
            None => format!("{:?}", action.kind),
        };
        text.push_str(&format!(
            "{:<8}{:<14}{:<14}{what}\n",
            action.id,
            action.kind.family().name(),
            format!("{:?}", action.execute),
        ));
    }
    for guardrail in &plan.guardrails {
        text.push_str(&format!(
            "guard   {} {} for {} s\n",
            guardrail.metric, guardrail.limit, guardrail.for_s
        ));
    }
    if !plan.expected.is_empty() {
        text.push('\n');
        text.push_str(&table(&plan.expected));
    }
    for fault in faults {
        text.push_str(&format!("fault: {fault}\n"));
    }
    for missing in missing {
        text.push_str(&format!("before it can be applied: {missing}\n"));
    }
    let next: Vec<&str> = life::next_states(plan.state)
        .map(|it| it.to.name())
        .collect();
    text.push_str(&format!("next: {}\n", next.join(", ")));
    text
}

/// How predictions came out.
pub(super) fn ledger(path: &str, ledger: &Ledger, scores: &[Score]) -> String {
    let mut text = format!(
        "{path}\n{} predictions, {} of them answered\n",
        ledger.entries().count(),
        ledger.answered().len()
    );
    for score in scores {
        text.push_str(&format!("  {}\n", score.said()));
    }
    text
}
