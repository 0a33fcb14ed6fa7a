//! Output contracts: the base report that every agent ends with, joined with the agent's own fields.

use serde_json::{Map, Value, json};

use crate::compile::model::Report;

const BASE: &str = include_str!("../../../schemas/reports/base.json");

/// Joins the base report with `own`, a JSON Schema of an agent's own fields.
///
/// # Errors
/// What is wrong with `own`, as a sentence.
pub(super) fn join(own: &str) -> Result<Report, String> {
    let own: Value = serde_json::from_str(own).map_err(|error| format!("not valid JSON: {error}"))?;
    let mut schema: Value = serde_json::from_str(BASE).map_err(|error| error.to_string())?;
    let judges = own.get("x-verdict").and_then(Value::as_bool).unwrap_or(false);
    let fields = own.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let required = own.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let table = schema.as_object_mut().ok_or("the base report is not a table")?;
    let properties =
        table.get_mut("properties").and_then(Value::as_object_mut).ok_or("the base report has no fields")?;
    if !judges {
        properties.remove("verdict");
    }
    for (name, field) in fields {
        if example(&field).is_none() {
            return Err(format!("`{name}` has no `examples`"));
        }
        if properties.insert(name.clone(), field).is_some() {
            return Err(format!("`{name}` is a field of every report already"));
        }
    }
    let mut all: Vec<Value> = table.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    all.extend(required);
    if judges {
        all.push(json!("verdict"));
    }
    table.insert("required".into(), Value::Array(all));
    let example =
        serde_json::to_string_pretty(&Value::Object(whole_example(&schema))).map_err(|e| e.to_string())?;
    Ok(Report { example, schema })
}

fn whole_example(schema: &Value) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter_map(|(name, field)| Some((name.clone(), example(field)?)))
        .collect()
}

fn example(field: &Value) -> Option<Value> {
    field.get("examples")?.as_array()?.first().cloned()
}
