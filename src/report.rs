//! What an agent's report must hold: the base report joined with the agent's own fields; and whether a text ends with
//! such a report. Understood of JSON Schema: what `schemas/reports/` uses. Nothing here reads a disk.

use serde_json::{Map, Value, json};

use crate::embedded;

const BASE: &str = include_str!("../schemas/reports/base.json");

/// More faults than that are not told at once.
const TOLD: usize = 5;

/// What faults call the report itself.
const WHOLE: &str = "the report";

/// The base report's schema joined with `own`, a JSON Schema of an agent's own fields.
///
/// # Errors
/// What is wrong with `own`, as a sentence.
pub fn schema(own: &str) -> Result<Value, String> {
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
    Ok(schema)
}

/// The schema of the report that an agent of the built-in tree ends with, by the name that a client has for it;
/// `None` for agents of others.
pub fn of_agent(name: &str) -> Option<Value> {
    let name = name.strip_prefix("so:").or(name.strip_prefix("so-")).unwrap_or(name);
    let text = embedded_text(&format!("agents/{name}.md"))?;
    let mut head = text.lines().skip(1).take_while(|line| *line != "---");
    let own = head.find_map(|line| line.strip_prefix("output: "))?;
    schema(embedded_text(own.trim())?).ok()
}

/// The schema of the report of an agent that is not ours: what every report holds, and what it likes to add.
pub fn of_anyone() -> Option<Value> {
    let mut schema: Value = serde_json::from_str(BASE).ok()?;
    schema.as_object_mut()?.remove("additionalProperties");
    Some(schema)
}

/// The fields that a report must have, as one line with an example of each.
pub fn fields(schema: &Value) -> String {
    let names =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let example = |name: &str| {
        let field = schema.pointer(&format!("/properties/{name}"));
        let first = field.and_then(|field| field.pointer("/examples/0"));
        first.cloned().unwrap_or_else(|| if is_list(field) { json!([]) } else { json!("…") })
    };
    let shown: Vec<String> = names.map(|name| format!("\"{name}\": {}", example(name))).collect();
    format!("{{{}}}", shown.join(", "))
}

fn is_list(field: Option<&Value>) -> bool {
    field.and_then(|field| field.get("type")).is_some_and(|kind| kind == "array")
}

fn embedded_text(path: &str) -> Option<&'static str> {
    let (_, bytes) = embedded::files().iter().find(|(name, _)| *name == path)?;
    std::str::from_utf8(bytes).ok()
}

/// The report at the end of `text`.
///
/// # Errors
/// What is wrong, as clauses that its author can act on.
pub fn read(schema: &Value, text: &str) -> Result<Value, Vec<String>> {
    let block = last_block(text).ok_or_else(|| vec!["there is no fenced block at the end".to_owned()])?;
    let report: Value = serde_json::from_str(&block)
        .map_err(|error| vec![format!("the last fenced block is not JSON: {error}")])?;
    let mut faults = Vec::new();
    check(schema, schema, &report, WHOLE, &mut faults);
    faults.truncate(TOLD);
    if faults.is_empty() { Ok(report) } else { Err(faults) }
}

/// What stands between the last pair of fences.
fn last_block(text: &str) -> Option<String> {
    let fence = |line: &str| line.trim_start().chars().take_while(|c| *c == '`').count();
    let mut open: Option<(usize, Vec<&str>)> = None;
    let mut last = None;
    for line in text.lines() {
        open = match open {
            Some((length, lines)) if fence(line) >= length && line.trim().trim_matches('`').is_empty() => {
                last = Some(lines.join("\n"));
                None
            }
            Some((length, mut lines)) => {
                lines.push(line);
                Some((length, lines))
            }
            None if fence(line) >= 3 => Some((fence(line), Vec::new())),
            None => None,
        };
    }
    last
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let to = name.strip_prefix('#').and_then(|pointer| root.pointer(pointer)).unwrap_or(&Value::Null);
        return check(root, to, value, place, faults);
    }
    if let Some(wanted) = schema.get("type").and_then(Value::as_str).filter(|wanted| !is(value, wanted)) {
        return faults.push(format!("{place} must be of type {wanted}"));
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array).filter(|all| !all.contains(value)) {
        let words: Vec<_> = allowed.iter().filter_map(Value::as_str).collect();
        faults.push(format!("{place} must be one of {}", words.join(", ")));
    }
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    if value.as_f64().is_some_and(|number| bound("minimum").is_some_and(|least| number < least)) {
        faults.push(format!("{place} is too small"));
    }
    if value.as_f64().is_some_and(|number| bound("maximum").is_some_and(|most| number > most)) {
        faults.push(format!("{place} is too large"));
    }
    match value {
        Value::Object(fields) => check_fields(root, schema, fields, place, faults),
        Value::Array(items) => check_items(root, schema, items, place, faults),
        _ => {}
    }
}

fn check_items(root: &Value, schema: &Value, items: &[Value], place: &str, faults: &mut Vec<String>) {
    let most = schema.get("maxItems").and_then(Value::as_u64);
    if most.is_some_and(|most| items.len() as u64 > most) {
        faults.push(format!("{place} has too many entries"));
    }
    let Some(of) = schema.get("items") else { return };
    for (at, item) in items.iter().enumerate() {
        check(root, of, item, &format!("{place}[{at}]"), faults);
    }
}

type Fields = Map<String, Value>;

fn check_fields(root: &Value, schema: &Value, fields: &Fields, place: &str, faults: &mut Vec<String>) {
    let named = |name: &str| if place == WHOLE { format!("`{name}`") } else { format!("{place}.{name}") };
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
        faults.push(format!("{} is missing", named(name)));
    }
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, value) in fields {
        match known.and_then(|known| known.get(name)) {
            Some(of) => check(root, of, value, &named(name), faults),
            None if schema.get("additionalProperties") == Some(&json!(false)) => {
                faults.push(format!("{} is no field of it", named(name)));
            }
            None => {}
        }
    }
}

fn is(value: &Value, wanted: &str) -> bool {
    match wanted {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_block_is_the_report() {
        for (text, block) in [
            ("a\n```json\n{}\n```\n", Some("{}")),
            ("```\none\n```\ntext\n```json\ntwo\n```\nthanks", Some("two")),
            ("````\n```\ninner\n```\n````", Some("```\ninner\n```")),
            ("```json\n{}", None),
            ("no block", None),
        ] {
            assert_eq!(last_block(text).as_deref(), block, "{text}");
        }
    }

    #[test]
    fn agents_of_the_tree_have_a_contract_and_others_none() {
        for name in ["so:session-reviewer", "session-reviewer", "code-implementer"] {
            assert!(of_agent(name).is_some(), "{name}");
        }
        for name in ["general-purpose", "other:session-reviewer", "../schemas/agent", ""] {
            assert!(of_agent(name).is_none(), "{name}");
        }
    }
}
