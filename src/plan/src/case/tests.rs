//! Cases of textbooks, each with its source, and cases that are none.

use serde_json::{Value, json};

use super::*;

/// Whether an answer is what a book has, within a share of it; `null` must be `null`.
fn agrees(got: &Value, want: &Value, within: f64) -> bool {
    match (got, want) {
        (Value::Array(got), Value::Array(want)) => {
            got.len() == want.len()
                && got
                    .iter()
                    .zip(want)
                    .all(|(got, want)| agrees(got, want, within))
        }
        (Value::Number(got), Value::Number(want)) => {
            let (got, want) = (got.as_f64().unwrap(), want.as_f64().unwrap());
            (got - want).abs() <= within * want.abs() + 1e-12
        }
        (got, want) => got == want,
    }
}

#[test]
fn textbooks_are_met() {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../fixtures/cases.json")).unwrap();
    assert!(all.len() >= 20);
    for case in &all {
        let answer = solve(&case.to_string()).unwrap();
        let within = case["within"].as_f64().unwrap();
        for (field, want) in case["expected"].as_object().unwrap() {
            let got = answer.get(field).unwrap_or(&Value::Null);
            assert!(
                agrees(got, want, within),
                "{}: {field} is {got}, not {want}",
                case["source"]
            );
        }
    }
}

fn error(case: Value) -> String {
    solve(&case.to_string()).unwrap_err().to_string()
}

#[test]
fn what_is_no_case_is_told_by_its_part() {
    assert!(
        solve("{")
            .unwrap_err()
            .to_string()
            .starts_with("it is no case")
    );
    assert!(error(json!({"inputs": {}})).contains("\"model\""));
    let unknown = error(json!({"model": "mm1", "inputs": {}}));
    assert!(
        unknown.contains("mmc") && unknown.contains("usl_fit"),
        "{unknown}"
    );
    let missing = error(json!({"model": "mmc", "inputs": {"lambda": 1, "S": 0.5}}));
    assert_eq!(missing, "input c: it is missing");
    let text = error(json!({"model": "mmc", "inputs": {"lambda": "x", "S": 0.5, "c": 1}}));
    assert_eq!(text, "input lambda: want a number");
    let part = error(json!({"model": "mmc", "inputs": {"lambda": 1, "S": 0.5, "c": 1.5}}));
    assert!(part.contains("whole number"), "{part}");
    let full = error(json!({"model": "mmc", "inputs": {"lambda": 3, "S": 0.5, "c": 1}}));
    assert!(full.contains("grows without end"), "{full}");
    let ragged = error(
        json!({"model": "open_multi", "inputs": {"lambda": [1, 1], "D": [[0.1], [0.1, 0.2]]}}),
    );
    assert!(ragged.contains("want 1"), "{ragged}");
}

#[test]
fn every_model_names_what_it_lacks_and_none_panics_on_nothing() {
    for model in MODELS {
        let nothing = error(json!({"model": model.name, "inputs": {}}));
        assert!(nothing.starts_with("input "), "{}: {nothing}", model.name);
        assert!(!model.inputs.is_empty());
    }
}

#[test]
fn infinities_are_null() {
    let answer = solve(&json!({"model": "amdahl", "inputs": {"parallel": 1.0}}).to_string());
    assert_eq!(answer.unwrap()["S"], Value::Null);
}
