//! Clients' settings: whether an edit changes the part of a file that decides about hooks.
//!
//! The edit is applied to the file as it is, and what the file says before and after is compared: how it is spelled,
//! and in how many steps it comes, does not matter. What cannot be applied or read counts as a change.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::patch::{After, Change, Stretch};

/// Larger settings are not read.
const MAX_BYTES: u64 = 4 << 20;

/// In the names of keys that wire hooks or switch them off (Claude Code 2.1.197, Codex 0.169.0, Pi 0.73.1), in any
/// case of letters.
const SWITCHES: &[&str] = &[
    "hook",
    "plugin",
    "marketplace",
    "packages",
    "extensions",
    "trust_level",
    "trusted_hash",
    // What moves or starts a client so that hooks do not run, or do not find what was installed.
    "claude_code_simple",
    "claude_code_safe_mode",
    "claude_config_dir",
    "codex_home",
    "pi_coding_agent_dir",
    "pi_package_dir",
    "so_hooks",
    "xdg_config_home",
    "xdg_data_home",
    "xdg_state_home",
    "shell_environment_policy",
    // Not hooks, but what the fence takes for the person's word.
    "additionaldirectories",
    "writable_roots",
];

/// Whole names of the same kind.
const VARIABLES: &[&str] = &["HOME", "PATH", "BASH_ENV", "ENV", "LD_PRELOAD", "NODE_OPTIONS"];

/// Whether `change`, made to the settings at `path`, changes what only the person decides.
pub(super) fn decides(path: &Path, change: &Change) -> bool {
    let Some(before) = text_of(path) else { return true };
    [Stretch::First, Stretch::All].into_iter().any(|usual| match change.applied(&before, usual) {
        After::Unknown => true,
        After::Same => mentions(&change.old) || mentions(&change.new),
        After::Text(after) => differs(&before, &after, is_toml(path)),
    })
}

/// The part of the settings at `path` that decides, on one line; nothing where there is none, or nothing to read.
pub(super) fn deciding_part(path: &Path) -> Option<String> {
    let part = part(&text_of(path)?, is_toml(path))?;
    let lines: Vec<String> = part.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Some(lines.join("\n")).filter(|lines| !lines.is_empty())
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

/// What stands in the file: nothing where there is none, `None` where it cannot be known.
fn text_of(path: &Path) -> Option<String> {
    match path.metadata() {
        Ok(meta) if meta.len() <= MAX_BYTES && meta.is_file() => std::fs::read_to_string(path).ok(),
        Ok(_) => None,
        Err(error) => (error.kind() == std::io::ErrorKind::NotFound).then(String::new),
    }
}

/// Whether a variable moves or starts a client so that its hooks do not run.
pub(super) fn moves_a_client(name: &str) -> bool {
    name == "HOME" || mentions(name)
}

/// Whether `key=value`, in TOML, decides.
pub(super) fn pair_decides(text: &str) -> bool {
    match part(text, true) {
        Some(part) => !part.is_empty(),
        None => mentions(text.split('=').next().unwrap_or(text)), // a bare word as value
    }
}

/// Whether settings that a client is given, as JSON or as a file of it, decide.
pub(super) fn given_decide(text: &str) -> bool {
    let read = if text.trim_start().starts_with('{') {
        Some(text.to_owned())
    } else {
        std::fs::read_to_string(text).ok()
    };
    read.and_then(|text| part(&text, false)).is_none_or(|part| !part.is_empty())
}

fn differs(before: &str, after: &str, is_toml: bool) -> bool {
    match (part(before, is_toml), part(after, is_toml)) {
        (Some(before), Some(after)) => before != after,
        _ => before != after,
    }
}

/// What the keys that decide hold, by their place.
fn part(text: &str, is_toml: bool) -> Option<BTreeMap<String, Value>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut found = BTreeMap::new();
    if text.trim().is_empty() {
        return Some(found);
    }
    let value: Value =
        if is_toml { toml_edit::de::from_str(text).ok()? } else { serde_json::from_str(text).ok()? };
    collect(&value, "", &mut found);
    Some(found)
}

fn collect(value: &Value, place: &str, found: &mut BTreeMap<String, Value>) {
    let mut one = |key: &str, value: &Value| {
        let place = format!("{place}/{key}");
        if decides_by_name(key) {
            found.insert(place, value.clone());
        } else {
            collect(value, &place, found);
        }
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| one(key, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| one(&at.to_string(), value));
        }
        _ => {}
    }
}

