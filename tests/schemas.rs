//! What is emitted has the form that each client documents or was seen to accept; Cursor, which no test can drive, by
//! its documented schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use so::compile::platform::Target;

use crate::compiled::{TREES, emit, files, parse, platforms};

/// Frontmatter keys that Cursor documents.
const RULE: [&str; 3] = ["alwaysApply", "description", "globs"];
const AGENT: [&str; 5] = ["description", "is_background", "model", "name", "readonly"];
const COMMAND: [&str; 2] = ["description", "name"];

/// The longest description that all clients read whole, in characters.
const DESCRIPTION: usize = 1024;

/// One emitted file: platform, scope, path and text.
struct Emitted {
    platform: String,
    told: String,
    path: String,
    text: String,
}

/// Every file of every tree, platform and scope.
fn emitted() -> Vec<Emitted> {
    let platforms = platforms();
    let mut all = Vec::new();
    for tree in TREES {
        let plugin = parse(tree);
        for platform in &platforms {
            for scope in &platform.scopes {
                let set = emit(&plugin, &[Target { platform, scope: *scope }], &platforms);
                all.extend(files(&set).into_iter().map(|(path, bytes)| Emitted {
                    platform: platform.id.clone(),
                    told: format!("{tree}: {} {scope}: {path}", platform.id),
                    path,
                    text: String::from_utf8(bytes).unwrap(),
                }));
            }
        }
    }
    all
}

/// The files of one platform whose path holds `part` and ends in `end`; there must be some.
fn of(platform: &str, part: &str, end: &str) -> Vec<Emitted> {
    let fits = |file: &Emitted| {
        file.platform == platform && format!("/{}", file.path).contains(part) && file.path.ends_with(end)
    };
    let files: Vec<_> = emitted().into_iter().filter(fits).collect();
    assert!(!files.is_empty(), "{platform} has no {part}…{end}");
    files
}

impl Emitted {
    /// The YAML block at the top, read as strictly as the strictest client does.
    fn frontmatter(&self) -> Map<String, Value> {
        let text = self.text.strip_prefix("---\n").unwrap_or_else(|| panic!("{} has none", self.told));
        let (yaml, body) =
            text.split_once("\n---\n").unwrap_or_else(|| panic!("{} is not closed", self.told));
        assert!(!body.trim().is_empty(), "{} has no text", self.told);
        serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{}: {error}\n{yaml}", self.told))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.told))
    }

    /// Asserts that there are no keys but these, and that the first `required` of them are there.
    fn assert_keys(&self, known: &[&str], required: &[&str]) -> Map<String, Value> {
        let front = self.frontmatter();
        let unknown: Vec<_> = front.keys().filter(|key| !known.contains(&key.as_str())).collect();
        assert!(unknown.is_empty(), "{} has {unknown:?}", self.told);
        for key in required {
            assert!(front.contains_key(*key), "{} lacks {key}", self.told);
        }
        front
    }

    /// Asserts a name that every client accepts, and a description that every client reads whole.
    fn assert_described(&self, front: &Map<String, Value>, name: &str) {
        if let Some(written) = front.get("name") {
            assert_eq!(written, name, "{}", self.told);
        }
        assert!(so::compile::source::is_kebab(name), "{}", self.told);
        let description = front.get("description").and_then(Value::as_str);
        let length = description.unwrap_or_else(|| panic!("{} is not described", self.told)).chars().count();
        assert!((1..=DESCRIPTION).contains(&length), "{}: {length}", self.told);
    }

    /// The name that the client sees: the folder of a SKILL.md, else the file's.
    fn name(&self) -> &str {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        match file {
            "SKILL.md" => folder.rsplit('/').next().unwrap(),
            _ => file.split('.').next().unwrap(),
        }
    }
}

fn is_string(value: Option<&Value>) -> bool {
    value.is_some_and(Value::is_string)
}

