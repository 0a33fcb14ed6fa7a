//! Output contracts: the base report that every agent ends with, joined with the agent's own fields.

use serde_json::{Map, Value};

use crate::compile::model::Report;
use crate::report;

/// Joins the base report with `own`, a JSON Schema of an agent's own fields.
///
/// # Errors
/// What is wrong with `own`, as a sentence.
pub(super) fn join(own: &str) -> Result<Report, String> {
    let schema = report::schema(own)?;
    let fields = schema.get("properties").and_then(Value::as_object);
    if let Some((name, _)) = fields.into_iter().flatten().find(|(_, field)| example(field).is_none()) {
        return Err(format!("`{name}` has no `examples`"));
    }
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
