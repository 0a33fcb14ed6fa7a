//! Hooks that a client runs only when the person trusts their definition.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::handler::Handler;
use super::{Cause, Machine};
use crate::compile::platform::{Platform, Trust};
use crate::install::settings;

/// Why a handler is skipped, if it is.
pub(super) fn cause(machine: &Machine<'_>, platform: &Platform, handlers: &[Handler]) -> Option<Cause> {
    let trust = platform.hooks.trust.as_ref()?;
    let file = settings::in_home(machine.roots, &trust.file);
    let kept = settings::read(&file).unwrap_or_default();
    let kept = settings::at(&kept, &trust.at).first().copied().cloned().unwrap_or_default();
    let ours = handlers.iter().filter(|handler| is_file(&handler.file, &trust.hooks));
    let mut lacking: Vec<(&str, String)> = Vec::new();
    for handler in ours {
        if let Some(lack) = lack(&kept, handler) {
            lacking.push((lack, handler.event.clone()));
        }
    }
    lacking.sort_by_key(|(_, event)| event != "PreToolUse"); // the guard's own first
    let (lack, event) = lacking.first()?;
    let shown = settings::shown(machine.roots, &file);
    let (name, why) = match *lack {
        "untrusted" => ("untrusted", format!("the hook {event} of so is not trusted ({shown})")),
        "changed" => {
            ("trust-changed", format!("the hook {event} of so is not the one that was trusted ({shown})"))
        }
        _ => ("hook-disabled", format!("the hook {event} of so is switched off ({shown})")),
    };
    Some(press(name, why, trust))
}

fn press(name: &str, why: String, trust: &Trust) -> Cause {
    Cause::new(name, why, trust.press.clone())
}

fn is_file(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|file| file == name)
}

fn lack(kept: &Value, handler: &Handler) -> Option<&'static str> {
    let group = handler.group?;
    let key = format!("{}:{}:{group}:0", handler.file.display(), snake(&handler.event));
    let Some(state) = kept.get(&key) else { return Some("untrusted") };
    if state.get("enabled") == Some(&Value::Bool(false)) {
        return Some("disabled");
    }
    match state.get("trusted_hash").and_then(Value::as_str) {
        None => Some("untrusted"),
        Some(hash) if hash == definition_hash(&handler.event, &handler.value) => None,
        Some(_) => Some("changed"),
    }
}

/// What Codex 0.169.0 keeps: the SHA-256 of the group's definition with sorted keys and the defaults filled in.
fn definition_hash(event: &str, group: &Value) -> String {
    let mut group = group.clone();
    for handler in group.get_mut("hooks").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(handler) = handler.as_object_mut() {
            handler.entry("async").or_insert(json!(false));
        }
    }
    if let Some(group) = group.as_object_mut() {
        group.insert("event_name".to_owned(), json!(snake(event)));
    }
    group.sort_all_objects();
    let digest = Sha256::digest(group.to_string().as_bytes());
    format!("sha256:{}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// `PreToolUse` as `pre_tool_use`.
fn snake(event: &str) -> String {
    let mut text = String::new();
    for (at, c) in event.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `hooks/list` of the client's app server said it.
    #[test]
    fn the_hash_is_the_clients() {
        let group =
            json!({"hooks": [{"type": "command", "command": "/x/so hook codex PreToolUse", "timeout": 10}]});
        let hash = "sha256:47fe9c06749b1e3a9a3452487331b312127ee700da31a9b826d30f3e8aa0c252";
        assert_eq!(definition_hash("PreToolUse", &group), hash);
    }
}
