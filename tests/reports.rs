//! Our reading of report schemas agrees with a full reader of JSON Schema, on the examples and on what is wrong.

use serde_json::{Value, json};
use so::report;

use crate::support::root;

/// The joined schema of each agent, with a report made of its examples.
fn contracts() -> Vec<(String, Value, Value)> {
    let agents = std::fs::read_dir(root().join("agents")).unwrap();
    let names = agents.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let contract = |file: String| {
        let name = file.strip_suffix(".md").unwrap().to_owned();
        let schema = report::of_agent(&name).unwrap_or_else(|| panic!("{name} owes no report"));
        let fields = schema["properties"].as_object().unwrap().iter();
        let example = fields.map(|(field, of)| (field.clone(), of["examples"][0].clone())).collect();
        (name, schema, Value::Object(example))
    };
    names.map(contract).collect()
}

fn reads(schema: &Value, report: &Value) -> bool {
    report::read(schema, &format!("Done.\n```json\n{report}\n```")).is_ok()
}

/// The report with one place changed, for every place and several changes.
fn changed(report: &Value) -> Vec<Value> {
    let others =
        [Value::Null, json!(-1), json!(1000), json!("x"), json!([]), json!({}), json!([1]), json!(true)];
    let mut all = Vec::new();
    for pointer in pointers(report, "") {
        for other in &others {
            let mut copy = report.clone();
            *copy.pointer_mut(&pointer).unwrap() = other.clone();
            all.push(copy);
        }
    }
    for field in report.as_object().unwrap().keys() {
        let mut copy = report.clone();
        copy.as_object_mut().unwrap().remove(field);
        all.push(copy);
    }
    let mut copy = report.clone();
    copy["surplus"] = json!(1);
    all.push(copy);
    all
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let inner: Vec<String> = match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| pointers(value, &format!("{at}/{key}"))).collect()
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| pointers(item, &format!("{at}/{index}")))
            .collect(),
        _ => Vec::new(),
    };
    [vec![at.to_owned()], inner].concat()
}

#[test]
fn both_readers_agree() {
    for (name, schema, example) in contracts() {
        let full = jsonschema::validator_for(&schema).unwrap();
        assert!(full.is_valid(&example) && reads(&schema, &example), "{name}: its own examples");
        let mut wrong = 0;
        for report in changed(&example) {
            assert_eq!(reads(&schema, &report), full.is_valid(&report), "{name}: {report}");
            wrong += usize::from(!full.is_valid(&report));
        }
        assert!(wrong > 50, "{name}");
    }
}