/// Whether a key of this name decides.
pub(super) fn decides_by_name(key: &str) -> bool {
    VARIABLES.contains(&key) || mentions(key)
}

fn mentions(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("\\u") || SWITCHES.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::{self, ChangeKind, Part};

    const JSON: &str = r#"{
  "disableAllHooks": false,
  "disableAllXooks": true,
  "model": "opus",
  "permissions": {"allow": []},
  "env": {"RUST_LOG": "info"},
  "hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "so hook claude PreToolUse --guard"}]}]}
}
"#;
    const TOML: &str = "model = \"x\"\n\n[other]\nhooks_like = 1\non = true\n\n[features]\nhooks = true\n";

    fn edits(name: &str, before: &str, change: &Change) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        crate::fs::replace(&path, before.as_bytes(), false).unwrap();
        decides(&path, change)
    }

    fn edit(old: &str, new: &str) -> Change {
        let part = Part { old: old.into(), new: new.into(), ..Part::default() };
        Change { old: old.into(), new: new.into(), parts: vec![part], ..Change::default() }
    }

    #[test]
    fn an_edit_counts_by_what_the_file_says_afterwards() {
        for (old, new, expected) in [
            ("\"*\"", "\"Foo\"", true),
            ("PreToolUse\": [", "PreToolUzz\": [", true),
            ("--guard", "--guard; exit 0", true),
            ("\"type\": \"command\"", "\"type\": \"prompt\"", true),
            ("false", "true", true),
            ("Xooks", "Hooks", true),
            ("\"model\": \"opus\"", "\"disableAllHook\\u0073\": true", true),
            ("\"RUST_LOG\": \"info\"", "\"XDG_STATE_HOME\": \"/tmp/x\"", true),
            ("\"RUST_LOG\"", "\"HOME\"", true),
            ("\"RUST_LOG\"", "\"CLAUDE_CODE_SIMPLE\"", true),
            ("\"opus\"", "\"opus", true),
            ("", "\"enabledPlugins\": {}", true),
            ("not there, hooks", "x", true),
            ("\"RUST_LOG\"", "\"JAVA_HOME\"", false),
            ("\"opus\"", "\"haiku\"", false),
            ("\"allow\": []", "\"allow\": [\"Bash(ls)\"]", false),
            ("\"model\": \"opus\",\n", "", false),
            ("not there", "nor here", false),
        ] {
            assert_eq!(edits("settings.json", JSON, &edit(old, new)), expected, "{old} -> {new}");
        }
    }

    #[test]
    fn a_file_written_anew_keeps_what_it_said() {
        let whole = |new: &str| Change { new: new.into(), kind: ChangeKind::Whole, ..Change::default() };
        for (before, after, expected) in [
            (JSON, "{\"permissions\": {\"allow\": []}}".to_owned(), true),
            (JSON, JSON.replace("opus", "haiku"), false),
            (JSON, JSON.replace("\"hooks\"", "\"h\\u006foks\""), false),
            (JSON, "not JSON".to_owned(), true),
            ("", "{\"permissions\": {}}".to_owned(), false),
            ("", "{\"disableAllHook\\u0073\": true}".to_owned(), true),
            ("", "{\"extensions\": [\"-extensions/so.ts\"]}".to_owned(), true),
            ("// broken", "{}".to_owned(), true),
        ] {
            assert_eq!(edits("settings.json", before, &whole(&after)), expected, "{after}");
        }
    }

    #[test]
    fn a_patch_of_a_table_counts_by_the_table() {
        for (lines, expected) in [
            ("@@\n-hooks = true\n+hooks = false", true),
            ("@@\n-  hooks = true  \n+\"hook\\u0073\" = false", true),
            ("@@ [other]\n-on = true\n+on = false", false),
            ("@@\n-[features]\n+[feature]", true),
            ("@@\n-model = \"x\"\n+model = \"y\"", false),
            ("@@\n+[projects.\"/p\"]\n+trust_level = \"untrusted\"", true),
            ("@@\n+[tui]\n+theme = \"dark\"", false),
            ("*** Move to: b.toml\n@@\n-model = \"x\"\n+model = \"y\"", true),
        ] {
            let text = format!("*** Begin Patch\n*** Update File: config.toml\n{lines}\n*** End Patch");
            let changes = patch::of_codex(&text).unwrap();
            assert_eq!(edits("config.toml", TOML, &changes[0]), expected, "{lines}");
        }
    }
}
