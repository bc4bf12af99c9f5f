//! Cases by name: textbook examples, and inputs that nobody should send.

use std::collections::BTreeSet;
use std::path::Path;

use plan::case::{self, CaseError, MODELS};
use serde_json::{Value, json};

/// The textbook examples: `fixtures/cases/*.json`, each with its source.
fn examples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in cases.as_array().unwrap() {
            all.push((name.clone(), case.clone()));
        }
    }
    all
}

/// Whether an answer is what is expected, numbers to a share; `null` is not checked.
fn agrees(found: &Value, expected: &Value, share: f64) -> bool {
    match (found, expected) {
        (_, Value::Null) => true,
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(a, b)| agrees(a, b, share))
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            (found - expected).abs() <= share * expected.abs().max(1e-9)
        }
        _ => found == expected,
    }
}

#[test]
fn textbook_examples_come_out_as_printed() {
    for (name, example) in examples() {
        let answer = case::solve(&example.to_string()).unwrap();
        assert!(example["source"].is_string(), "{name} has no source");
        let share = example["tolerance"].as_f64().unwrap();
        for (field, expected) in example["expected"].as_object().unwrap() {
            let found = &answer[field];
            assert!(
                agrees(found, expected, share),
                "{name} {field}: {found} is not {expected}"
            );
        }
    }
}

#[test]
fn every_model_has_an_example() {
    let known: BTreeSet<&str> = MODELS.iter().map(|it| it.name).collect();
    let examples = examples();
    let shown: BTreeSet<&str> = examples
        .iter()
        .map(|(_, it)| it["model"].as_str().unwrap())
        .collect();
    assert_eq!(known, shown);
    assert_eq!(known.len(), MODELS.len(), "no name is there twice");
}

/// What may stand where a number, a list or anything else should.
fn odd() -> Vec<Value> {
    vec![
        json!(null),
        json!(-1),
        json!(0),
        json!(1),
        json!(0.5),
        json!(1e300),
        json!(1e-300),
        json!(1e18),
        json!("text"),
        json!(true),
        json!({}),
        json!([]),
        json!([0]),
        json!([-1, 2]),
        json!([[1, 2], [3]]),
        json!([[], []]),
        json!([null, 1]),
        json!([1e300, 1e300]),
        json!([[0, 0], [0, 0]]),
    ]
}

#[test]
fn odd_inputs_are_answered_or_refused_by_name() {
    for (_, example) in examples() {
        let model = example["model"].as_str().unwrap();
        for field in example["inputs"].as_object().unwrap().keys() {
            for odd in odd() {
                let mut case = example.clone();
                case["inputs"][field] = odd.clone();
                match case::solve(&case.to_string()) {
                    Ok(answer) => assert!(answer.is_object(), "{model} {field} {odd}"),
                    Err(error) => assert!(error.to_string().contains(model), "{error}"),
                }
                // The same inside of lists.
                let mut case = example.clone();
                if let Some(first) = case["inputs"][field].get_mut(0) {
                    *first = odd;
                    if let Ok(answer) = case::solve(&case.to_string()) {
                        assert!(answer.is_object(), "{model} {field}");
                    }
                }
            }
            let mut case = example.clone();
            case["inputs"].as_object_mut().unwrap().remove(field);
            if let Err(error) = case::solve(&case.to_string()) {
                assert!(
                    matches!(error, CaseError::Input { .. } | CaseError::Solve { .. }),
                    "{error:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_case_is_told_so() {
    for text in [
        "",
        "[]",
        "{",
        "{\"model\":1}",
        "{\"model\":\"mmc\"}",
        "\u{feff}{}",
        "nonsense",
    ] {
        assert!(
            matches!(case::solve(text), Err(CaseError::NotACase { .. })),
            "{text}"
        );
    }
    let nested = "[".repeat(100_000);
    assert!(matches!(
        case::solve(&nested),
        Err(CaseError::NotACase { .. })
    ));
    let unknown = case::solve(r#"{"model":"magic","inputs":{}}"#)
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("closed_multi") && unknown.contains("magic"),
        "{unknown}"
    );
    let missing = case::solve(r#"{"model":"mmc","inputs":{"lambda":1,"S":0.5}}"#).unwrap_err();
    assert!(missing.to_string().contains("input c"), "{missing}");
    let long = " ".repeat(case::MOST_BYTES + 1);
    assert!(case::solve(&long).unwrap_err().is_limit());
}

#[test]
fn overload_and_contradictions_are_refused() {
    let refused = |text: &str, code: &str| {
        let answer = case::solve(text).unwrap();
        assert_eq!(answer["refused"], true, "{text}: {answer}");
        assert_eq!(answer["code"], code, "{text}: {answer}");
        assert!(answer["why"].is_string() && answer["record_next"].is_string());
    };
    refused(
        r#"{"model":"mmc","inputs":{"lambda":3,"S":0.5,"c":1}}"#,
        "I5",
    );
    refused(
        r#"{"model":"operational","inputs":{"T":60,"B":70,"C":5}}"#,
        "I1",
    );
    refused(
        r#"{"model":"real_closed","inputs":{"D":[0.5],"X1":4,"Ns":[2]}}"#,
        "I1",
    );
    refused(
        r#"{"model":"usl_fit","inputs":{"N":[1,2],"X":[1,2]}}"#,
        "I2",
    );
    refused(
        r#"{"model":"honesty","inputs":{"N":[1,2,4],"X":[1,2,3],"at":3}}"#,
        "I2",
    );
    let data = r#"[{"u":1,"a":1,"b":2},{"u":2,"a":2,"b":4},{"u":3,"a":3,"b":6}]"#;
    let collinear = format!(
        r#"{{"model":"demand_ls","inputs":{{"y":"u","x":["a","b"],"intercept":false,"data":{data}}}}}"#
    );
    refused(&collinear, "I3");
}