#[test]
fn cursor_hooks_are_as_documented() {
    let schema: Value = serde_json::from_str(include_str!("schemas/cursor-hooks.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for file in of("cursor", "/.cursor/", "hooks.json") {
        let hooks = file.json();
        let wrong: Vec<_> = schema.iter_errors(&hooks).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", file.told);
        // A guard that fails must not let the call through.
        for event in ["beforeShellExecution", "beforeMCPExecution", "preToolUse"] {
            let ours = |handler: &&Value| handler["command"].as_str().unwrap().contains(" cursor ");
            let handlers = hooks["hooks"][event].as_array().unwrap();
            let guards: Vec<_> = handlers.iter().filter(ours).collect();
            assert_eq!(guards.len(), 1, "{}: {event}", file.told);
            assert_eq!(guards[0]["failClosed"], true, "{}: {event}", file.told);
        }
    }
}

#[test]
fn cursor_rules_are_as_documented() {
    for file in of("cursor", "/.cursor/rules/", ".mdc") {
        let front = file.assert_keys(&RULE, &["alwaysApply", "description"]);
        assert!(is_string(front.get("description")), "{}", file.told);
        let always = front["alwaysApply"].as_bool().unwrap_or_else(|| panic!("{}", file.told));
        let globs = front.get("globs").map(|globs| globs.as_str().unwrap_or_else(|| panic!("{}", file.told)));
        assert!(!(always && globs.is_some()), "{}: always, and for some files", file.told);
        assert!(file.text.lines().count() <= 500, "{} is too long", file.told);
    }
    for file in of("cursor", "/.cursor/rules/", "/index.mdc") {
        assert_eq!(file.frontmatter()["alwaysApply"], true, "{}", file.told);
    }
}

#[test]
fn cursor_agents_are_as_documented() {
    for file in of("cursor", "/.cursor/agents/", ".md") {
        let front = file.assert_keys(&AGENT, &["name", "description", "readonly"]);
        file.assert_described(&front, file.name());
        assert!(front["readonly"].is_boolean() && is_string(front.get("model")), "{}", file.told);
    }
}

#[test]
fn cursor_commands_are_as_documented() {
    for file in of("cursor", "/.cursor/commands/", ".md") {
        let front = file.assert_keys(&COMMAND, &[]);
        file.assert_described(&front, file.name());
        // Nothing is substituted; the person's words are appended.
        assert!(!file.text.contains("$ARGUMENTS") && !file.text.contains("$1"), "{}", file.told);
    }
}

#[test]
fn every_skill_is_one_for_every_client() {
    for platform in platforms() {
        for file in of(&platform.id, "/", "/SKILL.md") {
            let front = file.frontmatter();
            assert!(is_string(front.get("name")), "{}", file.told);
            file.assert_described(&front, file.name());
            if let Some(hidden) = front.get("disable-model-invocation") {
                assert!(hidden.is_boolean(), "{}", file.told);
            }
        }
    }
}

#[test]
fn claude_commands_and_agents_are_read() {
    for file in of("claude", "/commands/", ".md").into_iter().chain(of("claude", "/agents/", ".md")) {
        let front = file.frontmatter();
        file.assert_described(&front, file.name());
        for key in ["tools", "model", "argument-hint", "allowed-tools"] {
            assert!(front.get(key).is_none_or(Value::is_string), "{}: {key}", file.told);
        }
    }
    for file in of("claude", "/.claude-plugin/", "plugin.json") {
        let plugin = file.json();
        let known = ["author", "description", "hooks", "license", "name", "version"];
        let unknown: Vec<_> =
            plugin.as_object().unwrap().keys().filter(|key| !known.contains(&key.as_str())).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", file.told);
    }
}

#[test]
fn codex_roles_and_policies_are_read() {
    for file in of("codex", "/.codex/agents/", ".toml") {
        let role: toml_edit::DocumentMut = file.text.parse().unwrap_or_else(|e| panic!("{}: {e}", file.told));
        for key in ["name", "description", "developer_instructions"] {
            let text = role.get(key).and_then(toml_edit::Item::as_str);
            assert!(text.is_some_and(|text| !text.trim().is_empty()), "{}: {key}", file.told);
        }
        assert_eq!(role.get("name").and_then(toml_edit::Item::as_str), Some(file.name()), "{}", file.told);
    }
    for file in of("codex", "/agents/", "openai.yaml") {
        let policy: Value = serde_yaml::from_str(&file.text).unwrap();
        assert_eq!(policy["policy"]["allow_implicit_invocation"], false, "{}", file.told);
    }
}

#[test]
fn pi_prompts_and_package_are_read() {
    for file in of("pi", "/prompts/", ".md") {
        let front = file.frontmatter();
        file.assert_described(&front, file.name());
        assert!(front.get("argument-hint").is_none_or(Value::is_string), "{}", file.told);
    }
    for file in of("pi", "/package/", "package.json") {
        let package = file.json();
        let parts: BTreeSet<_> = package["pi"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(parts, BTreeSet::from(["extensions", "prompts", "skills"]), "{}", file.told);
        assert!(is_string(package.get("name")) && is_string(package.get("version")), "{}", file.told);
    }
}

#[test]
fn all_json_and_all_frontmatter_parses() {
    for file in emitted() {
        if file.path.ends_with(".json") {
            assert!(file.json().is_object(), "{}", file.told);
        }
        if file.text.starts_with("---\n") {
            assert!(!file.frontmatter().is_empty(), "{}", file.told);
        }
        let published = file.path.contains("/plain/");
        let tidy = !file.text.contains('\r') && (file.text.is_empty() || file.text.ends_with('\n'));
        assert!(published || tidy, "{}", file.told);
    }
}
