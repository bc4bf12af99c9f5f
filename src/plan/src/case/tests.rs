//! t
#[test]
fn all() {
    let text = std::fs::read_to_string("/work/shared/data/whatif/cases.json").unwrap();
    let csv = std::fs::read_to_string("/work/shared/data/whatif/oracledb.csv").unwrap();
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<serde_json::Value> = lines
        .map(|l| {
            let m: serde_json::Map<String, serde_json::Value> = head
                .iter()
                .zip(l.split(','))
                .map(|(h, v)| (h.to_string(), serde_json::json!(v.parse::<f64>().unwrap())))
                .collect();
            serde_json::Value::Object(m)
        })
        .collect();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut out = serde_json::Map::new();
    for case in all["cases"].as_array().unwrap() {
        let mut c = case.clone();
        if c["inputs"]["data"].is_string() {
            c["inputs"]["data"] = serde_json::json!(rows);
        }
        let a = super::solve(
            &serde_json::json!({"model": c["model"], "inputs": c["inputs"]}).to_string(),
        );
        match a {
            Ok(a) => {
                out.insert(c["id"].as_str().unwrap().to_string(), a);
            }
            Err(e) => eprintln!("{}: {e}", c["id"]),
        }
    }
    std::fs::write(
        "/root/try/pred.json",
        serde_json::Value::Object(out).to_string(),
    )
    .unwrap();
}
